//! Importing a directory from somebody's file. The file is read whole and checked before anything is written; its
//! records are written in transactions of a bounded size, each the same whether the file is read once or again: a run
//! that was cut short is finished by another run, and a file that was taken changes nothing when it is taken again.
//! No import sets where referrals are sent, and none writes over a record of another source.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::services::{is_category, term_of};
use super::{Deps, Failure, Outcome, history, placing};
use crate::domain::directory::{Location, Organization, Placement, Service, ServiceAggregate};
use crate::domain::directory_checks::{check_location, check_organization, check_service};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::Gazetteer;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::exchange::hsds_in::{self, Reading};
use crate::exchange::mapping::Mapping;
use crate::exchange::{Contents, Entry, RefusedRow, spreadsheets};
use crate::id::Id;
use crate::store::{self, Conn, Tx, locations, organizations, services};

/// Records of one transaction: each is acknowledged, and a run that is cut short loses at most these.
const ENTRIES_PER_TRANSACTION: usize = 200;

/// The largest file that is read.
pub const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// How the bytes are to be read.
#[derive(Debug, Clone)]
pub enum Format {
    Hsds {
        source: String,
        language: Lang,
    },
    /// A spreadsheet, with the text of its mapping.
    Csv {
        mapping: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub source: String,
    pub dry_run: bool,
    /// Records that were new.
    pub taken: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub refused: Vec<RefusedLine>,
    /// Rows that the mapping's filters left out.
    pub dropped: u64,
    pub blank: u64,
    /// Services by how their place was found; `no_place` for those that say none.
    pub placements: BTreeMap<&'static str, u64>,
    /// The number of the last change written; 0 when nothing was.
    pub change: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    pub line: u64,
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl From<RefusedRow> for RefusedLine {
    fn from(row: RefusedRow) -> Self {
        let Refusal { code, field, rule } = row.refusal;
        Self { line: row.line, code: code.as_str(), field, rule }
    }
}

/// Imports a file. `progress` hears how many records are done, of how many.
///
/// # Errors
/// A refusal of the whole file or of its mapping: nothing was written.
pub fn import(
    deps: &Deps,
    bytes: &[u8],
    format: &Format,
    dry_run: bool,
    progress: &dyn Fn(usize, usize),
) -> Outcome<Report> {
    let (source, contents) = read(bytes, format)?;
    let gazetteer = deps.gazetteer();
    let mut report = Report { source, dry_run, dropped: contents.dropped, blank: contents.blank, ..Report::default() };
    let mut refused = contents.refused;
    let mut ready = Vec::with_capacity(contents.entries.len());
    for entry in contents.entries {
        let line = entry.line;
        match prepare(gazetteer, entry) {
            Ok(entry) => ready.push(entry),
            Err(refusal) => refused.push(RefusedRow { line, refusal }),
        }
    }
    let (mut seen, total) = (Seen::default(), ready.len());
    let mut done = 0;
    for batch in ready.chunks(ENTRIES_PER_TRANSACTION) {
        let (outcome, change) = write_batch(deps, batch, &seen, dry_run)?;
        seen = outcome.seen;
        report.taken += outcome.taken;
        report.changed += outcome.changed;
        report.unchanged += outcome.unchanged;
        report.change = report.change.max(change);
        refused.extend(outcome.refused);
        for (placement, count) in outcome.placements {
            *report.placements.entry(placement).or_default() += count;
        }
        done += batch.len();
        progress(done, total);
    }
    refused.sort_by_key(|row| row.line);
    report.refused = refused.into_iter().map(RefusedLine::from).collect();
    Ok(report)
}

fn read(bytes: &[u8], format: &Format) -> Result<(String, Contents), Refusal> {
    match format {
        Format::Hsds { source, language } => {
            let reading =
                Reading { source, language: *language, fresh: None, is_request: false, is_category: &is_category };
            Ok((source.clone(), hsds_in::read_file(bytes, reading)?))
        }
        Format::Csv { mapping } => {
            let mapping = Mapping::parse(mapping, &is_category)?;
            let contents = spreadsheets::read(bytes, &mapping)?;
            Ok((mapping.source, contents))
        }
    }
}

/// Checks a record, says what it said in one hash, and places it.
fn prepare(gazetteer: &Gazetteer, mut entry: Entry) -> Result<Entry, Refusal> {
    let is_unnamed = entry.organization.name.is_empty();
    if !is_unnamed {
        check_organization(&entry.organization)?;
    }
    for place in &entry.locations {
        check_location(place, "location")?;
    }
    let hash = content_hash(&entry);
    if let Some(service) = &mut entry.service {
        check_service(service)?;
        placing::check_served(gazetteer, &service.served)?;
        service.origin.content_hash = hash;
    }
    for place in &mut entry.locations {
        placing::place(gazetteer, place, "location")?;
    }
    Ok(entry)
}

/// SHA-256 of the record as it would go out, before relais added anything of its own.
fn content_hash(entry: &Entry) -> String {
    let nameless = |_: &str| None;
    let context = Context { eyes: Eyes::Program, territory: &nameless, category: &term_of };
    let value = match &entry.service {
        Some(service) => {
            let aggregate = ServiceAggregate {
                service: service.clone(),
                organization: entry.organization.clone(),
                locations: entry.locations.clone(),
            };
            hsds::service(&aggregate, &entry.locations, context)
        }
        None => hsds::organization(&entry.organization, &entry.locations, context),
    };
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What earlier records of the same file said: the first to speak of an organisation or a place is the one that counts,
/// so that two rows that disagree do not write over each other at every import.
#[derive(Debug, Clone, Default)]
struct Seen(HashSet<Id>);

#[derive(Debug, Default)]
struct BatchOutcome {
    seen: Seen,
    taken: u64,
    changed: u64,
    unchanged: u64,
    refused: Vec<RefusedRow>,
    placements: BTreeMap<&'static str, u64>,
}

fn write_batch(deps: &Deps, batch: &[Entry], seen: &Seen, dry_run: bool) -> Outcome<(BatchOutcome, i64)> {
    if dry_run {
        let decided = deps.store.read(|conn| Plan::decide(conn, batch, seen))?;
        return Ok((decided.outcome, 0));
    }
    let written = deps.store.write(deps.clock.now(), |tx| {
        let plan = Plan::decide(tx, batch, seen)?;
        plan.write(tx)?;
        Ok::<_, Failure>(plan.outcome)
    });
    match written {
        Ok(written) => Ok((written.value, written.change)),
        // An id of this batch is already that of another record: its batch is written one by one, without it.
        Err(Failure::Store(store::Error::Conflict(_))) if batch.len() > 1 => write_one_by_one(deps, batch, seen),
        Err(Failure::Store(store::Error::Conflict(rule))) => {
            let line = batch.first().map_or(0, |entry| entry.line);
            let refusal = Refusal::field(Code::AlreadyExists, "id").rule(rule);
            let refused = vec![RefusedRow { line, refusal }];
            Ok((BatchOutcome { seen: seen.clone(), refused, ..BatchOutcome::default() }, 0))
        }
        Err(failure) => Err(failure),
    }
}

fn write_one_by_one(deps: &Deps, batch: &[Entry], seen: &Seen) -> Outcome<(BatchOutcome, i64)> {
    let mut all = BatchOutcome { seen: seen.clone(), ..BatchOutcome::default() };
    let mut last = 0;
    for entry in batch {
        let (one, change) = write_batch(deps, std::slice::from_ref(entry), &all.seen, false)?;
        all.seen = one.seen;
        all.taken += one.taken;
        all.changed += one.changed;
        all.unchanged += one.unchanged;
        all.refused.extend(one.refused);
        for (placement, count) in one.placements {
            *all.placements.entry(placement).or_default() += count;
        }
        last = last.max(change);
    }
    Ok((all, last))
}

/// What a batch will write, decided from what the store has.
#[derive(Default)]
struct Plan {
    outcome: BatchOutcome,
    new_organizations: Vec<Organization>,
    changed_organizations: Vec<Organization>,
    new_locations: Vec<Location>,
    changed_locations: Vec<Location>,
    new_services: Vec<Service>,
    changed_services: Vec<Service>,
}

/// What the store has of the records that a batch speaks of.
struct Known {
    organizations: HashMap<Id, Organization>,
    locations: HashMap<Id, Location>,
    origins: HashMap<Id, crate::domain::directory::Origin>,
    services: HashMap<Id, Service>,
}

impl Known {
    fn of(conn: &mut Conn, batch: &[Entry]) -> Result<Self, store::Error> {
        let organization_ids: Vec<Id> = batch.iter().map(|entry| entry.organization.id).collect();
        let found = organizations::list_by_ids(conn, &organization_ids)?;
        let location_ids: Vec<Id> =
            batch.iter().flat_map(|entry| entry.locations.iter().map(|place| place.id)).collect();
        let new: Vec<&Service> = batch.iter().filter_map(|entry| entry.service.as_ref()).collect();
        let service_ids: Vec<Id> = new.iter().map(|service| service.id).collect();
        let origins = services::find_origins(conn, &service_ids)?;
        let differs = |service: &&&Service| origins.get(&service.id).is_some_and(|known| *known != service.origin);
        let changed: Vec<Id> = new.iter().filter(differs).map(|service| service.id).collect();
        let services = services::list_aggregates(conn, &changed)?;
        Ok(Self {
            organizations: found.into_iter().map(|one| (one.id, one)).collect(),
            locations: locations::list_by_ids(conn, &location_ids)?,
            origins,
            services: services.into_iter().map(|one| (one.service.id, one.service)).collect(),
        })
    }
}

impl Plan {
    fn decide(conn: &mut Conn, batch: &[Entry], seen: &Seen) -> Result<Self, Failure> {
        let known = Known::of(conn, batch)?;
        let mut plan = Self::default();
        plan.outcome.seen = seen.clone();
        for entry in batch {
            if let Err(refusal) = plan.add(entry, &known) {
                plan.outcome.refused.push(RefusedRow { line: entry.line, refusal });
            }
        }
        Ok(plan)
    }

    fn add(&mut self, entry: &Entry, known: &Known) -> Result<(), Refusal> {
        if let Some(service) = &entry.service {
            if !self.outcome.seen.0.insert(service.id) {
                return Err(Refusal::field(Code::AlreadyExists, "id").rule("once in a file"));
            }
            let origin = known.origins.get(&service.id);
            if origin.is_some_and(|origin| origin.source != service.origin.source) {
                let rule = origin.map(|origin| format!("source {}", origin.source)).unwrap_or_default();
                return Err(Refusal::field(Code::AlreadyExists, "id").rule(rule));
            }
            let is_there = known.organizations.contains_key(&entry.organization.id)
                || self.outcome.seen.0.contains(&entry.organization.id);
            if entry.organization.name.is_empty() && !is_there {
                return Err(Refusal::field(Code::UnknownReference, "organization_id"));
            }
            self.count_placement(entry);
            if origin.is_some_and(|origin| *origin == service.origin) {
                self.outcome.unchanged += 1;
                self.outcome.seen.0.insert(entry.organization.id);
                self.outcome.seen.0.extend(entry.locations.iter().map(|place| place.id));
                return Ok(());
            }
        }
        let is_organization_new = self.add_organization(&entry.organization, known);
        let mut has_changed = is_organization_new == Some(false);
        for place in &entry.locations {
            has_changed |= self.add_location(place, entry.organization.id, known);
        }
        match &entry.service {
            Some(service) => self.add_service(service, known),
            None if is_organization_new == Some(true) => self.outcome.taken += 1,
            None if has_changed => self.outcome.changed += 1,
            None => self.outcome.unchanged += 1,
        }
        Ok(())
    }

    fn count_placement(&mut self, entry: &Entry) {
        let placement = entry.locations.iter().map(|place| place.placement).min();
        let word = placement.map_or("no_place", Placement::as_str);
        *self.outcome.placements.entry(word).or_default() += 1;
    }

    /// Whether it is new (`Some(true)`), changed (`Some(false)`), or neither.
    fn add_organization(&mut self, said: &Organization, known: &Known) -> Option<bool> {
        if said.name.is_empty() || !self.outcome.seen.0.insert(said.id) {
            return None;
        }
        let Some(there) = known.organizations.get(&said.id) else {
            self.new_organizations.push(said.clone());
            return Some(true);
        };
        let is_same = there.name == said.name && there.document == said.document;
        if is_same || there.origin.source != said.origin.source {
            return None;
        }
        self.changed_organizations.push(Organization { version: there.version, ..said.clone() });
        Some(false)
    }

    /// A place belongs to the first organisation that a source gives it to. A source may hide it further; what somebody
    /// hid here stays hidden, whatever a source says or leaves out.
    fn add_location(&mut self, said: &Location, organization_id: Id, known: &Known) -> bool {
        if !self.outcome.seen.0.insert(said.id) {
            return false;
        }
        let owner = said.organization_id.or(Some(organization_id));
        let Some(there) = known.locations.get(&said.id) else {
            self.new_locations.push(Location { organization_id: owner, ..said.clone() });
            return true;
        };
        let would_be = Location {
            version: there.version,
            origin: there.origin.clone(),
            organization_id: there.organization_id.or(owner),
            visibility: there.visibility.max(said.visibility),
            ..said.clone()
        };
        if would_be == *there || there.origin.source != said.origin.source {
            return false;
        }
        self.changed_locations.push(would_be);
        true
    }

    fn add_service(&mut self, said: &Service, known: &Known) {
        let Some(there) = known.services.get(&said.id) else {
            self.outcome.taken += 1;
            self.new_services.push(said.clone());
            return;
        };
        self.outcome.changed += 1;
        let mut service = said.clone();
        service.version = there.version;
        // What the file does not say, somebody may have said since.
        if !service.capacity.is_said() {
            service.capacity = there.capacity;
        }
        service.verified_at = service.verified_at.or(there.verified_at);
        service.review.months = service.review.months.or(there.review.months);
        self.changed_services.push(service);
    }

    fn write(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        let now = tx.now();
        let dated = |service: &Service| {
            let mut service = service.clone();
            if service.capacity.is_said() && service.capacity.observed_at.is_none() {
                service.capacity.observed_at = Some(now);
            }
            service
        };
        history::record_import(tx, &self.changed_services, &self.changed_locations, &self.changed_organizations)?;
        organizations::insert_many(tx, &self.new_organizations)?;
        locations::insert_many(tx, &self.new_locations)?;
        let new: Vec<Service> = self.new_services.iter().map(dated).collect();
        services::insert_many(tx, &new, "import")?;
        // Services before what they show: a place or organisation that changes gives them a new version again.
        for service in self.changed_services.iter().map(dated) {
            services::update(tx, &service, "import")?;
        }
        for place in &self.changed_locations {
            locations::update(tx, place)?;
        }
        for organization in &self.changed_organizations {
            organizations::update(tx, organization)?;
        }
        Ok(())
    }
}
