//! The history of a record: which members changed, and what it was at another moment. Knows no table and no format.

use super::words::words;

words! {
    /// What was done to a record of the directory.
    pub enum Action {
        Create => "create",
        Update => "update",
        Retire => "retire",
        Restore => "restore",
        Merge => "merge",
        Undo => "undo",
    }
}
