//! Places where services are given. Who may see where a place is, is decided where answers are made; here it is kept.

use std::collections::HashMap;

use diesel::prelude::*;

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{location, service, service_at_location};
use super::services::Retired;
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::directory::{LocatedIn, Location, LocationDocument, Origin, Placement, Point, Visibility};
use crate::domain::language::Text;
use crate::id::Id;
use crate::{insert_rows, text_words};

text_words!(Placement, Visibility);

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = location, treat_none_as_default_value = false, treat_none_as_null = true)]
struct LocationRow {
    id: Id,
    organization_id: Option<Id>,
    name_fr: Option<String>,
    name_en: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    placement: Placement,
    visibility: Visibility,
    region_id: Option<String>,
    mrc_id: Option<String>,
    municipality_id: Option<String>,
    borough_id: Option<String>,
    source: String,
    source_key: String,
    content_hash: String,
    document: Json<LocationDocument>,
    version: i64,
    #[diesel(skip_update)]
    created_at: Time,
    updated_at: Time,
}

impl LocationRow {
    fn new(one: &Location, version: i64, now: Time) -> Self {
        Self {
            id: one.id,
            organization_id: one.organization_id,
            name_fr: one.name.fr.clone(),
            name_en: one.name.en.clone(),
            latitude: one.point.map(|point| point.lat),
            longitude: one.point.map(|point| point.lon),
            placement: one.placement,
            visibility: one.visibility,
            region_id: one.territories.region.clone(),
            mrc_id: one.territories.mrc.clone(),
            municipality_id: one.territories.municipality.clone(),
            borough_id: one.territories.borough.clone(),
            source: one.origin.source.clone(),
            source_key: one.origin.key.clone(),
            content_hash: one.origin.content_hash.clone(),
            document: Json(one.document.clone()),
            version,
            created_at: now,
            updated_at: now,
        }
    }
}

impl From<(LocationRow, Retired)> for Location {
    fn from((row, (retired_at, replaced_by)): (LocationRow, Retired)) -> Self {
        let point = row.latitude.zip(row.longitude).and_then(|(lat, lon)| Point::new(lat, lon));
        Self {
            id: row.id,
            origin: Origin { source: row.source, key: row.source_key, content_hash: row.content_hash },
            organization_id: row.organization_id,
            name: Text { fr: row.name_fr, en: row.name_en },
            point,
            placement: row.placement,
            visibility: row.visibility,
            territories: LocatedIn {
                region: row.region_id,
                mrc: row.mrc_id,
                municipality: row.municipality_id,
                borough: row.borough_id,
            },
            document: row.document.0,
            version: row.version,
            retired_at,
            replaced_by,
        }
    }
}

/// The places with these ids, retired ones too; an id that is not there is left out.
pub fn list_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Location>, Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows = location::table.filter(location::id.eq_any(chunk));
        let columns = (LocationRow::as_select(), (location::retired_at, location::replaced_by));
        let rows: Vec<(LocationRow, Retired)> = rows.select(columns).load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.0.id, Location::from(row))));
    }
    Ok(found)
}

/// Places that belong to an organisation itself, by id, at most `limit`, without those retired.
pub fn list_of_organization(conn: &mut Conn, organization_id: Id, limit: i64) -> Result<Vec<Location>, Error> {
    let rows: Vec<(LocationRow, Retired)> = location::table
        .filter(location::organization_id.eq(organization_id).and(location::retired_at.is_null()))
        .order(location::id.asc())
        .limit(limit)
        .select((LocationRow::as_select(), (location::retired_at, location::replaced_by)))
        .load(conn)?;
    Ok(rows.into_iter().map(Location::from).collect())
}

/// The places that belong to these organisations themselves, by id, without those retired.
pub fn list_of_organizations(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<Location>>, Error> {
    let mut found: HashMap<Id, Vec<Location>> = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows: Vec<(LocationRow, Retired)> = location::table
            .filter(location::organization_id.eq_any(chunk).and(location::retired_at.is_null()))
            .order(location::id.asc())
            .select((LocationRow::as_select(), (location::retired_at, location::replaced_by)))
            .load(conn)?;
        for place in rows.into_iter().map(Location::from) {
            if let Some(owner) = place.organization_id {
                found.entry(owner).or_default().push(place);
            }
        }
    }
    Ok(found)
}

