//! Snowball stems of folded words, as relais makes them, for the peers that are given stems.

use std::collections::HashMap;

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

pub struct Stems([(TextAnalyzer, HashMap<String, String>); 2]);

impl Stems {
    pub fn new() -> Self {
        let of = |language| TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build();
        Self([Language::French, Language::English].map(|language| (of(language), HashMap::new())))
    }

    /// `lang` is 0 for French, 1 for English.
    pub fn stem(&mut self, lang: usize, word: &str) -> &str {
        let (analyzer, known) = &mut self.0[lang];
        if !known.contains_key(word) {
            let mut stream = analyzer.token_stream(word);
            let stem = if stream.advance() { stream.token().text.clone() } else { word.to_owned() };
            known.insert(word.to_owned(), stem);
        }
        &known[word]
    }

    /// The stems of a text, a space between two.
    pub fn text(&mut self, lang: usize, text: &str) -> String {
        let mut stems = String::with_capacity(text.len());
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            stems.push_str(self.stem(lang, word));
            stems.push(' ');
        }
        stems
    }

    /// The French stem of a word, and the English one where it is another.
    pub fn both(&mut self, word: &str) -> Vec<String> {
        let mut stems = vec![self.stem(0, word).to_owned(), self.stem(1, word).to_owned()];
        stems.dedup();
        stems
    }
}
