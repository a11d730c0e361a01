//! Handlers: parse, authorise, decide, present; one file a resource.

use actix_web::http::header::{CACHE_CONTROL, ETAG, VARY};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use serde_json::{Value, json};

use crate::actions::idempotency::Repeatable;
use crate::api::extract::Caller;
use crate::api::wire::history::RetiredView;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::Written;

pub mod accounts;
pub mod health;
// -- territories
pub mod taxonomy_terms;
pub mod territories;
// -- directory
pub mod capacities;
pub mod claims;
pub mod edits;
pub mod error_reports;
pub mod freshness;
pub mod guide;
pub mod history;
pub mod hsds;
pub mod locations;
pub mod organizations;
pub mod profile;
pub mod records;
pub mod services;
pub mod sources;
// -- search
pub mod matching;
pub mod saved_lists;
pub mod saved_searches;
pub mod search;
pub mod suggest;
// -- families
pub mod consents;
pub mod duplicates;
pub mod families;
pub mod follow_ups;
pub mod merges;
pub mod needs;
// -- referrals
pub mod answers;
pub mod referrals;
// -- reports
pub mod reports;

/// The request with its Idempotency-Key, where it has one. `what` and the body are what makes two requests the same.
fn repeatable(
    request: &HttpRequest,
    caller: &Caller,
    what: &[&str],
    body: &impl Serialize,
) -> Result<Option<Repeatable>, Refusal> {
    let Some(key) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().map_err(|_| Refusal::field(Code::IdempotencyKeyInvalid, "Idempotency-Key"))?;
    let body = serde_json::to_string(body).map_err(|_| Refusal::new(Code::InvalidJson))?;
    let mut asked = what.to_vec();
    asked.push(&body);
    Repeatable::new(caller.account.account_id, key, &asked).map(Some)
}

/// A page of the directory. What a signed-in person sees is kept by no cache; both readings have the same address.
fn page_of_records(page: &impl Serialize) -> HttpResponse {
    for_whom(&mut HttpResponse::Ok()).json(page)
}

/// A record of the directory, tagged with its version.
fn record(version: i64, value: &Value) -> HttpResponse {
    tagged(&version_tag(version)).json(value)
}

fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

fn tagged(tag: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    for_whom(&mut response).insert_header((ETAG, tag));
    response
}

fn for_whom(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response.insert_header((VARY, "authorization, accept-language")).insert_header((CACHE_CONTROL, "private, no-cache"))
}

/// A record as it was: nothing of it is kept, nor changed.
fn past_record(value: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(value)
}

/// A record as a write left it. A write says the number of its change, so that a search may ask to know of it.
fn written_record(response: &mut HttpResponseBuilder, version: i64, mut value: Value, change: i64) -> HttpResponse {
    if let Some(members) = value.as_object_mut() {
        members.insert("change".to_owned(), json!(change));
    }
    after_write(response, version, change).json(value)
}

/// A record that is not shown any more.
fn retired_record(id: Id, written: &Written<i64>) -> HttpResponse {
    let (version, change) = (written.value, written.change);
    after_write(&mut HttpResponse::Ok(), version, change).json(RetiredView { id, version, change })
}

fn after_write(response: &mut HttpResponseBuilder, version: i64, change: i64) -> &mut HttpResponseBuilder {
    response
        .insert_header((ETAG, version_tag(version)))
        .insert_header(("Relais-Change", change.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
}
