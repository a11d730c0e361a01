//! Lists of services that somebody signed in keeps for themselves: read, printed, sent. Another account's list is not
//! there. A list holds ids of services and a name of its own; whom it is for is written nowhere.

use chrono::TimeDelta;
use rand::rngs::OsRng;
use serde_json::json;

use super::exports::leave_out_retired;
use super::freshness::address_hash;
use super::guide::{is_printed, listing_of};
use super::idempotency::{Repeatable, once};
use super::{Deps, Failure, Outcome};
use crate::clock::Time;
use crate::domain::directory::ServiceAggregate;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::saved_list::{ADDRESS_LETTERS_PER_DAY_MAX, LETTER, LETTERS_PER_DAY_MAX, LISTS_MAX, check_services};
use crate::domain::viewer::AccountViewer;
use crate::exchange::hsds::Eyes;
use crate::id::Id;
use crate::seal::identity::{DataKey, Place, WrappedKey, open, seal};
use crate::store::outbox::{self, OutboxRow};
use crate::store::saved_lists::{self as rows, SavedListLetterRow, SavedListRow};
use crate::store::types::Json;
use crate::store::{self, Conn, services};
use crate::text::guide::{Guide, Listing, Section, words};

/// How long one who meets a bound of letters should wait, in seconds.
const RETRY_AFTER_S: u64 = 3_600;

/// What is written of a list; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub service_ids: Option<Vec<Id>>,
}

/// A list with its services as they are now, in its order. One that was replaced shows what stands for it.
#[derive(Debug, Clone)]
pub struct SavedList {
    pub row: SavedListRow,
    pub services: Vec<ServiceAggregate>,
}

pub fn create(
    deps: &Deps,
    account: &AccountViewer,
    name: &str,
    service_ids: &[Id],
    repeat: Option<&Repeatable>,
) -> Outcome<SavedList> {
    check_services(service_ids)?;
    let now = deps.clock.now();
    let row = SavedListRow {
        id: deps.ids.new_id(now),
        account_id: account.account_id,
        name: name.to_owned(),
        service_ids: Json(service_ids.to_vec()),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let written = deps.store.write(now, |tx| {
        let id = once(tx, repeat, |tx| {
            let kept = rows::count(tx, account.account_id)?;
            if kept >= i64::try_from(LISTS_MAX).unwrap_or(i64::MAX) {
                return Err(Refusal::field(Code::TooMany, "name").rule(format!("..={LISTS_MAX} lists")).into());
            }
            check_known(tx, service_ids, &[])?;
            rows::insert(tx, &row)?;
            Ok(row.id)
        })?;
        let row = rows::get(tx, account.account_id, id)?;
        with_services(tx, row)
    })?;
    Ok(written.value)
}

/// Services that are new to a list must be in the directory; those that left it since may stay.
fn check_known(conn: &mut Conn, ids: &[Id], before: &[Id]) -> Outcome<()> {
    let known = services::list_aggregates(conn, ids)?;
    let is_there = |id: &Id| known.iter().any(|one| one.service.id == *id && one.service.retired_at.is_none());
    match ids.iter().position(|id| !before.contains(id) && !is_there(id)) {
        Some(at) => Err(Refusal::field(Code::UnknownReference, format!("services.{at}")).into()),
        None => Ok(()),
    }
}

fn with_services(conn: &mut Conn, row: SavedListRow) -> Outcome<SavedList> {
    let mut found = services::list_aggregates(conn, &row.service_ids.0)?;
    let replacing: Vec<Id> = found.iter().filter_map(|one| one.service.replaced_by).collect();
    let mut standing = services::list_aggregates(conn, &replacing)?;
    for one in &mut found {
        let by = standing.iter().position(|other| Some(other.service.id) == one.service.replaced_by);
        if let Some(at) = by {
            *one = standing.swap_remove(at);
        }
    }
    // Two that were one stand here once.
    let mut seen = std::collections::HashSet::new();
    found.retain(|one| seen.insert(one.service.id));
    Ok(SavedList { row, services: found })
}

pub fn list(deps: &Deps, account: &AccountViewer) -> Outcome<Vec<SavedListRow>> {
    let limit = i64::try_from(LISTS_MAX).unwrap_or(i64::MAX);
    Ok(deps.store.read(|conn| rows::list(conn, account.account_id, limit))?)
}

pub fn get(deps: &Deps, account: &AccountViewer, id: Id) -> Outcome<SavedList> {
    deps.store.read(|conn| {
        let row = rows::get(conn, account.account_id, id)?;
        with_services(conn, row)
    })
}

/// # Errors
/// `StaleVersion` where another version was read.
pub fn change(deps: &Deps, account: &AccountViewer, id: Id, version: i64, change: &Change) -> Outcome<SavedList> {
    if let Some(ids) = &change.service_ids {
        check_services(ids)?;
    }
    let written = deps.store.write(deps.clock.now(), |tx| {
        let row = rows::get(tx, account.account_id, id)?;
        if row.version != version {
            return Err(store::Error::Stale.into());
        }
        let ids = change.service_ids.as_ref().unwrap_or(&row.service_ids.0);
        check_known(tx, ids, &row.service_ids.0)?;
        let name = change.name.as_ref().unwrap_or(&row.name);
        if *name == row.name && *ids == row.service_ids.0 {
            return with_services(tx, row);
        }
        rows::update(tx, &row, name, ids)?;
        let row = rows::get(tx, account.account_id, id)?;
        with_services(tx, row)
    })?;
    Ok(written.value)
}

pub fn delete(deps: &Deps, account: &AccountViewer, id: Id) -> Outcome<()> {
    deps.store.write(deps.clock.now(), |tx| rows::delete(tx, account.account_id, id))?;
    Ok(())
}

/// A list made for print, in its order. `for_professionals`: with what only signed-in people may read.
pub fn print(deps: &Deps, account: &AccountViewer, id: Id, lang: Lang, for_professionals: bool) -> Outcome<Guide> {
    let list = get(deps, account, id)?;
    let eyes = if for_professionals { Eyes::Professional } else { Eyes::Public };
    let listings = listings(deps, &list, lang, eyes);
    let notice = (listings.len() < list.services.len()).then_some(words(lang).gone);
    let section = Section { anchor: "c0".to_owned(), name: words(lang).chosen.to_owned(), listings };
    let sections = if section.listings.is_empty() { Vec::new() } else { vec![section] };
    Ok(Guide { lang, of: vec![list.row.name], sections, notice })
}

fn offered(list: &SavedList) -> impl Iterator<Item = &ServiceAggregate> {
    list.services.iter().filter(|one| one.service.retired_at.is_none() && is_printed(one))
}

/// What is still offered, as it is printed.
fn listings(deps: &Deps, list: &SavedList, lang: Lang, eyes: Eyes) -> Vec<Listing> {
    let listing = |one: &ServiceAggregate| {
        let mut one = one.clone();
        leave_out_retired(&mut one);
        listing_of(deps, &one, lang, eyes)
    };
    offered(list).map(listing).collect()
}

/// Sends a list to an address, once the change is written: what everybody may read of its services.
///
/// # Errors
/// `InvalidValue` where nothing of it is still offered; `TooSoon` where the account, or the address, has had its
/// letters of the day.
pub fn send(deps: &Deps, account: &AccountViewer, id: Id, address: &str, lang: Lang) -> Outcome<()> {
    let now = deps.clock.now();
    let letter = sealed_letter(deps, account, id, address, lang, now)?;
    let effect = OutboxRow {
        id: deps.ids.new_id(now),
        kind: LETTER.to_owned(),
        subject_id: letter.id,
        payload: Json(json!({})),
        created_at: now,
        due_at: now,
        attempts: 0,
        delivered_at: None,
        failed_at: None,
    };
    let since = now.plus(TimeDelta::hours(-24));
    deps.store.write(now, |tx| {
        let row = rows::get(tx, account.account_id, id)?;
        let list = with_services(tx, row)?;
        if offered(&list).next().is_none() {
            return Err(Refusal::field(Code::InvalidValue, "services")
                .rule("at least one that is still offered")
                .into());
        }
        let of_account = rows::count_letters_of(tx, account.account_id, since)?;
        let to_address = rows::count_letters_to(tx, &letter.address_hash, since)?;
        if of_account >= LETTERS_PER_DAY_MAX || to_address >= ADDRESS_LETTERS_PER_DAY_MAX {
            return Err(Failure::TooSoon(RETRY_AFTER_S));
        }
        rows::insert_letter(tx, &letter)?;
        outbox::insert(tx, &effect)?;
        Ok(())
    })?;
    Ok(())
}

fn place_of(letter_id: Id, key_version: i32) -> Place<'static> {
    Place { family_id: letter_id, table: "saved_list_letter", column: "address", key_version }
}

