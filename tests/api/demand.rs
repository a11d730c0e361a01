//! What people search for: counted without whom, never in small numbers, and turned into an unmet need in one call.

use diesel::RunQueryDsl;
use relais::actions::demand::{WAIT_S, flush};
use relais::domain::demand::{Counts, GroupedBy, KEPT_MONTHS, Key};
use relais::domain::month::{Month, Period};
use relais::domain::territory::Level;
use relais::store::conn::Conn;
use relais::store::demand::{self, Counted};
use relais::store::{Backend, Error};
use serde_json::{Value, json};

use super::app::{Client, TestApp, both};

const DEMAND: &str = "/api/v1/reports/demand";
const JUNE: &str = "from=2026-06&to=2026-06";

fn june() -> Period {
    let month = Month::parse("2026-06").unwrap();
    Period::new(month, month).unwrap()
}

fn write_counts(app: &TestApp) {
    flush(&app.deps, app.clock.now()).expect("the counts are written");
}

fn by_words(app: &TestApp) -> Vec<Counted> {
    app.deps.store.read(|conn| demand::by_words(conn, june())).expect("the counts are read")
}

fn by_category(app: &TestApp) -> Vec<Counted> {
    app.deps.store.read(|conn| demand::by_category(conn, june())).expect("the counts are read")
}

fn total(app: &TestApp) -> u64 {
    by_category(app).iter().map(|one| one.searches).sum()
}

/// Searches written straight into the table: where, category, words, how many, how many of them in vain.
fn add(app: &TestApp, counts: &[(&str, &str, &str, u32, u32)]) {
    let day = app.clock.now().date();
    let key = |territory: &str, category: &str, words: &str| Key {
        day,
        territory_id: territory.to_owned(),
        category: category.to_owned(),
        words: words.to_owned(),
    };
    let counts: Vec<(Key, Counts)> = counts
        .iter()
        .map(|&(territory, category, words, searches, zeros)| {
            (key(territory, category, words), Counts { searches, zeros })
        })
        .collect();
    app.deps.store.write(app.clock.now(), |tx| demand::add(tx, &counts)).expect("the counts are written");
}

fn report(client: &Client, query: &str) -> Value {
    client.get(&format!("{DEMAND}?{JUNE}&{query}")).expect(200).json
}

fn line<'a>(report: &'a Value, key: &str) -> &'a Value {
    let lines = report["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["key"] == key).unwrap_or(&Value::Null)
}

fn hidden() -> Value {
    json!({"hidden": true})
}

both!(an_empty_search_becomes_an_unmet_need_in_one_call, |app| {
    let worker = app.worker();
    // Nobody takes people of this age.
    let empty = worker.get("/api/v1/search?near=Longueuil&category=childcare&age_months=1200").expect(200);
    assert_eq!(empty.json["total"]["value"], 0, "{}", empty.text);
    let ready = &empty.json["unmet_need"];
    assert_eq!(*ready, json!({"category": "childcare", "municipality_id": "municipality:58227"}));
    let need = worker.post("/api/v1/needs", ready).expect(201).json;
    assert_eq!((&need["status"], &need["unmet_reason"]), (&json!("unmet"), &json!("no_service")));
    assert_eq!((&need["family_id"], &need["region_id"]), (&Value::Null, &json!("region:16")));
    let recorded = || worker.get("/api/v1/needs?status=unmet").expect(200).json["results"].as_array().unwrap().len();
    assert_eq!(recorded(), 1);
    // Sent again, for want of signal, it is counted once.
    let again = app.worker().header("Idempotency-Key", "sans-signal");
    let first = again.clone().post("/api/v1/needs", ready).expect(201);
    assert_eq!(again.clone().post("/api/v1/needs", ready).expect(201).json, first.json);
    assert_eq!(recorded(), 2);
    let other = json!({"category": "food", "municipality_id": "municipality:58227"});
    again.post("/api/v1/needs", &other).expect_problem(422, "idempotency_key_reused");
    worker.get("/api/v1/search?near=Longueuil&category=childcare").expect(200);
    write_counts(app);
    let counted = by_category(app);
    assert_eq!((counted[0].searches, counted[0].zeros, counted.len()), (2, 1, 1), "one of them found nothing");
});

