//! The real server, on a port of its own, over a database of its own, with a clock that the test moves: what every
//! story of the suite begins with. Every answer is checked against `openapi.yaml` before the test sees it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use relais::actions::Deps;
use relais::clock::{Clock, Time};
use relais::config::Config;
use relais::id::Ids;
use relais::jobs::Jobs;
use relais::store::Backend;
use serde_json::Value;

use crate::contract;
use crate::postgres;

/// When every story begins.
pub const START: &str = "2026-06-15T14:00:00Z";
pub const PASSWORD: &str = "relais-demo";
/// The master key of every test, in base64.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Makes one test body into two tests, `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($(#[$meta:meta])* $name:ident, |$app:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn body($app: &$crate::api::app::TestApp) $body
            #[test]
            fn sqlite() {
                body(&$crate::api::app::TestApp::start(relais::store::Backend::Sqlite).expect("SQLite is built in"));
            }
            #[test]
            fn postgres() {
                if let Some(app) = $crate::api::app::TestApp::start(relais::store::Backend::Postgres) {
                    body(&app);
                }
            }
        }
    };
}
pub(crate) use both;

static STARTED: AtomicUsize = AtomicUsize::new(0);

#[allow(dead_code)]
pub struct TestApp {
    pub address: SocketAddr,
    pub deps: Arc<Deps>,
    pub clock: Clock,
    pub dir: PathBuf,
    server: Option<(actix_web::dev::ServerHandle, JoinHandle<()>)>,
    jobs: Option<Jobs>,
    tokens: RefCell<Vec<(String, String)>>,
    _temporary: tempfile::TempDir,
}

impl TestApp {
    /// `None` where PostgreSQL is not installed (said loudly; an error when `CI=true`).
    pub fn start(backend: Backend) -> Option<Self> {
        Self::start_with(backend, |_| {})
    }

    pub fn start_with(backend: Backend, adjust: impl FnOnce(&mut Config)) -> Option<Self> {
        let temporary = tempfile::Builder::new().prefix("relais-test-").tempdir().expect("a temporary directory");
        let url = filled_database(backend, temporary.path())?;
        Some(Self::start_on(temporary, &url, adjust))
    }

    /// A server over a database that exists: a second node, or a restart.
    pub fn start_on(temporary: tempfile::TempDir, url: &str, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(temporary.path(), url);
        adjust(&mut config);
        let clock = Clock::manual(Time::parse_rfc3339(START).expect("an instant"));
        let deps = Arc::new(Deps::open(config, clock.clone(), Ids::random()).expect("the data open"));
        deps.prepare().expect("the data are prepared");
        let (sender, receiver) = std::sync::mpsc::channel();
        let for_server = deps.clone();
        let thread = std::thread::spawn(move || {
            relais::api::system().block_on(async move {
                let (address, server) = relais::api::serve(for_server).expect("the server starts");
                sender.send((address, server.handle())).expect("the test waits");
                server.await.expect("the server stops well");
            });
        });
        let (address, handle) = receiver.recv().expect("the server says its address");
        let jobs = Jobs::start(deps.clone()).expect("the jobs start");
        while !deps.is_ready() {
            std::thread::yield_now();
        }
        let dir = temporary.path().to_owned();
        let (server, jobs) = (Some((handle, thread)), Some(jobs));
        Self { address, deps, clock, dir, server, jobs, tokens: RefCell::default(), _temporary: temporary }
    }

    pub fn anonymous(&self) -> Client {
        Client { base: format!("http://{}", self.address), headers: Vec::new() }
    }
    pub fn worker(&self) -> Client {
        self.signed_in("worker@demo.relais.example")
    }
    pub fn partner(&self) -> Client {
        self.signed_in("partner@demo.relais.example")
    }
    pub fn curator(&self) -> Client {
        self.signed_in("curator@demo.relais.example")
    }
    pub fn table(&self) -> Client {
        self.signed_in("table@demo.relais.example")
    }
    pub fn admin(&self) -> Client {
        self.signed_in("admin@demo.relais.example")
    }

    pub fn signed_in(&self, email: &str) -> Client {
        let known = self.tokens.borrow().iter().find(|(one, _)| one == email).map(|(_, token)| token.clone());
        let token = known.unwrap_or_else(|| {
            let form = [("grant_type", "password"), ("username", email), ("password", PASSWORD)];
            let reply = self.anonymous().post_form("/api/v1/auth/token", &form);
            assert_eq!(reply.status, 200, "{email} signs in: {}", reply.text);
            let token = reply.json["access_token"].as_str().expect("a token").to_owned();
            self.tokens.borrow_mut().push((email.to_owned(), token.clone()));
            token
        });
        self.anonymous().header("Authorization", &format!("Bearer {token}"))
    }

    /// Moves the clock; tokens signed before may be too old afterwards, so they are asked for again.
    pub fn advance(&self, delta: chrono::TimeDelta) {
        self.clock.advance(delta);
        self.tokens.borrow_mut().clear();
    }

    /// From now on nothing is done by itself: the index receives no change.
    pub fn stop_jobs(&mut self) {
        self.jobs.take();
    }

