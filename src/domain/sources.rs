//! Several sources may describe one thing. Which of them says a field: a person here over any source, then the source
//! of higher priority, then the newer. A lower source fills only what nobody of higher rank said
//! (docs/decisions/0008).

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::directory::{Location, Organization, Origin, Service};
use super::language::Text;

pub const PRIORITY_MIN: i32 = -100;
pub const PRIORITY_MAX: i32 = 100;

/// Higher wins. What a person said here is above every source.
fn rank(source: &str, priorities: &HashMap<String, i32>) -> i64 {
    if source == Origin::LOCAL { i64::MAX } else { i64::from(priorities.get(source).copied().unwrap_or(0)) }
}

/// What one source says of a record that is there, taken field by field.
pub struct Merge<'a> {
    /// Who speaks now.
    source: &'a str,
    /// The source of the record itself: it said every field that is not in `holders`.
    base: &'a str,
    /// Who said a field, where it is another than the base.
    holders: &'a HashMap<String, String>,
    priorities: &'a HashMap<String, i32>,
    taken: Vec<String>,
}

impl<'a> Merge<'a> {
    pub fn new(
        source: &'a str,
        base: &'a str,
        holders: &'a HashMap<String, String>,
        priorities: &'a HashMap<String, i32>,
    ) -> Self {
        Self { source, base, holders, priorities, taken: Vec::new() }
    }

    /// The fields that the source has said over what was there.
    pub fn into_taken(self) -> Vec<String> {
        self.taken
    }

    /// The source's own fields follow it, also where it no longer says them. Another's are taken when the source says
    /// something, and nobody of higher rank did.
    fn takes(&self, field: &str, is_there: bool, is_said: bool) -> bool {
        let holder = self.holders.get(field).map(String::as_str);
        if holder.unwrap_or(self.base) == self.source {
            return true;
        }
        // A field that is empty and that nobody emptied was said by nobody.
        let nobody_said = !is_there && holder.is_none();
        is_said
            && (nobody_said || rank(self.source, self.priorities) >= rank(holder.unwrap_or(self.base), self.priorities))
    }

    fn field<T: PartialEq + Clone>(&mut self, name: &str, there: &mut T, said: &T, is_empty: impl Fn(&T) -> bool) {
        if there != said && self.takes(name, !is_empty(there), !is_empty(said)) {
            there.clone_from(said);
            self.taken.push(name.to_owned());
        }
    }

    fn option<T: PartialEq + Clone>(&mut self, name: &str, there: &mut Option<T>, said: &Option<T>) {
        self.field(name, there, said, Option::is_none);
    }

    fn list<T: PartialEq + Clone>(&mut self, name: &str, there: &mut Vec<T>, said: &Vec<T>) {
        self.field(name, there, said, Vec::is_empty);
    }

    fn text(&mut self, name: &str, there: &mut Text, said: &Text) {
        self.field(name, there, said, Text::is_empty);
    }

    /// Members that relais does not read, each by its name.
    fn others(&mut self, there: &mut Map<String, Value>, said: &Map<String, Value>) {
        let names: BTreeSet<String> = there.keys().chain(said.keys()).cloned().collect();
        for name in names {
            let mut value = there.get(&name).cloned();
            self.option(&name, &mut value, &said.get(&name).cloned());
            match value {
                Some(value) => there.insert(name, value),
                None => there.shift_remove(&name),
            };
        }
    }

    /// Takes of a service what the source may say. Room and verification are the latest word of anybody, and not taken
    /// here; nor is the organisation.
    pub fn service(&mut self, there: &mut Service, said: &Service) {
        self.text("name", &mut there.name, &said.name);
        self.field("status", &mut there.status, &said.status, |_| false);
        self.list("categories", &mut there.categories, &said.categories);
        self.list("served", &mut there.served, &said.served);
        self.list("service_at_locations", &mut there.at_locations, &said.at_locations);
        let (there, said) = (&mut there.document, &said.document);
        self.text("alternate_name", &mut there.alternate_name, &said.alternate_name);
        self.text("description", &mut there.description, &said.description);
        self.text("application_process", &mut there.application_process, &said.application_process);
        self.text("referral_process", &mut there.referral_process, &said.referral_process);
        self.text("eligibility_description", &mut there.eligibility_description, &said.eligibility_description);
        self.text("fees_description", &mut there.fees_description, &said.fees_description);
        self.text("alert", &mut there.alert, &said.alert);
        self.text("transit", &mut there.transit, &said.transit);
        self.option("url", &mut there.url, &said.url);
        self.option("email", &mut there.email, &said.email);
        self.option("minimum_age", &mut there.minimum_age_months, &said.minimum_age_months);
        self.option("maximum_age", &mut there.maximum_age_months, &said.maximum_age_months);
        self.list("phones", &mut there.phones, &said.phones);
        self.list("schedules", &mut there.schedules, &said.schedules);
        self.list("languages", &mut there.languages, &said.languages);
        self.list("delivery", &mut there.delivery, &said.delivery);
        self.option("closed_from", &mut there.closed_from, &said.closed_from);
        self.option("closed_until", &mut there.closed_until, &said.closed_until);
        self.list("required_documents", &mut there.required_documents, &said.required_documents);
        self.list("cost_options", &mut there.cost_options, &said.cost_options);
        self.list("contacts", &mut there.contacts, &said.contacts);
        self.others(&mut there.other, &said.other);
    }

