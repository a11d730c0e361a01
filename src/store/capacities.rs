//! The room that services said they had: the last word on the service, every word in an appended history.

use diesel::prelude::*;

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{capacity, service};
use super::{Conn, Error, Tx, services};
use crate::clock::Time;
use crate::domain::directory::{Capacity, Service};
use crate::id::Id;
use crate::insert_rows;

/// One word said of the room at a service.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = capacity, treat_none_as_default_value = false)]
pub struct CapacityRow {
    pub service_id: Id,
    pub places_available: Option<i32>,
    pub waiting_list_length: Option<i32>,
    pub wait_days: Option<i32>,
    pub observed_at: Time,
    /// Who said it, as a word: `member`, `curator`, `import`, `link`, `sample`.
    pub source: String,
}

impl CapacityRow {
    fn new(service_id: Id, said: Capacity, observed_at: Time, source: &str) -> Self {
        Self {
            service_id,
            places_available: said.places_available,
            waiting_list_length: said.waiting_list_length,
            wait_days: said.wait_days,
            observed_at,
            source: source.to_owned(),
        }
    }
}

/// Records what somebody said of the room. A member that they did not say keeps its last value; a word older than the
/// one known goes to the history alone. Where nobody said when, it is now. The schema refuses a number below zero.
///
/// # Errors
/// `NotFound` for a service that is not there.
pub fn record_capacity(tx: &mut Tx<'_>, service_id: Id, said: Capacity, source: &str) -> Result<(), Error> {
    let now = tx.now();
    let observed_at = said.observed_at.unwrap_or(now);
    services::lock(tx, service_id)?;
    let known: Option<(Option<i32>, Option<i32>, Option<i32>, Option<Time>)> = service::table
        .find(service_id)
        .select((
            service::places_available,
            service::waiting_list_length,
            service::wait_days,
            service::capacity_observed_at,
        ))
        .first(&mut **tx)
        .optional()?;
    let (places, waiting, days, last) = known.ok_or(Error::NotFound)?;
    let row = CapacityRow::new(service_id, said, observed_at, source);
    diesel::insert_into(capacity::table).values(&row).execute(&mut **tx)?;
    if last.is_some_and(|last| last > observed_at) {
        return Ok(());
    }
    diesel::update(service::table.find(service_id))
        .set((
            service::places_available.eq(said.places_available.or(places)),
            service::waiting_list_length.eq(said.waiting_list_length.or(waiting)),
            service::wait_days.eq(said.wait_days.or(days)),
            service::capacity_observed_at.eq(observed_at),
            service::version.eq(service::version + 1),
            service::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    tx.changed(Subject::Service, service_id);
    Ok(())
}

/// The history alone: for services whose columns are written with the rest of their rows.
pub(super) fn append_many(tx: &mut Tx<'_>, services: &[Service], source: &str) -> Result<(), Error> {
    let now = tx.now();
    let rows: Vec<CapacityRow> = services
        .iter()
        .filter(|one| one.capacity.is_said())
        .map(|one| CapacityRow::new(one.id, one.capacity, one.capacity.observed_at.unwrap_or(now), source))
        .collect();
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, capacity::table, rows)?;
    }
    Ok(())
}

/// Somebody confirmed that the record is true at this moment. An older confirmation changes nothing.
///
/// # Errors
/// `NotFound` for a service that is not there.
pub fn confirm_verified(tx: &mut Tx<'_>, service_id: Id, at: Time) -> Result<(), Error> {
    let now = tx.now();
    services::lock(tx, service_id)?;
    let known: Option<Option<Time>> =
        service::table.find(service_id).select(service::verified_at).first(&mut **tx).optional()?;
    if known.ok_or(Error::NotFound)?.is_some_and(|known| known >= at) {
        return Ok(());
    }
    diesel::update(service::table.find(service_id))
        .set((service::verified_at.eq(at), service::version.eq(service::version + 1), service::updated_at.eq(now)))
        .execute(&mut **tx)?;
    tx.changed(Subject::Service, service_id);
    Ok(())
}

/// What was said of one service, the newest first, at most `limit`.
pub fn list_history(conn: &mut Conn, service_id: Id, limit: i64) -> Result<Vec<CapacityRow>, Error> {
    Ok(capacity::table
        .filter(capacity::service_id.eq(service_id))
        .order((capacity::observed_at.desc(), capacity::number.desc()))
        .limit(limit)
        .select(CapacityRow::as_select())
        .load(conn)?)
}