    /// One round of the jobs, now.
    pub fn run_jobs(&self) {
        relais::jobs::run_all(&self.deps).expect("the jobs run");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some((handle, thread)) = self.server.take() {
            // The future stops the server when it is made; awaiting it would need a runtime here.
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }
}

pub fn config(dir: &Path, url: &str) -> Config {
    let mut config = Config::load(None).expect("the defaults load");
    config.data_dir = dir.to_owned();
    config.listen = "127.0.0.1:0".to_owned();
    config.database_url = Some(url.to_owned());
    config.keys_database_url = Some(format!("sqlite:{}", dir.join("keys.db").display()));
    config.master_key = Some(secrecy::SecretString::from(MASTER_KEY));
    config.public_url = Some("https://relais.example".to_owned());
    config
}

/// Fills an empty database with the twenty services and the demo's logins: what every story starts from.
fn fill(dir: &Path, url: &str) {
    let clock = Clock::manual(Time::parse_rfc3339(START).expect("an instant"));
    let deps = Deps::open(config(dir, url), clock, Ids::seeded(20)).expect("the template opens");
    deps.prepare().expect("the template is prepared");
    let now = deps.clock.now();
    deps.store.write(now, |tx| relais::sample::write_twenty(tx, now)).expect("the twenty services are written");
}

fn sqlite_template() -> &'static Path {
    static TEMPLATE: OnceLock<(PathBuf, tempfile::TempDir)> = OnceLock::new();
    let (path, _) = TEMPLATE.get_or_init(|| {
        let dir = tempfile::Builder::new().prefix("relais-template-").tempdir().expect("a temporary directory");
        let path = dir.path().join("relais.db");
        fill(dir.path(), &format!("sqlite:{}", path.display()));
        // Closing the last connection folds the log into the file: the copy is whole.
        assert!(!path.with_extension("db-wal").exists(), "the template is closed");
        (path, dir)
    });
    path
}

fn postgres_template() -> Option<&'static str> {
    static TEMPLATE: OnceLock<Option<String>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let url = postgres::empty_database()?;
        let dir = tempfile::tempdir().expect("a temporary directory");
        fill(dir.path(), &url);
        Some(url)
    });
    template.as_deref()
}

/// A copy of the template, of one's own; `None` where PostgreSQL is not installed.
pub fn filled_database(backend: Backend, dir: &Path) -> Option<String> {
    match backend {
        Backend::Sqlite => {
            let path = dir.join("relais.db");
            std::fs::copy(sqlite_template(), &path).expect("the template is copied");
            Some(format!("sqlite:{}", path.display()))
        }
        Backend::Postgres => Some(postgres::database_from_template(postgres_template()?)),
    }
}

/// A fresh, empty database of the kind; `None` where PostgreSQL is not installed.
#[allow(dead_code)]
pub fn empty_database(backend: Backend, dir: &Path) -> Option<String> {
    match backend {
        Backend::Sqlite => {
            let n = STARTED.fetch_add(1, Ordering::Relaxed);
            Some(format!("sqlite:{}", dir.join(format!("empty-{n}.db")).display()))
        }
        Backend::Postgres => postgres::empty_database(),
    }
}

/// Who asks: a base address and the headers that go with every request.
#[derive(Clone)]
pub struct Client {
    base: String,
    headers: Vec<(String, String)>,
}

pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub text: String,
    /// Null when the answer is not JSON.
    pub json: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
    /// Asserts a problem document with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.json["code"], code, "{}", reply.text);
        reply
    }
    /// Asserts the field that a problem document names.
    #[track_caller]
    pub fn naming(self, field: &str) -> Self {
        assert_eq!(self.json["field"], field, "{}", self.text);
        self
    }
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("an id in {}", self.text)).to_owned()
    }
}

impl Client {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
    #[must_use]
    pub fn in_english(self) -> Self {
        self.header("Accept-Language", "en")
    }
    #[must_use]
    pub fn if_match(self, version: i64) -> Self {
        self.header("If-Match", &format!("\"{version}\""))
    }
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(("application/json", body.to_string().into_bytes())))
    }
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(("application/json", body.to_string().into_bytes())))
    }
    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(("application/merge-patch+json", body.to_string().into_bytes())))
    }
    pub fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send("POST", path, Some(("application/x-www-form-urlencoded", body.into_bytes())))
    }
    pub fn post_bytes(&self, path: &str, content_type: &'static str, body: &[u8]) -> Reply {
        self.send("POST", path, Some((content_type, body.to_vec())))
    }

    pub fn send(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Reply {
        static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
        let agent = AGENT.get_or_init(|| {
            let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
            config.max_idle_connections(0).build().into()
        });
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some((content_type, _)) = &body {
            request = request.header("Content-Type", *content_type);
        }
        let bytes = body.map(|(_, bytes)| bytes).unwrap_or_default();
        let request = request.body(bytes).expect("a request");
        let mut response = agent.run(request).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let text = response.body_mut().read_to_string().expect("a text");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let json = if content_type.contains("ndjson") {
            Value::String(text.clone())
        } else if content_type.contains("json") && !text.is_empty() {
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{method} {path}: {error}: {text}"))
        } else {
            Value::Null
        };
        contract::check_answer(method, path, status, &content_type, &json);
        Reply { status, headers, text, json }
    }
}
