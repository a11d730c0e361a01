//! The other readings of the directory that HSDS 3.2 names: organisations, services at locations, taxonomies and their
//! terms, in their short forms (one-to-one members) and in full.

use serde_json::{Map, Value, json};

use super::hsds::{self, Context};
use crate::domain::directory::{Location, Organization, ServiceAggregate, ServiceAtLocation};
use crate::domain::foreign_terms::{ForeignTaxonomy, ForeignTerm};
use crate::domain::language::Lang;
use crate::domain::taxonomy::{Taxonomy, Term};

/// The organisation with its one-to-one members only, as a page shows it.
pub fn organization_in_list(one: &Organization, context: Context<'_>) -> Value {
    let mut value = hsds::organization(one, &[], context);
    leave_out_lists(&mut value);
    value
}

/// The organisation with all that is its own; with the services it gives where they are asked for.
pub fn organization_full(
    one: &Organization,
    places: &[Location],
    services: Option<&[ServiceAggregate]>,
    context: Context<'_>,
) -> Value {
    let mut value = hsds::organization(one, places, context);
    if let (Some(services), Some(members)) = (services, value.as_object_mut()) {
        let without_organization = |aggregate: &ServiceAggregate| {
            let mut value = hsds::service(aggregate, &[], context);
            if let Some(members) = value.as_object_mut() {
                members.shift_remove("organization");
            }
            value
        };
        members.insert("services".to_owned(), services.iter().map(without_organization).collect());
    }
    value
}

/// One service at one place, with the place and the service in full.
pub fn service_at_location(aggregate: &ServiceAggregate, link: &ServiceAtLocation, context: Context<'_>) -> Value {
    let mut value = link_of(aggregate, link, context);
    if let Some(members) = value.as_object_mut() {
        let mut service = hsds::service(aggregate, &[], context);
        if let Some(service) = service.as_object_mut() {
            service.shift_remove("service_at_locations");
        }
        members.insert("service".to_owned(), service);
    }
    value
}

/// As a page shows it: the link, its place and its service with their one-to-one members.
pub fn service_at_location_in_list(
    aggregate: &ServiceAggregate,
    link: &ServiceAtLocation,
    context: Context<'_>,
) -> Value {
    let mut value = link_of(aggregate, link, context);
    leave_out_lists(&mut value);
    if let Some(members) = value.as_object_mut() {
        if let Some(place) = members.get_mut("location") {
            leave_out_lists(place);
        }
        members.insert("service".to_owned(), hsds::service_in_list(aggregate, context));
    }
    value
}

fn link_of(aggregate: &ServiceAggregate, link: &ServiceAtLocation, context: Context<'_>) -> Value {
    let place = aggregate.locations.iter().find(|place| place.id == link.location_id);
    hsds::at_location(link, aggregate.service.id, place, context)
}

fn leave_out_lists(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_array());
    }
}

// ---- taxonomies

/// The needs of relais as an HSDS taxonomy.
pub fn needs(taxonomy: &Taxonomy) -> Value {
    json!({
        "id": taxonomy.id,
        "name": taxonomy.name.get(Lang::Fr),
        "description": taxonomy.description.get(Lang::Fr),
        "version": taxonomy.version,
    })
}

/// One need as an HSDS taxonomy term: French first, English in `translations`.
pub fn need(term: &Term, taxonomy: &Taxonomy) -> Value {
    let mut value = json!({
        "id": term.id,
        "code": term.code,
        "name": term.label.get(Lang::Fr),
        "description": term.definition.get(Lang::Fr),
        "taxonomy": taxonomy.name.get(Lang::Fr),
        "taxonomy_id": taxonomy.id,
        "taxonomy_detail": needs(taxonomy),
        "language": Lang::Fr.as_str(),
        "translations": { "en": {
            "name": term.label.get(Lang::En),
            "description": term.definition.get(Lang::En),
        }},
        // The data·inclusion thématiques that say the same or nearly.
        "thematiques": term.thematiques,
    });
    if let (Some(parent), Some(members)) = (parent_of(term, taxonomy), value.as_object_mut()) {
        members.insert("parent_id".to_owned(), json!(parent));
    }
    value
}

/// The id of the field that a need is under.
pub fn parent_of<'a>(term: &Term, taxonomy: &'a Taxonomy) -> Option<&'a str> {
    let field = term.is_leaf().then(|| taxonomy.get(term.top_level())).flatten();
    field.map(|field| field.id.as_str())
}

/// A taxonomy as its source described it, with the members that the standard requires.
pub fn foreign_taxonomy(one: &ForeignTaxonomy) -> Value {
    Value::Object(described(&one.members, one.id.to_string(), &one.name))
}

/// A term as its source described it, with its taxonomy where that is known.
pub fn foreign_term(one: &ForeignTerm, taxonomy: Option<&ForeignTaxonomy>) -> Value {
    let mut members = described(&one.members, one.id.to_string(), &one.name);
    if let Some(id) = one.taxonomy_id {
        members.insert("taxonomy_id".to_owned(), json!(id));
    }
    if let Some(id) = one.parent_id {
        members.insert("parent_id".to_owned(), json!(id));
    }
    if let Some(taxonomy) = taxonomy {
        members.insert("taxonomy_detail".to_owned(), foreign_taxonomy(taxonomy));
    }
    Value::Object(members)
}

fn described(said: &Map<String, Value>, id: String, name: &str) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("id".to_owned(), json!(id));
    members.insert("name".to_owned(), json!(name));
    members.insert("description".to_owned(), json!(""));
    let said = said.iter().filter(|(name, value)| *name != "id" && !value.is_null());
    members.extend(said.map(|(name, value)| (name.clone(), value.clone())));
    members
}
