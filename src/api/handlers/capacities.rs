//! How much room a service has: said, and what was said before.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::actions::capacities;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::capacities::{CapacityBody, CapacityView, HistoryQuery, HistoryView};

pub async fn list(app: Data<App>, caller: Caller, id: PathId, query: Query<HistoryQuery>) -> Answer {
    let (after, limit) = query.0.parse()?;
    let asked = i64::try_from(limit).unwrap_or(0) + 1;
    let rows = app.act(move |deps| capacities::list(deps, &caller.account, id.0, after, asked)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(HistoryView::new(rows, limit)))
}

pub async fn say(app: Data<App>, caller: Caller, id: PathId, body: Body<CapacityBody>) -> Answer {
    let said = body.0.parse()?;
    let id = id.0;
    let written = app.act(move |deps| capacities::say(deps, &caller.account, id, said)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Relais-Change", written.change.to_string()))
        .json(CapacityView::new(id, written)))
}
