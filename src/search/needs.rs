//! What a text asks for, in everyday words: "le frigo est vide" names no service, and a food bank never says it. The
//! words that people use for each need of the taxonomy are data (`index/search/needs.csv`); a text asks for the needs
//! whose words it shares. Each word, its beginning, two words side by side and a short text as a whole tell of a need
//! by how much more often they are said for it than for the others (the logarithm, as in a naive Bayes count): what is
//! said for one need only tells much, what is said for all tells nothing, and what nobody says is passed over.
//!
//! The constants were chosen on half of 420 searches written for that, and checked on the other half; not on those of
//! `tests/relevance/`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;

use super::Error;
use super::analyse::{Stems, words};
use super::definition::{Definition, WEAK_WORDS};
use super::typo::{self, Near};
use crate::domain::language::Lang;
use crate::domain::taxonomy::top_level_of;

const NEEDS: &str = include_str!("../../index/search/needs.csv");
const RELATED: &str = include_str!("../../index/search/needs_related.csv");

/// Needs that one text is taken for.
const MEANT_MAX: usize = 8;
/// In an order by distance, while somebody types, and where only what is sure is wanted, needs that are less sure than
/// this beside the surest are not looked for.
const SURE_SHARE_MIN: f32 = 0.6;
/// A need that is this much less sure than the surest is not meant.
const SHARE_MIN: f32 = 0.1;
/// What a second choice gets at most, of the surest need: it never passes it.
const SECOND_CHOICE_MAX: f32 = 0.9;
/// A text tells so much of any need, of what it tells of the surest; and how much what it tells of a second choice
/// counts.
const TOLD_OF_ANY: f32 = 0.3;
const SECOND_CHOICE_TOLD: f32 = 0.3;
/// Needs whose second choices are looked at, the surest.
const MEANT_WITH_SECOND_CHOICES: usize = 3;
/// What helps so many of those who have a need, as a share, stands in for it where nothing answers it.
const STANDS_IN_SHARE_MIN: f32 = 0.33;
/// Told this much less, a need is as sure as the surest divided by e.
const TOLD_APART: f32 = 4.0;
/// Two words, or the beginning of one, come with the words themselves: they say a part of it again.
const REPEATED_WEIGHT: f32 = 0.6;
/// Letters of a beginning: what a word of another ending, or misspelt at the end, still shares.
const BEGINNING_CHARS: usize = 6;
/// Words that count of a text that is taken whole: the name of a thing or of a kind of help.
const WHOLE_WORDS_MAX: usize = 3;
/// Letters of the sayings for each thing said that is new: what to make room for.
const LETTERS_BY_FEATURE: usize = 16;
/// What is said this little tells little.
const SAID_LITTLE: f32 = 8.0;
/// How the length of a saying thins out what each of its words says of the need.
const LENGTH_POWER: f32 = 0.5;
/// Words of one text that are read, and that are read as the nearest one when nobody says them: enough for 500 letters.
const WORDS_READ_MAX: usize = 100;
const WORDS_MENDED_MAX: usize = 8;
/// Uses of a word in all sayings from which on it is no misspelling.
const OFTEN_SAID_MIN: u32 = 8;
/// From so much on that a text tells of its surest need it can be offered by name, and is worth all that a need is:
/// "manteau" tells 11, "poussette" 9, "maison" 4, "demain" 2.
const TELLING_MIN: f32 = 6.0;
/// Told so little of its surest need, as a share of that, a text tells of none.
const LIKELY_TELLING_MIN: f32 = 0.4;
/// Told so little, it is not offered while somebody types: "peur" tells 0.69 of it, "chose" 0.53.
const OFFERED_TELLING_MIN: f32 = 0.67;
/// Letters of a word that is being typed before it is completed, and the words that are tried for it.
const BEGUN_CHARS_MIN: usize = 3;
const COMPLETIONS_MAX: usize = 6;
/// A word that is said this many times less often than another that begins so is not the one that is being typed.
const LESS_OFTEN_MAX: u32 = 8;
/// What one word tells of the language at most, and what nobody says in one language counts there, in uses.
const LANGUAGE_TOLD_MAX: f32 = 3.0;
const USES_UNSEEN: f32 = 0.3;
/// A text is of one language where that is nineteen times as likely as the other: the logarithm of it.
const LANGUAGE_SURE: f32 = 2.94;

