//! Importing from a feed: the pages of another HSDS 3 or ORUK API, one after the other. Each page is written before the
//! next is asked for, so that a run that was cut short goes on where it was; after a run that reached its end, the next
//! asks only for what changed since.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use url::Url;

use super::imports::{Progress, Progressing, Report, Run};
use super::services::is_category;
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::exchange::hsds_in::{self, Reading};
use crate::exchange::{RefusedRow, Tally};
use crate::store::sources::{self, SourceKind};

/// Bytes of one page.
pub const PAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pages of one run, and bytes of all of them together.
pub const PAGES_MAX: i64 = 100_000;
pub const FEED_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
const SERVICES_PER_PAGE: u32 = 100;

/// How often a page is asked for before the run gives up, and how long it waits the first time; then twice as long.
const ATTEMPTS_MAX: u32 = 5;
const RETRY_MS: u64 = 1_000;

/// What a feed says changed just before a run began may come a little later in its lists.
const OVERLAP_MINUTES: i64 = 10;

/// Why an answer did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// Not worth another try: an address that may not be asked, an answer that is too long, 4xx.
    Refused(String),
    /// Perhaps later: the network, 429, 5xx.
    Later(String),
}

/// Who asks the network; the bytes of an answer, at most `bytes_max` of them.
pub type Fetch<'a> = &'a dyn Fn(&Url, u64) -> Result<Vec<u8>, FetchError>;

/// What is asked of a feed.
pub struct Asked<'a> {
    /// The root of the API, or its `/services`.
    pub url: &'a str,
    pub source: &'a str,
    pub language: Lang,
    pub dry_run: bool,
}

/// Imports what a feed has, or what changed since it was last read to its end.
///
/// # Errors
/// A refusal of the address, or of a page that is not one of services: what came before it is kept.
pub fn import(
    deps: &Deps,
    asked: &Asked<'_>,
    fetch: Fetch<'_>,
    wait: &dyn Fn(Duration),
    progress: Progress<'_>,
) -> Outcome<Report> {
    let url = services_url(asked.url)?;
    let known = deps.store.read(|conn| sources::find(conn, asked.source))?;
    let known = known.filter(|row| row.kind == SourceKind::Feed && row.url.as_deref() == Some(asked.url));
    let since = known.as_ref().and_then(|row| row.modified_after);
    let first_page = known.as_ref().and_then(|row| row.resume_page).unwrap_or(1);
    let run = Run {
        kind: SourceKind::Feed,
        url: Some(asked.url),
        is_whole: since.is_none() && first_page == 1,
        ..Run::new(deps, asked.source, asked.language, asked.dry_run, progress)
    };
    let tally = Tally::default();
    let mut written = run.begin()?;
    // What a feed changes while it is read is read again the next time.
    let began_at = deps.clock.now().plus(TimeDelta::minutes(-OVERLAP_MINUTES));
    let mut feed = Feed { run: &run, url, since, fetch, wait, bytes: 0 };
    feed.follow(&mut written, &tally, first_page)?;
    run.finish(written, &tally, Some(began_at))
}

