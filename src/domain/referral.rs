//! The life of a referral: who may move it where, for what reason, and what follows. [`decide`] is the only place that
//! knows these tables. It knows nothing of storage, accounts or mail: what it must know comes in a [`State`], and what
//! must follow comes out as [`Effect`]s.

use chrono::{NaiveDate, TimeDelta};

use super::need::UnmetReason;
use super::refusal::{Code, Refusal};
use super::words::words;
use crate::clock::Time;
use crate::id::Id;

words! {
    /// Who must act next.
    pub enum Status {
        Draft => "draft",
        Held => "held",
        Sent => "sent",
        Seen => "seen",
        NeedsInfo => "needs_info",
        Accepted => "accepted",
        Waitlisted => "waitlisted",
        Scheduled => "scheduled",
        InService => "in_service",
        Completed => "completed",
        Declined => "declined",
        Redirected => "redirected",
        NotCompleted => "not_completed",
        Withdrawn => "withdrawn",
        Expired => "expired",
        Superseded => "superseded",
        EnteredInError => "entered_in_error",
    }
}
words! {
    /// Why it stopped.
    pub enum Reason {
        CapacityFull => "capacity_full",
        WaitlistClosed => "waitlist_closed",
        WaitTooLong => "wait_too_long",
        NotEligible => "not_eligible",
        OutOfArea => "out_of_area",
        MissingDocuments => "missing_documents",
        IncompleteReferral => "incomplete_referral",
        Duplicate => "duplicate",
        AlreadyServed => "already_served",
        NoFunds => "no_funds",
        ServiceSuspended => "service_suspended",
        WrongService => "wrong_service",
        AssessmentFirst => "assessment_first",
        Language => "language",
        Conflict => "conflict",
        Other => "other",
        Unreachable => "unreachable",
        NoShow => "no_show",
        CancelledByService => "cancelled_by_service",
        ServiceNeverStarted => "service_never_started",
        NoSenderReply => "no_sender_reply",
        FamilyDeclined => "family_declined",
        Unavailable => "unavailable",
        Transport => "transport",
        OtherBarrier => "other_barrier",
        FoundElsewhere => "found_elsewhere",
        Moved => "moved",
        ConsentWithdrawn => "consent_withdrawn",
        Safety => "safety",
    }
}
words! {
    /// What a few reasons may add: which criterion, which barrier, whether an absence was excused.
    pub enum ReasonDetail {
        Age => "age",
        Family => "family",
        Income => "income",
        ImmigrationStatus => "immigration_status",
        OtherCriterion => "other_criterion",
        Excused => "excused",
        NotExcused => "not_excused",
        Childcare => "childcare",
        Hours => "hours",
        Cost => "cost",
        Language => "language",
        Digital => "digital",
    }
}
words! {
    /// In which part somebody acts on one referral.
    pub enum Actor {
        Sender => "sender",
        Receiver => "receiver",
        OnBehalf => "on_behalf",
        Curator => "curator",
        System => "system",
        Family => "family",
    }
}
words! {
    /// By which way a change came in.
    pub enum Channel {
        Web => "web",
        Link => "link",
        Message => "message",
        OnBehalf => "on_behalf",
        System => "system",
    }
}

words! {
    /// What an organisation without an account may answer on its page.
    pub enum Answer {
        Accept => "accept",
        Wait => "wait",
        Full => "full",
        NeedsInfo => "needs_info",
        Decline => "decline",
        Capacity => "capacity",
    }
}
words! {
    /// Messages that leave for an organisation without an account.
    pub enum Letter {
        Ask => "referral_ask",
        Reminder => "referral_reminder",
        Code => "referral_code",
    }
}

impl Answer {
    /// The status that an answer asks for; none where it only says how much room there is.
    pub fn target(self) -> Option<Status> {
        match self {
            Self::Accept => Some(Status::Accepted),
            Self::Wait => Some(Status::Waitlisted),
            Self::Full | Self::Decline => Some(Status::Declined),
            Self::NeedsInfo => Some(Status::NeedsInfo),
            Self::Capacity => None,
        }
    }
}

