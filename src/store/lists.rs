//! Lists of the directory, walked in an order that an index answers: a page costs its own rows wherever it lies, once
//! the row before it is known. Gives ids; who asked reads the records.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::conn::MultiBackend;
use super::schema::{organization, service, service_at_location, taxonomy, taxonomy_term};
use super::{Conn, Error};
use crate::clock::Time;
use crate::domain::directory::Point;
use crate::domain::weekly_hours::DAYS;
use crate::id::Id;

/// What a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collection {
    Services,
    Organizations,
    ServiceAtLocations,
    Taxonomies,
    TaxonomyTerms,
}

/// Terms that a record may carry; any of them is enough.
#[derive(Debug, Clone, PartialEq)]
pub enum Terms {
    /// Needs of relais, by code.
    Needs(Vec<String>),
    /// Any need of relais at all.
    AnyNeed,
    /// A term that a source brought, or one that is under it.
    Foreign(Id),
    /// Any term of a taxonomy that a source brought.
    OfTaxonomy(Id),
}

/// Within so many metres of a point, among places that the asker may see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub center: Point,
    pub radius_m: f64,
    pub is_professional: bool,
}

/// When a service must be open: on a day (0 is Monday; any day where there is none), during all of the mask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Open {
    pub day: Option<usize>,
    pub mask: i64,
}

/// The filters of a list; all of them hold together. A filter that has no meaning for a collection is not asked of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub organization_id: Option<Id>,
    /// Every one of these holds.
    pub terms: Vec<Terms>,
    /// At or after this moment; the list is then in the order of these moments.
    pub modified_after: Option<Time>,
    /// Folded words with which the folded name begins.
    pub name_begins: Option<String>,
    /// Only these services.
    pub ids: Option<Vec<Id>>,
    /// Territories of a place: a service that says whom it serves serves one of them.
    pub served: Option<Vec<String>>,
    pub near: Option<Near>,
    /// Months of age that some person asked for may have: from, to.
    pub ages: Option<(u32, u32)>,
    pub open: Option<Open>,
    /// Of terms: the list they are of, the term they are under, only those under none.
    pub taxonomy_id: Option<Id>,
    pub parent_id: Option<Id>,
    pub is_top_only: bool,
}

/// A row of a list: what comes after it is known from it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Where the list is in the order of moments of change.
    pub at: Option<Time>,
    pub id: Id,
}

/// Which rows of a list: after one, leaving out `offset` (never more than a named step), at most `limit`.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub after: Option<Anchor>,
    pub offset: i64,
    pub limit: i64,
}

/// Rows of a list in its order: by id, or by `(updated_at, id)` where the filter has a moment. Costs
/// `offset + limit` steps of an index, and what the filter leaves out on the way.
pub fn walk(conn: &mut Conn, of: Collection, filter: &Filter, step: Step) -> Result<Vec<Anchor>, Error> {
    macro_rules! walked {
        ($query:expr, $at:expr, $id:expr) => {{
            if filter.modified_after.is_some() {
                let mut query = $query.select(($at, $id));
                if let Some(Anchor { at: Some(at), id }) = step.after {
                    // The first condition alone is what an index can seek by.
                    query = query.filter($at.ge(at)).filter($at.gt(at).or($id.gt(id)));
                }
                let query = query.order(($at.asc(), $id.asc())).offset(step.offset).limit(step.limit);
                let rows: Vec<(Time, Id)> = query.load(conn)?;
                rows.into_iter().map(|(at, id)| Anchor { at: Some(at), id }).collect()
            } else {
                let mut query = $query.select($id);
                if let Some(after) = step.after {
                    query = query.filter($id.gt(after.id));
                }
                let rows: Vec<Id> = query.order($id.asc()).offset(step.offset).limit(step.limit).load(conn)?;
                rows.into_iter().map(|id| Anchor { at: None, id }).collect()
            }
        }};
    }
    Ok(match of {
        Collection::Services => walked!(services(filter), service::updated_at, service::id),
        Collection::ServiceAtLocations => {
            walked!(service_at_locations(filter), service::updated_at, service_at_location::id)
        }
        Collection::Organizations => walked!(organizations(filter), organization::updated_at, organization::id),
        Collection::Taxonomies => walked!(taxonomies(filter), taxonomy::updated_at, taxonomy::id),
        Collection::TaxonomyTerms => walked!(terms(filter), taxonomy_term::updated_at, taxonomy_term::id),
    })
}

