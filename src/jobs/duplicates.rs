//! Follows the change log for services that are written twice. Safe to repeat and to run on several nodes.

use crate::actions::{Deps, Failure, duplicates};

/// Steps of one round: the rest waits for the next, so that no other job does.
const STEPS_MAX: usize = 5;

pub fn run(deps: &Deps) -> Result<(), Failure> {
    let found = duplicates::follow(deps, STEPS_MAX, &|_| ())?;
    if found.services > 0 {
        tracing::debug!(services = found.services, pairs = found.pairs, "looked for duplicates");
    }
    Ok(())
}
