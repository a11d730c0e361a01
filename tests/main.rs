//! The whole suite in one binary: one link, and one throw-away PostgreSQL for every test in it.

mod api;
mod contract;
mod postgres;
mod referral_machine;
mod tidy;
// -- territories

// -- directory

// -- search

// -- families

// -- reports

