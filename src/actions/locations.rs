//! Places: read by everybody as far as their visibility allows, written by the organisation that owns them and by
//! curators of where they lie. Who may not see where a place is neither learns it by writing: a hidden place is changed
//! blindly, and one that is opened starts from nothing but what the caller says of it.

use serde_json::{Map, Value};

use super::authority::Authority;
use super::history::{self, Who};
use super::idempotency::{Repeatable, once};
use super::services::{merge, term_of, territory_name};
use super::{Deps, Outcome, placing};
use crate::clock::Time;
use crate::domain::directory::{Location, Origin, Visibility};
use crate::domain::directory_checks::check_location;
use crate::domain::history::Action;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal, without_prefix};
use crate::domain::viewer::AccountViewer;
use crate::exchange::history as members_of;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::exchange::hsds_in::{self, LOCATION_MEMBERS, Reading};
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::{Conn, Error, Tx, Written, locations, organizations};

/// Places of one page.
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;

/// One place as an answer, with the version that it was read at.
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

/// A page of places by id, after one; those of one organisation, where it is named.
pub fn list(
    deps: &Deps,
    account: Option<&AccountViewer>,
    organization_id: Option<Id>,
    after: Option<Id>,
    limit: u32,
) -> Outcome<Listed> {
    let page = i64::from(limit) + 1;
    let mut found = deps.store.read(|conn| locations::list_after(conn, organization_id, after, page))?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_after = found.last().map(|one| one.id).filter(|_| has_more);
    let contents = found.iter().map(|place| value_of(deps, place, Eyes::of(account))).collect();
    Ok(Listed { contents, next_after })
}

pub fn get(deps: &Deps, account: Option<&AccountViewer>, id: Id) -> Outcome<Shown> {
    deps.store.read(|conn| show(deps, conn, id, Eyes::of(account)))
}

/// The place as it was at a moment, for those who may read histories; as the stricter of then and now shows it.
pub fn get_as_of(deps: &Deps, moment: Time, id: Id) -> Outcome<Value> {
    let (past, last_modified) = deps.store.read(|conn| {
        let now = find(conn, id)?;
        history::location_at(conn, &now, moment)
    })?;
    let mut value = value_of(deps, &past, Eyes::Professional);
    if let Some(members) = value.as_object_mut() {
        members.remove("version");
        members.insert("last_modified".to_owned(), Value::from(last_modified.to_rfc3339()));
    }
    Ok(value)
}

fn find(conn: &mut Conn, id: Id) -> Result<Location, Error> {
    locations::list_by_ids(conn, &[id])?.remove(&id).ok_or(Error::NotFound)
}

fn show(deps: &Deps, conn: &mut Conn, id: Id, eyes: Eyes) -> Outcome<Shown> {
    let place = find(conn, id)?;
    history::still_there((place.retired_at, place.replaced_by))?;
    let mut value = value_of(deps, &place, eyes);
    history::put_metadata(&mut value, history::metadata_of(conn, Subject::Location, id, eyes)?);
    Ok(Shown { id, value, version: place.version })
}

fn value_of(deps: &Deps, place: &Location, eyes: Eyes) -> Value {
    let territory = |id: &str| territory_name(deps.gazetteer(), id);
    let context = Context { eyes, territory: &territory, category: &term_of };
    let mut value = hsds::location(place, context);
    if let Some(members) = value.as_object_mut() {
        if let Some(id) = place.organization_id {
            members.insert("organization_id".to_owned(), Value::from(id.to_string()));
        }
        members.insert("version".to_owned(), Value::from(place.version));
    }
    value
}

// ---- writing

