//! Whether a service suits one family, and why: what it is asked for, what the directory says, and what nobody said.
//! Pure. What is unknown is told and never taken for a yes; only what is known to be against is a no.

use chrono::Datelike;

use super::conditions::{has_interpreters, is_free, needs_presence, tells_way_without_car, wants_presence, wheelchair};
use super::directory::{Delivery, Location, Service};
use super::family::Child;
use super::month::{Month, local_day};
use super::publics::Public;
use super::schedule::{OpeningHours, WeeklySpan};
use super::taxonomy::is_of_category;
use super::words::words;
use crate::clock::Time;

/// A place that a family without a car walks to, in kilometres.
pub const WALK_KM_MAX: f64 = 1.5;
/// Farther than this nobody comes to a family who does not say so, in kilometres.
const COMES_KM_MAX: f64 = 100.0;
/// Needs that a child may have who is not told: not born yet, or just.
const AROUND_A_BIRTH: &str = "perinatal";
/// Younger people are children of a family, in months.
const ADULT_MONTHS: i64 = 18 * 12;
/// What was confirmed so many months ago or more may have changed.
const OLD_MONTHS: i64 = 12;

words! {
    /// How a need is met.
    pub enum Way {
        Visit => "visit",
        AtHome => "at_home",
        Remote => "remote",
    }
}
words! {
    /// How well a service suits a family, the best first: all that was asked is known to be so; something of it is not
    /// known; it would suit, but it is full, closed for a while, or for people of other territories; something that was
    /// asked is known not to be so.
    pub enum Fit {
        Fits => "fits",
        MayFit => "may_fit",
        Doubtful => "doubtful",
        Unsuited => "unsuited",
    }
}
words! {
    /// A reason for or against, or what is not known.
    pub enum Cause {
        Category => "category",
        Words => "words",
        OnlyMentioned => "only_mentioned",
        OtherNeed => "other_need",
        Age => "age",
        OtherAge => "other_age",
        AgeUnknown => "age_unknown",
        Language => "language",
        OtherLanguage => "other_language",
        Interpreter => "interpreter",
        LanguageUnknown => "language_unknown",
        Free => "free",
        NotFree => "not_free",
        HasFee => "has_fee",
        FeeUnknown => "fee_unknown",
        Wheelchair => "wheelchair",
        NoWheelchair => "no_wheelchair",
        WheelchairUnknown => "wheelchair_unknown",
        ComesToYou => "comes_to_you",
        FromAfar => "from_afar",
        UnlikelyFromAfar => "unlikely_from_afar",
        WithoutCar => "without_car",
        WalkingDistance => "walking_distance",
        WithoutCarUnknown => "without_car_unknown",
        OpenWhenFree => "open_when_free",
        ClosedWhenFree => "closed_when_free",
        HoursUnknown => "hours_unknown",
        Served => "served",
        OtherTerritory => "other_territory",
        TerritoryUnknown => "territory_unknown",
        ComesFromFar => "comes_from_far",
        Room => "room",
        Full => "full",
        WaitingList => "waiting_list",
        WaitDays => "wait_days",
        ClosedNow => "closed_now",
        ClosedForAWhile => "closed_for_a_while",
        VerifiedRecently => "verified_recently",
        VerifiedLongAgo => "verified_long_ago",
        NeverVerified => "never_verified",
        ForTheirPublic => "for_their_public",
        OnlyForOthers => "only_for_others",
        PlaceHidden => "place_hidden",
    }
}

/// A reason with what it is about: a code, a number, a day (`YYYY-MM-DD`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub cause: Cause,
    pub value: Option<String>,
}

impl Note {
    fn of(cause: Cause) -> Self {
        Self { cause, value: None }
    }
    pub fn with(cause: Cause, value: impl ToString) -> Self {
        Self { cause, value: Some(value.to_string()) }
    }
}

/// When the family can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Free {
    At(Time),
    Weekly(WeeklySpan),
}

/// What is asked for the whole family.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Family {
    pub children: Vec<Child>,
    /// Any of them will do, ISO 639, lower case.
    pub languages: Vec<String>,
    pub no_car: bool,
    pub wheelchair: bool,
    pub free_only: bool,
    /// Any of them will do; empty: whenever.
    pub available: Vec<Free>,
}

