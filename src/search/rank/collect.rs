//! Through a segment, a window of documents after the other: what may lie where it was asked, of that what the filters
//! let through, of that what holds the words; and of those few, one by one, the columns and the exact distance.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tantivy::fastfield::AliveBitSet;
use tantivy::{DocId, SegmentOrdinal, SegmentReader};

use super::explain::Held;
use super::scores::{Lists, Scores};
use super::{FRESH_DAYS_MAX, Found, Kept, Key, Limit, Order, UNSURE_FURTHER_KM, UNSURE_LATER};
use crate::search::geo::{Circle, Covered, KINDS, Nearest, Region, Rough};
use crate::search::marks::{AnyMarks, Marks};
use crate::search::plan::{Plan, PlannedWish};
use crate::search::postings::{Bits, KnownTerm, Union, WINDOW};
use crate::search::query::{Coverage, Demand, Role, Sort};
use crate::search::view::{DAY_MICROS, Overdue, SegmentView, View};

mod bounds;

/// The windows of a segment, each for who takes it first: several may go through them side by side.
pub(super) struct Windows {
    next: AtomicUsize,
    end: usize,
}

impl Windows {
    pub(super) fn of(segment: &SegmentReader) -> Self {
        Self { next: AtomicUsize::new(0), end: (segment.max_doc() as usize).div_ceil(WINDOW) }
    }

    /// In ascending order.
    fn take(&self) -> Option<usize> {
        Some(self.next.fetch_add(1, Ordering::Relaxed)).filter(|window| *window < self.end)
    }

    pub(super) fn are_taken(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.end
    }
}

/// One segment under one demand.
pub(super) struct Run<'a> {
    order: &'a Order,
    ordinal: SegmentOrdinal,
    segment: &'a SegmentView,
    reader: &'a SegmentReader,
    filters: Vec<Union>,
    wishes: Vec<Wish>,
    tells_unsure: bool,
    /// Whether each text of hours that was met is open when it was asked.
    opens: ByHours<Option<bool>>,
    required: Vec<Lists>,
    weak: Vec<Lists>,
    meaning: Option<Lists>,
    /// Required concepts that a service must hold.
    wanted: usize,
    /// The [`Scores::sum`] of who holds all words the best.
    sum_max: u32,
    serving: AnyMarks,
    lying_inside: AnyMarks,
    /// What is left out because nobody has confirmed it for too long, and the moment from which on it is.
    hidden: Option<(i64, Arc<Overdue>)>,
    fresh: Arc<Marks>,
    /// What the bits tell of a document is all that decides whether it is counted.
    is_counted_by_bits: bool,
    scores: Scores,
    /// What is counted by, with how many of what fits hold it.
    facets: Vec<(Union, u64)>,
    open_factors: ByHours<f64>,
    /// What fits of the window, where facets are counted.
    fitting: Bits,
}

/// How far a document is, measured no more exactly than has to be.
struct Distance<'a> {
    segment: &'a SegmentView,
    doc: DocId,
    order: &'a Order,
    rough: Option<Rough>,
    exact: Option<Option<Nearest>>,
}

impl<'a> Distance<'a> {
    fn of(segment: &'a SegmentView, doc: DocId, order: &'a Order) -> Self {
        Self { segment, doc, order, rough: None, exact: None }
    }

    fn rough(&mut self) -> Rough {
        let (map, order) = (&self.segment.map, self.order);
        let rough = || order.from.as_ref().map_or(Rough::NOWHERE, |from| map.rough(self.doc, from, order.sight()));
        *self.rough.get_or_insert_with(rough)
    }

    fn exact(&mut self) -> Option<Nearest> {
        let (map, order) = (&self.segment.map, self.order);
        let measure = || order.point.and_then(|origin| map.nearest(self.doc, origin, order.sight()));
        *self.exact.get_or_insert_with(measure)
    }

    fn is_known(&mut self) -> bool {
        self.exact().is_some()
    }

    fn is_within(&mut self, limit: Limit) -> bool {
        let rough = self.rough();
        rough.is_below(limit.rough)
            || !rough.is_above(limit.rough) && self.exact().is_some_and(|nearest| nearest.distance_km <= limit.km)
    }
}

