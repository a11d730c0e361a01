//! Pure rules and types. No I/O, no clock, no framework: everything a rule needs is an argument.

pub mod language;
pub mod refusal;
pub mod viewer;
pub mod words;
// -- territories
pub mod fold;
pub mod geocode;
pub mod taxonomy;
pub mod territory;
// -- directory
pub mod directory;
pub mod directory_checks;
<<<<<<< HEAD
pub mod duplicate;
=======
pub mod freshness;
pub mod history;
pub mod quality;
>>>>>>> main
// -- search
pub mod schedule;
// -- families
pub mod consent;
pub mod family;
pub mod follow_up;
pub mod identity;
pub mod need;
pub mod sensitive;
// -- referrals
pub mod referral;
// -- reports
pub mod month;
pub mod portrait;
pub mod small_cells;
pub mod unmet;
