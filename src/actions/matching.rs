//! Matching a family: what it needs, who it is and where, against the directory. Open to everybody, as the search is;
//! who is signed in sees the places kept for professionals. Nothing of what was asked is kept, nor told to the log.
//!
//! Each need is searched for: near the family, among what serves its territory, and in each language that it speaks.
//! The best of the services found are read from the store, a bounded number of statements for all needs together, and
//! looked at one by one, until there are enough that may suit. With them go those further down whose organisation meets
//! another of the needs: where the fewest visits are wanted, these are what matters.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::search::{self, Place, PlaceFound};
use super::{Deps, Outcome, road};
use crate::clock::Time;
use crate::domain::directory::{Location, Point, Service, ServiceAggregate, ServiceStatus, Visibility};
use crate::domain::family::{CHILDREN_MAX, Child};
use crate::domain::language::Lang;
use crate::domain::matching::{self, Answer, Assessment, Case, Cause, Family, Fit, Need, Note, Way, WordsHeld};
use crate::domain::month::{Month, local_day};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::road::{ASKED_KM_MAX, DistanceBy};
use crate::domain::taxonomy::{Taxonomy, is_of_category};
use crate::domain::viewer::Viewer;
use crate::domain::visit_plan::{self, Legs, Offer, Plan, Stop, TASKS_MAX};
use crate::id::Id;
use crate::search::{Audience, Coverage, Index, Request, Sort, says_something};
use crate::store::services;

mod hunt;
use hunt::{Found, Hunt, PAGE_SERVICES, Searching};

/// Farther than this a family does not go for a service, where it does not say how far it goes, in kilometres.
pub const RADIUS_KM_DEFAULT: f64 = 50.0;
/// Farther than this, what answers a need does not shut out what stands in for it beside the family.
const FAR_KM: f64 = 25.0;
/// No farther than this beyond what may suit, what is known to suit is gone to instead.
const NEXT_DOOR_KM: f64 = 2.0;
/// Services at a place, or without one, that may suit and are enough for a need. Pinned ones come on top, and those of
/// organisations that meet another need as well.
pub const OFFERS_PER_NEED_MAX: usize = 40;
/// Services of one need that are read from the store and looked at.
pub const LOOKED_AT_PER_NEED_MAX: usize = 300;
/// On top of these, services whose organisation meets another need too.
pub const SHARED_PER_NEED_MAX: usize = 50;
/// Places of one service that are considered: the nearest.
pub const PLACES_PER_SERVICE_MAX: usize = 3;

/// What is asked, its numbers within their bounds.
#[derive(Debug, Clone)]
pub struct Asked {
    pub lang: Lang,
    pub place: Place,
    pub radius_km: Option<f64>,
    pub family: Family,
    pub needs: Vec<Need>,
    pub pinned: Vec<Id>,
    pub dropped: Vec<Id>,
    /// Choices told for each need.
    pub limit: usize,
    /// The number of a change that the answer must know of.
    pub min_change: Option<i64>,
}

#[derive(Debug)]
pub struct Matched {
    pub place: PlaceFound,
    pub radius_km: f64,
    pub needs: Vec<NeedMatched>,
    pub plan: Plan,
    /// What its tour is the shortest by.
    pub distance_by: DistanceBy,
    /// What the offers of the plan are, in their order, and the need of each.
    pub offered: Vec<Choice>,
    pub offered_for: Vec<usize>,
    pub uncovered: Vec<Uncovered>,
    pub pinned: Vec<Pinned>,
}

#[derive(Debug)]
pub struct NeedMatched {
    /// What its words surely mean beside what it was matched by: needs of their own, which nobody looked for.
    pub also_meant: Vec<String>,
    /// The best first, each service once.
    pub choices: Vec<Choice>,
    /// Services that were looked at, and whether these are all that the searches found.
    pub looked_at: usize,
    pub is_complete: bool,
    /// Why others do not suit, with how many services.
    pub unsuited: BTreeMap<Cause, usize>,
}

