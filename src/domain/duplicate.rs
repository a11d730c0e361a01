//! Do two records describe one service? Facts of both to a score in 0..=1 with its reasons.
//!
//! The form is that of Fellegi and Sunter (1969): each comparison that can be made adds the logarithm (base e) of how
//! much oftener it comes out so for one service written twice than for two services; what is missing on either side
//! adds nothing. The weights are set by hand: a directory has too few known duplicates to learn from, and a person must
//! be able to read why. Evidence of one kind is not counted twice (telephone, address and site go together where two
//! services share a building), so it is summed with a ceiling, and what tells services of one building apart (kind,
//! public, day, site, ages) stands outside of it. `tests/duplicates.rs` judges the whole on pairs that people judged.

use std::collections::BTreeSet;

pub mod cities;
mod excuses;
pub mod facts;
pub mod keys;
pub mod merge;
pub mod names;
mod repair;

use facts::{Facts, Number, Page, Place, mail_host};
use names::{Likeness, Name, word_likeness};

use super::taxonomy::top_level_of;
use super::words::words;

/// At or above, a pair is held to be one service: the published threshold. Precision and recall are measured at it.
pub const SAME_MIN: f64 = 0.9;

/// Below, a pair is not worth a curator's minute and is not kept.
pub const CANDIDATE_MIN: f64 = 0.5;

words! {
    /// Why a pair scores as it does: each is one comparison that could be made and came out so.
    pub enum Reason {
        NameSame => "name_same",
        NameClose => "name_close",
        NamePartly => "name_partly",
        NameDiffers => "name_differs",
        NamedInDescription => "named_in_description",
        NamedByItsSite => "named_by_its_site",
        NameTranslated => "name_translated",
        NameLegal => "name_legal",
        KindSameAtOneDoor => "kind_same_at_one_door",
        KindDiffers => "kind_differs",
        KindAdded => "kind_added",
        PublicDiffers => "public_differs",
        NumberDiffers => "number_differs",
        SiteDiffers => "site_differs",
        PhoneSame => "phone_same",
        PhoneExtensionDiffers => "phone_extension_differs",
        PhoneDiffers => "phone_differs",
        AddressSame => "address_same",
        UnitDiffers => "unit_differs",
        PostalCodeSame => "postal_code_same",
        Near => "near",
        AddressDiffers => "address_differs",
        MunicipalitySame => "municipality_same",
        MunicipalityDiffers => "municipality_differs",
        Far => "far",
        PageSame => "page_same",
        WebSiteSame => "web_site_same",
        WebSiteDiffers => "web_site_differs",
        EmailSame => "email_same",
        EmailHostSame => "email_host_same",
        EmailDiffers => "email_differs",
        OrganizationSame => "organization_same",
        OrganizationDiffers => "organization_differs",
        OtherSite => "other_site",
        OneOfItsServices => "one_of_its_services",
        CategorySame => "category_same",
        CategoryNear => "category_near",
        CategoryDiffers => "category_differs",
        AgesSame => "ages_same",
        AgesDiffer => "ages_differ",
        AgesApart => "ages_apart",
        LanguagesApart => "languages_apart",
        DaysApart => "days_apart",
        DescriptionSame => "description_same",
    }
}

/// One reason and its weight: positive speaks for one service, negative for two.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Because {
    pub reason: Reason,
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Probability-like, 0..=1.
    pub score: f64,
    /// The heaviest first.
    pub reasons: Vec<Because>,
}

/// How much rarer one service written twice is than two services, among pairs that share a key (natural logarithm).
const PRIOR: f64 = -2.4;

/// What telephone, address, web site and e-mail can say together at most: two services of one organisation share all.
const CONTACT_MAX: f64 = 6.5;

/// Agreement of telephone, address, site and e-mail from which two records are of one door.
const DOOR_MIN: f64 = 4.5;

