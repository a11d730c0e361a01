//! XLSX, as rows of text. Values as they were last calculated: a formula is never run. What is packed is measured
//! before it is taken apart, so that a small file cannot become a large one.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::iter::Peekable;

use calamine::{DataRef, Dimensions, Reader, Xlsx, XlsxCellReader};
use chrono::{NaiveTime, Timelike};

use super::spreadsheets::{self, Line, ROWS_MAX};
use crate::domain::refusal::{Code, Refusal};

/// All parts of a workbook, unpacked.
pub const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Parts of a workbook: sheets, strings, styles, pictures.
pub const PARTS_MAX: usize = 10_000;
/// Columns of a sheet, and merged regions of one.
pub const COLUMNS_MAX: usize = 1_000;
pub const MERGED_REGIONS_MAX: usize = 100_000;

/// A workbook that has been measured.
pub struct Workbook<R: Read + Seek> {
    xlsx: Xlsx<R>,
}

fn unreadable(error: &impl std::fmt::Display) -> Refusal {
    Refusal::field(Code::InvalidValue, "file").rule(format!("XLSX: {error}"))
}

fn too_large() -> Refusal {
    Refusal::field(Code::TooLong, "file").rule(format!("<= {UNPACKED_BYTES_MAX} bytes unpacked"))
}

impl<R: Read + Seek> Workbook<R> {
    /// # Errors
    /// `TooLong` or `TooMany` for a file that would become too large, `InvalidValue` for one that is no XLSX.
    pub fn open(mut input: R) -> Result<Self, Refusal> {
        measure(&mut input)?;
        input.rewind().map_err(|error| unreadable(&error))?;
        Xlsx::new(input).map(|xlsx| Self { xlsx }).map_err(|error| unreadable(&error))
    }

    /// The rows of a sheet, the first where no name is given, after `skipped` rows: the names of the columns, and what
    /// is under them.
    ///
    /// # Errors
    /// `UnknownReference` for a sheet that is not there.
    pub fn rows(&mut self, sheet: Option<&str>, skipped: u64) -> Result<(Vec<String>, SheetRows<'_, R>), Refusal> {
        let names = self.xlsx.sheet_names();
        let wanted = match sheet {
            Some(sheet) => names.iter().find(|name| name.trim() == sheet.trim()).ok_or_else(|| {
                Refusal::field(Code::UnknownReference, "sheet").rule(format!("{sheet}: {}", names.join(", ")))
            })?,
            None => names.first().ok_or_else(|| Refusal::field(Code::MissingField, "sheet"))?,
        };
        let merged = self.xlsx.merge_cells_by_sheet_name(wanted).map_err(|error| unreadable(&error))?;
        if merged.len() > MERGED_REGIONS_MAX {
            let rule = format!("<= {MERGED_REGIONS_MAX} merged regions");
            return Err(Refusal::field(Code::TooMany, "file").rule(rule));
        }
        let cells = self.xlsx.worksheet_cells_reader(wanted).map_err(|error| unreadable(&error))?;
        let mut rows = SheetRows::new(cells, merged, skipped);
        let names = match rows.next() {
            Some(line) => line?.cells,
            None => return Err(Refusal::field(Code::OutOfRange, "preamble_lines").rule("the sheet has fewer rows")),
        };
        rows.width = names.len();
        Ok((names, rows))
    }
}

/// Unpacks every part once and keeps none of it.
fn measure<R: Read + Seek>(input: &mut R) -> Result<(), Refusal> {
    let mut archive = zip::ZipArchive::new(input).map_err(|error| unreadable(&error))?;
    if archive.len() > PARTS_MAX {
        return Err(Refusal::field(Code::TooMany, "file").rule(format!("<= {PARTS_MAX} parts")));
    }
    let mut left = UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| unreadable(&error))?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|error| unreadable(&error))?;
        left = left.checked_sub(read).ok_or_else(too_large)?;
    }
    Ok(())
}

/// The rows of one sheet that have anything in them.
pub struct SheetRows<'a, R: Read + Seek> {
    cells: Peekable<Cells<'a, R>>,
    /// By the row in which they begin.
    merged: BTreeMap<u32, Vec<Dimensions>>,
    /// Regions that reach below their first row, with what stands there.
    open: Vec<(Dimensions, String)>,
    skipped: u64,
    width: usize,
    count: usize,
}

struct Cells<'a, R: Read + Seek>(XlsxCellReader<'a, R>);

