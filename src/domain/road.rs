//! Ways by road: how far and how long. What a router says comes in; nothing here asks one.

use std::collections::HashMap;

use serde::Serialize;

use super::directory::Point;
use super::visit_plan::millimetres;

/// Along a great circle, what lies farther from the family than this is not asked for: no router answers for a whole
/// continent, and one point too far would cost a page all its distances.
pub const ASKED_KM_MAX: f64 = 150.0;

/// What the distances of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceBy {
    Road,
    StraightLine,
}

/// A point as a router may know it, which another party may run: rounded to hundredths of a degree, about a kilometre
/// (decision 0013). There is no other way to make one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoarsePoint(Point);

impl CoarsePoint {
    pub fn of(exact: Point) -> Self {
        let hundredths = |degrees: f64| (degrees * 100.0).round() / 100.0;
        Self(Point { lat: hundredths(exact.lat), lon: hundredths(exact.lon) })
    }
    pub fn point(self) -> Point {
        self.0
    }
}

/// From one point to another by road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    pub mm: u64,
    pub seconds: u64,
}

impl Leg {
    /// No road is shorter than the straight line: where a router says so, it was asked from a rounded point, or it put
    /// a point on a road nearby.
    #[must_use]
    pub fn between(self, from: Point, to: Point) -> Self {
        Self { mm: self.mm.max(millimetres(from, to)), ..self }
    }
    /// Tenths of a kilometre, begun ones whole: the rounded point makes anything finer untrue.
    pub fn km(self) -> f64 {
        self.mm.div_ceil(100_000) as f64 / 10.0
    }
    /// Whole minutes, begun ones whole.
    pub fn minutes(self) -> u64 {
        self.seconds.div_ceil(60)
    }
}

impl std::iter::Sum for Leg {
    fn sum<I: Iterator<Item = Self>>(legs: I) -> Self {
        legs.fold(Self { mm: 0, seconds: 0 }, |all, leg| Self {
            mm: all.mm + leg.mm,
            seconds: all.seconds + leg.seconds,
        })
    }
}

/// A point by its bits: places are told apart exactly.
pub type PointKey = (u64, u64);

pub fn key(point: Point) -> PointKey {
    (point.lat.to_bits(), point.lon.to_bits())
}

/// The ways between a family and some places, and among those. Not the same there and back; never shorter than the
/// straight line.
#[derive(Debug, Clone, PartialEq)]
pub struct RoadTable {
    family: Point,
    places: HashMap<PointKey, usize>,
    /// From the family first, then from each place; to the family first, then to each place.
    rows: Vec<Vec<Option<Leg>>>,
}

impl RoadTable {
    /// `rows` has the family before the places, each of which is another point.
    pub fn new(family: Point, places: &[Point], mut rows: Vec<Vec<Option<Leg>>>) -> Self {
        let points: Vec<Point> = std::iter::once(family).chain(places.iter().copied()).collect();
        for (from, row) in points.iter().zip(&mut rows) {
            for (to, leg) in points.iter().zip(row) {
                *leg = leg.map(|leg| leg.between(*from, *to));
            }
        }
        for (at, row) in rows.iter_mut().enumerate() {
            row.get_mut(at).into_iter().for_each(|leg| *leg = Some(Leg { mm: 0, seconds: 0 }));
        }
        let places = places.iter().enumerate().map(|(at, place)| (key(*place), at + 1)).collect();
        Self { family, places, rows }
    }

    pub fn family(&self) -> Point {
        self.family
    }

    pub fn knows(&self, place: Point) -> bool {
        self.places.contains_key(&key(place))
    }

    /// `from`: none for where the family is.
    pub fn leg(&self, from: Option<Point>, to: Point) -> Option<Leg> {
        let from = match from {
            Some(place) => *self.places.get(&key(place))?,
            None => 0,
        };
        let to = self.places.get(&key(to))?;
        self.rows.get(from).and_then(|row| row.get(*to).copied()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_somewhere_in_a_square_of_about_a_kilometre() {
        let home = Point::new(45.531_249, -73.518_177).unwrap();
        let told = CoarsePoint::of(home).point();
        assert_eq!((told.lat, told.lon), (45.53, -73.52));
        assert_eq!(
            CoarsePoint::of(Point::new(45.534_9, -73.524_9).unwrap()).point(),
            told,
            "its neighbours are there too"
        );
        for lat in 0..1_000 {
            let exact = Point::new(45.0 + f64::from(lat) * 0.001_37, -79.0 + f64::from(lat) * 0.017_3).unwrap();
            assert!(exact.distance_km(CoarsePoint::of(exact).point()) < 0.69);
        }
        assert_eq!(CoarsePoint::of(Point::new(90.0, -180.0).unwrap()).point(), Point::new(90.0, -180.0).unwrap());
    }

    #[test]
    fn a_way_is_told_in_begun_tenths_of_a_kilometre_and_begun_minutes() {
        let leg = |mm, seconds| Leg { mm, seconds };
        assert_eq!((leg(4_000_000, 60).km(), leg(4_000_000, 60).minutes()), (4.0, 1));
        assert_eq!((leg(4_000_001, 61).km(), leg(4_000_001, 61).minutes()), (4.1, 2));
        assert_eq!((leg(0, 0).km(), leg(0, 0).minutes()), (0.0, 0));
        assert_eq!([leg(1, 2), leg(3, 4)].into_iter().sum::<Leg>(), leg(4, 6));
    }

    #[test]
    fn no_road_is_shorter_than_the_straight_line() {
        let (home, there) = (Point::new(45.5, -73.5).unwrap(), Point::new(45.6, -73.5).unwrap());
        let short = Some(Leg { mm: 5, seconds: 7 });
        let table = RoadTable::new(home, &[there], vec![vec![short, short], vec![None, short]]);
        let told = table.leg(None, there).unwrap();
        assert_eq!((told.mm, told.seconds), (millimetres(home, there), 7));
        assert_eq!(table.leg(Some(there), there), Some(Leg { mm: 0, seconds: 0 }), "who is there is there");
        assert_eq!((table.leg(None, home), table.knows(home), table.knows(there)), (None, false, true));
    }
}
