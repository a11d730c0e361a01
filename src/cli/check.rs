//! `relais check`: do the store, the change log and the search index agree? Exit code 0 when they do, 1 when not.

use std::process::ExitCode;

use clap::Args;

use super::{DataArgs, terminal_lang};
use crate::actions::check::{self, Report};
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
    args.data.refuse_where_nothing_is()?;
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
