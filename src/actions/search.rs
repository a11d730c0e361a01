//! Searching the directory: a place is found on the map, the index is waited for when the caller wrote something just
//! before, and the index answers. Open to everybody; who is signed in sees the places kept for professionals.

use std::collections::HashMap;
use std::time::Duration;

use super::demand::{self, UnmetNeed};
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::area::Area;
use crate::domain::conditions::Conditions;
use crate::domain::directory::{LocatedIn, Point, ServiceAggregate};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::road::Leg;
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::{Gazetteer, Level, Located, Match};
use crate::domain::viewer::{Role, Viewer};
use crate::id::Id;
use crate::search::{self, Audience, Coverage, Facet, Highlight, Hit, Index, Origin, Page, Part, Request, Sort};
use crate::store::{changes, services};

/// A text may mean several places: so many are told.
const PLACES_TOLD_MAX: usize = 10;
/// Names that a place which is not found was perhaps meant by.
const NAMES_OFFERED_MAX: usize = 3;

/// Where a search starts from, as asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    Point(Point),
    /// A municipality, place or postal area, as somebody types it.
    Named(String),
}

/// A search, its numbers within their bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub text: Option<String>,
    pub lang: Lang,
    pub exact: bool,
    pub place: Option<Place>,
    pub radius_km: Option<f64>,
    pub coverage: Option<Coverage>,
    pub category: Option<String>,
    /// The id of a territory in which a place must lie.
    pub territory: Option<String>,
    /// A part of the map in which a place must lie.
    pub area: Option<Area>,
    pub open_at: Option<Time>,
    /// Of any of these ages; empty: of whichever.
    pub ages_months: Vec<u32>,
    pub language: Option<String>,
    pub conditions: Conditions,
    pub sort: Option<Sort>,
    /// The number of a change that the answer must know of.
    pub min_change: Option<i64>,
    /// Also what is hidden because nobody has confirmed it for too long: for curators.
    pub include_stale: bool,
    /// What is counted beside the page.
    pub facets: Vec<Facet>,
    /// Each result says what its place in the order is made of.
    pub explain: bool,
    /// Each result shows the words by which it was found where they stand.
    pub highlight: bool,
    pub limit: usize,
    pub cursor: Option<String>,
}

/// What was found, and the place that was understood.
#[derive(Debug, Clone)]
pub struct Found {
    pub page: Page,
    /// Of each hit of the page, where they were asked for.
    pub highlights: Option<Vec<Vec<Highlight>>>,
    pub place: Option<PlaceFound>,
    /// Where a search with a place found nothing.
    pub unmet_need: Option<UnmetNeed>,
    /// By road, of each result in its order; none where straight lines stand for all.
    pub road: Option<Vec<Option<Leg>>>,
}

/// The place understood.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceFound {
    pub origin: Origin,
    /// Absent for a point given by its coordinates.
    pub named: Option<NamedPlace>,
    /// Other places of the same name.
    pub alternatives: Vec<NamedPlace>,
    /// What it lies in for sure; of a point, no municipality that is only estimated.
    pub within: LocatedIn,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NamedPlace {
    pub id: String,
    pub name: String,
    pub point: Option<Point>,
}

/// Searches, and counts what was asked.
pub fn search(deps: &Deps, viewer: Option<&Viewer>, asked: Search) -> Outcome<Found> {
    let account = viewer.and_then(Viewer::account);
    if asked.include_stale && !account.is_some_and(|account| account.has_role(Role::Curator)) {
        return Err(Refusal::field(Code::Forbidden, "include_stale").rule("curator").into());
    }
    let (text, category) = (asked.text.clone(), asked.category.clone());
    let is_first_page = asked.cursor.is_none();
    let (lang, is_highlighted) = (asked.lang, asked.highlight);
    let mut found = find(deps, account.is_some(), asked)?;
    if is_highlighted {
        found.highlights = Some(highlights(deps, &found.page.hits, lang)?);
    }
    if let Some(place) = found.place.as_ref().filter(|_| is_first_page) {
        let found_nothing = found.page.total.value == 0;
        let said = (text.as_deref(), category.as_deref());
        demand::count(deps, deps.index()?, said, place, found_nothing);
        if found_nothing {
            found.unmet_need = demand::unmet_need(said, place)?;
        }
    }
    Ok(found)
}

