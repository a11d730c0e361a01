//! What a person may do: authorise, decide, one transaction, effects to the outbox. Synchronous, over a store.
//! Knows no request and no page.

use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::ExposeSecret;

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::freshness::Rules;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Viewer};
use crate::id::{Id, Ids};
use crate::road::Router;
use crate::seal;
use crate::seal::identity::KeyEncryptionKeys;
use crate::seal::tokens::Signer;
use crate::search::{self as engine, Index};
use crate::store::conn::AsStoreError;
use crate::store::keys::KeyStore;
use crate::store::{self, Store};

pub mod accounts;
// -- territories
pub mod territories;
// -- directory
pub mod authority;
pub mod capacities;
pub mod claims;
pub mod duplicates;
pub mod edits;
pub mod error_reports;
pub mod exports;
pub mod feeds;
pub mod freshness;
pub mod guide;
pub mod history;
pub mod hsds;
mod import_missing;
mod import_plan;
pub mod imports;
pub mod list_memory;
pub mod locations;
pub mod merges;
pub mod organizations;
pub mod placing;
pub mod queues;
pub mod records;
pub mod services;
pub mod sources;
// -- search
pub mod check;
pub mod demand;
pub mod index;
pub mod matching;
pub mod road;
pub mod saved_lists;
pub mod saved_searches;
pub mod search;
pub mod suggest;
// -- families
pub mod consents;
pub mod families;
pub mod follow_ups;
pub mod needs;
// -- referrals
pub mod answers;
pub mod idempotency;
pub mod referral_moves;
pub mod referrals;
// -- reports
pub mod reports;

/// Everything that an action needs and does not make itself.
pub struct Deps {
    pub config: Config,
    pub clock: Clock,
    pub ids: Ids,
    pub store: Store,
    pub signer: Signer,
    pub key_encryption: KeyEncryptionKeys,
    ready: AtomicBool,
    // -- territories
    gazetteer: std::sync::OnceLock<crate::domain::territory::Gazetteer>,
    // -- directory
    pub lists: list_memory::ListMemory,
    // -- search
    index: std::sync::OnceLock<Index>,
    pub demand: demand::DemandMemory,
    /// Who is asked for distances by road, where the operator has somebody.
    pub router: Option<Router>,
    // -- families
    /// The keys of families, in a database of their own.
    pub keys: KeyStore,
}

/// Why an action did not happen: a rule said no, or something broke.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Seal(#[from] seal::identity::Error),
    #[error(transparent)]
    Search(#[from] engine::Error),
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The record left the directory, and another stands for it.
    #[error("replaced by {0}")]
    Replaced(Id),
    /// So much of it was said lately that more is not taken for this long, in seconds.
    #[error("not before {0} s")]
    TooSoon(u64),
    /// The change that the caller wants to read is not in the index yet.
    #[error("the search index has not received that change yet")]
    IndexBehind,
    #[error("{0}: {1}")]
    File(std::path::PathBuf, std::io::Error),
}

impl AsStoreError for Failure {
    fn as_store_error(&self) -> Option<&store::Error> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_)
            | Self::Seal(_)
            | Self::Search(_)
            | Self::Index(_)
            | Self::Replaced(_)
            | Self::TooSoon(_)
            | Self::IndexBehind
            | Self::File(..) => None,
        }
    }
}

pub type Outcome<T> = Result<T, Failure>;

impl Deps {
    /// Opens what does not need the database to answer. `prepare` does the rest.
    pub fn open(config: Config, clock: Clock, ids: Ids) -> Outcome<Self> {
        let data_dir = config.data_dir.clone();
        make_private_directory(&data_dir).map_err(|error| Failure::File(data_dir.clone(), error))?;
        let key_encryption = match &config.master_key {
            Some(key) => KeyEncryptionKeys::parse(1, key.expose_secret().as_bytes())?,
            None => {
                let path = data_dir.join("master.key");
                let bytes = seal::tokens::read_or_make_master_key(&path).map_err(|error| Failure::File(path, error))?;
                KeyEncryptionKeys::parse(1, &bytes)?
            }
        };
        let settings = |url: String| store::Settings {
            url,
            connections_max: config.limits.database_connections_max,
            connection_wait_ms: config.limits.database_connection_wait_ms,
            lock_wait_ms: config.limits.database_lock_wait_ms,
            statement_ms: config.limits.database_statement_ms,
            review_months: config.freshness.months_default,
        };
        let store = Store::open(&settings(config.database_url()))?;
        let keys = KeyStore::open(&settings(config.keys_database_url()), key_encryption.clone())?;
        let signer = Signer::new(&key_encryption)?;
        let (ready, index) = (AtomicBool::new(false), std::sync::OnceLock::new());
        let (gazetteer, lists) = (std::sync::OnceLock::new(), list_memory::ListMemory::default());
        let (demand, router) = (demand::DemandMemory::default(), Router::of(&config.router));
        Ok(Self {
            config,
            clock,
            ids,
            store,
            signer,
            key_encryption,
            ready,
            gazetteer,
            lists,
            index,
            demand,
            router,
            keys,
        })
    }

    /// Brings the database up to date: schema, territories, index. Safe to run again, and on several nodes at once.
    pub fn prepare(&self) -> Outcome<()> {
        self.store.migrate(&self.ids, self.clock.now())?;
        // -- territories
        self.prepare_territories()?;
        // -- families
        self.keys.prepare(self.clock.now())?;
        // -- search
        self.ready.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// What the operator decided about records that nobody confirms.
    pub fn freshness_rules(&self) -> Rules {
        let settings = &self.config.freshness;
        Rules { hides: settings.hide, hide_overdue_days: settings.hide_overdue_days }
    }

    /// Whether `prepare` has succeeded and the search index of this node is open.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst) && self.index.get().is_some()
    }
}

/// A directory that its owner alone may enter: what lies in it opens files of families. One that exists is left as the
/// operator made it.
fn make_private_directory(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// The account behind a viewer, for what only a signed-in person may do.
pub fn signed_in(viewer: &Viewer) -> Result<&AccountViewer, Refusal> {
    viewer.account().ok_or_else(|| Refusal::new(Code::Unauthenticated))
}
