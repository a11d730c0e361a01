//! A consent: one family, one receiver, one purpose, the fields named, until a day. Nothing is implied: what is not
//! covered is not shared.

use chrono::{NaiveDate, TimeDelta};

use super::identity::Field;
use super::refusal::{Code, Refusal};
use super::words::words;
use crate::clock::Time;
use crate::id::Id;

words! {
    pub enum Purpose {
        Referral => "referral",
        FollowUp => "follow_up",
        Coordination => "coordination",
    }
}
words! {
    pub enum Method {
        Written => "written",
        Oral => "oral",
    }
}
words! {
    /// Under 14 a parent or guardian consents; from 14 the youth may (P-39.1, article 4.1).
    pub enum GivenBy {
        Parent => "parent",
        Guardian => "guardian",
        Youth => "youth",
    }
}

/// The version of the text that is read to a family before it agrees.
pub const TEXT_VERSION: &str = "2026-1";
/// A consent ends at the latest this long after it begins, in days.
pub const CONSENT_DAYS_MAX: i64 = 731;
/// A consent may have been given this long before it is recorded, in days.
pub const RECORDED_LATE_DAYS_MAX: i64 = 31;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who may receive.
    pub organization_id: Id,
    pub purpose: Purpose,
    pub fields: Vec<Field>,
    pub starts_on: NaiveDate,
    /// The last day on which it holds.
    pub ends_on: NaiveDate,
    pub revoked_at: Option<Time>,
}

/// Whether a consent lets an organisation have these fields for this purpose on this day. A revoked consent covers
/// nothing, not even the days before it was revoked.
pub fn covers(consent: &Consent, purpose: Purpose, organization_id: Id, fields: &[Field], day: NaiveDate) -> bool {
    consent.revoked_at.is_none()
        && consent.purpose == purpose
        && consent.organization_id == organization_id
        && (consent.starts_on..=consent.ends_on).contains(&day)
        && fields.iter().all(|field| consent.fields.contains(field))
}

/// How a consent was taken: what the form must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    pub method: Method,
    pub witnessed: bool,
}

/// Refuses a consent without fields, without an end, too long, not yet begun, or oral without a witness.
pub fn check(consent: &Consent, taking: Taking, today: NaiveDate) -> Result<(), Refusal> {
    if consent.fields.is_empty() {
        let words: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
        return Err(Refusal::field(Code::MissingField, "fields").rule(words.join(", ")));
    }
    let earliest = today - TimeDelta::days(RECORDED_LATE_DAYS_MAX);
    if !(earliest..=today).contains(&consent.starts_on) {
        return Err(Refusal::field(Code::OutOfRange, "starts_on").rule(format!("{earliest}..={today}")));
    }
    let latest = consent.starts_on + TimeDelta::days(CONSENT_DAYS_MAX);
    if !(consent.starts_on.max(today)..=latest).contains(&consent.ends_on) {
        let rule = format!("{}..={latest}", consent.starts_on.max(today));
        return Err(Refusal::field(Code::OutOfRange, "ends_on").rule(rule));
    }
    if taking.method == Method::Oral && !taking.witnessed {
        return Err(Refusal::field(Code::InvalidValue, "witnessed").rule("an oral consent has a witness"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn consent() -> Consent {
        Consent {
            organization_id: Id::from_words(&["receiver"]),
            purpose: Purpose::Referral,
            fields: vec![Field::ParentNames, Field::Phones],
            starts_on: day("2026-06-15"),
            ends_on: day("2026-12-15"),
            revoked_at: None,
        }
    }

    #[test]
    fn it_covers_its_receiver_purpose_fields_and_days_only() {
        let receiver = Id::from_words(&["receiver"]);
        let on = |text: &str| covers(&consent(), Purpose::Referral, receiver, &[Field::Phones], day(text));
        assert!(on("2026-06-15") && on("2026-12-15"));
        assert!(!on("2026-06-14") && !on("2026-12-16"));
        let within = day("2026-07-01");
        let other = Id::from_words(&["other"]);
        assert!(!covers(&consent(), Purpose::Referral, other, &[Field::Phones], within));
        assert!(!covers(&consent(), Purpose::FollowUp, receiver, &[Field::Phones], within));
        assert!(!covers(&consent(), Purpose::Referral, receiver, &[Field::Phones, Field::Address], within));
        let revoked = Consent { revoked_at: Some(Time::from_micros(0)), ..consent() };
        assert!(!covers(&revoked, Purpose::Referral, receiver, &[], within));
    }

    #[test]
    fn a_consent_has_an_end_fields_and_where_oral_a_witness() {
        let today = day("2026-06-15");
        let written = Taking { method: Method::Written, witnessed: false };
        assert!(check(&consent(), written, today).is_ok());
        let field = |consent: &Consent, taking| check(consent, taking, today).unwrap_err().field.unwrap();
        assert_eq!(field(&consent(), Taking { method: Method::Oral, witnessed: false }), "witnessed");
        assert_eq!(field(&Consent { fields: vec![], ..consent() }, written), "fields");
        assert_eq!(field(&Consent { ends_on: day("2026-06-14"), ..consent() }, written), "ends_on");
        assert_eq!(field(&Consent { ends_on: day("2029-01-01"), ..consent() }, written), "ends_on");
        assert_eq!(field(&Consent { starts_on: day("2026-06-16"), ..consent() }, written), "starts_on");
    }

    proptest! {
        #[test]
        fn fewer_fields_are_covered_whenever_more_are(
            had in proptest::sample::subsequence(Field::ALL.to_vec(), 0..=Field::ALL.len()),
            asked in proptest::sample::subsequence(Field::ALL.to_vec(), 0..=Field::ALL.len()),
            after in -10i64..400,
        ) {
            let consent = Consent { fields: had.clone(), ..consent() };
            let on = consent.starts_on + TimeDelta::days(after);
            let asks = |fields: &[Field]| covers(&consent, Purpose::Referral, consent.organization_id, fields, on);
            if asks(&asked) {
                prop_assert!(asked.iter().all(|field| had.contains(field)));
                prop_assert!(asked.iter().all(|field| asks(&[*field])));
                prop_assert!(on <= consent.ends_on);
            }
        }
    }
}
