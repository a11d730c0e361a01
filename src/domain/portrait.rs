//! The portrait of a period: who was accompanied, what they live with, what they asked for. Pure: it adds up the facts
//! of each family that the store has read, region by region, and decides which figures may be shown.
//!
//! The words are those of the regional table. *Accompanied*: at least one contact, need, activity or referral in the
//! period. What is observed counts when it was true at any time in the period, so that success does not erase it. Age
//! is taken at the end of the period; *under five* is under 60 months and born, *five or less* under 72 months, unborn
//! included. Every figure says what it is a part of and how many are unknown: unknown is never zero.
//!
//! Regions are made together, because a region can be found by subtracting the others from the network.

use super::family::{ActivityKind, Child, Fact, Factor, FamilyType, Observation, Origin};
use super::month::{Month, Period};
use super::small_cells::{Cell, Shown, Table};

/// Ages of the children of one family at the end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Children {
    pub all: u32,
    pub under_five: u32,
    pub five_or_less: u32,
    pub age_unknown: u32,
}

impl Children {
    /// Adds a child at the end of a period; `None`: neither its birth nor its due month is known.
    pub fn add(&mut self, child: Option<Child>, end: Month) {
        self.all += 1;
        let Some(child) = child else {
            self.age_unknown += 1;
            return;
        };
        self.under_five += u32::from(child.is_under_five(end));
        self.five_or_less += u32::from(child.is_five_or_less(end));
    }
}

/// What was true of a family at any time in a period: said within it, or said last before it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    pub isolated: Option<bool>,
    pub single_parent: Option<bool>,
    pub father_figure: Option<bool>,
    factors: [Option<bool>; Factor::ALL.len()],
}

impl Seen {
    /// Observations of one family in the order of their days, and of their recording within a day.
    pub fn over(observations: &[Observation], period: Period) -> Self {
        let mut seen = Self::default();
        let last = period.last_day();
        for one in observations.iter().filter(|one| one.observed_on <= last) {
            let before = one.observed_on <= period.first_day();
            let (answer, is_so) = match one.fact {
                Fact::Isolated(yes) => (&mut seen.isolated, yes),
                Fact::FamilyType(word) => (&mut seen.single_parent, word == FamilyType::SingleParent),
                Fact::FatherFigure(yes) => (&mut seen.father_figure, yes),
                Fact::Vulnerability { factor, present } => {
                    let place = Factor::ALL.iter().position(|one| *one == factor).unwrap_or(0);
                    (&mut seen.factors[place], present)
                }
            };
            // What was said before holds until something else is said; within the period, once true is enough.
            *answer = Some(if before { is_so } else { is_so || *answer == Some(true) });
        }
        seen
    }
    /// Bit n: `Factor::ALL[n]`; `None` when nobody looked at any.
    pub fn factors(&self) -> Option<u32> {
        let looked = self.factors.iter().any(Option::is_some);
        let bits = (0u32..).zip(&self.factors).filter(|(_, factor)| **factor == Some(true));
        looked.then(|| bits.fold(0, |all, (bit, _)| all | 1 << bit))
    }
}

/// What the period holds of one accompanied family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FamilyFacts {
    /// Place in the list of regions; `None` is not known.
    pub region: Option<usize>,
    /// `true` is urban, `false` rural.
    pub urban: Option<bool>,
    /// Place in the list of carrying organisations.
    pub organization: usize,
    /// Bit n: accompanied in month n of the period.
    pub months: u64,
    pub isolated: Option<bool>,
    pub single_parent: Option<bool>,
    pub father_figure: Option<bool>,
    /// Bit n: `Factor::ALL[n]` was seen; `None`: nobody looked.
    pub factors: Option<u32>,
    pub origin: Option<Origin>,
    pub children: Children,
    pub referrals: u32,
    /// Distinct organisations that received one of them.
    pub receivers: u32,
    /// Distinct top-level categories of need.
    pub categories: u32,
    /// By `ActivityKind::ALL`.
    pub activities: [u32; ActivityKind::ALL.len()],
}

