//! Which services come first. Cost is bounded by the number kept: every service that fits is looked at once, in the
//! columns alone, and only a page of them is read.
//!
//! By relevance: first how surely the words asked are held (exact above stemmed above synonym above correction, summed
//! over the words; the need that the whole text means counts for all of them), less where it is out of reach of the
//! place asked; then how well, weighed by served here, room, freshness and nearness, then distance, then id.
//! By distance: kilometres, what has none last, ties by id.
//! What is not known to be as asked is less sure, and comes after what is, where both hold as much of the words; by
//! distance too, unless the order was asked by its name.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tantivy::{DocId, SegmentOrdinal, TantivyError};

use super::cores::{Helper, Search};
use super::geo::{Circle, From, Nearest, Rough, Sight};
use super::plan::Plan;
use super::query::{self, Coverage, Demand, Request, Settled, Sort};
use super::schema::Audience;
use super::view::{DAY_MICROS, SegmentView, View};
use super::why::{self, Kind};
use super::writer::{CategoryRow, Index, Row};
use super::{Error, Hit, Page, Place};
use crate::clock::Time;
use crate::domain::area::Area;
use crate::domain::conditions::Conditions;
use crate::domain::directory::Point;
use crate::domain::matching::WALK_KM_MAX;
use crate::domain::spoken_age::AgeRange;
use crate::domain::words::words;
use crate::id::Id;

mod collect;
mod cursor;
mod explain;
mod facets;
mod kept;
mod scores;

use collect::{Ties, Windows};
pub use explain::{Caution, Explanation, Factors};
use explain::{Held, cautions};
pub use facets::{Facet, FacetCounts};
use kept::{Kept, Together};

/// Services counted one by one; past it the total says "at least".
pub(super) const COUNTED_MAX: u64 = 10_000;

/// Results of one page.
pub(super) const LIMIT_MAX: usize = 100;

/// What the fit of a word counts for beside 1, its worth and rarity being at most about 80.
pub(super) const FINE_SCALE: f32 = 0.02;

const SERVED_FACTOR: f64 = 1.3;
const ROOM_FACTOR: f64 = 1.15;
const FULL_FACTOR: f64 = 0.85;
const OPEN_FACTOR: f64 = 1.1;
/// What opens within so many microseconds is as good as open.
const SOON_MICROS: i64 = 3_600_000_000;
const FRESH_FACTOR: f64 = 1.1;
const STALE_FACTOR: f64 = 0.9;
const FRESH_DAYS_MAX: i64 = 365;
const STALE_DAYS_MIN: i64 = 730;
/// What lifts a service whatever the hour: it serves the place asked, has room, was confirmed lately.
const LIFT_FACTORS: [f64; LIFTS] = [SERVED_FACTOR, ROOM_FACTOR, FRESH_FACTOR];
const LIFTS: usize = 3;
/// Products of the same numbers in another order differ by less.
const ROUNDED_UP: f64 = 1.0 + 1e-12;
/// At this distance a place has half of what being next door gives.
const NEARNESS_HALF_KM: f64 = 10.0;
const NEARNESS_WEIGHT: f64 = 0.5;

