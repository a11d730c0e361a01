//! Importing a directory from somebody's file, of any size. The file is checked whole before anything is written, and
//! then read again as a stream: one thread takes its records apart and places them, another writes them in transactions
//! of a bounded size. Each is the same whether the file is read once or again: a run that was cut short is finished by
//! another run, and a file that was taken changes nothing when it is taken again.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::import_missing as missing;
use super::import_plan::{BatchOutcome, Plan, Seen, Speaker};
use super::services::is_category;
use super::{Deps, Failure, Outcome, placing};
use crate::clock::Time;
use crate::domain::directory::{Location, Organization, Service};
use crate::domain::directory_checks::{check_location, check_organization, check_service};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::Gazetteer;
use crate::exchange::hsds_in::{self, Reading};
use crate::exchange::mapping::Mapping;
use crate::exchange::package::Package;
use crate::exchange::spreadsheets::Line;
use crate::exchange::workbooks::Workbook;
use crate::exchange::{Entry, Found, RefusedRow, Tally, json_records, spreadsheets, suggest, tabular};
use crate::id::Id;
use crate::store;
use crate::store::sources::{self, SourceKind};

/// Records of one transaction: each is acknowledged, and a run that is cut short loses at most these.
const ENTRIES_PER_TRANSACTION: usize = 1_000;

/// What the records of one transaction say, in bytes: rich records make smaller transactions.
const TRANSACTION_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Transactions that are prepared while one is written.
const PREPARED_MAX: usize = 2;

/// The largest file that is read.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Refused rows that a report names; it counts all.
pub const REFUSED_NAMED_MAX: usize = 100_000;

/// Records that a report names among those that a source no longer lists; it counts all.
pub const MISSING_NAMED_MAX: usize = 1_000;

/// Organisations one above the other.
const PARENTS_MAX: usize = 64;

/// How the bytes are to be read.
#[derive(Debug, Clone)]
pub enum Format {
    Hsds {
        source: String,
        language: Lang,
    },
    /// A spreadsheet, with the text of its mapping.
    Csv {
        mapping: String,
    },
    /// A workbook, with the text of its mapping.
    Xlsx {
        mapping: String,
    },
    /// The tables of HSDS, of any version. They are in memory already, each within its bounds.
    Package {
        package: Arc<Package>,
        source: String,
        language: Lang,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub source: String,
    pub dry_run: bool,
    /// Records that were new.
    pub taken: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// How many were refused; the first [`REFUSED_NAMED_MAX`] are in `refused`.
    pub refused_count: u64,
    pub refused: Vec<RefusedLine>,
    /// Rows that the mapping's filters left out.
    pub dropped: u64,
    pub blank: u64,
    /// Services by how their place was found; `no_place` for those that say none.
    pub placements: BTreeMap<&'static str, u64>,
    /// What the source listed once and lists no longer: flagged, never deleted. `None` where only a part was read,
    /// or nothing was listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_count: Option<u64>,
    /// The first [`MISSING_NAMED_MAX`] of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingLine>,
    /// The number of the last change written; 0 when nothing was.
    pub change: i64,
}

/// A record that its source no longer lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingLine {
    pub subject: &'static str,
    pub id: Id,
    /// The source's own key of it.
    pub key: String,
    pub since: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// The table that has the line, for a package of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    pub line: u64,
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl From<RefusedRow> for RefusedLine {
    fn from(row: RefusedRow) -> Self {
        let Refusal { code, field, rule, .. } = row.refusal;
        Self { table: row.table, line: row.line, code: code.as_str(), field, rule }
    }
}

/// Hears how many records are done, and of how many where that is known.
pub type Progress<'a> = &'a dyn Fn(u64, Option<u64>);

/// Imports a file.
///
/// # Errors
/// A refusal of the whole file or of its mapping: nothing was written.
pub fn import(deps: &Deps, path: &Path, format: &Format, dry_run: bool, progress: Progress<'_>) -> Outcome<Report> {
    let open = || File::open(path).map_err(|error| Failure::File(path.to_owned(), error));
    let tally = Tally::default();
    match format {
        Format::Hsds { source, language } => {
            let total = json_records::check(open()?)?;
            let reading =
                Reading { source, language: *language, fresh: None, is_request: false, is_category: &is_category };
            let run = Run::new(deps, source, *language, dry_run, progress);
            Run { total: Some(total), ..run }.of(hsds_in::Entries::new(open()?, reading).tallying(&tally), &tally)
        }
        Format::Csv { mapping } => {
            let mapping = Mapping::parse(mapping, &is_category)?;
            spreadsheets::check(open()?, &mapping)?;
            let rows = spreadsheets::open(open()?, &mapping, &tally)?;
            Run::new(deps, &mapping.source, mapping.language, dry_run, progress).of(rows, &tally)
        }
        Format::Xlsx { mapping } => {
            let mapping = Mapping::parse(mapping, &is_category)?;
            let mut workbook = Workbook::open(BufReader::new(open()?))?;
            let (names, lines) = workbook.rows(mapping.sheet.as_deref(), mapping.preamble_lines)?;
            let rows = spreadsheets::Rows::new(lines, &names, &mapping, &tally)?;
            Run::new(deps, &mapping.source, mapping.language, dry_run, progress).of(rows, &tally)
        }
        Format::Package { package, source, language } => {
            let reading =
                Reading { source, language: *language, fresh: None, is_request: false, is_category: &is_category };
            let entries = tabular::entries(package, reading, &tally)?;
            Run::new(deps, source, *language, dry_run, progress).of(entries, &tally)
        }
    }
}

/// Drafts the mapping of a spreadsheet from its beginning.
///
/// # Errors
/// A refusal of what has no line of column names.
pub fn suggest(path: &Path) -> Outcome<String> {
    let broken = |error| Failure::File(path.to_owned(), error);
    let mut file = File::open(path).map_err(broken)?;
    let table = if is_workbook(path) {
        let mut workbook = Workbook::open(BufReader::new(file))?;
        let (header, lines) = workbook.rows(None, 0)?;
        let header = Line { number: 1, cells: header };
        let lines = lines.take(suggest::SAMPLE_ROWS_MAX).collect::<Result<Vec<_>, _>>()?;
        suggest::table_of_lines(std::iter::once(header).chain(lines).collect(), None)?
    } else {
        let mut bytes = Vec::new();
        file.by_ref().take(suggest::SAMPLE_BYTES_MAX as u64).read_to_end(&mut bytes).map_err(broken)?;
        suggest::table_of_csv(&bytes, bytes.len() == suggest::SAMPLE_BYTES_MAX)?
    };
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(suggest::draft(&table, &name, Taxonomy::embedded().terms()))
}

/// Whether a file is a workbook, by its name.
pub fn is_workbook(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"))
}

/// One run of an import, whatever its records come from.
pub(super) struct Run<'a> {
    pub(super) deps: &'a Deps,
    pub(super) source: &'a str,
    pub(super) kind: SourceKind,
    pub(super) url: Option<&'a str>,
    pub(super) language: Lang,
    pub(super) dry_run: bool,
    /// The records are all that the source lists: what is not among them is missing.
    pub(super) is_whole: bool,
    pub(super) total: Option<u64>,
    pub(super) progress: Progress<'a>,
}

