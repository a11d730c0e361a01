//! Words about the room of a service: as they are said, and as they are listed.

use serde::{Deserialize, Serialize};

use super::families::parse_limit;
use crate::clock::Time;
use crate::domain::directory::Capacity;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::Written;
use crate::store::capacities::CapacityRow;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityBody {
    places_available: Option<i64>,
    waiting_list_length: Option<i64>,
    wait_days: Option<i64>,
    observed_at: Option<String>,
}

impl CapacityBody {
    pub fn parse(self) -> Result<Capacity, Refusal> {
        let number = |field: &str, value: Option<i64>| {
            let whole =
                |value: i64| i32::try_from(value).map_err(|_| Refusal::field(Code::OutOfRange, field).rule(">= 0"));
            value.map(whole).transpose()
        };
        let moment = |text: String| {
            Time::parse_rfc3339(&text).map_err(|_| Refusal::field(Code::InvalidDate, "observed_at").rule("RFC 3339"))
        };
        Ok(Capacity {
            places_available: number("places_available", self.places_available)?,
            waiting_list_length: number("waiting_list_length", self.waiting_list_length)?,
            wait_days: number("wait_days", self.wait_days)?,
            observed_at: self.observed_at.map(moment).transpose()?,
            ..Capacity::default()
        })
    }
}

#[derive(Debug, Serialize)]
pub struct CapacityView {
    service_id: Id,
    capacity: Capacity,
    change: i64,
}

impl CapacityView {
    pub fn new(service_id: Id, written: Written<Capacity>) -> Self {
        Self { service_id, capacity: written.value, change: written.change }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl HistoryQuery {
    pub fn parse(&self) -> Result<(Option<(Time, i64)>, usize), Refusal> {
        let after = |text: &str| {
            let parts =
                text.split_once('.').and_then(|(micros, number)| Some((micros.parse().ok()?, number.parse().ok()?)));
            let (micros, number) = parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))?;
            Ok((Time::from_micros(micros), number))
        };
        Ok((self.cursor.as_deref().map(after).transpose()?, parse_limit(self.limit)?))
    }
}

#[derive(Debug, Serialize)]
pub struct HistoryView {
    results: Vec<WordView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct WordView {
    #[serde(skip_serializing_if = "Option::is_none")]
    places_available: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_list_length: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_days: Option<i32>,
    observed_at: Time,
    source: String,
}

impl HistoryView {
    /// One row more than the limit says that the list goes on.
    pub fn new(mut rows: Vec<(i64, CapacityRow)>, limit: usize) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|(number, row)| format!("{}.{number}", row.observed_at.micros()));
        let word = |(_, row): (i64, CapacityRow)| WordView {
            places_available: row.places_available,
            waiting_list_length: row.waiting_list_length,
            wait_days: row.wait_days,
            observed_at: row.observed_at,
            source: row.source,
        };
        Self { results: rows.into_iter().map(word).collect(), next_cursor }
    }
}
