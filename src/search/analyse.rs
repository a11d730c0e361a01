//! From a text to words, and from a word to its stem. The same for what is indexed and for what is asked.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

use crate::domain::fold::fold;
use crate::domain::language::Lang;

/// Words of which the stemmer makes those of something else (`loyer`, `loi`), with the stem that they have instead.
pub(super) const STEM_EXCEPTIONS: &str = include_str!("../../index/search/stem_exceptions.csv");

/// Longer words are cut: nobody looks for them, and a term has a bounded size.
const WORD_CHARS_MAX: usize = 64;

/// Words whose stems are remembered at once, of each language: most of a directory is said in a few thousand.
const STEMS_KEPT_MAX: usize = 50_000;

/// Folded words of a text, in order: lower case, no accents, elisions off, acronyms joined.
pub(super) fn words(text: &str) -> Vec<String> {
    words_of(&fold(text)).map(str::to_owned).collect()
}

/// How many words a text has, as a search counts them.
pub fn count_words(text: &str) -> usize {
    words_of(&fold(text)).count()
}

/// The words of a text that is folded already.
pub(super) fn words_of(folded: &str) -> impl Iterator<Item = &str> {
    folded.split_whitespace().map(|word| match word.char_indices().nth(WORD_CHARS_MAX) {
        Some((end, _)) => word.get(..end).unwrap_or(word),
        None => word,
    })
}

/// Snowball stemming of folded words. It has state of its own (the library wants `&mut`), so each user makes one.
pub(super) struct Stems {
    french: Stemming,
    english: Stemming,
}

struct Stemming {
    exceptions: &'static HashMap<String, String>,
    analyzer: TextAnalyzer,
    known: HashMap<String, String>,
}

impl Stemming {
    fn new(lang: Lang) -> Self {
        let (language, [french, english]) = (language_of(lang), exceptions());
        let exceptions = if lang == Lang::Fr { french } else { english };
        let analyzer = TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build();
        Self { exceptions, analyzer, known: HashMap::new() }
    }

    fn stem<'a>(&'a mut self, word: &'a str) -> &'a str {
        if let Some(stem) = self.exceptions.get(word) {
            return stem;
        }
        if !self.known.contains_key(word) {
            if self.known.len() >= STEMS_KEPT_MAX {
                self.known.clear();
            }
            let mut stream = self.analyzer.token_stream(word);
            let stem = if stream.advance() { stream.token().text.clone() } else { word.to_owned() };
            self.known.insert(word.to_owned(), stem);
        }
        self.known.get(word).map_or(word, String::as_str)
    }
}

fn language_of(lang: Lang) -> Language {
    match lang {
        Lang::Fr => Language::French,
        Lang::En => Language::English,
    }
}

#[derive(Deserialize)]
struct Exception {
    lang: Lang,
    stem: String,
    /// Folded, with bars between.
    words: String,
}

/// French ones, then English ones.
fn exceptions() -> &'static [HashMap<String, String>; 2] {
    static EXCEPTIONS: OnceLock<[HashMap<String, String>; 2]> = OnceLock::new();
    EXCEPTIONS.get_or_init(|| {
        let mut found = [HashMap::new(), HashMap::new()];
        for Exception { lang, stem, words } in
            csv::Reader::from_reader(STEM_EXCEPTIONS.as_bytes()).deserialize().flatten()
        {
            let [french, english] = &mut found;
            let of_lang = if lang == Lang::Fr { french } else { english };
            of_lang.extend(words.split('|').map(|word| (word.to_owned(), stem.clone())));
        }
        found
    })
}

impl Stems {
    pub(super) fn new() -> Self {
        Self { french: Stemming::new(Lang::Fr), english: Stemming::new(Lang::En) }
    }

    pub(super) fn stem<'a>(&'a mut self, lang: Lang, word: &'a str) -> &'a str {
        match lang {
            Lang::Fr => self.french.stem(word),
            Lang::En => self.english.stem(word),
        }
    }

    pub(super) fn all(&mut self, lang: Lang, words: &[String]) -> Vec<String> {
        words.iter().map(|word| self.stem(lang, word).to_owned()).collect()
    }
}

/// How a field of terms is handed to the engine: each term with how often it is to be written, its frequency being its
/// impact (see [`super::impact`]).
#[derive(Clone, Default)]
pub(super) struct WeighedTerms {
    token: Token,
}