/// Where a list goes may be a family's own address: it is sealed until the letter leaves, with a key of its own.
fn sealed_letter(
    deps: &Deps,
    account: &AccountViewer,
    list_id: Id,
    address: &str,
    lang: Lang,
    now: Time,
) -> Outcome<SavedListLetterRow> {
    let id = deps.ids.new_id(now);
    let key = DataKey::generate(&mut OsRng);
    let wrapped = key.wrap(&deps.key_encryption, id, &mut OsRng)?;
    let place = place_of(id, wrapped.wrapped_by_version);
    let sealed = seal(&key, place, address.as_bytes(), &mut OsRng)?;
    Ok(SavedListLetterRow {
        id,
        list_id,
        account_id: account.account_id,
        address_hash: address_hash(address),
        sealed_address: Some(sealed),
        wrapped_key: Some(wrapped.wrapped),
        wrapped_by: wrapped.wrapped_by_version,
        lang: lang.as_str().to_owned(),
        created_at: now,
    })
}

/// What a letter needs when it leaves.
pub struct Outgoing {
    pub address: String,
    pub lang: Lang,
    pub listings: Vec<Listing>,
}

/// A letter ready to leave. `None`: its list is gone, or holds nothing that is still offered.
pub fn prepare_letter(deps: &Deps, letter_id: Id) -> Outcome<Option<Outgoing>> {
    let found = deps.store.read(|conn| {
        let Some(letter) = rows::find_letter(conn, letter_id)? else { return Ok(None) };
        match rows::get(conn, letter.account_id, letter.list_id) {
            Ok(row) => Ok(Some((letter, with_services(conn, row)?))),
            Err(store::Error::NotFound) => Ok(None),
            Err(other) => Err(Failure::from(other)),
        }
    })?;
    let Some((
        SavedListLetterRow { sealed_address: Some(sealed), wrapped_key: Some(wrapped), wrapped_by, lang, .. },
        list,
    )) = found
    else {
        return Ok(None);
    };
    let wrapped = WrappedKey { wrapped_by_version: wrapped_by, wrapped };
    let key = DataKey::unwrap_from(&wrapped, &deps.key_encryption, letter_id)?;
    let address = open(&key, place_of(letter_id, wrapped_by), &sealed)?;
    let lang = Lang::parse(&lang).unwrap_or(Lang::Fr);
    let listings = listings(deps, &list, lang, Eyes::Public);
    let address = String::from_utf8_lossy(&address).into_owned();
    Ok((!listings.is_empty()).then_some(Outgoing { address, lang, listings }))
}
