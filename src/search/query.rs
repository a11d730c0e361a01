//! From what a person asks to what the engine looks for. Synonyms expand on phrases, longest first, before stemming;
//! each word or phrase asked is a [`Concept`] with its alternatives, the surest kind first.

use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use super::Error;
use super::analyse::{Stems, words};
use super::definition::{Definition, is_weak};
use super::needs::{Meant, Needs};
use super::parts;
use super::rank::{Facet, NEED_STEPS};
use super::schema::{Audience, Fields, Trait};
use super::typo::{self, Near};
use super::why::Kind;
use super::wishes;
use crate::clock::Time;
use crate::domain::area::Area;
use crate::domain::conditions::Conditions;
use crate::domain::directory::Point;
use crate::domain::language::Lang;
use crate::domain::spoken_age::{self, AgeRange};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::words::words;

/// Words and phrases of one query that are looked for; what comes after is left aside.
pub(super) const CONCEPTS_MAX: usize = 12;

/// Bytes of all corrections of one query: those of the words after it are left aside, so that a cursor can hold them.
const CORRECTIONS_BYTES_MAX: usize = 1_000;

words! {
    /// Which services a place reaches: with a place near it, that serve it, or either.
    pub enum Coverage {
        Near => "near",
        Served => "served",
        Either => "either",
    }
}
words! {
    pub enum Sort {
        Relevance => "relevance",
        Distance => "distance",
    }
}

/// The place that a search starts from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Origin {
    /// A place may be known without its point: then nothing has a distance from it.
    pub point: Option<Point>,
    /// Ids of the territories that hold it, finest to widest in any order.
    pub territories: Vec<String>,
    /// The territory that a place without a point is: what lies in it is near.
    pub inside: Option<String>,
}

/// A search, already validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub text: Option<String>,
    pub lang: Lang,
    /// No synonyms and no corrections.
    pub exact: bool,
    pub origin: Option<Origin>,
    /// Kilometres, finite and above zero.
    pub radius_km: Option<f64>,
    /// `None`: `near` when a radius is given, else `either`.
    pub coverage: Option<Coverage>,
    /// Top-level or leaf codes; any of them.
    pub categories: Vec<String>,
    /// Territory ids in which a place must lie; any of them.
    pub located: Vec<String>,
    /// A part of the map in which a place must lie.
    pub area: Option<Area>,
    /// ISO 639-1, lower case. Where people interpret it may be met: that comes after.
    pub language: Option<String>,
    pub open_at: Option<Time>,
    /// It takes somebody of any of these ages; empty: of whichever.
    pub ages_months: Vec<u32>,
    pub conditions: Conditions,
    /// `None`: distance when there is a point and no text, else relevance; and by distance too, what is known to be as
    /// asked comes before what nobody said.
    pub sort: Option<Sort>,
    /// Of what a text means only what is nearly sure, and of what holds only some of its words nothing: for whoever
    /// takes each result for an answer.
    pub only_sure: bool,
    /// What is counted beside the page.
    pub facets: Vec<Facet>,
    /// Each result says what its place in the order is made of.
    pub explain: bool,
    pub limit: usize,
    pub cursor: Option<String>,
    pub audience: Audience,
    /// Leaves out services that were to be confirmed so many days ago or more; `None` leaves out none.
    pub hide_overdue_days: Option<i64>,
    pub now: Time,
}

impl Request {
    /// Everything, for the public, twenty at a time.
    pub fn new(now: Time) -> Self {
        Self {
            text: None,
            lang: Lang::Fr,
            exact: false,
            origin: None,
            radius_km: None,
            coverage: None,
            categories: vec![],
            located: vec![],
            area: None,
            language: None,
            open_at: None,
            ages_months: vec![],
            conditions: Conditions::default(),
            sort: None,
            only_sure: false,
            facets: vec![],
            explain: false,
            limit: 20,
            cursor: None,
            audience: Audience::Public,
            hide_overdue_days: None,
            now,
        }
    }

    pub(super) fn point(&self) -> Option<Point> {
        self.origin.as_ref().and_then(|origin| origin.point)
    }

    pub(super) fn coverage(&self) -> Coverage {
        let default = if self.radius_km.is_some() { Coverage::Near } else { Coverage::Either };
        self.coverage.unwrap_or(default)
    }

