//! A guide of the services of a territory, to print and leave on a counter: what everybody may read, by category and by
//! name. What an answer hides, a guide hides: it is made from the public answer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::exports::leave_out_retired;
use super::services::{term_of, territory_name};
use super::{Deps, Outcome};
use crate::domain::directory::{ServiceAggregate, ServiceStatus};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::id::Id;
use crate::search::{self, Coverage, Origin, Request};
use crate::store::services;
use crate::text::guide::{Fact, Guide, Listing, Section, days, words};
use crate::text::languages::language_name;

/// Services of one guide: a book that one may still staple. One that has more says so.
pub const SERVICES_MAX: usize = 500;

/// Services that the index gives at a time.
const PAGE_SERVICES: usize = 100;

#[derive(Debug, Clone)]
pub struct Asked {
    pub territory: Option<String>,
    pub category: Option<String>,
    pub language: Lang,
}

/// The guide of a territory, from the index: the services given there, then those that serve its people from elsewhere.
///
/// # Errors
/// `MissingField` without a territory, `UnknownTerritory`, `UnknownCategory`.
pub fn guide(deps: &Deps, asked: &Asked) -> Outcome<Guide> {
    let id = asked.territory.clone().ok_or_else(|| Refusal::field(Code::MissingField, "territory"))?;
    let gazetteer = deps.gazetteer();
    if gazetteer.get(&id).is_none() {
        return Err(Refusal::field(Code::UnknownTerritory, "territory").rule(id).into());
    }
    if let Some(code) = &asked.category {
        Taxonomy::embedded().check(code, "category")?;
    }
    let freshness = deps.freshness_rules();
    let request = Request {
        lang: asked.language,
        categories: asked.category.iter().cloned().collect(),
        hide_overdue_days: freshness.hides.then_some(freshness.hide_overdue_days),
        limit: PAGE_SERVICES,
        ..Request::new(deps.clock.now())
    };
    let mut territories = gazetteer.ancestors(&id);
    if !territories.contains(&id) {
        territories.push(id.clone());
    }
    let there = Request { located: vec![id], ..request.clone() };
    let origin = Some(Origin { point: None, territories, inside: None });
    let serving = Request { origin, coverage: Some(Coverage::Served), ..request };
    let (mut ids, mut is_cut) = (Vec::new(), false);
    for request in [there, serving] {
        is_cut |= add_found(deps, request, &mut ids)?;
    }
    let mut found = deps.store.read(|conn| services::list_aggregates(conn, &ids))?;
    // The index may be a moment behind: what has left since is not printed.
    found.retain(|one| one.service.retired_at.is_none() && is_printed(one));
    found.iter_mut().for_each(leave_out_retired);
    Ok(assemble(deps, asked, &found, is_cut))
}

/// Adds what a search finds, and says whether there was no room for all of it.
fn add_found(deps: &Deps, mut request: Request, ids: &mut Vec<Id>) -> Outcome<bool> {
    let index = deps.index()?;
    loop {
        let page = index.search(&request).map_err(|error| match error {
            search::Error::InvalidCursor => Refusal::field(Code::InvalidCursor, "cursor").into(),
            other => super::Failure::from(other),
        })?;
        for hit in page.hits {
            if !ids.contains(&hit.service_id) {
                if ids.len() >= SERVICES_MAX {
                    return Ok(true);
                }
                ids.push(hit.service_id);
            }
        }
        match page.next_cursor {
            Some(cursor) => request.cursor = Some(cursor),
            None => return Ok(false),
        }
    }
}

/// A service that has ended is no help on paper.
pub(super) fn is_printed(one: &ServiceAggregate) -> bool {
    matches!(one.service.status, ServiceStatus::Active | ServiceStatus::TemporarilyClosed)
}

