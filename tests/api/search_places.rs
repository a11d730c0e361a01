//! The place that a search shows of a service that has several: one that counts where it was asked.

use std::collections::BTreeSet;

use relais::domain::directory::{Location, Origin, Point, Service, ServiceAtLocation, Visibility};
use relais::domain::language::Text;
use relais::id::Id;
use relais::sample::twenty::service_id;
use relais::store::{locations, services};
use serde_json::{Value, json};

use super::app::{Client, TestApp, both};

const LONGUEUIL: Point = Point { lat: 45.5312, lon: -73.5181 };
/// Two kilometres away, and ten, and five for professionals alone.
const NEAR: Point = Point { lat: 45.5492, lon: -73.5181 };
const FAR: Point = Point { lat: 45.6212, lon: -73.5181 };
const KEPT: Point = Point { lat: 45.5762, lon: -73.5181 };
/// Around the far place and the kept one, and around the far place alone.
const NORTH: &str = "-73.6,45.57,-73.4,45.7";

fn add_with_several_places(app: &TestApp) -> Id {
    let now = app.deps.clock.now();
    let model = app.deps.store.read(|conn| services::get_aggregate(conn, service_id("garderie"))).unwrap();
    let id = app.deps.ids.new_id(now);
    let place = |(point, visibility): (Point, Visibility)| {
        let id = app.deps.ids.new_id(now);
        Location { id, origin: Origin::local(id), point: Some(point), visibility, ..model.locations[0].clone() }
    };
    let places: Vec<Location> =
        [(NEAR, Visibility::Public), (FAR, Visibility::Public), (KEPT, Visibility::Professional)].map(place).into();
    let service = Service {
        id,
        origin: Origin::local(id),
        name: Text::fr("Comptoir ambulant"),
        at_locations: places.iter().map(|place| ServiceAtLocation::plain(id, place.id)).collect(),
        ..model.service
    };
    let written = app.deps.store.write(now, |tx| {
        locations::insert_many(tx, &places)?;
        services::insert_many(tx, std::slice::from_ref(&service), "test")
    });
    let change = written.unwrap().change;
    app.anonymous().get(&format!("/api/v1/search?min_change={change}")).expect(200);
    id
}

fn shown(client: &Client, asked: &str) -> Option<(Value, Value)> {
    let reply = client.get(&format!("/api/v1/search?q=comptoir%20ambulant&exact=true&{asked}")).expect(200);
    let first = reply.json["results"].as_array().unwrap().first().cloned()?;
    Some((first["location"]["lat"].clone(), first["distance_km"].clone()))
}

both!(the_place_shown_lies_in_the_part_of_the_map_asked, |app| {
    let id = add_with_several_places(app);
    let (public, professional) = (app.anonymous(), app.worker());
    let from = format!("lat={}&lon={}", LONGUEUIL.lat, LONGUEUIL.lon);
    let at = |point: Point| Some((json!(point.lat), json!(LONGUEUIL.distance_km(point))));
    let close = |found: Option<(Value, Value)>, expected: Option<(Value, Value)>, what: &str| {
        let (Some(found), Some(expected)) = (found.clone(), expected) else { panic!("{what}: {found:?}") };
        let km = |value: &Value| value.as_f64().unwrap();
        assert!(found.0 == expected.0 && (km(&found.1) - km(&expected.1)).abs() < 1e-6, "{what}: {found:?}");
    };
    for sort in ["relevance", "distance"] {
        let asked = |more: &str| format!("{from}&sort={sort}&{more}");
        close(shown(&public, &asked("")), at(NEAR), "everywhere");
        close(shown(&public, &asked(&format!("bbox={NORTH}"))), at(FAR), "in the north, for everybody");
        close(shown(&professional, &asked(&format!("bbox={NORTH}"))), at(KEPT), "in the north, for professionals");
        // Within five kilometres there is a place, and in the north another: none is both.
        let both = asked(&format!("bbox={NORTH}&radius_km=5&coverage=near"));
        assert_eq!(shown(&public, &both), None, "near and in the north are said of one place");
        close(shown(&public, &asked(&format!("bbox={NORTH}&radius_km=11&coverage=near"))), at(FAR), "wide enough");
    }
    let unplaced = shown(&public, &format!("bbox={NORTH}"));
    assert_eq!(unplaced, Some((json!(FAR.lat), Value::Null)), "without a point of one's own");
    let drawn = |ring: Value| {
        let asked = json!({"q": "comptoir ambulant", "exact": true, "lat": LONGUEUIL.lat, "lon": LONGUEUIL.lon,
            "polygon": {"type": "Polygon", "coordinates": [ring]}});
        professional.post("/api/v1/search", &asked).expect(200).json["results"].clone()
    };
    let around = drawn(json!([[-73.6, 45.6], [-73.4, 45.6], [-73.5, 45.7], [-73.6, 45.6]]));
    let first = &around[0];
    assert_eq!((&first["service_id"], &first["location"]["lat"]), (&json!(id.to_string()), &json!(FAR.lat)));
    let beside = drawn(json!([[-73.6, 45.6], [-73.4, 45.7], [-73.6, 45.7], [-73.6, 45.6]]));
    assert_eq!(beside, json!([]), "in the box around the polygon, and not in it");
    let kept_alone = format!("bbox={NORTH}").replace("45.7", "45.6");
    assert_eq!(shown(&public, &kept_alone), None, "a place for professionals is nowhere for the public");
    assert_eq!(shown(&professional, &kept_alone), Some((json!(KEPT.lat), Value::Null)));
});

