//! Why a service was found: which words asked, held how, and where. Asked only for the services of one page.

use std::collections::HashMap;

use tantivy::query::EnableScoring;
use tantivy::{DocAddress, DocSet, Searcher};

use super::Error;
use super::analyse::Stems;
use super::query::Concept;
use super::schema::Fields;
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

/// The reasons of each document, in the order of the concepts asked.
pub(super) fn reasons(
    searcher: &Searcher,
    fields: &Fields,
    concepts: &[Concept],
    addresses: &[DocAddress],
) -> Result<HashMap<DocAddress, Vec<Reason>>, Error> {
    let mut stems = Stems::new();
    let mut found: HashMap<DocAddress, Vec<Reason>> = HashMap::new();
    let mut ordered = addresses.to_vec();
    ordered.sort_unstable();
    for concept in concepts {
        let mut left = ordered.clone();
        for alternative in &concept.alternatives {
            for (field, query) in alternative.places(fields, &mut stems) {
                if left.is_empty() {
                    break;
                }
                let held = holding(searcher, query.as_ref(), &left)?;
                left.retain(|address| !held.contains(address));
                for address in held {
                    found.entry(address).or_default().push(Reason {
                        term: concept.term.clone(),
                        kind: alternative.kind,
                        field,
                        found: alternative.shown.clone(),
                    });
                }
            }
        }
    }
    Ok(found)
}

/// Those of the addresses (sorted) that a query finds.
fn holding(
    searcher: &Searcher,
    query: &dyn tantivy::query::Query,
    addresses: &[DocAddress],
) -> Result<Vec<DocAddress>, Error> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut held = vec![];
    for of_segment in addresses.chunk_by(|left, right| left.segment_ord == right.segment_ord) {
        let Some(first) = of_segment.first() else { continue };
        let mut scorer = weight.scorer(searcher.segment_reader(first.segment_ord), 1.0)?;
        for address in of_segment {
            if scorer.doc() < address.doc_id {
                scorer.seek(address.doc_id);
            }
            if scorer.doc() == address.doc_id {
                held.push(*address);
            }
        }
    }
    Ok(held)
}
