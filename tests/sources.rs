//! Where the directory comes from, on both databases: several sources of one thing, what a source no longer lists, feeds,
//! workbooks, drafted mappings, and files that are bad in every way that files are.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use relais::actions::Deps;
use relais::actions::feeds::{self, Asked, FetchError};
use relais::actions::services::get;
use relais::clock::Clock;
use relais::domain::directory::Visibility;
use relais::domain::language::Lang;
use relais::id::{Id, Ids};
use relais::jobs::feeds::Client;
use relais::store::{Backend, changes, locations, services, sources};
use serde_json::{Value, json};

use crate::api::app::{self, TestApp, both};
use crate::imports::{Place, all, on_both};

const A: &str = "019ec0de-0000-7000-8000-0000000000a1";
const B: &str = "019ec0de-0000-7000-8000-0000000000b2";
const ORGANIZATION: &str = "019ec0de-0000-7000-8000-0000000000c3";

fn service(id: &str, name: &str) -> Value {
    json!({
        "id": id, "name": name, "status": "active", "phones": [{"number": "450 555-0150"}],
        "organization": {"id": ORGANIZATION, "name": "Maison du Cerf-volant", "description": "Fictive"},
    })
}

fn file(place: &Place, name: &str, records: &[Value]) -> String {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    place.write(name, &lines.join("\n")).to_str().unwrap().to_owned()
}

fn with(mut record: Value, member: &str, value: Value) -> Value {
    record[member] = value;
    record
}

fn shown(deps: &Deps, id: &str) -> Value {
    get(deps, None, id.parse().unwrap()).unwrap().value
}

// ---- several sources of one thing

on_both!(the_higher_source_wins_the_lower_fills_and_both_are_named, |place| {
    let high = file(place, "high.ndjson", &[with(service(A, "Halte"), "url", json!("https://haut.example"))]);
    let low = with(service(A, "Halte du bas"), "url", json!("https://bas.example"));
    let low = file(place, "low.ndjson", &[with(low, "fees_description", json!("Gratuit"))]);
    place.import(&[&high, "--source", "haut"]);
    let set = place.relais(&["sources", "set", "haut", "--priority", "10"]);
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let report = place.import(&[&low, "--source", "bas"]);
    assert_eq!((&report["taken"], &report["changed"]), (&json!(0), &json!(1)), "{report}");
    let deps = place.deps();
    let one = shown(&deps, A);
    assert_eq!((&one["name"], &one["url"]), (&json!("Halte"), &json!("https://haut.example")));
    assert_eq!(one["fees_description"], "Gratuit", "what nobody of higher rank said");
    let whence = relais::actions::sources::provenance(&deps, A.parse().unwrap()).unwrap();
    assert_eq!(whence.source, "haut");
    let fields: Vec<_> = whence.fields.iter().map(|one| (one.field.as_str(), one.source.as_str())).collect();
    assert_eq!(fields, [("fees_description", "bas")]);
    let listed: Vec<_> = whence.listed_by.iter().map(|one| one.source.as_str()).collect();
    assert_eq!(listed, ["bas", "haut"]);
    let head = place.head();
    assert_eq!(place.import(&[&low, "--source", "bas"])["unchanged"], json!(1));
    assert_eq!(place.head(), head, "the same file of the other source changes nothing");
    // The lower source no longer says what it filled; the higher says it now, and the lower cannot take it back.
    let said = with(with(service(A, "Halte"), "url", json!("https://haut.example")), "fees_description", json!("5 $"));
    place.import(&[&file(place, "said.ndjson", &[said]), "--source", "haut"]);
    place.import(&[&file(place, "less.ndjson", &[service(A, "Halte du bas")]), "--source", "bas"]);
    assert_eq!(shown(&place.deps(), A)["fees_description"], "5 $");
});

