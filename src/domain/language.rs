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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
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

/// Codes of ISO 639-1, and those of ISO 639-3 of languages of Québec that have no shorter one: the First Peoples' and
/// the signed ones.
const LANGUAGES: &str = "\
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee \
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io \
    is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn \
    mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se \
    sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo \
    wa wo xh yi yo za zh zu abe alq ase atj crj crl fcs mic moe moh nsk wya";

/// Whether a text is the code of a language, in lower case: one that does not exist finds nothing, which would look as
/// if nobody spoke it.
pub fn is_language(code: &str) -> bool {
    LANGUAGES.split_whitespace().any(|known| known == code)
}
