//! Families' files: opened without a name, read by the workers of their organisation alone. Who a family is goes sealed
//! into its own table, and each look at it is logged.

use chrono::NaiveDate;
use rand::rngs::OsRng;

use super::{Deps, Outcome, signed_in};
use crate::clock::Time;
use crate::domain::directory::Point;
use crate::domain::family::{
    CHILDREN_MAX, Child, Fact, OBSERVATIONS_MAX, Observation, Origin, Setting, Situation, check_language,
    check_past_day, coarse_cell, situation_on,
};
use crate::domain::identity::Identity;
use crate::domain::month::{Month, local_day};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::Level;
use crate::domain::viewer::{AccountViewer, Role, Viewer};
use crate::id::Id;
use crate::seal::identity::{Place, open, seal};
use crate::store::families::{self, ChildRow, FamilyRow, ObservationRow};
use crate::store::identities::{self, IdentityReadRow, IdentityRow, ReadAction};
use crate::store::{self, Conn, Tx};

/// Observations that one file shows at most, the latest.
pub const OBSERVATIONS_SHOWN_MAX: i64 = 500;
/// Why a worker's look at its own file is logged.
const OWN_FILE: &str = "own_file";

/// Where a family lives, as the worker picked it; each is a territory id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Residence {
    pub municipality_id: Option<String>,
    pub mrc_id: Option<String>,
    pub region_id: Option<String>,
    /// Never kept: it only says which cell, MRC and region.
    pub point: Option<Point>,
}

/// A residence with all that is known from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub municipality_id: Option<String>,
    pub mrc_id: Option<String>,
    pub region_id: Option<String>,
    pub setting: Setting,
    pub coarse_cell: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewFamily {
    /// Needed only of somebody who is a worker in several organisations.
    pub organization_id: Option<Id>,
    pub residence: Residence,
    pub contact_origin: Option<Origin>,
    pub first_contact_on: Option<NaiveDate>,
    pub language: Option<String>,
    pub children: Vec<Child>,
    pub observations: Vec<NewObservation>,
    pub identity: Option<Identity>,
}

/// A fact seen on a day, today where none is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewObservation {
    pub fact: Fact,
    pub observed_on: Option<NaiveDate>,
}

/// A change of a file: what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct FamilyChange {
    pub residence: Option<Residence>,
    pub contact_origin: Option<Option<Origin>>,
    pub first_contact_on: Option<NaiveDate>,
    pub language: Option<Option<String>>,
    pub children: Option<Vec<Child>>,
}

impl FamilyChange {
    fn is_empty(&self) -> bool {
        let Self { residence, contact_origin, first_contact_on, language, children } = self;
        residence.is_none()
            && contact_origin.is_none()
            && first_contact_on.is_none()
            && language.is_none()
            && children.is_none()
    }
}

/// A file as its workers see it. It holds no name.
#[derive(Debug, Clone)]
pub struct FamilyFile {
    pub row: FamilyRow,
    pub children: Vec<ChildRow>,
    pub observations: Vec<ObservationRow>,
    pub situation: Situation,
    pub has_identity: bool,
}

/// The organisation in which somebody writes as a worker.
pub(super) fn worker_organization(account: &AccountViewer, asked: Option<Id>) -> Result<Id, Refusal> {
    let own = account.family_organizations();
    match (asked, own.as_slice()) {
        (_, []) => Err(Refusal::new(Code::Forbidden)),
        (Some(asked), own) if own.contains(&asked) => Ok(asked),
        (Some(_), _) => Err(Refusal::field(Code::Forbidden, "organization_id")),
        (None, [one]) => Ok(*one),
        (None, _) => Err(Refusal::field(Code::MissingField, "organization_id")),
    }
}

/// Lists are for workers: others have none of their own, and are told so.
pub(super) fn needs_worker(viewer: &Viewer) -> Result<&AccountViewer, Refusal> {
    let account = signed_in(viewer)?;
    if account.has_role(Role::Worker) { Ok(account) } else { Err(Refusal::new(Code::Forbidden)) }
}

