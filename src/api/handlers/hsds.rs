//! HSDS 3.2, apart from `/api/v1`: read by everybody and by any page of the web, with the tags and moments that spare a
//! harvester what it has already.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, VARY};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};

use crate::actions::hsds::{self, Asked};
use crate::api::App;
use crate::api::conditional::{http_date, is_known, tag_of};
use crate::api::extract::{MaybeCaller, Parameters, Query, parse_urlencoded};
use crate::api::kept::{self, Shown};
use crate::api::problem::{Answer, Problem, trouble};
use crate::api::stream::{Broken, hand_over, pieces};
use crate::api::wire::hsds::{Format, ListParameters, OrganizationParameters, PageView, names_of};
use crate::clock::Time;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::AccountViewer;
use crate::exchange::hsds::VERSION;
use crate::store::lists::Collection;
use crate::text::messages::Trouble;

pub async fn about(app: Data<App>) -> Answer {
    let config = &app.deps.config;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let base = base.trim_end_matches('/');
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, no-cache")).json(json!({
        "version": VERSION,
        "profile": format!("{base}/profile/"),
        "openapi_url": format!("{base}/openapi.yaml"),
    })))
}

pub async fn services(app: Data<App>, caller: MaybeCaller, request: HttpRequest, said: Parameters) -> Answer {
    list(app, caller, request, said, Collection::Services).await
}
pub async fn organizations(app: Data<App>, caller: MaybeCaller, request: HttpRequest, said: Parameters) -> Answer {
    list(app, caller, request, said, Collection::Organizations).await
}
pub async fn service_at_locations(
    app: Data<App>,
    caller: MaybeCaller,
    request: HttpRequest,
    said: Parameters,
) -> Answer {
    list(app, caller, request, said, Collection::ServiceAtLocations).await
}
pub async fn taxonomies(app: Data<App>, caller: MaybeCaller, request: HttpRequest, said: Parameters) -> Answer {
    list(app, caller, request, said, Collection::Taxonomies).await
}
pub async fn taxonomy_terms(app: Data<App>, caller: MaybeCaller, request: HttpRequest, said: Parameters) -> Answer {
    list(app, caller, request, said, Collection::TaxonomyTerms).await
}

pub async fn service(app: Data<App>, caller: MaybeCaller, request: HttpRequest, id: Path<String>) -> Answer {
    one(app, caller, request, Collection::Services, id.into_inner(), false).await
}
pub async fn organization(
    app: Data<App>,
    caller: MaybeCaller,
    request: HttpRequest,
    id: Path<String>,
    said: Query<OrganizationParameters>,
) -> Answer {
    let with_services = said.0.full_service.unwrap_or(false);
    one(app, caller, request, Collection::Organizations, id.into_inner(), with_services).await
}
pub async fn service_at_location(
    app: Data<App>,
    caller: MaybeCaller,
    request: HttpRequest,
    id: Path<String>,
) -> Answer {
    one(app, caller, request, Collection::ServiceAtLocations, id.into_inner(), false).await
}
pub async fn taxonomy(app: Data<App>, caller: MaybeCaller, request: HttpRequest, id: Path<String>) -> Answer {
    one(app, caller, request, Collection::Taxonomies, id.into_inner(), false).await
}
pub async fn taxonomy_term(app: Data<App>, caller: MaybeCaller, request: HttpRequest, id: Path<String>) -> Answer {
    one(app, caller, request, Collection::TaxonomyTerms, id.into_inner(), false).await
}

