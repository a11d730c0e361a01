//! Drafts a mapping from the header and the first rows of somebody's spreadsheet. What is guessed is said beside its
//! line. A person reads the draft over, changes what is wrong and chooses the needs: an import asks for those, because
//! a guess would put every row where nobody looks for it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::line_ends::LineEnds;
use super::mapping::{Encoding, Field, visibility_of};
use super::spreadsheets::{self, Line};
use crate::domain::fold::fold;
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Term;

/// What of a file is looked at.
pub const SAMPLE_BYTES_MAX: usize = 8 * 1024 * 1024;
pub const SAMPLE_ROWS_MAX: usize = 20_000;

/// Lines in which the names of the columns are looked for.
const HEADER_ROWS_MAX: usize = 30;
const CATEGORIES_SHOWN_MAX: usize = 6;

const HEADERS: &str = include_str!("../../index/import/headers.csv");

/// The beginning of a spreadsheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// `None` for a workbook, which says it itself.
    pub text: Option<(Encoding, u8)>,
    pub preamble_lines: u64,
    /// What stands before the header, in words.
    pub title: String,
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

// ---- reading

/// Reads the beginning of a CSV of unknown making. `is_cut` says that the file goes on.
///
/// # Errors
/// `InvalidValue` for what has no line of column names.
pub fn table_of_csv(bytes: &[u8], is_cut: bool) -> Result<Table, Refusal> {
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // The last line may be cut in the middle of a letter.
    let whole = match (is_cut, memchr::memrchr(b'\n', bare)) {
        (true, Some(end)) => bare.get(..end).unwrap_or(bare),
        _ => bare,
    };
    let encoding = if std::str::from_utf8(whole).is_ok() { Encoding::Utf8 } else { Encoding::Latin1 };
    let read = |delimiter| lines_of(whole, encoding, delimiter);
    let width = |delimiter: u8| {
        let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
        for line in read(delimiter).into_iter().take(200) {
            *widths.entry(line.cells.len()).or_default() += 1;
        }
        widths.into_iter().filter(|(width, _)| *width > 1).map(|(width, times)| width * times).max().unwrap_or(0)
    };
    let delimiter = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|delimiter| width(*delimiter)).unwrap_or(b',');
    table_of_lines(read(delimiter), Some((encoding, delimiter)))
}

fn lines_of(bytes: &[u8], encoding: Encoding, delimiter: u8) -> Vec<Line> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(LineEnds::new(bytes, 1));
    let clean = |cell: &[u8]| spreadsheets::clean(&spreadsheets::decode(cell, encoding));
    let (mut record, mut lines) = (csv::ByteRecord::new(), Vec::new());
    while lines.len() < SAMPLE_ROWS_MAX && reader.read_byte_record(&mut record).unwrap_or(false) {
        let number = reader.get_mut().line_at(record.position().map_or(0, csv::Position::byte));
        lines.push(Line { number, cells: record.iter().map(clean).collect() });
    }
    lines
}

/// Finds the line of column names: the first that is nearly full.
///
/// # Errors
/// `InvalidValue` where there is none.
pub fn table_of_lines(lines: Vec<Line>, text: Option<(Encoding, u8)>) -> Result<Table, Refusal> {
    // A title that is merged over the whole width says one thing.
    let filled = |line: &Line| line.cells.iter().filter(|cell| !cell.is_empty()).collect::<HashSet<_>>().len();
    let widest = lines.iter().take(HEADER_ROWS_MAX).map(filled).max().unwrap_or(0);
    let at = lines.iter().take(HEADER_ROWS_MAX).position(|line| filled(line) * 5 >= widest * 4 && filled(line) > 1);
    let at = at.ok_or_else(|| Refusal::field(Code::InvalidValue, "file").rule("no line of column names"))?;
    let mut lines = lines.into_iter();
    let title: Vec<String> =
        lines.by_ref().take(at).flat_map(|line| line.cells).filter(|one| !one.is_empty()).collect();
    let header = lines.next().unwrap_or(Line { number: 1, cells: Vec::new() });
    let rows = lines.map(|line| line.cells).filter(|cells| cells.iter().any(|cell| !cell.is_empty())).collect();
    let preamble_lines = header.number.saturating_sub(1);
    Ok(Table { text, preamble_lines, title: title.join(" "), names: header.cells, rows })
}

