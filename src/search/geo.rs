//! Where services are. The documents of a segment follow a curve through the map, so that neighbours on the ground are
//! neighbours in the index: a box around every 64 of them, and around every window, turns a circle into a few runs of
//! documents, most of which are surely inside or surely outside. Only those at the edge are measured.
//!
//! Points are kept to a millionth of a degree (eleven centimetres). The map of a segment is made when it is opened,
//! from its column of places.

use tantivy::columnar::ColumnValues;
use tantivy::{DocId, SegmentReader};

use super::postings::{Bits, WINDOW};
use super::schema::{Audience, PLACES};
use crate::domain::area::{Area, Cover};
use crate::domain::directory::Point;

mod circle;
mod rough;
pub(super) use circle::Circle;
use rough::radians;
pub(super) use rough::{From, Rough};

const PER_DEGREE: f64 = 1e6;
const LAT_MAX: i64 = 90_000_000;
const LON_MAX: i64 = 180_000_000;

/// Kilometres along a meridian for one degree, on the sphere of [`Point::distance_km`].
const KM_PER_DEGREE: f64 = 6_371.008_8 * std::f64::consts::PI / 180.0;

/// Millionths of a degree by which edges are wider than they are: rounding never leaves a point out.
const MARGIN: i32 = 2;

/// Documents of a zone: a word of [`Bits`].
const ZONE: usize = 64;
const ZONES_PER_WINDOW: usize = WINDOW / ZONE;

/// Cells on a side of the square that the curve fills: about sixty metres of latitude.
const CURVE_BITS: u32 = 18;

/// A place of a service, as the column of places has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlacePoint {
    lat: i32,
    lon: i32,
    /// Only professionals may know it.
    for_professionals: bool,
}

impl PlacePoint {
    pub(super) fn new(point: Point, for_professionals: bool) -> Self {
        let [lat, lon] = [point.lat, point.lon].map(|degrees| (degrees * PER_DEGREE).round() as i32);
        Self { lat, lon, for_professionals }
    }

    pub(super) fn point(self) -> Point {
        Point { lat: f64::from(self.lat) / PER_DEGREE, lon: f64::from(self.lon) / PER_DEGREE }
    }

    pub(super) fn packed(self) -> u64 {
        let (lat, lon) = (i64::from(self.lat) + LAT_MAX, i64::from(self.lon) + LON_MAX);
        (lat as u64) << 30 | (lon as u64) << 1 | u64::from(self.for_professionals)
    }

    pub(super) fn unpacked(packed: u64) -> Self {
        let (lat, lon) = ((packed >> 30) as i64 - LAT_MAX, (packed >> 1 & 0x1FFF_FFFF) as i64 - LON_MAX);
        Self { lat: lat as i32, lon: lon as i32, for_professionals: packed & 1 == 1 }
    }

    /// How far along Hilbert's curve through the whole map.
    pub(super) fn along_curve(self) -> u64 {
        let cells = f64::from(1_u32 << CURVE_BITS);
        let cell = |from: i64, max: i64| ((from + max) as f64 / (2 * max + 1) as f64 * cells) as u64;
        let (mut x, mut y) = (cell(self.lon.into(), LON_MAX), cell(self.lat.into(), LAT_MAX));
        let mut along = 0;
        for side in (0..CURVE_BITS).rev().map(|bit| 1_u64 << bit) {
            let (right, up) = (u64::from(x & side > 0), u64::from(y & side > 0));
            along += side * side * ((3 * right) ^ up);
            if up == 0 {
                if right == 1 {
                    (x, y) = ((side - 1).wrapping_sub(x), (side - 1).wrapping_sub(y));
                }
                (x, y) = (y, x);
            }
        }
        along
    }
}

/// Which points of a service count: those that the audience may know and that lie in the area drawn, where one is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub audience: Audience,
    pub area: Option<&'a Area>,
}

/// The nearest of a service's points: which one, in the order of its row, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nearest {
    pub at: usize,
    pub distance_km: f64,
}

