//! One service out of two: readers are sent on, nothing is lost, and it can be undone.

use std::sync::Barrier;

use relais::id::Id;
use relais::sample::twenty;
use serde_json::{Value, json};

use super::app::{Reply, TestApp, both};
use super::duplicates::{add, listing, pair_of, twins};
use super::story::{family, known_sender, send};

const SERVICES: &str = "/api/v1/services";
const DUPLICATES: &str = "/api/v1/duplicates";

fn id(value: &Value) -> String {
    value["id"].as_str().expect("an id").to_owned()
}

fn read(app: &TestApp, one: &Value) -> Value {
    app.curator().get(&format!("{SERVICES}/{}", id(one))).expect(200).json
}

fn asked_of(app: &TestApp, keep: &Value, other: &Value, fields: &Value) -> Value {
    let mut versions = serde_json::Map::new();
    for one in [keep, other] {
        versions.insert(id(one), read(app, one)["version"].clone());
    }
    json!({"keep": id(keep), "if_match": versions, "fields": fields})
}

fn merge(app: &TestApp, keep: &Value, other: &Value, fields: &Value) -> Reply {
    let pair = pair_of(app, keep, other).expect("the pair is found");
    app.curator().post(&format!("{DUPLICATES}/{}/merge", id(&pair)), &asked_of(app, keep, other, fields))
}

