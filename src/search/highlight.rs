//! Which words of a text are those that were asked, for people to see at a glance. A text comes out whole, in pieces; a
//! long one is cut around the first of them. Asked only for the services of one page.

use std::collections::HashSet;

use super::Error;
use super::analyse::{Stems, words};
use super::definition::{Definition, is_weak};
use super::why::{Kind, Part, Reason};
use crate::domain::language::Lang;

/// Letters of a text that are shown, about, and of those before the first word found.
const SHOWN_CHARS_MAX: usize = 200;
const CHARS_BEFORE_MAX: usize = 60;

/// A text of a service, or what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    pub field: Part,
    pub pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// It is one of the words by which the service was found.
    pub is_found: bool,
}

/// Those of the texts that hold words by which a service was found.
pub fn highlights(reasons: &[Reason], texts: &[(Part, &str)]) -> Result<Vec<Highlight>, Error> {
    let mut sought = Sought::new(reasons)?;
    let mut found = vec![];
    for (field, text) in texts {
        let pieces = sought.pieces(text);
        if pieces.iter().any(|piece| piece.is_found) {
            found.push(Highlight { field: *field, pieces: cut(pieces) });
        }
    }
    Ok(found)
}

/// Words by which a service was found: their stems in both languages, since a text may be in either.
struct Sought {
    stems: Stems,
    found: HashSet<(Lang, String)>,
}

impl Sought {
    fn new(reasons: &[Reason]) -> Result<Self, Error> {
        let definition = Definition::of_this_program()?;
        let mut sought = Self { stems: Stems::new(), found: HashSet::new() };
        // The label of a need is not among the words of the service.
        for reason in reasons.iter().filter(|reason| reason.kind != Kind::Need) {
            for word in words(&reason.found).iter().filter(|word| !definition.is_stop_word(word) && !is_weak(word)) {
                for lang in Lang::ALL {
                    let stem = sought.stems.stem(lang, word).to_owned();
                    sought.found.insert((lang, stem));
                }
            }
        }
        Ok(sought)
    }

    fn has(&mut self, token: &str) -> bool {
        let (stems, found) = (&mut self.stems, &self.found);
        let mut is_sought = |word: &String| {
            Lang::ALL.into_iter().any(|lang| found.contains(&(lang, stems.stem(lang, word).to_owned())))
        };
        words(token).iter().any(&mut is_sought)
    }

    /// A text in pieces, words found and what is between them.
    fn pieces(&mut self, text: &str) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = vec![];
        let mut rest = text;
        while !rest.is_empty() {
            let (between, after) = rest.split_at(rest.find(is_of_a_word).unwrap_or(rest.len()));
            let end = after.find(|letter| !is_of_a_word(letter) && letter != '.').unwrap_or(after.len());
            let token = after.get(..end).unwrap_or(after).trim_end_matches('.');
            push(&mut pieces, between, false);
            let is_found = self.has(token);
            push(&mut pieces, token, is_found);
            rest = after.get(token.len()..).unwrap_or("");
        }
        pieces
    }
}

/// Dots are of acronyms (`C.P.E.`); marks are of the letter before them.
fn is_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&letter)
}

fn push(pieces: &mut Vec<Piece>, text: &str, is_found: bool) {
    match pieces.last_mut().filter(|last| last.is_found == is_found) {
        Some(last) => last.text.push_str(text),
        None if text.is_empty() => {}
        None => pieces.push(Piece { text: text.to_owned(), is_found }),
    }
}

/// A long text around the first word found, between whole words.
fn cut(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut shown: Vec<Piece> = vec![];
    let mut left = SHOWN_CHARS_MAX;
    for piece in pieces {
        let length = piece.text.chars().count();
        let is_first = shown.is_empty();
        let text = if is_first && !piece.is_found { end_of(&piece.text, CHARS_BEFORE_MAX) } else { piece.text };
        if !is_first && !piece.is_found && length > left {
            shown.push(Piece { text: start_of(&text, left), is_found: false });
            break;
        }
        left = left.saturating_sub(text.chars().count());
        shown.push(Piece { text, is_found: piece.is_found });
    }
    shown
}

fn end_of(text: &str, chars_max: usize) -> String {
    let Some((from, _)) = text.char_indices().rev().nth(chars_max) else { return text.to_owned() };
    let kept = text.get(from..).unwrap_or(text);
    let kept = kept.split_once(char::is_whitespace).map_or("", |(_, kept)| kept);
    format!("… {kept}")
}

fn start_of(text: &str, chars_max: usize) -> String {
    let end = text.char_indices().nth(chars_max).map_or(text.len(), |(end, _)| end);
    let kept = text.get(..end).unwrap_or(text);
    let kept = kept.rsplit_once(char::is_whitespace).map_or("", |(kept, _)| kept);
    format!("{kept} …")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(found: &str, kind: Kind) -> Reason {
        Reason { term: found.to_owned(), kind, field: None, found: found.to_owned() }
    }

    fn marked(found: &str, text: &str) -> String {
        let found = highlights(&[reason(found, Kind::Exact)], &[(Part::Description, text)]).unwrap();
        let pieces = found.into_iter().flat_map(|found| found.pieces);
        pieces.map(|piece| if piece.is_found { format!("[{}]", piece.text) } else { piece.text }).collect()
    }

    #[test]
    fn words_found_are_marked_as_they_are_written() {
        let two = marked("ecole", "À l’École, après l'e\u{301}cole.");
        assert_eq!(two, "À l’[École], après l'[e\u{301}cole].");
        assert_eq!(marked("cpe", "Un C.P.E. de quartier"), "Un [C.P.E].  de quartier".replace("  ", " "));
        assert_eq!(marked("banque alimentaire", "Les banques (alimentaires)."), "Les [banques] ([alimentaires]).");
        assert_eq!(marked("de la", "de la soupe"), "", "small words are not marked");
        assert_eq!(marked("lit", "Une soupe"), "");
    }

    #[test]
    fn a_need_is_a_label_and_no_word_of_the_service() {
        let reasons = [reason("Banque alimentaire", Kind::Need)];
        assert!(highlights(&reasons, &[(Part::Name, "Banque alimentaire")]).unwrap().is_empty());
    }

    #[test]
    fn a_long_text_is_cut_between_words_around_the_first_found() {
        let text = format!("{}garderie {}", "avant ".repeat(100), "après ".repeat(100));
        let shown = marked("garderie", &text);
        assert!(shown.starts_with("… avant ") && shown.ends_with(" après …"), "{shown}");
        assert!(shown.chars().count() <= SHOWN_CHARS_MAX + 10, "{}", shown.chars().count());
    }

    proptest! {
        #[test]
        fn pieces_are_the_text(text in "\\PC{0,80}", word in "[a-zé]{1,6}") {
            let mut sought = Sought::new(&[reason(&word, Kind::Exact)]).unwrap();
            let together: String = sought.pieces(&text).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(together, text);
        }
    }
}