/// Whether a place is not this organisation's to change: another has it for its own, or nobody does and a service of
/// another organisation is given there. An owner keeps its place, whoever else uses it.
pub fn is_shared(conn: &mut Conn, id: Id, organization_id: Id) -> Result<bool, Error> {
    let owner: Option<Option<Id>> =
        location::table.find(id).select(location::organization_id).first(conn).optional()?;
    if let Some(owner) = owner.flatten() {
        return Ok(owner != organization_id);
    }
    let given_there = service_at_location::table
        .filter(service_at_location::location_id.eq(id))
        .select(service_at_location::service_id);
    let others = service::table
        .filter(service::id.eq_any(given_there).and(service::organization_id.ne(organization_id)))
        .select(service::id);
    let is_used: Option<Id> = others.first(conn).optional()?;
    Ok(is_used.is_some())
}

/// Places by id, after one, without those retired; those of one organisation, where it is named.
pub fn list_after(
    conn: &mut Conn,
    organization_id: Option<Id>,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<Location>, Error> {
    let columns = (LocationRow::as_select(), (location::retired_at, location::replaced_by));
    let mut query = location::table.filter(location::retired_at.is_null()).select(columns).into_boxed();
    if let Some(organization_id) = organization_id {
        query = query.filter(location::organization_id.eq(organization_id));
    }
    if let Some(after) = after {
        query = query.filter(location::id.gt(after));
    }
    let rows: Vec<(LocationRow, Retired)> = query.order(location::id.asc()).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Location::from).collect())
}

/// Takes the lock of one place until the transaction ends.
///
/// # Errors
/// `NotFound` for one that is not there.
pub fn lock(tx: &mut Tx<'_>, id: Id) -> Result<(), Error> {
    let target = location::table.find(id);
    let locked = diesel::update(target).set(location::version.eq(location::version)).execute(&mut **tx)?;
    if locked == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Whether a service that is not retired is given at a place.
pub fn is_in_use(conn: &mut Conn, id: Id) -> Result<bool, Error> {
    let given_there = service_at_location::table
        .filter(service_at_location::location_id.eq(id))
        .select(service_at_location::service_id);
    let active = service::table.filter(service::id.eq_any(given_there).and(service::retired_at.is_null()));
    let first: Option<Id> = active.select(service::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Inserts at version 1.
pub fn insert_many(tx: &mut Tx<'_>, locations: &[Location]) -> Result<(), Error> {
    let now = tx.now();
    for chunk in locations.chunks(STATEMENT_ROWS_MAX) {
        let rows: Vec<LocationRow> = chunk.iter().map(|one| LocationRow::new(one, 1, now)).collect();
        insert_rows!(&mut **tx, location::table, &rows)?;
    }
    for one in locations {
        tx.changed(Subject::Location, one.id);
    }
    Ok(())
}

/// Writes a place over the version that the caller read, and gives the new version. The services given there get a
/// new version too: what they answer has changed.
///
/// # Errors
/// `Stale` when the row has another version than `location.version`, or is not there.
pub fn update(tx: &mut Tx<'_>, one: &Location) -> Result<i64, Error> {
    let now = tx.now();
    let row = LocationRow::new(one, one.version + 1, now);
    let target = location::table.find(one.id).filter(location::version.eq(one.version));
    if diesel::update(target).set(&row).execute(&mut **tx)? == 0 {
        return Err(Error::Stale);
    }
    let given_there = service_at_location::table
        .filter(service_at_location::location_id.eq(one.id))
        .select(service_at_location::service_id);
    diesel::update(service::table.filter(service::id.eq_any(given_there)))
        .set((service::version.eq(service::version + 1), service::updated_at.eq(now)))
        .execute(&mut **tx)?;
    tx.changed(Subject::Location, one.id);
    Ok(row.version)
}

/// Takes a place out of the directory, or brings it back, and gives the new version.
///
/// # Errors
/// `Stale` when the row has another version than `version`, or is not there.
pub fn set_retired(tx: &mut Tx<'_>, id: Id, version: i64, retired: Retired) -> Result<i64, Error> {
    let now = tx.now();
    let changed = diesel::update(location::table.find(id).filter(location::version.eq(version)))
        .set((
            location::retired_at.eq(retired.0),
            location::replaced_by.eq(retired.1),
            location::version.eq(version + 1),
            location::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 {
        return Err(Error::Stale);
    }
    tx.changed(Subject::Location, id);
    Ok(version + 1)
}
