//! A search as it is asked, in a query string or a JSON document with the same members, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::conditions::{Said, Several, ages_of, conditions_of};
use super::members::{Object, not_null};
use crate::actions::demand::UnmetNeed;
use crate::actions::search::{Found, NamedPlace, Place, PlaceFound, Search};
use crate::clock::Time;
use crate::config::{SEARCH_TEXT_BYTES_MAX, SEARCH_WORDS_MAX};
use crate::domain::area::Area;
use crate::domain::conditions::{Cost, Documents};
use crate::domain::directory::{Placement, Point};
use crate::domain::language::{Lang, is_language};
use crate::domain::plain_text::{check_line, check_lines};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::road::{DistanceBy, Leg};
use crate::id::Id;
use crate::search::{
    Caution, Coverage, Explanation, Facet, FacetCounts, Factors, Highlight, Hit, Kind, Part, Piece, Reason, Relation,
    Sort, count_words,
};
use crate::text::road;

const NEAR_CHARS_MAX: usize = 200;
/// What a cursor holds of the longest search: see `search/rank/cursor.rs`.
const CURSOR_CHARS_MAX: usize = 5_000;
const BBOX_CHARS_MAX: usize = 200;
const RADIUS_KM_MAX: f64 = 2_000.0;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    #[serde(default, deserialize_with = "not_null")]
    q: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    lang: Option<Lang>,
    #[serde(default, deserialize_with = "not_null")]
    lat: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    lon: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    near: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    radius_km: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    coverage: Option<Coverage>,
    #[serde(default, deserialize_with = "not_null")]
    category: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    territory: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    bbox: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    polygon: Option<Object<PolygonBody>>,
    #[serde(default, deserialize_with = "not_null")]
    open_at: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    age_months: Option<Several>,
    #[serde(default, deserialize_with = "not_null")]
    language: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    cost: Option<Cost>,
    #[serde(default, deserialize_with = "not_null")]
    wheelchair: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    no_car: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    has_room: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    documents: Option<Documents>,
    #[serde(default, deserialize_with = "not_null")]
    delivery: Option<Several>,
    #[serde(default, deserialize_with = "not_null")]
    public: Option<Several>,
    #[serde(default, deserialize_with = "not_null")]
    open_from: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    open_to: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    open_weekly: Option<Several>,
    #[serde(default, deserialize_with = "not_null")]
    known_only: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    sort: Option<Sort>,
    #[serde(default, deserialize_with = "not_null")]
    exact: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    min_change: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    include_stale: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    facets: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    explain: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    highlight: Option<bool>,
    #[serde(default, deserialize_with = "not_null")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    cursor: Option<String>,
}

/// GeoJSON (RFC 7946): the outer ring and the holes, corners as longitude and latitude.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolygonBody {
    #[serde(rename = "type")]
    kind: String,
    coordinates: Vec<Vec<Vec<f64>>>,
}

impl SearchBody {
    /// The first of the members that concern one asking, and not what is asked.
    pub fn passing_member(&self) -> Option<&'static str> {
        let passing = [
            ("open_at", self.open_at.is_some()),
            ("open_from", self.open_from.is_some()),
            ("open_to", self.open_to.is_some()),
            ("min_change", self.min_change.is_some()),
            ("include_stale", self.include_stale.is_some()),
            ("explain", self.explain.is_some()),
            ("highlight", self.highlight.is_some()),
            ("limit", self.limit.is_some()),
            ("cursor", self.cursor.is_some()),
        ];
        passing.into_iter().find(|(_, is_said)| *is_said).map(|(name, _)| name)
    }

    /// `lang` is the language of the request where the search does not name one.
    pub fn parse(self, lang: Lang) -> Result<Search, Refusal> {
        let place = place_of(self.lat, self.lon, self.near)?;
        let limit = within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1, LIMIT_MAX)?;
        let conditions = conditions_of(Said {
            cost: self.cost,
            wheelchair: self.wheelchair,
            no_car: self.no_car,
            has_room: self.has_room,
            documents: self.documents,
            delivery: self.delivery,
            public: self.public,
            open_from: self.open_from,
            open_to: self.open_to,
            open_weekly: self.open_weekly,
            known_only: self.known_only,
        })?;
        Ok(Search {
            text: self.q.map(|text| search_text("q", text)).transpose()?,
            lang: self.lang.unwrap_or(lang),
            exact: self.exact.unwrap_or(false),
            place,
            radius_km: self.radius_km.map(radius_of).transpose()?,
            coverage: self.coverage,
            category: self.category,
            territory: self.territory,
            area: area_of(self.bbox, self.polygon)?,
            facets: self.facets.map_or(Ok(vec![]), |names| facets_of(&names))?,
            explain: self.explain.unwrap_or(false),
            highlight: self.highlight.unwrap_or(false),
            open_at: self.open_at.as_deref().map(|text| instant_of("open_at", text)).transpose()?,
            ages_months: self.age_months.map_or(Ok(vec![]), ages_of)?,
            language: self.language.map(language_of).transpose()?,
            conditions,
            sort: self.sort,
            min_change: self.min_change.map(|change| within("min_change", change, 0, i64::MAX)).transpose()?,
            include_stale: self.include_stale.unwrap_or(false),
            limit: usize::try_from(limit).unwrap_or(1),
            cursor: short("cursor", self.cursor, CURSOR_CHARS_MAX).map_err(|_| invalid_cursor())?,
        })
    }
}