/// # Errors
/// A refusal of what is no web address, or names a person.
fn services_url(text: &str) -> Result<Url, Refusal> {
    let refused = |rule: &str| Refusal::field(Code::InvalidValue, "url").rule(rule);
    let mut url = Url::parse(text).map_err(|_| refused("http or https URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused("http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("no user and no password in the URL"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/services") {
        url.set_path(&format!("{path}/services"));
    }
    Ok(url)
}

struct Feed<'a> {
    run: &'a Run<'a>,
    url: Url,
    since: Option<Time>,
    fetch: Fetch<'a>,
    wait: &'a dyn Fn(Duration),
    bytes: u64,
}

impl Feed<'_> {
    fn follow(&mut self, written: &mut Progressing, tally: &Tally, first_page: i64) -> Outcome<()> {
        let (mut page, mut cursor, mut line) = (first_page, None, 0);
        let mut before: Vec<Value> = Vec::new();
        loop {
            if page - first_page >= PAGES_MAX {
                return Err(Refusal::field(Code::TooMany, "pages").rule(format!("<= {PAGES_MAX}")).into());
            }
            let bytes = self.get(&self.page_url(page, cursor.as_deref()))?;
            let answer = Answer::read(&bytes, page)?;
            // A feed whose pages are all the same has no end.
            if !answer.contents.is_empty() && answer.contents == before {
                return Err(Refusal::field(Code::InvalidValue, "url")
                    .rule(format!("page {page}: as the one before"))
                    .into());
            }
            before.clone_from(&answer.contents);
            let records = self.whole_records(answer.contents)?;
            let count = records.len() as u64;
            self.take(written, tally, &records, line)?;
            line += count;
            // A cursor is where this process is; a page can be asked for again by another.
            cursor = answer.next_cursor;
            if answer.is_last {
                return Ok(());
            }
            page += 1;
            if !self.run.dry_run {
                let (deps, source) = (self.run.deps, self.run.source);
                deps.store.write(deps.clock.now(), |tx| sources::set_resume_page(tx, source, page))?;
            }
        }
    }

    fn page_url(&self, page: i64, cursor: Option<&str>) -> Url {
        let mut url = self.url.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("per_page", &SERVICES_PER_PAGE.to_string()).append_pair("full", "true");
        if let Some(since) = self.since {
            query.append_pair("modified_after", &since.to_rfc3339());
        }
        match cursor {
            Some(cursor) => query.append_pair("cursor", cursor),
            None => query.append_pair("page", &page.to_string()),
        };
        drop(query);
        url
    }

    /// A list may show its services in short, without one list in them: those are asked for one by one.
    fn whole_records(&mut self, contents: Vec<Value>) -> Outcome<Vec<Value>> {
        let mut records = Vec::with_capacity(contents.len());
        for record in contents {
            let is_short = record.as_object().is_some_and(|members| !members.values().any(Value::is_array));
            let id = record.get("id").and_then(Value::as_str).map(str::to_owned);
            let Some(id) = id.filter(|_| is_short) else {
                records.push(record);
                continue;
            };
            let mut url = self.url.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().push(&id);
            }
            let bytes = self.get(&url)?;
            // What is not JSON is refused as a record without an organisation, and the rest is taken.
            records.push(serde_json::from_slice(&bytes).unwrap_or(record));
        }
        Ok(records)
    }

    fn take(&self, written: &mut Progressing, tally: &Tally, records: &[Value], line: u64) -> Outcome<()> {
        let bytes =
            serde_json::to_vec(records).map_err(|error| Refusal::new(Code::InvalidJson).rule(error.to_string()))?;
        let reading = Reading {
            source: self.run.source,
            language: self.run.language,
            fresh: None,
            is_request: false,
            is_category: &is_category,
        };
        let entries = hsds_in::Entries::new(bytes.as_slice(), reading).tallying(tally).map(|found| {
            found
                .map(|entry| crate::exchange::Entry { line: entry.line + line, ..entry })
                .map_err(|row| RefusedRow { line: row.line + line, ..row })
        });
        self.run.take(written, entries, tally)
    }

    /// Asks again, later and later, what may come later.
    fn get(&mut self, url: &Url) -> Outcome<Vec<u8>> {
        let refused = |rule: String| Failure::from(Refusal::field(Code::InvalidValue, "url").rule(rule));
        let mut attempt = 1;
        loop {
            match (self.fetch)(url, PAGE_BYTES_MAX) {
                Ok(bytes) => {
                    self.bytes += bytes.len() as u64;
                    if self.bytes > FEED_BYTES_MAX {
                        return Err(refused(format!("<= {FEED_BYTES_MAX} bytes")));
                    }
                    return Ok(bytes);
                }
                Err(FetchError::Refused(why)) => return Err(refused(format!("{url}: {why}"))),
                Err(FetchError::Later(why)) if attempt >= ATTEMPTS_MAX => {
                    return Err(refused(format!("{url}: {why} ({attempt} times)")));
                }
                Err(FetchError::Later(_)) => {
                    (self.wait)(Duration::from_millis(RETRY_MS << (attempt - 1)));
                    attempt += 1;
                }
            }
        }
    }
}

/// One page, as the APIs of HSDS and ORUK give it.
struct Answer {
    contents: Vec<Value>,
    is_last: bool,
    next_cursor: Option<String>,
}

impl Answer {
    fn read(bytes: &[u8], page: i64) -> Result<Self, Refusal> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let rule = format!("page {page}: line {}, column {}", error.line(), error.column());
            Refusal::new(Code::InvalidJson).rule(rule)
        })?;
        let contents = value.get_mut("contents").map(Value::take);
        let contents = match contents {
            Some(Value::Array(contents)) => contents,
            _ => return Err(Refusal::field(Code::WrongType, "contents").rule(format!("page {page}: array"))),
        };
        let number = |name: &str| value.get(name).and_then(Value::as_i64);
        let next_cursor = value.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        let says_last = value.get("last_page").and_then(Value::as_bool);
        let is_last = contents.is_empty()
            || says_last
                .unwrap_or_else(|| next_cursor.is_none() && number("total_pages").is_none_or(|all| page >= all));
        Ok(Self { contents, is_last, next_cursor })
    }
}