/// A service in one way, and why.
#[derive(Debug, Clone)]
pub struct Choice {
    pub aggregate: Arc<ServiceAggregate>,
    pub way: Way,
    /// The place that is visited, by its place in the aggregate; none where it may not be known to whoever asks.
    place: Option<usize>,
    pub distance_km: Option<f64>,
    pub assessment: Assessment,
    pub is_pinned: bool,
    /// Its organisation gives something for another need too, so that it may spare a visit.
    meets_several: bool,
}

impl Choice {
    pub fn service(&self) -> &Service {
        &self.aggregate.service
    }
    pub fn location(&self) -> Option<&Location> {
        self.place.and_then(|at| self.aggregate.locations.get(at))
    }
    /// It may suit, and where others are known to, at so many kilometres, it is gone to all the same: for another need,
    /// or because they are not as near.
    fn is_worth_asking(&self, fitting: &[Option<f64>]) -> bool {
        let is_next_door =
            |fits: &Option<f64>| fits.zip(self.distance_km).is_some_and(|(fits_km, km)| fits_km <= km + NEXT_DOOR_KM);
        fitting.is_empty() || self.way == Way::Visit && (self.meets_several || !fitting.iter().any(is_next_door))
    }
    fn may_suit(&self) -> bool {
        worth_planning(&self.assessment) == Some(0)
    }
    fn is_far(&self) -> bool {
        self.distance_km.is_some_and(|km| km > FAR_KM)
    }
}

/// A need that nothing meets, as it would be recorded: of nobody, where the family lives, without its point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    pub need: usize,
    /// `None`: nothing says which category the words are of.
    pub category: Option<String>,
    pub territory: Option<Residence>,
}

