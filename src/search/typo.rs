//! Words that a misspelt word may stand for: one change from five letters, two from nine, the same first letter.
//! A change is a letter added, dropped, replaced, or two neighbours swapped.

use tantivy::Searcher;
use tantivy::schema::Field;

/// Candidates kept for one word, the nearest and most used first.
pub(super) const CANDIDATES_MAX: usize = 6;

/// Terms read in one dictionary for one word: past it the rest of a very large vocabulary is left aside.
const TERMS_READ_MAX: usize = 200_000;

pub(super) fn changes_allowed(word: &str) -> usize {
    match word.chars().count() {
        _ if word.chars().any(|letter| letter.is_ascii_digit()) => 0,
        0..5 => 0,
        5..9 => 1,
        _ => 2,
    }
}

/// What of a candidate must be near to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    Whole,
    /// Its first letters: the word is still being typed.
    Beginning,
}

/// How near a candidate is; less is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    distance: usize,
    /// The commonest mistake is a letter written twice that stands once, or once that stands twice: `maisson`.
    differs_by_more_than_doubles: bool,
    /// Only its beginning is near.
    is_longer: bool,
}

fn single_letters(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Words of the index, and of `others`, near enough to `word`.
pub(super) fn corrections<'a>(
    searcher: &Searcher,
    words: Field,
    (word, near): (&str, Near),
    others: impl Iterator<Item = &'a str>,
) -> tantivy::Result<Vec<String>> {
    let allowed = changes_allowed(word);
    let Some(first) = word.chars().next().filter(|_| allowed > 0) else {
        return Ok(vec![]);
    };
    let without_doubles = single_letters(word);
    let mut found: Vec<(Nearness, std::cmp::Reverse<u32>, String)> = vec![];
    let mut consider = |candidate: &str, uses: u32| {
        if candidate.starts_with(first)
            && let Some(distance) = distance_within(word, (candidate, near), allowed)
        {
            match found.iter_mut().find(|(_, _, known)| known == candidate) {
                Some((_, known_uses, _)) => known_uses.0 = known_uses.0.saturating_add(uses),
                None => {
                    let nearness = Nearness {
                        distance,
                        differs_by_more_than_doubles: single_letters(candidate) != without_doubles,
                        is_longer: distance_within(word, (candidate, Near::Whole), allowed).is_none(),
                    };
                    found.push((nearness, std::cmp::Reverse(uses), candidate.to_owned()));
                }
            }
        }
    };
    let start = first.to_string();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(words)?;
        let mut terms = inverted.terms().range().ge(start.as_bytes()).into_stream()?;
        let mut read = 0;
        while read < TERMS_READ_MAX && terms.advance() && terms.key().starts_with(start.as_bytes()) {
            read += 1;
            // A term of several words is a phrase of the synonyms.
            if let Ok(candidate) = std::str::from_utf8(terms.key())
                && !candidate.contains(' ')
            {
                consider(candidate, terms.value().doc_freq);
            }
        }
    }
    others.for_each(|candidate| consider(candidate, 0));
    found.sort();
    Ok(found.into_iter().take(CANDIDATES_MAX).map(|(_, _, candidate)| candidate).collect())
}

/// Optimal string alignment distance, given up as soon as it passes `allowed`.
pub(super) fn distance_within(left: &str, (right, near): (&str, Near), allowed: usize) -> Option<usize> {
    let left: Vec<char> = left.chars().collect();
    let longest = if near == Near::Beginning { left.len() + allowed } else { usize::MAX };
    let right: Vec<char> = right.chars().take(longest).collect();
    if left.len().abs_diff(right.len()) > allowed {
        return None;
    }
    let mut before_last: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = last.get(column)? + usize::from(from != to);
            let mut best = replaced.min(last.get(column + 1)? + 1).min(line.get(column)? + 1);
            if row > 0 && column > 0 && left.get(row - 1) == Some(to) && right.get(column - 1) == Some(from) {
                best = best.min(before_last.get(column - 1)? + 1);
            }
            line.push(best);
        }
        if line.iter().all(|distance| *distance > allowed) {
            return None;
        }
        before_last = std::mem::replace(&mut last, line);
    }
    let distance = match near {
        Near::Whole => last.last(),
        Near::Beginning => last.iter().min(),
    };
    distance.copied().filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_from_five_letters_two_from_nine() {
        assert_eq!(changes_allowed("aide"), 0);
        assert_eq!(changes_allowed("repas1"), 0);
        assert_eq!(changes_allowed("repas"), 1);
        assert_eq!(changes_allowed("logement"), 1);
        assert_eq!(changes_allowed("garderies"), 2);
    }

    #[test]
    fn a_letter_written_twice_is_the_nearest_mistake() {
        assert_eq!(single_letters("maisson"), single_letters("maison"));
        let nearness = |distance, differs_by_more_than_doubles, is_longer| Nearness {
            distance,
            differs_by_more_than_doubles,
            is_longer,
        };
        assert!(nearness(1, false, true) < nearness(1, true, false));
        assert!(nearness(1, true, false) < nearness(1, true, true), "a whole word before the beginning of another");
        assert!(nearness(1, true, true) < nearness(2, false, false));
    }

    #[test]
    fn distances_are_those_of_the_definition() {
        let whole = |left, right, allowed| distance_within(left, (right, Near::Whole), allowed);
        assert_eq!(whole("garderie", "garderie", 2), Some(0));
        assert_eq!(whole("garderei", "garderie", 2), Some(1), "neighbours swapped");
        assert_eq!(whole("gardrie", "garderie", 1), Some(1));
        assert_eq!(whole("garderie", "gaderi", 2), Some(2));
        assert_eq!(whole("garderie", "gaderi", 1), None);
        assert_eq!(whole("", "ab", 2), Some(2));
        assert_eq!(whole("abc", "xyz", 2), None);
        let beginning = |left, right, allowed| distance_within(left, (right, Near::Beginning), allowed);
        assert_eq!(beginning("garde", "garderie", 1), Some(0));
        assert_eq!(beginning("gared", "garderie", 1), Some(1));
        assert_eq!(beginning("gadre", "garderie", 1), Some(1), "neighbours swapped, and the rest is not typed yet");
        assert_eq!(beginning("garderies", "garde", 1), None);
    }
}
