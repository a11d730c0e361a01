//! Two nodes over one database: what is written on one is found on the other, a hundred times in a row.

use std::time::Instant;

use relais::id::Ids;
use relais::store::{Backend, services};

use crate::api::app::TestApp;
use crate::feed;

#[test]
fn a_service_written_on_one_node_is_found_by_search_on_the_other() {
    let Some(one) = TestApp::start(Backend::Postgres) else { return };
    let other = TestApp::start_on(tempfile::tempdir().unwrap(), one.deps.store.url(), |_| {});
    let ids = Ids::random();
    let mut slowest_ms = 0;
    for n in 0..100 {
        let service = feed::another(&one.deps.store, &ids, &format!("Numéro{n} ostrogoth"));
        let write = |tx: &mut relais::store::Tx<'_>| services::insert(tx, &service, "test");
        let change = one.deps.store.write(feed::now(), write).unwrap().change;
        let started = Instant::now();
        let path = format!("/api/v1/search?q=num%C3%A9ro{n}&exact=true&min_change={change}");
        let reply = other.anonymous().get(&path).expect(200);
        let waited_ms = started.elapsed().as_millis();
        assert_eq!(reply.json["total"]["value"], 1, "number {n}: {}", reply.text);
        assert_eq!(reply.json["results"][0]["service_id"], service.id.to_string());
        assert!(waited_ms < 1_000, "number {n} took {waited_ms} ms");
        slowest_ms = slowest_ms.max(waited_ms);
    }
    println!("slowest of a hundred: {slowest_ms} ms");
    let index = other.deps.index().unwrap();
    feed::equals_a_rebuild(&other.deps.store, index);
}
