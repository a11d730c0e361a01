//! HSDS 3 JSON to directory records. What relais reads becomes typed; every other member is kept as it came.
//! A member of the wrong type is a refusal that names it: nothing is guessed.

use std::collections::VecDeque;
use std::io::Read;

use chrono::{NaiveDate, NaiveTime};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::hsds::{CAPACITY_UNITS, attribute_id, capacity_id, service_area_id};
use super::json_records::{self, JsonRecords};
use super::{Contents, Entry, Found, RefusedRow, Tally};
use crate::clock::Time;
use crate::domain::directory::{
    Address, Capacity, CapacityWords, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument,
    Origin, Placement, Point, Service, ServiceAtLocation, ServiceAtLocationDocument, ServiceDocument, ServiceStatus,
    Visibility,
};
use crate::domain::freshness::Review;
use crate::domain::language::{Lang, Text};
use crate::domain::publics::Public;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::type_words::rule_of;
use crate::id::Id;

/// How a record is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// Which source it comes from.
    pub source: &'a str,
    /// The language of texts that say none.
    pub language: Lang,
    /// Makes ids for records that come without; `None` refuses them.
    pub fresh: Option<&'a (dyn Fn() -> Id + Sync)>,
    /// A request: what cannot be used is refused. In a file, coordinates that are on no map are kept as they came.
    pub is_request: bool,
    pub is_category: &'a (dyn Fn(&str) -> bool + Sync),
}

/// The top-level members of a service that relais knows: the standard's and its own. A request with another is refused.
pub const SERVICE_MEMBERS: &[&str] = &[
    "id",
    "organization_id",
    "program_id",
    "name",
    "alternate_name",
    "description",
    "url",
    "additional_urls",
    "email",
    "status",
    "interpretation_services",
    "application_process",
    "fees_description",
    "wait_time",
    "fees",
    "accreditations",
    "eligibility_description",
    "minimum_age",
    "maximum_age",
    "assured_date",
    "assurer_email",
    "licenses",
    "alert",
    "last_modified",
    "phones",
    "schedules",
    "service_areas",
    "service_at_locations",
    "languages",
    "organization",
    "funding",
    "cost_options",
    "program",
    "required_documents",
    "contacts",
    "capacities",
    "attributes",
    "metadata",
    "translations",
    "categories",
    "served",
    "capacity",
    "verified_at",
    "review_months",
    "quality",
    "freshness",
    "referral_process",
    "transit",
    "delivery",
    "public_exclusive",
    "public_preferred",
    "closed_from",
    "closed_until",
    "minimum_age_months",
    "maximum_age_months",
    "version",
    "change",
];

/// The top-level members of an organisation that relais knows. Where referrals go is not one of them.
pub const ORGANIZATION_MEMBERS: [&str; 27] = [
    "id",
    "name",
    "alternate_name",
    "description",
    "email",
    "website",
    "additional_websites",
    "tax_status",
    "tax_id",
    "year_incorporated",
    "legal_status",
    "logo",
    "uri",
    "parent_organization_id",
    "funding",
    "contacts",
    "phones",
    "locations",
    "programs",
    "organization_identifiers",
    "attributes",
    "metadata",
    "translations",
    "last_modified",
    "version",
    "change",
    "services",
];

/// The top-level members of a place that relais knows.
pub const LOCATION_MEMBERS: [&str; 29] = [
    "id",
    "organization_id",
    "location_type",
    "url",
    "name",
    "alternate_name",
    "description",
    "short_description",
    "transportation",
    "latitude",
    "longitude",
    "external_identifier",
    "external_identifier_type",
    "languages",
    "addresses",
    "contacts",
    "accessibility",
    "phones",
    "schedules",
    "attributes",
    "metadata",
    "translations",
    "placement",
    "location_visibility",
    "located_in",
    "timezone",
    "last_modified",
    "version",
    "change",
];

type Members = Map<String, Value>;

/// Refuses a member that is none of the known ones.
///
/// # Errors
/// `UnknownField` with the first of them.
pub fn only_members(members: &Members, known: &[&str], rule: &str) -> Result<(), Refusal> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Refusal::field(Code::UnknownField, name.clone()).rule(rule)),
        None => Ok(()),
    }
}

