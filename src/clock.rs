//! The only place that reads the wall clock. Everywhere else "now" is an argument, so that tests and replays are exact.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An instant in UTC, to the microsecond: what both databases keep, so that a value read back equals the value written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(DateTime<Utc>);

impl Time {
    pub fn new(instant: DateTime<Utc>) -> Self {
        Self(instant.trunc_subsecs(6))
    }
    /// Microseconds since 1970-01-01T00:00:00Z. Out of chrono's range gives the epoch.
    pub fn from_micros(micros: i64) -> Self {
        Self(DateTime::from_timestamp_micros(micros).unwrap_or_default())
    }
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }
    pub fn date(self) -> NaiveDate {
        self.0.date_naive()
    }
    pub fn plus(self, delta: TimeDelta) -> Self {
        Self(self.0.checked_add_signed(delta).unwrap_or(self.0))
    }
    /// RFC 3339, UTC, six decimals: text order is time order.
    pub fn to_rfc3339(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
    pub fn parse_rfc3339(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|instant| Self::new(instant.to_utc()))
    }
}

/// A clock that a program can be given: the machine's, or one that a test moves by hand.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn system() -> Self {
        Self(None)
    }
    pub fn manual(start: Time) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.micros()))))
    }
    #[allow(clippy::disallowed_methods)] // the one reading of the wall clock
    pub fn now(&self) -> Time {
        match &self.0 {
            None => Time::new(Utc::now()),
            Some(micros) => Time::from_micros(micros.load(Ordering::SeqCst)),
        }
    }
    /// Moves a manual clock; the system's clock stays where it is.
    pub fn advance(&self, delta: TimeDelta) {
        if let Some(micros) = &self.0 {
            micros.fetch_add(delta.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
