//! The fewest visits that meet the needs of one family, then the shortest way through them. Pure: which services meet
//! which need, how well, and where, comes in; nothing here knows why.
//!
//! A visit is an organisation at a place. What comes to the family, or is given from afar, is no visit. Among all plans
//! over the offers given, the one chosen has, in this order: every need that some offer meets, and every pinned service
//! that is offered; the fewest visits; the least distance, from the start through all stops to the last (an open tour:
//! the way home is not counted); the least sum of ranks. It is exact: one table over (what is met, where the family is)
//! that visits each pair once (Held and Karp 1962, doi:10.1137/0110015), with the choice of places inside it. Distances
//! are whole millimetres, so that sums are exact and the order of additions does not matter. They are those of straight
//! lines, or of a table of ways by road among the stops that it knows: no road is shorter than the straight line, which
//! is all that the search rests on to leave something out.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::directory::Point;
use super::road::{Leg, RoadTable, key};
use crate::id::Id;

/// Needs of one plan.
pub const NEEDS_MAX: usize = 8;

/// Needs that no pinned service meets, and pinned services, together.
pub const TASKS_MAX: usize = 10;

/// First stops that a quick plan is tried from, to know what is too far before the exact search begins.
const QUICK_STARTS_MAX: usize = 16;

const MILLIMETRES_PER_KM: f64 = 1_000_000.0;

/// Where a visit goes. The same organisation at the same place is one stop, and has one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    pub organization_id: Id,
    /// Absent where nobody says where it is.
    pub location_id: Option<Id>,
    /// Absent where it may not be known: the stop is visited, and no distance is counted to it or from it.
    pub point: Option<Point>,
}

type StopKey = (Id, Option<Id>);

impl Stop {
    fn key(&self) -> StopKey {
        (self.organization_id, self.location_id)
    }
}

/// One way to meet one need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// From 0, below [`NEEDS_MAX`].
    pub need: usize,
    pub service_id: Id,
    /// `None`: nobody has to go anywhere.
    pub stop: Option<Stop>,
    /// 0 for the best offer of the need.
    pub rank: u32,
}

/// One stop of a plan, and which of the offers it is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub stop: Stop,
    /// Places in the list of offers, by need.
    pub offers: Vec<usize>,
    /// From the stop before, or the start, along a straight line; `None` where one of the two has no point.
    pub leg_mm: Option<u64>,
    /// The same by road, where the plan was made by road and there is one.
    pub road: Option<Leg>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// In the order in which they are made.
    pub visits: Vec<Visit>,
    /// Offers that need no visit, by need.
    pub without_visit: Vec<usize>,
    /// Needs that no offer meets.
    pub uncovered: Vec<usize>,
    /// All legs that are known, along straight lines.
    pub tour_mm: u64,
}

impl Plan {
    /// All legs by road; `None` where there is none to count, or one of them has no road.
    pub fn tour_by_road(&self) -> Option<Leg> {
        let mut known = self.visits.iter().filter(|visit| visit.leg_mm.is_some()).map(|visit| visit.road).peekable();
        known.peek()?;
        known.sum()
    }
}

/// How far it is from one place to another: what makes a tour the shortest.
#[derive(Debug, Clone, Copy)]
pub enum Legs<'a> {
    /// Along great circles, from the family where its place is known.
    Straight(Option<Point>),
    /// By road, from the family of the table. Stops that it does not know are in no plan.
    Road(&'a RoadTable),
}

/// Farther than any tour there is: a leg without a road is taken only where nothing else is left.
const WITHOUT_ROAD_MM: u64 = 10_000_000_000_000;

/// Where the family is on its tour.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Start,
    Stop(Point),
}

