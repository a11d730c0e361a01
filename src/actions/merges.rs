//! Two services that are one: one stays, the other leaves and sends its readers there, and whatever pointed to it
//! points to the one that stays. One transaction, over the versions that the curator read; it can be undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::authority::Authority;
use super::duplicates::{self as finding, Pair, needs_curator};
use super::services::term_of;
use super::{Deps, Failure, Outcome, placing};
use crate::clock::Time;
use crate::domain::directory::{Location, Service, ServiceAggregate, Visibility};
use crate::domain::directory_checks::check_service;
use crate::domain::duplicate::merge::{Picks, Snapshot, left_out, merged, taken_back};
use crate::domain::history::Action;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::duplicates::{self, PairRow, PairStatus};
use crate::store::metadata::{self, MetadataRow};
use crate::store::types::Json;
use crate::store::{self, Tx, Written, locations, merges, services};

/// What the history says of who merged; the person is the account.
const CURATOR: &str = "curator";

/// Pairs of the record that left, dismissed before, that hold for the one that stays.
const DISMISSED_MAX: i64 = 200;

/// Members that every write changes, or that are another record's.
const NOT_MEMBERS: [&str; 6] = ["id", "organization", "version", "last_modified", "metadata", "organization_id"];

/// A merge, as asked.
#[derive(Debug, Clone)]
pub struct MergeAsked {
    /// The record that stays.
    pub keep: Id,
    /// The versions that the curator read, of both.
    pub versions: BTreeMap<Id, i64>,
    pub picks: Picks,
}

/// What undoes a merge.
#[derive(Debug, Serialize, Deserialize)]
struct Undo {
    before: Value,
    after: Value,
    /// Places that were hidden with it, how they were shown, and the version that hid them.
    hidden: Vec<(Id, Visibility, i64)>,
}

fn corrupt(error: &serde_json::Error) -> Failure {
    store::Error::Corrupt(error.to_string()).into()
}

pub fn merge(deps: &Deps, account: &AccountViewer, id: Id, asked: &MergeAsked) -> Outcome<Written<Pair>> {
    needs_curator(account)?;
    let now = deps.clock.now();
    deps.store.write(now, |tx| {
        let row = duplicates::get(tx, id)?;
        if row.status != PairStatus::Open {
            return Err(Refusal::new(Code::AlreadyClosed).into());
        }
        if asked.keep != row.low_id && asked.keep != row.high_id {
            let rule = format!("{}, {}", row.low_id, row.high_id);
            return Err(Refusal::field(Code::InvalidValue, "keep").rule(rule).into());
        }
        let (keep, other) = read_both(tx, &row, asked)?;
        may_write(deps, account, [&keep, &other])?;
        let mut service = merged(&keep, &other, &asked.picks);
        check_service(&service)?;
        placing::check_served(deps.gazetteer(), &service.served)?;
        service.version = services::update(tx, &service, CURATOR)?;
        merges::move_references(tx, row.id, other.service.id, keep.service.id)?;
        // Last, so that it is not moved with what it stood for itself.
        services::set_retired(tx, other.service.id, other.service.version, (Some(now), Some(keep.service.id)))?;
        let who = Who { deps, account, action: Action::Merge, change_set: deps.ids.new_id(now), now };
        let undo = Undo {
            before: serde_json::to_value(Snapshot::of(&keep.service)).map_err(|error| corrupt(&error))?,
            after: serde_json::to_value(Snapshot::of(&service)).map_err(|error| corrupt(&error))?,
            hidden: who.hide_left_out(tx, &keep, &other)?,
        };
        who.record_members(tx, &keep)?;
        who.record_replaced(tx, other.service.id, None, Some(keep.service.id))?;
        hold_dismissals(tx, other.service.id, keep.service.id)?;
        let mut decided = row;
        decided.status = PairStatus::Merged;
        decided.decided_by = Some(account.account_id);
        decided.decided_at = Some(now);
        decided.kept_id = Some(keep.service.id);
        decided.undo = Some(Json(serde_json::to_value(&undo).map_err(|error| corrupt(&error))?));
        finding::decide(tx, &decided, PairStatus::Open)?;
        shown(tx, decided)
    })
}

/// A curator bounded to territories decides on what lies there.
fn may_write(deps: &Deps, account: &AccountViewer, both: [&ServiceAggregate; 2]) -> Result<(), Refusal> {
    let authority = Authority { account, gazetteer: deps.gazetteer() };
    let may = |one: &ServiceAggregate| authority.may_write_service(&one.service, one.locations.iter());
    if both.into_iter().all(may) { Ok(()) } else { Err(Refusal::new(Code::Forbidden)) }
}

