//! Services that are written twice. Found by following the change log: a service that changed gets its keys anew, is
//! compared with those that share one, and the pairs that may be one service wait for a curator. Every step may be
//! repeated; each is bounded, and none reads the whole directory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::{ServiceAggregate, ServiceStatus, Visibility};
use crate::domain::duplicate::facts::Facts;
use crate::domain::duplicate::keys::{KEY_SERVICES_MAX, Key, keys_of};
use crate::domain::duplicate::{CANDIDATE_MIN, compare, may_be_one};
use crate::domain::language::Text;
use crate::domain::plain_text::check_lines;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::store::changes::{self, Subject};
use crate::store::duplicates::{self, PairFilter, PairRow, PairStatus, Progress};
use crate::store::{self, Conn, Store, services};

/// Services of one step.
const SERVICES_PER_STEP: usize = 200;

/// Changes read from the log at once.
const CHANGES_PER_STEP: i64 = 1_000;

/// Services that one service is compared with: those that share the most keys with it.
const COMPARED_MAX: usize = 150;

/// Pairs kept of one service: the likeliest.
const PAIRS_PER_SERVICE_MAX: usize = 20;

/// Facts kept between steps, so that a service is not read again for each of its neighbours.
const FACTS_KEPT_MAX: usize = 20_000;

/// Territories written beside one pair.
const TERRITORIES_MAX: usize = 40;

/// Pairs of one page.
pub const PAGE_SIZE_MAX: u32 = 100;
pub const PAGE_SIZE_DEFAULT: u32 = 50;

/// Characters of the reason for a dismissal.
const REASON_CHARACTERS_MAX: usize = 1_000;

/// A score as the store keeps it: whole thousandths.
pub fn thousandths(score: f64) -> i32 {
    // Within 0..=1000: the cast is exact.
    #[allow(clippy::cast_possible_truncation)]
    let rounded = (score.clamp(0.0, 1.0) * 1_000.0).round() as i32;
    rounded
}

// ---- finding

/// What is compared of one service, and where it is.
struct Known {
    facts: Facts,
    keys: Vec<Key>,
    territories: BTreeSet<String>,
}

impl Known {
    /// `None` for one that is not compared: it left the directory.
    fn of(aggregate: &ServiceAggregate) -> Option<Self> {
        if aggregate.service.status == ServiceStatus::Defunct || aggregate.service.retired_at.is_some() {
            return None;
        }
        let facts = Facts::of(aggregate);
        let keys = keys_of(&facts);
        Some(Self { facts, keys, territories: territories_of(aggregate) })
    }
}

/// A hidden place is in its region and MRC, and in nothing finer.
fn territories_of(aggregate: &ServiceAggregate) -> BTreeSet<String> {
    let within = aggregate.locations.iter().flat_map(|place| {
        let all = &place.territories;
        let coarse = [all.region.clone(), all.mrc.clone()];
        let fine = [all.municipality.clone(), all.borough.clone()];
        let fine = fine.into_iter().filter(|_| place.visibility != Visibility::RegionOnly);
        coarse.into_iter().chain(fine).flatten().collect::<Vec<_>>()
    });
    within.take(TERRITORIES_MAX).collect()
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    pub services: u64,
    pub compared: u64,
    pub pairs: u64,
    /// Nothing is left to follow.
    pub is_at_head: bool,
}

/// Follows the change log, at most `steps_max` steps; `progress` hears what was done after each.
pub fn follow(deps: &Deps, steps_max: usize, progress: &dyn Fn(&Found)) -> Outcome<Found> {
    let mut finder =
        Finder { store: &deps.store, kept: HashMap::new(), common: HashSet::new(), found: Found::default() };
    for _ in 0..steps_max {
        if finder.step(deps.clock.now())? {
            finder.found.is_at_head = true;
            break;
        }
        progress(&finder.found);
    }
    Ok(finder.found)
}

struct Finder<'a> {
    store: &'a Store,
    kept: HashMap<Id, Known>,
    /// Keys that are too common: not asked for again in this run.
    common: HashSet<Key>,
    found: Found,
}

