//! Something broke in the store. Knows nothing of HTTP; `api/problem.rs` maps it.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Every connection stayed taken for the whole bounded wait, or the writer's lock did.
    #[error("the database is busy")]
    Busy,
    /// A deadlock or a serialisation failure: the same transaction may well succeed when run again.
    #[error("the transaction must be run again")]
    Retry,
    /// The database cannot be reached.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A row that must be unique is there already.
    #[error("a constraint said no: {0}")]
    Conflict(String),
    /// The row that another refers to is not there.
    #[error("a reference leads nowhere: {0}")]
    Dangling(String),
    /// The row was changed by somebody else since it was read.
    #[error("the version is stale")]
    Stale,
    /// No such row for this viewer.
    #[error("not found")]
    NotFound,
    /// The disk is full: nothing was written.
    #[error("no space left for the database")]
    Full,
    #[error("the database failed: {0}")]
    Database(String),
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match error {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(Kind::UniqueViolation, info) => Self::Conflict(info.message().to_owned()),
            Diesel::DatabaseError(Kind::ForeignKeyViolation, info) => Self::Dangling(info.message().to_owned()),
            Diesel::DatabaseError(Kind::CheckViolation | Kind::NotNullViolation, info) => {
                Self::Database(info.message().to_owned())
            }
            Diesel::DatabaseError(Kind::SerializationFailure, _) => Self::Retry,
            Diesel::DatabaseError(Kind::ClosedConnection, info) => Self::Unavailable(info.message().to_owned()),
            Diesel::DatabaseError(_, info) => from_message(info.message()),
            Diesel::DeserializationError(error) => Self::Corrupt(error.to_string()),
            other => Self::Database(other.to_string()),
        }
    }
}

/// SQLite and PostgreSQL say these only in words.
fn from_message(message: &str) -> Error {
    let busy = ["database is locked", "database table is locked", "lock timeout", "statement timeout"];
    let gone = ["server closed the connection", "no connection to the server", "terminating connection"];
    if message.contains("deadlock detected") {
        Error::Retry
    } else if busy.iter().any(|words| message.contains(words)) {
        Error::Busy
    } else if gone.iter().any(|words| message.contains(words)) {
        Error::Unavailable(message.to_owned())
    } else if message.contains("database or disk is full") || message.contains("No space left on device") {
        Error::Full
    } else {
        Error::Database(message.to_owned())
    }
}
