//! The page of a link: the form that comes in, and what is put on the page.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::actions::answers::{AnswerForm, LinkView};
use crate::domain::directory::Capacity;
use crate::domain::identity::Identity;
use crate::domain::language::Lang;
use crate::domain::month::Month;
use crate::domain::referral::{Answer, Reason, Status};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::text::answers::{self as texts, Choice, Fact, PLACES_MAX, Shown, WAIT_DAYS_MAX, words};

/// A form field that was left empty is not there.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LangForm {
    pub lang: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeForm {
    pub lang: Option<String>,
    pub code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    pub lang: Option<String>,
    answer: Option<String>,
    waitlisted_on: Option<String>,
    reason: Option<String>,
    note: Option<String>,
    places_available: Option<String>,
    wait_days: Option<String>,
}

impl AnswerBody {
    pub fn parse(self) -> Result<AnswerForm, Refusal> {
        let answer = given(self.answer).ok_or_else(|| Refusal::field(Code::MissingField, "answer"))?;
        let invalid = |field: &str| Refusal::field(Code::InvalidValue, field);
        let reason = given(self.reason).map(|word| Reason::parse(&word).ok_or_else(|| invalid("reason")));
        let day = given(self.waitlisted_on).map(|text| text.parse::<NaiveDate>());
        let not_a_date = |_| Refusal::field(Code::InvalidDate, "waitlisted_on").rule("YYYY-MM-DD");
        Ok(AnswerForm {
            answer: Answer::parse(&answer).ok_or_else(|| invalid("answer"))?,
            reason: reason.transpose()?,
            waitlisted_on: day.transpose().map_err(not_a_date)?,
            note: given(self.note),
            capacity: Capacity {
                places_available: number(self.places_available, "places_available", PLACES_MAX)?,
                wait_days: number(self.wait_days, "wait_days", WAIT_DAYS_MAX)?,
                ..Capacity::default()
            },
        })
    }
}

pub(super) fn number(text: Option<String>, field: &str, max: i32) -> Result<Option<i32>, Refusal> {
    let Some(text) = given(text) else { return Ok(None) };
    let value = text.parse::<i32>().ok().filter(|value| (0..=max).contains(value));
    value.map(Some).ok_or_else(|| Refusal::field(Code::OutOfRange, field).rule(format!("0..={max}")))
}

/// What the page shows of a link, in a language.
pub fn shown(view: &LinkView, token: &str, lang: Lang, identity: Option<&Identity>) -> Shown {
    let row = &view.shown.row;
    let has = |answer: Answer| view.choices.contains(&answer);
    let superseded = row.status == Status::Superseded;
    let reasons = Reason::DECLINED
        .iter()
        .map(|reason| Choice { word: reason.as_str(), label: texts::reason_label(lang, *reason) });
    Shown {
        path: format!("/r/{token}"),
        service: view.shown.service.get(lang).to_owned(),
        organization: view.shown.receiver.get(lang).to_owned(),
        status: texts::status_label(lang, row.status),
        shows_facts: !superseded,
        facts: facts(view, lang),
        identity: identity.map(|identity| identity_facts(identity, lang)),
        can_open_identity: row.status.shows_identity() && identity.is_none(),
        can_mark_seen: row.status == Status::Sent,
        choices: view.choices.iter().map(|answer| choice(*answer, lang)).collect(),
        asks_wait: has(Answer::Wait),
        asks_note: !superseded,
        reasons: if has(Answer::Decline) { reasons.collect() } else { Vec::new() },
        today: view.today.to_string(),
    }
}

fn choice(answer: Answer, lang: Lang) -> Choice {
    let words = words(lang);
    let label = match answer {
        Answer::Accept => words.accept,
        Answer::Wait => words.wait,
        Answer::Full => words.full,
        Answer::NeedsInfo => words.needs_info,
        Answer::Decline => words.decline,
        Answer::Capacity => words.capacity_only,
    };
    Choice { word: answer.as_str(), label }
}

fn facts(view: &LinkView, lang: Lang) -> Vec<Fact> {
    let (words, row) = (words(lang), &view.shown.row);
    let today = Month::of(view.today);
    let ages = view.facts.children.iter().map(|(born_in, _)| {
        let born = born_in.as_deref().and_then(Month::parse);
        texts::age(lang, born.map(|born| u32::try_from(today.since(born)).unwrap_or(0)))
    });
    let ages: Vec<String> = ages.collect();
    let need = Taxonomy::embedded().label(&row.category, lang).to_owned();
    let members = [
        (words.need, Some(need)),
        (words.ages, (!ages.is_empty()).then(|| ages.join(", "))),
        (words.municipality, view.municipality.clone()),
        (words.language, view.facts.language.clone()),
        (words.message, row.message.clone()),
    ];
    members.into_iter().filter_map(|(label, value)| Some(Fact { label, value: value? })).collect()
}

fn identity_facts(identity: &Identity, lang: Lang) -> Vec<Fact> {
    let words = words(lang);
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join("\n"));
    let members = [
        (words.parent_names, list(&identity.parent_names)),
        (words.child_names, list(&identity.child_names)),
        (words.phones, list(&identity.phones)),
        (words.email, identity.email.clone()),
        (words.address, identity.address.clone()),
        (words.safe_times, identity.safe_times.clone()),
        (words.notes, identity.notes.clone()),
    ];
    members.into_iter().filter_map(|(label, value)| Some(Fact { label, value: value? })).collect()
}
