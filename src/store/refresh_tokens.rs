//! Refresh tokens: rotated at each use, kept as hashes, in families that fall together when an old one comes back.

use diesel::prelude::*;

use super::conn::Conn;
use super::error::Error;
use super::schema::refresh_token;
use crate::clock::Time;
use crate::id::Id;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_token, treat_none_as_default_value = false)]
pub struct RefreshTokenRow {
    pub id: Id,
    pub family_id: Id,
    pub account_id: Id,
    pub token_hash: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub replaced_at: Option<Time>,
    pub revoked_at: Option<Time>,
}

pub fn insert(conn: &mut Conn, row: &RefreshTokenRow) -> Result<(), Error> {
    diesel::insert_into(refresh_token::table).values(row).execute(conn)?;
    Ok(())
}

pub fn find_by_hash(conn: &mut Conn, hash: &str) -> Result<Option<RefreshTokenRow>, Error> {
    let row = refresh_token::table.filter(refresh_token::token_hash.eq(hash)).select(RefreshTokenRow::as_select());
    Ok(row.first(conn).optional()?)
}

/// Marks a token as used. Gives false when another request did so first.
pub fn mark_replaced(conn: &mut Conn, id: Id, at: Time) -> Result<bool, Error> {
    let fresh = refresh_token::table.find(id).filter(refresh_token::replaced_at.is_null());
    Ok(diesel::update(fresh).set(refresh_token::replaced_at.eq(Some(at))).execute(conn)? == 1)
}

pub fn revoke_family(conn: &mut Conn, family_id: Id, at: Time) -> Result<(), Error> {
    diesel::update(refresh_token::table.filter(refresh_token::family_id.eq(family_id)))
        .set(refresh_token::revoked_at.eq(Some(at)))
        .execute(conn)?;
    Ok(())
}
