//! From a text that a person types to territories: names with or without accents, saints written short, postal codes,
//! homonyms told apart by their MRC.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::directory::Point;
use super::fold::fold_place;
use super::territory::{Gazetteer, Level, Match, Territory, postal_area_of};

mod around;
mod called;

use around::{
    Form, beginnings, begins_as_an_address, clause_ends, forms_of, has_number, is_called_with_an_article, is_long,
    is_no_name, is_province_or_country, is_street, is_whole_street, levels_said, parts_of, says_not_there, wheres_said,
    with_articles,
};

/// Letters of a typed text that are read; a longer one is cut.
pub const TYPED_CHARS_MAX: usize = 200;
/// Two places of one MRC with one name and nearer than this are the same place told by two sources.
const SAME_PLACE_KM: f64 = 15.0;
/// A name is offered from its first letters when at least so many were typed.
const PREFIX_CHARS_MIN: usize = 3;
/// Words of a text in which a name and what it is in are told apart without a comma.
const WORDS_TOLD_APART_MAX: usize = 10;
/// A municipality of so many people is a city, and a place in it one of its quarters.
const CITY_PEOPLE_MIN: u32 = 50_000;
/// Names of one part that are looked at beside the others, the likeliest first.
const LOOKED_AT_MAX: usize = 200;
/// A name of so many letters may have one of them wrong, and of so many two.
const CORRECTED_CHARS_MIN: usize = 5;
const LONG_NAME_CHARS_MIN: usize = 6;

/// One name to look for.
pub(super) struct Name {
    pub(super) folded: String,
    /// Place of its territory in the gazetteer.
    pub(super) at: usize,
    likeness: Likeness,
}

/// What a label must add to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    names.extend(names_called(territories, &names));
    names.sort_by(|a, b| (&a.folded, a.at).cmp(&(&b.folded, b.at)));
    names
}

