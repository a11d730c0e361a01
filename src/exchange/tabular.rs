//! A package of HSDS tables, of any version, joined into the same nested records that HSDS JSON has, and read by the
//! same code. A row that breaks a rule is refused with its table and line; the others come in.
//!
//! A package that relais wrote says so in its `datapackage.json`: its cells are read exactly, as they were written. In
//! any other, cells are read as people write them: see `tabular_cells` and `tabular_old`.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use super::hsds_in::{self, Reading};
use super::hsds_tables::{OF_TABLE, ONES, OTHER_MEMBERS, TABLES, definition, links_of, lists_of, ones_of};
use super::package::Package;
use super::tabular_cells::{plain_text, time_of_day, web_address};
use super::tabular_old::{self as old, ELIGIBILITY, OLD_LISTS, SERVICE_TAXONOMY};
use super::tabular_table::{self, REFUSED_MAX, Table};
use super::{Entry, Found, RefusedRow, Tally};
use crate::domain::directory_checks;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::type_words::rule_of;
use crate::id::Id;

type Members = Map<String, Value>;
/// A row: which of the tables, which of its rows.
type At = (usize, usize);

/// The records of a package, organisations before the services that name them.
///
/// # Errors
/// `InvalidJson` for a `datapackage.json` that is none: nothing of the package is taken.
pub fn entries<'a>(
    package: &Package,
    reading: Reading<'a>,
    tally: &'a Tally,
) -> Result<impl Iterator<Item = Found> + use<'a>, Refusal> {
    let kinds = Kinds::of(package)?;
    let mut refused = Vec::new();
    let files = package.files.iter().filter(|file| file.name.ends_with(".csv"));
    let tables: Vec<Table> = files.filter_map(|file| tabular_table::read(file, &mut refused)).collect();
    // A row that is no row any more was of a record that nobody can tell.
    let names_records = |row: &RefusedRow| {
        row.table.as_ref().is_some_and(|stem| stem.starts_with("organization") || stem.starts_with("service"))
    };
    if refused.iter().any(names_records) {
        tally.leave_unread();
    }
    let blank: u64 = tables.iter().map(|table| table.blank).sum();
    (0..blank).for_each(|_| tally.count_blank());
    let mut joined = Joined {
        tables,
        tally,
        kinds,
        reading,
        by_id: HashMap::new(),
        children: HashMap::new(),
        gone: HashSet::new(),
        refused,
        reported: HashSet::new(),
    };
    joined.index_ids();
    joined.refuse_cycles("organization", "parent_organization_id");
    joined.refuse_cycles("taxonomy_term", "parent_id");
    joined.index_links();
    joined.refuse_places_of_nobody();
    let rows = [joined.rows_of("organization"), joined.rows_of("service")].concat();
    Ok(Entries { joined, rows: rows.into(), ready: VecDeque::new() })
}

/// What the cells of a package are, by table and column.
struct Kinds {
    /// relais wrote it.
    is_ours: bool,
    by_column: HashMap<(String, String), String>,
}

impl Kinds {
    fn of(package: &Package) -> Result<Self, Refusal> {
        let mut kinds = Self { is_ours: false, by_column: HashMap::new() };
        let file = package.files.iter().find(|file| file.name == "datapackage.json");
        let Some(file) = file else { return Ok(kinds) };
        let text = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&file.bytes);
        let value: Value = serde_json::from_slice(text).map_err(|error| {
            let rule = format!("line {}, column {}", error.line(), error.column());
            Refusal::field(Code::InvalidJson, "datapackage.json").rule(rule)
        })?;
        kinds.is_ours = value.pointer("/relais/cells").and_then(Value::as_str) == Some("exact");
        if kinds.is_ours {
            for resource in value["resources"].as_array().into_iter().flatten() {
                for field in resource.pointer("/schema/fields").and_then(Value::as_array).into_iter().flatten() {
                    let word = |value: &Value, name: &str| value[name].as_str().unwrap_or("").to_owned();
                    kinds.by_column.insert((word(resource, "name"), word(field, "name")), word(field, "type"));
                }
            }
        }
        Ok(kinds)
    }

    fn get(&self, table: &str, column: &str) -> &str {
        if self.is_ours {
            let kind = self.by_column.get(&(table.to_owned(), column.to_owned()));
            return kind.map_or("string", String::as_str);
        }
        let columns = definition(table).into_iter().flat_map(|table| table.columns.iter());
        columns.into_iter().find(|known| known.name == column).map_or("string", |known| known.kind.as_str())
    }
}

