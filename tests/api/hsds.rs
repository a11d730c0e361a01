//! The standard directory under `/hsds`: what the ORUK validator asks, checked against the official bundled OpenAPI of
//! HSDS 3.2; and what makes it a good neighbour: tags, CORS, POST, NDJSON, filters that all hold.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use relais::sample::twenty;
use serde_json::{Value, json};

use super::app::{Client, both};

const COLLECTIONS: [&str; 5] = ["services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"];

fn official() -> &'static Value {
    static OFFICIAL: OnceLock<Value> = OnceLock::new();
    OFFICIAL.get_or_init(|| {
        serde_json::from_str(include_str!("../fixtures/hsds/openapi-bundled.json")).expect("the official file")
    })
}

/// Checks an answer against the schema that the standard gives to a path, formats included.
#[track_caller]
pub fn keeps_to_the_standard(path: &str, body: &Value) {
    static KNOWN: OnceLock<Mutex<HashMap<String, Arc<Validator>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let validator = known.lock().expect("no panic inside").get(path).cloned();
    let validator = validator.unwrap_or_else(|| {
        let pointer = ["paths", path, "get", "responses", "200", "content", "application/json", "schema"];
        let schema = pointer.iter().fold(official(), |value, key| &value[*key]);
        assert!(schema.is_object(), "{path} is in the standard");
        let root = json!({ "components": official()["components"], "allOf": [schema] });
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        let built = Arc::new(options.build(&root).expect("the official schema"));
        known.lock().expect("no panic inside").insert(path.to_owned(), built.clone());
        built
    });
    let errors: Vec<String> =
        validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
    assert!(errors.is_empty(), "{path}: {errors:#?}\n{body:#}");
}

