//! Which words of a text are the directory's own, and which need it is said for: what may be kept of a search without
//! keeping whom it was for.

use tantivy::Term;

use super::analyse::words;
use super::definition::Definition;
use super::needs::Needs;
use super::schema::View;
use super::why::Part;
use super::{Error, Index};

/// A word that fewer services use, in their names, their categories or their descriptions, may be somebody's name.
const SERVICES_MIN: u64 = 3;
/// Words of one text that are looked up.
const WORDS_READ_MAX: usize = 20;
/// What organisations are called is not looked at: they are named after people.
const PARTS_READ: [Part; 3] = [Part::Name, Part::Category, Part::Description];

impl Index {
    /// The words of a text, folded, that several services use: the first `words_max` of them, in the order of the
    /// alphabet and each once. Words that say nothing, and words with a digit in them, are left out.
    pub fn known_words(&self, text: &str, words_max: usize) -> Result<Vec<String>, Error> {
        let definition = Definition::of_this_program()?;
        let searcher = self.searcher();
        let mut known: Vec<String> = Vec::new();
        for word in words(text).into_iter().take(WORDS_READ_MAX) {
            let has_digit = word.chars().any(char::is_numeric);
            if known.len() >= words_max || has_digit || definition.is_stop_word(&word) || known.contains(&word) {
                continue;
            }
            for part in PARTS_READ {
                let field = self.fields().text(View::Exact, part);
                if searcher.doc_freq(&Term::from_field_text(field, &word))? >= SERVICES_MIN {
                    known.push(word);
                    break;
                }
            }
        }
        known.sort_unstable();
        Ok(known)
    }

    /// The code of the need that a text is most surely said for.
    pub fn need_of(text: &str) -> Result<Option<String>, Error> {
        let meant = Needs::of_this_program()?.meant(&words(text), Definition::of_this_program()?);
        Ok(meant.into_iter().next().map(|need| need.code))
    }
}
