//! The referral state machine against a small model of it, written another way: a table of words, read at run time.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use relais::clock::Time;
use relais::domain::referral::{
    Actor, Effect, Move, Reason, ReasonDetail, State, Status, decide, link_answers, unmet_reason_for,
};
use relais::domain::refusal::Code;
use relais::id::Id;

/// Each line: from, then targets with who may (s sender, r receiver, b on behalf, c curator, y system, f family) and,
/// after a slash, the condition.
const SHARED: &str = "
draft:         sent s | held s/new | withdrawn sf
held:          sent c | draft c | withdrawn sf
sent:          seen r | accepted rb | waitlisted rb | needs_info rb | declined rb | redirected rb | withdrawn sf | expired y/due | superseded s
seen:          accepted rb | waitlisted rb | needs_info rb | declined rb | redirected rb | withdrawn sf | expired y/due | superseded s
needs_info:    sent s | accepted rb | waitlisted rb | declined rb | redirected rb | withdrawn sf | not_completed srby/silence | superseded s
accepted:      scheduled rb | in_service rb | waitlisted rb | completed rb | not_completed srb | declined rb/month | redirected rb | withdrawn sf | superseded s
waitlisted:    accepted rb | scheduled rb | in_service rb | declined rb | redirected rb | withdrawn sf | superseded s | not_completed srb
scheduled:     in_service rb | completed rb | not_completed srb | accepted rb | waitlisted rb | declined rb | redirected rb | withdrawn sf | superseded s
in_service:    completed rb | not_completed srb | waitlisted rb | withdrawn sf
expired:       sent s | accepted rb | waitlisted rb | declined rb | needs_info rb
declined:      accepted r/day | waitlisted r/day | sent s
superseded:    sent s
";
const NOT_SHARED: &str = "
draft:         sent s | withdrawn s
sent:          completed sf | not_completed sf | withdrawn sf
";

const DECLINED: &str = "capacity_full waitlist_closed wait_too_long not_eligible out_of_area missing_documents \
    incomplete_referral duplicate already_served no_funds service_suspended wrong_service assessment_first language \
    conflict other";
const STOPPED: &str = "unreachable no_show cancelled_by_service service_never_started no_sender_reply family_declined \
    unavailable transport other_barrier found_elsewhere moved consent_withdrawn safety";

fn cell(sharing: bool, from: Status, to: Status) -> Option<(String, String)> {
    let table = if sharing { SHARED } else { NOT_SHARED };
    let line = table.lines().find(|line| line.split(':').next() == Some(from.as_str()))?;
    let targets = line.split(':').nth(1)?;
    let found = targets.split('|').map(str::trim).find(|cell| cell.split(' ').next() == Some(to.as_str()))?;
    let rest = found.split(' ').nth(1)?;
    let mut parts = rest.split('/');
    Some((parts.next()?.to_owned(), parts.next().unwrap_or("").to_owned()))
}

fn letter(actor: Actor) -> char {
    match actor {
        Actor::Sender => 's',
        Actor::Receiver => 'r',
        Actor::OnBehalf => 'b',
        Actor::Curator => 'c',
        Actor::System => 'y',
        Actor::Family => 'f',
    }
}

fn hours(from: Time, to: Time) -> f64 {
    (to.micros() - from.micros()) as f64 / 3.6e9
}

fn model(state: &State, actor: Actor, asked: &Move, now: Time) -> Result<Status, Code> {
    let mut to = asked.to;
    if state.sharing && state.must_be_held && state.status == Status::Draft && to == Status::Sent {
        to = Status::Held;
    }
    if to == Status::EnteredInError {
        if state.status == Status::EnteredInError {
            return Err(Code::IllegalTransition);
        }
        let mine = match (state.sharing, actor) {
            (true, Actor::Sender | Actor::Receiver | Actor::Curator) | (false, Actor::Sender) => true,
            (false, Actor::Family) => state.status != Status::Draft,
            _ => false,
        };
        if !(mine && state.actor_made_event) {
            return Err(Code::NotYourMove);
        }
    } else {
        let Some((actors, condition)) = cell(state.sharing, state.status, to) else {
            return Err(Code::IllegalTransition);
        };
        if !actors.contains(letter(actor)) {
            return Err(Code::NotYourMove);
        }
        let holds = match condition.as_str() {
            "new" => state.must_be_held,
            "due" => state.due_at.is_some_and(|due| hours(due, now) >= 0.0),
            "day" => hours(state.changed_at, now) <= 24.0 && !state.sender_acted,
            "month" => hours(state.accepted_at.unwrap_or(state.changed_at), now) <= 30.0 * 24.0,
            "silence" => actor != Actor::System || hours(state.changed_at, now) >= 14.0 * 24.0,
            "" => true,
            other => panic!("unknown condition {other}"),
        };
        if !holds {
            return Err(Code::IllegalTransition);
        }
    }
    model_particulars(state, actor, asked, to, now).map(|()| to)
}