/// Compares two services. Symmetric.
pub fn compare(one: &Facts, other: &Facts) -> Verdict {
    let mut reasons = Vec::new();
    let (likeness, name) = compare_names(one, other, &mut reasons);
    let is_named_alike =
        !likeness.is_near && likeness.proper >= 0.7 && (likeness.share >= 0.75 || likeness.contained >= 0.85);
    let mut contact = Vec::new();
    compare_phones(&one.phones, &other.phones, &mut contact);
    compare_places(&one.places, &other.places, is_named_alike, &mut contact);
    compare_pages(&one.pages, &other.pages, &mut contact);
    compare_emails(&one.emails, &other.emails, &mut contact);
    let (agreeing, disagreeing): (Vec<Because>, Vec<Because>) = contact.iter().partition(|one| one.weight > 0.0);
    let sum = |list: &[Because]| list.iter().map(|because| because.weight).sum::<f64>();
    let agreement = sum(&agreeing).min(CONTACT_MAX);
    let contact_sum = agreement + sum(&disagreeing);
    compare_organizations(one, other, &mut reasons);
    if is_one_of_its_services(one, other) || is_one_of_its_services(other, one) {
        push(&mut reasons, Reason::OneOfItsServices, -6.0);
    } else if !likeness.contradicts() {
        let is_elsewhere = |because: &Because| matches!(because.reason, Reason::UnitDiffers | Reason::AddressDiffers);
        let is_one_door = agreement >= DOOR_MIN && !contact.iter().any(is_elsewhere);
        excuses::excuse_the_name((one, other), (&likeness, name), (agreement > 0.0, is_one_door), &mut reasons);
    }
    let is_one_phone = contact.iter().any(|because| because.reason == Reason::PhoneSame);
    if likeness.are_schools && likeness.is_translated && !is_one_phone {
        push(&mut reasons, Reason::PublicDiffers, -4.5);
    }
    if reasons.iter().any(|because| because.reason == Reason::OrganizationSame) {
        compare_services_of_one_organization(&likeness, &contact, &mut reasons);
    }
    compare_categories(&one.categories, &other.categories, &mut reasons);
    compare_publics(one, other, &mut reasons);
    compare_descriptions(one, other, &mut reasons);
    let total = PRIOR + contact_sum + sum(&reasons);
    reasons.extend(contact);
    reasons.retain(|because| because.weight != 0.0);
    reasons.sort_by(|left, right| {
        right.weight.abs().total_cmp(&left.weight.abs()).then_with(|| left.reason.cmp(&right.reason))
    });
    Verdict { score: 1.0 / (1.0 + (-total).exp()), reasons }
}

/// Whether two services may come out at or above [`CANDIDATE_MIN`] if their names say all they can for it. It costs a
/// tenth of comparing them, and most that share a key have another telephone in another town.
pub fn may_be_one(one: &Facts, other: &Facts) -> bool {
    let mut reasons = Vec::new();
    compare_phones(&one.phones, &other.phones, &mut reasons);
    compare_places(&one.places, &other.places, true, &mut reasons);
    compare_pages(&one.pages, &other.pages, &mut reasons);
    compare_emails(&one.emails, &other.emails, &mut reasons);
    let (agreeing, disagreeing): (Vec<Because>, Vec<Because>) = reasons.iter().partition(|one| one.weight > 0.0);
    let sum = |list: &[Because]| list.iter().map(|because| because.weight).sum::<f64>();
    let contact = sum(&agreeing).min(CONTACT_MAX) + sum(&disagreeing);
    let mut others = Vec::new();
    compare_categories(&one.categories, &other.categories, &mut others);
    compare_publics(one, other, &mut others);
    let odds = (CANDIDATE_MIN / (1.0 - CANDIDATE_MIN)).ln();
    PRIOR + contact + sum(&others) + OTHERS_MAX >= odds
}

/// What a name, an organisation and a description can say for one service at most.
const OTHERS_MAX: f64 = 5.0 + 1.0 + 1.0;

fn push(reasons: &mut Vec<Because>, reason: Reason, weight: f64) {
    reasons.push(Because { reason, weight });
}

// ---- names

/// Weight of a name by how alike the two are: straight lines between these points.
const NAME_WEIGHTS: [(f64, f64); 7] =
    [(0.0, -5.0), (0.3, -4.0), (0.5, -2.0), (0.65, 0.5), (0.8, 3.0), (0.9, 4.2), (1.0, 5.0)];

/// A name without one word that tells ("food bank") is that of many services.
const COMMON_NAME_MAX: f64 = 3.2;

/// Two words that tell are seldom met together by chance.
const RARE_NAME: f64 = 0.8;

/// A short form of a name, what it leaves out aside.
const SHORT_FORM: f64 = 3.6;

