//! Saved searches on the wire.

use serde::{Deserialize, Serialize};

use super::history::name_text;
use super::members::{Object, not_null};
use super::search::SearchBody;
use crate::actions::saved_searches::{Change, NewSearch};
use crate::actions::search::{Place, Search};
use crate::clock::Time;
use crate::domain::language::Lang;
use crate::domain::plain_text::check_line;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::saved_search::{Kept, NAME_CHARACTERS_MAX};
use crate::domain::sensitive::refuse_sensitive_numbers;
use crate::domain::territory::with_postal_areas_alone;
use crate::id::Id;
use crate::store::saved_searches::SavedSearchRow;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchBody {
    name: String,
    search: Object<SearchBody>,
    #[serde(default)]
    alert: bool,
}

impl SavedSearchBody {
    /// `lang` is the language of the request where the search does not name one.
    pub fn parse(self, lang: Lang) -> Result<NewSearch, Refusal> {
        let name = name_of(&self.name)?;
        let Object(search) = self.search;
        let said = search.passing_member();
        let asked = search.parse(lang).map_err(within)?;
        if let Some(member) = said {
            let rule = "q, lang, exact, near, radius_km, coverage, category, age_months, language, sort, cost, \
                        wheelchair, no_car, has_room, documents, delivery, public, open_weekly, known_only";
            return Err(Refusal::field(Code::InvalidValue, format!("search.{member}")).rule(rule));
        }
        Ok(NewSearch { name, asked: kept(asked)?, has_alert: self.alert })
    }
}

fn name_of(text: &str) -> Result<String, Refusal> {
    Ok(with_postal_areas_alone(&name_text("name", text, NAME_CHARACTERS_MAX)?))
}

fn within(refusal: Refusal) -> Refusal {
    let field = refusal.field.as_ref().map(|field| format!("search.{field}"));
    Refusal { field, ..refusal }
}

/// The place by its name: a point may be where a family lives, and so may an address, of which the name of the place is
/// kept when it was found; in words, the end of a postal code.
fn kept(asked: Search) -> Result<Kept, Refusal> {
    let near = match asked.place {
        None => None,
        Some(Place::Named(name)) => Some(name),
        Some(Place::Point(_)) => {
            let rule = "near: a municipality, place or postal area";
            return Err(Refusal::field(Code::InvalidValue, "search.lat").rule(rule));
        }
    };
    let not_kept = [
        ("search.bbox", asked.area.is_some()),
        ("search.territory", asked.territory.is_some()),
        ("search.facets", !asked.facets.is_empty()),
    ];
    if let Some((field, _)) = not_kept.into_iter().find(|(_, is_asked)| *is_asked) {
        return Err(Refusal::field(Code::InvalidValue, field).rule("near, radius_km"));
    }
    for (field, text) in [("search.q", &asked.text), ("search.near", &near)] {
        if let Some(text) = text {
            refuse_sensitive_numbers(text, field)?;
            check_line(text, field)?;
        }
    }
    Ok(Kept {
        q: asked.text.as_deref().map(with_postal_areas_alone),
        lang: asked.lang,
        exact: asked.exact,
        near,
        radius_km: asked.radius_km,
        coverage: asked.coverage.map(|coverage| coverage.as_str().to_owned()),
        category: asked.category,
        age_months: asked.ages_months,
        language: asked.language,
        sort: asked.sort.map(|sort| sort.as_str().to_owned()),
        conditions: asked.conditions,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchPatch {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    alert: Option<bool>,
}

impl SavedSearchPatch {
    pub fn parse(self) -> Result<Change, Refusal> {
        let name = self.name.map(|name| name_of(&name)).transpose()?;
        Ok(Change { name, has_alert: self.alert })
    }
}

#[derive(Debug, Serialize)]
pub struct SavedSearchView {
    id: Id,
    name: String,
    search: Kept,
    alert: bool,
    /// When it is looked at next; null without an alert.
    next_look_at: Option<Time>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl SavedSearchView {
    pub fn new(row: SavedSearchRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            search: row.asked.0,
            alert: row.alert_at.is_some(),
            next_look_at: row.alert_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct SavedSearchesView {
    results: Vec<SavedSearchView>,
}

impl SavedSearchesView {
    pub fn new(rows: Vec<SavedSearchRow>) -> Self {
        Self { results: rows.into_iter().map(SavedSearchView::new).collect() }
    }
}