// ---- a file

/// Reads a whole file that is in memory: one service, one organisation, a list of either, or a page of them.
///
/// # Errors
/// `InvalidJson` when it is not JSON: nothing of it is taken.
pub fn read_file(bytes: &[u8], reading: Reading<'_>) -> Result<Contents, Refusal> {
    json_records::check(bytes)?;
    let mut contents = Contents::default();
    for found in Entries::new(bytes, reading) {
        match found {
            Ok(entry) => contents.entries.push(entry),
            Err(row) => contents.refused.push(row),
        }
    }
    Ok(contents)
}

/// The records of a file of any size, one after the other. [`json_records::check`] has read the file before.
pub struct Entries<'a, R> {
    records: JsonRecords<R>,
    reading: Reading<'a>,
    line: u64,
    /// The other services of an organisation that came with all its services.
    waiting: VecDeque<Entry>,
    tally: Option<&'a Tally>,
}

impl<'a, R: Read> Entries<'a, R> {
    pub fn new(input: R, reading: Reading<'a>) -> Self {
        Self { records: JsonRecords::new(input), reading, line: 0, waiting: VecDeque::new(), tally: None }
    }

    /// Tells also which records were refused.
    #[must_use]
    pub fn tallying(self, tally: &'a Tally) -> Self {
        Self { tally: Some(tally), ..self }
    }

    fn list_refused(&self, record: &Value) {
        let Some(tally) = self.tally else { return };
        let services = record.get("services").and_then(Value::as_array).into_iter().flatten();
        for one in std::iter::once(record).chain(services).chain(record.get("organization")) {
            for name in ["id", "organization_id"] {
                let text = one.get(name).and_then(Value::as_str);
                text.and_then(|text| parse_id(text, name, self.reading).ok()).into_iter().for_each(|id| tally.list(id));
            }
        }
    }

    fn read(&self, record: Result<Vec<u8>, Refusal>) -> Result<Vec<Entry>, Refusal> {
        let leave_unread = || self.tally.into_iter().for_each(Tally::leave_unread);
        let record = record.inspect_err(|_| leave_unread())?;
        let value = serde_json::from_slice(&record).map_err(|error| {
            leave_unread();
            Refusal::new(Code::InvalidJson).rule(format!("line {}, column {}", error.line(), error.column()))
        })?;
        read_record(value, self.line, self.reading).inspect_err(|_| {
            // Read once more: a record that is refused is rare, and one that is taken is moved into its parts.
            serde_json::from_slice(&record).iter().for_each(|value| self.list_refused(value));
        })
    }
}

impl<R: Read> Iterator for Entries<'_, R> {
    type Item = Found;
    fn next(&mut self) -> Option<Found> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Some(Ok(entry));
            }
            let record = self.records.next()?;
            self.line += 1;
            match self.read(record) {
                Ok(entries) => self.waiting.extend(entries),
                Err(refusal) => return Some(Err(RefusedRow { line: self.line, table: None, refusal })),
            }
        }
    }
}

fn read_record(record: Value, line: u64, reading: Reading<'_>) -> Result<Vec<Entry>, Refusal> {
    let Value::Object(members) = record else {
        return Err(Refusal::new(Code::WrongType).rule("object"));
    };
    // HSDS asks it of a place and of nothing else. A place alone belongs to nobody: taken for an organisation, it would
    // keep its id from the real place.
    if members.contains_key("location_type") {
        return Err(Refusal::field(Code::InvalidValue, "location_type").rule("in a service or an organization"));
    }
    // A service says its status and its organisation; an organisation has services.
    let is_service = members.contains_key("organization") || members.contains_key("organization_id");
    if is_service && !members.contains_key("services") {
        return Ok(vec![read_service(members, line, reading)?]);
    }
    read_organization_record(members, line, reading)
}

