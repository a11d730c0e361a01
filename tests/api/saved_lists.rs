//! Lists of services that a worker keeps: their own alone, printed and sent with what everybody may read.

use relais::domain::saved_list::{ADDRESS_LETTERS_PER_DAY_MAX, LISTS_MAX, SERVICES_MAX};
use relais::sample::twenty::service_id;
use relais::store::saved_lists;
use serde_json::{Value, json};

use super::app::{TestApp, both};
use super::story::letters;

const LISTS: &str = "/api/v1/saved_lists";

fn ids(keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| json!(service_id(key))).collect()
}

fn list_of(keys: &[&str]) -> Value {
    json!({"name": "Paniers du jeudi", "services": ids(keys)})
}

fn shown(list: &Value) -> Vec<Value> {
    list["services"].as_array().expect("services").iter().map(|one| one["id"].clone()).collect()
}

both!(a_worker_keeps_a_list_in_its_order_and_changes_it, |app| {
    let worker = app.worker();
    let made = worker.post(LISTS, &list_of(&["panier", "garderie"])).expect(201);
    let path = format!("{LISTS}/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    assert_eq!(shown(&made.json), ids(&["panier", "garderie"]));
    assert_eq!(worker.get(&path).expect(200).json, made.json);
    let change = json!({"services": ids(&["abri", "garderie", "panier"])});
    let changed = worker.clone().if_match(1).patch(&path, &change).expect(200);
    assert_eq!((shown(&changed.json), changed.header("etag")), (ids(&["abri", "garderie", "panier"]), Some("\"2\"")));
    assert_eq!(changed.json["name"], "Paniers du jeudi");
    worker.clone().if_match(1).patch(&path, &json!({"name": "Autre"})).expect_problem(412, "stale_version");
    worker.patch(&path, &json!({"name": "Autre"})).expect_problem(428, "version_required");
    let english = worker.clone().in_english().get(&path).expect(200);
    assert_eq!(english.json["services"][2]["name"], "Food bank");
    let all = worker.get(LISTS).expect(200).json["results"].clone();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["service_count"]), (1, &json!(3)));
    let once = worker.clone().header("Idempotency-Key", "k1");
    assert_eq!(once.post(LISTS, &list_of(&[])).expect(201).id(), once.post(LISTS, &list_of(&[])).expect(201).id());
    worker.send("DELETE", &path, None).expect(204);
    worker.get(&path).expect_problem(404, "not_found");
    worker.send("DELETE", &path, None).expect_problem(404, "not_found");
});

both!(a_list_of_another_account_is_not_there, |app| {
    let made = app.worker().post(LISTS, &list_of(&["panier"])).expect(201);
    let missing = app.deps.ids.new_id(app.clock.now()).to_string();
    let letter = json!({"to": "accueil@organisme.example"});
    for client in [app.partner(), app.curator(), app.table(), app.admin()] {
        assert_eq!(client.get(LISTS).expect(200).json["results"], json!([]));
        let told = |id: &str| {
            let path = format!("{LISTS}/{id}");
            let asked = [
                client.get(&path),
                client.clone().if_match(1).patch(&path, &json!({"name": "Vol"})),
                client.send("DELETE", &path, None),
                client.get(&format!("{path}/print")),
                client.post(&format!("{path}/letters"), &letter),
            ];
            asked.map(|reply| (reply.status, reply.json["code"].clone(), reply.json["title"].clone()))
        };
        assert!(told(&made.id()).iter().all(|(status, ..)| *status == 404));
        assert_eq!(told(&made.id()), told(&missing));
    }
    for reply in [app.anonymous().get(LISTS), app.anonymous().get(&format!("{LISTS}/{}", made.id()))] {
        reply.expect_problem(401, "unauthenticated");
    }
    assert_eq!(app.worker().get(LISTS).expect(200).json["results"][0]["name"], "Paniers du jeudi");
    assert!(letters(app, 0).is_empty());
});

both!(a_printed_list_says_what_everybody_may_read_in_its_order, |app| {
    let made = app.worker().post(LISTS, &list_of(&["abri", "panier"])).expect(201);
    let path = format!("{LISTS}/{}/print", made.id());
    let french = app.worker().get(&format!("{path}?language=fr")).expect(200);
    assert_eq!(french.header("content-type"), Some("text/html; charset=utf-8"));
    for word in [
        "Services choisis",
        "Paniers du jeudi",
        "Téléphone",
        "français",
        "mardi, jeudi : 13:00 – 16:00",
        "rue du Grand-Pont",
    ] {
        assert!(french.text.contains(word), "{word}: {}", french.text);
    }
    let at = |word: &str| french.text.find(word).unwrap();
    assert!(at("Hébergement pour femmes") < at("Panier de denrées"), "the order of the list");
    let english = app.worker().get(&format!("{path}?language=en")).expect(200);
    assert!(english.text.contains("Services chosen") && english.text.contains("Food bank"));
    let professional = app.worker().get(&format!("{path}?audience=professional")).expect(200);
    for page in [&french, &english, &professional] {
        assert!(!page.text.contains("Secrète"), "a hidden place stays hidden");
        assert!(!page.text.contains("<nav"), "one section needs no contents");
    }
    app.worker().get(&format!("{path}?audience=everybody")).expect_problem(422, "invalid_value").naming("audience");
});

