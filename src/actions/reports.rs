//! The reports of a regional table. Whoever asks gets the same figures, with the same cells hidden: who may look at
//! rows does so elsewhere.

use std::collections::BTreeMap;

use super::{Deps, Outcome, signed_in};
use crate::clock::Time;
use crate::domain::demand::{Fact, Figures, GroupedBy, Lattice, word_by_region};
use crate::domain::month::{MONTHS_DEFAULT, MONTHS_MAX, Month, Period, PeriodError, local_day};
use crate::domain::portrait::{self, Figure, Quantity};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::small_cells::{FAMILIES_MIN, Shown};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::Level;
use crate::domain::unmet::{self, Unmet};
use crate::domain::viewer::{Role, Viewer};
use crate::id::Id;
use crate::seal::secrets;
use crate::store;
use crate::store::demand::Counted;
use crate::store::reports::Lists;

/// Administrative regions of Québec, by their two-digit codes from 01.
const REGIONS: usize = 17;

/// Words of one report, those that were asked most.
const WORDS_SHOWN_MAX: usize = 200;

/// The line of searches that asked for no category.
const NO_CATEGORY: &str = "no_category";
/// The last line.
pub const ALL_SEARCHES: &str = "all_searches";

/// What somebody asks for. Months are whole; the one under way may be asked for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub from: Option<Month>,
    pub to: Option<Month>,
    /// `region:16`; `None`: the network.
    pub region: Option<String>,
}

