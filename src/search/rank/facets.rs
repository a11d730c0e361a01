//! How many services are known to be of each category, language, cost and so on, under all the other filters.

use tantivy::schema::Field;
use tantivy::{SegmentOrdinal, Term};

use super::collect::{Run, Windows};
use super::{Kept, Order};
use crate::domain::directory::Delivery;
use crate::domain::publics::Public;
use crate::domain::taxonomy::Taxonomy;
use crate::domain::words::words;
use crate::search::Error;
use crate::search::plan::Plan;
use crate::search::postings::KnownTerm;
use crate::search::query::{Concept, Demand, Request};
use crate::search::schema::{Audience, Fields, Trait};
use crate::search::view::View;

words! {
    /// What services are counted by.
    pub enum Facet {
        Category => "category",
        Language => "language",
        Cost => "cost",
        Wheelchair => "wheelchair",
        Delivery => "delivery",
        Public => "public",
        HasRoom => "has_room",
    }
}

/// The value of what nobody said.
const UNKNOWN: &str = "unknown";

/// A value with the terms by which a service has it.
type Value = (String, Vec<Term>);

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
    without(&mut request, facet);
    let values = values(view, fields, facet, request.audience)?;
    let plan = Plan::new(&view.searcher, fields, &request, concepts, None)?;
    let order = Order::new(&request, concepts, (request.now, None), 0);
    let (mut counts, mut known): (Vec<(String, u64)>, Vec<Vec<KnownTerm>>) = (vec![], vec![]);
    for (value, terms) in values {
        let terms = KnownTerm::look_up_all(&view.searcher, &terms)?;
        if !terms.is_empty() {
            counts.push((value, 0));
            known.push(terms);
        }
    }
    // What has any of the values is counted too: the rest is what nobody said.
    let says: Vec<KnownTerm> = known.iter().flatten().cloned().collect();
    let mut said = 0;
    let mut kept = Kept::new(0, None, None);
    for at in 0..view.segments.len() as SegmentOrdinal {
        let Some(mut run) = Run::new(view, &plan, &order, (at, demand))? else { continue };
        run.count_by(known.iter().map(Vec::as_slice).chain(tells_unknown(facet).then_some(says.as_slice())))?;
        run.collect((None, &Windows::of(view.searcher.segment_reader(at))), &mut kept, || {});
        let totals = counts.iter_mut().map(|(_, total)| total).chain([&mut said]);
        run.counted_by().zip(totals).for_each(|(count, total)| *total += count);
    }
    if tells_unknown(facet) {
        counts.push((UNKNOWN.to_owned(), kept.counted - said));
    }
    counts.retain(|(_, count)| *count > 0);
    counts.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    Ok(FacetCounts { facet, counts })
}

/// Other facets have values that nobody says of most services.
fn tells_unknown(facet: Facet) -> bool {
    match facet {
        Facet::Cost | Facet::Wheelchair | Facet::Delivery | Facet::HasRoom => true,
        Facet::Category | Facet::Language | Facet::Public => false,
    }
}

/// Takes the filter of a facet away.
fn without(request: &mut Request, facet: Facet) {
    let conditions = &mut request.conditions;
    match facet {
        Facet::Category => request.categories.clear(),
        Facet::Language => request.language = None,
        Facet::Cost => conditions.cost = None,
        Facet::Wheelchair => conditions.wheelchair = false,
        Facet::Delivery => conditions.delivery.clear(),
        Facet::Public => conditions.publics.clear(),
        Facet::HasRoom => conditions.has_room = false,
    }
}

fn values(view: &View, fields: &Fields, facet: Facet, audience: Audience) -> Result<Vec<Value>, Error> {
    let of_field = |field: Field, codes: Vec<String>| -> Vec<Value> {
        let value = |code: String| (code.clone(), vec![Term::from_field_text(field, &code)]);
        codes.into_iter().map(value).collect()
    };
    let of_trait = |value: &str, one: Trait| (value.to_owned(), vec![one.term(fields)]);
    let yes_or_no = |yes: Trait, no: Trait| vec![of_trait("yes", yes), of_trait("no", no)];
    Ok(match facet {
        Facet::Category => {
            let codes = Taxonomy::embedded().terms().iter().map(|term| term.code.clone());
            of_field(fields.category, codes.collect())
        }
        Facet::Language => of_field(fields.language, languages(view, fields.language)?),
        Facet::Cost => vec![of_trait("free", Trait::Free), of_trait("not_free", Trait::NotFree)],
        Facet::Wheelchair => yes_or_no(Trait::Wheelchair(audience), Trait::NoWheelchair(audience)),
        Facet::HasRoom => yes_or_no(Trait::HasRoom, Trait::Full),
        Facet::Delivery => Delivery::ALL.iter().map(|how| of_trait(how.as_str(), Trait::Given(*how))).collect(),
        Facet::Public => {
            let named =
                |public: Public| vec![Trait::OnlyFor(public).term(fields), Trait::FirstFor(public).term(fields)];
            Public::ALL.iter().map(|public| (public.as_str().to_owned(), named(*public))).collect()
        }
    })
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
