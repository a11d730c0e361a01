//! The answer of an organisation without an account, through the link that was sent to its verified address. A link
//! that is unknown, over or of a referral that takes no answer is one and the same `not_found`.

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use super::referral_moves::{Ask, By, carry_out, post, record_capacity};
use super::referrals::{Shown, shared_identity};
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::Capacity;
use crate::domain::identity::Identity;
use crate::domain::language::Text;
use crate::domain::month::local_day;
use crate::domain::referral::{
    self, Actor, Answer, CODE_ATTEMPTS_MAX, CODE_MINUTES, CODE_PAUSE_S, Channel, LINK_DAYS_MAX, Letter, Reason, Status,
};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::seal::secrets;
use crate::store::referral_links::{self, ReferralLinkRow};
use crate::store::referrals::{self, Facts, ReferralRow};
use crate::store::{Conn, Tx, accounts, capacities, consents, organizations};

/// A referral as its link shows it: nothing that names the family.
#[derive(Debug, Clone)]
pub struct LinkView {
    pub shown: Shown,
    pub facts: Facts,
    pub municipality: Option<String>,
    /// The answers that the rules would take now.
    pub choices: Vec<Answer>,
    pub today: chrono::NaiveDate,
}

/// What the form says.
#[derive(Debug, Clone)]
pub struct AnswerForm {
    pub answer: Answer,
    pub reason: Option<Reason>,
    pub waitlisted_on: Option<chrono::NaiveDate>,
    pub note: Option<String>,
    pub capacity: Capacity,
}

struct Found {
    link: ReferralLinkRow,
    row: ReferralRow,
    viewer: Viewer,
}

fn gone() -> Refusal {
    Refusal::new(Code::NotFound)
}

fn resolve(conn: &mut Conn, token: &str, now: Time) -> Outcome<Found> {
    if token.len() > secrets::TOKEN_LENGTH_MAX {
        return Err(gone().into());
    }
    let link = referral_links::find_by_hash(conn, &secrets::hash(token))?.ok_or_else(gone)?;
    let viewer = Viewer::Link {
        network_id: link.network_id,
        referral_id: link.referral_id,
        organization_id: link.organization_id,
    };
    let row = referrals::find(conn, &viewer, link.referral_id)?.ok_or_else(gone)?;
    if link.expires_at <= now || !referral::link_answers(row.status, row.status_changed_at, now) {
        return Err(gone().into());
    }
    Ok(Found { link, row, viewer })
}

/// The same, holding the referral for the rest of the transaction.
fn resolve_and_lock(tx: &mut Tx<'_>, token: &str) -> Outcome<Found> {
    let now = tx.now();
    let found = resolve(tx, token, now)?;
    referrals::lock(tx, found.row.id)?;
    resolve(tx, token, now)
}

/// What the page shows. Reading changes nothing: mail scanners open links.
pub fn look(deps: &Deps, token: &str) -> Outcome<LinkView> {
    let now = deps.clock.now();
    deps.store.read(|conn| {
        let found = resolve(conn, token, now)?;
        let facts = referrals::find_facts(conn, &found.viewer, found.row.id)?.unwrap_or_default();
        let names = accounts::organization_names(conn, &[found.row.receiver_organization_id])?;
        let receiver = names.into_iter().next().map_or_else(Text::default, |(_, fr, en)| Text { fr, en });
        let ids: Vec<Id> = found.row.service_id.into_iter().collect();
        let service = referrals::service_names(conn, &ids)?.pop().map_or_else(Text::default, |(_, name)| name);
        let choices = choices(found.row.status);
        let shown = Shown { row: found.row, sender: Text::default(), receiver, service, is_sender: false };
        let municipality = facts.municipality_id.as_deref().and_then(|id| deps.gazetteer().get(id));
        let municipality = municipality.map(|one| one.name.clone());
        Ok(LinkView { shown, facts, municipality, choices, today: local_day(now) })
    })
}

fn choices(status: Status) -> Vec<Answer> {
    let moves = referral::moves(status, true);
    let legal = |answer: &Answer| match answer.target() {
        Some(to) => moves.contains(&to) && referral::actors(status, to, true).contains(&Actor::Receiver),
        None => true,
    };
    Answer::ALL.iter().copied().filter(legal).collect()
}

