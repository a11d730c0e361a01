//! Bytes of other people's formats to domain records and back. Pure: no store, no clock, no network; what it must ask
//! (is this a category? what is this territory called?) comes in as arguments.

// -- territories
pub mod territories;
// -- directory
