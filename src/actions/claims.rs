//! Claims: an account says that an organisation is its own, and a curator decides. Accepted, it is a partner there: it
//! may write its records. Where referrals are sent stays as it was, and what is hidden stays hidden.

use super::authority::Authority;
use super::idempotency::{Repeatable, once};
use super::{Deps, Failure, Outcome, history, queues};
use crate::domain::claim::ClaimStatus;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::store::accounts::{self, MembershipRow};
use crate::store::claims::{self, ClaimRow};
use crate::store::{self, Conn, organizations};

pub const COMMENT_CHARACTERS_MAX: usize = 1_000;
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;

/// Claims an organisation.
///
/// # Errors
/// `AlreadyExists` where the account has a claim that waits, or is a member.
pub fn claim(
    deps: &Deps,
    account: &AccountViewer,
    organization_id: Id,
    comment: &str,
    repeat: Option<&Repeatable>,
) -> Outcome<ClaimRow> {
    let now = deps.clock.now();
    let id = deps.ids.new_id(now);
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let account_id = account.account_id;
    let written = deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            organizations::lock(tx, organization_id)?;
            let one = organizations::get(tx, organization_id)?;
            history::still_there((one.retired_at, one.replaced_by))?;
            let is_there = claims::is_pending(tx, organization_id, account_id)?;
            if is_there || authority.is_member_of(organization_id) {
                let rule = if is_there { "a claim that waits" } else { "a member already" };
                return Err(Refusal::field(Code::AlreadyExists, "id").rule(rule).into());
            }
            let row = ClaimRow {
                id,
                organization_id,
                account_id,
                comment: comment.to_owned(),
                status: ClaimStatus::Pending,
                decided_by: None,
                decided_at: None,
                reason: None,
                created_at: now,
            };
            claims::insert(tx, &row)?;
            Ok(id)
        })?;
        Ok::<_, Failure>(claims::find(tx, id)?.ok_or(store::Error::NotFound)?)
    })?;
    Ok(written.value)
}

#[derive(Debug, Clone)]
pub struct Page {
    pub claims: Vec<ClaimRow>,
    pub next_after: Option<Id>,
}

/// Claims that a curator may decide, oldest first; to another account, its own.
pub fn list(deps: &Deps, account: &AccountViewer, status: ClaimStatus, after: Option<Id>, limit: u32) -> Outcome<Page> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let own = (!authority.is_curator()).then_some(account.account_id);
    deps.store.read(|conn| {
        let read = |conn: &mut Conn, after, rows| claims::list(conn, status, own, after, rows);
        let passes = |conn: &mut Conn, row: &ClaimRow| Ok(own.is_some() || may_decide(conn, authority, row)?);
        let (claims, next_after) = queues::page(conn, after, limit, |row| row.id, read, passes)?;
        Ok(Page { claims, next_after })
    })
}

/// A curator of where the organisation lies; being a member of it is not enough.
fn may_decide(conn: &mut Conn, authority: Authority<'_>, row: &ClaimRow) -> Result<bool, store::Error> {
    if !authority.is_curator() {
        return Ok(false);
    }
    match organizations::find(conn, row.organization_id)? {
        Some(one) => authority.may_write_organization(conn, &one),
        None => Ok(false),
    }
}

/// Decides a claim; nobody decides their own.
///
/// # Errors
/// `NotFound` for one that this account may not decide; `AlreadyClosed` for one that was decided.
pub fn decide(
    deps: &Deps,
    account: &AccountViewer,
    id: Id,
    status: ClaimStatus,
    reason: Option<&str>,
) -> Outcome<ClaimRow> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let written = deps.store.write(deps.clock.now(), |tx| {
        let row = claims::find(tx, id)?.ok_or(store::Error::NotFound)?;
        if !may_decide(tx, authority, &row)? {
            return Err(store::Error::NotFound.into());
        }
        if row.account_id == account.account_id {
            return Err(Refusal::field(Code::Forbidden, "id").rule("a claim of somebody else").into());
        }
        if !claims::decide(tx, id, status, account.account_id, reason)? {
            return Err(Refusal::new(Code::AlreadyClosed).into());
        }
        if status == ClaimStatus::Accepted {
            let organization = organizations::get(tx, row.organization_id)?;
            history::may_change((organization.retired_at, organization.replaced_by))?;
            let membership =
                MembershipRow { account_id: row.account_id, organization_id: row.organization_id, role: Role::Partner };
            accounts::insert_memberships(tx, &[membership])?;
        }
        Ok::<_, Failure>(claims::find(tx, id)?.ok_or(store::Error::NotFound)?)
    })?;
    Ok(written.value)
}
