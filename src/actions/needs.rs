//! Needs, with or without a family, and what each voice says became of them.

use chrono::NaiveDate;

use super::families::{Residence, needs_worker, settle, worker_organization};
use super::idempotency::{Repeatable, once};
use super::{Deps, Outcome, signed_in};
use crate::clock::Time;
use crate::domain::family::check_past_day;
use crate::domain::month::local_day;
use crate::domain::need::{self, NeedStatus, UnmetReason, starting_status, voices_disagree};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::store::needs::{self, NeedOutcomeRow, NeedRow};
use crate::store::{self, Conn, Tx, families, referrals};

/// Outcomes that one need shows at most, the latest.
pub const OUTCOMES_SHOWN_MAX: i64 = 200;

#[derive(Debug, Clone)]
pub struct NewNeed {
    pub organization_id: Option<Id>,
    pub family_id: Option<Id>,
    /// A code of the taxonomy.
    pub category: String,
    /// Of the one who asked; a family's own where none is said.
    pub residence: Option<Residence>,
    pub recorded_on: Option<NaiveDate>,
}

/// A need with what was said of it.
#[derive(Debug, Clone)]
pub struct NeedFile {
    pub row: NeedRow,
    pub outcomes: Vec<NeedOutcomeRow>,
    pub voices_disagree: bool,
}

/// Records a need; sent again with its key, the one that was recorded.
pub fn create(deps: &Deps, viewer: &Viewer, new: &NewNeed, repeat: Option<&Repeatable>) -> Outcome<NeedFile> {
    let account = needs_worker(viewer)?;
    let organization_id = worker_organization(account, new.organization_id)?;
    Taxonomy::embedded().check(&new.category, "category")?;
    let now = deps.clock.now();
    let today = local_day(now);
    let recorded_on = new.recorded_on.unwrap_or(today);
    check_past_day(recorded_on, today, "recorded_on")?;
    let settled = new.residence.as_ref().map(|residence| settle(deps, residence)).transpose()?;
    let (status, unmet_reason) = starting_status(new.family_id.is_some());
    let written = deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            let family = match new.family_id {
                Some(id) => {
                    let family = families::find(tx, viewer, id)?;
                    Some(family.ok_or_else(|| Refusal::field(Code::UnknownReference, "family_id"))?)
                }
                None => None,
            };
            let of_family = family.as_ref().map(|family| (&family.municipality_id, &family.mrc_id, &family.region_id));
            let said = settled.as_ref().map(|one| (&one.municipality_id, &one.mrc_id, &one.region_id));
            let (municipality_id, mrc_id, region_id) = said.or(of_family).unwrap_or((&None, &None, &None));
            let row = NeedRow {
                id: deps.ids.new_id(now),
                network_id: account.network_id,
                family_id: new.family_id,
                // A need of a family belongs where its file is.
                organization_id: family.as_ref().map_or(organization_id, |family| family.organization_id),
                account_id: Some(account.account_id),
                category: new.category.clone(),
                municipality_id: municipality_id.clone(),
                mrc_id: mrc_id.clone(),
                region_id: region_id.clone(),
                status,
                unmet_reason,
                proposed_reason: None,
                recorded_on,
                status_on: recorded_on,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            needs::insert(tx, std::slice::from_ref(&row))?;
            Ok(row.id)
        })?;
        let row = needs::get(tx, viewer, id)?;
        Ok::<_, super::Failure>(file_of(tx, row)?)
    })?;
    Ok(written.value)
}

pub fn get(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<NeedFile> {
    Ok(deps.store.read(|conn| {
        let row = needs::get(conn, viewer, id)?;
        file_of(conn, row)
    })?)
}

fn file_of(conn: &mut Conn, row: NeedRow) -> Result<NeedFile, store::Error> {
    let outcomes = needs::outcomes_of(conn, &row, OUTCOMES_SHOWN_MAX)?;
    let said: Vec<need::Outcome> =
        outcomes.iter().map(|one| need::Outcome { voice: one.voice, status: one.status, reason: one.reason }).collect();
    Ok(NeedFile { row, voices_disagree: voices_disagree(&said), outcomes })
}

pub struct Asked {
    pub family_id: Option<Id>,
    pub status: Option<NeedStatus>,
    pub after: Option<(Time, Id)>,
    pub limit: usize,
}

pub struct NeedPage {
    pub needs: Vec<NeedRow>,
    pub more: bool,
}

pub fn list(deps: &Deps, viewer: &Viewer, asked: &Asked) -> Outcome<NeedPage> {
    needs_worker(viewer)?;
    let limit = i64::try_from(asked.limit).unwrap_or(1) + 1;
    let mut needs =
        deps.store.read(|conn| needs::list_page(conn, viewer, asked.family_id, asked.status, asked.after, limit))?;
    let more = needs.len() > asked.limit;
    needs.truncate(asked.limit);
    Ok(NeedPage { needs, more })
}

/// What somebody says became of a need, and the referral it came by.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub outcome: need::Outcome,
    pub referral_id: Option<Id>,
}

pub fn say(deps: &Deps, viewer: &Viewer, id: Id, said: Said) -> Outcome<NeedFile> {
    let account = signed_in(viewer)?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let row = needs::get(tx, viewer, id)?;
        said.outcome.check()?;
        if let Some(referral_id) = said.referral_id {
            let known = referrals::find(tx, viewer, referral_id)?.filter(|referral| referral.need_id == id);
            known.ok_or_else(|| Refusal::field(Code::UnknownReference, "referral_id"))?;
        }
        record(deps, tx, &row, account.account_id, said)?;
        let row = needs::get(tx, viewer, id)?;
        Ok::<_, super::Failure>(file_of(tx, row)?)
    })?;
    Ok(written.value)
}

/// Keeps one voice; the worker's word also sets the status. Two words at once come one after the other.
pub(super) fn record(
    deps: &Deps,
    tx: &mut Tx<'_>,
    row: &NeedRow,
    account_id: Id,
    said: Said,
) -> Result<(), store::Error> {
    let now = tx.now();
    let outcome = NeedOutcomeRow {
        id: deps.ids.new_id(now),
        network_id: row.network_id,
        need_id: row.id,
        voice: said.outcome.voice,
        status: said.outcome.status,
        reason: said.outcome.reason,
        referral_id: said.referral_id,
        account_id: Some(account_id),
        organization_id: Some(row.organization_id),
        at: now,
    };
    needs::insert_outcomes(tx, &[outcome])?;
    let Some((status, reason)): Option<(NeedStatus, Option<UnmetReason>)> = said.outcome.sets() else { return Ok(()) };
    match needs::set_status(tx, row, status, reason, now) {
        Err(store::Error::Stale) => Err(store::Error::Retry),
        other => other,
    }
}