pub const EXPIRES_AFTER_DAYS: i64 = 21;
/// Days after sending; each reminder carries a fresh link.
pub const REMINDER_DAYS: [i64; 2] = [3, 7];
pub const DRAFT_NUDGE_DAYS: i64 = 14;
pub const HELD_DAYS: i64 = 2;
pub const SENDER_REPLY_DAYS: i64 = 7;
/// After the reminder to the sender, as many days again, then the system says `no_sender_reply`.
pub const SENDER_REPLY_ENDS_DAYS: i64 = 14;
pub const FIRST_CONTACT_DAYS: i64 = 7;
pub const WAITLIST_REVIEW_DAYS: i64 = 30;
pub const AFTER_APPOINTMENT_DAYS: i64 = 1;
pub const CHANGE_OF_MIND_HOURS: i64 = 24;
pub const DECLINE_AFTER_ACCEPTING_DAYS: i64 = 30;
/// A link answers this long after its referral expired.
pub const LINK_AFTER_EXPIRY_DAYS: i64 = 30;
/// A link answers at most this long after it was sent, whatever its referral became.
pub const LINK_DAYS_MAX: i64 = 366;
pub const CODE_MINUTES: i64 = 15;
/// Another code is sent at the earliest this long after the last, in seconds.
pub const CODE_PAUSE_S: i64 = 60;
/// Wrong codes in a row after which a link opens no identity any more.
pub const CODE_ATTEMPTS_MAX: i32 = 10;
pub const NOTE_CHARACTERS_MAX: usize = 2_000;
pub const FUNCTION_CHARACTERS_MAX: usize = 120;

impl Status {
    /// Nothing is expected of anybody any more.
    pub fn is_closed(self) -> bool {
        match self {
            Self::Draft | Self::Held | Self::Sent | Self::Seen | Self::NeedsInfo => false,
            Self::Accepted | Self::Waitlisted | Self::Scheduled | Self::InService => false,
            Self::Completed | Self::Declined | Self::Redirected | Self::NotCompleted => true,
            Self::Withdrawn | Self::Expired | Self::Superseded | Self::EnteredInError => true,
        }
    }
    /// The receiver may open the identity: from acceptance until the service has been given.
    pub fn shows_identity(self) -> bool {
        matches!(self, Self::Accepted | Self::Scheduled | Self::InService)
    }
    /// The receiver has it in its inbox: a draft or a held referral has not reached it yet.
    pub fn reached_receiver(self) -> bool {
        !matches!(self, Self::Draft | Self::Held)
    }
    /// The receiver still has to decide, and the clock of silence runs.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Sent | Self::Seen)
    }
    /// An answer of the receiver, as against a step of its work.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Accepted | Self::Waitlisted | Self::NeedsInfo | Self::Declined | Self::Redirected)
    }
}

