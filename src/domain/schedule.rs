//! Is a place open at an instant? Reads HSDS schedules (words of RFC 5545) in the local time of the place.
//! Knows calendars and time zones; must not know the clock: the instant is an argument.
//!
//! A local time that the clocks skip or repeat is read as RFC 5545, section 3.3.5, says: one that does not exist takes
//! the offset before the gap (02:30 on 8 March 2026 in Montréal is 03:30 EDT), one that comes twice is the first.

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::directory::{Location, Schedule, Service, ServiceAggregate, ServiceStatus};
use super::holidays::holiday;
use super::recurrence::Recurrence;
use super::weekly_hours::DAYS;
use crate::clock::Time;

/// Where nobody named a time zone: most of Québec.
pub const DEFAULT_TIMEZONE: &str = "America/Toronto";

/// Members by which a schedule names other days than those of every week.
const RECURRENCE: [&str; 8] =
    ["interval", "bymonthday", "byyearday", "byweekno", "bymonth", "bysetpos", "count", "until"];

/// Time zones of places that keep the holidays of Québec.
const ZONES_OF_QUEBEC: [Tz; 5] = [
    chrono_tz::America::Toronto,
    chrono_tz::America::Montreal,
    chrono_tz::America::Halifax,
    chrono_tz::America::BlancSablon,
    chrono_tz::America::Goose_Bay,
];

/// Hours of one service, as they are kept beside it in the index.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OpeningHours {
    /// One entry for each different week among its places.
    pub weeks: Vec<Week>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_until: Option<NaiveDate>,
    /// The service as a whole is closed for now, whatever the door says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Week {
    pub timezone: String,
    pub schedules: Vec<Schedule>,
}

impl OpeningHours {
    /// At each place the hours that hold only there, where there are none those of the service, then those of the
    /// place; each in the local time of its place. Places with the same hours count once.
    pub fn of(aggregate: &ServiceAggregate) -> Self {
        let service = &aggregate.service;
        let mut all = Self::in_one_place(service, aggregate.locations.first());
        for place in aggregate.locations.iter().skip(1) {
            let there = Self::in_one_place(service, Some(place)).weeks.into_iter();
            let new: Vec<Week> = there.filter(|week| !all.weeks.contains(week)).collect();
            all.weeks.extend(new);
        }
        all
    }

    /// The hours of a service at one of its places; its own where no place is named.
    pub fn in_one_place(service: &Service, place: Option<&Location>) -> Self {
        let own = &service.document.schedules;
        let here = place.and_then(|place| service.at_locations.iter().find(|at| at.location_id == place.id));
        let here = here.map(|at| &at.document.schedules).filter(|schedules| !schedules.is_empty());
        let there = place.map(|place| &place.document.schedules).filter(|_| own.is_empty());
        let schedules = here.or(there).unwrap_or(own).clone();
        let timezone = place.and_then(|place| place.document.timezone.clone());
        let timezone = timezone.unwrap_or_else(|| DEFAULT_TIMEZONE.to_owned());
        Self {
            weeks: if schedules.is_empty() { vec![] } else { vec![Week { timezone, schedules }] },
            closed_from: service.document.closed_from,
            closed_until: service.document.closed_until,
            suspended: service.status == ServiceStatus::TemporarilyClosed,
        }
    }

