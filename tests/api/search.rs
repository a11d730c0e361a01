//! Searching over HTTP: what is found, in which order, what is never told, and what is refused.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use relais::domain::directory::{Location, Origin, Point, Service, ServiceAtLocation, Visibility};
use relais::domain::language::Text;
use relais::id::Id;
use relais::sample::twenty::{location_id, organization_id, service_id};
use relais::store::{Backend, locations, services};
use serde_json::{Value, json};

use super::app::{Reply, TestApp, both};

fn names(reply: &Reply) -> Vec<String> {
    let results = reply.json["results"].as_array().expect("results");
    results.iter().map(|result| result["name"].as_str().expect("a name").to_owned()).collect()
}
fn ids(reply: &Reply) -> Vec<String> {
    let results = reply.json["results"].as_array().expect("results");
    results.iter().map(|result| result["service_id"].as_str().expect("an id").to_owned()).collect()
}
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

both!(words_find_services_in_both_languages_and_say_why, |app| {
    let client = app.anonymous();
    let reply = client.get("/api/v1/search?q=banque%20alimentaire").expect(200);
    assert_eq!(names(&reply)[0], "Dépannage alimentaire", "{}", reply.text);
    assert_eq!(reply.json["total"]["relation"], "eq");
    let english = client.clone().in_english().get("/api/v1/search?q=food%20bank").expect(200);
    assert_eq!(names(&english)[0], "Food bank");
    assert_eq!(english.json["results"][0]["match"][0]["kind"], "exact");
    let misspelt = client.get("/api/v1/search?q=alaitement").expect(200);
    // What else would help comes after.
    assert_eq!(names(&misspelt)[0], "Soutien à l’allaitement");
    assert_eq!(misspelt.json["results"][0]["match"][0]["kind"], "typo");
    assert!(names(&client.get("/api/v1/search?q=alaitement&exact=true").expect(200)).is_empty());
    let by_document = client.post("/api/v1/search", &json!({"q": "banque alimentaire"})).expect(200);
    assert_eq!(by_document.json, reply.json);
});

both!(a_text_that_names_no_service_finds_what_answers_it, |app| {
    let client = app.anonymous();
    let found = |query: &str| client.get(&format!("/api/v1/search?q={}", escaped(query))).expect(200);
    let told = found("il reste plus rien dans le garde-manger");
    assert_eq!(told.json["results"][0]["categories"], json!(["food/food-bank"]), "{}", told.text);
    let because = told.json["results"][0]["match"].as_array().expect("reasons").last().expect("a reason").clone();
    assert_eq!((&because["kind"], &because["field"]), (&json!("need"), &json!("category")), "{because}");
    let exact = format!("/api/v1/search?exact=true&q={}", escaped("il reste plus rien dans le garde-manger"));
    assert!(!client.get(&exact).expect(200).text.contains("\"need\""), "words alone");
    // By distance, what is named comes alone; what is only meant, where nothing is named.
    let by_distance = |query: &str| {
        let path = format!("/api/v1/search?near=longueuil&sort=distance&q={}", escaped(query));
        names(&client.get(&path).expect(200))
    };
    assert_eq!(by_distance("allaitement"), ["Soutien à l’allaitement"]);
    assert!(!by_distance("garde-manger vide").is_empty());
});

