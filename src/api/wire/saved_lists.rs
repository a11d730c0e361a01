//! Saved lists on the wire.

use serde::{Deserialize, Serialize};

use super::history::name_text;
use super::members::not_null;
use crate::actions::saved_lists::{Change, SavedList};
use crate::clock::Time;
use crate::domain::directory::{ServiceAggregate, ServiceStatus};
use crate::domain::directory_checks::email;
use crate::domain::language::Lang;
use crate::domain::refusal::Refusal;
use crate::domain::saved_list::NAME_CHARACTERS_MAX;
use crate::domain::words::words;
use crate::id::Id;
use crate::store::saved_lists::SavedListRow;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedListBody {
    name: String,
    #[serde(default)]
    services: Vec<Id>,
}

impl SavedListBody {
    pub fn parse(&self) -> Result<(String, Vec<Id>), Refusal> {
        Ok((name_text("name", &self.name, NAME_CHARACTERS_MAX)?, self.services.clone()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedListPatch {
    #[serde(default, deserialize_with = "not_null")]
    name: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    services: Option<Vec<Id>>,
}

impl SavedListPatch {
    pub fn parse(self) -> Result<Change, Refusal> {
        let name = self.name.map(|name| name_text("name", &name, NAME_CHARACTERS_MAX)).transpose()?;
        Ok(Change { name, service_ids: self.services })
    }
}

words! {
    /// Whose eyes a printed list is for.
    pub enum PrintedFor {
        Public => "public",
        Professional => "professional",
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintQuery {
    language: Option<Lang>,
    audience: Option<PrintedFor>,
}

impl PrintQuery {
    /// The language, by default that of the request, and whether it is for professionals.
    pub fn parse(&self, lang: Lang) -> (Lang, bool) {
        (self.language.unwrap_or(lang), self.audience == Some(PrintedFor::Professional))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterBody {
    to: String,
    language: Option<Lang>,
}

impl LetterBody {
    /// An address, and the language of the letter: by default that of the request.
    pub fn parse(&self, lang: Lang) -> Result<(String, Lang), Refusal> {
        let to = self.to.trim();
        email("to", Some(to))?;
        Ok((to.to_owned(), self.language.unwrap_or(lang)))
    }
}

#[derive(Debug, Serialize)]
pub struct SavedListHeadView {
    id: Id,
    name: String,
    service_count: usize,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl SavedListHeadView {
    fn new(row: &SavedListRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            service_count: row.service_ids.0.len(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct SavedListsView {
    results: Vec<SavedListHeadView>,
}

impl SavedListsView {
    pub fn new(rows: &[SavedListRow]) -> Self {
        Self { results: rows.iter().map(SavedListHeadView::new).collect() }
    }
}

#[derive(Debug, Serialize)]
pub struct SavedListView {
    #[serde(flatten)]
    head: SavedListHeadView,
    services: Vec<ListedView>,
}

#[derive(Debug, Serialize)]
struct ListedView {
    id: Id,
    name: String,
    organization: OrganizationView,
    status: ServiceStatus,
    /// It left the directory.
    retired: bool,
}

#[derive(Debug, Serialize)]
struct OrganizationView {
    id: Id,
    name: String,
}

impl SavedListView {
    pub fn new(list: &SavedList, lang: Lang) -> Self {
        let service = |one: &ServiceAggregate| ListedView {
            id: one.service.id,
            name: one.service.name.get(lang).to_owned(),
            organization: OrganizationView {
                id: one.organization.id,
                name: one.organization.name.get(lang).to_owned(),
            },
            status: one.service.status,
            retired: one.service.retired_at.is_some(),
        };
        Self { head: SavedListHeadView::new(&list.row), services: list.services.iter().map(service).collect() }
    }
}
