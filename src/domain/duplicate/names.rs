//! Names as they are compared: folded, without articles and legal words, plural off, aliases and English words as one
//! canonical word, each word with what it weighs. Knows the list of aliases; must not know whose names they are.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use super::repair::{is_cut, is_headless, repaired};
use crate::domain::fold::fold;

/// Words of one name that are compared; a longer name is cut.
pub const NAME_WORDS_MAX: usize = 24;

/// Words of an alias, at most.
const ALIAS_WORDS_MAX: usize = 8;

/// Two words are the same word but for a slip where at least this much of them is (Damerau-Levenshtein, 0..=1).
const WORD_LIKENESS_MIN: f64 = 0.8;

/// A word that begins as a longer one does and stops.
const ABBREVIATION_LIKENESS: f64 = 0.85;

const INITIAL_LIKENESS: f64 = 0.7;

/// A word that kept the letter of its article: "lerable".
const ELIDED_LIKENESS: f64 = 0.95;

/// Two words of two such names.
const SLIP_LIKENESS_MIN: f64 = 0.6;

/// Two whole names, blanks aside, that differ by slips of the pen alone.
const WHOLE_LIKENESS_MIN: f64 = 0.88;

/// Letters of one word in an acronym that can be said, at most; and of such an acronym, at least.
const SYLLABLE_LETTERS_MAX: usize = 3;
const SYLLABLES_LETTERS_MIN: usize = 4;

/// A name that begins as another and was cut inside a word.
const CUT_SHARE: f64 = 0.9;
const CUT_PROPER: f64 = 0.9;

/// Letters of an acronym without the one of its town, at least.
const TOWNLESS_LETTERS_MIN: usize = 4;

/// Letters of a word in which one letter makes another word, at most.
const NEAR_LETTERS_MAX: usize = 7;

/// How many letters an acronym has.
const ACRONYM_LETTERS: std::ops::RangeInclusive<usize> = 2..=8;

const STOP_WORDS: &str = "le la les l de du des d un une et ou a au aux en dans pour par sur avec sans chez the of and \
    for in on at to with by s y from an as son sa ses leur leurs nos notre votre inc ltee ltd limitee limited enr osbl \
    obnl obl npo nfp senc sencrl corp corporation cie company co incorporated incorporee non profit lucratif";

/// Words after which a name says which of several sites of one organisation it is about.
const SITE_MARKERS: [&str; 9] =
    ["installation", "inst", "succursale", "campus", "pavillon", "site", "branch", "facility", "annexe"];

/// Those that say so as the first word too.
const FIRST_SITE_MARKERS: [&str; 2] = ["installation", "succursale"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Hardly counts: centre, service, community.
    Generic,
    /// What kind of service it is: food bank, day camp.
    Kind,
    /// A body beside the one that it is named after: a foundation, a school.
    Body,
    /// A value that excludes the others of its group: a day, a public.
    Contrast,
    /// A municipality of one of the two records.
    Place,
    Number,
    /// Letters in capitals that stand for words not said.
    Acronym,
    /// Everything else: what tells one from another.
    Proper,
}

impl Class {
    fn weight(self) -> f64 {
        match self {
            Self::Generic => 0.15,
            Self::Place | Self::Acronym => 0.3,
            Self::Kind | Self::Body | Self::Contrast => 0.9,
            Self::Number | Self::Proper => 1.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    pub text: String,
    pub class: Class,
    /// The group of a [`Class::Contrast`].
    pub group: &'static str,
    /// Which of the bare words it stands for: from, up to and without.
    span: (usize, usize),
}

/// One spelling of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    pub words: Vec<Word>,
    /// Folded words after a marker such as "installation": which site it is.
    pub site: Vec<String>,
    /// The words before aliases stood for them: acronyms are made of their first letters.
    bare: Vec<String>,
    /// The first letters of all words as they were written, each with the bare word that it begins, if it is one:
    /// "Maison des jeunes" is `MDJ` to some, `MJ` to others.
    initials: Vec<(char, Option<usize>)>,
    /// The whole as it was written, folded: a name that was cut is found by it.
    folded: String,
    /// In capitals throughout, or without one: an acronym does not show.
    is_in_one_case: bool,
    /// See [`is_headless`].
    is_headless: bool,
}

#[derive(Debug)]
struct Alias {
    canonical: String,
    class: Class,
    group: &'static str,
}

#[derive(Debug, Default)]
struct Aliases(HashMap<String, Alias>);

const ALIAS_ROWS: &str = include_str!("../../../index/duplicates/aliases.csv");

fn aliases() -> &'static Aliases {
    static ALIASES: OnceLock<Aliases> = OnceLock::new();
    ALIASES.get_or_init(|| Aliases::parse(ALIAS_ROWS))
}

