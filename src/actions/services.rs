//! Listings of services: read by everybody, written by members of their organisation and by curators.

use serde_json::{Map, Value, json};

use super::authority::Authority;
use super::history::{self, Who};
use super::idempotency::{Repeatable, once};
use super::{Deps, Outcome, placing};
use crate::clock::Time;
use crate::domain::directory::{
    CapacityWord, CapacityWords, Location, Origin, Service, ServiceAggregate, ServiceAtLocation, Visibility,
};
use crate::domain::directory_checks::{check_location, check_service};
use crate::domain::freshness;
use crate::domain::history::Action;
use crate::domain::language::{Lang, Text};
use crate::domain::quality::{self, Lack};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::Gazetteer;
use crate::domain::viewer::{AccountViewer, Role};
use crate::exchange::Entry;
use crate::exchange::hsds::{self, Context, Eyes, Term};
use crate::exchange::hsds_in::{self, Reading, SERVICE_MEMBERS};
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::{Conn, Tx, Written, locations, organizations, services};
use crate::text::quality::sentence;

/// Places of an organisation shown with one of its services.
pub(super) const ORGANIZATION_PLACES_MAX: i64 = 100;

/// One service as an answer, with the version that it was read at.
#[derive(Debug, Clone)]
pub struct Shown {
    pub id: Id,
    pub value: Value,
    pub version: i64,
    pub service: Service,
    pub updated_at: Time,
}

pub(super) fn term_of(code: &str) -> Option<Term> {
    let term = Taxonomy::embedded().get(code)?;
    let id = term.id.parse().ok()?;
    Some(Term { id, name: term.label.clone(), description: term.definition.clone() })
}

pub(super) fn is_category(code: &str) -> bool {
    Taxonomy::embedded().is_known(code)
}

/// The name of a territory: the same in both languages.
pub(super) fn territory_name(gazetteer: &Gazetteer, id: &str) -> Option<Text> {
    gazetteer.get(id).map(|territory| Text::fr(&territory.name))
}

// ---- reading

pub fn get(deps: &Deps, account: Option<&AccountViewer>, id: Id) -> Outcome<Shown> {
    let gazetteer = deps.gazetteer();
    deps.store.read(|conn| show(conn, id, gazetteer, Eyes::of(account)))
}

/// A service, and to signed-in eyes how good its record is and when it must be confirmed again.
pub fn get_assessed(deps: &Deps, account: Option<&AccountViewer>, id: Id) -> Outcome<Shown> {
    let now = deps.clock.now();
    let mut shown = get(deps, account, id)?;
    if account.is_some()
        && let Some(members) = shown.value.as_object_mut()
    {
        // What time decides is added here, where it is read: it is no part of the record.
        members.insert("quality".to_owned(), quality_of(&shown.service, now));
        if let Some(due_at) = shown.service.review.due_at {
            let state = freshness::state(due_at, now, deps.freshness_rules());
            members.insert("freshness".to_owned(), json!({ "state": state, "review_due_at": due_at }));
        }
    }
    Ok(shown)
}

fn quality_of(service: &Service, now: Time) -> Value {
    let found = quality::assess(service, now);
    let missing = |lack: &Lack| json!({ "code": lack, "sentence": sentence(*lack) });
    json!({ "score": found.score, "missing": found.missing.iter().map(missing).collect::<Vec<_>>() })
}

fn show(conn: &mut Conn, id: Id, gazetteer: &Gazetteer, eyes: Eyes) -> Outcome<Shown> {
    let aggregate = services::get_aggregate(conn, id)?;
    history::still_there((aggregate.service.retired_at, aggregate.service.replaced_by))?;
    let places = locations::list_of_organization(conn, aggregate.organization.id, ORGANIZATION_PLACES_MAX)?;
    let territory = |id: &str| territory_name(gazetteer, id);
    let context = Context { eyes, territory: &territory, category: &term_of };
    let mut value = hsds::service(&aggregate, &places, context);
    history::put_metadata(&mut value, history::metadata_of(conn, Subject::Service, id, eyes)?);
    let (version, updated_at) = (aggregate.service.version, aggregate.service.updated_at);
    Ok(Shown { id, value, version, updated_at, service: aggregate.service })
}

