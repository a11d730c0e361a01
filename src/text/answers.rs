//! The page on which an organisation without an account answers a referral: its words in French and English, and its
//! shape. It is told what to show and never decides whether it may be shown.

use askama::Template;

use crate::domain::language::Lang;
use crate::domain::referral::{NOTE_CHARACTERS_MAX, Reason, Status};

pub const PLACES_MAX: i32 = 10_000;
pub const WAIT_DAYS_MAX: i32 = 3_650;
pub const STYLE: &str = include_str!("../../templates/answer.css");

/// Every text of the page, once in each language; a missing one does not compile.
pub struct Words {
    pub title: &'static str,
    pub intro: &'static str,
    pub no_identity: &'static str,
    pub identity: &'static str,
    pub identity_rule: &'static str,
    pub open_identity: &'static str,
    pub code_rule: &'static str,
    pub send_code: &'static str,
    pub code: &'static str,
    pub show_identity: &'static str,
    pub mark_seen: &'static str,
    pub your_answer: &'static str,
    pub waitlisted_on: &'static str,
    pub reason: &'static str,
    pub note: &'static str,
    pub places: &'static str,
    pub wait_days: &'static str,
    pub send_answer: &'static str,
    pub gone: &'static str,
    pub footer: &'static str,
    pub need: &'static str,
    pub ages: &'static str,
    pub municipality: &'static str,
    pub language: &'static str,
    pub message: &'static str,
    pub accept: &'static str,
    pub wait: &'static str,
    pub full: &'static str,
    pub needs_info: &'static str,
    pub decline: &'static str,
    pub capacity_only: &'static str,
    pub month: &'static str,
    pub months: &'static str,
    pub years: &'static str,
    pub unborn: &'static str,
    pub parent_names: &'static str,
    pub child_names: &'static str,
    pub phones: &'static str,
    pub email: &'static str,
    pub address: &'static str,
    pub safe_times: &'static str,
    pub notes: &'static str,
}

pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    }
}

const FRENCH: Words = Words {
    title: "Une demande pour votre organisme",
    intro: "Une intervenante vous demande si vous pouvez recevoir une famille :",
    no_identity: "L'identité de la famille n'apparaît qu'après votre acceptation.",
    identity: "Coordonnées de la famille",
    identity_rule: "Servez-vous-en pour cette demande seulement. Cette consultation est inscrite au registre.",
    open_identity: "Voir les coordonnées de la famille",
    code_rule: "Un code à six chiffres est envoyé à l'adresse vérifiée de votre organisme. Il vaut quinze minutes.",
    send_code: "M'envoyer un code",
    code: "Code à six chiffres",
    show_identity: "Voir les coordonnées",
    mark_seen: "Je l'ai vue, je répondrai plus tard",
    your_answer: "Votre réponse",
    waitlisted_on: "Liste d'attente : en attente depuis le",
    reason: "Refus : pourquoi ?",
    note: "Message à l'intervenante (sans nom ni numéro)",
    places: "Places qui restent (facultatif)",
    wait_days: "Attente prévue, en jours (facultatif)",
    send_answer: "Envoyer la réponse",
    gone: "Ce lien n'existe pas ou n'est plus valide. Si vous attendiez une demande, écrivez à la personne qui \
           vous l'a envoyée.",
    footer: "relais, le réseau de référence des familles. Ne transférez pas ce lien.",
    need: "Besoin",
    ages: "Âge des enfants",
    municipality: "Municipalité",
    language: "Langue",
    message: "Message",
    accept: "Nous acceptons",
    wait: "Liste d'attente",
    full: "Complet",
    needs_info: "Il nous faut des précisions",
    decline: "Nous ne pouvons pas",
    capacity_only: "Mettre à jour nos places",
    month: "mois",
    months: "mois",
    years: "ans",
    unborn: "à naître",
    parent_names: "Parents",
    child_names: "Enfants",
    phones: "Téléphone",
    email: "Courriel",
    address: "Adresse",
    safe_times: "Quand appeler sans risque",
    notes: "Notes",
};

