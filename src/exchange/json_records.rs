//! One JSON record after another from a file of any size: a list, a page of them (`contents`), or one after the other
//! (NDJSON; a single object is a file of one). A record is held whole, the file never is.

use std::io::Read;

use serde::de::IgnoredAny;

use crate::domain::refusal::{Code, Refusal};

/// The largest record that is read. A longer one is refused alone, and what follows it is read.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What stands around the records of a page: totals and links.
const ENVELOPE_BYTES_MAX: usize = 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Unknown,
    List,
    Page,
    Lines,
    Done,
}

/// Reads records; gives the bytes of each, and refuses one that is too long. A refusal that is not `TooLong` ends it.
pub struct JsonRecords<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    shape: Shape,
    is_first: bool,
    line: u64,
    /// Where the last record begins.
    record_line: u64,
    envelope: Vec<u8>,
}

/// The file is well-formed JSON in UTF-8, every record of it. Gives how many records it has.
///
/// # Errors
/// `InvalidJson` with the line and column: nothing of such a file may be taken.
pub fn check(input: impl Read) -> Result<u64, Refusal> {
    let mut records = JsonRecords::new(input);
    let mut count = 0;
    loop {
        match records.next() {
            None => return Ok(count),
            Some(Err(refusal)) if refusal.code == Code::TooLong => {}
            Some(Err(refusal)) => return Err(refusal),
            Some(Ok(record)) => check_record(&record, records.record_line)?,
        }
        count += 1;
    }
}

fn check_record(record: &[u8], line: u64) -> Result<(), Refusal> {
    if let Err(error) = std::str::from_utf8(record) {
        let before = record.get(..error.valid_up_to()).unwrap_or_default();
        return Err(invalid(line + lines_in(before), "not utf-8"));
    }
    serde_json::from_slice::<IgnoredAny>(record).map(drop).map_err(|error| {
        let line = line + (error.line() as u64).saturating_sub(1);
        Refusal::new(Code::InvalidJson).rule(format!("line {line}, column {}", error.column()))
    })
}

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn invalid(line: u64, what: &str) -> Refusal {
    Refusal::new(Code::InvalidJson).rule(format!("line {line}: {what}"))
}

