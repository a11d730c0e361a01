//! A need: a category that a family asks for, apart from any referral, and what became of it. Each voice that says so
//! is kept; the worker's word sets the status.

use super::refusal::{Code, Refusal};
use super::words::words;

words! {
    pub enum NeedStatus {
        Open => "open",
        Met => "met",
        PartlyMet => "partly_met",
        Unmet => "unmet",
        NoLongerNeeded => "no_longer_needed",
    }
}
words! {
    /// Why a need stays unmet.
    pub enum UnmetReason {
        NoService => "no_service",
        Waitlist => "waitlist",
        Full => "full",
        NotEligible => "not_eligible",
        TooFar => "too_far",
        Cost => "cost",
        Hours => "hours",
        Language => "language",
        NoReply => "no_reply",
        FamilyChoice => "family_choice",
        Lost => "lost",
        Unknown => "unknown",
    }
}
words! {
    /// Who says what became of a need.
    pub enum Voice {
        Organization => "organization",
        Family => "family",
        Worker => "worker",
    }
}

/// How a new need stands: one without a family comes from a search that found nothing.
pub fn starting_status(has_family: bool) -> (NeedStatus, Option<UnmetReason>) {
    if has_family { (NeedStatus::Open, None) } else { (NeedStatus::Unmet, Some(UnmetReason::NoService)) }
}

/// What somebody says became of a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub voice: Voice,
    pub status: NeedStatus,
    pub reason: Option<UnmetReason>,
}

impl Outcome {
    /// An outcome is not "open"; an unmet need says why, and a met one has nothing to explain.
    pub fn check(self) -> Result<(), Refusal> {
        let reasons = || UnmetReason::ALL.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", ");
        match (self.status, self.reason) {
            (NeedStatus::Open, _) => {
                Err(Refusal::field(Code::InvalidValue, "status").rule("met, partly_met, unmet, no_longer_needed"))
            }
            (NeedStatus::Unmet, None) => Err(Refusal::field(Code::ReasonRequired, "reason").rule(reasons())),
            (NeedStatus::Met | NeedStatus::NoLongerNeeded, Some(_)) => {
                Err(Refusal::field(Code::ReasonNotAllowed, "reason").rule("only with unmet or partly_met"))
            }
            (NeedStatus::Unmet | NeedStatus::PartlyMet, Some(_)) => Ok(()),
            (NeedStatus::Met | NeedStatus::NoLongerNeeded | NeedStatus::PartlyMet, None) => Ok(()),
        }
    }
    /// The status that it gives to the need: none, unless the worker says it.
    pub fn sets(self) -> Option<(NeedStatus, Option<UnmetReason>)> {
        match self.voice {
            Voice::Worker => Some((self.status, self.reason)),
            Voice::Organization | Voice::Family => None,
        }
    }
}

/// Whether the last words of the voices differ. Outcomes come in the order in which they were said.
pub fn voices_disagree(outcomes: &[Outcome]) -> bool {
    let last = |voice| outcomes.iter().rev().find(|outcome| outcome.voice == voice).map(|outcome| outcome.status);
    let said: Vec<NeedStatus> = Voice::ALL.iter().filter_map(|voice| last(*voice)).collect();
    said.windows(2).any(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(voice: Voice, status: NeedStatus) -> Outcome {
        let reason = (status == NeedStatus::Unmet).then_some(UnmetReason::Full);
        Outcome { voice, status, reason }
    }

    #[test]
    fn a_need_without_a_family_starts_unmet_for_want_of_a_service() {
        assert_eq!(starting_status(false), (NeedStatus::Unmet, Some(UnmetReason::NoService)));
        assert_eq!(starting_status(true), (NeedStatus::Open, None));
    }

    #[test]
    fn disagreement_is_between_last_words() {
        use {NeedStatus as S, Voice as V};
        assert!(!voices_disagree(&[]));
        assert!(!voices_disagree(&[said(V::Worker, S::Met), said(V::Organization, S::Met)]));
        assert!(voices_disagree(&[said(V::Organization, S::Met), said(V::Family, S::Unmet)]));
        let healed = [said(V::Family, S::Unmet), said(V::Worker, S::Met), said(V::Family, S::Met)];
        assert!(!voices_disagree(&healed));
    }

    proptest! {
        #[test]
        fn only_the_workers_word_sets_a_status_that_rows_may_hold(
            voice in proptest::sample::select(Voice::ALL),
            status in proptest::sample::select(NeedStatus::ALL),
            reason in proptest::option::of(proptest::sample::select(UnmetReason::ALL)),
        ) {
            let outcome = Outcome { voice, status, reason };
            if outcome.check().is_ok() {
                prop_assert_ne!(status, NeedStatus::Open);
                prop_assert!(status != NeedStatus::Unmet || reason.is_some());
                prop_assert!(reason.is_none() || matches!(status, NeedStatus::Unmet | NeedStatus::PartlyMet));
                prop_assert_eq!(outcome.sets().is_some(), voice == Voice::Worker);
            }
        }
    }
}
