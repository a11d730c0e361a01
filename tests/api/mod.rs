//! Stories over HTTP, each on SQLite and on PostgreSQL.

pub mod app;

mod accounts;
mod foundations;
// -- territories
mod territories;

// -- directory
mod capacities;
mod claims;
mod duplicates;
mod edits;
mod error_reports;
mod freshness;
mod guide;
mod history;
pub mod hsds;
mod locations;
mod merges;
mod organizations;
mod records;
mod services;

// -- search
mod conditions;
mod matching;
mod refusals;
mod road;
mod saved_lists;
mod saved_searches;
mod search;
mod search_limits;
mod search_pages;
mod search_places;
mod suggest;

// -- families
mod consents;
pub mod families;
mod needs;

// -- referrals
mod answers;
mod referrals;
pub mod story;

// -- reports
mod demand;
mod reports;
