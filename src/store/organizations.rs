//! Organisations. Inserts and updates never touch `referral_address`: [`set_referral_address`] alone does, for an
//! administrator, so that no import and no edit of a listing can send families' referrals elsewhere.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::changes::Subject;
use super::schema::{organization, service};
use super::services::Retired;
use super::types::Json;
use super::{Conn, DEFAULT_NETWORK, Error, Tx, taxonomies};
use crate::clock::Time;
use crate::domain::directory::{Organization, OrganizationDocument, Origin};
use crate::domain::fold::fold;
use crate::domain::language::{Lang, Text};
use crate::id::Id;
use crate::insert_rows;

/// Rows of one statement: both databases bound the number of parameters (SQLite 32,766, PostgreSQL 65,535).
pub const STATEMENT_ROWS_MAX: usize = 1_000;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = organization, treat_none_as_default_value = false)]
struct OrganizationRow {
    id: Id,
    network_id: Id,
    name_fr: Option<String>,
    name_en: Option<String>,
    folded_name: String,
    referral_address: Option<String>,
    enrolled_on: Option<NaiveDate>,
    source: String,
    source_key: String,
    content_hash: String,
    document: Json<OrganizationDocument>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl OrganizationRow {
    fn new(one: &Organization, now: Time) -> Self {
        Self {
            id: one.id,
            network_id: DEFAULT_NETWORK,
            name_fr: one.name.fr.clone(),
            name_en: one.name.en.clone(),
            folded_name: fold(one.name.get(Lang::Fr)),
            referral_address: None,
            enrolled_on: one.enrolled_on,
            source: one.origin.source.clone(),
            source_key: one.origin.key.clone(),
            content_hash: one.origin.content_hash.clone(),
            document: Json(one.document.clone()),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

impl From<(OrganizationRow, Retired)> for Organization {
    fn from((row, (retired_at, replaced_by)): (OrganizationRow, Retired)) -> Self {
        Self {
            id: row.id,
            origin: Origin { source: row.source, key: row.source_key, content_hash: row.content_hash },
            name: Text { fr: row.name_fr, en: row.name_en },
            referral_address: row.referral_address,
            enrolled_on: row.enrolled_on,
            document: row.document.0,
            version: row.version,
            updated_at: row.updated_at,
            retired_at,
            replaced_by,
        }
    }
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<Organization>, Error> {
    let columns = (OrganizationRow::as_select(), (organization::retired_at, organization::replaced_by));
    let row: Option<(OrganizationRow, Retired)> =
        organization::table.find(id).select(columns).first(conn).optional()?;
    Ok(row.map(Organization::from))
}

pub fn get(conn: &mut Conn, id: Id) -> Result<Organization, Error> {
    find(conn, id)?.ok_or(Error::NotFound)
}

/// The organisations with these ids, retired ones too, in no order; an id that is not there is left out.
pub fn list_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Organization>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows = organization::table.filter(organization::id.eq_any(chunk));
        let columns = (OrganizationRow::as_select(), (organization::retired_at, organization::replaced_by));
        let rows: Vec<(OrganizationRow, Retired)> = rows.select(columns).load(conn)?;
        found.extend(rows.into_iter().map(Organization::from));
    }
    Ok(found)
}

/// A page of organisations in the order of their folded names, after `(folded name, id)`, without those retired.
pub fn list_by_name(conn: &mut Conn, after: Option<(&str, Id)>, limit: i64) -> Result<Vec<Organization>, Error> {
    let columns = (OrganizationRow::as_select(), (organization::retired_at, organization::replaced_by));
    let mut query = organization::table.filter(organization::retired_at.is_null()).select(columns).into_boxed();
    if let Some((name, id)) = after {
        let later = organization::folded_name.gt(name.to_owned());
        let same = organization::folded_name.eq(name.to_owned()).and(organization::id.gt(id));
        query = query.filter(later.or(same));
    }
    let rows: Vec<(OrganizationRow, Retired)> =
        query.order((organization::folded_name.asc(), organization::id.asc())).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// Organisations by id, after one, without those retired.
pub fn list_after(conn: &mut Conn, after: Option<Id>, limit: i64) -> Result<Vec<Organization>, Error> {
    let columns = (OrganizationRow::as_select(), (organization::retired_at, organization::replaced_by));
    let mut query = organization::table.filter(organization::retired_at.is_null()).select(columns).into_boxed();
    if let Some(after) = after {
        query = query.filter(organization::id.gt(after));
    }
    let rows: Vec<(OrganizationRow, Retired)> = query.order(organization::id.asc()).limit(limit).load(conn)?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// Takes the lock of one organisation until the transaction ends.
///
/// # Errors
/// `NotFound` for one that is not there.
pub fn lock(tx: &mut Tx<'_>, id: Id) -> Result<(), Error> {
    let target = organization::table.find(id);
    let locked = diesel::update(target).set(organization::version.eq(organization::version)).execute(&mut **tx)?;
    if locked == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Inserts at version 1, without a referral address whatever the record says.
pub fn insert_many(tx: &mut Tx<'_>, organizations: &[Organization]) -> Result<(), Error> {
    let now = tx.now();
    for chunk in organizations.chunks(STATEMENT_ROWS_MAX) {
        let rows: Vec<OrganizationRow> = chunk.iter().map(|one| OrganizationRow::new(one, now)).collect();
        insert_rows!(&mut **tx, organization::table, &rows)?;
    }
    taxonomies::insert_of_organizations(tx, organizations)?;
    for one in organizations {
        tx.changed(Subject::Organization, one.id);
    }
    Ok(())
}

pub fn insert(tx: &mut Tx<'_>, one: &Organization) -> Result<(), Error> {
    insert_many(tx, std::slice::from_ref(one))
}

/// Writes name, document and origin over the version that the caller read, and gives the new version. The services
/// that show the organisation get a new version too: what they answer has changed.
///
/// # Errors
/// `Stale` when the row has another version than `organization.version`, or is not there.
pub fn update(tx: &mut Tx<'_>, one: &Organization) -> Result<i64, Error> {
    let now = tx.now();
    let version = one.version + 1;
    let changed = diesel::update(organization::table.find(one.id).filter(organization::version.eq(one.version)))
        .set((
            organization::name_fr.eq(&one.name.fr),
            organization::name_en.eq(&one.name.en),
            organization::folded_name.eq(fold(one.name.get(Lang::Fr))),
            organization::content_hash.eq(&one.origin.content_hash),
            organization::document.eq(Json(one.document.clone())),
            organization::version.eq(version),
            organization::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 {
        return Err(Error::Stale);
    }
    taxonomies::update_of_organization(tx, one)?;
    diesel::update(service::table.filter(service::organization_id.eq(one.id)))
        .set((service::version.eq(service::version + 1), service::updated_at.eq(now)))
        .execute(&mut **tx)?;
    tx.changed(Subject::Organization, one.id);
    Ok(version)
}

/// Takes an organisation out of the directory, or brings it back, and gives the new version.
///
/// # Errors
/// `Stale` when the row has another version than `version`, or is not there.
pub fn set_retired(tx: &mut Tx<'_>, id: Id, version: i64, retired: Retired) -> Result<i64, Error> {
    let now = tx.now();
    let changed = diesel::update(organization::table.find(id).filter(organization::version.eq(version)))
        .set((
            organization::retired_at.eq(retired.0),
            organization::replaced_by.eq(retired.1),
            organization::version.eq(version + 1),
            organization::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 {
        return Err(Error::Stale);
    }
    tx.changed(Subject::Organization, id);
    Ok(version + 1)
}

/// Where referrals go when the organisation has no account. For an administrator only.
pub fn set_referral_address(tx: &mut Tx<'_>, id: Id, address: Option<&str>) -> Result<(), Error> {
    let changed = diesel::update(organization::table.find(id))
        .set((organization::referral_address.eq(address), organization::version.eq(organization::version + 1)))
        .execute(&mut **tx)?;
    if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
}
