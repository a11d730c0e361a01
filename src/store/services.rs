//! Services and what is shown with them. An aggregate is read in a constant number of statements, however many are
//! asked.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::changes::Subject;
use super::organizations::{self, STATEMENT_ROWS_MAX};
use super::schema::{service, service_at_location, service_category, service_territory};
use super::types::Json;
use super::{Conn, Error, Tx, capacities, locations, taxonomies};
use crate::clock::Time;
use crate::domain::directory::{
    Capacity, CapacityWords, Organization, Origin, Service, ServiceAggregate, ServiceAtLocation,
    ServiceAtLocationDocument, ServiceDocument, ServiceStatus, Voice,
};
use crate::domain::fold::fold;
use crate::domain::freshness::{self, Review};
use crate::domain::language::{Lang, Text};
use crate::domain::quality;
use crate::id::Id;
use crate::{insert_rows, text_words};

text_words!(ServiceStatus);

/// When a record left the directory, and what stands for it. [`set_retired`] alone writes them: no import and no edit
/// brings a record back.
pub type Retired = (Option<Time>, Option<Id>);

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = service, treat_none_as_default_value = false, treat_none_as_null = true)]
struct ServiceRow {
    id: Id,
    organization_id: Id,
    status: ServiceStatus,
    name_fr: Option<String>,
    name_en: Option<String>,
    folded_name: String,
    source: String,
    source_key: String,
    content_hash: String,
    verified_at: Option<Time>,
    places_available: Option<i32>,
    waiting_list_length: Option<i32>,
    wait_days: Option<i32>,
    capacity_observed_at: Option<Time>,
    document: Json<ServiceDocument>,
    version: i64,
    #[diesel(skip_update)]
    created_at: Time,
    updated_at: Time,
    review_months: Option<i32>,
    review_due_at: Time,
    #[diesel(skip_update)]
    remind_at: Option<Time>,
    content_score: Option<i32>,
    capacity_words: Option<Json<CapacityWords>>,
}

impl ServiceRow {
    /// `created_at`: from when it must be confirmed where nobody ever did. `said_by`: whose words its new numbers are.
    fn new(one: &Service, version: i64, tx: &Tx<'_>, created_at: Time, said_by: &str) -> Self {
        let now = tx.now();
        let months = one.review.months.unwrap_or(tx.review_months());
        let capacity = one.capacity.worded(Voice::parse(said_by).unwrap_or(Voice::Other), now);
        let review_due_at = freshness::due_at(one.verified_at, created_at, months);
        Self {
            id: one.id,
            organization_id: one.organization_id,
            status: one.status,
            name_fr: one.name.fr.clone(),
            name_en: one.name.en.clone(),
            folded_name: fold(one.name.get(Lang::Fr)),
            source: one.origin.source.clone(),
            source_key: one.origin.key.clone(),
            content_hash: one.origin.content_hash.clone(),
            verified_at: one.verified_at,
            places_available: one.capacity.places_available,
            waiting_list_length: one.capacity.waiting_list_length,
            wait_days: one.capacity.wait_days,
            capacity_observed_at: one.capacity.observed_at,
            document: Json(one.document.clone()),
            version,
            created_at,
            updated_at: now,
            review_months: one.review.months.and_then(|months| i32::try_from(months).ok()),
            review_due_at,
            remind_at: Some(review_due_at),
            content_score: Some(quality::content_score(one)),
            capacity_words: Some(capacity.said).filter(|said| !said.is_empty()).map(Json),
        }
    }

    fn into_service(self, (retired_at, replaced_by): Retired) -> Service {
        Service {
            id: self.id,
            origin: Origin { source: self.source, key: self.source_key, content_hash: self.content_hash },
            organization_id: self.organization_id,
            status: self.status,
            name: Text { fr: self.name_fr, en: self.name_en },
            categories: Vec::new(),
            served: Vec::new(),
            at_locations: Vec::new(),
            capacity: Capacity {
                places_available: self.places_available,
                waiting_list_length: self.waiting_list_length,
                wait_days: self.wait_days,
                observed_at: self.capacity_observed_at,
                said: self.capacity_words.map(|words| words.0).unwrap_or_default(),
            },
            verified_at: self.verified_at,
            review: Review {
                months: self.review_months.and_then(|months| u32::try_from(months).ok()),
                due_at: Some(self.review_due_at),
            },
            document: self.document.0,
            version: self.version,
            updated_at: self.updated_at,
            retired_at,
            replaced_by,
        }
    }
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = service_category, treat_none_as_default_value = false)]
struct CategoryRow {
    service_id: Id,
    code: String,
    position: i32,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = service_territory, treat_none_as_default_value = false)]
