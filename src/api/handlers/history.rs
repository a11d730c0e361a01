//! The history of a record, for signed-in people.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::actions::history;
use crate::api::App;
use crate::api::extract::{Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::history::{HistoryPageView, HistoryQuery};
use crate::store::changes::Subject;

pub async fn of_service(app: Data<App>, caller: Caller, id: PathId, query: Query<HistoryQuery>) -> Answer {
    list(app, &caller, Subject::Service, id, query).await
}

pub async fn of_organization(app: Data<App>, caller: Caller, id: PathId, query: Query<HistoryQuery>) -> Answer {
    list(app, &caller, Subject::Organization, id, query).await
}

pub async fn of_location(app: Data<App>, caller: Caller, id: PathId, query: Query<HistoryQuery>) -> Answer {
    list(app, &caller, Subject::Location, id, query).await
}

/// Any account may read it: a caller is enough.
async fn list(app: Data<App>, _: &Caller, subject: Subject, id: PathId, query: Query<HistoryQuery>) -> Answer {
    let (before, limit) = query.0.parse()?;
    let page = app.act(move |deps| history::list(deps, subject, id.0, before, limit)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(HistoryPageView::new(page)))
}
