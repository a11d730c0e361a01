//! Services that are written twice, over HTTP: found after a change, shown to curators, decided once.

use relais::sample::twenty;
use serde_json::{Value, json};

use super::app::{Reply, TestApp, both};

const SERVICES: &str = "/api/v1/services";
const DUPLICATES: &str = "/api/v1/duplicates";

fn organization(key: &str) -> String {
    twenty::organization_id(key).to_string()
}

/// A listing as one source writes it.
pub fn listing(organization_key: &str, name: &str, phone: &str, street: &str) -> Value {
    json!({
        "organization_id": organization(organization_key),
        "name": name,
        "categories": ["childcare/drop-in"],
        "phones": [{ "number": phone }],
        "service_at_locations": [{ "location": {
            "name": name,
            "addresses": [{ "address_1": street, "city": "Longueuil", "postal_code": "J4K 1A1",
                "state_province": "QC", "country": "CA" }],
        }}],
    })
}

/// Adds a listing, as a curator; gives what was answered.
pub fn add(app: &TestApp, listing: &Value) -> Value {
    app.curator().post(SERVICES, listing).expect(201).json
}

/// The same drop-in written by two sources.
pub fn twins(app: &TestApp) -> (Value, Value) {
    let one = add(app, &listing("famille", "Halte-garderie des Érables", "450 555-0142", "12, rue Saint-Denis"));
    let other = add(app, &listing("carrefour", "Halte garderie Les Erables", "(450) 555-0142", "12 St-Denis, app. 2"));
    app.run_jobs();
    (one, other)
}

/// The pair of two services, if it was found.
pub fn pair_of(app: &TestApp, one: &Value, other: &Value) -> Option<Value> {
    let path = format!("{SERVICES}/{}/duplicates", one["id"].as_str().unwrap());
    let found = app.curator().get(&path).expect(200).json;
    let is_it = |pair: &&Value| pair["services"].as_array().unwrap().iter().any(|side| side["id"] == other["id"]);
    found["results"].as_array().unwrap().iter().find(is_it).cloned()
}

both!(a_service_written_twice_is_found_with_its_reasons_and_no_one_but_a_curator_sees_it, |app| {
    let (one, other) = twins(app);
    let pair = pair_of(app, &one, &other).expect("the pair is found");
    assert_eq!((&pair["is_likely"], &pair["status"]), (&json!(true), &json!("open")), "{pair:#}");
    let reasons: Vec<&str> =
        pair["reasons"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"phone_same") && reasons.contains(&"address_same"), "{reasons:?}");
    let english = app.curator().in_english().get(&format!("{DUPLICATES}?min_score=0.9")).expect(200);
    assert!(english.text.contains("The telephone number is the same."), "{}", english.text);
    let french = app.curator().get(&format!("{DUPLICATES}?min_score=0.9&territory_id=mrc:58")).expect(200);
    assert!(french.text.contains("Le téléphone est le même."), "{}", french.text);
    let elsewhere = app.curator().get(&format!("{DUPLICATES}?territory_id=mrc:66")).expect(200).json;
    assert!(elsewhere["results"].as_array().unwrap().iter().all(|found| found["id"] != pair["id"]));
    for (client, status, code) in
        [(app.anonymous(), 401, "unauthenticated"), (app.worker(), 403, "forbidden"), (app.table(), 403, "forbidden")]
    {
        client.get(DUPLICATES).expect_problem(status, code);
        client.get(&format!("{SERVICES}/{}/duplicates", one["id"].as_str().unwrap())).expect_problem(status, code);
        let path = format!("{DUPLICATES}/{}/dismissal", pair["id"].as_str().unwrap());
        client.post(&path, &json!({"reason": "non"})).expect_problem(status, code);
    }
});

both!(another_service_at_the_same_telephone_is_not_proposed_as_likely, |app| {
    let one = add(app, &listing("famille", "Halte-garderie des Érables", "450 555-0142", "12, rue Saint-Denis"));
    let other = add(app, &listing("famille", "Cuisine collective des Érables", "450 555-0142", "12, rue Saint-Denis"));
    app.run_jobs();
    let pair = pair_of(app, &one, &other);
    assert!(pair.is_none_or(|pair| pair["is_likely"] == json!(false)));
});

both!(a_pair_follows_what_its_services_become, |app| {
    let (one, other) = twins(app);
    assert!(pair_of(app, &one, &other).is_some());
    let path = format!("{SERVICES}/{}", other["id"].as_str().unwrap());
    let version = other["version"].as_i64().unwrap();
    let patch =
        json!({"name": "Friperie du Vieux-Port", "phones": [{"number": "514 555-0177"}], "service_at_locations": []});
    app.curator().if_match(version).patch(&path, &patch).expect(200);
    app.run_jobs();
    assert!(pair_of(app, &one, &other).is_none(), "it is another service now");
});

both!(a_pair_that_was_dismissed_stays_dismissed, |app| {
    let (one, other) = twins(app);
    let pair = pair_of(app, &one, &other).expect("the pair is found");
    let path = format!("{DUPLICATES}/{}/dismissal", pair["id"].as_str().unwrap());
    app.curator().post(&path, &json!({})).expect_problem(400, "missing_field").naming("reason");
    app.curator().post(&path, &json!({"reason": "  "})).expect_problem(400, "missing_field").naming("reason");
    app.curator().post(&path, &json!({"reason": "a".repeat(1_001)})).expect_problem(422, "too_long").naming("reason");
    let done = app.curator().post(&path, &json!({"reason": "Deux services d'un même immeuble"})).expect(200).json;
    assert_eq!(
        (&done["status"], &done["decision_reason"]),
        (&json!("dismissed"), &json!("Deux services d'un même immeuble"))
    );
    app.curator().post(&path, &json!({"reason": "encore"})).expect_problem(409, "already_closed");
    let service = format!("{SERVICES}/{}", one["id"].as_str().unwrap());
    let version = one["version"].as_i64().unwrap();
    app.curator().if_match(version).patch(&service, &json!({"description": "Autre description."})).expect(200);
    app.run_jobs();
    assert!(pair_of(app, &one, &other).is_none(), "it is not proposed again");
    let dismissed = app.curator().get(&format!("{DUPLICATES}?status=dismissed")).expect(200).json;
    assert_eq!(dismissed["results"].as_array().unwrap().len(), 1);
});