pub(super) fn read_organization_record(
    mut members: Members,
    line: u64,
    reading: Reading<'_>,
) -> Result<Vec<Entry>, Refusal> {
    let services = take_objects(&mut members, "services")?;
    let (organization, locations) = read_organization(members, "", reading)?;
    let mut entries = Vec::with_capacity(services.len() + 1);
    for (position, mut service) in services.into_iter().enumerate() {
        service.insert("organization_id".to_owned(), Value::String(organization.id.to_string()));
        service.remove("organization");
        let mut entry =
            read_service(service, line, reading).map_err(|refusal| under(&format!("services.{position}"), refusal))?;
        entry.organization = organization.clone();
        entries.push(entry);
    }
    match entries.first_mut() {
        Some(first) => first.locations.splice(0..0, locations).for_each(drop),
        None => entries.push(Entry { line, table: None, organization, locations, service: None }),
    }
    Ok(entries)
}

// ---- a service

/// Reads one service with its organisation and places.
///
/// # Errors
/// A refusal whose field is the dotted path of the member at fault.
pub fn read_service(mut members: Members, line: u64, reading: Reading<'_>) -> Result<Entry, Refusal> {
    members.retain(|_, value| !value.is_null());
    for read_only in ["last_modified", "version", "change", "quality", "freshness"] {
        members.remove(read_only);
    }
    let (id, key) = take_id(&mut members, "id", reading)?;
    let organization_id = take_string(&mut members, "organization_id")?;
    let (organization, mut locations) = match take_object(&mut members, "organization")? {
        Some(organization) => read_organization(organization, "organization", reading)?,
        None => (unnamed_organization(organization_id.as_deref(), reading)?, Vec::new()),
    };
    let mut english = take_english(&mut members, reading)?;
    let name = take_text(&mut members, &mut english, "name", reading)?;
    if name.is_empty() {
        return Err(Refusal::field(Code::MissingField, "name"));
    }
    let status = take_word(&mut members, "status", ServiceStatus::parse)?.unwrap_or(ServiceStatus::Active);
    let categories = take_categories(&mut members, id, reading)?;
    let served = take_served(&mut members, id)?;
    let capacity = take_capacity(&mut members, id, reading)?;
    let verified_at = take_verified_at(&mut members)?;
    let review_months = take_whole_months(&mut members, "review_months")?;
    let at_locations = take_at_locations(&mut members, id, &mut locations, reading)?;
    let document = read_service_document(&mut members, &mut english, reading)?;
    let document = ServiceDocument { other: keep_others(members, english), ..document };
    let origin = Origin { source: reading.source.to_owned(), key, content_hash: String::new() };
    let service = Service {
        id,
        origin,
        organization_id: organization.id,
        status,
        name,
        categories,
        served,
        at_locations,
        capacity,
        verified_at,
        review: Review { months: review_months, due_at: None },
        document,
        version: 0,
        updated_at: Time::from_micros(0),
        retired_at: None,
        replaced_by: None,
    };
    Ok(Entry { line, table: None, organization, locations, service: Some(service) })
}

/// A service that names its organisation by id alone.
fn unnamed_organization(id: Option<&str>, reading: Reading<'_>) -> Result<Organization, Refusal> {
    let text = id.ok_or_else(|| Refusal::field(Code::MissingField, "organization_id"))?;
    let id = parse_id(text, "organization_id", reading)?;
    Ok(organization_record(id, text.to_owned(), Text::default(), OrganizationDocument::default(), reading))
}

/// An organisation of which only the id is known.
pub(super) fn organization_by_id(id: Id, source: &str) -> Organization {
    let reading = Reading { source, language: Lang::Fr, fresh: None, is_request: false, is_category: &|_| false };
    organization_record(id, id.to_string(), Text::default(), OrganizationDocument::default(), reading)
}

fn organization_record(
    id: Id,
    key: String,
    name: Text,
    document: OrganizationDocument,
    reading: Reading<'_>,
) -> Organization {
    Organization {
        id,
        origin: Origin { source: reading.source.to_owned(), key, content_hash: String::new() },
        name,
        referral_address: None,
        enrolled_on: None,
        document,
        version: 0,
        updated_at: Time::from_micros(0),
        retired_at: None,
        replaced_by: None,
    }
}

