//! Anybody's CSV, through a mapping. Text that is not in the encoding it claims, or whose quotes do not close, is
//! refused whole, with its line: a row read wrong would be a family sent to the wrong door.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value, json};

use super::line_ends::LineEnds;
use super::mapping::{Bound, Encoding, Field, Mapping, RepeatedKey, visibility_of};
use super::{Entry, Found, RefusedRow, Tally};
use crate::clock::Time;
use crate::domain::directory::{
    Address, Capacity, Delivery, Language, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument,
    Origin, Phone, Placement, Point, Service, ServiceAtLocation, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::fold::fold;
use crate::domain::language::{Lang, Text};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;

/// Rows of one file.
pub const ROWS_MAX: usize = 2_000_000;

/// One row of a CSV, line ends inside quotes included.
pub const ROW_BYTES_MAX: usize = 4 * 1024 * 1024;

const BUFFER_BYTES: usize = 256 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a CSV to its end without taking a row.
///
/// # Errors
/// A refusal of the whole file: its encoding, a quote that does not close, a row too long (`rule` has the line), or
/// more rows than [`ROWS_MAX`].
pub fn check(mut input: impl Read, mapping: &Mapping) -> Result<(), Refusal> {
    let mut check = Check::new(mapping);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return check.end(),
            Ok(read) => check.over(buffer.get(..read).unwrap_or_default())?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

/// Opens a CSV that [`check`] has read: the rows behind its line of column names.
///
/// # Errors
/// A column of the mapping that the file does not have.
pub fn open<'a, R: Read + 'a>(
    input: R,
    mapping: &'a Mapping,
    tally: &'a Tally,
) -> Result<Rows<'a, impl Iterator<Item = Result<Line, Refusal>> + use<'a, R>>, Refusal> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
    skip_preamble(&mut input, mapping.preamble_lines)?;
    let input = LineEnds::new(input, mapping.preamble_lines + 1);
    let mut reader = csv::ReaderBuilder::new().delimiter(mapping.delimiter).flexible(true).from_reader(input);
    let encoding = mapping.encoding;
    let cells = move |record: &csv::ByteRecord| record.iter().map(|cell| clean(&decode(cell, encoding))).collect();
    let names: Vec<String> = cells(reader.byte_headers().map_err(|error| unreadable(&error))?);
    let mut record = csv::ByteRecord::new();
    let lines = std::iter::from_fn(move || match reader.read_byte_record(&mut record) {
        Ok(true) => {
            let number = reader.get_mut().line_at(record.position().map_or(0, csv::Position::byte));
            Some(Ok(Line { number, cells: cells(&record) }))
        }
        Ok(false) => None,
        Err(error) => Some(Err(unreadable(&error))),
    });
    Rows::new(lines, &names, mapping, tally)
}

/// A row of any spreadsheet, its cells clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub cells: Vec<String>,
}

/// The rows of a spreadsheet as records.
pub struct Rows<'a, I> {
    lines: I,
    bound: Bound<'a>,
    tally: &'a Tally,
    seen: HashMap<Id, u32>,
    is_over: bool,
}

impl<'a, I: Iterator<Item = Result<Line, Refusal>>> Rows<'a, I> {
    /// # Errors
    /// A column of the mapping that is not among `names`.
    pub fn new(lines: I, names: &[String], mapping: &'a Mapping, tally: &'a Tally) -> Result<Self, Refusal> {
        Ok(Self { lines, bound: mapping.bind(names)?, tally, seen: HashMap::new(), is_over: false })
    }

    /// `None` for a row that says nothing.
    fn read(&mut self, line: &Line) -> Option<Found> {
        let refused = |key: Option<&str>, refusal| {
            self.bound.list_refused(&line.cells, key, self.tally);
            Some(Err(RefusedRow { line: line.number, table: None, refusal }))
        };
        if line.cells.iter().all(String::is_empty) {
            self.tally.count_blank();
            return None;
        }
        if line.cells.len() != self.bound.width {
            let rule = format!("{} columns, not {}", self.bound.width, line.cells.len());
            return refused(
                self.bound.key(&line.cells).as_deref(),
                Refusal::field(Code::InvalidValue, "row").rule(rule),
            );
        }
        if self.bound.mapping.encoding == Encoding::Latin1 && line.cells.iter().any(|cell| is_utf_8_misread(cell)) {
            let refusal = Refusal::field(Code::InvalidValue, "encoding").rule("latin-1; this row is utf-8");
            return refused(self.bound.key(&line.cells).as_deref(), refusal);
        }
        if !self.bound.keeps(&line.cells) {
            self.tally.count_dropped();
            return None;
        }
        let key = match row_key(&self.bound, &line.cells, &mut self.seen) {
            Ok(key) => key,
            Err(refusal) => return refused(None, refusal),
        };
        match read_row(&self.bound, &line.cells, &key, line.number) {
            Ok(entry) => Some(Ok(entry)),
            Err(refusal) => refused(Some(&key), refusal),
        }
    }
}

