//! Turns of speech that part what people say of their needs, and that tell what of it is asked for, refused or seen to.
//! They are data: `index/search/turns_of_speech.csv`.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Error;
use super::analyse::words;

const TURNS_OF_SPEECH: &str = include_str!("../../index/search/turns_of_speech.csv");

/// What a turn of speech does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Turn {
    /// Stands between two parts, and is of neither: "et".
    Between,
    /// Stands between two parts that are refused together: "pas besoin de A ni de B". At the start of a text it begins
    /// what is refused where the text goes on otherwise: "ni A ni B, du C".
    Nor,
    /// Begins another part after such a one: "pas de A pas de B".
    Lacks,
    /// Has words that stand between two parts elsewhere: "deux ans et demi", "une place où dormir".
    GoesOn,
    /// After it comes all that is wanted: "pas de nourriture, juste des vêtements".
    Only,
    /// Begins what is asked for: "on vient d'arriver, il faut un logement".
    Asks,
    /// The same, where it begins a part: "reste le transport".
    AsksFirst,
    /// Asks for what is around it, and begins a part only after what is refused: "je voudrais".
    Wants,
    /// Begins what is not needed, or is there already: "pas besoin de", "j'ai déjà une".
    Refuses,
    /// The same, where it begins a part: "oubliez".
    RefusesFirst,
    /// Begins what is refused where something is asked for after it: "je veux pas de A, je veux B". Else some of it may
    /// be need: nobody wants to be beaten.
    WantsNot,
    /// Begins what is refused where the next part tells what it is instead: "c'est pas A que je cherche, c'est B".
    IsNot,
    /// Begins what is refused beside what is not: "B, pas un A". Not "pas de A", which is a need.
    Not,
    /// Before [`Turn::Than`], what stands between is wanted: "plutôt A que B".
    Rather,
    /// So what comes after it is refused.
    Than,
    /// Ends what was seen to, or says it of the part before: "le loyer est payé", "les impôts, c'est fait". Not "est
    /// pas payé", nor "formation payée".
    Settled,
    /// Begins what [`Turn::Needed`] ends, and is not: "no daycare needed".
    NoneIs,
    Needed,
    /// Before [`Turn::Not`], what follows is missed: "elle a pas un lit".
    Has,
    /// So it is after it: "pas un sou".
    Lacked,
}

#[derive(Deserialize)]
struct Row {
    kind: Turn,
    words: String,
}

#[derive(Debug, Default)]
pub(super) struct Turns {
    /// By their first word.
    known: HashMap<String, Vec<(Vec<String>, Turn)>>,
}

impl Turns {
    /// Those that this program was built with.
    pub(super) fn of_this_program() -> Result<&'static Self, Error> {
        static TURNS: OnceLock<Result<Turns, String>> = OnceLock::new();
        TURNS.get_or_init(|| Self::read(TURNS_OF_SPEECH)).as_ref().map_err(|why| Error::Definition(why.clone()))
    }

    fn read(rows: &str) -> Result<Self, String> {
        let mut turns = Self::default();
        for row in csv::Reader::from_reader(rows.as_bytes()).deserialize() {
            let Row { kind, words: said } = row.map_err(|why| format!("turns_of_speech.csv: {why}"))?;
            let said = words(&said);
            let first = said.first().ok_or("turns_of_speech.csv: a turn without words")?.clone();
            turns.known.entry(first).or_default().push((said, kind));
        }
        // The longest first: "mais pas besoin" is no "mais pas".
        turns.known.values_mut().for_each(|known| known.sort_by_key(|(said, _)| std::cmp::Reverse(said.len())));
        Ok(turns)
    }

    /// The longest turn of speech at the start of words (folded), among those that are one there, and how many words it
    /// has.
    pub(super) fn at(&self, words: &[String], is_one_here: impl Fn(Turn, usize) -> bool) -> Option<(Turn, usize)> {
        let known = self.known.get(words.first()?)?.iter();
        let mut found = known.filter(|(said, _)| words.starts_with(said)).map(|(said, kind)| (*kind, said.len()));
        found.find(|(kind, count)| is_one_here(*kind, *count))
    }

    /// Whether a word alone is a turn of speech of this kind.
    pub(super) fn is(&self, word: &str, kind: Turn) -> bool {
        let known = self.known.get(word).into_iter().flatten();
        known.into_iter().any(|(said, of)| *of == kind && said.len() == 1)
    }

    /// How many words at the end say that something was seen to, or that none of it is needed.
    pub(super) fn settled_at_end(&self, words: &[String]) -> Option<usize> {
        let is_of_none = words.first().is_some_and(|word| self.is(word, Turn::NoneIs));
        let settles = |kind| kind == Turn::Settled || (kind == Turn::Needed && is_of_none);
        (0..words.len()).find_map(|at| {
            let end = words.get(at..)?;
            self.at(end, |kind, count| settles(kind) && count == end.len()).map(|(_, count)| count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_turn_that_is_one_there_is_found() {
        let turns = Turns::of_this_program().unwrap();
        let at = |text: &str| turns.at(&words(text), |turn, _| turn != Turn::Not);
        assert_eq!(at("mais pas besoin de répit"), Some((Turn::Refuses, 3)));
        assert_eq!(at("mais pas un sou"), Some((Turn::Asks, 2)), "the longer is none there");
        assert_eq!(at("mais encore"), Some((Turn::Between, 1)));
        assert_eq!(at("couches"), None);
        assert_eq!(turns.settled_at_end(&words("mon loyer est payé")), Some(2));
        assert_eq!(turns.settled_at_end(&words("mon loyer est pas payé")), None);
    }

    #[test]
    fn rows_that_nothing_can_be_made_of_are_refused() {
        for rows in ["kind,words\nhums,et\n", "kind,words\nasks,\n", "kind\nasks\n"] {
            assert!(Turns::read(rows).is_err(), "{rows}");
        }
    }
}
