//! French and English sentences and templates. Every text is a pair written side by side in a `match` without `_`:
//! a missing translation does not compile. Knows no request and no row.

pub mod answers;
pub mod duplicates;
pub mod error_reports;
pub mod guide;
pub mod languages;
pub mod matching;
pub mod messages;
pub mod quality;
pub mod records;
pub mod reports;
pub mod road;
pub mod saved_lists;
pub mod saved_searches;
