//! How much a word says of a service: where it stands (its name above its description), and how large a share of that
//! text it is. Decided when the service is indexed, and kept as the frequency of the term in its document: a search
//! reads one list of a word instead of one for each part, and knows the part without looking further.

use super::why::{PARTS, Part};

/// How far the words of a text are saturated by repetition, and how much its length counts: the usual k1 and b.
const SATURATION: f32 = 1.2;
const LENGTH_SHARE: f32 = 0.75;

/// Where one level of the share of a text ends and the next begins, and what each is worth.
const LEVEL_FROM: [f32; 3] = [0.6, 0.9, 1.25];
const LEVEL_WORTH: [f32; 4] = [0.45, 0.75, 1.05, 1.5];
const LEVELS: u32 = LEVEL_WORTH.len() as u32;

/// From 1 (a word of a long description) to [`Impact::MAX`] (the name is little else).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Impact(u32);

impl Impact {
    pub(super) const MAX: Impact = Impact(PARTS.len() as u32 * LEVELS);

    /// Of a term that stands `count` times in a part of `length` words.
    pub(super) fn of(part: Part, count: usize, length: usize) -> Self {
        let (count, length) = (count as f32, length as f32);
        let norm = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length / usual_words(part));
        let share = count * (SATURATION + 1.0) / (count + norm);
        let level = LEVEL_FROM.iter().filter(|from| share >= **from).count() as u32;
        Self(1 + rank_of(part) * LEVELS + level)
    }

    /// From the frequency of a term in a document.
    pub(super) fn from_frequency(frequency: u32) -> Self {
        Self(frequency.clamp(1, Self::MAX.0))
    }

    /// How often a term is written, so that its frequency says the impact.
    pub(super) const fn frequency(self) -> u32 {
        self.0
    }

    pub(super) fn part(self) -> Part {
        let rank = (self.0 - 1) / LEVELS;
        PARTS.into_iter().find(|part| rank_of(*part) == rank).unwrap_or(Part::Description)
    }

    /// How surely a word is held that only a description holds: a step less, for any description may hold it. Held as
    /// it is it stays surer than the stem of a name.
    pub(super) fn less_sure(self, steps: u32) -> u32 {
        if self.part() == Part::Description { steps.saturating_sub(1) } else { steps }
    }

    /// What holding a term so is worth, before its rarity.
    pub(super) fn worth(self) -> f32 {
        let level = LEVEL_WORTH.get(((self.0 - 1) % LEVELS) as usize).copied().unwrap_or(0.0);
        weight_of(self.part()) * level
    }
}

/// The best part has the highest rank.
fn rank_of(part: Part) -> u32 {
    match part {
        Part::Name => 3,
        Part::Category => 2,
        Part::Organization => 1,
        Part::Description => 0,
    }
}

fn weight_of(part: Part) -> f32 {
    match part {
        Part::Name => 4.0,
        Part::Category => 3.0,
        Part::Organization => 1.5,
        Part::Description => 1.0,
    }
}

/// Words that the part of a service usually has.
fn usual_words(part: Part) -> f32 {
    match part {
        Part::Name | Part::Category | Part::Organization => 6.0,
        Part::Description => 40.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_better_part_and_a_larger_share_say_more() {
        let of = Impact::of;
        assert!(of(Part::Name, 1, 12) > of(Part::Category, 9, 9));
        assert!(of(Part::Organization, 1, 12) > of(Part::Description, 9, 9));
        assert!(of(Part::Name, 1, 2) > of(Part::Name, 1, 12));
        assert!(of(Part::Description, 4, 40) > of(Part::Description, 1, 40));
        for part in PARTS {
            for (count, length) in [(1, 1), (1, 5_000), (40, 41)] {
                let impact = of(part, count, length);
                assert_eq!(impact.part(), part);
                assert_eq!(Impact::from_frequency(impact.frequency()), impact);
                assert!(impact <= Impact::MAX && impact.worth() <= Impact::MAX.worth());
            }
        }
    }
}
