//! What a record lacks, in a sentence.

use crate::domain::language::Text;
use crate::domain::quality::Lack;

pub fn sentence(lack: Lack) -> Text {
    let (fr, en) = match lack {
        Lack::Description => {
            ("La description manque ou tient en quelques mots.", "The description is missing or a few words long.")
        }
        Lack::Contact => ("Ni téléphone ni courriel.", "Neither a telephone nor an e-mail address."),
        Lack::Place => (
            "Aucun lieu, et rien ne dit que le service se donne à distance ou à domicile.",
            "No place, and nothing says that the service is given remotely or at home.",
        ),
        Lack::Hours => ("Les heures d'ouverture manquent.", "The opening hours are missing."),
        Lack::Categories => ("Aucune catégorie de besoin.", "No category of need."),
        Lack::Eligibility => ("Rien ne dit à qui le service s'adresse.", "Nothing says whom the service is for."),
        Lack::Cost => ("Rien ne dit ce qu'il en coûte.", "Nothing says what it costs."),
        Lack::English => {
            ("Le nom ou la description manque en anglais.", "The name or description is missing in English.")
        }
        Lack::Languages => ("Rien ne dit les langues parlées.", "Nothing says which languages are spoken."),
        Lack::Served => ("Le territoire servi manque.", "The territory served is missing."),
        Lack::Application => ("Rien ne dit comment faire une demande.", "Nothing says how to apply."),
        Lack::Verified => ("La fiche n'a pas été confirmée récemment.", "The record was not confirmed recently."),
        Lack::Capacity => ("Les places n'ont pas été dites récemment.", "The room was not said recently."),
    };
    Text::new(fr, en)
}
