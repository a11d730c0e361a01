//! The page on which an organisation without an account keeps its own records true, through the link of a letter. The
//! letter may be forwarded: the page shows what everybody may see and no place at all. A link says that a record is
//! true, how much room there is, that a service is closed for a while, and which telephone answers; whatever else it
//! says, a curator decides. It never touches where referrals go, nor a place, nor who may see it.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Map, Value, json};

use super::edits::{self, Proposed, Proposer};
use super::history::{self, Who};
use super::referral_moves::checked_text;
use super::services::term_of;
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::{Capacity, Organization, Phone, Service, ServiceAggregate};
use crate::domain::directory_checks::{EMAIL_CHARACTERS_MAX, PHONE_CHARACTERS_MAX, URL_CHARACTERS_MAX, check_service};
use crate::domain::freshness::{self, State};
use crate::domain::language::Text;
use crate::domain::month::local_day;
use crate::domain::refusal::{Code, Refusal};
use crate::exchange::hsds::{self, Context, Eyes};
use crate::id::Id;
use crate::seal::secrets;
use crate::store::changes::Subject;
use crate::store::record_links;
use crate::store::{self, Conn, Tx, capacities, freshness as rows, organizations, services};

/// Services that one page shows; those that have waited longest come first.
pub const SERVICES_SHOWN_MAX: i64 = 50;

/// A text of the form, in characters.
pub const TEXT_CHARACTERS_MAX: usize = 2_000;

/// A service is closed for a while, in days: longer is for good.
const CLOSED_DAYS_MAX: i64 = 730;

/// The same tap twice within so many seconds is one.
const SAME_TAP_S: i64 = 60;

/// What the link of a proposal is about.
const LINK_IS_ABOUT: &str = "record";

/// A service as the page shows it.
#[derive(Debug, Clone)]
pub struct RecordView {
    pub id: Id,
    pub name: Text,
    pub state: State,
    pub verified_at: Option<Time>,
    pub capacity: Capacity,
    pub closed_until: Option<NaiveDate>,
    /// The record as everybody sees it, without places.
    pub public: Value,
}

#[derive(Debug, Clone)]
pub struct RecordsView {
    pub organization: Text,
    pub records: Vec<RecordView>,
    /// Services that the page does not show.
    pub more: i64,
    pub today: NaiveDate,
}

/// What the form corrects; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    pub phone: Option<String>,
    pub email: Option<String>,
    pub hours: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub fees: Option<String>,
}

struct Found {
    organization: Organization,
}

fn gone() -> Refusal {
    Refusal::new(Code::NotFound)
}

/// A link that is unknown, over, or of an organisation that is gone or has another address now: one and the same.
fn resolve(conn: &mut Conn, token: &str, now: Time) -> Outcome<Found> {
    if token.len() > secrets::TOKEN_LENGTH_MAX {
        return Err(gone().into());
    }
    let link = record_links::find_by_hash(conn, &secrets::hash(token))?.ok_or_else(gone)?;
    let organization = organizations::find(conn, link.organization_id)?.ok_or_else(gone)?;
    let known = super::freshness::addresses(conn, &organization)?;
    let is_its_own = known.iter().any(|address| super::freshness::address_hash(address) == link.address_hash);
    if link.expires_at <= now || organization.retired_at.is_some() || !is_its_own {
        return Err(gone().into());
    }
    Ok(Found { organization })
}

/// A service of the link's organisation.
fn find_service(conn: &mut Conn, token: &str, service_id: Id, now: Time) -> Outcome<ServiceAggregate> {
    let found = resolve(conn, token, now)?;
    let aggregate = services::find_aggregate(conn, service_id)?.ok_or_else(gone)?;
    let is_its_own = aggregate.service.organization_id == found.organization.id;
    if !is_its_own || aggregate.service.retired_at.is_some() {
        return Err(gone().into());
    }
    Ok(aggregate)
}

/// The same, held for the rest of the transaction.
fn resolve_service(tx: &mut Tx<'_>, token: &str, service_id: Id) -> Outcome<ServiceAggregate> {
    let now = tx.now();
    match services::lock(tx, service_id) {
        Err(store::Error::NotFound) => return Err(gone().into()),
        other => other?,
    }
    find_service(tx, token, service_id, now)
}

