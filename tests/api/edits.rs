//! Proposed edits: said by whoever may not write, decided by whoever may.

use relais::actions::edits::{self, Proposed, Proposer};
use relais::sample::{id_of, twenty};
use relais::store::changes::Subject;
use serde_json::{Value, json};

use super::app::{Client, both};
use super::organizations::curator_of;

const EDITS: &str = "/api/v1/edits";

fn garderie() -> String {
    format!("/api/v1/services/{}", twenty::service_id("garderie"))
}

fn proposal(patch: &Value) -> Value {
    json!({ "subject": "service", "subject_id": twenty::service_id("garderie"), "patch": patch, "comment": "Vu." })
}

fn proposed(by: &Client, patch: &Value) -> String {
    by.post(EDITS, &proposal(patch)).expect(201).id()
}

fn decide(who: &Client, id: &str, body: &Value) -> super::app::Reply {
    who.post(&format!("{EDITS}/{id}/decision"), body)
}

fn pending(who: &Client) -> Vec<Value> {
    who.get(EDITS).expect(200).json["results"].as_array().expect("results").clone()
}

both!(a_proposal_waits_and_is_written_by_who_accepts_it, |app| {
    let patch = json!({ "alert": "Fermé en juillet.", "minimum_age": 2, "maximum_age": 6 });
    app.anonymous().post(EDITS, &proposal(&patch)).expect_problem(401, "unauthenticated");
    let partner = app.partner().header("Idempotency-Key", "une-fois");
    let id = proposed(&partner, &patch);
    assert_eq!(proposed(&partner, &patch), id, "sent twice, it waits once");
    let shown = pending(&app.curator());
    assert_eq!((shown.len(), &shown[0]["patch"]), (1, &patch));
    assert_eq!(shown[0]["comment"], "Vu.");
    assert!(app.anonymous().get(&garderie()).expect(200).json.get("alert").is_none());
    app.table().get(EDITS).expect_problem(403, "forbidden");
    decide(&app.partner(), &id, &json!({ "decision": "accepted" })).expect_problem(404, "not_found");
    decide(&curator_of(app, "loin", &["region:01"]), &id, &json!({ "decision": "accepted" })).expect(404);
    let accepted = decide(&app.curator(), &id, &json!({ "decision": "accepted" })).expect(200).json;
    assert_eq!(accepted["status"], "accepted");
    let one = app.anonymous().get(&garderie()).expect(200).json;
    assert_eq!((&one["alert"], &one["minimum_age"]), (&json!("Fermé en juillet."), &json!(2)));
    let told = app.worker().get(&format!("{}/history", garderie())).expect(200).json["results"][0].clone();
    assert_eq!(told["updated_by"], "curator; proposed by account");
    assert_eq!(told["proposed_by"]["account_id"], json!(id_of("account", "partner")));
    assert_eq!(told["account_id"], json!(id_of("account", "curator")));
    assert_eq!(told["change_set"], json!(id));
    decide(&app.curator(), &id, &json!({ "decision": "accepted" })).expect_problem(409, "already_closed");
    assert_eq!(pending(&app.curator()), Vec::<Value>::new());
    let decided = app.curator().get(&format!("{EDITS}?status=accepted")).expect(200).json;
    assert_eq!(decided["results"].as_array().unwrap().len(), 1);
});

both!(what_somebody_changed_since_is_not_written_over, |app| {
    let first = proposed(&app.partner(), &json!({ "alert": "Un.", "email": "un@garderie.example" }));
    let second = proposed(&app.table(), &json!({ "alert": "Deux." }));
    let other = proposed(&app.table(), &json!({ "url": "https://garderie.example/deux" }));
    let version = app.curator().get(&garderie()).expect(200).json["version"].as_i64().unwrap();
    let patch = json!({ "email": "autre@garderie.example" });
    app.curator().if_match(version).patch(&garderie(), &patch).expect(200);
    let accept = json!({ "decision": "accepted" });
    let refused = decide(&app.curator(), &first, &accept).expect_problem(409, "changed_since");
    assert_eq!(refused.json["field"], "email");
    assert!(app.anonymous().get(&garderie()).expect(200).json.get("alert").is_none(), "nothing was written");
    assert_eq!(pending(&app.curator()).len(), 3, "and it waits still");
    decide(&app.curator(), &second, &accept).expect(200);
    let left = pending(&app.curator());
    assert_eq!((left.len(), &left[0]["id"]), (1, &json!(other)), "those of the same member are superseded");
    decide(&app.curator(), &first, &accept).expect_problem(409, "already_closed");
    decide(&app.curator(), &other, &json!({ "decision": "refused" }))
        .expect_problem(400, "missing_field")
        .naming("reason");
    let reason = json!({ "decision": "refused", "reason": "Adresse morte." });
    let refused = decide(&app.curator(), &other, &reason).expect(200).json;
    assert_eq!((&refused["status"], &refused["reason"]), (&json!("refused"), &json!("Adresse morte.")));
});

