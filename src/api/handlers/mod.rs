//! Handlers: parse, authorise, decide, present; one file a resource.
pub mod accounts;
pub mod health;
// -- territories
pub mod taxonomy_terms;
pub mod territories;
// -- directory
pub mod services;
// -- search
pub mod search;
// -- families
// -- referrals
pub mod answers;
pub mod referrals;
// -- reports
pub mod reports;
