//! What one batch of an import writes, decided from what the store has of the records that it speaks of.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Failure;
use super::history::{self, Who};
use crate::clock::Time;
use crate::domain::directory::{CapacityWord, Location, Organization, Origin, Placement, Service, Voice};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::sources::Merge;
use crate::exchange::{Entry, RefusedRow};
use crate::id::Id;
use crate::store::changes::Subject;
use crate::store::sources::{self, SourceRecord};
use crate::store::{self, Conn, Tx, locations, organizations, services};

/// What earlier records of the same file said: the first to speak of an organisation or a place is the one that counts,
/// so that two rows that disagree do not write over each other at every import. Sixteen bytes a record.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<Id>);

impl Seen {
    /// A batch is written: what it spoke of has been spoken of.
    pub(super) fn add(&mut self, batch: impl IntoIterator<Item = Id>) {
        self.0.extend(batch);
    }
    pub(super) fn has(&self, id: Id) -> bool {
        self.0.contains(&id)
    }
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whose file it is, and what the run knows besides the batch.
pub(super) struct Speaker<'a> {
    pub(super) source: &'a str,
    pub(super) priorities: &'a HashMap<String, i32>,
    pub(super) earlier: &'a Seen,
    pub(super) now: Time,
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

/// What the store has of the records that a batch speaks of.
struct Known {
    organization_records: HashMap<String, SourceRecord>,
    service_records: HashMap<String, SourceRecord>,
    organizations: HashMap<Id, Organization>,
    locations: HashMap<Id, Location>,
    origins: HashMap<Id, Origin>,
    /// Those of which the source says something new.
    services: HashMap<Id, Service>,
    holders: HashMap<Id, HashMap<String, String>>,
}

impl Known {
    fn of(conn: &mut Conn, batch: &[Entry], source: &str) -> Result<Self, store::Error> {
        let organization_keys: HashSet<&str> =
            batch.iter().map(|entry| entry.organization.origin.key.as_str()).collect();
        let organization_keys: Vec<&str> = organization_keys.into_iter().collect();
        let said: Vec<&Service> = batch.iter().filter_map(|entry| entry.service.as_ref()).collect();
        let service_keys: Vec<&str> = said.iter().map(|service| service.origin.key.as_str()).collect();
        let mut known = Self {
            organization_records: sources::records_by_keys(conn, source, Subject::Organization, &organization_keys)?,
            service_records: sources::records_by_keys(conn, source, Subject::Service, &service_keys)?,
            organizations: HashMap::new(),
            locations: HashMap::new(),
            origins: HashMap::new(),
            services: HashMap::new(),
            holders: HashMap::new(),
        };
        let organization_ids: HashSet<Id> =
            batch.iter().map(|entry| known.organization_id(&entry.organization)).collect();
        let organization_ids: Vec<Id> = organization_ids.into_iter().collect();
        let found = organizations::list_by_ids(conn, &organization_ids)?;
        known.organizations = found.into_iter().map(|one| (one.id, one)).collect();
        let location_ids: HashSet<Id> =
            batch.iter().flat_map(|entry| entry.locations.iter().map(|place| place.id)).collect();
        known.locations = locations::list_by_ids(conn, &location_ids.into_iter().collect::<Vec<_>>())?;
        let service_ids: Vec<Id> = said.iter().map(|service| known.service_id(service)).collect();
        known.origins = services::find_origins(conn, &service_ids)?;
        let is_new_word =
            |service: &&&Service| known.origins.contains_key(&known.service_id(service)) && !known.is_same(service);
        let changed: Vec<Id> = said.iter().filter(is_new_word).map(|service| known.service_id(service)).collect();
        let found = services::list_aggregates(conn, &changed)?;
        known.services = found.into_iter().map(|one| (one.service.id, one.service)).collect();
        known.read_holders(conn)?;
        Ok(known)
    }

