//! Connections: one enum over both databases, pools with a bounded wait, one kind of writing transaction.

use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{CustomizeConnection, ManageConnection, NopErrorHandler, Pool, R2D2Connection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::changes::{self, Subject};
use super::error::Error;
use crate::clock::Time;
use crate::domain::freshness::REVIEW_MONTHS_DEFAULT;
use crate::id::Id;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// A database that deadlocks or refuses to serialise is asked again this often before the caller hears of it.
const WRITE_ATTEMPTS_MAX: u32 = 5;

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs the same body against whichever real connection is inside: it is type-checked twice, once for each database,
/// so everything that both dialects have (`on_conflict`, batch inserts) is allowed.
#[macro_export]
macro_rules! each_backend {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::conn::Conn::Postgres($c) => $body,
            $crate::store::conn::Conn::Sqlite($c) => $body,
        }
    };
}

/// Inserts rows of one type as fast as the database takes them: by COPY on PostgreSQL, by one statement that stays
/// prepared on SQLite. The columns of the row type are all the columns that are written.
#[macro_export]
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let rows = $rows;
        match $conn {
            $crate::store::conn::Conn::Postgres(c) if rows.len() >= $crate::store::conn::COPIED_ROWS_MIN => {
                diesel::copy_from($table).from_insertable(rows).execute(c).map(drop)
            }
            $crate::store::conn::Conn::Postgres(c) => diesel::insert_into($table).values(rows).execute(c).map(drop),
            $crate::store::conn::Conn::Sqlite(c) => {
                rows.iter().try_for_each(|row| diesel::insert_into($table).values(row).execute(c).map(drop))
            }
        }
    }};
}

/// SQLite's pages that a connection keeps in memory. The one writer has more: an import touches the leaves of every
/// index in no order.
const READER_CACHE_KIB: u32 = 16_000;
const WRITER_CACHE_KIB: u32 = 64_000;

/// Pages of SQLite's log before it is written back. A transaction of an import is as many: with fewer, each would write
/// the same leaves back again.
const WAL_PAGES_MAX: u32 = 8_000;

/// Milliseconds since the head of the change log was last looked at, after which this process no longer knows whether
/// others wrote. Whoever follows the log looks every second at the latest.
const LISTENING_MS_MAX: u64 = 2_500;

/// Fewer rows than these are not worth the round trips of a COPY.
pub const COPIED_ROWS_MIN: usize = 16;

/// Which database a URL names. Anything else than the two plain schemes is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Postgres,
    Sqlite,
}

impl Backend {
    pub fn of(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres)
        } else if url.starts_with("sqlite:") {
            Ok(Self::Sqlite)
        } else {
            Err(Error::Unavailable("the database URL must begin with postgres:// or sqlite:".to_owned()))
        }
    }
}

impl Conn {
    /// Picks the database by the URL's scheme. The derive's own `establish` tries each database in turn, so that a
    /// PostgreSQL that is down would silently become a SQLite file of that name.
    pub fn open(url: &str) -> ConnectionResult<Self> {
        match Backend::of(url) {
            Ok(Backend::Postgres) => PgConnection::establish(url).map(Conn::Postgres),
            Ok(Backend::Sqlite) => {
                let path = url.trim_start_matches("sqlite:");
                let path = path.strip_prefix("//").unwrap_or(path);
                SqliteConnection::establish(path).map(Conn::Sqlite)
            }
            Err(error) => Err(ConnectionError::InvalidConnectionUrl(error.to_string())),
        }
    }

    pub fn backend(&self) -> Backend {
        match self {
            Self::Postgres(_) => Backend::Postgres,
            Self::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Brings the schema up to date; gives how many migrations ran. On PostgreSQL an advisory lock keeps two nodes
    /// that start together from running the same one.
    pub fn migrate(&mut self) -> Result<usize, Error> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| Error::Database(error.to_string());
        match self {
            Conn::Postgres(c) => {
                c.batch_execute("SELECT pg_advisory_lock(7273656)")?;
                let ran = c.run_pending_migrations(POSTGRES).map(|ran| ran.len()).map_err(broken);
                c.batch_execute("SELECT pg_advisory_unlock(7273656)")?;
                ran
            }
            Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|ran| ran.len()).map_err(broken),
        }
    }

    fn begin(&mut self) -> QueryResult<()> {
        match self {
            Conn::Postgres(c) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL READ COMMITTED")
            }
            // The write lock at once: a deferred transaction that reads first and then writes fails without waiting.
            Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        }
    }
    fn commit(&mut self) -> QueryResult<()> {
        match self {
            Conn::Postgres(c) => AnsiTransactionManager::commit_transaction(c),
            Conn::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        }
    }
    fn rollback(&mut self) {
        // A rollback that fails leaves the connection broken; the pool drops it.
        let _ = match self {
            Conn::Postgres(c) => AnsiTransactionManager::rollback_transaction(c),
            Conn::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
        };
    }
}

