//! A text, as the parts that may each tell of a need: what stands between signs, words that part, and words that begin
//! what is asked for or what is refused.

use super::Error;
use super::analyse::words;
use super::definition::Definition;
use super::turns::{Turn, Turns};

/// What stands between the needs of one text, as signs.
const SIGNS_BETWEEN: [char; 13] = [',', ';', '+', '/', '&', '.', '!', '?', '\n', '\t', '…', ')', '•'];
/// What is wanted instead of something begins so: "pas un transport, des couches".
const ARTICLES: [&str; 8] = ["un", "une", "du", "des", "de", "a", "an", "some"];
/// So does what is wanted after "ni A ni B"; "un" may begin what is told: "ni travail ni logement, un bébé".
const PARTITIVES: [&str; 4] = ["du", "des", "de", "some"];
const IT_IS: [&str; 3] = ["est", "it", "its"];
/// Words of "c'est pas un".
const IS_NOT_WORDS_MIN: usize = 3;

/// Whether a part of a text is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Refusal {
    #[default]
    None,
    /// It is not needed, or there already, or was seen to.
    Plain,
    /// Something else is wanted instead: of what nobody wants, some is need all the same.
    Implied,
}

/// A part of a text.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub words: Vec<String>,
    /// It comes after a word for "only".
    pub is_all: bool,
    pub is_asked: bool,
    pub refusal: Refusal,
    /// It is refused where the part after it answers this turn of speech.
    unanswered: Option<Turn>,
}

impl Part {
    fn is_perhaps_refused(&self) -> bool {
        self.refusal != Refusal::None || self.unanswered.is_some()
    }
}

/// The parts of a text, in their order.
pub(super) fn parts_of(text: &str) -> Result<Vec<Part>, Error> {
    let turns = Turns::of_this_program()?;
    let definition = Definition::of_this_program()?;
    let mut reading = Reading { turns, definition, parts: vec![], part: Part::default() };
    for clause in text.split(SIGNS_BETWEEN) {
        reading.read(&words(clause));
        reading.begin(Part::default());
    }
    let mut parts = reading.parts;
    leave_out_what_was_seen_to(&mut parts, turns);
    settle_what_is_answered(&mut parts, definition);
    Ok(parts)
}

struct Reading {
    turns: &'static Turns,
    definition: &'static Definition,
    parts: Vec<Part>,
    /// That is being read.
    part: Part,
}

impl Reading {
    fn begin(&mut self, part: Part) {
        let ended = std::mem::replace(&mut self.part, part);
        // Signs alone are no part to be read.
        self.parts.extend(Some(ended).filter(|part| !part.words.is_empty()));
    }

    fn read(&mut self, clause: &[String]) {
        let mut left = clause;
        while !left.is_empty() {
            if self.tells_what_it_is(left) {
                self.begin(Part::default());
            }
            let turn = self.turns.at(left, |turn, count| self.is_turn_here(turn, left.get(count)));
            let taken = turn.map_or(1, |(_, count)| count);
            let turn = turn.map(|(turn, _)| turn);
            if let Some(turn) = turn {
                self.turn(turn);
            }
            if !matches!(turn, Some(Turn::Between | Turn::Nor | Turn::Than | Turn::Only)) {
                self.part.words.extend(left.iter().take(taken).cloned());
            }
            left = left.get(taken..).unwrap_or_default();
        }
    }

    fn turn(&mut self, turn: Turn) {
        let is_refused = self.part.is_perhaps_refused();
        let next = match turn {
            Turn::Between | Turn::Lacks => Part::default(),
            Turn::Nor => self.also_refused(),
            Turn::Only => Part { is_all: true, ..Part::default() },
            Turn::Asks | Turn::AsksFirst => Part { is_asked: true, ..Part::default() },
            Turn::Wants if is_refused => Part { is_asked: true, ..Part::default() },
            Turn::Wants => return self.part.is_asked = true,
            Turn::Refuses | Turn::RefusesFirst => Part { refusal: Refusal::Plain, ..Part::default() },
            Turn::Than => Part { refusal: Refusal::Implied, ..Part::default() },
            Turn::Not if self.is_after_a_need() => Part { refusal: Refusal::Implied, ..Part::default() },
            Turn::Not | Turn::IsNot | Turn::WantsNot => Part { unanswered: Some(turn), ..Part::default() },
            Turn::GoesOn | Turn::Settled | Turn::NoneIs | Turn::Needed => return,
            Turn::Has | Turn::Lacked | Turn::Rather => return,
        };
        self.begin(next);
    }

