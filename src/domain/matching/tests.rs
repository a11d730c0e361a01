use super::*;
use crate::domain::conditions::tests::{now, service};

fn assessed(family: &Family, service: &Service) -> Assessment {
    let need = Need { category: Some("food".to_owned()), ..Need::default() };
    assess(Case {
        family,
        need: &need,
        service,
        held: WordsHeld::Mentioned,
        way: Way::Visit,
        place: None,
        distance_km: None,
        comes_from_km: None,
        served: None,
        now: now(),
    })
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
    assert_eq!((of(0), of(181), of(183), of(430)), (None, None, None, Some("14".to_owned())));
    let never = assessed(&Family::default(), &service(|one| one.verified_at = None));
    assert!(never.why_not.contains(&Note::of(Cause::NeverVerified)));
}

#[test]
fn a_code_is_under_its_field_and_no_other() {
    assert!(is_of_category("food/food-bank", "food") && is_of_category("food/food-bank", "food/food-bank"));
    assert!(!is_of_category("food", "food/food-bank") && !is_of_category("foodie/bank", "food"));
}
