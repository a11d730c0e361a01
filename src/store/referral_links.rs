//! Links by which an organisation without an account answers one referral. Only hashes are kept: of the token, and of
//! the code that lets its reader see who the family is.

use diesel::prelude::*;

use super::schema::referral_link;
use super::{Conn, Error};
use crate::clock::Time;
use crate::id::Id;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral_link, treat_none_as_default_value = false)]
pub struct ReferralLinkRow {
    pub id: Id,
    pub network_id: Id,
    pub token_hash: String,
    pub referral_id: Id,
    pub organization_id: Id,
    pub expires_at: Time,
    pub code_hash: Option<String>,
    pub code_expires_at: Option<Time>,
    /// Wrong codes since the last right one.
    pub code_attempts: i32,
    pub created_at: Time,
}

pub fn insert(conn: &mut Conn, row: &ReferralLinkRow) -> Result<(), Error> {
    diesel::insert_into(referral_link::table).values(row).execute(conn)?;
    Ok(())
}

pub fn find_by_hash(conn: &mut Conn, token_hash: &str) -> Result<Option<ReferralLinkRow>, Error> {
    let row = referral_link::table.filter(referral_link::token_hash.eq(token_hash));
    Ok(row.select(ReferralLinkRow::as_select()).first(conn).optional()?)
}

/// One link by its id: for the job that sends its code.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ReferralLinkRow>, Error> {
    Ok(referral_link::table.find(id).select(ReferralLinkRow::as_select()).first(conn).optional()?)
}

/// A code is on its way (`hash` none) or has been made: it lives until `expires_at`. The one before it ends.
pub fn set_code(conn: &mut Conn, id: Id, hash: Option<&str>, expires_at: Time) -> Result<(), Error> {
    diesel::update(referral_link::table.find(id))
        .set((referral_link::code_hash.eq(hash), referral_link::code_expires_at.eq(Some(expires_at))))
        .execute(conn)?;
    Ok(())
}

/// Counts one more try before the code is looked at, so that tries at once are all counted. Gives the count.
pub fn count_attempt(conn: &mut Conn, id: Id) -> Result<i32, Error> {
    diesel::update(referral_link::table.find(id))
        .set(referral_link::code_attempts.eq(referral_link::code_attempts + 1))
        .execute(conn)?;
    Ok(referral_link::table.find(id).select(referral_link::code_attempts).first(conn)?)
}

/// A right code opens once and clears the count.
pub fn spend_code(conn: &mut Conn, id: Id) -> Result<(), Error> {
    diesel::update(referral_link::table.find(id))
        .set((
            referral_link::code_hash.eq(None::<String>),
            referral_link::code_expires_at.eq(None::<Time>),
            referral_link::code_attempts.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}
