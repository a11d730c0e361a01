//! Carries out one move of a referral in the caller's transaction: asks the rules, checks consent, writes the new state
//! and its event, and what follows from it. Everybody who moves a referral (account, link, job) comes through here.

use chrono::NaiveDate;
use serde_json::json;

use super::{Deps, Outcome};
use crate::clock::Time;
use crate::domain::consent::Purpose;
use crate::domain::directory::Capacity;
use crate::domain::follow_up::{self, FollowUpStatus};
use crate::domain::month::local_day;
use crate::domain::plain_text::check_lines;
use crate::domain::referral::{
    self, Actor, Channel, Decision, Effect, Letter, Move, NOTE_CHARACTERS_MAX, Reason, State, Status,
};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::sensitive::refuse_sensitive_numbers;
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::store::follow_ups::FollowUpRow;
use crate::store::outbox::{self, OutboxRow};
use crate::store::referrals::{self, ReferralEventRow, ReferralMove, ReferralRow};
use crate::store::types::Json;
use crate::store::{self, Tx, accounts, capacities, consents, follow_ups, organizations, services};

/// In which part somebody acts, and who that is.
#[derive(Debug, Clone)]
pub struct By {
    pub actor: Actor,
    pub channel: Channel,
    pub account_id: Option<Id>,
    pub organization_id: Option<Id>,
}

impl By {
    pub fn system() -> Self {
        Self { actor: Actor::System, channel: Channel::System, account_id: None, organization_id: None }
    }
    /// The receiver said so, by itself or through the sender.
    fn speaks_for_receiver(&self) -> bool {
        matches!(self.actor, Actor::Receiver | Actor::OnBehalf)
    }
    fn source(&self) -> &'static str {
        match self.channel {
            Channel::Link => "link",
            Channel::Web | Channel::Message | Channel::OnBehalf | Channel::System => "member",
        }
    }
}

/// What is asked of a referral, with the texts that go into its event.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub to: Option<Status>,
    pub reason: Option<Reason>,
    pub reason_detail: Option<referral::ReasonDetail>,
    pub waitlisted_on: Option<NaiveDate>,
    pub appointment_at: Option<Time>,
    pub note: Option<String>,
    pub informant_function: Option<String>,
    pub redirected_to_service_id: Option<Id>,
    /// Places left and days of wait, where the receiver says them with its answer.
    pub capacity: Capacity,
}

impl Ask {
    pub fn to(status: Status) -> Self {
        Self { to: Some(status), ..Self::default() }
    }
    /// Trims, bounds and looks for numbers that must not be written.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.note = checked_text(self.note, "note", NOTE_CHARACTERS_MAX)?;
        let function = self.informant_function;
        self.informant_function = checked_text(function, "informant_function", referral::FUNCTION_CHARACTERS_MAX)?;
        for (field, value) in
            [("places_available", self.capacity.places_available), ("wait_days", self.capacity.wait_days)]
        {
            if value.is_some_and(|value| !(0..=10_000).contains(&value)) {
                return Err(Refusal::field(Code::OutOfRange, field).rule("0..=10000"));
            }
        }
        Ok(self)
    }
}

pub fn checked_text(text: Option<String>, field: &str, characters_max: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > characters_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("..={characters_max} characters")));
    }
    check_lines(&text, field)?;
    refuse_sensitive_numbers(&text, field)?;
    Ok(Some(text))
}

