//! `relais territories import FILE`: any GeoJSON of territories, whole or not at all.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::Failure;
use crate::actions::territories::{self, ImportFailure, Imported};
use crate::domain::language::Lang;
use crate::exchange::territories::FeatureRefusal;

/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 268_435_456;

#[derive(Subcommand)]
pub enum TerritoriesCommand {
    /// Importer des territoires d'un fichier GeoJSON / Import territories from a GeoJSON file
    ///
    /// Une FeatureCollection dont chaque élément porte code, name, level et parent; tout est pris, ou rien.
    /// A FeatureCollection whose features each have code, name, level and parent; all is taken, or nothing.
    ///
    /// Exemple / Example:
    ///   relais territories import quartiers.geojson
    #[command(verbatim_doc_comment)]
    Import(ImportTerritories),
}

#[derive(Args)]
pub struct ImportTerritories {
    #[command(flatten)]
    data: DataArgs,
    /// Fichier GeoJSON / GeoJSON file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Écrire le résultat en JSON / Write the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(command: &TerritoriesCommand) -> Result<ExitCode, String> {
    let TerritoriesCommand::Import(args) = command;
    let unreadable = |error: std::io::Error| format!("{}: {error}", args.file.display());
    let length = std::fs::metadata(&args.file).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("{}: > {FILE_BYTES_MAX} bytes", args.file.display()));
    }
    let bytes = std::fs::read(&args.file).map_err(unreadable)?;
    let deps = args.data.open()?;
    match territories::import(&deps, &bytes) {
        Ok(done) => {
            say(&in_words(done, args.json))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(ImportFailure::File(refused)) => Err(refusal_sentence(&refused, terminal_lang())),
        Err(ImportFailure::Store(error)) => Err(sentence(&Failure::Store(error))),
    }
}

fn in_words(done: Imported, json: bool) -> String {
    let Imported { added, changed, unchanged } = done;
    match (json, terminal_lang()) {
        (true, _) => serde_json::json!({"added": added, "changed": changed, "unchanged": unchanged}).to_string(),
        (false, Lang::Fr) => format!("{added} ajoutés, {changed} modifiés, {unchanged} inchangés"),
        (false, Lang::En) => format!("{added} added, {changed} changed, {unchanged} unchanged"),
    }
}

/// The refusal of a file: which feature, which field, which rule. Nothing was written.
fn refusal_sentence(refused: &FeatureRefusal, lang: Lang) -> String {
    let said = sentence(&Failure::Refused(refused.refusal.clone()));
    match (refused.feature, lang) {
        (Some(number), Lang::Fr) => format!("élément {number}: {said} Rien n'a été écrit."),
        (Some(number), Lang::En) => format!("feature {number}: {said} Nothing was written."),
        (None, Lang::Fr) => format!("{said} Rien n'a été écrit."),
        (None, Lang::En) => format!("{said} Nothing was written."),
    }
}