impl Aliases {
    fn parse(text: &'static str) -> Self {
        let mut known = HashMap::new();
        for line in text.lines().skip(1) {
            let mut cells = line.splitn(3, ',');
            let (Some(canonical), Some(class), Some(terms)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let (class, group) = match class {
                "short" => continue,
                "generic" => (Class::Generic, ""),
                "kind" => (Class::Kind, ""),
                "body" => (Class::Body, ""),
                "word" => (Class::Proper, ""),
                group => (Class::Contrast, group),
            };
            for term in terms.split('|') {
                let words = spelt_words(term).into_iter().filter(|word| !is_stop_word(word));
                let key = words.map(|word| singular(&word)).collect::<Vec<_>>().join(" ");
                let alias = Alias { canonical: canonical.to_owned(), class, group };
                known.entry(key).or_insert(alias);
            }
        }
        Self(known)
    }
}

/// Groups of which a name may say a value or not.
const SAID_OR_NOT: [&str; 1] = ["region"];

/// Everyday words of names in each language, folded: they tell which one a name is in.
const FRENCH_WORDS: &str = "le la les l de des du d au aux et pour maison centre jeune jeunes famille familles aide \
    femmes hommes aines ecole garderie banque alimentaire groupe fondation clinique bibliotheque benevole enfants \
    accueil camp service soutien entraide halte foyer cuisine cuisines ligne ecoute";
const ENGLISH_WORDS: &str = "the of and for house home youth family families help women men seniors school daycare \
    bank food community group foundation clinic library volunteer children kids shelter meals day care centre center \
    camp service support drop in kitchen line club";

/// More words of the one language than of the other: `true` for English; `None` where neither prevails.
fn is_english(folded: &str) -> Option<bool> {
    let count = |list: &str| folded.split(' ').filter(|word| list.split_ascii_whitespace().any(|w| w == *word)).count();
    let (french, english) = (count(FRENCH_WORDS), count(ENGLISH_WORDS));
    (french != english).then_some(english > french)
}

const BODY_WORDS: [&str; 13] = [
    "association",
    "regroupement",
    "corporation",
    "societe",
    "society",
    "federation",
    "organisme",
    "organization",
    "cooperative",
    "oeuvre",
    "oeuvres",
    "inc",
    "alliance",
];

/// Numbers in letters: "Quatre-Vents" is also written "4-Vents".
const NUMBER_WORDS: [(&str, &str); 16] = [
    ("deux", "2"),
    ("trois", "3"),
    ("quatre", "4"),
    ("cinq", "5"),
    ("six", "6"),
    ("sept", "7"),
    ("huit", "8"),
    ("neuf", "9"),
    ("dix", "10"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("seven", "7"),
    ("eight", "8"),
    ("ten", "10"),
];

/// The words of a text, folded, stop words off, plural off.
pub fn bare_words(text: &str) -> Vec<String> {
    whole_words(text).iter().filter(|word| !is_stop_word(word)).map(|word| singular(word)).collect()
}

/// The words of a text, folded, abbreviations written out, articles that lost their apostrophe off.
fn whole_words(text: &str) -> Vec<String> {
    spelt_words(text).into_iter().map(|word| without_article(&word).unwrap_or(word)).collect()
}

/// "lecole" is "l'ecole" where the rest is a known word and the whole is none.
fn without_article(word: &str) -> Option<String> {
    let rest = unelided(word)?;
    let known = |word: &str| aliases().0.contains_key(&singular(word));
    (known(rest) && !known(word)).then(|| rest.to_owned())
}

/// What is left of a word that begins with the letter of an article and a vowel.
fn unelided(word: &str) -> Option<&str> {
    let rest = word.strip_prefix(['l', 'd'])?;
    (rest.len() >= 4 && rest.starts_with(['a', 'e', 'i', 'o', 'u', 'h', 'y'])).then_some(rest)
}

fn spelt_words(text: &str) -> Vec<String> {
    let folded = format!(" {} ", fold(&repaired(text)));
    let folded =
        folded.replace(" n d ", " notre dame ").replace(" n dame ", " notre dame ").replace(" nd ", " notre dame ");
    let folded = folded.replace(" p tit", " petit").replace(" ptit", " petit");
    let spelt = |word: &str| abbreviations().get(word).map_or_else(|| word.to_owned(), |whole| (*whole).to_owned());
    folded.split_ascii_whitespace().map(spelt).collect()
}

/// Abbreviations of one word, as the list has them.
fn abbreviations() -> &'static HashMap<&'static str, &'static str> {
    static ABBREVIATIONS: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    ABBREVIATIONS.get_or_init(|| {
        let rows = ALIAS_ROWS.lines().filter_map(|line| line.split_once(",short,"));
        rows.flat_map(|(whole, terms)| terms.split('|').map(move |term| (term, whole))).collect()
    })
}

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.split_ascii_whitespace().any(|stop| stop == word)
}

