//! Territories from files: the set of Québec that is built into the program, and any GeoJSON that a network brings.
//! Bytes to domain types and a refusal that names the feature; knows no table and no gazetteer's inside.

use std::collections::HashSet;
use std::sync::OnceLock;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::directory::Point;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::{Gazetteer, Level, Territory, TerritoryShape};

/// Features in one file.
pub const FEATURES_MAX: usize = 20_000;
/// Positions in one outline.
pub const POSITIONS_MAX: usize = 1_000_000;
const NAME_CHARS_MAX: usize = 200;
const CODE_CHARS_MAX: usize = 64;

/// A file that is not taken: the rule, and the feature at fault (1 is the first) when one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureRefusal {
    pub feature: Option<usize>,
    pub refusal: Refusal,
}

impl FeatureRefusal {
    pub fn of_feature(at: usize, refusal: Refusal) -> Self {
        Self { feature: Some(at + 1), refusal }
    }
}

impl From<Refusal> for FeatureRefusal {
    fn from(refusal: Refusal) -> Self {
        Self { feature: None, refusal }
    }
}

/// Reads a GeoJSON FeatureCollection (RFC 7946) whose features have the properties `code`, `name`, `level` and `parent`
/// (a territory id, or null), and may have `population`, `rural`, `designation`, `lat` and `lon`. Other properties are
/// not read. Geometry is a polygon, several, or a point, in degrees. Whether a parent exists is not known here.
pub fn read_geojson(bytes: &[u8]) -> Result<Vec<TerritoryShape>, FeatureRefusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Value = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::new(Code::InvalidJson).rule(format!("line {}", error.line())))?;
    if document.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
        return Err(Refusal::field(Code::InvalidValue, "type").rule("FeatureCollection").into());
    }
    let features = document.get("features").and_then(Value::as_array);
    let features = features.ok_or_else(|| Refusal::field(Code::MissingField, "features"))?;
    if features.len() > FEATURES_MAX {
        return Err(Refusal::field(Code::TooMany, "features").rule(format!("..={FEATURES_MAX}")).into());
    }
    let mut ids = HashSet::with_capacity(features.len());
    let mut shapes = Vec::with_capacity(features.len());
    for (at, feature) in features.iter().enumerate() {
        let shape = read_feature(feature).map_err(|refusal| FeatureRefusal::of_feature(at, refusal))?;
        if !ids.insert(shape.territory.id.clone()) {
            let twice = Refusal::field(Code::AlreadyExists, "properties.code").rule(shape.territory.id);
            return Err(FeatureRefusal::of_feature(at, twice));
        }
        shapes.push(shape);
    }
    Ok(shapes)
}

fn read_feature(feature: &Value) -> Result<TerritoryShape, Refusal> {
    if feature.get("type").and_then(Value::as_str) != Some("Feature") {
        return Err(Refusal::field(Code::InvalidValue, "type").rule("Feature"));
    }
    let properties = feature.get("properties").and_then(Value::as_object);
    let properties = properties.ok_or_else(|| Refusal::field(Code::MissingField, "properties"))?;
    let code = code_of(properties)?;
    let name = text_of(properties, "name", NAME_CHARS_MAX)?;
    let name = name.ok_or_else(|| Refusal::field(Code::MissingField, "properties.name"))?;
    let level = level_of(properties)?;
    let parent = text_of(properties, "parent", NAME_CHARS_MAX)?;
    let geometry = feature.get("geometry").filter(|geometry| !geometry.is_null());
    let geometry = geometry.ok_or_else(|| Refusal::field(Code::MissingField, "geometry"))?;
    let (outline, own_point) = read_geometry(geometry)?;
    let point = match own_point {
        Some(point) => Some(point),
        None => point_of(properties)?,
    };
    let territory = Territory {
        id: Territory::id_of(level, &code),
        level,
        code,
        name,
        designation: text_of(properties, "designation", NAME_CHARS_MAX)?,
        parent,
        point,
        population: population_of(properties)?,
        rural: rural_of(properties)?,
    };
    Ok(TerritoryShape { territory, geometry: outline, point_is_own: true })
}

