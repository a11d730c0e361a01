//! The needs that relais speaks of: twenty top-level codes and the leaves under them (`food/food-bank`), each with its
//! label and definition in both languages. The list is data (`index/taxonomy/needs.json`), built into the program.
//! Knows nothing of synonyms (the search room does).

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::language::{Lang, Text};
use super::refusal::{Code, Refusal};

const NEEDS: &str = include_str!("../../index/taxonomy/needs.json");

/// One need, or one of the twenty fields that needs are grouped under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Stable UUID, for HSDS.
    pub id: String,
    /// `top-level` or `top-level/leaf`.
    pub code: String,
    pub label: Text,
    pub definition: Text,
    /// The data·inclusion thématiques that say the same or nearly; empty where there is none.
    pub thematiques: Vec<String>,
}

impl Term {
    /// The code of the field this term is under; its own code when it is a field.
    pub fn top_level(&self) -> &str {
        top_level_of(&self.code)
    }
    pub fn is_leaf(&self) -> bool {
        self.code.contains('/')
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxonomyFile {
    id: String,
    name: Text,
    description: Text,
    version: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
pub struct Taxonomy {
    /// Stable UUID of the list itself, for HSDS.
    pub id: String,
    pub name: Text,
    pub description: Text,
    pub version: String,
    terms: Vec<Term>,
    by_code: HashMap<String, usize>,
}

impl Taxonomy {
    /// Reads a list of needs. Errors: not JSON, an unknown or missing member, or a leaf without its field.
    pub fn parse(json: &str) -> Result<Self, String> {
        let file: TaxonomyFile = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut by_code = HashMap::with_capacity(file.terms.len());
        for (at, term) in file.terms.iter().enumerate() {
            if term.is_leaf() && !by_code.contains_key(term.top_level()) {
                return Err(format!("{}: its field must come before it", term.code));
            }
            if by_code.insert(term.code.clone(), at).is_some() {
                return Err(format!("{}: twice in the list", term.code));
            }
        }
        let TaxonomyFile { id, name, description, version, terms } = file;
        Ok(Self { id, name, description, version, terms, by_code })
    }

    /// The list built into the program, read once.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Taxonomy> = OnceLock::new();
        EMBEDDED.get_or_init(|| match Self::parse(NEEDS) {
            Ok(taxonomy) => taxonomy,
            // The list is part of the build and a test reads it: this arm is never taken by a program that was tested.
            Err(error) => unreachable!("index/taxonomy/needs.json: {error}"),
        })
    }

    /// Every term, a field before its leaves, in the order of the list.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
    pub fn get(&self, code: &str) -> Option<&Term> {
        self.by_code.get(code).and_then(|at| self.terms.get(*at))
    }
    pub fn find_by_id(&self, id: &str) -> Option<&Term> {
        self.terms.iter().find(|term| term.id == id)
    }
    /// The label in a language; the code itself when nobody knows it.
    pub fn label<'a>(&'a self, code: &'a str, lang: Lang) -> &'a str {
        self.get(code).map_or(code, |term| term.label.get(lang))
    }
    /// Whether a code is in the list, leaf or top-level.
    pub fn is_known(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }
    /// `UnknownCategory` of a field whose code is not in the list.
    pub fn check(&self, code: &str, field: impl Into<String>) -> Result<(), Refusal> {
        let fields = || self.top_levels().map(|term| term.code.as_str()).collect::<Vec<_>>().join(", ");
        let unknown = || Refusal::field(Code::UnknownCategory, field).rule(format!("one of, or under: {}", fields()));
        if self.is_known(code) { Ok(()) } else { Err(unknown()) }
    }
    /// The top-level code of a known code.
    pub fn top_level<'a>(&self, code: &'a str) -> Option<&'a str> {
        self.is_known(code).then(|| top_level_of(code))
    }
    pub fn top_levels(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| !term.is_leaf())
    }
    /// The leaves under a top-level code; for a leaf, itself alone; nothing for a code that nobody knows.
    pub fn leaves_under<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Term> {
        self.terms.iter().filter(move |term| term.is_leaf() && (term.code == code || term.top_level() == code))
    }
}

pub fn top_level_of(code: &str) -> &str {
    code.split_once('/').map_or(code, |(top, _)| top)
}

