//! What changed in the directory, when and by whom; a record as it was, a change taken back, what left and came back.

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use relais::id::Id;
use relais::sample::{id_of, twenty};
use relais::store::services;
use serde_json::{Value, json};

use super::app::{TestApp, both};

const SERVICES: &str = "/api/v1/services";

fn version(app: &TestApp, path: &str) -> i64 {
    app.curator().get(path).expect(200).json["version"].as_i64().expect("a version")
}

fn patched(app: &TestApp, path: &str, patch: &Value) -> Value {
    app.curator().if_match(version(app, path)).patch(path, patch).expect(200).json
}

fn rows(app: &TestApp, path: &str) -> Vec<Value> {
    let page = app.curator().get(&format!("{path}/history?limit=100")).expect(200).json;
    page["results"].as_array().expect("results").clone()
}

/// Without what every change moves, and without the places of the organisation, which have a history of their own.
fn facts(mut answer: Value) -> Value {
    let members = answer.as_object_mut().expect("a record");
    for moved in ["version", "last_modified", "change", "metadata", "quality", "freshness"] {
        members.remove(moved);
    }
    if let Some(organization) = members.get_mut("organization").and_then(Value::as_object_mut) {
        organization.remove("locations");
    }
    answer
}

fn garderie() -> String {
    format!("{SERVICES}/{}", twenty::service_id("garderie"))
}

fn replace(app: &TestApp, id: Id, replaced_by: Id) {
    let now = app.clock.now();
    let written = app.deps.store.write(now, |tx| {
        let version = services::get_aggregate(tx, id)?.service.version;
        services::set_retired(tx, id, version, (Some(now), Some(replaced_by)))
    });
    written.expect("the service is replaced");
}

both!(what_left_the_directory_is_gone_from_lists_and_search_and_says_so, |app| {
    let id = twenty::service_id("panier");
    let path = format!("{SERVICES}/{id}");
    let reason = json!({ "reason": "Fermé pour de bon." });
    app.anonymous().if_match(1).post(&format!("{path}/retirement"), &reason).expect_problem(401, "unauthenticated");
    app.table().if_match(1).post(&format!("{path}/retirement"), &reason).expect_problem(403, "forbidden");
    app.curator().post(&format!("{path}/retirement"), &reason).expect_problem(428, "version_required");
    app.curator().if_match(9).post(&format!("{path}/retirement"), &reason).expect_problem(412, "stale_version");
    let blank = json!({ "reason": " " });
    app.curator().if_match(1).post(&format!("{path}/retirement"), &blank).expect_problem(400, "missing_field");
    app.anonymous().get(&path).expect(200);
    let gone = app.curator().if_match(1).post(&format!("{path}/retirement"), &reason).expect(200).json;
    app.anonymous().get(&path).expect_problem(410, "retired");
    let told = app.anonymous().in_english().get(&path).expect(410);
    assert_eq!(told.json["title"], "This record has left the directory.");
    let page = app.anonymous().get(&format!("{SERVICES}?per_page=100")).expect(200);
    assert_eq!(page.json["total_items"], 19);
    assert!(!page.text.contains(&id.to_string()));
    let search = |change: &Value| app.anonymous().get(&format!("/api/v1/search?limit=50&min_change={change}"));
    assert!(!search(&gone["change"]).expect(200).text.contains(&id.to_string()), "the index let it go");
    let version = gone["version"].as_i64().unwrap();
    let patch = json!({ "alert": "Fermé." });
    app.curator().if_match(version).patch(&path, &patch).expect_problem(410, "retired");
    let back = app.curator().if_match(version).post(&format!("{path}/restoration"), &json!({})).expect(200).json;
    assert!(search(&back["change"]).expect(200).text.contains(&id.to_string()), "and took it back");
    app.curator().if_match(3).post(&format!("{path}/restoration"), &json!({})).expect_problem(409, "already_exists");
    let told: Vec<(Value, Value)> =
        rows(app, &path).iter().map(|row| (row["action"].clone(), row["field"].clone())).collect();
    assert!(told.contains(&(json!("retire"), json!("retirement_reason"))), "{told:?}");
    assert_eq!(told[0], (json!("restore"), json!("retired_at")));
    let public = app.anonymous().get(&path).expect(200);
    assert!(!public.text.contains("Fermé pour de bon"), "why it left is told to signed-in people");
});

both!(a_reader_of_what_was_replaced_is_sent_to_what_stands_for_it, |app| {
    let (old, new) = (twenty::service_id("panier"), twenty::service_id("garderie"));
    replace(app, old, new);
    let sent = app.anonymous().get(&format!("{SERVICES}/{old}")).expect(308);
    assert_eq!(sent.header("Location"), Some(format!("{SERVICES}/{new}").as_str()));
    let back = app.curator().if_match(2).post(&format!("{SERVICES}/{old}/restoration"), &json!({}));
    back.expect_problem(410, "retired");
});

