//! Needs and their outcomes on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::families::{PointBody, cursor_of, parse_cursor, parse_limit};
use super::members::Object;
use crate::actions::families::Residence;
use crate::actions::needs::{Asked, NeedFile, NeedPage, NewNeed, Said};
use crate::clock::Time;
use crate::domain::need::{NeedStatus, Outcome, UnmetReason, Voice};
use crate::domain::refusal::Refusal;
use crate::id::Id;
use crate::store::needs::{NeedOutcomeRow, NeedRow};

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NeedBody {
    organization_id: Option<Id>,
    family_id: Option<Id>,
    category: String,
    municipality_id: Option<String>,
    mrc_id: Option<String>,
    region_id: Option<String>,
    point: Option<Object<PointBody>>,
    recorded_on: Option<NaiveDate>,
}

impl NeedBody {
    pub fn parse(self) -> Result<NewNeed, Refusal> {
        let residence = Residence {
            municipality_id: self.municipality_id,
            mrc_id: self.mrc_id,
            region_id: self.region_id,
            point: self.point.map(|Object(point)| point.parse()).transpose()?,
        };
        Ok(NewNeed {
            organization_id: self.organization_id,
            family_id: self.family_id,
            category: self.category,
            residence: (residence != Residence::default()).then_some(residence),
            recorded_on: self.recorded_on,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeBody {
    /// The worker's own where none is said.
    voice: Option<Voice>,
    status: NeedStatus,
    reason: Option<UnmetReason>,
    referral_id: Option<Id>,
}

impl OutcomeBody {
    pub fn parse(&self) -> Said {
        let voice = self.voice.unwrap_or(Voice::Worker);
        Said { outcome: Outcome { voice, status: self.status, reason: self.reason }, referral_id: self.referral_id }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedsQuery {
    family_id: Option<Id>,
    status: Option<NeedStatus>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl NeedsQuery {
    pub fn parse(&self) -> Result<Asked, Refusal> {
        Ok(Asked {
            family_id: self.family_id,
            status: self.status,
            after: self.cursor.as_deref().map(parse_cursor).transpose()?,
            limit: parse_limit(self.limit)?,
        })
    }
}

#[derive(Debug, Serialize)]
pub struct NeedHeadView {
    id: Id,
    organization_id: Id,
    family_id: Option<Id>,
    category: String,
    municipality_id: Option<String>,
    mrc_id: Option<String>,
    region_id: Option<String>,
    status: NeedStatus,
    unmet_reason: Option<UnmetReason>,
    proposed_reason: Option<UnmetReason>,
    recorded_on: NaiveDate,
    status_on: NaiveDate,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl NeedHeadView {
    fn new(row: &NeedRow) -> Self {
        Self {
            id: row.id,
            organization_id: row.organization_id,
            family_id: row.family_id,
            category: row.category.clone(),
            municipality_id: row.municipality_id.clone(),
            mrc_id: row.mrc_id.clone(),
            region_id: row.region_id.clone(),
            status: row.status,
            unmet_reason: row.unmet_reason,
            proposed_reason: row.proposed_reason,
            recorded_on: row.recorded_on,
            status_on: row.status_on,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct NeedView {
    #[serde(flatten)]
    head: NeedHeadView,
    outcomes: Vec<OutcomeView>,
    voices_disagree: bool,
}

#[derive(Debug, Serialize)]
struct OutcomeView {
    id: Id,
    voice: Voice,
    status: NeedStatus,
    reason: Option<UnmetReason>,
    referral_id: Option<Id>,
    at: Time,
}

impl NeedView {
    pub fn new(file: &NeedFile) -> Self {
        let outcome = |row: &NeedOutcomeRow| OutcomeView {
            id: row.id,
            voice: row.voice,
            status: row.status,
            reason: row.reason,
            referral_id: row.referral_id,
            at: row.at,
        };
        Self {
            head: NeedHeadView::new(&file.row),
            outcomes: file.outcomes.iter().map(outcome).collect(),
            voices_disagree: file.voices_disagree,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct NeedPageView {
    results: Vec<NeedHeadView>,
    next_cursor: Option<String>,
}

impl NeedPageView {
    pub fn new(page: &NeedPage) -> Self {
        let last = page.needs.last().filter(|_| page.more);
        Self {
            results: page.needs.iter().map(NeedHeadView::new).collect(),
            next_cursor: last.map(|row| cursor_of(row.created_at, row.id)),
        }
    }
}