impl Reason {
    pub const DECLINED: &'static [Reason] = &[
        Self::CapacityFull,
        Self::WaitlistClosed,
        Self::WaitTooLong,
        Self::NotEligible,
        Self::OutOfArea,
        Self::MissingDocuments,
        Self::IncompleteReferral,
        Self::Duplicate,
        Self::AlreadyServed,
        Self::NoFunds,
        Self::ServiceSuspended,
        Self::WrongService,
        Self::AssessmentFirst,
        Self::Language,
        Self::Conflict,
        Self::Other,
    ];
    pub const STOPPED: &'static [Reason] = &[
        Self::Unreachable,
        Self::NoShow,
        Self::CancelledByService,
        Self::ServiceNeverStarted,
        Self::NoSenderReply,
        Self::FamilyDeclined,
        Self::Unavailable,
        Self::Transport,
        Self::OtherBarrier,
        Self::FoundElsewhere,
        Self::Moved,
        Self::ConsentWithdrawn,
        Self::Safety,
    ];
    /// The reasons that a status may carry; empty where it carries none.
    pub fn allowed_for(status: Status) -> &'static [Reason] {
        match status {
            Status::Declined => Self::DECLINED,
            Status::NotCompleted | Status::Withdrawn => Self::STOPPED,
            Status::Draft | Status::Held | Status::Sent | Status::Seen | Status::NeedsInfo => &[],
            Status::Accepted | Status::Waitlisted | Status::Scheduled | Status::InService => &[],
            Status::Completed | Status::Redirected | Status::Expired | Status::Superseded => &[],
            Status::EnteredInError => &[],
        }
    }
    fn details(self) -> &'static [ReasonDetail] {
        use ReasonDetail as D;
        match self {
            Self::NotEligible => &[D::Age, D::Family, D::Income, D::ImmigrationStatus, D::OtherCriterion],
            Self::NoShow => &[D::Excused, D::NotExcused],
            Self::OtherBarrier => &[D::Childcare, D::Hours, D::Cost, D::Language, D::Digital],
            _ => &[],
        }
    }
}

/// Why the need stays unmet, as the reason of a stopped referral suggests it; the worker corrects.
pub fn unmet_reason_for(reason: Reason, detail: Option<ReasonDetail>) -> UnmetReason {
    match reason {
        Reason::CapacityFull | Reason::NoFunds | Reason::ServiceSuspended => UnmetReason::Full,
        Reason::WaitlistClosed | Reason::WaitTooLong => UnmetReason::Waitlist,
        Reason::NotEligible | Reason::MissingDocuments | Reason::AssessmentFirst => UnmetReason::NotEligible,
        Reason::OutOfArea | Reason::Transport => UnmetReason::TooFar,
        Reason::Language => UnmetReason::Language,
        Reason::OtherBarrier if detail == Some(ReasonDetail::Cost) => UnmetReason::Cost,
        Reason::OtherBarrier => UnmetReason::Hours,
        Reason::FamilyDeclined | Reason::Unavailable => UnmetReason::FamilyChoice,
        Reason::Unreachable | Reason::Moved => UnmetReason::Lost,
        Reason::IncompleteReferral | Reason::Duplicate | Reason::AlreadyServed | Reason::WrongService => {
            UnmetReason::Unknown
        }
        Reason::Conflict | Reason::Other | Reason::NoShow | Reason::CancelledByService => UnmetReason::Unknown,
        Reason::ServiceNeverStarted | Reason::NoSenderReply | Reason::FoundElsewhere => UnmetReason::Unknown,
        Reason::ConsentWithdrawn | Reason::Safety => UnmetReason::Unknown,
    }
}

/// What the rules must know of a referral as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub status: Status,
    /// The receiver gets the referral; otherwise the family goes itself with the contact details.
    pub sharing: bool,
    /// When the present status began.
    pub changed_at: Time,
    pub sent_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub accepted_at: Option<Time>,
    pub waitlisted_on: Option<NaiveDate>,
    pub appointment_at: Option<Time>,
    pub due_at: Option<Time>,
    /// The organisation of the one who acts made an event of this referral.
    pub actor_made_event: bool,
    /// The sender did something about this need since the present status began: another referral, or an outcome.
    pub sender_acted: bool,
    /// The first referral of a new sending organisation goes past a curator.
    pub must_be_held: bool,
    /// Days that an operator gives a receiver to answer; [`EXPIRES_AFTER_DAYS`] where nobody chose.
    pub expires_after_days: i64,
}

/// What somebody asks for. Texts come trimmed and bounded; an empty one is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub to: Status,
    pub reason: Option<Reason>,
    pub detail: Option<ReasonDetail>,
    /// The day the wait began.
    pub waitlisted_on: Option<NaiveDate>,
    pub appointment_at: Option<Time>,
    pub has_note: bool,
    /// On behalf of the receiver: the function of the one who said so, never a name.
    pub has_informant_function: bool,
    /// The service that the receiver points to instead.
    pub redirected_to: Option<Id>,
}