    /// Open at one place at least. `None` is unknown: nobody said, or said it in a way that relais does not read.
    pub fn open_at(&self, at: Time) -> Option<bool> {
        if self.suspended {
            return Some(false);
        }
        if self.weeks.is_empty() {
            return open_at(&[], DEFAULT_TIMEZONE, at, self.closed_from, self.closed_until);
        }
        let mut unknown = false;
        for week in &self.weeks {
            match open_at(&week.schedules, &week.timezone, at, self.closed_from, self.closed_until) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    /// Open at some moment of a span, the next time that it comes. A closure for a while is not read: spans come every
    /// week. `None` is unknown.
    pub fn open_within(&self, span: WeeklySpan, now: Time) -> Option<bool> {
        let mut unknown = self.weeks.is_empty();
        for week in &self.weeks {
            match week.open_within(span, now) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    /// Open at some moment from the first instant, up to the second and without it: what [`OpeningHours::open_at`] says
    /// of the moments between them, taken together. `None` is unknown.
    pub fn open_between(&self, from: Time, to: Time) -> Option<bool> {
        if self.suspended {
            return Some(false);
        }
        let window = Window { from: from.instant(), to: to.instant(), closed: [self.closed_from, self.closed_until] };
        let unsaid = [Week { timezone: DEFAULT_TIMEZONE.to_owned(), schedules: vec![] }];
        let weeks = if self.weeks.is_empty() { &unsaid[..] } else { &self.weeks };
        let mut unknown = false;
        for week in weeks {
            match week.open_between(window) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    /// Closed as a whole on the day of an instant, and the last day of it where somebody said.
    pub fn closed_for_a_while(&self, at: Time) -> Option<Option<NaiveDate>> {
        let zone = self.weeks.first().and_then(|week| week.timezone.parse::<Tz>().ok());
        let today = at.instant().with_timezone(&zone.unwrap_or(chrono_tz::America::Toronto)).date_naive();
        let is_dated = self.closed_from.is_some() || self.closed_until.is_some();
        let began = self.closed_from.is_none_or(|from| from <= today);
        let lasts = self.closed_until.is_none_or(|until| today <= until);
        (self.suspended || (is_dated && began && lasts)).then_some(self.closed_until.filter(|until| today <= *until))
    }
}

/// Two instants, the second not included, and the first and last day of a closure.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    closed: [Option<NaiveDate>; 2],
}

impl Window {
    fn is_closed(&self, day: NaiveDate) -> bool {
        let [from, until] = self.closed;
        (from.is_some() || until.is_some())
            && from.is_none_or(|from| from <= day)
            && until.is_none_or(|last| day <= last)
    }
}

/// Part of one day of every week, in local time. Written `SA 09:00-12:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WeeklySpan {
    pub weekday: Weekday,
    pub from: NaiveTime,
    /// Not included; `None` is the midnight that ends the day.
    pub until: Option<NaiveTime>,
}

impl Week {
    fn open_between(&self, window: Window) -> Option<bool> {
        let zone: Tz = self.timezone.parse().ok()?;
        let day_of = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
        let (first, last) = (day_of(window.from), day_of(window.to - TimeDelta::microseconds(1)));
        let days = || first.iter_days().take_while(move |day| *day <= last);
        if days().all(|day| window.is_closed(day)) {
            return Some(false);
        }
        let mut unknown = self.schedules.is_empty();
        for schedule in &self.schedules {
            let Some(rule) = Rule::read(schedule, zone) else {
                unknown = true;
                continue;
            };
            // What opens the day before may be open past midnight.
            let opening = first.pred_opt().into_iter().chain(days());
            let is_met = |(start, end): &(DateTime<Utc>, DateTime<Utc>)| {
                let begins = window.from.max(*start);
                begins < window.to.min(*end) && !window.is_closed(day_of(begins))
            };
            for day in opening.filter(|day| !window.is_closed(*day)) {
                match rule.hours_on(zone, day).filter(is_met).map(|_| rule.opens_on(day)) {
                    Some(Some(true)) => return Some(true),
                    Some(None) => unknown = true,
                    Some(Some(false)) | None => {}
                }
            }
        }
        if unknown { None } else { Some(false) }
    }

    fn open_within(&self, span: WeeklySpan, now: Time) -> Option<bool> {
        let zone: Tz = self.timezone.parse().ok()?;
        let (day, from, until) = span.next_after(zone, now)?;
        let mut unknown = self.schedules.is_empty();
        for schedule in &self.schedules {
            let Some(rule) = Rule::read(schedule, zone) else {
                unknown = true;
                continue;
            };
            for day in [day.pred_opt().unwrap_or(day), day] {
                let hours = rule.hours_on(zone, day).filter(|(start, end)| *start.max(&from) < *end.min(&until));
                match hours.map(|_| rule.opens_on(day)) {
                    Some(Some(true)) => return Some(true),
                    Some(None) => unknown = true,
                    Some(Some(false)) | None => {}
                }
            }
        }
        if unknown { None } else { Some(false) }
    }
}

impl TryFrom<String> for WeeklySpan {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("not a part of a day: {text}"))
    }
}

impl From<WeeklySpan> for String {
    fn from(span: WeeklySpan) -> Self {
        let day = DAYS.get(span.weekday.num_days_from_monday() as usize).unwrap_or(&"MO");
        let until = span.until.map_or_else(|| "24:00".to_owned(), |until| until.format("%H:%M").to_string());
        format!("{day} {}-{until}", span.from.format("%H:%M"))
    }
}

impl WeeklySpan {
    /// `SA 09:00-12:00`: a day as RFC 5545 writes it, and two times of it, the second after the first, `24:00` at most.
    pub fn parse(text: &str) -> Option<Self> {
        let (day, times) = text.trim().split_once(' ')?;
        let day = DAYS.iter().position(|known| *known == day)?;
        let (from, to) = times.split_once('-')?;
        let time = |text: &str| {
            let whole = Some(text).filter(|text| text.len() == 5);
            whole.and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok())
        };
        let until = if to == "24:00" { None } else { Some(time(to)?) };
        let (weekday, from) = (Weekday::try_from(u8::try_from(day).ok()?).ok()?, time(from)?);
        until.is_none_or(|until| from < until).then_some(Self { weekday, from, until })
    }

    /// The day on which the span comes next, or is, with its two instants.
    fn next_after(self, zone: Tz, now: Time) -> Option<(NaiveDate, DateTime<Utc>, DateTime<Utc>)> {
        let today = now.instant().with_timezone(&zone).date_naive();
        let ahead = self.weekday.days_since(today.weekday());
        [ahead, ahead + 7].into_iter().find_map(|days| {
            let day = today.checked_add_days(chrono::Days::new(u64::from(days)))?;
            let from = instant_of(zone, day.and_time(self.from))?;
            let until = match self.until {
                Some(until) => day.and_time(until),
                None => day.succ_opt()?.and_time(NaiveTime::MIN),
            };
            let until = instant_of(zone, until)?;
            (until > now.instant()).then_some((day, from, until))
        })
    }
}

/// Whether one of the schedules is open at an instant, in the local time of `timezone` (IANA name). The days from
/// `closed_from` to `closed_until`, both included and either open-ended, are closed. `None` is unknown.
pub fn open_at(
    schedules: &[Schedule],
    timezone: &str,
    at: Time,
    closed_from: Option<NaiveDate>,
    closed_until: Option<NaiveDate>,
) -> Option<bool> {
    let zone: Tz = timezone.parse().ok()?;
    let today = at.instant().with_timezone(&zone).date_naive();
    let closed = |day: NaiveDate| {
        (closed_from.is_some() || closed_until.is_some())
            && closed_from.is_none_or(|from| from <= day)
            && closed_until.is_none_or(|until| day <= until)
    };
    if closed(today) {
        return Some(false);
    }
    if schedules.is_empty() {
        return None;
    }
    let mut unknown = false;
    for schedule in schedules {
        let Some(rule) = Rule::read(schedule, zone) else {
            unknown = true;
            continue;
        };
        let yesterday = today.pred_opt().unwrap_or(today);
        for day in [yesterday, today].into_iter().filter(|day| !closed(*day)) {
            match rule.covers(zone, day, at.instant()).then(|| rule.opens_on(day)) {
                Some(Some(true)) => return Some(true),
                Some(None) => unknown = true,
                Some(Some(false)) | None => {}
            }
        }
    }
    if unknown { None } else { Some(false) }
}

/// One schedule, understood.
struct Rule {
    days: RuleDays,
    opens_at: NaiveTime,
    closes_at: NaiveTime,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    /// What is open on a holiday is not known from its weeks.
    rests_on_holidays: bool,
}

enum RuleDays {
    /// Monday first.
    Weekly([bool; 7]),
    Other(Box<Recurrence>),
}

impl Rule {
    fn read(schedule: &Schedule, zone: Tz) -> Option<Self> {
        let (opens_at, closes_at) =
            (read_time(schedule.opens_at.as_deref()?)?, read_time(schedule.closes_at.as_deref()?)?);
        let days = match weekly_days(schedule) {
            Some(days) => RuleDays::Weekly(days),
            None => RuleDays::Other(Box::new(Recurrence::read(schedule)?)),
        };
        // Who never closes does not on a holiday; who names one day means it.
        let never_closes =
            opens_at == closes_at && matches!(days, RuleDays::Weekly([true, true, true, true, true, true, true]));
        let names_a_day = schedule.valid_from.is_some() && schedule.valid_from == schedule.valid_to;
        Some(Self {
            days,
            opens_at,
            closes_at,
            valid_from: schedule.valid_from,
            valid_to: schedule.valid_to,
            rests_on_holidays: ZONES_OF_QUEBEC.contains(&zone) && !never_closes && !names_a_day,
        })
    }

