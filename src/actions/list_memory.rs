//! What is remembered of long lists, so that a page by number costs what a page by cursor does: how many rows a list
//! has, and which row stands at some of its places. Bounded; lost when the program stops; never wrong for long.
//!
//! A short list, and the beginning of a long one, are exact at every moment: what was remembered holds for one number
//! of the change log alone. Beyond [`EXACT_ROWS`] a list that changes all the time is remembered for a minute, for
//! otherwise every page of a harvest would walk there again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::clock::Time;
use crate::store::lists::Anchor;

/// Rows between two remembered places, and the most that one statement leaves out.
pub const STEP_ROWS: i64 = 1_000;
/// Counts and places up to here are never older than the last change.
pub const EXACT_ROWS: i64 = 10_000;
/// How long counts and places beyond it are good for.
const KEPT_S: i64 = 60;
/// Lists remembered at once, by what was asked.
const LISTS_MAX: usize = 256;
/// Places remembered of one list, 40 bytes each.
const PLACES_MAX: usize = 20_000;

#[derive(Default)]
pub struct ListMemory(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    lists: HashMap<String, Known>,
    uses: u64,
}

struct Known {
    change: i64,
    made_at: Time,
    last_use: u64,
    total: Option<i64>,
    places: BTreeMap<i64, Anchor>,
}

/// A list at a moment: what was asked, and the number of the last change.
#[derive(Debug, Clone, Copy)]
pub struct ListAt<'a> {
    pub asked: &'a str,
    pub change: i64,
    pub now: Time,
}

impl ListMemory {
    pub fn total(&self, at: ListAt<'_>) -> Option<i64> {
        self.with(at, |known| known.total)
    }

    pub fn remember_total(&self, at: ListAt<'_>, total: i64) {
        self.with(at, |known| known.total = Some(total));
    }

    /// The nearest remembered place at or before so many rows, with the row that stands before it.
    pub fn place_before(&self, at: ListAt<'_>, rows: i64) -> Option<(i64, Anchor)> {
        self.with(at, |known| known.places.range(..=rows).next_back().map(|(rows, anchor)| (*rows, *anchor)))
    }

    /// After so many rows the list goes on after this one.
    pub fn remember_place(&self, at: ListAt<'_>, rows: i64, anchor: Anchor) {
        self.with(at, |known| {
            if known.places.len() < PLACES_MAX {
                known.places.insert(rows, anchor);
            }
        });
    }

    fn with<T>(&self, at: ListAt<'_>, body: impl FnOnce(&mut Known) -> T) -> T {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.uses += 1;
        let uses = inner.uses;
        if inner.lists.len() >= LISTS_MAX && !inner.lists.contains_key(at.asked) {
            let oldest = inner.lists.iter().min_by_key(|(_, known)| known.last_use).map(|(asked, _)| asked.clone());
            oldest.and_then(|asked| inner.lists.remove(&asked));
        }
        let fresh =
            || Known { change: at.change, made_at: at.now, last_use: uses, total: None, places: BTreeMap::new() };
        let known = inner.lists.entry(at.asked.to_owned()).or_insert_with(fresh);
        known.last_use = uses;
        known.grow_old(at);
        body(known)
    }
}

impl Known {
    fn grow_old(&mut self, at: ListAt<'_>) {
        if self.change == at.change {
            return;
        }
        let is_young = at.now >= self.made_at && at.now < self.made_at.plus(TimeDelta::seconds(KEPT_S));
        if is_young {
            self.places = self.places.split_off(&(EXACT_ROWS + 1));
            self.total = self.total.filter(|total| *total > EXACT_ROWS);
        } else {
            self.places.clear();
            self.total = None;
            self.made_at = at.now;
        }
        self.change = at.change;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn anchor(n: u128) -> Anchor {
        Anchor { at: None, id: Id(uuid::Uuid::from_u128(n)) }
    }
    fn at(change: i64, second: i64) -> ListAt<'static> {
        ListAt { asked: "services", change, now: Time::from_micros(second * 1_000_000) }
    }

    #[test]
    fn a_change_forgets_the_beginning_at_once_and_the_rest_within_a_minute() {
        let memory = ListMemory::default();
        memory.remember_total(at(1, 0), 50_000);
        memory.remember_place(at(1, 0), 1_000, anchor(1));
        memory.remember_place(at(1, 0), 20_000, anchor(2));
        assert_eq!(memory.place_before(at(1, 5), 1_999), Some((1_000, anchor(1))));
        assert_eq!(memory.place_before(at(2, 5), 1_999), None);
        assert_eq!(memory.place_before(at(2, 5), 20_500), Some((20_000, anchor(2))));
        assert_eq!(memory.total(at(2, 5)), Some(50_000));
        assert_eq!((memory.place_before(at(3, 60), 20_500), memory.total(at(3, 60))), (None, None));
    }

    #[test]
    fn a_short_list_is_counted_again_after_every_change() {
        let memory = ListMemory::default();
        memory.remember_total(at(1, 0), 20);
        assert_eq!((memory.total(at(1, 9)), memory.total(at(2, 9))), (Some(20), None));
    }

    #[test]
    fn the_list_used_longest_ago_makes_room() {
        let memory = ListMemory::default();
        let names: Vec<String> = (0..=LISTS_MAX).map(|n| n.to_string()).collect();
        for asked in &names {
            memory.remember_total(ListAt { asked, change: 1, now: Time::from_micros(0) }, 1);
        }
        let first = ListAt { asked: "0", change: 1, now: Time::from_micros(0) };
        assert_eq!(memory.total(first), None);
    }
}
