//! From requests to values. Whatever does not parse becomes a refusal that names the field and the rule.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::App;
use super::language::lang_of;
use super::problem::Problem;
use crate::actions::accounts;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::type_words::{rule_of, without_position};
use crate::domain::viewer::{AccountViewer, Viewer};
use crate::id::Id;

type Extracting<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A JSON body. The content type must say so; members must be known. What has a body takes no parameters: one that was
/// put into the address would be passed over.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (content_type, bytes_max) = (content_type(request), body_bytes_max(request));
        let query = request.query_string().to_owned();
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if let Some((name, _)) = url::form_urlencoded::parse(query.as_bytes()).next() {
                return Err(Refusal::field(Code::UnknownField, name).rule("in the body").into());
            }
            if content_type != "application/json" && content_type != "application/merge-patch+json" {
                let rule = "application/json, application/merge-patch+json";
                return Err(Refusal::field(Code::UnsupportedMediaType, "Content-Type").rule(rule).into());
            }
            let bytes = bytes.await.map_err(|error| payload_problem(&error, bytes_max))?;
            parse_json(&bytes).map(Body).map_err(Problem::from)
        })
    }
}

/// A form body (`application/x-www-form-urlencoded`).
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (content_type, bytes_max) = (content_type(request), body_bytes_max(request));
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if content_type != "application/x-www-form-urlencoded" {
                let rule = "application/x-www-form-urlencoded";
                return Err(Refusal::field(Code::UnsupportedMediaType, "Content-Type").rule(rule).into());
            }
            let bytes = bytes.await.map_err(|error| payload_problem(&error, bytes_max))?;
            parse_urlencoded(&bytes).map(Form).map_err(Problem::from)
        })
    }
}

/// The query string. Parameters must be known.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string();
        let bytes_max = app_of(request).map_or(8_192, |app| app.deps.config.limits.query_bytes_max);
        std::future::ready(if query.len() > bytes_max {
            Err(Refusal::over("query", "query_bytes_max", bytes_max).into())
        } else {
            parse_urlencoded(query.as_bytes()).map(Query).map_err(Problem::from)
        })
    }
}

/// The parameters of an HSDS list: those of the address, and with POST those of a body, which stay out of logs and
/// histories. A body is a form, or a JSON object of plain values. Kept as one query string.
pub struct Parameters(pub String);

impl Parameters {
    pub fn names(&self) -> impl Iterator<Item = String> {
        url::form_urlencoded::parse(self.0.as_bytes()).map(|(name, _)| name.into_owned())
    }
}

impl FromRequest for Parameters {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let query = request.query_string().to_owned();
        let bytes_max = app_of(request).map_or(8_192, |app| app.deps.config.limits.query_bytes_max);
        let (content_type, body_bytes_max) = (content_type(request), body_bytes_max(request));
        let bytes = (request.method() == actix_web::http::Method::POST).then(|| Bytes::from_request(request, payload));
        Box::pin(async move {
            let body = match bytes {
                Some(bytes) => bytes.await.map_err(|error| payload_problem(&error, body_bytes_max))?,
                None => Bytes::new(),
            };
            if query.len() + body.len() > bytes_max {
                return Err(Refusal::over("query", "query_bytes_max", bytes_max).into());
            }
            let mut all = url::form_urlencoded::Serializer::new(String::new());
            all.extend_pairs(url::form_urlencoded::parse(query.as_bytes()));
            match content_type.as_str() {
                _ if body.is_empty() => {}
                "application/x-www-form-urlencoded" => {
                    all.extend_pairs(url::form_urlencoded::parse(&body));
                }
                "application/json" => {
                    let members: serde_json::Map<String, serde_json::Value> = parse_json(&body)?;
                    for (name, value) in &members {
                        all.append_pair(name, &plain_value(name, value)?);
                    }
                }
                _ => {
                    let rule = "application/json, application/x-www-form-urlencoded";
                    return Err(Refusal::field(Code::UnsupportedMediaType, "Content-Type").rule(rule).into());
                }
            }
            Ok(Self(all.finish()))
        })
    }
}

fn plain_value(name: &str, value: &serde_json::Value) -> Result<String, Refusal> {
    match value {
        serde_json::Value::String(text) => Ok(text.clone()),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        serde_json::Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Refusal::field(Code::WrongType, name).rule("text, number or boolean")),
    }
}

/// The one id of a path. What is not an id is not there.
pub struct PathId(pub Id);

impl FromRequest for PathId {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse().ok());
        std::future::ready(id.map(PathId).ok_or_else(|| Refusal::new(Code::NotFound).into()))
    }
}

/// The version that the caller read: `If-Match: "7"`, an entity tag in quotes (RFC 9110, section 8.8.3). Absent is
/// refused when a handler asks for it.
pub struct IfMatch(pub i64);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(IF_MATCH);
        std::future::ready(match header.map(|value| value.to_str().unwrap_or("").trim()) {
            None => Err(Refusal::field(Code::VersionRequired, "If-Match").into()),
            Some(text) if !is_entity_tags(text) => {
                let rule = "an entity tag in double quotes, as ETag";
                Err(Refusal::field(Code::InvalidHeader, "If-Match").rule(rule).into())
            }
            // An entity tag that is not one of ours, or is weak, matches no version.
            Some(text) => {
                version_of(text).map(IfMatch).ok_or_else(|| Refusal::field(Code::StaleVersion, "If-Match").into())
            }
        })
    }
}

