//! Proposed edits: whoever may not write a record may say what should be written of it, and who may write it decides.
//! A hidden place is not proposed: who knows where it is says so to its organisation.

use serde_json::{Map, Value};

use super::authority::Authority;
use super::history::Who;
use super::idempotency::{Repeatable, once};
use super::{Deps, Outcome, locations, organizations, queues, services};
use crate::domain::directory::Visibility;
use crate::domain::edit::{EditStatus, NOT_PROPOSED, kept_as};
use crate::domain::history::Action;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::exchange::history as members_of;
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::edits::{self, EditRow};
use crate::store::types::Json;
use crate::store::{self, Conn, Tx, locations as places, metadata, organizations as bodies, services as listings};

pub const COMMENT_CHARACTERS_MAX: usize = 1_000;
/// A patch, as JSON.
pub const PATCH_BYTES_MAX: usize = 65_536;
/// Proposals of one record that may wait.
pub const PENDING_OF_RECORD_MAX: i64 = 50;
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;
/// How long one who meets the bound should wait, in seconds.
const RETRY_AFTER_S: u64 = 3_600;

/// Who proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposer {
    Account(Id),
    /// A person without an account, through a link: what it is about, never the link itself.
    Link(String),
    Anonymous,
}

#[derive(Debug, Clone)]
pub struct Proposed {
    pub subject: Subject,
    pub subject_id: Id,
    /// A JSON Merge Patch.
    pub patch: Map<String, Value>,
    pub comment: String,
}

/// A record that may be proposed for: its members as its history keeps them, its version, whose it is.
struct Target {
    members: Map<String, Value>,
    version: i64,
    organization_id: Option<Id>,
    is_hidden: bool,
}

fn target(conn: &mut Conn, subject: Subject, id: Id) -> Outcome<Target> {
    let (target, retired) = match subject {
        Subject::Service => {
            let one = listings::get_aggregate(conn, id)?.service;
            let members = members_of::service_members(&one, &|_| true);
            let organization_id = Some(one.organization_id);
            let target = Target { members, version: one.version, organization_id, is_hidden: false };
            (target, (one.retired_at, one.replaced_by))
        }
        Subject::Organization => {
            let one = bodies::get(conn, id)?;
            let members = members_of::organization_members(&one);
            let target = Target { members, version: one.version, organization_id: Some(id), is_hidden: false };
            (target, (one.retired_at, one.replaced_by))
        }
        Subject::Location => {
            let one = places::list_by_ids(conn, &[id])?.remove(&id).ok_or(store::Error::NotFound)?;
            let is_hidden = one.visibility == Visibility::RegionOnly;
            let members = members_of::location_members(&one);
            let target = Target { members, version: one.version, organization_id: one.organization_id, is_hidden };
            (target, (one.retired_at, one.replaced_by))
        }
        Subject::TaxonomyTerm | Subject::Territory => return Err(store::Error::NotFound.into()),
    };
    super::history::may_change(retired)?;
    Ok(target)
}

/// Keeps a proposal until somebody who may write the record decides.
///
/// # Errors
/// A refusal of what could not be written even by who may: nothing waits that cannot be accepted.
pub fn propose(deps: &Deps, proposer: &Proposer, new: &Proposed, repeat: Option<&Repeatable>) -> Outcome<EditRow> {
    check_patch(&new.patch)?;
    let now = deps.clock.now();
    let id = deps.ids.new_id(now);
    let written = deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            add(deps, tx, proposer, new, id)?;
            Ok(id)
        })?;
        Ok::<_, super::Failure>(edits::find(tx, id)?.ok_or(store::Error::NotFound)?)
    })?;
    Ok(written.value)
}

