//! Referrals and their events. Every reading takes a [`Viewer`], which becomes part of the SQL: there is no function
//! that loads a referral by its id alone. Who may do what is decided in `domain`, not here.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::conn::MultiBackend;
use super::schema::{child, family, need, referral, referral_event, service};
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::language::Text;
use crate::domain::need::UnmetReason;
use crate::domain::referral::{Actor, Channel, Reason, ReasonDetail, Status};
use crate::domain::viewer::{Role, Viewer};
use crate::each_backend;
use crate::id::Id;
use crate::text_words;

text_words!(Status, Reason, ReasonDetail, Actor, Channel);

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral, treat_none_as_default_value = false)]
pub struct ReferralRow {
    pub id: Id,
    pub network_id: Id,
    pub need_id: Id,
    pub family_id: Option<Id>,
    pub sender_organization_id: Id,
    pub sender_account_id: Id,
    pub receiver_organization_id: Id,
    pub service_id: Option<Id>,
    pub shares_identity: bool,
    pub consent_id: Option<Id>,
    pub parent_id: Option<Id>,
    pub status: Status,
    pub status_changed_at: Time,
    pub reason: Option<Reason>,
    pub reason_detail: Option<ReasonDetail>,
    pub urgent: bool,
    pub message: Option<String>,
    pub waitlisted_on: Option<NaiveDate>,
    pub scheduled_for: Option<Time>,
    pub sent_at: Option<Time>,
    pub first_answer_at: Option<Time>,
    pub accepted_at: Option<Time>,
    pub first_service_at: Option<Time>,
    pub closed_at: Option<Time>,
    pub due_at: Option<Time>,
    pub supersede_proposed: bool,
    pub reminders_sent: i32,
    pub category: String,
    pub region_id: Option<String>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

/// One change of a referral: appended, never changed.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral_event, treat_none_as_default_value = false)]
pub struct ReferralEventRow {
    pub id: Id,
    pub network_id: Id,
    pub referral_id: Id,
    pub at: Time,
    pub actor: Actor,
    pub channel: Channel,
    pub account_id: Option<Id>,
    pub organization_id: Option<Id>,
    pub informant_function: Option<String>,
    pub from_status: Option<Status>,
    pub to_status: Status,
    pub reason: Option<Reason>,
    pub reason_detail: Option<ReasonDetail>,
    pub note: Option<String>,
    pub version: i64,
}

/// What a decided move writes. `None` writes NULL.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = referral, treat_none_as_null = true)]
pub struct ReferralMove {
    pub status: Status,
    pub status_changed_at: Time,
    pub reason: Option<Reason>,
    pub reason_detail: Option<ReasonDetail>,
    pub consent_id: Option<Id>,
    pub waitlisted_on: Option<NaiveDate>,
    pub scheduled_for: Option<Time>,
    pub sent_at: Option<Time>,
    pub first_answer_at: Option<Time>,
    pub accepted_at: Option<Time>,
    pub first_service_at: Option<Time>,
    pub closed_at: Option<Time>,
    pub due_at: Option<Time>,
    pub supersede_proposed: bool,
    pub reminders_sent: i32,
    pub version: i64,
    pub updated_at: Time,
}

/// Which end of a referral its reader stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Inbox,
    Sent,
    /// What waits for a curator.
    Held,
}

/// What the receiver needs to decide, and nothing that names the family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub municipality_id: Option<String>,
    pub language: Option<String>,
    /// Months `YYYY-MM`: born in, or due in.
    pub children: Vec<(Option<String>, Option<String>)>,
}

type Query<'a> = referral::BoxedQuery<'a, MultiBackend>;

/// The referrals that this viewer may see: those that its organisations sent; those that reached them, unless the
/// family went by itself; for a curator those held; through a link that one; for a family its own.
fn seen_by(viewer: &Viewer) -> Query<'static> {
    let query = referral::table.into_boxed();
    match viewer {
        Viewer::Account(account) => {
            let own = account.casework_organizations();
            let reached = referral::sent_at.is_not_null().and(referral::shares_identity.eq(true));
            let sent = referral::sender_organization_id.eq_any(own.clone());
            let received = referral::receiver_organization_id.eq_any(own).and(reached);
            let query = query.filter(referral::network_id.eq(account.network_id));
            if account.has_role(Role::Curator) {
                query.filter(sent.or(received).or(referral::status.eq(Status::Held)))
            } else {
                query.filter(sent.or(received))
            }
        }
        Viewer::Link { network_id, referral_id, organization_id } => query
            .filter(referral::network_id.eq(*network_id))
            .filter(referral::id.eq(*referral_id))
            .filter(referral::receiver_organization_id.eq(*organization_id))
            .filter(referral::sent_at.is_not_null())
            .filter(referral::shares_identity.eq(true)),
        Viewer::FamilyLink { network_id, family_id } => query
            .filter(referral::network_id.eq(*network_id))
            .filter(referral::family_id.eq(*family_id))
            .filter(referral::sent_at.is_not_null()),
        Viewer::Job(_) => query,
    }
}

