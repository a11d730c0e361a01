//! The demo's accounts. They share one password that everybody knows, so the store keeps them apart: their sign-in is
//! refused wherever the data are not marked as the demo's.

use std::sync::OnceLock;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::id_of;
use crate::clock::Time;
use crate::domain::language::Lang;
use crate::domain::viewer::Role;
use crate::id::Id;
use crate::seal::passwords;
use crate::store::accounts::{AccountRow, MembershipRow, insert, insert_memberships};
use crate::store::{self, DEFAULT_NETWORK, Tx};

pub const PASSWORD: &str = "relais-demo";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoAccount {
    /// The part before `@demo.relais.example`.
    pub name: &'static str,
    pub display_name: &'static str,
    pub lang: Lang,
    pub organization_id: Id,
    pub role: Role,
}

impl DemoAccount {
    pub fn id(&self) -> Id {
        id_of("account", self.name)
    }
    pub fn email(&self) -> String {
        format!("{}@demo.relais.example", self.name)
    }
}

/// One account of each role: the worker and the partner in the organisations given, the others in the network's.
pub fn of_each_role(worker: Id, partner: Id, network: Id) -> Vec<DemoAccount> {
    let account = |name, display_name, organization_id, role| DemoAccount {
        name,
        display_name,
        lang: Lang::Fr,
        organization_id,
        role,
    };
    vec![
        account("worker", "Alix Travailleuse", worker, Role::Worker),
        account("partner", "Camille Partenaire", partner, Role::Partner),
        account("curator", "Dominique Documentaliste", network, Role::Curator),
        account("table", "Claude Concertation", network, Role::Table),
        account("admin", "Sacha Administration", network, Role::Admin),
    ]
}

/// The hash is made once in a process: it is slow on purpose. Its salt comes from a fixed seed, since the password is
/// public anyway.
fn password_hash() -> Result<&'static str, store::Error> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    let hash = HASH.get_or_init(|| passwords::hash(PASSWORD, &mut ChaCha20Rng::seed_from_u64(5)).ok());
    hash.as_deref().ok_or_else(|| store::Error::Corrupt("the demo password could not be hashed".to_owned()))
}

pub fn write(tx: &mut Tx<'_>, accounts: &[DemoAccount], now: Time) -> Result<(), store::Error> {
    let hash = password_hash()?;
    let rows: Vec<AccountRow> = accounts
        .iter()
        .map(|one| AccountRow {
            id: one.id(),
            network_id: DEFAULT_NETWORK,
            email: one.email(),
            display_name: one.display_name.to_owned(),
            lang: one.lang.as_str().to_owned(),
            password_hash: Some(hash.to_owned()),
            failed_attempts: 0,
            locked_until: None,
            is_demo: true,
            created_at: now,
            disabled_at: None,
        })
        .collect();
    let memberships: Vec<MembershipRow> = accounts
        .iter()
        .map(|one| MembershipRow { account_id: one.id(), organization_id: one.organization_id, role: one.role })
        .collect();
    insert(tx, &rows)?;
    insert_memberships(tx, &memberships)
}
