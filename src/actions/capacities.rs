//! How much room a service has: said by its members and by curators, each number as old as its own last word. The last
//! word is public, on the service; who said what before is for signed-in eyes.

use super::authority::Authority;
use super::history::Who;
use super::services::said_by;
use super::{Deps, Outcome, history};
use crate::clock::Time;
use crate::domain::directory::Capacity;
use crate::domain::history::Action;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::id::Id;
use crate::store::capacities::{self, CapacityRow};
use crate::store::{Conn, Written, services};

/// More of anything is a mistake of the keyboard.
pub const COUNT_MAX: i32 = 100_000;
pub const WAIT_DAYS_MAX: i32 = 36_500;

/// Records a word about the room. The same word again within a minute changes nothing; an older one goes to the history
/// alone.
///
/// # Errors
/// `missing_field` where nothing is said, `out_of_range` for a number below zero or a moment to come.
pub fn say(deps: &Deps, account: &AccountViewer, id: Id, said: Capacity) -> Outcome<Written<Capacity>> {
    let now = deps.clock.now();
    check(said, now)?;
    deps.store.write(now, |tx| {
        services::lock(tx, id)?;
        let aggregate = services::get_aggregate(tx, id)?;
        let authority = Authority { account, gazetteer: deps.gazetteer() };
        let known = &aggregate.service;
        if !authority.may_write_service(known, aggregate.locations.iter()) {
            return Err(Refusal::new(Code::Forbidden).into());
        }
        history::may_change((known.retired_at, known.replaced_by))?;
        capacities::record_capacity(tx, id, said, said_by(account))?;
        let after = capacities::find(tx, id)?.unwrap_or_default();
        let who = Who::account(deps, account, Action::Update, now);
        history::capacity_said(tx, id, (known.capacity, after), &who)?;
        Ok(after)
    })
}

fn check(said: Capacity, now: Time) -> Result<(), Refusal> {
    let members = [
        ("places_available", said.places_available, COUNT_MAX),
        ("waiting_list_length", said.waiting_list_length, COUNT_MAX),
        ("wait_days", said.wait_days, WAIT_DAYS_MAX),
    ];
    if let Some((field, _, max)) =
        members.into_iter().find(|(_, value, max)| value.is_some_and(|value| !(0..=*max).contains(&value)))
    {
        return Err(Refusal::field(Code::OutOfRange, field).rule(format!("0..={max}")));
    }
    if !said.is_said() {
        return Err(Refusal::field(Code::MissingField, "places_available"));
    }
    if said.observed_at.is_some_and(|observed_at| observed_at > now) {
        return Err(Refusal::field(Code::OutOfRange, "observed_at").rule("not in the future"));
    }
    Ok(())
}

/// What was said, the newest first, after `(observed_at, number)`; each with its number.
pub fn list(
    deps: &Deps,
    _account: &AccountViewer,
    id: Id,
    after: Option<(Time, i64)>,
    limit: i64,
) -> Outcome<Vec<(i64, CapacityRow)>> {
    deps.store.read(|conn: &mut Conn| {
        let known = services::get_aggregate(conn, id)?.service;
        history::still_there((known.retired_at, known.replaced_by))?;
        Ok(capacities::list_history(conn, id, after, limit)?)
    })
}
