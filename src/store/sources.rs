//! Where the directory comes from: the sources, what each lists, and who said a field when it is not the source of the
//! whole record.

use std::collections::HashMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{provenance, source, source_record};
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::directory::Origin;
use crate::domain::words::words;
use crate::id::Id;
use crate::{each_backend, insert_rows, text_words};

words! {
    pub enum SourceKind {
        File => "file",
        Feed => "feed",
    }
}
text_words!(SourceKind);

/// Sources of one installation that a list gives.
pub const SOURCES_LISTED_MAX: i64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = source, treat_none_as_default_value = false)]
pub struct SourceRow {
    pub name: String,
    pub kind: SourceKind,
    pub url: Option<String>,
    /// ISO 639-1, of texts that say none.
    pub language: Option<String>,
    pub priority: i32,
    pub started_at: Time,
    /// When the last run that reached its end did so.
    pub finished_at: Option<Time>,
    pub modified_after: Option<Time>,
    /// The page of a feed at which a run that was cut short goes on.
    pub resume_page: Option<i64>,
    /// What the last whole run did.
    pub taken: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub refused: i64,
    /// Records that the source listed once and lists no longer.
    pub missing: i64,
}

/// One thing that a source lists.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = source_record, treat_none_as_default_value = false)]
pub struct SourceRecord {
    pub source: String,
    pub subject: Subject,
    pub source_key: String,
    /// The record that it describes here.
    pub record_id: Id,
    pub content_hash: String,
    pub said_at: Time,
    pub missing_since: Option<Time>,
}

/// Who said one field.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = provenance, treat_none_as_default_value = false)]
pub struct Provenance {
    pub record_id: Id,
    /// The HSDS member.
    pub field: String,
    pub subject: Subject,
    pub source: String,
    pub said_at: Time,
}

// ---- sources

pub fn find(conn: &mut Conn, name: &str) -> Result<Option<SourceRow>, Error> {
    Ok(source::table.find(name).select(SourceRow::as_select()).first(conn).optional()?)
}

/// Every source, by name.
pub fn list(conn: &mut Conn) -> Result<Vec<SourceRow>, Error> {
    let rows = source::table.order(source::name.asc()).limit(SOURCES_LISTED_MAX);
    Ok(rows.select(SourceRow::as_select()).load(conn)?)
}

