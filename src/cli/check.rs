//! `relais check`: do the store, the change log and the search index agree? Exit code 0 when they do, 1 when not.

use std::process::ExitCode;

use clap::Args;

use super::{DataArgs, say, terminal_lang};
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
        say(&serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?)?;
    } else {
        say(&in_words(&report))?;
    }
    Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_words(report: &Report) -> String {
    let (store, index) = (&report.store, &report.index);
    let position = index.position.map_or("-".to_owned(), |position| position.to_string());
    let (documents, rebuilt) = (index.content.documents, report.rebuild.documents);
    let mut lines = match terminal_lang() {
        Lang::Fr => vec![
            format!("base      {} services, dernier changement {}", store.services, store.head),
            format!("index     {documents} services, au changement {position}"),
            format!("refait    {rebuilt} services"),
        ],
        Lang::En => vec![
            format!("store     {} services, last change {}", store.services, store.head),
            format!("index     {documents} services, at change {position}"),
            format!("rebuilt   {rebuilt} services"),
        ],
    };
    match (report.clean, terminal_lang()) {
        (true, Lang::Fr) => lines.push("La base, le journal et l'index concordent.".to_owned()),
        (true, Lang::En) => lines.push("The store, the log and the index agree.".to_owned()),
        (false, _) => lines.extend(report.problems.iter().map(|problem| format!("! {problem}"))),
    }
    lines.join("\n")
}