/// A need that a text asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meant {
    /// Of the taxonomy: `top-level/leaf`.
    pub code: String,
    /// 1 for the surest need; the others in proportion.
    pub share: f32,
    /// How much the text tells of its surest need, of what it takes to offer that by name: at most 1.
    pub telling: f32,
}

impl Meant {
    /// The text tells of it, and of nothing else much more.
    pub(super) fn is_sure(&self) -> bool {
        self.telling >= 1.0 && self.share >= SURE_SHARE_MIN
    }

    /// It is what the text may tell of, however little it tells.
    pub(super) fn is_likely(&self) -> bool {
        self.telling >= LIKELY_TELLING_MIN && self.share >= SURE_SHARE_MIN
    }
}

#[derive(Deserialize)]
struct Saying {
    code: String,
    lang: Lang,
    /// 3: whoever says this wants just this; 2: usually; 1: a hint.
    strength: u8,
    text: String,
}

/// What else helps somebody who has a need.
#[derive(Deserialize)]
struct SecondChoice {
    code: String,
    related: String,
    /// Of a hundred who have the need, how many it helps too: what it gets of the need that it stands in for.
    percent: u8,
}

#[derive(Debug, Default)]
pub(super) struct Needs {
    codes: Vec<String>,
    second_choices: HashMap<usize, Vec<(usize, f32)>>,
    /// Every stem and every beginning that is said, by number.
    parts: HashMap<String, u32>,
    /// Where in `told` each thing that is said begins and ends.
    said: HashMap<Feature, (u32, u32)>,
    /// How much something said tells of a need, by its place in `codes`.
    told: Vec<(u16, f32)>,
    /// Every word of the sayings, by its first letter and length.
    vocabulary: HashMap<(char, usize), HashMap<String, Known>>,
    /// How many words are said in each language.
    words_said: Uses,
}

/// How often, in each language, in the order of [`Lang::ALL`].
type Uses = [u32; 2];

/// A word of the sayings.
#[derive(Debug)]
struct Known {
    uses: Uses,
    letters: Letters,
}

/// The letters that a word has, a bit each: words that are near each other have nearly the same.
#[derive(Debug, Clone, Copy)]
struct Letters(u32);

impl Letters {
    fn of(word: &str) -> Self {
        Self(word.chars().fold(0, |letters, letter| letters | 1 << (u32::from(letter) % u32::BITS)))
    }

    /// One change adds a letter and takes another away, at most.
    fn may_be_within(self, other: Self, changes: usize) -> bool {
        (self.0 ^ other.0).count_ones() as usize <= 2 * changes
    }
}

/// A part, or two in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Feature {
    first: u32,
    /// One more than the number of the second; 0 where there is none.
    after: u32,
}

impl Feature {
    fn alone(first: u32) -> Self {
        Self { first, after: 0 }
    }

    fn in_a_row(first: u32, second: u32) -> Self {
        Self { first, after: second.saturating_add(1) }
    }
}

/// That something was said for a need, and how much it counts.
struct Said {
    feature: Feature,
    code: u16,
    weight: f32,
}

