//! What is asked of services beyond their words and their place (`domain/conditions.rs`), as terms. What is known to be
//! against is left out by the terms that say so; what is known to be as asked comes before what nobody said.

use tantivy::Term;

use super::query::Request;
use super::schema::{Fields, Trait};
use crate::domain::directory::Delivery;

/// One thing that is asked.
#[derive(Default)]
pub(super) struct Wish {
    /// What holds any of these is left out,
    pub against: Vec<Term>,
    /// unless it holds any of these.
    pub unless: Vec<Term>,
    /// What holds any of these is known to be as asked.
    pub known: Vec<Term>,
    /// So is what people walk to.
    pub by_foot: bool,
    /// The wish makes no difference where no service holds this.
    pub with: Option<Term>,
    /// Where only what is known is wanted, what is not known to be as asked is left out.
    pub must_be_known: bool,
}

pub(super) fn wishes(fields: &Fields, request: &Request) -> Vec<Wish> {
    let (asked, audience) = (&request.conditions, request.audience);
    let known_or_not = |is_asked: bool, yes: Trait, no: Trait| {
        let term = |one: Trait| vec![one.term(fields)];
        is_asked.then(|| Wish { against: term(no), known: term(yes), must_be_known: true, ..Wish::default() })
    };
    [
        known_or_not(asked.cost.is_some(), Trait::Free, Trait::NotFree),
        known_or_not(asked.wheelchair, Trait::Wheelchair(audience), Trait::NoWheelchair(audience)),
        known_or_not(asked.has_room, Trait::HasRoom, Trait::Full),
        known_or_not(asked.documents.is_some(), Trait::NoPapers, Trait::Papers),
        asked.no_car.then(|| Wish {
            known: vec![Trait::WithoutCar(audience).term(fields)],
            by_foot: true,
            ..Wish::default()
        }),
        delivery(fields, request),
        publics(fields, request),
        language(fields, request),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn delivery(fields: &Fields, request: &Request) -> Option<Wish> {
    let asked = &request.conditions.delivery;
    let terms = |is_wanted: bool| -> Vec<Term> {
        let ways = Delivery::ALL.iter().filter(|how| asked.contains(how) == is_wanted);
        ways.map(|how| Trait::Given(*how).term(fields)).collect()
    };
    let (wanted, others) = (terms(true), terms(false));
    (!asked.is_empty()).then(|| Wish {
        against: others,
        unless: wanted.clone(),
        known: wanted,
        must_be_known: true,
        ..Wish::default()
    })
}

/// What is for them comes before what is for everybody, which is as asked too.
fn publics(fields: &Fields, request: &Request) -> Option<Wish> {
    let asked = &request.conditions.publics;
    let only: Vec<Term> = asked.iter().map(|public| Trait::OnlyFor(*public).term(fields)).collect();
    let first = asked.iter().map(|public| Trait::FirstFor(*public).term(fields));
    (!asked.is_empty()).then(|| Wish {
        against: vec![Trait::ForSomeOnly.term(fields)],
        known: only.iter().cloned().chain(first).collect(),
        unless: only,
        ..Wish::default()
    })
}

/// Who speaks it comes before those who have somebody interpret.
fn language(fields: &Fields, request: &Request) -> Option<Wish> {
    let code = request.language.as_deref()?;
    let (known, with) = (vec![Term::from_field_text(fields.language, code)], Some(Trait::Interpreters.term(fields)));
    Some(Wish { known, with, must_be_known: true, ..Wish::default() })
}

/// Terms of which a service must hold one, for each thing asked, where only what is known to be as asked is wanted.
/// Whether one walks there is told from the place.
pub(super) fn must_hold(fields: &Fields, request: &Request) -> Vec<Vec<Term>> {
    if !request.conditions.known_only {
        return vec![];
    }
    wishes(fields, request).into_iter().filter(|wish| wish.must_be_known).map(|wish| wish.known).collect()
}
