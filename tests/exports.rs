//! `relais export`, as the built program does it, on both databases: what goes out, comes into an empty directory and
//! goes out again is the same to the byte; and nothing that is hidden goes out at all.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use relais::domain::directory::ServiceAggregate;
use relais::domain::language::Lang;
use relais::exchange::hsds::{self, Context, Eyes};
use relais::exchange::hsds_in::{Reading, read_service};
use relais::exchange::package::Package;
use relais::exchange::records_out::{Records, for_export};
use relais::exchange::tabular;
use relais::exchange::tabular_files::Folder;
use relais::exchange::{Entry, Tally};
use relais::store::Backend;
use serde_json::{Value, json};

use crate::imports::{Place, on_both};

/// Every file of a folder, or the file itself.
fn bytes_of(path: &Path) -> BTreeMap<String, Vec<u8>> {
    if path.is_file() {
        return BTreeMap::from([(String::new(), std::fs::read(path).unwrap())]);
    }
    let files = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

/// Goes out, comes in and goes out again in a format; gives where it went first.
fn round_trip(place: &Place, format: &str, audience: &str) -> PathBuf {
    let name = match format {
        "tabular" => "tables".to_owned(),
        "tabular-zip" => "tables.zip".to_owned(),
        "ndjson" => "records.ndjson".to_owned(),
        _ => "records.json".to_owned(),
    };
    let first = place.dir.path().join(format!("{audience}-{name}"));
    let report = place.export(&["--format", format, "--audience", audience, "--output", first.to_str().unwrap()]);
    let other = Place::new(place.backend).unwrap();
    let back = other.import(&[first.to_str().unwrap(), "--source", "elsewhere"]);
    assert_eq!(back["refused"], json!([]), "{format}: all of it comes in");
    let second = other.dir.path().join(&name);
    let again = other.export(&["--format", format, "--audience", audience, "--output", second.to_str().unwrap()]);
    assert_eq!(again, report, "{format}");
    let (one, two) = (bytes_of(&first), bytes_of(&second));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (file, bytes) in &one {
        if *bytes != two[file] {
            let (one, two) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&two[file]));
            let differ = one.lines().zip(two.lines()).find(|(one, two)| one != two);
            panic!("{format} {file} differs: {differ:#?}");
        }
    }
    first
}

const FORMATS: [&str; 4] = ["ndjson", "hsds-json", "tabular", "tabular-zip"];

/// The tables say what their description says: columns, one row an id, and every name of a row is there.
pub fn check_tables(folder: &Path) -> usize {
    let description: Value = serde_json::from_slice(&std::fs::read(folder.join("datapackage.json")).unwrap()).unwrap();
    let mut ids: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    let mut columns: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let resources = description["resources"].as_array().unwrap();
    for resource in resources {
        let name = resource["name"].as_str().unwrap().to_owned();
        let mut reader = csv::Reader::from_path(folder.join(resource["path"].as_str().unwrap())).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let fields = resource["schema"]["fields"].as_array().unwrap();
        let described: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(header, described, "{name}");
        for row in reader.records() {
            let row = row.unwrap();
            for (column, cell) in header.iter().zip(row.iter()) {
                columns.entry((name.clone(), column.clone())).or_default().push(cell.to_owned());
                let is_formula = cell.starts_with(['=', '@', '\t', '\r']);
                assert!(!is_formula, "{name}.{column} runs: {cell}");
            }
            assert!(ids.entry(name.clone()).or_default().insert(row[0].to_owned()), "{name}: {} twice", &row[0]);
        }
        for field in fields.iter().filter(|field| field["constraints"]["required"] == true) {
            let column = (name.clone(), field["name"].as_str().unwrap().to_owned());
            let cells = columns.get(&column).map(Vec::as_slice).unwrap_or_default();
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{column:?} is required");
        }
    }
    let mut checked = 0;
    for resource in resources {
        let name = resource["name"].as_str().unwrap();
        for key in resource["schema"]["foreignKeys"].as_array().into_iter().flatten() {
            let column = (name.to_owned(), key["fields"].as_str().unwrap().to_owned());
            let there = ids.get(key["reference"]["resource"].as_str().unwrap());
            for cell in columns.get(&column).into_iter().flatten().filter(|cell| !cell.is_empty()) {
                assert!(there.is_some_and(|ids| ids.contains(cell)), "{column:?} names {cell}, which is not there");
                checked += 1;
            }
        }
    }
    checked
}

