//! Distances told from as little as tells them: by a short series, or at least by the box around what is far away.

use super::{Around, KM_PER_DEGREE, MARGIN, PER_DEGREE, PlacePoint};
use crate::domain::directory::Point;

/// A place that distances are measured from.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct From {
    /// Radians.
    lat: f64,
    lon: f64,
    sin_lat: f64,
    cos_lat: f64,
}

/// The haversine of an angle on the sphere, to a hundred-thousandth of it; no number where it is not known.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Rough(pub(super) f64);

/// More than the error of [`From::rough`], in proportion.
const ROUGHNESS: f64 = 1e-5;
/// Beyond so many radians the short series of [`From::rough`] are not good enough.
const SMALL_RADIANS: f64 = 0.2;

pub(super) fn radians(millionths: i32) -> f64 {
    f64::from(millionths) * (std::f64::consts::PI / 180.0 / PER_DEGREE)
}

impl From {
    pub(in crate::search) fn new(point: Point) -> Self {
        let (lat, lon) = (point.lat.to_radians(), point.lon.to_radians());
        let (sin_lat, cos_lat) = lat.sin_cos();
        Self { lat, lon, sin_lat, cos_lat }
    }

    /// The haversine formula, with the first terms of each series.
    pub(super) fn rough(&self, to: PlacePoint) -> Rough {
        let (north, east) = (radians(to.lat) - self.lat, radians(to.lon) - self.lon);
        if north.abs() > SMALL_RADIANS || east.abs() > SMALL_RADIANS {
            return Rough::UNKNOWN;
        }
        let (north2, east2) = (north * north, east * east);
        let haversine = |square: f64| square / 4.0 * (1.0 - square / 12.0 + square * square / 360.0);
        let cos_north = 1.0 - north2 / 2.0 + north2 * north2 / 24.0;
        let sin_north = north * (1.0 - north2 / 6.0 + north2 * north2 / 120.0);
        let cos_there = self.cos_lat * cos_north - self.sin_lat * sin_north;
        Rough(haversine(north2) + self.cos_lat * cos_there * haversine(east2))
    }

    /// What no point of a box is nearer than: the least way north or south, and the least way east or west where the
    /// meridians are the closest.
    pub(super) fn at_least(&self, around: &Around, cos_least: f64) -> Rough {
        if around.south > around.north {
            return Rough::NOWHERE;
        }
        let short = |from: f64, least: i32, most: i32| {
            (radians(least - MARGIN) - from).max(from - radians(most + MARGIN)).max(0.0)
        };
        let (north, east) = (
            short(self.lat, around.south, around.north),
            short(self.lon, around.west, around.east).min(short(self.lon + TURN, around.west, around.east)),
        );
        let east = east.min(short(self.lon - TURN, around.west, around.east));
        let haversine = |angle: f64| (angle / 2.0).sin().powi(2);
        Rough(haversine(north) + self.cos_lat * cos_least * haversine(east.min(std::f64::consts::PI)))
    }
}

/// The whole way around the world, in radians.
const TURN: f64 = 2.0 * std::f64::consts::PI;

impl Rough {
    pub(super) const UNKNOWN: Rough = Rough(f64::NAN);
    /// There is no point to measure.
    pub(in crate::search) const NOWHERE: Rough = Rough(f64::INFINITY);

    /// Of a distance.
    pub(in crate::search) fn of_km(km: f64) -> Self {
        let radians = (km / KM_PER_DEGREE).to_radians();
        Self((radians / 2.0).min(std::f64::consts::FRAC_PI_2).sin().powi(2))
    }

    /// Kilometres that it is at least; none where it is not known.
    pub(in crate::search) fn km_at_least(self) -> f64 {
        let radians = 2.0 * (self.0 * (1.0 - ROUGHNESS)).sqrt();
        if radians.is_nan() { 0.0 } else { radians.to_degrees() * KM_PER_DEGREE }
    }

    /// Nearer for sure.
    pub(in crate::search) fn is_below(self, other: Rough) -> bool {
        self.0 * (1.0 + ROUGHNESS) < other.0
    }

    /// Further for sure.
    pub(in crate::search) fn is_above(self, other: Rough) -> bool {
        self.0 * (1.0 - ROUGHNESS) > other.0
    }
}
