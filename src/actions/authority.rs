//! Who may write a record of the directory: members of its organisation, and curators. A curator who is bounded to
//! territories writes what lies in them or serves them: a service given or serving under one of them, a place that lies
//! under one, an organisation of which a place or a service does. What is nowhere yet is any curator's.

use super::Outcome;
use crate::domain::directory::{Location, Organization, Service, Visibility};
use crate::domain::territory::Gazetteer;
use crate::domain::viewer::{AccountViewer, Role};
use crate::id::Id;
use crate::store::{self, Conn, authority as store_of, locations};

/// Who asks to write, and the map that says where records are.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    pub account: &'a AccountViewer,
    pub gazetteer: &'a Gazetteer,
}

impl Authority<'_> {
    pub fn is_member_of(&self, organization_id: Id) -> bool {
        let is = |role| self.account.is_member_of(organization_id, role);
        is(Role::Worker) || is(Role::Partner)
    }

    pub fn is_curator(&self) -> bool {
        self.account.has_role(Role::Curator)
    }

    /// A curator of one of these territories, or of what one of them is in.
    fn is_curator_of<'b>(&self, ids: impl Iterator<Item = &'b str>) -> bool {
        if !self.is_curator() || self.account.territories.is_empty() {
            return self.is_curator();
        }
        let mut ids = ids.peekable();
        if ids.peek().is_none() {
            return true;
        }
        let mine = |id: &str| self.account.territories.iter().any(|own| own == id);
        let mut ids = ids;
        ids.any(|id| mine(id) || self.gazetteer.ancestors(id).iter().any(|one| mine(one)))
    }

    pub fn may_write_place(&self, place: &Location) -> bool {
        place.organization_id.is_some_and(|id| self.is_member_of(id)) || self.is_curator_of(place.territories.ids())
    }

    /// A place as a curator, whoever owns it.
    pub fn is_curator_of_place(&self, place: &Location) -> bool {
        self.is_curator_of(place.territories.ids())
    }

    /// `places` are those where the service is given.
    pub fn may_write_service<'b>(&self, service: &Service, places: impl Iterator<Item = &'b Location>) -> bool {
        let served = service.served.iter().map(String::as_str);
        let located = places.flat_map(|place| place.territories.ids());
        self.is_member_of(service.organization_id) || self.is_curator_of(served.chain(located))
    }

    pub fn may_write_organization(&self, conn: &mut Conn, one: &Organization) -> Result<bool, store::Error> {
        if self.is_member_of(one.id) || (self.is_curator() && self.account.territories.is_empty()) {
            return Ok(true);
        }
        if !self.is_curator() {
            return Ok(false);
        }
        let ids = self.ids_within();
        Ok(store_of::lies_in(conn, one.id, &ids)? || !store_of::lies_anywhere(conn, one.id)?)
    }

    /// A curator's territories and all that is in them.
    fn ids_within(&self) -> Vec<String> {
        let mine = |id: &str| self.account.territories.iter().any(|own| own == id);
        let within = |id: &&str| self.gazetteer.ancestors(id).iter().any(|one| mine(one));
        self.gazetteer.all().map(|one| one.id.as_str()).filter(within).map(str::to_owned).collect()
    }

    /// A service may be given at a public place of anybody; at one that is not public, by its owner, or by a curator of
    /// where it is.
    pub fn may_link(&self, place: &Location, organization_id: Id) -> bool {
        let is_own = place.organization_id == Some(organization_id);
        is_own || place.visibility == Visibility::Public || self.is_curator_of_place(place)
    }

    /// A place shared with another organisation is a curator's to change.
    pub fn may_alter_shared(&self, conn: &mut Conn, place: &Location, organization_id: Id) -> Outcome<bool> {
        Ok(self.is_curator_of_place(place) || !locations::is_shared(conn, place.id, organization_id)?)
    }
}