const ENGLISH: Words = Words {
    title: "A referral for your organization",
    intro: "An outreach worker asks whether you can receive a family:",
    no_identity: "The family's identity appears only once you have accepted.",
    identity: "How to reach the family",
    identity_rule: "Use it for this referral only. This reading is on record.",
    open_identity: "See how to reach the family",
    code_rule: "A six-digit code is sent to your organization's verified address. It lasts fifteen minutes.",
    send_code: "Send me a code",
    code: "Six-digit code",
    show_identity: "Show the contact details",
    mark_seen: "I have seen it, I will answer later",
    your_answer: "Your answer",
    waitlisted_on: "Wait list: waiting since",
    reason: "If you cannot: why?",
    note: "Message to the worker (no name, no number)",
    places: "Places left (optional)",
    wait_days: "Expected wait, in days (optional)",
    send_answer: "Send the answer",
    gone: "This link does not exist or is no longer valid. If you were expecting a referral, write to the person who \
           sent it.",
    footer: "relais, the families' referral network. Do not forward this link.",
    need: "Need",
    ages: "Children's ages",
    municipality: "Municipality",
    language: "Language",
    message: "Message",
    accept: "We accept",
    wait: "Wait list",
    full: "Full",
    needs_info: "We need more information",
    decline: "We cannot",
    capacity_only: "Update our places",
    month: "month",
    months: "months",
    years: "years",
    unborn: "to be born",
    parent_names: "Parents",
    child_names: "Children",
    phones: "Telephone",
    email: "E-mail",
    address: "Address",
    safe_times: "When it is safe to call",
    notes: "Notes",
};

pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// One answer or reason to choose: the word that the form sends, and its label.
pub struct Choice {
    pub word: &'static str,
    pub label: &'static str,
}

/// The way to the same page in the other language.
pub struct OtherLanguage {
    pub lang: Lang,
    pub href: String,
    pub label: &'static str,
}

impl OtherLanguage {
    pub fn than(lang: Lang, path: &str) -> Self {
        let (lang, label) = match lang {
            Lang::Fr => (Lang::En, "English"),
            Lang::En => (Lang::Fr, "Français"),
        };
        Self { lang, href: format!("{path}?lang={}", lang.as_str()), label }
    }
}

/// A referral as the page shows it. Identity is there only when the caller has been let in.
pub struct Shown {
    pub path: String,
    pub service: String,
    pub organization: String,
    pub status: &'static str,
    pub shows_facts: bool,
    pub facts: Vec<Fact>,
    pub identity: Option<Vec<Fact>>,
    pub can_open_identity: bool,
    pub can_mark_seen: bool,
    pub choices: Vec<Choice>,
    pub asks_wait: bool,
    pub asks_note: bool,
    pub reasons: Vec<Choice>,
    pub today: String,
}

#[derive(Template)]
#[template(path = "answer.html")]
pub struct Page<'a> {
    pub lang: Lang,
    pub words: &'static Words,
    pub other_language: Option<OtherLanguage>,
    pub error: Option<&'a str>,
    pub referral: Option<&'a Shown>,
    pub note_characters_max: usize,
    pub places_max: i32,
    pub wait_days_max: i32,
}

/// The page as HTML. Without a referral it is the one page for every link that does not answer.
pub fn page(lang: Lang, referral: Option<&Shown>, error: Option<&str>) -> Result<String, askama::Error> {
    let other_language = referral.map(|shown| OtherLanguage::than(lang, &shown.path));
    Page {
        lang,
        words: words(lang),
        other_language,
        error,
        referral,
        note_characters_max: NOTE_CHARACTERS_MAX,
        places_max: PLACES_MAX,
        wait_days_max: WAIT_DAYS_MAX,
    }
    .render()
}

/// An age in months in words: months under two years, then years. `None` is a child to be born.
pub fn age(lang: Lang, months: Option<u32>) -> String {
    let words = words(lang);
    match months {
        None => words.unborn.to_owned(),
        Some(1) => format!("1 {}", words.month),
        // French says « 0 mois » in the same word; English says "0 months".
        Some(months) if months < 24 => format!("{months} {}", words.months),
        Some(months) => format!("{} {}", months / 12, words.years),
    }
}

pub fn status_label(lang: Lang, status: Status) -> &'static str {
    let (fr, en) = match status {
        Status::Draft => ("Brouillon", "Draft"),
        Status::Held => ("En vérification", "Under review"),
        Status::Sent => ("Envoyée", "Sent"),
        Status::Seen => ("Ouverte", "Seen"),
        Status::NeedsInfo => ("Précisions demandées", "More information requested"),
        Status::Accepted => ("Acceptée", "Accepted"),
        Status::Waitlisted => ("Liste d'attente", "Wait list"),
        Status::Scheduled => ("Rendez-vous fixé", "Appointment set"),
        Status::InService => ("Service commencé", "Service started"),
        Status::Completed => ("Service reçu", "Service received"),
        Status::Declined => ("Refusée par l'organisme", "Declined by the organization"),
        Status::Redirected => ("Réorientée", "Redirected"),
        Status::NotCompleted => ("Non aboutie", "Not completed"),
        Status::Withdrawn => ("Annulée", "Withdrawn"),
        Status::Expired => ("Sans réponse", "No answer"),
        Status::Superseded => ("Comblée ailleurs", "Met elsewhere"),
        Status::EnteredInError => ("Erreur de saisie", "Entered in error"),
    };
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

