//! How much room a service has: who said what, when; the last word of each number wins.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::app::{Reply, TestApp, both};
use super::story::service;

fn path() -> String {
    format!("/api/v1/services/{}/capacities", service("halte"))
}

fn say(app: &TestApp, body: &Value) -> Reply {
    app.worker().post(&path(), body)
}

fn history(app: &TestApp) -> Vec<Value> {
    app.worker().get(&path()).expect(200).json["results"].as_array().expect("results").clone()
}

both!(a_word_about_the_room_is_dated_and_found_at_once, |app| {
    let public = format!("/api/v1/services/{}", service("halte"));
    assert_eq!(app.anonymous().get(&public).expect(200).json["capacity"]["places_available"], 3);
    app.advance(TimeDelta::days(2));
    let said = say(app, &json!({ "places_available": 0, "wait_days": 30 })).expect(200);
    assert_eq!(said.json["capacity"]["places_available"], 0);
    let change = said.json["change"].as_i64().expect("a change");
    assert_eq!(said.header("Relais-Change"), Some(change.to_string().as_str()));
    app.anonymous().get(&format!("/api/v1/search?q=halte&min_change={change}")).expect(200);

    let shown = app.anonymous().get(&public).expect(200).json;
    let now = app.clock.now();
    assert_eq!(shown["capacity"]["said"]["wait_days"], json!({ "observed_at": now, "source": "member" }));
    let units: Vec<(&str, i64)> = shown["capacities"]
        .as_array()
        .expect("capacities")
        .iter()
        .map(|one| (one["unit"]["name"].as_str().expect("a unit"), one["available"].as_i64().expect("a number")))
        .collect();
    assert_eq!(units, [("place", 0), ("day of wait", 30)]);

    // The same word again, an answer lost: nothing more.
    let again = say(app, &json!({ "places_available": 0, "wait_days": 30 })).expect(200);
    assert_eq!(again.json["change"], 0);
    assert_eq!(history(app).len(), 2);
    // Another number within the minute is another word, and so is a curator's.
    say(app, &json!({ "places_available": 1, "wait_days": 30 })).expect(200);
    app.curator().post(&path(), &json!({ "places_available": 1, "wait_days": 30 })).expect(200);
    assert_eq!(history(app).len(), 4);
    assert_eq!(history(app)[0]["source"], "curator");
});

both!(each_number_is_as_old_as_its_own_last_word, |app| {
    app.advance(TimeDelta::days(10));
    let now = app.clock.now();
    let ago = |days: i64| now.plus(TimeDelta::days(-days)).to_rfc3339();
    say(app, &json!({ "wait_days": 12 })).expect(200);
    // Said later of an earlier day: the places are news, the wait is not.
    let late = say(app, &json!({ "places_available": 5, "wait_days": 99, "observed_at": ago(3) })).expect(200).json;
    assert_eq!((&late["capacity"]["places_available"], &late["capacity"]["wait_days"]), (&json!(5), &json!(12)));
    assert_eq!(late["capacity"]["observed_at"], json!(now), "the latest of all");
    // Older than everything known: to the history alone.
    let older = say(app, &json!({ "places_available": 9, "observed_at": ago(20) })).expect(200).json;
    assert_eq!((&older["capacity"], &older["change"]), (&late["capacity"], &json!(0)));
    assert_eq!(history(app).len(), 4);

    // A change of the service that does not speak of the room leaves the words as they are.
    let service_path = format!("/api/v1/services/{}", service("halte"));
    let version = app.worker().get(&service_path).expect(200).json["version"].as_i64().expect("a version");
    let patched = app.worker().if_match(version).patch(&service_path, &json!({ "alert": "Congé." })).expect(200).json;
    assert_eq!(patched["capacity"], late["capacity"]);
    let patch = json!({ "capacity": { "waiting_list_length": 4 } });
    let patched = app.curator().if_match(version + 1).patch(&service_path, &patch).expect(200).json;
    assert_eq!(patched["capacity"]["said"]["waiting_list_length"]["source"], "curator");
    assert_eq!(patched["capacity"]["said"]["wait_days"], late["capacity"]["said"]["wait_days"]);
    assert_eq!(history(app)[0], json!({ "waiting_list_length": 4, "observed_at": now, "source": "curator" }));
    // Nobody says a number in another's name.
    let forged = json!({ "capacity": { "places_available": 2, "said": { "places_available":
        { "observed_at": "2020-01-01T00:00:00Z", "source": "link" } } } });
    let patched = app.worker().if_match(version + 2).patch(&service_path, &forged).expect(200).json;
    assert_eq!(patched["capacity"]["said"]["places_available"], json!({ "observed_at": now, "source": "member" }));
});

both!(the_history_goes_on_by_cursor, |app| {
    for places in 0..7 {
        app.advance(TimeDelta::hours(1));
        say(app, &json!({ "places_available": places })).expect(200);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.worker().get(&format!("{}?limit=3{cursor}", path())).expect(200).json;
        seen.extend(page["results"].as_array().expect("results").iter().map(|one| one["places_available"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1, 0, 3].map(Value::from));
});

both!(bad_words_are_refused_by_name_and_strangers_altogether, |app| {
    let tomorrow = app.clock.now().plus(TimeDelta::days(1)).to_rfc3339();
    for (body, status, code, field) in [
        (json!({}), 400, "missing_field", "places_available"),
        (json!({ "places_available": null }), 400, "missing_field", "places_available"),
        (json!({ "places_available": -1 }), 422, "out_of_range", "places_available"),
        (json!({ "waiting_list_length": 100_001 }), 422, "out_of_range", "waiting_list_length"),
        (json!({ "wait_days": 9_000_000_000_i64 }), 422, "out_of_range", "wait_days"),
        (json!({ "places_available": 1.5 }), 400, "wrong_type", "places_available"),
        (json!({ "places_available": 1, "observed_at": tomorrow }), 422, "out_of_range", "observed_at"),
        (json!({ "places_available": 1, "observed_at": "hier" }), 422, "invalid_date", "observed_at"),
        (json!({ "rooms": 1 }), 400, "unknown_field", "rooms"),
    ] {
        say(app, &body).expect_problem(status, code).naming(field);
    }
    let body = json!({ "places_available": 1 });
    app.partner().post(&path(), &body).expect_problem(403, "forbidden");
    app.table().post(&path(), &body).expect_problem(403, "forbidden");
    app.anonymous().post(&path(), &body).expect_problem(401, "unauthenticated");
    app.anonymous().get(&path()).expect_problem(401, "unauthenticated");
    app.worker().get(&format!("{}?limit=0", path())).expect_problem(422, "out_of_range").naming("limit");
    app.worker().get(&format!("{}?cursor=abc", path())).expect_problem(400, "invalid_cursor");
    let nowhere = "/api/v1/services/019ec0de-0000-7000-8000-00000000ffff/capacities";
    app.worker().post(nowhere, &body).expect_problem(404, "not_found");
    app.worker().get(nowhere).expect_problem(404, "not_found");
    assert_eq!(history(app).len(), 1, "nothing was written");
});
