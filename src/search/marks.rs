//! Which documents of a segment hold a term that many searches ask for, as bits in memory: for the windows that have
//! some, since what is of one territory lies together.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, Term};

use super::postings::{Bits, WINDOW};

/// Terms of which a segment keeps the marks: more than there are territories to start a search from.
const KEPT_MAX: usize = 4_096;

/// By the number of the window, ascending.
pub(super) struct Marks(Vec<(usize, Bits)>);

impl Marks {
    pub(super) fn of_term(segment: &SegmentReader, term: &Term) -> tantivy::Result<Self> {
        let index = segment.inverted_index(term.field())?;
        let Some(mut postings) = index.read_postings(term, IndexRecordOption::Basic)? else { return Ok(Self(vec![])) };
        let mut next = Some(postings.doc()).filter(|doc| *doc != TERMINATED);
        Ok(Self::of(std::iter::from_fn(|| {
            let doc = next?;
            next = Some(postings.advance()).filter(|doc| *doc != TERMINATED);
            Some(doc)
        })))
    }

    /// Documents are given in ascending order.
    pub(super) fn of(documents: impl Iterator<Item = DocId>) -> Self {
        let mut windows: Vec<(usize, Bits)> = vec![];
        for doc in documents {
            let (window, offset) = (doc as usize / WINDOW, doc as usize % WINDOW);
            match windows.last_mut().filter(|(last, _)| *last == window) {
                Some((_, bits)) => bits.set(offset),
                None => {
                    let mut bits = Bits::NONE;
                    bits.set(offset);
                    windows.push((window, bits));
                }
            }
        }
        windows.shrink_to_fit();
        Self(windows)
    }

    fn window(&self, window: usize) -> Option<&Bits> {
        let at = self.0.partition_point(|(number, _)| *number < window);
        self.0.get(at).filter(|(number, _)| *number == window).map(|(_, bits)| bits)
    }

    /// Those of a window.
    pub(super) fn among(&self, window: usize, among: &Bits) -> Bits {
        self.window(window).map_or(Bits::NONE, |marked| marked.and(among))
    }

    pub(super) fn has(&self, doc: DocId) -> bool {
        self.window(doc as usize / WINDOW).is_some_and(|window| window.has(doc as usize % WINDOW))
    }
}

/// The marks of several terms: a document needs one.
#[derive(Default)]
pub(super) struct AnyMarks(Vec<Arc<Marks>>);

impl AnyMarks {
    pub(super) fn among(&self, window: usize, among: &Bits) -> Bits {
        let marked = self.0.iter().filter_map(|marks| marks.window(window));
        marked.fold(Bits::NONE, |held, marked| held.or(&marked.and(among)))
    }

    pub(super) fn has(&self, doc: DocId) -> bool {
        self.0.iter().any(|marks| marks.has(doc))
    }
}

/// The marks of the terms that were asked for, kept as long as the segment is there.
#[derive(Default)]
pub(super) struct KeptMarks(RwLock<HashMap<Term, Arc<Marks>>>);

impl KeptMarks {
    pub(super) fn any_of<'a>(
        &self,
        segment: &SegmentReader,
        terms: impl Iterator<Item = &'a Term>,
    ) -> tantivy::Result<AnyMarks> {
        let marks = terms.map(|term| self.known(term).map_or_else(|| self.read(segment, term), Ok));
        marks.collect::<tantivy::Result<_>>().map(AnyMarks)
    }

    fn known(&self, term: &Term) -> Option<Arc<Marks>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(term).cloned()
    }

    fn read(&self, segment: &SegmentReader, term: &Term) -> tantivy::Result<Arc<Marks>> {
        let marks = Arc::new(Marks::of_term(segment, term)?);
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.insert(term.clone(), Arc::clone(&marks));
        }
        Ok(marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_marked_is_found_in_its_window_and_nowhere_else() {
        let marked = [0, 5, 4_095, 4_096, 40_000, 1_000_000];
        let marks = Marks::of(marked.into_iter());
        for doc in (0..50_000).chain([1_000_000, 1_000_001, DocId::MAX - 1]) {
            assert_eq!(marks.has(doc), marked.contains(&doc), "{doc}");
        }
        let all = Bits::below(0, 4_096);
        assert_eq!(marks.among(0, &all).offsets().collect::<Vec<_>>(), [0, 5, 4_095]);
        assert_eq!(marks.among(1, &all).offsets().collect::<Vec<_>>(), [0]);
        assert_eq!(marks.among(1, &Bits::NONE), Bits::NONE);
        assert_eq!(marks.among(2, &all), Bits::NONE);
    }
}
