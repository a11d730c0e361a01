//! The members of a record as its history keeps them: each fact once, under one name, without what is made from the
//! others and without what belongs to another record. What they were can be read again into a record.

use serde_json::{Map, Value, json};

use super::hsds::{self, CAPACITY_UNITS, Context, Eyes, capacity_id, service_area_id};
use super::hsds_in::{self, Reading};
use crate::domain::directory::{LocatedIn, Location, Organization, Placement, Point, Service, ServiceAggregate};
use crate::domain::language::Lang;
use crate::domain::refusal::Refusal;
use crate::id::Id;

type Members = Map<String, Value>;

/// Members of a service's answer that its history leaves out: made from others, or another record's.
const MADE: [&str; 8] =
    ["id", "organization", "version", "last_modified", "metadata", "minimum_age", "maximum_age", "assured_date"];

/// The members of a service. Of its link to a place that `is_hidden`, nothing but the two ids.
pub fn service_members(service: &Service, is_hidden: &dyn Fn(Id) -> bool) -> Members {
    let organization = hsds_in::organization_by_id(service.organization_id, &service.origin.source);
    let aggregate = ServiceAggregate { service: service.clone(), organization, locations: Vec::new() };
    let mut members = object(hsds::service(&aggregate, &[], context()));
    members.retain(|name, _| !MADE.contains(&name.as_str()));
    let own_area = |id: &str| service_area_id(service.id, id).to_string();
    drop_items(&mut members, "service_areas", |item| {
        let territory = item.get("territory_id").and_then(Value::as_str);
        territory.is_some_and(|id| item.get("id").and_then(Value::as_str) == Some(own_area(id).as_str()))
    });
    let own_capacities = CAPACITY_UNITS.map(|unit| capacity_id(service.id, unit).to_string());
    drop_items(&mut members, "capacities", |item| {
        let id = item.get("id").and_then(Value::as_str);
        own_capacities.iter().any(|own| id == Some(own.as_str()))
    });
    let links: Vec<Value> = service
        .at_locations
        .iter()
        .map(|link| hsds::bare_link(link, !is_hidden(link.location_id), context()))
        .collect();
    drop_items(&mut members, "service_at_locations", |_| true);
    if !links.is_empty() {
        members.insert("service_at_locations".to_owned(), Value::Array(links));
    }
    members
}

/// The members of an organisation; its places have a history of their own.
pub fn organization_members(one: &Organization) -> Members {
    let mut members = object(hsds::organization(one, &[], context()));
    members.retain(|name, _| name != "id" && name != "metadata");
    members
}

/// The members of a place, as the program itself sees it: not to be kept as they are where it is hidden.
pub fn location_members(one: &Location) -> Members {
    let mut members = object(hsds::location(one, context()));
    members.retain(|name, _| name != "id" && name != "metadata");
    members
}

fn context() -> Context<'static> {
    Context { eyes: Eyes::Program, territory: &|_| None, category: &|_| None }
}

fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn drop_items(members: &mut Members, name: &str, is_made: impl Fn(&Value) -> bool) {
    let Some(items) = members.get_mut(name).and_then(Value::as_array_mut) else { return };
    items.retain(|item| !is_made(item));
    if items.is_empty() {
        members.shift_remove(name);
    }
}

// ---- back into records

fn reading(source: &str) -> Reading<'_> {
    // A need that the taxonomy has no more was one then.
    Reading { source, language: Lang::Fr, fresh: None, is_request: false, is_category: &|_| true }
}

/// The service that had these members; what has no member is as it is now.
///
/// # Errors
/// A refusal where the members are no service.
pub fn service_of(mut members: Members, now: &Service) -> Result<Service, Refusal> {
    members.insert("id".to_owned(), json!(now.id));
    members.entry("organization_id").or_insert_with(|| json!(now.organization_id));
    let entry = hsds_in::read_service(members, 1, reading(&now.origin.source))?;
    Ok(entry.service.map_or_else(
        || now.clone(),
        |then| Service { origin: now.origin.clone(), version: now.version, updated_at: now.updated_at, ..then },
    ))
}

/// # Errors
/// A refusal where the members are no organisation.
pub fn organization_of(mut members: Members, now: &Organization) -> Result<Organization, Refusal> {
    members.insert("id".to_owned(), json!(now.id));
    let (then, _) = hsds_in::read_organization(members, "", reading(&now.origin.source))?;
    Ok(Organization { name: then.name, document: then.document, ..now.clone() })
}

/// # Errors
/// A refusal where the members are no place.
pub fn location_of(mut members: Members, now: &Location) -> Result<Location, Refusal> {
    members.insert("id".to_owned(), json!(now.id));
    let number = |name: &str| members.get(name).and_then(Value::as_f64);
    let point = number("latitude").zip(number("longitude")).and_then(|(lat, lon)| Point::new(lat, lon));
    let placement = members.get("placement").and_then(Value::as_str).and_then(Placement::parse);
    let within = |level: &str| members.get("located_in")?.get(level)?.get("id")?.as_str().map(str::to_owned);
    let territories = LocatedIn {
        region: within("region"),
        mrc: within("mrc"),
        municipality: within("municipality"),
        borough: within("borough"),
    };
    let then = hsds_in::read_location(members, now.organization_id, reading(&now.origin.source))?;
    Ok(Location {
        name: then.name,
        visibility: then.visibility,
        document: then.document,
        point,
        placement: placement.unwrap_or(Placement::None),
        territories,
        ..now.clone()
    })
}
