//! The room as a whole: a small fictitious directory in memory, and what is found in it.

mod conditions;
mod files;
mod order;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::clock::Time;
use crate::domain::directory::{
    Capacity, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument, Point, Schedule, Service,
    ServiceAggregate, ServiceAtLocation, ServiceDocument, ServiceStatus, Visibility,
};

const LONGUEUIL: Point = Point { lat: 45.5312, lon: -73.5181 };

fn id(n: u64) -> Id {
    Id(uuid::Uuid::from_u64_pair(7, n))
}
fn local(n: u64) -> crate::domain::directory::Origin {
    crate::domain::directory::Origin::local(id(n))
}
fn now() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}
fn place(n: u64, point: Option<(f64, f64)>, visibility: Visibility) -> Location {
    Location {
        id: id(n),
        origin: local(n),
        organization_id: None,
        name: Text::default(),
        point: point.map(|(lat, lon)| Point { lat, lon }),
        placement: Placement::Exact,
        visibility,
        territories: LocatedIn {
            region: Some("region:16".into()),
            mrc: Some("mrc:58".into()),
            municipality: Some("municipality:58227".into()),
            borough: None,
        },
        document: LocationDocument::default(),
        version: 1,
        retired_at: None,
        replaced_by: None,
    }
}
fn service(n: u64, name: &str, locations: Vec<Location>) -> Entry {
    let organization = Organization {
        id: id(1_000_000 + n),
        origin: local(n),
        name: Text::fr(&format!("Maison {n}")),
        referral_address: None,
        enrolled_on: None,
        document: OrganizationDocument::default(),
        version: 1,
        updated_at: now(),
        retired_at: None,
        replaced_by: None,
    };
    let service = Service {
        id: id(n),
        origin: local(n),
        organization_id: organization.id,
        status: ServiceStatus::Active,
        name: Text::fr(name),
        categories: vec!["childcare/cpe".into()],
        served: vec![],
        at_locations: locations.iter().map(|place| ServiceAtLocation::plain(id(n), place.id)).collect(),
        capacity: Capacity::default(),
        verified_at: None,
        review: Default::default(),
        document: ServiceDocument { other: Map::new(), ..ServiceDocument::default() },
        version: 1,
        updated_at: now(),
        retired_at: None,
        replaced_by: None,
    };
    Entry { aggregate: ServiceAggregate { service, organization, locations }, category_labels: vec![] }
}
fn described(n: u64, name: &str, description: &str) -> Entry {
    let mut entry = service(n, name, vec![]);
    entry.aggregate.service.document.description = Text::fr(description);
    entry
}
fn put(entry: Entry) -> Change {
    Change::Put(Box::new(entry))
}
fn index(entries: Vec<Entry>) -> Index {
    let index = Index::in_memory(id(9)).unwrap();
    index.apply(&entries.into_iter().map(put).collect::<Vec<_>>(), Some(1)).unwrap();
    index
}
fn ask(text: &str) -> Request {
    Request { text: Some(text.into()), ..Request::new(now()) }
}
fn from(point: Point) -> Option<Origin> {
    Some(Origin { point: Some(point), territories: vec!["mrc:58".into(), "region:16".into()], inside: None })
}
fn found(index: &Index, request: &Request) -> Vec<u64> {
    index.search(request).unwrap().hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1).collect()
}

#[test]
fn exact_words_come_before_stems_before_synonyms_and_corrections() {
    let index = index(vec![
        service(1, "Centre de la petite enfance du parc", vec![]),
        described(2, "Les amis", "Les garderies du quartier, toutes les garderies"),
        described(3, "Le nid", "une garderie"),
        service(4, "Piscine", vec![]),
    ]);
    assert_eq!(found(&index, &ask("garderie")), [3, 2, 1]);
    let kinds = |page: Page| page.hits.iter().map(|hit| hit.matched[0].kind).collect::<Vec<_>>();
    assert_eq!(kinds(index.search(&ask("garderie")).unwrap()), [Kind::Exact, Kind::Stemmed, Kind::Synonym]);
    assert_eq!(found(&index, &Request { exact: true, ..ask("garderie") }), [3, 2]);
    let misspelt = index.search(&ask("gardrie")).unwrap();
    assert!(misspelt.hits.iter().all(|hit| hit.matched[0].kind == Kind::Typo), "{misspelt:?}");
    assert_eq!(misspelt.hits.len(), 3, "what means the same as the correction is found too");
    assert!(found(&index, &Request { exact: true, ..ask("gardrie") }).is_empty());
    assert!(found(&index, &ask("bardrie")).is_empty(), "the first letter counts");
}

