//! What families agreed to share, with whom and until when. A consent is read through a [`Viewer`], or with the
//! referral that was sent under it.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::families::organizations_of;
use super::referrals::ReferralRow;
use super::schema::{consent, family};
use super::types::Json;
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::consent::{Consent, GivenBy, Method, Purpose};
use crate::domain::identity::Field;
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(Purpose, Method, GivenBy);

/// Consents of one file that are read at once.
pub const CONSENTS_MAX: i64 = 200;

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = consent, treat_none_as_default_value = false)]
pub struct ConsentRow {
    pub id: Id,
    pub network_id: Id,
    pub family_id: Id,
    /// Who may receive.
    pub organization_id: Id,
    pub purpose: Purpose,
    pub fields: Json<Vec<Field>>,
    pub language: String,
    pub given_by: GivenBy,
    pub method: Method,
    pub witnessed: bool,
    pub taken_by_account_id: Id,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    /// Of the text that was read to the family.
    pub text_version: String,
    pub revoked_at: Option<Time>,
    pub version: i64,
    pub created_at: Time,
}

impl ConsentRow {
    /// What the rules know of a consent.
    pub fn to_consent(&self) -> Consent {
        Consent {
            organization_id: self.organization_id,
            purpose: self.purpose,
            fields: self.fields.0.clone(),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            revoked_at: self.revoked_at,
        }
    }
}

/// A consent of one of the viewer's own files.
pub fn find(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<ConsentRow>, Error> {
    let row = consent::table
        .inner_join(family::table)
        .filter(family::organization_id.eq_any(organizations_of(viewer)))
        .filter(consent::id.eq(id))
        .select(ConsentRow::as_select())
        .first(conn);
    Ok(row.optional()?)
}

pub fn get(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<ConsentRow, Error> {
    find(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// The consents of one of the viewer's own files, latest first, at most [`CONSENTS_MAX`].
pub fn list(conn: &mut Conn, viewer: &Viewer, family_id: Id) -> Result<Vec<ConsentRow>, Error> {
    let rows = consent::table
        .inner_join(family::table)
        .filter(family::organization_id.eq_any(organizations_of(viewer)))
        .filter(consent::family_id.eq(family_id))
        .order((consent::created_at.desc(), consent::id.desc()))
        .limit(CONSENTS_MAX);
    Ok(rows.select(ConsentRow::as_select()).load(conn)?)
}

/// The consent in force on a day that covers what a referral shares, for one who was given that referral: of its
/// family, for its receiver; of several the one that ends last. On PostgreSQL it is locked for the rest of the
/// transaction, so that a revocation comes before or after what follows from it, never in between.
pub fn covering(
    conn: &mut Conn,
    referral: &ReferralRow,
    purpose: Purpose,
    day: NaiveDate,
) -> Result<Option<ConsentRow>, Error> {
    let Some(family_id) = referral.family_id else { return Ok(None) };
    let in_force = consent::table
        .filter(consent::family_id.eq(family_id))
        .filter(consent::organization_id.eq(referral.receiver_organization_id))
        .filter(consent::purpose.eq(purpose))
        .filter(consent::starts_on.le(day))
        .filter(consent::ends_on.ge(day))
        .filter(consent::revoked_at.is_null());
    let last = in_force.order((consent::ends_on.desc(), consent::id.desc()));
    match conn {
        Conn::Postgres(c) => Ok(last.select(ConsentRow::as_select()).for_share().first(c).optional()?),
        Conn::Sqlite(c) => Ok(last.select(ConsentRow::as_select()).first(c).optional()?),
    }
}

pub fn insert(conn: &mut Conn, rows: &[ConsentRow]) -> Result<(), Error> {
    for rows in rows.chunks(super::organizations::STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(consent::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Ends a consent at this moment, on the version that it was read at.
///
/// # Errors
/// `Stale` when somebody else ended it first.
pub fn revoke(conn: &mut Conn, row: &ConsentRow, now: Time) -> Result<(), Error> {
    let target = consent::table
        .filter(consent::id.eq(row.id))
        .filter(consent::version.eq(row.version))
        .filter(consent::revoked_at.is_null());
    let change = (consent::revoked_at.eq(Some(now)), consent::version.eq(row.version + 1));
    match diesel::update(target).set(change).execute(conn)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}