/// Plural off, French and English, and saints written out.
fn singular(word: &str) -> String {
    match word {
        "st" => return "saint".to_owned(),
        "ste" => return "sainte".to_owned(),
        "ctr" | "ctre" | "cntr" | "center" => return "centre".to_owned(),
        _ => {}
    }
    if let Some((_, digits)) = NUMBER_WORDS.iter().find(|(spelt, _)| *spelt == word) {
        return (*digits).to_owned();
    }
    let length = word.chars().count();
    let is_number = word.chars().all(|letter| letter.is_ascii_digit());
    if length > 3 && !is_number && !word.ends_with("ss") && (word.ends_with('s') || word.ends_with('x')) {
        return word[..word.len() - 1].to_owned();
    }
    word.to_owned()
}

/// Words of a description in which kinds of service are looked for, at most.
const DESCRIPTION_WORDS_MAX: usize = 48;

/// The kinds of service that a text speaks of.
pub fn kinds_in(text: &str) -> BTreeSet<String> {
    let mut bare = bare_words(text);
    bare.truncate(DESCRIPTION_WORDS_MAX);
    let mut kinds = BTreeSet::new();
    let mut at = 0;
    while at < bare.len() {
        let (word, taken) = word_at(&bare, at);
        if word.class == Class::Kind {
            kinds.insert(word.text);
        }
        at += taken;
    }
    kinds
}

impl Name {
    /// Reads one spelling; `None` where nothing is left of it.
    pub fn read(text: &str) -> Option<Self> {
        let text = &repaired(text);
        let (main, site) = split_site(text);
        let mut bare = bare_words(main);
        bare.truncate(NAME_WORDS_MAX);
        let initials = initials_of(main, bare.len());
        let capitals = capitals_of(main);
        let mut words: Vec<Word> = Vec::with_capacity(bare.len());
        let mut at = 0;
        while at < bare.len() {
            let (mut word, taken) = word_at(&bare, at);
            let is_known = aliases().0.contains_key(&word.text);
            if word.class == Class::Proper && !is_known && capitals.contains(&word.text) {
                word.class = Class::Acronym;
            }
            if !words.iter().any(|known: &Word| known.text == word.text) {
                words.push(word);
            }
            at += taken;
        }
        let site = bare_words(site);
        let (folded, is_headless) = (fold(text), is_headless(text));
        let is_in_one_case = !text.chars().any(char::is_lowercase) || !text.chars().any(char::is_uppercase);
        let name = Self { words, site, bare, initials, folded, is_in_one_case, is_headless };
        (!name.words.is_empty() || !name.site.is_empty()).then_some(name)
    }

