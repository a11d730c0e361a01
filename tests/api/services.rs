//! The directory over HTTP: HSDS out, hidden places hidden, members and curators writing.

use relais::sample::twenty;
use serde_json::{Value, json};

use super::app::{TestApp, both};

const SERVICES: &str = "/api/v1/services";

fn organization(key: &str) -> String {
    twenty::organization_id(key).to_string()
}

/// A listing of the worker's own organisation.
fn listing() -> Value {
    json!({
        "organization_id": organization("famille"),
        "name": "Halte-garderie des Érables",
        "description": "Une halte-garderie fictive.",
        "translations": { "en": { "name": "Maples drop-in childcare" } },
        "categories": ["childcare/drop-in"],
        "served": ["mrc:58"],
        "minimum_age": 0,
        "maximum_age": 5,
        "phones": [{ "number": "450 555-0142", "extension": 12 }],
        "schedules": [{ "freq": "WEEKLY", "byday": "MO,WE", "opens_at": "09:00", "closes_at": "12:00" }],
        "service_at_locations": [{ "location": {
            "name": "Local fictif",
            "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1",
                "state_province": "QC", "country": "CA" }],
        }}],
    })
}

fn created(app: &TestApp) -> Value {
    app.worker().post(SERVICES, &listing()).expect(201).json
}

both!(the_first_page_says_which_hsds_this_is, |app| {
    let about = app.anonymous().get("/api/v1/").expect(200);
    assert_eq!(about.json["version"], "3.2");
    assert_eq!(about.json["profile"], "https://relais.example/profile/", "and which profile, as /hsds says it");
    let contract = app.anonymous().get("/openapi.yaml").expect(200);
    assert!(contract.text.starts_with("openapi: 3.1"));
});

both!(a_page_has_the_envelope_of_hsds_and_its_filters_all_hold, |app| {
    let client = app.anonymous();
    let all = client.get(&format!("{SERVICES}?per_page=7&page=3")).expect(200).json;
    assert_eq!((&all["total_items"], &all["total_pages"], &all["size"]), (&json!(20), &json!(3), &json!(6)));
    assert_eq!((&all["first_page"], &all["last_page"], &all["empty"]), (&json!(false), &json!(true), &json!(false)));
    let famille = organization("famille");
    let of_one = client.get(&format!("{SERVICES}?organization_id={famille}&full=true")).expect(200).json;
    let mine = of_one["contents"].as_array().unwrap();
    assert!(mine.iter().all(|one| one["organization_id"] == json!(famille)) && mine.len() > 1);
    // Brute force: the services of the organisation that have a need of a field.
    let field = mine[0]["categories"][0].as_str().unwrap().split('/').next().unwrap().to_owned();
    let has = |one: &&Value| {
        let codes = one["categories"].as_array().unwrap();
        codes.iter().any(|code| code.as_str().unwrap().split('/').next() == Some(field.as_str()))
    };
    let expected = mine.iter().filter(has).count();
    let both = client.get(&format!("{SERVICES}?organization_id={famille}&taxonomy_term_id={field}")).expect(200).json;
    assert_eq!(both["total_items"], json!(expected));
    assert!(both["contents"][0].get("phones").is_none(), "a page shows one-to-one members");
    let none = client.get(&format!("{SERVICES}?modified_after=2026-06-16T00:00:00Z")).expect(200).json;
    assert_eq!((&none["empty"], &none["total_items"]), (&json!(true), &json!(0)));
});

