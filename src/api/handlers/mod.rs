//! Handlers: parse, authorise, decide, present; one file a resource.
pub mod accounts;
pub mod health;
// -- territories
// -- directory
// -- search
// -- families
// -- referrals
// -- reports
