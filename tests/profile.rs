//! The published profile: the standard's schemas as they are, the patches over them, and what they give together.

use jsonschema::Validator;
use relais::exchange::profile::{COMPILED, PATCHES, STANDARD, find};
use relais::sample::twenty;
use serde_json::{Value, json};

use crate::api::app::both;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// RFC 7386, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.as_object_mut().unwrap().remove(name)),
            value => merge(&mut target[name], value),
        }
    }
}

#[test]
fn the_compiled_profile_is_the_standard_with_the_patches_applied() {
    assert_eq!(STANDARD.len(), COMPILED.len());
    assert!(PATCHES.iter().all(|(name, _)| find(STANDARD, name).is_some()));
    for (name, text) in STANDARD {
        let mut schema = parsed(text);
        if let Some(patch) = find(PATCHES, name) {
            merge(&mut schema, &parsed(patch));
        }
        assert_eq!(schema, parsed(find(COMPILED, name).unwrap()), "{name}");
    }
}

/// Schemas of the profile by their file names, as they refer to each other.
struct Published;

impl jsonschema::Retrieve for Published {
    fn retrieve(&self, uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or("");
        let text = find(COMPILED, name).ok_or_else(|| format!("{name} is not published"))?;
        Ok(serde_json::from_str(text)?)
    }
}

fn validator(name: &str) -> Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    let options = options.with_base_uri(format!("relais:///profile/{name}")).with_retriever(Published);
    options.build(&parsed(find(COMPILED, name).unwrap())).unwrap()
}

/// Members at the top of a record that the profile does not name.
fn unnamed(record: &Value, name: &str) -> Vec<String> {
    let schema = parsed(find(COMPILED, name).unwrap());
    let known = schema["properties"].as_object().unwrap();
    record.as_object().unwrap().keys().filter(|member| !known.contains_key(*member)).cloned().collect()
}

both!(every_answer_keeps_to_the_profile_and_the_profile_names_every_member, |app| {
    let body = json!({
        "organization_id": twenty::organization_id("famille"),
        "name": "Service fictif", "translations": { "en": { "name": "Invented service" } },
        "categories": ["food/food-bank"], "served": ["mrc:58"], "capacity": { "wait_days": 12 },
        "referral_process": "Écrire.", "transit": "Autobus 8.", "delivery": ["remote"],
        "public_exclusive": ["newcomers"], "public_preferred": ["fathers", "single-parents"],
        "closed_from": "2026-07-01", "closed_until": "2026-07-15", "minimum_age_months": 6, "maximum_age_months": 71,
        "verified_at": "2026-06-01T00:00:00Z", "review_months": 6,
        "service_at_locations": [{ "location": { "name": "Local fictif", "addresses": [{ "postal_code": "J4K 1A1" }] } }],
    });
    app.worker().post("/api/v1/services", &body).expect(201);
    for client in [app.anonymous(), app.worker()] {
        for (path, name) in [
            ("services", "service.json"),
            ("organizations", "organization.json"),
            ("service_at_locations", "service_at_location.json"),
            ("taxonomies", "taxonomy.json"),
            ("taxonomy_terms", "taxonomy_term.json"),
        ] {
            let validator = validator(name);
            let query = if path.starts_with("taxonom") { "per_page=20" } else { "full=true&per_page=30" };
            let page = client.get(&format!("/hsds/{path}?{query}")).expect(200).json;
            for one in page["contents"].as_array().unwrap() {
                let wrong: Vec<String> = validator.iter_errors(one).map(|error| error.to_string()).take(5).collect();
                assert!(wrong.is_empty(), "{wrong:#?}\n{one:#}");
                let unnamed = unnamed(one, name);
                assert!(unnamed.is_empty() || unnamed == ["service"], "{name} does not name {unnamed:?}");
                for place in one["service_at_locations"].as_array().into_iter().flatten() {
                    let named = self::unnamed(&place["location"], "location.json");
                    assert!(named.is_empty(), "location.json does not name {named:?}");
                }
            }
        }
    }
});

both!(the_profile_is_published_with_the_standard_beside_it, |app| {
    let client = app.anonymous();
    let page = client.get("/profile/").expect(200);
    for words in
        ["Profil HSDS", "HSDS 3.2 profile of relais", "public_exclusive", "Familles monoparentales", "service.json"]
    {
        assert!(page.text.contains(words), "{words}");
    }
    let about = client.get("/hsds/").expect(200).json;
    assert!(about["profile"].as_str().unwrap().ends_with("/profile/"));
    for (name, text) in STANDARD {
        assert_eq!(client.get(&format!("/profile/hsds/{name}")).expect(200).text, *text);
        client.get(&format!("/profile/{name}")).expect(200);
    }
    let patch = client.get("/profile/patches/service.json").expect(200);
    assert!(patch.json["properties"]["public_preferred"].is_object());
    assert_eq!(patch.header("Access-Control-Allow-Origin"), Some("*"));
    client.get("/profile/secret.json").expect_problem(404, "not_found");
    client.get("/profile/hsds/..%2FLICENSE").expect_problem(404, "not_found");
});

both!(a_public_is_of_the_list_and_named_once, |app| {
    let post = |exclusive: Value, preferred: Value| {
        let body = json!({ "organization_id": twenty::organization_id("famille"), "name": "Service fictif",
            "public_exclusive": exclusive, "public_preferred": preferred });
        app.worker().post("/api/v1/services", &body)
    };
    let one = post(json!(["women"]), json!(["newcomers"])).expect(201).json;
    assert_eq!((&one["public_exclusive"], &one["public_preferred"]), (&json!(["women"]), &json!(["newcomers"])));
    post(json!(["femmes"]), json!([])).expect_problem(422, "invalid_value").naming("public_exclusive.0");
    post(json!(["women"]), json!(["women"])).expect_problem(422, "invalid_value").naming("public_preferred.0");
    post(json!(["women", "women"]), json!([])).expect_problem(422, "invalid_value").naming("public_exclusive");
});