both!(what_a_person_says_here_is_written_over_by_no_import, |app| {
    let id = app.anonymous().get("/api/v1/services?per_page=1").expect(200).json["contents"][0]["id"].clone();
    let path = format!("/api/v1/services/{}", id.as_str().unwrap());
    let record = app.anonymous().get(&path).expect(200).json;
    let take = |name: &str, record: &Value| {
        let file = app.dir.join(name);
        std::fs::write(&file, record.to_string()).unwrap();
        let format = relais::actions::imports::Format::Hsds { source: "voisin".to_owned(), language: Lang::Fr };
        relais::actions::imports::import(&app.deps, &file, &format, false, &|_, _| {}).unwrap()
    };
    let patch = json!({"fees_description": "Contribution volontaire"});
    app.curator().if_match(record["version"].as_i64().unwrap()).patch(&path, &patch).expect(200);
    let other = with(with(record, "fees_description", json!("100 $")), "alert", json!("Fermé lundi"));
    assert_eq!(take("neighbour.json", &other).changed, 1);
    let after = app.anonymous().get(&path).expect(200).json;
    assert_eq!(after["fees_description"], "Contribution volontaire");
    assert_eq!(after["alert"], "Fermé lundi");
    let whence = app.worker().get(&format!("{path}/provenance")).expect(200).json;
    let of = |field: &str| {
        let fields = whence["fields"].as_array().unwrap().iter();
        fields.filter(|one| one["field"] == field).map(|one| one["source"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((of("fees_description"), of("alert")), (vec![json!("relais")], vec![json!("voisin")]));
    app.anonymous().get(&format!("{path}/provenance")).expect_problem(401, "unauthenticated");
    let nowhere = "/api/v1/services/019ec0de-0000-7000-8000-00000000ffff/provenance";
    app.worker().get(nowhere).expect_problem(404, "not_found");
    let listed = app.curator().get("/api/v1/sources").expect(200).json;
    assert_eq!(listed["sources"][0]["name"], "voisin");
    app.worker().get("/api/v1/sources").expect_problem(403, "forbidden");
    app.anonymous().get("/api/v1/sources").expect_problem(401, "unauthenticated");
    app.worker().get("/api/v1/sources/voisin/missing").expect_problem(403, "forbidden");
    app.curator().get("/api/v1/sources/personne/missing").expect_problem(404, "not_found");
});

on_both!(another_source_hides_a_place_further_and_never_shows_it_again, |place| {
    let id = "019ec0de-0000-7000-8000-0000000000d4";
    let there = |visibility: &str, city: &str| {
        let location = json!({
            "id": id, "location_visibility": visibility,
            "addresses": [{"address_1": "1, rue Secrète", "city": city, "postal_code": "J4J 1A1"}],
        });
        with(service(A, "Abri"), "service_at_locations", json!([{"location": location}]))
    };
    let visible = |place: &Place| {
        let ids: [Id; 1] = [id.parse().unwrap()];
        let found = place.deps().store.read(|conn| locations::list_by_ids(conn, &ids)).unwrap();
        let one = found.into_values().next().unwrap();
        (one.visibility, one.document.addresses[0].city.clone().unwrap())
    };
    place.import(&[&file(place, "1.json", &[there("public", "Longueuil")]), "--source", "first"]);
    place.import(&[&file(place, "2.json", &[there("region_only", "Ailleurs")]), "--source", "second"]);
    assert_eq!(visible(place), (Visibility::RegionOnly, "Longueuil".to_owned()));
    place.import(&[&file(place, "3.json", &[there("public", "Saint-Lambert")]), "--source", "first"]);
    assert_eq!(visible(place), (Visibility::RegionOnly, "Saint-Lambert".to_owned()));
    assert!(!shown(&place.deps(), A).to_string().contains("Secrète"));
});

// ---- what a source no longer lists

on_both!(what_a_source_no_longer_lists_is_flagged_and_kept_and_what_comes_back_is_not, |place| {
    let both = file(place, "both.ndjson", &[service(A, "Halte"), service(B, "Marelle")]);
    assert_eq!(place.import(&[&both, "--source", "voisin"])["missing_count"], json!(0));
    let one = file(place, "one.ndjson", &[service(A, "Halte")]);
    let dry = place.import(&[&one, "--source", "voisin", "--dry-run"]);
    assert_eq!(dry["missing_count"], json!(1));
    let list = || {
        let output = place.relais(&["sources", "missing", "voisin", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(list(), "", "a dry run flags nothing");
    let report = place.import(&[&one, "--source", "voisin"]);
    assert_eq!((&report["missing_count"], &report["missing"][0]["id"]), (&json!(1), &json!(B)), "{report}");
    assert!(list().contains(B));
    assert_eq!(shown(&place.deps(), B)["name"], "Marelle", "flagged, not deleted");
    // Listed and refused is listed all the same.
    let bad = with(service(B, "Marelle"), "email", json!("pas une adresse"));
    let refused = file(place, "bad.ndjson", &[service(A, "Halte"), bad]);
    assert_eq!(place.import(&[&refused, "--source", "voisin"])["missing_count"], json!(0));
    place.import(&[&one, "--source", "voisin"]);
    place.import(&[&both, "--source", "voisin"]);
    assert_eq!(list(), "", "it came back");
    let unknown = place.relais(&["sources", "missing", "personne"]);
    assert_eq!(unknown.status.code(), Some(1));
});

/// What an import says, also one that takes nothing.
fn report_of(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(&[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

const NAMED: &str = "source = \"voisin\"\nkey = [\"No\"]\n[columns]\nname = \"Nom\"\n\"organization.name\" = \"Maison\"\n\
                     \"address.city\" = \"Ville\"\n\"location.visibility\" = \"Montrer\"\n[categories]\nalways = [\"food\"]\n";
const NAMED_HEADER: &str = "No,Nom,Maison,Ville,Montrer\n";

on_both!(what_broke_off_or_lists_nothing_flags_nothing, |place| {
    let both = file(place, "both.ndjson", &[service(A, "Halte"), service(B, "Marelle")]);
    place.import(&[&both, "--source", "voisin"]);
    let deep = place.write("deep.json", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    let behind = format!("[{},{}{}]", service(A, "Halte"), "[".repeat(10_000), "]".repeat(10_000));
    let behind = place.write("behind.json", &behind);
    let empty = place.write("empty.json", "[]");
    for path in [deep, behind, empty] {
        let report = report_of(place, &[path.to_str().unwrap(), "--source", "voisin"]);
        assert_eq!(report.get("missing_count"), None, "{}: {report}", path.display());
    }
    let mapping = place.write("named.toml", &NAMED.replace("voisin", "tableau"));
    let mapping = mapping.to_str().unwrap();
    let rows = format!("{NAMED_HEADER}1,Halte,Oiseaux,Longueuil,public\n");
    place.import(&[place.write("rows.csv", &rows).to_str().unwrap(), "--mapping", mapping]);
    let header = report_of(place, &[place.write("header.csv", NAMED_HEADER).to_str().unwrap(), "--mapping", mapping]);
    assert_eq!(header.get("missing_count"), None, "{header}");
    let other = format!("{NAMED_HEADER}2,Marelle,Oiseaux,Longueuil,public\n");
    let other = place.import(&[place.write("other.csv", &other).to_str().unwrap(), "--mapping", mapping]);
    assert_eq!(other["missing_count"], json!(1), "{other}");
});

on_both!(a_row_that_is_refused_lists_its_service_and_its_organisation, |place| {
    let mapping = place.write("named.toml", NAMED);
    let take = |rows: &str| {
        let path = place.write("rows.csv", &format!("{NAMED_HEADER}{rows}"));
        report_of(place, &[path.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()])
    };
    take("1,Halte,Oiseaux,Longueuil,public\n2,Marelle,Ruisseau,Longueuil,public\n");
    for refused in ["2,Marelle,Ruisseau,Longueuil,peut-être\n", "2,Marelle,Ruisseau,Longueuil,public,de trop\n"] {
        let report = take(&format!("1,Halte,Oiseaux,Longueuil,public\n{refused}"));
        assert_eq!((&report["refused_count"], &report["missing_count"]), (&json!(1), &json!(0)), "{report}");
    }
    // So does a record of JSON whose organisation stands in it.
    let own = json!({"id": "019ec0de-0000-7000-8000-0000000000e5", "name": "Ruisseau", "description": "Fictive"});
    let other = with(service(B, "Marelle"), "organization", own);
    place.import(&[&file(place, "two.ndjson", &[service(A, "Halte"), other.clone()]), "--source", "nids"]);
    let bad = with(other, "status", json!("peut-être"));
    let report = place.import(&[&file(place, "bad.ndjson", &[service(A, "Halte"), bad]), "--source", "nids"]);
    assert_eq!((&report["refused_count"], &report["missing_count"]), (&json!(1), &json!(0)), "{report}");
});

on_both!(what_the_database_refuses_is_said_in_words, |place| {
    let there = |id: &str, location: &str| {
        let link = json!({"id": "019ec0de-0000-7000-8000-0000000000f6", "location": {"id": location,
            "addresses": [{"address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4J 1A1"}]}});
        with(service(id, "Halte"), "service_at_locations", json!([link]))
    };
    let place_id = |n: u8| format!("019ec0de-0000-7000-8000-0000000000d{n}");
    let records = [there(A, &place_id(4)), there(B, &place_id(5))];
    let report = place.import(&[&file(place, "twice.ndjson", &records), "--source", "voisin"]);
    let refused = &report["refused"][0];
    assert_eq!((&report["refused_count"], &refused["code"]), (&json!(1), &json!("already_exists")), "{report}");
    assert_eq!(refused["rule"], "already the id of another record");
    let again = place.import(&[&file(place, "twice.ndjson", &records), "--source", "voisin"]);
    assert_eq!(again["missing_count"], json!(0), "refused and listed: {again}");
});

#[test]
fn a_reference_that_leads_nowhere_is_none_that_stands_twice() {
    use diesel::result::{DatabaseErrorKind, Error};
    let said = |kind| relais::store::Error::from(Error::DatabaseError(kind, Box::new("constraint".to_owned())));
    assert!(matches!(said(DatabaseErrorKind::ForeignKeyViolation), relais::store::Error::Dangling(_)));
    assert!(matches!(said(DatabaseErrorKind::UniqueViolation), relais::store::Error::Conflict(_)));
}

#[test]
fn a_refused_row_is_where_an_editor_shows_it_however_lines_end() {
    let place = Place::new(Backend::Sqlite).unwrap();
    let text = format!(
        "Répertoire\n\n{NAMED_HEADER}1,Halte,Oiseaux,Longueuil,peut-être\n2,\"Mare\nlle\",Ruisseau,Longueuil,public\n\n\
         3,Nid,Ruisseau,Longueuil,peut-être\n"
    );
    let mapping = place.write("named.toml", &format!("preamble_lines = 2\n{NAMED}"));
    for end in ["\n", "\r\n"] {
        let path = place.write("rows.csv", &text.replace('\n', end));
        let report = report_of(&place, &[path.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()]);
        let lines: Vec<_> = report["refused"].as_array().unwrap().iter().map(|row| row["line"].clone()).collect();
        assert_eq!(lines, [json!(4), json!(8)], "{end:?}: {report}");
        let (_, draft) = suggested(&place, path.to_str().unwrap());
        assert!(draft.contains("preamble_lines = 2\n"), "{end:?}: {draft}");
    }
}

on_both!(after_a_merge_of_duplicates_a_source_describes_the_record_that_stayed, |place| {
    let both = [service(A, "Halte"), service(B, "Halte")];
    place.import(&[&file(place, "both.ndjson", &both), "--source", "voisin"]);
    let (from, to): (Id, Id) = (B.parse().unwrap(), A.parse().unwrap());
    let deps = place.deps();
    deps.store.write(deps.clock.now(), |tx| sources::repoint(tx, from, to)).unwrap();
    let changed = [service(A, "Halte"), with(service(B, "Halte"), "alert", json!("Nouvel horaire"))];
    let report = place.import(&[&file(place, "again.ndjson", &changed), "--source", "voisin"]);
    assert_eq!((&report["refused_count"], &report["missing_count"]), (&json!(0), &json!(0)), "{report}");
    let only = [with(service(B, "Halte"), "alert", json!("Nouvel horaire"))];
    place.import(&[&file(place, "only.ndjson", &only), "--source", "voisin"]);
    assert_eq!(shown(&place.deps(), A)["alert"], "Nouvel horaire");
});

// ---- bad files

on_both!(bad_records_are_refused_alone_and_the_others_come_in, |place| {
    let parent = |id: &str, above: &str| json!({"id": id, "name": "Réseau", "parent_organization_id": above});
    let (one, two) = ("019ec0de-0000-7000-8000-0000000000e5", "019ec0de-0000-7000-8000-0000000000f6");
    let unnamed = json!({"id": "019ec0de-0000-7000-8000-000000000001", "name": "Seul", "organization_id": two});
    let records = [
        service(A, "Halte"),
        with(service("019ec0de-0000-7000-8000-000000000002", "Long"), "description", json!("é".repeat(1_000_000))),
        with(
            service("019ec0de-0000-7000-8000-000000000003", "Cloche"),
            "phones",
            json!(vec![json!({"number": "450 555-0150"}); 10_000]),
        ),
        with(
            service("019ec0de-0000-7000-8000-000000000004", "Règle"),
            "schedules",
            json!([{"freq": "FREQ=NEVER;BYDAY=XX"}]),
        ),
        with(service("019ec0de-0000-7000-8000-000000000005", "Types"), "name", json!(12)),
        unnamed,
        service(A, "Halte deux fois"),
        parent(one, two),
        parent(two, one),
        parent("019ec0de-0000-7000-8000-0000000000a7", "019ec0de-0000-7000-8000-0000000000a7"),
        service(B, "Marelle"),
    ];
    let report = place.import(&[&file(place, "bad.ndjson", &records), "--source", "voisin"]);
    let refused: Vec<(u64, &str)> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (2, "too_long"),
        (3, "too_many"),
        (4, "invalid_value"),
        (5, "wrong_type"),
        (6, "unknown_reference"),
        (7, "already_exists"),
        (9, "invalid_value"),
        (10, "invalid_value"),
    ];
    assert_eq!(refused, expected, "{report}");
    assert_eq!(report["taken"], json!(3), "two services and an organisation");
    assert_eq!(all(&place.deps()).len(), 2);
});

on_both!(a_file_that_breaks_anywhere_writes_nothing, |place| {
    let good: Vec<String> =
        (0..50).map(|n| service(&format!("019ec0de-0000-7000-8000-{n:012}"), "Halte").to_string()).collect();
    let text = good.join("\n");
    let mut mixed = text.clone().into_bytes();
    mixed.extend_from_slice(b"\n{\"id\": \"x\", \"name\": \"caf\xe9\"}");
    let mixed_path = place.dir.path().join("mixed.ndjson");
    std::fs::write(&mixed_path, mixed).unwrap();
    let cases = [
        (place.write("cut.ndjson", &text[..text.len() - 10]), "line 50"),
        (place.write("list.json", &format!("[{},]", good.join(","))), "line 1"),
        (mixed_path, "line 51: not utf-8"),
        (place.write("page.json", &format!("{{\"contents\": [{}], \"page\": nul}}", good.join(","))), "line 1"),
    ];
    for (path, said) in cases {
        let message = place.refused(&[path.to_str().unwrap()]);
        assert!(message.contains(said), "{said} in {message}");
    }
    assert_eq!((place.head(), all(&place.deps()).len()), (0, 0), "nothing is half imported");
});

on_both!(a_page_a_list_and_lines_are_one_import, |place| {
    let records = [service(A, "Halte"), service(B, "Marelle")];
    place.import(&[&file(place, "lines.ndjson", &records), "--source", "voisin"]);
    let head = place.head();
    let list = place.write("list.json", &json!(records).to_string());
    let page = json!({"total_items": 2, "contents": records, "last_page": true});
    let page = place.write("page.json", &serde_json::to_string_pretty(&page).unwrap());
    for path in [list, page] {
        let report = place.import(&[path.to_str().unwrap(), "--source", "voisin"]);
        assert_eq!((&report["unchanged"], place.head()), (&json!(2), head));
    }
});

// ---- workbooks and drafts

const WORKBOOK: &str = "tests/fixtures/repertoire-fictif.xlsx";

fn suggested(place: &Place, path: &str) -> (String, String) {
    let output = place.run(&["--suggest", path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("\nalways"), "nobody has chosen yet: {text}");
    let text = text.replace("\n# always = ", "\nalways = ");
    (place.write("drafted.toml", &text).to_str().unwrap().to_owned(), text)
}

on_both!(a_workbook_comes_in_by_the_mapping_that_was_drafted_for_it, |place| {
    let (mapping, text) = suggested(place, WORKBOOK);
    for line in [
        "preamble_lines = 2",
        "\"organization.name\" = \"Organisme\"",
        "\"name\" = \"Nom du service\"",
        "\"address.postal_code\" = \"Code postal\"",
        "À CHOISIR / CHOOSE",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let report = place.import(&[WORKBOOK, "--mapping", &mapping]);
    assert_eq!((&report["taken"], &report["refused_count"]), (&json!(3), &json!(0)), "{report}");
    let services = all(&place.deps());
    let named = |name: &str| services.iter().find(|one| one["name"] == name).unwrap();
    let (halte, suivi) = (named("Halte répit"), named("Accompagnement"));
    assert_eq!(halte["organization"]["id"], suivi["organization"]["id"], "a merged cell stands in both rows");
    assert_eq!(halte["capacity"]["places_available"], 4, "what the formula last gave");
    assert_eq!(suivi["capacity"]["places_available"], Value::Null, "a formula is never run");
    assert_eq!(named("Aide aux devoirs")["capacity"]["places_available"], 12);
    let elsewhere = place.write("sheet.toml", &format!("sheet = \"Autre\"\n{text}"));
    let said = place.refused(&[WORKBOOK, "--mapping", elsewhere.to_str().unwrap()]);
    assert!(said.contains("sheet: Autre: Répertoire"), "{said}");
});

on_both!(a_drafted_mapping_is_taken_once_the_need_is_chosen, |place| {
    for fixture in ["tests/fixtures/garderies-fictives.csv", "tests/fixtures/garderies-fictives-latin1.csv"] {
        let (mapping, text) = suggested(place, fixture);
        assert!(text.contains("preamble_lines = 3") && text.contains("\"phone\" = \"Téléphone\""), "{text}");
        let report = place.import(&[fixture, "--mapping", &mapping, "--dry-run"]);
        assert!(report["taken"].as_u64().unwrap() >= 8, "{report}");
    }
    let text = "No;Nom;Organisme;Tél.;Site;lat;lon\n1;Halte;Maison;450 555-0101;www.halte.example;45.51;-73.49\n\
                2;Marelle;Maison;450 555-0102;;45.52;-73.48\n";
    let path = place.write("points.csv", text);
    let (mapping, text) = suggested(place, path.to_str().unwrap());
    for line in ["delimiter = \";\"", "key = [\"No\"]", "\"longitude\" = \"lon\"", "\"url\" = \"Site\""] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let report = place.import(&[path.to_str().unwrap(), "--mapping", &mapping]);
    assert_eq!((&report["taken"], &report["placements"]["exact"]), (&json!(2), &json!(2)), "{report}");
    let halte = all(&place.deps()).into_iter().find(|one| one["name"] == "Halte").unwrap();
    assert_eq!(halte["url"], "http://www.halte.example");
});

on_both!(a_draft_leaves_no_secret_address_out_in_silence, |place| {
    let text = |header: &str, values: [&str; 2]| {
        format!(
            "No,Nom,Organisme,Adresse,Ville,{header}\n1,Halte,Maison,\"1, rue Exemple\",Longueuil,{}\n\
                 2,Abri,Refuge,\"2, rue Sittelle\",Longueuil,{}\n",
            values[0], values[1]
        )
    };
    for (header, values) in
        [("Adresse confidentielle", ["non", "oui"]), ("Caché?", ["", "X"]), ("Hidden", ["No", "Yes"])]
    {
        let path = place.write("secrets.csv", &text(header, values));
        let path = path.to_str().unwrap();
        let raw = String::from_utf8(place.run(&["--suggest", path]).stdout).unwrap();
        let unread = place.write("raw.toml", &raw);
        assert!(place.refused(&[path, "--mapping", unread.to_str().unwrap()]).contains("categories.always"), "it asks");
        let (mapping, draft) = suggested(place, path);
        assert!(draft.contains(&format!("\"location.visibility\" = \"{header}\"")), "{draft}");
        assert_eq!(place.import(&[path, "--mapping", &mapping])["refused_count"], json!(0));
        let shown = all(&place.deps());
        let of = |name: &str| shown.iter().find(|one| one["name"] == name).unwrap().to_string();
        assert!(of("Halte").contains("rue Exemple") && !of("Abri").contains("Sittelle"), "{shown:?}");
    }
    let unclear =
        [("Adresse confidentielle", ["", "3, rue du Secret"]), ("Visibilité", ["oui", "non"]), ("Caché", ["", ""])];
    for (header, values) in unclear {
        let path = place.write("unclear.csv", &text(header, values));
        let (_, draft) = suggested(place, path.to_str().unwrap());
        let top = draft.split("source =").next().unwrap();
        for words in ["N'EST PAS PRISE", "NOT TAKEN", header] {
            assert!(top.contains(words), "{words} in {draft}");
        }
        assert!(!draft.contains(&format!("= \"{header}\"")), "{draft}");
        assert!(draft.contains("\"address.address_1\" = \"Adresse\""), "{draft}");
    }
});

#[test]
fn a_small_file_that_would_become_a_large_one_is_refused_before_it_does() {
    let place = Place::new(Backend::Sqlite).unwrap();
    let path = place.dir.path().join("bomb.xlsx");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    archive.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![b' '; 1024 * 1024];
    (0..300).for_each(|_| archive.write_all(&zeros).unwrap());
    archive.finish().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 2_000_000);
    let mapping = place.write("any.toml", "source = \"x\"\nkey = [\"a\"]\n[columns]\nname = \"a\"\n\"organization.name\" = \"a\"\n[categories]\nalways = [\"food\"]\n");
    let said = place.refused(&[path.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()]);
    assert!(said.contains("bytes unpacked"), "{said}");
    let not = place.write("not.xlsx", "PK not a workbook");
    assert!(place.refused(&[not.to_str().unwrap(), "--suggest"]).contains("XLSX"));
}

// ---- feeds

/// Another node, with a database of its own and the clock of the feed.
fn reader(app: &TestApp, dir: &tempfile::TempDir) -> Option<Deps> {
    let url = app::empty_database(app.deps.store.backend(), dir.path())?;
    let deps = Deps::open(app::config(dir.path(), &url), app.clock.clone(), Ids::random()).unwrap();
    deps.prepare().unwrap();
    Some(deps)
}

both!(a_feed_is_read_whole_and_then_only_what_changed, |app| {
    let dir = tempfile::tempdir().unwrap();
    let Some(deps) = reader(app, &dir) else { return };
    let client = Client::new(true);
    let url = format!("http://{}/api/v1/", app.address);
    let asked = Asked { url: &url, source: "voisin", language: Lang::Fr, dry_run: false };
    let pages = AtomicU32::new(0);
    let fetch = |url: &url::Url, bytes_max: u64| {
        pages.fetch_add(1, Ordering::SeqCst);
        client.get(url, bytes_max)
    };
    let read = || feeds::import(&deps, &asked, &fetch, &|_| {}, &|_, _| {}).unwrap();
    let first = read();
    assert_eq!((first.taken, first.refused_count, first.missing_count), (20, 0, Some(0)), "{:?}", first.refused);
    app.clock.advance(chrono::TimeDelta::days(1));
    let nothing = read();
    assert_eq!(
        (nothing.taken, nothing.changed, nothing.missing_count),
        (0, 0, None),
        "a part says nothing of the rest"
    );
    let one = app.anonymous().get("/api/v1/services?per_page=1").expect(200).json["contents"][0]["id"].clone();
    let path = format!("/api/v1/services/{}", one.as_str().unwrap());
    let version = app.anonymous().get(&path).expect(200).json["version"].as_i64().unwrap();
    app.curator().if_match(version).patch(&path, &json!({"alert": "Déménagé"})).expect(200);
    let later = read();
    assert!(later.taken == 0 && later.changed >= 1, "{later:?}");
    let id: Id = one.as_str().unwrap().parse().unwrap();
    let known = deps.store.read(|conn| services::get_aggregate(conn, id)).unwrap();
    assert_eq!(known.service.document.alert.fr.as_deref(), Some("Déménagé"));
    let row = deps.store.read(|conn| sources::find(conn, "voisin")).unwrap().unwrap();
    assert_eq!((row.kind, row.url.as_deref()), (sources::SourceKind::Feed, Some(url.as_str())));
});

on_both!(a_feed_of_short_lists_is_asked_for_each_service_and_goes_on_where_it_was_cut, |place| {
    let deps = Deps::open(app::config(place.dir.path(), &place.url), Clock::system(), Ids::random()).unwrap();
    deps.prepare().unwrap();
    let full = [with(service(A, "Halte"), "languages", json!([{"code": "fr"}])), service(B, "Marelle")];
    let is_up = std::cell::Cell::new(false);
    let waits = std::cell::Cell::new(0);
    let asked_for = std::cell::RefCell::new(Vec::new());
    let fetch = |url: &url::Url, _: u64| {
        let page = url.query_pairs().find(|(name, _)| name == "page").map(|(_, page)| page.into_owned());
        asked_for.borrow_mut().push(page.clone().unwrap_or_else(|| url.path().to_owned()));
        let short = |one: &Value| json!({"id": one["id"], "name": one["name"], "status": "active"});
        let answer = |at: usize| json!({"total_pages": 2, "page_number": at + 1, "last_page": at == 1, "contents": [short(&full[at])]});
        match page.as_deref() {
            Some("1") => Ok(answer(0).to_string().into_bytes()),
            Some("2") if !is_up.get() => Err(FetchError::Later("503".to_owned())),
            Some("2") => Ok(answer(1).to_string().into_bytes()),
            _ => {
                let one = full.iter().find(|one| url.path().ends_with(one["id"].as_str().unwrap())).unwrap();
                Ok(one.to_string().into_bytes())
            }
        }
    };
    let asked = Asked { url: "https://oruk.example/o", source: "oruk", language: Lang::En, dry_run: false };
    let wait = |_| waits.set(waits.get() + 1);
    let failed = feeds::import(&deps, &asked, &fetch, &wait, &|_, _| {}).unwrap_err().to_string();
    assert!(failed.contains("503 (5 times)"), "{failed}");
    assert_eq!(waits.get(), 4, "asked again, later and later");
    assert_eq!(all(&deps).len(), 1, "the first page is kept");
    is_up.set(true);
    asked_for.borrow_mut().clear();
    let report = feeds::import(&deps, &asked, &fetch, &wait, &|_, _| {}).unwrap();
    assert_eq!((report.taken, report.missing_count), (1, None));
    assert_eq!(*asked_for.borrow(), ["2".to_owned(), format!("/o/services/{B}")], "it goes on where it was");
    assert_eq!(all(&deps).len(), 2);
});

on_both!(a_feed_whose_pages_are_all_the_same_is_not_followed_for_ever, |place| {
    let deps = Deps::open(app::config(place.dir.path(), &place.url), Clock::system(), Ids::random()).unwrap();
    deps.prepare().unwrap();
    let asked_for = std::cell::Cell::new(0);
    let fetch = |_: &url::Url, _: u64| {
        asked_for.set(asked_for.get() + 1);
        let one = with(service(A, "Halte"), "languages", json!([{"code": "fr"}]));
        Ok(json!({"total_pages": 1_000_000_000, "next_cursor": "encore", "contents": [one]}).to_string().into_bytes())
    };
    let asked = Asked { url: "https://oruk.example/o", source: "oruk", language: Lang::En, dry_run: false };
    let failed = feeds::import(&deps, &asked, &fetch, &|_| {}, &|_, _| {}).unwrap_err().to_string();
    assert!(failed.contains("page 2"), "{failed}");
    assert_eq!(asked_for.get(), 2);
    assert_eq!(all(&deps).len(), 1, "what it did show is kept");
});

on_both!(this_machine_is_no_feed_unless_somebody_says_so, |place| {
    let said = place.refused(&["http://127.0.0.1:9/hsds", "--source", "voisin"]);
    assert!(said.contains("not a public address"), "{said}");
    let said = place.refused(&["http://nom:secret@feed.example/", "--source", "voisin"]);
    assert!(said.contains("no user and no password"), "{said}");
    assert_eq!(place.deps().store.read(changes::head).unwrap().n, 0);
});
