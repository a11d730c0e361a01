//! Asks a peer for a while, by one client or several, and says how long its answers took.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::talk::Connection;

/// Asked of every peer: a request of its own for each query.
pub struct Peer {
    pub name: String,
    pub connect: Box<dyn Fn() -> Connection + Send + Sync>,
    pub requests: Arc<Vec<Vec<u8>>>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Figures {
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub slowest_ms: f64,
    pub per_second: f64,
    pub requests: usize,
}

/// Waits of one peer at one number of clients, over several turns.
#[derive(Default)]
pub struct Waits {
    all: Vec<Duration>,
    clients_s: f64,
    clients: usize,
}

impl Waits {
    /// Of one who asked all the time.
    pub fn of(all: Vec<Duration>, spent: Duration) -> Self {
        Self { all, clients_s: spent.as_secs_f64(), clients: 1 }
    }

    pub fn figures(&mut self) -> Figures {
        self.all.sort_unstable();
        let at = |share: f64| {
            let last = self.all.len().saturating_sub(1);
            self.all.get((last as f64 * share) as usize).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
        };
        Figures {
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            slowest_ms: at(1.0),
            per_second: self.all.len() as f64 / (self.clients_s / self.clients as f64),
            requests: self.all.len(),
        }
    }
}

/// One turn: the clients share the queries and go round; a turn ends when its time is up and every query was asked, or
/// after twenty times its time.
pub fn turn(peer: &Peer, clients: usize, time: Duration, waits: &mut Waits) {
    let count = peer.requests.len();
    let share = count.div_ceil(clients);
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let (mut connection, requests) = ((peer.connect)(), peer.requests.clone());
            std::thread::spawn(move || {
                let (mut waits, started) = (vec![], Instant::now());
                let mut next = client * share;
                while (started.elapsed() < time || waits.len() < share) && started.elapsed() < time * 20 {
                    let asked = Instant::now();
                    connection.ask(&requests[next % count]).expect("an answer");
                    waits.push(asked.elapsed());
                    next += 1;
                }
                (waits, started.elapsed())
            })
        })
        .collect();
    waits.clients = clients;
    for thread in threads {
        let (mut turn, spent) = thread.join().expect("a client");
        waits.all.append(&mut turn);
        waits.clients_s += spent.as_secs_f64();
    }
}

/// The shortest wait for an answer, even one that refuses, of so many.
pub fn shortest_ms(peer: &Peer, connection: &mut Connection, request: &[u8], times: usize) -> (f64, bool) {
    let (mut shortest, mut refused) = (f64::INFINITY, false);
    for _ in 0..times {
        let asked = Instant::now();
        if connection.ask(request).is_err() {
            refused = true;
            // Some close what they refuse.
            let waited = asked.elapsed();
            *connection = (peer.connect)();
            shortest = shortest.min(waited.as_secs_f64() * 1e3);
            continue;
        }
        shortest = shortest.min(asked.elapsed().as_secs_f64() * 1e3);
    }
    (shortest, refused)
}

/// `VmHWM`: the most that was ever resident in this process.
pub fn peak_mb() -> u64 {
    status_kb("self", "VmHWM:") / 1024
}

fn status_kb(pid: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// What is resident of a process, files that it mapped and read among it.
pub fn resident_mb(pid: u32) -> u64 {
    status_kb(&pid.to_string(), "VmRSS:") / 1024
}

/// The proportional share of memory of every process that runs under a directory: what they share counts once.
pub fn shared_mb(dir: &str) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_process = |process: std::fs::DirEntry| {
        let rollup = std::fs::read_to_string(process.path().join("smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let running = processes.filter(|process| {
        let cwd = std::fs::read_link(process.path().join("cwd")).unwrap_or_default();
        cwd.to_string_lossy().starts_with(dir)
    });
    running.filter_map(of_process).sum::<u64>() / 1024
}

pub fn mb_under(path: &Path) -> u64 {
    bytes_under(path) / 1_000_000
}

fn bytes_under(path: &Path) -> u64 {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| bytes_under(&entry.path())).sum()
}