/// Sources and their priorities.
pub fn priorities(conn: &mut Conn) -> Result<HashMap<String, i32>, Error> {
    let rows: Vec<(String, i32)> =
        source::table.select((source::name, source::priority)).limit(SOURCES_LISTED_MAX).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A run begins: the source is known from now on, with the priority that somebody gave it.
pub fn begin(tx: &mut Tx<'_>, name: &str, kind: SourceKind, url: Option<&str>, language: &str) -> Result<(), Error> {
    let row = SourceRow {
        name: name.to_owned(),
        kind,
        url: url.map(str::to_owned),
        language: Some(language.to_owned()),
        priority: 0,
        started_at: tx.now(),
        finished_at: None,
        modified_after: None,
        resume_page: None,
        taken: 0,
        changed: 0,
        unchanged: 0,
        refused: 0,
        missing: 0,
    };
    each_backend!(&mut **tx, |c| diesel::insert_into(source::table)
        .values(&row)
        .on_conflict(source::name)
        .do_update()
        .set((
            source::kind.eq(row.kind),
            source::url.eq(&row.url),
            source::language.eq(&row.language),
            source::started_at.eq(row.started_at),
        ))
        .execute(c))?;
    Ok(())
}

/// A run reached its end. `modified_after` is what a feed is asked for next time.
pub fn finish(
    tx: &mut Tx<'_>,
    name: &str,
    counts: (u64, u64, u64, u64),
    modified_after: Option<Time>,
) -> Result<(), Error> {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let missing: i64 = source_record::table
        .filter(source_record::source.eq(name).and(source_record::missing_since.is_not_null()))
        .count()
        .get_result(&mut **tx)?;
    let now = tx.now();
    diesel::update(source::table.find(name))
        .set((
            source::finished_at.eq(now),
            source::modified_after.eq(modified_after),
            source::resume_page.eq(None::<i64>),
            source::taken.eq(whole(counts.0)),
            source::changed.eq(whole(counts.1)),
            source::unchanged.eq(whole(counts.2)),
            source::refused.eq(whole(counts.3)),
            source::missing.eq(missing),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Remembers the page at which a run goes on if it is cut short.
pub fn set_resume_page(tx: &mut Tx<'_>, name: &str, page: i64) -> Result<(), Error> {
    diesel::update(source::table.find(name)).set(source::resume_page.eq(page)).execute(&mut **tx)?;
    Ok(())
}

/// # Errors
/// `NotFound` for a source that nobody imported.
pub fn set_priority(tx: &mut Tx<'_>, name: &str, priority: i32) -> Result<(), Error> {
    let changed = diesel::update(source::table.find(name)).set(source::priority.eq(priority)).execute(&mut **tx)?;
    if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
}

// ---- what they list

/// What a source said under these keys, by key; a key that it never listed is left out.
pub fn records_by_keys(
    conn: &mut Conn,
    name: &str,
    subject: Subject,
    keys: &[&str],
) -> Result<HashMap<String, SourceRecord>, Error> {
    let mut found = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(STATEMENT_ROWS_MAX) {
        let of_source = source_record::source.eq(name).and(source_record::subject.eq(subject));
        let rows: Vec<SourceRecord> = source_record::table
            .filter(of_source.and(source_record::source_key.eq_any(chunk)))
            .select(SourceRecord::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.source_key.clone(), row)));
    }
    Ok(found)
}

/// Tells the planner how large the tables of the directory have become. PostgreSQL does it by itself only a minute
/// after they grew: until then an import into an empty database would go through whole tables, batch after batch. The
/// planner of SQLite goes by the keys alone.
pub fn refresh_statistics(conn: &mut Conn) -> Result<(), Error> {
    match conn {
        Conn::Postgres(c) => c.batch_execute(
            "ANALYZE organization, location, service, service_at_location, service_category, service_territory, \
             capacity, source_record, provenance",
        )?,
        Conn::Sqlite(_) => {}
    }
    Ok(())
}

pub fn insert_records(tx: &mut Tx<'_>, records: &[SourceRecord]) -> Result<(), Error> {
    for rows in records.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, source_record::table, rows)?;
    }
    Ok(())
}

/// The source said something new of what it lists.
pub fn say(tx: &mut Tx<'_>, one: &SourceRecord) -> Result<(), Error> {
    let key = (one.source.as_str(), one.subject, one.source_key.as_str());
    diesel::update(source_record::table.find(key))
        .set((source_record::content_hash.eq(&one.content_hash), source_record::said_at.eq(one.said_at)))
        .execute(&mut **tx)?;
    Ok(())
}

/// What a source lists, by key, after one: how a run that read all of it finds what is missing.
pub fn page_of_records(
    conn: &mut Conn,
    name: &str,
    subject: Subject,
    after: &str,
    limit: i64,
) -> Result<Vec<SourceRecord>, Error> {
    let of_source = source_record::source.eq(name).and(source_record::subject.eq(subject));
    Ok(source_record::table
        .filter(of_source.and(source_record::source_key.gt(after)))
        .order(source_record::source_key.asc())
        .limit(limit)
        .select(SourceRecord::as_select())
        .load(conn)?)
}

/// Whether a source listed anything before.
pub fn lists_anything(conn: &mut Conn, name: &str) -> Result<bool, Error> {
    let one = source_record::table.filter(source_record::source.eq(name)).select(source_record::record_id);
    let found: Option<Id> = one.first(conn).optional()?;
    Ok(found.is_some())
}

