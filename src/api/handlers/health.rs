//! Is it up, is it ready, how is it doing: for load balancers and those on watch. Says nothing of the data.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::Data;
use serde_json::json;

use crate::api::App;
use crate::api::problem::Answer;

/// The process answers, whatever its database does.
pub async fn live() -> Answer {
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({"status": "up"})))
}

/// The database answers, the schema is in place and the index is open.
pub async fn ready(app: Data<App>) -> Answer {
    let prepared = app.deps.is_ready();
    let database = app.act(|deps| Ok(deps.store.ping()?)).await.is_ok();
    let document = json!({
        "status": if prepared && database { "ready" } else { "not_ready" },
        "database": database,
        "prepared": prepared,
    });
    if prepared && database {
        return Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(document));
    }
    Ok(HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, app.deps.config.limits.retry_after_s.to_string()))
        .json(document))
}

pub async fn metrics() -> Answer {
    let text = crate::telemetry::metrics().render();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
