//! The whole suite in one binary: one link, and one throw-away PostgreSQL for every test in it.

#![allow(clippy::unwrap_used)] // a test that unwraps says where it broke

mod api;
mod commands;
mod contract;
mod crash;
mod postgres;
mod referral_machine;
mod tidy;
// -- territories

// -- directory
mod duplicates;
mod exports;
mod imports;
mod lossless;
mod packages;
mod profile;
mod sources;

// -- search
mod check;
mod feed;
mod nodes;
mod reindex;
mod relevance;

// -- families
mod policy;

// -- reports
