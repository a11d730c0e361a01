//! What is due or poor, for curators, and the link that one of them asks for.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::actions::freshness;
use crate::api::App;
use crate::api::extract::{Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::freshness::{FreshnessQuery, PageView};

pub async fn list(app: Data<App>, caller: Caller, query: Query<FreshnessQuery>) -> Answer {
    let asked = query.0.parse()?;
    let lang = caller.lang;
    let page = app.act(move |deps| freshness::list(deps, &caller.account, &asked)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(PageView::new(page, lang)))
}

/// The link leaves by mail and is in no answer.
pub async fn ask(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    app.act(move |deps| freshness::ask(deps, &caller.account, id.0)).await?;
    Ok(HttpResponse::Accepted().insert_header((CACHE_CONTROL, "no-store")).finish())
}
