//! The command line and its settings, through the built binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use relais::actions::{Deps, accounts};
use relais::clock::Clock;
use relais::id::Ids;
use relais::store::{Backend, changes, services};

use crate::api::app;

fn relais(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
    command.args(arguments).arg("--data-dir").arg(dir);
    command.env("RELAIS_MASTER_KEY", app::MASTER_KEY).env("RELAIS_LOG__FILTER", "error").env("LC_ALL", "C");
    command.env_remove("DATABASE_URL");
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("relais.toml");
    std::fs::write(&file, "[limits]\nretry_after_seconds = 3\n").unwrap();
    let output = relais(dir.path(), &["check", "--config", file.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("retry_after_seconds"), "{}", said(&output));

    let output = relais(dir.path(), &["check"]).env("RELAIS_LISTNE", "127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("listne"), "{}", said(&output));

    let output = relais(dir.path(), &["check"]).env("RELAIS_LIMITS__RETRY_AFTER_S", "soon").output().unwrap();
    assert!(said(&output).to_lowercase().contains("retry_after_s"), "{}", said(&output));
    let output = relais(dir.path(), &["check", "--database-url", "mysql://nowhere"]).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("postgres://"), "{}", said(&output));
    let output = relais(dir.path(), &["no-such-command"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_setting_out_of_its_bounds_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let check = |variable: &str, value: &str| {
        let output = relais(dir.path(), &["check"]).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{variable}={value}: {}", said(&output));
        said(&output)
    };
    for (key, bounds) in [
        ("request_body_bytes_max", (1_024_u64, 104_857_600_u64)),
        ("query_bytes_max", (256, 1_048_576)),
        ("database_connections_max", (1, 1_000)),
        ("database_connection_wait_ms", (1, 3_600_000)),
        ("database_lock_wait_ms", (1, 3_600_000)),
        ("database_statement_ms", (1, 3_600_000)),
        ("retry_after_s", (1, 3_600)),
        ("access_token_minutes", (1, 1_440)),
        ("refresh_token_days", (1, 3_650)),
        ("sign_in_failures_max", (1, 1_000)),
        ("sign_in_lock_minutes", (1, 1_440)),
        ("shutdown_s", (0, 3_600)),
        ("search_min_change_wait_ms", (1, 3_600_000)),
        ("referral_expiry_days", (1, 365)),
    ] {
        let variable = format!("RELAIS_LIMITS__{}", key.to_uppercase());
        let (min, max) = bounds;
        for value in [min.checked_sub(1), Some(max + 1)].into_iter().flatten() {
            let message = check(&variable, &value.to_string());
            assert!(message.contains(&format!("limits.{key} = {value}: {min}..={max}")), "{message}");
        }
        for value in [min, max] {
            let message = check(&variable, &value.to_string());
            assert!(!message.contains(key), "{value} is within the bounds: {message}");
        }
    }
    for (variable, value, key) in [
        ("RELAIS_LOG__FILTER", "relais=loud", "log.filter"),
        ("RELAIS_LISTEN", "127.0.0.1:99999", "listen"),
        ("RELAIS_LISTEN", "localhost", "listen"),
        ("RELAIS_PUBLIC_URL", "relais.example", "public_url"),
        ("RELAIS_PUBLIC_URL", "ftp://relais.example", "public_url"),
        ("RELAIS_FRESHNESS__MONTHS_DEFAULT", "2", "freshness.months_default = 2: 1, 3, 6, 12"),
        ("RELAIS_FRESHNESS__HIDE_OVERDUE_DAYS", "30", "freshness.hide_overdue_days = 30: 31..=3650"),
        ("RELAIS_FRESHNESS__LINK_DAYS", "0", "freshness.link_days = 0: 1..=365"),
        ("RELAIS_FRESHNESS__ADDRESS_LETTERS_PER_DAY_MAX", "0", "freshness.address_letters_per_day_max"),
        ("RELAIS_FRESHNESS__LETTER_PAUSE_DAYS", "366", "freshness.letter_pause_days = 366: 1..=365"),
        ("RELAIS_FRESHNESS__ORGANIZATIONS_PER_ROUND_MAX", "1001", "freshness.organizations_per_round_max"),
        ("RELAIS_FRESHNESS__HIDE", "perhaps", "FRESHNESS.HIDE"),
        ("RELAIS_MAIL__SMTP_URL", "http://relais:secret-word@relais.example", "mail.smtp_url"),
        ("RELAIS_ROUTER__URL", "osrm.example:5000/secret-word", "RELAIS_ROUTER__URL"),
        ("RELAIS_ROUTER__URL", "ftp://osrm.example/secret-word", "RELAIS_ROUTER__URL"),
        ("RELAIS_ROUTER__URL", "http://relais:secret-word@osrm.example", "RELAIS_ROUTER__URL"),
        ("RELAIS_ROUTER__KIND", "graphhopper", "ROUTER.KIND"),
        ("RELAIS_ROUTER__PROFILE", "driving/../..", "RELAIS_ROUTER__PROFILE"),
        ("RELAIS_ROUTER__TIMEOUT_MS", "60000", "RELAIS_ROUTER__TIMEOUT_MS) = 60000: 10..=10000"),
    ] {
        let message = check(variable, value);
        assert!(message.contains(key) && !message.contains("secret-word"), "{variable}={value}: {message}");
    }
}

#[test]
fn a_check_of_a_directory_that_is_not_there_makes_none() {
    let dir = tempfile::tempdir().unwrap();
    let misspelt = dir.path().join("dtaa");
    for (locale, sentence) in [("fr_CA.UTF-8", "il n'y a pas de base"), ("en_CA.UTF-8", "there is no database")] {
        let output = relais(&misspelt, &["check", "--json"]).env("LC_ALL", locale).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(sentence) && said(&output).contains("dtaa"), "{}", said(&output));
        assert!(!misspelt.exists(), "nothing was made");
    }
}

#[test]
fn a_demo_whose_port_is_taken_says_so_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (locale, sentence) in [("fr_CA.UTF-8", "impossible d'écouter sur"), ("en_CA.UTF-8", "cannot listen on")] {
        let output = relais(dir.path(), &["demo", "--listen", &address]).env("LC_ALL", locale).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(sentence) && said.contains(&address) && said.contains("--listen"), "{said}");
    }
    let url = format!("sqlite:{}", dir.path().join("relais.db").display());
    let deps = Deps::open(app::config(dir.path(), &url), Clock::system(), Ids::random()).unwrap();
    assert_eq!(deps.store.read(services::count).unwrap(), 0);
}

