//! Feeds this node's search index from the change log, for as long as the program runs. Woken by the database
//! (another process may have written) or by a search that waits for a change; a step that fails is tried again, later
//! and later. It only ever repeats what is safe to repeat.

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
    thread: Option<JoinHandle<()>>,
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
        let thread = std::thread::Builder::new().name("index-sync".to_owned()).spawn(move || job.run())?;
        Ok(Self { stopping, index, thread: Some(thread) })
    }
}

impl Drop for IndexSync {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.index.nudge();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("index sync ended by a panic");
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
            match self.follow() {
                Ok(()) => {}
                Err(error) => {
                    self.retry_ms = (self.retry_ms * 2).clamp(RETRY_MS_MIN, RETRY_MS_MAX);
                    tracing::warn!(%error, retry_ms = self.retry_ms, "index sync failed, trying again");
                    self.sleep(Duration::from_millis(self.retry_ms));
                }
            }
        }
    }

    /// Follows the log until something fails or the program stops. The watch is opened before the log is read, so
    /// that nothing falls between the two.
    fn follow(&mut self) -> Result<(), Error> {
        let mut watch = Watch::open(&self.store)?;
        loop {
            self.store.hear_of_head(self.store.read(changes::head)?.n);
            index::catch_up(&self.store, &self.index)?;
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
