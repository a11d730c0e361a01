//! Who families are, sealed, and the log of those who looked. A sealed value comes out through a [`Viewer`] only: to
//! the workers whose file it is, and to the receiver of an accepted referral for as long as the family agrees.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::families::FamilyRow;
use super::schema::{consent, identity, identity_read, referral};
use super::types::Json;
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::consent::Purpose;
use crate::domain::identity::Field;
use crate::domain::referral::Status;
use crate::domain::viewer::Viewer;
use crate::domain::words::words;
use crate::id::Id;
use crate::{each_backend, text_words};

words! {
    /// How an identity was looked at.
    pub enum ReadAction {
        Read => "read",
        List => "list",
        Search => "search",
        Export => "export",
        Preview => "preview",
    }
}
text_words!(ReadAction);

/// The table and column of a sealed identity, as its associated data name them.
pub const TABLE: &str = "identity";
pub const COLUMN: &str = "sealed";

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = identity, primary_key(family_id), treat_none_as_default_value = false)]
pub struct IdentityRow {
    pub family_id: Id,
    pub network_id: Id,
    pub sealed: String,
    pub key_version: i32,
    pub updated_at: Time,
}

/// One look at an identity. It outlives the family.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = identity_read, treat_none_as_default_value = false)]
pub struct IdentityReadRow {
    pub id: Id,
    pub network_id: Id,
    pub at: Time,
    pub family_id: Id,
    pub account_id: Option<Id>,
    pub organization_id: Option<Id>,
    pub referral_link_id: Option<Id>,
    pub action: ReadAction,
    pub purpose: String,
}

/// An identity as a receiver may have it: sealed, with what the family agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    pub identity: IdentityRow,
    pub receiver_organization_id: Id,
    pub fields: Vec<Field>,
    pub purpose: Purpose,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
}

/// The sealed identity of a file that a viewer was given.
pub fn find(conn: &mut Conn, family: &FamilyRow) -> Result<Option<IdentityRow>, Error> {
    Ok(identity::table.find(family.id).select(IdentityRow::as_select()).first(conn).optional()?)
}

/// The sealed identity that goes with a referral, for its receiver: while the status shows it and the consent under
/// which it was sent is not revoked. On PostgreSQL the consent is locked, so that a revocation comes before or after.
pub fn find_shared(conn: &mut Conn, viewer: &Viewer, referral_id: Id) -> Result<Option<Shared>, Error> {
    let showing: Vec<&str> =
        Status::ALL.iter().filter(|status| status.shows_identity()).map(|status| status.as_str()).collect();
    let receivers = match viewer {
        Viewer::Account(account) => account.casework_organizations(),
        Viewer::Link { referral_id: bound, organization_id, .. } if *bound == referral_id => vec![*organization_id],
        Viewer::Link { .. } | Viewer::FamilyLink { .. } | Viewer::Job(_) => Vec::new(),
    };
    let accepted: Option<(Option<Id>, Option<Id>, Id)> = referral::table
        .filter(referral::id.eq(referral_id))
        .filter(referral::receiver_organization_id.eq_any(receivers))
        .filter(referral::shares_identity.eq(true))
        .filter(referral::status.eq_any(showing))
        .select((referral::family_id, referral::consent_id, referral::receiver_organization_id))
        .first(conn)
        .optional()?;
    let Some((Some(family_id), Some(consent_id), receiver_organization_id)) = accepted else { return Ok(None) };
    if let Conn::Postgres(c) = conn {
        consent::table.find(consent_id).select(consent::id).for_share().first::<Id>(c).optional()?;
    }
    let agreed: Option<(Json<Vec<Field>>, Purpose, NaiveDate, NaiveDate)> = consent::table
        .filter(consent::id.eq(consent_id))
        .filter(consent::family_id.eq(family_id))
        .filter(consent::organization_id.eq(receiver_organization_id))
        .filter(consent::revoked_at.is_null())
        .select((consent::fields, consent::purpose, consent::starts_on, consent::ends_on))
        .first(conn)
        .optional()?;
    let Some((Json(fields), purpose, starts_on, ends_on)) = agreed else { return Ok(None) };
    let row = identity::table.find(family_id).select(IdentityRow::as_select()).first(conn).optional()?;
    Ok(row.map(|identity| Shared { identity, receiver_organization_id, fields, purpose, starts_on, ends_on }))
}

pub fn upsert(conn: &mut Conn, row: &IdentityRow) -> Result<(), Error> {
    each_backend!(conn, |c| diesel::insert_into(identity::table)
        .values(row)
        .on_conflict(identity::family_id)
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// The log of looks is only ever added to.
pub fn insert_read(conn: &mut Conn, row: &IdentityReadRow) -> Result<(), Error> {
    diesel::insert_into(identity_read::table).values(row).execute(conn)?;
    Ok(())
}

/// The looks at a file that a viewer was given, latest first.
pub fn list_reads(conn: &mut Conn, family: &FamilyRow, limit: i64) -> Result<Vec<IdentityReadRow>, Error> {
    let reads = identity_read::table.filter(identity_read::family_id.eq(family.id));
    let reads = reads.order((identity_read::at.desc(), identity_read::id.desc())).limit(limit);
    Ok(reads.select(IdentityReadRow::as_select()).load(conn)?)
}
