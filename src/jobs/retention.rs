//! Forgets what has served its time: keys of requests that nobody will repeat, counts of searches that no report reads
//! any more, and that a list was sent.

use chrono::TimeDelta;

use crate::actions::{Deps, Failure};
use crate::clock::Time;
use crate::domain::demand::KEPT_MONTHS;
use crate::domain::month::{Month, local_day};
use crate::store::{demand, idempotency, saved_lists};

/// A client that lost an answer asks again within minutes; two days leave room for a phone without a signal.
const IDEMPOTENCY_HOURS: i64 = 48;
/// Letters with lists are counted over a day.
const LETTER_HOURS: i64 = 48;

pub fn run(deps: &Deps, now: Time) -> Result<(), Failure> {
    let before = now.plus(TimeDelta::hours(-IDEMPOTENCY_HOURS));
    // Read first: the writer's lock is not taken for nothing.
    if deps.store.read(|conn| idempotency::is_any_before(conn, before))? {
        deps.store.write(now, |tx| idempotency::delete_before(tx, before))?;
    }
    let first_day = Month::of(local_day(now)).minus(KEPT_MONTHS - 1).first_day();
    if deps.store.read(|conn| demand::is_any_before(conn, first_day))? {
        deps.store.write(now, |tx| demand::delete_before(tx, first_day))?;
    }
    let before = now.plus(TimeDelta::hours(-LETTER_HOURS));
    if deps.store.read(|conn| saved_lists::is_any_letter_before(conn, before))? {
        deps.store.write(now, |tx| saved_lists::delete_letters_before(tx, before))?;
    }
    Ok(())
}
