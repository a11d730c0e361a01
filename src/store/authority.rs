//! Where the records of an organisation lie, for those whose right to write depends on it.

use diesel::prelude::*;

use super::schema::{location, service, service_at_location, service_territory};
use super::{Conn, Error};
use crate::id::Id;

/// Whether a place of the organisation, a place where one of its services is given, or a territory that one serves, is
/// one of these territories.
pub fn lies_in(conn: &mut Conn, organization_id: Id, territory_ids: &[String]) -> Result<bool, Error> {
    let in_them = location::region_id
        .eq_any(territory_ids)
        .or(location::mrc_id.eq_any(territory_ids))
        .or(location::municipality_id.eq_any(territory_ids))
        .or(location::borough_id.eq_any(territory_ids))
        .assume_not_null();
    let own: Option<Id> = location::table
        .filter(location::organization_id.eq(organization_id).and(location::retired_at.is_null()))
        .filter(in_them.clone())
        .select(location::id)
        .first(conn)
        .optional()?;
    if own.is_some() {
        return Ok(true);
    }
    let services = service::table
        .filter(service::organization_id.eq(organization_id).and(service::retired_at.is_null()))
        .select(service::id);
    let serves: Option<Id> = service_territory::table
        .filter(service_territory::service_id.eq_any(services))
        .filter(service_territory::territory_id.eq_any(territory_ids))
        .select(service_territory::service_id)
        .first(conn)
        .optional()?;
    if serves.is_some() {
        return Ok(true);
    }
    let given_at = service_at_location::table
        .filter(service_at_location::service_id.eq_any(services))
        .select(service_at_location::location_id);
    let given: Option<Id> = location::table
        .filter(location::id.eq_any(given_at))
        .filter(in_them)
        .select(location::id)
        .first(conn)
        .optional()?;
    Ok(given.is_some())
}

/// Whether the organisation has a place, or a service that says where it is given or whom it serves.
pub fn lies_anywhere(conn: &mut Conn, organization_id: Id) -> Result<bool, Error> {
    let own: Option<Id> = location::table
        .filter(location::organization_id.eq(organization_id).and(location::retired_at.is_null()))
        .select(location::id)
        .first(conn)
        .optional()?;
    if own.is_some() {
        return Ok(true);
    }
    let services = service::table
        .filter(service::organization_id.eq(organization_id).and(service::retired_at.is_null()))
        .select(service::id);
    let serves: Option<Id> = service_territory::table
        .filter(service_territory::service_id.eq_any(services))
        .select(service_territory::service_id)
        .first(conn)
        .optional()?;
    let given: Option<Id> = service_at_location::table
        .filter(service_at_location::service_id.eq_any(services))
        .select(service_at_location::service_id)
        .first(conn)
        .optional()?;
    Ok(serves.is_some() || given.is_some())
}
