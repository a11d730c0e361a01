//! Territories: taking over the shipped set, importing others, and answering where a point or a name is.

use std::collections::{HashMap, HashSet};

use geo::InteriorPoint;

use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::{LocatedIn, Point};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::{Gazetteer, Level, Located, Match, TerritoryShape};
use crate::exchange::territories::{self as files, FEATURES_MAX, FeatureRefusal};
use crate::store::conn::AsStoreError;
use crate::store::territories::{self, Source, TerritoryHead, TerritoryRow};
use crate::store::{self, Store};

/// Territories that a network may import in all: they are held in memory.
pub const IMPORTED_MAX: i64 = 100_000;

impl Deps {
    /// The gazetteer of this node: the shipped set, and over it what was imported before the node started.
    pub fn gazetteer(&self) -> &Gazetteer {
        self.gazetteer.get().unwrap_or_else(|| files::quebec())
    }

    /// Takes the shipped set over and reads what was imported. Safe to run again.
    pub fn prepare_territories(&self) -> Outcome<()> {
        seed(&self.store, self.clock.now())?;
        if let Some(gazetteer) = read_overlaid(&self.store)? {
            self.gazetteer.get_or_init(|| gazetteer);
        }
        Ok(())
    }
}

/// Writes the shipped set, unless this edition of it was taken over before. What was imported stays. Gives the number
/// of rows written.
pub fn seed(store: &Store, now: Time) -> Result<usize, store::Error> {
    if store.read(territories::find_edition)?.as_deref() == Some(files::QUEBEC_EDITION) {
        return Ok(0);
    }
    let shapes = files::read_quebec().map_err(store::Error::Corrupt)?;
    let loose: HashSet<String> =
        shapes.iter().filter(|shape| !shape.point_is_own).map(|shape| shape.territory.id.clone()).collect();
    let shipped = Gazetteer::new(shapes);
    let written = store.write(now, |tx| {
        let imported = territories::list_imported(tx, IMPORTED_MAX)?;
        let imported: HashSet<&str> = imported.iter().map(|row| row.id.as_str()).collect();
        let kept = shipped.all().filter(|territory| !imported.contains(territory.id.as_str()));
        let rows: Vec<TerritoryRow> = kept
            .map(|territory| TerritoryRow::new(territory, !loose.contains(&territory.id), Source::Quebec, None))
            .collect();
        territories::upsert(tx, &rows)?;
        territories::set_edition(tx, files::QUEBEC_EDITION)?;
        Ok::<_, store::Error>(rows.len())
    })?;
    Ok(written.value)
}

/// The shipped set with the imported territories over it; `None` when nothing was imported.
fn read_overlaid(store: &Store) -> Result<Option<Gazetteer>, store::Error> {
    let rows = store.read(|conn| territories::list_imported(conn, IMPORTED_MAX))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut shapes = files::read_quebec().map_err(store::Error::Corrupt)?;
    for row in rows {
        let read = row.geometry.as_ref().map(|geometry| files::read_outline(&geometry.0)).transpose();
        let geometry = read.map_err(|refusal| store::Error::Corrupt(format!("{}: {refusal}", row.id)))?.flatten();
        shapes.push(TerritoryShape { territory: row.territory(), geometry, point_is_own: row.point_is_own });
    }
    Ok(Some(Gazetteer::new(shapes)))
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
}

/// Why a file of territories was not taken.
#[derive(Debug)]
pub enum ImportFailure {
    File(FeatureRefusal),
    Store(store::Error),
}

impl From<store::Error> for ImportFailure {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}
impl AsStoreError for ImportFailure {
    fn as_store_error(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) => Some(error),
            Self::File(_) => None,
        }
    }
}

/// Takes a GeoJSON file, whole or not at all. A territory that is there already is brought up to date, and keeps what
/// the file does not say. A parent is in the file or known, and of a wider level. Nodes that run take it over when they
/// start again.
pub fn import(deps: &Deps, bytes: &[u8]) -> Result<Imported, ImportFailure> {
    let shapes = files::read_geojson(bytes).map_err(ImportFailure::File)?;
    let written = deps.store.write(deps.clock.now(), |tx| {
        let ids: Vec<&str> = shapes.iter().map(|shape| shape.territory.id.as_str()).collect();
        let parents: Vec<&str> = shapes.iter().filter_map(|shape| shape.territory.parent.as_deref()).collect();
        let mut known = territories::known_ids(tx, &parents)?;
        known.extend(ids.iter().map(|id| (*id).to_owned()));
        check_parents(&shapes, &known).map_err(ImportFailure::File)?;
        let before: HashMap<String, TerritoryRow> =
            territories::list_rows(tx, &ids)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        check_total(tx, &before, ids.len())?;
        let mut done = Imported::default();
        let mut rows = Vec::with_capacity(shapes.len());
        for shape in &shapes {
            let row = row_over(before.get(&shape.territory.id), shape);
            match before.get(&row.id) {
                Some(old) if *old == row => done.unchanged += 1,
                Some(_) => done.changed += 1,
                None => done.added += 1,
            }
            rows.push(row);
        }
        rows.sort_by_key(|row| row.level);
        territories::upsert(tx, &rows)?;
        Ok::<_, ImportFailure>(done)
    })?;
    Ok(written.value)
}

