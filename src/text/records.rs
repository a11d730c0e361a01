//! The page on which an organisation without an account keeps its own records true, and the letters that lead there:
//! their words in French and English, and their shape. They say nothing of families and name no place.

use askama::Template;

use super::answers::{Mail, OtherLanguage, PLACES_MAX, WAIT_DAYS_MAX};
use crate::domain::freshness::{Letter, State};
use crate::domain::language::Lang;

pub const WAITING_MAX: i32 = 10_000;

/// Every text of the page, once in each language; a missing one does not compile.
pub struct Words {
    pub title: &'static str,
    pub intro: &'static str,
    pub nothing: &'static str,
    pub more: &'static str,
    pub verified: &'static str,
    pub never_verified: &'static str,
    pub is_right: &'static str,
    pub room: &'static str,
    pub places: &'static str,
    pub waiting: &'static str,
    pub wait_days: &'static str,
    pub save: &'static str,
    pub closed: &'static str,
    pub closed_until: &'static str,
    pub close: &'static str,
    pub reopen: &'static str,
    pub correct: &'static str,
    pub correct_rule: &'static str,
    pub phone: &'static str,
    pub email: &'static str,
    pub hours: &'static str,
    pub description: &'static str,
    pub url: &'static str,
    pub fees: &'static str,
    pub send: &'static str,
    pub gone: &'static str,
    pub footer: &'static str,
    pub said_on: &'static str,
}

pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    }
}

const FRENCH: Words = Words {
    title: "Vos fiches dans le répertoire",
    intro: "Voici ce que le répertoire dit des services de",
    nothing: "Le répertoire ne contient aucun service de votre organisme.",
    more: "Autres services qui ne tiennent pas sur cette page :",
    verified: "Confirmée le",
    never_verified: "Jamais confirmée",
    is_right: "Tout est exact",
    room: "Vos places",
    places: "Places disponibles",
    waiting: "Personnes en attente",
    wait_days: "Attente, en jours",
    save: "Mettre à jour les places",
    closed: "Fermeture temporaire",
    closed_until: "Fermé jusqu'au (ce jour compris)",
    close: "Annoncer la fermeture",
    reopen: "C'est rouvert",
    correct: "Corriger la fiche",
    correct_rule: "Ne remplissez que ce qui change. Le téléphone change tout de suite; le reste, après relecture.",
    phone: "Téléphone",
    email: "Courriel",
    hours: "Heures d'ouverture",
    description: "Description",
    url: "Site web",
    fees: "Coût",
    send: "Envoyer les corrections",
    gone: "Ce lien n'existe pas ou n'est plus valide. Le prochain courriel sur vos fiches en contiendra un autre.",
    footer: "relais, le répertoire des ressources. Ne transférez pas ce lien.",
    said_on: "dit le",
};

const ENGLISH: Words = Words {
    title: "Your records in the directory",
    intro: "This is what the directory says of the services of",
    nothing: "The directory holds no service of your organization.",
    more: "Other services that do not fit on this page:",
    verified: "Confirmed on",
    never_verified: "Never confirmed",
    is_right: "Everything is right",
    room: "Your room",
    places: "Places available",
    waiting: "People waiting",
    wait_days: "Wait, in days",
    save: "Update the room",
    closed: "Temporary closure",
    closed_until: "Closed until (that day included)",
    close: "Announce the closure",
    reopen: "It is open again",
    correct: "Correct the record",
    correct_rule: "Fill in only what changes. The telephone changes at once; the rest, once somebody has read it.",
    phone: "Telephone",
    email: "E-mail",
    hours: "Opening hours",
    description: "Description",
    url: "Web site",
    fees: "Cost",
    send: "Send the corrections",
    gone: "This link does not exist or is no longer valid. The next e-mail about your records will hold another.",
    footer: "relais, the directory of resources. Do not forward this link.",
    said_on: "said on",
};

