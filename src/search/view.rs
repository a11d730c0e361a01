//! What searches see: the segments of one commit, with what is kept in memory of each. A segment that is still there
//! after a commit is not read again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tantivy::columnar::{BytesColumn, Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::schema::document::{
    DeserializeError, DocumentDeserialize, DocumentDeserializer, ValueDeserialize, ValueDeserializer,
};
use tantivy::store::StoreReader;
use tantivy::{DocId, Searcher, SegmentOrdinal, SegmentReader, Term};

use super::Error;
use super::geo::Map;
use super::marks::{KeptMarks, Marks};
use super::schema::{
    AGE_MAX, AGE_MIN, DIGEST, Fields, GIVER_ROW, HOURS, ID_HIGH, ID_LOW, PLACES_AVAILABLE, REVIEW_DUE_AT, Trait,
    VERIFIED_AT,
};
use super::vocabulary::WordsInUse;
use super::writer::{GiverRow, OwnRow, Row};
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
    pub has_room: Marks,
    pub comes_anywhere: Marks,
    pub comes_where_it_serves: Marks,
    pub may_come: Marks,
    pub says_no_territory: Marks,
    pub closed_for_now: Marks,
    /// Of the territories that searches start from.
    pub territories: KeptMarks,
    review_due_at: Column<i64>,
    /// Of the days asked about last.
    overdue: OfTheDay<Overdue>,
    confirmed: OfTheDay<Marks>,
    pub digest: Column<u64>,
    id_high: Column<u64>,
    id_low: Column<u64>,
    own_rows: StoreReader,
    givers: Givers,
}

/// The rows of givers, as they are written, one after the other: each page of results has many of them, and the column
/// would read half a block of its dictionary for each.
struct Givers {
    numbers: Option<Column<u64>>,
    rows: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

/// What was to be confirmed before a day, and what on it.
pub(super) struct Overdue {
    pub before: Marks,
    pub on_the_day: Marks,
}

/// Something of one day, in days since 1970, kept until another day is asked about.
struct OfTheDay<T>(RwLock<Option<(i64, Arc<T>)>>);

impl<T> Default for OfTheDay<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> OfTheDay<T> {
    fn of(&self, day: i64, read: impl FnOnce() -> T) -> Arc<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, known)) = known.filter(|(of, _)| *of == day) {
            return known;
        }
        let read = Arc::new(read());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((day, Arc::clone(&read)));
        read
    }
}

/// What the order looks at of every service that holds the words, side by side in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// The day of the last confirmation, and that when the next one is due, in days since 1970; 0 for never.
    verified_on: u16,
    review_due_on: u16,
    pub room: Room,
    /// Which text of hours it has; none for [`NO_TEXT`].
    hours: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Unknown,
    Some,
    None,
}

pub(super) const DAY_MICROS: i64 = 86_400_000_000;

impl Standing {
    const UNKNOWN: Standing = Standing { verified_on: 0, review_due_on: 0, room: Room::Unknown, hours: NO_TEXT };

    fn new((verified_at, review_due_at): (Option<i64>, Option<i64>), places: Option<i64>, hours: Option<u64>) -> Self {
        let room = places.map_or(Room::Unknown, |places| if places > 0 { Room::Some } else { Room::None });
        let day = |micros: Option<i64>| micros.map_or(0, day_of);
        let hours = hours.and_then(|text| u32::try_from(text).ok()).unwrap_or(NO_TEXT);
        Self { verified_on: day(verified_at), review_due_on: day(review_due_at), room, hours }
    }