/// Flags what a source no longer lists, or clears the flag of what came back (`None`).
pub fn set_missing(
    tx: &mut Tx<'_>,
    name: &str,
    subject: Subject,
    keys: &[&str],
    since: Option<Time>,
) -> Result<(), Error> {
    for chunk in keys.chunks(STATEMENT_ROWS_MAX) {
        let of_source = source_record::source.eq(name).and(source_record::subject.eq(subject));
        diesel::update(source_record::table.filter(of_source.and(source_record::source_key.eq_any(chunk))))
            .set(source_record::missing_since.eq(since))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// What a source no longer lists, by record, after one.
pub fn list_missing(conn: &mut Conn, name: &str, after: Option<Id>, limit: i64) -> Result<Vec<SourceRecord>, Error> {
    let missing = source_record::source.eq(name).and(source_record::missing_since.is_not_null());
    let mut query = source_record::table.filter(missing).select(SourceRecord::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(source_record::record_id.gt(after));
    }
    let order = (source_record::record_id.asc(), source_record::source_key.asc());
    Ok(query.order(order).limit(limit).load(conn)?)
}

/// Which sources list a record, by name, at most `limit`.
pub fn records_of(conn: &mut Conn, id: Id, limit: i64) -> Result<Vec<SourceRecord>, Error> {
    let rows = source_record::table.filter(source_record::record_id.eq(id));
    let rows = rows.order((source_record::source.asc(), source_record::source_key.asc())).limit(limit);
    Ok(rows.select(SourceRecord::as_select()).load(conn)?)
}

/// After a merge of duplicates: what described the one describes the other, and a field of the one is not its any more.
pub fn repoint(tx: &mut Tx<'_>, from: Id, to: Id) -> Result<(), Error> {
    diesel::update(source_record::table.filter(source_record::record_id.eq(from)))
        .set(source_record::record_id.eq(to))
        .execute(&mut **tx)?;
    diesel::delete(provenance::table.filter(provenance::record_id.eq(from))).execute(&mut **tx)?;
    Ok(())
}

// ---- fields

/// Who said which field of these records, where it is not the record's own source.
pub fn provenance_of(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<Provenance>>, Error> {
    let mut found: HashMap<Id, Vec<Provenance>> = HashMap::new();
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows = provenance::table.filter(provenance::record_id.eq_any(chunk));
        let rows: Vec<Provenance> = rows.order(provenance::field.asc()).select(Provenance::as_select()).load(conn)?;
        for row in rows {
            found.entry(row.record_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// From now on this source is who said these fields.
pub fn set_provenance(tx: &mut Tx<'_>, subject: Subject, id: Id, fields: &[String], source: &str) -> Result<(), Error> {
    forget_provenance(tx, id, fields)?;
    let said_at = tx.now();
    let row = |field: &String| Provenance {
        record_id: id,
        field: field.clone(),
        subject,
        source: source.to_owned(),
        said_at,
    };
    let rows: Vec<Provenance> = fields.iter().map(row).collect();
    insert_rows!(&mut **tx, provenance::table, &rows)?;
    Ok(())
}

/// A person said these fields, of a record whose own source is `base`: no import writes over them.
pub fn said_here(tx: &mut Tx<'_>, subject: Subject, id: Id, base: &str, fields: &[String]) -> Result<(), Error> {
    match (fields.is_empty(), base == Origin::LOCAL) {
        (true, _) => Ok(()),
        (false, true) => forget_provenance(tx, id, fields),
        (false, false) => set_provenance(tx, subject, id, fields, Origin::LOCAL),
    }
}

/// These fields are the record's own source's again.
pub fn forget_provenance(tx: &mut Tx<'_>, id: Id, fields: &[String]) -> Result<(), Error> {
    let of_record = provenance::record_id.eq(id).and(provenance::field.eq_any(fields));
    diesel::delete(provenance::table.filter(of_record)).execute(&mut **tx)?;
    Ok(())
}
