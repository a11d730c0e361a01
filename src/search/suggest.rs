//! What a text that is being typed may become: names of services and organisations that hold its words, the last one
//! being the beginning of a word, and categories. A search by words asks what a service is about; this asks only what
//! things are called, and looks at a bounded part of the directory, the nearest part first.

use std::collections::{BTreeSet, HashMap};

use tantivy::{DocId, Searcher, SegmentOrdinal, Term};

use super::analyse::words;
use super::definition::Definition;
use super::geo::{Circle, Sight};
use super::impact::Impact;
use super::needs::Needs;
use super::postings::{Bits, KnownTerm, List, WINDOW};
use super::schema::{Audience, Fields};
use super::typo::{self, Near};
use super::view::{DAY_MICROS, SegmentView, View};
use super::why::Part;
use super::writer::Row;
use super::{Error, Index};
use crate::clock::Time;
use crate::domain::directory::Point;
use crate::domain::language::{Lang, Text};
use crate::id::Id;

mod labels;

/// Letters that are typed before anything is suggested.
const LETTERS_MIN: usize = 2;
/// A last word of so many letters has hardly been begun: where nothing is called so, what it comes after is suggested.
const PASSED_OVER_LETTERS_MAX: usize = 2;
/// What is left of `l'` and the like before the next letter is typed, or where no apostrophe is: no name has it.
const ELIDED: [&str; 9] = ["c", "d", "j", "l", "m", "n", "qu", "s", "t"];
/// Words that are corrected.
const MENDED_MAX: usize = 3;
/// Of the nearest words to one that nothing is called, how many are tried, one after the other.
const CORRECTIONS_TRIED_MAX: usize = 3;
/// Categories that a text tells of without their name, the surest.
const CATEGORIES_TOLD_MAX: usize = 3;
/// Terms of one dictionary that are read for the beginning of a word, and the most used of them that are looked for.
const TERMS_READ_MAX: usize = 5_000;
const TERMS_MAX: usize = 24;
/// Services that hold the words and are looked at, around the place or in the whole directory; what else there may be
/// is left aside.
const SERVICES_LOOKED_AT_MAX: usize = 20_000;
/// Circles around the place that are looked at before the whole directory.
const CIRCLES_KM: [f64; 3] = [5.0, 25.0, 125.0];
/// Services of one name that are shown: more of them are no choice.
const OF_ONE_NAME_MAX: usize = 2;
/// Names that are read for each that is shown, and services that are read to find the names of organisations.
const NAMES_READ_PER_SHOWN: usize = 4;
const OF_ORGANIZATIONS_READ_MAX: usize = 64;

/// A text that is being typed, and by whom.
#[derive(Debug, Clone)]
pub struct Typing {
    pub text: String,
    /// Of the labels that are shown.
    pub lang: Lang,
    pub point: Option<Point>,
    pub audience: Audience,
    /// As in a search: what nobody has confirmed for so long is not found.
    pub hide_overdue_days: Option<i64>,
    pub now: Time,
    /// At most so many of each kind.
    pub limit: usize,
}

/// What it may become, the best of each kind first.
#[derive(Debug, Clone, Default)]
pub struct Suggested {
    /// Codes of the categories whose label, or a synonym of it, begins with the text; and of those that only hold it.
    pub categories: Vec<String>,
    pub categories_holding: Vec<String>,
    /// Of those that the text tells of, whatever they are called.
    pub categories_told: Vec<String>,
    pub organizations: Vec<(Id, Text)>,
    pub services: Vec<SuggestedService>,
    /// Nothing is called as the text is written.
    pub is_corrected: bool,
    /// It is what the words before the last are said for: the last may be a place ("garderie long").
    pub is_without_the_last: bool,
}

#[derive(Debug, Clone)]
pub struct SuggestedService {
    pub id: Id,
    pub name: Text,
    pub organization_id: Id,
    pub organization_name: Text,
}

impl Suggested {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
            && self.organizations.is_empty()
            && self.categories.is_empty()
            && self.categories_holding.is_empty()
            && self.categories_told.is_empty()
    }
}

impl Suggested {
    fn with_categories_told(mut self, mut told: Vec<String>) -> Self {
        told.retain(|code| !self.categories.contains(code));
        self.categories_holding.retain(|code| !told.contains(code));
        self.categories_told = told;
        self
    }
}

/// The words that a name must hold.
struct Wanted {
    /// As they are.
    whole: Vec<String>,
    /// The beginning of a word, or a whole one where another was typed after it.
    last: String,
    is_begun: bool,
}