/// The service as it was at a moment, for those who may read histories. It has no version: it cannot be written over.
pub fn get_as_of(deps: &Deps, moment: Time, id: Id) -> Outcome<Value> {
    let gazetteer = deps.gazetteer();
    let past = deps.store.read(|conn| history::service_at(conn, id, moment))?;
    let territory = |id: &str| territory_name(gazetteer, id);
    let context = Context { eyes: Eyes::Professional, territory: &territory, category: &term_of };
    let mut value = hsds::service(&past.aggregate, &[], context);
    if let Some(members) = value.as_object_mut() {
        members.remove("version");
        members.insert("last_modified".to_owned(), Value::from(past.last_modified.to_rfc3339()));
    }
    Ok(value)
}

// ---- writing

/// Adds a service from its HSDS members.
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
    let gazetteer = deps.gazetteer();
    let authority = Authority { account, gazetteer };
    let now = deps.clock.now();
    let mut members = members.clone();
    members.remove("metadata");
    let members = &members;
    let mut entry = read(deps, members.clone(), now)?;
    let organization_id = entry.organization.id;
    if !authority.is_curator() && !authority.is_member_of(organization_id) {
        return Err(Refusal::field(Code::Forbidden, "organization_id").into());
    }
    let mut service = entry.service.take().ok_or_else(|| Refusal::field(Code::MissingField, "name"))?;
    service.origin = Origin::local(service.id);
    for link in &mut service.at_locations {
        link.id = ServiceAtLocation::plain(service.id, link.location_id).id;
    }
    settle(&mut service, members, now)?;
    check_service(&service)?;
    placing::check_served(gazetteer, &service.served)?;
    for place in &mut entry.locations {
        place.origin = Origin::local(place.id);
        place.organization_id = Some(organization_id);
        check_location(place, "location")?;
        placing::place(gazetteer, place, "location")?;
    }
    let said_by = said_by(account);
    let who = Who::account(deps, account, Action::Create, now);
    deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            add(tx, authority, &service, &entry.locations, said_by, &who)?;
            Ok(service.id)
        })?;
        show(tx, id, gazetteer, Eyes::Professional)
    })
}

/// Writes a new service and the places of it that are new.
fn add(
    tx: &mut Tx<'_>,
    authority: Authority<'_>,
    service: &Service,
    said: &[Location],
    said_by: &str,
    who: &Who,
) -> Outcome<()> {
    let organization = organizations::find(tx, service.organization_id)?.filter(|one| one.retired_at.is_none());
    let organization = organization.ok_or_else(|| Refusal::field(Code::UnknownReference, "organization_id"))?;
    if !authority.may_write_organization(tx, &organization)? {
        return Err(Refusal::field(Code::Forbidden, "organization_id").into());
    }
    let new = new_places(tx, authority, service, said, &[])?;
    let ids: Vec<Id> = service.at_locations.iter().map(|link| link.location_id).collect();
    let there = locations::list_by_ids(tx, &ids)?;
    if !authority.may_write_service(service, there.values().chain(&new)) {
        return Err(Refusal::field(Code::Forbidden, "served").rule("a territory of yours").into());
    }
    locations::insert_many(tx, &new)?;
    services::insert(tx, service, said_by)?;
    record_new(tx, &new, who)?;
    Ok(history::record_new(tx, Subject::Service, service.id, who)?)
}

/// Changes a service by a JSON Merge Patch (RFC 7396) over its HSDS members, if it still has the version that the
/// caller read. What is the same afterwards writes nothing.
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
        show(tx, id, deps.gazetteer(), Eyes::Professional)
    })
}

/// Changes a service inside a transaction that is under way; `version` is the one that the caller read, where it read
/// one.
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
    read_only_members(patch, &known.service)?;
    let mut patch = patch.clone();
    // Written by the program alone: what a reader sends back of it says nothing.
    patch.remove("metadata");
    let (gazetteer, now) = (deps.gazetteer(), tx.now());
    let changed = Changed { deps, account, gazetteer, now, known: &known, patch: &patch, is_whole: false, who };
    changed.write(tx)
}

/// Checks a patch that somebody proposes as one that would be written.
pub(super) fn check_patch(deps: &Deps, tx: &mut Tx<'_>, id: Id, patch: &Map<String, Value>) -> Outcome<()> {
    known_members(patch)?;
    let known = services::get_aggregate(tx, id)?;
    let mut merged = Value::Object(program_members(&known));
    forget_what_is_said_otherwise(&mut merged, patch);
    merge(&mut merged, &Value::Object(patch.clone()));
    let Value::Object(merged) = merged else { return Ok(()) };
    let entry = read(deps, merged, tx.now())?;
    let mut service = entry.service.ok_or_else(|| Refusal::field(Code::MissingField, "name"))?;
    settle(&mut service, patch, tx.now())?;
    check_service(&service)?;
    Ok(placing::check_served(deps.gazetteer(), &service.served)?)
}

