//! The directory as HSDS 3.2 JSON, with relais's own members beside the standard ones (`translations`, `categories`,
//! `served`, `capacity`, `location_visibility` ...). Members that relais does not read go out as they came in.
//!
//! This is where hidden places stay hidden: a `region_only` place leaves as its MRC, whoever asks.

use serde_json::{Map, Value, json};

use crate::domain::directory::{
    Capacity, CapacityWord, Location, Organization, Placement, Service, ServiceAggregate, ServiceAtLocation, Visibility,
};
use crate::domain::language::Text;
use crate::domain::viewer::AccountViewer;
use crate::id::Id;

pub const VERSION: &str = "3.2";

/// Who reads. Each sees all that the one before sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Eyes {
    Public,
    /// A signed-in account: also what is for professionals only.
    Professional,
    /// The program itself, to change a record or compare it. Never an answer, an export or an index.
    Program,
}

impl Eyes {
    pub fn of(account: Option<&AccountViewer>) -> Self {
        if account.is_some() { Self::Professional } else { Self::Public }
    }
}

/// A need of the taxonomy, as an HSDS taxonomy term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub id: Id,
    pub name: Text,
    pub description: Text,
}

/// What must be asked of the rest of the program to make an answer.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub eyes: Eyes,
    /// The name of a territory by its id.
    pub territory: &'a dyn Fn(&str) -> Option<Text>,
    pub category: &'a dyn Fn(&str) -> Option<Term>,
}

/// Lists of a service that its short form leaves out: a page of services shows one-to-one members only.
const LISTS: [&str; 13] = [
    "additional_urls",
    "phones",
    "schedules",
    "service_areas",
    "service_at_locations",
    "languages",
    "funding",
    "cost_options",
    "required_documents",
    "contacts",
    "capacities",
    "attributes",
    "metadata",
];

/// The ids of the members that relais itself writes into standard lists, so that they are known when they come back.
pub(super) fn attribute_id(service_id: Id, code: &str) -> Id {
    Id::from_words(&["attribute", &service_id.to_string(), code])
}
pub(super) fn service_area_id(service_id: Id, territory_id: &str) -> Id {
    Id::from_words(&["service_area", &service_id.to_string(), territory_id])
}
/// The units in which a service says its room, in the order of [`Capacity`]'s numbers.
pub(super) const CAPACITY_UNITS: [&str; 3] = ["place", "person waiting", "day of wait"];

pub(super) fn capacity_id(service_id: Id, unit: &str) -> Id {
    Id::from_words(&["capacity", &service_id.to_string(), unit])
}

/// The fully nested service. `organization_places` are the places of the organisation itself.
pub fn service(aggregate: &ServiceAggregate, organization_places: &[Location], context: Context<'_>) -> Value {
    let one = &aggregate.service;
    let mut map = Map::new();
    let mut english = Map::new();
    map.insert("id".to_owned(), json!(one.id));
    map.insert("organization_id".to_owned(), json!(one.organization_id));
    put_text(&mut map, &mut english, "name", &one.name);
    map.insert("status".to_owned(), json!(one.status));
    put_service_texts(&mut map, &mut english, one, context.eyes);
    put_service_facts(&mut map, one);
    put_service_lists(&mut map, one);
    put_generated(&mut map, one, context);
    let at = one.at_locations.iter().map(|link| {
        let place = aggregate.locations.iter().find(|place| place.id == link.location_id);
        at_location(link, one.id, place, context)
    });
    map.insert("service_at_locations".to_owned(), Value::Array(at.collect()));
    let organization = organization(&aggregate.organization, organization_places, context);
    map.insert("organization".to_owned(), organization);
    put_others(&mut map, &one.document.other);
    put_translations(&mut map, english);
    map.insert("last_modified".to_owned(), json!(one.updated_at.to_rfc3339()));
    map.insert("version".to_owned(), json!(one.version));
    finish(map, one.id, context)
}

