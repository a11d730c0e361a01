//! kill -9, again and again: every write that was acknowledged is there afterwards, nothing is half done, and
//! `relais check` is clean. A small seeded share runs with the suite; `make soak` runs ten times as many points.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use relais::store::{Backend, Settings, Store, changes, services};
use serde_json::{Value, json};

use crate::api::app::{self, PASSWORD};

const SEED: u64 = 20_260_615;
const WRITERS: usize = 4;
const IMPORT_ROWS: usize = 1_200;

/// Random points of each of the four stories (two databases, import and referrals).
fn points() -> usize {
    if std::env::var_os("RELAIS_SOAK").is_some() { 50 } else { 5 }
}

struct Place {
    dir: tempfile::TempDir,
    url: String,
}

impl Place {
    /// The twenty services and the demo's logins, on disk.
    fn new(backend: Backend) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("relais-crash-").tempdir().expect("a temporary directory");
        let url = app::filled_database(backend, dir.path())?;
        Some(Self { dir, url })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
        command.args(arguments).arg("--data-dir").arg(self.dir.path()).args(["--database-url", &self.url]);
        command.env("RELAIS_KEYS_DATABASE_URL", format!("sqlite:{}", self.dir.path().join("keys.db").display()));
        command.env("RELAIS_MASTER_KEY", app::MASTER_KEY).env("RELAIS_LOG__FILTER", "error");
        command.env("LC_ALL", "C");
        command
    }

    fn serve(&self) -> Node {
        let mut command = self.command(&["serve"]);
        let command = command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let line = lines.next().expect("the server says where it listens").expect("a line");
        let base = line.split_whitespace().last().expect("an address").to_owned();
        let node = Node { child, base };
        while node.status("/readyz") != Some(200) {
            std::thread::yield_now();
        }
        node
    }

    fn store(&self) -> Store {
        Store::open(&Settings::new(self.url.clone())).expect("the store opens")
    }

    fn check(&self) {
        let output = self.command(&["check", "--json"]).output().expect("relais check runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "relais check: {said} {}", String::from_utf8_lossy(&output.stderr));
    }
}

struct Node {
    child: Child,
    base: String,
}

impl Node {
    fn status(&self, path: &str) -> Option<u16> {
        ask(&self.base, "GET", path, &[], None).map(|(status, _)| status)
    }

    fn kill(&mut self) {
        // SIGKILL: no handler runs, nothing is flushed.
        self.child.kill().expect("the server is killed");
        self.child.wait().expect("the server is gone");
    }

    fn token(&self) -> String {
        let form = format!("grant_type=password&username=worker%40demo.relais.example&password={PASSWORD}");
        let headers = [("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let answer = ask(&self.base, "POST", "/api/v1/auth/token", &headers, Some(form));
        let (status, body) = answer.expect("an answer");
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().expect("a token").to_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request; `None` when the server went away before it answered.
fn ask(base: &str, method: &str, path: &str, headers: &[(&str, String)], body: Option<String>) -> Option<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{base}{path}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut response = agent.run(request.body(body.unwrap_or_default()).expect("a request")).ok()?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn post(base: &str, token: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer), ("Content-Type", "application/json".to_owned())];
    ask(base, "POST", path, &headers, Some(body.to_string()))
}

/// One worker's share of the burst: a need, then a referral for it, until the server is gone.
fn refer_until_gone(base: &str, token: &str, service_id: &str, gone: &AtomicBool, kept: &Mutex<Vec<(String, String)>>) {
    while !gone.load(Ordering::SeqCst) {
        let need = json!({"category": "food/food-bank", "municipality_id": "municipality:58227"});
        let Some((status, need)) = post(base, token, "/api/v1/needs", &need) else { return };
        assert_eq!(status, 201, "{need}");
        let need_id = need["id"].as_str().expect("an id").to_owned();
        kept.lock().expect("no panic").push(("needs".to_owned(), need_id.clone()));
        let referral =
            json!({"need_id": need_id, "service_id": service_id, "shares_identity": false, "status": "sent"});
        let Some((status, referral)) = post(base, token, "/api/v1/referrals", &referral) else { return };
        assert_eq!(status, 201, "{referral}");
        let id = referral["id"].as_str().expect("an id").to_owned();
        kept.lock().expect("no panic").push(("referrals".to_owned(), id));
    }
}

fn burst_of_referrals(backend: Backend) {
    let Some(place) = Place::new(backend) else { return };
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let service_id = relais::sample::twenty::service_id("panier").to_string();
    for point in 0..points() {
        let mut node = place.serve();
        let (token, base) = (node.token(), node.base.clone());
        let (gone, kept) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let killed_after = rng.gen_range(1..=40);
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| refer_until_gone(&base, &token, &service_id, &gone, &kept));
            }
            while kept.lock().expect("no panic").len() < killed_after {
                std::thread::yield_now();
            }
            node.kill();
            gone.store(true, Ordering::SeqCst);
        });
        let node = place.serve();
        let bearer = [("Authorization", format!("Bearer {}", node.token()))];
        let kept = kept.into_inner().expect("no panic");
        assert!(kept.len() >= killed_after);
        for (kind, id) in kept {
            let path = format!("/api/v1/{kind}/{id}");
            let (status, body) = ask(&node.base, "GET", &path, &bearer, None).expect("an answer");
            assert_eq!(status, 200, "point {point}: an acknowledged write is gone: {kind} {body}");
        }
        drop(node);
        place.check();
    }
}

