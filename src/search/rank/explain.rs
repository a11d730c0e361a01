//! What the place of a result in the order is made of, and what a person should know before going there.

use tantivy::DocId;

use super::collect::Ties;
use super::query::Sort;
use super::{
    FRESH_DAYS_MAX, FRESH_FACTOR, FULL_FACTOR, Found, OPEN_FACTOR, Order, ROOM_FACTOR, SERVED_FACTOR, SOON_MICROS,
    STALE_DAYS_MIN, STALE_FACTOR, UNSURE_FACTOR, nearness,
};
use crate::clock::Time;
use crate::domain::holidays::holiday;
use crate::domain::month::local_day;
use crate::domain::words::words;
use crate::search::view::{Room, SegmentView};

words! {
    /// Why a service may not fit somebody who goes there now.
    pub enum Caution {
        ClosedNow => "closed_now",
        ClosedForAWhile => "closed_for_a_while",
        Holiday => "holiday",
        Full => "full",
        VerifiedLongAgo => "verified_long_ago",
        NeverVerified => "never_verified",
    }
}

/// What a service holds of what was asked, before the place counts.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Held {
    /// Steps of sureness, summed over the words asked.
    pub steps: u32,
    pub need_steps: f32,
    /// How well the words fit, from 0.
    pub fine: f64,
    pub ties: Ties,
    /// Things asked that nobody said of it.
    pub unsaid: i32,
}

impl Held {
    /// What is left of the sureness of what is not known to be as asked.
    pub(super) fn known_factor(&self) -> f64 {
        UNSURE_FACTOR.powi(self.unsaid)
    }
}

/// What multiplies the fit of a service; 1 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factors {
    pub served: f64,
    pub open: f64,
    pub room: f64,
    pub fresh: f64,
    pub nearness: f64,
}

impl Factors {
    /// The same so far away.
    pub(super) fn at(self, distance_km: f64) -> Self {
        Self { nearness: nearness(distance_km), ..self }
    }

    pub(super) fn product(&self) -> f64 {
        self.served * self.open * self.room * self.fresh * self.nearness
    }
}

/// What the place of a result in the order is made of: results stand by `sureness`, the greatest first; those alike by
/// `unsaid`, the least first, then by `fit`; then by distance and by id. An order by distance uses none of it but
/// `unsaid`, and that only where the order was not asked by its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Explanation {
    pub sort: Sort,
    /// `(words * words_reach + need * need_reach) * known`.
    pub sureness: f64,
    /// Things asked of the service, beyond words and place, that nobody said of it.
    pub unsaid: u32,
    /// What is left of the sureness for that, from 0 to 1.
    pub known: f64,
    /// How surely the words asked are held, in steps: all of them exactly gives six a word.
    pub words: f64,
    /// What is left of it where the service is hard to reach from the place asked, or is for another age than the text
    /// tells, from 0 to 1.
    pub words_reach: f64,
    /// What answering the need that the text means is worth, in the same steps.
    pub need: f64,
    pub need_reach: f64,
    /// `words_fit` times every factor.
    pub fit: f64,
    /// 1, and more the better the part of the service that holds the words and the rarer they are.
    pub words_fit: f64,
    pub factors: Factors,
}

impl Order {
    pub(super) fn explain(&self, segment: &SegmentView, found: &Found) -> Explanation {
        let Held { steps, need_steps, fine, ties, unsaid } = found.held;
        let distance_km = found.nearest.map_or(f64::INFINITY, |nearest| nearest.distance_km);
        let (words_reach, need_reach) = self.reach_and_age(segment, found.doc, &found.held, distance_km);
        let (words, need) = (self.sureness(steps), f64::from(need_steps));
        let open = self.open_factor(segment, segment.standing(found.doc).hours());
        let factors = self.factors(segment, (found.doc, open), distance_km, ties.serves);
        Explanation {
            sort: self.sort,
            sureness: (words * words_reach + need * need_reach) * found.held.known_factor(),
            unsaid: u32::try_from(unsaid).unwrap_or(0),
            known: found.held.known_factor(),
            words,
            words_reach,
            need,
            need_reach,
            fit: (1.0 + fine) * factors.product(),
            words_fit: 1.0 + fine,
            factors,
        }
    }

    /// Of a text of hours: open, or opening soon. Judged at the moment of the first page, like freshness.
    pub(super) fn open_factor(&self, segment: &SegmentView, hours: Option<u64>) -> f64 {
        let open_after = |micros: i64| {
            let at = Time::from_micros(self.ranked_at.micros() + micros);
            hours.and_then(|text| segment.hours.open_at(text, at)) == Some(true)
        };
        if open_after(0) || open_after(SOON_MICROS) { OPEN_FACTOR } else { 1.0 }
    }

    pub(super) fn factors(
        &self,
        segment: &SegmentView,
        (doc, open): (DocId, f64),
        distance_km: f64,
        served: bool,
    ) -> Factors {
        let standing = segment.standing(doc);
        Factors {
            served: if served { SERVED_FACTOR } else { 1.0 },
            open,
            room: match standing.room {
                Room::Some => ROOM_FACTOR,
                Room::None => FULL_FACTOR,
                Room::Unknown => 1.0,
            },
            fresh: match standing.days_since_verified(self.ranked_at) {
                Some(days) if days <= FRESH_DAYS_MAX => FRESH_FACTOR,
                Some(days) if days >= STALE_DAYS_MIN => STALE_FACTOR,
                _ => 1.0,
            },
            nearness: nearness(distance_km),
        }
    }
}

/// In the order in which a person wants to know. Long ago is a year or more: what the order prefers is younger.
pub(super) fn cautions(segment: &SegmentView, found: &Found, open_now: Option<bool>, now: Time) -> Vec<Caution> {
    let standing = segment.standing(found.doc);
    let verified_days = standing.days_since_verified(now);
    let is_old = verified_days.is_some_and(|days| days > FRESH_DAYS_MAX);
    let is_full = standing.room == Room::None;
    // Of who never closes, or says what is done on that day, it is known.
    let has_hours = standing.hours().is_some();
    let is_doubtful = has_hours && open_now.is_none() && holiday(local_day(now)).is_some();
    let told = [
        (Caution::ClosedForAWhile, found.held.ties.closed_for_now),
        (Caution::ClosedNow, open_now == Some(false) && !found.held.ties.closed_for_now),
        (Caution::Holiday, is_doubtful),
        (Caution::Full, is_full),
        (Caution::VerifiedLongAgo, is_old),
        (Caution::NeverVerified, verified_days.is_none()),
    ];
    told.into_iter().filter(|(_, is_so)| *is_so).map(|(caution, _)| caution).collect()
}
