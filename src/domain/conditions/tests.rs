use serde_json::json;

use super::*;
use crate::domain::directory::{
    Capacity, LocatedIn, LocationDocument, Origin, Placement, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::freshness::Review;
use crate::domain::language::Text;
use crate::id::Id;

pub(in crate::domain) fn now() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}

/// A service of which little is said, with what a test says of it.
pub(in crate::domain) fn service(adjust: impl FnOnce(&mut Service)) -> Service {
    let id = Id::from_words(&["service"]);
    let mut one = Service {
        id,
        origin: Origin::local(id),
        organization_id: id,
        status: ServiceStatus::Active,
        name: Text::fr("Service"),
        categories: vec!["food/food-bank".to_owned()],
        served: vec![],
        at_locations: vec![],
        capacity: Capacity::default(),
        verified_at: Some(now()),
        review: Review::default(),
        document: ServiceDocument::default(),
        version: 1,
        updated_at: now(),
        retired_at: None,
        replaced_by: None,
    };
    adjust(&mut one);
    one
}

fn place(accessibility: serde_json::Value) -> Location {
    let id = Id::from_words(&["place"]);
    let mut document = LocationDocument::default();
    document.other.insert("accessibility".to_owned(), accessibility);
    Location {
        id,
        origin: Origin::local(id),
        organization_id: None,
        name: Text::default(),
        point: None,
        placement: Placement::None,
        visibility: Visibility::Public,
        territories: LocatedIn::default(),
        document,
        version: 1,
        retired_at: None,
        replaced_by: None,
    }
}

#[test]
fn a_fee_is_read_only_where_it_is_said_plainly() {
    for (text, free) in [
        ("Gratuit.", Some(true)),
        ("Free of charge", Some(true)),
        ("Sans frais", Some(true)),
        ("Gratuit ou à petit prix.", None),
        ("Gratuit pour les membres", None),
        ("Ce n'est pas gratuit", None),
        ("Free, except for materials", None),
        ("Carte de membre à 5 $ par année.", Some(false)),
        ("Service payant", Some(false)),
        ("Gratuit, puis 5 $", None),
        ("Contribution volontaire.", None),
        ("", None),
    ] {
        assert_eq!(is_free(&service(|one| one.document.fees_description = Text::fr(text))), free, "{text}");
    }
    let options = |options: serde_json::Value| {
        let options = options.as_array().unwrap().clone();
        is_free(&service(|one| one.document.cost_options = options))
    };
    assert_eq!(options(json!([{"amount": 0}, {"amount": "0"}])), Some(true));
    assert_eq!(options(json!([{"amount": 12.5}])), Some(false));
    assert_eq!(options(json!([{"amount": 0}, {"amount": 5}])), None, "it depends");
    assert_eq!(options(json!([{"option": "adult"}])), None);
    let both = Text::new("Gratuit", "5 $ a visit");
    assert_eq!(is_free(&service(|one| one.document.fees_description = both)), None, "the two languages disagree");
}

#[test]
fn access_by_wheelchair_is_read_only_where_it_is_said_plainly() {
    for (said, accessible) in [
        (json!([{"description": "Accessible en fauteuil roulant."}]), Some(true)),
        (json!([{"details": "Wheelchair ramp at the back"}]), Some(true)),
        (json!("Entrée de plain-pied"), Some(true)),
        (json!([{"description": "Non accessible en fauteuil roulant"}]), Some(false)),
        (json!([{"description": "No wheelchair access"}]), Some(false)),
        (json!([{"description": "Fauteuil roulant : pas au deuxième étage"}]), None),
        (json!([{"description": "Boucle auditive"}]), None),
        (json!([{"description": "Rampe"}, {"description": "Inaccessible"}]), None),
        (json!(7), None),
    ] {
        assert_eq!(wheelchair(&place(said.clone())), accessible, "{said}");
    }
}

fn accessible(text: &str) -> Location {
    place(json!([{ "description": text }]))
}

