//! Why a service was found: which words asked, held how, and where. Asked only for the services of one page.

use std::collections::BTreeMap;

use tantivy::{DocId, SegmentOrdinal};

use super::Error;
use super::impact::Impact;
use super::plan::{HeldLists, Plan};
use super::query::{Concept, Role};
use super::rank::Found;
use super::view::View;
use crate::domain::words::words;

words! {
    /// How a word or phrase asked is held, the surest first.
    pub enum Kind {
        Exact => "exact",
        Stemmed => "stemmed",
        Apart => "apart",
        Synonym => "synonym",
        Need => "need",
        Typo => "typo",
    }
}
words! {
    /// Where in a service words are looked for.
    pub enum Part {
        Name => "name",
        Category => "category",
        Organization => "organization",
        Description => "description",
    }
}

pub(super) const PARTS: [Part; 4] = [Part::Name, Part::Category, Part::Organization, Part::Description];

/// One word or phrase asked, and how the service holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// As asked, folded.
    pub term: String,
    pub kind: Kind,
    /// Where; none for words that lie apart from each other.
    pub field: Option<Part>,
    /// The words of the service: the synonym or the correction, or the term itself.
    pub found: String,
}

/// The reasons of each of what was found, in the order of the concepts asked. That a service holds a word such as
/// "pour" or "my" is none.
pub(super) fn reasons(
    view: &View,
    concepts: &[Concept],
    plan: &Plan,
    found: &[Found],
) -> Result<Vec<Vec<Reason>>, Error> {
    let mut reasons = vec![vec![]; found.len()];
    for (segment, mut at) in by_segment(found) {
        at.sort_by_key(|at| found.get(*at).map(|found| found.doc));
        let told = concepts.iter().zip(&plan.concepts).filter(|(concept, _)| concept.role != Role::Weak);
        for (concept, planned) in told {
            let mut left = at.clone();
            for (alternative, planned) in concept.alternatives.iter().zip(&planned.alternatives) {
                let mut lists = planned.held.lists(view.searcher.segment_reader(segment), segment)?;
                left.retain(|at| {
                    let held = found.get(*at).and_then(|found| lists.holding(found.doc));
                    let (Some(field), Some(reasons)) = (held, reasons.get_mut(*at)) else { return true };
                    let field = if alternative.kind == Kind::Need { Some(Part::Category) } else { field };
                    let (term, kind, found) = (concept.term.clone(), alternative.kind, alternative.shown.clone());
                    reasons.push(Reason { term, kind, field, found });
                    false
                });
            }
        }
    }
    Ok(reasons)
}

/// Which of what was found lies in each segment.
fn by_segment(found: &[Found]) -> BTreeMap<SegmentOrdinal, Vec<usize>> {
    let mut segments = BTreeMap::<SegmentOrdinal, Vec<usize>>::new();
    for (at, found) in found.iter().enumerate() {
        segments.entry(found.segment).or_default().push(at);
    }
    segments
}

impl HeldLists {
    /// Whether a document holds it, and in which part: none for words that lie apart.
    fn holding(&mut self, doc: DocId) -> Option<Option<Part>> {
        match self {
            Self::Any(lists) => {
                let frequency = lists.iter_mut().find_map(|list| list.frequency_in(doc))?;
                Some(Some(Impact::from_frequency(frequency).part()))
            }
            Self::Each(words) => words.iter_mut().all(|word| word.has(doc)).then_some(None),
        }
    }
}