#[test]
fn a_word_that_people_often_say_is_no_misspelling_of_another() {
    let index = index(vec![described(1, "Atelier", "Il ne coûte rien. It costs nothing.")]);
    assert!(found(&index, &ask("coats")).is_empty(), "not costs");
    assert_eq!(found(&index, &ask("cosst")), [1], "nobody writes it so");
}

#[test]
fn who_meets_the_need_comes_before_who_writes_its_words_in_a_description() {
    let of = |mut entry: Entry, category: &str| {
        entry.aggregate.service.categories = vec![category.to_owned()];
        entry
    };
    let index = index(vec![
        of(described(1, "Repas", "Un bébé peut venir, la garderie est à côté."), "food/community-meal"),
        of(described(2, "Les lutins", "Ouvert toute la semaine."), "childcare/daycare"),
    ]);
    assert_eq!(found(&index, &ask("garderie bébé")), [2, 1]);
}

#[test]
fn what_is_said_not_to_be_needed_is_not_looked_for() {
    let index = index(vec![service(1, "Transport", vec![]), service(2, "Couches", vec![])]);
    for text in ["besoin de couches pas besoin de transport", "pas besoin de transport, besoin de couches"] {
        assert_eq!(found(&index, &ask(text)), [2], "{text}");
    }
    assert_eq!(found(&index, &ask("pas besoin de transport")), [1], "it is all that is said");
    assert_eq!(found(&index, &Request { exact: true, ..ask("pas besoin de transport") }), [1]);
}

#[test]
fn a_phrase_finds_its_synonyms_in_both_languages_and_says_so() {
    let mut english = service(1, "", vec![]);
    english.aggregate.service.name = Text { fr: None, en: Some("Community food bank".into()) };
    let index = index(vec![english, service(2, "Comptoir alimentaire", vec![]), service(3, "Piscine", vec![])]);
    let page = index.search(&ask("dépannage alimentaire")).unwrap();
    let reasons: BTreeMap<u64, Reason> =
        page.hits.iter().map(|hit| (hit.service_id.0.as_u64_pair().1, hit.matched[0].clone())).collect();
    assert_eq!(reasons[&1].found, "food bank");
    assert_eq!((reasons[&1].kind, reasons[&1].field), (Kind::Synonym, Some(Part::Name)));
    assert_eq!(reasons[&2].term, "depannage alimentaire");
    assert_eq!(reasons.len(), 2);
    assert_eq!(found(&index, &ask("FOOD  banks")), [1, 2]);
}

#[test]
fn accents_elisions_acronyms_and_odd_signs_do_not_matter() {
    let index = index(vec![service(1, "C.P.E. L’Étoile", vec![]), service(2, "Œuvre d'été", vec![])]);
    for text in ["cpe etoile", "CPE l'etoile", "ETOILE", "« étoile »", "\"etoile", "etoile*", "eto\u{0}ile etoile"] {
        assert_eq!(found(&index, &ask(text)), [1], "{text}");
    }
    assert_eq!(found(&index, &ask("oeuvre")), [2]);
    assert_eq!(found(&index, &ask("*?\"(")).len(), 2, "nothing asked");
}

/// Of two services that help, one holds the small word of the question and the other the word that counts.
fn index_of_rent() -> Index {
    index(vec![described(1, "Aide aux devoirs", "pour les familles"), described(2, "Aide au logement", "le loyer")])
}