struct Joined<'a> {
    tables: Vec<Table>,
    kinds: Kinds,
    reading: Reading<'a>,
    tally: &'a Tally,
    by_id: HashMap<&'static str, HashMap<String, At>>,
    /// The rows of a table that name a record in a column, by what they say there.
    children: HashMap<(&'static str, String), HashMap<String, Vec<At>>>,
    /// Rows refused before records are made.
    gone: HashSet<At>,
    refused: Vec<RefusedRow>,
    reported: HashSet<At>,
}

// ---- what names what

impl Joined<'_> {
    fn rows_of(&self, name: &str) -> Vec<At> {
        let tables = self.tables.iter().enumerate().filter(|(_, table)| table.name == name);
        let rows = tables.flat_map(|(position, table)| (0..table.rows.len()).map(move |row| (position, row)));
        rows.filter(|at| !self.gone.contains(at)).collect()
    }

    fn has_table(&self, name: &str) -> bool {
        self.tables.iter().any(|table| table.name == name)
    }

    /// The text of a cell: as it stands in a package of relais, without blanks around in another.
    fn cell(&self, (table, row): At, column: &str) -> Option<String> {
        let table = self.tables.get(table)?;
        let row = table.rows.get(row)?;
        let position = table.column(column);
        if self.kinds.is_ours {
            return table.raw(row, position?).map(|text| unescaped(text).to_owned());
        }
        table.get(row, position).map(str::to_owned)
    }

    /// What identifies a record within its table.
    fn key(&self, at: At, column: &str) -> Option<String> {
        let text = self.cell(at, column)?;
        Some(if self.kinds.is_ours { text } else { text.to_lowercase() })
    }

    fn refuse(&mut self, at: At, refusal: Refusal) {
        if !self.reported.insert(at) {
            return;
        }
        let Some(table) = self.tables.get(at.0) else { return };
        let stem = table.stem.clone();
        let line = table.rows.get(at.1).map_or(0, |row| row.line);
        if matches!(table.name, "organization" | "location" | "service")
            && let Some(text) = self.cell(at, "id")
            && let Ok(id) = self.stable_id(table.name, &text).parse()
        {
            // Refused and listed all the same: what is in the directory stays as it is.
            self.tally.list(id);
        }
        if self.refused.len() > REFUSED_MAX {
            return;
        }
        if self.refused.len() == REFUSED_MAX {
            let refusal = Refusal::field(Code::TooMany, "rows").rule(format!("<= {REFUSED_MAX} refused rows named"));
            self.refused.push(RefusedRow { line: 0, table: None, refusal });
            return;
        }
        self.refused.push(RefusedRow { line, table: Some(stem), refusal });
    }

    fn index_ids(&mut self) {
        let names: HashSet<&'static str> = self.tables.iter().map(|table| table.name).collect();
        for name in names {
            let mut ids: HashMap<String, At> = HashMap::new();
            for at in self.rows_of(name) {
                let Some(key) = self.key(at, "id") else {
                    if matches!(name, "organization" | "service" | "location") {
                        self.gone.insert(at);
                        self.refuse(at, Refusal::field(Code::MissingField, "id"));
                    }
                    continue;
                };
                let known = ids.get(&key).copied();
                // Two files of one table (`physical_addresses`, `postal_addresses`) may count from one each.
                if known.is_some_and(|(table, _)| table != at.0) && !is_named(name) {
                    continue;
                }
                if known.is_some() {
                    self.gone.insert(at);
                    self.refuse(at, Refusal::field(Code::AlreadyExists, "id").rule("once in a table"));
                } else {
                    ids.insert(key, at);
                }
            }
            self.by_id.insert(name, ids);
        }
    }

    /// Rows that are among their own parents.
    fn refuse_cycles(&mut self, name: &'static str, column: &str) {
        let Some(ids) = self.by_id.get(name) else { return };
        let parent_of = |key: &String| {
            let parent = self.key(*ids.get(key)?, column)?;
            ids.contains_key(&parent).then_some(parent)
        };
        let parents: HashMap<String, String> =
            ids.keys().filter_map(|key| Some((key.clone(), parent_of(key)?))).collect();
        let mut done: HashSet<&String> = HashSet::new();
        let mut cyclic: Vec<String> = Vec::new();
        for start in parents.keys() {
            let mut path: Vec<&String> = Vec::new();
            let mut on_path: HashSet<&String> = HashSet::new();
            let mut at = Some(start);
            while let Some(key) = at.filter(|key| !done.contains(*key)) {
                if !on_path.insert(key) {
                    let from = path.iter().position(|known| *known == key).unwrap_or(0);
                    cyclic.extend(path.iter().skip(from).map(|key| (*key).clone()));
                    break;
                }
                path.push(key);
                at = parents.get(key);
            }
            done.extend(path);
        }
        let mut rows: Vec<At> = Vec::new();
        if let Some(ids) = self.by_id.get_mut(name) {
            rows.extend(cyclic.iter().filter_map(|key| ids.remove(key)));
        }
        rows.sort_unstable();
        for at in rows {
            self.gone.insert(at);
            self.refuse(at, Refusal::field(Code::InvalidValue, column).rule("no record is among its own parents"));
        }
    }

    fn index_links(&mut self) {
        let names: Vec<&'static str> =
            self.tables.iter().map(|table| table.name).collect::<HashSet<_>>().into_iter().collect();
        for name in names {
            let mut links: Vec<&'static str> = links_of(name).collect();
            links.extend_from_slice(old::old_links_of(name));
            links.sort_unstable();
            links.dedup();
            if links.is_empty() || name == "location" {
                self.index_locations(name);
                continue;
            }
            for at in self.rows_of(name) {
                if let Err(refusal) = self.index_row(name, &links, at) {
                    self.refuse(at, refusal);
                }
            }
        }
    }

    /// A place may belong to nobody: a service is given there.
    fn index_locations(&mut self, name: &'static str) {
        if name != "location" {
            return;
        }
        for at in self.rows_of(name) {
            if let Some(key) = self.key(at, "organization_id") {
                if self.is_known("organization", &key) {
                    self.add_child(name, "organization_id", key, at);
                } else {
                    self.refuse(at, Refusal::field(Code::UnknownReference, "organization_id").rule(key));
                }
            }
        }
    }

    fn add_child(&mut self, name: &'static str, link: &str, key: String, at: At) {
        self.children.entry((name, link.to_owned())).or_default().entry(key).or_default().push(at);
    }

    fn is_known(&self, table: &str, key: &str) -> bool {
        self.by_id.get(table).is_some_and(|ids| ids.contains_key(key))
    }

    fn index_row(&mut self, name: &'static str, links: &[&'static str], at: At) -> Result<(), Refusal> {
        let mut wrong = None;
        let mut found = false;
        for link in links {
            let Some(key) = self.key(at, link) else { continue };
            let is_known = match *link {
                "link_id" | "resource_id" => self.by_id.values().any(|ids| ids.contains_key(&key)),
                link => self.is_known(link.trim_end_matches("_id"), &key),
            };
            if is_known {
                found = true;
                self.add_child(name, link, key, at);
            } else {
                wrong = Some(Refusal::field(Code::UnknownReference, *link).rule(key));
            }
        }
        for one in ones_of(name).filter(|one| one.of != "taxonomy_term") {
            match self.key(at, one.link) {
                Some(key) if !self.is_known(one.table, &key) => {
                    wrong = Some(Refusal::field(Code::UnknownReference, one.link).rule(key));
                }
                None if one.table == "location" => return Err(Refusal::field(Code::MissingField, one.link)),
                _ => {}
            }
        }
        match wrong {
            Some(refusal) => Err(refusal),
            // A row that others name needs no record of its own: a program of several services.
            None if !found && !ONES.iter().any(|one| one.table == name) && self.says_something(at, links) => {
                Err(Refusal::field(Code::MissingField, links.join(" | ")))
            }
            None => Ok(()),
        }
    }

    /// Whether a row has more than names of records.
    fn says_something(&self, at: At, links: &[&str]) -> bool {
        let Some(table) = self.tables.get(at.0) else { return false };
        let mut others = table.columns.iter().filter(|column| !links.contains(&column.as_str()) && *column != "id");
        others.any(|column| self.cell(at, column).is_some())
    }

    /// Places that no organisation has and where no service is given are in no record.
    fn refuse_places_of_nobody(&mut self) {
        let used: HashSet<String> =
            self.rows_of("service_at_location").into_iter().filter_map(|at| self.key(at, "location_id")).collect();
        for at in self.rows_of("location") {
            let is_used = self.key(at, "id").is_some_and(|key| used.contains(&key));
            if self.key(at, "organization_id").is_none() && !is_used {
                self.refuse(at, Refusal::field(Code::MissingField, "organization_id"));
            }
        }
    }
}