both!(a_result_shows_the_words_found_and_what_its_place_is_made_of, |app| {
    let client = app.anonymous();
    let plain = client.get("/api/v1/search?q=alimentaires&near=longueuil").expect(200);
    assert!(plain.json["results"][0].get("explanation").is_none(), "{}", plain.text);
    assert!(plain.json["results"][0].get("highlights").is_none());
    let told = client.get("/api/v1/search?q=alimentaires&near=longueuil&explain=true&highlight=true").expect(200);
    assert_eq!(ids(&told), ids(&plain));
    let results = told.json["results"].as_array().unwrap();
    let first = results.iter().find(|result| result["name"] == "Dépannage alimentaire").expect("it is found");
    let name = &first["highlights"][0];
    let expected = json!([{"text": "Dépannage ", "found": false}, {"text": "alimentaire", "found": true}]);
    assert_eq!((&name["field"], &name["pieces"]), (&json!("name"), &expected), "{first}");
    let mut last = (f64::INFINITY, f64::INFINITY);
    for result in results {
        let number = |name: &str| result["explanation"][name].as_f64().unwrap_or_else(|| panic!("{name}: {result}"));
        let sureness = number("words") * number("words_reach") + number("need") * number("need_reach");
        let factors = ["words_fit", "served", "open", "room", "fresh", "nearness"].map(number);
        let place = (number("sureness"), number("fit"));
        assert!((place.0 - sureness).abs() < 1e-9, "{result}");
        assert!((place.1 - factors.iter().product::<f64>()).abs() < 1e-9, "{result}");
        assert!(place <= last, "results stand as they are explained: {place:?} after {last:?}");
        last = place;
    }
    let on_a_page = client.get("/api/v1/search?q=alimentaires&near=longueuil&limit=1").expect(200);
    let cursor = on_a_page.json["next_cursor"].as_str().expect("a second page");
    let next = format!("/api/v1/search?q=alimentaires&near=longueuil&explain=true&highlight=true&cursor={cursor}");
    client.get(&next).expect(200);
    client.get("/api/v1/search?explain=perhaps").expect(400);
});

both!(a_result_says_why_it_may_not_fit, |app| {
    let client = app.anonymous();
    let paused = format!("/api/v1/services/{}", service_id("garderie"));
    let version = client.get(&paused).expect(200).json["version"].as_i64().unwrap();
    let written = app.curator().if_match(version).patch(&paused, &json!({"status": "temporarily closed"})).expect(200);
    let change = &written.json["change"];
    let found = |asked: &str| {
        let path = format!("/api/v1/search?limit=100&min_change={change}{asked}");
        client.get(&path).expect(200).json["results"].clone()
    };
    let all = [found(""), found("&near=longueuil&sort=distance")];
    for result in all.iter().flat_map(|results| results.as_array().unwrap()) {
        let id = result["service_id"].as_str().unwrap();
        let service = client.get(&format!("/api/v1/services/{id}")).expect(200).json;
        let said = |caution: &str| result["cautions"].as_array().unwrap().contains(&json!(caution));
        let is_paused = service["status"] == "temporarily closed";
        assert_eq!(said("closed_for_a_while"), is_paused, "{service}");
        assert_eq!(said("closed_now"), result["open_now"] == false && !is_paused, "{result}");
        assert!(!said("holiday"), "{result}");
        let places = service["capacity"]["places_available"].as_i64();
        assert_eq!(said("full"), places.is_some_and(|places| places <= 0), "{service}");
        assert_eq!(said("never_verified"), service["verified_at"].is_null(), "{service}");
    }
});

both!(on_a_holiday_nobody_knows_who_is_open, |app| {
    let client = app.anonymous();
    let open = |at: &str| names(&client.get(&format!("/api/v1/search?limit=100&open_at={}", escaped(at))).expect(200));
    // Two Wednesdays at ten, the second being the national holiday.
    let (usual, holiday) = (open("2026-06-17T10:00:00-04:00"), open("2026-06-24T10:00:00-04:00"));
    assert!(holiday.len() < usual.len() && usual.len() > 1, "{holiday:?} {usual:?}");
    app.advance(TimeDelta::days(9));
    let all = client.get("/api/v1/search?limit=100").expect(200);
    let results = all.json["results"].as_array().unwrap();
    let doubtful = |result: &&Value| result["cautions"].as_array().unwrap().contains(&json!("holiday"));
    let told: Vec<&Value> = results.iter().filter(doubtful).collect();
    assert!(!told.is_empty() && told.iter().all(|result| result["open_now"].is_null()), "{told:?}");
});