#[test]
fn small_words_that_matter_raise_and_never_exclude() {
    let index = index(vec![described(1, "Clinique", "sans rendez-vous"), described(2, "Clinique", "avec rendez-vous")]);
    assert_eq!(found(&index, &ask("clinique sans rendez-vous"))[0], 1);
    let rent = index_of_rent();
    assert_eq!(found(&rent, &ask("aide pour le loyer"))[0], 2, "who has the word that counts comes first");
    assert_eq!(found(&index, &ask("clinique pas loin")).len(), 2, "half of the words will do when all find nothing");
}

#[test]
fn categories_ages_languages_and_hours_are_filters() {
    let mut young = service(1, "Jeux", vec![]);
    young.aggregate.service.document.minimum_age_months = Some(6);
    young.aggregate.service.document.maximum_age_months = Some(60);
    let mut other = service(2, "Repas", vec![]);
    other.aggregate.service.categories = vec!["food/food-bank".into()];
    other.aggregate.service.document.languages =
        vec![crate::domain::directory::Language { code: Some("es".into()), ..Default::default() }];
    other.aggregate.service.document.schedules = vec![Schedule {
        byday: Some("MO".into()),
        opens_at: Some("09:00".into()),
        closes_at: Some("12:00".into()),
        ..Schedule::default()
    }];
    let index = index(vec![young, other]);
    let all = Request::new(now());
    let category = |code: &str| Request { categories: vec![code.into()], ..all.clone() };
    assert_eq!(found(&index, &category("food")), [2]);
    assert_eq!(found(&index, &category("childcare/cpe")), [1]);
    assert!(found(&index, &category("housing")).is_empty());
    let age = |months| Request { ages_months: vec![months], ..all.clone() };
    assert_eq!(found(&index, &age(5)), [2]);
    assert_eq!(found(&index, &age(6)), [2, 1], "what is open comes first");
    assert_eq!(found(&index, &age(60)), [2, 1]);
    assert_eq!(found(&index, &age(61)), [2]);
    assert_eq!(found(&index, &Request { language: Some("es".into()), ..all.clone() }), [2]);
    let open = |text: &str| Request { open_at: Time::parse_rfc3339(text).ok(), ..all.clone() };
    assert_eq!(found(&index, &open("2026-06-15T09:00:00-04:00")), [2]);
    assert!(found(&index, &open("2026-06-15T12:00:00-04:00")).is_empty());
    let now_open = index.search(&all).unwrap();
    let states: Vec<_> = now_open.hits.iter().map(|hit| hit.open_now).collect();
    assert_eq!(states, [Some(true), None], "14:00 UTC is ten o'clock");
    let at = |text: &str| Request { now: Time::parse_rfc3339(text).unwrap(), ..all.clone() };
    assert_eq!(found(&index, &at("2026-06-15T08:00:00-04:00")), [2, 1], "it opens within the hour");
    assert_eq!(found(&index, &at("2026-06-15T07:59:59-04:00")), [1, 2]);
    assert_eq!(found(&index, &at("2026-06-15T12:00:00-04:00")), [1, 2]);
}

#[test]
fn a_word_that_one_or_two_services_use_is_not_kept_of_a_search() {
    let described = |n: u64, text: &str| described(n, "Centre", text);
    let index = index(vec![described(1, "tricot Ostrowski"), described(2, "tricot Ostrowski"), described(3, "tricot")]);
    assert_eq!(index.known_words("Ostrowski tricot centre", 9).unwrap(), ["centre", "tricot"]);
}

