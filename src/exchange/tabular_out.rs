//! Nested records spread over the tables of HSDS: one row for each object, named by its id in the rows of what it
//! holds. What no column of the standard holds has columns of its own, so that the tables lose nothing; an id that two
//! objects share is given to one row and kept beside the other.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

use super::hsds_tables::{
    Column, DATAPACKAGE, Definition, OF_TABLE, OTHER_MEMBERS, TABLES, links_of, lists_of, ones_of,
};
use crate::id::Id;

/// The columns of relais, after those of the standard.
const PROFILE_COLUMNS: [(&str, &str, &str); 23] = [
    ("organization", "translations", "object"),
    ("service", "referral_process", "string"),
    ("service", "transit", "string"),
    ("service", "delivery", "array"),
    ("service", "closed_from", "date"),
    ("service", "closed_until", "date"),
    ("service", "minimum_age_months", "integer"),
    ("service", "maximum_age_months", "integer"),
    ("service", "review_months", "integer"),
    ("service", "verified_at", "datetime"),
    ("service", "categories", "array"),
    ("service", "served", "array"),
    ("service", "public_exclusive", "array"),
    ("service", "public_preferred", "array"),
    ("service", "capacity", "object"),
    ("service", "translations", "object"),
    ("service_at_location", "translations", "object"),
    ("location", "timezone", "string"),
    ("location", "placement", "string"),
    ("location", "location_visibility", "string"),
    ("location", "located_in", "object"),
    ("location", "translations", "object"),
    ("location", "transit", "string"),
];

/// Where rows go: files of a folder, sheets of a workbook.
pub trait RowSink {
    /// # Errors
    /// Where the row could not be written.
    fn row(&mut self, table: usize, cells: &[Cell]) -> std::io::Result<()>;
}

/// A cell as text, and whether it is a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub is_number: bool,
}

/// A table as it goes out.
pub struct TableOut {
    pub definition: &'static Definition,
    pub columns: Vec<Column>,
    pub rows: u64,
    /// Columns in which a row says nothing, and in which a row says what is not of the column's kind.
    gaps: Vec<bool>,
    misfits: Vec<bool>,
}

/// Spreads records over tables. Memory grows by some 10 bytes for each row, to keep ids apart.
pub struct Spreader {
    pub tables: Vec<TableOut>,
    seen: HashSet<u64>,
    /// What a row that several may name says, by its id.
    shared: HashMap<u64, u64>,
}

type Members = Map<String, Value>;

/// Which list of which row an object is in.
struct Owner<'a> {
    row_id: &'a str,
    table: &'static str,
    member: &'a str,
    position: usize,
    link: &'a str,
}

impl Default for Spreader {
    fn default() -> Self {
        let table = |definition: &'static Definition| {
            let profile = PROFILE_COLUMNS.iter().filter(|(table, _, _)| *table == definition.name);
            let own = profile.map(|(_, name, kind)| (*name, *kind));
            let of_table = matches!(definition.name, "attribute" | "metadata").then_some((OF_TABLE, "string"));
            let added = own.chain(of_table).chain([(OTHER_MEMBERS, "object")]);
            let added = added.map(|(name, kind)| Column { name: name.to_owned(), kind: kind.to_owned(), format: None });
            let columns: Vec<Column> = definition.columns.iter().cloned().chain(added).collect();
            let width = columns.len();
            TableOut { definition, columns, rows: 0, gaps: vec![false; width], misfits: vec![false; width] }
        };
        Self { tables: TABLES.iter().map(table).collect(), seen: HashSet::new(), shared: HashMap::new() }
    }
}

