//! `relais sources`: where the directory comes from, which source wins, and what they no longer list.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::sources;
use crate::domain::language::Lang;
use crate::id::Id;
use crate::store::sources::{SourceRecord, SourceRow};

#[derive(Subcommand)]
pub enum SourcesCommand {
    /// Lister les sources et leur dernier passage / List the sources and their last run
    ///
    /// Exemple / Example:
    ///   relais sources list --json
    #[command(verbatim_doc_comment)]
    List(ListSources),
    /// Dire laquelle l'emporte : la priorité la plus haute / Say which one wins: the higher priority
    ///
    /// Exemple / Example:
    ///   relais sources set mfa-garderies --priority 10
    #[command(verbatim_doc_comment)]
    Set(SetSource),
    /// Lister ce qu'une source ne liste plus / List what a source no longer lists
    ///
    /// Exemple / Example:
    ///   relais sources missing mfa-garderies
    #[command(verbatim_doc_comment)]
    Missing(MissingOfSource),
}

#[derive(Args)]
pub struct ListSources {
    #[command(flatten)]
    data: DataArgs,
    /// Écrire en JSON / Print as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct SetSource {
    #[command(flatten)]
    data: DataArgs,
    /// Nom de la source / Name of the source
    name: String,
    /// De -100 à 100 / From -100 to 100
    #[arg(long, allow_hyphen_values = true)]
    priority: i32,
}

#[derive(Args)]
pub struct MissingOfSource {
    #[command(flatten)]
    data: DataArgs,
    /// Nom de la source / Name of the source
    name: String,
    /// Écrire en JSON, une fiche par ligne / Print as JSON, one record a line
    #[arg(long)]
    json: bool,
}

/// Records read at once.
const PAGE: i64 = 1_000;

pub fn run(command: &SourcesCommand) -> Result<ExitCode, String> {
    match command {
        SourcesCommand::List(args) => {
            let rows = sources::list_all(&args.data.open()?).map_err(|failure| sentence(&failure))?;
            print_sources(&rows, args.json)?;
        }
        SourcesCommand::Set(args) => {
            let deps = args.data.open()?;
            sources::set_priority(&deps, &args.name, args.priority).map_err(|failure| sentence(&failure))?;
        }
        SourcesCommand::Missing(args) => print_missing(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_sources(rows: &[SourceRow], is_json: bool) -> Result<(), String> {
    if is_json {
        let value = |row: &SourceRow| {
            json!({
                "name": row.name, "kind": row.kind.as_str(), "url": row.url, "language": row.language,
                "priority": row.priority, "started_at": row.started_at, "finished_at": row.finished_at,
                "taken": row.taken, "changed": row.changed, "unchanged": row.unchanged, "refused": row.refused,
                "missing": row.missing,
            })
        };
        return say(&json!({"sources": rows.iter().map(value).collect::<Vec<_>>()}).to_string()).map(|_| ());
    }
    let (priority, missing, never) = match terminal_lang() {
        Lang::Fr => ("priorité", "ne sont plus listées", "jamais terminé"),
        Lang::En => ("priority", "no longer listed", "never finished"),
    };
    for row in rows {
        let at = row.finished_at.map_or_else(|| never.to_owned(), |at| at.to_rfc3339());
        say(&format!("{}: {priority} {}, {at}, {} {missing}", row.name, row.priority, row.missing))?;
    }
    Ok(())
}

fn print_missing(args: &MissingOfSource) -> Result<(), String> {
    let deps = args.data.open()?;
    let mut after: Option<Id> = None;
    loop {
        let rows = sources::missing_after(&deps, &args.name, after, PAGE).map_err(|failure| sentence(&failure))?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.record_id);
        for row in &rows {
            if !say(&in_words(row, args.json))? {
                return Ok(());
            }
        }
    }
}

fn in_words(row: &SourceRecord, is_json: bool) -> String {
    let since = row.missing_since.map(|at| at.to_rfc3339()).unwrap_or_default();
    if is_json {
        let (subject, key) = (row.subject.as_str(), &row.source_key);
        json!({"subject": subject, "id": row.record_id, "key": key, "missing_since": since}).to_string()
    } else {
        format!("{} {} {since} {}", row.subject.as_str(), row.record_id, row.source_key)
    }
}
