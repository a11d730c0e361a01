//! What a search asks beyond words and place: what is known to be against it is left out, what nobody said comes after.

use serde_json::{Value, json};

use relais::sample::twenty::organization_id;

use super::app::{Reply, TestApp, both};

const SEARCH: &str = "/api/v1/search";

/// Writes services that only this word finds, each with what is said of it; the index knows them when it returns.
fn write(app: &TestApp, services: &[(&str, Value)]) {
    for (name, said) in services {
        let mut body = json!({
            "organization_id": organization_id("famille"),
            "name": format!("Zibeline {name}"),
            "categories": ["childcare/drop-in"],
            "service_at_locations": [{ "location": {
                "name": format!("Local {name}"),
                "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil", "postal_code": "J4K 1A1",
                    "state_province": "QC", "country": "CA" }],
                "latitude": 45.53, "longitude": -73.51,
            }}],
        });
        for (member, value) in said.as_object().expect("members") {
            match member.as_str() {
                "location" => {
                    let location = body["service_at_locations"][0]["location"].as_object_mut().expect("a location");
                    location.extend(value.as_object().expect("members of a location").clone());
                }
                _ => body[member.as_str()] = value.clone(),
            }
        }
        let made = app.worker().post("/api/v1/services", &body).expect(201);
        known(app, &made);
    }
}

fn known(app: &TestApp, made: &Reply) {
    let change = made.header("relais-change").expect("a change").to_owned();
    app.anonymous().get(&format!("{SEARCH}?min_change={change}")).expect(200);
}

/// What is found of those services, without the word that they share.
fn found(app: &TestApp, asked: &str) -> Vec<String> {
    let reply = app.anonymous().get(&format!("{SEARCH}?q=Zibeline&exact=true&limit=100&{asked}")).expect(200);
    let results = reply.json["results"].as_array().expect("results");
    assert_eq!(reply.json["total"]["value"], results.len(), "{asked}");
    let names = results.iter().map(|one| one["name"].as_str().expect("a name"));
    names.map(|name| name.strip_prefix("Zibeline ").expect("the word").to_owned()).collect()
}

fn counts(app: &TestApp, facet: &str, asked: &str) -> Vec<(String, u64)> {
    let reply = app.anonymous().get(&format!("{SEARCH}?q=Zibeline&exact=true&facets={facet}&{asked}")).expect(200);
    let counts = reply.json["facets"][facet].as_array().expect("counts").clone();
    let mut counts: Vec<(String, u64)> = counts
        .iter()
        .map(|one| (one["value"].as_str().expect("a value").to_owned(), one["count"].as_u64().expect("a count")))
        .collect();
    counts.sort();
    counts
}

fn owned(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
}

both!(who_has_no_money_finds_what_is_free_and_what_may_be, |app| {
    write(
        app,
        &[
            ("muette", json!({})),
            ("payante", json!({"fees_description": "10 $ par visite"})),
            ("gratuite", json!({"fees_description": "Gratuit."})),
        ],
    );
    assert_eq!(found(app, "").len(), 3);
    assert_eq!(found(app, "cost=free"), ["gratuite", "muette"]);
    assert_eq!(found(app, "cost=free&known_only=true"), ["gratuite"]);
    let all = owned(&[("free", 1), ("not_free", 1), ("unknown", 1)]);
    assert_eq!(counts(app, "cost", ""), all);
    assert_eq!(counts(app, "cost", "cost=free"), all, "its own filter is not counted under");
    assert_eq!(counts(app, "category", "cost=free")[0].1, 2, "others are");
});

both!(a_wheelchair_gets_in_or_nobody_has_to_go, |app| {
    let says = |text: &str| json!({"location": {"accessibility": [{"description": text}]}});
    let mut comes = says("Non accessible en fauteuil roulant");
    comes["delivery"] = json!(["at_home"]);
    write(
        app,
        &[
            ("muette", json!({})),
            ("en haut", says("Non accessible en fauteuil roulant")),
            ("à domicile", comes),
            ("de plain-pied", says("Entrée de plain-pied")),
        ],
    );
    let kept = found(app, "wheelchair=true");
    assert_eq!(kept.last().map(String::as_str), Some("muette"), "what nobody said comes after");
    assert_eq!(kept.len(), 3);
    assert!(!kept.contains(&"en haut".to_owned()));
    assert_eq!(found(app, "wheelchair=true&known_only=true").len(), 2);
    assert_eq!(found(app, "wheelchair=false").len(), 4, "nothing is asked");
    assert_eq!(counts(app, "wheelchair", "wheelchair=true"), owned(&[("no", 1), ("unknown", 1), ("yes", 2)]));
});

