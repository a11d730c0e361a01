//! Which services come first. Cost is bounded by the number kept: every service that fits is looked at once, in the
//! columns alone, and only a page of them is read.
//!
//! By relevance: first how surely the words asked are held (exact above stemmed above synonym above correction, summed
//! over the words; the need that the whole text means counts for all of them), less where it is out of reach of the
//! place asked; then how well, weighed by served here, room, freshness and nearness, then distance, then id.
//! By distance: kilometres, what has none last, ties by id.

use std::collections::{BinaryHeap, HashMap};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocId, DocSet, Score, SegmentOrdinal, SegmentReader, TERMINATED, Term};

use super::geo::{Nearest, Points};
use super::query::{self, Concept, Coverage, Demand, Request, Sort};
use super::schema::{
    AGE_MAX, AGE_MIN, Audience, COMES, Comes, Fields, HOURS, ID_HIGH, ID_LOW, PLACES_AVAILABLE, REVIEW_DUE_AT,
    VERIFIED_AT,
};
use super::why::{self, Kind, Part};
use super::writer::{Index, Row};
use super::{Error, Hit, Page, Place};
use crate::clock::Time;
use crate::domain::directory::Point;
use crate::domain::schedule::OpeningHours;
use crate::domain::words::words;
use crate::id::Id;

mod cursor;

/// Services counted one by one; past it the total says "at least".
pub(super) const COUNTED_MAX: u64 = 10_000;

/// Results of one page.
pub(super) const LIMIT_MAX: usize = 100;

/// One step of sureness. The fine part of a score stays below it: at most 2.4 a concept (four fields of weight 4 at a
/// BM25 of 30, by `FINE_SCALE`), and twelve concepts.
const STEP: f32 = 32.0;
pub(super) const FINE_SCALE: f32 = 0.02;

const SERVED_FACTOR: f64 = 1.3;
const ROOM_FACTOR: f64 = 1.15;
const FULL_FACTOR: f64 = 0.85;
const FRESH_FACTOR: f64 = 1.1;
const STALE_FACTOR: f64 = 0.9;
const DAY_MICROS: i64 = 86_400_000_000;
const FRESH_DAYS_MAX: i64 = 365;
const STALE_DAYS_MIN: i64 = 730;
/// At this distance a place has half of what being next door gives.
const NEARNESS_HALF_KM: f64 = 10.0;
const NEARNESS_WEIGHT: f64 = 0.5;

/// Kilometres that a family goes for a service, and that some go. Further, only what is named in full is still worth
/// showing before what is near: a far exact match stays above a near one of the stems.
const WITHIN_REACH_KM: f64 = 25.0;
const HARD_TO_REACH_KM: f64 = 50.0;
const HARD_TO_REACH_FACTOR: f64 = 0.85;
const OUT_OF_REACH_FACTOR: f64 = 0.7;
const NEED_HARD_TO_REACH_FACTOR: f64 = 0.6;
const NEED_OUT_OF_REACH_FACTOR: f64 = 0.1;

/// What a whole text means counts for more than a word of it held by its stem, and for less than the words themselves.
pub(super) const NEED_STEPS: f64 = 4.5;

impl Kind {
    pub(super) fn score(self) -> Score {
        let steps = match self {
            Self::Exact => 6.0,
            Self::Stemmed => 4.0,
            Self::Apart => 3.0,
            Self::Synonym => 2.0,
            // Added where the place asked is known: see `Ranking::meant`.
            Self::Need => 0.0,
            Self::Typo => 1.0,
        };
        steps * STEP
    }
}

pub(super) fn weight_of(part: Option<Part>) -> Score {
    match part {
        Some(Part::Name) => 4.0,
        Some(Part::Category) => 3.0,
        Some(Part::Organization) => 1.5,
        Some(Part::Description) | None => 1.0,
    }
}

words! {
    /// Whether a total is exact or a floor.
    pub enum Relation {
        Equal => "eq",
        AtLeast => "gte",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub value: u64,
    pub relation: Relation,
}

/// The place of a service in the order, the first being the least. Total: no two services have the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Key {
    pub first: f64,
    pub second: f64,
    pub third: f64,
    pub id: Id,
}

impl Eq for Key {}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_numbers = self.first.total_cmp(&other.first).then(self.second.total_cmp(&other.second));
        by_numbers.then(self.third.total_cmp(&other.third)).then(self.id.cmp(&other.id))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

