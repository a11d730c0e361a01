//! The definition of the index, kept as data in `index/search/`: version, synonyms, stop words.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Error;
use super::analyse::{STEM_EXCEPTIONS, Stems, words};
use crate::domain::language::Lang;
use crate::domain::taxonomy::Taxonomy;

const SCHEMA: &str = include_str!("../../index/search/schema.json");
const SYNONYMS: &str = include_str!("../../index/search/synonyms.csv");
const STOP_WORDS_FR: &str = include_str!("../../index/search/stop_words_fr.txt");
const STOP_WORDS_EN: &str = include_str!("../../index/search/stop_words_en.txt");
const WORDS_OF_ASKING: &str = include_str!("../../index/search/words_of_asking.txt");

/// Words that a query may do without but that say something when they are there: they raise, they never exclude.
pub(super) const WEAK_WORDS: [&str; 7] = ["sans", "pas", "pour", "avec", "seul", "on", "est"];
/// The same in English, and what an age is told with: any description has them.
const WEAK_TOO: [&str; 11] = ["for", "with", "without", "no", "not", "an", "ans", "mois", "year", "years", "old"];
/// Digits of a number that is an age, a time or a price, and names nothing.
const WEAK_DIGITS_MAX: usize = 2;

/// Whether a word of a text raises what holds it, and no more.
pub(super) fn is_weak(word: &str) -> bool {
    let is_number = word.len() <= WEAK_DIGITS_MAX && word.bytes().all(|letter| letter.is_ascii_digit());
    is_number || WEAK_WORDS.contains(&word) || WEAK_TOO.contains(&word)
}

/// Digits of a line that gives help.
const LINE_TO_CALL_DIGITS: usize = 3;

#[derive(Debug)]
pub(super) struct Definition {
    pub version: u32,
    /// A digest of the data that an index is made with: with other data it is made again.
    pub made_from: String,
    stop_words: HashSet<String>,
    /// Greetings, thanks, "help": no need when alone.
    words_of_asking: HashSet<String>,
    terms: Vec<Term>,
    /// From a phrase (words without their plural mark, joined by spaces) to the terms that mean the same.
    synonyms: HashMap<String, Vec<usize>>,
    /// Words of the longest phrase.
    phrase_words_max: usize,
    /// Stems of the phrases of several words, joined by spaces, in each language: what is indexed as one term.
    stemmed_phrases: [HashSet<String>; 2],
    /// The first stems of those.
    phrase_starts: [HashSet<String>; 2],
}

/// A word or phrase of the synonyms, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub lang: Lang,
    /// As written, for people.
    pub shown: String,
    pub words: Vec<String>,
}

#[derive(Deserialize)]
struct SchemaFile {
    version: u32,
}

#[derive(Deserialize)]
struct Group {
    terms_fr: String,
    terms_en: String,
    mode: String,
}

impl Definition {
    /// The definition that this program was built with.
    pub(super) fn of_this_program() -> Result<&'static Self, Error> {
        static DEFINITION: OnceLock<Result<Definition, String>> = OnceLock::new();
        let read = || Self::read(SCHEMA, SYNONYMS, &[STOP_WORDS_FR, STOP_WORDS_EN]);
        DEFINITION.get_or_init(read).as_ref().map_err(|why| Error::Definition(why.clone()))
    }

    fn read(schema: &str, synonyms: &str, stop_words: &[&str]) -> Result<Self, String> {
        let schema: SchemaFile = serde_json::from_str(schema).map_err(|why| why.to_string())?;
        let made_from = made_from(synonyms, stop_words);
        let mut definition = Self {
            version: schema.version,
            made_from,
            stop_words: stop_words.iter().copied().flat_map(words_of_list).collect(),
            words_of_asking: words_of_list(WORDS_OF_ASKING).collect(),
            terms: vec![],
            synonyms: HashMap::new(),
            phrase_words_max: 1,
            stemmed_phrases: Default::default(),
            phrase_starts: Default::default(),
        };
        for group in csv::Reader::from_reader(synonyms.as_bytes()).deserialize() {
            definition.add_group(&group.map_err(|why| why.to_string())?)?;
        }
        definition.stem_phrases();
        Ok(definition)
    }

    fn stem_phrases(&mut self) {
        let mut stems = Stems::new();
        for term in self.terms.iter().filter(|term| term.words.len() > 1) {
            for (at, lang) in Lang::ALL.into_iter().enumerate() {
                let phrase = stems.all(lang, &term.words);
                self.phrase_starts[at].extend(phrase.first().cloned());
                self.stemmed_phrases[at].insert(phrase.join(" "));
            }
        }
    }

    /// Where phrases of the synonyms stand in the stems of a text in one language: the first word, and how many.
    pub(super) fn phrases_in(&self, lang: Lang, stems: &[String]) -> Vec<(usize, usize)> {
        let at = usize::from(lang == Lang::En);
        let [starts, phrases] = [&self.phrase_starts[at], &self.stemmed_phrases[at]];
        let mut found = vec![];
        for (first, start) in stems.iter().enumerate().filter(|(_, stem)| starts.contains(*stem)) {
            let mut phrase = start.clone();
            for (count, stem) in (2..=self.phrase_words_max).zip(stems.iter().skip(first + 1)) {
                phrase.push(' ');
                phrase.push_str(stem);
                if phrases.contains(&phrase) {
                    found.push((first, count));
                }
            }
        }
        found
    }

    fn add_group(&mut self, group: &Group) -> Result<(), String> {
        let french = group.terms_fr.split('|').map(|shown| (Lang::Fr, shown));
        let english = group.terms_en.split('|').map(|shown| (Lang::En, shown));
        let first = self.terms.len();
        for (lang, shown) in french.chain(english).filter(|(_, shown)| !shown.trim().is_empty()) {
            let words = words(shown);
            if words.is_empty() {
                return Err(format!("a synonym without letters: {shown}"));
            }
            self.phrase_words_max = self.phrase_words_max.max(words.len());
            self.terms.push(Term { lang, shown: shown.trim().to_owned(), words });
        }
        let added: Vec<usize> = (first..self.terms.len()).collect();
        for &from in &added {
            let both = match group.mode.as_str() {
                "both" => true,
                "to_first" => false,
                other => return Err(format!("synonyms.csv: mode is both or to_first, not {other}")),
            };
            let found = |to: &usize| both || *to == first || self.terms[*to].lang == Lang::En;
            let others: Vec<usize> = added.iter().copied().filter(|to| *to != from).filter(found).collect();
            let key = phrase_key(&self.terms[from].words);
            self.synonyms.entry(key).or_default().extend(others);
        }
        Ok(())
    }

    pub(super) fn is_stop_word(&self, word: &str) -> bool {
        (word.chars().count() == 1 && !word.chars().all(char::is_numeric)) || self.stop_words.contains(word)
    }

    /// Neither a word that any text has, nor one of the asking itself, nor a number, but one that is a line to call
    /// (211, 811).
    pub(super) fn says_what_is_needed(&self, word: &str) -> bool {
        let is_number = word.bytes().all(|letter| letter.is_ascii_digit());
        let is_line_to_call = word.len() == LINE_TO_CALL_DIGITS && word.ends_with("11");
        let says_nothing = self.is_stop_word(word) || self.words_of_asking.contains(word);
        !says_nothing && (!is_number || is_line_to_call)
    }

    /// One of the words does.
    pub(super) fn says_something(&self, words: &[String]) -> bool {
        words.iter().any(|word| self.says_what_is_needed(word))
    }

    /// The longest phrase of the synonyms at the start of these words: how many words, and what means the same.
    pub(super) fn phrase_at(&self, words: &[String]) -> Option<(usize, Vec<&Term>)> {
        let longest = self.phrase_words_max.min(words.len());
        (1..=longest).rev().find_map(|count| {
            let phrase = words.get(..count)?;
            let mut found: Vec<&Term> = vec![];
            for term in self.synonyms.get(&phrase_key(phrase))?.iter().filter_map(|at| self.terms.get(*at)) {
                let same = term.words == phrase;
                if !same && !found.iter().any(|other| other.words == term.words && other.lang == term.lang) {
                    found.push(term);
                }
            }
            Some((count, found))
        })
    }

    /// Every single word that has synonyms: a misspelt one may be meant even where no service uses it.
    pub(super) fn synonym_words(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter(|term| term.words.len() == 1).filter_map(|term| term.words.first()).map(String::as_str)
    }
}

