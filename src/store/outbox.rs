//! Effects to carry out after the commit: ids only, never text. Each row is written once, with the change it follows
//! from, and delivered at least once.

use diesel::prelude::*;

use super::conn::Conn;
use super::error::Error;
use super::schema::outbox;
use super::types::Json;
use crate::clock::Time;
use crate::id::Id;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct OutboxRow {
    pub id: Id,
    pub kind: String,
    pub subject_id: Id,
    pub payload: Json<serde_json::Value>,
    pub created_at: Time,
    pub due_at: Time,
    pub attempts: i32,
    pub delivered_at: Option<Time>,
    pub failed_at: Option<Time>,
}

pub fn insert(conn: &mut Conn, row: &OutboxRow) -> Result<(), Error> {
    diesel::insert_into(outbox::table).values(row).execute(conn)?;
    Ok(())
}

/// Takes the effects that have been due longest and leases them: until `leased_until` nobody else takes them, and after
/// it anybody may, because whoever took them is gone. Run it in a transaction of its own.
pub fn claim_due(conn: &mut Conn, now: Time, leased_until: Time, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    let due = outbox::table
        .filter(outbox::delivered_at.is_null())
        .filter(outbox::failed_at.is_null())
        .filter(outbox::due_at.le(now))
        .order((outbox::due_at.asc(), outbox::id.asc()))
        .limit(limit);
    let rows: Vec<OutboxRow> = match conn {
        Conn::Postgres(c) => due.for_update().skip_locked().load(c)?,
        // SQLite has one writer: the writing transaction is the lock.
        Conn::Sqlite(c) => due.load(c)?,
    };
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    diesel::update(outbox::table.filter(outbox::id.eq_any(ids)))
        .set((outbox::due_at.eq(leased_until), outbox::attempts.eq(outbox::attempts + 1)))
        .execute(conn)?;
    Ok(rows)
}

pub fn mark_delivered(conn: &mut Conn, id: Id, at: Time) -> Result<(), Error> {
    diesel::update(outbox::table.find(id)).set(outbox::delivered_at.eq(Some(at))).execute(conn)?;
    Ok(())
}

pub fn try_again_at(conn: &mut Conn, id: Id, due_at: Time) -> Result<(), Error> {
    diesel::update(outbox::table.find(id)).set(outbox::due_at.eq(due_at)).execute(conn)?;
    Ok(())
}

pub fn mark_failed(conn: &mut Conn, id: Id, at: Time) -> Result<(), Error> {
    diesel::update(outbox::table.find(id)).set(outbox::failed_at.eq(Some(at))).execute(conn)?;
    Ok(())
}