/// Both records, locked in the order of their ids, as the curator read them. Neither has left the directory: what
/// stands for a record is always there, and no two stand for each other.
fn read_both(
    tx: &mut Tx<'_>,
    row: &PairRow,
    asked: &MergeAsked,
) -> Result<(ServiceAggregate, ServiceAggregate), Failure> {
    services::lock(tx, row.low_id)?;
    services::lock(tx, row.high_id)?;
    let keep = services::get_aggregate(tx, asked.keep)?;
    let other = services::get_aggregate(tx, row.other_than(asked.keep))?;
    for one in [&keep, &other] {
        let field = format!("if_match.{}", one.service.id);
        match asked.versions.get(&one.service.id) {
            None => return Err(Refusal::field(Code::VersionRequired, field).into()),
            Some(version) if *version != one.service.version => {
                return Err(Refusal::field(Code::StaleVersion, field).into());
            }
            Some(_) => {}
        }
        if one.service.retired_at.is_some() {
            return Err(Refusal::field(Code::ChangedSince, "services").rule("neither is retired").into());
        }
    }
    Ok((keep, other))
}

/// What somebody said of the record that left, "these are two", holds for the one that stays.
fn hold_dismissals(tx: &mut Tx<'_>, from: Id, to: Id) -> Result<(), store::Error> {
    let dismissed = duplicates::list_dismissed_of(tx, from, DISMISSED_MAX)?;
    let held = dismissed.into_iter().filter(|row| row.other_than(from) != to).map(|row| {
        let third = row.other_than(from);
        let pair = PairRow { id: PairRow::id_of(to, third), low_id: to.min(third), high_id: to.max(third), ..row };
        (pair, std::collections::BTreeSet::new())
    });
    let held: Vec<_> = held.collect();
    let (mine, own) = (held.iter().map(|(row, _)| row.id).collect::<Vec<Id>>(), [from, to]);
    duplicates::delete_open_among(tx, &mine)?;
    duplicates::delete_open_besides(tx, &own, PairRow::id_of(from, to))?;
    duplicates::insert_new(tx, &held)
}

/// Undoes a merge: the record that left comes back, what pointed to it does so again, and the one that stayed is as it
/// was, with what somebody wrote since.
pub fn separate(deps: &Deps, account: &AccountViewer, id: Id) -> Outcome<Written<Pair>> {
    needs_curator(account)?;
    let now = deps.clock.now();
    deps.store.write(now, |tx| {
        let row = duplicates::get(tx, id)?;
        let (Some(kept_id), Some(Json(undo)), PairStatus::Merged) = (row.kept_id, &row.undo, row.status) else {
            return Err(Refusal::new(Code::IllegalTransition).rule("merged").into());
        };
        let undo: Undo = serde_json::from_value(undo.clone()).map_err(|error| corrupt(&error))?;
        services::lock(tx, row.low_id)?;
        services::lock(tx, row.high_id)?;
        let kept = services::get_aggregate(tx, kept_id)?;
        let gone = services::get_aggregate(tx, row.other_than(kept_id))?;
        may_write(deps, account, [&kept, &gone])?;
        if kept.service.retired_at.is_some() || gone.service.replaced_by != Some(kept_id) {
            let rule = "undo what happened to these records since first";
            return Err(Refusal::field(Code::ChangedSince, "services").rule(rule).into());
        }
        let current = Snapshot::of(&kept.service);
        let restored = taken_back(&undo.before, &undo.after, &current).map_err(|error| corrupt(&error))?;
        let mut service: Service = kept.service.clone();
        restored.restore(&mut service);
        check_service(&service)?;
        services::update(tx, &service, CURATOR)?;
        services::set_retired(tx, gone.service.id, gone.service.version, (None, None))?;
        merges::move_back(tx, row.id, kept_id, gone.service.id)?;
        let who = Who { deps, account, action: Action::Undo, change_set: deps.ids.new_id(now), now };
        who.show_again(tx, &undo.hidden)?;
        who.record_members(tx, &kept)?;
        who.record_replaced(tx, gone.service.id, Some(kept_id), None)?;
        let mut decided = row;
        decided.status = PairStatus::Dismissed;
        decided.decided_by = Some(account.account_id);
        decided.decided_at = Some(now);
        decided.kept_id = None;
        decided.undo = None;
        finding::decide(tx, &decided, PairStatus::Merged)?;
        shown(tx, decided)
    })
}

fn shown(tx: &mut Tx<'_>, row: PairRow) -> Result<Pair, Failure> {
    let pair = finding::shown(tx, vec![row])?.pop();
    pair.ok_or_else(|| store::Error::NotFound.into())
}

