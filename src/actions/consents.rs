//! Consents: taken on the doorstep, and taken back at once.

use chrono::NaiveDate;

use super::referral_moves::{By, withdraw_under_consent};
use super::{Deps, Outcome, signed_in};
use crate::actions::families::needs_worker;
use crate::domain::consent::{Consent, GivenBy, Method, Purpose, TEXT_VERSION, Taking, check};
use crate::domain::family::check_language;
use crate::domain::identity::Field;
use crate::domain::month::local_day;
use crate::domain::referral::{Actor, Channel};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::store::consents::{self, ConsentRow};
use crate::store::types::Json;
use crate::store::{self, families, organizations};

#[derive(Debug, Clone)]
pub struct NewConsent {
    pub family_id: Id,
    /// Who may receive.
    pub organization_id: Id,
    pub purpose: Purpose,
    pub fields: Vec<Field>,
    pub language: String,
    pub given_by: GivenBy,
    pub method: Method,
    pub witnessed: bool,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: NaiveDate,
}

pub fn create(deps: &Deps, viewer: &Viewer, new: &NewConsent) -> Outcome<ConsentRow> {
    let account = needs_worker(viewer)?;
    let now = deps.clock.now();
    let today = local_day(now);
    let mut fields = new.fields.clone();
    fields.sort_unstable();
    fields.dedup();
    let consent = Consent {
        organization_id: new.organization_id,
        purpose: new.purpose,
        fields,
        starts_on: new.starts_on.unwrap_or(today),
        ends_on: new.ends_on,
        revoked_at: None,
    };
    check(&consent, Taking { method: new.method, witnessed: new.witnessed }, today)?;
    check_language(&new.language, "language")?;
    let row = ConsentRow {
        id: deps.ids.new_id(now),
        network_id: account.network_id,
        family_id: new.family_id,
        organization_id: consent.organization_id,
        purpose: consent.purpose,
        fields: Json(consent.fields),
        language: new.language.clone(),
        given_by: new.given_by,
        method: new.method,
        witnessed: new.witnessed,
        taken_by_account_id: account.account_id,
        starts_on: consent.starts_on,
        ends_on: consent.ends_on,
        text_version: TEXT_VERSION.to_owned(),
        revoked_at: None,
        version: 1,
        created_at: now,
    };
    deps.store.write(now, |tx| {
        let unknown = |field: &str| Refusal::field(Code::UnknownReference, field);
        families::find(tx, viewer, new.family_id)?.ok_or_else(|| unknown("family_id"))?;
        organizations::find(tx, new.organization_id)?.ok_or_else(|| unknown("organization_id"))?;
        consents::insert(tx, std::slice::from_ref(&row))?;
        Ok::<_, super::Failure>(())
    })?;
    Ok(row)
}

pub fn list(deps: &Deps, viewer: &Viewer, family_id: Id) -> Outcome<Vec<ConsentRow>> {
    needs_worker(viewer)?;
    Ok(deps.store.read(|conn| {
        families::get(conn, viewer, family_id)?;
        consents::list(conn, viewer, family_id)
    })?)
}

/// A consent that was taken back, and how many referrals ended with it.
pub struct Revoked {
    pub row: ConsentRow,
    pub referrals_withdrawn: usize,
}

/// Takes a consent back. In the same transaction every open referral that carries identity under it is withdrawn: after
/// the commit no receiver gets another byte.
pub fn revoke(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<Revoked> {
    let account = signed_in(viewer)?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let row = consents::get(tx, viewer, id)?;
        if row.revoked_at.is_some() {
            return Err(super::Failure::from(Refusal::new(Code::ConsentEnded)));
        }
        match consents::revoke(tx, &row, now) {
            Err(store::Error::Stale) => return Err(store::Error::Retry.into()),
            other => other?,
        }
        let family = families::get(tx, viewer, row.family_id)?;
        let by = By {
            actor: Actor::Sender,
            channel: Channel::Web,
            account_id: Some(account.account_id),
            organization_id: Some(family.organization_id),
        };
        let referrals_withdrawn = withdraw_under_consent(deps, tx, id, &by)?;
        Ok(Revoked { row: consents::get(tx, viewer, id)?, referrals_withdrawn })
    })?;
    Ok(written.value)
}