    /// Takes of an organisation what the source may say; never where its referrals are sent.
    pub fn organization(&mut self, there: &mut Organization, said: &Organization) {
        self.text("name", &mut there.name, &said.name);
        let (there, said) = (&mut there.document, &said.document);
        self.text("description", &mut there.description, &said.description);
        self.option("email", &mut there.email, &said.email);
        self.option("website", &mut there.website, &said.website);
        self.list("phones", &mut there.phones, &said.phones);
        self.others(&mut there.other, &said.other);
    }

    /// Takes of a place what the source may say. Point, precision and territories go together; who may see it only
    /// ever gets stricter, whoever says so.
    pub fn location(&mut self, there: &mut Location, said: &Location) {
        self.text("name", &mut there.name, &said.name);
        let position = |one: &Location| (one.point, one.placement, one.territories.clone());
        let (mut known, new) = (position(there), position(said));
        self.field("position", &mut known, &new, |(point, _, _)| point.is_none());
        (there.point, there.placement, there.territories) = known;
        there.visibility = there.visibility.max(said.visibility);
        let (there, said) = (&mut there.document, &said.document);
        self.list("addresses", &mut there.addresses, &said.addresses);
        self.text("transportation", &mut there.transportation, &said.transportation);
        self.list("schedules", &mut there.schedules, &said.schedules);
        self.option("timezone", &mut there.timezone, &said.timezone);
        self.others(&mut there.other, &said.other);
    }
}

/// The fields in which two versions of a service differ: what a person changed who wrote the second.
pub fn changed_fields_of_service(before: &Service, after: &Service) -> Vec<String> {
    let (holders, priorities) = (HashMap::new(), HashMap::new());
    let mut merge = Merge::new(Origin::LOCAL, Origin::LOCAL, &holders, &priorities);
    merge.service(&mut before.clone(), after);
    merge.into_taken()
}

/// The fields in which two versions of an organisation differ.
pub fn changed_fields_of_organization(before: &Organization, after: &Organization) -> Vec<String> {
    let (holders, priorities) = (HashMap::new(), HashMap::new());
    let mut merge = Merge::new(Origin::LOCAL, Origin::LOCAL, &holders, &priorities);
    merge.organization(&mut before.clone(), after);
    merge.into_taken()
}

/// The fields in which two versions of a place differ.
pub fn changed_fields_of_location(before: &Location, after: &Location) -> Vec<String> {
    let (holders, priorities) = (HashMap::new(), HashMap::new());
    let mut merge = Merge::new(Origin::LOCAL, Origin::LOCAL, &holders, &priorities);
    merge.location(&mut before.clone(), after);
    merge.into_taken()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(source: &str, holder: Option<&str>, is_there: bool, is_said: bool) -> bool {
        let priorities: HashMap<String, i32> =
            [("low", -5), ("base", 0), ("equal", 0), ("high", 7)].map(|(name, one)| (name.to_owned(), one)).into();
        let holders = holder.map(|name| ("url".to_owned(), name.to_owned())).into_iter().collect();
        Merge::new(source, "base", &holders, &priorities).takes("url", is_there, is_said)
    }

    #[test]
    fn a_person_wins_over_every_source_then_the_higher_then_the_newer() {
        for source in ["low", "base", "equal", "high"] {
            assert!(!takes(source, Some("relais"), true, true), "{source}");
            assert!(!takes(source, Some("relais"), false, true), "{source}: a person emptied it");
        }
        assert!(takes("high", None, true, true));
        assert!(takes("equal", None, true, true), "the newer of equals");
        assert!(!takes("low", None, true, true));
        assert!(!takes("base", Some("high"), true, true), "a field that a higher source said stays its");
    }

    #[test]
    fn a_lower_source_fills_what_nobody_said_and_empties_only_its_own() {
        assert!(takes("low", None, false, true));
        assert!(!takes("low", None, true, false));
        assert!(!takes("high", None, true, false), "not saying is not denying");
        assert!(takes("low", Some("low"), true, false), "it no longer says what it said");
        assert!(takes("base", None, true, false));
    }
}