pub fn create(deps: &Deps, viewer: &Viewer, new: NewFamily) -> Outcome<FamilyFile> {
    let account = needs_worker(viewer)?;
    let organization_id = worker_organization(account, new.organization_id)?;
    let now = deps.clock.now();
    let today = local_day(now);
    let settled = settle(deps, &new.residence)?;
    check_children(&new.children, today)?;
    check_observations(&new.observations, today)?;
    let first_contact_on = new.first_contact_on.unwrap_or(today);
    check_past_day(first_contact_on, today, "first_contact_on")?;
    if let Some(language) = &new.language {
        check_language(language, "language")?;
    }
    let row = FamilyRow {
        id: deps.ids.new_id(now),
        network_id: account.network_id,
        organization_id,
        worker_account_id: Some(account.account_id),
        municipality_id: settled.municipality_id,
        mrc_id: settled.mrc_id,
        region_id: settled.region_id,
        setting: settled.setting,
        contact_origin: new.contact_origin,
        first_contact_on,
        language: new.language,
        coarse_cell: settled.coarse_cell,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let children = child_rows(deps, &row, &new.children, now);
    let observations = observation_rows(deps, &row, account.account_id, &new.observations, now);
    let sealed = match new.identity.filter(|identity| !identity.is_empty()) {
        Some(identity) => Some(seal_identity(deps, &row, &identity, now)?),
        None => None,
    };
    deps.store.write(now, |tx| {
        families::insert(tx, std::slice::from_ref(&row))?;
        families::insert_children(tx, &children)?;
        families::insert_observations(tx, &observations)?;
        if let Some(sealed) = &sealed {
            identities::upsert(tx, sealed)?;
        }
        Ok::<_, store::Error>(())
    })?;
    let situation = situation_of(&observations, today)?;
    Ok(FamilyFile { row, children, observations, situation, has_identity: sealed.is_some() })
}

pub fn get(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<FamilyFile> {
    let today = local_day(deps.clock.now());
    deps.store.read(|conn| {
        let row = families::get(conn, viewer, id)?;
        file_of(conn, row, today)
    })
}

fn file_of(conn: &mut Conn, row: FamilyRow, today: NaiveDate) -> Outcome<FamilyFile> {
    let children = families::children_of(conn, std::slice::from_ref(&row))?;
    let observations = families::observations_of(conn, &row, OBSERVATIONS_SHOWN_MAX)?;
    let has_identity = identities::find(conn, &row)?.is_some();
    let situation = situation_of(&observations, today)?;
    Ok(FamilyFile { row, children, observations, situation, has_identity })
}

/// One file of a list, with its children; `more` tells whether others follow.
pub struct FamilyPage {
    pub families: Vec<(FamilyRow, Vec<ChildRow>)>,
    pub more: bool,
}

pub fn list(deps: &Deps, viewer: &Viewer, after: Option<(Time, Id)>, limit: usize) -> Outcome<FamilyPage> {
    needs_worker(viewer)?;
    let (mut rows, children) = deps.store.read(|conn| {
        let rows = families::list_page(conn, viewer, after, i64::try_from(limit).unwrap_or(1) + 1)?;
        let children = families::children_of(conn, &rows)?;
        Ok::<_, store::Error>((rows, children))
    })?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let of = |id: Id| children.iter().filter(|child| child.family_id == id).cloned().collect();
    let families = rows.into_iter().map(|row| (row.clone(), of(row.id))).collect();
    Ok(FamilyPage { families, more })
}

pub fn change(deps: &Deps, viewer: &Viewer, id: Id, read_at: i64, change: &FamilyChange) -> Outcome<FamilyFile> {
    signed_in(viewer)?;
    let now = deps.clock.now();
    let today = local_day(now);
    let settled = change.residence.as_ref().map(|residence| settle(deps, residence)).transpose()?;
    if let Some(children) = &change.children {
        check_children(children, today)?;
    }
    if let Some(day) = change.first_contact_on {
        check_past_day(day, today, "first_contact_on")?;
    }
    if let Some(Some(language)) = &change.language {
        check_language(language, "language")?;
    }
    let written = deps.store.write(now, |tx| {
        let mut row = families::get(tx, viewer, id)?;
        if row.version != read_at {
            return Err(store::Error::Stale.into());
        }
        if change.is_empty() {
            return file_of(tx, row, today);
        }
        if let Some(settled) = &settled {
            row.municipality_id = settled.municipality_id.clone();
            row.mrc_id = settled.mrc_id.clone();
            row.region_id = settled.region_id.clone();
            row.setting = settled.setting;
            row.coarse_cell = settled.coarse_cell.clone();
        }
        row.contact_origin = change.contact_origin.unwrap_or(row.contact_origin);
        row.first_contact_on = change.first_contact_on.unwrap_or(row.first_contact_on);
        row.language = change.language.clone().unwrap_or(row.language);
        row.version = read_at + 1;
        row.updated_at = now;
        families::update(tx, &row, read_at)?;
        if let Some(children) = &change.children {
            families::replace_children(tx, &row, &child_rows(deps, &row, children, now))?;
        }
        file_of(tx, row, today)
    })?;
    Ok(written.value)
}

/// Adds what was seen. Nothing that was recorded before changes.
pub fn observe(deps: &Deps, viewer: &Viewer, id: Id, seen: &[NewObservation]) -> Outcome<FamilyFile> {
    let account = signed_in(viewer)?;
    let now = deps.clock.now();
    let today = local_day(now);
    if seen.is_empty() {
        return Err(Refusal::field(Code::MissingField, "observations").rule(format!("1..={OBSERVATIONS_MAX}")).into());
    }
    check_observations(seen, today)?;
    let written = deps.store.write(now, |tx| {
        let row = families::get(tx, viewer, id)?;
        let rows = observation_rows(deps, &row, account.account_id, seen, now);
        families::insert_observations(tx, &rows)?;
        file_of(tx, row, today)
    })?;
    Ok(written.value)
}

/// Seals who a family is, in the place of what was sealed before.
pub fn set_identity(deps: &Deps, viewer: &Viewer, id: Id, identity: &Identity) -> Outcome<()> {
    signed_in(viewer)?;
    let now = deps.clock.now();
    // Whether it is ours is asked first: a key is not made for a file of others, nor are its fields talked about.
    let family = deps.store.read(|conn| families::get(conn, viewer, id))?;
    let sealed = seal_identity(deps, &family, identity, now)?;
    deps.store.write(now, |tx| {
        families::get(tx, viewer, id)?;
        identities::upsert(tx, &sealed)
    })?;
    Ok(())
}

/// Who a family is, for the workers whose file it is. The look is logged in the same transaction.
pub fn identity(deps: &Deps, viewer: &Viewer, id: Id) -> Outcome<(Identity, Time)> {
    let account = signed_in(viewer)?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let family = families::get(tx, viewer, id)?;
        let sealed = identities::find(tx, &family)?.ok_or(store::Error::NotFound)?;
        log_look(deps, tx, &family, account.account_id)?;
        Ok::<_, store::Error>(sealed)
    })?;
    let sealed = written.value;
    let key = deps.keys.find(id)?.ok_or(store::Error::NotFound)?;
    let opened = open(&key.key, place_of(id, sealed.key_version), &sealed.sealed)?;
    let corrupt = |_| store::Error::Corrupt("a sealed identity is not one".to_owned());
    let identity = serde_json::from_slice(&opened).map_err(corrupt)?;
    Ok((identity, sealed.updated_at))
}

