//! The portrait, the unmet needs and the demand, as JSON or as CSV.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::actions::reports;
use crate::api::App;
use crate::api::extract::{Caller, Query};
use crate::api::problem::Answer;
use crate::api::wire::reports::{
    DemandParams, Format, PortraitParams, UnmetParams, demand_lines, demand_view, portrait_lines, portrait_view,
    unmet_lines, unmet_view,
};
use crate::domain::language::Lang;
use crate::domain::need::UnmetReason;
use crate::exchange::table_csv;
use crate::text::reports::{demand_headings, portrait_headings, reason_heading, unmet_headings};

pub async fn portrait(app: Data<App>, caller: Caller, request: HttpRequest, query: Query<PortraitParams>) -> Answer {
    let (asked, format) = query.0.parse()?;
    let (viewer, lang) = (caller.viewer(), caller.lang);
    let report = app.act(move |deps| reports::portrait(deps, &viewer, &asked)).await?;
    Ok(match wanted(format, &request) {
        Format::Json => json(&portrait_view(&report, lang), lang),
        Format::Csv => csv("portrait", &portrait_headings(lang), &portrait_lines(&report, lang), lang),
    })
}

pub async fn unmet_needs(app: Data<App>, caller: Caller, request: HttpRequest, query: Query<UnmetParams>) -> Answer {
    let (asked, format) = query.0.parse()?;
    let (viewer, lang) = (caller.viewer(), caller.lang);
    let report = app.act(move |deps| reports::unmet_needs(deps, &viewer, &asked)).await?;
    Ok(match wanted(format, &request) {
        Format::Json => json(&unmet_view(&report, lang), lang),
        Format::Csv => {
            let mut headings = unmet_headings(lang);
            headings.extend(UnmetReason::ALL.iter().map(|reason| reason_heading(reason.as_str(), lang)));
            csv("unmet-needs", &headings, &unmet_lines(&report, lang), lang)
        }
    })
}

pub async fn demand(app: Data<App>, caller: Caller, request: HttpRequest, query: Query<DemandParams>) -> Answer {
    let (asked, by, format) = query.0.parse()?;
    let (viewer, lang) = (caller.viewer(), caller.lang);
    let report = app.act(move |deps| reports::demand(deps, &viewer, &asked, by)).await?;
    Ok(match wanted(format, &request) {
        Format::Json => json(&demand_view(&report, lang), lang),
        Format::Csv => csv("demand", &demand_headings(lang), &demand_lines(&report, lang), lang),
    })
}

/// The parameter decides; without it, the first of the two media types that the request names.
fn wanted(format: Option<Format>, request: &HttpRequest) -> Format {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let place = |name: &str| accept.find(name).unwrap_or(usize::MAX);
    let by_accept = if place("text/csv") < place("application/json") { Format::Csv } else { Format::Json };
    format.unwrap_or(by_accept)
}

fn json(view: &Value, lang: Lang) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_LANGUAGE, lang.as_str()))
        .json(view)
}

fn csv(name: &str, headings: &[String], lines: &[Vec<String>], lang: Lang) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_LANGUAGE, lang.as_str()))
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .body(table_csv::write(headings, lines))
}
