//! Proposed edits on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::history::{REASON_CHARACTERS_MAX, bounded_text, id_cursor, page_size, reason_text};
use crate::actions::edits::{
    COMMENT_CHARACTERS_MAX, Decision, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page, Proposed, Shown,
};
use crate::clock::Time;
use crate::domain::edit::EditStatus;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::changes::Subject;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditBody {
    subject: Subject,
    subject_id: Id,
    patch: Map<String, Value>,
    #[serde(default)]
    comment: String,
}

impl EditBody {
    pub fn parse(self) -> Result<Proposed, Refusal> {
        if !matches!(self.subject, Subject::Service | Subject::Organization | Subject::Location) {
            return Err(Refusal::field(Code::InvalidValue, "subject").rule("service, organization, location"));
        }
        let comment = bounded_text("comment", &self.comment, COMMENT_CHARACTERS_MAX)?;
        Ok(Proposed { subject: self.subject, subject_id: self.subject_id, patch: self.patch, comment })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditsQuery {
    status: Option<EditStatus>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl EditsQuery {
    pub fn parse(&self) -> Result<(EditStatus, Option<Id>, u32), Refusal> {
        let limit = page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        Ok((self.status.unwrap_or(EditStatus::Pending), id_cursor(self.cursor.as_deref())?, limit))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DecisionWord {
    Accepted,
    Refused,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionBody {
    decision: DecisionWord,
    #[serde(default)]
    reason: String,
}

impl DecisionBody {
    /// Who refuses says why.
    pub fn parse(&self) -> Result<(Decision, Option<String>), Refusal> {
        match self.decision {
            DecisionWord::Refused => {
                Ok((Decision::Refuse, Some(reason_text("reason", &self.reason, REASON_CHARACTERS_MAX)?)))
            }
            DecisionWord::Accepted => {
                let reason = bounded_text("reason", &self.reason, REASON_CHARACTERS_MAX)?;
                Ok((Decision::Accept, Some(reason).filter(|text| !text.is_empty())))
            }
        }
    }
}

#[derive(Debug, Serialize)]
pub struct EditView {
    id: Id,
    subject: Subject,
    subject_id: Id,
    organization_id: Option<Id>,
    patch: Map<String, Value>,
    base: Map<String, Value>,
    base_version: i64,
    withheld: bool,
    account_id: Option<Id>,
    link: Option<String>,
    comment: String,
    status: EditStatus,
    decided_by: Option<Id>,
    decided_at: Option<Time>,
    reason: Option<String>,
    created_at: Time,
}

impl EditView {
    pub fn new(Shown { row, is_withheld }: Shown) -> Self {
        Self {
            id: row.id,
            subject: row.subject,
            subject_id: row.subject_id,
            organization_id: row.organization_id,
            patch: row.patch.0,
            base: row.base.0,
            base_version: row.base_version,
            withheld: is_withheld,
            account_id: row.account_id,
            link: row.link,
            comment: row.comment,
            status: row.status,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}

/// What who proposes is told: that it waits.
#[derive(Debug, Serialize)]
pub struct EditReceiptView {
    pub id: Id,
    pub status: EditStatus,
    pub created_at: Time,
}

#[derive(Debug, Serialize)]
pub struct EditPageView {
    results: Vec<EditView>,
    next_cursor: Option<Id>,
}

impl EditPageView {
    pub fn new(page: Page) -> Self {
        Self { results: page.edits.into_iter().map(EditView::new).collect(), next_cursor: page.next_after }
    }
}
