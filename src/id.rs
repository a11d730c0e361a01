//! The only place that makes new identifiers (UUID version 7, RFC 9562). Everywhere else they are arguments or come
//! from an [`Ids`] that the caller hands in, so that a seeded run makes the same ones again.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Time;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub Uuid);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Id)
    }
}

impl Id {
    /// The same words give the same id (UUID version 8 over SHA-256): for records that come from a file with its own
    /// keys, so that the same row of the same source is the same record at the next import.
    pub fn from_words(words: &[&str]) -> Self {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for word in words {
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word.as_bytes());
        }
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Id(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The stable id (UUID version 5, RFC 9562, section 5.5) of what a source calls `name`: for packages whose ids are
    /// numbers. The namespace is made from the source, so that number 12 of two sources is two records.
    pub fn from_source_name(source: &str, name: &str) -> Self {
        let version_5 = |namespace: Uuid, name: &str| {
            let mut hash = sha1_smol::Sha1::from(namespace.as_bytes());
            hash.update(name.as_bytes());
            let mut bytes = [0u8; 16];
            bytes.copy_from_slice(&hash.digest().bytes()[..16]);
            uuid::Builder::from_sha1_bytes(bytes).into_uuid()
        };
        Id(version_5(version_5(Uuid::NAMESPACE_URL, &format!("urn:relais:source:{source}")), name))
    }
}

/// A source of new ids: ordered by time, and never going back even if the clock does.
#[derive(Debug)]
pub struct Ids(Mutex<State>);

#[derive(Debug)]
struct State {
    rng: ChaCha20Rng,
    last_ms: u64,
    counter: u16,
}

impl Ids {
    pub fn random() -> Self {
        Self::from_rng(ChaCha20Rng::from_entropy())
    }
    pub fn seeded(seed: u64) -> Self {
        Self::from_rng(ChaCha20Rng::seed_from_u64(seed))
    }
    fn from_rng(rng: ChaCha20Rng) -> Self {
        Self(Mutex::new(State { rng, last_ms: 0, counter: 0 }))
    }
    pub fn new_id(&self, now: Time) -> Id {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = u64::try_from(now.micros() / 1000).unwrap_or(0);
        if now_ms > state.last_ms {
            state.last_ms = now_ms;
            state.counter = 0;
        } else if state.counter == 0x0fff {
            state.last_ms += 1;
            state.counter = 0;
        } else {
            state.counter += 1;
        }
        let mut random = [0u8; 10];
        state.rng.fill_bytes(&mut random);
        // rand_a carries the counter (RFC 9562, section 6.2, method 1), rand_b stays random.
        let [high, low] = state.counter.to_be_bytes();
        random[0] = high & 0x0f;
        random[1] = low;
        Id(uuid::Builder::from_unix_timestamp_millis(state.last_ms, &random).into_uuid())
    }
}