both!(a_change_leaves_what_was_and_what_is_and_who_and_when, |app| {
    let path = garderie();
    app.anonymous().get(&format!("{path}/history")).expect_problem(401, "unauthenticated");
    assert_eq!(rows(app, &path), Vec::<Value>::new(), "what came in with a source is told by when it was made");
    app.advance(TimeDelta::hours(1));
    patched(app, &path, &json!({ "alert": "Fermé lundi.", "email": "nouveau@garderie.example" }));
    let told = rows(app, &path);
    let fields: Vec<&str> = told.iter().map(|row| row["field"].as_str().unwrap()).collect();
    assert!(fields.contains(&"alert") && fields.contains(&"email") && fields.len() == 2, "{fields:?}");
    let alert = told.iter().find(|row| row["field"] == "alert").unwrap();
    assert_eq!((&alert["previous"], &alert["replacement"]), (&Value::Null, &json!("Fermé lundi.")));
    assert_eq!((&alert["action"], &alert["updated_by"]), (&json!("update"), &json!("curator")));
    assert_eq!(alert["at"], "2026-06-15T15:00:00Z");
    assert!(alert["account_name"].is_string());
    assert_eq!(told[0]["change_set"], told[1]["change_set"]);
    // The same again writes nothing.
    patched(app, &path, &json!({ "alert": "Fermé lundi." }));
    assert_eq!(rows(app, &path).len(), 2);
    // HSDS says it too, as text.
    let metadata = app.anonymous().get(&path).expect(200).json["metadata"].clone();
    let alert = metadata.as_array().unwrap().iter().find(|row| row["field_name"] == "alert").unwrap();
    assert_eq!((&alert["previous_value"], &alert["replacement_value"]), (&json!(""), &json!("Fermé lundi.")));
    assert_eq!((&alert["last_action_date"], &alert["updated_by"]), (&json!("2026-06-15"), &json!("curator")));
    // Page by page, each row once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.worker().get(&format!("{path}/history?limit=1{cursor}")).expect(200).json;
        seen.extend(page["results"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, told.iter().map(|row| row["id"].clone()).collect::<Vec<_>>());
    app.worker().get(&format!("{path}/history?cursor=hier")).expect_problem(400, "invalid_cursor");
    app.worker().get(&format!("{path}/history?limit=0")).expect_problem(422, "out_of_range").naming("limit");
    let nothing = "/api/v1/services/019ec0de-0000-7000-8000-00000000ffff/history";
    app.worker().get(nothing).expect_problem(404, "not_found");
});

both!(what_is_for_professionals_is_in_no_history_that_the_public_reads, |app| {
    let path = garderie();
    let secret = json!({
        "referral_process": "Appeler Coordination.",
        "contacts": [{ "name": "Coordination", "visibility": "professional" }, { "name": "Accueil" }],
    });
    patched(app, &path, &secret);
    assert!(app.worker().get(&format!("{path}/history")).expect(200).text.contains("Appeler Coordination."));
    let public = app.anonymous().get(&path).expect(200);
    assert!(public.json["metadata"].is_array() && !public.text.contains("Coordination"), "{}", public.text);
});

both!(a_change_is_taken_back_unless_somebody_changed_the_same_since, |app| {
    let path = garderie();
    let before = facts(app.curator().get(&path).expect(200).json);
    patched(app, &path, &json!({ "alert": "Fermé.", "categories": ["food/food-bank"], "served": null }));
    let change_set = rows(app, &path)[0]["change_set"].clone();
    patched(app, &path, &json!({ "email": "autre@garderie.example" }));
    let undo = json!({ "change_set": change_set });
    app.partner().post(&format!("{path}/reversals"), &undo).expect_problem(403, "forbidden");
    app.curator().post(&format!("{path}/reversals"), &undo).expect(200);
    let mut after = facts(app.curator().get(&path).expect(200).json);
    after["email"] = before["email"].clone();
    if before.get("email").is_none() {
        after.as_object_mut().unwrap().remove("email");
    }
    assert_eq!(after, before);
    assert_eq!(rows(app, &path)[0]["action"], "undo");
    // What was taken back is no longer as that change left it.
    let again = app.curator().post(&format!("{path}/reversals"), &undo).expect_problem(409, "changed_since");
    assert!(again.json["field"].as_str().unwrap().contains("alert"), "{}", again.text);
    let unknown = json!({ "change_set": "019ec0de-0000-7000-8000-00000000ffff" });
    let refused = app.curator().post(&format!("{path}/reversals"), &unknown);
    refused.expect_problem(422, "unknown_reference").naming("change_set");
    app.curator().post(&format!("{path}/reversals"), &json!({})).expect_problem(400, "missing_field");
});

/// What may be patched, and what it may become.
fn patches() -> impl Strategy<Value = Vec<Value>> {
    let one = prop_oneof![
        "[a-z é]{1,12}".prop_map(|text| json!({ "alert": format!("A{text}") })),
        Just(json!({ "alert": null })),
        (0..5).prop_map(|places| json!({ "capacity": { "places_available": places } })),
        Just(json!({ "capacity": null })),
        prop::sample::subsequence(vec!["food/food-bank", "childcare/drop-in", "childcare/cpe"], 0..3)
            .prop_map(|codes| json!({ "categories": codes })),
        prop::sample::subsequence(vec!["mrc:58", "mrc:57", "region:16"], 0..3).prop_map(|ids| json!({ "served": ids })),
        (0..3u32, 4..9u32).prop_map(|(from, to)| json!({ "minimum_age": from, "maximum_age": to })),
        Just(json!({ "minimum_age": null })),
        ("[a-z]{1,8}", "[a-z]{1,8}")
            .prop_map(|(fr, en)| json!({ "name": fr, "translations": { "en": { "name": en } } })),
        (0..9).prop_map(|n| json!({ "phones": [{ "number": format!("450 555-010{n}") }] })),
        Just(json!({ "phones": [] })),
        Just(json!({ "service_at_locations": [] })),
        Just(json!({ "service_at_locations": [{
            "location_id": id_of("location", "grand-pont"), "description": "Porte verte" }] })),
        Just(json!({ "verified_at": "2026-06-01T12:00:00Z" })),
    ];
    prop::collection::vec(one, 1..7)
}

both!(at_each_moment_a_record_was_what_was_answered_then_and_undoing_is_the_identity, |app| {
    let path = garderie();
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let sequence = patches().new_tree(&mut runner).expect("patches").current();
        let mut answered = vec![(app.clock.now(), facts(app.curator().get(&path).expect(200).json))];
        for patch in &sequence {
            app.advance(TimeDelta::minutes(1));
            patched(app, &path, patch);
            answered.push((app.clock.now(), facts(app.curator().get(&path).expect(200).json)));
        }
        for (moment, then) in &answered {
            let asked = format!("{path}?as_of={}", moment.to_rfc3339());
            assert_eq!(&facts(app.worker().get(&asked).expect(200).json), then, "{moment:?} of {sequence:#?}");
        }
        let [.., (_, before), (_, after)] = answered.as_slice() else { panic!("two answers at least") };
        if before != after {
            app.advance(TimeDelta::minutes(1));
            let undo = json!({ "change_set": rows(app, &path)[0]["change_set"] });
            app.curator().post(&format!("{path}/reversals"), &undo).expect(200);
            let undone = facts(app.curator().get(&path).expect(200).json);
            assert_eq!(&undone, before, "undone: {sequence:#?}");
        }
        app.advance(TimeDelta::minutes(1));
    }
});

