//! Territories and the gazetteer: where a point is, and where a name typed by a person is.
//! A region, MRC or borough comes from polygons and is exact. There are few municipal polygons, so a municipality taken
//! from a point is the likeliest, always labelled estimated, and no report may use it.
//! Knows no file format and no table.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use geo::coordinate_position::{CoordPos, CoordinatePosition};
use geo::{Area, BoundingRect, Contains, InteriorPoint, MultiPolygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::directory::{LocatedIn, Point};
use super::fold::fold_place;
use super::geocode::{Name, names_of};
use super::words::words;

words! {
    /// The kinds of territory, from widest to finest. `District`: a social district inside a city.
    pub enum Level {
        Region => "region",
        Mrc => "mrc",
        Municipality => "municipality",
        Borough => "borough",
        District => "district",
        Place => "place",
        PostalArea => "postal_area",
    }
}

/// No parent chain is longer; a longer one is a circle.
const ANCESTORS_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Territory {
    /// `{level}:{code}`.
    pub id: String,
    pub level: Level,
    pub code: String,
    pub name: String,
    /// What kind of municipality (`Ville`, `Paroisse`), in the words of its source.
    pub designation: Option<String>,
    /// The id of the territory this one is in.
    pub parent: Option<String>,
    /// A point that stands for it; `None` has no distance to anything.
    pub point: Option<Point>,
    pub population: Option<u32>,
    /// Of municipalities only.
    pub rural: Option<bool>,
}

impl Territory {
    pub fn id_of(level: Level, code: &str) -> String {
        format!("{}:{code}", level.as_str())
    }
}

/// A territory with its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct TerritoryShape {
    pub territory: Territory,
    /// Degrees, x is the longitude.
    pub geometry: Option<MultiPolygon<f64>>,
    /// False where the point is only the middle of something wider: such a municipality is never the nearest.
    pub point_is_own: bool,
}

/// Where a point is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Located {
    pub region: Option<String>,
    pub mrc: Option<String>,
    pub borough: Option<String>,
    pub districts: Vec<String>,
    pub municipality: Option<NearestMunicipality>,
}

impl Located {
    /// What a report may rest on: the municipality is left out, for it is estimated.
    pub fn exact(&self) -> LocatedIn {
        LocatedIn {
            region: self.region.clone(),
            mrc: self.mrc.clone(),
            municipality: None,
            borough: self.borough.clone(),
        }
    }
}

/// The likeliest municipality of a point. Always an estimate: the worker picks.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestMunicipality {
    pub id: String,
    /// To the point that stands for the municipality; `None` when it has no point.
    pub distance_km: Option<f64>,
}

/// One answer to a text typed by a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub territory_id: String,
    pub level: Level,
    /// The name, and with homonyms the MRC (and in one MRC the designation) that tells it from the others.
    pub label: String,
    pub point: Option<Point>,
    pub territories: LocatedIn,
}

struct Outline {
    /// Place of its territory in the gazetteer.
    at: usize,
    level: Level,
    /// Square degrees, to put an enclave before what is around it.
    area: f64,
    polygons: MultiPolygon<f64>,
}

pub struct Gazetteer {
    territories: Vec<Territory>,
    /// Places in `territories` of those whose point is only the middle of something wider.
    loose_points: HashSet<usize>,
    by_id: HashMap<String, usize>,
    /// By folded name.
    names: Vec<Name>,
    municipalities_by_parent: HashMap<String, Vec<usize>>,
    outlines: Vec<Outline>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Gazetteer {
    /// Builds the gazetteer. A later shape of the same id takes the place of an earlier one, so that what a network
    /// imports lies over what is shipped; it keeps the earlier point, population and designation where it brings none.
    /// A municipality, borough or district of which only the outline is known gets a point of its own.
    pub fn new(shapes: Vec<TerritoryShape>) -> Self {
        let (mut kept, by_id) = overlaid(shapes);
        let outlines = outlines_of(&kept);
        give_points(&mut kept, &outlines);
        let boxes = RTree::bulk_load(outlines.iter().enumerate().filter_map(box_of).collect());
        let loose = |(at, shape): (usize, &TerritoryShape)| (!shape.point_is_own).then_some(at);
        let loose_points = kept.iter().enumerate().filter_map(loose).collect();
        let territories: Vec<Territory> = kept.into_iter().map(|shape| shape.territory).collect();
        let mut municipalities_by_parent: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, territory) in territories.iter().enumerate() {
            if let (Level::Municipality, Some(parent)) = (territory.level, &territory.parent) {
                municipalities_by_parent.entry(parent.clone()).or_default().push(at);
            }
        }
        let names = Vec::new();
        let mut gazetteer = Self { territories, loose_points, by_id, names, municipalities_by_parent, outlines, boxes };
        gazetteer.names = names_of(&gazetteer.territories, |id| gazetteer.ancestor_of_level(id, Level::Mrc));
        gazetteer
    }