fn log_look(deps: &Deps, tx: &mut Tx<'_>, family: &FamilyRow, account_id: Id) -> Result<(), store::Error> {
    let now = tx.now();
    let look = IdentityReadRow {
        id: deps.ids.new_id(now),
        network_id: family.network_id,
        at: now,
        family_id: family.id,
        account_id: Some(account_id),
        organization_id: Some(family.organization_id),
        referral_link_id: None,
        action: ReadAction::Read,
        purpose: OWN_FILE.to_owned(),
    };
    identities::insert_read(tx, &look)
}

fn place_of(family_id: Id, key_version: i32) -> Place<'static> {
    Place { family_id, table: identities::TABLE, column: identities::COLUMN, key_version }
}

fn seal_identity(deps: &Deps, family: &FamilyRow, identity: &Identity, now: Time) -> Outcome<IdentityRow> {
    identity.check("identity")?;
    let plain = serde_json::to_vec(identity).map_err(|error| store::Error::Corrupt(error.to_string()))?;
    let plain = zeroize::Zeroizing::new(plain);
    // A file whose key was destroyed is over: nothing is sealed for it again.
    let key = deps.keys.get_or_make(family.id, now)?.ok_or(store::Error::NotFound)?;
    let sealed = seal(&key.key, place_of(family.id, key.version), &plain, &mut OsRng)?;
    Ok(IdentityRow {
        family_id: family.id,
        network_id: family.network_id,
        sealed,
        key_version: key.version,
        updated_at: now,
    })
}

