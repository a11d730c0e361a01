//! `relais import`, as the built program does it, on both databases: what a file gives, what it refuses, and that the
//! same file twice changes nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use relais::actions::Deps;
use relais::actions::hsds::{Asked, Form, list};
use relais::actions::services::get;
use relais::clock::Clock;
use relais::domain::language::Lang;
use relais::exchange::hsds::{self, Context, Eyes};
use relais::exchange::hsds_in::{Reading, read_file};
use relais::id::Ids;
use relais::store::lists::Collection;
use relais::store::{Backend, changes};
use serde_json::{Value, json};

use crate::api::app;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) url: String,
    pub(crate) backend: Backend,
}

impl Place {
    pub(crate) fn new(backend: Backend) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let url = app::empty_database(backend, dir.path())?;
        Some(Self { dir, url, backend })
    }
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.relais(&[&["import"], arguments].concat())
    }
    pub(crate) fn relais(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
        command.current_dir(root()).args(arguments);
        command.args(["--data-dir", self.dir.path().to_str().unwrap(), "--database-url", &self.url]);
        command.env("RELAIS_MASTER_KEY", app::MASTER_KEY);
        let keys = format!("sqlite:{}", self.dir.path().join("keys.db").display());
        command.env("RELAIS_KEYS_DATABASE_URL", keys).env("LC_ALL", "fr_CA.UTF-8").output().unwrap()
    }
    pub(crate) fn import(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
    pub(crate) fn export(&self, arguments: &[&str]) -> Value {
        let output = self.relais(&[&["export"], arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
    pub(crate) fn export_refused(&self, arguments: &[&str]) -> String {
        let output = self.relais(&[&["export"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
    /// The twenty services of the demo.
    pub(crate) fn seed_twenty(&self) {
        let deps = self.deps();
        let now = deps.clock.now();
        // The sample says no boroughs: its places are put where the program puts those of everybody.
        let mut directory = relais::sample::twenty::directory(now);
        for place in &mut directory.locations {
            relais::actions::placing::place(deps.gazetteer(), place, "location").unwrap();
        }
        deps.store.write(now, |tx| relais::sample::write_directory(tx, &directory)).unwrap();
    }
    /// What no way out may say: the addresses, names and points of the places that are hidden.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let deps = self.deps();
        let all = deps.store.read(|conn| relais::store::services::page_after(conn, None, 1_000)).unwrap();
        let hidden = all
            .into_iter()
            .flat_map(|one| one.locations)
            .filter(|place| place.visibility == relais::domain::directory::Visibility::RegionOnly);
        let mut secrets = Vec::new();
        for place in hidden {
            secrets.extend(place.document.addresses.iter().filter_map(|address| address.address_1.clone()));
            secrets.extend(place.document.addresses.iter().filter_map(|address| address.postal_code.clone()));
            secrets.extend(place.point.map(|point| point.lat.to_string()));
        }
        assert!(!secrets.is_empty(), "there is a hidden place");
        secrets
    }
    pub(crate) fn deps(&self) -> Deps {
        let deps = Deps::open(app::config(self.dir.path(), &self.url), Clock::system(), Ids::random()).unwrap();
        deps.prepare().unwrap();
        deps
    }
    pub(crate) fn head(&self) -> i64 {
        self.deps().store.read(changes::head).unwrap().n
    }
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Two tests of one body.
macro_rules! on_both {
    ($name:ident, |$place:ident| $body:block) => {
        mod $name {
            use super::*;
            fn body($place: &Place) $body
            #[test]
            fn sqlite() {
                body(&Place::new(Backend::Sqlite).unwrap());
            }
            #[test]
            fn postgres() {
                if let Some(place) = Place::new(Backend::Postgres) {
                    body(&place);
                }
            }
        }
    };
}

pub(crate) use on_both;

const FILE: &str = "tests/fixtures/garderies-fictives.csv";
const MAPPING: &str = "docs/mappings/garderies.toml";

pub(crate) fn all(deps: &Deps) -> Vec<Value> {
    let asked = Asked { form: Form::Full, ..Asked::new(Collection::Services, 1, 100) };
    list(deps, None, &asked).unwrap().contents
}

on_both!(a_spreadsheet_with_every_trap_is_taken_once, |place| {
    let report = place.import(&[FILE, "--mapping", MAPPING]);
    assert_eq!((&report["taken"], &report["dropped"], &report["blank"]), (&json!(8), &json!(1), &json!(2)));
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 1, "{report}");
    let why = json!({"line": 13, "code": "invalid_value", "field": "organization.email", "rule": "e-mail address"});
    assert_eq!(refused[0], why);
    assert_eq!(report["placements"], json!({"municipality": 1, "none": 1, "postal_area": 6}));
    let head = place.head();
    assert!(head > 0);
    let again = place.import(&[FILE, "--mapping", MAPPING]);
    assert_eq!((&again["taken"], &again["changed"], &again["unchanged"]), (&json!(0), &json!(0), &json!(8)));
    assert_eq!(place.head(), head, "the same file changes nothing");
    let services = all(&place.deps());
    let named = |name: &str| services.iter().find(|one| one["name"] == name).unwrap();
    let first = named("CENTRE DE LA PETITE ENFANCE \"LA DOUCE FICTION\"");
    assert_eq!(first["phones"][0]["number"], "(450) 555-0101", "two spaces become one");
    assert_eq!(first["service_at_locations"][0]["location"]["placement"], "municipality", "J0H is rural");
    assert_eq!(first["service_at_locations"][0]["location"]["located_in"]["mrc"]["id"], "mrc:48");
    let twice = services.iter().filter(|one| one["name"] == "CPE LES P'TITS ÉRABLES").count();
    assert_eq!(twice, 2, "one installation with two licences");
});

on_both!(the_latin_1_twin_says_the_same, |place| {
    place.import(&[FILE, "--mapping", MAPPING]);
    let head = place.head();
    let text = std::fs::read_to_string(root().join(MAPPING)).unwrap();
    let latin = place.write("latin.toml", &text.replace("\"utf-8\"", "\"latin-1\""));
    let twin = "tests/fixtures/garderies-fictives-latin1.csv";
    let report = place.import(&[twin, "--mapping", latin.to_str().unwrap()]);
    assert_eq!((&report["unchanged"], place.head()), (&json!(8), head));
    assert!(place.refused(&[twin, "--mapping", MAPPING]).contains("encoding: line 2 is not utf-8"));
    assert!(place.refused(&[FILE, "--mapping", latin.to_str().unwrap()]).contains("the file is utf-8"));
});

on_both!(a_row_in_another_encoding_than_its_file_is_refused_alone, |place| {
    let mapping = "source = \"melange\"\nencoding = \"latin-1\"\nkey = [\"no\"]\n[columns]\nname = \"nom\"\n\
        \"organization.name\" = \"nom\"\n[categories]\nalways = [\"food/food-bank\"]\n";
    let mapping = place.write("melange.toml", mapping);
    let file = place.dir.path().join("melange.csv");
    let bytes = [b"no,nom\n1,\xC9piphanie\n".as_slice(), "2,L’Éclaircie\n".as_bytes(), b"3,Gr\xE2ce\n"].concat();
    std::fs::write(&file, bytes).unwrap();
    let report = place.import(&[file.to_str().unwrap(), "--mapping", mapping.to_str().unwrap()]);
    assert_eq!((&report["taken"], &report["refused_count"]), (&json!(2), &json!(1)), "{report}");
    let refused = &report["refused"][0];
    assert_eq!((&refused["line"], &refused["field"]), (&json!(3), &json!("encoding")), "{report}");
});

on_both!(an_open_quote_refuses_the_whole_file, |place| {
    let said = place.refused(&["tests/fixtures/garderies-fictives-guillemet.csv", "--mapping", MAPPING]);
    assert!(said.contains("line"), "{said}");
    assert_eq!((place.head(), all(&place.deps()).len()), (0, 0), "nothing is half written");
});

on_both!(a_wrong_mapping_is_refused_by_its_key_before_any_row, |place| {
    let text = std::fs::read_to_string(root().join(MAPPING)).unwrap();
    let cases = [
        (text.replace("phone = \"Téléphone\"", "phone = \"Téléfone\""), "columns.phone: Téléfone"),
        (text.replace("phone = \"Téléphone\"", "phon = \"Téléphone\""), "columns.phon"),
        (
            text.replace("CPE = [\"childcare/daycare\"]", "CPE = [\"childcare/moon\"]"),
            "categories.values.CPE: childcare/moon",
        ),
        (text.replace("preamble_lines", "preamble"), "preamble"),
        (
            text.replace("column = \"Type de service de garde\"\nkeep", "column = \"Type\"\nkeep"),
            "filters.0.column: Type",
        ),
        (text.replace("status = \"active\"", "status = \"awake\""), "constants.status: awake"),
        (text.replace("key = [", "cle = ["), "cle"),
        (text.replace("source = ", "source "), "mapping"),
    ];
    for (text, said) in cases {
        let mapping = place.write("wrong.toml", &text);
        let message = place.refused(&[FILE, "--mapping", mapping.to_str().unwrap()]);
        assert!(message.contains(said), "{said} in {message}");
    }
    assert_eq!(place.head(), 0);
});

on_both!(a_dry_run_counts_and_writes_nothing, |place| {
    let report_path = place.dir.path().join("report.json");
    let report = place.import(&[FILE, "--mapping", MAPPING, "--dry-run", "--report", report_path.to_str().unwrap()]);
    assert_eq!((&report["taken"], &report["dry_run"], place.head()), (&json!(8), &json!(true), 0));
    let written: Value = serde_json::from_slice(&std::fs::read(report_path).unwrap()).unwrap();
    assert_eq!(written, report);
});

on_both!(an_import_that_takes_nothing_fails_and_its_report_is_opened_first, |place| {
    let report_path = place.dir.path().join("report.json");
    std::fs::write(&report_path, "x".repeat(100_000)).unwrap();
    let nameless = place.write("nameless.json", r#"{"id": "019ec0de-0000-7000-8000-000000000000", "services": [{}]}"#);
    let output = place.run(&[nameless.to_str().unwrap(), "--json", "--report", report_path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["taken"], report["refused"].as_array().unwrap().len()), (&json!(0), 1), "{report}");
    let written: Value = serde_json::from_slice(&std::fs::read(&report_path).unwrap()).unwrap();
    assert_eq!(written, report, "the earlier report is gone");

    let nowhere = place.dir.path().join("no-such-folder/report.json");
    let said = place.refused(&[FILE, "--mapping", MAPPING, "--report", nowhere.to_str().unwrap()]);
    assert!(said.contains("no-such-folder"), "{said}");
    assert_eq!(place.head(), 0, "nothing was taken");
});

on_both!(a_changed_row_changes_one_service_and_no_import_says_where_referrals_go, |place| {
    place.import(&[FILE, "--mapping", MAPPING]);
    let deps = place.deps();
    let changed = all(&deps).into_iter().find(|one| one["name"] == "CPE DU GRAND DÉTOUR").unwrap();
    let organization = changed["organization_id"].as_str().unwrap().parse().unwrap();
    let set = |tx: &mut relais::store::Tx<'_>| {
        relais::store::organizations::set_referral_address(tx, organization, Some("vraie@adresse.example"))
    };
    deps.store.write(deps.clock.now(), set).unwrap();
    let text = std::fs::read_to_string(root().join(FILE)).unwrap().replace("info@grand-detour", "autre@grand-detour");
    let file = place.write("later.csv", &text);
    let report = place.import(&[file.to_str().unwrap(), "--mapping", MAPPING]);
    assert_eq!((&report["taken"], &report["changed"], &report["unchanged"]), (&json!(0), &json!(1), &json!(7)));
    let id = changed["id"].as_str().unwrap().parse().unwrap();
    let shown = get(&deps, None, id).unwrap();
    assert_eq!(shown.value["organization"]["email"], "autre@grand-detour.example");
    assert!(shown.version > 1);
    let kept = deps.store.read(|conn| relais::store::organizations::get(conn, organization)).unwrap();
    assert_eq!(kept.referral_address.as_deref(), Some("vraie@adresse.example"));
});

on_both!(what_somebody_hid_stays_hidden_whatever_a_source_leaves_out, |place| {
    place.import(&[FILE, "--mapping", MAPPING]);
    let deps = place.deps();
    let changed = all(&deps).into_iter().find(|one| one["name"] == "CPE DU GRAND DÉTOUR").unwrap();
    let id: relais::id::Id = changed["id"].as_str().unwrap().parse().unwrap();
    let known = deps.store.read(|conn| relais::store::services::get_aggregate(conn, id)).unwrap();
    let mut hidden = known.locations[0].clone();
    assert!(hidden.organization_id.is_some(), "every place has an owner");
    hidden.visibility = relais::domain::directory::Visibility::RegionOnly;
    deps.store.write(deps.clock.now(), |tx| relais::store::locations::update(tx, &hidden)).unwrap();
    let text = std::fs::read_to_string(root().join(FILE)).unwrap().replace("info@grand-detour", "autre@grand-detour");
    let file = place.write("later.csv", &text);
    assert_eq!(place.import(&[file.to_str().unwrap(), "--mapping", MAPPING])["changed"], json!(1));
    let after = deps.store.read(|conn| relais::store::services::get_aggregate(conn, id)).unwrap();
    assert_eq!(after.locations[0].visibility, relais::domain::directory::Visibility::RegionOnly);
});

on_both!(the_official_examples_go_in_and_come_out_with_every_member, |place| {
    let report = place.import(&["tests/fixtures/hsds/service_full.json", "--source", "first"]);
    assert_eq!((&report["taken"], &report["refused_count"]), (&json!(1), &json!(0)));
    let deps = place.deps();
    let expected: Value = serde_json::from_str(include_str!("fixtures/hsds/service_full.json")).unwrap();
    let id = expected["id"].as_str().unwrap().parse().unwrap();
    contains(&get(&deps, None, id).unwrap().value, &expected, "");
    // The second holds the same service, from another source: it is merged, and what the first said alone stays.
    let report = place.import(&["tests/fixtures/hsds/organization_full.json", "--source", "second"]);
    assert_eq!((&report["taken"], &report["refused_count"]), (&json!(0), &json!(0)), "{report}");
    let shown = get(&deps, None, id).unwrap().value;
    assert_eq!(shown["id"], expected["id"]);
});

on_both!(a_place_alone_is_nobodys_and_does_not_pass_for_an_organisation, |place| {
    let alone = place.run(&["tests/fixtures/hsds/location.json", "--source", "alone", "--json"]);
    assert_eq!(alone.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&alone.stdout).unwrap();
    assert_eq!(report["refused"][0]["field"], "location_type", "{report}");
    // It left its id to the real place, which comes out, goes in elsewhere, and comes out the same.
    place.import(&["tests/fixtures/hsds/organization_full.json", "--source", "whole"]);
    let [first, second] = ["first.ndjson", "second.ndjson"].map(|name| place.dir.path().join(name));
    place.export(&["--format", "ndjson", "--output", first.to_str().unwrap()]);
    let Some(elsewhere) = Place::new(place.backend) else { return };
    elsewhere.import(&[first.to_str().unwrap(), "--source", "whole"]);
    elsewhere.export(&["--format", "ndjson", "--output", second.to_str().unwrap()]);
    let [first, second] = [first, second].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(first.contains("service_at_locations"), "{first}");
    assert_eq!(first, second);
});

#[test]
fn an_organisation_goes_in_and_comes_out_with_every_member() {
    let text = include_str!("fixtures/hsds/organization_full.json");
    let nothing = |_: &str| false;
    let reading = Reading { source: "hsds", language: Lang::Fr, fresh: None, is_request: false, is_category: &nothing };
    let contents = read_file(text.as_bytes(), reading).unwrap();
    assert!(contents.refused.is_empty(), "{:?}", contents.refused);
    let mut expected: Value = serde_json::from_str(text).unwrap();
    expected.as_object_mut().unwrap().remove("services");
    let places: Vec<_> = contents.entries[0].locations.clone();
    let context = Context { eyes: Eyes::Public, territory: &|_| None, category: &|_| None };
    contains(&hsds::organization(&contents.entries[0].organization, &places, context), &expected, "");
}

/// Every member of `expected` is in `found`; lists may be longer, and `last_modified` is this directory's own.
fn contains(found: &Value, expected: &Value, path: &str) {
    match expected {
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "last_modified").for_each(|(name, value)| {
                let path = format!("{path}.{name}");
                contains(found.get(name).unwrap_or_else(|| panic!("{path} is lost")), value, &path);
            })
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| {
            let path = format!("{path}.{at}");
            contains(found.get(at).unwrap_or_else(|| panic!("{path} is lost")), value, &path);
        }),
        other => assert_eq!(found, other, "{path}"),
    }
}