both!(who_has_no_car_goes_by_bus_on_foot_or_nowhere, |app| {
    let at = |lat: f64| json!({"location": {"latitude": lat, "longitude": -73.51}});
    let mut bus = at(45.60);
    bus["transit"] = json!("Autobus 8");
    write(
        app,
        &[
            ("loin", at(45.60)),
            ("en autobus", bus),
            ("à pied", at(45.531)),
            ("au fil", json!({"delivery": ["at_home"]})),
        ],
    );
    let near = "lat=45.53&lon=-73.51";
    let by_foot = found(app, &format!("no_car=true&known_only=true&{near}"));
    assert_eq!(by_foot.len(), 3, "{by_foot:?}");
    assert!(!by_foot.contains(&"loin".to_owned()));
    let all = found(app, &format!("no_car=true&{near}"));
    assert_eq!((all.len(), all[3].as_str()), (4, "loin"));
    let from_nowhere = found(app, "no_car=true&known_only=true");
    assert!(!from_nowhere.contains(&"à pied".to_owned()), "nobody knows who may walk there: {from_nowhere:?}");
});

both!(it_is_given_as_asked_where_somebody_said_how, |app| {
    write(
        app,
        &[
            ("muette", json!({})),
            ("sur place", json!({"delivery": ["in_person"]})),
            ("des deux façons", json!({"delivery": ["in_person", "remote"]})),
            ("à domicile", json!({"delivery": ["at_home"]})),
        ],
    );
    assert_eq!(found(app, "delivery=remote"), ["des deux façons", "muette"]);
    let either = found(app, "delivery=remote,at_home");
    assert_eq!((either.len(), either[2].as_str()), (3, "muette"));
    assert_eq!(found(app, "delivery=remote&known_only=true"), ["des deux façons"]);
    let all = owned(&[("at_home", 1), ("in_person", 2), ("remote", 1), ("unknown", 1)]);
    assert_eq!(counts(app, "delivery", "delivery=at_home"), all);
    let document = json!({"q": "Zibeline", "exact": true, "delivery": ["remote", "at_home"]});
    assert_eq!(app.anonymous().post(SEARCH, &document).expect(200).json["total"]["value"], 3);
});

both!(what_is_known_to_be_full_is_left_out, |app| {
    write(app, &[("muette", json!({})), ("pleine", json!({})), ("ouverte", json!({}))]);
    let id_of = |name: &str| {
        let reply = app.anonymous().get(&format!("{SEARCH}?q=Zibeline%20{name}&exact=true")).expect(200);
        reply.json["results"][0]["service_id"].as_str().expect("an id").to_owned()
    };
    for (name, places) in [("pleine", 0), ("ouverte", 2)] {
        let path = format!("/api/v1/services/{}/capacities", id_of(name));
        let said = app.worker().post(&path, &json!({"places_available": places}));
        known(app, &said.expect(200));
    }
    assert_eq!(found(app, "has_room=true"), ["ouverte", "muette"]);
    assert_eq!(found(app, "has_room=true&known_only=true"), ["ouverte"]);
    assert_eq!(counts(app, "has_room", "has_room=true"), owned(&[("no", 1), ("unknown", 1), ("yes", 1)]));
});

both!(a_public_comes_first_where_it_is_named_and_is_left_out_where_others_are_alone, |app| {
    write(
        app,
        &[
            ("pour tout le monde", json!({})),
            ("des pères", json!({"public_exclusive": ["fathers"]})),
            ("des femmes", json!({"public_exclusive": ["women"], "public_preferred": ["newcomers"]})),
        ],
    );
    assert_eq!(found(app, "public=women"), ["des femmes", "pour tout le monde"]);
    assert_eq!(found(app, "public=women,fathers").len(), 3);
    assert_eq!(found(app, "public=students"), ["pour tout le monde"]);
    assert_eq!(found(app, "public=women&known_only=true").len(), 2, "everybody is welcome there, which is known");
    assert_eq!(counts(app, "public", "public=women"), owned(&[("fathers", 1), ("newcomers", 1), ("women", 1)]));
});

