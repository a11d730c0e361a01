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
    standings: Vec<Standing>,
    review_due_at: Column<i64>,
    pub digest: Column<u64>,
    id_high: Column<u64>,
    id_low: Column<u64>,
    rows: StoreReader,
}

/// What the order looks at of every service that holds the words, side by side in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// The day of the last confirmation, and that when the next one is due, in days since 1970; 0 for never.
    verified_on: u16,
    review_due_on: u16,
    pub room: Room,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Unknown,
    Some,
    None,
}

pub(super) const DAY_MICROS: i64 = 86_400_000_000;

impl Standing {
    const UNKNOWN: Standing = Standing { verified_on: 0, review_due_on: 0, room: Room::Unknown };

    fn new(verified_at: Option<i64>, review_due_at: Option<i64>, places: Option<i64>) -> Self {
        let room = places.map_or(Room::Unknown, |places| if places > 0 { Room::Some } else { Room::None });
        let day = |micros: Option<i64>| micros.map_or(0, day_of);
        Self { verified_on: day(verified_at), review_due_on: day(review_due_at), room }
    }

    /// Days since the last confirmation, from midnight to midnight.
    pub(super) fn days_since_verified(self, now: Time) -> Option<i64> {
        (self.verified_on > 0).then(|| now.micros().div_euclid(DAY_MICROS) - i64::from(self.verified_on))
    }
}

/// The day of a moment, in days since 1970, from 1.
fn day_of(micros: i64) -> u16 {
    u16::try_from(micros.div_euclid(DAY_MICROS).max(1)).unwrap_or(u16::MAX)
}

/// The first value of each document.
fn firsts<T: Copy + PartialOrd + std::fmt::Debug + Send + Sync + 'static>(
    column: &Column<T>,
    max_doc: DocId,
) -> Vec<Option<T>> {
    let docs: Vec<DocId> = (0..max_doc).collect();
    let mut found = vec![None; docs.len()];
    column.first_vals(&docs, &mut found);
    found
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
    /// The columns and the map are read side by side: of a million services that takes a tenth of a second.
    fn open(segment: &SegmentReader) -> Result<Self, Error> {
        let (columns, max_doc) = (segment.fast_fields(), segment.max_doc());
        let (map, read) = std::thread::scope(|scope| {
            let map = scope.spawn(|| Map::open(segment));
            let read = Self::standings(segment)
                .and_then(|standings| Ok((standings, Hours::open(columns.str(HOURS)?, max_doc))));
            (map.join(), read)
        });
        let (standings, hours) = read?;
        Ok(Self {
            segment_id: segment.segment_id(),
            map: map.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            hours,
            age_min: columns.u64(AGE_MIN)?,
            age_max: columns.u64(AGE_MAX)?,
            standings,
            review_due_at: columns.i64(REVIEW_DUE_AT)?,
            digest: columns.u64(DIGEST)?,
            id_high: columns.u64(ID_HIGH)?,
            id_low: columns.u64(ID_LOW)?,
            rows: segment.get_store_reader(ROW_BLOCKS_KEPT)?,
        })
    }

    fn standings(segment: &SegmentReader) -> Result<Vec<Standing>, Error> {
        let first = |name: &str| Ok::<_, Error>(firsts(&segment.fast_fields().i64(name)?, segment.max_doc()));
        let verified_and_due = first(VERIFIED_AT)?.into_iter().zip(first(REVIEW_DUE_AT)?);
        let all = verified_and_due.zip(first(PLACES_AVAILABLE)?);
        Ok(all.map(|((verified_at, due_at), places)| Standing::new(verified_at, due_at, places)).collect())
    }

    pub(super) fn standing(&self, doc: DocId) -> Standing {
        self.standings.get(doc as usize).copied().unwrap_or(Standing::UNKNOWN)
    }

    /// Whether a service was to be confirmed at a moment or before, in microseconds: the days tell of nearly all.
    pub(super) fn is_due(&self, doc: DocId, until: i64) -> bool {
        let (due_on, until_day) = (self.standing(doc).review_due_on, day_of(until));
        let is_due = || self.review_due_at.first(doc).is_some_and(|due_at| due_at <= until);
        due_on != 0 && due_on <= until_day && (due_on < until_day || is_due())
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
    /// Which text each document has; none for [`NO_TEXT`].
    texts: Vec<u32>,
    read: Vec<ReadHours>,
}

const NO_TEXT: u32 = u32::MAX;

impl Hours {
    fn open(column: Option<StrColumn>, max_doc: DocId) -> Self {
        let count = column.as_ref().map_or(0, |column| column.num_terms());
        let texts = column.as_ref().map(|column| firsts(column.ords(), max_doc)).unwrap_or_default();
        let text = |text: Option<u64>| text.and_then(|text| u32::try_from(text).ok()).unwrap_or(NO_TEXT);
        let texts = texts.into_iter().map(text).collect();
        Self { column, texts, read: (0..count).map(|_| ReadHours::default()).collect() }
    }

    /// Which text a document has.
    pub(super) fn text_of(&self, doc: DocId) -> Option<u64> {
        self.texts.get(doc as usize).filter(|text| **text != NO_TEXT).map(|text| u64::from(*text))
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
