//! Distances by road over HTTP: what a router on loopback says is told beside the straight line; where it fails, hangs
//! or is not there, the straight line stands and the answer says so.

mod fake;

use std::thread;

use chrono::TimeDelta;
use relais::config::RouterKind;
use relais::domain::directory::{Point, Visibility};
use relais::store::Backend;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::app::{Client, Reply, TestApp, both};
use super::families::logs;
use super::matching::{HOME, Town, visits};
use fake::{Answer, At, FakeRouter, Way};

/// Where the family is: not where it is rounded to.
const FAMILY: At = (48.2437, -79.0163);
const ROUNDED: At = (48.24, -79.02);

/// Both databases, both dialects; what the test needs is in the town.
fn with_router(timeout_ms: u64, answer: &Answer, story: impl Fn(&TestApp, &FakeRouter)) {
    for (backend, kind) in [(Backend::Sqlite, RouterKind::Osrm), (Backend::Postgres, RouterKind::Valhalla)]
        .into_iter()
        .chain([(Backend::Sqlite, RouterKind::Valhalla), (Backend::Postgres, RouterKind::Osrm)])
    {
        let router = FakeRouter::start(kind, answer.clone());
        let url = router.url();
        let app = TestApp::start_with(backend, |config| {
            config.router.url = Some(SecretString::from(url));
            config.router.kind = kind;
            config.router.timeout_ms = timeout_ms;
        });
        if let Some(app) = app {
            story(&app, &router);
        }
    }
}

/// Long enough for any machine; nothing waits for it where the router answers.
const PATIENT_MS: u64 = 10_000;

/// Three places in a row to the east, and one for the same service kind across the water to the north.
fn town(app: &TestApp) -> i64 {
    Town::default()
        .place("en face", 2.0, 0.0)
        .place("ici", 0.0, 4.0)
        .service("par-dessus l'eau", "A", &["en face"], "food/food-bank")
        .service("panier", "B", &["ici"], "food/food-bank")
        .service("soupe", "C", &["ici"], "food/community-meal")
        .write(app)
}

/// The north is over the bridge, sixty kilometres away; elsewhere a road is half as long again as the straight line.
fn over_the_bridge(from: At, to: At) -> Way {
    let straight = Point::new(from.0, from.1)?.distance_km(Point::new(to.0, to.1)?) * 1_000.0;
    let is_north = |at: At| at.0 > HOME.0 + 0.015;
    let metres = if is_north(from) == is_north(to) { straight * 1.5 } else { 60_000.0 };
    Some((metres, metres / 20.0))
}

fn north_is_an_island(from: At, to: At) -> Way {
    over_the_bridge(from, to).filter(|(metres, _)| *metres < 60_000.0)
}

fn path(change: i64) -> String {
    format!("/api/v1/search?lat={}&lon={}&category=food&radius_km=20&min_change={change}", FAMILY.0, FAMILY.1)
}

fn by(reply: &Reply) -> &str {
    reply.json["distance_by"].as_str().unwrap()
}

/// Names with their distance by road.
fn roads(reply: &Reply) -> Vec<(&str, Option<f64>, Option<u64>)> {
    let results = reply.json["results"].as_array().unwrap();
    let road = |one: &Value| (one["road_km"].as_f64(), one["road_minutes"].as_u64());
    results.iter().map(|one| (one["name"].as_str().unwrap(), road(one).0, road(one).1)).collect()
}

fn straight_alone(reply: &Reply) {
    assert_eq!(by(reply), "straight_line");
    assert!(roads(reply).iter().all(|(_, km, minutes)| km.is_none() && minutes.is_none()), "{}", reply.text);
    assert!(reply.json["results"].as_array().unwrap().iter().all(|one| one["distance_km"].is_f64()));
}