    fn read_holders(&mut self, conn: &mut Conn) -> Result<(), store::Error> {
        let ids: Vec<Id> =
            self.organizations.keys().chain(self.locations.keys()).chain(self.services.keys()).copied().collect();
        for (id, rows) in sources::provenance_of(conn, &ids)? {
            self.holders.insert(id, rows.into_iter().map(|row| (row.field, row.source)).collect());
        }
        Ok(())
    }

    /// The record that a source describes: its own id, or the one that stayed after a merge of duplicates.
    fn service_id(&self, said: &Service) -> Id {
        self.service_records.get(&said.origin.key).map_or(said.id, |record| record.record_id)
    }

    fn organization_id(&self, said: &Organization) -> Id {
        self.organization_records.get(&said.origin.key).map_or(said.id, |record| record.record_id)
    }

    /// Whether the source says what it said the last time.
    fn is_same(&self, said: &Service) -> bool {
        match self.service_records.get(&said.origin.key) {
            Some(record) => record.content_hash == said.origin.content_hash,
            None => self.origins.get(&said.id).is_some_and(|origin| *origin == said.origin),
        }
    }
}

/// A record as it will be, as it was, and the fields that the source has said over it.
struct Change<T> {
    before: T,
    after: T,
    taken: Vec<String>,
}

/// What a batch will write.
pub(super) struct Plan<'a> {
    pub(super) outcome: BatchOutcome,
    speaker: &'a Speaker<'a>,
    nobody: HashMap<String, String>,
    new_organizations: Vec<Organization>,
    changed_organizations: Vec<Change<Organization>>,
    new_locations: Vec<Location>,
    changed_locations: Vec<Change<Location>>,
    new_services: Vec<Service>,
    changed_services: Vec<Change<Service>>,
    new_records: Vec<SourceRecord>,
    said_records: Vec<SourceRecord>,
}

impl<'a> Plan<'a> {
    pub(super) fn decide(conn: &mut Conn, batch: &[Entry], speaker: &'a Speaker<'a>) -> Result<Self, Failure> {
        let known = Known::of(conn, batch, speaker.source)?;
        let mut plan = Self {
            outcome: BatchOutcome::default(),
            speaker,
            nobody: HashMap::new(),
            new_organizations: Vec::new(),
            changed_organizations: Vec::new(),
            new_locations: Vec::new(),
            changed_locations: Vec::new(),
            new_services: Vec::new(),
            changed_services: Vec::new(),
            new_records: Vec::new(),
            said_records: Vec::new(),
        };
        for entry in batch {
            if let Err(refusal) = plan.add(entry, &known) {
                plan.outcome.refused.push(RefusedRow::of(entry, refusal));
            }
        }
        Ok(plan)
    }

    /// Whether nobody spoke of a record before, in this file; from now on somebody has.
    fn is_first_said(&mut self, id: Id) -> bool {
        !self.speaker.earlier.has(id) && self.outcome.seen.insert(id)
    }

    fn is_said(&self, id: Id) -> bool {
        self.outcome.seen.contains(&id) || self.speaker.earlier.has(id)
    }

