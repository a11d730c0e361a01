//! Why a service suits a family or may not, in a sentence.

use crate::domain::language::Lang;
use crate::domain::matching::{Cause, Note};
use crate::domain::publics::Public;
use crate::domain::taxonomy::Taxonomy;
use crate::text::languages::language_name;

pub fn sentence(note: &Note, lang: Lang) -> String {
    let value = note.value.as_deref().unwrap_or("");
    let (fr, en) = of_asked(note.cause, value, lang);
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

/// Only what decides that a service does not suit, without its value: for counts.
pub fn heading(cause: Cause, lang: Lang) -> String {
    sentence(&Note { cause, value: None }, lang)
}

/// A sentence in both languages; where it has a value that is not there, the sentence without it.
fn pair(fr: &str, en: &str) -> (String, String) {
    (fr.to_owned(), en.to_owned())
}

fn of_asked(cause: Cause, value: &str, lang: Lang) -> (String, String) {
    match cause {
        Cause::Category => {
            let label = Taxonomy::embedded().label(value, lang);
            (format!("Répond au besoin : {label}."), format!("Meets the need: {label}."))
        }
        Cause::Words => (format!("Trouvé par : {value}."), format!("Found by: {value}.")),
        Cause::OnlyMentioned => pair(
            "Ces mots sont dans sa description : demander si c'est bien ce qu'il faut.",
            "Its description has these words: ask whether it is what is needed.",
        ),
        Cause::OtherNeed if value.is_empty() => pair("Répond à un autre besoin.", "Meets another need."),
        Cause::OtherNeed => {
            let label = Taxonomy::embedded().label(value, lang);
            (format!("Répond à un autre besoin : {label}."), format!("Meets another need: {label}."))
        }
        Cause::Age => (format!("Accepte un âge de {value} mois."), format!("Takes an age of {value} months.")),
        Cause::OtherAge if value.is_empty() => pair("Pour un autre âge.", "For another age."),
        Cause::OtherAge => (format!("Pour un autre âge ({value} mois)."), format!("For another age ({value} months).")),
        Cause::AgeUnknown => pair("Rien ne dit l'âge accepté.", "Nothing says which age is accepted."),
        Cause::Language => (
            format!("On y parle : {}.", spoken(value, Lang::Fr)),
            format!("Spoken there: {}.", spoken(value, Lang::En)),
        ),
        Cause::OtherLanguage if value.is_empty() => pair("On y parle une autre langue.", "Another language is spoken."),
        Cause::OtherLanguage => (
            format!("On y parle seulement : {}.", spoken(value, Lang::Fr)),
            format!("Spoken there only: {}.", spoken(value, Lang::En)),
        ),
        Cause::Interpreter => pair(
            "Un service d'interprète est mentionné : demander s'il couvre la langue.",
            "An interpreter is mentioned: ask whether the language is covered.",
        ),
        Cause::LanguageUnknown => pair("Rien ne dit les langues parlées.", "Nothing says which languages are spoken."),
        Cause::Free => pair("Gratuit.", "Free."),
        Cause::NotFree | Cause::HasFee => pair("Il y a un coût.", "There is a cost."),
        Cause::FeeUnknown => pair("Le coût n'est pas connu, ou dépend.", "The cost is not known, or depends."),
        Cause::Wheelchair => pair("Accessible en fauteuil roulant.", "Accessible by wheelchair."),
        Cause::NoWheelchair => pair("Pas accessible en fauteuil roulant.", "Not accessible by wheelchair."),
        Cause::WheelchairUnknown => {
            pair("Rien de sûr sur l'accès en fauteuil roulant.", "Nothing sure about access by wheelchair.")
        }
        Cause::ComesToYou => pair("Se donne à domicile.", "Given at home."),
        Cause::FromAfar => pair("Se donne à distance.", "Given from a distance."),
        Cause::UnlikelyFromAfar => pair(
            "Dit se donner à distance : demander comment, pour un tel besoin.",
            "Says that it is given from a distance: ask how, for such a need.",
        ),
        Cause::WithoutCar => pair("Le chemin sans voiture est décrit.", "The way without a car is described."),
        Cause::WalkingDistance => pair("À distance de marche.", "Within walking distance."),
        Cause::WithoutCarUnknown => {
            pair("Rien ne dit comment s'y rendre sans voiture.", "Nothing says how to get there without a car.")
        }
        other => of_service(other, value, lang),
    }
}

/// What is so whatever the family asked.
fn of_service(cause: Cause, value: &str, lang: Lang) -> (String, String) {
    match cause {
        Cause::OpenWhenFree => pair("Ouvert quand la famille est libre.", "Open when the family is free."),
        Cause::ClosedWhenFree => pair("Fermé quand la famille est libre.", "Closed when the family is free."),
        Cause::HoursUnknown => pair("Les heures ne sont pas connues.", "The hours are not known."),
        Cause::Served => pair("Sert ce territoire.", "Serves this territory."),
        Cause::OtherTerritory => pair("Dit servir un autre territoire.", "Says that it serves another territory."),
        Cause::TerritoryUnknown => {
            pair("Rien ne dit jusqu'où le service se déplace.", "Nothing says how far the service travels.")
        }
        Cause::ComesFromFar if value.is_empty() => pair("Viendrait de loin.", "Would come from far away."),
        Cause::ComesFromFar => (
            format!("Viendrait de {value} km, et rien ne dit jusqu'où le service se déplace."),
            format!("Would come from {value} km away, and nothing says how far the service travels."),
        ),
        Cause::Room => (format!("Places disponibles : {value}."), format!("Places available: {value}.")),
        Cause::Full if value.is_empty() => pair("Complet.", "Full."),
        Cause::Full => (format!("Complet, dit le {value}."), format!("Full, as said on {value}.")),
        Cause::WaitingList => (format!("Personnes en attente : {value}."), format!("People waiting: {value}.")),
        Cause::WaitDays => (format!("Attente prévue : {value} jours."), format!("Expected wait: {value} days.")),
        Cause::ClosedNow => pair("Fermé en ce moment.", "Closed now."),
        Cause::ClosedForAWhile if value.is_empty() => pair("Fermé temporairement.", "Closed for a while."),
        Cause::ClosedForAWhile => (format!("Fermé jusqu'au {value}."), format!("Closed until {value}.")),
        Cause::VerifiedRecently => (format!("Fiche vérifiée le {value}."), format!("Record verified on {value}.")),
        Cause::VerifiedLongAgo => {
            (format!("Fiche vérifiée il y a {value} mois."), format!("Record verified {value} months ago."))
        }
        Cause::NeverVerified => pair("Fiche jamais vérifiée.", "Record never verified."),
        Cause::ForTheirPublic => {
            (format!("Pour : {}.", publics(value, lang)), format!("For: {}.", publics(value, lang)))
        }
        Cause::OnlyForOthers => {
            (format!("Réservé à : {}.", publics(value, lang)), format!("Only for: {}.", publics(value, lang)))
        }
        Cause::PlaceHidden => pair("L'adresse se donne par téléphone.", "The address is given by telephone."),
        Cause::Category
        | Cause::Words
        | Cause::OnlyMentioned
        | Cause::OtherNeed
        | Cause::Age
        | Cause::OtherAge
        | Cause::AgeUnknown
        | Cause::Language
        | Cause::OtherLanguage
        | Cause::Interpreter
        | Cause::LanguageUnknown
        | Cause::Free
        | Cause::NotFree
        | Cause::HasFee
        | Cause::FeeUnknown
        | Cause::Wheelchair
        | Cause::NoWheelchair
        | Cause::WheelchairUnknown
        | Cause::ComesToYou
        | Cause::FromAfar
        | Cause::UnlikelyFromAfar
        | Cause::WithoutCar
        | Cause::WalkingDistance
        | Cause::WithoutCarUnknown => pair("", ""),
    }
}

fn spoken(codes: &str, lang: Lang) -> String {
    codes.split(", ").map(|code| language_name(code, lang).unwrap_or(code)).collect::<Vec<_>>().join(", ")
}

fn publics(words: &str, lang: Lang) -> String {
    let label =
        |word: &str| Public::parse(word).map_or_else(|| word.to_owned(), |public| public.label(lang).to_owned());
    words.split(',').map(label).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_sentence_in_both_languages_with_and_without_its_value() {
        for cause in Cause::ALL {
            for value in [None, Some("7".to_owned())] {
                let note = Note { cause: *cause, value };
                let [fr, en] = [Lang::Fr, Lang::En].map(|lang| sentence(&note, lang));
                assert!(fr.ends_with('.') && en.ends_with('.') && fr != en, "{cause:?}: {fr} {en}");
            }
        }
        let note = Note::with(Cause::OtherLanguage, "fr, xx");
        assert_eq!(sentence(&note, Lang::En), "Spoken there only: French, xx.");
        let note = Note::with(Cause::OnlyForOthers, "single-parents,men");
        assert_eq!(sentence(&note, Lang::Fr), "Réservé à : Familles monoparentales, Hommes.");
    }
}
