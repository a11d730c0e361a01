//! What a person may do: authorise, decide, one transaction, effects to the outbox. Synchronous, over a store.
// -- territories
// -- directory
// -- search
pub mod index;
// -- families
// -- referrals
// -- reports
