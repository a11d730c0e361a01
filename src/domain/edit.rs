//! A change that somebody who may not write asks for. Who may write decides.

use super::words::words;

words! {
    /// Where a proposal stands. Superseded: another one changed the same members first.
    pub enum EditStatus {
        Pending => "pending",
        Accepted => "accepted",
        Refused => "refused",
        Superseded => "superseded",
    }
}

/// Members that nobody proposes: a record's identity, what the program writes, and what says that somebody looked. A
/// place is proposed at its own record, and how far it is shown is its owner's to say.
pub const NOT_PROPOSED: [&str; 14] = [
    "id",
    "organization_id",
    "organization",
    "locations",
    "services",
    "service_at_locations",
    "location_visibility",
    "metadata",
    "version",
    "change",
    "last_modified",
    "verified_at",
    "assured_date",
    "assurer_email",
];

/// The member of a history under which a change of this member is found.
pub fn kept_as(member: &str) -> &str {
    match member {
        "minimum_age" => "minimum_age_months",
        "maximum_age" => "maximum_age_months",
        other => other,
    }
}