/// How many rows a list has. Reads all of them from an index: the caller remembers the answer.
pub fn count(conn: &mut Conn, of: Collection, filter: &Filter) -> Result<i64, Error> {
    Ok(match of {
        Collection::Services => services(filter).select(count_star()).first(conn)?,
        Collection::ServiceAtLocations => service_at_locations(filter).select(count_star()).first(conn)?,
        Collection::Organizations => organizations(filter).select(count_star()).first(conn)?,
        Collection::Taxonomies => taxonomies(filter).select(count_star()).first(conn)?,
        Collection::TaxonomyTerms => terms(filter).select(count_star()).first(conn)?,
    })
}

/// The services that give some links, by link id: `(link, service)`. A link that is not there is left out.
pub fn services_of_links(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Id)>, Error> {
    Ok(service_at_location::table
        .filter(service_at_location::id.eq_any(ids))
        .select((service_at_location::id, service_at_location::service_id))
        .load(conn)?)
}

/// The services of an organisation, by id, at most `limit`.
pub fn services_of_organization(conn: &mut Conn, id: Id, limit: i64) -> Result<Vec<Id>, Error> {
    let filter = Filter { organization_id: Some(id), ..Filter::default() };
    let found = walk(conn, Collection::Services, &filter, Step { after: None, offset: 0, limit })?;
    Ok(found.into_iter().map(|one| one.id).collect())
}

type Services<'a> = service::BoxedQuery<'a, MultiBackend, diesel::dsl::SqlTypeOf<service::id>>;
type Organizations<'a> = organization::BoxedQuery<'a, MultiBackend, diesel::dsl::SqlTypeOf<organization::id>>;
type Taxonomies<'a> = taxonomy::BoxedQuery<'a, MultiBackend, diesel::dsl::SqlTypeOf<taxonomy::id>>;
type TermsQuery<'a> = taxonomy_term::BoxedQuery<'a, MultiBackend, diesel::dsl::SqlTypeOf<taxonomy_term::id>>;
type Links<'a> = diesel::dsl::IntoBoxed<
    'a,
    diesel::dsl::Select<diesel::dsl::InnerJoin<service_at_location::table, service::table>, service_at_location::id>,
    MultiBackend,
>;

/// The conditions that are about the service, whatever the list is of.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let (query, filter): (_, &Filter) = ($query, $filter);
        let mut query = query.filter(service::retired_at.is_null());
        if let Some(id) = filter.organization_id {
            query = query.filter(service::organization_id.eq(id));
        }
        if let Some(moment) = filter.modified_after {
            query = query.filter(service::updated_at.ge(moment));
        }
        if let Some(prefix) = &filter.name_begins {
            // A range that the index on the folded name answers; U+10FFFF sorts after every letter that is left.
            query = query.filter(service::folded_name.ge(prefix.clone()));
            query = query.filter(service::folded_name.lt(format!("{prefix}\u{10FFFF}")));
        }
        if let Some(ids) = &filter.ids {
            query = query.filter(service::id.eq_any(ids.clone()));
        }
        if let Some(text) = service_conditions(filter) {
            query = query.filter(sql::<Bool>(&text));
        }
        query
    }};
}

fn services<'a>(filter: &Filter) -> Services<'a> {
    let query = narrowed!(service::table.select(service::id).into_boxed(), filter);
    let Some(near) = filter.near else { return query };
    let places = places_near(near);
    query.filter(sql::<Bool>(&format!(
        "service.id IN (SELECT service_id FROM service_at_location WHERE location_id IN ({places}))"
    )))
}

fn service_at_locations<'a>(filter: &Filter) -> Links<'a> {
    let joined = service_at_location::table.inner_join(service::table).select(service_at_location::id);
    let query = narrowed!(joined.into_boxed(), filter);
    let Some(near) = filter.near else { return query };
    query.filter(sql::<Bool>(&format!("service_at_location.location_id IN ({})", places_near(near))))
}