/// What a residence says: the finest territory gives those around it; a point gives the cell, and where no territory
/// was picked its MRC and region, which polygons decide. A municipality is never guessed.
pub(super) fn settle(deps: &Deps, residence: &Residence) -> Result<Settled, Refusal> {
    let gazetteer = deps.gazetteer();
    let picked = [
        ("municipality_id", Level::Municipality, &residence.municipality_id),
        ("mrc_id", Level::Mrc, &residence.mrc_id),
        ("region_id", Level::Region, &residence.region_id),
    ];
    let mut within = residence.point.map(|point| gazetteer.locate(point).exact()).unwrap_or_default();
    let mut known = None;
    for (field, level, id) in picked {
        let Some(id) = id else { continue };
        let territory = gazetteer.get(id).filter(|territory| territory.level == level);
        let territory = territory.ok_or_else(|| Refusal::field(Code::UnknownTerritory, field))?;
        match known {
            None => {
                within = gazetteer.located_in(id);
                known = Some(territory);
            }
            Some(finer) if !gazetteer.ancestors(&finer.id).contains(id) => {
                return Err(Refusal::field(Code::InvalidValue, field).rule(format!("holds {}", finer.id)));
            }
            Some(_) => {}
        }
    }
    let municipality = within.municipality.as_deref().and_then(|id| gazetteer.get(id));
    let setting = match municipality.and_then(|municipality| municipality.rural) {
        Some(true) => Setting::Rural,
        Some(false) => Setting::Urban,
        None => Setting::Unknown,
    };
    let middle = residence.point.or_else(|| municipality.and_then(|municipality| municipality.point));
    Ok(Settled {
        coarse_cell: middle.and_then(coarse_cell),
        municipality_id: within.municipality,
        mrc_id: within.mrc,
        region_id: within.region,
        setting,
    })
}

fn check_children(children: &[Child], today: NaiveDate) -> Result<(), Refusal> {
    if children.len() > CHILDREN_MAX {
        return Err(Refusal::field(Code::TooMany, "children").rule(format!("..={CHILDREN_MAX}")));
    }
    let month = Month::of(today);
    children.iter().enumerate().try_for_each(|(at, child)| child.check(month, &format!("children.{at}")))
}

fn check_observations(seen: &[NewObservation], today: NaiveDate) -> Result<(), Refusal> {
    if seen.len() > OBSERVATIONS_MAX {
        return Err(Refusal::field(Code::TooMany, "observations").rule(format!("..={OBSERVATIONS_MAX}")));
    }
    seen.iter().enumerate().try_for_each(|(at, one)| {
        let day = one.observed_on.unwrap_or(today);
        check_past_day(day, today, &format!("observations.{at}.observed_on"))
    })
}

fn child_rows(deps: &Deps, family: &FamilyRow, children: &[Child], now: Time) -> Vec<ChildRow> {
    let row = |child: &Child| {
        let (born_in, due_in) = match child {
            Child::Born(month) => (Some(month.to_string()), None),
            Child::Due(month) => (None, Some(month.to_string())),
        };
        let (id, network_id) = (deps.ids.new_id(now), family.network_id);
        ChildRow { id, network_id, family_id: family.id, born_in, due_in, created_at: now }
    };
    children.iter().map(row).collect()
}

fn observation_rows(
    deps: &Deps,
    family: &FamilyRow,
    account_id: Id,
    seen: &[NewObservation],
    now: Time,
) -> Vec<ObservationRow> {
    let row = |one: &NewObservation| ObservationRow {
        id: deps.ids.new_id(now),
        network_id: family.network_id,
        family_id: family.id,
        kind: one.fact.kind(),
        value: one.fact.value().to_owned(),
        present: one.fact.present(),
        observed_on: one.observed_on.unwrap_or_else(|| local_day(now)),
        account_id: Some(account_id),
        created_at: now,
    };
    seen.iter().map(row).collect()
}

fn situation_of(rows: &[ObservationRow], today: NaiveDate) -> Result<Situation, store::Error> {
    let read = |row: &ObservationRow| {
        let fact = Fact::parse(row.kind, &row.value, row.present);
        let corrupt = || store::Error::Corrupt(format!("an observation says {:?}", row.kind));
        Ok(Observation { fact: fact.ok_or_else(corrupt)?, observed_on: row.observed_on })
    };
    let observations = rows.iter().map(read).collect::<Result<Vec<_>, store::Error>>()?;
    Ok(situation_on(&observations, today))
}
