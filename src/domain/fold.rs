//! One folding of text for comparing, ordering and finding: what a person types and what a source wrote meet here.
//! Knows letters and French elisions; must not know synonyms, stems or stop words (the search room does).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words that lose their last vowel before another: `l'école` is looked up as `ecole`.
const ELISIONS: [&str; 12] = ["l", "d", "qu", "s", "j", "n", "m", "c", "t", "jusqu", "lorsqu", "puisqu"];

/// Folds a text: lower case, no accents, `œ` as `oe`, elisions off, acronyms joined (`C.P.E.` as `cpe`), and every run
/// of anything but letters and digits as one space. NFC and NFD spellings fold alike; folding twice changes nothing.
pub fn fold(text: &str) -> String {
    let letters = plain_letters(text);
    let mut folded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        if !letter.is_alphanumeric() {
            at += 1;
            continue;
        }
        if let Some((acronym, after)) = acronym_at(&letters, at) {
            push_word(&mut folded, &acronym);
            at = after;
            continue;
        }
        let word: String = letters.iter().skip(at).take_while(|letter| letter.is_alphanumeric()).collect();
        at += word.chars().count();
        let elided = letters.get(at) == Some(&'\'')
            && letters.get(at + 1).is_some_and(|next| next.is_alphanumeric())
            && ELISIONS.contains(&word.as_str());
        if !elided {
            push_word(&mut folded, &word);
        }
    }
    folded
}

/// Folds the name of a place: as [`fold`], and `St`, `Ste`, `Sts`, `Stes` written out, and the `d` and `l` that are
/// left when somebody types no apostrophe (`val d or`) dropped as the elisions are.
pub fn fold_place(name: &str) -> String {
    let folded = fold(name);
    let mut place = String::with_capacity(folded.len() + 4);
    for word in folded.split(' ').filter(|word| !matches!(*word, "d" | "l" | "")) {
        push_word(&mut place, saint_written_out(word));
    }
    place
}

fn saint_written_out(word: &str) -> &str {
    match word {
        "st" => "saint",
        "ste" => "sainte",
        "sts" => "saints",
        "stes" => "saintes",
        other => other,
    }
}

fn push_word(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

/// Lower-case letters without marks, one kind of apostrophe, ligatures apart.
fn plain_letters(text: &str) -> Vec<char> {
    let mut letters = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match plain_french_letter(letter) {
            Some(plain) => letters.push(plain),
            None => {
                let decomposed = std::iter::once(letter).nfkd().flat_map(char::to_lowercase);
                letters.extend(decomposed.filter(|letter| !is_mark(*letter) && !is_unseen(*letter)).flat_map(apart));
            }
        }
    }
    letters
}

/// What nearly every letter of a directory becomes, without the tables of Unicode, which say the same.
fn plain_french_letter(letter: char) -> Option<char> {
    Some(match letter {
        '`' => '\'',
        letter if letter.is_ascii() => letter.to_ascii_lowercase(),
        'à'..='å' | 'À'..='Å' => 'a',
        'ç' | 'Ç' => 'c',
        'è'..='ë' | 'È'..='Ë' => 'e',
        'ì'..='ï' | 'Ì'..='Ï' => 'i',
        'ñ' | 'Ñ' => 'n',
        'ò'..='ö' | 'Ò'..='Ö' => 'o',
        'ù'..='ü' | 'Ù'..='Ü' => 'u',
        'ý' | 'ÿ' | 'Ý' => 'y',
        '’' | '‘' | 'ʼ' | '′' | '´' | '＇' => '\'',
        _ => return None,
    })
}

/// Most letters are below the first mark: they are not looked up.
fn is_mark(letter: char) -> bool {
    letter >= '\u{300}' && is_combining_mark(letter)
}

