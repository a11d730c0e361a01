//! The sentence of each refusal, in French and English.

use crate::domain::language::Lang;
use crate::domain::refusal::Code;

/// What went wrong on our side, in words that a person may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Busy,
    Unavailable,
    IndexBehind,
    Full,
    Internal,
}

fn pick(lang: Lang, (fr, en): (&'static str, &'static str)) -> &'static str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

pub fn trouble(trouble: Trouble, lang: Lang) -> &'static str {
    let pair = match trouble {
        Trouble::Busy => (
            "Le service est très sollicité. Réessayez dans un instant.",
            "The service is very busy. Try again in a moment.",
        ),
        Trouble::Unavailable => (
            "La base de données ne répond pas. Réessayez dans un instant.",
            "The database does not answer. Try again in a moment.",
        ),
        Trouble::IndexBehind => (
            "La recherche n'a pas encore reçu ce changement. Réessayez dans un instant.",
            "Search has not received this change yet. Try again in a moment.",
        ),
        Trouble::Full => (
            "Il n'y a plus de place pour enregistrer. Rien n'a été écrit.",
            "There is no space left to save. Nothing was written.",
        ),
        Trouble::Internal => (
            "Une erreur s'est produite de notre côté. Rien n'a été écrit.",
            "Something broke on our side. Nothing was written.",
        ),
    };
    pick(lang, pair)
}

pub fn refusal(code: Code, lang: Lang) -> &'static str {
    pick(lang, refusal_of_input(code).unwrap_or_else(|| refusal_of_rule(code)))
}

/// What is wrong with the request itself. `None`: the request reads well, a rule said no.
fn refusal_of_input(code: Code) -> Option<(&'static str, &'static str)> {
    Some(match code {
        Code::InvalidJson => ("Le document JSON est mal formé.", "The JSON document is malformed."),
        Code::UnknownField => ("Ce champ n'existe pas.", "This field does not exist."),
        Code::WrongType => ("Ce champ n'est pas du bon type.", "This field has the wrong type."),
        Code::MissingField => ("Ce champ est obligatoire.", "This field is required."),
        Code::InvalidValue => ("Cette valeur n'est pas admise.", "This value is not allowed."),
        Code::OutOfRange => ("Cette valeur est hors limites.", "This value is out of range."),
        Code::TooLong => ("Ce texte est trop long.", "This text is too long."),
        Code::TooMany => ("Il y a trop d'éléments.", "There are too many items."),
        Code::OverLimit => ("C'est plus que ce qui est lu en une fois.", "This is more than is read at once."),
        Code::InvalidHeader => ("Cet en-tête est mal formé.", "This header is malformed."),
        Code::IdempotencyKeyInvalid => (
            "L'en-tête Idempotency-Key doit compter de 1 à 200 caractères visibles.",
            "The Idempotency-Key header must hold 1 to 200 visible characters.",
        ),
        Code::InvalidDate => ("Cette date n'est pas valide.", "This date is not valid."),
        Code::InvalidMonth => {
            ("Ce mois n'est pas valide (AAAA-MM, depuis 1970-01).", "This month is not valid (YYYY-MM, from 1970-01).")
        }
        Code::InvalidCursor => ("Ce curseur n'est pas valide.", "This cursor is not valid."),
        Code::UnknownCategory => ("Cette catégorie de besoin n'existe pas.", "This category of need does not exist."),
        Code::UnknownTerritory => ("Ce territoire n'existe pas.", "This territory does not exist."),
        Code::UnknownReference => {
            ("Ce champ désigne une fiche introuvable.", "This field refers to a record not found.")
        }
        Code::PlaceNotFound => ("Ce lieu est introuvable.", "This place was not found."),
        Code::SaysNothing => (
            "Ces mots ne disent pas ce qui est cherché. Dites le besoin, ou choisissez une catégorie.",
            "These words do not say what is needed. Say the need, or choose a category.",
        ),
        Code::MethodNotAllowed => ("Cette méthode n'est pas permise ici.", "This method is not allowed here."),
        Code::UnsupportedMediaType => ("Ce type de contenu n'est pas accepté.", "This content type is not accepted."),
        Code::PayloadTooLarge => ("La demande est trop volumineuse.", "The request is too large."),
        Code::SensitiveNumber => (
            "Ce texte contient un numéro d'assurance sociale ou maladie. Retirez-le.",
            "This text holds a social or health insurance number. Remove it.",
        ),
        _ => return None,
    })
}

