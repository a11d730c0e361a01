//! Territories as rows: those that the program ships, and those imported over them. Knows no polygon test (the domain's
//! gazetteer has it); an outline is kept as the GeoJSON it came in.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::Value;

use super::conn::Conn;
use super::error::Error;
use super::schema::{territory, territory_edition};
use super::types::Json;
use crate::domain::directory::Point;
use crate::domain::fold::fold_place;
use crate::domain::territory::{Level, Territory};
use crate::domain::words::words;
use crate::{each_backend, text_words};

words! {
    /// Where a row comes from: the set built into the program, or a file of the network.
    pub enum Source {
        Quebec => "quebec",
        Import => "import",
    }
}
text_words!(Level, Source);

/// Rows in one statement: fourteen columns each, and SQLite takes 32,766 values.
const STATEMENT_ROWS_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = territory, treat_none_as_default_value = false)]
pub struct TerritoryRow {
    pub id: String,
    pub level: Level,
    pub code: String,
    pub name: String,
    pub folded_name: String,
    pub designation: Option<String>,
    pub parent_id: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub point_is_own: bool,
    pub population: Option<i64>,
    pub rural: Option<bool>,
    pub source: Source,
    pub geometry: Option<Json<Value>>,
}

impl TerritoryRow {
    pub fn new(territory: &Territory, point_is_own: bool, source: Source, geometry: Option<Value>) -> Self {
        Self {
            id: territory.id.clone(),
            level: territory.level,
            code: territory.code.clone(),
            name: territory.name.clone(),
            folded_name: fold_place(&territory.name),
            designation: territory.designation.clone(),
            parent_id: territory.parent.clone(),
            latitude: territory.point.map(|point| point.lat),
            longitude: territory.point.map(|point| point.lon),
            point_is_own,
            population: territory.population.map(i64::from),
            rural: territory.rural,
            source,
            geometry: geometry.map(Json),
        }
    }
    pub fn territory(&self) -> Territory {
        Territory {
            id: self.id.clone(),
            level: self.level,
            code: self.code.clone(),
            name: self.name.clone(),
            designation: self.designation.clone(),
            parent: self.parent_id.clone(),
            point: self.latitude.zip(self.longitude).and_then(|(lat, lon)| Point::new(lat, lon)),
            population: self.population.and_then(|people| u32::try_from(people).ok()),
            rural: self.rural,
        }
    }
}

/// A territory without its outline, for pages.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = territory)]
pub struct TerritoryHead {
    pub id: String,
    pub level: Level,
    pub code: String,
    pub name: String,
    pub designation: Option<String>,
    pub parent_id: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub population: Option<i64>,
    pub rural: Option<bool>,
    pub source: Source,
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<TerritoryHead>, Error> {
    Ok(territory::table.find(id).select(TerritoryHead::as_select()).first(conn).optional()?)
}

/// Territories by folded name then id, after the one named, at most `limit`.
/// [`Error::NotFound`]: the one named is not there.
pub fn list(
    conn: &mut Conn,
    level: Option<Level>,
    parent: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<TerritoryHead>, Error> {
    let mut query = territory::table.select(TerritoryHead::as_select()).into_boxed();
    if let Some(level) = level {
        query = query.filter(territory::level.eq(level));
    }
    if let Some(parent) = parent {
        query = query.filter(territory::parent_id.eq(parent));
    }
    if let Some(after) = after {
        let name: String = territory::table.find(after).select(territory::folded_name).first(conn)?;
        let later_id = territory::folded_name.eq(name.clone()).and(territory::id.gt(after));
        query = query.filter(territory::folded_name.gt(name).or(later_id));
    }
    Ok(query.order((territory::folded_name.asc(), territory::id.asc())).limit(limit).load(conn)?)
}

/// Which of these ids are there.
pub fn known_ids(conn: &mut Conn, ids: &[&str]) -> Result<HashSet<String>, Error> {
    let mut known = HashSet::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let found: Vec<String> =
            territory::table.filter(territory::id.eq_any(chunk)).select(territory::id).load(conn)?;
        known.extend(found);
    }
    Ok(known)
}

/// The whole rows with these ids, in no order.
pub fn list_rows(conn: &mut Conn, ids: &[&str]) -> Result<Vec<TerritoryRow>, Error> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let found = territory::table.filter(territory::id.eq_any(chunk)).select(TerritoryRow::as_select());
        rows.extend(found.load::<TerritoryRow>(conn)?);
    }
    Ok(rows)
}

/// Every imported territory, by id. Bounded by what imports take.
pub fn list_imported(conn: &mut Conn, limit: i64) -> Result<Vec<TerritoryRow>, Error> {
    let imported = territory::table.filter(territory::source.eq(Source::Import)).select(TerritoryRow::as_select());
    Ok(imported.order(territory::id.asc()).limit(limit).load(conn)?)
}

pub fn count_imported(conn: &mut Conn) -> Result<i64, Error> {
    Ok(territory::table.filter(territory::source.eq(Source::Import)).count().get_result(conn)?)
}

pub fn count(conn: &mut Conn, level: Level) -> Result<i64, Error> {
    Ok(territory::table.filter(territory::level.eq(level)).count().get_result(conn)?)
}

/// Inserts rows, or brings those that are there up to date. Parents come before what is in them.
pub fn upsert(conn: &mut Conn, rows: &[TerritoryRow]) -> Result<(), Error> {
    for chunk in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(territory::table)
            .values(chunk)
            .on_conflict(territory::id)
            .do_update()
            .set((
                territory::name.eq(excluded(territory::name)),
                territory::folded_name.eq(excluded(territory::folded_name)),
                territory::designation.eq(excluded(territory::designation)),
                territory::parent_id.eq(excluded(territory::parent_id)),
                territory::latitude.eq(excluded(territory::latitude)),
                territory::longitude.eq(excluded(territory::longitude)),
                territory::point_is_own.eq(excluded(territory::point_is_own)),
                territory::population.eq(excluded(territory::population)),
                territory::rural.eq(excluded(territory::rural)),
                territory::source.eq(excluded(territory::source)),
                territory::geometry.eq(excluded(territory::geometry)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// The edition of the shipped set that was last taken over.
pub fn find_edition(conn: &mut Conn) -> Result<Option<String>, Error> {
    Ok(territory_edition::table.find(1).select(territory_edition::edition).first(conn).optional()?)
}

pub fn set_edition(conn: &mut Conn, edition: &str) -> Result<(), Error> {
    each_backend!(conn, |c| diesel::insert_into(territory_edition::table)
        .values((territory_edition::id.eq(1), territory_edition::edition.eq(edition)))
        .on_conflict(territory_edition::id)
        .do_update()
        .set(territory_edition::edition.eq(excluded(territory_edition::edition)))
        .execute(c))?;
    Ok(())
}