/// The finest territory that is known for sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Residence {
    Municipality(String),
    Mrc(String),
    Region(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pinned {
    pub service_id: Id,
    /// It is not in the directory, or not any more.
    pub is_known: bool,
    /// It meets one need at least: it is in the plan.
    pub is_in_plan: bool,
}

/// # Errors
/// `UnknownCategory`, `PlaceNotFound`, `OutOfRange` (a month, a change), `TooMany` (pinned services of one need),
/// `SaysNothing` (the words of a need), `InvalidValue` (a service that is both pinned and dropped): each names its
/// field.
pub fn matching(deps: &Deps, viewer: Option<&Viewer>, mut asked: Asked) -> Outcome<Matched> {
    let now = deps.clock.now();
    leave_out_empty_words(&mut asked.needs)?;
    read_words(&mut asked.needs)?;
    check(&asked, now)?;
    let mut seen = HashSet::new();
    asked.pinned.retain(|id| seen.insert(*id));
    let asked = &asked;
    let place = search::locate(deps.gazetteer(), &asked.place)?;
    let index = deps.index()?;
    if let Some(change) = asked.min_change {
        search::wait_for_change(deps, index, change)?;
    }
    let is_professional = viewer.and_then(Viewer::account).is_some();
    let mut ground = Ground { asked, place: &place, now, is_professional, loaded: HashMap::new() };
    let hunts = ground.hunt(deps, index)?;
    let mut all: Vec<(usize, Choice)> = vec![];
    let mut needs = vec![];
    for (at, (hunt, need)) in hunts.into_iter().zip(&asked.needs).enumerate() {
        needs.push(NeedMatched {
            also_meant: also_meant(need),
            looked_at: hunt.looked_at().count(),
            is_complete: hunt.is_complete(),
            choices: told(&hunt.choices, asked.limit),
            unsuited: unsuited(&hunt.choices),
        });
        all.extend(planned(hunt.choices).into_iter().map(|choice| (at, choice)));
    }
    let offers = offers_of(&all);
    let (plan, distance_by) = plan(deps, place.origin.point, asked, &offers)?;
    let uncovered = uncovered(deps, &ground, index, &plan)?;
    let (offered_for, offered) = all.into_iter().unzip();
    let pinned = asked.pinned.iter().map(|id| Pinned {
        service_id: *id,
        is_known: ground.loaded.contains_key(id),
        is_in_plan: offers.iter().any(|offer| offer.service_id == *id),
    });
    let (pinned, radius_km) = (pinned.collect(), ground.radius_km());
    Ok(Matched { radius_km, needs, plan, distance_by, offered, offered_for, uncovered, pinned, place })
}

/// The plan along straight lines; where a router knows the ways among its stops and those that could stand in for them,
/// the plan that is the shortest by road, of as few visits.
fn plan(deps: &Deps, start: Option<Point>, asked: &Asked, offers: &[Offer]) -> Outcome<(Plan, DistanceBy)> {
    let needs = asked.needs.len();
    let too_many = |_| {
        Refusal::field(Code::TooMany, "pinned").rule(format!("pinned + needs that none of them meets <= {TASKS_MAX}"))
    };
    let straight = visit_plan::plan(Legs::Straight(start), needs, offers, &asked.pinned).map_err(too_many)?;
    let table = start.filter(|_| deps.router.is_some()).and_then(|start| {
        let mut stops = visit_plan::worth_knowing(start, &straight, offers, &asked.pinned, road::STOPS_MAX);
        let is_visited = |stop: &Point| straight.visits.iter().any(|visit| visit.stop.point == Some(*stop));
        stops.retain(|stop| start.distance_km(*stop) <= ASKED_KM_MAX || is_visited(stop));
        road::table(deps, start, &stops)
    });
    match table {
        Some(table) => {
            let by_road = visit_plan::plan(Legs::Road(&table), needs, offers, &asked.pinned).map_err(too_many)?;
            Ok((by_road, DistanceBy::Road))
        }
        None => Ok((straight, DistanceBy::StraightLine)),
    }
}

/// Words that say nothing are met by anything: a need of such words alone is none, and beside a category they go.
fn leave_out_empty_words(needs: &mut [Need]) -> Outcome<()> {
    for (at, need) in needs.iter_mut().enumerate() {
        let Some(words) = &need.words else { continue };
        if says_something(words)? {
            continue;
        }
        if need.category.is_none() {
            let rule = "a word that says what is needed, or a category";
            return Err(Refusal::field(Code::SaysNothing, format!("needs.{at}.q")).rule(rule).into());
        }
        need.words = None;
    }
    Ok(())
}

/// Once for all that asks what the words surely mean. Of words that tell of several needs, those of the need that is
/// matched are looked for.
fn read_words(needs: &mut [Need]) -> Outcome<()> {
    for need in needs {
        let read = need.words.as_deref().map(Index::read_need).transpose()?.unwrap_or_default();
        need.words = read.part.filter(|_| need.category.is_none()).or(need.words.take());
        (need.meant, need.standing_in, need.of_parts) = (read.surely, read.nearly, read.of_parts);
    }
    Ok(())
}

/// A need is matched by one category: what else its words mean is told, that it may be asked as a need of its own.
fn also_meant(need: &Need) -> Vec<String> {
    let is_matched = |code: &String| match &need.category {
        Some(asked) => is_of_category(code, asked),
        None => need.meant.as_ref() == Some(code),
    };
    need.of_parts.iter().filter(|code| !is_matched(code)).cloned().collect()
}

fn check(asked: &Asked, now: Time) -> Result<(), Refusal> {
    for (at, need) in asked.needs.iter().enumerate() {
        if let Some(code) = &need.category {
            Taxonomy::embedded().check(code, format!("needs.{at}.category"))?;
        }
    }
    check_children(&asked.family.children, now)?;
    match asked.pinned.iter().position(|id| asked.dropped.contains(id)) {
        Some(at) => Err(Refusal::field(Code::InvalidValue, format!("pinned.{at}")).rule("not dropped as well")),
        None => Ok(()),
    }
}

fn check_children(children: &[Child], now: Time) -> Result<(), Refusal> {
    if children.len() > CHILDREN_MAX {
        return Err(Refusal::field(Code::TooMany, "children").rule(format!("<= {CHILDREN_MAX}")));
    }
    let today = Month::of(local_day(now));
    let mut each = children.iter().enumerate();
    each.try_for_each(|(at, child)| child.check(today, &format!("children.{at}")))
}

/// What every part of one matching looks at.
struct Ground<'a> {
    asked: &'a Asked,
    place: &'a PlaceFound,
    now: Time,
    is_professional: bool,
    loaded: HashMap<Id, Arc<ServiceAggregate>>,
}

