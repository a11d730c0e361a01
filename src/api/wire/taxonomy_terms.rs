//! The need taxonomy as HSDS 3.2 serves taxonomy terms: pages of the list, French first, English in `translations`.

use serde::{Deserialize, Serialize};

use crate::domain::fold::fold;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::{Taxonomy, Term};

const PER_PAGE_DEFAULT: i64 = 100;
const PER_PAGE_MAX: i64 = 500;
const PAGE_MAX: i64 = 100_000;
const TEXT_CHARS_MAX: usize = 200;

/// The parameters that HSDS names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsQuery {
    page: Option<i64>,
    per_page: Option<i64>,
    search: Option<String>,
    taxonomy_id: Option<String>,
    parent_id: Option<String>,
    top_only: Option<bool>,
}

#[derive(Debug)]
pub struct TermsAsked {
    page: usize,
    per_page: usize,
    words: String,
    taxonomy_id: Option<String>,
    parent_id: Option<String>,
    top_only: bool,
}

impl TermsQuery {
    pub fn parse(self) -> Result<TermsAsked, Refusal> {
        let search = self.search.unwrap_or_default();
        if search.chars().count() > TEXT_CHARS_MAX {
            return Err(Refusal::field(Code::TooLong, "search").rule(format!("..={TEXT_CHARS_MAX} characters")));
        }
        Ok(TermsAsked {
            page: within("page", self.page.unwrap_or(1), PAGE_MAX)?,
            per_page: within("per_page", self.per_page.unwrap_or(PER_PAGE_DEFAULT), PER_PAGE_MAX)?,
            words: fold(&search),
            taxonomy_id: self.taxonomy_id,
            parent_id: self.parent_id,
            top_only: self.top_only.unwrap_or(false),
        })
    }
}

fn within(field: &str, value: i64, max: i64) -> Result<usize, Refusal> {
    let inside = usize::try_from(value).ok().filter(|_| (1..=max).contains(&value));
    inside.ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("1..={max}")))
}

#[derive(Debug, Serialize)]
pub struct TermsView<'a> {
    total_items: usize,
    total_pages: usize,
    page_number: usize,
    size: usize,
    first_page: bool,
    last_page: bool,
    empty: bool,
    contents: Vec<TermView<'a>>,
}

#[derive(Debug, Serialize)]
struct TermView<'a> {
    id: &'a str,
    code: &'a str,
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    taxonomy: &'a str,
    taxonomy_id: &'a str,
    taxonomy_detail: TaxonomyView<'a>,
    language: &'static str,
    translations: TranslationsView<'a>,
    /// The data·inclusion thématiques that say the same or nearly.
    thematiques: &'a [String],
}

#[derive(Debug, Serialize)]
struct TaxonomyView<'a> {
    id: &'a str,
    name: &'a str,
    description: &'a str,
    version: &'a str,
}

#[derive(Debug, Serialize)]
struct TranslationsView<'a> {
    en: TranslationView<'a>,
}

#[derive(Debug, Serialize)]
struct TranslationView<'a> {
    name: &'a str,
    description: &'a str,
}

impl<'a> TermsView<'a> {
    pub fn new(taxonomy: &'a Taxonomy, asked: &TermsAsked) -> Self {
        let wanted: Vec<&Term> = taxonomy.terms().iter().filter(|term| asked.takes(term, taxonomy)).collect();
        let total_items = wanted.len();
        let total_pages = total_items.div_ceil(asked.per_page).max(1);
        let skipped = (asked.page - 1).saturating_mul(asked.per_page);
        let here = wanted.into_iter().skip(skipped).take(asked.per_page);
        let contents: Vec<TermView<'a>> = here.map(|term| TermView::new(term, taxonomy)).collect();
        Self {
            total_items,
            total_pages,
            page_number: asked.page,
            size: contents.len(),
            first_page: asked.page == 1,
            last_page: asked.page >= total_pages,
            empty: contents.is_empty(),
            contents,
        }
    }
}

impl TermsAsked {
    fn takes(&self, term: &Term, taxonomy: &Taxonomy) -> bool {
        let of_taxonomy = self.taxonomy_id.as_ref().is_none_or(|id| *id == taxonomy.id);
        let of_parent = self.parent_id.as_ref().is_none_or(|id| parent_of(term, taxonomy) == Some(id.as_str()));
        let said = [&term.label, &term.definition].into_iter().flat_map(|text| Lang::ALL.map(|lang| text.get(lang)));
        let has_words = self.words.is_empty() || said.map(fold).any(|text| text.contains(&self.words));
        of_taxonomy && of_parent && (!self.top_only || !term.is_leaf()) && has_words
    }
}

fn parent_of<'a>(term: &Term, taxonomy: &'a Taxonomy) -> Option<&'a str> {
    let field = term.is_leaf().then(|| taxonomy.get(term.top_level())).flatten();
    field.map(|field| field.id.as_str())
}

impl<'a> TermView<'a> {
    fn new(term: &'a Term, taxonomy: &'a Taxonomy) -> Self {
        let (name, description) = (taxonomy.name.get(Lang::Fr), taxonomy.description.get(Lang::Fr));
        let (english, defined) = (term.label.get(Lang::En), term.definition.get(Lang::En));
        Self {
            id: &term.id,
            code: &term.code,
            name: term.label.get(Lang::Fr),
            description: term.definition.get(Lang::Fr),
            parent_id: parent_of(term, taxonomy),
            taxonomy: name,
            taxonomy_id: &taxonomy.id,
            taxonomy_detail: TaxonomyView { id: &taxonomy.id, name, description, version: &taxonomy.version },
            language: Lang::Fr.as_str(),
            translations: TranslationsView { en: TranslationView { name: english, description: defined } },
            thematiques: &term.thematiques,
        }
    }
}
