use serde_json::json;

use super::*;
use crate::domain::directory::{
    Capacity, LocatedIn, LocationDocument, Origin, Placement, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::freshness::Review;
use crate::domain::language::Text;
use crate::id::Id;

fn now() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}

fn service(adjust: impl FnOnce(&mut Service)) -> Service {
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

fn assessed(family: &Family, service: &Service) -> Assessment {
    let need = Need { category: Some("food".to_owned()), ..Need::default() };
    assess(Case {
        family,
        need: &need,
        service,
        way: Way::Visit,
        place: None,
        distance_km: None,
        served: None,
        now: now(),
    })
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

#[test]
fn a_public_is_known_by_the_ages_of_the_children_and_else_nobody_knows() {
    let month = |text: &str| Month::parse(text).unwrap();
    let family = Family { children: vec![Child::Born(month("2018-01"))], ..Family::default() };
    let fit =
        |public: &[Public]| assessed(&family, &service(|one| one.document.public_exclusive = public.to_vec())).fit;
    assert_eq!(fit(&[]), Fit::Fits);
    assert_eq!(fit(&[Public::Families]), Fit::Fits);
    assert_eq!(fit(&[Public::SchoolAge]), Fit::Fits);
    assert_eq!(fit(&[Public::EarlyChildhood]), Fit::MayFit);
    assert_eq!(fit(&[Public::Fathers]), Fit::MayFit);
}

#[test]
fn what_nobody_asked_about_weighs_nothing() {
    let said = assessed(&Family::default(), &service(|_| {}));
    assert_eq!(said.fit, Fit::Fits);
    let unknown: Vec<Cause> = said.unknown.iter().map(|note| note.cause).collect();
    assert_eq!(unknown, [Cause::FeeUnknown, Cause::PlaceHidden, Cause::HoursUnknown]);
    let asked = Family { free_only: true, ..Family::default() };
    assert_eq!(assessed(&asked, &service(|_| {})).fit, Fit::MayFit);
}

#[test]
fn a_record_is_as_old_as_its_last_confirmation() {
    let of = |days: i64| {
        let then = now().plus(chrono::TimeDelta::days(-days));
        let said = assessed(&Family::default(), &service(|one| one.verified_at = Some(then)));
        said.why_not.into_iter().find(|note| note.cause == Cause::VerifiedLongAgo).and_then(|note| note.value)
    };
    assert_eq!((of(0), of(181), of(183), of(430)), (None, None, Some("6".to_owned()), Some("14".to_owned())));
    let never = assessed(&Family::default(), &service(|one| one.verified_at = None));
    assert!(never.why_not.contains(&Note::of(Cause::NeverVerified)));
}

#[test]
fn a_code_is_under_its_field_and_no_other() {
    assert!(is_of_category("food/food-bank", "food") && is_of_category("food/food-bank", "food/food-bank"));
    assert!(!is_of_category("food", "food/food-bank") && !is_of_category("foodie/bank", "food"));
}
