//! How many services each category and language would leave, under all the other filters.

use tantivy::schema::Field;
use tantivy::{SegmentOrdinal, Term};

use super::collect::Run;
use super::{Kept, Order};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::words::words;
use crate::search::Error;
use crate::search::plan::Plan;
use crate::search::postings::KnownTerm;
use crate::search::query::{Concept, Demand, Request};
use crate::search::schema::Fields;
use crate::search::view::View;

words! {
    /// What services are counted by.
    pub enum Facet {
        Category => "category",
        Language => "language",
    }
}

/// Languages that are counted, in the order of their codes.
const LANGUAGES_MAX: usize = 200;

/// The values of a facet that some service has, the most frequent first; ties by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    pub facet: Facet,
    pub counts: Vec<(String, u64)>,
}

/// Counts what a search with this demand would find, were the filter of the facet itself not asked.
pub(super) fn count(
    view: &View,
    fields: &Fields,
    (request, concepts): (&Request, &[Concept]),
    (facet, demand): (Facet, Demand),
) -> Result<FacetCounts, Error> {
    let mut request = Request { cursor: None, ..request.clone() };
    let (field, values) = match facet {
        Facet::Category => {
            request.categories.clear();
            (fields.category, Taxonomy::embedded().terms().iter().map(|term| term.code.clone()).collect())
        }
        Facet::Language => {
            request.language = None;
            (fields.language, languages(view, fields.language)?)
        }
    };
    let plan = Plan::new(&view.searcher, fields, &request, concepts, None)?;
    let order = Order::new(&request, concepts, (request.now, None), 0);
    let (mut counts, mut terms): (Vec<(String, u64)>, Vec<KnownTerm>) = (vec![], vec![]);
    for value in values {
        if let Some(term) = KnownTerm::look_up(&view.searcher, &Term::from_field_text(field, &value))? {
            counts.push((value, 0));
            terms.push(term);
        }
    }
    let mut kept = Kept::new(0);
    for at in 0..view.segments.len() as SegmentOrdinal {
        let Some(mut run) = Run::new(view, &plan, &order, (at, demand))? else { continue };
        run.count_by(&terms)?;
        run.collect(None, &mut kept);
        for (count, (_, total)) in run.counted_by().zip(&mut counts) {
            *total += count;
        }
    }
    counts.retain(|(_, count)| *count > 0);
    counts.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    Ok(FacetCounts { facet, counts })
}

fn languages(view: &View, field: Field) -> Result<Vec<String>, Error> {
    let mut found = std::collections::BTreeSet::new();
    for segment in view.searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut terms = index.terms().stream()?;
        while found.len() < LANGUAGES_MAX && terms.advance() {
            found.extend(std::str::from_utf8(terms.key()).ok().map(str::to_owned));
        }
    }
    Ok(found.into_iter().collect())
}
