//! Valhalla's matrix service: `POST /sources_to_targets`, kilometres and seconds.

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Rows, Sources, under, way};
use crate::domain::directory::Point;

pub(super) fn question(address: &Url, profile: &str, points: &[Point], from: Sources) -> (Url, Value) {
    let place = |point: &Point| json!({"lat": point.lat, "lon": point.lon});
    let targets: Vec<Value> = points.iter().map(place).collect();
    let sources = match from {
        Sources::Family => targets.iter().take(1).cloned().collect(),
        Sources::Everywhere => targets.clone(),
    };
    // The names that OSRM has for what Valhalla calls otherwise.
    let costing = match profile {
        "driving" => "auto",
        "walking" => "pedestrian",
        "cycling" => "bicycle",
        other => other,
    };
    let body =
        json!({"sources": sources, "targets": targets, "costing": costing, "units": "kilometers", "verbose": true});
    (under(address, "/sources_to_targets"), body)
}

#[derive(Deserialize)]
struct Answer {
    sources_to_targets: Vec<Vec<Cell>>,
}

#[derive(Deserialize)]
struct Cell {
    distance: Option<f64>,
    time: Option<f64>,
}

pub(super) fn read(bytes: &[u8]) -> Option<Rows> {
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    let row = |cells: Vec<Cell>| {
        let ways = cells.into_iter().map(|cell| way(cell.distance.map(|km| km * 1_000.0), cell.time).ok());
        ways.collect::<Option<Vec<_>>>()
    };
    answer.sources_to_targets.into_iter().map(row).collect()
}
