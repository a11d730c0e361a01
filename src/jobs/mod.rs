//! What the program does by itself, again and again: safe to repeat, bounded.

pub mod index_sync;