/// Moves a referral that the caller has read in this transaction. Gives it as it is now.
pub fn carry_out(deps: &Deps, tx: &mut Tx<'_>, row: &ReferralRow, by: &By, ask: &Ask) -> Outcome<ReferralRow> {
    let now = tx.now();
    let Some(to) = ask.to else { return Err(Refusal::field(Code::MissingField, "to").into()) };
    let asked = Move {
        to,
        reason: ask.reason,
        detail: ask.reason_detail,
        waitlisted_on: ask.waitlisted_on,
        appointment_at: ask.appointment_at,
        has_note: ask.note.is_some(),
        has_informant_function: ask.informant_function.is_some(),
        redirected_to: ask.redirected_to_service_id,
    };
    let state = state_of(deps, tx, row, by)?;
    let decision = referral::decide(&state, by.actor, &asked, now)?;
    let consent_id = if decision.needs_consent { Some(covering_consent(tx, row, now)?) } else { row.consent_id };
    let moved = moved_row(row, &decision, consent_id, now);
    write_move(tx, row, &moved)?;
    referrals::insert_event(tx, &event_of(deps, row, &moved, by, ask, now))?;
    for effect in &decision.effects {
        follow(deps, tx, &moved, by, *effect)?;
    }
    take_capacity(tx, &moved, by, ask, &decision)?;
    Ok(moved)
}

fn state_of(deps: &Deps, tx: &mut Tx<'_>, row: &ReferralRow, by: &By) -> Outcome<State> {
    let own: Vec<Id> = by.organization_id.into_iter().collect();
    let is_new = row.status == Status::Draft && row.shares_identity;
    Ok(State {
        status: row.status,
        sharing: row.shares_identity,
        changed_at: row.status_changed_at,
        sent_at: row.sent_at,
        answered_at: row.first_answer_at,
        accepted_at: row.accepted_at,
        waitlisted_on: row.waitlisted_on,
        appointment_at: row.scheduled_for,
        due_at: row.due_at,
        actor_made_event: referrals::made_event(tx, row.id, &own)?,
        sender_acted: row.status == Status::Declined && referrals::sender_acted_since(tx, row)?,
        must_be_held: is_new && referrals::is_first_of_sender(tx, row.sender_organization_id)?,
        expires_after_days: deps.config.limits.referral_expiry_days,
    })
}

/// The consent that covers this referral today.
///
/// # Errors
/// `consent_required`, without saying which part is missing: the sender knows its file.
pub fn covering_consent(tx: &mut Tx<'_>, row: &ReferralRow, now: Time) -> Outcome<Id> {
    let found = consents::covering(tx, row, Purpose::Referral, local_day(now))?;
    let found = found.ok_or_else(|| Refusal::new(Code::ConsentRequired))?;
    Ok(found.id)
}

fn moved_row(row: &ReferralRow, decision: &Decision, consent_id: Option<Id>, now: Time) -> ReferralRow {
    let starts_service = matches!(decision.to, Status::InService | Status::Completed);
    let sent_again = decision.to == Status::Sent;
    ReferralRow {
        status: decision.to,
        status_changed_at: now,
        reason: decision.reason,
        reason_detail: decision.detail,
        consent_id,
        waitlisted_on: decision.waitlisted_on,
        scheduled_for: decision.appointment_at,
        sent_at: decision.sent_at,
        first_answer_at: decision.answered_at,
        accepted_at: decision.accepted_at,
        first_service_at: row.first_service_at.or(starts_service.then_some(now)),
        closed_at: decision.closed_at,
        due_at: decision.due_at,
        supersede_proposed: row.supersede_proposed && !sent_again && !decision.to.is_closed(),
        reminders_sent: if sent_again { 0 } else { row.reminders_sent },
        version: row.version + 1,
        updated_at: now,
        ..row.clone()
    }
}

fn write_move(tx: &mut Tx<'_>, row: &ReferralRow, moved: &ReferralRow) -> Outcome<()> {
    let change = ReferralMove {
        status: moved.status,
        status_changed_at: moved.status_changed_at,
        reason: moved.reason,
        reason_detail: moved.reason_detail,
        consent_id: moved.consent_id,
        waitlisted_on: moved.waitlisted_on,
        scheduled_for: moved.scheduled_for,
        sent_at: moved.sent_at,
        first_answer_at: moved.first_answer_at,
        accepted_at: moved.accepted_at,
        first_service_at: moved.first_service_at,
        closed_at: moved.closed_at,
        due_at: moved.due_at,
        supersede_proposed: moved.supersede_proposed,
        reminders_sent: moved.reminders_sent,
        version: moved.version,
        updated_at: moved.updated_at,
    };
    match referrals::update_moved(tx, row.id, row.version, &change) {
        Err(store::Error::Stale) => Err(Refusal::field(Code::StaleVersion, "If-Match").into()),
        other => Ok(other?),
    }
}

