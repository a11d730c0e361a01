//! What a search asks of services beyond words and place, as it is said: lists have a comma between, or are JSON lists.

use std::fmt;

use chrono::TimeDelta;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::search::{instant_of, within};
use crate::clock::Time;
use crate::domain::conditions::{Conditions, Cost, Documents};
use crate::domain::directory::Delivery;
use crate::domain::publics::Public;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::schedule::WeeklySpan;

const AGE_MONTHS_MAX: i64 = 1_200;
const AGES_MAX: usize = 20;
const SPANS_MAX: usize = 28;
/// Words of a list whose words are known: each once, and some more for those who repeat themselves.
const WORDS_MAX: usize = 100;
const WINDOW_DAYS_MAX: i64 = 31;

/// `6,40`, `6`, or in JSON also `[6, 40]`; words likewise.
#[derive(Debug)]
pub(super) struct Several(Vec<String>);

impl<'de> Deserialize<'de> for Several {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeveralVisitor)
    }
}

struct SeveralVisitor;

impl<'de> Visitor<'de> for SeveralVisitor {
    type Value = Several;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("string, integer, array")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Several, E> {
        Ok(Several(text.split(',').map(|one| one.trim().to_owned()).collect()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Several, E> {
        Ok(Several(vec![number.to_string()]))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Several, E> {
        Ok(Several(vec![number.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Several, A::Error> {
        let values = Vec::<Value>::deserialize(SeqAccessDeserializer::new(list))?;
        let plain = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
            _ => Err(A::Error::invalid_type(Unexpected::Other("something else"), &self)),
        };
        values.iter().map(plain).collect::<Result<_, _>>().map(Several)
    }
}

impl Several {
    fn at_most(self, field: &str, most: usize) -> Result<Vec<String>, Refusal> {
        let few = self.0.len() <= most;
        few.then_some(self.0).ok_or_else(|| Refusal::field(Code::TooMany, field).rule(format!("<= {most}")))
    }
}

/// The members of a search that are conditions.
#[derive(Debug)]
pub(super) struct Said {
    pub cost: Option<Cost>,
    pub wheelchair: Option<bool>,
    pub no_car: Option<bool>,
    pub has_room: Option<bool>,
    pub documents: Option<Documents>,
    pub delivery: Option<Several>,
    pub public: Option<Several>,
    pub open_from: Option<String>,
    pub open_to: Option<String>,
    pub open_weekly: Option<Several>,
    pub known_only: Option<bool>,
}

pub(super) fn conditions_of(said: Said) -> Result<Conditions, Refusal> {
    Ok(Conditions {
        cost: said.cost,
        wheelchair: said.wheelchair.unwrap_or(false),
        no_car: said.no_car.unwrap_or(false),
        has_room: said.has_room.unwrap_or(false),
        documents: said.documents,
        delivery: words_of("delivery", said.delivery, Delivery::ALL, Delivery::as_str)?,
        publics: words_of("public", said.public, Public::ALL, Public::as_str)?,
        open_between: window_of(said.open_from.as_deref(), said.open_to.as_deref())?,
        open_weekly: said.open_weekly.map_or(Ok(vec![]), spans_of)?,
        known_only: said.known_only.unwrap_or(false),
    })
}

/// Each once, in the order asked.
pub(super) fn ages_of(said: Several) -> Result<Vec<u32>, Refusal> {
    let mut ages = vec![];
    for text in said.at_most("age_months", AGES_MAX)? {
        let number =
            text.parse().map_err(|_| Refusal::field(Code::WrongType, "age_months").rule("months, 24 or 6,40"))?;
        let age = within("age_months", number, 0, AGE_MONTHS_MAX)?;
        ages.extend(u32::try_from(age).ok().filter(|age| !ages.contains(age)));
    }
    Ok(ages)
}

/// Each once, in the order asked.
fn words_of<T: Copy + PartialEq>(
    field: &str,
    said: Option<Several>,
    known: &[T],
    text_of: fn(T) -> &'static str,
) -> Result<Vec<T>, Refusal> {
    let mut words = vec![];
    for text in said.map_or(Ok(vec![]), |said| said.at_most(field, WORDS_MAX))? {
        let rule = || known.iter().map(|word| text_of(*word)).collect::<Vec<_>>().join(", ");
        let word = known.iter().copied().find(|word| text_of(*word) == text);
        let word = word.ok_or_else(|| Refusal::field(Code::InvalidValue, field).rule(rule()))?;
        if !words.contains(&word) {
            words.push(word);
        }
    }
    Ok(words)
}

fn window_of(from: Option<&str>, to: Option<&str>) -> Result<Option<(Time, Time)>, Refusal> {
    let (from, to) = match (from, to) {
        (None, None) => return Ok(None),
        (Some(from), Some(to)) => (instant_of("open_from", from)?, instant_of("open_to", to)?),
        (Some(_), None) => return Err(Refusal::field(Code::MissingField, "open_to")),
        (None, Some(_)) => return Err(Refusal::field(Code::MissingField, "open_from")),
    };
    let last = from.plus(TimeDelta::days(WINDOW_DAYS_MAX));
    if to <= from || to > last {
        let rule = format!("after open_from, by {WINDOW_DAYS_MAX} days at most");
        return Err(Refusal::field(Code::OutOfRange, "open_to").rule(rule));
    }
    Ok(Some((from, to)))
}

fn spans_of(said: Several) -> Result<Vec<WeeklySpan>, Refusal> {
    let spans = said.at_most("open_weekly", SPANS_MAX)?;
    let wrong = || Refusal::field(Code::InvalidValue, "open_weekly").rule("SA 09:00-12:00, with a comma between");
    spans.iter().map(|text| WeeklySpan::parse(text).ok_or_else(wrong)).collect()
}
