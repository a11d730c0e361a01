//! What comes first among services that hold the words alike, one reason at a time, and what the next page keeps of the
//! first.

use chrono::TimeDelta;

use super::*;
use crate::domain::language::Lang;

/// Degrees of latitude of a kilometre.
const KM: f64 = 1.0 / 111.195;

fn north_of_longueuil(n: u64, name: &str, km: f64) -> Entry {
    let point = (LONGUEUIL.lat + km * KM, LONGUEUIL.lon);
    service(n, name, vec![place(n * 10, Some(point), Visibility::Public)])
}

fn factors(index: &Index, request: Request) -> Vec<Factors> {
    let page = index.search(&Request { explain: true, ..request }).unwrap();
    page.hits.into_iter().map(|hit| hit.explanation.unwrap().factors).collect()
}

#[test]
fn of_services_alike_what_has_room_comes_first_and_what_is_full_last() {
    let with_room = |n: u64, places: Option<i32>| {
        let mut entry = service(n, "Clinique", vec![]);
        entry.aggregate.service.capacity.places_available = places;
        entry
    };
    let index = index(vec![with_room(1, Some(0)), with_room(2, None), with_room(3, Some(2))]);
    assert_eq!(found(&index, &ask("clinique")), [3, 2, 1]);
}

#[test]
fn of_services_alike_what_was_confirmed_lately_comes_first() {
    let confirmed = |n: u64, days_ago: i64| {
        let mut entry = service(n, "Clinique", vec![]);
        entry.aggregate.service.verified_at = Some(now().plus(-TimeDelta::days(days_ago)));
        entry
    };
    let index = index(vec![confirmed(1, 800), confirmed(2, 500), confirmed(3, 100)]);
    assert_eq!(found(&index, &ask("clinique")), [3, 2, 1]);
}

#[test]
fn of_services_at_one_distance_what_serves_the_place_comes_first() {
    let mut serving = north_of_longueuil(2, "Clinique", 3.0);
    serving.aggregate.service.served = vec!["mrc:58".into()];
    let index = index(vec![north_of_longueuil(1, "Clinique", 3.0), serving]);
    assert_eq!(found(&index, &Request { origin: from(LONGUEUIL), ..ask("clinique") }), [2, 1]);
}

#[test]
fn what_is_nearer_passes_what_is_a_little_better() {
    let mut with_room = north_of_longueuil(1, "Clinique", 20.0);
    with_room.aggregate.service.capacity.places_available = Some(2);
    let index = index(vec![with_room, north_of_longueuil(2, "Clinique", 0.0)]);
    let near = Request { origin: from(LONGUEUIL), ..ask("clinique") };
    assert_eq!(found(&index, &ask("clinique")), [1, 2]);
    assert_eq!(found(&index, &near), [2, 1]);
    let told: Vec<f64> = factors(&index, near).iter().map(|one| one.nearness).collect();
    assert!((told[0] - 1.5).abs() < 1e-9 && (told[1] - (1.0 + 0.5 / 3.0)).abs() < 1e-4, "{told:?}");
}

#[test]
fn the_word_as_it_is_comes_before_its_plural_in_a_better_place() {
    let index = index(vec![service(1, "Garderies", vec![]), described(2, "Le nid", "On y trouve une garderie.")]);
    assert_eq!(found(&index, &ask("garderie")), [2, 1]);
}

#[test]
fn each_language_is_stemmed_as_it_is_in_one_question() {
    let mut english = service(1, "", vec![]);
    english.aggregate.service.name = Text { fr: None, en: Some("Knitting for parents".into()) };
    let index = index(vec![english, service(2, "Ateliers de tricot", vec![])]);
    let exact = |text: &str| found(&index, &Request { exact: true, ..ask(text) });
    assert_eq!(exact("knitted parenting"), [1], "neither is a word of the other in French");
    assert_eq!(exact("atelier tricots"), [2]);
    let mixed = index.search(&Request { exact: true, ..ask("parenting atelier") }).unwrap();
    assert_eq!(mixed.hits.len(), 2, "half of the words will do, in whichever language");
}

fn next(index: &Index, request: &Request) -> Request {
    Request { cursor: index.search(request).unwrap().next_cursor, ..request.clone() }
}

#[test]
fn the_next_page_asks_for_as_many_words_as_the_first() {
    let index = index((1..=3).map(|n| service(n, "Tricot", vec![])).collect());
    let asked = Request { limit: 1, exact: true, ..ask("tricot jardinage") };
    assert_eq!(found(&index, &asked), [1], "nothing holds both");
    let second = next(&index, &asked);
    index.apply(&[put(service(9, "Tricot et jardinage", vec![]))], Some(2)).unwrap();
    assert_eq!(found(&index, &Request { limit: 5, ..second }), [2, 3], "as the first page found them");
}