impl Needs {
    /// The sayings that this program was built with.
    pub(super) fn of_this_program() -> Result<&'static Self, Error> {
        static KNOWN: OnceLock<Result<Needs, String>> = OnceLock::new();
        let read = || {
            let definition = Definition::of_this_program().map_err(|error| error.to_string())?;
            Self::read(NEEDS, RELATED, definition)
        };
        KNOWN.get_or_init(read).as_ref().map_err(|why| Error::Definition(why.clone()))
    }

    fn read(sayings: &str, related: &str, definition: &Definition) -> Result<Self, String> {
        let mut needs = Self::default();
        let mut said = Vec::with_capacity(sayings.len() / LETTERS_BY_FEATURE);
        let mut stems = Stems::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        for saying in csv::Reader::from_reader(sayings.as_bytes()).deserialize() {
            let saying: Saying = saying.map_err(|why| format!("needs.csv: {why}"))?;
            let code = at.get(&saying.code).copied().unwrap_or(needs.codes.len());
            if code == needs.codes.len() {
                needs.codes.push(saying.code.clone());
                at.insert(saying.code.clone(), code);
            }
            said.extend(needs.learn(&saying, code, definition, &mut stems)?);
        }
        needs.weigh(said);
        for choice in csv::Reader::from_reader(related.as_bytes()).deserialize() {
            let choice: SecondChoice = choice.map_err(|why| format!("needs_related.csv: {why}"))?;
            let unknown = || format!("needs_related.csv: nobody says {} or {}", choice.code, choice.related);
            let (code, other) = at.get(&choice.code).zip(at.get(&choice.related)).ok_or_else(unknown)?;
            if !(1..=100).contains(&choice.percent) {
                return Err(format!("needs_related.csv: percent is 1 to 100, not {}", choice.percent));
            }
            needs.second_choices.entry(*code).or_default().push((*other, f32::from(choice.percent) / 100.0));
        }
        Ok(needs)
    }

    /// The needs that stand in for another where nothing answers that: a meal for a food bank.
    pub(super) fn standing_in_for(&self, code: &str) -> Vec<String> {
        let at = self.codes.iter().position(|known| known == code);
        let choices = at.and_then(|at| self.second_choices.get(&at)).into_iter().flatten();
        let standing_in = choices.filter(|(_, share)| *share >= STANDS_IN_SHARE_MIN);
        standing_in.filter_map(|(other, _)| self.codes.get(*other).cloned()).collect()
    }

    /// Who has the one is helped by the other, or by something of its field, or the other way round.
    pub(super) fn have_to_do_with_each_other(&self, one: &str, other: &str) -> bool {
        let helps = |with: &str, helped_by: &str| {
            let at = self.codes.iter().position(|known| known == with);
            let choices = at.and_then(|at| self.second_choices.get(&at)).into_iter().flatten();
            let mut choices = choices.filter_map(|(choice, _)| self.codes.get(*choice));
            choices.any(|choice| top_level_of(choice) == top_level_of(helped_by))
        };
        top_level_of(one) == top_level_of(other) || helps(one, other) || helps(other, one)
    }

    /// What a saying says, each thing with how much it counts for its need.
    fn learn(
        &mut self,
        saying: &Saying,
        code: usize,
        definition: &Definition,
        stems: &mut Stems,
    ) -> Result<impl Iterator<Item = Said> + use<>, String> {
        let strength = match saying.strength {
            3 => 1.0,
            2 => 0.7,
            1 => 0.4,
            other => return Err(format!("needs.csv: strength is 1 to 3, not {other}")),
        };
        let code = u16::try_from(code).map_err(|_| "needs.csv: too many needs".to_owned())?;
        let words = words(&saying.text);
        self.count_words(&words, saying.lang);
        let parts = &mut self.parts;
        let features = features(&words, saying.lang, definition, stems, |part| {
            let next = u32::try_from(parts.len()).ok()?;
            Some(parts.get(part).copied().unwrap_or_else(|| {
                parts.insert(part.to_owned(), next);
                next
            }))
        });
        let weight = strength / (features.len().max(1) as f32).powf(LENGTH_POWER);
        Ok(features.into_iter().map(move |feature| Said { feature, code, weight }))
    }

    fn count_words(&mut self, words: &[String], lang: Lang) {
        let once = Lang::ALL.map(|one| u32::from(one == lang));
        let add = |uses: &mut Uses| uses.iter_mut().zip(once).for_each(|(uses, more)| *uses += more);
        for word in words {
            add(&mut self.words_said);
            let shelf = self.vocabulary.entry(shelf_of(word)).or_default();
            match shelf.get_mut(word) {
                Some(known) => add(&mut known.uses),
                None => drop(shelf.insert(word.clone(), Known { uses: once, letters: Letters::of(word) })),
            }
        }
    }

    /// From how much was said to how much it tells: by how far a need is above the mean, less where little was said,
    /// more where few needs share it.
    fn weigh(&mut self, mut said: Vec<Said>) {
        said.sort_by_key(|one| (one.feature, one.code));
        let beginnings: HashSet<u32> =
            self.parts.iter().filter(|(part, _)| part.ends_with(BEGINNING_END)).map(|(_, number)| *number).collect();
        let codes = self.codes.len() as f32;
        self.said.reserve(said.chunk_by(|one, other| one.feature == other.feature).count());
        for of_feature in said.chunk_by(|one, other| one.feature == other.feature) {
            let Some(feature) = of_feature.first().map(|one| one.feature) else { continue };
            let start = self.told.len();
            for of_need in of_feature.chunk_by(|one, other| one.code == other.code) {
                let sum = of_need.iter().map(|one| one.weight).sum();
                self.told.extend(of_need.first().map(|one| (one.code, sum)));
            }
            let known = self.told.get_mut(start..).unwrap_or_default();
            let all: f32 = known.iter().map(|(_, said)| said).sum();
            let mean = (all + SAID_LITTLE) / codes;
            let rarity = (1.0 + codes / known.len() as f32).ln().sqrt();
            let repeats = feature.after > 0 || beginnings.contains(&feature.first);
            let weight = if repeats { REPEATED_WEIGHT * rarity } else { rarity };
            known.iter_mut().for_each(|(_, said)| *said = weight * (1.0 + *said / mean).ln());
            self.said.insert(feature, (start as u32, self.told.len() as u32));
        }
        self.told.shrink_to_fit();
    }

    /// How much something said tells of each need.
    fn told(&self, feature: Feature) -> &[(u16, f32)] {
        let place = self.said.get(&feature).map(|(start, end)| *start as usize..*end as usize);
        place.and_then(|place| self.told.get(place)).unwrap_or_default()
    }

    /// The needs that words (folded) ask for, the surest first. A word that nobody says is read as the nearest one.
    pub(super) fn meant(&self, asked: &[String], definition: &Definition) -> Vec<Meant> {
        if asked.iter().all(|word| definition.is_stop_word(word)) {
            return vec![];
        }
        let mut told = vec![0.0_f32; self.codes.len()];
        for feature in self.asked(asked, definition) {
            for (code, more) in self.told(feature) {
                if let Some(told) = told.get_mut(usize::from(*code)) {
                    *told += more;
                }
            }
        }
        let most = told.iter().copied().fold(0.0, f32::max);
        if most <= 0.0 {
            return vec![];
        }
        let mut shares: Vec<f32> = told.iter().map(|told| ((told - most) / TOLD_APART).exp()).collect();
        self.add_second_choices(&mut shares, (&told, most));
        let mut ranked: Vec<(f32, &String)> = shares.into_iter().zip(&self.codes).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        let meant = ranked.into_iter().take(MEANT_MAX).filter(|(share, _)| *share >= SHARE_MIN);
        let telling = (most / TELLING_MIN).min(1.0);
        meant.map(|(share, code)| Meant { code: code.clone(), share, telling }).collect()
    }

    /// The needs that words tell of so surely that they can be offered by name; a last word that may be only begun is
    /// each of the words most often said that begin so.
    pub(super) fn told_of_while_typed(
        &self,
        (typed, is_begun): (&[String], bool),
        definition: &Definition,
        most: usize,
    ) -> Vec<String> {
        let as_typed = || self.surely_meant(typed, definition).take(most).collect();
        let Some((last, before)) = typed.split_last().filter(|_| is_begun) else { return as_typed() };
        let completions = self.completions(last);
        // What is no word yet would be read as one that is written nearly so: "divor" as "divan".
        let is_a_word = completions.is_empty() || self.is_often_said(last);
        let mut told: Vec<String> = if is_a_word { as_typed() } else { vec![] };
        for completed in completions {
            let text = [before, &[completed]].concat();
            let surest = self.surely_meant(&text, definition).next();
            told.extend(surest.filter(|code| !told.contains(code)));
        }
        told.truncate(most);
        told
    }

    /// The needs that words of the sayings may tell of, where they tell of none surely.
    pub(super) fn likely_told_of(&self, typed: &[String], definition: &Definition, most: usize) -> Vec<String> {
        if !typed.last().is_some_and(|last| self.is_often_said(last)) {
            return vec![];
        }
        let is_offered = |need: &Meant| need.is_likely() && need.telling >= OFFERED_TELLING_MIN;
        let likely = self.meant(typed, definition).into_iter().filter(is_offered);
        likely.take(most).map(|need| need.code).collect()
    }

    fn surely_meant(&self, asked: &[String], definition: &Definition) -> impl Iterator<Item = String> + use<> {
        self.meant(asked, definition).into_iter().filter(Meant::is_sure).map(|one| one.code)
    }

    /// The words most often said that begin so, and are longer.
    fn completions(&self, beginning: &str) -> Vec<String> {
        let (first, length) = shelf_of(beginning);
        if length < BEGUN_CHARS_MIN {
            return vec![];
        }
        let longer = self.vocabulary.iter().filter(|((letter, chars), _)| *letter == first && *chars > length);
        let begun = longer.flat_map(|(_, shelf)| shelf).filter(|(word, _)| word.starts_with(beginning));
        let often = begun.filter(|(word, _)| self.is_often_said(word));
        let mut found: Vec<(u32, &String)> = often.map(|(word, known)| (known.uses.iter().sum(), word)).collect();
        found.sort_by(|one, other| other.cmp(one));
        let uses_of_itself = self.uses(beginning).map_or(0, |uses| uses.iter().sum());
        let most = found.first().map_or(0, |(uses, _)| *uses).max(uses_of_itself);
        found.retain(|(uses, _)| uses.saturating_mul(LESS_OFTEN_MAX) >= most);
        found.into_iter().take(COMPLETIONS_MAX).map(|(_, word)| word.clone()).collect()
    }

    /// What a text says that is said for some need, each once. In an order, so that sums come out the same each time:
    /// the pages of a search are told apart by their last bit.
    fn asked(&self, asked: &[String], definition: &Definition) -> BTreeSet<Feature> {
        let mut mended = 0;
        // What somebody is called, said in no saying, is no misspelling of what is.
        let is_read = |word: &&String| self.uses(word).is_some() || definition.says_what_is_needed(word);
        let read = asked.iter().take(WORDS_READ_MAX).filter(is_read).map(|word| {
            if self.uses(word).is_some() || typo::changes_allowed(word) == 0 || mended >= WORDS_MENDED_MAX {
                return word.clone();
            }
            mended += 1;
            self.nearest(word)
        });
        let read: Vec<String> = read.collect();
        let mut stems = Stems::new();
        let known = |part: &str| self.parts.get(part).copied();
        let langs = self.languages(&read);
        langs.into_iter().flatten().flat_map(|lang| features(&read, lang, definition, &mut stems, known)).collect()
    }

    /// The language of a text, by how much more often its words are said in it; both where that is not sure, or where
    /// it mixes them. A word of the one would be taken for another of the other: "couch" for "couche".
    fn languages(&self, words: &[String]) -> [Option<Lang>; 2] {
        let [first, second] = self.words_said.map(|words| words.max(1) as f32);
        let of_the_first = |word: &String| {
            let [one, other] = self.uses(word).unwrap_or_default().map(|uses| uses as f32 + USES_UNSEEN);
            (one / first / (other / second)).ln().clamp(-LANGUAGE_TOLD_MAX, LANGUAGE_TOLD_MAX)
        };
        let told: f32 = words.iter().map(of_the_first).sum();
        let [one, other] = Lang::ALL.map(Some);
        match told {
            told if told > LANGUAGE_SURE => [one, None],
            told if told < -LANGUAGE_SURE => [None, other],
            _ => [one, other],
        }
    }

    /// What else would help whoever is meant: where a service of the surest need is not to be had, the next best comes.
    /// It is likelier where the text tells of it too.
    fn add_second_choices(&self, shares: &mut [f32], (told, most_told): (&[f32], f32)) {
        let likelier = |code: usize| {
            let more = told.get(code).copied().unwrap_or(0.0) - TOLD_OF_ANY * most_told;
            (SECOND_CHOICE_TOLD * more / TOLD_APART).exp()
        };
        let mut surest: Vec<(usize, f32)> = shares.iter().copied().enumerate().collect();
        surest.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut added = vec![0.0_f32; shares.len()];
        for (code, sure) in surest.into_iter().take(MEANT_WITH_SECOND_CHOICES) {
            for (other, share) in self.second_choices.get(&code).into_iter().flatten() {
                if let Some(most) = added.get_mut(*other) {
                    *most = most.max(sure * (share * likelier(*other)).min(SECOND_CHOICE_MAX));
                }
            }
        }
        for (share, more) in shares.iter_mut().zip(added).filter(|(_, more)| *more > 0.0) {
            *share = (*share + more).min(SECOND_CHOICE_MAX).max(*share);
        }
    }

    /// Several people wrote this word, and wrote it so.
    pub(super) fn is_often_said(&self, word: &str) -> bool {
        self.uses(word).is_some_and(|uses| uses.iter().sum::<u32>() >= OFTEN_SAID_MIN)
    }

    fn uses(&self, word: &str) -> Option<Uses> {
        self.vocabulary.get(&shelf_of(word)).and_then(|shelf| shelf.get(word)).map(|known| known.uses)
    }

    fn nearest(&self, word: &str) -> String {
        let allowed = typo::changes_allowed(word);
        let (first, length) = shelf_of(word);
        let lengths = length.saturating_sub(allowed)..=length + allowed;
        let near = lengths.filter_map(|length| self.vocabulary.get(&(first, length))).flatten();
        let letters = Letters::of(word);
        let near = near.filter(|(_, known)| letters.may_be_within(known.letters, allowed));
        let near = near.filter_map(|(other, known)| {
            let distance = typo::distance_within(word, (other, Near::Whole), allowed)?;
            Some((distance, std::cmp::Reverse(known.uses.iter().sum::<u32>()), other))
        });
        near.min().map_or_else(|| word.to_owned(), |(_, _, other)| other.clone())
    }
}

