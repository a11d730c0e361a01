//! What a text asks for, in everyday words: "le frigo est vide" names no service, and a food bank never says it. The
//! words that people use for each need of the taxonomy are data (`index/search/needs.csv`); a text asks for the needs
//! whose words it shares, each word counting by how few other needs it is used for.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Error;
use super::analyse::{Stems, words};
use super::definition::{Definition, WEAK_WORDS};
use super::typo;
use crate::domain::language::Lang;

const NEEDS: &str = include_str!("../../index/search/needs.csv");
const RELATED: &str = include_str!("../../index/search/needs_related.csv");

/// Needs that one text is taken for.
const MEANT_MAX: usize = 8;
/// A need that is this much less sure than the surest is not meant.
const SHARE_MIN: f32 = 0.15;
/// What a second choice gets of the need that it stands in for.
const GOOD_SECOND_CHOICE: f32 = 0.5;
const SOME_HELP: f32 = 0.25;
/// Needs whose second choices are looked at, the surest.
const MEANT_WITH_SECOND_CHOICES: usize = 3;
/// Two words side by side say more than the two apart.
const PAIR_WEIGHT: f32 = 2.5;
/// Words heard this little are no evidence.
const HEARD_LITTLE: f32 = 3.0;
/// How the length of a saying thins out what each of its words says of the need.
const LENGTH_POWER: f32 = 0.6;

/// A need that a text asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meant {
    /// Of the taxonomy: `top-level/leaf`.
    pub code: String,
    /// 1 for the surest need; the others in proportion.
    pub share: f32,
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
    /// 2: a good second choice; 1: of some help.
    strength: u8,
}

#[derive(Debug, Default)]
pub(super) struct Needs {
    codes: Vec<String>,
    second_choices: HashMap<usize, Vec<(usize, f32)>>,
    /// What a word, or two side by side, says of each need.
    features: HashMap<Feature, Vec<(usize, f32)>>,
    /// Every word of the sayings, by its first letter, with how often it is used.
    vocabulary: HashMap<char, HashMap<String, u32>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Feature {
    is_english: bool,
    /// Stems; the second where they stand side by side.
    first: String,
    second: Option<String>,
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
        let mut stems = Stems::new();
        let mut at: HashMap<String, usize> = HashMap::new();
        for saying in csv::Reader::from_reader(sayings.as_bytes()).deserialize() {
            let saying: Saying = saying.map_err(|why| format!("needs.csv: {why}"))?;
            let code = *at.entry(saying.code.clone()).or_insert_with(|| {
                needs.codes.push(saying.code.clone());
                needs.codes.len() - 1
            });
            needs.learn(&saying, code, definition, &mut stems)?;
        }
        needs.weigh();
        for choice in csv::Reader::from_reader(related.as_bytes()).deserialize() {
            let choice: SecondChoice = choice.map_err(|why| format!("needs_related.csv: {why}"))?;
            let unknown = || format!("needs_related.csv: nobody says {} or {}", choice.code, choice.related);
            let (code, other) = at.get(&choice.code).zip(at.get(&choice.related)).ok_or_else(unknown)?;
            let share = if choice.strength >= 2 { GOOD_SECOND_CHOICE } else { SOME_HELP };
            needs.second_choices.entry(*code).or_default().push((*other, share));
        }
        Ok(needs)
    }

    fn learn(
        &mut self,
        saying: &Saying,
        code: usize,
        definition: &Definition,
        stems: &mut Stems,
    ) -> Result<(), String> {
        let strength = match saying.strength {
            3 => 1.0,
            2 => 0.7,
            1 => 0.4,
            other => return Err(format!("needs.csv: strength is 1 to 3, not {other}")),
        };
        let words = words(&saying.text);
        for word in &words {
            let first = word.chars().next().unwrap_or(' ');
            *self.vocabulary.entry(first).or_default().entry(word.clone()).or_default() += 1;
        }
        let features = features(&words, saying.lang, definition, stems);
        let said = strength / (features.len().max(1) as f32).powf(LENGTH_POWER);
        for feature in features {
            let known = self.features.entry(feature).or_default();
            match known.iter_mut().find(|(one, _)| *one == code) {
                Some((_, weight)) => *weight += said,
                None => known.push((code, said)),
            }
        }
        Ok(())
    }