#[test]
fn the_next_page_stands_at_the_moment_of_the_first() {
    let opening = |n: u64, at: &str| {
        let mut entry = service(n, "Tricot", vec![]);
        entry.aggregate.service.document.schedules = vec![Schedule {
            byday: Some("MO".into()),
            opens_at: Some(at.into()),
            closes_at: Some("23:00".into()),
            ..Schedule::default()
        }];
        entry
    };
    // At ten o'clock two are open; the others open in the afternoon, and would come first by their ids.
    let index = index(vec![opening(1, "15:00"), opening(2, "15:00"), opening(3, "09:00"), opening(4, "09:00")]);
    let asked = Request { limit: 1, ..ask("tricot") };
    assert_eq!(found(&index, &asked), [3]);
    let second = Request { limit: 5, now: now().plus(TimeDelta::hours(6)), ..next(&index, &asked) };
    assert_eq!(found(&index, &second), [4, 1, 2], "nothing is lost because the day went on");
}

fn for_need(mut entry: Entry, code: &str) -> Entry {
    entry.aggregate.service.categories = vec![code.to_owned()];
    entry
}

fn with_room(mut entry: Entry) -> Entry {
    entry.aggregate.service.capacity.places_available = Some(2);
    entry
}

#[test]
fn a_need_nearly_as_sure_next_door_comes_before_the_surest_at_the_edge_of_reach() {
    let near = Request { origin: from(LONGUEUIL), ..ask("chicane avec le proprio") };
    let meant = |km_of_surest: f64| {
        let index = index(vec![
            for_need(north_of_longueuil(1, "Un", km_of_surest), "housing/tenant-rights"),
            for_need(north_of_longueuil(2, "Deux", 0.0), "legal/legal-aid"),
        ]);
        let page = index.search(&Request { explain: true, ..near.clone() }).unwrap();
        page.hits.iter().map(|hit| hit.explanation.unwrap().need_reach).collect::<Vec<f64>>()
    };
    // In steps of five kilometres, so that at about one distance it is the rest that chooses.
    for (km, reach) in [(1.0, 1.0), (4.9, 1.0), (5.1, 0.97), (24.0, 0.88)] {
        assert!(meant(km).iter().any(|told| (told - reach).abs() < 1e-9), "{km}: {:?}", meant(km));
    }
    let alike = index(vec![
        for_need(north_of_longueuil(1, "Un", 1.0), "housing/tenant-rights"),
        with_room(for_need(north_of_longueuil(2, "Deux", 2.0), "housing/tenant-rights")),
    ]);
    assert_eq!(found(&alike, &near), [2, 1]);
    let farther = index(vec![
        for_need(north_of_longueuil(1, "Un", 1.0), "housing/tenant-rights"),
        with_room(for_need(north_of_longueuil(2, "Deux", 11.0), "housing/tenant-rights")),
    ]);
    assert_eq!(found(&farther, &near), [1, 2]);
}

#[test]
fn of_what_may_serve_from_afar_the_nearer_comes_first() {
    let index = index(vec![
        with_room(for_need(north_of_longueuil(1, "Un", 700.0), "housing/tenant-rights")),
        for_need(north_of_longueuil(2, "Deux", 160.0), "housing/tenant-rights"),
        for_need(north_of_longueuil(3, "Trois", 300.0), "housing/tenant-rights"),
    ]);
    let near = Request { origin: from(LONGUEUIL), ..ask("chicane avec le proprio") };
    assert_eq!(found(&index, &near), [2, 3, 1]);
}

#[test]
fn of_what_serves_others_and_is_out_of_reach_the_nearer_comes_first() {
    let elsewhere = |n: u64, km: f64, name: &str| {
        let mut entry = for_need(north_of_longueuil(n, name, km), "income/tax-clinic");
        entry.aggregate.service.served = vec!["region:02".into()];
        entry
    };
    let index = index(vec![elsewhere(1, 800.0, "Clinique"), with_room(elsewhere(2, 300.0, "Clinique"))]);
    index.apply(&[put(elsewhere(3, 55.0, "Clinique"))], Some(2)).unwrap();
    for text in ["clinique", "clinique d'impôts"] {
        assert_eq!(found(&index, &Request { origin: from(LONGUEUIL), ..ask(text) }), [3, 2, 1], "{text}");
    }
}

