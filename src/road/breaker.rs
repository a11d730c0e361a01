//! When a router that fails is left alone, and how often the log says so.

use chrono::TimeDelta;

use crate::clock::Time;

/// Failures in a row before it is left alone.
const FAILURES_MAX: u32 = 3;
/// How long it is left alone, in seconds: then one question is tried, while others are not asked.
const PAUSE_S: i64 = 30;
/// Between two lines of the log, in seconds.
const LOG_S: i64 = 60;

#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    rests_until: Option<Time>,
    logged_at: Option<Time>,
}

impl Breaker {
    /// Whether it would be asked.
    pub(super) fn is_closed(&self, now: Time) -> bool {
        self.rests_until.is_none_or(|until| until <= now)
    }

    /// Whether it is asked, by whoever asks this.
    pub(super) fn may_ask(&mut self, now: Time) -> bool {
        let may = self.is_closed(now);
        if may && self.failures >= FAILURES_MAX {
            self.rests_until = Some(now.plus(TimeDelta::seconds(PAUSE_S)));
        }
        may
    }

    pub(super) fn succeeded(&mut self) {
        (self.failures, self.rests_until) = (0, None);
    }

    /// `counts`: it is broken, and did not only refuse one question, which would show that it is there. Gives whether
    /// the log is told.
    pub(super) fn failed(&mut self, now: Time, counts: bool) -> bool {
        if counts {
            self.failures = self.failures.saturating_add(1);
            let rests = self.failures >= FAILURES_MAX;
            self.rests_until = rests.then(|| now.plus(TimeDelta::seconds(PAUSE_S)));
        } else {
            self.succeeded();
        }
        let is_told = self.logged_at.is_none_or(|at| at.plus(TimeDelta::seconds(LOG_S)) <= now);
        if is_told {
            self.logged_at = Some(now);
        }
        is_told
    }
}