    /// From how much was said to how much it tells: the share of a need among all that use the word, less where the
    /// word was hardly heard, more where few needs use it.
    fn weigh(&mut self) {
        let needs = self.codes.len() as f32;
        for (feature, known) in &mut self.features {
            let all: f32 = known.iter().map(|(_, said)| said).sum();
            let rarity = (1.0 + needs / known.len() as f32).ln().sqrt();
            let pair = if feature.second.is_some() { PAIR_WEIGHT } else { 1.0 };
            for (_, said) in known {
                *said *= pair * rarity / (all + HEARD_LITTLE);
            }
        }
    }

    /// The needs that words (folded) ask for, the surest first. A word that nobody says is read as the nearest one.
    pub(super) fn meant(&self, asked: &[String], definition: &Definition) -> Vec<Meant> {
        let mut stems = Stems::new();
        let read: Vec<String> = asked.iter().map(|word| self.nearest(word)).collect();
        let mut scores = vec![0.0_f32; self.codes.len()];
        for feature in Lang::ALL.into_iter().flat_map(|lang| features(&read, lang, definition, &mut stems)) {
            for (code, told) in self.features.get(&feature).into_iter().flatten() {
                if let Some(score) = scores.get_mut(*code) {
                    *score += told;
                }
            }
        }
        self.add_second_choices(&mut scores);
        let mut ranked: Vec<(f32, &String)> = scores.into_iter().zip(&self.codes).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        let surest = ranked.first().map_or(0.0, |(score, _)| *score);
        let is_meant = |(score, _): &(f32, &String)| *score > 0.0 && *score >= surest * SHARE_MIN;
        let meant = ranked.into_iter().take(MEANT_MAX).filter(is_meant);
        meant.map(|(score, code)| Meant { code: code.clone(), share: score / surest }).collect()
    }

    /// What else would help whoever is meant: where a service of the surest need is not to be had, the next best comes.
    fn add_second_choices(&self, scores: &mut [f32]) {
        let mut surest: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
        surest.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut added = vec![0.0_f32; scores.len()];
        for (code, score) in surest.into_iter().take(MEANT_WITH_SECOND_CHOICES) {
            for (other, share) in self.second_choices.get(&code).into_iter().flatten() {
                if let Some(most) = added.get_mut(*other) {
                    *most = most.max(score * share);
                }
            }
        }
        scores.iter_mut().zip(added).for_each(|(score, more)| *score += more);
    }

    fn nearest(&self, word: &str) -> String {
        let allowed = typo::changes_allowed(word);
        let known = word.chars().next().and_then(|first| self.vocabulary.get(&first));
        let Some(known) = known.filter(|known| allowed > 0 && !known.contains_key(word)) else {
            return word.to_owned();
        };
        let near = known.iter().filter_map(|(other, uses)| {
            let distance = typo::distance_within(word, other, allowed)?;
            Some((distance, std::cmp::Reverse(*uses), other))
        });
        near.min().map_or_else(|| word.to_owned(), |(_, _, other)| other.clone())
    }
}

/// The stems of the words that count, one by one and two by two.
fn features(words: &[String], lang: Lang, definition: &Definition, stems: &mut Stems) -> Vec<Feature> {
    let counted: Vec<&String> = words.iter().filter(|word| !definition.is_stop_word(word)).collect();
    let stemmed: Vec<String> = counted.iter().map(|word| stems.stem(lang, word).to_owned()).collect();
    let is_english = lang == Lang::En;
    let alone = counted.iter().zip(&stemmed).filter(|(word, _)| !WEAK_WORDS.contains(&word.as_str()));
    let alone = alone.map(|(_, stem)| Feature { is_english, first: stem.clone(), second: None });
    let pairs = stemmed.iter().zip(stemmed.iter().skip(1));
    let pairs = pairs.map(|(first, second)| Feature { is_english, first: first.clone(), second: Some(second.clone()) });
    alone.chain(pairs).collect()
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(surest(text).as_deref(), Some(code), "{text}");
        }
        assert_eq!(surest("xyzzy 404"), None);
        assert_eq!(surest("de la le"), None);
    }

    #[test]
    fn every_need_has_its_sayings_in_both_languages_and_no_other_code_is_there() {
        let sayings: Vec<Saying> =
            csv::Reader::from_reader(NEEDS.as_bytes()).deserialize().map(Result::unwrap).collect();
        for need in Taxonomy::embedded().terms().iter().filter(|term| term.is_leaf()) {
            for lang in Lang::ALL {
                let said = sayings.iter().filter(|saying| saying.code == need.code && saying.lang == lang).count();
                assert!(said >= 40, "{} has {said} sayings in {}", need.code, lang.as_str());
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
}