impl<'a> Run<'a> {
    /// A whole file.
    pub(super) fn new(deps: &'a Deps, source: &'a str, language: Lang, dry_run: bool, progress: Progress<'a>) -> Self {
        let (kind, url, total, is_whole) = (SourceKind::File, None, None, true);
        Self { deps, source, kind, url, language, dry_run, is_whole, total, progress }
    }

    fn of(&self, entries: impl Iterator<Item = Found> + Send, tally: &Tally) -> Outcome<Report> {
        let mut written = self.begin()?;
        self.take(&mut written, entries, tally)?;
        self.finish(written, tally, None)
    }

    pub(super) fn begin(&self) -> Outcome<Progressing> {
        let listed = self.deps.store.read(|conn| sources::lists_anything(conn, self.source))?;
        if !self.dry_run {
            let (now, language) = (self.deps.clock.now(), self.language.as_str());
            self.deps.store.write(now, |tx| sources::begin(tx, self.source, self.kind, self.url, language))?;
        }
        let priorities = self.deps.store.read(sources::priorities)?;
        Ok(Progressing { listed_before: listed, priorities, ..Progressing::default() })
    }

    /// Takes the records of the source, or of a part of it.
    pub(super) fn take(
        &self,
        written: &mut Progressing,
        entries: impl Iterator<Item = Found> + Send,
        tally: &Tally,
    ) -> Outcome<()> {
        let gazetteer = self.deps.gazetteer();
        std::thread::scope(|scope| {
            let (sender, batches) = sync_channel(PREPARED_MAX);
            scope.spawn(move || prepare_all(entries, gazetteer, tally, &sender));
            batches.into_iter().try_for_each(|batch| {
                written.take(self, batch)?;
                (self.progress)(written.done, self.total);
                Ok(())
            })
        })
    }