    /// Which text of hours it has.
    pub(super) fn hours(self) -> Option<u64> {
        (self.hours != NO_TEXT).then_some(u64::from(self.hours))
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

/// The row of a document: all that the store keeps of it, and so not made into a document first.
struct StoredRow(Vec<u8>);

impl DocumentDeserialize for StoredRow {
    fn deserialize<'de, D: DocumentDeserializer<'de>>(mut document: D) -> Result<Self, DeserializeError> {
        Ok(document.next_field()?.map_or(Self(vec![]), |(_, row)| row))
    }
}

impl ValueDeserialize for StoredRow {
    fn deserialize<'de, D: ValueDeserializer<'de>>(value: D) -> Result<Self, DeserializeError> {
        value.deserialize_bytes().map(Self)
    }
}

impl View {
    /// Of what a searcher sees; segments that an earlier view had are taken from it.
    pub(super) fn open(searcher: Searcher, fields: &Fields, earlier: Option<&View>) -> Result<Self, Error> {
        let known = |segment: &SegmentReader| {
            let same = |known: &&Arc<SegmentView>| known.segment_id == segment.segment_id();
            earlier.and_then(|view| view.segments.iter().find(same)).map(Arc::clone)
        };
        let mut segments = vec![];
        for segment in searcher.segment_readers() {
            let view = match known(segment) {
                Some(view) => view,
                None => Arc::new(SegmentView::open(segment, fields)?),
            };
            segments.push(view);
        }
        Ok(Self { searcher, segments, words_in_use: WordsInUse::default() })
    }

    pub(super) fn segment(&self, at: SegmentOrdinal) -> Option<&SegmentView> {
        self.segments.get(at as usize).map(Arc::as_ref)
    }

    pub(super) fn row(&self, segment: SegmentOrdinal, doc: DocId) -> Result<Row, Error> {
        let segment = self.segment(segment).ok_or(Error::NoSuchRow)?;
        let StoredRow(own) = segment.own_rows.get(doc)?;
        let own: OwnRow = postcard::from_bytes(&own)?;
        Ok(Row { own, giver: segment.givers.row(doc)? })
    }
}

impl SegmentView {
    /// The columns and the map are read side by side: of a million services that takes a tenth of a second.
    fn open(segment: &SegmentReader, fields: &Fields) -> Result<Self, Error> {
        let marks = |one: Trait| Marks::of_term(segment, &Term::from_field_text(fields.traits, &one.text()));
        let columns = segment.fast_fields();
        let (map, givers, standings) = std::thread::scope(|scope| {
            let map = scope.spawn(|| Map::open(segment));
            let givers = scope.spawn(|| Givers::read(columns.bytes(GIVER_ROW)?));
            let standings = Self::standings(segment);
            (map.join(), givers.join(), standings)
        });
        let standings = standings?;
        let with_room = standings.iter().zip(0..).filter(|(standing, _)| standing.room == Room::Some);
        Ok(Self {
            segment_id: segment.segment_id(),
            has_room: Marks::of(with_room.map(|(_, doc)| doc)),
            map: map.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            hours: Hours::new(columns.str(HOURS)?),
            age_min: columns.u64(AGE_MIN)?,
            age_max: columns.u64(AGE_MAX)?,
            standings,
            comes_anywhere: marks(Trait::ComesAnywhere)?,
            comes_where_it_serves: marks(Trait::ComesWhereItServes)?,
            may_come: marks(Trait::MayCome)?,
            says_no_territory: marks(Trait::SaysNoTerritory)?,
            closed_for_now: marks(Trait::ClosedForNow)?,
            territories: KeptMarks::default(),
            review_due_at: columns.i64(REVIEW_DUE_AT)?,
            overdue: OfTheDay::default(),
            confirmed: OfTheDay::default(),
            digest: columns.u64(DIGEST)?,
            id_high: columns.u64(ID_HIGH)?,
            id_low: columns.u64(ID_LOW)?,
            own_rows: segment.get_store_reader(ROW_BLOCKS_KEPT)?,
            givers: givers.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
        })
    }

    fn standings(segment: &SegmentReader) -> Result<Vec<Standing>, Error> {
        let first = |name: &str| Ok::<_, Error>(firsts(&segment.fast_fields().i64(name)?, segment.max_doc()));
        let verified_and_due = first(VERIFIED_AT)?.into_iter().zip(first(REVIEW_DUE_AT)?);
        let hours = segment.fast_fields().str(HOURS)?;
        let no_hours = || vec![None; segment.max_doc() as usize];
        let hours = hours.map_or_else(no_hours, |column| firsts(column.ords(), segment.max_doc()));
        let all = verified_and_due.zip(first(PLACES_AVAILABLE)?).zip(hours);
        Ok(all.map(|((days, places), hours)| Standing::new(days, places, hours)).collect())
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

    /// What was to be confirmed before the day of a moment, in microseconds, or on it.
    pub(super) fn overdue(&self, until: i64) -> Arc<Overdue> {
        let day = day_of(until);
        let marks = |is_so: fn(u16, u16) -> bool| {
            let due = self.standings.iter().map(|standing| standing.review_due_on).zip(0..);
            Marks::of(due.filter(|(due_on, _)| *due_on != 0 && is_so(*due_on, day)).map(|(_, doc)| doc))
        };
        let read = || Overdue { before: marks(|due, day| due < day), on_the_day: marks(|due, day| due == day) };
        self.overdue.of(i64::from(day), read)
    }

    /// What was confirmed on a day, in days since 1970, or later.
    pub(super) fn confirmed_since(&self, day: i64) -> Arc<Marks> {
        let is_so = |standing: &Standing| standing.verified_on > 0 && i64::from(standing.verified_on) >= day;
        let confirmed = || self.standings.iter().zip(0..).filter(|(standing, _)| is_so(standing));
        self.confirmed.of(day, || Marks::of(confirmed().map(|(_, doc)| doc)))
    }

    /// Whether a service is open at a moment, by the hours that it has.
    pub(super) fn open_at(&self, doc: DocId, at: Time) -> Option<bool> {
        self.standing(doc).hours().and_then(|text| self.hours.open_at(text, at))
    }

    pub(super) fn id(&self, doc: DocId) -> Id {
        let half = |column: &Column<u64>| column.first(doc).unwrap_or(0);
        Id(uuid::Uuid::from_u64_pair(half(&self.id_high), half(&self.id_low)))
    }
}

impl Givers {
    fn read(column: Option<BytesColumn>) -> Result<Self, Error> {
        let (mut rows, mut ends) = (vec![], vec![]);
        let Some(column) = column else { return Ok(Self { numbers: None, rows, ends }) };
        let mut all = column.dictionary().stream().map_err(tantivy::TantivyError::from)?;
        while all.advance() {
            rows.extend_from_slice(all.key());
            ends.push(rows.len());
        }
        rows.shrink_to_fit();
        ends.shrink_to_fit();
        Ok(Self { numbers: Some(column.ords().clone()), rows, ends })
    }

    fn row(&self, doc: DocId) -> Result<GiverRow, Error> {
        let number = self.numbers.as_ref().and_then(|numbers| numbers.first(doc)).ok_or(Error::NoSuchRow)? as usize;
        let start = number.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let row = start.zip(self.ends.get(number)).and_then(|(start, end)| self.rows.get(start..*end));
        Ok(postcard::from_bytes(row.ok_or(Error::NoSuchRow)?)?)
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

const NO_TEXT: u32 = u32::MAX;

impl Hours {
    fn new(column: Option<StrColumn>) -> Self {
        let count = column.as_ref().map_or(0, |column| column.num_terms());
        Self { column, read: (0..count).map(|_| ReadHours::default()).collect() }
    }

    pub(super) fn open_at(&self, text: u64, at: Time) -> Option<bool> {
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
