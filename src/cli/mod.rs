//! The command line: one file a command. Exit codes: 0 done, 1 refused or failed, 2 the command was not understood.

mod account;
mod serve;
// -- territories
mod territories;
// -- directory
mod duplicates;
mod export;
mod import;
mod sources;
// -- search
mod check;
mod reindex;
// -- families
// -- referrals
// -- reports
mod demo;
mod generate;

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::actions::{Deps, Failure};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Lang;
use crate::id::Ids;
use crate::text::messages;

const AFTER_HELP: &str = "\
Exemples / Examples:
  relais demo                                     tout, en fiction / everything, fictitious
  relais serve --data-dir data --listen 127.0.0.1:8080
  DATABASE_URL=postgres://relais@db/relais relais serve
  relais import garderies.csv --mapping docs/mappings/garderies.toml --dry-run
  relais import dossier-hsds/ --source voisins --dry-run
  relais export --format tabular-zip --output repertoire.zip
  relais import --suggest repertoire.xlsx > carte.toml
  relais import https://api.exemple.example/hsds --source exemple
  relais check --json
  relais reindex --data-dir data

Codes de sortie / Exit codes: 0 fait / done · 1 refusé ou échoué / refused or failed · 2 usage";

#[derive(Parser)]
#[command(name = "relais", version, about = "Réseau de références et répertoire de ressources / Referral network and \
    resource directory", after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Servir l'API et les pages / Serve the API and the pages
    Serve(serve::ServeArgs),
    /// Gérer les comptes / Manage accounts
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Gérer les organismes / Manage organisations
    #[command(subcommand)]
    Organization(account::OrganizationCommand),
    // -- territories
    /// Gérer les territoires / Manage territories
    #[command(subcommand)]
    Territories(territories::TerritoriesCommand),
    // -- directory
    /// Importer un répertoire (HSDS 3, CSV, XLSX ou l'adresse d'une API) / Import a directory (HSDS 3, CSV, XLSX or the
    /// address of an API)
    Import(import::ImportArgs),
    /// Exporter le répertoire (HSDS JSON, NDJSON, tables, XLSX, guide) / Export the directory (HSDS JSON, NDJSON,
    /// tables, XLSX, guide)
    Export(export::ExportArgs),
    /// Montrer les services inscrits deux fois / Show services that are written twice
    Duplicates(duplicates::DuplicatesArgs),
    /// Voir d'où vient le répertoire / See where the directory comes from
    #[command(subcommand)]
    Sources(sources::SourcesCommand),
    // -- search
    /// Vérifier que la base et l'index concordent / Check that the store and the index agree
    Check(check::CheckArgs),
    /// Refaire l'index de recherche à partir de la base / Make the search index anew from the store
    Reindex(reindex::ReindexArgs),
    // -- reports
    /// Tout essayer avec des données fictives / Try everything with fictitious data
    Demo(serve::ServeArgs),
    /// Inventer des données de toute taille / Make up data of any size
    Generate(generate::GenerateArgs),
}

/// What every command that opens the data takes.
#[derive(Args, Clone)]
pub struct DataArgs {
    /// Fichier de configuration TOML / TOML configuration file
    #[arg(long, value_name = "FILE", env = "RELAIS_CONFIG")]
    config: Option<PathBuf>,
    /// Dossier des données / Data directory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// postgres://… ou sqlite:… / postgres://… or sqlite:…
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl DataArgs {
    fn config(&self) -> Result<Config, String> {
        let mut config = Config::load(self.config.as_deref()).map_err(|error| error.to_string())?;
        if let Some(dir) = &self.data_dir {
            config.data_dir.clone_from(dir);
        }
        if let Some(url) = &self.database_url {
            config.database_url = Some(url.clone());
        }
        Ok(config)
    }

    /// Opening makes what is not there, and an empty database agrees with itself: a misspelt folder would be said to be
    /// in order.
    fn refuse_where_nothing_is(&self) -> Result<(), String> {
        let url = self.config()?.database_url();
        let Some(path) = url.strip_prefix("sqlite:") else { return Ok(()) };
        let file = path.strip_prefix("//").unwrap_or(path);
        if Path::new(file).is_file() {
            return Ok(());
        }
        Err(match terminal_lang() {
            Lang::Fr => format!("il n'y a pas de base ici: {file}"),
            Lang::En => format!("there is no database here: {file}"),
        })
    }

    /// The data, opened and up to date.
    fn open(&self) -> Result<Deps, String> {
        let config = self.config()?;
        crate::telemetry::start_logs(&config.log);
        let deps = Deps::open(config, Clock::system(), Ids::random()).map_err(|failure| sentence(&failure))?;
        deps.prepare().map_err(|failure| sentence(&failure))?;
        Ok(deps)
    }
}

pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Account(command) => account::run(&command),
        Command::Organization(command) => account::run_organization(&command),
        Command::Territories(command) => territories::run(&command),
        Command::Demo(args) => demo::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Reindex(args) => reindex::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Duplicates(args) => duplicates::run(&args),
        Command::Sources(command) => sources::run(&command),
    };
    match outcome {
        Ok(code) => code,
        Err(message) => {
            // Nobody may read it any more; the exit code says as much.
            let _ = writeln!(std::io::stderr(), "relais: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Says something on standard output, and whether anybody still reads it: who reads may leave before the end
/// (`relais check | head`). What was asked is done all the same, and the exit code is its outcome.
///
/// # Errors
/// What could not be written for another reason: a full disk.
fn say(text: &str) -> Result<bool, String> {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{}", text.trim_end_matches('\n')).and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

/// A bar on a terminal that somebody reads.
fn progress_bar(is_json: bool) -> Option<ProgressBar> {
    if is_json || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    Some(bar)
}

/// The language of a terminal: French unless the environment says English.
pub fn terminal_lang() -> Lang {
    let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let said = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    if said.is_some_and(|value| value.starts_with("en")) { Lang::En } else { Lang::Fr }
}

/// A failure in a sentence for a terminal.
pub fn sentence(failure: &Failure) -> String {
    match failure {
        Failure::Refused(refusal) => {
            let said = messages::refusal(refusal.code, terminal_lang());
            let parts = [refusal.field.clone(), refusal.rule.clone()].into_iter().flatten();
            let detail = parts.collect::<Vec<_>>().join(": ");
            if detail.is_empty() { said.to_owned() } else { format!("{said} ({detail})") }
        }
        broken => broken.to_string(),
    }
}
