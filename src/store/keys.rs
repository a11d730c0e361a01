//! The store of keys: one wrapped data key a family, in a database of its own, apart from what the keys open. A key
//! that was destroyed leaves a row without a key, which keeps it from being made again, whatever backup of the data
//! comes back.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rand::rngs::OsRng;

use super::conn::{Backend, Conn, Settings, Store};
use super::error::Error;
use super::types::{Guid, Instant};
use crate::clock::Time;
use crate::each_backend;
use crate::id::Id;
use crate::seal::identity::{DataKey, KeyEncryptionKeys, WrappedKey};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/keys/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/keys/sqlite");

/// The version of a family's first key. A later one would seal everything of the family anew.
const FIRST_KEY_VERSION: i32 = 1;
/// The key that proves the master key.
const NO_FAMILY: Id = Id(uuid::Uuid::nil());
/// Connections that read keys.
const CONNECTIONS_MAX: u32 = 4;

diesel::table! {
    use diesel::sql_types::*;
    use super::{Guid, Instant};
    family_key (family_id) {
        family_id -> Guid,
        key_version -> Integer,
        wrapped_by_version -> Nullable<Integer>,
        wrapped -> Nullable<Text>,
        created_at -> Instant,
        destroyed_at -> Nullable<Instant>,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = family_key, treat_none_as_default_value = false)]
struct FamilyKeyRow {
    family_id: Id,
    key_version: i32,
    wrapped_by_version: Option<i32>,
    wrapped: Option<String>,
    created_at: Time,
    destroyed_at: Option<Time>,
}

/// The key of a family, opened, with its version.
#[derive(Debug)]
pub struct FamilyKey {
    pub key: DataKey,
    pub version: i32,
}

#[derive(Clone)]
pub struct KeyStore {
    store: Store,
    keys: KeyEncryptionKeys,
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyStore(..)")
    }
}

impl KeyStore {
    /// Opens the pool. Does not need the database to be up; `prepare` does.
    pub fn open(settings: &Settings, keys: KeyEncryptionKeys) -> Result<Self, Error> {
        let settings = Settings { connections_max: settings.connections_max.min(CONNECTIONS_MAX), ..settings.clone() };
        Ok(Self { store: Store::open(&settings)?, keys })
    }

    /// Brings the schema of keys up to date. A PostgreSQL database that is not there yet is made.
    /// One key belongs to no family: if the master key does not open it, it is not the one of these data, and nothing
    /// may be sealed with it.
    pub fn prepare(&self, now: Time) -> Result<(), Error> {
        if self.store.backend() == Backend::Postgres {
            make_database(self.store.url())?;
        }
        self.store.read(migrate)?;
        let wrong = "the master key is not the one that the keys of these data were wrapped with";
        self.get_or_make(NO_FAMILY, now).map(|_| ()).map_err(|error| match error {
            Error::Corrupt(_) => Error::Corrupt(wrong.to_owned()),
            other => other,
        })
    }

    /// The key of a family, made when it has none; none when it was destroyed.
    pub fn get_or_make(&self, family_id: Id, now: Time) -> Result<Option<FamilyKey>, Error> {
        if let Some(row) = self.store.read(|conn| find_row(conn, family_id))? {
            return self.unwrap(&row);
        }
        let wrapped = DataKey::generate(&mut OsRng).wrap(&self.keys, family_id, &mut OsRng).map_err(corrupt)?;
        let row = FamilyKeyRow {
            family_id,
            key_version: FIRST_KEY_VERSION,
            wrapped_by_version: Some(wrapped.wrapped_by_version),
            wrapped: Some(wrapped.wrapped),
            created_at: now,
            destroyed_at: None,
        };
        let written = self.store.write(now, |tx| {
            each_backend!(&mut **tx, |c| diesel::insert_into(family_key::table)
                .values(&row)
                .on_conflict(family_key::family_id)
                .do_nothing()
                .execute(c))?;
            // Somebody else may have been first: the key that is kept is the one that counts.
            find_row(tx, family_id)?.ok_or(Error::NotFound)
        })?;
        self.unwrap(&written.value)
    }

    /// The key of a family, if it has one.
    pub fn find(&self, family_id: Id) -> Result<Option<FamilyKey>, Error> {
        match self.store.read(|conn| find_row(conn, family_id))? {
            Some(row) => self.unwrap(&row),
            None => Ok(None),
        }
    }

    /// Destroys the key of a family for good: what it sealed opens no more, in the data or in any backup of them.
    pub fn destroy(&self, family_id: Id, now: Time) -> Result<(), Error> {
        let tombstone = FamilyKeyRow {
            family_id,
            key_version: FIRST_KEY_VERSION,
            wrapped_by_version: None,
            wrapped: None,
            created_at: now,
            destroyed_at: Some(now),
        };
        let nothing = (
            family_key::wrapped.eq(None::<String>),
            family_key::wrapped_by_version.eq(None::<i32>),
            family_key::destroyed_at.eq(Some(now)),
        );
        self.store.write(now, |tx| {
            each_backend!(&mut **tx, |c| diesel::insert_into(family_key::table)
                .values(&tombstone)
                .on_conflict(family_key::family_id)
                .do_update()
                .set(nothing.clone())
                .execute(c))?;
            Ok::<_, Error>(())
        })?;
        Ok(())
    }

