//! The history of a record: what left the directory, what changed, who changed it, what it was at another moment.
//!
//! What is written of a hidden place is never kept here: its rows say which member changed and not what it was, and the
//! link of a service to it is its two ids. What was written of a place before somebody hid it is withheld from then on,
//! also once somebody shows it again: they may have made up where it is.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::{Capacity, Location, Organization, Service, ServiceAggregate, Visibility};
use crate::domain::history::{Action, Difference, differences, put_back};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::sources::{changed_fields_of_location, changed_fields_of_organization, changed_fields_of_service};
use crate::domain::viewer::{AccountViewer, Role};
use crate::exchange::history as members;
use crate::exchange::hsds::Eyes;
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::metadata::{self, MetadataRow};
use crate::store::services::Retired;
use crate::store::types::Json;
use crate::store::{self, Conn, Tx, accounts, edits, locations, organizations, services, sources};

/// Rows of one page of a history.
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;
/// Rows of history in the answer of a record itself.
const METADATA_SHOWN_MAX: i64 = 20;
/// Rows read at once, and at most, to see a record as it was.
const ROWS_AT_ONCE: i64 = 1_000;
const ROWS_BACK_MAX: usize = 50_000;
/// Rows of one change set of one record: its members are fewer.
const CHANGE_SET_ROWS_MAX: i64 = 1_000;
/// Members of a service that another record has a history of, or that are made from others.
const NOT_ITS_OWN: [&str; 8] =
    ["id", "organization", "version", "last_modified", "metadata", "minimum_age", "maximum_age", "assured_date"];

// ---- what left the directory

/// What left the directory is not read there: its reader is told so, or sent to what stands for it.
///
/// # Errors
/// `Replaced` with the record that stands for it; the refusal `Retired` where nothing does.
pub fn still_there((retired_at, replaced_by): Retired) -> Result<(), Failure> {
    match (retired_at, replaced_by) {
        (None, _) => Ok(()),
        (Some(_), Some(id)) => Err(Failure::Replaced(id)),
        (Some(_), None) => Err(Refusal::new(Code::Retired).into()),
    }
}

/// What left the directory is not written over, whatever stands for it.
///
/// # Errors
/// The refusal `Retired`.
pub fn may_change((retired_at, _): Retired) -> Result<(), Refusal> {
    if retired_at.is_some() { Err(Refusal::new(Code::Retired)) } else { Ok(()) }
}

/// What was retired, and was not replaced by another record, may come back.
///
/// # Errors
/// `AlreadyExists` for what is there; `Retired` for what another record stands for.
pub fn may_restore((retired_at, replaced_by): Retired) -> Result<(), Refusal> {
    match (retired_at, replaced_by) {
        (None, _) => Err(Refusal::new(Code::AlreadyExists).rule("not retired")),
        (Some(_), Some(id)) => Err(Refusal::new(Code::Retired).rule(format!("replaced by {id}"))),
        (Some(_), None) => Ok(()),
    }
}

// ---- recording

/// Who changes records, and how. One change set may write several.
#[derive(Debug, Clone)]
pub struct Who {
    pub change_set: Id,
    pub action: Action,
    /// A role or a source, never a person.
    pub updated_by: String,
    pub account_id: Option<Id>,
}

impl Who {
    /// What a person says, no import writes over.
    fn is_person(&self) -> bool {
        self.account_id.is_some()
    }

    pub fn account(deps: &Deps, account: &AccountViewer, action: Action, now: Time) -> Self {
        let updated_by = if account.has_role(Role::Curator) { "curator" } else { "member" };
        let account_id = Some(account.account_id);
        Self { change_set: deps.ids.new_id(now), action, updated_by: updated_by.to_owned(), account_id }
    }

    /// What a person without an account writes through a link.
    pub fn link(deps: &Deps, now: Time) -> Self {
        let (change_set, updated_by) = (deps.ids.new_id(now), "link".to_owned());
        Self { change_set, action: Action::Update, updated_by, account_id: None }
    }

    /// What a source says at an import: one change set a transaction.
    pub fn import(source: &str, now: Time) -> Self {
        let change_set = Id::from_words(&["import", source, &now.to_rfc3339()]);
        Self { change_set, action: Action::Update, updated_by: format!("import: {source}"), account_id: None }
    }
}