/// Adds the reason of the names and what contradicts; gives the likeness that decided.
fn compare_names(one: &Facts, other: &Facts, reasons: &mut Vec<Because>) -> (Likeness, f64) {
    let mut cities = one.cities();
    cities.extend(other.cities());
    let organizations: BTreeSet<String> = [&one.organization, &other.organization]
        .into_iter()
        .flatten()
        .flat_map(|name| name.texts().map(str::to_owned))
        .chain(one.streets())
        .chain(other.streets())
        .collect();
    let (ones, others) = (spellings(one, &cities), spellings(other, &cities));
    let pairs = ones.iter().flat_map(|name| others.iter().map(move |found| (name, found)));
    // A name with its organisation's is compared with a name as it is written, never with another such.
    let pairs = pairs.filter(|(name, found)| !(name.1 && found.1));
    let compared = pairs.map(|(name, found)| {
        let likeness = names::compare(&name.0, &found.0, &organizations);
        let against: f64 = contradictions(&likeness).iter().map(|because| because.weight).sum();
        (name_weight(&likeness), against, likeness)
    });
    let best = compared.max_by(|left, right| {
        let by_weight = (left.0 + left.1).total_cmp(&(right.0 + right.1));
        let by_share = || left.2.share.total_cmp(&right.2.share);
        by_weight.then_with(by_share).then_with(|| left.2.contained.total_cmp(&right.2.contained))
    });
    let Some((weight, _, likeness)) = best else { return (Likeness::default(), 0.0) };
    let reason = match likeness.share {
        share if share >= 0.97 => Reason::NameSame,
        share if share >= 0.75 => Reason::NameClose,
        share if share >= 0.45 => Reason::NamePartly,
        _ => Reason::NameDiffers,
    };
    push(reasons, reason, weight);
    reasons.extend(contradictions(&likeness));
    (likeness, weight)
}

/// The names of one record, and each with its organisation's name beside it (`true`).
fn spellings(facts: &Facts, cities: &BTreeSet<String>) -> Vec<(Name, bool)> {
    let others = facts.other_names.iter();
    let names = facts.names.iter().chain(others);
    let mut names: Vec<(Name, bool)> = names.map(|name| (name.clone().placed(cities), false)).collect();
    if let Some(organization) = &facts.organization {
        let joined = |name: &Name| (name.with(organization).placed(cities), true);
        let more: Vec<(Name, bool)> = facts.names.iter().map(joined).collect();
        names.extend(more);
    }
    names
}

fn contradictions(likeness: &Likeness) -> Vec<Because> {
    let mut found = Vec::new();
    if likeness.kinds_differ {
        push(&mut found, Reason::KindDiffers, -2.5);
    }
    if likeness.bodies_differ {
        push(&mut found, Reason::KindDiffers, -7.0);
    }
    if likeness.contrasts {
        push(&mut found, Reason::PublicDiffers, -4.5);
    }
    if likeness.numbers_differ {
        push(&mut found, Reason::NumberDiffers, -4.5);
    }
    if likeness.places_differ {
        push(&mut found, Reason::SiteDiffers, -3.5);
    } else if likeness.sites_differ {
        push(&mut found, Reason::SiteDiffers, -7.5);
    }
    found
}

/// A name that only says the kind, beside one that says the same kind and more.
const KIND_ALONE: f64 = 1.0;

fn name_weight(likeness: &Likeness) -> f64 {
    let mut weight = between(&NAME_WEIGHTS, likeness.share);
    let (less, more) = (likeness.own.0.min(likeness.own.1), likeness.own.0.max(likeness.own.1));
    if less < 0.5 && likeness.proper >= 0.7 && likeness.contained >= 0.8 {
        // One name inside the other.
        let rare = if likeness.proper >= 1.8 { RARE_NAME } else { 0.0 };
        weight = weight.max(SHORT_FORM + rare - 0.4 * more);
    }
    if less < 0.3 && likeness.kinds_same {
        // "Meals on wheels", and the name under which somebody gives it.
        weight = weight.max(KIND_ALONE);
    }
    if less >= 0.9 {
        // Each says something that the other does not.
        weight -= 3.6 * less.min(1.6);
    }
    if likeness.proper < 0.5 { weight.min(COMMON_NAME_MAX) } else { weight }
}