    /// What comes after "ni".
    fn also_refused(&self) -> Part {
        let begins = self.parts.is_empty() && self.part.words.is_empty();
        let unanswered = self.part.unanswered.or(begins.then_some(Turn::Nor));
        Part { refusal: self.part.refusal, unanswered, ..Part::default() }
    }

    /// Whether a turn of speech is one at this place of the part that is read, before what comes next.
    fn is_turn_here(&self, turn: Turn, next: Option<&String>) -> bool {
        let is_first = self.part.words.is_empty();
        match turn {
            Turn::Between | Turn::Nor | Turn::GoesOn | Turn::Only | Turn::Refuses | Turn::WantsNot => true,
            // "C'est pas un psy que je cherche" goes on.
            Turn::Asks | Turn::Wants => self.part.unanswered != Some(Turn::IsNot),
            Turn::AsksFirst | Turn::RefusesFirst | Turn::IsNot => is_first,
            Turn::Not => {
                let is_had = self.part.words.last().is_some_and(|word| self.turns.is(word, Turn::Has));
                let is_lacked = next.is_some_and(|next| self.turns.is(next, Turn::Lacked));
                !is_had && !is_lacked && (is_first || self.is_after_a_need())
            }
            Turn::Lacks => self.definition.says_something(&self.part.words) && self.lacks_something(),
            Turn::Than => self.part.words.iter().any(|word| self.turns.is(word, Turn::Rather)),
            Turn::Settled | Turn::NoneIs | Turn::Needed | Turn::Has | Turn::Lacked | Turn::Rather => false,
        }
    }

    /// "C'est pas un psy qu'il lui faut c'est du répit", without a sign.
    fn tells_what_it_is(&self, left: &[String]) -> bool {
        let is_open = self.part.unanswered == Some(Turn::IsNot) && self.part.words.len() > IS_NOT_WORDS_MIN;
        is_open && left.first().is_some_and(|word| IT_IS.contains(&word.as_str()))
    }

    fn lacks_something(&self) -> bool {
        let words = &self.part.words;
        let begins_at =
            |at| words.get(at..).is_some_and(|left| self.turns.at(left, |turn, _| turn == Turn::Lacks).is_some());
        (0..words.len()).any(begins_at)
    }

    /// Whether what was read so far says anything that may be needed.
    fn is_after_a_need(&self) -> bool {
        let read = self.parts.iter().chain([&self.part]);
        read.into_iter().any(|part| !part.is_perhaps_refused() && self.definition.says_something(&part.words))
    }
}

fn leave_out_what_was_seen_to(parts: &mut [Part], turns: &Turns) {
    for at in 0..parts.len() {
        let words = parts.get(at).map(|part| part.words.as_slice()).unwrap_or_default();
        let Some(count) = turns.settled_at_end(words) else { continue };
        let is_asked = |at: usize| parts.get(at).is_some_and(|part| part.is_asked);
        // "Les impôts, c'est fait."
        let says_it_of_the_last = words.len() <= count + 1;
        let first = if says_it_of_the_last { at.saturating_sub(1) } else { at };
        if is_asked(at) || is_asked(first) {
            continue;
        }
        for part in parts.get_mut(first..=at).into_iter().flatten() {
            (part.refusal, part.unanswered) = (Refusal::Plain, None);
        }
    }
}

fn settle_what_is_answered(parts: &mut [Part], definition: &Definition) {
    /// The next part that is wanted and says what is.
    struct Answer {
        is_asked: bool,
        first: String,
    }
    let mut answer: Option<Answer> = None;
    for part in parts.iter_mut().rev() {
        let is_answer_to = |turn: Turn| {
            let (begins, by_asking) = match turn {
                Turn::IsNot => (&IT_IS[..], true),
                Turn::Nor => (&PARTITIVES[..], false),
                _ => (&ARTICLES[..], true),
            };
            let answers = |answer: &Answer| begins.contains(&answer.first.as_str()) || by_asking && answer.is_asked;
            answer.as_ref().is_some_and(answers)
        };
        if part.unanswered.is_some_and(is_answer_to) {
            part.refusal = Refusal::Implied;
        }
        let is_wanted = part.refusal == Refusal::None && definition.says_something(&part.words);
        if let Some(first) = part.words.first().filter(|_| is_wanted) {
            answer = Some(Answer { is_asked: part.is_asked, first: first.clone() });
        }
    }
}
