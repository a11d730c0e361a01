//! The parts of a text that are said for needs of their own, and which of them it is matched by: a need is matched by
//! one category. What else is meant is told, that it may be asked as a need of its own.

use super::analyse::words;
use super::definition::Definition;
use super::needs::{Meant, Needs};
use super::{Error, Index};
use crate::domain::taxonomy::is_of_category;

/// What stands between the needs of one text, as signs and as words, and needs of one that are told apart.
const SIGNS_BETWEEN: [char; 13] = [',', ';', '+', '/', '&', '.', '!', '?', '\n', '\t', '…', ')', '•'];
const WORDS_BETWEEN: [&str; 14] =
    ["et", "and", "pis", "puis", "aussi", "ni", "ou", "or", "mais", "but", "ainsi", "also", "ensuite", "then"];
/// What stands between two needs, or within one: "garderie avec transport", "seule avec un bébé".
const WITH: [&str; 2] = ["avec", "with"];
/// After "and", these are half of a number: "deux ans et demi".
const HALVES: [&str; 3] = ["demi", "demie", "half"];
/// After one of which comes all that is wanted: "pas de nourriture, juste des vêtements".
const ONLY: [&str; 4] = ["juste", "just", "seulement", "only"];
/// Said of what is asked, beside what is told of whoever asks: "on vient d'arriver, il faut un logement". Each begins a
/// need of its own.
const ASKING: [&str; 9] =
    ["besoin", "cherche", "cherchons", "cherchent", "faut", "manque", "manquent", "need", "looking"];
/// Of what is told beside what is asked, this comes first all the same.
const NEVER_SECOND: [&str; 2] = ["safety-violence", "mental-health/crisis"];
/// Begins what is not needed. Not "je veux pas": of what nobody wants, some is need.
const NOT_NEEDED: [&[&str]; 24] = [
    &["merci", "pour"],
    &["merci", "beaucoup", "pour"],
    &["thanks", "for"],
    &["thank", "you", "for"],
    &["pas", "besoin"],
    &["plus", "besoin"],
    &["pu", "besoin"],
    &["pus", "besoin"],
    &["aucun", "besoin"],
    &["cherche", "pas"],
    &["don", "t", "need"],
    &["dont", "need"],
    &["do", "not", "need"],
    &["not", "looking"],
    &["inutile", "de"],
    &["ai", "deja", "un"],
    &["ai", "deja", "une"],
    &["ai", "deja", "mon"],
    &["ai", "deja", "ma"],
    &["on", "a", "deja", "un"],
    &["on", "a", "deja", "une"],
    &["on", "a", "deja", "notre"],
    &["already", "have", "a"],
    &["already", "have", "an"],
];
/// Begins it too where something was asked before: "besoin de nourriture, pas d'un psy". Not "pas de": that is a need.
const NOT_THAT: [&[&str]; 8] = [
    &["pas", "un"],
    &["pas", "une"],
    &["pas", "le"],
    &["pas", "la"],
    &["pas", "les"],
    &["not", "a"],
    &["not", "an"],
    &["not", "the"],
];
/// Asks, and begins a need of its own after what is not needed alone.
const WANTING: [&str; 4] = ["veux", "voudrais", "want", "aimerais"];
/// Ends what was seen to: "mon loyer est payé, mais j'ai pus de bouffe". Not "formation payée", nor "est pas payé".
const SETTLED: [&[&str]; 9] = [
    &["est", "paye"],
    &["est", "payee"],
    &["est", "regle"],
    &["est", "reglee"],
    &["sont", "payes"],
    &["sont", "payees"],
    &["is", "paid"],
    &["are", "paid"],
    &["is", "sorted"],
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
    /// Reads what people say of their needs, which takes a moment: else the first search waits for it.
    pub fn read_sayings() -> Result<(), Error> {
        Needs::of_this_program().map(|_| ())
    }

    /// The code of the need that a text is most surely said for; none where it hardly tells of any.
    pub fn need_of(text: &str) -> Result<Option<String>, Error> {
        Ok(surest(&needs_meant(&words(text))?))
    }

    /// The need that a text is said for, those that may be taken in its place, and those of its parts.
    pub fn read_need(text: &str) -> Result<NeedRead, Error> {
        let Parts { told, needed, is_left_out } = parts_told(text)?;
        let all = words(text);
        let needs = needs_meant(if is_left_out && !needed.is_empty() { &needed } else { &all })?;
        let surely = surest_of_whole(surest(&needs), &told)?;
        let nearly = match &surely {
            Some(need) => Needs::of_this_program()?.standing_in_for(need),
            None => needs.into_iter().filter(Meant::is_likely).take(PERHAPS_MAX).map(|need| need.code).collect(),
        };
        let matched = told.iter().find(|part| (told.len() > 1 || is_left_out) && surely.as_ref() == Some(&part.need));
        let part = matched.map(|part| part.words.clone());
        Ok(NeedRead { surely, nearly, part, of_parts: told.into_iter().map(|part| part.need).collect() })
    }
}