impl Legs<'_> {
    fn start(self) -> Option<Point> {
        match self {
            Self::Straight(start) => start,
            Self::Road(table) => Some(table.family()),
        }
    }

    fn straight_mm(self, from: At, to: Option<Point>) -> Option<u64> {
        let from = match from {
            At::Start => self.start(),
            At::Stop(point) => Some(point),
        };
        from.zip(to).map(|(from, to)| millimetres(from, to))
    }

    fn by_road(self, from: At, to: Option<Point>) -> Option<Leg> {
        match (self, from) {
            (Self::Straight(_), _) => None,
            (Self::Road(table), At::Start) => table.leg(None, to?),
            (Self::Road(table), At::Stop(point)) => table.leg(Some(point), to?),
        }
    }

    /// What a leg costs; nothing where one of the two has no point.
    fn cost_mm(self, from: At, to: Option<Point>) -> u64 {
        let straight_mm = self.straight_mm(from, to).unwrap_or(0);
        match (self, to) {
            (Self::Straight(_), _) | (_, None) => straight_mm,
            (Self::Road(_), Some(_)) => self.by_road(from, to).map_or(WITHOUT_ROAD_MM + straight_mm, |leg| leg.mm),
        }
    }

    fn is_known(self, stop: &Stop) -> bool {
        match (self, stop.point) {
            (Self::Straight(_), _) | (_, None) => true,
            (Self::Road(table), Some(point)) => table.knows(point),
        }
    }
}

/// More pinned services and other needs than [`TASKS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyTasks;

/// Great-circle distance in whole millimetres.
pub fn millimetres(from: Point, to: Point) -> u64 {
    // At most 2.1e10, and never negative: the cast holds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = (from.distance_km(to) * MILLIMETRES_PER_KM).round() as u64;
    whole
}

/// # Errors
/// [`TooManyTasks`]: nothing is planned rather than less than exactly.
pub fn plan(legs: Legs<'_>, needs: usize, offers: &[Offer], pinned: &[Id]) -> Result<Plan, TooManyTasks> {
    let tasks = tasks_of(offers, pinned);
    if tasks.len() > TASKS_MAX {
        return Err(TooManyTasks);
    }
    let problem = Problem::new(offers, &tasks, legs);
    let steps = problem.solve(legs);
    Ok(assemble(legs, needs, offers, &tasks, &problem, &steps))
}

/// The points through which a shortest tour by road may go, for a table of at most so many places: those of the plan
/// along straight lines, so that by road it takes no more visits, then those of other stops with which as few visits
/// do. Of these the nearest come first, by turns one for each set of needs that is met at one stop.
pub fn worth_knowing(start: Point, straight: &Plan, offers: &[Offer], pinned: &[Id], most: usize) -> Vec<Point> {
    let problem = Problem::new(offers, &tasks_of(offers, pinned), Legs::Straight(Some(start)));
    let fewest = problem.visits_left(0);
    let as_few = |tasks: Mask| tasks & problem.required != 0 && problem.visits_left(tasks) + 1 == fewest;
    let mut others: Vec<(usize, u64, Point)> = vec![];
    for (_, sites) in problem.groups().into_iter().filter(|(tasks, _)| as_few(*tasks)) {
        let points = sites.iter().filter_map(|at| problem.sites.get(*at).and_then(|site| site.stop.point));
        let mut near: Vec<(u64, Point)> = points.map(|point| (millimetres(start, point), point)).collect();
        near.sort_by(|left, right| left.0.cmp(&right.0).then(key(left.1).cmp(&key(right.1))));
        near.dedup_by_key(|(_, point)| key(*point));
        others.extend(near.into_iter().enumerate().map(|(turn, (far_mm, point))| (turn, far_mm, point)));
    }
    others.sort_by_key(|(turn, far_mm, point)| (*turn, *far_mm, key(*point)));
    let first = straight.visits.iter().filter_map(|visit| visit.stop.point);
    let mut seen = HashSet::new();
    let all = first.chain(others.into_iter().map(|(_, _, point)| point)).filter(|point| seen.insert(key(*point)));
    all.take(most).collect()
}

