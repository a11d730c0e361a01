//! What a search asks beyond words and place, against the plain rules of the directory over generated services.

use serde_json::json;

use super::*;
use crate::domain::conditions::{self, Conditions, Cost, Documents};
use crate::domain::directory::{Delivery, Language};
use crate::domain::matching::WALK_KM_MAX;
use crate::domain::publics::Public;
use crate::domain::schedule::{OpeningHours, WeeklySpan};

/// Small numbers, one after the other, out of a large one.
struct Digits(u64);

impl Digits {
    fn below(&mut self, most: u64) -> usize {
        let digit = self.0 % most;
        self.0 /= most;
        digit as usize
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }
}

const PUBLICS: [Public; 3] = [Public::Women, Public::Newcomers, Public::Fathers];
const SPANS: [&str; 2] = ["TU 08:00-10:00", "SA 10:00-24:00"];

fn some<T: Copy>(digits: &mut Digits, of: &[T]) -> Vec<T> {
    of.iter().copied().filter(|_| digits.below(3) == 1).collect()
}

fn made_place(n: u64, digits: &mut Digits) -> Location {
    let visibility = [Visibility::Public, Visibility::Professional, Visibility::RegionOnly][digits.below(3)];
    let point = (45.53 + digits.below(5) as f64 * 0.01, -73.52 + digits.below(5) as f64 * 0.02);
    let mut one = place(n, Some(point), visibility);
    let said = ["", "Rampe", "Non accessible"][digits.below(3)];
    one.document.other.insert("accessibility".into(), json!([{ "description": said }]));
    if digits.below(4) == 0 {
        one.document.transportation = Text::fr("Autobus 8");
    }
    one
}

/// What is not known to be against some of what may be asked, known to be so, or not said.
fn made(n: u64, bits: (u64, u64)) -> Entry {
    let (mut digits, mut of_places) = (Digits(bits.0), Digits(bits.1));
    let places = (0..of_places.below(3) as u64).map(|at| made_place(100 + n * 10 + at, &mut of_places)).collect();
    let mut entry = service(n, "cpe", places);
    let service = &mut entry.aggregate.service;
    service.capacity.places_available = [None, Some(0), Some(3)][digits.below(3)];
    let document = &mut service.document;
    document.fees_description = [Text::default(), Text::fr("Gratuit"), Text::fr("5 $")][digits.below(3)].clone();
    document.delivery = some(&mut digits, Delivery::ALL);
    document.required_documents = [vec![], vec![json!("Aucun")], vec![json!("Passeport")]][digits.below(3)].clone();
    document.public_exclusive = some(&mut digits, &PUBLICS);
    document.public_preferred = some(&mut digits, &PUBLICS);
    document.languages = match digits.below(3) {
        0 => vec![],
        at => vec![Language { code: Some(["es", "ar"][at - 1].into()), ..Language::default() }],
    };
    if digits.below(3) == 0 {
        document.other.insert("interpretation_services".into(), "Sur demande".into());
    }
    if digits.below(5) == 0 {
        document.transit = Text::fr("Autobus 8");
    }
    let byday = ["MO", "TU", "FR,SA", "1MO"][digits.below(4)];
    if digits.is() {
        let (opens_at, closes_at) = (Some("09:00".to_owned()), Some("12:00".to_owned()));
        document.schedules = vec![Schedule { byday: Some(byday.into()), opens_at, closes_at, ..Schedule::default() }];
    }
    document.minimum_age_months = [None, Some(6), Some(60)][digits.below(3)];
    document.maximum_age_months = [None, Some(72)][digits.below(2)];
    entry
}

fn asked(bits: u64) -> Request {
    let mut digits = Digits(bits);
    let digits = &mut digits;
    let window =
        [("2026-06-15T09:30:00-04:00", "2026-06-15T13:00:00-04:00"), ("2026-06-17T00:00:00Z", "2026-06-22T00:00:00Z")];
    let time = |text: &str| Time::parse_rfc3339(text).unwrap();
    let conditions = Conditions {
        cost: (digits.below(3) == 0).then_some(Cost::Free),
        wheelchair: digits.below(3) == 0,
        no_car: digits.below(3) == 0,
        has_room: digits.below(4) == 0,
        documents: (digits.below(4) == 0).then_some(Documents::None),
        delivery: some(digits, Delivery::ALL),
        publics: some(digits, &PUBLICS),
        open_between: window.get(digits.below(6)).map(|(from, to)| (time(from), time(to))),
        open_weekly: SPANS.iter().filter(|_| digits.below(5) == 0).filter_map(|span| WeeklySpan::parse(span)).collect(),
        known_only: digits.below(3) == 0,
    };
    Request {
        conditions,
        language: [None, None, Some("es".to_owned())][digits.below(3)].clone(),
        ages_months: [vec![], vec![], vec![3, 70], vec![66]][digits.below(4)].clone(),
        audience: if digits.is() { Audience::Public } else { Audience::Professional },
        sort: [None, Some(Sort::Distance), Some(Sort::Relevance)][digits.below(3)],
        origin: from(LONGUEUIL).filter(|_| digits.below(4) > 0),
        ..Request::new(now())
    }
}

