//! The judged pairs (`tests/fixtures/duplicates/pairs.csv`, see its README), each side as the record that an import
//! would make of it.

use std::collections::BTreeMap;

use relais::clock::Time;
use relais::domain::directory::{
    Address, Capacity, Language, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument, Origin,
    Phone, Placement, Point, Service, ServiceAggregate, ServiceAtLocation, ServiceDocument, ServiceStatus, Visibility,
};
use relais::domain::language::Text;
use relais::id::Id;

pub struct Pair {
    pub id: String,
    pub is_same: bool,
    pub kind: String,
    pub note: String,
    pub sides: [ServiceAggregate; 2],
}

impl Pair {
    /// A third of the pairs, by their ids: never looked at while the weights were set.
    pub fn is_aside(&self) -> bool {
        self.id.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % 3 == 0
    }
}

pub fn read_all(text: &str) -> Vec<Pair> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a row"));
    rows.map(|row| Pair {
        id: row["pair_id"].clone(),
        is_same: row["judgement"] == "same",
        kind: row["kind"].clone(),
        note: row["note"].clone(),
        sides: [listing(&row, "a_"), listing(&row, "b_")],
    })
    .collect()
}

fn listing(row: &BTreeMap<String, String>, side: &str) -> ServiceAggregate {
    let cell = |name: &str| Some(row[&format!("{side}{name}")].trim().to_owned()).filter(|text| !text.is_empty());
    let key = format!("{}{side}", row["pair_id"]);
    let id_of = |what: &str| Id::from_words(&["judged", what, &key]);
    let origin = |id: Id| Origin { source: "judged".to_owned(), key: id.to_string(), content_hash: String::new() };
    let text = |name: &str| cell(name).map(|text| Text::fr(&text)).unwrap_or_default();
    let months = |name: &str, more: f64| {
        let years: Option<f64> = cell(name).and_then(|years| years.parse().ok());
        years.map(|years| (years * 12.0 + more) as u32)
    };
    let time = Time::parse_rfc3339("2026-06-15T14:00:00Z").expect("an instant");
    let location = Location {
        id: id_of("location"),
        origin: origin(id_of("location")),
        organization_id: None,
        name: Text::default(),
        point: point(cell("latitude"), cell("longitude")),
        placement: if cell("latitude").is_some() { Placement::Exact } else { Placement::None },
        visibility: Visibility::Public,
        territories: LocatedIn::default(),
        document: LocationDocument {
            addresses: vec![Address {
                address_1: cell("address"),
                city: cell("city"),
                postal_code: cell("postal_code"),
                ..Address::default()
            }],
            ..LocationDocument::default()
        },
        version: 1,
        retired_at: None,
        replaced_by: None,
    };
    let service = Service {
        id: id_of("service"),
        origin: origin(id_of("service")),
        organization_id: id_of("organization"),
        status: ServiceStatus::Active,
        name: text("name"),
        categories: Vec::new(),
        served: Vec::new(),
        at_locations: vec![ServiceAtLocation::plain(id_of("service"), location.id)],
        capacity: Capacity::default(),
        verified_at: None,
        document: ServiceDocument {
            alternate_name: text("alternate_name"),
            description: text("description"),
            url: cell("website").map(|url| if url.contains("://") { url } else { format!("https://{url}") }),
            email: cell("email"),
            minimum_age_months: months("min_age", 0.0),
            maximum_age_months: months("max_age", 11.0),
            phones: cell("phone").map(|number| Phone { number, ..Phone::default() }).into_iter().collect(),
            languages: languages(cell("languages")),
            ..ServiceDocument::default()
        },
        version: 1,
        updated_at: time,
        review: Default::default(),
        retired_at: None,
        replaced_by: None,
    };
    let organization = Organization {
        id: id_of("organization"),
        origin: origin(id_of("organization")),
        name: cell("organization").map_or_else(Text::default, |name| Text::fr(&name)),
        referral_address: None,
        enrolled_on: None,
        document: OrganizationDocument::default(),
        version: 1,
        updated_at: time,
        retired_at: None,
        replaced_by: None,
    };
    ServiceAggregate { service, organization, locations: vec![location] }
}

fn point(latitude: Option<String>, longitude: Option<String>) -> Option<Point> {
    Point::new(latitude?.parse().ok()?, longitude?.parse().ok()?)
}

fn languages(cell: Option<String>) -> Vec<Language> {
    let one = |name: &str| Language { name: Some(name.trim().to_owned()), ..Language::default() };
    cell.map(|cell| cell.split('|').map(one).collect()).unwrap_or_default()
}
