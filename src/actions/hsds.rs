//! The directory as HSDS 3.2 reads it: lists by page number or one after the other, and single records. Open to
//! everybody; who is signed in also sees what is for professionals.

use serde_json::Value;

use super::list_memory::{ListAt, STEP_ROWS};
use super::search::wait_for_made_change;
use super::services::{ORGANIZATION_PLACES_MAX, term_of, territory_name};
use super::{Deps, Failure, Outcome, history};
use crate::clock::Time;
use crate::domain::directory::ServiceAggregate;
use crate::domain::fold::fold;
use crate::domain::foreign_terms;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::{Gazetteer, Level};
use crate::domain::viewer::AccountViewer;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::exchange::hsds_lists;
use crate::id::Id;
use crate::search::Audience;
use crate::store::lists::{self, Anchor, Collection, Filter, Near, Open, Step, Terms};
use crate::store::{self, Conn, changes, locations, organizations, services, taxonomies};

/// Services shown inside one organisation.
const ORGANIZATION_SERVICES_MAX: i64 = 500;
/// Metres. Wider than this nobody goes for a service, and the circle is no longer exact.
pub const PROXIMITY_M_MAX: f64 = 500_000.0;
/// Services of a list that its words narrow.
const FOUND_MAX: usize = 500;
/// Records of one step of a stream.
const STREAM_ROWS: i64 = 200;

/// How much of each record a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What a harvester needs to know whether it must read a record again.
    Minimal,
    /// One-to-one members.
    Short,
    Full,
    /// An organisation with its services in full.
    FullService,
}

/// A list, as asked; every filter holds.
#[derive(Debug, Clone)]
pub struct Asked {
    pub collection: Collection,
    pub form: Form,
    /// From 1.
    pub page: u32,
    pub per_page: u32,
    pub search: Option<String>,
    pub term: Option<String>,
    pub taxonomy: Option<String>,
    pub organization_id: Option<Id>,
    pub modified_after: Option<Time>,
    pub postcode: Option<String>,
    /// Metres, finite, above zero.
    pub proximity_m: Option<f64>,
    /// Months, from and to.
    pub ages: Option<(u32, u32)>,
    pub open: Option<Open>,
    /// Of terms.
    pub parent: Option<String>,
    pub is_top_only: bool,
}

