//! Handlers: parse, authorise, decide, present; one file a resource.
// -- territories
// -- directory
// -- search
// -- families
// -- referrals
// -- reports
