//! What changed in the directory, when and by whom: one row for each HSDS member that changed. Appended, never changed.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::Value;

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{location, metadata, organization, service};
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::directory::Visibility;
use crate::domain::history::Action;
use crate::id::Id;
use crate::insert_rows;
use crate::text_words;

text_words!(Action);

/// One member of one record that changed.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = metadata, treat_none_as_default_value = false)]
pub struct MetadataRow {
    pub id: Id,
    pub subject: Subject,
    pub subject_id: Id,
    pub at: Time,
    pub action: Action,
    /// What was written together, of one record or of several.
    pub change_set: Id,
    pub field_name: String,
    pub previous_value: Option<Json<Value>>,
    pub replacement_value: Option<Json<Value>>,
    /// A role or a source, never a person: the person is the account.
    pub updated_by: String,
    pub account_id: Option<Id>,
}

/// Appends rows: the moments of the change sets of one record must grow (see [`last_moment`]).
pub fn append_many(tx: &mut Tx<'_>, rows: &[MetadataRow]) -> Result<(), Error> {
    for chunk in rows.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, metadata::table, chunk)?;
    }
    Ok(())
}

/// The moment of the last change set of a record.
pub fn last_moment(conn: &mut Conn, subject: Subject, id: Id) -> Result<Option<Time>, Error> {
    let rows = metadata::table.filter(metadata::subject.eq(subject).and(metadata::subject_id.eq(id)));
    Ok(rows.order((metadata::at.desc(), metadata::id.desc())).select(metadata::at).first(conn).optional()?)
}

/// When each of these places was last hidden, of those that ever were: nothing written until then is told again.
pub fn last_hidden(conn: &mut Conn, place_ids: &[Id]) -> Result<HashMap<Id, Time>, Error> {
    let rows = metadata::table
        .filter(metadata::subject.eq(Subject::Location).and(metadata::subject_id.eq_any(place_ids)))
        .filter(metadata::field_name.eq("location_visibility"))
        .order((metadata::at.asc(), metadata::id.asc()));
    let rows: Vec<MetadataRow> = rows.select(MetadataRow::as_select()).load(conn)?;
    let hides = |row: &MetadataRow| {
        let word = row.replacement_value.as_ref().and_then(|value| value.0.as_str());
        word.and_then(Visibility::parse) == Some(Visibility::RegionOnly)
    };
    Ok(rows.into_iter().filter(hides).map(|row| (row.subject_id, row.at)).collect())
}

/// The rows of a record, newest first, before `(at, id)`, at most `limit`.
pub fn list_of(
    conn: &mut Conn,
    subject: Subject,
    id: Id,
    before: Option<(Time, Id)>,
    limit: i64,
) -> Result<Vec<MetadataRow>, Error> {
    let mut query = metadata::table
        .filter(metadata::subject.eq(subject).and(metadata::subject_id.eq(id)))
        .select(MetadataRow::as_select())
        .into_boxed();
    if let Some((at, id)) = before {
        query = query.filter(metadata::at.lt(at).or(metadata::at.eq(at).and(metadata::id.lt(id))));
    }
    Ok(query.order((metadata::at.desc(), metadata::id.desc())).limit(limit).load(conn)?)
}

/// The rows of one change set that are of one record, at most `limit`.
pub fn list_change_set_of(
    conn: &mut Conn,
    change_set: Id,
    subject: Subject,
    id: Id,
    limit: i64,
) -> Result<Vec<MetadataRow>, Error> {
    let rows = metadata::table
        .filter(metadata::change_set.eq(change_set))
        .filter(metadata::subject.eq(subject).and(metadata::subject_id.eq(id)))
        .order(metadata::id.asc())
        .limit(limit);
    Ok(rows.select(MetadataRow::as_select()).load(conn)?)
}

/// The rows of one change set, of every record that it wrote, at most `limit`.
pub fn list_change_set(conn: &mut Conn, change_set: Id, limit: i64) -> Result<Vec<MetadataRow>, Error> {
    let rows = metadata::table.filter(metadata::change_set.eq(change_set)).order(metadata::id.asc()).limit(limit);
    Ok(rows.select(MetadataRow::as_select()).load(conn)?)
}

/// When a record was made, if it is there.
pub fn created_at(conn: &mut Conn, subject: Subject, id: Id) -> Result<Option<Time>, Error> {
    let moment = match subject {
        Subject::Organization => {
            organization::table.find(id).select(organization::created_at).first(conn).optional()?
        }
        Subject::Service => service::table.find(id).select(service::created_at).first(conn).optional()?,
        Subject::Location => location::table.find(id).select(location::created_at).first(conn).optional()?,
        Subject::TaxonomyTerm | Subject::Territory => None,
    };
    Ok(moment)
}

/// The moment of the last change set of a record at or before another.
pub fn last_moment_until(conn: &mut Conn, subject: Subject, id: Id, until: Time) -> Result<Option<Time>, Error> {
    let rows = metadata::table
        .filter(metadata::subject.eq(subject).and(metadata::subject_id.eq(id)).and(metadata::at.le(until)));
    Ok(rows.order((metadata::at.desc(), metadata::id.desc())).select(metadata::at).first(conn).optional()?)
}
