//! What people search for near a place: daily counts without anybody's identity. Never read by the row: only added up.

use chrono::NaiveDate;
use diesel::dsl::sum;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::schema::demand;
use super::{Conn, Error, Tx};
use crate::domain::demand::{Counts, Key};
use crate::domain::month::Period;
use crate::each_backend;

#[derive(Insertable)]
#[diesel(table_name = demand, treat_none_as_default_value = false)]
struct DemandRow<'a> {
    day: NaiveDate,
    territory_id: &'a str,
    category: &'a str,
    words: &'a str,
    searches: i32,
    zeros: i32,
}

/// Searches of a period that have two words of their keys in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub territory_id: String,
    /// The category or the words.
    pub other: String,
    pub searches: u64,
    pub zeros: u64,
}

/// Adds to the counts. Keys that come in order are locked in order, so that two nodes never wait for each other.
pub fn add(tx: &mut Tx<'_>, counts: &[(Key, Counts)]) -> Result<(), Error> {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    for (key, counts) in counts {
        let row = DemandRow {
            day: key.day,
            territory_id: &key.territory_id,
            category: &key.category,
            words: &key.words,
            searches: number(counts.searches),
            zeros: number(counts.zeros),
        };
        let key = (demand::day, demand::territory_id, demand::category, demand::words);
        each_backend!(&mut **tx, |c| diesel::insert_into(demand::table)
            .values(&row)
            .on_conflict(key)
            .do_update()
            .set((
                demand::searches.eq(demand::searches + excluded(demand::searches)),
                demand::zeros.eq(demand::zeros + excluded(demand::zeros)),
            ))
            .execute(c))?;
    }
    Ok(())
}

type Summed = (String, String, Option<i64>, Option<i64>);

fn counted(rows: Vec<Summed>) -> Vec<Counted> {
    let count = |sum: Option<i64>| sum.and_then(|sum| u64::try_from(sum).ok()).unwrap_or(0);
    rows.into_iter()
        .map(|(territory_id, other, searches, zeros)| Counted {
            territory_id,
            other,
            searches: count(searches),
            zeros: count(zeros),
        })
        .collect()
}

/// Searches of a period by territory and category. One statement.
pub fn by_category(conn: &mut Conn, period: Period) -> Result<Vec<Counted>, Error> {
    let rows: Vec<Summed> = each_backend!(conn, |c| demand::table
        .filter(demand::day.between(period.first_day(), period.last_day()))
        .group_by((demand::territory_id, demand::category))
        .select((demand::territory_id, demand::category, sum(demand::searches), sum(demand::zeros)))
        .load(c))?;
    Ok(counted(rows))
}

/// Searches of a period by territory and by the words that were asked together. One statement.
pub fn by_words(conn: &mut Conn, period: Period) -> Result<Vec<Counted>, Error> {
    let rows: Vec<Summed> = each_backend!(conn, |c| demand::table
        .filter(demand::day.between(period.first_day(), period.last_day()))
        .filter(demand::words.ne(""))
        .group_by((demand::territory_id, demand::words))
        .select((demand::territory_id, demand::words, sum(demand::searches), sum(demand::zeros)))
        .load(c))?;
    Ok(counted(rows))
}

pub fn is_any_before(conn: &mut Conn, day: NaiveDate) -> Result<bool, Error> {
    let old = demand::table.filter(demand::day.lt(day));
    Ok(diesel::select(diesel::dsl::exists(old)).get_result(conn)?)
}

/// Forgets what was counted before a day.
pub fn delete_before(conn: &mut Conn, day: NaiveDate) -> Result<usize, Error> {
    Ok(diesel::delete(demand::table.filter(demand::day.lt(day))).execute(conn)?)
}