impl Wanted {
    fn is_last(&self, word: &str) -> bool {
        if self.is_begun { word.starts_with(&self.last) } else { word == self.last }
    }

    fn is_held_by(&self, name: &[String]) -> bool {
        name.iter().any(|word| self.is_last(word)) && self.whole.iter().all(|word| name.contains(word))
    }

    fn begins(&self, name: &[String]) -> bool {
        name.starts_with(&self.whole) && name.get(self.whole.len()).is_some_and(|word| self.is_last(word))
    }
}

impl Index {
    /// What a text may become: what is called so; else, where its words are known, the categories that they tell of,
    /// and what is called by the words before the last. What nobody says is corrected as a search does, the last word
    /// as the beginning that it is.
    pub fn suggest(&self, typing: &Typing) -> Result<Suggested, Error> {
        let mut typed = words(&typing.text);
        let is_elided = |word: &String| ELIDED.contains(&word.as_str());
        let is_begun = typed.last().is_some_and(|last| !is_elided(last));
        if !typed.iter().all(is_elided) {
            typed.retain(|word| !is_elided(word));
        }
        let letters: usize = typed.iter().map(|word| word.chars().count()).sum();
        if letters < LETTERS_MIN {
            return Ok(Suggested::default());
        }
        let view = self.view();
        let (needs, definition) = (Needs::of_this_program()?, Definition::of_this_program()?);
        let told = needs.told_of_while_typed((&typed, is_begun), definition, CATEGORIES_TOLD_MAX);
        let mut as_typed = self.of_words(&view, typing, (&typed, is_begun))?;
        if !as_typed.is_empty() {
            let is_a_word = typed.last().is_some_and(|last| is_begun && needs.is_often_said(last));
            if is_a_word && !labels::is_called(&typed)? {
                // What is a word already ("viol") is said for something before it begins another ("violence").
                let meant = told.first().filter(|code| !as_typed.categories.contains(code));
                as_typed.categories.splice(0..0, meant.cloned());
            }
            return Ok(as_typed.with_categories_told(told));
        }
        if self.are_known(&view, &typed)? {
            let suggested = self.before_the_last(&view, typing, &typed)?;
            let suggested = suggested.with_categories_told(told.clone());
            if !suggested.is_empty() {
                return Ok(Suggested { is_without_the_last: typed.len() > 1, ..suggested });
            }
            // What may be said for several needs alike ("peur") is offered as the likeliest of them.
            let likely = needs.likely_told_of(&typed, definition, CATEGORIES_TOLD_MAX);
            if !likely.is_empty() {
                return Ok(Suggested::default().with_categories_told(likely));
            }
        }
        for corrected in self.corrected(&view, &typed)? {
            let suggested = self.of_words(&view, typing, (&corrected, is_begun))?;
            if !suggested.is_empty() {
                return Ok(Suggested { is_corrected: true, ..suggested });
            }
        }
        let nothing = Suggested { is_corrected: true, ..Suggested::default() }.with_categories_told(told);
        match typed.split_last() {
            Some((_, before)) if nothing.is_empty() && says_something(before)? => {
                // The last word may be a place that nothing is called after.
                let told = needs.told_of_while_typed((before, false), definition, CATEGORIES_TOLD_MAX);
                let suggested = self.before_the_last(&view, typing, &typed)?.with_categories_told(told);
                Ok(Suggested { is_without_the_last: true, ..suggested })
            }
            _ => Ok(nothing),
        }
    }

    /// What is called by the words before the last, as they are.
    fn before_the_last(&self, view: &View, typing: &Typing, typed: &[String]) -> Result<Suggested, Error> {
        let before = typed.split_last().map_or(&[][..], |(_, before)| before);
        match before.split_last() {
            Some((last, whole)) if says_something(before)? => {
                self.ending_in(view, typing, (whole, last.clone(), false))
            }
            _ => Ok(Suggested::default()),
        }
    }

    /// What is called by words, the last of them perhaps only begun; without the last one where it is hardly begun.
    fn of_words(&self, view: &View, typing: &Typing, (typed, is_begun): (&[String], bool)) -> Result<Suggested, Error> {
        let mut whole = typed.to_vec();
        while let Some(last) = whole.pop() {
            let is_short = last.chars().count() <= PASSED_OVER_LETTERS_MAX;
            let is_last = whole.len() + 1 == typed.len();
            let suggested = self.ending_in(view, typing, (&whole, last, is_begun && is_last))?;
            if !suggested.is_empty() || !is_short || !says_something(&whole)? {
                return Ok(suggested);
            }
        }
        Ok(Suggested::default())
    }

