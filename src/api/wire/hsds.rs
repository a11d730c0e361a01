//! HSDS 3.2 on the wire: the parameters of its lists, and the envelope that it gives a page.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::history::page_size;
use crate::actions::hsds::{Asked, Form, Listed, PROXIMITY_M_MAX};
use crate::clock::Time;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::weekly_hours::{DAY_NAMED, asked_mask, day_of, minutes};
use crate::store::lists::{Collection, Open};

/// Records of one page.
pub const PAGE_SIZE_MAX: u32 = 500;
pub const PAGE_SIZE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 1_000_000_000;
const SEARCH_CHARACTERS_MAX: usize = 200;
const ID_CHARACTERS_MAX: usize = 200;
const AGE_YEARS_MAX: f64 = 150.0;

/// Every parameter that some list takes; [`names_of`] says which.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListParameters {
    pub search: Option<String>,
    /// ORUK's word for `search`.
    pub text: Option<String>,
    pub page: Option<i64>,
    pub per_page: Option<i64>,
    pub format: Option<String>,
    pub taxonomy_term_id: Option<String>,
    pub taxonomy_id: Option<String>,
    pub organization_id: Option<String>,
    pub modified_after: Option<String>,
    pub minimal: Option<bool>,
    pub full: Option<bool>,
    pub full_service: Option<bool>,
    pub postcode: Option<String>,
    pub proximity: Option<f64>,
    pub minimum_age: Option<f64>,
    pub maximum_age: Option<f64>,
    pub day: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub top_only: Option<bool>,
    pub parent_id: Option<String>,
}

/// The parameters that a list takes.
pub fn names_of(collection: Collection) -> &'static [&'static str] {
    match collection {
        Collection::Services => &[
            "search",
            "text",
            "page",
            "per_page",
            "format",
            "taxonomy_term_id",
            "taxonomy_id",
            "organization_id",
            "modified_after",
            "minimal",
            "full",
            "postcode",
            "proximity",
            "minimum_age",
            "maximum_age",
            "day",
            "start_time",
            "end_time",
        ],
        Collection::ServiceAtLocations => &[
            "search",
            "text",
            "page",
            "per_page",
            "format",
            "taxonomy_term_id",
            "taxonomy_id",
            "organization_id",
            "modified_after",
            "full",
            "postcode",
            "proximity",
            "minimum_age",
            "maximum_age",
            "day",
            "start_time",
            "end_time",
        ],
        Collection::Organizations => &[
            "search",
            "text",
            "page",
            "per_page",
            "format",
            "taxonomy_term_id",
            "taxonomy_id",
            "modified_after",
            "full",
            "full_service",
        ],
        Collection::Taxonomies => &["search", "page", "per_page", "format"],
        Collection::TaxonomyTerms => &["search", "page", "per_page", "format", "taxonomy_id", "top_only", "parent_id"],
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    /// One record a line; the whole list when no page is asked.
    NdJson {
        is_whole: bool,
    },
}

impl ListParameters {
    pub fn parse(self, collection: Collection) -> Result<(Asked, Format), Refusal> {
        let format = match self.format.as_deref() {
            None | Some("json") => Format::Json,
            Some("ndjson") => Format::NdJson { is_whole: self.page.is_none() },
            Some(_) => return Err(Refusal::field(Code::InvalidValue, "format").rule("json, ndjson")),
        };
        let page = page_size("page", self.page, 1, PAGE_MAX)?;
        let per_page = page_size("per_page", self.per_page, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
        for (field, text) in [
            ("taxonomy_term_id", &self.taxonomy_term_id),
            ("taxonomy_id", &self.taxonomy_id),
            ("parent_id", &self.parent_id),
        ] {
            short(field, text.as_deref(), ID_CHARACTERS_MAX)?;
        }
        let organization_id = self
            .organization_id
            .as_deref()
            .map(|text| text.parse().map_err(|_| Refusal::field(Code::InvalidValue, "organization_id").rule("uuid")));
        let form = match (self.minimal, self.full, self.full_service) {
            (_, _, Some(true)) => Form::FullService,
            (Some(true), _, _) => Form::Minimal,
            (_, Some(true), _) => Form::Full,
            _ => Form::Short,
        };
        let asked = Asked {
            form,
            search: self.words()?,
            ages: self.ages()?,
            open: self.open()?,
            proximity_m: self.proximity()?,
            organization_id: organization_id.transpose()?,
            modified_after: self.modified_after.as_deref().map(moment).transpose()?,
            term: self.taxonomy_term_id,
            taxonomy: self.taxonomy_id,
            postcode: self.postcode,
            parent: self.parent_id,
            is_top_only: self.top_only.unwrap_or(false),
            ..Asked::new(collection, page, per_page)
        };
        Ok((asked, format))
    }

    fn words(&self) -> Result<Option<String>, Refusal> {
        short("search", self.search.as_deref(), SEARCH_CHARACTERS_MAX)?;
        short("text", self.text.as_deref(), SEARCH_CHARACTERS_MAX)?;
        match (&self.search, &self.text) {
            (Some(_), Some(_)) => Err(Refusal::field(Code::InvalidValue, "text").rule("search or text, not both")),
            (search, text) => Ok(search.clone().or_else(|| text.clone())),
        }
    }

    fn proximity(&self) -> Result<Option<f64>, Refusal> {
        let Some(metres) = self.proximity else { return Ok(None) };
        if !(metres > 0.0 && metres <= PROXIMITY_M_MAX) {
            return Err(Refusal::field(Code::OutOfRange, "proximity").rule(format!("1..={PROXIMITY_M_MAX} metres")));
        }
        if self.postcode.is_none() {
            return Err(Refusal::field(Code::MissingField, "postcode").rule("proximity is a distance from it"));
        }
        Ok(Some(metres))
    }

    /// A service fits when somebody of an age asked for may come.
    fn ages(&self) -> Result<Option<(u32, u32)>, Refusal> {
        let years = |field: &str, value: Option<f64>| match value {
            Some(years) if !(0.0..=AGE_YEARS_MAX).contains(&years) => {
                Err(Refusal::field(Code::OutOfRange, field).rule("0..=150"))
            }
            other => Ok(other),
        };
        let (from, to) = (years("minimum_age", self.minimum_age)?, years("maximum_age", self.maximum_age)?);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Refusal::field(Code::OutOfRange, "maximum_age").rule("not under minimum_age"));
        }
        // Bounded above: 150 years are 1,800 months.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let months = |years: f64| (years * 12.0).round() as u32;
        let last = |years: f64| if years.fract() == 0.0 { months(years) + 11 } else { months(years) };
        let all = months(AGE_YEARS_MAX) + 11;
        Ok((from.is_some() || to.is_some()).then(|| (from.map_or(0, months), to.map_or(all, last))))
    }

    fn open(&self) -> Result<Option<Open>, Refusal> {
        let day = match self.day.as_deref() {
            None => None,
            Some(word) => {
                let refused = || Refusal::field(Code::InvalidValue, "day").rule("MO, TU, WE, TH, FR, SA, SU");
                Some(word.get(..2).and_then(day_of).filter(|_| is_day_name(word)).ok_or_else(refused)?)
            }
        };
        let time = |field: &str, text: Option<&str>| match text {
            None => Ok(None),
            Some(text) => {
                let refused = || Refusal::field(Code::InvalidValue, field).rule("HH:MM");
                minutes(text).map(Some).ok_or_else(refused)
            }
        };
        let (start, end) =
            (time("start_time", self.start_time.as_deref())?, time("end_time", self.end_time.as_deref())?);
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            return Err(Refusal::field(Code::OutOfRange, "end_time").rule("after start_time"));
        }
        let mask = match (start, end) {
            (None, None) => DAY_NAMED,
            (Some(start), Some(end)) => asked_mask(start, end),
            // One moment of the day: the half-hour that begins, or ends, there.
            (Some(start), None) => asked_mask(start.min(1_439), start.min(1_439) + 1),
            (None, Some(end)) => asked_mask(end.saturating_sub(1), end.max(1)),
        };
        Ok((day.is_some() || start.is_some() || end.is_some()).then_some(Open { day, mask }))
    }
}