#[test]
fn acknowledged_referrals_survive_kill_nine_on_sqlite() {
    burst_of_referrals(Backend::Sqlite);
}

#[test]
fn acknowledged_referrals_survive_kill_nine_on_postgres() {
    burst_of_referrals(Backend::Postgres);
}

const MAPPING: &str = include_str!("mapping.toml");

fn write_spreadsheet(dir: &Path, round: usize) -> (PathBuf, PathBuf) {
    let (file, mapping) = (dir.join("services.csv"), dir.join("mapping.toml"));
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file).expect("a file"));
    writeln!(out, "NO,NOM,ADRESSE,VILLE,CODE POSTAL,TELEPHONE").expect("a line");
    for n in 0..IMPORT_ROWS {
        writeln!(out, "{n},Garderie fictive {n} ({round}),{n} rue Fictive,Longueuil,J4K 2T1,450 555-0100")
            .expect("a line");
    }
    out.flush().expect("written");
    std::fs::write(&mapping, MAPPING).expect("written");
    (file, mapping)
}

fn head(store: &Store) -> i64 {
    store.read(changes::head).expect("the head of the log").n
}

fn imports(backend: Backend) {
    let Some(place) = Place::new(backend) else { return };
    let mut rng = ChaCha20Rng::seed_from_u64(SEED + 1);
    let store = place.store();
    for round in 0..points() {
        let (file, mapping) = write_spreadsheet(place.dir.path(), round);
        let arguments =
            ["import", file.to_str().expect("a path"), "--mapping", mapping.to_str().expect("a path"), "--json"];
        let before = head(&store);
        let threshold = before + rng.gen_range(1..=IMPORT_ROWS as i64);
        let mut child =
            place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("relais import runs");
        while head(&store) < threshold && child.try_wait().expect("a child").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("the import is killed");
        child.wait().expect("the import is gone");
        place.check();
        // The same file again finishes what was begun; once more changes nothing.
        let run = || {
            let output = place.command(&arguments).output().expect("relais import runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        run();
        let whole = head(&store);
        run();
        assert_eq!(head(&store), whole, "round {round}: the same file twice changes nothing");
        let count = store.read(services::count).expect("a count");
        assert_eq!(count, 20 + IMPORT_ROWS as i64, "round {round}");
        place.check();
    }
}

#[test]
fn an_import_killed_midway_is_whole_after_the_next_on_sqlite() {
    imports(Backend::Sqlite);
}

#[test]
fn an_import_killed_midway_is_whole_after_the_next_on_postgres() {
    imports(Backend::Postgres);
}

/// The files of an index directory that hold rows: a filling that began has some that the last commit does not name.
fn stores(directory: &Path) -> std::collections::BTreeSet<PathBuf> {
    let listed = std::fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    listed.filter(|path| path.extension().is_some_and(|extension| extension == "store")).collect()
}

fn reindexings(backend: Backend) {
    let Some(place) = Place::new(backend) else { return };
    let (file, mapping) = write_spreadsheet(place.dir.path(), 0);
    let mapping = mapping.to_str().expect("a path");
    let imported = place.command(&["import", file.to_str().expect("a path"), "--mapping", mapping]).output();
    assert!(imported.expect("relais import runs").status.success());
    place.check();
    let directory = place.dir.path().join("index");
    let open = || relais::search::Index::open_for_reading(&directory).expect("it opens").expect("an index");
    let (position, whole) = (open().position(), open().content_digest().expect("a digest"));
    assert_eq!(whole.documents, 20 + IMPORT_ROWS as u64);
    for point in 0..points() {
        let before = stores(&directory);
        let mut child = place.command(&["reindex", "--json"]).stdout(Stdio::null()).spawn().expect("it runs");
        while stores(&directory).is_subset(&before) && child.try_wait().expect("a child").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
        let left = open();
        assert_eq!(left.position(), position, "point {point}");
        assert_eq!(left.content_digest().expect("a digest"), whole, "point {point}: old or new, never half");
        place.check();
    }
    let again = place.command(&["reindex", "--json"]).output().expect("it runs");
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!((open().position(), open().content_digest().expect("a digest")), (position, whole));
    let named: std::collections::BTreeSet<_> = stores(&directory);
    assert_eq!(named.len(), 1, "what the killed ones left is gone");
}

#[test]
fn a_reindexing_killed_midway_leaves_the_index_that_was_there_on_sqlite() {
    reindexings(Backend::Sqlite);
}

#[test]
fn a_reindexing_killed_midway_leaves_the_index_that_was_there_on_postgres() {
    reindexings(Backend::Postgres);
}
