//! Unmet needs: region by top-level category over a whole period. Pure: it adds up needs that the store has read, and
//! decides which figures may be shown. A family counts once at each level: in its cell, in the row, in the column and
//! in the whole, so the families of a row are not the sum of its cells.

use super::need::UnmetReason;
use super::small_cells::{Cell, Shown, Table};

/// Layers of the table: what became of a need, then all of them.
pub const OUTCOMES: [&str; 5] = ["met", "partly_met", "unmet", "open", "no_longer_needed"];
const UNMET: usize = 2;
const RECORDED: usize = OUTCOMES.len();

/// One need of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeedFacts {
    /// Place in the list of regions; `None` is not known.
    pub region: Option<usize>,
    /// Place in the list of top-level categories.
    pub category: usize,
    /// Place in [`OUTCOMES`].
    pub outcome: usize,
    pub reason: Option<UnmetReason>,
    /// A number for the family; `None`: a need that nobody's file holds (an empty search).
    pub family: Option<u32>,
}

/// What is shown of one region and category, or of a total.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub recorded: Shown<u64>,
    /// Distinct families of the needs recorded.
    pub families: Shown<u64>,
    /// By [`OUTCOMES`].
    pub outcomes: [Shown<u64>; OUTCOMES.len()],
    /// Distinct families of the needs that are unmet.
    pub families_unmet: Shown<u64>,
    /// By `UnmetReason::ALL`.
    pub reasons: [Shown<u64>; UnmetReason::ALL.len()],
}

/// Rows are regions, then "not known", then the network; columns are categories, then all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmet {
    pub rows: usize,
    pub columns: usize,
    lines: Vec<Line>,
}

impl Unmet {
    pub fn line(&self, row: usize, column: usize) -> &Line {
        &self.lines[row * self.columns + column]
    }
}

/// Adds up the needs, which must come sorted by family, and hides what must be hidden.
pub fn compute(regions: usize, categories: usize, needs: &[NeedFacts]) -> Unmet {
    let (rows, columns) = (regions + 2, categories + 1);
    let mut outcomes = Counter::new(rows, columns, RECORDED + 1);
    let mut reasons = Counter::new(rows, columns, UnmetReason::ALL.len() + 1);
    for need in needs {
        let row = need.region.filter(|&region| region < regions).unwrap_or(regions);
        let column = need.category.min(categories - 1);
        outcomes.add(row, column, need.outcome, need.family);
        if need.outcome == UNMET {
            let reason = need.reason.unwrap_or(UnmetReason::Unknown);
            let layer = UnmetReason::ALL.iter().position(|one| *one == reason).unwrap_or(0);
            reasons.add(row, column, layer, need.family);
        }
    }
    let (mut outcomes, mut reasons) = (outcomes.table, reasons.table);
    outcomes.hide_small(|_, _, _, _| false);
    outcomes.hide_uniform();
    outcomes.protect();
    hide_reasons(rows, columns, &outcomes, &mut reasons);
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let lines = places.map(|(row, column)| line(row, column, &outcomes, &reasons)).collect();
    Unmet { rows, columns, lines }
}

/// The total of the reasons is the unmet layer, decided already: where it is hidden, all reasons are.
fn hide_reasons(rows: usize, columns: usize, outcomes: &Table, reasons: &mut Table) {
    let total = UnmetReason::ALL.len();
    for row in 0..rows {
        for column in 0..columns {
            if outcomes.is_shown(row, column, UNMET) {
                reasons.fix(row, column, total);
            } else {
                (0..=total).for_each(|layer| reasons.hide(row, column, layer));
            }
        }
    }
    reasons.hide_small(|_, _, _, _| false);
    reasons.hide_uniform();
    reasons.protect();
}

fn line(row: usize, column: usize, outcomes: &Table, reasons: &Table) -> Line {
    let count = |table: &Table, layer: usize| {
        Shown::when(table.is_shown(row, column, layer), table.get(row, column, layer).count)
    };
    let families =
        |layer: usize| Shown::when(outcomes.is_shown(row, column, layer), outcomes.get(row, column, layer).families);
    Line {
        recorded: count(outcomes, RECORDED),
        families: families(RECORDED),
        outcomes: std::array::from_fn(|layer| count(outcomes, layer)),
        families_unmet: families(UNMET),
        reasons: std::array::from_fn(|layer| count(reasons, layer)),
    }
}