impl Move {
    pub fn to(status: Status) -> Self {
        Self {
            to: status,
            reason: None,
            detail: None,
            waitlisted_on: None,
            appointment_at: None,
            has_note: false,
            has_informant_function: false,
            redirected_to: None,
        }
    }
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
}

/// What must follow, in the imperative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    AskReceiver,
    AskCurator,
    TellSender,
    TellReceiver,
    OpenFollowUp,
    ProposeUnmet(UnmetReason),
    RecordFull,
    MakeChild(Id),
    ProposeSupersedingSiblings,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub to: Status,
    pub reason: Option<Reason>,
    pub detail: Option<ReasonDetail>,
    /// It leaves for the receiver: with identity, a live consent must cover it at this moment.
    pub needs_consent: bool,
    pub sent_at: Option<Time>,
    pub answered_at: Option<Time>,
    pub accepted_at: Option<Time>,
    pub waitlisted_on: Option<NaiveDate>,
    pub appointment_at: Option<Time>,
    pub closed_at: Option<Time>,
    pub due_at: Option<Time>,
    pub effects: Vec<Effect>,
}

/// Where a referral may go from a status, whoever asks.
pub fn moves(from: Status, sharing: bool) -> &'static [Status] {
    use Status::{
        Accepted, Completed, Declined, Draft, EnteredInError, Expired, Held, InService, NeedsInfo, NotCompleted,
        Redirected, Scheduled, Seen, Sent, Superseded, Waitlisted, Withdrawn,
    };
    if !sharing {
        return match from {
            Draft => &[Sent, Withdrawn, EnteredInError],
            Sent => &[Completed, NotCompleted, Withdrawn, EnteredInError],
            EnteredInError => &[],
            _ => &[EnteredInError],
        };
    }
    match from {
        Draft => &[Sent, Held, Withdrawn, EnteredInError],
        Held => &[Sent, Draft, Withdrawn, EnteredInError],
        Sent => &[
            Seen,
            Accepted,
            Waitlisted,
            NeedsInfo,
            Declined,
            Redirected,
            Withdrawn,
            Expired,
            Superseded,
            EnteredInError,
        ],
        Seen => {
            &[Accepted, Waitlisted, NeedsInfo, Declined, Redirected, Withdrawn, Expired, Superseded, EnteredInError]
        }
        NeedsInfo => {
            &[Sent, Accepted, Waitlisted, Declined, Redirected, Withdrawn, NotCompleted, Superseded, EnteredInError]
        }
        Accepted => &[
            Scheduled,
            InService,
            Waitlisted,
            Completed,
            NotCompleted,
            Declined,
            Redirected,
            Withdrawn,
            Superseded,
            EnteredInError,
        ],
        Waitlisted => {
            &[Accepted, Scheduled, InService, Declined, Redirected, Withdrawn, Superseded, NotCompleted, EnteredInError]
        }
        Scheduled => &[
            InService,
            Completed,
            NotCompleted,
            Accepted,
            Waitlisted,
            Declined,
            Redirected,
            Withdrawn,
            Superseded,
            EnteredInError,
        ],
        InService => &[Completed, NotCompleted, Waitlisted, Withdrawn, EnteredInError],
        Expired => &[Sent, Accepted, Waitlisted, Declined, NeedsInfo, EnteredInError],
        Declined => &[Accepted, Waitlisted, Sent, EnteredInError],
        Superseded => &[Sent, EnteredInError],
        Completed | Redirected | NotCompleted | Withdrawn => &[EnteredInError],
        EnteredInError => &[],
    }
}

