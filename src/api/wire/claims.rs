//! Claims on the wire.

use serde::{Deserialize, Serialize};

use super::history::{REASON_CHARACTERS_MAX, bounded_text, id_cursor, page_size, reason_text};
use crate::actions::claims::{COMMENT_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page};
use crate::clock::Time;
use crate::domain::claim::ClaimStatus;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::claims::ClaimRow;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimBody {
    comment: String,
}

impl ClaimBody {
    /// Who claims says how a curator may know that it is so.
    pub fn parse(&self) -> Result<String, Refusal> {
        reason_text("comment", &self.comment, COMMENT_CHARACTERS_MAX)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsQuery {
    status: Option<ClaimStatus>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ClaimsQuery {
    pub fn parse(&self) -> Result<(ClaimStatus, Option<Id>, u32), Refusal> {
        let limit = page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        Ok((self.status.unwrap_or(ClaimStatus::Pending), id_cursor(self.cursor.as_deref())?, limit))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimDecisionBody {
    decision: ClaimStatus,
    #[serde(default)]
    reason: String,
}

impl ClaimDecisionBody {
    /// Who refuses says why.
    pub fn parse(&self) -> Result<(ClaimStatus, Option<String>), Refusal> {
        let reason = match self.decision {
            ClaimStatus::Pending => {
                return Err(Refusal::field(Code::InvalidValue, "decision").rule("accepted, refused"));
            }
            ClaimStatus::Accepted => bounded_text("reason", &self.reason, REASON_CHARACTERS_MAX)?,
            ClaimStatus::Refused => reason_text("reason", &self.reason, REASON_CHARACTERS_MAX)?,
        };
        Ok((self.decision, Some(reason).filter(|text| !text.is_empty())))
    }
}

#[derive(Debug, Serialize)]
pub struct ClaimView {
    id: Id,
    organization_id: Id,
    account_id: Id,
    comment: String,
    status: ClaimStatus,
    decided_by: Option<Id>,
    decided_at: Option<Time>,
    reason: Option<String>,
    created_at: Time,
}

impl ClaimView {
    pub fn new(row: ClaimRow) -> Self {
        Self {
            id: row.id,
            organization_id: row.organization_id,
            account_id: row.account_id,
            comment: row.comment,
            status: row.status,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ClaimPageView {
    results: Vec<ClaimView>,
    next_cursor: Option<Id>,
}

impl ClaimPageView {
    pub fn new(page: Page) -> Self {
        Self { results: page.claims.into_iter().map(ClaimView::new).collect(), next_cursor: page.next_after }
    }
}
