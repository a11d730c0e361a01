//! `relais generate`: fictitious data of any size, drawn from a seed, in an empty database.

use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{DataArgs, say, terminal_lang};
use crate::actions::Deps;
use crate::domain::language::Lang;
use crate::sample::generate::{Made, Size, generate};
use crate::store::changes;

pub const SEED_DEFAULT: u64 = 1;
const SERVICES_MAX: i64 = 1_000_000;
const FAMILIES_MAX: i64 = 1_000_000;

#[derive(Args, Clone)]
pub struct GenerateArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Services à inventer / Services to make up
    #[arg(long, value_name = "N", default_value_t = 2_500, value_parser = count_up_to(SERVICES_MAX))]
    services: u32,
    /// Familles à inventer / Families to make up
    #[arg(long, value_name = "N", default_value_t = 5_305, value_parser = count_up_to(FAMILIES_MAX))]
    families: u32,
    /// La même graine et le même jour donnent les mêmes données / The same seed and day give the same data
    #[arg(long, value_name = "S", default_value_t = SEED_DEFAULT)]
    seed: u64,
}

fn count_up_to(max: i64) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=max)
}

pub fn run(args: &GenerateArgs) -> Result<ExitCode, String> {
    let deps = args.data.open()?;
    let started = Instant::now();
    let size = Size { services: args.services as usize, families: args.families as usize };
    let made = fill(&deps, size, args.seed)?;
    say(&format!("{} ({:.1} s)", sentence(&made), started.elapsed().as_secs_f64()))?;
    Ok(ExitCode::SUCCESS)
}

/// Fills a database that has nothing in it; refuses one that has.
pub fn fill(deps: &Deps, size: Size, seed: u64) -> Result<Made, String> {
    if !holds_nothing(deps)? {
        return Err(match terminal_lang() {
            Lang::Fr => "la base contient déjà des données: prenez un dossier vide (--data-dir)".to_owned(),
            Lang::En => "the database already holds data: take an empty folder (--data-dir)".to_owned(),
        });
    }
    generate(&deps.store, size, seed, deps.clock.now()).map_err(|error| error.to_string())
}

/// Whether the database has no organisation, account, family or service.
pub fn holds_nothing(deps: &Deps) -> Result<bool, String> {
    deps.store.read(changes::holds_nothing).map_err(|error| error.to_string())
}

pub fn sentence(made: &Made) -> String {
    let Made { organizations, services, families, needs, referrals } = made;
    match terminal_lang() {
        Lang::Fr => format!(
            "{services} services de {organizations} organismes, {families} familles, {needs} besoins, \
             {referrals} références: tout est fictif"
        ),
        Lang::En => format!(
            "{services} services of {organizations} organisations, {families} families, {needs} needs, \
             {referrals} referrals: all fictitious"
        ),
    }
}