/// A transaction that writes. It is a connection, and it remembers which records of the directory it changed: their
/// numbers in the change log are taken at the very end, so that numbers follow the order of commits.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    now: Time,
    changed: Vec<(Subject, Id)>,
    known_changed: HashSet<(Subject, Id)>,
    review_months: u32,
}

impl Tx<'_> {
    /// The rhythm of a service that has none of its own, in months.
    pub(super) fn review_months(&self) -> u32 {
        self.review_months
    }
    /// The moment that the caller gave to this transaction.
    pub fn now(&self) -> Time {
        self.now
    }
    /// Says that a record of the directory is not what it was: one row in the change log.
    pub fn changed(&mut self, subject: Subject, id: Id) {
        if self.known_changed.insert((subject, id)) {
            self.changed.push((subject, id));
        }
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}
impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

/// What a write gave, and the number of its last change of the directory (0: it changed nothing there).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<T> {
    pub value: T,
    pub change: i64,
}

struct Manager {
    url: String,
}
impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;
    fn connect(&self) -> Result<Conn, Self::Error> {
        Conn::open(&self.url).map_err(diesel::r2d2::Error::ConnectionError)
    }
    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }
    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

#[derive(Debug)]
struct Session {
    lock_wait_ms: u64,
    statement_ms: u64,
    cache_kib: u32,
}
impl CustomizeConnection<Conn, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        let (lock, statement, cache) = (self.lock_wait_ms, self.statement_ms, self.cache_kib);
        match conn {
            Conn::Sqlite(c) => c.batch_execute(&format!(
                "PRAGMA busy_timeout = {lock}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache}; \
                 PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX};"
            )),
            Conn::Postgres(c) => c.batch_execute(&format!(
                "SET TIME ZONE 'UTC'; SET statement_timeout = '{statement}ms'; SET lock_timeout = '{lock}ms';"
            )),
        }
        .map_err(diesel::r2d2::Error::QueryError)
    }
}

/// How the store reaches its database. Each limit is named with its unit.
#[derive(Debug, Clone)]
pub struct Settings {
    pub url: String,
    /// Connections that read (SQLite has one more, that writes).
    pub connections_max: u32,
    /// How long a request waits for a connection before it hears that the database is busy.
    pub connection_wait_ms: u64,
    pub lock_wait_ms: u64,
    pub statement_ms: u64,
    /// The rhythm in which services are confirmed that have none of their own, in months.
    pub review_months: u32,
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections_max: 8,
            connection_wait_ms: 5_000,
            lock_wait_ms: 10_000,
            statement_ms: 60_000,
            review_months: REVIEW_MONTHS_DEFAULT,
        }
    }
}

#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    url: String,
    backend: Backend,
    readers: Pool<Manager>,
    /// SQLite has one writer: who waits for it waits here, in order, and not in the database's busy loop.
    writer: Option<Pool<Manager>>,
    review_months: u32,
    /// The highest number of the change log that this process knows of.
    change_heard: AtomicI64,
    opened: Instant,
    /// When the head of the log was last looked at, in milliseconds after `opened`; 0 before the first time.
    looked_at_ms: AtomicU64,
}