fn read_service_document(
    members: &mut Members,
    english: &mut Members,
    reading: Reading<'_>,
) -> Result<ServiceDocument, Refusal> {
    let mut text = |name: &str| take_text(members, english, name, reading);
    let document = ServiceDocument {
        alternate_name: text("alternate_name")?,
        description: text("description")?,
        application_process: text("application_process")?,
        referral_process: text("referral_process")?,
        eligibility_description: text("eligibility_description")?,
        fees_description: text("fees_description")?,
        alert: text("alert")?,
        transit: text("transit")?,
        ..ServiceDocument::default()
    };
    let minimum_years = take_years(members, "minimum_age")?;
    let maximum_years = take_years(members, "maximum_age")?;
    let minimum_months = take_months(members, "minimum_age_months")?;
    let maximum_months = take_months(members, "maximum_age_months")?;
    Ok(ServiceDocument {
        url: take_string(members, "url")?,
        email: take_string(members, "email")?,
        minimum_age_months: minimum_months.or(minimum_years.map(|years| months(years * 12.0))),
        maximum_age_months: maximum_months.or(maximum_years.map(months_up_to)),
        phones: take_list(members, "phones")?,
        schedules: take_list(members, "schedules")?,
        languages: take_list(members, "languages")?,
        delivery: take_list(members, "delivery")?,
        public_exclusive: take_publics(members, "public_exclusive")?,
        public_preferred: take_publics(members, "public_preferred")?,
        closed_from: take_date(members, "closed_from")?,
        closed_until: take_date(members, "closed_until")?,
        required_documents: take_list(members, "required_documents")?,
        cost_options: take_list(members, "cost_options")?,
        contacts: take_list(members, "contacts")?,
        ..document
    })
}

/// Codes of the closed list of publics; another is refused by name.
fn take_publics(members: &mut Members, name: &str) -> Result<Vec<Public>, Refusal> {
    let words: Vec<String> = take_list(members, name)?;
    let known = || Public::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
    let read = |(position, word): (usize, String)| {
        let refused = || Refusal::field(Code::InvalidValue, format!("{name}.{position}")).rule(known());
        Public::parse(&word).ok_or_else(refused)
    };
    words.into_iter().enumerate().map(read).collect()
}

/// "Up to 5 years" takes a child until the day before the sixth birthday; "up to 1.5 years" until 18 months.
fn months_up_to(years: f64) -> u32 {
    if years.fract() == 0.0 { months(years * 12.0 + 11.0) } else { months(years * 12.0) }
}

fn months(value: f64) -> u32 {
    // Bounded by `take_years`: 0 to 150 years.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = value.round() as u32;
    whole
}

/// `categories`, and the standard's attributes whose term is one of the taxonomy. Those that relais wrote go away.
fn take_categories(members: &mut Members, service_id: Id, reading: Reading<'_>) -> Result<Vec<String>, Refusal> {
    let said: Option<Vec<String>> =
        if members.contains_key("categories") { Some(take_list(members, "categories")?) } else { None };
    for (position, code) in said.iter().flatten().enumerate() {
        if !(reading.is_category)(code) {
            return Err(Refusal::field(Code::UnknownCategory, format!("categories.{position}")).rule(code.clone()));
        }
    }
    let code_of = |item: &Value| item.pointer("/taxonomy_term/code").and_then(Value::as_str).map(str::to_owned);
    let ours = |item: &Value| code_of(item).map(|code| attribute_id(service_id, &code));
    let mut found = Vec::new();
    if let Some(Value::Array(items)) = members.get_mut("attributes") {
        found.extend(items.iter().filter_map(code_of).filter(|code| (reading.is_category)(code)));
        retain_foreign(items, ours);
    }
    drop_if_empty(members, "attributes");
    let mut categories = said.unwrap_or(found);
    let mut seen = std::collections::HashSet::new();
    categories.retain(|code| seen.insert(code.clone()));
    Ok(categories)
}

fn take_served(members: &mut Members, service_id: Id) -> Result<Vec<String>, Refusal> {
    let territory = |item: &Value| item.get("territory_id").and_then(Value::as_str).map(str::to_owned);
    let mut found = Vec::new();
    if let Some(Value::Array(items)) = members.get_mut("service_areas") {
        found.extend(items.iter().filter_map(territory));
        retain_foreign(items, |item| territory(item).map(|id| service_area_id(service_id, &id)));
    }
    drop_if_empty(members, "service_areas");
    let mut served = if members.contains_key("served") { take_list(members, "served")? } else { found };
    let mut seen = std::collections::HashSet::new();
    served.retain(|id| seen.insert(id.clone()));
    Ok(served)
}

