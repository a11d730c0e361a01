//! What people write around the name of a place: what it is in, articles, streets, sentences. All of it folded.

use super::fold_place;
use crate::domain::territory::Level;

/// What everything is in, as people write it after a place.
const PROVINCE_OR_COUNTRY: [&str; 6] = ["quebec", "qc", "pq", "p q", "que", "canada"];
/// What people say before a place.
const BEFORE_A_PLACE: [&str; 45] = [
    "habite",
    "a cote",
    "aux alentours",
    "a",
    "au",
    "aux",
    "en",
    "dans",
    "sur",
    "vers",
    "pres",
    "proche",
    "pas loin",
    "coin",
    "bout",
    "environs",
    "alentours",
    "bord",
    "autour",
    "de",
    "du",
    "des",
    "le",
    "la",
    "les",
    "centre ville",
    "ville",
    "quartier",
    "secteur",
    "arrondissement",
    "mrc",
    "region",
    "municipalite",
    "village",
    "canton",
    "paroisse",
    "ile",
    "downtown",
    "city",
    "of",
    "the",
    "near",
    "in",
    "around",
    "at",
];
/// Those that say what the place is.
const LEVELS_SAID: [(&str, &[Level]); 10] = [
    ("ville", &[Level::Municipality]),
    ("city", &[Level::Municipality]),
    ("municipalite", &[Level::Municipality]),
    ("village", &[Level::Municipality]),
    ("canton", &[Level::Municipality]),
    ("paroisse", &[Level::Municipality]),
    ("arrondissement", &[Level::Borough]),
    ("quartier", &[Level::District, Level::Borough, Level::Place]),
    ("mrc", &[Level::Mrc]),
    ("region", &[Level::Region]),
];
/// After one of which a sentence says where (`je reste à Brossard`, `I live in Laval`).
const BEFORE_WHERE: [&str; 14] =
    ["a", "au", "aux", "en", "dans", "sur", "pres", "proche", "habite", "in", "near", "at", "on", "from"];
/// With which a sentence goes on after a place.
const AFTER_WHERE: &str = "depuis avec et mais pour parce car pis puis maintenant presentement actuellement since with \
                           and but for because now";
/// Words for where of one sentence that are read: each may have all names looked at.
const WHERES_MAX: usize = 8;
/// What people say after a place.
const AFTER_A_PLACE: [&str; 14] = [
    "qc",
    "pq",
    "canada",
    "city",
    "downtown",
    "area",
    "secteur",
    "quartier",
    "svp",
    "stp",
    "merci",
    "il vous plait",
    "please",
    "thanks",
];
/// With which many names begin, and which are none.
const NO_NAMES: &str = "saint sainte saints saintes la le les ville village lac pont parc bois riviere baie ile cap \
                        pointe anse mont nord sud est ouest haut bas north south east west";
/// A preposition and the article that is in it: names have the article alone (`aux Éboulements`).
const CONTRACTIONS: [(&str, &str); 4] = [("au ", "le "), ("aux ", "les "), ("du ", "le "), ("des ", "les ")];
/// Before a word for where, they say that it is not there.
const NOT_THERE: [&str; 3] = ["pas", "plus", "not"];
/// Words after a word for where that may be another place than the one found.
const OTHER_PLACE_WORDS_MAX: usize = 3;
/// Articles with which names begin and people need not.
const ARTICLES: [&str; 3] = ["le ", "la ", "les "];
const STREET_TYPES: [&str; 9] = ["rue", "avenue", "av", "boulevard", "boul", "bd", "chemin", "ch", "route"];
/// Of a street that has a number for a name: how the number ends, and what follows it.
const ORDINAL_ENDS: [&str; 7] = ["e", "re", "er", "st", "nd", "rd", "th"];
const NUMBERED: [&str; 7] = ["rue", "avenue", "av", "boulevard", "boul", "street", "ave"];
/// Words of a street that ask for another.
const BEFORE_A_NAME: [&str; 6] = ["de", "du", "des", "la", "le", "les"];
/// Words of a street beside its number.
const STREET_WORDS_MIN: usize = 2;
/// Words from which on what stands before a place is a street, a house or an organisation, and not another place.
const LINE_WORDS_MIN: usize = 3;
/// Parts of a text that are read.
const PARTS_MAX: usize = 8;
/// Words around a place that are left out, at each end, and what may so be left of a text.
const WORDS_AROUND_MAX: usize = 5;
const FORMS_MAX: usize = 10;

/// What may be left of a part, and whether that is all of it.
pub(super) type Form = (String, bool);

/// What commas, brackets and lines tell apart, folded; a number goes with the street after it.
pub(super) fn parts_of(typed: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![];
    for part in typed.split([',', '(', ')', ';', '\n']).map(fold_place).filter(|part| !part.is_empty()) {
        match parts.last_mut().filter(|last| last.bytes().all(|letter| letter.is_ascii_digit())) {
            Some(number) => *number = format!("{number} {part}"),
            None => parts.push(part),
        }
    }
    parts.truncate(PARTS_MAX);
    parts
}

