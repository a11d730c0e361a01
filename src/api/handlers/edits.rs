//! Proposed edits: anybody who is signed in proposes, who may write decides.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::repeatable;
use crate::actions::edits::{self, Proposer};
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::edits::{DecisionBody, EditBody, EditPageView, EditReceiptView, EditView, EditsQuery};

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<EditBody>) -> Answer {
    let repeat = repeatable(&request, &caller, &["propose"], &body.0)?;
    let new = body.0.parse()?;
    let proposer = Proposer::Account(caller.account.account_id);
    let row = app.act(move |deps| edits::propose(deps, &proposer, &new, repeat.as_ref())).await?;
    let receipt = EditReceiptView { id: row.id, status: row.status, created_at: row.created_at };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(receipt))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<EditsQuery>) -> Answer {
    let (status, after, limit) = query.0.parse()?;
    let page = app.act(move |deps| edits::list(deps, &caller.account, status, after, limit)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(EditPageView::new(page)))
}

pub async fn decide(app: Data<App>, caller: Caller, id: PathId, body: Body<DecisionBody>) -> Answer {
    let (decision, reason) = body.0.parse()?;
    let decided = app.act(move |deps| edits::decide(deps, &caller.account, id.0, decision, reason.as_deref())).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(EditView::new(decided)))
}
