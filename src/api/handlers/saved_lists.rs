//! Lists of services that an account keeps for itself: kept, read, printed, sent.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::html;
use super::families::{private, versioned};
use super::repeatable;
use crate::actions::saved_lists;
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::saved_lists::{
    LetterBody, PrintQuery, SavedListBody, SavedListPatch, SavedListView, SavedListsView,
};

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<SavedListBody>) -> Answer {
    let repeat = repeatable(&request, &caller, &["create saved list"], &body.0)?;
    let (name, ids) = body.0.parse()?;
    let lang = caller.lang;
    let made = app.act(move |deps| saved_lists::create(deps, &caller.account, &name, &ids, repeat.as_ref())).await?;
    Ok(versioned(HttpResponse::Created(), made.row.version)
        .insert_header((LOCATION, format!("/api/v1/saved_lists/{}", made.row.id)))
        .json(SavedListView::new(&made, lang)))
}

pub async fn list(app: Data<App>, caller: Caller) -> Answer {
    let rows = app.act(move |deps| saved_lists::list(deps, &caller.account)).await?;
    Ok(private(HttpResponse::Ok()).json(SavedListsView::new(&rows)))
}

pub async fn get(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let lang = caller.lang;
    let list = app.act(move |deps| saved_lists::get(deps, &caller.account, id.0)).await?;
    Ok(versioned(HttpResponse::Ok(), list.row.version).json(SavedListView::new(&list, lang)))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<SavedListPatch>,
) -> Answer {
    let (lang, change) = (caller.lang, body.0.parse()?);
    let list = app.act(move |deps| saved_lists::change(deps, &caller.account, id.0, version.0, &change)).await?;
    Ok(versioned(HttpResponse::Ok(), list.row.version).json(SavedListView::new(&list, lang)))
}

pub async fn delete(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    app.act(move |deps| saved_lists::delete(deps, &caller.account, id.0)).await?;
    Ok(private(HttpResponse::NoContent()).finish())
}

pub async fn print(app: Data<App>, caller: Caller, id: PathId, query: Query<PrintQuery>) -> Answer {
    let (lang, for_professionals) = query.0.parse(caller.lang);
    let guide = app.act(move |deps| saved_lists::print(deps, &caller.account, id.0, lang, for_professionals)).await?;
    html(StatusCode::OK, lang, guide.html(None))
}

pub async fn send(app: Data<App>, caller: Caller, id: PathId, body: Body<LetterBody>) -> Answer {
    let (address, lang) = body.0.parse(caller.lang)?;
    app.act(move |deps| saved_lists::send(deps, &caller.account, id.0, &address, lang)).await?;
    Ok(private(HttpResponse::Accepted()).finish())
}
