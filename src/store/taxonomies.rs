//! Taxonomies that records brought with them, which records carry which of their terms, and what lists are filtered by
//! besides. Written with the records, in batches; the needs built into the program are not here.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::{Map, Value};

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{organization_term, service_filter, service_term, taxonomy, taxonomy_term};
use super::types::Json;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::directory::{Organization, Service};
use crate::domain::fold::fold;
use crate::domain::foreign_terms::{ForeignTaxonomy, ForeignTerm, TermsSaid};
use crate::domain::weekly_hours::{WeekMask, week_mask};
use crate::each_backend;
use crate::id::Id;

type Members = Map<String, Value>;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = taxonomy, treat_none_as_default_value = false)]
struct TaxonomyRow {
    id: Id,
    name: String,
    folded_name: String,
    document: Json<Members>,
    updated_at: Time,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = taxonomy_term, treat_none_as_default_value = false)]
struct TermRow {
    id: Id,
    taxonomy_id: Option<Id>,
    parent_id: Option<Id>,
    name: String,
    folded_name: String,
    document: Json<Members>,
    updated_at: Time,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = service_filter, treat_none_as_default_value = false)]
struct FilterRow {
    service_id: Id,
    minimum_age_months: Option<i32>,
    maximum_age_months: Option<i32>,
    open_mo: i64,
    open_tu: i64,
    open_we: i64,
    open_th: i64,
    open_fr: i64,
    open_sa: i64,
    open_su: i64,
}

impl From<TaxonomyRow> for ForeignTaxonomy {
    fn from(row: TaxonomyRow) -> Self {
        Self { id: row.id, name: row.name, members: row.document.0 }
    }
}
impl From<TermRow> for ForeignTerm {
    fn from(row: TermRow) -> Self {
        Self {
            id: row.id,
            taxonomy_id: row.taxonomy_id,
            parent_id: row.parent_id,
            name: row.name,
            members: row.document.0,
        }
    }
}

// ---- reading