/// Who may make a legal move of a shared referral.
fn who(from: Status, to: Status) -> &'static [Actor] {
    match to {
        Status::Sent if from == Status::Held => &[Actor::Curator],
        Status::Draft => &[Actor::Curator],
        Status::Sent | Status::Held | Status::Superseded => &[Actor::Sender],
        Status::Seen => &[Actor::Receiver],
        Status::Accepted | Status::Waitlisted if from == Status::Declined => &[Actor::Receiver],
        Status::Accepted | Status::Waitlisted | Status::NeedsInfo => &[Actor::Receiver, Actor::OnBehalf],
        Status::Scheduled | Status::InService | Status::Completed => &[Actor::Receiver, Actor::OnBehalf],
        Status::Declined | Status::Redirected => &[Actor::Receiver, Actor::OnBehalf],
        Status::NotCompleted if from == Status::NeedsInfo => {
            &[Actor::Sender, Actor::Receiver, Actor::OnBehalf, Actor::System]
        }
        Status::NotCompleted => &[Actor::Sender, Actor::Receiver, Actor::OnBehalf],
        Status::Withdrawn => &[Actor::Sender, Actor::Family],
        Status::Expired => &[Actor::System],
        Status::EnteredInError => &[Actor::Sender, Actor::Receiver, Actor::Curator],
    }
}

/// Who may make a legal move of a referral without sharing: nobody but the sender, and the family once it went.
fn who_without_sharing(from: Status, to: Status) -> &'static [Actor] {
    match (from, to) {
        (Status::Draft, _) | (_, Status::Sent) => &[Actor::Sender],
        _ => &[Actor::Sender, Actor::Family],
    }
}

/// Who may make a move that [`moves`] lists.
pub fn actors(from: Status, to: Status, sharing: bool) -> &'static [Actor] {
    if sharing { who(from, to) } else { who_without_sharing(from, to) }
}

/// Decides one move. Refuses with `illegal_transition` (not in the table, or its time is over or has not come),
/// `not_your_move`, `reason_required`, `reason_not_allowed`, `date_required`, `invalid_value` or `missing_field`.
pub fn decide(current: &State, actor: Actor, asked: &Move, now: Time) -> Result<Decision, Refusal> {
    let to = to_held(current, asked.to);
    check_move(current, actor, to, now)?;
    check_reason(current, actor, to, asked)?;
    check_particulars(current, actor, to, asked, now)?;
    let closed_at = to.is_closed().then_some(now);
    let sent_at = match to {
        Status::Sent => Some(now),
        _ => current.sent_at,
    };
    let accepted_at = match to {
        Status::Accepted => Some(now),
        Status::Sent => None,
        _ => current.accepted_at,
    };
    let appointment_at = asked.appointment_at.filter(|_| to == Status::Scheduled).or(current.appointment_at);
    Ok(Decision {
        to,
        reason: asked.reason,
        detail: asked.detail,
        needs_consent: current.sharing && matches!(to, Status::Sent | Status::Held),
        sent_at,
        answered_at: current.answered_at.or(to.is_answer().then_some(now)),
        accepted_at,
        waitlisted_on: asked.waitlisted_on.filter(|_| to == Status::Waitlisted).or(current.waitlisted_on),
        appointment_at,
        closed_at,
        due_at: due_at(current, to, appointment_at, now),
        effects: effects(current, actor, to, asked),
    })
}

