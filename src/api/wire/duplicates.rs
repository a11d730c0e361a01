//! Pairs of services that may be one, on the wire.

use serde::{Deserialize, Serialize};

use crate::actions::duplicates::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Pair, Pairs, PairsAsked, Side, thousandths};
use crate::clock::Time;
use crate::domain::duplicate::{Because, Reason, SAME_MIN};
use crate::domain::language::{Lang, Text};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::duplicates::PairStatus;
use crate::text::duplicates as words;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsQuery {
    status: Option<PairStatus>,
    min_score: Option<f64>,
    territory_id: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl PairsQuery {
    pub fn parse(self, service_id: Option<Id>) -> Result<PairsAsked, Refusal> {
        let score = self.min_score.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&score) {
            return Err(Refusal::field(Code::OutOfRange, "min_score").rule("0..=1"));
        }
        let limit = self.limit.unwrap_or(i64::from(PAGE_SIZE_DEFAULT));
        let limit = u32::try_from(limit).ok().filter(|limit| (1..=PAGE_SIZE_MAX).contains(limit));
        let out = || Refusal::field(Code::OutOfRange, "limit").rule(format!("1..={PAGE_SIZE_MAX}"));
        Ok(PairsAsked {
            status: self.status,
            score_min: thousandths(score),
            territory_id: self.territory_id,
            service_id,
            after: self.cursor.as_deref().map(parse_cursor).transpose()?,
            limit: limit.ok_or_else(out)?,
        })
    }
}

fn parse_cursor(text: &str) -> Result<(i32, Id), Refusal> {
    let parts = text.split_once('.').and_then(|(score, id)| Some((score.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissalBody {
    pub reason: String,
}

#[derive(Debug, Serialize)]
struct BecauseView {
    reason: Reason,
    /// Positive speaks for one service, negative for two.
    weight: f64,
    sentence: &'static str,
}

impl BecauseView {
    fn new(because: &Because, lang: Lang) -> Self {
        let weight = (because.weight * 100.0).round() / 100.0;
        Self { reason: because.reason, weight, sentence: words::reason(because.reason, lang) }
    }
}

#[derive(Debug, Serialize)]
struct SideView {
    id: Id,
    name: String,
    organization_id: Id,
    organization_name: String,
    source: String,
    version: i64,
    last_modified: Time,
}

impl SideView {
    fn new(side: &Side, lang: Lang) -> Self {
        let said = |text: &Text| text.get(lang).to_owned();
        Self {
            id: side.id,
            name: said(&side.name),
            organization_id: side.organization_id,
            organization_name: said(&side.organization_name),
            source: side.source.clone(),
            version: side.version,
            last_modified: side.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct PairView {
    id: Id,
    score: f64,
    /// At or above the published threshold.
    is_likely: bool,
    status: PairStatus,
    reasons: Vec<BecauseView>,
    services: Vec<SideView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_id: Option<Id>,
    created_at: Time,
}

impl PairView {
    pub fn new(pair: &Pair, lang: Lang) -> Self {
        let row = &pair.row;
        Self {
            id: row.id,
            score: f64::from(row.score) / 1_000.0,
            is_likely: row.score >= thousandths(SAME_MIN),
            status: row.status,
            reasons: row.reasons.0.iter().map(|because| BecauseView::new(because, lang)).collect(),
            services: pair.sides.iter().map(|side| SideView::new(side, lang)).collect(),
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason.clone(),
            kept_id: row.kept_id,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct PairsView {
    results: Vec<PairView>,
    next_cursor: Option<String>,
}

impl PairsView {
    pub fn new(pairs: &Pairs, lang: Lang) -> Self {
        Self {
            results: pairs.pairs.iter().map(|pair| PairView::new(pair, lang)).collect(),
            next_cursor: pairs.next_after.map(|(score, id)| format!("{score}.{id}")),
        }
    }
}