#[test]
fn far_away_who_answers_the_need_comes_before_whose_description_has_its_words() {
    let far = |mut entry: Entry, code: &str| {
        entry.aggregate.service.served = vec!["region:02".into()];
        for_need(entry, code)
    };
    let mut benefits = north_of_longueuil(1, "Mesures financières", 60.0);
    benefits.aggregate.service.document.description = Text::fr("Le crédit d'impôt, gratuit.");
    let clinic = north_of_longueuil(2, "Clinique d'impôts gratuite", 60.0);
    let index = index(vec![far(benefits, "disability/equipment-benefits"), far(clinic, "income/tax-clinic")]);
    let near = Request { origin: from(LONGUEUIL), ..ask("impôt gratuit") };
    assert_eq!(found(&index, &near), [2, 1]);
    assert_eq!(found(&index, &Request { exact: true, ..near }), [1, 2], "the words alone");
}

#[test]
fn by_distance_what_only_mentions_a_need_is_left_out() {
    let mut mentions = north_of_longueuil(1, "Groupe d'entraide", 0.3);
    mentions.aggregate.service.document.description = Text::fr("Une garderie est offerte pendant la rencontre.");
    let index = index(vec![
        for_need(mentions, "mental-health/peer-group"),
        for_need(north_of_longueuil(2, "Les lutins", 2.0), "childcare/daycare"),
        for_need(north_of_longueuil(3, "Garderie du coin", 1.0), "childcare/daycare"),
    ]);
    let near = |text: &str| Request { origin: from(LONGUEUIL), sort: Some(Sort::Distance), ..ask(text) };
    assert_eq!(found(&index, &near("garderie")), [3, 2], "named or meant");
    let nearest = for_need(north_of_longueuil(4, "CPE aux loisirs", 0.1), "social-isolation/activities");
    index.apply(&[put(nearest)], Some(2)).unwrap();
    assert_eq!(found(&index, &near("garderie")), [3, 2], "nor what is only called by a word that means the same");
    assert_eq!(found(&index, &near("garderie du coin")), [3], "what is named comes alone");
    assert_eq!(found(&index, &near("garderie bébé")), [3, 2], "nothing is named so");
    assert_eq!(found(&index, &near("rencontre d'entraide offerte")), [1], "where nothing is named, any words do");
    assert_eq!(found(&index, &Request { exact: true, ..near("garderie") }), [1, 3], "the words alone");
}

#[test]
fn a_need_that_a_word_hardly_tells_of_comes_after_the_word_itself() {
    let meal = for_need(service(1, "Repas communautaire", vec![]), "food/community-meal");
    let youth = for_need(service(2, "Maison de jeunes", vec![]), "education/homework-help");
    let index = index(vec![meal, youth]);
    assert_eq!(found(&index, &ask("jeune")).first(), Some(&2));
}

#[test]
fn a_word_that_any_text_has_is_no_reason() {
    let index = index(vec![service(1, "Vêtements pour enfants", vec![])]);
    let page = index.search(&ask("vêtements pour enfants")).unwrap();
    let terms: Vec<&str> = page.hits[0].matched.iter().map(|reason| reason.term.as_str()).collect();
    assert!(terms.contains(&"vetements") && terms.contains(&"enfants") && !terms.contains(&"pour"), "{terms:?}");
    let alone = index.search(&ask("pour")).unwrap();
    assert_eq!(alone.hits[0].matched[0].term, "pour", "where it is all that was asked, it is the reason");
}

#[test]
fn a_letter_written_twice_is_corrected_before_another_letter_however_rare_the_word_is() {
    let index = index(vec![
        service(1, "Salon", vec![]),
        service(2, "Sillon", vec![]),
        service(3, "Sillon", vec![]),
        service(4, "Sillon", vec![]),
    ]);
    let typing = Typing {
        text: "sallon".to_owned(),
        lang: Lang::Fr,
        point: None,
        audience: Audience::Public,
        hide_overdue_days: None,
        now: now(),
        limit: 5,
    };
    let suggested = index.suggest(&typing).unwrap();
    let ids: Vec<Id> = suggested.services.iter().map(|one| one.id).collect();
    assert_eq!((ids, suggested.is_corrected), (vec![id(1)], true));
}

#[test]
fn what_is_named_in_full_comes_before_what_its_words_mean_however_far_it_is() {
    let index = index(vec![
        for_need(north_of_longueuil(1, "Banque alimentaire Zénith Boréal", 400.0), "income/budget"),
        for_need(north_of_longueuil(2, "Dépannage", 1.0), "food/food-bank"),
    ]);
    let near = Request { origin: from(LONGUEUIL), ..ask("banque alimentaire zénith boréal") };
    assert_eq!(found(&index, &near), [1, 2]);
}

