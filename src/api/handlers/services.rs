//! Services: pages, one, and their members' writing, which HSDS leaves to each API; and the contract of it all.

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Map, Value};

use super::{page_of_records, past_record, record, repeatable, retired_record, tagged, version_tag, written_record};
use crate::actions::hsds::{self as hsds_actions, Asked, Listed};
use crate::actions::services::{self, Shown};
use crate::actions::{Deps, Outcome};
use crate::api::App;
use crate::api::extract::{Body, Caller, IfMatch, MaybeCaller, PathId, Query};
use crate::api::kept;
use crate::api::problem::Answer;
use crate::api::wire::history::{AsOfQuery, EmptyBody, RetirementBody, ReversalBody};
use crate::api::wire::hsds::PageView;
use crate::api::wire::services::ListQuery;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::id::Id;
use crate::store::Written;
use crate::store::lists::Anchor;

const CONTRACT: &str = include_str!("../../../openapi.yaml");

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
    Ok(page_of_records(&page))
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
        return Ok(past_record(&value));
    }
    let Some(account) = caller.account else { return public_record(&app, id.0).await };
    let shown = app.act(move |deps| services::get_assessed(deps, Some(&account), id.0)).await?;
    Ok(record(shown.version, &shown.value))
}

async fn public_record(app: &App, id: Id) -> Answer {
    let made = async {
        let shown = app.act(move |deps| services::get_assessed(deps, None, id)).await?;
        let body = Bytes::from(shown.value.to_string());
        Ok(kept::Answer { body, tag: version_tag(shown.version), changed_at: None })
    };
    let shown = app.kept.get_or_make(&app.deps.store, kept::Shown::Service(id), made).await?;
    Ok(tagged(&shown.tag).content_type("application/json").body(shown.body))
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
    Ok(retired_record(id, &written))
}

pub async fn restore(app: Data<App>, caller: Caller, id: PathId, version: IfMatch, _: Body<EmptyBody>) -> Answer {
    let (id, version) = (id.0, version.0);
    let written = app.act(move |deps| services::restore(deps, &caller.account, id, version)).await?;
    Ok(answer(&mut HttpResponse::Ok(), written))
}

fn answer(response: &mut HttpResponseBuilder, written: Written<Shown>) -> HttpResponse {
    written_record(response, written.value.version, written.value.value, written.change)
}