both!(a_window_asks_for_some_opening_within_it, |app| {
    let week = |byday: &str| {
        json!({"schedules": [
            {"freq": "WEEKLY", "byday": byday, "opens_at": "09:00", "closes_at": "12:00"}
        ]})
    };
    let mut away = week("SA");
    away["location"] = json!({"timezone": "America/Halifax"});
    write(app, &[("muette", json!({})), ("du lundi", week("MO")), ("du samedi", week("SA")), ("d’ailleurs", away)]);
    let within = |from: &str, to: &str| format!("open_from={from}&open_to={to}");
    let saturday = within("2026-06-20T11:30:00-04:00", "2026-06-20T14:00:00-04:00");
    assert_eq!(found(app, &saturday), ["du samedi", "muette"], "at half past eleven it is past noon elsewhere");
    assert_eq!(found(app, &format!("{saturday}&known_only=true")), ["du samedi"]);
    let early = within("2026-06-20T08:00:00-04:00", "2026-06-20T09:00:00-04:00");
    assert_eq!(found(app, &early), ["d’ailleurs", "muette"], "the end is not in the window");
    assert_eq!(found(app, "open_weekly=SA%2010:00-24:00&known_only=true").len(), 2);
    assert_eq!(found(app, "open_weekly=MO+08:00-09:30,TU+08:00-09:30"), ["du lundi", "muette"]);
    let document = json!({"q": "Zibeline", "exact": true, "open_weekly": ["MO 08:00-09:30"], "known_only": true});
    assert_eq!(app.anonymous().post(SEARCH, &document).expect(200).json["total"]["value"], 1);
});

both!(a_language_may_be_met_by_people_who_interpret, |app| {
    write(
        app,
        &[
            ("muette", json!({})),
            ("en français", json!({"languages": [{"code": "fr"}]})),
            ("avec interprète", json!({"languages": [{"code": "fr"}], "interpretation_services": "Sur demande"})),
            ("en arabe", json!({"languages": [{"code": "ar"}]})),
        ],
    );
    assert_eq!(found(app, "language=ar"), ["en arabe", "avec interprète"]);
    assert_eq!(found(app, "language=ar&known_only=true"), ["en arabe"]);
    assert_eq!(counts(app, "language", "language=ar"), owned(&[("ar", 1), ("fr", 2)]), "by who speaks it");
});

both!(who_has_no_papers_is_sent_where_none_are_asked_for, |app| {
    write(
        app,
        &[
            ("muette", json!({})),
            ("à guichet", json!({"required_documents": [{"document": "Preuve de résidence"}]})),
            ("ouverte", json!({"required_documents": [{"document": "Aucun document requis"}]})),
        ],
    );
    assert_eq!(found(app, "documents=none"), ["ouverte", "muette"]);
    assert_eq!(found(app, "documents=none&known_only=true"), ["ouverte"]);
});

both!(several_children_are_asked_for_at_once_and_one_is_enough, |app| {
    write(
        app,
        &[
            ("des petits", json!({"minimum_age_months": 0, "maximum_age_months": 35})),
            ("des grands", json!({"minimum_age_months": 72, "maximum_age_months": 143})),
            ("des moyens", json!({"minimum_age_months": 36, "maximum_age_months": 71})),
        ],
    );
    assert_eq!(found(app, "age_months=6"), ["des petits"]);
    let mut two = found(app, "age_months=6,100");
    two.sort();
    assert_eq!(two, ["des grands", "des petits"]);
    for ages in [json!(6), json!([6, 30]), json!("6,30")] {
        let document = json!({"q": "Zibeline", "exact": true, "age_months": ages});
        assert_eq!(app.anonymous().post(SEARCH, &document).expect(200).json["total"]["value"], 1, "{document}");
    }
});

