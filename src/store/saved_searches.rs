//! Searches that an account keeps for itself. Every reading and writing of one names its account, save those of the job
//! that looks at them.

use diesel::prelude::*;

use super::schema::saved_search;
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::saved_search::Kept;
use crate::id::Id;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_search, treat_none_as_default_value = false)]
pub struct SavedSearchRow {
    pub id: Id,
    pub account_id: Id,
    pub name: String,
    pub asked: Json<Kept>,
    pub known_ids: Json<Vec<Id>>,
    /// None: no alert.
    pub alert_at: Option<Time>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn insert(tx: &mut Tx<'_>, row: &SavedSearchRow) -> Result<(), Error> {
    diesel::insert_into(saved_search::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// # Errors
/// `NotFound` for what is not there, or is another account's.
pub fn get(conn: &mut Conn, account_id: Id, id: Id) -> Result<SavedSearchRow, Error> {
    let own = saved_search::table.filter(saved_search::id.eq(id).and(saved_search::account_id.eq(account_id)));
    own.select(SavedSearchRow::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// The searches of an account, the newest first.
pub fn list(conn: &mut Conn, account_id: Id, limit: i64) -> Result<Vec<SavedSearchRow>, Error> {
    let own = saved_search::table.filter(saved_search::account_id.eq(account_id)).order(saved_search::id.desc());
    Ok(own.limit(limit).select(SavedSearchRow::as_select()).load(conn)?)
}

pub fn count(conn: &mut Conn, account_id: Id) -> Result<i64, Error> {
    Ok(saved_search::table.filter(saved_search::account_id.eq(account_id)).count().get_result(conn)?)
}

/// Writes a search over the version that was read.
///
/// # Errors
/// `Stale` where it is another version by now.
pub fn update(tx: &mut Tx<'_>, row: &SavedSearchRow) -> Result<(), Error> {
    let now = tx.now();
    let own = saved_search::id.eq(row.id).and(saved_search::account_id.eq(row.account_id));
    let changed = diesel::update(saved_search::table.filter(own).filter(saved_search::version.eq(row.version)))
        .set((
            saved_search::name.eq(&row.name),
            saved_search::known_ids.eq(row.known_ids.clone()),
            saved_search::alert_at.eq(row.alert_at),
            saved_search::version.eq(row.version + 1),
            saved_search::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 { Err(Error::Stale) } else { Ok(()) }
}

/// # Errors
/// `NotFound` for what is not there, or is another account's.
pub fn delete(tx: &mut Tx<'_>, account_id: Id, id: Id) -> Result<(), Error> {
    let own = saved_search::table.filter(saved_search::id.eq(id).and(saved_search::account_id.eq(account_id)));
    let deleted = diesel::delete(own).execute(&mut **tx)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Accounts with a search to be looked at now, those that have waited longest first; among the first `limit` searches.
pub fn accounts_due(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<Id>, Error> {
    let due: Vec<Id> = saved_search::table
        .filter(saved_search::alert_at.le(now))
        .order((saved_search::alert_at.asc(), saved_search::id.asc()))
        .limit(limit)
        .select(saved_search::account_id)
        .load(conn)?;
    let mut seen = std::collections::HashSet::new();
    Ok(due.into_iter().filter(|id| seen.insert(*id)).collect())
}

/// Keeps what a look found, and when the next is. False where another node has looked, or its owner changed it.
pub fn looked_at(tx: &mut Tx<'_>, row: &SavedSearchRow, known_ids: &[Id], next: Time) -> Result<bool, Error> {
    let same = saved_search::table.find(row.id).filter(saved_search::alert_at.eq(row.alert_at));
    let changed = diesel::update(same.filter(saved_search::version.eq(row.version)))
        .set((saved_search::known_ids.eq(Json(known_ids.to_vec())), saved_search::alert_at.eq(Some(next))))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