pub fn find(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<ReferralRow>, Error> {
    let query = seen_by(viewer).filter(referral::id.eq(id));
    Ok(query.select(ReferralRow::as_select()).first(conn).optional()?)
}

pub fn get(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<ReferralRow, Error> {
    find(conn, viewer, id)?.ok_or(Error::NotFound)
}

/// A page of one box, latest change first, after `(updated_at, id)`.
pub fn list_page(
    conn: &mut Conn,
    viewer: &Viewer,
    side: Side,
    status: Option<Status>,
    after: Option<(Time, Id)>,
    limit: i64,
) -> Result<Vec<ReferralRow>, Error> {
    let own = viewer.account().map(|account| account.casework_organizations()).unwrap_or_default();
    let query = seen_by(viewer);
    let mut query = match side {
        Side::Inbox => query
            .filter(referral::receiver_organization_id.eq_any(own))
            .filter(referral::sent_at.is_not_null())
            .filter(referral::shares_identity.eq(true)),
        Side::Sent => query.filter(referral::sender_organization_id.eq_any(own)),
        Side::Held if viewer.account().is_some_and(|account| account.has_role(Role::Curator)) => {
            query.filter(referral::status.eq(Status::Held))
        }
        Side::Held => return Ok(Vec::new()),
    };
    if let Some(status) = status {
        query = query.filter(referral::status.eq(status));
    }
    if let Some((at, id)) = after {
        let earlier = referral::updated_at.lt(at).or(referral::updated_at.eq(at).and(referral::id.lt(id)));
        query = query.filter(earlier);
    }
    let query = query.order((referral::updated_at.desc(), referral::id.desc())).limit(limit);
    Ok(query.select(ReferralRow::as_select()).load(conn)?)
}

/// The events of a referral that this viewer may see, oldest first; as many as `limit`.
pub fn list_events(conn: &mut Conn, viewer: &Viewer, id: Id, limit: i64) -> Result<Vec<ReferralEventRow>, Error> {
    let seen: Option<Id> = seen_by(viewer).filter(referral::id.eq(id)).select(referral::id).first(conn).optional()?;
    let Some(seen) = seen else { return Ok(Vec::new()) };
    let events = referral_event::table.filter(referral_event::referral_id.eq(seen));
    let events = events.order(referral_event::version.asc()).limit(limit);
    Ok(events.select(ReferralEventRow::as_select()).load(conn)?)
}

/// Whether one of these organisations made an event of a referral.
pub fn made_event(conn: &mut Conn, id: Id, organizations: &[Id]) -> Result<bool, Error> {
    let made = referral_event::table
        .filter(referral_event::referral_id.eq(id))
        .filter(referral_event::organization_id.eq_any(organizations))
        .count();
    Ok(made.get_result::<i64>(conn)? > 0)
}

/// The sender looked elsewhere for the same need since a moment: it sent or drafted another referral.
pub fn sender_acted_since(conn: &mut Conn, row: &ReferralRow) -> Result<bool, Error> {
    let others = referral::table
        .filter(referral::need_id.eq(row.need_id))
        .filter(referral::id.ne(row.id))
        .filter(referral::created_at.ge(row.status_changed_at))
        .count();
    Ok(others.get_result::<i64>(conn)? > 0)
}

/// An organisation that was never let through by a curator: none of its shared referrals has left yet.
pub fn is_first_of_sender(conn: &mut Conn, organization_id: Id) -> Result<bool, Error> {
    let left = referral::table
        .filter(referral::sender_organization_id.eq(organization_id))
        .filter(referral::shares_identity.eq(true))
        .filter(referral::sent_at.is_not_null())
        .select(referral::id)
        .first::<Id>(conn)
        .optional()?;
    Ok(left.is_none())
}

pub fn insert(conn: &mut Conn, row: &ReferralRow) -> Result<(), Error> {
    diesel::insert_into(referral::table).values(row).execute(conn)?;
    Ok(())
}

pub fn insert_event(conn: &mut Conn, row: &ReferralEventRow) -> Result<(), Error> {
    diesel::insert_into(referral_event::table).values(row).execute(conn)?;
    Ok(())
}

/// Many referrals and their events at once: for generated histories.
pub fn insert_many(conn: &mut Conn, rows: &[ReferralRow], events: &[ReferralEventRow]) -> Result<(), Error> {
    for rows in rows.chunks(super::organizations::STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(referral::table).values(rows).execute(c))?;
    }
    for events in events.chunks(super::organizations::STATEMENT_ROWS_MAX) {
        each_backend!(conn, |c| diesel::insert_into(referral_event::table).values(events).execute(c))?;
    }
    Ok(())
}

/// Writes a decided move on the version it was decided on.
///
/// # Errors
/// `Stale` when somebody else moved the referral first.
pub fn update_moved(conn: &mut Conn, id: Id, decided_on: i64, moved: &ReferralMove) -> Result<(), Error> {
    let target = referral::table.filter(referral::id.eq(id)).filter(referral::version.eq(decided_on));
    match diesel::update(target).set(moved).execute(conn)? {
        0 => Err(Error::Stale),
        _ => Ok(()),
    }
}

/// Locks one referral for the rest of the transaction, so that two answers come one after the other. SQLite's writing
/// transaction is that lock already.
pub fn lock(conn: &mut Conn, id: Id) -> Result<(), Error> {
    if let Conn::Postgres(c) = conn {
        referral::table.find(id).select(referral::id).for_update().first::<Id>(c).optional()?;
    }
    Ok(())
}

/// Open siblings of a completed referral, for the same need, get the mark that proposes to close them.
pub fn propose_superseding(conn: &mut Conn, row: &ReferralRow, now: Time) -> Result<(), Error> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|status| !status.is_closed()).collect();
    let siblings = referral::table
        .filter(referral::need_id.eq(row.need_id))
        .filter(referral::id.ne(row.id))
        .filter(referral::status.eq_any(open));
    diesel::update(siblings)
        .set((referral::supersede_proposed.eq(true), referral::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// How many referrals of a need are still open, this one left out.
pub fn count_open_siblings(conn: &mut Conn, viewer: &Viewer, row: &ReferralRow) -> Result<i64, Error> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|status| !status.is_closed()).collect();
    let siblings = seen_by(viewer)
        .filter(referral::need_id.eq(row.need_id))
        .filter(referral::id.ne(row.id))
        .filter(referral::status.eq_any(open))
        .count();
    Ok(siblings.get_result(conn)?)
}

