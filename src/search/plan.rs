//! A request made ready for an index: every term that it needs, looked up once in each segment.

use tantivy::{Searcher, SegmentOrdinal, SegmentReader, Term};

use super::Error;
use super::analyse::Stems;
use super::marks::AnyMarks;
use super::postings::{HELD_BY_NONE, KnownTerm, List, Union};
use super::query::{self, Concept, Held, Request, Role, Settled};
use super::schema::Fields;
use super::view::View;
use super::wishes::{self, Wish};

/// Terms of which the rarity is settled by the first page: far more than people ask for at once.
const SETTLED_MAX: usize = 2_000;

pub(super) struct Plan {
    /// A service holds one term of each.
    pub filters: Vec<Vec<KnownTerm>>,
    pub wishes: Vec<PlannedWish>,
    /// In the order of the concepts asked.
    pub concepts: Vec<PlannedConcept>,
    /// The territories that hold the place asked, as served by a service, or as the area of a place without a point.
    served: Vec<Term>,
    area: Vec<Term>,
    /// The place asked that has no point, as where services lie.
    inside: Vec<Term>,
    /// The territories of the place asked are known.
    pub has_territories: bool,
    /// How rare each term is by which services are ordered, in the order in which they were looked up.
    pub rarities: Vec<u8>,
}

/// As [`Wish`].
pub(super) struct PlannedWish {
    pub against: Vec<KnownTerm>,
    pub unless: Vec<KnownTerm>,
    pub known: Vec<KnownTerm>,
    pub by_foot: bool,
}

pub(super) struct PlannedConcept {
    pub role: Role,
    pub alternatives: Vec<PlannedAlternative>,
}

pub(super) struct PlannedAlternative {
    pub steps: u32,
    pub need_steps: f32,
    pub held: PlannedHeld,
}

/// As [`Held`]. What a service must hold of each may be known to no segment: then nothing holds it.
pub(super) enum PlannedHeld {
    Any(Vec<KnownTerm>),
    Each(Vec<Vec<KnownTerm>>),
}

/// The lists of a segment for what a service must hold.
pub(super) enum HeldLists {
    Any(Vec<List>),
    Each(Vec<Union>),
}

impl PlannedHeld {
    pub(super) fn lists(&self, segment: &SegmentReader, at: SegmentOrdinal) -> tantivy::Result<HeldLists> {
        Ok(match self {
            Self::Any(terms) => {
                let lists: tantivy::Result<Vec<_>> = terms.iter().map(|term| term.list(segment, at)).collect();
                HeldLists::Any(lists?.into_iter().flatten().collect())
            }
            Self::Each(words) => {
                let words: tantivy::Result<Vec<Union>> =
                    words.iter().map(|terms| Union::open(terms, segment, at)).collect();
                HeldLists::Each(words?)
            }
        })
    }
}

impl Plan {
    pub(super) fn new(
        searcher: &Searcher,
        fields: &Fields,
        request: &Request,
        concepts: &[Concept],
        settled: Option<&Settled>,
    ) -> Result<Self, Error> {
        let look_up = |terms: &[Term]| KnownTerm::look_up_all(searcher, terms);
        let territories: Vec<&str> =
            request.origin.iter().flat_map(|origin| &origin.territories).map(String::as_str).collect();
        let mrcs = territories.iter().filter(|id| id.starts_with("mrc:"));
        let areas = fields.audience(request.audience);
        let inside = request.origin.iter().filter_map(|origin| origin.inside.as_ref());
        let filters: Result<Vec<_>, _> = query::filters(fields, request).iter().map(|wanted| look_up(wanted)).collect();
        let mut planning = Planning { searcher, fields, stems: Stems::new(), settled, rarities: vec![] };
        let planned: tantivy::Result<Vec<_>> = concepts.iter().map(|concept| planning.concept(concept)).collect();
        Ok(Self {
            filters: filters?,
            wishes: planned_wishes(searcher, wishes::wishes(fields, request))?,
            concepts: planned?,
            rarities: planning.rarities,
            served: territories.iter().map(|id| Term::from_field_text(fields.served, id)).collect(),
            area: mrcs.map(|id| Term::from_field_text(areas.area, id)).collect(),
            inside: inside.map(|id| Term::from_field_text(areas.located, id)).collect(),
            has_territories: !territories.is_empty(),
        })
    }

