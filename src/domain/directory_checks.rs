//! What a listing must be to enter the directory, whoever writes it: a person, a file, another program. Each bound is
//! named with its unit; a refusal names the member at fault by its dotted path.

use serde_json::{Map, Value};

use super::directory::{Address, Capacity, Location, Organization, Phone, Schedule, Service};
use super::freshness::check_rhythm;
use super::language::Text;
use super::plain_text::check_line;
use super::publics::Public;
use super::refusal::{Code, Refusal};

pub const NAME_CHARACTERS_MAX: usize = 300;
pub const TEXT_CHARACTERS_MAX: usize = 10_000;
pub const URL_CHARACTERS_MAX: usize = 2_000;
/// RFC 5321, section 4.5.3.1: 254 characters of an address.
pub const EMAIL_CHARACTERS_MAX: usize = 254;
pub const PHONE_CHARACTERS_MAX: usize = 60;
pub const LIST_ITEMS_MAX: usize = 100;
pub const CATEGORIES_MAX: usize = 30;
pub const SERVED_MAX: usize = 500;
/// Members that relais does not read, as JSON.
pub const OTHER_BYTES_MAX: usize = 200_000;

/// Checks a service apart from what only the store or the map knows.
///
/// # Errors
/// The first rule that is broken, with its field.
pub fn check_service(one: &Service) -> Result<(), Refusal> {
    let document = &one.document;
    name("name", &one.name)?;
    let texts = [
        ("alternate_name", &document.alternate_name),
        ("description", &document.description),
        ("application_process", &document.application_process),
        ("referral_process", &document.referral_process),
        ("eligibility_description", &document.eligibility_description),
        ("fees_description", &document.fees_description),
        ("alert", &document.alert),
        ("transit", &document.transit),
    ];
    for (field, value) in texts {
        text(field, value, TEXT_CHARACTERS_MAX)?;
    }
    url("url", document.url.as_deref())?;
    email("email", document.email.as_deref())?;
    many("categories", one.categories.len(), CATEGORIES_MAX)?;
    many("served", one.served.len(), SERVED_MAX)?;
    let lists = [
        ("languages", document.languages.len()),
        ("delivery", document.delivery.len()),
        ("required_documents", document.required_documents.len()),
        ("cost_options", document.cost_options.len()),
        ("contacts", document.contacts.len()),
        ("service_at_locations", one.at_locations.len()),
    ];
    for (field, length) in lists {
        many(field, length, LIST_ITEMS_MAX)?;
    }
    phones("phones", &document.phones)?;
    schedules("schedules", &document.schedules)?;
    capacity(&one.capacity)?;
    check_rhythm(one.review.months, "review_months")?;
    if let (Some(minimum), Some(maximum)) = (document.minimum_age_months, document.maximum_age_months)
        && minimum > maximum
    {
        return Err(Refusal::field(Code::OutOfRange, "maximum_age").rule("not under minimum_age"));
    }
    publics(&document.public_exclusive, &document.public_preferred)?;
    if let (Some(from), Some(until)) = (document.closed_from, document.closed_until)
        && from > until
    {
        return Err(Refusal::field(Code::OutOfRange, "closed_until").rule("not before closed_from"));
    }
    others("other members", &document.other)?;
    for (position, link) in one.at_locations.iter().enumerate() {
        let path = |field: &str| format!("service_at_locations.{position}.{field}");
        text(&path("description"), &link.document.description, TEXT_CHARACTERS_MAX)?;
        phones(&path("phones"), &link.document.phones)?;
        schedules(&path("schedules"), &link.document.schedules)?;
        others(&path("other members"), &link.document.other)?;
    }
    Ok(())
}

/// # Errors
/// The first rule that is broken, with its field.
pub fn check_organization(one: &Organization) -> Result<(), Refusal> {
    name("organization.name", &one.name)?;
    text("organization.description", &one.document.description, TEXT_CHARACTERS_MAX)?;
    email("organization.email", one.document.email.as_deref())?;
    url("organization.website", one.document.website.as_deref())?;
    phones("organization.phones", &one.document.phones)?;
    others("organization.other members", &one.document.other)
}

