//! Names that are not alike and yet of one service: renamed, legal and public, told in two ways. What excuses a name is
//! never more than a like name would be worth, so that the bound of `may_be_one` holds.

use std::collections::BTreeSet;

use super::facts::{Facts, Page, mail_host};
use super::names::{Likeness, Name};
use super::{Because, Reason, push};
use crate::domain::fold::fold;

/// What the name weighs at least where another thing says why it is not alike.
const DESCRIBED_MIN: f64 = 2.5;
const NAMED_BY_SITE_MIN: f64 = 1.5;
const TRANSLATED_KIND_MIN: f64 = 2.0;
const KIND_AT_DOOR_MIN: f64 = 0.3;

/// Two names that are not alike may be two names of one service: one is said in the other's description, the site that
/// both are reached by bears it, or both give the same kind of service behind one door.
pub(super) fn excuse_the_name(
    (one, other): (&Facts, &Facts),
    (likeness, name): (&Likeness, f64),
    (is_reached_alike, is_one_door): (bool, bool),
    reasons: &mut Vec<Because>,
) {
    let either = |holds: fn(&Facts, &Facts) -> bool| holds(one, other) || holds(other, one);
    // One organisation names its services apart.
    let is_one_organization = reasons.iter().any(|because| because.reason == Reason::OrganizationSame);
    // A place that moved and got another number keeps its name and the site that bears it.
    let has_moved = !is_one_door && likeness.contained >= MOVED_CONTAINED_MIN && are_reached_at_one_site(one, other);
    if has_moved && !is_one_organization && either(is_named_by_site) {
        return push(reasons, Reason::NamedByItsSite, MOVED);
    }
    let (reason, floor) = if is_reached_alike && either(is_named_in_description) {
        (Reason::NamedInDescription, DESCRIBED_MIN)
    } else if is_one_organization {
        return;
    } else if is_reached_alike && likeness.is_translated && likeness.kinds_same {
        (Reason::NameTranslated, TRANSLATED_KIND_MIN)
    } else if !is_one_door {
        return;
    } else if either(is_named_by_site) {
        (Reason::NamedByItsSite, NAMED_BY_SITE_MIN)
    } else if likeness.kinds_same || either(is_kind_of_description) {
        (Reason::KindSameAtOneDoor, KIND_AT_DOOR_MIN)
    } else if likeness.is_translated && likeness.share >= TRANSLATED_SHARE_MIN {
        (Reason::NameTranslated, KIND_AT_DOOR_MIN)
    } else if either(is_short_for_a_body) {
        (Reason::NameLegal, KIND_AT_DOOR_MIN)
    } else {
        return;
    };
    if name < floor {
        push(reasons, reason, floor - name);
    }
}

/// What the site of both adds to two names of which one is within the other.
const MOVED: f64 = 1.4;
const MOVED_CONTAINED_MIN: f64 = 0.9;

fn are_reached_at_one_site(one: &Facts, other: &Facts) -> bool {
    let is_page = |page: &Page| !page.is_shared && other.pages.iter().any(|found| found.host == page.host);
    one.pages.iter().any(is_page) || one.emails.iter().any(|email| other.emails.contains(email))
}

/// What two names in two languages have in common at least: the words that the list of aliases knows.
const TRANSLATED_SHARE_MIN: f64 = 0.3;

/// Kinds of a description that is about one service, at most.
const KINDS_OF_ONE_MAX: usize = 2;

/// Words of the name under which a body is known, at most.
const BRAND_WORDS_MAX: usize = 3;

/// Whether `body` is named as bodies in law are and `brand` by a few words that say no kind: legal name and usual one.
fn is_short_for_a_body(body: &Facts, brand: &Facts) -> bool {
    let is_brand = |name: &Name| !name.is_of_a_body() && name.kinds().is_empty() && !name.says_a_public();
    let few = |name: &Name| (1..=BRAND_WORDS_MAX).contains(&name.proper_words().count());
    body.names.iter().any(Name::is_of_a_body) && brand.names.iter().all(|name| is_brand(name) && few(name))
}

/// Whether `named` says in its name nothing but the kind that `described` says in its description alone.
fn is_kind_of_description(described: &Facts, named: &Facts) -> bool {
    let kinds: BTreeSet<String> = named.names.iter().flat_map(Name::kinds).collect();
    let says_none = described.names.iter().all(|name| name.kinds().is_empty());
    says_none && !kinds.is_empty() && described.kinds.len() <= KINDS_OF_ONE_MAX && kinds.is_subset(&described.kinds)
}

/// Whether the description of `described` says all that tells in a name of `named`.
///
/// A description also says who gives the service: where the kinds are not those of both, that is all it says.
fn is_named_in_description(described: &Facts, named: &Facts) -> bool {
    if described.all_kinds().is_disjoint(&named.all_kinds()) {
        return false;
    }
    let organization: BTreeSet<&str> = described.organization.iter().flat_map(Name::texts).collect();
    named.names.iter().any(|name| {
        let telling: Vec<&str> = name.proper_words().filter(|word| word.chars().count() >= 4).collect();
        let is_own = telling.iter().any(|word| !organization.contains(word));
        is_own && telling.iter().all(|word| described.description.contains(*word))
    })
}

/// Letters of a name that a site bears, at least.
const NAME_LETTERS_MIN: usize = 4;

/// Whether the site or the e-mail of `reached` bears a name of `named`.
///
/// A programme is reached by the site of who gives it: what says another kind must be called as a body is.
fn is_named_by_site(reached: &Facts, named: &Facts) -> bool {
    let kinds = reached.all_kinds();
    let is_of_a_body = reached.names.iter().any(Name::is_of_a_body);
    let are_ages_same = reached.ages.is_some() && reached.ages == named.ages;
    if !kinds.is_empty() && kinds.is_disjoint(&named.all_kinds()) && !is_of_a_body && !are_ages_same {
        return false;
    }
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
        letters >= NAME_LETTERS_MIN && labels.iter().any(bears)
    })
}
