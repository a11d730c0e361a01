//! Places written over HTTP: by their owners and by curators, and hidden ones found by nobody.

use relais::sample::{id_of, twenty};
use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::organizations::curator_of;

const LOCATIONS: &str = "/api/v1/locations";

fn place(visibility: &str) -> Value {
    json!({
        "organization_id": twenty::organization_id("famille"),
        "name": "Local fictif",
        "location_visibility": visibility,
        "transportation": "Autobus fictif",
        "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1",
            "state_province": "QC", "country": "CA" }],
    })
}

fn made(app: &TestApp, visibility: &str) -> (String, i64) {
    let reply = app.worker().post(LOCATIONS, &place(visibility)).expect(201);
    (reply.header("Location").unwrap().to_owned(), reply.json["version"].as_i64().unwrap())
}

both!(a_place_is_put_on_the_map_and_follows_its_address, |app| {
    let (path, version) = made(app, "public");
    let shown = app.anonymous().get(&path).expect(200).json;
    assert_eq!((&shown["placement"], &shown["located_in"]["mrc"]["id"]), (&json!("postal_area"), &json!("mrc:58")));
    let moved = json!({ "addresses": [{ "address_1": "2, rue Exemple", "city": "Brossard", "postal_code": "J4Z 1A1",
        "state_province": "QC", "country": "CA" }] });
    app.partner().if_match(version).patch(&path, &moved).expect_problem(403, "forbidden");
    let after = app.worker().if_match(version).patch(&path, &moved).expect(200).json;
    assert_eq!(after["located_in"]["municipality"]["name"], "Brossard", "{after}");
    assert_ne!(after["latitude"], shown["latitude"]);
    let exact = json!({ "latitude": 45.47, "longitude": -73.46 });
    let after = app.worker().if_match(version + 1).patch(&path, &exact).expect(200).json;
    assert_eq!((&after["placement"], &after["latitude"]), (&json!("exact"), &json!(45.47)));
    let change_set = app.worker().get(&format!("{path}/history")).expect(200).json["results"][0]["change_set"].clone();
    let undone = app.worker().post(&format!("{path}/reversals"), &json!({ "change_set": change_set })).expect(200).json;
    assert_eq!(undone["placement"], "postal_area");
    let of_it = format!("{LOCATIONS}?organization_id={}", twenty::organization_id("famille"));
    assert!(app.anonymous().get(&of_it).expect(200).text.contains("Brossard"));
});

both!(what_cannot_be_a_place_is_refused_by_name_and_nothing_is_written, |app| {
    let (path, version) = made(app, "public");
    let cases = [
        (json!({ "color": "red" }), 400, "unknown_field", "color"),
        (json!({ "organization_id": twenty::organization_id("cpe") }), 422, "invalid_value", "organization_id"),
        (json!({ "latitude": 91, "longitude": 0 }), 422, "out_of_range", "latitude"),
        (json!({ "latitude": 45.0, "longitude": null }), 400, "missing_field", "longitude"),
        (json!({ "location_visibility": "secret" }), 422, "invalid_value", "location_visibility"),
        (json!({ "timezone": "Lune/Tycho" }), 422, "invalid_value", "timezone"),
        (
            json!({ "located_in": { "municipality": { "id": "municipality:1" } } }),
            422,
            "unknown_territory",
            "located_in.municipality",
        ),
        (json!({ "addresses": 5 }), 400, "wrong_type", "addresses"),
        (json!({ "schedules": [{ "freq": "YEARLY" }] }), 422, "invalid_value", "schedules.0.freq"),
    ];
    for (patch, status, code, field) in cases {
        app.worker().if_match(version).patch(&path, &patch).expect_problem(status, code).naming(field);
    }
    assert_eq!(app.worker().get(&path).expect(200).json["version"], json!(version));
    let mut foreign = place("public");
    foreign["organization_id"] = json!(twenty::organization_id("cpe"));
    app.worker().post(LOCATIONS, &foreign).expect_problem(403, "forbidden").naming("organization_id");
    let here = curator_of(app, "ici", &["region:01"]);
    here.post(LOCATIONS, &foreign).expect_problem(403, "forbidden");
    app.curator().post(LOCATIONS, &foreign).expect(201);
    foreign["organization_id"] = json!("019ec0de-0000-7000-8000-00000000ffff");
    app.curator().post(LOCATIONS, &foreign).expect_problem(422, "unknown_reference").naming("organization_id");
});

