//! Territories on the wire.

use serde::{Deserialize, Serialize};

use crate::actions::territories::{Known, ListAsked, Page};
use crate::domain::directory::{LocatedIn, Point};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::{Gazetteer, Level, Located, Match};
use crate::store::territories::{Source, TerritoryHead};

const ID_CHARS_MAX: usize = 80;
const TYPED_CHARS_MAX: usize = crate::domain::geocode::TYPED_CHARS_MAX;
const LIST_LIMIT_DEFAULT: i64 = 100;
const LIST_LIMIT_MAX: i64 = 1_000;
const GEOCODE_LIMIT_DEFAULT: i64 = 10;
const GEOCODE_LIMIT_MAX: i64 = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    level: Option<Level>,
    parent: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ListQuery {
    pub fn parse(self) -> Result<ListAsked, Refusal> {
        let parent = self.parent.map(|id| id_of(id).ok_or_else(|| Refusal::field(Code::UnknownTerritory, "parent")));
        let cursor = self.cursor.map(|id| id_of(id).ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor")));
        Ok(ListAsked {
            level: self.level,
            parent: parent.transpose()?,
            cursor: cursor.transpose()?,
            limit: limit_of(self.limit, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX)?,
        })
    }
}

/// A text that may be a territory id: `{level}:{code}`, with nothing that a database would refuse.
pub fn id_of(text: String) -> Option<String> {
    let (level, code) = text.split_once(':')?;
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    (Level::parse(level).is_some() && plain && text.len() <= ID_CHARS_MAX).then_some(text)
}

fn limit_of(limit: Option<i64>, default: i64, max: i64) -> Result<usize, Refusal> {
    let limit = limit.unwrap_or(default);
    let inside = usize::try_from(limit).ok().filter(|_| (1..=max).contains(&limit));
    inside.ok_or_else(|| Refusal::field(Code::OutOfRange, "limit").rule(format!("1..={max}")))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocateQuery {
    lat: f64,
    lon: f64,
}

impl LocateQuery {
    pub fn parse(&self) -> Result<Point, Refusal> {
        let refused = |field: &str, max: f64| Refusal::field(Code::OutOfRange, field).rule(format!("-{max}..={max}"));
        // What is not a number is in no range.
        if !(-90.0..=90.0).contains(&self.lat) {
            return Err(refused("lat", 90.0));
        }
        Point::new(self.lat, self.lon).ok_or_else(|| refused("lon", 180.0))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeocodeQuery {
    q: String,
    limit: Option<i64>,
}

impl GeocodeQuery {
    /// The text, and how many answers at most.
    pub fn parse(self) -> Result<(String, usize), Refusal> {
        if self.q.chars().count() > TYPED_CHARS_MAX {
            return Err(Refusal::field(Code::TooLong, "q").rule(format!("1..={TYPED_CHARS_MAX} characters")));
        }
        if self.q.trim().is_empty() || self.q.chars().any(|c| c.is_control() && !c.is_whitespace()) {
            return Err(Refusal::field(Code::InvalidValue, "q").rule(format!("1..={TYPED_CHARS_MAX} characters")));
        }
        Ok((self.q, limit_of(self.limit, GEOCODE_LIMIT_DEFAULT, GEOCODE_LIMIT_MAX)?))
    }
}

#[derive(Debug, Serialize)]
pub struct TerritoryView {
    id: String,
    level: Level,
    code: String,
    name: String,
    designation: Option<String>,
    parent: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    population: Option<i64>,
    rural: Option<bool>,
    source: Source,
    /// Only of one territory asked by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    territories: Option<TerritoriesView>,
}

impl From<TerritoryHead> for TerritoryView {
    fn from(head: TerritoryHead) -> Self {
        Self {
            id: head.id,
            level: head.level,
            code: head.code,
            name: head.name,
            designation: head.designation,
            parent: head.parent_id,
            lat: head.latitude,
            lon: head.longitude,
            population: head.population,
            rural: head.rural,
            source: head.source,
            territories: None,
        }
    }
}

impl From<Known> for TerritoryView {
    fn from(known: Known) -> Self {
        Self { territories: Some(known.within.into()), ..known.territory.into() }
    }
}

#[derive(Debug, Serialize)]
pub struct TerritoriesView {
    region: Option<String>,
    mrc: Option<String>,
    municipality: Option<String>,
    borough: Option<String>,
}

impl From<LocatedIn> for TerritoriesView {
    fn from(within: LocatedIn) -> Self {
        let LocatedIn { region, mrc, municipality, borough } = within;
        Self { region, mrc, municipality, borough }
    }
}

#[derive(Debug, Serialize)]
pub struct PageView {
    results: Vec<TerritoryView>,
    next_cursor: Option<String>,
}

impl From<Page> for PageView {
    fn from(page: Page) -> Self {
        let results = page.territories.into_iter().map(TerritoryView::from).collect();
        Self { results, next_cursor: page.next }
    }
}

#[derive(Debug, Serialize)]
struct NamedView {
    id: String,
    name: String,
}

impl NamedView {
    fn new(id: String, gazetteer: &Gazetteer) -> Self {
        let name = gazetteer.get(&id).map(|territory| territory.name.clone()).unwrap_or_default();
        Self { id, name }
    }
}

#[derive(Debug, Serialize)]
pub struct LocatedView {
    region: Option<NamedView>,
    mrc: Option<NamedView>,
    borough: Option<NamedView>,
    districts: Vec<NamedView>,
    municipality: Option<EstimatedView>,
}

#[derive(Debug, Serialize)]
struct EstimatedView {
    id: String,
    name: String,
    distance_km: Option<f64>,
    /// Always true: there are no municipal polygons, so the worker picks.
    estimated: bool,
}

impl LocatedView {
    pub fn new(located: Located, gazetteer: &Gazetteer) -> Self {
        let named = |id: Option<String>| id.map(|id| NamedView::new(id, gazetteer));
        let municipality = located.municipality.map(|nearest| {
            let NamedView { id, name } = NamedView::new(nearest.id, gazetteer);
            EstimatedView { id, name, distance_km: nearest.distance_km, estimated: true }
        });
        Self {
            region: named(located.region),
            mrc: named(located.mrc),
            borough: named(located.borough),
            districts: located.districts.into_iter().map(|id| NamedView::new(id, gazetteer)).collect(),
            municipality,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct MatchesView {
    results: Vec<MatchView>,
}

#[derive(Debug, Serialize)]
struct MatchView {
    territory_id: String,
    level: Level,
    label: String,
    lat: Option<f64>,
    lon: Option<f64>,
    territories: TerritoriesView,
}

impl MatchesView {
    pub fn new(matches: Vec<Match>) -> Self {
        let view = |found: Match| MatchView {
            territory_id: found.territory_id,
            level: found.level,
            label: found.label,
            lat: found.point.map(|point| point.lat),
            lon: found.point.map(|point| point.lon),
            territories: found.territories.into(),
        };
        Self { results: matches.into_iter().map(view).collect() }
    }
}