impl Asked {
    pub fn new(collection: Collection, page: u32, per_page: u32) -> Self {
        Self {
            collection,
            form: Form::Short,
            page,
            per_page,
            search: None,
            term: None,
            taxonomy: None,
            organization_id: None,
            modified_after: None,
            postcode: None,
            proximity_m: None,
            ages: None,
            open: None,
            parent: None,
            is_top_only: false,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Listed {
    pub contents: Vec<Value>,
    pub total_items: i64,
    pub page: u32,
    pub per_page: u32,
    pub has_more: bool,
    /// The last row of the page: where a list by cursor goes on.
    pub last: Option<Anchor>,
}

/// Records one after the other, and where the next ones begin; `None` at the end.
#[derive(Debug)]
pub struct Streamed {
    pub contents: Vec<Value>,
    pub next: Option<Anchor>,
}

/// What every list of the directory was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    pub change: i64,
    pub epoch: Id,
    /// When the last change was made; absent from an empty log.
    pub at: Option<Time>,
}

/// A record as an answer, with the moment of its last change where that is known.
#[derive(Debug, Clone)]
pub struct Record {
    pub value: Value,
    pub updated_at: Option<Time>,
}

/// The last change of the directory: two rows by their keys. Whoever remembers a list of this moment has it still.
pub fn as_of(deps: &Deps) -> Outcome<AsOf> {
    Ok(deps.store.read(|conn| {
        let head = changes::head(conn)?;
        let last = changes::after(conn, head.n - 1, 1)?;
        Ok::<_, store::Error>(AsOf { change: head.n, epoch: head.epoch, at: last.first().map(|change| change.at) })
    })?)
}

// ---- lists

/// One page by its number. The rows before it are stepped over once, by an index and a thousand at a time; a place
/// already reached, or near one, is found again at once, so that a harvest from the first page to the last costs each
/// row once.
pub fn list(deps: &Deps, account: Option<&AccountViewer>, asked: &Asked) -> Outcome<Listed> {
    let eyes = Eyes::of(account);
    let now = deps.clock.now();
    deps.store.read(|conn| {
        let filter = filter_of(deps, conn, eyes, asked)?;
        let built_in = built_in(asked, &filter);
        let change = changes::head(conn)?.n;
        let key = format!("{:?} {filter:?}", asked.collection);
        let walk = Walk { deps, of: asked.collection, filter: &filter, at: ListAt { asked: &key, change, now } };
        let stored = walk.total(conn)?;
        let (skipped, limit) = (i64::from(asked.page - 1) * i64::from(asked.per_page), i64::from(asked.per_page));
        let first: Vec<Value> = match usize::try_from(skipped) {
            Ok(skipped) => built_in.iter().skip(skipped).take(asked.per_page as usize).cloned().collect(),
            Err(_) => Vec::new(),
        };
        let built_in = i64::try_from(built_in.len()).unwrap_or(0);
        let left = limit - i64::try_from(first.len()).unwrap_or(limit);
        let start = (skipped - built_in).max(0);
        let rows = if left > 0 && start < stored { walk.rows(conn, start, left)? } else { Vec::new() };
        let mut contents = first;
        let shown = show(deps, conn, eyes, asked, &rows)?;
        contents.extend(shown);
        Ok(Listed {
            contents,
            total_items: built_in + stored,
            page: asked.page,
            per_page: asked.per_page,
            has_more: skipped + limit < built_in + stored,
            last: rows.last().copied(),
        })
    })
}

/// The records after one row, at most `limit`: every page costs the same, however far a harvest has gone.
pub fn list_after(
    deps: &Deps,
    account: Option<&AccountViewer>,
    asked: &Asked,
    after: Option<Anchor>,
    limit: i64,
) -> Outcome<Streamed> {
    let eyes = Eyes::of(account);
    deps.store.read(|conn| {
        let filter = filter_of(deps, conn, eyes, asked)?;
        let mut contents = if after.is_none() { built_in(asked, &filter) } else { Vec::new() };
        let step = Step { after, offset: 0, limit: limit + 1 };
        let mut rows = lists::walk(conn, asked.collection, &filter, step)?;
        let has_more = i64::try_from(rows.len()).is_ok_and(|rows| rows > limit);
        if has_more {
            rows.pop();
        }
        contents.extend(show(deps, conn, eyes, asked, &rows)?);
        Ok(Streamed { contents, next: rows.last().copied().filter(|_| has_more) })
    })
}

/// The next records of a stream that is read to its end.
pub fn stream(deps: &Deps, account: Option<&AccountViewer>, asked: &Asked, after: Option<Anchor>) -> Outcome<Streamed> {
    list_after(deps, account, asked, after, STREAM_ROWS)
}

struct Walk<'a> {
    deps: &'a Deps,
    of: Collection,
    filter: &'a Filter,
    at: ListAt<'a>,
}

impl Walk<'_> {
    fn total(&self, conn: &mut Conn) -> Result<i64, store::Error> {
        let memory = &self.deps.lists;
        if let Some(total) = memory.total(self.at) {
            return Ok(total);
        }
        let total = lists::count(conn, self.of, self.filter)?;
        memory.remember_total(self.at, total);
        Ok(total)
    }

    /// The rows after so many others.
    fn rows(&self, conn: &mut Conn, skipped: i64, limit: i64) -> Result<Vec<Anchor>, store::Error> {
        let memory = &self.deps.lists;
        let near = if skipped == 0 { None } else { memory.place_before(self.at, skipped) };
        let (mut reached, mut after) = near.map_or((0, None), |(rows, anchor)| (rows, Some(anchor)));
        while reached < skipped {
            let rows = (skipped - reached).min(STEP_ROWS);
            let step = Step { after, offset: rows - 1, limit: 1 };
            let Some(anchor) = lists::walk(conn, self.of, self.filter, step)?.pop() else { return Ok(Vec::new()) };
            reached += rows;
            after = Some(anchor);
            if rows == STEP_ROWS {
                memory.remember_place(self.at, reached, anchor);
            }
        }
        let found = lists::walk(conn, self.of, self.filter, Step { after, offset: 0, limit })?;
        if let Some(last) = found.last() {
            memory.remember_place(self.at, skipped + i64::try_from(found.len()).unwrap_or(0), *last);
        }
        Ok(found)
    }
}