both!(a_cursor_goes_through_the_pairs_once_the_likeliest_first, |app| {
    for n in 0..6 {
        let street = format!("{}, rue Saint-Denis", 100 + n % 2);
        add(app, &listing("famille", "Halte-garderie des Érables", "450 555-0142", &street));
    }
    app.run_jobs();
    let whole = app.curator().get(&format!("{DUPLICATES}?limit=100")).expect(200).json;
    let whole: Vec<Value> = whole["results"].as_array().unwrap().iter().map(|pair| pair["id"].clone()).collect();
    assert!(whole.len() >= 6, "{}", whole.len());
    let (mut seen, mut scores, mut path) = (Vec::new(), Vec::new(), format!("{DUPLICATES}?limit=2"));
    loop {
        let page: Reply = app.curator().get(&path).expect(200);
        for pair in page.json["results"].as_array().unwrap() {
            seen.push(pair["id"].clone());
            scores.push(pair["score"].as_f64().unwrap());
        }
        let Some(cursor) = page.json["next_cursor"].as_str() else { break };
        path = format!("{DUPLICATES}?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, whole);
    assert!(scores.windows(2).all(|two| two[0] >= two[1]), "{scores:?}");
});

both!(a_telephone_of_three_hundred_services_stays_bounded, |app| {
    for n in 0..300 {
        let mut one = listing("famille", &format!("Service numéro {n}"), "450 555-0142", "1, rue Exemple");
        one["service_at_locations"] = json!([]);
        add(app, &one);
    }
    app.run_jobs();
    let found = relais::actions::duplicates::follow(&app.deps, usize::MAX, &|_| ()).expect("the log is followed");
    assert!(found.is_at_head && found.compared < 300 * 60, "{found:?}");
    let pairs = app.curator().get(&format!("{DUPLICATES}?limit=100")).expect(200).json;
    let likely = pairs["results"].as_array().unwrap().iter().filter(|pair| pair["is_likely"] == json!(true)).count();
    assert_eq!(likely, 0, "numbers tell them apart");
});

both!(nothing_of_a_hidden_place_is_compared_or_told, |app| {
    let secret = "734, rue Canari-Secret";
    let mut hidden = listing("abri", "Maison de la Rive cachée", "450 555-0188", secret);
    hidden["service_at_locations"][0]["location"]["location_visibility"] = json!("region_only");
    let mut open = listing("famille", "Logis du Ruisseau", "450 555-0199", secret);
    open["service_at_locations"][0]["location"]["name"] = json!("Ailleurs");
    let (hidden, open) = (add(app, &hidden), add(app, &open));
    app.run_jobs();
    assert!(pair_of(app, &open, &hidden).is_none(), "an address alone brings no pair");
    let twin = add(app, &listing("famille", "Maison de la Rive cachée", "450 555-0188", secret));
    app.run_jobs();
    let pair = pair_of(app, &twin, &hidden).expect("by name and telephone");
    let reasons = pair["reasons"].to_string();
    for told in ["address", "postal", "near", "far", "unit", "municipality"] {
        assert!(!reasons.contains(&format!("\"{told}")), "{reasons}");
    }
    for client in [app.curator(), app.admin()] {
        for path in [DUPLICATES.to_owned(), format!("{SERVICES}/{}/duplicates", hidden["id"].as_str().unwrap())] {
            assert!(!client.get(&path).text.contains("Canari"));
        }
    }
    let keys = app.deps.store.read(|conn| {
        let kind = relais::domain::duplicate::keys::KeyKind::Address;
        let skeletons = ["734 J4K1A1", "734 cnrscrt", "734 cnr scrt"];
        let mut found = Vec::new();
        for key in skeletons {
            found.extend(relais::store::duplicates::services_under(conn, &(kind, key.to_owned()), 100)?);
        }
        Ok::<_, relais::store::Error>(found)
    });
    let keys = keys.expect("the store answers");
    assert!(!keys.iter().any(|id| hidden["id"] == json!(id)), "no key tells where it is");
});

both!(queries_that_do_not_read_are_named, |app| {
    let ask = |query: &str| app.curator().get(&format!("{DUPLICATES}?{query}"));
    ask("min_score=2").expect_problem(422, "out_of_range").naming("min_score");
    ask("limit=0").expect_problem(422, "out_of_range").naming("limit");
    ask("cursor=abc").expect_problem(400, "invalid_cursor");
    ask("territory_id=mrc:nowhere").expect_problem(422, "unknown_territory").naming("territory_id");
    ask("status=lost").expect_problem(422, "invalid_value").naming("status");
    let nobody = "019ec0de-0000-7000-8000-00000000ffff";
    app.curator().get(&format!("{SERVICES}/{nobody}/duplicates")).expect_problem(404, "not_found");
    let path = format!("{DUPLICATES}/{nobody}/dismissal");
    app.curator().post(&path, &json!({"reason": "non"})).expect_problem(404, "not_found");
});