fn hash_of(words: &[&str]) -> u64 {
    // Fixed keys: the same export gives the same rows.
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

fn is_shared(table: &str) -> bool {
    matches!(table, "program" | "taxonomy_term" | "taxonomy" | "unit")
}

impl Spreader {
    /// An organisation with its own places.
    ///
    /// # Errors
    /// Where a row could not be written.
    pub fn organization(&mut self, record: &Value, sink: &mut dyn RowSink) -> std::io::Result<()> {
        let Some(members) = record.as_object() else { return Ok(()) };
        self.emit("organization", members, None, sink).map(drop)
    }

    /// A service of an organisation that went out before.
    ///
    /// # Errors
    /// Where a row could not be written.
    pub fn service(&mut self, record: &Value, sink: &mut dyn RowSink) -> std::io::Result<()> {
        let mut record = record.clone();
        let Some(members) = record.as_object_mut() else { return Ok(()) };
        members.remove("organization");
        self.emit("service", members, None, sink).map(drop)
    }

    fn emit(
        &mut self,
        table: &'static str,
        object: &Members,
        owner: Option<Owner<'_>>,
        sink: &mut dyn RowSink,
    ) -> std::io::Result<String> {
        let mut others = Map::new();
        let row_id = self.row_id(table, object, owner.as_ref(), &mut others);
        let Some(index) = self.tables.iter().position(|one| one.definition.name == table) else { return Ok(row_id) };
        let columns = self.tables.get(index).map(|table| table.columns.clone()).unwrap_or_default();
        let mut cells = vec![Cell::default(); columns.len()];
        let mut put = |name: &str, text: String, is_number: bool| {
            if let Some(at) = columns.iter().position(|column| column.name == name) {
                cells[at] = Cell { text, is_number };
            }
        };
        put("id", row_id.clone(), false);
        if let Some(owner) = &owner {
            put(owner.link, owner.row_id.to_owned(), false);
            put(OF_TABLE, owner.table.to_owned(), false);
        }
        let mut links: Vec<&str> = links_of(table).collect();
        links.extend(ones_of(table).map(|one| one.link));
        let mut children = Vec::new();
        for (name, value) in object.iter().filter(|(name, _)| *name != "id") {
            if let Some(list) = lists_of(table).find(|list| list.member == name)
                && let Some(items) = all_objects(value)
            {
                children.push((list, items));
                continue;
            }
            if let Some(one) = ones_of(table).find(|one| one.member == name)
                && let Some(object) = value.as_object()
            {
                put(one.link, self.emit_one(one.table, object, sink)?, false);
                continue;
            }
            let column = columns.iter().find(|column| column.name == *name && !links.contains(&name.as_str()));
            match column.and_then(|column| Some((cell_of(column, value)?, column))) {
                Some((text, column)) => {
                    put(name, text, matches!(column.kind.as_str(), "number" | "integer"));
                    // "224" for the number 224: shown as one, kept as it came.
                    if value.is_string() && matches!(column.kind.as_str(), "number" | "integer") {
                        others.insert(name.clone(), value.clone());
                    }
                }
                None if value == "" && is_filled_in_again(table, name) => {}
                // The link names its service in both ways.
                None if table == "service_at_location" && owner.as_ref().is_some_and(|owner| owner.link == name) => {}
                None => {
                    others.insert(name.clone(), value.clone());
                }
            }
        }
        if !others.is_empty() {
            put(OTHER_MEMBERS, Value::Object(others).to_string(), false);
        }
        self.write(index, &columns, cells, sink)?;
        for (list, items) in children {
            for (position, item) in items.into_iter().enumerate() {
                let owner = Owner { row_id: &row_id, table, member: list.member, position, link: list.link };
                self.emit(list.table, item, Some(owner), sink)?;
            }
        }
        Ok(row_id)
    }

    /// The id of the row: the object's own, unless another row has it.
    fn row_id(&mut self, table: &str, object: &Members, owner: Option<&Owner<'_>>, others: &mut Members) -> String {
        let id = object.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let content = is_shared(table).then(|| hash_of(&[&Value::Object(object.clone()).to_string()]));
        if let Some(id) = id
            && (self.seen.insert(hash_of(&[table, id])) || owner.is_none() && !is_shared(table))
        {
            if let Some(content) = content {
                self.shared.insert(hash_of(&[table, id]), content);
            }
            return id.to_owned();
        }
        others.insert("id".to_owned(), object.get("id").cloned().unwrap_or(Value::Null));
        let text = Value::Object(object.clone()).to_string();
        let derived = match owner {
            Some(owner) => {
                let position = owner.position.to_string();
                Id::from_words(&["row", table, owner.table, owner.row_id, owner.member, &position])
            }
            None => Id::from_words(&["row", table, &text]),
        };
        let derived = derived.to_string();
        self.seen.insert(hash_of(&[table, &derived]));
        if let Some(content) = content {
            self.shared.insert(hash_of(&[table, &derived]), content);
        }
        derived
    }

    /// An object that others may name too: its row is written once.
    fn emit_one(&mut self, table: &'static str, object: &Members, sink: &mut dyn RowSink) -> std::io::Result<String> {
        let id = object.get("id").and_then(Value::as_str).unwrap_or("");
        if table == "location" {
            if self.seen.contains(&hash_of(&[table, id])) {
                return Ok(id.to_owned());
            }
            return self.emit(table, object, None, sink);
        }
        let text = Value::Object(object.clone()).to_string();
        let content = hash_of(&[&text]);
        let derived = Id::from_words(&["row", table, &text]).to_string();
        for known in [id, &derived] {
            if self.shared.get(&hash_of(&[table, known])) == Some(&content) {
                return Ok(known.to_owned());
            }
        }
        self.emit(table, object, None, sink)
    }

    fn write(
        &mut self,
        index: usize,
        columns: &[Column],
        cells: Vec<Cell>,
        sink: &mut dyn RowSink,
    ) -> std::io::Result<()> {
        if let Some(table) = self.tables.get_mut(index) {
            table.rows += 1;
            for (at, (column, cell)) in columns.iter().zip(&cells).enumerate() {
                table.gaps[at] |= cell.text.is_empty();
                table.misfits[at] |= !cell.text.is_empty() && !fits(column, &cell.text);
            }
        }
        sink.row(index, &cells)
    }

    /// The description of the package: that of the standard, with the columns of relais, and without the constraints
    /// that these rows do not hold.
    pub fn datapackage(&self) -> Value {
        let standard: Value = serde_json::from_str(DATAPACKAGE).unwrap_or_default();
        let resources = self.tables.iter().filter_map(|table| {
            let resources = standard["resources"].as_array()?;
            let resource = resources.iter().find(|one| one["name"] == table.definition.name)?;
            Some(table.described(resource))
        });
        let resources: Vec<Value> = resources.collect();
        json!({
            "profile": "tabular-data-package",
            "name": "human_services_data",
            "title": "Human Services Data Specification 3.2, relais",
            "homepage": standard["homepage"],
            "relais": {"cells": "exact", "formulas": "apostrophe"},
            "resources": resources,
        })
    }
}

/// Members that every answer has, empty where nobody said: they come back by themselves.
fn is_filled_in_again(table: &str, name: &str) -> bool {
    match table {
        "organization" => name == "description",
        "address" => matches!(name, "address_1" | "city" | "state_province" | "postal_code" | "country"),
        _ => false,
    }
}

fn all_objects(value: &Value) -> Option<Vec<&Members>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(Value::as_object).collect()
}

