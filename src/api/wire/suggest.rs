//! A text that is being typed, and what it may become.

use serde::{Deserialize, Serialize};

use super::search::{OrganizationView, place_of, short, within};
use crate::actions::suggest::{Suggestion, Typed};
use crate::domain::language::Lang;
use crate::domain::plain_text::check_lines;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::Level;
use crate::id::Id;

const TEXT_CHARS_MAX: usize = 100;
const LIMIT_DEFAULT: i64 = 8;
const LIMIT_MAX: i64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuggestQuery {
    q: Option<String>,
    lang: Option<Lang>,
    lat: Option<f64>,
    lon: Option<f64>,
    near: Option<String>,
    limit: Option<i64>,
}

impl SuggestQuery {
    /// `lang` is the language of the request where the text comes with none.
    pub fn parse(self, lang: Lang) -> Result<Typed, Refusal> {
        let text = short("q", self.q, TEXT_CHARS_MAX)?.ok_or_else(|| Refusal::field(Code::MissingField, "q"))?;
        check_lines(&text, "q")?;
        let limit = within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1, LIMIT_MAX)?;
        Ok(Typed {
            text,
            lang: self.lang.unwrap_or(lang),
            place: place_of(self.lat, self.lon, self.near)?,
            limit: usize::try_from(limit).unwrap_or(1),
        })
    }
}

#[derive(Debug, Serialize)]
pub struct SuggestionsView {
    results: Vec<SuggestionView>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum SuggestionView {
    Category { code: String, label: String },
    Place { id: String, level: Level, label: String },
    Organization { id: Id, label: String },
    Service { id: Id, label: String, organization: OrganizationView },
}

impl SuggestionsView {
    pub fn new(found: Vec<Suggestion>) -> Self {
        Self { results: found.into_iter().map(SuggestionView::from).collect() }
    }
}

impl From<Suggestion> for SuggestionView {
    fn from(found: Suggestion) -> Self {
        match found {
            Suggestion::Category { code, label } => Self::Category { code, label },
            Suggestion::Place { id, level, label } => Self::Place { id, level, label },
            Suggestion::Organization { id, label } => Self::Organization { id, label },
            Suggestion::Service { id, label, organization_id, organization_name } => {
                let organization = OrganizationView { id: organization_id, name: organization_name };
                Self::Service { id, label, organization }
            }
        }
    }
}
