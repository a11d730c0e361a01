//! The parts of a text that are said for needs of their own, and which of them it is matched by: a need is matched by
//! one category. What else is meant is told, that it may be asked as a need of its own.

use super::analyse::words;
use super::definition::Definition;
use super::needs::{Meant, Needs};
use super::{Error, Index};
use crate::domain::taxonomy::is_of_category;

/// What stands between the needs of one text, as signs and as words, and needs of one that are told apart.
const SIGNS_BETWEEN: [char; 13] = [',', ';', '+', '/', '&', '.', '!', '?', '\n', '\t', '…', ')', '•'];
const WORDS_BETWEEN: [&str; 12] =
    ["et", "and", "pis", "puis", "aussi", "ni", "ou", "or", "mais", "but", "ainsi", "also"];
/// What stands between two needs, or within one: "garderie avec transport", "seule avec un bébé".
const WITH: [&str; 2] = ["avec", "with"];
/// After "and", these are half of a number: "deux ans et demi".
const HALVES: [&str; 3] = ["demi", "demie", "half"];
/// After one of which comes all that is wanted: "pas de nourriture, juste des vêtements".
const ONLY: [&str; 4] = ["juste", "just", "seulement", "only"];
/// Said of what is asked, beside what is told of whoever asks: "on vient d'arriver, il faut un logement".
const ASKING: [&str; 8] = ["besoin", "cherche", "cherchons", "cherchent", "faut", "need", "needs", "looking"];
/// Of what is told beside what is asked, this comes first all the same.
const NEVER_SECOND: [&str; 2] = ["safety-violence", "mental-health/crisis"];
/// Said of what is not needed. Not "je veux pas": of what nobody wants, some is need.
const NOT_NEEDED: [&[&str]; 9] = [
    &["pas", "besoin"],
    &["don", "t", "need"],
    &["do", "not", "need"],
    &["ai", "deja", "un"],
    &["ai", "deja", "une"],
    &["ai", "deja", "mon"],
    &["ai", "deja", "ma"],
    &["already", "have", "a"],
    &["already", "have", "an"],
];
const TOLD_APART_MAX: usize = 8;
/// Needs that a text may be said for.
const PERHAPS_MAX: usize = 2;

/// What a text is said for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NeedRead {
    /// None where it hardly tells of any.
    pub surely: Option<String>,
    /// What stands in for that where nothing answers it; without it, what the text may be said for, the surest first
    /// ("j'ai peur").
    pub nearly: Vec<String>,
    /// What its parts are surely said for, each once, in their order ("couches et transport").
    pub of_parts: Vec<String>,
    /// The words of the part that says what it is surely said for, where there are several.
    pub part: Option<String>,
}

impl Index {
    /// The code of the need that a text is most surely said for; none where it hardly tells of any.
    pub fn need_of(text: &str) -> Result<Option<String>, Error> {
        Ok(surest(&needs_meant(&words(text))?))
    }

    /// The need that a text is said for, those that may be taken in its place, and those of its parts.
    pub fn read_need(text: &str) -> Result<NeedRead, Error> {
        let needs = needs_meant(&words(text))?;
        let parts = parts_told(text)?;
        let surely = surest_of_whole(surest(&needs), &parts)?;
        let nearly = match &surely {
            Some(need) => Needs::of_this_program()?.standing_in_for(need),
            None => needs.into_iter().filter(Meant::is_likely).take(PERHAPS_MAX).map(|need| need.code).collect(),
        };
        let told_apart = parts.are_apart.then_some(&parts.told).into_iter().flatten();
        let part = told_apart.into_iter().find(|part| surely.as_ref() == Some(&part.need));
        let part = part.map(|part| part.words.clone());
        Ok(NeedRead { surely, nearly, part, of_parts: parts.told.into_iter().map(|part| part.need).collect() })
    }
}

/// A part of a text.
#[derive(Default)]
struct Part {
    words: Vec<String>,
    /// It comes after a word for "only".
    is_all: bool,
}

/// A part of a text that is surely said for a need.
struct PartTold {
    need: String,
    words: String,
    is_asked: bool,
}

/// The parts of a text that are said for some need.
struct PartsTold {
    /// Each need once.
    told: Vec<PartTold>,
    /// There are several, or others tell of what is not needed.
    are_apart: bool,
}

