//! Lists of documents that hold a term, read a window at a time. A window is a run of 4,096 documents as 64 words of
//! bits: lists are combined by bits, and a list that only has to confirm a few documents is asked for those alone.

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Searcher, SegmentOrdinal, SegmentReader, Term};

/// Documents of a window.
pub(super) const WINDOW: usize = WORDS * 64;
const WORDS: usize = 64;

/// A list is walked through a window unless it would be this many times longer than the documents asked for: finding
/// one document costs as much as walking over some.
const WALKED_PER_SOUGHT: u32 = 16;

/// How rare a term is, in steps that fit in a byte, so that a cursor can say by which rarities its list was ordered.
const RARITY_STEPS: f32 = 16.0;
/// In the place of a rarity: no service holds the term.
pub(super) const HELD_BY_NONE: u8 = u8::MAX;

/// Some of the documents of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits([u64; WORDS]);

impl Bits {
    pub(super) const NONE: Bits = Bits([0; WORDS]);

    /// The documents below `max_doc` of the window that starts at `start`.
    pub(super) fn below(start: DocId, max_doc: DocId) -> Self {
        let mut bits = Self::NONE;
        let count = (max_doc.saturating_sub(start) as usize).min(WINDOW);
        for (at, word) in bits.0.iter_mut().enumerate() {
            *word = match count.saturating_sub(at * 64) {
                0 => 0,
                some @ 1..64 => (1 << some) - 1,
                _ => u64::MAX,
            };
        }
        bits
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// As [`Bits::count`], but no further than past `limit`.
    fn count_past(&self, limit: u32) -> u32 {
        let mut counted = 0;
        for word in self.0.iter().filter(|word| **word != 0) {
            counted += word.count_ones();
            if counted > limit {
                break;
            }
        }
        counted
    }

    pub(super) fn has(&self, offset: usize) -> bool {
        self.0.get(offset / 64).is_some_and(|word| word >> (offset % 64) & 1 == 1)
    }

    pub(super) fn set(&mut self, offset: usize) {
        if let Some(word) = self.0.get_mut(offset / 64) {
            *word |= 1 << (offset % 64);
        }
    }

    /// Adds 64 documents at once.
    pub(super) fn add_word(&mut self, at: usize, word: u64) {
        if let Some(place) = self.0.get_mut(at) {
            *place |= word;
        }
    }

    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    pub(super) fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    pub(super) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    /// Leaves out the offsets of which something does not hold.
    pub(super) fn retain(&mut self, mut holds: impl FnMut(usize) -> bool) {
        for (at, word) in self.0.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !holds(at * 64 + bit as usize) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Offsets in the window, ascending.
    pub(super) fn offsets(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let offset = (left != 0).then(|| at * 64 + left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(offset)
            })
        })
    }
}

/// A term looked up once in each segment.
#[derive(Debug, Clone)]
pub(super) struct KnownTerm {
    field: Field,
    /// One for each segment, in their order.
    found: Vec<Option<TermInfo>>,
    /// How much holding it tells, from how few services do (the usual inverse document frequency), in steps.
    pub rarity: u8,
}

impl KnownTerm {
    /// None where no segment has the term.
    pub(super) fn look_up(searcher: &Searcher, term: &Term) -> tantivy::Result<Option<Self>> {
        let field = term.field();
        let mut found = vec![];
        for segment in searcher.segment_readers() {
            found.push(segment.inverted_index(field)?.get_term_info(term)?);
        }
        let held = held_by(&found);
        if held == 0 {
            return Ok(None);
        }
        let (held, all) = (held as f32, searcher.num_docs() as f32);
        let rarity = (1.0 + (all - held + 0.5).max(0.0) / (held + 0.5)).ln();
        let rarity = (rarity * RARITY_STEPS).round().min(f32::from(HELD_BY_NONE - 1)) as u8;
        Ok(Some(Self { field, found, rarity }))
    }

    /// How many services hold it, those withdrawn since counted too.
    pub(super) fn held(&self) -> u64 {
        held_by(&self.found)
    }

    pub(super) fn with_rarity(mut self, rarity: u8) -> Self {
        self.rarity = rarity;
        self
    }

    pub(super) fn look_up_all(searcher: &Searcher, terms: &[Term]) -> tantivy::Result<Vec<Self>> {
        let found: tantivy::Result<Vec<Option<Self>>> =
            terms.iter().map(|term| Self::look_up(searcher, term)).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// The list of a segment; none where it has none.
    pub(super) fn list(&self, segment: &SegmentReader, at: SegmentOrdinal) -> tantivy::Result<Option<List>> {
        let Some(Some(info)) = self.found.get(at as usize) else { return Ok(None) };
        let index = segment.inverted_index(self.field)?;
        let postings = Box::new(index.read_block_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?);
        let windows = (segment.max_doc() as usize).div_ceil(WINDOW).max(1) as u32;
        Ok(Some(List { postings, per_window: info.doc_freq / windows, rarity: f32::from(self.rarity) / RARITY_STEPS }))
    }
}

fn held_by(found: &[Option<TermInfo>]) -> u64 {
    found.iter().flatten().map(|info| u64::from(info.doc_freq)).sum()
}

/// The documents of a segment that hold a term. Windows are asked for in ascending order.
pub(super) struct List {
    /// More than a kilobyte: it stays where it is.
    postings: Box<BlockSegmentPostings>,
    /// How many a window usually has.
    per_window: u32,
    pub rarity: f32,
}

impl List {
    /// How many documents of a window usually hold the term.
    pub(super) fn per_window(&self) -> u32 {
        self.per_window
    }