/// `*`, or tags with commas between.
fn is_entity_tags(text: &str) -> bool {
    let is_tag = |tag: &str| {
        let tag = tag.trim();
        let quoted = tag.strip_prefix("W/").unwrap_or(tag);
        let opaque = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        opaque.is_some_and(|opaque| !opaque.contains('"'))
    };
    text == "*" || text.split(',').all(is_tag)
}

fn version_of(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok().filter(|version: &i64| version.to_string() == digits)
}

/// A signed-in person.
pub struct Caller {
    pub account: AccountViewer,
    pub lang: Lang,
}

impl Caller {
    pub fn viewer(&self) -> Viewer {
        Viewer::Account(self.account.clone())
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = MaybeCaller::find(request);
        Box::pin(async move {
            let MaybeCaller { account, lang } = found.await?;
            let account = account.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
            Ok(Self { account, lang })
        })
    }
}

/// A person who may have signed in. A token that is given must be good.
pub struct MaybeCaller {
    pub account: Option<AccountViewer>,
    pub lang: Lang,
}

impl MaybeCaller {
    fn find(request: &HttpRequest) -> Extracting<Self> {
        let lang = lang_of(request.headers());
        let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("").to_owned());
        let app = app_of(request);
        Box::pin(async move {
            let Some(header) = header else { return Ok(Self { account: None, lang }) };
            let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let (Some((_, token)), Some(app)) = (token, app) else {
                return Err(Refusal::new(Code::InvalidToken).into());
            };
            let token = token.trim().to_owned();
            let account = app.act(move |deps| accounts::viewer_of(deps, &token)).await?;
            Ok(Self { account: Some(account), lang })
        })
    }
}

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Self::find(request)
    }
}

fn app_of(request: &HttpRequest) -> Option<Data<App>> {
    request.app_data::<Data<App>>().cloned()
}

fn content_type(request: &HttpRequest) -> String {
    let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    header.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn payload_problem(error: &actix_web::Error, bytes_max: Option<usize>) -> Problem {
    if error.as_response_error().status_code() != actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::field(Code::InvalidJson, "body").rule("whole, and encoded as Content-Encoding says").into();
    }
    let refusal = Refusal::field(Code::PayloadTooLarge, "body");
    match bytes_max {
        Some(bytes_max) => refusal.rule(format!("request_body_bytes_max = {bytes_max}")).into(),
        None => refusal.into(),
    }
}

fn body_bytes_max(request: &HttpRequest) -> Option<usize> {
    app_of(request).map(|app| app.deps.config.limits.request_body_bytes_max)
}

pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // serde would read a list as the members of a structure in their order; the contract says object.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Refusal::field(Code::WrongType, "body").rule("object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => refusal_of_serde(&path, &inner.to_string()),
            _ => Refusal::field(Code::InvalidJson, "body").rule(format!(
                "line {} column {}",
                inner.line(),
                inner.column()
            )),
        }
    })?;
    let end = deserializer.end();
    end.map_err(|error| {
        Refusal::field(Code::InvalidJson, "body").rule(format!("line {} column {}", error.line(), error.column()))
    })?;
    Ok(value)
}

/// Stands for what is not UTF-8.
const BROKEN: char = char::REPLACEMENT_CHARACTER;

pub fn parse_urlencoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // What is not UTF-8 is read as the mark for that, and would be looked for, or as nothing at all.
    let is_broken =
        |(name, value): &(Cow<'_, str>, Cow<'_, str>)| [name, value].iter().any(|text| text.contains(BROKEN));
    if let Some((name, _)) = url::form_urlencoded::parse(bytes).find(is_broken) {
        return Err(Refusal::field(Code::InvalidValue, name).rule("UTF-8"));
    }
    let deserializer = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(bytes));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        refusal_of_serde(&path, &error.into_inner().to_string())
    })
}

/// serde says in words what it found; the field and the rule are in them.
fn refusal_of_serde(path: &str, message: &str) -> Refusal {
    let message = without_position(message);
    let quoted = message.split('`').nth(1).unwrap_or("");
    // It writes `needs[0]`; every field is a dotted path.
    let path = path.replace('[', ".").replace(']', "");
    let parent = path.trim_start_matches('.');
    let join = |name: &str| {
        let known = parent.rsplit('.').next() == Some(name);
        match (parent.is_empty(), known) {
            (true, _) => name.to_owned(),
            (false, true) => parent.to_owned(),
            (false, false) => format!("{parent}.{name}"),
        }
    };
    if message.starts_with("unknown field") {
        return Refusal::field(Code::UnknownField, join(quoted)).rule(rule_of(message));
    }
    if message.starts_with("missing field") {
        return Refusal::field(Code::MissingField, join(quoted)).rule("required");
    }
    if message.starts_with("duplicate field") {
        return Refusal::field(Code::InvalidValue, join(quoted)).rule("once");
    }
    let field = if parent.is_empty() { "body".to_owned() } else { parent.to_owned() };
    if message.starts_with("unknown variant") || message.starts_with("invalid value") {
        return Refusal::field(Code::InvalidValue, field).rule(rule_of(message));
    }
    Refusal::field(Code::WrongType, field).rule(rule_of(message))
}
