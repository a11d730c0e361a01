//! A part of the map that somebody draws: a box or a polygon. Straight edges in degrees, as GeoJSON has them (RFC 7946,
//! section 3.1.1): none reaches over the antimeridian or a pole.

use geo::algorithm::{BoundingRect, Intersects, Validation};
use geo::{Coord, LineString, Polygon, Rect};

use super::directory::Point;
use super::refusal::{Code, Refusal};

/// Corners of a polygon, those of its holes included.
pub const CORNERS_MAX: usize = crate::config::SEARCH_CORNERS_MAX;

#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    polygon: Polygon<f64>,
    bounds: Rect<f64>,
}

/// How much of a box lies in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    Inside,
    Edge,
    Outside,
}

impl Area {
    /// Degrees; the sides belong to it. The refusal names `field`.
    pub fn from_box(field: &str, west: f64, south: f64, east: f64, north: f64) -> Result<Self, Refusal> {
        let are_degrees = Point::new(south, west).is_some() && Point::new(north, east).is_some();
        if !are_degrees || west > east || south > north {
            return Err(Refusal::field(Code::OutOfRange, field).rule("west <= east, south <= north, degrees"));
        }
        let bounds = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
        Ok(Self { polygon: bounds.to_polygon(), bounds })
    }

    /// The outer ring and the holes, each as longitudes and latitudes, the first corner again at the end. The refusal
    /// names `field`.
    pub fn from_rings(field: &str, rings: &[Vec<Vec<f64>>]) -> Result<Self, Refusal> {
        if rings.iter().map(Vec::len).sum::<usize>() > CORNERS_MAX {
            return Err(Refusal::over(field, "search_corners_max", CORNERS_MAX));
        }
        let not_a_polygon = || Refusal::field(Code::InvalidValue, field).rule("RFC 7946, Polygon");
        let ring = |corners: &Vec<Vec<f64>>| -> Option<LineString<f64>> {
            let coord = |corner: &Vec<f64>| {
                let (Some(&x), Some(&y)) = (corner.first(), corner.get(1)) else { return None };
                Point::new(y, x).map(|_| Coord { x, y })
            };
            let corners: Option<Vec<Coord<f64>>> = corners.iter().map(coord).collect();
            corners.filter(|corners| corners.len() >= 4 && corners.first() == corners.last()).map(LineString)
        };
        let rings: Option<Vec<LineString<f64>>> = rings.iter().map(ring).collect();
        let mut rings = rings.ok_or_else(not_a_polygon)?.into_iter();
        let polygon = Polygon::new(rings.next().ok_or_else(not_a_polygon)?, rings.collect());
        if !polygon.is_valid() {
            return Err(Refusal::field(Code::InvalidValue, field).rule("edges do not cross"));
        }
        let bounds = polygon.bounding_rect().ok_or_else(not_a_polygon)?;
        Ok(Self { polygon, bounds })
    }

    /// The edges belong to it.
    pub fn contains(&self, point: Point) -> bool {
        let place = Coord { x: point.lon, y: point.lat };
        self.bounds.intersects(&place) && self.polygon.intersects(&place)
    }

    /// Of a box in degrees. Told from its edges and one corner: a box that no edge touches is wholly in or wholly out.
    pub fn covers(&self, (south, west): (f64, f64), (north, east): (f64, f64)) -> Cover {
        let asked = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
        if !self.bounds.intersects(&asked) {
            return Cover::Outside;
        }
        let rings = std::iter::once(self.polygon.exterior()).chain(self.polygon.interiors());
        if rings.flat_map(LineString::lines).any(|edge| edge.intersects(&asked)) {
            Cover::Edge
        } else if self.polygon.intersects(&asked.min()) {
            Cover::Inside
        } else {
            Cover::Outside
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring(corners: &[(f64, f64)]) -> Vec<Vec<f64>> {
        corners.iter().map(|(lon, lat)| vec![*lon, *lat]).collect()
    }

    /// A square with a hole in its middle.
    fn with_a_hole() -> Area {
        let outer = ring(&[(-74.0, 45.0), (-73.0, 45.0), (-73.0, 46.0), (-74.0, 46.0), (-74.0, 45.0)]);
        let hole = ring(&[(-73.6, 45.4), (-73.4, 45.4), (-73.4, 45.6), (-73.6, 45.6), (-73.6, 45.4)]);
        Area::from_rings("polygon", &[outer, hole]).unwrap()
    }

    #[test]
    fn what_is_no_area_is_refused() {
        let crossed = ring(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]);
        let open = ring(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.5, 0.0)]);
        let outside = ring(&[(0.0, 0.0), (1.0, 91.0), (1.0, 0.0), (0.0, 0.0)]);
        for rings in [vec![], vec![vec![]], vec![crossed], vec![open], vec![outside], vec![vec![vec![1.0]; 5]]] {
            assert_eq!(Area::from_rings("polygon", &rings).unwrap_err().code, Code::InvalidValue, "{rings:?}");
        }
        let many: Vec<Vec<f64>> = (0..=CORNERS_MAX).map(|n| vec![n as f64 / 1e4, 0.0]).collect();
        assert_eq!(Area::from_rings("polygon", &[many]).unwrap_err().code, Code::OverLimit);
        for (west, south, east, north) in [(1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0), (f64::NAN, 0.0, 1.0, 1.0)] {
            assert!(Area::from_box("bbox", west, south, east, north).is_err());
        }
    }

    #[test]
    fn a_hole_is_outside_and_an_edge_inside() {
        let area = with_a_hole();
        let at = |lat, lon| area.contains(Point { lat, lon });
        assert!(at(45.1, -73.9) && at(45.0, -73.5) && at(45.4, -73.5));
        assert!(!at(45.5, -73.5) && !at(44.9, -73.5));
    }

    proptest! {
        #[test]
        fn a_box_said_to_be_in_or_out_is(
            south in 44.8..46.2f64, west in -74.2..-72.8f64, height in 0.0..0.3f64, width in 0.0..0.3f64,
            shares in prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 8),
        ) {
            let area = with_a_hole();
            let cover = area.covers((south, west), (south + height, west + width));
            for (up, right) in shares {
                let inside = area.contains(Point { lat: south + up * height, lon: west + right * width });
                prop_assert!(cover == Cover::Edge || inside == (cover == Cover::Inside));
            }
        }
    }
}
