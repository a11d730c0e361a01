//! Words typed wrong: a table apart, since PostgreSQL's full text and Sphinx look for the words as they are. One letter
//! of the longest word of each query is another; relais corrects and widens, as it does for people. Meilisearch joins
//! where `BENCH_MEILISEARCH` gives its address (`http://127.0.0.1:7700`, without a key).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relais::store::Store;
use serde_json::{Value, json};

use crate::directory::{PARTS, Query, each_service};
use crate::measure::{Peer, Waits, turn};
use crate::own;
use crate::talk::{Connection, http_get, http_send};

const LETTERS_MIN: usize = 5;
const BATCH: usize = 10_000;
const LOADING_S_MAX: u64 = 3_600;
const INDEX: &str = "relais_bench";

/// The queries with one letter changed, never the first; none of those whose words are all short.
pub fn misspelt(queries: &[Query]) -> Vec<Query> {
    let changed = queries.iter().filter_map(|query| {
        let (at, word) = query.words.iter().enumerate().max_by_key(|(_, word)| word.chars().count())?;
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < LETTERS_MIN {
            return None;
        }
        let middle = letters.len() / 2;
        let other = |letter: char| if letter == 'z' { 'x' } else { 'z' };
        let wrong = letters.iter().enumerate().map(|(n, letter)| if n == middle { other(*letter) } else { *letter });
        let mut query = query.clone();
        query.words[at] = wrong.collect();
        Some(query)
    });
    changed.collect()
}

/// Prints the table.
pub fn say(
    dir: &Path,
    store: impl FnOnce() -> Store,
    served: &own::Served,
    queries: &[Query],
    time: (usize, Duration),
) {
    let (clients, time) = time;
    let queries = misspelt(queries);
    let paths = queries.iter().map(|query| http_get(&own::path(query).replace("&exact=true", ""))).collect();
    let port = served.port;
    let connect = move || Connection::http(port).expect("relais answers");
    let mut peers = vec![Peer { name: "relais".to_owned(), connect: Box::new(connect), requests: Arc::new(paths) }];
    match std::env::var("BENCH_MEILISEARCH") {
        Ok(address) => peers.push(meilisearch(&address, dir, &store(), &queries)),
        Err(_) => println!("no BENCH_MEILISEARCH: its row is left out"),
    }
    println!(
        "\n| {} queries typed wrong | found something | 1 client: p50 / p95 / p99 ms | a second | {clients} clients: a \
         second |",
        queries.len()
    );
    println!("|---|---|---|---|---|");
    let mut together_of = vec![];
    for peer in &peers {
        let found = found_something(peer);
        let (mut alone, mut together) = (Waits::default(), Waits::default());
        turn(peer, 1, time, &mut alone);
        turn(peer, clients, time, &mut together);
        let (alone, together) = (alone.figures(), together.figures());
        println!(
            "| {} | {found} | {:.2} / {:.2} / {:.2} | {:.0} | {:.0} |",
            peer.name, alone.p50_ms, alone.p95_ms, alone.p99_ms, alone.per_second, together.per_second
        );
        together_of.push(together.per_second);
    }
    if let [ours, theirs] = together_of.as_slice() {
        println!("relais beside Meilisearch, typed wrong, together: {:.1} times as many", ours / theirs);
    }
}

fn found_something(peer: &Peer) -> usize {
    let mut connection = (peer.connect)();
    let has_rows = |request: &&Vec<u8>| {
        connection.ask(request).expect("an answer");
        let answer: Value = serde_json::from_slice(&connection.answer).expect("JSON");
        let rows = answer["results"].as_array().or_else(|| answer["hits"].as_array());
        rows.is_some_and(|rows| !rows.is_empty())
    };
    peer.requests.iter().filter(has_rows).count()
}