/// Shapes on the map of the segment.
struct Regions<'a> {
    radius: &'a Option<Region<'a>>,
    /// The circle that is looked at now.
    within: &'a Option<(Region<'a>, Limit)>,
    area: &'a Option<Region<'a>>,
}

impl Regions<'_> {
    /// Nothing of a window can be found.
    fn miss(&self, window: usize, must_be_near: bool) -> bool {
        let radius = self.radius.as_ref().filter(|_| must_be_near);
        let within = self.within.as_ref().map(|(region, _)| region);
        [radius, within, self.area.as_ref()].into_iter().flatten().any(|region| region.misses(window))
    }
}

/// Documents of a window that may lie where it was asked.
struct Ground {
    fits: Bits,
    /// Within the radius, or with a point.
    near: Covered,
    /// Surely in the area drawn.
    in_area: Bits,
    /// As [`Run::comes`] gives them, where they were asked for.
    comes: Option<[Bits; 3]>,
}

/// How far the documents of a window are.
struct Distances {
    near: Covered,
    /// The radius of the circle that is looked at now.
    within: Option<Limit>,
    in_area: Bits,
    boxed: [Boxed; KINDS],
    /// A score of words below which any document comes after all that is kept.
    cut: u32,
}

/// Documents of a window that boxes are around.
#[derive(Clone, Copy)]
struct Boxed {
    documents: Bits,
    /// How far away they are at least.
    km: f64,
    /// A score of words below which they come after all that is kept.
    cut: u32,
}

/// What is known of the documents of a window.
struct Here {
    start: DocId,
    distances: Distances,
    only_counted: Bits,
    serving: Bits,
    /// In the place asked, which has no point.
    lying_inside: Bits,
    comes: Bits,
    may_come: Bits,
    says_no_territory: Bits,
    closed_for_now: Bits,
    /// What is known to be as each wish asks; empty where nothing depends on it.
    known: Vec<Bits>,
}

/// A [`PlannedWish`], in one segment.
struct Wish {
    against: Union,
    unless: Union,
    known: Union,
    by_foot: bool,
}

impl Wish {
    fn open(planned: &PlannedWish, reader: &SegmentReader, at: SegmentOrdinal) -> tantivy::Result<Self> {
        let open = |terms: &[KnownTerm]| Union::open(terms, reader, at);
        let (against, unless, known) = (open(&planned.against)?, open(&planned.unless)?, open(&planned.known)?);
        Ok(Self { against, unless, known, by_foot: planned.by_foot })
    }

    /// Those of which it is not known that they are against it.
    fn spare(&mut self, start: DocId, among: Bits) -> Bits {
        let against = self.against.mark(start, &among);
        let spared = self.unless.mark(start, &against);
        among.without(&against.without(&spared))
    }
}

/// What a service has of those, and what the order makes of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Ties {
    pub serves: bool,
    pub comes: bool,
    pub may_come: bool,
    pub says_no_territory: bool,
    pub closed_for_now: bool,
}

impl Distances {
    fn km_at_least(&self, offset: usize) -> f64 {
        self.boxed_with(offset).map_or(0.0, |boxed| boxed.km)
    }

    fn cut(&self, offset: usize) -> u32 {
        self.boxed_with(offset).map_or(self.cut, |boxed| boxed.cut)
    }

    fn boxed_with(&self, offset: usize) -> Option<&Boxed> {
        self.boxed.iter().find(|boxed| boxed.documents.has(offset))
    }
}

impl Here {
    /// It serves the place asked, or lies in it where that has no point to be near to.
    fn is_of_place(&self, offset: usize) -> bool {
        self.serving.has(offset) || self.lying_inside.has(offset)
    }

    fn ties(&self, offset: usize) -> Ties {
        Ties {
            serves: self.is_of_place(offset),
            comes: self.comes.has(offset),
            may_come: self.may_come.has(offset),
            says_no_territory: self.says_no_territory.has(offset),
            closed_for_now: self.closed_for_now.has(offset),
        }
    }
}

