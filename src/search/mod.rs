//! The only tantivy: finds services by words, place, territory, hours and age.
//! The index is a function of the store's change log, held in a directory that may be thrown away: it is rebuilt from
//! the store whenever its shape, its epoch or its files do not fit. It knows nothing of HTTP, accounts or SQL, and it
//! never receives the point, name or address of a place that only its MRC may be known of.

mod analyse;
mod clauses;
mod cores;
mod definition;
mod geo;
mod highlight;
mod impact;
mod marks;
mod needs;
mod parts;
mod plan;
mod postings;
mod query;
mod rank;
mod schema;
mod shorthand;
mod suggest;
#[cfg(test)]
mod tests;
mod turns;
mod typo;
mod view;
mod vocabulary;
mod why;
mod wishes;
mod writer;

use std::path::PathBuf;

pub use analyse::count_words;
pub use highlight::{Highlight, Piece, highlights};
pub use parts::NeedRead;
pub use query::{Coverage, Origin, Request, Sort, says_something};
pub use rank::{Caution, Explanation, Facet, FacetCounts, Factors, Relation, Total};
pub use schema::Audience;
pub use suggest::{Suggested, SuggestedService, Typing};
pub use why::{Kind, Part, Reason};
pub use writer::{Change, ContentDigest, Entry, Filling, Index};

use crate::domain::directory::Placement;
use crate::domain::language::Text;
use crate::id::Id;

/// Something broke in the index, or the request cannot be answered by it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the search index is in use by another process: {}", .0.display())]
    InUse(PathBuf),
    #[error("the search index is open for reading only")]
    ReadOnly,
    #[error("the cursor is not one of this search")]
    InvalidCursor,
    #[error("the definition of the search index is wrong: {0}")]
    Definition(String),
    #[error("a record cannot be written into the search index: {0}")]
    Record(#[from] serde_json::Error),
    #[error("the search index holds a row that cannot be read: {0}")]
    Row(#[from] postcard::Error),
    #[error("the search index has no row for what it found")]
    NoSuchRow,
    #[error("files of the search index are damaged: {}", names(.0))]
    Damaged(Vec<PathBuf>),
    #[error("search index files: {0}")]
    Files(#[from] std::io::Error),
    #[error("search index: {0}")]
    Engine(#[from] tantivy::TantivyError),
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// One page of results, and where the index stood when they were found.
#[derive(Debug, Clone)]
pub struct Page {
    pub total: Total,
    /// Words and phrases of the text that count: those that a service has, it has a reason for.
    pub words_asked: usize,
    pub hits: Vec<Hit>,
    pub next_cursor: Option<String>,
    /// In the order asked.
    pub facets: Vec<FacetCounts>,
}

#[derive(Debug, Clone)]
pub struct Hit {
    pub service_id: Id,
    pub name: Text,
    pub organization_id: Id,
    pub organization_name: Text,
    pub categories: Vec<String>,
    /// The nearest place that the audience may see, or the first one when the request has no point.
    pub place: Option<Place>,
    /// Kilometres from the point of the request to that place.
    pub distance_km: Option<f64>,
    /// Whether the people of the place asked about are served; `None` when no place was asked or nobody said.
    pub served: Option<bool>,
    pub open_now: Option<bool>,
    pub matched: Vec<Reason>,
    /// Why it may not fit.
    pub cautions: Vec<Caution>,
    /// Where one was asked for.
    pub explanation: Option<Explanation>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub id: Id,
    pub lat: f64,
    pub lon: f64,
    pub placement: Placement,
}
