//! Organisations: read by everybody, written by their members and by curators. Where referrals are sent is never read
//! nor written here.

use serde_json::{Map, Value};

use super::authority::Authority;
use super::history::{self, Who};
use super::idempotency::{Repeatable, once};
use super::services::{merge, retire_in, term_of, territory_name};
use super::{Deps, Outcome};
use crate::clock::Time;
use crate::domain::directory::{Organization, Origin};
use crate::domain::directory_checks::check_organization;
use crate::domain::history::Action;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal, without_prefix};
use crate::domain::viewer::AccountViewer;
use crate::exchange::history as members_of;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::exchange::hsds_in::{self, ORGANIZATION_MEMBERS, Reading};
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::{Conn, Tx, Written, locations, organizations, services};

/// Organisations of one page.
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;
/// Places shown with an organisation.
const PLACES_MAX: i64 = 100;
/// Services that are retired with their organisation, in one transaction.
const RETIRED_WITH_IT_MAX: i64 = 500;
/// Organisations above an organisation; a longer chain is a circle.
const PARENTS_MAX: usize = 20;

/// One organisation as an answer, with the version that it was read at.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: Id,
    pub value: Value,
    pub version: i64,
}

#[derive(Debug, Clone)]
pub struct Listed {
    pub contents: Vec<Value>,
    pub next_after: Option<Id>,
}

// ---- reading

/// A page of organisations by id, after one; without their places.
pub fn list(deps: &Deps, account: Option<&AccountViewer>, after: Option<Id>, limit: u32) -> Outcome<Listed> {
    let mut found = deps.store.read(|conn| organizations::list_after(conn, after, i64::from(limit) + 1))?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::of(account), territory: &nameless, category: &term_of };
    let next_after = found.last().map(|one| one.id).filter(|_| has_more);
    let show = |one: &Organization| with_version(hsds::organization(one, &[], context), one);
    Ok(Listed { contents: found.iter().map(show).collect(), next_after })
}

pub fn get(deps: &Deps, account: Option<&AccountViewer>, id: Id) -> Outcome<Shown> {
    deps.store.read(|conn| show(deps, conn, id, Eyes::of(account)))
}

/// The organisation as it was at a moment, without its places, for those who may read histories.
pub fn get_as_of(deps: &Deps, moment: Time, id: Id) -> Outcome<Value> {
    let (past, last_modified) = deps.store.read(|conn| {
        let now = organizations::get(conn, id)?;
        history::organization_at(conn, &now, moment)
    })?;
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::Professional, territory: &nameless, category: &term_of };
    let mut value = hsds::organization(&past, &[], context);
    if let Some(members) = value.as_object_mut() {
        members.insert("last_modified".to_owned(), Value::from(last_modified.to_rfc3339()));
    }
    Ok(value)
}

fn show(deps: &Deps, conn: &mut Conn, id: Id, eyes: Eyes) -> Outcome<Shown> {
    let one = organizations::get(conn, id)?;
    history::still_there((one.retired_at, one.replaced_by))?;
    let places = locations::list_of_organization(conn, id, PLACES_MAX)?;
    let territory = |id: &str| territory_name(deps.gazetteer(), id);
    let context = Context { eyes, territory: &territory, category: &term_of };
    let mut value = with_version(hsds::organization(&one, &places, context), &one);
    history::put_metadata(&mut value, history::metadata_of(conn, Subject::Organization, id, eyes)?);
    Ok(Shown { id, value, version: one.version })
}

fn with_version(mut value: Value, one: &Organization) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert("last_modified".to_owned(), Value::from(one.updated_at.to_rfc3339()));
        members.insert("version".to_owned(), Value::from(one.version));
    }
    value
}

// ---- writing

/// Adds an organisation from its HSDS members: curators alone do. It has nowhere to be yet.
pub fn create(
    deps: &Deps,
    account: &AccountViewer,
    members: &Map<String, Value>,
    repeat: Option<&Repeatable>,
) -> Outcome<Written<Shown>> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    if !authority.is_curator() {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    known_members(members)?;
    if members.contains_key("id") {
        return Err(Refusal::field(Code::InvalidValue, "id").rule("given by the server").into());
    }
    let now = deps.clock.now();
    let mut one = read(deps, members.clone(), now)?;
    one.origin = Origin::local(one.id);
    let who = Who::account(deps, account, Action::Create, now);
    deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            check_parents(tx, &one)?;
            organizations::insert(tx, &one)?;
            history::record_new(tx, Subject::Organization, one.id, &who)?;
            Ok(one.id)
        })?;
        show(deps, tx, id, Eyes::Professional)
    })
}