// ---- rows to members

impl Joined<'_> {
    /// An id that is the same at every reading: a UUID stays, another becomes one of the source.
    fn stable_id(&self, table: &str, text: &str) -> String {
        if self.kinds.is_ours || text.parse::<Id>().is_ok() {
            return text.to_owned();
        }
        Id::from_source_name(self.reading.source, &format!("{table}/{text}")).to_string()
    }

    /// What a row says itself.
    fn members(&self, at: At) -> Result<Members, Refusal> {
        let mut members = Map::new();
        let Some(table) = self.tables.get(at.0) else { return Ok(members) };
        let mut links: Vec<&str> = links_of(table.name).collect();
        links.extend_from_slice(old::old_links_of(table.name));
        links.extend(ones_of(table.name).map(|one| one.link));
        links.extend([OTHER_MEMBERS, OF_TABLE]);
        for column in table.columns.iter().filter(|column| !column.is_empty() && !links.contains(&column.as_str())) {
            let Some(text) = self.cell(at, column) else { continue };
            let value = match column.as_str() {
                "id" => json!(self.stable_id(table.name, &text)),
                "organization_id" | "parent_organization_id" => json!(self.stable_id("organization", &text)),
                "parent_id" => json!(self.stable_id(table.name, &text)),
                column if self.kinds.is_ours => exact(text, self.kinds.get(table.name, column)),
                column => read_cell(text, column, self.kinds.get(table.name, column))?,
            };
            members.insert(column.clone(), value);
        }
        if self.kinds.is_ours
            && let Some(text) = self.cell(at, OTHER_MEMBERS)
        {
            add_others(&mut members, &text)?;
        } else if let Some(kind) = old::address_type_of(&table.stem) {
            members.entry("address_type").or_insert_with(|| json!(kind));
        }
        Ok(members)
    }

    /// A row with the rows that name it and those that it names.
    fn nested(&mut self, at: At) -> Option<Members> {
        let mut members = match self.members(at) {
            Ok(members) => members,
            Err(refusal) => {
                self.refuse(at, refusal);
                return None;
            }
        };
        let name = self.tables.get(at.0)?.name;
        let key = self.key(at, "id");
        if let Some(key) = &key {
            for list in lists_of(name) {
                self.add_list(&mut members, list.member, (list.table, list.link), name, key);
            }
            if !self.kinds.is_ours {
                for (_, member, table, link) in OLD_LISTS.into_iter().filter(|list| list.0 == name) {
                    self.add_list(&mut members, member, (table, link), name, key);
                }
                self.add_old(&mut members, name, key);
            }
        }
        for one in ones_of(name) {
            let Some(key) = self.key(at, one.link) else { continue };
            let row = self.by_id.get(one.table).and_then(|ids| ids.get(&key).copied());
            match row.and_then(|row| self.leaf(row)) {
                Some(nested) => {
                    members.entry(one.member).or_insert(Value::Object(nested));
                }
                // A place that was refused: the service is not given there.
                None if one.table == "location" => return None,
                None => {}
            }
        }
        Some(members)
    }

    fn add_list(
        &mut self,
        members: &mut Members,
        member: &str,
        (table, link): (&'static str, &str),
        of: &str,
        key: &str,
    ) {
        let rows = self.children.get(&(table, link.to_owned())).and_then(|rows| rows.get(key)).cloned();
        let mut items = Vec::new();
        for at in rows.unwrap_or_default() {
            if self.cell(at, OF_TABLE).is_none_or(|said| !self.kinds.is_ours || said == of) {
                items.extend(self.leaf(at));
            }
        }
        let items = if table == "schedule" && !self.kinds.is_ours {
            old::merge_weekdays(items)
        } else {
            items.into_iter().map(Value::Object).collect()
        };
        if !items.is_empty() {
            members.insert(member.to_owned(), Value::Array(items));
        }
    }

    /// What is in tables that the standard no longer has.
    fn add_old(&mut self, members: &mut Members, name: &str, key: &str) {
        if name != "service" {
            return;
        }
        let rows = |joined: &Self, table: &'static str| {
            let rows = joined.children.get(&(table, "service_id".to_owned())).and_then(|rows| rows.get(key));
            rows.cloned().unwrap_or_default()
        };
        let eligibility: Vec<Members> =
            rows(self, ELIGIBILITY).into_iter().filter_map(|at| self.members(at).ok()).collect();
        old::add_eligibility(members, &eligibility);
        let mut attributes = Vec::new();
        for at in rows(self, SERVICE_TAXONOMY) {
            let Ok(mut attribute) = self.members(at) else { continue };
            let term = self.key(at, "taxonomy_term_id");
            let row = term.as_ref().and_then(|term| self.by_id.get("taxonomy_term")?.get(term).copied());
            let Some(term) = row.and_then(|row| self.nested(row)) else {
                let refusal = Refusal::field(Code::UnknownReference, "taxonomy_term_id");
                self.refuse(at, refusal.rule(term.unwrap_or_default()));
                continue;
            };
            attribute.remove("taxonomy_term_id");
            attribute.insert("link_entity".to_owned(), json!("service"));
            attribute.insert("taxonomy_term".to_owned(), Value::Object(term));
            attributes.push(Value::Object(attribute));
        }
        if !attributes.is_empty() {
            let list = members.entry("attributes").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.extend(attributes);
            }
        }
    }

    /// A row within a record. One that breaks a rule of its own is refused without the record.
    fn leaf(&mut self, at: At) -> Option<Members> {
        let members = self.nested(at)?;
        if self.kinds.is_ours {
            return Some(members);
        }
        let name = self.tables.get(at.0)?.name;
        let is_closed_day = name == "schedule" && members.contains_key("weekday") && !members.contains_key("opens_at");
        if is_closed_day && !members.contains_key("closes_at") {
            return None;
        }
        match check_leaf(name, &members, self.reading) {
            Ok(()) => Some(members),
            Err(refusal) => {
                self.refuse(at, refusal);
                None
            }
        }
    }
}

