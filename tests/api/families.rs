//! A worker opens a file in a park: no name, children by month, what was seen that day.

use serde_json::{Value, json};

use super::app::{TestApp, both};

/// A name that must be found nowhere but in its sealed column.
const CANARY: &str = "Zéphirine Canari-Témoin";
const CANARY_BYTES: &str = "phirine Canari";

fn open_file(app: &TestApp) -> String {
    app.worker().post("/api/v1/families", &json!({"municipality_id": "municipality:58227"})).expect(201).id()
}

both!(a_worker_opens_a_file_without_a_name, |app| {
    let body = json!({
        "municipality_id": "municipality:58227",
        "contact_origin": "park",
        "language": "es",
        "children": [{"born_in": "2023-04"}, {"due_in": "2026-09"}],
        "observations": [
            {"kind": "isolated", "value": true},
            {"kind": "family_type", "value": "single_parent"},
            {"kind": "vulnerability", "value": "economic", "observed_on": "2026-06-01"},
        ],
    });
    let made = app.worker().post("/api/v1/families", &body).expect(201);
    assert_eq!(made.header("etag"), Some("\"1\""));
    assert_eq!(made.header("location"), Some(format!("/api/v1/families/{}", made.id()).as_str()));
    let read = app.worker().get(&format!("/api/v1/families/{}", made.id())).expect(200);
    assert_eq!(read.json, made.json, "what was written is what is read");
    assert_eq!(read.json["region_id"], "region:16");
    assert_eq!(read.json["mrc_id"], "mrc:58");
    assert_eq!(read.json["setting"], "urban");
    assert_eq!(read.json["first_contact_on"], "2026-06-15");
    assert_eq!(read.json["children"][1]["due_in"], "2026-09");
    assert_eq!(
        read.json["situation"],
        json!({"isolated": true, "family_type": "single_parent", "father_figure": null, "vulnerabilities": ["economic"]})
    );
    assert_eq!(read.json["has_identity"], false);
});

both!(nothing_is_mandatory_and_a_point_says_region_and_cell_only, |app| {
    let bare = app.worker().post("/api/v1/families", &json!({})).expect(201);
    assert_eq!((&bare.json["region_id"], &bare.json["setting"]), (&Value::Null, &json!("unknown")));
    let placed =
        app.worker().post("/api/v1/families", &json!({"point": {"lat": 45.5312, "lon": -73.5181}})).expect(201);
    assert_eq!(placed.json["region_id"], "region:16");
    assert_eq!(placed.json["mrc_id"], "mrc:58");
    assert_eq!(placed.json["municipality_id"], Value::Null, "a municipality is never guessed");
    assert_eq!(placed.json["coarse_cell"].as_str().unwrap().len(), 15);
    assert!(!placed.text.contains("45.53"), "the point itself is not kept");
});

both!(what_was_seen_is_added_and_never_erased, |app| {
    let id = open_file(app);
    let path = format!("/api/v1/families/{id}/observations");
    let seen =
        |value: bool, on: &str| json!({"observations": [{"kind": "isolated", "value": value, "observed_on": on}]});
    app.worker().post(&path, &seen(true, "2026-05-01")).expect(201);
    let after = app.worker().post(&path, &seen(false, "2026-06-10")).expect(201);
    assert_eq!(after.json["situation"]["isolated"], false);
    assert_eq!(after.json["observations"].as_array().unwrap().len(), 2);
    // Told late of an earlier day: it is kept, and the later day still stands.
    let late = app.worker().post(&path, &seen(true, "2026-05-20")).expect(201);
    assert_eq!(late.json["situation"]["isolated"], false);
    let ended = json!({"observations": [
        {"kind": "vulnerability", "value": "immigration"},
        {"kind": "vulnerability", "value": "immigration", "present": false},
    ]});
    assert_eq!(app.worker().post(&path, &ended).expect(201).json["situation"]["vulnerabilities"], json!([]));
});

both!(a_file_changes_on_the_version_that_was_read, |app| {
    let id = open_file(app);
    let path = format!("/api/v1/families/{id}");
    app.worker().patch(&path, &json!({"language": "fr"})).expect_problem(428, "version_required").naming("If-Match");
    let changed =
        app.worker().if_match(1).patch(&path, &json!({"language": "fr", "children": [{"born_in": "2024-02"}]}));
    let changed = changed.expect(200);
    assert_eq!((changed.header("etag"), &changed.json["language"]), (Some("\"2\""), &json!("fr")));
    assert_eq!(changed.json["municipality_id"], "municipality:58227", "what is not said stays");
    app.worker().if_match(1).patch(&path, &json!({"language": null})).expect_problem(412, "stale_version");
    let cleared = app.worker().if_match(2).patch(&path, &json!({"language": null, "children": null})).expect(200);
    assert_eq!((&cleared.json["language"], &cleared.json["children"]), (&Value::Null, &json!([])));
    let moved =
        app.worker().if_match(3).patch(&path, &json!({"mrc_id": "mrc:10", "municipality_id": null})).expect(200);
    assert_eq!((&moved.json["region_id"], &moved.json["municipality_id"]), (&json!("region:01"), &Value::Null));
    assert_eq!(app.worker().get(&path).expect(200).json["version"], 4);
});

