//! "This is wrong": anybody says it, who may write the service resolves it.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::actions::error_reports;
use crate::api::App;
use crate::api::extract::{Body, Caller, MaybeCaller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::error_reports::{
    ErrorReceiptView, ErrorReportBody, ErrorReportPageView, ErrorReportView, ErrorReportsQuery, ResolutionBody,
};

pub async fn create(app: Data<App>, caller: MaybeCaller, id: PathId, body: Body<ErrorReportBody>) -> Answer {
    let (reason, comment) = body.0.parse()?;
    let row = app.act(move |deps| error_reports::report(deps, caller.account.as_ref(), id.0, reason, &comment)).await?;
    let receipt = ErrorReceiptView { id: row.id, status: row.status, created_at: row.created_at };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(receipt))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<ErrorReportsQuery>) -> Answer {
    let (status, after, limit) = query.0.parse()?;
    let lang = caller.lang;
    let page = app.act(move |deps| error_reports::list(deps, &caller.account, status, after, limit)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ErrorReportPageView::new(page, lang)))
}

pub async fn resolve(app: Data<App>, caller: Caller, id: PathId, body: Body<ResolutionBody>) -> Answer {
    let (status, reason) = body.0.parse()?;
    let lang = caller.lang;
    let row =
        app.act(move |deps| error_reports::resolve(deps, &caller.account, id.0, status, reason.as_deref())).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ErrorReportView::new(row, lang)))
}
