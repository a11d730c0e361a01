//! Needs apart from referrals: of a family, or of nobody, from an empty search.

use serde_json::{Value, json};

use super::app::{TestApp, both};

fn family(app: &TestApp) -> String {
    app.worker().post("/api/v1/families", &json!({"municipality_id": "municipality:58227"})).expect(201).id()
}

both!(a_need_without_a_family_is_recorded_in_one_tap_and_starts_unmet, |app| {
    let body = json!({"category": "transport", "municipality_id": "municipality:58227"});
    let need = app.worker().post("/api/v1/needs", &body).expect(201);
    assert_eq!((&need.json["status"], &need.json["unmet_reason"]), (&json!("unmet"), &json!("no_service")));
    assert_eq!((&need.json["family_id"], &need.json["region_id"]), (&Value::Null, &json!("region:16")));
    let read = app.worker().get(&format!("/api/v1/needs/{}", need.id())).expect(200);
    assert_eq!(read.json, need.json);
});

both!(a_need_of_a_family_starts_open_where_the_family_lives, |app| {
    let family_id = family(app);
    let body = json!({"category": "food/food-bank", "family_id": family_id});
    let need = app.worker().post("/api/v1/needs", &body).expect(201);
    assert_eq!((&need.json["status"], &need.json["unmet_reason"]), (&json!("open"), &Value::Null));
    assert_eq!((&need.json["municipality_id"], &need.json["mrc_id"]), (&json!("municipality:58227"), &json!("mrc:58")));
});

both!(every_voice_is_kept_and_the_workers_word_sets_the_status, |app| {
    let family_id = family(app);
    let need = app.worker().post("/api/v1/needs", &json!({"category": "housing", "family_id": family_id})).expect(201);
    let path = format!("/api/v1/needs/{}/outcomes", need.id());
    let after = app.worker().post(&path, &json!({"voice": "organization", "status": "met"})).expect(201);
    assert_eq!((&after.json["status"], &after.json["version"]), (&json!("open"), &json!(1)));
    let unmet = json!({"voice": "family", "status": "unmet", "reason": "too_far"});
    let after = app.worker().post(&path, &unmet).expect(201);
    assert_eq!((&after.json["status"], &after.json["voices_disagree"]), (&json!("open"), &json!(true)));
    let after = app.worker().post(&path, &json!({"status": "unmet", "reason": "waitlist"})).expect(201);
    assert_eq!((&after.json["status"], &after.json["unmet_reason"]), (&json!("unmet"), &json!("waitlist")));
    assert_eq!((after.header("etag"), after.json["outcomes"].as_array().unwrap().len()), (Some("\"2\""), 3));
    let after = app.worker().post(&path, &json!({"voice": "worker", "status": "met"})).expect(201);
    assert_eq!((&after.json["status"], &after.json["unmet_reason"]), (&json!("met"), &Value::Null));
    let voices: Vec<&str> =
        after.json["outcomes"].as_array().unwrap().iter().map(|one| one["voice"].as_str().unwrap()).collect();
    assert_eq!(voices, ["organization", "family", "worker", "worker"], "in the order in which they were said");
});