/// The members of a service as the program itself sees it, without those of its organisation.
fn program_members(aggregate: &ServiceAggregate) -> Map<String, Value> {
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::Program, territory: &nameless, category: &term_of };
    let mut value = hsds::service(aggregate, &[], context);
    let mut members = value.as_object_mut().map(std::mem::take).unwrap_or_default();
    members.remove("organization");
    members
}

/// The service, locked, of whoever may write it.
fn writable(
    deps: &Deps,
    tx: &mut Tx<'_>,
    account: &AccountViewer,
    id: Id,
    version: Option<i64>,
) -> Outcome<ServiceAggregate> {
    services::lock(tx, id)?;
    let known = services::get_aggregate(tx, id)?;
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    if !authority.may_write_service(&known.service, known.locations.iter()) {
        return Err(Refusal::new(Code::Forbidden).into());
    }
    if version.is_some_and(|version| version != known.service.version) {
        return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
    }
    history::may_change((known.service.retired_at, known.service.replaced_by))?;
    Ok(known)
}

/// Takes back what one change set did to a service, where nobody changed the same members since.
pub fn undo(deps: &Deps, account: &AccountViewer, id: Id, change_set: Id) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Undo, now);
    let gazetteer = deps.gazetteer();
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, None)?;
        let members = crate::exchange::history::service_members(&known.service, &|_| false);
        let previous = history::reversal(tx, Subject::Service, id, change_set, &members)?;
        let patch: Map<String, Value> =
            previous.into_iter().map(|(name, value)| (name, value.unwrap_or(Value::Null))).collect();
        let changed =
            Changed { deps, account, gazetteer, now, known: &known, patch: &patch, is_whole: true, who: &who };
        changed.write(tx)?;
        show(tx, id, gazetteer, Eyes::Professional)
    })
}

/// Takes a service out of the directory, or brings it back, with a reason.
pub fn retire(deps: &Deps, account: &AccountViewer, id: Id, version: i64, reason: &str) -> Outcome<Written<i64>> {
    let now = deps.clock.now();
    let who = Who::account(deps, account, Action::Retire, now);
    deps.store.write(now, |tx| {
        let known = writable(deps, tx, account, id, Some(version))?;
        retire_in(tx, &known.service, reason, &who)
    })
}

/// Retires a service inside a transaction that is under way, and gives its new version.
pub(super) fn retire_in(tx: &mut Tx<'_>, known: &Service, reason: &str, who: &Who) -> Outcome<i64> {
    let retired = (Some(tx.now()), None);
    let version = services::set_retired(tx, known.id, known.version, retired)?;
    history::record_retired(tx, Subject::Service, known.id, ((None, None), retired), reason, who)?;
    Ok(version)
}

pub fn restore(deps: &Deps, account: &AccountViewer, id: Id, version: i64) -> Outcome<Written<Shown>> {
    let now = deps.clock.now();
    let gazetteer = deps.gazetteer();
    let who = Who::account(deps, account, Action::Restore, now);
    deps.store.write(now, |tx| {
        services::lock(tx, id)?;
        let known = services::get_aggregate(tx, id)?;
        if !(Authority { account, gazetteer }).may_write_service(&known.service, known.locations.iter()) {
            return Err(Refusal::new(Code::Forbidden).into());
        }
        if known.service.version != version {
            return Err(Refusal::field(Code::StaleVersion, "If-Match").into());
        }
        history::may_restore((known.service.retired_at, known.service.replaced_by))?;
        if known.organization.retired_at.is_some() {
            return Err(Refusal::field(Code::Retired, "organization").into());
        }
        services::set_retired(tx, id, version, (None, None))?;
        let before = (known.service.retired_at, known.service.replaced_by);
        history::record_retired(tx, Subject::Service, id, (before, (None, None)), "", &who)?;
        show(tx, id, gazetteer, Eyes::Professional)
    })
}

fn record_new(tx: &mut Tx<'_>, new: &[Location], who: &Who) -> Outcome<()> {
    for place in new {
        history::record_new(tx, Subject::Location, place.id, who)?;
    }
    Ok(())
}

pub(super) fn said_by(account: &AccountViewer) -> &'static str {
    if account.has_role(Role::Curator) { "curator" } else { "member" }
}

fn known_members(members: &Map<String, Value>) -> Result<(), Refusal> {
    hsds_in::only_members(members, SERVICE_MEMBERS, "a member of an HSDS service")
}

