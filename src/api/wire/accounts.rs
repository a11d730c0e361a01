//! The token endpoint's form and answers, and the profile of who is signed in.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::actions::accounts::{EMAIL_LENGTH_MAX, Grant, Profile};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::viewer::Role;
use crate::id::Id;
use crate::seal::passwords::PASSWORD_BYTES_MAX;

/// RFC 6749 asks to ignore parameters that are not known, so this form does.
#[derive(Deserialize)]
pub struct TokenForm {
    grant_type: Option<String>,
    username: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
}

pub enum TokenRequest {
    Password { username: String, password: String },
    Refresh { refresh_token: String },
}

impl TokenRequest {
    pub fn parse(form: TokenForm) -> Result<Self, Refusal> {
        let need = |value: Option<String>, name: &str, length_max: usize| {
            let value = value.ok_or_else(|| Refusal::field(Code::MissingField, name))?;
            if value.len() > length_max {
                return Err(Refusal::field(Code::TooLong, name).rule(format!("<= {length_max} bytes")));
            }
            Ok(value)
        };
        match form.grant_type.as_deref() {
            Some("password") => Ok(Self::Password {
                username: need(form.username, "username", EMAIL_LENGTH_MAX)?,
                password: need(form.password, "password", PASSWORD_BYTES_MAX)?,
            }),
            Some("refresh_token") => {
                Ok(Self::Refresh { refresh_token: need(form.refresh_token, "refresh_token", 256)? })
            }
            Some(_) => Err(Refusal::field(Code::InvalidValue, "grant_type").rule("password, refresh_token")),
            None => Err(Refusal::field(Code::MissingField, "grant_type")),
        }
    }
}

#[derive(Serialize)]
pub struct TokenView {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
}

impl TokenView {
    pub fn new(grant: &Grant) -> Self {
        Self {
            access_token: grant.access_token.clone(),
            token_type: "Bearer",
            expires_in: grant.expires_in_s,
            refresh_token: grant.refresh_token.expose_secret().to_owned(),
        }
    }
}

#[derive(Serialize)]
pub struct ProfileView {
    account_id: Id,
    email: String,
    display_name: String,
    lang: String,
    memberships: Vec<MembershipView>,
}

#[derive(Serialize)]
struct MembershipView {
    organization_id: Id,
    organization_name: String,
    role: Role,
}

impl ProfileView {
    pub fn new(profile: &Profile, lang: Lang) -> Self {
        let memberships = profile.memberships.iter().map(|(organization_id, name, role)| MembershipView {
            organization_id: *organization_id,
            organization_name: name.get(lang).to_owned(),
            role: *role,
        });
        Self {
            account_id: profile.account.id,
            email: profile.account.email.clone(),
            display_name: profile.account.display_name.clone(),
            lang: profile.account.lang.clone(),
            memberships: memberships.collect(),
        }
    }
}
