//! Signing in, staying signed in, and making accounts.

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use super::{Deps, Outcome};
use crate::clock::Time;
use crate::domain::directory::{Organization, OrganizationDocument, Origin};
use crate::domain::language::{Lang, Text};
use crate::domain::plain_text::check_line;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::seal::{passwords, secrets};
use crate::store::accounts::{self, AccountRow, MembershipRow};
use crate::store::refresh_tokens::{self, RefreshTokenRow};
use crate::store::{DEFAULT_NETWORK, Tx, changes, organizations};

/// Two tabs of one browser may refresh at the same moment: within this time the second is not a thief.
const REFRESH_OVERLAP_S: i64 = 10;
pub const EMAIL_LENGTH_MAX: usize = 254;
pub const PASSWORD_LENGTH_MIN: usize = 10;

/// What a sign-in gives (RFC 6749, section 5.1).
pub struct Grant {
    pub access_token: String,
    pub expires_in_s: i64,
    pub refresh_token: SecretString,
}

/// Password grant. Every way to fail gives the same refusal, and takes the time of one verification.
pub fn sign_in(deps: &Deps, email: &str, password: &str) -> Outcome<Grant> {
    let now = deps.clock.now();
    let email = normal_email(email);
    let (found, head) = deps
        .store
        .read(|conn| Ok::<_, crate::store::Error>((accounts::find_by_email(conn, &email)?, changes::head(conn)?)))?;
    let hash = found.as_ref().and_then(|account| account.password_hash.clone());
    let matches = passwords::verify(hash.as_deref().unwrap_or(passwords::NOBODY), password);
    let Some(account) = found.filter(|account| hash.is_some() && may_sign_in(account, head.is_demo, now)) else {
        return Err(Refusal::new(Code::InvalidGrant).into());
    };
    let family_id = deps.ids.new_id(now);
    let written = deps.store.write(now, |tx| {
        // Many may try at once: what counts is the row as it is now.
        let account = accounts::find(tx, account.id)?.filter(|account| may_sign_in(account, head.is_demo, now));
        let Some(account) = account else { return Ok(None) };
        if !matches {
            let limits = &deps.config.limits;
            if accounts::count_failure(tx, account.id)? >= limits.sign_in_failures_max {
                let until = now.plus(TimeDelta::minutes(limits.sign_in_lock_minutes));
                accounts::forget_failures(tx, account.id, Some(until))?;
            }
            return Ok(None);
        }
        if account.failed_attempts > 0 {
            accounts::forget_failures(tx, account.id, None)?;
        }
        issue(deps, tx, account.id, family_id).map(Some)
    })?;
    written.value.ok_or_else(|| Refusal::new(Code::InvalidGrant).into())
}

fn may_sign_in(account: &AccountRow, data_are_demo: bool, now: Time) -> bool {
    let locked = account.locked_until.is_some_and(|until| until > now);
    account.disabled_at.is_none() && !locked && (!account.is_demo || data_are_demo)
}

/// Refresh grant: the old token is used up, a new one comes. An old one that comes back later ends the whole family.
pub fn refresh(deps: &Deps, token: &str) -> Outcome<Grant> {
    let now = deps.clock.now();
    let hash = secrets::hash(token);
    let written = deps.store.write(now, |tx| {
        let Some(row) = refresh_tokens::find_by_hash(tx, &hash)? else { return Ok(None) };
        let account = accounts::find(tx, row.account_id)?;
        let is_demo = changes::head(tx)?.is_demo;
        let welcome = account.is_some_and(|account| may_sign_in(&account, is_demo, now));
        if row.revoked_at.is_some() || row.expires_at <= now || !welcome {
            return Ok(None);
        }
        if let Some(replaced_at) = row.replaced_at
            && replaced_at.plus(TimeDelta::seconds(REFRESH_OVERLAP_S)) < now
        {
            refresh_tokens::revoke_family(tx, row.family_id, now)?;
            return Ok(None);
        }
        refresh_tokens::mark_replaced(tx, row.id, now)?;
        issue(deps, tx, row.account_id, row.family_id).map(Some)
    })?;
    written.value.ok_or_else(|| Refusal::new(Code::InvalidGrant).into())
}

fn issue(deps: &Deps, tx: &mut Tx<'_>, account_id: Id, family_id: Id) -> Outcome<Grant> {
    let now = tx.now();
    let limits = &deps.config.limits;
    let (refresh_token, token_hash) = secrets::new_token(secrets::REFRESH_BITS);
    let row = RefreshTokenRow {
        id: deps.ids.new_id(now),
        family_id,
        account_id,
        token_hash,
        created_at: now,
        expires_at: now.plus(TimeDelta::days(limits.refresh_token_days)),
        replaced_at: None,
        revoked_at: None,
    };
    refresh_tokens::insert(tx, &row)?;
    let lifetime = TimeDelta::minutes(limits.access_token_minutes);
    let access_token = deps.signer.sign(account_id, deps.ids.new_id(now), now, now.plus(lifetime))?;
    Ok(Grant { access_token, expires_in_s: lifetime.num_seconds(), refresh_token })
}