/// Members that a change may repeat and not alter.
fn read_only_members(patch: &Map<String, Value>, known: &Service) -> Result<(), Refusal> {
    let same = [
        ("id", Value::from(known.id.to_string())),
        ("organization_id", Value::from(known.organization_id.to_string())),
        ("version", Value::from(known.version)),
        ("last_modified", Value::from(known.updated_at.to_rfc3339())),
    ];
    for (name, value) in same {
        if patch.get(name).is_some_and(|said| *said != value) {
            return Err(Refusal::field(Code::InvalidValue, name).rule("cannot be changed"));
        }
    }
    match patch.contains_key("organization") {
        true => Err(Refusal::field(Code::InvalidValue, "organization").rule("cannot be changed here")),
        false => Ok(()),
    }
}

fn read(deps: &Deps, mut members: Map<String, Value>, now: Time) -> Result<Entry, Refusal> {
    // A service names its organisation by id; the rest of the organisation is not written through it.
    if let Some(organization) = members.remove("organization").filter(|value| !value.is_null()) {
        let only_id = organization.as_object().filter(|one| one.len() == 1).and_then(|one| one.get("id"));
        let id = only_id.ok_or_else(|| Refusal::field(Code::InvalidValue, "organization").rule("{id}"))?;
        members.entry("organization_id").or_insert_with(|| id.clone());
    }
    let fresh = || deps.ids.new_id(now);
    let reading = Reading {
        source: Origin::LOCAL,
        language: Lang::Fr,
        fresh: Some(&fresh),
        is_request: true,
        is_category: &is_category,
    };
    hsds_in::read_service(members, 1, reading)
}

/// Room and verification carry the moment they were said; nobody says them of the future.
fn settle(service: &mut Service, said: &Map<String, Value>, now: Time) -> Result<(), Refusal> {
    if let Some(capacity) = said.get("capacity") {
        let is_dated = capacity.get("observed_at").is_some_and(|moment| !moment.is_null());
        if service.capacity.is_said() && !is_dated {
            service.capacity.observed_at = Some(now);
        }
    }
    for (field, moment) in
        [("capacity.observed_at", service.capacity.observed_at), ("verified_at", service.verified_at)]
    {
        if moment.is_some_and(|moment| moment > now) {
            return Err(Refusal::field(Code::OutOfRange, field).rule("not in the future"));
        }
    }
    Ok(())
}

/// A number of the room that stays as it was keeps its word; one that is said again, or anew, gets the caller's.
fn keep_words(service: &mut Service, known: &Service, patch: &Map<String, Value>) {
    let is_said = |name: &str| patch.get("capacity").is_some_and(|said| said.get(name).is_some());
    let (now, before) = (service.capacity, known.capacity);
    let kept = |name: &str, now: Option<i32>, before: Option<i32>, word: Option<CapacityWord>| {
        word.filter(|_| now == before && !is_said(name))
    };
    service.capacity.said = CapacityWords {
        places_available: kept(
            "places_available",
            now.places_available,
            before.places_available,
            before.said.places_available,
        ),
        waiting_list_length: kept(
            "waiting_list_length",
            now.waiting_list_length,
            before.waiting_list_length,
            before.said.waiting_list_length,
        ),
        wait_days: kept("wait_days", now.wait_days, before.wait_days, before.said.wait_days),
    };
}

/// The places of a request that are not there yet. One that is there and that the service did not show is linked as it
/// is: nobody changes a place through a service that was not given there. One that is not public is its owner's to use.
fn new_places(
    tx: &mut Tx<'_>,
    authority: Authority<'_>,
    service: &Service,
    said: &[Location],
    shown: &[Location],
) -> Result<Vec<Location>, super::Failure> {
    let ids: Vec<Id> = service.at_locations.iter().map(|link| link.location_id).collect();
    let mut there = locations::list_by_ids(tx, &ids)?;
    there.retain(|id, place| place.retired_at.is_none() || shown.iter().any(|known| known.id == *id));
    for (position, id) in ids.iter().enumerate() {
        let is_said = said.iter().any(|place| place.id == *id);
        if !there.contains_key(id) && !is_said {
            let field = format!("service_at_locations.{position}.location_id");
            return Err(Refusal::field(Code::UnknownReference, field).into());
        }
        let is_foreign = there.contains_key(id) && is_said && !shown.iter().any(|place| place.id == *id);
        if is_foreign {
            let field = format!("service_at_locations.{position}.location");
            return Err(Refusal::field(Code::AlreadyExists, field).rule("link it by location_id").into());
        }
        if let Some(place) = there.get(id)
            && !shown.iter().any(|known| known.id == *id)
            && !authority.may_link(place, service.organization_id)
        {
            let field = format!("service_at_locations.{position}.location_id");
            return Err(Refusal::field(Code::Forbidden, field).rule("a place of another organization").into());
        }
    }
    Ok(said.iter().filter(|place| !there.contains_key(&place.id)).cloned().collect())
}

