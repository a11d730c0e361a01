//! The history of a record: what left the directory, what changed, what it was at another moment.

use super::Failure;
use crate::domain::refusal::{Code, Refusal};
use crate::store::services::Retired;

/// What left the directory is not read there: its reader is told so, or sent to what stands for it.
///
/// # Errors
/// `Replaced` with the record that stands for it; the refusal `Retired` where nothing does.
pub fn still_there((retired_at, replaced_by): Retired) -> Result<(), Failure> {
    match (retired_at, replaced_by) {
        (None, _) => Ok(()),
        (Some(_), Some(id)) => Err(Failure::Replaced(id)),
        (Some(_), None) => Err(Refusal::new(Code::Retired).into()),
    }
}

/// What left the directory is not written over, whatever stands for it.
///
/// # Errors
/// The refusal `Retired`.
pub fn may_change((retired_at, _): Retired) -> Result<(), Refusal> {
    if retired_at.is_some() { Err(Refusal::new(Code::Retired)) } else { Ok(()) }
}
