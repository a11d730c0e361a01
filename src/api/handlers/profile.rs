//! The profile of HSDS that this API speaks: a page to read, and the schemas.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Path;

use crate::api::problem::Answer;
use crate::domain::refusal::{Code, Refusal};
use crate::exchange::profile::{COMPILED, File, PATCHES, STANDARD, find};

const PAGE: &str = include_str!("../../../templates/profile.html");

/// A day: the profile changes with the program alone.
const KEPT: &str = "public, max-age=86400";

pub async fn page() -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header(("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"))
        .insert_header((CACHE_CONTROL, KEPT))
        .body(PAGE))
}

pub async fn compiled(name: Path<String>) -> Answer {
    schema(COMPILED, &name)
}
pub async fn patch(name: Path<String>) -> Answer {
    schema(PATCHES, &name)
}
pub async fn standard(name: Path<String>) -> Answer {
    schema(STANDARD, &name)
}

fn schema(files: &'static [File], name: &str) -> Answer {
    let text = find(files, name).ok_or_else(|| Refusal::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, KEPT))
        .body(text))
}
