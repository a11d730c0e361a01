//! Referrals between people with accounts: sending, answering, and what must never happen.

use chrono::TimeDelta;
use relais::domain::viewer::Viewer;
use relais::id::Id;
use relais::store::{follow_ups, needs};
use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::story::{
    CANARY, asking, events, family, go, known_sender, organization, places, read, revoke, send, service, status,
    worker_viewer,
};

fn path(id: &str) -> String {
    format!("/api/v1/referrals/{id}")
}

fn results(reply: &Value) -> Vec<String> {
    let list = reply["results"].as_array().expect("results");
    list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

both!(a_first_referral_passes_a_curator_and_the_partner_sees_the_family_once_it_accepts, |app| {
    let story = family(app, &["comptoir"]);
    let sent = send(app, &story, "panier").expect(201);
    assert_eq!((&sent.json["status"], &sent.json["version"]), (&json!("held"), &json!(2)));
    assert_eq!(sent.header("location"), Some(path(&sent.id()).as_str()));
    let id = sent.id();
    let partner = app.partner();
    partner.get(&path(&id)).expect_problem(404, "not_found");
    assert!(results(&partner.get("/api/v1/referrals?box=inbox").expect(200).json).is_empty());

    let held = app.curator().get("/api/v1/referrals?box=held").expect(200);
    assert_eq!(results(&held.json), std::slice::from_ref(&id));
    let seen = app.curator().get(&path(&id)).expect(200);
    assert!(!seen.text.contains(&story.family_id.to_string()) && !seen.text.contains(CANARY));
    app.curator().get(&format!("{}/identity", path(&id))).expect_problem(404, "not_found");
    go(app, &app.curator(), &id, &json!({ "to": "draft" })).expect_problem(400, "missing_field").naming("note");
    go(app, &app.curator(), &id, &json!({ "to": "sent" })).expect(200);

    let inbox = partner.get("/api/v1/referrals?box=inbox").expect(200);
    assert_eq!(results(&inbox.json), std::slice::from_ref(&id));
    let opened = partner.get(&path(&id)).expect(200);
    assert_eq!(opened.json["facts"]["children"][0]["born_in"], "2024-03");
    assert_eq!(opened.json["message"], "Disponible en matinée, sans voiture.");
    assert!(opened.json["family_id"].is_null() && opened.json["need_id"].is_null());
    partner.get(&format!("{}/identity", path(&id))).expect_problem(409, "consent_ended");
    let version = opened.json["version"].as_i64().expect("a version");
    let accepted = partner
        .clone()
        .if_match(version)
        .post(&format!("{}/transitions", path(&id)), &json!({ "to": "accepted", "places_available": 7 }))
        .expect(200);
    assert_eq!(accepted.json["status"], "accepted");
    assert_eq!(places(app, "panier"), (Some(7), Some(app.clock.now())));

    let identity = partner.get(&format!("{}/identity", path(&id))).expect(200);
    assert_eq!(identity.json, json!({ "parent_names": [CANARY], "phones": ["450 555-0142"] }));
    let viewer = Viewer::Account(worker_viewer(app));
    let reads = read(app, |conn| {
        let file = relais::store::families::get(conn, &viewer, story.family_id)?;
        relais::store::identities::list_reads(conn, &file, 10)
    });
    assert_eq!(reads.len(), 1);
    assert_eq!(reads[0].organization_id, Some(organization("comptoir")));

    go(app, &partner, &id, &json!({ "to": "completed" })).expect(200);
    partner.get(&format!("{}/identity", path(&id))).expect_problem(409, "consent_ended");
    let told: Vec<String> = events(app, &id).iter().map(|one| one["to"].as_str().unwrap_or("").to_owned()).collect();
    assert_eq!(told, ["draft", "held", "sent", "accepted", "completed"]);
    let due = read(app, |conn| follow_ups::list_page(conn, &viewer, None, None, 10));
    let days = (due[0].due_on - app.clock.now().date()).num_days();
    assert!(due.len() == 1 && due[0].need_id == story.need_id && (14..=30).contains(&days), "{due:?}");
});

both!(without_a_consent_in_force_nothing_leaves_and_nothing_is_written, |app| {
    known_sender(app);
    let story = family(app, &["cpe"]);
    send(app, &story, "panier").expect_problem(409, "consent_required");
    assert_eq!(results(&app.worker().get("/api/v1/referrals?box=sent").expect(200).json).len(), 1);
    let draft = json!({ "need_id": story.need_id, "service_id": service("panier") });
    let draft = app.worker().post("/api/v1/referrals", &draft).expect(201);
    assert_eq!(draft.json["status"], "draft");
    go(app, &app.worker(), &draft.id(), &json!({ "to": "sent" })).expect_problem(409, "consent_required");
    app.partner().get(&path(&draft.id())).expect_problem(404, "not_found");
});

both!(identity_ends_with_the_consent_and_with_the_referral, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect(200);
    let identity = format!("{}/identity", path(&id));
    app.partner().get(&identity).expect(200);
    revoke(app, story.consent_ids[0]);
    let ended = app.partner().get(&identity).expect_problem(409, "consent_ended");
    assert!(!ended.text.contains(CANARY));

    let other = family(app, &["comptoir"]);
    let id = send(app, &other, "panier").expect(201).id();
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect(200);
    go(app, &app.partner(), &id, &json!({ "to": "declined", "reason": "wrong_service" })).expect(200);
    app.partner().get(&format!("{}/identity", path(&id))).expect_problem(409, "consent_ended");
});