fn organizations<'a>(filter: &Filter) -> Organizations<'a> {
    let mut query = organization::table.select(organization::id).into_boxed();
    query = query.filter(organization::retired_at.is_null());
    if let Some(id) = filter.organization_id {
        query = query.filter(organization::id.eq(id));
    }
    if let Some(moment) = filter.modified_after {
        query = query.filter(organization::updated_at.ge(moment));
    }
    if let Some(prefix) = &filter.name_begins {
        query = query.filter(organization::folded_name.ge(prefix.clone()));
        query = query.filter(organization::folded_name.lt(format!("{prefix}\u{10FFFF}")));
    }
    for terms in &filter.terms {
        let giving = format!("SELECT organization_id FROM service WHERE id IN ({})", services_with(terms));
        let own = match terms {
            Terms::Needs(_) | Terms::AnyNeed => String::new(),
            Terms::Foreign(id) => own_terms(&term_and_under(*id)),
            Terms::OfTaxonomy(id) => own_terms(&terms_of(*id)),
        };
        query = query.filter(sql::<Bool>(&format!("(organization.id IN ({giving}){own})")));
    }
    query
}

fn own_terms(terms: &str) -> String {
    format!(" OR organization.id IN (SELECT organization_id FROM organization_term WHERE term_id IN ({terms}))")
}

fn taxonomies<'a>(filter: &Filter) -> Taxonomies<'a> {
    let mut query = taxonomy::table.select(taxonomy::id).into_boxed();
    if let Some(words) = &filter.name_begins {
        query = query.filter(taxonomy::folded_name.like(format!("%{}%", plain(words))));
    }
    query
}

fn terms<'a>(filter: &Filter) -> TermsQuery<'a> {
    let mut query = taxonomy_term::table.select(taxonomy_term::id).into_boxed();
    if let Some(id) = filter.taxonomy_id {
        query = query.filter(taxonomy_term::taxonomy_id.eq(id));
    }
    if let Some(id) = filter.parent_id {
        query = query.filter(taxonomy_term::parent_id.eq(id));
    }
    if filter.is_top_only {
        query = query.filter(taxonomy_term::parent_id.is_null());
    }
    if let Some(words) = &filter.name_begins {
        query = query.filter(taxonomy_term::folded_name.like(format!("%{}%", plain(words))));
    }
    query
}

/// Folded words hold letters, digits and spaces; what `LIKE` would read otherwise is left out all the same.
fn plain(words: &str) -> String {
    words.chars().filter(|letter| !matches!(letter, '%' | '_' | '\\')).collect()
}

// ---- conditions
//
// diesel cannot put a boxed query of two databases inside another, so these are written out. Nothing in them comes from
// a client as it was sent: ids that parsed, numbers, and codes that relais itself knows.

fn service_conditions(filter: &Filter) -> Option<String> {
    let mut all: Vec<String> =
        filter.terms.iter().map(|terms| format!("service.id IN ({})", services_with(terms))).collect();
    if let Some(territories) = &filter.served {
        all.push(format!(
            "(service.id IN (SELECT service_id FROM service_territory WHERE territory_id IN ({})) \
             OR NOT EXISTS (SELECT 1 FROM service_territory said WHERE said.service_id = service.id))",
            quoted(territories)
        ));
    }
    all.extend(ages_and_hours(filter));
    (!all.is_empty()).then(|| format!("({})", all.join(" AND ")))
}

fn quoted(words: &[String]) -> String {
    let one = |word: &String| format!("'{}'", word.replace('\'', "''"));
    let all: Vec<String> = words.iter().map(one).collect();
    if all.is_empty() { "NULL".to_owned() } else { all.join(", ") }
}

fn services_with(terms: &Terms) -> String {
    let carrying = "SELECT service_id FROM service_term WHERE term_id IN";
    match terms {
        Terms::Needs(codes) => format!("SELECT service_id FROM service_category WHERE code IN ({})", quoted(codes)),
        Terms::AnyNeed => "SELECT service_id FROM service_category".to_owned(),
        Terms::Foreign(id) => format!("{carrying} ({})", term_and_under(*id)),
        Terms::OfTaxonomy(id) => format!("{carrying} ({})", terms_of(*id)),
    }
}

/// A term is carried by who carries it and by who carries one right under it.
fn term_and_under(id: Id) -> String {
    // By the keys of use, for a term may be carried that nobody described.
    format!(
        "SELECT u.term_id FROM service_term u WHERE u.term_id = '{id}' \
         UNION SELECT u.term_id FROM organization_term u WHERE u.term_id = '{id}' \
         UNION SELECT t.id FROM taxonomy_term t WHERE t.parent_id = '{id}'"
    )
}

