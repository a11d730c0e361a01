//! The best that a search has found so far, and what those who look for them side by side tell each other.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{COUNTED_MAX, Found, Key};
use crate::search::geo::Rough;

/// What those who go through the same windows side by side tell each other.
#[derive(Default)]
pub(super) struct Together {
    is_shared: AtomicBool,
    counted: AtomicU64,
    /// Nothing that comes after it enters.
    last: Mutex<Option<Key>>,
}

impl Together {
    /// From now on there are several.
    pub(super) fn begin(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }
}

/// The best found so far, the last of them on top.
pub(super) struct Kept<'a> {
    heap: BinaryHeap<Found>,
    /// How many; 0 where all that fits is only counted.
    pub keep: usize,
    pub counted: u64,
    last: Option<Last>,
    together: Option<&'a Together>,
    /// Of what was counted here, what the others know; and what all had counted when they were asked last.
    counted_told: u64,
    counted_by_all: u64,
}

/// What nothing that comes after it enters: the last of those kept where there is no room left.
pub(super) struct Last {
    pub key: Key,
    /// How far that is, in an order by distance.
    pub rough: Rough,
}

impl Last {
    fn new(key: Key) -> Self {
        Self { key, rough: Rough::of_km(key.first) }
    }
}

impl<'a> Kept<'a> {
    /// Nothing is kept from `bound` on.
    pub(super) fn new(keep: usize, bound: Option<Key>, together: Option<&'a Together>) -> Self {
        let (heap, last) = (BinaryHeap::with_capacity(keep + 1), bound.map(Last::new));
        Self { heap, keep, counted: 0, last, together, counted_told: 0, counted_by_all: 0 }
    }

    /// One more would not change what is told of how many there are. Where nothing is kept all are told.
    pub(super) fn has_counted_enough(&self) -> bool {
        self.keep > 0 && self.counted.max(self.counted_by_all) > COUNTED_MAX
    }

    pub(super) fn last(&self) -> Option<&Last> {
        self.last.as_ref()
    }

    /// Tells the others what they need not look at any more, and is told so.
    pub(super) fn share(&mut self) {
        let Some(together) = self.together.filter(|together| together.is_shared.load(Ordering::Relaxed)) else {
            return;
        };
        let more = self.counted - self.counted_told;
        self.counted_told = self.counted;
        self.counted_by_all = together.counted.fetch_add(more, Ordering::Relaxed) + more;
        let mut of_all = together.last.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.last.as_ref().map(|last| last.key), *of_all) {
            (Some(own), theirs) if theirs.is_none_or(|theirs| own < theirs) => *of_all = Some(own),
            (own, Some(theirs)) if own != Some(theirs) => self.last = Some(Last::new(theirs)),
            _ => {}
        }
    }

    /// What another kept of the rest.
    pub(super) fn take(&mut self, other: Kept<'_>) {
        self.counted += other.counted;
        self.heap.extend(other.heap);
        while self.heap.len() > self.keep {
            self.heap.pop();
        }
    }

    /// All, the best first.
    pub(super) fn into_sorted(self) -> Vec<Found> {
        self.heap.into_sorted_vec()
    }

    pub(super) fn put(&mut self, found: Found) {
        if self.last.as_ref().is_some_and(|last| found.key >= last.key) {
            return;
        }
        if self.heap.len() >= self.keep {
            self.heap.pop();
        }
        self.heap.push(found);
        let last = self.heap.peek().filter(|_| self.heap.len() >= self.keep).map(|last| last.key);
        if let Some(key) = last.filter(|key| self.last.as_ref().is_none_or(|known| *key < known.key)) {
            self.last = Some(Last::new(key));
        }
    }
}