// ---- guessing

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    ByShape,
    LikelyName,
    Name,
}

impl Certainty {
    fn in_words(self) -> &'static str {
        match self {
            Self::Name => "sûr, par le nom / sure, by its name",
            Self::LikelyName => "probable, par le nom / likely, by its name",
            Self::ByShape => "probable, par les valeurs / likely, by its values",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Phone,
    PostalCode,
    Email,
    Url,
    Latitude,
    Longitude,
    Number,
}

/// What nearly all the values of a column are.
fn shape_of(table: &Table, column: usize) -> Option<Shape> {
    let values: Vec<&str> = values_of(table, column).take(500).collect();
    if values.is_empty() {
        return None;
    }
    let nearly_all = |is: fn(&str) -> bool| values.iter().filter(|value| is(value)).count() * 10 >= values.len() * 8;
    let tests: [(Shape, fn(&str) -> bool); 7] = [
        (Shape::Email, is_email),
        (Shape::Url, is_url),
        (Shape::PostalCode, is_postal_code),
        (Shape::Latitude, |text| is_degree(text, 41.0, 84.0)),
        (Shape::Longitude, |text| is_degree(text, -142.0, -52.0)),
        (Shape::Phone, is_phone),
        (Shape::Number, |text| text.replace(',', ".").parse::<f64>().is_ok()),
    ];
    tests.into_iter().find(|(_, is)| nearly_all(*is)).map(|(shape, _)| shape)
}

fn values_of(table: &Table, column: usize) -> impl Iterator<Item = &str> {
    table.rows.iter().filter_map(move |row| row.get(column)).map(String::as_str).filter(|cell| !cell.is_empty())
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.')) && !text.contains(' ')
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.")
}

/// Of Canada (`J0H 1A0`), of the United States (`62701-1234`) only with its tail: five digits are many things.
fn is_postal_code(text: &str) -> bool {
    let pattern: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| {
            if letter.is_ascii_digit() {
                '9'
            } else if letter.is_alphabetic() {
                'A'
            } else {
                letter
            }
        })
        .collect();
    matches!(pattern.as_str(), "A9A9A9" | "99999-9999")
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_punctuated = text.chars().any(|letter| matches!(letter, '(' | '-' | ' ' | '.' | '+'));
    (10..=15).contains(&digits) && is_punctuated && text.chars().filter(|letter| letter.is_alphabetic()).count() < 8
}

fn is_degree(text: &str, least: f64, most: f64) -> bool {
    let number = text.replace(',', ".");
    number.contains('.') && number.parse::<f64>().is_ok_and(|number| (least..=most).contains(&number))
}

/// The columns that fill fields, with how sure that is.
fn guess(table: &Table) -> BTreeMap<&'static str, (usize, Certainty)> {
    let folded: Vec<String> = table.names.iter().map(|name| fold(name)).collect();
    let shapes: Vec<Option<Shape>> = (0..table.names.len()).map(|column| shape_of(table, column)).collect();
    let mut found: BTreeMap<&'static str, (usize, Certainty)> = BTreeMap::new();
    // What may be a secret address is no address, whatever it looks like.
    let secrets = secrets(table);
    let mut used: HashSet<usize> = secrets.unread.into_iter().collect();
    if let Some(column) = secrets.read {
        used.insert(column);
        found.insert(Field::LocationVisibility.as_str(), (column, Certainty::Name));
    }
    for certainty in [Certainty::Name, Certainty::LikelyName] {
        for (field, words) in synonyms().into_iter().filter(|(field, _)| *field != Field::LocationVisibility) {
            let names = |column: usize| {
                let folded = folded.get(column).map_or("", String::as_str);
                match certainty {
                    Certainty::Name => words.contains(&folded),
                    _ => words.iter().any(|word| word.len() > 3 && contains_words(folded, word)),
                }
            };
            let fits = |column: &usize| {
                let shape = shapes.get(*column).copied().flatten();
                !used.contains(column) && names(*column) && fits_shape(field, shape, certainty)
            };
            if !found.contains_key(field.as_str())
                && let Some(column) = (0..table.names.len()).find(fits)
            {
                used.insert(column);
                found.insert(field.as_str(), (column, certainty));
            }
        }
    }
    for (column, shape) in shapes.iter().enumerate() {
        if let Some(field) = shape.and_then(field_of_shape)
            && !used.contains(&column)
            && !found.contains_key(field.as_str())
        {
            used.insert(column);
            found.insert(field.as_str(), (column, Certainty::ByShape));
        }
    }
    // A latitude without its longitude refuses every row.
    if found.contains_key("latitude") != found.contains_key("longitude") {
        found.remove("latitude");
        found.remove("longitude");
    }
    found
}