/// One thing that the family needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Need {
    /// Top-level or leaf.
    pub category: Option<String>,
    pub words: Option<String>,
    /// The leaf that the words surely mean, where they mean one.
    pub meant: Option<String>,
    /// Leaves that stand in for what is meant where nothing answers it; of words that mean none for sure, those that
    /// they may mean.
    pub standing_in: Vec<String>,
    /// Leaves that parts of the words surely mean: needs of their own, where there are several.
    pub of_parts: Vec<String>,
    /// The child that it is for, by its place among those of the family; `None`: the family.
    pub child: Option<usize>,
}

/// Where a service has all the words of a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordsHeld {
    InName,
    /// In its name and in those of its categories.
    InCategory,
    /// Some of them elsewhere.
    Mentioned,
    /// None of them: it was found by what they mean or may mean.
    Nowhere,
}

/// How a service answers a need, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    Surely,
    /// It answers a need that stands in for what is meant.
    Near,
    /// It is only named after the words, or answers the less likely of what they may mean.
    Perhaps,
    /// It only writes somewhere what likely means something else.
    Mentions,
    /// It helps beside the need: somebody may want it, and the need is not met by it.
    Beside,
}

/// One service, in one way, for one need.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub family: &'a Family,
    pub need: &'a Need,
    pub service: &'a Service,
    pub held: WordsHeld,
    pub way: Way,
    /// Where it is visited; none where that may not be known.
    pub place: Option<&'a Location>,
    pub distance_km: Option<f64>,
    /// How far its nearest place is, as far as that may be known: from there it comes to the family.
    pub comes_from_km: Option<f64>,
    /// Whether the family lives in the territory that the service names; `None`: it names none.
    pub served: Option<bool>,
    pub now: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub fit: Fit,
    pub why: Vec<Note>,
    pub why_not: Vec<Note>,
    pub unknown: Vec<Note>,
    pub open_now: Option<bool>,
    pub answer: Answer,
}

impl Assessment {
    fn yes(&mut self, note: Note) {
        self.why.push(note);
    }
    /// Against, and how much that weighs.
    fn no(&mut self, note: Note, fit: Fit) {
        self.why_not.push(note);
        self.fit = self.fit.max(fit);
    }
    /// Against what was asked: each makes a service unsuited by itself.
    pub fn against(&self) -> impl Iterator<Item = Cause> {
        let decides = |cause: &Cause| {
            matches!(
                cause,
                Cause::OtherAge | Cause::OtherLanguage | Cause::NotFree | Cause::NoWheelchair | Cause::ClosedWhenFree
            )
        };
        self.why_not.iter().map(|note| note.cause).filter(decides)
    }
    fn not_known(&mut self, note: Note, is_asked: bool) {
        self.unknown.push(note);
        if is_asked {
            self.fit = self.fit.max(Fit::MayFit);
        }
    }
}

pub fn assess(case: Case<'_>) -> Assessment {
    let hours = OpeningHours::in_one_place(case.service, case.place);
    let open_now = hours.open_at(case.now);
    let (why, why_not, unknown) = (vec![], vec![], vec![]);
    let mut said = Assessment { fit: Fit::Fits, why, why_not, unknown, open_now, answer: answer(case) };
    answers(case, &mut said);
    age(case, &mut said);
    language(case, &mut said);
    fee(case, &mut said);
    way(case, &mut said);
    territory(case, &mut said);
    public(case, &mut said);
    times(case, &hours, &mut said);
    room(case.service, &mut said);
    freshness(case, &mut said);
    said
}

/// Whether one of the categories of a service is the one asked, or under it.
pub fn gives(service: &Service, asked: &str) -> bool {
    service.categories.iter().any(|code| is_of_category(code, asked))
}