on_both!(the_official_examples_go_out_in_and_out_the_same, |place| {
    place.import(&["tests/fixtures/hsds/service_full.json", "--source", "official", "--language", "en"]);
    place.import(&["tests/fixtures/hsds/csv", "--source", "tables", "--language", "en"]);
    for format in FORMATS {
        let first = round_trip(place, format, "public");
        if format == "tabular" {
            assert!(check_tables(&first) > 20);
        }
    }
});

on_both!(illinois_goes_out_in_and_out_the_same, |place| {
    place.import(&["tests/fixtures/illinois", "--source", "illinois", "--language", "en"]);
    let tables = round_trip(place, "tabular", "public");
    assert!(check_tables(&tables) > 500);
    round_trip(place, "ndjson", "public");
});

on_both!(the_twenty_of_the_demo_go_out_in_and_out_the_same_and_hidden_places_do_not, |place| {
    place.seed_twenty();
    for audience in ["public", "professional"] {
        for format in FORMATS {
            let first = round_trip(place, format, audience);
            if format == "tabular" {
                assert!(check_tables(&first) > 20);
            }
            if format != "tabular-zip" {
                for (file, bytes) in bytes_of(&first) {
                    let text = String::from_utf8(bytes).unwrap();
                    for secret in place.secrets() {
                        assert!(!text.contains(&secret), "{format} {file} says {secret}");
                    }
                }
            }
        }
    }
});

/// A service with something for professionals, at a place for each visibility.
fn guarded() -> Value {
    let place = |n: u32, visibility: &str| {
        json!({
            "id": format!("019ec0de-0000-7000-8000-0000000000a{n}"),
            "description": format!("porte {visibility}"),
            "location": {
                "id": format!("019ec0de-0000-7000-8000-0000000000b{n}"), "name": format!("maison {visibility}"),
                "location_visibility": visibility, "latitude": 45.5, "longitude": -73.5 - f64::from(n) / 1000.0,
                "addresses": [{"address_1": format!("{n} rue {visibility}"), "city": "Longueuil"}],
            },
        })
    };
    json!({
        "id": "019ec0de-0000-7000-8000-0000000000c1", "name": "Halte", "status": "active",
        "referral_process": "ligne des intervenantes",
        "phones": [{"number": "555-0101"}, {"number": "555-0199", "visibility": "professional"}],
        "organization": {"id": "019ec0de-0000-7000-8000-0000000000d1", "name": "Fiction"},
        "service_at_locations": [place(1, "public"), place(2, "professional"), place(3, "region_only")],
    })
}

on_both!(what_is_for_professionals_goes_to_them_alone_and_what_is_hidden_to_nobody, |place| {
    let file = place.write("guarded.json", &guarded().to_string());
    assert_eq!(place.import(&[file.to_str().unwrap()])["taken"], json!(1));
    for audience in ["public", "professional"] {
        for format in FORMATS {
            let path = round_trip(place, format, audience);
            if format == "tabular-zip" {
                continue;
            }
            let text: String = bytes_of(&path).into_values().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
            for shown in ["porte public", "maison public", "1 rue public", "555-0101"] {
                assert!(text.contains(shown), "{audience} {format} says {shown}");
            }
            let hidden = ["porte region_only", "maison region_only", "3 rue region_only", "-73.503"];
            for word in hidden {
                assert!(!text.contains(word), "{audience} {format} says {word}");
            }
            let guarded =
                ["porte professional", "2 rue professional", "-73.502", "555-0199", "ligne des intervenantes"];
            for word in guarded {
                assert_eq!(text.contains(word), audience == "professional", "{audience} {format}: {word}");
            }
        }
    }
    // Asking town by town does not find it, though a service at its MRC is found.
    let found = |territory: &str| {
        let path = place.dir.path().join(territory.replace(':', "-"));
        place.export(&["--format", "ndjson", "--territory", territory, "--output", path.to_str().unwrap()])
    };
    let mut one = guarded();
    one["service_at_locations"].as_array_mut().unwrap().drain(..2);
    one["id"] = json!("019ec0de-0000-7000-8000-0000000000c2");
    one["service_at_locations"][0]["id"] = json!("019ec0de-0000-7000-8000-0000000000a9");
    let file = place.write("hidden.json", &one.to_string());
    assert_eq!(place.import(&[file.to_str().unwrap()])["taken"], json!(1));
    assert_eq!(found("mrc:58")["services"], json!(2));
    assert_eq!(found("municipality:58227")["services"], json!(1), "only the one with a public place there");
});