    /// This name with another's words after it.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        let shift = joined.bare.len();
        joined.bare.extend(other.bare.iter().cloned());
        let shifted = other.initials.iter().map(|(letter, at)| (*letter, at.map(|at| at + shift)));
        joined.initials.extend(shifted);
        // A number of its own tells more than one of the other's.
        let is_numbered = self.words.iter().any(|word| word.class == Class::Number);
        let others = other.words.iter().filter(|word| !is_numbered || word.class != Class::Number);
        for word in others {
            if !joined.words.iter().any(|known| known.text == word.text) {
                let span = (word.span.0 + shift, word.span.1 + shift);
                joined.words.push(Word { span, ..word.clone() });
            }
        }
        joined
    }

    /// Marks the words that are a municipality of either record.
    #[must_use]
    pub fn placed(mut self, cities: &BTreeSet<String>) -> Self {
        for word in &mut self.words {
            let written = self.bare.get(word.span.0..word.span.1).unwrap_or_default();
            let is_city = !written.is_empty() && written.iter().all(|bare| cities.contains(bare));
            if is_city && !matches!(word.class, Class::Kind | Class::Body) {
                word.group = "";
                word.class = Class::Place;
            }
        }
        self
    }

    /// The kinds of service that it says.
    pub fn kinds(&self) -> BTreeSet<String> {
        of_class(self, Class::Kind).into_iter().map(str::to_owned).collect()
    }

    /// Whether it says a value of a group: a day, a public.
    pub fn says_a_public(&self) -> bool {
        self.words.iter().any(|word| word.class == Class::Contrast)
    }

    /// Whether it is called what bodies in law are called: no programme is.
    pub fn is_of_a_body(&self) -> bool {
        self.folded.split(' ').any(|word| BODY_WORDS.contains(&word))
    }

    /// The words that tell, as they were written.
    pub fn proper_words(&self) -> impl Iterator<Item = &str> {
        let proper = self.words.iter().filter(|word| matches!(word.class, Class::Proper | Class::Acronym));
        proper.flat_map(|word| self.bare.get(word.span.0..word.span.1).unwrap_or_default()).map(String::as_str)
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.text.as_str())
    }
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// The words in capitals of a name that is not in capitals throughout.
fn capitals_of(text: &str) -> BTreeSet<String> {
    if !text.chars().any(char::is_lowercase) {
        return BTreeSet::new();
    }
    let is_capitals = |word: &&str| {
        let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
        ACRONYM_LETTERS.contains(&letters) && !word.chars().any(char::is_lowercase)
    };
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '.').filter(is_capitals).map(fold).collect()
}