fn parts_told(text: &str) -> Result<PartsTold, Error> {
    let mut told: Vec<PartTold> = vec![];
    let mut is_left_out = false;
    for Part { words, is_all } in parts_of(text)? {
        let Some(need) = surest(&needs_meant(&words)?) else { continue };
        if NOT_NEEDED.iter().any(|said| words.windows(said.len()).any(|words| words == *said)) {
            is_left_out = true;
            continue;
        }
        if is_all {
            is_left_out |= !told.is_empty();
            told.clear();
        }
        if !told.iter().any(|known| known.need == need) {
            let is_asked = words.iter().any(|word| ASKING.contains(&word.as_str()));
            told.push(PartTold { need, words: words.join(" "), is_asked });
        }
    }
    told.truncate(TOLD_APART_MAX);
    let are_apart = told.len() > 1 || is_left_out;
    Ok(PartsTold { told, are_apart })
}

/// What stands between signs and words that part, and the words of a list that none of these part.
fn parts_of(text: &str) -> Result<Vec<Part>, Error> {
    let mut parts: Vec<Part> = vec![];
    for clause in text.split(SIGNS_BETWEEN) {
        parts.push(Part::default());
        let mut left = words(clause).into_iter().peekable();
        while let Some(word) = left.next() {
            let is_half = left.peek().is_some_and(|next| HALVES.contains(&next.as_str()));
            let is_all = ONLY.contains(&word.as_str());
            if is_all || WORDS_BETWEEN.contains(&word.as_str()) && !is_half {
                parts.push(Part { words: vec![], is_all });
            } else if let Some(part) = parts.last_mut() {
                part.words.push(word);
            }
        }
    }
    // Signs alone are no part to be read.
    parts.retain(|part| !part.words.is_empty());
    let mut told_apart = vec![];
    for Part { words, is_all } in parts {
        let within = needs_within(&words)?;
        told_apart.extend(within.into_iter().map(|words| Part { words, is_all }));
    }
    Ok(told_apart)
}

/// Words that nothing parts may be a list all the same ("nourriture vêtements meubles"): where each tells of another
/// need, and one of these has nothing to do with the others. So may what stands before and after "with". Two are rather
/// one need, where that is what both tell of together.
fn needs_within(words: &[String]) -> Result<Vec<Vec<String>>, Error> {
    let is_with = |word: &String| WITH.contains(&word.as_str());
    let pieces: Vec<&[String]> =
        if words.iter().any(is_with) { words.split(is_with).collect() } else { words.chunks(1).collect() };
    let are_needs = (2..=TOLD_APART_MAX).contains(&pieces.len()) && tell_of_other_needs(&pieces, words)?;
    Ok(if are_needs { pieces.into_iter().map(<[String]>::to_vec).collect() } else { vec![words.to_vec()] })
}

fn tell_of_other_needs(pieces: &[&[String]], whole: &[String]) -> Result<bool, Error> {
    let mut needs: Vec<String> = vec![];
    for piece in pieces {
        match surest(&needs_meant(piece)?) {
            Some(need) if !needs.contains(&need) => needs.push(need),
            _ => return Ok(false),
        }
    }
    let known = Needs::of_this_program()?;
    let stands_apart = |one: &String| {
        needs.iter().filter(|other| *other != one).all(|other| !known.have_to_do_with_each_other(one, other))
    };
    let as_one = || Ok::<_, Error>(surest(&needs_meant(whole)?).is_some_and(|one| needs.contains(&one)));
    Ok(needs.iter().any(stands_apart) && (needs.len() > 2 || !as_one()?))
}

/// What a text of several needs is said for as a whole is another need where that has to do with each of them: a child
/// with a disability and a rest mean respite, diapers and a ride no adapted transport. Else it is what is asked for
/// beside what is told, that which the whole tells of, or the first that it tells of.
fn surest_of_whole(whole: Option<String>, parts: &PartsTold) -> Result<Option<String>, Error> {
    let known = Needs::of_this_program()?;
    let asked = parts.told.iter().find(|part| part.is_asked);
    let first = asked.or(parts.told.first()).map(|part| part.need.clone());
    let Some(whole) = whole else { return Ok(first) };
    let is_of_each = parts.told.iter().all(|part| known.have_to_do_with_each_other(&whole, &part.need));
    let is_one = parts.told.iter().any(|part| part.need == whole);
    let is_told_beside = asked.is_some() && !parts.told.iter().any(|part| part.is_asked && part.need == whole);
    let is_never_second = NEVER_SECOND.iter().any(|code| is_of_category(&whole, code));
    let stands = !parts.are_apart || is_of_each || is_one && (is_never_second || !is_told_beside);
    Ok(Some(whole).filter(|_| stands).or(first))
}

fn needs_meant(words: &[String]) -> Result<Vec<Meant>, Error> {
    Ok(Needs::of_this_program()?.meant(words, Definition::of_this_program()?))
}

fn surest(needs: &[Meant]) -> Option<String> {
    needs.iter().find(|need| need.is_sure()).map(|need| need.code.clone())
}
