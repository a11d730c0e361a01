//! Where a page ended, as an opaque text: a version, the search that it belongs to, the key of the last result, and
//! what the order of the list was settled by: a cursor needs nothing to be remembered, and works on any node and after
//! any change. A text that relais did not write, or wrote for another search, is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Key;
use crate::clock::Time;
use crate::id::Id;
use crate::search::Error;
use crate::search::query::{CONCEPTS_MAX, Demand, Request, Settled};
use crate::search::typo::CANDIDATES_MAX;

const VERSION: u8 = 3;
const SEAL_BYTES: usize = 8;

#[derive(Debug, Clone)]
pub(super) struct Cursor {
    pub demand: Demand,
    /// Freshness is judged as on the first page, so that the order is the same on every page.
    pub ranked_at: Time,
    /// What is known of how many there are does not get less by reading on.
    pub at_least: u64,
    /// Results of this page and of those before.
    pub listed: u64,
    pub key: Key,
    pub settled: Settled,
}

pub(super) fn write(cursor: &Cursor, request: &Request) -> String {
    let demand = Demand::ALL.iter().position(|demand| *demand == cursor.demand).unwrap_or(0);
    let mut bytes = vec![VERSION, u8::try_from(demand).unwrap_or(0)];
    bytes.extend(cursor.ranked_at.micros().to_be_bytes());
    bytes.extend(cursor.at_least.to_be_bytes());
    bytes.extend(cursor.listed.to_be_bytes());
    for number in [cursor.key.first, cursor.key.second, cursor.key.third] {
        bytes.extend(number.to_bits().to_be_bytes());
    }
    bytes.extend(cursor.key.id.0.as_bytes());
    write_settled(&mut bytes, &cursor.settled);
    let seal = seal(&bytes, request);
    bytes.extend(seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn read(text: &str, request: &Request) -> Result<Cursor, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::InvalidCursor)?;
    let said = bytes.len().checked_sub(SEAL_BYTES).ok_or(Error::InvalidCursor)?;
    let (said, sealed) = bytes.split_at_checked(said).ok_or(Error::InvalidCursor)?;
    if sealed != seal(said, request) {
        return Err(Error::InvalidCursor);
    }
    parse(said).ok_or(Error::InvalidCursor)
}

fn parse(said: &[u8]) -> Option<Cursor> {
    let (&[version, demand], rest) = said.split_first_chunk::<2>()?;
    let (ranked_at, rest) = rest.split_first_chunk::<8>()?;
    let (at_least, rest) = rest.split_first_chunk::<8>()?;
    let (listed, rest) = rest.split_first_chunk::<8>()?;
    let (first, rest) = rest.split_first_chunk::<8>()?;
    let (second, rest) = rest.split_first_chunk::<8>()?;
    let (third, rest) = rest.split_first_chunk::<8>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let [first, second, third] = [first, second, third].map(|bits| f64::from_bits(u64::from_be_bytes(*bits)));
    if version != VERSION || [first, second, third].iter().any(|number| number.is_nan()) {
        return None;
    }
    Some(Cursor {
        demand: *Demand::ALL.get(usize::from(demand))?,
        ranked_at: Time::from_micros(i64::from_be_bytes(*ranked_at)),
        at_least: u64::from_be_bytes(*at_least),
        listed: u64::from_be_bytes(*listed),
        key: Key { first, second, third, id: Id(uuid::Uuid::from_bytes(*id)) },
        settled: read_settled(rest)?,
    })
}

/// A byte for how many concepts were corrected, each with its place and its words, a line a word; then the rarities.
fn write_settled(bytes: &mut Vec<u8>, settled: &Settled) {
    let corrected = settled.corrections.iter().enumerate().filter(|(_, words)| !words.is_empty());
    let corrected: Vec<(usize, String)> = corrected.map(|(at, words)| (at, words.join("\n"))).collect();
    bytes.push(corrected.len() as u8);
    for (at, words) in corrected {
        bytes.push(at as u8);
        bytes.extend((words.len() as u16).to_be_bytes());
        bytes.extend(words.as_bytes());
    }
    bytes.extend(&settled.rarities);
}

fn read_settled(bytes: &[u8]) -> Option<Settled> {
    let (count, mut rest) = bytes.split_first()?;
    let mut corrections = vec![vec![]; CONCEPTS_MAX];
    for _ in 0..*count {
        let (at, after) = rest.split_first()?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (words, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let words: Vec<String> = std::str::from_utf8(words).ok()?.split('\n').map(str::to_owned).collect();
        let is_bounded = words.len() <= CANDIDATES_MAX && !words.iter().any(String::is_empty);
        *corrections.get_mut(usize::from(*at)).filter(|_| is_bounded)? = words;
        rest = after;
    }
    Some(Settled { corrections, rarities: rest.to_vec() })
}

/// Ties a cursor to its search. Not a secret: a cursor gives no right, it only says where to go on.
fn seal(said: &[u8], request: &Request) -> [u8; SEAL_BYTES] {
    let mut hash = Sha256::new();
    hash.update(b"relais search cursor");
    hash.update(said);
    hash.update(request.fingerprint().as_bytes());
    let mut seal = [0; SEAL_BYTES];
    for (to, from) in seal.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    seal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn corrections() -> impl Strategy<Value = Vec<Vec<String>>> {
        let words = prop::collection::vec("[a-zé]{1,64}", 0..=CANDIDATES_MAX);
        prop::collection::vec(words, CONCEPTS_MAX..=CONCEPTS_MAX)
    }

    proptest! {
        #[test]
        fn what_was_settled_is_read_again(
            corrections in corrections(), rarities in prop::collection::vec(any::<u8>(), 0..2_000),
        ) {
            let settled = Settled { corrections, rarities };
            let mut bytes = vec![];
            write_settled(&mut bytes, &settled);
            prop_assert_eq!(read_settled(&bytes), Some(settled));
        }

        #[test]
        fn no_bytes_make_it_panic_or_hold_more_than_a_search_has(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let read = read_settled(&bytes);
            prop_assert!(read.is_none_or(|settled| settled.corrections.len() == CONCEPTS_MAX
                && settled.corrections.iter().all(|words| words.len() <= CANDIDATES_MAX)));
        }
    }
}