/// A part as it is, then with ever fewer of the words that people put around a place.
pub(super) fn forms_of(part: &str) -> Vec<Form> {
    let from_the_front = std::iter::successors(Some(part), |text| without_first_word(text)).take(WORDS_AROUND_MAX);
    let both = from_the_front.flat_map(|front| {
        let from_the_end = std::iter::successors(Some(front), |text| without_last_word(text)).take(WORDS_AROUND_MAX);
        from_the_end.map(str::to_owned).chain(with_the_article(front))
    });
    let with_whether_whole = |form: String| {
        let is_whole = form == part;
        (form, is_whole)
    };
    both.take(FORMS_MAX).map(with_whether_whole).collect()
}

fn with_the_article(text: &str) -> Option<String> {
    CONTRACTIONS.iter().find_map(|(said, article)| Some(format!("{article}{}", text.strip_prefix(said)?)))
}

fn without_first_word(text: &str) -> Option<&str> {
    BEFORE_A_PLACE.iter().find_map(|word| text.strip_prefix(word)?.strip_prefix(' '))
}

fn without_last_word(text: &str) -> Option<&str> {
    AFTER_A_PLACE.iter().find_map(|word| text.strip_suffix(word)?.strip_suffix(' '))
}

pub(super) fn is_province_or_country(part: &str) -> bool {
    PROVINCE_OR_COUNTRY.contains(&part)
}

/// All of it may begin a name or stand before one.
pub(super) fn is_no_name(form: &str) -> bool {
    let is_common = |word: &str| NO_NAMES.split_whitespace().any(|one| one == word) || BEFORE_A_PLACE.contains(&word);
    form.split(' ').all(is_common)
}

/// A name as it is said, and with the article that goes before it.
pub(super) fn with_articles(form: &str) -> impl Iterator<Item = String> {
    [""].iter().chain(&ARTICLES).map(move |article| format!("{article}{form}"))
}

pub(super) fn has_number(part: &str) -> bool {
    part.contains(|letter: char| letter.is_ascii_digit())
}

/// As long as a line of an address.
pub(super) fn is_long(part: &str) -> bool {
    part.split(' ').count() >= LINE_WORDS_MIN
}

/// A name that begins with an article, without it.
pub(super) fn is_called_with_an_article(name: &str, form: &str) -> bool {
    ARTICLES.iter().any(|article| name.strip_prefix(article) == Some(form))
}

/// The levels of which the words before a name say that it is, where they say so.
pub(super) fn levels_said(before: &str) -> Option<&'static [Level]> {
    let is_said = |(word, _): &&(&str, &[Level])| before.split(' ').any(|one| one == *word);
    LEVELS_SAID.iter().find(is_said).map(|(_, levels)| *levels)
}

/// A number or a word for a street begins it.
pub(super) fn begins_as_an_address(words: &[&str]) -> bool {
    words.first().is_some_and(|word| begins_with_a_digit(word) || STREET_TYPES.contains(word))
}

/// A street with its name, and nothing else.
pub(super) fn is_street(part: &str) -> bool {
    let words: Vec<&str> = part.split(' ').collect();
    words.first().is_some_and(|word| STREET_TYPES.contains(word)) && is_whole_street(&words)
}

/// At least two words of a street beside its number, the last of which asks for no other (`rue Saint-Denis`, not
/// `rue de`); or a street that is a number (`4e avenue`).
pub(super) fn is_whole_street(words: &[&str]) -> bool {
    if let [ordinal, street_type] = words
        && ORDINAL_ENDS.iter().any(|end| begins_with_a_digit(ordinal) && ordinal.ends_with(end))
    {
        return NUMBERED.contains(street_type);
    }
    let numbers = usize::from(words.first().is_some_and(|word| begins_with_a_digit(word)));
    let asks_for_another = |word: &&str| STREET_TYPES.contains(word) || BEFORE_A_NAME.contains(word);
    words.len() >= STREET_WORDS_MIN + numbers && words.last().is_some_and(|word| !asks_for_another(word))
}

fn begins_with_a_digit(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

/// What a sentence says before each word for where, and after it.
pub(super) fn wheres_said(sentence: &str) -> Vec<(&str, &str)> {
    let cuts = sentence.match_indices(' ').filter_map(|(at, _)| {
        let (said, after) = (sentence.get(..at)?, sentence.get(at + 1..)?);
        let (before, word) = said.rsplit_once(' ')?;
        BEFORE_WHERE.contains(&word).then_some((before, after))
    });
    cuts.take(WHERES_MAX).collect()
}

/// Where a sentence may go on after a place: what it says before, and what it goes on with.
pub(super) fn clause_ends(after: &str) -> impl Iterator<Item = (&str, &str)> {
    let cuts = after.match_indices(' ').filter_map(|(at, _)| Some((after.get(..at)?, after.get(at + 1..)?)));
    let goes_on =
        |rest: &str| rest.split(' ').next().is_some_and(|first| AFTER_WHERE.split(' ').any(|one| one == first));
    cuts.filter(move |(_, rest)| goes_on(rest)).take(WHERES_MAX)
}

pub(super) fn says_not_there(before: &str) -> bool {
    before.rsplit(' ').next().is_some_and(|word| NOT_THERE.contains(&word))
}

/// The beginnings of a text that may be the name of a place.
pub(super) fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
    ends.take(OTHER_PLACE_WORDS_MAX).filter_map(|end| text.get(..end))
}
