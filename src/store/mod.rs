//! The only diesel. What was said and by whom, kept on SQLite or PostgreSQL by one code base.
//! Knows nothing of HTTP, of rules that refuse, or of the search index.

// -- territories
// -- directory
// -- search
// -- families
// -- referrals
// -- reports
