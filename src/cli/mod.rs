//! The command line: one file a command.
// -- territories
// -- directory
// -- search
// -- families
// -- referrals
// -- reports
