//! A whole demo of any size: the directory, its accounts, and a history behind it.

use chrono::{Days, NaiveDate};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::accounts::{self, of_each_role};
use super::directory::{self, Drawn};
use super::geography::municipalities;
use super::history::{self, Carrier, History};
use super::{id_of, origin, write_directory};
use crate::clock::Time;
use crate::domain::directory::{Organization, OrganizationDocument};
use crate::domain::language::Text;
use crate::domain::month::{Month, local_day};
use crate::domain::viewer::Role;
use crate::store::accounts::{AccountRow, MembershipRow, insert, insert_memberships};
use crate::store::{self, DEFAULT_NETWORK, Store};

/// The pilot had fifty organisations for 5,305 families.
const CARRIERS: usize = 50;
const FAMILIES_EACH: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub services: usize,
    pub families: usize,
}

impl Size {
    /// About the size of the pilot.
    pub const DEMO: Self = Self { services: 2_500, families: 5_305 };
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    pub organizations: usize,
    pub services: usize,
    pub families: usize,
    pub needs: usize,
    pub referrals: usize,
}

/// Draws everything from a seed and a day, and writes it in two transactions. The caller sees to it that
/// the database has nothing in it: whatever is there is marked as fictitious.
///
/// # Errors
/// `Conflict` when the same seed was written here before.
pub fn generate(store: &Store, size: Size, seed: u64, now: Time) -> Result<Made, store::Error> {
    let today = local_day(now);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let carriers = CARRIERS.min(size.families.div_ceil(FAMILIES_EACH)).max(1);
    let enrolled_on = enrolment_day(today);
    let mut drawn = directory::draw(size.services, carriers, enrolled_on, &mut rng, now);
    let network = network_organization(now);
    let (worker, partner) = homes_of_accounts(&drawn, carriers);
    let staff: Vec<Carrier> = (0..carriers)
        .map(|index| Carrier {
            organization_id: drawn.directory.organizations[index].id,
            account_id: if index == worker { id_of("account", "worker") } else { id_of("account", &staff_name(index)) },
            place: drawn.places[index],
        })
        .collect();
    let history = history::draw(size.families, &drawn, &staff, today, seed, &mut rng);
    let demo =
        of_each_role(drawn.directory.organizations[worker].id, drawn.directory.organizations[partner].id, network.id);
    let made = count(&drawn, &history);
    drawn.directory.organizations.push(network);
    store.write(now, |tx| {
        write_directory(tx, &drawn.directory)?;
        accounts::write(tx, &demo, now)?;
        let others: Vec<(usize, &Carrier)> = staff.iter().enumerate().filter(|(index, _)| *index != worker).collect();
        insert(tx, &others.iter().map(|(index, one)| account_row(*index, one, now)).collect::<Vec<_>>())?;
        insert_memberships(tx, &others.iter().map(|(_, one)| membership_row(one)).collect::<Vec<_>>())
    })?;
    store.write(now, |tx| history.write(tx))?;
    Ok(made)
}

fn count(drawn: &Drawn, history: &History) -> Made {
    Made {
        organizations: drawn.directory.organizations.len(),
        services: drawn.directory.services.len(),
        families: history.families.len(),
        needs: history.needs.len(),
        referrals: history.referrals.len(),
    }
}

/// Enrolled a month before the history begins.
fn enrolment_day(today: NaiveDate) -> NaiveDate {
    let first = crate::domain::month::Period::last_before(today).first_day();
    Month::of(first.checked_sub_days(Days::new(1)).unwrap_or(first)).first_day()
}

/// The demo's worker and partner are neighbours in Montérégie where there is somebody there.
fn homes_of_accounts(drawn: &Drawn, carriers: usize) -> (usize, usize) {
    let is_there = |index: &usize| municipalities()[drawn.places[*index]].region == "region:16";
    let worker = (0..carriers).find(is_there).unwrap_or(0);
    let others = carriers..drawn.places.len();
    let partner = others.clone().find(is_there).or_else(|| others.clone().next()).unwrap_or(worker);
    (worker, partner)
}

fn network_organization(now: Time) -> Organization {
    Organization {
        id: id_of("organization", "network"),
        origin: origin("network"),
        name: Text::new("Réseau relais (démonstration)", "Relais network (demonstration)"),
        referral_address: None,
        enrolled_on: None,
        document: OrganizationDocument::default(),
        version: 1,
        updated_at: now,
        retired_at: None,
        replaced_by: None,
    }
}

fn staff_name(index: usize) -> String {
    format!("staff{index:03}")
}

/// The workers of the history: nobody signs in as one of them.
fn account_row(index: usize, carrier: &Carrier, now: Time) -> AccountRow {
    AccountRow {
        id: carrier.account_id,
        network_id: DEFAULT_NETWORK,
        email: format!("{}@demo.relais.example", staff_name(index)),
        display_name: format!("Intervenante {}", index + 1),
        lang: "fr".to_owned(),
        password_hash: None,
        failed_attempts: 0,
        locked_until: None,
        is_demo: true,
        created_at: now,
        disabled_at: None,
    }
}

fn membership_row(carrier: &Carrier) -> MembershipRow {
    MembershipRow { account_id: carrier.account_id, organization_id: carrier.organization_id, role: Role::Worker }
}