    pub fn len(&self) -> usize {
        self.territories.len()
    }
    pub fn is_empty(&self) -> bool {
        self.territories.is_empty()
    }
    pub fn get(&self, id: &str) -> Option<&Territory> {
        self.by_id.get(id).and_then(|at| self.territories.get(*at))
    }
    /// Every territory, in the order they were given.
    pub fn all(&self) -> impl Iterator<Item = &Territory> {
        self.territories.iter()
    }
    /// The territories of a level, and of a parent when one is named (at any depth).
    pub fn list<'a>(&'a self, level: Level, parent: Option<&'a str>) -> impl Iterator<Item = &'a Territory> {
        let of_level = self.all().filter(move |one| one.level == level);
        of_level.filter(move |one| parent.is_none_or(|parent| self.is_within(&one.id, parent)))
    }
    /// A territory and all that it is in, itself first. Empty for an id that nobody knows.
    pub fn ancestors(&self, id: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = Some(id);
        while let Some(territory) = next.and_then(|id| self.get(id)) {
            if ids.len() == ANCESTORS_MAX || ids.contains(&territory.id) {
                break;
            }
            ids.push(territory.id.clone());
            next = territory.parent.as_deref();
        }
        ids
    }
    fn is_within(&self, id: &str, ancestor: &str) -> bool {
        id != ancestor && self.ancestors(id).iter().any(|one| one == ancestor)
    }

    /// Where a point is. The region is that of the MRC, so that both agree; on a common border, and in an enclave, the
    /// smallest territory. Outside every MRC there is no municipality.
    pub fn locate(&self, point: Point) -> Located {
        let hits = self.outlines_at(point, |level| level != Level::Region);
        let first = |level: Level| hits.iter().find(|hit| hit.level == level).map(|hit| self.id_at(hit.at).to_owned());
        let mrc = first(Level::Mrc);
        let borough = first(Level::Borough);
        let region = match &mrc {
            Some(mrc) => self.ancestor_of_level(mrc, Level::Region),
            None => {
                self.outlines_at(point, |level| level == Level::Region).first().map(|hit| self.id_at(hit.at).to_owned())
            }
        };
        let of_district = hits.iter().filter(|hit| hit.level == Level::District);
        let districts = of_district.map(|hit| self.id_at(hit.at).to_owned()).collect();
        let known = first(Level::Municipality)
            .or_else(|| borough.as_ref().and_then(|id| self.ancestor_of_level(id, Level::Municipality)));
        let municipality = match known {
            Some(id) => {
                let centre = self.get(&id).and_then(|territory| territory.point);
                Some(NearestMunicipality { distance_km: centre.map(|centre| centre.distance_km(point)), id })
            }
            None => mrc.as_deref().and_then(|mrc| self.nearest_municipality(mrc, point)),
        };
        Located { region, mrc, borough, districts, municipality }
    }

    /// The smallest first.
    fn outlines_at(&self, point: Point, is_looked_at: fn(Level) -> bool) -> Vec<&Outline> {
        let place = geo::Coord { x: point.lon, y: point.lat };
        let boxes = self.boxes.locate_in_envelope_intersecting(&AABB::from_point([point.lon, point.lat]));
        let near = boxes.filter_map(|one| self.outlines.get(one.data)).filter(|outline| is_looked_at(outline.level));
        // Borders belong to both sides. `intersects` would measure the box of every polygon again.
        let hits = near.filter(|outline| outline.polygons.coordinate_position(&place) != CoordPos::Outside);
        let mut hits: Vec<&Outline> = hits.collect();
        hits.sort_by(|a, b| a.area.total_cmp(&b.area).then_with(|| self.id_at(a.at).cmp(self.id_at(b.at))));
        hits
    }

    /// The municipality of an MRC whose own point is nearest; ties by id.
    fn nearest_municipality(&self, mrc: &str, point: Point) -> Option<NearestMunicipality> {
        let inside = self.municipalities_by_parent.get(mrc)?.iter().filter(|at| !self.loose_points.contains(at));
        let placed = inside.filter_map(|at| self.territories.get(*at)).filter_map(|territory| {
            let distance_km = territory.point?.distance_km(point);
            Some((distance_km, &territory.id))
        });
        let nearest = placed.min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        nearest.map(|(distance_km, id)| NearestMunicipality { id: id.clone(), distance_km: Some(distance_km) })
    }

