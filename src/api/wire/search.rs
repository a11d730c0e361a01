//! A search as it is asked, in a query string or a JSON document with the same members, and what it answers.

use serde::{Deserialize, Serialize};

use crate::actions::demand::UnmetNeed;
use crate::actions::search::{Found, NamedPlace, Place, PlaceFound, Search};
use crate::clock::Time;
use crate::config::{SEARCH_TEXT_BYTES_MAX, SEARCH_WORDS_MAX};
use crate::domain::area::Area;
use crate::domain::directory::{Placement, Point};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::search::{Coverage, Facet, FacetCounts, Hit, Kind, Part, Reason, Relation, Sort, count_words};

const NEAR_CHARS_MAX: usize = 200;
/// What a cursor holds of the longest search: see `search/rank/cursor.rs`.
const CURSOR_CHARS_MAX: usize = 5_000;
const BBOX_CHARS_MAX: usize = 200;
const RADIUS_KM_MAX: f64 = 2_000.0;
const AGE_MONTHS_MAX: i64 = 1_200;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    q: Option<String>,
    lang: Option<Lang>,
    lat: Option<f64>,
    lon: Option<f64>,
    near: Option<String>,
    radius_km: Option<f64>,
    coverage: Option<Coverage>,
    category: Option<String>,
    territory: Option<String>,
    bbox: Option<String>,
    polygon: Option<PolygonBody>,
    open_at: Option<String>,
    age_months: Option<i64>,
    language: Option<String>,
    sort: Option<Sort>,
    exact: Option<bool>,
    min_change: Option<i64>,
    include_stale: Option<bool>,
    facets: Option<String>,
    limit: Option<i64>,
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
            ("min_change", self.min_change.is_some()),
            ("include_stale", self.include_stale.is_some()),
            ("limit", self.limit.is_some()),
            ("cursor", self.cursor.is_some()),
        ];
        passing.into_iter().find(|(_, is_said)| *is_said).map(|(name, _)| name)
    }

    /// `lang` is the language of the request where the search does not name one.
    pub fn parse(self, lang: Lang) -> Result<Search, Refusal> {
        let place = place_of(self.lat, self.lon, self.near)?;
        let limit = within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1, LIMIT_MAX)?;
        let age_months = self.age_months.map(|age| within("age_months", age, 0, AGE_MONTHS_MAX)).transpose()?;
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
            open_at: self.open_at.as_deref().map(instant_of).transpose()?,
            age_months: age_months.and_then(|age| u32::try_from(age).ok()),
            language: self.language.map(language_of).transpose()?,
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
    match (lat, lon, short("near", near, NEAR_CHARS_MAX)?) {
        (None, None, None) => Ok(None),
        (None, None, Some(name)) => Ok(Some(Place::Named(name))),
        (Some(lat), Some(lon), None) => {
            let (lat, lon) = (degrees("lat", lat, 90.0)?, degrees("lon", lon, 180.0)?);
            Ok(Point::new(lat, lon).map(Place::Point))
        }
        (Some(_), Some(_), Some(_)) => Err(Refusal::field(Code::InvalidValue, "near").rule("lat and lon, or near")),
        (Some(_), None, _) => Err(Refusal::field(Code::MissingField, "lon")),
        (None, Some(_), _) => Err(Refusal::field(Code::MissingField, "lat")),
    }
}

/// West, south, east and north of a box, as GeoJSON has them, or a polygon.
fn area_of(bbox: Option<String>, polygon: Option<PolygonBody>) -> Result<Option<Area>, Refusal> {
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
        (None, Some(polygon)) if polygon.kind == "Polygon" => {
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
    Ok(text)
}

fn instant_of(text: &str) -> Result<Time, Refusal> {
    Time::parse_rfc3339(text).map_err(|_| Refusal::field(Code::InvalidDate, "open_at").rule("RFC 3339, with an offset"))
}

pub(super) fn language_of(code: String) -> Result<String, Refusal> {
    let code = code.to_ascii_lowercase();
    let is_code = (2..=3).contains(&code.len()) && code.chars().all(|letter| letter.is_ascii_lowercase());
    is_code.then_some(code).ok_or_else(|| Refusal::field(Code::InvalidValue, "language").rule("ISO 639-1"))
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
    /// The body of a need, for a search with a place that found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmet_need: Option<UnmetNeedView>,
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

#[derive(Debug, Serialize)]
struct FacetsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Vec<CountView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Vec<CountView>>,
}

#[derive(Debug, Serialize)]
struct CountView {
    value: String,
    count: u64,
}

impl FacetsView {
    fn new(counted: Vec<FacetCounts>) -> Option<Self> {
        let mut view = Self { category: None, language: None };
        for FacetCounts { facet, counts } in &counted {
            let counts =
                counts.iter().map(|(value, count)| CountView { value: value.clone(), count: *count }).collect();
            match facet {
                Facet::Category => view.category = Some(counts),
                Facet::Language => view.language = Some(counts),
            }
        }
        (!counted.is_empty()).then_some(view)
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
    served: Option<bool>,
    open_now: Option<bool>,
    #[serde(rename = "match")]
    matched: Vec<MatchView>,
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
        Self {
            total: TotalView { value: page.total.value, relation: page.total.relation },
            results: page.hits.into_iter().map(|hit| ResultView::new(hit, lang)).collect(),
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
    fn new(hit: Hit, lang: Lang) -> Self {
        let place = hit.place;
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
            served: hit.served,
            open_now: hit.open_now,
            matched: hit.matched.into_iter().map(MatchView::new).collect(),
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
