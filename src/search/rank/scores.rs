//! What the documents of a window hold of the words asked, list by list, and what that is worth.

use tantivy::{DocId, SegmentOrdinal, SegmentReader};

use super::FINE_SCALE;
use crate::search::impact::Impact;
use crate::search::plan::{HeldLists, PlannedAlternative};
use crate::search::postings::{Bits, List, Union, WINDOW};
use crate::search::why::{Kind, Part};

/// The alternatives of a concept, the surest first.
pub(super) struct Lists {
    alternatives: Vec<Alternative>,
    /// The most that the concept adds to a [`Scores::sum`].
    pub sum_max: u32,
}

struct Alternative {
    steps: u32,
    need_steps: f32,
    held: HeldLists,
    /// What only a description holds is not held.
    of_names: bool,
    /// What a term of each of the lists is worth by its frequency.
    worths: Vec<Worths>,
}

/// By frequency, as [`Scores`] sums them.
type Worths = [u32; Impact::MAX.frequency() as usize + 1];

fn worths(rarity: f32, steps: u32) -> Worths {
    std::array::from_fn(|frequency| {
        let impact = Impact::from_frequency(frequency as u32);
        Scores::one_concept(impact.less_sure(steps), impact.worth() * rarity * FINE_SCALE)
    })
}

impl Lists {
    pub(super) fn open(
        alternatives: &[PlannedAlternative],
        reader: &SegmentReader,
        (at, of_names): (SegmentOrdinal, bool),
    ) -> tantivy::Result<Self> {
        let mut found = vec![];
        // What means the same in another word is no name of it.
        let is_name = |one: &&PlannedAlternative| !of_names || one.steps != Kind::Synonym.steps();
        for alternative in alternatives.iter().filter(is_name) {
            let (steps, need_steps) = (alternative.steps, alternative.need_steps);
            let held = alternative.held.lists(reader, at)?;
            let worths = match &held {
                HeldLists::Any(lists) if need_steps == 0.0 => {
                    lists.iter().map(|list| worths(list.rarity, steps)).collect()
                }
                _ => vec![],
            };
            found.push(Alternative { steps, need_steps, held, of_names, worths });
        }
        let sum_max = found.iter().map(Alternative::sum_max).max().unwrap_or_default();
        Ok(Self { alternatives: found, sum_max })
    }

    /// How many documents of a window usually hold the concept, at most.
    pub(super) fn per_window(&self) -> u32 {
        self.alternatives.iter().map(Alternative::per_window).fold(0, u32::saturating_add)
    }

    /// Those that hold the concept, scored by the surest alternative that they hold.
    pub(super) fn mark(&mut self, start: DocId, among: &Bits, scores: &mut Scores) -> Bits {
        let mut held = Bits::NONE;
        for alternative in &mut self.alternatives {
            let left = among.without(&held);
            held = held.or(&alternative.mark(start, left, scores));
        }
        held
    }
}

impl Alternative {
    fn sum_max(&self) -> u32 {
        let of_words = self.worths.iter().flatten().copied().max().unwrap_or_default();
        of_words.max(Scores::one_concept(self.steps, 0.0)) & Scores::SUM
    }

    fn per_window(&self) -> u32 {
        match &self.held {
            HeldLists::Any(lists) => lists.iter().map(List::per_window).fold(0, u32::saturating_add),
            HeldLists::Each(words) => words.iter().map(Union::per_window).min().unwrap_or(0),
        }
    }

