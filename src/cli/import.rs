//! `relais import`: a file of HSDS 3 JSON, or any CSV with a mapping, into the directory.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{DataArgs, progress_bar, say, sentence, terminal_lang};
use crate::actions::feeds::{self, Asked};
use crate::actions::imports::{self, FILE_BYTES_MAX, Format, Report};
use crate::actions::{Deps, Outcome};
use crate::domain::language::Lang;
use crate::exchange::package::{Package, UNPACKED_BYTES_MAX};
use crate::jobs::feeds::Client;

#[derive(Args)]
pub struct ImportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Fichier HSDS 3 (JSON, NDJSON), CSV ou XLSX, tables de HSDS 1 à 3 (dossier, zip ou datapackage.json), ou adresse
    /// d'une API HSDS 3 ou ORUK / HSDS 3, CSV or XLSX file, tables of HSDS 1 to 3 (folder, zip or datapackage.json), or
    /// the address of an HSDS 3 or ORUK API
    file: PathBuf,
    /// Correspondance des colonnes, pour un CSV (TOML) / Mapping of columns, for a CSV (TOML)
    #[arg(long, value_name = "MAP.toml")]
    mapping: Option<PathBuf>,
    /// Ébaucher la correspondance de ce tableau, sans rien importer / Draft the mapping of this spreadsheet
    #[arg(long, conflicts_with_all = ["mapping", "dry_run", "report"])]
    suggest: bool,
    /// Nom de la source, pour HSDS / Name of the source, for HSDS
    #[arg(long, value_name = "NAME", default_value = "hsds")]
    source: String,
    /// Langue des textes, pour HSDS : fr ou en / Language of the texts, for HSDS: fr or en
    #[arg(long, value_name = "LANG", default_value = "fr", value_parser = ["fr", "en"])]
    language: String,
    /// Dire ce qui serait fait, sans rien écrire / Say what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Écrire le rapport entier dans ce fichier (JSON) / Write the whole report to this file (JSON)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Écrire le rapport en JSON / Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Lire aussi une adresse de cette machine ou d'un réseau privé / Also read an address of this machine or of a
    /// private network
    #[arg(long)]
    allow_private: bool,
}

/// Refused rows shown on a terminal; the report has them all.
const REFUSED_SHOWN_MAX: usize = 20;

