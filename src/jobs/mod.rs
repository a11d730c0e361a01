//! What the program does by itself, again and again: safe to repeat, bounded.

pub mod feeds;
pub mod index_sync;
// -- referrals
pub mod demand;
pub mod duplicates;
pub mod expiry;
pub mod freshness;
pub mod mail;
pub mod outbox;
pub mod reminders;
pub mod retention;
pub mod saved_searches;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::actions::{Deps, Failure};

/// How long until the database is asked again whether it answers, when it did not at start.
const PREPARE_RETRY_MS: u64 = 500;
/// How often the jobs that look for work do so.
const TICK_MS: u64 = 1_000;

/// The jobs of one process. Dropped, they end after the step under way.
pub struct Jobs {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    stopping: AtomicBool,
    lock: Mutex<()>,
    bell: Condvar,
}

impl Stop {
    fn is_set(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
    /// Waits that long, or until told to stop.
    fn wait(&self, wait_ms: u64) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_set() {
            let _ = self.bell.wait_timeout(guard, Duration::from_millis(wait_ms));
        }
    }
    fn set(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopping.store(true, Ordering::SeqCst);
        self.bell.notify_all();
    }
}

impl Jobs {
    pub fn start(deps: Arc<Deps>) -> std::io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let for_thread = stop.clone();
        let run = move || run(&deps, &for_thread);
        let thread = std::thread::Builder::new().name("jobs".to_owned()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the jobs ended by a panic");
        }
    }
}

fn run(deps: &Arc<Deps>, stop: &Stop) {
    while !deps.is_ready() && !stop.is_set() {
        if let Err(failure) = deps.prepare().and_then(|()| deps.prepare_index()) {
            tracing::warn!(error = %failure, "not ready yet");
            stop.wait(PREPARE_RETRY_MS);
        }
    }
    // -- search
    let _index_sync = index_sync::of(deps);
    while !stop.is_set() {
        if let Err(failure) = run_all(deps) {
            tracing::warn!(error = %failure, "a job will be tried again");
        }
        stop.wait(TICK_MS);
    }
    if deps.is_ready() {
        demand::finish(deps);
    }
}

/// One round of every job that looks for work. Tests call it with a clock of their own.
pub fn run_all(deps: &Deps) -> Result<(), Failure> {
    // -- referrals
    let now = deps.clock.now();
    expiry::run(deps, now)?;
    reminders::run(deps, now)?;
    retention::run(deps, now)?;
    freshness::run(deps, now)?;
    demand::run(deps, now)?;
    outbox::run(deps, &mail::Mailer::from_config(&deps.config)?, now)?;
    saved_searches::run(deps, now)?;
    duplicates::run(deps)?;
    Ok(())
}
