//! Matching a family with eight needs among many services, over HTTP, one family after the other: the middle one of all
//! and the slowest of a hundred. Then the plan alone, over what is hardest for it: eight needs, a hundred services for
//! each, every one an organisation at a place of its own, so that eight visits must be put in order. Nothing asserts.
//!
//! Families ask twice: for eight fields of needs, most of which something meets from afar; and for eight needs of things
//! and of care, for which somebody has to go there.
//!
//! `BENCH_SERVICES` (default 20,000) sizes the directory, `BENCH_FAMILIES` (default 200) the families that ask.
//! `BENCH_MATCHING_DIR` names data that are there already (those of `make bench-peers`, say).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use relais::actions::Deps;
use relais::clock::Clock;
use relais::config::Config;
use relais::domain::directory::Point;
use relais::domain::taxonomy::Taxonomy;
use relais::domain::visit_plan::{Legs, NEEDS_MAX, Offer, Stop, plan};
use relais::id::{Id, Ids};
use relais::sample::generate::{Size, generate};
use relais::sample::geography::{Municipality, municipalities};
use serde_json::{Value, json};

/// What meets these from afar spares no visit for sure (`domain/matching.rs`).
const ON_THE_SPOT: [&str; 10] = [
    "food/food-bank",
    "food/community-meal",
    "food/community-kitchen",
    "material-aid/clothing",
    "material-aid/furniture",
    "material-aid/baby-supplies",
    "childcare/daycare",
    "childcare/drop-in",
    "respite/family-respite",
    "transport/transit-fare",
];
const OFFERS_PER_NEED: usize = 100;

fn main() {
    let number =
        |name: &str, default: usize| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (services, families) = (number("BENCH_SERVICES", 20_000), number("BENCH_FAMILIES", 200));
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let kept = std::env::var_os("BENCH_MATCHING_DIR").map(std::path::PathBuf::from);
    let dir = kept.clone().unwrap_or_else(|| temporary.path().to_owned());
    let mut config = Config::load(None).expect("the defaults load");
    config.data_dir.clone_from(&dir);
    config.listen = "127.0.0.1:0".to_owned();
    if config.database_url.is_none() {
        config.database_url = Some(format!("sqlite:{}", dir.join("relais.db").display()));
    }
    config.log.filter = "warn".to_owned();
    relais::telemetry::start_logs(&config.log);
    let deps = Arc::new(Deps::open(config, Clock::system(), Ids::random()).expect("the data open"));
    deps.prepare().expect("the data are prepared");
    if kept.is_none() {
        generate(&deps.store, Size { services, families: 50 }, 1, deps.clock.now()).expect("a directory is made");
    }
    deps.prepare_index().expect("the index is filled");
    let services = deps.index().map_or(0, |index| index.documents() as usize);
    let address = start(deps);
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let ask = |body: &Value| -> Value {
        let reply = agent.post(format!("http://{address}/api/v1/match")).send_json(body);
        let mut reply = reply.expect("the server answers");
        let answer = reply.body_mut().read_json().expect("an answer");
        assert_eq!(reply.status(), 200, "{answer}");
        answer
    };
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let tops: Vec<&str> = Taxonomy::embedded().top_levels().map(|term| term.code.as_str()).collect();
    for (what, codes) in [("eight fields of needs", tops), ("eight needs to go somewhere for", ON_THE_SPOT.to_vec())] {
        let bodies: Vec<Value> = (0..families).map(|_| family(&codes, &mut rng)).collect();
        match_all(what, services, &bodies, &ask);
    }
    let mut waits: Vec<Duration> = (0..50).map(|_| hardest(&mut rng)).collect();
    told("the plan alone, hardest", NEEDS_MAX * OFFERS_PER_NEED, &mut waits);
}

fn match_all(what: &str, services: usize, bodies: &[Value], ask: &dyn Fn(&Value) -> Value) {
    let mut waits = Vec::new();
    let (mut visits, mut uncovered, mut looked_at) = (0, 0, 0);
    for (n, body) in bodies.iter().enumerate() {
        let asked = Instant::now();
        let answer = ask(body);
        // The first ones find nothing in memory.
        if n >= bodies.len() / 10 {
            waits.push(asked.elapsed());
        }
        visits += answer["plan"]["visits"].as_array().map_or(0, Vec::len);
        uncovered += answer["uncovered"].as_array().map_or(0, Vec::len);
        let needs = answer["needs"].as_array().expect("needs");
        looked_at += needs.iter().filter_map(|need| need["looked_at"].as_u64()).sum::<u64>();
    }
    told(what, services, &mut waits);
    let mean = |count: usize| count as f64 / bodies.len() as f64;
    println!(
        "  a family: {:.1} visits, {:.1} needs uncovered, {:.0} services looked at",
        mean(visits),
        mean(uncovered),
        mean(looked_at as usize)
    );
}

fn told(what: &str, services: usize, waits: &mut [Duration]) {
    waits.sort();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{what} among {services} services: p50 {:.1} ms  p99 {:.1} ms", at(0.5), at(0.99));
}

/// Eight needs of a family that lives anywhere, one in four with each condition.
fn family(codes: &[&str], rng: &mut ChaCha20Rng) -> Value {
    let Municipality { point, .. } = municipalities().choose(rng).expect("a municipality");
    let needs: Value = codes.choose_multiple(rng, NEEDS_MAX).map(|code| json!({"category": code})).collect();
    json!({
        "lat": point.lat, "lon": point.lon, "needs": needs,
        "children": [{"born_in": "2024-05"}, {"born_in": "2019-11"}],
        "languages": if rng.gen_bool(0.25) { json!(["es", "en"]) } else { json!([]) },
        "no_car": rng.gen_bool(0.25),
        "free_only": rng.gen_bool(0.25),
        "available": if rng.gen_bool(0.25) { json!([{"weekday": "TU", "from": "13:00", "to": "17:00"}]) } else { json!([]) },
    })
}

/// As if everything were in one city: thirty kilometres across.
fn hardest(rng: &mut ChaCha20Rng) -> Duration {
    let id = |rng: &mut ChaCha20Rng| Id::from_words(&[&rng.gen_range(0..u64::MAX).to_string()]);
    let offers: Vec<Offer> = (0..NEEDS_MAX * OFFERS_PER_NEED)
        .map(|n| {
            let point = Point::new(45.5 + rng.gen_range(-0.135..0.135), -73.6 + rng.gen_range(-0.19..0.19));
            let stop = Some(Stop { organization_id: id(rng), location_id: Some(id(rng)), point });
            Offer { need: n / OFFERS_PER_NEED, service_id: id(rng), stop, rank: (n % OFFERS_PER_NEED) as u32 }
        })
        .collect();
    let asked = Instant::now();
    let found =
        plan(Legs::Straight(Point::new(45.5, -73.6)), NEEDS_MAX, &offers, &[]).expect("eight needs are planned");
    let waited = asked.elapsed();
    assert_eq!(found.visits.len(), NEEDS_MAX);
    waited
}

fn start(deps: Arc<Deps>) -> std::net::SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        relais::api::system().block_on(async move {
            let (address, server) = relais::api::serve(deps).expect("the server starts");
            sender.send(address).expect("somebody waits");
            server.await.expect("the server stops well");
        });
    });
    receiver.recv().expect("an address")
}