/// Every point of a segment, and the boxes around them.
#[derive(Debug)]
pub(super) struct Map {
    /// Where the points of each document begin; one more than there are documents.
    starts: Vec<u32>,
    points: Vec<u64>,
    zones: Vec<Zone>,
    windows: Vec<[Boxes; KINDS]>,
    /// The points of documents that no box of a zone is around, along the curve: by 64, and 64 of these together.
    loose: Vec<LooseRuns>,
}

/// Runs of points, each with its document, and the boxes around them.
type LooseRuns = (Around, Vec<LooseRun>);
type LooseRun = (Around, Vec<(PlacePoint, DocId)>);

/// Documents have a box together with others of their kind: those with one point, and those with several close
/// together, which would make the boxes of the others wider.
pub(super) const KINDS: usize = 2;
const ALONE: usize = 0;
const CLOSE: usize = 1;
/// Several points are close together in so many millionths of a degree from south to north and from west to east: about
/// two kilometres in Québec.
const CLOSE_LAT: i32 = 20_000;
const CLOSE_LON: i32 = 28_000;

/// A run of 64 documents.
#[derive(Debug, Clone, Copy)]
struct Zone {
    boxes: [Boxed; KINDS],
    /// Documents with points far from each other, or with some for professionals alone.
    loose: u64,
}

/// Documents of a zone whose points, all of them for everybody, a box is around.
#[derive(Debug, Clone, Copy)]
struct Boxed {
    around: Around,
    documents: u64,
}

/// The boxes of one kind of a window.
#[derive(Debug, Clone, Copy)]
struct Boxes {
    around: Around,
    /// The least cosine of a latitude of the box.
    cos_least: f64,
    /// How many documents they are around.
    documents: usize,
}

impl Boxes {
    fn around<'a>(zones: impl Iterator<Item = &'a Boxed>) -> Self {
        let (mut around, mut documents) = (Around::NOTHING, 0);
        for boxed in zones {
            around.stretch_around(&boxed.around);
            documents += boxed.documents.count_ones() as usize;
        }
        Self { around, cos_least: around.cos_least(), documents }
    }
}

/// A box, in millionths of a degree; empty when its south is above its north.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    south: i32,
    north: i32,
    west: i32,
    east: i32,
}

impl Around {
    const NOTHING: Around = Around { south: i32::MAX, north: i32::MIN, west: i32::MAX, east: i32::MIN };

    fn stretch_around(&mut self, other: &Around) {
        self.south = self.south.min(other.south);
        self.north = self.north.max(other.north);
        self.west = self.west.min(other.west);
        self.east = self.east.max(other.east);
    }

    fn is_small(&self) -> bool {
        self.north - self.south <= CLOSE_LAT && self.east - self.west <= CLOSE_LON
    }

    fn cos_least(&self) -> f64 {
        radians(self.south).cos().min(radians(self.north).cos()).max(0.0)
    }

    fn stretch(&mut self, point: PlacePoint) {
        self.south = self.south.min(point.lat);
        self.north = self.north.max(point.lat);
        self.west = self.west.min(point.lon);
        self.east = self.east.max(point.lon);
    }
}

/// Documents of a window that may lie within what was asked, and those of them that surely do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Covered {
    pub possible: Bits,
    pub certain: Bits,
}

impl Covered {
    const NOTHING: Covered = Covered { possible: Bits::NONE, certain: Bits::NONE };

    fn add(&mut self, at: usize, documents: u64, for_sure: bool) {
        self.possible.add_word(at, documents);
        if for_sure {
            self.certain.add_word(at, documents);
        }
    }
}

