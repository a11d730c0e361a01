//! What people type or say, over the demo's directory, through the server: are the services that would truly answer
//! among the first? The judgements (`tests/relevance/README.md`) are older than the ranking that is measured, and are
//! never edited. `make relevance` prints the figures.

use std::collections::{BTreeMap, HashMap};

use relais::clock::{Clock, Time};
use relais::id::Ids;
use relais::sample::generate::{Size, generate};
use serde::Deserialize;

use crate::api::app::{Client, TestApp, config};

/// The first places that a person reads, and those that they may scroll to.
const READ: usize = 5;
const SCROLLED: usize = 10;
/// A service that only helps somewhat is no failure of recall when it is not shown.
const RELEVANT_GRADE_MIN: u32 = 2;
/// As many organisations take part as in the demo: the directory is the same, without the demo's long history.
const FAMILIES: usize = 1_000;

/// The bars. The aim is 0.85, 0.95 and no empty answer among the misspelt.
const NDCG_MIN: f64 = 0.86;
const RECALL_MIN: f64 = 0.88;

#[derive(Debug, Deserialize)]
struct Asked {
    query_id: String,
    lang: String,
    style: String,
    query: String,
    near: String,
    radius_km: String,
    age_months: String,
}

#[derive(Debug, Deserialize)]
struct Judged {
    query_id: String,
    service_id: String,
    grade: u32,
}

#[derive(Default, Clone, Copy)]
struct Figures {
    queries: u32,
    ndcg: f64,
    with_recall: u32,
    recall: f64,
    empty: u32,
}

impl Figures {
    fn add(&mut self, shown: &[u32], grades: &[u32]) {
        self.queries += 1;
        self.empty += u32::from(shown.is_empty());
        let mut ideal = grades.to_vec();
        ideal.sort_unstable_by(|one, other| other.cmp(one));
        self.ndcg += gain(shown) / gain(&ideal);
        let relevant = |grades: &[u32]| grades.iter().filter(|grade| **grade >= RELEVANT_GRADE_MIN).count();
        let reachable = relevant(&ideal).min(SCROLLED);
        if reachable > 0 {
            self.with_recall += 1;
            self.recall += relevant(&shown[..shown.len().min(SCROLLED)]) as f64 / reachable as f64;
        }
    }
    fn ndcg(&self) -> f64 {
        self.ndcg / f64::from(self.queries)
    }
    fn recall(&self) -> f64 {
        self.recall / f64::from(self.with_recall)
    }
}

/// Discounted cumulative gain of the first places.
fn gain(grades: &[u32]) -> f64 {
    let one = |(place, grade): (usize, &u32)| (2_f64.powi(*grade as i32) - 1.0) / (place as f64 + 2.0).log2();
    grades.iter().take(READ).enumerate().map(one).sum()
}

fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

/// The demo's directory, served.
pub fn served() -> TestApp {
    let temporary = tempfile::Builder::new().prefix("relais-relevance-").tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", temporary.path().join("relais.db").display());
    let clock = Clock::manual(Time::parse_rfc3339("2026-07-28T14:00:00Z").expect("an instant"));
    let deps = relais::actions::Deps::open(config(temporary.path(), &url), clock, Ids::seeded(1)).expect("data open");
    deps.prepare().expect("the data are prepared");
    let size = Size { services: Size::DEMO.services, families: FAMILIES };
    generate(&deps.store, size, 1, deps.clock.now()).expect("the directory is made");
    drop(deps);
    TestApp::start_on(temporary, &url, |_| {})
}

/// The ids of what was found, and for people who read the figures, what the first are and why.
fn answers(client: &Client, asked: &Asked) -> (Vec<String>, String) {
    let mut parameters = vec![("q", asked.query.as_str()), ("lang", asked.lang.as_str()), ("limit", "20")];
    let others = [("near", &asked.near), ("radius_km", &asked.radius_km), ("age_months", &asked.age_months)];
    parameters
        .extend(others.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, value.as_str())));
    let encoded: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    let reply = client.get(&format!("/api/v1/search?{}", encoded.join("&"))).expect(200);
    let results = reply.json["results"].as_array().expect("results");
    let ids = results.iter().map(|one| one["service_id"].as_str().expect("an id").to_owned()).collect();
    let first = results.iter().take(3).map(|one| {
        let words = |list: &str, member: &str| -> Vec<String> {
            let list = one[list].as_array().into_iter().flatten();
            list.map(|item| item.get(member).unwrap_or(item).to_string().replace('"', "")).collect()
        };
        format!("{} ({})", words("categories", "").join("+"), words("match", "kind").join(" "))
    });
    (ids, first.collect::<Vec<_>>().join(", "))
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn what_would_truly_answer_is_among_the_first() {
    let queries: Vec<Asked> = read(include_str!("relevance/queries.csv"));
    let mut judged: HashMap<String, HashMap<String, u32>> = HashMap::new();
    for row in read::<Judged>(include_str!("relevance/judgements.csv")) {
        judged.entry(row.query_id).or_default().insert(row.service_id, row.grade);
    }
    let app = served();
    let client = app.anonymous();
    let mut by: BTreeMap<String, Figures> = BTreeMap::new();
    for asked in &queries {
        let Some(grades) = judged.get(&asked.query_id) else { continue };
        let (ids, first) = answers(&client, asked);
        let shown: Vec<u32> = ids.iter().map(|id| grades.get(id).copied().unwrap_or(0)).collect();
        let grades: Vec<u32> = grades.values().copied().collect();
        let mut alone = Figures::default();
        alone.add(&shown, &grades);
        println!(
            "{} {:.2} {:.2} {} {} | {} | {} | {first}",
            asked.query_id,
            alone.ndcg(),
            alone.recall(),
            shown.len(),
            asked.style,
            asked.query,
            asked.near
        );
        for kind in ["all", &asked.style, &asked.lang] {
            by.entry(kind.to_owned()).or_default().add(&shown, &grades);
        }
    }
    for (kind, figures) in &by {
        println!(
            "{kind:<10} {:>3} queries  nDCG@{READ} {:.3}  recall@{SCROLLED} {:.3}  empty {}",
            figures.queries,
            figures.ndcg(),
            figures.recall(),
            figures.empty
        );
    }
    let all = by["all"];
    assert!(all.queries >= 150, "{} judged queries", all.queries);
    assert!(all.ndcg() >= NDCG_MIN, "nDCG {:.3}", all.ndcg());
    assert!(all.recall() >= RECALL_MIN, "recall {:.3}", all.recall());
    assert_eq!(by["misspelt"].empty, 0, "misspelt searches without an answer");
}
