//! Lets referrals run out: one that nobody answered expires, and one whose sender did not answer a question ends
//! without result. Idempotent: each is read again in the transaction that ends it.

use chrono::TimeDelta;

use crate::actions::{Deps, Failure, referrals as actions};
use crate::clock::Time;
use crate::domain::referral::{SENDER_REPLY_DAYS, SENDER_REPLY_ENDS_DAYS, Status};
use crate::domain::viewer::Viewer;
use crate::store::referrals;

/// Referrals of one run and one clock.
const REFERRALS_MAX: i64 = 200;

pub fn run(deps: &Deps, now: Time) -> Result<usize, Failure> {
    let unanswered = [Status::Sent, Status::Seen];
    let silent = now.plus(TimeDelta::days(SENDER_REPLY_DAYS - SENDER_REPLY_ENDS_DAYS));
    let job = Viewer::Job("referral clocks");
    let ids = deps.store.read(|conn| {
        let mut ids = referrals::list_overdue(conn, &job, &unanswered, now, REFERRALS_MAX)?;
        ids.extend(referrals::list_overdue(conn, &job, &[Status::NeedsInfo], silent, REFERRALS_MAX)?);
        Ok::<_, Failure>(ids)
    })?;
    let mut ended = 0;
    for id in ids {
        ended += usize::from(actions::run_out(deps, id, now)?);
    }
    Ok(ended)
}
