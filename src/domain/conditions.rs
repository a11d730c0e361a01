//! What a search may ask of a service beyond its words and its place, and what the directory says of it: what it costs,
//! how it reaches people, whom it is for, when it is open. Pure; shared by the search and by the matching of a family.
//! `None` is what nobody said: it is never taken for a yes, and never for a no.

use serde::{Deserialize, Serialize};

use super::directory::{Delivery, Location, Service, Visibility};
use super::fold::fold;
use super::publics::Public;
use super::schedule::{OpeningHours, WeeklySpan};
use super::taxonomy::is_of_category;
use super::words::words;
use crate::clock::Time;

/// Needs of things, of care and of a roof: what says that it meets them from afar spares no visit for sure.
const NEEDS_OF_PRESENCE: [&str; 9] = [
    "food",
    "material-aid",
    "childcare/daycare",
    "childcare/drop-in",
    "childcare/school-age",
    "transport",
    "respite",
    "housing/emergency-shelter",
    "safety-violence/shelter",
];

words! {
    /// What it may cost.
    pub enum Cost {
        Free => "free",
    }
}
words! {
    /// Papers that people have with them.
    pub enum Documents {
        None => "none",
    }
}

/// What is asked of a service, in the words of the search. Each leaves out what is known to be against it, and keeps
/// what nobody said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wheelchair: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_car: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_room: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Documents>,
    /// Any of them will do; empty: whichever.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivery: Vec<Delivery>,
    /// People who are of any of them.
    #[serde(rename = "public", skip_serializing_if = "Vec::is_empty")]
    pub publics: Vec<Public>,
    /// Open at some moment from the first, up to the second and without it. It passes: it is never kept.
    #[serde(skip)]
    pub open_between: Option<(Time, Time)>,
    /// Open at some moment of any of them, the next time that they come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_weekly: Vec<WeeklySpan>,
    /// Leaves out what nobody said too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known_only: bool,
}

impl Conditions {
    /// Whether the hours are as asked; `Some(true)` where none were asked.
    pub fn met_by(&self, hours: Option<&OpeningHours>, now: Time) -> Option<bool> {
        let between = self.open_between.map(|(from, to)| hours.and_then(|hours| hours.open_between(from, to)));
        let weekly = self.open_weekly.iter().map(|span| hours.and_then(|hours| hours.open_within(*span, now)));
        both(between.unwrap_or(Some(true)), any(weekly).unwrap_or(Some(true)))
    }

    /// Something is asked of the hours.
    pub fn asks_hours(&self) -> bool {
        self.open_between.is_some() || !self.open_weekly.is_empty()
    }
}

/// Any is so; none asked is nothing.
fn any(said: impl Iterator<Item = Option<bool>>) -> Option<Option<bool>> {
    said.reduce(|one, other| match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        (Some(false), Some(false)) => Some(false),
    })
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (None, _) | (_, None) => None,
        (Some(true), Some(true)) => Some(true),
    }
}

// ---- what it costs

/// Words of a fee that say free when nothing else is said, and words that say that something else is.
const FREE_WORDS: [&str; 9] =
    ["gratuit", "gratuite", "gratuits", "gratuites", "gratuitement", "free", "sans frais", "no charge", "no cost"];
const NOT_ONLY_FREE: [&str; 19] = [
    "ou",
    "or",
    "sauf",
    "except",
    "pas",
    "not",
    "non",
    "petit prix",
    "low cost",
    "bas prix",
    "contribution",
    "selon",
    "depending",
    "certain",
    "certains",
    "some",
    "premiere",
    "first",
    "membres",
];
const PAID_WORDS: [&str; 3] = ["payant", "payante", "payants"];