/// Whether a code is the one asked, or under it.
pub fn is_of_category(code: &str, asked: &str) -> bool {
    code == asked || code.split_once('/').is_some_and(|(top, _)| top == asked)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const THEMATIQUES: &str = include_str!("../../index/taxonomy/data-inclusion/thematiques.json");

    #[test]
    fn the_twenty_fields_are_those_of_the_reports() {
        let taxonomy = Taxonomy::parse(NEEDS).unwrap();
        let tops: Vec<&str> = taxonomy.top_levels().map(|term| term.code.as_str()).collect();
        let expected = "food housing material-aid childcare transport child-development parenting perinatal health \
            mental-health safety-violence income employment immigration legal education social-isolation disability \
            addiction respite";
        assert_eq!(tops, expected.split_whitespace().collect::<Vec<_>>());
        assert!(taxonomy.is_known("childcare/daycare"));
        assert!(taxonomy.terms().iter().filter(|term| term.is_leaf()).count() >= 60);
        for top in tops {
            assert!(taxonomy.leaves_under(top).count() >= 2, "{top} has fewer than two leaves");
        }
    }

    #[test]
    fn every_code_has_four_texts_and_ids_are_unique() {
        let taxonomy = Taxonomy::embedded();
        let mut ids = HashSet::new();
        for term in taxonomy.terms() {
            for text in [&term.label, &term.definition] {
                assert!(text.fr.as_deref().is_some_and(|fr| !fr.trim().is_empty()), "{} lacks French", term.code);
                assert!(text.en.as_deref().is_some_and(|en| !en.trim().is_empty()), "{} lacks English", term.code);
            }
            assert!(uuid::Uuid::parse_str(&term.id).is_ok() && ids.insert(&term.id), "{}", term.code);
            let plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(term.code.split('/').all(plain) && term.code.split('/').count() <= 2, "{}", term.code);
        }
        let labels: HashSet<_> = taxonomy.terms().iter().map(|term| term.label.get(Lang::Fr)).collect();
        assert_eq!(labels.len(), taxonomy.terms().len(), "two codes share a French label");
    }

    #[test]
    fn every_mapping_is_a_thematique() {
        let shipped: Vec<serde_json::Value> = serde_json::from_str(THEMATIQUES).unwrap();
        let known: HashSet<&str> = shipped.iter().filter_map(|one| one["value"].as_str()).collect();
        assert_eq!(known.len(), 69);
        let mapped = Taxonomy::embedded().terms().iter().flat_map(|term| &term.thematiques);
        let mut count = 0;
        for thematique in mapped {
            assert!(known.contains(thematique.as_str()), "{thematique}");
            count += 1;
        }
        assert!(count > 60);
    }

    #[test]
    fn codes_are_found_by_field_and_leaf() {
        let taxonomy = Taxonomy::embedded();
        assert_eq!(taxonomy.label("food/food-bank", Lang::Fr), "Dépannage alimentaire");
        assert_eq!(taxonomy.label("food/food-bank", Lang::En), "Food bank");
        assert_eq!(taxonomy.label("food/nowhere", Lang::En), "food/nowhere");
        assert_eq!(taxonomy.top_level("childcare/daycare"), Some("childcare"));
        assert_eq!(taxonomy.top_level("childcare"), Some("childcare"));
        assert_eq!(taxonomy.top_level("childcare/nowhere"), None);
        assert_eq!(taxonomy.leaves_under("childcare/daycare").count(), 1);
        assert_eq!(taxonomy.leaves_under("nowhere").count(), 0);
        let term = taxonomy.get("health").unwrap();
        assert_eq!(taxonomy.find_by_id(&term.id), Some(term));
    }

    #[test]
    fn a_broken_list_is_refused() {
        assert!(Taxonomy::parse("[]").is_err());
        let orphan = NEEDS.replacen("\"code\": \"food\"", "\"code\": \"foods\"", 1);
        assert!(Taxonomy::parse(&orphan).unwrap_err().contains("food/food-bank"));
        let twice = NEEDS.replacen("\"code\": \"housing\"", "\"code\": \"food\"", 1);
        assert!(Taxonomy::parse(&twice).unwrap_err().contains("twice"));
    }
}