both!(what_the_rules_refuse_is_refused_with_its_own_code, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    let (worker, partner) = (app.worker(), app.partner());
    go(app, &partner, &id, &json!({ "to": "completed" })).expect_problem(409, "illegal_transition").naming("to");
    go(app, &worker, &id, &json!({ "to": "accepted" })).expect_problem(403, "not_your_move");
    go(app, &partner, &id, &json!({ "to": "declined" })).expect_problem(422, "reason_required").naming("reason");
    let wrong = json!({ "to": "declined", "reason": "no_show" });
    go(app, &partner, &id, &wrong).expect_problem(422, "reason_not_allowed");
    go(app, &partner, &id, &json!({ "to": "waitlisted" })).expect_problem(422, "date_required").naming("waitlisted_on");
    let tomorrow = json!({ "to": "waitlisted", "waitlisted_on": "2026-06-17" });
    go(app, &partner, &id, &tomorrow).expect_problem(422, "out_of_range").naming("waitlisted_on");
    go(app, &partner, &id, &json!({ "to": "lost" })).expect(422);
    go(app, &partner, &id, &json!({ "to": "seen", "colour": 1 })).expect_problem(400, "unknown_field").naming("colour");
    go(app, &partner, &id, &json!({ "to": "seen", "note": "NAS 046 454 286" })).expect_problem(422, "sensitive_number");
    let steps = format!("{}/transitions", path(&id));
    partner.post(&steps, &json!({ "to": "seen" })).expect_problem(428, "version_required");
    partner.clone().if_match(1).post(&steps, &json!({ "to": "seen" })).expect_problem(412, "stale_version");
    partner.clone().if_match(2).post_bytes(&steps, "application/json", b"{\"to\":").expect_problem(400, "invalid_json");
    assert_eq!(status(app, &id), "sent");
    assert_eq!(events(app, &id).len(), 2);
});

