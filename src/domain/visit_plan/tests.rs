use proptest::prelude::*;

use super::*;

fn id(n: u32) -> Id {
    Id::from_words(&["visit_plan", &n.to_string()])
}

/// Hundredths of a degree around Longueuil, about a kilometre each.
fn point(lat: i32, lon: i32) -> Point {
    Point::new(45.5 + f64::from(lat) * 0.01, -73.5 + f64::from(lon) * 0.01).unwrap()
}

fn stop(n: u32, at: Option<(i32, i32)>) -> Option<Stop> {
    let point = at.map(|(lat, lon)| point(lat, lon));
    Some(Stop { organization_id: id(n), location_id: Some(id(1_000 + n)), point })
}

fn offer(need: usize, service: u32, stop: Option<Stop>, rank: u32) -> Offer {
    Offer { need, service_id: id(service), stop, rank }
}

const HOME: Option<(i32, i32)> = Some((0, 0));

fn home() -> Option<Point> {
    HOME.map(|(lat, lon)| point(lat, lon))
}

fn services(plan: &Plan, offers: &[Offer]) -> Vec<Vec<Id>> {
    let of = |visit: &Visit| visit.offers.iter().map(|at| offers[*at].service_id).collect();
    plan.visits.iter().map(of).collect()
}

#[test]
fn one_far_visit_for_all_needs_is_better_than_two_near_ones() {
    let offers = [
        offer(0, 1, stop(1, Some((0, 1))), 0),
        offer(1, 2, stop(2, Some((0, 2))), 0),
        offer(0, 3, stop(3, Some((9, 9))), 7),
        offer(1, 4, stop(3, Some((9, 9))), 8),
    ];
    let found = plan(Legs::Straight(home()), 2, &offers, &[]).unwrap();
    assert_eq!(services(&found, &offers), [[id(3), id(4)]]);
    assert_eq!(found.tour_mm, millimetres(point(0, 0), point(9, 9)));
}

#[test]
fn the_tour_goes_through_in_the_shortest_order_and_does_not_come_back() {
    // Always to the nearest next would go 1, then back past home to -2, then to 4.
    let offers = [
        offer(0, 1, stop(1, Some((0, 1))), 0),
        offer(1, 2, stop(2, Some((0, -2))), 0),
        offer(2, 3, stop(3, Some((0, 4))), 0),
    ];
    let found = plan(Legs::Straight(home()), 3, &offers, &[]).unwrap();
    assert_eq!(services(&found, &offers), [[id(2)], [id(1)], [id(3)]]);
    let legs: u64 = found.visits.iter().filter_map(|visit| visit.leg_mm).sum();
    assert_eq!(legs, found.tour_mm);
}

#[test]
fn what_comes_to_the_family_needs_no_visit() {
    let offers = [offer(0, 1, None, 3), offer(0, 2, stop(2, Some((0, 1))), 0), offer(1, 3, None, 0)];
    let found = plan(Legs::Straight(home()), 3, &offers, &[]).unwrap();
    assert_eq!((found.visits.len(), found.without_visit, found.uncovered), (0, vec![0, 2], vec![2]));
}

#[test]
fn a_stop_that_is_made_anyway_is_used_where_it_does_better() {
    let offers = [offer(0, 1, None, 3), offer(0, 2, stop(2, HOME), 0), offer(1, 3, stop(2, HOME), 0)];
    let found = plan(Legs::Straight(home()), 2, &offers, &[]).unwrap();
    assert_eq!((services(&found, &offers), found.without_visit), (vec![vec![id(2), id(3)]], vec![]));
    let worse = [offer(0, 1, None, 0), offer(0, 2, stop(2, HOME), 3), offer(1, 3, stop(2, HOME), 0)];
    let found = plan(Legs::Straight(home()), 2, &worse, &[]).unwrap();
    assert_eq!((services(&found, &worse), found.without_visit), (vec![vec![id(3)]], vec![0]));
}

#[test]
fn at_the_same_distance_the_better_ranked_service_is_taken() {
    let offers = [offer(0, 1, stop(1, Some((1, 1))), 5), offer(0, 2, stop(2, Some((1, 1))), 1)];
    assert_eq!(services(&plan(Legs::Straight(home()), 1, &offers, &[]).unwrap(), &offers), [[id(2)]]);
    // Nobody knows where the family is: nothing has a distance, the rank decides.
    let apart = [offer(0, 1, stop(1, Some((0, 0))), 5), offer(0, 2, stop(2, Some((90, 0))), 1)];
    assert_eq!(services(&plan(Legs::Straight(None), 1, &apart, &[]).unwrap(), &apart), [[id(2)]]);
}