both!(all_that_is_asked_holds_together_and_goes_on_over_pages, |app| {
    let free = json!({"fees_description": "Gratuit", "delivery": ["remote"]});
    write(
        app,
        &[("une", free.clone()), ("deux", json!({})), ("trois", free), ("quatre", json!({"delivery": ["at_home"]}))],
    );
    let asked = "q=Zibeline&exact=true&cost=free&delivery=remote&public=families&near=Longueuil&limit=1";
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = app.anonymous().get(&format!("{SEARCH}?{asked}{cursor}")).expect(200);
        assert_eq!(reply.json["total"]["value"], 3);
        names.push(reply.json["results"][0]["name"].as_str().expect("a name").to_owned());
        match reply.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((names.len(), names[2].as_str()), (3, "Zibeline deux"));
    let first = app.anonymous().get(&format!("{SEARCH}?{asked}")).expect(200);
    let next = first.json["next_cursor"].as_str().expect("more").to_owned();
    let told =
        app.anonymous().get(&format!("{SEARCH}?{}&explain=true", asked.replace("limit=1", "limit=9"))).expect(200);
    let mut last = (f64::INFINITY, 0);
    for result in told.json["results"].as_array().expect("results") {
        let number = |name: &str| result["explanation"][name].as_f64().expect("a number");
        let words = number("words") * number("words_reach") + number("need") * number("need_reach");
        let sureness = number("sureness");
        assert!((sureness - words * number("known")).abs() < 1e-9, "{result}");
        let unsaid = result["explanation"]["unsaid"].as_u64().expect("a count");
        assert!(sureness < last.0 || sureness <= last.0 && unsaid >= last.1, "{result}");
        last = (sureness, unsaid);
    }
    assert_eq!(last.1, 3, "nobody said what it costs, how it is given and whom it is for");
    let other = asked.replace("cost=free&", "");
    let foreign = app.anonymous().get(&format!("{SEARCH}?{other}&cursor={next}")).expect_problem(400, "invalid_cursor");
    assert_eq!(foreign.json["rule"], "a cursor of an answer to the same question");
});

both!(what_makes_no_sense_is_refused_with_its_field_and_its_rule, |app| {
    let client = app.anonymous();
    let monday = "2026-06-15T10:00:00-04:00";
    for (query, status, code, field, rule) in [
        ("cost=cheap".to_owned(), 422, "invalid_value", "cost", "free"),
        ("wheelchair=yes".to_owned(), 400, "wrong_type", "wheelchair", "true, false"),
        ("no_car=1".to_owned(), 400, "wrong_type", "no_car", "true, false"),
        ("has_room=maybe".to_owned(), 400, "wrong_type", "has_room", "true, false"),
        ("known_only=x".to_owned(), 400, "wrong_type", "known_only", "true, false"),
        ("documents=passport".to_owned(), 422, "invalid_value", "documents", "none"),
        ("delivery=drone".to_owned(), 422, "invalid_value", "delivery", "in_person, remote, at_home"),
        ("delivery=".to_owned(), 422, "invalid_value", "delivery", "in_person, remote, at_home"),
        ("delivery=remote,".to_owned(), 422, "invalid_value", "delivery", "in_person"),
        ("public=everybody".to_owned(), 422, "invalid_value", "public", "single-parents"),
        (format!("public={}", vec!["women"; 101].join(",")), 422, "too_many", "public", "100"),
        ("age_months=six".to_owned(), 400, "wrong_type", "age_months", "months"),
        ("age_months=6,1201".to_owned(), 422, "out_of_range", "age_months", "0..=1200"),
        ("age_months=-1".to_owned(), 422, "out_of_range", "age_months", "0..=1200"),
        ("age_months=99999999999999999999".to_owned(), 400, "wrong_type", "age_months", "months"),
        (format!("age_months={}", vec!["6"; 21].join(",")), 422, "too_many", "age_months", "20"),
        (format!("open_from={monday}"), 400, "missing_field", "open_to", "required"),
        (format!("open_to={monday}"), 400, "missing_field", "open_from", "required"),
        (format!("open_from=today&open_to={monday}"), 422, "invalid_date", "open_from", "RFC 3339"),
        (format!("open_from={monday}&open_to=later"), 422, "invalid_date", "open_to", "RFC 3339"),
        (format!("open_from={monday}&open_to={monday}"), 422, "out_of_range", "open_to", "31 days"),
        (format!("open_from={monday}&open_to=9999-12-31T23:59:59Z"), 422, "out_of_range", "open_to", "31 days"),
        ("open_weekly=SA".to_owned(), 422, "invalid_value", "open_weekly", "SA 09:00-12:00"),
        ("open_weekly=SA+12:00-09:00".to_owned(), 422, "invalid_value", "open_weekly", "SA 09:00-12:00"),
        ("facets=price".to_owned(), 422, "invalid_value", "facets", "cost, wheelchair, delivery, public, has_room"),
        ("cost=free&cost=free".to_owned(), 422, "invalid_value", "cost", "once"),
    ] {
        for client in [client.clone(), client.clone().in_english()] {
            let reply = client.get(&format!("{SEARCH}?{query}")).expect_problem(status, code).naming(field);
            let told = reply.json["rule"].as_str().unwrap_or("");
            assert!(told.contains(rule), "{query}: {told}");
        }
    }
    for (document, code, field) in [
        (json!({"age_months": 24.5}), "wrong_type", "age_months"),
        (json!({"age_months": [6, null]}), "wrong_type", "age_months"),
        (json!({"age_months": {"child": 6}}), "wrong_type", "age_months"),
        (json!({"delivery": [["remote"]]}), "wrong_type", "delivery"),
        (json!({"delivery": true}), "wrong_type", "delivery"),
        (json!({"wheelchair": "true"}), "wrong_type", "wheelchair"),
        (json!({"public": 7}), "invalid_value", "public"),
        (json!({"cost": ["free"]}), "wrong_type", "cost"),
    ] {
        let reply = client.post(SEARCH, &document);
        let told = (reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (Some(code), Some(field)), "{document}: {}", reply.text);
    }
    client.post(SEARCH, &json!({"delivery": [], "public": [], "age_months": []})).expect(200);
    let edge = "open_from=0001-01-01T00:00:00Z&open_to=0001-01-02T00:00:00Z";
    client.get(&format!("{SEARCH}?{edge}")).expect(200);
    client.get(&format!("{SEARCH}?open_from=9999-12-30T00:00:00Z&open_to=9999-12-31T23:59:59Z")).expect(200);
});

