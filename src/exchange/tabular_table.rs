//! One table of a package: its bytes to rows of text with their lines. A row that cannot be read is refused alone.

use std::collections::HashSet;

use csv::{ByteRecord, StringRecord};

use super::RefusedRow;
use super::line_ends::LineEnds;
use super::package::PackageFile;
use super::tabular_old::{column_of, table_of};
use crate::domain::refusal::{Code, Refusal};

/// Rows of one table.
pub const ROWS_MAX: usize = 2_000_000;
/// Bytes of one cell. Longer texts are refused by their own rules; this bounds what is looked at.
pub const CELL_BYTES_MAX: usize = 512 * 1024;
pub const COLUMNS_MAX: usize = 200;
/// Rows of a package that are named one by one when they are refused; beyond them, one row says that there are more.
pub const REFUSED_MAX: usize = 100_000;

#[derive(Debug, Clone)]
pub struct Table {
    pub name: &'static str,
    /// The file without `.csv`: two files may be one table (`physical_addresses`, `postal_addresses`).
    pub stem: String,
    /// As they are called today, in the order of the file.
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Rows with nothing in them.
    pub blank: u64,
}

#[derive(Debug, Clone)]
pub struct Row {
    pub line: u64,
    cells: StringRecord,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
    /// What a row says in a column, without blanks around; `None` where it says nothing.
    pub fn get<'a>(&self, row: &'a Row, column: Option<usize>) -> Option<&'a str> {
        row.cells.get(column?).map(str::trim).filter(|text| !text.is_empty())
    }
    /// As it stands, blanks included.
    pub fn raw<'a>(&self, row: &'a Row, column: usize) -> Option<&'a str> {
        row.cells.get(column).filter(|text| !text.is_empty())
    }
}

/// How a file is encoded: as a whole, so that a word is not read two ways within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Windows1252,
}

/// Reads one file. `None` when it is no table of HSDS; that is said in `refused`.
pub fn read(file: &PackageFile, refused: &mut Vec<RefusedRow>) -> Option<Table> {
    let stem = file.name.trim_end_matches(".csv").to_owned();
    let mut refuse = |line: u64, refusal: Refusal| {
        refused.push(RefusedRow { line, table: Some(stem.clone()), refusal });
    };
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&file.bytes);
    let encoding = encoding_of(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter_of(bytes))
        .has_headers(false)
        .flexible(true)
        .from_reader(LineEnds::new(bytes, 1));
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).unwrap_or(false) {
        return None;
    }
    let Some(header) = decode(&record, encoding).filter(|header| header.len() <= COLUMNS_MAX) else {
        refuse(1, Refusal::field(Code::InvalidValue, "header").rule(format!("<= {COLUMNS_MAX} columns of text")));
        return None;
    };
    let named: Vec<String> = header.iter().map(|column| column.trim().to_lowercase()).collect();
    let Some(name) = table_of(&stem, &named) else {
        refuse(0, Refusal::field(Code::UnknownField, stem.clone()).rule("a table of HSDS"));
        return None;
    };
    let columns: Vec<String> = named.iter().map(|column| column_of(name, column).to_owned()).collect();
    let mut distinct = HashSet::new();
    if let Some(twice) = columns.iter().find(|column| !column.is_empty() && !distinct.insert(*column)) {
        refuse(1, Refusal::field(Code::AlreadyExists, twice.clone()).rule("one column a name"));
        return None;
    }
    let mut table = Table { name, stem: stem.clone(), columns, rows: Vec::new(), blank: 0 };
    let is_open = bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                refuse(0, Refusal::field(Code::InvalidValue, "row").rule(error.to_string()));
                break;
            }
        }
        let line = reader.get_mut().line_at(record.position().map_or(0, csv::Position::byte));
        if table.rows.len() >= ROWS_MAX {
            refuse(line, Refusal::field(Code::TooMany, "rows").rule(format!("<= {ROWS_MAX}")));
            break;
        }
        match checked(&record, &table, encoding) {
            Ok(Some(cells)) => table.rows.push(Row { line, cells }),
            Ok(None) => table.blank += 1,
            Err(refusal) => refuse(line, refusal),
        }
    }
    // An open quote takes the rest of the file into one cell: that row is none.
    if is_open && let Some(last) = table.rows.pop() {
        refuse(last.line, Refusal::field(Code::InvalidValue, "row").rule("every quote is closed"));
    }
    Some(table)
}