/// Whether rows of other tables name the rows of this one.
fn is_named(table: &str) -> bool {
    let links = TABLES.iter().flat_map(|table| &table.references);
    links.into_iter().any(|reference| reference.reference.table == table)
}

/// The text of a cell that relais wrote: a quote before what a spreadsheet would run, taken off again.
fn unescaped(text: &str) -> &str {
    text.strip_prefix('\'').unwrap_or(text)
}

/// A cell of a package of relais.
fn exact(text: String, kind: &str) -> Value {
    match kind {
        "number" | "integer" | "boolean" | "object" | "array" => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    }
}

/// Members that no column holds. `"id": null` says that there was no id.
fn add_others(members: &mut Members, text: &str) -> Result<(), Refusal> {
    let others: Members = serde_json::from_str(text)
        .map_err(|error| Refusal::field(Code::InvalidJson, OTHER_MEMBERS).rule(error.to_string()))?;
    for (name, value) in others {
        if name == "id" && value.is_null() {
            members.remove("id");
        } else {
            members.insert(name, value);
        }
    }
    Ok(())
}

/// A cell as people write it.
fn read_cell(text: String, column: &str, kind: &str) -> Result<Value, Refusal> {
    Ok(match (column, kind) {
        ("opens_at" | "closes_at", _) => {
            let time = time_of_day(&text);
            json!(time.ok_or_else(|| Refusal::field(Code::InvalidValue, column).rule(format!("time of day: {text}")))?)
        }
        ("url" | "website" | "uri" | "term_uri" | "logo", _) => json!(web_address(&text)),
        ("status" | "location_visibility", _) => json!(text.to_lowercase()),
        (_, "number" | "integer") => {
            let bare = text.strip_suffix('.').unwrap_or(&text);
            serde_json::from_str(bare).ok().map(Value::Number).unwrap_or(Value::String(text))
        }
        ("extent", _) => json!(text),
        _ => json!(plain_text(&text)),
    })
}

