//! A request with an Idempotency-Key has one effect: whoever sends it again gets the answer of the first time.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Outcome;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::idempotency::{self, IdempotencyRow};
use crate::store::types::Json;
use crate::store::{self, Tx};

/// Characters of a key: visible ASCII.
pub const KEY_CHARACTERS_MAX: usize = 200;
/// A key is remembered this long, in days.
pub const KEY_DAYS: i64 = 7;

/// A request that may come twice: whose it is, its key, and what it asks (route, path, body), as hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatable {
    account_id: Id,
    key_hash: String,
    request_hash: String,
}

impl Repeatable {
    /// `asked` is everything that makes two requests the same one.
    pub fn new(account_id: Id, key: &str, asked: &[&str]) -> Result<Self, Refusal> {
        let usable = !key.is_empty() && key.len() <= KEY_CHARACTERS_MAX && key.chars().all(|c| c.is_ascii_graphic());
        if !usable {
            let rule = format!("1..={KEY_CHARACTERS_MAX} visible ASCII characters");
            return Err(Refusal::field(Code::IdempotencyKeyInvalid, "Idempotency-Key").rule(rule));
        }
        let key_hash = Id::from_words(&["idempotency key", key]).to_string();
        Ok(Self { account_id, key_hash, request_hash: Id::from_words(asked).to_string() })
    }
}

/// Runs an effect once. The answer that is kept holds ids, words and instants, never a text that somebody wrote.
pub fn once<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    request: Option<&Repeatable>,
    effect: impl FnOnce(&mut Tx<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let Some(request) = request else { return effect(tx) };
    let row = IdempotencyRow {
        account_id: request.account_id,
        key_hash: request.key_hash.clone(),
        request_hash: request.request_hash.clone(),
        status: None,
        answer: None,
        created_at: tx.now(),
    };
    match idempotency::take(tx, &row)? {
        Some(first) if first.request_hash != request.request_hash => {
            Err(Refusal::field(Code::IdempotencyKeyReused, "Idempotency-Key").into())
        }
        Some(IdempotencyRow { answer: Some(Json(answer)), .. }) => {
            let corrupt = |error: serde_json::Error| store::Error::Corrupt(error.to_string());
            Ok(serde_json::from_value(answer).map_err(corrupt)?)
        }
        // The key and its answer are written by one transaction: a key without an answer is never seen by another.
        Some(_) => Err(store::Error::Retry.into()),
        None => {
            let answer = effect(tx)?;
            let kept = serde_json::to_value(&answer).map_err(|error| store::Error::Corrupt(error.to_string()))?;
            idempotency::set_answer(tx, request.account_id, &request.key_hash, 200, kept)?;
            Ok(answer)
        }
    }
}
