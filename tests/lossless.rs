//! HSDS 3.2 goes in and comes out without loss: a record in which every member of every table of the standard is filled
//! is imported by the built program, and read again in full. What the schemas name is what is tried: nothing is listed
//! here by hand but what is changed on purpose.

use std::cell::Cell;
use std::process::Command;

use relais::actions::Deps;
use relais::actions::hsds::get;
use relais::clock::Clock;
use relais::id::Ids;
use relais::store::Backend;
use relais::store::lists::Collection;
use serde_json::{Map, Value, json};

use crate::api::app;
use crate::api::hsds::keeps_to_the_standard;

/// Fills a record from the schemas of the standard.
struct Maximal {
    ids: Cell<u32>,
}

impl Maximal {
    fn schema(file: &str) -> Value {
        let path = format!("{}/profile/hsds/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn id(&self) -> Value {
        self.ids.set(self.ids.get() + 1);
        json!(format!("7a1f0000-0000-4000-8000-{:012x}", self.ids.get()))
    }

    fn table(&self, file: &str, depth: usize) -> Value {
        let schema = Self::schema(file);
        let mut record = Map::new();
        for (name, member) in schema["properties"].as_object().unwrap() {
            record.insert(name.clone(), self.member(file, name, member, depth));
        }
        record.insert("x_inconnu".to_owned(), json!({ "de": ["la source", 1, null] }));
        Value::Object(record)
    }

    fn member(&self, file: &str, name: &str, schema: &Value, depth: usize) -> Value {
        if let Some(file) = schema["$ref"].as_str() {
            return self.table(file, depth + 1);
        }
        if let Some(file) = schema["items"]["$ref"].as_str() {
            // Two of each at the top, where they could be mixed up; one of each below, or the record has no end.
            let items = if depth == 0 { 2 } else { 1 };
            return (0..items).map(|_| self.table(file, depth + 1)).collect();
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        match (schema["type"].as_str(), schema["format"].as_str(), name) {
            (_, Some("uuid"), _) => self.id(),
            (_, Some("uri"), _) => json!(format!("https://exemple.example/{file}/{name}")),
            (_, Some("email"), _) => json!("info@exemple.example"),
            (_, Some("date-time"), _) => json!("2026-01-15T09:30:00.000000Z"),
            (_, _, "latitude") => json!(45.5261),
            (_, _, "longitude") => json!(-73.5124),
            (_, _, "minimum_age") => json!(3),
            (_, _, "maximum_age") => json!(17.5),
            (Some("number"), _, _) => json!(12),
            (_, _, "number") => json!("450 555-0123"),
            (_, _, "valid_from" | "dtstart" | "assured_date" | "last_action_date") => json!("2026-01-15"),
            (_, _, "valid_to" | "until") => json!("2027-01-15"),
            (_, _, "opens_at") => json!("09:00"),
            (_, _, "closes_at") => json!("16:30"),
            (_, _, "byday") => json!("MO,-1FR"),
            (_, _, "bymonthday" | "byweekno" | "byyearday") => json!("2,-1"),
            (_, _, "postal_code") => json!("J4K 1A1"),
            (_, _, "code") => json!("fr"),
            (Some("string"), _, _) => json!(format!("Texte de {name}")),
            other => panic!("{file} {name}: {other:?}"),
        }
    }
}

/// Ids that name each other.
fn tied(mut service: Value) -> Value {
    service["organization_id"] = service["organization"]["id"].clone();
    let (id, organization) = (service["id"].clone(), service["organization_id"].clone());
    for link in service["service_at_locations"].as_array_mut().unwrap() {
        link["service_id"] = id.clone();
        link["location_id"] = link["location"]["id"].clone();
        link["location"]["organization_id"] = organization.clone();
    }
    for place in service["organization"]["locations"].as_array_mut().unwrap() {
        place["organization_id"] = organization.clone();
    }
    // A term is of the taxonomy that it details.
    for attribute in service["attributes"].as_array_mut().unwrap() {
        attribute["taxonomy_term"]["taxonomy_id"] = attribute["taxonomy_term"]["taxonomy_detail"]["id"].clone();
    }
    service
}

/// Every member of one that is not the same in the other, by its path.
fn lost(sent: &Value, read: &Value, path: &str, found: &mut Vec<String>) {
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => {
            for (name, member) in sent {
                lost(member, read.get(name).unwrap_or(&Value::Null), &format!("{path}/{name}"), found);
            }
        }
        (Value::Array(sent), Value::Array(read)) => {
            for (position, item) in sent.iter().enumerate() {
                let is_it = |other: &&Value| item["id"].is_string() && other["id"] == item["id"];
                let other = read.iter().find(is_it).or_else(|| read.get(position)).unwrap_or(&Value::Null);
                lost(item, other, &format!("{path}/{position}"), found);
            }
        }
        _ if sent == read => {}
        _ => found.push(format!("{path}: {sent} became {read}")),
    }
}

fn nothing_is_lost(backend: Backend) {
    let dir = tempfile::tempdir().unwrap();
    let Some(url) = app::empty_database(backend, dir.path()) else { return };
    let service = tied(Maximal { ids: Cell::new(0) }.table("service.json", 0));
    let file = dir.path().join("maximal.json");
    std::fs::write(&file, service.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
    command.arg("import").arg(&file).args(["--json", "--data-dir", dir.path().to_str().unwrap()]);
    command.args(["--database-url", &url]).env("RELAIS_MASTER_KEY", app::MASTER_KEY);
    let keys = format!("sqlite:{}", dir.path().join("keys.db").display());
    let output = command.env("RELAIS_KEYS_DATABASE_URL", keys).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let deps = Deps::open(app::config(dir.path(), &url), Clock::system(), Ids::random()).unwrap();
    deps.prepare().unwrap();
    let read = |of: Collection, id: &Value| get(&deps, None, of, id.as_str().unwrap(), true).unwrap().value;
    let mut found = Vec::new();

    let one = read(Collection::Services, &service["id"]);
    keeps_to_the_standard("/services/{id}", &one);
    lost(&service, &one, "service", &mut found);
    let organization = read(Collection::Organizations, &service["organization_id"]);
    keeps_to_the_standard("/organizations/{id}", &organization);
    lost(&service["organization"], &organization, "organization", &mut found);
    for link in service["service_at_locations"].as_array().unwrap() {
        let one = read(Collection::ServiceAtLocations, &link["id"]);
        keeps_to_the_standard("/service_at_locations/{id}", &one);
        lost(link, &one, "service_at_location", &mut found);
    }
    let term = &service["attributes"][0]["taxonomy_term"];
    let one = read(Collection::TaxonomyTerms, &term["id"]);
    keeps_to_the_standard("/taxonomy_terms/{id}", &one);
    lost(term, &one, "taxonomy_term", &mut found);
    let one = read(Collection::Taxonomies, &term["taxonomy_detail"]["id"]);
    lost(&term["taxonomy_detail"], &one, "taxonomy", &mut found);

    // The moment of the last change is relais's own to say.
    found.retain(|line| !line.starts_with("service/last_modified:"));
    assert!(found.is_empty(), "{} members: {found:#?}", found.len());
}

#[test]
fn every_member_of_the_standard_goes_in_and_comes_out_on_sqlite() {
    nothing_is_lost(Backend::Sqlite);
}

#[test]
fn every_member_of_the_standard_goes_in_and_comes_out_on_postgres() {
    nothing_is_lost(Backend::Postgres);
}
