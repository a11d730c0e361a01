//! Follow-ups on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::families::parse_limit;
use crate::actions::follow_ups::FollowUpPage;
use crate::clock::Time;
use crate::domain::follow_up::FollowUpStatus;
use crate::domain::need::{NeedStatus, Outcome, UnmetReason, Voice};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::follow_ups::FollowUpRow;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpsQuery {
    status: Option<FollowUpStatus>,
    limit: Option<i64>,
    cursor: Option<String>,
}

pub struct FollowUpsAsked {
    pub status: Option<FollowUpStatus>,
    pub after: Option<(NaiveDate, Id)>,
    pub limit: usize,
}

impl FollowUpsQuery {
    pub fn parse(&self) -> Result<FollowUpsAsked, Refusal> {
        let after = self.cursor.as_deref().map(parse_day_cursor).transpose()?;
        Ok(FollowUpsAsked { status: self.status, after, limit: parse_limit(self.limit)? })
    }
}

fn parse_day_cursor(text: &str) -> Result<(NaiveDate, Id), Refusal> {
    let parts = text.split_once('.').and_then(|(day, id)| Some((day.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionBody {
    status: NeedStatus,
    reason: Option<UnmetReason>,
}

impl CompletionBody {
    pub fn parse(&self) -> Outcome {
        Outcome { voice: Voice::Worker, status: self.status, reason: self.reason }
    }
}

#[derive(Debug, Serialize)]
pub struct FollowUpView {
    id: Id,
    need_id: Id,
    family_id: Option<Id>,
    organization_id: Id,
    assignee_account_id: Option<Id>,
    status: FollowUpStatus,
    due_on: NaiveDate,
    done_at: Option<Time>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl FollowUpView {
    pub fn new(row: &FollowUpRow) -> Self {
        Self {
            id: row.id,
            need_id: row.need_id,
            family_id: row.family_id,
            organization_id: row.organization_id,
            assignee_account_id: row.assignee_account_id,
            status: row.status,
            due_on: row.due_on,
            done_at: row.done_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct FollowUpPageView {
    results: Vec<FollowUpView>,
    next_cursor: Option<String>,
}

impl FollowUpPageView {
    pub fn new(page: &FollowUpPage) -> Self {
        let last = page.follow_ups.last().filter(|_| page.more);
        Self {
            results: page.follow_ups.iter().map(FollowUpView::new).collect(),
            next_cursor: last.map(|row| format!("{}.{}", row.due_on, row.id)),
        }
    }
}