    fn mark(&mut self, start: DocId, among: Bits, scores: &mut Scores) -> Bits {
        let (steps, need_steps, of_names) = (self.steps, self.need_steps, self.of_names);
        let mut held = Bits::NONE;
        match &mut self.held {
            HeldLists::Any(lists) if need_steps > 0.0 => {
                for list in lists {
                    let left = among.without(&held);
                    held = held.or(&list.visit(start, &left, |offset, _| scores.add_need(offset, need_steps)));
                }
            }
            HeldLists::Any(lists) => {
                for (list, worths) in lists.iter_mut().zip(&self.worths) {
                    let left = among.without(&held);
                    let worth = |frequency: u32| worths.get(frequency as usize).or(worths.last()).copied().unwrap_or(0);
                    let mut only_described = Bits::NONE;
                    let hits = list.visit(start, &left, |offset, frequency| {
                        if of_names && Impact::from_frequency(frequency).part() == Part::Description {
                            only_described.set(offset);
                        } else {
                            scores.add(offset, worth(frequency));
                        }
                    });
                    held = held.or(&hits.without(&only_described));
                }
            }
            // Where each of them stands is not known.
            HeldLists::Each(_) if of_names => {}
            HeldLists::Each(words) => {
                held = words.iter_mut().fold(among, |held, word| word.mark(start, &held));
                let one = Scores::one_concept(steps, 0.0);
                for offset in held.offsets() {
                    if need_steps > 0.0 { scores.add_need(offset, need_steps) } else { scores.add(offset, one) }
                }
            }
        }
        held
    }
}

/// What the documents of a window hold of the words asked.
pub(super) struct Scores {
    /// Concepts held, in four bits; steps of sureness, in seven; how well they fit, in twenty-one.
    words: Vec<u32>,
    /// What the needs that they answer are worth, in steps; empty until one answers some.
    needs: Vec<f32>,
    has_needs: bool,
}

const FINE_BITS: u32 = 21;
const STEPS_BITS: u32 = 7;
/// Units of the fit: twelve concepts of at most 2.5 stay within their bits.
const FINE_UNITS: f32 = 65_536.0;

impl Scores {
    /// All but the concepts.
    const SUM: u32 = (1 << (FINE_BITS + STEPS_BITS)) - 1;

    pub(super) fn new() -> Self {
        Self { words: vec![], needs: vec![], has_needs: false }
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.words.resize(WINDOW, 0);
        if self.has_needs {
            self.needs.fill(0.0);
            self.has_needs = false;
        }
    }

    /// A concept held.
    fn one_concept(steps: u32, fine: f32) -> u32 {
        (1 << (FINE_BITS + STEPS_BITS)) + (steps << FINE_BITS) + (fine * FINE_UNITS) as u32
    }

    fn add(&mut self, offset: usize, concept: u32) {
        if let Some(words) = self.words.get_mut(offset) {
            *words += concept;
        }
    }

    fn add_need(&mut self, offset: usize, need_steps: f32) {
        self.has_needs = true;
        self.needs.resize(WINDOW, 0.0);
        if let Some(need) = self.needs.get_mut(offset) {
            *need = need.max(need_steps);
        }
    }

    /// Steps and fit as one number, that grows with both.
    pub(super) fn sum(&self, offset: usize) -> u32 {
        self.of(offset) & Self::SUM
    }

    /// Not above the [`Scores::sum`] of anything of so many steps and so good a fit, or better.
    pub(super) fn least_sum(steps: u32, fine: f64) -> u32 {
        // Below 127 and 32: the casts hold.
        (steps << FINE_BITS) + ((fine.max(0.0) * f64::from(FINE_UNITS)) as u32).min((1 << FINE_BITS) - 1)
    }

    pub(super) fn forget(&mut self, offset: usize) {
        if let Some(words) = self.words.get_mut(offset) {
            *words = 0;
        }
    }

    fn of(&self, offset: usize) -> u32 {
        self.words.get(offset).copied().unwrap_or(0)
    }

    pub(super) fn concepts(&self, offset: usize) -> usize {
        (self.of(offset) >> (FINE_BITS + STEPS_BITS)) as usize
    }

    pub(super) fn steps(&self, offset: usize) -> u32 {
        self.of(offset) >> FINE_BITS & ((1 << STEPS_BITS) - 1)
    }

    pub(super) fn fine(&self, offset: usize) -> f64 {
        f64::from(self.of(offset) & ((1 << FINE_BITS) - 1)) / f64::from(FINE_UNITS)
    }

    pub(super) fn need(&self, offset: usize) -> f32 {
        self.needs.get(offset).copied().unwrap_or(0.0)
    }
}