/// What a page breaks or joins words by, and nobody sees: it comes along when they are copied.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn apart(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'œ' => ('o', Some('e')),
        'æ' => ('a', Some('e')),
        'ß' => ('s', Some('s')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' => ('d', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// An acronym that starts here, two or more single letters each followed by a dot save perhaps the last: its letters
/// joined, and the position after it.
fn acronym_at(letters: &[char], start: usize) -> Option<(String, usize)> {
    let single = |at: usize| {
        let letter = letters.get(at).copied().filter(|letter| letter.is_alphabetic())?;
        let alone = !letters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        alone.then_some(letter)
    };
    let mut joined = String::from(single(start)?);
    let mut at = start + 1;
    while letters.get(at) == Some(&'.') {
        let Some(letter) = single(at + 1) else { break };
        joined.push(letter);
        at += 2;
    }
    (joined.chars().nth(1).is_some()).then_some((joined, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_ligatures_go() {
        assert_eq!(fold("Québec"), "quebec");
        assert_eq!(fold("Que\u{301}bec"), "quebec");
        assert_eq!(fold("SŒUR, cœur et Lætitia"), "soeur coeur et laetitia");
        assert_eq!(fold("Îles-de-la-Madeleine"), "iles de la madeleine");
        assert_eq!(fold("ﬁn\u{a0}de  mois"), "fin de mois");
        assert_eq!(fold("gar\u{ad}de\u{200b}rie"), "garderie");
    }

    #[test]
    fn elisions_go_and_other_apostrophes_part_words() {
        assert_eq!(fold("l'école d’à côté"), "ecole a cote");
        assert_eq!(fold("Val-d'Or"), "val or");
        assert_eq!(fold("jusqu'à ce qu’il s'en aille"), "a ce il en aille");
        assert_eq!(fold("j'ai pas d´argent pour l'Hydro"), "ai pas argent pour hydro");
        assert_eq!(fold("aujourd'hui"), "aujourd hui");
        assert_eq!(fold("women's centre"), "women s centre");
        assert_eq!(fold("parents' group"), "parents group");
        assert_eq!(fold("rue L'"), "rue l");
    }

    #[test]
    fn acronyms_join() {
        assert_eq!(fold("C.P.E."), "cpe");
        assert_eq!(fold("C.P.E. Les Amis"), "cpe les amis");
        assert_eq!(fold("le c.l.s.c, puis"), "le clsc puis");
        assert_eq!(fold("l'A.B.C. du quartier"), "abc du quartier");
        assert_eq!(fold("M. Roy"), "m roy");
        assert_eq!(fold("fin.Reprise"), "fin reprise");
        assert_eq!(fold("vitamine A."), "vitamine a");
        assert_eq!(fold("H.L.M.eau"), "hlm eau");
    }

    #[test]
    fn punctuation_is_one_space_and_ends_are_bare() {
        assert_eq!(fold("  --Halte-garderie / répit (0-5 ans)! "), "halte garderie repit 0 5 ans");
        assert_eq!(fold(""), "");
        assert_eq!(fold("'’.- "), "");
    }

    #[test]
    fn saints_are_written_out_in_places_only() {
        for written in ["St-Jérôme", "saint-jerome", "St. Jerome", "SAINT JÉRÔME"] {
            assert_eq!(fold_place(written), "saint jerome");
        }
        assert_eq!(fold_place("Ste-Thérèse"), "sainte therese");
        assert_eq!(fold_place("Sts-Anges"), "saints anges");
        assert_eq!(fold_place("val d or"), fold_place("Val-d'Or"));
        assert_eq!(fold_place("L Assomption"), fold_place("L'Assomption"));
        assert_eq!(fold("st jean"), "st jean");
        assert_eq!(fold_place("Stoneham"), "stoneham");
    }

    #[test]
    fn the_short_way_says_what_unicode_says() {
        for letter in ('\0'..='\u{17f}').filter(|letter| !"`´".contains(*letter)) {
            let Some(plain) = plain_french_letter(letter) else { continue };
            let decomposed: Vec<char> =
                std::iter::once(letter).nfkd().flat_map(char::to_lowercase).filter(|one| !is_mark(*one)).collect();
            assert_eq!(decomposed, [plain], "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once.clone());
            let place = fold_place(&text);
            prop_assert_eq!(fold_place(&place), place);
        }

        #[test]
        fn both_unicode_forms_fold_alike(text in any::<String>()) {
            let composed: String = text.nfc().collect();
            let apart: String = text.nfd().collect();
            prop_assert_eq!(fold(&composed), fold(&apart));
        }

        #[test]
        fn only_letters_digits_and_single_spaces_are_left(text in "[ -~À-ÿ’œ.]{0,60}") {
            let folded = fold(&text);
            prop_assert!(!folded.contains("  ") && folded.trim() == folded);
            prop_assert!(folded.chars().all(|c| c == ' ' || (c.is_alphanumeric() && !c.is_uppercase())));
        }
    }
}
