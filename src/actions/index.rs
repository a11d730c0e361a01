//! Keeps a search index equal to the store: filled by pages of services, then fed by the change log alone.
//! Every step may be repeated: what is applied twice is applied once.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::{Deps, Outcome};
use crate::domain::directory::ServiceAggregate;
use crate::domain::language::Text;
use crate::domain::taxonomy::Taxonomy;
use crate::id::Id;
use crate::search::{self, Change, Entry, Filling, Index};
use crate::store::changes::{self, Subject};
use crate::store::{self, Store, services};

/// Services read at once, and written to the index in one commit.
const BATCH_SIZE: usize = 1_000;
const SERVICES_PER_BATCH: i64 = BATCH_SIZE as i64;

/// Threads that read the store and make documents while an index is filled.
const FILLING_WORKERS: usize = 2;

/// A node that fills its index says how far it is each time that it has put this many services.
const SERVICES_PER_LOG_LINE: u64 = 50_000;

/// Changes read from the log at once.
const CHANGES_PER_BATCH: i64 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Search(#[from] search::Error),
    #[error("the filling of the search index was stopped")]
    Stopped,
    #[error("the search index is of epoch {index}, the store of {store}: it must be opened again")]
    Epoch { index: Id, store: Id },
}

/// Is told, as an index is filled, how many services were put and of how many; from several threads.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Is asked now and then whether to go on; from several threads.
pub type GoesOn<'a> = &'a (dyn Fn() -> bool + Sync);

/// What became of the wish to have the index filled anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reindexed {
    /// It is filled anew, up to this change.
    Rebuilt { position: i64, documents: u64 },
    /// Another process holds it, and was asked to.
    Asked,
}

/// The labels of the needs built into the program: of the code itself, and of the field that it is under.
pub fn labels(code: &str) -> Vec<Text> {
    let taxonomy = Taxonomy::embedded();
    let field = taxonomy.top_level(code).filter(|field| *field != code);
    [Some(code), field]
        .into_iter()
        .flatten()
        .filter_map(|code| taxonomy.get(code))
        .map(|term| term.label.clone())
        .collect()
}

impl Deps {
    /// Where this node keeps its search index.
    pub fn index_directory(&self) -> PathBuf {
        self.config.data_dir.join("index")
    }

    /// The search index, once `prepare` has opened it.
    pub fn index(&self) -> Outcome<&Index> {
        self.index.get().ok_or_else(|| store::Error::Unavailable("the search index is not open yet".to_owned()).into())
    }

    /// Opens the index of this node and brings it to the head of the change log. Only one process at a time may hold
    /// it: a command that needs no search leaves it alone. Safe to run again.
    pub fn prepare_index(&self) -> Outcome<()> {
        if self.index.get().is_none() {
            let epoch = self.store.read(changes::head)?.epoch;
            let index = Index::open(&self.index_directory(), epoch)?;
            let position = catch_up_unread(&self.store, &index)?;
            tracing::info!(position, documents = index.documents(), "search index is up to date");
            self.index.get_or_init(|| index);
        }
        Ok(())
    }

    /// Fills the index of this node anew beside what is there, or asks the process that holds it to do so.
    pub fn reindex(&self, progress: Progress<'_>) -> Outcome<Reindexed> {
        let epoch = self.store.read(changes::head)?.epoch;
        let index = match Index::open(&self.index_directory(), epoch) {
            Err(search::Error::InUse(directory)) => {
                Index::ask_for_rebuild(&directory)?;
                return Ok(Reindexed::Asked);
            }
            opened => opened?,
        };
        fill_telling(&self.store, &index, progress, &|| true)?;
        let position = catch_up(&self.store, &index)?;
        Ok(Reindexed::Rebuilt { position, documents: index.documents() })
    }
}

/// Brings an index that was just opened to the head of the change log. Its files were not read yet: where they stop it
/// because they are damaged, it is filled anew.
fn catch_up_unread(store: &Store, index: &Index) -> Result<i64, Error> {
    let tried = catch_unwind(AssertUnwindSafe(|| catch_up(store, index)));
    let may_be_damaged = matches!(tried, Err(_) | Ok(Err(Error::Search(_))));
    if may_be_damaged && !index.damaged_files(&|| true)?.is_empty() {
        tracing::warn!("search index is damaged, starting again");
        return fill(store, index);
    }
    tried.unwrap_or_else(|panic| resume_unwind(panic))
}

/// As [`catch_up`], and fills the index anew where somebody asked for that. Searches see what was there until all of
/// it is there anew; what is written meanwhile is found after.
pub fn follow(store: &Store, index: &Index, goes_on: GoesOn<'_>) -> Result<i64, Error> {
    if index.rebuild_is_asked() {
        tracing::info!("search index is being filled anew");
        let position = fill_logging(store, index, goes_on)?;
        tracing::info!(position, documents = index.documents(), "search index is filled anew");
    }
    catch_up(store, index)
}

/// Reads all of an index, and asks for another where it is damaged; gives whether it is whole.
pub fn verify(index: &Index, goes_on: GoesOn<'_>) -> Result<bool, Error> {
    let damaged = index.damaged_files(goes_on)?;
    if damaged.is_empty() {
        return Ok(true);
    }
    tracing::warn!(error = %search::Error::Damaged(damaged), "search index is damaged and will be filled anew");
    index.want_rebuild()?;
    Ok(false)
}

