//! A guide of services, made for print: what everybody may read.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answers::html;
use crate::actions::guide;
use crate::api::App;
use crate::api::extract::Query;
use crate::api::language::lang_of;
use crate::api::problem::Answer;
use crate::api::wire::guide::GuideQuery;
use crate::text::guide::STYLE;

pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .body(STYLE)
}

pub async fn page(app: Data<App>, request: HttpRequest, query: Query<GuideQuery>) -> Answer {
    let asked = query.0.parse(lang_of(request.headers()))?;
    let language = asked.language;
    let guide = app.act(move |deps| guide::guide(deps, &asked)).await?;
    html(StatusCode::OK, language, guide.html(None))
}
