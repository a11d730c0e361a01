//! Importing a directory from somebody's file, of any size. The file is checked whole before anything is written, and
//! then read again as a stream: one thread takes its records apart and places them, another writes them in transactions
//! of a bounded size. Each is the same whether the file is read once or again: a run that was cut short is finished by
//! another run, and a file that was taken changes nothing when it is taken again.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::import_plan::{BatchOutcome, Plan, Seen};
use super::services::is_category;
use super::{Deps, Failure, Outcome, placing};
use crate::domain::directory::{Location, Organization, Service};
use crate::domain::directory_checks::{check_location, check_organization, check_service};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::Gazetteer;
use crate::exchange::hsds_in::{self, Reading};
use crate::exchange::mapping::Mapping;
use crate::exchange::{Entry, Found, RefusedRow, Tally, json_records, spreadsheets};
use crate::store;

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
    /// The number of the last change written; 0 when nothing was.
    pub change: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    pub line: u64,
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl From<RefusedRow> for RefusedLine {
    fn from(row: RefusedRow) -> Self {
        let Refusal { code, field, rule } = row.refusal;
        Self { line: row.line, code: code.as_str(), field, rule }
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
            let run = Run { deps, source, dry_run, total: Some(total), progress };
            run.of(hsds_in::Entries::new(open()?, reading), &tally)
        }
        Format::Csv { mapping } => {
            let mapping = Mapping::parse(mapping, &is_category)?;
            spreadsheets::check(open()?, &mapping)?;
            let rows = spreadsheets::open(open()?, &mapping, &tally)?;
            Run { deps, source: &mapping.source, dry_run, total: None, progress }.of(rows, &tally)
        }
    }
}

/// One run of an import, whatever its records come from.
struct Run<'a> {
    deps: &'a Deps,
    source: &'a str,
    dry_run: bool,
    total: Option<u64>,
    progress: Progress<'a>,
}

impl Run<'_> {
    fn of(&self, entries: impl Iterator<Item = Found> + Send, tally: &Tally) -> Outcome<Report> {
        let gazetteer = self.deps.gazetteer();
        let mut written = Progressing::default();
        std::thread::scope(|scope| {
            let (sender, batches) = sync_channel(PREPARED_MAX);
            scope.spawn(move || prepare_all(entries, gazetteer, &sender));
            batches.into_iter().try_for_each(|batch| {
                written.take(self, batch)?;
                (self.progress)(written.done, self.total);
                Ok::<_, Failure>(())
            })
        })?;
        let mut report = written.report;
        report.refused.sort_by_key(|row| row.line);
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
fn prepare_all(entries: impl Iterator<Item = Found>, gazetteer: &Gazetteer, sender: &SyncSender<Batch>) {
    let mut batch = Batch::default();
    let mut said = Vec::new();
    for found in entries {
        match found.and_then(|entry| prepare(gazetteer, entry, &mut said)) {
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

/// Checks a record, says what it said in one hash, and places it. `said` is left with what was hashed.
fn prepare(gazetteer: &Gazetteer, mut entry: Entry, said: &mut Vec<u8>) -> Found {
    match check_and_place(gazetteer, &mut entry, said) {
        Ok(()) => Ok(entry),
        Err(refusal) => Err(RefusedRow { line: entry.line, refusal }),
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
struct Progressing {
    report: Report,
    seen: Seen,
    done: u64,
}

impl Progressing {
    fn take(&mut self, run: &Run<'_>, batch: Batch) -> Outcome<()> {
        self.refuse(batch.refused);
        if !batch.ready.is_empty() {
            self.write(run, &batch.ready)?;
        }
        self.done += batch.ready.len() as u64;
        Ok(())
    }

    fn refuse(&mut self, rows: Vec<RefusedRow>) {
        self.report.refused_count += rows.len() as u64;
        let room = REFUSED_NAMED_MAX.saturating_sub(self.report.refused.len());
        self.report.refused.extend(rows.into_iter().take(room).map(RefusedLine::from));
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
        if run.dry_run {
            let outcome = run.deps.store.read(|conn| Plan::decide(conn, batch, &self.seen).map(|plan| plan.outcome))?;
            self.add(outcome, 0);
            return Ok(());
        }
        let written = run.deps.store.write(run.deps.clock.now(), |tx| {
            let plan = Plan::decide(tx, batch, &self.seen)?;
            plan.write(tx)?;
            Ok::<_, Failure>(plan.outcome)
        });
        match written {
            Ok(written) => self.add(written.value, written.change),
            // An id of this batch is already that of another record: halves find it, and the rest is written.
            Err(Failure::Store(store::Error::Conflict(_))) if batch.len() > 1 => {
                let (first, second) = batch.split_at(batch.len() / 2);
                self.write(run, first)?;
                self.write(run, second)?;
            }
            Err(Failure::Store(store::Error::Conflict(rule))) => {
                let line = batch.first().map_or(0, |entry| entry.line);
                let refusal = Refusal::field(Code::AlreadyExists, "id").rule(rule);
                self.refuse(vec![RefusedRow { line, refusal }]);
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}