    /// `None` is unknown: a holiday, or a rule that cannot be evaluated.
    fn opens_on(&self, day: NaiveDate) -> Option<bool> {
        if self.valid_from.is_some_and(|from| day < from) || self.valid_to.is_some_and(|to| to < day) {
            return Some(false);
        }
        let is_named = match &self.days {
            RuleDays::Weekly(days) => days.get(day.weekday().num_days_from_monday() as usize).copied(),
            RuleDays::Other(recurrence) => recurrence.is_on(day),
        };
        is_named.filter(|is_named| !(*is_named && self.rests_on_holidays && holiday(day).is_some()))
    }

    fn covers(&self, zone: Tz, day: NaiveDate, at: DateTime<Utc>) -> bool {
        self.hours_on(zone, day).is_some_and(|(start, end)| start <= at && at < end)
    }

    /// From the opening to the closing of a day, which may be the day after.
    fn hours_on(&self, zone: Tz, day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let closing_day = if self.closes_at <= self.opens_at { day.succ_opt() } else { Some(day) };
        let start = instant_of(zone, day.and_time(self.opens_at))?;
        Some((start, instant_of(zone, closing_day?.and_time(self.closes_at))?))
    }
}

/// The days of every week that a schedule names; none where it says more than that, or not which.
fn weekly_days(schedule: &Schedule) -> Option<[bool; 7]> {
    let is_one = |value: &serde_json::Value| value.as_i64() == Some(1) || value.as_str() == Some("1");
    let says_more = |member: &str| {
        let said = schedule.other.get(member).filter(|value| !value.is_null());
        said.is_some_and(|value| !(member == "interval" && is_one(value)))
    };
    if RECURRENCE.iter().any(|member| says_more(member)) {
        return None;
    }
    let daily = match schedule.freq.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("WEEKLY") => false,
        Some("DAILY") => true,
        Some(_) => return None,
    };
    match schedule.byday.as_deref() {
        Some(byday) => read_days(byday),
        None => daily.then_some([true; 7]),
    }
}

