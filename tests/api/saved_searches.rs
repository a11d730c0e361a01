//! Searches that a worker keeps: their own alone, looked at once a day, with one letter for all that is new.

use relais::domain::saved_search::{LOOK_HOURS, SEARCHES_MAX};
use relais::sample::twenty::organization_id;
use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::story::letters;

const SEARCHES: &str = "/api/v1/saved_searches";

fn childcare(has_alert: bool) -> Value {
    let search = json!({"category": "childcare", "near": "Longueuil", "radius_km": 50});
    json!({"name": "Garderies", "search": search, "alert": has_alert})
}

/// A new service of the worker's organisation, known to the index.
fn add_service(app: &TestApp, name: &str, category: &str) {
    let body = json!({
        "organization_id": organization_id("famille"),
        "name": name,
        "translations": {"en": {"name": format!("{name} (English)")}},
        "categories": [category],
        "served": ["mrc:58"],
        "service_at_locations": [{ "location": {
            "name": "Local fictif",
            "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1",
                "state_province": "QC", "country": "CA" }],
            "latitude": 45.53, "longitude": -73.51,
        }}],
    });
    let made = app.worker().post("/api/v1/services", &body).expect(201);
    let change = made.header("relais-change").expect("a change").to_owned();
    app.anonymous().get(&format!("/api/v1/search?min_change={change}")).expect(200);
}

fn a_day_later(app: &TestApp) {
    app.advance(chrono::TimeDelta::hours(LOOK_HOURS));
}

