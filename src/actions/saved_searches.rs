//! Searches that somebody signed in keeps for themselves, with an alert: one letter a day at most, about what is new in
//! all of them. Another account's search is not there. Looking at a search counts as nobody's demand.

use std::collections::HashSet;

use chrono::TimeDelta;
use serde_json::json;

use super::search::{self, Place, Search};
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::language::{Lang, Text};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::saved_search::{FOUND_MAX, Kept, LETTER, LOOK_HOURS, NAMED_MAX, SEARCHES_MAX};
use crate::domain::viewer::AccountViewer;
use crate::id::Id;
use crate::search::{Coverage, Sort};
use crate::store::outbox::{self, OutboxRow};
use crate::store::saved_searches::{self as rows, SavedSearchRow};
use crate::store::types::Json;
use crate::store::{self, accounts, services};

/// Services that the index gives at a time.
const PAGE_SERVICES: usize = 100;

/// A search to be kept.
#[derive(Debug, Clone)]
pub struct NewSearch {
    pub name: String,
    pub asked: Kept,
    pub has_alert: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub has_alert: Option<bool>,
}

fn search_of(kept: &Kept) -> Search {
    Search {
        text: kept.q.clone(),
        lang: kept.lang,
        exact: kept.exact,
        place: kept.near.clone().map(Place::Named),
        radius_km: kept.radius_km,
        coverage: kept.coverage.as_deref().and_then(Coverage::parse),
        category: kept.category.clone(),
        territory: None,
        area: None,
        facets: vec![],
        explain: false,
        highlight: false,
        open_at: None,
        ages_months: kept.age_months.clone(),
        language: kept.language.clone(),
        conditions: kept.conditions.clone(),
        sort: kept.sort.as_deref().and_then(Sort::parse),
        min_change: None,
        include_stale: false,
        limit: PAGE_SERVICES,
        cursor: None,
    }
}

/// A text with a number may be the address of a family: of that the name of the place that was understood is kept.
fn without_address(deps: &Deps, asked: &Kept) -> Outcome<Kept> {
    let has_number = |near: &&String| near.contains(|letter: char| letter.is_numeric());
    let Some(near) = asked.near.as_ref().filter(has_number) else { return Ok(asked.clone()) };
    let place = search::locate(deps.gazetteer(), &Place::Named(near.clone()))
        .map_err(|refusal| within_search(refusal.into()))?;
    Ok(Kept { near: place.named.map(|named| named.name), ..asked.clone() })
}

/// Ids of all that a search finds now, and whether there is more than is looked at.
fn look(deps: &Deps, kept: &Kept) -> Outcome<(Vec<Id>, bool)> {
    let mut asked = search_of(kept);
    let mut ids = Vec::new();
    loop {
        let page = search::find(deps, true, asked.clone())?.page;
        ids.extend(page.hits.into_iter().map(|hit| hit.service_id));
        match page.next_cursor {
            Some(_) if ids.len() >= FOUND_MAX => return Ok((ids, true)),
            Some(cursor) => asked.cursor = Some(cursor),
            None => return Ok((ids, false)),
        }
    }
}

/// What a search with an alert finds on the day from which it is one: only what comes after is new.
fn first_look(deps: &Deps, kept: &Kept) -> Outcome<Vec<Id>> {
    match look(deps, kept)? {
        (ids, false) => Ok(ids),
        (_, true) => Err(Refusal::field(Code::TooMany, "search").rule(format!("..={FOUND_MAX} services")).into()),
    }
}

fn next_look(now: Time) -> Time {
    now.plus(TimeDelta::hours(LOOK_HOURS))
}

/// The member of the search that is refused, as the request writes it.
fn within_search(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refusal) => {
            let field = refusal.field.as_ref().map(|field| match field.strip_prefix("search") {
                Some(_) => field.clone(),
                None => format!("search.{field}"),
            });
            Failure::Refused(Refusal { field, ..refusal })
        }
        other => other,
    }
}