    pub(super) fn sort(&self) -> Sort {
        let nothing_asked = self.text.as_deref().is_none_or(|text| words(text).is_empty());
        let default = if nothing_asked && self.point().is_some() { Sort::Distance } else { Sort::Relevance };
        self.sort.unwrap_or(default)
    }

    /// The ages that the text tells, where they order what is found: by relevance, and where no age was asked.
    pub(super) fn ages_said(&self) -> Vec<AgeRange> {
        let text = self.text.as_deref().filter(|_| !self.exact && self.ages_months.is_empty());
        text.filter(|_| self.sort() == Sort::Relevance).map(spoken_age::ages_said).unwrap_or_default()
    }

    /// What must be the same on every page of one search.
    pub(super) fn fingerprint(&self) -> String {
        let mut same = self.clone();
        same.cursor = None;
        same.limit = 0;
        same.facets = vec![];
        same.explain = false;
        same.now = Time::from_micros(0);
        // By relevance is the same search, said or not; by distance what is said orders otherwise.
        same.sort = self.sort.or(Some(Sort::Relevance).filter(|sort| *sort == self.sort()));
        format!("{same:?}")
    }
}

/// What the first page of a search settled from the index as it was then. The pages after it go by that, so that a
/// directory that changes meanwhile repeats and loses nothing of what has not changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// What each concept was taken for, where no service knew its word.
    pub corrections: Vec<Vec<String>>,
    /// As [`super::plan::Plan`] has them.
    pub rarities: Vec<u8>,
}

/// A word or phrase asked.
pub(super) struct Concept {
    /// As asked, folded.
    pub term: String,
    pub role: Role,
    /// Words that it may be a misspelling of.
    pub corrections: Vec<String>,
    /// The surest kind first.
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Required,
    /// Weak words raise what holds them and exclude nothing.
    Weak,
    /// What the whole text means: holding it is as good as holding its words.
    Meaning,
}

/// One way to hold a concept.
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    pub kind: Kind,
    /// The words found, for people.
    pub shown: String,
    words: Vec<String>,
    form: Form,
    /// How many words of the query it stands for.
    weight: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The words as they are, one after the other.
    Exact,
    /// Their stems, one after the other, in the text of one language or of both.
    Stems(Option<Lang>),
    /// The stems of all the words that count, anywhere.
    Apart,
    /// The code of a need.
    Need,
}

/// Reads a text into concepts. Looks into the index only to see whether a word exists before correcting it, and not
/// even for that where it is settled.
pub(super) fn concepts(
    searcher: &Searcher,
    fields: &Fields,
    request: &Request,
    settled: Option<&Settled>,
) -> Result<Vec<Concept>, Error> {
    let definition = Definition::of_this_program()?;
    let text = request.text.as_deref().unwrap_or("");
    let needed = if request.exact { None } else { parts::words_needed(text)? };
    let asked = needed.unwrap_or_else(|| words(text));
    let counts = asked.iter().any(|word| !definition.is_stop_word(word));
    let mut stems = Stems::new();
    let mut found: Vec<Concept> = vec![];
    let mut corrections_bytes = 0;
    let mut rest = asked.as_slice();
    while let Some((word, after)) = rest.split_first().filter(|_| found.len() < CONCEPTS_MAX) {
        if let Some((count, synonyms)) = definition.phrase_at(rest) {
            let (phrase, after) = rest.split_at(count);
            let mut concept = concept_of(definition, phrase);
            if !request.exact {
                concept
                    .alternatives
                    .extend(synonyms.into_iter().map(|term| synonym(&term.words, &term.shown, term.lang)));
            }
            if found.last().is_none_or(|before| before.term != concept.term) {
                found.push(concept);
            }
            rest = after;
            continue;
        }
        rest = after;
        if counts && definition.is_stop_word(word) {
            continue;
        }
        let mut concept = concept_of(definition, std::slice::from_ref(word));
        if is_weak(word) {
            concept.role = Role::Weak;
        }
        if found.last().is_some_and(|before| before.term == concept.term) {
            continue;
        }
        concept.corrections = match settled {
            _ if request.exact => vec![],
            Some(settled) => settled.corrections.get(found.len()).cloned().unwrap_or_default(),
            None if is_known(searcher, fields, &mut stems, word)? => vec![],
            // What people often say is no misspelling: "coats" are not "costs".
            None if Needs::of_this_program()?.is_often_said(word) => vec![],
            None => typo::corrections(searcher, fields.words, (word, Near::Whole), definition.synonym_words())?,
        };
        corrections_bytes += concept.corrections.iter().map(String::len).sum::<usize>();
        if corrections_bytes > CORRECTIONS_BYTES_MAX {
            concept.corrections.clear();
        }
        concept.alternatives.extend(concept.corrections.iter().flat_map(|word| correction(definition, word)));
        found.push(concept);
    }
    if !found.iter().any(|concept| concept.role == Role::Required) {
        found.iter_mut().for_each(|concept| concept.role = Role::Required);
    }
    if !request.exact {
        let only_sure = request.only_sure || request.sort() == Sort::Distance;
        found.extend(meaning(definition, &asked, (request.lang, only_sure), words_asked(&found))?);
    }
    Ok(found)
}