/// Adds a place to an organisation of one's own, or to any or none as a curator of where it lies.
pub fn create(
    deps: &Deps,
    account: &AccountViewer,
    members: &Map<String, Value>,
    repeat: Option<&Repeatable>,
) -> Outcome<Written<Shown>> {
    known_members(members)?;
    if members.contains_key("id") {
        return Err(Refusal::field(Code::InvalidValue, "id").rule("given by the server").into());
    }
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let now = deps.clock.now();
    let mut members = members.clone();
    let organization_id = take_organization(&mut members)?;
    let mut place = read(deps, members, now)?;
    place.origin = Origin::local(place.id);
    place.organization_id = organization_id;
    placing::place(deps.gazetteer(), &mut place, "location").map_err(|refusal| without_prefix(refusal, "location."))?;
    if !authority.may_write_place(&place) {
        return Err(Refusal::field(Code::Forbidden, "organization_id").into());
    }
    let who = Who::account(deps, account, Action::Create, now);
    deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            if let Some(id) = organization_id {
                let owner = organizations::find(tx, id)?.filter(|one| one.retired_at.is_none());
                owner.ok_or_else(|| Refusal::field(Code::UnknownReference, "organization_id"))?;
            }
            locations::insert_many(tx, std::slice::from_ref(&place))?;
            history::record_new(tx, Subject::Location, place.id, &who)?;
            Ok(place.id)
        })?;
        show(deps, tx, id, Eyes::Professional)
    })
}

/// Changes a place by a JSON Merge Patch (RFC 7396), if it still has the version that the caller read. What is the same
/// afterwards writes nothing.
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

/// Changes a place inside a transaction that is under way.
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
    let owner = known.organization_id.map_or(Value::Null, |id| Value::from(id.to_string()));
    let same = [
        ("id", Value::from(known.id.to_string())),
        ("organization_id", owner),
        ("version", Value::from(known.version)),
    ];
    let mut patch = patch.clone();
    for (name, value) in same {
        if patch.remove(name).is_some_and(|said| said != value) {
            return Err(Refusal::field(Code::InvalidValue, name).rule("cannot be changed").into());
        }
    }
    let merged = patched(deps, &known, patch)?;
    write_over(deps, tx, &known, merged, who)
}

/// The members of a place under a patch. Of a hidden place, the caller was shown the MRC alone: what it sends back as
/// it was shown says nothing, and a place that it opens is what it says of it and not what it was not shown.
fn patched(deps: &Deps, known: &Location, mut patch: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    patch.remove("metadata");
    if patch.get("location_visibility").is_some_and(Value::is_null) {
        // Who does not speak of it leaves it as it is.
        patch.remove("location_visibility");
    }
    let mut members = members_of::location_members(known);
    if known.visibility == Visibility::RegionOnly {
        let shown = value_of(deps, known, Eyes::Professional);
        patch.retain(|name, value| shown.get(name) != Some(value));
        let opens = patch.get("location_visibility").is_some();
        if opens {
            let has = |name: &str| patch.get(name).is_some_and(|value| !value.is_null());
            let is_addressed = patch.get("addresses").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
            if !(is_addressed || has("latitude") && has("longitude")) {
                let rule = "send the address again to show a hidden place";
                return Err(Refusal::field(Code::InvalidValue, "location_visibility").rule(rule));
            }
            members = Map::new();
        }
    }
    // A place of which the address changes is put where the new one is, unless the caller says the point.
    let moves = patch.contains_key("addresses") || patch.contains_key("located_in");
    let says_point = patch.contains_key("latitude") || patch.contains_key("longitude");
    if moves && !says_point {
        for name in ["latitude", "longitude", "placement"] {
            members.remove(name);
        }
    }
    if moves && !patch.contains_key("located_in") {
        members.remove("located_in");
    }
    if says_point {
        members.remove("placement");
    }
    let mut merged = Value::Object(members);
    merge(&mut merged, &Value::Object(patch));
    match merged {
        Value::Object(members) => Ok(members),
        _ => Ok(Map::new()),
    }
}

/// Takes back what one change set did to a place, where nobody changed the same members since. What is withheld of a
/// hidden place cannot be taken back.
pub fn undo(deps: &Deps, account: &AccountViewer, id: Id, change_set: Id) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Undo, now);
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, None)?;
        let mut members = members_of::location_members(&known);
        let previous = history::reversal(tx, Subject::Location, id, change_set, &members)?;
        if known.visibility == Visibility::RegionOnly {
            let rule = "a hidden place is opened by who says where it is";
            return Err(Refusal::field(Code::InvalidValue, "change_set").rule(rule).into());
        }
        for (name, value) in previous {
            crate::domain::history::put_back(&mut members, &name, value);
        }
        write_over(deps, tx, &known, members, &who)?;
        show(deps, tx, id, Eyes::Professional)
    })
}