fn refusal_of_rule(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::NotFound => ("Introuvable.", "Not found."),
        Code::Retired => ("Cette fiche a été retirée du répertoire.", "This record has left the directory."),
        Code::StillInUse => ("D'autres fiches en dépendent encore.", "Other records still depend on it."),
        Code::ChangedSince => (
            "Ces champs ont changé depuis. Rien n'a été écrit.",
            "These fields have changed since. Nothing was written.",
        ),
        Code::InvalidGrant => ("Courriel, mot de passe ou jeton incorrect.", "Wrong e-mail, password or token."),
        Code::InvalidToken => ("Le jeton d'accès est invalide ou échu.", "The access token is invalid or has expired."),
        Code::Unauthenticated => ("Il faut se connecter.", "Sign in first."),
        Code::Forbidden => ("Votre rôle ne permet pas ce geste.", "Your role does not allow this."),
        Code::VersionRequired => ("Indiquez la version lue (If-Match).", "State the version that you read (If-Match)."),
        Code::StaleVersion => (
            "La fiche a changé depuis votre lecture. Relisez-la, puis recommencez.",
            "The record changed since you read it. Read it again, then retry.",
        ),
        Code::IdempotencyKeyReused => (
            "Cette clé d'idempotence a servi à une autre demande.",
            "This idempotency key was used for another request.",
        ),
        Code::IllegalTransition => (
            "La référence ne peut pas passer de son état actuel à celui-ci.",
            "The referral cannot move from its present status to this one.",
        ),
        Code::NotYourMove => ("Ce geste revient à une autre partie.", "This move belongs to another party."),
        Code::ReasonRequired => ("Une raison est requise.", "A reason is required."),
        Code::ReasonNotAllowed => ("Cette raison ne convient pas ici.", "This reason does not fit here."),
        Code::DateRequired => ("Une date est requise.", "A date is required."),
        Code::ConsentRequired => {
            ("Aucun consentement en vigueur ne couvre ce partage.", "No consent in force covers this sharing.")
        }
        Code::ConsentEnded => ("Ce consentement a déjà pris fin.", "This consent has already ended."),
        Code::AlreadyClosed => ("C'est déjà clos.", "This is already closed."),
        Code::LinkEnded => ("Ce lien n'est plus valide.", "This link is no longer valid."),
        Code::CodeIncorrect => ("Ce code est incorrect ou échu.", "This code is wrong or has expired."),
        Code::ReferralAddressMissing => (
            "Cet organisme n'a ni compte ni adresse de référence vérifiée.",
            "This organisation has neither an account nor a verified referral address.",
        ),
        Code::AlreadyExists => ("Cette fiche existe déjà.", "This record already exists."),
        Code::TooManyRequests => ("Trop de demandes. Patientez un peu.", "Too many requests. Wait a little."),
        Code::InvalidJson
        | Code::UnknownField
        | Code::WrongType
        | Code::MissingField
        | Code::InvalidValue
        | Code::OutOfRange
        | Code::TooLong
        | Code::TooMany
        | Code::OverLimit
        | Code::InvalidHeader
        | Code::IdempotencyKeyInvalid
        | Code::InvalidDate
        | Code::InvalidMonth
        | Code::InvalidCursor
        | Code::UnknownCategory
        | Code::UnknownTerritory
        | Code::UnknownReference
        | Code::PlaceNotFound
        | Code::SaysNothing
        | Code::MethodNotAllowed
        | Code::UnsupportedMediaType
        | Code::PayloadTooLarge
        | Code::SensitiveNumber => ("Demande invalide.", "Invalid request."),
    }
}