    /// Words that some service holds or that people say, the last one perhaps only begun.
    fn are_known(&self, view: &View, typed: &[String]) -> Result<bool, Error> {
        let needs = Needs::of_this_program()?;
        let Some((last, before)) = typed.split_last() else { return Ok(false) };
        let is_held = |word: &String| view.searcher.doc_freq(&Term::from_field_text(self.fields().words, word));
        for word in before {
            if !needs.is_often_said(word) && is_held(word)? == 0 {
                return Ok(false);
            }
        }
        Ok(needs.is_often_said(last) || !terms_begun_by(&view.searcher, self.fields(), last)?.is_empty())
    }

    /// The words, each that nothing is called taken for the nearest that something is, then for the next nearest.
    fn corrected(&self, view: &View, typed: &[String]) -> Result<Vec<Vec<String>>, Error> {
        let definition = Definition::of_this_program()?;
        let (searcher, field) = (&view.searcher, self.fields().words);
        let last = typed.len().saturating_sub(1);
        let mut nearest_of: Vec<(usize, Vec<String>)> = vec![];
        for (at, word) in typed.iter().enumerate().filter(|(_, word)| typo::changes_allowed(word) > 0) {
            let (near, is_known) = match at == last {
                true => (Near::Beginning, !terms_begun_by(searcher, self.fields(), word)?.is_empty()),
                false => (Near::Whole, searcher.doc_freq(&Term::from_field_text(field, word))? > 0),
            };
            if !is_known && nearest_of.len() < MENDED_MAX {
                nearest_of.push((at, typo::corrections(searcher, field, (word, near), definition.synonym_words())?));
            }
        }
        let most = nearest_of.iter().map(|(_, nearest)| nearest.len()).max().unwrap_or(0);
        let choices = (0..most.min(CORRECTIONS_TRIED_MAX)).map(|choice| {
            let mut corrected = typed.to_vec();
            for (at, nearest) in &nearest_of {
                let chosen = nearest.get(choice).or(nearest.last());
                corrected.get_mut(*at).zip(chosen).into_iter().for_each(|(word, chosen)| word.clone_from(chosen));
            }
            corrected
        });
        Ok(choices.collect())
    }

    fn ending_in(
        &self,
        view: &View,
        typing: &Typing,
        (whole, last, is_begun): (&[String], String, bool),
    ) -> Result<Suggested, Error> {
        let terms = if is_begun { terms_begun_by(&view.searcher, self.fields(), &last)? } else { vec![last.clone()] };
        self.called(view, typing, (&Wanted { whole: whole.to_vec(), last, is_begun }, &terms))
    }

    fn called(
        &self,
        view: &View,
        typing: &Typing,
        (wanted, last_terms): (&Wanted, &[String]),
    ) -> Result<Suggested, Error> {
        let (categories, categories_holding) = labels::categories(wanted, typing)?;
        let mut suggested = Suggested { categories, categories_holding, ..Suggested::default() };
        let Some(terms) = Terms::look_up(&view.searcher, self.fields(), &wanted.whole, last_terms)? else {
            return Ok(suggested);
        };
        let kept = look_around(view, typing, &terms)?;
        let read = |candidates: &BTreeSet<Candidate>| -> Result<Vec<(Candidate, Row)>, Error> {
            let row = |one: &Candidate| Ok((*one, view.row(one.segment, one.doc)?));
            candidates.iter().map(row).collect()
        };
        let (mut names, mut others) = (read(&kept.names)?, read(&kept.of_organizations)?);
        others.extend(names.iter().cloned());
        if typing.point.is_some() {
            others.sort_by(|left, right| left.0.distance_km.total_cmp(&right.0.distance_km));
        } else {
            let begins = |row: &Row| either_side(&row.own.name.clone().into(), |words| wanted.begins(words));
            names.sort_by_cached_key(|(_, row)| !begins(row));
        }
        suggested.organizations = organizations(others, typing, wanted);
        let mut shown: HashMap<Text, usize> = HashMap::new();
        let services = names.into_iter().map(|(one, row)| service(&one, row)).filter(|service| {
            let of_this_name = shown.entry(service.name.clone()).or_default();
            *of_this_name += 1;
            *of_this_name <= OF_ONE_NAME_MAX
        });
        suggested.services = services.take(typing.limit).collect();
        Ok(suggested)
    }
}

/// A word is there that not any text has.
fn says_something(words: &[String]) -> Result<bool, Error> {
    Ok(Definition::of_this_program()?.says_something(words))
}

