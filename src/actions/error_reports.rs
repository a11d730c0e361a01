//! "This is wrong": said of a service by anybody, resolved by its members and by curators.

use chrono::TimeDelta;

use super::authority::Authority;
use super::edits::is_writable;
use super::{Deps, Failure, Outcome, history, queues};
use crate::domain::error_report::{ErrorReason, ErrorStatus};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::error_reports::{self, ErrorReportRow};
use crate::store::{self, Conn, services};

pub const COMMENT_CHARACTERS_MAX: usize = 1_000;
/// Reports of one service that are taken in one day, of 24 hours that end now.
pub const PER_SERVICE_AND_DAY_MAX: usize = 20;
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;

/// Takes a report, of anybody.
///
/// # Errors
/// `TooSoon` where enough was said of the service for a day.
pub fn report(
    deps: &Deps,
    account: Option<&AccountViewer>,
    service_id: Id,
    reason: ErrorReason,
    comment: &str,
) -> Outcome<ErrorReportRow> {
    let now = deps.clock.now();
    let id = deps.ids.new_id(now);
    let written = deps.store.write(now, |tx| {
        // Reports of one service come one after the other: none is counted twice.
        services::lock(tx, service_id)?;
        let service = services::get_aggregate(tx, service_id)?.service;
        history::still_there((service.retired_at, service.replaced_by))?;
        let day = TimeDelta::days(1);
        let said = error_reports::moments_since(tx, service_id, now.plus(-day), PER_SERVICE_AND_DAY_MAX as i64)?;
        if let (Some(first), true) = (said.first(), said.len() >= PER_SERVICE_AND_DAY_MAX) {
            let wait_s = (first.plus(day).micros() - now.micros()) / 1_000_000;
            return Err(Failure::TooSoon(u64::try_from(wait_s).unwrap_or(0).max(1)));
        }
        let row = ErrorReportRow {
            id,
            service_id,
            organization_id: service.organization_id,
            reason,
            comment: comment.to_owned(),
            account_id: account.map(|account| account.account_id),
            status: ErrorStatus::Open,
            resolved_by: None,
            resolved_at: None,
            resolution_reason: None,
            created_at: now,
        };
        error_reports::insert(tx, &row)?;
        Ok(row)
    })?;
    Ok(written.value)
}

#[derive(Debug, Clone)]
pub struct Page {
    pub reports: Vec<ErrorReportRow>,
    pub next_after: Option<Id>,
}

/// Reports of services that this account may write, oldest first.
pub fn list(deps: &Deps, account: &AccountViewer, status: ErrorStatus, after: Option<Id>, limit: u32) -> Outcome<Page> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let own = account.casework_organizations();
    if !authority.is_curator() && own.is_empty() {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    let organizations = (!authority.is_curator()).then_some(own.as_slice());
    deps.store.read(|conn| {
        let read = |conn: &mut Conn, after, rows| error_reports::list(conn, status, organizations, after, rows);
        let passes =
            |conn: &mut Conn, row: &ErrorReportRow| is_writable(conn, authority, Subject::Service, row.service_id);
        let (reports, next_after) = queues::page(conn, after, limit, |row| row.id, read, passes)?;
        Ok(Page { reports, next_after })
    })
}

/// Says what became of a report.
///
/// # Errors
/// `NotFound` for one of a service that this account may not write; `AlreadyClosed` for one that was resolved.
pub fn resolve(
    deps: &Deps,
    account: &AccountViewer,
    id: Id,
    status: ErrorStatus,
    reason: Option<&str>,
) -> Outcome<ErrorReportRow> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let written = deps.store.write(deps.clock.now(), |tx| {
        let row = error_reports::find(tx, id)?.ok_or(store::Error::NotFound)?;
        if !is_writable(tx, authority, Subject::Service, row.service_id)? {
            return Err(store::Error::NotFound.into());
        }
        if !error_reports::resolve(tx, id, status, account.account_id, reason)? {
            return Err(Refusal::new(Code::AlreadyClosed).into());
        }
        Ok::<_, Failure>(error_reports::find(tx, id)?.ok_or(store::Error::NotFound)?)
    })?;
    Ok(written.value)
}