/// `MO`, `Mo`, `Monday`.
fn is_day_name(word: &str) -> bool {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() == 2 || NAMES.contains(&word.to_ascii_lowercase().as_str())
}

fn short(field: &str, text: Option<&str>, characters_max: usize) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > characters_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("<= {characters_max} characters")));
    }
    if text.contains('\0') {
        return Err(Refusal::field(Code::InvalidValue, field).rule("no NUL character"));
    }
    Ok(())
}

/// An instant (UTC where it names no offset), or a day from its first moment.
pub fn moment(text: &str) -> Result<Time, Refusal> {
    let first_moment = |day: NaiveDate| Time::new(day.and_time(NaiveTime::MIN).and_utc());
    let naive = |format: &str| NaiveDateTime::parse_from_str(text, format).map(|one| Time::new(one.and_utc()));
    Time::parse_rfc3339(text)
        .or_else(|_| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(first_moment))
        .ok()
        // Both databases keep years of four figures.
        .filter(|time| (1..=9_999).contains(&chrono::Datelike::year(&time.date())))
        .ok_or_else(|| Refusal::field(Code::InvalidDate, "modified_after").rule("RFC 3339"))
}

/// The only parameter of one organisation.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationParameters {
    pub full_service: Option<bool>,
}

/// HSDS `Page`.
#[derive(Debug, Serialize)]
pub struct PageView {
    total_items: i64,
    total_pages: i64,
    page_number: u32,
    size: usize,
    pub first_page: bool,
    last_page: bool,
    empty: bool,
    /// Of `/api/v1` alone: where a list by cursor goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    contents: Vec<Value>,
}

impl PageView {
    pub fn new(listed: Listed) -> Self {
        let per_page = i64::from(listed.per_page.max(1));
        Self {
            total_items: listed.total_items,
            total_pages: (listed.total_items + per_page - 1) / per_page,
            page_number: listed.page,
            size: listed.contents.len(),
            first_page: listed.page == 1,
            last_page: !listed.has_more,
            empty: listed.contents.is_empty(),
            next_cursor: None,
            contents: listed.contents,
        }
    }
}