on_both!(a_workbook_has_a_sheet_a_table_and_runs_nothing, |place| {
    use calamine::{Data, Reader};
    let mut one = guarded();
    one["description"] = json!("=HYPERLINK(\"https://exemple.example\")");
    let file = place.write("guarded.json", &one.to_string());
    place.import(&[file.to_str().unwrap()]);
    let path = place.dir.path().join("book.xlsx");
    let report = place.export(&["--format", "xlsx", "--output", path.to_str().unwrap()]);
    assert_eq!((&report["services"], &report["rows"]["phone"]), (&json!(1), &json!(1)));
    let mut book = calamine::open_workbook_auto(&path).unwrap();
    assert_eq!(book.sheet_names().len(), 24);
    let mut said = String::new();
    for name in book.sheet_names() {
        assert!(book.worksheet_formula(&name).map_or(true, |formulas| formulas.is_empty()), "{name}");
        let sheet = book.worksheet_range(&name).unwrap();
        said.extend(sheet.cells().filter_map(|(_, _, cell)| match cell {
            Data::String(text) => Some(format!("{text}\n")),
            _ => None,
        }));
    }
    assert!(said.contains("=HYPERLINK(\"https://exemple.example\")\n"), "as text, as it was");
    for word in ["rue region_only", "rue professional", "555-0199", "ligne des intervenantes"] {
        assert!(!said.contains(word), "{word}");
    }
});

on_both!(a_guide_is_printed_in_two_languages_without_what_is_hidden, |place| {
    place.seed_twenty();
    let file = place.write("guarded.json", &guarded().to_string());
    place.import(&[file.to_str().unwrap()]);
    let guide = |name: &str, more: &[&str]| {
        let path = place.dir.path().join(name);
        let report = place.export(&[&["--format", "guide", "--output", path.to_str().unwrap()], more].concat());
        (report, std::fs::read_to_string(path).unwrap())
    };
    let (report, french) = guide("fr.html", &["--audience", "professional"]);
    assert!(report["services"].as_i64().unwrap() > 15, "{report}");
    for word in ["Sommaire", "Téléphone", "Comment faire une demande", "1 rue public", "555-0101", "break-before: page"]
    {
        assert!(french.contains(word), "{word}");
    }
    let (_, english) = guide("en.html", &["--language", "en", "--territory", "mrc:58"]);
    assert!(english.contains("<html lang=\"en\">") && english.contains("Contents") && english.contains("Longueuil"));
    let mut secrets = place.secrets();
    let guarded = ["rue region_only", "rue professional", "555-0199", "ligne des intervenantes"];
    secrets.extend(guarded.map(str::to_owned));
    for secret in secrets {
        assert!(!french.contains(&secret) && !english.contains(&secret), "{secret}");
    }
});

on_both!(a_part_of_the_directory_is_its_services_and_their_organisations, |place| {
    place.import(&["tests/fixtures/garderies-fictives.csv", "--mapping", "docs/mappings/garderies.toml"]);
    let export = |name: &str, more: &[&str]| {
        let path = place.dir.path().join(name);
        let report = place.export(&[&["--format", "ndjson", "--output", path.to_str().unwrap()], more].concat());
        (report, std::fs::read_to_string(path).unwrap())
    };
    let (all, _) = export("all", &[]);
    assert_eq!(all["services"], json!(8));
    let (part, text) = export("part", &["--territory", "mrc:48", "--category", "childcare"]);
    let services: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|one: &Value| one["organization"] != json!(null))
        .collect();
    assert!(!services.is_empty() && services.len() < 8, "{part}");
    for one in &services {
        let within = one.pointer("/service_at_locations/0/location/located_in/mrc/id");
        assert_eq!(within, Some(&json!("mrc:48")), "{}", one["name"]);
    }
    let path = place.dir.path().join("all");
    let taken = place.export_refused(&["--format", "ndjson", "--output", path.to_str().unwrap()]);
    assert!(taken.contains("output"), "a file that is there is not written over: {taken}");
    for (option, value) in [("--territory", "mrc:nowhere"), ("--category", "moon")] {
        let path = place.dir.path().join("never");
        let said = place.export_refused(&["--format", "tabular", option, value, "--output", path.to_str().unwrap()]);
        assert!(said.contains(value), "{said}");
        assert!(!path.exists());
    }
});

