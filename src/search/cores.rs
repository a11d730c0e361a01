//! The cores of the machine: a long search takes those that have nothing to do, and none from other searches.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Searches, and cores that help one, in the whole process.
static SEARCHES: AtomicUsize = AtomicUsize::new(0);
static HELPERS: AtomicUsize = AtomicUsize::new(0);
/// When two searches last ran at the same time, in microseconds of [`micros`].
static TWO_AT_ONCE: AtomicU64 = AtomicU64::new(0);

/// While people search at the same time no core is free: the next search is about to come.
const QUIET: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_millis(20) };

/// Since the first search; more than [`QUIET`], so that nothing that never was is lately.
fn micros() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed() + QUIET;
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// A search that runs on the thread that it came on, until this is dropped.
pub(super) struct Search(());

impl Search {
    pub(super) fn begin() -> Self {
        if SEARCHES.fetch_add(1, Ordering::Relaxed) > 0 {
            TWO_AT_ONCE.store(micros(), Ordering::Relaxed);
        }
        Self(())
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        SEARCHES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A core that helps a search, until this is dropped.
pub(super) struct Helper(());

impl Helper {
    /// None where no core is free.
    pub(super) fn free() -> Option<Self> {
        let quiet_for = micros().saturating_sub(TWO_AT_ONCE.load(Ordering::Relaxed));
        if u128::from(quiet_for) < QUIET.as_micros() {
            return None;
        }
        let most = rayon::current_num_threads().saturating_sub(1);
        let one_more = |helpers: usize| (helpers < most).then(|| helpers + 1);
        HELPERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok().then(|| Self(()))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        HELPERS.fetch_sub(1, Ordering::Relaxed);
    }
}
