//! An organisation keeps its own records true without an account: a letter, a page, one tap.

use chrono::TimeDelta;
use relais::domain::directory::Service;
use relais::id::Id;
use relais::store::{Backend, services};
use serde_json::{Value, json};

use super::app::{Reply, TestApp, both, config};
use super::story::{letters, organization, places, service};

/// The rhythm of the twenty is six months.
const DUE_DAYS: i64 = 183;
/// Organisations of the twenty that give a service.
const ORGANIZATIONS: usize = 10;

/// The path of the link in a letter.
fn link_in(letter: &str) -> String {
    let from = letter.find("https://relais.example/d/").expect("a link") + "https://relais.example".len();
    letter[from..].split(|c: char| c.is_whitespace() || c == '?').next().expect("a path").to_owned()
}

fn letter_to<'a>(letters: &'a [String], address: &str) -> &'a str {
    let to = format!("To: {address}");
    let mut found = letters.iter().filter(|letter| letter.contains(&to));
    let letter = found.next_back();
    letter.unwrap_or_else(|| panic!("a letter to {address}"))
}

/// Six months later everything is due, and every organisation has been written to.
fn all_due(app: &TestApp) -> Vec<String> {
    app.advance(TimeDelta::days(DUE_DAYS));
    letters(app, ORGANIZATIONS)
}

fn due(app: &TestApp) -> Vec<String> {
    let page = app.curator().get("/api/v1/freshness?limit=100").expect(200).json;
    let names = page["results"].as_array().expect("results").iter();
    names.map(|one| one["service_id"].as_str().expect("an id").to_owned()).collect()
}

fn tap(app: &TestApp, link: &str, what: &str, form: &[(&str, &str)]) -> Reply {
    app.anonymous().post_form(&format!("{link}/{what}"), form)
}

fn is_kept_by_nobody(page: &Reply) {
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert!(!page.text.contains("<script") && !page.text.contains(" style=") && !page.text.contains(" onclick"));
}

fn version(app: &TestApp, key: &str) -> i64 {
    app.anonymous().get(&format!("/api/v1/services/{}", service(key))).expect(200).json["version"]
        .as_i64()
        .expect("one")
}

both!(from_the_letter_to_the_confirmed_record, |app| {
    assert!(due(app).is_empty());
    let letters = all_due(app);
    let letter = letter_to(&letters, "admission@petites-pousses.example");
    for said in ["Places en garderie 0-5 ans", "Daycare places 0-5", "Bonjour", "Hello", "Message-ID: <"] {
        assert!(letter.contains(said), "{said} in {letter}");
    }
    let link = link_in(letter);
    assert_eq!(link.len(), "/d/".len() + 22, "128 bits");
    let garderie = service("garderie").to_string();
    assert_eq!(due(app).len(), 20);

    // Reading changes nothing, however often.
    let before = version(app, "garderie");
    for _ in 0..3 {
        let page = app.anonymous().get(&link).expect(200);
        is_kept_by_nobody(&page);
        for shown in ["Places en garderie 0-5 ans", "À confirmer", "Tout est exact", "07:00-18:00"] {
            assert!(page.text.contains(shown), "{shown} in {}", page.text);
        }
    }
    let english = app.anonymous().in_english().get(&link).expect(200);
    assert!(english.text.contains("lang=\"en\"") && english.text.contains("Everything is right"));
    assert!(english.text.contains("Reduced-contribution"), "{}", english.text);
    assert_eq!(version(app, "garderie"), before);

    // One tap.
    let back = tap(app, &link, "confirm", &[("service_id", &garderie)]).expect(303);
    assert_eq!(back.header("location"), Some(format!("{link}?lang=fr").as_str()));
    assert_eq!(places(app, "garderie").1, Some(app.clock.now()));
    assert!(!due(app).contains(&garderie) && due(app).len() == 19);
    assert!(app.anonymous().get(&link).expect(200).text.contains("À jour"));

    // The same tap again is the same.
    let confirmed = version(app, "garderie");
    assert_eq!(confirmed, before + 1);
    tap(app, &link, "confirm", &[("service_id", &garderie)]).expect(303);
    assert_eq!(version(app, "garderie"), confirmed);
});