fn present<'a>(properties: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    properties.get(name).filter(|value| !value.is_null())
}

/// A code is a text, or a whole number as many sources write it.
fn code_of(properties: &Map<String, Value>) -> Result<String, Refusal> {
    let code = match present(properties, "code") {
        None => return Err(Refusal::field(Code::MissingField, "properties.code")),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) if number.is_u64() => number.to_string(),
        Some(_) => return Err(Refusal::field(Code::WrongType, "properties.code").rule("text")),
    };
    let plain = code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if code.is_empty() || code.len() > CODE_CHARS_MAX || !plain {
        return Err(Refusal::field(Code::InvalidValue, "properties.code").rule("1..=64 of A-Z a-z 0-9 - _ ."));
    }
    Ok(code)
}

fn text_of(properties: &Map<String, Value>, name: &str, chars_max: usize) -> Result<Option<String>, Refusal> {
    let field = format!("properties.{name}");
    let text = match present(properties, name) {
        None => return Ok(None),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(Refusal::field(Code::WrongType, field).rule("text")),
    };
    if text.chars().count() > chars_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("1..={chars_max}")));
    }
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Refusal::field(Code::InvalidValue, field).rule(format!("1..={chars_max}")));
    }
    Ok(Some(text.to_owned()))
}

fn level_of(properties: &Map<String, Value>) -> Result<Level, Refusal> {
    let word = text_of(properties, "level", NAME_CHARS_MAX)?;
    let word = word.ok_or_else(|| Refusal::field(Code::MissingField, "properties.level"))?;
    Level::parse(&word).ok_or_else(|| {
        let known: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
        Refusal::field(Code::InvalidValue, "properties.level").rule(known.join(", "))
    })
}

fn population_of(properties: &Map<String, Value>) -> Result<Option<u32>, Refusal> {
    let Some(value) = present(properties, "population") else { return Ok(None) };
    let people = value.as_u64().and_then(|people| u32::try_from(people).ok());
    people.map(Some).ok_or_else(|| Refusal::field(Code::InvalidValue, "properties.population").rule("0..=4294967295"))
}

fn rural_of(properties: &Map<String, Value>) -> Result<Option<bool>, Refusal> {
    let Some(value) = present(properties, "rural") else { return Ok(None) };
    value.as_bool().map(Some).ok_or_else(|| Refusal::field(Code::WrongType, "properties.rural").rule("true, false"))
}

fn point_of(properties: &Map<String, Value>) -> Result<Option<Point>, Refusal> {
    match (present(properties, "lat"), present(properties, "lon")) {
        (None, None) => Ok(None),
        (Some(lat), Some(lon)) => {
            let point = lat.as_f64().zip(lon.as_f64()).and_then(|(lat, lon)| Point::new(lat, lon));
            point
                .map(Some)
                .ok_or_else(|| Refusal::field(Code::OutOfRange, "properties.lat").rule("-90..=90, -180..=180"))
        }
        _ => Err(Refusal::field(Code::MissingField, "properties.lat").rule("lat, lon")),
    }
}

fn read_geometry(geometry: &Value) -> Result<(Option<MultiPolygon<f64>>, Option<Point>), Refusal> {
    let coordinates = geometry.get("coordinates").and_then(Value::as_array);
    let listed = || coordinates.ok_or_else(|| Refusal::field(Code::MissingField, "geometry.coordinates"));
    match geometry.get("type").and_then(Value::as_str) {
        Some("Polygon") => Ok((Some(MultiPolygon::new(vec![read_polygon(listed()?)?])), None)),
        Some("MultiPolygon") => {
            let polygons: Result<Vec<Polygon<f64>>, Refusal> =
                listed()?.iter().map(|one| read_polygon(one.as_array().ok_or_else(not_positions)?)).collect();
            match polygons? {
                none if none.is_empty() => Err(not_positions()),
                polygons => Ok((Some(MultiPolygon::new(polygons)), None)),
            }
        }
        Some("Point") => {
            let at = read_position(geometry.get("coordinates").unwrap_or(&Value::Null))?;
            let point = Point::new(at.y, at.x).ok_or_else(out_of_range)?;
            Ok((None, Some(point)))
        }
        _ => Err(Refusal::field(Code::InvalidValue, "geometry.type").rule("Polygon, MultiPolygon, Point")),
    }
}