/// What the page shows. Reading changes nothing: mail scanners open links.
pub fn look(deps: &Deps, token: &str) -> Outcome<RecordsView> {
    let now = deps.clock.now();
    deps.store.read(|conn| {
        let found = resolve(conn, token, now)?;
        let ids = rows::list_of_organization(conn, found.organization.id, SERVICES_SHOWN_MAX)?;
        let count = rows::count_of_organization(conn, found.organization.id)?;
        let aggregates = services::list_aggregates(conn, &ids)?;
        let more = (count - i64::try_from(ids.len()).unwrap_or(0)).max(0);
        let records = aggregates.iter().map(|one| record_view(deps, one, now)).collect();
        Ok(RecordsView { organization: found.organization.name, records, more, today: local_day(now) })
    })
}

fn record_view(deps: &Deps, aggregate: &ServiceAggregate, now: Time) -> RecordView {
    let one = &aggregate.service;
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::Public, territory: &nameless, category: &term_of };
    let mut public = hsds::service(aggregate, &[], context);
    if let Some(members) = public.as_object_mut() {
        members.remove("service_at_locations");
        members.remove("organization");
    }
    let due_at = one.review.due_at.unwrap_or(now);
    RecordView {
        id: one.id,
        name: one.name.clone(),
        state: freshness::state(due_at, now, deps.freshness_rules()),
        verified_at: one.verified_at,
        capacity: one.capacity,
        closed_until: one.document.closed_until,
        public,
    }
}

/// "Everything is right": the record is confirmed at this moment.
pub fn confirm(deps: &Deps, token: &str, service_id: Id) -> Outcome<()> {
    deps.store.write(deps.clock.now(), |tx| {
        resolve_service(tx, token, service_id)?;
        confirm_once(deps, tx, service_id)
    })?;
    Ok(())
}

fn confirm_once(deps: &Deps, tx: &mut Tx<'_>, service_id: Id) -> Outcome<()> {
    let now = tx.now();
    let recent = now.plus(TimeDelta::seconds(-SAME_TAP_S));
    let known = services::get_aggregate(tx, service_id)?.service;
    if known.verified_at.is_some_and(|verified_at| verified_at > recent) {
        return Ok(());
    }
    capacities::confirm_verified(tx, service_id, now)?;
    let after = services::get_aggregate(tx, service_id)?.service;
    Ok(history::service_changed(tx, &known, &after, &Who::link(deps, now))?)
}

/// How much room there is: a word of its own, which also confirms the record.
pub fn tell_capacity(deps: &Deps, token: &str, service_id: Id, said: Capacity) -> Outcome<()> {
    if !said.is_said() {
        return Err(Refusal::field(Code::MissingField, "places_available").into());
    }
    deps.store.write(deps.clock.now(), |tx| {
        let known = resolve_service(tx, token, service_id)?;
        capacities::record_capacity(tx, service_id, said, "link")?;
        let after = capacities::find(tx, service_id)?.unwrap_or_default();
        history::capacity_said(tx, service_id, (known.service.capacity, after), &Who::link(deps, tx.now()))?;
        confirm_once(deps, tx, service_id)
    })?;
    Ok(())
}

/// Closed from today until a day, that day included; `None`: open again.
pub fn close(deps: &Deps, token: &str, service_id: Id, until: Option<NaiveDate>) -> Outcome<()> {
    let now = deps.clock.now();
    let today = local_day(now);
    if let Some(until) = until {
        let days = (until - today).num_days();
        if !(0..=CLOSED_DAYS_MAX).contains(&days) {
            let rule = format!("today..=today + {CLOSED_DAYS_MAX} days");
            return Err(Refusal::field(Code::OutOfRange, "closed_until").rule(rule).into());
        }
    }
    deps.store.write(now, |tx| {
        let known = resolve_service(tx, token, service_id)?;
        let mut after = known.service.clone();
        let since = after.document.closed_from.filter(|from| *from <= today).unwrap_or(today);
        after.document.closed_from = until.map(|_| since);
        after.document.closed_until = until;
        write(deps, tx, &known, after)?;
        confirm_once(deps, tx, service_id)
    })?;
    Ok(())
}