#[test]
fn a_page_is_told_by_road_with_one_question() {
    with_router(PATIENT_MS, &Answer::Ways(over_the_bridge), |app, router| {
        let change = town(app);
        let reply = app.anonymous().get(&path(change)).expect(200);
        assert_eq!(by(&reply), "road");
        // 2.96 km from the rounded point along a straight line; nearest first along the straight line all the same.
        let ways = roads(&reply);
        assert_eq!(ways[0], ("par-dessus l'eau", Some(60.0), Some(50)));
        let mut names = [ways[1].0, ways[2].0];
        names.sort_unstable();
        assert_eq!((names, ways[1].1, ways[1].2), (["panier", "soupe"], Some(4.5), Some(4)));
        assert_eq!((ways[1].1, ways[1].2), (ways[2].1, ways[2].2), "one place, one way");
        let exact = Point::new(FAMILY.0, FAMILY.1).unwrap().distance_km(Point::new(HOME.0 + 0.02, HOME.1).unwrap());
        assert!((reply.json["results"][0]["distance_km"].as_f64().unwrap() - exact).abs() < 0.001);
        let asked = router.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(
            asked[0].line.contains("/roads/table/v1/driving/") || asked[0].line == "POST /roads/sources_to_targets"
        );
        assert_eq!((asked[0].points.len(), asked[0].points[0], asked[0].is_one_row), (3, ROUNDED, true));
        assert!(reply.json["distance_text"].as_str().unwrap().contains("par la route"), "{}", reply.text);
        let english = app.anonymous().in_english().get(&path(change)).expect(200);
        assert!(english.json["distance_text"].as_str().unwrap().contains("by road"), "{}", english.text);
        router.asked();
        // Without waiting for a change, and by document; each page asks its own question.
        let body = json!({"lat": FAMILY.0, "lon": FAMILY.1, "category": "food", "radius_km": 20, "limit": 1});
        let first = app.anonymous().post("/api/v1/search", &body).expect(200);
        assert_eq!((by(&first), roads(&first)), ("road", vec![ways[0]]));
        assert_eq!(router.asked().iter().map(|question| question.points.len()).collect::<Vec<_>>(), [2]);
        // No point, no distance, no question.
        let placeless = app.anonymous().get("/api/v1/search?category=food&limit=1").expect(200);
        assert_eq!((placeless.json.get("distance_by"), placeless.json.get("distance_text")), (None, None));
        let nothing = app.anonymous().get("/api/v1/search?lat=48.24&lon=-79.02&radius_km=1&q=zzzz").expect(200);
        assert_eq!((by(&nothing), router.asked().len()), ("straight_line", 0));
    });
}

#[test]
fn where_no_road_goes_is_not_told_and_the_rest_is() {
    with_router(PATIENT_MS, &Answer::Ways(north_is_an_island), |app, _| {
        let reply = app.anonymous().get(&path(town(app))).expect(200);
        assert_eq!((by(&reply), roads(&reply)[0]), ("road", ("par-dessus l'eau", None, None)));
        assert_eq!(roads(&reply)[1].1, Some(4.5));
    });
}

#[test]
fn a_road_is_never_told_shorter_than_the_straight_line() {
    with_router(PATIENT_MS, &Answer::Ways(|_, _| Some((0.0, 0.0))), |app, _| {
        let reply = app.anonymous().get(&path(town(app))).expect(200);
        for one in reply.json["results"].as_array().unwrap() {
            assert!(one["road_km"].as_f64() >= one["distance_km"].as_f64(), "{one}");
        }
    });
}