fn real_data_are_never_made_a_demo(backend: Backend) {
    let dir = tempfile::tempdir().unwrap();
    let Some(url) = app::empty_database(backend, dir.path()) else { return };
    let run = |url: &str, arguments: &[&str]| {
        let mut command = relais(dir.path(), arguments);
        command.args(["--database-url", url]);
        let keys = format!("sqlite:{}", dir.path().join("keys.db").display());
        command.env("RELAIS_KEYS_DATABASE_URL", keys).output().unwrap()
    };
    // An address that nobody can listen on: a demo that went on would end there.
    let demo = ["demo", "--listen", "256.0.0.1:1"];
    let generate = ["generate", "--services", "20", "--families", "5"];
    let added = run(&url, &["organization", "add", "--name", "Organisme fictif"]);
    assert!(added.status.success(), "{}", said(&added));
    for (arguments, sentence) in [(&demo[..], "pas celles d'une démonstration"), (&generate[..], "déjà des données")]
    {
        let refused = run(&url, arguments);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(sentence), "{}", said(&refused));
    }
    let deps = Deps::open(app::config(dir.path(), &url), Clock::system(), Ids::random()).unwrap();
    assert!(!deps.store.read(changes::head).unwrap().is_demo);
    assert_eq!(deps.store.read(services::count).unwrap(), 0);

    let Some(empty) = app::empty_database(backend, dir.path()) else { return };
    let made = run(&empty, &generate);
    assert!(made.status.success(), "{}", said(&made));
    let again = run(&empty, &generate);
    assert!(again.status.code() == Some(1) && said(&again).contains("déjà des données"), "{}", said(&again));
    let second_start = run(&empty, &demo);
    assert!(!said(&second_start).contains("démonstration"), "a demo's own data are served: {}", said(&second_start));
}

#[test]
fn real_data_are_never_made_a_demo_on_sqlite() {
    real_data_are_never_made_a_demo(Backend::Sqlite);
}

#[test]
fn real_data_are_never_made_a_demo_on_postgres() {
    real_data_are_never_made_a_demo(Backend::Postgres);
}