/// Counts needs and distinct families in a cell and its seven totals.
struct Counter {
    table: Table,
    shape: [usize; 3],
    /// The last family counted in each cell: needs come sorted by family.
    last: Vec<Option<u32>>,
}

impl Counter {
    fn new(rows: usize, columns: usize, layers: usize) -> Self {
        let table = Table::layered(rows, columns, layers);
        Self { table, shape: [rows, columns, layers], last: vec![None; rows * columns * layers] }
    }
    fn add(&mut self, row: usize, column: usize, layer: usize, family: Option<u32>) {
        let [rows, columns, layers] = self.shape;
        for row in [row, rows - 1] {
            for column in [column, columns - 1] {
                for layer in [layer, layers - 1] {
                    let last = &mut self.last[(row * columns + column) * layers + layer];
                    let is_new = family.is_some() && *last != family;
                    if is_new {
                        *last = family;
                    }
                    self.table.add(row, column, layer, Cell { count: 1, families: u64::from(is_new) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(of: &[(usize, usize, usize, u32)]) -> Vec<NeedFacts> {
        let mut family = 0;
        let mut all = Vec::new();
        for &(region, category, outcome, families) in of {
            for _ in 0..families {
                family += 1;
                let reason = (outcome == UNMET).then_some(UnmetReason::TooFar);
                all.push(NeedFacts { region: Some(region), category, outcome, reason, family: Some(family) });
            }
        }
        all
    }

    #[test]
    fn a_family_counts_once_at_each_level() {
        let cells = [(0, 0), (0, 1), (1, 0), (1, 1)];
        let of: Vec<_> = cells.iter().flat_map(|&(r, c)| [(r, c, UNMET, 10), (r, c, 0, 10), (r, c, 1, 10)]).collect();
        let mut all = needs(&of);
        // The first ten families also ask for the second category.
        all.extend(needs(&[(0, 1, 0, 10)]));
        all.sort_by_key(|need| need.family);
        let unmet = compute(2, 2, &all);
        assert_eq!(unmet.line(0, 0).families, Shown::Value(30));
        assert_eq!(unmet.line(0, 1).families, Shown::Value(40));
        assert_eq!((unmet.line(0, 2).recorded, unmet.line(0, 2).families), (Shown::Value(70), Shown::Value(60)));
        assert_eq!((unmet.line(3, 2).recorded, unmet.line(3, 2).families), (Shown::Value(130), Shown::Value(120)));
        assert_eq!(unmet.line(3, 0).outcomes[UNMET], Shown::Value(20));
    }

    #[test]
    fn four_families_are_hidden_with_a_second_cell() {
        let unmet = compute(2, 2, &needs(&[(0, 0, 0, 4), (0, 1, 0, 20), (1, 0, 1, 30), (1, 1, 1, 40)]));
        assert!(unmet.line(0, 0).recorded.is_hidden());
        assert_eq!(unmet.line(3, 2).recorded, Shown::Value(94));
        for (row, column) in [(0, 1), (1, 0)] {
            assert!(unmet.line(row, column).recorded.is_hidden(), "{row} {column}");
        }
    }

    #[test]
    fn one_family_with_many_needs_is_hidden() {
        let one = |category| NeedFacts { region: Some(0), category, outcome: 0, reason: None, family: Some(1) };
        let all: Vec<NeedFacts> = (0..30).map(|index| one(index % 2)).collect();
        let unmet = compute(1, 2, &all);
        for row in 0..unmet.rows {
            for column in 0..unmet.columns {
                assert_eq!(unmet.line(row, column).recorded.value().unwrap_or(0), 0);
            }
        }
    }

    #[test]
    fn reasons_are_hidden_where_all_have_the_same() {
        let all =
            needs(&[(0, 0, UNMET, 20), (0, 1, 0, 20), (1, 0, 0, 20), (1, 1, UNMET, 20), (0, 0, 0, 20), (1, 1, 1, 9)]);
        let unmet = compute(2, 2, &all);
        assert!(unmet.line(0, 0).reasons.iter().all(Shown::is_hidden));
    }
}
