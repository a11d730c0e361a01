//! The wire: structs that parse requests and present answers, one file a resource.
pub mod accounts;
// -- territories
pub mod taxonomy_terms;
pub mod territories;
// -- directory
pub mod services;
// -- search
pub mod search;
// -- families
pub mod families;
pub mod follow_ups;
pub mod needs;
// -- referrals
pub mod answers;
pub mod referrals;
// -- reports
pub mod reports;
