//! The days on which Québec rests: what is open every week may be closed then, and nobody wrote it down.
//!
//! The eight of the Act respecting labour standards (CQLR c. N-1.1, s. 60) and of the National Holiday Act (CQLR c.
//! F-1.1): an employer chooses between Good Friday and the Monday after, so both are doubtful.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::words::words;

words! {
    pub enum Holiday {
        NewYear => "new_year",
        GoodFriday => "good_friday",
        EasterMonday => "easter_monday",
        Patriots => "patriots_day",
        National => "national_holiday",
        Canada => "canada_day",
        Labour => "labour_day",
        Thanksgiving => "thanksgiving",
        Christmas => "christmas",
    }
}

/// The holiday that a day is, if it is one.
pub fn holiday(day: NaiveDate) -> Option<Holiday> {
    let weekday = day.weekday();
    match (day.month(), day.day()) {
        (1, 1) => Some(Holiday::NewYear),
        // The Monday that precedes 25 May.
        (5, 18..=24) if weekday == Weekday::Mon => Some(Holiday::Patriots),
        (6, 24) => Some(Holiday::National),
        // Who does not work on Sundays rests the day after.
        (6, 25) if weekday == Weekday::Mon => Some(Holiday::National),
        (7, 1) if weekday != Weekday::Sun => Some(Holiday::Canada),
        (7, 2) if weekday == Weekday::Mon => Some(Holiday::Canada),
        (9, 1..=7) if weekday == Weekday::Mon => Some(Holiday::Labour),
        (10, 8..=14) if weekday == Weekday::Mon => Some(Holiday::Thanksgiving),
        (12, 25) => Some(Holiday::Christmas),
        (3 | 4, _) => around_easter(day),
        _ => None,
    }
}

fn around_easter(day: NaiveDate) -> Option<Holiday> {
    let easter = easter(day.year())?;
    if easter.checked_sub_days(Days::new(2)) == Some(day) {
        return Some(Holiday::GoodFriday);
    }
    (easter.checked_add_days(Days::new(1)) == Some(day)).then_some(Holiday::EasterMonday)
}

/// Easter of the Gregorian calendar, by the rule that is known as Meeus, Jones and Butcher's.
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let month_and_day = epact + to_sunday - 7 * late + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(month_and_day / 31).ok()?, u32::try_from(month_and_day % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_has_its_holidays_and_no_other() {
        let first = day("2026-01-01");
        let found: Vec<(String, Holiday)> =
            first.iter_days().take(365).filter_map(|day| Some((day.to_string(), holiday(day)?))).collect();
        let expected = [
            ("2026-01-01", Holiday::NewYear),
            ("2026-04-03", Holiday::GoodFriday),
            ("2026-04-06", Holiday::EasterMonday),
            ("2026-05-18", Holiday::Patriots),
            ("2026-06-24", Holiday::National),
            ("2026-07-01", Holiday::Canada),
            ("2026-09-07", Holiday::Labour),
            ("2026-10-12", Holiday::Thanksgiving),
            ("2026-12-25", Holiday::Christmas),
        ];
        assert_eq!(found, expected.map(|(day, holiday)| (day.to_owned(), holiday)));
    }

    #[test]
    fn easter_is_where_the_calendars_have_it() {
        for (year, date) in [(1818, "1818-03-22"), (1943, "1943-04-25"), (2000, "2000-04-23"), (2038, "2038-04-25")] {
            assert_eq!(easter(year), Some(day(date)));
        }
    }

    #[test]
    fn what_falls_on_a_sunday_is_kept_the_day_after() {
        assert_eq!(holiday(day("2026-06-25")), None);
        assert_eq!(holiday(day("2018-06-25")), Some(Holiday::National));
        assert_eq!((holiday(day("2018-07-01")), holiday(day("2018-07-02"))), (None, Some(Holiday::Canada)));
    }
}
