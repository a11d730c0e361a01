//! Going through a list page by page while the directory changes and the index follows: of what does not change nothing
//! is lost and nothing comes twice.

use std::collections::{BTreeMap, BTreeSet};

use relais::domain::directory::{Location, Origin, Point, Service, ServiceAtLocation, Visibility};
use relais::domain::language::Text;
use relais::id::Id;
use relais::sample::twenty::service_id;
use relais::store::{Backend, locations, services};
use serde_json::{Value, json};

use super::app::TestApp;

const AT_ONCE: usize = 9;
/// Pages after which something happens.
const CHANGES_MAX: usize = 4;

/// A directory that changes under its readers.
struct Changing<'a> {
    app: &'a TestApp,
    model: relais::domain::directory::ServiceAggregate,
    changes: usize,
}

impl Changing<'_> {
    fn new(app: &TestApp) -> Changing<'_> {
        let model = app.deps.store.read(|conn| services::get_aggregate(conn, service_id("garderie"))).unwrap();
        Changing { app, model, changes: 0 }
    }

    /// Services of these names and descriptions, each at a place of its own.
    fn add(&self, texts: &[(String, String)]) -> Vec<Id> {
        let now = self.app.deps.clock.now();
        let (mut places, mut added) = (vec![], vec![]);
        for (n, (name, description)) in texts.iter().enumerate() {
            let (id, place_id) = (self.app.deps.ids.new_id(now), self.app.deps.ids.new_id(now));
            let lat = 45.53 + (n * 7 % 23) as f64 * 0.01;
            places.push(Location {
                id: place_id,
                origin: Origin::local(place_id),
                point: Some(Point { lat, lon: -73.52 }),
                visibility: Visibility::Public,
                ..self.model.locations[0].clone()
            });
            let mut service = Service {
                id,
                origin: Origin::local(id),
                name: Text::fr(name),
                categories: vec!["social-isolation/activities".to_owned()],
                at_locations: vec![ServiceAtLocation::plain(id, place_id)],
                ..self.model.service.clone()
            };
            service.document.description = Text::fr(description);
            service.document.alternate_name = Text::default();
            added.push(service);
        }
        let written = self.app.deps.store.write(now, |tx| {
            locations::insert_many(tx, &places)?;
            services::insert_many(tx, &added, "test")
        });
        self.followed(written.unwrap().change);
        added.into_iter().map(|service| service.id).collect()
    }

    /// Waits until the index has it.
    fn followed(&self, change: i64) {
        self.app.anonymous().get(&format!("/api/v1/search?min_change={change}&limit=1")).expect(200);
    }

    fn edit(&self, id: Id, name: &str) {
        let now = self.app.deps.clock.now();
        let known = self.app.deps.store.read(|conn| services::get_aggregate(conn, id)).unwrap().service;
        let renamed = Service { name: Text::fr(name), ..known };
        self.followed(self.app.deps.store.write(now, |tx| services::update(tx, &renamed, "test")).unwrap().change);
    }

    fn remove(&self, id: Id) {
        let now = self.app.deps.clock.now();
        let write = |tx: &mut relais::store::Tx<'_>| {
            let version = services::get_aggregate(tx, id)?.service.version;
            services::set_retired(tx, id, version, (Some(now), None))
        };
        self.followed(self.app.deps.store.write(now, write).unwrap().change);
    }

    /// What happens between two pages: many are added that make one of the words common, one of which spells it as
    /// nobody else does, one is renamed and one leaves.
    fn go_on(&mut self, victims: &[Id]) {
        // Not for ever: whoever adds faster than somebody reads is never read to the end.
        if self.changes == CHANGES_MAX {
            return;
        }
        self.changes += 1;
        let n = self.changes;
        let common = (0..15).map(|at| (format!("Tricot {n} {at}"), "Tricot entre voisins".to_owned()));
        self.add(&common.chain([("Jardinnage".to_owned(), String::new())]).collect::<Vec<_>>());
        if let [edited, removed, ..] = victims.get(n * 2..).unwrap_or_default() {
            self.edit(*edited, "Tricot renommé");
            self.remove(*removed);
        }
    }
}