/// `None`: nobody said, or it depends.
pub fn is_free(service: &Service) -> Option<bool> {
    let amount = |option: &serde_json::Value| {
        let amount = &option["amount"];
        amount.as_f64().or_else(|| amount.as_str().and_then(|text| text.trim().replace(',', ".").parse().ok()))
    };
    let options = &service.document.cost_options;
    let amounts: Vec<Option<f64>> = options.iter().map(amount).collect();
    if !amounts.is_empty() && amounts.iter().all(Option::is_some) {
        let is_nothing = |amount: &Option<f64>| *amount == Some(0.0);
        return match (amounts.iter().any(is_nothing), amounts.iter().all(is_nothing)) {
            (_, true) => Some(true),
            (false, false) => Some(false),
            (true, false) => None,
        };
    }
    let texts = [&service.document.fees_description.fr, &service.document.fees_description.en];
    let said: Vec<bool> = texts.into_iter().flatten().filter_map(|text| says_free(text)).collect();
    let first = said.first().copied();
    first.filter(|first| said.iter().all(|other| other == first))
}

fn says_free(text: &str) -> Option<bool> {
    let folded = format!(" {} ", fold(text));
    let holds = |words: &[&str]| words.iter().any(|word| folded.contains(&format!(" {word} ")));
    let has_price = text.contains('$') && text.chars().any(|letter| letter.is_ascii_digit());
    match (holds(&FREE_WORDS), has_price || holds(&PAID_WORDS), holds(&NOT_ONLY_FREE)) {
        (true, false, false) => Some(true),
        (false, true, false) => Some(false),
        _ => None,
    }
}

// ---- how it is reached

/// Whether all that the service is found for, or all that it gives, wants somebody or something to be there.
pub fn needs_presence(service: &Service, asked: Option<&str>) -> bool {
    let mut codes =
        service.categories.iter().filter(|code| asked.is_none_or(|asked| is_of_category(code, asked))).peekable();
    codes.peek().is_some() && codes.all(|code| wants_presence(code))
}

/// What is given for a need wants somebody or something to be there.
pub fn wants_presence(code: &str) -> bool {
    NEEDS_OF_PRESENCE.iter().any(|need| is_of_category(code, need))
}

/// It comes to people, or is given from afar where that spares a visit.
pub fn spares_a_visit(service: &Service) -> bool {
    let gives = |how| service.document.delivery.contains(&how);
    gives(Delivery::AtHome) || gives(Delivery::Remote) && !needs_presence(service, None)
}

/// `None`: nobody said how it is given.
pub fn is_given(service: &Service, asked: &[Delivery]) -> Option<bool> {
    let said = &service.document.delivery;
    (!said.is_empty()).then(|| said.iter().any(|how| asked.contains(how)))
}

/// A place, as far as somebody may know of it.
pub fn known_place(place: &Location, is_professional: bool) -> Option<&Location> {
    let is_known = match place.visibility {
        Visibility::Public => true,
        Visibility::Professional => is_professional,
        Visibility::RegionOnly => false,
    };
    is_known.then_some(place)
}

/// Whether somebody in a wheelchair may use it: at one of its places, or without going there. Of a place that may not
/// be known, nothing is said.
pub fn takes_wheelchairs<'a>(service: &Service, places: impl Iterator<Item = Option<&'a Location>>) -> Option<bool> {
    if spares_a_visit(service) {
        return Some(true);
    }
    let known = any(places.map(|place| place.and_then(wheelchair))).flatten();
    // Who is said to give it from afar alone, a meal or a bed, may be right: the office refuses nobody.
    let is_from_afar = is_given(service, &[Delivery::InPerson, Delivery::AtHome]) == Some(false);
    known.filter(|is_accessible| *is_accessible || !is_from_afar)
}

/// Somebody says how to get there without a car.
pub fn tells_way_without_car(service: &Service, place: Option<&Location>) -> bool {
    !service.document.transit.is_empty() || place.is_some_and(|place| !place.document.transportation.is_empty())
}

/// No car is needed: nobody goes there, or somebody says how to. Whether one walks there depends on where one lives.
pub fn is_for_who_has_no_car<'a>(service: &Service, mut places: impl Iterator<Item = Option<&'a Location>>) -> bool {
    spares_a_visit(service)
        || tells_way_without_car(service, None)
        || places.any(|place| tells_way_without_car(service, place))
}

