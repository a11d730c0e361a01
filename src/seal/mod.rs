//! The only cryptography: sealing of identity, tokens, password hashes. Bytes in, bytes out: it knows no table, no
//! request and no rule, and nothing it holds in clear is printed.

pub mod identity;
pub mod passwords;
pub mod secrets;
pub mod tokens;
