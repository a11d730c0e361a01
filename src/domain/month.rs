//! Whole months, and periods made of them: the only spans of time that a report knows. Days are days of Québec
//! (America/Toronto); the instant of now comes in as an argument.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone};
use serde::{Serialize, Serializer};

use crate::clock::Time;

/// Months of the pilot, and of a report without parameters.
pub const MONTHS_DEFAULT: u32 = 15;
/// The longest period of one report, in months.
pub const MONTHS_MAX: u32 = 60;

/// How a month is written.
pub const MONTH_RULE: &str = "YYYY-MM, from 1970-01";

const ZONE: chrono_tz::Tz = chrono_tz::America::Toronto;

/// One month of the calendar, from 1970-01 to 9999-12, as a count of months since year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u32);

impl Month {
    /// `YYYY-MM`, nothing before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }
    pub fn new(year: u32, month: u32) -> Option<Self> {
        ((1970..=9999).contains(&year) && (1..=12).contains(&month)).then(|| Self(year * 12 + month - 1))
    }
    pub fn of(date: NaiveDate) -> Self {
        Self(u32::try_from(date.year()).unwrap_or(1970) * 12 + date.month0())
    }
    pub fn year(self) -> u32 {
        self.0 / 12
    }
    pub fn month(self) -> u32 {
        self.0 % 12 + 1
    }
    #[must_use]
    pub fn plus(self, months: u32) -> Self {
        Self(self.0.saturating_add(months))
    }
    #[must_use]
    pub fn minus(self, months: u32) -> Self {
        Self(self.0.saturating_sub(months))
    }
    /// Whole months from an earlier month; negative when it is later.
    pub fn since(self, earlier: Self) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }
    pub fn first_day(self) -> NaiveDate {
        let year = i32::try_from(self.year()).unwrap_or(1970);
        NaiveDate::from_ymd_opt(year, self.month(), 1).unwrap_or_default()
    }
    pub fn last_day(self) -> NaiveDate {
        self.plus(1).first_day().pred_opt().unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whole months, both ends included; never empty, never longer than [`MONTHS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    from: Month,
    to: Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodError {
    FromAfterTo,
    TooLong,
}

impl Period {
    pub fn new(from: Month, to: Month) -> Result<Self, PeriodError> {
        match to.since(from) {
            gap if gap < 0 => Err(PeriodError::FromAfterTo),
            gap if gap >= i64::from(MONTHS_MAX) => Err(PeriodError::TooLong),
            _ => Ok(Self { from, to }),
        }
    }
    /// The last fifteen whole months before the month of `today`.
    pub fn last_before(today: NaiveDate) -> Self {
        let to = Month::of(today).minus(1);
        Self { from: to.minus(MONTHS_DEFAULT - 1), to }
    }
    pub fn from(self) -> Month {
        self.from
    }
    pub fn to(self) -> Month {
        self.to
    }
    pub fn first_day(self) -> NaiveDate {
        self.from.first_day()
    }
    pub fn last_day(self) -> NaiveDate {
        self.to.last_day()
    }
    pub fn months(self) -> u32 {
        u32::try_from(self.to.since(self.from) + 1).unwrap_or(1)
    }
    /// The place of a day's month in the period, from 0.
    pub fn index_of(self, date: NaiveDate) -> Option<u32> {
        let month = Month::of(date);
        (self.from <= month && month <= self.to).then(|| u32::try_from(month.since(self.from)).unwrap_or(0))
    }
    /// The first instant of the period, and the first instant after it.
    pub fn instants(self) -> (Time, Time) {
        (midnight(self.first_day()), midnight(self.to.plus(1).first_day()))
    }
}

/// The day it is in Québec at an instant.
pub fn local_day(now: Time) -> NaiveDate {
    now.instant().with_timezone(&ZONE).date_naive()
}

/// The instant at which a day begins in Québec.
pub fn midnight(day: NaiveDate) -> Time {
    let local = day.and_time(NaiveTime::MIN);
    // Midnight exists every day in this zone: its clocks change at two in the morning.
    let instant = ZONE.from_local_datetime(&local).earliest().map(|at| at.to_utc());
    Time::new(instant.unwrap_or_else(|| local.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn months_parse_and_print() {
        assert_eq!(Month::parse("2024-02").unwrap().to_string(), "2024-02");
        assert_eq!(Month::parse("2024-02").unwrap().last_day(), day("2024-02-29"));
        assert_eq!(Month::parse("2025-12").unwrap().plus(1).to_string(), "2026-01");
        for bad in
            ["", "2024", "2024-13", "2024-00", "24-01", "2024-1", "2024-01-01", "+024-01", "1969-12", "２０２４-01"]
        {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_default_is_the_last_fifteen_whole_months() {
        let period = Period::last_before(day("2025-04-01"));
        assert_eq!((period.from().to_string(), period.to().to_string()), ("2024-01".into(), "2025-03".into()));
        assert_eq!(period.months(), MONTHS_DEFAULT);
        assert_eq!(period.last_day(), day("2025-03-31"));
        assert_eq!(Period::last_before(day("2025-03-31")).to().to_string(), "2025-02");
    }

    #[test]
    fn periods_are_bounded() {
        let month = |text: &str| Month::parse(text).unwrap();
        assert_eq!(Period::new(month("2025-02"), month("2025-01")), Err(PeriodError::FromAfterTo));
        assert!(Period::new(month("2020-01"), month("2024-12")).is_ok());
        assert_eq!(Period::new(month("2020-01"), month("2025-01")), Err(PeriodError::TooLong));
        let period = Period::new(month("2025-01"), month("2025-02")).unwrap();
        assert_eq!(period.index_of(day("2024-12-31")), None);
        assert_eq!(period.index_of(day("2025-02-28")), Some(1));
        assert_eq!(period.index_of(day("2025-03-01")), None);
    }

    #[test]
    fn a_month_begins_at_midnight_in_quebec() {
        let period = Period::new(Month::parse("2026-03").unwrap(), Month::parse("2026-03").unwrap()).unwrap();
        let (start, end) = period.instants();
        // Winter time at the start of March, daylight time at its end.
        assert_eq!(start.to_rfc3339(), "2026-03-01T05:00:00.000000Z");
        assert_eq!(end.to_rfc3339(), "2026-04-01T04:00:00.000000Z");
        assert_eq!(local_day(Time::parse_rfc3339("2026-03-01T04:59:59Z").unwrap()), day("2026-02-28"));
    }
}
