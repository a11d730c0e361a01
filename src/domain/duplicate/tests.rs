//! The rules on facts written by hand. The whole is judged on many more pairs by `tests/duplicates.rs`.

use super::facts::{Number, Page, Place};
use super::keys::{KEYS_PER_SERVICE_MAX, keys_of};
use super::*;
use crate::domain::directory::Address;

/// A service as few words as possible describe it: names, telephone, street, postal code, city, site.
fn facts(names: &[&str], phone: &str, street: &str, city: &str, site: &str) -> Facts {
    let address = Address { address_1: Some(street.to_owned()), city: Some(city.to_owned()), ..Address::default() };
    Facts {
        names: names.iter().filter_map(|name| Name::read(name)).collect(),
        phones: Number::read_all(phone),
        places: vec![Place::read(&address, None)],
        pages: Page::read(site).into_iter().collect(),
        ..Facts::default()
    }
}

fn score(one: &Facts, other: &Facts) -> f64 {
    let (verdict, turned) = (compare(one, other), compare(other, one));
    assert!((verdict.score - turned.score).abs() < 1e-9, "a comparison has no direction: {verdict:?} {turned:?}");
    verdict.score
}

const PHONE: &str = "450 555-0142";
const STREET: &str = "12, rue Saint-Denis";
const SITE: &str = "https://www.exemple.example/";

#[test]
fn one_service_written_twice_is_found() {
    let one = facts(&["Centre de la petite enfance Les Petits Cœurs"], PHONE, STREET, "Longueuil", SITE);
    for name in ["CPE Petits-Coeurs", "C.P.E. les petits coeurs inc.", "Petits Coeurs (CPE)", "CPE Les Ptits Coeurs"] {
        let other = facts(&[name], "1 (450) 555-0142", "12 St-Denis, app. 3", "Longueuil", "exemple.example");
        assert!(score(&one, &other) >= SAME_MIN, "{name}: {:#?}", compare(&one, &other));
    }
    let youth = facts(&["Maison des jeunes de Longueuil"], PHONE, STREET, "Longueuil", SITE);
    for name in ["MDJ Longueuil", "Longueuil Youth Centre"] {
        let other = facts(&[name], PHONE, "12 rue St-Denis", "Longueuil", SITE);
        assert!(score(&youth, &other) >= SAME_MIN, "{name}: {:#?}", compare(&youth, &other));
    }
}

#[test]
fn a_name_that_an_export_broke_is_that_name() {
    let there = |name: &str| facts(&[name], PHONE, "12 rue St-Denis", "Longueuil", "");
    for (whole, broken) in [
        ("Association des personnes âgées du Moulin", "ASS. PERS. AGEES MOULIN"),
        ("Centre d'entraide familiale Sainte-Ursule", "CENTRE D'ENTRAIDE FAMILIALE SA"),
        ("L'École à la maison, coopérative d'entraide", "Lecole a la maison cooperative dEntraide"),
        ("Fraternité du Bel Été", "FraternitÃ© du Bel Ã‰tÃ©"),
        ("École du Voilier-d'Argent", "VOILIER-D'ARGENT, DU"),
    ] {
        let (one, other) = (there(whole), there(broken));
        assert!(score(&one, &other) >= SAME_MIN, "{broken}: {:#?}", compare(&one, &other));
    }
    let (one, other) = (there("Groupe de bénévoles 1"), there("Groupe de bénévoles 12"));
    assert!(score(&one, &other) < SAME_MIN, "a number is no name that was cut");
}

#[test]
fn a_name_that_is_not_alike_is_excused_on_named_grounds_alone() {
    let because = |one: &Facts, other: &Facts, reason: Reason| {
        let verdict = compare(one, other);
        assert!(score(one, other) >= SAME_MIN, "{verdict:#?}");
        assert!(verdict.reasons.iter().any(|because| because.reason == reason), "{verdict:#?}");
    };
    let there = |name: &str, site: &str| facts(&[name], PHONE, STREET, "Longueuil", site);
    let named = there("La Soupente", "lasoupente.example");
    because(&there("Corporation du Haut-Lac", "lasoupente.example"), &named, Reason::NamedByItsSite);
    let renamed = there("Bibliothèque Rollande-Thériault", "");
    because(&there("Bibliothèque municipale de la Côte", ""), &renamed, Reason::KindSameAtOneDoor);
    because(&there("Corporation des loisirs du Lac", ""), &there("Le Patro", ""), Reason::NameLegal);
    let english = there("West Caregivers Support Group", "");
    because(&there("Groupe d'appui aux aidants de l'Ouest", ""), &english, Reason::NameTranslated);
    // Who gives a service is no other name of it.
    let mut given = there("Transport bénévole", "centrenova.example");
    given.description = names::bare_words("Un service du Centre Nova").into_iter().collect();
    assert!(score(&given, &there("Centre Nova", "centrenova.example")) < SAME_MIN);
}