both!(needs_are_listed_by_family_and_status, |app| {
    let family_id = family(app);
    let of_family =
        app.worker().post("/api/v1/needs", &json!({"category": "health", "family_id": family_id})).expect(201);
    let of_nobody = app.worker().post("/api/v1/needs", &json!({"category": "transport"})).expect(201);
    let ids = |path: &str| -> Vec<String> {
        let page = app.worker().get(path).expect(200);
        page.json["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("/api/v1/needs"), [of_nobody.id(), of_family.id()]);
    assert_eq!(ids(&format!("/api/v1/needs?family_id={family_id}")), [of_family.id()]);
    assert_eq!(ids("/api/v1/needs?status=unmet"), [of_nobody.id()]);
    let first = app.worker().get("/api/v1/needs?limit=1").expect(200);
    let cursor = first.json["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(&format!("/api/v1/needs?limit=1&cursor={cursor}")), [of_family.id()]);
});

both!(bad_needs_and_outcomes_are_refused, |app| {
    let worker = app.worker();
    let missing = "019ec0de-0000-7000-8000-0000000000ff";
    for (body, status, code, field) in [
        (json!({}), 400, "missing_field", "category"),
        (json!({"category": "yachts"}), 422, "unknown_category", "category"),
        (json!({"category": "food", "family_id": missing}), 422, "unknown_reference", "family_id"),
        (json!({"category": "food", "family_id": "nobody"}), 400, "wrong_type", "family_id"),
        (json!({"category": "food", "region_id": "region:99"}), 422, "unknown_territory", "region_id"),
        (json!({"category": "food", "recorded_on": "2027-01-01"}), 422, "out_of_range", "recorded_on"),
        (json!({"category": "food", "status": "met"}), 400, "unknown_field", "status"),
    ] {
        let reply = worker.post("/api/v1/needs", &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    assert_eq!(worker.get("/api/v1/needs").expect(200).json["results"], json!([]));
    let need = worker.post("/api/v1/needs", &json!({"category": "food"})).expect(201).id();
    let path = format!("/api/v1/needs/{need}/outcomes");
    for (body, status, code, field) in [
        (json!({"status": "open"}), 422, "invalid_value", "status"),
        (json!({"status": "unmet"}), 422, "reason_required", "reason"),
        (json!({"status": "met", "reason": "cost"}), 422, "reason_not_allowed", "reason"),
        (json!({"status": "met", "referral_id": missing}), 422, "unknown_reference", "referral_id"),
        (json!({"status": "solved"}), 422, "invalid_value", "status"),
    ] {
        let reply = worker.post(&path, &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    let untouched = worker.get(&format!("/api/v1/needs/{need}")).expect(200);
    assert_eq!((&untouched.json["version"], &untouched.json["outcomes"]), (&json!(1), &json!([])));
});

both!(a_follow_up_is_done_by_the_workers_word, |app| {
    use relais::domain::follow_up::FollowUpStatus;
    use relais::store::follow_ups::{self, FollowUpRow};
    let family_id = family(app);
    let need = app.worker().post("/api/v1/needs", &json!({"category": "respite", "family_id": family_id})).expect(201);
    let id = |value: &Value| value.as_str().unwrap().parse().unwrap();
    let now = app.clock.now();
    let row = FollowUpRow {
        id: app.deps.ids.new_id(now),
        network_id: relais::store::DEFAULT_NETWORK,
        need_id: id(&need.json["id"]),
        family_id: Some(id(&need.json["family_id"])),
        organization_id: id(&need.json["organization_id"]),
        assignee_account_id: None,
        status: FollowUpStatus::Due,
        due_on: relais::domain::follow_up::due_on(now.date()),
        done_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    app.deps.store.write(now, |tx| follow_ups::open(tx, &row)).unwrap();
    app.deps
        .store
        .write(now, |tx| follow_ups::open(tx, &FollowUpRow { id: app.deps.ids.new_id(now), ..row.clone() }))
        .unwrap();
    let due = app.worker().get("/api/v1/follow_ups?status=due").expect(200);
    assert_eq!(due.json["results"].as_array().unwrap().len(), 1, "one open follow-up a need");
    assert_eq!(
        (due.json["results"][0]["due_on"].as_str(), &due.json["next_cursor"]),
        (Some("2026-07-06"), &Value::Null)
    );
    let path = format!("/api/v1/follow_ups/{}/completion", row.id);
    app.partner().post(&path, &json!({"status": "met"})).expect_problem(404, "not_found");
    app.worker().post(&path, &json!({"status": "unmet"})).expect_problem(422, "reason_required").naming("reason");
    let done = app.worker().post(&path, &json!({"status": "partly_met", "reason": "hours"})).expect(200);
    assert_eq!((&done.json["status"], done.json["done_at"].is_string()), (&json!("done"), true));
    app.worker().post(&path, &json!({"status": "met"})).expect_problem(409, "already_closed");
    let need = app.worker().get(&format!("/api/v1/needs/{}", need.id())).expect(200);
    assert_eq!((&need.json["status"], &need.json["unmet_reason"]), (&json!("partly_met"), &json!("hours")));
    assert_eq!(need.json["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(app.worker().get("/api/v1/follow_ups?status=due").expect(200).json["results"], json!([]));
});
