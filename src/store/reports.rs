//! What the reports add up: compact facts of a period, read in a constant number of statements however many families
//! there are. Reads whole tables of one network, which no other request path does; gives numbers, never a file.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::schema::{activity, child, family, location, need, observation, organization, referral};
use super::{Conn, DEFAULT_NETWORK, Error};
use crate::clock::Time;
use crate::domain::family::{ActivityKind, Child, Fact, Observation, ObservationKind, Origin, Setting};
use crate::domain::month::{Month, Period, local_day};
use crate::domain::need::{NeedStatus, UnmetReason};
use crate::domain::portrait::{Carrier, Facts, FamilyFacts, Seen};
use crate::domain::referral::Status;
use crate::domain::taxonomy::top_level_of;
use crate::domain::unmet::{NeedFacts, OUTCOMES};
use crate::domain::viewer::Viewer;
use crate::id::Id;

/// The lists against which rows are counted: ids of regions, codes of top-level categories.
pub struct Lists<'a> {
    pub regions: &'a [String],
    pub categories: &'a [String],
}

impl Lists<'_> {
    fn region(&self, id: Option<&str>) -> Option<usize> {
        id.and_then(|id| self.regions.iter().position(|one| one == id))
    }
    fn category(&self, code: &str) -> Option<usize> {
        let top = top_level_of(code);
        self.categories.iter().position(|one| one == top)
    }
}

/// The network whose figures a viewer may add up. A link sees one referral or one family, and no figures.
fn network_of(viewer: &Viewer) -> Result<Id, Error> {
    match viewer {
        Viewer::Account(account) => Ok(account.network_id),
        Viewer::Job(_) => Ok(DEFAULT_NETWORK),
        Viewer::Link { .. } | Viewer::FamilyLink { .. } => Err(Error::NotFound),
    }
}

/// Facts of every family that was accompanied in the period, and of the organisations that carry them: eight
/// statements.
pub fn load_portrait(conn: &mut Conn, viewer: &Viewer, period: Period, lists: &Lists<'_>) -> Result<Facts, Error> {
    let mut loader =
        Loader { network_id: network_of(viewer)?, period, lists, places: HashMap::new(), families: vec![] };
    let carriers = loader.carriers(conn)?;
    loader.files(conn, &carriers.places)?;
    loader.children(conn)?;
    loader.observations(conn)?;
    loader.needs(conn)?;
    let loose_activities = loader.activities(conn)?;
    let loose_referrals = loader.referrals(conn)?;
    Ok(loader.finish(carriers.facts, loose_activities, loose_referrals))
}

struct Carriers {
    places: HashMap<Id, usize>,
    facts: Vec<Carrier>,
}

/// A family while its rows come in.
#[derive(Default)]
struct Building {
    facts: FamilyFacts,
    categories: u32,
    receivers: Vec<Id>,
}

struct Loader<'a> {
    network_id: Id,
    period: Period,
    lists: &'a Lists<'a>,
    places: HashMap<Id, usize>,
    families: Vec<Building>,
}