fn take_capacity(members: &mut Members, service_id: Id, reading: Reading<'_>) -> Result<Capacity, Refusal> {
    if let Some(Value::Array(items)) = members.get_mut("capacities") {
        for unit in CAPACITY_UNITS {
            retain_foreign(items, |_| Some(capacity_id(service_id, unit)));
        }
    }
    drop_if_empty(members, "capacities");
    let Some(mut said) = take_object(members, "capacity")? else { return Ok(Capacity::default()) };
    let mut number = |name: &str| -> Result<Option<i32>, Refusal> {
        let field = format!("capacity.{name}");
        let Some(value) = said.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| Refusal::field(Code::WrongType, &field).rule("integer"))?;
        let number = i32::try_from(number).ok().filter(|number| *number >= 0);
        number.map(Some).ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule("0..=2147483647"))
    };
    let capacity = Capacity {
        places_available: number("places_available")?,
        waiting_list_length: number("waiting_list_length")?,
        wait_days: number("wait_days")?,
        ..Capacity::default()
    };
    let words = take_object(&mut said, "said").map_err(|refusal| under("capacity", refusal))?;
    let observed_at = take_string(&mut said, "observed_at").map_err(|refusal| under("capacity", refusal))?;
    let observed_at = observed_at.map(|text| parse_time(&text, "capacity.observed_at")).transpose()?;
    match said.keys().next() {
        Some(name) => Err(Refusal::field(Code::UnknownField, format!("capacity.{name}"))),
        None => Ok(Capacity { observed_at, said: capacity_words(words, reading)?, ..capacity }),
    }
}

/// Who said it, as a file says. A request says a number in the name of its own account.
fn capacity_words(words: Option<Members>, reading: Reading<'_>) -> Result<CapacityWords, Refusal> {
    let Some(words) = words.filter(|_| !reading.is_request) else { return Ok(CapacityWords::default()) };
    let read = serde_json::from_value(Value::Object(words));
    read.map_err(|error| Refusal::field(Code::InvalidValue, "capacity.said").rule(rule_of(&error.to_string())))
}

fn take_whole_months(members: &mut Members, name: &str) -> Result<Option<u32>, Refusal> {
    let Some(value) = members.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let months = value.as_i64().ok_or_else(|| Refusal::field(Code::WrongType, name).rule("integer"))?;
    let months = u32::try_from(months).map_err(|_| Refusal::field(Code::OutOfRange, name).rule("1, 3, 6, 12"))?;
    Ok(Some(months))
}

fn take_verified_at(members: &mut Members) -> Result<Option<Time>, Refusal> {
    let date = take_string(members, "assured_date")?;
    if let Some(text) = take_string(members, "verified_at")? {
        return parse_time(&text, "verified_at").map(Some);
    }
    let Some(text) = date else { return Ok(None) };
    let date = NaiveDate::parse_from_str(text.get(..10).unwrap_or(&text), "%Y-%m-%d")
        .map_err(|_| Refusal::field(Code::InvalidDate, "assured_date").rule("YYYY-MM-DD"))?;
    Ok(Some(Time::new(date.and_time(NaiveTime::MIN).and_utc())))
}

// ---- places

fn take_at_locations(
    members: &mut Members,
    service_id: Id,
    locations: &mut Vec<Location>,
    reading: Reading<'_>,
) -> Result<Vec<ServiceAtLocation>, Refusal> {
    let mut links = Vec::new();
    for (position, link) in take_objects(members, "service_at_locations")?.into_iter().enumerate() {
        let path = format!("service_at_locations.{position}");
        let (link, place) = read_at_location(link, service_id, reading).map_err(|refusal| under(&path, refusal))?;
        if let Some(place) = place
            && !locations.iter().any(|known| known.id == place.id)
        {
            locations.push(place);
        }
        links.push(link);
    }
    Ok(links)
}

