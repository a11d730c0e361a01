//! The demo's referrals: paths through the state machine, drawn with more refusals and longer waits where the pilot
//! found gaps (transport, housing, food, daycare), and what became of the needs behind them.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use rand::seq::SliceRandom;

use super::directory::Drawn;
use super::geography::{Municipality, municipalities};
use super::history::{Carrier, Teller, weighted};
use crate::clock::Time;
use crate::domain::consent::{GivenBy, Method, Purpose};
use crate::domain::follow_up::{FollowUpStatus, due_on};
use crate::domain::identity::Field;
use crate::domain::month::{local_day, midnight};
use crate::domain::need::{NeedStatus, UnmetReason, Voice};
use crate::domain::referral::{Actor, Channel, EXPIRES_AFTER_DAYS, Reason, Status, unmet_reason_for};
use crate::domain::taxonomy::top_level_of;
use crate::id::Id;
use crate::store::DEFAULT_NETWORK;
use crate::store::consents::ConsentRow;
use crate::store::follow_ups::FollowUpRow;
use crate::store::needs::{NeedOutcomeRow, NeedRow};
use crate::store::referrals::{ReferralEventRow, ReferralRow};
use crate::store::types::Json;

/// Services by where they are and the field they answer.
pub struct Services {
    /// Service and its organisation.
    all: Vec<(Id, Id)>,
    by_mrc: HashMap<(String, String), Vec<usize>>,
    by_region: HashMap<(String, String), Vec<usize>>,
    by_field: HashMap<String, Vec<usize>>,
}

impl Services {
    pub fn of(drawn: &Drawn) -> Self {
        let homes: HashMap<Id, &Municipality> = drawn
            .directory
            .organizations
            .iter()
            .zip(&drawn.places)
            .map(|(organization, &place)| (organization.id, &municipalities()[place]))
            .collect();
        let mut services =
            Self { all: Vec::new(), by_mrc: HashMap::new(), by_region: HashMap::new(), by_field: HashMap::new() };
        for service in &drawn.directory.services {
            let Some(home) = homes.get(&service.organization_id) else { continue };
            let index = services.all.len();
            services.all.push((service.id, service.organization_id));
            for category in &service.categories {
                let field = top_level_of(category).to_owned();
                services.by_mrc.entry((home.mrc.clone(), field.clone())).or_default().push(index);
                services.by_region.entry((home.region.clone(), field.clone())).or_default().push(index);
                services.by_field.entry(field).or_default().push(index);
            }
        }
        services
    }
    fn near(&self, home: &Municipality, field: &str) -> Option<&Vec<usize>> {
        self.by_mrc.get(&(home.mrc.clone(), field.to_owned()))
    }
}

/// The family that is referred, and by whom.
pub struct Referring<'a> {
    pub family_id: Id,
    pub region: Option<String>,
    pub carrier: &'a Carrier,
    pub home: &'static Municipality,
    /// The last day on which this organisation sent something.
    pub last: NaiveDate,
    pub services: &'a Services,
}

/// One step of a path: where to, how many days after the step before, and why.
type Step = (Status, i64, Option<Reason>);

/// How a referral ended, or stands.
struct Ended {
    status: Status,
    reason: Option<Reason>,
    closed_at: Option<Time>,
}

