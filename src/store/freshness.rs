//! Which services must be confirmed, and when their organisations are written to about them. Everything is read along
//! an index from where the last page ended: ten million services cost no more than a thousand.

use std::collections::HashSet;

use diesel::prelude::*;

use super::schema::{location, organization, service, service_at_location, service_territory};
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::directory::{ServiceStatus, Visibility};
use crate::id::Id;

/// What is not offered any more is not asked about.
const OFFERED: [ServiceStatus; 2] = [ServiceStatus::Active, ServiceStatus::TemporarilyClosed];

/// Services to be confirmed at `until` or before, those that have waited longest first, after `(due, id)`.
pub fn list_due(conn: &mut Conn, until: Time, after: Option<(Time, Id)>, limit: i64) -> Result<Vec<(Time, Id)>, Error> {
    let mut query = service::table
        .filter(service::review_due_at.le(until))
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .select((service::review_due_at, service::id))
        .into_boxed();
    if let Some((at, id)) = after {
        let same = service::review_due_at.eq(at).and(service::id.gt(id));
        query = query.filter(service::review_due_at.ge(at).and(service::review_due_at.gt(at).or(same)));
    }
    Ok(query.order((service::review_due_at.asc(), service::id.asc())).limit(limit).load(conn)?)
}

/// Services whose record says too little, the poorest first, after `(points, id)`.
pub fn list_poor(conn: &mut Conn, after: Option<(i32, Id)>, limit: i64) -> Result<Vec<(Option<i32>, Id)>, Error> {
    // The bound is written out, as in the partial index: a parameter would not be recognised.
    let is_poor = diesel::dsl::sql::<diesel::sql_types::Bool>("content_score < 50");
    let mut query = service::table
        .filter(is_poor)
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .select((service::content_score, service::id))
        .into_boxed();
    if let Some((points, id)) = after {
        let same = service::content_score.eq(points).and(service::id.gt(id));
        query = query.filter(service::content_score.gt(points).or(same));
    }
    Ok(query.order((service::content_score.asc(), service::id.asc())).limit(limit).load(conn)?)
}

/// Which of these services serve a territory or are given in it. A hidden place is in its region and MRC and in nothing
/// finer, whoever asks.
pub fn within(conn: &mut Conn, ids: &[Id], territory_id: &str) -> Result<HashSet<Id>, Error> {
    let serving: Vec<Id> = service_territory::table
        .filter(service_territory::territory_id.eq(territory_id).and(service_territory::service_id.eq_any(ids)))
        .select(service_territory::service_id)
        .load(conn)?;
    let wide = location::region_id.eq(territory_id).or(location::mrc_id.eq(territory_id));
    let fine = location::municipality_id.eq(territory_id).or(location::borough_id.eq(territory_id));
    let fine = location::visibility.ne(Visibility::RegionOnly).and(fine);
    let given: Vec<Id> = service_at_location::table
        .inner_join(location::table)
        .filter(service_at_location::service_id.eq_any(ids))
        .filter(wide.or(fine))
        .select(service_at_location::service_id)
        .load(conn)?;
    Ok(serving.into_iter().chain(given).collect())
}

/// Organisations to write to now, whose services have waited longest first; among the `services_max` first services.
pub fn organizations_to_remind(conn: &mut Conn, now: Time, services_max: i64) -> Result<Vec<Id>, Error> {
    let waiting: Vec<Id> = service::table
        .filter(service::remind_at.le(now))
        .order((service::remind_at.asc(), service::id.asc()))
        .limit(services_max)
        .select(service::organization_id)
        .load(conn)?;
    let mut seen = HashSet::new();
    Ok(waiting.into_iter().filter(|id| seen.insert(*id)).collect())
}

/// Takes the lock of an organisation until the transaction ends: one node at a time writes to it.
///
/// # Errors
/// `NotFound` for an organisation that is not there.
pub fn lock_organization(tx: &mut Tx<'_>, id: Id) -> Result<(), Error> {
    let target = diesel::update(organization::table.find(id));
    let locked = target.set(organization::version.eq(organization::version)).execute(&mut **tx)?;
    if locked == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// A service about which its organisation is written to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToRemind {
    pub id: Id,
    pub due_at: Time,
    /// Neither retired nor given up.
    pub is_offered: bool,
}

pub fn list_to_remind(conn: &mut Conn, organization_id: Id, now: Time, limit: i64) -> Result<Vec<ToRemind>, Error> {
    let rows: Vec<(Id, Time, ServiceStatus, Option<Time>)> = service::table
        .filter(service::organization_id.eq(organization_id).and(service::remind_at.le(now)))
        .order((service::review_due_at.asc(), service::id.asc()))
        .limit(limit)
        .select((service::id, service::review_due_at, service::status, service::retired_at))
        .load(conn)?;
    let to_remind = |(id, due_at, status, retired_at): (Id, Time, ServiceStatus, Option<Time>)| ToRemind {
        id,
        due_at,
        is_offered: retired_at.is_none() && OFFERED.contains(&status),
    };
    Ok(rows.into_iter().map(to_remind).collect())
}

/// When the organisation is written to next about these services. Not a change of their records.
pub fn set_remind_at(tx: &mut Tx<'_>, ids: &[Id], at: Option<Time>) -> Result<(), Error> {
    for chunk in ids.chunks(super::organizations::STATEMENT_ROWS_MAX) {
        diesel::update(service::table.filter(service::id.eq_any(chunk)))
            .set(service::remind_at.eq(at))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// The services of an organisation that are to be confirmed, those that have waited longest first.
pub fn list_due_of(conn: &mut Conn, organization_id: Id, now: Time, limit: i64) -> Result<Vec<Id>, Error> {
    Ok(service::table
        .filter(service::organization_id.eq(organization_id).and(service::review_due_at.le(now)))
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .order((service::review_due_at.asc(), service::id.asc()))
        .limit(limit)
        .select(service::id)
        .load(conn)?)
}

pub fn count_due_of(conn: &mut Conn, organization_id: Id, now: Time) -> Result<i64, Error> {
    Ok(service::table
        .filter(service::organization_id.eq(organization_id).and(service::review_due_at.le(now)))
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .count()
        .get_result(conn)?)
}

/// The services of an organisation that are offered, those that have waited longest first.
pub fn list_of_organization(conn: &mut Conn, organization_id: Id, limit: i64) -> Result<Vec<Id>, Error> {
    Ok(service::table
        .filter(service::organization_id.eq(organization_id))
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .order((service::review_due_at.asc(), service::id.asc()))
        .limit(limit)
        .select(service::id)
        .load(conn)?)
}

/// How many services of an organisation are offered.
pub fn count_of_organization(conn: &mut Conn, organization_id: Id) -> Result<i64, Error> {
    Ok(service::table
        .filter(service::organization_id.eq(organization_id))
        .filter(service::retired_at.is_null().and(service::status.eq_any(OFFERED)))
        .count()
        .get_result(conn)?)
}