/// `MO,TU`; none where a day has a rank (`1MO`, the first Monday of a month).
fn read_days(byday: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for word in byday.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let weekday = match word.to_ascii_uppercase().as_str() {
            "MO" => Weekday::Mon,
            "TU" => Weekday::Tue,
            "WE" => Weekday::Wed,
            "TH" => Weekday::Thu,
            "FR" => Weekday::Fri,
            "SA" => Weekday::Sat,
            "SU" => Weekday::Sun,
            _ => return None,
        };
        if let Some(day) = days.get_mut(weekday.num_days_from_monday() as usize) {
            *day = true;
        }
    }
    Some(days)
}

/// `HH:MM`, `HH:MM:SS`, either with a trailing `Z` or offset refused; `24:00` is the midnight that ends the day.
fn read_time(text: &str) -> Option<NaiveTime> {
    if text == "24:00" || text == "24:00:00" {
        return Some(NaiveTime::MIN);
    }
    NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S")).ok()
}

fn instant_of(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) => Some(instant.to_utc()),
        LocalResult::Ambiguous(first, _second) => Some(first.to_utc()),
        LocalResult::None => {
            // The offset before the gap: read the time three hours earlier (no gap is longer) and add them back.
            let before = zone.from_local_datetime(&local.checked_sub_signed(TimeDelta::hours(3))?).earliest()?;
            before.to_utc().checked_add_signed(TimeDelta::hours(3))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weekly(byday: &str, opens: &str, closes: &str) -> Schedule {
        Schedule {
            freq: Some("WEEKLY".into()),
            byday: Some(byday.into()),
            opens_at: Some(opens.into()),
            closes_at: Some(closes.into()),
            ..Schedule::default()
        }
    }
    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }
    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn open(schedule: &Schedule, zone: &str, instant: &str) -> Option<bool> {
        open_at(std::slice::from_ref(schedule), zone, at(instant), None, None)
    }
    const MONTREAL: &str = "America/Toronto";

    #[test]
    fn a_week_has_its_days_and_its_hours() {
        let office = weekly("MO,TU,WE,TH,FR", "08:30", "16:30");
        assert_eq!(open(&office, MONTREAL, "2026-06-15T08:30:00-04:00"), Some(true));
        assert_eq!(open(&office, MONTREAL, "2026-06-15T16:29:59-04:00"), Some(true));
        assert_eq!(open(&office, MONTREAL, "2026-06-15T16:30:00-04:00"), Some(false));
        assert_eq!(open(&office, MONTREAL, "2026-06-15T08:29:59-04:00"), Some(false));
        assert_eq!(open(&office, MONTREAL, "2026-06-14T10:00:00-04:00"), Some(false), "a Sunday");
    }

    #[test]
    fn past_midnight_belongs_to_the_day_before() {
        let night = weekly("FR", "22:00", "02:00");
        assert_eq!(open(&night, MONTREAL, "2026-06-19T23:00:00-04:00"), Some(true));
        assert_eq!(open(&night, MONTREAL, "2026-06-20T01:59:00-04:00"), Some(true), "Saturday before two");
        assert_eq!(open(&night, MONTREAL, "2026-06-20T02:00:00-04:00"), Some(false));
        assert_eq!(open(&night, MONTREAL, "2026-06-19T01:00:00-04:00"), Some(false), "Thursday's night");
        let always = weekly("MO,TU,WE,TH,FR,SA,SU", "00:00", "24:00");
        assert_eq!(open(&always, MONTREAL, "2026-06-20T23:59:59-04:00"), Some(true));
        assert_eq!(open(&always, MONTREAL, "2026-06-21T00:00:00-04:00"), Some(true));
    }

    #[test]
    fn an_hour_that_does_not_exist_is_read_with_the_offset_before_it() {
        // 8 March 2026: 02:00 EST becomes 03:00 EDT. 02:30 is 07:30 UTC, which clocks show as 03:30.
        let early = weekly("SU", "02:30", "10:00");
        assert_eq!(open(&early, MONTREAL, "2026-03-08T06:59:59Z"), Some(false));
        assert_eq!(open(&early, MONTREAL, "2026-03-08T07:29:59Z"), Some(false));
        assert_eq!(open(&early, MONTREAL, "2026-03-08T07:30:00Z"), Some(true));
        let night = weekly("SA", "22:00", "02:30");
        assert_eq!(open(&night, MONTREAL, "2026-03-08T07:29:59Z"), Some(true));
        assert_eq!(open(&night, MONTREAL, "2026-03-08T07:30:00Z"), Some(false));
        // Blanc-Sablon stays on Atlantic standard time: the hour exists there.
        assert_eq!(open(&early, "America/Blanc-Sablon", "2026-03-08T06:30:00Z"), Some(true));
        // Halifax skips it an hour sooner than Montréal.
        assert_eq!(open(&early, "America/Halifax", "2026-03-08T06:30:00Z"), Some(true));
        assert_eq!(open(&early, "America/Halifax", "2026-03-08T06:29:59Z"), Some(false));
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_first_one() {
        // 1 November 2026: 01:30 EDT is 05:30 UTC, 01:30 EST is 06:30 UTC.
        let early = weekly("SU", "01:30", "05:00");
        assert_eq!(open(&early, MONTREAL, "2026-11-01T05:29:59Z"), Some(false));
        assert_eq!(open(&early, MONTREAL, "2026-11-01T05:30:00Z"), Some(true));
        assert_eq!(open(&early, MONTREAL, "2026-11-01T06:15:00Z"), Some(true), "01:15 for the second time");
        let night = weekly("SA", "20:00", "01:30");
        assert_eq!(open(&night, MONTREAL, "2026-11-01T05:29:59Z"), Some(true));
        assert_eq!(open(&night, MONTREAL, "2026-11-01T05:30:00Z"), Some(false));
        assert_eq!(open(&night, MONTREAL, "2026-11-01T06:15:00Z"), Some(false), "it does not open again");
    }

    #[test]
    fn a_season_and_a_closure_have_both_their_days() {
        let mut summer = weekly("MO,TU,WE,TH,FR,SA,SU", "09:00", "17:00");
        summer.valid_from = Some(day("2026-06-25"));
        summer.valid_to = Some(day("2026-08-31"));
        assert_eq!(open(&summer, MONTREAL, "2026-06-24T12:00:00-04:00"), Some(false));
        assert_eq!(open(&summer, MONTREAL, "2026-06-25T12:00:00-04:00"), Some(true));
        assert_eq!(open(&summer, MONTREAL, "2026-08-31T12:00:00-04:00"), Some(true));
        assert_eq!(open(&summer, MONTREAL, "2026-09-01T12:00:00-04:00"), Some(false));
        let closed = |instant: &str| {
            open_at(&[summer.clone()], MONTREAL, at(instant), Some(day("2026-07-20")), Some(day("2026-07-31")))
        };
        assert_eq!(closed("2026-07-19T12:00:00-04:00"), Some(true));
        assert_eq!(closed("2026-07-20T12:00:00-04:00"), Some(false));
        assert_eq!(closed("2026-07-31T12:00:00-04:00"), Some(false));
        assert_eq!(closed("2026-08-01T12:00:00-04:00"), Some(true));
    }

    #[test]
    fn a_span_of_the_week_is_met_by_the_hours_that_fall_in_it() {
        let hours = |schedule: Schedule| OpeningHours {
            weeks: vec![Week { timezone: MONTREAL.to_owned(), schedules: vec![schedule] }],
            ..OpeningHours::default()
        };
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let span =
            |weekday, from: &str, until: Option<&str>| WeeklySpan { weekday, from: time(from), until: until.map(time) };
        // A Monday, 10:00 in Montréal.
        let now = at("2026-06-15T14:00:00Z");
        let office = hours(weekly("MO,TU", "09:00", "12:00"));
        assert_eq!(office.open_within(span(Weekday::Tue, "11:59", Some("13:00")), now), Some(true));
        assert_eq!(office.open_within(span(Weekday::Tue, "12:00", Some("13:00")), now), Some(false));
        assert_eq!(office.open_within(span(Weekday::Wed, "09:00", None), now), Some(false));
        let night = hours(weekly("FR", "22:00", "02:00"));
        assert_eq!(night.open_within(span(Weekday::Sat, "01:00", Some("03:00")), now), Some(true));
        assert_eq!(night.open_within(span(Weekday::Fri, "21:00", None), now), Some(true));
        // This Monday's morning is over: the next one is past the season.
        let mut season = weekly("MO", "08:00", "12:00");
        season.valid_to = Some(day("2026-06-15"));
        assert_eq!(hours(season.clone()).open_within(span(Weekday::Mon, "08:00", Some("09:00")), now), Some(false));
        assert_eq!(hours(season).open_within(span(Weekday::Mon, "08:00", Some("11:00")), now), Some(true));
        assert_eq!(OpeningHours::default().open_within(span(Weekday::Mon, "08:00", None), now), None);
        let mut first = weekly("1MO", "09:00", "17:00");
        assert_eq!(hours(first.clone()).open_within(span(Weekday::Mon, "08:00", None), now), None, "of which month");
        first.freq = Some("MONTHLY".into());
        assert_eq!(hours(first.clone()).open_within(span(Weekday::Mon, "08:00", None), now), Some(false));
        let eve = at("2026-07-05T14:00:00Z");
        assert_eq!(hours(first).open_within(span(Weekday::Mon, "08:00", None), eve), Some(true));
    }

    #[test]
    fn nobody_knows_whether_what_is_open_every_week_is_open_on_a_holiday() {
        let office = weekly("WE", "09:00", "17:00");
        let noon = "2026-06-24T12:00:00-04:00";
        assert_eq!(open(&office, MONTREAL, noon), None, "a Wednesday in June that is the national holiday");
        assert_eq!(open(&office, MONTREAL, "2026-06-24T18:00:00-04:00"), Some(false), "closed all the same");
        assert_eq!(open(&office, "America/Chicago", noon), Some(true), "not a holiday there");
        let mut that_day = office.clone();
        (that_day.valid_from, that_day.valid_to) = (Some(day("2026-06-24")), Some(day("2026-06-24")));
        assert_eq!(open(&that_day, MONTREAL, noon), Some(true), "it names the day");
        let always = weekly("MO,TU,WE,TH,FR,SA,SU", "00:00", "24:00");
        assert_eq!(open(&always, MONTREAL, noon), Some(true), "it never closes");
        let night = weekly("TU", "22:00", "02:00");
        assert_eq!(open(&night, MONTREAL, "2026-06-24T01:00:00-04:00"), Some(true), "the night of the day before");
        let span = WeeklySpan { weekday: Weekday::Wed, from: NaiveTime::MIN, until: None };
        let hours = OpeningHours {
            weeks: vec![Week { timezone: MONTREAL.to_owned(), schedules: vec![office] }],
            ..OpeningHours::default()
        };
        assert_eq!(hours.open_within(span, at("2026-06-22T12:00:00Z")), None);
        assert_eq!(hours.open_within(span, at("2026-06-25T12:00:00Z")), None, "1 July is another");
        assert_eq!(hours.open_within(span, at("2026-07-02T12:00:00Z")), Some(true));
    }

    #[test]
    fn rules_of_months_and_fortnights_are_read() {
        let mut first_tuesday = weekly("1TU", "09:00", "17:00");
        first_tuesday.freq = Some("MONTHLY".into());
        assert_eq!(open(&first_tuesday, MONTREAL, "2026-06-02T12:00:00-04:00"), Some(true));
        assert_eq!(open(&first_tuesday, MONTREAL, "2026-06-09T12:00:00-04:00"), Some(false));
        let mut fortnight = weekly("MO", "09:00", "17:00");
        fortnight.other.insert("interval".into(), 2.into());
        fortnight.valid_from = Some(day("2026-06-01"));
        assert_eq!(open(&fortnight, MONTREAL, "2026-06-15T12:00:00-04:00"), Some(true));
        assert_eq!(open(&fortnight, MONTREAL, "2026-06-08T12:00:00-04:00"), Some(false));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_window_is_open_where_one_of_its_moments_is(
            spans in prop::collection::vec((0..7usize, 0..48u32, 0..48u32, 0..9u8), 0..4),
            zone in prop::sample::select(vec![MONTREAL, "America/Halifax", "America/Blanc-Sablon", "America/Nowhere"]),
            closed in (prop::option::of(0..12i64), prop::option::of(0..12i64)),
            from in 0..400i64, length in 1..120i64,
        ) {
            // Around the night of 8 March 2026, when the clocks skip an hour in Montréal.
            let origin = at("2026-03-04T05:00:00Z");
            let slot = |slot: u32| format!("{:02}:{:02}", slot / 2, slot % 2 * 30);
            let schedules = spans.iter().map(|(day, opens, closes, odd)| {
                let mut one = weekly(DAYS[*day], &slot(*opens), &slot(*closes));
                if *odd == 0 {
                    one.other.insert("interval".into(), 2.into());
                }
                one
            });
            let day_after = |days: i64| day("2026-03-04") + TimeDelta::days(days);
            let schedules: Vec<Schedule> = schedules.collect();
            let hours = OpeningHours {
                weeks: if schedules.is_empty() { vec![] } else { vec![Week { timezone: zone.to_owned(), schedules }] },
                closed_from: closed.0.map(day_after),
                closed_until: closed.1.map(day_after),
                suspended: false,
            };
            let after = |half_hours: i64| origin.plus(TimeDelta::minutes(30 * half_hours));
            let moments: Vec<Option<bool>> = (from..from + length).map(|n| hours.open_at(after(n))).collect();
            let expected = if moments.contains(&Some(true)) {
                Some(true)
            } else if moments.contains(&None) {
                None
            } else {
                Some(false)
            };
            prop_assert_eq!(hours.open_between(after(from), after(from + length)), expected);
        }
    }

    #[test]
    fn a_part_of_a_day_is_read_as_it_is_written() {
        for text in ["SA 09:00-12:00", "MO 00:00-24:00", "SU 23:59-24:00"] {
            assert_eq!(WeeklySpan::parse(text).map(String::from).as_deref(), Some(text));
        }
        for text in ["", "SA", "SA 9:00-12:00", "SA 12:00-12:00", "SA 12:00-09:00", "XX 09:00-12:00", "1SA 09:00-12:00"]
        {
            assert_eq!(WeeklySpan::parse(text), None, "{text}");
        }
        assert!(
            ["SA 09:00-25:00", "SA 24:00-24:00", "sa 09:00-12:00"].iter().all(|text| WeeklySpan::parse(text).is_none())
        );
    }

    #[test]
    fn a_closure_for_a_while_says_its_last_day() {
        let now = at("2026-06-15T14:00:00Z");
        let closed = |from: Option<&str>, until: Option<&str>, suspended| OpeningHours {
            closed_from: from.map(day),
            closed_until: until.map(day),
            suspended,
            ..OpeningHours::default()
        };
        assert_eq!(closed(None, None, false).closed_for_a_while(now), None);
        assert_eq!(closed(None, None, true).closed_for_a_while(now), Some(None));
        let until = Some("2026-06-20");
        assert_eq!(closed(Some("2026-06-10"), until, false).closed_for_a_while(now), Some(until.map(day)));
        assert_eq!(closed(Some("2026-06-16"), until, false).closed_for_a_while(now), None);
        assert_eq!(closed(None, Some("2026-06-14"), false).closed_for_a_while(now), None);
    }

    #[test]
    fn what_nobody_said_or_relais_does_not_read_is_unknown() {
        assert_eq!(open_at(&[], MONTREAL, at("2026-06-15T12:00:00Z"), None, None), None);
        let noon = "2026-06-15T12:00:00-04:00";
        assert_eq!(open(&weekly("MO", "09:00", "17:00"), "America/Nowhere", noon), None);
        assert_eq!(open(&weekly("1MO", "09:00", "17:00"), MONTREAL, noon), None, "of which month");
        assert_eq!(open(&weekly("MO", "9 am", "17:00"), MONTREAL, noon), None);
        let mut fortnight = weekly("MO", "09:00", "17:00");
        fortnight.other.insert("interval".into(), 2.into());
        assert_eq!(open(&fortnight, MONTREAL, noon), None);
        let known = weekly("MO", "09:00", "17:00");
        assert_eq!(open_at(&[fortnight, known], MONTREAL, at(noon), None, None), Some(true), "one is sure");
    }
}
