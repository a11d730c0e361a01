//! Records that stay true: a service falls due, its organisation is written to, confirms with one tap, and is found
//! again; what nobody confirms for far too long leaves the search and nothing else.

use chrono::TimeDelta;
use relais::store::Backend;
use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::story::{organization, service};

/// The rhythm of the twenty is six months; a year after that they are far overdue.
const FAR_OVERDUE_DAYS: i64 = 184 + 365;

fn found(app: &TestApp, query: &str) -> i64 {
    app.anonymous().get(&format!("/api/v1/search?{query}")).expect(200).json["total"]["value"]
        .as_i64()
        .expect("a count")
}

fn show(app: &TestApp, key: &str) -> Value {
    app.anonymous().get(&format!("/api/v1/services/{}", service(key))).expect(200).json
}

/// Says that a record is true, as its curator; gives the number of the change.
fn confirm(app: &TestApp, key: &str) -> i64 {
    let now = app.clock.now().to_rfc3339();
    let version = show(app, key)["version"].as_i64().expect("a version");
    let path = format!("/api/v1/services/{}", service(key));
    let written = app.curator().if_match(version).patch(&path, &json!({ "verified_at": now })).expect(200);
    written.json["change"].as_i64().expect("a change")
}

both!(what_is_far_overdue_leaves_the_search_and_nothing_else, |app| {
    assert_eq!(found(app, "q=garderie&exact=true"), 3);
    app.advance(TimeDelta::days(FAR_OVERDUE_DAYS) - TimeDelta::days(10));
    assert_eq!(found(app, "q=garderie&exact=true"), 3, "overdue is not far overdue");
    app.advance(TimeDelta::days(10));
    assert_eq!(found(app, "q=garderie&exact=true"), 0);
    assert_eq!(found(app, "category=childcare"), 0, "nor by its category");

    // By its id, in the list and in a harvest it is there.
    assert_eq!(show(app, "garderie")["name"], "Places en garderie 0-5 ans");
    assert_eq!(app.anonymous().get("/api/v1/services").expect(200).json["total_items"], 20);

    // A curator sees it, and is alone to.
    let stale = "/api/v1/search?q=garderie&exact=true&include_stale=true";
    assert_eq!(app.curator().get(stale).expect(200).json["total"]["value"], 3);
    for client in [app.anonymous(), app.worker(), app.admin()] {
        client.get(stale).expect_problem(403, "forbidden").naming("include_stale");
    }
    app.curator().post("/api/v1/search", &json!({ "include_stale": true })).expect(200);
    app.curator().get("/api/v1/search?include_stale=perhaps").expect_problem(400, "wrong_type").naming("include_stale");

    // Confirmed, it is found again, and it alone.
    let change = confirm(app, "garderie");
    let query = format!("q=garderie&exact=true&min_change={change}");
    assert_eq!(found(app, &query), 1);
});

both!(each_service_has_its_own_rhythm, |app| {
    let path = format!("/api/v1/services/{}", service("panier"));
    for (rhythm, status, code) in [
        (json!(2), 422, "out_of_range"),
        (json!(0), 422, "out_of_range"),
        (json!(-1), 422, "out_of_range"),
        (json!("3"), 400, "wrong_type"),
        (json!(1.5), 400, "wrong_type"),
    ] {
        let patch = json!({ "review_months": rhythm });
        app.curator().if_match(1).patch(&path, &patch).expect_problem(status, code).naming("review_months");
    }
    let monthly = app.curator().if_match(1).patch(&path, &json!({ "review_months": 1 })).expect(200).json;
    assert_eq!(monthly["review_months"], 1);
    let change = &monthly["change"];
    app.advance(TimeDelta::days(30 + 365));
    assert_eq!(found(app, &format!("q=d%C3%A9pannage&exact=true&min_change={change}")), 0, "a month and a year");
    assert_eq!(found(app, "q=garderie&exact=true"), 3, "the others have six");
    // Without a rhythm of its own it has that of the house again: due five months later than it was.
    let back = app.curator().if_match(2).patch(&path, &json!({ "review_months": null })).expect(200).json;
    assert!(back.get("review_months").is_none(), "{back}");
    assert_eq!(found(app, &format!("q=d%C3%A9pannage&exact=true&min_change={}", back["change"])), 1);
});

both!(what_nobody_ever_confirmed_counts_from_its_first_day, |app| {
    let body = json!({ "organization_id": organization("famille"), "name": "Halte jamais confirmée" });
    let made = app.worker().post("/api/v1/services", &body).expect(201).json;
    assert_eq!(found(app, &format!("q=confirm%C3%A9e&exact=true&min_change={}", made["change"])), 1);
    app.advance(TimeDelta::days(FAR_OVERDUE_DAYS));
    assert_eq!(found(app, "q=confirm%C3%A9e&exact=true"), 0);
});

#[test]
fn nothing_is_hidden_where_the_operator_hides_nothing() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if let Some(app) = TestApp::start_with(backend, |config| config.freshness.hide = false) {
            app.advance(TimeDelta::days(FAR_OVERDUE_DAYS * 3));
            assert_eq!(found(&app, "q=garderie&exact=true"), 3);
        }
    }
}
