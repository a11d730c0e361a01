//! How refusals speak, whatever is refused: fields by one kind of path, types by the words of JSON, hidden characters by
//! the field that has them; and changes that change nothing.

use serde_json::{Value, json};

use super::app::{Client, Reply, both};
use relais::sample::twenty::{location_id, organization_id, service_id};

fn told(reply: &Reply) -> (u16, &str, &str, &str) {
    let said = |member: &str| reply.json[member].as_str().unwrap_or("");
    (reply.status, said("code"), said("field"), said("rule"))
}

both!(types_and_paths_are_said_in_the_words_of_the_contract, |app| {
    let worker = app.worker();
    let (search, lists, matched) = ("/api/v1/search", "/api/v1/saved_lists", "/api/v1/match");
    let (families, saved) = ("/api/v1/families", "/api/v1/saved_searches");
    for (path, body, field, rule) in [
        (search, json!({"limit": "ten"}), "limit", "integer"),
        (search, json!({"limit": 1.5}), "limit", "integer"),
        (search, json!({"limit": null, "q": 5}), "limit", "integer"),
        (search, json!({"lat": "45"}), "lat", "number"),
        (search, json!({"exact": "yes"}), "exact", "boolean"),
        (search, json!({"sort": 7}), "sort", "string"),
        (search, json!({"polygon": []}), "polygon", "object"),
        (search, json!({"polygon": "x"}), "polygon", "object"),
        (
            search,
            json!({"polygon": {"type": "Polygon", "coordinates": [[[0, "a"]]]}}),
            "polygon.coordinates.0.0.1",
            "number",
        ),
        (search, json!({"polygon": {"type": "Polygon", "coordinates": {}}}), "polygon.coordinates", "array"),
        (search, json!([]), "body", "object"),
        (search, json!("text"), "body", "object"),
        (lists, json!({"name": "x", "services": ["y"]}), "services.0", "UUID"),
        (lists, json!({"name": "x", "services": "y"}), "services", "array"),
        (matched, json!({"near": "Longueuil", "needs": [{"category": "food"}], "pinned": [3]}), "pinned.0", "UUID"),
        (saved, json!({"name": "x", "search": {"age_months": true}}), "search.age_months", "string, integer, array"),
        (matched, json!({"near": "Longueuil", "needs": [["food"]]}), "needs.0", "object"),
        (
            matched,
            json!({"near": "Longueuil", "needs": [{"q": "x"}], "children": [["2024-01"]]}),
            "children.0",
            "object",
        ),
        (
            matched,
            json!({"near": "Longueuil", "needs": [{"q": "x"}], "available": [["monday"]]}),
            "available.0",
            "object",
        ),
        (saved, json!({"name": "x", "search": []}), "search", "object"),
        (families, json!({"point": [45.5, -73.5]}), "point", "object"),
        (families, json!({"identity": [["Rose"]]}), "identity", "object"),
        (families, json!({"children": [["2024-01"]]}), "children.0", "object"),
        (families, json!({"observations": [["isolated", true]]}), "observations.0", "object"),
        (families, json!({"children": [{"born_in": null, "due_in": "2027-01"}]}), "children.0.born_in", "string"),
        (families, json!({"children": [{"born_in": 2024}]}), "children.0.born_in", "string"),
        (families, json!({"first_contact_on": "soon"}), "first_contact_on", "YYYY-MM-DD"),
        (
            families,
            json!({"observations": [{"kind": "isolated", "value": 3}]}),
            "observations.0.value",
            "boolean, string",
        ),
        (
            families,
            json!({"children": [{"born_in": "2024-01"}], "point": {"lat": [], "lon": 1}}),
            "point.lat",
            "number",
        ),
    ] {
        let reply = worker.post(path, &body);
        assert_eq!(told(&reply), (400, "wrong_type", field, rule), "{body}");
    }
    for (query, field, rule) in [
        ("limit=ten", "limit", "integer"),
        ("limit=", "limit", "integer"),
        ("limit=99999999999999999999", "limit", "integer"),
        ("lat=x&lon=0", "lat", "number"),
        ("exact=perhaps", "exact", "true, false"),
    ] {
        let reply = worker.get(&format!("{search}?{query}"));
        assert_eq!(told(&reply), (400, "wrong_type", field, rule), "{query}");
    }
    let unknown = worker.post(search, &json!({"sort": "price"}));
    assert_eq!(told(&unknown), (422, "invalid_value", "sort", "relevance, distance"));
    let misspelt = worker.post(search, &json!({"querry": "x"}));
    assert_eq!(told(&misspelt).2, "querry");
    assert!(told(&misspelt).3.starts_with("q, lang, lat, lon, near"), "{}", misspelt.text);
});

