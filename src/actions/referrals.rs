//! Sending referrals, reading them, and moving them along as an account. Links are in `answers`.

use serde::{Deserialize, Serialize};

use super::idempotency::{Repeatable, once};
use super::referral_moves::{Ask, By, carry_out, checked_text, first_event};
use super::{Deps, Outcome, signed_in};
use crate::clock::Time;
use crate::domain::identity::Identity;
use crate::domain::language::Text;
use crate::domain::month::local_day;
use crate::domain::referral::{
    self, Actor, Channel, NOTE_CHARACTERS_MAX, Reason, ReasonDetail, SENDER_REPLY_ENDS_DAYS, Status,
};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Role, Viewer};
use crate::id::Id;
use crate::seal;
use crate::seal::identity::Place;
use crate::store::identities::{self, IdentityReadRow, ReadAction};
use crate::store::referrals::{self, Facts, ReferralEventRow, ReferralRow, Side};
use crate::store::{self, Conn, Tx, accounts, needs, services};

/// Events that one referral shows at most.
pub const EVENTS_MAX: i64 = 500;

#[derive(Debug, Clone)]
pub struct NewReferral {
    pub need_id: Id,
    pub service_id: Id,
    /// False: the family gets the contact details and goes by itself.
    pub shares_identity: bool,
    pub sends: bool,
    pub urgent: bool,
    pub message: Option<String>,
}

/// What a change answers: ids, words and instants, so that a retry can be given the same answer without keeping a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub id: Id,
    pub version: i64,
    pub status: Status,
    pub reason: Option<Reason>,
    pub reason_detail: Option<ReasonDetail>,
    pub waitlisted_on: Option<chrono::NaiveDate>,
    pub appointment_at: Option<Time>,
    pub sent_at: Option<Time>,
    pub due_at: Option<Time>,
    pub closed_at: Option<Time>,
}

impl Receipt {
    fn of(row: &ReferralRow) -> Self {
        Self {
            id: row.id,
            version: row.version,
            status: row.status,
            reason: row.reason,
            reason_detail: row.reason_detail,
            waitlisted_on: row.waitlisted_on,
            appointment_at: row.scheduled_for,
            sent_at: row.sent_at,
            due_at: row.due_at,
            closed_at: row.closed_at,
        }
    }
}

/// A referral with the names it is shown with, as one viewer may see it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub row: ReferralRow,
    pub sender: Text,
    pub receiver: Text,
    pub service: Text,
    /// The viewer is of the sender's organisation: it sees which need and family this is.
    pub is_sender: bool,
}

#[derive(Debug, Clone)]
pub struct Opened {
    pub shown: Shown,
    pub facts: Facts,
    pub events: Vec<ReferralEventRow>,
    /// Where the viewer could move it now, whatever else that move needs.
    pub moves: Vec<Status>,
}

fn not_found() -> Refusal {
    Refusal::new(Code::NotFound)
}

/// Writes a draft, and sends it at once where asked.
pub fn create(deps: &Deps, viewer: &Viewer, new: &NewReferral, repeat: Option<&Repeatable>) -> Outcome<Receipt> {
    let account = signed_in(viewer)?;
    let message = checked_text(new.message.clone(), "message", NOTE_CHARACTERS_MAX)?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        once(tx, repeat, |tx| {
            let row = draft(deps, tx, viewer, account, new, message.clone())?;
            let by = By {
                actor: Actor::Sender,
                channel: Channel::Web,
                account_id: Some(account.account_id),
                organization_id: Some(row.sender_organization_id),
            };
            referrals::insert(tx, &row)?;
            referrals::insert_event(tx, &first_event(deps, &row, &by, now))?;
            if !new.sends {
                return Ok(Receipt::of(&row));
            }
            carry_out(deps, tx, &row, &by, &Ask::to(Status::Sent)).map(|row| Receipt::of(&row))
        })
    })?;
    Ok(written.value)
}

