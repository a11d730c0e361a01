//! Hears that somebody wrote, in this process or another: NOTIFY on PostgreSQL, `PRAGMA data_version` on SQLite.
//! A connection of its own, kept for as long as the watch lives. It may miss a wake-up when its connection breaks: a
//! reader of the change log looks at the head now and then all the same.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::changes::CHANNEL;
use super::{Conn, Error, Store};

pub struct Watch {
    conn: Conn,
    /// SQLite's number of what other connections committed.
    data_version: i64,
}

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    data_version: i64,
}

impl Watch {
    pub fn open(store: &Store) -> Result<Self, Error> {
        let mut conn = Conn::open(store.url()).map_err(|error| Error::Unavailable(error.to_string()))?;
        match &mut conn {
            Conn::Postgres(c) => c.batch_execute(&format!("LISTEN {CHANNEL}"))?,
            Conn::Sqlite(c) => c.batch_execute("PRAGMA busy_timeout = 1000")?,
        }
        let mut watch = Self { conn, data_version: 0 };
        watch.changed()?;
        Ok(watch)
    }

    /// Whether anything was committed since it was last asked. Never waits.
    pub fn changed(&mut self) -> Result<bool, Error> {
        match &mut self.conn {
            Conn::Postgres(c) => {
                let mut heard = false;
                for notification in c.notifications_iter() {
                    notification?;
                    heard = true;
                }
                Ok(heard)
            }
            Conn::Sqlite(c) => {
                let now: DataVersion = diesel::sql_query("PRAGMA data_version").get_result(c)?;
                Ok(std::mem::replace(&mut self.data_version, now.data_version) != now.data_version)
            }
        }
    }
}
