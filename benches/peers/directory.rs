//! The directory that all peers are loaded with, read from relais' own store, page by page; and the queries, drawn
//! from the words, categories and places of its services.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use relais::actions::index::labels;
use relais::domain::directory::{Location, Point, ServiceAggregate, ServiceStatus, Visibility};
use relais::domain::fold::fold;
use relais::domain::language::{Lang, Text};
use relais::id::Id;
use relais::sample::geography::municipalities;
use relais::store::{Store, services};
use serde::{Deserialize, Serialize};

const PAGE: i64 = 2_000;
const SEED: u64 = 20_261;

const STOP_WORDS: [&str; 2] =
    [include_str!("../../index/search/stop_words_fr.txt"), include_str!("../../index/search/stop_words_en.txt")];
/// Words that relais raises by and does not require.
const WEAK_WORDS: [&str; 18] = [
    "sans", "pas", "pour", "avec", "seul", "on", "est", "for", "with", "without", "no", "not", "an", "ans", "mois",
    "year", "years", "old",
];

/// What is searched of a service, apart by weight: name, categories, organisation, description.
pub const PARTS: usize = 4;

/// A service as the peers take it.
pub struct Row {
    pub id: Id,
    pub name: String,
    pub organization_id: Id,
    pub organization_name: String,
    pub categories: Vec<String>,
    /// The categories and the fields that they are under.
    pub codes: Vec<String>,
    pub places: Vec<(Id, Point)>,
    /// Folded words that are no stop words, of each part in French and in English.
    pub texts: [[String; 2]; PARTS],
    municipality: Option<String>,
}

/// Gives every service that relais' index holds, in the order of their ids.
pub fn each_service(store: &Store, mut take: impl FnMut(Row)) {
    let stop_words = StopWords::new();
    let mut last = None;
    loop {
        let page = store.read(|conn| services::page_after(conn, last, PAGE)).expect("a page of services");
        let Some(one) = page.last() else { return };
        last = Some(one.service.id);
        for aggregate in page {
            if matches!(aggregate.service.status, ServiceStatus::Active | ServiceStatus::TemporarilyClosed) {
                take(row_of(&aggregate, &stop_words));
            }
        }
    }
}

/// The same texts as relais indexes (`src/search/writer/document.rs`), for the public.
fn row_of(aggregate: &ServiceAggregate, stop_words: &StopWords) -> Row {
    let service = &aggregate.service;
    let document = &service.document;
    let public: Vec<&Location> =
        aggregate.locations.iter().filter(|place| place.visibility == Visibility::Public).collect();
    let mut labelled: Vec<Text> = vec![];
    for label in service.categories.iter().flat_map(|code| labels(code)) {
        if !labelled.contains(&label) {
            labelled.push(label);
        }
    }
    let mut organization = vec![&aggregate.organization.name];
    organization.extend(public.iter().map(|place| &place.name));
    let mut description = vec![
        &document.description,
        &document.eligibility_description,
        &document.application_process,
        &document.fees_description,
    ];
    let at_public = service.at_locations.iter().filter(|at| public.iter().any(|place| place.id == at.location_id));
    description.extend(at_public.map(|at| &at.document.description));
    let parts = [vec![&service.name, &document.alternate_name], labelled.iter().collect(), organization, description];
    let texts = parts.map(|texts| {
        Lang::ALL.map(|lang| {
            let sides = texts.iter().filter_map(|text| match lang {
                Lang::Fr => text.fr.as_deref(),
                Lang::En => text.en.as_deref(),
            });
            sides.map(|side| stop_words.without(&fold(side))).collect::<Vec<String>>().join(" ")
        })
    });
    let mut codes = service.categories.clone();
    codes.extend(service.categories.iter().filter_map(|code| code.split_once('/')).map(|(top, _)| top.to_owned()));
    codes.sort_unstable();
    codes.dedup();
    Row {
        id: service.id,
        name: service.name.get(Lang::Fr).to_owned(),
        organization_id: aggregate.organization.id,
        organization_name: aggregate.organization.name.get(Lang::Fr).to_owned(),
        categories: service.categories.clone(),
        codes,
        places: public.iter().filter_map(|place| Some((place.id, place.point?))).collect(),
        texts,
        municipality: public.iter().find_map(|place| place.territories.municipality.clone()),
    }
}

pub struct StopWords(BTreeSet<String>);

impl StopWords {
    fn new() -> Self {
        let lines = STOP_WORDS.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#'));
        Self(lines.flat_map(|line| fold(line).split(' ').map(str::to_owned).collect::<Vec<_>>()).collect())
    }