/// Changes an organisation by a JSON Merge Patch (RFC 7396), if it still has the version that the caller read. What is
/// the same afterwards writes nothing.
pub fn change(
    deps: &Deps,
    account: &AccountViewer,
    id: Id,
    version: i64,
    patch: &Map<String, Value>,
) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Update, now);
    deps.store.write(now, |tx| {
        change_in(deps, tx, account, id, Some(version), patch, &who)?;
        show(deps, tx, id, Eyes::Professional)
    })
}

/// Changes an organisation inside a transaction that is under way.
pub fn change_in(
    deps: &Deps,
    tx: &mut Tx<'_>,
    account: &AccountViewer,
    id: Id,
    version: Option<i64>,
    patch: &Map<String, Value>,
    who: &Who,
) -> Outcome<()> {
    known_members(patch)?;
    let known = writable(deps, tx, account, id, version)?;
    let same = [
        ("id", Value::from(known.id.to_string())),
        ("version", Value::from(known.version)),
        ("last_modified", Value::from(known.updated_at.to_rfc3339())),
    ];
    for (name, value) in same {
        if patch.get(name).is_some_and(|said| *said != value) {
            return Err(Refusal::field(Code::InvalidValue, name).rule("cannot be changed").into());
        }
    }
    let mut merged = Value::Object(members_of::organization_members(&known));
    merge(&mut merged, &Value::Object(patch.clone()));
    let Value::Object(merged) = merged else { return Ok(()) };
    write_over(deps, tx, &known, merged, who)
}

/// Takes back what one change set did to an organisation, where nobody changed the same members since.
pub fn undo(deps: &Deps, account: &AccountViewer, id: Id, change_set: Id) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Undo, now);
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, None)?;
        let mut members = members_of::organization_members(&known);
        for (name, value) in history::reversal(tx, Subject::Organization, id, change_set, &members)? {
            crate::domain::history::put_back(&mut members, &name, value);
        }
        write_over(deps, tx, &known, members, &who)?;
        show(deps, tx, id, Eyes::Professional)
    })
}

fn write_over(
    deps: &Deps,
    tx: &mut Tx<'_>,
    known: &Organization,
    mut members: Map<String, Value>,
    who: &Who,
) -> Outcome<()> {
    members.insert("id".to_owned(), Value::from(known.id.to_string()));
    let said = read(deps, members, tx.now())?;
    let after = Organization { name: said.name, document: said.document, ..known.clone() };
    if members_of::organization_members(&after) == members_of::organization_members(known) {
        return Ok(());
    }
    check_parents(tx, &after)?;
    organizations::update(tx, &after)?;
    Ok(history::organization_changed(tx, known, &after, who)?)
}

/// Checks a patch that somebody proposes as one that would be written.
pub(super) fn check_patch(deps: &Deps, tx: &mut Tx<'_>, id: Id, patch: &Map<String, Value>) -> Outcome<()> {
    known_members(patch)?;
    let known = organizations::get(tx, id)?;
    let mut merged = Value::Object(members_of::organization_members(&known));
    merge(&mut merged, &Value::Object(patch.clone()));
    let Value::Object(mut merged) = merged else { return Ok(()) };
    merged.insert("id".to_owned(), Value::from(id.to_string()));
    let after = read(deps, merged, tx.now())?;
    check_parents(tx, &after)
}

