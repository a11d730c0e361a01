//! Organisations on the wire: the query of a page, and the page.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::{id_cursor, page_size};
use crate::actions::organizations::{Listed, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::domain::refusal::Refusal;
use crate::id::Id;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ListQuery {
    pub fn parse(&self) -> Result<(Option<Id>, u32), Refusal> {
        let limit = page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        Ok((id_cursor(self.cursor.as_deref())?, limit))
    }
}

#[derive(Debug, Serialize)]
pub struct PageView {
    results: Vec<Value>,
    next_cursor: Option<Id>,
}

impl PageView {
    pub fn new(listed: Listed) -> Self {
        Self { results: listed.contents, next_cursor: listed.next_after }
    }
}