/// Who a bearer token stands for at this moment: roles are read again, so one taken away is gone at once.
pub fn viewer_of(deps: &Deps, token: &str) -> Outcome<AccountViewer> {
    let invalid = || Refusal::new(Code::InvalidToken);
    let account_id = deps.signer.verify(token, deps.clock.now()).ok_or_else(invalid)?;
    let viewer = deps.store.read(|conn| accounts::find_viewer(conn, account_id))?;
    Ok(viewer.ok_or_else(invalid)?)
}

pub struct NewAccount {
    pub email: String,
    pub display_name: String,
    pub lang: Lang,
    pub password: SecretString,
    pub organization_id: Id,
    pub role: Role,
    /// Where a curator may write; empty: in the whole network.
    pub territories: Vec<String>,
}

pub fn add(deps: &Deps, new: &NewAccount) -> Outcome<Id> {
    let email = normal_email(&new.email);
    if email.len() > EMAIL_LENGTH_MAX || !email.contains('@') || email.contains(char::is_whitespace) {
        return Err(Refusal::field(Code::InvalidValue, "email").rule("name@domain").into());
    }
    check_line(&new.display_name, "name")?;
    let password = new.password.expose_secret();
    if password.chars().count() < PASSWORD_LENGTH_MIN {
        return Err(Refusal::field(Code::OutOfRange, "password").rule(format!(">= {PASSWORD_LENGTH_MIN}")).into());
    }
    if !new.territories.is_empty() && new.role != Role::Curator {
        return Err(Refusal::field(Code::InvalidValue, "territory").rule("of curators only").into());
    }
    let unknown = new.territories.iter().find(|id| deps.gazetteer().get(id).is_none());
    if let Some(id) = unknown {
        return Err(Refusal::field(Code::UnknownTerritory, "territory").rule(id.clone()).into());
    }
    let hash = passwords::hash(password, &mut rand::rngs::OsRng)?;
    let now = deps.clock.now();
    let id = deps.ids.new_id(now);
    let written = deps.store.write(now, |tx| {
        if accounts::find_by_email(tx, &email)?.is_some() {
            return Err(Refusal::field(Code::AlreadyExists, "email").into());
        }
        if accounts::organization_names(tx, &[new.organization_id])?.is_empty() {
            return Err(Refusal::field(Code::UnknownReference, "organization").into());
        }
        let row = AccountRow {
            id,
            network_id: DEFAULT_NETWORK,
            email: email.clone(),
            display_name: new.display_name.clone(),
            lang: new.lang.as_str().to_owned(),
            password_hash: Some(hash.clone()),
            failed_attempts: 0,
            locked_until: None,
            is_demo: false,
            created_at: now,
            disabled_at: None,
        };
        accounts::insert(tx, &[row])?;
        let membership = MembershipRow { account_id: id, organization_id: new.organization_id, role: new.role };
        accounts::insert_memberships(tx, &[membership])?;
        accounts::insert_territories(tx, id, &new.territories)?;
        Ok::<_, super::Failure>(id)
    })?;
    Ok(written.value)
}

/// Who is signed in, for the person to see.
pub struct Profile {
    pub account: AccountRow,
    pub memberships: Vec<(Id, Text, Role)>,
}

pub fn profile(deps: &Deps, viewer: &AccountViewer) -> Outcome<Profile> {
    let ids: Vec<Id> = viewer.memberships.iter().map(|membership| membership.organization_id).collect();
    let (account, names) = deps.store.read(|conn| {
        let account = accounts::find(conn, viewer.account_id)?.ok_or(crate::store::Error::NotFound)?;
        Ok::<_, crate::store::Error>((account, accounts::organization_names(conn, &ids)?))
    })?;
    let name_of = |id: Id| {
        let found = names.iter().find(|(known, _, _)| *known == id).cloned();
        found.map_or_else(Text::default, |(_, fr, en)| Text { fr, en })
    };
    let memberships =
        viewer.memberships.iter().map(|one| (one.organization_id, name_of(one.organization_id), one.role)).collect();
    Ok(Profile { account, memberships })
}

pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Adds an organisation by an administrator's hand: the only way, with the sample, to give a referral address.
pub fn add_organization(
    deps: &Deps,
    name: &Text,
    referral_address: Option<&str>,
    enrolled_on: Option<chrono::NaiveDate>,
) -> Outcome<Id> {
    if name.is_empty() {
        return Err(Refusal::field(Code::MissingField, "name").into());
    }
    for text in [&name.fr, &name.en].into_iter().flatten() {
        check_line(text, "name")?;
    }
    if referral_address.is_some_and(|address| address.parse::<lettre::Address>().is_err()) {
        return Err(Refusal::field(Code::InvalidValue, "referral_address").rule("name@domain").into());
    }
    let now = deps.clock.now();
    let id = deps.ids.new_id(now);
    let organization = Organization {
        id,
        origin: Origin::local(id),
        name: name.clone(),
        referral_address: None,
        enrolled_on,
        document: OrganizationDocument::default(),
        version: 1,
        updated_at: now,
        retired_at: None,
        replaced_by: None,
    };
    deps.store.write(now, |tx| {
        organizations::insert(tx, &organization)?;
        organizations::set_referral_address(tx, id, referral_address)
    })?;
    Ok(id)
}
