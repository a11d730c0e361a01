//! Demand: what people search for near a place, counted by the day and without anybody's identity. Pure: a bounded
//! tally of what is not written yet, and which of the counts may be shown.
//!
//! A cell rests on its searches: nobody knows how many people made them. What a search finds everybody may see by
//! searching, so that all of them found nothing is no secret, and such a cell is shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::NaiveDate;

use super::directory::LocatedIn;
use super::small_cells::{Cell, Shown, Table};
use super::words::words;

/// Words of one search that are kept.
pub const WORDS_KEPT_MAX: usize = 5;
/// Different counts that wait in memory; what comes beyond is counted as dropped. A few megabytes.
pub const KEYS_MAX: usize = 20_000;
/// Months for which counts are kept, the one under way included: the longest report reads them all.
pub const KEPT_MONTHS: u32 = super::month::MONTHS_MAX;
/// Where a search was made from a place in no territory that is known for sure.
pub const UNKNOWN: &str = "unknown";

words! {
    /// What the lines of the report are.
    pub enum GroupedBy {
        Category => "category",
        Municipality => "municipality",
        Words => "words",
    }
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub day: NaiveDate,
    /// As [`counted_in`] gives it.
    pub territory_id: String,
    /// Empty where none was asked.
    pub category: String,
    /// Joined by spaces; empty where none may be kept.
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub searches: u32,
    /// Searches that found nothing.
    pub zeros: u32,
}

/// The territory in which a search is counted: the municipality, or the finest that is known around it. Never a borough
/// nor a postal area.
pub fn counted_in(known: &LocatedIn) -> &str {
    let finest = [&known.municipality, &known.mrc, &known.region].into_iter().flatten().next();
    finest.map_or(UNKNOWN, String::as_str)
}

/// Counts that are not written yet.
#[derive(Debug, Default)]
pub struct Tally {
    counts: HashMap<Key, Counts>,
    dropped: u64,
}

impl Tally {
    pub fn count(&mut self, key: Key, found_nothing: bool) {
        self.add(key, Counts { searches: 1, zeros: u32::from(found_nothing) });
    }

    /// Adds counts, or drops them where there is no room for one key more.
    pub fn add(&mut self, key: Key, more: Counts) {
        let is_full = self.counts.len() >= KEYS_MAX;
        match self.counts.entry(key) {
            Entry::Vacant(_) if is_full => self.dropped += u64::from(more.searches),
            Entry::Vacant(empty) => {
                empty.insert(more);
            }
            Entry::Occupied(mut known) => {
                let counts = known.get_mut();
                counts.searches = counts.searches.saturating_add(more.searches);
                counts.zeros = counts.zeros.saturating_add(more.zeros);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.counts.len()
    }
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Everything counted, in the order of the keys, and how many searches were dropped; nothing of it is left.
    pub fn take(&mut self) -> (Vec<(Key, Counts)>, u64) {
        let mut taken: Vec<(Key, Counts)> = self.counts.drain().collect();
        taken.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        (taken, std::mem::take(&mut self.dropped))
    }
}

/// Searches of a period that fall in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Place in the list of regions, or after its end: not known.
    pub row: usize,
    /// Place in the list of columns.
    pub column: usize,
    pub searches: u64,
    pub zeros: u64,
}

/// What is shown of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub searches: Shown<u64>,
    pub zeros: Shown<u64>,
    /// From 0 to 1; none where there was no search.
    pub zero_share: Option<Shown<f64>>,
}

/// Layers of a table: searches that found nothing, those that found something, and all of them.
const ZEROS: usize = 0;
const SEARCHES: usize = 2;
const LAYERS: usize = 3;

impl Figures {
    fn of(get: impl Fn(usize) -> Shown<u64>) -> Self {
        let (searches, zeros) = (get(SEARCHES), get(ZEROS));
        let zero_share = match (searches.value(), zeros.value()) {
            (Some(0), _) => None,
            (Some(searches), Some(zeros)) => Some(Shown::Value(zeros as f64 / searches as f64)),
            _ => Some(Shown::Hidden),
        };
        Self { searches, zeros, zero_share }
    }
}

fn layers_of(fact: &Fact) -> [u64; LAYERS] {
    [fact.zeros, fact.searches.saturating_sub(fact.zeros), fact.searches]
}

fn cell(count: u64) -> Cell {
    Cell { count, families: count }
}