impl<R: Read + Seek> Iterator for Cells<'_, R> {
    type Item = Result<(u32, u32, String), Refusal>;
    fn next(&mut self) -> Option<Self::Item> {
        match self.0.next_cell() {
            Ok(Some(cell)) => {
                let (row, column) = cell.get_position();
                Some(Ok((row, column, spreadsheets::clean(&text_of(cell.get_value())))))
            }
            Ok(None) => None,
            Err(error) => Some(Err(unreadable(&error))),
        }
    }
}

impl<'a, R: Read + Seek> SheetRows<'a, R> {
    fn new(cells: XlsxCellReader<'a, R>, merged: Vec<Dimensions>, skipped: u64) -> Self {
        let mut by_row: BTreeMap<u32, Vec<Dimensions>> = BTreeMap::new();
        for region in merged {
            by_row.entry(region.start.0).or_default().push(region);
        }
        Self { cells: Cells(cells).peekable(), merged: by_row, open: Vec::new(), skipped, width: 0, count: 0 }
    }

    fn row(&mut self) -> Option<Result<(u32, Vec<String>), Refusal>> {
        let first = match self.cells.peek()? {
            Ok((row, _, _)) => *row,
            Err(refusal) => return Some(Err(refusal.clone())),
        };
        let mut cells: Vec<String> = Vec::new();
        while let Some(Ok((row, column, _))) = self.cells.peek() {
            if *row != first {
                break;
            }
            let column = *column as usize;
            let Some(Ok((_, _, text))) = self.cells.next() else { break };
            if column >= COLUMNS_MAX {
                if text.is_empty() {
                    continue;
                }
                return Some(Err(Refusal::field(Code::TooMany, "columns").rule(format!("<= {COLUMNS_MAX}"))));
            }
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if let Some(cell) = cells.get_mut(column) {
                *cell = text;
            }
        }
        self.fill_merged(first, &mut cells);
        while cells.last().is_some_and(String::is_empty) && cells.len() > self.width {
            cells.pop();
        }
        if cells.len() < self.width {
            cells.resize(self.width, String::new());
        }
        Some(Ok((first, cells)))
    }

    /// What stands in a merged region stands in each of its cells.
    fn fill_merged(&mut self, row: u32, cells: &mut Vec<String>) {
        self.open.retain(|(region, _)| region.end.0 >= row);
        let rest = self.merged.split_off(&(row + 1));
        for region in std::mem::replace(&mut self.merged, rest).into_values().flatten() {
            let text = cells.get(region.start.1 as usize).cloned().unwrap_or_default();
            if region.end.0 >= row && !text.is_empty() {
                self.open.push((region, text));
            }
        }
        for (region, text) in &self.open {
            let end = (region.end.1 as usize).min(COLUMNS_MAX - 1);
            if cells.len() <= end {
                cells.resize(end + 1, String::new());
            }
            let covered = cells.iter_mut().take(end + 1).skip(region.start.1 as usize);
            covered.filter(|cell| cell.is_empty()).for_each(|cell| cell.clone_from(text));
        }
    }
}

impl<R: Read + Seek> Iterator for SheetRows<'_, R> {
    type Item = Result<Line, Refusal>;
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (row, cells) = match self.row()? {
                Ok(found) => found,
                Err(refusal) => return Some(Err(refusal)),
            };
            if u64::from(row) < self.skipped {
                continue;
            }
            self.count += 1;
            if self.count > ROWS_MAX {
                return Some(Err(Refusal::field(Code::TooMany, "rows").rule(format!("<= {ROWS_MAX}"))));
            }
            return Some(Ok(Line { number: u64::from(row) + 1, cells }));
        }
    }
}

/// What a cell shows, near enough: whole numbers without a fraction, dates and times as ISO 8601.
fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // Beyond 2^53 a double holds no whole numbers anyway.
        #[allow(clippy::cast_possible_truncation)]
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is_true) => is_true.to_string(),
        DataRef::DateTime(moment) => {
            let Some(at) = moment.as_datetime() else { return moment.as_f64().to_string() };
            match (moment.as_f64() < 1.0, at.time() == NaiveTime::MIN) {
                (true, _) => at.format("%H:%M").to_string(),
                (false, true) => at.format("%Y-%m-%d").to_string(),
                (false, false) if at.second() == 0 => at.format("%Y-%m-%d %H:%M").to_string(),
                (false, false) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // A formula that failed says nothing.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}