impl Map {
    pub(super) fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let column = segment.fast_fields().u64(PLACES)?;
        let mut points = vec![0; column.values.num_vals() as usize];
        column.values.get_range(0, &mut points);
        // Where a document has no point, the points of the next one begin.
        let begins = (0..segment.max_doc()).map(|doc| column.index.value_row_ids(doc));
        let mut starts: Vec<u32> = Vec::with_capacity(segment.max_doc() as usize + 1);
        let mut end = 0;
        for of_doc in begins {
            starts.push(end);
            end = end.max(of_doc.end);
        }
        starts.push(end);
        let mut map = Self { starts, points, zones: vec![], windows: vec![], loose: vec![] };
        for first in (0..segment.max_doc()).step_by(ZONE) {
            let zone = map.zone(first, segment.max_doc());
            map.zones.push(zone);
        }
        for zones in map.zones.chunks(ZONES_PER_WINDOW) {
            map.windows.push([ALONE, CLOSE].map(|kind| Boxes::around(zones.iter().map(|zone| &zone.boxes[kind]))));
        }
        map.loose = map.loose_points();
        Ok(map)
    }

    fn loose_points(&self) -> Vec<LooseRuns> {
        let mut points = vec![];
        for (zone, at) in self.zones.iter().zip(0..) {
            for bit in (0..ZONE as DocId).filter(|bit| zone.loose >> bit & 1 == 1) {
                let doc = at * ZONE as DocId + bit;
                points.extend(self.of(doc).map(|point| (point.along_curve(), point, doc)));
            }
        }
        points.sort_unstable_by_key(|(along, _, doc)| (*along, *doc));
        let mut runs = points.chunks(ZONE).map(|points| {
            let mut around = Around::NOTHING;
            points.iter().for_each(|(_, point, _)| around.stretch(*point));
            (around, points.iter().map(|(_, point, doc)| (*point, *doc)).collect())
        });
        let together = || {
            let runs: Vec<LooseRun> = runs.by_ref().take(ZONE).collect();
            let mut around = Around::NOTHING;
            runs.iter().for_each(|(of_run, _)| around.stretch_around(of_run));
            (!runs.is_empty()).then_some((around, runs))
        };
        std::iter::from_fn(together).collect()
    }

    /// A shape as this segment sees it.
    pub(super) fn region<'a>(&self, shape: &'a dyn Shape, audience: Audience) -> Region<'a> {
        let covers = |of: &[Boxes; KINDS]| of.map(|boxes| shape.covers(&boxes.around));
        let windows = self.windows.iter().map(|of| RegionOfWindow { covers: covers(of), marked: None });
        let mut region = Region { shape, windows: windows.collect() };
        let near = self.loose.iter().filter(|(around, _)| shape.covers(around) != Cover::Outside);
        for (around, points) in near.flat_map(|(_, runs)| runs) {
            let cover = shape.covers(around);
            if cover == Cover::Outside {
                continue;
            }
            for (point, doc) in points.iter().filter(|(point, _)| point.is_seen_by(audience)) {
                match if cover == Cover::Inside { cover } else { shape.covers_point(*point) } {
                    Cover::Outside => {}
                    cover => region.mark(*doc, cover == Cover::Inside),
                }
            }
        }
        region
    }

    /// A point that the audience may know lies in an area.
    pub(super) fn is_in(&self, doc: DocId, area: &Area, audience: Audience) -> bool {
        self.of(doc).any(|point| point.is_seen_by(audience) && area.contains(point.point()))
    }

    fn zone(&self, first: DocId, max_doc: DocId) -> Zone {
        let none = Boxed { around: Around::NOTHING, documents: 0 };
        let mut zone = Zone { boxes: [none; KINDS], loose: 0 };
        for (bit, doc) in (first..max_doc).take(ZONE).enumerate() {
            let mut around = Around::NOTHING;
            self.of(doc).for_each(|point| around.stretch(point));
            let boxed = match self.of(doc).count() {
                0 => continue,
                _ if self.of(doc).any(|point| point.for_professionals) => None,
                1 => Some(ALONE),
                _ => around.is_small().then_some(CLOSE),
            };
            match boxed.and_then(|kind| zone.boxes.get_mut(kind)) {
                Some(boxed) => {
                    boxed.documents |= 1 << bit;
                    boxed.around.stretch_around(&around);
                }
                None => zone.loose |= 1 << bit,
            }
        }
        zone
    }

    fn points_of(&self, doc: DocId) -> &[u64] {
        let bound = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        self.points.get(bound(doc as usize)..bound(doc as usize + 1)).unwrap_or_default()
    }

    fn of(&self, doc: DocId) -> impl Iterator<Item = PlacePoint> + '_ {
        self.points_of(doc).iter().map(|packed| PlacePoint::unpacked(*packed))
    }

    /// The points of a document that count for somebody, each with its place in the row. Whoever draws an area asks
    /// only of what lies in it, so of a service with several places only those inside count. A single point is not
    /// looked at: a document of which it lies outside is not found at all.
    fn seen(&self, doc: DocId, sight: Sight<'_>) -> impl Iterator<Item = (usize, PlacePoint)> {
        let area = sight.area.filter(|_| self.of(doc).nth(1).is_some());
        let counts = move |point: PlacePoint| {
            point.is_seen_by(sight.audience) && area.is_none_or(|area| area.contains(point.point()))
        };
        self.of(doc).enumerate().filter(move |(_, point)| counts(*point))
    }

    /// Whether a document has no other point than one: what is known of the document is then known of it.
    pub(super) fn has_one(&self, doc: DocId) -> bool {
        self.of(doc).nth(1).is_none()
    }

    /// The point of a document that comes at this place of its row.
    pub(super) fn point(&self, doc: DocId, at: usize) -> Option<Point> {
        self.of(doc).nth(at).map(PlacePoint::point)
    }

    /// The first point that counts.
    pub(super) fn first(&self, doc: DocId, sight: Sight<'_>) -> Option<usize> {
        self.seen(doc, sight).next().map(|(at, _)| at)
    }

    /// How far the nearest point that counts is, roughly: what is nearer or further than something for sure need not be
    /// measured.
    pub(super) fn rough(&self, doc: DocId, from: &From, sight: Sight<'_>) -> Rough {
        if let [only] = self.points_of(doc) {
            let point = PlacePoint::unpacked(*only);
            return if point.is_seen_by(sight.audience) { from.rough(point) } else { Rough::NOWHERE };
        }
        let mut nearest = Rough::NOWHERE;
        for (_, point) in self.seen(doc, sight) {
            let rough = from.rough(point);
            if rough.0.is_nan() {
                return Rough::UNKNOWN;
            }
            nearest.0 = nearest.0.min(rough.0);
        }
        nearest
    }

    /// The nearest point to `origin` that counts, the first of equals.
    pub(super) fn nearest(&self, doc: DocId, origin: Point, sight: Sight<'_>) -> Option<Nearest> {
        let mut best: Option<Nearest> = None;
        for (at, point) in self.seen(doc, sight) {
            let distance_km = origin.distance_km(point.point());
            if best.is_none_or(|nearest| distance_km < nearest.distance_km) {
                best = Some(Nearest { at, distance_km });
            }
        }
        best
    }

    /// What a window has within a shape, or with a point at all.
    pub(super) fn window(&self, window: usize, region: Option<&Region<'_>>) -> Covered {
        let of_window = region.and_then(|region| region.windows.get(window));
        let mut covered =
            of_window.and_then(|of_window| of_window.marked.as_deref()).copied().unwrap_or(Covered::NOTHING);
        let Some(region) = region else {
            self.zones_of(window).iter().enumerate().for_each(|(at, zone)| covered.possible.add_word(at, zone.loose));
            return self.boxed(window).into_iter().fold(covered, |covered, boxed| Covered {
                possible: covered.possible.or(&boxed),
                certain: covered.certain.or(&boxed),
            });
        };
        for (kind, of_window) in of_window.into_iter().flat_map(|of_window| of_window.covers).enumerate() {
            if of_window == Cover::Outside {
                continue;
            }
            for (at, zone) in self.zones_of(window).iter().enumerate() {
                let Some(boxed) = zone.boxes.get(kind) else { continue };
                match if of_window == Cover::Edge { region.shape.covers(&boxed.around) } else { Cover::Inside } {
                    Cover::Outside => {}
                    cover => covered.add(at, boxed.documents, cover == Cover::Inside),
                }
            }
        }
        covered
    }

    /// At most so many documents lie within a circle.
    pub(super) fn at_most_within(&self, circle: &Circle) -> usize {
        let of_zones = |zones: &[Zone], kind: usize| -> usize {
            let boxed = zones.iter().filter_map(|zone| zone.boxes.get(kind));
            let inside = boxed.filter(|boxed| circle.covers(&boxed.around) != Cover::Outside);
            inside.map(|boxed| boxed.documents.count_ones() as usize).sum()
        };
        let windows = self.windows.iter().zip(self.zones.chunks(ZONES_PER_WINDOW));
        let boxes = windows.flat_map(|(window, zones)| window.iter().zip(0..KINDS).map(move |of| (of, zones)));
        let within = boxes.map(|((boxes, kind), zones)| match circle.covers(&boxes.around) {
            Cover::Outside => 0,
            Cover::Inside => boxes.documents,
            Cover::Edge => of_zones(zones, kind),
        });
        within.sum()
    }

    /// Documents of a window that boxes are around, by kind.
    pub(super) fn boxed(&self, window: usize) -> [Bits; KINDS] {
        let mut boxed = [Bits::NONE; KINDS];
        for (at, zone) in self.zones_of(window).iter().enumerate() {
            boxed.iter_mut().zip(zone.boxes).for_each(|(bits, boxed)| bits.add_word(at, boxed.documents));
        }
        boxed
    }

    fn zones_of(&self, window: usize) -> &[Zone] {
        let first = window * ZONES_PER_WINDOW;
        let end = self.zones.len().min(first + ZONES_PER_WINDOW);
        self.zones.get(first..end).unwrap_or_default()
    }

    /// Kilometres from a point that each of the [`Map::boxed`] documents of a window is away at least, by kind.
    pub(super) fn boxed_km_at_least(&self, window: usize, from: &From) -> [f64; KINDS] {
        let at_least = |boxes: Boxes| from.at_least(&boxes.around, boxes.cos_least).km_at_least();
        self.windows.get(window).map_or([0.0; KINDS], |boxes| boxes.map(at_least))
    }
}

