//! Counting what people search for near a place, without whom, and offering what nothing was found for as an unmet
//! need. A search counts in memory and waits for no write; a job writes the counts in batches, and when the program
//! stops. A program that is killed loses what it counted since the last batch.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::search::PlaceFound;
use super::{Deps, Outcome};
use crate::clock::Time;
use crate::domain::demand::{KEYS_MAX, Key, Tally, WORDS_KEPT_MAX, counted_in};
use crate::domain::directory::LocatedIn;
use crate::domain::month::local_day;
use crate::search::Index;
use crate::store::demand;

/// Seconds for which counts wait in memory, unless half of the room is taken: what a killed program loses at most.
pub const WAIT_S: i64 = 10;
/// Counts written in one transaction.
const BATCH_ROWS: usize = 500;

/// What this process has counted and not written.
#[derive(Default)]
pub struct DemandMemory {
    waiting: Mutex<Waiting>,
    /// Held while counts are written, so that whoever asks for it knows that they are.
    writing: Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    tally: Tally,
    since: Option<Time>,
}

impl DemandMemory {
    fn count(&self, key: Key, found_nothing: bool, now: Time) {
        let mut waiting = lock(&self.waiting);
        waiting.since.get_or_insert(now);
        waiting.tally.count(key, found_nothing);
    }
}

/// An empty search as the body of a need of nobody: what it asked, and the finest territory that is known for sure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetNeed {
    pub category: String,
    pub within: LocatedIn,
}

/// Counts a search that had a place. Only its first page: the others are the same search.
pub(super) fn count(
    deps: &Deps,
    index: &Index,
    (text, category): (Option<&str>, Option<&str>),
    place: &PlaceFound,
    found_nothing: bool,
) {
    // A search is answered although its words cannot be told.
    let known = text.map(|text| index.known_words(text, WORDS_KEPT_MAX));
    let words = known.and_then(Result::ok).unwrap_or_default().join(" ");
    let now = deps.clock.now();
    let key = Key {
        day: local_day(now),
        territory_id: counted_in(&place.within).to_owned(),
        category: category.unwrap_or_default().to_owned(),
        words,
    };
    deps.demand.count(key, found_nothing, now);
}

/// What nothing was found for: the category asked, or the need that the text is said for; `None` where neither is
/// known.
pub(super) fn unmet_need(
    (text, category): (Option<&str>, Option<&str>),
    place: &PlaceFound,
) -> Outcome<Option<UnmetNeed>> {
    let category = match (category, text) {
        (Some(category), _) => Some(category.to_owned()),
        (None, Some(text)) => Index::need_of(text)?,
        (None, None) => None,
    };
    Ok(category.map(|category| UnmetNeed { category, within: place.within.clone() }))
}

/// Writes what has waited long enough, or takes up half of the room. Gives how many counts were written.
pub fn flush_due(deps: &Deps, now: Time) -> Outcome<usize> {
    let _writing = lock(&deps.demand.writing);
    let is_due = {
        let waiting = lock(&deps.demand.waiting);
        let waited = |since: Time| now < since || now >= since.plus(TimeDelta::seconds(WAIT_S));
        waiting.since.is_some_and(waited) || waiting.tally.len() >= KEYS_MAX / 2
    };
    if is_due { write(deps, now) } else { Ok(0) }
}

/// Writes everything: before the program stops.
pub fn flush(deps: &Deps, now: Time) -> Outcome<usize> {
    let _writing = lock(&deps.demand.writing);
    write(deps, now)
}

fn write(deps: &Deps, now: Time) -> Outcome<usize> {
    let (counts, dropped) = {
        let mut waiting = lock(&deps.demand.waiting);
        waiting.since = None;
        waiting.tally.take()
    };
    if dropped > 0 {
        metrics::counter!("relais_demand_dropped_total").increment(dropped);
        tracing::warn!(dropped, "searches were not counted: too many different ones at once");
    }
    for (written, batch) in counts.chunks(BATCH_ROWS).enumerate() {
        if let Err(error) = deps.store.write(now, |tx| demand::add(tx, batch)) {
            let mut waiting = lock(&deps.demand.waiting);
            waiting.since.get_or_insert(now);
            counts.iter().skip(written * BATCH_ROWS).for_each(|(key, more)| waiting.tally.add(key.clone(), *more));
            return Err(error.into());
        }
    }
    Ok(counts.len())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
