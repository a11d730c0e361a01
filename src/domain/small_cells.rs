//! Small cells: which figures of a table with totals may be shown. Knows counts only, not what they count.
//!
//! A cell that rests on fewer than five distinct families is hidden, whatever it counts. An empty cell rests on nobody
//! and is shown, unless everybody else of its line has the same value. Since totals are shown, one hidden cell of a
//! line could be found by subtraction, so others are hidden with it, until
//! 1. every hidden cell can still take another value: there is a *block* of cells around it, all hidden, whose values
//!    may go up and down together without changing a shown cell or a sum, and without going below one (a reader knows
//!    that a hidden cell is not empty, because those are shown);
//! 2. what is hidden in a line whose total is shown rests on five families at least, taken together.
//!
//! A block is two rows by two columns (by two layers where there are layers): the smallest move that keeps every sum.
//! Where no block does, an empty cell is hidden too, so that a hidden cell may be empty after all.

/// Fewer distinct families than this are never shown. An operator may raise the limit, never lower it.
pub const FAMILIES_MIN: u64 = 5;

const DIMENSIONS: usize = 3;

/// What hiding an empty cell costs, in families.
const EMPTY_PRICE: u64 = 100_000;

/// One figure of a table: what it counts, and the distinct families it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    pub count: u64,
    pub families: u64,
}

/// What is shown of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shown<T> {
    Value(T),
    Hidden,
}

impl<T> Shown<T> {
    pub fn when(visible: bool, value: T) -> Self {
        if visible { Self::Value(value) } else { Self::Hidden }
    }
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Hidden => None,
        }
    }
    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

/// A table of rows by columns by layers in which the last row, column and layer are the totals of the others. A table
/// without layers has a single one, which is no total.
#[derive(Debug, Clone)]
pub struct Table {
    shape: [usize; DIMENSIONS],
    cells: Vec<Cell>,
    hidden: Vec<bool>,
    /// Cells that somebody else shows or hides: here they count as shown, which is the harder case.
    fixed: Vec<bool>,
}

type At = [usize; DIMENSIONS];

impl Table {
    /// `rows` and `columns` include their totals. All cells begin at zero.
    pub fn flat(rows: usize, columns: usize) -> Self {
        Self::with_shape([rows, columns, 1])
    }
    /// `rows`, `columns` and `layers` include their totals.
    pub fn layered(rows: usize, columns: usize, layers: usize) -> Self {
        Self::with_shape([rows, columns, layers])
    }
    fn with_shape(shape: [usize; DIMENSIONS]) -> Self {
        let len = shape.iter().product();
        Self { shape, cells: vec![Cell::default(); len], hidden: vec![false; len], fixed: vec![false; len] }
    }
    fn index(&self, at: At) -> usize {
        (at[0] * self.shape[1] + at[1]) * self.shape[2] + at[2]
    }
    fn place(&self, index: usize) -> At {
        let [_, columns, layers] = self.shape;
        [index / layers / columns, index / layers % columns, index % layers]
    }
    pub fn set(&mut self, row: usize, column: usize, layer: usize, cell: Cell) {
        let index = self.index([row, column, layer]);
        self.cells[index] = cell;
    }
    /// The number of rows, their total included.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }
    /// Adds to a cell; the caller adds to its totals.
    pub fn add(&mut self, row: usize, column: usize, layer: usize, more: Cell) {
        let index = self.index([row, column, layer]);
        self.cells[index].count += more.count;
        self.cells[index].families += more.families;
    }
    pub fn get(&self, row: usize, column: usize, layer: usize) -> Cell {
        self.cells[self.index([row, column, layer])]
    }
    pub fn hide(&mut self, row: usize, column: usize, layer: usize) {
        let index = self.index([row, column, layer]);
        self.hidden[index] = true;
    }
    /// Marks a cell that this table may not hide: it is decided elsewhere.
    pub fn fix(&mut self, row: usize, column: usize, layer: usize) {
        let index = self.index([row, column, layer]);
        self.fixed[index] = true;
    }
    pub fn is_shown(&self, row: usize, column: usize, layer: usize) -> bool {
        !self.hidden[self.index([row, column, layer])]
    }