/// What a list asks of the store. A postal code is looked up on the map, a term among those that are known.
fn filter_of(deps: &Deps, conn: &mut Conn, eyes: Eyes, asked: &Asked) -> Result<Filter, Failure> {
    let of_records = !matches!(asked.collection, Collection::Taxonomies | Collection::TaxonomyTerms);
    let mut filter = Filter {
        organization_id: asked.organization_id,
        modified_after: asked.modified_after,
        ages: asked.ages,
        open: asked.open,
        is_top_only: asked.is_top_only,
        ..Filter::default()
    };
    let words = asked.search.as_deref().filter(|text| !fold(text).is_empty());
    match asked.collection {
        Collection::Services | Collection::ServiceAtLocations => {
            filter.ids = words.map(|text| services_found(deps, conn, eyes, text)).transpose()?;
        }
        Collection::Organizations | Collection::Taxonomies | Collection::TaxonomyTerms => {
            filter.name_begins = words.map(fold);
        }
    }
    if let Some(text) = &asked.term {
        filter.terms.push(terms_named(conn, text)?);
    }
    match &asked.taxonomy {
        Some(text) if of_records => filter.terms.push(terms_of_taxonomy(conn, text)?),
        Some(text) => filter.taxonomy_id = Some(foreign_terms::taxonomy_id(text)),
        None => {}
    }
    filter.parent_id = asked.parent.as_deref().map(foreign_terms::term_id);
    if let Some(postcode) = &asked.postcode {
        place_asked(deps.gazetteer(), postcode, asked.proximity_m, eyes, &mut filter)?;
    }
    Ok(filter)
}

/// The services that hold all the words, in any of their texts, the best [`FOUND_MAX`] of them. The index is waited
/// for: a list is tagged with the last change, and must know of it.
fn services_found(deps: &Deps, conn: &mut Conn, eyes: Eyes, text: &str) -> Result<Vec<Id>, Failure> {
    let index = deps.index()?;
    wait_for_made_change(deps, index, changes::head(conn)?.n)?;
    let audience = if eyes >= Eyes::Professional { Audience::Professional } else { Audience::Public };
    Ok(index.holding_all(text, audience, FOUND_MAX)?)
}

fn terms_named(conn: &mut Conn, text: &str) -> Result<Terms, Failure> {
    let taxonomy = Taxonomy::embedded();
    if let Some(need) = taxonomy.find_by_id(text).or_else(|| taxonomy.get(text)) {
        let mut codes: Vec<String> = taxonomy.leaves_under(&need.code).map(|leaf| leaf.code.clone()).collect();
        codes.push(need.code.clone());
        return Ok(Terms::Needs(codes));
    }
    let id = foreign_terms::term_id(text);
    if text.parse::<Id>().is_err() && taxonomies::list_terms_by_ids(conn, &[id])?.is_empty() {
        return Err(Refusal::field(Code::UnknownCategory, "taxonomy_term_id")
            .rule("an id of /hsds/taxonomy_terms")
            .into());
    }
    Ok(Terms::Foreign(id))
}

fn terms_of_taxonomy(conn: &mut Conn, text: &str) -> Result<Terms, Failure> {
    if text == Taxonomy::embedded().id {
        return Ok(Terms::AnyNeed);
    }
    let id = foreign_terms::taxonomy_id(text);
    if text.parse::<Id>().is_err() && taxonomies::list_by_ids(conn, &[id])?.is_empty() {
        return Err(Refusal::field(Code::InvalidValue, "taxonomy_id").rule("a taxonomy of /hsds/taxonomies").into());
    }
    Ok(Terms::OfTaxonomy(id))
}

/// With a distance: places within it of the middle of the postal area. Without: services that serve where it is, and
/// those that do not say whom they serve.
fn place_asked(
    gazetteer: &Gazetteer,
    postcode: &str,
    proximity_m: Option<f64>,
    eyes: Eyes,
    filter: &mut Filter,
) -> Result<(), Refusal> {
    let found = gazetteer.geocode(postcode, 1).into_iter().find(|found| found.level == Level::PostalArea);
    let (area, center) = found.and_then(|found| found.point.map(|point| (found, point))).ok_or_else(|| {
        Refusal::field(Code::PlaceNotFound, "postcode").rule("a postal code of Québec, or its first three characters")
    })?;
    match proximity_m {
        Some(radius_m) => filter.near = Some(Near { center, radius_m, is_professional: eyes >= Eyes::Professional }),
        None => {
            let mut served = gazetteer.ancestors(&area.territory_id);
            served.extend(area.territories.ids().map(str::to_owned));
            served.extend(gazetteer.locate(center).exact().ids().map(str::to_owned));
            served.sort_unstable();
            served.dedup();
            filter.served = Some(served);
        }
    }
    Ok(())
}

