//! Stories over HTTP, each on SQLite and on PostgreSQL.

pub mod app;

mod accounts;
mod foundations;
// -- territories
mod territories;

// -- directory
mod services;

// -- search
mod search;

// -- families

// -- referrals

// -- reports
mod reports;

