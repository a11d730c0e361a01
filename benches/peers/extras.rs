//! Beside the table: nasty queries, the slowest of each peer; and the engines alone, in this process.

use std::path::Path;
use std::time::{Duration, Instant};

use relais::clock::Clock;
use relais::search::{Coverage, Index, Origin, Request, Sort};
use serde::Serialize;

use crate::directory::Query;
use crate::measure::{Figures, Waits};
use crate::plain::{Engine, Search};
use crate::stems::Stems;

/// Each nasty query is asked so often of each peer, and its shortest wait counts.
pub const NASTY_TIMES: usize = 3;

/// What somebody asks who means harm, or knows no better, each by relevance and by distance.
pub fn nasty(queries: &[Query]) -> Vec<(&'static str, Query)> {
    let mut counts: Vec<(usize, &str)> = vec![];
    for word in queries.iter().flat_map(|query| &query.words) {
        match counts.iter_mut().find(|(_, known)| known == word) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, word)),
        }
    }
    counts.sort_unstable_by(|one, other| other.cmp(one));
    let words: Vec<String> = counts.iter().map(|(_, word)| (*word).to_owned()).collect();
    let of = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<String>>();
    let thousand = (0..1_000).map(|at| words[at % words.len()].clone()).collect();
    let sets: [(&str, Vec<String>); 8] = [
        ("a word of nearly every text", of("familles")),
        ("the most common words", of("service familles offert")),
        ("the words asked most", words.iter().take(3).cloned().collect()),
        ("a long text", words.iter().take(50).cloned().collect()),
        ("a thousand words", thousand),
        ("only stop words", of("de la et des")),
        ("words of one letter", of("a b c d e")),
        ("words of no text", of("zzyzx qwrtp")),
    ];
    let mut nasty = vec![];
    for (what, words) in sets {
        for by_distance in [false, true] {
            let words = words.clone();
            let (lat, lon, radius_km) = (45.5089, -73.5617, 2_000.0);
            nasty.push((what, Query { words, lat, lon, radius_km, category: None, by_distance }));
        }
    }
    nasty
}

#[derive(Serialize)]
pub struct EngineFigures {
    pub name: &'static str,
    pub figures: Figures,
}

/// The engines in this process, on one thread: relais' own, to its page of results, and the plain way, to its JSON.
pub fn engines(dir: &Path, queries: &[Query], time: Duration) -> Vec<EngineFigures> {
    let index = Index::open_for_reading(&dir.join("relais").join("index")).expect("the index opens");
    let index = index.expect("the index is of this version");
    let now = Clock::system().now();
    let requests: Vec<Request> = queries.iter().map(|query| request(query, now)).collect();
    let relais = run(requests.len(), time, |at| {
        index.search(&requests[at]).expect("an answer");
    });
    let (plain, mut stems) = (Engine::open(dir), Stems::new());
    let asked: Vec<Search> = queries.iter().map(Search::of).collect();
    let plain = run(asked.len(), time, |at| {
        plain.search(&mut stems, &asked[at]);
    });
    vec![EngineFigures { name: "relais", figures: relais }, EngineFigures { name: "plain tantivy", figures: plain }]
}

fn request(query: &Query, now: relais::clock::Time) -> Request {
    let point = relais::domain::directory::Point::new(query.lat, query.lon);
    Request {
        text: Some(query.words.join(" ")),
        exact: true,
        origin: Some(Origin { point, territories: vec![], inside: None }),
        radius_km: Some(query.radius_km),
        coverage: Some(Coverage::Near),
        categories: query.category.iter().cloned().collect(),
        sort: Some(if query.by_distance { Sort::Distance } else { Sort::Relevance }),
        ..Request::new(now)
    }
}

/// Once round to warm up, then rounds until the time is over.
fn run(count: usize, time: Duration, mut ask: impl FnMut(usize)) -> Figures {
    (0..count).for_each(&mut ask);
    let (mut waits, started) = (vec![], Instant::now());
    while started.elapsed() < time {
        for at in 0..count {
            let asked = Instant::now();
            ask(at);
            waits.push(asked.elapsed());
        }
    }
    Waits::of(waits, started.elapsed()).figures()
}
