//! The fields of the index. Raise `version` in `index/search/schema.json` with every change here.

use std::borrow::Cow;

use serde::Serialize;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, Schema};
use tantivy::schema::{TextFieldIndexing, TextOptions};
use tantivy::store::Compressor;
use tantivy::{IndexSettings, IndexSortByField, Order, Term};

use super::analyse::WeighedTerms;
use crate::domain::directory::Delivery;
use crate::domain::publics::Public;

/// Rows that lie together on disk.
const ROWS_BLOCK_BYTES: usize = 1_024;

/// Whose eyes: signed in, or not. Places for professionals are placed by region and MRC alone for the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Audience {
    Public,
    Professional,
}

impl Audience {
    pub(super) const ALL: [Audience; 2] = [Audience::Public, Audience::Professional];

    fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Professional => "professional",
        }
    }
}

/// What is true of a service beyond its words, as a term that it is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Trait {
    /// It comes to people, or is given from afar, in the territories that it serves.
    ComesWhereItServes,
    /// It is given from afar, to people of no territory in particular.
    ComesAnywhere,
    /// It comes to people, nobody said where.
    MayCome,
    /// Nobody said which territories it serves.
    SaysNoTerritory,
    /// It is closed for a while, as a whole.
    ClosedForNow,
    Free,
    NotFree,
    HasRoom,
    Full,
    /// Papers are asked for.
    Papers,
    NoPapers,
    Given(Delivery),
    /// People who interpret are there.
    Interpreters,
    /// It takes some publics alone: those of [`Trait::OnlyFor`].
    ForSomeOnly,
    OnlyFor(Public),
    FirstFor(Public),
    /// As far as an audience may know of its places.
    Wheelchair(Audience),
    NoWheelchair(Audience),
    WithoutCar(Audience),
}

impl Trait {
    pub(super) fn text(self) -> Cow<'static, str> {
        let of = |what: &str, value: &str| Cow::Owned(format!("{what}:{value}"));
        match self {
            Self::ComesWhereItServes => "comes_where_it_serves".into(),
            Self::ComesAnywhere => "comes_anywhere".into(),
            Self::MayCome => "may_come".into(),
            Self::SaysNoTerritory => "says_no_territory".into(),
            Self::ClosedForNow => "closed_for_now".into(),
            Self::Free => "free".into(),
            Self::NotFree => "not_free".into(),
            Self::HasRoom => "has_room".into(),
            Self::Full => "full".into(),
            Self::Papers => "papers".into(),
            Self::NoPapers => "no_papers".into(),
            Self::Given(how) => of("given", how.as_str()),
            Self::Interpreters => "interpreters".into(),
            Self::ForSomeOnly => "for_some_only".into(),
            Self::OnlyFor(public) => of("only_for", public.as_str()),
            Self::FirstFor(public) => of("first_for", public.as_str()),
            Self::Wheelchair(audience) => of("wheelchair", audience.as_str()),
            Self::NoWheelchair(audience) => of("no_wheelchair", audience.as_str()),
            Self::WithoutCar(audience) => of("without_car", audience.as_str()),
        }
    }

    pub(super) fn term(self, fields: &Fields) -> Term {
        Term::from_field_text(fields.traits, &self.text())
    }
}

/// What depends on the audience.
#[derive(Debug, Clone, Copy)]
pub(super) struct AudienceFields {
    /// Territories in which a place of the service lies.
    pub located: Field,
    /// Of places whose point the audience may not see or nobody has: the MRC.
    pub area: Field,
}

#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub schema: Schema,
    /// The sixteen bytes of the id: what a change replaces.
    pub id: Field,
    /// Folded words of both languages, and the phrases that the synonyms know. How often a term is written in a
    /// document is its [`super::impact::Impact`].
    pub words: Field,
    /// Stems, French ones of French texts and English ones of English texts; written as the words are.
    pub stems: Field,
    pub category: Field,
    pub served: Field,
    pub language: Field,
    pub traits: Field,
    public: AudienceFields,
    professional: AudienceFields,
    pub along_curve: Field,
    pub places: Field,
    pub id_high: Field,
    pub id_low: Field,
    pub age_min: Field,
    pub age_max: Field,
    pub places_available: Field,
    pub verified_at: Field,
    pub review_due_at: Field,
    pub hours: Field,
    pub digest: Field,
    pub own_row: Field,
    /// The same for all services of one giver: in a column, that keeps each value once.
    pub giver_row: Field,
}

/// Names of the fast columns.
pub(super) const ALONG_CURVE: &str = "along_curve";
pub(super) const PLACES: &str = "places";
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const AGE_MIN: &str = "age_min";
pub(super) const AGE_MAX: &str = "age_max";
pub(super) const PLACES_AVAILABLE: &str = "places_available";
pub(super) const VERIFIED_AT: &str = "verified_at";
pub(super) const REVIEW_DUE_AT: &str = "review_due_at";
pub(super) const HOURS: &str = "hours";
pub(super) const DIGEST: &str = "digest";
pub(super) const GIVER_ROW: &str = "giver_row";

impl Fields {
    pub(super) fn new() -> Self {
        let mut build = Schema::builder();
        let mut audience = |located: &str, area: &str| AudienceFields {
            located: build.add_text_field(located, whole_terms()),
            area: build.add_text_field(area, whole_terms()),
        };
        let public = audience("public_located", "public_area");
        let professional = audience("professional_located", "professional_area");
        Self {
            id: build.add_bytes_field("id", INDEXED),
            words: build.add_text_field("words", weighed_terms()),
            stems: build.add_text_field("stems", weighed_terms()),
            category: build.add_text_field("category", whole_terms()),
            served: build.add_text_field("served", whole_terms()),
            language: build.add_text_field("language", whole_terms()),
            traits: build.add_text_field("traits", whole_terms()),
            public,
            professional,
            along_curve: build.add_u64_field(ALONG_CURVE, FAST),
            places: build.add_u64_field(PLACES, FAST),
            id_high: build.add_u64_field(ID_HIGH, FAST),
            id_low: build.add_u64_field(ID_LOW, FAST),
            age_min: build.add_u64_field(AGE_MIN, FAST),
            age_max: build.add_u64_field(AGE_MAX, FAST),
            places_available: build.add_i64_field(PLACES_AVAILABLE, FAST),
            verified_at: build.add_i64_field(VERIFIED_AT, FAST),
            review_due_at: build.add_i64_field(REVIEW_DUE_AT, FAST),
            hours: build.add_text_field(HOURS, TextOptions::default().set_fast("raw")),
            digest: build.add_u64_field(DIGEST, FAST),
            own_row: build.add_bytes_field("own_row", STORED),
            giver_row: build.add_bytes_field(GIVER_ROW, FAST),
            schema: build.build(),
        }
    }

    pub(super) fn audience(&self, audience: Audience) -> AudienceFields {
        match audience {
            Audience::Public => self.public,
            Audience::Professional => self.professional,
        }
    }
}

/// Codes, that a service has or has not.
fn whole_terms() -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic);
    TextOptions::default().set_indexing_options(indexing.set_fieldnorms(false))
}

fn weighed_terms() -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer(WeighedTerms::NAME);
    let indexing = indexing.set_index_option(IndexRecordOption::WithFreqs).set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

/// Services that lie near each other are near each other in the index, so that a circle on the map is a few ranges of
/// documents. Rows are read one at a time: they are small, and not compressed.
pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField { field: ALONG_CURVE.to_owned(), order: Order::Asc }),
        docstore_compression: Compressor::None,
        docstore_blocksize: ROWS_BLOCK_BYTES,
        ..IndexSettings::default()
    }
}
