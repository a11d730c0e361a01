//! The files of an index: opened without being read, checked afterwards, filled beside what is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;

const KINDS: [&str; 6] = ["idx", "term", "store", "fast", "pos", "fieldnorm"];

/// Thirty services, then one of them again: a segment with a list of what was deleted in it, and a small one.
fn filled(directory: &Path) {
    let index = Index::open(directory, id(1)).unwrap();
    let entries: Vec<Entry> = (0..30).map(|n| described(n, "Garderie", "un lieu de jeux")).collect();
    index.fill::<Error>(40, |filling| filling.put(&entries).map(|_| ())).unwrap();
    index.apply(&[put(described(1, "Garderie", "autre chose"))], Some(41)).unwrap();
}

fn files(directory: &Path, kind: &str) -> Vec<PathBuf> {
    let listed = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = listed.filter(|path| path.extension().is_some_and(|found| found == kind)).collect();
    files.sort();
    files
}

/// In place, as a disk does: the file is the same one for whoever has it open.
fn flip_a_byte(path: &Path, at: u64) {
    use std::io::{Read, Seek, SeekFrom, Write};
    let mut file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 0x40]).unwrap();
}

#[test]
fn a_file_cut_short_anywhere_is_seen_at_the_opening() {
    for kind in KINDS.into_iter().chain(["del"]) {
        for length in [0, 1, 3, 4, 5, 7, 8, 9, u64::MAX] {
            let directory = tempfile::tempdir().unwrap();
            filled(directory.path());
            let all = files(directory.path(), kind);
            assert!(!all.is_empty(), "{kind}");
            let file = fs::File::options().write(true).open(&all[0]).unwrap();
            let whole = file.metadata().unwrap().len();
            file.set_len(length.min(whole - 1)).unwrap();
            let index = Index::open(directory.path(), id(1)).unwrap();
            assert_eq!((index.position(), index.documents()), (None, 0), "{kind} of {length} bytes");
        }
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path());
        fs::remove_file(&files(directory.path(), kind)[0]).unwrap();
        assert_eq!(Index::open(directory.path(), id(1)).unwrap().position(), None, "{kind} is gone");
    }
    for list in ["meta.json", ".managed.json"] {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path());
        let path = directory.path().join(list);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let index = Index::open(directory.path(), id(1)).unwrap();
        assert_eq!((index.position(), index.documents()), (None, 0), "{list}");
    }
}

#[test]
fn a_wrong_byte_is_not_looked_for_at_the_opening_and_found_afterwards() {
    for kind in ["store", "idx"] {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path());
        let path = &files(directory.path(), kind)[0];
        flip_a_byte(path, 0);
        let index = Index::open(directory.path(), id(1)).unwrap();
        assert_eq!(index.position(), Some(41), "{kind}: the files were not read");
        assert!(index.damaged_files(&|| false).unwrap().is_empty(), "told to stop, it reads none");
        let damaged = index.damaged_files(&|| true).unwrap();
        assert_eq!(damaged.len(), 1, "{damaged:?}");
        assert_eq!(damaged[0].extension().unwrap(), kind);
        let entries = [service(3, "cpe", vec![])];
        index.fill::<Error>(42, |filling| filling.put(&entries).map(|_| ())).unwrap();
        assert!(index.damaged_files(&|| true).unwrap().is_empty());
        assert_eq!((index.position(), found(&index, &ask("cpe"))), (Some(42), vec![3]));
    }
}

#[test]
fn an_index_that_makes_the_engine_panic_is_started_again() {
    for kind in KINDS {
        let directory = tempfile::tempdir().unwrap();
        filled(directory.path());
        let path = &files(directory.path(), kind)[0];
        let mut bytes = fs::read(path).unwrap();
        // The footer stays, which ends with its own length and a mark of four bytes: all of the rest is anything.
        let (_, [a, b, c, d, ..]) = bytes.split_last_chunk::<8>().unwrap();
        let body = bytes.len() - 8 - u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        assert!(body > 0, "{kind}");
        bytes[..body].fill(0xff);
        fs::write(path, bytes).unwrap();
        let index = Index::open(directory.path(), id(1)).unwrap();
        let is_seen = index.position().is_none() || !index.damaged_files(&|| true).unwrap().is_empty();
        assert!(is_seen, "{kind}");
    }
}