/// What boxes and points can be compared with.
pub(super) trait Shape {
    fn covers(&self, around: &Around) -> Cover;
    /// `Edge` for a point that has to be measured.
    fn covers_point(&self, point: PlacePoint) -> Cover;
}

impl Shape for Area {
    fn covers(&self, around: &Around) -> Cover {
        if around.south > around.north {
            return Cover::Outside;
        }
        let degrees = |millionths: i32| f64::from(millionths) / PER_DEGREE;
        let corner = |lat, lon| (degrees(lat), degrees(lon));
        Area::covers(self, corner(around.south, around.west), corner(around.north, around.east))
    }

    fn covers_point(&self, point: PlacePoint) -> Cover {
        if self.contains(point.point()) { Cover::Inside } else { Cover::Outside }
    }
}

/// A shape on the map of one segment.
pub(super) struct Region<'a> {
    shape: &'a dyn Shape,
    windows: Vec<RegionOfWindow>,
}

/// How a shape lies to a window.
struct RegionOfWindow {
    /// To its boxes, by kind.
    covers: [Cover; KINDS],
    /// Documents that no box is around.
    marked: Option<Box<Covered>>,
}

impl Region<'_> {
    /// Nothing of the window lies within.
    pub(super) fn misses(&self, window: usize) -> bool {
        self.windows.get(window).is_none_or(|one| one.covers == [Cover::Outside; KINDS] && one.marked.is_none())
    }

    fn mark(&mut self, doc: DocId, for_sure: bool) {
        let (window, offset) = (doc as usize / WINDOW, doc as usize % WINDOW);
        let Some(of_window) = self.windows.get_mut(window) else { return };
        let marked = of_window.marked.get_or_insert_with(|| Box::new(Covered::NOTHING));
        marked.possible.set(offset);
        if for_sure {
            marked.certain.set(offset);
        }
    }
}

