use chrono::TimeDelta;

use super::*;

fn point(lat: f64, lon: f64) -> Point {
    Point::new(lat, lon).unwrap()
}

fn now() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}

fn after(seconds: i64) -> Time {
    now().plus(TimeDelta::seconds(seconds))
}

const POINTS: [(f64, f64); 3] = [(45.53, -73.52), (45.5264, -73.469_4), (45.6, -73.4)];

fn points() -> Vec<Point> {
    POINTS.map(|(lat, lon)| point(lat, lon)).to_vec()
}

#[test]
fn a_question_to_osrm_is_one_address_with_longitudes_first() {
    let address = Url::parse("https://osrm.example/a/?key=k").unwrap();
    let one = osrm::question(&address, "driving", &points(), Sources::Family);
    assert_eq!(
        one.as_str(),
        "https://osrm.example/a/table/v1/driving/-73.520000,45.530000;-73.469400,45.526400;-73.400000,45.600000\
         ?key=k&sources=0&annotations=distance,duration"
    );
    let all =
        osrm::question(&Url::parse("http://127.0.0.1:5000").unwrap(), "foot", &points()[..1], Sources::Everywhere);
    assert_eq!(all.as_str(), "http://127.0.0.1:5000/table/v1/foot/-73.520000,45.530000?annotations=distance,duration");
}

#[test]
fn a_question_to_valhalla_is_one_document() {
    let address = Url::parse("http://valhalla.example").unwrap();
    let (url, body) = valhalla::question(&address, "driving", &points(), Sources::Family);
    assert_eq!(url.as_str(), "http://valhalla.example/sources_to_targets");
    assert_eq!(body["sources"], serde_json::json!([{"lat": 45.53, "lon": -73.52}]));
    assert_eq!((body["targets"].as_array().unwrap().len(), body["costing"].as_str()), (3, Some("auto")));
    let (_, all) = valhalla::question(&address, "bus", &points(), Sources::Everywhere);
    assert_eq!((&all["sources"], all["costing"].as_str()), (&all["targets"], Some("bus")));
}

#[test]
fn both_dialects_are_read_and_what_is_no_way_is_not() {
    let leg = |mm, seconds| Some(Leg { mm, seconds });
    let osrm = br#"{"code":"Ok","distances":[[0,1886.8,null]],"durations":[[0,260.3,null]],"sources":[]}"#;
    assert_eq!(osrm::read(osrm), Some(vec![vec![leg(0, 0), leg(1_886_800, 260), None]]));
    let valhalla = br#"{"sources_to_targets":[[{"distance":0.0,"time":0,"to_index":0,"from_index":0},
        {"distance":1.887,"time":260,"to_index":1,"from_index":0},
        {"distance":null,"time":null,"to_index":2,"from_index":0}]],"units":"kilometers"}"#;
    assert_eq!(valhalla::read(valhalla), Some(vec![vec![leg(0, 0), leg(1_887_000, 260), None]]));
    for wrong in [
        "",
        "null",
        "[]",
        r#"{"code":"Ok"}"#,
        r#"{"code":"NoTable","distances":[[1]],"durations":[[1]]}"#,
        r#"{"code":"Ok","distances":[[1]],"durations":[[1,2]]}"#,
        r#"{"code":"Ok","distances":[[1]],"durations":[]}"#,
        r#"{"code":"Ok","distances":[[-1]],"durations":[[1]]}"#,
        r#"{"code":"Ok","distances":[[1e300]],"durations":[[1]]}"#,
        r#"{"code":"Ok","distances":[["1"]],"durations":[[1]]}"#,
    ] {
        assert_eq!(osrm::read(wrong.as_bytes()), None, "{wrong}");
    }
    for wrong in [
        "{}",
        r#"{"sources_to_targets":{"distances":[[1]]}}"#,
        r#"{"sources_to_targets":[[{"distance":-1,"time":1}]]}"#,
        r#"{"sources_to_targets":[[{"distance":1,"time":1e99}]]}"#,
    ] {
        assert_eq!(valhalla::read(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn who_fails_three_times_is_left_alone_then_tried_once() {
    let mut breaker = Breaker::default();
    for _ in 0..2 {
        assert!(breaker.may_ask(now()));
        breaker.failed(now(), true);
    }
    breaker.failed(now(), false);
    for _ in 0..3 {
        assert!(breaker.may_ask(now()), "a refusal is an answer: it counts from one again");
        breaker.failed(now(), true);
    }
    assert!(!breaker.is_closed(after(29)) && !breaker.may_ask(after(29)));
    assert!(breaker.is_closed(after(30)) && breaker.may_ask(after(30)));
    assert!(!breaker.may_ask(after(31)), "one tries, nobody else");
    breaker.failed(after(31), true);
    assert!(!breaker.may_ask(after(60)) && breaker.may_ask(after(61)));
    breaker.succeeded();
    assert!(breaker.may_ask(after(62)) && breaker.may_ask(after(62)));
}

#[test]
fn the_log_is_told_once_a_minute_at_most() {
    let mut breaker = Breaker::default();
    let told: Vec<i64> = (0..=130).filter(|second| breaker.failed(after(*second), second % 2 == 0)).collect();
    assert_eq!(told, [0, 60, 120]);
    assert!(!breaker.failed(after(100), true), "nor where the clock goes back");
}
