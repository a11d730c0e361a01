//! Bytes of other people's formats to domain records and back. Pure: no store, no clock, no network; what it must ask
//! (is this a category? what is this territory called?) comes in as arguments.

// -- territories
pub mod territories;
// -- directory
pub mod hsds;
pub mod hsds_in;
pub mod hsds_lists;
pub mod mapping;
pub mod profile;
pub mod spreadsheets;
// -- reports
pub mod table_csv;

use crate::domain::directory::{Location, Organization, Service};
use crate::domain::refusal::Refusal;

/// One record of a file: an organisation, places, and the service given there if it is one.
/// Places come as the source put them: without territories, and without a point where it gave none.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it begins in the file, counted from 1: a line of a spreadsheet, a record of a JSON list.
    pub line: u64,
    pub organization: Organization,
    pub locations: Vec<Location>,
    pub service: Option<Service>,
}

/// A record that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    pub line: u64,
    pub refusal: Refusal,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    pub entries: Vec<Entry>,
    pub refused: Vec<RefusedRow>,
    /// Rows that the mapping's filters leave out.
    pub dropped: u64,
    /// Rows with nothing in them.
    pub blank: u64,
}
