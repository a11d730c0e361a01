//! Lists of services that an account keeps for itself, and the letters that they were sent in. Every reading and
//! writing of a list names its account: what is somebody else's is not there.

use diesel::prelude::*;

use super::schema::{saved_list, saved_list_letter};
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::id::Id;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_list, treat_none_as_default_value = false)]
pub struct SavedListRow {
    pub id: Id,
    pub account_id: Id,
    pub name: String,
    pub service_ids: Json<Vec<Id>>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_list_letter, treat_none_as_default_value = false)]
pub struct SavedListLetterRow {
    pub id: Id,
    pub list_id: Id,
    pub account_id: Id,
    pub address_hash: String,
    /// None once the letter has left.
    pub sealed_address: Option<String>,
    pub wrapped_key: Option<String>,
    pub wrapped_by: i32,
    pub lang: String,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx<'_>, row: &SavedListRow) -> Result<(), Error> {
    diesel::insert_into(saved_list::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// # Errors
/// `NotFound` for what is not there, or is another account's.
pub fn get(conn: &mut Conn, account_id: Id, id: Id) -> Result<SavedListRow, Error> {
    let own = saved_list::table.filter(saved_list::id.eq(id).and(saved_list::account_id.eq(account_id)));
    own.select(SavedListRow::as_select()).first(conn).optional()?.ok_or(Error::NotFound)
}

/// The lists of an account, the newest first.
pub fn list(conn: &mut Conn, account_id: Id, limit: i64) -> Result<Vec<SavedListRow>, Error> {
    let own = saved_list::table.filter(saved_list::account_id.eq(account_id)).order(saved_list::id.desc());
    Ok(own.limit(limit).select(SavedListRow::as_select()).load(conn)?)
}

pub fn count(conn: &mut Conn, account_id: Id) -> Result<i64, Error> {
    Ok(saved_list::table.filter(saved_list::account_id.eq(account_id)).count().get_result(conn)?)
}

/// Writes a list over the version that was read.
///
/// # Errors
/// `Stale` where it is another version by now.
pub fn update(tx: &mut Tx<'_>, read: &SavedListRow, name: &str, service_ids: &[Id]) -> Result<(), Error> {
    let now = tx.now();
    let own = saved_list::id.eq(read.id).and(saved_list::account_id.eq(read.account_id));
    let target = diesel::update(saved_list::table.filter(own).filter(saved_list::version.eq(read.version)));
    let changed = target
        .set((
            saved_list::name.eq(name),
            saved_list::service_ids.eq(Json(service_ids.to_vec())),
            saved_list::version.eq(read.version + 1),
            saved_list::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 { Err(Error::Stale) } else { Ok(()) }
}

/// # Errors
/// `NotFound` for what is not there, or is another account's.
pub fn delete(tx: &mut Tx<'_>, account_id: Id, id: Id) -> Result<(), Error> {
    let own = saved_list::table.filter(saved_list::id.eq(id).and(saved_list::account_id.eq(account_id)));
    let deleted = diesel::delete(own).execute(&mut **tx)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

pub fn insert_letter(tx: &mut Tx<'_>, row: &SavedListLetterRow) -> Result<(), Error> {
    diesel::insert_into(saved_list_letter::table).values(row).execute(&mut **tx)?;
    Ok(())
}

pub fn find_letter(conn: &mut Conn, id: Id) -> Result<Option<SavedListLetterRow>, Error> {
    Ok(saved_list_letter::table.find(id).select(SavedListLetterRow::as_select()).first(conn).optional()?)
}

/// Letters of an account since a moment.
pub fn count_letters_of(conn: &mut Conn, account_id: Id, since: Time) -> Result<i64, Error> {
    let letters = saved_list_letter::table.filter(saved_list_letter::account_id.eq(account_id));
    Ok(letters.filter(saved_list_letter::created_at.gt(since)).count().get_result(conn)?)
}

/// Letters to an address since a moment, whoever sent them.
pub fn count_letters_to(conn: &mut Conn, address_hash: &str, since: Time) -> Result<i64, Error> {
    let letters = saved_list_letter::table.filter(saved_list_letter::address_hash.eq(address_hash));
    Ok(letters.filter(saved_list_letter::created_at.gt(since)).count().get_result(conn)?)
}

/// A letter has left, or never will: where it went is kept no longer.
pub fn forget_address(tx: &mut Tx<'_>, letter_id: Id) -> Result<(), Error> {
    let none: Option<String> = None;
    diesel::update(saved_list_letter::table.find(letter_id))
        .set((saved_list_letter::sealed_address.eq(none.clone()), saved_list_letter::wrapped_key.eq(none)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Letters older than a moment that have left.
pub fn is_any_letter_before(conn: &mut Conn, before: Time) -> Result<bool, Error> {
    let left = saved_list_letter::created_at.lt(before).and(saved_list_letter::sealed_address.is_null());
    let old = saved_list_letter::table.filter(left);
    Ok(diesel::select(diesel::dsl::exists(old)).get_result(conn)?)
}

pub fn delete_letters_before(conn: &mut Conn, before: Time) -> Result<usize, Error> {
    let left = saved_list_letter::created_at.lt(before).and(saved_list_letter::sealed_address.is_null());
    Ok(diesel::delete(saved_list_letter::table.filter(left)).execute(conn)?)
}
