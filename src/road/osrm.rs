//! OSRM's table service: `GET /table/v1/{profile}/{lon},{lat};…`, metres and seconds.

use serde::Deserialize;
use url::Url;

use super::{Rows, Sources, under, way};
use crate::domain::directory::Point;

pub(super) fn question(address: &Url, profile: &str, points: &[Point], from: Sources) -> Url {
    let points: Vec<String> = points.iter().map(|point| format!("{:.6},{:.6}", point.lon, point.lat)).collect();
    let mut url = under(address, &format!("/table/v1/{profile}/{}", points.join(";")));
    let mut query = vec![];
    query.extend(address.query().map(str::to_owned));
    query.extend((from == Sources::Family).then(|| "sources=0".to_owned()));
    query.push("annotations=distance,duration".to_owned());
    url.set_query(Some(&query.join("&")));
    url
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    distances: Vec<Vec<Option<f64>>>,
    durations: Vec<Vec<Option<f64>>>,
}

pub(super) fn read(bytes: &[u8]) -> Option<Rows> {
    let answer: Answer = serde_json::from_slice(bytes).ok()?;
    if answer.code != "Ok" || answer.distances.len() != answer.durations.len() {
        return None;
    }
    let rows = answer.distances.into_iter().zip(answer.durations).map(|(metres, seconds)| {
        let is_square = metres.len() == seconds.len();
        let row: Option<Vec<_>> = metres.into_iter().zip(seconds).map(|(m, s)| way(m, s).ok()).collect();
        row.filter(|_| is_square)
    });
    rows.collect()
}