/// Kilometres that a family goes for a service, and that some go. Further, only what is named in full is still worth
/// showing before what is near: a far exact match stays above a near one of the stems.
const WITHIN_REACH_KM: f64 = 25.0;
const HARD_TO_REACH_KM: f64 = 50.0;
const HARD_TO_REACH_FACTOR: f64 = 0.85;
const OUT_OF_REACH_FACTOR: f64 = 0.78;
/// Ever less so, each time that it is half as far again: of what is out of reach the nearest comes first.
const FARTHER_FACTOR: f64 = 0.006;
const NEED_FARTHER_FACTOR: f64 = 0.04;
const FARTHER_STEPS_MAX: f64 = 5.0;
const NEED_HARD_TO_REACH_FACTOR: f64 = 0.6;
const NEED_OUT_OF_REACH_FACTOR: f64 = 0.1;
/// It comes to people and nobody said where: nearly as good as what is said to come here.
const MAY_COME_FACTOR: f64 = 0.9;
/// Out of reach, and nobody said whom it serves: as far as a region goes it probably serves the place asked; further,
/// ever less probably. What has no place that may be seen comes after what is nearly as sure within reach, and before a
/// second choice.
const OF_A_REGION_KM: f64 = 150.0;
const NEED_MAY_SERVE_FACTOR: f64 = 0.9;
const NEED_MAY_SERVE_SOMEWHERE_FACTOR: f64 = 0.6;
/// Each time that it is half as far again.
const HALF_AS_FAR_AGAIN: f64 = 1.5;
const NEED_MAY_SERVE_FARTHER_FACTOR: f64 = 0.8;
const NEED_MAY_SERVE_FACTOR_MIN: f64 = 0.1;
/// Within reach, a need is a little less met every so many kilometres, where nobody said that the place is served: next
/// door what may help too is worth what is meant at the edge. In steps, so that at about the same distance it is the
/// rest that chooses.
const STEP_WITHIN_REACH_KM: f64 = 5.0;
const NEED_STEP_FACTOR: f64 = 0.03;
/// Closed for a while.
const CLOSED_FACTOR: f64 = 0.9;
const NEED_CLOSED_FACTOR: f64 = 0.6;
/// For people of another age than those whom the text tells of: after the others, like what is out of reach.
const OTHER_AGE_FACTOR: f64 = 0.7;
const NEED_OTHER_AGE_FACTOR: f64 = 0.1;

/// What is left of the sureness of what is not known to be as asked, for each thing asked that nobody said.
const UNSURE_FACTOR: f64 = 0.85;
/// Later than any fit, and further than any distance.
const UNSURE_LATER: f64 = 1_000.0;
const UNSURE_FURTHER_KM: f64 = 100_000.0;

/// Wherever it is, of the need of who holds all the words too: it is what they mean, and what only holds them may not
/// be.
const NEED_NAMED_FACTOR: f64 = 0.5;

/// What a whole text means counts for more than a word of it held by its stem, and for less than the words themselves.
pub(super) const NEED_STEPS: f32 = 4.5;

/// Documents that an order by distance looks at first, around the place asked, and up to which it looks at once at all.
const NEAREST_FIRST: usize = 2_000;
const ALL_AT_ONCE_MAX: usize = 16_384;
/// The first circle around the place, in kilometres, where there is no radius.
const FIRST_CIRCLE_KM: f64 = 2.0;
/// Where so many are expected to be found by relevance, some of them around the place asked are looked at first.
const MANY_FOUND: f64 = if cfg!(test) { 200.0 } else { 4_000.0 };
/// A search that has taken so long may be shared: waking another core takes some ten microseconds.
const LONG: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_micros(200) };
/// There is nothing to be known of farther circles.
const FARTHEST_CIRCLE_KM: f64 = 200.0;

