//! The files of a package: those of a folder, or of a zip that is opened with suspicion. Nothing is ever written where
//! an archive says, and nothing is unpacked beyond what is named here.

use std::io::{Cursor, Read};
use std::path::Path;

use crate::domain::refusal::{Code, Refusal};

/// Files of one package.
pub const FILES_MAX: usize = 200;
/// Bytes of all its files together, once unpacked.
pub const UNPACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How many times larger than in the archive a file may be; text is rarely more than thirty times. Files under
/// [`RATIO_FROM_BYTES`] are too small to matter.
pub const UNPACKED_RATIO_MAX: u64 = 200;
const RATIO_FROM_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// The name alone, without folders, in lower case: `services.csv`.
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    pub files: Vec<PackageFile>,
}

/// Whether bytes are those of a zip: its first local file, or the end of an empty one.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

impl Package {
    /// Reads the CSV and JSON files of a folder, and of the folders in it that a data package may name.
    ///
    /// # Errors
    /// `TooMany` and `TooLong` past the limits; `InvalidValue` for a folder that cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, Refusal> {
        let mut package = Self::default();
        let mut left = UNPACKED_BYTES_MAX;
        for folder in [folder.to_owned(), folder.join("resources"), folder.join("data")] {
            if folder.is_dir() {
                package.add_folder(&folder, &mut left)?;
            }
        }
        package.finish()
    }

    fn add_folder(&mut self, folder: &Path, left: &mut u64) -> Result<(), Refusal> {
        let failed = |path: &Path, error: std::io::Error| {
            Refusal::field(Code::InvalidValue, path.display().to_string()).rule(error.to_string())
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let entry = entry.map_err(|error| failed(folder, error))?;
            let kind = entry.file_type().map_err(|error| failed(&entry.path(), error))?;
            // A link may point out of the folder: only what is really there is read.
            if kind.is_file() && is_read(&entry.file_name().to_string_lossy()) {
                paths.push(entry.path());
            }
        }
        paths.sort();
        for path in paths {
            let file = std::fs::File::open(&path).map_err(|error| failed(&path, error))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let mut bytes = Vec::new();
            file.take(*left + 1).read_to_end(&mut bytes).map_err(|error| failed(&path, error))?;
            self.add(&name, bytes, left)?;
        }
        Ok(())
    }

    /// Reads the CSV and JSON files of a zip.
    ///
    /// # Errors
    /// `InvalidValue` with the name of an entry that is no plain file within the archive (`..`, an absolute name, a
    /// link) or that cannot be read; `TooMany` and `TooLong` past the limits, before memory is spent on them.
    pub fn from_zip(bytes: &[u8]) -> Result<Self, Refusal> {
        let unreadable =
            |error: zip::result::ZipError| Refusal::field(Code::InvalidValue, "zip").rule(error.to_string());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
        if archive.len() > FILES_MAX {
            return Err(Refusal::field(Code::TooMany, "zip").rule(format!("<= {FILES_MAX} files")));
        }
        let mut package = Self::default();
        let mut left = UNPACKED_BYTES_MAX;
        for position in 0..archive.len() {
            let entry = archive.by_index(position).map_err(unreadable)?;
            let name = entry.name().map_err(unreadable)?.into_owned();
            let is_inside = entry.enclosed_name().is_some() && !name.starts_with('/') && !name.contains(['\\', ':']);
            if !is_inside || entry.is_symlink() || name.split('/').any(|part| part == "..") {
                return Err(Refusal::field(Code::InvalidValue, name).rule("a plain file within the archive"));
            }
            let base = name.rsplit('/').next().unwrap_or("").to_owned();
            if entry.is_dir() || !is_read(&base) || name.starts_with("__MACOSX/") {
                continue;
            }
            // What the archive says of its size may be a lie: the bytes that come out are what is counted.
            let packed = entry.compressed_size();
            let bound = left.min(RATIO_FROM_BYTES.max(packed.saturating_mul(UNPACKED_RATIO_MAX)));
            let mut content = Vec::new();
            let broken =
                |error: std::io::Error| Refusal::field(Code::InvalidValue, name.clone()).rule(error.to_string());
            entry.take(bound + 1).read_to_end(&mut content).map_err(broken)?;
            if content.len() as u64 > bound && bound < left {
                return Err(Refusal::field(Code::TooLong, name).rule(format!("<= {UNPACKED_RATIO_MAX} times its size")));
            }
            package.add(&base, content, &mut left)?;
        }
        package.finish()
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>, left: &mut u64) -> Result<(), Refusal> {
        let length = bytes.len() as u64;
        if length > *left {
            return Err(Refusal::field(Code::TooLong, name).rule(format!("<= {UNPACKED_BYTES_MAX} bytes in all")));
        }
        if self.files.len() >= FILES_MAX {
            return Err(Refusal::field(Code::TooMany, "package").rule(format!("<= {FILES_MAX} files")));
        }
        let name = name.to_lowercase();
        if self.files.iter().any(|file| file.name == name) {
            return Err(Refusal::field(Code::AlreadyExists, name).rule("one file a name"));
        }
        *left -= length;
        self.files.push(PackageFile { name, bytes });
        Ok(())
    }

    fn finish(mut self) -> Result<Self, Refusal> {
        if !self.files.iter().any(|file| file.name.ends_with(".csv")) {
            return Err(Refusal::field(Code::MissingField, "package").rule("tables as CSV files"));
        }
        self.files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(self)
    }
}

fn is_read(name: &str) -> bool {
    let name = name.to_lowercase();
    !name.starts_with('.') && (name.ends_with(".csv") || name == "datapackage.json")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(write: impl FnOnce(&mut zip::ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        write(&mut writer);
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_bomb_is_refused_by_name_before_it_fills_the_memory() {
        let bomb = zipped(|writer| {
            writer.start_file("services.csv", SimpleFileOptions::default()).unwrap();
            let zeros = vec![b'0'; 1024 * 1024];
            (0..100).for_each(|_| writer.write_all(&zeros).unwrap());
        });
        assert!(bomb.len() < 1024 * 1024, "100 MB in {} bytes", bomb.len());
        let refusal = Package::from_zip(&bomb).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::TooLong, Some("services.csv")));
    }

    #[test]
    fn names_that_lead_out_of_the_archive_are_refused_by_name() {
        for name in ["../services.csv", "a/../../services.csv", "/etc/services.csv", "c:\\services.csv"] {
            let archive = zipped(|writer| {
                writer.start_file(name, SimpleFileOptions::default()).unwrap();
                writer.write_all(b"id,name\n").unwrap();
            });
            let refusal = Package::from_zip(&archive).unwrap_err();
            assert_eq!(refusal.code, Code::InvalidValue, "{name}");
            assert!(refusal.field.is_some_and(|field| field.ends_with("services.csv")), "{name}");
        }
        let link = zipped(|writer| {
            writer.add_symlink("services.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        });
        assert_eq!(Package::from_zip(&link).unwrap_err().field.as_deref(), Some("services.csv"));
    }

    #[test]
    fn an_archive_of_too_many_files_or_of_no_table_is_refused() {
        let many = zipped(|writer| {
            for n in 0..=FILES_MAX {
                writer.start_file(format!("{n}.csv"), SimpleFileOptions::default()).unwrap();
            }
        });
        assert_eq!(Package::from_zip(&many).unwrap_err().code, Code::TooMany);
        assert_eq!(Package::from_zip(&zipped(|_| ())).unwrap_err().code, Code::MissingField);
        assert_eq!(Package::from_zip(b"PK\x03\x04 not at all").unwrap_err().code, Code::InvalidValue);
    }
}
