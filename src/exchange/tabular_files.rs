//! The tables of an export as files: CSV in a folder, described by a `datapackage.json`; and such a folder as one zip
//! whose bytes depend on nothing but the tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::hsds_tables::TABLES;
use super::records_out::Records;
use super::tabular_out::{Cell, RowSink, Spreader, neutral};

/// Tables in a folder that is there and has nothing in it.
pub struct Folder {
    folder: PathBuf,
    spreader: Spreader,
    files: Files,
}

struct Files(Vec<csv::Writer<BufWriter<File>>>);

impl RowSink for Files {
    fn row(&mut self, table: usize, cells: &[Cell]) -> io::Result<()> {
        let Some(file) = self.0.get_mut(table) else { return Ok(()) };
        let texts = cells.iter().map(|cell| if cell.is_number { (&*cell.text).into() } else { neutral(&cell.text) });
        for text in texts {
            file.write_field(text.as_bytes())?;
        }
        file.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

impl Folder {
    /// # Errors
    /// Where a file could not be made.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let spreader = Spreader::default();
        let mut files = Vec::with_capacity(spreader.tables.len());
        for table in &spreader.tables {
            let file = File::create_new(folder.join(&table.definition.file))?;
            let mut file = csv::Writer::from_writer(BufWriter::new(file));
            file.write_record(table.columns.iter().map(|column| column.name.as_bytes()))?;
            files.push(file);
        }
        Ok(Self { folder: folder.to_owned(), spreader, files: Files(files) })
    }
}

impl Records for Folder {
    fn organization(&mut self, record: &Value) -> io::Result<()> {
        self.spreader.organization(record, &mut self.files)
    }
    fn service(&mut self, record: &Value) -> io::Result<()> {
        self.spreader.service(record, &mut self.files)
    }
    fn finish(&mut self) -> io::Result<BTreeMap<String, u64>> {
        self.files.0.iter_mut().try_for_each(csv::Writer::flush)?;
        let mut file = BufWriter::new(File::create_new(self.folder.join("datapackage.json"))?);
        serde_json::to_writer_pretty(&mut file, &self.spreader.datapackage())?;
        file.write_all(b"\n")?;
        file.flush()?;
        Ok(self.spreader.tables.iter().map(|table| (table.definition.name.to_owned(), table.rows)).collect())
    }
}

/// Packs a folder of tables, in the order of the standard.
///
/// # Errors
/// Where a file could not be read or the zip not be written.
pub fn pack(folder: &Path, out: impl Write + Seek) -> io::Result<()> {
    // The date of an archive's file is a constant: the same tables are the same bytes.
    let options = zip::write::SimpleFileOptions::default()
        .last_modified_time(zip::DateTime::default())
        .large_file(true)
        .unix_permissions(0o644);
    let mut writer = zip::ZipWriter::new(out);
    let tables = TABLES.iter().map(|table| table.file.as_str());
    for name in tables.chain(["datapackage.json"]) {
        writer.start_file(name, options)?;
        io::copy(&mut File::open(folder.join(name))?, &mut writer)?;
    }
    writer.finish()?.flush()
}