fn model_particulars(state: &State, actor: Actor, asked: &Move, to: Status, now: Time) -> Result<(), Code> {
    let list = match to.as_str() {
        "declined" => DECLINED,
        "not_completed" | "withdrawn" => STOPPED,
        _ => "",
    };
    match asked.reason {
        None if to.as_str() == "declined" || to.as_str() == "not_completed" => return Err(Code::ReasonRequired),
        Some(reason) if !list.split_whitespace().any(|word| word == reason.as_str()) => {
            return Err(Code::ReasonNotAllowed);
        }
        Some(reason) if actor == Actor::System && reason.as_str() != "no_sender_reply" => {
            return Err(Code::ReasonNotAllowed);
        }
        _ => {}
    }
    if let Some(detail) = asked.detail {
        let pair = format!("{}/{}", asked.reason.map_or("", Reason::as_str), detail.as_str());
        let known = "not_eligible/age not_eligible/family not_eligible/income not_eligible/immigration_status \
            not_eligible/other_criterion no_show/excused no_show/not_excused other_barrier/childcare \
            other_barrier/hours other_barrier/cost other_barrier/language other_barrier/digital";
        if !known.split_whitespace().any(|word| word == pair) {
            return Err(Code::ReasonNotAllowed);
        }
    }
    if actor == Actor::OnBehalf && !asked.has_informant_function {
        return Err(Code::MissingField);
    }
    match to.as_str() {
        "waitlisted" if asked.waitlisted_on.is_none() => Err(Code::DateRequired),
        "waitlisted" if asked.waitlisted_on > Some(now.date()) => Err(Code::OutOfRange),
        "scheduled" if asked.appointment_at.is_none() => Err(Code::DateRequired),
        "draft" if state.status == Status::Held && !asked.has_note => Err(Code::MissingField),
        "redirected" if asked.redirected_to.is_none() => Err(Code::MissingField),
        _ => Ok(()),
    }
}

fn start() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}

