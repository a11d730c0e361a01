//! Which municipalities a name of a place may mean: a former municipality and a neighbourhood are in the one that took
//! them in ("Charny" is in Lévis). Read from `index/territories/`, as the directory's territories are.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use crate::domain::fold::fold_place;

const PLACES: &str = include_str!("../../../index/territories/places.csv");
const MUNICIPALITIES: &str = include_str!("../../../index/territories/municipalities.csv");

fn parents() -> &'static HashMap<String, BTreeSet<String>> {
    static PARENTS: OnceLock<HashMap<String, BTreeSet<String>>> = OnceLock::new();
    PARENTS.get_or_init(|| {
        let mut names: HashMap<String, String> = HashMap::new();
        for cells in rows(MUNICIPALITIES) {
            if let [code, name, ..] = cells.as_slice() {
                names.insert(format!("municipality:{code}"), fold_place(name));
            }
        }
        let mut parents: HashMap<String, BTreeSet<String>> = HashMap::new();
        for cells in rows(PLACES) {
            if let [_, name, parent, ..] = cells.as_slice()
                && let Some(municipality) = names.get(parent)
            {
                parents.entry(fold_place(name)).or_default().insert(municipality.clone());
            }
        }
        parents
    })
}

fn rows(text: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    let reader = csv::Reader::from_reader(text.as_bytes());
    reader.into_records().flatten().map(|record| record.iter().map(str::to_owned).collect())
}

/// Everything that a written municipality may be called: itself, what stands in parentheses beside it, and the
/// municipalities that these are in. Empty for an empty text.
pub fn names_of(written: &str) -> BTreeSet<String> {
    let parts = written.split(['(', ')', ',']).map(fold_place).filter(|name| !name.is_empty());
    let mut names: BTreeSet<String> = parts.collect();
    let known: Vec<String> = names.iter().filter_map(|name| parents().get(name)).flatten().cloned().collect();
    names.extend(known);
    names
}

/// Whether two sets of names can be one municipality. A shorter form is one too: "Valleyfield".
pub fn may_be_one(ones: &BTreeSet<String>, others: &BTreeSet<String>) -> bool {
    let words = |name: &str| name.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    let is_short_for = |short: &str, long: &str| {
        let (short, long) = (words(short), words(long));
        // "Saint" alone is short for nothing.
        short.iter().any(|word| word.chars().count() > 4 && !word.starts_with("saint")) && short.is_subset(&long)
            || short.len() > 1 && short.is_subset(&long)
    };
    ones.iter().any(|one| {
        let same = |other: &String| {
            one == other
                || super::names::word_likeness(one, other) >= 0.85
                || is_short_for(one, other)
                || is_short_for(other, one)
        };
        others.iter().any(same)
    })
}