fn check_parents(shapes: &[TerritoryShape], known: &HashSet<String>) -> Result<(), FeatureRefusal> {
    for (at, shape) in shapes.iter().enumerate() {
        let Some(parent) = &shape.territory.parent else { continue };
        let refused = |code: Code, rule: String| {
            FeatureRefusal::of_feature(at, Refusal::field(code, "properties.parent").rule(rule))
        };
        if !known.contains(parent) {
            return Err(refused(Code::UnknownTerritory, parent.clone()));
        }
        // A level is a word of the id, so no row needs to be read; being wider leaves no room for a circle.
        let level = parent.split_once(':').and_then(|(word, _)| Level::parse(word));
        if level.is_none_or(|level| level >= shape.territory.level) {
            return Err(refused(Code::InvalidValue, format!("< {}", shape.territory.level.as_str())));
        }
    }
    Ok(())
}

fn check_total(
    tx: &mut store::Tx<'_>,
    before: &HashMap<String, TerritoryRow>,
    taken: usize,
) -> Result<(), ImportFailure> {
    let imported = territories::count_imported(tx)?;
    let again = before.values().filter(|row| row.source == Source::Import).count();
    let total = usize::try_from(imported).unwrap_or(usize::MAX).saturating_add(taken).saturating_sub(again);
    if total > usize::try_from(IMPORTED_MAX).unwrap_or(FEATURES_MAX) {
        let refusal = Refusal::field(Code::TooMany, "features").rule(format!("..={IMPORTED_MAX}"));
        return Err(ImportFailure::File(refusal.into()));
    }
    Ok(())
}

/// The row of an imported territory: what the file says, else what was known, else (a point) the inside of its outline.
fn row_over(before: Option<&TerritoryRow>, shape: &TerritoryShape) -> TerritoryRow {
    let geometry = shape.geometry.as_ref().map(files::write_geometry);
    let mut row = TerritoryRow::new(&shape.territory, true, Source::Import, geometry);
    if let Some(before) = before {
        if row.latitude.is_none() {
            (row.latitude, row.longitude) = (before.latitude, before.longitude);
            row.point_is_own = before.point_is_own;
        }
        row.designation = row.designation.or_else(|| before.designation.clone());
        row.parent_id = row.parent_id.or_else(|| before.parent_id.clone());
        row.population = row.population.or(before.population);
        row.rural = row.rural.or(before.rural);
        row.geometry = row.geometry.or_else(|| before.geometry.clone());
    }
    if row.latitude.is_none() {
        let inside = shape.geometry.as_ref().and_then(InteriorPoint::interior_point);
        (row.latitude, row.longitude) = (inside.map(|point| point.y()), inside.map(|point| point.x()));
    }
    row
}

// ---- asking

/// A page of territories, and whether more follow.
pub struct Page {
    pub territories: Vec<TerritoryHead>,
    pub next: Option<String>,
}

pub struct ListAsked {
    pub level: Option<Level>,
    /// The id of the territory that they are directly in.
    pub parent: Option<String>,
    /// The id of the last one of the page before.
    pub cursor: Option<String>,
    pub limit: usize,
}

pub fn list(deps: &Deps, asked: &ListAsked) -> Outcome<Page> {
    let limit = i64::try_from(asked.limit).unwrap_or(1);
    let read = deps.store.read(|conn| {
        if let Some(parent) = &asked.parent
            && territories::find(conn, parent)?.is_none()
        {
            return Err(Failure::Refused(Refusal::field(Code::UnknownTerritory, "parent")));
        }
        match territories::list(conn, asked.level, asked.parent.as_deref(), asked.cursor.as_deref(), limit + 1) {
            Err(store::Error::NotFound) => Err(Refusal::field(Code::InvalidCursor, "cursor").into()),
            other => Ok(other?),
        }
    });
    let mut territories = read?;
    let more = territories.len() > asked.limit;
    territories.truncate(asked.limit);
    let next = territories.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Page { territories, next })
}

/// A territory with all that it is in.
pub struct Known {
    pub territory: TerritoryHead,
    pub within: LocatedIn,
}

pub fn get(deps: &Deps, id: &str) -> Outcome<Known> {
    let territory = deps.store.read(|conn| territories::find(conn, id))?;
    let territory = territory.ok_or_else(|| Refusal::new(Code::NotFound))?;
    Ok(Known { within: deps.gazetteer().located_in(id), territory })
}

pub fn locate(deps: &Deps, point: Point) -> Located {
    deps.gazetteer().locate(point)
}

pub fn geocode(deps: &Deps, text: &str, limit: usize) -> Vec<Match> {
    deps.gazetteer().geocode(text, limit)
}