fn read_at_location(
    mut members: Members,
    service_id: Id,
    reading: Reading<'_>,
) -> Result<(ServiceAtLocation, Option<Location>), Refusal> {
    members.retain(|_, value| !value.is_null());
    let location_id = take_string(&mut members, "location_id")?;
    members.remove("service_id");
    let place = take_object(&mut members, "location")?;
    let (location_id, place) = match (place, location_id) {
        (Some(mut place), id) => {
            if let Some(id) = id {
                place.entry("id").or_insert(Value::String(id));
            }
            let place = read_location(place, None, reading).map_err(|refusal| under("location", refusal))?;
            (place.id, Some(place))
        }
        (None, Some(id)) => (parse_id(&id, "location_id", reading)?, None),
        (None, None) => return Err(Refusal::field(Code::MissingField, "location")),
    };
    let mut english = take_english(&mut members, reading)?;
    let id = match take_string(&mut members, "id")? {
        Some(text) => parse_id(&text, "id", reading)?,
        None => ServiceAtLocation::plain(service_id, location_id).id,
    };
    let document = ServiceAtLocationDocument {
        description: take_text(&mut members, &mut english, "description", reading)?,
        phones: take_list(&mut members, "phones")?,
        schedules: take_list(&mut members, "schedules")?,
        other: keep_others(members, english),
    };
    Ok((ServiceAtLocation { id, location_id, document }, place))
}

/// Reads one place. Its territories are left to who knows the map, save a municipality that somebody named.
///
/// # Errors
/// A refusal whose field is the dotted path of the member at fault.
pub fn read_location(
    mut members: Members,
    organization_id: Option<Id>,
    reading: Reading<'_>,
) -> Result<Location, Refusal> {
    members.retain(|_, value| !value.is_null());
    let (id, key) = take_id(&mut members, "id", reading)?;
    let mut english = take_english(&mut members, reading)?;
    let name = take_text(&mut members, &mut english, "name", reading)?;
    let transportation = take_text(&mut members, &mut english, "transportation", reading)?;
    let placement = take_word(&mut members, "placement", Placement::parse)?;
    let visibility = take_word(&mut members, "location_visibility", Visibility::parse)?.unwrap_or(Visibility::Public);
    let within = take_object(&mut members, "located_in")?.unwrap_or_default();
    let named = |level: &str| within.get(level).and_then(|one| one.get("id")?.as_str()).map(str::to_owned);
    let municipality = named("municipality");
    // A place that is shown by its MRC alone has nothing else to be placed by.
    let is_hidden = visibility != Visibility::Public;
    let (region, mrc) = if is_hidden { (named("region"), named("mrc")) } else { (None, None) };
    // A point that was put at the middle of an area is put there again: the address may have changed.
    let is_exact = placement.is_none_or(|placement| placement == Placement::Exact);
    let point = take_point(&mut members, is_exact, reading)?;
    let document = LocationDocument {
        addresses: read_addresses(&mut members)?,
        transportation,
        schedules: take_list(&mut members, "schedules")?,
        timezone: take_string(&mut members, "timezone")?,
        other: keep_others(members, english),
    };
    Ok(Location {
        id,
        origin: Origin { source: reading.source.to_owned(), key, content_hash: String::new() },
        organization_id,
        name,
        point,
        placement: if point.is_some() { Placement::Exact } else { Placement::None },
        visibility,
        territories: LocatedIn { region, mrc, municipality, borough: None },
        document,
        version: 0,
        retired_at: None,
        replaced_by: None,
    })
}

fn take_point(members: &mut Members, is_exact: bool, reading: Reading<'_>) -> Result<Option<Point>, Refusal> {
    let (lat, lon) = (members.remove("latitude"), members.remove("longitude"));
    let number =
        |value: &Value, name: &str| value.as_f64().ok_or_else(|| Refusal::field(Code::WrongType, name).rule("number"));
    let (lat, lon) = match (lat, lon) {
        (Some(lat), Some(lon)) => (number(&lat, "latitude")?, number(&lon, "longitude")?),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(Refusal::field(Code::MissingField, "longitude")),
        (None, Some(_)) => return Err(Refusal::field(Code::MissingField, "latitude")),
    };
    match Point::new(lat, lon) {
        Some(point) => Ok(is_exact.then_some(point)),
        None if reading.is_request && (-90.0..=90.0).contains(&lat) => {
            Err(Refusal::field(Code::OutOfRange, "longitude").rule("-180..=180"))
        }
        None if reading.is_request => Err(Refusal::field(Code::OutOfRange, "latitude").rule("-90..=90")),
        None => {
            // On no map: kept as it came, and used for nothing.
            members.insert("latitude".to_owned(), as_it_came(lat));
            members.insert("longitude".to_owned(), as_it_came(lon));
            Ok(None)
        }
    }
}

