//! Keeping records true: what is due or poor, for curators; letters to organisations about their own records, by
//! themselves when a service falls due and when a curator asks.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;

use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::{Organization, ServiceAggregate};
use crate::domain::freshness::{self, Letter, NO_ADDRESS_DAYS, State};
use crate::domain::language::Text;
use crate::domain::quality::{self, Quality};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::seal::secrets;
use crate::store::freshness as rows;
use crate::store::outbox::{self, OutboxRow};
use crate::store::record_links::{self, RecordLetterRow, RecordLinkRow};
use crate::store::types::Json;
use crate::store::{self, Conn, Tx, organizations, services};

/// Services looked at for one page of a territory: a page may be short, and its cursor goes on.
const SCANNED_MAX: i64 = 1_000;

/// Services whose names one letter says; the page shows more.
const NAMED_MAX: i64 = 20;

/// Services of one organisation settled in one transaction.
const SETTLED_MAX: i64 = 1_000;

/// Services of an organisation among which an address is looked for where it has none of its own.
const ADDRESSES_LOOKED_AT_MAX: i64 = 20;

/// Within so many hours a letter speaks for what falls due after it: its page shows it.
const LETTER_COVERS_HOURS: i64 = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// To be confirmed, those that have waited longest first; after `(due, id)`.
    Due(Option<(Time, Id)>),
    /// Saying too little, the poorest first; after `(points, id)`.
    Poor(Option<(i32, Id)>),
}

#[derive(Debug, Clone)]
pub struct Asked {
    pub wanted: Wanted,
    pub territory: Option<String>,
    pub limit: usize,
}

/// A service as a curator sees it in the list.
#[derive(Debug, Clone)]
pub struct Item {
    pub aggregate: ServiceAggregate,
    pub due_at: Time,
    pub state: State,
    pub quality: Quality,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub items: Vec<Item>,
    /// Where the list goes on; the page may be short before its end.
    pub next: Option<Wanted>,
}