fn ids(page: &Value) -> Vec<String> {
    let contents = page["contents"].as_array().expect("contents");
    contents.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// Every id of a list, page after page.
fn all_ids(client: &Client, path: &str, per_page: usize) -> Vec<String> {
    let mut found = Vec::new();
    for page in 1.. {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = client.get(&format!("{path}{sign}per_page={per_page}&page={page}")).expect(200).json;
        found.extend(ids(&page));
        if page["last_page"] == true {
            assert_eq!(page["total_items"], json!(found.len()));
            break;
        }
    }
    found
}

both!(the_validator_of_oruk_finds_nothing, |app| {
    let client = app.anonymous();
    for path in ["/hsds", "/hsds/"] {
        let base = client.get(path).expect(200).json;
        keeps_to_the_standard("/", &base);
        assert_eq!(base["version"], "3.2");
    }
    for collection in COLLECTIONS {
        let path = format!("/{collection}");
        let page = |n: i64| client.get(&format!("/hsds{path}?per_page=3&page={n}")).expect(200).json;
        let first = page(1);
        let pages = first["total_pages"].as_i64().expect("a number of pages");
        for n in [1, (pages + 1) / 2, pages] {
            let page = page(n);
            keeps_to_the_standard(&path, &page);
            assert_eq!(page["page_number"], json!(n));
            assert_eq!(page["first_page"], json!(n == 1));
            assert_eq!(page["last_page"], json!(n == pages));
            assert_eq!((&page["empty"], &page["total_items"]), (&json!(false), &first["total_items"]));
        }
        for id in all_ids(&client, &format!("/hsds{path}"), 50).iter().take(10) {
            let one = client.get(&format!("/hsds{path}/{id}")).expect(200).json;
            keeps_to_the_standard(&format!("{path}/{{id}}"), &one);
            assert_eq!(one["id"], json!(id));
        }
        let beyond = client.get(&format!("/hsds{path}?page=1000")).expect(200).json;
        assert_eq!((&beyond["empty"], &beyond["last_page"]), (&json!(true), &json!(true)));
        client.get(&format!("/hsds{path}/019ec0de-0000-7000-8000-00000000ffff")).expect_problem(404, "not_found");
        client.get(&format!("/hsds{path}/abc")).expect_problem(404, "not_found");
    }
});

both!(full_forms_keep_to_the_standard_too, |app| {
    let client = app.anonymous();
    for (path, form) in [
        ("/services", "full"),
        ("/services", "minimal"),
        ("/organizations", "full"),
        ("/organizations", "full_service"),
        ("/service_at_locations", "full"),
    ] {
        let page = client.get(&format!("/hsds{path}?{form}=true")).expect(200).json;
        keeps_to_the_standard(path, &page);
        for one in page["contents"].as_array().unwrap() {
            keeps_to_the_standard(&format!("{path}/{{id}}"), one);
        }
    }
    let famille = twenty::organization_id("famille");
    let one = client.get(&format!("/hsds/organizations/{famille}?full_service=true")).expect(200).json;
    let services = one["services"].as_array().unwrap();
    assert!(services.len() > 1 && services.iter().all(|service| service["phones"].is_array()));
    assert!(client.get(&format!("/hsds/organizations/{famille}")).expect(200).json.get("services").is_none());
});

both!(a_list_by_pages_shows_each_record_once_whatever_the_size_of_the_page, |app| {
    let client = app.anonymous();
    for collection in COLLECTIONS {
        let path = format!("/hsds/{collection}");
        let all = all_ids(&client, &path, 500);
        for per_page in [1, 3, 7] {
            assert_eq!(all_ids(&client, &path, per_page), all, "{collection} by {per_page}");
        }
        let lines = client.get(&format!("{path}?format=ndjson")).expect(200);
        assert_eq!(lines.header("Content-Type"), Some("application/x-ndjson"));
        let streamed: Vec<String> = lines
            .text
            .lines()
            .map(|line| {
                let one: Value = serde_json::from_str(line).expect("a record a line");
                one["id"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(streamed, all, "{collection} streamed");
        let page = client.get(&format!("{path}?format=ndjson&page=2&per_page=1")).expect(200);
        assert_eq!(page.text.lines().count(), usize::from(all.len() > 1));
    }
});

both!(post_asks_the_same_list_and_its_parameters_stay_out_of_the_address, |app| {
    let client = app.anonymous();
    let famille = twenty::organization_id("famille").to_string();
    let asked = client.get(&format!("/hsds/services?organization_id={famille}&per_page=2")).expect(200).json;
    assert_eq!(asked["size"], 2);
    let body = json!({ "organization_id": famille, "per_page": 2 });
    assert_eq!(client.post("/hsds/services", &body).expect(200).json, asked);
    let form = [("organization_id", famille.as_str()), ("per_page", "2")];
    assert_eq!(client.post_form("/hsds/services", &form).expect(200).json, asked);
    let mixed = client.post(&format!("/hsds/services?organization_id={famille}"), &json!({ "per_page": 2 }));
    assert_eq!(mixed.expect(200).json, asked);
    for collection in COLLECTIONS {
        client.post_bytes(&format!("/hsds/{collection}"), "application/json", b"").expect(200);
    }
});

both!(a_reader_who_has_the_list_hears_that_nothing_changed, |app| {
    let client = app.anonymous();
    let famille = twenty::organization_id("famille");
    let paths = COLLECTIONS.map(|one| format!("/hsds/{one}")).into_iter();
    for path in paths.chain([format!("/hsds/organizations/{famille}")]) {
        let first = client.get(&path).expect(200);
        let tag = first.header("ETag").expect("a tag").to_owned();
        assert_eq!(first.header("Cache-Control"), Some("public, no-cache"));
        let again = client.clone().header("If-None-Match", &tag).get(&path).expect(304);
        assert_eq!((again.text.as_str(), again.header("ETag")), ("", Some(tag.as_str())));
        let other = app.worker().header("If-None-Match", &tag).get(&path).expect(200);
        assert_eq!(other.header("Cache-Control"), Some("private, no-cache"), "other eyes, another answer");
    }
    let list = client.get("/hsds/services").expect(200);
    let (tag, moment) = (list.header("ETag").unwrap().to_owned(), list.header("Last-Modified").unwrap().to_owned());
    app.advance(chrono::TimeDelta::seconds(10));
    client.clone().header("If-Modified-Since", &moment).get("/hsds/services").expect(304);
    client.clone().header("If-None-Match", &tag).get("/hsds/services?page=2&per_page=3").expect(200);
    let body = json!({ "organization_id": famille, "name": "Nouveau service fictif" });
    app.worker().post("/api/v1/services", &body).expect(201);
    client.clone().header("If-None-Match", &tag).get("/hsds/services").expect(200);
    client.header("If-Modified-Since", &moment).get("/hsds/services").expect(200);
});

both!(any_page_of_the_web_may_read_the_standard_and_nothing_else, |app| {
    let page = app.anonymous().header("Origin", "https://ailleurs.example");
    for path in ["/hsds/", "/hsds/services", "/hsds/services/abc", "/hsds/services?color=red"] {
        assert_eq!(page.get(path).header("Access-Control-Allow-Origin"), Some("*"), "{path}");
    }
    let asking = page.clone().header("Access-Control-Request-Method", "POST");
    let preflight = asking.send("OPTIONS", "/hsds/services", None).expect(204);
    assert_eq!(preflight.header("Access-Control-Allow-Origin"), Some("*"));
    assert!(preflight.header("Access-Control-Allow-Headers").unwrap().contains("authorization"));
    asking.send("OPTIONS", "/api/v1/services", None).expect_problem(405, "method_not_allowed");
    assert_eq!(page.get("/api/v1/services").header("Access-Control-Allow-Origin"), None);
});

both!(what_a_list_cannot_answer_is_named, |app| {
    let ask = |query: &str| app.anonymous().get(&format!("/hsds/services?{query}"));
    ask("per_page=501").expect_problem(422, "out_of_range").naming("per_page");
    ask("page=0").expect_problem(422, "out_of_range").naming("page");
    ask("page=un").expect_problem(400, "wrong_type").naming("page");
    ask("format=xml").expect_problem(422, "invalid_value").naming("format");
    ask("modified_after=hier").expect_problem(422, "invalid_date");
    ask("taxonomy_term_id=food/nothing").expect_problem(422, "unknown_category");
    ask("taxonomy_id=rien").expect_problem(422, "invalid_value").naming("taxonomy_id");
    ask("organization_id=1").expect_problem(422, "invalid_value");
    ask("proximity=100").expect_problem(400, "missing_field").naming("postcode");
    ask("postcode=J4K&proximity=0").expect_problem(422, "out_of_range").naming("proximity");
    ask("postcode=ZZ9").naming("postcode");
    ask("minimum_age=9&maximum_age=3").expect_problem(422, "out_of_range").naming("maximum_age");
    ask("minimum_age=-1").expect_problem(422, "out_of_range").naming("minimum_age");
    ask("day=lundi").expect_problem(422, "invalid_value").naming("day");
    ask("start_time=25:00").expect_problem(422, "invalid_value").naming("start_time");
    ask("start_time=12:00&end_time=11:00").expect_problem(422, "out_of_range").naming("end_time");
    ask("search=a&text=b").expect_problem(422, "invalid_value").naming("text");
    ask("color=red").expect_problem(400, "unknown_field").naming("color");
    ask("top_only=true").expect_problem(400, "unknown_field").naming("top_only");
    ask("page=1&page=2").expect_problem(422, "invalid_value").naming("page");
    let post = |body: &Value| app.anonymous().post("/hsds/services", body);
    post(&json!({ "page": [1] })).expect_problem(400, "wrong_type").naming("page");
    post(&json!([])).expect_problem(400, "wrong_type");
    app.anonymous().post_bytes("/hsds/services", "text/plain", b"page=1").expect_problem(415, "unsupported_media_type");
});

both!(filters_by_term_day_age_and_distance_answer_as_brute_force_does, |app| {
    let client = app.anonymous();
    let every = client.get("/hsds/services?full=true").expect(200).json;
    let every = every["contents"].as_array().unwrap();
    let of = |takes: &dyn Fn(&Value) -> bool| -> Vec<String> {
        every.iter().filter(|one| takes(one)).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let ask = |query: &str| all_ids(&client, &format!("/hsds/services?{query}"), 4);
    // A field of needs by its id, and with it another filter.
    let food = client.get("/hsds/taxonomy_terms/food").expect(200).json["id"].as_str().unwrap().to_owned();
    let is_food = |one: &Value| {
        let codes = one["categories"].as_array().into_iter().flatten();
        codes.into_iter().any(|code| code.as_str().unwrap().starts_with("food"))
    };
    assert!(!of(&is_food).is_empty());
    assert_eq!(ask(&format!("taxonomy_term_id={food}")), of(&is_food));
    // Ages: somebody of eighteen to twenty.
    let fits = |one: &Value| {
        one["minimum_age"].as_f64().is_none_or(|age| age <= 20.99)
            && one["maximum_age"].as_f64().is_none_or(|age| age >= 18.0)
    };
    assert_eq!(ask("minimum_age=18&maximum_age=20"), of(&fits));
    assert!(of(&fits).len() < every.len() && !of(&fits).is_empty());
    // Open on Monday, as the schedules of the service and of its places say.
    let schedules = |one: &Value| {
        let at = one["service_at_locations"].as_array().into_iter().flatten();
        let mut all: Vec<Value> = at.flat_map(|at| at["schedules"].as_array().cloned().unwrap_or_default()).collect();
        all.extend(one["schedules"].as_array().cloned().unwrap_or_default());
        all
    };
    let mondays =
        |one: &Value| schedules(one).iter().any(|one| one["byday"].as_str().is_some_and(|days| days.contains("MO")));
    assert_eq!(ask("day=MO"), of(&mondays));
    assert!(!of(&mondays).is_empty());
    let early = |one: &Value| {
        let covers = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or("");
            // Hours that end when they begin, or before, end the next day.
            let goes_on = text("closes_at") >= "11:30" || text("closes_at") <= text("opens_at");
            text("byday").contains("MO") && !text("opens_at").is_empty() && text("opens_at") <= "10:00" && goes_on
        };
        schedules(one).iter().any(covers)
    };
    assert_eq!(ask("day=Monday&start_time=10:00&end_time=11:30"), of(&early));
    // All of them together.
    let both = |one: &Value| is_food(one) && mondays(one) && fits(one);
    assert_eq!(ask(&format!("taxonomy_term_id={food}&day=MO&minimum_age=18&maximum_age=20")), of(&both));
});

both!(a_distance_is_in_metres_from_the_postal_area_and_a_hidden_place_is_near_nothing, |app| {
    let client = app.anonymous();
    let area = app.deps.gazetteer().point_of("J4K").expect("a postal area").1;
    let links = client.get("/hsds/service_at_locations?full=true").expect(200).json;
    let links = links["contents"].as_array().unwrap();
    for metres in [500, 3_000, 20_000, 400_000] {
        let within = |link: &&Value| {
            let (lat, lon) = (link["location"]["latitude"].as_f64(), link["location"]["longitude"].as_f64());
            let point = lat.zip(lon).map(|(lat, lon)| relais::domain::directory::Point { lat, lon });
            point.is_some_and(|point| point.distance_km(area) * 1_000.0 <= f64::from(metres))
        };
        let expected: Vec<String> =
            links.iter().filter(within).map(|link| link["id"].as_str().unwrap().to_owned()).collect();
        let found = all_ids(&client, &format!("/hsds/service_at_locations?postcode=J4K%201A1&proximity={metres}"), 5);
        assert_eq!(found, expected, "{metres} m");
    }
    let abri = twenty::organization_id("abri");
    for client in [app.anonymous(), app.worker(), app.admin()] {
        let near = format!("/hsds/services?organization_id={abri}&postcode=J4K&proximity=500000");
        assert_eq!(client.get(&near).expect(200).json["total_items"], 0);
        let all = client.get(&format!("/hsds/service_at_locations?organization_id={abri}&full=true")).expect(200);
        let organization = client.get(&format!("/hsds/organizations/{abri}?full_service=true")).expect(200);
        let lines = client.get("/hsds/service_at_locations?full=true&format=ndjson").expect(200);
        for text in [&all.text, &organization.text, &lines.text] {
            for secret in ["Secrète", "45.5241", "73.4921", "J4J"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
    // Without a distance: who serves there, and who does not say.
    let served = client.get("/hsds/services?postcode=J4K&full=true").expect(200).json;
    assert!(!served["contents"].as_array().unwrap().is_empty());
    let elsewhere =
        json!({ "organization_id": twenty::organization_id("famille"), "name": "Loin", "served": ["mrc:23"] });
    let id = app.worker().post("/api/v1/services", &elsewhere).expect(201).id();
    assert!(!all_ids(&client, "/hsds/services?postcode=J4K", 50).contains(&id));
});

both!(terms_that_a_record_brings_are_kept_served_and_asked_by, |app| {
    let (term, list) = ("5c4d79d7-cc55-470e-9f1f-8cad074e4801", "5c4d79d7-cc55-470e-9f1f-8cad074e4800");
    let body = json!({
        "organization_id": twenty::organization_id("famille"),
        "name": "Service avec un terme étranger",
        "attributes": [{ "link_entity": "service", "value": "oui", "label": "Une étiquette", "taxonomy_term": {
            "id": term, "code": "X-1", "name": "Terme étranger", "description": "D'une autre liste.",
            "taxonomy_detail": { "id": list, "name": "Autre liste", "description": "Fictive.", "version": "2" },
        }}],
    });
    let id = app.worker().post("/api/v1/services", &body).expect(201).id();
    let client = app.anonymous();
    for query in [format!("taxonomy_term_id={term}"), format!("taxonomy_id={list}")] {
        for collection in ["services", "service_at_locations", "organizations"] {
            let page = client.get(&format!("/hsds/{collection}?{query}")).expect(200).json;
            assert_eq!(page["total_items"], json!(i32::from(collection != "service_at_locations")), "{query}");
        }
        assert_eq!(all_ids(&client, &format!("/hsds/services?{query}"), 50), [id.as_str()]);
    }
    let served = client.get(&format!("/hsds/taxonomy_terms/{term}")).expect(200).json;
    keeps_to_the_standard("/taxonomy_terms/{id}", &served);
    assert_eq!((&served["code"], &served["taxonomy_detail"]["version"]), (&json!("X-1"), &json!("2")));
    assert_eq!(all_ids(&client, &format!("/hsds/taxonomy_terms?taxonomy_id={list}"), 50), [term]);
    assert_eq!(all_ids(&client, "/hsds/taxonomy_terms?search=ETRANGER", 50), [term]);
    assert!(all_ids(&client, "/hsds/taxonomies", 50).contains(&list.to_owned()));
    // A change that drops the attribute drops what is asked by it.
    let path = format!("/api/v1/services/{id}");
    app.worker().if_match(1).patch(&path, &json!({ "attributes": null })).expect(200);
    assert_eq!(client.get(&format!("/hsds/services?taxonomy_term_id={term}")).expect(200).json["total_items"], 0);
});

both!(what_is_for_professionals_shows_to_signed_in_eyes_alone, |app| {
    let body = json!({
        "organization_id": twenty::organization_id("famille"),
        "name": "Service fictif",
        "referral_process": "Appeler la personne de garde.",
        "contacts": [{ "name": "Contact public" }, { "name": "Contact réservé", "visibility": "professional" }],
    });
    let id = app.worker().post("/api/v1/services", &body).expect(201).id();
    let paths = [
        format!("/hsds/services/{id}"),
        "/hsds/services?full=true".to_owned(),
        "/hsds/services?format=ndjson&full=true".to_owned(),
    ];
    for path in paths {
        let (all, mine) = (app.anonymous().get(&path).expect(200), app.worker().get(&path).expect(200));
        for word in ["Appeler la personne", "Contact réservé"] {
            assert!(!all.text.contains(word) && mine.text.contains(word), "{word} of {path}");
        }
        assert_eq!(all.header("Vary").map(|vary| vary.contains("authorization")), Some(true));
    }
});

both!(a_retired_service_leaves_every_list_and_its_links_with_it, |app| {
    let client = app.anonymous();
    let links = client.get("/hsds/service_at_locations?per_page=500").expect(200).json;
    let link = &links["contents"][0];
    let (id, service) = (link["id"].as_str().unwrap(), link["service_id"].as_str().unwrap());
    let tag = client.get("/hsds/services").expect(200).header("ETag").unwrap().to_owned();
    let organization = link["service"]["organization_id"].as_str().unwrap();
    let version = client.get(&format!("/api/v1/services/{service}")).expect(200).json["version"].as_i64().unwrap();
    let path = format!("/api/v1/services/{service}/retirement");
    app.curator().if_match(version).post(&path, &json!({ "reason": "Fermé pour de bon." })).expect(200);

    client.get(&format!("/hsds/services/{service}")).expect_problem(410, "retired");
    client.get(&format!("/hsds/service_at_locations/{id}")).expect_problem(410, "retired");
    client.clone().header("If-None-Match", &tag).get("/hsds/services").expect(200);
    assert!(!all_ids(&client, "/hsds/services", 7).contains(&service.to_owned()));
    assert!(!all_ids(&client, "/hsds/service_at_locations", 7).contains(&id.to_owned()));
    for path in [
        "/hsds/services?format=ndjson".to_owned(),
        "/hsds/service_at_locations?format=ndjson&full=true".to_owned(),
        format!("/hsds/organizations/{organization}?full_service=true"),
    ] {
        assert!(!client.get(&path).expect(200).text.contains(service), "{path}");
    }
});

both!(words_are_looked_for_in_every_text_of_a_service, |app| {
    let organization = twenty::organization_id("famille").to_string();
    let service = json!({ "organization_id": organization, "name": "Atelier du mercredi",
        "description": "Réparer ensemble des vielles à roue ostrogothes.",
        "translations": { "en": { "name": "Wednesday hurdy-gurdy workshop" } } });
    let made = app.worker().post("/api/v1/services", &service).expect(201);
    let client = app.anonymous();
    let found = |words: &str| ids(&client.get(&format!("/hsds/services?search={words}")).expect(200).json);
    for words in ["ostrogothes", "OSTROGOTHE", "vielle+mercredi", "hurdy-gurdy", "l%27atelier+ostrogoth%C3%A9s"] {
        assert_eq!(found(words), [made.id()], "{words}: the very next list knows of it");
    }
    for words in ["ostrogothes+introuvable", "ostrogohtes"] {
        assert_eq!(found(words), Vec::<String>::new(), "{words}: all the words, and no guess");
    }
    let narrowed = |more: &str| client.get(&format!("/hsds/services?search=ostrogothes&{more}")).expect(200).json;
    assert_eq!(narrowed(&format!("organization_id={organization}"))["total_items"], 1);
    let other = twenty::organization_id("cpe");
    assert_eq!(narrowed(&format!("organization_id={other}"))["total_items"], 0);
    let all = client.get("/hsds/services").expect(200).json["total_items"].clone();
    assert_eq!(client.get("/hsds/services?search=%3F%21").expect(200).json["total_items"], all, "no word at all");
});

both!(a_place_that_is_hidden_is_gone_from_the_very_next_reading, |app| {
    let client = app.anonymous();
    let organization = twenty::organization_id("famille").to_string();
    let place = json!({ "organization_id": organization, "name": "Maison fictive", "location_visibility": "public",
        "addresses": [{ "address_1": "7, rue Sittelle", "city": "Longueuil", "postal_code": "J4K 1A1",
            "state_province": "QC", "country": "CA" }] });
    let place = app.worker().post("/api/v1/locations", &place).expect(201);
    let service = json!({ "organization_id": organization, "name": "Refuge fictif",
        "service_at_locations": [{ "location_id": place.id() }] });
    let service = app.worker().post("/api/v1/services", &service).expect(201);
    let link = service.json["service_at_locations"][0]["id"].as_str().expect("a link").to_owned();
    let paths = [
        format!("/hsds/services/{}", service.id()),
        format!("/api/v1/services/{}", service.id()),
        format!("/hsds/organizations/{organization}?full_service=true"),
        format!("/hsds/service_at_locations/{link}"),
    ];
    for path in &paths {
        let [first, again] = [(); 2].map(|()| client.get(path).expect(200));
        assert!(first.text.contains("rue Sittelle"), "{path}: {}", first.text);
        assert_eq!((first.header("ETag"), &first.text), (again.header("ETag"), &again.text));
    }
    let hide = json!({ "location_visibility": "region_only" });
    app.worker().if_match(1).patch(&format!("/api/v1/locations/{}", place.id()), &hide).expect(200);
    for path in &paths {
        assert!(!client.get(path).expect(200).text.contains("rue Sittelle"), "{path}");
    }
});

/// Each holds its socket open and takes no more than the first line of its answer.
#[test]
fn readers_who_read_nothing_are_bounded_and_the_others_are_answered() {
    use std::io::{Read, Write};
    let app = crate::relevance::served();
    let asked = b"GET /hsds/services?format=ndjson&full=true HTTP/1.1\r\nHost: relais.example\r\n\r\n";
    let mut readers = Vec::new();
    let turned_away = (0..200).find(|_| {
        let mut socket = std::net::TcpStream::connect(app.address).expect("a socket");
        socket.write_all(asked).expect("the request is sent");
        let mut line = [0; 12];
        socket.read_exact(&mut line).expect("the answer begins");
        readers.push(socket);
        &line == b"HTTP/1.1 503"
    });
    assert_eq!(turned_away, Some(relais::api::stream::STREAMS_MAX), "one more than are served at once");
    let client = app.anonymous();
    let busy = client.get("/hsds/services?format=ndjson&full=true").expect_problem(503, "busy");
    assert!(busy.header("Retry-After").is_some());
    client.get("/hsds/services?per_page=1").expect(200);
    drop(readers);
    // They are gone, and whoever comes now is served.
    let is_served = || client.get("/hsds/services?format=ndjson&full=true").status == 200;
    assert!((0..2_000).any(|_| is_served()), "a place is free again");
}
