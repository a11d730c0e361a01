//! What one batch of an import writes, decided from what the store has of the records that it speaks of.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Failure;
use crate::domain::directory::{Location, Organization, Origin, Placement, Service};
use crate::domain::refusal::{Code, Refusal};
use crate::exchange::{Entry, RefusedRow};
use crate::id::Id;
use crate::store::{self, Conn, Tx, locations, organizations, services};

/// What earlier records of the same file said: the first to speak of an organisation or a place is the one that counts,
/// so that two rows that disagree do not write over each other at every import. Sixteen bytes a record.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<Id>);

impl Seen {
    /// A batch is written: what it spoke of has been spoken of.
    pub(super) fn add(&mut self, batch: HashSet<Id>) {
        self.0.extend(batch);
    }
}

#[derive(Debug, Default)]
pub(super) struct BatchOutcome {
    pub(super) seen: HashSet<Id>,
    pub(super) taken: u64,
    pub(super) changed: u64,
    pub(super) unchanged: u64,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) placements: BTreeMap<&'static str, u64>,
}

/// What a batch will write, decided from what the store has.
pub(super) struct Plan<'a> {
    pub(super) outcome: BatchOutcome,
    earlier: &'a Seen,
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
    origins: HashMap<Id, Origin>,
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

impl<'a> Plan<'a> {
    fn new(earlier: &'a Seen) -> Self {
        Self {
            outcome: BatchOutcome::default(),
            earlier,
            new_organizations: Vec::new(),
            changed_organizations: Vec::new(),
            new_locations: Vec::new(),
            changed_locations: Vec::new(),
            new_services: Vec::new(),
            changed_services: Vec::new(),
        }
    }

    /// Whether nobody spoke of a record before, in this file; from now on somebody has.
    fn is_first_said(&mut self, id: Id) -> bool {
        !self.earlier.0.contains(&id) && self.outcome.seen.insert(id)
    }

    fn is_said(&self, id: Id) -> bool {
        self.outcome.seen.contains(&id) || self.earlier.0.contains(&id)
    }

    pub(super) fn decide(conn: &mut Conn, batch: &[Entry], earlier: &'a Seen) -> Result<Self, Failure> {
        let known = Known::of(conn, batch)?;
        let mut plan = Self::new(earlier);
        for entry in batch {
            if let Err(refusal) = plan.add(entry, &known) {
                plan.outcome.refused.push(RefusedRow { line: entry.line, refusal });
            }
        }
        Ok(plan)
    }

    fn add(&mut self, entry: &Entry, known: &Known) -> Result<(), Refusal> {
        if let Some(service) = &entry.service {
            if !self.is_first_said(service.id) {
                return Err(Refusal::field(Code::AlreadyExists, "id").rule("once in a file"));
            }
            let origin = known.origins.get(&service.id);
            if origin.is_some_and(|origin| origin.source != service.origin.source) {
                let rule = origin.map(|origin| format!("source {}", origin.source)).unwrap_or_default();
                return Err(Refusal::field(Code::AlreadyExists, "id").rule(rule));
            }
            let is_there =
                known.organizations.contains_key(&entry.organization.id) || self.is_said(entry.organization.id);
            if entry.organization.name.is_empty() && !is_there {
                return Err(Refusal::field(Code::UnknownReference, "organization_id"));
            }
            self.count_placement(entry);
            if origin.is_some_and(|origin| *origin == service.origin) {
                self.outcome.unchanged += 1;
                self.outcome.seen.insert(entry.organization.id);
                self.outcome.seen.extend(entry.locations.iter().map(|place| place.id));
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
        if said.name.is_empty() || !self.is_first_said(said.id) {
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
        if !self.is_first_said(said.id) {
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
        self.changed_services.push(service);
    }

    pub(super) fn write(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        let now = tx.now();
        let dated = |service: &Service| {
            let mut service = service.clone();
            if service.capacity.is_said() && service.capacity.observed_at.is_none() {
                service.capacity.observed_at = Some(now);
            }
            service
        };
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