impl<I: Iterator<Item = Result<Line, Refusal>>> Iterator for Rows<'_, I> {
    type Item = Found;
    fn next(&mut self) -> Option<Found> {
        while !self.is_over {
            match self.lines.next()? {
                Ok(line) => {
                    if let Some(found) = self.read(&line) {
                        return Some(found);
                    }
                }
                Err(refusal) => {
                    self.is_over = true;
                    self.tally.leave_unread();
                    return Some(Err(RefusedRow { line: 0, table: None, refusal }));
                }
            }
        }
        None
    }
}

fn unreadable(error: &impl std::fmt::Display) -> Refusal {
    Refusal::field(Code::InvalidValue, "file").rule(error.to_string())
}

// ---- text

/// Rows of several files in one: `Ã‰cole` is what a letter of UTF-8 looks like where each byte is read as one. Nobody
/// writes that on purpose, and its name would never be found.
fn is_utf_8_misread(cell: &str) -> bool {
    let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(cell);
    !cell.is_ascii() && !is_lossy && std::str::from_utf8(&bytes).is_ok()
}

pub fn decode(cell: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(cell),
        Encoding::Latin1 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

fn skip_preamble(input: &mut impl BufRead, lines: u64) -> Result<(), Refusal> {
    if input.fill_buf().map_err(|error| unreadable(&error))?.starts_with(BYTE_ORDER_MARK) {
        input.consume(BYTE_ORDER_MARK.len());
    }
    for _ in 0..lines {
        input.skip_until(b'\n').map_err(|error| unreadable(&error))?;
    }
    Ok(())
}

/// Reads a CSV a chunk at a time.
///
/// RFC 4180: a field that begins with a quote ends with one, and only a delimiter or the end of the line follows.
/// A quote left open would swallow the rows that follow it, in silence.
struct Check<'a> {
    mapping: &'a Mapping,
    /// Bytes of a mark or a letter that the last chunk cut in two.
    carried: Vec<u8>,
    is_begun: bool,
    is_ascii: bool,
    /// The first line that is not UTF-8.
    not_utf8: Option<u64>,
    line: u64,
    opened: u64,
    rows: usize,
    row_bytes: usize,
    state: Quote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    Start,
    Bare,
    Inside,
    /// A quote inside a quoted field: its end, or half of a doubled one.
    Closing,
}

impl<'a> Check<'a> {
    fn new(mapping: &'a Mapping) -> Self {
        Self {
            mapping,
            carried: Vec::new(),
            is_begun: false,
            is_ascii: true,
            not_utf8: None,
            line: 1,
            opened: 0,
            rows: 0,
            row_bytes: 0,
            state: Quote::Start,
        }
    }

    fn over(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        let joined;
        let mut chunk = chunk;
        if !self.carried.is_empty() || !self.is_begun {
            self.carried.extend_from_slice(chunk);
            if !self.is_begun && self.carried.len() < BYTE_ORDER_MARK.len() {
                return Ok(());
            }
            joined = std::mem::take(&mut self.carried);
            chunk = joined.as_slice();
        }
        self.all_of(chunk, false)
    }

    fn all_of(&mut self, mut chunk: &[u8], is_last: bool) -> Result<(), Refusal> {
        if !self.is_begun {
            self.is_begun = true;
            if chunk.starts_with(b"\xFF\xFE") || chunk.starts_with(b"\xFE\xFF") {
                return Err(encoding("utf-8 or latin-1, not UTF-16"));
            }
            chunk = chunk.strip_prefix(BYTE_ORDER_MARK).unwrap_or(chunk);
        }
        if memchr::memchr(0, chunk).is_some() {
            return Err(encoding("no NUL byte"));
        }
        let mut whole = chunk;
        if self.not_utf8.is_none()
            && let Err(error) = std::str::from_utf8(chunk)
        {
            let (good, rest) = chunk.split_at(error.valid_up_to());
            if error.error_len().is_none() && !is_last {
                (whole, self.carried) = (good, rest.to_vec());
            } else {
                self.not_utf8 = Some(self.line + memchr::memchr_iter(b'\n', good).count() as u64);
            }
        }
        self.is_ascii &= whole.is_ascii();
        if let (Encoding::Utf8, Some(line)) = (self.mapping.encoding, self.not_utf8) {
            return Err(encoding(&format!("line {line} is not utf-8; is it latin-1?")));
        }
        whole.iter().try_for_each(|byte| self.byte(*byte))
    }

