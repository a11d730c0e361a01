//! The directory as relais thinks of it: organisations, services, and the places where they are given (HSDS words).
//! Identity, references and state are fields; leaf lists and members that relais does not read stay as they came,
//! so that HSDS goes in and comes out without loss.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::freshness::Review;
use super::language::Text;
use super::publics::Public;
use super::words::words;
use crate::clock::Time;
use crate::id::Id;

words! {
    /// HSDS `status` of a service.
    pub enum ServiceStatus {
        Active => "active",
        Inactive => "inactive",
        Defunct => "defunct",
        TemporarilyClosed => "temporarily closed",
    }
}
words! {
    /// Who may see where a place is. `RegionOnly` (a shelter): its MRC and nothing finer, in every answer and index.
    pub enum Visibility {
        Public => "public",
        Professional => "professional",
        RegionOnly => "region_only",
    }
}
words! {
    /// How a point came to be: given by the source, or put at the middle of a postal area or municipality.
    pub enum Placement {
        Exact => "exact",
        PostalArea => "postal_area",
        Municipality => "municipality",
        None => "none",
    }
}
words! {
    /// How a service reaches people.
    pub enum Delivery {
        InPerson => "in_person",
        Remote => "remote",
        AtHome => "at_home",
    }
}

/// A point in degrees, WGS 84. Latitude is within -90..=90, longitude within -180..=180, both finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub lat: f64,
    pub lon: f64,
}

impl Point {
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        let inside = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        inside.then_some(Self { lat, lon })
    }
    /// Great-circle distance in kilometres (haversine, mean Earth radius 6,371.0088 km).
    pub fn distance_km(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat2 - lat1) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat * half_lat + lat1.cos() * lat2.cos() * half_lon * half_lon;
        2.0 * 6_371.008_8 * chord.sqrt().min(1.0).asin()
    }
}

/// Which source a record came from, under which key there, and what it said: the same file read again changes
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub source: String,
    /// Unique within the source.
    pub key: String,
    /// SHA-256 in hexadecimal of what the source said; empty for a record written here.
    pub content_hash: String,
}

impl Origin {
    /// The source of records that were written here, by a person.
    pub const LOCAL: &'static str = "relais";