fn terms_of(taxonomy_id: Id) -> String {
    format!("SELECT t.id FROM taxonomy_term t WHERE t.taxonomy_id = '{taxonomy_id}'")
}

/// Places within a radius: a box that the index on coordinates answers, then the great circle. A hidden place is never
/// near anything.
fn places_near(near: Near) -> String {
    const EARTH_M: f64 = 6_371_008.8;
    let (lat, lon) = (near.center.lat, near.center.lon);
    let angle = near.radius_m / EARTH_M;
    let (lat_span, cosine) = (angle.to_degrees(), lat.to_radians().cos());
    let lon_span = (angle.sin() / cosine.max(1e-6)).clamp(-1.0, 1.0).asin().to_degrees();
    let seen = if near.is_professional { "'public', 'professional'" } else { "'public'" };
    format!(
        "SELECT location.id FROM location WHERE location.latitude BETWEEN ({:?}) AND ({:?}) \
         AND location.longitude BETWEEN ({:?}) AND ({:?}) AND location.visibility IN ({seen}) AND {}",
        lat - lat_span,
        lat + lat_span,
        lon - lon_span,
        lon + lon_span,
        within_circle(near.center, angle)
    )
}

/// The haversine without trigonometry, which SQLite need not have: sines and cosines of small differences by their
/// series. Under 500 km the error is below a millionth of the distance.
fn within_circle(center: Point, angle: f64) -> String {
    let (sine, cosine) = center.lat.to_radians().sin_cos();
    let half = (angle / 2.0).sin();
    let dlat = format!("((location.latitude - ({:?})) * 0.017453292519943295)", center.lat);
    let dlon = format!("((location.longitude - ({:?})) * 0.017453292519943295)", center.lon);
    let half_sine_squared = |x: &str| format!("({x} * {x} * (0.25 - {x} * {x} / 48.0))");
    let there = format!(
        "(({cosine:?}) * (1.0 - {dlat} * {dlat} / 2.0) - ({sine:?}) * ({dlat} - {dlat} * {dlat} * {dlat} / 6.0))"
    );
    format!(
        "({} + ({cosine:?}) * {there} * {} <= ({:?}))",
        half_sine_squared(&dlat),
        half_sine_squared(&dlon),
        half * half
    )
}

/// Conditions on the one row of `service_filter` that a service may have, found by its key. Made of numbers alone.
fn ages_and_hours(filter: &Filter) -> Option<String> {
    let row = "SELECT 1 FROM service_filter f WHERE f.service_id = service.id";
    let mut all = Vec::new();
    if let Some((from, to)) = filter.ages {
        all.push(format!("NOT EXISTS ({row} AND (f.minimum_age_months > {to} OR f.maximum_age_months < {from}))"));
    }
    if let Some(Open { day, mask }) = filter.open {
        let column = |name: &str| format!("(f.open_{} & {mask}) = {mask}", name.to_ascii_lowercase());
        let days: Vec<String> = match day.and_then(|day| DAYS.get(day)) {
            Some(name) => vec![column(name)],
            None => DAYS.iter().map(|name| column(name)).collect(),
        };
        all.push(format!("EXISTS ({row} AND ({}))", days.join(" OR ")));
    }
    (!all.is_empty()).then(|| format!("({})", all.join(" AND ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same series, on numbers: what SQL computes.
    #[test]
    fn the_circle_without_trigonometry_is_the_great_circle() {
        let center = Point { lat: 46.8, lon: -71.2 };
        for (dlat, dlon) in [(0.01, 0.02), (-0.3, 0.5), (1.5, -2.0), (-2.5, 3.5)] {
            let other = Point { lat: center.lat + dlat, lon: center.lon + dlon };
            let (sine, cosine) = center.lat.to_radians().sin_cos();
            let (x, y): (f64, f64) = (f64::to_radians(dlat), f64::to_radians(dlon));
            let half = |x: f64| x * x * (0.25 - x * x / 48.0);
            let there = cosine * (1.0 - x * x / 2.0) - sine * (x - x * x * x / 6.0);
            let computed = 2.0 * 6_371.008_8 * (half(x) + cosine * there * half(y)).sqrt().asin();
            let exact = center.distance_km(other);
            assert!((computed - exact).abs() / exact < 1e-4, "{computed} v {exact}");
        }
    }
}
