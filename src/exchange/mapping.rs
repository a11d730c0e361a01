//! How the columns of somebody's spreadsheet become the fields of a service: a TOML file, checked whole before the
//! first row is read. A column, field, category or word that does not exist is refused by the key that names it.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::domain::directory::{Delivery, ServiceStatus, Visibility};
use crate::domain::fold::fold;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::words::words;

words! {
    pub enum Encoding {
        Utf8 => "utf-8",
        Latin1 => "latin-1",
    }
}
words! {
    /// What to do with a row whose key another row of the file has already.
    pub enum RepeatedKey {
        Refuse => "refuse",
        Number => "number",
    }
}

words! {
    /// What a column may fill.
    pub enum Field {
        Name => "name",
        NameEn => "name.en",
        AlternateName => "alternate_name",
        Description => "description",
        DescriptionEn => "description.en",
        Status => "status",
        Url => "url",
        Email => "email",
        Phone => "phone",
        Fax => "fax",
        MinimumAge => "minimum_age",
        MaximumAge => "maximum_age",
        ApplicationProcess => "application_process",
        EligibilityDescription => "eligibility_description",
        FeesDescription => "fees_description",
        Licenses => "licenses",
        Accreditations => "accreditations",
        Alert => "alert",
        Transit => "transit",
        Served => "served",
        Delivery => "delivery",
        Languages => "languages",
        PlacesAvailable => "capacity.places_available",
        WaitingListLength => "capacity.waiting_list_length",
        OrganizationKey => "organization.key",
        OrganizationName => "organization.name",
        OrganizationDescription => "organization.description",
        OrganizationEmail => "organization.email",
        OrganizationWebsite => "organization.website",
        LocationName => "location.name",
        LocationVisibility => "location.visibility",
        Address1 => "address.address_1",
        Address2 => "address.address_2",
        City => "address.city",
        Region => "address.region",
        StateProvince => "address.state_province",
        PostalCode => "address.postal_code",
        Country => "address.country",
        Latitude => "latitude",
        Longitude => "longitude",
    }
}

/// Where a field comes from: a column, or several joined.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum From {
    One(String),
    Several(Several),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    columns: Vec<String>,
    #[serde(default = "space")]
    separator: String,
    /// Written before the value, where there is one.
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    suffix: String,
}

