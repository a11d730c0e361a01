//! A need: a category that a family asks for, apart from any referral, and what became of it.

use super::words::words;
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
