//! Proposed changes of the directory, and what was decided of them.

use diesel::prelude::*;
use serde_json::{Map, Value};

use super::changes::Subject;
use super::schema::edit_proposal;
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::edit::EditStatus;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(EditStatus);

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = edit_proposal, treat_none_as_default_value = false)]
pub struct EditRow {
    pub id: Id,
    pub subject: Subject,
    pub subject_id: Id,
    /// The organisation of the record, whose members see the proposal.
    pub organization_id: Option<Id>,
    /// A JSON Merge Patch.
    pub patch: Json<Map<String, Value>>,
    /// The members that it touches, as they were.
    pub base: Json<Map<String, Value>>,
    pub base_version: i64,
    pub account_id: Option<Id>,
    /// What the link of a person without an account was about.
    pub link: Option<String>,
    pub comment: String,
    pub status: EditStatus,
    pub decided_by: Option<Id>,
    pub decided_at: Option<Time>,
    pub reason: Option<String>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx<'_>, row: &EditRow) -> Result<(), Error> {
    each_backend!(&mut **tx, |c| diesel::insert_into(edit_proposal::table).values(row).execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<EditRow>, Error> {
    Ok(edit_proposal::table.find(id).select(EditRow::as_select()).first(conn).optional()?)
}

/// Proposals with these ids; an id that is not there is left out.
pub fn list_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<Vec<EditRow>, Error> {
    let rows = edit_proposal::table.filter(edit_proposal::id.eq_any(ids));
    Ok(rows.select(EditRow::as_select()).load(conn)?)
}

/// Proposals of a status, oldest first, after one, at most `limit`; of some organisations, where they are named.
pub fn list(
    conn: &mut Conn,
    status: EditStatus,
    organization_ids: Option<&[Id]>,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<EditRow>, Error> {
    let mut query =
        edit_proposal::table.filter(edit_proposal::status.eq(status)).select(EditRow::as_select()).into_boxed();
    if let Some(ids) = organization_ids {
        query = query.filter(edit_proposal::organization_id.eq_any(ids.to_vec()));
    }
    if let Some(after) = after {
        query = query.filter(edit_proposal::id.gt(after));
    }
    Ok(query.order(edit_proposal::id.asc()).limit(limit).load(conn)?)
}

/// Proposals of one record that wait, at most `limit`.
pub fn list_pending_of(conn: &mut Conn, subject: Subject, id: Id, limit: i64) -> Result<Vec<EditRow>, Error> {
    let rows = edit_proposal::table
        .filter(edit_proposal::subject.eq(subject).and(edit_proposal::subject_id.eq(id)))
        .filter(edit_proposal::status.eq(EditStatus::Pending))
        .order(edit_proposal::created_at.asc())
        .limit(limit);
    Ok(rows.select(EditRow::as_select()).load(conn)?)
}

/// Decides a proposal that waits. `false`: it waits no more.
pub fn decide(
    tx: &mut Tx<'_>,
    id: Id,
    status: EditStatus,
    decided_by: Id,
    reason: Option<&str>,
) -> Result<bool, Error> {
    let now = tx.now();
    let pending = edit_proposal::table.find(id).filter(edit_proposal::status.eq(EditStatus::Pending));
    let changed = diesel::update(pending)
        .set((
            edit_proposal::status.eq(status),
            edit_proposal::decided_by.eq(Some(decided_by)),
            edit_proposal::decided_at.eq(Some(now)),
            edit_proposal::reason.eq(reason),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