/// Region by category, each with its totals: what every other grouping must agree with.
#[derive(Debug, Clone)]
pub struct Lattice {
    table: Table,
    rows: usize,
    columns: usize,
}

impl Lattice {
    /// Rows are regions, then "not known", then all; columns are those given, then all.
    pub fn new(regions: usize, columns: usize, facts: &[Fact]) -> Self {
        let (rows, all) = (regions + 2, columns + 1);
        let mut table = Table::layered(rows, all, LAYERS);
        for fact in facts {
            let row = fact.row.min(regions);
            let column = fact.column.min(columns.saturating_sub(1));
            for row in [row, rows - 1] {
                for column in [column, all - 1] {
                    for (layer, count) in layers_of(fact).into_iter().enumerate() {
                        table.add(row, column, layer, cell(count));
                    }
                }
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        Self { table, rows, columns: all }
    }

    pub fn columns(&self) -> usize {
        self.columns
    }
    /// The row of all regions.
    pub fn network(&self) -> usize {
        self.rows - 1
    }

    pub fn figures(&self, row: usize, column: usize) -> Figures {
        Figures::of(|layer| {
            Shown::when(self.table.is_shown(row, column, layer), self.table.get(row, column, layer).count)
        })
    }
    /// All the searches of a row.
    pub fn total(&self, row: usize) -> Figures {
        self.figures(row, self.columns - 1)
    }

    /// The figures of the parts of a row, which add up to its total: what the total shows is decided already.
    pub fn parts(&self, row: usize, parts: &[Fact]) -> Vec<Figures> {
        let total = parts.len();
        let mut table = Table::flat(total + 1, LAYERS);
        for (at, part) in parts.iter().enumerate() {
            for (layer, count) in layers_of(part).into_iter().enumerate() {
                table.add(at, layer, 0, cell(count));
                table.add(total, layer, 0, cell(count));
            }
        }
        for layer in 0..LAYERS {
            if self.table.is_shown(row, self.columns - 1, layer) {
                table.fix(total, layer, 0);
            } else {
                table.hide(total, layer, 0);
            }
        }
        shown_rows(table, total)
    }
}

/// The figures of one word, which no other count adds up to, by region, then "not known", then all.
pub fn word_by_region(regions: usize, facts: &[Fact]) -> Vec<Figures> {
    let rows = regions + 2;
    let mut table = Table::flat(rows, LAYERS);
    for fact in facts {
        for row in [fact.row.min(regions), rows - 1] {
            for (layer, count) in layers_of(fact).into_iter().enumerate() {
                table.add(row, layer, 0, cell(count));
            }
        }
    }
    shown_rows(table, rows)
}

fn shown_rows(mut table: Table, rows: usize) -> Vec<Figures> {
    table.hide_small(|_, _, _, _| false);
    table.protect();
    let shown = |row, layer| Shown::when(table.is_shown(row, layer, 0), table.get(row, layer, 0).count);
    (0..rows).map(|row| Figures::of(|layer| shown(row, layer))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::small_cells::FAMILIES_MIN;

    fn key(words: &str) -> Key {
        let day = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
        Key { day, territory_id: "mrc:58".into(), category: String::new(), words: words.into() }
    }

    fn fact(row: usize, column: usize, searches: u64, zeros: u64) -> Fact {
        Fact { row, column, searches, zeros }
    }

    #[test]
    fn a_tally_is_bounded_and_says_what_it_dropped() {
        let mut tally = Tally::default();
        (0..KEYS_MAX).for_each(|n| tally.count(key(&n.to_string()), false));
        tally.count(key("one too many"), true);
        tally.count(key("0"), true);
        assert_eq!(tally.len(), KEYS_MAX);
        let (taken, dropped) = tally.take();
        assert_eq!((taken.len(), dropped), (KEYS_MAX, 1));
        assert_eq!(taken[0], (key("0"), Counts { searches: 2, zeros: 1 }));
        assert!(taken.is_sorted_by_key(|(key, _)| key) && tally.is_empty() && tally.take().1 == 0);
    }

    #[test]
    fn nothing_finer_than_a_municipality_is_counted() {
        let some = |id: &str| Some(id.to_owned());
        let mut known = LocatedIn { borough: some("borough:1"), ..LocatedIn::default() };
        assert_eq!(counted_in(&known), UNKNOWN);
        known.region = some("region:16");
        assert_eq!(counted_in(&known), "region:16");
        known.mrc = some("mrc:58");
        assert_eq!(counted_in(&known), "mrc:58");
        known.municipality = some("municipality:58227");
        assert_eq!(counted_in(&known), "municipality:58227");
    }

    #[test]
    fn a_place_where_every_search_finds_nothing_is_shown() {
        let lattice = Lattice::new(2, 2, &[fact(0, 0, 20, 20), fact(1, 1, 30, 0)]);
        let zeros = lattice.figures(0, 0);
        assert_eq!((zeros.zeros, zeros.zero_share), (Shown::Value(20), Some(Shown::Value(1.0))));
        assert_eq!(lattice.figures(0, 1).zero_share, None, "nobody searched");
        assert_eq!(lattice.total(lattice.network()).searches, Shown::Value(50));
    }

    #[test]
    fn four_searches_are_hidden_and_cannot_be_found_by_subtraction() {
        let facts = [fact(0, 0, 40, 20), fact(0, 1, 4, 4), fact(1, 0, 30, 10), fact(1, 1, 50, 25)];
        let lattice = Lattice::new(2, 2, &facts);
        assert!(lattice.figures(0, 1).searches.is_hidden());
        assert_eq!(lattice.total(lattice.network()).searches, Shown::Value(124));
        for (row, column) in [(0, 0), (1, 1)] {
            assert!(lattice.figures(row, column).searches.is_hidden(), "{row} {column}");
        }
        let word = word_by_region(2, &[fact(0, 0, 9, 9), fact(1, 0, 2, 2)]);
        assert!(word[1].searches.is_hidden() && word[0].searches.is_hidden());
        assert_eq!(word[3].searches, Shown::Value(11));
    }

    /// Whether what is hidden of a line is one number only, which its total gives away.
    fn gives_away(parts: &[Shown<u64>], total: Shown<u64>, floor: u64) -> bool {
        let hidden = parts.iter().filter(|one| one.is_hidden()).count();
        let shown: u64 = parts.iter().filter_map(|one| one.value()).sum();
        let Some(total) = total.value() else { return false };
        (hidden == 1 && total > shown) || (hidden > 0 && total > shown && total - shown < floor)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// No grouping shows a small count, and none gives away what another hides.
        #[test]
        fn no_grouping_gives_away_what_is_hidden(
            counts in prop::collection::vec((0u64..=12, 0u64..=12), 12),
        ) {
            // Two regions of three municipalities, each with two categories.
            let at = |region: usize, place: usize, column: usize| {
                let (found, zeros) = counts[(region * 3 + place) * 2 + column];
                fact(region, column, found + zeros, zeros)
            };
            let facts: Vec<Fact> = (0..2)
                .flat_map(|region| (0..3).flat_map(move |place| (0..2).map(move |column| (region, place, column))))
                .map(|(region, place, column)| at(region, place, column))
                .collect();
            let lattice = Lattice::new(2, 2, &facts);
            for region in 0..2 {
                let parts: Vec<Fact> = (0..3).map(|place| {
                    let (one, other) = (at(region, place, 0), at(region, place, 1));
                    fact(region, 0, one.searches + other.searches, one.zeros + other.zeros)
                }).collect();
                let parts = lattice.parts(region, &parts);
                let total = lattice.total(region);
                for figures in parts.iter().chain([&total]) {
                    for shown in [figures.searches, figures.zeros] {
                        prop_assert!(shown.value().is_none_or(|count| count == 0 || count >= FAMILIES_MIN));
                    }
                    if let (Some(all), Some(zeros)) = (figures.searches.value(), figures.zeros.value()) {
                        let found = all - zeros;
                        prop_assert!(found == 0 || found >= FAMILIES_MIN, "{} found", found);
                    }
                }
                let of = |pick: fn(&Figures) -> Shown<u64>| parts.iter().map(pick).collect::<Vec<_>>();
                prop_assert!(!gives_away(&of(|one| one.searches), total.searches, FAMILIES_MIN));
                prop_assert!(!gives_away(&of(|one| one.zeros), total.zeros, FAMILIES_MIN));
            }
            for column in 0..lattice.columns() {
                let cells: Vec<Shown<u64>> = (0..3).map(|row| lattice.figures(row, column).searches).collect();
                let network = lattice.figures(lattice.network(), column).searches;
                prop_assert!(!gives_away(&cells, network, FAMILIES_MIN));
            }
        }
    }
}