/// Which of the members that hide or show a place a caller sent.
struct SaidOfPlace {
    visibility: bool,
    address: bool,
}

/// One change under way: what is known, and what the caller says.
struct Changed<'a> {
    deps: &'a Deps,
    account: &'a AccountViewer,
    gazetteer: &'a Gazetteer,
    now: Time,
    known: &'a ServiceAggregate,
    patch: &'a Map<String, Value>,
    /// Each member of the patch is the whole of it, as it was before; otherwise objects are merged.
    is_whole: bool,
    who: &'a Who,
}

impl Changed<'_> {
    fn write(&self, tx: &mut Tx<'_>) -> Result<(), super::Failure> {
        let before = program_members(self.known);
        let mut merged = Value::Object(before.clone());
        forget_what_is_said_otherwise(&mut merged, self.patch);
        if self.is_whole {
            put_whole(&mut merged, self.patch);
        } else {
            merge(&mut merged, &Value::Object(self.patch.clone()));
        }
        let Value::Object(merged) = merged else { return Ok(()) };
        let entry = read(self.deps, merged, self.now)?;
        let (service, places) = self.settled(entry)?;
        let mut after = ServiceAggregate {
            service: service.clone(),
            organization: self.known.organization.clone(),
            locations: places.clone(),
        };
        let linked = self.known.locations.iter().filter(|known| !places.iter().any(|place| place.id == known.id));
        after.locations.extend(linked.cloned());
        let (new, altered) = self.sorted_places(tx, &service, &places)?;
        if altered.is_empty() && new.is_empty() && program_members(&after) == before {
            return Ok(());
        }
        locations::insert_many(tx, &new)?;
        // The service first: a place that changes gives a new version to every service given there.
        services::update(tx, &service, said_by(self.account))?;
        history::service_changed(tx, &self.known.service, &service, self.who)?;
        record_new(tx, &new, self.who)?;
        for place in &altered {
            locations::update(tx, place)?;
            if let Some(known) = self.known.locations.iter().find(|known| known.id == place.id) {
                history::location_changed(tx, known, place, self.who)?;
            }
        }
        Ok(())
    }

    /// The service and places as they will be: checked, placed, with what the caller could not see kept.
    fn settled(&self, entry: Entry) -> Result<(Service, Vec<Location>), Refusal> {
        let mut service = entry.service.ok_or_else(|| Refusal::field(Code::MissingField, "name"))?;
        let known = &self.known.service;
        service.origin = known.origin.clone();
        service.version = known.version;
        service.updated_at = known.updated_at;
        (service.retired_at, service.replaced_by) = (known.retired_at, known.replaced_by);
        settle(&mut service, self.patch, self.now)?;
        keep_words(&mut service, known, self.patch);
        for link in &mut service.at_locations {
            match known.at_locations.iter().find(|other| other.location_id == link.location_id) {
                Some(other) => {
                    link.id = other.id;
                    if self.is_hidden(link.location_id) && link.document == Default::default() {
                        link.document = other.document.clone();
                    }
                }
                None => {
                    link.id = ServiceAtLocation::plain(service.id, link.location_id).id;
                }
            }
        }
        check_service(&service)?;
        placing::check_served(self.gazetteer, &service.served)?;
        let mut places = entry.locations;
        for place in &mut places {
            self.settle_place(place)?;
        }
        Ok((service, places))
    }

    /// What the caller itself says of a place, and does not leave as it was.
    fn said_of(&self, location_id: Id) -> SaidOfPlace {
        let links = self.patch.get("service_at_locations").and_then(Value::as_array);
        let Some(links) = links else { return SaidOfPlace { visibility: true, address: true } };
        let id = location_id.to_string();
        let is_it = |link: &&Value| {
            let named = [link.get("location_id"), link.get("location").and_then(|place| place.get("id"))];
            named.into_iter().flatten().any(|name| name.as_str() == Some(&id))
        };
        let place = links.iter().find(is_it).and_then(|link| link.get("location"));
        let has = |name: &str| place.and_then(|place| place.get(name)).is_some_and(|value| !value.is_null());
        let addresses = place.and_then(|place| place.get("addresses")).and_then(Value::as_array);
        let address = addresses.is_some_and(|all| !all.is_empty()) || (has("latitude") && has("longitude"));
        SaidOfPlace { visibility: has("location_visibility"), address }
    }

    fn is_hidden(&self, location_id: Id) -> bool {
        let hidden = |place: &Location| place.id == location_id && place.visibility == Visibility::RegionOnly;
        self.known.locations.iter().any(hidden)
    }

    fn settle_place(&self, place: &mut Location) -> Result<(), Refusal> {
        let known = self.known.locations.iter().find(|known| known.id == place.id);
        let Some(known) = known else {
            place.origin = Origin::local(place.id);
            place.organization_id = Some(self.known.service.organization_id);
            check_location(place, "location")?;
            return placing::place(self.gazetteer, place, "location");
        };
        let said = self.said_of(place.id);
        if !said.visibility {
            // Who does not speak of it leaves it as it is.
            place.visibility = known.visibility;
        }
        if known.visibility == Visibility::RegionOnly && place.visibility < known.visibility && !said.address {
            // Showing a hidden place takes knowing where it is: nobody finds it out by opening it.
            let rule = "send the address again to show a hidden place";
            return Err(Refusal::field(Code::InvalidValue, "location_visibility").rule(rule));
        }
        if known.visibility == Visibility::RegionOnly && place.point.is_none() && place.document.addresses.is_empty() {
            // The caller was shown the MRC alone, and sends back what it was shown.
            *place = Location { visibility: place.visibility, ..known.clone() };
            return Ok(());
        }
        place.origin = known.origin.clone();
        place.organization_id = known.organization_id;
        place.version = known.version;
        check_location(place, "location")?;
        placing::place(self.gazetteer, place, "location")
    }

    /// Places to insert, and places to write over. A place shared with another organisation is a curator's to change.
    fn sorted_places(
        &self,
        tx: &mut Tx<'_>,
        service: &Service,
        places: &[Location],
    ) -> Result<(Vec<Location>, Vec<Location>), super::Failure> {
        let authority = Authority { account: self.account, gazetteer: self.gazetteer };
        let new = new_places(tx, authority, service, places, &self.known.locations)?;
        let mut altered = Vec::new();
        for place in places {
            let Some(known) = self.known.locations.iter().find(|known| known.id == place.id) else { continue };
            if self.same_place(known, place) {
                continue;
            }
            if !authority.may_alter_shared(tx, known, self.known.service.organization_id)? {
                return Err(Refusal::field(Code::Forbidden, "service_at_locations").rule("shared place").into());
            }
            altered.push(place.clone());
        }
        Ok((new, altered))
    }

    /// Whether two places would answer alike, to the program's own eyes.
    fn same_place(&self, one: &Location, other: &Location) -> bool {
        let nameless = |_: &str| None;
        let context = Context { eyes: Eyes::Program, territory: &nameless, category: &term_of };
        hsds::location(one, context) == hsds::location(other, context)
    }
}

