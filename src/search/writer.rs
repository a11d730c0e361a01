//! The index in its directory: opened, fed, compared, thrown away. The position reached in the change log and the epoch
//! of the store are written in the index's own commit, so the two never need repair.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tantivy::directory::MmapDirectory;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyError, Term};

use super::Error;
use super::analyse::{Stems, WeighedTerms};
use super::definition::Definition;
use super::schema::{Fields, settings};
use super::view::View;
use crate::domain::directory::ServiceAggregate;
use crate::domain::language::Text;
use crate::id::Id;

mod document;
mod files;
pub(super) use document::{CategoryRow, GiverRow, OwnRow, Row};

/// How often a lock that is busy is tried again, and after which wait each time.
const LOCK_TRIES: usize = 20;
const LOCK_WAIT: std::time::Duration = std::time::Duration::from_millis(10);

/// Memory of each indexing thread, in bytes.
const WRITER_MEMORY_BYTES: usize = 50_000_000;
/// Threads that write the index while it is filled; changes that come later are few, and one thread takes them.
const FILLING_THREADS: usize = 2;

/// A service to be found, with the labels of its categories in both languages.
#[derive(Debug, Clone)]
pub struct Entry {
    pub aggregate: ServiceAggregate,
    pub category_labels: Vec<Text>,
}

#[derive(Debug, Clone)]
pub enum Change {
    Put(Box<Entry>),
    Remove(Id),
}

/// A handle: cheap to clone, all clones are one index.
#[derive(Clone)]
pub struct Index(Arc<Inner>);

struct Inner {
    fields: Fields,
    engine: tantivy::Index,
    reader: IndexReader,
    view: RwLock<Arc<View>>,
    /// `None` once it broke (it is made again for the next batch) or when the index is open for reading only.
    writer: Mutex<Option<IndexWriter>>,
    read_only: bool,
    /// `None` in memory.
    directory: Option<PathBuf>,
    epoch: Id,
    state: Mutex<State>,
    moved: Condvar,
    nudged: Mutex<bool>,
    nudge: Condvar,
}

#[derive(Debug, Clone, Copy)]
struct State {
    position: Option<i64>,
}

/// What the index says of itself in each commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    version: u32,
    /// See [`Definition::made_from`].
    #[serde(default)]
    made_from: String,
    epoch: Id,
    /// Number of the last change applied; none while the index is being filled.
    position: Option<i64>,
}