fn as_it_came(value: f64) -> Value {
    #[allow(clippy::cast_possible_truncation)]
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

fn read_addresses(members: &mut Members) -> Result<Vec<Address>, Refusal> {
    let mut addresses: Vec<Address> = take_list(members, "addresses")?;
    for address in &mut addresses {
        for text in [&mut address.address_1, &mut address.city, &mut address.postal_code] {
            if text.as_deref() == Some("") {
                *text = None;
            }
        }
    }
    Ok(addresses)
}

// ---- an organisation

/// Reads one organisation with its own places.
///
/// # Errors
/// A refusal whose field is the dotted path of the member at fault, under `path`.
pub fn read_organization(
    mut members: Members,
    path: &str,
    reading: Reading<'_>,
) -> Result<(Organization, Vec<Location>), Refusal> {
    let read = || -> Result<(Organization, Vec<Location>), Refusal> {
        members.retain(|_, value| !value.is_null());
        let (id, key) = take_id(&mut members, "id", reading)?;
        let mut english = take_english(&mut members, reading)?;
        let name = take_text(&mut members, &mut english, "name", reading)?;
        let description = take_text(&mut members, &mut english, "description", reading)?;
        let mut locations = Vec::new();
        for (position, place) in take_objects(&mut members, "locations")?.into_iter().enumerate() {
            let place = read_location(place, Some(id), reading);
            locations.push(place.map_err(|refusal| under(&format!("locations.{position}"), refusal))?);
        }
        let document = OrganizationDocument {
            description,
            email: take_string(&mut members, "email")?,
            website: take_string(&mut members, "website")?,
            phones: take_list(&mut members, "phones")?,
            other: keep_others(members, english),
        };
        Ok((organization_record(id, key, name, document, reading), locations))
    };
    read_under(path, read)
}

fn read_under<T>(path: &str, read: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    read().map_err(|refusal| if path.is_empty() { refusal } else { under(path, refusal) })
}

// ---- members

fn under(path: &str, mut refusal: Refusal) -> Refusal {
    refusal.field = Some(match refusal.field {
        Some(field) => format!("{path}.{field}"),
        None => path.to_owned(),
    });
    refusal
}

/// Drops the items that relais itself wrote: those that carry the id it would give them.
fn retain_foreign(items: &mut Vec<Value>, ours: impl Fn(&Value) -> Option<Id>) {
    items.retain(|item| {
        let id = item.get("id").and_then(Value::as_str).and_then(|text| text.parse::<Id>().ok());
        id.is_none() || id != ours(item)
    });
}

fn drop_if_empty(members: &mut Members, name: &str) {
    if members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.remove(name);
    }
}

/// The id and the source's own key. A key that is no UUID becomes the same id at every reading.
fn take_id(members: &mut Members, name: &str, reading: Reading<'_>) -> Result<(Id, String), Refusal> {
    match take_string(members, name)? {
        Some(text) => Ok((parse_id(&text, name, reading)?, text)),
        None => {
            let fresh = reading.fresh.ok_or_else(|| Refusal::field(Code::MissingField, name))?;
            let id = fresh();
            Ok((id, id.to_string()))
        }
    }
}

fn parse_id(text: &str, field: &str, reading: Reading<'_>) -> Result<Id, Refusal> {
    match text.parse::<Id>() {
        Ok(id) => Ok(id),
        Err(_) if reading.is_request => Err(Refusal::field(Code::InvalidValue, field).rule("uuid")),
        Err(_) => Ok(Id::from_words(&[reading.source, text])),
    }
}

fn parse_time(text: &str, field: &str) -> Result<Time, Refusal> {
    Time::parse_rfc3339(text).map_err(|_| Refusal::field(Code::InvalidDate, field).rule("RFC 3339"))
}

fn take_string(members: &mut Members, name: &str) -> Result<Option<String>, Refusal> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::field(Code::WrongType, name).rule("string")),
    }
}

