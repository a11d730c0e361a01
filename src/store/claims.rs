//! Claims of organisations by accounts, and what was decided of them.

use diesel::prelude::*;

use super::schema::claim;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::claim::ClaimStatus;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(ClaimStatus);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = claim, treat_none_as_default_value = false)]
pub struct ClaimRow {
    pub id: Id,
    pub organization_id: Id,
    pub account_id: Id,
    pub comment: String,
    pub status: ClaimStatus,
    pub decided_by: Option<Id>,
    pub decided_at: Option<Time>,
    pub reason: Option<String>,
    pub created_at: Time,
}

/// # Errors
/// `Conflict` where the account has a claim of the organisation that waits.
pub fn insert(tx: &mut Tx<'_>, row: &ClaimRow) -> Result<(), Error> {
    each_backend!(&mut **tx, |c| diesel::insert_into(claim::table).values(row).execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ClaimRow>, Error> {
    Ok(claim::table.find(id).select(ClaimRow::as_select()).first(conn).optional()?)
}

/// Claims of a status, oldest first, after one, at most `limit`; those of one account, where it is named.
pub fn list(
    conn: &mut Conn,
    status: ClaimStatus,
    account_id: Option<Id>,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<ClaimRow>, Error> {
    let mut query = claim::table.filter(claim::status.eq(status)).select(ClaimRow::as_select()).into_boxed();
    if let Some(account_id) = account_id {
        query = query.filter(claim::account_id.eq(account_id));
    }
    if let Some(after) = after {
        query = query.filter(claim::id.gt(after));
    }
    Ok(query.order(claim::id.asc()).limit(limit).load(conn)?)
}

/// Whether an account has a claim of an organisation that waits.
pub fn is_pending(conn: &mut Conn, organization_id: Id, account_id: Id) -> Result<bool, Error> {
    let rows = claim::table
        .filter(claim::organization_id.eq(organization_id).and(claim::account_id.eq(account_id)))
        .filter(claim::status.eq(ClaimStatus::Pending));
    let first: Option<Id> = rows.select(claim::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Decides a claim that waits. `false`: it waits no more.
pub fn decide(
    tx: &mut Tx<'_>,
    id: Id,
    status: ClaimStatus,
    decided_by: Id,
    reason: Option<&str>,
) -> Result<bool, Error> {
    let now = tx.now();
    let pending = claim::table.find(id).filter(claim::status.eq(ClaimStatus::Pending));
    let changed = diesel::update(pending)
        .set((
            claim::status.eq(status),
            claim::decided_by.eq(Some(decided_by)),
            claim::decided_at.eq(Some(now)),
            claim::reason.eq(reason),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