pub fn create(deps: &Deps, account: &AccountViewer, new: &NewSearch) -> Outcome<SavedSearchRow> {
    let now = deps.clock.now();
    let asked = without_address(deps, &new.asked)?;
    // Asked in any case: a search that is refused is not kept.
    let found = match new.has_alert {
        true => first_look(deps, &asked),
        false => search::find(deps, true, search_of(&asked)).map(|_| Vec::new()),
    };
    let found = found.map_err(within_search)?;
    let row = SavedSearchRow {
        id: deps.ids.new_id(now),
        account_id: account.account_id,
        name: new.name.clone(),
        asked: Json(asked),
        known_ids: Json(found),
        alert_at: new.has_alert.then(|| next_look(now)),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let written = deps.store.write(now, |tx| {
        if rows::count(tx, account.account_id)? >= i64::try_from(SEARCHES_MAX).unwrap_or(i64::MAX) {
            return Err(Refusal::field(Code::TooMany, "name").rule(format!("..={SEARCHES_MAX} searches")).into());
        }
        rows::insert(tx, &row)?;
        Ok::<_, Failure>(rows::get(tx, account.account_id, row.id)?)
    })?;
    Ok(written.value)
}

pub fn list(deps: &Deps, account: &AccountViewer) -> Outcome<Vec<SavedSearchRow>> {
    let limit = i64::try_from(SEARCHES_MAX).unwrap_or(i64::MAX);
    Ok(deps.store.read(|conn| rows::list(conn, account.account_id, limit))?)
}

pub fn get(deps: &Deps, account: &AccountViewer, id: Id) -> Outcome<SavedSearchRow> {
    Ok(deps.store.read(|conn| rows::get(conn, account.account_id, id))?)
}

/// # Errors
/// `StaleVersion` where another version was read.
pub fn change(deps: &Deps, account: &AccountViewer, id: Id, version: i64, change: &Change) -> Outcome<SavedSearchRow> {
    let now = deps.clock.now();
    let read = get(deps, account, id)?;
    if read.version != version {
        return Err(store::Error::Stale.into());
    }
    let mut row = read.clone();
    if let Some(name) = &change.name {
        row.name.clone_from(name);
    }
    match change.has_alert {
        Some(true) if read.alert_at.is_none() => {
            row.known_ids = Json(first_look(deps, &read.asked.0)?);
            row.alert_at = Some(next_look(now));
        }
        Some(false) => (row.known_ids, row.alert_at) = (Json(Vec::new()), None),
        Some(true) | None => {}
    }
    if row.name == read.name && row.alert_at == read.alert_at {
        return Ok(read);
    }
    let written = deps.store.write(now, |tx| {
        rows::update(tx, &row)?;
        rows::get(tx, account.account_id, id)
    })?;
    Ok(written.value)
}

pub fn delete(deps: &Deps, account: &AccountViewer, id: Id) -> Outcome<()> {
    deps.store.write(deps.clock.now(), |tx| rows::delete(tx, account.account_id, id))?;
    Ok(())
}

// ---- alerts

/// Looks at the searches of an account, one of which is due, and writes to their owner when something is new: one
/// letter for all of them. False when there was nothing to say.
pub fn alert(deps: &Deps, account_id: Id, now: Time) -> Outcome<bool> {
    let limit = i64::try_from(SEARCHES_MAX).unwrap_or(i64::MAX);
    let kept = deps.store.read(|conn| rows::list(conn, account_id, limit))?;
    // All of them are looked at together, so that one letter speaks for all.
    let watched: Vec<SavedSearchRow> = kept.into_iter().filter(|row| row.alert_at.is_some()).collect();
    let mut looks: Vec<(SavedSearchRow, Vec<Id>, Vec<Id>)> = Vec::new();
    for row in watched {
        let (found, is_cut) = match look(deps, &row.asked.0) {
            // A place or a category that is no more: nothing is new there.
            Err(Failure::Refused(_)) => (row.known_ids.0.clone(), false),
            other => other?,
        };
        let known: HashSet<&Id> = row.known_ids.0.iter().collect();
        // Of a search that finds more than is looked at, nobody can say what is new.
        let new = found.iter().filter(|id| !is_cut && !known.contains(id)).copied().collect();
        looks.push((row, found, new));
    }
    let next = next_look(now);
    let written = deps.store.write(now, |tx| {
        let mut news: Vec<Id> = Vec::new();
        for (row, found, new) in &looks {
            if rows::looked_at(tx, row, found, next)? {
                news.extend(new.iter().filter(|id| !news.contains(id)).copied().collect::<Vec<Id>>());
            }
        }
        if news.is_empty() {
            return Ok(false);
        }
        let effect = OutboxRow {
            id: deps.ids.new_id(now),
            kind: LETTER.to_owned(),
            subject_id: account_id,
            payload: Json(json!({ "services": news })),
            created_at: now,
            due_at: now,
            attempts: 0,
            delivered_at: None,
            failed_at: None,
        };
        outbox::insert(tx, &effect)?;
        Ok::<_, Failure>(true)
    })?;
    Ok(written.value)
}

/// What a letter needs when it leaves.
pub struct Outgoing {
    pub address: String,
    pub lang: Lang,
    /// Names of services and of their organisations.
    pub services: Vec<(Text, Text)>,
    /// How many more there are.
    pub more: usize,
}

/// A letter ready to leave. `None`: the account is closed, or all that was new has left again.
pub fn prepare_letter(deps: &Deps, account_id: Id, payload: &serde_json::Value) -> Outcome<Option<Outgoing>> {
    let ids = payload["services"].as_array().into_iter().flatten();
    let ids: Vec<Id> = ids.filter_map(|id| id.as_str().and_then(|id| id.parse().ok())).collect();
    deps.store.read(|conn| {
        let Some(account) = accounts::find(conn, account_id)?.filter(|account| account.disabled_at.is_none()) else {
            return Ok(None);
        };
        let mut found = services::list_aggregates(conn, &ids)?;
        found.retain(|one| one.service.retired_at.is_none());
        let more = found.len().saturating_sub(NAMED_MAX);
        let services = found.into_iter().take(NAMED_MAX).map(|one| (one.service.name, one.organization.name));
        let services: Vec<(Text, Text)> = services.collect();
        let lang = Lang::parse(&account.lang).unwrap_or(Lang::Fr);
        Ok((!services.is_empty()).then_some(Outgoing { address: account.email, lang, services, more }))
    })
}