/// The names of organisations that hold what is wanted, each once.
fn organizations(found: Vec<(Candidate, Row)>, typing: &Typing, wanted: &Wanted) -> Vec<(Id, Text)> {
    let mut named: Vec<(Id, Text)> = vec![];
    for (_, Row { giver, .. }) in found {
        let name: Text = giver.organization_name.into();
        let is_new = !named.iter().any(|(id, _)| *id == giver.organization_id);
        if is_new && either_side(&name, |words| wanted.is_held_by(words)) {
            named.push((giver.organization_id, name));
        }
    }
    if typing.point.is_none() {
        named.sort_by_cached_key(|(_, name)| !either_side(name, |words| wanted.begins(words)));
    }
    named.truncate(typing.limit);
    named
}

fn service(found: &Candidate, row: Row) -> SuggestedService {
    SuggestedService {
        id: found.id,
        name: row.own.name.into(),
        organization_id: row.giver.organization_id,
        organization_name: row.giver.organization_name.into(),
    }
}

/// Whether a name is so in one of its languages.
fn either_side(name: &Text, is_so: impl Fn(&[String]) -> bool) -> bool {
    [&name.fr, &name.en].into_iter().flatten().any(|name| is_so(&words(name)))
}

/// Words of the index that begin so: the word itself, then the most used.
fn terms_begun_by(searcher: &Searcher, fields: &Fields, beginning: &str) -> tantivy::Result<Vec<String>> {
    let mut found: Vec<(bool, u32, String)> = vec![];
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.words)?;
        let mut terms = inverted.terms().range().ge(beginning.as_bytes()).into_stream()?;
        let mut read = 0;
        while read < TERMS_READ_MAX && terms.advance() && terms.key().starts_with(beginning.as_bytes()) {
            read += 1;
            // A term of several words is a phrase of the synonyms.
            if let Ok(term) = std::str::from_utf8(terms.key())
                && !term.contains(' ')
            {
                found.push((term == beginning, terms.value().doc_freq, term.to_owned()));
            }
        }
    }
    found.sort_unstable_by(|left, right| right.cmp(left));
    let mut most_used: Vec<String> = vec![];
    for (_, _, term) in found {
        if most_used.len() < TERMS_MAX && !most_used.contains(&term) {
            most_used.push(term);
        }
    }
    Ok(most_used)
}

struct Terms {
    whole: Vec<KnownTerm>,
    /// Any of them.
    last: Vec<KnownTerm>,
}

impl Terms {
    /// None where nothing can hold them all.
    fn look_up(
        searcher: &Searcher,
        fields: &Fields,
        whole: &[String],
        last: &[String],
    ) -> tantivy::Result<Option<Self>> {
        let term = |word: &String| Term::from_field_text(fields.words, word);
        let [whole_terms, last_terms] = [whole, last].map(|words| words.iter().map(term).collect::<Vec<Term>>());
        let known = KnownTerm::look_up_all(searcher, &whole_terms)?;
        let last = KnownTerm::look_up_all(searcher, &last_terms)?;
        Ok((known.len() == whole.len() && !last.is_empty()).then_some(Self { whole: known, last }))
    }
}

/// A service whose name, or whose organisation's, holds the words.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// Infinite where no place is asked, or none of its own may be seen.
    distance_km: f64,
    /// The impacts of the words that it holds, summed: more is better.
    impact: u32,
    id: Id,
    segment: SegmentOrdinal,
    doc: DocId,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let nearer = self.distance_km.total_cmp(&other.distance_km);
        nearer.then(other.impact.cmp(&self.impact)).then(self.id.cmp(&other.id))
    }
}
impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Candidate {}

/// The best so far; whoever is found again is there once.
struct Kept {
    names: BTreeSet<Candidate>,
    names_max: usize,
    of_organizations: BTreeSet<Candidate>,
    looked_at: usize,
}

impl Kept {
    fn put(&mut self, part: Part, candidate: Candidate) {
        let (best, most) = match part {
            Part::Name => (&mut self.names, self.names_max),
            Part::Organization => (&mut self.of_organizations, OF_ORGANIZATIONS_READ_MAX),
            Part::Category | Part::Description => return,
        };
        best.insert(candidate);
        if best.len() > most {
            best.pop_last();
        }
    }
}

/// Around the place asked, wider and wider until there is enough to show; then the whole.
fn look_around(view: &View, typing: &Typing, terms: &Terms) -> tantivy::Result<Kept> {
    let names_max = typing.limit * NAMES_READ_PER_SHOWN;
    let mut kept = Kept { names: BTreeSet::new(), names_max, of_organizations: BTreeSet::new(), looked_at: 0 };
    let circles: Vec<Circle> =
        typing.point.iter().flat_map(|point| CIRCLES_KM.map(|km| Circle::new(*point, km))).collect();
    for circle in circles.iter().map(Some).chain([None]) {
        kept.looked_at = 0;
        for segment in 0..view.segments.len() {
            look_through(view, segment as SegmentOrdinal, (typing, terms, circle), &mut kept)?;
        }
        if kept.names.len() >= typing.limit {
            break;
        }
    }
    Ok(kept)
}