both!(a_part_of_the_map_a_territory_and_counts_narrow_a_search, |app| {
    let client = app.anonymous();
    let all = client.get("/api/v1/search?limit=100").expect(200);
    let places: Vec<(String, f64, f64)> = all.json["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| {
            let at = &result["location"];
            Some((result["service_id"].as_str()?.to_owned(), at["lat"].as_f64()?, at["lon"].as_f64()?))
        })
        .collect();
    let (south, north, west, east) = (45.5, 45.56, -73.53, -73.4);
    let inside = |lat: f64, lon: f64| (south..=north).contains(&lat) && (west..=east).contains(&lon);
    let expected: BTreeSet<String> =
        places.iter().filter(|(_, lat, lon)| inside(*lat, *lon)).map(|(id, ..)| id.clone()).collect();
    assert!(!expected.is_empty() && expected.len() < places.len(), "{places:?}");
    let boxed = client.get(&format!("/api/v1/search?limit=100&bbox={west},{south},{east},{north}")).expect(200);
    let found: BTreeSet<String> = ids(&boxed).into_iter().collect();
    assert!(found.is_superset(&expected), "{found:?} {expected:?}");
    let ring = json!([[west, south], [east, south], [east, north], [west, north], [west, south]]);
    let polygon = json!({"limit": 100, "polygon": {"type": "Polygon", "coordinates": [ring]}});
    assert_eq!(ids(&client.post("/api/v1/search", &polygon).expect(200)), ids(&boxed));

    let counted = client.get("/api/v1/search?facets=category,language&category=food&limit=100").expect(200);
    let count = |facets: &Value, facet: &str, value: &str| {
        let values = facets[facet].as_array().unwrap().clone();
        values.iter().find(|one| one["value"] == value).map_or(0, |one| one["count"].as_u64().unwrap())
    };
    let facets = &counted.json["facets"];
    for category in ["food", "childcare"] {
        let alone = client.get(&format!("/api/v1/search?category={category}")).expect(200);
        assert_eq!(count(facets, "category", category), alone.json["total"]["value"], "as if no category was asked");
    }
    assert!(count(facets, "language", "fr") <= counted.json["total"]["value"].as_u64().unwrap(), "only of food");
    assert!(all.json.get("facets").is_none());

    let in_mrc = client.get("/api/v1/search?territory=mrc:58&limit=100").expect(200);
    assert!(in_mrc.json["total"]["value"].as_u64() < all.json["total"]["value"].as_u64(), "{}", in_mrc.text);
    assert!(in_mrc.json["total"]["value"].as_u64() > Some(0));
});

both!(counts_are_those_of_the_search_that_asks_for_the_value, |app| {
    let client = app.anonymous();
    let total =
        |filters: &str| client.get(&format!("/api/v1/search?{filters}")).expect(200).json["total"]["value"].clone();
    let all = total("limit=1");
    for filters in [
        "territory=mrc:58",
        "bbox=-73.53,45.5,-73.4,45.56",
        "near=Longueuil&radius_km=3",
        "near=Longueuil&coverage=served",
        "open_at=2026-06-15T10:00:00-04:00",
        "age_months=30",
        "language=es",
        "q=aide",
    ] {
        let counted = client.get(&format!("/api/v1/search?{filters}&facets=category")).expect(200);
        let counts = counted.json["facets"]["category"].as_array().expect("counts");
        assert!(!counts.is_empty(), "{filters}");
        assert_ne!(counted.json["total"]["value"], all, "{filters} leaves something out");
        for one in counts {
            let category = one["value"].as_str().expect("a code");
            assert_eq!(one["count"], total(&format!("{filters}&category={category}")), "{filters} {category}");
        }
    }
});