/// # Errors
/// The first rule that is broken, with its field under `path`.
pub fn check_location(one: &Location, path: &str) -> Result<(), Refusal> {
    let field = |name: &str| format!("{path}.{name}");
    short(&field("name"), &one.name)?;
    text(&field("transportation"), &one.document.transportation, TEXT_CHARACTERS_MAX)?;
    schedules(&field("schedules"), &one.document.schedules)?;
    many(&field("addresses"), one.document.addresses.len(), LIST_ITEMS_MAX)?;
    if let Some(zone) = &one.document.timezone
        && zone.parse::<chrono_tz::Tz>().is_err()
    {
        return Err(Refusal::field(Code::InvalidValue, field("timezone")).rule("IANA time zone"));
    }
    for Address { address_1, city, postal_code, .. } in &one.document.addresses {
        for (name, value) in [("address_1", address_1), ("city", city), ("postal_code", postal_code)] {
            let value = value.as_deref().unwrap_or("");
            characters(&field(&format!("addresses.{name}")), value, NAME_CHARACTERS_MAX)?;
        }
    }
    others(&field("other members"), &one.document.other)
}

/// A public is named once: it is accepted alone, or first, not both.
fn publics(exclusive: &[Public], preferred: &[Public]) -> Result<(), Refusal> {
    for (field, named) in [("public_exclusive", exclusive), ("public_preferred", preferred)] {
        let mut seen = std::collections::HashSet::new();
        if !named.iter().all(|one| seen.insert(*one)) {
            return Err(Refusal::field(Code::InvalidValue, field).rule("each once"));
        }
    }
    match preferred.iter().position(|one| exclusive.contains(one)) {
        Some(position) => {
            let rule = "not also in public_exclusive";
            Err(Refusal::field(Code::InvalidValue, format!("public_preferred.{position}")).rule(rule))
        }
        None => Ok(()),
    }
}

/// Room is never below zero.
///
/// # Errors
/// `OutOfRange` with the member that is.
pub fn capacity(said: &Capacity) -> Result<(), Refusal> {
    let members = [
        ("capacity.places_available", said.places_available),
        ("capacity.waiting_list_length", said.waiting_list_length),
        ("capacity.wait_days", said.wait_days),
    ];
    match members.into_iter().find(|(_, value)| value.is_some_and(|value| value < 0)) {
        Some((field, _)) => Err(Refusal::field(Code::OutOfRange, field).rule(">= 0")),
        None => Ok(()),
    }
}

fn name(field: &str, value: &Text) -> Result<(), Refusal> {
    let is_blank = [&value.fr, &value.en].into_iter().flatten().all(|words| words.trim().is_empty());
    if is_blank {
        return Err(Refusal::field(Code::MissingField, field));
    }
    short(field, value)
}

/// One line, in each language.
fn short(field: &str, value: &Text) -> Result<(), Refusal> {
    check_line(value.fr.as_deref().unwrap_or(""), field)?;
    check_line(value.en.as_deref().unwrap_or(""), &format!("translations.en.{field}"))?;
    text(field, value, NAME_CHARACTERS_MAX)
}

fn text(field: &str, value: &Text, characters_max: usize) -> Result<(), Refusal> {
    characters(field, value.fr.as_deref().unwrap_or(""), characters_max)?;
    characters(&format!("translations.en.{field}"), value.en.as_deref().unwrap_or(""), characters_max)
}

fn characters(field: &str, value: &str, characters_max: usize) -> Result<(), Refusal> {
    if value.chars().count() > characters_max {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("<= {characters_max} characters")));
    }
    if value.contains('\0') {
        return Err(Refusal::field(Code::InvalidValue, field).rule("no NUL character"));
    }
    Ok(())
}

fn many(field: &str, length: usize, items_max: usize) -> Result<(), Refusal> {
    let fits = length <= items_max;
    if fits { Ok(()) } else { Err(Refusal::field(Code::TooMany, field).rule(format!("<= {items_max}"))) }
}

fn url(field: &str, value: Option<&str>) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    characters(field, value, URL_CHARACTERS_MAX)?;
    let is_web = url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web { Ok(()) } else { Err(Refusal::field(Code::InvalidValue, field).rule("http or https URL")) }
}

