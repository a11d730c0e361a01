//! `relais duplicates`: services that are written twice, the likeliest first.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::Deps;
use crate::actions::duplicates::{self, PAGE_SIZE_MAX, Pair, PairsAsked, Side, thousandths};
use crate::domain::duplicate::SAME_MIN;
use crate::domain::language::Lang;
use crate::text::duplicates as words;

const AFTER_HELP: &str = "\
Exemples / Examples:
  relais duplicates                               les doublons probables / likely duplicates
  relais duplicates --min-score 0.6 --json        un objet par ligne / one object a line

Codes de sortie / Exit codes: 0 fait / done · 1 échoué / failed · 2 usage";

#[derive(Args, Clone)]
#[command(after_help = AFTER_HELP)]
pub struct DuplicatesArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Ne montrer que les paires d'au moins cette note / Show pairs of at least this score (0..1)
    #[arg(long, value_name = "SCORE", default_value_t = SAME_MIN, value_parser = score)]
    min_score: f64,
    /// Un objet JSON par ligne / One JSON object a line
    #[arg(long)]
    json: bool,
}

fn score(text: &str) -> Result<f64, String> {
    let score = text.parse().ok().filter(|score| (0.0..=1.0).contains(score));
    score.ok_or_else(|| "0..=1".to_owned())
}

pub fn run(args: &DuplicatesArgs) -> Result<ExitCode, String> {
    let deps = args.data.open()?;
    let found = duplicates::follow(&deps, usize::MAX, &|_| ()).map_err(|failure| sentence(&failure))?;
    let shown = show(&deps, args)?;
    if !args.json {
        say(&summary(shown, found.services))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(deps: &Deps, args: &DuplicatesArgs) -> Result<u64, String> {
    let mut asked =
        PairsAsked { score_min: thousandths(args.min_score), limit: PAGE_SIZE_MAX, ..PairsAsked::default() };
    let mut shown = 0;
    loop {
        let pairs = duplicates::list_unasked(deps, &asked).map_err(|failure| sentence(&failure))?;
        for pair in &pairs.pairs {
            if !say(&if args.json { object(pair).to_string() } else { lines(pair) })? {
                return Ok(shown);
            }
            shown += 1;
        }
        if pairs.next_after.is_none() {
            return Ok(shown);
        }
        asked.after = pairs.next_after;
    }
}

fn object(pair: &Pair) -> serde_json::Value {
    let side = |side: &Side| {
        json!({
            "id": side.id, "name": side.name.get(terminal_lang()), "source": side.source,
            "organization_name": side.organization_name.get(terminal_lang()), "version": side.version,
        })
    };
    let row = &pair.row;
    json!({
        "id": row.id, "score": f64::from(row.score) / 1_000.0, "reasons": row.reasons.0,
        "services": pair.sides.iter().map(side).collect::<Vec<_>>(),
    })
}

fn lines(pair: &Pair) -> String {
    let lang = terminal_lang();
    let mut text = format!("{:.3}  {}", f64::from(pair.row.score) / 1_000.0, pair.row.id);
    for side in &pair.sides {
        let (name, organization) = (side.name.get(lang), side.organization_name.get(lang));
        text.push_str(&format!("\n       {name} · {organization} · {} · {}", side.source, side.id));
    }
    for because in pair.row.reasons.0.iter().take(4) {
        text.push_str(&format!("\n       {:+.1}  {}", because.weight, words::reason(because.reason, lang)));
    }
    text
}

fn summary(shown: u64, followed: u64) -> String {
    match terminal_lang() {
        Lang::Fr => format!("{shown} paires; {followed} services comparés depuis la dernière fois"),
        Lang::En => format!("{shown} pairs; {followed} services compared since the last time"),
    }
}