/// The day on which a status asks for attention; none for a closed one, nor where there is no receiver to wait for.
fn due_at(current: &State, to: Status, appointment_at: Option<Time>, now: Time) -> Option<Time> {
    let in_days = |days: i64| Some(now.plus(TimeDelta::days(days)));
    match to {
        Status::Draft => in_days(DRAFT_NUDGE_DAYS),
        _ if !current.sharing => None,
        Status::Held => in_days(HELD_DAYS),
        Status::Sent => in_days(current.expires_after_days),
        Status::Seen => current.due_at,
        Status::NeedsInfo => in_days(SENDER_REPLY_DAYS),
        Status::Accepted => in_days(FIRST_CONTACT_DAYS),
        Status::Waitlisted => in_days(WAITLIST_REVIEW_DAYS),
        Status::Scheduled => appointment_at.map(|at| at.plus(TimeDelta::days(AFTER_APPOINTMENT_DAYS))),
        Status::InService | Status::Completed | Status::Declined | Status::Redirected => None,
        Status::NotCompleted | Status::Withdrawn | Status::Expired | Status::Superseded => None,
        Status::EnteredInError => None,
    }
}

/// The clock that a new draft starts with.
pub fn draft_due_at(now: Time) -> Time {
    now.plus(TimeDelta::days(DRAFT_NUDGE_DAYS))
}

fn to_held(current: &State, to: Status) -> Status {
    let leaves = current.status == Status::Draft && to == Status::Sent;
    if leaves && current.sharing && current.must_be_held { Status::Held } else { to }
}

fn check_move(current: &State, actor: Actor, to: Status, now: Time) -> Result<(), Refusal> {
    let from = current.status;
    let allowed = moves(from, current.sharing);
    let illegal = || {
        let words: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
        Refusal::field(Code::IllegalTransition, "to").rule(words.join(", "))
    };
    if !allowed.contains(&to) {
        return Err(illegal());
    }
    let not_its_own = to == Status::EnteredInError && !current.actor_made_event;
    if not_its_own || !actors(from, to, current.sharing).contains(&actor) {
        return Err(Refusal::field(Code::NotYourMove, "to"));
    }
    let within = |since: Time, limit: TimeDelta| now <= since.plus(limit);
    let in_time = match (from, to) {
        (Status::Draft, Status::Held) => current.must_be_held,
        (Status::Declined, Status::Accepted | Status::Waitlisted) => {
            !current.sender_acted && within(current.changed_at, TimeDelta::hours(CHANGE_OF_MIND_HOURS))
        }
        (Status::Accepted, Status::Declined) => {
            let accepted_at = current.accepted_at.unwrap_or(current.changed_at);
            within(accepted_at, TimeDelta::days(DECLINE_AFTER_ACCEPTING_DAYS))
        }
        (_, Status::Expired) => current.due_at.is_some_and(|due_at| due_at <= now),
        (Status::NeedsInfo, Status::NotCompleted) if actor == Actor::System => {
            current.changed_at.plus(TimeDelta::days(SENDER_REPLY_ENDS_DAYS)) <= now
        }
        _ => true,
    };
    if in_time { Ok(()) } else { Err(illegal()) }
}

fn check_reason(current: &State, actor: Actor, to: Status, asked: &Move) -> Result<(), Refusal> {
    let allowed = Reason::allowed_for(to);
    let rule = || allowed.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", ");
    match asked.reason {
        None if matches!(to, Status::Declined | Status::NotCompleted) => {
            return Err(Refusal::field(Code::ReasonRequired, "reason").rule(rule()));
        }
        Some(reason) if !allowed.contains(&reason) => {
            return Err(Refusal::field(Code::ReasonNotAllowed, "reason").rule(rule()));
        }
        Some(reason) => {
            let silent_sender = current.status == Status::NeedsInfo && to == Status::NotCompleted;
            if actor == Actor::System && silent_sender && reason != Reason::NoSenderReply {
                let rule = Reason::NoSenderReply.as_str();
                return Err(Refusal::field(Code::ReasonNotAllowed, "reason").rule(rule));
            }
        }
        None => {}
    }
    let details = asked.reason.map_or(&[][..], Reason::details);
    match asked.detail {
        Some(detail) if !details.contains(&detail) => {
            let rule = details.iter().map(|detail| detail.as_str()).collect::<Vec<_>>().join(", ");
            Err(Refusal::field(Code::ReasonNotAllowed, "reason_detail").rule(rule))
        }
        _ => Ok(()),
    }
}

