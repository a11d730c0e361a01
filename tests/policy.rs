//! Who may do what to whose record: every route of a family, need, consent, follow-up or referral, against every role.
//! What is not yours and what is not there are the same answer, word for word.

use relais::domain::follow_up::FollowUpStatus;
use relais::domain::viewer::Role;
use relais::id::Id;
use relais::sample::id_of;
use relais::store::accounts::{self, MembershipRow};
use relais::store::follow_ups::{self, FollowUpRow};
use serde_json::{Value, json};

use crate::api::app::{Client, Reply, TestApp, both};
use crate::api::story::{family, go, known_sender, organization, send};

/// Records of one organisation's caseload, with a referral that its receiver has accepted.
struct Caseload {
    family: Id,
    need: Id,
    consent: Id,
    follow_up: Id,
    referral: String,
}

/// Where the answers of one route stand, by who asks. The receiver is the partner whose organisation got the referral.
struct Rule {
    method: &'static str,
    path: &'static str,
    record: fn(&Caseload) -> String,
    body: Value,
    owner: u16,
    receiver: u16,
}

/// A record's own workers get `owner`, the receiver of its referral gets `receiver`, everybody else 404, nobody 401.
fn rules() -> Vec<Rule> {
    let of_family = |method, path, body, owner| {
        let record: fn(&Caseload) -> String = |caseload| caseload.family.to_string();
        Rule { method, path, record, body, owner, receiver: 404 }
    };
    let of_need = |method, path, body, owner| {
        let record: fn(&Caseload) -> String = |caseload| caseload.need.to_string();
        Rule { method, path, record, body, owner, receiver: 404 }
    };
    let of_referral = |method, path, body, owner, receiver| {
        let record: fn(&Caseload) -> String = |caseload| caseload.referral.clone();
        Rule { method, path, record, body, owner, receiver }
    };
    let observed = json!({"observations": [{"kind": "isolated", "value": true}]});
    vec![
        of_family("GET", "/api/v1/families/{id}", Value::Null, 200),
        of_family("POST", "/api/v1/families/{id}/observations", observed, 201),
        of_family("PUT", "/api/v1/families/{id}/identity", json!({"notes": "rien"}), 204),
        of_family("GET", "/api/v1/families/{id}/identity", Value::Null, 200),
        of_family("PATCH", "/api/v1/families/{id}", json!({"language": "fr"}), 200),
        of_need("GET", "/api/v1/needs/{id}", Value::Null, 200),
        of_need("POST", "/api/v1/needs/{id}/outcomes", json!({"status": "met"}), 201),
        Rule {
            method: "POST",
            path: "/api/v1/follow_ups/{id}/completion",
            record: |caseload| caseload.follow_up.to_string(),
            body: json!({"status": "met"}),
            owner: 200,
            receiver: 404,
        },
        of_referral("GET", "/api/v1/referrals/{id}", Value::Null, 200, 200),
        of_referral("GET", "/api/v1/referrals/{id}/identity", Value::Null, 404, 200),
        of_referral("POST", "/api/v1/referrals/{id}/transitions", json!({"to": "seen"}), 412, 412),
        Rule {
            method: "POST",
            path: "/api/v1/consents/{id}/revocation",
            record: |caseload| caseload.consent.to_string(),
            body: json!({}),
            owner: 200,
            receiver: 404,
        },
    ]
}