/// Something that the plan must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// Make use of a service.
    Pin(Id),
    Meet(usize),
}

impl Task {
    fn is_done_by(self, offer: &Offer) -> bool {
        match self {
            Self::Pin(service_id) => offer.service_id == service_id,
            Self::Meet(need) => offer.need == need,
        }
    }
    fn rank(self, offer: &Offer) -> u32 {
        match self {
            Self::Pin(_) => 0,
            Self::Meet(_) => offer.rank,
        }
    }
}

type Ways = BTreeSet<Option<StopKey>>;

fn ways(offers: &[Offer], is_one: impl Fn(&Offer) -> bool) -> Ways {
    offers.iter().filter(|offer| is_one(offer)).map(|offer| offer.stop.map(|stop| stop.key())).collect()
}

/// The pinned services that are offered, and the needs that they do not meet by themselves.
fn tasks_of(offers: &[Offer], pinned: &[Id]) -> Vec<Task> {
    let offered: BTreeSet<Id> = offers.iter().map(|offer| offer.service_id).collect();
    let pins: BTreeSet<Id> = pinned.iter().copied().filter(|id| offered.contains(id)).collect();
    // Wherever the pinned service is used, the need is met.
    let is_met_by = |need: usize, pin: &Id| {
        let of_need = ways(offers, |offer| offer.service_id == *pin && offer.need == need);
        !of_need.is_empty() && of_need == ways(offers, |offer| offer.service_id == *pin)
    };
    let needs: BTreeSet<usize> = offers.iter().map(|offer| offer.need).collect();
    let left = needs.into_iter().filter(|need| !pins.iter().any(|pin| is_met_by(*need, pin)));
    pins.iter().map(|id| Task::Pin(*id)).chain(left.map(Task::Meet)).collect()
}

/// A set of tasks, one bit each.
type Mask = u16;

/// A stop with the tasks that it does.
#[derive(Debug, Clone)]
struct Site {
    stop: Stop,
    tasks: Mask,
    ranks: [u32; TASKS_MAX],
}

impl Site {
    fn rank_of(&self, tasks: Mask) -> u32 {
        bits(tasks).filter_map(|task| self.ranks.get(task)).sum()
    }
}

fn bits(mask: Mask) -> impl Iterator<Item = usize> {
    (0..TASKS_MAX).filter(move |bit| mask & (1 << bit) != 0)
}

struct Problem {
    /// By organisation and place, so that the order of the offers does not matter.
    sites: Vec<Site>,
    /// Tasks that only a visit does.
    required: Mask,
    /// Of tasks done without a visit, the rank without one.
    at_home: [Option<u32>; TASKS_MAX],
    /// Visits that a set of required tasks takes at least.
    fewest: Vec<u32>,
}

/// One visit of the plan, and the tasks done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    site: usize,
    tasks: Mask,
}

impl Problem {
    fn new(offers: &[Offer], tasks: &[Task], legs: Legs<'_>) -> Self {
        let mut at_home = [None; TASKS_MAX];
        for (task, rank) in tasks.iter().zip(at_home.iter_mut()) {
            let done = offers.iter().filter(|offer| offer.stop.is_none() && task.is_done_by(offer));
            *rank = done.map(|offer| task.rank(offer)).min();
        }
        let mut sites: BTreeMap<StopKey, Site> = BTreeMap::new();
        for offer in offers {
            let Some(stop) = offer.stop.filter(|stop| legs.is_known(stop)) else { continue };
            for (bit, task) in tasks.iter().enumerate().filter(|(_, task)| task.is_done_by(offer)) {
                let rank = task.rank(offer);
                // Where nobody has to go, a visit is of use only if it does better.
                if at_home.get(bit).copied().flatten().is_some_and(|known| known <= rank) {
                    continue;
                }
                let empty = || Site { stop, tasks: 0, ranks: [u32::MAX; TASKS_MAX] };
                let site = sites.entry(stop.key()).or_insert_with(empty);
                site.tasks |= 1 << bit;
                if let Some(known) = site.ranks.get_mut(bit) {
                    *known = rank.min(*known);
                }
            }
        }
        let sites: Vec<Site> = sites.into_values().collect();
        let by_visit = |bit: &usize| at_home.get(*bit).copied().flatten().is_none();
        let required = (0..tasks.len()).filter(by_visit).fold(0, |mask, bit| mask | (1 << bit));
        let fewest = fewest_visits(&sites, required, tasks.len());
        Self { sites, required, at_home, fewest }
    }