both!(a_moment_is_asked_for_by_those_who_may_read_histories, |app| {
    let path = garderie();
    let asked = format!("{path}?as_of=2026-06-15T14:00:00Z");
    app.anonymous().get(&asked).expect_problem(401, "unauthenticated");
    let then = app.worker().get(&asked).expect(200);
    assert!(then.json.get("version").is_none(), "what was cannot be written over");
    app.worker().get(&format!("{path}?as_of=hier")).expect_problem(422, "invalid_date").naming("as_of");
    let too_early = format!("{path}?as_of=1999-01-01T00:00:00Z");
    app.worker().get(&too_early).expect_problem(404, "not_found");
    // Where it had left then, it is gone then.
    app.advance(TimeDelta::hours(1));
    let reason = json!({ "reason": "Fermé." });
    app.curator().if_match(version(app, &path)).post(&format!("{path}/retirement"), &reason).expect(200);
    app.worker().get(&asked).expect(200);
    app.worker().get(&format!("{path}?as_of=2026-06-15T15:30:00Z")).expect_problem(410, "retired");
});

/// A word that is written of one place alone, and must never leave.
const CANARY: &str = "Sittelle";

both!(what_is_written_of_a_hidden_place_is_in_no_history, |app| {
    let organization = twenty::organization_id("famille").to_string();
    let place = |visibility: &str| {
        json!({ "organization_id": organization, "name": format!("Maison {CANARY}"), "location_visibility": visibility,
            "transportation": format!("Sonner chez {CANARY}"),
            "addresses": [{ "address_1": format!("7, rue {CANARY}"), "city": "Longueuil", "postal_code": "J4K 1A1",
                "state_province": "QC", "country": "CA" }] })
    };
    let hidden = app.worker().post("/api/v1/locations", &place("region_only")).expect(201);
    assert!(!hidden.text.contains(CANARY), "{}", hidden.text);
    let open = app.worker().post("/api/v1/locations", &place("public")).expect(201);
    let paths = [&hidden, &open].map(|reply| format!("/api/v1/locations/{}", reply.id()));
    let service = json!({ "organization_id": organization, "name": "Refuge fictif", "service_at_locations": [
        { "location_id": hidden.id(), "description": format!("Porte {CANARY}") },
        { "location_id": open.id(), "description": format!("Porte {CANARY}") } ] });
    let service = format!("{SERVICES}/{}", app.worker().post(SERVICES, &service).expect(201).id());
    let moment = app.clock.now().to_rfc3339();
    app.advance(TimeDelta::hours(1));
    // The hidden one moves; the open one moves, then is hidden; the service says more of both.
    let moved = json!({ "addresses": [{ "address_1": format!("8, rue {CANARY}"), "city": "Longueuil",
        "postal_code": "J4K 1A1", "state_province": "QC", "country": "CA" }] });
    for path in &paths {
        app.worker().if_match(version(app, path)).patch(path, &moved).expect(200);
    }
    let links = json!({ "service_at_locations": [
        { "location_id": hidden.id(), "description": format!("Sonnette {CANARY}") },
        { "location_id": open.id(), "description": format!("Sonnette {CANARY}") } ] });
    app.worker().if_match(version(app, &service)).patch(&service, &links).expect(200);
    let shown = app.worker().get(&format!("{}/history", paths[1])).expect(200);
    assert!(shown.text.contains(CANARY), "a public place has a history: {}", shown.text);
    app.advance(TimeDelta::hours(1));
    let hide = json!({ "location_visibility": "region_only" });
    app.worker().if_match(version(app, &paths[1])).patch(&paths[1], &hide).expect(200);
    for client in [app.worker(), app.curator(), app.partner(), app.admin()] {
        for path in [&paths[0], &paths[1], &service] {
            for asked in ["/history".to_owned(), String::new(), format!("?as_of={moment}")] {
                let told = client.get(&format!("{path}{asked}")).expect(200);
                assert!(!told.text.contains(CANARY), "{path}{asked}: {}", told.text);
                let is_a_place = path != &service;
                assert!(!is_a_place || !told.text.contains("latitude\":4"), "{path}{asked}: {}", told.text);
            }
        }
    }
    assert!(!app.anonymous().get(&paths[1]).expect(200).text.contains(CANARY));
    let kept = rows(app, &paths[0]);
    assert!(kept.iter().any(|row| row["field"] == "addresses" && row["withheld"] == json!(true)), "{kept:?}");
    // Nor is it told by taking a change back.
    let hiding = rows(app, &paths[1])[0]["change_set"].clone();
    let undo = app.worker().post(&format!("{}/reversals", paths[1]), &json!({ "change_set": hiding }));
    assert!(!undo.text.contains(CANARY));
    undo.expect_problem(422, "invalid_value").naming("change_set");
    // Nor once a curator shows the place again, who does not know where it was.
    app.advance(TimeDelta::hours(1));
    let invented = json!({ "location_visibility": "public", "addresses": [{ "address_1": "9, rue Inventée",
        "city": "Longueuil", "postal_code": "J4K 1A1", "state_province": "QC", "country": "CA" }] });
    app.curator().if_match(version(app, &paths[1])).patch(&paths[1], &invented).expect(200);
    for asked in [format!("{service}/history"), format!("{service}?as_of={moment}"), format!("{}/history", paths[1])] {
        let told = app.curator().get(&asked).expect(200).text;
        assert!(!told.contains(CANARY), "{asked}: {told}");
    }
});