fn distance_km(aggregate: &ServiceAggregate, request: &Request) -> f64 {
    let origin = request.origin.as_ref().and_then(|origin| origin.point);
    let is_professional = request.audience == Audience::Professional;
    let seen = aggregate.locations.iter().filter_map(|place| conditions::known_place(place, is_professional));
    let all = seen.filter_map(|place| Some(origin?.distance_km(place.point?)));
    all.fold(f64::INFINITY, f64::min)
}

/// What the rules say of a service, of each thing asked: and whether what nobody said is left out on demand.
fn told(aggregate: &ServiceAggregate, request: &Request) -> Vec<(Option<bool>, bool)> {
    let (service, asked) = (&aggregate.service, &request.conditions);
    let is_professional = request.audience == Audience::Professional;
    let places = || aggregate.locations.iter().map(|place| conditions::known_place(place, is_professional));
    let hours = OpeningHours::of(aggregate);
    let mut told = vec![];
    let mut tell = |is_asked: bool, said: Option<bool>| told.extend(is_asked.then_some((said, true)));
    tell(asked.cost.is_some(), conditions::is_free(service));
    tell(asked.wheelchair, conditions::takes_wheelchairs(service, places()));
    tell(asked.has_room, conditions::has_room(service));
    tell(asked.documents.is_some(), conditions::asks_for_documents(service).map(|asks| !asks));
    tell(!asked.delivery.is_empty(), conditions::is_given(service, &asked.delivery));
    let without_car = conditions::is_for_who_has_no_car(service, places());
    tell(asked.no_car, (without_car || distance_km(aggregate, request) <= WALK_KM_MAX).then_some(true));
    if let Some(code) = &request.language {
        let speaks = service.document.languages.iter().any(|one| one.code.as_ref() == Some(code));
        let may = if conditions::has_interpreters(service) { None } else { Some(false) };
        tell(true, if speaks { Some(true) } else { may });
    }
    tell(asked.asks_hours(), asked.met_by(Some(&hours), request.now));
    if !asked.publics.is_empty() {
        let others = conditions::is_only_for_others(service, &asked.publics);
        let named = conditions::is_for(service, &asked.publics).then_some(true);
        told.push((if others { Some(false) } else { named }, false));
    }
    told
}

/// How much of what is asked nobody said; none where the service is left out.
fn unsaid(aggregate: &ServiceAggregate, request: &Request) -> Option<usize> {
    let document = &aggregate.service.document;
    let is_of_age = |age: &u32| {
        document.minimum_age_months.is_none_or(|least| least <= *age)
            && document.maximum_age_months.is_none_or(|most| *age <= most)
    };
    let told = told(aggregate, request);
    let is_out = |(said, is_required): &(Option<bool>, bool)| {
        *said == Some(false) || said.is_none() && *is_required && request.conditions.known_only
    };
    let is_kept =
        (request.ages_months.is_empty() || request.ages_months.iter().any(is_of_age)) && !told.iter().any(is_out);
    is_kept.then(|| told.iter().filter(|(said, _)| said.is_none()).count())
}

fn counted(entries: &[Entry], request: &Request, holds: impl Fn(&ServiceAggregate) -> bool) -> u64 {
    let kept = entries.iter().filter(|entry| unsaid(&entry.aggregate, request).is_some());
    kept.filter(|entry| holds(&entry.aggregate)).count() as u64
}