impl Kind {
    /// How surely a word is held.
    pub(super) fn steps(self) -> u32 {
        match self {
            Self::Exact => 6,
            Self::Stemmed => 4,
            Self::Apart => 3,
            Self::Synonym => 2,
            // Added where the place asked is known: see `Order::key`.
            Self::Need => 0,
            Self::Typo => 1,
        }
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

impl Index {
    /// Finds a page of services. The request was validated: its numbers are finite and within their bounds.
    pub fn search(&self, request: &Request) -> Result<Page, Error> {
        let _search = Search::begin();
        let view = self.view();
        let continued = request.cursor.as_deref().map(|text| cursor::read(text, request)).transpose()?;
        let settled = continued.as_ref().map(|cursor| &cursor.settled);
        let concepts = query::concepts(&view.searcher, self.fields(), request, settled)?;
        let ranked_at = continued.as_ref().map_or(request.now, |cursor| cursor.ranked_at);
        let demands = match &continued {
            Some(cursor) => vec![cursor.demand],
            None if concepts.len() > 1 => Demand::tried(request, &concepts),
            None => vec![Demand::All],
        };
        let limit = request.limit.clamp(1, LIMIT_MAX);
        let after = continued.as_ref().map(|cursor| cursor.key);
        let order = Order::new(request, &concepts, (ranked_at, after), limit + 1);
        let plan = Plan::new(&view.searcher, self.fields(), request, &concepts, settled)?;
        let mut best = (Ranked::default(), Demand::All);
        for demand in demands {
            best = (collect(&view, &plan, &order, demand)?, demand);
            if best.0.counted > 0 {
                break;
            }
        }
        let (mut ranked, demand) = best;
        let more = ranked.found.len() > limit;
        ranked.found.truncate(limit);
        let last = ranked.found.last().filter(|_| more);
        let [told, listed] = continued.as_ref().map_or([0, 0], |cursor| [cursor.at_least, cursor.listed]);
        let listed = listed.saturating_add(ranked.found.len() as u64);
        let total = ranked.total(told.max(listed.saturating_add(u64::from(more))));
        let next_cursor = last.map(|last| {
            let corrections = concepts.iter().map(|concept| concept.corrections.clone()).collect();
            let settled = Settled { corrections, rarities: plan.rarities.clone() };
            let (key, at_least) = (last.key, total.value);
            cursor::write(&cursor::Cursor { demand, ranked_at, at_least, listed, key, settled }, request)
        });
        let reasons = why::reasons(&view, &concepts, &plan, &ranked.found)?;
        let mut served = served_of(&view, &plan, &ranked.found)?.into_iter();
        let mut hits = vec![];
        for (found, matched) in ranked.found.iter().zip(reasons) {
            let row = view.row(found.segment, found.doc)?;
            // Nobody knows whether a service that names no territory serves a place.
            let served = served.next().flatten().filter(|_| row.own.says_whom_it_serves);
            hits.push(hit(&view, (request, &order), found, (row, served, matched)));
        }
        let asked = request.facets.iter();
        let counted = asked.map(|facet| facets::count(&view, self.fields(), (request, &concepts), (*facet, demand)));
        let facets: Result<Vec<FacetCounts>, Error> = counted.collect();
        let words_asked = query::words_asked(&concepts);
        Ok(Page { total, words_asked, hits, next_cursor, facets: facets? })
    }

    /// The services that hold every word of a text, or its stem, the best first: no synonyms, no corrections, and no
    /// other filter than the audience's.
    pub fn holding_all(&self, text: &str, audience: Audience, most: usize) -> Result<Vec<Id>, Error> {
        let view = self.view();
        let asked =
            Request { text: Some(text.to_owned()), exact: true, audience, ..Request::new(Time::from_micros(0)) };
        let concepts = query::concepts(&view.searcher, self.fields(), &asked, None)?;
        let plan = Plan::new(&view.searcher, self.fields(), &asked, &concepts, None)?;
        let order = Order::new(&asked, &concepts, (asked.now, None), most);
        let ranked = collect(&view, &plan, &order, Demand::All)?;
        Ok(ranked.found.into_iter().map(|found| found.key.id).collect())
    }
}

/// Whether the people of the place asked are served by each of what was found; nothing where no place was asked.
fn served_of(view: &View, plan: &Plan, found: &[Found]) -> Result<Vec<Option<bool>>, Error> {
    if !plan.has_territories {
        return Ok(vec![None; found.len()]);
    }
    let segments = (0 as SegmentOrdinal..).take(view.segments.len());
    let marks: Vec<_> = segments.map(|segment| plan.named_as_served(view, segment)).collect::<Result<_, _>>()?;
    let is_served = |one: &Found| marks.get(one.segment as usize).is_some_and(|marks| marks.has(one.doc));
    Ok(found.iter().map(|one| Some(is_served(one))).collect())
}

fn hit(
    view: &View,
    (request, order): (&Request, &Order),
    found: &Found,
    (row, served, matched): (Row, Option<bool>, Vec<why::Reason>),
) -> Hit {
    let segment = view.segment(found.segment);
    let sight = Sight { audience: request.audience, area: request.area.as_ref() };
    let first = || segment.and_then(|segment| segment.map.first(found.doc, sight));
    let at = found.nearest.map(|nearest| nearest.at).or_else(first);
    let place = at.and_then(|at| {
        let (place, point) = (row.giver.places.get(at)?, segment?.map.point(found.doc, at)?);
        Some(Place { id: place.id, lat: point.lat, lon: point.lon, placement: place.placement() })
    });
    let open_now = segment.and_then(|segment| segment.open_at(found.doc, request.now));
    Hit {
        service_id: found.key.id,
        name: row.own.name.into(),
        organization_id: row.giver.organization_id,
        organization_name: row.giver.organization_name.into(),
        categories: row.own.categories.into_iter().map(CategoryRow::code).collect(),
        place,
        distance_km: found.nearest.map(|nearest| nearest.distance_km),
        served,
        open_now,
        matched,
        cautions: segment.map_or(vec![], |segment| cautions(segment, found, open_now, request.now)),
        explanation: segment.filter(|_| request.explain).map(|segment| order.explain(segment, found)),
    }
}

/// One of the best so far, or of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub key: Key,
    pub segment: SegmentOrdinal,
    pub doc: DocId,
    pub nearest: Option<Nearest>,
    pub held: Held,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Found {}
impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

#[derive(Debug, Default)]
pub(super) struct Ranked {
    pub found: Vec<Found>,
    pub counted: u64,
    /// Not all of the directory was looked at.
    pub is_floor: bool,
}

impl Ranked {
    /// A floor is no lower than what is known already.
    fn total(&self, at_least: u64) -> Total {
        if self.is_floor || self.counted > COUNTED_MAX {
            return Total { value: self.counted.max(at_least).min(COUNTED_MAX), relation: Relation::AtLeast };
        }
        Total { value: self.counted, relation: Relation::Equal }
    }
}

/// The best of an index, in order. By distance, circles around the place are looked at one after the other, each twice
/// as wide: what lies in one comes before whatever lies outside it.
fn collect(view: &View, plan: &Plan, order: &Order, demand: Demand) -> Result<Ranked, TantivyError> {
    for circle in circles(view, plan, order) {
        let ranked = collect_within(view, plan, order, (demand, Some(&circle), None))?;
        if ranked.found.len() >= order.keep {
            return Ok(ranked);
        }
    }
    let bound = known_last(view, plan, order, demand)?;
    collect_within(view, plan, order, (demand, None, bound))
}

/// A search that takes long is shared with the cores that have nothing to do. What is found does not depend on it: each
/// window is looked at once, and the order is total.
fn collect_within(
    view: &View,
    plan: &Plan,
    order: &Order,
    (demand, within, bound): (Demand, Option<&Circle>, Option<Key>),
) -> Result<Ranked, TantivyError> {
    let segments: Vec<Windows> = view.searcher.segment_readers().iter().map(Windows::of).collect();
    let together = Together::default();
    let look = |is_not_done: &mut dyn FnMut()| {
        let mut kept = Kept::new(order.keep, bound, Some(&together));
        for (windows, ordinal) in segments.iter().zip(0..).filter(|(windows, _)| !windows.are_taken()) {
            if let Some(mut run) = collect::Run::new(view, plan, order, (ordinal, demand))? {
                run.collect((within, windows), &mut kept, &mut *is_not_done);
            }
        }
        Ok::<_, TantivyError>(kept)
    };
    let (started, helped) = (Instant::now(), Mutex::new(vec![]));
    let mut kept = rayon::in_place_scope(|scope| {
        let mut is_alone = true;
        look(&mut || {
            if is_alone && started.elapsed() >= LONG {
                is_alone = false;
                for helper in std::iter::from_fn(Helper::free) {
                    together.begin();
                    scope.spawn(|_| {
                        let found = look(&mut || {});
                        helped.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                        drop(helper);
                    });
                }
            }
        })
    })?;
    for found in helped.into_inner().unwrap_or_else(PoisonError::into_inner) {
        kept.take(found?);
    }
    Ok(Ranked { counted: kept.counted, found: kept.into_sorted(), is_floor: within.is_some() })
}

/// By relevance, where much is found: a place in the order after which nothing is of use, told by what is found around
/// the place asked. Of many that hold the words alike the nearest are the best, and what is far need not be read.
fn known_last(view: &View, plan: &Plan, order: &Order, demand: Demand) -> Result<Option<Key>, TantivyError> {
    let Some(point) = order.point.filter(|_| order.sort == Sort::Relevance && order.keep > 0) else { return Ok(None) };
    let share = plan.share_held(view.searcher.num_docs());
    let expected = |circle: &Circle| documents_within(view, circle) as f64 * share;
    let everywhere = view.searcher.num_docs() as f64 * share;
    if everywhere < MANY_FOUND || order.circle.as_ref().is_some_and(|circle| expected(circle) < MANY_FOUND) {
        return Ok(None);
    }
    let whole = order.radius.map_or(FARTHEST_CIRCLE_KM, |radius| radius.km);
    let mut radius_km = FIRST_CIRCLE_KM;
    while radius_km * 2.0 < whole {
        let circle = Circle::new(point, radius_km);
        if expected(&circle) >= MANY_FOUND / 4.0 {
            let ranked = collect_within(view, plan, order, (demand, Some(&circle), None))?;
            // Of what has the same place but for its id, all are looked at again.
            let last = ranked.found.last().filter(|_| ranked.found.len() >= order.keep);
            return Ok(last.map(|last| Key { id: Id(uuid::Uuid::max()), ..last.key }));
        }
        radius_km *= 2.0;
    }
    Ok(None)
}

/// At most so many documents with one point lie within a circle.
fn documents_within(view: &View, circle: &Circle) -> usize {
    view.segments.iter().map(|segment| segment.map.at_most_within(circle)).sum()
}

/// Growing circles that are worth looking at before the whole.
fn circles(view: &View, plan: &Plan, order: &Order) -> Vec<Circle> {
    let is_by_distance_alone = order.sort == Sort::Distance && !order.tells_unsure(plan);
    let Some(point) = order.point.filter(|_| is_by_distance_alone) else { return vec![] };
    let whole = order.radius.map_or(f64::INFINITY, |radius| radius.km);
    let documents = |circle: &Circle| documents_within(view, circle);
    let all = order.circle.as_ref().map_or(view.searcher.num_docs() as usize, documents);
    if all <= ALL_AT_ONCE_MAX {
        return vec![];
    }
    let after_km = order.after.map_or(0.0, |after| after.first);
    let mut radius_km = order.radius.map_or(FIRST_CIRCLE_KM, |radius| radius.km / 8.0).max(after_km);
    let mut circles = vec![];
    while radius_km < whole && radius_km.is_finite() {
        let circle = Circle::new(point, radius_km);
        let covered = documents(&circle);
        if covered >= NEAREST_FIRST {
            circles.push(circle);
        }
        if covered * 2 >= all {
            break;
        }
        radius_km *= 2.0;
    }
    circles
}

/// A distance that others are compared with.
#[derive(Debug, Clone, Copy)]
struct Limit {
    km: f64,
    rough: Rough,
}

impl Limit {
    fn new(km: f64) -> Self {
        Self { km, rough: Rough::of_km(km) }
    }
}

/// What to keep and in which order: one for a search, read by every segment.
pub(super) struct Order {
    /// Steps of who holds every word as it is.
    steps_max: f64,
    has_origin: bool,
    /// A radius says how far people go: what comes to them is not left out by it.
    takes_what_comes: bool,
    point: Option<Point>,
    from: Option<From>,
    radius: Option<Limit>,
    /// The radius around the point.
    circle: Option<Circle>,
    /// A place must lie in it.
    area: Option<Area>,
    coverage: Coverage,
    restricts: bool,
    sort: Sort,
    /// What is known to be as asked comes before what nobody said.
    known_first: bool,
    conditions: Conditions,
    walk: Limit,
    ages_months: Vec<u64>,
    /// What the text tells of ages, where no age was asked: it orders, and leaves nothing out.
    ages_said: Vec<AgeRange>,
    open_at: Option<Time>,
    audience: Audience,
    ranked_at: Time,
    /// What was to be confirmed at this moment or before is left out, in microseconds.
    hidden_until: Option<i64>,
    after: Option<Key>,
    keep: usize,
}

impl Order {
    fn new(
        request: &Request,
        concepts: &[query::Concept],
        (ranked_at, after): (Time, Option<Key>),
        keep: usize,
    ) -> Self {
        let coverage = request.coverage();
        let point = request.point();
        Self {
            steps_max: f64::from(Kind::Exact.steps()) * query::words_asked(concepts) as f64,
            has_origin: request.origin.is_some(),
            takes_what_comes: request.coverage.is_none() && request.sort() == Sort::Relevance,
            point,
            from: point.map(From::new),
            radius: request.radius_km.map(Limit::new),
            circle: point.zip(request.radius_km).map(|(point, radius_km)| Circle::new(point, radius_km)),
            area: request.area.clone(),
            coverage,
            // Without a radius "either" leaves nothing out: the order tells. With no place asked nothing is left out.
            restricts: request.origin.is_some() && (coverage != Coverage::Either || request.radius_km.is_some()),
            sort: request.sort(),
            known_first: keep > 0 && (request.sort() == Sort::Relevance || request.sort.is_none()),
            conditions: request.conditions.clone(),
            walk: Limit::new(WALK_KM_MAX),
            ages_months: request.ages_months.iter().copied().map(u64::from).collect(),
            ages_said: request.ages_said(),
            open_at: request.open_at,
            audience: request.audience,
            ranked_at,
            hidden_until: request.hide_overdue_days.map(|days| ranked_at.micros() - days * DAY_MICROS),
            after,
            keep,
        }
    }

    /// Whether the order tells what is known to be as asked from what nobody said.
    fn tells_unsure(&self, plan: &Plan) -> bool {
        self.known_first && (!plan.wishes.is_empty() || self.conditions.asks_hours())
    }

    /// Only what is known to be reached without a car is wanted.
    fn needs_way_without_car(&self) -> bool {
        self.conditions.no_car && self.conditions.known_only
    }

    /// Neither columns nor points decide what is surely within the radius.
    fn counts_by_bits(&self) -> bool {
        let is_told_by_place = !self.restricts || self.coverage == Coverage::Near && self.point.is_some();
        is_told_by_place
            && self.area.is_none()
            && self.ages_months.is_empty()
            && self.open_at.is_none()
            && !self.conditions.asks_hours()
            && !self.needs_way_without_car()
    }

    fn sight(&self) -> Sight<'_> {
        Sight { audience: self.audience, area: self.area.as_ref() }
    }

    /// Of what a service holds of the words: all for who holds them all as they are, little for who holds one of many.
    /// A sentence has words that any description may hold.
    fn sureness(&self, steps: u32) -> f64 {
        let held = f64::from(steps);
        if self.steps_max > 0.0 { held * held / self.steps_max } else { held }
    }

    /// How much of its sureness a service keeps for somebody who is where the search starts from: of the words that it
    /// holds, and of the need that it answers. Who names a service wants it wherever it is; who tells a need wants what
    /// can be reached, rather a second choice. Where nobody said whom it serves, it may serve them from afar.
    fn reach(&self, ties: Ties, distance_km: f64) -> (f64, f64) {
        let (words, need) = if !self.has_origin || ties.serves || ties.comes || distance_km <= WITHIN_REACH_KM {
            (1.0, 1.0)
        } else if distance_km <= HARD_TO_REACH_KM {
            (HARD_TO_REACH_FACTOR, NEED_HARD_TO_REACH_FACTOR)
        } else {
            let kept = |lost: f64| 1.0 - lost * steps_out_of_reach(distance_km);
            (OUT_OF_REACH_FACTOR * kept(FARTHER_FACTOR), NEED_OUT_OF_REACH_FACTOR * kept(NEED_FARTHER_FACTOR))
        };
        let (words, need) = match ties {
            Ties { may_come: true, .. } => (words.max(MAY_COME_FACTOR), need.max(MAY_COME_FACTOR)),
            Ties { says_no_territory: true, .. } if distance_km <= OF_A_REGION_KM => {
                (words, need.max(NEED_MAY_SERVE_FACTOR))
            }
            Ties { says_no_territory: true, .. } => (words, need.max(may_serve_from_afar(distance_km))),
            _ => (words, need),
        };
        let is_for_here = !self.has_origin || ties.serves || ties.comes;
        let need = if is_for_here { need } else { need * (1.0 - NEED_STEP_FACTOR * steps_within_reach(distance_km)) };
        if ties.closed_for_now { (words * CLOSED_FACTOR, need * NEED_CLOSED_FACTOR) } else { (words, need) }
    }

    /// What a service keeps of its sureness, of the words and of the need, for where it is, what it holds and for whom.
    fn reach_and_age(&self, segment: &SegmentView, doc: DocId, held: &Held, distance_km: f64) -> (f64, f64) {
        let (words, need) = self.reach(held.ties, distance_km);
        let named = if self.steps_max > 0.0 { f64::from(held.steps) / self.steps_max } else { 0.0 };
        let (words_suit, need_suits) = self.suits_ages(segment, doc);
        (words * words_suit, need.max(NEED_NAMED_FACTOR * named) * need_suits)
    }

    /// How much of its sureness a service keeps beside the ages that the text tells: all where it may be for one of
    /// them.
    fn suits_ages(&self, segment: &SegmentView, doc: DocId) -> (f64, f64) {
        let bound =
            |months: Option<u64>, default| months.map_or(default, |months| u32::try_from(months).unwrap_or(default));
        let may_use = |said: &AgeRange| {
            let (min, max) = (segment.age_min.first(doc), segment.age_max.first(doc));
            said.may_use(bound(min, 0), bound(max, u32::MAX))
        };
        if self.ages_said.is_empty() || self.ages_said.iter().any(may_use) {
            (1.0, 1.0)
        } else {
            (OTHER_AGE_FACTOR, NEED_OTHER_AGE_FACTOR)
        }
    }

    /// The most that the factors make at a distance, of what is lifted by each of [`LIFT_FACTORS`] or not.
    fn factor_max(&self, distance_km: f64, lifted: [bool; LIFTS]) -> f64 {
        let lifts = LIFT_FACTORS.into_iter().zip(lifted).filter(|(_, is_lifted)| *is_lifted);
        lifts.fold(OPEN_FACTOR * nearness(distance_km) * ROUNDED_UP, |product, (factor, _)| product * factor)
    }
}

/// Whole steps away, no more of them than there are within reach.
fn steps_within_reach(distance_km: f64) -> f64 {
    (distance_km.min(WITHIN_REACH_KM - 1.0) / STEP_WITHIN_REACH_KM).floor()
}

fn steps_out_of_reach(distance_km: f64) -> f64 {
    (distance_km / HARD_TO_REACH_KM).log(HALF_AS_FAR_AGAIN).floor().clamp(0.0, FARTHER_STEPS_MAX)
}

/// Of what is farther than a region goes, and nobody said whom it serves.
fn may_serve_from_afar(distance_km: f64) -> f64 {
    if !distance_km.is_finite() {
        return NEED_MAY_SERVE_SOMEWHERE_FACTOR;
    }
    let times = (distance_km / OF_A_REGION_KM).log(HALF_AS_FAR_AGAIN).floor().max(0.0);
    (NEED_MAY_SERVE_FACTOR * NEED_MAY_SERVE_FARTHER_FACTOR.powf(times)).max(NEED_MAY_SERVE_FACTOR_MIN)
}

fn nearness(distance_km: f64) -> f64 {
    1.0 + NEARNESS_WEIGHT / (1.0 + distance_km / NEARNESS_HALF_KM)
}
