//! From a text that a person types to territories: names with or without accents, saints written short, postal codes,
//! homonyms told apart by their MRC.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::directory::Point;
use super::fold::fold_place;
use super::territory::{Gazetteer, Level, Match, Territory, postal_area_of};

/// Letters of a typed text that are read; a longer one is cut.
pub const TYPED_CHARS_MAX: usize = 200;
/// Two places of one MRC with one name and nearer than this are the same place told by two sources.
const SAME_PLACE_KM: f64 = 15.0;
/// A name is offered from its first letters when at least so many were typed.
const PREFIX_CHARS_MIN: usize = 3;
/// Words of a text in which a name and what it is in are told apart without a comma.
const WORDS_TOLD_APART_MAX: usize = 10;
/// The province, as people write it after a place: everything is in it.
const PROVINCE: [&str; 3] = ["quebec", "qc", "pq"];
/// A name of so many letters may have two of them wrong.
const LONG_NAME_CHARS_MIN: usize = 6;

/// One name to look for.
pub(super) struct Name {
    pub(super) folded: String,
    /// Place of its territory in the gazetteer.
    pub(super) at: usize,
    likeness: Likeness,
}

/// What a label must add to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Unique,
    /// Others have the name, in other MRC.
    ElsewhereToo,
    /// Another has the name in the same MRC.
    SameMrc,
}

/// How well a name answers; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    StartsWithWords,
    HasWords,
    StartsWithLetters,
}

/// The names of a gazetteer, without those that another entry says better.
pub(super) fn names_of(territories: &[Territory], mrc_of: impl Fn(&str) -> Option<String>) -> Vec<Name> {
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, territory) in territories.iter().enumerate() {
        if territory.level != Level::PostalArea {
            by_name.entry(fold_place(&territory.name)).or_default().push(at);
        }
    }
    let mut names = Vec::with_capacity(territories.len());
    for (folded, group) in by_name {
        let kept = without_shadows(territories, &group, &mrc_of);
        names.extend(kept.iter().map(|one| Name {
            folded: folded.clone(),
            at: one.at,
            likeness: likeness_among(one, &kept),
        }));
    }
    names.sort_by(|a, b| (&a.folded, a.at).cmp(&(&b.folded, b.at)));
    names
}

/// An MRC or region named as a city is not its homonym: the level tells them apart.
fn has_homonyms(level: Level) -> bool {
    match level {
        Level::Municipality | Level::Borough | Level::District | Level::Place => true,
        Level::Region | Level::Mrc | Level::PostalArea => false,
    }
}

struct Kept<'a> {
    at: usize,
    territory: &'a Territory,
    mrc: Option<String>,
}

fn likeness_among(one: &Kept<'_>, all: &[Kept<'_>]) -> Likeness {
    let others = || all.iter().filter(|other| other.at != one.at && has_homonyms(other.territory.level));
    if !has_homonyms(one.territory.level) || others().next().is_none() {
        Likeness::Unique
    } else if others().any(|other| other.mrc == one.mrc) {
        Likeness::SameMrc
    } else {
        Likeness::ElsewhereToo
    }
}

/// Drops a place that a municipality, borough or earlier place of the same MRC and name already says, and a district
/// that a borough says.
fn without_shadows<'a>(
    territories: &'a [Territory],
    group: &[usize],
    mrc_of: &impl Fn(&str) -> Option<String>,
) -> Vec<Kept<'a>> {
    let mut kept: Vec<Kept<'a>> = Vec::new();
    let mut widest_first: Vec<(usize, &Territory)> =
        group.iter().filter_map(|at| territories.get(*at).map(|one| (*at, one))).collect();
    widest_first.sort_by_key(|(at, one)| (one.level, *at));
    for (at, territory) in widest_first {
        let mrc = mrc_of(&territory.id);
        if !kept.iter().any(|other| other.mrc == mrc && says_the_same(other.territory, territory)) {
            kept.push(Kept { at, territory, mrc });
        }
    }
    kept
}

fn says_the_same(kept: &Territory, other: &Territory) -> bool {
    match (kept.level, other.level) {
        (Level::Municipality | Level::Borough | Level::District, Level::Place) | (Level::Borough, Level::District) => {
            true
        }
        (Level::Place, Level::Place) => match (kept.point, other.point) {
            (Some(a), Some(b)) => a.distance_km(b) < SAME_PLACE_KM,
            _ => false,
        },
        _ => false,
    }
}