/// The needs of relais stand before the terms that sources brought.
fn built_in(asked: &Asked, filter: &Filter) -> Vec<Value> {
    let taxonomy = Taxonomy::embedded();
    let words = filter.name_begins.as_deref().unwrap_or("");
    let has_words = |texts: [&str; 4]| words.is_empty() || texts.into_iter().any(|text| fold(text).contains(words));
    match asked.collection {
        Collection::Taxonomies => {
            let (name, told) = (&taxonomy.name, &taxonomy.description);
            let texts = [name.get(Lang::Fr), name.get(Lang::En), told.get(Lang::Fr), told.get(Lang::En)];
            if has_words(texts) { vec![hsds_lists::needs(taxonomy)] } else { Vec::new() }
        }
        Collection::TaxonomyTerms => {
            let is_asked = asked.taxonomy.as_ref().is_none_or(|id| *id == taxonomy.id);
            let terms = taxonomy.terms().iter().filter(|_| is_asked).filter(|term| {
                let (name, told) = (&term.label, &term.definition);
                let texts = [name.get(Lang::Fr), name.get(Lang::En), told.get(Lang::Fr), told.get(Lang::En)];
                let parent = hsds_lists::parent_of(term, taxonomy);
                let of_parent = asked.parent.as_ref().is_none_or(|id| parent == Some(id.as_str()));
                of_parent && (!asked.is_top_only || !term.is_leaf()) && has_words(texts)
            });
            terms.map(|term| hsds_lists::need(term, taxonomy)).collect()
        }
        Collection::Services | Collection::Organizations | Collection::ServiceAtLocations => Vec::new(),
    }
}

// ---- showing

fn show(deps: &Deps, conn: &mut Conn, eyes: Eyes, asked: &Asked, rows: &[Anchor]) -> Result<Vec<Value>, store::Error> {
    let gazetteer = deps.gazetteer();
    let territory = |id: &str| territory_name(gazetteer, id);
    let context = Context { eyes, territory: &territory, category: &term_of };
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    match asked.collection {
        Collection::Services => {
            let aggregates = services::list_aggregates(conn, &ids)?;
            Ok(aggregates.iter().map(|one| show_service(one, asked.form, context)).collect())
        }
        Collection::ServiceAtLocations => show_links(conn, &ids, asked.form, context),
        Collection::Organizations => show_organizations(conn, &ids, asked.form, context),
        Collection::Taxonomies => {
            let found = taxonomies::list_by_ids(conn, &ids)?;
            Ok(ids.iter().filter_map(|id| found.get(id)).map(hsds_lists::foreign_taxonomy).collect())
        }
        Collection::TaxonomyTerms => show_terms(conn, &ids),
    }
}

fn show_service(one: &ServiceAggregate, form: Form, context: Context<'_>) -> Value {
    match form {
        Form::Minimal => hsds::service_minimal(one),
        Form::Short => hsds::service_in_list(one, context),
        Form::Full | Form::FullService => hsds::service(one, &[], context),
    }
}

fn show_links(conn: &mut Conn, ids: &[Id], form: Form, context: Context<'_>) -> Result<Vec<Value>, store::Error> {
    let services_of = lists::services_of_links(conn, ids)?;
    let mut service_ids: Vec<Id> = services_of.iter().map(|(_, service)| *service).collect();
    service_ids.sort_unstable();
    service_ids.dedup();
    let aggregates = services::list_aggregates(conn, &service_ids)?;
    let mut shown = Vec::with_capacity(ids.len());
    for id in ids {
        for aggregate in &aggregates {
            let Some(link) = aggregate.service.at_locations.iter().find(|link| link.id == *id) else { continue };
            shown.push(match form {
                Form::Full | Form::FullService => hsds_lists::service_at_location(aggregate, link, context),
                Form::Minimal | Form::Short => hsds_lists::service_at_location_in_list(aggregate, link, context),
            });
        }
    }
    Ok(shown)
}