both!(of_two_decisions_at_once_one_is_made, |app| {
    let id = proposed(&app.partner(), &json!({ "alert": "Fermé." }));
    let curator = app.curator();
    let bodies = [json!({ "decision": "accepted" }), json!({ "decision": "refused", "reason": "Non." })];
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |body| {
            let (curator, id) = (curator.clone(), id.clone());
            scope.spawn(move || decide(&curator, &id, body).status)
        };
        let asked: Vec<_> = bodies.iter().map(ask).collect();
        asked.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let mut sorted = statuses.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 409], "{statuses:?}");
});

both!(what_cannot_be_proposed_is_refused_by_name_and_nothing_waits, |app| {
    let cases = [
        (json!({}), 400, "missing_field", "patch"),
        (json!({ "color": "red" }), 400, "unknown_field", "patch.color"),
        (json!({ "referral_address": "x@example.example" }), 400, "unknown_field", "patch.referral_address"),
        (json!({ "organization_id": twenty::organization_id("cpe") }), 422, "invalid_value", "patch.organization_id"),
        (json!({ "service_at_locations": [] }), 422, "invalid_value", "patch.service_at_locations"),
        (json!({ "verified_at": "2026-06-01T00:00:00Z" }), 422, "invalid_value", "patch.verified_at"),
        (json!({ "name": "x".repeat(301) }), 422, "too_long", "patch.name"),
        (json!({ "url": "javascript:alert(1)" }), 422, "invalid_value", "patch.url"),
        (json!({ "categories": ["childcare/moon"] }), 422, "unknown_category", "patch.categories.0"),
        (json!({ "served": ["mrc:9999"] }), 422, "unknown_territory", "patch.served.0"),
        (json!({ "alert": "nul\u{0}" }), 422, "invalid_value", "patch"),
        (json!({ "description": "x".repeat(70_000) }), 422, "too_long", "patch"),
    ];
    for (patch, status, code, field) in cases {
        app.partner().post(EDITS, &proposal(&patch)).expect_problem(status, code).naming(field);
    }
    let mut body = proposal(&json!({ "alert": "Fermé." }));
    body["comment"] = json!("son NAS: 046 454 286");
    app.partner().post(EDITS, &body).expect_problem(422, "sensitive_number").naming("comment");
    body["comment"] = json!("x".repeat(1_001));
    app.partner().post(EDITS, &body).expect_problem(422, "too_long").naming("comment");
    body["subject"] = json!("territory");
    body["comment"] = json!("");
    app.partner().post(EDITS, &body).expect_problem(422, "invalid_value").naming("subject");
    let nothing = json!({ "subject": "service", "subject_id": "019ec0de-0000-7000-8000-00000000ffff",
        "patch": { "alert": "Fermé." } });
    app.partner().post(EDITS, &nothing).expect_problem(404, "not_found");
    assert_eq!(pending(&app.curator()), Vec::<Value>::new());
    app.curator().get(&format!("{EDITS}?status=asleep")).expect_problem(422, "invalid_value").naming("status");
});

both!(a_person_without_an_account_proposes_through_a_link, |app| {
    let new = Proposed {
        subject: Subject::Organization,
        subject_id: twenty::organization_id("famille"),
        patch: json!({ "website": "https://famille.example/neuf" }).as_object().unwrap().clone(),
        comment: String::new(),
    };
    let row = edits::propose(&app.deps, &Proposer::Link("famille".to_owned()), &new, None).expect("it waits");
    // Members of the organisation decide for their own.
    assert_eq!(pending(&app.partner()), Vec::<Value>::new());
    assert_eq!(pending(&app.worker())[0]["link"], "famille");
    decide(&app.worker(), &row.id.to_string(), &json!({ "decision": "accepted" })).expect(200);
    let path = format!("/api/v1/organizations/{}", twenty::organization_id("famille"));
    assert_eq!(app.anonymous().get(&path).expect(200).json["website"], "https://famille.example/neuf");
    let told = app.partner().get(&format!("{path}/history")).expect(200).json["results"][0].clone();
    assert_eq!(
        (&told["updated_by"], &told["proposed_by"]["link"]),
        (&json!("member; proposed by link"), &json!("famille"))
    );
});

