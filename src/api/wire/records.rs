//! The page of an organisation's own records: the forms that come in, and what is put on the page.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::answers::{given, number};
use crate::actions::records::{Correction, RecordView, RecordsView};
use crate::domain::directory::Capacity;
use crate::domain::language::Lang;
use crate::domain::month::local_day;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::text::answers::{PLACES_MAX, WAIT_DAYS_MAX};
use crate::text::records::{Fact, Record, Shown, WAITING_MAX, Words, state_label, words};

/// A service that is not an id is not there.
fn service_of(text: Option<String>) -> Result<Id, Refusal> {
    let text = given(text).ok_or_else(|| Refusal::field(Code::MissingField, "service_id"))?;
    text.parse().map_err(|_| Refusal::new(Code::NotFound))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceForm {
    pub lang: Option<String>,
    service_id: Option<String>,
}

impl ServiceForm {
    pub fn parse(self) -> Result<Id, Refusal> {
        service_of(self.service_id)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityForm {
    pub lang: Option<String>,
    service_id: Option<String>,
    places_available: Option<String>,
    waiting_list_length: Option<String>,
    wait_days: Option<String>,
}

impl CapacityForm {
    pub fn parse(self) -> Result<(Id, Capacity), Refusal> {
        let said = Capacity {
            places_available: number(self.places_available, "places_available", PLACES_MAX)?,
            waiting_list_length: number(self.waiting_list_length, "waiting_list_length", WAITING_MAX)?,
            wait_days: number(self.wait_days, "wait_days", WAIT_DAYS_MAX)?,
            ..Capacity::default()
        };
        Ok((service_of(self.service_id)?, said))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureForm {
    pub lang: Option<String>,
    service_id: Option<String>,
    closed_until: Option<String>,
    open: Option<String>,
}

impl ClosureForm {
    pub fn parse(self) -> Result<(Id, Option<NaiveDate>), Refusal> {
        let id = service_of(self.service_id)?;
        match (given(self.closed_until), given(self.open).as_deref()) {
            (None, Some("true")) => Ok((id, None)),
            (Some(text), None) => {
                let day = text.parse::<NaiveDate>();
                let day = day.map_err(|_| Refusal::field(Code::InvalidDate, "closed_until").rule("YYYY-MM-DD"))?;
                Ok((id, Some(day)))
            }
            (None, None) => Err(Refusal::field(Code::MissingField, "closed_until")),
            (_, Some(_)) => Err(Refusal::field(Code::InvalidValue, "open").rule("true, without closed_until")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionForm {
    pub lang: Option<String>,
    service_id: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    hours: Option<String>,
    description: Option<String>,
    url: Option<String>,
    fees: Option<String>,
}

impl CorrectionForm {
    pub fn parse(self) -> Result<(Id, Correction), Refusal> {
        let correction = Correction {
            phone: given(self.phone),
            email: given(self.email),
            hours: given(self.hours),
            description: given(self.description),
            url: given(self.url),
            fees: given(self.fees),
        };
        Ok((service_of(self.service_id)?, correction))
    }
}

/// What the page shows, in a language.
pub fn shown(view: &RecordsView, token: &str, lang: Lang) -> Shown {
    Shown {
        path: format!("/d/{token}"),
        organization: view.organization.get(lang).to_owned(),
        records: view.records.iter().map(|one| record(one, lang)).collect(),
        more: view.more,
        today: view.today.to_string(),
    }
}

fn record(one: &RecordView, lang: Lang) -> Record {
    let words = words(lang);
    let text = |value: Option<i32>| value.map(|value| value.to_string()).unwrap_or_default();
    let verified = match one.verified_at {
        Some(at) => format!("{} {}", words.verified, local_day(at)),
        None => words.never_verified.to_owned(),
    };
    Record {
        id: one.id.to_string(),
        name: one.name.get(lang).to_owned(),
        state: state_label(lang, one.state),
        verified,
        facts: facts(&one.public, words, lang),
        places: text(one.capacity.places_available),
        waiting: text(one.capacity.waiting_list_length),
        wait_days: text(one.capacity.wait_days),
        room_said: room_said(&one.capacity, words),
        closed_until: one.closed_until.map(|day| day.to_string()).unwrap_or_default(),
    }
}

/// On which day each number was last said.
fn room_said(capacity: &Capacity, words: &Words) -> String {
    let members = [
        (words.places, capacity.said.places_available),
        (words.waiting, capacity.said.waiting_list_length),
        (words.wait_days, capacity.said.wait_days),
    ];
    let said = members.into_iter().filter_map(|(label, word)| {
        let day = local_day(word?.observed_at);
        Some(format!("{label} : {} {day}", words.said_on))
    });
    said.collect::<Vec<_>>().join(" · ")
}

/// What everybody may read of the record, in the language of the page where it is written in it.
fn facts(public: &Value, words: &Words, lang: Lang) -> Vec<Fact> {
    let text = |name: &str| {
        let translated = public.pointer(&format!("/translations/en/{name}")).filter(|_| lang == Lang::En);
        translated.or_else(|| public.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    let list = |name: &str, member: &str| {
        let items = public.get(name).and_then(Value::as_array).into_iter().flatten();
        let all: Vec<&str> = items.filter_map(|item| item.get(member)?.as_str()).collect();
        (!all.is_empty()).then(|| all.join("\n"))
    };
    let members = [
        (words.description, text("description")),
        (words.phone, list("phones", "number")),
        (words.email, text("email")),
        (words.hours, hours(public)),
        (words.url, text("url")),
        (words.fees, text("fees_description")),
        (words.closed_until, text("closed_until")),
    ];
    members.into_iter().filter_map(|(label, value)| Some(Fact { label, value: value? })).collect()
}

/// One line a schedule: its days and times, and its text where it has one.
fn hours(public: &Value) -> Option<String> {
    let items = public.get("schedules").and_then(Value::as_array)?;
    let line = |item: &Value| {
        let part = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let times = match (part("opens_at"), part("closes_at")) {
            (opens, closes) if opens.is_empty() && closes.is_empty() => String::new(),
            (opens, closes) => format!("{opens}-{closes}"),
        };
        let parts = [part("byday"), times, part("description")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<String> = items.iter().map(line).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