both!(the_words_of_an_empty_search_say_the_need_and_a_point_never_its_municipality, |app| {
    let worker = app.worker();
    // Far from everything, and in words: no category was asked.
    let body = json!({"q": "garderie", "lat": 50.2, "lon": -66.4, "radius_km": 1, "coverage": "near", "exact": true});
    let empty = worker.post("/api/v1/search", &body).expect(200);
    assert_eq!(empty.json["total"]["value"], 0, "{}", empty.text);
    let ready = &empty.json["unmet_need"];
    assert!(ready["category"].as_str().unwrap().starts_with("childcare"), "{ready}");
    assert!(
        ready["mrc_id"].is_string() && ready["municipality_id"].is_null(),
        "its municipality is an estimate: {ready}"
    );
    worker.post("/api/v1/needs", ready).expect(201);
    // No words and no category ask for nothing that could be recorded; what finds something is no unmet need.
    let nothing = worker.get("/api/v1/search?lat=50.2&lon=-66.4&radius_km=1&coverage=near").expect(200).json;
    assert_eq!((&nothing["total"]["value"], &nothing["unmet_need"]), (&json!(0), &Value::Null));
    // Words that tell of no need are none that nobody meets.
    for (words, category) in [
        ("demain", Value::Null),
        ("bonjour+svp+merci", Value::Null),
        ("mme+Tremblay", Value::Null),
        ("manteau", json!("material-aid/clothing")),
    ] {
        let query = format!("near=Chibougamau&radius_km=0.001&coverage=near&known_only=true&age_months=1200&q={words}");
        let empty = worker.get(&format!("/api/v1/search?{query}&delivery=at_home")).expect(200).json;
        assert_eq!((&empty["total"]["value"], &empty["unmet_need"]["category"]), (&json!(0), &category), "{empty}");
    }
    assert_eq!(worker.get("/api/v1/search?near=Longueuil&category=food").expect(200).json["unmet_need"], Value::Null);
    assert_eq!(worker.get("/api/v1/search?q=xyzzy&exact=true").expect(200).json["unmet_need"], Value::Null, "no place");
});

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn columns_of_the_table(app: &TestApp) -> Vec<String> {
    let read = |conn: &mut Conn| {
        let columns: Result<Vec<Column>, _> = match conn {
            Conn::Postgres(c) => diesel::sql_query(
                "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = 'demand'",
            )
            .load(c),
            Conn::Sqlite(c) => diesel::sql_query("SELECT name FROM pragma_table_info('demand')").load(c),
        };
        columns.map_err(Error::from)
    };
    let mut names: Vec<String> =
        app.deps.store.read(read).expect("columns").into_iter().map(|column| column.name).collect();
    names.sort();
    names
}

both!(nothing_of_an_identity_is_kept, |app| {
    for client in [app.anonymous(), app.worker()] {
        for q in ["enfants Ostrowski", "Ostrowski 4505550199", "Ostrowski enfants", "12 rue Ostrowski J4K2T1"] {
            client.post("/api/v1/search", &json!({"q": q, "lat": 45.5312, "lon": -73.5181})).expect(200);
        }
    }
    write_counts(app);
    let kept = by_words(app);
    assert!(kept.iter().all(|one| one.other == "enfants"), "{kept:?}");
    assert_eq!(kept.iter().map(|one| one.searches).sum::<u64>(), 4);
    let territories = ["municipality:58227", "mrc:58"];
    assert!(
        by_category(app).iter().all(|one| territories.contains(&one.territory_id.as_str())),
        "{:?}",
        by_category(app)
    );
    assert_eq!(total(app), 8);
    let columns = ["category", "day", "searches", "territory_id", "words", "zeros"];
    assert_eq!(columns_of_the_table(app), columns, "no account, no time, no point");
});