fn split_site(text: &str) -> (&str, &str) {
    let lower = text.to_lowercase();
    // Lower case may change the length of a letter: then the site stays in the name.
    if lower.len() != text.len() {
        return (text, "");
    }
    for marker in SITE_MARKERS {
        let Some(at) = lower.find(marker) else { continue };
        let end = at + marker.len();
        let begins = lower[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let ends = lower[end..].chars().next().is_none_or(|after| !after.is_alphanumeric());
        // "Site" as a first word names no site, "installation" does.
        let is_named = lower[..at].chars().any(char::is_alphanumeric) || FIRST_SITE_MARKERS.contains(&marker);
        if begins && ends && is_named {
            return (&text[..at], &text[end..]);
        }
    }
    (text, "")
}

/// The longest alias that begins here, else the word itself; and how many words it takes.
fn word_at(bare: &[String], at: usize) -> (Word, usize) {
    let rest = &bare[at..];
    for taken in (1..=rest.len().min(ALIAS_WORDS_MAX)).rev() {
        let phrase = rest[..taken].join(" ");
        if let Some(alias) = aliases().0.get(&phrase) {
            let span = (at, at + taken);
            return (Word { text: alias.canonical.clone(), class: alias.class, group: alias.group, span }, taken);
        }
    }
    let text = rest.first().cloned().unwrap_or_default();
    let has_digit = text.chars().any(|letter| letter.is_ascii_digit());
    let class = if has_digit { Class::Number } else { Class::Proper };
    (Word { text, class, group: "", span: (at, at + 1) }, 1)
}

/// How alike two words are, 0..=1; 0 under [`WORD_LIKENESS_MIN`].
pub fn word_likeness(one: &str, other: &str) -> f64 {
    if one == other {
        return 1.0;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.chars().chain(long.chars()).any(|letter| letter.is_ascii_digit()) {
        return 0.0;
    }
    if unelided(long) == Some(short) {
        return ELIDED_LIKENESS;
    }
    let shorter = short.chars().count();
    // "pop." for "populaire".
    if shorter >= 3 && long.starts_with(short) && long.chars().count() >= shorter + 2 {
        return ABBREVIATION_LIKENESS;
    }
    // "É." for "Émilie".
    if shorter == 1 && long.starts_with(short) {
        return INITIAL_LIKENESS;
    }
    if shorter < 4 {
        return 0.0;
    }
    let likeness = strsim::normalized_damerau_levenshtein(one, other);
    // In short words one letter is already much: "rose" and "pose" are two words.
    let min = if shorter < 6 { 0.76 } else { WORD_LIKENESS_MIN };
    if likeness >= min {
        return likeness;
    }
    // Letters that changed places in a long word.
    let turned = shorter >= 8 && likeness >= 0.6 && strsim::jaro_winkler(one, other) >= 0.92;
    if turned { likeness.max(WORD_LIKENESS_MIN) } else { 0.0 }
}

impl Name {
    /// The name with its acronyms written out where the other says the words: `CJS` beside "coopérative jeunesse de
    /// services". The other way round is done by calling it on the other.
    fn written_out(&self, other: &Self) -> Self {
        let mut words: Vec<Word> = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let is_shared = other.words.iter().any(|found| found.text == word.text);
            let bare = self.bare.get(word.span.0).map_or("", String::as_str);
            let letters = bare.chars().count();
            let may_stand_for_words = word.class == Class::Acronym || self.is_in_one_case || !bare.contains(is_vowel);
            let is_acronym =
                may_stand_for_words && word.span.1 == word.span.0 + 1 && ACRONYM_LETTERS.contains(&letters);
            let run = if is_shared || !is_acronym { None } else { other.run_of_initials(bare) };
            match run {
                Some((from, to)) => {
                    let within = other.words.iter().filter(|found| found.span.0 >= from && found.span.1 <= to);
                    words.extend(within.cloned());
                }
                None => words.push(word.clone()),
            }
        }
        Self { words, ..self.clone() }
    }

    /// The name with two words as one where the other writes them so: "multi-ethnique" beside "multiethnique".
    fn written_together(&self, other: &Self) -> Self {
        let mut words: Vec<Word> = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let joined = words.last().map(|last| format!("{}{}", last.text, word.text));
            let is_whole = |text: &String| other.words.iter().any(|found| found.text == *text);
            match (joined.filter(is_whole), words.last_mut()) {
                (Some(text), Some(last)) => {
                    last.span.1 = word.span.1;
                    last.class = Class::Proper;
                    last.group = "";
                    last.text = text;
                }
                _ => words.push(word.clone()),
            }
        }
        Self { words, ..self.clone() }
    }

    fn with_site_in(&self) -> Self {
        let site = Self::read(&self.site.join(" ")).unwrap_or_default();
        Self { site: Vec::new(), ..self.with(&site) }
    }

    /// The bare words of which an acronym is made; a stop word may lend its letter or not.
    fn run_of_initials(&self, acronym: &str) -> Option<(usize, usize)> {
        let letters: Vec<char> = acronym.chars().collect();
        let bare: Vec<char> = self.bare.iter().filter_map(|word| word.chars().next()).collect();
        let plain = bare.windows(letters.len().max(1)).position(|window| window == letters.as_slice());
        if let Some(from) = plain {
            return Some((from, from + letters.len()));
        }
        if letters.len() < 3 {
            return None;
        }
        let run = |letters: &[char]| (0..self.initials.len()).find_map(|from| self.run_from(from, letters));
        // The last letter may be that of the town, which a name leaves out.
        let without_town = letters.split_last().filter(|(_, rest)| rest.len() >= TOWNLESS_LETTERS_MIN);
        let plain = run(&letters).or_else(|| run(without_town?.1));
        plain.or_else(|| (0..self.bare.len()).find_map(|from| self.run_of_syllables(from, acronym)))
    }

    /// An acronym that takes up to three letters of a word so that it can be said: `CRIFAL` of "… familiales Alizés".
    fn run_of_syllables(&self, from: usize, acronym: &str) -> Option<(usize, usize)> {
        fn rest_fits(words: &[String], left: &str) -> Option<usize> {
            if left.is_empty() {
                return Some(0);
            }
            let (word, words) = words.split_first()?;
            let takes = (1..=SYLLABLE_LETTERS_MAX).filter_map(|taken| left.split_at_checked(taken));
            let mut fits = takes.filter(|(taken, _)| word.starts_with(taken));
            fits.find_map(|(_, left)| rest_fits(words, left)).map(|count| count + 1)
        }
        let count = rest_fits(self.bare.get(from..)?, acronym)?;
        (acronym.len() >= SYLLABLES_LETTERS_MIN && count * 2 >= acronym.len()).then_some((from, from + count))
    }

    fn run_from(&self, from: usize, letters: &[char]) -> Option<(usize, usize)> {
        let (mut first, mut last) = (None, None);
        let mut left = letters;
        for (letter, bare) in self.initials.get(from..)? {
            let Some((next, rest)) = left.split_first() else { break };
            match (letter == next, bare) {
                (true, Some(at)) => {
                    first = first.or(Some(*at));
                    last = Some(*at + 1);
                    left = rest;
                }
                (true, None) if first.is_some() => left = rest,
                (false, None) if first.is_some() => {}
                _ => return None,
            }
        }
        if left.is_empty() { first.zip(last) } else { None }
    }
}