    /// What a territory is in, itself included. A rural postal area is in nothing that is known: it reaches over
    /// several MRC. An urban one is in no municipality for sure.
    pub fn located_in(&self, id: &str) -> LocatedIn {
        let Some(territory) = self.get(id) else { return LocatedIn::default() };
        if territory.level == Level::PostalArea && is_rural_postal_area(&territory.code) {
            return LocatedIn::default();
        }
        let borough = match (territory.level, territory.point) {
            (Level::Place, Some(point)) => self.locate(point).borough,
            _ => self.ancestor_of_level(id, Level::Borough),
        };
        LocatedIn {
            region: self.ancestor_of_level(id, Level::Region),
            mrc: self.ancestor_of_level(id, Level::Mrc),
            municipality: self.ancestor_of_level(id, Level::Municipality),
            borough,
        }
    }

    /// The territory of a level that a territory is, or is in.
    pub fn ancestor_of_level(&self, id: &str, level: Level) -> Option<String> {
        self.ancestors(id).into_iter().find(|id| self.get(id).is_some_and(|one| one.level == level))
    }

    /// The municipality of a name as an address writes it (`Ville de Québec`, `ST-JEROME`). With homonyms only the hint
    /// (the id, code or name of an MRC or region) decides; without it the answer is `None`. Of two in one MRC (a
    /// village and the parish around it) it is the one with more people.
    pub fn municipality(&self, name: &str, hint: Option<&str>) -> Option<&Territory> {
        let folded = fold_place(name);
        let bare = ["ville de ", "municipalite de ", "paroisse de ", "village de ", "canton de "];
        let stripped = bare.iter().find_map(|prefix| folded.strip_prefix(prefix)).unwrap_or(&folded);
        let mut found: Vec<&Territory> = Vec::new();
        for name in [folded.as_str(), stripped] {
            if found.is_empty() {
                let named = self.names_equal(name).filter_map(|name| self.territory_at(name.at));
                found.extend(named.filter(|one| one.level == Level::Municipality));
            }
        }
        if let Some(hint) = hint.map(fold_place)
            && found.len() > 1
        {
            found.retain(|one| self.answers_hint(&one.id, &hint));
        }
        found.sort_by_key(|one| (Reverse(one.population), one.id.clone()));
        let parent = found.first()?.parent.as_ref();
        found.iter().all(|one| one.parent.as_ref() == parent).then(|| found.first().copied()).flatten()
    }

    /// Whether one of the territories above has this id, code or name.
    fn answers_hint(&self, id: &str, hint: &str) -> bool {
        self.ancestors(id)
            .iter()
            .skip(1)
            .filter_map(|id| self.get(id))
            .any(|above| [&above.name, &above.id, &above.code].into_iter().any(|known| fold_place(known) == hint))
    }

    pub(super) fn names(&self) -> &[Name] {
        &self.names
    }
    fn names_equal<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = &'a Name> {
        let first = self.names.partition_point(|name| name.folded.as_str() < folded);
        self.names.iter().skip(first).take_while(move |name| name.folded == folded)
    }
    pub(super) fn territory_at(&self, at: usize) -> Option<&Territory> {
        self.territories.get(at)
    }
    fn id_at(&self, at: usize) -> &str {
        self.territories.get(at).map_or("", |territory| territory.id.as_str())
    }
}

/// A postal area whose second character is 0 is served by rural routes, over several MRC.
pub fn is_rural_postal_area(code: &str) -> bool {
    code.as_bytes().get(1) == Some(&b'0')
}

/// The three-character area of a postal code, or of an area alone: `j4k2t1`, `J4K 2T1` and `J4K` give `J4K`.
pub fn postal_area_of(text: &str) -> Option<String> {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase());
    let code: Vec<char> = kept.take(7).collect();
    let shape_holds = code.iter().enumerate().all(|(at, c)| match at % 2 {
        0 => c.is_ascii_uppercase(),
        _ => c.is_ascii_digit(),
    });
    (shape_holds && matches!(code.len(), 3 | 6)).then(|| code.iter().take(3).collect())
}

/// A text with the three-character area in the place of each postal code, however it is spaced: a whole one nearly says
/// an address. A text without one stays as it is.
pub fn with_postal_areas_alone(text: &str) -> String {
    let letters: Vec<char> = text.nfkc().collect();
    let mut kept = String::with_capacity(text.len());
    let (mut at, mut found) = (0, false);
    while let Some(&letter) = letters.get(at) {
        let begins_a_word = at == 0 || letters.get(at - 1).is_some_and(|before| !before.is_alphanumeric());
        match postal_code_at(&letters, at).filter(|_| begins_a_word) {
            Some((area, after)) => {
                kept.push_str(&area);
                (at, found) = (after, true);
            }
            None => {
                kept.push(letter);
                at += 1;
            }
        }
    }
    if found { kept } else { text.to_owned() }
}