/// Open referrals that were sent under a consent.
pub fn list_open_under_consent(conn: &mut Conn, viewer: &Viewer, consent_id: Id) -> Result<Vec<Id>, Error> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|status| !status.is_closed()).collect();
    let under = seen_by(viewer).filter(referral::consent_id.eq(consent_id)).filter(referral::status.eq_any(open));
    Ok(under.order(referral::id.asc()).select(referral::id).load(conn)?)
}

/// What a stopped referral suggests about its need; the worker's own word is not touched.
pub fn propose_unmet_reason(conn: &mut Conn, row: &ReferralRow, reason: UnmetReason, now: Time) -> Result<(), Error> {
    diesel::update(need::table.find(row.need_id))
        .set((need::proposed_reason.eq(Some(reason.as_str())), need::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// The facts of a referral that this viewer may see: nothing where it may not.
pub fn find_facts(conn: &mut Conn, viewer: &Viewer, id: Id) -> Result<Option<Facts>, Error> {
    let Some(row) = find(conn, viewer, id)? else { return Ok(None) };
    let Some(family_id) = row.family_id else { return Ok(Some(Facts::default())) };
    let known: Option<(Option<String>, Option<String>)> =
        family::table.find(family_id).select((family::municipality_id, family::language)).first(conn).optional()?;
    let (municipality_id, language) = known.unwrap_or_default();
    let children = child::table.filter(child::family_id.eq(family_id)).order(child::id.asc());
    let children = children.select((child::born_in, child::due_in)).load(conn)?;
    Ok(Some(Facts { municipality_id, language, children }))
}

/// Names of services, for lists that show them.
pub fn service_names(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Text)>, Error> {
    let rows: Vec<(Id, Option<String>, Option<String>)> = service::table
        .filter(service::id.eq_any(ids))
        .select((service::id, service::name_fr, service::name_en))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, fr, en)| (id, Text { fr, en })).collect())
}

/// Referrals whose clock has run out in these statuses, the longest overdue first: for jobs.
pub fn list_overdue(
    conn: &mut Conn,
    viewer: &Viewer,
    statuses: &[Status],
    before: Time,
    limit: i64,
) -> Result<Vec<Id>, Error> {
    let overdue = seen_by(viewer)
        .filter(referral::status.eq_any(statuses.to_vec()))
        .filter(referral::shares_identity.eq(true))
        .filter(referral::due_at.le(before))
        .order((referral::due_at.asc(), referral::id.asc()))
        .limit(limit);
    Ok(overdue.select(referral::id).load(conn)?)
}

/// Referrals that wait for an answer since a moment or longer, whose time is not over, and that have had fewer
/// reminders than they should: for jobs.
pub fn list_to_remind(
    conn: &mut Conn,
    viewer: &Viewer,
    sent_before: Time,
    now: Time,
    reminders: i32,
    limit: i64,
) -> Result<Vec<Id>, Error> {
    let waiting = seen_by(viewer)
        .filter(referral::status.eq_any([Status::Sent, Status::Seen]))
        .filter(referral::shares_identity.eq(true))
        .filter(referral::sent_at.le(sent_before))
        .filter(referral::reminders_sent.lt(reminders))
        .filter(referral::due_at.gt(now))
        .order((referral::due_at.asc(), referral::id.asc()))
        .limit(limit);
    Ok(waiting.select(referral::id).load(conn)?)
}

/// Counts a reminder, once: false when another node has counted it already.
pub fn mark_reminded(conn: &mut Conn, id: Id, from: i32, to: i32) -> Result<bool, Error> {
    let target = referral::table.filter(referral::id.eq(id)).filter(referral::reminders_sent.eq(from));
    Ok(diesel::update(target).set(referral::reminders_sent.eq(to)).execute(conn)? == 1)
}