both!(files_are_listed_by_pages_without_a_gap, |app| {
    let mut made: Vec<String> = (0..5).map(|_| open_file(app)).collect();
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/families?limit=2".to_owned());
    loop {
        let page = app.worker().get(&path).expect(200);
        seen.extend(page.json["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        match page.json["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/families?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, made, "latest first, each once");
    for (query, code, field) in [
        ("limit=0", "out_of_range", "limit"),
        ("limit=201", "out_of_range", "limit"),
        ("cursor=forged", "invalid_cursor", "cursor"),
        ("sort=name", "unknown_field", "sort"),
    ] {
        let reply = app.worker().get(&format!("/api/v1/families?{query}"));
        assert_eq!((&reply.json["code"], &reply.json["field"]), (&json!(code), &json!(field)), "{query}");
    }
});

both!(who_a_family_is_goes_sealed_and_each_look_is_logged, |app| {
    let identity =
        json!({"parent_names": [CANARY], "phones": ["418 555-0199"], "notes": format!("{CANARY} dort le jour")});
    let made = app.worker().post("/api/v1/families", &json!({"identity": identity})).expect(201);
    assert!(!made.text.contains(CANARY_BYTES) && made.json["has_identity"] == true);
    let path = format!("/api/v1/families/{}/identity", made.id());
    let shown = app.worker().get(&path).expect(200);
    assert_eq!(shown.json["parent_names"], json!([CANARY]));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    app.worker().put(&path, &json!({"parent_names": [CANARY], "address": "1, rue Inventée"})).expect(204);
    let again = app.worker().get(&path).expect(200);
    assert_eq!((&again.json["address"], again.json.get("phones")), (&json!("1, rue Inventée"), None));
    for others in [app.partner(), app.curator(), app.table(), app.admin()] {
        others.get(&path).expect_problem(404, "not_found");
        others.put(&path, &json!({"notes": "x"})).expect_problem(404, "not_found");
    }
    let worker = match app.worker().get("/api/v1/me").expect(200).json["account_id"].as_str() {
        Some(id) => id.parse().unwrap(),
        None => panic!("the worker has an account"),
    };
    let viewer = app.deps.store.read(|conn| relais::store::accounts::find_viewer(conn, worker)).unwrap().unwrap();
    let viewer = relais::domain::viewer::Viewer::Account(viewer);
    let reads = app.deps.store.read(|conn| {
        let family = relais::store::families::get(conn, &viewer, made.id().parse().unwrap())?;
        relais::store::identities::list_reads(conn, &family, 10)
    });
    let reads = reads.unwrap();
    assert_eq!(reads.len(), 2, "one row for each look, none for those who got nothing");
    assert!(reads.iter().all(|read| read.account_id == Some(worker)));
    app.worker().get(&format!("/api/v1/families/{}/identity", open_file(app))).expect_problem(404, "not_found");
});

/// Everything that is logged in this process at debug level, by every test; the clients of the tests left out.
pub mod logs {
    use std::io::Write;
    use std::sync::{Mutex, Once};

    static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    struct Sink;
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            WRITTEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// From the first call on.
    pub fn listen() {
        static LISTENING: Once = Once::new();
        LISTENING.call_once(|| {
            let filter = tracing_subscriber::EnvFilter::new("debug,ureq=off,ureq_proto=off,geo=off");
            let listening = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Sink).try_init();
            listening.expect("nothing else listens to the logs of the tests");
        });
    }

    /// Without the moment of each line: its digits may be those of whatever is looked for.
    pub fn so_far() -> String {
        let written = WRITTEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let written = String::from_utf8_lossy(&written);
        let after_moment = |line: &str| match line.split_once('Z') {
            Some((moment, rest)) if moment.len() < 40 && moment.contains('T') => rest.to_owned(),
            _ => line.to_owned(),
        };
        written.lines().map(after_moment).collect::<Vec<_>>().join("\n")
    }
}

/// Every file that the server wrote, the databases and the index among them, read byte by byte; and every line logged.
#[test]
fn a_name_is_found_nowhere_outside_its_sealed_column() {
    logs::listen();
    let app = TestApp::start(relais::store::Backend::Sqlite).expect("SQLite is built in");
    let named = json!({"identity": {"parent_names": [CANARY], "notes": CANARY}, "language": "fr"});
    let id = app.worker().post("/api/v1/families", &named).expect(201).id();
    let path = format!("/api/v1/families/{id}/identity");
    app.worker().put(&path, &json!({"child_names": [CANARY], "address": CANARY})).expect(204);
    assert!(app.worker().get(&path).expect(200).text.contains(CANARY_BYTES), "it opens for its worker");
    let refused = app.worker().post("/api/v1/families", &json!({"identity": {"nickname": CANARY}}));
    refused.expect_problem(400, "unknown_field").naming("identity.nickname");
    let wrong = app.worker().put(&path, &json!({"phones": CANARY})).expect_problem(400, "wrong_type");
    assert!(!wrong.text.contains(CANARY_BYTES), "an error does not repeat what was sent");
    let metrics = app.anonymous().get("/metrics").expect(200);
    assert!(!metrics.text.contains(CANARY_BYTES) && !metrics.text.contains(&id));
    let logs = logs::so_far();
    assert!(logs.contains("/api/v1/families/{id}/identity"), "requests are logged by their route");
    assert!(!logs.contains(CANARY_BYTES) && !logs.contains(&id), "and by nothing of the family");
    let mut looked_at = 0;
    let mut folders = vec![app.dir.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            looked_at += bytes.len();
            let found = bytes.windows(CANARY_BYTES.len()).any(|window| window == CANARY_BYTES.as_bytes());
            assert!(!found, "the name is in clear in {}", path.display());
        }
    }
    assert!(looked_at > 100_000, "the databases were among the files");
}