both!(a_hidden_place_is_not_proposed_and_one_hidden_since_is_not_told, |app| {
    let place = |visibility: &str| {
        let body = json!({ "organization_id": twenty::organization_id("famille"), "name": "Local",
            "location_visibility": visibility, "addresses": [{ "address_1": "1, rue Exemple", "city": "Longueuil",
            "postal_code": "J4K 1A1", "state_province": "QC", "country": "CA" }] });
        app.worker().post("/api/v1/locations", &body).expect(201).id()
    };
    let ask = |id: &str, patch: Value| {
        let body = json!({ "subject": "location", "subject_id": id, "patch": patch, "comment": "rue Sittelle" });
        app.partner().post(EDITS, &body)
    };
    let moved = json!({ "addresses": [{ "address_1": "2, rue Sittelle", "city": "Longueuil", "postal_code": "J4K 1A1",
        "state_province": "QC", "country": "CA" }] });
    ask(&place("region_only"), moved.clone()).expect_problem(403, "forbidden");
    let open = place("public");
    let wider = ask(&open, json!({ "location_visibility": "professional" }));
    wider.expect_problem(422, "invalid_value").naming("patch.location_visibility");
    let id = ask(&open, moved).expect(201).id();
    assert!(app.curator().get(EDITS).expect(200).text.contains("Sittelle"));
    let path = format!("/api/v1/locations/{open}");
    app.worker().if_match(1).patch(&path, &json!({ "location_visibility": "region_only" })).expect(200);
    for client in [app.curator(), app.worker()] {
        let told = client.get(EDITS).expect(200);
        assert_eq!(told.json["results"][0]["withheld"], json!(true));
        assert!(!told.text.contains("Sittelle") && !told.text.contains("rue Exemple"), "{}", told.text);
    }
    let accept = json!({ "decision": "accepted" });
    decide(&app.curator(), &id, &accept).expect_problem(409, "changed_since").naming("location_visibility");
    let refuse = json!({ "decision": "refused", "reason": "Cachée." });
    assert!(!decide(&app.curator(), &id, &refuse).expect(200).text.contains("Sittelle"));
});

both!(what_was_withheld_of_a_place_stays_withheld_when_it_is_shown_again, |app| {
    let addresses = |street: &str| {
        json!([{ "address_1": format!("2, rue {street}"), "city": "Longueuil", "postal_code": "J4K 1A1",
            "state_province": "QC", "country": "CA" }])
    };
    let body = json!({ "organization_id": twenty::organization_id("famille"), "name": "Local",
        "location_visibility": "public", "addresses": addresses("Exemple") });
    let place = app.worker().post("/api/v1/locations", &body).expect(201).id();
    let path = format!("/api/v1/locations/{place}");
    let ask = |patch: Value| {
        let body = json!({ "subject": "location", "subject_id": place, "patch": patch, "comment": "rue Sittelle" });
        app.partner().post(EDITS, &body).expect(201).id()
    };
    let patch = |who: &Client, patch: &Value| {
        app.advance(chrono::TimeDelta::minutes(1));
        let version = who.get(&path).expect(200).json["version"].as_i64().unwrap();
        who.clone().if_match(version).patch(&path, patch).expect(200);
        app.advance(chrono::TimeDelta::minutes(1));
    };
    let decided = ask(json!({ "addresses": addresses("Sittelle") }));
    decide(&app.curator(), &decided, &json!({ "decision": "accepted" })).expect(200);
    let moment = app.clock.now().to_rfc3339();
    let waiting = ask(json!({ "addresses": addresses("Sittelle Est") }));
    assert!(app.curator().get(EDITS).expect(200).text.contains("Sittelle"));
    patch(&app.worker(), &json!({ "location_visibility": "region_only" }));
    patch(&app.curator(), &json!({ "location_visibility": "public", "addresses": addresses("Inventée") }));
    for who in [app.curator(), app.worker()] {
        let history = format!("{path}/history");
        let then = format!("{path}?as_of={moment}");
        for asked in [EDITS, &format!("{EDITS}?status=accepted"), &history, &then] {
            let told = who.get(asked).expect(200).text;
            assert!(!told.contains("Sittelle") && !told.contains("rue Exemple"), "{asked}: {told}");
        }
    }
    let accept = json!({ "decision": "accepted" });
    decide(&app.curator(), &waiting, &accept).expect_problem(409, "changed_since").naming("location_visibility");
    // What is proposed of the place as it is shown now is told.
    let later = ask(json!({ "name": "Autre nom" }));
    let told = app.curator().get(EDITS).expect(200).json["results"].as_array().unwrap().clone();
    let later = told.iter().find(|one| one["id"] == json!(later)).unwrap();
    assert_eq!((&later["withheld"], &later["patch"]), (&json!(false), &json!({ "name": "Autre nom" })));
});

both!(a_curator_reads_the_queue_of_their_territory_page_by_page, |app| {
    let ids: Vec<String> = (0..5).map(|n| proposed(&app.partner(), &json!({ "alert": format!("N{n}") }))).collect();
    let seen = |who: &Client| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = who.get(&format!("{EDITS}?limit=2{cursor}")).expect(200).json;
            seen.extend(page["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { return seen };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(seen(&app.curator()), ids);
    assert_eq!(seen(&curator_of(app, "ici", &["mrc:58"])), ids);
    assert_eq!(seen(&curator_of(app, "loin", &["region:01"])), Vec::<String>::new());
});