/// A category that was asked, or what the words surely mean, is answered by who gives it; words that mean nothing for
/// sure, by who has them, in its name where they likely mean something. Who gives what stands in for it, or what they
/// likely mean, may answer them; so may at last who is named after words that mean something else ("halte-garderie"),
/// or mentions what only likely means something. Who only has them somewhere else does something else ("aide aux
/// formulaires de garderie").
fn answer(case: Case<'_>) -> Answer {
    let answering = answering(case);
    let is_met = match (&case.need.category, &case.need.meant) {
        (Some(_), _) => true,
        (None, Some(meant)) => answering == Some(meant),
        // Where the words likely mean something, who only writes them somewhere may be about anything else.
        (None, None) if case.need.standing_in.is_empty() => case.held != WordsHeld::Nowhere,
        (None, None) => case.held == WordsHeld::InName,
    };
    let is_likeliest = case.need.meant.is_some() || answering == case.need.standing_in.first().map(String::as_str);
    if is_met {
        Answer::Surely
    } else if answering.is_some() && is_likeliest {
        Answer::Near
    } else if answering.is_some() || case.held == WordsHeld::InName {
        Answer::Perhaps
    } else if case.need.meant.is_none() && case.held == WordsHeld::Mentioned {
        Answer::Mentions
    } else {
        Answer::Beside
    }
}

/// The category by which it answers: that asked, or meant, or standing in for what is meant; none where it is another.
fn answering(case: Case<'_>) -> Option<&str> {
    let need = case.need;
    let words_mean = need.meant.iter().chain(&need.standing_in).map(String::as_str);
    need.category.as_deref().or_else(|| words_mean.into_iter().find(|code| gives(case.service, code)))
}

/// Nobody minds children by telephone; nor does anything else that is given so stand in for it.
fn is_unlikely_from_afar(case: Case<'_>) -> bool {
    let meant = case.need.meant.as_deref().filter(|_| case.need.category.is_none());
    meant.is_some_and(wants_presence) || needs_presence(case.service, answering(case))
}

fn answers(case: Case<'_>, said: &mut Assessment) {
    let asked = case.need.category.as_deref();
    let code = case.service.categories.iter().find(|code| asked.is_some_and(|asked| is_of_category(code, asked)));
    if let Some(code) = code {
        said.yes(Note::with(Cause::Category, code));
    }
    let other = || {
        // That by which it stands in, where it does: a lawyer of an office for young people is told as legal aid.
        let value = answering(case).or(case.service.categories.first().map(String::as_str));
        Note { cause: Cause::OtherNeed, value: value.map(str::to_owned) }
    };
    let is_by_words_alone = case.need.category.is_none() && case.need.meant.is_none();
    match said.answer {
        Answer::Surely if is_by_words_alone && case.held == WordsHeld::Mentioned => {
            said.not_known(Note::of(Cause::OnlyMentioned), true);
        }
        Answer::Surely => {}
        Answer::Mentions => said.not_known(Note::of(Cause::OnlyMentioned), true),
        Answer::Near | Answer::Perhaps => said.not_known(other(), true),
        Answer::Beside => said.no(other(), Fit::Doubtful),
    }
}

/// An age in months; an unborn child is 0.
pub fn age_months(child: Child, now: Time) -> i64 {
    child.age_months(Month::of(local_day(now))).unwrap_or(0)
}

/// A need of one child asks for the age of that child. A need of the family is met where one of its children, or an
/// adult, is of the age accepted; one around a birth, where a newborn is: its older children are not whom it is for.
fn age(case: Case<'_>, said: &mut Assessment) {
    let document = &case.service.document;
    let (youngest, oldest) = (document.minimum_age_months.map(i64::from), document.maximum_age_months.map(i64::from));
    let is_said = youngest.is_some() || oldest.is_some();
    let fits = |age: i64| youngest.is_none_or(|least| least <= age) && oldest.is_none_or(|most| age <= most);
    let children = &case.family.children;
    let ages: Vec<i64> = match case.need.child {
        Some(at) => children.get(at).into_iter().map(|child| age_months(*child, case.now)).collect(),
        None => {
            let of_a_newborn = is_around_a_birth(case.need).then_some(0).filter(|_| !children.is_empty());
            children.iter().map(|child| age_months(*child, case.now)).chain(of_a_newborn).collect()
        }
    };
    if ages.is_empty() {
        return;
    }
    let takes_adults = case.need.child.is_none() && oldest.is_none_or(|most| most >= ADULT_MONTHS);
    match (is_said, ages.into_iter().find(|age| fits(*age))) {
        (true, Some(age)) => said.yes(Note::with(Cause::Age, age)),
        (true, None) if takes_adults => {}
        (true, None) => {
            let range = [youngest, oldest].map(|end| end.map(|age| age.to_string()).unwrap_or_default());
            said.no(Note::with(Cause::OtherAge, range.join("-")), Fit::Unsuited);
        }
        (false, _) if case.need.child.is_some() => said.not_known(Note::of(Cause::AgeUnknown), true),
        (false, _) => {}
    }
}