    /// The source was read to its end: flags what it no longer lists, and remembers what the run did.
    pub(super) fn finish(
        &self,
        mut written: Progressing,
        tally: &Tally,
        modified_after: Option<Time>,
    ) -> Outcome<Report> {
        written.seen.add(tally.take_listed());
        // What broke off, or lists nothing, says nothing of what it did not reach: an export that failed is no closure
        // of everything.
        let is_whole = self.is_whole && !tally.has_unread() && !written.seen.is_empty();
        let missing = match is_whole && written.listed_before {
            true => Some(missing::flag(self, &written.seen)?),
            false => is_whole.then(Vec::new),
        };
        let mut report = written.report;
        if !self.dry_run {
            let counts = (report.taken, report.changed, report.unchanged, report.refused_count);
            let now = self.deps.clock.now();
            self.deps.store.write(now, |tx| sources::finish(tx, self.source, counts, modified_after))?;
        }
        report.refused.sort_by(|one, other| (&one.table, one.line).cmp(&(&other.table, other.line)));
        report.missing_count = missing.as_ref().map(|lines| lines.len() as u64);
        report.missing = missing.unwrap_or_default();
        report.missing.truncate(MISSING_NAMED_MAX);
        let (source, dry_run) = (self.source.to_owned(), self.dry_run);
        Ok(Report { source, dry_run, dropped: tally.dropped(), blank: tally.blank(), ..report })
    }
}

/// Records that are ready to be written together, and rows that were refused among them.
#[derive(Default)]
struct Batch {
    ready: Vec<Entry>,
    refused: Vec<RefusedRow>,
    bytes: usize,
}

/// Reads the source to its end, or until nobody wants its records.
fn prepare_all(entries: impl Iterator<Item = Found>, gazetteer: &Gazetteer, tally: &Tally, sender: &SyncSender<Batch>) {
    let mut batch = Batch::default();
    let (mut said, mut parents) = (Vec::new(), Parents::default());
    for found in entries {
        match found.and_then(|entry| prepare(gazetteer, entry, tally, &mut said)).and_then(|entry| parents.add(entry)) {
            Ok(entry) => {
                batch.ready.push(entry);
                batch.bytes += said.len();
            }
            Err(row) => batch.refused.push(row),
        }
        let is_full = batch.ready.len() >= ENTRIES_PER_TRANSACTION || batch.refused.len() >= ENTRIES_PER_TRANSACTION;
        if (is_full || batch.bytes >= TRANSACTION_BYTES_MAX) && sender.send(std::mem::take(&mut batch)).is_err() {
            return;
        }
    }
    // Nobody listens any more: the writer has failed and says why.
    let _ = sender.send(batch);
}

/// Which organisation is under which, in this file.
#[derive(Default)]
struct Parents(HashMap<Id, Id>);

impl Parents {
    /// Refuses the record that would close a circle.
    fn add(&mut self, entry: Entry) -> Found {
        let one = &entry.organization;
        let parent = one.document.other.get("parent_organization_id").and_then(serde_json::Value::as_str);
        let Some(parent) = parent else { return Ok(entry) };
        let parent = parent.parse().unwrap_or_else(|_| Id::from_words(&[&one.origin.source, parent]));
        let mut above = Some(parent);
        for _ in 0..PARENTS_MAX {
            match above {
                Some(id) if id == one.id => break,
                Some(id) => above = self.0.get(&id).copied(),
                None => {
                    self.0.insert(one.id, parent);
                    return Ok(entry);
                }
            }
        }
        let refusal = Refusal::field(Code::InvalidValue, "organization.parent_organization_id");
        Err(RefusedRow::of(&entry, refusal.rule("not under itself")))
    }
}

/// Checks a record, says what it said in one hash, and places it. `said` is left with what was hashed.
fn prepare(gazetteer: &Gazetteer, mut entry: Entry, tally: &Tally, said: &mut Vec<u8>) -> Found {
    match check_and_place(gazetteer, &mut entry, said) {
        Ok(()) => Ok(entry),
        Err(refusal) => {
            // Refused and listed all the same: what is here stays as it is.
            tally.list(entry.organization.id);
            entry.service.iter().for_each(|service| tally.list(service.id));
            Err(RefusedRow::of(&entry, refusal))
        }
    }
}

fn check_and_place(gazetteer: &Gazetteer, entry: &mut Entry, said: &mut Vec<u8>) -> Result<(), Refusal> {
    let is_unnamed = entry.organization.name.is_empty();
    if !is_unnamed {
        check_organization(&entry.organization)?;
    }
    for place in &entry.locations {
        check_location(place, "location")?;
    }
    let hash = content_hash(entry, said)?;
    if let Some(service) = &mut entry.service {
        check_service(service)?;
        placing::check_served(gazetteer, &service.served)?;
        service.origin.content_hash = hash;
    }
    for place in &mut entry.locations {
        placing::place(gazetteer, place, "location")?;
    }
    Ok(())
}

