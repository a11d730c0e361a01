//! `relais serve`: the server, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{DataArgs, say, sentence, terminal_lang};
use crate::actions::Deps;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::language::Lang;
use crate::id::Ids;
use crate::jobs::Jobs;

#[derive(Args, Clone)]
pub struct ServeArgs {
    #[command(flatten)]
    pub data: DataArgs,
    /// Adresse et port d'écoute / Address and port to listen on
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
}

impl ServeArgs {
    pub fn config(&self) -> Result<Config, String> {
        let mut config = self.data.config()?;
        if let Some(listen) = &self.listen {
            config.listen.clone_from(listen);
        }
        Ok(config)
    }
}

pub fn run(args: &ServeArgs) -> Result<ExitCode, String> {
    let config = args.config()?;
    crate::telemetry::start_logs(&config.log);
    let deps = Deps::open(config, Clock::system(), Ids::random()).map_err(|failure| sentence(&failure))?;
    serve(Arc::new(deps), |address| {
        let words = match terminal_lang() {
            Lang::Fr => "relais écoute sur",
            Lang::En => "relais listens on",
        };
        // It serves, whoever reads where.
        let _ = say(&format!("{words} http://{address}"));
    })
}

/// Listens, says where, and returns once the server has stopped gracefully (SIGTERM, SIGINT).
pub fn serve(deps: Arc<Deps>, announce: impl FnOnce(SocketAddr)) -> Result<ExitCode, String> {
    actix_web_system(async move {
        let (address, server) =
            crate::api::serve(deps.clone()).map_err(|error| not_heard(&deps.config.listen, &error))?;
        // The database may not answer yet: the server is up, and becomes ready when it does.
        let jobs = Jobs::start(deps).map_err(|error| error.to_string())?;
        announce(address);
        let served = server.await.map_err(|error| error.to_string());
        drop(jobs);
        served.map(|()| ExitCode::SUCCESS)
    })
}

/// Before the work of making data: another program may listen there already.
pub fn check_may_listen(address: &str) -> Result<(), String> {
    std::net::TcpListener::bind(address).map(drop).map_err(|error| not_heard(address, &error))
}

fn not_heard(address: &str, error: &std::io::Error) -> String {
    match terminal_lang() {
        Lang::Fr => {
            format!("impossible d'écouter sur {address} ({error}): --listen en prend une autre, ou un autre port")
        }
        Lang::En => format!("cannot listen on {address} ({error}): --listen takes another one, or another port"),
    }
}

fn actix_web_system<T>(future: impl Future<Output = T>) -> T {
    crate::api::system().block_on(future)
}
