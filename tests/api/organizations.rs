//! Organisations written over HTTP: by their members and by curators, each where it may.

use relais::domain::viewer::Role;
use relais::sample::{id_of, twenty};
use relais::store::accounts::{self, MembershipRow};
use serde_json::{Value, json};

use super::app::{Client, TestApp, both};

const ORGANIZATIONS: &str = "/api/v1/organizations";

fn path(key: &str) -> String {
    format!("{ORGANIZATIONS}/{}", twenty::organization_id(key))
}

/// A curator bounded to territories.
pub fn curator_of(app: &TestApp, name: &str, territories: &[&str]) -> Client {
    let now = app.clock.now();
    let email = format!("{name}@demo.relais.example");
    let like = app.deps.store.read(|conn| accounts::find(conn, id_of("account", "curator")));
    let mut account = like.expect("the store answers").expect("the curator is there");
    account.id = app.deps.ids.new_id(now);
    account.email.clone_from(&email);
    let organization_id = twenty::organization_id("famille");
    let membership = MembershipRow { account_id: account.id, organization_id, role: Role::Curator };
    let territories: Vec<String> = territories.iter().map(|&id| id.to_owned()).collect();
    let written = app.deps.store.write(now, |tx| {
        accounts::insert(tx, &[account.clone()])?;
        accounts::insert_memberships(tx, std::slice::from_ref(&membership))?;
        accounts::insert_territories(tx, account.id, &territories)
    });
    written.expect("the curator has an account");
    app.signed_in(&email)
}

both!(an_organisation_is_read_and_changed_by_its_members, |app| {
    let path = path("famille");
    let shown = app.anonymous().get(&path).expect(200);
    let version = shown.json["version"].as_i64().unwrap();
    assert_eq!(shown.header("ETag"), Some(format!("\"{version}\"").as_str()));
    assert!(shown.json.get("referral_address").is_none());
    let patch = json!({ "website": "https://nouveau.example", "translations": { "en": { "description": "New." } } });
    app.anonymous().if_match(version).patch(&path, &patch).expect_problem(401, "unauthenticated");
    app.partner().if_match(version).patch(&path, &patch).expect_problem(403, "forbidden");
    app.worker().patch(&path, &patch).expect_problem(428, "version_required");
    app.worker().if_match(version + 1).patch(&path, &patch).expect_problem(412, "stale_version");
    let changed = app.worker().if_match(version).patch(&path, &patch).expect(200);
    assert_eq!(changed.json["website"], "https://nouveau.example");
    assert_eq!(changed.json["translations"]["en"]["description"], "New.");
    assert_eq!(changed.json["version"], json!(version + 1));
    assert!(changed.json["change"].as_i64().unwrap() > 0);
    let same = app.worker().if_match(version + 1).patch(&path, &patch).expect(200).json;
    assert_eq!((&same["version"], &same["change"]), (&json!(version + 1), &json!(0)));
    let told = app.partner().get(&format!("{path}/history")).expect(200).json;
    assert_eq!(told["results"][0]["updated_by"], "member");
    let undo = json!({ "change_set": told["results"][0]["change_set"] });
    let undone = app.worker().post(&format!("{path}/reversals"), &undo).expect(200).json;
    assert_eq!(undone["website"], shown.json["website"]);
});

both!(what_cannot_be_an_organisation_is_refused_by_name_and_nothing_is_written, |app| {
    let own = twenty::organization_id("famille");
    let path = path("famille");
    let version = app.worker().get(&path).expect(200).json["version"].as_i64().unwrap();
    let cases = [
        (json!({ "referral_address": "voleur@example.example" }), 400, "unknown_field", "referral_address"),
        (json!({ "enrolled_on": "2026-01-01" }), 400, "unknown_field", "enrolled_on"),
        (json!({ "name": null, "translations": null }), 400, "missing_field", "name"),
        (json!({ "name": 7 }), 400, "wrong_type", "name"),
        (json!({ "name": "x".repeat(301) }), 422, "too_long", "name"),
        (json!({ "website": "javascript:alert(1)" }), 422, "invalid_value", "website"),
        (json!({ "email": "personne" }), 422, "invalid_value", "email"),
        (json!({ "phones": [{ "number": "aucun" }] }), 422, "invalid_value", "phones.0.number"),
        (json!({ "id": "019ec0de-0000-7000-8000-00000000ffff" }), 422, "invalid_value", "id"),
        (json!({ "locations": [] }), 422, "invalid_value", "locations"),
        (json!({ "parent_organization_id": own }), 422, "invalid_value", "parent_organization_id"),
        (json!({ "parent_organization_id": "maison" }), 422, "invalid_value", "parent_organization_id"),
        (
            json!({ "parent_organization_id": "019ec0de-0000-7000-8000-00000000ffff" }),
            422,
            "unknown_reference",
            "parent_organization_id",
        ),
    ];
    for (patch, status, code, field) in cases {
        app.worker().if_match(version).patch(&path, &patch).expect_problem(status, code).naming(field);
    }
    assert_eq!(app.worker().get(&path).expect(200).json["version"], json!(version));
    app.anonymous().get(&format!("{ORGANIZATIONS}?cursor=x")).expect_problem(400, "invalid_cursor");
    app.anonymous().get(&format!("{ORGANIZATIONS}?limit=101")).expect_problem(422, "out_of_range").naming("limit");
});

