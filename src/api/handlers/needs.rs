//! Needs, and what became of them.

use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::families::{private, versioned};
use super::repeatable;
use crate::actions::needs;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::needs::{NeedBody, NeedPageView, NeedView, NeedsQuery, OutcomeBody};

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<NeedBody>) -> Answer {
    let repeat = repeatable(&request, &caller, &["create need"], &body.0)?;
    let new = body.0.parse()?;
    let file = app.act(move |deps| needs::create(deps, &caller.viewer(), &new, repeat.as_ref())).await?;
    Ok(versioned(HttpResponse::Created(), file.row.version)
        .insert_header((LOCATION, format!("/api/v1/needs/{}", file.row.id)))
        .json(NeedView::new(&file)))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<NeedsQuery>) -> Answer {
    let asked = query.0.parse()?;
    let page = app.act(move |deps| needs::list(deps, &caller.viewer(), &asked)).await?;
    Ok(private(HttpResponse::Ok()).json(NeedPageView::new(&page)))
}

pub async fn get(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let file = app.act(move |deps| needs::get(deps, &caller.viewer(), id.0)).await?;
    Ok(versioned(HttpResponse::Ok(), file.row.version).json(NeedView::new(&file)))
}

pub async fn say(app: Data<App>, caller: Caller, id: PathId, body: Body<OutcomeBody>) -> Answer {
    let said = body.0.parse();
    let file = app.act(move |deps| needs::say(deps, &caller.viewer(), id.0, said)).await?;
    Ok(versioned(HttpResponse::Created(), file.row.version).json(NeedView::new(&file)))
}