/// The telephone is written at once; whatever else is corrected is proposed to curators. Until one of them decides,
/// nobody is written to about the service any more.
pub fn correct(deps: &Deps, token: &str, service_id: Id, correction: &Correction) -> Outcome<()> {
    let phone = checked_text(correction.phone.clone(), "phone", PHONE_CHARACTERS_MAX)?;
    let proposed = proposal(correction)?;
    if phone.is_none() && proposed.is_empty() {
        return Err(Refusal::field(Code::MissingField, "phone").into());
    }
    let now = deps.clock.now();
    let would_be = |known: &Service| -> Outcome<Service> {
        let mut after = known.clone();
        if let Some(number) = &phone {
            replace_phone(&mut after.document.phones, number);
        }
        check_service(&corrected(&after, correction)).map_err(as_form_field)?;
        Ok(after)
    };
    if !proposed.is_empty() {
        // All of the form is looked at before any of it is kept.
        deps.store.read(|conn| would_be(&find_service(conn, token, service_id, now)?.service))?;
        let (subject, comment) = (Subject::Service, String::new());
        let asked = Proposed { subject, subject_id: service_id, patch: proposed.clone(), comment };
        edits::propose(deps, &Proposer::Link(LINK_IS_ABOUT.to_owned()), &asked, None)?;
    }
    deps.store.write(now, |tx| {
        let known = resolve_service(tx, token, service_id)?;
        let after = would_be(&known.service)?;
        write(deps, tx, &known, after)?;
        if proposed.is_empty() {
            return confirm_once(deps, tx, service_id);
        }
        Ok::<_, Failure>(rows::set_remind_at(tx, &[service_id], None)?)
    })?;
    Ok(())
}

/// The service as it would be if a curator said yes: looked at before anybody is asked.
fn corrected(service: &Service, correction: &Correction) -> Service {
    let mut would_be = service.clone();
    for (said, member) in
        [(&correction.url, &mut would_be.document.url), (&correction.email, &mut would_be.document.email)]
    {
        if said.is_some() {
            member.clone_from(said);
        }
    }
    would_be
}

/// The first telephone that everybody may see; those for professionals stay.
fn replace_phone(phones: &mut Vec<Phone>, number: &str) {
    let is_public = |phone: &&mut Phone| phone.other.get("visibility").and_then(Value::as_str) != Some("professional");
    match phones.iter_mut().find(is_public) {
        Some(phone) => phone.number = number.to_owned(),
        None => phones.insert(0, Phone { number: number.to_owned(), ..Phone::default() }),
    }
}

fn as_form_field(refusal: Refusal) -> Refusal {
    let is_phone = refusal.field.as_deref().is_some_and(|field| field.starts_with("phones"));
    if is_phone { Refusal { field: Some("phone".to_owned()), ..refusal } } else { refusal }
}

/// The members that a correction asks to change, as a merge patch over the HSDS members of a service. The page is read
/// and written in French or English; what is proposed is put where the standard member is.
fn proposal(correction: &Correction) -> Result<Map<String, Value>, Refusal> {
    let texts = [
        ("description", "description", &correction.description, TEXT_CHARACTERS_MAX),
        ("email", "email", &correction.email, EMAIL_CHARACTERS_MAX),
        ("url", "url", &correction.url, URL_CHARACTERS_MAX),
        ("fees", "fees_description", &correction.fees, TEXT_CHARACTERS_MAX),
    ];
    let mut patch = Map::new();
    for (field, member, text, characters_max) in texts {
        if let Some(text) = checked_text(text.clone(), field, characters_max)? {
            patch.insert(member.to_owned(), Value::String(text));
        }
    }
    if let Some(hours) = checked_text(correction.hours.clone(), "hours", TEXT_CHARACTERS_MAX)? {
        // A text of hours becomes days and times once somebody has read it.
        patch.insert("schedules".to_owned(), json!([{ "description": hours }]));
    }
    Ok(patch)
}

/// Writes a service over what was read, if it is another.
fn write(deps: &Deps, tx: &mut Tx<'_>, known: &ServiceAggregate, after: Service) -> Outcome<()> {
    if after.document != known.service.document {
        services::update(tx, &after, "link")?;
        history::service_changed(tx, &known.service, &after, &Who::link(deps, tx.now()))?;
    }
    Ok(())
}