both!(a_cursor_goes_through_the_whole_list_once, |app| {
    let client = app.anonymous();
    let mut seen = Vec::new();
    let mut path = format!("{SERVICES}?per_page=6&minimal=true");
    loop {
        let page = client.get(&path).expect(200).json;
        seen.extend(page["contents"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{SERVICES}?per_page=6&minimal=true&cursor={cursor}");
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &sorted), (20, &seen), "by id, each once");
});

both!(bad_queries_are_named, |app| {
    let ask = |query: &str| app.anonymous().get(&format!("{SERVICES}?{query}"));
    ask("per_page=0").expect_problem(422, "out_of_range").naming("per_page");
    ask("per_page=101").expect_problem(422, "out_of_range").naming("per_page");
    ask("page=0").expect_problem(422, "out_of_range").naming("page");
    ask("page=un").expect_problem(400, "wrong_type").naming("page");
    ask("cursor=abc").expect_problem(400, "invalid_cursor");
    ask("taxonomy_term_id=food/nothing").expect_problem(422, "unknown_category");
    ask("modified_after=hier").expect_problem(422, "invalid_date");
    ask("organization_id=1").expect_problem(422, "invalid_value");
    ask("color=red").expect_problem(400, "unknown_field").naming("color");
    app.anonymous().get("/api/v1/services/019ec0de-0000-7000-8000-00000000ffff").expect_problem(404, "not_found");
    app.anonymous().get("/api/v1/services/abc").expect_problem(404, "not_found");
});

both!(a_hidden_place_shows_its_mrc_and_nothing_else_to_anybody, |app| {
    let abri = organization("abri");
    for client in [app.anonymous(), app.worker(), app.curator(), app.admin()] {
        let page = client.get(&format!("{SERVICES}?organization_id={abri}&full=true")).expect(200);
        let id = page.json["contents"][0]["id"].as_str().unwrap().to_owned();
        let one = client.get(&format!("{SERVICES}/{id}")).expect(200);
        let place = &one.json["service_at_locations"][0]["location"];
        assert_eq!(place["location_visibility"], "region_only");
        assert_eq!(place["located_in"]["mrc"]["id"], "mrc:58");
        for text in [&page.text, &one.text] {
            for secret in ["Secrète", "45.5241", "73.4921", "J4J", "latitude"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
});

both!(a_member_adds_a_service_and_a_place_without_coordinates_is_placed, |app| {
    let reply = app.worker().post(SERVICES, &listing()).expect(201);
    let change: i64 = reply.header("Relais-Change").unwrap().parse().unwrap();
    assert!(change > 0 && reply.json["change"] == json!(change));
    assert_eq!(reply.header("ETag"), Some("\"1\""));
    let path = reply.header("Location").unwrap().to_owned();
    let one = app.anonymous().get(&path).expect(200).json;
    assert_eq!(one["name"], "Halte-garderie des Érables");
    assert_eq!(one["translations"]["en"]["name"], "Maples drop-in childcare");
    assert_eq!((&one["minimum_age"], &one["maximum_age"]), (&json!(0), &json!(5)));
    assert_eq!(one["maximum_age_months"], 71);
    assert_eq!(one["phones"][0]["extension"], 12);
    assert_eq!(one["attributes"][0]["taxonomy_term"]["code"], "childcare/drop-in");
    assert_eq!(one["service_areas"][0]["territory_id"], "mrc:58");
    let place = &one["service_at_locations"][0]["location"];
    assert_eq!((&place["placement"], &place["located_in"]["mrc"]["id"]), (&json!("postal_area"), &json!("mrc:58")));
    assert_eq!(place["located_in"]["municipality"]["id"], "municipality:58227");
    assert!(place["latitude"].is_f64());
});

both!(only_members_and_curators_write, |app| {
    app.anonymous().post(SERVICES, &listing()).expect_problem(401, "unauthenticated");
    app.partner().post(SERVICES, &listing()).expect_problem(403, "forbidden");
    app.table().post(SERVICES, &listing()).expect_problem(403, "forbidden");
    app.curator().post(SERVICES, &listing()).expect(201);
    let path = format!("{SERVICES}/{}", created(app)["id"].as_str().unwrap());
    let patch = json!({ "alert": "Fermé." });
    app.partner().if_match(1).patch(&path, &patch).expect_problem(403, "forbidden");
    app.anonymous().if_match(1).patch(&path, &patch).expect_problem(401, "unauthenticated");
    assert!(app.anonymous().get(&path).expect(200).json.get("alert").is_none(), "nothing was written");
});

both!(what_cannot_be_a_listing_is_refused_by_name_and_nothing_is_written, |app| {
    let cases = [
        (json!({ "color": "red" }), 400, "unknown_field", "color"),
        (json!({ "id": "019ec0de-0000-7000-8000-00000000ffff" }), 422, "invalid_value", "id"),
        (json!({ "name": null, "translations": null }), 400, "missing_field", "name"),
        (json!({ "name": 5 }), 400, "wrong_type", "name"),
        (json!({ "name": "x".repeat(301) }), 422, "too_long", "name"),
        (json!({ "categories": ["childcare/moon"] }), 422, "unknown_category", "categories.0"),
        (json!({ "served": ["mrc:58", "mrc:9999"] }), 422, "unknown_territory", "served.1"),
        (json!({ "capacity": { "places_available": -1 } }), 422, "out_of_range", "capacity.places_available"),
        (json!({ "capacity": { "rooms": 1 } }), 400, "unknown_field", "capacity.rooms"),
        (json!({ "minimum_age": 6 }), 422, "out_of_range", "maximum_age"),
        (json!({ "phones": [{ "number": "aucun" }] }), 422, "invalid_value", "phones.0.number"),
        (json!({ "url": "javascript:alert(1)" }), 422, "invalid_value", "url"),
        (json!({ "verified_at": "2027-01-01T00:00:00Z" }), 422, "out_of_range", "verified_at"),
        (json!({ "status": "asleep" }), 422, "invalid_value", "status"),
        (
            json!({ "schedules": [{ "opens_at": "25:00", "closes_at": "26:00" }] }),
            422,
            "invalid_value",
            "schedules.0.opens_at",
        ),
        (json!({ "organization_id": "019ec0de-0000-7000-8000-00000000ffff" }), 403, "forbidden", "organization_id"),
        (
            json!({ "service_at_locations": [{ "location": { "latitude": 90.0001, "longitude": 0 } }] }),
            422,
            "out_of_range",
            "service_at_locations.0.location.latitude",
        ),
        (
            json!({ "service_at_locations": [{ "location_id": "019ec0de-0000-7000-8000-00000000ffff" }] }),
            422,
            "unknown_reference",
            "service_at_locations.0.location_id",
        ),
    ];
    for (with, status, code, field) in cases {
        let mut body = listing();
        for (name, value) in with.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.worker().post(SERVICES, &body).expect_problem(status, code).naming(field);
    }
    app.worker().post_bytes(SERVICES, "application/json", b"{\"name\": ").expect_problem(400, "invalid_json");
    app.worker().post_bytes(SERVICES, "text/plain", b"{}").expect_problem(415, "unsupported_media_type");
    let count = app.anonymous().get(SERVICES).expect(200).json["total_items"].clone();
    assert_eq!(count, json!(20));
});

both!(a_change_needs_the_version_read_and_a_stale_one_writes_nothing, |app| {
    let path = format!("{SERVICES}/{}", created(app)["id"].as_str().unwrap());
    let patch = json!({ "alert": "Fermé le 24 juin.", "fees_description": null, "maximum_age": 4 });
    app.worker().patch(&path, &patch).expect_problem(428, "version_required");
    app.worker().if_match(7).patch(&path, &patch).expect_problem(412, "stale_version");
    let changed = app.worker().if_match(1).patch(&path, &patch).expect(200);
    assert_eq!((&changed.json["version"], &changed.json["maximum_age_months"]), (&json!(2), &json!(59)));
    assert_eq!(changed.header("ETag"), Some("\"2\""));
    app.worker().if_match(1).patch(&path, &patch).expect_problem(412, "stale_version");
    let same = app.worker().if_match(2).patch(&path, &patch).expect(200);
    assert_eq!((&same.json["version"], &same.json["change"]), (&json!(2), &json!(0)), "the same again changes nothing");
    let moved = json!({ "organization_id": organization("cpe") });
    app.worker().if_match(2).patch(&path, &moved).expect_problem(422, "invalid_value");
    let reply = app.worker().if_match(2).patch(&path, &json!({ "capacity": { "places_available": 3 } })).expect(200);
    assert_eq!(reply.json["capacity"]["places_available"], 3);
    assert_eq!(reply.json["capacity"]["observed_at"], "2026-06-15T14:00:00Z");
    assert_eq!(reply.json["capacities"][0]["available"], 3);
});

both!(a_hidden_place_sent_back_as_it_was_shown_keeps_its_address, |app| {
    let abri = organization("abri");
    let page = app.anonymous().get(&format!("{SERVICES}?organization_id={abri}")).expect(200).json;
    let id = page["contents"][0]["id"].clone();
    let path = format!("{SERVICES}/{}", id.as_str().unwrap());
    let shown = app.curator().get(&path).expect(200).json;
    let version = shown["version"].as_i64().unwrap();
    let patch = json!({ "alert": "Complet.", "service_at_locations": shown["service_at_locations"] });
    app.curator().if_match(version).patch(&path, &patch).expect(200);
    let id = id.as_str().unwrap().parse().unwrap();
    let kept = app.deps.store.read(|conn| relais::store::services::get_aggregate(conn, id)).unwrap();
    assert_eq!(kept.locations[0].document.addresses[0].address_1.as_deref(), Some("3, rue Secrète"));
    assert!(kept.locations[0].point.is_some());
});

both!(what_professionals_are_told_is_told_to_nobody_else, |app| {
    let mut body = listing();
    body["referral_process"] = json!("Appeler la coordonnatrice.");
    body["contacts"] = json!([{ "name": "Coordonnatrice", "visibility": "professional" }, { "name": "Accueil" }]);
    let id = app.worker().post(SERVICES, &body).expect(201).id();
    let path = format!("{SERVICES}/{id}");
    let (inside, outside) = (app.partner().get(&path).expect(200), app.anonymous().get(&path).expect(200));
    assert_eq!(inside.json["referral_process"], "Appeler la coordonnatrice.");
    assert_eq!(inside.json["contacts"].as_array().unwrap().len(), 2);
    assert!(!outside.text.to_lowercase().contains("coordonnatrice"), "{}", outside.text);
});

both!(nobody_changes_a_place_through_a_service_that_is_not_there, |app| {
    let path = format!("{SERVICES}/{}", created(app)["id"].as_str().unwrap());
    let foreign = relais::sample::id_of("location", "grand-pont").to_string();
    let elsewhere = json!({ "id": foreign, "latitude": 45.0, "longitude": -73.0 });
    let take = json!({ "service_at_locations": [{ "location": elsewhere }] });
    app.worker().if_match(1).patch(&path, &take).expect_problem(409, "already_exists");
    let link = json!({ "service_at_locations": [{ "location_id": foreign }] });
    let linked = app.worker().if_match(1).patch(&path, &link).expect(200).json;
    assert_eq!(linked["service_at_locations"][0]["location"]["id"], json!(foreign));
    app.worker().if_match(2).patch(&path, &take).expect_problem(403, "forbidden");
});

/// A refuge of the worker's organisation, and the id of its place.
fn refuge(app: &TestApp) -> (String, i64, String) {
    let mut body = listing();
    body["service_at_locations"][0]["location"]["location_visibility"] = json!("region_only");
    let made = app.worker().post(SERVICES, &body).expect(201).json;
    let place = made["service_at_locations"][0]["location"]["id"].as_str().unwrap().to_owned();
    assert!(!made.to_string().contains("rue Exemple"), "{made}");
    (made["id"].as_str().unwrap().to_owned(), made["version"].as_i64().unwrap(), place)
}

both!(a_hidden_place_is_shown_by_nobody_who_does_not_know_where_it_is, |app| {
    let (id, version, place) = refuge(app);
    let path = format!("{SERVICES}/{id}");
    let links = |location: Value| json!({ "service_at_locations": [{ "location_id": place, "location": location }] });
    for client in [app.curator(), app.worker()] {
        for wider in ["public", "professional"] {
            let widen = links(json!({ "id": place, "location_visibility": wider }));
            let refused = client.clone().if_match(version).patch(&path, &widen);
            refused.expect_problem(422, "invalid_value").naming("location_visibility");
        }
    }
    // A client that drops members it does not know leaves the place as hidden as it was.
    let silent = links(json!({ "id": place, "name": "Local fictif rénové" }));
    let kept = app.curator().if_match(version).patch(&path, &silent).expect(200).json;
    assert_eq!(kept["service_at_locations"][0]["location"]["location_visibility"], "region_only");
    for client in [app.anonymous(), app.curator()] {
        assert!(!client.get(&path).expect(200).text.contains("rue Exemple"));
    }
    let version = app.curator().get(&path).expect(200).json["version"].as_i64().unwrap();
    let opened = links(json!({ "id": place, "name": "Local fictif", "location_visibility": "public",
        "addresses": [{ "address_1": "2, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1" }] }));
    app.worker().if_match(version).patch(&path, &opened).expect(200);
    assert!(app.anonymous().get(&path).expect(200).text.contains("2, rue Exemple"), "its owner may open it");
});

both!(a_place_stays_its_owners_whoever_else_is_given_there, |app| {
    let (id, version, hidden) = refuge(app);
    let partner = app.partner().get("/api/v1/me").expect(200).json["memberships"][0]["organization_id"].clone();
    assert_ne!(partner, json!(organization("famille")), "the partner is of another organisation");
    let at = |place: &str| {
        let mut body = listing();
        body["organization_id"] = partner.clone();
        body["service_at_locations"] = json!([{ "location_id": place }]);
        body
    };
    app.partner().post(SERVICES, &at(&hidden)).expect_problem(403, "forbidden");
    // Not even when the refuge itself has left it.
    let none = json!({ "service_at_locations": [] });
    app.worker().if_match(version).patch(&format!("{SERVICES}/{id}"), &none).expect(200);
    app.partner().post(SERVICES, &at(&hidden)).expect_problem(403, "forbidden");

    let public = created(app);
    let place = public["service_at_locations"][0]["location"]["id"].as_str().unwrap().to_owned();
    app.partner().post(SERVICES, &at(&place)).expect(201);
    let hide = json!({ "service_at_locations": [{ "location_id": place,
        "location": { "id": place, "name": "Local fictif", "location_visibility": "region_only",
            "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1" }] } }] });
    let path = format!("{SERVICES}/{}", public["id"].as_str().unwrap());
    let version = app.worker().get(&path).expect(200).json["version"].as_i64().unwrap();
    app.worker().if_match(version).patch(&path, &hide).expect(200);
    assert!(!app.anonymous().get(&path).expect(200).text.contains("rue Exemple"), "its owner may still hide it");
});