/// # Errors
/// `InvalidValue` for what is no e-mail address, `TooLong`.
pub fn email(field: &str, value: Option<&str>) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    characters(field, value, EMAIL_CHARACTERS_MAX)?;
    // The addresses that mail servers pass on, without quotes and without hosts by number (RFC 5321, section 4.1.2).
    let is_atom = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || others.contains(letter))
    };
    let is_address = value.split_once('@').is_some_and(|(local, host)| {
        local.split('.').all(|atom| is_atom(atom, "!#$%&'*+-/=?^_`{|}~"))
            && host.contains('.')
            && host.split('.').all(|label| is_atom(label, "-") && !label.starts_with('-') && !label.ends_with('-'))
    });
    if is_address { Ok(()) } else { Err(Refusal::field(Code::InvalidValue, field).rule("e-mail address")) }
}

/// # Errors
/// The first rule that is broken, with its field.
pub fn phones(field: &str, phones: &[Phone]) -> Result<(), Refusal> {
    many(field, phones.len(), LIST_ITEMS_MAX)?;
    for (position, phone) in phones.iter().enumerate() {
        let field = format!("{field}.{position}.number");
        check_line(&phone.number, &field)?;
        characters(&field, &phone.number, PHONE_CHARACTERS_MAX)?;
        // Short numbers count: 211, 811, 911.
        if phone.number.chars().filter(char::is_ascii_digit).count() < 3 {
            return Err(Refusal::field(Code::InvalidValue, field).rule("at least 3 digits"));
        }
    }
    Ok(())
}

/// Times that a recurrence may skip or happen.
const COUNT_MAX: f64 = 10_000.0;

/// # Errors
/// The first rule that is broken, with its field.
pub fn schedules(field: &str, schedules: &[Schedule]) -> Result<(), Refusal> {
    many(field, schedules.len(), LIST_ITEMS_MAX)?;
    for (position, one) in schedules.iter().enumerate() {
        let refused = |member: &str, rule: &str| {
            Err(Refusal::field(Code::InvalidValue, format!("{field}.{position}.{member}")).rule(rule))
        };
        if one.freq.as_deref().is_some_and(|freq| !matches!(freq, "WEEKLY" | "MONTHLY")) {
            return refused("freq", "WEEKLY, MONTHLY");
        }
        if one.byday.as_deref().is_some_and(|days| !days.split(',').all(is_day)) {
            return refused("byday", "MO, TU, WE, TH, FR, SA, SU");
        }
        for (member, value) in [("opens_at", &one.opens_at), ("closes_at", &one.closes_at)] {
            if value.as_deref().is_some_and(|value| !is_time_of_day(value)) {
                return refused(member, "HH:MM or HH:MM:SS");
            }
        }
        if one.opens_at.is_some() != one.closes_at.is_some() {
            return refused("closes_at", "opens_at and closes_at come together");
        }
        recurrence(&format!("{field}.{position}"), &one.other)?;
    }
    Ok(())
}

/// The members of a recurrence (RFC 5545, section 3.3.10), as numbers or as the text that tables make of them.
fn recurrence(field: &str, members: &Map<String, Value>) -> Result<(), Refusal> {
    let said = |member: &str| match members.get(member) {
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Some(Value::Null | Value::String(_)) | None => None,
        Some(other) => Some(other.to_string()),
    };
    let held = |member: &str, rule: &str, holds: &dyn Fn(&str) -> bool| match said(member) {
        Some(text) if !holds(&text) => {
            Err(Refusal::field(Code::InvalidValue, format!("{field}.{member}")).rule(rule.to_owned()))
        }
        _ => Ok(()),
    };
    let is_count = |text: &str| text.parse::<f64>().is_ok_and(|n| n.fract() == 0.0 && (1.0..=COUNT_MAX).contains(&n));
    for member in ["interval", "count"] {
        held(member, &format!("1..={COUNT_MAX}"), &is_count)?;
    }
    for (member, max) in [("bymonthday", 31), ("byweekno", 53), ("byyearday", 366)] {
        let is_ordinal = |text: &str| text.trim().parse::<i32>().is_ok_and(|n| n != 0 && n.abs() <= max);
        held(member, &format!("-{max}..=-1, 1..={max}"), &|text| text.split(',').all(is_ordinal))?;
    }
    held("wkst", "MO, TU, WE, TH, FR, SA, SU", &|text| is_day(text) && text.len() == 2)?;
    // A day, with or without an hour after it.
    let is_day_of_year = |text: &str| text.get(..10).is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok());
    for member in ["until", "dtstart"] {
        held(member, "YYYY-MM-DD", &is_day_of_year)?;
    }
    Ok(())
}