/// Brings an index to the head of the change log, from wherever it stands; gives the position reached.
pub fn catch_up(store: &Store, index: &Index) -> Result<i64, Error> {
    let head = store.read(changes::head)?;
    if head.epoch != index.epoch() {
        return Err(Error::Epoch { index: index.epoch(), store: head.epoch });
    }
    let Some(mut position) = index.position().filter(|position| *position <= head.n) else {
        return fill(store, index);
    };
    loop {
        let rows = store.read(|conn| changes::after(conn, position, CHANGES_PER_BATCH))?;
        let Some(last) = rows.last().map(|change| change.n) else {
            return Ok(position);
        };
        apply(store, index, &rows, last)?;
        position = last;
    }
}

/// Fills an index with every service there is, in one commit. Changes made meanwhile come after, from the log.
pub fn fill(store: &Store, index: &Index) -> Result<i64, Error> {
    fill_logging(store, index, &|| true)
}

fn fill_logging(store: &Store, index: &Index, goes_on: GoesOn<'_>) -> Result<i64, Error> {
    let lines = AtomicU64::new(0);
    let progress = |put: u64, total: u64| {
        let line = put / SERVICES_PER_LOG_LINE;
        if lines.fetch_max(line, Ordering::SeqCst) < line {
            tracing::info!(put, total, "search index is being filled");
        }
    };
    fill_telling(store, index, &progress, goes_on)
}

/// As [`fill`], telling how far it is. Told to stop, it fails and leaves what was there.
pub fn fill_telling(store: &Store, index: &Index, progress: Progress<'_>, goes_on: GoesOn<'_>) -> Result<i64, Error> {
    let head = store.read(changes::head)?;
    let total = u64::try_from(store.read(services::count)?).unwrap_or_default();
    let walk = Mutex::new(Walk::default());
    index.fill(head.n, |filling| {
        let tell = |put: u64| {
            progress(put, total.max(put));
            if goes_on() { Ok(()) } else { Err(Error::Stopped) }
        };
        std::thread::scope(|scope| {
            let workers = [(); FILLING_WORKERS].map(|()| scope.spawn(|| fill_from(store, &walk, filling, &tell)));
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    })?;
    Ok(head.n)
}

/// How far the pages of a filling have been read.
#[derive(Default)]
struct Walk {
    last_id: Option<Id>,
    is_over: bool,
}

/// Reads pages in turn with the other workers; while one reads, the others make documents of what they read.
fn fill_from(
    store: &Store,
    walk: &Mutex<Walk>,
    filling: &Filling<'_>,
    tell: &(dyn Fn(u64) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    loop {
        let mut reading = walk.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.is_over {
            return Ok(());
        }
        let read = store.read(|conn| services::page_after(conn, reading.last_id, SERVICES_PER_BATCH));
        // Where one worker fails the others stop too.
        reading.is_over = read.as_ref().map_or(true, Vec::is_empty);
        let page = read?;
        reading.last_id = page.last().map(|last| last.service.id);
        drop(reading);
        if page.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = page.into_iter().map(entry_of).collect();
        let put = filling.put(&entries).map_err(Error::from).and_then(tell);
        if put.is_err() {
            walk.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        }
        put?;
    }
}

/// Re-indexes every service that shows a record that changed. The position moves with the last batch of them: cut
/// short, the same changes are applied again.
fn apply(store: &Store, index: &Index, rows: &[changes::Change], last: i64) -> Result<(), Error> {
    let mut waiting: BTreeSet<Id> = BTreeSet::new();
    let mut subjects: Vec<(Subject, Id)> = rows.iter().map(|change| (change.subject, change.subject_id)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    for (subject, id) in subjects {
        let mut after = None;
        loop {
            let read = |conn: &mut store::Conn| match subject {
                // It may be gone: then it leaves the index.
                Subject::Service => Ok(vec![id]),
                _ => services::services_showing(conn, subject, id, after, SERVICES_PER_BATCH),
            };
            let shown = store.read(read)?;
            after = shown.last().copied();
            waiting.extend(&shown);
            if waiting.len() >= BATCH_SIZE {
                let batch: Vec<Id> = std::mem::take(&mut waiting).into_iter().collect();
                index.apply(&changes_of(store, &batch)?, index.position())?;
            }
            if subject == Subject::Service || after.is_none() {
                break;
            }
        }
    }
    let batch: Vec<Id> = waiting.into_iter().collect();
    index.apply(&changes_of(store, &batch)?, Some(last))?;
    Ok(())
}

/// What the index must be told of these services: as they are now, or that they are gone.
fn changes_of(store: &Store, ids: &[Id]) -> Result<Vec<Change>, Error> {
    let aggregates = store.read(|conn| services::list_aggregates(conn, ids))?;
    let mut gone: BTreeSet<Id> = ids.iter().copied().collect();
    let mut changes = vec![];
    // What left the directory leaves the index, whatever else is written of it.
    let stays = |one: &ServiceAggregate| one.service.retired_at.is_none() && one.organization.retired_at.is_none();
    for aggregate in aggregates.into_iter().filter(stays) {
        gone.remove(&aggregate.service.id);
        changes.push(put(aggregate));
    }
    changes.extend(gone.into_iter().map(Change::Remove));
    Ok(changes)
}

fn put(aggregate: ServiceAggregate) -> Change {
    Change::Put(Box::new(entry_of(aggregate)))
}

fn entry_of(aggregate: ServiceAggregate) -> Entry {
    let mut category_labels: Vec<Text> = vec![];
    for label in aggregate.service.categories.iter().flat_map(|code| labels(code)) {
        if !category_labels.contains(&label) {
            category_labels.push(label);
        }
    }
    Entry { aggregate, category_labels }
}
