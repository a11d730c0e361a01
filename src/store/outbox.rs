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
