//! Accounts and what each may do where. An account's password is only ever a hash here.

use std::collections::HashMap;

use diesel::prelude::*;

use super::conn::Conn;
use super::error::Error;
use super::schema::{account, curator_territory, membership, organization};
use crate::clock::Time;
use crate::domain::viewer::{AccountViewer, Membership, Role};
use crate::each_backend;
use crate::id::Id;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = account, treat_none_as_default_value = false)]
pub struct AccountRow {
    pub id: Id,
    pub network_id: Id,
    /// Lower case, trimmed.
    pub email: String,
    pub display_name: String,
    pub lang: String,
    pub password_hash: Option<String>,
    pub failed_attempts: i64,
    pub locked_until: Option<Time>,
    pub is_demo: bool,
    pub created_at: Time,
    pub disabled_at: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = membership, treat_none_as_default_value = false)]
pub struct MembershipRow {
    pub account_id: Id,
    pub organization_id: Id,
    pub role: Role,
}

pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<AccountRow>, Error> {
    let row = account::table.filter(account::email.eq(email)).select(AccountRow::as_select()).first(conn);
    Ok(row.optional()?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<AccountRow>, Error> {
    Ok(account::table.find(id).select(AccountRow::as_select()).first(conn).optional()?)
}

/// What an account may do at this moment: read again at each request, so that a role taken away is gone at once.
pub fn find_viewer(conn: &mut Conn, account_id: Id) -> Result<Option<AccountViewer>, Error> {
    let rows: Vec<(Id, Option<Time>, Option<(Id, Role)>)> = account::table
        .left_join(membership::table)
        .filter(account::id.eq(account_id))
        .select((account::network_id, account::disabled_at, (membership::organization_id, membership::role).nullable()))
        .load(conn)?;
    let Some((network_id, None, _)) = rows.first().copied() else { return Ok(None) };
    let memberships = rows.into_iter().filter_map(|(_, _, membership)| membership);
    let memberships: Vec<Membership> =
        memberships.map(|(organization_id, role)| Membership { organization_id, role }).collect();
    let is_curator = memberships.iter().any(|one| one.role == Role::Curator);
    let territories = if is_curator { territories_of(conn, account_id)? } else { Vec::new() };
    Ok(Some(AccountViewer { account_id, network_id, memberships, territories }))
}

/// Where a curator may write; empty: in the whole network.
fn territories_of(conn: &mut Conn, account_id: Id) -> Result<Vec<String>, Error> {
    let rows = curator_territory::table.filter(curator_territory::account_id.eq(account_id));
    Ok(rows.order(curator_territory::territory_id.asc()).select(curator_territory::territory_id).load(conn)?)
}

/// Bounds a curator to territories.
pub fn insert_territories(conn: &mut Conn, account_id: Id, territory_ids: &[String]) -> Result<(), Error> {
    let row =
        |id: &String| (curator_territory::account_id.eq(account_id), curator_territory::territory_id.eq(id.clone()));
    let rows: Vec<_> = territory_ids.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    each_backend!(conn, |c| diesel::insert_into(curator_territory::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// The names under which people are shown; an account without one is left out.
pub fn display_names(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, String>, Error> {
    let rows = account::table.filter(account::id.eq_any(ids).and(account::display_name.ne("")));
    let rows: Vec<(Id, String)> = rows.select((account::id, account::display_name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

pub fn insert(conn: &mut Conn, rows: &[AccountRow]) -> Result<(), Error> {
    each_backend!(conn, |c| diesel::insert_into(account::table).values(rows).execute(c))?;
    Ok(())
}

pub fn insert_memberships(conn: &mut Conn, rows: &[MembershipRow]) -> Result<(), Error> {
    each_backend!(conn, |c| diesel::insert_into(membership::table).values(rows).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// How many people of an organisation can sign in and answer referrals: none means that it answers by link.
pub fn count_casework_members(conn: &mut Conn, organization_id: Id) -> Result<i64, Error> {
    Ok(membership::table
        .inner_join(account::table)
        .filter(membership::organization_id.eq(organization_id))
        .filter(membership::role.eq_any([Role::Worker, Role::Partner]))
        .filter(account::disabled_at.is_null())
        .filter(account::password_hash.is_not_null())
        .count()
        .get_result(conn)?)
}

pub fn organization_names(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Option<String>, Option<String>)>, Error> {
    let rows = organization::table.filter(organization::id.eq_any(ids));
    Ok(rows.select((organization::id, organization::name_fr, organization::name_en)).load(conn)?)
}

/// Counts one failure more and gives the count: the row's own lock puts failures of the same moment in a line.
pub fn count_failure(conn: &mut Conn, id: Id) -> Result<i64, Error> {
    Ok(diesel::update(account::table.find(id))
        .set(account::failed_attempts.eq(account::failed_attempts + 1))
        .returning(account::failed_attempts)
        .get_result(conn)?)
}

/// Begins the count again, locked until a moment or not.
pub fn forget_failures(conn: &mut Conn, id: Id, locked_until: Option<Time>) -> Result<(), Error> {
    diesel::update(account::table.find(id))
        .set((account::failed_attempts.eq(0), account::locked_until.eq(locked_until)))
        .execute(conn)?;
    Ok(())
}

pub fn set_password(conn: &mut Conn, id: Id, hash: &str) -> Result<(), Error> {
    diesel::update(account::table.find(id)).set(account::password_hash.eq(Some(hash))).execute(conn)?;
    Ok(())
}

/// Ends an account: its tokens open nothing from the next request on.
pub fn disable(conn: &mut Conn, id: Id, at: Time) -> Result<(), Error> {
    diesel::update(account::table.find(id)).set(account::disabled_at.eq(Some(at))).execute(conn)?;
    Ok(())
}