impl<'a> Run<'a> {
    /// None where nothing of the segment can be found.
    pub(super) fn new(
        view: &'a View,
        plan: &Plan,
        order: &'a Order,
        (ordinal, demand): (SegmentOrdinal, Demand),
    ) -> tantivy::Result<Option<Self>> {
        let Some(segment) = view.segment(ordinal) else { return Ok(None) };
        let reader = view.searcher.segment_reader(ordinal);
        let open = |terms: &[_]| Union::open(terms, reader, ordinal);
        let filters: tantivy::Result<Vec<Union>> = plan.filters.iter().map(|terms| open(terms)).collect();
        let wishes: tantivy::Result<Vec<Wish>> =
            plan.wishes.iter().map(|wish| Wish::open(wish, reader, ordinal)).collect();
        let (mut required, mut weak, mut meaning) = (vec![], vec![], None);
        for concept in &plan.concepts {
            let of_names = demand.is_of_names() && concept.role == Role::Required;
            let lists = Lists::open(&concept.alternatives, reader, (ordinal, of_names))?;
            match concept.role {
                Role::Required => required.push(lists),
                Role::Weak => weak.push(lists),
                Role::Meaning => meaning = Some(lists).filter(|_| demand != Demand::Named),
            }
        }
        required.sort_by_key(Lists::per_window);
        let wanted = demand.of(required.len());
        let sum_max = required.iter().chain(&weak).map(|concept| concept.sum_max).sum();
        Ok(Some(Self {
            order,
            ordinal,
            segment,
            reader,
            filters: filters?,
            wishes: wishes?,
            tells_unsure: order.tells_unsure(plan),
            opens: ByHours::default(),
            required,
            weak,
            meaning,
            wanted,
            sum_max,
            serving: plan.serving(view, ordinal)?,
            lying_inside: plan.lying_inside(view, ordinal)?,
            fresh: segment.confirmed_since(order.ranked_at.micros().div_euclid(DAY_MICROS) - FRESH_DAYS_MAX),
            is_counted_by_bits: order.counts_by_bits(),
            hidden: order.hidden_until.map(|until| (until, segment.overdue(until))),
            scores: Scores::new(),
            facets: vec![],
            open_factors: ByHours::default(),
            fitting: Bits::NONE,
        }))
    }