fn an_account_is_added_and_signs_in(backend: Backend) {
    let dir = tempfile::tempdir().unwrap();
    let Some(url) = app::filled_database(backend, dir.path()) else { return };
    let keys = format!("sqlite:{}", dir.path().join("keys.db").display());
    let run = |arguments: &[&str]| {
        let mut command = relais(dir.path(), arguments);
        command.args(["--database-url", &url]).env("RELAIS_KEYS_DATABASE_URL", &keys);
        command.env("RELAIS_PASSWORD", "une phrase assez longue").output().unwrap()
    };
    let added = run(&["organization", "add", "--name", "Organisme fictif", "--enrolled-on", "2026-01-01"]);
    assert!(added.status.success(), "{}", said(&added));
    let organization = String::from_utf8(added.stdout).unwrap().trim().to_owned();
    let account = |email: &str, organization: &str| {
        run(&["account", "add", "--email", email, "--role", "worker", "--organization", organization])
    };
    let added = account("Alix@Organisme.example", &organization);
    assert!(added.status.success(), "{}", said(&added));
    let again = account("alix@organisme.example", &organization);
    assert!(again.status.code() == Some(1) && said(&again).contains("email"), "{}", said(&again));
    let nowhere = account("bo@organisme.example", "019ec0de-0000-7000-8000-000000000000");
    assert!(nowhere.status.code() == Some(1) && said(&nowhere).contains("organization"), "{}", said(&nowhere));
    let invalid = run(&["organization", "add", "--name", "X", "--referral-address", "nobody"]);
    assert!(invalid.status.code() == Some(1) && said(&invalid).contains("referral_address"), "{}", said(&invalid));

    let deps = Deps::open(app::config(dir.path(), &url), Clock::system(), Ids::random()).unwrap();
    accounts::sign_in(&deps, "alix@organisme.example", "une phrase assez longue").expect("the new account signs in");
    assert!(accounts::sign_in(&deps, "alix@organisme.example", "une autre phrase").is_err());
}

#[test]
fn an_account_is_added_and_signs_in_on_sqlite() {
    an_account_is_added_and_signs_in(Backend::Sqlite);
}

#[test]
fn an_account_is_added_and_signs_in_on_postgres() {
    an_account_is_added_and_signs_in(Backend::Postgres);
}

#[test]
fn the_server_is_up_before_its_database_and_stops_when_told() {
    let dir = tempfile::tempdir().unwrap();
    // Nobody listens on port 1: the server lives, and says that it is not ready.
    let mut command = relais(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--database-url", "postgres://relais@127.0.0.1:1/relais"]).stdout(Stdio::piped());
    command.env("RELAIS_LIMITS__DATABASE_CONNECTION_WAIT_MS", "100");
    command.env("RELAIS_KEYS_DATABASE_URL", format!("sqlite:{}", dir.path().join("keys.db").display()));
    let mut child = command.spawn().unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let base = line.split_whitespace().last().unwrap().to_owned();
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let status = |path: &str| agent.get(format!("{base}{path}")).call().unwrap().status().as_u16();
    assert_eq!((status("/livez"), status("/readyz")), (200, 503));
    assert_eq!(status("/api/v1/search?q=aide"), 503);
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(child.wait().unwrap().success(), "a server that is told to stop ends well");
}

/// Runs a command whose reader is gone before it says anything: its status, and what it said on standard error.
fn unread(dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut running = relais(dir, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(running.stdout.take());
    let output = running.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_reader_who_leaves_ends_a_command_quietly_with_its_own_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let filled = app::filled_database(Backend::Sqlite, dir.path()).unwrap();
    assert!(filled.starts_with("sqlite:"));
    let table = dir.path().join("repertoire.ndjson");
    for arguments in [
        &["check"] as &[&str],
        &["check", "--json"],
        &["reindex"],
        &["reindex", "--json"],
        &["duplicates"],
        &["duplicates", "--json"],
        &["sources", "list"],
        &["sources", "list", "--json"],
        &["export", "--format", "ndjson", "--output", table.to_str().unwrap()],
        &["--help"],
    ] {
        assert_eq!(unread(dir.path(), arguments), (Some(0), String::new()), "{arguments:?}");
    }
    assert!(table.is_file(), "what was asked is done");
    // What failed has failed, whoever reads it.
    let (status, said) = unread(dir.path(), &["export", "--format", "ndjson", "--output", table.to_str().unwrap()]);
    assert!(status == Some(1) && !said.contains("panicked"), "{said}");
    let nobody_reads = relais(dir.path(), &["no-such-command"]).stderr(Stdio::piped()).spawn().map(|mut running| {
        drop(running.stderr.take());
        running.wait().unwrap().code()
    });
    assert_eq!(nobody_reads.unwrap(), Some(2));
}
