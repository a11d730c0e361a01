//! The letter about what is new in saved searches: names of services, in the language of the account. What the searches
//! ask, and what their owner calls them, is in no letter.

use super::answers::Mail;
use crate::domain::language::{Lang, Text};

pub fn mail(lang: Lang, services: &[(Text, Text)], more: usize) -> Mail {
    let (subject, head, and_more, tail) = match lang {
        Lang::Fr => (
            "Nouveaux services pour vos recherches",
            "Bonjour,\n\nDe nouveaux services répondent à vos recherches enregistrées :",
            "et autres :",
            "Vous recevez ce message au plus une fois par jour. Pour l'arrêter, retirez l'alerte de vos recherches.",
        ),
        Lang::En => (
            "New services for your searches",
            "Hello,\n\nNew services answer your saved searches:",
            "and others:",
            "You get this message once a day at most. To stop it, take the alert off your searches.",
        ),
    };
    let mut body = format!("{head}\n");
    for (name, organization) in services {
        body.push_str(&format!("\n- {} ({})", one_line(name.get(lang)), one_line(organization.get(lang))));
    }
    if more > 0 {
        body.push_str(&format!("\n{and_more} {more}"));
    }
    body.push_str(&format!("\n\n{tail}\n"));
    Mail { subject: subject.to_owned(), body }
}

/// A name is one line of a letter, whatever was written in it.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_names_services_in_the_language_of_its_reader() {
        let services = [(Text::fr("Panier\nfrais"), Text::fr("Comptoir"))];
        assert!(mail(Lang::Fr, &services, 0).body.contains("\n- Panier frais (Comptoir)\n"));
        assert!(mail(Lang::En, &services, 3).body.contains("\nand others: 3\n"));
    }
}
