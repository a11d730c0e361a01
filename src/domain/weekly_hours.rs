//! The hours of a week as bits, for lists filtered by day and time of day: a coarse reading (half-hours, whatever the
//! date) beside the exact one of `schedule`.

use super::directory::Schedule;

/// Monday first, as RFC 5545 writes them.
pub const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const SLOT_MINUTES: u32 = 30;
const SLOTS: u32 = 48;
/// The day is named by a schedule, with or without hours.
pub const DAY_NAMED: i64 = 1 << SLOTS;

/// One mask a day: bit n is the half-hour that begins n half-hours after midnight.
pub type WeekMask = [i64; 7];

/// The half-hours that lie wholly within the hours of some schedule; what a schedule says of weeks of the month is not
/// read. A schedule that names no day says nothing.
pub fn week_mask<'a>(schedules: impl Iterator<Item = &'a Schedule>) -> WeekMask {
    let mut week = [0; 7];
    for one in schedules {
        let Some(byday) = &one.byday else { continue };
        let named = byday.split(',').filter_map(day_of);
        let hours = one.opens_at.as_deref().and_then(minutes).zip(one.closes_at.as_deref().and_then(minutes));
        for day in named {
            mark(&mut week, day, DAY_NAMED);
            match hours {
                Some((opens, closes)) if closes > opens => mark(&mut week, day, within(opens, closes)),
                Some((opens, closes)) => {
                    mark(&mut week, day, within(opens, SLOTS * SLOT_MINUTES));
                    mark(&mut week, (day + 1) % 7, within(0, closes));
                }
                None => {}
            }
        }
    }
    week
}

/// The half-hours that must be open for a service to be open from one minute of the day to another.
pub fn asked_mask(from_minute: u32, until_minute: u32) -> i64 {
    let (first, last) = (from_minute / SLOT_MINUTES, until_minute.max(from_minute + 1).div_ceil(SLOT_MINUTES));
    slots(first, last)
}

/// Minutes after midnight of `HH:MM` or `HH:MM:SS`, an offset left aside.
pub fn minutes(text: &str) -> Option<u32> {
    let bare = text.split(['Z', '+', '-']).next().unwrap_or(text);
    let mut parts = bare.split(':');
    let (hour, minute): (u32, u32) = (parts.next()?.trim().parse().ok()?, parts.next()?.parse().ok()?);
    (hour * 60 + minute <= SLOTS * SLOT_MINUTES && minute < 60).then_some(hour * 60 + minute)
}

/// The place of a day in the week: `MO`, `2MO`, `-1FR`.
pub fn day_of(word: &str) -> Option<usize> {
    let day = word.trim().trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-'));
    DAYS.iter().position(|known| known.eq_ignore_ascii_case(day))
}

fn within(opens: u32, closes: u32) -> i64 {
    slots(opens.div_ceil(SLOT_MINUTES), closes / SLOT_MINUTES)
}

fn slots(first: u32, end: u32) -> i64 {
    (first..end.min(SLOTS)).fold(0, |mask, slot| mask | (1 << slot))
}

fn mark(week: &mut WeekMask, day: usize, mask: i64) {
    if let Some(known) = week.get_mut(day) {
        *known |= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(byday: &str, opens: Option<&str>, closes: Option<&str>) -> Schedule {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Schedule {
            byday: Some(byday.to_owned()),
            opens_at: owned(opens),
            closes_at: owned(closes),
            ..Schedule::default()
        }
    }

    fn is_open(week: &WeekMask, day: &str, from: &str, until: &str) -> bool {
        let asked = asked_mask(minutes(from).unwrap(), minutes(until).unwrap());
        week[day_of(day).unwrap()] & asked == asked
    }

    #[test]
    fn a_day_is_open_between_its_hours_and_over_midnight() {
        let day = schedule("MO,-1WE", Some("09:00"), Some("16:45:00"));
        let night = schedule("SU", Some("20:00"), Some("02:00"));
        let all_day = schedule("SA", None, None);
        let week = week_mask([&day, &night, &all_day].into_iter());
        assert!(is_open(&week, "MO", "09:00", "12:00") && is_open(&week, "WE", "10:15", "16:30"));
        assert!(!is_open(&week, "MO", "08:30", "12:00") && !is_open(&week, "MO", "16:00", "17:00"));
        assert!(is_open(&week, "SU", "23:00", "24:00") && is_open(&week, "MO", "00:00", "02:00"));
        assert!(!is_open(&week, "TU", "09:00", "10:00"));
        assert_eq!(week[5], DAY_NAMED);
    }
}