    fn without(&self, folded: &str) -> String {
        folded.split(' ').filter(|word| !self.0.contains(*word)).collect::<Vec<_>>().join(" ")
    }

    /// A word that a query may be drawn with: required by relais, and more than a number or a letter.
    fn is_asked(&self, word: &str) -> bool {
        let is_long = word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
        is_long && !WEAK_WORDS.contains(&word) && !self.0.contains(word)
    }
}

/// One search, of which every peer makes its own request.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Query {
    pub words: Vec<String>,
    pub lat: f64,
    pub lon: f64,
    pub radius_km: f64,
    pub category: Option<String>,
    pub by_distance: bool,
}

impl Query {
    /// West, south, east, north of the circle.
    pub fn bounds(&self) -> [f64; 4] {
        let lat = self.radius_km / 111.19 + 1e-6;
        let widest = (self.lat.abs() + lat).min(89.0).to_radians();
        let lon = (lat / widest.cos()).min(180.0);
        [self.lon - lon, self.lat - lat, self.lon + lon, self.lat + lat]
    }
}

/// The queries of a directory, drawn once and kept in a file. Each is drawn around a service, so that none is answered
/// by nothing (relais would then ask less of the words, which no peer does) and the words go together as they do in
/// real ones: 61 % by relevance; one to three words, of the name and categories, of the organisation, of the
/// description, four in five French; around the middle of the service's municipality, and so weighted by population;
/// 2 to 50 km; 31 % with a category.
pub fn queries(store: &Store, file: &Path, count: usize) -> Vec<Query> {
    let kept = std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Vec<Query>>(&bytes).ok());
    let is_asked = |query: &Query| !query.words.iter().any(|word| WEAK_WORDS.contains(&word.as_str()));
    let kept = kept.filter(|kept| kept.len() >= count && kept.iter().all(is_asked));
    let mut queries = kept.unwrap_or_else(|| {
        let queries = draw(store, count.max(1_000));
        std::fs::write(file, serde_json::to_vec_pretty(&queries).expect("JSON")).expect("the queries are kept");
        queries
    });
    queries.truncate(count);
    queries
}

fn draw(store: &Store, count: usize) -> Vec<Query> {
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let mut kept: Vec<Row> = Vec::with_capacity(count);
    let mut seen = 0;
    each_service(store, |row| {
        if row.places.is_empty() || row.municipality.is_none() {
            return;
        }
        seen += 1;
        if kept.len() < count {
            kept.push(row);
        } else if let Some(place) = kept.get_mut(rng.gen_range(0..seen)) {
            *place = row;
        }
    });
    kept.shuffle(&mut rng);
    let stop_words = StopWords::new();
    let middles: HashMap<&str, Point> = municipalities().iter().map(|one| (one.id.as_str(), one.point)).collect();
    let around = |row: &Row| row.municipality.as_deref().and_then(|id| middles.get(id).copied());
    kept.iter().filter_map(|row| draw_one(row, around(row)?, &stop_words, &mut rng)).collect()
}

fn draw_one(row: &Row, middle: Point, stop_words: &StopWords, rng: &mut ChaCha20Rng) -> Option<Query> {
    let lang = usize::from(rng.gen_bool(0.2));
    let wanted = rng.gen_range(1..=3);
    let mut words: Vec<String> = vec![];
    for _ in 0..20 {
        let parts = match rng.gen_range(0..10) {
            0..=4 => &row.texts[..2],
            5..=6 => &row.texts[2..3],
            _ => &row.texts[3..],
        };
        let pool: Vec<&str> = parts.iter().flat_map(|part| part[lang].split(' ')).collect();
        let word = pool.choose(rng).copied().filter(|word| stop_words.is_asked(word));
        if let Some(word) = word.filter(|word| !words.iter().any(|other| other == word)) {
            words.push(word.to_owned());
        }
        if words.len() == wanted {
            break;
        }
    }
    let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
    let (lat, lon) = (middle.lat + rng.gen_range(-0.02..0.02), middle.lon + rng.gen_range(-0.02..0.02));
    let point = Point { lat: rounded(lat), lon: rounded(lon) };
    let nearest = row.places.iter().map(|(_, place)| point.distance_km(*place)).fold(f64::INFINITY, f64::min);
    let drawn = (rng.gen_range(2.0_f64.ln()..50.0_f64.ln())).exp();
    let category = rng.gen_bool(0.31).then(|| row.codes.choose(rng).cloned()).flatten();
    let by_distance = rng.gen_bool(0.39);
    let radius_km = (drawn.max(nearest + 0.1) * 10.0).ceil() / 10.0;
    (!words.is_empty()).then_some(Query { words, lat: point.lat, lon: point.lon, radius_km, category, by_distance })
}