/// Routes with an id whose records everybody may read, or whose rules have their own page of tests.
const ELSEWHERE: [&str; 37] = [
    "/api/v1/saved_searches/{id}",
    "/api/v1/saved_lists/{id}",
    "/api/v1/saved_lists/{id}/print",
    "/api/v1/saved_lists/{id}/letters",
    "/api/v1/services/{id}/reports",
    "/api/v1/error_reports/{id}/resolution",
    "/api/v1/edits/{id}/decision",
    "/api/v1/organizations/{id}/claims",
    "/api/v1/claims/{id}/decision",
    "/api/v1/services/{id}",
    "/api/v1/services/{id}/history",
    "/api/v1/services/{id}/reversals",
    "/api/v1/services/{id}/retirement",
    "/api/v1/services/{id}/restoration",
    "/api/v1/organizations/{id}",
    "/api/v1/organizations/{id}/history",
    "/api/v1/organizations/{id}/reversals",
    "/api/v1/organizations/{id}/retirement",
    "/api/v1/organizations/{id}/restoration",
    "/api/v1/locations/{id}",
    "/api/v1/locations/{id}/history",
    "/api/v1/locations/{id}/reversals",
    "/api/v1/locations/{id}/retirement",
    "/api/v1/locations/{id}/restoration",
    "/api/v1/territories/{id}",
    "/api/v1/services/{id}/capacities",
    "/api/v1/organizations/{id}/record_links",
    "/api/v1/services/{id}/provenance",
    "/hsds/services/{id}",
    "/hsds/organizations/{id}",
    "/hsds/service_at_locations/{id}",
    "/hsds/taxonomies/{id}",
    "/hsds/taxonomy_terms/{id}",
    "/api/v1/services/{id}/duplicates",
    "/api/v1/duplicates/{id}/dismissal",
    "/api/v1/duplicates/{id}/merge",
    "/api/v1/duplicates/{id}/separation",
];