both!(a_search_is_kept_with_all_that_it_asks, |app| {
    write(
        app,
        &[("payante", json!({"fees_description": "10 $"})), ("gratuite", json!({"fees_description": "Gratuit."}))],
    );
    let asked = json!({
        "q": "Zibeline", "exact": true, "lang": "fr", "cost": "free", "wheelchair": true, "no_car": true,
        "has_room": true, "documents": "none", "delivery": ["in_person", "remote"], "public": ["women"], "age_months": [6, 40],
        "open_weekly": ["MO 08:00-24:00"],
    });
    let kept = json!({"name": "Zibelines", "search": asked, "alert": true});
    let made = app.worker().post("/api/v1/saved_searches", &kept).expect(201);
    assert_eq!(made.json["search"], asked, "as it was asked");
    let read = app.worker().get(&format!("/api/v1/saved_searches/{}", made.id())).expect(200);
    assert_eq!(read.json["search"], asked);
    let again = app.anonymous().post(SEARCH, &read.json["search"]).expect(200);
    assert_eq!(again.json["total"]["value"], 1, "what is kept asks the search as it is: {}", again.text);
    let words = json!({"name": "x", "search": {"delivery": "remote,at_home", "age_months": "24", "known_only": true}});
    let made = app.worker().post("/api/v1/saved_searches", &words).expect(201);
    assert_eq!(made.json["search"]["delivery"], json!(["remote", "at_home"]));
    assert_eq!((&made.json["search"]["age_months"], &made.json["search"]["known_only"]), (&json!(24), &json!(true)));
    for (search, field) in [
        (json!({"open_from": "2026-06-15T10:00:00Z", "open_to": "2026-06-15T11:00:00Z"}), "search.open_from"),
        (json!({"public": "everybody"}), "search.public"),
        (json!({"age_months": "6,x"}), "search.age_months"),
    ] {
        let reply = app.worker().post("/api/v1/saved_searches", &json!({"name": "x", "search": search}));
        assert!((400..500).contains(&reply.status));
        assert_eq!(reply.json["field"], field, "{}", reply.text);
    }
});
