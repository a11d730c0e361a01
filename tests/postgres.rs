//! A throw-away PostgreSQL from the installed binaries: one server for the whole run, one database a test. It ends
//! with the test process, however that ends, because it holds the other end of a pipe.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

const START_S_MAX: u64 = 60;

struct Server {
    port: u16,
    _watchdog: Child,
}

static DATABASES: AtomicUsize = AtomicUsize::new(0);

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| match find_binaries() {
        Some(bin) => Some(start(&bin)),
        None => {
            let said = "PostgreSQL is not installed (no initdb found): its half of the tests DID NOT RUN";
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{said}");
            eprintln!("\n*** {said} ***\n");
            None
        }
    });
    server.as_ref()
}

fn find_binaries() -> Option<PathBuf> {
    let mut candidates: Vec<PathBuf> = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        candidates.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        candidates.extend(versions.flatten().map(|entry| entry.path().join("bin")));
    }
    if let Some(path) = std::env::var_os("PATH") {
        candidates.extend(std::env::split_paths(&path));
    }
    candidates.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// The server refuses to run as root: there it runs as the user `postgres`.
fn command(program: &Path) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        return command;
    }
    Command::new(program)
}

fn start(bin: &Path) -> Server {
    let dir = tempfile::Builder::new().prefix("relais-pg-").tempdir().expect("a temporary directory").keep();
    if is_root() {
        let chown = Command::new("chown").arg("postgres").arg(&dir).status().expect("chown runs");
        assert!(chown.success(), "the directory is given to the user postgres");
    }
    let data = dir.join("data");
    let initdb = command(&bin.join("initdb"))
        .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=relais", "-D"])
        .arg(&data)
        .current_dir("/")
        .output()
        .expect("initdb runs");
    assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    // `read` ends when this process does, whatever ends it; then the server stops and its files go.
    let script = r#""$0" -D "$1" -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
        -c full_page_writes=off -c synchronous_commit=off -c max_connections=300 -c shared_buffers=64MB \
        >"$1.log" 2>&1 & server=$!; read line; kill -QUIT $server; wait $server; rm -rf "$3""#;
    let watchdog = command(Path::new("/bin/sh"))
        .args(["-c", script])
        .arg(bin.join("postgres"))
        .arg(&data)
        .arg(port.to_string())
        .arg(&dir)
        .current_dir("/")
        .stdin(Stdio::piped())
        .spawn()
        .expect("PostgreSQL starts");
    let started = Instant::now();
    while PgConnection::establish(&url(port, "postgres")).is_err() {
        assert!(started.elapsed() < Duration::from_secs(START_S_MAX), "PostgreSQL answers: see {}.log", data.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { port, _watchdog: watchdog }
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://relais@127.0.0.1:{port}/{database}")
}

fn create(server: &Server, template: Option<&str>) -> String {
    let name = format!("relais_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::establish(&url(server.port, "postgres")).expect("PostgreSQL answers");
    let template = template.map(|name| format!(" TEMPLATE {name}")).unwrap_or_default();
    conn.batch_execute(&format!("CREATE DATABASE {name}{template}")).expect("a database is made");
    url(server.port, &name)
}

/// A new, empty database; `None` where PostgreSQL is not installed.
pub fn empty_database() -> Option<String> {
    Some(create(server()?, None))
}

/// A copy of a database that nobody is connected to.
pub fn database_from_template(template_url: &str) -> String {
    let server = server().expect("the template is on it");
    let name = template_url.rsplit('/').next().expect("a name");
    create(server, Some(name))
}
