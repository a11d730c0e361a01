//! "This is wrong", said of a service by anybody who read it.

use super::words::words;

words! {
    pub enum ErrorReason {
        WrongPhone => "wrong_phone",
        WrongAddress => "wrong_address",
        WrongHours => "wrong_hours",
        ClosedForGood => "closed_for_good",
        Moved => "moved",
        NotEligibleAsSaid => "not_eligible_as_said",
        Full => "full",
        Other => "other",
    }
}
words! {
    pub enum ErrorStatus {
        Open => "open",
        Fixed => "fixed",
        NotAnError => "not_an_error",
    }
}