    /// Primary suppression: every cell on fewer than five families that is not empty. `but` lets through a cell that
    /// counts what concerns no family.
    pub fn hide_small(&mut self, but: impl Fn(usize, usize, usize, Cell) -> bool) {
        for index in 0..self.cells.len() {
            let [row, column, layer] = self.place(index);
            let cell = self.cells[index];
            let is_small = cell.count > 0 && cell.families < FAMILIES_MIN;
            if !self.fixed[index] && is_small && !but(row, column, layer, cell) {
                self.hidden[index] = true;
            }
        }
    }
    /// Hides the layers (or the columns of a flat table) that hold everybody of their total: a cell where all have
    /// the same value says that value of each family in it.
    pub fn hide_uniform(&mut self) {
        let dimension = if self.shape[2] > 1 { 2 } else { 1 };
        for index in 0..self.cells.len() {
            let mut at = self.place(index);
            let last = self.shape[dimension] - 1;
            if at[dimension] == last {
                continue;
            }
            at[dimension] = last;
            let total = self.cells[self.index(at)];
            if !self.fixed[index] && total.count > 0 && self.cells[index].count == total.count {
                self.hidden[index] = true;
            }
        }
    }

    /// Complementary suppression: hides more cells until no hidden one can be found by subtraction (rules 1 and 2).
    /// Ends because each step hides at least one more cell.
    pub fn protect(&mut self) {
        loop {
            let mut changed = false;
            for index in 0..self.cells.len() {
                if self.hidden[index] && !self.fixed[index] && !self.is_plainly_empty(index) {
                    changed |= self.protect_cell(index);
                }
            }
            changed |= self.thicken_lines();
            if !changed {
                return;
            }
        }
    }

    /// The total of a line is shown and is zero: so are its parts, and nobody is in them.
    fn is_plainly_empty(&self, index: usize) -> bool {
        let at = self.place(index);
        (0..DIMENSIONS).any(|dimension| {
            let mut total = at;
            total[dimension] = self.shape[dimension] - 1;
            let total = self.index(total);
            total != index && self.cells[total].count == 0 && (!self.hidden[total] || self.fixed[total])
        })
    }

    /// Gives one hidden cell the cheapest block that lets it move. True when that hid another cell.
    fn protect_cell(&mut self, index: usize) -> bool {
        let at = self.place(index);
        let strict = self.cheapest_block(at, 1);
        if matches!(strict, Some((0, _))) {
            return false;
        }
        let loose = self.cheapest_block(at, 0);
        let dear = |cost: u64| loose.is_some_and(|(least, _)| cost > least.saturating_add(EMPTY_PRICE * 1_000));
        if let Some((_, other)) = strict.filter(|(cost, _)| !dear(*cost)) {
            let block: Vec<usize> = self.corners(at, other).map(|(index, _)| index).collect();
            return self.hide_all(&block);
        }
        // Only a block that lets a cell become empty is left: one that is empty is hidden too, so that a reader does
        // not know that hidden cells are not.
        let mut more = self.empty_neighbour(at);
        match self.cheapest_block(at, 0) {
            Some((_, other)) => more.extend(self.corners(at, other).map(|(index, _)| index)),
            None => more.extend((0..self.shape[1]).map(|column| self.index([at[0], column, at[2]]))),
        }
        self.hide_all(&more)
    }

    /// An empty cell of the same row, column or layers: one that is hidden already, else the first; none where all
    /// hold something.
    fn empty_neighbour(&self, at: At) -> Vec<usize> {
        let mut found: Option<usize> = None;
        for dimension in 0..DIMENSIONS {
            for step in 0..self.shape[dimension] {
                let mut other = at;
                other[dimension] = step;
                let index = self.index(other);
                if self.cells[index].count > 0 || self.fixed[index] {
                    continue;
                }
                if self.hidden[index] {
                    return Vec::new();
                }
                found = found.or(Some(index));
            }
        }
        found.into_iter().collect()
    }

    fn hide_all(&mut self, cells: &[usize]) -> bool {
        let mut changed = false;
        for &index in cells {
            changed |= !self.hidden[index] && !self.fixed[index];
            self.hidden[index] |= !self.fixed[index];
        }
        changed
    }