/// The words of a text without those of what is not needed; none where it tells of no such thing, or of nothing else.
pub(super) fn words_needed(text: &str) -> Option<Vec<String>> {
    let parts = parts_of(text);
    let is_left_out = parts.iter().any(|part| !part.is_needed);
    let needed = parts.into_iter().filter(|part| part.is_needed).flat_map(|part| part.words);
    Some(needed.collect::<Vec<String>>()).filter(|needed| is_left_out && !needed.is_empty())
}

/// A part of a text.
#[derive(Default)]
struct Part {
    words: Vec<String>,
    /// It comes after a word for "only".
    is_all: bool,
    is_needed: bool,
}

/// A part of a text that is surely said for a need.
struct PartTold {
    need: String,
    /// That say it; of a need that may be one with another, the words of both.
    words: String,
    is_asked: bool,
}

/// The parts of a text that are said for some need.
struct Parts {
    /// Each need once.
    told: Vec<PartTold>,
    /// The words of all parts but those that tell of what is not needed, and whether there are such.
    needed: Vec<String>,
    is_left_out: bool,
}

fn parts_told(text: &str) -> Result<Parts, Error> {
    let mut parts = Parts { told: vec![], needed: vec![], is_left_out: false };
    for Part { words, is_all, is_needed } in parts_of(text) {
        if !is_needed {
            parts.is_left_out = true;
            continue;
        }
        let needs = needs_within(&words)?;
        if is_all && !needs.is_empty() {
            parts.is_left_out |= !parts.told.is_empty();
            (parts.told, parts.needed) = (vec![], vec![]);
        }
        let asks = words.iter().any(|word| ASKING.contains(&word.as_str()));
        // What comes after "with" tells more of what stands before it.
        let is_headed = needs.len() > 1 && words.iter().any(|word| is_with(word));
        for (at, (need, words)) in needs.into_iter().enumerate() {
            let is_asked = if is_headed { at == 0 } else { asks };
            match parts.told.iter_mut().find(|known| known.need == need) {
                Some(known) => known.is_asked |= is_asked,
                None => parts.told.push(PartTold { need, words: words.join(" "), is_asked }),
            }
        }
        parts.needed.extend(words);
    }
    parts.told.truncate(TOLD_APART_MAX);
    Ok(parts)
}

/// What stands between signs, words that part, and words that begin what is asked or what is not needed.
fn parts_of(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    let mut is_asked = false;
    for clause in text.split(SIGNS_BETWEEN) {
        let words = words(clause);
        let mut left = words.as_slice();
        let mut part = Part { is_needed: true, ..Part::default() };
        while let Some((word, after)) = left.split_first() {
            let is_half = after.first().is_some_and(|next| HALVES.contains(&next.as_str()));
            let is_all = ONLY.contains(&word.as_str());
            let is_wanting = WANTING.contains(&word.as_str());
            let begins_asking = ASKING.contains(&word.as_str()) || is_wanting && !part.is_needed;
            let parts_here = WORDS_BETWEEN.contains(&word.as_str()) && !is_half;
            let refused = NOT_NEEDED.iter().chain(NOT_THAT.iter().filter(|_| is_asked));
            let refusal = refused.into_iter().find(|said| begins(left, said));
            is_asked |= begins_asking || is_wanting;
            let taken = refusal.map_or(1, |said| said.len());
            if is_all || begins_asking || parts_here || refusal.is_some() {
                let next = Part { words: vec![], is_all, is_needed: refusal.is_none() };
                parts.push(std::mem::replace(&mut part, next));
            }
            if !is_all && !parts_here {
                part.words.extend(left.iter().take(taken).cloned());
            }
            left = left.get(taken..).unwrap_or_default();
        }
        parts.push(part);
    }
    // Signs alone are no part to be read.
    parts.retain(|part| !part.words.is_empty());
    parts.iter_mut().for_each(|part| part.is_needed &= !is_settled(&part.words));
    parts
}