/// What a target needs besides a reason: a date, a remark, a function, another service.
fn check_particulars(current: &State, actor: Actor, to: Status, asked: &Move, now: Time) -> Result<(), Refusal> {
    if actor == Actor::OnBehalf && !asked.has_informant_function {
        return Err(Refusal::field(Code::MissingField, "informant_function"));
    }
    match to {
        Status::Waitlisted => match asked.waitlisted_on {
            None => Err(Refusal::field(Code::DateRequired, "waitlisted_on")),
            // A day of grace: today in Québec may be tomorrow in UTC, and never the other way.
            Some(day) if day > now.date() => {
                Err(Refusal::field(Code::OutOfRange, "waitlisted_on").rule(format!("..={}", now.date())))
            }
            Some(_) => Ok(()),
        },
        Status::Scheduled if asked.appointment_at.is_none() => {
            Err(Refusal::field(Code::DateRequired, "appointment_at"))
        }
        Status::Draft if current.status == Status::Held && !asked.has_note => {
            Err(Refusal::field(Code::MissingField, "note"))
        }
        Status::Redirected if asked.redirected_to.is_none() => {
            Err(Refusal::field(Code::MissingField, "redirected_to_service_id"))
        }
        _ => Ok(()),
    }
}

fn effects(current: &State, actor: Actor, to: Status, asked: &Move) -> Vec<Effect> {
    let mut effects = Vec::new();
    if current.sharing {
        match to {
            Status::Held => effects.push(Effect::AskCurator),
            Status::Sent => effects.push(Effect::AskReceiver),
            Status::Withdrawn | Status::Superseded if current.status.reached_receiver() => {
                effects.push(Effect::TellReceiver);
            }
            _ => {}
        }
        if actor != Actor::Sender && actor != Actor::OnBehalf && to != Status::Seen {
            effects.push(Effect::TellSender);
        }
    }
    let ends_a_try = to.is_closed() && to != Status::EnteredInError && current.status.reached_receiver();
    if ends_a_try && to != Status::Redirected {
        effects.push(Effect::OpenFollowUp);
    }
    match (to, asked.reason) {
        (Status::Expired, _) => effects.push(Effect::ProposeUnmet(UnmetReason::NoReply)),
        (_, Some(reason)) => effects.push(Effect::ProposeUnmet(unmet_reason_for(reason, asked.detail))),
        _ => {}
    }
    if to == Status::Declined && asked.reason == Some(Reason::CapacityFull) {
        effects.push(Effect::RecordFull);
    }
    if let (Status::Redirected, Some(service_id)) = (to, asked.redirected_to) {
        effects.push(Effect::MakeChild(service_id));
    }
    if to == Status::Completed {
        effects.push(Effect::ProposeSupersedingSiblings);
    }
    effects
}

/// Whether a link of this referral still answers. An open referral answers; an expired one for thirty days; a declined
/// one while a change of mind is possible; one that was filled elsewhere takes places only, as long as an expired one.
pub fn link_answers(status: Status, changed_at: Time, now: Time) -> bool {
    let late = now <= changed_at.plus(TimeDelta::days(LINK_AFTER_EXPIRY_DAYS));
    match status {
        Status::Draft | Status::Held => false,
        Status::Expired | Status::Superseded => late,
        Status::Declined => now <= changed_at.plus(TimeDelta::hours(CHANGE_OF_MIND_HOURS)),
        Status::Completed | Status::Redirected | Status::NotCompleted | Status::Withdrawn => false,
        Status::EnteredInError => false,
        open => !open.is_closed(),
    }
}

/// How many reminders should have left by now, counted from the day of sending.
pub fn reminders_due(sent_at: Time, now: Time) -> usize {
    REMINDER_DAYS.iter().filter(|&&days| sent_at.plus(TimeDelta::days(days)) <= now).count()
}
