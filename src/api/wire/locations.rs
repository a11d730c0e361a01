//! Places on the wire: the query of a page, and the page.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::{id_cursor, page_size};
use crate::actions::locations::{Listed, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    organization_id: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// A page as asked: whose places, after which, how many.
pub type Asked = (Option<Id>, Option<Id>, u32);

impl ListQuery {
    pub fn parse(&self) -> Result<Asked, Refusal> {
        let wrong = |_| Refusal::field(Code::InvalidValue, "organization_id").rule("uuid");
        let organization_id = self.organization_id.as_deref().map(|text| text.parse().map_err(wrong)).transpose()?;
        let limit = page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        Ok((organization_id, id_cursor(self.cursor.as_deref())?, limit))
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