fn invalid_cursor() -> Refusal {
    Refusal::field(Code::InvalidCursor, "cursor")
}

pub(super) fn place_of(lat: Option<f64>, lon: Option<f64>, near: Option<String>) -> Result<Option<Place>, Refusal> {
    let near = short("near", near, NEAR_CHARS_MAX)?;
    if let Some(near) = &near {
        check_line(near, "near")?;
    }
    match (lat, lon, near) {
        (None, None, None) => Ok(None),
        (None, None, Some(name)) => Ok(Some(Place::Named(name))),
        (Some(lat), Some(lon), None) => {
            let (lat, lon) = (degrees("lat", lat, 90.0)?, degrees("lon", lon, 180.0)?);
            Ok(Point::new(lat, lon).map(Place::Point))
        }
        (Some(_), Some(_), Some(_)) => Err(Refusal::field(Code::InvalidValue, "near").rule("lat and lon, or near")),
        (Some(_), None, _) => Err(Refusal::field(Code::MissingField, "lon").rule("lat and lon")),
        (None, Some(_), _) => Err(Refusal::field(Code::MissingField, "lat").rule("lat and lon")),
    }
}

/// West, south, east and north of a box, as GeoJSON has them, or a polygon.
fn area_of(bbox: Option<String>, polygon: Option<Object<PolygonBody>>) -> Result<Option<Area>, Refusal> {
    match (short("bbox", bbox, BBOX_CHARS_MAX)?, polygon) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Refusal::field(Code::InvalidValue, "polygon").rule("bbox, or polygon")),
        (Some(text), None) => {
            let sides: Result<Vec<f64>, _> = text.split(',').map(|side| side.trim().parse()).collect();
            let Ok(&[west, south, east, north]) = sides.as_deref() else {
                return Err(Refusal::field(Code::InvalidValue, "bbox").rule("west,south,east,north"));
            };
            Area::from_box("bbox", west, south, east, north).map(Some)
        }
        (None, Some(Object(polygon))) if polygon.kind == "Polygon" => {
            Area::from_rings("polygon", &polygon.coordinates).map(Some)
        }
        (None, Some(_)) => Err(Refusal::field(Code::InvalidValue, "polygon.type").rule("Polygon")),
    }
}

/// Each once, in the order asked.
fn facets_of(names: &str) -> Result<Vec<Facet>, Refusal> {
    let mut facets = vec![];
    for name in names.split(',').map(str::trim) {
        let known = || Facet::ALL.iter().map(|facet| facet.as_str()).collect::<Vec<_>>().join(", ");
        let facet = Facet::parse(name).ok_or_else(|| Refusal::field(Code::InvalidValue, "facets").rule(known()))?;
        if !facets.contains(&facet) {
            facets.push(facet);
        }
    }
    Ok(facets)
}

fn degrees(field: &str, value: f64, max: f64) -> Result<f64, Refusal> {
    // What is not a number is in no range.
    let inside = (-max..=max).contains(&value);
    inside.then_some(value).ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("-{max}..={max}")))
}

pub(super) fn radius_of(value: f64) -> Result<f64, Refusal> {
    let inside = value > 0.0 && value <= RADIUS_KM_MAX;
    inside
        .then_some(value)
        .ok_or_else(|| Refusal::field(Code::OutOfRange, "radius_km").rule(format!("> 0, <= {RADIUS_KM_MAX}")))
}

pub(super) fn within(field: &str, value: i64, min: i64, max: i64) -> Result<i64, Refusal> {
    let inside = (min..=max).contains(&value);
    inside.then_some(value).ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("{min}..={max}")))
}

pub(super) fn short(field: &str, value: Option<String>, chars_max: usize) -> Result<Option<String>, Refusal> {
    match value {
        Some(text) if text.chars().count() > chars_max => {
            Err(Refusal::field(Code::TooLong, field).rule(format!("<= {chars_max} characters")))
        }
        other => Ok(other),
    }
}