/// What a cell of this column says for a value; `None` when it cannot say it exactly.
fn cell_of(column: &Column, value: &Value) -> Option<String> {
    match (column.kind.as_str(), value) {
        ("number" | "integer", Value::String(text)) => text.parse::<u32>().ok().map(|_| text.clone()),
        ("number", Value::Number(number)) => Some(number.to_string()),
        ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        ("array", Value::Array(_)) | ("object", Value::Object(_)) | ("boolean", Value::Bool(_)) => {
            Some(value.to_string())
        }
        ("number" | "integer" | "array" | "object" | "boolean", _) => None,
        (_, Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Whether a reader that checks kinds and formats would take this cell.
fn fits(column: &Column, text: &str) -> bool {
    use chrono::{DateTime, NaiveDate, NaiveTime};
    match (column.kind.as_str(), column.format.as_deref()) {
        ("date", _) => text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        ("time", _) => text.len() == 8 && NaiveTime::parse_from_str(text, "%H:%M:%S").is_ok(),
        ("datetime", _) => text.len() >= 19 && DateTime::parse_from_rfc3339(text).is_ok(),
        ("string", Some("uuid")) => text.len() == 36 && text.parse::<Id>().is_ok(),
        ("string", Some("uri")) => text.is_ascii() && url::Url::parse(text).is_ok_and(|url| url.has_host()),
        ("string", Some("email")) => {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_+".contains(letter);
            let ends = |part: &str| {
                part.starts_with(|letter: char| letter.is_ascii_alphanumeric())
                    && part.ends_with(|letter: char| letter.is_ascii_alphanumeric())
                    && !part.contains("..")
            };
            text.split_once('@').is_some_and(|(local, host)| {
                local.chars().all(is_plain)
                    && ends(local)
                    && ends(host)
                    && host.contains('.')
                    && host.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-".contains(letter))
                    && host
                        .rsplit('.')
                        .next()
                        .is_some_and(|end| end.len() >= 2 && end.chars().all(|letter| letter.is_ascii_alphabetic()))
            })
        }
        _ => true,
    }
}

impl TableOut {
    fn described(&self, resource: &Value) -> Value {
        let known = |name: &str| {
            let fields = resource.pointer("/schema/fields").and_then(Value::as_array);
            fields.into_iter().flatten().find(|field| field["name"] == name).cloned()
        };
        let mut fields = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let mut field = known(&column.name).unwrap_or_else(|| json!({"name": column.name, "type": column.kind}));
            let (has_gaps, has_misfits) = (self.gaps.get(at) == Some(&true), self.misfits.get(at) == Some(&true));
            let Some(members) = field.as_object_mut() else { continue };
            if has_misfits {
                members.insert("type".to_owned(), json!("string"));
                members.remove("format");
            }
            let mut constraints = Map::new();
            if column.name == "id" {
                constraints.insert("required".to_owned(), json!(true));
                constraints.insert("unique".to_owned(), json!(true));
            } else if members.get("constraints").is_some_and(|said| said["required"] == true) && !has_gaps {
                constraints.insert("required".to_owned(), json!(true));
            }
            members.remove("constraints");
            if !constraints.is_empty() {
                members.insert("constraints".to_owned(), Value::Object(constraints));
            }
            fields.push(field);
        }
        let mut resource = resource.clone();
        if let Some(members) = resource.as_object_mut() {
            let references = members.get("schema").and_then(|schema| schema.get("foreignKeys")).cloned();
            let mut schema = json!({"fields": fields, "primaryKey": "id"});
            if let (Some(references), Some(schema)) = (references, schema.as_object_mut()) {
                schema.insert("foreignKeys".to_owned(), references);
            }
            members.insert("schema".to_owned(), schema);
            members.insert("encoding".to_owned(), json!("utf-8"));
        }
        resource
    }
}

/// A text that a spreadsheet would run gets a quote before it, and so does one that begins with a quote: taking one
/// quote off gives back every text exactly. A telephone number or a sum below zero runs nothing.
pub fn neutral(text: &str) -> std::borrow::Cow<'_, str> {
    let is_plain = |rest: &str| rest.chars().all(|letter| letter.is_ascii_digit() || " ().-".contains(letter));
    let runs = match text.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '\'') => true,
        Some('+' | '-') => !is_plain(text.get(1..).unwrap_or("")),
        _ => false,
    };
    if runs { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<(usize, Vec<Cell>)>);
    impl RowSink for Kept {
        fn row(&mut self, table: usize, cells: &[Cell]) -> std::io::Result<()> {
            self.0.push((table, cells.to_vec()));
            Ok(())
        }
    }

    #[test]
    fn formulas_run_nowhere_and_come_back_as_they_were() {
        for text in ["=1+1", "@SUM(A1)", "+cmd|'/c calc'!A1", "-2+3+cmd", "'quoted", "''", "\tx", "\r", "=", "'"] {
            let written = neutral(text);
            assert!(written.starts_with('\''), "{text:?}");
            assert_eq!(written.strip_prefix('\''), Some(text));
        }
        for text in ["+1 450 555-0101", "-5", "", "texte", "1=1", "a'b"] {
            assert_eq!(neutral(text), text);
        }
    }

    #[test]
    fn two_objects_of_one_id_are_two_rows_and_a_shared_one_is_one() {
        let mut spreader = Spreader::default();
        let mut sink = Kept::default();
        let unit = json!({"id": "u", "name": "place"});
        let phone = json!({"id": "p", "number": "211"});
        let organization = json!({"id": "o", "name": "A", "phones": [phone, phone]});
        let capacity = |id: &str| json!({"id": id, "unit": unit, "available": 1});
        let service = json!({"id": "s", "organization_id": "o", "capacities": [capacity("a"), capacity("b")]});
        spreader.organization(&organization, &mut sink).unwrap();
        spreader.service(&service, &mut sink).unwrap();
        let rows = |name: &str| spreader.tables.iter().find(|table| table.definition.name == name).unwrap().rows;
        assert_eq!((rows("phone"), rows("unit"), rows("service_capacity")), (2, 1, 2));
        let phones = spreader.tables.iter().position(|table| table.definition.name == "phone").unwrap();
        let ids: HashSet<&str> =
            sink.0.iter().filter(|(table, _)| *table == phones).map(|(_, cells)| cells[0].text.as_str()).collect();
        assert_eq!(ids.len(), 2);
    }
}