impl Ground<'_> {
    fn radius_km(&self) -> f64 {
        self.asked.radius_km.unwrap_or(RADIUS_KM_DEFAULT)
    }

    fn hunt(&mut self, deps: &Deps, index: &Index) -> Outcome<Vec<Hunt>> {
        let tells_of_a_need = |need: &Need| need.meant.is_some() || !need.standing_in.is_empty();
        let begin = |need: &Need| Hunt::new(self.searches(deps, need), tells_of_a_need(need));
        let mut hunts: Vec<Hunt> = self.asked.needs.iter().map(begin).collect();
        self.load(deps, &mut self.asked.pinned.clone())?;
        while hunts.iter().any(|hunt| !hunt.has_enough) {
            hunts.par_iter_mut().filter(|hunt| !hunt.has_enough).try_for_each(|hunt| hunt.search(index))?;
            let mut wanted = hunt::choose(&mut hunts);
            self.load(deps, &mut wanted)?;
            let looked_for = hunts.iter_mut().zip(&self.asked.needs).filter(|(hunt, _)| !hunt.has_enough);
            for (hunt, need) in looked_for {
                hunt.choices = self.choices(hunt, need);
                let may_suit: Vec<&Choice> = hunt.choices.iter().filter(|choice| choice.may_suit()).collect();
                let (are_enough, is_one_near) =
                    (may_suit.len() >= OFFERS_PER_NEED_MAX, may_suit.iter().any(|choice| !choice.is_far()));
                hunt.has_enough = are_enough || hunt.is_over() && (is_one_near || !hunt.widen());
            }
        }
        Ok(hunts)
    }

    /// Reads what is not read yet, for all needs at once.
    fn load(&mut self, deps: &Deps, wanted: &mut Vec<Id>) -> Outcome<()> {
        wanted.retain(|id| !self.loaded.contains_key(id) && !self.asked.dropped.contains(id));
        wanted.sort_unstable();
        wanted.dedup();
        let read = deps.store.read(|conn| services::list_aggregates(conn, wanted))?;
        wanted.clear();
        // The index may be a moment behind: what has left since is not offered.
        let is_offered = |one: &ServiceAggregate| {
            one.service.retired_at.is_none()
                && matches!(one.service.status, ServiceStatus::Active | ServiceStatus::TemporarilyClosed)
        };
        for mut one in read.into_iter().filter(is_offered) {
            one.locations.retain(|place| place.retired_at.is_none());
            self.loaded.insert(one.service.id, Arc::new(one));
        }
        Ok(())
    }

    fn searches(&self, deps: &Deps, need: &Need) -> Vec<Searching> {
        let freshness = deps.freshness_rules();
        let child = need.child.and_then(|at| self.asked.family.children.get(at));
        let age = child.and_then(|child| u32::try_from(matching::age_months(*child, self.now)).ok());
        let near = Request {
            text: need.words.clone(),
            lang: self.asked.lang,
            origin: Some(self.place.origin.clone()),
            radius_km: Some(self.radius_km()),
            categories: need.category.iter().cloned().collect(),
            ages_months: age.into_iter().collect(),
            sort: Some(Sort::Relevance),
            only_sure: need.words.is_some(),
            limit: PAGE_SERVICES,
            hide_overdue_days: freshness.hides.then_some(freshness.hide_overdue_days),
            audience: if self.is_professional { Audience::Professional } else { Audience::Public },
            ..Request::new(self.now)
        };
        let serving = Request { coverage: Some(Coverage::Served), radius_km: None, ..near.clone() };
        let spoken = self.asked.family.languages.iter();
        let spoken = spoken.map(|code| Request { language: Some(code.clone()), ..near.clone() });
        let in_language: Vec<(Request, bool)> = spoken.map(|request| (request, false)).collect();
        let all = [(near, false), (serving, true)].into_iter().chain(in_language);
        all.map(|(request, is_of_territory)| Searching::new(request, is_of_territory)).collect()
    }

    /// Every service found in every way that it may be used.
    fn choices(&self, hunt: &Hunt, need: &Need) -> Vec<Choice> {
        let mut ranked: Vec<((u8, Fit, Answer, usize, u64, Id), Choice)> = vec![];
        let mut add = |id: Id, order: usize, found: Option<&Found>, because: &[Note]| {
            let Some(aggregate) = self.loaded.get(&id) else { return };
            let is_of_territory = found.is_none_or(|found| found.is_of_territory);
            let held = found.map_or(WordsHeld::Mentioned, |found| found.held);
            for mut choice in self.ways(aggregate, (need, held), is_of_territory) {
                choice.meets_several = found.is_some_and(|found| found.meets_several);
                choice.assessment.why.extend(because.iter().cloned());
                // Below 2e10 and never negative: the cast holds.
                let far_mm = choice.distance_km.map_or(u64::MAX, |km| (km * 1e6) as u64);
                let worth = worth_planning(&choice.assessment).unwrap_or(u8::MAX);
                let Assessment { fit, answer, .. } = choice.assessment;
                ranked.push(((worth, fit, answer, order, far_mm, id), choice));
            }
        };
        for found in hunt.looked_at() {
            add(found.id, found.order, Some(found), &found.because);
        }
        for id in self.asked.pinned.iter().filter(|id| !hunt.has_looked_at(id)) {
            if self.loaded.get(id).is_some_and(|one| is_of_need(&one.service, need)) {
                add(*id, usize::MAX, None, &[]);
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, choice)| choice).collect()
    }

    /// Without a visit, where it comes to the family; else at each of its nearest places.
    fn ways(
        &self,
        one: &Arc<ServiceAggregate>,
        (need, held): (&Need, WordsHeld),
        is_of_territory: bool,
    ) -> Vec<Choice> {
        let is_pinned = self.asked.pinned.contains(&one.service.id);
        let (territories, serves) = (&self.place.origin.territories, &one.service.served);
        let is_said = !serves.is_empty() && !territories.is_empty();
        let served = is_said.then(|| serves.iter().any(|id| territories.contains(id)));
        let from_home = one.locations.iter().filter(|place| self.is_shown(place));
        let from_home = from_home.filter_map(|place| self.place.origin.point.zip(place.point));
        let comes_from_km = from_home.map(|(from, to)| from.distance_km(to)).min_by(f64::total_cmp);
        let choice = |way: Way, at: Option<usize>, distance_km: Option<f64>| {
            let place = at.and_then(|at| one.locations.get(at));
            let (family, service) = (&self.asked.family, &one.service);
            let case =
                Case { family, need, service, held, way, place, distance_km, comes_from_km, served, now: self.now };
            let assessment = matching::assess(case);
            Choice { aggregate: one.clone(), way, place: at, distance_km, assessment, is_pinned, meets_several: false }
        };
        if let Some(way) = matching::without_visit(&one.service, served) {
            return vec![choice(way, None, None)];
        }
        if !matching::is_visited(&one.service) {
            // It would have to come, and does not come here.
            return if is_pinned { vec![choice(Way::AtHome, None, None)] } else { vec![] };
        }
        let shown = one.locations.iter().enumerate().filter(|(_, place)| self.is_shown(place));
        let reached = shown.filter_map(|(at, place)| Some((self.reached(place, is_pinned)?, place.id, at)));
        let mut places: Vec<(f64, Id, usize)> = reached.collect();
        places.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        places.truncate(PLACES_PER_SERVICE_MAX);
        let is_elsewhere = one.locations.is_empty() || one.locations.iter().any(|place| !self.is_shown(place));
        if places.is_empty()
            && is_elsewhere
            && (is_of_territory || one.locations.iter().any(|place| self.lies_inside(place)))
        {
            return vec![choice(Way::Visit, None, None)];
        }
        let km = |km: f64| km.is_finite().then_some(km);
        places.into_iter().map(|(far, _, at)| choice(Way::Visit, Some(at), km(far))).collect()
    }

    /// It lies in the place asked, which has no point: so much is told of a place that is hidden.
    fn lies_inside(&self, place: &Location) -> bool {
        let asked = self.place.origin.inside.as_ref();
        asked.is_some_and(|asked| place.territories.ids().any(|id| id == asked))
    }

    /// Whoever asks may know where it is.
    fn is_shown(&self, place: &Location) -> bool {
        let may_see = match place.visibility {
            Visibility::Public => true,
            Visibility::Professional => self.is_professional,
            Visibility::RegionOnly => false,
        };
        may_see && place.point.is_some()
    }

    /// How far a place is that the family goes to; none for one out of reach. Nothing has a distance (it is infinite)
    /// from a place without a point: then what lies in that place is gone to.
    fn reached(&self, place: &Location, is_pinned: bool) -> Option<f64> {
        let km = self.place.origin.point.zip(place.point).map(|(from, to)| from.distance_km(to));
        let is_reached = km.map_or_else(|| self.lies_inside(place), |km| km <= self.radius_km());
        (is_reached || is_pinned).then_some(km.unwrap_or(f64::INFINITY))
    }
}