#[test]
fn an_age_told_in_the_text_orders_and_leaves_nothing_out() {
    let mut young = service(1, "Groupe de musique pour jeunes", vec![]);
    young.aggregate.service.document.minimum_age_months = Some(144);
    young.aggregate.service.document.maximum_age_months = Some(215);
    let mut old = service(2, "Groupe de musique du soir au quartier", vec![]);
    old.aggregate.service.document.minimum_age_months = Some(720);
    let index = index(vec![young, old]);
    assert_eq!(found(&index, &ask("groupe de musique")), [1, 2]);
    assert_eq!(found(&index, &ask("groupe de musique, dame de 78 ans")), [2, 1]);
    assert_eq!(found(&index, &ask("groupe de musique pour mon ado")), [1, 2]);
    assert_eq!(found(&index, &ask("groupe de musique depuis 70 ans")), [1, 2], "no age");
    let of_a_family = ask("groupe de musique pour mon ado de 13 ans et sa grand-mère de 78 ans");
    assert_eq!(found(&index, &of_a_family), found(&index, &ask("groupe de musique grand mere")), "any of the ages");
    assert_eq!(found(&index, &Request { exact: true, ..ask("groupe de musique, dame de 78 ans") }), [1, 2]);
    assert_eq!(found(&index, &Request { ages_months: vec![150], ..ask("groupe de musique, dame de 78 ans") }), [1]);
}

#[test]
fn near_served_and_either_each_mean_what_they_say() {
    let near = service(1, "a", vec![place(11, Some((45.54, -73.52)), Visibility::Public)]);
    let mut far = service(2, "b", vec![place(12, Some((48.0, -70.0)), Visibility::Public)]);
    far.aggregate.service.served = vec!["region:16".into()];
    let mut remote = service(3, "c", vec![]);
    remote.aggregate.service.served = vec!["mrc:58".into()];
    let mut elsewhere = service(4, "d", vec![place(14, Some((48.1, -70.0)), Visibility::Public)]);
    elsewhere.aggregate.service.served = vec!["region:02".into()];
    let index = index(vec![near, far, remote, elsewhere]);
    let here = Request { origin: from(LONGUEUIL), ..Request::new(now()) };
    let with = |coverage, radius_km| Request { coverage, radius_km, ..here.clone() };
    assert_eq!(found(&index, &with(None, Some(10.0))), [1], "near when a radius is given");
    assert_eq!(found(&index, &with(Some(Coverage::Served), None)), [2, 3]);
    assert_eq!(found(&index, &with(Some(Coverage::Either), Some(10.0))), [1, 2, 3], "no distance comes last");
    assert_eq!(found(&index, &with(None, None)), [1, 2, 4, 3]);
    let page = index.search(&with(None, None)).unwrap();
    let served: Vec<_> = page.hits.iter().map(|hit| hit.served).collect();
    assert_eq!(served, [None, Some(true), Some(false), Some(true)]);
    assert_eq!(page.hits[3].distance_km, None);
    let unknown_point = Request {
        origin: Some(Origin { point: None, territories: vec!["mrc:58".into()], inside: None }),
        ..with(Some(Coverage::Either), Some(10.0))
    };
    assert_eq!(found(&index, &unknown_point), [3], "a place without a point has no distance, not zero");
}

#[test]
fn a_hidden_place_is_found_by_its_mrc_and_never_by_a_radius() {
    let point = Some((45.54, -73.52));
    let index = index(vec![
        service(1, "refuge", vec![place(11, point, Visibility::RegionOnly)]),
        service(2, "bureau", vec![place(12, point, Visibility::Professional)]),
        service(3, "accueil", vec![place(13, point, Visibility::Public)]),
    ]);
    let near = |audience, km| Request { radius_km: Some(km), origin: from(LONGUEUIL), audience, ..Request::new(now()) };
    for km in [0.5, 3.0, 50.0, 2_000.0] {
        let public = found(&index, &near(Audience::Public, km));
        assert!(public.iter().all(|n| *n == 3), "{km} km: {public:?}");
        assert!(!found(&index, &near(Audience::Professional, km)).contains(&1));
    }
    assert_eq!(found(&index, &near(Audience::Professional, 3.0)), [2, 3]);
    for audience in [Audience::Public, Audience::Professional] {
        let served =
            Request { coverage: Some(Coverage::Served), origin: from(LONGUEUIL), audience, ..Request::new(now()) };
        assert!(found(&index, &served).contains(&1), "by the MRC of the place asked");
        let in_municipality = Request { located: vec!["municipality:58227".into()], audience, ..Request::new(now()) };
        assert!(!found(&index, &in_municipality).contains(&1), "nothing finer than the MRC");
        let in_mrc = Request { located: vec!["mrc:58".into()], audience, ..Request::new(now()) };
        assert_eq!(found(&index, &in_mrc).len(), 3);
        let page = index.search(&in_mrc).unwrap();
        let hidden = page.hits.iter().find(|hit| hit.service_id == id(1)).unwrap();
        assert_eq!((&hidden.place, hidden.distance_km), (&None, None));
    }
}