/// The organisation of whoever may write it.
fn writable(
    deps: &Deps,
    tx: &mut Tx<'_>,
    account: &AccountViewer,
    id: Id,
    version: Option<i64>,
) -> Outcome<Organization> {
    organizations::lock(tx, id)?;
    let known = organizations::get(tx, id)?;
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    if !authority.may_write_organization(tx, &known)? {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    if version.is_some_and(|version| version != known.version) {
        return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
    }
    history::may_change((known.retired_at, known.replaced_by))?;
    Ok(known)
}

fn known_members(members: &Map<String, Value>) -> Result<(), Refusal> {
    hsds_in::only_members(members, &ORGANIZATION_MEMBERS, "a member of an HSDS organization")
}

fn read(deps: &Deps, mut members: Map<String, Value>, now: Time) -> Result<Organization, Refusal> {
    for made_here in ["metadata", "version", "last_modified", "change"] {
        members.remove(made_here);
    }
    for (name, home) in [("locations", "/api/v1/locations"), ("services", "/api/v1/services")] {
        if members.remove(name).is_some_and(|records| !records.is_null()) {
            return Err(Refusal::field(Code::InvalidValue, name).rule(format!("written at {home}")));
        }
    }
    let fresh = || deps.ids.new_id(now);
    let reading = Reading {
        source: Origin::LOCAL,
        language: Lang::Fr,
        fresh: Some(&fresh),
        is_request: true,
        is_category: &|_| true,
    };
    let (one, _) = hsds_in::read_organization(members, "", reading)?;
    check_organization(&one).map_err(|refusal| without_prefix(refusal, "organization."))?;
    Ok(one)
}

/// The organisation above is there, and none is above itself.
fn check_parents(tx: &mut Tx<'_>, one: &Organization) -> Outcome<()> {
    let field = "parent_organization_id";
    let mut above = parent_of(one)?;
    for _ in 0..PARENTS_MAX {
        let Some(id) = above else { return Ok(()) };
        if id == one.id {
            return Err(Refusal::field(Code::InvalidValue, field).rule("not itself, at any distance").into());
        }
        let found = organizations::find(tx, id)?;
        let found = found.ok_or_else(|| Refusal::field(Code::UnknownReference, field))?;
        // What a source wrote above it may be no id: the chain ends there.
        above = parent_of(&found).unwrap_or(None);
    }
    Err(Refusal::field(Code::InvalidValue, field).rule(format!("<= {PARENTS_MAX} above it")).into())
}

fn parent_of(one: &Organization) -> Result<Option<Id>, Refusal> {
    let wrong = || Refusal::field(Code::InvalidValue, "parent_organization_id").rule("uuid");
    match one.document.other.get("parent_organization_id") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(wrong),
    }
}

/// Takes an organisation out of the directory, with its services where the caller says so.
///
/// # Errors
/// `StillInUse` where it has services and the caller does not.
pub fn retire(
    deps: &Deps,
    account: &AccountViewer,
    id: Id,
    version: i64,
    (reason, with_services): (&str, bool),
) -> Outcome<Written<i64>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Retire, now);
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, Some(version))?;
        let ids = services::list_of_organization(tx, id, RETIRED_WITH_IT_MAX + 1)?;
        if !ids.is_empty() && !with_services {
            return Err(Refusal::field(Code::StillInUse, "with_services").rule("its services are not retired").into());
        }
        if ids.len() as i64 > RETIRED_WITH_IT_MAX {
            let rule = format!("<= {RETIRED_WITH_IT_MAX} services");
            return Err(Refusal::field(Code::TooMany, "with_services").rule(rule).into());
        }
        for one in services::list_aggregates(tx, &ids)? {
            if !authority.may_write_service(&one.service, one.locations.iter()) {
                return Err(Refusal::field(Code::Forbidden, "with_services").rule("a territory of yours").into());
            }
            retire_in(tx, &one.service, reason, &who)?;
        }
        let retired = (Some(now), None);
        let version = organizations::set_retired(tx, id, known.version, retired)?;
        history::record_retired(tx, Subject::Organization, id, ((None, None), retired), reason, &who)?;
        Ok(version)
    })
}

/// Brings an organisation back; its services come back one by one.
pub fn restore(deps: &Deps, account: &AccountViewer, id: Id, version: i64) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Restore, now);
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    deps.store.write(now, |tx| {
        organizations::lock(tx, id)?;
        let known = organizations::get(tx, id)?;
        if !authority.may_write_organization(tx, &known)? {
            return Err(Refusal::new(Code::Forbidden).into());
        }
        if known.version != version {
            return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
        }
        let before = (known.retired_at, known.replaced_by);
        history::may_restore(before)?;
        organizations::set_retired(tx, id, version, (None, None))?;
        history::record_retired(tx, Subject::Organization, id, (before, (None, None)), "", &who)?;
        show(deps, tx, id, Eyes::Professional)
    })
}