both!(an_import_says_what_it_changed_and_nothing_of_what_is_new, |app| {
    use relais::actions::imports::{Format, import};
    use relais::domain::language::Lang;
    let file = |email: &str| {
        json!([{ "id": "a-1", "name": "Comptoir", "status": "active", "email": email,
            "organization": { "id": "a", "name": "Maison fictive", "description": "Fictive" } }])
    };
    let format = Format::Hsds { source: "voisin".to_owned(), language: Lang::Fr };
    let read = |email: &str| {
        let path = app.dir.join("voisin.json");
        std::fs::write(&path, file(email).to_string()).expect("a file");
        import(&app.deps, &path, &format, false, &|_, _| {}).expect("an import")
    };
    assert_eq!(read("un@voisin.example").taken, 1);
    let id = Id::from_words(&["voisin", "a-1"]);
    let path = format!("{SERVICES}/{id}");
    assert_eq!(rows(app, &path), Vec::<Value>::new());
    app.advance(TimeDelta::days(1));
    assert_eq!(read("deux@voisin.example").changed, 1);
    let told = rows(app, &path);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["field"], &told[0]["updated_by"]), (&json!("email"), &json!("import: voisin")));
    assert_eq!((&told[0]["previous"], &told[0]["account_id"]), (&json!("un@voisin.example"), &Value::Null));
});