/// What a rebuild must equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentDigest {
    pub documents: u64,
    pub sha256: String,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("epoch", &self.0.epoch)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index of a store, or starts an empty one where there is none, where it belongs to another epoch, where
    /// its shape is another version's, or where a file is gone or cut short. An empty one has no [`Index::position`].
    /// It reads lists of files and their footers, however large they are: [`Index::damaged_files`] reads the rest. A
    /// filling that was cut short left what was there before, which is opened.
    pub fn open(directory: &Path, epoch: Id) -> Result<Self, Error> {
        fs::create_dir_all(directory)?;
        // Bytes that were not read yet may be anything, and tantivy trusts them.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::open_existing(directory, Some(epoch), false)));
        match opened {
            Ok(Ok(Some(index))) => return Ok(index),
            Ok(Ok(None)) => {}
            Ok(Err(Error::Engine(TantivyError::LockFailure(..)))) => return Err(Error::InUse(directory.to_owned())),
            Ok(Err(why @ Error::Definition(_))) => return Err(why),
            Ok(Err(why)) => tracing::warn!(error = %why, "search index is damaged, starting again"),
            Err(_) => tracing::warn!("search index is damaged and cannot be opened, starting again"),
        }
        let held = files::empty(directory)?;
        let fields = Fields::new();
        let in_directory = MmapDirectory::open(directory).map_err(TantivyError::from)?;
        let engine = tantivy::Index::create(in_directory, fields.schema.clone(), settings())?;
        drop(held);
        Self::start(engine, fields, epoch, Some(directory), false, None)
    }

    /// Opens an index that another process may be feeding. `None` where there is none of this version.
    pub fn open_for_reading(directory: &Path) -> Result<Option<Self>, Error> {
        if !directory.join("meta.json").exists() {
            return Ok(None);
        }
        Self::open_existing(directory, None, true)
    }

    /// An index in memory, empty: for tests and for small rebuilds.
    pub fn in_memory(epoch: Id) -> Result<Self, Error> {
        let fields = Fields::new();
        let engine = tantivy::IndexBuilder::new().schema(fields.schema.clone()).settings(settings()).create_in_ram()?;
        Self::start(engine, fields, epoch, None, false, None)
    }

    fn open_existing(directory: &Path, epoch: Option<Id>, read_only: bool) -> Result<Option<Self>, Error> {
        let in_directory = MmapDirectory::open(directory).map_err(TantivyError::from)?;
        if !tantivy::Index::exists(&in_directory).map_err(TantivyError::from)? {
            return Ok(None);
        }
        let fields = Fields::new();
        let engine = tantivy::Index::open(in_directory)?;
        let payload = payload_of(&engine)?;
        let definition = Definition::of_this_program()?;
        let is_ours = |found: &Payload| found.version == definition.version && found.made_from == definition.made_from;
        let known = payload.filter(|found| is_ours(found) && epoch.is_none_or(|epoch| epoch == found.epoch));
        let Some(payload) = known.filter(|_| engine.schema() == fields.schema) else {
            return Ok(None);
        };
        if payload.position.is_none() && !read_only {
            return Ok(None); // never filled
        }
        files::refuse_missing(directory, &engine)?;
        Self::start(engine, fields, payload.epoch, Some(directory), read_only, payload.position).map(Some)
    }

    fn start(
        engine: tantivy::Index,
        fields: Fields,
        epoch: Id,
        directory: Option<&Path>,
        read_only: bool,
        position: Option<i64>,
    ) -> Result<Self, Error> {
        Definition::of_this_program()?;
        engine.tokenizers().register(WeighedTerms::NAME, WeighedTerms::default());
        let reader: IndexReader = engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let view = RwLock::new(Arc::new(View::open(reader.searcher(), &fields, None)?));
        let writer = if read_only { None } else { Some(new_writer(&engine)?) };
        let state = Mutex::new(State { position });
        let writer = Mutex::new(writer);
        let (moved, nudged, nudge) = (Condvar::new(), Mutex::new(false), Condvar::new());
        let directory = directory.map(Path::to_owned);
        let inner =
            Inner { fields, engine, reader, view, writer, read_only, directory, epoch, state, moved, nudged, nudge };
        Ok(Self(Arc::new(inner)))
    }

    pub fn epoch(&self) -> Id {
        self.0.epoch
    }

    /// Number of the last change that searches see; `None` for an index that is not filled yet.
    pub fn position(&self) -> Option<i64> {
        lock(&self.0.state).position
    }

    /// Waits until searches see a change, at most `wait_max`. Blocks the thread.
    pub fn wait_for(&self, position: i64, wait_max: Duration) -> bool {
        let deadline = Instant::now() + wait_max;
        if self.position().is_none_or(|reached| reached < position) {
            self.nudge();
        }
        let mut state = lock(&self.0.state);
        loop {
            if state.position.is_some_and(|reached| reached >= position) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.0.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
        }
    }

    /// Applies changes and the position that they reach, in one commit; searches see all of it or nothing. With
    /// no position the index is as one that was never filled: the next opening starts again.
    pub fn apply(&self, changes: &[Change], position: Option<i64>) -> Result<(), Error> {
        if self.0.read_only {
            return Err(Error::ReadOnly);
        }
        let mut guard = lock(&self.0.writer);
        let mut writer = match guard.take() {
            Some(writer) => writer,
            None => new_writer(&self.0.engine)?,
        };
        // A writer that failed is dropped with what it had taken in: the next batch starts from the last commit.
        self.write(&mut writer, changes, position)?;
        *guard = Some(writer);
        drop(guard);
        self.reached(position)
    }

    fn reached(&self, position: Option<i64>) -> Result<(), Error> {
        self.0.reader.reload()?;
        let view = Arc::new(View::open(self.0.reader.searcher(), self.fields(), Some(&self.view()))?);
        *self.0.view.write().unwrap_or_else(PoisonError::into_inner) = view;
        lock(&self.0.state).position = position;
        self.0.moved.notify_all();
        Ok(())
    }

    /// Fills the index anew with what `feed` puts, and says how far in the change log that is, in one commit: searches
    /// see what was there before until all of it is there. Cut short, nothing of it is.
    pub fn fill<E: From<Error>>(
        &self,
        position: i64,
        feed: impl FnOnce(&Filling<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.0.read_only {
            return Err(Error::ReadOnly.into());
        }
        let mut guard = lock(&self.0.writer);
        // Cut short after its commit it would stay in many segments, which are slow: then it is filled again.
        if let Some(directory) = &self.0.directory {
            files::ask_for_rebuild(directory)?;
        }
        // One writer at a time: this one has more threads, and goes when it has done its work.
        drop(guard.take());
        let filled = self.fill_beside(position, feed);
        // Whoever holds the writer holds the index: nobody else may open it to write.
        let held = new_writer(&self.0.engine).map(|writer| *guard = Some(writer));
        drop(guard);
        filled?;
        held?;
        self.reached(Some(position))?;
        if let Some(directory) = &self.0.directory {
            files::rebuild_is_done(directory)?;
        }
        Ok(())
    }

    fn fill_beside<E: From<Error>>(
        &self,
        position: i64,
        feed: impl FnOnce(&Filling<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut writer = self.filling_writer()?;
        feed(&Filling { fields: &self.0.fields, writer: &writer, put: AtomicU64::new(0) })?;
        self.commit(&mut writer, Some(position))?;
        self.merge_all(&mut writer)?;
        writer.wait_merging_threads().map_err(Error::from)?;
        Ok(())
    }

    /// The files of the last commit whose bytes are not what was written. It reads them all: `goes_on` is asked before
    /// each. Searches and changes go on meanwhile.
    pub fn damaged_files(&self, goes_on: &dyn Fn() -> bool) -> Result<Vec<PathBuf>, Error> {
        files::damaged(&self.0.engine, goes_on)
    }

    /// Asks whoever feeds the index in this directory, now or at its next start, to fill it anew.
    pub fn ask_for_rebuild(directory: &Path) -> Result<(), Error> {
        files::ask_for_rebuild(directory)
    }

    /// As [`Index::ask_for_rebuild`], of this one.
    pub fn want_rebuild(&self) -> Result<(), Error> {
        self.0.directory.as_deref().map_or(Ok(()), files::ask_for_rebuild)?;
        self.nudge();
        Ok(())
    }

    /// Whether somebody asked for it to be filled anew since it last was.
    pub fn rebuild_is_asked(&self) -> bool {
        self.0.directory.as_deref().is_some_and(files::rebuild_is_asked)
    }

    /// One segment is searched faster than several: every term is looked up once, every list opened once.
    fn merge_all(&self, writer: &mut IndexWriter) -> Result<(), Error> {
        let segments = self.0.engine.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        Ok(())
    }

    fn filling_writer(&self) -> Result<IndexWriter, Error> {
        let memory = FILLING_THREADS * WRITER_MEMORY_BYTES;
        let writer = once_free(|| self.0.engine.writer_with_num_threads(FILLING_THREADS, memory))?;
        // All segments become one at the end: to join some of them on the way would be done for nothing.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        writer.delete_all_documents()?;
        Ok(writer)
    }

    /// Asks whoever feeds the index to look at the change log now.
    pub fn nudge(&self) {
        *lock(&self.0.nudged) = true;
        self.0.nudge.notify_all();
    }

    /// Waits for a nudge, at most `wait_max`; gives whether there was one.
    pub fn wait_for_nudge(&self, wait_max: Duration) -> bool {
        let nudged = lock(&self.0.nudged);
        let waited = self.0.nudge.wait_timeout_while(nudged, wait_max, |nudged| !*nudged);
        let (mut nudged, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *nudged)
    }

    fn write(&self, writer: &mut IndexWriter, changes: &[Change], position: Option<i64>) -> Result<(), Error> {
        let mut stems = Stems::new();
        for change in changes {
            let id = match change {
                Change::Put(entry) => entry.aggregate.service.id,
                Change::Remove(id) => *id,
            };
            writer.delete_term(Term::from_field_bytes(self.0.fields.id, id.0.as_bytes()));
            if let Change::Put(entry) = change
                && let Some(document) = document::of(&self.0.fields, &mut stems, entry)?
            {
                writer.add_document(document)?;
            }
        }
        self.commit(writer, position)
    }

    fn commit(&self, writer: &mut IndexWriter, position: Option<i64>) -> Result<(), Error> {
        let definition = Definition::of_this_program()?;
        let (version, made_from) = (definition.version, definition.made_from.clone());
        let payload = Payload { version, made_from, epoch: self.0.epoch, position };
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(&payload)?);
        commit.commit()?;
        Ok(())
    }

    /// Services that can be found.
    pub fn documents(&self) -> u64 {
        self.view().searcher.num_docs()
    }

    /// A digest of everything indexed, the same for the same services whatever the order they came in.
    pub fn content_digest(&self) -> Result<ContentDigest, Error> {
        let mut services: Vec<(Id, u64)> = vec![];
        let view = self.view();
        for (reader, segment) in view.searcher.segment_readers().iter().zip(&view.segments) {
            let digest = |doc| segment.digest.first(doc).unwrap_or(0);
            services.extend(reader.doc_ids_alive().map(|doc| (segment.id(doc), digest(doc))));
        }
        services.sort_unstable();
        let mut hash = Sha256::new();
        for (id, digest) in &services {
            hash.update(id.0.as_bytes());
            hash.update(digest.to_be_bytes());
        }
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(ContentDigest { documents: services.len() as u64, sha256 })
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.0.fields
    }

    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.0.view.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An index that is being filled. Several threads may put into it.
pub struct Filling<'a> {
    fields: &'a Fields,
    writer: &'a IndexWriter,
    put: AtomicU64,
}

