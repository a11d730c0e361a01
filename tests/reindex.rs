//! The index made anew: by the command, by the server that was asked, by the server that finds its files damaged.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;

use relais::actions::Deps;
use relais::actions::index::{catch_up, fill_telling};
use relais::clock::Clock;
use relais::domain::directory::Service;
use relais::domain::language::Text;
use relais::id::Ids;
use relais::jobs::index_sync::IndexSync;
use relais::sample::twenty::service_id;
use relais::search::{Change, Index};
use relais::store::{changes, services};

use crate::api::app::{self, both};
use crate::feed;

fn reindex(data_dir: &Path, url: &str, locale: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
    command.arg("reindex").args(arguments).arg("--data-dir").arg(data_dir).args(["--database-url", url]);
    command.env("RELAIS_KEYS_DATABASE_URL", format!("sqlite:{}", data_dir.join("keys.db").display()));
    command.env("RELAIS_MASTER_KEY", app::MASTER_KEY).env("RELAIS_LOG__FILTER", "error").env("LC_ALL", locale);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

both!(a_server_that_is_asked_makes_its_index_anew_while_it_answers, |app| {
    let index = app.deps.index().unwrap();
    index.apply(&[Change::Remove(service_id("panier"))], index.position()).unwrap();
    assert_eq!(index.documents(), 19);
    let output = reindex(&app.dir, app.deps.store.url(), "C", &["--json"]);
    assert_eq!(said(&output), "{\"state\":\"asked\"}\n");
    loop {
        app.anonymous().get("/api/v1/search?q=popote").expect(200);
        if index.documents() == 20 && !index.rebuild_is_asked() {
            break;
        }
    }
    feed::equals_a_rebuild(&app.deps.store, index);
    let output = reindex(&app.dir, app.deps.store.url(), "en_CA.UTF-8", &[]);
    assert!(said(&output).starts_with("A server holds the index"), "{}", said(&output));
});

#[test]
fn the_command_makes_the_index_and_says_so_in_both_languages() {
    let directory = tempfile::tempdir().unwrap();
    let url = app::filled_database(relais::store::Backend::Sqlite, directory.path()).unwrap();
    let made: serde_json::Value =
        serde_json::from_str(&said(&reindex(directory.path(), &url, "C", &["--json"]))).unwrap();
    assert_eq!((&made["state"], &made["documents"]), (&"rebuilt".into(), &20.into()), "{made}");
    let french = said(&reindex(directory.path(), &url, "fr_CA.UTF-8", &[]));
    assert!(french.starts_with("Index refait : 20 services"), "{french}");
    let english = said(&reindex(directory.path(), &url, "en_CA.UTF-8", &[]));
    assert!(english.starts_with("Index made anew: 20 services"), "{english}");
    let help = said(&reindex(directory.path(), &url, "C", &["--help"]));
    assert!(help.contains("Exemples / Examples") && help.contains("Exit codes"), "{help}");

    let misspelt = directory.path().join("dtaa");
    let url = format!("sqlite:{}", misspelt.join("relais.db").display());
    let refused = reindex(&misspelt, &url, "en_CA.UTF-8", &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no database"));
    assert!(!misspelt.exists(), "nothing was made");
}

/// What was written while nobody followed is found as soon as the index is open.
fn start_again(url: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = feed::store_of(url);
    let open = || {
        let deps = Deps::open(app::config(directory.path(), url), Clock::manual(feed::now()), Ids::random()).unwrap();
        deps.prepare_index().unwrap();
        deps
    };
    drop(open());
    let known = store.read(|conn| services::get_aggregate(conn, service_id("allaitement"))).unwrap().service;
    let renamed = Service { name: Text::fr("Zqxwv"), ..known };
    let written = store.write(feed::now(), |tx| services::update(tx, &renamed, "test")).unwrap();
    let deps = open();
    let index = deps.index().unwrap();
    assert_eq!((index.position(), feed::found(index, "zqxwv")), (Some(written.change), vec![renamed.id]));
}

#[test]
fn an_index_that_is_opened_again_has_what_was_written_meanwhile_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    start_again(&format!("sqlite:{}", directory.path().join("relais.db").display()));
}

#[test]
fn an_index_that_is_opened_again_has_what_was_written_meanwhile_on_postgres() {
    if let Some(url) = crate::postgres::empty_database() {
        start_again(&url);
    }
}

/// In place, as a disk does: the length stays.
fn flip_a_byte_of_the_rows(directory: &Path) {
    use std::io::{Read, Seek, SeekFrom, Write};
    let listed = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let path = listed.into_iter().find(|path| path.extension().is_some_and(|found| found == "store")).unwrap();
    let mut file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let middle = SeekFrom::Start(file.metadata().unwrap().len() / 3);
    let mut byte = [0];
    file.seek(middle).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(middle).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

/// Readings of all files before the index is said to stay damaged: minutes.
const CHECKS_MAX: usize = 100_000;

fn damage(url: &str) {
    let store = feed::store_of(url);
    let epoch = store.read(changes::head).unwrap().epoch;
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path(), epoch).unwrap();
    catch_up(&store, &index).unwrap();
    let position = index.position();
    drop(index);
    flip_a_byte_of_the_rows(directory.path());

    let index = Index::open(directory.path(), epoch).unwrap();
    assert_eq!(index.position(), position, "it opens without reading its files");
    let sync = IndexSync::start(store.clone(), index.clone()).unwrap();
    let is_whole = (0..CHECKS_MAX).any(|_| {
        // Of what finds nothing no row is read.
        assert_eq!((feed::found(&index, "zqxwv"), index.documents()), (vec![], 20), "searches go on");
        index.damaged_files(&|| true).unwrap().is_empty()
    });
    assert!(is_whole, "nobody made it anew");
    drop(sync);
    feed::equals_a_rebuild(&store, &index);
}

#[test]
fn a_damaged_file_is_found_after_the_start_and_the_index_made_anew_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    damage(&format!("sqlite:{}", directory.path().join("relais.db").display()));
}

#[test]
fn a_damaged_file_is_found_after_the_start_and_the_index_made_anew_on_postgres() {
    if let Some(url) = crate::postgres::empty_database() {
        damage(&url);
    }
}

#[test]
fn a_filling_tells_how_far_it_is_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = feed::store_of(&format!("sqlite:{}", directory.path().join("relais.db").display()));
    let index = Index::in_memory(store.read(changes::head).unwrap().epoch).unwrap();
    let told = Mutex::new(vec![]);
    let progress = |put: u64, total: u64| told.lock().unwrap().push((put, total));
    assert!(fill_telling(&store, &index, &progress, &|| false).is_err());
    assert_eq!((index.position(), index.documents()), (None, 0), "stopped, nothing of it is there");
    told.lock().unwrap().clear();
    fill_telling(&store, &index, &progress, &|| true).unwrap();
    assert_eq!(told.into_inner().unwrap(), [(20, 20)]);
    assert_eq!(index.documents(), 20);
}
