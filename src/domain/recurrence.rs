//! Recurrences that are more than days of every week ("every other Monday", "the first Tuesday of the month"), as HSDS
//! schedules write them in words of RFC 5545, section 3.3.10. The rules are evaluated by the `rrule` library; a day
//! stands for the noon of that day, so that no time zone moves it.

use chrono::{Datelike, NaiveDate, NaiveTime};
use rrule::{RRule, Unvalidated};
use serde_json::Value;

use super::directory::Schedule;

/// Members of a schedule that a week of days does not tell.
const MEMBERS: [(&str, &str); 6] = [
    ("interval", "INTERVAL"),
    ("bymonthday", "BYMONTHDAY"),
    ("byyearday", "BYYEARDAY"),
    ("byweekno", "BYWEEKNO"),
    ("bymonth", "BYMONTH"),
    ("bysetpos", "BYSETPOS"),
];
/// Occurrences of a rule that are looked at for one day.
const OCCURRENCES_MAX: u16 = 1;

/// A rule, and the day from which it counts.
#[derive(Debug, Clone)]
pub(super) struct Recurrence {
    rule: RRule<Unvalidated>,
    /// None: the rule is the same from wherever it is counted.
    start: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl Recurrence {
    /// What a schedule says beyond the days of every week. None where it says it in a way that is not read: a rule that
    /// counts from a day that nobody named, or no rule of RFC 5545.
    pub(super) fn read(schedule: &Schedule) -> Option<Self> {
        let freq = schedule.freq.as_deref().map_or_else(|| "WEEKLY".to_owned(), str::to_ascii_uppercase);
        if !matches!(freq.as_str(), "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") {
            return None;
        }
        // The second Monday is one of a month or of a year.
        let has_ranks =
            schedule.byday.as_deref().is_some_and(|days| days.contains(|letter: char| letter.is_ascii_digit()));
        if has_ranks && !matches!(freq.as_str(), "MONTHLY" | "YEARLY") {
            return None;
        }
        let mut text = format!("FREQ={freq}");
        let mut add = |name: &str, value: &str| {
            text.push_str(&format!(";{name}={value}"));
        };
        if let Some(days) = &schedule.byday {
            add("BYDAY", &days.replace(' ', "").to_ascii_uppercase());
        }
        let members = MEMBERS.iter().filter_map(|(member, name)| Some((name, said(schedule, member)?)));
        members.for_each(|(name, value)| add(name, &value.replace(' ', "")));
        for (member, name) in [("wkst", "WKST"), ("count", "COUNT")] {
            if let Some(value) = said(schedule, member) {
                add(name, &value);
            }
        }
        let names_days = schedule.byday.is_some()
            || ["bymonthday", "byyearday", "byweekno"].iter().any(|member| said(schedule, member).is_some());
        let counts = said(schedule, "count").is_some() || said(schedule, "interval").is_some_and(|value| value != "1");
        let start = day(schedule, "dtstart")?.or(schedule.valid_from);
        if start.is_none() && (counts || !(names_days || freq == "DAILY")) {
            return None;
        }
        Some(Self { rule: text.parse().ok()?, start, until: day(schedule, "until")? })
    }

    /// Whether the rule names a day. None where it cannot be evaluated.
    pub(super) fn is_on(&self, day: NaiveDate) -> Option<bool> {
        if self.until.is_some_and(|until| until < day) || self.start.is_some_and(|start| day < start) {
            return Some(false);
        }
        // Where nothing counts from a day, the first of January is as good a beginning, and a near one.
        let start = self.start.or_else(|| day.with_ordinal0(0))?;
        let noon = |day: NaiveDate| {
            Some(day.and_time(NaiveTime::from_hms_opt(12, 0, 0)?).and_utc().with_timezone(&rrule::Tz::UTC))
        };
        let (from, at) = (noon(start)?, noon(day)?);
        let set = self.rule.clone().build(from).ok()?;
        let found = set.after(at).before(at).all(OCCURRENCES_MAX);
        Some(found.dates.contains(&at))
    }
}

/// A member as text, numbers too; none where it says nothing.
fn said(schedule: &Schedule, member: &str) -> Option<String> {
    match schedule.other.get(member)? {
        Value::Number(number) => Some(number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())),
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// A day of a member: `Some(None)` where it is not said, none where it is no day.
fn day(schedule: &Schedule, member: &str) -> Option<Option<NaiveDate>> {
    match said(schedule, member) {
        None => Some(None),
        Some(text) => Some(Some(text.get(..10)?.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn days(schedule: Value, from: &str, count: usize) -> Option<Vec<String>> {
        let schedule: Schedule = serde_json::from_value(schedule).unwrap();
        let rule = Recurrence::read(&schedule)?;
        let from: NaiveDate = from.parse().unwrap();
        let mut found = vec![];
        for day in from.iter_days().take(count) {
            if rule.is_on(day)? {
                found.push(day.to_string());
            }
        }
        Some(found)
    }

    #[test]
    fn rules_name_the_days_that_rfc_5545_gives_them() {
        let month = |rule: Value| days(rule, "2026-06-01", 30).unwrap();
        assert_eq!(month(json!({"freq": "MONTHLY", "byday": "1MO"})), ["2026-06-01"]);
        assert_eq!(month(json!({"freq": "MONTHLY", "byday": "-1FR,2TU"})), ["2026-06-09", "2026-06-26"]);
        assert_eq!(month(json!({"freq": "MONTHLY", "bymonthday": "15,-1"})), ["2026-06-15", "2026-06-30"]);
        let fortnight = json!({"freq": "WEEKLY", "byday": "MO", "interval": 2, "dtstart": "2026-05-25"});
        assert_eq!(month(fortnight), ["2026-06-08", "2026-06-22"]);
        let thrice = json!({"freq": "WEEKLY", "byday": "WE", "count": 3, "valid_from": "2026-05-27"});
        assert_eq!(month(thrice), ["2026-06-03", "2026-06-10"]);
        let ended = json!({"freq": "WEEKLY", "byday": "MO", "until": "2026-06-08"});
        assert_eq!(month(ended), ["2026-06-01", "2026-06-08"]);
        let monthly = json!({"freq": "MONTHLY", "dtstart": "2020-01-10", "interval": "1"});
        assert_eq!(month(monthly), ["2026-06-10"]);
        let old = json!({"freq": "DAILY", "interval": 10, "dtstart": "1990-01-01"});
        assert_eq!(month(old).len(), 3);
    }

    #[test]
    fn what_counts_from_no_day_or_is_no_rule_is_not_read() {
        for unread in [
            json!({"freq": "WEEKLY", "byday": "MO", "interval": 2}),
            json!({"freq": "WEEKLY", "byday": "MO", "count": 3}),
            json!({"freq": "MONTHLY"}),
            json!({"freq": "WEEKLY", "byday": "1MO"}),
            json!({"freq": "HOURLY", "byday": "MO"}),
            json!({"freq": "MONTHLY", "bymonthday": "forty"}),
            json!({"freq": "WEEKLY", "byday": "MO", "until": "soon"}),
        ] {
            assert_eq!(days(unread.clone(), "2026-06-01", 7), None, "{unread}");
        }
    }
}