    /// Visits still to be made once some tasks are done, at least.
    fn visits_left(&self, done: Mask) -> u32 {
        self.fewest.get(usize::from(self.required & !done)).copied().unwrap_or(u32::MAX)
    }

    /// The sets of tasks that one more visit may do without a visit too many: for each distinct set of a site, those
    /// that are new and bring the end one visit nearer.
    fn moves(&self, groups: &[(Mask, Vec<usize>)], done: Mask) -> Vec<(usize, Mask)> {
        let left = self.visits_left(done);
        let mut found = vec![];
        for (group, (tasks, _)) in groups.iter().enumerate() {
            let new = tasks & !done;
            let mut subset = new;
            while subset != 0 {
                if subset & self.required != 0 && self.visits_left(done | subset) + 1 == left {
                    found.push((group, subset));
                }
                subset = (subset - 1) & new;
            }
        }
        found
    }

    fn groups(&self) -> Vec<(Mask, Vec<usize>)> {
        let mut groups: BTreeMap<Mask, Vec<usize>> = BTreeMap::new();
        for (at, site) in self.sites.iter().enumerate() {
            groups.entry(site.tasks).or_default().push(at);
        }
        groups.into_iter().collect()
    }

    fn solve(&self, legs: Legs<'_>) -> Vec<Step> {
        if self.required == 0 {
            return vec![];
        }
        let bound_mm = self.quick_tour_mm(legs);
        // What lies farther than a whole tour is in no shortest one.
        let far_mm = |site: &Site| legs.straight_mm(At::Start, site.stop.point);
        let is_near = |site: &Site| far_mm(site).is_none_or(|far_mm| far_mm <= bound_mm);
        let kept: Vec<usize> = (0..self.sites.len()).filter(|at| self.sites.get(*at).is_some_and(is_near)).collect();
        let near = Self {
            sites: kept.iter().filter_map(|at| self.sites.get(*at).cloned()).collect(),
            required: self.required,
            at_home: self.at_home,
            fewest: self.fewest.clone(),
        };
        let steps = Search::new(&near, legs, bound_mm).run();
        let back = |step: Step| kept.get(step.site).map(|site| Step { site: *site, ..step });
        steps.into_iter().filter_map(back).collect()
    }

    /// The length of some tour with the fewest visits: always to the nearest stop that helps, from several beginnings.
    fn quick_tour_mm(&self, legs: Legs<'_>) -> u64 {
        let groups = self.groups();
        let nexts = self.helpful(&groups, legs, At::Start, 0);
        let tours = nexts.iter().take(QUICK_STARTS_MAX).map(|first| {
            let (mut length_mm, mut done, mut at) = (0, 0, At::Start);
            let mut next = Some(*first);
            while let Some((leg_mm, site)) = next {
                let Some(site) = self.sites.get(site) else { break };
                length_mm += leg_mm;
                done |= site.tasks;
                at = site.stop.point.map_or(at, At::Stop);
                next = self.helpful(&groups, legs, at, done).first().copied();
            }
            length_mm
        });
        tours.min().unwrap_or(u64::MAX)
    }

