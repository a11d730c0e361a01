//! Follow-ups: what waits to be asked, and the worker's word.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::families::{private, versioned};
use crate::actions::follow_ups;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::follow_ups::{CompletionBody, FollowUpPageView, FollowUpView, FollowUpsQuery};

pub async fn list(app: Data<App>, caller: Caller, query: Query<FollowUpsQuery>) -> Answer {
    let asked = query.0.parse()?;
    let page =
        app.act(move |deps| follow_ups::list(deps, &caller.viewer(), asked.status, asked.after, asked.limit)).await?;
    Ok(private(HttpResponse::Ok()).json(FollowUpPageView::new(&page)))
}

pub async fn complete(app: Data<App>, caller: Caller, id: PathId, body: Body<CompletionBody>) -> Answer {
    let outcome = body.0.parse();
    let row = app.act(move |deps| follow_ups::complete(deps, &caller.viewer(), id.0, outcome)).await?;
    Ok(versioned(HttpResponse::Ok(), row.version).json(FollowUpView::new(&row)))
}
