//! `relais check`: do the store, the change log and the search index agree? Exit code 0 when they do, 1 when not.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::{DataArgs, terminal_lang};
use crate::actions::check::{self, Report};
use crate::config::Config;
use crate::domain::language::Lang;

#[derive(Args, Clone)]
pub struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Rapport en JSON / Report as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &CheckArgs) -> Result<ExitCode, String> {
    refuse_where_nothing_is(&args.data.config()?)?;
    let deps = args.data.open()?;
    let scratch = deps.config.data_dir.join(format!("check-{}", std::process::id()));
    let report = check::check(&deps.store, &deps.index_directory(), &scratch).map_err(|error| error.to_string())?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    } else {
        print(&report);
    }
    Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Opening makes what is not there, and an empty database agrees with itself: a misspelt folder would be said clean.
fn refuse_where_nothing_is(config: &Config) -> Result<(), String> {
    let url = config.database_url();
    let Some(path) = url.strip_prefix("sqlite:") else { return Ok(()) };
    let file = path.strip_prefix("//").unwrap_or(path);
    if Path::new(file).is_file() {
        return Ok(());
    }
    Err(match terminal_lang() {
        Lang::Fr => format!("il n'y a pas de base à vérifier ici: {file}"),
        Lang::En => format!("there is no database to check here: {file}"),
    })
}

fn print(report: &Report) {
    let (store, index) = (&report.store, &report.index);
    let position = index.position.map_or("-".to_owned(), |position| position.to_string());
    let documents = index.content.documents;
    match terminal_lang() {
        Lang::Fr => {
            println!("base      {} services, dernier changement {}", store.services, store.head);
            println!("index     {documents} services, au changement {position}");
            println!("refait    {} services", report.rebuild.documents);
        }
        Lang::En => {
            println!("store     {} services, last change {}", store.services, store.head);
            println!("index     {documents} services, at change {position}");
            println!("rebuilt   {} services", report.rebuild.documents);
        }
    }
    match (report.clean, terminal_lang()) {
        (true, Lang::Fr) => println!("La base, le journal et l'index concordent."),
        (true, Lang::En) => println!("The store, the log and the index agree."),
        (false, _) => report.problems.iter().for_each(|problem| println!("! {problem}")),
    }
}