/// The taxonomies with these ids; an id that is not there is left out. At most [`STATEMENT_ROWS_MAX`] ids.
pub fn list_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, ForeignTaxonomy>, Error> {
    let rows: Vec<TaxonomyRow> =
        taxonomy::table.filter(taxonomy::id.eq_any(ids)).select(TaxonomyRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// The terms with these ids; an id that is not there is left out. At most [`STATEMENT_ROWS_MAX`] ids.
pub fn list_terms_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, ForeignTerm>, Error> {
    let rows: Vec<TermRow> =
        taxonomy_term::table.filter(taxonomy_term::id.eq_any(ids)).select(TermRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

// ---- writing

/// Writes which terms services carry, the terms themselves, and their ages and hours. Services that say none of it cost
/// no statement.
pub(super) fn insert_of_services(tx: &mut Tx<'_>, services: &[Service]) -> Result<(), Error> {
    let mut said = TermsSaid::default();
    let mut uses = Vec::new();
    let mut filters = Vec::new();
    for one in services {
        let ids = said.read(one.document.other.get("attributes"));
        uses.extend(ids.into_iter().map(|id| (service_term::service_id.eq(one.id), service_term::term_id.eq(id))));
        filters.extend(filter_row(one));
    }
    write_said(tx, &said)?;
    for rows in uses.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(service_term::table).values(rows).execute(c))?;
    }
    for rows in filters.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(service_filter::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Forgets what [`insert_of_services`] wrote of one service; the terms stay.
pub(super) fn delete_of_service(tx: &mut Tx<'_>, id: Id) -> Result<(), Error> {
    diesel::delete(service_term::table.filter(service_term::service_id.eq(id))).execute(&mut **tx)?;
    diesel::delete(service_filter::table.filter(service_filter::service_id.eq(id))).execute(&mut **tx)?;
    Ok(())
}

/// Writes which terms organisations carry, and the terms themselves.
pub(super) fn insert_of_organizations(tx: &mut Tx<'_>, organizations: &[Organization]) -> Result<(), Error> {
    let mut said = TermsSaid::default();
    let mut uses = Vec::new();
    for one in organizations {
        let ids = said.read(one.document.other.get("attributes"));
        let of = |id| (organization_term::organization_id.eq(one.id), organization_term::term_id.eq(id));
        uses.extend(ids.into_iter().map(of));
    }
    write_said(tx, &said)?;
    for rows in uses.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(organization_term::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Writes anew which terms one organisation carries.
pub(super) fn update_of_organization(tx: &mut Tx<'_>, one: &Organization) -> Result<(), Error> {
    diesel::delete(organization_term::table.filter(organization_term::organization_id.eq(one.id)))
        .execute(&mut **tx)?;
    insert_of_organizations(tx, std::slice::from_ref(one))
}

fn filter_row(one: &Service) -> Option<FilterRow> {
    let document = &one.document;
    let at = one.at_locations.iter().flat_map(|link| &link.document.schedules);
    let week: WeekMask = week_mask(document.schedules.iter().chain(at));
    let months = |value: Option<u32>| value.and_then(|months| i32::try_from(months).ok());
    let (minimum, maximum) = (months(document.minimum_age_months), months(document.maximum_age_months));
    if minimum.is_none() && maximum.is_none() && week == WeekMask::default() {
        return None;
    }
    let [open_mo, open_tu, open_we, open_th, open_fr, open_sa, open_su] = week;
    Some(FilterRow {
        service_id: one.id,
        minimum_age_months: minimum,
        maximum_age_months: maximum,
        open_mo,
        open_tu,
        open_we,
        open_th,
        open_fr,
        open_sa,
        open_su,
    })
}

/// Taxonomies and terms that are new, or that are said more fully than they are known; the others cost a read.
fn write_said(tx: &mut Tx<'_>, said: &TermsSaid) -> Result<(), Error> {
    let now = tx.now();
    let ids: Vec<Id> = said.taxonomies.keys().copied().collect();
    let mut rows = Vec::new();
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let known = list_by_ids(tx, chunk)?;
        let fuller = |one: &&ForeignTaxonomy| is_fuller(known.get(&one.id).map(|old| &old.members), &one.members);
        rows.extend(chunk.iter().filter_map(|id| said.taxonomies.get(id)).filter(fuller).map(|one| TaxonomyRow {
            id: one.id,
            name: one.name.clone(),
            folded_name: fold(&one.name),
            document: Json(one.members.clone()),
            updated_at: now,
        }));
    }
    write_taxonomies(tx, &rows)?;
    let ids: Vec<Id> = said.terms.keys().copied().collect();
    let mut rows = Vec::new();
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let known = list_terms_by_ids(tx, chunk)?;
        let fuller = |one: &&ForeignTerm| is_fuller(known.get(&one.id).map(|old| &old.members), &one.members);
        rows.extend(chunk.iter().filter_map(|id| said.terms.get(id)).filter(fuller).map(|one| TermRow {
            id: one.id,
            taxonomy_id: one.taxonomy_id,
            parent_id: one.parent_id,
            name: one.name.clone(),
            folded_name: fold(&one.name),
            document: Json(one.members.clone()),
            updated_at: now,
        }));
    }
    write_terms(tx, &rows)
}

fn is_fuller(known: Option<&Members>, said: &Members) -> bool {
    known.is_none_or(|known| known != said && said.len() >= known.len())
}

fn write_taxonomies(tx: &mut Tx<'_>, rows: &[TaxonomyRow]) -> Result<(), Error> {
    for chunk in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(taxonomy::table)
            .values(chunk)
            .on_conflict(taxonomy::id)
            .do_update()
            .set((
                taxonomy::name.eq(excluded(taxonomy::name)),
                taxonomy::folded_name.eq(excluded(taxonomy::folded_name)),
                taxonomy::document.eq(excluded(taxonomy::document)),
                taxonomy::updated_at.eq(excluded(taxonomy::updated_at)),
            ))
            .execute(c))?;
    }
    rows.iter().for_each(|row| tx.changed(Subject::TaxonomyTerm, row.id));
    Ok(())
}

fn write_terms(tx: &mut Tx<'_>, rows: &[TermRow]) -> Result<(), Error> {
    for chunk in rows.chunks(STATEMENT_ROWS_MAX) {
        each_backend!(&mut **tx, |c| diesel::insert_into(taxonomy_term::table)
            .values(chunk)
            .on_conflict(taxonomy_term::id)
            .do_update()
            .set((
                taxonomy_term::taxonomy_id.eq(excluded(taxonomy_term::taxonomy_id)),
                taxonomy_term::parent_id.eq(excluded(taxonomy_term::parent_id)),
                taxonomy_term::name.eq(excluded(taxonomy_term::name)),
                taxonomy_term::folded_name.eq(excluded(taxonomy_term::folded_name)),
                taxonomy_term::document.eq(excluded(taxonomy_term::document)),
                taxonomy_term::updated_at.eq(excluded(taxonomy_term::updated_at)),
            ))
            .execute(c))?;
    }
    rows.iter().for_each(|row| tx.changed(Subject::TaxonomyTerm, row.id));
    Ok(())
}
