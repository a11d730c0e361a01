//! Services that are written twice: the keys under which they meet, how far the change log was followed for them, and
//! the pairs that a curator decides on. Which pairs those are is decided elsewhere.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{duplicate_candidate, duplicate_progress, duplicate_territory, match_key};
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::duplicate::Because;
use crate::domain::duplicate::keys::{Key, KeyKind};
use crate::domain::words::words;
use crate::id::Id;
use crate::{each_backend, text_words};

words! {
    /// What became of a pair.
    pub enum PairStatus {
        Open => "open",
        Dismissed => "dismissed",
        Merged => "merged",
    }
}
text_words!(KeyKind, PairStatus);

// ---- keys

#[derive(Debug, Insertable)]
#[diesel(table_name = match_key, treat_none_as_default_value = false)]
struct KeyRow {
    service_id: Id,
    kind: KeyKind,
    key: String,
}

/// Writes the keys of services over those that they had. A service without keys leaves.
pub fn replace_keys(tx: &mut Tx<'_>, keys: &[(Id, Vec<Key>)]) -> Result<(), Error> {
    let ids: Vec<Id> = keys.iter().map(|(id, _)| *id).collect();
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        diesel::delete(match_key::table.filter(match_key::service_id.eq_any(chunk))).execute(&mut **tx)?;
    }
    let rows: Vec<KeyRow> = keys
        .iter()
        .flat_map(|(id, keys)| keys.iter().map(|(kind, key)| KeyRow { service_id: *id, kind: *kind, key: key.clone() }))
        .collect();
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        // Another process may be following the same changes: what it wrote is the same.
        each_backend!(&mut **tx, |c| diesel::insert_into(match_key::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// The services under one key, at most `limit`: one more than a key may have tells that it is too common.
pub fn services_under(conn: &mut Conn, key: &Key, limit: i64) -> Result<Vec<Id>, Error> {
    let rows = match_key::table.filter(match_key::kind.eq(key.0)).filter(match_key::key.eq(&key.1));
    Ok(rows.order(match_key::service_id.asc()).select(match_key::service_id).limit(limit).load(conn)?)
}

// ---- how far

/// Up to which change the log was followed, and of the change after it up to which service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = duplicate_progress)]
pub struct Progress {
    pub n: i64,
    pub after_id: Option<Id>,
}

pub fn progress(conn: &mut Conn) -> Result<Progress, Error> {
    Ok(duplicate_progress::table.find(1).select(Progress::as_select()).first(conn)?)
}

/// Moves on; `false` when another process did so first, and its work counts.
pub fn move_on(tx: &mut Tx<'_>, from: Progress, to: Progress) -> Result<bool, Error> {
    let target = duplicate_progress::table.find(1).filter(duplicate_progress::n.eq(from.n));
    let set = (duplicate_progress::n.eq(to.n), duplicate_progress::after_id.eq(to.after_id));
    let moved = match from.after_id {
        None => diesel::update(target.filter(duplicate_progress::after_id.is_null())).set(set).execute(&mut **tx)?,
        Some(id) => diesel::update(target.filter(duplicate_progress::after_id.eq(id))).set(set).execute(&mut **tx)?,
    };
    Ok(moved == 1)
}

// ---- pairs

/// Two services that may be one. `low_id` is the lesser of the two ids.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = duplicate_candidate, treat_none_as_default_value = false)]
pub struct PairRow {
    pub id: Id,
    pub low_id: Id,
    pub high_id: Id,
    /// Thousandths.
    pub score: i32,
    pub reasons: Json<Vec<Because>>,
    pub status: PairStatus,
    pub decided_by: Option<Id>,
    pub decided_at: Option<Time>,
    pub decision_reason: Option<String>,
    /// The record that stayed after a merge.
    pub kept_id: Option<Id>,
    /// What undoes a merge.
    pub undo: Option<Json<serde_json::Value>>,
    pub created_at: Time,
}

impl PairRow {
    /// The same two services are the same pair, whichever is named first.
    pub fn id_of(one: Id, other: Id) -> Id {
        Id::from_words(&["duplicate", &one.min(other).to_string(), &one.max(other).to_string()])
    }

    pub fn open(one: Id, other: Id, score: i32, reasons: Vec<Because>, now: Time) -> Self {
        Self {
            id: Self::id_of(one, other),
            low_id: one.min(other),
            high_id: one.max(other),
            score,
            reasons: Json(reasons),
            status: PairStatus::Open,
            decided_by: None,
            decided_at: None,
            decision_reason: None,
            kept_id: None,
            undo: None,
            created_at: now,
        }
    }

    pub fn other_than(&self, id: Id) -> Id {
        if self.low_id == id { self.high_id } else { self.low_id }
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = duplicate_territory, treat_none_as_default_value = false)]
struct TerritoryRow {
    territory_id: String,
    candidate_id: Id,
}

/// Forgets the open pairs of these services, whichever side they are on.
pub fn delete_open_of(tx: &mut Tx<'_>, ids: &[Id]) -> Result<(), Error> {
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let open = duplicate_candidate::table.filter(duplicate_candidate::status.eq(PairStatus::Open));
        diesel::delete(open.filter(duplicate_candidate::low_id.eq_any(chunk))).execute(&mut **tx)?;
        let open = duplicate_candidate::table.filter(duplicate_candidate::status.eq(PairStatus::Open));
        diesel::delete(open.filter(duplicate_candidate::high_id.eq_any(chunk))).execute(&mut **tx)?;
    }
    Ok(())
}

/// Adds pairs with the territories that they are in; a pair that is known stays as somebody decided it.
pub fn insert_new(tx: &mut Tx<'_>, pairs: &[(PairRow, BTreeSet<String>)]) -> Result<(), Error> {
    let rows: Vec<PairRow> = pairs.iter().map(|(row, _)| row.clone()).collect();
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(duplicate_candidate::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    let territories: Vec<TerritoryRow> = pairs
        .iter()
        .flat_map(|(row, ids)| ids.iter().map(|id| TerritoryRow { territory_id: id.clone(), candidate_id: row.id }))
        .collect();
    for rows in territories.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(duplicate_territory::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Which pairs are asked for.
#[derive(Debug, Clone, Default)]
pub struct PairFilter {
    pub status: Option<PairStatus>,
    /// Thousandths.
    pub score_min: i32,
    pub territory_id: Option<String>,
    pub service_id: Option<Id>,
}

/// A page of pairs, the likeliest first, after `(score, id)`.
pub fn list_page(
    conn: &mut Conn,
    filter: &PairFilter,
    after: Option<(i32, Id)>,
    limit: i64,
) -> Result<Vec<PairRow>, Error> {
    let mut query = duplicate_candidate::table
        .filter(duplicate_candidate::status.eq(filter.status.unwrap_or(PairStatus::Open)))
        .filter(duplicate_candidate::score.ge(filter.score_min))
        .select(PairRow::as_select())
        .into_boxed();
    if let Some(id) = filter.service_id {
        query = query.filter(duplicate_candidate::low_id.eq(id).or(duplicate_candidate::high_id.eq(id)));
    }
    if let Some(territory) = &filter.territory_id {
        let there = duplicate_territory::table
            .filter(duplicate_territory::territory_id.eq(territory.clone()))
            .select(duplicate_territory::candidate_id);
        query = query.filter(duplicate_candidate::id.eq_any(there));
    }
    if let Some((score, id)) = after {
        let later = duplicate_candidate::score.lt(score);
        let same = duplicate_candidate::score.eq(score).and(duplicate_candidate::id.gt(id));
        query = query.filter(later.or(same));
    }
    Ok(query.order((duplicate_candidate::score.desc(), duplicate_candidate::id.asc())).limit(limit).load(conn)?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<PairRow>, Error> {
    Ok(duplicate_candidate::table.find(id).select(PairRow::as_select()).first(conn).optional()?)
}

pub fn get(conn: &mut Conn, id: Id) -> Result<PairRow, Error> {
    find(conn, id)?.ok_or(Error::NotFound)
}

/// Writes what was decided of a pair that stands at `from`.
///
/// # Errors
/// `Stale` when somebody else decided first.
pub fn decide(tx: &mut Tx<'_>, row: &PairRow, from: PairStatus) -> Result<(), Error> {
    let target = duplicate_candidate::table.find(row.id).filter(duplicate_candidate::status.eq(from));
    let change = (
        duplicate_candidate::status.eq(row.status),
        duplicate_candidate::decided_by.eq(row.decided_by),
        duplicate_candidate::decided_at.eq(row.decided_at),
        duplicate_candidate::decision_reason.eq(row.decision_reason.clone()),
        duplicate_candidate::kept_id.eq(row.kept_id),
        duplicate_candidate::undo.eq(row.undo.clone()),
    );
    match diesel::update(target).set(change).execute(&mut **tx)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}

/// Pairs of one service that somebody dismissed, at most `limit`.
pub fn list_dismissed_of(conn: &mut Conn, id: Id, limit: i64) -> Result<Vec<PairRow>, Error> {
    let filter = PairFilter { status: Some(PairStatus::Dismissed), service_id: Some(id), ..PairFilter::default() };
    list_page(conn, &filter, None, limit)
}

/// Forgets these pairs where they are open.
pub fn delete_open_among(tx: &mut Tx<'_>, pair_ids: &[Id]) -> Result<(), Error> {
    for chunk in pair_ids.chunks(STATEMENT_ROWS_MAX) {
        let open = duplicate_candidate::table.filter(duplicate_candidate::status.eq(PairStatus::Open));
        diesel::delete(open.filter(duplicate_candidate::id.eq_any(chunk))).execute(&mut **tx)?;
    }
    Ok(())
}

/// Forgets the open pairs of these services, save one: they are found anew.
pub fn delete_open_besides(tx: &mut Tx<'_>, ids: &[Id], pair_id: Id) -> Result<(), Error> {
    let open = duplicate_candidate::table
        .filter(duplicate_candidate::status.eq(PairStatus::Open))
        .filter(duplicate_candidate::id.ne(pair_id));
    let of_them = duplicate_candidate::low_id.eq_any(ids).or(duplicate_candidate::high_id.eq_any(ids));
    diesel::delete(open.filter(of_them)).execute(&mut **tx)?;
    Ok(())
}