pub fn reason_label(lang: Lang, reason: Reason) -> &'static str {
    let (fr, en) = match reason {
        Reason::CapacityFull => ("Complet", "Full"),
        Reason::WaitlistClosed => ("Liste d'attente fermée", "Wait list closed"),
        Reason::WaitTooLong => ("Attente trop longue", "Wait too long"),
        Reason::NotEligible => ("Non admissible", "Not eligible"),
        Reason::OutOfArea => ("Hors territoire", "Outside our territory"),
        Reason::MissingDocuments => ("Documents manquants", "Documents missing"),
        Reason::IncompleteReferral => ("Demande trop peu renseignée", "Too little information"),
        Reason::Duplicate => ("Demande en double", "Duplicate"),
        Reason::AlreadyServed => ("Déjà suivie", "Already served"),
        Reason::NoFunds => ("Ressources épuisées", "No resources left"),
        Reason::ServiceSuspended => ("Service suspendu", "Service suspended"),
        Reason::WrongService => ("Pas le bon service", "Wrong service"),
        Reason::AssessmentFirst => ("Évaluation préalable requise", "Assessment needed first"),
        Reason::Language => ("Langue", "Language"),
        Reason::Conflict => ("Conflit d'intérêts", "Conflict of interest"),
        Reason::Other => ("Autre", "Other"),
        Reason::Unreachable => ("Famille non joignable", "Family unreachable"),
        Reason::NoShow => ("Absence", "No show"),
        Reason::CancelledByService => ("Annulé par le service", "Cancelled by the service"),
        Reason::ServiceNeverStarted => ("Jamais commencé", "Never started"),
        Reason::NoSenderReply => ("Sans réponse de l'expéditeur", "No reply from the sender"),
        Reason::FamilyDeclined => ("La famille ne souhaite pas", "The family does not wish it"),
        Reason::Unavailable => ("Indisponible", "Unavailable"),
        Reason::Transport => ("Pas de transport", "No transport"),
        Reason::OtherBarrier => ("Autre frein", "Another barrier"),
        Reason::FoundElsewhere => ("Comblé ailleurs", "Found elsewhere"),
        Reason::Moved => ("Déménagement", "Moved away"),
        Reason::ConsentWithdrawn => ("Consentement retiré", "Consent withdrawn"),
        Reason::Safety => ("Sécurité", "Safety"),
    };
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

/// A message as it is sent: both languages, French first, because nobody asked which one its reader prefers.
#[derive(Debug, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    pub body: String,
}

/// What the first message and each reminder say. No name, no municipality: a mailbox is not a file of families.
pub fn ask_mail(service: (&str, &str), need: (&str, &str), link: &str, reminder: bool) -> Mail {
    let subject = if reminder {
        "Rappel : une demande attend votre réponse / Reminder: a referral awaits your answer"
    } else {
        "Une demande pour votre organisme / A referral for your organization"
    };
    let body = format!(
        "Bonjour,\n\nUne intervenante vous demande si vous pouvez recevoir une famille.\n\n\
         Service : {}\nBesoin : {}\n\nRépondez en une minute, sans compte :\n{link}\n\n\
         Ne transférez pas ce message : le lien est le vôtre.\n\n\
         ---\n\nHello,\n\nAn outreach worker asks whether you can receive a family.\n\n\
         Service: {}\nNeed: {}\n\nAnswer in a minute, without an account:\n{link}?lang=en\n\n\
         Do not forward this message: the link is yours.\n",
        service.0, need.0, service.1, need.1
    );
    Mail { subject: subject.to_owned(), body }
}

pub fn code_mail(code: &str, minutes: i64) -> Mail {
    let body = format!(
        "Voici votre code : {code}\n\nIl vaut {minutes} minutes et ne sert qu'une fois. Si vous ne l'avez pas demandé, \
         ne faites rien.\n\n---\n\nHere is your code: {code}\n\nIt lasts {minutes} minutes and works once. If you did \
         not ask for it, do nothing.\n"
    );
    Mail { subject: "Votre code / Your code".to_owned(), body }
}
