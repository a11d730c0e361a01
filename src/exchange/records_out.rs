//! Records as an export writes them: the same record is the same bytes, whichever database kept it and however often it
//! went out and came in again. Members are in one order; what belongs to this directory alone stays here.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value};

/// Where the records of an export go: all organisations, then all services.
pub trait Records {
    /// # Errors
    /// Where it could not be written.
    fn organization(&mut self, record: &Value) -> io::Result<()>;
    /// # Errors
    /// Where it could not be written.
    fn service(&mut self, record: &Value) -> io::Result<()>;
    /// Ends the export. Gives the rows of each table, where there are tables.
    ///
    /// # Errors
    /// Where it could not be written.
    fn finish(&mut self) -> io::Result<BTreeMap<String, u64>>;
}

/// One record a line, or one array of records.
pub struct JsonRecords<W> {
    out: W,
    is_array: bool,
    any: bool,
}

impl<W: Write> JsonRecords<W> {
    pub fn lines(out: W) -> Self {
        Self { out, is_array: false, any: false }
    }
    pub fn array(out: W) -> Self {
        Self { out, is_array: true, any: false }
    }
    fn write(&mut self, record: &Value) -> io::Result<()> {
        let before = match (self.is_array, self.any) {
            (true, false) => "[\n",
            (true, true) => ",\n",
            (false, _) => "",
        };
        self.any = true;
        self.out.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut self.out, record)?;
        if self.is_array { Ok(()) } else { self.out.write_all(b"\n") }
    }
}

impl<W: Write> Records for JsonRecords<W> {
    fn organization(&mut self, record: &Value) -> io::Result<()> {
        self.write(record)
    }
    fn service(&mut self, record: &Value) -> io::Result<()> {
        self.write(record)
    }
    fn finish(&mut self) -> io::Result<BTreeMap<String, u64>> {
        if self.is_array {
            self.out.write_all(if self.any { b"\n]\n" } else { b"[]\n" })?;
        }
        self.out.flush()?;
        Ok(BTreeMap::new())
    }
}

/// Members of a service that say what this directory did, not what is true of the service: a second directory has its
/// own. See docs/decisions/0007.
const OWN_MEMBERS: [&str; 3] = ["version", "last_modified", "change"];

/// A record of `hsds`, ready to be written.
pub fn for_export(mut record: Value) -> Value {
    if let Some(members) = record.as_object_mut() {
        members.retain(|name, _| !OWN_MEMBERS.contains(&name.as_str()));
    }
    in_order(record)
}

/// `id` first, the others by name, at every depth. Lists keep their order, which means something.
pub fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(in_order).collect()),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| (one != "id", one).cmp(&(other != "id", other)));
            Value::Object(members.into_iter().map(|(name, value)| (name, in_order(value))).collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_in_which_members_came_does_not_show() {
        let one = json!({"name": "A", "version": 3, "id": "1", "phones": [{"number": "211", "id": "2"}]});
        let other = json!({"phones": [{"id": "2", "number": "211"}], "id": "1", "last_modified": "x", "name": "A"});
        assert_eq!(for_export(one.clone()).to_string(), for_export(other).to_string());
        assert_eq!(for_export(one).to_string(), r#"{"id":"1","name":"A","phones":[{"id":"2","number":"211"}]}"#);
    }
}