/// Points on a grid, so that equal distances are common and ties are really tried.
fn grid_point() -> impl Strategy<Value = (f64, f64)> {
    // Millionths of a degree, which is what the index keeps.
    let degrees = |millionths: i32| f64::from(millionths) / 1e6;
    (-6..=6i32, -6..=6i32)
        .prop_map(move |(lat, lon)| (degrees(45_530_000 + lat * 20_000), degrees(-73_520_000 + lon * 30_000)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn distance_order_equals_brute_force(
        places in prop::collection::vec(prop::collection::vec(grid_point(), 0..4), 1..40),
        origin in grid_point(), radius_km in prop::option::of(0.5..20.0f64), limit in 1..9usize, cut in 0..40usize,
    ) {
        let origin = Point { lat: origin.0, lon: origin.1 };
        let entries: Vec<Entry> = (0_u64..).zip(&places).map(|(n, points)| {
            let locations = (0_u64..).zip(points)
                .map(|(at, point)| place(n * 10 + at, Some(*point), Visibility::Public)).collect();
            service(n, "cpe", locations)
        }).collect();
        // Several segments, and documents written twice.
        let index = Index::in_memory(id(9)).unwrap();
        let changes: Vec<Change> = entries.into_iter().map(put).collect();
        let (first, second) = changes.split_at(cut.min(changes.len()));
        index.apply(first, Some(1)).unwrap();
        index.apply(second, Some(2)).unwrap();
        index.apply(first, Some(3)).unwrap();

        let mut brute: Vec<(f64, u64)> = (0_u64..).zip(&places).filter_map(|(n, points)| {
            let distances = points.iter().map(|(lat, lon)| origin.distance_km(Point { lat: *lat, lon: *lon }));
            distances.min_by(f64::total_cmp).filter(|km| radius_km.is_none_or(|max| *km <= max)).map(|km| (km, n))
        }).collect();
        brute.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));

        let mut request = Request {
            origin: from(origin), radius_km, limit, coverage: Some(Coverage::Near), sort: Some(Sort::Distance),
            categories: vec!["childcare/cpe".into()], ..Request::new(now())
        };
        let mut paged = vec![];
        loop {
            let page = index.search(&request).unwrap();
            prop_assert_eq!(page.total, Total { value: brute.len() as u64, relation: Relation::Equal });
            paged.extend(page.hits.iter().map(|hit| (hit.distance_km.unwrap(), hit.service_id.0.as_u64_pair().1)));
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        prop_assert_eq!(paged, brute);
    }
}

#[test]
fn of_many_that_hold_the_words_alike_the_nearest_come_first() {
    // Far more than are counted, over some windows, in rows from west to east; some have a second place anywhere.
    let point = |n: u64| (44.0 + (n / 120) as f64 * 0.02, -76.0 + (n % 120) as f64 * 0.04);
    let places = |n: u64| match n % 9 {
        0 => vec![point(n), point(n * 7_919 % 12_000)],
        _ => vec![point(n)],
    };
    let entries = (0..12_000).map(|n| {
        let located = (1..).zip(places(n)).map(|(at, point)| place(n * 10 + at, Some(point), Visibility::Public));
        let mut entry = service(n, "Aide", located.collect());
        // All stand as well as one may, and only how far they are tells them apart.
        let of = &mut entry.aggregate.service;
        (of.verified_at, of.capacity.places_available, of.served) = (Some(now()), Some(2), vec!["mrc:58".into()]);
        let (opens_at, closes_at) = (Some("00:00".into()), Some("23:59".into()));
        of.document.schedules = vec![Schedule { byday: Some("MO".into()), opens_at, closes_at, ..Schedule::default() }];
        entry
    });
    let index = index(entries.collect());
    let within = [(LONGUEUIL, Some(90.0)), (Point { lat: 44.6, lon: -75.1 }, Some(400.0))];
    // Outside of all there is, on each side: what is far away is so by the whole of its window.
    let outside =
        [(43.5, -73.5), (46.5, -73.5), (45.0, -77.0), (45.0, -70.5)].map(|(lat, lon)| (Point { lat, lon }, None));
    for (origin, radius_km) in within.into_iter().chain(outside).chain([(LONGUEUIL, None)]) {
        let mut request = Request {
            origin: from(origin),
            radius_km,
            coverage: Some(Coverage::Near),
            limit: 20,
            sort: Some(Sort::Relevance),
            exact: true,
            ..ask("aide")
        };
        let mut brute: Vec<(f64, u64)> = (0..12_000)
            .map(|n| {
                let distances = places(n).into_iter().map(|(lat, lon)| origin.distance_km(Point { lat, lon }));
                (distances.fold(f64::INFINITY, f64::min), n)
            })
            .collect();
        brute.retain(|(km, _)| radius_km.is_none_or(|most| *km <= most));
        brute.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        for wanted in brute.chunks(20).take(3) {
            let page = index.search(&request).unwrap();
            let all = brute.len() as u64;
            let (value, relation) = if all > 10_000 { (10_000, Relation::AtLeast) } else { (all, Relation::Equal) };
            assert_eq!(page.total, Total { value, relation }, "{radius_km:?}");
            let told: Vec<u64> = page.hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1).collect();
            assert_eq!(told, wanted.iter().map(|(_, n)| *n).collect::<Vec<_>>(), "{radius_km:?}");
            request.cursor = page.next_cursor;
        }
    }
}

