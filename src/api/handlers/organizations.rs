//! Organisations: pages, one, and their members' writing.

use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Map, Value};

use super::{page_of_records, past_record, record, repeatable, retired_record, written_record};
use crate::actions::organizations::{self, Shown};
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, MaybeCaller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::history::{AsOfQuery, EmptyBody, OrganizationRetirementBody, ReversalBody};
use crate::api::wire::organizations::{ListQuery, PageView};
use crate::domain::refusal::{Code, Refusal};
use crate::store::Written;

pub async fn list(app: Data<App>, caller: MaybeCaller, query: Query<ListQuery>) -> Answer {
    let (after, limit) = query.0.parse()?;
    let listed = app.act(move |deps| organizations::list(deps, caller.account.as_ref(), after, limit)).await?;
    Ok(page_of_records(&PageView::new(listed)))
}

pub async fn get(app: Data<App>, caller: MaybeCaller, id: PathId, query: Query<AsOfQuery>) -> Answer {
    if let Some(moment) = query.0.parse()? {
        caller.account.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
        let value = app.act(move |deps| organizations::get_as_of(deps, moment, id.0)).await?;
        return Ok(past_record(&value));
    }
    let shown = app.act(move |deps| organizations::get(deps, caller.account.as_ref(), id.0)).await?;
    Ok(record(shown.version, &shown.value))
}

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<Map<String, Value>>) -> Answer {
    let repeat = repeatable(&request, &caller, &["create organizations"], &body.0)?;
    let written = app.act(move |deps| organizations::create(deps, &caller.account, &body.0, repeat.as_ref())).await?;
    let location = format!("/api/v1/organizations/{}", written.value.id);
    Ok(answer(HttpResponse::Created().insert_header((LOCATION, location)), written))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<Map<String, Value>>,
) -> Answer {
    let (id, version) = (id.0, version.0);
    let written = app.act(move |deps| organizations::change(deps, &caller.account, id, version, &body.0)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

pub async fn undo(app: Data<App>, caller: Caller, id: PathId, body: Body<ReversalBody>) -> Answer {
    let (id, change_set) = (id.0, body.0.change_set);
    let written = app.act(move |deps| organizations::undo(deps, &caller.account, id, change_set)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

pub async fn retire(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<OrganizationRetirementBody>,
) -> Answer {
    let (id, version) = (id.0, version.0);
    let reason = body.0.parse()?;
    let with_services = body.0.with_services;
    let written = app
        .act(move |deps| organizations::retire(deps, &caller.account, id, version, (&reason, with_services)))
        .await?;
    Ok(retired_record(id, &written))
}

pub async fn restore(app: Data<App>, caller: Caller, id: PathId, version: IfMatch, _: Body<EmptyBody>) -> Answer {
    let (id, version) = (id.0, version.0);
    let written = app.act(move |deps| organizations::restore(deps, &caller.account, id, version)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

fn answer(response: &mut HttpResponseBuilder, written: Written<Shown>) -> HttpResponse {
    written_record(response, written.value.version, written.value.value, written.change)
}