fn between(points: &[(f64, f64)], at: f64) -> f64 {
    let mut last = (0.0, 0.0);
    for (position, point) in points.iter().enumerate() {
        if at <= point.0 {
            if position == 0 || point.0 <= last.0 {
                return point.1;
            }
            return last.1 + (point.1 - last.1) * (at - last.0) / (point.0 - last.0);
        }
        last = *point;
    }
    last.1
}

// ---- ways to reach it

/// One number for a whole province: it says less than one of a town.
const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

fn compare_phones(ones: &[Number], others: &[Number], reasons: &mut Vec<Because>) {
    if ones.is_empty() || others.is_empty() {
        return;
    }
    let shared = ones.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
    let mut shared = shared.filter(|(one, other)| one.national == other.national).peekable();
    if shared.peek().is_none() {
        return phones_differ(ones, others, reasons);
    }
    let mut common = ones.iter().filter(|one| others.iter().any(|other| one.national == other.national));
    let is_toll_free = common.all(is_toll_free);
    let extensions_differ = |(one, other): (&Number, &Number)| {
        one.extension.is_some() && other.extension.is_some() && one.extension != other.extension
    };
    if shared.all(extensions_differ) {
        push(reasons, Reason::PhoneExtensionDiffers, -0.5);
    } else {
        push(reasons, Reason::PhoneSame, if is_toll_free { 1.4 } else { 3.0 });
    }
}

fn is_toll_free(number: &Number) -> bool {
    TOLL_FREE.iter().any(|code| number.national.starts_with(code))
}

/// Area codes of one region of Québec.
const AREAS: [[&str; 3]; 4] =
    [["514", "438", "263"], ["450", "579", "354"], ["418", "581", "367"], ["819", "873", "468"]];

fn phones_differ(ones: &[Number], others: &[Number], reasons: &mut Vec<Because>) {
    // A number for the province and one of the town are two numbers of one service as often as not.
    if ones.iter().all(is_toll_free) != others.iter().all(is_toll_free) {
        return;
    }
    let area =
        |number: &Number| AREAS.iter().position(|codes| codes.iter().any(|code| number.national.starts_with(code)));
    let areas = |numbers: &[Number]| numbers.iter().filter_map(area).collect::<BTreeSet<_>>();
    let (left, right) = (areas(ones), areas(others));
    let are_apart = !left.is_empty() && !right.is_empty() && left.is_disjoint(&right);
    push(reasons, Reason::PhoneDiffers, if are_apart { -2.0 } else { -0.7 });
}

/// Kilometres under which two exact points are one building, and over which they are two places.
const NEAR_KM: f64 = 0.12;
const FAR_KM: f64 = 3.0;
const VERY_FAR_KM: f64 = 25.0;

fn compare_places(ones: &[Place], others: &[Place], is_named_alike: bool, reasons: &mut Vec<Because>) {
    let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| place_because(one, other, is_named_alike)));
    if let Some(best) = pairs.flatten().max_by(|left, right| left.weight.total_cmp(&right.weight)) {
        reasons.push(best);
    }
}

fn place_because(one: &Place, other: &Place, is_named_alike: bool) -> Option<Because> {
    let because = |reason, weight| Some(Because { reason, weight });
    let km = one.point.zip(other.point).map(|(from, to)| from.distance_km(to));
    let same = |left: &Option<String>, right: &Option<String>| match (left, right) {
        (Some(left), Some(right)) => Some(left == right),
        _ => None,
    };
    let (civic, postal) = (same(&one.civic, &other.civic), same(&one.postal_code, &other.postal_code));
    let are_said = !one.cities.is_empty() && !other.cities.is_empty();
    let city = are_said.then(|| cities::may_be_one(&one.cities, &other.cities));
    let street =
        (!one.street.is_empty() && !other.street.is_empty()).then(|| streets_alike(&one.street, &other.street));
    let agrees_on_where = postal == Some(true) || city != Some(false) || km.is_some_and(|km| km < NEAR_KM);
    if civic == Some(true) && street == Some(true) && agrees_on_where && km.is_none_or(|km| km < VERY_FAR_KM) {
        if same(&one.unit, &other.unit) == Some(false) {
            return because(Reason::UnitDiffers, 1.5);
        }
        return because(Reason::AddressSame, 2.5);
    }
    if let Some(km) = km.filter(|km| *km >= FAR_KM) {
        return because(Reason::Far, if km >= VERY_FAR_KM { -5.0 } else { -3.5 });
    }
    if km.is_some_and(|km| km < NEAR_KM) && civic != Some(false) {
        return because(Reason::Near, if is_named_alike { 2.5 } else { 1.5 });
    }
    if postal == Some(true) && civic != Some(false) && street != Some(false) {
        return because(Reason::PostalCodeSame, 1.5);
    }
    if civic == Some(true) && street == Some(true) && km.is_none() && postal != Some(false) {
        // One street and number in two towns, more seldom two names of one town.
        return because(Reason::AddressDiffers, -1.5);
    }
    if city == Some(false) && km.is_none() && postal != Some(true) {
        return because(Reason::MunicipalityDiffers, -4.6);
    }
    if civic == Some(false) || street == Some(false) {
        // A service that moved keeps its name.
        return because(Reason::AddressDiffers, if postal == Some(true) || is_named_alike { -0.8 } else { -1.6 });
    }
    if postal == Some(false) {
        return because(Reason::AddressDiffers, -0.8);
    }
    // A name of its own in one town is one service there.
    (city == Some(true) && is_named_alike).then_some(Because { reason: Reason::MunicipalitySame, weight: 1.2 })
}