fn event_of(deps: &Deps, row: &ReferralRow, moved: &ReferralRow, by: &By, ask: &Ask, now: Time) -> ReferralEventRow {
    ReferralEventRow {
        id: deps.ids.new_id(now),
        network_id: row.network_id,
        referral_id: row.id,
        at: now,
        actor: by.actor,
        channel: by.channel,
        account_id: by.account_id,
        organization_id: by.organization_id,
        informant_function: ask.informant_function.clone().filter(|_| by.actor == Actor::OnBehalf),
        from_status: Some(row.status),
        to_status: moved.status,
        reason: moved.reason,
        reason_detail: moved.reason_detail,
        note: ask.note.clone(),
        version: moved.version,
    }
}

fn follow(deps: &Deps, tx: &mut Tx<'_>, row: &ReferralRow, by: &By, effect: Effect) -> Outcome<()> {
    let now = tx.now();
    match effect {
        Effect::AskReceiver => {
            follow_ups::cancel_of_need(tx, row.need_id, now)?;
            ask_receiver(deps, tx, row)
        }
        Effect::OpenFollowUp => {
            if referrals::count_open_siblings(tx, &Viewer::Job("follow-ups"), row)? == 0 {
                follow_ups::open(tx, &follow_up_of(deps, row, now))?;
            }
            Ok(())
        }
        Effect::ProposeUnmet(reason) => Ok(referrals::propose_unmet_reason(tx, row, reason, now)?),
        Effect::RecordFull => {
            let full = Capacity { places_available: Some(0), ..Capacity::default() };
            record_capacity(tx, row, full, by.source())
        }
        Effect::MakeChild(service_id) => make_child(deps, tx, row, service_id),
        Effect::ProposeSupersedingSiblings => Ok(referrals::propose_superseding(tx, row, now)?),
        // People with an account find these in their lists; nobody else is told.
        Effect::AskCurator | Effect::TellSender | Effect::TellReceiver => Ok(()),
    }
}

