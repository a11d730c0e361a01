//! Listings on the wire: the query of a page, and the envelope that HSDS gives a page.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::services::{ListAsked, Listed, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::clock::Time;
use crate::domain::refusal::{Code, Refusal};

const SEARCH_CHARACTERS_MAX: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    search: Option<String>,
    page: Option<i64>,
    per_page: Option<i64>,
    format: Option<String>,
    taxonomy_term_id: Option<String>,
    taxonomy_id: Option<String>,
    organization_id: Option<String>,
    modified_after: Option<String>,
    minimal: Option<bool>,
    full: Option<bool>,
    cursor: Option<String>,
}

impl ListQuery {
    pub fn parse(self) -> Result<ListAsked, Refusal> {
        if self.format.as_deref().is_some_and(|format| format != "json") {
            return Err(Refusal::field(Code::InvalidValue, "format").rule("json"));
        }
        if self.search.as_deref().is_some_and(|text| text.chars().count() > SEARCH_CHARACTERS_MAX) {
            let rule = format!("<= {SEARCH_CHARACTERS_MAX} characters");
            return Err(Refusal::field(Code::TooLong, "search").rule(rule));
        }
        let taxonomy = crate::domain::taxonomy::Taxonomy::embedded();
        if self.taxonomy_id.as_deref().is_some_and(|id| id != taxonomy.id) {
            return Err(Refusal::field(Code::InvalidValue, "taxonomy_id").rule(taxonomy.id.clone()));
        }
        if self.cursor.is_some() && (self.page.is_some() || self.modified_after.is_some()) {
            return Err(Refusal::field(Code::InvalidCursor, "cursor").rule("without page and modified_after"));
        }
        let organization_id = self
            .organization_id
            .map(|text| text.parse().map_err(|_| Refusal::field(Code::InvalidValue, "organization_id").rule("uuid")));
        let after = self.cursor.map(|text| text.parse().map_err(|_| Refusal::field(Code::InvalidCursor, "cursor")));
        Ok(ListAsked {
            organization_id: organization_id.transpose()?,
            term: self.taxonomy_term_id,
            modified_after: self.modified_after.as_deref().map(moment).transpose()?,
            search: self.search,
            page: within("page", self.page.unwrap_or(1), u32::MAX)?,
            per_page: within("per_page", self.per_page.unwrap_or(i64::from(PAGE_SIZE_DEFAULT)), PAGE_SIZE_MAX)?,
            after: after.transpose()?,
            is_minimal: self.minimal.unwrap_or(false),
            is_full: self.full.unwrap_or(false),
        })
    }
}

fn within(field: &str, value: i64, max: u32) -> Result<u32, Refusal> {
    let inside = u32::try_from(value).ok().filter(|value| (1..=max).contains(value));
    inside.ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("1..={max}")))
}

/// An instant, or a day from its first moment.
fn moment(text: &str) -> Result<Time, Refusal> {
    let first_moment = |day: NaiveDate| Time::new(day.and_time(NaiveTime::MIN).and_utc());
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").map(first_moment);
    Time::parse_rfc3339(text)
        .or_else(|_| day())
        .map_err(|_| Refusal::field(Code::InvalidDate, "modified_after").rule("RFC 3339"))
}

/// HSDS `Page`. `total_items` and `total_pages` are absent where there are more than are counted.
#[derive(Debug, Serialize)]
pub struct PageView {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_items: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_pages: Option<i64>,
    page_number: u32,
    size: usize,
    first_page: bool,
    last_page: bool,
    empty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    contents: Vec<Value>,
}

impl PageView {
    pub fn new(listed: Listed, is_by_cursor: bool, goes_on_by_cursor: bool) -> Self {
        let pages = |items: i64| (items + i64::from(listed.per_page) - 1) / i64::from(listed.per_page);
        Self {
            total_items: listed.total_items,
            total_pages: listed.total_items.map(pages),
            page_number: listed.page,
            size: listed.contents.len(),
            first_page: listed.page == 1 && !is_by_cursor,
            last_page: !listed.has_more,
            empty: listed.contents.is_empty(),
            next_cursor: listed.next_after.filter(|_| goes_on_by_cursor).map(|id| id.to_string()),
            contents: listed.contents,
        }
    }
}
