//! Circles around a place, as boxes and points are compared with them.

use super::{Around, From, KM_PER_DEGREE, LON_MAX, MARGIN, PER_DEGREE, PlacePoint, Rough, Shape};
use crate::domain::area::Cover;
use crate::domain::directory::Point;

/// A circle on the sphere as stairs: for each step of latitude away from its middle, how many millionths of a degree of
/// longitude are surely inside, and how many may be. Boxes are compared with whole numbers alone.
#[derive(Debug, Clone)]
pub(in crate::search) struct Circle {
    pub radius_km: f64,
    from: From,
    limit: Rough,
    lat: i32,
    lon: i32,
    step: i32,
    stairs: [Stair; STAIRS],
    /// It reaches a pole or the other side of the world: no box is surely in or out.
    is_odd: bool,
}

const STAIRS: usize = 16;

#[derive(Debug, Clone, Copy, Default)]
struct Stair {
    inner: i32,
    outer: i32,
}

impl Circle {
    pub(in crate::search) fn new(middle: Point, radius_km: f64) -> Self {
        let height = radius_km / KM_PER_DEGREE;
        let PlacePoint { lat, lon, .. } = PlacePoint::new(middle, false);
        let step = (height * PER_DEGREE / STAIRS as f64) as i32 + 1 + MARGIN;
        let (from, limit) = (From::new(middle), Rough::of_km(radius_km));
        let stairs = [Stair::default(); STAIRS];
        let mut circle = Self { radius_km, from, limit, lat, lon, step, stairs, is_odd: false };
        let reaches_a_pole = middle.lat.abs() + height >= 89.0;
        let [whole, cos, cos_min] =
            [haversine(height), cosine(middle.lat), cosine((middle.lat.abs() + height).min(90.0))];
        let mut left = whole;
        for (at, stair) in circle.stairs.iter_mut().enumerate() {
            let far = (at + 1) as f64 * f64::from(step) / PER_DEGREE;
            let cos_max = cosine((middle.lat.abs() - far).max(0.0));
            stair.outer = half_width(left, cos * cos_min).map_or(0, |width| width.ceil() as i32) + MARGIN;
            left = whole - haversine(far);
            stair.inner = half_width(left, cos * cos_max).map_or(-1, |width| width.floor() as i32 - MARGIN);
        }
        let widest = circle.stairs.first().map_or(0, |stair| stair.outer);
        circle.is_odd = reaches_a_pole || i64::from(lon.abs()) + i64::from(widest) >= LON_MAX;
        circle
    }
}

impl Shape for Circle {
    fn covers(&self, around: &Around) -> Cover {
        if around.south > around.north {
            return Cover::Outside;
        }
        if self.is_odd {
            return Cover::Edge;
        }
        let (lat_min, lat_max) = away(self.lat, around.south, around.north);
        let (lon_min, lon_max) = away(self.lon, around.west, around.east);
        let stair = |lat: i32| self.stairs.get((lat.max(0) / self.step) as usize);
        if stair(lat_min).is_none_or(|stair| lon_min > stair.outer) {
            Cover::Outside
        } else if stair(lat_max).is_some_and(|stair| lon_max <= stair.inner) {
            Cover::Inside
        } else {
            Cover::Edge
        }
    }

    fn covers_point(&self, point: PlacePoint) -> Cover {
        let rough = self.from.rough(point);
        if rough.is_below(self.limit) {
            Cover::Inside
        } else if rough.is_above(self.limit) {
            Cover::Outside
        } else {
            Cover::Edge
        }
    }
}

/// The least and the most that a range lies away from a number.
fn away(from: i32, least: i32, most: i32) -> (i32, i32) {
    let nearest = (least - from).max(from - most).max(0);
    (nearest, (from - least).abs().max((most - from).abs()))
}

fn cosine(degrees: f64) -> f64 {
    degrees.to_radians().cos()
}

fn haversine(degrees: f64) -> f64 {
    (degrees.to_radians() / 2.0).sin().powi(2)
}

/// Millionths of a degree of longitude within a circle, where so much of its haversine is left beside the way north or
/// south, and the cosines of both latitudes are this. None where the circle has ended.
fn half_width(left: f64, cosines: f64) -> Option<f64> {
    let share = left / cosines.max(f64::MIN_POSITIVE);
    (left >= 0.0).then(|| (2.0 * share.min(1.0).sqrt().asin()).to_degrees() * PER_DEGREE)
}