fn add(deps: &Deps, tx: &mut Tx<'_>, proposer: &Proposer, new: &Proposed, id: Id) -> Outcome<()> {
    let target = target(tx, new.subject, new.subject_id)?;
    if target.is_hidden {
        return Err(Refusal::field(Code::Forbidden, "subject_id").rule("a hidden place is its organisation's").into());
    }
    match new.subject {
        Subject::Service => services::check_patch(deps, tx, new.subject_id, &new.patch),
        Subject::Organization => organizations::check_patch(deps, tx, new.subject_id, &new.patch),
        _ => locations::check_patch(deps, tx, new.subject_id, &new.patch),
    }
    .map_err(under_patch)?;
    let waiting = edits::list_pending_of(tx, new.subject, new.subject_id, PENDING_OF_RECORD_MAX)?;
    if waiting.len() as i64 >= PENDING_OF_RECORD_MAX {
        return Err(super::Failure::TooSoon(RETRY_AFTER_S));
    }
    let touched = new.patch.keys().map(|name| kept_as(name));
    let base = touched.filter_map(|name| Some((name.to_owned(), target.members.get(name)?.clone()))).collect();
    let (account_id, link) = match proposer {
        Proposer::Account(id) => (Some(*id), None),
        Proposer::Link(about) => (None, Some(about.clone())),
        Proposer::Anonymous => (None, None),
    };
    let row = EditRow {
        id,
        subject: new.subject,
        subject_id: new.subject_id,
        organization_id: target.organization_id,
        patch: Json(new.patch.clone()),
        base: Json(base),
        base_version: target.version,
        account_id,
        link,
        comment: new.comment.clone(),
        status: EditStatus::Pending,
        decided_by: None,
        decided_at: None,
        reason: None,
        created_at: tx.now(),
    };
    Ok(edits::insert(tx, &row)?)
}

fn check_patch(patch: &Map<String, Value>) -> Result<(), Refusal> {
    if patch.is_empty() {
        return Err(Refusal::field(Code::MissingField, "patch"));
    }
    if let Some(name) = patch.keys().find(|name| NOT_PROPOSED.contains(&name.as_str())) {
        return Err(Refusal::field(Code::InvalidValue, format!("patch.{name}")).rule("cannot be proposed"));
    }
    let text = Value::Object(patch.clone()).to_string();
    if text.len() > PATCH_BYTES_MAX {
        return Err(Refusal::field(Code::TooLong, "patch").rule(format!("<= {PATCH_BYTES_MAX} bytes of JSON")));
    }
    if text.contains("\\u0000") {
        return Err(Refusal::field(Code::InvalidValue, "patch").rule("no NUL character"));
    }
    Ok(())
}

fn under_patch(failure: super::Failure) -> super::Failure {
    match failure {
        super::Failure::Refused(mut refusal) => {
            refusal.field = refusal.field.map(|field| format!("patch.{field}"));
            refusal.into()
        }
        other => other,
    }
}

// ---- deciding

/// A proposal as who may decide it sees it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub row: EditRow,
    /// The place was hidden since, whatever it is now: neither what is proposed nor what was is told.
    pub is_withheld: bool,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub edits: Vec<Shown>,
    pub next_after: Option<Id>,
}

/// Proposals of records that this account may write, oldest first.
pub fn list(deps: &Deps, account: &AccountViewer, status: EditStatus, after: Option<Id>, limit: u32) -> Outcome<Page> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let own = account.casework_organizations();
    if !authority.is_curator() && own.is_empty() {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    let organizations = (!authority.is_curator()).then_some(own.as_slice());
    deps.store.read(|conn| {
        let read = |conn: &mut Conn, after, rows| edits::list(conn, status, organizations, after, rows);
        let passes = |conn: &mut Conn, row: &EditRow| is_writable(conn, authority, row.subject, row.subject_id);
        let (rows, next_after) = queues::page(conn, after, limit, |row| row.id, read, passes)?;
        let edits = rows.into_iter().map(|row| shown(conn, row)).collect::<Result<_, _>>()?;
        Ok(Page { edits, next_after })
    })
}

fn shown(conn: &mut Conn, mut row: EditRow) -> Result<Shown, store::Error> {
    let is_withheld = row.subject == Subject::Location && {
        let place = places::list_by_ids(conn, &[row.subject_id])?.remove(&row.subject_id);
        place.is_none_or(|place| place.visibility == Visibility::RegionOnly) || was_hidden_since(conn, &row)?
    };
    if is_withheld {
        (row.patch, row.base) = (Json(Map::new()), Json(Map::new()));
        row.comment.clear();
    }
    Ok(Shown { row, is_withheld })
}

/// Who opens a place again says where it is now, and may not know where it was: that stays withheld for good.
fn was_hidden_since(conn: &mut Conn, row: &EditRow) -> Result<bool, store::Error> {
    let hidden = metadata::last_hidden(conn, &[row.subject_id])?;
    Ok(row.subject == Subject::Location && hidden.get(&row.subject_id).is_some_and(|at| *at >= row.created_at))
}