    fn add(&mut self, entry: &Entry, known: &Known) -> Result<(), Refusal> {
        let organization_id = known.organization_id(&entry.organization);
        if let Some(service) = &entry.service {
            let id = known.service_id(service);
            if !self.is_first_said(id) {
                // Two records of the source that are one thing here, since a merge of duplicates.
                if id != service.id {
                    self.outcome.unchanged += 1;
                    return Ok(());
                }
                return Err(said_twice());
            }
            let is_there = known.organizations.contains_key(&organization_id) || self.is_said(organization_id);
            if entry.organization.name.is_empty() && !is_there {
                return Err(Refusal::field(Code::UnknownReference, "organization_id"));
            }
            self.count_placement(entry);
            if known.origins.contains_key(&id) && known.is_same(service) {
                self.outcome.unchanged += 1;
                self.outcome.seen.insert(organization_id);
                self.outcome.seen.extend(entry.locations.iter().map(|place| place.id));
                self.record(Subject::Service, &service.origin, id, known.service_records.get(&service.origin.key));
                return Ok(());
            }
        }
        let is_organization_new = self.add_organization(&entry.organization, organization_id, known);
        let mut has_changed = is_organization_new == Some(false);
        for place in &entry.locations {
            has_changed |= self.add_location(place, organization_id, known);
        }
        match &entry.service {
            Some(service) => self.add_service(service, organization_id, has_changed, known),
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

    /// Remembers that the source lists this, and what it says of it.
    fn record(&mut self, subject: Subject, said: &Origin, record_id: Id, known: Option<&SourceRecord>) {
        let record = || SourceRecord {
            source: said.source.clone(),
            subject,
            source_key: said.key.clone(),
            record_id,
            content_hash: said.content_hash.clone(),
            said_at: self.speaker.now,
            missing_since: None,
        };
        match known {
            None => self.new_records.push(record()),
            Some(known) if known.content_hash != said.content_hash => self.said_records.push(record()),
            Some(_) => {}
        }
    }

    fn merge<'m>(&'m self, base: &'m str, id: Id, known: &'m Known) -> Merge<'m> {
        let holders = known.holders.get(&id).unwrap_or(&self.nobody);
        Merge::new(self.speaker.source, base, holders, self.speaker.priorities)
    }

    /// Whether it is new (`Some(true)`), changed (`Some(false)`), or neither.
    fn add_organization(&mut self, said: &Organization, id: Id, known: &Known) -> Option<bool> {
        if said.name.is_empty() || !self.is_first_said(id) {
            return None;
        }
        self.record(Subject::Organization, &said.origin, id, known.organization_records.get(&said.origin.key));
        let Some(there) = known.organizations.get(&id) else {
            self.new_organizations.push(said.clone());
            return Some(true);
        };
        if there.retired_at.is_some() {
            return None;
        }
        let mut after = there.clone();
        let mut merge = self.merge(&there.origin.source, id, known);
        merge.organization(&mut after, said);
        let taken = merge.into_taken();
        if taken.is_empty() {
            return None;
        }
        self.changed_organizations.push(Change { before: there.clone(), after, taken });
        Some(false)
    }

    /// A place belongs to the first organisation that a source gives it to, and to the first source that describes it:
    /// another may only hide it further. What somebody hid here stays hidden, whatever a source says or leaves out.
    fn add_location(&mut self, said: &Location, organization_id: Id, known: &Known) -> bool {
        if !self.is_first_said(said.id) {
            return false;
        }
        let owner = said.organization_id.map(|_| organization_id).or(Some(organization_id));
        let Some(there) = known.locations.get(&said.id) else {
            self.new_locations.push(Location { organization_id: owner, ..said.clone() });
            return true;
        };
        let mut after = there.clone();
        let mut taken = Vec::new();
        if there.origin.source == said.origin.source && there.retired_at.is_none() {
            let mut merge = self.merge(&there.origin.source, there.id, known);
            merge.location(&mut after, said);
            taken = merge.into_taken();
            after.organization_id = there.organization_id.or(owner);
        }
        after.visibility = there.visibility.max(said.visibility);
        if after == *there {
            return false;
        }
        self.changed_locations.push(Change { before: there.clone(), after, taken });
        true
    }

    /// Room is the latest word of anybody, number by number. A source that gives no moment speaks now.
    fn tell_capacity(&self, after: &mut Service, said: &Service) {
        let observed_at = said.capacity.observed_at.unwrap_or(self.speaker.now);
        let word = CapacityWord { observed_at, source: Voice::Import };
        if let Some(mut told) = after.capacity.told(said.capacity, word) {
            // A number without a word of its own is written as this source's, and goes to the history.
            let words = &mut told.said;
            for known in [&mut words.places_available, &mut words.waiting_list_length, &mut words.wait_days] {
                *known = known.filter(|known| *known != word);
            }
            after.capacity = told;
        }
    }