pub(super) fn id_of(high: Option<u64>, low: Option<u64>) -> Id {
    Id(uuid::Uuid::from_u64_pair(high.unwrap_or(0), low.unwrap_or(0)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    key: Key,
    address: Address,
    nearest: NearestPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Address(SegmentOrdinal, DocId);

/// Never compared in earnest: keys differ before it.
#[derive(Debug, Clone, Copy)]
struct NearestPlace(Option<Nearest>);

impl PartialEq for NearestPlace {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
impl Eq for NearestPlace {}
impl PartialOrd for NearestPlace {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for NearestPlace {
    fn cmp(&self, _other: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Index {
    /// Finds a page of services. The request was validated: its numbers are finite and within their bounds.
    pub fn search(&self, request: &Request) -> Result<Page, Error> {
        let searcher = self.searcher();
        let fields = self.fields();
        let concepts = query::concepts(&searcher, fields, request)?;
        let continued = request.cursor.as_deref().map(|text| cursor::read(text, request)).transpose()?;
        let ranked_at = continued.as_ref().map_or(request.now, |cursor| cursor.ranked_at);
        let demands = match &continued {
            Some(cursor) => vec![cursor.demand],
            None if concepts.len() > 1 => Demand::tried(request.sort(), &concepts),
            None => vec![Demand::All],
        };
        let limit = request.limit.clamp(1, LIMIT_MAX);
        let after = continued.map(|cursor| cursor.key);
        let ranking = Ranking::new(fields, request, &concepts, (ranked_at, after), limit + 1);
        let mut best = (Ranked::default(), Demand::All);
        for demand in demands {
            let query = query::build(fields, request, &concepts, demand);
            best = (Self::collect(&searcher, &query, &ranking)?, demand);
            if best.0.counted > 0 {
                break;
            }
        }
        let (mut ranked, demand) = best;
        let more = ranked.found.len() > limit;
        ranked.found.truncate(limit);
        let last = ranked.found.last().filter(|_| more);
        let next_cursor = last.map(|last| cursor::write(&cursor::Cursor { demand, ranked_at, key: last.key }, request));
        let hits = self.hits(&searcher, request, &concepts, &ranked.found)?;
        Ok(Page { total: ranked.total(), hits, next_cursor })
    }

    /// The services that hold every word of a text, or its stem, the best first: no synonyms, no corrections, and no
    /// other filter than the audience's.
    pub fn holding_all(&self, text: &str, audience: Audience, most: usize) -> Result<Vec<Id>, Error> {
        let searcher = self.searcher();
        let asked =
            Request { text: Some(text.to_owned()), exact: true, audience, ..Request::new(Time::from_micros(0)) };
        let concepts = query::concepts(&searcher, self.fields(), &asked)?;
        let query = query::build(self.fields(), &asked, &concepts, Demand::All);
        let ranking = Ranking::new(self.fields(), &asked, &concepts, (asked.now, None), most);
        let ranked = Self::collect(&searcher, &query, &ranking)?;
        Ok(ranked.found.into_iter().map(|found| found.key.id).collect())
    }

    fn hits(
        &self,
        searcher: &tantivy::Searcher,
        request: &Request,
        concepts: &[Concept],
        found: &[Found],
    ) -> Result<Vec<Hit>, Error> {
        let address = |found: &Found| DocAddress::new(found.address.0, found.address.1);
        let addresses: Vec<DocAddress> = found.iter().map(address).collect();
        let mut reasons = why::reasons(searcher, self.fields(), concepts, &addresses)?;
        let mut hits = vec![];
        for found in found {
            let row = self.row(searcher, address(found))?;
            let points = Points::open(searcher.segment_reader(found.address.0), request.audience)?;
            let matched = reasons.remove(&address(found)).unwrap_or_default();
            let at = found.nearest.0.map_or(0, |nearest| nearest.at);
            hits.push(Hit {
                place: place_of(&row, request.audience, at, points.of(found.address.1).nth(at)),
                distance_km: found.nearest.0.map(|nearest| nearest.distance_km),
                served: served_of(&row, request),
                open_now: row.hours.open_at(request.now),
                service_id: row.id,
                name: row.name,
                organization_id: row.organization_id,
                organization_name: row.organization_name,
                categories: row.categories,
                matched,
            });
        }
        Ok(hits)
    }
}

fn place_of(row: &Row, audience: Audience, at: usize, point: Option<Point>) -> Option<Place> {
    let places = match audience {
        Audience::Public => &row.public_places,
        Audience::Professional => &row.professional_places,
    };
    let (place, point) = (places.get(at)?, point?);
    Some(Place { id: place.id, lat: point.lat, lon: point.lon, placement: place.placement })
}

/// Nobody knows whether a service that names no territory serves a place.
fn served_of(row: &Row, request: &Request) -> Option<bool> {
    let asked = request.origin.as_ref().map(|origin| &origin.territories).filter(|ids| !ids.is_empty())?;
    if row.served.is_empty() { None } else { Some(row.served.iter().any(|id| asked.contains(id))) }
}

/// What to keep and in which order: one for a search, read by every segment.
struct Ranking {
    served: Vec<(Field, Vec<String>)>,
    category: Field,
    /// Codes of the needs that the text means, with what holding each is worth, in steps.
    meant: Vec<(String, f64)>,
    /// Steps of who holds every word as it is.
    steps_max: f64,
    has_origin: bool,
    /// A radius says how far people go: what comes to them is not left out by it.
    takes_what_comes: bool,
    point: Option<Point>,
    radius_km: Option<f64>,
    coverage: Coverage,
    restricts: bool,
    sort: Sort,
    age_months: Option<u64>,
    open_at: Option<Time>,
    audience: Audience,
    ranked_at: Time,
    /// What was to be confirmed at this moment or before is left out, in microseconds.
    hidden_until: Option<i64>,
    after: Option<Key>,
    keep: usize,
}

impl Ranking {
    fn new(
        fields: &Fields,
        request: &Request,
        concepts: &[Concept],
        (ranked_at, after): (Time, Option<Key>),
        keep: usize,
    ) -> Self {
        let territories = request.origin.as_ref().map(|origin| origin.territories.clone()).unwrap_or_default();
        let mrc = territories.iter().filter(|id| id.starts_with("mrc:")).cloned().collect();
        let area = fields.audience(request.audience).area;
        let coverage = request.coverage();
        // Without a radius "either" leaves nothing out: the order tells. With no place asked nothing is left out.
        let restricts = request.origin.is_some() && (coverage != Coverage::Either || request.radius_km.is_some());
        Self {
            served: vec![(fields.served, territories), (area, mrc)],
            category: fields.category,
            meant: query::meant(concepts),
            steps_max: f64::from(Kind::Exact.score() / STEP) * query::words_asked(concepts) as f64,
            has_origin: request.origin.is_some(),
            takes_what_comes: request.coverage.is_none() && request.sort() == Sort::Relevance,
            point: request.point(),
            radius_km: request.radius_km,
            coverage,
            restricts,
            sort: request.sort(),
            age_months: request.age_months.map(u64::from),
            open_at: request.open_at,
            audience: request.audience,
            ranked_at,
            hidden_until: request.hide_overdue_days.map(|days| ranked_at.micros() - days * DAY_MICROS),
            after,
            keep,
        }
    }

    /// Documents of a segment that serve the place asked, or lie in its MRC without a point.
    fn served_in(&self, segment: &SegmentReader) -> tantivy::Result<Vec<bool>> {
        let mut served = vec![];
        for (field, ids) in &self.served {
            for id in ids {
                mark(segment, (*field, id), &mut served, |slot| *slot = true)?;
            }
        }
        Ok(served)
    }

    /// What each document of a segment is worth by the needs that it answers; empty when the text means none.
    fn meant_in(&self, segment: &SegmentReader) -> tantivy::Result<Vec<f32>> {
        let mut worth = vec![];
        for (code, steps) in &self.meant {
            mark(segment, (self.category, code), &mut worth, |slot: &mut f32| *slot = slot.max(*steps as f32))?;
        }
        Ok(worth)
    }
}

/// Marks the documents of a segment that hold a term; there are no slots until some do.
fn mark<T: Clone + Default>(
    segment: &SegmentReader,
    (field, text): (Field, &str),
    slots: &mut Vec<T>,
    mut visit: impl FnMut(&mut T),
) -> tantivy::Result<()> {
    let term = Term::from_field_text(field, text);
    let Some(mut postings) = segment.inverted_index(field)?.read_postings(&term, IndexRecordOption::Basic)? else {
        return Ok(());
    };
    slots.resize(segment.max_doc() as usize, T::default());
    while postings.doc() != TERMINATED {
        slots.get_mut(postings.doc() as usize).into_iter().for_each(&mut visit);
        postings.advance();
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Ranked {
    found: Vec<Found>,
    counted: u64,
}

impl Ranked {
    fn total(&self) -> Total {
        if self.counted > COUNTED_MAX {
            return Total { value: COUNTED_MAX, relation: Relation::AtLeast };
        }
        Total { value: self.counted, relation: Relation::Equal }
    }
}

impl Collector for Ranking {
    type Fruit = Ranked;
    type Child = SegmentRanking;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentRanking> {
        let columns = reader.fast_fields();
        Ok(SegmentRanking {
            segment,
            points: Points::open(reader, self.audience)?,
            served: self.served_in(reader)?,
            meant: self.meant_in(reader)?,
            steps_max: self.steps_max,
            id_high: columns.u64(ID_HIGH)?,
            id_low: columns.u64(ID_LOW)?,
            age_min: columns.u64(AGE_MIN)?,
            age_max: columns.u64(AGE_MAX)?,
            places_available: columns.column_opt(PLACES_AVAILABLE)?,
            verified_at: columns.column_opt(VERIFIED_AT)?,
            review_due_at: columns.column_opt(REVIEW_DUE_AT)?,
            hidden_until: self.hidden_until,
            comes: columns.u64(COMES)?,
            hours: columns.str(HOURS)?,
            open: HashMap::new(),
            has_origin: self.has_origin,
            takes_what_comes: self.takes_what_comes,
            point: self.point,
            radius_km: self.radius_km,
            coverage: self.coverage,
            restricts: self.restricts,
            sort: self.sort,
            age_months: self.age_months,
            open_at: self.open_at,
            ranked_at: self.ranked_at,
            after: self.after,
            keep: self.keep,
            kept: BinaryHeap::new(),
            counted: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, fruits: Vec<Ranked>) -> tantivy::Result<Ranked> {
        let mut all = Ranked::default();
        for fruit in fruits {
            all.counted += fruit.counted;
            all.found.extend(fruit.found);
        }
        all.found.sort_unstable();
        all.found.truncate(self.keep);
        Ok(all)
    }
}

struct SegmentRanking {
    segment: SegmentOrdinal,
    points: Points,
    /// Empty when no document of the segment serves the place.
    served: Vec<bool>,
    /// Empty when no document of the segment answers a need that the text means.
    meant: Vec<f32>,
    steps_max: f64,
    id_high: Column<u64>,
    id_low: Column<u64>,
    age_min: Column<u64>,
    age_max: Column<u64>,
    places_available: Option<Column<i64>>,
    verified_at: Option<Column<i64>>,
    review_due_at: Option<Column<i64>>,
    hidden_until: Option<i64>,
    comes: Column<u64>,
    hours: Option<StrColumn>,
    /// Hours are shared by many services: each distinct text is read once.
    open: HashMap<u64, bool>,
    has_origin: bool,
    takes_what_comes: bool,
    point: Option<Point>,
    radius_km: Option<f64>,
    coverage: Coverage,
    restricts: bool,
    sort: Sort,
    age_months: Option<u64>,
    open_at: Option<Time>,
    ranked_at: Time,
    after: Option<Key>,
    keep: usize,
    kept: BinaryHeap<Found>,
    counted: u64,
}

impl SegmentRanking {
    fn covers(&self, near: bool, served: bool) -> bool {
        match self.coverage {
            _ if !self.restricts => true,
            Coverage::Near => near,
            Coverage::Served => served,
            Coverage::Either => near || served,
        }
    }

    /// Far overdue at the moment of the search.
    fn is_hidden(&self, doc: DocId) -> bool {
        let Some(until) = self.hidden_until else { return false };
        self.review_due_at.as_ref().and_then(|column| column.first(doc)).is_some_and(|due_at| due_at <= until)
    }

    fn fits_age(&self, doc: DocId) -> bool {
        self.age_months.is_none_or(|age| {
            self.age_min.first(doc).is_none_or(|min| min <= age) && self.age_max.first(doc).is_none_or(|max| age <= max)
        })
    }

    fn is_open(&mut self, doc: DocId) -> bool {
        let (Some(at), Some(hours)) = (self.open_at, &self.hours) else {
            return self.open_at.is_none();
        };
        let Some(ord) = hours.term_ords(doc).next() else { return false };
        *self.open.entry(ord).or_insert_with(|| {
            let mut text = String::new();
            let read = hours.ord_to_str(ord, &mut text).unwrap_or(false);
            let hours: Option<OpeningHours> = serde_json::from_str(&text).ok().filter(|_| read);
            hours.and_then(|hours| hours.open_at(at)) == Some(true)
        })
    }

    fn key(&self, doc: DocId, score: Score, nearest: Option<Nearest>, served: bool) -> Key {
        let id = id_of(self.id_high.first(doc), self.id_low.first(doc));
        let distance_km = nearest.map_or(f64::INFINITY, |nearest| nearest.distance_km);
        match self.sort {
            Sort::Distance => Key { first: distance_km, second: 0.0, third: 0.0, id },
            Sort::Relevance => {
                let steps = (score / STEP).floor();
                let fine = f64::from((score - steps * STEP).max(0.0));
                let second = -(1.0 + fine) * self.factor(doc, distance_km, served);
                let (reach, reach_of_need) = self.reach(doc, distance_km, served);
                let need = f64::from(self.meant.get(doc as usize).copied().unwrap_or(0.0));
                let first = -(self.sureness(steps) * reach + need * reach_of_need);
                Key { first, second, third: distance_km, id }
            }
        }
    }

    /// Whether nobody has to go there: it comes to the place asked.
    fn comes_to(&self, doc: DocId, served: bool) -> bool {
        match Comes::of(self.comes.first(doc)) {
            Comes::Nowhere => false,
            Comes::WhereItServes => served,
            Comes::Anywhere => true,
        }
    }

    /// Of what a service holds of the words: all for who holds them all as they are, little for who holds one of many.
    /// A sentence has words that any description may hold.
    fn sureness(&self, steps: f32) -> f64 {
        let (held, most) = (f64::from(steps), self.steps_max);
        if most > 0.0 { held * held / most } else { held }
    }

    /// How much of its sureness a service keeps for somebody who is where the search starts from: of the words that it
    /// holds, and of the need that it answers. Who names a service wants it wherever it is; who tells a need wants what
    /// can be reached, rather a second choice.
    fn reach(&self, doc: DocId, distance_km: f64, served: bool) -> (f64, f64) {
        if !self.has_origin || served || self.comes_to(doc, served) || distance_km <= WITHIN_REACH_KM {
            (1.0, 1.0)
        } else if distance_km <= HARD_TO_REACH_KM {
            (HARD_TO_REACH_FACTOR, NEED_HARD_TO_REACH_FACTOR)
        } else {
            (OUT_OF_REACH_FACTOR, NEED_OUT_OF_REACH_FACTOR)
        }
    }

    fn factor(&self, doc: DocId, distance_km: f64, served: bool) -> f64 {
        let room = self.places_available.as_ref().and_then(|column| column.first(doc));
        let verified_at = self.verified_at.as_ref().and_then(|column| column.first(doc));
        let age_days = verified_at.map(|at| (self.ranked_at.micros() - at) / DAY_MICROS);
        let served = if served { SERVED_FACTOR } else { 1.0 };
        let room = match room {
            Some(places) if places > 0 => ROOM_FACTOR,
            Some(_) => FULL_FACTOR,
            None => 1.0,
        };
        let fresh = match age_days {
            Some(days) if days <= FRESH_DAYS_MAX => FRESH_FACTOR,
            Some(days) if days >= STALE_DAYS_MIN => STALE_FACTOR,
            _ => 1.0,
        };
        let nearness = 1.0 + NEARNESS_WEIGHT / (1.0 + distance_km / NEARNESS_HALF_KM);
        served * room * fresh * nearness
    }
}

impl SegmentCollector for SegmentRanking {
    type Fruit = Ranked;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.is_hidden(doc) {
            return;
        }
        let served = self.served.get(doc as usize).copied().unwrap_or(false);
        let within = self.point.and_then(|origin| self.points.nearest(doc, origin, self.radius_km));
        let near = within.is_some() || (self.takes_what_comes && self.comes_to(doc, served));
        if !self.covers(near, served) || !self.fits_age(doc) || !self.is_open(doc) {
            return;
        }
        self.counted += 1;
        // Served from afar: its distance is told even when it is past the radius.
        let nearest = within.or_else(|| self.point.and_then(|origin| self.points.nearest(doc, origin, None)));
        let key = self.key(doc, score, nearest, served);
        if self.after.is_some_and(|after| key <= after) {
            return;
        }
        let found = Found { key, address: Address(self.segment, doc), nearest: NearestPlace(nearest) };
        if self.kept.len() < self.keep {
            self.kept.push(found);
        } else if self.kept.peek().is_some_and(|last| found.key < last.key) {
            self.kept.pop();
            self.kept.push(found);
        }
    }

    fn harvest(self) -> Ranked {
        Ranked { found: self.kept.into_sorted_vec(), counted: self.counted }
    }
}
