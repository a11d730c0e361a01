//! Searches that an account keeps for itself: what of a search is kept, how many, and how often they are looked at.

use serde::{Deserialize, Serialize};

use super::conditions::Conditions;
use super::language::Lang;

pub const NAME_CHARACTERS_MAX: usize = 100;
/// Searches of one account.
pub const SEARCHES_MAX: usize = 20;
/// Services that a search with an alert may find: one that finds more says nothing to anybody.
pub const FOUND_MAX: usize = 500;
/// Hours between two looks at a search, and so between two letters to its owner.
pub const LOOK_HOURS: i64 = 24;
/// Services that one letter names; it says how many more there are.
pub const NAMED_MAX: usize = 50;
/// What the outbox calls a letter with what is new.
pub const LETTER: &str = "saved_search";

/// What is asked, in the words of the search. The place has a name: a point may be where a family lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    pub lang: Lang,
    pub exact: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius_km: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A number, or several as a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_several")]
    pub age_months: Vec<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    #[serde(flatten)]
    pub conditions: Conditions,
}

mod one_or_several {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        One(u32),
        Several(Vec<u32>),
    }

    pub fn serialize<S: Serializer>(numbers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        match numbers {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        Ok(match Said::deserialize(deserializer)? {
            Said::One(one) => vec![one],
            Said::Several(several) => several,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_kept_before_conditions_is_read_and_written_as_it_was() {
        let old = json!({"q": "garderie", "lang": "fr", "exact": false, "age_months": 24});
        let kept: Kept = serde_json::from_value(old.clone()).unwrap();
        assert_eq!((&kept.age_months, &kept.conditions), (&vec![24], &Conditions::default()));
        assert_eq!(serde_json::to_value(&kept).unwrap(), old);
        let bare = json!({"lang": "en", "exact": true});
        let kept: Kept = serde_json::from_value(bare.clone()).unwrap();
        assert_eq!(serde_json::to_value(&kept).unwrap(), bare);
        let several = json!({"lang": "fr", "exact": false, "age_months": [6, 40], "cost": "free", "public": ["women"]});
        let kept: Kept = serde_json::from_value(several.clone()).unwrap();
        assert_eq!(serde_json::to_value(&kept).unwrap(), several);
    }
}
