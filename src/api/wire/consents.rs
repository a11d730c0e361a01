//! Consents on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::actions::consents::{NewConsent, Revoked};
use crate::clock::Time;
use crate::domain::consent::{GivenBy, Method, Purpose};
use crate::domain::identity::Field;
use crate::id::Id;
use crate::store::consents::ConsentRow;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    family_id: Id,
    organization_id: Id,
    purpose: Purpose,
    fields: Vec<Field>,
    language: String,
    given_by: GivenBy,
    method: Method,
    #[serde(default)]
    witnessed: bool,
    starts_on: Option<NaiveDate>,
    ends_on: NaiveDate,
}

impl ConsentBody {
    pub fn parse(self) -> NewConsent {
        NewConsent {
            family_id: self.family_id,
            organization_id: self.organization_id,
            purpose: self.purpose,
            fields: self.fields,
            language: self.language,
            given_by: self.given_by,
            method: self.method,
            witnessed: self.witnessed,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentsQuery {
    pub family_id: Id,
}

#[derive(Debug, Serialize)]
pub struct ConsentView {
    id: Id,
    family_id: Id,
    organization_id: Id,
    purpose: Purpose,
    fields: Vec<Field>,
    language: String,
    given_by: GivenBy,
    method: Method,
    witnessed: bool,
    taken_by_account_id: Id,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    text_version: String,
    revoked_at: Option<Time>,
    version: i64,
    created_at: Time,
}

impl ConsentView {
    pub fn new(row: &ConsentRow) -> Self {
        Self {
            id: row.id,
            family_id: row.family_id,
            organization_id: row.organization_id,
            purpose: row.purpose,
            fields: row.fields.0.clone(),
            language: row.language.clone(),
            given_by: row.given_by,
            method: row.method,
            witnessed: row.witnessed,
            taken_by_account_id: row.taken_by_account_id,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            text_version: row.text_version.clone(),
            revoked_at: row.revoked_at,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ConsentListView {
    results: Vec<ConsentView>,
}

impl ConsentListView {
    pub fn new(rows: &[ConsentRow]) -> Self {
        Self { results: rows.iter().map(ConsentView::new).collect() }
    }
}

#[derive(Debug, Serialize)]
pub struct RevokedView {
    #[serde(flatten)]
    consent: ConsentView,
    referrals_withdrawn: usize,
}

impl RevokedView {
    pub fn new(revoked: &Revoked) -> Self {
        Self { consent: ConsentView::new(&revoked.row), referrals_withdrawn: revoked.referrals_withdrawn }
    }
}