/// The counts of a facet by the rules, its own filter not asked.
fn counts_by_the_rules(entries: &[Entry], request: &Request, facet: Facet) -> BTreeMap<String, u64> {
    let mut other = request.clone();
    let is_professional = request.audience == Audience::Professional;
    let wheelchair = |one: &ServiceAggregate| {
        let known = one.locations.iter().map(|place| conditions::known_place(place, is_professional));
        conditions::takes_wheelchairs(&one.service, known)
    };
    type Said<'a> = Box<dyn Fn(&ServiceAggregate) -> Option<bool> + 'a>;
    let three = |entries: &[Entry], other: &Request, words: [&str; 2], said: Said<'_>| {
        let value = |word: &str, is: Option<bool>| (word.to_owned(), counted(entries, other, |one| said(one) == is));
        vec![value(words[0], Some(true)), value(words[1], Some(false)), value("unknown", None)]
    };
    let counts = match facet {
        Facet::Cost => {
            other.conditions.cost = None;
            three(entries, &other, ["free", "not_free"], Box::new(|one| conditions::is_free(&one.service)))
        }
        Facet::Wheelchair => {
            other.conditions.wheelchair = false;
            three(entries, &other, ["yes", "no"], Box::new(wheelchair))
        }
        Facet::HasRoom => {
            other.conditions.has_room = false;
            three(entries, &other, ["yes", "no"], Box::new(|one| conditions::has_room(&one.service)))
        }
        Facet::Delivery => {
            other.conditions.delivery.clear();
            let given = |how: &Delivery| {
                (how.as_str().to_owned(), counted(entries, &other, |one| one.service.document.delivery.contains(how)))
            };
            let unknown = counted(entries, &other, |one| one.service.document.delivery.is_empty());
            Delivery::ALL.iter().map(given).chain([("unknown".to_owned(), unknown)]).collect()
        }
        Facet::Public => {
            other.conditions.publics.clear();
            let named = |public: &Public| {
                let count = counted(entries, &other, |one| conditions::is_for(&one.service, &[*public]));
                (public.as_str().to_owned(), count)
            };
            PUBLICS.iter().map(named).collect()
        }
        Facet::Category | Facet::Language => vec![],
    };
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]
    #[test]
    fn what_is_asked_leaves_out_and_counts_what_the_rules_say(
        services in prop::collection::vec(any::<(u64, u64)>(), 1..40), bits in any::<u64>(), limit in 1..9usize,
    ) {
        let entries: Vec<Entry> = (0_u64..).zip(&services).map(|(n, bits)| made(n, *bits)).collect();
        let index = Index::in_memory(id(9)).unwrap();
        let changes: Vec<Change> = entries.iter().cloned().map(put).collect();
        let (first, second) = changes.split_at(changes.len() / 2);
        index.apply(first, Some(1)).unwrap();
        index.apply(second, Some(2)).unwrap();
        let facets = vec![Facet::Cost, Facet::Wheelchair, Facet::Delivery, Facet::Public, Facet::HasRoom];
        let mut request = Request { facets: facets.clone(), limit, ..asked(bits) };

        let mut expected: Vec<(f64, usize, u64)> = (0_u64..).zip(&entries).filter_map(|(n, entry)| {
            Some((distance_km(&entry.aggregate, &request), unsaid(&entry.aggregate, &request)?, n))
        }).collect();
        let page = index.search(&request).unwrap();
        prop_assert_eq!(page.total, Total { value: expected.len() as u64, relation: Relation::Equal });
        for (facet, counted) in facets.iter().zip(&page.facets) {
            let counts: BTreeMap<String, u64> = counted.counts.iter().cloned().collect();
            prop_assert_eq!(counts, counts_by_the_rules(&entries, &request, *facet), "{}", facet.as_str());
        }

        let is_by_distance = request.sort() == Sort::Distance;
        // An order that is asked by its name is by distance alone.
        let rank = |(km, unsaid, n): &(f64, usize, u64)| match request.sort {
            Some(Sort::Distance) => (*km, 0, *n),
            _ => (km + *unsaid as f64 * 100_000.0, *unsaid, *n),
        };
        expected.sort_by(|one, other| rank(one).partial_cmp(&rank(other)).unwrap());
        let known_to_be: BTreeMap<u64, usize> = expected.iter().map(|(_, unsaid, n)| (*n, *unsaid)).collect();
        let mut expected: Vec<u64> = expected.into_iter().map(|(_, _, n)| n).collect();
        let mut paged = vec![];
        loop {
            let page = index.search(&request).unwrap();
            paged.extend(page.hits.iter().map(|hit| hit.service_id.0.as_u64_pair().1));
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => break,
            }
        }
        if !is_by_distance {
            let unsaid: Vec<usize> = paged.iter().map(|n| known_to_be[n]).collect();
            prop_assert!(unsaid.is_sorted(), "what is known to be as asked comes first: {:?}", unsaid);
            paged.sort_unstable();
            expected.sort_unstable();
        }
        prop_assert_eq!(paged, expected);
    }
}

#[test]
fn words_that_are_held_come_before_what_nobody_said() {
    let free = |mut entry: Entry| {
        entry.aggregate.service.document.fees_description = Text::fr("Gratuit");
        entry
    };
    let index = index(vec![
        described(1, "Garderie du parc", "une garderie"),
        free(described(2, "Les amis", "toutes les garderies")),
        free(described(3, "Garderie du parc", "une garderie")),
    ]);
    let cost = Conditions { cost: Some(Cost::Free), ..Conditions::default() };
    assert_eq!(found(&index, &ask("garderie")), [1, 3, 2]);
    assert_eq!(found(&index, &Request { conditions: cost.clone(), ..ask("garderie") }), [3, 1, 2]);
    let known = Conditions { known_only: true, ..cost };
    assert_eq!(found(&index, &Request { conditions: known, ..ask("garderie") }), [3, 2]);
}

#[test]
fn what_is_said_of_a_place_for_professionals_is_for_them() {
    let mut office = place(11, Some((45.54, -73.52)), Visibility::Professional);
    office.document.other.insert("accessibility".into(), json!("Non accessible en fauteuil roulant"));
    let mut shelter = place(12, Some((45.54, -73.52)), Visibility::RegionOnly);
    shelter.document.other.insert("accessibility".into(), json!("Non accessible en fauteuil roulant"));
    let index = index(vec![service(1, "bureau", vec![office]), service(2, "refuge", vec![shelter])]);
    let conditions = Conditions { wheelchair: true, ..Conditions::default() };
    let seen = |audience| Request { conditions: conditions.clone(), audience, ..Request::new(now()) };
    assert_eq!(found(&index, &seen(Audience::Public)), [1, 2]);
    assert_eq!(found(&index, &seen(Audience::Professional)), [2], "nothing is said of a hidden place");
}
