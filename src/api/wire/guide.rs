//! A guide as it is asked.

use serde::Deserialize;

use crate::actions::guide::Asked;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};

const WORD_CHARS_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuideQuery {
    territory: Option<String>,
    category: Option<String>,
    language: Option<Lang>,
}

impl GuideQuery {
    /// `lang` is the language of the request where the query does not name one.
    pub fn parse(self, lang: Lang) -> Result<Asked, Refusal> {
        for (field, value) in [("territory", &self.territory), ("category", &self.category)] {
            if value.as_ref().is_some_and(|value| value.chars().count() > WORD_CHARS_MAX) {
                return Err(Refusal::field(Code::TooLong, field).rule(format!("<= {WORD_CHARS_MAX} characters")));
            }
        }
        let territory = self.territory.ok_or_else(|| Refusal::field(Code::MissingField, "territory"))?;
        Ok(Asked { territory: Some(territory), category: self.category, language: self.language.unwrap_or(lang) })
    }
}