fn show_organizations(
    conn: &mut Conn,
    ids: &[Id],
    form: Form,
    context: Context<'_>,
) -> Result<Vec<Value>, store::Error> {
    let mut found = organizations::list_by_ids(conn, ids)?;
    found.sort_by_key(|one| ids.iter().position(|id| *id == one.id));
    let mut shown = Vec::with_capacity(found.len());
    for one in &found {
        shown.push(match form {
            Form::Minimal | Form::Short => hsds_lists::organization_in_list(one, context),
            Form::Full => {
                let places = locations::list_of_organization(conn, one.id, ORGANIZATION_PLACES_MAX)?;
                hsds_lists::organization_full(one, &places, None, context)
            }
            Form::FullService => {
                let places = locations::list_of_organization(conn, one.id, ORGANIZATION_PLACES_MAX)?;
                let given = lists::services_of_organization(conn, one.id, ORGANIZATION_SERVICES_MAX)?;
                let given = services::list_aggregates(conn, &given)?;
                hsds_lists::organization_full(one, &places, Some(&given), context)
            }
        });
    }
    Ok(shown)
}

fn show_terms(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Value>, store::Error> {
    let found = taxonomies::list_terms_by_ids(conn, ids)?;
    let mut lists: Vec<Id> = found.values().filter_map(|term| term.taxonomy_id).collect();
    lists.sort_unstable();
    lists.dedup();
    let lists = taxonomies::list_by_ids(conn, &lists)?;
    let show = |term| hsds_lists::foreign_term(term, term.taxonomy_id.and_then(|id| lists.get(&id)));
    Ok(ids.iter().filter_map(|id| found.get(id)).map(show).collect())
}

// ---- one record

/// One record in full.
///
/// # Errors
/// `NotFound` for what is not there.
pub fn get(
    deps: &Deps,
    account: Option<&AccountViewer>,
    of: Collection,
    id: &str,
    with_services: bool,
) -> Outcome<Record> {
    let asked = Asked { form: if with_services { Form::FullService } else { Form::Full }, ..Asked::new(of, 1, 1) };
    if let Some(value) = built_in_named(of, id) {
        return Ok(Record { value, updated_at: None });
    }
    let not_there = || Failure::from(Refusal::new(Code::NotFound));
    let id = match of {
        Collection::Taxonomies => foreign_terms::taxonomy_id(id),
        Collection::TaxonomyTerms => foreign_terms::term_id(id),
        Collection::Services | Collection::Organizations | Collection::ServiceAtLocations => {
            id.parse().map_err(|_| not_there())?
        }
    };
    let eyes = Eyes::of(account);
    if of == Collection::Services {
        let shown = super::services::get(deps, account, id)?;
        return Ok(Record { value: shown.value, updated_at: Some(shown.updated_at) });
    }
    deps.store.read(|conn| {
        let updated_at = match of {
            Collection::Organizations => {
                let one = organizations::get(conn, id)?;
                history::still_there((one.retired_at, one.replaced_by))?;
                Some(one.updated_at)
            }
            Collection::ServiceAtLocations => {
                still_given(conn, id)?;
                None
            }
            Collection::Services | Collection::Taxonomies | Collection::TaxonomyTerms => None,
        };
        let shown = show(deps, conn, eyes, &asked, &[Anchor { at: None, id }])?.pop();
        shown.map(|value| Record { value, updated_at }).ok_or_else(not_there)
    })
}

/// A link goes with its service. Another service that stands for it has links of its own: the reader is told that this
/// one is gone, and not sent to an id of another kind.
fn still_given(conn: &mut Conn, link: Id) -> Result<(), Failure> {
    let services_of = lists::services_of_links(conn, &[link])?;
    let Some((_, service)) = services_of.first() else { return Ok(()) };
    let aggregate = services::get_aggregate(conn, *service)?;
    match aggregate.service.retired_at {
        Some(_) => Err(Refusal::new(Code::Retired).into()),
        None => Ok(()),
    }
}

fn built_in_named(of: Collection, id: &str) -> Option<Value> {
    let taxonomy = Taxonomy::embedded();
    match of {
        Collection::Taxonomies => (id == taxonomy.id).then(|| hsds_lists::needs(taxonomy)),
        Collection::TaxonomyTerms => {
            taxonomy.find_by_id(id).or_else(|| taxonomy.get(id)).map(|term| hsds_lists::need(term, taxonomy))
        }
        Collection::Services | Collection::Organizations | Collection::ServiceAtLocations => None,
    }
}