/// A text to search for, no longer and of no more words than a search reads.
pub(super) fn search_text(field: &str, text: String) -> Result<String, Refusal> {
    if text.len() > SEARCH_TEXT_BYTES_MAX {
        return Err(Refusal::over(field, "search_text_bytes_max", SEARCH_TEXT_BYTES_MAX));
    }
    if count_words(&text) > SEARCH_WORDS_MAX {
        return Err(Refusal::over(field, "search_words_max", SEARCH_WORDS_MAX));
    }
    check_lines(&text, field)?;
    Ok(text)
}

pub(super) fn instant_of(field: &str, text: &str) -> Result<Time, Refusal> {
    Time::parse_rfc3339(text).map_err(|_| Refusal::field(Code::InvalidDate, field).rule("RFC 3339, with an offset"))
}

const LANGUAGE_RULE: &str = "ISO 639-1; ISO 639-3 of a language of Québec that has no shorter code";

pub(super) fn language_of(code: String) -> Result<String, Refusal> {
    let code = code.to_ascii_lowercase();
    is_language(&code).then_some(code).ok_or_else(|| Refusal::field(Code::InvalidValue, "language").rule(LANGUAGE_RULE))
}

#[derive(Debug, Serialize)]
pub struct SearchView {
    total: TotalView,
    results: Vec<ResultView>,
    next_cursor: Option<String>,
    /// Absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<FacetsView>,
    /// The place understood; absent when none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceView>,
    /// Absent where there is no point that anything is far from.
    #[serde(flatten)]
    distances: Option<DistancesView>,
    /// The body of a need, for a search with a place that found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmet_need: Option<UnmetNeedView>,
}

/// What the distances of an answer are.
#[derive(Debug, Serialize)]
pub(super) struct DistancesView {
    distance_by: DistanceBy,
    distance_text: &'static str,
}

impl DistancesView {
    pub fn new(by: DistanceBy, lang: Lang) -> Self {
        Self { distance_by: by, distance_text: road::sentence(by, lang) }
    }
}

/// What `POST /api/v1/needs` takes, with the finest territory alone: it gives those around it.
#[derive(Debug, Serialize)]
struct UnmetNeedView {
    category: String,
    #[serde(flatten)]
    territory: Option<TerritoryView>,
}

#[derive(Debug, Serialize)]
enum TerritoryView {
    #[serde(rename = "municipality_id")]
    Municipality(String),
    #[serde(rename = "mrc_id")]
    Mrc(String),
    #[serde(rename = "region_id")]
    Region(String),
}