/// Columns that seem to say which addresses are secret: the one that is read so, and those that a person must look at.
#[derive(Debug, Default)]
struct Secrets {
    read: Option<usize>,
    unread: Vec<usize>,
}

fn secrets(table: &Table) -> Secrets {
    let words = synonyms().into_iter().find(|(field, _)| *field == Field::LocationVisibility);
    let words = words.map(|(_, words)| words).unwrap_or_default();
    let mut secrets = Secrets::default();
    for (column, name) in table.names.iter().enumerate() {
        let name = fold(name);
        if !words.iter().any(|word| contains_words(&name, word)) {
            continue;
        }
        // Of these a yes may mean the contrary, or what is secret may be something else than the address.
        let is_plain = !["non", "not", "pas", "visibilite", "visibility", "note", "notes", "telephone", "courriel"]
            .iter()
            .any(|word| contains_words(&name, word));
        let is_read = values_of(table, column).all(|value| visibility_of(value).is_some());
        let says_anything = values_of(table, column).next().is_some();
        match secrets.read {
            None if is_plain && is_read && says_anything => secrets.read = Some(column),
            _ => secrets.unread.push(column),
        }
    }
    secrets
}

fn synonyms() -> Vec<(Field, Vec<&'static str>)> {
    let line = |line: &'static str| {
        let (field, words) = line.split_once(',')?;
        Some((Field::parse(field)?, words.split('|').collect()))
    };
    HEADERS.lines().skip(1).filter_map(line).collect()
}

fn contains_words(text: &str, words: &str) -> bool {
    format!(" {text} ").contains(&format!(" {words} "))
}

/// A column whose values are plainly something else is not what its name says.
fn fits_shape(field: Field, shape: Option<Shape>, certainty: Certainty) -> bool {
    match field {
        Field::Email | Field::OrganizationEmail => shape == Some(Shape::Email),
        Field::Latitude => shape == Some(Shape::Latitude),
        Field::Longitude => shape == Some(Shape::Longitude),
        Field::Phone | Field::Fax => shape.is_none() || shape == Some(Shape::Phone),
        Field::MinimumAge | Field::MaximumAge | Field::PlacesAvailable => shape == Some(Shape::Number),
        Field::Url | Field::OrganizationWebsite => shape.is_none() || shape == Some(Shape::Url),
        Field::PostalCode => shape.is_none() || shape == Some(Shape::PostalCode),
        // Codes of municipalities are not their names.
        _ if certainty == Certainty::LikelyName => shape.is_none(),
        _ => true,
    }
}

fn field_of_shape(shape: Shape) -> Option<Field> {
    match shape {
        Shape::Phone => Some(Field::Phone),
        Shape::PostalCode => Some(Field::PostalCode),
        Shape::Email => Some(Field::Email),
        Shape::Url => Some(Field::Url),
        Shape::Latitude => Some(Field::Latitude),
        Shape::Longitude => Some(Field::Longitude),
        Shape::Number => None,
    }
}