both!(a_hidden_place_is_written_blindly_and_opened_by_who_knows_where_it_is, |app| {
    let (path, version) = made(app, "region_only");
    let shown = app.worker().get(&path).expect(200);
    for secret in ["rue Exemple", "Local fictif", "Autobus", "latitude", "J4K"] {
        assert!(!shown.text.contains(secret), "{secret} in {}", shown.text);
    }
    // Sent back whole, as it was shown, it is as it was.
    let mut whole = shown.json.clone();
    whole.as_object_mut().unwrap().remove("metadata");
    let same = app.worker().if_match(version).patch(&path, &whole).expect(200).json;
    assert_eq!(same["change"], 0);
    for wider in ["public", "professional"] {
        let open = json!({ "location_visibility": wider });
        let refused = app.curator().if_match(version).patch(&path, &open);
        refused.expect_problem(422, "invalid_value").naming("location_visibility");
    }
    // Silence and null leave it hidden.
    let null = json!({ "location_visibility": null, "transportation": "Autre autobus" });
    let kept = app.curator().if_match(version).patch(&path, &null).expect(200);
    assert_eq!(kept.json["location_visibility"], "region_only");
    assert!(!kept.text.contains("autobus"));
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let places = app.deps.store.read(|conn| relais::store::locations::list_by_ids(conn, &[id])).unwrap();
    assert_eq!(places[&id].document.addresses[0].address_1.as_deref(), Some("1, rue Exemple"));
    assert_eq!(places[&id].document.transportation.fr.as_deref(), Some("Autre autobus"));
    // Who opens it shows what it says, and nothing that it was not shown.
    let open = json!({ "location_visibility": "public", "addresses": [{ "address_1": "9, rue Neuve",
        "city": "Longueuil", "postal_code": "J4K 1A1", "state_province": "QC", "country": "CA" }] });
    let opened = app.worker().if_match(version + 1).patch(&path, &open).expect(200);
    assert!(opened.text.contains("9, rue Neuve"));
    for secret in ["rue Exemple", "Local fictif", "autobus"] {
        assert!(!opened.text.contains(secret), "{secret} in {}", opened.text);
        let told = app.worker().get(&format!("{path}/history")).expect(200);
        assert!(!told.text.contains(secret), "{secret} in {}", told.text);
    }
});

both!(a_place_where_services_are_given_stays, |app| {
    let path = format!("{LOCATIONS}/{}", id_of("location", "grand-pont"));
    let version = app.curator().get(&path).expect(200).json["version"].as_i64().unwrap();
    let reason = json!({ "reason": "Fermé." });
    let refused = app.curator().if_match(version).post(&format!("{path}/retirement"), &reason);
    refused.expect_problem(409, "still_in_use");
    let (path, version) = made(app, "public");
    app.partner().if_match(version).post(&format!("{path}/retirement"), &reason).expect_problem(403, "forbidden");
    let gone = app.worker().if_match(version).post(&format!("{path}/retirement"), &reason).expect(200).json;
    app.anonymous().get(&path).expect_problem(410, "retired");
    let id = path.rsplit('/').next().unwrap().to_owned();
    let link = json!({ "organization_id": twenty::organization_id("famille"), "name": "Halte",
        "service_at_locations": [{ "location_id": id }] });
    app.worker().post("/api/v1/services", &link).expect_problem(422, "unknown_reference");
    let version = gone["version"].as_i64().unwrap();
    app.worker().if_match(version).post(&format!("{path}/restoration"), &json!({})).expect(200);
    app.worker().post("/api/v1/services", &link).expect(201);
});