impl Finder<'_> {
    /// One step; `true` when there was nothing to do.
    fn step(&mut self, now: Time) -> Outcome<bool> {
        let from = self.store.read(duplicates::progress)?;
        let (ids, to) = self.store.read(|conn| next_services(conn, from))?;
        if from == to {
            return Ok(true);
        }
        let keys = self.read_again(&ids)?;
        self.store.write(now, |tx| duplicates::replace_keys(tx, &keys))?;
        let pairs = self.pairs_of(&ids, now)?;
        let moved = self.store.write(now, |tx| {
            // Another process followed the same changes: what it wrote counts.
            if !duplicates::move_on(tx, from, to)? {
                return Ok(false);
            }
            duplicates::delete_open_of(tx, &ids)?;
            duplicates::insert_new(tx, &pairs)?;
            Ok::<_, store::Error>(true)
        })?;
        if moved.value {
            self.found.services += ids.len() as u64;
            self.found.pairs += pairs.len() as u64;
        }
        Ok(false)
    }

    /// Reads services as they are now, and gives their keys: none for one that is gone.
    fn read_again(&mut self, ids: &[Id]) -> Outcome<Vec<(Id, Vec<Key>)>> {
        if self.kept.len() > FACTS_KEPT_MAX {
            self.kept.clear();
        }
        let aggregates = self.store.read(|conn| services::list_aggregates(conn, ids))?;
        for id in ids {
            self.kept.remove(id);
        }
        for aggregate in &aggregates {
            if let Some(known) = Known::of(aggregate) {
                self.kept.insert(aggregate.service.id, known);
            }
        }
        let keys = |id: &Id| (*id, self.kept.get(id).map(|known| known.keys.clone()).unwrap_or_default());
        Ok(ids.iter().map(keys).collect())
    }

    fn pairs_of(&mut self, ids: &[Id], now: Time) -> Outcome<Vec<(PairRow, BTreeSet<String>)>> {
        let near = self.neighbours(ids)?;
        let missing: Vec<Id> = near
            .values()
            .flatten()
            .filter(|id| !self.kept.contains_key(*id))
            .copied()
            .collect::<BTreeSet<Id>>()
            .into_iter()
            .collect();
        for chunk in missing.chunks(SERVICES_PER_STEP) {
            let aggregates = self.store.read(|conn| services::list_aggregates(conn, chunk))?;
            let known = aggregates.iter().filter_map(|one| Some((one.service.id, Known::of(one)?)));
            self.kept.extend(known);
        }
        let mut pairs = BTreeMap::new();
        for (id, others) in &near {
            for pair in self.likely(*id, others, now) {
                pairs.insert(pair.0.id, pair);
            }
        }
        Ok(pairs.into_values().collect())
    }

    /// Who shares a key with each of these services: those that share the most, at most [`COMPARED_MAX`].
    fn neighbours(&mut self, ids: &[Id]) -> Outcome<BTreeMap<Id, Vec<Id>>> {
        let keys: BTreeSet<Key> =
            ids.iter().filter_map(|id| self.kept.get(id)).flat_map(|known| known.keys.iter().cloned()).collect();
        let asked: Vec<Key> = keys.into_iter().filter(|key| !self.common.contains(key)).collect();
        let limit = i64::try_from(KEY_SERVICES_MAX).unwrap_or(i64::MAX) + 1;
        let mut under: HashMap<Key, Vec<Id>> = HashMap::new();
        let common = &mut self.common;
        self.store.read(|conn| {
            for key in asked {
                let sharing = duplicates::services_under(conn, &key, limit)?;
                if sharing.len() > KEY_SERVICES_MAX {
                    common.insert(key);
                } else if sharing.len() > 1 {
                    under.insert(key, sharing);
                }
            }
            Ok::<_, Failure>(())
        })?;
        let mut near = BTreeMap::new();
        for id in ids {
            let Some(known) = self.kept.get(id) else { continue };
            near.insert(*id, closest(*id, known, &under));
        }
        Ok(near)
    }

    fn likely(&mut self, id: Id, others: &[Id], now: Time) -> Vec<(PairRow, BTreeSet<String>)> {
        let Some(one) = self.kept.get(&id) else { return Vec::new() };
        let mut likely = Vec::new();
        for other_id in others {
            let Some(other) = self.kept.get(other_id).filter(|other| may_be_one(&one.facts, &other.facts)) else {
                continue;
            };
            self.found.compared += 1;
            let verdict = compare(&one.facts, &other.facts);
            if verdict.score >= CANDIDATE_MIN {
                let score = thousandths(verdict.score);
                let within = one.territories.union(&other.territories).take(TERRITORIES_MAX).cloned().collect();
                likely.push((PairRow::open(id, *other_id, score, verdict.reasons, now), within));
            }
        }
        likely.sort_by_key(|(row, _)| (std::cmp::Reverse(row.score), row.id));
        likely.truncate(PAIRS_PER_SERVICE_MAX);
        likely
    }
}

