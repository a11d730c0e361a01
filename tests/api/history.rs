//! What changed in the directory, when and by whom; what left it and what stands for it.

use relais::id::Id;
use relais::sample::twenty;
use relais::store::services;
use serde_json::json;

use super::app::{TestApp, both};

const SERVICES: &str = "/api/v1/services";

fn retire(app: &TestApp, id: Id, replaced_by: Option<Id>) {
    let now = app.clock.now();
    let written = app.deps.store.write(now, |tx| {
        let version = services::get_aggregate(tx, id)?.service.version;
        services::set_retired(tx, id, version, (Some(now), replaced_by))
    });
    written.expect("the service is retired");
}

both!(what_left_the_directory_is_gone_from_lists_and_search_and_says_so, |app| {
    let id = twenty::service_id("panier");
    let path = format!("{SERVICES}/{id}");
    app.anonymous().get(&path).expect(200);
    retire(app, id, None);
    app.anonymous().get(&path).expect_problem(410, "retired");
    let told = app.anonymous().in_english().get(&path).expect(410);
    assert_eq!(told.json["title"], "This record has left the directory.");
    let page = app.anonymous().get(&format!("{SERVICES}?per_page=100")).expect(200);
    assert_eq!(page.json["total_items"], 19);
    assert!(!page.text.contains(&id.to_string()));
    app.run_jobs();
    let head = app.deps.store.read(relais::store::changes::head).unwrap().n;
    let found = app.anonymous().get(&format!("/api/v1/search?limit=50&min_change={head}")).expect(200);
    assert!(!found.text.contains(&id.to_string()), "the index let it go");
    let patch = json!({ "alert": "Fermé." });
    app.curator().if_match(2).patch(&path, &patch).expect_problem(410, "retired");
});

both!(a_reader_of_what_was_replaced_is_sent_to_what_stands_for_it, |app| {
    let (old, new) = (twenty::service_id("panier"), twenty::service_id("garderie"));
    retire(app, old, Some(new));
    let sent = app.anonymous().get(&format!("{SERVICES}/{old}")).expect(308);
    assert_eq!(sent.header("Location"), Some(format!("{SERVICES}/{new}").as_str()));
});