fn receiver_by(found: &Found) -> By {
    By {
        actor: Actor::Receiver,
        channel: Channel::Link,
        account_id: None,
        organization_id: Some(found.link.organization_id),
    }
}

/// "I have seen it": once; later it changes nothing.
pub fn mark_seen(deps: &Deps, token: &str) -> Outcome<()> {
    deps.store.write(deps.clock.now(), |tx| {
        let found = resolve_and_lock(tx, token)?;
        if found.row.status == Status::Sent {
            carry_out(deps, tx, &found.row, &receiver_by(&found), &Ask::to(Status::Seen))?;
        }
        Ok::<_, Failure>(())
    })?;
    Ok(())
}

/// Takes an answer. The same answer again changes nothing; another one is taken if its move is legal.
pub fn answer(deps: &Deps, token: &str, form: &AnswerForm) -> Outcome<()> {
    let reason = match form.answer {
        Answer::Full => Some(Reason::CapacityFull),
        Answer::Decline => form.reason,
        Answer::Accept | Answer::Wait | Answer::NeedsInfo | Answer::Capacity => None,
    };
    let ask = Ask {
        to: form.answer.target(),
        reason,
        waitlisted_on: form.waitlisted_on.filter(|_| form.answer == Answer::Wait),
        note: form.note.clone(),
        capacity: form.capacity,
        ..Ask::default()
    };
    let ask = ask.checked()?;
    deps.store.write(deps.clock.now(), |tx| {
        let found = resolve_and_lock(tx, token)?;
        let Some(to) = ask.to else { return take_capacity(tx, &found, ask.capacity) };
        if found.row.status == to && found.row.reason == ask.reason {
            return Ok(());
        }
        carry_out(deps, tx, &found.row, &receiver_by(&found), &ask)?;
        Ok::<_, Failure>(())
    })?;
    Ok(())
}

/// How much room there is, and nothing about the referral.
fn take_capacity(tx: &mut Tx<'_>, found: &Found, said: Capacity) -> Outcome<()> {
    if !said.is_said() {
        return Err(Refusal::field(Code::MissingField, "places_available").into());
    }
    let now = tx.now();
    record_capacity(tx, &found.row, said, "link")?;
    if let Some(service_id) = found.row.service_id {
        capacities::confirm_verified(tx, service_id, now)?;
    }
    Ok(())
}

/// Asks for a code: it leaves at once for the verified address, and for no other. One that is on its way is enough.
pub fn ask_code(deps: &Deps, token: &str) -> Outcome<()> {
    let now = deps.clock.now();
    deps.store.write(now, |tx| {
        let found = resolve_and_lock(tx, token)?;
        if !found.row.status.shows_identity() {
            return Err(Refusal::new(Code::IllegalTransition).into());
        }
        let expires_at = now.plus(TimeDelta::minutes(CODE_MINUTES));
        let recent = expires_at.plus(TimeDelta::seconds(-CODE_PAUSE_S));
        if found.link.code_expires_at.is_some_and(|last| last > recent) {
            return Ok(());
        }
        referral_links::set_code(tx, found.link.id, None, expires_at)?;
        post(deps, tx, Letter::Code, found.link.id, found.row.version)
    })?;
    Ok(())
}

/// Who the family is, for the one who holds the link and the code. A try is counted before the code is looked at.
///
/// # Errors
/// `code_incorrect` for a wrong, old or spent code, and when too many were tried.
pub fn open_identity(deps: &Deps, token: &str, code: &str) -> Outcome<Identity> {
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let found = resolve_and_lock(tx, token)?;
        let attempts = referral_links::count_attempt(tx, found.link.id)?;
        let given = secrets::hash_code(&found.link.id.to_string(), code);
        let in_time = found.link.code_expires_at.is_some_and(|until| now < until);
        let matches = found.link.code_hash.as_deref().is_some_and(|kept| secrets::same(kept, &given));
        if attempts > CODE_ATTEMPTS_MAX || !in_time || !matches {
            // The count stays: this transaction commits.
            return Ok(None);
        }
        referral_links::spend_code(tx, found.link.id)?;
        shared_identity(deps, tx, &found.viewer, &found.row, None, Some(found.link.id)).map(Some)
    })?;
    written.value.ok_or_else(|| Refusal::field(Code::CodeIncorrect, "code").into())
}