#[test]
fn pages_by_relevance_hold_everything_once() {
    let entries = (0..57).map(|n| described(n, "Garderie", if n % 3 == 0 { "garderie en bois" } else { "jeux" }));
    let index = index(entries.collect());
    let mut request = Request { limit: 10, ..ask("garderie") };
    let whole = found(&index, &Request { limit: 100, ..request.clone() });
    let mut paged = vec![];
    loop {
        let page = index.search(&request).unwrap();
        paged.extend(page.hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1));
        let Some(cursor) = page.next_cursor else { break };
        request.cursor = Some(cursor);
        request.now = request.now.plus(chrono::TimeDelta::days(400));
    }
    assert_eq!(paged, whole);
    assert_eq!(paged.len(), 57);
}

#[test]
fn pages_by_distance_hold_what_has_no_distance_once() {
    let places = |n: u64| match n % 3 {
        0 => vec![place(1_000 + n, Some((45.53 + n as f64 * 0.01, -73.52)), Visibility::Public)],
        _ => vec![],
    };
    let index = index((0..60).rev().map(|n| service(n, "cpe", places(n))).collect());
    for limit in [1, 7, 20, 59] {
        let mut request = Request { origin: from(LONGUEUIL), sort: Some(Sort::Distance), limit, ..Request::new(now()) };
        let mut paged = vec![];
        loop {
            let page = index.search(&request).unwrap();
            assert_eq!(page.total.value, 60);
            paged.extend(page.hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1));
            let Some(cursor) = page.next_cursor else { break };
            request.cursor = Some(cursor);
        }
        let without: Vec<u64> = (0..60).filter(|n| n % 3 != 0).collect();
        assert_eq!(paged[20..], without, "by id, {limit} at a time");
        let all: std::collections::BTreeSet<u64> = paged.iter().copied().collect();
        assert_eq!((paged.len(), all.len()), (60, 60), "{limit} at a time");
    }
}