    fn add_service(&mut self, said: &Service, organization_id: Id, has_changed: bool, known: &Known) {
        let id = known.service_id(said);
        if known.services.get(&id).is_some_and(|there| there.retired_at.is_some()) {
            // What somebody took out of the directory stays out of it, as it was.
            self.outcome.unchanged += 1;
            return;
        }
        self.record(Subject::Service, &said.origin, id, known.service_records.get(&said.origin.key));
        let Some(there) = known.services.get(&id) else {
            self.outcome.taken += 1;
            self.new_services.push(Service { organization_id, ..said.clone() });
            return;
        };
        let mut after = there.clone();
        let mut merge = self.merge(&there.origin.source, id, known);
        merge.service(&mut after, said);
        let taken = merge.into_taken();
        if there.origin.source == said.origin.source {
            after.origin.content_hash.clone_from(&said.origin.content_hash);
            after.organization_id = organization_id;
        }
        self.tell_capacity(&mut after, said);
        after.verified_at = there.verified_at.max(said.verified_at);
        after.review.months = there.review.months.or(said.review.months);
        if after == *there {
            self.outcome.changed += u64::from(has_changed);
            self.outcome.unchanged += u64::from(!has_changed);
            return;
        }
        self.outcome.changed += 1;
        self.changed_services.push(Change { before: there.clone(), after, taken });
    }

    pub(super) fn write(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        let now = tx.now();
        organizations::insert_many(tx, &self.new_organizations)?;
        locations::insert_many(tx, &self.new_locations)?;
        let dated = |service: &Service| {
            let mut service = service.clone();
            service.capacity.observed_at = service.capacity.observed_at.or(Some(now));
            service
        };
        let is_undated = |service: &Service| service.capacity.is_said() && service.capacity.observed_at.is_none();
        if self.new_services.iter().any(is_undated) {
            let new: Vec<Service> =
                self.new_services.iter().map(|one| if is_undated(one) { dated(one) } else { one.clone() }).collect();
            services::insert_many(tx, &new, "import")?;
        } else {
            services::insert_many(tx, &self.new_services, "import")?;
        }
        sources::insert_records(tx, &self.new_records)?;
        for record in &self.said_records {
            sources::say(tx, record)?;
        }
        self.write_changes(tx)
    }

    fn write_changes(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        let who = Who::import(self.speaker.source, tx.now());
        // Services before what they show: a place or organisation that changes gives them a new version again.
        for Change { before, after, taken } in &self.changed_services {
            services::update(tx, after, "import")?;
            history::service_changed(tx, before, after, &who)?;
            self.say_whose(tx, Subject::Service, (before.id, &before.origin.source), taken)?;
        }
        for Change { before, after, taken } in &self.changed_locations {
            locations::update(tx, after)?;
            history::location_changed(tx, before, after, &who)?;
            self.say_whose(tx, Subject::Location, (before.id, &before.origin.source), taken)?;
        }
        for Change { before, after, taken } in &self.changed_organizations {
            organizations::update(tx, after)?;
            history::organization_changed(tx, before, after, &who)?;
            self.say_whose(tx, Subject::Organization, (before.id, &before.origin.source), taken)?;
        }
        Ok(())
    }

    /// The fields that the source has said are its own from now on.
    fn say_whose(
        &self,
        tx: &mut Tx<'_>,
        subject: Subject,
        (id, base): (Id, &str),
        taken: &[String],
    ) -> Result<(), store::Error> {
        if taken.is_empty() {
            return Ok(());
        }
        if base == self.speaker.source {
            return sources::forget_provenance(tx, id, taken);
        }
        sources::set_provenance(tx, subject, id, taken, self.speaker.source)
    }
}

fn said_twice() -> Refusal {
    Refusal::field(Code::AlreadyExists, "id").rule("once in a file")
}
