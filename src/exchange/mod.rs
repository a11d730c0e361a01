//! Bytes of other people's formats to domain records and back. Pure: no store, no clock, no network; what it must ask
//! (is this a category? what is this territory called?) comes in as arguments.

// -- territories
pub mod territories;
// -- directory
pub mod history;
pub mod hsds;
pub mod hsds_in;
pub mod hsds_lists;
pub mod hsds_tables;
pub mod json_records;
pub mod line_ends;
pub mod mapping;
pub mod package;
pub mod profile;
pub mod records_out;
pub mod spreadsheets;
pub mod suggest;
pub mod tabular;
pub mod tabular_cells;
pub mod tabular_files;
pub mod tabular_old;
pub mod tabular_out;
pub mod tabular_table;
pub mod workbooks;
pub mod xlsx_out;
// -- reports
pub mod table_csv;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::domain::directory::{Location, Organization, Service};
use crate::domain::refusal::Refusal;
use crate::id::Id;

/// One record of a file: an organisation, places, and the service given there if it is one.
/// Places come as the source put them: without territories, and without a point where it gave none.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it begins in the file, counted from 1: a line of a spreadsheet, a record of a JSON list.
    pub line: u64,
    /// The table that has the line, for a package of several.
    pub table: Option<&'static str>,
    pub organization: Organization,
    pub locations: Vec<Location>,
    pub service: Option<Service>,
}

/// A record that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    pub line: u64,
    /// The table that has the line, for a package of several.
    pub table: Option<String>,
    pub refusal: Refusal,
}

impl RefusedRow {
    /// A record that was read and is not taken.
    pub fn of(entry: &Entry, refusal: Refusal) -> Self {
        Self { line: entry.line, table: entry.table.map(str::to_owned), refusal }
    }
}

/// One record of a source: taken apart, or refused. Sources are read as iterators of these, so that one of any size
/// needs the memory of a few records.
pub type Found = Result<Entry, RefusedRow>;

/// Rows that a source leaves aside, counted while it is read.
#[derive(Debug, Default)]
pub struct Tally {
    dropped: AtomicU64,
    blank: AtomicU64,
    listed: Mutex<Vec<Id>>,
    has_unread: AtomicBool,
}

impl Tally {
    pub fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
    pub fn count_blank(&self) {
        self.blank.fetch_add(1, Ordering::Relaxed);
    }
    /// A row that is refused is listed by its source all the same, where it can be told which it is.
    pub fn list(&self, id: Id) {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }
    pub fn take_listed(&self) -> Vec<Id> {
        std::mem::take(&mut *self.listed.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// Something could not be read, and nobody can tell which records it was.
    pub fn leave_unread(&self) {
        self.has_unread.store(true, Ordering::Relaxed);
    }
    pub fn has_unread(&self) -> bool {
        self.has_unread.load(Ordering::Relaxed)
    }
    /// Rows that the mapping's filters leave out.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
    /// Rows with nothing in them.
    pub fn blank(&self) -> u64 {
        self.blank.load(Ordering::Relaxed)
    }
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    pub entries: Vec<Entry>,
    pub refused: Vec<RefusedRow>,
}