/// What a message about a referral needs when it leaves.
pub struct Outgoing {
    pub address: String,
    pub service: Text,
    pub category: String,
    pub token: SecretString,
}

/// Makes ready to send a referral's link: looks again whether it still waits for an answer and whether consent still
/// covers it, and mints the link. `None`: there is nothing to send any more.
pub fn prepare_link(deps: &Deps, referral_id: Id, now: Time) -> Outcome<Option<Outgoing>> {
    let job = Viewer::Job("outbox");
    let written = deps.store.write(now, |tx| {
        referrals::lock(tx, referral_id)?;
        let Some(row) = referrals::find(tx, &job, referral_id)? else { return Ok(None) };
        if !row.status.awaits_answer() || !still_covered(tx, &row, now)? {
            return Ok(None);
        }
        let receiver = organizations::get(tx, row.receiver_organization_id)?;
        let Some(address) = receiver.referral_address else { return Ok(None) };
        let (token, token_hash) = secrets::new_token(secrets::LINK_BITS);
        let link = ReferralLinkRow {
            id: deps.ids.new_id(now),
            network_id: row.network_id,
            token_hash,
            referral_id: row.id,
            organization_id: row.receiver_organization_id,
            expires_at: now.plus(TimeDelta::days(LINK_DAYS_MAX)),
            code_hash: None,
            code_expires_at: None,
            code_attempts: 0,
            created_at: now,
        };
        referral_links::insert(tx, &link)?;
        let ids: Vec<Id> = row.service_id.into_iter().collect();
        let service = referrals::service_names(tx, &ids)?.pop().map_or_else(Text::default, |(_, name)| name);
        Ok::<_, Failure>(Some(Outgoing { address, service, category: row.category, token }))
    })?;
    Ok(written.value)
}

fn still_covered(tx: &mut Tx<'_>, row: &ReferralRow, now: Time) -> Outcome<bool> {
    let purpose = crate::domain::consent::Purpose::Referral;
    Ok(consents::covering(tx, row, purpose, local_day(now))?.is_some())
}

/// Mints the code that was asked for, at the moment it leaves. `None`: it is not wanted any more.
pub fn prepare_code(deps: &Deps, link_id: Id, now: Time) -> Outcome<Option<(String, SecretString)>> {
    let job = Viewer::Job("outbox");
    let written = deps.store.write(now, |tx| {
        let Some(link) = referral_links::find(tx, link_id)? else { return Ok(None) };
        let Some(row) = referrals::find(tx, &job, link.referral_id)? else { return Ok(None) };
        if !row.status.shows_identity() || !still_covered(tx, &row, now)? {
            return Ok(None);
        }
        let Some(address) = organizations::get(tx, link.organization_id)?.referral_address else { return Ok(None) };
        let code = secrets::new_code();
        let hash = secrets::hash_code(&link.id.to_string(), code.expose_secret());
        referral_links::set_code(tx, link.id, Some(&hash), now.plus(TimeDelta::minutes(CODE_MINUTES)))?;
        Ok::<_, Failure>(Some((address, code)))
    })?;
    Ok(written.value)
}

/// Counts a reminder and puts it in the outbox. False when it was not due, or another node was faster.
pub fn remind(deps: &Deps, referral_id: Id, now: Time) -> Outcome<bool> {
    let job = Viewer::Job("reminders");
    let written = deps.store.write(now, |tx| {
        referrals::lock(tx, referral_id)?;
        let Some(row) = referrals::find(tx, &job, referral_id)? else { return Ok(false) };
        let due = row.sent_at.map_or(0, |sent_at| referral::reminders_due(sent_at, now));
        let due = i32::try_from(due).unwrap_or(i32::MAX);
        let waits = row.status.awaits_answer() && row.due_at.is_some_and(|until| now < until);
        if !waits || due <= row.reminders_sent || !referrals::mark_reminded(tx, row.id, row.reminders_sent, due)? {
            return Ok(false);
        }
        let receiver = row.receiver_organization_id;
        let answers_by_link = accounts::count_casework_members(tx, receiver)? == 0;
        if answers_by_link && organizations::get(tx, receiver)?.referral_address.is_some() {
            post(deps, tx, Letter::Reminder, row.id, row.version)?;
        }
        Ok::<_, Failure>(true)
    })?;
    Ok(written.value)
}