pub fn run(args: &ImportArgs) -> Result<ExitCode, String> {
    if args.suggest {
        say(&imports::suggest(&args.file).map_err(|failure| sentence(&failure))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let url = args.file.to_str().filter(|text| text.starts_with("https://") || text.starts_with("http://"));
    let format = if url.is_some() { None } else { Some(format_of(args)?) };
    // Before anything is written: a report that nobody could read would come too late.
    let report_file = args.report.as_deref().map(open_report).transpose()?;
    let deps = args.data.open()?;
    let bar = progress_bar(args.json);
    let progress = |done: u64, total: Option<u64>| {
        if let Some(bar) = &bar {
            bar.set_length(total.unwrap_or(done));
            bar.set_position(done);
        }
    };
    let outcome = match (format, url) {
        (Some(format), _) => imports::import(&deps, &args.file, &format, args.dry_run, &progress),
        (None, url) => read_feed(&deps, args, url.unwrap_or_default(), &progress),
    };
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let report = outcome.map_err(|failure| sentence(&failure))?;
    if let (Some(path), Some(file)) = (&args.report, report_file) {
        let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        write_report(file, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if args.json {
        say(&serde_json::to_string(&report).map_err(|error| error.to_string())?)?;
    } else {
        say(&in_words(&report, terminal_lang()))?;
    }
    let accepted = report.taken + report.changed + report.unchanged;
    let nothing_but_refused = accepted == 0 && report.refused_count > 0;
    Ok(if nothing_but_refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read_feed(deps: &Deps, args: &ImportArgs, url: &str, progress: imports::Progress<'_>) -> Outcome<Report> {
    let client = Client::new(args.allow_private);
    let language = Lang::parse(&args.language).unwrap_or_default();
    let asked = Asked { url, source: &args.source, language, dry_run: args.dry_run };
    feeds::import(deps, &asked, &|url, bytes_max| client.get(url, bytes_max), &std::thread::sleep, progress)
}

/// The tables of a folder, of the folder of a `datapackage.json`, or of a zip; `None` for another file.
fn package_of(args: &ImportArgs) -> Result<Option<Package>, String> {
    let named = |name: &str| args.file.file_name().is_some_and(|file| file.eq_ignore_ascii_case(name));
    let package = if args.file.is_dir() {
        Package::from_folder(&args.file)
    } else if named("datapackage.json") {
        let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        Package::from_folder(folder.unwrap_or(Path::new(".")))
    } else if args.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
        Package::from_zip(&read_zip(&args.file)?)
    } else {
        return Ok(None);
    };
    package.map(Some).map_err(|refusal| sentence(&refusal.into()))
}

fn read_zip(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > UNPACKED_BYTES_MAX {
        return Err(format!("{}: > {UNPACKED_BYTES_MAX} octets / bytes", path.display()));
    }
    std::fs::read(path).map_err(failed)
}

fn format_of(args: &ImportArgs) -> Result<Format, String> {
    if args.mapping.is_none()
        && let Some(package) = package_of(args)?
    {
        let language = Lang::parse(&args.language).unwrap_or_default();
        return Ok(Format::Package { package: Arc::new(package), source: args.source.clone(), language });
    }
    check_size(&args.file)?;
    let is_spreadsheet = args.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let is_workbook = imports::is_workbook(&args.file);
    match &args.mapping {
        Some(path) if is_workbook => Ok(Format::Xlsx { mapping: read_text(path)? }),
        Some(path) => Ok(Format::Csv { mapping: read_text(path)? }),
        None if is_spreadsheet || is_workbook => Err("--mapping MAP.toml : un tableau a besoin de sa correspondance, \
            que --suggest ébauche / a spreadsheet needs its mapping, which --suggest drafts"
            .to_owned()),
        None => {
            let language = Lang::parse(&args.language).unwrap_or_default();
            Ok(Format::Hsds { source: args.source.clone(), language })
        }
    }
}

/// Opens the file of the report, and leaves what an earlier import said there until there is a new one to say.
fn open_report(path: &Path) -> Result<File, String> {
    let opened = File::options().write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| format!("{}: {error}", path.display()))
}

fn write_report(mut file: File, text: &str) -> std::io::Result<()> {
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    writeln!(file, "{text}")
}

fn check_size(path: &Path) -> Result<(), String> {
    let size = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    let fits = size <= FILE_BYTES_MAX;
    if fits { Ok(()) } else { Err(format!("{}: > {FILE_BYTES_MAX} octets / bytes", path.display())) }
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn in_words(report: &Report, lang: Lang) -> String {
    let (taken, changed, unchanged, refused, dropped, blank, placed, dry) = match lang {
        Lang::Fr => (
            "pris",
            "changés",
            "inchangés",
            "refusés",
            "écartés par les filtres",
            "lignes vides",
            "Placement",
            "À blanc : rien n'a été écrit.",
        ),
        Lang::En => (
            "taken",
            "changed",
            "unchanged",
            "refused",
            "left out by the filters",
            "blank lines",
            "Placement",
            "Dry run: nothing was written.",
        ),
    };
    let mut text = format!(
        "{}: {} {taken}, {} {changed}, {} {unchanged}, {} {refused}, {} {dropped}, {} {blank}\n",
        report.source,
        report.taken,
        report.changed,
        report.unchanged,
        report.refused_count,
        report.dropped,
        report.blank
    );
    if let Some(missing) = report.missing_count.filter(|missing| *missing > 0) {
        text += &match lang {
            Lang::Fr => format!("{missing} fiches que la source ne liste plus, signalées et gardées\n"),
            Lang::En => format!("{missing} records that the source no longer lists, flagged and kept\n"),
        };
    }
    if !report.placements.is_empty() {
        let counts = report.placements.iter().map(|(word, count)| format!("{word} {count}"));
        text += &format!("{placed}: {}\n", counts.collect::<Vec<_>>().join(", "));
    }
    for row in report.refused.iter().take(REFUSED_SHOWN_MAX) {
        let parts = [row.field.as_deref(), row.rule.as_deref()].into_iter().flatten();
        let table = row.table.as_ref().map(|table| format!("{table} ")).unwrap_or_default();
        text += &format!("  {table}{}: {} {}\n", row.line, row.code, parts.collect::<Vec<_>>().join(": "));
    }
    if report.refused_count > REFUSED_SHOWN_MAX as u64 {
        text += &format!("  ... +{}\n", report.refused_count - REFUSED_SHOWN_MAX as u64);
    }
    if report.dry_run {
        text += dry;
        text.push('\n');
    }
    text
}