/// An organisation that employs workers, enrolled by the end of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carrier {
    /// Bit n: enrolled in month n of the period.
    pub enrolled_months: u64,
    /// Places in the list of regions where it has a location.
    pub regions: Vec<usize>,
}

#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// How many regions there are; the rows of every table, one more for "not known", one more for the network.
    pub regions: usize,
    pub families: Vec<FamilyFacts>,
    pub carriers: Vec<Carrier>,
    /// Activities that concern no family, by kind: they belong to no region.
    pub loose_activities: [u32; ActivityKind::ALL.len()],
    /// Referrals for a need that nobody's file holds.
    pub loose_referrals: u64,
    /// Distinct organisations that received a referral: by region of the family, then unknown, then the network.
    pub receivers: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    Count(u64),
    Measure(f64),
}

/// What a figure is a part of: the word, and how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Denominator {
    pub of: &'static str,
    pub count: Shown<u64>,
}

/// One line of the portrait.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub code: &'static str,
    /// `urban`, `rural` or `unknown`, for the figures that are told apart.
    pub area: Option<&'static str>,
    /// The factor, origin or kind, for the figures of a list.
    pub word: Option<&'static str>,
    pub value: Shown<Quantity>,
    pub denominator: Denominator,
    pub unknown: Shown<u64>,
    /// `value / denominator`, where that is a share.
    pub share: Option<Shown<f64>>,
}

/// The portrait of every region and of the network, made together.
#[derive(Debug, Clone, PartialEq)]
pub struct Portraits {
    /// By region, then "not known", then the network.
    pub levels: Vec<Vec<Figure>>,
}

impl Portraits {
    pub fn network(&self) -> &[Figure] {
        self.levels.last().map_or(&[], Vec::as_slice)
    }
    pub fn region(&self, region: usize) -> &[Figure] {
        self.levels.get(region).map_or(&[], Vec::as_slice)
    }
}

/// Adds up everything and hides what must be hidden.
pub fn compute(facts: &Facts) -> Portraits {
    let maker = Maker { facts, rows: facts.regions + 2 };
    let mut levels = vec![Vec::new(); maker.rows];
    let accompanied = maker.accompanied();
    for (row, level) in levels.iter_mut().enumerate() {
        level.push(accompanied.figure(row));
    }
    let isolated = maker.traits("isolated_families", &accompanied, |family| family.isolated);
    isolated.push_to(&mut levels);
    maker.isolated_with_child(&isolated).push_to(&mut levels);
    maker.children(&accompanied, &mut levels);
    maker.referrals(&accompanied, &mut levels);
    maker.needs(&accompanied, &mut levels);
    maker.traits("single_parent_families", &accompanied, |family| family.single_parent).push_to(&mut levels);
    maker.traits("families_with_father_figure", &accompanied, |family| family.father_figure).push_to(&mut levels);
    maker.vulnerability(&accompanied, &mut levels);
    maker.origins(&accompanied, &mut levels);
    maker.activities(&mut levels);
    maker.organizations(&accompanied, &mut levels);
    Portraits { levels }
}

struct Maker<'a> {
    facts: &'a Facts,
    rows: usize,
}

/// How many families of each level are in a group, and whether that may be shown.
struct Group {
    of: &'static str,
    counts: Vec<u64>,
    shown: Vec<bool>,
    unknown_region: Shown<u64>,
}

impl Group {
    fn count(&self, row: usize) -> Shown<u64> {
        Shown::when(self.shown[row], self.counts[row])
    }
    fn figure(&self, row: usize) -> Figure {
        Figure {
            code: "families_accompanied",
            area: None,
            word: None,
            value: Shown::when(self.shown[row], Quantity::Count(self.counts[row])),
            denominator: Denominator { of: self.of, count: self.count(row) },
            unknown: self.unknown_region,
            share: None,
        }
    }
}

/// A yes, no or unknown over a group, at every level.
struct Trait {
    code: &'static str,
    area: Option<&'static str>,
    word: Option<&'static str>,
    of: &'static str,
    table: Table,
}

