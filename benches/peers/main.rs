//! relais' search beside what comparable systems run on, over the same directory, each asked over its own network
//! interface by the same client: PostgreSQL with PostGIS and full text, Sphinx, and tantivy used plainly. Checks in the
//! same run that they find the same, then prints waits, requests a second, build time, memory and disk, with the
//! ratios; nothing here asserts a figure.
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
mod extras;
mod measure;
mod own;
mod plain;
mod postgres;
mod program;
mod sphinx;
mod stems;
mod talk;
mod typing;

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
    let drawn = directory::queries(&deps.store, &options.dir.join("queries.json"), options.queries);
    println!("{} services, {} queries", options.services, drawn.len());
    let postgres = postgres::Server::start(&options.dir, &deps.store);
    let sphinx = sphinx::Server::start(&options.dir, &deps.store);
    let plain_built = plain::build(&options.dir, &deps.store);
    drop(deps);
    let served = own::Served::start(&options.dir, "serve");
    let plain = own::Served::start(&options.dir, "plain");
    let (queries, left_out) = agreed(&drawn, [&served, &plain], postgres.as_ref(), sphinx.as_ref());
    let bare = bare_answer(&served, &queries, &options);
    let mut contenders = vec![of_relais(&served, &built, &queries, &options)];
    contenders.extend(postgres.as_ref().map(|server| of_postgres(server, &queries, &options)));
    contenders.extend(sphinx.as_ref().map(|server| of_sphinx(server, &queries)));
    contenders.push(of_plain(&plain, &plain_built, &queries));
    contenders.push(of_bare(&bare, &queries));
    let waits = ask_all(&contenders, &options);
    let measured = |(one, [mut alone, mut together]): (&Contender<'_>, [Waits; 2])| Measured {
        name: one.peer.name.clone(),
        alone: alone.figures(),
        together: together.figures(),
        build_s: one.build_s,
        memory_mb: (one.memory_mb)(),
        disk_mb: one.disk_mb,
        note: one.note.clone(),
    };
    let table: Vec<Measured> = contenders.iter().zip(waits).map(measured).collect();
    say(&table, &options);
    let store = || own::open(&options.dir.clone()).store.clone();
    typing::say(&options.dir, store, &served, &queries, (options.clients, options.time));
    let engines = say_engines(&options, &queries);
    let nasty = say_nasty(&contenders, &queries, postgres.as_ref());
    let all = json!({"services": options.services, "queries": queries.len(), "left_out": left_out, "rows": table,
        "engines": engines, "nasty": nasty});
    let file = options.dir.join("result.json");
    std::fs::write(&file, serde_json::to_vec_pretty(&all).expect("JSON")).expect("the result is written");
    println!("written: {}", file.display());
}

/// A peer with what is known of it besides its answers.
struct Contender<'a> {
    peer: Peer,
    build_s: f64,
    disk_mb: u64,
    /// After it was asked.
    memory_mb: Box<dyn Fn() -> u64 + 'a>,
    note: String,
}

fn of_relais<'a>(served: &'a own::Served, built: &own::Built, queries: &[Query], options: &Options) -> Contender<'a> {
    let (index_mb, store_mb) = own::disk_mb(&options.dir);
    Contender {
        peer: http_peer("relais", served, queries),
        build_s: built.seconds,
        disk_mb: index_mb,
        memory_mb: Box::new(|| measure::resident_mb(served.pid())),
        note: format!("RSS with mapped files; building took {} MB; the store is {store_mb} MB more", built.peak_mb),
    }
}

fn of_postgres<'a>(server: &'a postgres::Server, queries: &[Query], options: &Options) -> Contender<'a> {
    let (peer, said) = server.peer(queries);
    said.iter().for_each(|line| println!("  PostgreSQL {line}"));
    let dir = options.dir.join("postgres").display().to_string();
    Contender {
        peer,
        build_s: server.built.seconds,
        disk_mb: server.built.disk_mb,
        memory_mb: Box::new(move || measure::shared_mb(&dir)),
        note: "sum of PSS, shared buffers that were touched within".to_owned(),
    }
}

fn of_sphinx<'a>(server: &'a sphinx::Server, queries: &[Query]) -> Contender<'a> {
    Contender {
        peer: server.peer(queries),
        build_s: server.built.seconds,
        disk_mb: server.built.disk_mb,
        memory_mb: Box::new(|| server.pid().map_or(0, measure::resident_mb)),
        note: "RSS; stems were made before it was given the texts; corrects no typing".to_owned(),
    }
}

fn of_plain<'a>(served: &'a own::Served, built: &plain::Built, queries: &[Query]) -> Contender<'a> {
    Contender {
        peer: http_peer("plain tantivy", served, queries),
        build_s: built.seconds,
        disk_mb: built.disk_mb,
        memory_mb: Box::new(|| measure::resident_mb(served.pid())),
        note: "RSS with mapped files".to_owned(),
    }
}

/// What the web server alone takes for an answer of the middle size.
fn of_bare<'a>(served: &'a own::Served, queries: &[Query]) -> Contender<'a> {
    Contender {
        peer: http_peer("bare actix", served, queries),
        build_s: 0.0,
        disk_mb: 0,
        memory_mb: Box::new(|| measure::resident_mb(served.pid())),
        note: "RSS; one answer of relais' middle size, whatever is asked".to_owned(),
    }
}