fn streets_alike(one: &str, other: &str) -> bool {
    if one == other || word_likeness(one, other) > 0.0 {
        return true;
    }
    // "notre dame" beside "notre dame est", "cl gregoire" beside "claude gregoire".
    let words = |street: &str| street.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    let (left, right) = (words(one), words(other));
    let is_short_for = |short: &str, long: &str| short.len() <= 3 && long.len() > 4 && long.starts_with(short);
    let alike = |word: &str, found: &str| {
        word_likeness(word, found) > 0.0 || is_short_for(word, found) || is_short_for(found, word)
    };
    let is_within = |short: &BTreeSet<String>, long: &BTreeSet<String>| {
        short.len() <= long.len() && short.iter().all(|word| long.iter().any(|found| alike(word, found)))
    };
    is_within(&left, &right) || is_within(&right, &left)
}

fn compare_pages(ones: &[Page], others: &[Page], reasons: &mut Vec<Because>) {
    let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
    let because = |(one, other): (&Page, &Page)| {
        let paths = (one.path.as_str(), other.path.as_str());
        let (reason, weight) = match (one.host == other.host, one.is_shared || other.is_shared) {
            (true, false) if paths.0 == paths.1 && !paths.0.is_empty() => (Reason::PageSame, 2.0),
            (true, false) if paths.0 == paths.1 => (Reason::WebSiteSame, 1.5),
            (true, false) if paths.0.is_empty() || paths.1.is_empty() => (Reason::WebSiteSame, 1.3),
            (true, false) => (Reason::WebSiteSame, 0.3),
            (true, true) if paths.0 == paths.1 && !paths.0.is_empty() => (Reason::PageSame, 1.5),
            (_, true) => return None,
            (false, false) => (Reason::WebSiteDiffers, -0.8),
        };
        Some(Because { reason, weight })
    };
    let best = pairs.filter_map(because).max_by(|left, right| left.weight.total_cmp(&right.weight));
    reasons.extend(best);
}

fn compare_emails(ones: &[String], others: &[String], reasons: &mut Vec<Because>) {
    let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
    let because = |(one, other): (&String, &String)| {
        if one == other {
            return Some(Because { reason: Reason::EmailSame, weight: 2.0 });
        }
        let hosts = mail_host(one).zip(mail_host(other))?;
        let (reason, weight) =
            if hosts.0 == hosts.1 { (Reason::EmailHostSame, 0.5) } else { (Reason::EmailDiffers, -0.6) };
        Some(Because { reason, weight })
    };
    let best = pairs.filter_map(because).max_by(|left, right| left.weight.total_cmp(&right.weight));
    reasons.extend(best);
}

// ---- who gives it, to whom

fn compare_organizations(one: &Facts, other: &Facts, reasons: &mut Vec<Because>) {
    if one.organization_id.is_some() && one.organization_id == other.organization_id {
        return push(reasons, Reason::OrganizationSame, 0.5);
    }
    let Some((left, right)) = one.organization.as_ref().zip(other.organization.as_ref()) else { return };
    let likeness = names::compare(left, right, &BTreeSet::new());
    // The network of health changes its names faster than anybody its records.
    let is_health = |name: &Name| name.texts().any(|text| HEALTH_NETWORK.contains(&text));
    if likeness.share >= 0.75 {
        push(reasons, Reason::OrganizationSame, 1.0);
    } else if likeness.share < 0.4 && likeness.contained < 0.8 && !is_health(left) && !is_health(right) {
        push(reasons, Reason::OrganizationDiffers, -1.5);
    }
}

