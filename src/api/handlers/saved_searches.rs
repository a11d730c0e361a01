//! Searches that an account keeps for itself, with an alert.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;

use super::families::{private, versioned};
use crate::actions::saved_searches;
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, PathId};
use crate::api::problem::Answer;
use crate::api::wire::saved_searches::{SavedSearchBody, SavedSearchPatch, SavedSearchView, SavedSearchesView};

pub async fn create(app: Data<App>, caller: Caller, body: Body<SavedSearchBody>) -> Answer {
    let new = body.0.parse(caller.lang)?;
    let row = app.act(move |deps| saved_searches::create(deps, &caller.account, &new)).await?;
    Ok(versioned(HttpResponse::Created(), row.version)
        .insert_header((LOCATION, format!("/api/v1/saved_searches/{}", row.id)))
        .json(SavedSearchView::new(row)))
}

pub async fn list(app: Data<App>, caller: Caller) -> Answer {
    let rows = app.act(move |deps| saved_searches::list(deps, &caller.account)).await?;
    Ok(private(HttpResponse::Ok()).json(SavedSearchesView::new(rows)))
}

pub async fn get(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let row = app.act(move |deps| saved_searches::get(deps, &caller.account, id.0)).await?;
    Ok(versioned(HttpResponse::Ok(), row.version).json(SavedSearchView::new(row)))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<SavedSearchPatch>,
) -> Answer {
    let change = body.0.parse()?;
    let row = app.act(move |deps| saved_searches::change(deps, &caller.account, id.0, version.0, &change)).await?;
    Ok(versioned(HttpResponse::Ok(), row.version).json(SavedSearchView::new(row)))
}

pub async fn delete(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    app.act(move |deps| saved_searches::delete(deps, &caller.account, id.0)).await?;
    Ok(private(HttpResponse::NoContent()).finish())
}