    /// Also counts what holds any of the terms of each value.
    pub(super) fn count_by<'t>(&mut self, values: impl Iterator<Item = &'t [KnownTerm]>) -> tantivy::Result<()> {
        for terms in values {
            self.facets.push((Union::open(terms, self.reader, self.ordinal)?, 0));
        }
        Ok(())
    }

    /// How many hold each of the values counted by, in their order.
    pub(super) fn counted_by(&self) -> impl Iterator<Item = u64> + '_ {
        self.facets.iter().map(|(_, count)| *count)
    }

    /// Counts what fits of the windows that nobody else takes, and keeps the best; only within a circle where one is
    /// given. Tells after each window that there may be more.
    pub(super) fn collect(
        &mut self,
        (within, windows): (Option<&Circle>, &Windows),
        kept: &mut Kept<'_>,
        mut is_not_done: impl FnMut(),
    ) {
        let (map, order) = (&self.segment.map, self.order);
        let region = |circle: &'a Circle| map.region(circle, order.audience);
        // What is looked at lies in a circle around the same point, no wider than the radius.
        let radius = order.circle.as_ref().filter(|_| within.is_none()).map(region);
        let area = order.area.as_ref().map(|area| map.region(area, order.audience));
        let within = within.map(|circle| (map.region(circle, order.audience), Limit::new(circle.radius_km)));
        let regions = Regions { radius: &radius, within: &within, area: &area };
        let must_be_near = order.restricts && order.coverage == Coverage::Near && !order.takes_what_comes;
        while let Some(window) = windows.take() {
            kept.share();
            if !regions.miss(window, must_be_near) {
                self.window(window, &regions, kept);
                is_not_done();
            }
        }
    }

    fn window(&mut self, window: usize, regions: &Regions<'_>, kept: &mut Kept<'_>) {
        let start = (window * WINDOW) as DocId;
        let Some(ground) = self.ground(start, (window, regions)) else { return };
        let Ground { mut fits, near, in_area, comes } = ground;
        let (boxed, cut) = self.boxed(window, kept);
        let hopeless = kept.last().map_or(Bits::NONE, |last| self.hopeless(window, &fits, (last, &boxed)));
        if kept.has_counted_enough() {
            fits = fits.without(&hopeless);
        }
        if let Some((_, overdue)) = &self.hidden {
            fits = fits.without(&overdue.before.among(window, &fits));
        }
        for filter in &mut self.filters {
            if !fits.is_empty() {
                fits = filter.mark(start, &fits);
            }
        }
        for wish in &mut self.wishes {
            if !fits.is_empty() {
                fits = wish.spare(start, fits);
            }
        }
        if !fits.is_empty() {
            fits = self.hold(start, fits, if kept.has_counted_enough() { cut } else { 0 });
        }
        if fits.is_empty() {
            return;
        }
        let within = regions.within.as_ref().map(|(_, limit)| *limit);
        let distances = Distances { near, within, in_area, boxed, cut };
        self.fitting = Bits::NONE;
        let only_counted = self.only_counted(&fits, &hopeless, &distances, kept);
        let counted = self.count_by_bits(window, &only_counted, &distances);
        kept.counted += u64::from(counted.count());
        let here = self.here(window, &fits.without(&counted), (distances, only_counted), comes);
        for offset in fits.without(&counted).offsets() {
            self.consider(&here, offset, kept);
        }
        self.fitting = self.fitting.or(&counted);
        for (value, count) in &mut self.facets {
            *count += u64::from(value.mark(start, &self.fitting).count());
        }
    }

    /// What of a window may lie where it was asked.
    fn ground(&mut self, start: DocId, (window, regions): (usize, &Regions<'_>)) -> Option<Ground> {
        let (order, map) = (self.order, &self.segment.map);
        let all = Bits::below(start, self.reader.max_doc());
        let mut fits = all;
        let mut in_area = all;
        let near = match regions.within {
            Some((region, _)) => map.window(window, Some(region)),
            None => map.window(window, regions.radius.as_ref()),
        };
        if regions.within.is_some() {
            fits = fits.and(&near.possible);
        }
        if let Some(region) = regions.area {
            let covered = map.window(window, Some(region));
            fits = fits.and(&covered.possible);
            in_area = covered.certain;
        }
        if fits.is_empty() {
            return None;
        }
        let mut comes = None;
        if order.restricts && order.coverage == Coverage::Near {
            // What lies in the place asked may be known by that alone, without a point.
            let mut possible = near.possible.or(&self.lying_inside.among(window, &fits));
            if order.takes_what_comes {
                let marked = self.comes(window, &fits);
                possible = marked.iter().fold(possible, |all, some| all.or(some));
                comes = Some(marked);
            }
            fits = fits.and(&possible);
        }
        Some(Ground { fits, near, in_area, comes })
    }

    fn here(
        &mut self,
        window: usize,
        fits: &Bits,
        (distances, only_counted): (Distances, Bits),
        comes: Option<[Bits; 3]>,
    ) -> Here {
        let (order, start) = (self.order, (window * WINDOW) as DocId);
        // What is only counted is asked no more than it takes to know that it fits.
        let fits_by_ties = order.restricts && (order.coverage != Coverage::Near || order.takes_what_comes);
        let ranked = if fits_by_ties { *fits } else { fits.without(&only_counted) };
        let asks_whom_it_serves = order.has_origin && (order.restricts || order.sort == Sort::Relevance);
        let serving = if asks_whom_it_serves { self.serving.among(window, &ranked) } else { Bits::NONE };
        let lying_inside = if order.has_origin { self.lying_inside.among(window, &ranked) } else { Bits::NONE };
        let [anywhere, where_it_serves, may_come] = match comes {
            Some(marked) => marked,
            None => self.comes(window, &ranked),
        };
        let comes = anywhere.or(&where_it_serves.and(&serving));
        let says_no_territory = self.segment.says_no_territory.among(window, &ranked);
        let closed_for_now = self.segment.closed_for_now.among(window, &ranked);
        let known = self.known(start, fits);
        Here {
            start,
            distances,
            only_counted,
            serving,
            lying_inside,
            comes,
            may_come,
            says_no_territory,
            closed_for_now,
            known,
        }
    }

    fn known(&mut self, start: DocId, among: &Bits) -> Vec<Bits> {
        if !self.tells_unsure && !self.order.needs_way_without_car() {
            return vec![];
        }
        self.wishes.iter_mut().map(|wish| wish.known.mark(start, among)).collect()
    }

    /// What is given to people anywhere, what comes to people where it serves, and what may come to them.
    fn comes(&self, window: usize, among: &Bits) -> [Bits; 3] {
        let SegmentView { comes_anywhere, comes_where_it_serves, may_come, .. } = self.segment;
        [comes_anywhere, comes_where_it_serves, may_come].map(|some| some.among(window, among))
    }

    /// Those that hold as many of the words as demanded, or answer a need that the text means.
    /// Where no need is told, what scores below the cut may be left out.
    fn hold(&mut self, start: DocId, among: Bits, cut: u32) -> Bits {
        if self.required.is_empty() {
            return among;
        }
        self.scores.clear();
        let mut held = if self.wanted == self.required.len() && self.meaning.is_none() {
            self.hold_every_word(start, among, cut)
        } else {
            self.hold_some_words(start, among)
        };
        if let Some(meaning) = &mut self.meaning {
            held = held.or(&meaning.mark(start, &among, &mut self.scores));
        }
        for concept in &mut self.weak {
            concept.mark(start, &held, &mut self.scores);
        }
        held
    }

    fn hold_every_word(&mut self, start: DocId, among: Bits, cut: u32) -> Bits {
        let mut held = among;
        let mut to_come = self.sum_max;
        for concept in &mut self.required {
            if held.is_empty() {
                break;
            }
            held = concept.mark(start, &held, &mut self.scores);
            to_come -= concept.sum_max;
            if cut > to_come {
                held.retain(|offset| self.scores.sum(offset) >= cut - to_come);
            }
        }
        held
    }

    /// What holds too few words has no score from them.
    fn hold_some_words(&mut self, start: DocId, among: Bits) -> Bits {
        let mut any = Bits::NONE;
        for concept in &mut self.required {
            any = any.or(&concept.mark(start, &among, &mut self.scores));
        }
        let mut held = Bits::NONE;
        for offset in any.offsets() {
            if self.scores.concepts(offset) >= self.wanted {
                held.set(offset);
            } else {
                self.scores.forget(offset);
            }
        }
        held
    }

    fn consider(&mut self, here: &Here, offset: usize, kept: &mut Kept<'_>) {
        let doc = here.start + offset as DocId;
        let is_only_counted = here.only_counted.has(offset);
        if is_only_counted && kept.has_counted_enough() || !self.is_offered(doc) {
            return;
        }
        let order = self.order;
        let mut distance = Distance::of(self.segment, doc, order);
        let ties = here.ties(offset);
        if here.distances.within.is_some_and(|limit| !distance.is_within(limit)) {
            return;
        }
        if let Some(area) = &order.area
            && !here.distances.in_area.has(offset)
            && !self.segment.map.is_in(doc, area, order.audience)
        {
            return;
        }
        if order.restricts {
            // What is known of a circle is of any point, inside the area or not.
            let is_told = order.area.is_none() || self.segment.map.has_one(doc);
            let is_near = is_told && here.distances.near.certain.has(offset) && order.point.is_some()
                || here.distances.near.possible.has(offset)
                    && order.radius.map_or(distance.is_known(), |limit| distance.is_within(limit))
                || here.lying_inside.has(offset)
                || order.takes_what_comes && (ties.comes || ties.may_come);
            let serves = here.serving.has(offset);
            let covered = match order.coverage {
                Coverage::Near => is_near,
                Coverage::Served => serves,
                Coverage::Either => is_near || serves,
            };
            if !covered {
                return;
            }
        }
        if order.needs_way_without_car() && self.unsaid(&here.known, offset, &mut distance, |wish| wish.by_foot) > 0 {
            return;
        }
        kept.counted += 1;
        if kept.keep == 0 {
            self.fitting.set(offset);
            return;
        }
        if is_only_counted {
            return;
        }
        if let Some(last) = kept.last()
            && self.cannot_come_before(last, &mut distance, here, offset)
        {
            return;
        }
        let nearest = distance.exact();
        let held = self.held(here, offset, &mut distance);
        let key = self.key(doc, &held, nearest);
        if order.after.is_none_or(|after| key > after) {
            kept.put(Found { key, segment: self.ordinal, doc, nearest, held });
        }
    }

    /// Wishes that the service is not known to meet.
    fn unsaid(&self, known: &[Bits], offset: usize, distance: &mut Distance<'_>, of: impl Fn(&Wish) -> bool) -> usize {
        let wishes = self.wishes.iter().zip(known).filter(|(wish, _)| of(wish));
        let unsaid = wishes.filter(|(_, known)| !known.has(offset));
        unsaid.filter(|(wish, _)| !(wish.by_foot && distance.is_within(self.order.walk))).count()
    }

    /// How many things are asked that nobody said of it.
    fn unsure(&mut self, here: &Here, offset: usize, distance: &mut Distance<'_>) -> i32 {
        if !self.tells_unsure {
            return 0;
        }
        let order = self.order;
        let unsaid = i32::try_from(self.unsaid(&here.known, offset, distance, |_| true)).unwrap_or(0);
        unsaid + i32::from(order.conditions.asks_hours() && self.opens_as_asked(distance.doc).is_none())
    }

    /// Whether the hours of a document are as asked: many have the same.
    fn opens_as_asked(&mut self, doc: DocId) -> Option<bool> {
        let (order, hours) = (self.order, &self.segment.hours);
        let text = self.segment.standing(doc).hours()?;
        self.opens.of(text, || order.conditions.met_by(hours.read(text), order.ranked_at))
    }

    /// What only the columns know: it is there still, not far overdue, for these ages, open.
    fn is_offered(&mut self, doc: DocId) -> bool {
        let (order, segment) = (self.order, self.segment);
        let is_hidden =
            |(until, overdue): &(i64, Arc<Overdue>)| overdue.on_the_day.has(doc) && segment.is_due(doc, *until);
        let fits_age = |age: u64| {
            segment.age_min.first(doc).is_none_or(|min| min <= age)
                && segment.age_max.first(doc).is_none_or(|max| age <= max)
        };
        self.reader.alive_bitset().is_none_or(|alive: &AliveBitSet| alive.is_alive(doc))
            && !self.hidden.as_ref().is_some_and(is_hidden)
            && (order.ages_months.is_empty() || order.ages_months.iter().copied().any(fits_age))
            && order.open_at.is_none_or(|at| segment.open_at(doc, at) == Some(true))
            && (!order.conditions.asks_hours() || self.opens_as_asked(doc).unwrap_or(!order.conditions.known_only))
    }

    fn held(&mut self, here: &Here, offset: usize, distance: &mut Distance<'_>) -> Held {
        let unsaid = self.unsure(here, offset, distance);
        let (scores, ties) = (&self.scores, here.ties(offset));
        Held { steps: scores.steps(offset), need_steps: scores.need(offset), fine: scores.fine(offset), ties, unsaid }
    }

    fn key(&mut self, doc: DocId, held: &Held, nearest: Option<Nearest>) -> Key {
        let (order, id) = (self.order, self.segment.id(doc));
        let distance_km = nearest.map_or(f64::INFINITY, |nearest| nearest.distance_km);
        let unsaid = f64::from(held.unsaid);
        if order.sort == Sort::Distance {
            return Key { first: distance_km + unsaid * UNSURE_FURTHER_KM, second: unsaid, third: 0.0, id };
        }
        let (reach, reach_of_need) = order.reach_and_age(self.segment, doc, held, distance_km);
        let sureness = order.sureness(held.steps) * reach + f64::from(held.need_steps) * reach_of_need;
        let open = self.open_factor(doc);
        let factors = order.factors(self.segment, (doc, open), distance_km, held.ties.serves);
        let second = -(1.0 + held.fine) * factors.product() + unsaid * UNSURE_LATER;
        Key { first: -sureness * held.known_factor(), second, third: distance_km, id }
    }

    fn open_factor(&mut self, doc: DocId) -> f64 {
        let (order, segment) = (self.order, self.segment);
        let Some(text) = segment.standing(doc).hours() else { return 1.0 };
        self.open_factors.of(text, || order.open_factor(segment, Some(text)))
    }
}

/// What was found of texts of hours, by their numbers; those of one place in the table by turns.
struct ByHours<T>(Vec<Option<(u64, T)>>);

const HOURS_KEPT: usize = 256;

impl<T> Default for ByHours<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T: Copy> ByHours<T> {
    fn of(&mut self, text: u64, judge: impl FnOnce() -> T) -> T {
        self.0.resize(HOURS_KEPT, None);
        let Some(known) = self.0.get_mut(text as usize % HOURS_KEPT) else { return judge() };
        match known {
            Some((of, found)) if *of == text => *found,
            _ => known.insert((text, judge())).1,
        }
    }
}
