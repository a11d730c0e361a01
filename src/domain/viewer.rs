//! Who looks. Every read of a family, need, consent or referral takes a [`Viewer`]; the store turns it into a filter.

use serde::{Deserialize, Serialize};

use crate::id::Id;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Worker,
    Partner,
    Curator,
    Table,
    Admin,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Worker, Role::Partner, Role::Curator, Role::Table, Role::Admin];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Partner => "partner",
            Self::Curator => "curator",
            Self::Table => "table",
            Self::Admin => "admin",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// One account's part in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub organization_id: Id,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountViewer {
    pub account_id: Id,
    pub network_id: Id,
    pub memberships: Vec<Membership>,
    /// Where a curator may write, by territory id; empty: in the whole network. Nothing to anybody else.
    pub territories: Vec<String>,
}

impl AccountViewer {
    pub fn has_role(&self, role: Role) -> bool {
        self.memberships.iter().any(|membership| membership.role == role)
    }
    pub fn is_member_of(&self, organization_id: Id, role: Role) -> bool {
        self.memberships.iter().any(|one| one.organization_id == organization_id && one.role == role)
    }
    /// Organisations in which this account does casework: writes files, sends and receives referrals.
    pub fn casework_organizations(&self) -> Vec<Id> {
        let casework = |one: &&Membership| matches!(one.role, Role::Worker | Role::Partner);
        let mut ids: Vec<Id> = self.memberships.iter().filter(casework).map(|one| one.organization_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
    /// Organisations whose family files this account may open: only where it is a worker.
    pub fn family_organizations(&self) -> Vec<Id> {
        let worker = |one: &&Membership| one.role == Role::Worker;
        let mut ids: Vec<Id> = self.memberships.iter().filter(worker).map(|one| one.organization_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The four kinds of eyes. Each has its own SQL filter in the store; there is no fifth way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    Account(AccountViewer),
    /// An organisation without an account, through the link of one referral.
    Link {
        network_id: Id,
        referral_id: Id,
        organization_id: Id,
    },
    /// A family, through its own link: its referrals, and nothing of other families.
    FamilyLink {
        network_id: Id,
        family_id: Id,
    },
    /// A job of the program itself, by name: it acts, it never shows.
    Job(&'static str),
}

impl Viewer {
    pub fn account(&self) -> Option<&AccountViewer> {
        match self {
            Self::Account(account) => Some(account),
            Self::Link { .. } | Self::FamilyLink { .. } | Self::Job(_) => None,
        }
    }
}