both!(what_nobody_sees_in_a_short_text_is_refused_by_its_field, |app| {
    let rule = "no control or bidirectional-override character";
    let refused = |reply: Reply, field: &str| {
        assert_eq!(told(&reply), (422, "invalid_value", field, rule), "{}", reply.text);
    };
    let worker = app.worker();
    let list = worker.post("/api/v1/saved_lists", &json!({"name": "Paniers"})).expect(201).id();
    let list = format!("/api/v1/saved_lists/{list}");
    let service = format!("/api/v1/services/{}", service_id("garderie"));
    let of_service = app.curator().get(&service).expect(200).json["version"].as_i64().unwrap();
    for hidden in
        ["\u{0}", "\u{7}", "\n", "\t", "\u{7f}", "\u{85}", "\u{202e}", "\u{202a}", "\u{2066}", "\u{2069}", "\u{2028}"]
    {
        let text = format!("Paniers{hidden} du jeudi");
        let search = json!({"q": "garderie"});
        refused(worker.post("/api/v1/saved_lists", &json!({"name": text})), "name");
        refused(worker.clone().if_match(1).patch(&list, &json!({"name": text})), "name");
        refused(worker.post("/api/v1/saved_searches", &json!({"name": text, "search": search})), "name");
        refused(worker.post("/api/v1/saved_searches", &json!({"name": "x", "search": {"q": text}})), "search.q");
        refused(app.curator().if_match(of_service).patch(&service, &json!({"name": text})), "name");
        let phones = json!({"phones": [{"number": format!("450{hidden} 555-0101")}]});
        refused(app.curator().if_match(of_service).patch(&service, &phones), "phones.0.number");
        let identity = json!({"parent_names": [text]});
        let family = json!({"municipality_id": "municipality:58227", "identity": identity});
        refused(worker.post("/api/v1/families", &family), "identity.parent_names.0");
    }
    // In a text of several lines, lines are no fault; what turns letters round is.
    let report = |comment: &str| {
        let body = json!({"reason": "moved", "comment": comment});
        app.anonymous().post(&format!("{service}/reports"), &body)
    };
    refused(report("Déménagé\u{202e} hier"), "comment");
    report("Déménagé hier.\nLa porte est fermée.\tVoilà.").expect(201);
    // Marks that a language needs are letters as others.
    worker.post("/api/v1/saved_lists", &json!({"name": "مركز\u{200f} — می‌خواهم 👨‍👩‍👧"})).expect(201);
});

both!(what_would_be_passed_over_is_refused, |app| {
    let worker = app.worker();
    for (path, body) in [
        ("/api/v1/search?limit=1", json!({"q": "garderie"})),
        ("/api/v1/match?limit=1", json!({"near": "Longueuil", "needs": [{"category": "food"}]})),
        ("/api/v1/saved_lists?limit=1&name=y", json!({"name": "x"})),
    ] {
        assert_eq!(told(&worker.post(path, &body)), (400, "unknown_field", "limit", "in the body"), "{path}");
    }
    let list = worker.post("/api/v1/saved_lists", &json!({"name": "x"})).expect(201).id();
    let search = json!({"name": "x", "search": {"q": "garderie"}});
    let search = worker.post("/api/v1/saved_searches", &search).expect(201).id();
    for (path, member, rule) in [
        (format!("/api/v1/saved_lists/{list}"), "name", "string"),
        (format!("/api/v1/saved_lists/{list}"), "services", "array"),
        (format!("/api/v1/saved_searches/{search}"), "name", "string"),
        (format!("/api/v1/saved_searches/{search}"), "alert", "boolean"),
    ] {
        let reply = worker.clone().if_match(1).patch(&path, &json!({member: null}));
        assert_eq!(told(&reply), (400, "wrong_type", member, rule), "{path}");
        assert_eq!(worker.get(&path).expect(200).json["version"], 1);
    }
});

fn change_nothing(client: &Client, path: &str) {
    let before = client.get(path).expect(200);
    let version = before.json["version"].as_i64().expect("a version");
    let after = client.clone().if_match(version).patch(path, &json!({})).expect(200);
    assert_eq!(after.json["version"], json!(version), "{path}");
    assert_eq!(after.header("etag"), before.header("etag"), "{path}");
    assert_eq!(client.get(path).expect(200).json, before.json, "{path}");
    client.clone().if_match(version + 1).patch(path, &json!({})).expect_problem(412, "stale_version");
}

both!(a_change_of_nothing_changes_nothing, |app| {
    let worker = app.worker();
    let search = json!({"name": "Garderies", "search": {"category": "childcare", "near": "Longueuil"}, "alert": true});
    let made = |path: &str, body: &Value| format!("{path}/{}", worker.post(path, body).expect(201).id());
    let list = made("/api/v1/saved_lists", &json!({"name": "Paniers"}));
    let search = made("/api/v1/saved_searches", &search);
    let family = made("/api/v1/families", &json!({"municipality_id": "municipality:58227", "language": "es"}));
    // Time passes, so that a moment that is written would show.
    app.advance(chrono::TimeDelta::minutes(1));
    let worker = app.worker();
    change_nothing(&worker, &list);
    change_nothing(&worker, &search);
    change_nothing(&worker, &family);
    for path in [
        format!("/api/v1/services/{}", service_id("garderie")),
        format!("/api/v1/organizations/{}", organization_id("cpe")),
        format!("/api/v1/locations/{}", location_id("pousses")),
    ] {
        change_nothing(&app.curator(), &path);
    }
    // What says again what is there changes nothing either.
    let again = worker.clone().if_match(1).patch(&list, &json!({"name": "Paniers", "services": []})).expect(200);
    assert_eq!(again.json["version"], 1);
    let again = worker.clone().if_match(1).patch(&search, &json!({"name": "Garderies", "alert": true})).expect(200);
    assert_eq!(again.json["version"], 1);
});

both!(a_version_is_an_entity_tag, |app| {
    let worker = app.worker();
    let path =
        format!("/api/v1/saved_lists/{}", worker.post("/api/v1/saved_lists", &json!({"name": "A"})).expect(201).id());
    let change = |tag: &str| worker.clone().header("If-Match", tag).patch(&path, &json!({"name": "B"}));
    for wrong in ["1", "", "\"1", "1\"", "'1'", "\"1\" \"2\"", "\"\"1\"\"", "W/1", "one"] {
        let reply = change(wrong);
        assert_eq!((reply.status, told(&reply).1, told(&reply).2), (400, "invalid_header", "If-Match"), "{wrong}");
    }
    // Tags that are none of ours, or weak, match no version (RFC 9110, section 13.1.1).
    for other in ["\"2\"", "\"x\"", "W/\"1\"", "\"01\"", "\"\""] {
        change(other).expect_problem(412, "stale_version");
    }
    change("\"1\"").expect(200);
});