/// Puts services in the sections of their first category, each by name.
pub(super) fn assemble(deps: &Deps, asked: &Asked, found: &[ServiceAggregate], is_cut: bool) -> Guide {
    let gazetteer = deps.gazetteer();
    let taxonomy = Taxonomy::embedded();
    let (lang, words) = (asked.language, words(asked.language));
    let mut sections: BTreeMap<(bool, String), Vec<Listing>> = BTreeMap::new();
    for one in found {
        let first = one.service.categories.iter().find(|code| is_asked(code, asked.category.as_deref()));
        let name = first.and_then(|code| taxonomy.top_level(code)).map(|code| taxonomy.label(code, lang).to_owned());
        let key = (name.is_none(), name.unwrap_or_else(|| words.elsewhere.to_owned()));
        sections.entry(key).or_default().push(listing_of(deps, one, lang, Eyes::Public));
    }
    let section = |(number, ((_, name), mut listings)): (usize, ((bool, String), Vec<Listing>))| {
        listings.sort_by_cached_key(|one| (crate::domain::fold::fold(&one.name), one.anchor.clone()));
        Section { anchor: format!("c{number}"), name, listings }
    };
    let place = asked.territory.as_deref().and_then(|id| gazetteer.get(id)).map(|one| one.name.clone());
    let category = asked.category.as_deref().map(|code| taxonomy.label(code, lang).to_owned());
    let of = [place, category].into_iter().flatten().collect();
    let notice = is_cut.then_some(words.cut);
    Guide { lang, of, sections: sections.into_iter().enumerate().map(section).collect(), notice }
}

/// Whether a category is the one asked, or under it.
fn is_asked(code: &str, asked: Option<&str>) -> bool {
    asked.is_none_or(|asked| code == asked || Taxonomy::embedded().top_level(code) == Some(asked))
}

/// A text of a record in a language, the other where it has none.
fn said(record: &Value, name: &str, lang: Lang) -> String {
    let translated = match lang {
        Lang::En => record.pointer(&format!("/translations/en/{name}")).and_then(Value::as_str),
        Lang::Fr => None,
    };
    translated.or_else(|| record[name].as_str()).unwrap_or("").trim().to_owned()
}

/// A service as it is printed for those eyes.
pub(super) fn listing_of(deps: &Deps, one: &ServiceAggregate, lang: Lang, eyes: Eyes) -> Listing {
    let gazetteer = deps.gazetteer();
    let territory = |id: &str| territory_name(gazetteer, id);
    let context = Context { eyes, territory: &territory, category: &term_of };
    listing(&hsds::service(one, &[], context), lang)
}

fn listing(record: &Value, lang: Lang) -> Listing {
    let words = words(lang);
    let text = |name: &str| said(record, name, lang);
    let url = text("url");
    let facts = [
        (words.address, lines(places(record, lang))),
        (words.phone, lines(phones(record))),
        (words.hours, lines(hours(record, lang))),
        (words.who, text("eligibility_description")),
        (words.ages, ages(record, words.years)),
        (words.languages, lines(list(record, "languages", |one| language_of(one, lang)))),
        (words.cost, cost(record, lang)),
        (words.apply, text("application_process")),
        (words.transit, text("transit")),
        (words.email, text("email")),
        (words.web, if url.is_empty() { said(&record["organization"], "website", lang) } else { url }),
        (words.closed_until, text("closed_until")),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    Listing {
        name: text("name"),
        organization: said(&record["organization"], "name", lang),
        anchor: format!("s{}", record["id"].as_str().unwrap_or("")),
        alert: text("alert"),
        description: text("description"),
        facts: facts.map(|(label, value)| Fact { label, value }).collect(),
        verified: match record["assured_date"].as_str() {
            Some(date) => format!("{} {date}", words.verified),
            None => words.never_verified.to_owned(),
        },
    }
}

fn lines(mut lines: Vec<String>) -> String {
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| !line.is_empty() && seen.insert(line.clone()));
    lines.join("\n")
}

fn list<'a>(record: &'a Value, name: &str, of: impl Fn(&'a Value) -> Option<&'a str>) -> Vec<String> {
    record[name].as_array().into_iter().flatten().filter_map(of).map(str::to_owned).collect()
}