both!(confirming_brings_back_what_had_left_the_search, |app| {
    let query = "/api/v1/search?q=garderie&exact=true&category=childcare/daycare";
    app.advance(TimeDelta::days(DUE_DAYS + 365));
    assert_eq!(app.anonymous().get(query).expect(200).json["total"]["value"], 0);
    let letters = letters(app, ORGANIZATIONS);
    let link = link_in(letter_to(&letters, "admission@petites-pousses.example"));
    assert!(app.anonymous().get(&link).expect(200).text.contains("Retirée de la recherche"));
    tap(app, &link, "confirm", &[("service_id", &service("garderie").to_string())]).expect(303);
    let head = app.deps.store.read(relais::store::changes::head).expect("the head").n;
    let found = app.anonymous().get(&format!("{query}&min_change={head}")).expect(200).json;
    assert_eq!(found["total"]["value"], 1);
});

both!(three_letters_each_with_a_fresh_link_and_no_more, |app| {
    let first = link_in(letter_to(&all_due(app), "admission@petites-pousses.example"));
    app.advance(TimeDelta::days(13));
    letters(app, ORGANIZATIONS);
    app.advance(TimeDelta::days(1));
    let second = link_in(letter_to(&letters(app, 2 * ORGANIZATIONS), "admission@petites-pousses.example"));
    assert_ne!(first, second);
    // Who has confirmed is written to no more.
    tap(app, &second, "confirm", &[("service_id", &service("garderie").to_string())]).expect(303);
    app.advance(TimeDelta::days(16));
    let third = letters(app, 3 * ORGANIZATIONS - 1);
    let to_centre = third.iter().filter(|letter| letter.contains("To: admission@petites-pousses.example"));
    assert_eq!(to_centre.count(), 2);
    app.advance(TimeDelta::days(60));
    letters(app, 3 * ORGANIZATIONS - 1);
    // Every link ends.
    app.anonymous().get(&second).expect(404);
});

both!(a_link_that_does_not_answer_is_one_and_the_same_page, |app| {
    let letters = all_due(app);
    let link = link_in(letter_to(&letters, "admission@petites-pousses.example"));
    let garderie = service("garderie").to_string();
    let unknown = app.anonymous().get("/d/AAAAAAAAAAAAAAAAAAAAAA").expect(404);
    is_kept_by_nobody(&unknown);
    let long = app.anonymous().get(&format!("/d/{}", "A".repeat(500))).expect(404);
    assert_eq!(unknown.text, long.text);
    // A link of a referral is no link of records, and the reverse.
    app.anonymous().get(&link.replace("/d/", "/r/")).expect(404);
    // Another organisation's service is not there.
    let before = version(app, "panier");
    for what in ["confirm", "capacity", "closure", "correction"] {
        let form = [("service_id", &*service("panier").to_string())];
        let with = match what {
            "capacity" => [&form[..], &[("places_available", "1")]].concat(),
            "closure" => [&form[..], &[("closed_until", "2026-12-31")]].concat(),
            "correction" => [&form[..], &[("phone", "450 555-0142")]].concat(),
            _ => form.to_vec(),
        };
        tap(app, &link, what, &with).expect(404);
        tap(app, "/d/AAAAAAAAAAAAAAAAAAAAAA", what, &with).expect(404);
    }
    assert_eq!(version(app, "panier"), before);
    // Forged: one letter of the token is another.
    let end = if link.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{end}", &link[..link.len() - 1]);
    app.anonymous().get(&forged).expect(404);
    // The organisation has another address now: the letters sent to the old one open nothing.
    let moved = app.deps.store.write(app.clock.now(), |tx| {
        relais::store::organizations::set_referral_address(
            tx,
            organization("cpe"),
            Some("neuve@petites-pousses.example"),
        )
    });
    moved.expect("the address changes");
    app.anonymous().get(&link).expect(404);
    tap(app, &link, "confirm", &[("service_id", &garderie)]).expect(404);
});

