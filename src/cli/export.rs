//! `relais export`: the directory as HSDS JSON, NDJSON, tables, a workbook or a printed guide.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::exports::{self, Asked, Format, Report};
use crate::domain::language::Lang;
use crate::exchange::hsds::Eyes;

const AFTER_HELP: &str = "\
Exemples / Examples:
  relais export --format ndjson --output repertoire.ndjson
  relais export --format tabular-zip --output repertoire.zip --audience professional
  relais export --format tabular --output tables --territory mrc:58 --category childcare --json
  relais export --format guide --output guide.html --territory mrc:58 --category food --language fr

Un lieu caché reste caché dans tous les formats / A hidden place stays hidden in every format.
Codes de sortie / Exit codes: 0 fait / done · 1 refusé ou échoué / refused or failed · 2 usage";

const FORMATS: [&str; 6] = ["hsds-json", "ndjson", "tabular", "tabular-zip", "xlsx", "guide"];

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Format / Format
    #[arg(long, value_name = "FORMAT", value_parser = FORMATS)]
    format: String,
    /// Fichier ou dossier à écrire, qui n'existe pas encore / File or folder to write, which is not there yet
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// Les services donnés dans ce territoire ou à ses gens / The services given in this territory or to its people
    #[arg(long, value_name = "ID")]
    territory: Option<String>,
    /// Les services de cette catégorie, ou d'une qu'elle contient / The services of this category, or of one in it
    #[arg(long, value_name = "CODE")]
    category: Option<String>,
    /// Pour tout le monde, ou pour les professionnels / For everybody, or for professionals
    #[arg(long, value_name = "WHO", default_value = "public", value_parser = ["public", "professional"])]
    audience: String,
    /// Langue du guide : fr ou en ; les fiches ont les deux / Language of the guide: fr or en; records have both
    #[arg(long, value_name = "LANG", default_value = "fr", value_parser = ["fr", "en"])]
    language: String,
    /// Écrire le rapport en JSON / Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ExportArgs) -> Result<ExitCode, String> {
    let format = Format::parse(&args.format).ok_or_else(|| args.format.clone())?;
    let eyes = if args.audience == "professional" { Eyes::Professional } else { Eyes::Public };
    let asked = Asked {
        format,
        eyes,
        territory: args.territory.clone(),
        category: args.category.clone(),
        language: Lang::parse(&args.language).unwrap_or_default(),
    };
    let deps = args.data.open()?;
    let bar = progress_bar(args.json);
    let progress = |done: u64| {
        if let Some(bar) = &bar {
            bar.set_position(done);
        }
    };
    let outcome = exports::export(&deps, &asked, &args.output, &progress);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let report = outcome.map_err(|failure| sentence(&failure))?;
    if args.json {
        say(&serde_json::to_string(&report).map_err(|error| error.to_string())?)?;
    } else {
        say(&in_words(&report, &args.output.display().to_string()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn progress_bar(is_json: bool) -> Option<ProgressBar> {
    if is_json || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} {elapsed}") {
        bar.set_style(style);
    }
    Some(bar)
}

fn in_words(report: &Report, path: &str) -> String {
    let Report { organizations, services, left_out, .. } = report;
    let mut text = match terminal_lang() {
        Lang::Fr => format!("{path} : {organizations} organismes, {services} services"),
        Lang::En => format!("{path}: {organizations} organisations, {services} services"),
    };
    if *left_out > 0 {
        text += &match terminal_lang() {
            Lang::Fr => format!(", {left_out} laissés de côté"),
            Lang::En => format!(", {left_out} left out"),
        };
    }
    text
}
