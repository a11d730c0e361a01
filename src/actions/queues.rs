//! A page of what waits for somebody's decision: proposals, reports, claims. What a person may decide is told record by
//! record, so a page reads on until it is full, a bounded number of rows at most.

use crate::id::Id;
use crate::store::{self, Conn};

/// Rows read for one page of a curator who is bounded to territories: a page may hold fewer than asked.
const SCANNED_MAX: usize = 500;

/// The rows that pass, after one, and the id after which the next page goes on.
pub fn page<Row>(
    conn: &mut Conn,
    mut after: Option<Id>,
    limit: u32,
    id_of: impl Fn(&Row) -> Id,
    read: impl Fn(&mut Conn, Option<Id>, i64) -> Result<Vec<Row>, store::Error>,
    passes: impl Fn(&mut Conn, &Row) -> Result<bool, store::Error>,
) -> Result<(Vec<Row>, Option<Id>), store::Error> {
    let mut page = Vec::new();
    let mut scanned = 0;
    while scanned < SCANNED_MAX {
        let rows = read(conn, after, i64::from(limit) + 1)?;
        let is_last = rows.len() <= limit as usize;
        for row in rows.into_iter().take(limit as usize) {
            scanned += 1;
            after = Some(id_of(&row));
            if passes(conn, &row)? {
                page.push(row);
            }
            if page.len() == limit as usize {
                let next_after = read(conn, after, 1)?.first().and(after);
                return Ok((page, next_after));
            }
        }
        if is_last {
            return Ok((page, None));
        }
    }
    Ok((page, after))
}
