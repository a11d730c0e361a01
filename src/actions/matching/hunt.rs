//! What the searches for one need found, and which of it is looked at next: the best first, and what may spare a visit.

use std::collections::{HashMap, HashSet};

use super::{Choice, LOOKED_AT_PER_NEED_MAX, SHARED_PER_NEED_MAX};
use crate::actions::Outcome;
use crate::domain::fold::fold;
use crate::domain::matching::{Cause, Note, WordsHeld};
use crate::id::Id;
use crate::search::{Index, Kind, Page, Part, Reason, Request};

/// Services that a search gives at a time, and how often it is asked for more where few suit.
pub(super) const PAGE_SERVICES: usize = 100;
const PAGES_MAX: usize = 5;
/// Services of a need that are read at a time.
const LOOKED_AT_ONCE: usize = 50;

/// What one search after another found for a need.
pub(super) struct Hunt {
    searches: Vec<Searching>,
    /// The words mean a need, or may.
    may_be_widened: bool,
    found: Vec<Found>,
    places: HashMap<Id, usize>,
    /// The best first, those that do not suit last.
    pub choices: Vec<Choice>,
    pub has_enough: bool,
}

pub(super) struct Searching {
    request: Request,
    /// Whether it looks for what serves the territory, wherever that is.
    is_of_territory: bool,
    is_over: bool,
    given: usize,
    pages: usize,
}

/// Whether a service was looked at, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    NotYet,
    Best,
    Shared,
}

/// A service found, its place in the order of the search that gave it.
pub(super) struct Found {
    pub id: Id,
    pub order: usize,
    pub is_of_territory: bool,
    pub because: Vec<Note>,
    pub held: WordsHeld,
    /// Its organisation meets another need too.
    pub meets_several: bool,
    look: Look,
    organization_id: Id,
}

impl Searching {
    pub fn new(request: Request, is_of_territory: bool) -> Self {
        Self { request, is_of_territory, is_over: false, given: 0, pages: 0 }
    }

    fn may_give_more(&self) -> bool {
        !self.is_over && self.pages < PAGES_MAX
    }
}

impl Hunt {
    pub fn new(searches: Vec<Searching>, may_be_widened: bool) -> Self {
        Self { searches, may_be_widened, found: vec![], places: HashMap::new(), choices: vec![], has_enough: false }
    }

    /// All that the searches find was looked at.
    pub fn is_complete(&self) -> bool {
        self.searches.iter().all(|one| one.is_over) && self.found.iter().all(|found| found.look != Look::NotYet)
    }

    /// Nothing more is looked at, be there more or not.
    pub fn is_over(&self) -> bool {
        let is_left = self.found.iter().any(|found| found.look == Look::NotYet);
        let may_go_on = is_left || self.searches.iter().any(Searching::may_give_more);
        !may_go_on || self.count(Look::Best) >= LOOKED_AT_PER_NEED_MAX
    }