pub fn state_label(lang: Lang, state: State) -> &'static str {
    let (fr, en) = match state {
        State::Fresh => ("À jour", "Up to date"),
        State::Due => ("À confirmer", "To be confirmed"),
        State::Overdue => ("À confirmer depuis longtemps", "To be confirmed for a long time"),
        State::Hidden => {
            ("Retirée de la recherche, faute de confirmation", "Left out of the search, for want of confirmation")
        }
    };
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// One service on the page.
pub struct Record {
    pub id: String,
    pub name: String,
    pub state: &'static str,
    pub verified: String,
    pub facts: Vec<Fact>,
    pub places: String,
    pub waiting: String,
    pub wait_days: String,
    pub room_said: String,
    pub closed_until: String,
}

pub struct Shown {
    pub path: String,
    pub organization: String,
    pub records: Vec<Record>,
    pub more: i64,
    pub today: String,
}

#[derive(Template)]
#[template(path = "record.html")]
pub struct Page<'a> {
    pub lang: Lang,
    pub words: &'static Words,
    pub other_language: Option<OtherLanguage>,
    pub error: Option<&'a str>,
    pub shown: Option<&'a Shown>,
    pub places_max: i32,
    pub waiting_max: i32,
    pub wait_days_max: i32,
}

/// The page as HTML. With nothing to show it is the one page for every link that does not answer.
pub fn page(lang: Lang, shown: Option<&Shown>, error: Option<&str>) -> Result<String, askama::Error> {
    let other_language = shown.map(|shown| OtherLanguage::than(lang, &shown.path));
    Page {
        lang,
        words: words(lang),
        other_language,
        error,
        shown,
        places_max: PLACES_MAX,
        waiting_max: WAITING_MAX,
        wait_days_max: WAIT_DAYS_MAX,
    }
    .render()
}

/// What a letter says of the services that are due.
pub struct Due<'a> {
    /// French and English names.
    pub services: Vec<(&'a str, &'a str)>,
    pub more: i64,
}

/// A letter about an organisation's records, in both languages, French first. The names of its services and nothing
/// else of them.
pub fn mail(kind: Letter, organization: (&str, &str), due: &Due<'_>, link: &str) -> Mail {
    let subject = match kind {
        Letter::Due => "Vos fiches sont-elles toujours exactes ? / Are your records still right?",
        Letter::Asked => "Vos fiches dans le répertoire / Your records in the directory",
    };
    let (french, english) = (list(due, Lang::Fr), list(due, Lang::En));
    let body = format!(
        "Bonjour,\n\nLe répertoire des ressources contient des fiches de votre organisme ({}).{french}\n\n\
         Confirmez ou corrigez-les en une minute, sans compte :\n{link}\n\n\
         Ce qui n'est plus confirmé depuis longtemps n'apparaît plus dans la recherche.\n\
         Ne transférez pas ce message : le lien est le vôtre.\n\n\
         ---\n\nHello,\n\nThe directory of resources holds records of your organization ({}).{english}\n\n\
         Confirm or correct them in a minute, without an account:\n{link}?lang=en\n\n\
         What has not been confirmed for a long time is no longer found.\n\
         Do not forward this message: the link is yours.\n",
        organization.0, organization.1
    );
    Mail { subject: subject.to_owned(), body }
}

fn list(due: &Due<'_>, lang: Lang) -> String {
    if due.services.is_empty() {
        return String::new();
    }
    let (head, more) = match lang {
        Lang::Fr => ("À confirmer :", "et autres :"),
        Lang::En => ("To be confirmed:", "and others:"),
    };
    let mut text = format!("\n\n{head}");
    for (french, english) in &due.services {
        let name = if lang == Lang::Fr { french } else { english };
        // A name is one line of a letter, whatever was written in it.
        let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        text.push_str("\n- ");
        text.push_str(&name);
    }
    if due.more > 0 {
        text.push_str(&format!("\n{more} {}", due.more));
    }
    text
}