impl Loader<'_> {
    fn carriers(&self, conn: &mut Conn) -> Result<Carriers, Error> {
        let rows: Vec<(Id, Option<NaiveDate>)> = organization::table
            .filter(organization::network_id.eq(self.network_id))
            .filter(organization::enrolled_on.le(self.period.last_day()))
            .order(organization::id.asc())
            .select((organization::id, organization::enrolled_on))
            .load(conn)?;
        let places: HashMap<Id, usize> = rows.iter().enumerate().map(|(place, row)| (row.0, place)).collect();
        let months = self.period.months();
        let mut facts: Vec<Carrier> = rows
            .iter()
            .map(|(_, enrolled_on)| {
                let before = enrolled_on.and_then(|day| self.period.index_of(day)).unwrap_or(0);
                let enrolled_months = bits(months) & !bits(before);
                Carrier { enrolled_months, regions: Vec::new() }
            })
            .collect();
        let enrolled = organization::table
            .filter(organization::network_id.eq(self.network_id))
            .filter(organization::enrolled_on.le(self.period.last_day()))
            .select(organization::id.nullable());
        let regions: Vec<(Option<Id>, Option<String>)> = location::table
            .filter(location::organization_id.eq_any(enrolled))
            .select((location::organization_id, location::region_id))
            .distinct()
            .load(conn)?;
        for (organization_id, region) in regions {
            let place = organization_id.and_then(|id| places.get(&id));
            if let (Some(&place), Some(region)) = (place, self.lists.region(region.as_deref()))
                && !facts[place].regions.contains(&region)
            {
                facts[place].regions.push(region);
            }
        }
        Ok(Carriers { places, facts })
    }

    fn files(&mut self, conn: &mut Conn, carriers: &HashMap<Id, usize>) -> Result<(), Error> {
        type Row = (Id, Id, Option<String>, String, Option<String>, NaiveDate);
        let rows: Vec<Row> = family::table
            .filter(family::network_id.eq(self.network_id))
            .filter(family::first_contact_on.le(self.period.last_day()))
            .select((
                family::id,
                family::organization_id,
                family::region_id,
                family::setting,
                family::contact_origin,
                family::first_contact_on,
            ))
            .load(conn)?;
        self.families.reserve(rows.len());
        self.places.reserve(rows.len());
        for (id, organization_id, region, setting, origin, first_contact_on) in rows {
            let mut building = Building::default();
            let facts = &mut building.facts;
            facts.region = self.lists.region(region.as_deref());
            facts.urban = match Setting::parse(&setting) {
                Some(Setting::Urban) => Some(true),
                Some(Setting::Rural) => Some(false),
                Some(Setting::Unknown) | None => None,
            };
            facts.organization = carriers.get(&organization_id).copied().unwrap_or(usize::MAX);
            facts.origin = origin.as_deref().and_then(Origin::parse);
            self.places.insert(id, self.families.len());
            self.families.push(building);
            self.accompany(id, first_contact_on);
        }
        Ok(())
    }

    fn building(&mut self, family_id: Id) -> Option<&mut Building> {
        let place = *self.places.get(&family_id)?;
        self.families.get_mut(place)
    }

    /// A contact, need, activity or referral of that day.
    fn accompany(&mut self, family_id: Id, day: NaiveDate) {
        let month = self.period.index_of(day);
        if let (Some(month), Some(building)) = (month, self.building(family_id)) {
            building.facts.months |= 1 << month;
        }
    }

    fn children(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let rows: Vec<(Id, Option<String>, Option<String>)> = child::table
            .filter(child::network_id.eq(self.network_id))
            .select((child::family_id, child::born_in, child::due_in))
            .load(conn)?;
        let end = self.period.to();
        for (family_id, born_in, due_in) in rows {
            let born = born_in.as_deref().and_then(Month::parse).map(Child::Born);
            let one = born.or_else(|| due_in.as_deref().and_then(Month::parse).map(Child::Due));
            if let Some(building) = self.building(family_id) {
                building.facts.children.add(one, end);
            }
        }
        Ok(())
    }

    fn observations(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let rows: Vec<(Id, String, String, bool, NaiveDate)> = observation::table
            .filter(observation::network_id.eq(self.network_id))
            .filter(observation::observed_on.le(self.period.last_day()))
            .order((
                observation::family_id.asc(),
                observation::observed_on.asc(),
                observation::created_at.asc(),
                observation::id.asc(),
            ))
            .select((
                observation::family_id,
                observation::kind,
                observation::value,
                observation::present,
                observation::observed_on,
            ))
            .load(conn)?;
        let mut said: Vec<Observation> = Vec::new();
        for group in rows.chunk_by(|one, next| one.0 == next.0) {
            said.clear();
            let Some((family_id, ..)) = group.first() else { continue };
            for (_, kind, value, present, observed_on) in group {
                let fact = ObservationKind::parse(kind).and_then(|kind| Fact::parse(kind, value, *present));
                said.extend(fact.map(|fact| Observation { fact, observed_on: *observed_on }));
                // Whoever saw the family was in contact with it.
                self.accompany(*family_id, *observed_on);
            }
            let seen = Seen::over(&said, self.period);
            if let Some(building) = self.building(*family_id) {
                building.facts.isolated = seen.isolated;
                building.facts.single_parent = seen.single_parent;
                building.facts.father_figure = seen.father_figure;
                building.facts.factors = seen.factors();
            }
        }
        Ok(())
    }

    fn needs(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let rows: Vec<(Option<Id>, String, NaiveDate)> = need::table
            .filter(need::network_id.eq(self.network_id))
            .filter(need::recorded_on.between(self.period.first_day(), self.period.last_day()))
            .filter(need::family_id.is_not_null())
            .select((need::family_id, need::category, need::recorded_on))
            .load(conn)?;
        for (family_id, category, recorded_on) in rows {
            let Some(family_id) = family_id else { continue };
            self.accompany(family_id, recorded_on);
            let category = self.lists.category(&category);
            if let (Some(place), Some(building)) = (category, self.building(family_id)) {
                building.categories |= 1 << place;
            }
        }
        Ok(())
    }

    /// Gives the activities that concern no family, by kind.
    fn activities(&mut self, conn: &mut Conn) -> Result<[u32; ActivityKind::ALL.len()], Error> {
        let rows: Vec<(Option<Id>, String, NaiveDate)> = activity::table
            .filter(activity::network_id.eq(self.network_id))
            .filter(activity::happened_on.between(self.period.first_day(), self.period.last_day()))
            .select((activity::family_id, activity::kind, activity::happened_on))
            .load(conn)?;
        let mut loose = [0; ActivityKind::ALL.len()];
        for (family_id, kind, happened_on) in rows {
            let Some(place) = ActivityKind::ALL.iter().position(|one| one.as_str() == kind) else { continue };
            let Some(family_id) = family_id else {
                loose[place] += 1;
                continue;
            };
            self.accompany(family_id, happened_on);
            if let Some(building) = self.building(family_id) {
                building.facts.activities[place] += 1;
            }
        }
        Ok(loose)
    }

    /// Gives the number of referrals for nobody's file.
    fn referrals(&mut self, conn: &mut Conn) -> Result<u64, Error> {
        let (start, end) = self.period.instants();
        let rows: Vec<(Option<Id>, Id, Option<Time>)> = referral::table
            .filter(referral::network_id.eq(self.network_id))
            .filter(referral::sent_at.ge(start))
            .filter(referral::sent_at.lt(end))
            .filter(referral::status.ne(Status::EnteredInError.as_str()))
            .select((referral::family_id, referral::receiver_organization_id, referral::sent_at))
            .load(conn)?;
        let mut loose = 0;
        for (family_id, receiver, sent_at) in rows {
            let (Some(family_id), Some(sent_at)) = (family_id, sent_at) else {
                loose += 1;
                continue;
            };
            self.accompany(family_id, local_day(sent_at));
            if let Some(building) = self.building(family_id) {
                building.facts.referrals += 1;
                if !building.receivers.contains(&receiver) {
                    building.receivers.push(receiver);
                }
            }
        }
        Ok(loose)
    }

    fn finish(self, carriers: Vec<Carrier>, loose_activities: [u32; 4], loose_referrals: u64) -> Facts {
        let regions = self.lists.regions.len();
        let mut receivers: Vec<HashSet<Id>> = vec![HashSet::new(); regions + 2];
        let mut families = Vec::with_capacity(self.families.len());
        for building in self.families.into_iter().filter(|building| building.facts.months != 0) {
            let mut facts = building.facts;
            facts.categories = building.categories.count_ones();
            facts.receivers = u32::try_from(building.receivers.len()).unwrap_or(u32::MAX);
            for row in [facts.region.unwrap_or(regions), regions + 1] {
                receivers[row].extend(&building.receivers);
            }
            families.push(facts);
        }
        let receivers = receivers.iter().map(|level| u64::try_from(level.len()).unwrap_or(u64::MAX)).collect();
        Facts { regions, families, carriers, loose_activities, loose_referrals, receivers }
    }
}

