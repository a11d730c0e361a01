//! The two reports of a regional table. Whoever asks gets the same figures, with the same cells hidden: who may look at
//! rows does so elsewhere.

use super::{Deps, Outcome, signed_in};
use crate::clock::Time;
use crate::domain::month::{MONTHS_DEFAULT, MONTHS_MAX, Month, Period, PeriodError, local_day};
use crate::domain::portrait::{self, Figure, Quantity};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::small_cells::Shown;
use crate::domain::taxonomy::Taxonomy;
use crate::domain::unmet::{self, Unmet};
use crate::domain::viewer::{Role, Viewer};
use crate::id::Id;
use crate::seal::secrets;
use crate::store;
use crate::store::reports::Lists;

/// Administrative regions of Québec, by their two-digit codes from 01.
const REGIONS: usize = 17;

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
