//! Lists of services that an account keeps for itself: how many, how long, and how often they may be sent.

use super::refusal::{Code, Refusal};
use crate::id::Id;

pub const NAME_CHARACTERS_MAX: usize = 100;
/// Lists of one account.
pub const LISTS_MAX: usize = 50;
/// Services of one list: what one may still carry.
pub const SERVICES_MAX: usize = 100;
/// Letters with lists of one account in 24 hours.
pub const LETTERS_PER_DAY_MAX: i64 = 30;
/// Letters with lists to one address in 24 hours, whoever sends them.
pub const ADDRESS_LETTERS_PER_DAY_MAX: i64 = 5;
/// What the outbox calls a letter with a list.
pub const LETTER: &str = "saved_list";

/// # Errors
/// `TooMany` services, or `InvalidValue` where one comes twice.
pub fn check_services(ids: &[Id]) -> Result<(), Refusal> {
    if ids.len() > SERVICES_MAX {
        return Err(Refusal::field(Code::TooMany, "services").rule(format!("..={SERVICES_MAX}")));
    }
    match ids.iter().enumerate().find(|(at, id)| ids.iter().take(*at).any(|other| other == *id)) {
        Some((at, _)) => Err(Refusal::field(Code::InvalidValue, format!("services.{at}")).rule("once")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_bounded_and_names_each_service_once() {
        let ids: Vec<Id> = (0..=SERVICES_MAX).map(|n| Id::from_words(&["service", &n.to_string()])).collect();
        assert!(check_services(&ids[..SERVICES_MAX]).is_ok() && check_services(&[]).is_ok());
        assert_eq!(check_services(&ids).unwrap_err().code, Code::TooMany);
        let twice = [ids[0], ids[1], ids[0]];
        assert_eq!(check_services(&twice).unwrap_err().field.as_deref(), Some("services.2"));
    }
}