/// The service with its one-to-one members only, as a page shows it.
pub fn service_in_list(aggregate: &ServiceAggregate, context: Context<'_>) -> Value {
    let mut value = service(aggregate, &[], context);
    if let Some(map) = value.as_object_mut() {
        map.retain(|name, _| !LISTS.contains(&name.as_str()));
        if let Some(organization) = map.get_mut("organization").and_then(Value::as_object_mut) {
            organization.retain(|_, member| !member.is_array());
        }
    }
    value
}

/// What a harvester needs to know whether it must read a service again.
pub fn service_minimal(aggregate: &ServiceAggregate) -> Value {
    let one = &aggregate.service;
    let (primary, _) = primary(&one.name);
    json!({"id": one.id, "name": primary, "status": one.status, "last_modified": one.updated_at.to_rfc3339()})
}

pub fn organization(one: &Organization, places: &[Location], context: Context<'_>) -> Value {
    let mut map = Map::new();
    let mut english = Map::new();
    map.insert("id".to_owned(), json!(one.id));
    put_text(&mut map, &mut english, "name", &one.name);
    put_text(&mut map, &mut english, "description", &one.document.description);
    // The standard asks for a description even where there is none.
    map.entry("description").or_insert_with(|| json!(""));
    put_some(&mut map, "email", one.document.email.as_ref());
    put_some(&mut map, "website", one.document.website.as_ref());
    put_list(&mut map, "phones", &one.document.phones);
    if !places.is_empty() {
        let places = places.iter().map(|place| location(place, context));
        map.insert("locations".to_owned(), Value::Array(places.collect()));
    }
    put_others(&mut map, &one.document.other);
    put_translations(&mut map, english);
    finish(map, one.id, context)
}

pub(super) fn at_location(
    link: &ServiceAtLocation,
    service_id: Id,
    place: Option<&Location>,
    context: Context<'_>,
) -> Value {
    let mut map = Map::new();
    map.insert("id".to_owned(), json!(link.id));
    map.insert("service_id".to_owned(), json!(service_id));
    map.insert("location_id".to_owned(), json!(link.location_id));
    // What is written of a hidden place could say where it is: nothing of it leaves.
    if place.is_some_and(|place| is_shown(place, context.eyes)) {
        put_link(&mut map, link);
    }
    if let Some(place) = place {
        map.insert("location".to_owned(), location(place, context));
    }
    finish(map, link.id, context)
}

/// The link without the place itself; where the place is not shown, the two ids.
pub(super) fn bare_link(link: &ServiceAtLocation, is_shown: bool, context: Context<'_>) -> Value {
    let mut map = Map::new();
    map.insert("id".to_owned(), json!(link.id));
    map.insert("location_id".to_owned(), json!(link.location_id));
    if is_shown {
        put_link(&mut map, link);
    }
    finish(map, link.id, context)
}

fn put_link(map: &mut Map<String, Value>, link: &ServiceAtLocation) {
    let mut english = Map::new();
    put_text(map, &mut english, "description", &link.document.description);
    put_list(map, "phones", &link.document.phones);
    put_list(map, "schedules", &link.document.schedules);
    put_others(map, &link.document.other);
    put_translations(map, english);
}

fn is_shown(place: &Location, eyes: Eyes) -> bool {
    match place.visibility {
        Visibility::Public => true,
        Visibility::Professional => eyes >= Eyes::Professional,
        Visibility::RegionOnly => eyes == Eyes::Program,
    }
}