fn words_of_list(list: &str) -> impl Iterator<Item = String> {
    list.lines().filter(|line| !line.starts_with('#')).flat_map(words)
}

fn made_from(synonyms: &str, stop_words: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(synonyms);
    hash.update(STEM_EXCEPTIONS);
    stop_words.iter().for_each(|list| hash.update(list));
    // Rows name categories by their place in the taxonomy.
    Taxonomy::embedded().terms().iter().for_each(|term| hash.update(format!("\n{}", term.code)));
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A phrase is the same in the singular and in the plural: `banques alimentaires` is `banque alimentaire`.
fn phrase_key(words: &[String]) -> String {
    let singular = |word: &String| match word.strip_suffix(['s', 'x']) {
        Some(stem) if stem.chars().count() >= 3 => stem.to_owned(),
        _ => word.clone(),
    };
    words.iter().map(singular).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(definition: &Definition, text: &str) -> Vec<String> {
        let found = definition.phrase_at(&words(text)).map(|(_, terms)| terms).unwrap_or_default();
        found.into_iter().map(|term| term.shown.clone()).collect()
    }

    #[test]
    fn the_shipped_definition_reads_and_keeps_the_words_that_matter() {
        let definition = Definition::of_this_program().unwrap();
        for word in WEAK_WORDS {
            assert!(!definition.is_stop_word(word), "{word} carries meaning");
        }
        for word in ["le", "la", "des", "the", "d", "et"] {
            assert!(definition.is_stop_word(word), "{word}");
        }
    }

    #[test]
    fn phrases_are_found_longest_first_in_both_languages() {
        let definition = Definition::of_this_program().unwrap();
        let food = shown(definition, "banques alimentaires");
        assert!(food.contains(&"dépannage alimentaire".to_owned()), "{food:?}");
        assert!(food.contains(&"food bank".to_owned()), "{food:?}");
        assert!(shown(definition, "food bank").contains(&"banque alimentaire".to_owned()));
        let (count, _) = definition.phrase_at(&words("garderie à 9 piasses")).unwrap();
        assert_eq!(count, 4);
        assert!(shown(definition, "C.P.E.").contains(&"centre de la petite enfance".to_owned()));
        assert!(shown(definition, "gymnastique").is_empty());
    }

    #[test]
    fn one_way_groups_lead_to_their_first_term_only() {
        let csv = "group,terms_fr,terms_en,mode\nx,psychologue|psy,therapy,to_first\n";
        let definition = Definition::read("{\"version\": 1}", csv, &[]).unwrap();
        assert_eq!(shown(&definition, "psy"), ["psychologue", "therapy"]);
        assert_eq!(shown(&definition, "psychologue"), ["therapy"]);
        assert!(Definition::read("{\"version\": 1}", "group,terms_fr,terms_en,mode\nx,a,b,bi\n", &[]).is_err());
    }
}