both!(parts_of_the_map_that_make_no_sense_are_refused_with_their_rule, |app| {
    let client = app.anonymous();
    let refused = |path: &str, field: &str| {
        let reply = client.get(path);
        assert_eq!((reply.status, &reply.json["field"]), (422, &json!(field)), "{path} {}", reply.text);
    };
    for bbox in ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,0,0,1", "0,1,1,0", "NaN,0,1,1", "0,0,181,1", "", "inf,0,1,1"] {
        refused(&format!("/api/v1/search?bbox={bbox}"), "bbox");
    }
    refused("/api/v1/search?facets=colour", "facets");
    refused("/api/v1/search?territory=mrc:nowhere", "territory");
    let bowtie = json!([[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]);
    let endless: Vec<[f64; 2]> = (0..100_000).map(|n| [f64::from(n) / 1e4, f64::from(n % 7)]).collect();
    for (coordinates, rule) in [
        (bowtie, "edges do not cross"),
        (json!([endless]), "search_corners_max = 1000"),
        (json!([]), "RFC 7946, Polygon"),
    ] {
        let reply = client.post("/api/v1/search", &json!({"polygon": {"type": "Polygon", "coordinates": coordinates}}));
        assert!((400..500).contains(&reply.status), "{}", reply.text);
        // The longest does not fit in a request at all.
        assert!(reply.status == 413 || reply.json["rule"] == rule, "{}", reply.text);
    }
});

both!(a_place_gives_distances_and_who_is_served, |app| {
    let reply = app.anonymous().get("/api/v1/search?category=food&near=longueuil&sort=distance").expect(200);
    assert_eq!(reply.json["place"]["id"], "municipality:58227", "{}", reply.text);
    let point =
        Point { lat: reply.json["place"]["lat"].as_f64().unwrap(), lon: reply.json["place"]["lon"].as_f64().unwrap() };
    let expected = point.distance_km(Point { lat: 45.5369, lon: -73.5061 });
    let first = &reply.json["results"][0];
    assert!((first["distance_km"].as_f64().unwrap() - expected).abs() < 1e-9);
    assert_eq!(first["served"], true);
    assert_eq!(first["location"]["placement"], "exact");
    let served = app.anonymous().get("/api/v1/search?near=Longueuil&coverage=served&limit=100").expect(200);
    assert!(names(&served).contains(&"Hébergement pour femmes et enfants".to_owned()), "its region is served");
    assert!(!names(&served).contains(&"Clinique d’impôts gratuite".to_owned()), "Québec City's own");
    let near = app.anonymous().get("/api/v1/search?lat=45.5312&lon=-73.5181&radius_km=3").expect(200);
    let distances: Vec<f64> =
        near.json["results"].as_array().unwrap().iter().map(|one| one["distance_km"].as_f64().unwrap()).collect();
    assert!(!distances.is_empty() && distances.is_sorted() && distances.iter().all(|km| *km <= 3.0), "{distances:?}");
    app.anonymous().get("/api/v1/search?near=Zzyzx").expect_problem(422, "place_not_found").naming("near");
    for (typed, meant) in [("Longeuil", "Longueuil"), ("Sherbroke", "Sherbrooke")] {
        let told = app.anonymous().get(&format!("/api/v1/search?near={typed}")).expect_problem(422, "place_not_found");
        assert!(told.json["meant"][0].as_str().unwrap_or("").starts_with(meant), "{}", told.text);
        assert!(told.json["rule"].as_str().is_some_and(|rule| !rule.contains(meant)), "{}", told.text);
    }
});

both!(homonyms_are_told, |app| {
    let reply = app.anonymous().get("/api/v1/search?near=Saint-Lambert").expect(200);
    let alternatives = reply.json["place"]["alternatives"].as_array().expect("alternatives");
    assert!(!alternatives.is_empty(), "{}", reply.json["place"]);
    assert!(reply.json["place"]["name"].as_str().unwrap().starts_with("Saint-Lambert"));
});