/// Two members that say one thing: the one that the patch says wins over the one that is known.
fn forget_what_is_said_otherwise(known: &mut Value, patch: &Map<String, Value>) {
    let pairs =
        [("minimum_age", "minimum_age_months"), ("maximum_age", "maximum_age_months"), ("assured_date", "verified_at")];
    let Some(known) = known.as_object_mut() else { return };
    for (standard, ours) in pairs {
        match (patch.contains_key(standard), patch.contains_key(ours)) {
            (true, false) => known.remove(ours),
            (false, true) => known.remove(standard),
            _ => None,
        };
    }
}

/// Members as they were before: each whole, or not there.
fn put_whole(known: &mut Value, patch: &Map<String, Value>) {
    let Some(known) = known.as_object_mut() else { return };
    for (name, value) in patch {
        match (value, name.as_str()) {
            // Where these say nothing, the lists that were made from them would.
            (Value::Null, "categories" | "served") => known.insert(name.clone(), Value::Array(Vec::new())),
            (Value::Null, _) => known.shift_remove(name),
            (value, _) => known.insert(name.clone(), value.clone()),
        };
    }
}

/// RFC 7396, section 2.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.shift_remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges_as_the_examples_of_the_rfc() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut target, patch, expected) in cases {
            merge(&mut target, &patch);
            assert_eq!(target, expected);
        }
    }
}