    /// The sites that bring the end one visit nearer, with their distance from somewhere, the nearest first.
    fn helpful(&self, groups: &[(Mask, Vec<usize>)], legs: Legs<'_>, from: At, done: Mask) -> Vec<(u64, usize)> {
        if self.required & !done == 0 {
            return vec![];
        }
        let left = self.visits_left(done);
        let helps = |tasks: Mask| tasks & self.required & !done != 0 && self.visits_left(done | tasks) + 1 == left;
        let sites = groups.iter().filter(|(tasks, _)| helps(*tasks)).flat_map(|(_, sites)| sites);
        let leg = |site: &usize| {
            let to = self.sites.get(*site).and_then(|site| site.stop.point);
            (legs.cost_mm(from, to), *site)
        };
        let mut found: Vec<(u64, usize)> = sites.map(leg).collect();
        found.sort_unstable();
        found
    }
}

/// For each set of tasks, the visits that its required ones take at least.
fn fewest_visits(sites: &[Site], required: Mask, tasks: usize) -> Vec<u32> {
    let distinct: BTreeSet<Mask> = sites.iter().map(|site| site.tasks & required).filter(|mask| *mask != 0).collect();
    let mut fewest: Vec<u32> = vec![0; 1 << tasks];
    for set in 1..fewest.len() {
        // Below 2 to the power of TASKS_MAX: it fits.
        let left = Mask::try_from(set).unwrap_or(0) & required;
        let helping = distinct.iter().filter(|mask| *mask & left != 0);
        let after = helping.filter_map(|mask| fewest.get(usize::from(left & !mask)).copied()).min();
        let visits = if left == 0 { 0 } else { after.map_or(u32::MAX / 2, |after| after + 1) };
        if let Some(slot) = fewest.get_mut(set) {
            *slot = visits;
        }
    }
    fewest
}

/// The best way known to have done a set of tasks and be somewhere.
#[derive(Debug, Clone, Copy)]
struct Cell {
    length_mm: u64,
    rank: u32,
    /// The state before, and the visit that led here.
    before: (Mask, usize),
    step: Step,
}

const UNREACHED: Cell = Cell { length_mm: u64::MAX, rank: u32::MAX, before: (0, 0), step: Step { site: 0, tasks: 0 } };