/// See [`Name::initials`].
fn initials_of(text: &str, bare_max: usize) -> Vec<(char, Option<usize>)> {
    let mut at = 0;
    let mut initials = Vec::new();
    for word in whole_words(text) {
        let Some(letter) = word.chars().next() else { continue };
        let is_bare = !is_stop_word(&word) && at < bare_max;
        initials.push((letter, is_bare.then_some(at)));
        at += usize::from(is_bare);
    }
    initials
}

/// What two names have in common and what each has of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Likeness {
    /// Weighted share of words in common, 0..=1.
    pub share: f64,
    /// As [`Likeness::share`], of the shorter name alone: 1 where it is contained in the other.
    pub contained: f64,
    /// Weight of the proper words in common: what is common to many names proves little.
    pub proper: f64,
    /// Weight of the words that tell, of each name's own.
    pub own: (f64, f64),
    /// Both say a kind of service, and no kind in common.
    pub kinds_differ: bool,
    /// Both say the same kinds, and some.
    pub kinds_same: bool,
    /// One says another kind beside those of the other.
    pub kinds_added: bool,
    /// One is in French, the other in English.
    pub is_translated: bool,
    /// Both are schools.
    pub are_schools: bool,
    /// A short word of one is a short word of the other but for one letter: a slip, or another word.
    pub is_near: bool,
    /// One is a body beside the other: its foundation, its school.
    pub bodies_differ: bool,
    /// Both say a value of one group (a day, a public), and none in common.
    pub contrasts: bool,
    pub numbers_differ: bool,
    pub places_differ: bool,
    pub sites_differ: bool,
}

/// Compares two names. `forgiven` are words of the organisations: a name may repeat its organisation's.
pub fn compare(one: &Name, other: &Name, forgiven: &BTreeSet<String>) -> Likeness {
    let (one, other) = (&one.written_out(other), &other.written_out(one));
    let (one, other) = (&one.written_together(other), &other.written_together(one));
    // A site is compared with a site; where one side says none, it is a word like the others.
    let (one, other) = match (one.site.is_empty(), other.site.is_empty()) {
        (false, true) => (&one.with_site_in(), other),
        (true, false) => (one, &other.with_site_in()),
        _ => (one, other),
    };
    let weight = |word: &Word| {
        let whole = if SAID_OR_NOT.contains(&word.group) { Class::Place.weight() } else { word.class.weight() };
        if word.class != Class::Kind && forgiven.contains(&word.text) { whole * 0.8 } else { whole }
    };
    let matches = matched_words(one, other);
    let mut common = 0.0;
    let mut proper = 0.0;
    let mut is_near = false;
    for (left, right, likeness) in &matches {
        let (left, right) = (&one.words[*left], &other.words[*right]);
        is_near |= is_near_word(&left.text, &right.text, *likeness);
        common += likeness * (weight(left) + weight(right)) / 2.0;
        if [left, right].iter().any(|word| matches!(word.class, Class::Number | Class::Proper)) {
            proper += likeness * (left.class.weight() + right.class.weight()) / 2.0;
        }
    }
    let left_one: Vec<&Word> = unmatched(&one.words, |at| matches.iter().any(|found| found.0 == at));
    let left_other: Vec<&Word> = unmatched(&other.words, |at| matches.iter().any(|found| found.1 == at));
    let sum = |words: &[&Word]| words.iter().map(|word| weight(word)).sum::<f64>();
    let (mut own_one, mut own_other) = (telling(&left_one, forgiven), telling(&left_other, forgiven));
    // Written apart on one side and together on the other: "Beau-Séjour", "Beauséjour".
    if joined_alike(&left_one, &left_other) {
        common += (sum(&left_one) + sum(&left_other)) / 2.0;
        proper += own_one.min(own_other);
        (own_one, own_other) = (0.0, 0.0);
    }
    let (total_one, total_other): (f64, f64) =
        (one.words.iter().map(weight).sum(), other.words.iter().map(weight).sum());
    let share = if total_one + total_other > 0.0 { 2.0 * common / (total_one + total_other) } else { 0.0 };
    let smaller = total_one.min(total_other);
    let mut found = Likeness {
        share: share.min(1.0),
        contained: if smaller > 0.0 { (common / smaller).min(1.0) } else { 0.0 },
        proper,
        own: (own_one, own_other),
        is_near,
        ..Likeness::default()
    };
    found.contradict(one, other);
    found.forgive_slips(one, other);
    found.forgive_cut(one, other);
    found
}

