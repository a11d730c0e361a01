//! Feeds this node's search index from the change log, for as long as the program runs. Woken by the database
//! (another process may have written) or by a search that waits for a change; a step that fails is tried again, later
//! and later. It only ever repeats what is safe to repeat.
//!
//! The files of the index were not read when it was opened: a second thread reads them once, and where they are
//! damaged, or where somebody asked (`relais reindex`), the index is filled anew while searches see what was there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::actions::Deps;
use crate::actions::index::{self, Error};
use crate::search::Index;
use crate::store::watch::Watch;
use crate::store::{Store, changes};

/// How often the database is asked whether somebody wrote.
const POLL_MS: u64 = 25;

/// The head of the log is read this often even when nothing woke the reader.
const UNASKED_MS: u64 = 1_000;

const RETRY_MS_MIN: u64 = 50;
const RETRY_MS_MAX: u64 = 5_000;

/// The running job. Dropped, it stops after the step under way.
pub struct IndexSync {
    stopping: Arc<AtomicBool>,
    index: Index,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the job of a node whose index is open; `None`, and a word in the log, where it cannot start.
pub fn of(deps: &Deps) -> Option<IndexSync> {
    let index = deps.index().ok()?.clone();
    let started = IndexSync::start(deps.store.clone(), index);
    started.inspect_err(|error| tracing::error!(%error, "index sync does not start")).ok()
}

impl IndexSync {
    pub fn start(store: Store, index: Index) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let job = Job { store, index: index.clone(), stopping: Arc::clone(&stopping), retry_ms: 0 };
        let mut sync = Self { stopping, index, threads: vec![] };
        sync.spawn("index-sync", move || job.run())?;
        let (index, stopping) = (sync.index.clone(), Arc::clone(&sync.stopping));
        sync.spawn("index-check", move || check(&index, &stopping))?;
        sync.spawn("index-sayings", read_sayings)?;
        Ok(sync)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }
}

fn read_sayings() {
    if let Err(error) = Index::read_sayings() {
        tracing::error!(%error, "what people say of their needs cannot be read");
    }
}

/// Reads every file of the index once. What cannot even be read is as good as damaged.
fn check(index: &Index, stopping: &AtomicBool) {
    let goes_on = || !stopping.load(Ordering::SeqCst);
    let asked = index::verify(index, &goes_on).or_else(|error| {
        tracing::warn!(%error, "search index cannot be read and will be filled anew");
        index.want_rebuild().map(|()| false)
    });
    if let Err(error) = asked {
        tracing::error!(%error, "search index cannot be filled anew");
    }
}

impl Drop for IndexSync {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.index.nudge();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("index sync ended by a panic");
            }
        }
    }
}

struct Job {
    store: Store,
    index: Index,
    stopping: Arc<AtomicBool>,
    /// 0 after a step that went well.
    retry_ms: u64,
}

impl Job {
    fn run(mut self) {
        while !self.is_stopping() {
            // Damaged files may make the engine panic, until the index is filled anew.
            let followed = catch_unwind(AssertUnwindSafe(|| self.follow()));
            let why = match followed {
                Ok(Ok(()) | Err(Error::Stopped)) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "a panic".to_owned(),
            };
            self.retry_ms = (self.retry_ms * 2).clamp(RETRY_MS_MIN, RETRY_MS_MAX);
            tracing::warn!(error = %why, retry_ms = self.retry_ms, "index sync failed, trying again");
            self.sleep(Duration::from_millis(self.retry_ms));
        }
    }

    /// Follows the log until something fails or the program stops. The watch is opened before the log is read, so
    /// that nothing falls between the two.
    fn follow(&mut self) -> Result<(), Error> {
        let mut watch = Watch::open(&self.store)?;
        loop {
            self.store.hear_of_head(self.store.read(changes::head)?.n);
            index::follow(&self.store, &self.index, &|| !self.is_stopping())?;
            self.retry_ms = 0;
            let asked_at = Instant::now();
            loop {
                if self.is_stopping() {
                    return Ok(());
                }
                let nudged = self.index.wait_for_nudge(Duration::from_millis(POLL_MS));
                if nudged || watch.changed()? || asked_at.elapsed() >= Duration::from_millis(UNASKED_MS) {
                    break;
                }
            }
        }
    }

    fn sleep(&self, whole: Duration) {
        let until = Instant::now() + whole;
        while !self.is_stopping() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(POLL_MS));
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