fn is_around_a_birth(need: &Need) -> bool {
    need.category.as_deref().or(need.meant.as_deref()).is_some_and(|code| is_of_category(code, AROUND_A_BIRTH))
}

fn language(case: Case<'_>, said: &mut Assessment) {
    let asked = &case.family.languages;
    if asked.is_empty() {
        return;
    }
    let codes = case.service.document.languages.iter().filter_map(|one| one.code.as_deref());
    let spoken: Vec<String> = codes.map(str::to_ascii_lowercase).collect();
    match asked.iter().find(|code| spoken.contains(code)) {
        Some(code) => said.yes(Note::with(Cause::Language, code)),
        None if has_interpreters(case.service) => said.not_known(Note::of(Cause::Interpreter), true),
        None if spoken.is_empty() => said.not_known(Note::of(Cause::LanguageUnknown), true),
        None => said.no(Note::with(Cause::OtherLanguage, spoken.join(", ")), Fit::Unsuited),
    }
}

fn fee(case: Case<'_>, said: &mut Assessment) {
    let is_asked = case.family.free_only;
    match is_free(case.service) {
        Some(true) => said.yes(Note::of(Cause::Free)),
        Some(false) if is_asked => said.no(Note::of(Cause::NotFree), Fit::Unsuited),
        Some(false) => said.no(Note::of(Cause::HasFee), Fit::Fits),
        None => said.not_known(Note::of(Cause::FeeUnknown), is_asked),
    }
}

/// What getting there takes. Nobody goes to what comes to the family.
fn way(case: Case<'_>, said: &mut Assessment) {
    match case.way {
        Way::Remote if is_unlikely_from_afar(case) => {
            return said.no(Note::of(Cause::UnlikelyFromAfar), Fit::Doubtful);
        }
        Way::Remote => return said.yes(Note::of(Cause::FromAfar)),
        Way::AtHome => return said.yes(Note::of(Cause::ComesToYou)),
        Way::Visit => {}
    }
    if case.place.is_none() {
        said.not_known(Note::of(Cause::PlaceHidden), false);
    }
    if case.family.wheelchair {
        match case.place.and_then(wheelchair) {
            Some(true) => said.yes(Note::of(Cause::Wheelchair)),
            Some(false) => said.no(Note::of(Cause::NoWheelchair), Fit::Unsuited),
            None => said.not_known(Note::of(Cause::WheelchairUnknown), true),
        }
    }
    if case.family.no_car {
        let is_told = tells_way_without_car(case.service, case.place);
        if case.distance_km.is_some_and(|km| km <= WALK_KM_MAX) {
            said.yes(Note::of(Cause::WalkingDistance));
        } else if is_told {
            said.yes(Note::of(Cause::WithoutCar));
        } else {
            said.not_known(Note::of(Cause::WithoutCarUnknown), true);
        }
    }
}

fn territory(case: Case<'_>, said: &mut Assessment) {
    match case.served {
        Some(true) => said.yes(Note::of(Cause::Served)),
        Some(false) => said.no(Note::of(Cause::OtherTerritory), Fit::Doubtful),
        None if case.way == Way::AtHome => match case.comes_from_km.filter(|km| *km > COMES_KM_MAX) {
            Some(km) => said.no(Note::with(Cause::ComesFromFar, km.round()), Fit::Doubtful),
            None => said.not_known(Note::of(Cause::TerritoryUnknown), true),
        },
        None => {}
    }
}