impl<R: Read> JsonRecords<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            shape: Shape::Unknown,
            is_first: true,
            line: 1,
            record_line: 1,
            envelope: Vec::new(),
        }
    }

    /// What is read and not used yet; empty at the end of the file.
    fn chunk(&mut self) -> Result<&[u8], Refusal> {
        while self.start == self.end {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(&[]),
                Ok(read) => (self.start, self.end) = (0, read),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Refusal::field(Code::InvalidValue, "file").rule(error.to_string())),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// The next byte that is no white space, left where it is.
    fn peek(&mut self) -> Result<Option<u8>, Refusal> {
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let spaces = chunk.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let lines = lines_in(chunk.get(..spaces).unwrap_or_default());
            let found = chunk.get(spaces).copied();
            self.start += spaces;
            self.line += lines;
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn take(&mut self, wanted: u8) -> Result<(), Refusal> {
        match self.peek()? {
            Some(byte) if byte == wanted => {
                self.start += 1;
                Ok(())
            }
            _ => Err(invalid(self.line, &format!("expected {}", char::from(wanted)))),
        }
    }

    fn skip_byte_order_mark(&mut self) -> Result<(), Refusal> {
        if self.chunk()?.starts_with(b"\xEF\xBB\xBF") {
            self.start += 3;
        }
        Ok(())
    }

    fn next_record(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        if self.shape == Shape::Unknown {
            self.skip_byte_order_mark()?;
            match self.peek()? {
                Some(b'[') => {
                    self.start += 1;
                    self.shape = Shape::List;
                }
                Some(b'{') => return self.first_object(),
                Some(_) => return Err(Refusal::new(Code::WrongType).rule("object or array")),
                None => return Err(invalid(self.line, "empty file")),
            }
        }
        match self.shape {
            Shape::List => self.next_of_list(),
            Shape::Page => match self.next_of_list()? {
                None => self.end_of_page().map(|()| None),
                record => Ok(record),
            },
            Shape::Lines => match self.peek()? {
                Some(b'{') => self.value(Vec::new(), RECORD_BYTES_MAX).map(Some),
                Some(_) => Err(invalid(self.line, "expected an object")),
                None => Ok(None),
            },
            Shape::Unknown | Shape::Done => Ok(None),
        }
    }

    fn next_of_list(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        match self.peek()? {
            Some(b']') => {
                self.start += 1;
                if self.shape == Shape::List && self.peek()?.is_some() {
                    return Err(invalid(self.line, "text after the list"));
                }
                return Ok(None);
            }
            Some(b',') if !self.is_first => self.start += 1,
            Some(_) if self.is_first => {}
            _ => return Err(invalid(self.line, "expected , or ]")),
        }
        self.is_first = false;
        match self.peek()? {
            Some(b',' | b']' | b'}' | b':') | None => Err(invalid(self.line, "expected a record")),
            Some(_) => self.value(Vec::new(), RECORD_BYTES_MAX).map(Some),
        }
    }

    /// A page as far as its `contents`, or a record: nobody knows before its members are read.
    fn first_object(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let begins_at = self.line;
        self.start += 1;
        let mut whole = vec![b'{'];
        if self.peek()? == Some(b'}') {
            self.start += 1;
            self.shape = Shape::Lines;
            return Ok(Some(b"{}".to_vec()));
        }
        loop {
            let key_begins = whole.len();
            if self.peek()? != Some(b'"') {
                return Err(invalid(self.line, "expected a member"));
            }
            whole = self.value(whole, RECORD_BYTES_MAX)?;
            let is_contents = whole.get(key_begins..) == Some(b"\"contents\"".as_slice());
            self.take(b':')?;
            whole.push(b':');
            let begins = self.peek()?;
            if is_contents {
                if begins != Some(b'[') {
                    return Err(Refusal::field(Code::WrongType, "contents").rule("array"));
                }
                self.start += 1;
                whole.extend_from_slice(b"[]");
                (self.envelope, self.shape) = (whole, Shape::Page);
                return self.next_record();
            }
            whole = self.value(whole, RECORD_BYTES_MAX)?;
            match self.peek()? {
                Some(b',') => {
                    self.start += 1;
                    whole.push(b',');
                }
                Some(b'}') => {
                    self.start += 1;
                    whole.push(b'}');
                    (self.shape, self.record_line) = (Shape::Lines, begins_at);
                    return Ok(Some(whole));
                }
                _ => return Err(invalid(self.line, "expected , or }")),
            }
        }
    }

    fn end_of_page(&mut self) -> Result<(), Refusal> {
        let mut envelope = std::mem::take(&mut self.envelope);
        loop {
            match self.peek()? {
                Some(b'}') => break,
                Some(b',') => {
                    self.start += 1;
                    envelope.push(b',');
                    self.peek()?;
                    envelope = self.value(envelope, ENVELOPE_BYTES_MAX)?;
                    self.take(b':')?;
                    envelope.push(b':');
                    self.peek()?;
                    envelope = self.value(envelope, ENVELOPE_BYTES_MAX)?;
                }
                _ => return Err(invalid(self.line, "expected , or }")),
            }
        }
        self.start += 1;
        envelope.push(b'}');
        check_record(&envelope, self.line)?;
        if self.peek()?.is_some() {
            return Err(invalid(self.line, "text after the page"));
        }
        Ok(())
    }

    /// Copies one value behind what is in `into`. Past `bytes_max` it is read to its end and refused.
    fn value(&mut self, mut into: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        self.record_line = self.line;
        let mut scan = Scan::default();
        let (mut is_long, mut lines) = (false, 0);
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                if scan.is_complete_at_end() {
                    break;
                }
                return Err(invalid(self.line + lines, "the file ends inside a record"));
            }
            let used = scan.over(chunk);
            let piece = chunk.get(..used).unwrap_or_default();
            lines += lines_in(piece);
            if into.len() + piece.len() > bytes_max {
                is_long = true;
            } else if !is_long {
                into.extend_from_slice(piece);
            }
            self.start += used;
            if scan.is_done {
                break;
            }
        }
        self.line += lines;
        if is_long {
            return Err(Refusal::field(Code::TooLong, "record").rule(format!("<= {bytes_max} bytes")));
        }
        Ok(into)
    }
}

impl<R: Read> Iterator for JsonRecords<R> {
    type Item = Result<Vec<u8>, Refusal>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.shape == Shape::Done {
            return None;
        }
        match self.next_record() {
            Ok(Some(record)) => Some(Ok(record)),
            Ok(None) => {
                self.shape = Shape::Done;
                None
            }
            Err(refusal) => {
                // The first object of a file is a page or a record: one too long to tell ends the reading.
                if refusal.code != Code::TooLong || !matches!(self.shape, Shape::List | Shape::Page | Shape::Lines) {
                    self.shape = Shape::Done;
                    if refusal.code == Code::TooLong {
                        return Some(Err(Refusal::new(Code::InvalidJson).rule(refusal.rule.unwrap_or_default())));
                    }
                }
                Some(Err(refusal))
            }
        }
    }
}