both!(a_postal_area_of_a_town_is_served_by_what_serves_the_town, |app| {
    let served = |near: &str| {
        let query = format!("/api/v1/search?category=food/food-bank&near={near}");
        let reply = app.anonymous().get(&query).expect(200);
        let first = reply.json["results"].as_array().unwrap().first().cloned().unwrap();
        (first["service_id"].clone(), first["served"].clone())
    };
    let of_town = served("Longueuil");
    assert_eq!(of_town.1, true);
    assert_eq!(served("J4K"), of_town);
    assert_eq!(served("J4K2T1"), of_town);
    let rural = app.anonymous().get("/api/v1/search?near=J0J").expect(200).json["place"]["territories"].clone();
    assert_eq!(rural, json!(["postal_area:J0J"]), "it reaches over several MRC");
});

both!(what_lies_in_a_region_is_near_it, |app| {
    let client = app.anonymous();
    let ids = |query: &str| -> BTreeSet<String> {
        let reply = client.get(&format!("/api/v1/search?limit=100&{query}")).expect(200);
        let results = reply.json["results"].as_array().expect("results").iter();
        results.map(|result| result["service_id"].as_str().expect("an id").to_owned()).collect()
    };
    let [lying, served] = ["territory=region:03", "near=Capitale-Nationale&coverage=served"].map(ids);
    assert!(!lying.is_empty() && !lying.is_subset(&served), "{lying:?} {served:?}");
    assert_eq!(ids("near=Capitale-Nationale&coverage=near"), lying, "a region has no point to be far from");
    assert_eq!(ids("near=Capitale-Nationale&coverage=near&radius_km=1"), lying);
    let either: BTreeSet<String> = lying.union(&served).cloned().collect();
    assert_eq!(ids("near=Capitale-Nationale&coverage=either&radius_km=1"), either);
    // So does what is known by its region alone.
    let [hidden, near] = ["territory=region:16", "near=Mont%C3%A9r%C3%A9gie&coverage=near&radius_km=1"].map(ids);
    assert!(hidden.contains(&service_id("abri").to_string()), "{hidden:?}");
    assert_eq!(near, hidden);
    // By relevance it comes first, and what comes to people is not left out.
    let reply = client.get("/api/v1/search?limit=100&near=Capitale-Nationale&radius_km=1").expect(200);
    assert!(reply.json["results"].as_array().is_some_and(|results| results.len() >= lying.len()), "{}", reply.text);
    let first = reply.json["results"][0]["service_id"].as_str().expect("a result");
    assert!(either.contains(first), "{}", reply.text);
    let refused = client.get("/api/v1/search?near=Capitale-Nationale&sort=distance").expect(422);
    assert_eq!(refused.json["field"], "sort");
    assert!(refused.json["rule"].as_str().is_some_and(|rule| rule.starts_with("relevance")), "{}", refused.text);
});
