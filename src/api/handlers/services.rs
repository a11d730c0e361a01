//! HSDS 3.2: what this API is, pages of services, one service; and its members' writing, which HSDS leaves to each API.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::repeatable;
use crate::actions::hsds::{self as hsds_actions, Asked, Listed};
use crate::actions::services::{self, Shown};
use crate::actions::{Deps, Outcome};
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, MaybeCaller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::history::{AsOfQuery, EmptyBody, RetiredView, RetirementBody, ReversalBody};
use crate::api::wire::hsds::PageView;
use crate::api::wire::services::ListQuery;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::exchange::hsds;
use crate::store::Written;
use crate::store::lists::Anchor;

/// Which profile of HSDS: the standard itself, with members of our own that `openapi.yaml` describes.
const PROFILE: &str = "https://docs.openreferral.org/en/latest/hsds/schema_reference.html";

const CONTRACT: &str = include_str!("../../../openapi.yaml");

/// What a signed-in person sees is kept by no cache; both readings have the same address.
pub const FOR_WHOM: (&str, &str) = ("authorization, accept-language", "private, no-cache");

pub async fn about(app: Data<App>) -> Answer {
    let config = &app.deps.config;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let openapi_url = format!("{}/openapi.yaml", base.trim_end_matches('/'));
    Ok(HttpResponse::Ok().json(json!({"version": hsds::VERSION, "profile": PROFILE, "openapi_url": openapi_url})))
}

pub async fn contract() -> Answer {
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/yaml; charset=utf-8")).body(CONTRACT))
}

pub async fn list(app: Data<App>, caller: MaybeCaller, query: Query<ListQuery>) -> Answer {
    let (asked, after) = query.0.parse()?;
    // A list by id can be gone through by cursor; one in the order of changes, by page.
    let by_id = asked.modified_after.is_none();
    let listed = app.act(move |deps| listed(deps, caller.account.as_ref(), &asked, after)).await?;
    let (has_more, last, is_by_cursor) = (listed.has_more, listed.last, after.is_some());
    let mut page = PageView::new(listed);
    page.next_cursor = last.filter(|_| has_more && by_id).map(|row| row.id.to_string());
    page.first_page = page.first_page && !is_by_cursor;
    Ok(HttpResponse::Ok().insert_header((VARY, FOR_WHOM.0)).insert_header((CACHE_CONTROL, FOR_WHOM.1)).json(page))
}

fn listed(deps: &Deps, account: Option<&AccountViewer>, asked: &Asked, after: Option<Anchor>) -> Outcome<Listed> {
    let Some(after) = after else { return hsds_actions::list(deps, account, asked) };
    // What is before the cursor is counted too: `total_items` is of the list, not of what is left of it.
    let first = hsds_actions::list(deps, account, &Asked { per_page: 1, page: 1, ..asked.clone() })?;
    let rest = hsds_actions::list_after(deps, account, asked, Some(after), i64::from(asked.per_page))?;
    let (has_more, last) = (rest.next.is_some(), rest.next);
    Ok(Listed { contents: rest.contents, per_page: asked.per_page, has_more, last, ..first })
}

pub async fn get(app: Data<App>, caller: MaybeCaller, id: PathId, query: Query<AsOfQuery>) -> Answer {
    if let Some(moment) = query.0.parse()? {
        caller.account.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
        let value = app.act(move |deps| services::get_as_of(deps, moment, id.0)).await?;
        return Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(value));
    }
    let shown = app.act(move |deps| services::get_assessed(deps, caller.account.as_ref(), id.0)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, entity_tag(&shown)))
        .insert_header((VARY, FOR_WHOM.0))
        .insert_header((CACHE_CONTROL, FOR_WHOM.1))
        .json(shown.value))
}

pub async fn create(app: Data<App>, caller: Caller, request: HttpRequest, body: Body<Map<String, Value>>) -> Answer {
    let repeat = repeatable(&request, &caller, &["create services"], &body.0)?;
    let written = app.act(move |deps| services::create(deps, &caller.account, &body.0, repeat.as_ref())).await?;
    let location = format!("/api/v1/services/{}", written.value.id);
    Ok(answer(HttpResponse::Created().insert_header((LOCATION, location)), written))
}

pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<Map<String, Value>>,
) -> Answer {
    let (id, version) = (id.0, version.0);
    let written = app.act(move |deps| services::change(deps, &caller.account, id, version, &body.0)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

pub async fn undo(app: Data<App>, caller: Caller, id: PathId, body: Body<ReversalBody>) -> Answer {
    let (id, change_set) = (id.0, body.0.change_set);
    let written = app.act(move |deps| services::undo(deps, &caller.account, id, change_set)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

pub async fn retire(
    app: Data<App>,
    caller: Caller,
    id: PathId,
    version: IfMatch,
    body: Body<RetirementBody>,
) -> Answer {
    let (id, version) = (id.0, version.0);
    let reason = body.0.parse()?;
    let written = app.act(move |deps| services::retire(deps, &caller.account, id, version, &reason)).await?;
    let (version, change) = (written.value, written.change);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{version}\"")))
        .insert_header(("Relais-Change", change.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(RetiredView { id, version, change }))
}

pub async fn restore(app: Data<App>, caller: Caller, id: PathId, version: IfMatch, _: Body<EmptyBody>) -> Answer {
    let (id, version) = (id.0, version.0);
    let written = app.act(move |deps| services::restore(deps, &caller.account, id, version)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

/// A write says the number of its change, so that a search may ask to know of it.
fn answer(response: &mut actix_web::HttpResponseBuilder, written: Written<Shown>) -> HttpResponse {
    let tag = entity_tag(&written.value);
    let mut value = written.value.value;
    if let Some(members) = value.as_object_mut() {
        members.insert("change".to_owned(), json!(written.change));
    }
    response
        .insert_header((ETAG, tag))
        .insert_header(("Relais-Change", written.change.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(value)
}

fn entity_tag(shown: &Shown) -> String {
    format!("\"{}\"", shown.version)
}
