//! Categories by what they are called: their labels in both languages, and what the synonyms say for a whole label.

use std::sync::OnceLock;

use super::{Typing, Wanted};
use crate::domain::taxonomy::{Taxonomy, Term};
use crate::search::Error;
use crate::search::analyse::words;
use crate::search::definition::Definition;

/// What a category is called, in words.
struct Called {
    term: &'static Term,
    /// The first ones are its labels.
    names: Vec<Vec<String>>,
    labels: usize,
}

/// The codes of the categories that are called so from the beginning, those by the labels that are shown first, and of
/// those whose label holds the words. What is written as the label is, accents too, comes before what is not.
pub(super) fn categories(wanted: &Wanted, typing: &Typing) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut beginning, mut by_synonym, mut holding) = (vec![], vec![], vec![]);
    for called in all()? {
        let (labels, synonyms) = called.names.split_at(called.labels);
        if labels.iter().any(|name| wanted.begins(name)) {
            beginning.push(called.term);
        } else if synonyms.iter().any(|name| wanted.begins(name)) {
            by_synonym.push(called.term);
        } else if labels.iter().any(|name| wanted.is_held_by(name)) {
            holding.push(called.term);
        }
    }
    let typed = typing.text.trim().to_lowercase();
    let as_shown = |term: &&Term| {
        let shown = term.label.get(typing.lang);
        (!wanted.begins(&words(shown)), !shown.to_lowercase().starts_with(&typed))
    };
    beginning.sort_by_cached_key(as_shown);
    let codes = |terms: Vec<&Term>| terms.into_iter().map(|term| term.code.clone()).collect();
    Ok((codes([beginning, by_synonym].concat()), codes(holding)))
}

/// Some category is called by these words, none of them begun only.
pub(super) fn is_called(words: &[String]) -> Result<bool, Error> {
    Ok(all()?.iter().any(|called| called.names.iter().any(|name| name.starts_with(words))))
}

fn all() -> Result<&'static [Called], Error> {
    static ALL: OnceLock<Vec<Called>> = OnceLock::new();
    let definition = Definition::of_this_program()?;
    let read = || {
        let called = |term: &'static Term| {
            let labels = [&term.label.fr, &term.label.en].into_iter().flatten();
            let mut names: Vec<Vec<String>> = labels.map(|label| words(label)).collect();
            let labels = names.len();
            let synonyms: Vec<Vec<String>> = names.iter().flat_map(|label| synonyms(definition, label)).collect();
            names.extend(synonyms);
            Called { term, names, labels }
        };
        Taxonomy::embedded().terms().iter().map(called).collect()
    };
    Ok(ALL.get_or_init(read))
}

fn synonyms(definition: &Definition, label: &[String]) -> Vec<Vec<String>> {
    let found = definition.phrase_at(label).filter(|(count, _)| *count == label.len());
    found.map(|(_, terms)| terms.into_iter().map(|term| term.words.clone()).collect()).unwrap_or_default()
}
