//! What people say is wrong of a service, and what became of it.

use diesel::prelude::*;

use super::schema::error_report;
use super::{Conn, Error, Tx};
use crate::clock::Time;
use crate::domain::error_report::{ErrorReason, ErrorStatus};
use crate::id::Id;
use crate::{each_backend, text_words};

text_words!(ErrorReason, ErrorStatus);

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = error_report, treat_none_as_default_value = false)]
pub struct ErrorReportRow {
    pub id: Id,
    pub service_id: Id,
    pub organization_id: Id,
    pub reason: ErrorReason,
    pub comment: String,
    pub account_id: Option<Id>,
    pub status: ErrorStatus,
    pub resolved_by: Option<Id>,
    pub resolved_at: Option<Time>,
    pub resolution_reason: Option<String>,
    pub created_at: Time,
}

pub fn insert(tx: &mut Tx<'_>, row: &ErrorReportRow) -> Result<(), Error> {
    each_backend!(&mut **tx, |c| diesel::insert_into(error_report::table).values(row).execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ErrorReportRow>, Error> {
    Ok(error_report::table.find(id).select(ErrorReportRow::as_select()).first(conn).optional()?)
}

/// The moments of the reports of a service after a moment, oldest first, at most `limit`.
pub fn moments_since(conn: &mut Conn, service_id: Id, since: Time, limit: i64) -> Result<Vec<Time>, Error> {
    let rows = error_report::table
        .filter(error_report::service_id.eq(service_id).and(error_report::created_at.gt(since)))
        .order(error_report::created_at.asc())
        .limit(limit);
    Ok(rows.select(error_report::created_at).load(conn)?)
}

/// Reports of a status, oldest first, after one, at most `limit`; of some organisations, where they are named.
pub fn list(
    conn: &mut Conn,
    status: ErrorStatus,
    organization_ids: Option<&[Id]>,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<ErrorReportRow>, Error> {
    let mut query =
        error_report::table.filter(error_report::status.eq(status)).select(ErrorReportRow::as_select()).into_boxed();
    if let Some(ids) = organization_ids {
        query = query.filter(error_report::organization_id.eq_any(ids.to_vec()));
    }
    if let Some(after) = after {
        query = query.filter(error_report::id.gt(after));
    }
    Ok(query.order(error_report::id.asc()).limit(limit).load(conn)?)
}

/// Reports of a service that are open, for its quality: at most `limit`.
pub fn count_open(conn: &mut Conn, service_id: Id, limit: i64) -> Result<i64, Error> {
    let rows = error_report::table
        .filter(error_report::service_id.eq(service_id).and(error_report::status.eq(ErrorStatus::Open)))
        .limit(limit);
    let ids: Vec<Id> = rows.select(error_report::id).load(conn)?;
    Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
}

/// Resolves a report that is open. `false`: it is not any more.
pub fn resolve(
    tx: &mut Tx<'_>,
    id: Id,
    status: ErrorStatus,
    resolved_by: Id,
    reason: Option<&str>,
) -> Result<bool, Error> {
    let now = tx.now();
    let open = error_report::table.find(id).filter(error_report::status.eq(ErrorStatus::Open));
    let changed = diesel::update(open)
        .set((
            error_report::status.eq(status),
            error_report::resolved_by.eq(Some(resolved_by)),
            error_report::resolved_at.eq(Some(now)),
            error_report::resolution_reason.eq(reason),
        ))
        .execute(&mut **tx)?;
    Ok(changed == 1)
}
