//! The room that services said they had: the last word on the service, every word in an appended history.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::changes::Subject;
use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{capacity, service};
use super::types::Json;
use super::{Conn, Error, Tx, services};
use crate::clock::Time;
use crate::domain::directory::{Capacity, CapacityWord, CapacityWords, Service, Voice};
use crate::domain::freshness;
use crate::id::Id;
use crate::insert_rows;

/// The same numbers of the same voice within so many seconds are one word: a form sent twice, an answer lost.
const SAME_WORD_S: i64 = 60;

/// One word said of the room at a service.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = capacity, treat_none_as_default_value = false)]
pub struct CapacityRow {
    pub service_id: Id,
    pub places_available: Option<i32>,
    pub waiting_list_length: Option<i32>,
    pub wait_days: Option<i32>,
    pub observed_at: Time,
    /// Who said it, as a word: `member`, `curator`, `import`, `link`, `sample`.
    pub source: String,
}

impl CapacityRow {
    fn new(service_id: Id, said: Capacity, observed_at: Time, source: &str) -> Self {
        Self {
            service_id,
            places_available: said.places_available,
            waiting_list_length: said.waiting_list_length,
            wait_days: said.wait_days,
            observed_at,
            source: source.to_owned(),
        }
    }
}

/// Records what somebody said of the room. A number that they did not say keeps its last value; a number that is known
/// from later goes to the history alone. Where nobody said when, it is now. The schema refuses a number below zero. The
/// same word again within a minute writes nothing.
///
/// # Errors
/// `NotFound` for a service that is not there.
pub fn record_capacity(tx: &mut Tx<'_>, service_id: Id, said: Capacity, source: &str) -> Result<(), Error> {
    let now = tx.now();
    let observed_at = said.observed_at.unwrap_or(now);
    services::lock(tx, service_id)?;
    let row = CapacityRow::new(service_id, said, observed_at, source);
    if is_repeat(tx, &row)? {
        return Ok(());
    }
    let known = find(tx, service_id)?.ok_or(Error::NotFound)?;
    diesel::insert_into(capacity::table).values(&row).execute(&mut **tx)?;
    let word = CapacityWord { observed_at, source: Voice::parse(source).unwrap_or(Voice::Other) };
    let Some(after) = known.told(said, word) else { return Ok(()) };
    diesel::update(service::table.find(service_id))
        .set((
            service::places_available.eq(after.places_available),
            service::waiting_list_length.eq(after.waiting_list_length),
            service::wait_days.eq(after.wait_days),
            service::capacity_observed_at.eq(after.observed_at),
            service::capacity_words.eq(Some(Json(after.said))),
            service::version.eq(service::version + 1),
            service::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    tx.changed(Subject::Service, service_id);
    Ok(())
}

type Known = (Option<i32>, Option<i32>, Option<i32>, Option<Time>, Option<Json<CapacityWords>>);

/// The last word of each number, if the service is there.
pub fn find(conn: &mut Conn, service_id: Id) -> Result<Option<Capacity>, Error> {
    let known: Option<Known> = service::table
        .find(service_id)
        .select((
            service::places_available,
            service::waiting_list_length,
            service::wait_days,
            service::capacity_observed_at,
            service::capacity_words,
        ))
        .first(conn)
        .optional()?;
    Ok(known.map(|(places_available, waiting_list_length, wait_days, observed_at, words)| Capacity {
        places_available,
        waiting_list_length,
        wait_days,
        observed_at,
        said: words.map(|words| words.0).unwrap_or_default(),
    }))
}

fn is_repeat(conn: &mut Conn, row: &CapacityRow) -> Result<bool, Error> {
    let since = row.observed_at.plus(TimeDelta::seconds(-SAME_WORD_S));
    let last: Option<CapacityRow> = capacity::table
        .filter(capacity::service_id.eq(row.service_id))
        .filter(capacity::observed_at.ge(since).and(capacity::observed_at.le(row.observed_at)))
        .order((capacity::observed_at.desc(), capacity::number.desc()))
        .select(CapacityRow::as_select())
        .first(conn)
        .optional()?;
    Ok(last.is_some_and(|last| CapacityRow { observed_at: row.observed_at, ..last } == *row))
}

/// The history alone: for services whose columns are written with the rest of their rows. A number that carries a word
/// of its own is written as that word; the others together, as this source's.
pub(super) fn append_many(tx: &mut Tx<'_>, services: &[Service], source: &str) -> Result<(), Error> {
    let now = tx.now();
    let mut rows = Vec::new();
    for one in services.iter().filter(|one| one.capacity.is_said()) {
        let (all, new) = (one.capacity, one.capacity.only_new());
        if new.is_said() {
            rows.push(CapacityRow::new(one.id, new, all.observed_at.unwrap_or(now), source));
        }
        let none = Capacity::default();
        let worded = [
            (all.said.places_available, Capacity { places_available: all.places_available, ..none }),
            (all.said.waiting_list_length, Capacity { waiting_list_length: all.waiting_list_length, ..none }),
            (all.said.wait_days, Capacity { wait_days: all.wait_days, ..none }),
        ];
        for (word, said) in worded {
            if let Some(word) = word.filter(|_| said.is_said()) {
                rows.push(CapacityRow::new(one.id, said, word.observed_at, word.source.as_str()));
            }
        }
    }
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, capacity::table, rows)?;
    }
    Ok(())
}

/// Somebody confirmed that the record is true at this moment: it is due again a rhythm later. An older confirmation
/// changes nothing.
///
/// # Errors
/// `NotFound` for a service that is not there.
pub fn confirm_verified(tx: &mut Tx<'_>, service_id: Id, at: Time) -> Result<(), Error> {
    let now = tx.now();
    services::lock(tx, service_id)?;
    let known: Option<(Option<Time>, Option<i32>)> = service::table
        .find(service_id)
        .select((service::verified_at, service::review_months))
        .first(&mut **tx)
        .optional()?;
    let (verified_at, months) = known.ok_or(Error::NotFound)?;
    if verified_at.is_some_and(|known| known >= at) {
        return Ok(());
    }
    let months = months.and_then(|months| u32::try_from(months).ok()).unwrap_or(tx.review_months());
    let due_at = freshness::due_at(Some(at), at, months);
    diesel::update(service::table.find(service_id))
        .set((
            service::verified_at.eq(at),
            service::review_due_at.eq(due_at),
            service::remind_at.eq(Some(due_at)),
            service::version.eq(service::version + 1),
            service::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    tx.changed(Subject::Service, service_id);
    Ok(())
}

/// What was said of one service, the newest first, after `(observed_at, number)`, at most `limit`; each with its
/// number.
pub fn list_history(
    conn: &mut Conn,
    service_id: Id,
    after: Option<(Time, i64)>,
    limit: i64,
) -> Result<Vec<(i64, CapacityRow)>, Error> {
    let mut query = capacity::table
        .filter(capacity::service_id.eq(service_id))
        .select((capacity::number, CapacityRow::as_select()))
        .into_boxed();
    if let Some((at, number)) = after {
        let same = capacity::observed_at.eq(at).and(capacity::number.lt(number));
        query = query.filter(capacity::observed_at.lt(at).or(same));
    }
    Ok(query.order((capacity::observed_at.desc(), capacity::number.desc())).limit(limit).load(conn)?)
}
