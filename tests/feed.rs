//! The index follows the change log: every way a service changes is found, and what is found equals a rebuild.

use std::sync::mpsc;
use std::time::Duration;

use relais::actions::index::{catch_up, fill};
use relais::clock::Time;
use relais::domain::directory::{Organization, Service, ServiceAtLocation, ServiceStatus};
use relais::domain::language::Text;
use relais::id::{Id, Ids};
use relais::sample;
use relais::search::{Index, Request};
use relais::store::{Settings, Store, organizations, services};

pub fn now() -> Time {
    Time::parse_rfc3339("2026-06-15T14:00:00Z").unwrap()
}

pub fn store_of(url: &str) -> Store {
    let store = Store::open(&Settings::new(url)).unwrap();
    store.migrate(&Ids::seeded(1), now()).unwrap();
    relais::actions::territories::seed(&store, now()).unwrap();
    store.write(now(), |tx| sample::write_twenty(tx, now())).unwrap();
    store
}

pub fn found(index: &Index, text: &str) -> Vec<Id> {
    let request = Request { text: Some(text.into()), exact: true, limit: 100, ..Request::new(now()) };
    index.search(&request).unwrap().hits.into_iter().map(|hit| hit.service_id).collect()
}

fn service(store: &Store, key: &str) -> Service {
    store.read(|conn| services::get_aggregate(conn, sample::twenty::service_id(key))).unwrap().service
}

fn organization(store: &Store, key: &str) -> Organization {
    store.read(|conn| organizations::get(conn, sample::twenty::organization_id(key))).unwrap()
}

/// The one under test and one made anew from the store hold the same.
pub fn equals_a_rebuild(store: &Store, index: &Index) {
    let fresh = Index::in_memory(index.epoch()).unwrap();
    let head = fill(store, &fresh).unwrap();
    assert_eq!(index.position(), Some(head));
    assert_eq!(index.content_digest().unwrap(), fresh.content_digest().unwrap());
}

pub fn follows(url: &str) {
    let store = store_of(url);
    let epoch = store.read(relais::store::changes::head).unwrap().epoch;
    let directory = tempfile::tempdir().unwrap();
    let index = Index::open(directory.path(), epoch).unwrap();
    catch_up(&store, &index).unwrap();
    assert_eq!(index.documents(), 20);
    equals_a_rebuild(&store, &index);

    let panier = service(&store, "panier");
    let renamed = Service { name: Text::new("Zébulon du quartier", "Zebulon"), ..panier.clone() };
    let written = store.write(now(), |tx| services::update(tx, &renamed, "test")).unwrap();
    assert!(found(&index, "zebulon").is_empty(), "the index only knows what it was told");
    assert_eq!(catch_up(&store, &index).unwrap(), written.change);
    assert_eq!(found(&index, "zébulon"), [panier.id]);
    equals_a_rebuild(&store, &index);

    let organization = organization(&store, "comptoir");
    let of_it = found(&index, "comptoir grand-pont");
    let renamed = Organization { name: Text::fr("Quincaillerie Ostrogoth"), ..organization };
    store.write(now(), |tx| organizations::update(tx, &renamed)).unwrap();
    catch_up(&store, &index).unwrap();
    assert!(!of_it.is_empty());
    let mut both = [found(&index, "ostrogoth"), of_it];
    both.iter_mut().for_each(|ids| ids.sort());
    assert_eq!(both[0], both[1], "every service that shows the organisation");
    equals_a_rebuild(&store, &index);

    let closed = Service { status: ServiceStatus::Defunct, ..service(&store, "panier") };
    store.write(now(), |tx| services::update(tx, &closed, "test")).unwrap();
    catch_up(&store, &index).unwrap();
    assert_eq!((found(&index, "zebulon"), index.documents()), (vec![], 19));
    equals_a_rebuild(&store, &index);

    let position = index.position();
    drop(index);
    let index = Index::open(directory.path(), epoch).unwrap();
    assert_eq!(index.position(), position, "it goes on from where it was");
    equals_a_rebuild(&store, &index);
}

/// A new service at the place of another, under a name of its own.
pub fn another(store: &Store, ids: &Ids, name: &str) -> Service {
    let model = service(store, "panier");
    let id = ids.new_id(now());
    let at_locations = model.at_locations.iter().map(|at| ServiceAtLocation::plain(id, at.location_id)).collect();
    let origin = relais::domain::directory::Origin::local(id);
    Service { id, origin, name: Text::fr(name), at_locations, ..model }
}

/// The transaction that wrote first commits last: a reader between the two must not step over it.
pub fn slow_writer_is_not_lost(url: &str) {
    let store = store_of(url);
    let epoch = store.read(relais::store::changes::head).unwrap().epoch;
    let index = Index::in_memory(epoch).unwrap();
    catch_up(&store, &index).unwrap();
    let ids = Ids::seeded(7);
    let (slow, quick) = (another(&store, &ids, "Lambin"), another(&store, &ids, "Preste"));
    let (has_written, wait_until_written) = mpsc::channel();
    let (let_commit, may_commit) = mpsc::channel::<()>();
    let (store_of_slow, slow_id) = (store.clone(), slow.id);
    let slow_writer = std::thread::spawn(move || {
        let write = |tx: &mut relais::store::Tx<'_>| {
            services::insert(tx, &slow, "test")?;
            has_written.send(()).unwrap();
            may_commit.recv_timeout(Duration::from_secs(30)).unwrap();
            Ok::<_, relais::store::Error>(())
        };
        store_of_slow.write(now(), write).unwrap().change
    });
    wait_until_written.recv_timeout(Duration::from_secs(30)).unwrap();

    let quick_change = store.write(now(), |tx| services::insert(tx, &quick, "test")).unwrap().change;
    assert_eq!(catch_up(&store, &index).unwrap(), quick_change);
    assert_eq!((found(&index, "preste"), found(&index, "lambin")), (vec![quick.id], vec![]));

    let_commit.send(()).unwrap();
    let slow_change = slow_writer.join().unwrap();
    assert!(slow_change > quick_change, "numbers follow the order of commits");
    assert_eq!(catch_up(&store, &index).unwrap(), slow_change);
    assert_eq!(found(&index, "lambin"), [slow_id]);
    equals_a_rebuild(&store, &index);
}

mod sqlite {
    #[test]
    fn the_index_follows_the_change_log() {
        let directory = tempfile::tempdir().unwrap();
        super::follows(&format!("sqlite:{}", directory.path().join("relais.db").display()));
    }
}

mod postgres {
    use crate::postgres::empty_database;

    #[test]
    fn the_index_follows_the_change_log() {
        if let Some(url) = empty_database() {
            super::follows(&url);
        }
    }

    #[test]
    fn a_slow_transaction_that_wrote_first_is_not_lost() {
        if let Some(url) = empty_database() {
            super::slow_writer_is_not_lost(&url);
        }
    }
}
