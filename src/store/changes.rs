//! The change log of the directory: one row for each change, numbered in the order of commits.
//!
//! The number comes from updating the one row of `change_head`, as the last statement before the commit: whoever
//! holds a higher number committed later, so a reader that follows the log can never step over a row. A plain
//! sequence loses rows, because a transaction that took a lower number may commit after one that took a higher.

use diesel::prelude::*;

use super::conn::{Conn, Tx};
use super::error::Error;
use super::schema::{account, change_head, changes, family, organization, service};
use crate::clock::Time;
use crate::domain::words::words;
use crate::id::Id;
use crate::{each_backend, insert_rows, text_words};

words! {
    /// What changed. An organisation, location, term or territory re-indexes every service that shows it.
    pub enum Subject {
        Organization => "organization",
        Service => "service",
        Location => "location",
        TaxonomyTerm => "taxonomy_term",
        Territory => "territory",
    }
}
text_words!(Subject);

/// The channel on which PostgreSQL wakes the readers of the log.
pub const CHANNEL: &str = "relais_changes";

/// Rows of one insert statement: both databases bound the number of parameters.
const INSERT_ROWS_MAX: usize = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = changes, treat_none_as_default_value = false)]
pub struct Change {
    pub n: i64,
    pub subject: Subject,
    pub subject_id: Id,
    pub at: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub n: i64,
    /// Which database this is: an index of another epoch is not its index.
    pub epoch: Id,
    pub is_demo: bool,
}

/// Makes the head of a new log; leaves one that exists.
pub fn begin_log(tx: &mut Tx<'_>, epoch: Id) -> Result<(), Error> {
    let row =
        (change_head::id.eq(1), change_head::n.eq(0_i64), change_head::epoch.eq(epoch), change_head::is_demo.eq(false));
    each_backend!(&mut **tx, |c| diesel::insert_into(change_head::table)
        .values(row)
        .on_conflict(change_head::id)
        .do_nothing()
        .execute(c))?;
    Ok(())
}

pub fn head(conn: &mut Conn) -> Result<Head, Error> {
    let (n, epoch, is_demo) =
        change_head::table.select((change_head::n, change_head::epoch, change_head::is_demo)).first(conn)?;
    Ok(Head { n, epoch, is_demo })
}

/// Says whether these data are the demo's: only then do the demo's logins work.
pub fn set_demo(conn: &mut Conn, is_demo: bool) -> Result<(), Error> {
    diesel::update(change_head::table).set(change_head::is_demo.eq(is_demo)).execute(conn)?;
    Ok(())
}

/// Whether nobody has put anything in yet: no organisation, account, family or service.
pub fn holds_nothing(conn: &mut Conn) -> Result<bool, Error> {
    let organizations: Option<Id> = organization::table.select(organization::id).first(conn).optional()?;
    let accounts: Option<Id> = account::table.select(account::id).first(conn).optional()?;
    let families: Option<Id> = family::table.select(family::id).first(conn).optional()?;
    let services: Option<Id> = service::table.select(service::id).first(conn).optional()?;
    Ok([organizations, accounts, families, services].iter().all(Option::is_none))
}

/// The changes after a number, in order, at most `limit` of them.
pub fn after(conn: &mut Conn, n: i64, limit: i64) -> Result<Vec<Change>, Error> {
    let rows = changes::table.filter(changes::n.gt(n)).order(changes::n.asc()).limit(limit);
    Ok(rows.select(Change::as_select()).load(conn)?)
}

/// Rows of the log.
pub fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(changes::table.count().get_result(conn)?)
}

/// Gives each change its number, in order. Called by `Store::write` alone, at the end of the transaction.
pub(super) fn append(conn: &mut Conn, changed: &[(Subject, Id)], now: Time) -> Result<i64, Error> {
    if changed.is_empty() {
        return Ok(0);
    }
    let count = i64::try_from(changed.len()).map_err(|_| Error::Database("too many changes".to_owned()))?;
    let last: i64 = diesel::update(change_head::table.find(1))
        .set(change_head::n.eq(change_head::n + count))
        .returning(change_head::n)
        .get_result(conn)?;
    let first = last - count + 1;
    let numbered = (first..).zip(changed);
    let rows: Vec<Change> =
        numbered.map(|(n, (subject, id))| Change { n, subject: *subject, subject_id: *id, at: now }).collect();
    for chunk in rows.chunks(INSERT_ROWS_MAX) {
        insert_rows!(&mut *conn, changes::table, chunk)?;
    }
    if let Conn::Postgres(c) = conn {
        // Delivered at commit, and once however often it is said in one transaction.
        diesel::sql_query(format!("NOTIFY {CHANNEL}")).execute(c)?;
    }
    Ok(last)
}
