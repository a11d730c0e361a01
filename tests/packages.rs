//! `relais import` of packages of tables, as the built program does it, on both databases: what a package of any version
//! gives, and what of it is refused, by table, line and rule.

use std::collections::BTreeMap;

use relais::store::Backend;
use serde_json::{Value, json};

use crate::imports::{Place, all, on_both, root};

/// A folder with these tables.
pub fn folder(place: &Place, name: &str, tables: &[(&str, &str)]) -> String {
    let folder = place.dir.path().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (table, text) in tables {
        std::fs::write(folder.join(format!("{table}.csv")), text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// How many rows were refused, by table, rule and field.
fn counts(report: &Value) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in report["refused"].as_array().unwrap() {
        assert!(row["line"].as_u64().is_some_and(|line| line > 1), "{row}");
        let word = |name: &str| row[name].as_str().unwrap_or("").to_owned();
        *counts.entry(format!("{} {} {}", word("table"), word("code"), word("field"))).or_default() += 1;
    }
    counts
}

on_both!(the_illinois_package_of_hsds_1_1_comes_in, |place| {
    let arguments = ["tests/fixtures/illinois", "--source", "illinois", "--language", "en"];
    let report = place.import(&arguments);
    let refused = counts(&report);
    assert_eq!(
        report["taken"],
        json!(33 + 89),
        "33 organisations, and the services of those that are there: {refused:?}"
    );
    assert_eq!(refused["services unknown_reference organization_id"], 340, "{refused:?}");
    assert_eq!(refused["services missing_field id"], 1, "{refused:?}");
    assert_eq!(refused["locations unknown_reference organization_id"], 448, "{refused:?}");
    let services = all(&place.deps());
    assert_eq!(services.len(), 89);
    assert!(services.iter().all(|one| one["status"] == "active"), "an empty status is active");
    let named = |name: &str| services.iter().find(|one| one["name"] == name).unwrap();
    let clinic = named("North Lawndale legal clinic");
    assert_eq!(clinic["eligibility_description"], "Federal Poverty Level");
    let id: relais::id::Id = clinic["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.0.get_version_num(), 5, "a number becomes a UUID of version 5");
    assert_eq!(id, relais::id::Id::from_source_name("illinois", "service/132741"));
    let hotline = services
        .iter()
        .find(|one| one.pointer("/service_at_locations/0/location/name") == Some(&json!("IL-AFLAN Hotline")));
    let hours = &hotline.unwrap()["service_at_locations"][0]["location"]["schedules"];
    let week = json!([{"freq": "WEEKLY", "byday": "MO,TU,WE,TH,FR", "opens_at": "09:00", "closes_at": "17:00"}]);
    let mut hours = hours.clone();
    hours[0].as_object_mut().unwrap().remove("id");
    assert_eq!(hours, week, "one row a day, and the same table twice, is one week");
    let head = place.head();
    let again = place.import(&arguments);
    assert_eq!((&again["taken"], &again["changed"], place.head()), (&json!(0), &json!(0), head));
    assert_eq!(again["refused"], report["refused"]);
});

on_both!(the_official_tables_are_the_official_service, |place| {
    let report = place.import(&["tests/fixtures/hsds/csv", "--source", "hsds", "--language", "en"]);
    assert_eq!(report["taken"], json!(2), "{report}");
    let services = all(&place.deps());
    assert_eq!(services.len(), 1);
    let one = &services[0];
    assert_eq!(one["phones"][0]["languages"][0]["name"], "Urdu", "a list of a row of a list");
    assert_eq!(one["capacities"][0]["unit"]["name"], "Kilogram");
    assert_eq!(one["program"]["name"], "Community Mental Health Support");
    assert_eq!(one["cost_options"][0]["amount"], json!(35));
    assert_eq!(one["service_at_locations"][0]["location"]["addresses"][0]["city"], "MyCity");
    assert_eq!(one["organization"]["funding"].as_array().map(Vec::len), Some(1));
});

const ORGANIZATIONS: &str = "id,name,description\n1,Aide fictive,\n";

on_both!(every_bad_row_is_refused_by_table_line_and_rule_and_the_others_come_in, |place| {
    let long = "x".repeat(1024 * 1024);
    let phones: String = (0..10_000).map(|n| format!("15,{n:010}\n")).collect();
    let package = folder(
        place,
        "trap",
        &[
            ("organizations", "id,name,description,parent_organization_id\n1,Aide fictive,,\n2,A,,3\n3,B,,2\n"),
            (
                "services",
                &format!(
                    "id,organization_id,name,description\n10,1,Première,\n10,1,Encore,\n11,9,Sans organisme,\n\
                     12,1,Longue,{long}\n13,1,,\n14,2,Cyclique,\n15,1,Sonnante,\n16,1,Bonne,=HYPERLINK(\"x\")\n"
                ),
            ),
            (
                "phones",
                &format!("service_id,number\n10,(450) 555-0101\n10,aucun\n99,(450) 555-0102\n,555-0103\n{phones}"),
            ),
            (
                "schedules",
                "service_id,freq,byday,opens_at,closes_at\n10,HOURLY,MO,9:00am,5pm\n10,WEEKLY,MO,9:00am,5pm\n\
                 10,WEEKLY,LU,9h,17h\n10,WEEKLY,TU,bientôt,17h\n",
            ),
            ("notes", "a,b\n1,2\n"),
        ],
    );
    let output = place.run(&[&package, "--source", "trap", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let refused: Vec<String> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap_or("").to_owned();
            format!("{} {} {} {}", word("table"), row["line"], word("code"), word("field"))
        })
        .collect();
    let expected = [
        "notes 0 unknown_field notes",
        "organizations 3 invalid_value parent_organization_id",
        "organizations 4 invalid_value parent_organization_id",
        "phones 3 invalid_value number",
        "phones 4 unknown_reference service_id",
        "phones 5 missing_field contact_id | location_id | organization_id | service_at_location_id | service_id",
        "schedules 2 invalid_value freq",
        "schedules 4 invalid_value byday",
        "schedules 5 invalid_value opens_at",
        "service 8 too_many phones",
        "services 3 already_exists id",
        "services 4 unknown_reference organization_id",
        "services 5 too_long description",
        "services 6 missing_field name",
        "services 7 unknown_reference organization_id",
    ];
    assert_eq!(refused, expected);
    let services = all(&place.deps());
    let names: std::collections::BTreeSet<&str> = services.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["Bonne", "Première"]);
    let first = services.iter().find(|one| one["name"] == "Première").unwrap();
    assert_eq!(first["phones"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&first["schedules"][0]["opens_at"], &first["schedules"][0]["closes_at"]),
        (&json!("09:00"), &json!("17:00"))
    );
    assert_eq!(first["schedules"].as_array().map(Vec::len), Some(1));
});

on_both!(old_tables_html_and_addresses_without_scheme_are_read_as_they_are_meant, |place| {
    let package = folder(
        place,
        "old",
        &[
            (
                "organizations",
                "\u{feff}id;name;description;url\r\n1;Aide fictive;\"<p>Une</p><ul><li>aide</li></ul>\";aide.example\r\n",
            ),
            ("services", "id,organization_id,name,status,url\n7,1,Repas,,www.repas.example\n8,1,Répit,Inactive,\n"),
            ("eligibilities", "id,service_id,eligibility\n1,7,Familles\n2,7,Aînés\n"),
            ("locations", "id,organization_id,name\n5,1,Local\n"),
            ("services_at_location", "id,service_id,location_id\n3,7,5\n"),
            ("physical_addresses", "id,location_id,address_1,city\n1,5,1 rue Fictive,Longueuil\n"),
            ("postal_addresses", "id,organization_id,address_1,city\n1,1,C.P. 1,Longueuil\n"),
            (
                "regular_schedules",
                "id,service_id,weekday,opens_at,closes_at\n1,7,lundi,9h30,21:00\n2,7,Tuesday,9:30am,9pm\n",
            ),
            ("accessibility_for_disabilities", "id,location_id,accessibility,details\n1,5,rampe,porte nord\n"),
            ("payments_accepted", "id,service_id,payment\n1,7,comptant\n"),
            ("taxonomy", "id,name,parent_id,vocabulary\nF,Food,,AIRS\n"),
            ("service_taxonomy", "id,service_id,taxonomy_id\n1,7,F\n2,7,G\n"),
            ("meta", "id,name\n1,services\n"),
        ],
    );
    let report = place.import(&[&package, "--source", "old"]);
    assert_eq!(
        counts(&report),
        BTreeMap::from([("service_taxonomy unknown_reference taxonomy_term_id".to_owned(), 1)])
    );
    let services = all(&place.deps());
    let one = services.iter().find(|one| one["name"] == "Repas").unwrap();
    assert_eq!(one["organization"]["description"], "Une\n- aide");
    assert_eq!(
        (&one["url"], &one["organization"]["website"]),
        (&json!("http://www.repas.example"), &json!("http://aide.example"))
    );
    assert_eq!(one["eligibility_description"], "Familles\nAînés");
    assert_eq!((&one["schedules"][0]["byday"], &one["schedules"][0]["opens_at"]), (&json!("MO,TU"), &json!("09:30")));
    let place_of = &one["service_at_locations"][0]["location"];
    assert_eq!(place_of["addresses"][0]["address_type"], "physical");
    assert_eq!(place_of["accessibility"][0]["description"], "rampe");
    assert_eq!(one["organization"]["addresses"][0]["address_type"], "postal");
    assert_eq!(one["payments_accepted"][0]["payment"], "comptant");
    let term = &one["attributes"][0]["taxonomy_term"];
    assert_eq!((&term["name"], &term["taxonomy"]), (&json!("Food"), &json!("AIRS")));
    let other = services.iter().find(|one| one["name"] == "Répit").unwrap();
    assert_eq!(other["status"], "inactive");
});

on_both!(a_zip_is_read_as_its_folder_and_a_hostile_one_is_refused_whole, |place| {
    use std::io::Write;
    let zipped = |name: &str, files: &[(&str, &str)]| {
        let path = place.dir.path().join(name);
        let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        for (name, text) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        path.to_str().unwrap().to_owned()
    };
    let services = "id,organization_id,name\n7,1,Repas\n";
    let wrong = zipped("wrong.zip", &[("organizations.csv", ORGANIZATIONS), ("../services.csv", services)]);
    assert!(place.refused(&[&wrong]).contains("../services.csv"));
    let bomb = zipped("bomb.zip", &[("services.csv", &"0".repeat(64 * 1024 * 1024))]);
    assert!(place.refused(&[&bomb]).contains("services.csv"));
    assert_eq!(place.head(), 0, "nothing of either");
    let good = zipped("good.ZIP", &[("a/organizations.csv", ORGANIZATIONS), ("a/services.csv", services)]);
    assert_eq!(place.import(&[&good, "--source", "zip"])["taken"], json!(2));
    let same = folder(place, "same", &[("organizations", ORGANIZATIONS), ("services", services)]);
    assert_eq!(place.import(&[&same, "--source", "zip"])["unchanged"], json!(2));
});

#[test]
fn the_fixture_of_illinois_keeps_its_licence() {
    let text = std::fs::read_to_string(root().join("tests/fixtures/illinois/LICENSE")).unwrap();
    assert!(text.starts_with("MIT License"));
}