/// A text has a word that says what is needed: more than marks, numbers, words that any text has, and greetings.
///
/// # Errors
/// The definition of the index, which is part of the program, does not read.
pub fn says_something(text: &str) -> Result<bool, Error> {
    Ok(Definition::of_this_program()?.says_something(&words(text)))
}

/// Words and phrases that a service must hold.
pub(super) fn words_asked(concepts: &[Concept]) -> usize {
    concepts.iter().filter(|concept| concept.role == Role::Required).count()
}

/// The needs that the whole text asks for. Whoever holds the surest has held every word, as surely as by synonyms.
fn meaning(
    definition: &Definition,
    asked: &[String],
    (lang, only_sure): (Lang, bool),
    words: usize,
) -> Result<Option<Concept>, Error> {
    // A greeting is nearest to visits, and nobody asks for them by it.
    if !definition.says_something(asked) {
        return Ok(None);
    }
    let mut meant = Needs::of_this_program()?.meant(asked, definition);
    if only_sure {
        meant.retain(Meant::is_sure);
    }
    let taxonomy = Taxonomy::embedded();
    let alternative = |meant: &Meant| Alternative {
        kind: Kind::Need,
        shown: taxonomy.get(&meant.code).map_or_else(|| meant.code.clone(), |term| term.label.get(lang).to_owned()),
        words: vec![meant.code.clone()],
        form: Form::Need,
        weight: meant.share * meant.telling * words as f32,
    };
    let alternatives: Vec<Alternative> = meant.iter().map(alternative).collect();
    let (term, role) = (asked.join(" "), Role::Meaning);
    Ok((!alternatives.is_empty()).then(|| Concept { term, role, corrections: vec![], alternatives }))
}

fn concept_of(definition: &Definition, asked: &[String]) -> Concept {
    let shown = asked.join(" ");
    let alternative =
        |kind, form, words: Vec<String>| Alternative { kind, shown: shown.clone(), words, form, weight: 1.0 };
    let mut alternatives = vec![
        alternative(Kind::Exact, Form::Exact, asked.to_vec()),
        alternative(Kind::Stemmed, Form::Stems(None), asked.to_vec()),
    ];
    if asked.len() > 1 {
        let counted: Vec<String> = asked.iter().filter(|word| !definition.is_stop_word(word)).cloned().collect();
        if counted.len() > 1 {
            alternatives.push(alternative(Kind::Apart, Form::Apart, counted));
        }
    }
    Concept { term: shown, role: Role::Required, corrections: vec![], alternatives }
}

fn synonym(words: &[String], shown: &str, lang: Lang) -> Alternative {
    let form = Form::Stems(Some(lang));
    Alternative { kind: Kind::Synonym, shown: shown.to_owned(), words: words.to_vec(), form, weight: 1.0 }
}