fn is_settled(words: &[String]) -> bool {
    SETTLED.iter().any(|said| begins(words.get(words.len().saturating_sub(said.len())..).unwrap_or_default(), said))
}

fn begins(words: &[String], said: &[&str]) -> bool {
    words.len() >= said.len() && words.iter().zip(said).all(|(word, said)| word == said)
}

/// The needs that a part tells of, each with the words that say it: one, or several where it is a list.
fn needs_within(words: &[String]) -> Result<Vec<(String, Vec<String>)>, Error> {
    let definition = Definition::of_this_program()?;
    let only_asks = |word: &&String| ASKING.contains(&word.as_str()) || definition.is_stop_word(word);
    let listed = words.get(words.iter().take_while(only_asks).count()..).unwrap_or_default();
    let pieces: Vec<&[String]> = if listed.iter().any(|word| is_with(word)) {
        listed.split(|word| is_with(word)).collect()
    } else {
        listed.chunks(1).collect()
    };
    let needs = if (2..=TOLD_APART_MAX).contains(&pieces.len()) { list_of(&pieces)? } else { None };
    let whole = surest(&needs_meant(words)?);
    let of_all = |need: String| (need, words.to_vec());
    // Two may be of one need, which is that of both: nobody says which of them only tells more of it.
    let may_be_one = |needs: &[(String, Vec<String>)]| {
        pieces.len() == 2 && whole.as_ref().is_some_and(|whole| needs.iter().any(|(need, _)| need == whole))
    };
    Ok(match needs {
        Some(needs) if !may_be_one(&needs) => needs,
        Some(needs) => needs.into_iter().map(|(need, _)| of_all(need)).collect(),
        None => whole.map(of_all).into_iter().collect(),
    })
}

fn is_with(word: &str) -> bool {
    WITH.contains(&word)
}

/// Words that nothing parts may be a list all the same ("nourriture vêtements meubles"): where each tells of a need and
/// one of these has nothing to do with the others. So may what stands before and after "with".
fn list_of(pieces: &[&[String]]) -> Result<Option<Vec<(String, Vec<String>)>>, Error> {
    let mut listed: Vec<(String, Vec<String>)> = vec![];
    for piece in pieces {
        let Some(need) = surest(&needs_meant(piece)?) else { return Ok(None) };
        match listed.iter_mut().find(|(known, _)| *known == need) {
            Some((_, words)) => words.extend_from_slice(piece),
            None => listed.push((need, piece.to_vec())),
        }
    }
    let known = Needs::of_this_program()?;
    let stands_apart = |(one, _): &(String, Vec<String>)| {
        let mut others = listed.iter().filter(|(other, _)| other != one).peekable();
        others.peek().is_some() && others.all(|(other, _)| !known.have_to_do_with_each_other(one, other))
    };
    Ok(listed.iter().any(stands_apart).then_some(listed))
}

/// What a text of several needs is said for as a whole is another need where that has to do with each of them: a child
/// with a disability and a rest mean respite, diapers and a ride no adapted transport. Else it is what is asked for
/// beside what is told, that which the whole tells of, or the first that it tells of.
fn surest_of_whole(whole: Option<String>, told: &[PartTold]) -> Result<Option<String>, Error> {
    let known = Needs::of_this_program()?;
    let asked = told.iter().find(|part| part.is_asked);
    let first = asked.or(told.first()).map(|part| part.need.clone());
    let Some(whole) = whole else { return Ok(first) };
    let is_of_each = told.iter().all(|part| known.have_to_do_with_each_other(&whole, &part.need));
    let is_one = told.iter().any(|part| part.need == whole);
    let is_told_beside = asked.is_some() && !told.iter().any(|part| part.is_asked && part.need == whole);
    let is_never_second = NEVER_SECOND.iter().any(|code| is_of_category(&whole, code));
    let stands = told.len() < 2 || is_of_each || is_one && (is_never_second || !is_told_beside);
    Ok(Some(whole).filter(|_| stands).or(first))
}

fn needs_meant(words: &[String]) -> Result<Vec<Meant>, Error> {
    Ok(Needs::of_this_program()?.meant(words, Definition::of_this_program()?))
}

fn surest(needs: &[Meant]) -> Option<String> {
    needs.iter().find(|need| need.is_sure()).map(|need| need.code.clone())
}