    fn byte(&mut self, byte: u8) -> Result<(), Refusal> {
        let is_preamble = self.line <= self.mapping.preamble_lines;
        if byte == b'\n' {
            self.line += 1;
        }
        if is_preamble {
            return Ok(());
        }
        self.row_bytes += 1;
        if self.row_bytes > ROW_BYTES_MAX {
            return Err(self.refused(self.line, &format!("a row over {ROW_BYTES_MAX} bytes")));
        }
        let ends_field = byte == self.mapping.delimiter || byte == b'\n';
        self.state = match (self.state, byte) {
            (Quote::Start, b'"') => {
                self.opened = self.line;
                Quote::Inside
            }
            (Quote::Inside, b'"') => Quote::Closing,
            (Quote::Inside, _) | (Quote::Closing, b'"') => Quote::Inside,
            (Quote::Closing, b'\r') => Quote::Bare,
            (Quote::Closing, _) if !ends_field => return Err(self.refused(self.line, "text after a closing quote")),
            (Quote::Start | Quote::Bare | Quote::Closing, _) if ends_field => Quote::Start,
            (Quote::Start | Quote::Bare | Quote::Closing, _) => Quote::Bare,
        };
        if byte == b'\n' && self.state == Quote::Start {
            (self.row_bytes, self.rows) = (0, self.rows + 1);
            if self.rows > ROWS_MAX + 1 {
                return Err(Refusal::field(Code::TooMany, "rows").rule(format!("<= {ROWS_MAX}")));
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Refusal> {
        let carried = std::mem::take(&mut self.carried);
        self.all_of(&carried, true)?;
        if self.mapping.encoding == Encoding::Latin1 && self.not_utf8.is_none() && !self.is_ascii {
            // A text with accents that is valid UTF-8 was not written in Latin-1: every accent would be two letters.
            return Err(encoding("the file is utf-8"));
        }
        if self.line <= self.mapping.preamble_lines {
            return Err(Refusal::field(Code::OutOfRange, "preamble_lines").rule("the file has fewer lines"));
        }
        match self.state {
            Quote::Inside => Err(self.refused(self.opened, "a quote is not closed")),
            Quote::Start | Quote::Bare | Quote::Closing => Ok(()),
        }
    }

    fn refused(&self, line: u64, what: &str) -> Refusal {
        Refusal::field(Code::InvalidValue, "file").rule(format!("line {line}: {what}"))
    }
}

fn encoding(rule: &str) -> Refusal {
    Refusal::field(Code::InvalidValue, "encoding").rule(rule)
}

/// Spaces of every kind become one; both ends are bare.
pub fn clean(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

// ---- rows

fn row_key(bound: &Bound<'_>, cells: &[String], seen: &mut HashMap<Id, u32>) -> Result<String, Refusal> {
    let key = bound.key(cells).ok_or_else(|| Refusal::field(Code::MissingField, "key"))?;
    let times = seen.entry(Id::from_words(&[&key])).or_insert(0);
    *times += 1;
    match (*times, bound.mapping.repeated_key) {
        (1, _) => Ok(key),
        (times, RepeatedKey::Number) => Ok(format!("{key}#{times}")),
        (_, RepeatedKey::Refuse) => Err(Refusal::field(Code::AlreadyExists, "key").rule(key)),
    }
}

impl Bound<'_> {
    /// A row that is refused lists its service and its organisation all the same.
    fn list_refused(&self, cells: &[String], key: Option<&str>, tally: &Tally) {
        let source = self.mapping.source.as_str();
        key.into_iter().for_each(|key| tally.list(Id::from_words(&[source, key])));
        let key = organization_key(&Row { bound: self, cells });
        key.into_iter().for_each(|key| tally.list(organization_id(source, &key)));
    }
}

struct Row<'a> {
    bound: &'a Bound<'a>,
    cells: &'a [String],
}

impl Row<'_> {
    fn get(&self, field: Field) -> Option<String> {
        self.bound.value(field, self.cells)
    }
    fn text(&self, field: Field) -> Text {
        self.bilingual(field, None)
    }
    fn bilingual(&self, field: Field, english: Option<Field>) -> Text {
        let (first, second) = (self.get(field), english.and_then(|field| self.get(field)));
        match self.bound.mapping.language {
            Lang::Fr => Text { fr: first, en: second },
            Lang::En => Text { fr: None, en: first.or(second) },
        }
    }
    fn number(&self, field: Field) -> Result<Option<f64>, Refusal> {
        let Some(text) = self.get(field) else { return Ok(None) };
        let number = text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| Refusal::field(Code::WrongType, field.as_str()).rule("number"))
    }
    fn whole(&self, field: Field) -> Result<Option<i32>, Refusal> {
        let Some(text) = self.get(field) else { return Ok(None) };
        let number = text.parse::<i32>().ok().filter(|number| *number >= 0);
        number.map(Some).ok_or_else(|| Refusal::field(Code::OutOfRange, field.as_str()).rule("0..=2147483647"))
    }
    fn word<T>(&self, field: Field, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        let Some(text) = self.get(field) else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| Refusal::field(Code::InvalidValue, field.as_str()).rule(text))
    }
    fn list(&self, field: Field) -> Vec<String> {
        let text = self.get(field).unwrap_or_default();
        text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

fn read_row(bound: &Bound<'_>, cells: &[String], key: &str, line: u64) -> Result<Entry, Refusal> {
    let row = Row { bound, cells };
    let source = bound.mapping.source.as_str();
    let origin = |kind: &str| Origin {
        source: source.to_owned(),
        key: if kind.is_empty() { key.to_owned() } else { format!("{kind}:{key}") },
        content_hash: String::new(),
    };
    let name = row.bilingual(Field::Name, Some(Field::NameEn));
    if name.is_empty() {
        return Err(Refusal::field(Code::MissingField, "name"));
    }
    let organization = read_organization(&row, source)?;
    let location = read_location(&row, Id::from_words(&[source, "location", key]), origin("location"))?;
    let categories =
        bound.categories(cells).map_err(|value| Refusal::field(Code::UnknownCategory, "categories").rule(value))?;
    let id = Id::from_words(&[source, key]);
    let service = Service {
        id,
        origin: origin(""),
        organization_id: organization.id,
        status: row.word(Field::Status, ServiceStatus::parse)?.unwrap_or(ServiceStatus::Active),
        name,
        categories,
        served: row.list(Field::Served),
        at_locations: location.iter().map(|place| ServiceAtLocation::plain(id, place.id)).collect(),
        capacity: Capacity {
            places_available: row.whole(Field::PlacesAvailable)?,
            waiting_list_length: row.whole(Field::WaitingListLength)?,
            ..Capacity::default()
        },
        verified_at: None,
        review: Default::default(),
        document: read_document(&row)?,
        version: 0,
        updated_at: Time::from_micros(0),
        retired_at: None,
        replaced_by: None,
    };
    Ok(Entry { line, table: None, organization, locations: location.into_iter().collect(), service: Some(service) })
}

/// The same name, or the same key where the mapping has one, is the same organisation.
fn organization_key(row: &Row<'_>) -> Option<String> {
    let name = row.text(Field::OrganizationName);
    let said = row.get(Field::OrganizationKey);
    said.or_else(|| (!name.is_empty()).then(|| fold(name.get(Lang::Fr))))
}

fn organization_id(source: &str, key: &str) -> Id {
    Id::from_words(&[source, "organization", key])
}

fn read_organization(row: &Row<'_>, source: &str) -> Result<Organization, Refusal> {
    let name = row.text(Field::OrganizationName);
    if name.is_empty() {
        return Err(Refusal::field(Code::MissingField, "organization.name"));
    }
    let key = organization_key(row).unwrap_or_default();
    let document = OrganizationDocument {
        description: row.text(Field::OrganizationDescription),
        email: row.get(Field::OrganizationEmail),
        website: row.get(Field::OrganizationWebsite).map(with_scheme),
        ..OrganizationDocument::default()
    };
    Ok(Organization {
        id: organization_id(source, &key),
        origin: Origin { source: source.to_owned(), key, content_hash: String::new() },
        name,
        referral_address: None,
        enrolled_on: None,
        document,
        version: 0,
        updated_at: Time::from_micros(0),
        retired_at: None,
        replaced_by: None,
    })
}

/// The place of a row, when the row says anything of one.
fn read_location(row: &Row<'_>, id: Id, origin: Origin) -> Result<Option<Location>, Refusal> {
    let point = match (row.number(Field::Latitude)?, row.number(Field::Longitude)?) {
        (Some(lat), Some(lon)) => Some(Point::new(lat, lon).ok_or_else(|| {
            let field = if (-90.0..=90.0).contains(&lat) { Field::Longitude } else { Field::Latitude };
            Refusal::field(Code::OutOfRange, field.as_str()).rule("-90..=90, -180..=180")
        })?),
        (None, None) => None,
        (Some(_), None) => return Err(Refusal::field(Code::MissingField, "longitude")),
        (None, Some(_)) => return Err(Refusal::field(Code::MissingField, "latitude")),
    };
    let text = |field: Field| row.get(field);
    let mut other = Map::new();
    let more = [
        ("address_2", Field::Address2),
        ("region", Field::Region),
        ("state_province", Field::StateProvince),
        ("country", Field::Country),
    ];
    for (name, field) in more {
        if let Some(value) = text(field) {
            other.insert(name.to_owned(), Value::String(value));
        }
    }
    let address = Address {
        address_1: text(Field::Address1),
        city: text(Field::City),
        postal_code: text(Field::PostalCode),
        other,
    };
    let has_address = address.address_1.is_some() || address.city.is_some() || address.postal_code.is_some();
    if point.is_none() && !has_address {
        return Ok(None);
    }
    Ok(Some(Location {
        id,
        origin,
        organization_id: None,
        name: row.text(Field::LocationName),
        point,
        placement: if point.is_some() { Placement::Exact } else { Placement::None },
        visibility: row.word(Field::LocationVisibility, visibility_of)?.unwrap_or(Visibility::Public),
        territories: LocatedIn::default(),
        document: LocationDocument {
            addresses: if has_address { vec![address] } else { Vec::new() },
            ..LocationDocument::default()
        },
        version: 0,
        retired_at: None,
        replaced_by: None,
    }))
}

/// People write `www.exemple.example`, and mean the web.
fn with_scheme(text: String) -> String {
    let is_bare = !text.contains("://") && text.contains('.') && !text.contains([' ', '@']);
    if is_bare { format!("http://{text}") } else { text }
}

fn read_document(row: &Row<'_>) -> Result<ServiceDocument, Refusal> {
    let mut phones = Vec::new();
    for (field, kind) in [(Field::Phone, "voice"), (Field::Fax, "fax")] {
        if let Some(number) = row.get(field) {
            let mut other = Map::new();
            other.insert("type".to_owned(), json!(kind));
            phones.push(Phone { number, other });
        }
    }
    let mut other = Map::new();
    for (name, field) in [("licenses", Field::Licenses), ("accreditations", Field::Accreditations)] {
        if let Some(value) = row.get(field) {
            other.insert(name.to_owned(), Value::String(value));
        }
    }
    let age = |field: Field, more: f64| -> Result<Option<u32>, Refusal> {
        let Some(years) = row.number(field)? else { return Ok(None) };
        if !(0.0..=150.0).contains(&years) {
            return Err(Refusal::field(Code::OutOfRange, field.as_str()).rule("0..=150"));
        }
        let more = if years.fract() == 0.0 { more } else { 0.0 };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let months = (years * 12.0 + more).round() as u32;
        Ok(Some(months))
    };
    let delivery = row.list(Field::Delivery);
    let delivery = delivery.iter().map(|word| {
        Delivery::parse(word).ok_or_else(|| Refusal::field(Code::InvalidValue, "delivery").rule(word.clone()))
    });
    let language = |code: String| Language { code: Some(code.to_lowercase()), ..Language::default() };
    Ok(ServiceDocument {
        alternate_name: row.text(Field::AlternateName),
        description: row.bilingual(Field::Description, Some(Field::DescriptionEn)),
        application_process: row.text(Field::ApplicationProcess),
        eligibility_description: row.text(Field::EligibilityDescription),
        fees_description: row.text(Field::FeesDescription),
        alert: row.text(Field::Alert),
        transit: row.text(Field::Transit),
        url: row.get(Field::Url).map(with_scheme),
        email: row.get(Field::Email),
        minimum_age_months: age(Field::MinimumAge, 0.0)?,
        maximum_age_months: age(Field::MaximumAge, 11.0)?,
        phones,
        languages: row.list(Field::Languages).into_iter().map(language).collect(),
        delivery: delivery.collect::<Result<_, _>>()?,
        other,
        ..ServiceDocument::default()
    })
}
