//! Follow-ups: what waits to be asked of families, and the worker's word that closes the loop.

use chrono::NaiveDate;

use super::families::needs_worker;
use super::needs::{Said, record};
use super::{Deps, Outcome, signed_in};
use crate::domain::follow_up::{FollowUpStatus, check_completion};
use crate::domain::need;
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::store::follow_ups::{self, FollowUpRow};
use crate::store::{self, needs};

pub struct FollowUpPage {
    pub follow_ups: Vec<FollowUpRow>,
    pub more: bool,
}

pub fn list(
    deps: &Deps,
    viewer: &Viewer,
    status: Option<FollowUpStatus>,
    after: Option<(NaiveDate, Id)>,
    limit: usize,
) -> Outcome<FollowUpPage> {
    needs_worker(viewer)?;
    let rows_max = i64::try_from(limit).unwrap_or(1) + 1;
    let mut follow_ups = deps.store.read(|conn| follow_ups::list_page(conn, viewer, status, after, rows_max))?;
    let more = follow_ups.len() > limit;
    follow_ups.truncate(limit);
    Ok(FollowUpPage { follow_ups, more })
}

/// The worker asked: the need gets its outcome in the same transaction.
pub fn complete(deps: &Deps, viewer: &Viewer, id: Id, outcome: need::Outcome) -> Outcome<FollowUpRow> {
    let account = signed_in(viewer)?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let row = follow_ups::get(tx, viewer, id)?;
        check_completion(row.status)?;
        outcome.check()?;
        let need = needs::get(tx, viewer, row.need_id)?;
        record(deps, tx, &need, account.account_id, Said { outcome, referral_id: None })?;
        match follow_ups::complete(tx, &row, now) {
            Err(store::Error::Stale) => return Err(super::Failure::from(store::Error::Retry)),
            other => other?,
        }
        Ok(follow_ups::get(tx, viewer, id)?)
    })?;
    Ok(written.value)
}