/// What is due or poor, for curators.
pub fn list(deps: &Deps, account: &AccountViewer, asked: &Asked) -> Outcome<Page> {
    if !account.has_role(Role::Curator) {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    if let Some(id) = &asked.territory
        && deps.gazetteer().get(id).is_none()
    {
        return Err(Refusal::field(Code::UnknownTerritory, "territory").into());
    }
    let now = deps.clock.now();
    let rules = deps.freshness_rules();
    deps.store.read(|conn| {
        let (ids, next) = scan(conn, asked, now)?;
        let item = |aggregate: ServiceAggregate| {
            let due_at = aggregate.service.review.due_at.unwrap_or(now);
            let state = freshness::state(due_at, now, rules);
            let quality = quality::assess(&aggregate.service, now);
            Item { aggregate, due_at, state, quality }
        };
        let items = services::list_aggregates(conn, &ids)?.into_iter().map(item).collect();
        Ok(Page { items, next })
    })
}

/// The ids of one page, and where the next begins. With a territory a bounded number is looked at, however few fit.
fn scan(conn: &mut Conn, asked: &Asked, now: Time) -> Result<(Vec<Id>, Option<Wanted>), store::Error> {
    let limit = i64::try_from(asked.limit).unwrap_or(1);
    let looked_at = if asked.territory.is_some() { SCANNED_MAX } else { limit };
    let found: Vec<(Id, Wanted)> = match asked.wanted {
        Wanted::Due(after) => {
            let found = rows::list_due(conn, now, after, looked_at + 1)?;
            found.into_iter().map(|(at, id)| (id, Wanted::Due(Some((at, id))))).collect()
        }
        Wanted::Poor(after) => {
            let found = rows::list_poor(conn, after, looked_at + 1)?;
            found.into_iter().map(|(points, id)| (id, Wanted::Poor(Some((points.unwrap_or(0), id))))).collect()
        }
    };
    let has_more = found.len() > usize::try_from(looked_at).unwrap_or(usize::MAX);
    let looked: Vec<(Id, Wanted)> = found.into_iter().take(usize::try_from(looked_at).unwrap_or(1)).collect();
    let Some(territory) = &asked.territory else {
        let next = looked.last().map(|(_, at)| *at).filter(|_| has_more);
        return Ok((looked.into_iter().map(|(id, _)| id).collect(), next));
    };
    let ids: Vec<Id> = looked.iter().map(|(id, _)| *id).collect();
    let within = rows::within(conn, &ids, territory)?;
    let fitting: Vec<(Id, Wanted)> = looked.iter().filter(|(id, _)| within.contains(id)).copied().collect();
    let page: Vec<(Id, Wanted)> = fitting.iter().take(asked.limit).copied().collect();
    let is_cut = fitting.len() > page.len();
    let next = if is_cut { page.last() } else { looked.last().filter(|_| has_more) };
    let next = next.map(|(_, at)| *at);
    Ok((page.into_iter().map(|(id, _)| id).collect(), next))
}

// ---- letters

/// SHA-256 of an address in small letters.
pub(super) fn address_hash(address: &str) -> String {
    secrets::hash(&address.trim().to_lowercase())
}

/// Where an organisation is written to about its records, best first: where its referrals go, else its own public
/// address, else those of its services.
pub(super) fn addresses(conn: &mut Conn, organization: &Organization) -> Result<Vec<String>, store::Error> {
    let own = organization.referral_address.clone().or_else(|| organization.document.email.clone());
    if let Some(address) = own.filter(|address| !address.trim().is_empty()) {
        return Ok(vec![address]);
    }
    let ids = rows::list_of_organization(conn, organization.id, ADDRESSES_LOOKED_AT_MAX)?;
    let aggregates = services::list_aggregates(conn, &ids)?;
    Ok(aggregates.into_iter().filter_map(|one| one.service.document.email).collect())
}

/// A curator asks for a link for an organisation: it leaves for the address of its record, and is shown to nobody else.
///
/// # Errors
/// `forbidden` to others, `referral_address_missing` where there is no address, `too_many_requests` where the address
/// has been written to often enough today.
pub fn ask(deps: &Deps, account: &AccountViewer, organization_id: Id) -> Outcome<()> {
    if !account.has_role(Role::Curator) {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    let now = deps.clock.now();
    deps.store.write(now, |tx| {
        rows::lock_organization(tx, organization_id)?;
        let organization = organizations::get(tx, organization_id)?;
        super::history::still_there((organization.retired_at, organization.replaced_by))?;
        let Some(address) = addresses(tx, &organization)?.into_iter().next() else {
            return Err(Refusal::new(Code::ReferralAddressMissing).into());
        };
        if !may_write_to(deps, tx, &address)? {
            return Err(Refusal::new(Code::TooManyRequests).into());
        }
        post(deps, tx, Letter::Asked, organization_id, &address)
    })?;
    Ok(())
}

fn may_write_to(deps: &Deps, tx: &mut Tx<'_>, address: &str) -> Outcome<bool> {
    let since = tx.now().plus(TimeDelta::hours(-24));
    let sent = record_links::count_letters_to(tx, &address_hash(address), since)?;
    Ok(sent < deps.config.freshness.address_letters_per_day_max)
}

fn post(deps: &Deps, tx: &mut Tx<'_>, kind: Letter, organization_id: Id, address: &str) -> Outcome<()> {
    let now = tx.now();
    let letter = RecordLetterRow {
        id: deps.ids.new_id(now),
        organization_id,
        address_hash: address_hash(address),
        kind,
        created_at: now,
    };
    record_links::insert_letter(tx, &letter)?;
    let row = OutboxRow {
        id: letter.id,
        kind: kind.as_str().to_owned(),
        subject_id: organization_id,
        payload: Json(json!({})),
        created_at: now,
        due_at: now,
        attempts: 0,
        delivered_at: None,
        failed_at: None,
    };
    Ok(outbox::insert(tx, &row)?)
}

/// Writes to an organisation about its services that fell due, and says when it is written to about them next. One
/// letter for all of them. False when nothing was due any more (another node was faster) or nothing leaves.
pub fn remind(deps: &Deps, organization_id: Id, now: Time) -> Outcome<bool> {
    let written = deps.store.write(now, |tx| {
        rows::lock_organization(tx, organization_id)?;
        let waiting = rows::list_to_remind(tx, organization_id, now, SETTLED_MAX)?;
        let organization = organizations::get(tx, organization_id)?;
        let (asked, dropped): (Vec<rows::ToRemind>, Vec<rows::ToRemind>) =
            waiting.into_iter().partition(|one| one.is_offered && organization.retired_at.is_none());
        let dropped: Vec<Id> = dropped.into_iter().map(|one| one.id).collect();
        rows::set_remind_at(tx, &dropped, None)?;
        if asked.is_empty() {
            return Ok(false);
        }
        let ids: Vec<Id> = asked.iter().map(|one| one.id).collect();
        let Some(address) = addresses(tx, &organization)?.into_iter().next() else {
            rows::set_remind_at(tx, &ids, Some(now.plus(TimeDelta::days(NO_ADDRESS_DAYS))))?;
            return Ok(false);
        };
        let last = record_links::last_due_letter(tx, organization_id)?;
        let is_covered = last.is_some_and(|last| now < last.plus(TimeDelta::hours(LETTER_COVERS_HOURS)));
        if !is_covered {
            let again_at = last.map(|last| last.plus(TimeDelta::days(deps.config.freshness.letter_pause_days)));
            if let Some(at) = again_at.filter(|at| *at > now) {
                rows::set_remind_at(tx, &ids, Some(at))?;
                return Ok(false);
            }
            if !may_write_to(deps, tx, &address)? {
                rows::set_remind_at(tx, &ids, Some(now.plus(TimeDelta::hours(24))))?;
                return Ok(false);
            }
            post(deps, tx, Letter::Due, organization_id, &address)?;
        }
        let mut by_due_day: std::collections::BTreeMap<Option<Time>, Vec<Id>> = std::collections::BTreeMap::new();
        for one in asked {
            by_due_day.entry(freshness::next_reminder(one.due_at, now)).or_default().push(one.id);
        }
        for (next, ids) in by_due_day {
            rows::set_remind_at(tx, &ids, next)?;
        }
        Ok::<_, Failure>(!is_covered)
    })?;
    Ok(written.value)
}

/// What a letter needs when it leaves.
pub struct Outgoing {
    pub address: String,
    pub organization: Text,
    /// Names of services to be confirmed.
    pub due: Vec<Text>,
    /// How many more there are.
    pub more: i64,
    pub token: SecretString,
}

/// Makes a letter ready to leave: looks again whether something is due, and mints the link. `None`: nothing is to be
/// said any more.
pub fn prepare_letter(deps: &Deps, organization_id: Id, kind: Letter, now: Time) -> Outcome<Option<Outgoing>> {
    let written = deps.store.write(now, |tx| {
        let Some(organization) = organizations::find(tx, organization_id)?.filter(|one| one.retired_at.is_none())
        else {
            return Ok(None);
        };
        let Some(address) = addresses(tx, &organization)?.into_iter().next() else { return Ok(None) };
        let due = rows::list_due_of(tx, organization_id, now, NAMED_MAX)?;
        let count = rows::count_due_of(tx, organization_id, now)?;
        if kind == Letter::Due && count == 0 {
            return Ok(None);
        }
        let named = services::list_aggregates(tx, &due)?;
        let (token, token_hash) = secrets::new_token(secrets::LINK_BITS);
        let link = RecordLinkRow {
            id: deps.ids.new_id(now),
            token_hash,
            organization_id,
            address_hash: address_hash(&address),
            expires_at: now.plus(TimeDelta::days(deps.config.freshness.link_days)),
            created_at: now,
        };
        record_links::insert(tx, &link)?;
        let more = (count - i64::try_from(named.len()).unwrap_or(0)).max(0);
        let due = named.into_iter().map(|one| one.service.name).collect();
        Ok::<_, Failure>(Some(Outgoing { address, organization: organization.name, due, more, token }))
    })?;
    Ok(written.value)
}