/// The index uses this word, or one with its stem.
fn is_known(searcher: &Searcher, fields: &Fields, stems: &mut Stems, word: &str) -> Result<bool, Error> {
    if searcher.doc_freq(&Term::from_field_text(fields.words, word))? > 0 {
        return Ok(true);
    }
    for lang in Lang::ALL {
        if searcher.doc_freq(&Term::from_field_text(fields.stems, stems.stem(lang, word)))? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A word that a misspelt one may stand for, and what means the same as that.
fn correction(definition: &Definition, word: &str) -> Vec<Alternative> {
    let words = vec![word.to_owned()];
    let synonyms = definition.phrase_at(&words).map(|(_, terms)| terms).unwrap_or_default();
    let meant = synonyms.into_iter().map(|term| synonym(&term.words, &term.shown, term.lang));
    let meant: Vec<Alternative> = meant.map(|alternative| Alternative { kind: Kind::Typo, ..alternative }).collect();
    let itself = Alternative { kind: Kind::Typo, shown: word.to_owned(), words, form: Form::Stems(None), weight: 1.0 };
    std::iter::once(itself).chain(meant).collect()
}

/// What a service must hold.
pub(super) enum Held {
    /// Any of the terms, the first being the best.
    Any(Vec<Term>),
    /// Any of each.
    Each(Vec<Vec<Term>>),
}

impl Alternative {
    /// The terms by which a service holds the alternative.
    pub(super) fn held(&self, fields: &Fields, stems: &mut Stems) -> Held {
        let mut stemmed = |langs: &[Lang], words: &[String]| {
            let mut terms: Vec<Term> = vec![];
            for lang in langs {
                let term = Term::from_field_text(fields.stems, &stems.all(*lang, words).join(" "));
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
            terms
        };
        match self.form {
            Form::Exact => Held::Any(vec![Term::from_field_text(fields.words, &self.words.join(" "))]),
            Form::Stems(Some(lang)) => Held::Any(stemmed(&[lang], &self.words)),
            Form::Stems(None) => Held::Any(stemmed(&Lang::ALL, &self.words)),
            Form::Apart => {
                let each = self.words.iter().map(|word| stemmed(&Lang::ALL, std::slice::from_ref(word)));
                Held::Each(each.collect())
            }
            Form::Need => {
                Held::Any(self.words.iter().map(|code| Term::from_field_text(fields.category, code)).collect())
            }
        }
    }

    /// What answering the need is worth, in steps of sureness.
    pub(super) fn need_steps(&self) -> f32 {
        if self.kind == Kind::Need { self.weight * NEED_STEPS } else { 0.0 }
    }
}

/// How many of the required concepts a service must hold: all, half of them, one; or else answer a need that they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    All,
    Half,
    One,
    /// All of them, whatever they mean, by the words themselves and not in its description alone.
    Named,
    /// The same, or the need that they mean.
    NamedOrMeant,
}

impl Demand {
    pub(super) const ALL: [Demand; 5] = [Demand::All, Demand::Half, Demand::One, Demand::Named, Demand::NamedOrMeant];

    /// From the strictest to the widest: the first that finds something is the one. An order by distance does not tell
    /// a good answer from a second choice, nor from what only mentions it: what is named comes alone, where there is
    /// some. A word that means a need names the need.
    pub(super) fn tried(request: &Request, concepts: &[Concept]) -> Vec<Demand> {
        if request.only_sure {
            return vec![Demand::All];
        }
        let widening = [Demand::All, Demand::Half, Demand::One];
        let means_something = concepts.iter().any(|concept| concept.role == Role::Meaning);
        let strict: &[Demand] = match request.sort() {
            Sort::Distance if means_something && words_asked(concepts) > 1 => &[Demand::Named, Demand::NamedOrMeant],
            Sort::Distance if means_something => &[Demand::NamedOrMeant],
            _ => &[],
        };
        strict.iter().copied().chain(widening).collect()
    }

    /// What only a description holds is not held, nor what means the same in another word.
    pub(super) fn is_of_names(self) -> bool {
        matches!(self, Self::Named | Self::NamedOrMeant)
    }

    /// How many of so many required concepts.
    pub(super) fn of(self, required: usize) -> usize {
        match self {
            Self::All | Self::Named | Self::NamedOrMeant => required,
            Self::Half => required.div_ceil(2),
            Self::One => 1,
        }
    }
}

/// Terms of which a service must hold one, for each filter of the request.
pub(super) fn filters(fields: &Fields, request: &Request) -> Vec<Vec<Term>> {
    let located = fields.audience(request.audience).located;
    let asked = [(fields.category, &request.categories), (located, &request.located)];
    let any_of = |(field, wanted): (Field, &Vec<String>)| -> Vec<Term> {
        wanted.iter().map(|word| Term::from_field_text(field, word)).collect()
    };
    let asked = asked.into_iter().filter(|(_, wanted)| !wanted.is_empty()).map(any_of);
    let spoken = |code: &String| vec![Term::from_field_text(fields.language, code), Trait::Interpreters.term(fields)];
    asked.chain(request.language.iter().map(spoken)).chain(wishes::must_hold(fields, request)).collect()
}
