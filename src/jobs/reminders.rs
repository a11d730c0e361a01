//! Reminds organisations of referrals that wait for their answer: on the third and the seventh day, each time with a
//! fresh link. Idempotent: a reminder is counted on the referral in the transaction that puts it in the outbox.

use chrono::TimeDelta;

use crate::actions::{Deps, Failure, answers};
use crate::clock::Time;
use crate::domain::referral::REMINDER_DAYS;
use crate::domain::viewer::Viewer;
use crate::store::referrals;

/// Referrals of one run and one reminder.
const REFERRALS_MAX: i64 = 200;

pub fn run(deps: &Deps, now: Time) -> Result<usize, Failure> {
    let mut reminded = 0;
    for (position, days) in REMINDER_DAYS.into_iter().enumerate().rev() {
        let sent_before = now.plus(TimeDelta::days(-days));
        let reminders = i32::try_from(position).unwrap_or(i32::MAX).saturating_add(1);
        let ids = deps.store.read(|conn| {
            referrals::list_to_remind(conn, &Viewer::Job("reminders"), sent_before, now, reminders, REFERRALS_MAX)
        })?;
        for id in ids {
            reminded += usize::from(answers::remind(deps, id, now)?);
        }
    }
    Ok(reminded)
}
