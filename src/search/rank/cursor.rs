//! Where a page ended, as an opaque text: a version, the search that it belongs to, and the key of the last result. A
//! text that relais did not write, or wrote for another search, is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Key;
use crate::clock::Time;
use crate::id::Id;
use crate::search::Error;
use crate::search::query::{Demand, Request};

const VERSION: u8 = 1;
const LENGTH: usize = 2 + 8 + 3 * 8 + 16;

#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub demand: Demand,
    /// Freshness is judged as on the first page, so that the order is the same on every page.
    pub ranked_at: Time,
    pub key: Key,
}

pub(super) fn write(cursor: &Cursor, request: &Request) -> String {
    let demand = Demand::ALL.iter().position(|demand| *demand == cursor.demand).unwrap_or(0);
    let mut bytes = vec![VERSION, u8::try_from(demand).unwrap_or(0)];
    bytes.extend(cursor.ranked_at.micros().to_be_bytes());
    for number in [cursor.key.first, cursor.key.second, cursor.key.third] {
        bytes.extend(number.to_bits().to_be_bytes());
    }
    bytes.extend(cursor.key.id.0.as_bytes());
    let seal = seal(&bytes, request);
    bytes.extend(seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn read(text: &str, request: &Request) -> Result<Cursor, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::InvalidCursor)?;
    let (said, sealed) = bytes.split_at_checked(LENGTH).ok_or(Error::InvalidCursor)?;
    if sealed != seal(said, request) {
        return Err(Error::InvalidCursor);
    }
    parse(said).ok_or(Error::InvalidCursor)
}

fn parse(said: &[u8]) -> Option<Cursor> {
    let (&[version, demand], rest) = said.split_first_chunk::<2>()?;
    let (ranked_at, rest) = rest.split_first_chunk::<8>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (second, rest) = rest.split_first_chunk::<8>()?;
    let (third, rest) = rest.split_first_chunk::<8>()?;
    let (id, _) = rest.split_first_chunk::<16>()?;
    let [first, second, third] = [first, second, third].map(|bits| f64::from_bits(u64::from_be_bytes(*bits)));
    if version != VERSION || [first, second, third].iter().any(|number| number.is_nan()) {
        return None;
    }
    Some(Cursor {
        demand: *Demand::ALL.get(usize::from(demand))?,
        ranked_at: Time::from_micros(i64::from_be_bytes(*ranked_at)),
        key: Key { first, second, third, id: Id(uuid::Uuid::from_bytes(*id)) },
    })
}

/// Ties a cursor to its search. Not a secret: a cursor gives no right, it only says where to go on.
fn seal(said: &[u8], request: &Request) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(b"relais search cursor");
    hash.update(said);
    hash.update(request.fingerprint().as_bytes());
    let mut seal = [0; 8];
    for (to, from) in seal.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    seal
}