#[test]
fn a_pinned_service_is_in_the_plan_and_serves_all_the_needs_that_it_can() {
    let offers = [
        offer(0, 1, stop(1, HOME), 0),
        offer(1, 2, stop(1, HOME), 0),
        offer(0, 3, stop(3, Some((5, 5))), 4),
        offer(1, 3, stop(3, Some((5, 5))), 4),
    ];
    let found = plan(Legs::Straight(home()), 2, &offers, &[id(3), id(99)]).unwrap();
    assert_eq!(services(&found, &offers), [[id(3), id(3)]], "both needs, and no other stop");
    let both = plan(Legs::Straight(home()), 2, &offers, &[id(3), id(1)]).unwrap();
    assert_eq!(both.visits.len(), 2, "two are pinned for one need: both are used");
}

#[test]
fn a_place_that_may_not_be_known_is_visited_and_shortens_no_way() {
    let offers = [offer(0, 1, stop(1, None), 0), offer(1, 2, stop(2, Some((0, 5))), 0)];
    let found = plan(Legs::Straight(home()), 2, &offers, &[]).unwrap();
    assert_eq!(found.visits.len(), 2);
    assert_eq!(found.tour_mm, millimetres(point(0, 0), point(0, 5)), "no free ride over the hidden place");
}

#[test]
fn by_road_what_lies_across_the_river_is_far() {
    // Two kilometres away over the water and forty by the bridge; five kilometres away on this side.
    let offers = [offer(0, 1, stop(1, Some((0, 2))), 0), offer(0, 2, stop(2, Some((0, -5))), 1)];
    let points = points_of(&offers);
    let leg = |km: u64| Some(Leg { mm: km * 1_000_000, seconds: km * 60 });
    let far = vec![leg(40); 3];
    let table = RoadTable::new(point(0, 0), &points, vec![vec![None, leg(40), leg(6)], far.clone(), far.clone()]);
    let straight = plan(Legs::Straight(home()), 1, &offers, &[]).unwrap();
    assert_eq!((services(&straight, &offers), straight.tour_by_road()), (vec![vec![id(1)]], None));
    let found = plan(Legs::Road(&table), 1, &offers, &[]).unwrap();
    assert_eq!((services(&found, &offers), found.tour_by_road()), (vec![vec![id(2)]], leg(6)));
    assert_eq!(found.tour_mm, millimetres(point(0, 0), point(0, -5)), "the straight line is told beside it");
    // Where no road goes it is visited all the same, if nothing else is there, and its way is not told.
    let island = RoadTable::new(point(0, 0), &points, vec![vec![None, None, None], far.clone(), far]);
    let found = plan(Legs::Road(&island), 1, &offers, &[]).unwrap();
    assert_eq!((services(&found, &offers), found.tour_by_road()), (vec![vec![id(1)]], None));
}

#[test]
fn a_table_of_few_places_begins_with_those_that_matter() {
    let offers = [
        offer(0, 1, stop(1, Some((0, 9))), 0),
        offer(1, 1, stop(1, Some((0, 9))), 0),
        offer(0, 2, stop(2, Some((0, 1))), 0),
        offer(0, 3, stop(3, Some((9, 9))), 0),
        offer(1, 3, stop(3, Some((9, 9))), 0),
    ];
    let straight = plan(Legs::Straight(home()), 2, &offers, &[]).unwrap();
    let known = |most| worth_knowing(point(0, 0), &straight, &offers, &[], most);
    assert_eq!(known(9), [point(0, 9), point(9, 9)], "with the near one two visits are made");
    assert_eq!(known(1), [point(0, 9)]);
}

#[test]
fn more_than_can_be_planned_exactly_is_said() {
    let many = |pins: u32| {
        let pinned: Vec<Id> = (0..pins).map(id).collect();
        let mut offers: Vec<Offer> = (0..pins).map(|n| offer(0, n, stop(n, HOME), 0)).collect();
        offers.extend((1..8).map(|need| offer(need, 50 + need as u32, stop(50 + need as u32, HOME), 0)));
        plan(Legs::Straight(home()), 8, &offers, &pinned).map(|plan| plan.visits.len())
    };
    assert_eq!((many(3), many(4)), (Ok(10), Err(TooManyTasks)));
    assert_eq!(plan(Legs::Straight(home()), 2, &[], &[id(1)]), Ok(Plan { uncovered: vec![0, 1], ..Plan::default() }));
}

