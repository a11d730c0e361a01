//! The page behind a link to an organisation's own records: for phones, without scripts, kept by nobody. GET never
//! changes anything.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::answers::{html, lang_of_page, refused_apart, token_of, with_headers};
use crate::actions::records as actions;
use crate::actions::{Deps, Outcome};
use crate::api::App;
use crate::api::extract::Form;
use crate::api::problem::{Answer, Problem};
use crate::api::wire::records::{CapacityForm, ClosureForm, CorrectionForm, ServiceForm, shown};
use crate::domain::language::Lang;
use crate::domain::refusal::Refusal;
use crate::text::messages;
use crate::text::records::page;

pub async fn show(app: Data<App>, request: HttpRequest) -> Answer {
    let (token, lang) = (token_of(&request), lang_of_page(&request, None));
    render(&app, token, lang, None).await
}

pub async fn confirm(app: Data<App>, request: HttpRequest, form: Form<ServiceForm>) -> Answer {
    let lang = lang_of_page(&request, form.0.lang.as_deref());
    let parsed = form.0.parse();
    act(&app, &request, lang, parsed, actions::confirm).await
}

pub async fn capacity(app: Data<App>, request: HttpRequest, form: Form<CapacityForm>) -> Answer {
    let lang = lang_of_page(&request, form.0.lang.as_deref());
    let parsed = form.0.parse();
    act(&app, &request, lang, parsed, |deps, token, (id, said)| actions::tell_capacity(deps, token, id, said)).await
}

pub async fn closure(app: Data<App>, request: HttpRequest, form: Form<ClosureForm>) -> Answer {
    let lang = lang_of_page(&request, form.0.lang.as_deref());
    let parsed = form.0.parse();
    act(&app, &request, lang, parsed, |deps, token, (id, until)| actions::close(deps, token, id, until)).await
}

pub async fn correction(app: Data<App>, request: HttpRequest, form: Form<CorrectionForm>) -> Answer {
    let lang = lang_of_page(&request, form.0.lang.as_deref());
    let parsed = form.0.parse();
    act(&app, &request, lang, parsed, |deps, token, (id, said)| actions::correct(deps, token, id, &said)).await
}

/// Acts on what the form says; then back to the page, so that a reload sends nothing again.
async fn act<T: Send + 'static>(
    app: &Data<App>,
    request: &HttpRequest,
    lang: Lang,
    parsed: Result<T, Refusal>,
    action: impl FnOnce(&Deps, &str, T) -> Outcome<()> + Send + 'static,
) -> Answer {
    let token = token_of(request);
    let asked = token.clone();
    let outcome = match parsed {
        Ok(said) => app.act(move |deps| refused_apart(action(deps, &asked, said))).await?,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(()) => {
            let back = format!("/d/{token}?lang={}", lang.as_str());
            Ok(with_headers(HttpResponse::SeeOther(), lang).insert_header((LOCATION, back)).finish())
        }
        Err(refusal) => render(app, token, lang, Some(refusal)).await,
    }
}

async fn render(app: &Data<App>, token: String, lang: Lang, refusal: Option<Refusal>) -> Answer {
    let asked = token.clone();
    let view = app.act(move |deps| refused_apart(actions::look(deps, &asked))).await?;
    let Ok(view) = view else { return html(StatusCode::NOT_FOUND, lang, page(lang, None, None)) };
    let shown = shown(&view, &token, lang);
    match refusal {
        None => html(StatusCode::OK, lang, page(lang, Some(&shown), None)),
        Some(refusal) => {
            let sentence = messages::refusal(refusal.code, lang);
            let status = Problem::from(refusal).status_code();
            html(status, lang, page(lang, Some(&shown), Some(sentence)))
        }
    }
}
