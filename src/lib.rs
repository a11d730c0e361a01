//! relais: a referral network and resource directory.
//!
//! The rooms, from the bottom up; each sees only those below it (`tests/tidy.rs` keeps this):
//! `domain` < `store`, `search`, `exchange`, `seal`, `text`, `road` < `actions`, `sample` < `api`, `jobs` < `cli`.

pub mod actions;
pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod exchange;
pub mod id;
pub mod jobs;
pub mod road;
pub mod sample;
pub mod seal;
pub mod search;
pub mod store;
pub mod telemetry;
pub mod text;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