fn closest(id: Id, known: &Known, under: &HashMap<Key, Vec<Id>>) -> Vec<Id> {
    let mut shared: BTreeMap<Id, usize> = BTreeMap::new();
    for other in known.keys.iter().filter_map(|key| under.get(key)).flatten().filter(|other| **other != id) {
        *shared.entry(*other).or_default() += 1;
    }
    let mut others: Vec<(usize, Id)> = shared.into_iter().map(|(other, count)| (count, other)).collect();
    others.sort_by_key(|(count, other)| (std::cmp::Reverse(*count), *other));
    others.into_iter().take(COMPARED_MAX).map(|(_, other)| other).collect()
}

/// The services of the next changes, and where following them leads: to the last change of which every service is
/// among them, and of one that concerns more to the last service that is.
fn next_services(conn: &mut Conn, from: Progress) -> Result<(Vec<Id>, Progress), store::Error> {
    let rows = changes::after(conn, from.n, CHANGES_PER_STEP)?;
    let (mut ids, mut to) = (BTreeSet::new(), from);
    for change in rows {
        let room = SERVICES_PER_STEP.saturating_sub(ids.len());
        if room == 0 {
            break;
        }
        match change.subject {
            Subject::TaxonomyTerm | Subject::Territory => {}
            Subject::Service => {
                ids.insert(change.subject_id);
            }
            Subject::Organization | Subject::Location => {
                let limit = i64::try_from(room).unwrap_or(1);
                let shown = services::services_showing(conn, change.subject, change.subject_id, to.after_id, limit)?;
                let is_full = shown.len() == room;
                let last = shown.last().copied();
                // One that was added since has a change of its own: an import would be read three times over.
                let added = services::added_since(conn, &shown, change.at)?;
                ids.extend(shown.into_iter().filter(|id| !added.contains(id)));
                if is_full {
                    to.after_id = last;
                    break;
                }
            }
        }
        to = Progress { n: change.n, after_id: None };
    }
    Ok((ids.into_iter().collect(), to))
}

// ---- reading

/// Pairs, as asked.
#[derive(Debug, Clone, Default)]
pub struct PairsAsked {
    pub status: Option<PairStatus>,
    pub score_min: i32,
    pub territory_id: Option<String>,
    pub service_id: Option<Id>,
    /// Goes on after this pair.
    pub after: Option<(i32, Id)>,
    pub limit: u32,
}

/// One side of a pair, as a list shows it: nothing of where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    pub id: Id,
    pub name: Text,
    pub organization_id: Id,
    pub organization_name: Text,
    pub source: String,
    pub version: i64,
    pub updated_at: Time,
}

#[derive(Debug, Clone)]
pub struct Pair {
    pub row: PairRow,
    /// The lesser id first.
    pub sides: Vec<Side>,
}

#[derive(Debug, Clone)]
pub struct Pairs {
    pub pairs: Vec<Pair>,
    /// Where the list goes on.
    pub next_after: Option<(i32, Id)>,
}

/// Only a curator decides what is one service.
pub fn needs_curator(account: &AccountViewer) -> Result<(), Refusal> {
    if account.has_role(Role::Curator) { Ok(()) } else { Err(Refusal::new(Code::Forbidden)) }
}