    pub fn local(id: Id) -> Self {
        Self { source: Self::LOCAL.to_owned(), key: id.to_string(), content_hash: String::new() }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    pub id: Id,
    pub origin: Origin,
    pub name: Text,
    /// Where referrals are sent to an organisation without an account. Only an administrator sets it: no import,
    /// claim or link may. It is never in the HSDS answer.
    pub referral_address: Option<String>,
    /// The organisation employs outreach workers and is enrolled in the network since this day.
    pub enrolled_on: Option<NaiveDate>,
    pub document: OrganizationDocument,
    pub version: i64,
    pub updated_at: Time,
    /// It left the directory at this moment, and is kept.
    pub retired_at: Option<Time>,
    /// The organisation that stands for it since: a reader is sent there.
    pub replaced_by: Option<Id>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OrganizationDocument {
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Members of the source that relais does not read, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub id: Id,
    pub origin: Origin,
    pub organization_id: Id,
    pub status: ServiceStatus,
    pub name: Text,
    /// Need codes `top-level/leaf` of `index/taxonomy/`.
    pub categories: Vec<String>,
    /// Territory ids (`mrc:58`) whose residents the service accepts; empty when it does not say.
    pub served: Vec<String>,
    /// Where it is given, in the order of the source.
    pub at_locations: Vec<ServiceAtLocation>,
    pub capacity: Capacity,
    /// When somebody last confirmed that the record is true.
    pub verified_at: Option<Time>,
    /// How often it is confirmed, and when it must be again.
    pub review: Review,
    pub document: ServiceDocument,
    pub version: i64,
    pub updated_at: Time,
    /// It left the directory at this moment, and is kept.
    pub retired_at: Option<Time>,
    /// The service that stands for it since: a reader is sent there.
    pub replaced_by: Option<Id>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ServiceDocument {
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub alternate_name: Text,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    /// How a person applies.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub application_process: Text,
    /// How a professional refers, as against how a person applies.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub referral_process: Text,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub eligibility_description: Text,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub fees_description: Text,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub alert: Text,
    /// How to get there without a car.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub transit: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Age accepted, in months, inclusive at both ends. An unborn child is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_age_months: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_age_months: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Language>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<Delivery>,
    /// Only these people are accepted; everybody where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_exclusive: Vec<Public>,
    /// Everybody is accepted, these people first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub public_preferred: Vec<Public>,
    /// Closed for a while, both days included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_until: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_documents: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_options: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Value>,
    /// Members of the source that relais does not read, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Phone {
    pub number: String,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Language {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ISO 639-1, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// HSDS schedule: words of RFC 5545 (`freq`, `byday`), local times of the place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Schedule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freq: Option<String>,
    /// `MO,TU,WE,TH,FR,SA,SU`, comma separated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byday: Option<String>,
    /// `HH:MM` or `HH:MM:SS`, local time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<String>,
    /// Local time; at or before `opens_at` it means the next day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// HSDS `service_at_location`: one service at one place, with what holds only there.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceAtLocation {
    pub id: Id,
    pub location_id: Id,
    pub document: ServiceAtLocationDocument,
}

impl ServiceAtLocation {
    /// The link of a service to a place of which nothing more is said; the same two give the same id.
    pub fn plain(service_id: Id, location_id: Id) -> Self {
        let words = ["service_at_location", &service_id.to_string(), &location_id.to_string()];
        Self { id: Id::from_words(&words), location_id, document: ServiceAtLocationDocument::default() }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ServiceAtLocationDocument {
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Hours that hold at this place; where there are none, those of the service, then those of the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Room at a service, as last said by somebody. `None` is unknown, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Capacity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places_available: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_list_length: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_days: Option<i32>,
    /// The latest of what was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<Time>,
    /// Who said each number, and when: each is as old as its own last word.
    #[serde(default, skip_serializing_if = "CapacityWords::is_empty")]
    pub said: CapacityWords,
}

words! {
    /// Whose word it is, never which person.
    pub enum Voice {
        Member => "member",
        Curator => "curator",
        Link => "link",
        Import => "import",
        Sample => "sample",
        Other => "other",
    }
}

/// One number's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityWord {
    pub observed_at: Time,
    pub source: Voice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct CapacityWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places_available: Option<CapacityWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_list_length: Option<CapacityWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_days: Option<CapacityWord>,
}

impl CapacityWords {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Capacity {
    /// Somebody said something of the room.
    pub fn is_said(&self) -> bool {
        self.places_available.is_some() || self.waiting_list_length.is_some() || self.wait_days.is_some()
    }

    /// The numbers that carry no word of their own: they are said now.
    pub fn only_new(self) -> Self {
        Self {
            places_available: self.places_available.filter(|_| self.said.places_available.is_none()),
            waiting_list_length: self.waiting_list_length.filter(|_| self.said.waiting_list_length.is_none()),
            wait_days: self.wait_days.filter(|_| self.said.wait_days.is_none()),
            ..self
        }
    }

    /// The same numbers, each with a word: its own where it has one, else this one's. A number that is not there has
    /// none.
    pub fn worded(self, source: Voice, now: Time) -> Self {
        let word = CapacityWord { observed_at: self.observed_at.unwrap_or(now), source };
        let of = |value: Option<i32>, own: Option<CapacityWord>| value.map(|_| own.unwrap_or(word));
        let said = CapacityWords {
            places_available: of(self.places_available, self.said.places_available),
            waiting_list_length: of(self.waiting_list_length, self.said.waiting_list_length),
            wait_days: of(self.wait_days, self.said.wait_days),
        };
        Self { said, ..self }
    }

    /// What is known once somebody said something more: a number that they did not say stays, and so does one that is
    /// known from later than what they say. `None`: nothing of it is news.
    pub fn told(self, said: Capacity, word: CapacityWord) -> Option<Self> {
        let mut after = self;
        let members: [(Option<i32>, &mut Option<i32>, &mut Option<CapacityWord>); 3] = [
            (said.places_available, &mut after.places_available, &mut after.said.places_available),
            (said.waiting_list_length, &mut after.waiting_list_length, &mut after.said.waiting_list_length),
            (said.wait_days, &mut after.wait_days, &mut after.said.wait_days),
        ];
        for (new, value, known) in members {
            let known_at = known.map(|known| known.observed_at).or(value.and(self.observed_at));
            let is_later = known_at.is_none_or(|known_at| known_at <= word.observed_at);
            if new.is_some() && is_later {
                (*value, *known) = (new, Some(word));
            }
        }
        if after == self {
            return None;
        }
        after.observed_at = after.observed_at.max(Some(word.observed_at));
        Some(after)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    pub id: Id,
    pub origin: Origin,
    pub organization_id: Option<Id>,
    pub name: Text,
    pub point: Option<Point>,
    pub placement: Placement,
    pub visibility: Visibility,
    /// Territory ids from widest to finest: region, MRC, municipality (when somebody said it), borough.
    pub territories: LocatedIn,
    pub document: LocationDocument,
    pub version: i64,
    /// It left the directory at this moment, and is kept.
    pub retired_at: Option<Time>,
    /// The place that stands for it since: a reader is sent there.
    pub replaced_by: Option<Id>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocatedIn {
    pub region: Option<String>,
    pub mrc: Option<String>,
    pub municipality: Option<String>,
    pub borough: Option<String>,
}

impl LocatedIn {
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        [&self.region, &self.mrc, &self.municipality, &self.borough].into_iter().filter_map(|id| id.as_deref())
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LocationDocument {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub transportation: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Schedule>,
    /// IANA name; `America/Toronto` where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Address {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_1: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A service with all that is shown with it: what the index and the HSDS answer are made from.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceAggregate {
    pub service: Service,
    pub organization: Organization,
    pub locations: Vec<Location>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, source: Voice) -> CapacityWord {
        CapacityWord { observed_at: Time::parse_rfc3339(text).unwrap(), source }
    }

    fn places_of(places: i32) -> Capacity {
        Capacity { places_available: Some(places), ..Capacity::default() }
    }

    #[test]
    fn each_number_of_the_room_is_as_old_as_its_own_last_word() {
        let monday = word("2026-06-15T14:00:00Z", Voice::Import);
        let tuesday = word("2026-06-16T14:00:00Z", Voice::Link);
        let wednesday = word("2026-06-17T14:00:00Z", Voice::Member);
        let places = places_of;
        let both = |places: i32, days: i32| Capacity { wait_days: Some(days), ..places_of(places) };
        let known = Capacity::default().told(places(3), wednesday).unwrap();
        let known = known.told(both(9, 30), tuesday).unwrap();
        assert_eq!((known.places_available, known.wait_days), (Some(3), Some(30)), "the later word stays");
        assert_eq!((known.said.places_available, known.said.wait_days), (Some(wednesday), Some(tuesday)));
        assert_eq!(known.observed_at, Some(wednesday.observed_at), "the latest of all");
        assert_eq!(known.told(both(1, 1), monday), None, "nothing of it is news");
        assert_eq!(known.told(Capacity::default(), wednesday), None, "nothing was said");
        // Known from before words were kept: as old as the whole.
        let wordless = Capacity { observed_at: Some(tuesday.observed_at), ..places(5) };
        assert_eq!(wordless.told(places(1), monday), None);
        assert_eq!(wordless.told(places(1), tuesday).map(|after| after.places_available), Some(Some(1)));
    }
}
