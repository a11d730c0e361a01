//! The fields of the index. Raise `version` in `index/search/schema.json` with every change here.

use serde::Serialize;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder};
use tantivy::schema::{TextFieldIndexing, TextOptions};

use super::analyse::WrittenWords;
use super::why::{PARTS, Part};
use crate::domain::language::Lang;

/// Whose eyes: signed in, or not. Places for professionals are placed by region and MRC alone for the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    Public,
    Professional,
}

impl Audience {
    pub(super) const ALL: [Audience; 2] = [Audience::Public, Audience::Professional];
}

/// Whether people must go to a service, as its column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Comes {
    /// They must, or nobody said otherwise.
    Nowhere,
    /// It comes to them, or is given from afar, in the territories that it serves.
    WhereItServes,
    /// It is given from afar, to people of no territory in particular.
    Anywhere,
}

impl Comes {
    pub(super) fn code(self) -> u64 {
        match self {
            Self::Nowhere => 0,
            Self::WhereItServes => 1,
            Self::Anywhere => 2,
        }
    }
    pub(super) fn of(code: Option<u64>) -> Self {
        match code {
            Some(1) => Self::WhereItServes,
            Some(2) => Self::Anywhere,
            _ => Self::Nowhere,
        }
    }
}

/// How words were written into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Folded words of both languages.
    Exact,
    /// Stems of the text in one language.
    Stemmed(Lang),
}

impl View {
    pub(super) const ALL: [View; 3] = [View::Exact, View::Stemmed(Lang::Fr), View::Stemmed(Lang::En)];
    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Stemmed(Lang::Fr) => "stemmed_fr",
            Self::Stemmed(Lang::En) => "stemmed_en",
        }
    }
    fn at(self) -> usize {
        match self {
            Self::Exact => 0,
            Self::Stemmed(Lang::Fr) => 1,
            Self::Stemmed(Lang::En) => 2,
        }
    }
}

/// What depends on the audience.
#[derive(Debug, Clone, Copy)]
pub(super) struct AudienceFields {
    /// Territories in which a place of the service lies.
    pub located: Field,
    /// Of places whose point the audience may not see or nobody has: the MRC.
    pub area: Field,
    pub lat: Field,
    pub lon: Field,
}

#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub schema: Schema,
    pub id: Field,
    pub words: Field,
    text: [[Field; 4]; 3],
    pub category: Field,
    pub served: Field,
    pub language: Field,
    public: AudienceFields,
    professional: AudienceFields,
    pub id_high: Field,
    pub id_low: Field,
    pub age_min: Field,
    pub age_max: Field,
    pub places_available: Field,
    pub verified_at: Field,
    pub review_due_at: Field,
    pub comes: Field,
    pub hours: Field,
    pub digest_high: Field,
    pub digest_low: Field,
    pub row: Field,
}

/// Names of the fast columns that the collector reads.
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const AGE_MIN: &str = "age_min";
pub(super) const AGE_MAX: &str = "age_max";
pub(super) const PLACES_AVAILABLE: &str = "places_available";
pub(super) const VERIFIED_AT: &str = "verified_at";
pub(super) const REVIEW_DUE_AT: &str = "review_due_at";
pub(super) const COMES: &str = "comes";
pub(super) const HOURS: &str = "hours";
pub(super) const DIGEST_HIGH: &str = "digest_high";
pub(super) const DIGEST_LOW: &str = "digest_low";

/// Latitudes and longitudes in degrees, as given, in the order of the places of the row.
pub(super) fn point_columns(audience: Audience) -> (&'static str, &'static str) {
    match audience {
        Audience::Public => ("public_lat", "public_lon"),
        Audience::Professional => ("professional_lat", "professional_lon"),
    }
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut build = Schema::builder();
        let text = View::ALL.map(|view| PARTS.map(|part| words_field(&mut build, view, part)));
        let mut audience = |located: &str, area: &str, whose: Audience| {
            let (lat, lon) = point_columns(whose);
            AudienceFields {
                located: build.add_text_field(located, STRING),
                area: build.add_text_field(area, STRING),
                lat: build.add_f64_field(lat, FAST),
                lon: build.add_f64_field(lon, FAST),
            }
        };
        let public = audience("public_located", "public_area", Audience::Public);
        let professional = audience("professional_located", "professional_area", Audience::Professional);
        Self {
            id: build.add_text_field("id", STRING),
            words: build.add_text_field(
                "words",
                TextOptions::default().set_indexing_options(written(IndexRecordOption::Basic)),
            ),
            text,
            category: build.add_text_field("category", STRING),
            served: build.add_text_field("served", STRING),
            language: build.add_text_field("language", STRING),
            public,
            professional,
            id_high: build.add_u64_field(ID_HIGH, FAST),
            id_low: build.add_u64_field(ID_LOW, FAST),
            age_min: build.add_u64_field(AGE_MIN, FAST),
            age_max: build.add_u64_field(AGE_MAX, FAST),
            places_available: build.add_i64_field(PLACES_AVAILABLE, FAST),
            verified_at: build.add_i64_field(VERIFIED_AT, FAST),
            review_due_at: build.add_i64_field(REVIEW_DUE_AT, FAST),
            comes: build.add_u64_field(COMES, FAST),
            hours: build.add_text_field(HOURS, TextOptions::default().set_fast("raw")),
            digest_high: build.add_u64_field(DIGEST_HIGH, FAST | INDEXED),
            digest_low: build.add_u64_field(DIGEST_LOW, FAST),
            row: build.add_bytes_field("row", STORED),
            schema: build.build(),
        }
    }

    pub(super) fn text(&self, view: View, part: Part) -> Field {
        let [name, labels, organization, description] = self.text[view.at()];
        match part {
            Part::Name => name,
            Part::Category => labels,
            Part::Organization => organization,
            Part::Description => description,
        }
    }

    pub(super) fn audience(&self, audience: Audience) -> AudienceFields {
        match audience {
            Audience::Public => self.public,
            Audience::Professional => self.professional,
        }
    }
}

fn words_field(build: &mut SchemaBuilder, view: View, part: Part) -> Field {
    let indexing = written(IndexRecordOption::WithFreqsAndPositions).set_fieldnorms(true);
    let options = TextOptions::default().set_indexing_options(indexing);
    build.add_text_field(&format!("{}_{}", view.name(), part.as_str()), options)
}

fn written(option: IndexRecordOption) -> TextFieldIndexing {
    TextFieldIndexing::default().set_tokenizer(WrittenWords::NAME).set_index_option(option).set_fieldnorms(false)
}