fn checked(record: &ByteRecord, table: &Table, encoding: Encoding) -> Result<Option<StringRecord>, Refusal> {
    if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
        return Ok(None);
    }
    let width = table.columns.len();
    if record.iter().skip(width).any(|cell| !cell.trim_ascii().is_empty()) {
        return Err(Refusal::field(Code::TooMany, "row").rule(format!("{width} cells")));
    }
    if let Some(position) = record.iter().position(|cell| cell.len() > CELL_BYTES_MAX) {
        let column = table.columns.get(position).cloned().unwrap_or_default();
        return Err(Refusal::field(Code::TooLong, column).rule(format!("<= {CELL_BYTES_MAX} bytes")));
    }
    let word = if encoding == Encoding::Utf8 { "utf-8" } else { "windows-1252" };
    let cells = decode(record, encoding).ok_or_else(|| Refusal::field(Code::InvalidValue, "encoding").rule(word))?;
    Ok(Some(cells))
}

fn decode(record: &ByteRecord, encoding: Encoding) -> Option<StringRecord> {
    match encoding {
        Encoding::Utf8 => StringRecord::from_byte_record(record.clone()).ok(),
        Encoding::Windows1252 => {
            let mut text = StringRecord::with_capacity(record.as_slice().len(), record.len());
            for cell in record {
                // The five bytes that Windows-1252 leaves without a letter.
                if cell.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)) {
                    return None;
                }
                text.push_field(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0);
            }
            Some(text)
        }
    }
}

/// UTF-8, unless no line that has more than ASCII is UTF-8.
fn encoding_of(bytes: &[u8]) -> Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return Encoding::Utf8;
    }
    let beyond_ascii = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii());
    let any_utf8 = beyond_ascii.into_iter().any(|line| std::str::from_utf8(line).is_ok());
    if any_utf8 { Encoding::Utf8 } else { Encoding::Windows1252 }
}

/// The sign that the first line has most of: a comma, a semicolon or a tab.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let count = |sign: u8| first.iter().filter(|byte| **byte == sign).count();
    let signs = [b',', b';', b'\t'];
    let most = signs.into_iter().max_by_key(|sign| (count(*sign), *sign == b','));
    most.filter(|sign| count(*sign) > 0).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, bytes: &[u8]) -> (Option<Table>, Vec<RefusedRow>) {
        let mut refused = Vec::new();
        let table = read(&PackageFile { name: name.to_owned(), bytes: bytes.to_vec() }, &mut refused);
        (table, refused)
    }

    #[test]
    fn marks_line_ends_and_separators_of_every_office_are_read() {
        let (table, refused) = read_text("services.csv", b"\xEF\xBB\xBFid;Name \r\n1;A\r\n\r\n2;\"B;b\"\r\n;;\r\n");
        let table = table.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(table.columns, ["id", "name"]);
        let names: Vec<_> = table.rows.iter().map(|row| (row.line, table.get(row, Some(1)))).collect();
        assert_eq!(names, [(2, Some("A")), (4, Some("B;b"))]);
        assert_eq!(table.blank, 1);
    }

    #[test]
    fn a_file_has_one_encoding_and_a_row_of_another_is_refused() {
        let (table, refused) = read_text("services.csv", b"id,name\n1,Caf\xE9\n2,\x81\n");
        assert_eq!(table.unwrap().rows.len(), 1);
        assert_eq!((refused[0].line, refused[0].refusal.rule.as_deref()), (3, Some("windows-1252")));
        let (table, refused) = read_text("services.csv", "id,name\n1,Café\n2,X\n".replace('X', "\u{0}").as_bytes());
        assert_eq!((table.unwrap().rows.len(), refused.len()), (2, 0));
        let mixed = [b"id,name\n1,".as_slice(), "Café\n2,Caf".as_bytes(), b"\xE9\n"].concat();
        let (table, refused) = read_text("services.csv", &mixed);
        assert_eq!(table.unwrap().rows.len(), 1);
        assert_eq!((refused[0].line, refused[0].refusal.rule.as_deref()), (3, Some("utf-8")));
    }

    #[test]
    fn cells_and_rows_past_their_bounds_are_refused_alone() {
        let long = format!("id,name\n1,{}\n2,b\n3,c,d\n4,\"e\n5,f\n", "x".repeat(CELL_BYTES_MAX + 1));
        let (table, refused) = read_text("services.csv", long.as_bytes());
        let lines: Vec<_> = refused.iter().map(|row| (row.line, row.refusal.code)).collect();
        assert_eq!(lines, [(2, Code::TooLong), (4, Code::TooMany), (5, Code::InvalidValue)]);
        assert_eq!(table.unwrap().rows.len(), 1);
        let (table, refused) = read_text("notes.csv", b"a,b\n1,2\n");
        assert!(table.is_none());
        assert_eq!(refused[0].refusal.code, Code::UnknownField);
    }
}