fn check_leaf(name: &str, members: &Members, reading: Reading<'_>) -> Result<(), Refusal> {
    let short = |mut refusal: Refusal| {
        refusal.field = refusal.field.map(|field| field.rsplit('.').next().unwrap_or("").to_owned());
        refusal
    };
    let wrong = |error: serde_json::Error| Refusal::field(Code::WrongType, name).rule(rule_of(&error.to_string()));
    match name {
        "phone" if !members.contains_key("number") => Err(Refusal::field(Code::MissingField, "number")),
        "phone" => {
            let phone = serde_json::from_value(Value::Object(members.clone())).map_err(wrong)?;
            directory_checks::phones("phones", &[phone]).map_err(short)
        }
        "schedule" => {
            if let Some(day) = members.get("weekday").and_then(Value::as_str)
                && super::tabular_cells::days_of(day).is_none()
            {
                return Err(Refusal::field(Code::InvalidValue, "weekday").rule(day));
            }
            let schedule = serde_json::from_value(Value::Object(members.clone())).map_err(wrong)?;
            directory_checks::schedules("schedules", &[schedule]).map_err(short)
        }
        "location" => {
            let place = hsds_in::read_location(members.clone(), None, reading)?;
            directory_checks::check_location(&place, "location")
        }
        _ => Ok(()),
    }
}

