//! What points to a service, moved to another when the two turn out to be one, and moved back.

use diesel::prelude::*;

use super::organizations::STATEMENT_ROWS_MAX;
use super::schema::{capacity, edit_proposal, error_report, merge_moved, referral, service, source_record};
use super::{Error, Tx};
use crate::domain::words::words;
use crate::id::Id;
use crate::store::changes::Subject;
use crate::{each_backend, text_words};

words! {
    /// What was moved.
    pub enum Moved {
        Referral => "referral",
        Capacity => "capacity",
        ErrorReport => "error_report",
        EditProposal => "edit_proposal",
        // What a source describes: read again, it goes to the record that stayed.
        SourceRecord => "source_record",
        // A record that this one stood for already.
        Replaced => "replaced",
    }
}
text_words!(Moved);

/// Between the name of a source and its key: in neither.
const BETWEEN: char = '\u{1f}';

#[derive(Debug, Insertable)]
#[diesel(table_name = merge_moved, treat_none_as_default_value = false)]
struct MovedRow {
    candidate_id: Id,
    subject: Moved,
    record_id: String,
}

/// Points everything that points to `from` at `to`, and writes down what was moved.
pub fn move_references(tx: &mut Tx<'_>, candidate_id: Id, from: Id, to: Id) -> Result<(), Error> {
    for moved in Moved::ALL {
        let ids = referring(tx, *moved, from)?;
        let row = |id: &String| MovedRow { candidate_id, subject: *moved, record_id: id.clone() };
        let rows: Vec<MovedRow> = ids.iter().map(row).collect();
        for rows in rows.chunks(STATEMENT_ROWS_MAX) {
            each_backend!(&mut **tx, |c| diesel::insert_into(merge_moved::table)
                .values(rows)
                .on_conflict_do_nothing()
                .execute(c))?;
        }
        point(tx, *moved, &ids, from, to)?;
    }
    Ok(())
}

/// Points what a merge moved, and nobody moved since, back at `to`.
pub fn move_back(tx: &mut Tx<'_>, candidate_id: Id, from: Id, to: Id) -> Result<(), Error> {
    for moved in Moved::ALL {
        let rows = merge_moved::table
            .filter(merge_moved::candidate_id.eq(candidate_id))
            .filter(merge_moved::subject.eq(*moved));
        let ids: Vec<String> = rows.select(merge_moved::record_id).load(&mut **tx)?;
        point(tx, *moved, &ids, from, to)?;
    }
    diesel::delete(merge_moved::table.filter(merge_moved::candidate_id.eq(candidate_id))).execute(&mut **tx)?;
    Ok(())
}

fn referring(tx: &mut Tx<'_>, moved: Moved, id: Id) -> Result<Vec<String>, Error> {
    let conn = &mut **tx;
    let ids: Vec<Id> = match moved {
        Moved::Referral => referral::table.filter(referral::service_id.eq(id)).select(referral::id).load(conn)?,
        Moved::ErrorReport => {
            error_report::table.filter(error_report::service_id.eq(id)).select(error_report::id).load(conn)?
        }
        Moved::EditProposal => edit_proposal::table
            .filter(edit_proposal::subject.eq(Subject::Service))
            .filter(edit_proposal::subject_id.eq(id))
            .select(edit_proposal::id)
            .load(conn)?,
        Moved::Replaced => service::table.filter(service::replaced_by.eq(id)).select(service::id).load(conn)?,
        Moved::SourceRecord => {
            let rows = source_record::table.filter(source_record::record_id.eq(id));
            let keys = rows.select((source_record::source, source_record::source_key));
            let keys: Vec<(String, String)> = keys.load(conn)?;
            return Ok(keys.into_iter().map(|(source, key)| format!("{source}{BETWEEN}{key}")).collect());
        }
        Moved::Capacity => {
            let rows = capacity::table.filter(capacity::service_id.eq(id)).select(capacity::number);
            let numbers: Vec<i64> = rows.load(conn)?;
            return Ok(numbers.iter().map(ToString::to_string).collect());
        }
    };
    Ok(ids.iter().map(ToString::to_string).collect())
}

/// Points those of `records` that point to `from` at `to`.
fn point(tx: &mut Tx<'_>, moved: Moved, records: &[String], from: Id, to: Id) -> Result<(), Error> {
    let conn = &mut **tx;
    for chunk in records.chunks(STATEMENT_ROWS_MAX) {
        let ids: Vec<Id> = chunk.iter().filter_map(|id| id.parse().ok()).collect();
        match moved {
            Moved::Referral => {
                let rows = referral::table.filter(referral::id.eq_any(&ids)).filter(referral::service_id.eq(from));
                diesel::update(rows).set(referral::service_id.eq(Some(to))).execute(conn)?;
            }
            Moved::ErrorReport => {
                let rows = error_report::table.filter(error_report::id.eq_any(&ids));
                let rows = rows.filter(error_report::service_id.eq(from));
                diesel::update(rows).set(error_report::service_id.eq(to)).execute(conn)?;
            }
            Moved::EditProposal => {
                let rows = edit_proposal::table.filter(edit_proposal::id.eq_any(&ids));
                let rows = rows.filter(edit_proposal::subject_id.eq(from));
                diesel::update(rows).set(edit_proposal::subject_id.eq(to)).execute(conn)?;
            }
            Moved::Replaced => {
                let rows = service::table.filter(service::id.eq_any(&ids)).filter(service::replaced_by.eq(from));
                diesel::update(rows).set(service::replaced_by.eq(Some(to))).execute(conn)?;
            }
            Moved::SourceRecord => {
                for (source, key) in chunk.iter().filter_map(|both| both.split_once(BETWEEN)) {
                    let row = source_record::table.filter(source_record::source.eq(source));
                    let row = row.filter(source_record::subject.eq(Subject::Service.as_str()));
                    let row = row.filter(source_record::source_key.eq(key)).filter(source_record::record_id.eq(from));
                    diesel::update(row).set(source_record::record_id.eq(to)).execute(conn)?;
                }
            }
            Moved::Capacity => {
                let numbers: Vec<i64> = chunk.iter().filter_map(|number| number.parse().ok()).collect();
                let rows = capacity::table.filter(capacity::number.eq_any(&numbers));
                let rows = rows.filter(capacity::service_id.eq(from));
                diesel::update(rows).set(capacity::service_id.eq(to)).execute(conn)?;
            }
        }
    }
    Ok(())
}
