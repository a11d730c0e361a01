//! Handlers: parse, authorise, decide, present; one file a resource.

use actix_web::HttpRequest;
use serde::Serialize;

use crate::actions::idempotency::Repeatable;
use crate::api::extract::Caller;
use crate::domain::refusal::{Code, Refusal};

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
pub mod search;
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