/// Columns that together name a row: one that says it is an id, else name and address; and whether no row repeats it.
fn key_columns(table: &Table, found: &BTreeMap<&'static str, (usize, Certainty)>) -> (Vec<usize>, bool) {
    let is_unique = |columns: &[usize]| {
        let mut seen = HashSet::new();
        table.rows.iter().all(|row| {
            let key: Vec<&str> = columns.iter().map(|column| row.get(*column).map_or("", String::as_str)).collect();
            key.iter().any(|part| !part.is_empty()) && seen.insert(key.join("|"))
        })
    };
    let is_id = |column: &usize| {
        let name = table.names.get(*column).map(|name| fold(name)).unwrap_or_default();
        ["id", "code", "numero", "no", "identifiant", "key", "cle", "permis"]
            .iter()
            .any(|word| contains_words(&name, word))
            && !["postal", "municipal", "region", "mun", "telephone"].iter().any(|word| name.contains(word))
    };
    let column = |field: &str| found.get(field).map(|(column, _)| *column);
    let ids: Vec<usize> = (0..table.names.len()).filter(is_id).collect();
    let parts = ["name", "address.address_1", "address.postal_code", "location.name", "address.city", "phone"];
    let parts: Vec<usize> = parts.iter().filter_map(|field| column(field)).collect();
    let mut candidates: Vec<Vec<usize>> = ids.iter().map(|id| vec![*id]).collect();
    candidates.extend(ids.iter().flat_map(|id| parts.iter().skip(1).map(|part| vec![*id, *part])));
    candidates.extend((1..=parts.len()).map(|length| parts.iter().take(length).copied().collect()));
    match candidates.iter().find(|columns| is_unique(columns)) {
        Some(columns) => (columns.clone(), true),
        None => (candidates.pop().filter(|columns| !columns.is_empty()).unwrap_or_else(|| vec![0]), false),
    }
}

/// Needs whose words stand in the file, the most often named first.
fn candidates<'a>(table: &Table, source: &str, terms: &'a [Term]) -> Vec<&'a Term> {
    let mut words: HashMap<String, usize> = HashMap::new();
    let texts = table.rows.iter().take(300).flatten().map(String::as_str);
    for text in texts.chain([source, table.title.as_str()]).chain(table.names.iter().map(String::as_str)) {
        for word in fold(text).split(' ') {
            *words.entry(word.chars().take(7).collect()).or_default() += 1;
        }
    }
    let score = |term: &Term| {
        let label = format!("{} {}", fold(term.label.get(Lang::Fr)), fold(term.label.get(Lang::En)));
        let said: HashSet<String> =
            label.split(' ').filter(|word| word.len() > 4).map(|word| word.chars().take(7).collect()).collect();
        said.iter().filter_map(|word| words.get(word)).sum::<usize>()
    };
    let mut scored: Vec<(usize, &Term)> =
        terms.iter().map(|term| (score(term), term)).filter(|(score, _)| *score > 0).collect();
    scored.sort_by(|(one, first), (other, second)| other.cmp(one).then(first.code.cmp(&second.code)));
    let mut best: Vec<&Term> = scored.into_iter().map(|(_, term)| term).take(CATEGORIES_SHOWN_MAX).collect();
    if best.is_empty() {
        best.extend(terms.iter().filter(|term| !term.is_leaf()).take(CATEGORIES_SHOWN_MAX));
    }
    best
}

// ---- writing

/// The draft of a mapping, as TOML. `source` names the file; `terms` are the needs to choose from.
pub fn draft(table: &Table, source: &str, terms: &[Term]) -> String {
    let found = guess(table);
    let mut text = String::from(
        "# Ébauche à relire : chaque ligne dit pourquoi elle est là. / A draft to read over: each line says why.\n\
         # Essayer / Try: relais import FICHIER --mapping CE_FICHIER --dry-run\n\n",
    );
    for column in secrets(table).unread {
        let name = quoted(name_of(table, column));
        text += &format!(
            "# À VÉRIFIER : la colonne {name} semble dire quelles adresses sont secrètes et N'EST PAS PRISE : les \
             adresses seraient publiques.\n\
             # CHECK: the column {name} seems to say which addresses are secret and is NOT TAKEN: the addresses would \
             be public.\n\n"
        );
    }
    text += &format!("source = {}\n", quoted(&slug(source)));
    if let Some((encoding, delimiter)) = table.text {
        text += &format!("encoding = {}\n", quoted(encoding.as_str()));
        text += &format!("delimiter = {}\n", quoted(&char::from(delimiter).to_string()));
    }
    text += &format!("preamble_lines = {}\nlanguage = \"fr\"\n", table.preamble_lines);
    let (key, is_unique) = key_columns(table, &found);
    let names: Vec<String> = key.iter().map(|column| quoted(name_of(table, *column))).collect();
    let rows = table.rows.len();
    text += &if is_unique {
        format!("# Unique dans les {rows} lignes lues / unique in the {rows} rows that were read\n")
    } else {
        "# Rien d'unique : les répétitions sont numérotées. / Nothing is unique: repeats are numbered.\n".to_owned()
    };
    text += &format!("key = [{}]\n", names.join(", "));
    if !is_unique {
        text += "repeated_key = \"number\"\n";
    }
    text += &columns(table, &found);
    text += &categories(table, source, terms);
    text
}