both!(what_is_not_yours_is_not_there, |app| {
    known_sender(app);
    let story = family(app, &["cpe"]);
    let id = send(app, &story, "garderie").expect(201).id();
    let missing = "019ec0de-0000-7000-8000-00000000dead";
    let partner = app.partner();
    for suffix in ["", "/identity"] {
        let foreign = partner.get(&format!("{}{suffix}", path(&id))).expect_problem(404, "not_found");
        let absent = partner.get(&format!("{}{suffix}", path(missing))).expect_problem(404, "not_found");
        let (mut one, mut other) = (foreign.json, absent.json);
        one["request_id"] = Value::Null;
        other["request_id"] = Value::Null;
        assert_eq!(one, other);
    }
    let moved = json!({ "to": "accepted" });
    partner.clone().if_match(2).post(&format!("{}/transitions", path(&id)), &moved).expect_problem(404, "not_found");
    // The sender's own right to identity is its file, not its referral.
    app.worker().get(&format!("{}/identity", path(&id))).expect_problem(404, "not_found");
    app.table().get(&path(&id)).expect_problem(404, "not_found");
    app.anonymous().get(&path(&id)).expect_problem(401, "unauthenticated");
    let foreign_need = asking(&story, "panier");
    partner.post("/api/v1/referrals", &foreign_need).expect_problem(422, "unknown_reference").naming("need_id");
    let nowhere = json!({ "need_id": story.need_id, "service_id": missing });
    app.worker().post("/api/v1/referrals", &nowhere).expect_problem(422, "unknown_reference").naming("service_id");
    let assigned =
        json!({ "need_id": story.need_id, "service_id": service("panier"), "sender_organization_id": missing });
    app.worker().post("/api/v1/referrals", &assigned).expect_problem(400, "unknown_field");
    assert_eq!(status(app, &id), "sent");
});

both!(the_same_request_twice_has_one_effect, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let before = results(&app.worker().get("/api/v1/referrals?box=sent&limit=100").expect(200).json).len();
    let worker = app.worker().header("Idempotency-Key", "one-referral");
    let first = worker.post("/api/v1/referrals", &asking(&story, "panier")).expect(201);
    let again = worker.post("/api/v1/referrals", &asking(&story, "panier")).expect(201);
    assert_eq!(first.json, again.json);
    let mut other = asking(&story, "panier");
    other["urgent"] = json!(true);
    worker.post("/api/v1/referrals", &other).expect_problem(422, "idempotency_key_reused");
    let bad = app.worker().header("Idempotency-Key", "with space");
    bad.post("/api/v1/referrals", &other).expect_problem(400, "idempotency_key_invalid");
    let after = results(&app.worker().get("/api/v1/referrals?box=sent&limit=100").expect(200).json).len();
    assert_eq!(after, before + 1);

    // A retry after the referral moved on still gets the first answer.
    let accepting = app.partner().if_match(2).header("Idempotency-Key", "accept");
    let steps = format!("{}/transitions", path(&first.id()));
    let accepted = accepting.post(&steps, &json!({ "to": "accepted" })).expect(200);
    go(app, &app.partner(), &first.id(), &json!({ "to": "in_service" })).expect(200);
    assert_eq!(accepting.post(&steps, &json!({ "to": "accepted" })).expect(200).json, accepted.json);
    // The same key of somebody else is another key.
    let elsewhere = app.worker().if_match(4).header("Idempotency-Key", "accept");
    elsewhere.post(&steps, &json!({ "to": "withdrawn" })).expect(200);
});

