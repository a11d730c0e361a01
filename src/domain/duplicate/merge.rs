//! One record out of two. The record that stays keeps what it says; what it does not say comes from the other; lists
//! are united without repeats. Nothing becomes more visible than it was: where two disagree, the strictest wins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::facts::{Number, Place};
use crate::clock::Time;
use crate::domain::directory::{
    Address, Capacity, Language, Location, Phone, Service, ServiceAggregate, ServiceAtLocation,
    ServiceAtLocationDocument, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::language::Text;
use crate::domain::words::words;
use crate::id::Id;

words! {
    /// A member that a person may choose a side for. Places are not among them: both records' are kept, so that hiding
    /// one is never undone by a choice.
    pub enum Member {
        Name => "name",
        AlternateName => "alternate_name",
        Status => "status",
        Description => "description",
        ApplicationProcess => "application_process",
        ReferralProcess => "referral_process",
        EligibilityDescription => "eligibility_description",
        FeesDescription => "fees_description",
        Alert => "alert",
        Transit => "transit",
        Url => "url",
        Email => "email",
        MinimumAge => "minimum_age",
        MaximumAge => "maximum_age",
        Capacity => "capacity",
        Phones => "phones",
        Schedules => "schedules",
        Languages => "languages",
        Categories => "categories",
        Served => "served",
        Delivery => "delivery",
        RequiredDocuments => "required_documents",
        CostOptions => "cost_options",
        Contacts => "contacts",
    }
}
words! {
    pub enum Pick {
        Keep => "keep",
        Other => "other",
    }
}

pub type Picks = BTreeMap<Member, Pick>;

/// The record that stays, as it will be. Its identity, origin and version are its own.
pub fn merged(keep: &ServiceAggregate, other: &ServiceAggregate, picks: &Picks) -> Service {
    let (mine, theirs) = (&keep.service, &other.service);
    let mut result = mine.clone();
    let text = |member: Member, mine: &Text, theirs: &Text| match picks.get(&member) {
        Some(Pick::Keep) => mine.clone(),
        Some(Pick::Other) => theirs.clone(),
        None => Text { fr: mine.fr.clone().or(theirs.fr.clone()), en: mine.en.clone().or(theirs.en.clone()) },
    };
    result.name = text(Member::Name, &mine.name, &theirs.name);
    if picks.get(&Member::Status) == Some(&Pick::Other) {
        result.status = theirs.status;
    }
    result.capacity = capacity(picks.get(&Member::Capacity).copied(), mine.capacity, theirs.capacity);
    result.verified_at = mine.verified_at.max(theirs.verified_at);
    result.categories = list(picks, Member::Categories, &mine.categories, &theirs.categories, |a, b| a == b);
    result.served = list(picks, Member::Served, &mine.served, &theirs.served, |a, b| a == b);
    result.at_locations = links(keep, other);
    let (mine, theirs) = (&mine.document, &theirs.document);
    let document = &mut result.document;
    document.alternate_name = text(Member::AlternateName, &mine.alternate_name, &theirs.alternate_name);
    document.description = text(Member::Description, &mine.description, &theirs.description);
    document.application_process =
        text(Member::ApplicationProcess, &mine.application_process, &theirs.application_process);
    document.referral_process = text(Member::ReferralProcess, &mine.referral_process, &theirs.referral_process);
    document.eligibility_description =
        text(Member::EligibilityDescription, &mine.eligibility_description, &theirs.eligibility_description);
    document.fees_description = text(Member::FeesDescription, &mine.fees_description, &theirs.fees_description);
    document.alert = text(Member::Alert, &mine.alert, &theirs.alert);
    document.transit = text(Member::Transit, &mine.transit, &theirs.transit);
    document.url = one(picks, Member::Url, &mine.url, &theirs.url);
    document.email = one(picks, Member::Email, &mine.email, &theirs.email);
    document.minimum_age_months = one(picks, Member::MinimumAge, &mine.minimum_age_months, &theirs.minimum_age_months);
    document.maximum_age_months = one(picks, Member::MaximumAge, &mine.maximum_age_months, &theirs.maximum_age_months);
    merge_lists(document, mine, theirs, picks);
    for (name, value) in &theirs.other {
        document.other.entry(name.clone()).or_insert_with(|| value.clone());
    }
    result
}

fn merge_lists(document: &mut ServiceDocument, mine: &ServiceDocument, theirs: &ServiceDocument, picks: &Picks) {
    document.phones = list(picks, Member::Phones, &mine.phones, &theirs.phones, same_phone);
    hide_as_strictly(&mut document.phones, &theirs.phones);
    document.schedules = list(picks, Member::Schedules, &mine.schedules, &theirs.schedules, |a, b| a == b);
    document.languages = list(picks, Member::Languages, &mine.languages, &theirs.languages, same_language);
    document.delivery = list(picks, Member::Delivery, &mine.delivery, &theirs.delivery, |a, b| a == b);
    document.required_documents =
        list(picks, Member::RequiredDocuments, &mine.required_documents, &theirs.required_documents, same_but_id);
    document.cost_options = list(picks, Member::CostOptions, &mine.cost_options, &theirs.cost_options, same_but_id);
    document.contacts = list(picks, Member::Contacts, &mine.contacts, &theirs.contacts, same_but_id);
}

fn one<T: Clone>(picks: &Picks, member: Member, mine: &Option<T>, theirs: &Option<T>) -> Option<T> {
    match picks.get(&member) {
        Some(Pick::Keep) => mine.clone(),
        Some(Pick::Other) => theirs.clone(),
        None => mine.clone().or(theirs.clone()),
    }
}

fn list<T: Clone>(picks: &Picks, member: Member, mine: &[T], theirs: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    match picks.get(&member) {
        Some(Pick::Keep) => mine.to_vec(),
        Some(Pick::Other) => theirs.to_vec(),
        None => {
            let mut united = mine.to_vec();
            for item in theirs {
                if !united.iter().any(|known| same(known, item)) {
                    united.push(item.clone());
                }
            }
            united
        }
    }
}

/// Room that nobody said of one side comes from the other; of two words, the last.
fn capacity(pick: Option<Pick>, mine: Capacity, theirs: Capacity) -> Capacity {
    match pick {
        Some(Pick::Keep) => mine,
        Some(Pick::Other) => theirs,
        None if !mine.is_said() => theirs,
        None if theirs.is_said() && theirs.observed_at > mine.observed_at => theirs,
        None => mine,
    }
}

fn same_phone(one: &Phone, other: &Phone) -> bool {
    let extension = |phone: &Phone| phone.other.get("extension").map(ToString::to_string);
    let (left, right) = (Number::read_all(&one.number), Number::read_all(&other.number));
    let same = if left.is_empty() || right.is_empty() { one.number == other.number } else { left == right };
    same && extension(one) == extension(other)
}

/// A number that either record shows to professionals alone stays so.
fn hide_as_strictly(phones: &mut [Phone], theirs: &[Phone]) {
    for phone in phones {
        let is_professional = |found: &&Phone| {
            same_phone(phone, found) && found.other.get("visibility").and_then(Value::as_str) == Some("professional")
        };
        if theirs.iter().any(|found| is_professional(&found)) {
            phone.other.insert("visibility".to_owned(), json!("professional"));
        }
    }
}

fn same_language(one: &Language, other: &Language) -> bool {
    match (&one.code, &other.code) {
        (Some(left), Some(right)) => left == right,
        _ => one.name.is_some() && one.name == other.name,
    }
}

fn same_but_id(one: &Value, other: &Value) -> bool {
    let bare = |value: &Value| {
        let mut bare = value.clone();
        bare.as_object_mut().map(|members| members.remove("id"));
        bare
    };
    bare(one) == bare(other)
}

// ---- places

/// The places of both, each once. Where one record hides its place, what the other shows in the same MRC (or in none
/// that is known) is left out: it may be the same place, and nobody is to find out by merging. Of two records of one
/// shown place, the stricter is kept.
fn links(keep: &ServiceAggregate, other: &ServiceAggregate) -> Vec<ServiceAtLocation> {
    let mut united: Vec<(ServiceAtLocation, Location)> = Vec::new();
    for (side, against) in [(keep, other), (other, keep)] {
        for link in &side.service.at_locations {
            let Some(place) = side.locations.iter().find(|place| place.id == link.location_id) else { continue };
            if may_be_hidden_by(place, against) {
                continue;
            }
            match united.iter_mut().find(|(_, known)| is_same_place(known, place)) {
                Some((known, known_place)) => {
                    known.document = united_documents(&known.document, &link.document);
                    if place.visibility > known_place.visibility {
                        (known.location_id, *known_place) = (place.id, place.clone());
                    }
                }
                None => united.push((link.clone(), place.clone())),
            }
        }
    }
    let mine = &keep.service.at_locations;
    let own = |link: &ServiceAtLocation| mine.iter().find(|own| own.location_id == link.location_id);
    united
        .into_iter()
        .map(|(mut link, _)| {
            // An id of the record that left stays its own.
            let plain = ServiceAtLocation::plain(keep.service.id, link.location_id).id;
            link.id = own(&link).map_or(plain, |own| own.id);
            link
        })
        .collect()
}

/// The places that either record shows and that may be the one that the other hides.
pub fn left_out<'a>(keep: &'a ServiceAggregate, other: &'a ServiceAggregate) -> Vec<&'a Location> {
    let of = |side: &'a ServiceAggregate, against: &'a ServiceAggregate| {
        side.locations.iter().filter(move |place| may_be_hidden_by(place, against))
    };
    of(keep, other).chain(of(other, keep)).collect()
}

fn may_be_hidden_by(place: &Location, against: &ServiceAggregate) -> bool {
    place.visibility != Visibility::RegionOnly
        && against.locations.iter().any(|hidden| {
            let (theirs, mine) = (&hidden.territories.mrc, &place.territories.mrc);
            hidden.visibility == Visibility::RegionOnly && (theirs.is_none() || mine.is_none() || theirs == mine)
        })
}

fn is_same_place(one: &Location, other: &Location) -> bool {
    if one.id == other.id {
        return true;
    }
    if one.visibility == Visibility::RegionOnly || other.visibility == Visibility::RegionOnly {
        return false;
    }
    let read = |place: &Location| {
        let all = place.document.addresses.iter();
        all.map(|address: &Address| Place::read(address, None)).collect::<Vec<_>>()
    };
    read(one).iter().any(|left| read(other).iter().any(|right| left.is_same_door(right)))
}

fn united_documents(one: &ServiceAtLocationDocument, other: &ServiceAtLocationDocument) -> ServiceAtLocationDocument {
    let nothing = Picks::new();
    let mut united = one.clone();
    if united.description.is_empty() {
        united.description = other.description.clone();
    }
    united.phones = list(&nothing, Member::Phones, &one.phones, &other.phones, same_phone);
    hide_as_strictly(&mut united.phones, &other.phones);
    united.schedules = list(&nothing, Member::Schedules, &one.schedules, &other.schedules, |a, b| a == b);
    for (name, value) in &other.other {
        united.other.entry(name.clone()).or_insert_with(|| value.clone());
    }
    united
}

// ---- undoing

/// A service as it was, so that a merge can be undone. Kept in the database, never shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    pub status: ServiceStatus,
    pub name: Text,
    pub categories: Vec<String>,
    pub served: Vec<String>,
    pub at_locations: Vec<LinkSnapshot>,
    pub capacity: Capacity,
    pub verified_at: Option<Time>,
    pub document: ServiceDocument,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkSnapshot {
    pub id: Id,
    pub location_id: Id,
    pub document: ServiceAtLocationDocument,
}

impl Snapshot {
    pub fn of(one: &Service) -> Self {
        let link = |link: &ServiceAtLocation| LinkSnapshot {
            id: link.id,
            location_id: link.location_id,
            document: link.document.clone(),
        };
        Self {
            status: one.status,
            name: one.name.clone(),
            categories: one.categories.clone(),
            served: one.served.clone(),
            at_locations: one.at_locations.iter().map(link).collect(),
            capacity: one.capacity,
            verified_at: one.verified_at,
            document: one.document.clone(),
        }
    }

    /// Writes this over a service.
    pub fn restore(self, one: &mut Service) {
        let link = |link: LinkSnapshot| ServiceAtLocation {
            id: link.id,
            location_id: link.location_id,
            document: link.document,
        };
        one.status = self.status;
        one.name = self.name;
        one.categories = self.categories;
        one.served = self.served;
        one.at_locations = self.at_locations.into_iter().map(link).collect();
        one.capacity = self.capacity;
        one.verified_at = self.verified_at;
        one.document = self.document;
    }
}

/// A service as it was before a merge, with what somebody wrote since: a member that is no longer as the merge left it
/// stays as it is.
///
/// # Errors
/// The words of serde where a snapshot cannot be read.
pub fn taken_back(before: &Value, after: &Value, now: &Snapshot) -> Result<Snapshot, serde_json::Error> {
    let mut result = serde_json::to_value(now)?;
    if let (Some(result), Some(before), Some(after)) = (result.as_object_mut(), before.as_object(), after.as_object()) {
        take_back(result, before, after);
    }
    serde_json::from_value(result)
}

fn take_back(now: &mut Map<String, Value>, before: &Map<String, Value>, after: &Map<String, Value>) {
    let names: Vec<String> = now.keys().chain(before.keys()).cloned().collect();
    for name in names {
        let nested = (now.get_mut(&name), before.get(&name), after.get(&name));
        if let ("document", (Some(Value::Object(now)), Some(Value::Object(before)), Some(Value::Object(after)))) =
            (name.as_str(), nested)
        {
            take_back(now, before, after);
            continue;
        }
        if now.get(&name) == after.get(&name) {
            match before.get(&name) {
                Some(value) => now.insert(name, value.clone()),
                None => now.remove(&name),
            };
        }
    }
}