fn read_polygon(rings: &[Value]) -> Result<Polygon<f64>, Refusal> {
    let read: Result<Vec<LineString<f64>>, Refusal> = rings.iter().map(read_ring).collect();
    let mut rings = read?.into_iter();
    let outer = rings.next().ok_or_else(not_positions)?;
    Ok(Polygon::new(outer, rings.collect()))
}

fn read_ring(ring: &Value) -> Result<LineString<f64>, Refusal> {
    let positions = ring.as_array().ok_or_else(not_positions)?;
    if positions.len() > POSITIONS_MAX {
        return Err(Refusal::field(Code::TooMany, "geometry.coordinates").rule(format!("..={POSITIONS_MAX}")));
    }
    let read: Result<Vec<Coord<f64>>, Refusal> = positions.iter().map(read_position).collect();
    let read = read?;
    if read.len() < 4 || read.first() != read.last() {
        return Err(Refusal::field(Code::InvalidValue, "geometry.coordinates").rule("closed ring of 4.. positions"));
    }
    Ok(LineString::new(read))
}

/// `[longitude, latitude]`, and perhaps a height, which is not kept.
fn read_position(position: &Value) -> Result<Coord<f64>, Refusal> {
    let numbers = position.as_array().filter(|numbers| matches!(numbers.len(), 2 | 3)).ok_or_else(not_positions)?;
    let number = |at: usize| numbers.get(at).and_then(Value::as_f64).ok_or_else(not_positions);
    let point = Point::new(number(1)?, number(0)?).ok_or_else(out_of_range)?;
    Ok(Coord { x: point.lon, y: point.lat })
}

fn not_positions() -> Refusal {
    Refusal::field(Code::WrongType, "geometry.coordinates").rule("[longitude, latitude]")
}

fn out_of_range() -> Refusal {
    Refusal::field(Code::OutOfRange, "geometry.coordinates").rule("-180..=180, -90..=90")
}

/// The outline of a territory as a GeoJSON geometry, to be kept and read again.
pub fn write_geometry(outline: &MultiPolygon<f64>) -> Value {
    let ring = |line: &LineString<f64>| line.coords().map(|at| serde_json::json!([at.x, at.y])).collect::<Vec<_>>();
    let polygon = |one: &Polygon<f64>| {
        let rings = std::iter::once(one.exterior()).chain(one.interiors());
        Value::from(rings.map(|line| Value::from(ring(line))).collect::<Vec<_>>())
    };
    serde_json::json!({"type": "MultiPolygon", "coordinates": outline.iter().map(polygon).collect::<Vec<_>>()})
}

/// An outline that [`write_geometry`] wrote.
pub fn read_outline(geometry: &Value) -> Result<Option<MultiPolygon<f64>>, Refusal> {
    read_geometry(geometry).map(|(outline, _)| outline)
}

/// The edition of the shipped set. Whoever changes a file of `index/territories/` changes it too (a test compares their
/// size), so that stores take the new set over.
pub const QUEBEC_EDITION: &str = "2026-11-28";

const REGIONS: &str = include_str!("../../index/territories/regions.geojson");
const MRC: &str = include_str!("../../index/territories/mrc.geojson");
const BOROUGHS: &str = include_str!("../../index/territories/boroughs.geojson");
const LINKED_CITIES: &str = include_str!("../../index/territories/linked_cities.geojson");
const DISTRICTS: &str = include_str!("../../index/territories/districts.geojson");
const MUNICIPALITIES: &str = include_str!("../../index/territories/municipalities.csv");
const PLACES: &str = include_str!("../../index/territories/places.csv");
const POSTAL_AREAS: &str = include_str!("../../index/territories/postal_areas.csv");