both!(fifty_at_once_with_one_key_have_one_effect, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let before = results(&app.worker().get("/api/v1/referrals?box=sent&limit=100").expect(200).json).len();
    let worker = app.worker().header("Idempotency-Key", "fifty");
    let asked = asking(&story, "panier");
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| {
                let (worker, asked) = (worker.clone(), asked.clone());
                scope.spawn(move || {
                    let reply = worker.post("/api/v1/referrals", &asked);
                    (reply.status, reply.json)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let taken: Vec<&(u16, Value)> = answers.iter().filter(|(status, _)| *status == 201).collect();
    // A busy database may ask a retry to come again; it never does the thing twice, nor fails.
    assert!(answers.iter().all(|(status, _)| matches!(status, 201 | 503)), "{answers:?}");
    assert!(!taken.is_empty() && taken.iter().all(|answer| answer.1 == taken[0].1));
    let after = results(&app.worker().get("/api/v1/referrals?box=sent&limit=100").expect(200).json).len();
    assert_eq!(after, before + 1);
});

/// Two answers to one referral at the same moment.
fn race(app: &TestApp, tries: usize) {
    known_sender(app);
    for turn in 0..tries {
        let story = family(app, &["comptoir"]);
        let id = send(app, &story, "panier").expect(201).id();
        let steps = format!("{}/transitions", path(&id));
        let partner = app.partner().if_match(2);
        let asks = [json!({ "to": "accepted" }), json!({ "to": "declined", "reason": "duplicate" })];
        let start = std::sync::Barrier::new(2);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let threads: Vec<_> = asks
                .iter()
                .map(|ask| {
                    let (partner, steps, start) = (partner.clone(), &steps, &start);
                    scope.spawn(move || {
                        start.wait();
                        partner.post(steps, ask).status
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let winners = statuses.iter().filter(|status| **status == 200).count();
        let losers = statuses.iter().filter(|status| matches!(status, 409 | 412)).count();
        assert_eq!((winners, losers), (1, 1), "turn {turn}: {statuses:?}");
        assert_eq!(events(app, &id).len(), 3);
    }
}

both!(of_two_answers_at_once_one_wins, |app| {
    race(app, 20);
});
#[test]
#[ignore = "soak: two hundred races"]
fn of_two_answers_at_once_one_wins_two_hundred_times() {
    for backend in [relais::store::Backend::Sqlite, relais::store::Backend::Postgres] {
        if let Some(app) = TestApp::start(backend) {
            race(&app, 200);
        }
    }
}

both!(silence_expires_after_three_weeks_and_a_late_answer_is_still_welcome, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    app.advance(TimeDelta::days(21) - TimeDelta::seconds(1));
    app.run_jobs();
    assert_eq!(status(app, &id), "sent");
    app.advance(TimeDelta::seconds(1));
    app.run_jobs();
    app.run_jobs();
    assert_eq!(status(app, &id), "expired");
    let told = events(app, &id);
    assert_eq!((told.len(), &told[2]["actor"]), (3, &json!("system")));
    let viewer = Viewer::Account(worker_viewer(app));
    let need = read(app, |conn| needs::get(conn, &viewer, story.need_id));
    assert_eq!(need.proposed_reason.map(|reason| reason.as_str()), Some("no_reply"));
    assert_eq!(need.status.as_str(), "open", "the worker's word sets the status");
    let due = read(app, |conn| follow_ups::list_page(conn, &viewer, None, None, 10));
    assert_eq!(due.iter().filter(|one| one.need_id == story.need_id).count(), 1);
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect(200);
    assert_eq!(status(app, &id), "accepted");
});

both!(a_sender_who_does_not_reply_ends_the_referral_and_not_the_organisation, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &id, &json!({ "to": "needs_info", "note": "Combien d'enfants ?" })).expect(200);
    app.advance(TimeDelta::days(13));
    app.run_jobs();
    assert_eq!(status(app, &id), "needs_info");
    app.advance(TimeDelta::days(1));
    app.run_jobs();
    let last = events(app, &id).pop().expect("an event");
    assert_eq!((&last["to"], &last["reason"]), (&json!("not_completed"), &json!("no_sender_reply")));
});

both!(a_declining_organisation_may_change_its_mind_for_a_day_unless_the_sender_went_on, |app| {
    known_sender(app);
    let declined = json!({ "to": "declined", "reason": "capacity_full" });
    let story = family(app, &["comptoir", "carrefour"]);
    let id = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &id, &declined).expect(200);
    assert_eq!(places(app, "panier").0, Some(0), "full is a word about the service too");
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect(200);

    let story = family(app, &["comptoir", "carrefour"]);
    let id = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &id, &declined).expect(200);
    app.advance(TimeDelta::hours(25));
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect_problem(409, "illegal_transition");

    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &id, &declined).expect(200);
    let elsewhere = json!({ "need_id": story.need_id, "service_id": service("cuisine") });
    app.worker().post("/api/v1/referrals", &elsewhere).expect(201);
    go(app, &app.partner(), &id, &json!({ "to": "accepted" })).expect_problem(409, "illegal_transition");
});