#[test]
fn a_filling_that_is_killed_is_begun_again() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    let index = Index::open(directory.path(), id(1)).unwrap();
    assert!(!index.rebuild_is_asked());
    let feed = |_: &Filling<'_>| {
        assert!(index.rebuild_is_asked(), "until all of it is done");
        Ok(())
    };
    index.fill::<Error>(7, feed).unwrap();
    assert!(!index.rebuild_is_asked());
}

#[test]
fn an_index_that_somebody_holds_is_never_emptied() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    let held = Index::open(directory.path(), id(1)).unwrap();
    for epoch in [id(1), id(2)] {
        assert!(matches!(Index::open(directory.path(), epoch), Err(Error::InUse(_))));
    }
    fs::write(files(directory.path(), "fieldnorm").pop().unwrap(), "").unwrap();
    assert!(matches!(Index::open(directory.path(), id(1)), Err(Error::InUse(_))), "not even a damaged one");
    assert!(!files(directory.path(), "store").is_empty());
    drop(held);
}

/// What a `kill -9` leaves: the files as they are at that moment. The engine's threads go on meanwhile: where a file
/// goes after it was listed (one written aside and renamed), that was no moment, and it is copied again.
fn copied(directory: &Path) -> tempfile::TempDir {
    let copy_once = || {
        let copy = tempfile::tempdir()?;
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
        Ok::<_, std::io::Error>(copy)
    };
    let mut tries = (0..100).map(|_| copy_once());
    let is_of_a_moment =
        |copy: &std::io::Result<_>| !copy.as_ref().is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound);
    tries.find(is_of_a_moment).expect("the files stay for a moment").unwrap()
}

#[test]
fn a_filling_cut_short_leaves_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    let index = Index::open(directory.path(), id(1)).unwrap();
    index.want_rebuild().unwrap();
    let whole = index.content_digest().unwrap();
    let entries: Vec<Entry> = (100..140).map(|n| service(n, "cpe", vec![])).collect();
    let mut killed = None;
    let failed = index.fill(50, |filling| {
        filling.put(&entries[..20])?;
        assert_eq!(index.content_digest().unwrap(), whole, "searches see what was there");
        killed = Some(copied(directory.path()));
        Err(Error::NoSuchRow)
    });
    assert!(matches!(failed, Err(Error::NoSuchRow)));
    assert_eq!((index.position(), index.content_digest().unwrap()), (Some(41), whole.clone()));
    assert!(matches!(Index::open(directory.path(), id(1)), Err(Error::InUse(_))), "it is held as before");

    let killed = killed.unwrap();
    let left = Index::open(killed.path(), id(1)).unwrap();
    assert_eq!((left.position(), left.content_digest().unwrap()), (Some(41), whole));
    for index in [index, left] {
        assert!(index.rebuild_is_asked(), "the wish outlives the one who began");
        index.apply(&[put(service(99, "cpe", vec![]))], Some(42)).unwrap();
        assert_eq!((index.position(), index.documents()), (Some(42), 31), "it goes on from where it was");
        index.fill::<Error>(50, |filling| filling.put(&entries).map(|put| assert_eq!(put, 40))).unwrap();
        assert_eq!((index.position(), index.documents()), (Some(50), 40));
        assert!(!index.rebuild_is_asked());
    }
}

#[test]
fn a_change_reads_again_nothing_of_the_segments_that_stay() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path());
    let index = Index::open(directory.path(), id(1)).unwrap();
    let before = index.view();
    let largest = |view: &super::super::view::View| {
        let readers = view.searcher.segment_readers().iter().zip(&view.segments);
        readers.max_by_key(|(reader, _)| reader.max_doc()).map(|(_, segment)| Arc::clone(segment)).unwrap()
    };
    for n in 0..5 {
        // One that is new, and one that leaves the large segment.
        index.apply(&[put(service(200 + n, "cpe", vec![])), Change::Remove(id(10 + n))], Some(50)).unwrap();
        assert!(Arc::ptr_eq(&largest(&before), &largest(&index.view())));
    }
    assert_eq!(before.searcher.num_docs(), 30, "who began to search sees what there was");
    assert_eq!(index.documents(), 30);
}