both!(a_destroyed_key_leaves_nothing_to_open, |app| {
    let named = json!({"identity": {"parent_names": [CANARY]}});
    let id = app.worker().post("/api/v1/families", &named).expect(201).id();
    app.deps.keys.destroy(id.parse().unwrap(), app.clock.now()).unwrap();
    let path = format!("/api/v1/families/{id}/identity");
    app.worker().get(&path).expect_problem(404, "not_found");
    app.worker().put(&path, &json!({"notes": "x"})).expect_problem(404, "not_found");
});

both!(bad_files_are_refused_by_field_and_rule_and_nothing_is_written, |app| {
    let worker = app.worker();
    let cases = [
        (json!({"municipality_id": "municipality:99999"}), 422, "unknown_territory", "municipality_id"),
        (json!({"municipality_id": "mrc:58"}), 422, "unknown_territory", "municipality_id"),
        (json!({"municipality_id": "municipality:58227", "mrc_id": "mrc:10"}), 422, "invalid_value", "mrc_id"),
        (json!({"contact_origin": "radio"}), 422, "invalid_value", "contact_origin"),
        (json!({"first_contact_on": "2026-06-16"}), 422, "out_of_range", "first_contact_on"),
        (json!({"language": "Français"}), 422, "invalid_value", "language"),
        (json!({"children": [{"born_in": "2023-13"}]}), 422, "invalid_month", "children.0.born_in"),
        (json!({"children": [{"born_in": "2026-07"}]}), 422, "out_of_range", "children.0.born_in"),
        (json!({"children": [{}]}), 400, "missing_field", "children.0.born_in"),
        (json!({"children": [{"born_in": "2023-01", "due_in": "2026-07"}]}), 422, "invalid_value", "children.0.due_in"),
        (json!({"children": vec![json!({"born_in": "2023-01"}); 21]}), 422, "too_many", "children"),
        (json!({"observations": [{"kind": "isolated", "value": "yes"}]}), 422, "invalid_value", "observations.0.value"),
        (json!({"observations": [{"kind": "mood", "value": true}]}), 422, "invalid_value", "observations.0.kind"),
        (
            json!({"observations": [{"kind": "vulnerability", "value": "debts"}]}),
            422,
            "invalid_value",
            "observations.0.value",
        ),
        (json!({"point": {"lat": 90.0001, "lon": 0}}), 422, "out_of_range", "point.lat"),
        (json!({"point": {"lat": 45.0, "lon": 181}}), 422, "out_of_range", "point.lon"),
        (json!({"identity": {"notes": "NAS 046 454 286"}}), 422, "sensitive_number", "identity.notes"),
        (json!({"identity": {"parent_names": ["TREM 8855 0112"]}}), 422, "sensitive_number", "identity.parent_names.0"),
        (json!({"verified": true}), 400, "unknown_field", "verified"),
        (json!({"role": "admin"}), 400, "unknown_field", "role"),
        (json!({"children": "two"}), 400, "wrong_type", "children"),
    ];
    for (body, status, code, field) in cases {
        let reply = worker.post("/api/v1/families", &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(told, (status, Some(code), Some(field)), "{body}: {}", reply.text);
    }
    worker.post_bytes("/api/v1/families", "application/json", b"{\"language\": ").expect_problem(400, "invalid_json");
    worker.post_bytes("/api/v1/families", "text/plain", b"{}").expect_problem(415, "unsupported_media_type");
    let foreign = json!({"organization_id": "019ec0de-0000-7000-8000-000000000001"});
    worker.post("/api/v1/families", &foreign).expect_problem(403, "forbidden");
    assert_eq!(worker.get("/api/v1/families").expect(200).json["results"], json!([]), "nothing half written");
});

both!(an_account_that_was_closed_is_gone_at_the_next_request, |app| {
    let id = open_file(app);
    let worker = app.worker();
    worker.get(&format!("/api/v1/families/{id}")).expect(200);
    let account = worker.get("/api/v1/me").expect(200).json["account_id"].as_str().unwrap().parse().unwrap();
    let now = app.clock.now();
    app.deps.store.write(now, |tx| relais::store::accounts::disable(tx, account, now)).unwrap();
    worker.get(&format!("/api/v1/families/{id}")).expect_problem(401, "invalid_token");
    worker.get("/api/v1/families").expect_problem(401, "invalid_token");
});