both!(hours_ages_and_languages_are_filters, |app| {
    let client = app.anonymous();
    let open = client.get("/api/v1/search?open_at=2026-06-15T03:00:00-04:00&limit=100").expect(200);
    let day = client.get("/api/v1/search?open_at=2026-06-15T10:00:00-04:00&limit=100").expect(200);
    assert!(names(&open).len() < names(&day).len(), "few are open at three in the morning");
    assert!(day.json["results"].as_array().unwrap().iter().all(|one| one["open_now"] == true), "14:00 UTC is now");
    let grown = client.get("/api/v1/search?category=childcare&age_months=400").expect(200);
    assert!(!names(&grown).contains(&"Places en garderie 0-5 ans".to_owned()), "{:?}", names(&grown));
    let child = client.get("/api/v1/search?category=childcare&age_months=24").expect(200);
    assert!(names(&child).contains(&"Places en garderie 0-5 ans".to_owned()));
});

both!(pages_hold_everything_once, |app| {
    let client = app.anonymous();
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = client.get(&format!("/api/v1/search?near=Longueuil&limit=7{cursor}")).expect(200);
        assert_eq!(reply.json["total"]["value"], 20);
        found.extend(ids(&reply));
        match reply.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((found.len(), found.iter().collect::<BTreeSet<_>>().len()), (20, 20));
});

both!(a_hidden_place_is_nowhere, |app| {
    let shelter = service_id("abri").to_string();
    for client in [app.anonymous(), app.worker()] {
        // Where it really is, and in circles of every size around it.
        for radius_km in ["0.1", "1", "5", "50", "2000"] {
            let path = format!("/api/v1/search?lat=45.5241&lon=-73.4921&radius_km={radius_km}&limit=100");
            assert!(!ids(&client.get(&path).expect(200)).contains(&shelter), "{radius_km} km");
        }
        let found = client.get("/api/v1/search?q=h%C3%A9bergement&near=Longueuil").expect(200);
        assert!(ids(&found).contains(&shelter));
        for secret in ["45.5241", "73.4921", "Secrète", &location_id("eclaircie").to_string()] {
            assert!(!found.text.contains(secret), "{secret}");
        }
        let at = ids(&found).iter().position(|id| *id == shelter).unwrap();
        assert_eq!(
            (&found.json["results"][at]["location"], &found.json["results"][at]["distance_km"]),
            (&Value::Null, &Value::Null)
        );
        assert!(ids(&client.get("/api/v1/search?q=secr%C3%A8te&exact=true").expect(200)).is_empty());
    }
});

both!(what_does_not_make_sense_is_refused_with_its_field, |app| {
    let client = app.anonymous();
    let refused = |query: &str, code: &str, field: &str| {
        let reply = client.get(&format!("/api/v1/search?{query}"));
        assert!((400..500).contains(&reply.status), "{query}: {}", reply.text);
        assert_eq!((reply.json["code"].as_str(), reply.json["field"].as_str()), (Some(code), Some(field)), "{query}");
    };
    for (lat, lon, field) in [
        ("NaN", "0", "lat"),
        ("inf", "0", "lat"),
        ("1e400", "0", "lat"),
        ("90.0001", "0", "lat"),
        ("0", "181", "lon"),
        ("0", "-infinity", "lon"),
    ] {
        refused(&format!("lat={lat}&lon={lon}"), "out_of_range", field);
    }
    refused("lat=45", "missing_field", "lon");
    refused("lat=x&lon=0", "wrong_type", "lat");
    refused("lat=45&lon=-73&near=Longueuil", "invalid_value", "near");
    for radius in ["-1", "0", "20000", "NaN", "inf"] {
        refused(&format!("near=Longueuil&radius_km={radius}"), "out_of_range", "radius_km");
    }
    refused("radius_km=5", "missing_field", "near");
    refused("sort=distance", "missing_field", "near");
    for limit in ["0", "-1", "101", "1000000000"] {
        refused(&format!("limit={limit}"), "out_of_range", "limit");
    }
    refused("limit=1e9", "wrong_type", "limit");
    refused("age_months=1201", "out_of_range", "age_months");
    for code in ["zz", "fra", "x", "fr,en"] {
        refused(&format!("language={code}"), "invalid_value", "language");
    }
    refused("category=nothing/at-all", "unknown_category", "category");
    refused("open_at=tomorrow", "invalid_date", "open_at");
    refused("coverage=far", "invalid_value", "coverage");
    refused("language=francais", "invalid_value", "language");
    refused("lang=de", "invalid_value", "lang");
    refused("querry=x", "unknown_field", "querry");
    refused("min_change=-1", "out_of_range", "min_change");
    for cursor in ["x", "AAAA", "%C3%A9", &"A".repeat(5_000)] {
        refused(&format!("cursor={cursor}"), "invalid_cursor", "cursor");
    }
    refused(&format!("q={}", "a".repeat(7_000)), "over_limit", "q");
    client.post("/api/v1/search", &json!({"lat": "45", "lon": -73})).expect_problem(400, "wrong_type").naming("lat");
    client.post("/api/v1/search", &json!({"sort": "price"})).expect_problem(422, "invalid_value").naming("sort");
    let huge = client.post_bytes("/api/v1/search", "application/json", b"{\"lat\": 1e400, \"lon\": 0}");
    assert!((400..500).contains(&huge.status), "{}", huge.text);
    client.post_bytes("/api/v1/search", "application/json", b"{\"q\": \"x\"").expect_problem(400, "invalid_json");
});

