//! Which words of a text are the directory's own, and which need it is said for: what may be kept of a search without
//! keeping whom it was for.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tantivy::schema::Field;
use tantivy::{SegmentOrdinal, Term};

use super::analyse::words;
use super::definition::Definition;
use super::impact::Impact;
use super::needs::{Meant, Needs};
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
/// What stands between the needs of one text, as signs and as words, and needs of one that are told apart.
const SIGNS_BETWEEN: [char; 13] = [',', ';', '+', '/', '&', '.', '!', '?', '\n', '\t', '…', ')', '•'];
const WORDS_BETWEEN: [&str; 12] =
    ["et", "and", "pis", "puis", "aussi", "ni", "ou", "or", "mais", "but", "ainsi", "also"];
/// After "and", these are half of a number: "deux ans et demi".
const HALVES: [&str; 3] = ["demi", "demie", "half"];
/// After one of which comes all that is wanted: "pas de nourriture, juste des vêtements".
const ONLY: [&str; 4] = ["juste", "just", "seulement", "only"];
/// Said of what is not needed. Not "je veux pas": of what nobody wants, some is need.
const NOT_NEEDED: [&[&str]; 9] = [
    &["pas", "besoin"],
    &["don", "t", "need"],
    &["do", "not", "need"],
    &["ai", "deja", "un"],
    &["ai", "deja", "une"],
    &["ai", "deja", "mon"],
    &["ai", "deja", "ma"],
    &["already", "have", "a"],
    &["already", "have", "an"],
];
const TOLD_APART_MAX: usize = 8;
/// Needs that a text may be said for.
const PERHAPS_MAX: usize = 2;

/// What a text is said for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeedRead {
    /// None where it hardly tells of any.
    pub surely: Option<String>,
    /// What stands in for that where nothing answers it; without it, what the text may be said for, the surest first
    /// ("j'ai peur").
    pub nearly: Vec<String>,
    /// What its parts are surely said for, each once, in their order ("couches et transport").
    pub of_parts: Vec<String>,
    /// The words of the part that says what it is surely said for, where there are several.
    pub part: Option<String>,
}

/// A part of a text that is surely said for a need.
struct PartTold {
    need: String,
    words: String,
}

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

    /// Reads what people say of their needs, which takes a moment: else the first search waits for it.
    pub fn read_sayings() -> Result<(), Error> {
        Needs::of_this_program().map(|_| ())
    }

    /// The code of the need that a text is most surely said for; none where it hardly tells of any.
    pub fn need_of(text: &str) -> Result<Option<String>, Error> {
        Ok(surest(&needs_meant(&words(text))?))
    }

    /// The need that a text is said for, those that may be taken in its place, and those of its parts.
    pub fn read_need(text: &str) -> Result<NeedRead, Error> {
        let needs = needs_meant(&words(text))?;
        let parts = parts_told(text)?;
        let surely = surest_of_whole(surest(&needs), &parts)?;
        let nearly = match &surely {
            Some(need) => Needs::of_this_program()?.standing_in_for(need),
            None => needs.into_iter().filter(Meant::is_likely).take(PERHAPS_MAX).map(|need| need.code).collect(),
        };
        let told_apart = parts.are_apart.then_some(&parts.told).into_iter().flatten();
        let part = told_apart.into_iter().find(|part| surely.as_ref() == Some(&part.need));
        let part = part.map(|part| part.words.clone());
        Ok(NeedRead { surely, nearly, part, of_parts: parts.told.into_iter().map(|part| part.need).collect() })
    }
}

/// The parts of a text that are said for some need.
struct PartsTold {
    /// Each need once.
    told: Vec<PartTold>,
    /// There are several, or others tell of what is not needed.
    are_apart: bool,
}

fn parts_told(text: &str) -> Result<PartsTold, Error> {
    let mut told: Vec<PartTold> = vec![];
    let mut is_left_out = false;
    for (part, comes_after_only) in parts_of(text) {
        let Some(need) = surest(&needs_meant(&part)?) else { continue };
        if NOT_NEEDED.iter().any(|said| part.windows(said.len()).any(|words| words == *said)) {
            is_left_out = true;
            continue;
        }
        if comes_after_only {
            is_left_out |= !told.is_empty();
            told.clear();
        }
        if !told.iter().any(|known| known.need == need) {
            told.push(PartTold { need, words: part.join(" ") });
        }
    }
    told.truncate(TOLD_APART_MAX);
    let are_apart = told.len() > 1 || is_left_out;
    Ok(PartsTold { told, are_apart })
}

/// The words of each part, and whether they come after a word for "only".
fn parts_of(text: &str) -> Vec<(Vec<String>, bool)> {
    let mut parts: Vec<(Vec<String>, bool)> = vec![];
    for clause in text.split(SIGNS_BETWEEN) {
        parts.push((vec![], false));
        let mut left = words(clause).into_iter().peekable();
        while let Some(word) = left.next() {
            let is_half = left.peek().is_some_and(|next| HALVES.contains(&next.as_str()));
            let is_only = ONLY.contains(&word.as_str());
            if is_only || WORDS_BETWEEN.contains(&word.as_str()) && !is_half {
                parts.push((vec![], is_only));
            } else if let Some((part, _)) = parts.last_mut() {
                part.push(word);
            }
        }
    }
    // Signs alone are no part to be read.
    parts.retain(|(part, _)| !part.is_empty());
    parts
}

/// What a text of several needs is said for as a whole is another need where that has to do with each of them: a child
/// with a disability and a rest mean respite, diapers and a ride no adapted transport. Else it is the first that it
/// tells of.
fn surest_of_whole(whole: Option<String>, parts: &PartsTold) -> Result<Option<String>, Error> {
    let known = Needs::of_this_program()?;
    let tells_of_all = |whole: &String| {
        let is_one = parts.told.iter().any(|part| part.need == *whole);
        let is_of_each = || parts.told.iter().all(|part| known.have_to_do_with_each_other(whole, &part.need));
        !parts.are_apart || is_one || is_of_each()
    };
    Ok(whole.filter(tells_of_all).or_else(|| parts.told.first().map(|part| part.need.clone())))
}

fn needs_meant(words: &[String]) -> Result<Vec<Meant>, Error> {
    Ok(Needs::of_this_program()?.meant(words, Definition::of_this_program()?))
}

fn surest(needs: &[Meant]) -> Option<String> {
    needs.iter().find(|need| need.is_sure()).map(|need| need.code.clone())
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
