//! Sending referrals, listing them, opening one, moving it along.

use actix_web::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::repeatable;
use crate::actions::referrals::{self as actions, Receipt};
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::referrals::{ListQuery, OpenedView, ReceiptView, ReferralBody, ReferralListView, TransitionBody};

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<ReferralBody>) -> Answer {
    let repeat = repeatable(&request, &caller, &["referral", "create"], &body.0)?;
    let new = body.0.parse();
    let receipt = app.act(move |deps| actions::create(deps, &caller.viewer(), &new, repeat.as_ref())).await?;
    Ok(answered(HttpResponse::Created(), &receipt)
        .insert_header((LOCATION, format!("/api/v1/referrals/{}", receipt.id)))
        .json(ReceiptView::new(&receipt)))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Answer {
    let page = query.0.parse()?;
    let (lang, limit) = (caller.lang, page.limit);
    let found = app
        .act(move |deps| actions::list(deps, &caller.viewer(), page.side, page.status, page.after, limit + 1))
        .await?;
    let view = ReferralListView::new(&found, limit, lang);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

pub async fn open(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let lang = caller.lang;
    let opened = app.act(move |deps| actions::open(deps, &caller.viewer(), id.0)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ETAG, format!("\"{}\"", opened.shown.row.version)))
        .json(OpenedView::new(&opened, lang)))
}

pub async fn transition(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: PathId,
    version: IfMatch,
    body: Body<TransitionBody>,
) -> Answer {
    let (id, version) = (id.0, version.0);
    let repeat =
        repeatable(&request, &caller, &["referral", "transition", &id.to_string(), &version.to_string()], &body.0)?;
    let (on_behalf, ask) = (body.0.on_behalf, body.0.parse());
    let receipt = app
        .act(move |deps| {
            actions::transition(deps, &caller.viewer(), id, version, on_behalf, ask.clone(), repeat.as_ref())
        })
        .await?;
    Ok(answered(HttpResponse::Ok(), &receipt).json(ReceiptView::new(&receipt)))
}

pub async fn identity(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let identity = app.act(move |deps| actions::identity(deps, &caller.viewer(), id.0)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(identity))
}

fn answered(mut builder: actix_web::HttpResponseBuilder, receipt: &Receipt) -> actix_web::HttpResponseBuilder {
    builder.insert_header((CACHE_CONTROL, "no-store")).insert_header((ETAG, format!("\"{}\"", receipt.version)));
    builder
}
