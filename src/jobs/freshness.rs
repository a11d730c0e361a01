//! Writes to organisations whose services fell due, one letter for all of them, and forgets links that have ended.
//! Idempotent: when an organisation is written to next is settled in the transaction that puts its letter in the
//! outbox, under the organisation's lock. Bounded: so many organisations a round.

use crate::actions::{Deps, Failure, freshness as actions};
use crate::clock::Time;
use crate::store::{freshness, record_links};

/// Services looked at for one round's organisations.
const SERVICES_LOOKED_AT_MAX: i64 = 1_000;

/// Links forgotten in one round.
const LINKS_MAX: i64 = 500;

/// Gives how many letters went to the outbox.
pub fn run(deps: &Deps, now: Time) -> Result<usize, Failure> {
    let mut letters = 0;
    if deps.config.freshness.remind {
        let waiting = deps.store.read(|conn| freshness::organizations_to_remind(conn, now, SERVICES_LOOKED_AT_MAX))?;
        let organizations_max = usize::try_from(deps.config.freshness.organizations_per_round_max).unwrap_or(1);
        for organization_id in waiting.into_iter().take(organizations_max) {
            letters += usize::from(actions::remind(deps, organization_id, now)?);
        }
    }
    let ended = deps.store.read(|conn| record_links::list_ended(conn, now, LINKS_MAX))?;
    if !ended.is_empty() {
        deps.store.write(now, |tx| record_links::delete(tx, &ended))?;
    }
    Ok(letters)
}
