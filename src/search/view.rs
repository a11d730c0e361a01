//! What searches see: the segments of one commit, with what is kept in memory of each. A segment that is still there
//! after a commit is not read again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::schema::Value;
use tantivy::store::StoreReader;
use tantivy::{DocId, Searcher, SegmentOrdinal, SegmentReader, TantivyDocument};

use super::Error;
use super::geo::Map;
use super::schema::{
    AGE_MAX, AGE_MIN, DIGEST, Fields, HOURS, ID_HIGH, ID_LOW, PLACES_AVAILABLE, REVIEW_DUE_AT, VERIFIED_AT,
};
use super::vocabulary::WordsInUse;
use super::writer::Row;
use crate::clock::Time;
use crate::domain::schedule::OpeningHours;
use crate::id::Id;

/// Blocks of rows of a segment that are remembered: they are read from mapped files, so few.
const ROW_BLOCKS_KEPT: usize = 16;

pub(super) struct View {
    pub searcher: Searcher,
    /// In the order of the searcher's.
    pub segments: Vec<Arc<SegmentView>>,
    pub words_in_use: WordsInUse,
}

pub(super) struct SegmentView {
    segment_id: SegmentId,
    pub map: Map,
    pub hours: Hours,
    pub age_min: Column<u64>,
    pub age_max: Column<u64>,
    pub places_available: Column<i64>,
    pub verified_at: Column<i64>,
    pub review_due_at: Column<i64>,
    pub digest: Column<u64>,
    id_high: Column<u64>,
    id_low: Column<u64>,
    rows: StoreReader,
}

impl View {
    /// Of what a searcher sees; segments that an earlier view had are taken from it.
    pub(super) fn open(searcher: Searcher, earlier: Option<&View>) -> Result<Self, Error> {
        let known = |segment: &SegmentReader| {
            let same = |known: &&Arc<SegmentView>| known.segment_id == segment.segment_id();
            earlier.and_then(|view| view.segments.iter().find(same)).map(Arc::clone)
        };
        let mut segments = vec![];
        for segment in searcher.segment_readers() {
            let view = match known(segment) {
                Some(view) => view,
                None => Arc::new(SegmentView::open(segment)?),
            };
            segments.push(view);
        }
        Ok(Self { searcher, segments, words_in_use: WordsInUse::default() })
    }

    pub(super) fn segment(&self, at: SegmentOrdinal) -> Option<&SegmentView> {
        self.segments.get(at as usize).map(Arc::as_ref)
    }

    pub(super) fn row(&self, fields: &Fields, segment: SegmentOrdinal, doc: DocId) -> Result<Row, Error> {
        let Some(segment) = self.segment(segment) else { return Err(Error::NoSuchRow) };
        let document: TantivyDocument = segment.rows.get(doc)?;
        let bytes = document.get_first(fields.row).and_then(|value| value.as_bytes()).ok_or(Error::NoSuchRow)?;
        Ok(postcard::from_bytes(bytes)?)
    }
}

impl SegmentView {
    fn open(segment: &SegmentReader) -> Result<Self, Error> {
        let columns = segment.fast_fields();
        Ok(Self {
            segment_id: segment.segment_id(),
            map: Map::open(segment)?,
            hours: Hours::open(columns.str(HOURS)?),
            age_min: columns.u64(AGE_MIN)?,
            age_max: columns.u64(AGE_MAX)?,
            places_available: columns.i64(PLACES_AVAILABLE)?,
            verified_at: columns.i64(VERIFIED_AT)?,
            review_due_at: columns.i64(REVIEW_DUE_AT)?,
            digest: columns.u64(DIGEST)?,
            id_high: columns.u64(ID_HIGH)?,
            id_low: columns.u64(ID_LOW)?,
            rows: segment.get_store_reader(ROW_BLOCKS_KEPT)?,
        })
    }

    pub(super) fn id(&self, doc: DocId) -> Id {
        let half = |column: &Column<u64>| column.first(doc).unwrap_or(0);
        Id(uuid::Uuid::from_u64_pair(half(&self.id_high), half(&self.id_low)))
    }
}

#[derive(Default)]
struct ReadHours {
    hours: OnceLock<OpeningHours>,
    /// The last second asked about, in even hours and in odd ones, and the answer: searches of one moment ask the same
    /// of many services, and whether it is open an hour later.
    last: [AtomicU64; 2],
}

const HOUR_S: u64 = 3_600;
/// In the last two bits of [`ReadHours::last`].
const OPEN: u64 = 0b11;
const CLOSED: u64 = 0b10;
const UNKNOWN: u64 = 0b01;

/// Hours are shared by many services: each distinct text is read once, when somebody first asks.
pub(super) struct Hours {
    column: Option<StrColumn>,
    read: Vec<ReadHours>,
}

impl Hours {
    fn open(column: Option<StrColumn>) -> Self {
        let count = column.as_ref().map_or(0, |column| column.num_terms());
        Self { column, read: (0..count).map(|_| ReadHours::default()).collect() }
    }

    /// Which text a document has.
    pub(super) fn text_of(&self, doc: DocId) -> Option<u64> {
        self.column.as_ref().and_then(|column| column.term_ords(doc).next())
    }

    pub(super) fn open_at(&self, doc: DocId, at: Time) -> Option<bool> {
        self.text_of(doc).and_then(|text| self.text_open_at(text, at))
    }

    pub(super) fn text_open_at(&self, text: u64, at: Time) -> Option<bool> {
        // No schedule tells moments of one second apart.
        let Ok(second) = u64::try_from(at.micros() / 1_000_000) else { return self.read(text)?.open_at(at) };
        let last = self.read.get(text as usize)?.last.get(usize::from(second / HOUR_S % 2 == 1))?;
        let said = last.load(Ordering::Relaxed);
        if said >> 2 == second && said & OPEN != 0 {
            return (said & OPEN != UNKNOWN).then_some(said & OPEN == OPEN);
        }
        let open = self.read(text)?.open_at(at);
        let answer = open.map_or(UNKNOWN, |open| if open { OPEN } else { CLOSED });
        last.store(second << 2 | answer, Ordering::Relaxed);
        open
    }

    pub(super) fn read(&self, text: u64) -> Option<&OpeningHours> {
        let read = || {
            let mut json = String::new();
            let found = self.column.as_ref().and_then(|column| column.ord_to_str(text, &mut json).ok());
            found.filter(|found| *found).and_then(|_| serde_json::from_str(&json).ok()).unwrap_or_default()
        };
        Some(self.read.get(text as usize)?.hours.get_or_init(read))
    }
}