    /// The share of all services that may hold every word that is required: as if no word kept company with another.
    pub(super) fn share_held(&self, documents: u64) -> f64 {
        let all = (documents as f64).max(1.0);
        let held = |concept: &PlannedConcept| {
            let terms = concept.alternatives.iter().flat_map(|one| match &one.held {
                PlannedHeld::Any(terms) => terms.as_slice(),
                PlannedHeld::Each(_) => &[],
            });
            (terms.map(KnownTerm::held).sum::<u64>() as f64 / all).min(1.0)
        };
        let required = self.concepts.iter().filter(|concept| concept.role == Role::Required);
        required.map(held).product()
    }

    /// Services of a segment that serve the place asked, or lie in its MRC without a point.
    pub(super) fn serving(&self, view: &View, at: SegmentOrdinal) -> tantivy::Result<AnyMarks> {
        marked(self.served.iter().chain(&self.area), view, at)
    }

    /// Services of a segment that lie in the place asked, which has no point.
    pub(super) fn lying_inside(&self, view: &View, at: SegmentOrdinal) -> tantivy::Result<AnyMarks> {
        marked(self.inside.iter(), view, at)
    }

    /// Services of a segment that name a territory of the place asked as served.
    pub(super) fn named_as_served(&self, view: &View, at: SegmentOrdinal) -> tantivy::Result<AnyMarks> {
        marked(self.served.iter(), view, at)
    }
}

fn marked<'a>(terms: impl Iterator<Item = &'a Term>, view: &View, at: SegmentOrdinal) -> tantivy::Result<AnyMarks> {
    let Some(segment) = view.segment(at) else { return Ok(AnyMarks::default()) };
    segment.territories.any_of(view.searcher.segment_reader(at), terms)
}

fn planned_wishes(searcher: &Searcher, wishes: Vec<Wish>) -> tantivy::Result<Vec<PlannedWish>> {
    let mut planned = vec![];
    for wish in wishes {
        if let Some(with) = &wish.with
            && KnownTerm::look_up(searcher, with)?.is_none()
        {
            continue;
        }
        let look_up = |terms: &[Term]| KnownTerm::look_up_all(searcher, terms);
        let (against, unless, known) = (look_up(&wish.against)?, look_up(&wish.unless)?, look_up(&wish.known)?);
        planned.push(PlannedWish { against, unless, known, by_foot: wish.by_foot });
    }
    Ok(planned)
}

/// Looks the terms of concepts up, one after the other.
struct Planning<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    stems: Stems,
    settled: Option<&'a Settled>,
    rarities: Vec<u8>,
}

impl Planning<'_> {
    fn concept(&mut self, concept: &Concept) -> tantivy::Result<PlannedConcept> {
        let mut alternatives = vec![];
        for alternative in &concept.alternatives {
            let held = match alternative.held(self.fields, &mut self.stems) {
                Held::Any(terms) => PlannedHeld::Any(self.terms(&terms)?),
                Held::Each(words) => {
                    let words: tantivy::Result<Vec<_>> =
                        words.iter().map(|terms| KnownTerm::look_up_all(self.searcher, terms)).collect();
                    PlannedHeld::Each(words?)
                }
            };
            // A weak word tells apart what holds the others equally.
            let steps = if concept.role == Role::Weak { 0 } else { alternative.kind.steps() };
            let need_steps = alternative.need_steps();
            alternatives.push(PlannedAlternative { steps, need_steps, held });
        }
        Ok(PlannedConcept { role: concept.role, alternatives })
    }

    /// Terms that are known, each as rare as it was on the first page: a page that goes on is of the same order,
    /// whatever has come and gone since. A term that nobody held then orders nothing that was there.
    fn terms(&mut self, terms: &[Term]) -> tantivy::Result<Vec<KnownTerm>> {
        let mut known = vec![];
        for term in terms {
            let found = KnownTerm::look_up(self.searcher, term)?;
            let now = found.as_ref().map_or(HELD_BY_NONE, |term| term.rarity);
            let settled = self.settled.and_then(|settled| settled.rarities.get(self.rarities.len()).copied());
            if self.rarities.len() < SETTLED_MAX {
                self.rarities.push(settled.unwrap_or(now));
            }
            let rarity = settled.filter(|rarity| *rarity != HELD_BY_NONE).unwrap_or(now);
            known.extend(found.map(|term| term.with_rarity(rarity)));
        }
        Ok(known)
    }
}
