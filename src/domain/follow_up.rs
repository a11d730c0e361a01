//! A follow-up: somebody asks what became of a need, after its last referral closed.

use chrono::{NaiveDate, TimeDelta};

use super::refusal::{Code, Refusal};
use super::words::words;

words! {
    pub enum FollowUpStatus {
        Due => "due",
        Done => "done",
        Missed => "missed",
        Cancelled => "cancelled",
    }
}

/// A follow-up is due this long after the last referral of its need closed, in days: within 14 to 30.
pub const DUE_AFTER_DAYS: i64 = 21;
/// A follow-up that nobody did is missed this long after it was due, in days.
pub const MISSED_AFTER_DAYS: i64 = 30;

pub fn due_on(closed_on: NaiveDate) -> NaiveDate {
    closed_on + TimeDelta::days(DUE_AFTER_DAYS)
}

/// Only what waits can be done; what was missed may still be done late.
pub fn check_completion(status: FollowUpStatus) -> Result<(), Refusal> {
    match status {
        FollowUpStatus::Due | FollowUpStatus::Missed => Ok(()),
        FollowUpStatus::Done | FollowUpStatus::Cancelled => {
            Err(Refusal::field(Code::AlreadyClosed, "status").rule("due, missed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_due_within_two_weeks_to_a_month(after in 0i64..20_000) {
            let closed = NaiveDate::default() + TimeDelta::days(after);
            prop_assert!((14..=30).contains(&(due_on(closed) - closed).num_days()));
        }
    }

    #[test]
    fn what_is_done_or_cancelled_stays_so() {
        let open: Vec<_> = FollowUpStatus::ALL.iter().filter(|status| check_completion(**status).is_ok()).collect();
        assert_eq!(open, [&FollowUpStatus::Due, &FollowUpStatus::Missed]);
    }
}