fn space() -> String {
    " ".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterTable {
    column: String,
    #[serde(default)]
    keep: Option<Vec<String>>,
    #[serde(default)]
    drop: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesTable {
    #[serde(default)]
    column: Option<String>,
    /// Codes of every row.
    #[serde(default)]
    always: Vec<String>,
    /// Codes by the value of the column.
    #[serde(default)]
    values: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    source: String,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    delimiter: Option<String>,
    /// The sheet of a workbook; the first where none is named.
    #[serde(default)]
    sheet: Option<String>,
    /// Lines before the line of column names.
    #[serde(default)]
    preamble_lines: u64,
    #[serde(default)]
    language: Option<String>,
    /// Columns that together name a row in its source.
    key: Vec<String>,
    #[serde(default)]
    repeated_key: Option<String>,
    columns: BTreeMap<String, From>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    #[serde(default)]
    filters: Vec<FilterTable>,
    #[serde(default)]
    categories: CategoriesTable,
}

/// A mapping whose every word is known. Columns are still names: [`Mapping::bind`] finds them in a file.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub source: String,
    pub encoding: Encoding,
    pub delimiter: u8,
    pub sheet: Option<String>,
    pub preamble_lines: u64,
    pub language: Lang,
    pub repeated_key: RepeatedKey,
    key: Vec<String>,
    columns: Vec<(Field, From)>,
    pub constants: HashMap<Field, String>,
    filters: Vec<FilterTable>,
    categories: CategoriesTable,
}

const SOURCE_CHARACTERS_MAX: usize = 100;

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// A refusal whose field is the key at fault: nothing of the spreadsheet has been read by then.
    pub fn parse(text: &str, is_category: &dyn Fn(&str) -> bool) -> Result<Self, Refusal> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            Refusal::field(Code::InvalidValue, "mapping").rule(error.message().to_owned())
        })?;
        let file: MappingFile = serde_path_to_error::deserialize(table.into_deserializer()).map_err(
            |error: serde_path_to_error::Error<toml::de::Error>| {
                let path = error.path().to_string();
                let message = error.into_inner().message().to_owned();
                refusal_of(&path, &message)
            },
        )?;
        let mapping = Self {
            encoding: word("encoding", file.encoding.as_deref(), Encoding::parse, Encoding::ALL)?
                .unwrap_or(Encoding::Utf8),
            delimiter: delimiter(file.delimiter.as_deref())?,
            language: word("language", file.language.as_deref(), Lang::parse, &Lang::ALL)?.unwrap_or_default(),
            repeated_key: word("repeated_key", file.repeated_key.as_deref(), RepeatedKey::parse, RepeatedKey::ALL)?
                .unwrap_or(RepeatedKey::Refuse),
            source: file.source,
            sheet: file.sheet,
            preamble_lines: file.preamble_lines,
            key: file.key,
            columns: fields("columns", file.columns)?,
            constants: fields("constants", file.constants)?.into_iter().collect(),
            filters: file.filters,
            categories: file.categories,
        };
        mapping.check(is_category)?;
        Ok(mapping)
    }

    fn check(&self, is_category: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        let source = self.source.trim();
        if source.is_empty() || source.chars().count() > SOURCE_CHARACTERS_MAX || source == "relais" {
            return Err(Refusal::field(Code::InvalidValue, "source").rule("1..=100 characters, not \"relais\""));
        }
        if self.key.is_empty() {
            return Err(Refusal::field(Code::MissingField, "key").rule("at least one column"));
        }
        for field in [Field::Name, Field::OrganizationName] {
            let is_column = self.columns.iter().any(|(other, _)| *other == field);
            if !is_column && !self.constants.contains_key(&field) {
                return Err(Refusal::field(Code::MissingField, format!("columns.{}", field.as_str())));
            }
        }
        for (field, value) in &self.constants {
            if self.columns.iter().any(|(other, _)| other == field) {
                let key = format!("constants.{}", field.as_str());
                return Err(Refusal::field(Code::InvalidValue, key).rule("a field is a column or a constant"));
            }
            check_constant(*field, value)?;
        }
        for (position, filter) in self.filters.iter().enumerate() {
            if filter.keep.is_some() == filter.drop.is_some() {
                let key = format!("filters.{position}");
                return Err(Refusal::field(Code::InvalidValue, key).rule("either keep or drop"));
            }
        }
        self.check_categories(is_category)
    }

    fn check_categories(&self, is_category: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        let always = self.categories.always.iter().map(|code| ("categories.always".to_owned(), code));
        let by_value = self
            .categories
            .values
            .iter()
            .flat_map(|(value, codes)| codes.iter().map(move |code| (format!("categories.values.{value}"), code)));
        for (key, code) in always.chain(by_value) {
            if !is_category(code) {
                return Err(Refusal::field(Code::UnknownCategory, key).rule(code.clone()));
            }
        }
        if self.categories.column.is_none() && !self.categories.values.is_empty() {
            return Err(Refusal::field(Code::MissingField, "categories.column"));
        }
        if self.categories.column.is_none() && self.categories.always.is_empty() {
            return Err(Refusal::field(Code::MissingField, "categories.always"));
        }
        Ok(())
    }

    /// Finds the mapping's columns among those of a file.
    ///
    /// # Errors
    /// `UnknownReference` with the mapping's key and the column that the file does not have.
    pub fn bind(&self, names: &[String]) -> Result<Bound<'_>, Refusal> {
        let find = |key: &str, name: &str| {
            let at = names.iter().position(|other| other.trim() == name.trim());
            at.ok_or_else(|| Refusal::field(Code::UnknownReference, key).rule(name))
        };
        let key = self.key.iter().map(|name| find("key", name)).collect::<Result<_, _>>()?;
        let mut fields = Vec::with_capacity(self.columns.len());
        for (field, from) in &self.columns {
            let key = format!("columns.{}", field.as_str());
            let columns = match from {
                From::One(name) => vec![find(&key, name)?],
                From::Several(several) => {
                    several.columns.iter().map(|name| find(&key, name)).collect::<Result<_, _>>()?
                }
            };
            fields.push((*field, columns, from));
        }
        let mut filters = Vec::with_capacity(self.filters.len());
        for (position, filter) in self.filters.iter().enumerate() {
            filters.push((find(&format!("filters.{position}.column"), &filter.column)?, filter));
        }
        let categories = match &self.categories.column {
            Some(name) => Some(find("categories.column", name)?),
            None => None,
        };
        Ok(Bound { mapping: self, width: names.len(), key, fields, filters, categories })
    }
}