both!(ten_seconds_for_the_room, |app| {
    let link = link_in(letter_to(&all_due(app), "admission@petites-pousses.example"));
    let garderie = service("garderie").to_string();
    let form =
        [("service_id", &*garderie), ("places_available", "3"), ("waiting_list_length", ""), ("wait_days", "20")];
    tap(app, &link, "capacity", &form).expect(303);
    let shown = app.anonymous().get(&format!("/api/v1/services/{garderie}")).expect(200).json;
    let capacity = &shown["capacity"];
    assert_eq!((&capacity["places_available"], &capacity["waiting_list_length"]), (&json!(3), &json!(64)));
    assert_eq!(capacity["said"]["places_available"]["source"], "link");
    assert_eq!(capacity["said"]["waiting_list_length"]["source"], "sample", "nobody said it again");
    assert!(!due(app).contains(&garderie), "a word about the room confirms the record");
    for (field, value) in [("places_available", "-1"), ("wait_days", "4000"), ("waiting_list_length", "beaucoup")] {
        let page = tap(app, &link, "capacity", &[("service_id", &garderie), (field, value)]).expect(422);
        assert!(page.text.contains("role=\"alert\""));
    }
    tap(app, &link, "capacity", &[("service_id", &garderie)]).expect(400);
    tap(app, &link, "capacity", &[("service_id", "abc"), ("places_available", "1")]).expect(404);
    tap(app, &link, "capacity", &[("places_available", "1")]).expect(400);
    assert_eq!(tap(app, &link, "capacity", &[("service_id", &garderie), ("rooms", "1")]).status, 400);
});

both!(closed_for_a_while_and_open_again, |app| {
    let link = link_in(letter_to(&all_due(app), "admission@petites-pousses.example"));
    let garderie = service("garderie").to_string();
    let path = format!("/api/v1/services/{garderie}");
    let until = (app.clock.now().date() + TimeDelta::days(20)).to_string();
    tap(app, &link, "closure", &[("service_id", &garderie), ("closed_until", &until)]).expect(303);
    let shown = app.anonymous().get(&path).expect(200).json;
    assert_eq!(shown["closed_until"], json!(until));
    assert!(shown["closed_from"].is_string());
    assert!(!due(app).contains(&garderie));
    tap(app, &link, "closure", &[("service_id", &garderie), ("open", "true")]).expect(303);
    assert!(app.anonymous().get(&path).expect(200).json.get("closed_until").is_none());
    for (form, status) in [
        (vec![("closed_until", "2020-01-01")], 422),
        (vec![("closed_until", "2099-01-01")], 422),
        (vec![("closed_until", "demain")], 422),
        (vec![], 400),
        (vec![("open", "non")], 422),
    ] {
        let form = [&[("service_id", &*garderie)][..], &form].concat();
        tap(app, &link, "closure", &form).expect(status);
    }
});

both!(a_telephone_is_written_and_the_rest_is_proposed, |app| {
    let link = link_in(letter_to(&all_due(app), "admission@petites-pousses.example"));
    let garderie = service("garderie").to_string();
    let path = format!("/api/v1/services/{garderie}");
    let before = app.anonymous().get(&path).expect(200).json;
    tap(app, &link, "correction", &[("service_id", &garderie), ("phone", "450 555-0177")]).expect(303);
    let after = app.anonymous().get(&path).expect(200).json;
    assert_eq!(after["phones"][0]["number"], "450 555-0177");
    assert!(!due(app).contains(&garderie));

    // An address of mail is where the next link goes: a link does not move it, nor anything else that is read.
    let form = [
        ("service_id", &*garderie),
        ("email", "ailleurs@exemple.example"),
        ("description", "Une autre description."),
        ("hours", "Lundi au jeudi, 8 h à 16 h"),
        ("url", "https://exemple.example/"),
        ("fees", "Gratuit."),
    ];
    tap(app, &link, "correction", &form).expect(303);
    let same = app.anonymous().get(&path).expect(200).json;
    for member in ["email", "description", "schedules", "url", "fees_description", "phones", "service_at_locations"] {
        assert_eq!(same[member], after[member], "{member}");
    }
    assert_eq!(before["description"], same["description"]);
    let queue = app.curator().get("/api/v1/edits").expect(200).text;
    assert!(queue.contains("Une autre description.") && queue.contains("8 h à 16 h"), "{queue}");
    for (form, status) in [
        (vec![("phone", "aucun")], 422),
        (vec![("phone", "")], 400),
        (vec![("description", "Mon NAS est le 046 454 286.")], 422),
        (vec![("referral_address", "a@exemple.example")], 400),
        (vec![("location_visibility", "public")], 400),
        (vec![("url", "javascript:alert(1)")], 422),
        (vec![("email", "personne")], 422),
    ] {
        let form = [&[("service_id", &*garderie)][..], &form].concat();
        assert_eq!(tap(app, &link, "correction", &form).status, status, "{form:?}");
    }
    let long = "x".repeat(2_001);
    tap(app, &link, "correction", &[("service_id", &garderie), ("description", &long)]).expect(422);
});

