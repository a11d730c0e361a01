//! Problem details (RFC 9457): the one place where refusals and errors become HTTP. Every code and every error is
//! named, without `_`, so that a new one cannot be forgotten. What broke inside goes to the log, never to the answer.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::language::lang_of;
use crate::actions::Failure;
use crate::domain::language::Lang;
use crate::domain::month::MONTH_RULE;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store;
use crate::text::messages::{self, Trouble};

pub const CONTENT_TYPE: &str = "application/problem+json";

#[derive(Debug, Clone)]
enum What {
    Refused(Refusal),
    Troubled(Trouble, u64),
}

/// An answer that is not the one hoped for. Its sentence is written when the language of the request is known.
#[derive(Debug, Clone)]
pub struct Problem {
    what: What,
    status: StatusCode,
    /// RFC 6749, section 5.2: the token endpoint also says its own word.
    oauth_error: Option<&'static str>,
    allow: Option<&'static str>,
    /// How long to wait before the same is tried again, in seconds.
    retry_after_s: Option<u64>,
    /// The record that stands for the one that was asked for, at the same path.
    replaced_by: Option<Id>,
}

pub type Answer = Result<HttpResponse, Problem>;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = status_of(refusal.code);
        Self {
            what: What::Refused(refusal),
            status,
            oauth_error: None,
            allow: None,
            retry_after_s: None,
            replaced_by: None,
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Store(error) => error.into(),
            Failure::Seal(error) => broken(&error),
            Failure::Search(error) => broken(&error),
            Failure::Index(error) => broken(&error),
            Failure::Replaced(id) => Self::replaced(id),
            Failure::TooSoon(retry_after_s) => Self::too_soon(retry_after_s),
            Failure::IndexBehind => trouble(Trouble::IndexBehind),
            Failure::File(path, error) => broken(&format!("{}: {error}", path.display())),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::NotFound => Refusal::new(Code::NotFound).into(),
            store::Error::Stale => Refusal::new(Code::StaleVersion).into(),
            store::Error::Busy | store::Error::Retry => trouble(Trouble::Busy),
            store::Error::Unavailable(_) => {
                tracing::warn!(%error, "the database cannot be reached");
                trouble(Trouble::Unavailable)
            }
            store::Error::Full => {
                tracing::error!(%error, "no space left");
                trouble(Trouble::Full)
            }
            store::Error::Conflict(_)
            | store::Error::Dangling(_)
            | store::Error::Database(_)
            | store::Error::Corrupt(_) => broken(&error),
        }
    }
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a request failed inside");
    trouble(Trouble::Internal)
}

pub fn trouble(trouble: Trouble) -> Problem {
    let status = match trouble {
        Trouble::Busy | Trouble::Unavailable | Trouble::IndexBehind => StatusCode::SERVICE_UNAVAILABLE,
        Trouble::Full => StatusCode::INSUFFICIENT_STORAGE,
        Trouble::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem {
        what: What::Troubled(trouble, 2),
        status,
        oauth_error: None,
        allow: None,
        retry_after_s: None,
        replaced_by: None,
    }
}

/// The rules of codes that have but one, where a refusal tells no other.
const RULES: [(Code, &str); 10] = [
    (Code::MissingField, "required"),
    (Code::InvalidDate, "YYYY-MM-DD"),
    (Code::InvalidMonth, MONTH_RULE),
    (Code::InvalidCursor, "a cursor of an answer to the same question"),
    (Code::UnknownReference, "the id of something that is there"),
    (Code::UnknownTerritory, "an id of GET /api/v1/territories"),
    (Code::VersionRequired, "If-Match: \"<version>\""),
    (Code::StaleVersion, "the version that was read last"),
    (Code::IdempotencyKeyReused, "a key of its own for each request"),
    (Code::Unauthenticated, "Authorization: Bearer <access token>"),
];

fn rule_of(code: Code) -> Option<&'static str> {
    RULES.iter().find(|(one, _)| *one == code).map(|(_, rule)| *rule)
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::InvalidJson
        | Code::InvalidCursor
        | Code::InvalidHeader
        | Code::OverLimit
        | Code::UnknownField
        | Code::WrongType
        | Code::MissingField
        | Code::IdempotencyKeyInvalid
        | Code::InvalidGrant => StatusCode::BAD_REQUEST,
        Code::InvalidValue
        | Code::OutOfRange
        | Code::TooLong
        | Code::TooMany
        | Code::InvalidDate
        | Code::InvalidMonth
        | Code::UnknownCategory
        | Code::UnknownTerritory
        | Code::UnknownReference
        | Code::PlaceNotFound
        | Code::SaysNothing
        | Code::ReasonRequired
        | Code::ReasonNotAllowed
        | Code::DateRequired
        | Code::SensitiveNumber
        | Code::ReferralAddressMissing
        | Code::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::NotFound | Code::LinkEnded => StatusCode::NOT_FOUND,
        Code::Retired => StatusCode::GONE,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::InvalidToken | Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::NotYourMove | Code::CodeIncorrect => StatusCode::FORBIDDEN,
        Code::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
        Code::StaleVersion => StatusCode::PRECONDITION_FAILED,
        Code::IllegalTransition
        | Code::ConsentRequired
        | Code::ConsentEnded
        | Code::AlreadyClosed
        | Code::AlreadyExists
        | Code::StillInUse
        | Code::ChangedSince => StatusCode::CONFLICT,
        Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
    }
}

