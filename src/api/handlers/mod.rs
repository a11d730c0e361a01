//! Handlers: parse, authorise, decide, present; one file a resource.
pub mod accounts;
pub mod health;
// -- territories
// -- directory
// -- search
pub mod search;
// -- families
// -- referrals
// -- reports