/// A mapping with its columns found in one file.
pub struct Bound<'a> {
    pub mapping: &'a Mapping,
    pub width: usize,
    key: Vec<usize>,
    fields: Vec<(Field, Vec<usize>, &'a From)>,
    filters: Vec<(usize, &'a FilterTable)>,
    categories: Option<usize>,
}

impl Bound<'_> {
    /// Whether the filters let a row pass.
    pub fn keeps(&self, cells: &[String]) -> bool {
        self.filters.iter().all(|(column, filter)| {
            let cell = cells.get(*column).map_or("", String::as_str);
            let is_in = |words: &Vec<String>| words.iter().any(|word| word == cell);
            filter.keep.as_ref().is_none_or(is_in) && !filter.drop.as_ref().is_some_and(is_in)
        })
    }

    /// The key of a row in its source; `None` when all its columns are empty.
    pub fn key(&self, cells: &[String]) -> Option<String> {
        let parts: Vec<&str> = self.key.iter().map(|column| cells.get(*column).map_or("", String::as_str)).collect();
        parts.iter().any(|part| !part.is_empty()).then(|| parts.join("|"))
    }

    /// What a field says in a row: its columns joined, else its constant.
    pub fn value(&self, field: Field, cells: &[String]) -> Option<String> {
        let Some((_, columns, from)) = self.fields.iter().find(|(other, _, _)| *other == field) else {
            return self.mapping.constants.get(&field).cloned();
        };
        let said: Vec<&str> = columns
            .iter()
            .filter_map(|column| cells.get(*column).map(String::as_str))
            .filter(|cell| !cell.is_empty())
            .collect();
        if said.is_empty() {
            return None;
        }
        Some(match from {
            From::One(_) => said.join(" "),
            From::Several(several) => format!("{}{}{}", several.prefix, said.join(&several.separator), several.suffix),
        })
    }

    /// The category codes of a row. `Err` has the value that the mapping does not know.
    pub fn categories(&self, cells: &[String]) -> Result<Vec<String>, String> {
        let mut codes = self.mapping.categories.always.clone();
        if let Some(column) = self.categories {
            let cell = cells.get(column).map_or("", String::as_str);
            match self.mapping.categories.values.get(cell) {
                Some(more) => codes.extend(more.iter().cloned()),
                None if codes.is_empty() => return Err(cell.to_owned()),
                None => {}
            }
        }
        Ok(codes)
    }
}

/// How far a place may be shown, in a word of HSDS or as people answer "is the address confidential?".
pub fn visibility_of(text: &str) -> Option<Visibility> {
    Visibility::parse(text).or_else(|| match fold(text).as_str() {
        "oui" | "yes" | "o" | "y" | "x" | "1" | "vrai" | "true" | "confidentiel" | "confidentielle"
        | "confidential" | "cache" | "cachee" | "hidden" | "secret" | "secrete" => Some(Visibility::RegionOnly),
        "non" | "no" | "n" | "0" | "faux" | "false" | "public" | "publique" => Some(Visibility::Public),
        _ => None,
    })
}

fn check_constant(field: Field, value: &str) -> Result<(), Refusal> {
    let is_good = match field {
        Field::Status => ServiceStatus::parse(value).is_some(),
        Field::LocationVisibility => Visibility::parse(value).is_some(),
        Field::Delivery => value.split(',').all(|word| Delivery::parse(word.trim()).is_some()),
        Field::Latitude | Field::Longitude | Field::MinimumAge | Field::MaximumAge => value.parse::<f64>().is_ok(),
        _ => true,
    };
    let key = format!("constants.{}", field.as_str());
    if is_good { Ok(()) } else { Err(Refusal::field(Code::InvalidValue, key).rule(value)) }
}

fn fields<T>(table: &str, entries: BTreeMap<String, T>) -> Result<Vec<(Field, T)>, Refusal> {
    let known = |(name, value): (String, T)| match Field::parse(&name) {
        Some(field) => Ok((field, value)),
        None => {
            let words: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
            Err(Refusal::field(Code::UnknownField, format!("{table}.{name}")).rule(words.join(", ")))
        }
    };
    entries.into_iter().map(known).collect()
}

fn word<T>(
    key: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    all: &[impl std::fmt::Debug],
) -> Result<Option<T>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let known = format!("{all:?}");
    parse(text).map(Some).ok_or_else(|| Refusal::field(Code::InvalidValue, key).rule(known))
}

fn delimiter(text: Option<&str>) -> Result<u8, Refusal> {
    match text.unwrap_or(",").as_bytes() {
        [byte @ (b',' | b';' | b'\t' | b'|')] => Ok(*byte),
        _ => Err(Refusal::field(Code::InvalidValue, "delimiter").rule(", ; tab |")),
    }
}

fn refusal_of(path: &str, message: &str) -> Refusal {
    let quoted = message.split('`').nth(1).unwrap_or("");
    let join = |name: &str| {
        if path == "." || path.is_empty() || path.rsplit('.').next() == Some(name) {
            if path.len() > 1 { path.to_owned() } else { name.to_owned() }
        } else {
            format!("{path}.{name}")
        }
    };
    if message.starts_with("unknown field") {
        Refusal::field(Code::UnknownField, join(quoted)).rule(message.to_owned())
    } else if message.starts_with("missing field") {
        Refusal::field(Code::MissingField, join(quoted))
    } else {
        Refusal::field(Code::WrongType, path).rule(message.to_owned())
    }
}