fn draft(sharing: bool, must_be_held: bool) -> State {
    State {
        status: Status::Draft,
        sharing,
        changed_at: start(),
        sent_at: None,
        answered_at: None,
        accepted_at: None,
        waitlisted_on: None,
        appointment_at: None,
        due_at: Some(start().plus(TimeDelta::days(14))),
        actor_made_event: true,
        sender_acted: false,
        must_be_held,
        expires_after_days: 21,
    }
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(words: &'static [T]) -> impl Strategy<Value = T> + Clone {
    proptest::sample::select(words)
}

#[derive(Debug, Clone)]
struct Step {
    actor: Actor,
    asked: Move,
    wait_hours: i64,
    made_event: bool,
    sender_acted: bool,
}

/// Mostly reasonable moves, so that a walk gets far; now and then anything.
fn step() -> impl Strategy<Value = Step> {
    let reason = proptest::option::weighted(0.5, any_of(Reason::ALL));
    let detail = proptest::option::weighted(0.1, any_of(ReasonDetail::ALL));
    let day = proptest::option::weighted(0.8, -40i64..3);
    let wait = prop_oneof![4 => 0i64..30, 2 => 23i64..26, 2 => 24i64..24 * 16, 1 => 24i64 * 28..24 * 33];
    let flags = (any::<bool>(), proptest::bool::weighted(0.8), proptest::bool::weighted(0.2), any::<[bool; 3]>());
    (any_of(Actor::ALL), any_of(Status::ALL), reason, detail, day, wait, flags).prop_map(
        |(actor, to, reason, detail, day, wait_hours, (has_note, made_event, sender_acted, has))| {
            let waitlisted_on = day.map(|days| (start().plus(TimeDelta::days(days + 30))).date());
            let appointment_at = has[0].then(|| start().plus(TimeDelta::days(60)));
            let redirected_to = has[1].then(|| Id::from_words(&["service"]));
            let has_informant_function = has[2];
            let asked = Move {
                to,
                reason,
                detail,
                waitlisted_on,
                appointment_at,
                has_note,
                has_informant_function,
                redirected_to,
            };
            Step { actor, asked, wait_hours, made_event, sender_acted }
        },
    )
}

fn walk(sharing: bool, must_be_held: bool, steps: &[Step], moved: &AtomicU64) -> Result<(), TestCaseError> {
    let mut state = draft(sharing, must_be_held);
    let mut now = start();
    for step in steps {
        now = now.plus(TimeDelta::hours(step.wait_hours));
        state.actor_made_event = step.made_event;
        state.sender_acted = step.sender_acted;
        let expected = model(&state, step.actor, &step.asked, now);
        let decided = decide(&state, step.actor, &step.asked, now);
        let got = decided.as_ref().map(|decision| decision.to).map_err(|refusal| refusal.code);
        prop_assert_eq!(got, expected, "{:?} {:?}", state, step);
        let Ok(decision) = decided else { continue };
        moved.fetch_add(1, Ordering::Relaxed);
        prop_assert_eq!(decision.to.is_closed(), decision.closed_at.is_some());
        prop_assert!(!(decision.to.is_closed() && decision.due_at.is_some()));
        prop_assert!(sharing || !decision.needs_consent);
        prop_assert!(sharing || !matches!(decision.to, Status::Expired | Status::Held | Status::Accepted));
        prop_assert!(!decision.to.shows_identity() || link_answers(decision.to, now, now));
        prop_assert_eq!(
            decision.effects.contains(&Effect::RecordFull),
            decision.reason == Some(Reason::CapacityFull) && decision.to == Status::Declined
        );
        state = State {
            status: decision.to,
            changed_at: now,
            sent_at: decision.sent_at,
            answered_at: decision.answered_at,
            accepted_at: decision.accepted_at,
            waitlisted_on: decision.waitlisted_on,
            appointment_at: decision.appointment_at,
            due_at: decision.due_at,
            ..state
        };
    }
    Ok(())
}

fn agree(cases: u32) {
    const STEPS: usize = 50;
    let taken = AtomicU64::new(0);
    let moved = AtomicU64::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let steps = proptest::collection::vec(step(), STEPS);
    let world = (proptest::bool::weighted(0.85), proptest::bool::weighted(0.1), steps);
    runner
        .run(&world, |(sharing, must_be_held, steps)| {
            taken.fetch_add(steps.len() as u64, Ordering::Relaxed);
            walk(sharing, must_be_held, &steps, &moved)
        })
        .unwrap();
    let (taken, moved) = (taken.into_inner(), moved.into_inner());
    assert!(taken >= u64::from(cases) * STEPS as u64);
    assert!(moved * 100 > taken, "the walks hardly move: {moved} of {taken}");
}

#[test]
fn random_walks_agree_with_the_model() {
    agree(1_000);
}

#[test]
#[ignore = "soak: a million steps"]
fn a_million_random_steps_agree_with_the_model() {
    agree(20_000);
}

/// Every status to every status by everybody, with everything that could be asked for given, and with nothing.
#[test]
fn every_cell_of_the_table() {
    let now = start().plus(TimeDelta::days(25));
    for sharing in [true, false] {
        for (&from, &to) in Status::ALL.iter().flat_map(|from| Status::ALL.iter().map(move |to| (from, to))) {
            for (&actor, bits) in Actor::ALL.iter().flat_map(|actor| (0..32u8).map(move |bits| (actor, bits))) {
                let mut state = draft(sharing, bits & 1 != 0);
                state.status = from;
                state.actor_made_event = bits & 2 != 0;
                state.sender_acted = bits & 4 != 0;
                state.changed_at = if bits & 8 != 0 { now.plus(TimeDelta::hours(-24)) } else { start() };
                let mut asked = Move::to(to);
                if bits & 16 != 0 {
                    asked.reason = Reason::allowed_for(to).first().copied().filter(|_| actor != Actor::System);
                    asked.reason = asked.reason.or((to == Status::NotCompleted).then_some(Reason::NoSenderReply));
                    asked.waitlisted_on = Some(now.date());
                    asked.appointment_at = Some(now);
                    asked.redirected_to = Some(Id::from_words(&["service"]));
                    asked.has_note = true;
                    asked.has_informant_function = true;
                }
                let got =
                    decide(&state, actor, &asked, now).map(|decision| decision.to).map_err(|refusal| refusal.code);
                assert_eq!(got, model(&state, actor, &asked, now), "{state:?} {actor:?} {asked:?}");
            }
        }
    }
}

fn status(word: &str) -> Status {
    Status::parse(word).unwrap()
}

#[test]
fn the_clock_runs_on_when_a_referral_is_opened_and_starts_again_when_it_is_sent_again() {
    let now = start();
    let sent = decide(&draft(true, false), Actor::Sender, &Move::to(Status::Sent), now).unwrap();
    assert_eq!(sent.due_at, Some(now.plus(TimeDelta::days(21))));
    assert!(sent.needs_consent && sent.effects.contains(&Effect::AskReceiver));
    let state = State { status: Status::Sent, due_at: sent.due_at, sent_at: sent.sent_at, ..draft(true, false) };
    let later = now.plus(TimeDelta::days(4));
    let seen = decide(&state, Actor::Receiver, &Move::to(Status::Seen), later).unwrap();
    assert_eq!((seen.due_at, seen.sent_at), (sent.due_at, sent.sent_at));
    let early = now.plus(TimeDelta::days(21)).plus(TimeDelta::microseconds(-1));
    let refused = decide(&state, Actor::System, &Move::to(Status::Expired), early).unwrap_err();
    assert_eq!(refused.code, Code::IllegalTransition);
    let on_time = now.plus(TimeDelta::days(21));
    let expired = decide(&state, Actor::System, &Move::to(Status::Expired), on_time).unwrap();
    assert!(expired.effects.contains(&Effect::OpenFollowUp) && expired.effects.contains(&Effect::TellSender));
    let state = State { status: Status::Expired, changed_at: on_time, due_at: None, ..state };
    let again = decide(&state, Actor::Sender, &Move::to(Status::Sent), on_time).unwrap();
    assert_eq!(again.due_at, Some(on_time.plus(TimeDelta::days(21))));
}

#[test]
fn reasons_propose_why_the_need_stays_unmet() {
    let table = "capacity_full full no_funds full service_suspended full waitlist_closed waitlist wait_too_long waitlist \
        not_eligible not_eligible missing_documents not_eligible assessment_first not_eligible out_of_area too_far \
        transport too_far language language other_barrier hours family_declined family_choice unavailable family_choice \
        unreachable lost moved lost";
    let words: Vec<&str> = table.split_whitespace().collect();
    for &reason in Reason::ALL {
        let expected = words.chunks(2).find(|pair| pair[0] == reason.as_str()).map_or("unknown", |pair| pair[1]);
        assert_eq!(unmet_reason_for(reason, None).as_str(), expected, "{}", reason.as_str());
    }
    assert_eq!(unmet_reason_for(Reason::OtherBarrier, Some(ReasonDetail::Cost)).as_str(), "cost");
}

#[test]
fn a_link_answers_while_the_referral_is_open_and_thirty_days_after_it_expired() {
    let now = start();
    let after = |days: i64| now.plus(TimeDelta::days(days));
    assert!(link_answers(status("expired"), now, after(30)) && !link_answers(status("expired"), now, after(31)));
    assert!(link_answers(status("waitlisted"), now, after(300)));
    assert!(link_answers(status("declined"), now, after(1)) && !link_answers(status("declined"), now, after(2)));
    assert!(!link_answers(status("withdrawn"), now, now) && !link_answers(status("draft"), now, now));
}

#[test]
fn a_wait_cannot_begin_tomorrow() {
    let state = State { status: Status::Seen, ..draft(true, false) };
    let asked = Move { waitlisted_on: NaiveDate::from_ymd_opt(2026, 6, 16), ..Move::to(Status::Waitlisted) };
    let refused = decide(&state, Actor::Receiver, &asked, start()).unwrap_err();
    assert_eq!((refused.code, refused.field.as_deref()), (Code::OutOfRange, Some("waitlisted_on")));
}