/// A list whose tag the reader has is not made again: two rows say that nothing changed.
async fn list(
    app: Data<App>,
    caller: MaybeCaller,
    request: HttpRequest,
    said: Parameters,
    collection: Collection,
) -> Answer {
    let known = names_of(collection);
    if let Some(name) = said.names().find(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::field(Code::UnknownField, name).rule(known.join(", ")).into());
    }
    let parameters: ListParameters = parse_urlencoded(said.0.as_bytes())?;
    let (asked, format) = parameters.parse(collection)?;
    let account = caller.account;
    let as_of = app.act(hsds::as_of).await?;
    let (epoch, change) = (as_of.epoch.to_string(), as_of.change.to_string());
    let tag = tag_of(&[&format!("{collection:?}"), &said.0, &epoch, &change, eyes(account.as_ref())]);
    let mut answer = headed(&request, account.as_ref(), &tag, as_of.at);
    if is_known(&request, &tag, as_of.at, app.deps.clock.now()) {
        return Ok(answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    if let Format::NdJson { is_whole } = format {
        return ndjson(app, account, asked, is_whole, answer).await;
    }
    let listed = app.act(move |deps| hsds::list(deps, account.as_ref(), &asked)).await?;
    Ok(answer.json(PageView::new(listed)))
}

async fn one(
    app: Data<App>,
    caller: MaybeCaller,
    request: HttpRequest,
    collection: Collection,
    id: String,
    with_services: bool,
) -> Answer {
    let account = caller.account;
    let made = read(&app, account.clone(), collection, id.clone(), with_services);
    let shown = match account {
        Some(_) => made.await?,
        None => {
            let shown = Shown::Hsds { of: collection, id, with_services };
            app.kept.get_or_make(&app.deps.store, shown, made).await?
        }
    };
    let mut answer = headed(&request, account.as_ref(), &shown.tag, shown.changed_at);
    // The moment is of the record's own change; only the tag knows of what is nested in it.
    if is_known(&request, &shown.tag, None, app.deps.clock.now()) {
        return Ok(answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    Ok(answer.content_type("application/json").body(shown.body))
}

async fn read(
    app: &App,
    account: Option<AccountViewer>,
    collection: Collection,
    id: String,
    with_services: bool,
) -> Result<kept::Answer, Problem> {
    let eyes = eyes(account.as_ref());
    let record = app.act(move |deps| hsds::get(deps, account.as_ref(), collection, &id, with_services)).await?;
    let body = record.value.to_string();
    // By its content: what is nested in a record may change without it.
    let tag = tag_of(&[&body, eyes]);
    Ok(kept::Answer { body: Bytes::from(body), tag, changed_at: record.updated_at })
}

fn eyes(account: Option<&AccountViewer>) -> &'static str {
    if account.is_some() { "professional" } else { "public" }
}

/// What a signed-in person sees is kept by no shared cache; both readings have the same address.
fn headed(
    request: &HttpRequest,
    account: Option<&AccountViewer>,
    tag: &str,
    changed_at: Option<Time>,
) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((VARY, "authorization"));
    let cache = if account.is_some() { "private, no-cache" } else { "public, no-cache" };
    answer.insert_header((CACHE_CONTROL, cache));
    if request.method() != actix_web::http::Method::POST {
        answer.insert_header((ETAG, tag));
        if let Some(moment) = changed_at {
            answer.insert_header((LAST_MODIFIED, http_date(moment)));
        }
    }
    answer
}

/// One record a line. A whole list is read a piece at a time while it is sent; the connection breaks off where the
/// database does, so that nobody takes a part for the whole.
async fn ndjson(
    app: Data<App>,
    account: Option<AccountViewer>,
    asked: Asked,
    is_whole: bool,
    mut answer: HttpResponseBuilder,
) -> Answer {
    answer.insert_header((CONTENT_TYPE, "application/x-ndjson"));
    if !is_whole {
        let listed = app.act(move |deps| hsds::list(deps, account.as_ref(), &asked)).await?;
        return Ok(answer.body(lines(&listed.contents)));
    }
    let stream = app.streams.clone().try_acquire_owned().map_err(|_| trouble(Trouble::Busy))?;
    let asker = (account.clone(), asked.clone());
    // The first piece is read before the answer begins: what is wrong with the request can still be said.
    let first = app.act(move |deps| hsds::stream(deps, asker.0.as_ref(), &asker.1, None)).await?;
    let (sender, body) = pieces();
    actix_web::rt::spawn(async move {
        let _stream = stream;
        let mut piece = first;
        loop {
            let next = piece.next;
            if !hand_over(&sender, Ok(lines(&piece.contents))).await || next.is_none() {
                return;
            }
            let asker = (account.clone(), asked.clone());
            match app.act(move |deps| hsds::stream(deps, asker.0.as_ref(), &asker.1, next)).await {
                Ok(read) => piece = read,
                Err(_) => {
                    hand_over(&sender, Err(Broken)).await;
                    return;
                }
            }
        }
    });
    Ok(answer.body(body))
}

fn lines(values: &[Value]) -> Bytes {
    let mut text = String::new();
    for value in values {
        text.push_str(&value.to_string());
        text.push('\n');
    }
    Bytes::from(text)
}