// ---- any document

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~éèàç\n\r\t\"';,=+@-]{1,12}",
        Just("=1+1".to_owned()),
        Just("'".to_owned()),
        Just(" ".to_owned()),
        Just("224".to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        Just(json!("")),
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1000..1000i32).prop_map(|n| json!(f64::from(n) / 8.0)),
        proptest::collection::vec(text(), 0..3).prop_map(Value::from),
    ]
}

/// An object of a list: members of the standard and others, an id of its own or none, or one that another has too.
fn item(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let id = prop_oneof![Just(None), Just(Some(json!("same"))), any::<u64>().prop_map(|n| Some(json!(n.to_string())))];
    let members = proptest::collection::btree_map(proptest::sample::select(names), leaf(), 0..4);
    (id, members).prop_map(|(id, members)| {
        let mut object: serde_json::Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(id) = id {
            object.insert("id".to_owned(), id);
        }
        Value::Object(object)
    })
}

fn list(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::collection::vec(item(names), 0..4).prop_map(Value::from)
}

fn document() -> impl Strategy<Value = Value> {
    let lists = (
        list(&["name", "title", "email", "phones", "service_id", "anything"]),
        list(&["option", "amount", "currency", "valid_from", "translations"]),
        list(&["document", "uri", "attributes"]),
        list(&["source", "organization_id"]),
        list(&["label", "url"]),
        item(&["name", "description", "organization_id"]),
        proptest::collection::btree_map("[a-z]{3,8}_x", leaf(), 0..3),
    );
    (text(), leaf(), lists).prop_map(|(name, odd, (contacts, costs, documents, funding, urls, program, others))| {
        let mut service = json!({
            "id": "019ec0de-0000-7000-8000-00000000000a", "name": format!("x{name}"), "status": "active",
            "description": name, "wait_time": odd, "fees": odd, "program_id": odd,
            "contacts": contacts, "cost_options": costs, "required_documents": documents, "funding": funding,
            "additional_urls": urls, "program": program,
            "translations": {"en": {"name": "=EN()"}},
            "organization": {
                "id": "019ec0de-0000-7000-8000-00000000000b", "name": "Organisme", "funding": funding,
                "contacts": contacts, "tax_id": odd,
            },
            "service_at_locations": [{
                "id": "019ec0de-0000-7000-8000-00000000000c", "contacts": contacts,
                "location": {"id": "019ec0de-0000-7000-8000-00000000000d", "name": name, "languages": urls, "odd": odd},
            }],
        });
        for (name, value) in others {
            service[name] = value;
        }
        service
    })
}

fn record(entry: &Entry) -> Value {
    let aggregate = ServiceAggregate {
        service: entry.service.clone().unwrap(),
        organization: entry.organization.clone(),
        locations: entry.locations.clone(),
    };
    let context = Context { eyes: Eyes::Professional, territory: &|_| None, category: &|_| None };
    for_export(hsds::service(&aggregate, &[], context))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn any_document_is_the_same_record_after_its_tables(document in document()) {
        let nothing = |_: &str| false;
        let reading = Reading { source: "x", language: Lang::Fr, fresh: None, is_request: false, is_category: &nothing };
        let Value::Object(members) = document else { panic!("an object") };
        let Ok(entry) = read_service(members, 1, reading) else { return Ok(()) };
        let context = Context { eyes: Eyes::Professional, territory: &|_| None, category: &|_| None };
        let organization = for_export(hsds::organization(&entry.organization, &[], context));
        let before = record(&entry);
        let folder = tempfile::tempdir().unwrap();
        let mut tables = Folder::new(folder.path()).unwrap();
        tables.organization(&organization).unwrap();
        tables.service(&before).unwrap();
        tables.finish().unwrap();
        check_tables(folder.path());
        let package = Package::from_folder(folder.path()).unwrap();
        let tally = Tally::default();
        let back: Vec<Entry> = tabular::entries(&package, reading, &tally).unwrap().map(|entry| entry.unwrap()).collect();
        prop_assert_eq!(back.len(), 2);
        let mut service = back[1].clone();
        service.organization = back[0].organization.clone();
        let after = for_export(hsds::organization(&back[0].organization, &[], context));
        prop_assert_eq!(after.to_string(), organization.to_string());
        prop_assert_eq!(record(&service).to_string(), before.to_string());
    }
}
