//! Territories and the need taxonomy over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::app::{TestApp, both};

/// Every page of a list, one after the other.
fn all_pages(app: &TestApp, path: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..100 {
        let page = app.anonymous().get(&format!("{path}{cursor}")).expect(200);
        found.extend(page.json["results"].as_array().expect("results").clone());
        match page.json["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("{path} has no end");
}

both!(the_shipped_territories_are_listed_once_each_in_order, |app| {
    for (level, expected) in [("region", 17), ("mrc", 104), ("municipality", 1_285), ("borough", 25)] {
        let found = all_pages(app, &format!("/api/v1/territories?level={level}&limit=300"));
        let ids: BTreeSet<&str> = found.iter().filter_map(|one| one["id"].as_str()).collect();
        assert_eq!((found.len(), ids.len()), (expected, expected), "{level}");
        let names: Vec<String> =
            found.iter().map(|one| relais::domain::fold::fold_place(one["name"].as_str().unwrap())).collect();
        assert!(names.is_sorted(), "{level}");
    }
    let without_point = all_pages(app, "/api/v1/territories?level=municipality&limit=1000");
    let without_point = without_point.iter().filter(|one| one["lat"].is_null() && one["lon"].is_null());
    assert_eq!(without_point.count(), 9);
    let monteregie = all_pages(app, "/api/v1/territories?level=mrc&parent=region:16&limit=5");
    assert_eq!(monteregie.len(), 13);
    assert!(monteregie.iter().all(|one| one["parent"] == "region:16"));
});

both!(one_territory_says_what_it_is_in, |app| {
    let longueuil = app.anonymous().get("/api/v1/territories/municipality:58227").expect(200).json;
    assert_eq!(longueuil["name"], "Longueuil");
    assert_eq!(longueuil["rural"], false);
    let within = json!({"region": "region:16", "mrc": "mrc:58", "municipality": "municipality:58227", "borough": null});
    assert_eq!(longueuil["territories"], within);
    let rural = app.anonymous().get("/api/v1/territories/postal_area:G0A").expect(200).json;
    assert_eq!(rural["territories"]["mrc"], Value::Null);
    for id in ["municipality:00000", "county:1", "58227", "municipality:%00", "municipality:58227'--", "%F0%9F%98%80:1"]
    {
        app.anonymous().get(&format!("/api/v1/territories/{id}")).expect_problem(404, "not_found");
    }
});

both!(a_point_gives_its_territories, |app| {
    let found = app.anonymous().get("/api/v1/territories/locate?lat=45.5957&lon=-73.6353").expect(200).json;
    assert_eq!(found["region"], json!({"id": "region:06", "name": "Montréal"}));
    assert_eq!(found["mrc"]["id"], "mrc:66");
    assert_eq!(found["borough"], json!({"id": "borough:REM16", "name": "Montréal-Nord"}));
    assert_eq!(found["municipality"]["id"], "municipality:66023");
    assert_eq!(found["municipality"]["estimated"], true);
    let sea = app.anonymous().get("/api/v1/territories/locate?lat=-12&lon=10").expect(200).json;
    assert_eq!(sea, json!({"region": null, "mrc": null, "borough": null, "districts": [], "municipality": null}));
});

both!(a_typed_name_gives_its_territories, |app| {
    let ask = |q: &str| {
        let q: String = url::form_urlencoded::byte_serialize(q.as_bytes()).collect();
        app.anonymous().get(&format!("/api/v1/geocode?q={q}&limit=50")).expect(200).json["results"].clone()
    };
    for typed in ["Sainte-Thérèse", "ste-therese", "STE THERESE"] {
        assert_eq!(ask(typed)[0]["territory_id"], "municipality:73010", "{typed}");
    }
    let homonyms = ask("st-lambert");
    let labels: Vec<&str> = homonyms.as_array().unwrap().iter().filter_map(|one| one["label"].as_str()).collect();
    assert!(labels.contains(&"Saint-Lambert (Longueuil)") && labels.contains(&"Saint-Lambert (Abitibi-Ouest)"));
    let rural = ask("G0A 1A0");
    let nowhere = json!({"region": null, "mrc": null, "municipality": null, "borough": null});
    assert_eq!((&rural[0]["territory_id"], &rural[0]["territories"]), (&json!("postal_area:G0A"), &nowhere));
    assert_eq!(ask("j4k2t1")[0]["territories"]["mrc"], "mrc:58");
    assert_eq!(ask("Baie-d'Hudson")[0]["lat"], Value::Null);
    assert_eq!(ask("zzzz"), json!([]));
});

both!(bad_input_is_a_problem_that_names_the_field, |app| {
    let refused = |path: &str, code: &str, field: &str| {
        let reply = app.anonymous().get(path);
        assert!((400..500).contains(&reply.status), "{path}: {}", reply.status);
        assert_eq!((reply.json["code"].as_str(), reply.json["field"].as_str()), (Some(code), Some(field)), "{path}");
    };
    let at = "/api/v1/territories/locate";
    refused(&format!("{at}?lat=90.0001&lon=0"), "out_of_range", "lat");
    refused(&format!("{at}?lat=-90.0001&lon=0"), "out_of_range", "lat");
    refused(&format!("{at}?lat=0&lon=180.0001"), "out_of_range", "lon");
    refused(&format!("{at}?lat=NaN&lon=0"), "out_of_range", "lat");
    refused(&format!("{at}?lat=0&lon=inf"), "out_of_range", "lon");
    refused(&format!("{at}?lat=1e400&lon=0"), "out_of_range", "lat");
    refused(&format!("{at}?lat=abc&lon=0"), "wrong_type", "lat");
    refused(&format!("{at}?lat=&lon=0"), "wrong_type", "lat");
    refused(&format!("{at}?lon=0"), "missing_field", "lat");
    refused(&format!("{at}?lat=0"), "missing_field", "lon");
    refused(&format!("{at}?lat=0&lon=0&z=1"), "unknown_field", "z");
    refused(&format!("{at}?lat=0&lat=1&lon=0"), "invalid_value", "lat");
    let list = "/api/v1/territories";
    refused(&format!("{list}?level=county"), "invalid_value", "level");
    refused(&format!("{list}?parent=mrc:99999"), "unknown_territory", "parent");
    refused(&format!("{list}?parent=%00"), "unknown_territory", "parent");
    refused(&format!("{list}?cursor=mrc:99999"), "invalid_cursor", "cursor");
    refused(&format!("{list}?cursor=%F0%9F%98%80"), "invalid_cursor", "cursor");
    for limit in ["0", "-1", "1001", "99999999999999999"] {
        refused(&format!("{list}?limit={limit}"), "out_of_range", "limit");
    }
    refused(&format!("{list}?limit=ten"), "wrong_type", "limit");
    refused("/api/v1/geocode", "missing_field", "q");
    refused("/api/v1/geocode?q=", "invalid_value", "q");
    refused("/api/v1/geocode?q=%00", "invalid_value", "q");
    refused("/api/v1/geocode?q=a%00b", "invalid_value", "q");
    refused(&format!("/api/v1/geocode?q={}", "a".repeat(201)), "too_long", "q");
    refused("/api/v1/geocode?q=quebec&limit=51", "out_of_range", "limit");
    refused("/api/v1/taxonomy_terms?page=0", "out_of_range", "page");
    refused("/api/v1/taxonomy_terms?per_page=501", "out_of_range", "per_page");
    refused("/api/v1/taxonomy_terms?top_only=maybe", "wrong_type", "top_only");
    // Ten kilobytes do not reach the parser.
    refused(&format!("/api/v1/geocode?q={}", "a".repeat(10_240)), "over_limit", "query");
    refused("/api/v1/geocode?q=%FF%FE", "invalid_value", "q");
});

both!(the_need_taxonomy_is_paged_as_hsds_asks, |app| {
    let all = app.anonymous().get("/api/v1/taxonomy_terms?per_page=500").expect(200).json;
    let total = all["total_items"].as_u64().unwrap();
    assert_eq!(all["contents"].as_array().unwrap().len() as u64, total);
    assert!(total >= 80 && all["first_page"] == true && all["last_page"] == true && all["empty"] == false);
    let mut seen = BTreeSet::new();
    for page in 1..=total.div_ceil(30) {
        let reply = app.anonymous().get(&format!("/api/v1/taxonomy_terms?per_page=30&page={page}")).expect(200).json;
        assert_eq!(reply["total_pages"].as_u64().unwrap(), total.div_ceil(30));
        assert_eq!(reply["last_page"], page == total.div_ceil(30));
        for term in reply["contents"].as_array().unwrap() {
            assert!(seen.insert(term["id"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(seen.len() as u64, total);
    let beyond = app.anonymous().get("/api/v1/taxonomy_terms?page=99").expect(200).json;
    assert_eq!((&beyond["empty"], &beyond["size"]), (&json!(true), &json!(0)));
    let tops = app.anonymous().get("/api/v1/taxonomy_terms?top_only=true").expect(200).json;
    assert_eq!(tops["total_items"], 20);
    let food = tops["contents"][0]["id"].as_str().unwrap();
    let under = app.anonymous().get(&format!("/api/v1/taxonomy_terms?parent_id={food}")).expect(200).json;
    assert!(
        under["contents"].as_array().unwrap().iter().all(|term| term["code"].as_str().unwrap().starts_with("food/"))
    );
    let bank = &under["contents"][0];
    assert_eq!(
        (&bank["name"], &bank["translations"]["en"]["name"]),
        (&json!("Dépannage alimentaire"), &json!("Food bank"))
    );
    let found = app.anonymous().get("/api/v1/taxonomy_terms?search=DEPANNAGE+alimentaire").expect(200).json;
    assert_eq!(found["contents"][0]["code"], "food/food-bank");
});

const WARDS: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"code":"vieux","name":"Vieux-Longueuil","level":"borough","parent":"municipality:58227"},
     "geometry":{"type":"Polygon","coordinates":[[[-73.55,45.5],[-73.45,45.5],[-73.45,45.56],[-73.55,45.56],[-73.55,45.5]]]}},
    {"type":"Feature","properties":{"code":"x1","name":"Quartier d'essai","level":"district","parent":"borough:vieux"},
     "geometry":{"type":"Polygon","coordinates":[[[-73.53,45.52],[-73.5,45.52],[-73.5,45.55],[-73.53,45.55],[-73.53,45.52]]]}}]}"#;

both!(a_network_imports_its_own_territories_whole_or_not_at_all, |app| {
    use relais::actions::territories::{ImportFailure, Imported, import, seed};
    let done = import(&app.deps, WARDS.as_bytes()).unwrap();
    assert_eq!(done, Imported { added: 2, changed: 0, unchanged: 0 });
    assert_eq!(import(&app.deps, WARDS.as_bytes()).unwrap(), Imported { unchanged: 2, ..Imported::default() });
    let renamed = WARDS.replace("Quartier d'essai", "Quartier renommé");
    assert_eq!(
        import(&app.deps, renamed.as_bytes()).unwrap(),
        Imported { changed: 1, unchanged: 1, ..Imported::default() }
    );
    let district = app.anonymous().get("/api/v1/territories/district:x1").expect(200).json;
    assert_eq!((&district["name"], &district["source"]), (&json!("Quartier renommé"), &json!("import")));
    assert!(district["lat"].as_f64().is_some_and(|lat| (45.52..=45.55).contains(&lat)), "a point inside its outline");

    // The third feature is wrong: the two before it are not written either.
    let broken = |parent: &str| {
        let third = WARDS.replace("\"vieux\"", "\"greenfield\"").replace("x1", "x2").replace("borough:vieux", parent);
        match import(&app.deps, third.as_bytes()).unwrap_err() {
            ImportFailure::File(refused) => {
                (refused.feature, refused.refusal.code.as_str(), refused.refusal.field.unwrap())
            }
            ImportFailure::Store(error) => panic!("{error}"),
        }
    };
    let named = |code: &'static str| (Some(2), code, "properties.parent".to_owned());
    assert_eq!(broken("borough:nowhere"), named("unknown_territory"));
    assert_eq!(broken("place:5882142"), named("invalid_value"), "a place is no wider than a district");
    app.anonymous().get("/api/v1/territories/borough:greenfield").expect_problem(404, "not_found");

    // A node that starts now has them, and the shipped set is not written again over them.
    assert_eq!(seed(&app.deps.store, app.deps.clock.now()).unwrap(), 0);
    let second = TestApp::start_on(tempfile::tempdir().unwrap(), app.deps.store.url(), |_| {});
    let found = second.anonymous().get("/api/v1/territories/locate?lat=45.531&lon=-73.518").expect(200).json;
    assert_eq!(found["borough"]["id"], "borough:vieux");
    assert_eq!(found["districts"][0]["name"], "Quartier renommé");
    assert_eq!(found["mrc"]["id"], "mrc:58");
    let typed = second.anonymous().get("/api/v1/geocode?q=quartier+renomme").expect(200).json;
    assert_eq!(typed["results"][0]["territories"]["borough"], "borough:vieux");
});
