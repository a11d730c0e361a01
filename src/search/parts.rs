//! The parts of a text that are said for needs of their own, and which of them it is matched by: a need is matched by
//! one category. What else is meant is told, that it may be asked as a need of its own.

use super::analyse::words;
use super::clauses::{Part, Refusal, parts_of};
use super::definition::Definition;
use super::needs::{Meant, Needs};
use super::turns::{Turn, Turns};
use super::{Error, Index};
use crate::domain::taxonomy::{is_of_category, top_level_of};

/// Of what is told beside what is asked, this comes first all the same. It is not left out because something else is
/// wanted, or all that is, and told even where somebody says that no help is needed.
const NEVER_SECOND: [&str; 2] = ["safety-violence", "mental-health/crisis"];
/// What stands between two needs, or within one: "garderie avec transport", "seule avec un bébé".
const WITH: [&str; 2] = ["avec", "with"];
/// Needs of one text that are told; more than those of [`NEVER_SECOND`].
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

    /// The code of the need that a text is most surely said for; none where it hardly tells of any, or is a greeting.
    pub fn need_of(text: &str) -> Result<Option<String>, Error> {
        Ok(surest(&needs_meant(&words(text))?))
    }

    /// The need that a text is said for, those that may be taken in its place, and those of its parts.
    pub fn read_need(text: &str) -> Result<NeedRead, Error> {
        let Needed { parts, is_left_out, of_danger } = parts_needed(text)?;
        let told = parts_told(&parts)?;
        let turns = Turns::of_this_program()?;
        // "Ni" is said in few needs, and of any.
        let all_words = || words(text).into_iter().filter(|word| !turns.is(word, Turn::Nor)).collect();
        let needs = needs_meant(&words_of_needed(parts, is_left_out).unwrap_or_else(all_words))?;
        let surely = surest_of_whole(surest(&needs), &told)?;
        let nearly = match &surely {
            Some(need) => Needs::of_this_program()?.standing_in_for(need),
            None => needs.into_iter().filter(Meant::is_likely).take(PERHAPS_MAX).map(|need| need.code).collect(),
        };
        let matched = told.iter().find(|part| (told.len() > 1 || is_left_out) && surely.as_ref() == Some(&part.need));
        let part = matched.map(|part| part.words.clone());
        let mut of_parts: Vec<String> = vec![];
        for need in told.into_iter().map(|part| part.need).chain(of_danger) {
            of_parts.extend(Some(need).filter(|need| !of_parts.contains(need)));
        }
        keep_what_is_told(&mut of_parts);
        Ok(NeedRead { surely, nearly, part, of_parts })
    }
}

/// The words of a text without those of what is not needed; none where it tells of no such thing, or of nothing else.
pub(super) fn words_needed(text: &str) -> Result<Option<Vec<String>>, Error> {
    let Needed { parts, is_left_out, .. } = parts_needed(text)?;
    Ok(words_of_needed(parts, is_left_out))
}

fn words_of_needed(parts: Vec<Part>, is_left_out: bool) -> Option<Vec<String>> {
    let needed: Vec<String> = parts.into_iter().flat_map(|part| part.words).collect();
    Some(needed).filter(|needed| is_left_out && !needed.is_empty())
}

/// The parts of a text that tell of what is needed.
#[derive(Default)]
struct Needed {
    parts: Vec<Part>,
    /// Others are left out,
    is_left_out: bool,
    /// of which these needs are told all the same: nobody's safety is.
    of_danger: Vec<String>,
}

fn parts_needed(text: &str) -> Result<Needed, Error> {
    let mut needed = Needed::default();
    for part in parts_of(text)? {
        if part.is_all && !needs_within(&part.words)?.is_empty() {
            let before = std::mem::take(&mut needed.parts);
            let count = before.len();
            for part in before {
                needed.parts.extend(danger_of(&part)?.map(|_| part));
            }
            needed.is_left_out |= needed.parts.len() < count;
        }
        let is_needed = match part.refusal {
            Refusal::None => true,
            Refusal::Implied => danger_of(&part)?.is_some(),
            Refusal::Plain => {
                needed.of_danger.extend(danger_of(&part)?);
                false
            }
        };
        needed.is_left_out |= !is_needed;
        needed.parts.extend(Some(part).filter(|_| is_needed));
    }
    Ok(needed)
}