const YES: usize = 0;
const NO: usize = 1;
const UNKNOWN: usize = 2;
const ALL: usize = 3;

impl Trait {
    fn figure(&self, row: usize) -> Figure {
        let count = |column: usize| self.table.get(row, column, 0).count;
        let shown = |column: usize| self.table.is_shown(row, column, 0);
        let known = count(YES) + count(NO);
        let known_shown = (shown(YES) && shown(NO)) || (shown(UNKNOWN) && shown(ALL));
        Figure {
            code: self.code,
            area: self.area,
            word: self.word,
            value: Shown::when(shown(YES), Quantity::Count(count(YES))),
            denominator: Denominator { of: self.of, count: Shown::when(known_shown, known) },
            unknown: Shown::when(shown(UNKNOWN), count(UNKNOWN)),
            share: Some(Shown::when(shown(YES) && known_shown && known > 0, ratio(count(YES), known))),
        }
    }
    fn push_to(&self, levels: &mut [Vec<Figure>]) {
        for (row, level) in levels.iter_mut().enumerate() {
            level.push(self.figure(row));
        }
    }
    /// The families that said yes, as the group of a finer figure.
    fn yes(&self, of: &'static str) -> Group {
        let rows = self.table_rows();
        Group {
            of,
            counts: (0..rows).map(|row| self.table.get(row, YES, 0).count).collect(),
            shown: (0..rows).map(|row| self.table.is_shown(row, YES, 0)).collect(),
            unknown_region: Shown::Hidden,
        }
    }
    fn table_rows(&self) -> usize {
        self.table.rows()
    }
}

