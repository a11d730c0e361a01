//! relais' search beside what comparable systems run on, over the same directory, each asked over its own network
//! interface by the same client: PostgreSQL with PostGIS and full text. Checks in the same run that they find the same,
//! then prints waits, requests a second, build time, memory and disk, with the ratios; nothing here asserts a figure.
//!
//! `BENCH_SERVICES` (default 100,000) sizes the directory, `BENCH_QUERIES` (1,000) the queries, `BENCH_CLIENTS` (8) how
//! many ask at once beside one alone, `BENCH_SECONDS` (5) how long a turn lasts at least, `BENCH_TURNS` (3) how many
//! turns each peer has. `BENCH_PEERS_DIR` keeps what is loaded (default `target/bench-peers/`), `BENCH_REINDEX=1`
//! builds relais' index anew.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use directory::Query;
use measure::{Figures, Peer, Waits, turn};
use postgres::Answer;
use talk::{Connection, http_get};

mod directory;
mod measure;
mod own;
mod postgres;
#[allow(dead_code)] // the protocol of Sphinx has no use yet
mod talk;

/// Raise it when the generator or the queries change: everything is made anew.
const DIRECTORY_VERSION: u32 = 1;
const METRE_KM: f64 = 0.001;
const DISAGREEMENTS_SHOWN: usize = 10;

struct Options {
    services: usize,
    queries: usize,
    clients: usize,
    turns: usize,
    time: Duration,
    dir: PathBuf,
}

impl Options {
    fn read() -> Self {
        let number =
            |name: &str, default: usize| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
        let services = number("BENCH_SERVICES", 100_000);
        let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("bench-peers");
        let root = std::env::var_os("BENCH_PEERS_DIR").map_or(target, PathBuf::from);
        Self {
            services,
            queries: number("BENCH_QUERIES", 1_000),
            clients: number("BENCH_CLIENTS", 8),
            turns: number("BENCH_TURNS", 3),
            time: Duration::from_secs(number("BENCH_SECONDS", 5) as u64),
            dir: root.join(services.to_string()),
        }
    }
}

/// One row of the table.
#[derive(Serialize)]
struct Measured {
    name: String,
    alone: Figures,
    together: Figures,
    build_s: f64,
    memory_mb: u64,
    disk_mb: u64,
    note: String,
}