fn danger_of(part: &Part) -> Result<Option<String>, Error> {
    Ok(surest(&needs_meant(&part.words)?).filter(|need| is_never_second(need)))
}

/// The first of them, and all that are of danger.
fn keep_what_is_told(needs: &mut Vec<String>) {
    let of_danger = needs.iter().filter(|need| is_never_second(need)).count();
    let mut others = TOLD_APART_MAX.saturating_sub(of_danger);
    needs.retain(|need| {
        is_never_second(need) || {
            let has_room = others > 0;
            others = others.saturating_sub(1);
            has_room
        }
    });
}

fn is_never_second(need: &str) -> bool {
    NEVER_SECOND.iter().any(|code| is_of_category(need, code))
}

/// A part of a text that is surely said for a need.
struct PartTold {
    need: String,
    /// That say it; of a need that may be one with another, the words of both.
    words: String,
    is_asked: bool,
    /// Something else is wanted instead.
    is_refused: bool,
}

/// What parts are surely said for, each need once.
fn parts_told(parts: &[Part]) -> Result<Vec<PartTold>, Error> {
    let mut told: Vec<PartTold> = vec![];
    for Part { words, is_asked: asks, refusal, .. } in parts {
        let needs = needs_within(words)?;
        // What comes after "with" tells more of what stands before it.
        let is_headed = needs.len() > 1 && words.iter().any(|word| is_with(word));
        for (at, (need, words)) in needs.into_iter().enumerate() {
            let is_asked = if is_headed { at == 0 } else { *asks };
            let is_refused = *refusal != Refusal::None;
            match told.iter_mut().find(|known| known.need == need) {
                Some(known) => {
                    known.is_asked |= is_asked;
                    known.is_refused &= is_refused;
                }
                None => told.push(PartTold { need, words: words.join(" "), is_asked, is_refused }),
            }
        }
    }
    Ok(told)
}

/// The needs that a part tells of, each with the words that say it: one, or several where it is a list.
fn needs_within(words: &[String]) -> Result<Vec<(String, Vec<String>)>, Error> {
    let (definition, turns) = (Definition::of_this_program()?, Turns::of_this_program()?);
    let only_asks = |word: &&String| turns.is(word, Turn::Asks) || definition.is_stop_word(word);
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
/// beside what is told, that which the whole tells of, or the first that it tells of. Danger comes before all.
fn surest_of_whole(whole: Option<String>, told: &[PartTold]) -> Result<Option<String>, Error> {
    let known = Needs::of_this_program()?;
    let danger = told.iter().find(|part| is_never_second(&part.need) && !part.is_refused);
    if let Some(danger) = danger {
        return Ok(whole.filter(|whole| is_never_second(whole)).or(Some(danger.need.clone())));
    }
    let asked = told.iter().find(|part| part.is_asked);
    let first = asked.or(told.first()).map(|part| part.need.clone());
    let Some(whole) = whole else { return Ok(first) };
    let is_of_each = told.iter().all(|part| known.have_to_do_with_each_other(&whole, &part.need));
    let is_one = told.iter().any(|part| part.need == whole);
    // "My dad has dementia, I need a break": the whole tells which kind.
    let is_asked = |part: &PartTold| part.is_asked && top_level_of(&part.need) == top_level_of(&whole);
    let is_told_beside = asked.is_some() && !told.iter().any(is_asked);
    let stands_among = if is_one { is_never_second(&whole) || !is_told_beside } else { is_of_each };
    let stands = told.len() < 2 || stands_among;
    Ok(Some(whole).filter(|_| stands).or(first))
}

/// Of a greeting, or of what somebody is called, none.
fn needs_meant(words: &[String]) -> Result<Vec<Meant>, Error> {
    let definition = Definition::of_this_program()?;
    if !definition.says_something(words) {
        return Ok(vec![]);
    }
    Ok(Needs::of_this_program()?.meant(words, definition))
}

fn surest(needs: &[Meant]) -> Option<String> {
    needs.iter().find(|need| need.is_sure()).map(|need| need.code.clone())
}
