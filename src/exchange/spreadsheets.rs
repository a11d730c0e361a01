//! Anybody's CSV, through a mapping. Text that is not in the encoding it claims, or whose quotes do not close, is
//! refused whole, with its line: a row read wrong would be a family sent to the wrong door.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::mapping::{Bound, Encoding, Field, Mapping, RepeatedKey};
use super::{Contents, Entry, RefusedRow};
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
pub const ROWS_MAX: usize = 1_000_000;

/// Reads a spreadsheet.
///
/// # Errors
/// A refusal of the whole file: its encoding, a quote that does not close (`rule` has the line), or a column of the
/// mapping that it does not have. Rows that break a rule are in [`Contents::refused`].
pub fn read(bytes: &[u8], mapping: &Mapping) -> Result<Contents, Refusal> {
    let text = decode(bytes, mapping.encoding)?;
    let (table, preamble) = after_preamble(&text, mapping.preamble_lines)?;
    check_quotes(table, mapping.delimiter, preamble)?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(mapping.delimiter).flexible(true).from_reader(table.as_bytes());
    let names: Vec<String> = reader.headers().map_err(|error| unreadable(&error))?.iter().map(clean).collect();
    let bound = mapping.bind(&names)?;
    let mut contents = Contents::default();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        if contents.entries.len() >= ROWS_MAX {
            return Err(Refusal::field(Code::TooMany, "rows").rule(format!("<= {ROWS_MAX}")));
        }
        let line = record.position().map_or(0, csv::Position::line) + preamble;
        let cells: Vec<String> = record.iter().map(clean).collect();
        if cells.iter().all(String::is_empty) {
            contents.blank += 1;
            continue;
        }
        if cells.len() != bound.width {
            let rule = format!("{} columns, not {}", bound.width, cells.len());
            contents.refused.push(RefusedRow { line, refusal: Refusal::field(Code::InvalidValue, "row").rule(rule) });
            continue;
        }
        if !bound.keeps(&cells) {
            contents.dropped += 1;
            continue;
        }
        match row_key(&bound, &cells, &mut seen).and_then(|key| read_row(&bound, &cells, &key, line)) {
            Ok(entry) => contents.entries.push(entry),
            Err(refusal) => contents.refused.push(RefusedRow { line, refusal }),
        }
    }
    Ok(contents)
}

fn unreadable(error: &csv::Error) -> Refusal {
    Refusal::field(Code::InvalidValue, "file").rule(error.to_string())
}

// ---- text

/// The text of the bytes, without its byte-order mark.
fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, Refusal> {
    let refused = |rule: String| Err(Refusal::field(Code::InvalidValue, "encoding").rule(rule));
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return refused("utf-8 or latin-1, not UTF-16".to_owned());
    }
    if bytes.contains(&0) {
        return refused("no NUL byte".to_owned());
    }
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match (encoding, std::str::from_utf8(bare)) {
        (Encoding::Utf8, Ok(text)) => Ok(text.to_owned()),
        (Encoding::Utf8, Err(error)) => {
            let before = bare.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            refused(format!("line {line} is not utf-8; is it latin-1?"))
        }
        // A text with accents that is valid UTF-8 was not written in Latin-1: every accent would be two letters.
        (Encoding::Latin1, Ok(text)) if !text.is_ascii() => refused("the file is utf-8".to_owned()),
        (Encoding::Latin1, _) => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bare).0.into_owned()),
    }
}

fn after_preamble(text: &str, lines: u64) -> Result<(&str, u64), Refusal> {
    let mut rest = text;
    for _ in 0..lines {
        let Some((_, after)) = rest.split_once('\n') else {
            return Err(Refusal::field(Code::OutOfRange, "preamble_lines").rule("the file has fewer lines"));
        };
        rest = after;
    }
    Ok((rest, lines))
}

/// RFC 4180: a field that begins with a quote ends with one, and only a delimiter or the end of the line follows.
/// A quote left open would swallow the rows that follow it, in silence.
fn check_quotes(text: &str, delimiter: u8, preamble: u64) -> Result<(), Refusal> {
    let refused = |line: u64, what: &str| {
        Err(Refusal::field(Code::InvalidValue, "file").rule(format!("line {}: {what}", line + preamble)))
    };
    let mut bytes = text.bytes().peekable();
    let (mut line, mut opened) = (1_u64, 1_u64);
    let (mut quoted, mut at_start) = (false, true);
    while let Some(byte) = bytes.next() {
        if byte == b'\n' {
            line += 1;
        }
        match (quoted, byte) {
            (true, b'"') if bytes.peek() == Some(&b'"') => {
                bytes.next();
            }
            (true, b'"') => {
                let after = bytes.peek().copied();
                if !after.is_none_or(|after| after == delimiter || after == b'\n' || after == b'\r') {
                    return refused(line, "text after a closing quote");
                }
                quoted = false;
            }
            (true, _) => {}
            (false, b'"') if at_start => (quoted, opened) = (true, line),
            (false, _) => {}
        }
        at_start = !quoted && (byte == delimiter || byte == b'\n');
    }
    if quoted { refused(opened, "a quote is not closed") } else { Ok(()) }
}

/// Spaces of every kind become one; both ends are bare.
fn clean(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

// ---- rows

fn row_key(bound: &Bound<'_>, cells: &[String], seen: &mut HashMap<String, u32>) -> Result<String, Refusal> {
    let key = bound.key(cells).ok_or_else(|| Refusal::field(Code::MissingField, "key"))?;
    let times = seen.entry(key.clone()).or_insert(0);
    *times += 1;
    match (*times, bound.mapping.repeated_key) {
        (1, _) => Ok(key),
        (times, RepeatedKey::Number) => Ok(format!("{key}#{times}")),
        (_, RepeatedKey::Refuse) => Err(Refusal::field(Code::AlreadyExists, "key").rule(key)),
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
    Ok(Entry { line, organization, locations: location.into_iter().collect(), service: Some(service) })
}

/// The organisation of a row: the same name, or the same key where the mapping has one, is the same organisation.
fn read_organization(row: &Row<'_>, source: &str) -> Result<Organization, Refusal> {
    let name = row.text(Field::OrganizationName);
    if name.is_empty() {
        return Err(Refusal::field(Code::MissingField, "organization.name"));
    }
    let key = row.get(Field::OrganizationKey).unwrap_or_else(|| fold(name.get(Lang::Fr)));
    let document = OrganizationDocument {
        description: row.text(Field::OrganizationDescription),
        email: row.get(Field::OrganizationEmail),
        website: row.get(Field::OrganizationWebsite),
        ..OrganizationDocument::default()
    };
    Ok(Organization {
        id: Id::from_words(&[source, "organization", &key]),
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
        visibility: row.word(Field::LocationVisibility, Visibility::parse)?.unwrap_or(Visibility::Public),
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
        url: row.get(Field::Url),
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