impl<'a> Maker<'a> {
    fn row_of(&self, family: &FamilyFacts) -> usize {
        family.region.filter(|&region| region < self.facts.regions).unwrap_or(self.facts.regions)
    }
    /// The rows that one family counts in: its region's (or "not known") and the network's.
    fn rows_of(&self, family: &FamilyFacts) -> [usize; 2] {
        [self.row_of(family), self.rows - 1]
    }
    fn families(&self) -> impl Iterator<Item = &'a FamilyFacts> {
        self.facts.families.iter()
    }

    /// A group of families by region. Its table has one column and the same again as total.
    fn group(&self, of: &'static str, is_in: impl Fn(&FamilyFacts) -> bool, within: Option<&Group>) -> Group {
        let mut counts = vec![0u64; self.rows];
        for family in self.families().filter(|family| is_in(family)) {
            for row in self.rows_of(family) {
                counts[row] += 1;
            }
        }
        let mut table = Table::flat(self.rows, 2);
        for (row, &count) in counts.iter().enumerate() {
            for column in 0..2 {
                table.set(row, column, 0, Cell { count, families: count });
                if within.is_some_and(|group| !group.shown[row]) {
                    table.hide(row, column, 0);
                }
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        let shown: Vec<bool> =
            (0..self.rows).map(|row| table.is_shown(row, 0, 0) && table.is_shown(row, 1, 0)).collect();
        let nowhere = self.facts.regions;
        Group { of, unknown_region: Shown::when(shown[nowhere], counts[nowhere]), counts, shown }
    }
    fn accompanied(&self) -> Group {
        self.group("families_accompanied", |_| true, None)
    }

    /// A table under a group: the last column is the group, decided already.
    fn table_under(&self, columns: usize, group: &Group) -> Table {
        let mut table = Table::flat(self.rows, columns + 1);
        for row in 0..self.rows {
            if group.shown[row] {
                table.fix(row, columns, 0);
            } else {
                (0..=columns).for_each(|column| table.hide(row, column, 0));
            }
        }
        table
    }
    fn traits(&self, code: &'static str, group: &Group, of: impl Fn(&FamilyFacts) -> Option<bool>) -> Trait {
        self.traits_within(code, group, |_| true, of)
    }
    fn traits_within(
        &self,
        code: &'static str,
        group: &Group,
        is_in: impl Fn(&FamilyFacts) -> bool,
        of: impl Fn(&FamilyFacts) -> Option<bool>,
    ) -> Trait {
        let mut table = self.table_under(3, group);
        for family in self.families().filter(|family| is_in(family)) {
            let column = match of(family) {
                Some(true) => YES,
                Some(false) => NO,
                None => UNKNOWN,
            };
            for row in self.rows_of(family) {
                table.add(row, column, 0, Cell { count: 1, families: 1 });
                table.add(row, ALL, 0, Cell { count: 1, families: 1 });
            }
        }
        table.hide_small(|_, _, _, _| false);
        for row in 0..self.rows {
            // Where all that is known is the same, the figure would say it of each of them.
            let (yes, no) = (table.get(row, YES, 0).count, table.get(row, NO, 0).count);
            if (yes == 0) != (no == 0) {
                table.hide(row, YES, 0);
                table.hide(row, NO, 0);
            }
        }
        table.protect();
        Trait { code, area: None, word: None, of: group.of, table }
    }

    fn isolated_with_child(&self, isolated: &Trait) -> Trait {
        let group = isolated.yes("isolated_families");
        let is_isolated = |family: &FamilyFacts| family.isolated == Some(true);
        self.traits_within("isolated_families_with_child_under_five", &group, is_isolated, |family| {
            let children = &family.children;
            match (children.under_five > 0, children.all > 0 && children.age_unknown == 0) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            }
        })
    }

    /// The families with something to count.
    fn support(&self, of: &'static str, group: &Group, is_in: impl Fn(&FamilyFacts) -> bool) -> Group {
        let mut table = self.table_under(2, group);
        for family in self.families() {
            let column = usize::from(!is_in(family));
            for row in self.rows_of(family) {
                table.add(row, column, 0, Cell { count: 1, families: 1 });
                table.add(row, 2, 0, Cell { count: 1, families: 1 });
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        Group {
            of,
            counts: (0..self.rows).map(|row| table.get(row, 0, 0).count).collect(),
            shown: (0..self.rows).map(|row| table.is_shown(row, 0, 0)).collect(),
            unknown_region: Shown::Hidden,
        }
    }

    /// How many accompanied families the group leaves out, when both may be seen.
    fn left_out(accompanied: &Group, group: &Group, row: usize) -> Shown<u64> {
        let visible = accompanied.shown[row] && group.shown[row];
        Shown::when(visible, accompanied.counts[row].saturating_sub(group.counts[row]))
    }

    fn children(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let with_children = self.support("families_with_children", accompanied, |family| family.children.all > 0);
        let mut ages = self.table_under(3, &with_children);
        for family in self.families().filter(|family| family.children.all > 0) {
            let children = &family.children;
            let older = children.all - children.five_or_less - children.age_unknown;
            let columns = [children.five_or_less, older, children.age_unknown, children.all];
            for row in self.rows_of(family) {
                for (column, count) in columns.into_iter().enumerate() {
                    let families = u64::from(count > 0);
                    ages.add(row, column, 0, Cell { count: u64::from(count), families });
                }
            }
        }
        ages.hide_small(|_, _, _, _| false);
        ages.protect();
        let five_or_less = Trait { code: "children_five_or_less", area: None, word: None, of: "children", table: ages };
        for (row, level) in levels.iter_mut().enumerate() {
            let count = five_or_less.table.get(row, ALL, 0).count;
            level.push(Figure {
                code: "children",
                area: None,
                word: None,
                value: Shown::when(with_children.shown[row], Quantity::Count(count)),
                denominator: Denominator { of: with_children.of, count: with_children.count(row) },
                unknown: Self::left_out(accompanied, &with_children, row),
                share: None,
            });
            level.push(five_or_less.figure(row));
        }
    }

    fn referrals(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let sent = self.support("families_with_referral", accompanied, |family| family.referrals > 0);
        let totals = self.totals(|family| family.referrals);
        let with_receiver = self.support("families_with_receiving_organization", &sent, |family| family.receivers > 0);
        let receivers = self.samples(|family| (family.receivers > 0).then_some(family.receivers));
        for (row, level) in levels.iter_mut().enumerate() {
            let figure = |code, group: &Group, value, unknown| Figure {
                code,
                area: None,
                word: None,
                value,
                denominator: Denominator { of: group.of, count: group.count(row) },
                unknown,
                share: None,
            };
            let count = Shown::when(sent.shown[row], Quantity::Count(totals[row]));
            let nowhere = if row == self.rows - 1 { self.facts.loose_referrals } else { 0 };
            level.push(figure("referrals", &sent, count, Shown::Value(nowhere)));
            let may = with_receiver.shown[row] && varies(&receivers[row]);
            let middle = Shown::when(may, Quantity::Measure(median(&receivers[row])));
            let unknown = Self::left_out(&sent, &with_receiver, row);
            level.push(figure("receiving_organizations_median", &with_receiver, middle, unknown));
            let distinct = self.facts.receivers.get(row).copied().unwrap_or(0);
            let partners = Shown::when(with_receiver.shown[row], Quantity::Count(distinct));
            level.push(figure("receiving_organizations", &with_receiver, partners, unknown));
        }
    }

    fn needs(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let asked = self.support("families_with_need", accompanied, |family| family.categories > 0);
        let samples = self.samples(|family| (family.categories > 0).then_some(family.categories));
        for (row, level) in levels.iter_mut().enumerate() {
            let may = asked.shown[row] && varies(&samples[row]);
            level.push(Figure {
                code: "need_categories_mean",
                area: None,
                word: None,
                value: Shown::when(may, Quantity::Measure(mean(&samples[row]))),
                denominator: Denominator { of: asked.of, count: asked.count(row) },
                unknown: Self::left_out(accompanied, &asked, row),
                share: None,
            });
        }
    }

    fn vulnerability(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let areas = [("urban", Some(true)), ("rural", Some(false)), ("unknown", None)];
        let mut table = self.table_under(areas.len(), accompanied);
        for family in self.families() {
            let column = areas.iter().position(|area| area.1 == family.urban).unwrap_or(2);
            for row in self.rows_of(family) {
                table.add(row, column, 0, Cell { count: 1, families: 1 });
                table.add(row, 3, 0, Cell { count: 1, families: 1 });
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        for (column, (area, urban)) in areas.into_iter().enumerate() {
            let group = Group {
                of: "families_accompanied",
                counts: (0..self.rows).map(|row| table.get(row, column, 0).count).collect(),
                shown: (0..self.rows).map(|row| table.is_shown(row, column, 0)).collect(),
                unknown_region: Shown::Hidden,
            };
            for (bit, factor) in Factor::ALL.iter().enumerate() {
                let is_in = |family: &FamilyFacts| family.urban == urban;
                let seen = |family: &FamilyFacts| family.factors.map(|factors| factors >> bit & 1 == 1);
                let mut one = self.traits_within("vulnerability", &group, is_in, seen);
                one.area = Some(area);
                one.word = Some(factor.as_str());
                one.push_to(levels);
            }
        }
    }

    fn origins(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let unknown = Origin::ALL.len();
        let mut table = self.table_under(unknown + 1, accompanied);
        for family in self.families() {
            let place = family.origin.and_then(|origin| Origin::ALL.iter().position(|one| *one == origin));
            for row in self.rows_of(family) {
                table.add(row, place.unwrap_or(unknown), 0, Cell { count: 1, families: 1 });
                table.add(row, unknown + 1, 0, Cell { count: 1, families: 1 });
            }
        }
        table.hide_small(|_, _, _, _| false);
        table.protect();
        for (row, level) in levels.iter_mut().enumerate() {
            let missing = table.get(row, unknown, 0).count;
            let known_shown = table.is_shown(row, unknown, 0) && accompanied.shown[row];
            let known = accompanied.counts[row] - missing;
            for (column, origin) in Origin::ALL.iter().enumerate() {
                let (count, shown) = (table.get(row, column, 0).count, table.is_shown(row, column, 0));
                level.push(Figure {
                    code: "origin_of_contact",
                    area: None,
                    word: Some(origin.as_str()),
                    value: Shown::when(shown, Quantity::Count(count)),
                    denominator: Denominator { of: accompanied.of, count: Shown::when(known_shown, known) },
                    unknown: Shown::when(table.is_shown(row, unknown, 0), missing),
                    share: Some(Shown::when(shown && known_shown && known > 0, ratio(count, known))),
                });
            }
        }
    }

    /// Activities that concern no family rest on nobody, and count in the network only.
    fn activities(&self, levels: &mut [Vec<Figure>]) {
        let kinds = ActivityKind::ALL.len();
        let mut table = Table::flat(self.rows, kinds + 1);
        for family in self.families() {
            let all: u32 = family.activities.iter().sum();
            for row in self.rows_of(family) {
                for (column, count) in family.activities.into_iter().chain([all]).enumerate() {
                    table.add(row, column, 0, Cell { count: u64::from(count), families: u64::from(count > 0) });
                }
            }
        }
        let loose: u32 = self.facts.loose_activities.iter().sum();
        for row in [self.facts.regions, self.rows - 1] {
            for (column, count) in self.facts.loose_activities.into_iter().chain([loose]).enumerate() {
                table.add(row, column, 0, Cell { count: u64::from(count), families: 0 });
            }
        }
        table.hide_small(|_, _, _, cell| cell.families == 0);
        table.protect();
        for (row, level) in levels.iter_mut().enumerate() {
            let all = Shown::when(table.is_shown(row, kinds, 0), table.get(row, kinds, 0).count);
            for (column, kind) in ActivityKind::ALL.iter().enumerate() {
                let (count, shown) = (table.get(row, column, 0).count, table.is_shown(row, column, 0));
                let share = all.value().filter(|&all| shown && all > 0).map(|all| ratio(count, all));
                level.push(Figure {
                    code: "activities",
                    area: None,
                    word: Some(kind.as_str()),
                    value: Shown::when(shown, Quantity::Count(count)),
                    denominator: Denominator { of: "activities", count: all },
                    unknown: Shown::Value(0),
                    share: Some(share.map_or(Shown::Hidden, Shown::Value)),
                });
            }
        }
    }

    /// *Reporting*: enrolled, and with an accompanied family in each month since then.
    fn organizations(&self, accompanied: &Group, levels: &mut [Vec<Figure>]) {
        let mut months = vec![0u64; self.facts.carriers.len()];
        for family in self.families() {
            if let Some(seen) = months.get_mut(family.organization) {
                *seen |= family.months;
            }
        }
        let (mut enrolled, mut reporting) = (vec![0u64; self.rows], vec![0u64; self.rows]);
        for (carrier, seen) in self.facts.carriers.iter().zip(months) {
            let reports = carrier.enrolled_months != 0 && carrier.enrolled_months & !seen == 0;
            let nowhere = [self.facts.regions];
            let regions = if carrier.regions.is_empty() { &nowhere[..] } else { &carrier.regions[..] };
            for &row in regions.iter().chain([&(self.rows - 1)]) {
                enrolled[row] += 1;
                reporting[row] += u64::from(reports);
            }
        }
        for (row, level) in levels.iter_mut().enumerate() {
            let shown = accompanied.shown[row];
            level.push(Figure {
                code: "organizations_reporting",
                area: None,
                word: None,
                value: Shown::when(shown, Quantity::Count(reporting[row])),
                denominator: Denominator { of: "organizations_enrolled", count: Shown::Value(enrolled[row]) },
                unknown: Shown::Value(0),
                share: Some(Shown::when(shown && enrolled[row] > 0, ratio(reporting[row], enrolled[row]))),
            });
        }
    }

    fn totals(&self, of: impl Fn(&FamilyFacts) -> u32) -> Vec<u64> {
        let mut totals = vec![0; self.rows];
        for family in self.families() {
            for row in self.rows_of(family) {
                totals[row] += u64::from(of(family));
            }
        }
        totals
    }
    /// One number a family, sorted, by level.
    fn samples(&self, of: impl Fn(&FamilyFacts) -> Option<u32>) -> Vec<Vec<u32>> {
        let mut samples = vec![Vec::new(); self.rows];
        for family in self.families() {
            let Some(number) = of(family) else { continue };
            for row in self.rows_of(family) {
                samples[row].push(number);
            }
        }
        for level in &mut samples {
            level.sort_unstable();
        }
        samples
    }
}

/// To four decimals.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0 }
}

/// Of sorted numbers; between the two in the middle when they are even. Zero of none.
fn median(sorted: &[u32]) -> f64 {
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().map_or(0.0, f64::from);
    if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

/// To two decimals.
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
fn mean(numbers: &[u32]) -> f64 {
    let sum: u64 = numbers.iter().copied().map(u64::from).sum();
    if numbers.is_empty() { 0.0 } else { (sum as f64 / numbers.len() as f64 * 100.0).round() / 100.0 }
}

/// A median or mean of families that are all alike says it of each of them.
fn varies(sorted: &[u32]) -> bool {
    sorted.first() != sorted.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn find<'a>(figures: &'a [Figure], code: &str, word: Option<&str>, area: Option<&str>) -> &'a Figure {
        figures.iter().find(|one| one.code == code && one.word == word && one.area == area).unwrap()
    }

    fn family(region: usize, isolated: Option<bool>) -> FamilyFacts {
        let factors = Some(u32::from(region == 0));
        FamilyFacts { region: Some(region), isolated, urban: Some(true), months: 1, factors, ..FamilyFacts::default() }
    }

    /// Two regions: 30 families (12 isolated, 10 not, 8 unknown) and 20 (8 isolated, 12 not).
    fn facts() -> Facts {
        let mut families = Vec::new();
        for (region, values) in [(0, [12, 10, 8]), (1, [8, 12, 0])] {
            for (isolated, count) in [Some(true), Some(false), None].into_iter().zip(values) {
                families.extend((0..count).map(|_| family(region, isolated)));
            }
        }
        let carriers = vec![Carrier { enrolled_months: 1, regions: vec![0] }];
        Facts {
            regions: 2,
            families,
            carriers,
            loose_activities: [0, 0, 7, 0],
            receivers: vec![0; 4],
            ..Facts::default()
        }
    }

    #[test]
    fn a_figure_states_its_denominator_and_its_unknowns() {
        let portraits = compute(&facts());
        let isolated = find(portraits.network(), "isolated_families", None, None);
        assert_eq!(isolated.value, Shown::Value(Quantity::Count(20)));
        assert_eq!(isolated.denominator, Denominator { of: "families_accompanied", count: Shown::Value(42) });
        assert_eq!(isolated.unknown, Shown::Value(8));
        assert_eq!(isolated.share, Some(Shown::Value(0.4762)));
        let region = find(portraits.region(1), "isolated_families", None, None);
        assert_eq!((region.value, region.unknown), (Shown::Value(Quantity::Count(8)), Shown::Value(0)));
        let reporting = find(portraits.network(), "organizations_reporting", None, None);
        assert_eq!(reporting.value, Shown::Value(Quantity::Count(1)));
        let networking = find(portraits.network(), "activities", Some("networking"), None);
        assert_eq!(networking.value, Shown::Value(Quantity::Count(7)));
    }

    #[test]
    fn a_region_of_four_families_is_not_found_by_subtraction() {
        let mut facts = facts();
        facts.regions = 3;
        facts.receivers.push(0);
        facts.families.extend((0..4).map(|_| family(2, Some(true))));
        let portraits = compute(&facts);
        let accompanied = |figures: &[Figure]| find(figures, "families_accompanied", None, None).value;
        assert!(accompanied(portraits.region(2)).is_hidden());
        assert_eq!(accompanied(portraits.network()), Shown::Value(Quantity::Count(54)));
        let others = [accompanied(portraits.region(0)), accompanied(portraits.region(1))];
        assert_eq!(others.iter().filter(|shown| shown.is_hidden()).count(), 1, "a second one is hidden with it");
        let told = portraits.region(2).iter().filter(|figure| !figure.value.is_hidden());
        assert!(told.into_iter().all(|figure| figure.code == "activities"));
    }

    #[test]
    fn a_hidden_region_leaves_the_network_shown() {
        let mut facts = Facts { regions: 17, receivers: vec![0; 19], ..Facts::default() };
        for number in 0..73 {
            let region = if number < 40 {
                15
            } else if number < 70 {
                5
            } else {
                12
            };
            facts.families.push(family(region, Some(number % 2 == 0)));
        }
        let portraits = compute(&facts);
        let isolated = |figures: &[Figure]| find(figures, "isolated_families", None, None).value;
        assert_eq!(isolated(portraits.network()), Shown::Value(Quantity::Count(37)));
        assert_eq!(isolated(portraits.region(12)), Shown::Hidden);
        let regions = [isolated(portraits.region(15)), isolated(portraits.region(5))];
        assert_eq!(regions.iter().filter(|shown| shown.is_hidden()).count(), 1);
    }

    #[test]
    fn a_trait_of_everybody_is_hidden() {
        let portraits = compute(&facts());
        // All of region 0 have the first factor, none of region 1.
        let economic = find(portraits.region(0), "vulnerability", Some("economic"), Some("urban"));
        assert!(economic.value.is_hidden());
        assert_eq!(economic.share, Some(Shown::Hidden));
    }

    #[test]
    fn ages_are_those_of_the_end_of_the_period() {
        let end = month("2025-03");
        let count = |child: Option<Child>| {
            let mut children = Children::default();
            children.add(child, end);
            (children.under_five, children.five_or_less, children.age_unknown)
        };
        let born = |text: &str| count(Some(Child::Born(month(text))));
        assert_eq!(born("2020-04"), (1, 1, 0), "59 months");
        assert_eq!(born("2020-03"), (0, 1, 0), "60 months");
        assert_eq!(born("2019-04"), (0, 1, 0), "71 months");
        assert_eq!(born("2019-03"), (0, 0, 0), "72 months");
        assert_eq!(count(Some(Child::Due(month("2025-09")))), (0, 1, 0), "unborn");
        assert_eq!(count(None), (0, 0, 1));
    }

    #[test]
    fn what_was_true_once_in_the_period_counts() {
        let period = Period::new(month("2025-01"), month("2025-03")).unwrap();
        let seen = |facts: &[(&str, Fact)]| {
            let all = facts.iter().map(|(day, fact)| Observation { fact: *fact, observed_on: day.parse().unwrap() });
            Seen::over(&all.collect::<Vec<_>>(), period)
        };
        let (yes, no) = (Fact::Isolated(true), Fact::Isolated(false));
        assert_eq!(seen(&[]).isolated, None, "unknown is not no");
        assert_eq!(seen(&[("2024-06-01", yes), ("2025-02-01", no)]).isolated, Some(true), "success erases nothing");
        assert_eq!(seen(&[("2024-06-01", yes), ("2024-12-01", no)]).isolated, Some(false), "over before it began");
        assert_eq!(seen(&[("2025-01-20", no), ("2025-03-31", yes)]).isolated, Some(true));
        assert_eq!(seen(&[("2025-04-01", yes)]).isolated, None, "said after it ended");
        let ended = Fact::Vulnerability { factor: Factor::Economic, present: false };
        assert_eq!(seen(&[("2025-02-01", ended)]).factors(), Some(0));
        assert_eq!(seen(&[]).factors(), None);
    }

    #[test]
    fn middles() {
        assert_eq!((median(&[]), median(&[1, 2, 9]), median(&[1, 2, 3, 9])), (0.0, 2.0, 2.5));
        assert_eq!((mean(&[]), mean(&[3, 3, 2])), (0.0, 2.67));
    }
}
