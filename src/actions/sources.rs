//! The sources of the directory: who they are, what they no longer list, and who said which field of a service.

use super::{Deps, Outcome, history};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::sources::{PRIORITY_MAX, PRIORITY_MIN};
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::store::sources::{self, Provenance, SourceRecord, SourceRow};
use crate::store::{self, services};

/// Records of one page of what a source no longer lists.
pub const MISSING_PER_PAGE: i64 = 100;

/// Sources of one record that are named.
const SOURCES_OF_RECORD_MAX: i64 = 50;

/// Where a service comes from.
#[derive(Debug, Clone)]
pub struct Whence {
    pub id: Id,
    /// The source of the record: it said every field that is not in `fields`.
    pub source: String,
    pub listed_by: Vec<SourceRecord>,
    pub fields: Vec<Provenance>,
}

/// Who said which field of a service.
///
/// # Errors
/// `NotFound` for a service that is not there; what left the directory is told as it is by its own address.
pub fn provenance(deps: &Deps, id: Id) -> Outcome<Whence> {
    let found = deps.store.read(|conn| {
        let Some(known) = services::find_aggregate(conn, id)? else { return Ok::<_, store::Error>(None) };
        let listed_by = sources::records_of(conn, id, SOURCES_OF_RECORD_MAX)?;
        let fields = sources::provenance_of(conn, &[id])?.remove(&id).unwrap_or_default();
        Ok(Some((known.service, listed_by, fields)))
    })?;
    let (service, listed_by, fields) = found.ok_or_else(|| Refusal::new(Code::NotFound))?;
    history::still_there((service.retired_at, service.replaced_by))?;
    Ok(Whence { id, source: service.origin.source, listed_by, fields })
}

/// Every source, for curators and administrators.
///
/// # Errors
/// `Forbidden` for anybody else.
pub fn list(deps: &Deps, account: &AccountViewer) -> Outcome<Vec<SourceRow>> {
    may_curate(account)?;
    list_all(deps)
}

/// Every source, for who runs the program.
pub fn list_all(deps: &Deps) -> Outcome<Vec<SourceRow>> {
    Ok(deps.store.read(sources::list)?)
}

/// What a source no longer lists, for curators and administrators: a page, and where the next begins.
///
/// # Errors
/// `Forbidden` for anybody else, `NotFound` for a source that nobody imported.
pub fn missing(
    deps: &Deps,
    account: &AccountViewer,
    name: &str,
    after: Option<Id>,
) -> Outcome<(Vec<SourceRecord>, Option<Id>)> {
    may_curate(account)?;
    let mut rows = missing_after(deps, name, after, MISSING_PER_PAGE + 1)?;
    let has_more = rows.len() > usize::try_from(MISSING_PER_PAGE).unwrap_or(usize::MAX);
    if has_more {
        rows.pop();
    }
    let next = rows.last().filter(|_| has_more).map(|row| row.record_id);
    Ok((rows, next))
}

/// What a source no longer lists, for who runs the program.
///
/// # Errors
/// `NotFound` for a source that nobody imported.
pub fn missing_after(deps: &Deps, name: &str, after: Option<Id>, limit: i64) -> Outcome<Vec<SourceRecord>> {
    let found = deps.store.read(|conn| {
        let is_there = sources::find(conn, name)?.is_some();
        Ok::<_, store::Error>(is_there.then_some(sources::list_missing(conn, name, after, limit)?))
    })?;
    Ok(found.ok_or_else(|| Refusal::field(Code::NotFound, "source"))?)
}

/// Which source wins: the higher.
///
/// # Errors
/// `OutOfRange`, or `NotFound` for a source that nobody imported.
pub fn set_priority(deps: &Deps, name: &str, priority: i32) -> Outcome<()> {
    if !(PRIORITY_MIN..=PRIORITY_MAX).contains(&priority) {
        let rule = format!("{PRIORITY_MIN}..={PRIORITY_MAX}");
        return Err(Refusal::field(Code::OutOfRange, "priority").rule(rule).into());
    }
    match deps.store.write(deps.clock.now(), |tx| sources::set_priority(tx, name, priority)) {
        Err(store::Error::NotFound) => Err(Refusal::field(Code::NotFound, "source").into()),
        other => Ok(other.map(drop)?),
    }
}

fn may_curate(account: &AccountViewer) -> Result<(), Refusal> {
    let may = account.has_role(Role::Curator) || account.has_role(Role::Admin);
    if may { Ok(()) } else { Err(Refusal::new(Code::Forbidden)) }
}
