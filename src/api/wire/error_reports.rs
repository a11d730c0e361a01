//! "This is wrong" on the wire.

use serde::{Deserialize, Serialize};

use super::history::{REASON_CHARACTERS_MAX, bounded_text, id_cursor, page_size, reason_text};
use crate::actions::error_reports::{COMMENT_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page};
use crate::clock::Time;
use crate::domain::error_report::{ErrorReason, ErrorStatus};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::error_reports::ErrorReportRow;
use crate::text;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorReportBody {
    reason: ErrorReason,
    #[serde(default)]
    comment: String,
}

impl ErrorReportBody {
    /// Something else is said in words.
    pub fn parse(&self) -> Result<(ErrorReason, String), Refusal> {
        let comment = match self.reason {
            ErrorReason::Other => reason_text("comment", &self.comment, COMMENT_CHARACTERS_MAX)?,
            _ => bounded_text("comment", &self.comment, COMMENT_CHARACTERS_MAX)?,
        };
        Ok((self.reason, comment))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorReportsQuery {
    status: Option<ErrorStatus>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ErrorReportsQuery {
    pub fn parse(&self) -> Result<(ErrorStatus, Option<Id>, u32), Refusal> {
        let limit = page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        Ok((self.status.unwrap_or(ErrorStatus::Open), id_cursor(self.cursor.as_deref())?, limit))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolutionBody {
    resolution: ErrorStatus,
    #[serde(default)]
    reason: String,
}

impl ResolutionBody {
    /// What was no error is said so with a reason.
    pub fn parse(&self) -> Result<(ErrorStatus, Option<String>), Refusal> {
        let reason = match self.resolution {
            ErrorStatus::Open => {
                return Err(Refusal::field(Code::InvalidValue, "resolution").rule("fixed, not_an_error"));
            }
            ErrorStatus::Fixed => bounded_text("reason", &self.reason, REASON_CHARACTERS_MAX)?,
            ErrorStatus::NotAnError => reason_text("reason", &self.reason, REASON_CHARACTERS_MAX)?,
        };
        Ok((self.resolution, Some(reason).filter(|text| !text.is_empty())))
    }
}

/// What who reports is told: that it was heard.
#[derive(Debug, Serialize)]
pub struct ErrorReceiptView {
    pub id: Id,
    pub status: ErrorStatus,
    pub created_at: Time,
}

#[derive(Debug, Serialize)]
pub struct ErrorReportView {
    id: Id,
    service_id: Id,
    organization_id: Id,
    reason: ErrorReason,
    reason_text: &'static str,
    comment: String,
    account_id: Option<Id>,
    status: ErrorStatus,
    resolved_by: Option<Id>,
    resolved_at: Option<Time>,
    resolution_reason: Option<String>,
    created_at: Time,
}

impl ErrorReportView {
    pub fn new(row: ErrorReportRow, lang: Lang) -> Self {
        Self {
            id: row.id,
            service_id: row.service_id,
            organization_id: row.organization_id,
            reason: row.reason,
            reason_text: text::error_reports::reason(row.reason, lang),
            comment: row.comment,
            account_id: row.account_id,
            status: row.status,
            resolved_by: row.resolved_by,
            resolved_at: row.resolved_at,
            resolution_reason: row.resolution_reason,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ErrorReportPageView {
    results: Vec<ErrorReportView>,
    next_cursor: Option<Id>,
}

impl ErrorReportPageView {
    pub fn new(page: Page, lang: Lang) -> Self {
        let view = |row| ErrorReportView::new(row, lang);
        Self { results: page.reports.into_iter().map(view).collect(), next_cursor: page.next_after }
    }
}