/// Searches, and counts nothing.
pub(super) fn find(deps: &Deps, is_signed_in: bool, asked: Search) -> Outcome<Found> {
    if let Some(code) = &asked.category {
        Taxonomy::embedded().check(code, "category")?;
    }
    if asked.territory.as_ref().is_some_and(|id| deps.gazetteer().get(id).is_none()) {
        return Err(Refusal::field(Code::UnknownTerritory, "territory").into());
    }
    needs_a_place(&asked)?;
    let place = match &asked.place {
        Some(place) => Some(locate(deps.gazetteer(), place)?),
        None => None,
    };
    if asked.sort == Some(Sort::Distance) && place.as_ref().is_some_and(|place| place.origin.point.is_none()) {
        let rule = "relevance: a place as wide as a region has no point to measure from";
        return Err(Refusal::field(Code::InvalidValue, "sort").rule(rule).into());
    }
    let index = deps.index()?;
    if let Some(change) = asked.min_change {
        wait_for_change(deps, index, change)?;
    }
    let freshness = deps.freshness_rules();
    let hide_overdue_days = (freshness.hides && !asked.include_stale).then_some(freshness.hide_overdue_days);
    let request = Request {
        text: asked.text,
        lang: asked.lang,
        exact: asked.exact,
        origin: place.as_ref().map(|place| place.origin.clone()),
        radius_km: asked.radius_km,
        coverage: asked.coverage,
        categories: asked.category.into_iter().collect(),
        located: asked.territory.into_iter().collect(),
        area: asked.area,
        facets: asked.facets,
        explain: asked.explain,
        language: asked.language,
        open_at: asked.open_at,
        ages_months: asked.ages_months,
        conditions: asked.conditions,
        sort: asked.sort,
        limit: asked.limit,
        cursor: asked.cursor,
        hide_overdue_days,
        audience: if is_signed_in { Audience::Professional } else { Audience::Public },
        ..Request::new(deps.clock.now())
    };
    let page = index.search(&request).map_err(|error| match error {
        search::Error::InvalidCursor => Failure::from(Refusal::field(Code::InvalidCursor, "cursor")),
        other => other.into(),
    })?;
    Ok(Found { page, place, highlights: None, unmet_need: None, road: None })
}

/// The words by which each service was found, where they stand in its texts. What has left the directory since the
/// index was written has no texts.
fn highlights(deps: &Deps, hits: &[Hit], lang: Lang) -> Outcome<Vec<Vec<Highlight>>> {
    let ids: Vec<Id> = hits.iter().map(|hit| hit.service_id).collect();
    let read = deps.store.read(|conn| services::list_aggregates(conn, &ids))?;
    let mut by_id: HashMap<Id, ServiceAggregate> = read.into_iter().map(|one| (one.service.id, one)).collect();
    let of_one = |hit: &Hit| {
        let Some(found) = by_id.remove(&hit.service_id) else { return Ok(vec![]) };
        let document = &found.service.document;
        let mut texts =
            vec![(Part::Name, found.service.name.get(lang)), (Part::Organization, found.organization.name.get(lang))];
        let descriptions = [
            &document.description,
            &document.eligibility_description,
            &document.application_process,
            &document.fees_description,
        ];
        texts.extend(descriptions.map(|text| (Part::Description, text.get(lang))));
        Ok(search::highlights(&hit.matched, &texts)?)
    };
    hits.iter().map(of_one).collect()
}

/// Waits until the index has a change. One that nobody has made yet is refused at once: a thread is never held for it.
pub(super) fn wait_for_change(deps: &Deps, index: &Index, change: i64) -> Outcome<()> {
    if index.position().is_some_and(|reached| reached >= change) {
        return Ok(());
    }
    let head = deps.store.read(changes::head)?.n;
    if change > head {
        return Err(Refusal::field(Code::OutOfRange, "min_change").rule(format!("<= {head}")).into());
    }
    wait_for_made_change(deps, index, change)
}