fn caseload(app: &TestApp) -> Caseload {
    known_sender(app);
    let story = family(app, &["comptoir"]);
    let referral = send(app, &story, "panier").expect(201).id();
    go(app, &app.partner(), &referral, &json!({"to": "accepted"})).expect(200);
    let now = app.clock.now();
    let follow_up = FollowUpRow {
        id: app.deps.ids.new_id(now),
        network_id: relais::store::DEFAULT_NETWORK,
        need_id: story.need_id,
        family_id: Some(story.family_id),
        organization_id: organization("famille"),
        assignee_account_id: None,
        status: FollowUpStatus::Due,
        due_on: now.date(),
        done_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    app.deps.store.write(now, |tx| follow_ups::open(tx, &follow_up)).expect("the follow-up is written");
    let consent = story.consent_ids[0];
    Caseload { family: story.family_id, need: story.need_id, consent, follow_up: follow_up.id, referral }
}

/// A worker of another organisation, and a partner of an organisation that received nothing.
fn strangers(app: &TestApp) -> [(&'static str, Client); 2] {
    let now = app.clock.now();
    let add = |name: &str, role: Role| {
        let email = format!("{name}@demo.relais.example");
        let like = app.deps.store.read(|conn| accounts::find(conn, id_of("account", "worker")));
        let mut account = like.expect("the store answers").expect("the worker is there");
        account.id = app.deps.ids.new_id(now);
        account.email = email.clone();
        let membership = MembershipRow { account_id: account.id, organization_id: organization("carrefour"), role };
        let written = app.deps.store.write(now, |tx| {
            accounts::insert(tx, &[account.clone()])?;
            accounts::insert_memberships(tx, std::slice::from_ref(&membership))
        });
        written.expect("the stranger has an account");
        app.signed_in(&email)
    };
    [("another worker", add("ailleurs", Role::Worker)), ("another partner", add("voisin", Role::Partner))]
}

fn ask(who: &Client, rule: &Rule, id: &str) -> Reply {
    let path = rule.path.replace("{id}", id);
    let who = who.clone().if_match(1);
    match rule.method {
        "GET" => who.get(&path),
        "PUT" => who.put(&path, &rule.body),
        "PATCH" => who.patch(&path, &rule.body),
        _ => who.post(&path, &rule.body),
    }
}

/// Everything of an answer that does not belong to the one request: status, headers and body.
fn said(reply: &Reply) -> (u16, Vec<(String, String)>, Value) {
    // Whether the connection stays open tells how much of the body had arrived when the answer was written, no more.
    let own = ["x-request-id", "date", "content-length", "connection"];
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .collect();
    headers.sort();
    let mut body = reply.json.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (reply.status, headers, body)
}

both!(every_record_answers_its_own_people_and_nobody_else, |app| {
    let caseload = caseload(app);
    let mut others = strangers(app).to_vec();
    others.extend([("curator", app.curator()), ("table", app.table()), ("admin", app.admin())]);
    let missing = app.deps.ids.new_id(app.clock.now()).to_string();
    for rule in rules() {
        let id = (rule.record)(&caseload);
        let told = |who: &str| format!("{who}: {} {}", rule.method, rule.path);
        for (who, client) in &others {
            let foreign = ask(client, &rule, &id);
            assert_eq!(foreign.status, 404, "{}: {}", told(who), foreign.text);
            assert_eq!(said(&foreign), said(&ask(client, &rule, &missing)), "{}", told(who));
        }
        let nobody = ask(&app.anonymous(), &rule, &id);
        assert_eq!((nobody.status, &nobody.json["code"]), (401, &json!("unauthenticated")), "{}", told("nobody"));
        let partner = ask(&app.partner(), &rule, &id);
        assert_eq!(partner.status, rule.receiver, "{}: {}", told("receiver"), partner.text);
        if partner.status == 404 {
            assert_eq!(said(&partner), said(&ask(&app.partner(), &rule, &missing)), "{}", told("receiver"));
        }
        let absent = ask(&app.worker(), &rule, &missing);
        assert_eq!(absent.status, 404, "{}: {}", told("worker"), absent.text);
        // Last, for it may change the record: those before have left it as it was.
        let owner = ask(&app.worker(), &rule, &id);
        assert_eq!(owner.status, rule.owner, "{}: {}", told("worker"), owner.text);
    }
});

both!(lists_hold_ones_own_and_other_roles_are_told_so, |app| {
    let caseload = caseload(app);
    let [(_, other_worker), (_, other_partner)] = strangers(app);
    for path in ["/api/v1/families", "/api/v1/needs", "/api/v1/follow_ups"] {
        let own = app.worker().get(path).expect(200);
        assert!(!own.json["results"].as_array().expect("results").is_empty(), "{path}");
        assert_eq!(other_worker.get(path).expect(200).json["results"], json!([]), "{path}");
        for client in [&other_partner, &app.partner(), &app.curator(), &app.table(), &app.admin()] {
            client.get(path).expect_problem(403, "forbidden");
        }
        app.anonymous().get(path).expect_problem(401, "unauthenticated");
    }
    for client in [&other_partner, &app.partner(), &app.curator(), &app.table(), &app.admin()] {
        client.post("/api/v1/families", &json!({})).expect_problem(403, "forbidden");
        client.post("/api/v1/needs", &json!({"category": "food"})).expect_problem(403, "forbidden");
    }
    let consents = format!("/api/v1/consents?family_id={}", caseload.family);
    app.worker().get(&consents).expect(200);
    other_worker.get(&consents).expect_problem(404, "not_found");
    for client in [app.partner(), app.curator(), app.table(), app.admin()] {
        client.get(&consents).expect_problem(403, "forbidden");
    }
    // Nobody hangs a need or a consent on a file of others.
    let need = json!({"category": "food", "family_id": caseload.family});
    other_worker.post("/api/v1/needs", &need).expect_problem(422, "unknown_reference").naming("family_id");
    let asked = json!({"need_id": caseload.need, "service_id": id_of("service", "panier"), "status": "sent"});
    let refused = other_worker.post("/api/v1/referrals", &asked);
    assert!((400..500).contains(&refused.status), "{}", refused.text);
});

#[test]
fn no_route_with_an_id_is_left_out_of_the_rules() {
    let rules = rules();
    for entry in relais::api::routes::table().iter().filter(|entry| entry.path.contains("{id}")) {
        let ruled = rules.iter().any(|rule| rule.path == entry.path && rule.method == entry.method.as_str());
        assert!(ruled || ELSEWHERE.contains(&entry.path), "{} {} has no rule", entry.method, entry.path);
    }
}