both!(what_left_the_directory_says_so_and_is_not_printed, |app| {
    let made = app.worker().post(LISTS, &list_of(&["panier", "garderie"])).expect(201);
    let path = format!("{LISTS}/{}", made.id());
    let service = format!("/api/v1/services/{}", service_id("panier"));
    let version = app.curator().get(&service).expect(200).json["version"].as_i64().unwrap();
    let retired = app.curator().if_match(version).post(&format!("{service}/retirement"), &json!({"reason": "Fermé"}));
    retired.expect(200);
    let list = app.worker().get(&path).expect(200).json;
    assert_eq!((&list["services"][0]["retired"], &list["services"][1]["retired"]), (&json!(true), &json!(false)));
    let page = app.worker().get(&format!("{path}/print?language=fr")).expect(200);
    assert!(page.text.contains("ne sont plus offerts") && !page.text.contains("Panier de denrées"), "{}", page.text);
    // It may stay on the list, and goes on no other.
    let kept = json!({"services": ids(&["garderie", "panier"])});
    app.worker().if_match(1).patch(&path, &kept).expect(200);
    app.worker().post(LISTS, &list_of(&["panier"])).expect_problem(422, "unknown_reference").naming("services.0");
});

/// Of the one letter there is: whether its address is kept still.
fn is_address_kept(app: &TestApp, letter: relais::id::Id) -> bool {
    let row = app.deps.store.read(|conn| saved_lists::find_letter(conn, letter)).expect("the store answers");
    row.is_some_and(|row| row.sealed_address.is_some() || row.wrapped_key.is_some())
}

both!(a_list_of_nothing_is_not_sent, |app| {
    let made = app.worker().post(LISTS, &list_of(&[])).expect(201);
    let path = format!("{LISTS}/{}/letters", made.id());
    let refused = app.worker().post(&path, &json!({"to": "accueil@organisme.example"}));
    refused.expect_problem(422, "invalid_value").naming("services");
    assert!(letters(app, 0).is_empty());
});

both!(a_list_is_sent_once_and_where_it_went_is_forgotten, |app| {
    let made = app.worker().post(LISTS, &list_of(&["panier", "abri"])).expect(201);
    let path = format!("{LISTS}/{}/letters", made.id());
    app.worker().post(&path, &json!({"to": "camille@famille.example", "language": "fr"})).expect(202);
    let sent = letters(app, 1);
    assert!(sent[0].contains("To: camille@famille.example"), "{}", sent[0]);
    for word in ["Dépannage alimentaire", "22, rue du Grand-Pont", "Téléphone: ", "13:00 – 16:00"] {
        assert!(sent[0].contains(word), "{word}: {}", sent[0]);
    }
    for word in ["Secrète", "Paniers du jeudi", "worker@demo"] {
        assert!(!sent[0].contains(word), "{word}: {}", sent[0]);
    }
    let of_outbox = outbox_subjects(app);
    assert_eq!(of_outbox.len(), 1);
    assert!(!is_address_kept(app, of_outbox[0]));
    assert_eq!(letters(app, 1).len(), 1, "once");
    app.worker().in_english().post(&path, &json!({"to": "camille@famille.example"})).expect(202);
    assert!(letters(app, 2).iter().any(|letter| letter.contains("List of services") && letter.contains("Food bank")));
});

fn outbox_subjects(app: &TestApp) -> Vec<relais::id::Id> {
    use diesel::prelude::*;
    use relais::store::schema::outbox;
    let read = |conn: &mut relais::store::Conn| {
        let rows = outbox::table.filter(outbox::kind.eq("saved_list")).select(outbox::subject_id).load(conn);
        rows.map_err(relais::store::Error::from)
    };
    app.deps.store.read(read).expect("the store answers")
}

both!(letters_with_lists_are_bounded_and_a_list_that_is_gone_is_not_sent, |app| {
    let made = app.worker().post(LISTS, &list_of(&["panier"])).expect(201);
    let path = format!("{LISTS}/{}", made.id());
    let send = |to: &str| app.worker().post(&format!("{path}/letters"), &json!({"to": to}));
    for wrong in ["", "nobody", "a b@c.example", "a@c.example\r\nBcc: x@y.example"] {
        send(wrong).expect_problem(422, "invalid_value").naming("to");
    }
    for _ in 0..ADDRESS_LETTERS_PER_DAY_MAX {
        send("accueil@organisme.example").expect(202);
    }
    let refused = send("Accueil@Organisme.example").expect_problem(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    let count = usize::try_from(ADDRESS_LETTERS_PER_DAY_MAX).unwrap();
    letters(app, count);
    app.advance(chrono::TimeDelta::hours(49));
    app.run_jobs();
    let subjects = outbox_subjects(app);
    let is_kept = |id| app.deps.store.read(|conn| saved_lists::find_letter(conn, id)).unwrap().is_some();
    assert!(subjects.into_iter().all(|id| !is_kept(id)), "that it was sent is forgotten too");
    send("accueil@organisme.example").expect(202);
    letters(app, count + 1);
});

both!(lists_are_bounded_and_bad_ones_are_refused, |app| {
    let worker = app.worker();
    let many: Vec<Value> = (0..=SERVICES_MAX).map(|_| json!(app.deps.ids.new_id(app.clock.now()))).collect();
    for (body, status, code, field) in [
        (json!({}), 400, "missing_field", "name"),
        (json!({"name": " "}), 400, "missing_field", "name"),
        (json!({"name": "x".repeat(101)}), 422, "too_long", "name"),
        (json!({"name": "x", "notes": "y"}), 400, "unknown_field", "notes"),
        (json!({"name": "x", "services": ["y"]}), 400, "wrong_type", "services.0"),
        (json!({"name": "x", "services": many}), 422, "too_many", "services"),
        (json!({"name": "x", "services": [many[0]]}), 422, "unknown_reference", "services.0"),
        (list_of(&["panier", "panier"]), 422, "invalid_value", "services.1"),
    ] {
        let reply = worker.post(LISTS, &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    for _ in 0..LISTS_MAX {
        worker.post(LISTS, &list_of(&[])).expect(201);
    }
    worker.post(LISTS, &list_of(&[])).expect_problem(422, "too_many").naming("name");
});