pub fn location(place: &Location, context: Context<'_>) -> Value {
    let mut map = Map::new();
    map.insert("id".to_owned(), json!(place.id));
    if !is_shown(place, context.eyes) {
        return hidden_location(map, place, context);
    }
    let mut english = Map::new();
    put_text(&mut map, &mut english, "name", &place.name);
    put_text(&mut map, &mut english, "transportation", &place.document.transportation);
    if let Some(point) = place.point {
        map.insert("latitude".to_owned(), json!(point.lat));
        map.insert("longitude".to_owned(), json!(point.lon));
    }
    map.insert("placement".to_owned(), json!(place.placement));
    map.insert("location_visibility".to_owned(), json!(place.visibility));
    let within = &place.territories;
    let levels = [
        ("region", &within.region),
        ("mrc", &within.mrc),
        ("municipality", &within.municipality),
        ("borough", &within.borough),
    ];
    put_located_in(&mut map, &levels, context);
    let addresses: Vec<Value> = place.document.addresses.iter().map(address).collect();
    if !addresses.is_empty() {
        map.insert("addresses".to_owned(), Value::Array(addresses));
    }
    put_list(&mut map, "schedules", &place.document.schedules);
    put_some(&mut map, "timezone", place.document.timezone.as_ref());
    put_others(&mut map, &place.document.other);
    map.entry("location_type").or_insert_with(|| json!("physical"));
    put_translations(&mut map, english);
    finish(map, place.id, context)
}

/// A place that must not be found: its region and MRC by name, and not one member of the source's.
fn hidden_location(mut map: Map<String, Value>, place: &Location, context: Context<'_>) -> Value {
    let mrc = place.territories.mrc.as_deref().and_then(context.territory);
    if let Some(name) = mrc {
        let (name, _) = primary(&name);
        map.insert("name".to_owned(), json!(name));
    }
    map.insert("location_type".to_owned(), json!("physical"));
    map.insert("placement".to_owned(), json!(Placement::None));
    map.insert("location_visibility".to_owned(), json!(place.visibility));
    let levels = [("region", &place.territories.region), ("mrc", &place.territories.mrc)];
    put_located_in(&mut map, &levels, context);
    Value::Object(map)
}

fn put_located_in(map: &mut Map<String, Value>, levels: &[(&str, &Option<String>)], context: Context<'_>) {
    let mut within = Map::new();
    for (level, id) in levels {
        if let Some(id) = id {
            let name = (context.territory)(id).map(|name| primary(&name).0.to_owned());
            within.insert((*level).to_owned(), json!({"id": id, "name": name.unwrap_or_else(|| id.clone())}));
        }
    }
    if !within.is_empty() {
        map.insert("located_in".to_owned(), Value::Object(within));
    }
}

fn address(one: &crate::domain::directory::Address) -> Value {
    let mut map = Map::new();
    put_others(&mut map, &one.other);
    put_some(&mut map, "address_1", one.address_1.as_ref());
    put_some(&mut map, "city", one.city.as_ref());
    put_some(&mut map, "postal_code", one.postal_code.as_ref());
    // Members that the standard requires of an address, empty where nobody said.
    for name in ["address_1", "city", "state_province", "postal_code", "country"] {
        map.entry(name).or_insert_with(|| json!(""));
    }
    map.entry("address_type").or_insert_with(|| json!("physical"));
    Value::Object(map)
}

fn put_service_texts(map: &mut Map<String, Value>, english: &mut Map<String, Value>, one: &Service, eyes: Eyes) {
    let document = &one.document;
    put_text(map, english, "alternate_name", &document.alternate_name);
    put_text(map, english, "description", &document.description);
    put_text(map, english, "application_process", &document.application_process);
    if eyes >= Eyes::Professional {
        put_text(map, english, "referral_process", &document.referral_process);
    }
    put_text(map, english, "eligibility_description", &document.eligibility_description);
    put_text(map, english, "fees_description", &document.fees_description);
    put_text(map, english, "alert", &document.alert);
    put_text(map, english, "transit", &document.transit);
}

