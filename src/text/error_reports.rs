//! What may be wrong of a service, in words for people.

use crate::domain::error_report::ErrorReason;
use crate::domain::language::Lang;

pub fn reason(reason: ErrorReason, lang: Lang) -> &'static str {
    let (fr, en) = match reason {
        ErrorReason::WrongPhone => ("Le téléphone est erroné", "The telephone number is wrong"),
        ErrorReason::WrongAddress => ("L'adresse est erronée", "The address is wrong"),
        ErrorReason::WrongHours => ("Les heures sont erronées", "The hours are wrong"),
        ErrorReason::ClosedForGood => ("Le service est fermé pour de bon", "The service is closed for good"),
        ErrorReason::Moved => ("Le service a déménagé", "The service has moved"),
        ErrorReason::NotEligibleAsSaid => {
            ("L'admissibilité n'est pas celle qui est dite", "Eligibility is not as it is said")
        }
        ErrorReason::Full => ("Le service est complet", "The service is full"),
        ErrorReason::Other => ("Autre chose", "Something else"),
    };
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}