both!(only_what_has_a_place_counts_once_and_where_it_surely_is, |app| {
    let client = app.anonymous();
    let ask = |query: &str| client.get(&format!("/api/v1/search?{query}")).expect(200).json;
    ask("q=garderie");
    let first = ask("near=Longueuil&category=food&limit=1");
    let cursor = first["next_cursor"].as_str().expect("a second page").to_owned();
    ask(&format!("near=Longueuil&category=food&limit=1&cursor={cursor}"));
    ask("near=J0B&category=food");
    client.get("/api/v1/search?near=Zzyzx").expect_problem(422, "place_not_found");
    write_counts(app);
    let mut kept: Vec<(String, u64)> =
        by_category(app).into_iter().map(|one| (one.territory_id, one.searches)).collect();
    kept.sort();
    // A rural postal area reaches over several MRC.
    assert_eq!(kept, [("municipality:58227".to_owned(), 1), ("unknown".to_owned(), 1)]);
    let gazetteer = app.deps.gazetteer();
    let level = |id: &str| gazetteer.get(id).map(|territory| territory.level);
    assert_eq!(level("municipality:58227"), Some(Level::Municipality));
});

both!(a_search_waits_for_no_write_and_a_job_writes_what_waited, |app| {
    let client = app.anonymous();
    for _ in 0..3 {
        client.get("/api/v1/search?near=Longueuil&category=food").expect(200);
    }
    app.run_jobs();
    assert_eq!(total(app), 0, "it waits in memory");
    app.advance(chrono::TimeDelta::seconds(WAIT_S));
    app.run_jobs();
    assert_eq!(total(app), 3);
    client.get("/api/v1/search?near=Longueuil&category=food&age_months=1200").expect(200);
    write_counts(app);
    let kept = by_category(app);
    assert_eq!((kept.len(), kept[0].searches), (1, 4), "added to the same count: {kept:?}");
    write_counts(app);
    assert_eq!(total(app), 4, "nothing is written twice");
});

fn what_was_counted_is_written_when_the_program_stops(backend: Backend) {
    let Some(mut app) = TestApp::start(backend) else { return };
    app.anonymous().get("/api/v1/search?near=Longueuil&q=enfants").expect(200);
    assert_eq!(total(&app), 0);
    app.stop_jobs();
    assert_eq!(total(&app), 1);
    assert_eq!(by_words(&app)[0].other, "enfants");
}

#[test]
fn what_was_counted_is_written_when_the_program_stops_on_sqlite() {
    what_was_counted_is_written_when_the_program_stops(Backend::Sqlite);
}

#[test]
fn what_was_counted_is_written_when_the_program_stops_on_postgres() {
    what_was_counted_is_written_when_the_program_stops(Backend::Postgres);
}

both!(counts_below_five_never_leave, |app| {
    add(
        app,
        &[
            ("municipality:58227", "food/food-bank", "alimentaire", 30, 12),
            ("municipality:58227", "transport", "", 4, 4),
            ("mrc:58", "transport", "rare", 4, 0),
            ("region:06", "food", "alimentaire", 20, 9),
            ("region:06", "transport", "autobus", 40, 40),
            ("region:13", "food", "alimentaire", 3, 3),
        ],
    );
    let admin = app.admin();
    let network = report(&admin, "");
    assert_eq!(line(&network, "all_searches")["searches"], 101);
    assert_eq!(
        (&line(&network, "food")["searches"], &line(&network, "food")["name"]),
        (&json!(53), &json!("Alimentation"))
    );
    assert_eq!(line(&network, "childcare")["zero_share"], Value::Null);
    let laval = report(&admin, "region=region:13");
    assert_eq!((&line(&laval, "food")["searches"], &line(&laval, "all_searches")["searches"]), (&hidden(), &hidden()));
    let shown = |key: &str| {
        let of = |region: &str| line(&report(&admin, &format!("region={region}")), key)["searches"].clone();
        [of("region:16"), of("region:06")]
    };
    assert!(shown("all_searches").contains(&hidden()), "three is not the network less the two others");
    // Montréal finds no bus at all: that is what the report is for.
    let words = report(&admin, "by=words");
    assert_eq!(line(&words, "autobus")["zero_share"], json!(1.0));
    assert_eq!((&line(&words, "alimentaire")["searches"], line(&words, "rare")), (&json!(53), &Value::Null));
    let of_laval = report(&admin, "by=words&region=region:13");
    assert_eq!(line(&of_laval, "alimentaire"), &Value::Null, "not even named");
    for region in ["region:13", "region:16"] {
        let places = report(&admin, &format!("by=municipality&region={region}"));
        for one in places["lines"].as_array().unwrap() {
            assert!(one["searches"] == hidden() || one["searches"].as_u64().unwrap() >= 5, "{one}");
        }
        assert_eq!(line(&places, "mrc:58"), &Value::Null, "four searches");
    }
});