#[test]
fn a_wheelchair_gets_in_somewhere_or_nobody_has_to_go() {
    let visited = service(|_| {});
    let (yes, no, unsaid) = (accessible("Rampe"), accessible("Non accessible"), place(json!(null)));
    let at = |places: &[&Location]| takes_wheelchairs(&visited, places.iter().map(|place| Some(*place)));
    assert_eq!(at(&[]), None);
    assert_eq!(at(&[&no, &yes]), Some(true), "one place is enough");
    assert_eq!((at(&[&no, &no]), at(&[&no, &unsaid])), (Some(false), None));
    assert_eq!(takes_wheelchairs(&visited, [Some(&no), None].into_iter()), None, "nothing is said of a hidden place");
    let given = |how| service(|one| one.document.delivery = vec![how]);
    let at_no = |one: &Service| takes_wheelchairs(one, [Some(&no)].into_iter());
    assert_eq!(at_no(&given(Delivery::AtHome)), Some(true));
    assert_eq!(at_no(&given(Delivery::InPerson)), Some(false));
    assert_eq!(at_no(&given(Delivery::Remote)), None, "food is hardly given over the telephone, but nobody is sure");
    let heard = |one: &mut Service| {
        one.document.delivery = vec![Delivery::Remote];
        one.categories = vec!["mental-health/crisis-line".to_owned()];
    };
    assert_eq!(at_no(&service(heard)), Some(true));
}

#[test]
fn no_car_is_needed_where_somebody_says_the_way_or_nobody_goes() {
    let mut told = place(json!(null));
    told.document.transportation = Text::fr("Autobus 8");
    let untold = place(json!(null));
    let by = |one: &Service, place: Option<&Location>| is_for_who_has_no_car(one, [place].into_iter());
    let plain = service(|_| {});
    assert!(by(&plain, Some(&told)) && !by(&plain, Some(&untold)) && !by(&plain, None));
    assert!(by(&service(|one| one.document.transit = Text::fr("Autobus 8")), None));
    assert!(by(&service(|one| one.document.delivery = vec![Delivery::AtHome]), None));
}

#[test]
fn papers_are_asked_for_only_where_somebody_names_one() {
    let asks = |documents: serde_json::Value| {
        let documents = documents.as_array().unwrap().clone();
        asks_for_documents(&service(|one| one.document.required_documents = documents))
    };
    for (said, asked) in [
        (json!([]), None),
        (json!([{"document": " "}]), None),
        (json!([{"document": "Preuve de résidence"}]), Some(true)),
        (json!(["Carte d'assurance maladie"]), Some(true)),
        (json!([{"document": "Aucun document requis."}]), Some(false)),
        (json!([{"document": "None"}]), Some(false)),
        (json!([{"document": "Aucun, sauf une preuve d'adresse"}]), None),
        (json!([{"document": "Aucun"}, {"document": "Passeport"}]), Some(true)),
        (json!([{"uri": "https://exemple.example"}]), None),
    ] {
        assert_eq!(asks(said.clone()), asked, "{said}");
    }
}

#[test]
fn a_public_is_left_out_only_where_the_service_is_for_others_alone() {
    let only = service(|one| one.document.public_exclusive = vec![Public::Women, Public::Newcomers]);
    let first = service(|one| one.document.public_preferred = vec![Public::Women]);
    let (women, fathers) = ([Public::Women], [Public::Fathers]);
    assert!(!is_only_for_others(&only, &women) && is_for(&only, &women));
    assert!(is_only_for_others(&only, &fathers) && !is_for(&only, &fathers));
    assert!(!is_only_for_others(&only, &[Public::Fathers, Public::Newcomers]), "any of them");
    assert!(!is_only_for_others(&only, &[]), "nobody asked");
    assert!(!is_only_for_others(&first, &fathers) && is_for(&first, &women));
}

#[test]
fn how_it_is_given_and_its_room_are_known_only_where_somebody_said() {
    let both = service(|one| one.document.delivery = vec![Delivery::InPerson, Delivery::Remote]);
    assert_eq!(is_given(&both, &[Delivery::Remote]), Some(true));
    assert_eq!(is_given(&both, &[Delivery::AtHome]), Some(false));
    assert_eq!(is_given(&service(|_| {}), &[Delivery::AtHome]), None);
    let room = |places| has_room(&service(|one| one.capacity.places_available = places));
    assert_eq!([room(None), room(Some(0)), room(Some(1))], [None, Some(false), Some(true)]);
}