/// Writes what differs between two readings of a record to its history. `before` and `after` are HSDS members; members
/// of other records in them are left out, and so is everything that is written of a hidden place.
pub fn record(
    tx: &mut Tx<'_>,
    subject: Subject,
    id: Id,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    who: &Who,
) -> Result<(), store::Error> {
    let mut changes = differences(before, after);
    match subject {
        Subject::Service => {
            changes.retain(|change| !NOT_ITS_OWN.contains(&change.field.as_str()));
            let hidden = hidden_places(tx, changes.iter().flat_map(|change| [&change.previous, &change.replacement]))?;
            for change in changes.iter_mut().filter(|change| change.field == "service_at_locations") {
                for links in [&mut change.previous, &mut change.replacement].into_iter().flatten() {
                    bare_links(links, &|id| hidden.contains(&id));
                }
            }
            changes.retain(|change| change.previous != change.replacement);
        }
        Subject::Location => {
            let is_hidden = [before, after].iter().any(|members| is_region_only(members));
            for change in changes.iter_mut().filter(|change| is_hidden && change.field != "location_visibility") {
                (change.previous, change.replacement) = (None, None);
            }
        }
        Subject::Organization | Subject::TaxonomyTerm | Subject::Territory => {}
    }
    append(tx, subject, id, changes, who)
}

/// A record that a person made: one row, not one a member.
pub fn record_new(tx: &mut Tx<'_>, subject: Subject, id: Id, who: &Who) -> Result<(), store::Error> {
    let made = Difference { field: "id".to_owned(), previous: None, replacement: Some(json!(id)) };
    append(tx, subject, id, vec![made], &Who { action: Action::Create, ..who.clone() })
}

/// A record that left the directory or came back.
pub fn record_retired(
    tx: &mut Tx<'_>,
    subject: Subject,
    id: Id,
    (before, after): (Retired, Retired),
    reason: &str,
    who: &Who,
) -> Result<(), store::Error> {
    let members = |(at, by): Retired| {
        let mut members = Map::new();
        at.map(|at| members.insert("retired_at".to_owned(), json!(at.to_rfc3339())));
        by.map(|by| members.insert("replaced_by".to_owned(), json!(by)));
        members
    };
    let mut after = members(after);
    if !reason.is_empty() {
        after.insert("retirement_reason".to_owned(), json!(reason));
    }
    append(tx, subject, id, differences(&members(before), &after), who)
}

pub fn service_changed(tx: &mut Tx<'_>, before: &Service, after: &Service, who: &Who) -> Result<(), store::Error> {
    let read = |service: &Service| members::service_members(service, &|_| false);
    if who.is_person() {
        let fields = changed_fields_of_service(before, after);
        sources::said_here(tx, Subject::Service, before.id, &before.origin.source, &fields)?;
    }
    record(tx, Subject::Service, before.id, &read(before), &read(after), who)
}

/// A word about the room of a service, which has a history of its own besides.
pub fn capacity_said(
    tx: &mut Tx<'_>,
    id: Id,
    (before, after): (Capacity, Capacity),
    who: &Who,
) -> Result<(), store::Error> {
    let members = |capacity: Capacity| {
        let said = capacity.is_said().then(|| ("capacity".to_owned(), json!(capacity)));
        said.into_iter().collect::<Map<String, Value>>()
    };
    record(tx, Subject::Service, id, &members(before), &members(after), who)
}

pub fn organization_changed(
    tx: &mut Tx<'_>,
    before: &Organization,
    after: &Organization,
    who: &Who,
) -> Result<(), store::Error> {
    let read = members::organization_members;
    if who.is_person() {
        let fields = changed_fields_of_organization(before, after);
        sources::said_here(tx, Subject::Organization, before.id, &before.origin.source, &fields)?;
    }
    record(tx, Subject::Organization, before.id, &read(before), &read(after), who)
}

pub fn location_changed(tx: &mut Tx<'_>, before: &Location, after: &Location, who: &Who) -> Result<(), store::Error> {
    let read = members::location_members;
    if who.is_person() {
        let fields = changed_fields_of_location(before, after);
        sources::said_here(tx, Subject::Location, before.id, &before.origin.source, &fields)?;
    }
    record(tx, Subject::Location, before.id, &read(before), &read(after), who)
}