both!(the_report_is_by_category_municipality_or_words_and_by_region, |app| {
    add(
        app,
        &[
            ("municipality:58227", "food/food-bank", "aide alimentaire", 30, 6),
            ("municipality:58033", "food", "alimentaire", 20, 10),
            ("municipality:58033", "", "", 25, 5),
            ("region:06", "food", "alimentaire", 50, 25),
            ("unknown", "food", "alimentaire", 60, 30),
        ],
    );
    let admin = app.admin();
    let of_region = report(&admin, "region=region:16");
    assert_eq!(
        of_region["report"]["parameters"],
        json!({"from": "2026-06", "to": "2026-06", "region": "region:16", "by": "category"})
    );
    assert_eq!((&line(&of_region, "food")["searches"], &line(&of_region, "food")["zeros"]), (&json!(50), &json!(16)));
    assert_eq!(line(&of_region, "food")["zero_share"], json!(0.32));
    assert_eq!(line(&of_region, "no_category")["searches"], 25);
    let places = report(&admin.clone().in_english(), "by=municipality&region=region:16");
    let keys: Vec<&Value> = places["lines"].as_array().unwrap().iter().map(|line| &line["key"]).collect();
    assert_eq!(keys, ["municipality:58033", "municipality:58227", "all_searches"]);
    assert_eq!(
        (&places["lines"][0]["name"], &places["lines"][2]["name"]),
        (&json!("Boucherville"), &json!("All searches"))
    );
    let network = report(&admin, "by=municipality");
    assert_eq!(line(&network, "unknown")["searches"], 60);
    assert_eq!(line(&network, "region:06")["name"], "Montréal");
    let words = report(&admin, "by=words&region=region:16");
    assert_eq!((&line(&words, "alimentaire")["searches"], &line(&words, "aide")["searches"]), (&json!(50), &json!(30)));
    let again = report(&admin, "by=words&region=region:16");
    assert_eq!(again["report"]["hash"], words["report"]["hash"]);
    let csv = admin.in_english().header("Accept", "text/csv").get(&format!("{DEMAND}?{JUNE}&by=words")).expect(200);
    assert!(csv.text.starts_with("key,name,searches,without a result,share without a result\r\n"), "{}", csv.text);
    assert!(csv.text.contains("alimentaire,alimentaire,160,71,"), "{}", csv.text);
});

both!(only_workers_tables_and_administrators_read_the_demand_and_a_table_has_one_period, |app| {
    app.anonymous().get(DEMAND).expect_problem(401, "unauthenticated");
    app.partner().get(DEMAND).expect_problem(403, "forbidden");
    app.curator().get(DEMAND).expect_problem(403, "forbidden");
    for client in [app.worker(), app.table(), app.admin()] {
        client.get(DEMAND).expect(200);
    }
    app.table().get(&format!("{DEMAND}?{JUNE}")).expect_problem(422, "out_of_range").naming("from");
    let admin = app.admin();
    admin.get(&format!("{DEMAND}?by=account")).expect_problem(422, "invalid_value").naming("by");
    admin.get(&format!("{DEMAND}?region=mrc:58")).expect_problem(422, "unknown_territory").naming("region");
    admin.get(&format!("{DEMAND}?organization=1")).expect_problem(400, "unknown_field").naming("organization");
    assert_eq!(GroupedBy::ALL.len(), 3);
});

both!(counts_are_forgotten_when_no_report_reads_them, |app| {
    add(app, &[("municipality:58227", "food", "", 7, 0)]);
    let forgotten_in = |months: u32| {
        let now = app.clock.now();
        let then = june().from().plus(months).first_day();
        app.advance(then - now.date() + chrono::TimeDelta::days(1));
        app.run_jobs();
        total(app)
    };
    assert_eq!(forgotten_in(KEPT_MONTHS - 1), 7, "the longest report reads June still");
    assert_eq!(forgotten_in(KEPT_MONTHS), 0);
});