/// By the names of the facets.
#[derive(Debug, Serialize)]
struct FacetsView(BTreeMap<&'static str, Vec<CountView>>);

#[derive(Debug, Serialize)]
struct CountView {
    value: String,
    count: u64,
}

impl FacetsView {
    fn new(counted: Vec<FacetCounts>) -> Option<Self> {
        let views = |counts: Vec<(String, u64)>| counts.into_iter().map(|(value, count)| CountView { value, count });
        let by_name = |one: FacetCounts| (one.facet.as_str(), views(one.counts).collect());
        (!counted.is_empty()).then(|| Self(counted.into_iter().map(by_name).collect()))
    }
}

#[derive(Debug, Serialize)]
struct TotalView {
    value: u64,
    relation: Relation,
}

#[derive(Debug, Serialize)]
struct ResultView {
    service_id: Id,
    name: String,
    organization: OrganizationView,
    categories: Vec<String>,
    location: Option<LocationView>,
    distance_km: Option<f64>,
    road_km: Option<f64>,
    road_minutes: Option<u64>,
    served: Option<bool>,
    open_now: Option<bool>,
    #[serde(rename = "match")]
    matched: Vec<MatchView>,
    cautions: Vec<Caution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highlights: Option<Vec<HighlightView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<ExplanationView>,
}

#[derive(Debug, Serialize)]
struct HighlightView {
    field: Part,
    pieces: Vec<PieceView>,
}

#[derive(Debug, Serialize)]
struct PieceView {
    text: String,
    found: bool,
}

/// See [`Explanation`]: numbers of the order, greater being better.
#[derive(Debug, Serialize)]
struct ExplanationView {
    sort: Sort,
    sureness: f64,
    words: f64,
    words_reach: f64,
    need: f64,
    need_reach: f64,
    known: f64,
    unsaid: u32,
    fit: f64,
    words_fit: f64,
    served: f64,
    open: f64,
    room: f64,
    fresh: f64,
    nearness: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct OrganizationView {
    pub id: Id,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct LocationView {
    pub id: Id,
    pub lat: f64,
    pub lon: f64,
    pub placement: Placement,
}

#[derive(Debug, Serialize)]
struct MatchView {
    term: String,
    kind: Kind,
    field: Option<Part>,
    found: String,
}

#[derive(Debug, Serialize)]
pub(super) struct PlaceView {
    /// Absent for a point given by its coordinates.
    id: Option<String>,
    name: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    /// Ids of the territories that hold it; those that are only estimated are used to search and never to count.
    territories: Vec<String>,
    /// Other places of the same name.
    alternatives: Vec<NamedPlaceView>,
}

#[derive(Debug, Serialize)]
struct NamedPlaceView {
    id: String,
    name: String,
    lat: Option<f64>,
    lon: Option<f64>,
}

impl SearchView {
    pub fn new(found: Found, lang: Lang) -> Self {
        let page = found.page;
        let by = if found.road.is_some() { DistanceBy::Road } else { DistanceBy::StraightLine };
        let has_point = found.place.as_ref().is_some_and(|place| place.origin.point.is_some());
        let highlights = found.highlights.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
        let legs = found.road.into_iter().flatten().chain(std::iter::repeat(None));
        let beside = highlights.zip(legs);
        let result = |(hit, (highlights, leg))| ResultView::new(hit, highlights, leg, lang);
        Self {
            total: TotalView { value: page.total.value, relation: page.total.relation },
            results: page.hits.into_iter().zip(beside).map(result).collect(),
            distances: has_point.then(|| DistancesView::new(by, lang)),
            next_cursor: page.next_cursor,
            facets: FacetsView::new(page.facets),
            place: found.place.map(PlaceView::new),
            unmet_need: found.unmet_need.map(UnmetNeedView::new),
        }
    }
}

impl UnmetNeedView {
    fn new(need: UnmetNeed) -> Self {
        let within = need.within;
        let municipality = within.municipality.map(TerritoryView::Municipality);
        let around = || within.mrc.map(TerritoryView::Mrc).or(within.region.map(TerritoryView::Region));
        Self { category: need.category, territory: municipality.or_else(around) }
    }
}

impl ResultView {
    fn new(hit: Hit, highlights: Option<Vec<Highlight>>, road: Option<Leg>, lang: Lang) -> Self {
        let place = hit.place;
        let views = |found: Vec<Highlight>| found.into_iter().map(HighlightView::new).collect();
        Self {
            service_id: hit.service_id,
            name: hit.name.get(lang).to_owned(),
            organization: OrganizationView {
                id: hit.organization_id,
                name: hit.organization_name.get(lang).to_owned(),
            },
            categories: hit.categories,
            location: place.map(|at| LocationView { id: at.id, lat: at.lat, lon: at.lon, placement: at.placement }),
            distance_km: hit.distance_km,
            road_km: road.map(Leg::km),
            road_minutes: road.map(Leg::minutes),
            served: hit.served,
            open_now: hit.open_now,
            matched: hit.matched.into_iter().map(MatchView::new).collect(),
            cautions: hit.cautions,
            highlights: highlights.map(views),
            explanation: hit.explanation.map(ExplanationView::new),
        }
    }
}

impl HighlightView {
    fn new(found: Highlight) -> Self {
        let view = |piece: Piece| PieceView { text: piece.text, found: piece.is_found };
        Self { field: found.field, pieces: found.pieces.into_iter().map(view).collect() }
    }
}

impl ExplanationView {
    fn new(said: Explanation) -> Self {
        let Factors { served, open, room, fresh, nearness } = said.factors;
        Self {
            sort: said.sort,
            sureness: said.sureness,
            words: said.words,
            words_reach: said.words_reach,
            need: said.need,
            need_reach: said.need_reach,
            known: said.known,
            unsaid: said.unsaid,
            fit: said.fit,
            words_fit: said.words_fit,
            served,
            open,
            room,
            fresh,
            nearness,
        }
    }
}

impl MatchView {
    fn new(reason: Reason) -> Self {
        Self { term: reason.term, kind: reason.kind, field: reason.field, found: reason.found }
    }
}

impl PlaceView {
    pub fn new(place: PlaceFound) -> Self {
        let point = place.origin.point;
        let (id, name) = place.named.map(|named| (named.id, named.name)).unzip();
        Self {
            id,
            name,
            lat: point.map(|point| point.lat),
            lon: point.map(|point| point.lon),
            territories: place.origin.territories,
            alternatives: place.alternatives.into_iter().map(NamedPlaceView::new).collect(),
        }
    }
}

impl NamedPlaceView {
    fn new(place: NamedPlace) -> Self {
        let point = place.point;
        Self { id: place.id, name: place.name, lat: point.map(|point| point.lat), lon: point.map(|point| point.lon) }
    }
}