fn append(tx: &mut Tx<'_>, subject: Subject, id: Id, changes: Vec<Difference>, who: &Who) -> Result<(), store::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    // The clocks of two nodes may differ, and one may stand still: the moments of one record grow all the same, so that
    // their order is the order of its versions.
    let last = metadata::last_moment(tx, subject, id)?;
    let next = last.map(|last| last.plus(chrono::TimeDelta::microseconds(1)));
    let at = next.map_or(tx.now(), |next| next.max(tx.now()));
    let row = |change: Difference| MetadataRow {
        id: Id::from_words(&[
            "metadata",
            &who.change_set.to_string(),
            &id.to_string(),
            &at.to_rfc3339(),
            &change.field,
        ]),
        subject,
        subject_id: id,
        at,
        action: who.action,
        change_set: who.change_set,
        field_name: change.field,
        previous_value: change.previous.map(Json),
        replacement_value: change.replacement.map(Json),
        updated_by: who.updated_by.clone(),
        account_id: who.account_id,
    };
    let rows: Vec<MetadataRow> = changes.into_iter().map(row).collect();
    metadata::append_many(tx, &rows)
}

// ---- hidden places

fn is_region_only(members: &Map<String, Value>) -> bool {
    let word = members.get("location_visibility").and_then(Value::as_str);
    word.and_then(Visibility::parse) == Some(Visibility::RegionOnly)
}

fn place_of(link: &Value) -> Option<Id> {
    link.get("location_id")?.as_str()?.parse().ok()
}

/// Leaves of the links to some places their two ids, and of no link the place itself.
fn bare_links(links: &mut Value, is_bare: &dyn Fn(Id) -> bool) {
    for link in links.as_array_mut().into_iter().flatten() {
        let is_bare = place_of(link).is_none_or(is_bare);
        if let Some(link) = link.as_object_mut() {
            link.retain(|name, _| matches!(name.as_str(), "id" | "location_id") || (!is_bare && name != "location"));
        }
    }
}

/// The places in lists of links that are hidden now; what is not there counts as hidden.
fn hidden_places<'a>(
    conn: &mut Conn,
    values: impl Iterator<Item = &'a Option<Value>>,
) -> Result<HashSet<Id>, store::Error> {
    let links = values.flatten().filter_map(Value::as_array).flatten();
    let mut ids: Vec<Id> = links.filter_map(place_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let there = locations::list_by_ids(conn, &ids)?;
    let is_hidden = |id: &Id| there.get(id).is_none_or(|place| place.visibility == Visibility::RegionOnly);
    Ok(ids.into_iter().filter(is_hidden).collect())
}

// ---- showing

/// One row of a history, as a signed-in person sees it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub row: MetadataRow,
    /// The values are those of a hidden place: neither is told.
    pub is_withheld: bool,
    /// The name of the account, where it has one.
    pub account_name: Option<String>,
    /// Who proposed what the account accepted.
    pub proposed_by: Option<ProposedBy>,
}

/// Who proposed a change: an account, a link (by what it is about), or neither.
#[derive(Debug, Clone)]
pub struct ProposedBy {
    pub account_id: Option<Id>,
    pub account_name: Option<String>,
    pub link: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// The place of the last row, where there are more.
    pub next: Option<(Time, Id)>,
}

/// A page of the history of a record, newest first. A record that left the directory keeps its history.
pub fn list(deps: &Deps, subject: Subject, id: Id, before: Option<(Time, Id)>, limit: u32) -> Outcome<Page> {
    deps.store.read(|conn| {
        metadata::created_at(conn, subject, id)?.ok_or(store::Error::NotFound)?;
        let mut rows = metadata::list_of(conn, subject, id, before, i64::from(limit) + 1)?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| (row.at, row.id));
        let change_sets: Vec<Id> = rows.iter().map(|row| row.change_set).collect();
        let proposals = edits::list_by_ids(conn, &change_sets)?;
        let proposers = proposals.iter().filter_map(|edit| edit.account_id);
        let accounts: Vec<Id> = rows.iter().filter_map(|row| row.account_id).chain(proposers).collect();
        let names = accounts::display_names(conn, &accounts)?;
        let name_of = |id: Option<Id>| id.and_then(|id| names.get(&id).cloned());
        let entry = |(row, is_withheld): (MetadataRow, bool)| {
            let proposal = proposals.iter().find(|edit| edit.id == row.change_set);
            let proposed_by = proposal.map(|edit| ProposedBy {
                account_id: edit.account_id,
                account_name: name_of(edit.account_id),
                link: edit.link.clone(),
            });
            Entry { is_withheld, account_name: name_of(row.account_id), proposed_by, row }
        };
        let entries = shown(conn, subject, id, rows, Eyes::Professional)?.into_iter().map(entry).collect();
        Ok(Page { entries, next })
    })
}

