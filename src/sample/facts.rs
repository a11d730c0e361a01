//! What some organisations say beside the usual: wheelchairs, ways without a car, papers, whom a service is for. Each
//! record has a draw of its own, from its id, so that all else that a seed gives stays as it is.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::json;

use crate::domain::directory::{LocationDocument, ServiceDocument};
use crate::domain::language::Text;
use crate::domain::publics::Public;
use crate::id::Id;

const BY_BUS: (&str, &str) = ("Arrêt d’autobus à deux pas.", "Bus stop steps away.");
const WHEELCHAIRS: [(&str, f64); 2] = [
    ("Accessible en fauteuil roulant / Wheelchair accessible", 0.4),
    ("Non accessible en fauteuil roulant / Not wheelchair accessible", 0.55),
];
const PAPERS: [(&str, f64); 4] = [
    ("Aucun / None", 0.25),
    ("Preuve d’adresse / Proof of address", 0.35),
    ("Carte d’assurance maladie / Health insurance card", 0.4),
    ("Preuve de revenu / Proof of income", 0.45),
];

fn own_draw(id: Id) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(id.0.as_u64_pair().1)
}

/// The first of which the share, summed up, reaches what is drawn.
fn drawn<'a>(of: &[(&'a str, f64)], rng: &mut ChaCha20Rng) -> Option<&'a str> {
    let at = rng.gen_range(0.0..1.0);
    of.iter().find(|(_, up_to)| at < *up_to).map(|(text, _)| *text)
}

pub fn of_location(id: Id, is_urban: bool, mut document: LocationDocument) -> LocationDocument {
    let mut rng = own_draw(id);
    if let Some(text) = drawn(&WHEELCHAIRS, &mut rng) {
        document.other.insert("accessibility".to_owned(), json!([{"description": text}]));
    }
    if is_urban && rng.gen_bool(0.5) {
        document.transportation = Text::new(BY_BUS.0, BY_BUS.1);
    }
    document
}

pub fn of_service(id: Id, leaf: &str, mut document: ServiceDocument) -> ServiceDocument {
    let mut rng = own_draw(id);
    document.required_documents.extend(drawn(&PAPERS, &mut rng).map(|text| json!({"document": text})));
    if let Some((public, only)) = usual_public(leaf) {
        let list = if only { &mut document.public_exclusive } else { &mut document.public_preferred };
        if rng.gen_bool(0.6) {
            list.push(public);
        }
    }
    if leaf.starts_with("immigration/") && rng.gen_bool(0.5) {
        document.other.insert("interpretation_services".to_owned(), json!("Interprètes sur demande"));
    }
    document
}

/// Whom services of a need are usually for, and whether for them alone.
fn usual_public(leaf: &str) -> Option<(Public, bool)> {
    let (field, need) = leaf.split_once('/')?;
    match (field, need) {
        ("parenting", "fathers") => Some((Public::Fathers, true)),
        ("safety-violence", "shelter") => Some((Public::Women, true)),
        ("safety-violence", "domestic-violence") => Some((Public::ViolenceSurvivors, false)),
        ("perinatal", _) => Some((Public::Pregnancy, false)),
        ("immigration", _) => Some((Public::Newcomers, false)),
        ("disability", _) => Some((Public::Disability, false)),
        ("respite", "caregiver-support") => Some((Public::Caregivers, false)),
        ("food" | "material-aid" | "income", _) => Some((Public::LowIncome, false)),
        ("employment", _) => Some((Public::Unemployed, false)),
        ("childcare" | "child-development", _) => Some((Public::EarlyChildhood, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::NaiveDate;

    use super::super::directory::draw;
    use super::super::geography::municipalities;
    use super::*;
    use crate::clock::Time;
    use crate::domain::conditions::{asks_for_documents, wheelchair};
    use crate::domain::directory::{Location, Service, Visibility};

    fn drawn_directory() -> super::super::Directory {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        draw(2_500, 8, day, &mut ChaCha20Rng::seed_from_u64(1), Time::from_micros(0)).directory
    }

    #[test]
    fn whatever_a_search_may_ask_some_say_yes_some_no_and_some_nothing() {
        let directory = drawn_directory();
        let papers = |service: &Service| asks_for_documents(service);
        for said in [Some(true), Some(false), None] {
            assert!(directory.locations.iter().filter(|place| wheelchair(place) == said).count() > 50, "{said:?}");
            assert!(directory.services.iter().filter(|service| papers(service) == said).count() > 50, "{said:?}");
        }
        let publics = |of: fn(&ServiceDocument) -> &Vec<Public>| {
            directory.services.iter().filter(|service| !of(&service.document).is_empty()).count()
        };
        assert!(publics(|document| &document.public_exclusive) > 10);
        assert!(publics(|document| &document.public_preferred) > 100);
    }

    #[test]
    fn no_text_of_a_hidden_shelter_names_its_town() {
        let directory = drawn_directory();
        let towns: HashMap<&str, _> = municipalities().iter().map(|one| (one.id.as_str(), one)).collect();
        let hidden: Vec<&Location> =
            directory.locations.iter().filter(|place| place.visibility == Visibility::RegionOnly).collect();
        let mut looked_at = 0;
        for place in hidden {
            let town = towns[place.territories.municipality.as_deref().unwrap()];
            if town.mrc_name.contains(&town.name) {
                continue;
            }
            let owner = place.organization_id.unwrap();
            let organization = directory.organizations.iter().find(|one| one.id == owner).unwrap();
            let services = directory.services.iter().filter(|service| service.organization_id == owner);
            let mut texts = vec![&organization.name, &organization.document.description];
            let services: Vec<&Service> = services.collect();
            texts.extend(services.iter().flat_map(|service| [&service.name, &service.document.description]));
            let said: Vec<&str> =
                texts.iter().flat_map(|text| [&text.fr, &text.en]).flatten().map(String::as_str).collect();
            assert!(said.iter().all(|text| !text.contains(&town.name)), "{}: {said:?}", town.name);
            looked_at += 1;
        }
        assert!(looked_at > 10, "{looked_at}");
    }
}