#[test]
fn a_former_name_is_a_name() {
    assert_eq!(repair::other_names("Moisson du Coteau (ex-L'Abondance)"), ["abondance"]);
    assert_eq!(repair::other_names("60 places (anciennement CPE La Chenille verte)"), ["cpe la chenille verte"]);
    assert_eq!(repair::other_names("Prêt de jouets, appelé « La Farandole »"), ["La Farandole"]);
    assert_eq!(repair::without_other_names("Moisson du Coteau (ex-L'Abondance)").trim(), "Moisson du Coteau");
    assert_eq!(repair::acronym_beside("Solidarité ethnique régionale (S.E.R.)"), Some("S.E.R."));
}

#[test]
fn services_of_one_building_are_two() {
    let there = |name: &str| facts(&[name], PHONE, STREET, "Longueuil", SITE);
    for (one, other) in [
        ("Cuisine collective de l'Érable", "Friperie de l'Érable"),
        ("Groupe de soutien du lundi", "Groupe de soutien du jeudi"),
        ("Halte-garderie pour bébés", "Halte-garderie pour les enfants"),
        ("CPE Soleil, installation Les Érables", "CPE Soleil, installation Les Bouleaux"),
        ("Rencontres pour hommes", "Rencontres pour femmes"),
        ("Atelier d'anglais niveau 1", "Atelier d'anglais niveau 2"),
    ] {
        let (one, other) = (there(one), there(other));
        assert!(score(&one, &other) < SAME_MIN, "{:#?}", compare(&one, &other));
    }
    let mut babies = there("Halte-garderie Soleil");
    let mut schoolchildren = babies.clone();
    babies.ages = Some((0, 17));
    schoolchildren.ages = Some((60, 155));
    assert!(score(&babies, &schoolchildren) < SAME_MIN);
}

#[test]
fn a_name_that_many_have_in_another_town_is_another_service() {
    let here = facts(&["Maison de la famille"], PHONE, STREET, "Longueuil", SITE);
    let there = facts(&["Maison de la famille"], "819 555-0199", "40, rue Principale", "Val-d'Or", "autre.example");
    assert!(score(&here, &there) < CANDIDATE_MIN);
}

#[test]
fn numbers_come_in_one_form() {
    let read = |text: &str| {
        let numbers = Number::read_all(text).into_iter();
        numbers.map(|number| (number.national, number.extension.unwrap_or_default())).collect::<Vec<_>>()
    };
    let number = |national: &str, extension: &str| (national.to_owned(), extension.to_owned());
    assert_eq!(read("1-450-555-0142 poste 224"), [number("4505550142", "224")]);
    assert_eq!(read("(450) 555.0142, poste 3"), [number("4505550142", "3")]);
    assert_eq!(read("450 555-0142 / 1 800 555-0199"), [number("4505550142", ""), number("8005550199", "")]);
    assert_eq!(read("811"), []);
}

#[test]
fn addresses_come_in_one_form() {
    let read = |text: &str| {
        let place = Place::read(&Address { address_1: Some(text.to_owned()), ..Address::default() }, None);
        (place.civic.unwrap_or_default(), place.street, place.unit.unwrap_or_default())
    };
    let expected = |civic: &str, street: &str, unit: &str| (civic.to_owned(), street.to_owned(), unit.to_owned());
    assert_eq!(read("12, rue Saint-Denis, bureau 4"), expected("12", "saint denis", "4"));
    assert_eq!(read("4-12 St-Denis St."), expected("12", "saint denis", "4"));
    assert_eq!(read("12, boul. Ste-Foy Est"), expected("12", "sainte foy est", ""));
    assert_eq!(read("300 3e Avenue O."), expected("300", "3 ouest", ""));
    assert_eq!(read("300, 3rd Avenue West"), expected("300", "3 ouest", ""));
}

#[test]
fn a_host_of_many_says_nothing() {
    let one = Page::read("https://www.facebook.com/mdj.exemple").unwrap();
    let other = Page::read("facebook.com/autre").unwrap();
    let mut reasons = Vec::new();
    compare_pages(&[one], &[other], &mut reasons);
    assert!(reasons.is_empty());
}

#[test]
fn keys_survive_the_ways_in_which_a_record_is_written_twice() {
    let one = facts(&["Centre de la petite enfance Les Petits Cœurs"], PHONE, STREET, "Longueuil", SITE);
    let other = facts(&["CPE Petit-Coeurs"], "450 555-0177", "99, rue Autre", "Longueuil", "");
    let (left, right) = (keys_of(&one), keys_of(&other));
    assert!(left.iter().any(|key| right.contains(key)), "{left:?} {right:?}");
    let many: Vec<String> = (0..60).map(|n| format!("Mot{n} Autre{n}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(keys_of(&facts(&names, PHONE, STREET, "Longueuil", SITE)).len() <= KEYS_PER_SERVICE_MAX);
}

#[test]
fn every_reason_is_one_word() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
    }
}