/// Which word of one name is which of the other, the most alike first, each once; the same from either side.
fn matched_words(one: &Name, other: &Name) -> Vec<(usize, usize, f64)> {
    let mut pairs: Vec<(usize, usize, f64)> = Vec::new();
    for (left, word) in one.words.iter().enumerate() {
        let alike = other.words.iter().map(|found| word_likeness(&word.text, &found.text)).enumerate();
        pairs.extend(alike.filter(|(_, likeness)| *likeness > 0.0).map(|(right, likeness)| (left, right, likeness)));
    }
    let texts = |pair: &(usize, usize, f64)| {
        let (left, right) = (&one.words[pair.0].text, &other.words[pair.1].text);
        (left.min(right).clone(), left.max(right).clone())
    };
    pairs.sort_by(|left, right| right.2.total_cmp(&left.2).then_with(|| texts(left).cmp(&texts(right))));
    let mut matched: Vec<(usize, usize, f64)> = Vec::new();
    for pair in pairs {
        if !matched.iter().any(|known| known.0 == pair.0 || known.1 == pair.1) {
            matched.push(pair);
        }
    }
    matched
}

fn is_near_word(one: &str, other: &str, likeness: f64) -> bool {
    let letters = one.chars().count().max(other.chars().count());
    letters <= NEAR_LETTERS_MAX && likeness < 0.9 && one.len().abs_diff(other.len()) <= 1
}

fn unmatched(words: &[Word], is_matched: impl Fn(usize) -> bool) -> Vec<&Word> {
    words.iter().enumerate().filter(|(at, _)| !is_matched(*at)).map(|(_, word)| word).collect()
}

fn joined_alike(ones: &[&Word], others: &[&Word]) -> bool {
    let letters = |words: &[&Word]| words.iter().map(|word| word.text.len()).sum::<usize>();
    letters(ones).min(letters(others)) >= 6 && joined_likeness(ones, others) >= 0.75
}

/// Whether each word of one name is a word of the other but for a slip, or two of them written together.
fn only_slips(ones: &[String], others: &[String]) -> bool {
    let is_slip = |one: &str, other: &str| strsim::normalized_damerau_levenshtein(one, other) >= SLIP_LIKENESS_MIN;
    // Half of a word that the other writes together is within it.
    let within = |word: &String| {
        let together = || others.windows(2).any(|two| is_slip(word, &two.concat()));
        let half = || word.len() >= 4 && others.iter().any(|other| other.contains(word.as_str()));
        others.iter().any(|other| is_slip(word, other)) || together() || half()
    };
    ones.iter().all(within)
}

fn joined_likeness(ones: &[&Word], others: &[&Word]) -> f64 {
    let joined = |words: &[&Word]| words.iter().map(|word| word.text.as_str()).collect::<String>();
    strsim::normalized_damerau_levenshtein(&joined(ones), &joined(others))
}

fn telling(words: &[&Word], forgiven: &BTreeSet<String>) -> f64 {
    words.iter().map(|word| tells(word, forgiven)).sum()
}

fn tells(word: &Word, forgiven: &BTreeSet<String>) -> f64 {
    match word.class {
        Class::Generic | Class::Place => 0.0,
        Class::Acronym => 0.2,
        _ if SAID_OR_NOT.contains(&word.group) => 0.0,
        _ if forgiven.contains(&word.text) => 0.0,
        _ => word.class.weight(),
    }
}