fn draft(
    deps: &Deps,
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    account: &AccountViewer,
    new: &NewReferral,
    message: Option<String>,
) -> Outcome<ReferralRow> {
    let now = tx.now();
    // Not yours and not there are the same answer.
    let unknown_need = || Refusal::field(Code::UnknownReference, "need_id");
    let need = needs::find(tx, viewer, new.need_id)?.ok_or_else(unknown_need)?;
    if !account.is_member_of(need.organization_id, Role::Worker) {
        return Err(unknown_need().into());
    }
    let unknown_service = || Refusal::field(Code::UnknownReference, "service_id");
    let receiver = services::find_organization_of(tx, new.service_id)?.ok_or_else(unknown_service)?;
    if new.shares_identity && need.family_id.is_none() {
        return Err(Refusal::field(Code::InvalidValue, "need_id").rule("the need of a family").into());
    }
    Ok(ReferralRow {
        id: deps.ids.new_id(now),
        network_id: account.network_id,
        need_id: need.id,
        family_id: need.family_id,
        sender_organization_id: need.organization_id,
        sender_account_id: account.account_id,
        receiver_organization_id: receiver,
        service_id: Some(new.service_id),
        shares_identity: new.shares_identity,
        consent_id: None,
        parent_id: None,
        status: Status::Draft,
        status_changed_at: now,
        reason: None,
        reason_detail: None,
        urgent: new.urgent,
        message,
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
        category: need.category,
        region_id: need.region_id,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// Moves a referral on the version that the caller has read.
///
/// # Errors
/// `not_found`, `stale_version`, and what the rules refuse.
pub fn transition(
    deps: &Deps,
    viewer: &Viewer,
    id: Id,
    version: i64,
    on_behalf: bool,
    ask: Ask,
    repeat: Option<&Repeatable>,
) -> Outcome<Receipt> {
    let account = signed_in(viewer)?;
    let ask = ask.checked()?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        once(tx, repeat, |tx| {
            referrals::lock(tx, id)?;
            let row = referrals::find(tx, viewer, id)?.ok_or_else(not_found)?;
            if row.version != version {
                let rule = format!("\"{}\"", row.version);
                return Err(Refusal::field(Code::StaleVersion, "If-Match").rule(rule).into());
            }
            let parts = parts(account, &row, on_behalf);
            let first = parts.first().ok_or_else(|| Refusal::field(Code::NotYourMove, "to"))?;
            let mut outcome = carry_out(deps, tx, &row, first, &ask);
            for by in &parts[1..] {
                // A person of both organisations, or a curator who also works: the part that may.
                match &outcome {
                    Err(super::Failure::Refused(refusal)) if refusal.code == Code::NotYourMove => {
                        outcome = carry_out(deps, tx, &row, by, &ask);
                    }
                    _ => break,
                }
            }
            outcome.map(|row| Receipt::of(&row))
        })
    })?;
    Ok(written.value)
}

/// The parts in which an account may act on a referral that it sees.
fn parts(account: &AccountViewer, row: &ReferralRow, on_behalf: bool) -> Vec<By> {
    let own = account.casework_organizations();
    let by = |actor, channel, organization_id| By {
        actor,
        channel,
        account_id: Some(account.account_id),
        organization_id: Some(organization_id),
    };
    let mut parts = Vec::new();
    if own.contains(&row.sender_organization_id) {
        let part = if on_behalf { (Actor::OnBehalf, Channel::OnBehalf) } else { (Actor::Sender, Channel::Web) };
        parts.push(by(part.0, part.1, row.sender_organization_id));
    }
    if on_behalf {
        return parts;
    }
    if own.contains(&row.receiver_organization_id) && row.shares_identity && row.sent_at.is_some() {
        parts.push(by(Actor::Receiver, Channel::Web, row.receiver_organization_id));
    }
    if row.status == Status::Held {
        let curates = account.memberships.iter().find(|one| one.role == Role::Curator);
        parts.extend(curates.map(|one| by(Actor::Curator, Channel::Web, one.organization_id)));
    }
    parts
}

/// A page of one box, latest change first.
pub fn list(
    deps: &Deps,
    viewer: &Viewer,
    side: Side,
    status: Option<Status>,
    after: Option<(Time, Id)>,
    limit: i64,
) -> Outcome<Vec<Shown>> {
    signed_in(viewer)?;
    deps.store.read(|conn| {
        let rows = referrals::list_page(conn, viewer, side, status, after, limit)?;
        Ok(with_names(conn, viewer, rows)?)
    })
}

fn with_names(conn: &mut Conn, viewer: &Viewer, rows: Vec<ReferralRow>) -> Result<Vec<Shown>, store::Error> {
    let own = viewer.account().map(AccountViewer::casework_organizations).unwrap_or_default();
    let mut organizations: Vec<Id> =
        rows.iter().flat_map(|row| [row.sender_organization_id, row.receiver_organization_id]).collect();
    organizations.sort_unstable();
    organizations.dedup();
    let services: Vec<Id> = rows.iter().filter_map(|row| row.service_id).collect();
    let organizations = accounts::organization_names(conn, &organizations)?;
    let services = referrals::service_names(conn, &services)?;
    let organization = |id: Id| {
        let found = organizations.iter().find(|one| one.0 == id).cloned();
        found.map_or_else(Text::default, |(_, fr, en)| Text { fr, en })
    };
    let service = |id: Option<Id>| {
        let found = services.iter().find(|one| Some(one.0) == id).cloned();
        found.map_or_else(Text::default, |(_, name)| name)
    };
    let shown = rows.into_iter().map(|row| Shown {
        sender: organization(row.sender_organization_id),
        receiver: organization(row.receiver_organization_id),
        service: service(row.service_id),
        is_sender: own.contains(&row.sender_organization_id),
        row,
    });
    Ok(shown.collect())
}

pub fn open(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<Opened> {
    let account = signed_in(viewer)?;
    deps.store.read(|conn| {
        let row = referrals::find(conn, viewer, id)?.ok_or_else(not_found)?;
        let facts = referrals::find_facts(conn, viewer, id)?.unwrap_or_default();
        let events = referrals::list_events(conn, viewer, id, EVENTS_MAX)?;
        let moves = referral::moves(row.status, row.shares_identity);
        let actors: Vec<Actor> = parts(account, &row, false).iter().map(|by| by.actor).collect();
        let moves = moves.iter().copied().filter(|to| {
            actors.iter().any(|actor| referral::actors(row.status, *to, row.shares_identity).contains(actor))
        });
        let moves = moves.collect();
        let shown = with_names(conn, viewer, vec![row])?.pop().ok_or_else(not_found)?;
        Ok(Opened { shown, facts, events, moves })
    })
}

/// Who the family is, for the receiver, while the referral is accepted and the consent lives. Each reading is logged.
///
/// # Errors
/// `not_found` where the viewer may not know of the referral; `consent_ended` before acceptance, after the end, and
/// when the consent is over.
pub fn identity(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<Identity> {
    let account = signed_in(viewer)?;
    let written = deps.store.write(deps.clock.now(), |tx| {
        let row = referrals::find(tx, viewer, id)?.ok_or_else(not_found)?;
        if !account.casework_organizations().contains(&row.receiver_organization_id) {
            return Err(not_found().into());
        }
        shared_identity(deps, tx, viewer, &row, Some(account.account_id), None)
    })?;
    Ok(written.value)
}

/// The fields that the family agreed to give to the receiver of this referral, if it may have them now.
pub fn shared_identity(
    deps: &Deps,
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    row: &ReferralRow,
    account_id: Option<Id>,
    referral_link_id: Option<Id>,
) -> Outcome<Identity> {
    let now = tx.now();
    let ended = || Refusal::field(Code::ConsentEnded, "status").rule(row.status.as_str());
    let shared = identities::find_shared(tx, viewer, row.id)?.ok_or_else(ended)?;
    if !(shared.starts_on..=shared.ends_on).contains(&local_day(now)) {
        return Err(ended().into());
    }
    let family_id = shared.identity.family_id;
    let key = deps.keys.find(family_id)?.ok_or_else(ended)?;
    let place = Place {
        family_id,
        table: identities::TABLE,
        column: identities::COLUMN,
        key_version: shared.identity.key_version,
    };
    let opened = seal::identity::open(&key.key, place, &shared.identity.sealed)?;
    let corrupt = |_| store::Error::Corrupt("a sealed identity is not one".to_owned());
    let identity: Identity = serde_json::from_slice(&opened).map_err(corrupt)?;
    let read = IdentityReadRow {
        id: deps.ids.new_id(now),
        network_id: row.network_id,
        at: now,
        family_id,
        account_id,
        organization_id: Some(shared.receiver_organization_id),
        referral_link_id,
        action: ReadAction::Read,
        purpose: shared.purpose.as_str().to_owned(),
    };
    identities::insert_read(tx, &read)?;
    Ok(identity.only(&shared.fields))
}

/// What the clock does to one referral whose time is over: silence of the receiver, or of the sender. False when
/// somebody was faster.
pub fn run_out(deps: &Deps, id: Id, now: Time) -> Outcome<bool> {
    let job = Viewer::Job("referral clocks");
    let written = deps.store.write(now, |tx| {
        referrals::lock(tx, id)?;
        let Some(row) = referrals::find(tx, &job, id)? else { return Ok(false) };
        let silent_sender = row.status_changed_at.plus(chrono::TimeDelta::days(SENDER_REPLY_ENDS_DAYS)) <= now;
        let ask = match row.status {
            status if status.awaits_answer() && row.due_at.is_some_and(|due| due <= now) => Ask::to(Status::Expired),
            Status::NeedsInfo if silent_sender => {
                Ask { reason: Some(Reason::NoSenderReply), ..Ask::to(Status::NotCompleted) }
            }
            _ => return Ok(false),
        };
        carry_out(deps, tx, &row, &By::system(), &ask)?;
        Ok::<_, super::Failure>(true)
    })?;
    Ok(written.value)
}
