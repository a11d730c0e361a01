//! Stories over HTTP, each on SQLite and on PostgreSQL.

pub mod app;

mod accounts;
mod foundations;
// -- territories
mod territories;

// -- directory

// -- search

// -- families

// -- referrals

// -- reports