impl Likeness {
    /// Two names that differ by slips of the pen alone are one.
    fn forgive_slips(&mut self, one: &Name, other: &Name) {
        let whole = |name: &Name| name.bare.concat();
        let alike = strsim::normalized_damerau_levenshtein(&whole(one), &whole(other));
        let slips = || only_slips(&one.bare, &other.bare) && only_slips(&other.bare, &one.bare);
        if alike >= WHOLE_LIKENESS_MIN && !self.contradicts() && slips() {
            self.share = self.share.max(alike);
            self.proper = self.proper.max(self.own.0.min(self.own.1));
            self.own = (0.0, 0.0);
        }
    }

    /// A name that was cut is the one that it is the beginning of.
    fn forgive_cut(&mut self, one: &Name, other: &Name) {
        if is_cut(&one.folded, &other.folded) {
            self.share = self.share.max(CUT_SHARE);
            self.contained = 1.0;
            self.proper = self.proper.max(CUT_PROPER);
            self.own = (0.0, 0.0);
            self.forgive_kinds();
        }
    }

    /// What a half of a name says of its kind is not said against the whole.
    fn forgive_kinds(&mut self) {
        self.kinds_differ = false;
        self.bodies_differ = false;
        self.contrasts = false;
    }

    pub fn contradicts(&self) -> bool {
        self.kinds_differ
            || self.bodies_differ
            || self.contrasts
            || self.numbers_differ
            || self.places_differ
            || self.sites_differ
    }

    fn contradict(&mut self, one: &Name, other: &Name) {
        self.kinds_differ = differ(&of_class(one, Class::Kind), &of_class(other, Class::Kind));
        self.is_translated = is_english(&one.folded).zip(is_english(&other.folded)).is_some_and(|(l, r)| l != r);
        let is_school = |name: &Name| name.words.iter().any(|word| word.class == Class::Body && word.text == "school");
        self.are_schools = is_school(one) && is_school(other);
        let kinds = (of_class(one, Class::Kind), of_class(other, Class::Kind));
        self.kinds_same = kinds.0 == kinds.1 && !kinds.0.is_empty();
        self.kinds_added = kinds.0 != kinds.1 && !kinds.0.is_disjoint(&kinds.1);
        self.bodies_differ = of_class(one, Class::Body) != of_class(other, Class::Body);
        self.numbers_differ = differ(&of_class(one, Class::Number), &of_class(other, Class::Number));
        self.places_differ = differ(&of_class(one, Class::Place), &of_class(other, Class::Place));
        let groups: BTreeSet<&str> =
            one.words.iter().map(|word| word.group).filter(|group| !group.is_empty()).collect();
        self.contrasts = groups.into_iter().any(|group| differ(&of_group(one, group), &of_group(other, group)));
        // Beside its school, a service given there is not the school.
        let only_one_kind = of_class(one, Class::Kind).is_empty() != of_class(other, Class::Kind).is_empty();
        self.bodies_differ |= only_one_kind && !of_class(one, Class::Body).is_empty();
        if !one.site.is_empty() && !other.site.is_empty() {
            let alike = |word: &String| other.site.iter().any(|found| word_likeness(word, found) > 0.0);
            self.sites_differ = !one.site.iter().any(alike);
        }
        if one.is_headless || other.is_headless {
            self.forgive_kinds();
        }
    }
}

/// What a name says that none of `known` does: its words that tell, and whether it has others that tell.
pub fn own_words(name: &Name, known: &[&Name]) -> (f64, f64) {
    let is_known = |word: &Word| {
        known.iter().any(|other| other.words.iter().any(|found| word_likeness(&word.text, &found.text) > 0.0))
    };
    let nothing = BTreeSet::new();
    let telling = name.words.iter().map(|word| (tells(word, &nothing), is_known(word)));
    telling.fold(
        (0.0, 0.0),
        |(own, shared), (weight, known)| {
            if known { (own, shared + weight) } else { (own + weight, shared) }
        },
    )
}

fn of_class(name: &Name, class: Class) -> BTreeSet<&str> {
    name.words.iter().filter(|word| word.class == class).map(|word| word.text.as_str()).collect()
}

fn of_group<'a>(name: &'a Name, group: &str) -> BTreeSet<&'a str> {
    name.words.iter().filter(|word| word.group == group).map(|word| word.text.as_str()).collect()
}

fn differ(one: &BTreeSet<&str>, other: &BTreeSet<&str>) -> bool {
    !one.is_empty() && !other.is_empty() && one.is_disjoint(other)
}