const HEALTH_NETWORK: [&str; 3] = ["cisss", "clsc", "csss"];

/// What one organisation tells apart: a service that its name adds to another, and a site with its own telephone.
fn compare_services_of_one_organization(likeness: &Likeness, contact: &[Because], reasons: &mut Vec<Because>) {
    let comes_out = |reason| contact.iter().any(|because| because.reason == reason);
    if likeness.kinds_added {
        push(reasons, Reason::KindAdded, -6.0);
    }
    if comes_out(Reason::PhoneDiffers) && comes_out(Reason::AddressDiffers) {
        push(reasons, Reason::OtherSite, -2.5);
    }
}

/// Whether `whole` is the organisation that `part` says it belongs to: all that its names tell is in the name of that
/// organisation, and `part` is called otherwise.
fn is_one_of_its_services(part: &Facts, whole: &Facts) -> bool {
    let Some(organization) = &part.organization else { return false };
    let names_organization = |name: &Name| {
        let (own, shared) = names::own_words(name, &[organization]);
        own < 0.5 && shared > 0.5
    };
    // What the whole says that it does is what it is asked for: its only service.
    let (whole_kinds, part_kinds) = (whole.all_kinds(), part.all_kinds());
    if !whole_kinds.is_empty() && whole_kinds.is_subset(&part_kinds) {
        return false;
    }
    let mut known: Vec<&Name> = whole.names.iter().collect();
    known.push(organization);
    let cities = part.cities();
    let is_named_otherwise = |name: &Name| names::own_words(&name.clone().placed(&cities), &known).0 >= 0.9;
    !whole.names.is_empty()
        && whole.names.iter().all(names_organization)
        && !part.names.is_empty()
        && part.names.iter().all(is_named_otherwise)
}

fn compare_categories(ones: &BTreeSet<String>, others: &BTreeSet<String>, reasons: &mut Vec<Because>) {
    if ones.is_empty() || others.is_empty() {
        return;
    }
    let fields = |codes: &BTreeSet<String>| codes.iter().map(|code| top_level_of(code).to_owned()).collect();
    if !ones.is_disjoint(others) {
        push(reasons, Reason::CategorySame, 0.7);
    } else if !BTreeSet::is_disjoint(&fields(ones), &fields(others)) {
        push(reasons, Reason::CategoryNear, -0.8);
    } else {
        push(reasons, Reason::CategoryDiffers, -2.5);
    }
}

fn compare_publics(one: &Facts, other: &Facts, reasons: &mut Vec<Because>) {
    if let Some((left, right)) = one.ages.zip(other.ages) {
        let (from, to) = (left.0.max(right.0), left.1.min(right.1));
        let years = |(low, high): (u32, u32)| f64::from(high.min(1_200).saturating_sub(low)) + 1.0;
        if left == right {
            push(reasons, Reason::AgesSame, 0.7);
        } else if from > to {
            push(reasons, Reason::AgesApart, -7.0);
        } else {
            let covered = years((from, to)) / years((left.0.min(right.0), left.1.max(right.1)));
            push(reasons, Reason::AgesDiffer, if covered < 0.5 { -1.8 } else { -0.2 });
        }
    }
    if !one.languages.is_empty() && !other.languages.is_empty() && one.languages.is_disjoint(&other.languages) {
        push(reasons, Reason::LanguagesApart, -2.5);
    }
    if !one.days.is_empty() && !other.days.is_empty() && one.days.is_disjoint(&other.days) {
        push(reasons, Reason::DaysApart, -1.5);
    }
}

fn compare_descriptions(one: &Facts, other: &Facts, reasons: &mut Vec<Because>) {
    let (left, right) = (&one.description, &other.description);
    if left.len() < 4 || right.len() < 4 {
        return;
    }
    let common = left.intersection(right).count();
    // Lists of words are short: the cast is exact.
    let share = 2.0 * common as f64 / (left.len() + right.len()) as f64;
    if share >= 0.8 {
        push(reasons, Reason::DescriptionSame, 1.0);
    }
}

#[cfg(test)]
mod tests;
