//! Numbers that have no place in a file: Québec health-insurance numbers (RAMQ: four letters, eight digits) and
//! Canadian social-insurance numbers (nine digits whose last is a Luhn check digit), found in free text.

use unicode_normalization::UnicodeNormalization;

use super::refusal::{Code, Refusal};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitiveNumber {
    HealthInsurance,
    SocialInsurance,
}

/// The first such number in a text, however it is spaced or dashed.
pub fn find_sensitive_number(text: &str) -> Option<SensitiveNumber> {
    let characters: Vec<char> = text.nfkc().collect();
    (0..characters.len()).find_map(|start| {
        if start > 0 && characters[start - 1].is_alphanumeric() {
            return None;
        }
        let rest = &characters[start..];
        if groups(rest, &[(4, Kind::Letter), (4, Kind::Digit), (4, Kind::Digit)]).is_some() {
            return Some(SensitiveNumber::HealthInsurance);
        }
        let digits = groups(rest, &[(3, Kind::Digit), (3, Kind::Digit), (3, Kind::Digit)])?;
        is_luhn(&digits).then_some(SensitiveNumber::SocialInsurance)
    })
}

/// Refuses a text that holds one.
pub fn refuse_sensitive_numbers(text: &str, field: &str) -> Result<(), Refusal> {
    match find_sensitive_number(text) {
        None => Ok(()),
        Some(SensitiveNumber::HealthInsurance) => {
            Err(Refusal::field(Code::SensitiveNumber, field).rule("no health-insurance number"))
        }
        Some(SensitiveNumber::SocialInsurance) => {
            Err(Refusal::field(Code::SensitiveNumber, field).rule("no social-insurance number"))
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Letter,
    Digit,
}

/// Matches groups of characters with at most one space, dash or dot between them and nothing of a word after them.
fn groups(characters: &[char], shape: &[(usize, Kind)]) -> Option<Vec<char>> {
    let mut found = Vec::new();
    let mut at = 0;
    for (position, (length, kind)) in shape.iter().enumerate() {
        if position > 0
            && characters.get(at).is_some_and(|c| c.is_whitespace() || matches!(c, '-' | '.' | '–' | '‑' | '‐'))
        {
            at += 1;
        }
        for _ in 0..*length {
            let c = *characters.get(at)?;
            let fits = match kind {
                Kind::Letter => c.is_ascii_alphabetic(),
                Kind::Digit => c.is_ascii_digit(),
            };
            if !fits {
                return None;
            }
            found.push(c);
            at += 1;
        }
    }
    let ends = characters.get(at).is_none_or(|c| !c.is_alphanumeric());
    ends.then_some(found)
}

fn is_luhn(digits: &[char]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .filter_map(|digit| digit.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_found_however_they_are_written() {
        use SensitiveNumber::{HealthInsurance, SocialInsurance};
        // 046 454 286 is the textbook example of a number that was never given to anybody.
        for text in
            ["046454286", "NAS 046 454 286.", "son nas: 046-454-286", "(046\u{a0}454\u{a0}286)", "０４６ ４５４ ２８６"]
        {
            assert_eq!(find_sensitive_number(text), Some(SocialInsurance), "{text}");
        }
        for text in ["TREM88550112", "ramq: trem 8855 0112", "TREM-8855-0112,"] {
            assert_eq!(find_sensitive_number(text), Some(HealthInsurance), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_let_through() {
        for text in [
            "",
            "appeler le 418 555-0199",
            "1 800 555 0199",
            "046 454 287",
            "deux enfants, 2019-2021",
            "G6V 4A1",
            "dossier 12345678",
            "le 15 juin 2026 à 14 h 30",
            "ABCD 123",
            "XABCD 1234 5678 9",
            "0464542861",
        ] {
            assert_eq!(find_sensitive_number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_is_found_wherever_it_stands(
            before in "[a-zé ,.]{0,20}", after in "[a-zé ,.]{0,20}", first in 0u32..100_000_000,
        ) {
            let body: Vec<char> = format!("{first:08}").chars().collect();
            let check = (0..10).find(|digit| {
                let mut all = body.clone();
                all.extend(char::from_digit(*digit, 10));
                is_luhn(&all)
            }).unwrap();
            let text = format!("{before} {first:08}{check} {after}");
            prop_assert_eq!(find_sensitive_number(&text), Some(SensitiveNumber::SocialInsurance));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = find_sensitive_number(&text);
        }
    }
}
