//! Looks at saved searches with an alert, once a day each, and writes to their owners. Idempotent: what a look found is
//! kept in the transaction that puts its letter in the outbox. Bounded: so many searches a round.

use crate::actions::{Deps, Failure, saved_searches as actions};
use crate::clock::Time;
use crate::store::saved_searches;

/// Searches that are due among which one round looks for its accounts.
const SEARCHES_LOOKED_AT_MAX: i64 = 5;

/// Gives how many letters went to the outbox.
pub fn run(deps: &Deps, now: Time) -> Result<usize, Failure> {
    let waiting = deps.store.read(|conn| saved_searches::accounts_due(conn, now, SEARCHES_LOOKED_AT_MAX))?;
    let mut letters = 0;
    for account_id in waiting {
        letters += usize::from(actions::alert(deps, account_id, now)?);
    }
    Ok(letters)
}
