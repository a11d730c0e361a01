//! What a source listed once and lists no longer: flagged, so that a curator looks at it, and never deleted. What comes
//! back loses its flag.

use super::Outcome;
use super::import_plan::Seen;
use super::imports::{MissingLine, Run};
use crate::clock::Time;
use crate::store::changes::Subject;
use crate::store::sources::{self, SourceRecord};
use crate::store::{self, Tx};

/// Records of one page of the comparison, and of one transaction.
const RECORDS_PER_PAGE: i64 = 1_000;

/// Compares what the source ever listed with what it listed in this run, and gives all that is missing.
pub(super) fn flag(run: &Run<'_>, seen: &Seen) -> Outcome<Vec<MissingLine>> {
    let mut missing = Vec::new();
    for subject in [Subject::Organization, Subject::Service] {
        let mut after = String::new();
        loop {
            let page = run
                .deps
                .store
                .read(|conn| sources::page_of_records(conn, run.source, subject, &after, RECORDS_PER_PAGE))?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.source_key);
            let now = run.deps.clock.now();
            let gone = |record: &&SourceRecord| !seen.has(record.record_id);
            let lines = page.iter().filter(gone).map(|record| line(record, now));
            missing.extend(lines);
            let is_news = page.iter().any(|record| gone(&record) == record.missing_since.is_none());
            if is_news && !run.dry_run {
                run.deps.store.write(now, |tx| flag_page(tx, run.source, &page, seen))?;
            }
        }
    }
    Ok(missing)
}

fn line(record: &SourceRecord, now: Time) -> MissingLine {
    MissingLine {
        subject: record.subject.as_str(),
        id: record.record_id,
        key: record.source_key.clone(),
        since: record.missing_since.unwrap_or(now),
    }
}

fn flag_page(tx: &mut Tx<'_>, source: &str, page: &[SourceRecord], seen: &Seen) -> Result<(), store::Error> {
    let now = tx.now();
    let Some(subject) = page.first().map(|record| record.subject) else { return Ok(()) };
    let keys = |is_gone: bool| -> Vec<&str> {
        let is_news =
            |record: &&SourceRecord| seen.has(record.record_id) != is_gone && record.missing_since.is_none() == is_gone;
        page.iter().filter(is_news).map(|record| record.source_key.as_str()).collect()
    };
    sources::set_missing(tx, source, subject, &keys(true), Some(now))?;
    sources::set_missing(tx, source, subject, &keys(false), None)
}