/// A public that a family with such children is of, is known by their ages; any other, nobody knows here.
fn public(case: Case<'_>, said: &mut Assessment) {
    let only = &case.service.document.public_exclusive;
    if only.is_empty() {
        return;
    }
    let ages = case.family.children.iter().map(|child| (*child, age_months(*child, case.now)));
    let years = |from: i64, to: i64| ages.clone().any(|(_, age)| (from * 12..(to + 1) * 12).contains(&age));
    let is_of = |public: &Public| match public {
        Public::Families => true,
        Public::Pregnancy => case.family.children.iter().any(|child| matches!(child, Child::Due(_))),
        Public::EarlyChildhood => years(0, 5),
        Public::SchoolAge => years(6, 12),
        Public::Youth => years(12, 17),
        _ => false,
    };
    match only.iter().find(|public| is_of(public)) {
        Some(public) => said.yes(Note::with(Cause::ForTheirPublic, public.as_str())),
        None => {
            let names: Vec<&str> = only.iter().map(|public| public.as_str()).collect();
            said.not_known(Note::with(Cause::OnlyForOthers, names.join(",")), true);
        }
    }
}

fn times(case: Case<'_>, hours: &OpeningHours, said: &mut Assessment) {
    let free = &case.family.available;
    if !free.is_empty() {
        let is_open = |free: &Free| match free {
            Free::At(at) => hours.open_at(*at),
            Free::Weekly(span) => hours.open_within(*span, case.now),
        };
        let open: Vec<Option<bool>> = free.iter().map(is_open).collect();
        if open.contains(&Some(true)) {
            said.yes(Note::of(Cause::OpenWhenFree));
        } else if open.contains(&None) {
            said.not_known(Note::of(Cause::HoursUnknown), true);
        } else {
            said.no(Note::of(Cause::ClosedWhenFree), Fit::Unsuited);
        }
    }
    match (hours.closed_for_a_while(case.now), said.open_now) {
        (Some(until), _) => {
            let value = until.map(|day| day.to_string());
            said.no(Note { cause: Cause::ClosedForAWhile, value }, Fit::Doubtful);
        }
        (None, Some(false)) => said.no(Note::of(Cause::ClosedNow), Fit::Fits),
        (None, Some(true)) => {}
        (None, None) if free.is_empty() => said.not_known(Note::of(Cause::HoursUnknown), false),
        (None, None) => {}
    }
}

fn room(service: &Service, said: &mut Assessment) {
    let capacity = service.capacity;
    match capacity.places_available {
        Some(places) if places > 0 => said.yes(Note::with(Cause::Room, places)),
        Some(_) => {
            let word = capacity.said.places_available.map(|word| word.observed_at).or(capacity.observed_at);
            let value = word.map(|at| local_day(at).to_string());
            said.no(Note { cause: Cause::Full, value }, Fit::Doubtful);
        }
        None => {}
    }
    if let Some(waiting) = capacity.waiting_list_length.filter(|waiting| *waiting > 0) {
        said.no(Note::with(Cause::WaitingList, waiting), Fit::Fits);
    }
    if let Some(days) = capacity.wait_days.filter(|days| *days > 0) {
        said.no(Note::with(Cause::WaitDays, days), Fit::Fits);
    }
}

fn freshness(case: Case<'_>, said: &mut Assessment) {
    let Some(verified_at) = case.service.verified_at else {
        return said.no(Note::of(Cause::NeverVerified), Fit::Fits);
    };
    let (today, then) = (local_day(case.now), local_day(verified_at));
    let months = Month::of(today).since(Month::of(then)) - i64::from(today.day() < then.day());
    if months < OLD_MONTHS {
        said.yes(Note::with(Cause::VerifiedRecently, then));
    } else {
        said.no(Note::with(Cause::VerifiedLongAgo, months), Fit::Fits);
    }
}

/// How a service reaches a family that lives where it says `served`: what comes or is given from afar spares a visit.
pub fn without_visit(service: &Service, served: Option<bool>) -> Option<Way> {
    let gives = |how| service.document.delivery.contains(&how);
    if served == Some(false) {
        None
    } else if gives(Delivery::Remote) {
        Some(Way::Remote)
    } else if gives(Delivery::AtHome) {
        Some(Way::AtHome)
    } else {
        None
    }
}

/// Whether people may go there; so they do where nobody says otherwise.
pub fn is_visited(service: &Service) -> bool {
    let delivery = &service.document.delivery;
    delivery.is_empty() || delivery.contains(&Delivery::InPerson)
}

#[cfg(test)]
mod tests;