/// Where the vocabulary keeps a word: by its first letter and its length.
fn shelf_of(word: &str) -> (char, usize) {
    (word.chars().next().unwrap_or(' '), word.chars().count())
}

/// Marks a beginning among the stems.
const BEGINNING_END: char = '-';
/// Marks a whole text.
const WHOLE_START: char = '=';

/// What a text says: the stems and the beginnings of the words that count, two words in a row, with and without the
/// words between them that do not count, and of a short text the whole. `number` gives the number of one of these, if
/// it has one.
fn features(
    words: &[String],
    lang: Lang,
    definition: &Definition,
    stems: &mut Stems,
    mut number: impl FnMut(&str) -> Option<u32>,
) -> Vec<Feature> {
    let mut found: Vec<Feature> = vec![];
    let mut counted: Vec<Option<u32>> = vec![];
    let mut all: Vec<(Option<u32>, bool)> = vec![];
    let mut whole = String::from(WHOLE_START);
    for word in words {
        let counts = !definition.is_stop_word(word);
        let stem = stems.stem(lang, word);
        let numbered = number(stem);
        all.push((numbered, counts));
        if !counts {
            continue;
        }
        counted.push(numbered);
        if counted.len() <= WHOLE_WORDS_MAX {
            whole.push_str(stem);
            whole.push(' ');
        }
        let alone = numbered.filter(|_| !WEAK_WORDS.contains(&word.as_str()));
        let beginning = word.char_indices().nth(BEGINNING_CHARS).and_then(|(end, _)| word.get(..end));
        let beginning = beginning.and_then(|beginning| number(&format!("{beginning}{BEGINNING_END}")));
        found.extend(alone.into_iter().chain(beginning).map(Feature::alone));
    }
    if (1..=WHOLE_WORDS_MAX).contains(&counted.len()) {
        found.extend(number(&whole).map(Feature::alone));
    }
    let in_a_row = all.iter().zip(all.iter().skip(1)).filter(|((_, one), (_, other))| !(*one && *other));
    let in_a_row = in_a_row.map(|((one, _), (other, _))| (*one, *other));
    let pairs = in_a_row.chain(counted.iter().copied().zip(counted.iter().copied().skip(1)));
    found.extend(pairs.filter_map(|(one, other)| Some(Feature::in_a_row(one?, other?))));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::taxonomy::Taxonomy;

    fn surest(text: &str) -> Option<String> {
        let definition = Definition::of_this_program().unwrap();
        let needs = Needs::of_this_program().unwrap();
        needs.meant(&words(text), definition).into_iter().next().map(|meant| meant.code)
    }

    #[test]
    fn everyday_words_lead_to_the_need_that_they_are_said_for() {
        for (text, code) in [
            ("il reste plus rien dans le garde-manger", "food/food-bank"),
            ("i never learned to read", "education/literacy"),
            ("le petit bégaie beaucoup", "child-development/speech-therapy"),
            ("vacsin du bébé", "health/vaccination"),
            ("fire burned my house", "housing/emergency-shelter"),
            ("I got fired yesterday", "employment/worker-rights"),
            ("inondation", "housing/emergency-shelter"),
            ("lait", "material-aid/baby-supplies"),
            ("un siège d'auto", "material-aid/baby-supplies"),
            ("livres pour enfants", "child-development/stimulation"),
            ("j'ai besoin d'un transport", "transport/accompanied-ride"),
            ("gardiennage urgent demain", "childcare/drop-in"),
            ("mon fils est dans une gang de rue", "legal/youth-protection"),
        ] {
            assert_eq!(surest(text).as_deref(), Some(code), "{text}");
        }
        assert_eq!(surest("xyzzy 404"), None);
        assert_eq!(surest("de la le"), None, "a text of small words only");
        assert_eq!(surest("tremblay"), None, "what somebody is called is no misspelling");
        assert_eq!(surest("tremblay banque alimentaire"), surest("banque alimentaire"));
    }

    #[test]
    fn the_name_of_a_kind_of_help_means_it_and_leaves_all_else_behind() {
        let definition = Definition::of_this_program().unwrap();
        let needs = Needs::of_this_program().unwrap();
        for (text, code) in [("banque alimentaire", "food/food-bank"), ("garderie", "childcare/daycare")] {
            let meant = needs.meant(&words(text), definition);
            assert_eq!(meant[0].code, code);
            assert!(meant[1].share <= SECOND_CHOICE_MAX, "{text}: {meant:?}");
        }
    }

    #[test]
    fn two_languages_in_one_text_and_words_of_another_ending_are_read() {
        assert_eq!(surest("le petit needs a speech therapist").as_deref(), Some("child-development/speech-therapy"));
        assert_eq!(surest("alphabétizassion").as_deref(), Some("education/literacy"));
    }

    #[test]
    fn the_language_of_a_text_is_told_where_it_is_sure() {
        let needs = Needs::of_this_program().unwrap();
        let [french, english] = Lang::ALL.map(Some);
        for (text, langs) in [
            ("mon frigo est vide", [french, None]),
            ("can I get a couch for cheap", [None, english]),
            ("le petit needs a speech therapist", [french, english]),
            ("xyzzy", [french, english]),
        ] {
            assert_eq!(needs.languages(&words(text)), langs, "{text}");
        }
    }

    proptest! {
        #[test]
        fn words_that_are_near_each_other_are_never_passed_over(one in "[a-z]{4,10}", other in "[a-z]{4,10}") {
            for (one, other) in [(&one, &other), (&one, &format!("{one}s")), (&one, &one.chars().rev().collect())] {
                if let Some(changes) = typo::distance_within(one, (other, Near::Whole), 4) {
                    prop_assert!(Letters::of(one).may_be_within(Letters::of(other), changes));
                }
            }
        }
    }

    #[test]
    fn a_text_of_any_length_is_read_up_to_its_bound() {
        let definition = Definition::of_this_program().unwrap();
        let needs = Needs::of_this_program().unwrap();
        let mut long = vec!["vaccin".to_owned()];
        long.resize(WORDS_READ_MAX, "xxxxxxxxx".to_owned());
        let read = needs.meant(&long, definition);
        assert_eq!(read[0].code, "health/vaccination");
        long.resize(100 * WORDS_READ_MAX, "garderie".to_owned());
        assert_eq!(needs.meant(&long, definition), read);
    }

    #[test]
    fn every_need_has_its_sayings_in_both_languages_and_no_other_code_is_there() {
        let sayings: Vec<Saying> =
            csv::Reader::from_reader(NEEDS.as_bytes()).deserialize().map(Result::unwrap).collect();
        for need in Taxonomy::embedded().terms().iter().filter(|term| term.is_leaf()) {
            for lang in Lang::ALL {
                let said = sayings.iter().filter(|saying| saying.code == need.code && saying.lang == lang).count();
                assert!(said >= 80, "{} has {said} sayings in {}", need.code, lang.as_str());
            }
        }
        for saying in &sayings {
            assert!(Taxonomy::embedded().is_known(&saying.code), "{}", saying.code);
        }
    }

    #[test]
    fn a_share_is_never_above_the_surest_nor_far_below() {
        let definition = Definition::of_this_program().unwrap();
        let needs = Needs::of_this_program().unwrap();
        let meant = needs.meant(&words("j'ai besoin d'aide pour payer le loyer et l'épicerie"), definition);
        assert!(!meant.is_empty() && meant.len() <= MEANT_MAX);
        assert!((meant[0].share - 1.0).abs() < f32::EPSILON);
        assert!(meant.windows(2).all(|two| two[0].share >= two[1].share && two[1].share >= SHARE_MIN));
    }

    #[test]
    fn the_same_text_means_the_same_to_the_last_bit() {
        let definition = Definition::of_this_program().unwrap();
        let needs = Needs::of_this_program().unwrap();
        for text in ["garderie", "food bank", "le frigo est vide et le loyer est en retard"] {
            let first = needs.meant(&words(text), definition);
            for _ in 0..50 {
                let again = needs.meant(&words(text), definition);
                assert!(
                    again.iter().zip(&first).all(|(one, other)| one.share.to_bits() == other.share.to_bits()),
                    "{text}"
                );
                assert_eq!(again, first);
            }
        }
    }
}
