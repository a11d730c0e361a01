//! Follow-ups of needs. Read through a [`Viewer`] only.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::families::organizations_of;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::follow_up;
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::follow_up::FollowUpStatus;
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(FollowUpStatus);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = follow_up, treat_none_as_default_value = false)]
pub struct FollowUpRow {
    pub id: Id,
    pub network_id: Id,
    pub need_id: Id,
    pub family_id: Option<Id>,
    pub organization_id: Id,
    pub assignee_account_id: Option<Id>,
    pub status: FollowUpStatus,
    pub due_on: NaiveDate,
    pub done_at: Option<Time>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn find(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<FollowUpRow>, Error> {
    let own = follow_up::table.filter(follow_up::organization_id.eq_any(organizations_of(viewer)));
    Ok(own.filter(follow_up::id.eq(id)).select(FollowUpRow::as_select()).first(conn).optional()?)
}

pub fn get(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<FollowUpRow, Error> {
    find(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// A page of the viewer's own follow-ups, the longest due first, after `(due_on, id)`.
pub fn list_page(
    conn: &mut Conn,
    viewer: &Viewer,
    status: Option<FollowUpStatus>,
    after: Option<(NaiveDate, Id)>,
    limit: i64,
) -> Result<Vec<FollowUpRow>, Error> {
    let mut query = follow_up::table.filter(follow_up::organization_id.eq_any(organizations_of(viewer))).into_boxed();
    if let Some(status) = status {
        query = query.filter(follow_up::status.eq(status));
    }
    if let Some((day, id)) = after {
        query = query.filter(follow_up::due_on.gt(day).or(follow_up::due_on.eq(day).and(follow_up::id.gt(id))));
    }
    let query = query.order((follow_up::due_on.asc(), follow_up::id.asc())).limit(limit);
    Ok(query.select(FollowUpRow::as_select()).load(conn)?)
}

pub fn insert(conn: &mut Conn, rows: &[FollowUpRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(follow_up::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Opens the follow-up of a need; where one is open already, it moves to the later day.
pub fn open(conn: &mut Conn, row: &FollowUpRow) -> Result<(), Error> {
    let due =
        follow_up::table.filter(follow_up::need_id.eq(row.need_id)).filter(follow_up::status.eq(FollowUpStatus::Due));
    let change = (
        follow_up::due_on.eq(row.due_on),
        follow_up::version.eq(follow_up::version + 1),
        follow_up::updated_at.eq(row.updated_at),
    );
    if diesel::update(due).set(change).execute(conn)? == 0 {
        insert(conn, std::slice::from_ref(row))?;
    }
    Ok(())
}

/// Cancels the open follow-up of a need: a new referral is under way.
pub fn cancel_of_need(conn: &mut Conn, need_id: Id, now: Time) -> Result<(), Error> {
    let due = follow_up::table.filter(follow_up::need_id.eq(need_id)).filter(follow_up::status.eq(FollowUpStatus::Due));
    let change = (
        follow_up::status.eq(FollowUpStatus::Cancelled),
        follow_up::version.eq(follow_up::version + 1),
        follow_up::updated_at.eq(now),
    );
    diesel::update(due).set(change).execute(conn)?;
    Ok(())
}

/// Marks a follow-up done, on the version that it was read at.
///
/// # Errors
/// `Stale` when somebody else wrote it first.
pub fn complete(conn: &mut Conn, row: &FollowUpRow, now: Time) -> Result<(), Error> {
    let target = follow_up::table.filter(follow_up::id.eq(row.id)).filter(follow_up::version.eq(row.version));
    let change = (
        follow_up::status.eq(FollowUpStatus::Done),
        follow_up::done_at.eq(Some(now)),
        follow_up::version.eq(row.version + 1),
        follow_up::updated_at.eq(now),
    );
    match diesel::update(target).set(change).execute(conn)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}