fn main() {
    if let Ok(what) = std::env::var(own::CHILD) {
        let dir = PathBuf::from(std::env::var_os("BENCH_PEERS_DIR").expect("a directory"));
        return own::child(&what, &dir);
    }
    let options = Options::read();
    let key = format!("{DIRECTORY_VERSION} {}", options.services);
    own::forget_what_is_old(&options.dir, &key);
    let built = own::prepare(&options.dir, options.services, &key);
    let deps = own::open(&options.dir);
    let queries = directory::queries(&deps.store, &options.dir.join("queries.json"), options.queries);
    println!("{} services, {} queries", options.services, queries.len());
    let server = postgres::Server::start(&options.dir);
    let postgres_built = server.as_ref().and_then(|server| server.load(&deps.store));
    drop(deps);
    let served = own::Served::start(&options.dir, "serve");
    let (queries, left_out) = match server.as_ref().filter(|_| postgres_built.is_some()) {
        Some(server) => agreed(&served, server, queries),
        None => (queries, 0),
    };
    let mut peers = vec![own_peer(&served, &queries)];
    if let Some(server) = server.as_ref().filter(|_| postgres_built.is_some()) {
        let by_distance: Vec<bool> = queries.iter().map(|query| query.by_distance).collect();
        let (peer, said) = server.peer(&server.parameters(&queries), &by_distance);
        said.iter().for_each(|line| println!("  PostgreSQL {line}"));
        peers.push(peer);
    }
    let waits = ask_all(&peers, &options);
    let mut table: Vec<Measured> = vec![];
    for (peer, [mut alone, mut together]) in peers.iter().zip(waits) {
        let (build_s, memory_mb, disk_mb, note) = match peer.name.as_str() {
            "relais" => {
                let (resident, own) = measure::resident_mb(served.pid());
                let (index, store) = own::disk_mb(&options.dir);
                let note = format!("{own} MB of it not mapped files; the store is {store} MB more");
                (built.seconds, resident, index, note)
            }
            _ => {
                let built = postgres_built.clone().unwrap_or_default();
                let memory = measure::shared_mb(&options.dir.join("postgres").to_string_lossy());
                (built.seconds, memory, built.disk_mb, "sum of PSS".to_owned())
            }
        };
        let (alone, together) = (alone.figures(), together.figures());
        table.push(Measured { name: peer.name.clone(), alone, together, build_s, memory_mb, disk_mb, note });
    }
    say(&table, &options);
    let all = json!({"services": options.services, "queries": queries.len(), "left_out": left_out, "rows": table});
    let file = options.dir.join("result.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&all).expect("JSON")).expect("the result is written");
    println!("written: {}", file.display());
}

fn own_peer(served: &own::Served, queries: &[Query]) -> Peer {
    let port = served.port;
    let requests = queries.iter().map(|query| http_get(&own::path(query))).collect();
    let connect = move || Connection::http(port).expect("relais answers");
    Peer { name: "relais".to_owned(), connect: Box::new(connect), requests: Arc::new(requests) }
}

/// Turn by turn, so that what else the machine does falls on all.
fn ask_all(peers: &[Peer], options: &Options) -> Vec<[Waits; 2]> {
    let mut waits: Vec<[Waits; 2]> = peers.iter().map(|_| Default::default()).collect();
    for _ in 0..options.turns {
        for (peer, [alone, together]) in peers.iter().zip(&mut waits) {
            turn(peer, 1, options.time, alone);
            turn(peer, options.clients, options.time, together);
        }
    }
    waits
}

/// The queries that relais and PostgreSQL answer alike: as many rows, as many services in all where relais counted
/// them, and in an order by distance the same services in the same order, within a metre.
fn agreed(served: &own::Served, server: &postgres::Server, queries: Vec<Query>) -> (Vec<Query>, usize) {
    let by_distance: Vec<bool> = queries.iter().map(|query| query.by_distance).collect();
    let theirs = server.answers(&server.parameters(&queries), &by_distance);
    let mut connection = Connection::http(served.port).expect("relais answers");
    let (mut kept, mut left_out, mut rows) = (vec![], 0, 0);
    for (query, theirs) in queries.into_iter().zip(theirs) {
        connection.ask(&http_get(&own::path(&query))).expect("relais answers");
        let ours = own_answer(&connection.answer);
        match disagreement(&ours, &theirs, query.by_distance) {
            None => {
                rows += ours.rows.len();
                kept.push(query);
            }
            Some(why) => {
                left_out += 1;
                if left_out <= DISAGREEMENTS_SHOWN {
                    println!("  left out: {why}: {}", own::path(&query));
                }
            }
        }
    }
    println!("checked: {} queries answered alike ({rows} rows), {left_out} left out", kept.len());
    (kept, left_out)
}

fn own_answer(body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let row = |hit: &Value| {
        let id = hit["service_id"].as_str().unwrap_or_default().to_owned();
        (id, hit["distance_km"].as_f64().unwrap_or(f64::NAN))
    };
    let total = (body["total"]["relation"] == "eq").then(|| body["total"]["value"].as_u64()).flatten();
    Answer { rows: body["results"].as_array().map(|hits| hits.iter().map(row).collect()).unwrap_or_default(), total }
}

fn disagreement(ours: &Answer, theirs: &Answer, by_distance: bool) -> Option<String> {
    if ours.rows.len() != theirs.rows.len() {
        return Some(format!("{} rows and {} of PostgreSQL", ours.rows.len(), theirs.rows.len()));
    }
    if let (Some(ours), Some(theirs)) = (ours.total, theirs.total)
        && ours != theirs
    {
        return Some(format!("{ours} services and {theirs} of PostgreSQL"));
    }
    let mut pairs = ours.rows.iter().zip(&theirs.rows).enumerate();
    let differ = |((id, km), (other, other_km)): (&(String, f64), &(String, f64))| {
        id != other || (km - other_km).abs() > METRE_KM
    };
    let first = pairs.find(|(_, (ours, theirs))| by_distance && differ((ours, theirs)));
    first.map(|(at, (ours, theirs))| format!("place {}: {ours:?} and {theirs:?} of PostgreSQL", at + 1))
}

fn say(table: &[Measured], options: &Options) {
    println!();
    println!(
        "| {} services | 1 client: p50 / p95 / p99 ms | a second | {} clients: p50 / p95 / p99 ms | a second | build s \
         | memory MB | disk MB |",
        options.services, options.clients
    );
    println!("|---|---|---|---|---|---|---|---|");
    let waits = |figures: &Figures| format!("{:.2} / {:.2} / {:.2}", figures.p50_ms, figures.p95_ms, figures.p99_ms);
    for row in table {
        println!(
            "| {} | {} | {:.0} | {} | {:.0} | {:.0} | {} | {} |",
            row.name,
            waits(&row.alone),
            row.alone.per_second,
            waits(&row.together),
            row.together.per_second,
            row.build_s,
            row.memory_mb,
            row.disk_mb
        );
    }
    let Some((ours, others)) = table.split_first() else { return };
    for row in others {
        let ratio = |theirs: f64, ours: f64| format!("{:.1}", theirs / ours);
        println!(
            "relais beside {}: alone p50 {} p95 {} p99 {} times shorter, {} times as many a second; together p50 {} \
             p95 {} p99 {}, {} times as many",
            row.name,
            ratio(row.alone.p50_ms, ours.alone.p50_ms),
            ratio(row.alone.p95_ms, ours.alone.p95_ms),
            ratio(row.alone.p99_ms, ours.alone.p99_ms),
            ratio(ours.alone.per_second, row.alone.per_second),
            ratio(row.together.p50_ms, ours.together.p50_ms),
            ratio(row.together.p95_ms, ours.together.p95_ms),
            ratio(row.together.p99_ms, ours.together.p99_ms),
            ratio(ours.together.per_second, row.together.per_second),
        );
    }
    table.iter().for_each(|row| println!("{}: memory: {}", row.name, row.note));
}
