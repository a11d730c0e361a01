//! From a text to words, and from a word to its stem. The same for what is indexed and for what is asked.

use std::collections::HashMap;

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

use crate::domain::fold::fold;
use crate::domain::language::Lang;

/// Longer words are cut: nobody looks for them, and a term has a bounded size.
const WORD_CHARS_MAX: usize = 64;

/// Words whose stems are remembered at once, of each language: most of a directory is said in a few thousand.
const STEMS_KEPT_MAX: usize = 50_000;

/// Between two texts of one field, so that no phrase runs from one into the next.
const POSITIONS_BETWEEN_TEXTS: usize = 10;

/// Ends a text in what [`WrittenWords`] reads.
pub(super) const TEXT_END: char = '\n';

/// Folded words of a text, in order: lower case, no accents, elisions off, acronyms joined.
pub(super) fn words(text: &str) -> Vec<String> {
    words_of(&fold(text)).map(str::to_owned).collect()
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
    analyzer: TextAnalyzer,
    known: HashMap<String, String>,
}

impl Stemming {
    fn new(language: Language) -> Self {
        let analyzer = TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build();
        Self { analyzer, known: HashMap::new() }
    }

    fn stem<'a>(&'a mut self, word: &'a str) -> &'a str {
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

impl Stems {
    pub(super) fn new() -> Self {
        Self { french: Stemming::new(Language::French), english: Stemming::new(Language::English) }
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

/// How a field of words is handed to the engine: cut, folded and stemmed already, a space between two words and
/// [`TEXT_END`] between two texts.
#[derive(Clone, Default)]
pub(super) struct WrittenWords {
    token: Token,
}

impl WrittenWords {
    /// The name that fields know it by.
    pub(super) const NAME: &'static str = "written_words";
}

impl Tokenizer for WrittenWords {
    type TokenStream<'a> = WrittenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WrittenStream<'a> {
        self.token.reset();
        WrittenStream { rest: text, next_position: 0, token: &mut self.token }
    }
}

pub(super) struct WrittenStream<'a> {
    rest: &'a str,
    next_position: usize,
    token: &'a mut Token,
}

impl TokenStream for WrittenStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(rest) = self.rest.strip_prefix(TEXT_END) {
                self.next_position += POSITIONS_BETWEEN_TEXTS;
                self.rest = rest;
            } else if let Some(rest) = self.rest.strip_prefix(' ') {
                self.rest = rest;
            } else {
                break;
            }
        }
        let end = self.rest.find([' ', TEXT_END]).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(word);
        self.token.position = self.next_position;
        self.next_position += 1;
        !word.is_empty()
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
    fn no_phrase_runs_from_one_text_into_the_next() {
        let mut tokenizer = WrittenWords::default();
        let mut stream = tokenizer.token_stream("aide aux parents\ncpe\n\nete");
        let mut read = vec![];
        while stream.advance() {
            read.push((stream.token().text.clone(), stream.token().position));
        }
        let read: Vec<(&str, usize)> = read.iter().map(|(word, position)| (word.as_str(), *position)).collect();
        assert_eq!(read, [("aide", 0), ("aux", 1), ("parents", 2), ("cpe", 13), ("ete", 34)]);
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
