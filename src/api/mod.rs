//! The only actix: routes on one page, problem details, authentication, limits.

pub mod conditional;
pub mod cors;
pub mod extract;
pub mod handlers;
pub mod kept;
pub mod language;
pub mod problem;
pub mod routes;
pub mod stream;
pub mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::{Data, PayloadConfig};
use actix_web::{App as ActixApp, HttpMessage, HttpServer};
use tokio::sync::Semaphore;
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder, TracingLogger};

use crate::actions::{Deps, Failure};
use crate::text::messages::Trouble;
use problem::Problem;

/// What every handler is given.
pub struct App {
    pub deps: Arc<Deps>,
    kept: kept::KeptAnswers,
    streams: Arc<Semaphore>,
}

impl App {
    /// Runs an action on a thread that may block: the workers never do.
    pub async fn act<T: Send + 'static>(
        &self,
        action: impl FnOnce(&Deps) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Problem> {
        let deps = self.deps.clone();
        match actix_web::web::block(move || action(&deps)).await {
            Ok(outcome) => outcome.map_err(Problem::from),
            Err(_) => {
                tracing::error!("an action did not come to its end");
                Err(problem::trouble(Trouble::Internal))
            }
        }
    }
}

impl App {
    /// As [`App::act`], on the thread of the request: for what is decided in memory within a few milliseconds. Handing
    /// it to another thread and back would take longer.
    pub fn act_at_once<T>(&self, action: impl FnOnce(&Deps) -> Result<T, Failure>) -> Result<T, Problem> {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| action(&self.deps))) {
            Ok(outcome) => outcome.map_err(Problem::from),
            Err(_) => {
                tracing::error!("an action did not come to its end");
                Err(problem::trouble(Trouble::Internal))
            }
        }
    }
}

/// Starts to listen. Gives the address (port 0 takes a free one) and the server to await; it stops gracefully.
pub fn serve(deps: Arc<Deps>) -> std::io::Result<(SocketAddr, Server)> {
    crate::telemetry::metrics();
    let limits = &deps.config.limits;
    let (body_bytes_max, shutdown_s) = (limits.request_body_bytes_max, limits.shutdown_s);
    let listen = deps.config.listen.clone();
    let data = Data::new(App {
        deps,
        kept: kept::KeptAnswers::default(),
        streams: Arc::new(Semaphore::new(stream::STREAMS_MAX)),
    });
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .app_data(PayloadConfig::new(body_bytes_max))
            .wrap(Compress::default())
            .wrap(from_fn(problem::render_problems))
            .wrap(from_fn(cors::open_to_every_page))
            .wrap(from_fn(measure))
            .wrap(TracingLogger::<RouteSpan>::new())
            .configure(routes::configure)
    })
    // The head of a compressed answer goes before its body: the body would wait for the reader to say that it has it.
    .tcp_nodelay(true)
    .workers(2)
    .shutdown_timeout(shutdown_s)
    .bind(listen.as_str())?;
    let address = server.addrs().first().copied().ok_or_else(|| std::io::Error::other("no address was bound"))?;
    Ok((address, server.run()))
}

/// A method by its name where it is a known one. A caller may invent others without end: they are all `other`, so that
/// the metrics stay bounded and a log line holds no text of a stranger.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The path of a route as the contract writes it, found once for the log and the metrics.
struct RouteTemplate(String);

/// One span a request: method, route template, status and request id. Never the path itself nor its query.
struct RouteSpan;

impl RootSpanBuilder for RouteSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let route = request.match_pattern().unwrap_or_else(|| "unknown".to_owned());
        request.extensions_mut().insert(RouteTemplate(route.clone()));
        let method = method_label(request.method());
        tracing::info_span!("request", method, route, request_id = id, status = tracing::field::Empty)
    }
    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        let status = match outcome {
            Ok(response) => response.status().as_u16(),
            Err(error) => error.as_response_error().status_code().as_u16(),
        };
        span.record("status", status);
        let _entered = span.enter();
        tracing::info!("request answered");
    }
}

async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let method = method_label(request.method());
    let response = next.call(request).await?;
    let route = response.request().extensions().get::<RouteTemplate>().map(|route| route.0.clone()).unwrap_or_default();
    let labels = [("method", method.to_owned()), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("relais_http_requests_total", &labels).increment(1);
    metrics::histogram!("relais_http_request_seconds", &labels).record(started.elapsed().as_secs_f64());
    Ok(response)
}

/// The runtime that `serve` needs around it.
pub fn system() -> actix_web::rt::SystemRunner {
    actix_web::rt::System::new()
}