both!(no_organisation_is_above_itself_at_any_distance, |app| {
    let under = |child: &str, parent: &str| {
        let path = path(child);
        let version = app.curator().get(&path).expect(200).json["version"].as_i64().unwrap();
        let patch = json!({ "parent_organization_id": twenty::organization_id(parent) });
        app.curator().if_match(version).patch(&path, &patch)
    };
    under("famille", "cpe").expect(200);
    under("cpe", "abri").expect(200);
    under("abri", "famille").expect_problem(422, "invalid_value").naming("parent_organization_id");
});

both!(a_curator_adds_an_organisation_once_however_often_it_is_sent, |app| {
    let new = json!({ "name": "Maison des Sittelles", "description": "Fictive." });
    app.worker().post(ORGANIZATIONS, &new).expect_problem(403, "forbidden");
    app.anonymous().post(ORGANIZATIONS, &new).expect_problem(401, "unauthenticated");
    let curator = app.curator().header("Idempotency-Key", "une-fois");
    let made = curator.post(ORGANIZATIONS, &new).expect(201);
    let path = made.header("Location").unwrap().to_owned();
    assert_eq!(curator.post(ORGANIZATIONS, &new).expect(201).id(), made.id());
    let other = json!({ "name": "Autre" });
    curator.post(ORGANIZATIONS, &other).expect_problem(422, "idempotency_key_reused");
    let told = app.curator().get(&format!("{path}/history")).expect(200).json["results"].clone();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["action"]), (1, &json!("create")), "one row");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.anonymous().get(&format!("{ORGANIZATIONS}?limit=3{cursor}")).expect(200).json;
        seen.extend(page["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(seen.contains(&made.id()) && seen.is_sorted(), "{seen:?}");
});

both!(a_curator_of_a_territory_writes_what_lies_there_and_nothing_else, |app| {
    let here = curator_of(app, "ici", &["mrc:58"]);
    let elsewhere = curator_of(app, "ailleurs", &["region:01"]);
    let service = format!("/api/v1/services/{}", twenty::service_id("garderie"));
    let path = path("famille");
    for target in [&service, &path] {
        let version = app.curator().get(target).expect(200).json["version"].as_i64().unwrap();
        let patch = json!({ "email": "curatrice@exemple.example" });
        elsewhere.clone().if_match(version).patch(target, &patch).expect_problem(403, "forbidden");
        here.clone().if_match(version).patch(target, &patch).expect(200);
    }
    let listing = |served: &str| json!({ "organization_id": twenty::organization_id("famille"), "name": "Halte", "served": [served] });
    here.post("/api/v1/services", &listing("mrc:58")).expect(201);
    here.post("/api/v1/services", &listing("region:01")).expect_problem(403, "forbidden").naming("served");
    let refused = elsewhere.post("/api/v1/services", &listing("region:01"));
    refused.expect_problem(403, "forbidden").naming("organization_id");
});

both!(an_organisation_with_services_leaves_with_them_or_not_at_all, |app| {
    let path = path("cpe");
    let id = twenty::organization_id("cpe");
    let version = app.curator().get(&path).expect(200).json["version"].as_i64().unwrap();
    let retire = |body: &Value| app.curator().if_match(version).post(&format!("{path}/retirement"), body);
    let of_it = || app.anonymous().get(&format!("/api/v1/services?organization_id={id}")).expect(200).json;
    let services = of_it()["contents"].as_array().unwrap().clone();
    assert!(!services.is_empty());
    retire(&json!({ "reason": "Fermé." })).expect_problem(409, "still_in_use").naming("with_services");
    assert_eq!(of_it()["contents"].as_array().unwrap().len(), services.len());
    let gone = retire(&json!({ "reason": "Fermé.", "with_services": true })).expect(200).json;
    assert_eq!(of_it()["contents"], json!([]));
    app.anonymous().get(&path).expect_problem(410, "retired");
    let service = format!("/api/v1/services/{}", services[0]["id"].as_str().unwrap());
    app.anonymous().get(&service).expect_problem(410, "retired");
    // Nothing new comes to what has left, and its services come back after it.
    let listing = json!({ "organization_id": id, "name": "Halte" });
    app.curator().post("/api/v1/services", &listing).expect_problem(422, "unknown_reference");
    let one = app.curator().if_match(2).post(&format!("{service}/restoration"), &json!({}));
    one.expect_problem(410, "retired").naming("organization");
    let version = gone["version"].as_i64().unwrap();
    app.curator().if_match(version).post(&format!("{path}/restoration"), &json!({})).expect(200);
    app.curator().if_match(2).post(&format!("{service}/restoration"), &json!({})).expect(200);
    app.anonymous().get(&service).expect(200);
});
