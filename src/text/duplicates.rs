//! Why two records may be one service, in French and English.

use crate::domain::duplicate::Reason;
use crate::domain::language::Lang;

pub fn reason(reason: Reason, lang: Lang) -> &'static str {
    let (fr, en) = of_names(reason).or_else(|| of_contacts(reason)).unwrap_or_else(|| of_publics(reason));
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

fn of_names(reason: Reason) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        Reason::NameSame => ("Le nom est le même.", "The name is the same."),
        Reason::NameClose => ("Les noms se ressemblent beaucoup.", "The names are much alike."),
        Reason::NamePartly => ("Les noms se ressemblent en partie.", "The names are alike in part."),
        Reason::NameDiffers => ("Les noms diffèrent.", "The names differ."),
        Reason::KindDiffers => ("Les noms disent deux genres de services.", "The names say two kinds of service."),
        Reason::KindAdded => ("L'un des noms dit un service de plus.", "One of the names says one more service."),
        Reason::NamedInDescription => {
            ("La description de l'un donne le nom de l'autre.", "The description of one gives the name of the other.")
        }
        Reason::NamedByItsSite => {
            ("Le site ou le courriel porte l'un des noms.", "The web site or e-mail bears one of the names.")
        }
        Reason::NameTranslated => {
            ("L'un des noms est en français, l'autre en anglais.", "One name is in French, the other in English.")
        }
        Reason::NameLegal => (
            "L'un porte son nom légal, l'autre son nom courant.",
            "One bears its legal name, the other its usual name.",
        ),
        Reason::KindSameAtOneDoor => {
            ("Le genre de service est le même, au même endroit.", "The kind of service is the same, at one place.")
        }
        Reason::PublicDiffers => (
            "Les noms disent deux publics, deux jours ou deux langues.",
            "The names say two publics, two days or two languages.",
        ),
        Reason::NumberDiffers => ("Les noms portent des numéros différents.", "The names bear different numbers."),
        Reason::SiteDiffers => ("Les noms disent deux lieux.", "The names say two sites."),
        _ => return None,
    })
}

fn of_contacts(reason: Reason) -> Option<(&'static str, &'static str)> {
    Some(match reason {
        Reason::PhoneSame => ("Le téléphone est le même.", "The telephone number is the same."),
        Reason::PhoneExtensionDiffers => {
            ("Même téléphone, postes différents.", "Same telephone number, different extensions.")
        }
        Reason::PhoneDiffers => ("Les téléphones diffèrent.", "The telephone numbers differ."),
        Reason::AddressSame => ("L'adresse est la même.", "The address is the same."),
        Reason::UnitDiffers => ("Même adresse, locaux différents.", "Same address, different units."),
        Reason::PostalCodeSame => ("Le code postal est le même.", "The postal code is the same."),
        Reason::Near => ("Les deux lieux sont voisins.", "The two places are next to each other."),
        Reason::AddressDiffers => ("Les adresses diffèrent.", "The addresses differ."),
        Reason::MunicipalitySame => ("La municipalité est la même.", "The municipality is the same."),
        Reason::MunicipalityDiffers => ("Les municipalités diffèrent.", "The municipalities differ."),
        Reason::Far => ("Les deux lieux sont éloignés.", "The two places are far apart."),
        Reason::PageSame => ("La page Web est la même.", "The web page is the same."),
        Reason::WebSiteSame => ("Le site Web est le même.", "The web site is the same."),
        Reason::WebSiteDiffers => ("Les sites Web diffèrent.", "The web sites differ."),
        Reason::EmailSame => ("Le courriel est le même.", "The e-mail address is the same."),
        Reason::EmailHostSame => ("Les courriels ont le même domaine.", "The e-mail addresses share a domain."),
        Reason::EmailDiffers => ("Les courriels diffèrent.", "The e-mail addresses differ."),
        _ => return None,
    })
}

fn of_publics(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::OrganizationSame => ("L'organisme est le même.", "The organisation is the same."),
        Reason::OrganizationDiffers => ("Les organismes diffèrent.", "The organisations differ."),
        Reason::OtherSite => (
            "Même organisme, autre adresse et autre téléphone.",
            "Same organisation, another address and telephone number.",
        ),
        Reason::OneOfItsServices => (
            "L'un est l'organisme, l'autre un de ses services.",
            "One is the organisation, the other one of its services.",
        ),
        Reason::CategorySame => ("Ils répondent à un même besoin.", "They answer one need."),
        Reason::CategoryNear => ("Ils répondent à des besoins voisins.", "They answer needs close to each other."),
        Reason::CategoryDiffers => ("Ils répondent à d'autres besoins.", "They answer different needs."),
        Reason::AgesSame => ("Les âges sont les mêmes.", "The ages are the same."),
        Reason::AgesDiffer => ("Les âges diffèrent.", "The ages differ."),
        Reason::AgesApart => ("Aucun âge n'est commun aux deux.", "No age is common to both."),
        Reason::LanguagesApart => ("Aucune langue n'est commune aux deux.", "No language is common to both."),
        Reason::DaysApart => ("Aucun jour n'est commun aux deux.", "No day is common to both."),
        Reason::DescriptionSame => ("Les descriptions se ressemblent.", "The descriptions are alike."),
        Reason::NameSame
        | Reason::NameClose
        | Reason::NamePartly
        | Reason::NameDiffers
        | Reason::NamedInDescription
        | Reason::NamedByItsSite
        | Reason::NameTranslated
        | Reason::NameLegal
        | Reason::KindSameAtOneDoor
        | Reason::KindDiffers
        | Reason::KindAdded
        | Reason::PublicDiffers
        | Reason::NumberDiffers
        | Reason::SiteDiffers
        | Reason::PhoneSame
        | Reason::PhoneExtensionDiffers
        | Reason::PhoneDiffers
        | Reason::AddressSame
        | Reason::UnitDiffers
        | Reason::PostalCodeSame
        | Reason::Near
        | Reason::AddressDiffers
        | Reason::MunicipalitySame
        | Reason::MunicipalityDiffers
        | Reason::Far
        | Reason::PageSame
        | Reason::WebSiteSame
        | Reason::WebSiteDiffers
        | Reason::EmailSame
        | Reason::EmailHostSame
        | Reason::EmailDiffers => ("Les deux fiches se comparent.", "The two records compare."),
    }
}