fn is_of_need(service: &Service, need: &Need) -> bool {
    let asked = need.category.as_deref().or(need.meant.as_deref());
    asked.is_some_and(|asked| matching::gives(service, asked))
}

/// Each service once, in its best way.
fn told(choices: &[Choice], limit: usize) -> Vec<Choice> {
    let mut seen = HashSet::new();
    let suits = |choice: &&Choice| choice.assessment.fit != Fit::Unsuited || choice.is_pinned;
    let first = choices.iter().filter(suits).filter(|choice| seen.insert(choice.service().id));
    first.take(limit).cloned().collect()
}

/// Why services do not suit, each service once.
fn unsuited(choices: &[Choice]) -> BTreeMap<Cause, usize> {
    let mut services: HashMap<Id, &Choice> = HashMap::new();
    for choice in choices {
        services.entry(choice.service().id).or_insert(choice);
    }
    let mut causes = BTreeMap::new();
    for choice in services.into_values().filter(|choice| choice.assessment.fit == Fit::Unsuited) {
        for cause in choice.assessment.against() {
            *causes.entry(cause).or_default() += 1;
        }
    }
    causes
}

/// What the plan may use for a need: what answers it and suits or may; where nothing does, what answers nearly, else
/// what is doubtful; and what is pinned. What only helps beside the need is told, and leaves it uncovered. Where
/// something suits, what only may suit spares no visit: nobody stays at home for a help that may not be one. Where all
/// that answers is far away, what answers nearly may be gone to beside the family.
fn planned(mut choices: Vec<Choice>) -> Vec<Choice> {
    let best = choices.iter().filter_map(|choice| worth_planning(&choice.assessment)).min();
    let is_best = |choice: &Choice| best.is_some() && worth_planning(&choice.assessment) == best;
    let is_all_far = best == Some(0) && choices.iter().filter(|choice| is_best(choice)).all(Choice::is_far);
    let stands_in = |choice: &Choice| {
        let is_beside = choice.way == Way::Visit && choice.distance_km.is_some() && !choice.is_far();
        is_all_far && is_beside && worth_planning(&choice.assessment) == Some(1)
    };
    let fitting: Vec<Option<f64>> = {
        let fits = choices.iter().filter(|choice| choice.assessment.fit == Fit::Fits);
        fits.map(|choice| choice.distance_km).collect()
    };
    choices.retain(|one| one.assessment.fit == Fit::Fits || one.is_pinned || one.is_worth_asking(&fitting));
    let (mut kept, mut kept_standing_in) = (0, 0);
    let mut planned = vec![];
    for choice in choices {
        let may_be_used = is_best(&choice) || stands_in(&choice);
        let kept = if is_best(&choice) { &mut kept } else { &mut kept_standing_in };
        let is_one = may_be_used && *kept < OFFERS_PER_NEED_MAX;
        *kept += usize::from(is_one);
        if is_one || choice.is_pinned || (choice.meets_several && may_be_used) {
            planned.push(choice);
        }
    }
    planned
}