/// Loads the directory unless it is there, and asks by a circle, in order of distance where the query is.
fn meilisearch(address: &str, dir: &Path, store: &Store, queries: &[Query]) -> Peer {
    let port = address.rsplit(':').next().and_then(|port| port.trim_end_matches('/').parse().ok());
    let port: u16 = port.expect("BENCH_MEILISEARCH ends with a port of this machine");
    let marker = dir.join("meilisearch-loaded");
    if !marker.exists() {
        let started = Instant::now();
        load(port, store);
        std::fs::write(&marker, format!("{:.0} s", started.elapsed().as_secs_f64())).expect("a file");
    }
    println!("Meilisearch was loaded in {}", std::fs::read_to_string(&marker).expect("the file"));
    let path = format!("/indexes/{INDEX}/search");
    let request = |query: &Query| {
        let mut filter = vec![format!("_geoRadius({}, {}, {})", query.lat, query.lon, query.radius_km * 1_000.0)];
        filter.extend(query.category.iter().map(|code| format!("codes = \"{code}\"")));
        let sort =
            if query.by_distance { vec![format!("_geoPoint({}, {}):asc", query.lat, query.lon)] } else { vec![] };
        let body = json!({"q": query.words.join(" "), "filter": filter, "sort": sort, "limit": 20,
            "attributesToRetrieve": ["id", "name", "organization_id", "organization_name", "codes", "_geo"]});
        http_send("POST", &path, "application/json", body.to_string().as_bytes())
    };
    let requests = Arc::new(queries.iter().map(request).collect());
    let connect = move || Connection::http(port).expect("Meilisearch answers");
    Peer { name: "Meilisearch".to_owned(), connect: Box::new(connect), requests }
}

fn load(port: u16, store: &Store) {
    let mut connection = Connection::http(port).expect("Meilisearch answers");
    let searched: Vec<String> = (0..PARTS).map(|part| format!("text{part}")).collect();
    let settings = json!({"searchableAttributes": searched, "filterableAttributes": ["_geo", "codes"],
        "sortableAttributes": ["_geo"],
        "rankingRules": ["sort", "words", "typo", "proximity", "attribute", "exactness"]});
    let path = format!("/indexes/{INDEX}/settings");
    task(&mut connection, &http_send("PATCH", &path, "application/json", settings.to_string().as_bytes()));
    let path = format!("/indexes/{INDEX}/documents?primaryKey=id");
    let (mut lines, mut count) = (String::new(), 0);
    let mut send = |lines: &mut String| {
        task(&mut connection, &http_send("POST", &path, "application/x-ndjson", lines.as_bytes()));
        lines.clear();
    };
    each_service(store, |row| {
        // It takes one point a document: the first place.
        let Some((_, point)) = row.places.first() else { return };
        let mut document = json!({"id": row.id.to_string(), "name": row.name, "codes": row.codes,
            "organization_id": row.organization_id.to_string(), "organization_name": row.organization_name,
            "_geo": {"lat": point.lat, "lng": point.lon}});
        for (part, sides) in row.texts.iter().enumerate() {
            document[format!("text{part}")] = sides.join(" ").into();
        }
        lines.push_str(&document.to_string());
        lines.push('\n');
        count += 1;
        if count % BATCH == 0 {
            send(&mut lines);
        }
    });
    send(&mut lines);
}

/// Asks for a task and waits for its end.
fn task(connection: &mut Connection, request: &[u8]) {
    let read = |connection: &Connection| -> Value { serde_json::from_slice(&connection.answer).expect("JSON") };
    connection.ask(request).expect("Meilisearch takes the task");
    let uid = read(connection)["taskUid"].as_u64().expect("a task");
    let started = Instant::now();
    loop {
        connection.ask(&http_get(&format!("/tasks/{uid}"))).expect("Meilisearch answers");
        match read(connection)["status"].as_str() {
            Some("succeeded") => return,
            Some("enqueued" | "processing") => std::thread::sleep(Duration::from_millis(50)),
            other => panic!("the task ended as {other:?}: {}", String::from_utf8_lossy(&connection.answer)),
        }
        assert!(started.elapsed() < Duration::from_secs(LOADING_S_MAX), "the task does not end");
    }
}