fn write_over(
    deps: &Deps,
    tx: &mut Tx<'_>,
    known: &Location,
    mut members: Map<String, Value>,
    who: &Who,
) -> Outcome<()> {
    members.insert("id".to_owned(), Value::from(known.id.to_string()));
    let said = read(deps, members, tx.now())?;
    let mut after = Location {
        name: said.name,
        point: said.point,
        placement: said.placement,
        visibility: said.visibility,
        territories: said.territories,
        document: said.document,
        ..known.clone()
    };
    placing::place(deps.gazetteer(), &mut after, "location").map_err(|refusal| without_prefix(refusal, "location."))?;
    if members_of::location_members(&after) == members_of::location_members(known) {
        return Ok(());
    }
    locations::update(tx, &after)?;
    Ok(history::location_changed(tx, known, &after, who)?)
}

/// Checks a patch that somebody proposes as one that would be written.
pub(super) fn check_patch(deps: &Deps, tx: &mut Tx<'_>, id: Id, patch: &Map<String, Value>) -> Outcome<()> {
    known_members(patch)?;
    let known = find(tx, id)?;
    let mut merged = patched(deps, &known, patch.clone())?;
    merged.insert("id".to_owned(), Value::from(id.to_string()));
    let mut after = read(deps, merged, tx.now())?;
    Ok(placing::place(deps.gazetteer(), &mut after, "location")
        .map_err(|refusal| without_prefix(refusal, "location."))?)
}

/// The place of whoever may write it.
fn writable(deps: &Deps, tx: &mut Tx<'_>, account: &AccountViewer, id: Id, version: Option<i64>) -> Outcome<Location> {
    locations::lock(tx, id)?;
    let known = find(tx, id)?;
    if !(Authority { account, gazetteer: deps.gazetteer() }).may_write_place(&known) {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    if version.is_some_and(|version| version != known.version) {
        return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
    }
    history::may_change((known.retired_at, known.replaced_by))?;
    Ok(known)
}

fn known_members(members: &Map<String, Value>) -> Result<(), Refusal> {
    hsds_in::only_members(members, &LOCATION_MEMBERS, "a member of an HSDS location")
}

fn take_organization(members: &mut Map<String, Value>) -> Result<Option<Id>, Refusal> {
    let wrong = || Refusal::field(Code::InvalidValue, "organization_id").rule("uuid");
    match members.remove("organization_id") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(wrong),
    }
}

fn read(deps: &Deps, mut members: Map<String, Value>, now: Time) -> Result<Location, Refusal> {
    for made_here in ["metadata", "version", "last_modified", "change"] {
        members.remove(made_here);
    }
    let fresh = || deps.ids.new_id(now);
    let reading = Reading {
        source: Origin::LOCAL,
        language: Lang::Fr,
        fresh: Some(&fresh),
        is_request: true,
        is_category: &|_| true,
    };
    let place = hsds_in::read_location(members, None, reading)?;
    check_location(&place, "location").map_err(|refusal| without_prefix(refusal, "location."))?;
    Ok(place)
}

/// Takes a place out of the directory.
///
/// # Errors
/// `StillInUse` where a service that is not retired is given there.
pub fn retire(deps: &Deps, account: &AccountViewer, id: Id, version: i64, reason: &str) -> Outcome<Written<i64>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Retire, now);
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, Some(version))?;
        if locations::is_in_use(tx, id)? {
            return Err(Refusal::field(Code::StillInUse, "id").rule("services are given there").into());
        }
        let retired = (Some(now), None);
        let version = locations::set_retired(tx, id, known.version, retired)?;
        history::record_retired(tx, Subject::Location, id, ((None, None), retired), reason, &who)?;
        Ok(version)
    })
}

pub fn restore(deps: &Deps, account: &AccountViewer, id: Id, version: i64) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Restore, now);
    deps.store.write(now, |tx| {
        locations::lock(tx, id)?;
        let known = find(tx, id)?;
        if !(Authority { account, gazetteer: deps.gazetteer() }).may_write_place(&known) {
            return Err(Refusal::new(Code::Forbidden).into());
        }
        if known.version != version {
            return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
        }
        let before = (known.retired_at, known.replaced_by);
        history::may_restore(before)?;
        locations::set_retired(tx, id, version, (None, None))?;
        history::record_retired(tx, Subject::Location, id, (before, (None, None)), "", &who)?;
        show(deps, tx, id, Eyes::Professional)
    })
}