both!(odd_words_are_only_words, |app| {
    let client = app.anonymous();
    for text in [
        "\"open",
        "garderie*",
        "?",
        "name:garderie",
        "(",
        "[a TO b]",
        "-garderie",
        "a AND",
        "garderie\nCPE",
        "😀",
        "'; DROP TABLE service; --",
    ] {
        client.get(&format!("/api/v1/search?q={}", escaped(text))).expect(200);
        let refused = if text.contains('\n') { "invalid_value" } else { "place_not_found" };
        client.get(&format!("/api/v1/search?near={}", escaped(text))).expect_problem(422, refused);
        client.post("/api/v1/search", &json!({"q": text})).expect(200);
    }
});

both!(a_change_that_nobody_made_is_refused_at_once, |app| {
    let head = app.deps.store.read(relais::store::changes::head).unwrap().n;
    app.anonymous().get(&format!("/api/v1/search?min_change={head}")).expect(200);
    let started = std::time::Instant::now();
    for change in [head + 1, i64::MAX] {
        let reply = app.anonymous().get(&format!("/api/v1/search?min_change={change}"));
        let reply = reply.expect_problem(422, "out_of_range").naming("min_change");
        assert_eq!(reply.json["rule"], format!("<= {head}"));
        let by_document = app.anonymous().post("/api/v1/search", &json!({"min_change": change}));
        by_document.expect_problem(422, "out_of_range").naming("min_change");
    }
    let wait_ms = u128::from(app.deps.config.limits.search_min_change_wait_ms);
    assert!(started.elapsed().as_millis() < wait_ms, "nothing was waited for");
});

fn a_change_that_the_index_does_not_receive_is_told_in_time(backend: Backend) {
    let Some(mut app) = TestApp::start_with(backend, |config| config.limits.search_min_change_wait_ms = 100) else {
        return;
    };
    app.stop_jobs();
    let garderie = app.deps.store.read(|conn| services::get_aggregate(conn, service_id("garderie"))).unwrap().service;
    let renamed = Service { name: Text::fr("Ostrogoth"), ..garderie };
    let write = |tx: &mut relais::store::Tx<'_>| services::update(tx, &renamed, "test");
    let change = app.deps.store.write(app.deps.clock.now(), write).unwrap().change;
    let reply = app.anonymous().get(&format!("/api/v1/search?min_change={change}"));
    assert!(reply.expect_problem(503, "index_behind").header("retry-after").is_some());
}

#[test]
fn a_change_that_the_index_does_not_receive_is_told_in_time_on_sqlite() {
    a_change_that_the_index_does_not_receive_is_told_in_time(Backend::Sqlite);
}

#[test]
fn a_change_that_the_index_does_not_receive_is_told_in_time_on_postgres() {
    a_change_that_the_index_does_not_receive_is_told_in_time(Backend::Postgres);
}