fn follow_up_of(deps: &Deps, row: &ReferralRow, now: Time) -> FollowUpRow {
    FollowUpRow {
        id: deps.ids.new_id(now),
        network_id: row.network_id,
        need_id: row.need_id,
        family_id: row.family_id,
        organization_id: row.sender_organization_id,
        assignee_account_id: Some(row.sender_account_id),
        status: FollowUpStatus::Due,
        due_on: follow_up::due_on(local_day(now)),
        done_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// A family took its consent back: every open referral that was sent under it ends, and identity with it. Gives how
/// many ended.
pub fn withdraw_under_consent(deps: &Deps, tx: &mut Tx<'_>, consent_id: Id, by: &By) -> Outcome<usize> {
    let job = Viewer::Job("consent withdrawn");
    let ids = referrals::list_open_under_consent(tx, &job, consent_id)?;
    for id in &ids {
        referrals::lock(tx, *id)?;
        let Some(row) = referrals::find(tx, &job, *id)?.filter(|row| !row.status.is_closed()) else { continue };
        let ask = Ask { reason: Some(Reason::ConsentWithdrawn), ..Ask::to(Status::Withdrawn) };
        carry_out(deps, tx, &row, by, &ask)?;
    }
    Ok(ids.len())
}

/// An organisation whose people can sign in finds the referral in its inbox; another gets a link at its verified
/// address. The message is written, and consent looked at again, when it leaves.
fn ask_receiver(deps: &Deps, tx: &mut Tx<'_>, row: &ReferralRow) -> Outcome<()> {
    if accounts::count_casework_members(tx, row.receiver_organization_id)? > 0 || !row.shares_identity {
        return Ok(());
    }
    let receiver = organizations::get(tx, row.receiver_organization_id)?;
    if receiver.referral_address.is_none() {
        return Err(Refusal::field(Code::ReferralAddressMissing, "service_id").into());
    }
    post(deps, tx, Letter::Ask, row.id, row.version)
}

/// Puts one effect in the outbox: ids and words, never a text.
pub fn post(deps: &Deps, tx: &mut Tx<'_>, letter: Letter, subject_id: Id, version: i64) -> Outcome<()> {
    let now = tx.now();
    let row = OutboxRow {
        id: deps.ids.new_id(now),
        kind: letter.as_str().to_owned(),
        subject_id,
        payload: Json(json!({ "version": version })),
        created_at: now,
        due_at: now,
        attempts: 0,
        delivered_at: None,
        failed_at: None,
    };
    Ok(outbox::insert(tx, &row)?)
}

/// The referral to the organisation that the receiver pointed to: the original sender's, and a draft until consent
/// covers it.
fn make_child(deps: &Deps, tx: &mut Tx<'_>, parent: &ReferralRow, service_id: Id) -> Outcome<()> {
    let unknown = || Refusal::field(Code::UnknownReference, "redirected_to_service_id");
    let receiver = services::find_organization_of(tx, service_id)?.ok_or_else(unknown)?;
    let now = tx.now();
    let child = ReferralRow {
        id: deps.ids.new_id(now),
        receiver_organization_id: receiver,
        service_id: Some(service_id),
        consent_id: None,
        parent_id: Some(parent.id),
        ..blank(parent, now)
    };
    referrals::insert(tx, &child)?;
    Ok(referrals::insert_event(tx, &first_event(deps, &child, &By::system(), now))?)
}

/// A draft like another referral, with nothing of its life.
fn blank(like: &ReferralRow, now: Time) -> ReferralRow {
    ReferralRow {
        status: Status::Draft,
        status_changed_at: now,
        reason: None,
        reason_detail: None,
        waitlisted_on: None,
        scheduled_for: None,
        sent_at: None,
        first_answer_at: None,
        accepted_at: None,
        first_service_at: None,
        closed_at: None,
        due_at: Some(referral::draft_due_at(now)),
        supersede_proposed: false,
        reminders_sent: 0,
        version: 1,
        created_at: now,
        updated_at: now,
        ..like.clone()
    }
}

pub fn first_event(deps: &Deps, row: &ReferralRow, by: &By, now: Time) -> ReferralEventRow {
    ReferralEventRow {
        id: deps.ids.new_id(now),
        network_id: row.network_id,
        referral_id: row.id,
        at: now,
        actor: by.actor,
        channel: by.channel,
        account_id: by.account_id,
        organization_id: by.organization_id,
        informant_function: None,
        from_status: None,
        to_status: Status::Draft,
        reason: None,
        reason_detail: None,
        note: None,
        version: row.version,
    }
}

/// The receiver's answer is also a word about its service: somebody just confirmed that it exists and how full it is.
fn take_capacity(tx: &mut Tx<'_>, row: &ReferralRow, by: &By, ask: &Ask, decision: &Decision) -> Outcome<()> {
    if !by.speaks_for_receiver() || !row.shares_identity {
        return Ok(());
    }
    let said = Capacity { observed_at: None, ..ask.capacity };
    let full = decision.effects.contains(&Effect::RecordFull);
    if said != Capacity::default() && !full {
        record_capacity(tx, row, said, by.source())?;
    }
    let is_word_of_its_own = by.actor == Actor::Receiver && decision.to.is_answer();
    if is_word_of_its_own && let Some(service_id) = row.service_id {
        capacities::confirm_verified(tx, service_id, tx.now())?;
    }
    Ok(())
}

pub fn record_capacity(tx: &mut Tx<'_>, row: &ReferralRow, said: Capacity, source: &str) -> Outcome<()> {
    let Some(service_id) = row.service_id else { return Ok(()) };
    Ok(capacities::record_capacity(tx, service_id, said, source)?)
}