fn look_through(
    view: &View,
    ordinal: SegmentOrdinal,
    (typing, terms, circle): (&Typing, &Terms, Option<&Circle>),
    kept: &mut Kept,
) -> tantivy::Result<()> {
    let Some(segment) = view.segment(ordinal) else { return Ok(()) };
    let reader = view.searcher.segment_reader(ordinal);
    let open = |terms: &[KnownTerm]| -> tantivy::Result<Vec<List>> {
        let lists: tantivy::Result<Vec<_>> = terms.iter().map(|term| term.list(reader, ordinal)).collect();
        Ok(lists?.into_iter().flatten().collect())
    };
    let (mut whole, mut last) = (open(&terms.whole)?, open(&terms.last)?);
    if whole.len() < terms.whole.len() {
        return Ok(());
    }
    let region = circle.map(|circle| segment.map.region(circle, typing.audience));
    let sight = Sight { audience: typing.audience, area: None };
    let mut held = HeldWords::new();
    for window in 0..(reader.max_doc() as usize).div_ceil(WINDOW) {
        if kept.looked_at >= SERVICES_LOOKED_AT_MAX {
            break;
        }
        let start = (window * WINDOW) as DocId;
        let mut fits = Bits::below(start, reader.max_doc());
        if let Some(region) = &region {
            fits = fits.and(&segment.map.window(window, Some(region)).possible);
        }
        for offset in held.mark(start, fits, (&mut whole, &mut last)).offsets() {
            kept.looked_at += 1;
            let doc = start + offset as DocId;
            let is_there = reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc));
            if is_there && !is_hidden(segment, doc, typing) {
                let (part, impact) = held.of(offset);
                let nearest = typing.point.and_then(|point| segment.map.nearest(doc, point, sight));
                let distance_km = nearest.map_or(f64::INFINITY, |nearest| nearest.distance_km);
                kept.put(part, Candidate { distance_km, impact, id: segment.id(doc), segment: ordinal, doc });
            }
        }
    }
    Ok(())
}

fn is_hidden(segment: &SegmentView, doc: DocId, typing: &Typing) -> bool {
    let hidden_until = typing.hide_overdue_days.map(|days| typing.now.micros() - days * DAY_MICROS);
    hidden_until.is_some_and(|until| segment.is_due(doc, until))
}

/// How the documents of a window hold the words.
struct HeldWords {
    /// The frequency of the word that each holds in the poorest part, and the sum of all of them.
    poorest: Vec<u32>,
    sum: Vec<u32>,
    /// The best frequency of a word that begins as the last one.
    last: Vec<u32>,
    is_clear: bool,
}

impl HeldWords {
    fn new() -> Self {
        Self { poorest: vec![u32::MAX; WINDOW], sum: vec![0; WINDOW], last: vec![0; WINDOW], is_clear: true }
    }

    /// Those that hold all the words.
    fn mark(&mut self, start: DocId, among: Bits, (whole, last): (&mut [List], &mut [List])) -> Bits {
        if !self.is_clear {
            self.poorest.fill(u32::MAX);
            self.sum.fill(0);
            self.last.fill(0);
            self.is_clear = true;
        }
        let mut fits = among;
        for list in whole {
            fits = list.visit(start, &fits, |offset, frequency| {
                self.is_clear = false;
                let (poorest, sum) = (self.poorest.get_mut(offset), self.sum.get_mut(offset));
                if let (Some(poorest), Some(sum)) = (poorest, sum) {
                    *poorest = frequency.min(*poorest);
                    *sum += frequency;
                }
            });
        }
        let mut held = Bits::NONE;
        for list in last {
            let hits = list.visit(start, &fits, |offset, frequency| {
                self.is_clear = false;
                if let Some(best) = self.last.get_mut(offset) {
                    *best = frequency.max(*best);
                }
            });
            held = held.or(&hits);
        }
        held
    }

    /// The poorest part in which one holds a word, and the sum of its impacts.
    fn of(&self, offset: usize) -> (Part, u32) {
        let at = |all: &[u32]| all.get(offset).copied().unwrap_or(0);
        let last = at(&self.last);
        (Impact::from_frequency(at(&self.poorest).min(last)).part(), at(&self.sum) + last)
    }
}