impl PlacePoint {
    fn is_seen_by(self, audience: Audience) -> bool {
        !self.for_professionals || audience == Audience::Professional
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = Point> {
        (-90.0..=90.0f64, -180.0..=180.0f64).prop_map(|(lat, lon)| Point { lat, lon })
    }

    /// Points around Québec, where most boxes are neither poles nor antimeridians.
    fn near_by() -> impl Strategy<Value = Point> {
        (44.0..=50.0f64, -80.0..=-65.0f64).prop_map(|(lat, lon)| Point { lat, lon })
    }

    fn box_around(points: &[PlacePoint]) -> Around {
        let mut around = Around::NOTHING;
        points.iter().for_each(|point| around.stretch(*point));
        around
    }

    proptest! {
        #[test]
        fn packing_keeps_a_millionth_of_a_degree(point in point(), for_professionals: bool) {
            let place = PlacePoint::new(point, for_professionals);
            prop_assert_eq!(PlacePoint::unpacked(place.packed()), place);
            prop_assert!((place.point().lat - point.lat).abs() <= 0.5e-6 + 1e-12);
        }

        #[test]
        fn what_is_roughly_nearer_or_further_is(
            from in prop_oneof![point(), near_by()], to in prop_oneof![point(), near_by()], km in 0.0..2_000.0f64,
        ) {
            let to = PlacePoint::new(to, false);
            let (rough, exact) = (From::new(from).rough(to), from.distance_km(to.point()));
            for km in [km, exact * 1.0001, exact * 0.9999, exact] {
                prop_assert!(!rough.is_below(Rough::of_km(km)) || exact < km);
                prop_assert!(!rough.is_above(Rough::of_km(km)) || exact > km);
                prop_assert!(rough.km_at_least() <= exact);
            }
        }

        #[test]
        fn a_box_said_to_be_inside_or_outside_is(
            points in prop::collection::vec(prop_oneof![point(), near_by()], 1..5),
            middle in prop_oneof![point(), near_by()], radius_km in 0.001..3_000.0f64,
        ) {
            let points: Vec<PlacePoint> = points.into_iter().map(|point| PlacePoint::new(point, false)).collect();
            let circle = Circle::new(middle, radius_km);
            let within = |point: &PlacePoint| middle.distance_km(point.point()) <= radius_km;
            match circle.covers(&box_around(&points)) {
                Cover::Inside => prop_assert!(points.iter().all(within)),
                Cover::Outside => prop_assert!(!points.iter().any(within)),
                Cover::Edge => {}
            }
        }

        #[test]
        fn no_point_of_a_box_is_nearer_than_it_is_said_to_be(
            points in prop::collection::vec(prop_oneof![point(), near_by()], 1..5),
            from in prop_oneof![point(), near_by()],
        ) {
            let points: Vec<PlacePoint> = points.into_iter().map(|point| PlacePoint::new(point, false)).collect();
            let at_least = |points: &[PlacePoint]| {
                let around = box_around(points);
                From::new(from).at_least(&around, around.cos_least()).km_at_least()
            };
            let of_all = at_least(&points);
            let nearest = points.iter().map(|to| from.distance_km(to.point())).fold(f64::INFINITY, f64::min);
            prop_assert!(of_all <= nearest, "{of_all} {nearest}");
            let alone = at_least(&points[..1]);
            let far = from.distance_km(points[0].point());
            prop_assert!(far > 1_000.0 || alone >= far * 0.998 - 0.01, "{alone}, of one point {far}");
        }

        #[test]
        fn small_boxes_well_inside_and_well_outside_are_known(
            middle in near_by(), radius_km in 1.0..100.0f64, bearing in 0.0..std::f64::consts::TAU,
        ) {
            let at = |km: f64| PlacePoint::new(Point {
                lat: middle.lat + km * bearing.cos() / KM_PER_DEGREE,
                lon: middle.lon + km * bearing.sin() / KM_PER_DEGREE / middle.lat.to_radians().cos(),
            }, false);
            let circle = Circle::new(middle, radius_km);
            prop_assert_eq!(circle.covers(&box_around(&[at(radius_km * 0.85)])), Cover::Inside);
            prop_assert_eq!(circle.covers(&box_around(&[at(radius_km * 1.15)])), Cover::Outside);
        }
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        let along = |lat, lon| PlacePoint::new(Point { lat, lon }, false).along_curve();
        let montreal = along(45.50, -73.57);
        assert!(montreal.abs_diff(along(45.501, -73.571)) < montreal.abs_diff(along(46.81, -71.21)));
        let step = 360.0 / f64::from(1_u32 << CURVE_BITS);
        let row: Vec<u64> = (0..64).map(|n| along(45.5, -73.5 + f64::from(n) * step)).collect();
        let mut distinct = row.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), row.len(), "each cell has its own place on the curve");
    }
}
