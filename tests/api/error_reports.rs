//! "This is wrong": said by anybody, heard by who may write the service.

use chrono::TimeDelta;
use relais::sample::twenty;
use serde_json::{Value, json};

use super::app::{Client, both};
use super::organizations::curator_of;

const REPORTS: &str = "/api/v1/error_reports";

fn of(key: &str) -> String {
    format!("/api/v1/services/{}/reports", twenty::service_id(key))
}

fn open(who: &Client) -> Vec<Value> {
    who.get(REPORTS).expect(200).json["results"].as_array().expect("results").clone()
}

both!(anybody_says_that_something_is_wrong_and_who_may_write_hears_it, |app| {
    let body = json!({ "reason": "wrong_phone", "comment": "Le numéro ne répond plus." });
    let said = app.anonymous().post(&of("garderie"), &body).expect(201);
    assert_eq!(said.json["status"], "open");
    app.anonymous().get(REPORTS).expect_problem(401, "unauthenticated");
    app.table().get(REPORTS).expect_problem(403, "forbidden");
    let heard = open(&app.curator());
    assert_eq!((heard.len(), &heard[0]["reason_text"]), (1, &json!("Le téléphone est erroné")));
    assert_eq!(open(&app.curator().in_english())[0]["reason_text"], "The telephone number is wrong");
    assert_eq!((&heard[0]["comment"], &heard[0]["account_id"]), (&body["comment"], &Value::Null));
    assert_eq!(open(&curator_of(app, "loin", &["region:01"])), Vec::<Value>::new());
    let path = format!("{REPORTS}/{}/resolution", said.id());
    let fixed = json!({ "resolution": "fixed" });
    app.anonymous().post(&path, &fixed).expect_problem(401, "unauthenticated");
    app.table().post(&path, &fixed).expect_problem(404, "not_found");
    app.curator()
        .post(&path, &json!({ "resolution": "open" }))
        .expect_problem(422, "invalid_value")
        .naming("resolution");
    let unsaid = json!({ "resolution": "not_an_error" });
    app.curator().post(&path, &unsaid).expect_problem(400, "missing_field").naming("reason");
    let resolved = app.curator().post(&path, &fixed).expect(200).json;
    assert_eq!(resolved["status"], "fixed");
    app.curator().post(&path, &fixed).expect_problem(409, "already_closed");
    assert_eq!(open(&app.curator()), Vec::<Value>::new());
});

both!(members_hear_of_their_own_services_alone, |app| {
    let own = app.worker().get("/api/v1/me").expect(200).json["memberships"][0]["organization_id"].clone();
    let new = json!({ "organization_id": own, "name": "Halte fictive" });
    let service = app.worker().post("/api/v1/services", &new).expect(201).id();
    let body = json!({ "reason": "full" });
    app.partner().post(&format!("/api/v1/services/{service}/reports"), &body).expect(201);
    let heard = open(&app.worker());
    assert_eq!((heard.len(), &heard[0]["service_id"]), (1, &json!(service)));
    assert!(heard[0]["account_id"].is_string());
    assert_eq!(open(&app.partner()), Vec::<Value>::new());
});

both!(one_service_hears_so_much_a_day_and_says_when_it_hears_again, |app| {
    let body = json!({ "reason": "moved" });
    for _ in 0..20 {
        app.anonymous().post(&of("garderie"), &body).expect(201);
        app.advance(TimeDelta::minutes(1));
    }
    let refused = app.anonymous().post(&of("garderie"), &body).expect_problem(429, "too_many_requests");
    let wait_s: i64 = refused.header("Retry-After").expect("when").parse().expect("seconds");
    assert_eq!(wait_s, 24 * 3_600 - 20 * 60);
    app.anonymous().post(&of("panier"), &body).expect(201);
    app.advance(TimeDelta::seconds(wait_s));
    app.anonymous().post(&of("garderie"), &body).expect(201);
});

both!(what_cannot_be_said_is_refused_by_name_and_nothing_is_written, |app| {
    let cases = [
        (json!({}), 400, "missing_field", "reason"),
        (json!({ "reason": "ugly" }), 422, "invalid_value", "reason"),
        (json!({ "reason": "other" }), 400, "missing_field", "comment"),
        (json!({ "reason": "moved", "comment": "x".repeat(1_001) }), 422, "too_long", "comment"),
        (json!({ "reason": "moved", "comment": "nul\u{0}nul" }), 422, "invalid_value", "comment"),
        (json!({ "reason": "moved", "comment": "TREM 8855 0112" }), 422, "sensitive_number", "comment"),
        (json!({ "reason": "moved", "phone": "1" }), 400, "unknown_field", "phone"),
    ];
    for (body, status, code, field) in cases {
        app.anonymous().post(&of("garderie"), &body).expect_problem(status, code).naming(field);
    }
    let nothing = "/api/v1/services/019ec0de-0000-7000-8000-00000000ffff/reports";
    app.anonymous().post(nothing, &json!({ "reason": "moved" })).expect_problem(404, "not_found");
    assert_eq!(open(&app.curator()), Vec::<Value>::new());
    let path = format!("/api/v1/services/{}", twenty::service_id("garderie"));
    let version = app.curator().get(&path).expect(200).json["version"].as_i64().unwrap();
    let gone = json!({ "reason": "Fermé." });
    app.curator().if_match(version).post(&format!("{path}/retirement"), &gone).expect(200);
    app.anonymous().post(&of("garderie"), &json!({ "reason": "moved" })).expect_problem(410, "retired");
});
