//! Do the store, the change log and the search index agree? The index is brought to the head as a start would (or,
//! when a server holds it, waited for), and its content is compared with an index made anew from the store.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::index::{self, Error};
use crate::id::Id;
use crate::search::{self, ContentDigest, Index};
use crate::store::{Store, changes, services};

/// How long a server that holds the index is given to reach the head of the log.
const SERVER_WAIT: Duration = Duration::from_secs(10);

/// Somebody may write while the check runs: it is made again, this often at most.
const ATTEMPTS_MAX: u32 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub clean: bool,
    pub store: StoreState,
    pub index: IndexState,
    /// The index made anew from the store.
    pub rebuild: ContentDigest,
    /// What does not agree, in words for an operator.
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreState {
    pub epoch: Id,
    /// Number of the last change.
    pub head: i64,
    pub services: i64,
    /// Rows of the change log; each change has one, so it is the head of a log that was never cut.
    pub changes: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexState {
    pub epoch: Id,
    /// Where the index stood when the check began; `null`: it was missing, damaged or of another epoch, and was filled.
    pub position_found: Option<i64>,
    pub position: Option<i64>,
    #[serde(flatten)]
    pub content: ContentDigest,
    /// A server holds the index.
    pub in_use: bool,
}

/// Compares. `index_directory` is the node's own; `scratch` an empty directory for the rebuild, removed afterwards.
pub fn check(store: &Store, index_directory: &Path, scratch: &Path) -> Result<Report, Error> {
    let epoch = store.read(changes::head)?.epoch;
    let (in_use, position_found) = match Index::open(index_directory, epoch) {
        Ok(index) => {
            // What no server reads in the background is read here.
            let found = if index::verify(&index, &|| true)? { index.position() } else { None };
            index::follow(store, &index, &|| true)?;
            (false, found)
        }
        Err(search::Error::InUse(_)) => (true, position_of(index_directory)?),
        Err(error) => return Err(error.into()),
    };
    let mut attempt = 1;
    loop {
        let report = compare(store, index_directory, scratch, (in_use, position_found))?;
        let moved = store.read(changes::head)?.n != report.store.head;
        if report.clean || !moved || attempt == ATTEMPTS_MAX {
            return Ok(report);
        }
        attempt += 1;
    }
}

fn position_of(index_directory: &Path) -> Result<Option<i64>, Error> {
    Ok(Index::open_for_reading(index_directory)?.and_then(|index| index.position()))
}

fn compare(
    store: &Store,
    index_directory: &Path,
    scratch: &Path,
    (in_use, position_found): (bool, Option<i64>),
) -> Result<Report, Error> {
    let head = store.read(changes::head)?;
    let Some(live) = open_at(index_directory, head.n)? else {
        return Err(search::Error::Definition("the index in use is of another version".to_owned()).into());
    };
    std::fs::create_dir_all(scratch).map_err(search::Error::from)?;
    let rebuilt = Index::open(scratch, head.epoch).map_err(Error::from).and_then(|fresh| {
        index::fill(store, &fresh)?;
        Ok(fresh.content_digest()?)
    });
    std::fs::remove_dir_all(scratch).map_err(search::Error::from)?;
    let rebuild = rebuilt?;
    let content = live.content_digest()?;
    let (services, rows) = store.read(|conn| Ok::<_, Error>((services::count(conn)?, changes::count(conn)?)))?;
    let store_state = StoreState { epoch: head.epoch, head: head.n, services, changes: rows };
    let index_state = IndexState { epoch: live.epoch(), position_found, position: live.position(), content, in_use };
    let problems = problems(&store_state, &index_state, &rebuild);
    Ok(Report { clean: problems.is_empty(), store: store_state, index: index_state, rebuild, problems })
}

/// The index as its last commit left it, once it reached a change or the wait is over.
fn open_at(index_directory: &Path, position: i64) -> Result<Option<Index>, Error> {
    let until = Instant::now() + SERVER_WAIT;
    loop {
        let opened = Index::open_for_reading(index_directory);
        let reached = |index: &Index| index.position().is_some_and(|reached| reached >= position);
        match opened {
            Ok(Some(index)) if reached(&index) => return Ok(Some(index)),
            other if Instant::now() >= until => return Ok(other?),
            // Behind, or its files were merged away while it was opened.
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn problems(store: &StoreState, index: &IndexState, rebuild: &ContentDigest) -> Vec<String> {
    let mut problems = vec![];
    if index.epoch != store.epoch {
        problems.push(format!("the index is of epoch {}, the store of {}", index.epoch, store.epoch));
    }
    if index.position.is_none_or(|position| position < store.head) {
        problems.push(format!("the index stands at {:?}, the change log at {}", index.position, store.head));
    }
    if store.changes != store.head {
        problems.push(format!("the change log has {} rows, its head says {}", store.changes, store.head));
    }
    if index.content.documents != rebuild.documents {
        let (has, should) = (index.content.documents, rebuild.documents);
        problems.push(format!("the index has {has} services, an index made anew {should}"));
    } else if index.content != *rebuild {
        problems.push("the index has other content than an index made anew".to_owned());
    }
    if u64::try_from(store.services).is_ok_and(|services| services < rebuild.documents) {
        problems.push(format!("{} services in the store, {} in the index", store.services, rebuild.documents));
    }
    problems
}
