//! Keys under which a service is looked for: two records are only compared where they share one, so that nobody reads
//! the whole directory to find a pair. A key is made of what survives the ways in which one record is written twice.

use std::collections::BTreeSet;

use super::facts::{Facts, mail_host};
use super::names::{Class, Name};
use crate::domain::words::words;

words! {
    /// What a key is made of.
    pub enum KeyKind {
        Phone => "phone",
        Host => "host",
        Email => "email",
        Address => "address",
        Name => "name",
        Token => "token",
    }
}

/// Keys of one service.
pub const KEYS_PER_SERVICE_MAX: usize = 24;

/// A key shared by more services than this is too common to tell: it is not followed.
pub const KEY_SERVICES_MAX: usize = 60;

/// Names of municipalities of one service under which its words are keys.
const TOWNS_MAX: usize = 3;

/// The shortest word that is a key by itself.
const TOKEN_LETTERS_MIN: usize = 4;

pub type Key = (KeyKind, String);

/// The keys of one service, each once, the most telling first.
pub fn keys_of(facts: &Facts) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    let mut add = |kind: KeyKind, key: String| {
        if !key.is_empty() && keys.len() < KEYS_PER_SERVICE_MAX && !keys.contains(&(kind, key.clone())) {
            keys.push((kind, key));
        }
    };
    for phone in &facts.phones {
        add(KeyKind::Phone, phone.national.clone());
    }
    for email in &facts.emails {
        add(KeyKind::Email, email.clone());
    }
    for place in &facts.places {
        let Some(civic) = &place.civic else { continue };
        if let Some(postal) = &place.postal_code {
            add(KeyKind::Address, format!("{civic} {postal}"));
        }
        if !place.street.is_empty() {
            add(KeyKind::Address, format!("{civic} {}", skeleton(&place.street)));
        }
    }
    let cities = facts.cities();
    let spellings = facts.names.iter().chain(&facts.other_names);
    let names: Vec<Name> = spellings.map(|name| name.clone().placed(&cities)).collect();
    for name in &names {
        add(KeyKind::Name, name_key(name));
    }
    let hosts = facts.pages.iter().filter(|page| !page.is_shared).map(|page| page.host.as_str());
    for host in hosts.chain(facts.emails.iter().filter_map(|email| mail_host(email))) {
        add(KeyKind::Host, host.to_owned());
    }
    // A word alone is that of too many: it counts within one municipality, whichever of its names is written.
    let towns: BTreeSet<&String> = facts.places.iter().flat_map(|place| &place.cities).collect();
    for text in names.iter().flat_map(telling_words) {
        for town in towns.iter().take(TOWNS_MAX) {
            add(KeyKind::Token, format!("{} {town}", skeleton(&text)));
        }
    }
    keys
}

/// The words that tell, sorted, in their skeletons: the order in which a name is written does not count.
fn name_key(name: &Name) -> String {
    let sorted: BTreeSet<String> = name
        .words
        .iter()
        .filter(|word| word.class != Class::Generic && word.class != Class::Place)
        .map(|word| skeleton(&word.text))
        .collect();
    sorted.into_iter().collect::<Vec<_>>().join(" ")
}

fn telling_words(name: &Name) -> Vec<String> {
    let is_telling = |word: &&super::names::Word| {
        let long = word.text.chars().count() >= TOKEN_LETTERS_MIN;
        word.class == Class::Kind || (word.class >= Class::Number && long)
    };
    name.words.iter().filter(is_telling).map(|word| word.text.clone()).collect()
}

/// The first letter and the consonants after it, doubles once: what most slips of the pen leave as it is.
fn skeleton(text: &str) -> String {
    let mut kept = String::new();
    for word in text.split(' ') {
        let mut last = None;
        for (position, letter) in word.chars().enumerate() {
            let is_vowel = matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | '-');
            if (position == 0 || !is_vowel) && last != Some(letter) {
                kept.push(letter);
            }
            last = Some(letter);
        }
    }
    kept
}
