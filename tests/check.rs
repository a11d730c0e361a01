//! `relais check` says clean when all agree, and names what does not: it must be able to fail.

use std::process::Command;

use relais::actions::check::{Report, check};
use relais::actions::index::catch_up;
use relais::domain::language::Text;
use relais::sample::twenty::service_id;
use relais::search::{Change, Entry, Index};
use relais::store::{Store, changes, services};

use crate::api::app::{TestApp, both};
use crate::feed;

fn index_of(store: &Store, directory: &std::path::Path) -> Index {
    let epoch = store.read(changes::head).unwrap().epoch;
    let index = Index::open(directory, epoch).unwrap();
    catch_up(store, &index).unwrap();
    index
}

fn disagreements(url: &str) {
    let store = feed::store_of(url);
    let directory = tempfile::tempdir().unwrap();
    let (index_directory, scratch) = (directory.path().join("index"), directory.path().join("scratch"));
    let report = || -> Report { check(&store, &index_directory, &scratch).unwrap() };
    let tamper = |change: Change| {
        let index = index_of(&store, &index_directory);
        index.apply(&[change], index.position()).unwrap();
    };
    let entry = || {
        let aggregate = store.read(|conn| services::get_aggregate(conn, service_id("panier"))).unwrap();
        let category_labels = aggregate.service.categories.iter().flat_map(|code| relais::actions::index::labels(code));
        Entry { category_labels: category_labels.collect(), aggregate }
    };

    let first = report();
    assert!(first.clean, "{:?}", first.problems);
    assert_eq!((first.index.position_found, first.index.content.documents), (None, 20), "it was missing, and was made");
    assert!(!scratch.exists());

    tamper(Change::Remove(service_id("panier")));
    assert_eq!(report().problems, ["the index has 19 services, an index made anew 20"]);
    tamper(Change::Put(Box::new(entry())));
    assert!(report().clean, "{:?}", report().problems);

    let mut other = entry();
    other.aggregate.service.name = Text::fr("Autre chose");
    tamper(Change::Put(Box::new(other)));
    assert_eq!(report().problems, ["the index has other content than an index made anew"]);

    // What a stopped server left behind is caught up, as its next start would do.
    tamper(Change::Put(Box::new(entry())));
    let renamed = relais::domain::directory::Service { name: Text::fr("Renommé"), ..entry().aggregate.service };
    let written = store.write(feed::now(), |tx| services::update(tx, &renamed, "test")).unwrap();
    let behind = report();
    assert!(behind.clean, "{:?}", behind.problems);
    assert!(behind.index.position_found.is_some_and(|position| position < written.change));
    assert_eq!(behind.index.position, Some(written.change));
}

#[test]
fn what_does_not_agree_is_named_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    disagreements(&format!("sqlite:{}", directory.path().join("relais.db").display()));
}

#[test]
fn what_does_not_agree_is_named_on_postgres() {
    if let Some(url) = crate::postgres::empty_database() {
        disagreements(&url);
    }
}

both!(a_server_that_holds_its_index_is_checked_beside_it, |app| {
    let report = check(&app.deps.store, &app.deps.index_directory(), &app.dir.join("scratch")).unwrap();
    assert!(report.clean && report.index.in_use, "{report:?}");
});

#[test]
fn the_command_answers_by_its_exit_code_and_in_json() {
    let app = TestApp::start(relais::store::Backend::Sqlite).expect("SQLite is built in");
    let run_with = |arguments: &[&str], master_key: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
        command.arg("check").arg("--data-dir").arg(&app.dir).args(arguments);
        command.env("RELAIS_MASTER_KEY", master_key).env_remove("DATABASE_URL").output().unwrap()
    };
    let run = |arguments: &[&str]| run_with(arguments, crate::api::app::MASTER_KEY);
    // Another master key would seal the next family under a second one: it is refused before anything is sealed.
    let wrong = run_with(&[], "HxwdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("master key"));
    let output = run(&["--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["clean"], &report["index"]["documents"]), (&true.into(), &20.into()), "{report}");
    let index = app.deps.index().unwrap();
    index.apply(&[Change::Remove(service_id("panier"))], index.position()).unwrap();
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("the index has 19 services"));
}