    fn unwrap(&self, row: &FamilyKeyRow) -> Result<Option<FamilyKey>, Error> {
        let (Some(wrapped), Some(wrapped_by_version)) = (row.wrapped.clone(), row.wrapped_by_version) else {
            return Ok(None);
        };
        let wrapped = WrappedKey { wrapped_by_version, wrapped };
        let key = DataKey::unwrap_from(&wrapped, &self.keys, row.family_id).map_err(corrupt)?;
        Ok(Some(FamilyKey { key, version: row.key_version }))
    }
}

fn find_row(conn: &mut Conn, family_id: Id) -> Result<Option<FamilyKeyRow>, Error> {
    Ok(family_key::table.find(family_id).select(FamilyKeyRow::as_select()).first(conn).optional()?)
}

fn corrupt(error: crate::seal::identity::Error) -> Error {
    Error::Corrupt(error.to_string())
}

fn migrate(conn: &mut Conn) -> Result<(), Error> {
    use diesel::connection::SimpleConnection;
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| Error::Database(error.to_string());
    match conn {
        Conn::Postgres(c) => {
            c.batch_execute("SELECT pg_advisory_lock(7273657)")?;
            let ran = c.run_pending_migrations(POSTGRES).map(|_| ()).map_err(broken);
            c.batch_execute("SELECT pg_advisory_unlock(7273657)")?;
            ran
        }
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|_| ()).map_err(broken),
    }
}

/// Makes the PostgreSQL database that a URL names, from the server's `postgres` database, unless it can be reached.
fn make_database(keys_url: &str) -> Result<(), Error> {
    let Err(reason) = Conn::open(keys_url) else { return Ok(()) };
    let unavailable = |reason: String| Error::Unavailable(reason);
    if !reason.to_string().contains("does not exist") {
        return Err(unavailable(reason.to_string()));
    }
    let mut server = url::Url::parse(keys_url).map_err(|error| unavailable(error.to_string()))?;
    let name = server.path().trim_start_matches('/').replace('"', "");
    server.set_path("/postgres");
    let mut conn = Conn::open(server.as_str()).map_err(|error| unavailable(error.to_string()))?;
    match diesel::sql_query(format!("CREATE DATABASE \"{name}\"")).execute(&mut conn) {
        Ok(_) => Ok(()),
        // Another node made it at the same moment.
        Err(error) if Conn::open(keys_url).is_err() => Err(error.into()),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::identity::{Place, open, seal};

    fn store(dir: &std::path::Path, key: u8) -> KeyStore {
        let url = format!("sqlite:{}", dir.join("keys.db").display());
        KeyStore::open(&Settings::new(url), KeyEncryptionKeys::new(1, [key; 32])).unwrap()
    }

    #[test]
    fn a_family_keeps_its_key_and_a_destroyed_one_is_never_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let keys = store(dir.path(), 1);
        keys.prepare(Time::from_micros(1)).unwrap();
        let (family_id, now) = (Id::from_words(&["family"]), Time::from_micros(1));
        assert!(keys.find(family_id).unwrap().is_none());
        let first = keys.get_or_make(family_id, now).unwrap().unwrap();
        let place = Place { family_id, table: "identity", column: "sealed", key_version: first.version };
        let sealed = seal(&first.key, place, b"Marie", &mut OsRng).unwrap();
        let again = store(dir.path(), 1).get_or_make(family_id, now).unwrap().unwrap();
        assert_eq!(open(&again.key, place, &sealed).unwrap().as_slice(), b"Marie");

        keys.destroy(family_id, now).unwrap();
        assert!(keys.find(family_id).unwrap().is_none());
        assert!(keys.get_or_make(family_id, now).unwrap().is_none());
        let never_had_one = Id::from_words(&["other"]);
        keys.destroy(never_had_one, now).unwrap();
        assert!(keys.get_or_make(never_had_one, now).unwrap().is_none());
    }

    #[test]
    fn another_master_key_opens_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let family_id = Id::from_words(&["family"]);
        let (keys, others) = (store(dir.path(), 1), store(dir.path(), 2));
        keys.prepare(Time::from_micros(1)).unwrap();
        keys.get_or_make(family_id, Time::from_micros(1)).unwrap();
        assert!(matches!(others.find(family_id), Err(Error::Corrupt(_))));
        assert!(matches!(others.prepare(Time::from_micros(2)), Err(Error::Corrupt(_))), "refused before it seals");
    }
}