both!(nothing_of_a_hidden_place_nor_of_what_is_for_professionals_leaves, |app| {
    let abri = service("abri");
    let known = app.deps.store.read(|conn| services::get_aggregate(conn, abri)).expect("the shelter").service;
    let mut with_secret = known.clone();
    with_secret.document.referral_process = relais::domain::language::Text::fr("Appeler Mirabelle");
    with_secret.document.phones.insert(
        0,
        serde_json::from_value(json!({ "number": "450 555-0199", "visibility": "professional" })).expect("a telephone"),
    );
    with_secret.at_locations[0].document.description =
        relais::domain::language::Text::fr("Porte verte de la rue Secrète");
    let written = app.deps.store.write(app.clock.now(), |tx| services::update(tx, &with_secret, "sample"));
    written.expect("the shelter is written");
    let letters = all_due(app);
    let letter = letter_to(&letters, "accueil@eclaircie.example");
    let link = link_in(letter);
    let page = app.anonymous().get(&link).expect(200);
    let refused = tap(app, &link, "capacity", &[("service_id", &abri.to_string())]).expect(400);
    let list = app.curator().get("/api/v1/freshness?territory=mrc:58&limit=100").expect(200);
    assert!(list.text.contains(&abri.to_string()), "by its MRC");
    let finer = app.curator().get("/api/v1/freshness?territory=municipality:58227&limit=100").expect(200);
    assert!(!finer.text.contains(&abri.to_string()), "and nothing finer");
    for text in [letter, &page.text, &refused.text, &list.text] {
        for secret in ["Secrète", "45.5241", "73.4921", "J4J", "Mirabelle", "555-0199"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // The telephone that is written is the one that everybody sees.
    tap(app, &link, "correction", &[("service_id", &abri.to_string()), ("phone", "450 555-0188")]).expect(303);
    let after = app.deps.store.read(|conn| services::get_aggregate(conn, abri)).expect("the shelter").service;
    let numbers: Vec<&str> = after.document.phones.iter().map(|phone| phone.number.as_str()).collect();
    assert_eq!(numbers, ["450 555-0199", "450 555-0188"]);
    assert_eq!(after.at_locations[0].document, with_secret.at_locations[0].document);
});

both!(a_curator_has_a_link_sent_and_is_shown_none, |app| {
    let path = format!("/api/v1/organizations/{}/record_links", organization("cpe"));
    for client in [app.worker(), app.partner(), app.admin()] {
        client.post(&path, &json!({})).expect_problem(403, "forbidden");
    }
    app.anonymous().post(&path, &json!({})).expect_problem(401, "unauthenticated");
    let sent = app.curator().post(&path, &json!({})).expect(202);
    assert!(sent.text.is_empty());
    let first = letters(app, 1);
    let link = link_in(letter_to(&first, "admission@petites-pousses.example"));
    assert!(app.anonymous().get(&link).expect(200).text.contains("À jour"), "nothing is due, and room can be told");
    for _ in 0..4 {
        app.curator().post(&path, &json!({})).expect(202);
    }
    app.curator().post(&path, &json!({})).expect_problem(429, "too_many_requests");
    letters(app, 5);
    app.advance(TimeDelta::hours(25));
    app.curator().post(&path, &json!({})).expect(202);
    let nowhere = format!("/api/v1/organizations/{}/record_links", Id::from_words(&["nobody"]));
    app.curator().post(&nowhere, &json!({})).expect_problem(404, "not_found");
});

both!(two_nodes_write_one_letter, |app| {
    // The jobs of the node itself run too: three at once.
    app.advance(TimeDelta::days(DUE_DAYS));
    let other = relais::actions::Deps::open(
        config(&app.dir, app.deps.store.url()),
        app.clock.clone(),
        relais::id::Ids::random(),
    );
    let other = other.expect("the second node opens");
    let now = app.clock.now();
    let run = |deps: &relais::actions::Deps| relais::jobs::freshness::run(deps, now).expect("the job runs");
    let own = app.deps.clone();
    std::thread::scope(|scope| {
        let threads = [scope.spawn(|| run(&own)), scope.spawn(|| run(&other))];
        for thread in threads {
            thread.join().expect("it ends");
        }
    });
    letters(app, ORGANIZATIONS);
});

/// Ten thousand services of a thousand organisations, all due.
fn ten_thousand_due(app: &TestApp) {
    let now = app.clock.now();
    let model = app.deps.store.read(|conn| services::get_aggregate(conn, service("ecoute"))).expect("a model");
    let organization_of = |n: usize| Id::from_words(&["many", "organization", &(n % 1_000).to_string()]);
    let organizations: Vec<_> = (0..1_000)
        .map(|n| {
            let mut one = model.organization.clone();
            one.id = organization_of(n);
            one.origin = relais::domain::directory::Origin::local(one.id);
            one.document.email = Some(format!("organisme-{n}@exemple.example"));
            one
        })
        .collect();
    let many: Vec<Service> = (0..10_000)
        .map(|n| {
            let id = Id::from_words(&["many", "service", &n.to_string()]);
            let origin = relais::domain::directory::Origin::local(id);
            Service { id, origin, organization_id: organization_of(n), ..model.service.clone() }
        })
        .collect();
    let written = app.deps.store.write(now, |tx| {
        relais::store::organizations::insert_many(tx, &organizations)?;
        services::insert_many(tx, &many, "test")
    });
    written.expect("they are written");
}

#[test]
fn ten_thousand_due_services_are_written_about_a_few_at_a_time() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(mut app) = TestApp::start_with(backend, |config| config.freshness.organizations_per_round_max = 7)
        else {
            continue;
        };
        app.stop_jobs();
        ten_thousand_due(&app);
        app.advance(TimeDelta::days(DUE_DAYS));
        let now = app.clock.now();
        for _ in 0..3 {
            assert_eq!(relais::jobs::freshness::run(&app.deps, now).expect("the job runs"), 7, "bounded");
        }
        // The list goes through them all, each once.
        let (mut seen, mut cursor) = (std::collections::HashSet::new(), String::new());
        loop {
            let page = app.curator().get(&format!("/api/v1/freshness?limit=100{cursor}")).expect(200).json;
            for one in page["results"].as_array().expect("results") {
                assert!(seen.insert(one["service_id"].to_string()), "twice");
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 10_020);
    }
}

both!(what_a_record_lacks_is_said_to_signed_in_eyes, |app| {
    let bare = json!({ "organization_id": organization("famille"), "name": "Fiche presque vide" });
    let id = app.worker().post("/api/v1/services", &bare).expect(201).id();
    let path = format!("/api/v1/services/{id}");
    let shown = app.worker().get(&path).expect(200).json;
    let quality = &shown["quality"];
    assert_eq!(quality["score"], 0, "{quality}");
    assert_eq!(quality["missing"][0]["code"], "description");
    assert!(quality["missing"][0]["sentence"]["fr"].is_string() && quality["missing"][0]["sentence"]["en"].is_string());
    assert_eq!(shown["freshness"]["state"], "fresh");
    let public = app.anonymous().get(&path).expect(200).json;
    assert!(public.get("quality").is_none() && public.get("freshness").is_none());
    let good = app.worker().get(&format!("/api/v1/services/{}", service("garderie"))).expect(200).json;
    assert!(good["quality"]["score"].as_i64().expect("a score") >= 90, "{}", good["quality"]);

    let poor = app.curator().get("/api/v1/freshness?wanted=poor").expect(200).json;
    let ids: Vec<&Value> = poor["results"].as_array().expect("results").iter().map(|one| &one["service_id"]).collect();
    assert_eq!(ids, [&json!(id)]);
    // Sent back as it was shown, it is the same.
    let version = shown["version"].as_i64().expect("a version");
    let back = json!({ "quality": quality, "freshness": shown["freshness"], "alert": "Bientôt mieux." });
    app.worker().if_match(version).patch(&path, &back).expect(200);

    for client in [app.worker(), app.admin()] {
        client.get("/api/v1/freshness").expect_problem(403, "forbidden");
    }
    app.anonymous().get("/api/v1/freshness").expect_problem(401, "unauthenticated");
    let ask = |query: &str| app.curator().get(&format!("/api/v1/freshness?{query}"));
    ask("wanted=all").expect_problem(422, "invalid_value").naming("wanted");
    ask("territory=mrc:9999").expect_problem(422, "unknown_territory").naming("territory");
    ask("limit=0").expect_problem(422, "out_of_range").naming("limit");
    ask("cursor=x").expect_problem(400, "invalid_cursor");
    ask("wanted=poor&cursor=x").expect_problem(400, "invalid_cursor");
    ask("colour=red").expect_problem(400, "unknown_field").naming("colour");
});