const WHEELCHAIR_WORDS: [&str; 9] = [
    "fauteuil roulant",
    "fauteuils roulants",
    "wheelchair",
    "wheelchairs",
    "plain pied",
    "step free",
    "mobilite reduite",
    "reduced mobility",
    "rampe",
];
const NEGATIONS: [&str; 11] =
    ["non", "pas", "aucun", "aucune", "sans", "inaccessible", "not", "no", "without", "partiellement", "partially"];
const WHEELCHAIR_REFUSED: [&str; 7] = [
    "non accessible",
    "pas accessible",
    "inaccessible",
    "not accessible",
    "not wheelchair accessible",
    "no wheelchair",
    "pas de rampe",
];

/// What the place says of wheelchairs, read from free text with care: a sentence that both affirms and denies says
/// nothing.
pub fn wheelchair(place: &Location) -> Option<bool> {
    let texts: Vec<&str> = match place.document.other.get("accessibility") {
        Some(serde_json::Value::Array(list)) => {
            list.iter().flat_map(|one| [one["description"].as_str(), one["details"].as_str()]).flatten().collect()
        }
        Some(serde_json::Value::String(text)) => vec![text],
        _ => vec![],
    };
    let said: Vec<bool> = texts.into_iter().filter_map(says_wheelchair).collect();
    let first = said.first().copied();
    first.filter(|first| said.iter().all(|other| other == first))
}

fn says_wheelchair(text: &str) -> Option<bool> {
    let folded = format!(" {} ", fold(text));
    let holds = |words: &[&str]| words.iter().any(|word| folded.contains(&format!(" {word} ")));
    match (holds(&WHEELCHAIR_WORDS), holds(&WHEELCHAIR_REFUSED), holds(&NEGATIONS)) {
        (_, true, _) => Some(false),
        (true, false, false) => Some(true),
        _ => None,
    }
}

// ---- whom it takes

/// `None`: nobody said.
pub fn has_room(service: &Service) -> Option<bool> {
    service.capacity.places_available.map(|places| places > 0)
}

/// It takes only people of other publics.
pub fn is_only_for_others(service: &Service, asked: &[Public]) -> bool {
    let only = &service.document.public_exclusive;
    !only.is_empty() && !asked.is_empty() && !only.iter().any(|public| asked.contains(public))
}

/// It names one of the publics, as the only ones or as the first.
pub fn is_for(service: &Service, asked: &[Public]) -> bool {
    let document = &service.document;
    document.public_exclusive.iter().chain(&document.public_preferred).any(|public| asked.contains(public))
}

/// People who interpret are there: whatever language is asked, it may be met.
pub fn has_interpreters(service: &Service) -> bool {
    let said = service.document.other.get("interpretation_services").and_then(|text| text.as_str());
    said.is_some_and(|text| !text.trim().is_empty())
}

/// Beginnings of what is said of papers where none is wanted, and words that say that some are after all.
const NO_DOCUMENT: [&str; 8] =
    ["aucun", "aucune", "none", "no document", "no documents", "no papers", "pas de document", "pas de documents"];
const SOME_DOCUMENT: [&str; 5] = ["sauf", "except", "unless", "mais", "but"];

/// Whether people must bring papers. `None`: nobody said.
pub fn asks_for_documents(service: &Service) -> Option<bool> {
    let texts = service.document.required_documents.iter().filter_map(|one| one["document"].as_str().or(one.as_str()));
    any(texts.filter(|text| !text.trim().is_empty()).map(says_document)).flatten()
}

fn says_document(text: &str) -> Option<bool> {
    let folded = format!("{} ", fold(text));
    let is_none = NO_DOCUMENT.iter().any(|none| folded.starts_with(&format!("{none} ")));
    let has_some = SOME_DOCUMENT.iter().any(|some| folded.contains(&format!(" {some} ")));
    match (is_none, has_some) {
        (false, _) => Some(true),
        (true, false) => Some(false),
        (true, true) => None,
    }
}

#[cfg(test)]
pub(super) mod tests;