struct ServedRow {
    service_id: Id,
    territory_id: String,
    position: i32,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_at_location, treat_none_as_default_value = false)]
struct LinkRow {
    id: Id,
    service_id: Id,
    location_id: Id,
    position: i32,
    document: Json<ServiceAtLocationDocument>,
}

// ---- reading

pub fn find_aggregate(conn: &mut Conn, id: Id) -> Result<Option<ServiceAggregate>, Error> {
    Ok(list_aggregates(conn, &[id])?.pop())
}

pub fn get_aggregate(conn: &mut Conn, id: Id) -> Result<ServiceAggregate, Error> {
    find_aggregate(conn, id)?.ok_or(Error::NotFound)
}

/// The services with these ids, retired ones too, with all that is shown with them, in the order of `ids`; an id that
/// is not there is left out. Six statements for every [`STATEMENT_ROWS_MAX`] ids.
pub fn list_aggregates(conn: &mut Conn, ids: &[Id]) -> Result<Vec<ServiceAggregate>, Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows = service::table.filter(service::id.eq_any(chunk));
        let rows: Vec<(ServiceRow, Retired)> =
            rows.select((ServiceRow::as_select(), (service::retired_at, service::replaced_by))).load(conn)?;
        for one in assemble(conn, rows)? {
            found.insert(one.service.id, one);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Services in the order of their ids, after `last_id`, without those that are retired: how a rebuild of the index
/// walks the directory.
pub fn page_after(conn: &mut Conn, last_id: Option<Id>, limit: i64) -> Result<Vec<ServiceAggregate>, Error> {
    let columns = (ServiceRow::as_select(), (service::retired_at, service::replaced_by));
    let mut query = service::table.filter(service::retired_at.is_null()).select(columns).into_boxed();
    if let Some(last_id) = last_id {
        query = query.filter(service::id.gt(last_id));
    }
    let rows: Vec<(ServiceRow, Retired)> = query.order(service::id.asc()).limit(limit).load(conn)?;
    assemble(conn, rows)
}

/// The services to index again when a record of the directory changed, by id, after `after`, at most `limit`.
/// A taxonomy term or a territory is written on no service: its name is looked up when an answer is made, so such
/// a change concerns none.
pub fn services_showing(
    conn: &mut Conn,
    subject: Subject,
    id: Id,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<Id>, Error> {
    let mut query = service::table.select(service::id).into_boxed();
    query = match subject {
        Subject::Service => query.filter(service::id.eq(id)),
        Subject::Organization => query.filter(service::organization_id.eq(id)),
        Subject::Location => {
            let given_there = service_at_location::table
                .filter(service_at_location::location_id.eq(id))
                .select(service_at_location::service_id);
            query.filter(service::id.eq_any(given_there))
        }
        Subject::TaxonomyTerm | Subject::Territory => return Ok(Vec::new()),
    };
    if let Some(after) = after {
        query = query.filter(service::id.gt(after));
    }
    Ok(query.order(service::id.asc()).limit(limit).load(conn)?)
}

/// Services of an organisation that are not retired, by id, at most `limit`.
pub fn list_of_organization(conn: &mut Conn, organization_id: Id, limit: i64) -> Result<Vec<Id>, Error> {
    let there = service::table
        .filter(service::organization_id.eq(organization_id).and(service::retired_at.is_null()))
        .order(service::id.asc())
        .limit(limit);
    Ok(there.select(service::id).load(conn)?)
}

/// The organisation that gives a service, if it is there and not retired.
pub fn find_organization_of(conn: &mut Conn, id: Id) -> Result<Option<Id>, Error> {
    let there = service::table.find(id).filter(service::retired_at.is_null());
    Ok(there.select(service::organization_id).first(conn).optional()?)
}

/// Which of these services were inserted at or after a moment and not written since: each has a change of its own in
/// the log. As many ids as one statement takes.
pub fn added_since(conn: &mut Conn, ids: &[Id], moment: Time) -> Result<HashSet<Id>, Error> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let added = service::table.filter(service::id.eq_any(ids)).filter(service::version.eq(1));
    let added: Vec<Id> = added.filter(service::updated_at.ge(moment)).select(service::id).load(conn)?;
    Ok(added.into_iter().collect())
}

/// Services that are not retired.
pub fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(service::table.filter(service::retired_at.is_null()).count().get_result(conn)?)
}