both!(a_worker_keeps_a_search_and_turns_its_alert_on_and_off, |app| {
    let worker = app.worker();
    let made = worker.post(SEARCHES, &childcare(false)).expect(201);
    let path = format!("{SEARCHES}/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!((&made.json["alert"], &made.json["next_look_at"]), (&json!(false), &Value::Null));
    let asked = json!({"lang": "fr", "exact": false, "category": "childcare", "near": "Longueuil", "radius_km": 50.0});
    assert_eq!(made.json["search"], asked);
    assert_eq!(worker.get(&path).expect(200).json, made.json);
    let changed = worker.clone().if_match(1).patch(&path, &json!({"alert": true, "name": "Places"})).expect(200);
    assert_eq!((&changed.json["alert"], &changed.json["name"]), (&json!(true), &json!("Places")));
    assert!(changed.json["next_look_at"].is_string());
    worker.clone().if_match(1).patch(&path, &json!({"alert": false})).expect_problem(412, "stale_version");
    worker.clone().if_match(2).patch(&path, &json!({"alert": false})).expect(200);
    assert_eq!(worker.get(SEARCHES).expect(200).json["results"].as_array().unwrap().len(), 1);
    // What is kept asks the search as it is.
    worker.post("/api/v1/search", &made.json["search"]).expect(200);
    worker.send("DELETE", &path, None).expect(204);
    worker.get(&path).expect_problem(404, "not_found");
});

both!(a_search_of_another_account_is_not_there, |app| {
    let made = app.worker().post(SEARCHES, &childcare(true)).expect(201);
    let missing = app.deps.ids.new_id(app.clock.now()).to_string();
    for client in [app.partner(), app.curator(), app.table(), app.admin()] {
        assert_eq!(client.get(SEARCHES).expect(200).json["results"], json!([]));
        let told = |id: &str| {
            let path = format!("{SEARCHES}/{id}");
            let patched = client.clone().if_match(1).patch(&path, &json!({"alert": false}));
            let asked = [client.get(&path), patched, client.send("DELETE", &path, None)];
            asked.map(|reply| (reply.status, reply.json["code"].clone()))
        };
        assert!(told(&made.id()).iter().all(|(status, _)| *status == 404));
        assert_eq!(told(&made.id()), told(&missing));
    }
    app.anonymous().get(SEARCHES).expect_problem(401, "unauthenticated");
    app.worker().get(&format!("{SEARCHES}/{}", made.id())).expect(200);
});

both!(one_letter_a_day_says_what_is_new_in_all_searches, |app| {
    app.worker().post(SEARCHES, &childcare(true)).expect(201);
    let transport = json!({"name": "Famille X", "search": {"category": "transport", "q": "auto"}, "alert": true});
    app.worker().post(SEARCHES, &transport).expect(201);
    app.worker().post(SEARCHES, &childcare(false)).expect(201);
    a_day_later(app);
    app.run_jobs();
    assert!(letters(app, 0).is_empty(), "nothing is new");
    add_service(app, "Garderie toute neuve", "childcare/daycare");
    add_service(app, "Friperie toute neuve", "material-aid/clothing");
    app.run_jobs();
    assert!(letters(app, 0).is_empty(), "not before a day has passed");
    a_day_later(app);
    let sent = letters(app, 1);
    assert!(sent[0].contains("To: worker@demo.relais.example"), "{}", sent[0]);
    assert!(sent[0].contains("Garderie toute neuve"), "{}", sent[0]);
    for word in ["Friperie", "Famille X", "Longueuil"] {
        assert!(!sent[0].contains(word), "{word}: {}", sent[0]);
    }
    a_day_later(app);
    app.run_jobs();
    assert_eq!(letters(app, 1).len(), 1, "new once");
});

both!(looking_at_saved_searches_is_nobodys_demand, |app| {
    app.worker().post(SEARCHES, &childcare(true)).expect(201);
    a_day_later(app);
    app.run_jobs();
    relais::actions::demand::flush(&app.deps, app.clock.now()).unwrap();
    let month = relais::domain::month::Month::parse("2026-06").unwrap();
    let june = relais::domain::month::Period::new(month, month).unwrap();
    let counted = app.deps.store.read(|conn| relais::store::demand::by_category(conn, june)).unwrap();
    assert!(counted.is_empty(), "{counted:?}");
});

both!(what_cannot_be_kept_is_refused_by_its_field, |app| {
    let worker = app.worker();
    let kept = |search: Value| json!({"name": "x", "search": search});
    for (body, status, code, field) in [
        (json!({"name": "x"}), 400, "missing_field", "search"),
        (json!({"name": " ", "search": {}}), 400, "missing_field", "name"),
        (kept(json!({"lat": 45.5, "lon": -73.5})), 422, "invalid_value", "search.lat"),
        (kept(json!({"near": "Longueuil", "cursor": "x"})), 422, "invalid_value", "search.cursor"),
        (kept(json!({"open_at": "2026-06-15T10:00:00-04:00"})), 422, "invalid_value", "search.open_at"),
        (kept(json!({"radius_km": 0, "near": "Longueuil"})), 422, "out_of_range", "search.radius_km"),
        (kept(json!({"language": "francais"})), 422, "invalid_value", "search.language"),
        (kept(json!({"near": "Zzyzx"})), 422, "place_not_found", "search.near"),
        (kept(json!({"category": "moon"})), 422, "unknown_category", "search.category"),
        (kept(json!({"radius_km": 5})), 400, "missing_field", "search.near"),
    ] {
        let reply = worker.post(SEARCHES, &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    let postal = worker.post(SEARCHES, &kept(json!({"near": "J4K 2T1"}))).expect(201);
    assert_eq!(postal.json["search"]["near"], "J4K", "the end of a postal code is a street");
    for _ in 1..SEARCHES_MAX {
        worker.post(SEARCHES, &childcare(false)).expect(201);
    }
    worker.post(SEARCHES, &childcare(false)).expect_problem(422, "too_many").naming("name");
});

both!(of_a_postal_code_only_its_area_is_kept, |app| {
    let worker = app.worker();
    for (typed, kept) in [
        ("J4K 2T1", "J4K"),
        ("garderie J4K2T1", "garderie J4K"),
        ("garderie près de j4k-2t1, ouverte", "garderie près de J4K, ouverte"),
        ("(J4K\u{a0}2T1) puis g1r 5l3", "(J4K) puis G1R"),
        ("h2x 1y4 H3A\u{2011}0G4", "H2X H3A"),
        ("Ｊ４Ｋ ２Ｔ１ garderie", "J4K garderie"),
        ("J4K", "J4K"),
        ("garderie A1 2 B3C4", "garderie A1 2 B3C4"),
        ("XJ4K 2T1", "XJ4K 2T1"),
    ] {
        let made = worker.post(SEARCHES, &json!({"name": "x", "search": {"q": typed}})).expect(201);
        assert_eq!(made.json["search"]["q"], json!(kept), "{typed}");
        let path = format!("{SEARCHES}/{}", made.id());
        assert_eq!(worker.get(&path).expect(200).json["search"]["q"], json!(kept), "{typed}");
        worker.send("DELETE", &path, None).expect(204);
    }
    let near = json!({"name": "x", "search": {"q": "garderie", "near": "J4K 2T1"}});
    assert_eq!(worker.post(SEARCHES, &near).expect(201).json["search"]["near"], "J4K");
    // The name is for its owner, and is kept as well.
    // Nor is the rest of an address, wherever it stands: the place that was understood is.
    for (typed, kept) in [
        ("H4G 1A1 Verdun", "H4G"),
        ("h4g 1a1, Verdun", "H4G"),
        ("123 rue Saint-Denis, Montréal, QC H2X 1Y4", "H2X"),
        ("4545 boulevard Taschereau, Brossard", "Brossard"),
        ("45 rue Principale Longueuil", "Longueuil"),
    ] {
        let asked = json!({"name": "x", "search": {"q": "garderie H2X  3Y4", "near": typed}});
        let saved = worker.post(SEARCHES, &asked).expect(201).json;
        assert_eq!(
            (&saved["search"]["near"], &saved["search"]["q"]),
            (&json!(kept), &json!("garderie H2X")),
            "{typed}"
        );
    }
    let named = worker.post(SEARCHES, &json!({"name": "Famille J4K 2T1", "search": {"q": "garderie"}})).expect(201);
    assert_eq!(named.json["name"], "Famille J4K");
    let renamed = json!({"name": "g1r5l3"});
    let path = format!("{SEARCHES}/{}", named.id());
    assert_eq!(worker.if_match(1).patch(&path, &renamed).expect(200).json["name"], "G1R");
});
