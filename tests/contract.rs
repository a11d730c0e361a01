//! `openapi.yaml` is the contract, both ways: every route is in it, every path in it has a route, and every answer that
//! the suite sees has a declared status, a declared content type, and the declared shape.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Retrieve, Uri, Validator};
use serde_json::{Map, Value, json};

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let text = include_str!("../openapi.yaml");
        let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).expect("openapi.yaml is YAML");
        serde_json::to_value(yaml).expect("openapi.yaml is JSON too")
    })
}

/// Schemas in files beside `openapi.yaml` (`profile/hsds/…`), by relative reference.
struct BesideTheContract;

impl Retrieve for BesideTheContract {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let path = uri.path().as_str().trim_start_matches('/');
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}

fn paths() -> &'static Map<String, Value> {
    document()["paths"].as_object().expect("paths")
}

/// The template of a path: literal segments win over parameters.
fn template_of(path: &str) -> Option<&'static str> {
    let bare = path.split('?').next().unwrap_or(path);
    let matches = |template: &str| {
        let (ours, theirs): (Vec<_>, Vec<_>) = (template.split('/').collect(), bare.split('/').collect());
        ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(one, other)| one == other || (one.starts_with('{') && !other.is_empty()))
    };
    let found = paths().keys().filter(|template| matches(template));
    found.min_by_key(|template| template.matches('{').count()).map(String::as_str)
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document().pointer(pointer).unwrap_or_else(|| panic!("{pointer} exists in openapi.yaml")),
        None => value,
    }
}

fn escape(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

pub fn check_answer(method: &str, path: &str, status: u16, content_type: &str, body: &Value) {
    let Some(template) = template_of(path) else {
        // A path that is not in the contract may only be answered by the problem that says so.
        assert_eq!((status, &body["code"]), (404, &json!("not_found")), "{method} {path} is not in openapi.yaml");
        return;
    };
    if method == "OPTIONS" && status == 204 {
        // A preflight is between a browser and the server: the contract does not describe it.
        assert!(template.starts_with("/hsds") || template.starts_with("/profile"), "{template} is open to no page");
        return;
    }
    let operation = &paths()[template][method.to_lowercase()];
    if operation.is_null() {
        assert_eq!((status, &body["code"]), (405, &json!("method_not_allowed")), "{method} {template} undeclared");
        return;
    }
    let responses = operation["responses"].as_object().expect("responses");
    let key = status.to_string();
    let declared = responses.get(&key).or_else(|| responses.get("default").filter(|_| status >= 400));
    let declared = resolved(declared.unwrap_or_else(|| panic!("{method} {template} may not answer {status}: {body}")));
    let Some(content) = declared["content"].as_object() else {
        assert!(body.is_null(), "{method} {template} {status} declares no content: {body}");
        return;
    };
    let bare = content_type.split(';').next().unwrap_or("").trim();
    let media = content.get(bare);
    let media = media.unwrap_or_else(|| panic!("{method} {template} {status} does not declare {content_type:?}"));
    if !bare.contains("json") || media["schema"].is_null() {
        return;
    }
    let failures = |validator: &Validator| {
        let errors = validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path()));
        errors.take(5).collect::<Vec<_>>()
    };
    let errors = failures(&validator(&media["schema"]));
    assert!(errors.is_empty(), "{method} {template} {status} breaks the contract: {errors:#?}\n{body:#}");
}

fn validator(schema: &'static Value) -> Arc<Validator> {
    static KNOWN: OnceLock<Mutex<HashMap<String, Arc<Validator>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let key = schema.to_string();
    if let Some(found) = known.lock().expect("no panic inside").get(&key) {
        return found.clone();
    }
    let root = json!({ "components": document()["components"], "allOf": [schema] });
    let built = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_base_uri("relais:///openapi.yaml")
        .with_retriever(BesideTheContract)
        .build(&root)
        .unwrap_or_else(|error| panic!("a schema of openapi.yaml is broken: {error}"));
    let built = Arc::new(built);
    known.lock().expect("no panic inside").insert(key, built.clone());
    built
}

#[test]
fn every_route_is_in_the_contract_and_every_path_has_a_route() {
    let methods = ["get", "put", "post", "delete", "patch"];
    let declared: BTreeSet<(String, String)> = paths()
        .iter()
        .flat_map(|(path, item)| {
            let keys = item.as_object().expect("a path item").keys().filter(|key| methods.contains(&key.as_str()));
            keys.map(|method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let routed: BTreeSet<(String, String)> =
        relais::api::routes::table().iter().map(|entry| (entry.path.to_owned(), entry.method.to_string())).collect();
    assert_eq!(declared, routed);
}

#[test]
fn every_operation_has_a_summary_an_id_of_its_own_and_an_example() {
    let mut ids = BTreeSet::new();
    for (path, item) in paths() {
        for (method, operation) in item.as_object().expect("a path item") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has an operationId"));
            assert!(ids.insert(id), "{id} is used once");
            assert!(operation["summary"].is_string(), "{method} {path} has a summary");
            let responses = operation["responses"].as_object().expect("responses");
            for (status, response) in responses {
                let response = resolved(response);
                let media = &response["content"]["application/json"];
                let shown = !media["example"].is_null() || !media["examples"].is_null();
                assert!(media.is_null() || shown || status == "default", "{method} {path} {status} has an example");
            }
        }
    }
}

#[test]
fn every_example_keeps_to_its_schema() {
    fn walk(value: &'static Value, path: &str) {
        if let Some(map) = value.as_object() {
            if let (Some(schema), Some(example)) = (map.get("schema"), map.get("example")) {
                let validator = validator(schema);
                let errors: Vec<String> =
                    validator.iter_errors(example).map(|error| format!("{}: {error}", error.instance_path())).collect();
                assert!(errors.is_empty(), "{path}: {errors:#?}");
            }
            for (key, child) in map {
                walk(child, &format!("{path}/{}", escape(key)));
            }
        } else if let Some(list) = value.as_array() {
            list.iter().enumerate().for_each(|(n, child)| walk(child, &format!("{path}/{n}")));
        }
    }
    walk(&document()["paths"], "/paths");
    walk(&document()["components"]["responses"], "/components/responses");
}
