//! The history of a record: which members changed, and what it was before they did. Knows no table and no format.

use serde_json::{Map, Value};

use super::words::words;

words! {
    /// What was done to a record of the directory.
    pub enum Action {
        Create => "create",
        Update => "update",
        Retire => "retire",
        Restore => "restore",
        Merge => "merge",
        Undo => "undo",
    }
}

/// A member that is not what it was; `None` where it was not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub field: String,
    pub previous: Option<Value>,
    pub replacement: Option<Value>,
}

/// The members that differ, by name: one difference a top-level member, with the whole of it before and after.
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differs = |name: &&String| before.get(*name) != after.get(*name);
    let difference = |name: &String| Difference {
        field: name.clone(),
        previous: before.get(name).cloned(),
        replacement: after.get(name).cloned(),
    };
    names.into_iter().filter(differs).map(difference).collect()
}

/// Gives a member back the value that it had.
pub fn put_back(members: &mut Map<String, Value>, field: &str, previous: Option<Value>) {
    match previous {
        Some(value) => {
            members.insert(field.to_owned(), value);
        }
        None => {
            members.shift_remove(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn members() -> impl Strategy<Value = Map<String, Value>> {
        let value = prop_oneof![
            any::<i32>().prop_map(|number| json!(number)),
            "[a-z]{0,3}".prop_map(|text| json!(text)),
            prop::collection::vec(0..3, 0..3).prop_map(|list| json!({ "list": list })),
        ];
        prop::collection::btree_map("[a-e]", value, 0..5).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn what_is_put_back_newest_first_is_what_it_was(versions in prop::collection::vec(members(), 1..8)) {
            let mut now = versions.last().cloned().unwrap_or_default();
            for pair in versions.windows(2).rev() {
                for one in differences(&pair[0], &pair[1]) {
                    prop_assert_ne!(&one.previous, &one.replacement);
                    prop_assert_eq!(now.get(&one.field), one.replacement.as_ref());
                    put_back(&mut now, &one.field, one.previous);
                }
                prop_assert_eq!(&now, &pair[0]);
            }
        }
    }

    #[test]
    fn what_stays_the_same_is_no_difference() {
        let one = json!({ "name": "Comptoir", "phones": [{ "number": "811" }] });
        let one = one.as_object().cloned().unwrap_or_default();
        assert_eq!(differences(&one, &one), vec![]);
    }
}
