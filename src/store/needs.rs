//! Needs and what each voice said became of them. Read through a [`Viewer`] only.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::families::organizations_of;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{need, need_outcome};
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::need::{NeedStatus, UnmetReason, Voice};
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(NeedStatus, UnmetReason, Voice);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = need, treat_none_as_default_value = false)]
pub struct NeedRow {
    pub id: Id,
    pub network_id: Id,
    pub family_id: Option<Id>,
    pub organization_id: Id,
    pub account_id: Option<Id>,
    pub category: String,
    pub municipality_id: Option<String>,
    pub mrc_id: Option<String>,
    pub region_id: Option<String>,
    pub status: NeedStatus,
    pub unmet_reason: Option<UnmetReason>,
    /// What a stopped referral suggests; the worker corrects it.
    pub proposed_reason: Option<UnmetReason>,
    pub recorded_on: NaiveDate,
    pub status_on: NaiveDate,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = need_outcome, treat_none_as_default_value = false)]
pub struct NeedOutcomeRow {
    pub id: Id,
    pub network_id: Id,
    pub need_id: Id,
    pub voice: Voice,
    pub status: NeedStatus,
    pub reason: Option<UnmetReason>,
    pub referral_id: Option<Id>,
    pub account_id: Option<Id>,
    pub organization_id: Option<Id>,
    pub at: Time,
}

pub fn find(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<NeedRow>, Error> {
    let own = need::table.filter(need::organization_id.eq_any(organizations_of(viewer)));
    Ok(own.filter(need::id.eq(id)).select(NeedRow::as_select()).first(conn).optional()?)
}

pub fn get(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<NeedRow, Error> {
    find(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// A page of the viewer's own needs, latest first, after `(created_at, id)`.
pub fn list_page(
    conn: &mut Conn,
    viewer: &Viewer,
    family_id: Option<Id>,
    status: Option<NeedStatus>,
    after: Option<(Time, Id)>,
    limit: i64,
) -> Result<Vec<NeedRow>, Error> {
    let mut query = need::table.filter(need::organization_id.eq_any(organizations_of(viewer))).into_boxed();
    if let Some(family_id) = family_id {
        query = query.filter(need::family_id.eq(family_id));
    }
    if let Some(status) = status {
        query = query.filter(need::status.eq(status));
    }
    if let Some((at, id)) = after {
        query = query.filter(need::created_at.lt(at).or(need::created_at.eq(at).and(need::id.lt(id))));
    }
    let query = query.order((need::created_at.desc(), need::id.desc())).limit(limit);
    Ok(query.select(NeedRow::as_select()).load(conn)?)
}

/// What was said of a need that a viewer was given, in the order in which it was said; the latest `limit`.
pub fn outcomes_of(conn: &mut Conn, need: &NeedRow, limit: i64) -> Result<Vec<NeedOutcomeRow>, Error> {
    let said = need_outcome::table.filter(need_outcome::need_id.eq(need.id));
    let latest = said.order((need_outcome::at.desc(), need_outcome::id.desc())).limit(limit);
    let mut rows: Vec<NeedOutcomeRow> = latest.select(NeedOutcomeRow::as_select()).load(conn)?;
    rows.reverse();
    Ok(rows)
}

pub fn insert(conn: &mut Conn, rows: &[NeedRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(need::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Outcomes are only ever added: every voice is kept.
pub fn insert_outcomes(conn: &mut Conn, rows: &[NeedOutcomeRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(need_outcome::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// The worker's word: sets how a need stands, on the version that it was read at.
///
/// # Errors
/// `Stale` when somebody else wrote it first.
pub fn set_status(
    conn: &mut Conn,
    need: &NeedRow,
    status: NeedStatus,
    reason: Option<UnmetReason>,
    now: Time,
) -> Result<(), Error> {
    let target = need::table.filter(need::id.eq(need.id)).filter(need::version.eq(need.version));
    let change = (
        need::status.eq(status),
        need::unmet_reason.eq(reason),
        need::status_on.eq(now.date()),
        need::version.eq(need.version + 1),
        need::updated_at.eq(now),
    );
    match diesel::update(target).set(change).execute(conn)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}
