//! Letters to organisations about their own records, and the links in them. Only hashes are kept: of the token, and of
//! the address, which is enough to count letters and to end a link whose organisation has another address now.

use diesel::prelude::*;

use super::schema::{record_letter, record_link};
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::freshness::Letter;
use crate::id::Id;
use crate::text_words;

text_words!(Letter);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = record_letter, treat_none_as_default_value = false)]
pub struct RecordLetterRow {
    pub id: Id,
    pub organization_id: Id,
    pub address_hash: String,
    pub kind: Letter,
    pub created_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = record_link, treat_none_as_default_value = false)]
pub struct RecordLinkRow {
    pub id: Id,
    pub token_hash: String,
    pub organization_id: Id,
    pub address_hash: String,
    pub expires_at: Time,
    pub created_at: Time,
}

pub fn insert_letter(conn: &mut Conn, row: &RecordLetterRow) -> Result<(), Error> {
    diesel::insert_into(record_letter::table).values(row).execute(conn)?;
    Ok(())
}

/// Letters to an address since a moment, whoever asked for them.
pub fn count_letters_to(conn: &mut Conn, address_hash: &str, since: Time) -> Result<i64, Error> {
    let letters = record_letter::table.filter(record_letter::address_hash.eq(address_hash));
    Ok(letters.filter(record_letter::created_at.gt(since)).count().get_result(conn)?)
}

/// When the program last wrote to an organisation by itself.
pub fn last_due_letter(conn: &mut Conn, organization_id: Id) -> Result<Option<Time>, Error> {
    Ok(record_letter::table
        .filter(record_letter::organization_id.eq(organization_id).and(record_letter::kind.eq(Letter::Due)))
        .order(record_letter::created_at.desc())
        .select(record_letter::created_at)
        .first(conn)
        .optional()?)
}

pub fn insert(conn: &mut Conn, row: &RecordLinkRow) -> Result<(), Error> {
    diesel::insert_into(record_link::table).values(row).execute(conn)?;
    Ok(())
}

pub fn find_by_hash(conn: &mut Conn, token_hash: &str) -> Result<Option<RecordLinkRow>, Error> {
    let row = record_link::table.filter(record_link::token_hash.eq(token_hash));
    Ok(row.select(RecordLinkRow::as_select()).first(conn).optional()?)
}

/// Links that ended before a moment, at most `limit`.
pub fn list_ended(conn: &mut Conn, before: Time, limit: i64) -> Result<Vec<Id>, Error> {
    Ok(record_link::table
        .filter(record_link::expires_at.lt(before))
        .order((record_link::expires_at.asc(), record_link::id.asc()))
        .limit(limit)
        .select(record_link::id)
        .load(conn)?)
}

pub fn delete(conn: &mut Conn, ids: &[Id]) -> Result<(), Error> {
    diesel::delete(record_link::table.filter(record_link::id.eq_any(ids))).execute(conn)?;
    Ok(())
}