/// Spaces and dashes between two characters of a postal code.
const BETWEEN_MAX: usize = 3;

/// The area of the postal code that begins here, and what comes after the code: letters and digits in turn, at most a
/// few spaces or dashes between two, and nothing of a word after them.
fn postal_code_at(letters: &[char], start: usize) -> Option<(String, usize)> {
    let mut code = String::with_capacity(6);
    let mut at = start;
    for place in 0..6 {
        let is_between = |letter: &char| letter.is_whitespace() || matches!(letter, '-' | '.' | '–' | '‑' | '‐');
        if place > 0 {
            at += letters.iter().skip(at).take(BETWEEN_MAX).take_while(|letter| is_between(letter)).count();
        }
        let letter = *letters.get(at)?;
        let fits = if place % 2 == 0 { letter.is_ascii_alphabetic() } else { letter.is_ascii_digit() };
        if !fits {
            return None;
        }
        code.push(letter.to_ascii_uppercase());
        at += 1;
    }
    let ends = letters.get(at).is_none_or(|after| !after.is_alphanumeric());
    ends.then(|| (code.chars().take(3).collect(), at))
}

/// Shapes with the later laid over the earlier of the same id, and where each id is.
fn overlaid(shapes: Vec<TerritoryShape>) -> (Vec<TerritoryShape>, HashMap<String, usize>) {
    let mut kept: Vec<TerritoryShape> = Vec::with_capacity(shapes.len());
    let mut by_id: HashMap<String, usize> = HashMap::with_capacity(shapes.len());
    for shape in shapes {
        match by_id.get(&shape.territory.id).and_then(|at| kept.get_mut(*at)) {
            Some(earlier) => overlay(earlier, shape),
            None => {
                by_id.insert(shape.territory.id.clone(), kept.len());
                kept.push(shape);
            }
        }
    }
    (kept, by_id)
}

fn overlay(earlier: &mut TerritoryShape, later: TerritoryShape) {
    let keep_point = later.territory.point.is_none();
    let before = std::mem::replace(earlier, later);
    let now = &mut earlier.territory;
    if keep_point {
        now.point = before.territory.point;
        earlier.point_is_own = before.point_is_own;
    }
    now.population = now.population.or(before.territory.population);
    now.rural = now.rural.or(before.territory.rural);
    now.designation = now.designation.take().or(before.territory.designation);
    now.parent = now.parent.take().or(before.territory.parent);
    earlier.geometry = earlier.geometry.take().or(before.geometry);
}

fn outlines_of(shapes: &[TerritoryShape]) -> Vec<Outline> {
    let with_outline = shapes.iter().enumerate().filter_map(|(at, shape)| Some((at, shape, shape.geometry.as_ref()?)));
    with_outline
        .map(|(at, shape, polygons)| Outline {
            at,
            level: shape.territory.level,
            area: polygons.unsigned_area(),
            polygons: polygons.clone(),
        })
        .collect()
}

/// A point for what people live in and of which only the outline is known: the inhabited place of the same name inside
/// it, or else a point well inside. Without one, nothing is near it.
fn give_points(shapes: &mut [TerritoryShape], outlines: &[Outline]) {
    let mut places: HashMap<String, Vec<Point>> = HashMap::new();
    let named = shapes.iter().filter(|shape| shape.territory.level == Level::Place);
    for (name, point) in named.filter_map(|shape| Some((&shape.territory.name, shape.territory.point?))) {
        places.entry(fold_place(name)).or_default().push(point);
    }
    let lived_in = [Level::Municipality, Level::Borough, Level::District];
    for outline in outlines.iter().filter(|outline| lived_in.contains(&outline.level)) {
        let Some(shape) = shapes.get_mut(outline.at).filter(|shape| shape.territory.point.is_none()) else { continue };
        let lies_inside = |point: &&Point| outline.polygons.contains(&geo::Point::new(point.lon, point.lat));
        let known = places.get(&fold_place(&shape.territory.name)).and_then(|points| points.iter().find(lies_inside));
        let well_inside = || outline.polygons.interior_point().and_then(|point| Point::new(point.y(), point.x()));
        shape.territory.point = known.copied().or_else(well_inside);
    }
}

fn box_of((at, outline): (usize, &Outline)) -> Option<GeomWithData<Rectangle<[f64; 2]>, usize>> {
    let around = outline.polygons.bounding_rect()?;
    let (low, high) = (around.min(), around.max());
    Some(GeomWithData::new(Rectangle::from_corners([low.x, low.y], [high.x, high.y]), at))
}
