//! The real municipalities in which the fictitious organisations and families live, weighted by their population.

use std::collections::HashMap;
use std::sync::OnceLock;

use rand::Rng;
use serde::Deserialize;

use crate::domain::directory::Point;

const MUNICIPALITIES: &str = include_str!("../../index/territories/municipalities.csv");
const POSTAL_AREAS: &str = include_str!("../../index/territories/postal_areas.csv");
const MRC: &str = include_str!("../../index/territories/mrc.geojson");

#[derive(Debug, Clone, PartialEq)]
pub struct Municipality {
    /// `municipality:58227`
    pub id: String,
    pub name: String,
    pub mrc: String,
    /// Empty where the municipality is in none.
    pub mrc_name: String,
    pub region: String,
    pub population: u32,
    pub urban: bool,
    pub point: Point,
    /// The nearest three-character postal area.
    pub postal_area: String,
}

#[derive(Deserialize)]
struct Row {
    code: String,
    name: String,
    mrc_code: String,
    region_code: String,
    population: Option<u32>,
    rural: u8,
    lat: Option<f64>,
    lon: Option<f64>,
}

#[derive(Deserialize)]
struct PostalRow {
    code: String,
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}
#[derive(Deserialize)]
struct Feature {
    properties: Properties,
}
#[derive(Deserialize)]
struct Properties {
    code: String,
    name: String,
    parent: Option<String>,
}

/// The name and the region of an MRC.
type OfMrc = (String, String);

/// Every municipality that has people and a point, in the order of the list.
pub fn municipalities() -> &'static [Municipality] {
    static ALL: OnceLock<Vec<Municipality>> = OnceLock::new();
    ALL.get_or_init(read)
}

fn read() -> Vec<Municipality> {
    let collection: Option<Collection> = serde_json::from_str(MRC).ok();
    let features = collection.map(|collection| collection.features).unwrap_or_default();
    let mrcs = features.into_iter().map(|feature| feature.properties);
    let mrcs: HashMap<String, OfMrc> = mrcs.filter_map(|mrc| Some((mrc.code, (mrc.name, mrc.parent?)))).collect();
    let mut postal = csv::Reader::from_reader(POSTAL_AREAS.as_bytes());
    let postal: Vec<(String, Point)> = postal
        .deserialize::<PostalRow>()
        .filter_map(|row| row.ok().and_then(|row| Some((row.code, Point::new(row.lat, row.lon)?))))
        .collect();
    let mut rows = csv::Reader::from_reader(MUNICIPALITIES.as_bytes());
    rows.deserialize::<Row>().filter_map(|row| municipality(row.ok()?, &mrcs, &postal)).collect()
}

fn municipality(row: Row, mrcs: &HashMap<String, OfMrc>, postal: &[(String, Point)]) -> Option<Municipality> {
    let population = row.population.filter(|&people| people > 0)?;
    let point = Point::new(row.lat?, row.lon?)?;
    let (mrc_name, region) = match mrcs.get(&row.mrc_code) {
        Some((name, region)) => (name.clone(), region.clone()),
        None if !row.region_code.is_empty() => (String::new(), format!("region:{}", row.region_code)),
        None => return None,
    };
    // Squared degrees are enough to find the nearest of a list.
    let apart = |other: &Point| {
        let (lat, lon) = (other.lat - point.lat, (other.lon - point.lon) * 0.7);
        lat * lat + lon * lon
    };
    let nearest = postal.iter().min_by(|one, other| apart(&one.1).total_cmp(&apart(&other.1)));
    Some(Municipality {
        id: format!("municipality:{}", row.code),
        name: row.name,
        mrc: format!("mrc:{}", row.mrc_code),
        mrc_name,
        region,
        population,
        urban: row.rural == 0,
        point,
        postal_area: nearest.map_or_else(String::new, |(code, _)| code.clone()),
    })
}

/// Draws municipalities in proportion to a weight.
pub struct Draw {
    places: Vec<usize>,
    cumulated: Vec<f64>,
}

impl Draw {
    pub fn new(weighted: impl IntoIterator<Item = (usize, f64)>) -> Self {
        let (mut places, mut cumulated, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (place, weight) in weighted {
            sum += weight;
            places.push(place);
            cumulated.push(sum);
        }
        Self { places, cumulated }
    }
    /// The whole of Québec; small places weigh a little more than their people, so that villages are seen too.
    pub fn everywhere() -> Self {
        let weight = |one: &Municipality| f64::from(one.population).powf(0.85);
        Self::new(municipalities().iter().enumerate().map(|(place, one)| (place, weight(one))))
    }
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
    /// One place; 0 when there is none to draw from.
    pub fn draw(&self, rng: &mut impl Rng) -> usize {
        let Some(sum) = self.cumulated.last() else { return 0 };
        let at = rng.gen_range(0.0..*sum);
        let index = self.cumulated.partition_point(|&upto| upto <= at);
        self.places.get(index).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_regions_have_people() {
        let all = municipalities();
        assert!(all.len() > 1_100, "{}", all.len());
        let regions: HashSet<&str> = all.iter().map(|one| one.region.as_str()).collect();
        assert_eq!(regions.len(), 17);
        let longueuil = all.iter().find(|one| one.id == "municipality:58227").unwrap();
        assert_eq!((longueuil.region.as_str(), longueuil.mrc.as_str()), ("region:16", "mrc:58"));
        assert!(longueuil.urban && longueuil.postal_area.starts_with('J'), "{}", longueuil.postal_area);
    }
}
