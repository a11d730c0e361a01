//! Where a place is, when its source did not say: by the area of its postal code or by its municipality, and said so.
//! A rural postal area reaches over several MRC and never decides one; a municipality is never taken from a point.

use crate::domain::directory::{LocatedIn, Location, Placement, Point};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::territory::{Gazetteer, Level, Territory, is_rural_postal_area, postal_area_of};

/// Gives a place its territories, and a point where it has none.
///
/// # Errors
/// `UnknownTerritory` for a municipality that somebody named and the gazetteer does not have.
pub fn place(gazetteer: &Gazetteer, location: &mut Location, path: &str) -> Result<(), Refusal> {
    let named = match &location.territories.municipality {
        Some(id) => Some(municipality_by_id(gazetteer, id, path)?),
        None => None,
    };
    if let Some(named) = named
        && location.point.is_none()
        && places_itself(gazetteer, location, &named.id)
    {
        return Ok(());
    }
    match location.point {
        Some(point) => {
            location.placement = Placement::Exact;
            location.territories = territories_of_point(gazetteer, location, point, named);
        }
        None => place_by_address(gazetteer, location, named),
    }
    Ok(())
}

/// An address that leads to the municipality that is named as well says more than it: a borough, a postal area. So what
/// went out with the municipality that its address led to comes in as it was.
fn places_itself(gazetteer: &Gazetteer, location: &mut Location, municipality: &str) -> bool {
    let mut by_address = location.clone();
    by_address.territories = LocatedIn::default();
    place_by_address(gazetteer, &mut by_address, None);
    let is_there = by_address.territories.municipality.as_deref() == Some(municipality);
    if is_there {
        *location = by_address;
    }
    is_there
}

/// The region and MRC that somebody gave a place that is shown by nothing else.
fn said_of_hidden(gazetteer: &Gazetteer, location: &Location) -> LocatedIn {
    let known = |id: &Option<String>, level: Level| {
        id.clone().filter(|id| gazetteer.get(id).is_some_and(|territory| territory.level == level))
    };
    let said = &location.territories;
    LocatedIn { region: known(&said.region, Level::Region), mrc: known(&said.mrc, Level::Mrc), ..LocatedIn::default() }
}

/// Checks that every territory served is known.
///
/// # Errors
/// `UnknownTerritory` with the first that is not.
pub fn check_served(gazetteer: &Gazetteer, served: &[String]) -> Result<(), Refusal> {
    match served.iter().position(|id| gazetteer.get(id).is_none()) {
        Some(position) => {
            let id = served.get(position).cloned().unwrap_or_default();
            Err(Refusal::field(Code::UnknownTerritory, format!("served.{position}")).rule(id))
        }
        None => Ok(()),
    }
}

fn municipality_by_id<'a>(gazetteer: &'a Gazetteer, id: &str, path: &str) -> Result<&'a Territory, Refusal> {
    let known = gazetteer.get(id).filter(|territory| territory.level == Level::Municipality);
    known.ok_or_else(|| Refusal::field(Code::UnknownTerritory, format!("{path}.located_in.municipality")).rule(id))
}

/// Region, MRC and borough are those of the point; the municipality is the one that the address names, if it is there.
fn territories_of_point(
    gazetteer: &Gazetteer,
    location: &Location,
    point: Point,
    named: Option<&Territory>,
) -> LocatedIn {
    let exact = gazetteer.locate(point).exact();
    let named = named.or_else(|| municipality_of_address(gazetteer, location, exact.mrc.as_deref()));
    let municipality = named.filter(|one| {
        exact.mrc.is_none() || gazetteer.ancestor_of_level(&one.id, Level::Mrc).as_deref() == exact.mrc.as_deref()
    });
    LocatedIn { municipality: municipality.map(|one| one.id.clone()), ..exact }
}

fn place_by_address(gazetteer: &Gazetteer, location: &mut Location, named: Option<&Territory>) {
    let postal_code = location.document.addresses.first().and_then(|address| address.postal_code.as_deref());
    let area = postal_code
        .and_then(postal_area_of)
        .and_then(|code| gazetteer.get(&Territory::id_of(Level::PostalArea, &code)));
    let area_mrc = area.and_then(|area| gazetteer.located_in(&area.id).mrc);
    let municipality = named.or_else(|| municipality_of_address(gazetteer, location, area_mrc.as_deref()));
    let known = municipality.map(|one| gazetteer.located_in(&one.id));
    let agrees = |within: &LocatedIn| area_mrc.is_none() || within.mrc == area_mrc;
    let urban = area.filter(|area| !is_rural_postal_area(&area.code));
    if let Some((area, point)) = urban.and_then(|area| Some((area, area.point?)))
        && known.as_ref().is_none_or(agrees)
    {
        location.point = Some(point);
        location.placement = Placement::PostalArea;
        location.territories = known
            .or_else(|| territories_of_name(gazetteer, location).filter(agrees))
            .unwrap_or_else(|| gazetteer.located_in(&area.id));
        return;
    }
    if let (Some(municipality), Some(within)) = (municipality, known) {
        location.point = municipality.point;
        location.placement = if municipality.point.is_some() { Placement::Municipality } else { Placement::None };
        location.territories = within;
        return;
    }
    place_by_name_or_rural_area(gazetteer, location, area);
}

/// The territories of a city that is no municipality: a borough, or a town that another took in (`Saint-Hubert`).
fn territories_of_name(gazetteer: &Gazetteer, location: &Location) -> Option<LocatedIn> {
    let city = location.document.addresses.first()?.city.as_deref()?;
    gazetteer.point_of(city).map(|(found, _)| found.territories)
}

/// What is no municipality may be a borough, a place or a reserve; what is nothing has perhaps a rural postal area.
fn place_by_name_or_rural_area(gazetteer: &Gazetteer, location: &mut Location, area: Option<&Territory>) {
    let city = location.document.addresses.first().and_then(|address| address.city.clone());
    if let Some((found, point)) = city.as_deref().and_then(|city| gazetteer.point_of(city)) {
        location.point = Some(point);
        location.placement = Placement::Municipality;
        location.territories = found.territories;
    } else if let Some((area, point)) = area.and_then(|area| Some((area, area.point?))) {
        location.point = Some(point);
        location.placement = Placement::PostalArea;
        location.territories = gazetteer.located_in(&area.id);
    } else {
        location.placement = Placement::None;
        location.territories = said_of_hidden(gazetteer, location);
    }
}

/// The municipality that the address names; homonyms are told apart by an MRC known otherwise, or by the region that
/// the address names (`16 - Montérégie`).
fn municipality_of_address<'a>(
    gazetteer: &'a Gazetteer,
    location: &Location,
    mrc: Option<&str>,
) -> Option<&'a Territory> {
    let address = location.document.addresses.first()?;
    let city = address.city.as_deref()?;
    let region = address.other.get("region").and_then(serde_json::Value::as_str);
    let region = region.map(|text| text.split_once(" - ").map_or(text, |(_, name)| name));
    let hints = [mrc, region, None];
    hints.into_iter().find_map(|hint| gazetteer.municipality(city, hint))
}
