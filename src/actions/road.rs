//! Distances by road beside straight lines, where the operator has a router: of a page of results, and among the stops
//! of a plan. One question for each; where there is no answer, straight lines stand. Only points that whoever asks is
//! shown are asked for, and the family's own is rounded before it leaves.

use std::collections::{HashMap, HashSet};

use super::Deps;
use super::search::Found;
use crate::domain::directory::Point;
use crate::domain::road::{ASKED_KM_MAX, CoarsePoint, Leg, RoadTable, key};
use crate::road::{PLACES_MAX, PLACES_OF_TABLE_MAX, Router, Sources};
use crate::search::Hit;

/// Stops among which a plan is made by road.
pub const STOPS_MAX: usize = PLACES_OF_TABLE_MAX;

/// Whether somebody can be asked, now, for the distances of a page.
pub fn is_worth_asking(deps: &Deps, found: &Found) -> bool {
    let has_places = || !places(found, origin(found)).is_empty();
    in_service(deps).is_some() && has_places()
}

/// A page with its distances by road, where they are known.
pub fn measured(deps: &Deps, mut found: Found) -> Found {
    found.road = in_service(deps).and_then(|router| ways_of_page(deps, router, &found));
    found
}

/// The ways among a family and the stops of its plan; none where they are not known.
pub(super) fn table(deps: &Deps, family: Point, stops: &[Point]) -> Option<RoadTable> {
    let router = in_service(deps)?;
    let is_all_near = stops.iter().all(|stop| family.distance_km(*stop) <= ASKED_KM_MAX);
    if stops.is_empty() || stops.len() > STOPS_MAX || !is_all_near {
        return None;
    }
    let rows = router.ways(deps.clock.now(), CoarsePoint::of(family), stops, Sources::Everywhere)?;
    Some(RoadTable::new(family, stops, rows))
}

fn in_service(deps: &Deps) -> Option<&Router> {
    deps.router.as_ref().filter(|router| router.is_in_service(deps.clock.now()))
}

fn origin(found: &Found) -> Option<Point> {
    found.place.as_ref().and_then(|place| place.origin.point)
}

fn point_of(hit: &Hit) -> Option<Point> {
    hit.place.as_ref().and_then(|place| Point::new(place.lat, place.lon))
}

/// Where the results are, each point once, no farther than a router is asked for.
fn places(found: &Found, origin: Option<Point>) -> Vec<Point> {
    let Some(origin) = origin else { return vec![] };
    let near = found.page.hits.iter().filter_map(point_of).filter(|at| origin.distance_km(*at) <= ASKED_KM_MAX);
    let mut seen = HashSet::new();
    near.filter(|at| seen.insert(key(*at))).take(PLACES_MAX).collect()
}

/// In the order of the results.
fn ways_of_page(deps: &Deps, router: &Router, found: &Found) -> Option<Vec<Option<Leg>>> {
    let origin = origin(found)?;
    let places = places(found, Some(origin));
    let rows = router.ways(deps.clock.now(), CoarsePoint::of(origin), &places, Sources::Family)?;
    let legs = rows.into_iter().next()?.into_iter().skip(1);
    let known = places.iter().zip(legs).filter_map(|(at, leg)| Some((key(*at), leg?.between(origin, *at))));
    let known: HashMap<_, Leg> = known.collect();
    Some(found.page.hits.iter().map(|hit| known.get(&key(point_of(hit)?)).copied()).collect())
}
