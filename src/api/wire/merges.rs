//! A merge on the wire.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::actions::merges::MergeAsked;
use crate::domain::duplicate::merge::Picks;
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    keep: Id,
    /// The versions that the curator read, of both services.
    if_match: Option<BTreeMap<Id, i64>>,
    #[serde(default)]
    fields: Picks,
}

impl MergeBody {
    pub fn parse(self) -> Result<MergeAsked, Refusal> {
        let versions = self.if_match.ok_or_else(|| Refusal::field(Code::VersionRequired, "if_match"))?;
        Ok(MergeAsked { keep: self.keep, versions, picks: self.fields })
    }
}
