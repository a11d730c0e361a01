//! Taxonomies that records bring with them: the terms of their attributes, as HSDS 3.2 nests them. relais keeps them
//! beside its own needs; it does not judge them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::id::Id;

/// Attributes of one record whose terms are read; what is beyond stays in the record all the same.
pub const ATTRIBUTES_READ_MAX: usize = 200;

/// HSDS `taxonomy`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignTaxonomy {
    pub id: Id,
    pub name: String,
    /// Its members as they came, `id` and `name` included.
    pub members: Map<String, Value>,
}

/// HSDS `taxonomy_term`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignTerm {
    pub id: Id,
    pub taxonomy_id: Option<Id>,
    pub parent_id: Option<Id>,
    pub name: String,
    /// Its members as they came, save `taxonomy_detail`.
    pub members: Map<String, Value>,
}

/// What the attributes of records say, each taxonomy and term once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermsSaid {
    pub taxonomies: BTreeMap<Id, ForeignTaxonomy>,
    pub terms: BTreeMap<Id, ForeignTerm>,
}

/// The id that a text is, or the one that it always becomes: sources number their terms as they like.
pub fn term_id(text: &str) -> Id {
    text.parse().unwrap_or_else(|_| Id::from_words(&["taxonomy_term", text]))
}

/// As [`term_id`], for a taxonomy named by its id or by its name.
pub fn taxonomy_id(text: &str) -> Id {
    text.parse().unwrap_or_else(|_| Id::from_words(&["taxonomy", text]))
}

impl TermsSaid {
    /// Reads the attributes of one record and gives the ids of its terms, each once, in no order that means anything.
    pub fn read(&mut self, attributes: Option<&Value>) -> Vec<Id> {
        let attributes = attributes.and_then(Value::as_array).into_iter().flatten();
        let mut ids: Vec<Id> = attributes.take(ATTRIBUTES_READ_MAX).filter_map(|one| self.read_one(one)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn read_one(&mut self, attribute: &Value) -> Option<Id> {
        let term = attribute.get("taxonomy_term").and_then(Value::as_object);
        let named = term.and_then(|term| text(term, "id"));
        let id = named.or_else(|| attribute.get("taxonomy_term_id").and_then(Value::as_str))?;
        let id = term_id(id);
        let Some(term) = term else { return Some(id) };
        let taxonomy_id = self.read_taxonomy(term);
        let mut members = term.clone();
        members.remove("taxonomy_detail");
        let name = text(term, "name").unwrap_or("").to_owned();
        let one = ForeignTerm { id, taxonomy_id, parent_id: text(term, "parent_id").map(term_id), name, members };
        let known = self.terms.entry(id).or_insert_with(|| one.clone());
        if known.members.len() < one.members.len() {
            *known = one;
        }
        Some(id)
    }

    /// By its detail, by its id, or by its name alone.
    fn read_taxonomy(&mut self, term: &Map<String, Value>) -> Option<Id> {
        let detail = term.get("taxonomy_detail").and_then(Value::as_object);
        let name = detail.and_then(|one| text(one, "name")).or_else(|| text(term, "taxonomy"));
        let named = detail.and_then(|one| text(one, "id")).or_else(|| text(term, "taxonomy_id")).or(name)?;
        let id = taxonomy_id(named);
        let mut members = detail.cloned().unwrap_or_default();
        if let Some(name) = name {
            members.entry("name").or_insert_with(|| Value::from(name));
        }
        let one = ForeignTaxonomy { id, name: name.unwrap_or("").to_owned(), members };
        let known = self.taxonomies.entry(id).or_insert_with(|| one.clone());
        if known.members.len() < one.members.len() {
            *known = one;
        }
        Some(id)
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fullest_saying_of_a_term_is_kept_and_one_without_detail_counts_as_carried() {
        let mut said = TermsSaid::default();
        let attributes = json!([
            { "id": "a1", "taxonomy_term": { "id": "42" } },
            { "id": "a2", "taxonomy_term": {
                "id": "42", "name": "Aide", "taxonomy_detail": { "id": "9", "name": "Liste" },
            }},
            { "id": "a3", "taxonomy_term_id": "43" },
            { "id": "a4", "value": "sans terme" },
        ]);
        let ids = said.read(Some(&attributes));
        assert_eq!(ids.len(), 2);
        assert!(ids.contains(&term_id("42")) && ids.contains(&term_id("43")));
        assert_eq!(said.terms.len(), 1);
        assert_eq!(said.terms[&term_id("42")].name, "Aide");
        assert_eq!(said.terms[&term_id("42")].taxonomy_id, Some(taxonomy_id("9")));
        assert_eq!(said.taxonomies[&taxonomy_id("9")].name, "Liste");
    }
}