fn put_service_facts(map: &mut Map<String, Value>, one: &Service) {
    let document = &one.document;
    put_some(map, "url", document.url.as_ref());
    put_some(map, "email", document.email.as_ref());
    if let Some(months) = document.minimum_age_months {
        map.insert("minimum_age".to_owned(), years(f64::from(months) / 12.0));
        map.insert("minimum_age_months".to_owned(), json!(months));
    }
    if let Some(months) = document.maximum_age_months {
        map.insert("maximum_age".to_owned(), years(maximum_years(months)));
        map.insert("maximum_age_months".to_owned(), json!(months));
    }
    put_some(map, "closed_from", document.closed_from.as_ref());
    put_some(map, "closed_until", document.closed_until.as_ref());
    if let Some(moment) = one.verified_at {
        map.insert("assured_date".to_owned(), json!(moment.date()));
        map.insert("verified_at".to_owned(), json!(moment.to_rfc3339()));
    }
    put_some(map, "review_months", one.review.months.as_ref());
}

/// "Up to 5 years" takes a child until the day before the sixth birthday: 71 months.
fn maximum_years(months: u32) -> f64 {
    if months % 12 == 11 { f64::from(months / 12) } else { f64::from(months) / 12.0 }
}

/// A whole number without a fraction, another with what a double holds.
fn years(value: f64) -> Value {
    // Ages are far below 2^53: the cast is exact where the fraction is zero.
    #[allow(clippy::cast_possible_truncation)]
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

fn put_service_lists(map: &mut Map<String, Value>, one: &Service) {
    let document = &one.document;
    put_list(map, "phones", &document.phones);
    put_list(map, "schedules", &document.schedules);
    put_list(map, "languages", &document.languages);
    put_list(map, "delivery", &document.delivery);
    put_list(map, "public_exclusive", &document.public_exclusive);
    put_list(map, "public_preferred", &document.public_preferred);
    put_list(map, "required_documents", &document.required_documents);
    put_list(map, "cost_options", &document.cost_options);
    put_list(map, "contacts", &document.contacts);
}

/// relais's own facts, in its own members and in the lists where the standard looks for them.
fn put_generated(map: &mut Map<String, Value>, one: &Service, context: Context<'_>) {
    put_list(map, "categories", &one.categories);
    put_list(map, "served", &one.served);
    let said = one.document.other.get("attributes");
    let is_said = |code: &str| {
        let codes = said.and_then(Value::as_array).into_iter().flatten();
        codes.filter_map(|one| one.pointer("/taxonomy_term/code")?.as_str()).any(|other| other == code)
    };
    let mut attributes = said.and_then(Value::as_array).cloned().unwrap_or_default();
    for code in one.categories.iter().filter(|code| !is_said(code)) {
        if let Some(term) = (context.category)(code) {
            attributes.push(attribute(one.id, code, &term));
        }
    }
    if !attributes.is_empty() {
        map.insert("attributes".to_owned(), Value::Array(attributes));
    }
    let mut areas = one.document.other.get("service_areas").and_then(Value::as_array).cloned().unwrap_or_default();
    for id in &one.served {
        let name = (context.territory)(id).map_or_else(|| id.clone(), |name| primary(&name).0.to_owned());
        areas.push(json!({"id": service_area_id(one.id, id), "name": name, "territory_id": id}));
    }
    if !areas.is_empty() {
        map.insert("service_areas".to_owned(), Value::Array(areas));
    }
    if one.capacity.is_said() {
        map.insert("capacity".to_owned(), json!(one.capacity));
    }
    let mut capacities = one.document.other.get("capacities").and_then(Value::as_array).cloned().unwrap_or_default();
    capacities.extend(said_capacities(one));
    if !capacities.is_empty() {
        map.insert("capacities".to_owned(), Value::Array(capacities));
    }
}

/// The room as the standard writes it: one capacity for each unit, each with its own moment.
fn said_capacities(one: &Service) -> Vec<Value> {
    let Capacity { places_available, waiting_list_length, wait_days, observed_at, said } = one.capacity;
    let members = [
        (places_available, said.places_available),
        (waiting_list_length, said.waiting_list_length),
        (wait_days, said.wait_days),
    ];
    let capacity = |(unit, (value, word)): (&str, (Option<i32>, Option<CapacityWord>))| {
        let updated = word.map(|word| word.observed_at).or(observed_at)?;
        let id = capacity_id(one.id, unit);
        let unit = json!({"id": Id::from_words(&["unit", unit]), "name": unit});
        Some(json!({"id": id, "unit": unit, "available": value?, "updated": updated.to_rfc3339()}))
    };
    CAPACITY_UNITS.into_iter().zip(members).filter_map(capacity).collect()
}

fn attribute(service_id: Id, code: &str, term: &Term) -> Value {
    let (name, _) = primary(&term.name);
    let (description, _) = primary(&term.description);
    let term = json!({
        "id": term.id, "code": code, "name": name, "description": description, "taxonomy": "relais", "language": "fra",
    });
    json!({"id": attribute_id(service_id, code), "link_entity": "service", "taxonomy_term": term})
}

// ---- members

/// The standard member and its English translation: French first, where it exists.
fn primary(text: &Text) -> (&str, Option<&str>) {
    let english = text.en.as_deref().filter(|words| !words.is_empty());
    match text.fr.as_deref().filter(|words| !words.is_empty()) {
        Some(french) => (french, english),
        None => (english.unwrap_or(""), english),
    }
}

fn put_text(map: &mut Map<String, Value>, english: &mut Map<String, Value>, name: &str, text: &Text) {
    if text.is_empty() {
        return;
    }
    let (words, translation) = primary(text);
    map.insert(name.to_owned(), json!(words));
    if let Some(translation) = translation {
        english.insert(name.to_owned(), json!(translation));
    }
}

fn put_some<T: serde::Serialize>(map: &mut Map<String, Value>, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        map.insert(name.to_owned(), json!(value));
    }
}