/// Half of them say one word in their names and the other in their descriptions, half the other way round: which come
/// first hangs on how rare each word is.
fn texts() -> Vec<(String, String)> {
    (0..80)
        .map(|n| match n % 4 {
            0 => (format!("Tricot {n}"), "On fait du jardinage".to_owned()),
            1 => (format!("Jardinage {n}"), "On fait du tricot".to_owned()),
            2 => (format!("Tricot et loisirs du quartier {n}"), "Jardinage, tricot, jardinage".to_owned()),
            _ => (format!("Jardinage et loisirs du quartier {n}"), "Tricot, jardinage, tricot".to_owned()),
        })
        .collect()
}

/// The ids of all pages from a cursor on, and the cursors; something happens after each page.
fn walk(app: &TestApp, asked: &Value, from: Option<Value>, mut after_each: impl FnMut()) -> (Vec<String>, Vec<Value>) {
    let (mut found, mut cursors) = (vec![], vec![]);
    let mut body = asked.clone();
    let mut next = from;
    loop {
        if let Some(cursor) = next.take() {
            body["cursor"] = cursor;
        }
        let page = app.anonymous().post("/api/v1/search", &body).expect(200);
        let results = page.json["results"].as_array().unwrap();
        found.extend(results.iter().map(|one| one["service_id"].as_str().unwrap().to_owned()));
        match &page.json["next_cursor"] {
            Value::Null => return (found, cursors),
            cursor => cursors.push(cursor.clone()),
        }
        next = cursors.last().cloned();
        after_each();
    }
}

fn pages_stay_whole(backend: Backend, asked: &Value) {
    let Some(app) = TestApp::start(backend) else { return };
    let mut directory = Changing::new(&app);
    let ids = directory.add(&texts());
    // Every tenth changes; what has gone through the store as it is, has not.
    let victims: Vec<Id> = ids.iter().step_by(8).copied().collect();
    let unchanged: BTreeSet<String> = ids.iter().filter(|id| !victims.contains(id)).map(ToString::to_string).collect();
    let before = walk(&app, asked, None, || {}).0;
    assert!(unchanged.iter().all(|id| before.contains(id)), "all are found at first: {asked}");

    let (found, cursors) = walk(&app, asked, None, || directory.go_on(&victims));
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    found.iter().for_each(|id| *times.entry(id).or_default() += 1);
    let wrong: Vec<(&String, usize)> =
        unchanged.iter().map(|id| (id, times.get(id).copied().unwrap_or(0))).filter(|(_, times)| *times != 1).collect();
    assert!(wrong.is_empty(), "{asked}: {} of {} lost or repeated: {wrong:?}", wrong.len(), unchanged.len());
    let order = |all: &[String]| all.iter().filter(|id| unchanged.contains(*id)).cloned().collect::<Vec<_>>();
    assert_eq!(order(&found), order(&before), "in the order in which they were");

    // The first page's cursor still says where it ended.
    let (rest, _) = walk(&app, asked, cursors.first().cloned(), || {});
    assert_eq!(order(&rest), order(&before).split_off(order(&before[..AT_ONCE]).len()), "a cursor of before: {asked}");
}

fn by_relevance() -> Value {
    json!({"q": "tricot jardinage", "limit": AT_ONCE, "near": "Longueuil"})
}
fn by_a_misspelt_word() -> Value {
    json!({"q": "tricot jardinnage", "limit": AT_ONCE})
}
fn by_distance() -> Value {
    json!({"q": "tricot jardinnage", "limit": AT_ONCE, "near": "Longueuil", "sort": "distance"})
}

#[test]
fn pages_by_relevance_stay_whole_on_sqlite() {
    pages_stay_whole(Backend::Sqlite, &by_relevance());
    pages_stay_whole(Backend::Sqlite, &by_a_misspelt_word());
}

#[test]
fn pages_by_relevance_stay_whole_on_postgres() {
    pages_stay_whole(Backend::Postgres, &by_relevance());
    pages_stay_whole(Backend::Postgres, &by_a_misspelt_word());
}

#[test]
fn pages_by_distance_stay_whole_on_sqlite() {
    pages_stay_whole(Backend::Sqlite, &by_distance());
}

#[test]
fn pages_by_distance_stay_whole_on_postgres() {
    pages_stay_whole(Backend::Postgres, &by_distance());
}