/// Whether an account may write a record of the directory; what is not there, nobody may.
pub(super) fn is_writable(
    conn: &mut Conn,
    authority: Authority<'_>,
    subject: Subject,
    id: Id,
) -> Result<bool, store::Error> {
    match subject {
        Subject::Service => {
            let found = listings::find_aggregate(conn, id)?;
            Ok(found.is_some_and(|one| authority.may_write_service(&one.service, one.locations.iter())))
        }
        Subject::Organization => match bodies::find(conn, id)? {
            Some(one) => authority.may_write_organization(conn, &one),
            None => Ok(false),
        },
        Subject::Location => {
            let found = places::list_by_ids(conn, &[id])?.remove(&id);
            Ok(found.is_some_and(|place| authority.may_write_place(&place)))
        }
        Subject::TaxonomyTerm | Subject::Territory => Ok(false),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Accept,
    Refuse,
}

/// Accepts or refuses a proposal. What is accepted is written in the same transaction, by the one who accepts, over the
/// present version; the history says who proposed.
///
/// # Errors
/// `ChangedSince` with the members that somebody has changed since it was proposed; `AlreadyClosed` once decided.
pub fn decide(
    deps: &Deps,
    account: &AccountViewer,
    id: Id,
    decision: Decision,
    reason: Option<&str>,
) -> Outcome<Shown> {
    let now = deps.clock.now();
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let written = deps.store.write(now, |tx| {
        let row = edits::find(tx, id)?.ok_or(store::Error::NotFound)?;
        if !is_writable(tx, authority, row.subject, row.subject_id)? {
            return Err(store::Error::NotFound.into());
        }
        let status = match decision {
            Decision::Accept => EditStatus::Accepted,
            Decision::Refuse => EditStatus::Refused,
        };
        if !edits::decide(tx, id, status, account.account_id, reason)? {
            return Err(Refusal::new(Code::AlreadyClosed).into());
        }
        if decision == Decision::Accept {
            apply(deps, tx, account, &row)?;
        }
        let row = edits::find(tx, id)?.ok_or(store::Error::NotFound)?;
        Ok::<_, super::Failure>(shown(tx, row)?)
    })?;
    Ok(written.value)
}

fn apply(deps: &Deps, tx: &mut Tx<'_>, account: &AccountViewer, row: &EditRow) -> Outcome<()> {
    match row.subject {
        Subject::Service => listings::lock(tx, row.subject_id)?,
        Subject::Organization => bodies::lock(tx, row.subject_id)?,
        _ => places::lock(tx, row.subject_id)?,
    }
    let target = target(tx, row.subject, row.subject_id)?;
    let (patch, base) = (&row.patch.0, &row.base.0);
    if target.is_hidden || was_hidden_since(tx, row)? {
        let rule = "the place was hidden since";
        return Err(Refusal::field(Code::ChangedSince, "location_visibility").rule(rule).into());
    }
    let touched = || patch.keys().map(|name| kept_as(name));
    // A member that was not there may be told as null.
    let was = |name: &str| base.get(name).filter(|value| !value.is_null());
    let changed: Vec<&str> = touched().filter(|name| target.members.get(*name) != was(name)).collect();
    if !changed.is_empty() {
        return Err(Refusal::field(Code::ChangedSince, changed.join(", ")).rule("unchanged since").into());
    }
    let by = match (&row.account_id, &row.link) {
        (Some(_), _) => "account",
        (None, Some(_)) => "link",
        (None, None) => "anonymous",
    };
    let who = Who::account(deps, account, Action::Update, tx.now());
    // The change set is the proposal: the history finds who proposed by it.
    let who = Who { change_set: row.id, updated_by: format!("{}; proposed by {by}", who.updated_by), ..who };
    match row.subject {
        Subject::Service => services::change_in(deps, tx, account, row.subject_id, None, patch, &who)?,
        Subject::Organization => organizations::change_in(deps, tx, account, row.subject_id, None, patch, &who)?,
        _ => locations::change_in(deps, tx, account, row.subject_id, None, patch, &who)?,
    }
    for other in edits::list_pending_of(tx, row.subject, row.subject_id, PENDING_OF_RECORD_MAX)? {
        let meets = other.patch.0.keys().any(|name| touched().any(|one| one == kept_as(name)));
        if meets {
            edits::decide(tx, other.id, EditStatus::Superseded, account.account_id, None)?;
        }
    }
    Ok(())
}