/// Rows without what these eyes may not see, and whether their values are withheld.
fn shown(
    conn: &mut Conn,
    subject: Subject,
    id: Id,
    mut rows: Vec<MetadataRow>,
    eyes: Eyes,
) -> Result<Vec<(MetadataRow, bool)>, store::Error> {
    if subject == Subject::Service {
        bare_rows(conn, &mut rows, eyes)?;
    }
    let is_hidden = subject == Subject::Location && {
        let place = locations::list_by_ids(conn, &[id])?.remove(&id);
        // Of a place, the public is told what changed and not what it was: it may not have been public then.
        eyes == Eyes::Public || place.is_none_or(|place| place.visibility == Visibility::RegionOnly)
    };
    let hidden_at = match subject {
        Subject::Location => metadata::last_hidden(conn, &[id])?.remove(&id),
        _ => None,
    };
    let show = |mut row: MetadataRow| {
        let is_told = matches!(row.field_name.as_str(), "location_visibility" | "id" | "retired_at" | "replaced_by");
        let is_for_professionals = matches!(row.field_name.as_str(), "referral_process" | "retirement_reason");
        let is_private = eyes == Eyes::Public && is_for_professionals;
        let is_withheld = is_hidden || hidden_at.is_some_and(|hidden_at| row.at <= hidden_at);
        if (is_withheld && !is_told) || is_private {
            (row.previous_value, row.replacement_value) = (None, None);
        }
        if eyes == Eyes::Public {
            for value in [&mut row.previous_value, &mut row.replacement_value].into_iter().flatten() {
                crate::exchange::hsds::leave_out_professional(&mut value.0);
            }
        }
        let is_withheld = row.previous_value.is_none() && row.replacement_value.is_none();
        (row, is_withheld)
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Takes out of the links of services what is written of places that these eyes may not see.
fn bare_rows(conn: &mut Conn, rows: &mut [MetadataRow], eyes: Eyes) -> Result<(), store::Error> {
    let of_links = |row: &&mut MetadataRow| row.field_name == "service_at_locations";
    let mut values: Vec<(Time, &mut Value)> = Vec::new();
    for row in rows.iter_mut().filter(of_links) {
        let at = row.at;
        let both = [&mut row.previous_value, &mut row.replacement_value];
        values.extend(both.into_iter().flatten().map(|value| (at, &mut value.0)));
    }
    let links = values.iter().filter_map(|(_, value)| value.as_array()).flatten();
    let ids: Vec<Id> = links.filter_map(place_of).collect();
    let there = locations::list_by_ids(conn, &ids)?;
    let hidden_at = metadata::last_hidden(conn, &ids)?;
    let widest = if eyes == Eyes::Public { Visibility::Public } else { Visibility::Professional };
    for (at, value) in values {
        let is_bare = |id: Id| {
            let is_hidden = there.get(&id).is_none_or(|place| place.visibility > widest);
            is_hidden || hidden_at.get(&id).is_some_and(|hidden_at| at <= *hidden_at)
        };
        bare_links(value, &is_bare);
    }
    Ok(())
}

/// The newest rows of a record as HSDS `metadata`: values as text, empty where there was none or it is not told.
pub fn metadata_of(conn: &mut Conn, subject: Subject, id: Id, eyes: Eyes) -> Result<Vec<Value>, store::Error> {
    let rows = metadata::list_of(conn, subject, id, None, METADATA_SHOWN_MAX)?;
    let text = |value: Option<Json<Value>>| match value {
        None => String::new(),
        Some(Json(Value::String(text))) => text,
        Some(Json(value)) => value.to_string(),
    };
    let member = |(row, _): (MetadataRow, bool)| {
        json!({
            "id": row.id,
            "resource_id": row.subject_id,
            "resource_type": row.subject,
            "last_action_date": row.at.date(),
            "last_action_type": row.action,
            "field_name": row.field_name,
            "previous_value": text(row.previous_value),
            "replacement_value": text(row.replacement_value),
            "updated_by": row.updated_by,
        })
    };
    Ok(shown(conn, subject, id, rows, eyes)?.into_iter().map(member).collect())
}

/// Puts the history before the metadata that came with a record from its source.
pub fn put_metadata(value: &mut Value, mut rows: Vec<Value>) {
    let Some(members) = value.as_object_mut() else { return };
    if let Some(Value::Array(kept)) = members.remove("metadata") {
        rows.extend(kept);
    }
    if !rows.is_empty() {
        members.insert("metadata".to_owned(), Value::Array(rows));
    }
}

// ---- as it was

/// A service with its organisation and places, as they were; `last_modified` is the moment of the change that made
/// the service so.
pub struct Past {
    pub aggregate: ServiceAggregate,
    pub last_modified: Time,
}

/// The service as it was at a moment. A place is shown as the stricter of then and now says.
pub fn service_at(conn: &mut Conn, id: Id, moment: Time) -> Outcome<Past> {
    let now = services::get_aggregate(conn, id)?;
    let last_modified = existed(conn, Subject::Service, id, moment)?;
    let members = members::service_members(&now.service, &|_| false);
    let retired = (now.service.retired_at, now.service.replaced_by);
    let then = back_to(conn, Subject::Service, id, (members, retired), moment)?;
    let service = members::service_of(then.members, &now.service).map_err(unreadable)?;
    let organization = organizations::get(conn, service.organization_id)?;
    let organization = organization_then(conn, &organization, moment)?;
    let ids: Vec<Id> = service.at_locations.iter().map(|link| link.location_id).collect();
    let there = locations::list_by_ids(conn, &ids)?;
    let mut places = Vec::with_capacity(ids.len());
    for place in ids.iter().filter_map(|id| there.get(id)) {
        places.push(location_then(conn, place, moment)?);
    }
    Ok(Past { aggregate: ServiceAggregate { service, organization, locations: places }, last_modified })
}

/// The organisation as it was at a moment, and the moment of the change that made it so.
pub fn organization_at(conn: &mut Conn, now: &Organization, moment: Time) -> Outcome<(Organization, Time)> {
    let last_modified = existed(conn, Subject::Organization, now.id, moment)?;
    let retired = (now.retired_at, now.replaced_by);
    let then = back_to(conn, Subject::Organization, now.id, (members::organization_members(now), retired), moment)?;
    Ok((members::organization_of(then.members, now).map_err(unreadable)?, last_modified))
}

/// The place as it was at a moment, and the moment of the change that made it so.
pub fn location_at(conn: &mut Conn, now: &Location, moment: Time) -> Outcome<(Location, Time)> {
    let last_modified = existed(conn, Subject::Location, now.id, moment)?;
    let retired = (now.retired_at, now.replaced_by);
    back_to(conn, Subject::Location, now.id, (members::location_members(now), retired), moment)?;
    Ok((location_then(conn, now, moment)?, last_modified))
}

fn organization_then(conn: &mut Conn, now: &Organization, moment: Time) -> Outcome<Organization> {
    let members = members::organization_members(now);
    let then = back(conn, Subject::Organization, now.id, members, moment)?;
    Ok(members::organization_of(then.members, now).map_err(unreadable)?)
}

/// What is withheld of a place makes the whole of it withheld: it leaves as a hidden place of nowhere.
fn location_then(conn: &mut Conn, now: &Location, moment: Time) -> Outcome<Location> {
    let then = back(conn, Subject::Location, now.id, members::location_members(now), moment)?;
    // Shown again since by who may not know where it was: what it was until it was hidden is told to nobody.
    let is_shown_again = now.visibility != Visibility::RegionOnly
        && metadata::last_hidden(conn, &[now.id])?.get(&now.id).is_some_and(|hidden_at| *hidden_at > moment);
    let mut place = if then.is_withheld || is_shown_again {
        let visibility = Visibility::RegionOnly;
        Location { visibility, territories: crate::domain::directory::LocatedIn::default(), ..now.clone() }
    } else {
        members::location_of(then.members, now).map_err(unreadable)?
    };
    place.visibility = place.visibility.max(now.visibility);
    Ok(place)
}

/// When the record became what it was at a moment. What was not made yet is not there.
fn existed(conn: &mut Conn, subject: Subject, id: Id, moment: Time) -> Result<Time, store::Error> {
    let created_at = metadata::created_at(conn, subject, id)?.filter(|made| *made <= moment);
    let created_at = created_at.ok_or(store::Error::NotFound)?;
    Ok(metadata::last_moment_until(conn, subject, id, moment)?.unwrap_or(created_at))
}

#[derive(Debug, Default)]
struct Then {
    members: Map<String, Value>,
    is_withheld: bool,
}

/// The members of a record at a moment.
///
/// # Errors
/// The refusal `Retired` where it had left the directory then.
fn back_to(
    conn: &mut Conn,
    subject: Subject,
    id: Id,
    (mut members, retired): (Map<String, Value>, Retired),
    moment: Time,
) -> Outcome<Then> {
    if let Some(at) = retired.0 {
        members.insert("retired_at".to_owned(), json!(at.to_rfc3339()));
    }
    let mut then = back(conn, subject, id, members, moment)?;
    if then.members.contains_key("retired_at") {
        return Err(Refusal::new(Code::Retired).into());
    }
    then.members.retain(|name, _| !matches!(name.as_str(), "replaced_by" | "retirement_reason"));
    Ok(then)
}

fn back(conn: &mut Conn, subject: Subject, id: Id, members: Map<String, Value>, moment: Time) -> Outcome<Then> {
    let mut then = Then { members, is_withheld: false };
    let (mut before, mut rows_seen) = (None, 0);
    loop {
        let rows = metadata::list_of(conn, subject, id, before, ROWS_AT_ONCE)?;
        let Some(last) = rows.last() else { return Ok(then) };
        before = Some((last.at, last.id));
        rows_seen += rows.len();
        if rows_seen > ROWS_BACK_MAX {
            return Err(Refusal::field(Code::OutOfRange, "as_of")
                .rule(format!("<= {ROWS_BACK_MAX} changes ago"))
                .into());
        }
        for row in rows {
            if row.at <= moment {
                return Ok(then);
            }
            then.is_withheld |= row.previous_value.is_none() && row.replacement_value.is_none();
            if row.field_name != "id" {
                put_back(&mut then.members, &row.field_name, row.previous_value.map(|value| value.0));
            }
        }
    }
}

fn unreadable(refusal: Refusal) -> store::Error {
    store::Error::Corrupt(format!("a record as it was: {refusal}"))
}

// ---- undoing

/// What a change set did to a record, to be taken back: the members with what they were.
///
/// # Errors
/// `UnknownReference` where the change set did nothing to the record that can be taken back; `ChangedSince` with the
/// members that somebody has changed since.
pub fn reversal(
    conn: &mut Conn,
    subject: Subject,
    id: Id,
    change_set: Id,
    now: &Map<String, Value>,
) -> Outcome<HashMap<String, Option<Value>>> {
    let rows = metadata::list_change_set_of(conn, change_set, subject, id, CHANGE_SET_ROWS_MAX)?;
    let can_be = |row: &MetadataRow| matches!(row.action, Action::Update | Action::Undo);
    if rows.is_empty() || !rows.iter().all(can_be) {
        return Err(Refusal::field(Code::UnknownReference, "change_set").rule("a change of this record").into());
    }
    if rows.iter().any(|row| row.previous_value.is_none() && row.replacement_value.is_none()) {
        return Err(Refusal::field(Code::InvalidValue, "change_set").rule("a hidden place is not told").into());
    }
    let is_hidden_since = |hidden_at: &Time| rows.iter().any(|row| row.at < *hidden_at);
    if subject == Subject::Location && metadata::last_hidden(conn, &[id])?.get(&id).is_some_and(is_hidden_since) {
        return Err(Refusal::field(Code::InvalidValue, "change_set").rule("the place was hidden since").into());
    }
    let links = now.get("service_at_locations").cloned();
    let hidden = hidden_places(conn, std::iter::once(&links))?;
    let bare = |value: Option<Value>| {
        value.map(|mut value| {
            bare_links(&mut value, &|id| hidden.contains(&id));
            value
        })
    };
    let differs = |row: &&MetadataRow| {
        let (now, then) = (now.get(&row.field_name).cloned(), row.replacement_value.clone().map(|value| value.0));
        // What hangs on a link to a hidden place is not told: there the links themselves are compared.
        if row.field_name == "service_at_locations" { bare(now) != bare(then) } else { now != then }
    };
    let changed: Vec<&str> = rows.iter().filter(differs).map(|row| row.field_name.as_str()).collect();
    if !changed.is_empty() {
        return Err(Refusal::field(Code::ChangedSince, changed.join(", ")).rule("unchanged since").into());
    }
    Ok(rows.into_iter().map(|row| (row.field_name, row.previous_value.map(|value| value.0))).collect())
}
