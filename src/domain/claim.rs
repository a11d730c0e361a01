//! "This organisation is ours", said by an account. A curator decides. A claim that is accepted makes its account a
//! partner of the organisation: it says nothing of where referrals go, and opens no hidden place.

use super::words::words;

words! {
    pub enum ClaimStatus {
        Pending => "pending",
        Accepted => "accepted",
        Refused => "refused",
    }
}
