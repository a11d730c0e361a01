//! The only diesel. What was said and by whom, kept on SQLite or PostgreSQL by one code base.
//! Knows nothing of HTTP, of rules that refuse, or of the search index.

pub mod accounts;
pub mod changes;
pub mod conn;
pub mod error;
pub mod outbox;
pub mod refresh_tokens;
pub mod schema;
pub mod types;
// -- territories
pub mod territories;
// -- directory
pub mod capacities;
pub mod duplicates;
pub mod freshness;
pub mod lists;
pub mod locations;
pub mod merges;
pub mod organizations;
pub mod record_links;
pub mod services;
pub mod sources;
pub mod taxonomies;
// -- history
pub mod authority;
pub mod claims;
pub mod edits;
pub mod error_reports;
pub mod metadata;
// -- search
pub mod saved_lists;
pub mod saved_searches;
pub mod watch;
// -- families
pub mod consents;
pub mod families;
pub mod follow_ups;
pub mod identities;
pub mod keys;
pub mod needs;
// -- referrals
pub mod idempotency;
pub mod referral_links;
pub mod referrals;
// -- reports
pub mod demand;
pub mod reports;

pub use conn::{Backend, Conn, Settings, Store, Tx, Written};
pub use error::Error;

use crate::id::Id;

/// The one network of an installation. Every personal table carries it, so that more can share a database later.
pub const DEFAULT_NETWORK: Id = Id(uuid::Uuid::from_u128(1));