/// Where one JSON value ends, found a chunk at a time. Says nothing of whether it is good JSON.
#[derive(Debug, Default)]
struct Scan {
    depth: u32,
    is_in_string: bool,
    is_after_backslash: bool,
    has_begun: bool,
    is_scalar: bool,
    is_done: bool,
}

impl Scan {
    /// A number or a word may end with the file.
    fn is_complete_at_end(&self) -> bool {
        self.is_scalar
    }

    /// Bytes of the chunk that belong to the value.
    fn over(&mut self, chunk: &[u8]) -> usize {
        let mut at = 0;
        while let Some(byte) = chunk.get(at).copied() {
            if self.is_after_backslash {
                self.is_after_backslash = false;
                at += 1;
                continue;
            }
            if self.is_in_string {
                let rest = chunk.get(at..).unwrap_or_default();
                let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return chunk.len() };
                at += found + 1;
                if rest.get(found) == Some(&b'\\') {
                    self.is_after_backslash = true;
                } else {
                    self.is_in_string = false;
                    self.is_done = self.depth == 0;
                }
            } else {
                if self.is_scalar && (byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}' | b':')) {
                    self.is_done = true;
                    return at;
                }
                at += 1;
                self.outside(byte);
            }
            if self.is_done {
                return at;
            }
        }
        at
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.is_done = self.depth == 0;
            }
            _ if !self.has_begun => self.is_scalar = true,
            _ => {}
        }
        self.has_begun = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, so that every boundary falls everywhere.
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn read(text: &str) -> Vec<String> {
        let whole: Vec<_> = JsonRecords::new(text.as_bytes()).map(Result::unwrap).collect();
        if !text.starts_with('\u{feff}') {
            let drops: Vec<_> = JsonRecords::new(Drops(text.as_bytes())).map(Result::unwrap).collect();
            assert_eq!(whole, drops);
        }
        assert_eq!(check(text.as_bytes()), Ok(whole.len() as u64));
        whole.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
    }

    #[test]
    fn a_list_a_page_lines_and_one_record_give_the_same_records() {
        let one = r#"{"id":"a \" ] } b","list":[{"x":[1,2]}]}"#;
        let two = r#"{"id": "é\\", "n": -1.5e3}"#;
        for text in [
            format!("[{one},\n {two}]\n"),
            format!("\u{feff}[{one},{two}]"),
            format!(r#"{{"total_items": 2, "contents": [{one} , {two}], "page": {{"a": []}}}}"#),
            format!("{one}\n{two}\n"),
            format!("{one}{two}"),
        ] {
            assert_eq!(read(&text), [one, two], "{text}");
        }
        assert_eq!(read(one), [one]);
        assert_eq!(read("[]"), Vec::<String>::new());
        assert_eq!(read("[1, \"two\", null]"), ["1", "\"two\"", "null"]);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_line() {
        for (text, said) in [
            ("", "line 1"),
            ("[{\"a\": 1},\n{\"a\": 2}", "line 2"),
            ("[{\"a\": 1}\n{\"a\": 2}]", "line 2"),
            ("[{\"a\": 1},\n{\"a\": tru}]", "line 2, column"),
            ("{\"a\": 1}\n\n{\"a\": ", "line 3"),
            ("{\"contents\": [{\"a\": 1}], \"page\": }", "line 1"),
            ("{\"contents\": [{\"a\": 1}]", "line 1"),
            ("[{\"a\": 1},]", "line 1"),
        ] {
            let refusal = check(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, Code::InvalidJson, "{text}");
            assert!(refusal.rule.as_deref().unwrap_or("").starts_with(said), "{text}: {refusal}");
        }
        let mixed = b"[{\"a\": \"caf\xe9\"}]";
        assert_eq!(check(mixed.as_slice()).unwrap_err().rule.as_deref(), Some("line 1: not utf-8"));
        assert_eq!(check("{\"contents\": 3}".as_bytes()).unwrap_err().code, Code::WrongType);
    }

    #[test]
    fn a_record_that_is_too_long_is_refused_alone() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(RECORD_BYTES_MAX));
        let text = format!("[{{\"a\": 1}},{long},{{\"a\": 3}}]");
        let found: Vec<_> = JsonRecords::new(text.as_bytes()).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].as_ref().unwrap_err().code, Code::TooLong);
        assert_eq!(found[2].as_deref(), Ok(b"{\"a\": 3}".as_slice()));
        assert_eq!(check(text.as_bytes()), Ok(3));
    }
}