fn columns(table: &Table, found: &BTreeMap<&'static str, (usize, Certainty)>) -> String {
    let mut text = String::from("\n[columns]\n");
    let mut used: HashSet<usize> = HashSet::new();
    let unread = secrets(table).unread;
    let is_text = |column: &usize| {
        shape_of(table, *column).is_none() && !name_of(table, *column).is_empty() && !unread.contains(column)
    };
    let first_text = (0..table.names.len()).find(is_text);
    let name = found.get("name").map(|(column, _)| *column);
    if name.is_none() {
        let column = found.get("organization.name").map(|(column, _)| *column).or(first_text).unwrap_or(0);
        used.insert(column);
        text += "# À VÉRIFIER : aucune colonne ne dit le nom. / CHECK: no column says the name.\n";
        text += &format!("name = {}\n", quoted(name_of(table, column)));
    }
    for (field, (column, certainty)) in found {
        used.insert(*column);
        text += &format!("# {}\n", certainty.in_words());
        if *field == Field::LocationVisibility.as_str() {
            text += "# oui, caché... : la région seule ; non, vide : l'adresse est publique. / yes, hidden...: the \
                     region alone; no, empty: the address is public.\n";
        }
        text += &format!("{} = {}\n", quoted(field), quoted(name_of(table, *column)));
    }
    if !found.contains_key("organization.name") {
        let column = name.or(first_text).unwrap_or(0);
        text += "# À VÉRIFIER : le nom de la ligne, faute d'organisme. / CHECK: the row's own name, for want of an \
                 organization.\n";
        text += &format!("\"organization.name\" = {}\n", quoted(name_of(table, column)));
    }
    let left = (0..table.names.len()).filter(|column| !used.contains(column));
    let left: Vec<&str> = left.map(|column| name_of(table, column)).filter(|name| !name.is_empty()).collect();
    if !left.is_empty() {
        text += &format!("# Non prises / not taken: {}\n", left.join(" | "));
    }
    text
}

fn categories(table: &Table, source: &str, terms: &[Term]) -> String {
    let best = candidates(table, source, terms);
    let mut text = String::from("\n[categories]\n# À CHOISIR / CHOOSE:\n");
    for term in &best {
        text += &format!("#   {:<32} {} / {}\n", term.code, term.label.get(Lang::Fr), term.label.get(Lang::En));
    }
    let first = best.first().map_or("", |term| term.code.as_str());
    text += &format!("# always = [{}]\n", quoted(first));
    for column in 0..table.names.len() {
        let distinct: HashSet<&str> = values_of(table, column).collect();
        let is_kind = (2..=25).contains(&distinct.len()) && table.rows.len() > 2 * distinct.len();
        if is_kind && shape_of(table, column).is_none() {
            let mut values: Vec<&str> = distinct.into_iter().collect();
            values.sort_unstable();
            text += &format!("# column = {}   # {}\n", quoted(name_of(table, column)), values.join(" | "));
        }
    }
    text
}

fn name_of(table: &Table, column: usize) -> &str {
    table.names.get(column).map_or("", String::as_str)
}

/// A string of TOML; JSON's escapes are among its own.
fn quoted(text: &str) -> String {
    let bare: String = text.chars().filter(|letter| !letter.is_control()).collect();
    serde_json::Value::String(bare).to_string()
}

fn slug(name: &str) -> String {
    let words: String = fold(name).replace(' ', "-").chars().take(60).collect();
    if words.is_empty() || words == "relais" { "source".to_owned() } else { words }
}
