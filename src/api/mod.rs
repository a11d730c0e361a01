//! The only actix: routes on one page, problem details, authentication, limits.

pub mod handlers;
pub mod wire;
