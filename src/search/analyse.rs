//! From a text to words, and from a word to its stem. The same for what is indexed and for what is asked.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

use crate::domain::fold::fold;
use crate::domain::language::Lang;

/// Longer words are cut: nobody looks for them, and a term has a bounded size.
const WORD_CHARS_MAX: usize = 64;

/// Folded words of a text, in order: lower case, no accents, elisions off, acronyms joined.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded.split_whitespace().map(|word| word.chars().take(WORD_CHARS_MAX).collect()).collect()
}

/// Snowball stemming of folded words. It has state of its own (the library wants `&mut`), so each user makes one.
pub(super) struct Stems {
    french: TextAnalyzer,
    english: TextAnalyzer,
}

impl Stems {
    pub(super) fn new() -> Self {
        let stemmer = |language| TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build();
        Self { french: stemmer(Language::French), english: stemmer(Language::English) }
    }

    pub(super) fn stem(&mut self, lang: Lang, word: &str) -> String {
        let analyzer = match lang {
            Lang::Fr => &mut self.french,
            Lang::En => &mut self.english,
        };
        let mut stream = analyzer.token_stream(word);
        if stream.advance() { stream.token().text.clone() } else { word.to_owned() }
    }

    pub(super) fn all(&mut self, lang: Lang, words: &[String]) -> Vec<String> {
        words.iter().map(|word| self.stem(lang, word)).collect()
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
    fn a_plural_has_the_stem_of_its_singular() {
        let mut stems = Stems::new();
        assert_eq!(stems.stem(Lang::Fr, "garderies"), stems.stem(Lang::Fr, "garderie"));
        assert_eq!(stems.stem(Lang::Fr, "alimentaires"), stems.stem(Lang::Fr, "alimentaire"));
        assert_eq!(stems.stem(Lang::En, "banks"), stems.stem(Lang::En, "bank"));
    }
}
