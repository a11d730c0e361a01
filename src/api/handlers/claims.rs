//! Claims: an account claims an organisation, a curator decides.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::repeatable;
use crate::actions::claims;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::claims::{ClaimBody, ClaimDecisionBody, ClaimPageView, ClaimView, ClaimsQuery};

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, id: PathId, body: Body<ClaimBody>) -> Answer {
    let repeat = repeatable(&request, &caller, &["claim", &id.0.to_string()], &body.0)?;
    let comment = body.0.parse()?;
    let row = app.act(move |deps| claims::claim(deps, &caller.account, id.0, &comment, repeat.as_ref())).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(ClaimView::new(row)))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<ClaimsQuery>) -> Answer {
    let (status, after, limit) = query.0.parse()?;
    let page = app.act(move |deps| claims::list(deps, &caller.account, status, after, limit)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ClaimPageView::new(page)))
}

pub async fn decide(app: Data<App>, caller: Caller, id: PathId, body: Body<ClaimDecisionBody>) -> Answer {
    let (status, reason) = body.0.parse()?;
    let row = app.act(move |deps| claims::decide(deps, &caller.account, id.0, status, reason.as_deref())).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ClaimView::new(row)))
}
