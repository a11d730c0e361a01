//! The small pages behind a link: for phones, without scripts, kept by nobody. GET never changes anything.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::actions::answers as actions;
use crate::actions::{Failure, Outcome};
use crate::api::App;
use crate::api::extract::Form;
use crate::api::language::lang_of;
use crate::api::problem::{Answer, Problem, trouble};
use crate::api::wire::answers::{AnswerBody, CodeForm, LangForm, shown};
use crate::domain::identity::Identity;
use crate::domain::language::Lang;
use crate::domain::refusal::Refusal;
use crate::text::answers::{STYLE, page};
use crate::text::messages::{self, Trouble};

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .body(STYLE)
}

pub async fn show(app: Data<App>, request: HttpRequest) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, None));
    render(&app, token, lang, None, None).await
}

pub async fn mark_seen(app: Data<App>, request: HttpRequest, form: Form<LangForm>) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, form.0.lang.as_deref()));
    let asked = token.clone();
    let outcome = app.act(move |deps| refused_apart(actions::mark_seen(deps, &asked))).await?;
    after(&app, token, lang, outcome).await
}

pub async fn answer(app: Data<App>, request: HttpRequest, form: Form<AnswerBody>) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, form.0.lang.as_deref()));
    let asked = token.clone();
    let outcome = match form.0.parse() {
        Ok(form) => app.act(move |deps| refused_apart(actions::answer(deps, &asked, &form))).await?,
        Err(refusal) => Err(refusal),
    };
    after(&app, token, lang, outcome).await
}

pub async fn send_code(app: Data<App>, request: HttpRequest, form: Form<LangForm>) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, form.0.lang.as_deref()));
    let asked = token.clone();
    let outcome = app.act(move |deps| refused_apart(actions::ask_code(deps, &asked))).await?;
    after(&app, token, lang, outcome).await
}

/// The only page with a name on it: it answers the POST itself, and no address leads back to it.
pub async fn identity(app: Data<App>, request: HttpRequest, form: Form<CodeForm>) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, form.0.lang.as_deref()));
    let (asked, code) = (token.clone(), form.0.code.unwrap_or_default());
    let outcome = app.act(move |deps| refused_apart(actions::open_identity(deps, &asked, code.trim()))).await?;
    match outcome {
        Ok(identity) => render(&app, token, lang, Some(identity), None).await,
        Err(refusal) => render(&app, token, lang, None, Some(refusal)).await,
    }
}

/// A refusal is something to say on the page; what broke is a problem.
pub(super) fn refused_apart<T>(outcome: Outcome<T>) -> Outcome<Result<T, Refusal>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(other) => Err(other),
    }
}

pub(super) fn token_of(request: &HttpRequest) -> String {
    request.match_info().get("token").unwrap_or("").to_owned()
}

/// The form's language, else the address's (`?lang=en`), else the browser's.
pub(super) fn lang_of_page(request: &HttpRequest, of_form: Option<&str>) -> Lang {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let of_query = query.into_iter().find(|(name, _)| name == "lang").map(|(_, value)| value.into_owned());
    let asked = of_form.and_then(Lang::parse).or_else(|| of_query.as_deref().and_then(Lang::parse));
    asked.unwrap_or_else(|| lang_of(request.headers()))
}

/// After a change: back to the page, so that a reload sends nothing again.
async fn after(app: &Data<App>, token: String, lang: Lang, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => {
            let back = format!("/r/{token}?lang={}", lang.as_str());
            Ok(with_headers(HttpResponse::SeeOther(), lang).insert_header((LOCATION, back)).finish())
        }
        Err(refusal) => render(app, token, lang, None, Some(refusal)).await,
    }
}

async fn render(
    app: &Data<App>,
    token: String,
    lang: Lang,
    identity: Option<Identity>,
    refusal: Option<Refusal>,
) -> Answer {
    let asked = token.clone();
    let view = app.act(move |deps| refused_apart(actions::look(deps, &asked))).await?;
    let Ok(view) = view else { return html(StatusCode::NOT_FOUND, lang, page(lang, None, None)) };
    let shown = shown(&view, &token, lang, identity.as_ref());
    match refusal {
        None => html(StatusCode::OK, lang, page(lang, Some(&shown), None)),
        Some(refusal) => {
            let sentence = messages::refusal(refusal.code, lang);
            let status = Problem::from(refusal).status_code();
            html(status, lang, page(lang, Some(&shown), Some(sentence)))
        }
    }
}

pub(super) fn html(status: StatusCode, lang: Lang, body: Result<String, impl std::fmt::Display>) -> Answer {
    let body = body.map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        trouble(Trouble::Internal)
    })?;
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    Ok(with_headers(builder, lang).body(body))
}

pub(super) fn with_headers(mut builder: actix_web::HttpResponseBuilder, lang: Lang) -> actix_web::HttpResponseBuilder {
    builder
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_LANGUAGE, lang.as_str()))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((HeaderName::from_static("x-robots-tag"), "noindex"));
    builder
}
