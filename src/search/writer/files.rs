//! The files of an index in their directory: whether they are whole, at a glance or byte for byte, and how they go.

use std::fs;
use std::path::{Path, PathBuf};

use tantivy::directory::error::LockError;
use tantivy::directory::{DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::{Directory, TantivyError};

use super::super::Error;

/// Each file ends in a footer, and a footer in its length and a number of four bytes each. tantivy checks it when it
/// opens the file, and takes for granted that there are as many bytes as that.
const FOOTER_BYTES_MIN: u64 = 8;

/// Lies beside the files of an index that must be filled anew, until it is: a request that survives a `kill -9`.
const REBUILD_ASKED: &str = "rebuild";

/// The files that the last commit names, by their names in the directory.
pub(super) fn of_last_commit(engine: &tantivy::Index) -> Result<Vec<PathBuf>, Error> {
    let written = engine.directory().list_managed_files();
    let named = engine.load_metas()?.list_segment_files();
    let mut files: Vec<PathBuf> = named.into_iter().filter(|file| written.contains(file)).collect();
    files.sort();
    Ok(files)
}

/// Refuses an index of which a file is gone or too short to have a footer; reads none of them.
pub(super) fn refuse_missing(directory: &Path, engine: &tantivy::Index) -> Result<(), Error> {
    let is_there = |file: &PathBuf| {
        fs::metadata(directory.join(file)).is_ok_and(|file| file.is_file() && file.len() >= FOOTER_BYTES_MIN)
    };
    let missing: Vec<PathBuf> = of_last_commit(engine)?.into_iter().filter(|file| !is_there(file)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::Damaged(missing)) }
}

/// Reads the files that the last commit names, and gives those whose bytes are not what was written.
pub(super) fn damaged(engine: &tantivy::Index, goes_on: &dyn Fn() -> bool) -> Result<Vec<PathBuf>, Error> {
    let mut damaged = vec![];
    for file in of_last_commit(engine)? {
        if !goes_on() {
            break;
        }
        let is_whole = match engine.directory().validate_checksum(&file) {
            Ok(is_whole) => is_whole,
            // A merge may have taken it away meanwhile.
            Err(_) => !of_last_commit(engine)?.contains(&file),
        };
        if !is_whole {
            damaged.push(file);
        }
    }
    Ok(damaged)
}

/// Removes the files of an index that is of no use, unless another process holds it. Only plain files directly in its
/// own directory.
pub(super) fn empty(directory: &Path) -> Result<DirectoryLock, Error> {
    let files = MmapDirectory::open(directory).map_err(TantivyError::from)?;
    let held = files.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => Error::InUse(directory.to_owned()),
        LockError::IoError(error) => Error::Files(std::io::Error::other(error)),
    })?;
    let listed: Result<Vec<PathBuf>, std::io::Error> =
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let lock = directory.join(&INDEX_WRITER_LOCK.filepath);
    for path in listed? {
        if path.is_file() && path != lock {
            fs::remove_file(path)?;
        }
    }
    Ok(held)
}

pub(super) fn ask_for_rebuild(directory: &Path) -> Result<(), Error> {
    Ok(fs::write(directory.join(REBUILD_ASKED), "")?)
}

pub(super) fn rebuild_is_asked(directory: &Path) -> bool {
    directory.join(REBUILD_ASKED).exists()
}

pub(super) fn rebuild_is_done(directory: &Path) -> Result<(), Error> {
    match fs::remove_file(directory.join(REBUILD_ASKED)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