    /// The block that hides least: nothing more, when one is hidden already. `floor` is what no cell falls below.
    fn cheapest_block(&self, at: At, floor: u64) -> Option<(u64, At)> {
        let mut best: Option<(u64, At)> = None;
        for row in 0..self.shape[0] {
            for column in 0..self.shape[1] {
                for layer in 0..self.shape[2] {
                    let other = [row, column, layer];
                    let Some(cost) = self.block_cost(at, other, floor) else { continue };
                    if cost == 0 {
                        return Some((0, other));
                    }
                    if best.is_none_or(|(least, _)| cost < least) {
                        best = Some((cost, other));
                    }
                }
            }
        }
        best
    }

    /// The cells of the block between two opposite corners, each with the sense in which its count moves when the
    /// first corner goes up. A total moves against its place, because it stands on the other side of its sum.
    fn corners(&self, at: At, other: At) -> impl Iterator<Item = (usize, bool)> + '_ {
        let dimensions = if self.shape[2] > 1 { 3 } else { 2 };
        (0..1usize << dimensions).map(move |mask| {
            let mut corner = at;
            let mut up = true;
            for dimension in 0..dimensions {
                if mask >> dimension & 1 == 1 {
                    corner[dimension] = other[dimension];
                    up = !up;
                }
                if corner[dimension] == self.shape[dimension] - 1 {
                    up = !up;
                }
                if at[dimension] == self.shape[dimension] - 1 {
                    up = !up;
                }
            }
            (self.index(corner), up)
        })
    }

    /// What hiding a block costs: nothing when all of it is hidden already; `None` when it cannot move without a count
    /// below the floor, or holds a fixed cell. Totals are dearer than what they add up.
    fn block_cost(&self, at: At, other: At, floor: u64) -> Option<u64> {
        let dimensions = if self.shape[2] > 1 { 3 } else { 2 };
        if (0..dimensions).any(|dimension| at[dimension] == other[dimension]) {
            return None;
        }
        let (mut cost, mut rises, mut falls) = (0u64, true, true);
        for (index, up) in self.corners(at, other) {
            if self.fixed[index] {
                return None;
            }
            if self.cells[index].count <= floor {
                // It may only go up.
                if up { falls = false } else { rises = false }
            }
            if !rises && !falls {
                return None;
            }
            if !self.hidden[index] {
                cost = cost.saturating_add(self.price(index));
            }
        }
        Some(cost)
    }

    fn price(&self, index: usize) -> u64 {
        let at = self.place(index);
        let layered = self.shape[2] > 1;
        let totals = (0..DIMENSIONS)
            .filter(|&dimension| (dimension < 2 || layered) && at[dimension] == self.shape[dimension] - 1);
        let factor = 1_000u64.saturating_pow(u32::try_from(totals.count()).unwrap_or(0));
        // An empty cell protects little, and shows much.
        let families = if self.cells[index].count == 0 { EMPTY_PRICE } else { self.cells[index].families };
        families.saturating_add(1).saturating_mul(factor)
    }

    /// Rule 2 on every line: hides the smallest shown cell, in the end the total, where too little is hidden.
    fn thicken_lines(&mut self) -> bool {
        let mut changed = false;
        let dimensions = if self.shape[2] > 1 { 3 } else { 2 };
        for dimension in 0..dimensions {
            for start in 0..self.cells.len() {
                let at = self.place(start);
                if at[dimension] == 0 {
                    changed |= self.thicken_line(at, dimension);
                }
            }
        }
        changed
    }

    fn thicken_line(&mut self, start: At, dimension: usize) -> bool {
        let last = self.shape[dimension] - 1;
        let line: Vec<usize> = (0..=last)
            .map(|step| {
                let mut at = start;
                at[dimension] = step;
                self.index(at)
            })
            .collect();
        let Some((&total, parts)) = line.split_last() else { return false };
        let (mut families, mut any) = (0, false);
        for &index in parts.iter().filter(|&&index| self.hidden[index]) {
            families += self.cells[index].families;
            // Hidden cells that are all empty hide nobody.
            any |= self.cells[index].count > 0;
        }
        if !any || families >= FAMILIES_MIN || self.hidden[total] {
            return false;
        }
        let helps = |index: &&usize| !self.hidden[**index] && !self.fixed[**index] && self.cells[**index].families > 0;
        let smallest = parts.iter().filter(helps).min_by_key(|&&index| self.cells[index].families);
        match smallest.copied().or_else(|| (!self.fixed[total]).then_some(total)) {
            Some(index) => {
                self.hidden[index] = true;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every filling of a flat table that agrees with what is shown, up to a bound: the whole knowledge of a reader
    /// who subtracts. Written apart from the code above: it enumerates, it does not look for blocks.
    struct Reader<'a> {
        table: &'a Table,
        /// A hidden cell is not empty, unless some are.
        floor: u64,
        bound: u64,
        seen: Vec<Vec<u64>>,
    }

    impl Reader<'_> {
        fn is_sure(&self) -> bool {
            (0..self.seen.len()).all(|index| !self.table.hidden[index] || self.seen[index].len() == 2)
        }
        fn fill(&mut self, interior: &mut Vec<u64>) {
            if self.is_sure() {
                return;
            }
            let [rows, columns, _] = self.table.shape;
            let next = interior.len();
            if next == (rows - 1) * (columns - 1) {
                self.keep(interior);
                return;
            }
            let (row, column) = (next / (columns - 1), next % (columns - 1));
            let known = self.table.is_shown(row, column, 0).then(|| self.table.get(row, column, 0).count);
            let range = known.map_or(self.floor..=self.bound, |count| count..=count);
            for count in range {
                interior.push(count);
                if self.may_be(interior) {
                    self.fill(interior);
                }
                interior.pop();
            }
        }
        /// Checks the row that has just been completed.
        fn may_be(&self, interior: &[u64]) -> bool {
            let [_, columns, _] = self.table.shape;
            if !interior.len().is_multiple_of(columns - 1) {
                return true;
            }
            let row = interior.len() / (columns - 1) - 1;
            let sum: u64 = interior[row * (columns - 1)..].iter().sum();
            !self.table.is_shown(row, columns - 1, 0) || self.table.get(row, columns - 1, 0).count == sum
        }
        fn keep(&mut self, interior: &[u64]) {
            let [rows, columns, _] = self.table.shape;
            let at = |row: usize, column: usize| interior[row * (columns - 1) + column];
            let mut all = vec![0; rows * columns];
            for row in 0..rows {
                for column in 0..columns {
                    let of_row = |row: usize| (0..columns - 1).map(|column| at(row, column)).sum::<u64>();
                    all[row * columns + column] = match (row == rows - 1, column == columns - 1) {
                        (false, false) => at(row, column),
                        (false, true) => of_row(row),
                        (true, false) => (0..rows - 1).map(|row| at(row, column)).sum(),
                        (true, true) => (0..rows - 1).map(of_row).sum(),
                    };
                }
            }
            let agrees = all
                .iter()
                .enumerate()
                .all(|(index, &count)| self.table.hidden[index] || self.table.cells[index].count == count);
            if agrees {
                for (seen, count) in self.seen.iter_mut().zip(all) {
                    if seen.len() < 2 && !seen.contains(&count) {
                        seen.push(count);
                    }
                }
            }
        }
    }

    fn table_of(rows: usize, columns: usize, interior: &[u64]) -> Table {
        let mut table = Table::flat(rows + 1, columns + 1);
        for row in 0..rows {
            for column in 0..columns {
                let count = interior[row * columns + column];
                for (to_row, to_column) in [(row, column), (rows, column), (row, columns), (rows, columns)] {
                    let before = table.get(to_row, to_column, 0);
                    let cell = Cell { count: before.count + count, families: before.families + count };
                    table.set(to_row, to_column, 0, cell);
                }
            }
        }
        table
    }

    fn found_by_subtraction(table: &Table) -> Vec<usize> {
        let [rows, columns, _] = table.shape;
        let bound = 8;
        let empty = (0..rows * columns).any(|index| table.hidden[index] && table.cells[index].count == 0);
        let mut reader = Reader { table, floor: u64::from(!empty), bound, seen: vec![Vec::new(); rows * columns] };
        reader.fill(&mut Vec::new());
        let found = |index: &usize| table.hidden[*index] && reader.seen[*index].len() < 2;
        (0..rows * columns).filter(found).filter(|&index| !table.is_plainly_empty(index)).collect()
    }

    fn shown_smallest(table: &Table) -> u64 {
        let shown = (0..table.cells.len()).filter(|&index| !table.hidden[index] && table.cells[index].count > 0);
        shown.map(|index| table.cells[index].families).min().unwrap_or(u64::MAX)
    }

    #[test]
    fn one_small_cell_takes_three_others_with_it() {
        let mut table = table_of(3, 3, &[30, 20, 40, 3, 50, 60, 70, 25, 90]);
        table.hide_small(|_, _, _, _| false);
        assert_eq!(table.hidden.iter().filter(|hidden| **hidden).count(), 1);
        table.protect();
        let hidden: Vec<At> = (0..table.cells.len()).filter(|&i| table.hidden[i]).map(|i| table.place(i)).collect();
        // The cheapest block: 20 and 30 of the first row with 3 and 50 of the second.
        assert_eq!(hidden, [[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]]);
    }

    #[test]
    fn the_reader_finds_what_primary_suppression_alone_leaves() {
        let mut table = table_of(2, 2, &[6, 2, 7, 8]);
        table.hide_small(|_, _, _, _| false);
        assert_eq!(found_by_subtraction(&table), [1], "2 = 8 - 6");
        table.protect();
        assert_eq!(found_by_subtraction(&table), Vec::<usize>::new());
    }

    #[test]
    fn a_column_that_holds_everybody_is_hidden() {
        let mut table = table_of(2, 2, &[8, 0, 7, 8]);
        table.hide_uniform();
        assert!(!table.is_shown(0, 0, 0));
        assert!(table.is_shown(1, 0, 0));
    }

    #[test]
    fn layers_are_protected_too() {
        // Two rows, two columns, two layers, each with its total: one small cell hides the eight of a block.
        let mut table = Table::layered(3, 3, 3);
        let inside = [[[20, 3], [30, 20]], [[40, 30], [25, 35]]];
        for (row, columns) in inside.iter().enumerate() {
            for (column, layers) in columns.iter().enumerate() {
                for (layer, &count) in layers.iter().enumerate() {
                    for to in (0..8).map(|m: usize| (m & 1, m >> 1 & 1, m >> 2 & 1)) {
                        let at = |here: usize, total: usize| if total == 1 { 2 } else { here };
                        let (r, c, l) = (at(row, to.0), at(column, to.1), at(layer, to.2));
                        let sum = table.get(r, c, l).count + count;
                        table.set(r, c, l, Cell { count: sum, families: sum });
                    }
                }
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        assert_eq!(table.hidden.iter().filter(|hidden| **hidden).count(), 8);
        assert!(table.is_shown(2, 2, 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Whatever the table, nothing small is shown and no hidden cell has a single possible value.
        #[test]
        fn nothing_hidden_is_found(
            rows in 1usize..=3, columns in 1usize..=2, seed in prop::collection::vec(0u64..=7, 6),
        ) {
            let mut table = table_of(rows, columns, &seed[..rows * columns]);
            table.hide_small(|_, _, _, _| false);
            table.protect();
            prop_assert!(shown_smallest(&table) >= FAMILIES_MIN);
            prop_assert_eq!(found_by_subtraction(&table), Vec::<usize>::new());
        }

        /// What a reader gets for the hidden part of a line, taken together, is never fewer than five families.
        #[test]
        fn the_hidden_part_of_a_line_is_never_small(
            rows in 1usize..=5, columns in 1usize..=5, seed in prop::collection::vec(0u64..=40, 25),
        ) {
            let mut table = table_of(rows, columns, &seed[..rows * columns]);
            table.hide_small(|_, _, _, _| false);
            table.protect();
            for row in 0..=rows {
                if !table.is_shown(row, columns, 0) {
                    continue;
                }
                let hidden = (0..columns).filter(|&column| !table.is_shown(row, column, 0));
                let counts: Vec<u64> = hidden.map(|column| table.get(row, column, 0).count).collect();
                prop_assert!(counts.is_empty() || counts.iter().sum::<u64>() >= FAMILIES_MIN);
            }
        }
    }
}
