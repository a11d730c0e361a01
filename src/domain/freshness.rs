//! When a record must be confirmed again: each service has its own rhythm, in months, counted from the last
//! confirmation, or from its first day where nobody ever confirmed it. What is far overdue is hidden from search and
//! never deleted.

use chrono::{Months, TimeDelta};

use super::refusal::{Code, Refusal};
use super::words::words;
use crate::clock::Time;

/// The rhythms there are, in months.
pub const RHYTHMS_MONTHS: [u32; 4] = [1, 3, 6, 12];

/// The rhythm of a service that has none of its own, where the operator says nothing, in months.
pub const REVIEW_MONTHS_DEFAULT: u32 = 6;

/// Days after the due day on which the organisation is written to.
pub const REMINDER_DAYS: [i64; 3] = [0, 14, 30];

/// A record whose last reminder has been without answer is overdue, in days after the due day.
pub const OVERDUE_DAYS: i64 = 30;

/// An organisation without an address is looked at again after so many days.
pub const NO_ADDRESS_DAYS: i64 = 30;

/// What the operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether what is far overdue leaves the search.
    pub hides: bool,
    /// How far is far, in days after the due day.
    pub hide_overdue_days: i64,
}

words! {
    /// Why an organisation is written to about its records.
    pub enum Letter {
        Due => "record_due",
        Asked => "record_asked",
    }
}
words! {
    pub enum State {
        Fresh => "fresh",
        Due => "due",
        Overdue => "overdue",
        Hidden => "hidden",
    }
}

/// The rhythm of a service and the moment at which it must be confirmed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Review {
    /// `None`: the rhythm of the configuration.
    pub months: Option<u32>,
    /// Absent of a record that was not read from the store.
    pub due_at: Option<Time>,
}

/// # Errors
/// `OutOfRange` for another rhythm than [`RHYTHMS_MONTHS`].
pub fn check_rhythm(months: Option<u32>, field: &str) -> Result<(), Refusal> {
    match months {
        Some(months) if !RHYTHMS_MONTHS.contains(&months) => {
            Err(Refusal::field(Code::OutOfRange, field).rule("1, 3, 6, 12"))
        }
        _ => Ok(()),
    }
}

/// So many months of the calendar after the last confirmation, or after the first day. The 31st becomes the last day of
/// a shorter month.
pub fn due_at(verified_at: Option<Time>, created_at: Time, months: u32) -> Time {
    let from = verified_at.unwrap_or(created_at);
    from.instant().checked_add_months(Months::new(months)).map_or(from, Time::new)
}

pub fn state(due_at: Time, now: Time, rules: Rules) -> State {
    let past = |days: i64| now >= due_at.plus(TimeDelta::days(days));
    if rules.hides && past(rules.hide_overdue_days) {
        State::Hidden
    } else if past(OVERDUE_DAYS) {
        State::Overdue
    } else if past(0) {
        State::Due
    } else {
        State::Fresh
    }
}

/// When the organisation is written to after now; `None` after the last reminder.
pub fn next_reminder(due_at: Time, now: Time) -> Option<Time> {
    REMINDER_DAYS.into_iter().map(|days| due_at.plus(TimeDelta::days(days))).find(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_rhythm_is_counted_in_months_from_the_last_confirmation_or_the_first_day() {
        let created = at("2026-01-31T10:00:00Z");
        assert_eq!(due_at(None, created, 1), at("2026-02-28T10:00:00Z"));
        assert_eq!(due_at(None, created, 12), at("2027-01-31T10:00:00Z"));
        assert_eq!(due_at(Some(at("2026-03-15T08:00:00Z")), created, 3), at("2026-06-15T08:00:00Z"));
        assert!(check_rhythm(Some(2), "review_months").is_err() && check_rhythm(None, "review_months").is_ok());
        assert!(RHYTHMS_MONTHS.iter().all(|months| check_rhythm(Some(*months), "review_months").is_ok()));
    }

    #[test]
    fn fresh_due_overdue_hidden_each_from_its_first_moment() {
        let due = at("2026-06-15T14:00:00Z");
        let rules = Rules { hides: true, hide_overdue_days: 100 };
        let later = |days: i64| due.plus(TimeDelta::days(days));
        let second = TimeDelta::seconds(-1);
        assert_eq!(state(due, due.plus(second), rules), State::Fresh);
        assert_eq!(state(due, due, rules), State::Due);
        assert_eq!(state(due, later(30).plus(second), rules), State::Due);
        assert_eq!(state(due, later(30), rules), State::Overdue);
        assert_eq!(state(due, later(100).plus(second), rules), State::Overdue);
        assert_eq!(state(due, later(100), rules), State::Hidden);
        let shown = Rules { hides: false, ..rules };
        assert_eq!(state(due, later(5_000), shown), State::Overdue);
    }

    #[test]
    fn three_letters_and_no_more() {
        let due = at("2026-06-15T14:00:00Z");
        let later = |days: i64| due.plus(TimeDelta::days(days));
        assert_eq!(next_reminder(due, later(-1)), Some(due));
        assert_eq!(next_reminder(due, due), Some(later(14)));
        assert_eq!(next_reminder(due, later(14)), Some(later(30)));
        assert_eq!(next_reminder(due, later(30)), None);
    }
}
