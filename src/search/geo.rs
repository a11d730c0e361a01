//! How far a service is: as far as its nearest place. Exact great-circle distance over the points of the columns.

use tantivy::columnar::Column;
use tantivy::{DocId, SegmentReader};

use super::schema::{Audience, point_columns};
use crate::domain::directory::Point;

/// Kilometres along a meridian for one degree, on the sphere of [`Point::distance_km`].
const KM_PER_DEGREE: f64 = 6_371.008_8 * std::f64::consts::PI / 180.0;

/// Rounding of the box test below never leaves out a point of the circle.
const BOX_MARGIN_DEGREES: f64 = 1e-6;

pub(super) struct Points {
    lat: Column<f64>,
    lon: Column<f64>,
}

/// The nearest of a service's points: which one, in the order of its row, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    pub at: usize,
    pub distance_km: f64,
}

impl Points {
    pub(super) fn open(segment: &SegmentReader, audience: Audience) -> tantivy::Result<Self> {
        let (lat, lon) = point_columns(audience);
        Ok(Self { lat: segment.fast_fields().f64(lat)?, lon: segment.fast_fields().f64(lon)? })
    }

    pub(super) fn of(&self, doc: DocId) -> impl Iterator<Item = Point> + '_ {
        self.lat.values_for_doc(doc).zip(self.lon.values_for_doc(doc)).map(|(lat, lon)| Point { lat, lon })
    }

    /// The nearest point to `origin`, the first of equals; only those within `radius_km` where one is given.
    pub(super) fn nearest(&self, doc: DocId, origin: Point, radius_km: Option<f64>) -> Option<Nearest> {
        nearest(self.of(doc), origin, radius_km)
    }
}

pub(super) fn nearest(points: impl Iterator<Item = Point>, origin: Point, radius_km: Option<f64>) -> Option<Nearest> {
    let lat_within = radius_km.map_or(f64::INFINITY, |radius| radius / KM_PER_DEGREE + BOX_MARGIN_DEGREES);
    let mut best: Option<Nearest> = None;
    for (at, point) in points.enumerate() {
        if (point.lat - origin.lat).abs() > lat_within {
            continue;
        }
        let distance_km = origin.distance_km(point);
        if radius_km.is_some_and(|radius| distance_km > radius) {
            continue;
        }
        if best.is_none_or(|nearest| distance_km < nearest.distance_km) {
            best = Some(Nearest { at, distance_km });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = Point> {
        (-90.0..=90.0f64, -180.0..=180.0f64).prop_map(|(lat, lon)| Point { lat, lon })
    }

    proptest! {
        #[test]
        fn the_box_never_changes_the_answer(
            points in prop::collection::vec(point(), 0..8), origin in point(), radius_km in 0.001..3_000.0f64,
        ) {
            let all = points.iter().map(|point| origin.distance_km(*point));
            let brute = all.filter(|distance| *distance <= radius_km).min_by(f64::total_cmp);
            let found = nearest(points.iter().copied(), origin, Some(radius_km));
            prop_assert_eq!(found.map(|nearest| nearest.distance_km), brute);
        }
    }

    #[test]
    fn the_radius_is_included_and_the_first_of_equals_wins() {
        let origin = Point { lat: 45.5, lon: -73.5 };
        let north = Point { lat: 45.6, lon: -73.5 };
        let distance_km = origin.distance_km(north);
        let found = nearest([north, north].into_iter(), origin, Some(distance_km));
        assert_eq!(found, Some(Nearest { at: 0, distance_km }));
        assert_eq!(nearest([north].into_iter(), origin, Some(distance_km - 1e-9)), None);
        assert_eq!(nearest([].into_iter(), origin, None), None);
    }
}