/// `MO`, or the second Monday of the month: `2MO`, `-1FR` (RFC 5545, section 3.3.10).
fn is_day(word: &str) -> bool {
    let day = word.trim().trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-'));
    matches!(day, "MO" | "TU" | "WE" | "TH" | "FR" | "SA" | "SU")
}

fn is_time_of_day(text: &str) -> bool {
    // HSDS times may carry an offset (`09:00:00Z`, `09:00-05:00`); the hours are local all the same.
    let bare = text.split(['Z', '+', '-']).next().unwrap_or(text);
    let parses = |format: &str| chrono::NaiveTime::parse_from_str(bare, format).is_ok();
    parses("%H:%M") || parses("%H:%M:%S") || matches!(bare, "24:00" | "24:00:00")
}

fn others(field: &str, members: &Map<String, Value>) -> Result<(), Refusal> {
    let text = serde_json::to_string(members).unwrap_or_default();
    if text.len() > OTHER_BYTES_MAX {
        return Err(Refusal::field(Code::TooLong, field).rule(format!("<= {OTHER_BYTES_MAX} bytes of JSON")));
    }
    if text.contains("\\u0000") {
        return Err(Refusal::field(Code::InvalidValue, field).rule("no NUL character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_of_three_digits_ring_and_words_do_not() {
        let phone = |number: &str| Phone { number: number.to_owned(), ..Phone::default() };
        assert!(phones("phones", &[phone("811"), phone("(450) 555-0142, poste 224")]).is_ok());
        let refusal = phones("phones", &[phone("811"), phone("aucun")]).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("phones.1.number"));
    }

    #[test]
    fn hours_are_times_of_day_and_come_in_pairs() {
        let hours = |opens: &str, closes: Option<&str>, byday: &str| Schedule {
            opens_at: Some(opens.to_owned()),
            closes_at: closes.map(str::to_owned),
            byday: Some(byday.to_owned()),
            ..Schedule::default()
        };
        assert!(schedules("schedules", &[hours("09:00", Some("17:30:00"), "MO,TU,-1FR")]).is_ok());
        assert!(schedules("schedules", &[hours("25:00", Some("26:00"), "MO")]).is_err());
        assert!(schedules("schedules", &[hours("09:00", Some("17:00"), "LU,MA")]).is_err());
        assert!(schedules("schedules", &[hours("09:00", None, "MO")]).is_err());
        let with = |member: &str, value: Value| {
            let mut one = hours("09:00", Some("17:00"), "MO");
            one.other.insert(member.to_owned(), value);
            schedules("schedules", &[one]).map_err(|refusal| refusal.field.unwrap_or_default())
        };
        for (member, value) in [
            ("interval", json!(2)),
            ("interval", json!("1")),
            ("count", json!(1.0)),
            ("bymonthday", json!("1,-1")),
            ("byweekno", json!(41)),
            ("wkst", json!("TU")),
            ("until", json!("2026-12-31")),
            ("dtstart", json!("2026-01-01T09:00:00Z")),
            ("until", json!("")),
            ("count", Value::Null),
        ] {
            assert_eq!(with(member, value.clone()), Ok(()), "{member} {value}");
        }
        for (member, value) in [
            ("interval", json!(0)),
            ("interval", json!(1e30)),
            ("count", json!(-5)),
            ("count", json!([1])),
            ("bymonthday", json!("0")),
            ("byyearday", json!("367")),
            ("byweekno", json!("semaine 3")),
            ("wkst", json!("LU")),
            ("until", json!("31 décembre")),
            ("dtstart", json!("2026-02-30")),
        ] {
            assert_eq!(with(member, value.clone()), Err(format!("schedules.0.{member}")), "{value}");
        }
    }

    #[test]
    fn addresses_of_the_web_and_of_mail_are_addresses() {
        assert!(url("url", Some("https://exemple.example/garderie")).is_ok());
        assert!(url("url", Some("javascript:alert(1)")).is_err());
        assert!(url("url", Some("exemple.example")).is_err());
        assert!(email("email", Some("info@exemple.example")).is_ok());
        for wrong in ["info", "@exemple.example", "a b@exemple.example", "info@exemple", "info@exemple."] {
            assert!(email("email", Some(wrong)).is_err(), "{wrong}");
        }
    }
}