impl Problem {
    #[must_use]
    pub fn for_token_endpoint(mut self) -> Self {
        self.oauth_error = match &self.what {
            What::Refused(Refusal { code: Code::InvalidGrant, .. }) => Some("invalid_grant"),
            What::Refused(Refusal { code: Code::InvalidValue, field: Some(field), .. }) if field == "grant_type" => {
                self.status = StatusCode::BAD_REQUEST;
                Some("unsupported_grant_type")
            }
            What::Refused(_) => {
                self.status = StatusCode::BAD_REQUEST;
                Some("invalid_request")
            }
            What::Troubled(..) => None,
        };
        self
    }

    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Refusal::new(Code::MethodNotAllowed).into() }
    }

    /// The record was replaced: readers are sent to the one that stands for it (RFC 9110, section 15.4.9).
    fn replaced(by: Id) -> Self {
        let problem: Self = Refusal::new(Code::Retired).into();
        Self { status: StatusCode::PERMANENT_REDIRECT, replaced_by: Some(by), ..problem }
    }

    /// RFC 6585, section 4.
    fn too_soon(retry_after_s: u64) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Refusal::new(Code::TooManyRequests).into() }
    }

    fn code(&self) -> &'static str {
        match &self.what {
            What::Refused(refusal) => refusal.code.as_str(),
            What::Troubled(Trouble::Busy, _) => "busy",
            What::Troubled(Trouble::Unavailable, _) => "unavailable",
            What::Troubled(Trouble::IndexBehind, _) => "index_behind",
            What::Troubled(Trouble::Full, _) => "storage_full",
            What::Troubled(Trouble::Internal, _) => "internal",
        }
    }

    fn document(&self, lang: Lang, request_id: &str) -> Map<String, Value> {
        let title = match &self.what {
            What::Refused(refusal) => messages::refusal(refusal.code, lang),
            What::Troubled(trouble, _) => messages::trouble(*trouble, lang),
        };
        let mut document = Map::new();
        document.insert("type".to_owned(), json!(format!("urn:relais:problem:{}", self.code())));
        document.insert("title".to_owned(), json!(title));
        document.insert("status".to_owned(), json!(self.status.as_u16()));
        document.insert("code".to_owned(), json!(self.code()));
        if let What::Refused(refusal) = &self.what {
            let rule = refusal.rule.as_deref().or(self.allow).or_else(|| rule_of(refusal.code));
            for (member, value) in [("field", refusal.field.as_deref()), ("rule", rule)] {
                if let Some(value) = value {
                    document.insert(member.to_owned(), json!(value));
                }
            }
            if !refusal.meant.is_empty() {
                document.insert("meant".to_owned(), json!(refusal.meant));
            }
        }
        if let Some(error) = self.oauth_error {
            document.insert("error".to_owned(), json!(error));
            document.insert("error_description".to_owned(), json!(title));
        }
        document.insert("request_id".to_owned(), json!(request_id));
        document
    }

    fn render(&self, lang: Lang, request_id: &str, path: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_LANGUAGE, lang.as_str()));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        // The token endpoint's clients read `error` from plain JSON (RFC 6749, section 5.2).
        let content_type = if self.oauth_error.is_some() { "application/json" } else { CONTENT_TYPE };
        response.insert_header((header::CONTENT_TYPE, content_type));
        if self.status == StatusCode::UNAUTHORIZED {
            let invalid = matches!(&self.what, What::Refused(refusal) if refusal.code == Code::InvalidToken);
            let challenge = if invalid { r#"Bearer error="invalid_token""# } else { "Bearer" };
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let What::Troubled(_, retry_after_s) = &self.what
            && self.status == StatusCode::SERVICE_UNAVAILABLE
        {
            response.insert_header((header::RETRY_AFTER, retry_after_s.to_string()));
        }
        if let Some(retry_after_s) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, retry_after_s.to_string()));
        }
        if let Some((id, (parent, _))) = self.replaced_by.zip(path.rsplit_once('/')) {
            response.insert_header((header::LOCATION, format!("{parent}/{id}")));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        response.body(Value::Object(self.document(lang, request_id)).to_string())
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

/// Writes problems in the language of the request, with its id; turns the framework's own errors into problems.
pub async fn render_problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let lang = lang_of(request.headers());
    let id = request.extensions().get::<tracing_actix_web::RequestId>().map(ToString::to_string).unwrap_or_default();
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = match response.response().error() {
        Some(error) => error.as_error::<Problem>().cloned().or_else(|| of_framework(response.status())),
        None => None,
    };
    let mut response = match problem {
        Some(problem) => {
            let (request, _) = response.into_parts();
            let rendered = problem.render(lang, &id, request.path());
            ServiceResponse::new(request, rendered)
        }
        None => response,
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(header::HeaderName::from_static("x-request-id"), value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn of_framework(status: StatusCode) -> Option<Problem> {
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::InvalidValue,
        _ => return Some(trouble(Trouble::Internal)),
    };
    Some(Refusal::new(code).into())
}