impl Teller<'_> {
    /// Spreads referrals over the needs of a family, then says what became of each need.
    pub(super) fn refer(&mut self, of: &Referring<'_>, needs: Vec<NeedRow>, count: usize) {
        let mut ended: Vec<Vec<Ended>> = needs.iter().map(|_| Vec::new()).collect();
        let mut receivers: Vec<Id> = Vec::new();
        for turn in 0..count {
            let place = turn % needs.len();
            let need = &needs[place];
            let Some((service_id, receiver)) = self.choose(of, top_level_of(&need.category), &receivers) else {
                continue;
            };
            receivers.push(receiver);
            let one = self.referral(of, need, service_id, receiver);
            ended[place].push(one);
        }
        for (mut need, ended) in needs.into_iter().zip(ended) {
            self.conclude(of, &mut need, &ended);
            self.history.needs.push(need);
        }
    }

    /// Nearest first: the MRC, the region, anywhere. Another organisation than before when there is one.
    fn choose(&mut self, of: &Referring<'_>, field: &str, before: &[Id]) -> Option<(Id, Id)> {
        let region = (of.home.region.clone(), field.to_owned());
        let lists =
            [of.services.near(of.home, field), of.services.by_region.get(&region), of.services.by_field.get(field)];
        let again = self.rng.gen_bool(0.08);
        let mut second_best = None;
        for list in lists.into_iter().flatten() {
            for _ in 0..6 {
                let index = *list.choose(self.rng)?;
                let (service, organization) = of.services.all[index];
                if organization == of.carrier.organization_id {
                    continue;
                }
                if again || !before.contains(&organization) {
                    return Some((service, organization));
                }
                second_best = Some((service, organization));
            }
        }
        second_best
    }

    fn path(&mut self, field: &str, sharing: bool) -> Vec<Step> {
        let tight = ["transport", "housing", "food", "childcare"].contains(&field);
        let wait = self.rng.gen_range(0..6);
        let sent = (Status::Sent, self.rng.gen_range(0..2), None);
        if !sharing {
            let end = [Status::Completed, Status::NotCompleted, Status::Withdrawn][weighted(&[68, 24, 8], self.rng)];
            let reason = self.stopped(end);
            return vec![sent, (end, self.rng.gen_range(3..30), reason)];
        }
        let weights: [u32; 8] = if tight { [34, 5, 7, 24, 12, 13, 3, 2] } else { [55, 6, 9, 10, 5, 9, 4, 2] };
        let accepted = (Status::Accepted, wait, None);
        let scheduled = (Status::Scheduled, self.rng.gen_range(0..5), None);
        let begun = (Status::InService, self.rng.gen_range(2..15), None);
        let seen = (Status::Seen, self.rng.gen_range(0..4), None);
        match weighted(&weights, self.rng) {
            0 => vec![sent, seen, accepted, scheduled, begun, (Status::Completed, self.rng.gen_range(5..60), None)],
            1 => vec![sent, seen, accepted, begun],
            2 => {
                let reason = self.stopped(Status::NotCompleted);
                vec![sent, seen, accepted, scheduled, (Status::NotCompleted, self.rng.gen_range(1..20), reason)]
            }
            3 => vec![sent, seen, (Status::Declined, wait, Some(self.declined(field)))],
            4 => vec![sent, seen, (Status::Waitlisted, wait, None)],
            5 => vec![sent, (Status::Expired, EXPIRES_AFTER_DAYS, None)],
            6 => vec![sent, seen, (Status::Withdrawn, self.rng.gen_range(1..15), self.stopped(Status::Withdrawn))],
            _ => vec![sent, seen, (Status::Superseded, self.rng.gen_range(3..15), None)],
        }
    }

    fn stopped(&mut self, status: Status) -> Option<Reason> {
        let reasons = [
            Reason::Unreachable,
            Reason::NoShow,
            Reason::FamilyDeclined,
            Reason::Transport,
            Reason::OtherBarrier,
            Reason::Unavailable,
            Reason::Moved,
        ];
        let place = weighted(&[26, 18, 16, 14, 12, 8, 6], self.rng);
        matches!(status, Status::NotCompleted | Status::Withdrawn).then(|| reasons[place])
    }

    fn declined(&mut self, field: &str) -> Reason {
        let reasons = [
            Reason::CapacityFull,
            Reason::WaitlistClosed,
            Reason::WaitTooLong,
            Reason::OutOfArea,
            Reason::NotEligible,
            Reason::NoFunds,
            Reason::WrongService,
            Reason::Language,
        ];
        let weights = match field {
            "childcare" => [30, 30, 24, 4, 6, 0, 4, 2],
            "housing" => [32, 20, 20, 4, 14, 4, 4, 2],
            "transport" => [26, 2, 4, 46, 8, 10, 3, 1],
            "food" => [30, 2, 2, 14, 18, 28, 4, 2],
            _ => [24, 8, 14, 12, 22, 4, 10, 6],
        };
        reasons[weighted(&weights, self.rng)]
    }

    fn consent(&mut self, of: &Referring<'_>, receiver: Id, day: NaiveDate) -> Id {
        let id = self.id();
        let written = self.rng.gen_bool(0.4);
        self.history.consents.push(ConsentRow {
            id,
            network_id: DEFAULT_NETWORK,
            family_id: of.family_id,
            organization_id: receiver,
            purpose: Purpose::Referral,
            fields: Json(vec![Field::ParentNames, Field::Phones]),
            language: "fr".to_owned(),
            given_by: GivenBy::Parent,
            method: if written { Method::Written } else { Method::Oral },
            witnessed: !written,
            taken_by_account_id: of.carrier.account_id,
            starts_on: day,
            ends_on: day + TimeDelta::days(365),
            text_version: "1".to_owned(),
            revoked_at: None,
            version: 1,
            created_at: midnight(day),
        });
        id
    }

    /// Writes one referral with its events, up to today.
    fn referral(&mut self, of: &Referring<'_>, need: &NeedRow, service_id: Id, receiver: Id) -> Ended {
        let sharing = self.rng.gen_bool(0.8);
        let path = self.path(top_level_of(&need.category), sharing);
        let begun_on = (need.recorded_on + TimeDelta::days(self.rng.gen_range(0..12))).min(of.last);
        let consent_id = sharing.then(|| self.consent(of, receiver, begun_on));
        let created_at = self.at(begun_on);
        let mut row = ReferralRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            need_id: need.id,
            family_id: Some(of.family_id),
            sender_organization_id: of.carrier.organization_id,
            sender_account_id: of.carrier.account_id,
            receiver_organization_id: receiver,
            service_id: Some(service_id),
            shares_identity: sharing,
            consent_id,
            parent_id: None,
            status: Status::Draft,
            status_changed_at: created_at,
            reason: None,
            reason_detail: None,
            urgent: self.rng.gen_bool(0.08),
            message: None,
            waitlisted_on: None,
            scheduled_for: None,
            sent_at: None,
            first_answer_at: None,
            accepted_at: None,
            first_service_at: None,
            closed_at: None,
            due_at: None,
            supersede_proposed: false,
            reminders_sent: 0,
            category: need.category.clone(),
            region_id: of.region.clone(),
            version: 0,
            created_at,
            updated_at: created_at,
        };
        self.event(of, &mut row, None, created_at, None);
        let (mut at, limit) = (created_at, midnight(self.today));
        for (to, days, reason) in path {
            let last = midnight(of.last).plus(TimeDelta::hours(20));
            // It is sent on a day on which the organisation still reports, and moves on until today.
            at = at.plus(TimeDelta::days(days)).plus(TimeDelta::minutes(self.rng.gen_range(5..90)));
            at = if to == Status::Sent { at.min(last).max(created_at.plus(TimeDelta::minutes(1))) } else { at };
            if at >= limit {
                break;
            }
            self.step(of, &mut row, to, at, reason);
        }
        self.clock(&mut row);
        let ended = Ended { status: row.status, reason: row.reason, closed_at: row.closed_at };
        self.history.referrals.push(row);
        ended
    }

    fn step(&mut self, of: &Referring<'_>, row: &mut ReferralRow, to: Status, at: Time, reason: Option<Reason>) {
        let from = row.status;
        row.status = to;
        row.status_changed_at = at;
        row.reason = reason;
        row.updated_at = at;
        match to {
            Status::Sent => row.sent_at = Some(at),
            Status::Accepted => row.accepted_at = Some(at),
            Status::Waitlisted => row.waitlisted_on = Some(local_day(at)),
            Status::Scheduled => row.scheduled_for = Some(at.plus(TimeDelta::days(2))),
            Status::InService => row.first_service_at = Some(at),
            _ => {}
        }
        if to.is_answer() && row.first_answer_at.is_none() {
            row.first_answer_at = Some(at);
        }
        if to.is_closed() {
            row.closed_at = Some(at);
        }
        self.event(of, row, Some(from), at, reason);
    }

    fn event(
        &mut self,
        of: &Referring<'_>,
        row: &mut ReferralRow,
        from: Option<Status>,
        at: Time,
        reason: Option<Reason>,
    ) {
        row.version += 1;
        let by_sender = !row.shares_identity
            || matches!(row.status, Status::Draft | Status::Sent | Status::Withdrawn | Status::Superseded);
        let on_behalf = !by_sender && row.status != Status::Seen && self.rng.gen_bool(0.12);
        let (actor, channel) = match row.status {
            Status::Expired => (Actor::System, Channel::System),
            _ if by_sender => (Actor::Sender, Channel::Web),
            _ if on_behalf => (Actor::OnBehalf, Channel::OnBehalf),
            _ => (Actor::Receiver, Channel::Link),
        };
        let sender = (Some(of.carrier.account_id), Some(of.carrier.organization_id));
        let (account_id, organization_id) = match actor {
            Actor::Sender | Actor::OnBehalf => sender,
            Actor::Receiver => (None, Some(row.receiver_organization_id)),
            Actor::Curator | Actor::System | Actor::Family => (None, None),
        };
        self.history.events.push(ReferralEventRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            referral_id: row.id,
            at,
            actor,
            channel,
            account_id,
            organization_id,
            informant_function: on_behalf.then(|| "coordination".to_owned()),
            from_status: from,
            to_status: row.status,
            reason,
            reason_detail: None,
            note: None,
            version: row.version,
        });
    }

    /// When somebody must act next on what is still open, as the machine would have set it.
    fn clock(&mut self, row: &mut ReferralRow) {
        if !row.shares_identity {
            return;
        }
        let soon = midnight(self.today + TimeDelta::days(self.rng.gen_range(1..28)));
        row.due_at = match row.status {
            Status::Sent | Status::Seen => row.sent_at.map(|at| at.plus(TimeDelta::days(EXPIRES_AFTER_DAYS))),
            Status::Accepted | Status::Scheduled | Status::Waitlisted => Some(soon),
            _ => None,
        };
        let silent_days = row.sent_at.map_or(0, |at| (self.today - local_day(at)).num_days());
        row.reminders_sent = match (row.status, silent_days) {
            (Status::Sent | Status::Seen | Status::Expired, 7..) => 2,
            (Status::Sent | Status::Seen, 3..=6) => 1,
            _ => 0,
        };
    }

    /// The need as its referrals leave it; the worker's word comes at the follow-up.
    fn conclude(&mut self, of: &Referring<'_>, need: &mut NeedRow, ended: &[Ended]) {
        let closed = ended.iter().filter_map(|one| one.closed_at).max();
        let asked_on = match closed {
            Some(at) if ended.iter().all(|one| one.status.is_closed()) => due_on(local_day(at)),
            Some(_) => return,
            None if ended.is_empty() => need.recorded_on + TimeDelta::days(self.rng.gen_range(5..45)),
            None => return,
        };
        let (status, reason) = match ended.last() {
            None => self.without_referral(of, top_level_of(&need.category)),
            Some(_) if ended.iter().any(|one| one.status == Status::Completed) => {
                let whole = self.rng.gen_bool(0.82);
                (if whole { NeedStatus::Met } else { NeedStatus::PartlyMet }, None)
            }
            Some(last) => (NeedStatus::Unmet, Some(why(last))),
        };
        need.proposed_reason = reason;
        let is_asked = asked_on < self.today;
        let is_done = is_asked && self.rng.gen_bool(0.9);
        if !ended.is_empty() {
            self.follow_up(of, need, asked_on, is_asked, is_done);
        }
        if !is_done {
            return;
        }
        need.status = status;
        need.unmet_reason = reason;
        need.status_on = asked_on;
        need.version = 2;
        need.updated_at = midnight(asked_on);
        self.history.outcomes.push(NeedOutcomeRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            need_id: need.id,
            voice: Voice::Worker,
            status,
            reason,
            referral_id: None,
            account_id: Some(of.carrier.account_id),
            organization_id: Some(of.carrier.organization_id),
            at: midnight(asked_on),
        });
    }

    fn without_referral(&mut self, of: &Referring<'_>, field: &str) -> (NeedStatus, Option<UnmetReason>) {
        let none_near = of.services.near(of.home, field).is_none();
        if none_near && self.rng.gen_bool(0.7) {
            return (NeedStatus::Unmet, Some(UnmetReason::NoService));
        }
        match self.rng.gen_range(0..100) {
            0..=54 => (NeedStatus::Met, None),
            55..=64 => (NeedStatus::PartlyMet, None),
            65..=74 => (NeedStatus::NoLongerNeeded, None),
            _ => {
                let reasons = [
                    UnmetReason::Waitlist,
                    UnmetReason::Full,
                    UnmetReason::TooFar,
                    UnmetReason::Cost,
                    UnmetReason::Hours,
                    UnmetReason::FamilyChoice,
                ];
                let far = if of.home.urban { 8 } else { 34 };
                let weights = if field == "childcare" { [50, 25, far, 10, 8, 4] } else { [18, 20, far, 16, 14, 14] };
                (NeedStatus::Unmet, Some(reasons[weighted(&weights, self.rng)]))
            }
        }
    }

    fn follow_up(&mut self, of: &Referring<'_>, need: &NeedRow, day: NaiveDate, is_asked: bool, is_done: bool) {
        let created_at = midnight(day - TimeDelta::days(20));
        let (status, done_at) = match (is_asked, is_done) {
            (_, true) => (FollowUpStatus::Done, Some(midnight(day))),
            (true, false) if (self.today - day).num_days() > 30 => (FollowUpStatus::Missed, None),
            (_, false) => (FollowUpStatus::Due, None),
        };
        self.history.follow_ups.push(FollowUpRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            need_id: need.id,
            family_id: need.family_id,
            organization_id: of.carrier.organization_id,
            assignee_account_id: Some(of.carrier.account_id),
            status,
            due_on: day,
            done_at,
            version: 1,
            created_at,
            updated_at: done_at.unwrap_or(created_at),
        });
    }
}

/// Why the need stays unmet, as its last referral says.
fn why(last: &Ended) -> UnmetReason {
    match (last.status, last.reason) {
        (Status::Expired, _) => UnmetReason::NoReply,
        (_, Some(reason)) => unmet_reason_for(reason, None),
        (_, None) => UnmetReason::Unknown,
    }
}