pub fn list(deps: &Deps, account: &AccountViewer, asked: &PairsAsked) -> Outcome<Pairs> {
    needs_curator(account)?;
    if let Some(territory) = &asked.territory_id
        && deps.gazetteer().get(territory).is_none()
    {
        return Err(Refusal::field(Code::UnknownTerritory, "territory_id").into());
    }
    list_unasked(deps, asked)
}

/// As [`list`], for an operator at a terminal.
pub fn list_unasked(deps: &Deps, asked: &PairsAsked) -> Outcome<Pairs> {
    let filter = PairFilter {
        status: asked.status,
        score_min: asked.score_min,
        territory_id: asked.territory_id.clone(),
        service_id: asked.service_id,
    };
    deps.store.read(|conn| {
        if let Some(id) = asked.service_id
            && services::find_organization_of(conn, id)?.is_none()
        {
            return Err(Refusal::new(Code::NotFound).into());
        }
        let mut rows = duplicates::list_page(conn, &filter, asked.after, i64::from(asked.limit) + 1)?;
        let has_more = rows.len() > asked.limit as usize;
        rows.truncate(asked.limit as usize);
        let next_after = rows.last().filter(|_| has_more).map(|row| (row.score, row.id));
        Ok(Pairs { pairs: shown(conn, rows)?, next_after })
    })
}

pub(super) fn shown(conn: &mut Conn, rows: Vec<PairRow>) -> Result<Vec<Pair>, store::Error> {
    let ids: BTreeSet<Id> = rows.iter().flat_map(|row| [row.low_id, row.high_id]).collect();
    let ids: Vec<Id> = ids.into_iter().collect();
    let aggregates = services::list_aggregates(conn, &ids)?;
    let sides: HashMap<Id, Side> = aggregates.iter().map(|one| (one.service.id, side(one))).collect();
    let pair = |row: PairRow| {
        let found = [row.low_id, row.high_id].iter().filter_map(|id| sides.get(id).cloned()).collect();
        Pair { sides: found, row }
    };
    Ok(rows.into_iter().map(pair).collect())
}

fn side(aggregate: &ServiceAggregate) -> Side {
    let (service, organization) = (&aggregate.service, &aggregate.organization);
    Side {
        id: service.id,
        name: service.name.clone(),
        organization_id: organization.id,
        organization_name: organization.name.clone(),
        source: service.origin.source.clone(),
        version: service.version,
        updated_at: service.updated_at,
    }
}

// ---- deciding

/// Two services, not one: the pair is not proposed again.
pub fn dismiss(deps: &Deps, account: &AccountViewer, id: Id, reason: &str) -> Outcome<Pair> {
    needs_curator(account)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::field(Code::MissingField, "reason").into());
    }
    if reason.chars().count() > REASON_CHARACTERS_MAX {
        let rule = format!("<= {REASON_CHARACTERS_MAX} characters");
        return Err(Refusal::field(Code::TooLong, "reason").rule(rule).into());
    }
    check_lines(reason, "reason")?;
    let now = deps.clock.now();
    let written = deps.store.write(now, |tx| {
        let mut row = duplicates::get(tx, id)?;
        if row.status != PairStatus::Open {
            return Err(Failure::from(Refusal::new(Code::AlreadyClosed)));
        }
        row.status = PairStatus::Dismissed;
        row.decided_by = Some(account.account_id);
        row.decided_at = Some(now);
        row.decision_reason = Some(reason.to_owned());
        decide(tx, &row, PairStatus::Open)?;
        let pair = shown(tx, vec![row])?.pop();
        pair.ok_or_else(|| store::Error::NotFound.into())
    })?;
    Ok(written.value)
}

/// Somebody who decided at the same time was first: what was read is read again.
pub(super) fn decide(tx: &mut store::Tx<'_>, row: &PairRow, from: PairStatus) -> Result<(), store::Error> {
    match duplicates::decide(tx, row, from) {
        Err(store::Error::Stale) => Err(store::Error::Retry),
        other => other,
    }
}