/// The lowest `count` bits.
fn bits(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// Every need recorded in the period, sorted by family. One statement.
pub fn load_needs(
    conn: &mut Conn,
    viewer: &Viewer,
    period: Period,
    lists: &Lists<'_>,
) -> Result<Vec<NeedFacts>, Error> {
    type Row = (Option<Id>, Option<String>, String, String, Option<String>);
    let network_id = network_of(viewer)?;
    let rows: Vec<Row> = need::table
        .filter(need::network_id.eq(network_id))
        .filter(need::recorded_on.between(period.first_day(), period.last_day()))
        .select((need::family_id, need::region_id, need::category, need::status, need::unmet_reason))
        .load(conn)?;
    let mut numbers: HashMap<Id, u32> = HashMap::with_capacity(rows.len());
    let mut needs = Vec::with_capacity(rows.len());
    for (family_id, region, category, status, reason) in rows {
        let Some(category) = lists.category(&category) else { continue };
        let status = NeedStatus::parse(&status).unwrap_or(NeedStatus::Open);
        let outcome = OUTCOMES.iter().position(|word| *word == status.as_str()).unwrap_or(0);
        let family = family_id.map(|id| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(id).or_insert(next)
        });
        let reason = reason.as_deref().and_then(UnmetReason::parse);
        needs.push(NeedFacts { region: lists.region(region.as_deref()), category, outcome, reason, family });
    }
    needs.sort_by_key(|one| one.family);
    Ok(needs)
}
