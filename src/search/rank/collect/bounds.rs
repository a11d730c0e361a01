//! What cannot come among the best, told from as little as tells it: of a window by its boxes and its bits, of a
//! document by the cheapest of its factors.

use tantivy::DocId;

use super::super::explain::Factors;
use super::super::kept::{Kept, Last};
use super::super::scores::Scores;
use super::super::{LIFTS, OPEN_FACTOR};
use super::{Boxed, Distance, Distances, Here, Run};
use crate::search::geo::KINDS;
use crate::search::postings::{Bits, WINDOW};
use crate::search::query::Sort;

impl Run<'_> {
    /// What comes after all that is kept, did it hold the words the best: it is too far away for what lifts it.
    pub(super) fn hopeless(&self, window: usize, fits: &Bits, (last, boxed): (&Last, &[Boxed; KINDS])) -> Bits {
        let mut hopeless = Bits::NONE;
        if self.meaning.is_some() || self.order.sort == Sort::Distance {
            return hopeless;
        }
        let is_hopeless =
            |km: f64, lifted: [bool; LIFTS]| self.sum_max < self.cut(last, self.order.factor_max(km, lifted));
        let unboxed = boxed.iter().fold(*fits, |left, boxed| left.without(&boxed.documents));
        let mut lifting = None;
        for (documents, km) in boxed.iter().map(|boxed| (boxed.documents, boxed.km)).chain([(unboxed, 0.0)]) {
            if is_hopeless(km, [true; LIFTS]) {
                hopeless = hopeless.or(&documents);
            } else if is_hopeless(km, [false; LIFTS]) {
                let lifting = lifting.get_or_insert_with(|| self.lifting(window, fits));
                for lifted in 0..(1 << LIFTS) - 1 {
                    let lifted: [bool; LIFTS] = std::array::from_fn(|at| lifted >> at & 1 == 1);
                    if is_hopeless(km, lifted) {
                        let not_lifted_more = lifting.iter().zip(lifted).filter(|(_, is_lifted)| !is_lifted);
                        let such = not_lifted_more.fold(documents, |such, (lifting, _)| such.without(lifting));
                        hopeless = hopeless.or(&such);
                    }
                }
            }
        }
        hopeless.and(fits)
    }

    /// Those that serve the place asked, that have room, that were confirmed lately.
    fn lifting(&self, window: usize, among: &Bits) -> [Bits; LIFTS] {
        let served = self.serving.among(window, among).or(&self.lying_inside.among(window, among));
        [served, self.segment.has_room.among(window, among), self.fresh.among(window, among)]
    }

    /// What is not looked at further than to know whether it fits.
    pub(super) fn only_counted(&self, fits: &Bits, hopeless: &Bits, distances: &Distances, kept: &Kept<'_>) -> Bits {
        if kept.keep == 0 {
            return *fits;
        }
        if kept.last().is_none() {
            return Bits::NONE;
        }
        let mut only_counted = *fits;
        only_counted.retain(|offset| hopeless.has(offset) || self.is_cut(offset, distances.cut(offset)));
        only_counted
    }

    /// Those of them that fit for sure.
    pub(super) fn count_by_bits(&self, window: usize, among: &Bits, distances: &Distances) -> Bits {
        if !self.is_counted_by_bits || among.is_empty() {
            return Bits::NONE;
        }
        let is_anywhere = !self.order.restricts && distances.within.is_none();
        let mut fits = if is_anywhere { *among } else { among.and(&distances.near.certain) };
        if let Some((_, overdue)) = &self.hidden {
            fits = fits.without(&overdue.on_the_day.among(window, &fits));
        }
        if let Some(alive) = self.reader.alive_bitset() {
            fits.retain(|offset| alive.is_alive((window * WINDOW + offset) as DocId));
        }
        fits
    }

    /// What boxes are around in a window, and a score of words below which any document comes after all that is kept.
    pub(super) fn boxed(&self, window: usize, kept: &Kept<'_>) -> ([Boxed; KINDS], u32) {
        let map = &self.segment.map;
        let from = self.order.from.as_ref().filter(|_| kept.last().is_some());
        let far = from.map_or([0.0; KINDS], |from| map.boxed_km_at_least(window, from));
        let cut = |km: f64| kept.last().map_or(0, |last| self.cut(last, self.order.factor_max(km, [true; LIFTS])));
        let [alone, close] = map.boxed(window);
        let boxed = [(alone, far[0]), (close, far[1])].map(|(documents, km)| Boxed { documents, km, cut: cut(km) });
        (boxed, cut(0.0))
    }

    /// Its words score below the cut, and it answers no need.
    pub(super) fn is_cut(&self, offset: usize, cut: u32) -> bool {
        self.scores.sum(offset) < cut && self.scores.need(offset) == 0.0
    }

    /// The least score of words, no need beside them, with which something that the factors lift so much may come
    /// before the last.
    fn cut(&self, last: &Last, factor: f64) -> u32 {
        let order = self.order;
        if order.sort == Sort::Distance || self.required.is_empty() {
            return 0;
        }
        let is_enough = |steps: &u32| -order.sureness(*steps) <= last.key.first;
        let about = (-last.key.first * order.steps_max).max(0.0).sqrt() as u32;
        let Some(steps) = (about.saturating_sub(1)..about + 3).find(is_enough) else { return u32::MAX };
        let is_alike = -order.sureness(steps) == last.key.first;
        let fine = if is_alike { -last.key.second / factor - 1.0 } else { 0.0 };
        Scores::least_sum(steps, fine)
    }

    /// It would come after the last that is kept: told from as little as tells it.
    pub(super) fn cannot_come_before(
        &mut self,
        last: &Last,
        distance: &mut Distance<'_>,
        here: &Here,
        offset: usize,
    ) -> bool {
        if self.order.sort == Sort::Distance {
            // What has no distance is told apart by its id alone.
            return last.key.first.is_finite() && distance.rough().is_above(last.rough);
        }
        let first = -(self.order.sureness(self.scores.steps(offset)) + f64::from(self.scores.need(offset)));
        if first != last.key.first {
            return first > last.key.first;
        }
        let (fit, serves, km) =
            (1.0 + self.scores.fine(offset), here.is_of_place(offset), here.distances.km_at_least(offset));
        let is_late = |factor: f64| -fit * factor > last.key.second;
        if is_late(self.order.factor_max(km, [serves, true, true])) {
            return true;
        }
        let doc = distance.doc;
        let at_best = self.order.factors(self.segment, (doc, OPEN_FACTOR), km, serves);
        if is_late(at_best.product()) {
            return true;
        }
        let here = Factors { open: self.open_factor(doc), ..at_best };
        is_late(here.product()) || is_late(here.at(distance.rough().km_at_least()).product())
    }
}
