//! Claims: an account says that an organisation is its own, and a curator decides.

use relais::sample::{id_of, twenty};
use relais::store::organizations;
use serde_json::{Value, json};

use super::app::{Client, both};
use super::organizations::curator_of;

const CLAIMS: &str = "/api/v1/claims";

fn of(key: &str) -> String {
    format!("/api/v1/organizations/{}/claims", twenty::organization_id(key))
}

fn said() -> Value {
    json!({ "comment": "J'y travaille, mon courriel est sur votre site." })
}

fn pending(who: &Client) -> Vec<Value> {
    who.get(CLAIMS).expect(200).json["results"].as_array().expect("results").clone()
}

both!(a_claim_that_is_accepted_makes_a_partner_and_nothing_else, |app| {
    let abri = twenty::organization_id("abri");
    let before = app.deps.store.read(|conn| organizations::get(conn, abri)).unwrap();
    app.anonymous().post(&of("abri"), &said()).expect_problem(401, "unauthenticated");
    let partner = app.partner();
    let made = partner.post(&of("abri"), &said()).expect(201);
    partner.post(&of("abri"), &said()).expect_problem(409, "already_exists");
    let own = pending(&partner);
    assert_eq!((own.len(), &own[0]["id"]), (1, &made.json["id"]));
    assert_eq!(pending(&app.worker()), Vec::<Value>::new(), "a claim is between its account and the curators");
    let path = format!("{CLAIMS}/{}/decision", made.id());
    let accept = json!({ "decision": "accepted" });
    partner.post(&path, &accept).expect_problem(404, "not_found");
    app.admin().post(&path, &accept).expect_problem(404, "not_found");
    curator_of(app, "loin", &["region:01"]).post(&path, &accept).expect_problem(404, "not_found");
    app.curator().post(&path, &json!({ "decision": "pending" })).expect_problem(422, "invalid_value");
    app.curator().post(&path, &json!({ "decision": "refused" })).expect_problem(400, "missing_field");
    let decided = app.curator().post(&path, &accept).expect(200).json;
    assert_eq!((&decided["status"], &decided["account_id"]), (&json!("accepted"), &json!(id_of("account", "partner"))));
    app.curator().post(&path, &accept).expect_problem(409, "already_closed");
    let memberships = partner.get("/api/v1/me").expect(200).json["memberships"].clone();
    let new = memberships.as_array().unwrap().iter().find(|one| one["organization_id"] == json!(abri)).unwrap();
    assert_eq!(new["role"], "partner");
    partner.post(&of("abri"), &said()).expect_problem(409, "already_exists");
    // Where referrals are sent is as it was, and what is hidden stays so to its new partner.
    let after = app.deps.store.read(|conn| organizations::get(conn, abri)).unwrap();
    assert_eq!(after.referral_address, before.referral_address);
    let organization = format!("/api/v1/organizations/{abri}");
    let services = format!("/api/v1/services?organization_id={abri}&full=true");
    for asked in [organization.as_str(), services.as_str(), "/api/v1/locations?limit=100"] {
        let told = partner.get(asked).expect(200).text;
        for secret in ["Secrète", "45.5241", "73.4921"] {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
    }
    let version = partner.get(&organization).expect(200).json["version"].as_i64().unwrap();
    let address = json!({ "referral_address": "voleur@example.example" });
    partner.clone().if_match(version).patch(&organization, &address).expect_problem(400, "unknown_field");
    partner.if_match(version).patch(&organization, &json!({ "website": "https://abri.example/neuf" })).expect(200);
});

both!(a_claim_that_is_refused_may_be_made_again, |app| {
    let partner = app.partner();
    let first = partner.post(&of("famille"), &said()).expect(201).id();
    let refuse = json!({ "decision": "refused", "reason": "Appelez-nous." });
    let decided = app.curator().post(&format!("{CLAIMS}/{first}/decision"), &refuse).expect(200).json;
    assert_eq!((&decided["status"], &decided["reason"]), (&json!("refused"), &json!("Appelez-nous.")));
    let path = format!("/api/v1/organizations/{}", twenty::organization_id("famille"));
    let patch = json!({ "website": "https://famille.example/neuf" });
    partner.clone().if_match(1).patch(&path, &patch).expect_problem(403, "forbidden");
    partner.post(&of("famille"), &said()).expect(201);
    let refused = partner.get(&format!("{CLAIMS}?status=refused")).expect(200).json;
    assert_eq!(refused["results"][0]["id"], json!(first));
});

both!(nobody_decides_their_own_claim_and_one_decision_is_made, |app| {
    let own = app.curator().post(&of("cpe"), &said()).expect(201).id();
    let accept = json!({ "decision": "accepted" });
    app.curator().post(&format!("{CLAIMS}/{own}/decision"), &accept).expect_problem(403, "forbidden");
    let id = app.table().post(&of("cpe"), &said()).expect(201).id();
    let path = format!("{CLAIMS}/{id}/decision");
    let curator = app.curator();
    let bodies = [accept, json!({ "decision": "refused", "reason": "Non." })];
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = bodies.iter().map(|body| scope.spawn(|| curator.post(&path, body).status)).collect();
        asked.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
});

both!(what_cannot_be_a_claim_is_refused_by_name, |app| {
    let cases = [
        (json!({}), 400, "missing_field", "comment"),
        (json!({ "comment": "  " }), 400, "missing_field", "comment"),
        (json!({ "comment": "x".repeat(1_001) }), 422, "too_long", "comment"),
        (json!({ "comment": "NAS 046 454 286" }), 422, "sensitive_number", "comment"),
        (json!({ "comment": "x", "role": "admin" }), 400, "unknown_field", "role"),
    ];
    for (body, status, code, field) in cases {
        app.partner().post(&of("abri"), &body).expect_problem(status, code).naming(field);
    }
    let nothing = "/api/v1/organizations/019ec0de-0000-7000-8000-00000000ffff/claims";
    app.partner().post(nothing, &said()).expect_problem(404, "not_found");
    assert_eq!(pending(&app.curator()), Vec::<Value>::new());
});
