//! Requests that must have one effect however often they are sent. A row holds hashes and an answer of ids, words and
//! instants; it is written in the transaction of the effect, so that both are there or neither.

use diesel::prelude::*;

use super::schema::idempotency;
use super::types::Json;
use super::{Conn, Error};
use crate::clock::Time;
use crate::each_backend;
use crate::id::Id;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
pub struct IdempotencyRow {
    pub account_id: Id,
    pub key_hash: String,
    pub request_hash: String,
    pub status: Option<i32>,
    pub answer: Option<Json<serde_json::Value>>,
    pub created_at: Time,
}

/// Takes a key. `None`: it is ours, and the effect must follow in this transaction. Otherwise the row of the one who
/// had it first: on PostgreSQL the insert waits for that transaction to end, on SQLite there is one writer.
pub fn take(conn: &mut Conn, row: &IdempotencyRow) -> Result<Option<IdempotencyRow>, Error> {
    let taken = each_backend!(conn, |c| diesel::insert_into(idempotency::table)
        .values(row)
        .on_conflict((idempotency::account_id, idempotency::key_hash))
        .do_nothing()
        .execute(c))?;
    if taken == 1 {
        return Ok(None);
    }
    let found = idempotency::table.find((row.account_id, &row.key_hash));
    Ok(Some(found.select(IdempotencyRow::as_select()).first(conn)?))
}

pub fn set_answer(
    conn: &mut Conn,
    account_id: Id,
    key_hash: &str,
    status: i32,
    answer: serde_json::Value,
) -> Result<(), Error> {
    diesel::update(idempotency::table.find((account_id, key_hash)))
        .set((idempotency::status.eq(Some(status)), idempotency::answer.eq(Some(Json(answer)))))
        .execute(conn)?;
    Ok(())
}

pub fn is_any_before(conn: &mut Conn, before: Time) -> Result<bool, Error> {
    let old = idempotency::table.filter(idempotency::created_at.lt(before));
    Ok(diesel::select(diesel::dsl::exists(old)).get_result(conn)?)
}

/// Forgets keys taken before a moment.
pub fn delete_before(conn: &mut Conn, before: Time) -> Result<usize, Error> {
    Ok(diesel::delete(idempotency::table.filter(idempotency::created_at.lt(before))).execute(conn)?)
}
