//! Listings on the wire of `/api/v1`: the parameters of HSDS, and a cursor beside them.

use serde::Deserialize;

use super::hsds::{ListParameters, PAGE_SIZE_DEFAULT};
use crate::actions::hsds::Asked;
use crate::domain::refusal::{Code, Refusal};
use crate::store::lists::{Anchor, Collection};

/// Services of one page.
pub const PAGE_SIZE_MAX: u32 = 100;

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
    /// The list, and the row after which it goes on.
    pub fn parse(self) -> Result<(Asked, Option<Anchor>), Refusal> {
        if self.format.as_deref().is_some_and(|format| format != "json") {
            return Err(Refusal::field(Code::InvalidValue, "format").rule("json; /hsds/services also has ndjson"));
        }
        if self.cursor.is_some() && (self.page.is_some() || self.modified_after.is_some()) {
            return Err(Refusal::field(Code::InvalidCursor, "cursor").rule("without page and modified_after"));
        }
        let refused = |_| Refusal::field(Code::InvalidCursor, "cursor");
        let after = self.cursor.as_deref().map(|text| text.parse().map_err(refused)).transpose()?;
        let per_page = self.per_page.unwrap_or(i64::from(PAGE_SIZE_DEFAULT));
        if !(1..=i64::from(PAGE_SIZE_MAX)).contains(&per_page) {
            return Err(Refusal::field(Code::OutOfRange, "per_page").rule(format!("1..={PAGE_SIZE_MAX}")));
        }
        let standard = ListParameters {
            search: self.search,
            page: self.page,
            per_page: Some(per_page),
            taxonomy_term_id: self.taxonomy_term_id,
            taxonomy_id: self.taxonomy_id,
            organization_id: self.organization_id,
            modified_after: self.modified_after,
            minimal: self.minimal,
            full: self.full,
            ..ListParameters::default()
        };
        let (asked, _) = standard.parse(Collection::Services)?;
        Ok((asked, after.map(|id| Anchor { at: None, id })))
    }
}