both!(a_sender_enters_an_answer_on_behalf_with_a_function_and_never_a_name, |app| {
    known_sender(app);
    let story = family(app, &["cpe"]);
    let id = send(app, &story, "garderie").expect(201).id();
    let bare = json!({ "to": "accepted", "on_behalf": true });
    go(app, &app.worker(), &id, &bare).expect_problem(400, "missing_field").naming("informant_function");
    let told = json!({ "to": "accepted", "on_behalf": true, "informant_function": "réception" });
    go(app, &app.worker(), &id, &told).expect(200);
    let last = events(app, &id).pop().expect("an event");
    assert_eq!((&last["actor"], &last["channel"]), (&json!("on_behalf"), &json!("on_behalf")));
    assert_eq!(last["informant_function"], "réception");
});

both!(a_referral_without_sharing_stays_with_the_sender, |app| {
    let story = family(app, &[]);
    let mut asked = asking(&story, "panier");
    asked["shares_identity"] = json!(false);
    let sent = app.worker().post("/api/v1/referrals", &asked).expect(201);
    assert_eq!((&sent.json["status"], &sent.json["due_at"]), (&json!("sent"), &Value::Null));
    app.partner().get(&path(&sent.id())).expect_problem(404, "not_found");
    go(app, &app.worker(), &sent.id(), &json!({ "to": "accepted" })).expect_problem(409, "illegal_transition");
    app.advance(TimeDelta::days(60));
    app.run_jobs();
    assert_eq!(status(app, &sent.id()), "sent");
    go(app, &app.worker(), &sent.id(), &json!({ "to": "completed" })).expect(200);
});

both!(a_redirection_makes_a_draft_of_the_sender_for_the_other_organisation, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let id = send(app, &story, "panier").expect(201).id();
    let nowhere = json!({ "to": "redirected" });
    go(app, &app.partner(), &id, &nowhere).expect_problem(400, "missing_field").naming("redirected_to_service_id");
    let elsewhere = json!({ "to": "redirected", "redirected_to_service_id": service("garderie") });
    go(app, &app.partner(), &id, &elsewhere).expect(200);
    let drafts = app.worker().get("/api/v1/referrals?box=sent&status=draft").expect(200);
    let child = &drafts.json["results"][0];
    assert_eq!((&child["parent_id"], &child["status"]), (&json!(id), &json!("draft")));
    assert_eq!(child["receiver"]["id"], json!(organization("cpe")));
    let child: Id = child["id"].as_str().expect("an id").parse().expect("an id");
    go(app, &app.worker(), &child.to_string(), &json!({ "to": "sent" })).expect_problem(409, "consent_required");
});

both!(when_one_completes_the_sender_confirms_that_its_siblings_are_filled_elsewhere, |app| {
    known_sender(app);
    let story = family(app, &["comptoir", "cpe"]);
    let one = send(app, &story, "panier").expect(201).id();
    let other = send(app, &story, "garderie").expect(201).id();
    go(app, &app.partner(), &one, &json!({ "to": "accepted" })).expect(200);
    go(app, &app.partner(), &one, &json!({ "to": "completed" })).expect(200);
    let sibling = app.worker().get(&path(&other)).expect(200);
    assert_eq!((&sibling.json["supersede_proposed"], &sibling.json["status"]), (&json!(true), &json!("sent")));
    go(app, &app.worker(), &other, &json!({ "to": "superseded" })).expect(200);
    assert_eq!(status(app, &other), "superseded");
});

both!(a_box_is_read_page_by_page, |app| {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let mut sent: Vec<String> = (0..5).map(|_| send(app, &story, "panier").expect(201).id()).collect();
    let mut read = Vec::new();
    let mut cursor = String::new();
    for _ in 0..10 {
        let page = app.partner().get(&format!("/api/v1/referrals?box=inbox&status=sent&limit=2{cursor}")).expect(200);
        read.extend(results(&page.json));
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    sent.reverse();
    assert_eq!(read, sent);
    let worker = app.worker();
    worker.get("/api/v1/referrals?box=inbox&limit=0").expect_problem(422, "out_of_range").naming("limit");
    worker.get("/api/v1/referrals?box=inbox&cursor=nonsense").expect(400);
    worker.get("/api/v1/referrals").expect_problem(400, "missing_field").naming("box");
});