impl WeighedTerms {
    /// The name that fields know it by.
    pub(super) const NAME: &'static str = "weighed_terms";

    /// Adds a term to the text that this tokenizer reads. Folded words have no control characters.
    pub(super) fn write(text: &mut String, term: &str, times: u32) {
        text.push_str(term);
        text.push(BEFORE_TIMES);
        text.push(char::from_u32(u32::from(FIRST_TIMES) + times).unwrap_or(FIRST_TIMES));
    }
}

/// Between a term and how often it is written: one character, this many after [`FIRST_TIMES`].
const BEFORE_TIMES: char = '\t';
const FIRST_TIMES: char = '0';

impl Tokenizer for WeighedTerms {
    type TokenStream<'a> = WeighedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WeighedStream<'a> {
        self.token.reset();
        WeighedStream { rest: text, times_left: 0, token: &mut self.token }
    }
}

pub(super) struct WeighedStream<'a> {
    rest: &'a str,
    times_left: u32,
    token: &'a mut Token,
}

impl TokenStream for WeighedStream<'_> {
    fn advance(&mut self) -> bool {
        if self.times_left == 0 {
            let Some((term, after)) = self.rest.split_once(BEFORE_TIMES) else { return false };
            let mut after = after.chars();
            let times = after.next().map_or(1, |times| u32::from(times).saturating_sub(u32::from(FIRST_TIMES)));
            self.rest = after.as_str();
            self.times_left = times.max(1);
            self.token.text.clear();
            self.token.text.push_str(term);
        }
        self.times_left -= 1;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_many() {
        assert_eq!(words("L’École d’été, C.P.E. de l'œuf"), ["ecole", "ete", "cpe", "de", "oeuf"]);
        assert_eq!(words("E\u{301}COLE \u{0} \"*?"), ["ecole"]);
        assert_eq!(words(&"a".repeat(500)), ["a".repeat(WORD_CHARS_MAX)]);
    }

    #[test]
    fn a_term_is_written_as_often_as_it_weighs() {
        let mut text = String::new();
        WeighedTerms::write(&mut text, "aide", 2);
        WeighedTerms::write(&mut text, "banque alimentaire", 1);
        let mut tokenizer = WeighedTerms::default();
        let mut stream = tokenizer.token_stream(&text);
        let mut read = vec![];
        while stream.advance() {
            read.push(stream.token().text.clone());
        }
        assert_eq!(read, ["aide", "aide", "banque alimentaire"]);
    }

    #[test]
    fn what_the_stemmer_joins_wrongly_is_kept_apart() {
        let lines = STEM_EXCEPTIONS.lines().count() - 1;
        assert_eq!(
            csv::Reader::from_reader(STEM_EXCEPTIONS.as_bytes()).deserialize::<Exception>().flatten().count(),
            lines
        );
        let mut seen = std::collections::HashSet::new();
        for (lang, word) in
            exceptions().iter().zip(Lang::ALL).flat_map(|(of, lang)| of.keys().map(move |word| (lang, word)))
        {
            assert_eq!(words(word), std::slice::from_ref(word), "folded");
            assert!(seen.insert((lang, word)));
        }
        let mut stems = Stems::new();
        for (lang, word, other) in [
            (Lang::Fr, "repit", "repas"),
            (Lang::Fr, "loyer", "loi"),
            (Lang::Fr, "refuge", "refugies"),
            (Lang::Fr, "couches", "coucher"),
            (Lang::En, "severance", "several"),
        ] {
            assert_ne!(stems.stem(lang, word).to_owned(), stems.stem(lang, other), "{word} {other}");
        }
        assert_eq!(stems.stem(Lang::Fr, "loyers").to_owned(), stems.stem(Lang::Fr, "loyer"));
    }

    #[test]
    fn a_plural_has_the_stem_of_its_singular() {
        let mut stems = Stems::new();
        for (lang, plural, singular) in [
            (Lang::Fr, "garderies", "garderie"),
            (Lang::Fr, "alimentaires", "alimentaire"),
            (Lang::En, "banks", "bank"),
        ] {
            assert_eq!(stems.stem(lang, plural).to_owned(), stems.stem(lang, singular));
        }
    }
}