#[derive(Deserialize)]
struct MunicipalityRow {
    code: String,
    name: String,
    designation: String,
    mrc_code: String,
    region_code: String,
    population: u32,
    rural: u8,
    lat: Option<f64>,
    lon: Option<f64>,
    point_source: String,
}

#[derive(Deserialize)]
struct PlaceRow {
    code: String,
    name: String,
    parent: String,
    population: Option<u32>,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct PostalAreaRow {
    code: String,
    name: String,
    mrc_code: String,
    lat: f64,
    lon: f64,
}

/// The territories of Québec, parents before what is in them. Errors: a file of `index/territories/` is not what it
/// should be, which the tests of this module would have said.
pub fn read_quebec() -> Result<Vec<TerritoryShape>, String> {
    let mut shapes = Vec::with_capacity(4_200);
    for text in [REGIONS, MRC] {
        shapes.extend(read_geojson(text.as_bytes()).map_err(|error| error.refusal.to_string())?);
    }
    shapes.extend(rows(MUNICIPALITIES, municipality)?);
    // The linked cities are municipalities again: their outlines are laid over the points.
    for text in [LINKED_CITIES, BOROUGHS, DISTRICTS] {
        shapes.extend(read_geojson(text.as_bytes()).map_err(|error| error.refusal.to_string())?);
    }
    shapes.extend(rows(PLACES, place)?);
    shapes.extend(rows(POSTAL_AREAS, postal_area)?);
    Ok(shapes)
}

/// The gazetteer of Québec, read once.
pub fn quebec() -> &'static Gazetteer {
    static QUEBEC: OnceLock<Gazetteer> = OnceLock::new();
    QUEBEC.get_or_init(|| match read_quebec() {
        Ok(shapes) => Gazetteer::new(shapes),
        // The files are part of the build and a test reads them: a program that was tested never comes here.
        Err(error) => unreachable!("index/territories: {error}"),
    })
}

fn rows<R: for<'de> Deserialize<'de>>(
    text: &str,
    shape: fn(R) -> TerritoryShape,
) -> Result<Vec<TerritoryShape>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read: Result<Vec<R>, csv::Error> = reader.deserialize().collect();
    Ok(read.map_err(|error| error.to_string())?.into_iter().map(shape).collect())
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn municipality(row: MunicipalityRow) -> TerritoryShape {
    let mrc = some(row.mrc_code).map(|code| Territory::id_of(Level::Mrc, &code));
    let region = some(row.region_code).map(|code| Territory::id_of(Level::Region, &code));
    let territory = Territory {
        id: Territory::id_of(Level::Municipality, &row.code),
        level: Level::Municipality,
        code: row.code,
        name: row.name,
        designation: some(row.designation),
        parent: mrc.or(region),
        point: row.lat.zip(row.lon).and_then(|(lat, lon)| Point::new(lat, lon)),
        population: Some(row.population),
        rural: Some(row.rural == 1),
    };
    TerritoryShape { territory, geometry: None, point_is_own: row.point_source != "mrc_point" }
}

fn place(row: PlaceRow) -> TerritoryShape {
    let territory = Territory {
        id: Territory::id_of(Level::Place, &row.code),
        level: Level::Place,
        code: row.code,
        name: row.name,
        designation: None,
        parent: some(row.parent),
        point: Point::new(row.lat, row.lon),
        population: row.population,
        rural: None,
    };
    TerritoryShape { territory, geometry: None, point_is_own: true }
}

fn postal_area(row: PostalAreaRow) -> TerritoryShape {
    let territory = Territory {
        id: Territory::id_of(Level::PostalArea, &row.code),
        level: Level::PostalArea,
        code: row.code,
        name: row.name,
        designation: None,
        parent: some(row.mrc_code).map(|code| Territory::id_of(Level::Mrc, &code)),
        point: Point::new(row.lat, row.lon),
        population: None,
        rural: None,
    };
    TerritoryShape { territory, geometry: None, point_is_own: true }
}

#[cfg(test)]
mod tests;