    pub fn looked_at(&self) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(|found| found.look != Look::NotYet)
    }

    pub fn has_looked_at(&self, id: &Id) -> bool {
        let found = self.places.get(id).and_then(|at| self.found.get(*at));
        found.is_some_and(|found| found.look != Look::NotYet)
    }

    fn count(&self, look: Look) -> usize {
        self.found.iter().filter(|found| found.look == look).count()
    }

    /// Asks each search for a page more, unless what was found is enough to go on with; of a category, for what holds
    /// none of the words at last.
    pub fn search(&mut self, index: &Index) -> Outcome<()> {
        if self.count(Look::NotYet) >= LOOKED_AT_ONCE {
            return Ok(());
        }
        for at in 0..self.searches.len() {
            let Some(searching) = self.searches.get_mut(at).filter(|one| one.may_give_more()) else { continue };
            searching.pages += 1;
            let page = index.search(&searching.request)?;
            self.take(at, page);
        }
        let is_over = self.searches.iter().all(|one| one.is_over);
        if is_over && self.leave_words_out() {
            return self.search(index);
        }
        Ok(())
    }

    /// Of a category all that is left comes after what holds the words said beside it: they choose, and take nothing
    /// away. Gives whether there was something to leave out.
    fn leave_words_out(&mut self) -> bool {
        let has_both = |one: &&mut Searching| one.request.text.is_some() && !one.request.categories.is_empty();
        let without = self.searches.iter_mut().filter(has_both).map(|one| {
            one.request = Request { text: None, only_sure: false, cursor: None, ..one.request.clone() };
            (one.is_over, one.pages) = (false, 0);
        });
        without.count() > 0
    }

    /// Where nothing that suits is of what the words surely mean, or has them, what may help too is searched for. Words
    /// that tell of no need are not read so. Gives whether there was something to widen.
    pub fn widen(&mut self) -> bool {
        let narrow = self.searches.iter_mut().filter(|one| self.may_be_widened && one.request.only_sure);
        let widened = narrow.map(|one| {
            one.request = Request { only_sure: false, cursor: None, ..one.request.clone() };
            (one.is_over, one.pages) = (false, 0);
        });
        widened.count() > 0
    }

    fn take(&mut self, at: usize, page: Page) {
        let Some(searching) = self.searches.get_mut(at) else { return };
        let is_of_territory = searching.is_of_territory;
        let typed = as_typed(searching.request.text.as_deref().unwrap_or_default());
        for hit in page.hits {
            let order = searching.given;
            searching.given += 1;
            if let Some(known) = self.places.get(&hit.service_id).and_then(|at| self.found.get_mut(*at)) {
                known.is_of_territory |= is_of_territory;
                continue;
            }
            let held = held(&hit.matched, page.words_asked);
            let because = hit.matched.into_iter().map(|reason| match (reason.kind, reason.field) {
                (Kind::Need, Some(Part::Category)) => Note::with(Cause::Words, reason.found),
                _ => Note::with(Cause::Words, typed.get(&reason.term).unwrap_or(&reason.term)),
            });
            let (id, organization_id, because) = (hit.service_id, hit.organization_id, because.collect());
            self.places.insert(id, self.found.len());
            let (look, meets_several) = (Look::NotYet, false);
            self.found.push(Found { id, order, is_of_territory, because, held, meets_several, look, organization_id });
        }
        match page.next_cursor {
            Some(cursor) => searching.request.cursor = Some(cursor),
            None => searching.is_over = true,
        }
    }

    /// Marks what is looked at next, and gives it: the best, then those of organisations that meet other needs too.
    fn choose(&mut self, is_shared: impl Fn(Id) -> bool) -> Vec<Id> {
        self.found.iter_mut().for_each(|found| found.meets_several |= is_shared(found.organization_id));
        let most = LOOKED_AT_ONCE.min(LOOKED_AT_PER_NEED_MAX.saturating_sub(self.count(Look::Best)));
        let shared_most = SHARED_PER_NEED_MAX.saturating_sub(self.count(Look::Shared));
        let mut left: Vec<&mut Found> = self.found.iter_mut().filter(|found| found.look == Look::NotYet).collect();
        left.sort_by_key(|found| found.order);
        let mut others = left.split_off(most.min(left.len()));
        others.retain(|found| found.meets_several);
        others.truncate(shared_most);
        let best = left.into_iter().map(|found| (found, Look::Best));
        let chosen = best.chain(others.into_iter().map(|found| (found, Look::Shared)));
        let mark = |(found, look): (&mut Found, Look)| {
            found.look = look;
            found.id
        };
        chosen.map(mark).collect()
    }
}

/// What is to be read next for all needs that have not enough yet.
pub(super) fn choose(hunts: &mut [Hunt]) -> Vec<Id> {
    let mut needs_met: HashMap<Id, usize> = HashMap::new();
    for hunt in hunts.iter() {
        let organizations: HashSet<Id> = hunt.found.iter().map(|found| found.organization_id).collect();
        organizations.into_iter().for_each(|id| *needs_met.entry(id).or_default() += 1);
    }
    let is_shared = |id: Id| needs_met.get(&id).is_some_and(|count| *count > 1);
    let going_on = hunts.iter_mut().filter(|hunt| !hunt.has_enough);
    going_on.flat_map(|hunt| hunt.choose(is_shared)).collect()
}

fn held(reasons: &[Reason], words_asked: usize) -> WordsHeld {
    let count = |parts: &[Part]| {
        let is_there =
            |reason: &&Reason| reason.kind != Kind::Need && reason.field.is_some_and(|at| parts.contains(&at));
        reasons.iter().filter(is_there).count()
    };
    if count(&[Part::Name]) >= words_asked {
        WordsHeld::InName
    } else if count(&[Part::Name, Part::Category]) >= words_asked {
        WordsHeld::InCategory
    } else if reasons.iter().any(|reason| reason.kind != Kind::Need) {
        WordsHeld::Mentioned
    } else {
        WordsHeld::Nowhere
    }
}

/// What somebody typed, by what it is folded to: reasons are told in their words, with the accents.
fn as_typed(text: &str) -> HashMap<String, String> {
    let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    text.split_whitespace().map(|word| (fold(word), bare(word))).collect()
}
