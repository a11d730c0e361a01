//! `relais reindex`: the search index, made anew from the store. Where a server holds it, the server is asked.

use std::process::ExitCode;

use clap::Args;

use super::{DataArgs, progress_bar, say, sentence, terminal_lang};
use crate::actions::index::Reindexed;
use crate::domain::language::Lang;

const AFTER_HELP: &str = "\
L'index d'avant répond jusqu'à ce que le nouveau soit entier; coupée, la commande le laisse comme il était. Si un
serveur tient l'index, il le refait lui-même en continuant de répondre, et la commande n'attend pas.
The index that was there answers until the new one is whole; cut short, the command leaves it as it was. Where a server
holds the index, the server makes it anew while it goes on answering, and the command does not wait.

Exemples / Examples:
  relais reindex                                  avec une barre de progression / with a progress bar
  relais reindex --data-dir data --json           {\"state\":\"rebuilt\",\"position\":42,\"documents\":20}
                                                  {\"state\":\"asked\"}: un serveur le fera / a server will

Codes de sortie / Exit codes: 0 fait ou demandé / done or asked · 1 échoué / failed · 2 usage";

#[derive(Args, Clone)]
#[command(after_help = AFTER_HELP)]
pub struct ReindexArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Écrire le résultat en JSON / Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ReindexArgs) -> Result<ExitCode, String> {
    args.data.refuse_where_nothing_is()?;
    let deps = args.data.open()?;
    let bar = progress_bar(args.json);
    let outcome = deps.reindex(&|put, total| {
        if let Some(bar) = &bar {
            bar.set_length(total);
            bar.set_position(put);
        }
    });
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    let outcome = outcome.map_err(|failure| sentence(&failure))?;
    if args.json {
        say(&serde_json::to_string(&outcome).map_err(|error| error.to_string())?)?;
    } else {
        say(&in_words(&outcome, terminal_lang()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(outcome: &Reindexed, lang: Lang) -> String {
    match (outcome, lang) {
        (Reindexed::Rebuilt { position, documents }, Lang::Fr) => {
            format!("Index refait : {documents} services, au changement {position}.")
        }
        (Reindexed::Rebuilt { position, documents }, Lang::En) => {
            format!("Index made anew: {documents} services, at change {position}.")
        }
        (Reindexed::Asked, Lang::Fr) => {
            "Un serveur tient l'index : il le refera en continuant de répondre, ou à son prochain démarrage.".to_owned()
        }
        (Reindexed::Asked, Lang::En) => {
            "A server holds the index: it will make it anew while it goes on answering, or at its next start."
                .to_owned()
        }
    }
}
