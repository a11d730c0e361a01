//! What a text that people read may hold: letters that they see. A control character is seen by nobody, and a character
//! that turns the order of letters round (Unicode Standard Annex #9, section 2) shows other words than were written.

use super::refusal::{Code, Refusal};

const RULE: &str = "no control or bidirectional-override character";

/// Refuses what hides in a short text: a name, a number. It is one line.
///
/// # Errors
/// `InvalidValue` with the field.
pub fn check_line(text: &str, field: &str) -> Result<(), Refusal> {
    check(text, field, |letter| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'))
}

/// Refuses what hides in a text of several lines.
///
/// # Errors
/// `InvalidValue` with the field.
pub fn check_lines(text: &str, field: &str) -> Result<(), Refusal> {
    check(text, field, |letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
}

fn check(text: &str, field: &str, is_refused: impl Fn(char) -> bool) -> Result<(), Refusal> {
    match text.chars().any(|letter| turns_letters_round(letter) || is_refused(letter)) {
        true => Err(Refusal::field(Code::InvalidValue, field).rule(RULE)),
        false => Ok(()),
    }
}

/// Embeddings, overrides and isolates, and what ends them. The marks that a single letter needs are none of them.
fn turns_letters_round(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_line_and_hides_nothing() {
        for text in ["", "Paniers", "L’Éclaircie 👨‍👩‍👧", "می‌خواهم\u{200f}", "a\u{a0}b"] {
            assert!(check_line(text, "name").is_ok() && check_lines(text, "name").is_ok(), "{text}");
        }
        for hidden in ["\n", "\r", "\t"] {
            assert!(check_line(hidden, "name").is_err() && check_lines(hidden, "note").is_ok());
        }
        for hidden in ["\0", "\u{1b}", "\u{7f}", "\u{9f}", "\u{202e}", "\u{2066}"] {
            let text = format!("a{hidden}b");
            assert_eq!(check_line(&text, "name").unwrap_err().field.as_deref(), Some("name"));
            assert!(check_lines(&text, "note").is_err(), "{text:?}");
        }
    }
}
