//! Who a family is: what is sealed and never printed. A receiver sees only the fields that the family agreed to.

use serde::{Deserialize, Serialize};

use super::plain_text::{check_line, check_lines};
use super::refusal::{Code, Refusal};
use super::sensitive::refuse_sensitive_numbers;
use super::words::words;

words! {
    /// The parts of an identity that a family may agree to share, one by one.
    pub enum Field {
        ParentNames => "parent_names",
        ChildNames => "child_names",
        Phones => "phones",
        Email => "email",
        Address => "address",
        SafeTimes => "safe_times",
        Notes => "notes",
    }
}

/// Names or phones of one identity.
pub const LIST_MAX: usize = 20;
pub const NAME_CHARACTERS_MAX: usize = 200;
pub const NOTES_CHARACTERS_MAX: usize = 4_000;

#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub child_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When, and how, it is safe to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_times: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// Never a name in a log, an error or a panic.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
    /// Only the fields that may be shown.
    #[must_use]
    pub fn only(&self, fields: &[Field]) -> Self {
        let list = |field, values: &Vec<String>| if fields.contains(&field) { values.clone() } else { Vec::new() };
        let text = |field, value: &Option<String>| value.clone().filter(|_| fields.contains(&field));
        Self {
            parent_names: list(Field::ParentNames, &self.parent_names),
            child_names: list(Field::ChildNames, &self.child_names),
            phones: list(Field::Phones, &self.phones),
            email: text(Field::Email, &self.email),
            address: text(Field::Address, &self.address),
            safe_times: text(Field::SafeTimes, &self.safe_times),
            notes: text(Field::Notes, &self.notes),
        }
    }
    /// Bounds every part, and refuses health-insurance and social-insurance numbers wherever they hide.
    pub fn check(&self, at: &str) -> Result<(), Refusal> {
        let lists =
            [("parent_names", &self.parent_names), ("child_names", &self.child_names), ("phones", &self.phones)];
        for (name, values) in lists {
            if values.len() > LIST_MAX {
                return Err(Refusal::field(Code::TooMany, format!("{at}.{name}")).rule(format!("..={LIST_MAX}")));
            }
            for (position, value) in values.iter().enumerate() {
                let field = format!("{at}.{name}.{position}");
                check_text(value, &field, NAME_CHARACTERS_MAX, name != "phones")?;
                check_line(value, &field)?;
            }
        }
        let texts = [
            ("email", &self.email, NAME_CHARACTERS_MAX),
            ("address", &self.address, NAME_CHARACTERS_MAX),
            ("safe_times", &self.safe_times, NAME_CHARACTERS_MAX),
            ("notes", &self.notes, NOTES_CHARACTERS_MAX),
        ];
        for (name, value, limit) in texts {
            if let Some(value) = value {
                check_text(value, &format!("{at}.{name}"), limit, true)?;
            }
        }
        Ok(())
    }
}

fn check_text(value: &str, field: &str, characters_max: usize, is_free_text: bool) -> Result<(), Refusal> {
    if value.trim().is_empty() {
        return Err(Refusal::field(Code::InvalidValue, field).rule("not empty"));
    }
    if value.chars().count() > characters_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("..={characters_max} characters")));
    }
    check_lines(value, field)?;
    if is_free_text { refuse_sensitive_numbers(value, field) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marie() -> Identity {
        Identity {
            parent_names: vec!["Marie-Soleil Fictive".to_owned()],
            phones: vec!["418 555-0199".to_owned()],
            notes: Some("chien gentil".to_owned()),
            ..Identity::default()
        }
    }

    #[test]
    fn only_the_fields_agreed_to_are_shown() {
        let shown = marie().only(&[Field::Phones]);
        assert_eq!(shown.phones, marie().phones);
        assert!(shown.parent_names.is_empty() && shown.notes.is_none());
        assert_eq!(marie().only(Field::ALL), marie());
        assert!(marie().only(&[]).is_empty());
    }

    #[test]
    fn an_identity_is_never_printed() {
        assert_eq!(format!("{:?}", marie()), "Identity(..)");
    }

    #[test]
    fn an_insurance_number_is_refused_wherever_it_hides() {
        assert!(marie().check("identity").is_ok());
        let refused = Identity { notes: Some("RAMQ TREM 8855 0112".to_owned()), ..marie() }.check("identity");
        let refusal = refused.unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::SensitiveNumber, Some("identity.notes")));
        let long = Identity { notes: Some("é".repeat(NOTES_CHARACTERS_MAX + 1)), ..marie() };
        assert_eq!(long.check("identity").unwrap_err().code, Code::TooLong);
    }
}