impl Store {
    /// Opens the pools. Does not migrate, and does not need the database to be up: readiness tells.
    pub fn open(settings: &Settings) -> Result<Self, Error> {
        let backend = Backend::of(&settings.url)?;
        let pool = |size: u32, cache_kib: u32| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .test_on_check_out(backend == Backend::Postgres)
                .connection_timeout(Duration::from_millis(settings.connection_wait_ms))
                // What fails is told to the caller, who knows whether it is worth a line in the log.
                .error_handler(Box::new(NopErrorHandler))
                .connection_customizer(Box::new(Session {
                    lock_wait_ms: settings.lock_wait_ms,
                    statement_ms: settings.statement_ms,
                    cache_kib,
                }))
                .build_unchecked(Manager { url: settings.url.clone() })
        };
        let writer = (backend == Backend::Sqlite).then(|| pool(1, WRITER_CACHE_KIB));
        let readers = pool(settings.connections_max, READER_CACHE_KIB);
        let review_months = settings.review_months;
        let (change_heard, opened, looked_at_ms) = (AtomicI64::new(0), Instant::now(), AtomicU64::new(0));
        let url = settings.url.clone();
        Ok(Self(Arc::new(Inner { url, backend, readers, writer, review_months, change_heard, opened, looked_at_ms })))
    }

    pub fn backend(&self) -> Backend {
        self.0.backend
    }

    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The number of the last change of the directory that this process made or heard of. What was read after asking
    /// is no older than this; what was kept under another number may be. `None` while nobody in this process listens to
    /// the log, or nobody had the time to for [`LISTENING_MS_MAX`].
    pub fn change_heard(&self) -> Option<i64> {
        let looked_at_ms = self.0.looked_at_ms.load(Ordering::SeqCst);
        let is_listening = looked_at_ms > 0 && self.opened_ms().saturating_sub(looked_at_ms) <= LISTENING_MS_MAX;
        is_listening.then(|| self.0.change_heard.load(Ordering::SeqCst))
    }

    /// The log was looked at, and this is its head: other processes wrote up to this number.
    pub fn hear_of_head(&self, n: i64) {
        self.hear_of_change(n);
        self.0.looked_at_ms.store(self.opened_ms(), Ordering::SeqCst);
    }

    fn hear_of_change(&self, n: i64) {
        self.0.change_heard.fetch_max(n, Ordering::SeqCst);
    }

    fn opened_ms(&self) -> u64 {
        u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// Brings the schema up to date and makes sure that the change log has its head.
    pub fn migrate(&self, ids: &crate::id::Ids, now: Time) -> Result<usize, Error> {
        let mut conn = self.writing_connection()?;
        let ran = conn.migrate()?;
        drop(conn);
        self.write(now, |tx| changes::begin_log(tx, ids.new_id(now)))?;
        Ok(ran)
    }

    /// Answers `Ok` when the database does.
    pub fn ping(&self) -> Result<(), Error> {
        let mut conn = self.connection(&self.0.readers)?;
        conn.ping().map_err(Error::from)
    }

    pub fn read<T, E: From<Error>>(&self, body: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        let mut conn = self.connection(&self.0.readers)?;
        body(&mut conn)
    }

    /// One transaction that writes. The rows of the change log are its last statements. A deadlock or a
    /// serialisation failure runs the body again, a bounded number of times: the body must only touch the database.
    pub fn write<T, E>(&self, now: Time, mut body: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<Written<T>, E>
    where
        E: From<Error> + AsStoreError,
    {
        let mut attempt = 1;
        loop {
            let outcome = self.write_once(now, &mut body);
            match outcome {
                Err(error) if attempt < WRITE_ATTEMPTS_MAX && error.is_worth_another_try() => attempt += 1,
                other => return other,
            }
        }
    }

    fn write_once<T, E: From<Error>>(
        &self,
        now: Time,
        body: &mut impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Written<T>, E> {
        let mut conn = self.writing_connection()?;
        conn.begin().map_err(Error::from)?;
        let mut tx = Tx {
            conn: &mut conn,
            now,
            changed: Vec::new(),
            known_changed: HashSet::new(),
            review_months: self.0.review_months,
        };
        let outcome = body(&mut tx).and_then(|value| {
            let changed = std::mem::take(&mut tx.changed);
            let change = changes::append(tx.conn, &changed, now)?;
            Ok(Written { value, change })
        });
        match outcome {
            Ok(written) => {
                conn.commit().map_err(Error::from)?;
                // Before the writer is answered: nobody who knows of the write is shown what was kept before it.
                self.hear_of_change(written.change);
                Ok(written)
            }
            Err(error) => {
                conn.rollback();
                Err(error)
            }
        }
    }

    fn writing_connection(&self) -> Result<diesel::r2d2::PooledConnection<Manager>, Error> {
        self.connection(self.0.writer.as_ref().unwrap_or(&self.0.readers))
    }

    fn connection(&self, pool: &Pool<Manager>) -> Result<diesel::r2d2::PooledConnection<Manager>, Error> {
        pool.get().map_err(|error| {
            let state = pool.state();
            let message = error.to_string();
            // r2d2 adds the last connection error to its time-out: without one, all were taken.
            if state.connections > 0 && message.trim() == "timed out waiting for connection" {
                Error::Busy
            } else {
                Error::Unavailable(message)
            }
        })
    }
}

/// Lets `Store::write` see whether a caller's error is the database asking to be asked again.
pub trait AsStoreError {
    fn as_store_error(&self) -> Option<&Error>;
    fn is_worth_another_try(&self) -> bool {
        matches!(self.as_store_error(), Some(Error::Retry))
    }
}
impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&Error> {
        Some(self)
    }
}