both!(the_survivor_takes_what_it_lacks_and_readers_of_the_other_are_sent_to_it, |app| {
    let (one, other) = twins(app);
    let patch = json!({"description": "Une description qui manque à l'autre.", "email": "halte@exemple.example",
        "phones": [{"number": "(450) 555-0142"}, {"number": "450 555-0143"}]});
    app.curator().if_match(1).patch(&format!("{SERVICES}/{}", id(&other)), &patch).expect(200);
    app.run_jobs();
    let merged = merge(app, &one, &other, &json!({"name": "other"})).expect(200);
    assert_eq!((&merged.json["status"], &merged.json["kept_id"]), (&json!("merged"), &one["id"]));
    assert!(merged.header("Relais-Change").unwrap().parse::<i64>().unwrap() > 0);
    let kept = read(app, &one);
    assert_eq!(kept["name"], "Halte garderie Les Erables", "the side that was chosen");
    assert_eq!(kept["description"], "Une description qui manque à l'autre.");
    let phones: Vec<&str> =
        kept["phones"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(phones, ["450 555-0142", "450 555-0143"], "each number once");
    assert_eq!(kept["service_at_locations"].as_array().unwrap().len(), 1, "one door, written twice");
    let gone = app.anonymous().get(&format!("{SERVICES}/{}", id(&other))).expect(308);
    assert_eq!(gone.header("Location"), Some(format!("{SERVICES}/{}", id(&one)).as_str()));
    let list = app.anonymous().get(&format!("{SERVICES}?per_page=100&minimal=true")).expect(200);
    assert!(!list.text.contains(&id(&other)) && list.text.contains(&id(&one)));
    app.run_jobs();
    assert!(pair_of(app, &one, &other).is_none());
});

both!(what_pointed_to_the_one_that_left_points_to_the_one_that_stays_and_back, |app| {
    known_sender(app);
    let panier = read(app, &json!({"id": twenty::service_id("panier").to_string()}));
    let story = family(app, &["comptoir"]);
    let referral = send(app, &story, "panier").expect(201).id();
    let mut copy = listing("comptoir", panier["name"].as_str().unwrap(), "450 555-0142", "1, rue Exemple");
    for member in ["phones", "categories", "email", "url"] {
        if !panier[member].is_null() {
            copy[member] = panier[member].clone();
        }
    }
    copy["service_at_locations"] = json!([{"location_id": panier["service_at_locations"][0]["location"]["id"]}]);
    let copy = add(app, &copy);
    app.run_jobs();
    let pair = pair_of(app, &copy, &panier).expect("the pair is found");
    let of_referral =
        || app.worker().get(&format!("/api/v1/referrals/{referral}")).expect(200).json["service"]["id"].clone();
    assert_eq!(of_referral(), panier["id"]);
    merge(app, &copy, &panier, &json!({})).expect(200);
    assert_eq!(of_referral(), copy["id"]);
    let history = |id: &Value| {
        let id: Id = id["id"].as_str().unwrap().parse().unwrap();
        let list = |conn: &mut relais::store::Conn| {
            relais::store::metadata::list_of(conn, relais::store::changes::Subject::Service, id, None, 100)
        };
        app.deps.store.read(list).expect("the store answers")
    };
    let said: Vec<String> =
        history(&panier).iter().map(|row| format!("{} {}", row.action.as_str(), row.field_name)).collect();
    assert!(said.contains(&"merge replaced_by".to_owned()), "{said:?}");
    let path = format!("{DUPLICATES}/{}/separation", id(&pair));
    app.worker().post(&path, &json!({})).expect_problem(403, "forbidden");
    let separated = app.curator().post(&path, &json!({})).expect(200).json;
    assert_eq!(separated["status"], "dismissed");
    assert_eq!(of_referral(), panier["id"]);
    assert_eq!(read(app, &panier)["name"], panier["name"]);
    app.curator().post(&path, &json!({})).expect_problem(409, "illegal_transition");
    app.run_jobs();
    assert!(pair_of(app, &copy, &panier).is_none(), "it is not proposed again");
});

both!(undoing_keeps_what_was_written_since, |app| {
    let (one, other) = twins(app);
    let path = format!("{SERVICES}/{}", id(&other));
    app.curator().if_match(1).patch(&path, &json!({"email": "halte@exemple.example"})).expect(200);
    app.run_jobs();
    let pair = pair_of(app, &one, &other).expect("the pair is found");
    merge(app, &one, &other, &json!({})).expect(200);
    let kept = read(app, &one);
    assert_eq!(kept["email"], "halte@exemple.example");
    let path = format!("{SERVICES}/{}", id(&one));
    let version = kept["version"].as_i64().unwrap();
    app.curator().if_match(version).patch(&path, &json!({"alert": "Fermé lundi."})).expect(200);
    app.curator().post(&format!("{DUPLICATES}/{}/separation", id(&pair)), &json!({})).expect(200);
    let after = read(app, &one);
    assert_eq!((&after["alert"], &after["email"]), (&json!("Fermé lundi."), &Value::Null));
    assert_eq!(read(app, &other)["email"], "halte@exemple.example");
});

both!(chains_lead_to_the_end_and_a_record_that_left_is_merged_no_more, |app| {
    let (first, second) = twins(app);
    let third = add(app, &listing("famille", "Halte-garderie des Érables", "450 555-0142", "12, rue St-Denis"));
    app.run_jobs();
    let stale = pair_of(app, &first, &third).expect("the pair is found");
    let stale_body = asked_of(app, &first, &third, &json!({}));
    let one = pair_of(app, &first, &second).expect("the pair is found");
    merge(app, &second, &first, &json!({})).expect(200);
    // The pair of the record that left is gone with it, or says no.
    let again = app.curator().post(&format!("{DUPLICATES}/{}/merge", id(&stale)), &stale_body);
    assert!([404, 409, 412].contains(&again.status), "{}", again.text);
    app.run_jobs();
    merge(app, &third, &second, &json!({})).expect(200);
    for gone in [&first, &second] {
        let sent = app.anonymous().get(&format!("{SERVICES}/{}", id(gone))).expect(308);
        assert_eq!(sent.header("Location"), Some(format!("{SERVICES}/{}", id(&third)).as_str()));
    }
    let path = format!("{DUPLICATES}/{}/separation", id(&one));
    app.curator().post(&path, &json!({})).expect_problem(409, "changed_since");
});

both!(a_merge_needs_the_versions_that_were_read, |app| {
    let (one, other) = twins(app);
    let pair = pair_of(app, &one, &other).expect("the pair is found");
    let path = format!("{DUPLICATES}/{}/merge", id(&pair));
    let whole = asked_of(app, &one, &other, &json!({}));
    let ask = |change: &dyn Fn(&mut Value)| {
        let mut body = whole.clone();
        change(&mut body);
        app.curator().post(&path, &body)
    };
    ask(&|body| drop(body.as_object_mut().unwrap().remove("if_match"))).expect_problem(428, "version_required");
    ask(&|body| body["if_match"] = json!({id(&one): 1})).expect_problem(428, "version_required");
    ask(&|body| body["if_match"][id(&other)] = json!(7)).expect_problem(412, "stale_version");
    ask(&|body| body["keep"] = json!("019ec0de-0000-7000-8000-00000000ffff")).expect_problem(422, "invalid_value");
    ask(&|body| body["fields"] = json!({"color": "other"})).expect_problem(422, "invalid_value");
    ask(&|body| body["fields"] = json!({"name": "both"})).expect_problem(422, "invalid_value");
    app.anonymous().post(&path, &whole).expect_problem(401, "unauthenticated");
    app.worker().post(&path, &whole).expect_problem(403, "forbidden");
    assert_eq!(read(app, &other)["version"], other["version"], "nothing was written");
    app.curator().post(&path, &whole).expect(200);
    app.curator().post(&path, &whole).expect_problem(409, "already_closed");
});

both!(a_merge_against_an_edit_at_the_same_moment_leaves_no_orphan, |app| {
    for round in 0..4 {
        let name = format!("Jardin numéro {}", 100 + round);
        let phone = format!("450 555-01{}", 50 + round);
        let one = add(app, &listing("famille", &name, &phone, "12, rue Saint-Denis"));
        let other = add(app, &listing("carrefour", &name, &phone, "12, rue Saint-Denis"));
        app.run_jobs();
        let pair = pair_of(app, &one, &other).expect("the pair is found");
        let merge_body = asked_of(app, &one, &other, &json!({}));
        let (curator, path) = (app.curator(), format!("{DUPLICATES}/{}/merge", id(&pair)));
        let (editor, record) = (app.curator().if_match(1), format!("{SERVICES}/{}", id(&other)));
        let together = Barrier::new(2);
        let (merged, edited) = std::thread::scope(|scope| {
            let merging = scope.spawn(|| {
                together.wait();
                curator.post(&path, &merge_body).status
            });
            let editing = scope.spawn(|| {
                together.wait();
                editor.patch(&record, &json!({"alert": "Complet."})).status
            });
            (merging.join().unwrap(), editing.join().unwrap())
        });
        match (merged, edited) {
            // The merge came first: the editor hears that the record left.
            (200, 410 | 412) => {
                app.anonymous().get(&record).expect(308);
            }
            // The edit came first: the curator reads again.
            (412, 200) => assert_eq!(read(app, &other)["alert"], "Complet."),
            other => panic!("{other:?}"),
        }
    }
});

both!(merging_shows_no_hidden_place, |app| {
    let secret = "734, rue Canari-Secret";
    let mut hidden = listing("abri", "Maison de la Rive cachée", "450 555-0188", secret);
    hidden["service_at_locations"][0]["location"]["location_visibility"] = json!("region_only");
    let hidden = add(app, &hidden);
    let open = add(app, &listing("famille", "Maison de la Rive cachée", "450 555-0188", secret));
    app.run_jobs();
    merge(app, &open, &hidden, &json!({})).expect(200);
    for client in [app.anonymous(), app.worker(), app.curator(), app.admin()] {
        let kept = client.get(&format!("{SERVICES}/{}", id(&open))).expect(200);
        assert!(!kept.text.contains("Canari"), "{}", kept.text);
        assert_eq!(kept.json["service_at_locations"][0]["location"]["location_visibility"], "region_only");
    }
    let pair = app.curator().get(&format!("{DUPLICATES}?status=merged")).expect(200).json["results"][0].clone();
    app.curator().post(&format!("{DUPLICATES}/{}/separation", id(&pair)), &json!({})).expect(200);
    assert!(read(app, &open).to_string().contains("Canari"), "what was shown is shown again");
    assert!(!read(app, &hidden)["service_at_locations"].to_string().contains("Canari"));
});