/// The exact search. Where the family is, is the start (0) or the last site with a point, counted from 1.
struct Search<'a> {
    problem: &'a Problem,
    groups: Vec<(Mask, Vec<usize>)>,
    /// No tour is longer.
    bound_mm: u64,
    legs_mm: Vec<u64>,
    /// From each position, the least distance along a straight line to a site that does each task.
    nearest_mm: Vec<[u64; TASKS_MAX]>,
    /// By set of tasks done; empty until something reaches it.
    rows: Vec<Vec<Cell>>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, legs: Legs<'_>, bound_mm: u64) -> Self {
        let points: Vec<Option<Point>> =
            std::iter::once(legs.start()).chain(problem.sites.iter().map(|site| site.stop.point)).collect();
        let width = points.len();
        let mut legs_mm = vec![0; width * width];
        for (from, a) in points.iter().enumerate() {
            for (to, b) in points.iter().enumerate().skip(from + 1) {
                let leg_mm = a.zip(*b).map_or(0, |(a, b)| millimetres(a, b));
                for at in [from * width + to, to * width + from] {
                    if let Some(slot) = legs_mm.get_mut(at) {
                        *slot = leg_mm;
                    }
                }
            }
        }
        let mut nearest_mm = vec![[u64::MAX; TASKS_MAX]; width];
        for (row, nearest) in legs_mm.chunks(width).zip(&mut nearest_mm) {
            for (site, leg_mm) in problem.sites.iter().zip(row.iter().skip(1)) {
                for task in bits(site.tasks) {
                    if let Some(known) = nearest.get_mut(task) {
                        *known = (*known).min(*leg_mm);
                    }
                }
            }
        }
        if let Legs::Road(_) = legs {
            let positions = points.iter().enumerate().map(|(at, point)| match (at, point) {
                (0, _) => Some(At::Start),
                // From a stop without a point nobody goes on: the family counts as where it was before.
                (_, point) => point.map(At::Stop),
            });
            for (from, row) in positions.zip(legs_mm.chunks_mut(width)) {
                let Some(from) = from else { continue };
                row.iter_mut().zip(&points).skip(1).for_each(|(leg_mm, to)| *leg_mm = legs.cost_mm(from, *to));
            }
        }
        let rows = vec![vec![]; problem.fewest.len()];
        Self { problem, groups: problem.groups(), bound_mm, legs_mm, nearest_mm, rows }
    }

    fn width(&self) -> usize {
        self.problem.sites.len() + 1
    }

    fn run(mut self) -> Vec<Step> {
        let total = self.problem.visits_left(0);
        if let Some(first) = self.rows.first_mut() {
            *first = vec![UNREACHED; self.problem.sites.len() + 1];
            first[0] = Cell { length_mm: 0, rank: 0, ..UNREACHED };
        }
        // A set of tasks is reached after a number of visits that it decides itself: sets with more left come first.
        let mut order: Vec<Mask> = (0..self.problem.fewest.len()).filter_map(|set| Mask::try_from(set).ok()).collect();
        order.retain(|set| self.problem.visits_left(*set) <= total);
        order.sort_by_key(|set| (std::cmp::Reverse(self.problem.visits_left(*set)), *set));
        for done in order.iter().copied().filter(|done| self.problem.required & !done != 0) {
            self.go_on_from(done);
        }
        self.way_to_the_best()
    }

    fn go_on_from(&mut self, done: Mask) {
        let Some(row) = self.rows.get_mut(usize::from(done)).map(std::mem::take) else { return };
        if row.is_empty() {
            return;
        }
        let moves = self.problem.moves(&self.groups, done);
        let groups = std::mem::take(&mut self.groups);
        for (group, tasks) in moves {
            let sites = groups.get(group).map(|(_, sites)| sites.as_slice()).unwrap_or_default();
            for (at, cell) in row.iter().enumerate().filter(|(_, cell)| cell.length_mm != u64::MAX) {
                self.visit_each(sites, (done, at, *cell), tasks);
            }
        }
        self.groups = groups;
        if let Some(slot) = self.rows.get_mut(usize::from(done)) {
            *slot = row;
        }
    }

    fn visit_each(&mut self, sites: &[usize], (done, at, cell): (Mask, usize, Cell), tasks: Mask) {
        let width = self.width();
        let after = done | tasks;
        let left = self.problem.required & !after;
        let Some(target) = self.rows.get_mut(usize::from(after)) else { return };
        if target.is_empty() {
            *target = vec![UNREACHED; width];
        }
        for site in sites {
            let Some(there) = self.problem.sites.get(*site) else { continue };
            let leg_mm = self.legs_mm.get(at * width + site + 1).copied().unwrap_or(0);
            let (leg_mm, position) = if there.stop.point.is_some() { (leg_mm, site + 1) } else { (0, at) };
            let length_mm = cell.length_mm + leg_mm;
            if length_mm > self.bound_mm {
                continue;
            }
            // Whatever is left lies at least as far as the farthest of the nearest.
            let nearest = self.nearest_mm.get(position);
            let to_go_mm = nearest.and_then(|nearest| bits(left).filter_map(|task| nearest.get(task)).max());
            if length_mm + to_go_mm.copied().unwrap_or(0) > self.bound_mm {
                continue;
            }
            let rank = cell.rank + there.rank_of(tasks);
            let step = Step { site: *site, tasks };
            if let Some(known) = target.get_mut(position)
                && (length_mm, rank) < (known.length_mm, known.rank)
            {
                *known = Cell { length_mm, rank, before: (done, at), step };
            }
        }
    }

    fn way_to_the_best(&self) -> Vec<Step> {
        let is_over = |set: &usize| Mask::try_from(*set).is_ok_and(|set| self.problem.required & !set == 0);
        let without = |set: usize| -> u32 {
            let ranks = self.problem.at_home.iter().enumerate();
            ranks.filter(|(bit, _)| set & (1 << bit) == 0).filter_map(|(_, rank)| *rank).sum()
        };
        let ends = self.rows.iter().enumerate().filter(|(set, _)| is_over(set)).flat_map(|(set, row)| {
            let reached = row.iter().enumerate().filter(|(_, cell)| cell.length_mm != u64::MAX);
            reached.map(move |(at, cell)| ((cell.length_mm, cell.rank + without(set)), (set, at)))
        });
        let Some((_, (set, at))) = ends.min() else { return vec![] };
        let (mut set, mut at) = (set, at);
        let mut steps = vec![];
        while set != 0 {
            let Some(cell) = self.rows.get(set).and_then(|row| row.get(at)) else { break };
            steps.push(cell.step);
            (set, at) = (usize::from(cell.before.0), cell.before.1);
        }
        steps.reverse();
        steps
    }
}