/// What every report says of itself: the same figures of the same question have the same hash and the same id.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    pub id: Id,
    pub hash: String,
    /// The moment of the data.
    pub data_at: Time,
    pub period: Period,
    /// `network`, or the id of a region.
    pub territory: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PortraitReport {
    pub head: Head,
    pub figures: Vec<Figure>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UnmetReport {
    pub head: Head,
    /// Ids of the rows before the last: regions, then `unknown`; the last is `network`.
    pub rows: Vec<String>,
    /// Codes of the columns: top-level categories, then `all`.
    pub columns: Vec<String>,
    pub unmet: Unmet,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DemandReport {
    pub head: Head,
    pub by: GroupedBy,
    pub lines: Vec<DemandLine>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct DemandLine {
    /// A top-level category, `no_category`, a territory, a word, or at the end `all_searches`.
    pub key: String,
    /// Of a territory.
    pub name: Option<String>,
    pub figures: Figures,
}

pub fn portrait(deps: &Deps, viewer: &Viewer, asked: &Asked) -> Outcome<PortraitReport> {
    authorise(viewer)?;
    let now = deps.clock.now();
    let period = period_of(viewer, asked, now)?;
    let (regions, categories) = (regions(), categories());
    let region = region_of(asked, &regions)?;
    let lists = Lists { regions: &regions, categories: &categories };
    let facts = deps.store.read(|conn| store::reports::load_portrait(conn, viewer, period, &lists))?;
    let portraits = portrait::compute(&facts);
    let figures = region.map_or_else(|| portraits.network(), |place| portraits.region(place)).to_vec();
    let territory = asked.region.clone().unwrap_or_else(|| "network".to_owned());
    let lines = figures.iter().map(line_of_figure);
    Ok(PortraitReport { head: head("portrait", territory, period, now, lines), figures })
}

pub fn unmet_needs(deps: &Deps, viewer: &Viewer, asked: &Asked) -> Outcome<UnmetReport> {
    authorise(viewer)?;
    let now = deps.clock.now();
    let period = period_of(viewer, asked, now)?;
    let (mut rows, mut columns) = (regions(), categories());
    let lists = Lists { regions: &rows, categories: &columns };
    let needs = deps.store.read(|conn| store::reports::load_needs(conn, viewer, period, &lists))?;
    let unmet = unmet::compute(rows.len(), columns.len(), &needs);
    rows.extend(["unknown".to_owned(), "network".to_owned()]);
    columns.push("all".to_owned());
    let cells = (0..unmet.rows).flat_map(|row| (0..unmet.columns).map(move |column| (row, column)));
    let lines = cells.map(|(row, column)| format!("{row} {column} {:?}", unmet.line(row, column)));
    let head = head("unmet_needs", "network".to_owned(), period, now, lines);
    Ok(UnmetReport { head, rows, columns, unmet })
}

/// What was searched for near a place, and how often nothing was found. Words and territories that may not be shown are
/// not named either.
pub fn demand(deps: &Deps, viewer: &Viewer, asked: &Asked, by: GroupedBy) -> Outcome<DemandReport> {
    authorise(viewer)?;
    let now = deps.clock.now();
    let period = period_of(viewer, asked, now)?;
    let regions = regions();
    let region = region_of(asked, &regions)?;
    let by_category = deps.store.read(|conn| store::demand::by_category(conn, period))?;
    let searched = Searched { deps, regions: &regions, categories: categories() };
    let lattice = searched.lattice(&by_category);
    let row = region.unwrap_or(lattice.network());
    let mut lines = match by {
        GroupedBy::Category => searched.category_lines(&lattice, row),
        GroupedBy::Municipality => searched.territory_lines(&lattice, region, &by_category),
        GroupedBy::Words => {
            let by_words = deps.store.read(|conn| store::demand::by_words(conn, period))?;
            searched.word_lines(row, row == lattice.network(), &by_words)
        }
    };
    lines.push(DemandLine { key: ALL_SEARCHES.to_owned(), name: None, figures: lattice.total(row) });
    let territory = asked.region.clone().unwrap_or_else(|| "network".to_owned());
    let said = lines.iter().map(|line| format!("{} {:?}", line.key, line.figures));
    let head = head(&format!("demand {}", by.as_str()), territory, period, now, said);
    Ok(DemandReport { head, by, lines })
}

/// Counts of a period, and the lists that they are counted against.
struct Searched<'a> {
    deps: &'a Deps,
    regions: &'a [String],
    categories: Vec<String>,
}

impl Searched<'_> {
    /// The place of a territory's region in the list; after its end where nobody knows it.
    fn row(&self, territory_id: &str) -> usize {
        let region = self.deps.gazetteer().ancestor_of_level(territory_id, Level::Region);
        let place = region.and_then(|region| self.regions.iter().position(|one| *one == region));
        place.unwrap_or(self.regions.len())
    }

    fn fact(&self, counted: &Counted, column: usize) -> Fact {
        Fact { row: self.row(&counted.territory_id), column, searches: counted.searches, zeros: counted.zeros }
    }

    fn lattice(&self, by_category: &[Counted]) -> Lattice {
        let column = |code: &str| {
            let top = Taxonomy::embedded().top_level(code);
            let place = top.and_then(|top| self.categories.iter().position(|one| one == top));
            place.unwrap_or(self.categories.len())
        };
        let facts: Vec<Fact> = by_category.iter().map(|one| self.fact(one, column(&one.other))).collect();
        Lattice::new(self.regions.len(), self.categories.len() + 1, &facts)
    }

    fn category_lines(&self, lattice: &Lattice, row: usize) -> Vec<DemandLine> {
        let keys = self.categories.iter().cloned().chain([NO_CATEGORY.to_owned()]);
        let line = |(column, key)| DemandLine { key, name: None, figures: lattice.figures(row, column) };
        keys.enumerate().map(line).collect()
    }

    /// One table a region, each with the total that the network's table shows; the most searches first.
    fn territory_lines(&self, lattice: &Lattice, region: Option<usize>, by_category: &[Counted]) -> Vec<DemandLine> {
        let mut by_row: BTreeMap<usize, BTreeMap<&str, Fact>> = BTreeMap::new();
        for counted in by_category {
            let fact = self.fact(counted, 0);
            let of_row = by_row.entry(fact.row).or_default();
            let known = of_row.entry(&counted.territory_id).or_insert(Fact { searches: 0, zeros: 0, ..fact });
            known.searches += fact.searches;
            known.zeros += fact.zeros;
        }
        let mut lines = Vec::new();
        for (row, parts) in by_row.into_iter().filter(|(row, _)| region.is_none_or(|region| region == *row)) {
            let facts: Vec<Fact> = parts.values().copied().collect();
            for (id, figures) in parts.keys().zip(lattice.parts(row, &facts)) {
                let name = self.deps.gazetteer().get(id).map(|territory| territory.name.clone());
                lines.push(DemandLine { key: (*id).to_owned(), name, figures });
            }
        }
        most_first(lines)
    }

    fn word_lines(&self, row: usize, is_all: bool, by_words: &[Counted]) -> Vec<DemandLine> {
        let mut by_word: BTreeMap<&str, Vec<Fact>> = BTreeMap::new();
        for counted in by_words {
            let fact = self.fact(counted, 0);
            counted.other.split(' ').for_each(|word| by_word.entry(word).or_default().push(fact));
        }
        let here = |facts: &[Fact]| -> u64 {
            facts.iter().filter(|fact| is_all || fact.row == row).map(|fact| fact.searches).sum()
        };
        let by_word = by_word.into_iter().map(|(word, facts)| (here(&facts), word, facts));
        // What is small is not shown, and not worked out.
        let mut most: Vec<(u64, &str, Vec<Fact>)> = by_word.filter(|one| one.0 >= FAMILIES_MIN).collect();
        most.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        let line = |(_, word, facts): (u64, &str, Vec<Fact>)| {
            let figures = word_by_region(self.regions.len(), &facts).into_iter().nth(row)?;
            Some(DemandLine { key: word.to_owned(), name: None, figures })
        };
        let shown = most.into_iter().filter_map(line).filter(|line| !line.figures.searches.is_hidden());
        shown.take(WORDS_SHOWN_MAX).collect()
    }
}

/// Only the lines that may be shown and that somebody searched for: whoever reads does not learn which others there
/// are.
fn most_first(mut lines: Vec<DemandLine>) -> Vec<DemandLine> {
    lines.retain(|line| line.figures.searches.value().is_some_and(|searches| searches > 0));
    lines.sort_by_key(|line| std::cmp::Reverse(line.figures.searches.value()));
    lines
}

/// A worker, a table, an administrator. A partner sees its referrals, a curator the directory.
fn authorise(viewer: &Viewer) -> Result<(), Refusal> {
    let account = signed_in(viewer)?;
    let may = [Role::Worker, Role::Table, Role::Admin].into_iter().any(|role| account.has_role(role));
    if may { Ok(()) } else { Err(Refusal::new(Code::Forbidden)) }
}

/// The last fifteen whole months, or what was asked for: up to the month under way, sixty months at most.
///
/// Who reads as a table alone has the fifteen months and no other period: two that overlap, or one month before and
/// after a family is opened, can be subtracted from each other down to one family, whatever each of them hides.
fn period_of(viewer: &Viewer, asked: &Asked, now: Time) -> Result<Period, Refusal> {
    let today = local_day(now);
    let current = Month::of(today);
    let sees_rows = signed_in(viewer).is_ok_and(|one| one.has_role(Role::Worker) || one.has_role(Role::Admin));
    let release = Period::last_before(today);
    for (field, month, only) in [("from", asked.from, release.from()), ("to", asked.to, release.to())] {
        if !sees_rows && month.is_some_and(|month| month != only) {
            return Err(Refusal::field(Code::OutOfRange, field).rule(format!("{only}")));
        }
    }
    for (field, month) in [("from", asked.from), ("to", asked.to)] {
        if month.is_some_and(|month| month > current) {
            return Err(Refusal::field(Code::OutOfRange, field).rule(format!("<= {current}")));
        }
    }
    let to = asked.to.unwrap_or_else(|| Period::last_before(today).to().max(asked.from.unwrap_or(current.minus(1))));
    let from = asked.from.unwrap_or_else(|| to.minus(MONTHS_DEFAULT - 1));
    Period::new(from, to).map_err(|error| match error {
        PeriodError::FromAfterTo => Refusal::field(Code::OutOfRange, "from").rule("from <= to"),
        PeriodError::TooLong => Refusal::field(Code::OutOfRange, "from").rule(format!("<= {MONTHS_MAX} months")),
    })
}

fn region_of(asked: &Asked, regions: &[String]) -> Result<Option<usize>, Refusal> {
    let Some(id) = &asked.region else { return Ok(None) };
    let place = regions.iter().position(|one| one == id);
    let rule = "network, region:01..region:17";
    place.map(Some).ok_or_else(|| Refusal::field(Code::UnknownTerritory, "region").rule(rule))
}

fn regions() -> Vec<String> {
    (1..=REGIONS).map(|code| format!("region:{code:02}")).collect()
}

fn categories() -> Vec<String> {
    Taxonomy::embedded().top_levels().map(|term| term.code.clone()).collect()
}

fn head(kind: &str, territory: String, period: Period, now: Time, lines: impl Iterator<Item = String>) -> Head {
    let mut text = format!("{kind} {territory} {} {}\n", period.from(), period.to());
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    let hash = secrets::hash(&text);
    Head { id: Id::from_words(&["report", &hash]), hash, data_at: now, period, territory }
}

fn line_of_figure(figure: &Figure) -> String {
    let value = match figure.value {
        Shown::Value(Quantity::Count(count)) => count.to_string(),
        Shown::Value(Quantity::Measure(measure)) => measure.to_string(),
        Shown::Hidden => "hidden".to_owned(),
    };
    let rest = (figure.denominator, figure.unknown, figure.share);
    format!("{} {:?} {:?} {value} {rest:?}", figure.code, figure.area, figure.word)
}