/// Waits until the index has a change that was made.
pub(super) fn wait_for_made_change(deps: &Deps, index: &Index, change: i64) -> Outcome<()> {
    let wait_max = Duration::from_millis(deps.config.limits.search_min_change_wait_ms);
    if index.wait_for(change, wait_max) { Ok(()) } else { Err(Failure::IndexBehind) }
}

/// A radius, a coverage or an order by distance means nothing without a place to start from.
fn needs_a_place(asked: &Search) -> Result<(), Refusal> {
    let field = match asked {
        Search { place: Some(_), .. } => return Ok(()),
        Search { radius_km: Some(_), .. } => "radius_km",
        Search { coverage: Some(Coverage::Near | Coverage::Served), .. } => "coverage",
        Search { sort: Some(Sort::Distance), .. } => "sort",
        _ => return Ok(()),
    };
    Err(Refusal::field(Code::MissingField, "near").rule(format!("{field}: lat, lon | near")))
}

/// A point lies in its territories (the municipality is an estimate, good enough to search); a name is looked up, and
/// the likeliest of those that bear it is taken, the others told.
pub(super) fn locate(gazetteer: &Gazetteer, place: &Place) -> Result<PlaceFound, Refusal> {
    match place {
        Place::Point(point) => {
            let located = gazetteer.locate(*point);
            let within = within_for_sure(gazetteer, &located);
            let Located { region, mrc, borough, districts, municipality } = located;
            let municipality = municipality.map(|nearest| nearest.id);
            let territories = [region, mrc, municipality, borough].into_iter().flatten().chain(districts).collect();
            let origin = Origin { point: Some(*point), territories, inside: None };
            Ok(PlaceFound { origin, named: None, alternatives: vec![], within })
        }
        Place::Named(text) => {
            let mut matches = gazetteer.geocode_whole(text, PLACES_TOLD_MAX).into_iter();
            let found = matches.next().ok_or_else(|| unknown_place(gazetteer, text))?;
            let mut territories = gazetteer.ancestors(&found.territory_id);
            territories.extend(estimated_municipality(gazetteer, &found));
            let inside = found.point.is_none().then(|| found.territory_id.clone());
            let origin = Origin { point: found.point, territories, inside };
            let within = found.territories.clone();
            Ok(PlaceFound { origin, named: Some(named(found)), alternatives: matches.map(named).collect(), within })
        }
    }
}

/// Of a postal area the likeliest municipality: good enough to search, as that of a point is. A rural one reaches over
/// several, and nobody knows which is meant.
fn estimated_municipality(gazetteer: &Gazetteer, found: &Match) -> Option<String> {
    let is_known = found.level != Level::PostalArea || found.territories.mrc.is_none();
    let point = found.point.filter(|_| !is_known)?;
    let nearest = gazetteer.locate(point).municipality?.id;
    (gazetteer.ancestor_of_level(&nearest, Level::Mrc) == found.territories.mrc).then_some(nearest)
}

/// With the names that were perhaps meant.
fn unknown_place(gazetteer: &Gazetteer, text: &str) -> Refusal {
    let rule = "a municipality, borough, place or postal code of Québec, and after a comma what it is in";
    Refusal::field(Code::PlaceNotFound, "near").rule(rule).meant(gazetteer.names_near(text, NAMES_OFFERED_MAX))
}

/// The municipality of a point is an estimate, unless the point is in one of its boroughs.
fn within_for_sure(gazetteer: &Gazetteer, located: &Located) -> LocatedIn {
    let of_borough = |id: &String| gazetteer.ancestor_of_level(id, Level::Municipality);
    LocatedIn { municipality: located.borough.as_ref().and_then(of_borough), ..located.exact() }
}

fn named(found: Match) -> NamedPlace {
    NamedPlace { id: found.territory_id, name: found.label, point: found.point }
}
