//! Which words of a text are the directory's own: what may be kept of a search without keeping whom it was for.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tantivy::schema::Field;
use tantivy::{SegmentOrdinal, Term};

use super::analyse::words;
use super::definition::Definition;
use super::impact::Impact;
use super::postings::KnownTerm;
use super::view::View;
use super::why::Part;
use super::{Error, Index};

/// A word that fewer services use, in their names, their categories or their descriptions, may be somebody's name.
const SERVICES_MIN: usize = 3;
/// Words that are remembered to be in use.
const WORDS_REMEMBERED_MAX: usize = 4_096;
/// Words of one text that are looked up.
const WORDS_READ_MAX: usize = 20;

impl Index {
    /// The words of a text, folded, that several services use: the first `words_max` of them, in the order of the
    /// alphabet and each once. Words that say nothing, and words with a digit in them, are left out.
    pub fn known_words(&self, text: &str, words_max: usize) -> Result<Vec<String>, Error> {
        let definition = Definition::of_this_program()?;
        let view = self.view();
        let mut known: Vec<String> = Vec::new();
        for word in words(text).into_iter().take(WORDS_READ_MAX) {
            let has_digit = word.chars().any(char::is_numeric);
            if known.len() >= words_max || has_digit || definition.is_stop_word(&word) || known.contains(&word) {
                continue;
            }
            if is_used(&view, self.fields().words, &word)? {
                known.push(word);
            }
        }
        known.sort_unstable();
        Ok(known)
    }
}

/// Several services use a word. What organisations are called is not looked at: they are named after people. What was
/// found of a word of the directory is remembered until that changes; other words are not, for they may be names.
fn is_used(view: &View, words: Field, word: &str) -> Result<bool, Error> {
    if let Some(is_used) = view.words_in_use.get(word) {
        return Ok(is_used);
    }
    let Some(term) = KnownTerm::look_up(&view.searcher, &Term::from_field_text(words, word))? else { return Ok(false) };
    let mut uses = 0;
    for (at, segment) in (0 as SegmentOrdinal..).zip(view.searcher.segment_readers()) {
        let Some(list) = term.list(segment, at)? else { continue };
        let by_service = |frequency: &u32| Impact::from_frequency(*frequency).part() != Part::Organization;
        uses += list.into_frequencies().filter(by_service).take(SERVICES_MIN).count();
        if uses >= SERVICES_MIN {
            break;
        }
    }
    view.words_in_use.add(word, uses >= SERVICES_MIN);
    Ok(uses >= SERVICES_MIN)
}

/// Some of the words of the directory, and whether several services use them.
#[derive(Default)]
pub(super) struct WordsInUse(RwLock<HashMap<String, bool>>);

impl WordsInUse {
    fn get(&self, word: &str) -> Option<bool> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(word).copied()
    }

    fn add(&self, word: &str, is_used: bool) {
        let mut words = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if words.len() < WORDS_REMEMBERED_MAX {
            words.insert(word.to_owned(), is_used);
        }
    }
}
