//! What people call places that no list of municipalities calls so: `Mtl`, `Rive-Sud`, `Eastern Townships`.

use super::fold_place;

const CALLED: &str = include_str!("../../../index/territories/called.csv");

/// Folded, each with the id of its territory.
pub(super) fn called() -> impl Iterator<Item = (String, String)> {
    let reader = csv::Reader::from_reader(CALLED.as_bytes());
    reader.into_records().flatten().filter_map(|record| Some((fold_place(record.get(0)?), record.get(1)?.to_owned())))
}