/// The best of the offers that do a task in one way.
fn best_offer(offers: &[Offer], task: Task, way: Option<StopKey>, need: usize) -> Option<usize> {
    let here = |offer: &Offer| offer.stop.map(|stop| stop.key()) == way;
    let fits = |(_, offer): &(usize, &Offer)| offer.need == need && here(offer) && task.is_done_by(offer);
    let found = offers.iter().enumerate().filter(fits);
    found.min_by_key(|(_, offer)| (offer.rank, offer.service_id)).map(|(at, _)| at)
}

/// Every offer that a task is done by in one way: a pinned service meets all the needs that it can.
fn offers_of(offers: &[Offer], task: Task, way: Option<StopKey>) -> Vec<usize> {
    match task {
        Task::Meet(need) => best_offer(offers, task, way, need).into_iter().collect(),
        Task::Pin(_) => (0..NEEDS_MAX).filter_map(|need| best_offer(offers, task, way, need)).collect(),
    }
}

fn assemble(legs: Legs<'_>, needs: usize, offers: &[Offer], tasks: &[Task], problem: &Problem, steps: &[Step]) -> Plan {
    let mut plan = Plan::default();
    let (mut at, mut done) = (At::Start, 0);
    for step in steps {
        let Some(site) = problem.sites.get(step.site) else { continue };
        let here = bits(step.tasks).filter_map(|bit| tasks.get(bit));
        let chosen: BTreeSet<usize> = here.flat_map(|task| offers_of(offers, *task, Some(site.stop.key()))).collect();
        let (leg_mm, road) = (legs.straight_mm(at, site.stop.point), legs.by_road(at, site.stop.point));
        plan.tour_mm += leg_mm.unwrap_or(0);
        at = site.stop.point.map_or(at, At::Stop);
        done |= step.tasks;
        plan.visits.push(Visit { stop: site.stop, offers: by_need(offers, chosen), leg_mm, road });
    }
    let left = tasks.iter().enumerate().filter(|(bit, _)| done & (1 << bit) == 0);
    let at_home: BTreeSet<usize> = left.flat_map(|(_, task)| offers_of(offers, *task, None)).collect();
    plan.without_visit = by_need(offers, at_home);
    plan.uncovered = (0..needs).filter(|need| !offers.iter().any(|offer| offer.need == *need)).collect();
    plan
}

fn by_need(offers: &[Offer], chosen: BTreeSet<usize>) -> Vec<usize> {
    let mut chosen: Vec<usize> = chosen.into_iter().collect();
    chosen.sort_by_key(|at| offers.get(*at).map(|offer| (offer.need, offer.rank, offer.service_id)));
    chosen
}

#[cfg(test)]
mod tests;
