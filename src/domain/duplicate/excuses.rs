//! Names that are not alike and yet of one service: renamed, legal and public, told in two ways. What excuses a name is
//! never more than a like name would be worth, so that the bound of `may_be_one` holds.

use std::collections::BTreeSet;

use super::facts::{Facts, mail_host};
use super::names::Name;
use super::{Because, Reason, push};
use crate::domain::fold::fold;

/// What the name weighs at least where another thing says why it is not alike.
const DESCRIBED_MIN: f64 = 2.5;
const NAMED_BY_SITE_MIN: f64 = 1.5;
const KIND_AT_DOOR_MIN: f64 = 0.3;

/// Two names that are not alike may be two names of one service: one is said in the other's description, the site that
/// both are reached by bears it, or both give the same kind of service behind one door.
pub(super) fn excuse_the_name(one: &Facts, other: &Facts, name: f64, agree: (bool, bool), reasons: &mut Vec<Because>) {
    let either = |holds: fn(&Facts, &Facts) -> bool| holds(one, other) || holds(other, one);
    let (is_reached_alike, is_one_door) = agree;
    // One organisation names its services apart.
    let is_one_organization = reasons.iter().any(|because| because.reason == Reason::OrganizationSame);
    let is_within = |left: &BTreeSet<String>, right: &BTreeSet<String>| !left.is_empty() && left.is_subset(right);
    let kinds = (one.all_kinds(), other.all_kinds());
    let is_one_kind = is_within(&kinds.0, &kinds.1) || is_within(&kinds.1, &kinds.0);
    let (reason, floor) = if is_reached_alike && either(is_named_in_description) {
        (Reason::NamedInDescription, DESCRIBED_MIN)
    } else if is_one_door && !is_one_organization && either(is_named_by_site) {
        (Reason::NamedByItsSite, NAMED_BY_SITE_MIN)
    } else if is_one_door && is_one_kind && !is_one_organization {
        (Reason::KindSameAtOneDoor, KIND_AT_DOOR_MIN)
    } else {
        return;
    };
    if name < floor {
        push(reasons, reason, floor - name);
    }
}

/// Whether the description of `described` says all that tells in a name of `named`.
fn is_named_in_description(described: &Facts, named: &Facts) -> bool {
    let organization: BTreeSet<&str> = described.organization.iter().flat_map(Name::texts).collect();
    named.names.iter().any(|name| {
        let telling: Vec<&str> = name.proper_words().filter(|word| word.chars().count() >= 4).collect();
        let is_own = telling.iter().any(|word| !organization.contains(word));
        is_own && telling.iter().all(|word| described.description.contains(*word))
    })
}

/// Whether the site or the e-mail of `reached` bears a name of `named`.
fn is_named_by_site(reached: &Facts, named: &Facts) -> bool {
    let sites = reached.pages.iter().filter(|page| !page.is_shared).map(|page| page.host.as_str());
    let hosts = sites.chain(reached.emails.iter().filter_map(|email| mail_host(email)));
    let labels: Vec<String> = hosts.map(|host| fold(host.split('.').next().unwrap_or("")).replace(' ', "")).collect();
    named.names.iter().any(|name| {
        let telling: Vec<&str> = name.proper_words().collect();
        let letters: usize = telling.iter().map(|word| word.len()).sum();
        let bears = |label: &String| {
            let said = telling.iter().filter(|word| label.contains(**word)).map(|word| word.len()).sum::<usize>();
            said == letters || said * 5 >= label.len() * 3
        };
        letters >= 5 && labels.iter().any(bears)
    })
}