fn assemble(conn: &mut Conn, rows: Vec<(ServiceRow, Retired)>) -> Result<Vec<ServiceAggregate>, Error> {
    let ids: Vec<Id> = rows.iter().map(|(row, _)| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut organization_ids: Vec<Id> = rows.iter().map(|(row, _)| row.organization_id).collect();
    organization_ids.sort_unstable();
    organization_ids.dedup();
    let found = organizations::list_by_ids(conn, &organization_ids)?;
    let organizations: HashMap<Id, Organization> = found.into_iter().map(|one| (one.id, one)).collect();
    let mut categories = categories_of(conn, &ids)?;
    let mut served = territories_of(conn, &ids)?;
    let mut links = links_of(conn, &ids)?;
    let mut location_ids: Vec<Id> = links.values().flatten().map(|link| link.location_id).collect();
    location_ids.sort_unstable();
    location_ids.dedup();
    let places = locations::list_by_ids(conn, &location_ids)?;
    let mut aggregates = Vec::with_capacity(rows.len());
    for (row, retired) in rows {
        let mut one = row.into_service(retired);
        one.categories = categories.remove(&one.id).unwrap_or_default();
        one.served = served.remove(&one.id).unwrap_or_default();
        one.at_locations = links.remove(&one.id).unwrap_or_default();
        let shown = one.at_locations.iter().filter_map(|link| places.get(&link.location_id).cloned()).collect();
        let organization = organizations.get(&one.organization_id).cloned();
        let missing = || Error::Corrupt(format!("service {} has no organization", one.id));
        let organization = organization.ok_or_else(missing)?;
        aggregates.push(ServiceAggregate { service: one, organization, locations: shown });
    }
    Ok(aggregates)
}

fn categories_of(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<String>>, Error> {
    let rows: Vec<(Id, String)> = service_category::table
        .filter(service_category::service_id.eq_any(ids))
        .order((service_category::service_id.asc(), service_category::position.asc()))
        .select((service_category::service_id, service_category::code))
        .load(conn)?;
    Ok(grouped(rows))
}

fn territories_of(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<String>>, Error> {
    let rows: Vec<(Id, String)> = service_territory::table
        .filter(service_territory::service_id.eq_any(ids))
        .order((service_territory::service_id.asc(), service_territory::position.asc()))
        .select((service_territory::service_id, service_territory::territory_id))
        .load(conn)?;
    Ok(grouped(rows))
}

fn links_of(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<ServiceAtLocation>>, Error> {
    let rows: Vec<LinkRow> = service_at_location::table
        .filter(service_at_location::service_id.eq_any(ids))
        .order((service_at_location::service_id.asc(), service_at_location::position.asc()))
        .select(LinkRow::as_select())
        .load(conn)?;
    let link = |row: LinkRow| {
        (row.service_id, ServiceAtLocation { id: row.id, location_id: row.location_id, document: row.document.0 })
    };
    Ok(grouped(rows.into_iter().map(link).collect()))
}

fn grouped<T>(rows: Vec<(Id, T)>) -> HashMap<Id, Vec<T>> {
    let mut groups: HashMap<Id, Vec<T>> = HashMap::new();
    for (id, value) in rows {
        groups.entry(id).or_default().push(value);
    }
    groups
}

/// Where services came from, by id: for telling a new record from a changed one. An id that is not there is left out.
pub fn find_origins(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Origin>, Error> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(STATEMENT_ROWS_MAX) {
        let rows: Vec<(Id, String, String, String)> = service::table
            .filter(service::id.eq_any(chunk))
            .select((service::id, service::source, service::source_key, service::content_hash))
            .load(conn)?;
        let origin = |(id, source, key, content_hash)| (id, Origin { source, key, content_hash });
        found.extend(rows.into_iter().map(origin));
    }
    Ok(found)
}

/// Places, people waiting, days of wait, and when that was said.
type Said = (Option<i32>, Option<i32>, Option<i32>, Option<Time>);

// ---- writing

/// Takes the lock of one service until the transaction ends, so that what is read next is what will be written over.
///
/// # Errors
/// `NotFound` for a service that is not there.
pub fn lock(tx: &mut Tx<'_>, id: Id) -> Result<(), Error> {
    let locked =
        diesel::update(service::table.find(id)).set(service::version.eq(service::version)).execute(&mut **tx)?;
    if locked == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Inserts at version 1; organisations, places and territories must be there. A few statements however many.
/// `said_by` goes to the history of capacities where a service says its room.
pub fn insert_many(tx: &mut Tx<'_>, services: &[Service], said_by: &str) -> Result<(), Error> {
    let now = tx.now();
    for chunk in services.chunks(STATEMENT_ROWS_MAX) {
        let rows: Vec<ServiceRow> = chunk.iter().map(|one| ServiceRow::new(one, 1, tx, now, said_by)).collect();
        insert_rows!(&mut **tx, service::table, &rows)?;
    }
    insert_parts(tx, services)?;
    capacities::append_many(tx, services, said_by)?;
    for one in services {
        tx.changed(Subject::Service, one.id);
    }
    Ok(())
}

pub fn insert(tx: &mut Tx<'_>, one: &Service, said_by: &str) -> Result<(), Error> {
    insert_many(tx, std::slice::from_ref(one), said_by)
}

/// Writes a service over the version that the caller read, with its categories, territories and links, and gives the
/// new version. The room it says must come with its moment; a room other than the one known goes to the history.
///
/// # Errors
/// `Stale` when the row has another version than `service.version`, or is not there.
pub fn update(tx: &mut Tx<'_>, one: &Service, said_by: &str) -> Result<i64, Error> {
    let known: Option<(Said, Time, Time, Option<Time>)> = service::table
        .find(one.id)
        .select((
            (
                service::places_available,
                service::waiting_list_length,
                service::wait_days,
                service::capacity_observed_at,
            ),
            service::created_at,
            service::review_due_at,
            service::remind_at,
        ))
        .first(&mut **tx)
        .optional()?;
    let (known, created_at, due_at, remind_at) = known.ok_or(Error::Stale)?;
    let row = ServiceRow::new(one, one.version + 1, tx, created_at, said_by);
    // Another day on which it is due begins the reminders anew.
    let remind_at = if row.review_due_at == due_at { remind_at } else { Some(row.review_due_at) };
    let target = service::table.find(one.id).filter(service::version.eq(one.version));
    if diesel::update(target).set((&row, service::remind_at.eq(remind_at))).execute(&mut **tx)? == 0 {
        return Err(Error::Stale);
    }
    diesel::delete(service_category::table.filter(service_category::service_id.eq(one.id))).execute(&mut **tx)?;
    diesel::delete(service_territory::table.filter(service_territory::service_id.eq(one.id))).execute(&mut **tx)?;
    diesel::delete(service_at_location::table.filter(service_at_location::service_id.eq(one.id))).execute(&mut **tx)?;
    taxonomies::delete_of_service(tx, one.id)?;
    insert_parts(tx, std::slice::from_ref(one))?;
    let said = (
        one.capacity.places_available,
        one.capacity.waiting_list_length,
        one.capacity.wait_days,
        one.capacity.observed_at,
    );
    if known != said {
        // What keeps its word is in the history already.
        let capacity = Capacity { said: CapacityWords::default(), ..one.capacity.only_new() };
        capacities::append_many(tx, &[Service { capacity, ..one.clone() }], said_by)?;
    }
    tx.changed(Subject::Service, one.id);
    Ok(row.version)
}

/// Takes a service out of the directory, or brings it back, and gives the new version. The index hears of it.
///
/// # Errors
/// `Stale` when the row has another version than `version`, or is not there.
pub fn set_retired(tx: &mut Tx<'_>, id: Id, version: i64, retired: Retired) -> Result<i64, Error> {
    let now = tx.now();
    let changed = diesel::update(service::table.find(id).filter(service::version.eq(version)))
        .set((
            service::retired_at.eq(retired.0),
            service::replaced_by.eq(retired.1),
            service::version.eq(version + 1),
            service::updated_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 0 {
        return Err(Error::Stale);
    }
    tx.changed(Subject::Service, id);
    Ok(version + 1)
}

/// When a service left the directory and what stands for it, if it is there.
pub fn find_retired(conn: &mut Conn, id: Id) -> Result<Option<Retired>, Error> {
    Ok(service::table.find(id).select((service::retired_at, service::replaced_by)).first(conn).optional()?)
}

fn insert_parts(tx: &mut Tx<'_>, services: &[Service]) -> Result<(), Error> {
    let mut categories = Vec::new();
    let mut territories = Vec::new();
    let mut links = Vec::new();
    for one in services {
        for (position, code) in (0_i32..).zip(&one.categories) {
            categories.push(CategoryRow { service_id: one.id, code: code.clone(), position });
        }
        for (position, territory) in (0_i32..).zip(&one.served) {
            territories.push(ServedRow { service_id: one.id, territory_id: territory.clone(), position });
        }
        for (position, link) in (0_i32..).zip(&one.at_locations) {
            links.push(LinkRow {
                id: link.id,
                service_id: one.id,
                location_id: link.location_id,
                position,
                document: Json(link.document.clone()),
            });
        }
    }
    for rows in categories.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, service_category::table, rows)?;
    }
    for rows in territories.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, service_territory::table, rows)?;
    }
    for rows in links.chunks(STATEMENT_ROWS_MAX) {
        insert_rows!(&mut **tx, service_at_location::table, rows)?;
    }
    taxonomies::insert_of_services(tx, services)
}
