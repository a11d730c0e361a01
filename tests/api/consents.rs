//! Consent on the doorstep: per organisation, purpose, fields and end date; taken back, it cuts access at once.

use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::story::{CANARY, go, known_sender, organization, service};

fn family(app: &TestApp) -> String {
    let identity = json!({"parent_names": [CANARY], "phones": ["450 555-0142"], "address": "9, rue Gardée"});
    let body = json!({"municipality_id": "municipality:58227", "identity": identity});
    app.worker().post("/api/v1/families", &body).expect(201).id()
}

fn consent(family_id: &str) -> Value {
    json!({
        "family_id": family_id, "organization_id": organization("comptoir"), "purpose": "referral",
        "fields": ["phones", "parent_names"], "language": "fr", "given_by": "parent", "method": "oral",
        "witnessed": true, "ends_on": "2026-12-15",
    })
}

both!(a_consent_is_taken_shown_and_taken_back_once, |app| {
    let family_id = family(app);
    let taken = app.worker().post("/api/v1/consents", &consent(&family_id)).expect(201);
    assert_eq!((&taken.json["starts_on"], &taken.json["revoked_at"]), (&json!("2026-06-15"), &Value::Null));
    assert_eq!(taken.json["text_version"], relais::domain::consent::TEXT_VERSION);
    let listed = app.worker().get(&format!("/api/v1/consents?family_id={family_id}")).expect(200);
    assert_eq!(listed.json["results"], json!([taken.json]));
    let path = format!("/api/v1/consents/{}/revocation", taken.id());
    for others in [app.partner(), app.curator(), app.table(), app.admin()] {
        others.post(&path, &json!({})).expect_problem(404, "not_found");
    }
    let revoked = app.worker().post(&path, &json!({})).expect(200);
    assert_eq!((revoked.json["revoked_at"].is_string(), &revoked.json["referrals_withdrawn"]), (true, &json!(0)));
    app.worker().post(&path, &json!({})).expect_problem(409, "consent_ended");
    let listed = app.worker().get(&format!("/api/v1/consents?family_id={family_id}")).expect(200);
    assert_eq!(listed.json["results"][0]["version"], 2, "it leaves a trace");
});

both!(taking_consent_back_withdraws_what_was_sent_and_cuts_identity_at_once, |app| {
    known_sender(app);
    let family_id = family(app);
    let need = json!({"category": "food/food-bank", "family_id": family_id});
    let need_id = app.worker().post("/api/v1/needs", &need).expect(201).id();
    let asked = json!({"need_id": need_id, "service_id": service("panier"), "status": "sent"});
    app.worker().post("/api/v1/referrals", &asked).expect_problem(409, "consent_required");
    let taken = app.worker().post("/api/v1/consents", &consent(&family_id)).expect(201);
    let accepted = app.worker().post("/api/v1/referrals", &asked).expect(201).id();
    go(app, &app.partner(), &accepted, &json!({"to": "accepted"})).expect(200);
    let waiting = app.worker().post("/api/v1/referrals", &asked).expect(201).id();
    let identity = format!("/api/v1/referrals/{accepted}/identity");
    let shown = app.partner().get(&identity).expect(200);
    assert!(shown.text.contains(CANARY) && !shown.text.contains("rue Gardée"), "only the fields agreed to");

    let path = format!("/api/v1/consents/{}/revocation", taken.id());
    assert_eq!(app.worker().post(&path, &json!({})).expect(200).json["referrals_withdrawn"], 2);
    let refused = app.partner().get(&identity).expect_problem(409, "consent_ended");
    assert!(!refused.text.contains(CANARY));
    for id in [&accepted, &waiting] {
        let referral = app.worker().get(&format!("/api/v1/referrals/{id}")).expect(200);
        assert_eq!(
            (&referral.json["status"], &referral.json["reason"]),
            (&json!("withdrawn"), &json!("consent_withdrawn"))
        );
    }
    app.worker().post("/api/v1/referrals", &asked).expect_problem(409, "consent_required");
    // Without sharing, the family may still go by itself.
    let alone =
        json!({"need_id": need_id, "service_id": service("panier"), "status": "sent", "shares_identity": false});
    app.worker().post("/api/v1/referrals", &alone).expect(201);
});

both!(bad_consents_are_refused_and_nothing_is_written, |app| {
    let family_id = family(app);
    let missing = "019ec0de-0000-7000-8000-0000000000ff";
    let with = |member: &str, value: Value| {
        let mut body = consent(&family_id);
        body[member] = value;
        body
    };
    for (body, status, code, field) in [
        (with("fields", json!([])), 400, "missing_field", "fields"),
        (with("fields", json!(["health_number"])), 422, "invalid_value", "fields.0"),
        (with("witnessed", json!(false)), 422, "invalid_value", "witnessed"),
        (with("ends_on", json!("2026-06-14")), 422, "out_of_range", "ends_on"),
        (with("ends_on", json!("2030-01-01")), 422, "out_of_range", "ends_on"),
        (with("starts_on", json!("2026-07-01")), 422, "out_of_range", "starts_on"),
        (with("purpose", json!("marketing")), 422, "invalid_value", "purpose"),
        (with("family_id", json!(missing)), 422, "unknown_reference", "family_id"),
        (with("organization_id", json!(missing)), 422, "unknown_reference", "organization_id"),
        (with("revoked_at", json!(null)), 400, "unknown_field", "revoked_at"),
    ] {
        let reply = app.worker().post("/api/v1/consents", &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    let mut endless = consent(&family_id);
    endless.as_object_mut().unwrap().remove("ends_on");
    app.worker().post("/api/v1/consents", &endless).expect_problem(400, "missing_field").naming("ends_on");
    let listed = app.worker().get(&format!("/api/v1/consents?family_id={family_id}")).expect(200);
    assert_eq!(listed.json["results"], json!([]));
});
