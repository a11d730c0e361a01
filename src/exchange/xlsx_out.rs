//! The tables of an export as one workbook, a sheet a table: to read and to sort, not to come back. Every text is a
//! text cell, so that nothing in it runs; a text longer than a cell may be is cut, and says so.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use serde_json::Value;

use super::records_out::Records;
use super::tabular_out::{Cell, RowSink, Spreader};

/// What a sheet holds, by the limits of the format.
pub const ROWS_MAX: u32 = 1_048_575;
pub const CELL_CHARACTERS_MAX: usize = 32_767;
const CUT: &str = " […]";

pub struct Book {
    path: PathBuf,
    spreader: Spreader,
    sheets: Sheets,
}

struct Sheets {
    book: Workbook,
    /// The rows that each sheet has, under its column names.
    rows: Vec<u32>,
}

fn broken(error: XlsxError) -> io::Error {
    io::Error::other(error)
}

impl Book {
    /// A workbook that is written at its end; its rows wait in files beside it, not in memory.
    ///
    /// # Errors
    /// Where it could not be begun.
    pub fn new(path: &Path) -> io::Result<Self> {
        let spreader = Spreader::default();
        let mut book = Workbook::new();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            book.set_tempdir(folder).map_err(broken)?;
        }
        // The same directory is the same workbook, whenever it is written.
        let made = ExcelDateTime::from_ymd(2000, 1, 1).map_err(broken)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let bold = Format::new().set_bold();
        for table in &spreader.tables {
            let sheet = book.add_worksheet_with_constant_memory().map_err(broken)?;
            sheet.set_name(table.definition.name).map_err(broken)?;
            sheet.set_freeze_panes(1, 0).map_err(broken)?;
            for (at, column) in (0..).zip(&table.columns) {
                sheet.write_string_with_format(0, at, &column.name, &bold).map_err(broken)?;
            }
        }
        let rows = vec![0; spreader.tables.len()];
        Ok(Self { path: path.to_owned(), spreader, sheets: Sheets { book, rows } })
    }
}

impl RowSink for Sheets {
    fn row(&mut self, table: usize, cells: &[Cell]) -> io::Result<()> {
        let Some(rows) = self.rows.get_mut(table) else { return Ok(()) };
        *rows += 1;
        if *rows > ROWS_MAX {
            return Err(io::Error::other(format!("> {ROWS_MAX} rows of one sheet: take tabular")));
        }
        let sheet = self.book.worksheet_from_index(table).map_err(broken)?;
        for (at, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.text.is_empty()) {
            match cell.text.parse::<f64>() {
                Ok(number) if cell.is_number && number.is_finite() => sheet.write_number(*rows, at, number),
                _ => sheet.write_string(*rows, at, short(&cell.text)),
            }
            .map_err(broken)?;
        }
        Ok(())
    }
}

fn short(text: &str) -> std::borrow::Cow<'_, str> {
    // The format counts UTF-16 units.
    if text.encode_utf16().count() <= CELL_CHARACTERS_MAX {
        return text.into();
    }
    let mut left = CELL_CHARACTERS_MAX - CUT.chars().count();
    let fits = |letter: &char| match left.checked_sub(letter.len_utf16()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let kept: String = text.chars().take_while(fits).collect();
    (kept + CUT).into()
}

impl Records for Book {
    fn organization(&mut self, record: &Value) -> io::Result<()> {
        self.spreader.organization(record, &mut self.sheets)
    }
    fn service(&mut self, record: &Value) -> io::Result<()> {
        self.spreader.service(record, &mut self.sheets)
    }
    fn finish(&mut self) -> io::Result<BTreeMap<String, u64>> {
        self.sheets.book.save(&self.path).map_err(broken)?;
        Ok(self.spreader.tables.iter().map(|table| (table.definition.name.to_owned(), table.rows)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_a_cell_is_cut_and_says_so() {
        let long = "é😀".repeat(20_000);
        let cut = short(&long);
        assert!(cut.encode_utf16().count() <= CELL_CHARACTERS_MAX && cut.ends_with(CUT));
        assert_eq!(short("court"), "court");
    }
}