/// SHA-256 of the record as its source said it, before relais added anything of its own.
fn content_hash(entry: &Entry, said: &mut Vec<u8>) -> Result<String, Refusal> {
    said.clear();
    let service = entry.service.as_ref().map(said_of_service);
    let places: Vec<_> = entry.locations.iter().map(said_of_location).collect();
    serde_json::to_writer(&mut *said, &(service, said_of_organization(&entry.organization), places))
        .map_err(|error| Refusal::new(Code::InvalidValue).rule(error.to_string()))?;
    let digest = Sha256::digest(said.as_slice());
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
    }
    Ok(text)
}

fn said_of_service(one: &Service) -> impl Serialize + '_ {
    let links: Vec<_> = one.at_locations.iter().map(|link| (link.id, link.location_id, &link.document)).collect();
    let facts = (one.status.as_str(), &one.categories, &one.served, one.capacity, one.verified_at);
    (one.id, one.organization_id, &one.name, facts, links, &one.document)
}

fn said_of_organization(one: &Organization) -> impl Serialize + '_ {
    (one.id, &one.name, &one.document)
}

fn said_of_location(one: &Location) -> impl Serialize + '_ {
    let where_it_is = (one.point, one.visibility.as_str(), &one.territories.municipality);
    (one.id, one.organization_id, &one.name, where_it_is, &one.document)
}

/// What has been written so far.
#[derive(Default)]
pub(super) struct Progressing {
    report: Report,
    seen: Seen,
    priorities: HashMap<String, i32>,
    /// The source had listed something before this run.
    listed_before: bool,
    batches: u64,
    pub(super) done: u64,
}

impl Progressing {
    fn take(&mut self, run: &Run<'_>, batch: Batch) -> Outcome<()> {
        self.refuse(batch.refused);
        if !batch.ready.is_empty() {
            self.write(run, &batch.ready)?;
            self.batches += 1;
            if self.batches.is_power_of_two() && !run.dry_run {
                run.deps.store.read(sources::refresh_statistics)?;
            }
        }
        self.done += batch.ready.len() as u64;
        Ok(())
    }

    fn refuse(&mut self, rows: Vec<RefusedRow>) {
        self.report.refused_count += rows.len() as u64;
        let room = REFUSED_NAMED_MAX.saturating_sub(self.report.refused.len());
        self.report.refused.extend(rows.into_iter().take(room).map(RefusedLine::from));
    }

    /// Records that the store refused: listed all the same.
    fn refuse_written(&mut self, batch: &[Entry], refusal: &Refusal) {
        let services = batch.iter().filter_map(|entry| entry.service.as_ref());
        self.seen.add(batch.iter().map(|entry| entry.organization.id));
        self.seen.add(services.map(|service| service.id));
        self.refuse(batch.iter().map(|entry| RefusedRow::of(entry, refusal.clone())).collect());
    }

    fn add(&mut self, outcome: BatchOutcome, change: i64) {
        let report = &mut self.report;
        report.taken += outcome.taken;
        report.changed += outcome.changed;
        report.unchanged += outcome.unchanged;
        report.change = report.change.max(change);
        for (placement, count) in outcome.placements {
            *report.placements.entry(placement).or_default() += count;
        }
        self.refuse(outcome.refused);
        self.seen.add(outcome.seen);
    }

    fn write(&mut self, run: &Run<'_>, batch: &[Entry]) -> Outcome<()> {
        let now = run.deps.clock.now();
        let speaker = Speaker { source: run.source, priorities: &self.priorities, earlier: &self.seen, now };
        if run.dry_run {
            let outcome = run.deps.store.read(|conn| Plan::decide(conn, batch, &speaker).map(|plan| plan.outcome))?;
            self.add(outcome, 0);
            return Ok(());
        }
        let written = run.deps.store.write(now, |tx| {
            let plan = Plan::decide(tx, batch, &speaker)?;
            plan.write(tx)?;
            Ok::<_, Failure>(plan.outcome)
        });
        match written {
            Ok(written) => self.add(written.value, written.change),
            // An id of this batch is already that of another record, or it names one that is not there: halves find it,
            // and the rest is written.
            Err(Failure::Store(store::Error::Conflict(_) | store::Error::Dangling(_))) if batch.len() > 1 => {
                let (first, second) = batch.split_at(batch.len() / 2);
                self.write(run, first)?;
                self.write(run, second)?;
            }
            Err(Failure::Store(store::Error::Conflict(_))) => {
                let refusal = Refusal::field(Code::AlreadyExists, "id").rule("already the id of another record");
                self.refuse_written(batch, &refusal);
            }
            Err(Failure::Store(store::Error::Dangling(_))) => {
                let refusal = Refusal::new(Code::UnknownReference).rule("names a record that is not there");
                self.refuse_written(batch, &refusal);
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}