fn take_object(members: &mut Members, name: &str) -> Result<Option<Members>, Refusal> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(Refusal::field(Code::WrongType, name).rule("object")),
    }
}

fn take_objects(members: &mut Members, name: &str) -> Result<Vec<Members>, Refusal> {
    let items: Vec<Value> = take_list(members, name)?;
    let object = |(position, item)| match item {
        Value::Object(map) => Ok(map),
        _ => Err(Refusal::field(Code::WrongType, format!("{name}.{position}")).rule("object")),
    };
    items.into_iter().enumerate().map(object).collect()
}

fn take_list<T: DeserializeOwned>(members: &mut Members, name: &str) -> Result<Vec<T>, Refusal> {
    let items = match members.remove(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Refusal::field(Code::WrongType, name).rule("array")),
    };
    let read = |(position, item): (usize, Value)| {
        serde_json::from_value(item).map_err(|error| {
            Refusal::field(Code::WrongType, format!("{name}.{position}")).rule(rule_of(&error.to_string()))
        })
    };
    items.into_iter().enumerate().map(read).collect()
}

fn take_word<T>(members: &mut Members, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    let Some(word) = take_string(members, name)? else { return Ok(None) };
    parse(&word).map(Some).ok_or_else(|| Refusal::field(Code::InvalidValue, name).rule(word))
}

fn take_date(members: &mut Members, name: &str) -> Result<Option<NaiveDate>, Refusal> {
    let Some(text) = take_string(members, name)? else { return Ok(None) };
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
    date.map(Some).map_err(|_| Refusal::field(Code::InvalidDate, name).rule("YYYY-MM-DD"))
}

const AGE_YEARS_MAX: f64 = 150.0;

fn take_years(members: &mut Members, name: &str) -> Result<Option<f64>, Refusal> {
    let Some(value) = members.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let years = value.as_f64().ok_or_else(|| Refusal::field(Code::WrongType, name).rule("number"))?;
    let inside = (0.0..=AGE_YEARS_MAX).contains(&years);
    if inside { Ok(Some(years)) } else { Err(Refusal::field(Code::OutOfRange, name).rule("0..=150")) }
}

fn take_months(members: &mut Members, name: &str) -> Result<Option<u32>, Refusal> {
    let Some(value) = members.remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let months = value.as_i64().ok_or_else(|| Refusal::field(Code::WrongType, name).rule("integer"))?;
    let inside = u32::try_from(months).ok().filter(|months| *months <= 1811);
    inside.map(Some).ok_or_else(|| Refusal::field(Code::OutOfRange, name).rule("0..=1811"))
}

/// The English texts of `translations`; what else is in it stays in it.
fn take_english(members: &mut Members, reading: Reading<'_>) -> Result<Members, Refusal> {
    let Some(mut translations) = take_object(members, "translations")? else { return Ok(Map::new()) };
    let english = take_object(&mut translations, "en").map_err(|refusal| under("translations", refusal))?;
    if reading.is_request
        && let Some(language) = translations.keys().next()
    {
        return Err(Refusal::field(Code::UnknownField, format!("translations.{language}")));
    }
    if !translations.is_empty() {
        members.insert("translations".to_owned(), Value::Object(translations));
    }
    Ok(english.unwrap_or_default())
}

/// The member is French unless it equals its English translation.
fn take_text(members: &mut Members, english: &mut Members, name: &str, reading: Reading<'_>) -> Result<Text, Refusal> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let first = filled(take_string(members, name)?);
    let second = filled(take_string(english, name).map_err(|refusal| under("translations.en", refusal))?);
    Ok(match (first, second) {
        (Some(first), None) if reading.language == Lang::En => Text { fr: None, en: Some(first) },
        (Some(first), Some(second)) if first == second => Text { fr: None, en: Some(second) },
        (fr, en) => Text { fr, en },
    })
}

/// What relais did not read, with the translations that it did not read.
fn keep_others(mut members: Members, english: Members) -> Members {
    if !english.is_empty() {
        let translations = members.entry("translations").or_insert_with(|| Value::Object(Map::new()));
        if let Some(translations) = translations.as_object_mut() {
            translations.insert("en".to_owned(), Value::Object(english));
        }
    }
    members
}