    /// Gives those of `among` that hold the term, with the frequency that it has there.
    pub(super) fn visit(&mut self, start: DocId, among: &Bits, mut found: impl FnMut(usize, u32)) -> Bits {
        let sought = among.count_past(self.per_window / WALKED_PER_SOUGHT);
        let mut hits = Bits::NONE;
        if sought == 0 {
            return hits;
        }
        let mut keep = |offset: usize, frequency: u32| {
            hits.set(offset);
            found(offset, frequency);
        };
        if sought.saturating_mul(WALKED_PER_SOUGHT) < self.per_window {
            for offset in among.offsets() {
                if let Some(frequency) = self.frequency_in(start + offset as DocId) {
                    keep(offset, frequency);
                }
            }
        } else {
            self.walk(start, among, keep);
        }
        hits
    }

    /// How often a document holds the term. Documents are asked for in ascending order.
    pub(super) fn frequency_in(&mut self, doc: DocId) -> Option<u32> {
        let at = self.postings.seek(doc);
        (self.postings.docs().get(at) == Some(&doc)).then(|| self.frequency_at(at))
    }

    /// The frequencies of the term in each document that holds it.
    pub(super) fn into_frequencies(mut self) -> impl Iterator<Item = u32> {
        let mut at = self.postings.seek(0);
        std::iter::from_fn(move || {
            if at >= self.postings.docs().len() {
                self.postings.advance();
                at = 0;
            }
            let frequency = self.postings.docs().get(at).map(|_| self.frequency_at(at));
            at += 1;
            frequency
        })
    }

    /// Terms that are only there or not have no frequencies.
    fn frequency_at(&self, at: usize) -> u32 {
        self.postings.freqs().get(at).copied().unwrap_or(1)
    }

    fn walk(&mut self, start: DocId, among: &Bits, mut keep: impl FnMut(usize, u32)) {
        let end = start + WINDOW as DocId;
        let mut at = self.postings.seek(start);
        loop {
            let docs = self.postings.docs().get(at..).unwrap_or_default();
            if docs.is_empty() {
                return;
            }
            for (nth, doc) in docs.iter().enumerate() {
                if *doc >= end {
                    return;
                }
                let offset = (*doc - start) as usize;
                if among.has(offset) {
                    keep(offset, self.frequency_at(at + nth));
                }
            }
            self.postings.advance();
            at = 0;
        }
    }
}

/// Documents that hold any of some terms.
#[derive(Default)]
pub(super) struct Union(Vec<List>);

impl Union {
    pub(super) fn open<'a>(
        terms: impl IntoIterator<Item = &'a KnownTerm>,
        segment: &SegmentReader,
        at: SegmentOrdinal,
    ) -> tantivy::Result<Self> {
        let lists: tantivy::Result<Vec<Option<List>>> = terms.into_iter().map(|term| term.list(segment, at)).collect();
        Ok(Self(lists?.into_iter().flatten().collect()))
    }

    pub(super) fn per_window(&self) -> u32 {
        self.0.iter().map(List::per_window).fold(0, u32::saturating_add)
    }

    /// Whether a document holds one of the terms. Documents are asked for in ascending order.
    pub(super) fn has(&mut self, doc: DocId) -> bool {
        self.0.iter_mut().any(|list| list.frequency_in(doc).is_some())
    }

    pub(super) fn mark(&mut self, start: DocId, among: &Bits) -> Bits {
        let mut held = Bits::NONE;
        for list in &mut self.0 {
            let left = among.without(&held);
            held = held.or(&list.visit(start, &left, |_, _| {}));
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_where_the_documents_end() {
        for (max_doc, count) in [(0, 0), (1, 1), (63, 63), (64, 64), (65, 65), (4_096, 4_096), (9_000, 4_096)] {
            assert_eq!(Bits::below(0, max_doc).count(), count);
        }
        assert_eq!(Bits::below(8_192, 9_000).count(), 808);
        assert!(Bits::below(8_192, 8_000).is_empty());
    }

    #[test]
    fn offsets_are_those_that_were_set() {
        let mut bits = Bits::NONE;
        let set = [0, 1, 63, 64, 700, 4_095];
        set.iter().for_each(|offset| bits.set(*offset));
        assert_eq!(bits.offsets().collect::<Vec<_>>(), set);
        assert!(set.iter().all(|offset| bits.has(*offset)) && !bits.has(2));
        assert_eq!(bits.without(&bits), Bits::NONE);
    }
}
