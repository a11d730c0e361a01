//! Referrals on the wire: what a client may ask, and what each side of a referral is shown.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::actions::referral_moves::Ask;
use crate::actions::referrals::{NewReferral, Opened, Receipt, Shown};
use crate::clock::Time;
use crate::domain::directory::Capacity;
use crate::domain::language::{Lang, Text};
use crate::domain::referral::{Actor, Channel, Reason, ReasonDetail, Status};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::words::words;
use crate::id::Id;
use crate::store::referrals::{ReferralEventRow, Side};

pub const LIMIT_MAX: i64 = 100;
pub const LIMIT_DEFAULT: i64 = 20;

words! {
    /// A new referral is kept as a draft or leaves at once.
    pub enum FirstStatus {
        Draft => "draft",
        Sent => "sent",
    }
}
words! {
    pub enum BoxName {
        Inbox => "inbox",
        Sent => "sent",
        Held => "held",
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralBody {
    need_id: Id,
    service_id: Id,
    #[serde(default = "yes")]
    shares_identity: bool,
    #[serde(default = "draft")]
    status: FirstStatus,
    #[serde(default)]
    urgent: bool,
    #[serde(default)]
    message: Option<String>,
}

fn yes() -> bool {
    true
}
fn draft() -> FirstStatus {
    FirstStatus::Draft
}

impl ReferralBody {
    pub fn parse(self) -> NewReferral {
        NewReferral {
            need_id: self.need_id,
            service_id: self.service_id,
            shares_identity: self.shares_identity,
            sends: self.status == FirstStatus::Sent,
            urgent: self.urgent,
            message: self.message,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitionBody {
    to: Status,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    reason_detail: Option<ReasonDetail>,
    #[serde(default)]
    waitlisted_on: Option<NaiveDate>,
    #[serde(default)]
    appointment_at: Option<Time>,
    #[serde(default)]
    note: Option<String>,
    /// The sender enters what the receiver said.
    #[serde(default)]
    pub on_behalf: bool,
    #[serde(default)]
    informant_function: Option<String>,
    #[serde(default)]
    redirected_to_service_id: Option<Id>,
    #[serde(default)]
    places_available: Option<i32>,
    #[serde(default)]
    wait_days: Option<i32>,
}

impl TransitionBody {
    pub fn parse(self) -> Ask {
        Ask {
            to: Some(self.to),
            reason: self.reason,
            reason_detail: self.reason_detail,
            waitlisted_on: self.waitlisted_on,
            appointment_at: self.appointment_at,
            note: self.note,
            informant_function: self.informant_function,
            redirected_to_service_id: self.redirected_to_service_id,
            capacity: Capacity {
                places_available: self.places_available,
                wait_days: self.wait_days,
                ..Capacity::default()
            },
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(rename = "box")]
    name: BoxName,
    status: Option<Status>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A page that was asked for.
#[derive(Debug)]
pub struct Page {
    pub side: Side,
    pub status: Option<Status>,
    pub after: Option<(Time, Id)>,
    pub limit: i64,
}

impl ListQuery {
    pub fn parse(self) -> Result<Page, Refusal> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Refusal::field(Code::OutOfRange, "limit").rule(format!("1..={LIMIT_MAX}")));
        }
        let side = match self.name {
            BoxName::Inbox => Side::Inbox,
            BoxName::Sent => Side::Sent,
            BoxName::Held => Side::Held,
        };
        let after = self.cursor.as_deref().map(parse_cursor).transpose()?;
        Ok(Page { side, status: self.status, after, limit })
    }
}

fn parse_cursor(text: &str) -> Result<(Time, Id), Refusal> {
    let parts = text.split_once('.').and_then(|(micros, id)| Some((micros.parse().ok()?, id.parse().ok()?)));
    let (micros, id) = parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))?;
    Ok((Time::from_micros(micros), id))
}

#[derive(Debug, Serialize)]
struct NamedView {
    id: Id,
    name: String,
}

fn named(id: Id, name: &Text, lang: Lang) -> NamedView {
    NamedView { id, name: name.get(lang).to_owned() }
}

/// A referral as one side sees it: the receiver is not told which file or need it is.
#[derive(Debug, Serialize)]
pub struct ReferralView {
    id: Id,
    version: i64,
    status: Status,
    reason: Option<Reason>,
    reason_detail: Option<ReasonDetail>,
    shares_identity: bool,
    urgent: bool,
    category: String,
    need_id: Option<Id>,
    family_id: Option<Id>,
    sender: NamedView,
    receiver: NamedView,
    service: Option<NamedView>,
    parent_id: Option<Id>,
    waitlisted_on: Option<NaiveDate>,
    appointment_at: Option<Time>,
    sent_at: Option<Time>,
    answered_at: Option<Time>,
    accepted_at: Option<Time>,
    closed_at: Option<Time>,
    due_at: Option<Time>,
    supersede_proposed: bool,
    created_at: Time,
    updated_at: Time,
}

impl ReferralView {
    pub fn new(shown: &Shown, lang: Lang) -> Self {
        let row = &shown.row;
        Self {
            id: row.id,
            version: row.version,
            status: row.status,
            reason: row.reason,
            reason_detail: row.reason_detail,
            shares_identity: row.shares_identity,
            urgent: row.urgent,
            category: row.category.clone(),
            need_id: shown.is_sender.then_some(row.need_id),
            family_id: row.family_id.filter(|_| shown.is_sender),
            sender: named(row.sender_organization_id, &shown.sender, lang),
            receiver: named(row.receiver_organization_id, &shown.receiver, lang),
            service: row.service_id.map(|id| named(id, &shown.service, lang)),
            parent_id: row.parent_id.filter(|_| shown.is_sender),
            waitlisted_on: row.waitlisted_on,
            appointment_at: row.scheduled_for,
            sent_at: row.sent_at,
            answered_at: row.first_answer_at,
            accepted_at: row.accepted_at,
            closed_at: row.closed_at,
            due_at: row.due_at,
            supersede_proposed: row.supersede_proposed,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ReferralListView {
    results: Vec<ReferralView>,
    next_cursor: Option<String>,
}

impl ReferralListView {
    /// The action was asked for one more than the page holds.
    pub fn new(shown: &[Shown], limit: i64, lang: Lang) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let page = &shown[..shown.len().min(limit)];
        let last = page.last().filter(|_| shown.len() > limit);
        Self {
            results: page.iter().map(|one| ReferralView::new(one, lang)).collect(),
            next_cursor: last.map(|one| format!("{}.{}", one.row.updated_at.micros(), one.row.id)),
        }
    }
}

#[derive(Debug, Serialize)]
struct EventView {
    id: Id,
    version: i64,
    at: Time,
    actor: Actor,
    channel: Channel,
    organization_id: Option<Id>,
    account_id: Option<Id>,
    informant_function: Option<String>,
    from: Option<Status>,
    to: Status,
    reason: Option<Reason>,
    reason_detail: Option<ReasonDetail>,
    note: Option<String>,
}

impl EventView {
    fn new(row: &ReferralEventRow) -> Self {
        Self {
            id: row.id,
            version: row.version,
            at: row.at,
            actor: row.actor,
            channel: row.channel,
            organization_id: row.organization_id,
            account_id: row.account_id,
            informant_function: row.informant_function.clone(),
            from: row.from_status,
            to: row.to_status,
            reason: row.reason,
            reason_detail: row.reason_detail,
            note: row.note.clone(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ChildView {
    born_in: Option<String>,
    due_in: Option<String>,
}

#[derive(Debug, Serialize)]
struct FactsView {
    municipality_id: Option<String>,
    language: Option<String>,
    children: Vec<ChildView>,
}

#[derive(Debug, Serialize)]
pub struct OpenedView {
    #[serde(flatten)]
    referral: ReferralView,
    message: Option<String>,
    facts: FactsView,
    /// Where this caller could move it now.
    moves: Vec<Status>,
    events: Vec<EventView>,
}

impl OpenedView {
    pub fn new(opened: &Opened, lang: Lang) -> Self {
        let children = opened.facts.children.iter().cloned();
        Self {
            referral: ReferralView::new(&opened.shown, lang),
            message: opened.shown.row.message.clone(),
            facts: FactsView {
                municipality_id: opened.facts.municipality_id.clone(),
                language: opened.facts.language.clone(),
                children: children.map(|(born_in, due_in)| ChildView { born_in, due_in }).collect(),
            },
            moves: opened.moves.clone(),
            events: opened.events.iter().map(EventView::new).collect(),
        }
    }
}

/// What a change answers; a retry with the same Idempotency-Key gets the same.
#[derive(Debug, Serialize)]
pub struct ReceiptView {
    id: Id,
    version: i64,
    status: Status,
    reason: Option<Reason>,
    reason_detail: Option<ReasonDetail>,
    waitlisted_on: Option<NaiveDate>,
    appointment_at: Option<Time>,
    sent_at: Option<Time>,
    due_at: Option<Time>,
    closed_at: Option<Time>,
}

impl ReceiptView {
    pub fn new(receipt: &Receipt) -> Self {
        Self {
            id: receipt.id,
            version: receipt.version,
            status: receipt.status,
            reason: receipt.reason,
            reason_detail: receipt.reason_detail,
            waitlisted_on: receipt.waitlisted_on,
            appointment_at: receipt.appointment_at,
            sent_at: receipt.sent_at,
            due_at: receipt.due_at,
            closed_at: receipt.closed_at,
        }
    }
}