/// Every set of stops, in every order.
fn brute_force(legs: Legs<'_>, offers: &[Offer], pinned: &[Id]) -> (usize, u64, u32) {
    let mut stops: Vec<Stop> = vec![];
    for stop in offers.iter().filter_map(|offer| offer.stop) {
        if !stops.iter().any(|known| known.key() == stop.key()) {
            stops.push(stop);
        }
    }
    let offered = |service: &Id| offers.iter().any(|offer| offer.service_id == *service);
    let pins: BTreeSet<Id> = pinned.iter().copied().filter(offered).collect();
    let needs: BTreeSet<usize> = offers.iter().map(|offer| offer.need).collect();
    let mut best = (usize::MAX, u64::MAX, u32::MAX);
    for set in 0..1_u32 << stops.len() {
        let chosen: Vec<Stop> =
            stops.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0).map(|(_, stop)| *stop).collect();
        let there = |offer: &&Offer| offer.stop.is_none_or(|stop| chosen.iter().any(|one| one.key() == stop.key()));
        let pins_used = pins.iter().all(|pin| offers.iter().filter(there).any(|offer| offer.service_id == *pin));
        let ranks = needs.iter().map(|need| {
            let pinned = offers.iter().any(|offer| offer.need == *need && pins.contains(&offer.service_id));
            let ranks = offers.iter().filter(there).filter(|offer| offer.need == *need).map(|offer| offer.rank);
            if pinned { Some(0) } else { ranks.min() }
        });
        let Some(rank) = ranks.sum::<Option<u32>>().filter(|_| pins_used) else { continue };
        let known: Vec<Point> = chosen.iter().filter_map(|stop| stop.point).collect();
        best = best.min((chosen.len(), shortest(legs, At::Start, &known), rank));
    }
    best
}

fn shortest(legs: Legs<'_>, from: At, left: &[Point]) -> u64 {
    let through = left.iter().enumerate().map(|(at, next)| {
        let rest: Vec<Point> = left.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, one)| *one).collect();
        legs.cost_mm(from, Some(*next)) + shortest(legs, At::Stop(*next), &rest)
    });
    through.min().unwrap_or(0)
}

fn told(plan: &Plan, offers: &[Offer], pinned: &[Id]) -> (usize, u64, u32) {
    told_by(plan.tour_mm, plan, offers, pinned)
}

fn told_by(tour_mm: u64, plan: &Plan, offers: &[Offer], pinned: &[Id]) -> (usize, u64, u32) {
    let used: Vec<&Offer> =
        plan.visits.iter().flat_map(|visit| &visit.offers).chain(&plan.without_visit).map(|at| &offers[*at]).collect();
    let is_pinned = |need: usize| offers.iter().any(|offer| offer.need == need && pinned.contains(&offer.service_id));
    let rank = used.iter().filter(|offer| !is_pinned(offer.need)).map(|offer| offer.rank).sum();
    (plan.visits.len(), tour_mm, rank)
}

/// What the visits of a plan cost in their order.
fn cost(legs: Legs<'_>, plan: &Plan) -> u64 {
    let (mut at, mut all_mm) = (At::Start, 0);
    for visit in &plan.visits {
        all_mm += legs.cost_mm(at, visit.stop.point);
        at = visit.stop.point.map_or(at, At::Stop);
    }
    all_mm
}

