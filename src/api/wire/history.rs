//! Histories on the wire, and what a person says to change a record's place in time.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::families::{cursor_of, parse_cursor};
use crate::actions::history::{Entry, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page};
use crate::clock::Time;
use crate::domain::history::Action;
use crate::domain::plain_text::{check_line, check_lines};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::sensitive::refuse_sensitive_numbers;
use crate::id::Id;

pub const REASON_CHARACTERS_MAX: usize = 500;

/// A text that a person must give, within a bound of characters.
pub fn reason_text(field: &str, text: &str, characters_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::field(Code::MissingField, field));
    }
    bounded_text(field, text, characters_max)
}

/// A text that a person may give, within a bound of characters, without a number that has no place in it.
pub fn bounded_text(field: &str, text: &str, characters_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > characters_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("<= {characters_max} characters")));
    }
    check_lines(text, field)?;
    refuse_sensitive_numbers(text, field)?;
    Ok(text.to_owned())
}

/// What something is called: one line.
pub fn name_text(field: &str, text: &str, characters_max: usize) -> Result<String, Refusal> {
    let name = reason_text(field, text, characters_max)?;
    check_line(&name, field)?;
    Ok(name)
}

/// A number of items within 1 and a bound.
pub fn page_size(field: &str, value: Option<i64>, default: u32, max: u32) -> Result<u32, Refusal> {
    let Some(value) = value else { return Ok(default) };
    let inside = u32::try_from(value).ok().filter(|value| (1..=max).contains(value));
    inside.ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("1..={max}")))
}

pub fn id_cursor(text: Option<&str>) -> Result<Option<Id>, Refusal> {
    text.map(|text| text.parse().map_err(|_| Refusal::field(Code::InvalidCursor, "cursor"))).transpose()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    cursor: Option<String>,
    limit: Option<i64>,
}

impl HistoryQuery {
    pub fn parse(&self) -> Result<(Option<(Time, Id)>, u32), Refusal> {
        let before = self.cursor.as_deref().map(parse_cursor).transpose()?;
        Ok((before, page_size("limit", self.limit, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOfQuery {
    as_of: Option<String>,
}

impl AsOfQuery {
    pub fn parse(&self) -> Result<Option<Time>, Refusal> {
        let moment = |text: &String| {
            Time::parse_rfc3339(text).map_err(|_| Refusal::field(Code::InvalidDate, "as_of").rule("RFC 3339"))
        };
        self.as_of.as_ref().map(moment).transpose()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReversalBody {
    pub change_set: Id,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetirementBody {
    reason: String,
}

impl RetirementBody {
    pub fn parse(&self) -> Result<String, Refusal> {
        reason_text("reason", &self.reason, REASON_CHARACTERS_MAX)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationRetirementBody {
    reason: String,
    #[serde(default)]
    pub with_services: bool,
}

impl OrganizationRetirementBody {
    pub fn parse(&self) -> Result<String, Refusal> {
        reason_text("reason", &self.reason, REASON_CHARACTERS_MAX)
    }
}

/// Nothing is said, but that it is to be done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyBody {}

#[derive(Debug, Serialize)]
pub struct RetiredView {
    pub id: Id,
    pub version: i64,
    pub change: i64,
}

#[derive(Debug, Serialize)]
struct EntryView {
    id: Id,
    at: Time,
    action: Action,
    change_set: Id,
    field: String,
    previous: Value,
    replacement: Value,
    withheld: bool,
    updated_by: String,
    account_id: Option<Id>,
    account_name: Option<String>,
    proposed_by: Option<ProposedByView>,
}

#[derive(Debug, Serialize)]
struct ProposedByView {
    account_id: Option<Id>,
    account_name: Option<String>,
    link: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct HistoryPageView {
    results: Vec<EntryView>,
    next_cursor: Option<String>,
}

impl HistoryPageView {
    pub fn new(page: Page) -> Self {
        let entry = |Entry { row, is_withheld, account_name, proposed_by }: Entry| EntryView {
            id: row.id,
            at: row.at,
            action: row.action,
            change_set: row.change_set,
            field: row.field_name,
            previous: row.previous_value.map_or(Value::Null, |value| value.0),
            replacement: row.replacement_value.map_or(Value::Null, |value| value.0),
            withheld: is_withheld,
            updated_by: row.updated_by,
            account_id: row.account_id,
            account_name,
            proposed_by: proposed_by.map(|by| ProposedByView {
                account_id: by.account_id,
                account_name: by.account_name,
                link: by.link,
            }),
        };
        let next_cursor = page.next.map(|(at, id)| cursor_of(at, id));
        Self { results: page.entries.into_iter().map(entry).collect(), next_cursor }
    }
}