// ---- records

struct Entries<'a> {
    joined: Joined<'a>,
    rows: VecDeque<At>,
    ready: VecDeque<Found>,
}

impl Iterator for Entries<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let Some(at) = self.rows.pop_front() else {
                self.ready.extend(self.joined.refused.drain(..).map(Err));
                return self.ready.pop_front();
            };
            match self.joined.record(at) {
                Ok(entries) => self.ready.extend(entries.into_iter().map(Ok)),
                Err(refusal) => self.joined.refuse(at, refusal),
            }
        }
    }
}

impl Joined<'_> {
    fn record(&mut self, at: At) -> Result<Vec<Entry>, Refusal> {
        let Some(table) = self.tables.get(at.0) else { return Ok(Vec::new()) };
        let (name, line) = (table.name, table.rows.get(at.1).map_or(0, |row| row.line));
        if name == "service" {
            let key = self.key(at, "organization_id");
            let key = key.ok_or_else(|| Refusal::field(Code::MissingField, "organization_id"))?;
            // Without a table of organisations, they may be in the directory already.
            if self.has_table("organization") && !self.is_known("organization", &key) {
                return Err(Refusal::field(Code::UnknownReference, "organization_id").rule(key));
            }
        }
        let Some(members) = self.nested(at) else { return Ok(Vec::new()) };
        let mut entries = if name == "service" {
            vec![hsds_in::read_service(members, line, self.reading)?]
        } else {
            hsds_in::read_organization_record(members, line, self.reading)?
        };
        for entry in &mut entries {
            entry.table = Some(name);
        }
        Ok(entries)
    }
}
