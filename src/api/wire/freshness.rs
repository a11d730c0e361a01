//! The list of what is due or poor.

use serde::{Deserialize, Serialize};

use super::families::{cursor_of, parse_cursor, parse_limit};
use crate::actions::freshness::{Asked, Item, Page, Wanted};
use crate::clock::Time;
use crate::domain::freshness::State;
use crate::domain::language::{Lang, Text};
use crate::domain::quality::{Lack, Quality};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::text::quality::sentence;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessQuery {
    /// `due` or `poor`.
    wanted: Option<String>,
    territory: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl FreshnessQuery {
    pub fn parse(self) -> Result<Asked, Refusal> {
        let wanted = match (self.wanted.as_deref().unwrap_or("due"), self.cursor.as_deref()) {
            ("due", None) => Wanted::Due(None),
            ("due", Some(cursor)) => Wanted::Due(Some(parse_cursor(cursor)?)),
            ("poor", None) => Wanted::Poor(None),
            ("poor", Some(cursor)) => Wanted::Poor(Some(parse_points(cursor)?)),
            _ => return Err(Refusal::field(Code::InvalidValue, "wanted").rule("due, poor")),
        };
        Ok(Asked { wanted, territory: self.territory, limit: parse_limit(self.limit)? })
    }
}

fn parse_points(text: &str) -> Result<(i32, Id), Refusal> {
    let parts = text.split_once('.').and_then(|(points, id)| Some((points.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))
}

fn cursor(wanted: Wanted) -> Option<String> {
    match wanted {
        Wanted::Due(after) => after.map(|(at, id)| cursor_of(at, id)),
        Wanted::Poor(after) => after.map(|(points, id)| format!("{points}.{id}")),
    }
}

#[derive(Debug, Serialize)]
pub struct PageView {
    results: Vec<ItemView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct ItemView {
    service_id: Id,
    name: String,
    organization: OrganizationView,
    review_due_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_months: Option<u32>,
    state: State,
    verified_at: Option<Time>,
    quality: QualityView,
}

#[derive(Debug, Serialize)]
struct OrganizationView {
    id: Id,
    name: String,
}

#[derive(Debug, Serialize)]
pub struct QualityView {
    score: i32,
    missing: Vec<MissingView>,
}

#[derive(Debug, Serialize)]
struct MissingView {
    code: Lack,
    sentence: Text,
}

impl QualityView {
    pub fn new(quality: &Quality) -> Self {
        let missing = |lack: &Lack| MissingView { code: *lack, sentence: sentence(*lack) };
        Self { score: quality.score, missing: quality.missing.iter().map(missing).collect() }
    }
}

impl PageView {
    pub fn new(page: Page, lang: Lang) -> Self {
        let item = |item: &Item| {
            let (one, organization) = (&item.aggregate.service, &item.aggregate.organization);
            ItemView {
                service_id: one.id,
                name: one.name.get(lang).to_owned(),
                organization: OrganizationView { id: organization.id, name: organization.name.get(lang).to_owned() },
                review_due_at: item.due_at,
                review_months: one.review.months,
                state: item.state,
                verified_at: one.verified_at,
                quality: QualityView::new(&item.quality),
            }
        };
        Self { results: page.items.iter().map(item).collect(), next_cursor: page.next.and_then(cursor) }
    }
}
