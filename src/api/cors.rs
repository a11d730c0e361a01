//! The standard directory and its profile may be read by any page of the web: what everybody may see without signing
//! in. Nothing else of relais answers to another site.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

/// How long a browser remembers a preflight, in seconds.
const PREFLIGHT_S: &str = "86400";

fn is_open(path: &str) -> bool {
    ["/hsds", "/profile"]
        .iter()
        .any(|open| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Answers preflights, and says on every answer of the open paths that any page may read it. No credentials: a page
/// that has a token sends it itself.
pub async fn open_to_every_page<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !is_open(request.path()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let asks_first =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if asks_first {
        let answer = HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST"))
            .insert_header((
                ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, accept-language, content-type, if-none-match",
            ))
            .insert_header((ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S))
            .finish();
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, last-modified, location"));
    Ok(response.map_into_left_body())
}