/// Who merges or undoes, and what the history says of it.
struct Who<'a> {
    deps: &'a Deps,
    account: &'a AccountViewer,
    action: Action,
    change_set: Id,
    now: Time,
}

impl Who<'_> {
    /// One row for each member of a record that is not as it was. Nothing that is written of a hidden place is in it.
    fn record_members(&self, tx: &mut Tx<'_>, was: &ServiceAggregate) -> Result<(), store::Error> {
        let is = services::get_aggregate(tx, was.service.id)?;
        let (before, after) = (members(was), members(&is));
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        let changed = names.filter(|name| before.get(*name) != after.get(*name));
        let rows: Vec<(String, Option<Value>, Option<Value>)> =
            changed.map(|name| (name.clone(), before.get(name).cloned(), after.get(name).cloned())).collect();
        self.append(tx, Subject::Service, was.service.id, rows)
    }

    /// A place that may be the hidden one, and where nothing else is given, is hidden too: its organisation would go on
    /// showing it. Gives how each was shown.
    fn hide_left_out(
        &self,
        tx: &mut Tx<'_>,
        keep: &ServiceAggregate,
        other: &ServiceAggregate,
    ) -> Result<Vec<(Id, Visibility, i64)>, store::Error> {
        let both = [keep.service.id, other.service.id];
        let mut hidden: Vec<(Id, Visibility, i64)> = Vec::new();
        for place in left_out(keep, other) {
            let given_there = services::services_showing(tx, Subject::Location, place.id, None, 3)?;
            let is_known = hidden.iter().any(|(id, ..)| *id == place.id);
            if !is_known && given_there.iter().all(|id| both.contains(id)) {
                let version = self.show_as(tx, place.clone(), Visibility::RegionOnly)?;
                hidden.push((place.id, place.visibility, version));
            }
        }
        Ok(hidden)
    }

    /// Shows places as they were, where nobody said otherwise since.
    fn show_again(&self, tx: &mut Tx<'_>, hidden: &[(Id, Visibility, i64)]) -> Result<(), store::Error> {
        let ids: Vec<Id> = hidden.iter().map(|(id, ..)| *id).collect();
        let mut places = locations::list_by_ids(tx, &ids)?;
        for (id, visibility, version) in hidden {
            if let Some(place) = places.remove(id).filter(|place| place.version == *version) {
                self.show_as(tx, place, *visibility)?;
            }
        }
        Ok(())
    }

    /// Gives the place's new version.
    fn show_as(&self, tx: &mut Tx<'_>, mut place: Location, visibility: Visibility) -> Result<i64, store::Error> {
        let change = ("location_visibility".to_owned(), Some(json!(place.visibility)), Some(json!(visibility)));
        place.visibility = visibility;
        let version = locations::update(tx, &place)?;
        self.append(tx, Subject::Location, place.id, vec![change])?;
        Ok(version)
    }

    fn record_replaced(
        &self,
        tx: &mut Tx<'_>,
        id: Id,
        before: Option<Id>,
        after: Option<Id>,
    ) -> Result<(), store::Error> {
        let value = |id: Option<Id>| id.map(|id| json!(id));
        self.append(tx, Subject::Service, id, vec![("replaced_by".to_owned(), value(before), value(after))])
    }

    fn append(
        &self,
        tx: &mut Tx<'_>,
        subject: Subject,
        id: Id,
        changes: Vec<(String, Option<Value>, Option<Value>)>,
    ) -> Result<(), store::Error> {
        let last = metadata::last_moment(tx, subject, id)?;
        let after_last = last.map(|last| last.plus(chrono::TimeDelta::microseconds(1)));
        let at = after_last.map_or(self.now, |moment| moment.max(self.now));
        let row = |(field_name, previous, replacement): (String, Option<Value>, Option<Value>)| MetadataRow {
            id: self.deps.ids.new_id(self.now),
            subject,
            subject_id: id,
            at,
            action: self.action,
            change_set: self.change_set,
            field_name,
            previous_value: previous.map(Json),
            replacement_value: replacement.map(Json),
            updated_by: CURATOR.to_owned(),
            account_id: Some(self.account.account_id),
        };
        let rows: Vec<MetadataRow> = changes.into_iter().map(row).collect();
        metadata::append_many(tx, &rows)
    }
}

/// The members of a service as a signed-in person sees them: a hidden place is its MRC.
fn members(aggregate: &ServiceAggregate) -> Map<String, Value> {
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::Professional, territory: &nameless, category: &term_of };
    let mut value = hsds::service(aggregate, &[], context);
    let mut members = value.as_object_mut().map(std::mem::take).unwrap_or_default();
    members.retain(|name, _| !NOT_MEMBERS.contains(&name.as_str()));
    members
}