/// What people call some of them beside their names.
fn names_called(territories: &[Territory], names: &[Name]) -> Vec<Name> {
    let by_id: HashMap<&str, usize> = territories.iter().enumerate().map(|(at, one)| (one.id.as_str(), at)).collect();
    let named: HashSet<(&str, usize)> = names.iter().map(|name| (name.folded.as_str(), name.at)).collect();
    let called = called::called().filter_map(|(folded, id)| Some((folded, *by_id.get(id.as_str())?)));
    let new = called.filter(|(folded, at)| !named.contains(&(folded.as_str(), *at)));
    new.map(|(folded, at)| Name { folded, at, likeness: Likeness::Unique }).collect()
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
    /// homonyms and must hold: what names nothing above a place, says nothing of it and is no line of an address means
    /// another one (`Windsor, Ontario`), and then nothing is answered. Without either, a text that is no name is a name
    /// and what it is in, in either order (`Griffintown Montréal`), or an address that ends with one.
    pub fn geocode(&self, text: &str, limit: usize) -> Vec<Match> {
        self.places_in(text, limit, |_, _| true)
    }

    /// As [`Gazetteer::geocode`], of a text that was typed to its end: `Paris` is not Parisville, `Saint` is nothing,
    /// and `Le Sud-Ouest` is a borough although all of it may begin a name. `Le Village` is a hamlet that nobody means,
    /// `La Baie` a part of a city.
    pub fn geocode_whole(&self, text: &str, limit: usize) -> Vec<Match> {
        self.places_in(text, limit, |name, forms| {
            let ranks = || ranks_of(name, forms);
            let is_hamlet = || self.territory_at(name.at).is_none_or(|one| self.is_hamlet(one));
            let is_a_name = |form: &str, rank: Rank| !is_no_name(form) || (rank == Rank::Exact && !is_hamlet());
            let is_whole = |(form, rank): (&String, Rank)| rank < Rank::StartsWithLetters && is_a_name(form, rank);
            ranks().next().is_none() || ranks().any(is_whole)
        })
    }

    /// The places of the first part that says one which agrees with the others.
    fn places_in(&self, text: &str, limit: usize, is_meant: impl Fn(&Name, &[Form]) -> bool) -> Vec<Match> {
        let typed: String = text.chars().take(TYPED_CHARS_MAX).collect();
        match self.postal_area_in(&typed) {
            Some((Some(area), others)) if self.is_where(area, &others) => {
                return vec![self.match_of(area, area.code.clone())].into_iter().take(limit).collect();
            }
            // A code of another place, or of another province.
            Some(_) => return Vec::new(),
            None => {}
        }
        let parts = parts_of(&typed);
        let of_part = |at: usize| {
            let mut found = self.names_that_hold(&parts, at);
            let forms = parts.get(at).map(|part| forms_of(part)).unwrap_or_default();
            found.retain(|name| is_meant(name, &forms));
            found
        };
        let holding = (0..parts.len()).map(of_part).find(|found| !found.is_empty());
        // A place may be called in two ways that both answer.
        let mut told = HashSet::new();
        let names = holding.unwrap_or_default().into_iter().filter(|name| told.insert(name.at));
        names.take(limit).filter_map(|name| self.match_of_name(name)).collect()
    }

    /// The names of one part that agree with all the others.
    fn names_that_hold(&self, parts: &[String], at: usize) -> Vec<&Name> {
        let Some((part, after)) = parts.get(at..).and_then(|rest| rest.split_first()) else { return Vec::new() };
        let before = parts.get(..at).unwrap_or_default();
        let is_said_by =
            |one: &Territory, hint: &String| is_province_or_country(hint) || self.hints_answered(one, &[hint]) == 1;
        let is_line =
            |hint: &String| has_number(hint) || is_street(hint) || is_long(hint) && !self.is_surely_a_place(hint);
        let mut found = self.names_said_in(part);
        if parts.len() == 1 {
            return found;
        }
        found.truncate(LOOKED_AT_MAX);
        let forms = forms_of(part);
        found.retain(|name| {
            self.territory_at(name.at).is_some_and(|one| {
                self.is_called(name, &forms)
                    && after.iter().all(|hint| is_said_by(one, hint) || has_number(hint))
                    && before.iter().all(|hint| is_said_by(one, hint) || is_line(hint))
            })
        });
        found
    }

    /// A name is what a part says, but for what is around it, and does not only hold its words among others (`Limoilou`
    /// is enough for a borough).
    fn is_called(&self, name: &Name, forms: &[Form]) -> bool {
        let ranks = || ranks_of(name, forms);
        let is_whole =
            |(form, rank): (&String, Rank)| rank < Rank::HasWords || is_called_with_an_article(&name.folded, form);
        self.is_part_of_a_city(name) || ranks().next().is_none() || ranks().any(is_whole)
    }

    /// The names that a part says, with or without the words that people put around a place.
    fn names_said_in(&self, part: &str) -> Vec<&Name> {
        let forms = forms_of(part);
        let barest = forms.last().map_or("", |(form, _)| form.as_str());
        let of_form = |(form, is_whole): &Form| {
            let mut found = self.named(form);
            found.retain(|name| {
                let is_called = |rank| rank < Rank::HasWords || is_called_with_an_article(&name.folded, form);
                *is_whole || rank(&name.folded, form).is_some_and(is_called)
            });
            if found.is_empty() && (*is_whole || form == barest) {
                found = self.named_and_within(form);
            }
            self.keep_levels_said(part, form, &mut found);
            (!found.is_empty()).then_some(found)
        };
        // "ville de Laval" is Laval, and not the town whose name ends so.
        let exactly = |(form, _): &Form| {
            let mut found = self.exactly_named(form);
            self.keep_levels_said(part, form, &mut found);
            (!found.is_empty()).then_some(found)
        };
        let found = match self.exactly_named(part).is_empty() {
            false => Some(self.named(part)),
            true => forms.iter().find_map(exactly).or_else(|| forms.iter().find_map(of_form)),
        };
        let found = found.unwrap_or_else(|| self.named_after_a_street(part));
        if found.is_empty() { self.named_in_a_sentence(part) } else { found }
    }

    /// Of homonyms, those that are what the words before the name say, where there are some.
    fn keep_levels_said(&self, part: &str, form: &str, found: &mut Vec<&Name>) {
        let before = part.split_once(form).map_or("", |(before, _)| before);
        let Some(levels) = levels_said(before) else { return };
        let is_so = |name: &&Name| self.territory_at(name.at).is_some_and(|one| levels.contains(&one.level));
        if found.iter().any(is_so) {
            found.retain(is_so);
        }
    }

    /// A street or an organisation may be called as places begin; what is called as a whole place, or as a part of the
    /// name of a borough (`Limoilou`), is taken for it.
    fn is_surely_a_place(&self, folded: &str) -> bool {
        self.names().iter().any(|name| match rank(&name.folded, folded) {
            Some(Rank::Exact) => true,
            Some(Rank::StartsWithWords | Rank::HasWords) => self.is_part_of_a_city(name),
            Some(Rank::StartsWithLetters) | None => false,
        })
    }

    fn is_hamlet(&self, territory: &Territory) -> bool {
        let municipality = self.ancestor_of_level(&territory.id, Level::Municipality);
        let people = municipality.and_then(|id| self.get(&id)?.population);
        territory.level == Level::Place && people.is_none_or(|people| people < CITY_PEOPLE_MIN)
    }

    fn is_part_of_a_city(&self, name: &Name) -> bool {
        self.territory_at(name.at).is_some_and(|one| matches!(one.level, Level::Borough | Level::District))
    }

    /// The name that an address without commas ends with, after a whole street (`123 rue Saint-Denis Montréal`, not
    /// `123 rue de Laval`).
    fn named_after_a_street(&self, folded: &str) -> Vec<&Name> {
        let words: Vec<&str> = folded.split(' ').take(WORDS_TOLD_APART_MAX + 1).collect();
        if !begins_as_an_address(&words) || words.len() > WORDS_TOLD_APART_MAX {
            return Vec::new();
        }
        let longest = (1..words.len()).find_map(|at| {
            let (street, name) = words.split_at(at);
            let found = self.exactly_named(&name.join(" "));
            (!found.is_empty()).then_some((street, found))
        });
        longest.filter(|(street, _)| is_whole_street(street)).map(|(_, found)| found).unwrap_or_default()
    }

    /// What a sentence names after a word for where, the longest name (`je reste à Brossard depuis un an`), unless it
    /// says that it is not there or names another place (`Limoilou à Montréal`, `je reste à Laval et travaille à
    /// Montréal`).
    fn named_in_a_sentence(&self, folded: &str) -> Vec<&Name> {
        let said = wheres_said(folded);
        let exactly = |form: String| Some(self.exactly_named(&form)).filter(|found| !found.is_empty());
        let whole = |after: &str| forms_of(after).iter().flat_map(|(form, _)| with_articles(form)).find_map(exactly);
        let names_no_place = |rest: &str| {
            let places = wheres_said(rest).into_iter().flat_map(|(_, after)| beginnings(after));
            !places.into_iter().any(|beginning| self.is_surely_a_place(beginning))
        };
        let named = |after: &str| {
            let before_more = || clause_ends(after).filter(|(_, rest)| names_no_place(rest));
            whole(after).or_else(|| before_more().find_map(|(name, _)| whole(name)))
        };
        let Some((at, before, found)) =
            said.iter().enumerate().find_map(|(at, (before, after))| Some((at, *before, named(after)?)))
        else {
            return Vec::new();
        };
        let mut earlier = said.iter().take(at).flat_map(|(_, after)| beginnings(after));
        let names_another = forms_of(before).iter().any(|(form, _)| self.is_surely_a_place(form))
            || earlier.any(|beginning| !is_no_name(beginning) && self.is_surely_a_place(beginning));
        if says_not_there(before) || names_another { Vec::new() } else { found }
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
            // Only beside what is surely a place is a name looked for by some of its words.
            let has_words = |one: &&Name| rank(&one.folded, &name).is_some_and(|rank| rank <= Rank::HasWords);
            let exactly = self.exactly_named(&name);
            let is_enough =
                self.exactly_named(&within).is_empty() || is_province_or_country(&within) && !exactly.is_empty();
            let mut found = match is_enough {
                true => exactly,
                false => self.named(&name).into_iter().filter(has_words).collect(),
            };
            if found.iter().any(|one| is_within(one)) {
                found.retain(|one| is_within(one));
            } else {
                found.retain(|one| one.folded == name && is_province_or_country(&within));
            }
            (!found.is_empty()).then_some(found)
        };
        cuts.into_iter().find_map(answered).unwrap_or_default()
    }

    /// Names that a text which answers nothing may have meant: those that it holds beside something that they are not
    /// in, each with what it is in, or else what is written nearly so.
    pub fn names_near(&self, text: &str, limit: usize) -> Vec<String> {
        let typed: String = text.chars().take(TYPED_CHARS_MAX).collect();
        let parts = parts_of(&typed);
        let best_of_each = parts.iter().filter_map(|part| self.names_said_in(part).into_iter().next());
        let labelled = best_of_each.filter_map(|name| {
            let territory = self.territory_at(name.at)?;
            Some(self.label(territory, name.likeness.max(Likeness::ElsewhereToo)))
        });
        let held: Vec<String> = labelled.take(limit).collect();
        let Some(barest) = parts.first().and_then(|part| forms_of(part).pop()).filter(|_| held.is_empty()) else {
            return held;
        };
        let misspelt = self.names_written_nearly(&barest.0, limit);
        if misspelt.is_empty() { self.labels_ending(&barest.0, limit) } else { misspelt }
    }

    /// Of the names that a text ends with, the longest (`Haut-Québec`).
    fn labels_ending(&self, typed: &str, limit: usize) -> Vec<String> {
        let ends = typed.match_indices(' ').filter_map(|(at, _)| typed.get(at + 1..));
        let longest = ends.map(|end| self.exactly_named(end)).find(|found| !found.is_empty());
        let label = |name: &Name| Some(self.label(self.territory_at(name.at)?, name.likeness));
        let mut labels: Vec<String> = longest.unwrap_or_default().into_iter().filter_map(label).collect();
        labels.dedup();
        labels.truncate(limit);
        labels
    }

    /// The nearest and most peopled first: with one letter wrong, or two in a long name; else those that begin so, but
    /// for one letter, where it is a long one.
    fn names_written_nearly(&self, typed: &str, limit: usize) -> Vec<String> {
        let length = typed.chars().count();
        if length < CORRECTED_CHARS_MIN {
            return vec![];
        }
        let changes_max = if length >= LONG_NAME_CHARS_MIN { 2 } else { 1 };
        let is_as_long = |name: &str| name.chars().count().abs_diff(length) <= changes_max;
        let whole = self.names_changed(typed, changes_max, |name| is_as_long(name).then(|| name.to_owned()), limit);
        if !whole.is_empty() || length < LONG_NAME_CHARS_MIN {
            return whole;
        }
        let beginning = |name: &str| (name.chars().count() > length).then(|| name.chars().take(length).collect());
        self.names_changed(typed, 1, beginning, limit)
    }

    /// Names of which a part becomes what was typed by so many changes at most, none of them of the first letter.
    fn names_changed(
        &self,
        typed: &str,
        changes_max: usize,
        part: impl Fn(&str) -> Option<String>,
        limit: usize,
    ) -> Vec<String> {
        let near = self.names().iter().filter_map(|name| {
            let compared = part(&name.folded).filter(|part| part.chars().next() == typed.chars().next())?;
            let changes = strsim::damerau_levenshtein(typed, &compared);
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

    /// Names that are just so, in their order.
    fn exactly_named(&self, folded: &str) -> Vec<&Name> {
        let names = self.names();
        let first = names.partition_point(|name| name.folded.as_str() < folded);
        let mut found: Vec<&Name> =
            names.get(first..).unwrap_or_default().iter().take_while(|name| name.folded == folded).collect();
        self.put_in_order(&mut found, |_| Rank::Exact);
        found
    }

    /// Names that answer one folded text, best first. What begins with its letters is as good as with its words:
    /// `mont` may become Mont-Royal, and more people mean Montréal.
    fn named(&self, folded: &str) -> Vec<&Name> {
        let mut found: Vec<&Name> = self.names().iter().filter(|name| rank(&name.folded, folded).is_some()).collect();
        let better = |rank: &Rank| *rank != Rank::StartsWithLetters;
        let rank_of = |name: &Name| rank(&name.folded, folded).filter(better).unwrap_or(Rank::StartsWithWords);
        self.put_in_order(&mut found, rank_of);
        found
    }

    fn put_in_order(&self, found: &mut [&Name], rank_of: impl Fn(&Name) -> Rank) {
        found.sort_by_cached_key(|name| {
            let territory = self.territory_at(name.at);
            let population = territory.and_then(|one| one.population);
            let id = territory.map(|one| one.id.clone());
            (rank_of(name), territory.map(|one| level_order(one.level)), Reverse(population), name.folded.clone(), id)
        });
    }

    /// What it lies in, the nearest first.
    fn above(&self, territory: &Territory) -> Vec<&Territory> {
        self.ancestors(&territory.id).iter().skip(1).filter_map(|id| self.get(id)).collect()
    }

    /// How many of the hints name something above the territory, as it is named or called, or say what it is.
    fn hints_answered(&self, territory: &Territory, hints: &[&str]) -> usize {
        if hints.is_empty() {
            return 0;
        }
        let above = self.above(territory);
        // Of the name: a quarter that is told of the MRC of Montréal is in the city of that name.
        let is_above =
            |name: &Name| self.territory_at(name.at).is_some_and(|one| above.iter().any(|up| up.name == one.name));
        let is_called = |hint: &str| self.exactly_named(hint).into_iter().any(is_above);
        let mut known: Vec<String> = above.iter().map(|one| fold_place(&one.name)).collect();
        known.extend(territory.designation.as_deref().map(fold_place));
        let is_in = |one: &String, hint: &str| rank(one, hint).is_some_and(|rank| rank <= Rank::HasWords);
        let is_said = |hint: &str| known.iter().any(|one| one == hint || is_in(one, hint)) || is_called(hint);
        hints.iter().filter(|hint| forms_of(hint).iter().any(|(form, _)| is_said(form))).count()
    }

    fn label(&self, territory: &Territory, likeness: Likeness) -> String {
        let above = self.above(territory);
        let wider = above.iter().find(|one| one.level == Level::Mrc).or(above.first()).map(|one| one.name.as_str());
        let finer = match likeness {
            Likeness::SameMrc => territory
                .designation
                .as_deref()
                .or_else(|| above.iter().find(|one| one.level == Level::Municipality).map(|one| one.name.as_str())),
            Likeness::Unique | Likeness::ElsewhereToo => None,
        };
        let said: Vec<&str> = finer.into_iter().chain(wider).collect();
        let says_nothing_new = said.iter().all(|one| *one == territory.name);
        match likeness {
            Likeness::Unique => territory.name.clone(),
            Likeness::ElsewhereToo | Likeness::SameMrc if says_nothing_new => territory.name.clone(),
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

    /// The last postal code that a text holds (`..., Longueuil QC J4K 2T1`, `J4K Longueuil`): its area, where it is one
    /// of Québec, and the text without it.
    fn postal_area_in(&self, typed: &str) -> Option<(Option<&Territory>, String)> {
        let area_of = |code: &str| self.get(&Territory::id_of(Level::PostalArea, code));
        if let Some(code) = postal_area_of(typed) {
            return Some((area_of(&code), String::new()));
        }
        let words: Vec<&str> = typed.split_inclusive([' ', ',', '(', ')']).collect();
        let code_of = |from: usize, count: usize| {
            let written = words.get(from..from + count)?.concat();
            let letters: String = written.chars().filter(|letter| letter.is_alphanumeric()).collect();
            let code = [3, 6].contains(&letters.len()).then(|| postal_area_of(&letters)).flatten()?;
            // Three characters that are no area of Québec may be anything.
            let area = area_of(&code);
            (area.is_some() || letters.len() == 6).then_some(area)
        };
        let at = |count: usize| (0..words.len()).rev().find_map(|from| Some((from, count, code_of(from, count)?)));
        let (from, count, area) = at(2).or_else(|| at(1))?;
        let others = [words.get(..from)?, words.get(from + count..)?].concat().concat();
        Some((area, others))
    }

    /// What a text says beside a postal code does not put it elsewhere: some part of it is in the same region, or names
    /// nothing.
    fn is_where(&self, area: &Territory, others: &str) -> bool {
        let region = self.ancestor_of_level(&area.id, Level::Region);
        let parts = parts_of(others);
        let exact = |part: &String| {
            let forms = forms_of(part);
            let mut found = self.names_said_in(part);
            found.retain(|name| forms.iter().any(|(form, _)| *form == name.folded));
            found
        };
        let said: Vec<&Name> = parts.iter().flat_map(exact).collect();
        // An area may reach over two MRC, and hardly over two regions.
        let agrees = |name: &&Name| {
            self.territory_at(name.at).is_some_and(|one| self.ancestor_of_level(&one.id, Level::Region) == region)
        };
        region.is_none() || said.is_empty() || said.iter().any(agrees)
    }

    /// The point that a typed text means, when it means one thing: the first match that has a point.
    pub fn point_of(&self, text: &str) -> Option<(Match, Point)> {
        self.geocode(text, 1).into_iter().find_map(|found| found.point.map(|point| (found, point)))
    }
}

/// How well a name answers each form that it answers at all.
fn ranks_of<'a>(name: &'a Name, forms: &'a [Form]) -> impl Iterator<Item = (&'a String, Rank)> {
    forms.iter().filter_map(|(form, _)| Some((form, rank(&name.folded, form)?)))
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