fn put_list<T: serde::Serialize>(map: &mut Map<String, Value>, name: &str, list: &[T]) {
    if !list.is_empty() {
        map.insert(name.to_owned(), json!(list));
    }
}

/// Members as they came, save those that are written already.
fn put_others(map: &mut Map<String, Value>, others: &Map<String, Value>) {
    for (name, value) in others {
        if !map.contains_key(name) {
            map.insert(name.clone(), value.clone());
        }
    }
}

fn put_translations(map: &mut Map<String, Value>, english: Map<String, Value>) {
    if english.is_empty() {
        return;
    }
    let translations = map.entry("translations").or_insert_with(|| json!({}));
    let Some(translations) = translations.as_object_mut() else { return };
    let kept = translations.entry("en").or_insert_with(|| json!({}));
    if let Some(kept) = kept.as_object_mut() {
        for (name, value) in english {
            kept.insert(name, value);
        }
    }
}

/// Leaves out what is for professionals, and gives the items of lists the ids that the standard requires.
fn finish(map: Map<String, Value>, owner: Id, context: Context<'_>) -> Value {
    let mut value = Value::Object(map);
    if context.eyes == Eyes::Public {
        leave_out_professional(&mut value);
    }
    give_ids(&mut value, &owner.to_string());
    value
}

pub fn leave_out_professional(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item.get("visibility").and_then(Value::as_str) != Some("professional"));
            items.iter_mut().for_each(leave_out_professional);
        }
        Value::Object(map) => map.values_mut().for_each(leave_out_professional),
        _ => {}
    }
}

/// The same item of the same owner at the same place gets the same id at every reading.
fn give_ids(value: &mut Value, owner: &str) {
    let Some(map) = value.as_object_mut() else { return };
    for (name, member) in map.iter_mut() {
        let Some(items) = member.as_array_mut() else { continue };
        for (position, item) in items.iter_mut().enumerate() {
            let Some(fields) = item.as_object_mut() else { continue };
            if !fields.contains_key("id") {
                let id = Id::from_words(&[owner, name, &position.to_string()]);
                fields.shift_insert(0, "id".to_owned(), json!(id));
            }
            let id = fields.get("id").and_then(Value::as_str).unwrap_or(owner).to_owned();
            give_ids(item, &id);
        }
    }
}
