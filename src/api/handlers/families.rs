//! Families' files, and who each family is.

use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use actix_web::web::Data;

use crate::actions::families;
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::families::{
    FamilyBody, FamilyPageView, FamilyPatch, FamilyView, IdentityView, ObservationsBody, PageQuery,
};
use crate::domain::identity::Identity;

/// What is said of a family stays in no cache.
pub(super) fn private(mut answer: HttpResponseBuilder) -> HttpResponseBuilder {
    answer.insert_header((CACHE_CONTROL, "no-store"));
    answer
}

pub(super) fn versioned(answer: HttpResponseBuilder, version: i64) -> HttpResponseBuilder {
    let mut answer = private(answer);
    answer.insert_header((ETAG, format!("\"{version}\"")));
    answer
}

pub async fn create(app: Data<App>, caller: Caller, body: Body<FamilyBody>) -> Answer {
    let new = body.0.parse()?;
    let file = app.act(move |deps| families::create(deps, &caller.viewer(), new)).await?;
    Ok(versioned(HttpResponse::Created(), file.row.version)
        .insert_header((LOCATION, format!("/api/v1/families/{}", file.row.id)))
        .json(FamilyView::new(&file)))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<PageQuery>) -> Answer {
    let (after, limit) = query.0.parse()?;
    let page = app.act(move |deps| families::list(deps, &caller.viewer(), after, limit)).await?;
    Ok(private(HttpResponse::Ok()).json(FamilyPageView::new(&page)))
}

pub async fn get(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let file = app.act(move |deps| families::get(deps, &caller.viewer(), id.0)).await?;
    Ok(versioned(HttpResponse::Ok(), file.row.version).json(FamilyView::new(&file)))
}

pub async fn patch(app: Data<App>, caller: Caller, id: PathId, version: IfMatch, body: Body<FamilyPatch>) -> Answer {
    let change = body.0.parse()?;
    let file = app.act(move |deps| families::change(deps, &caller.viewer(), id.0, version.0, &change)).await?;
    Ok(versioned(HttpResponse::Ok(), file.row.version).json(FamilyView::new(&file)))
}

pub async fn observe(app: Data<App>, caller: Caller, id: PathId, body: Body<ObservationsBody>) -> Answer {
    let seen = body.0.parse()?;
    let file = app.act(move |deps| families::observe(deps, &caller.viewer(), id.0, &seen)).await?;
    Ok(versioned(HttpResponse::Created(), file.row.version).json(FamilyView::new(&file)))
}

pub async fn put_identity(app: Data<App>, caller: Caller, id: PathId, body: Body<Identity>) -> Answer {
    app.act(move |deps| families::set_identity(deps, &caller.viewer(), id.0, &body.0)).await?;
    Ok(private(HttpResponse::NoContent()).finish())
}

pub async fn identity(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let (identity, updated_at) = app.act(move |deps| families::identity(deps, &caller.viewer(), id.0)).await?;
    Ok(private(HttpResponse::Ok()).json(IdentityView::new(identity, updated_at)))
}
