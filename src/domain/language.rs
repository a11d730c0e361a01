//! The two languages that relais speaks, and a text that a person reads in either.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Fr, Lang::En];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// A text with a French and an English side; either may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Text {
    pub fn new(fr: &str, en: &str) -> Self {
        Self { fr: Some(fr.to_owned()), en: Some(en.to_owned()) }
    }
    pub fn fr(text: &str) -> Self {
        Self { fr: Some(text.to_owned()), en: None }
    }
    /// The text in a language, else in the other, else empty.
    pub fn get(&self, lang: Lang) -> &str {
        let (first, second) = match lang {
            Lang::Fr => (&self.fr, &self.en),
            Lang::En => (&self.en, &self.fr),
        };
        first.as_deref().or(second.as_deref()).unwrap_or("")
    }
    pub fn is_empty(&self) -> bool {
        self.fr.as_deref().unwrap_or("").is_empty() && self.en.as_deref().unwrap_or("").is_empty()
    }
}
