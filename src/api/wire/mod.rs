//! The wire: structs that parse requests and present answers, one file a resource.
// -- territories
// -- directory
// -- search
// -- families
// -- referrals
// -- reports