/// Less is better; none of what is not planned.
fn worth_planning(assessment: &Assessment) -> Option<u8> {
    match (assessment.fit, assessment.answer) {
        (Fit::Fits | Fit::MayFit, Answer::Surely) => Some(0),
        (Fit::Fits | Fit::MayFit, Answer::Near) => Some(1),
        (Fit::Doubtful, Answer::Surely) => Some(2),
        (Fit::Fits | Fit::MayFit, Answer::Perhaps) => Some(3),
        (Fit::Fits | Fit::MayFit, Answer::Mentions) => Some(4),
        _ => None,
    }
}

/// The rank of a choice is its place among those of its need.
fn offers_of(all: &[(usize, Choice)]) -> Vec<Offer> {
    let mut ranks: BTreeMap<usize, u32> = BTreeMap::new();
    let mut offer = |(need, choice): &(usize, Choice)| {
        let next = ranks.entry(*need).or_default();
        let rank = *next;
        *next += 1;
        let stop = (choice.way == Way::Visit).then(|| stop_of(choice));
        Offer { need: *need, service_id: choice.service().id, stop, rank }
    };
    all.iter().map(&mut offer).collect()
}

/// A place that may not be told is a stop all the same, without a point: services of one organisation are met there in
/// one visit where they are given at the same place.
fn stop_of(choice: &Choice) -> Stop {
    let hidden = || choice.service().at_locations.first().map(|link| link.location_id);
    let (location_id, point) = match choice.location() {
        Some(place) => (Some(place.id), place.point),
        None => (hidden(), None),
    };
    Stop { organization_id: choice.service().organization_id, location_id, point }
}

