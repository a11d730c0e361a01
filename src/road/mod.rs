//! The only one that asks a router: ways by road between points, from OSRM or Valhalla, over HTTP. It knows points and
//! nothing of what lies at them; whoever asks for a family gives a point that is rounded already. What fails gives no
//! answer and no error: straight lines stand in for it.

mod breaker;
mod osrm;
mod valhalla;

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use url::Url;

use crate::clock::Time;
use crate::config::{self, RouterKind};
use crate::domain::directory::Point;
use crate::domain::road::{CoarsePoint, Leg};
use breaker::Breaker;

/// Places of one question: a page of results, or the stops of a plan (49 by 49 ways is what Valhalla answers at most).
pub const PLACES_MAX: usize = 100;
pub const PLACES_OF_TABLE_MAX: usize = 48;

/// Bytes of one answer: several times the longest.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Questions under way at one time: more are not asked, so that a slow router holds few threads.
const CALLS_MAX: usize = 16;
/// Longer than half the way around the planet is no way.
const WAY_METRES_MAX: f64 = 20_000_000.0;
const WAY_SECONDS_MAX: f64 = 10_000_000.0;

/// From whom ways are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// One row: from the family to each place.
    Family,
    /// A row from the family, then one from each place.
    Everywhere,
}

/// One row after the other; in each, the way to the family first, then to each place. None where no road goes.
pub type Rows = Vec<Vec<Option<Leg>>>;

/// Why there is no answer. None of it holds an address or a point: it is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Fault {
    /// It answers, and not this question: a point that it cannot place, too many of them.
    #[error("it refused the question (400)")]
    Refused,
    #[error("it did not answer in time")]
    TooLate,
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it answered {0}")]
    Status(u16),
    #[error("its answer is too long")]
    TooLong,
    #[error("its answer is not understood")]
    NotUnderstood,
}

/// A router, and whether it has been failing.
pub struct Router {
    agent: ureq::Agent,
    address: Url,
    kind: RouterKind,
    profile: String,
    breaker: Mutex<Breaker>,
    calls: AtomicUsize,
}

impl Router {
    /// The router of the settings, where there is one.
    pub fn of(settings: &config::Router) -> Option<Self> {
        let address = settings.address().ok().flatten()?;
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_millis(settings.timeout_ms)))
            .accept("application/json")
            .accept_encoding("identity")
            .user_agent(concat!("relais/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into();
        let (breaker, calls) = (Mutex::default(), AtomicUsize::new(0));
        Some(Self { agent, address, kind: settings.kind, profile: settings.profile.clone(), breaker, calls })
    }

    /// Whether it would be asked now: it has not failed again and again just before.
    pub fn is_in_service(&self, now: Time) -> bool {
        self.breaker().is_closed(now)
    }

    /// Asks once, and waits no longer than the limit for it. At most [`PLACES_MAX`] places.
    pub fn ways(&self, now: Time, family: CoarsePoint, places: &[Point], from: Sources) -> Option<Rows> {
        if places.is_empty() || places.len() > PLACES_MAX {
            return None;
        }
        let call = Call::begin(&self.calls)?;
        if !self.breaker().may_ask(now) {
            return None;
        }
        let points: Vec<Point> = std::iter::once(family.point()).chain(places.iter().copied()).collect();
        let asked = self.ask(&points, from);
        drop(call);
        let outcome = match &asked {
            Ok(_) => "answered",
            Err(Fault::Refused) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("relais_router_requests_total", "outcome" => outcome).increment(1);
        match asked {
            Ok(rows) => {
                self.breaker().succeeded();
                Some(rows)
            }
            Err(fault) => {
                let counts = fault != Fault::Refused;
                if self.breaker().failed(now, counts) {
                    tracing::warn!(%fault, "no distances by road: straight lines stand in for them");
                }
                None
            }
        }
    }

    fn ask(&self, points: &[Point], from: Sources) -> Result<Rows, Fault> {
        let rows = match from {
            Sources::Family => 1,
            Sources::Everywhere => points.len(),
        };
        let read = match self.kind {
            RouterKind::Osrm => {
                let url = osrm::question(&self.address, &self.profile, points, from);
                osrm::read(&read(self.agent.get(url.as_str()).call())?)
            }
            RouterKind::Valhalla => {
                let (url, body) = valhalla::question(&self.address, &self.profile, points, from);
                let asked = self.agent.post(url.as_str()).content_type("application/json");
                valhalla::read(&read(asked.send(body.to_string()))?)
            }
        };
        let read = read.filter(|read| read.len() == rows && read.iter().all(|row| row.len() == points.len()));
        read.ok_or(Fault::NotUnderstood)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One question under way.
struct Call<'a>(&'a AtomicUsize);

impl<'a> Call<'a> {
    fn begin(calls: &'a AtomicUsize) -> Option<Self> {
        let call = Self(calls);
        (calls.fetch_add(1, Ordering::SeqCst) < CALLS_MAX).then_some(call)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

type Answered = Result<ureq::http::Response<ureq::Body>, ureq::Error>;

fn read(answered: Answered) -> Result<Vec<u8>, Fault> {
    let fault = |error| match error {
        ureq::Error::Timeout(_) => Fault::TooLate,
        _ => Fault::Unreachable,
    };
    let mut answer = answered.map_err(fault)?;
    match answer.status().as_u16() {
        200 => {}
        400 => return Err(Fault::Refused),
        status => return Err(Fault::Status(status)),
    }
    let mut bytes = vec![];
    let mut body = answer.body_mut().as_reader().take(ANSWER_BYTES_MAX + 1);
    body.read_to_end(&mut bytes).map_err(|error| fault(error.into()))?;
    if bytes.len() as u64 > ANSWER_BYTES_MAX { Err(Fault::TooLong) } else { Ok(bytes) }
}

/// One way as a router says it; an error for what is no way at all.
fn way(metres: Option<f64>, seconds: Option<f64>) -> Result<Option<Leg>, ()> {
    let (Some(metres), Some(seconds)) = (metres, seconds) else { return Ok(None) };
    if !(0.0..=WAY_METRES_MAX).contains(&metres) || !(0.0..=WAY_SECONDS_MAX).contains(&seconds) {
        return Err(());
    }
    // Neither negative nor too large: the casts hold.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let leg = Leg { mm: (metres * 1_000.0).round() as u64, seconds: seconds.round() as u64 };
    Ok(Some(leg))
}

/// The address with a path after its own, and its query.
fn under(address: &Url, path: &str) -> Url {
    let mut url = address.clone();
    url.set_path(&format!("{}{path}", address.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests;