/// Whatever it says that is no answer.
fn faults() -> Vec<(&'static str, Answer)> {
    let fixed = |status: u16, body: &str| Answer::Fixed(status, body.to_owned());
    let ok = |rows: &str| Answer::Fixed(200, format!(r#"{{"code":"Ok","distances":{rows},"durations":{rows}}}"#));
    vec![
        ("it broke", fixed(500, "{}")),
        ("it is elsewhere", fixed(302, "")),
        ("it is elsewhere for good", fixed(308, "")),
        ("it wants a key", fixed(401, "{}")),
        ("garbage", fixed(200, "<html>\u{0}")),
        ("nothing", fixed(200, "")),
        ("deep", fixed(200, &"[".repeat(100_000))),
        ("too few ways", ok("[[1]]")),
        ("too many rows", ok("[[1,1,1],[1,1,1]]")),
        ("a way back in time", ok("[[0,-1,-1]]")),
        ("too long", Answer::Fixed(200, format!("{{\"a\":\"{}\"}}", "a".repeat(2_000_000)))),
    ]
}

#[test]
fn where_the_router_fails_the_straight_line_stands() {
    with_router(PATIENT_MS, &Answer::Ways(over_the_bridge), |app, router| {
        let change = town(app);
        for (what, answer) in faults() {
            router.answers(answer);
            straight_alone(&app.anonymous().get(&path(change)).expect(200));
            assert_eq!(router.asked().len(), 1, "{what}: asked once, and no redirect is followed");
            router.answers(Answer::Ways(over_the_bridge));
            assert_eq!(by(&app.anonymous().get(&path(change)).expect(200)), "road", "after: {what}");
            router.asked();
        }
    });
}

#[test]
fn who_fails_again_and_again_is_left_alone_for_a_while() {
    with_router(PATIENT_MS, &Answer::Fixed(503, String::new()), |app, router| {
        let change = town(app);
        let ask = || app.anonymous().get(&path(change)).expect(200);
        for _ in 0..6 {
            straight_alone(&ask());
        }
        assert_eq!(router.asked().len(), 3);
        router.answers(Answer::Ways(over_the_bridge));
        app.clock.advance(TimeDelta::seconds(29));
        straight_alone(&ask());
        assert_eq!(router.asked().len(), 0, "not yet");
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!((by(&ask()), router.asked().len()), ("road", 1));
        // What it refuses is one question: the next is asked all the same.
        router.answers(Answer::Fixed(400, r#"{"code":"NoSegment"}"#.to_owned()));
        for _ in 0..5 {
            straight_alone(&ask());
        }
        assert_eq!(router.asked().len(), 5);
    });
}

#[test]
fn nobody_waits_longer_than_the_limit() {
    with_router(50, &Answer::Silence, |app, router| {
        let change = town(app);
        straight_alone(&app.anonymous().get(&path(change)).expect(200));
        let reply = app.anonymous().post("/api/v1/match", &family(change)).expect(200);
        assert_eq!((by(&reply), &reply.json["plan"]["tour_road_km"]), ("straight_line", &Value::Null));
        // On a machine in a hurry the limit may be over before a question leaves.
        assert!(router.asked().len() <= 2);
    });
}

#[test]
fn a_router_that_is_not_there_is_a_straight_line() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let url = "http://127.0.0.1:1/";
        let app = TestApp::start_with(backend, |config| config.router.url = Some(SecretString::from(url)));
        if let Some(app) = app {
            straight_alone(&app.anonymous().get(&path(town(&app))).expect(200));
        }
    }
}

#[test]
fn searches_that_wait_for_the_router_hold_nobody_else() {
    with_router(PATIENT_MS, &Answer::Silence, |app, router| {
        let change = town(app);
        let (client, path) = (app.anonymous(), path(change));
        thread::scope(|scope| {
            let ask = || client.get(&path).expect(200).json["distance_by"].clone();
            // Twice as many as there are workers.
            let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            router.wait_for(4);
            client.get("/livez").expect(200);
            router.answers(Answer::Ways(over_the_bridge));
            for reply in asking {
                assert_eq!(reply.join().unwrap(), "road", "none gave up meanwhile");
            }
        });
    });
}

#[test]
fn a_place_is_told_to_the_router_only_for_those_who_may_see_it() {
    with_router(PATIENT_MS, &Answer::Ways(over_the_bridge), |app, router| {
        let change = Town::default()
            .place("ouvert", 0.0, 1.0)
            .place("aux intervenants", 0.0, 3.0)
            .of_place(|place| place.visibility = Visibility::Professional)
            .place("caché", 0.0, 5.0)
            .of_place(|place| place.visibility = Visibility::RegionOnly)
            .service("panier", "A", &["ouvert"], "food/food-bank")
            .service("halte", "B", &["aux intervenants"], "food/food-bank")
            .service("refuge", "C", &["caché"], "food/food-bank")
            .write(app);
        let told = |client: &Client| -> Vec<i64> {
            let path = path(change).replace("&radius_km=20", "");
            client.get(&path).expect(200);
            let body = json!({"lat": FAMILY.0, "lon": FAMILY.1, "needs": [{"category": "food"}]});
            client.post("/api/v1/match", &body).expect(200);
            let asked = router.asked();
            assert_eq!(asked.len(), 2, "{asked:?}");
            assert!(asked.iter().all(|question| question.points[0] == ROUNDED), "{asked:?}");
            let points = asked.iter().flat_map(|question| &question.points[1..]);
            // Hundredths of a degree to the east of the town's middle.
            let mut east: Vec<i64> = points.map(|at| ((at.1 - HOME.1) * 100.0).round() as i64).collect();
            east.retain(|east| (0..10).contains(east));
            east.sort_unstable();
            east.dedup();
            east
        };
        assert_eq!(told(&app.anonymous()), [1]);
        assert_eq!(told(&app.worker()), [1, 3]);
    });
}

fn family(change: i64) -> Value {
    let needs = json!([{"category": "food/food-bank"}, {"category": "income/tax-clinic"}]);
    json!({"lat": FAMILY.0, "lon": FAMILY.1, "needs": needs, "min_change": change})
}

#[test]
fn a_plan_goes_the_shortest_way_by_road() {
    with_router(PATIENT_MS, &Answer::Ways(over_the_bridge), |app, router| {
        town(app);
        let change = Town::default()
            .place("plus à l'est", 0.0, 7.0)
            .service("impôts", "D", &["plus à l'est"], "income/tax-clinic")
            .write(app);
        let reply = app.anonymous().post("/api/v1/match", &family(change)).expect(200);
        assert_eq!((by(&reply), visits(&reply)), ("road", vec![vec!["panier".to_owned()], vec!["impôts".to_owned()]]));
        let (plan, asked) = (&reply.json["plan"], router.asked());
        assert_eq!((asked.len(), asked[0].is_one_row, asked[0].points[0]), (1, false, ROUNDED));
        assert_eq!(
            (plan["visits"][0]["leg_road_km"].as_f64(), plan["visits"][1]["leg_road_km"].as_f64()),
            (Some(4.5), Some(3.4))
        );
        assert_eq!(
            (plan["visits"][0]["leg_road_minutes"].as_u64(), plan["tour_road_km"].as_f64()),
            (Some(4), Some(7.8))
        );
        assert_eq!(plan["tour_road_minutes"], 7);
        assert!(plan["tour_km"].as_f64().unwrap() < 5.5, "{plan}");
        // Along a straight line the other side is nearer.
        router.answers(Answer::Fixed(500, String::new()));
        let reply = app.anonymous().post("/api/v1/match", &family(change)).expect(200);
        assert_eq!(by(&reply), "straight_line");
        assert_eq!(reply.json["plan"]["visits"][0]["leg_road_km"], Value::Null);
        assert!(reply.json["distance_text"].as_str().unwrap().contains("ligne droite"));
    });
}

#[test]
fn the_tour_by_road_depends_on_the_direction() {
    // To the east one drives straight; to the west all the way around.
    fn one_way(from: At, to: At) -> Way {
        let metres = if to.1 >= from.1 { 5_000.0 } else { 50_000.0 };
        Some((metres, metres / 10.0))
    }
    with_router(PATIENT_MS, &Answer::Ways(one_way), |app, _| {
        let change = Town::default()
            .place("à l'est", 0.0, 1.5)
            .place("au bout", 0.0, 4.0)
            .place("au nord-ouest", 1.0, 0.1)
            .service("un", "A", &["à l'est"], "food/food-bank")
            .service("deux", "B", &["au nord-ouest"], "material-aid/clothing")
            .service("trois", "C", &["au bout"], "income/tax-clinic")
            .write(app);
        let needs = json!([{"category": "income"}, {"category": "food"}, {"category": "material-aid"}]);
        let body = json!({"lat": FAMILY.0, "lon": FAMILY.1, "needs": needs, "min_change": change});
        let reply = app.anonymous().post("/api/v1/match", &body).expect(200);
        assert_eq!(by(&reply), "road");
        assert_eq!(visits(&reply), [["deux"], ["un"], ["trois"]]);
        assert_eq!(reply.json["plan"]["tour_road_km"], 15.0);
    });
}

#[test]
fn the_log_says_that_it_fails_and_neither_where_it_is_nor_what_was_asked() {
    logs::listen();
    let router = FakeRouter::start(RouterKind::Osrm, Answer::Fixed(500, "a body of its own".to_owned()));
    let url = format!("{}?key=router-canary", router.url());
    let app = TestApp::start_with(Backend::Sqlite, |config| {
        config.router.url = Some(SecretString::from(url));
        config.router.timeout_ms = PATIENT_MS;
    });
    let app = app.expect("SQLite is built in");
    straight_alone(&app.anonymous().get(&path(town(&app))).expect(200));
    assert!(router.asked()[0].line.contains("?key=router-canary&sources=0"));
    // A server of another test may have the port of the router, before it or after, and says on what it listens.
    let of_a_server = |line: &&str| !line.contains("actix_server");
    let written = logs::so_far().lines().filter(of_a_server).collect::<Vec<_>>().join("\n");
    let metrics = app.anonymous().get("/metrics").expect(200).text;
    assert!(written.contains("no distances by road") && written.contains("it answered 500"));
    assert!(metrics.contains("relais_router_requests_total"));
    let address = router.url().trim_start_matches("http://").trim_end_matches("/roads/").to_owned();
    for secret in ["router-canary", "a body of its own", "48.240000", "-79.020000", "48.2437", "/table/v1", &address] {
        let around = |text: &str| {
            let at = text.find(secret)?;
            Some(text.get(at.saturating_sub(300)..(at + 100).min(text.len())).unwrap_or("").to_owned())
        };
        assert_eq!((around(&written), around(&metrics)), (None, None), "{secret}");
    }
}

both!(without_a_router_straight_lines_are_told_as_such, |app| {
    let change = town(app);
    straight_alone(&app.anonymous().get(&path(change)).expect(200));
    let reply = app.anonymous().in_english().post("/api/v1/match", &family(change)).expect(200);
    assert_eq!(
        (by(&reply), reply.json["distance_text"].as_str()),
        ("straight_line", Some("Distances along a straight line."))
    );
    assert_eq!(reply.json["plan"]["tour_road_km"], Value::Null);
});