impl Filling<'_> {
    /// Puts services, each of which is put once; gives how many were put in all.
    pub fn put(&self, entries: &[Entry]) -> Result<u64, Error> {
        let mut stems = Stems::new();
        for entry in entries {
            if let Some(document) = document::of(self.fields, &mut stems, entry)? {
                self.writer.add_document(document)?;
            }
        }
        let count = entries.len() as u64;
        Ok(self.put.fetch_add(count, Ordering::SeqCst) + count)
    }
}

fn new_writer(engine: &tantivy::Index) -> Result<IndexWriter, Error> {
    Ok(once_free(|| engine.writer_with_num_threads(1, WRITER_MEMORY_BYTES))?)
}

/// Takes the lock of the writer. Whoever starts a program gives it, for the moment before it is another program, the
/// open files of this one and so its locks: one that was let go may be held that much longer.
fn once_free<T>(take: impl Fn() -> Result<T, TantivyError>) -> Result<T, TantivyError> {
    for _ in 0..LOCK_TRIES {
        match take() {
            Err(TantivyError::LockFailure(..)) => std::thread::sleep(LOCK_WAIT),
            other => return other,
        }
    }
    take()
}

fn payload_of(engine: &tantivy::Index) -> Result<Option<Payload>, Error> {
    let said = engine.load_metas()?.payload;
    Ok(said.and_then(|text| serde_json::from_str(&text).ok()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
