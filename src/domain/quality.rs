//! How good a record is, from 0 to 100, and what it lacks. Points are for what a worker needs to send a family there:
//! most for knowing what it is and how to reach it. The part that the record alone decides ([`content_score`]) is kept
//! beside it; the part that time decides is added when it is read.

use chrono::TimeDelta;

use super::directory::{Delivery, Service};
use super::words::words;
use crate::clock::Time;

/// Below this a record is poor: a curator is shown it. The index of poor records has the same number.
pub const POOR_BELOW: i32 = 50;

/// A description shorter than this says too little, in characters.
const DESCRIPTION_CHARACTERS_MIN: usize = 40;

/// Room said longer ago than this is not known any more, in days.
const CAPACITY_DAYS_MAX: i64 = 90;

words! {
    /// What a record may lack.
    pub enum Lack {
        Description => "description",
        Contact => "contact",
        Place => "place",
        Hours => "hours",
        Categories => "categories",
        Eligibility => "eligibility",
        Cost => "cost",
        English => "english",
        Languages => "languages",
        Served => "served",
        Application => "application",
        Verified => "verified",
        Capacity => "capacity",
    }
}

impl Lack {
    /// All points together are 100.
    pub fn points(self) -> i32 {
        match self {
            Self::Description | Self::Contact => 15,
            Self::Place | Self::Hours => 10,
            Self::Categories | Self::Eligibility => 8,
            Self::Verified => 7,
            Self::Cost | Self::English => 6,
            Self::Languages | Self::Served | Self::Application => 4,
            Self::Capacity => 3,
        }
    }
    /// Whether time alone brings it about.
    fn is_of_time(self) -> bool {
        matches!(self, Self::Verified | Self::Capacity)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// 0 to 100.
    pub score: i32,
    /// What weighs most first.
    pub missing: Vec<Lack>,
}

/// The points of what the record says, whatever the day: 0 to 90.
pub fn content_score(service: &Service) -> i32 {
    let has = |lack: &&Lack| !lack.is_of_time() && !lacks(service, **lack);
    Lack::ALL.iter().filter(has).map(|lack| lack.points()).sum()
}

pub fn assess(service: &Service, now: Time) -> Quality {
    let missing = |lack: &Lack| match lack {
        Lack::Verified => service.verified_at.is_none() || service.review.due_at.is_some_and(|due_at| due_at <= now),
        Lack::Capacity => {
            let since = now.plus(TimeDelta::days(-CAPACITY_DAYS_MAX));
            service.capacity.observed_at.is_none_or(|observed_at| observed_at < since)
        }
        other => lacks(service, *other),
    };
    let mut missing: Vec<Lack> = Lack::ALL.iter().copied().filter(missing).collect();
    missing.sort_by_key(|lack| -lack.points());
    let lost: i32 = missing.iter().map(|lack| lack.points()).sum();
    Quality { score: 100 - lost, missing }
}

fn lacks(service: &Service, lack: Lack) -> bool {
    let document = &service.document;
    let is_said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let is_long = |text: &Option<String>| {
        text.as_deref().is_some_and(|text| text.trim().chars().count() >= DESCRIPTION_CHARACTERS_MIN)
    };
    match lack {
        Lack::Description => !is_long(&document.description.fr) && !is_long(&document.description.en),
        Lack::Contact => document.phones.is_empty() && !is_said(&document.email),
        Lack::Place => {
            let elsewhere = [Delivery::Remote, Delivery::AtHome];
            service.at_locations.is_empty() && !document.delivery.iter().any(|way| elsewhere.contains(way))
        }
        Lack::Hours => {
            let at_place = service.at_locations.iter().any(|link| !link.document.schedules.is_empty());
            document.schedules.is_empty() && !at_place
        }
        Lack::Categories => service.categories.is_empty(),
        Lack::Eligibility => {
            let ages = document.minimum_age_months.or(document.maximum_age_months);
            document.eligibility_description.is_empty() && ages.is_none()
        }
        Lack::Cost => document.fees_description.is_empty() && document.cost_options.is_empty(),
        Lack::English => !is_said(&service.name.en) || !is_said(&document.description.en),
        Lack::Languages => document.languages.is_empty(),
        Lack::Served => service.served.is_empty(),
        Lack::Application => document.application_process.is_empty() && document.referral_process.is_empty(),
        Lack::Verified | Lack::Capacity => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_points_are_a_hundred_and_those_of_the_record_ninety() {
        let all: i32 = Lack::ALL.iter().map(|lack| lack.points()).sum();
        let of_record: i32 = Lack::ALL.iter().filter(|lack| !lack.is_of_time()).map(|lack| lack.points()).sum();
        assert_eq!((all, of_record), (100, 90));
    }
}
