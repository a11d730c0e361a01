//! `relais demo`: everything in one process, from an empty folder, with fictitious data.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::generate::{SEED_DEFAULT, fill, holds_nothing, sentence as made_sentence};
use super::serve::{ServeArgs, check_may_listen, serve};
use super::{say, sentence, terminal_lang};
use crate::actions::Deps;
use crate::clock::Clock;
use crate::domain::language::Lang;
use crate::id::Ids;
use crate::sample::accounts::PASSWORD;
use crate::sample::generate::Size;
use crate::store::changes;

const DATA_DIR: &str = ".demo";

pub fn run(args: &ServeArgs) -> Result<ExitCode, String> {
    let mut args = args.clone();
    if args.data.data_dir.is_none() {
        args.data.data_dir = Some(PathBuf::from(DATA_DIR));
    }
    let mut config = args.config()?;
    // Nobody reads the letters of thousands of fictitious organisations; a curator may still ask for one.
    config.freshness.remind = false;
    crate::telemetry::start_logs(&config.log);
    let deps = Deps::open(config, Clock::system(), Ids::random()).map_err(|failure| sentence(&failure))?;
    deps.prepare().map_err(|failure| sentence(&failure))?;
    if holds_nothing(&deps)? {
        check_may_listen(&deps.config.listen)?;
        say(&made_sentence(&fill(&deps, Size::DEMO, SEED_DEFAULT)?))?;
    } else {
        // Real data are never marked as a demo's: the demo's logins, which everybody knows, would work on them.
        let head = deps.store.read(changes::head).map_err(|error| error.to_string())?;
        if !head.is_demo {
            return Err(match terminal_lang() {
                Lang::Fr => "ces données ne sont pas celles d'une démonstration: relais serve les sert".to_owned(),
                Lang::En => "these data are not a demo's: relais serve serves them".to_owned(),
            });
        }
    }
    serve(Arc::new(deps), announce)
}

fn announce(address: SocketAddr) {
    let roles = ["worker", "partner", "curator", "table", "admin"];
    let logins = roles.map(|role| format!("  {role}@demo.relais.example")).join("\n");
    let base = format!("http://{address}");
    let (serves, accounts, tries) = match terminal_lang() {
        Lang::Fr => ("relais, démonstration:", "Comptes, mot de passe", "Cinq commandes à essayer:"),
        Lang::En => ("relais, demonstration:", "Accounts, password", "Five commands to try:"),
    };
    // It serves, whoever reads where.
    let _ = say(&format!(
        r#"
{serves} {base}

{accounts} {PASSWORD}:
{logins}

{tries}
  curl -s '{base}/api/v1/search?q=bouffe+pas+cher&near=Longueuil&radius_km=10'
  curl -s '{base}/api/v1/services?per_page=2'
  curl -s '{base}/api/v1/geocode?q=trois-rivieres'
  TOKEN=$(curl -s {base}/api/v1/auth/token -d grant_type=password -d username=table@demo.relais.example \
    -d password={PASSWORD} | jq -r .access_token)
  curl -s -H "Authorization: Bearer $TOKEN" '{base}/api/v1/reports/portrait?format=csv'
"#
    ));
}