#[test]
fn a_cursor_of_another_search_or_of_nobody_is_refused() {
    let index = index((0..5).map(|n| service(n, "cpe", vec![])).collect());
    let request = Request { limit: 2, ..ask("cpe") };
    let cursor = index.search(&request).unwrap().next_cursor.unwrap();
    let refused = |request: Request| matches!(index.search(&request), Err(Error::InvalidCursor));
    assert!(!refused(Request { cursor: Some(cursor.clone()), ..request.clone() }));
    assert!(refused(Request { cursor: Some(cursor.clone()), ..ask("garderie") }));
    let mut forged = cursor.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    for text in [String::from_utf8(forged).unwrap(), String::new(), "é".into(), "AAAA".into(), cursor.repeat(2)] {
        assert!(refused(Request { cursor: Some(text.clone()), ..request.clone() }), "{text}");
    }
}

#[test]
fn what_is_withdrawn_or_removed_is_not_found() {
    let index = index((0..3).map(|n| service(n, "cpe", vec![])).collect());
    let mut defunct = service(1, "cpe", vec![]);
    defunct.aggregate.service.status = ServiceStatus::Defunct;
    index.apply(&[put(defunct), Change::Remove(id(2))], Some(2)).unwrap();
    assert_eq!(found(&index, &ask("cpe")), [0]);
    assert_eq!(index.documents(), 1);
}

#[test]
fn the_digest_is_of_the_content_whatever_the_order() {
    let entries: Vec<Entry> = (0..20).map(|n| service(n, "cpe", vec![])).collect();
    let one = index(entries.clone());
    let other = index(entries.iter().rev().cloned().collect());
    other.apply(&[put(entries[3].clone())], Some(2)).unwrap();
    assert_eq!(one.content_digest().unwrap(), other.content_digest().unwrap());
    let mut changed = entries[3].clone();
    changed.aggregate.service.document.closed_from = NaiveDate::from_ymd_opt(2026, 7, 1);
    other.apply(&[put(changed)], Some(3)).unwrap();
    assert_ne!(one.content_digest().unwrap(), other.content_digest().unwrap());
}

#[test]
fn an_index_keeps_its_place_and_starts_again_when_it_does_not_fit() {
    let directory = tempfile::tempdir().unwrap();
    let open = |epoch| Index::open(directory.path(), epoch).unwrap();
    let index = open(id(1));
    assert_eq!(index.position(), None);
    index.apply(&[put(service(1, "cpe", vec![]))], Some(41)).unwrap();
    assert!(matches!(Index::open(directory.path(), id(1)), Err(Error::InUse(_))));
    let reader = Index::open_for_reading(directory.path()).unwrap().unwrap();
    assert_eq!((reader.position(), reader.documents(), reader.epoch()), (Some(41), 1, id(1)));
    assert!(matches!(reader.apply(&[], Some(1)), Err(Error::ReadOnly)));
    drop((index, reader));

    let index = open(id(1));
    assert_eq!((index.position(), found(&index, &ask("cpe"))), (Some(41), vec![1]));
    index.apply(&[put(service(2, "cpe", vec![]))], None).unwrap();
    drop(index);
    assert_eq!(open(id(1)).position(), None, "a filling cut short");
    open(id(1)).apply(&[put(service(1, "cpe", vec![]))], Some(5)).unwrap();
    assert_eq!(open(id(2)).position(), None, "another epoch");
    open(id(2)).apply(&[put(service(1, "cpe", vec![]))], Some(6)).unwrap();

    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "store") {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    let index = open(id(2));
    assert_eq!((index.position(), index.documents()), (None, 0), "truncated files");
    index.apply(&[put(service(1, "cpe", vec![]))], Some(7)).unwrap();
    drop(index);
    std::fs::write(directory.path().join("meta.json"), "{").unwrap();
    assert_eq!(open(id(2)).position(), None, "a damaged list of files");
}

#[test]
fn waiting_ends_with_the_change_or_with_the_time() {
    use std::time::Duration;
    let index = index(vec![]);
    assert!(index.wait_for(1, Duration::ZERO));
    assert!(!index.wait_for(2, Duration::from_millis(5)));
    let other = index.clone();
    let waiting = std::thread::spawn(move || other.wait_for(2, Duration::from_secs(20)));
    index.apply(&[], Some(2)).unwrap();
    assert!(waiting.join().unwrap());
}
