//! relais itself: its data made once, and its real server in a process of its own, which is this program again. Of its
//! jobs only the one that feeds the index runs: what others do after so large a writing is no part of a search.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use relais::actions::Deps;
use relais::clock::Clock;
use relais::config::Config;
use relais::id::Ids;
use relais::jobs::index_sync::IndexSync;
use relais::sample::generate::{Size, generate};
use serde::{Deserialize, Serialize};

use crate::directory::Query;
use crate::measure::{mb_under, peak_mb};
use crate::plain;

pub const CHILD: &str = "BENCH_PEERS_CHILD";
const GENERATOR_SEED: u64 = 1;
/// A directory older than this is made anew: what is long due for review leaves relais' search.
const DAYS_KEPT_MAX: u64 = 30;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Built {
    pub seconds: f64,
    pub peak_mb: u64,
    pub services: u64,
}

pub fn open(dir: &Path) -> Deps {
    let mut config = Config::load(None).expect("the defaults load");
    config.data_dir = dir.join("relais");
    config.database_url = Some(format!("sqlite:{}", dir.join("relais").join("relais.db").display()));
    config.listen = "127.0.0.1:0".to_owned();
    config.log.filter = "warn".to_owned();
    relais::telemetry::start_logs(&config.log);
    let deps = Deps::open(config, Clock::system(), Ids::random()).expect("the data open");
    deps.prepare().expect("the data are prepared");
    deps
}

/// Throws away a directory that is too old or of another kind, so that all peers are loaded anew with the next one.
pub fn forget_what_is_old(dir: &Path, key: &str) {
    let stamp = dir.join("key");
    let same = std::fs::read_to_string(&stamp).is_ok_and(|kept| kept == key);
    let age = std::fs::metadata(&stamp).and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
    if !same || age.is_none_or(|age| age.as_secs() > DAYS_KEPT_MAX * 86_400) {
        if dir.exists() {
            std::fs::remove_dir_all(dir).expect("the old directory goes");
        }
        std::fs::create_dir_all(dir).expect("a directory");
    }
}

pub fn run_child(dir: &Path, what: &str) -> String {
    let output = child_command(dir, what).stderr(Stdio::inherit()).output().expect("the child runs");
    assert!(output.status.success(), "{what}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn child_command(dir: &Path, what: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.env(CHILD, what).env("BENCH_PEERS_DIR", dir);
    command
}

/// What this program does when it is its own child.
pub fn child(what: &str, dir: &Path) {
    match what.split_once(' ') {
        Some(("generate", size)) => {
            let deps = open(dir);
            let services = size.parse().expect("a number of services");
            generate(&deps.store, Size { services, families: 1 }, GENERATOR_SEED, deps.clock.now())
                .expect("a directory");
        }
        _ if what == "index" => {
            let deps = open(dir);
            let started = Instant::now();
            deps.prepare_index().expect("the index is filled");
            let services = deps.index().expect("the index is open").documents();
            let built = Built { seconds: started.elapsed().as_secs_f64(), peak_mb: peak_mb(), services };
            println!("{}", serde_json::to_string(&built).expect("JSON"));
        }
        _ if what == "plain" => plain::serve(dir),
        _ if what == "bare" => plain::serve_bare(dir),
        _ => serve(dir),
    }
}

fn serve(dir: &Path) {
    let deps = Arc::new(open(dir));
    deps.prepare_index().expect("the index opens");
    let index = deps.index().expect("the index is open").clone();
    let _sync = IndexSync::start(deps.store.clone(), index).expect("the job starts");
    relais::api::system().block_on(async move {
        let (address, server) = relais::api::serve(deps).expect("the server starts");
        println!("{}", address.port());
        end_with_the_parent();
        server.await.expect("the server stops well");
    });
}

/// The parent holds the other end of our input: when it goes, so do we.
pub fn end_with_the_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().lines().next();
        std::process::exit(0);
    });
}

/// A running child that serves something; it goes with this value.
pub struct Served {
    pub port: u16,
    child: Child,
}

impl Served {
    pub fn start(dir: &Path, what: &str) -> Self {
        let mut command = child_command(dir, what);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the child starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        std::io::BufReader::new(stdout).read_line(&mut line).expect("a port");
        Self { port: line.trim().parse().expect("a port"), child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The index, built where it is missing or of another shape; how long that took is kept beside it.
pub fn prepare(dir: &Path, services: usize, key: &str) -> Built {
    let store = dir.join("relais");
    if !dir.join("key").exists() {
        run_child(dir, &format!("generate {services}"));
        std::fs::write(dir.join("key"), key).expect("the directory is marked as whole");
    }
    let index = store.join("index");
    if std::env::var_os("BENCH_REINDEX").is_some() && index.exists() {
        std::fs::remove_dir_all(&index).expect("the index goes");
    }
    let marker = |path: &Path| std::fs::read(path.join("meta.json")).ok();
    let before = marker(&index);
    let built: Built = serde_json::from_str(run_child(dir, "index").trim()).expect("JSON");
    let kept_file = dir.join("relais-built.json");
    let kept = std::fs::read(&kept_file).ok().and_then(|bytes| serde_json::from_slice::<Built>(&bytes).ok());
    if let Some(kept) = kept.filter(|_| before.is_some() && before == marker(&index)) {
        return kept;
    }
    std::fs::write(kept_file, serde_json::to_vec(&built).expect("JSON")).expect("a file");
    built
}

/// The index and the store, in MB.
pub fn disk_mb(dir: &Path) -> (u64, u64) {
    let index: PathBuf = dir.join("relais").join("index");
    let all = mb_under(&dir.join("relais"));
    let index = mb_under(&index);
    (index, all - index)
}

pub fn path(query: &Query) -> String {
    let mut path = format!(
        "/api/v1/search?q={}&lat={}&lon={}&radius_km={}&coverage=near&sort={}&exact=true&limit=20",
        query.words.join("+"),
        query.lat,
        query.lon,
        query.radius_km,
        if query.by_distance { "distance" } else { "relevance" },
    );
    if let Some(category) = &query.category {
        path.push_str(&format!("&category={category}"));
    }
    path
}