/// A fictitious directory of many services around Longueuil, several places each, equal distances on purpose.
fn add_many(app: &TestApp) -> Vec<(Id, Vec<Point>)> {
    let now = app.deps.clock.now();
    let mut added = Vec::new();
    let mut places: Vec<Location> = Vec::new();
    let mut many: Vec<Service> = Vec::new();
    let model = app.deps.store.read(|conn| services::get_aggregate(conn, service_id("garderie"))).unwrap();
    for n in 0..240_i32 {
        let id = app.deps.ids.new_id(now);
        let points: Vec<Point> = (0..n % 4)
            .map(|at| Point {
                lat: 45.53 + f64::from((n / 3 * 7 + at * 3) % 23 - 11) * 0.01,
                lon: -73.51 + f64::from((n / 3 * 5 + at) % 31 - 15) * 0.01,
            })
            .collect();
        let of_service: Vec<Id> = points
            .iter()
            .map(|point| {
                let place_id = app.deps.ids.new_id(now);
                places.push(Location {
                    id: place_id,
                    origin: Origin::local(place_id),
                    point: Some(*point),
                    visibility: Visibility::Public,
                    ..model.locations[0].clone()
                });
                place_id
            })
            .collect();
        many.push(Service {
            id,
            origin: Origin::local(id),
            organization_id: organization_id("cpe"),
            name: Text::fr(&format!("CPE numéro {n}")),
            categories: vec![if n % 5 == 0 { "food/food-bank" } else { "childcare/daycare" }.to_owned()],
            at_locations: of_service.iter().map(|place| ServiceAtLocation::plain(id, *place)).collect(),
            ..model.service.clone()
        });
        if n % 5 != 0 {
            added.push((id, points));
        }
    }
    let write = |tx: &mut relais::store::Tx<'_>| {
        locations::insert_many(tx, &places)?;
        services::insert_many(tx, &many, "test")
    };
    let written = app.deps.store.write(now, write).unwrap();
    app.anonymous().get(&format!("/api/v1/search?min_change={}", written.change)).expect(200);
    added.push((service_id("garderie"), vec![Point { lat: 45.5264, lon: -73.4694 }]));
    added
}

both!(childcare_within_ten_kilometres_equals_a_brute_force_list, |app| {
    let directory = add_many(app);
    let place = app.anonymous().get("/api/v1/search?near=Longueuil").expect(200).json["place"].clone();
    let origin = Point { lat: place["lat"].as_f64().unwrap(), lon: place["lon"].as_f64().unwrap() };
    let mut brute: Vec<(f64, String)> = directory
        .iter()
        .filter_map(|(id, points)| {
            let nearest = points.iter().map(|point| origin.distance_km(*point)).min_by(f64::total_cmp)?;
            (nearest <= 10.0).then(|| (nearest, id.to_string()))
        })
        .collect();
    brute.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
    assert!(brute.windows(2).any(|pair| pair[0].0 == pair[1].0), "ties are tried");
    let asked = json!({"q": "CPE", "category": "childcare/daycare", "near": "Longueuil", "radius_km": 10, "sort": "distance", "limit": 37});
    let mut found: Vec<(f64, String)> = Vec::new();
    let mut body = asked.clone();
    loop {
        let reply = app.anonymous().post("/api/v1/search", &body).expect(200);
        assert_eq!(reply.json["total"], json!({"value": brute.len(), "relation": "eq"}));
        for result in reply.json["results"].as_array().unwrap() {
            found.push((result["distance_km"].as_f64().unwrap(), result["service_id"].as_str().unwrap().to_owned()));
        }
        match &reply.json["next_cursor"] {
            Value::Null => break,
            cursor => body["cursor"] = cursor.clone(),
        }
    }
    assert_eq!(found.len(), brute.len());
    for (found, brute) in found.iter().zip(&brute) {
        // The last bit of a number may change when a program reads JSON; the order may not.
        assert!(found.1 == brute.1 && (found.0 - brute.0).abs() < 1e-9, "{found:?} {brute:?}");
    }
});
