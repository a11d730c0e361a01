//! Answers that a reader may have already (RFC 9110, section 13): entity tags and moments of change, and 304.

use std::time::{Duration, SystemTime};

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HttpDate, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use crate::clock::Time;
use crate::id::Id;

/// A tag of what an answer was made from. Weak: the same record may travel compressed or not.
pub fn tag_of(words: &[&str]) -> String {
    // Another version of the program may write the same record otherwise.
    let mut all = vec![env!("CARGO_PKG_VERSION")];
    all.extend_from_slice(words);
    format!("W/\"{}\"", Id::from_words(&all).0.simple())
}

/// A moment as HTTP writes it, to the second.
pub fn http_date(moment: Time) -> HttpDate {
    let seconds = u64::try_from(moment.micros() / 1_000_000).unwrap_or(0);
    HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Whether the reader has this answer. `If-Modified-Since` counts only without `If-None-Match`, and not within the
/// second of the change: another may have followed in it.
pub fn is_known(request: &HttpRequest, tag: &str, changed_at: Option<Time>, now: Time) -> bool {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return false;
    }
    let header =
        |name| request.headers().get(name).and_then(|value: &actix_web::http::header::HeaderValue| value.to_str().ok());
    if let Some(tags) = header(IF_NONE_MATCH) {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return tags.trim() == "*" || tags.split(',').any(|one| bare(one) == bare(tag));
    }
    let since = header(IF_MODIFIED_SINCE).and_then(|text| text.parse::<HttpDate>().ok());
    let (Some(since), Some(changed_at)) = (since, changed_at) else { return false };
    let is_settled = now.micros() - changed_at.micros() >= 1_000_000;
    is_settled && SystemTime::from(http_date(changed_at)) <= SystemTime::from(since)
}