impl Gazetteer {
    /// What a typed text may mean, likeliest first: a municipality, place, borough, district, MRC or region by name, or
    /// the area of a postal code. What stands after a comma or in brackets (`Saint-Lambert (Longueuil)`) chooses among
    /// homonyms when it names something above them; all homonyms are answered when nothing chooses. Without either, a
    /// text that is no name is a name and what it is in, in either order (`Griffintown Montréal`).
    pub fn geocode(&self, text: &str, limit: usize) -> Vec<Match> {
        let typed: String = text.chars().take(TYPED_CHARS_MAX).collect();
        if let Some(area) = self.postal_area_in(&typed) {
            return vec![self.match_of(area, area.code.clone())].into_iter().take(limit).collect();
        }
        let parts: Vec<String> = typed.split([',', '(', ')', ';', '\n']).map(fold_place).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        for (at, part) in parts.iter().enumerate() {
            let mut found = self.named(part);
            let hints: Vec<&str> = parts.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, hint)| *hint).collect();
            let answered = |name: &Name| self.territory_at(name.at).map_or(0, |one| self.hints_answered(one, &hints));
            let most = found.iter().map(|name| answered(name)).max().unwrap_or(0);
            found.retain(|name| answered(name) == most);
            if !found.is_empty() {
                return found.into_iter().take(limit).filter_map(|name| self.match_of_name(name)).collect();
            }
        }
        let told_apart = parts.first().map(|part| self.named_and_within(part)).unwrap_or_default();
        told_apart.into_iter().take(limit).filter_map(|name| self.match_of_name(name)).collect()
    }

    /// Names that words begin or end with, where the words left say what they are in. The longest name is the one.
    fn named_and_within(&self, folded: &str) -> Vec<&Name> {
        let words: Vec<&str> = folded.split(' ').take(WORDS_TOLD_APART_MAX + 1).collect();
        if words.len() > WORDS_TOLD_APART_MAX {
            return Vec::new();
        }
        let cuts = (1..words.len()).rev().flat_map(|count| {
            let (first, after) = words.split_at(count);
            let (before, last) = words.split_at(words.len() - count);
            [(first.join(" "), after.join(" ")), (last.join(" "), before.join(" "))]
        });
        let answered = |(name, within): (String, String)| {
            let is_within = |one: &Name| {
                self.territory_at(one.at).is_some_and(|one| self.hints_answered(one, &[within.as_str()]) == 1)
            };
            let has_words = |one: &&Name| rank(&one.folded, &name).is_some_and(|rank| rank <= Rank::HasWords);
            let mut found: Vec<&Name> = self.named(&name).into_iter().filter(has_words).collect();
            if found.iter().any(|one| is_within(one)) {
                found.retain(|one| is_within(one));
            } else {
                found.retain(|one| one.folded == name && PROVINCE.contains(&within.as_str()));
            }
            (!found.is_empty()).then_some(found)
        };
        cuts.into_iter().find_map(answered).unwrap_or_default()
    }

    /// Names that a text which answers nothing may have meant, the nearest and most peopled first: with one letter
    /// wrong, or two in a long name.
    pub fn names_near(&self, text: &str, limit: usize) -> Vec<String> {
        let typed: String = text.chars().take(TYPED_CHARS_MAX).collect();
        let typed = fold_place(typed.split([',', '(']).next().unwrap_or(""));
        let length = typed.chars().count();
        let changes_max = if length >= LONG_NAME_CHARS_MIN { 2 } else { 1 };
        let likely = |name: &&Name| {
            typed.chars().next() == name.folded.chars().next()
                && name.folded.chars().count().abs_diff(length) <= changes_max
        };
        let near = self.names().iter().filter(likely).filter_map(|name| {
            let changes = strsim::damerau_levenshtein(&typed, &name.folded);
            let territory = self.territory_at(name.at).filter(|_| changes <= changes_max)?;
            Some(((changes, Reverse(territory.population), &territory.id), self.label(territory, name.likeness)))
        });
        let mut near: Vec<_> = near.collect();
        near.sort();
        let mut labels: Vec<String> = near.into_iter().map(|(_, label)| label).collect();
        labels.dedup();
        labels.truncate(limit);
        labels
    }

    /// Names that answer one folded text, best first.
    fn named(&self, folded: &str) -> Vec<&Name> {
        let ranked = self.names().iter().filter_map(|name| Some((rank(&name.folded, folded)?, name)));
        let mut found: Vec<(Rank, &Name)> = ranked.collect();
        found.sort_by_cached_key(|(rank, name)| {
            let territory = self.territory_at(name.at);
            let population = territory.and_then(|one| one.population);
            let id = territory.map(|one| one.id.clone());
            (*rank, territory.map(|one| level_order(one.level)), Reverse(population), name.folded.clone(), id)
        });
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// How many of the hints name something above the territory, or say what it is.
    fn hints_answered(&self, territory: &Territory, hints: &[&str]) -> usize {
        if hints.is_empty() {
            return 0;
        }
        let above = self.ancestors(&territory.id).into_iter().skip(1);
        let mut known: Vec<String> = above.filter_map(|id| self.get(&id)).map(|one| fold_place(&one.name)).collect();
        known.extend(territory.designation.as_deref().map(fold_place));
        hints.iter().filter(|hint| known.iter().any(|one| one == *hint)).count()
    }

    fn label(&self, territory: &Territory, likeness: Likeness) -> String {
        let above: Vec<&Territory> =
            self.ancestors(&territory.id).iter().skip(1).filter_map(|id| self.get(id)).collect();
        let wider = above.iter().find(|one| one.level == Level::Mrc).or(above.first()).map(|one| one.name.as_str());
        let finer = match likeness {
            Likeness::SameMrc => territory
                .designation
                .as_deref()
                .or_else(|| above.iter().find(|one| one.level == Level::Municipality).map(|one| one.name.as_str())),
            Likeness::Unique | Likeness::ElsewhereToo => None,
        };
        let said: Vec<&str> = finer.into_iter().chain(wider).collect();
        match likeness {
            Likeness::Unique => territory.name.clone(),
            Likeness::ElsewhereToo | Likeness::SameMrc => format!("{} ({})", territory.name, said.join(", ")),
        }
    }

    fn match_of_name(&self, name: &Name) -> Option<Match> {
        let territory = self.territory_at(name.at)?;
        Some(self.match_of(territory, self.label(territory, name.likeness)))
    }

    fn match_of(&self, territory: &Territory, label: String) -> Match {
        Match {
            territory_id: territory.id.clone(),
            level: territory.level,
            label,
            point: territory.point,
            territories: self.located_in(&territory.id),
        }
    }

    /// The postal area that a text is, or that its last words hold (`..., Longueuil QC J4K 2T1`).
    fn postal_area_in(&self, typed: &str) -> Option<&Territory> {
        let words: Vec<&str> = typed.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
        let whole = postal_area_of(typed);
        let ending = |count: usize| {
            let tail = words.get(words.len().checked_sub(count)?..)?.concat();
            (tail.chars().filter(|c| c.is_alphanumeric()).count() == 6).then(|| postal_area_of(&tail)).flatten()
        };
        let area = whole.or_else(|| ending(2)).or_else(|| ending(1))?;
        self.get(&Territory::id_of(Level::PostalArea, &area))
    }

    /// The point that a typed text means, when it means one thing: the first match that has a point.
    pub fn point_of(&self, text: &str) -> Option<(Match, Point)> {
        self.geocode(text, 1).into_iter().find_map(|found| found.point.map(|point| (found, point)))
    }
}

fn level_order(level: Level) -> u8 {
    match level {
        Level::Municipality => 0,
        Level::Borough => 1,
        Level::Mrc => 2,
        Level::Region => 3,
        Level::District => 4,
        Level::Place => 5,
        Level::PostalArea => 6,
    }
}

fn rank(name: &str, typed: &str) -> Option<Rank> {
    if name == typed {
        return Some(Rank::Exact);
    }
    if typed.chars().count() < PREFIX_CHARS_MIN {
        return None;
    }
    let whole_words = |after: &str| after.is_empty() || after.starts_with(' ');
    match name.strip_prefix(typed) {
        Some(after) if whole_words(after) => return Some(Rank::StartsWithWords),
        Some(_) => return Some(Rank::StartsWithLetters),
        None => {}
    }
    let mut inside = name.match_indices(typed);
    let as_words = |(at, _): (usize, &str)| {
        let before = name.get(..at).is_some_and(|before| before.ends_with(' '));
        before && name.get(at + typed.len()..).is_some_and(whole_words)
    };
    inside.any(as_words).then_some(Rank::HasWords)
}
