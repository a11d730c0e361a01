//! The whole suite in one binary: one link, and one throw-away PostgreSQL for every test in it.
mod referral_machine;