#[test]
fn among_many_alike_what_lifts_each_decides_and_all_that_fits_is_counted() {
    // Rows from west to east around the place; each is lifted or not by whom it serves, its room and its confirmation.
    let point = |n: u64| {
        (LONGUEUIL.lat + ((n / 120) as f64 - 50.0) * 0.0018, LONGUEUIL.lon + ((n % 120) as f64 - 60.0) * 0.0026)
    };
    let serves = |n: u64| n.is_multiple_of(3);
    let room = |n: u64| [None, Some(0), Some(2)][(n * 7_919 % 11 % 3) as usize];
    let days_ago = |n: u64| [100, 365, 366, 800][(n * 104_729 % 13 % 4) as usize];
    let entry = |n: u64| {
        let (lat, lon) = point(n);
        let mut entry = service(n, "Aide", vec![place(n + 20_000, Some((lat, lon)), Visibility::Public)]);
        let of = &mut entry.aggregate.service;
        of.served = serves(n).then(|| "mrc:58".into()).into_iter().collect();
        (of.capacity.places_available, of.verified_at) = (room(n), Some(now().plus(-TimeDelta::days(days_ago(n)))));
        // All are open, or what may be would hide what lifts them as much.
        let (opens_at, closes_at) = (Some("00:00".into()), Some("23:59".into()));
        of.document.schedules = vec![Schedule { byday: Some("MO".into()), opens_at, closes_at, ..Schedule::default() }];
        entry
    };
    let index = index((0..12_000).map(entry).collect());
    let gone = |n: u64| n.is_multiple_of(17);
    let removed: Vec<Change> = (0..12_000).filter(|n| gone(*n)).map(|n| Change::Remove(id(n))).collect();
    index.apply(&removed, Some(2)).unwrap();
    // What is near one of these lies in several windows.
    let origins = (0..8).flat_map(|row| (0..8).map(move |column| (row, column))).map(|(row, column)| Point {
        lat: LONGUEUIL.lat + (f64::from(row) - 3.5) * 0.01,
        lon: LONGUEUIL.lon + (f64::from(column) - 3.5) * 0.014,
    });
    for (origin, radius_km) in origins.flat_map(|origin| [4.0, 8.0, 40.0].map(|radius_km| (origin, radius_km))) {
        let mut brute: Vec<(f64, f64, u64)> = (0..12_000)
            .filter(|n| !gone(*n))
            .map(|n| {
                let (lat, lon) = point(n);
                let km = origin.distance_km(Point { lat, lon });
                let room = [1.0, 0.85, 1.15][(n * 7_919 % 11 % 3) as usize];
                let fresh = [1.1, 1.1, 1.0, 0.9][(n * 104_729 % 13 % 4) as usize];
                let served = if serves(n) { 1.3 } else { 1.0 };
                (-served * room * fresh * (1.0 + 0.5 / (1.0 + km / 10.0)), km, n)
            })
            .filter(|(_, km, _)| *km <= radius_km)
            .collect();
        brute.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)).then(one.2.cmp(&other.2)));
        let asked = Request {
            origin: from(origin),
            radius_km: Some(radius_km),
            coverage: Some(Coverage::Near),
            limit: 20,
            sort: Some(Sort::Relevance),
            exact: true,
            facets: vec![Facet::HasRoom],
            ..ask("aide")
        };
        let page = index.search(&asked).unwrap();
        let told: Vec<u64> = page.hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1).collect();
        assert_eq!(told, brute.iter().take(20).map(|(_, _, n)| *n).collect::<Vec<_>>(), "{radius_km}");
        assert_eq!(page.total.value, (brute.len() as u64).min(10_000), "{radius_km}");
        let counted: u64 = page.facets[0].counts.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, brute.len() as u64, "{radius_km}: {:?}", page.facets);
    }
}

#[test]
fn what_is_known_of_how_many_there_are_does_not_get_less_from_page_to_page() {
    // So many that those far away are looked at only where those near by do not fill a page.
    let entry = |n: u64| {
        let (lat, lon) = (LONGUEUIL.lat + (n / 150) as f64 * 0.001, LONGUEUIL.lon + (n % 150) as f64 * 0.0015);
        service(n, "Aide", vec![place(n + 50_000, Some((lat, lon)), Visibility::Public)])
    };
    let index = index((0..20_000).map(entry).collect());
    let mut asked = Request {
        origin: from(LONGUEUIL),
        coverage: Some(Coverage::Near),
        sort: Some(Sort::Distance),
        limit: 100,
        ..ask("aide")
    };
    let (mut listed, mut told) = (0, 0);
    for _ in 0..60 {
        let page = index.search(&asked).unwrap();
        listed += page.hits.len() as u64;
        assert_eq!(page.total.relation, Relation::AtLeast, "else nothing is shown here");
        assert!(page.total.value >= told.max(listed + 1), "{:?} after {told}, {listed} listed", page.total);
        told = page.total.value;
        asked.cursor = page.next_cursor;
    }
}
