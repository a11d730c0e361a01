//! A list of services as a letter: what everybody may read of them, in one language, and nothing of whom it is for.

use super::answers::Mail;
use super::guide::{Listing, words};
use crate::domain::language::Lang;

/// A letter in the language that its reader was said to read. It says neither who sent it nor what the list is called.
pub fn mail(lang: Lang, listings: &[Listing]) -> Mail {
    let (subject, hello, intro) = match lang {
        Lang::Fr => ("Liste de services", "Bonjour,", "Voici la liste de services que vous avez demandée."),
        Lang::En => ("List of services", "Hello,", "Here is the list of services that you asked for."),
    };
    let mut body = format!("{hello}\n\n{intro}\n{}\n", words(lang).footer);
    for one in listings {
        body.push_str(&entry(one, lang));
    }
    Mail { subject: subject.to_owned(), body }
}

fn entry(one: &Listing, lang: Lang) -> String {
    let words = words(lang);
    let told = [words.address, words.phone, words.hours, words.cost, words.apply, words.web, words.closed_until];
    let mut text = format!("\n- {}\n", one_line(&one.name));
    if !one.organization.is_empty() {
        text.push_str(&format!("  {}\n", one_line(&one.organization)));
    }
    if !one.alert.is_empty() {
        text.push_str(&format!("  ! {}\n", one_line(&one.alert)));
    }
    for fact in one.facts.iter().filter(|fact| told.contains(&fact.label)) {
        let lines: Vec<String> = fact.value.lines().map(one_line).collect();
        text.push_str(&format!("  {}: {}\n", fact.label, lines.join("\n    ")));
    }
    text.push_str(&format!("  {}\n", one.verified));
    text
}

/// What a source wrote is one line of a letter, whatever is in it.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::guide::Fact;

    #[test]
    fn a_letter_says_what_one_needs_to_go_there_in_either_language() {
        let listing = |lang: Lang| Listing {
            name: "Panier\r\nde denrées".to_owned(),
            organization: "Comptoir".to_owned(),
            anchor: String::new(),
            alert: String::new(),
            description: String::new(),
            facts: vec![
                Fact { label: words(lang).phone, value: "450 555-0101\n450 555-0102".to_owned() },
                Fact { label: words(lang).languages, value: "français".to_owned() },
            ],
            verified: words(lang).never_verified.to_owned(),
        };
        let french = mail(Lang::Fr, &[listing(Lang::Fr)]).body;
        assert!(
            french.contains("- Panier  de denrées\n  Comptoir\n  Téléphone: 450 555-0101\n    450 555-0102\n"),
            "{french}"
        );
        assert!(!french.contains("français"), "{french}");
        assert!(mail(Lang::En, &[listing(Lang::En)]).body.contains("Telephone: 450"));
    }
}
