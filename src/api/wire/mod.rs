//! The wire: structs that parse requests and present answers, one file a resource.
pub mod accounts;
// -- territories
// -- directory
// -- search
pub mod search;
// -- families
// -- referrals
// -- reports
