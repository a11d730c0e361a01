//! GET of one service beside a bare actix answer of the same bytes, in one process, turn by turn: requests a second and
//! the slowest of a hundred and of a thousand. `make bench` prints the ratio; nothing here asserts.
//!
//! `BENCH_SERVICES` (default 20,000) sizes the directory, `BENCH_SECONDS` (default 3) the seconds of one turn.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use relais::actions::Deps;
use relais::clock::Clock;
use relais::config::Config;
use relais::id::{Id, Ids};
use relais::jobs::index_sync::IndexSync;
use relais::sample::generate::{Size, generate};
use relais::store::services;

const CLIENTS: usize = 8;
const TURNS: usize = 5;
/// Services that the clients ask for, each in its turn.
const ASKED: usize = 1_000;

fn main() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (size, turn_s) = (number("BENCH_SERVICES", 20_000), number("BENCH_SECONDS", 3));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut config = Config::load(None).expect("the defaults load");
    config.data_dir = dir.path().to_owned();
    config.database_url = Some(format!("sqlite:{}", dir.path().join("relais.db").display()));
    config.listen = "127.0.0.1:0".to_owned();
    config.log.filter = "warn".to_owned();
    relais::telemetry::start_logs(&config.log);
    let deps = Arc::new(Deps::open(config, Clock::system(), Ids::random()).expect("the data open"));
    deps.prepare().expect("the data are prepared");
    let services = usize::try_from(size).expect("a number of services");
    generate(&deps.store, Size { services, families: 50 }, 1, deps.clock.now()).expect("a directory is made");
    deps.prepare_index().expect("the index is filled");
    // Of the jobs only the one that listens to the change log: what others do after so large a writing (looking for
    // duplicates, most of all) is no part of an answer.
    let index = deps.index().expect("the index is open").clone();
    let _sync = IndexSync::start(deps.store.clone(), index).expect("the job starts");
    let page = deps.store.read(|conn| services::page_after(conn, None, ASKED as i64)).expect("a page");
    let ids: Arc<Vec<Id>> = Arc::new(page.iter().map(|one| one.service.id).collect());
    let relais = start_relais(deps);
    let path = |id: &Id| format!("/api/v1/services/{id}");
    let mut client = Client::new(relais);
    let body = client.get(&path(&ids[0])).1;
    let bare = start_bare(body.clone());
    println!("one service: {} bytes, {size} services, {CLIENTS} clients, {TURNS} turns of {turn_s} s", body.len());
    let mut rates = [Vec::new(), Vec::new()];
    let mut waits = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (which, address) in [relais, bare].into_iter().enumerate() {
            let (rate, mut turn) = measure(address, &ids, Duration::from_secs(turn_s));
            rates[which].push(rate);
            waits[which].append(&mut turn);
        }
    }
    let mut medians = [0.0; 2];
    for (which, name) in ["relais", "bare actix"].into_iter().enumerate() {
        rates[which].sort_by(f64::total_cmp);
        waits[which].sort();
        let at = |share: f64| waits[which][((waits[which].len() - 1) as f64 * share) as usize].as_micros();
        medians[which] = rates[which][TURNS / 2];
        println!(
            "{name:<11} {:>9.0} requests/s   p50 {} µs  p99 {} µs  p99.9 {} µs",
            medians[which],
            at(0.5),
            at(0.99),
            at(0.999)
        );
    }
    println!("ratio relais / bare actix: {:.2}", medians[0] / medians[1]);
}

fn start_relais(deps: Arc<Deps>) -> SocketAddr {
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

fn start_bare(body: Vec<u8>) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let body = Bytes::from(body);
            let server = HttpServer::new(move || {
                let body = body.clone();
                let answer = move || {
                    let body = body.clone();
                    async move { HttpResponse::Ok().content_type("application/json").body(body) }
                };
                App::new().route("/api/v1/services/{id}", web::get().to(answer))
            });
            let server = server.workers(2).bind("127.0.0.1:0").expect("a port");
            sender.send(server.addrs()[0]).expect("somebody waits");
            server.run().await.expect("the server stops well");
        });
    });
    receiver.recv().expect("an address")
}

fn measure(address: SocketAddr, ids: &Arc<Vec<Id>>, turn: Duration) -> (f64, Vec<Duration>) {
    let started = Instant::now();
    let threads: Vec<_> = (0..CLIENTS)
        .map(|first| {
            let ids = ids.clone();
            std::thread::spawn(move || {
                let mut client = Client::new(address);
                let mut waits = Vec::new();
                let mut next = first * 97;
                while started.elapsed() < turn {
                    next = (next + 1) % ids.len();
                    let path = format!("/api/v1/services/{}", ids[next]);
                    let asked = Instant::now();
                    assert_eq!(client.get(&path).0, 200);
                    waits.push(asked.elapsed());
                }
                waits
            })
        })
        .collect();
    let waits: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().expect("a client")).collect();
    (waits.len() as f64 / started.elapsed().as_secs_f64(), waits)
}

/// One connection that stays open; reads answers that say their length.
struct Client(BufReader<TcpStream>);

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("an option");
        Self(BufReader::with_capacity(64 * 1024, stream))
    }
    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).expect("the request leaves");
        let (mut status, mut length, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("a header");
            if line.starts_with("HTTP/") {
                status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
            } else if line.to_ascii_lowercase().starts_with("content-length:") {
                length = line[15..].trim().parse().expect("a length");
            } else if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status, body)
    }
}
