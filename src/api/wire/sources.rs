//! Sources on the wire. The key that a source gives a record is not shown: it may be made of an address.

use serde::{Deserialize, Serialize};

use crate::actions::sources::Whence;
use crate::clock::Time;
use crate::id::Id;
use crate::store::sources::{SourceRecord, SourceRow};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingQuery {
    pub after: Option<Id>,
}

#[derive(Debug, Serialize)]
struct ListedBy {
    source: String,
    said_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_since: Option<Time>,
}

#[derive(Debug, Serialize)]
struct FieldView {
    field: String,
    source: String,
    at: Time,
}

#[derive(Debug, Serialize)]
pub struct ProvenanceView {
    id: Id,
    source: String,
    listed_by: Vec<ListedBy>,
    fields: Vec<FieldView>,
}

impl ProvenanceView {
    pub fn new(whence: &Whence) -> Self {
        let listed = |one: &SourceRecord| ListedBy {
            source: one.source.clone(),
            said_at: one.said_at,
            missing_since: one.missing_since,
        };
        let fields = whence.fields.iter().map(|one| FieldView {
            field: one.field.clone(),
            source: one.source.clone(),
            at: one.said_at,
        });
        Self {
            id: whence.id,
            source: whence.source.clone(),
            listed_by: whence.listed_by.iter().map(listed).collect(),
            fields: fields.collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct SourceView {
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    priority: i32,
    started_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Time>,
    taken: i64,
    changed: i64,
    unchanged: i64,
    refused: i64,
    missing: i64,
}

#[derive(Debug, Serialize)]
pub struct SourcesView {
    sources: Vec<SourceView>,
}

impl SourcesView {
    pub fn new(rows: &[SourceRow]) -> Self {
        let view = |row: &SourceRow| SourceView {
            name: row.name.clone(),
            kind: row.kind.as_str(),
            url: row.url.clone(),
            language: row.language.clone(),
            priority: row.priority,
            started_at: row.started_at,
            finished_at: row.finished_at,
            taken: row.taken,
            changed: row.changed,
            unchanged: row.unchanged,
            refused: row.refused,
            missing: row.missing,
        };
        Self { sources: rows.iter().map(view).collect() }
    }
}

#[derive(Debug, Serialize)]
struct MissingRecord {
    subject: &'static str,
    id: Id,
    missing_since: Option<Time>,
}

#[derive(Debug, Serialize)]
pub struct MissingView {
    missing: Vec<MissingRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<Id>,
}

impl MissingView {
    pub fn new(rows: &[SourceRecord], next_after: Option<Id>) -> Self {
        let view = |row: &SourceRecord| MissingRecord {
            subject: row.subject.as_str(),
            id: row.record_id,
            missing_since: row.missing_since,
        };
        Self { missing: rows.iter().map(view).collect(), next_after }
    }
}