fn bare_answer(served: &own::Served, queries: &[Query], options: &Options) -> own::Served {
    let mut connection = Connection::http(served.port).expect("relais answers");
    let mut answers: Vec<Vec<u8>> = vec![];
    for query in queries {
        connection.ask(&http_get(&own::path(query))).expect("relais answers");
        answers.push(connection.answer.clone());
    }
    answers.sort_unstable_by_key(Vec::len);
    let middle = answers.get(answers.len() / 2).cloned().unwrap_or_default();
    println!("an answer of the middle size has {} bytes", middle.len());
    std::fs::write(options.dir.join("bare-answer.json"), middle).expect("the answer is kept");
    own::Served::start(&options.dir, "bare")
}

fn http_peer(name: &str, served: &own::Served, queries: &[Query]) -> Peer {
    let port = served.port;
    let requests = queries.iter().map(|query| http_get(&own::path(query))).collect();
    let connect = move || Connection::http(port).expect("the server answers");
    Peer { name: name.to_owned(), connect: Box::new(connect), requests: Arc::new(requests) }
}

fn say_engines(options: &Options, queries: &[Query]) -> Vec<extras::EngineFigures> {
    let engines = extras::engines(&options.dir, queries, options.time);
    println!();
    for one in &engines {
        let Figures { p50_ms, p95_ms, p99_ms, per_second, .. } = one.figures;
        println!(
            "engine of {} in process: {p50_ms:.3} / {p95_ms:.3} / {p99_ms:.3} ms, {per_second:.0} a second",
            one.name
        );
    }
    if let [relais, plain] = engines.as_slice() {
        println!("relais' engine beside the plain one: {:.2}", relais.figures.per_second / plain.figures.per_second);
    }
    engines
}

/// The slowest nasty query of each peer, and all of relais'.
fn say_nasty(contenders: &[Contender<'_>], queries: &[Query], postgres: Option<&postgres::Server>) -> Value {
    let nasty = extras::nasty(queries);
    let asked: Vec<Query> = nasty.iter().map(|(_, query)| query.clone()).collect();
    let mut all = serde_json::Map::new();
    println!();
    for peer in contenders.iter().map(|one| &one.peer).filter(|peer| peer.name != "bare actix") {
        let requests = match (peer.name.as_str(), postgres) {
            ("PostgreSQL", Some(server)) => server.requests(&asked),
            ("Sphinx", _) => sphinx::requests(&asked),
            _ => asked.iter().map(|query| http_get(&own::path(query))).collect(),
        };
        let mut connection = (peer.connect)();
        let mut waits: Vec<(f64, String)> = vec![];
        for ((what, query), request) in nasty.iter().zip(&requests) {
            let (ms, refused) = measure::shortest_ms(peer, &mut connection, request, extras::NASTY_TIMES);
            let order = if query.by_distance { "distance" } else { "relevance" };
            waits.push((ms, format!("{what}, by {order}{}", if refused { " (refused)" } else { "" })));
        }
        waits.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        let shown: Vec<String> = waits.iter().take(3).map(|(ms, what)| format!("{ms:.1} ms {what}")).collect();
        println!("slowest nasty queries of {}: {}", peer.name, shown.join("; "));
        all.insert(peer.name.clone(), json!(waits));
    }
    Value::Object(all)
}

/// Turn by turn, so that what else the machine does falls on all.
fn ask_all(contenders: &[Contender<'_>], options: &Options) -> Vec<[Waits; 2]> {
    let mut waits: Vec<[Waits; 2]> = contenders.iter().map(|_| Default::default()).collect();
    for _ in 0..options.turns {
        for (one, [alone, together]) in contenders.iter().zip(&mut waits) {
            turn(&one.peer, 1, options.time, alone);
            turn(&one.peer, options.clients, options.time, together);
        }
    }
    waits
}

/// The queries that all answer alike, and how many do not. PostgreSQL: as many rows, as many services in all where
/// relais counted them, and in an order by distance the same services in the same order, within a metre. Sphinx, whose
/// numbers are of 32 bits, and plain tantivy: as many rows.
fn agreed(
    drawn: &[Query],
    [served, plain]: [&own::Served; 2],
    postgres: Option<&postgres::Server>,
    sphinx: Option<&sphinx::Server>,
) -> (Vec<Query>, usize) {
    let theirs = postgres.map(|server| server.answers(drawn));
    let of_sphinx = sphinx.map(|server| server.answers(drawn));
    let mut connection = Connection::http(served.port).expect("relais answers");
    let mut of_plain = Connection::http(plain.port).expect("the plain server answers");
    let (mut kept, mut left_out, mut rows) = (vec![], 0, 0);
    for (at, query) in drawn.iter().enumerate() {
        connection.ask(&http_get(&own::path(query))).expect("relais answers");
        let ours = own_answer(&connection.answer);
        let theirs = theirs.as_ref().and_then(|all| disagreement(&ours, &all[at], query.by_distance));
        let of_sphinx = of_sphinx.as_ref().map(|all| all[at]).filter(|rows| *rows != ours.rows.len());
        let of_sphinx = of_sphinx.map(|rows| format!("{} rows and {rows} of Sphinx", ours.rows.len()));
        of_plain.ask(&http_get(&own::path(query))).expect("the plain server answers");
        let plain_rows = serde_json::from_slice::<Vec<Value>>(&of_plain.answer).expect("JSON").len();
        let of_plain = (plain_rows != ours.rows.len())
            .then(|| format!("{} rows and {plain_rows} of plain tantivy", ours.rows.len()));
        let Some(why) = theirs.or(of_sphinx).or(of_plain) else {
            rows += ours.rows.len();
            kept.push(query.clone());
            continue;
        };
        left_out += 1;
        if left_out <= DISAGREEMENTS_SHOWN {
            println!("  left out: {why}: {}", own::path(query));
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
        let ratio = |theirs: f64, ours: f64| format!("{:.2}", theirs / ours);
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