fn points_of(offers: &[Offer]) -> Vec<Point> {
    let mut points: Vec<Point> = vec![];
    for point in offers.iter().filter_map(|offer| offer.stop.and_then(|stop| stop.point)) {
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// A table of ways of any lengths: not the same there and back, through detours shorter, and some of them not there.
fn table_of(points: &[Point], lengths: &[Option<u32>]) -> RoadTable {
    let mut lengths = lengths.iter().cycle();
    let leg = |length: &Option<u32>| length.map(|metres| Leg { mm: u64::from(metres) * 1_000, seconds: 60 });
    let mut row = || (0..=points.len()).map(|_| lengths.next().and_then(leg)).collect();
    let rows = (0..=points.len()).map(|_| row()).collect();
    RoadTable::new(point(0, 0), points, rows)
}

/// A stop by number, where every third is at a point of its own, every seventh nowhere, and others share one.
fn stop_of(n: u32) -> Option<Stop> {
    let at = match n {
        6 => None,
        n => Some(((n as i32 * 7) % 5 - 2, (n as i32 * 3) % 4 - 1)),
    };
    stop(n, at)
}

fn any_offer() -> impl Strategy<Value = Offer> {
    (0..4_usize, 0..6_u32, proptest::option::weighted(0.9, 0..7_u32), 0..5_u32).prop_map(|(need, service, at, rank)| {
        // A service is of one organisation, and is given in the same ways for every need.
        let stop = at.and_then(stop_of);
        offer(need, service * 10 + at.unwrap_or(9), stop, rank)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_plan_has_fewer_visits_or_a_shorter_way_or_better_services(
        offers in proptest::collection::vec(any_offer(), 0..14),
        pins in proptest::collection::vec(0..60_u32, 0..3),
        has_start in proptest::bool::weighted(0.8),
    ) {
        let pinned: Vec<Id> = pins.into_iter().map(id).collect();
        let start = home().filter(|_| has_start);
        let found = plan(Legs::Straight(start), 4, &offers, &pinned).unwrap();
        prop_assert_eq!(told(&found, &offers, &pinned), brute_force(Legs::Straight(start), &offers, &pinned));
        let used: Vec<usize> =
            found.visits.iter().flat_map(|visit| &visit.offers).chain(&found.without_visit).copied().collect();
        for need in 0..4 {
            let is_met = used.iter().any(|at| offers[*at].need == need);
            prop_assert_eq!(is_met, !found.uncovered.contains(&need));
        }
        for pin in pinned.iter().filter(|pin| offers.iter().any(|offer| offer.service_id == **pin)) {
            prop_assert!(used.iter().any(|at| offers[*at].service_id == *pin));
        }
        for visit in &found.visits {
            let here = |at: &usize| offers[*at].stop.map(|stop| stop.key()) == Some(visit.stop.key());
            prop_assert!(!visit.offers.is_empty() && visit.offers.iter().all(here));
        }
    }

    #[test]
    fn by_road_no_plan_has_fewer_visits_or_a_shorter_way_or_better_services(
        offers in proptest::collection::vec(any_offer(), 0..14),
        pins in proptest::collection::vec(0..60_u32, 0..3),
        lengths in proptest::collection::vec(proptest::option::weighted(0.9, 0..9_000_u32), 1..64),
    ) {
        let pinned: Vec<Id> = pins.into_iter().map(id).collect();
        let table = table_of(&points_of(&offers), &lengths);
        let legs = Legs::Road(&table);
        let found = plan(legs, 4, &offers, &pinned).unwrap();
        prop_assert_eq!(
            told_by(cost(legs, &found), &found, &offers, &pinned),
            brute_force(legs, &offers, &pinned)
        );
        let known: Option<Vec<Leg>> =
            found.visits.iter().filter(|visit| visit.leg_mm.is_some()).map(|visit| visit.road).collect();
        let tour = known.filter(|legs| !legs.is_empty()).map(|legs| legs.into_iter().sum::<Leg>());
        prop_assert_eq!(found.tour_by_road(), tour);
        prop_assert!(tour.is_none_or(|tour| tour.mm == cost(legs, &found) && tour.mm >= found.tour_mm));
    }

    #[test]
    fn over_a_table_of_few_places_it_takes_no_more_visits_and_no_longer_way(
        offers in proptest::collection::vec(any_offer(), 0..14),
        pins in proptest::collection::vec(0..60_u32, 0..3),
        lengths in proptest::collection::vec(proptest::option::weighted(0.9, 0..9_000_u32), 1..64),
        more in 0..4_usize,
    ) {
        let pinned: Vec<Id> = pins.into_iter().map(id).collect();
        let straight = plan(Legs::Straight(home()), 4, &offers, &pinned).unwrap();
        let most = straight.visits.len() + more;
        let points = worth_knowing(point(0, 0), &straight, &offers, &pinned, most);
        let table = table_of(&points, &lengths);
        let legs = Legs::Road(&table);
        let found = plan(legs, 4, &offers, &pinned).unwrap();
        prop_assert!(points.len() <= most);
        prop_assert_eq!(found.visits.len(), straight.visits.len());
        prop_assert_eq!(&found.uncovered, &straight.uncovered);
        prop_assert!(cost(legs, &found) <= cost(legs, &straight));
    }

    #[test]
    fn the_order_of_the_offers_does_not_matter(
        offers in proptest::collection::vec(any_offer(), 0..14).prop_shuffle(),
    ) {
        let mut sorted = offers.clone();
        sorted.sort_by_key(|offer| (offer.need, offer.service_id, offer.rank, offer.stop.map(|stop| stop.key())));
        let shown = |offers: &[Offer]| {
            let plan = plan(Legs::Straight(home()), 4, offers, &[]).unwrap();
            let stops: Vec<StopKey> = plan.visits.iter().map(|visit| visit.stop.key()).collect();
            (stops, services(&plan, offers), plan.tour_mm)
        };
        prop_assert_eq!(shown(&offers), shown(&sorted));
    }
}
