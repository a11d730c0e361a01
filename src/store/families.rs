//! Families' files: facts without a name. Every reading takes a [`Viewer`], which becomes part of the SQL: there is no
//! function that loads a file by its id alone. What belongs to a file is read with the row that a viewer was given.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{activity, child, family, observation};
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::family::{ActivityKind, ObservationKind, Origin, Setting};
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(Setting, Origin, ObservationKind, ActivityKind);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = family, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct FamilyRow {
    pub id: Id,
    pub network_id: Id,
    /// Whose file it is.
    pub organization_id: Id,
    pub worker_account_id: Option<Id>,
    pub municipality_id: Option<String>,
    pub mrc_id: Option<String>,
    pub region_id: Option<String>,
    pub setting: Setting,
    pub contact_origin: Option<Origin>,
    pub first_contact_on: NaiveDate,
    pub language: Option<String>,
    /// H3, resolution 5.
    pub coarse_cell: Option<String>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = child, treat_none_as_default_value = false)]
pub struct ChildRow {
    pub id: Id,
    pub network_id: Id,
    pub family_id: Id,
    /// `YYYY-MM`; exactly one of the two.
    pub born_in: Option<String>,
    pub due_in: Option<String>,
    pub created_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = observation, treat_none_as_default_value = false)]
pub struct ObservationRow {
    pub id: Id,
    pub network_id: Id,
    pub family_id: Id,
    pub kind: ObservationKind,
    /// As `domain::family::Fact` writes it.
    pub value: String,
    pub present: bool,
    pub observed_on: NaiveDate,
    pub account_id: Option<Id>,
    pub created_at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = activity, treat_none_as_default_value = false)]
pub struct ActivityRow {
    pub id: Id,
    pub network_id: Id,
    pub organization_id: Id,
    pub account_id: Option<Id>,
    pub family_id: Option<Id>,
    pub kind: ActivityKind,
    pub happened_on: NaiveDate,
    pub created_at: Time,
}

/// The organisations whose files a viewer may open. A link shows one referral and no file; a family's link its
/// referrals; a job shows nothing.
pub(super) fn organizations_of(viewer: &Viewer) -> Vec<Id> {
    match viewer {
        Viewer::Account(account) => account.family_organizations(),
        Viewer::Link { .. } | Viewer::FamilyLink { .. } | Viewer::Job(_) => Vec::new(),
    }
}

pub fn find(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<FamilyRow>, Error> {
    let own = family::table.filter(family::organization_id.eq_any(organizations_of(viewer)));
    let row = own.filter(family::id.eq(id)).select(FamilyRow::as_select()).first(conn);
    Ok(row.optional()?)
}

pub fn get(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<FamilyRow, Error> {
    find(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// A page of the viewer's own files, latest first, after `(created_at, id)`.
pub fn list_page(
    conn: &mut Conn,
    viewer: &Viewer,
    after: Option<(Time, Id)>,
    limit: i64,
) -> Result<Vec<FamilyRow>, Error> {
    let mut query = family::table.filter(family::organization_id.eq_any(organizations_of(viewer))).into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(family::created_at.lt(at).or(family::created_at.eq(at).and(family::id.lt(id))));
    }
    let query = query.order((family::created_at.desc(), family::id.desc())).limit(limit);
    Ok(query.select(FamilyRow::as_select()).load(conn)?)
}

/// The children of files that a viewer was given, in the order in which they were recorded.
pub fn children_of(conn: &mut Conn, families: &[FamilyRow]) -> Result<Vec<ChildRow>, Error> {
    let ids: Vec<Id> = families.iter().map(|row| row.id).collect();
    let children = child::table.filter(child::family_id.eq_any(ids)).order(child::id.asc());
    Ok(children.select(ChildRow::as_select()).load(conn)?)
}

/// What was observed of a family, in the order in which it was recorded; the latest `limit`.
pub fn observations_of(conn: &mut Conn, family: &FamilyRow, limit: i64) -> Result<Vec<ObservationRow>, Error> {
    let seen = observation::table.filter(observation::family_id.eq(family.id));
    let latest = seen.order(observation::id.desc()).limit(limit);
    let mut rows: Vec<ObservationRow> = latest.select(ObservationRow::as_select()).load(conn)?;
    rows.reverse();
    Ok(rows)
}

pub fn insert(conn: &mut Conn, rows: &[FamilyRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(family::table).values(rows).execute(c))?;
    }
    Ok(())
}

pub fn insert_children(conn: &mut Conn, rows: &[ChildRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(child::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Puts these children in the place of those that a file had.
pub fn replace_children(conn: &mut Conn, family: &FamilyRow, rows: &[ChildRow]) -> Result<(), Error> {
    diesel::delete(child::table.filter(child::family_id.eq(family.id))).execute(conn)?;
    insert_children(conn, rows)
}

/// Observations are only ever added.
pub fn insert_observations(conn: &mut Conn, rows: &[ObservationRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(observation::table).values(rows).execute(c))?;
    }
    Ok(())
}

pub fn insert_activities(conn: &mut Conn, rows: &[ActivityRow]) -> Result<(), Error> {
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(activity::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Writes a file on the version that it was read at; `row` carries the next one.
///
/// # Errors
/// `Stale` when somebody else wrote it first.
pub fn update(conn: &mut Conn, row: &FamilyRow, read_at: i64) -> Result<(), Error> {
    let target = family::table.filter(family::id.eq(row.id)).filter(family::version.eq(read_at));
    match diesel::update(target).set(row).execute(conn)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}
