//! Writes what people searched for, counted in memory, in batches. Safe to repeat: what is written is no longer
//! counted.

use crate::actions::{Deps, Failure, demand};
use crate::clock::Time;

pub fn run(deps: &Deps, now: Time) -> Result<(), Failure> {
    let counts = demand::flush_due(deps, now)?;
    if counts > 0 {
        tracing::debug!(counts, "wrote what was searched for");
    }
    Ok(())
}

/// Before the program stops: all of it.
pub fn finish(deps: &Deps) {
    if let Err(failure) = demand::flush(deps, deps.clock.now()) {
        tracing::warn!(error = %failure, "what was searched for last is not counted");
    }
}