fn language_of(language: &Value, lang: Lang) -> Option<&str> {
    let (name, code) = (language["name"].as_str(), language["code"].as_str());
    code.and_then(|code| language_name(code, lang)).or(name).or(code)
}

fn places_of(record: &Value) -> impl Iterator<Item = &Value> {
    record["service_at_locations"].as_array().into_iter().flatten()
}

/// Addresses; of a place that is not shown, its MRC.
fn places(record: &Value, lang: Lang) -> Vec<String> {
    let place = |link: &Value| {
        let place = &link["location"];
        if place["location_visibility"] != "public" {
            let within = place.pointer("/located_in/mrc/name").and_then(Value::as_str).unwrap_or("");
            return [within, words(lang).hidden]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" : ");
        }
        let address = &place["addresses"][0];
        let parts = ["address_1", "address_2", "city", "postal_code"].into_iter();
        let parts: Vec<&str> =
            parts.filter_map(|name| address[name].as_str()).filter(|part| !part.trim().is_empty()).collect();
        if parts.is_empty() { said(place, "name", lang) } else { parts.join(", ") }
    };
    places_of(record).map(place).collect()
}

fn phones(record: &Value) -> Vec<String> {
    let number = |one: &Value| {
        let extension = match &one["extension"] {
            Value::Null => String::new(),
            Value::String(text) => format!(" #{text}"),
            other => format!(" #{other}"),
        };
        one["number"].as_str().map(|number| format!("{number}{extension}"))
    };
    let of = |record: &Value| -> Vec<String> {
        record["phones"].as_array().into_iter().flatten().filter_map(number).collect()
    };
    let own: Vec<String> = of(record).into_iter().chain(places_of(record).flat_map(of)).collect();
    if own.is_empty() { of(&record["organization"]) } else { own }
}

/// The hours of the service; where it says none, those of its places.
fn hours(record: &Value, lang: Lang) -> Vec<String> {
    let hours = |one: &Value| {
        let days = one["byday"].as_str().map(|byday| days(lang, byday)).unwrap_or_default();
        let times = match (one["opens_at"].as_str(), one["closes_at"].as_str()) {
            (Some(opens), Some(closes)) => format!("{} – {}", short_time(opens), short_time(closes)),
            _ => String::new(),
        };
        let description = one["description"].as_str().unwrap_or("");
        let parts = [days.as_str(), times.as_str(), description];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" : ")
    };
    let of =
        |record: &Value| -> Vec<String> { record["schedules"].as_array().into_iter().flatten().map(hours).collect() };
    let own = of(record);
    if !own.is_empty() {
        return own;
    }
    let there: Vec<String> = places_of(record).flat_map(of).collect();
    if there.is_empty() { places_of(record).flat_map(|link| of(&link["location"])).collect() } else { there }
}

fn short_time(time: &str) -> &str {
    time.get(..5).unwrap_or(time)
}

fn ages(record: &Value, years: &str) -> String {
    let number = |name: &str| record[name].as_f64().map(|age| format!("{age}"));
    match (number("minimum_age"), number("maximum_age")) {
        (Some(from), Some(to)) => format!("{from} – {to} {years}"),
        (Some(from), None) => format!("{from} {years} +"),
        (None, Some(to)) => format!("0 – {to} {years}"),
        (None, None) => String::new(),
    }
}

fn cost(record: &Value, lang: Lang) -> String {
    let text = said(record, "fees_description", lang);
    if !text.is_empty() {
        return text;
    }
    let option = |one: &Value| {
        let amount =
            one["amount"].as_f64().map(|amount| format!("{amount} {}", one["currency"].as_str().unwrap_or("$")));
        let parts =
            [one["option"].as_str().map(str::to_owned), amount, one["amount_description"].as_str().map(str::to_owned)];
        parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
    };
    lines(record["cost_options"].as_array().into_iter().flatten().map(option).collect())
}
