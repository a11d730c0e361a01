//! Fictitious data: the twenty services that the tests start from, and the generator of the demo's directory and
//! history. Everything is drawn from a seed and a given day; nothing here reads the clock or names a real service.

pub mod accounts;
pub mod directory;
mod facts;
pub mod generate;
pub mod geography;
pub mod history;
pub mod referrals;
pub mod twenty;
pub mod vocations;

use crate::clock::Time;
use crate::domain::directory::{Location, Organization, Origin, Service};
use crate::id::Id;
use crate::store::changes;
use crate::store::{self, Tx, locations, organizations, services};

/// The source of every record that the sample makes.
pub const SOURCE: &str = "sample";

/// A directory ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub organizations: Vec<Organization>,
    pub locations: Vec<Location>,
    pub services: Vec<Service>,
}

/// The id of a record by its kind and key: the same at each run, so that tests and documents may name it.
pub fn id_of(kind: &str, key: &str) -> Id {
    Id::from_words(&[SOURCE, kind, key])
}

fn origin(key: &str) -> Origin {
    Origin { source: SOURCE.to_owned(), key: key.to_owned(), content_hash: String::new() }
}

/// Writes a directory with the addresses that referrals go to, and marks the data as fictitious.
pub fn write_directory(tx: &mut Tx<'_>, directory: &Directory) -> Result<(), store::Error> {
    organizations::insert_many(tx, &directory.organizations)?;
    for one in &directory.organizations {
        if let Some(address) = &one.referral_address {
            organizations::set_referral_address(tx, one.id, Some(address))?;
        }
    }
    locations::insert_many(tx, &directory.locations)?;
    services::insert_many(tx, &directory.services, SOURCE)?;
    changes::set_demo(tx, true)
}

/// Writes the twenty services and the five demo accounts: what the suite of tests starts from.
pub fn write_twenty(tx: &mut Tx<'_>, now: Time) -> Result<(), store::Error> {
    write_directory(tx, &twenty::directory(now))?;
    accounts::write(tx, &twenty::accounts(), now)
}