fn uncovered(deps: &Deps, ground: &Ground<'_>, index: &Index, plan: &Plan) -> Outcome<Vec<Uncovered>> {
    let territory = residence(deps, ground);
    let mut found = vec![];
    for at in &plan.uncovered {
        let Some(need) = ground.asked.needs.get(*at) else { continue };
        let told = need.category.as_ref().or(need.meant.as_ref()).or(need.standing_in.first());
        let category = match told {
            Some(code) => Some(code.clone()),
            None => category_of(ground, index, need)?,
        };
        found.push(Uncovered { need: *at, category, territory: territory.clone() });
    }
    Ok(found)
}

/// The category of what holds the words anywhere: a need is recorded by its category, never by somebody's words.
fn category_of(ground: &Ground<'_>, index: &Index, need: &Need) -> Outcome<Option<String>> {
    let request = Request {
        text: need.words.clone(),
        lang: ground.asked.lang,
        sort: Some(Sort::Relevance),
        only_sure: true,
        limit: 1,
        ..Request::new(ground.now)
    };
    let first = index.search(&request)?.hits.into_iter().next();
    Ok(first.and_then(|hit| hit.categories.into_iter().find(|code| Taxonomy::embedded().is_known(code))))
}

/// A municipality only where it was named: that of a point is an estimate, and reports rest on what is sure.
fn residence(deps: &Deps, ground: &Ground<'_>) -> Option<Residence> {
    let within = match (&ground.asked.place, &ground.place.named) {
        (Place::Point(point), _) => deps.gazetteer().locate(*point).exact(),
        (Place::Named(_), Some(named)) => deps.gazetteer().located_in(&named.id),
        (Place::Named(_), None) => return None,
    };
    let municipality = within.municipality.map(Residence::Municipality);
    municipality.or(within.mrc.map(Residence::Mrc)).or(within.region.map(Residence::Region))
}
