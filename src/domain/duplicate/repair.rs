//! What exports, keyboards and renamings do to a name before anybody compares it: accents read in the wrong code page,
//! a cell cut at so many letters, an article put last, a former name in parentheses.

use crate::domain::fold::fold;

/// Accents of UTF-8 that were read as Windows-1252, and those of code page 850 that were.
const MISREAD: [(&str, &str); 17] = [
    ("Ã©", "é"),
    ("Ã¨", "è"),
    ("Ãª", "ê"),
    ("Ã«", "ë"),
    ("Ã´", "ô"),
    ("Ã®", "î"),
    ("Ã¯", "ï"),
    ("Ã§", "ç"),
    ("Ã¢", "â"),
    ("Ã»", "û"),
    ("Ã‰", "É"),
    ("Ã\u{a0}", "à"),
    ("â€™", "'"),
    ("\u{201a}", "é"),
    ("Š", "è"),
    ("ˆ", "ê"),
    ("‡", "ç"),
];

/// The text with misread accents put right; a letter that could not be read at all is left out of its word.
pub fn repaired(text: &str) -> String {
    if text.is_ascii() && !text.contains('?') {
        return text.to_owned();
    }
    let mut read = text.to_owned();
    for (wrong, right) in MISREAD {
        if read.contains(wrong) {
            read = read.replace(wrong, right);
        }
    }
    let letters: Vec<char> = read.chars().collect();
    let is_letter = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_alphabetic());
    let kept = letters.iter().enumerate().filter(|(at, letter)| match letter {
        '\u{fffd}' | '?' => !is_letter(at.checked_sub(1)) || !is_letter(Some(at + 1)),
        _ => true,
    });
    kept.map(|(_, letter)| *letter).collect()
}

/// What stands before another name of the same thing, folded.
const ALSO_CALLED: [&str; 26] = [
    "anciennement",
    "autrefois",
    "jadis",
    "ancien nom",
    "connu sous le nom de",
    "connue sous le nom de",
    "aussi connu comme",
    "aussi appele",
    "aussi appelee",
    "appele",
    "appelee",
    "nomme",
    "nommee",
    "dite",
    "porte le nom de",
    "porte desormais le nom de",
    "porte maintenant le nom de",
    "devenu",
    "devenue",
    "ex",
    "formerly",
    "previously",
    "also known as",
    "known as",
    "now called",
    "aka",
];

/// The acronym that a name gives of itself: "Solidarité ethnique régionale (SER)".
pub fn acronym_beside(text: &str) -> Option<&str> {
    let (before, rest) = text.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let letters = inside.chars().filter(|letter| *letter != '.').count();
    let is_acronym = inside.chars().all(|letter| letter.is_uppercase() || letter == '.') && letters >= 3;
    (is_acronym && before.contains(' ')).then_some(inside)
}

/// Words of a name that stands inside a text, at most.
const INNER_NAME_WORDS_MAX: usize = 9;

/// The names that a text says its thing also has or had: "(ex-L'Abondance)", "anciennement CPE La Chenille verte".
pub fn other_names(text: &str) -> Vec<String> {
    let parts = text.split(['(', ')', ';', '.', ':', '«', '»', '"', '–', '\n']).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let mut found = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let folded = format!("{} ", fold(part).replace(" est ", " "));
        for marker in ALSO_CALLED {
            let Some(from) = find_words(&folded, marker) else { continue };
            let named = folded[from + marker.len()..].trim();
            if named.split(' ').count() > INNER_NAME_WORDS_MAX {
                continue;
            }
            match (named.is_empty(), parts.get(at + 1)) {
                // Between quotation marks.
                (true, Some(next)) => found.push((*next).to_owned()),
                (true, None) => {}
                (false, _) => found.push(named.to_owned()),
            }
        }
    }
    found
}

fn find_words(text: &str, words: &str) -> Option<usize> {
    if text.starts_with(&format!("{words} ")) {
        return Some(0);
    }
    text.find(&format!(" {words} ")).map(|at| at + 1)
}

/// A name without what it says of another name.
pub fn without_other_names(text: &str) -> &str {
    let Some(at) = text.find('(') else { return text };
    let says_another = !other_names(&text[at..]).is_empty();
    if says_another && at > 0 { &text[..at] } else { text }
}

/// Letters of a name that was cut, at least.
const CUT_LETTERS_MIN: usize = 16;

/// Whether a folded name is the beginning of another, cut where no name ends: inside a word.
pub fn is_cut(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let Some(rest) = long.strip_prefix(short) else { return false };
    let ends_on_small_word = ["de", "des", "du", "la", "le", "les", "of", "the", "et", "aux", "pour"];
    let is_small = short.rsplit(' ').next().is_some_and(|word| ends_on_small_word.contains(&word));
    // "Service 1" is not the beginning of "Service 12".
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphabetic);
    let is_inside_word = is_letter(short.chars().next_back()) && is_letter(rest.chars().next());
    short.len() >= CUT_LETTERS_MIN && (is_inside_word || is_small && rest.starts_with(' '))
}

/// Whether a list put the small word last and left out what it belongs to: "VOILIER-D'ARGENT, DU".
pub fn is_headless(text: &str) -> bool {
    let Some((before, last)) = text.trim_end_matches([')', ' ']).rsplit_once([',', '(']) else { return false };
    let folded = last.trim().to_lowercase();
    !before.trim().is_empty() && ["du", "des", "de la", "de l'", "de l’", "d'", "de", "d’"].contains(&folded.as_str())
}
