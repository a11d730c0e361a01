//! A family's file: what is known of a family without its name. Children by month of birth or due month, and dated
//! observations, each true of its day. Pure: today comes in as an argument; who a family is lives in `identity.rs`.

use chrono::NaiveDate;

use super::directory::Point;
use super::month::Month;
use super::refusal::{Code, Refusal};
use super::words::words;

words! {
    /// Urban or rural, as the list of municipalities says.
    pub enum Setting {
        Urban => "urban",
        Rural => "rural",
        Unknown => "unknown",
    }
}
words! {
    /// How a family was met.
    pub enum Origin {
        SocialMedia => "social_media",
        Park => "park",
        CommunityActivity => "community_activity",
        Partner => "partner",
        DoorToDoor => "door_to_door",
        WordOfMouth => "word_of_mouth",
        Other => "other",
    }
}
words! {
    /// What is observed.
    pub enum ObservationKind {
        Isolated => "isolated",
        FamilyType => "family_type",
        FatherFigure => "father_figure",
        Vulnerability => "vulnerability",
    }
}
words! {
    pub enum FamilyType {
        SingleParent => "single_parent",
        TwoParent => "two_parent",
        Blended => "blended",
        SharedCustody => "shared_custody",
        Other => "other",
    }
}
words! {
    /// What makes life harder for a family.
    pub enum Factor {
        Economic => "economic",
        WeakSupportNetwork => "weak_support_network",
        Immigration => "immigration",
        DomesticViolence => "domestic_violence",
        Other => "other",
    }
}
words! {
    /// What workers do: démarchage, accompagnement, réseautage, coordination.
    pub enum ActivityKind {
        Outreach => "outreach",
        Accompaniment => "accompaniment",
        Networking => "networking",
        Coordination => "coordination",
    }
}

/// *Under five*: under 60 months, and born.
pub const UNDER_FIVE_MONTHS: i64 = 60;
/// *Five or less*: under 72 months, unborn included.
pub const FIVE_OR_LESS_MONTHS: i64 = 72;
/// Children of one file.
pub const CHILDREN_MAX: usize = 20;
/// Observations of one request.
pub const OBSERVATIONS_MAX: usize = 20;
/// Nobody older is a child of a file, in months.
pub const CHILD_AGE_MONTHS_MAX: i64 = 25 * 12;
/// A due month may be this far ahead, or behind where nobody recorded the birth yet, in months.
pub const DUE_MONTHS_AHEAD_MAX: i64 = 10;
pub const DUE_MONTHS_BEHIND_MAX: i64 = 2;
/// Nothing in a file was seen before this many years ago.
pub const YEARS_BACK_MAX: i64 = 10;

/// A child, by the month of its birth or the month in which it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Child {
    Born(Month),
    Due(Month),
}

impl Child {
    /// Age in whole months at the end of a month. The unborn have none; so has a child born later.
    pub fn age_months(self, at: Month) -> Option<i64> {
        match self {
            Self::Born(month) => Some(at.since(month)).filter(|age| *age >= 0),
            Self::Due(_) => None,
        }
    }
    pub fn is_under_five(self, at: Month) -> bool {
        self.age_months(at).is_some_and(|age| age < UNDER_FIVE_MONTHS)
    }
    pub fn is_five_or_less(self, at: Month) -> bool {
        self.age_months(at).is_none_or(|age| age < FIVE_OR_LESS_MONTHS)
    }
    /// Refuses a birth in the future or too long ago, and a due month that is far from today.
    pub fn check(self, today: Month, field: &str) -> Result<(), Refusal> {
        let (ahead, name, range) = match self {
            Self::Born(month) => (month.since(today), "born_in", -CHILD_AGE_MONTHS_MAX..=0),
            Self::Due(month) => (month.since(today), "due_in", -DUE_MONTHS_BEHIND_MAX..=DUE_MONTHS_AHEAD_MAX),
        };
        if range.contains(&ahead) {
            return Ok(());
        }
        let rule = format!("{}..={} months from {today}", range.start(), range.end());
        Err(Refusal::field(Code::OutOfRange, format!("{field}.{name}")).rule(rule))
    }
}

/// What somebody saw of a family on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fact {
    Isolated(bool),
    FamilyType(FamilyType),
    FatherFigure(bool),
    /// A factor that weighs on the family, or (`present` false) no longer does.
    Vulnerability {
        factor: Factor,
        present: bool,
    },
}

impl Fact {
    pub fn kind(self) -> ObservationKind {
        match self {
            Self::Isolated(_) => ObservationKind::Isolated,
            Self::FamilyType(_) => ObservationKind::FamilyType,
            Self::FatherFigure(_) => ObservationKind::FatherFigure,
            Self::Vulnerability { .. } => ObservationKind::Vulnerability,
        }
    }
    pub fn value(self) -> &'static str {
        match self {
            Self::Isolated(yes) | Self::FatherFigure(yes) => {
                if yes {
                    "true"
                } else {
                    "false"
                }
            }
            Self::FamilyType(word) => word.as_str(),
            Self::Vulnerability { factor, .. } => factor.as_str(),
        }
    }
    pub fn present(self) -> bool {
        match self {
            Self::Vulnerability { present, .. } => present,
            Self::Isolated(_) | Self::FamilyType(_) | Self::FatherFigure(_) => true,
        }
    }
    /// Reads back what `kind`, `value` and `present` wrote.
    pub fn parse(kind: ObservationKind, value: &str, present: bool) -> Option<Self> {
        let yes = match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        match kind {
            ObservationKind::Isolated if present => yes.map(Self::Isolated),
            ObservationKind::FatherFigure if present => yes.map(Self::FatherFigure),
            ObservationKind::FamilyType if present => FamilyType::parse(value).map(Self::FamilyType),
            ObservationKind::Vulnerability => {
                Factor::parse(value).map(|factor| Self::Vulnerability { factor, present })
            }
            ObservationKind::Isolated | ObservationKind::FatherFigure | ObservationKind::FamilyType => None,
        }
    }
    /// Two facts answer one question: the later one stands.
    fn question(self) -> (ObservationKind, Option<Factor>) {
        match self {
            Self::Vulnerability { factor, .. } => (self.kind(), Some(factor)),
            Self::Isolated(_) | Self::FamilyType(_) | Self::FatherFigure(_) => (self.kind(), None),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    pub fact: Fact,
    pub observed_on: NaiveDate,
}

/// What is held to be true of a family on a day: `None` where nobody looked, which is not "no".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    pub isolated: Option<bool>,
    pub family_type: Option<FamilyType>,
    pub father_figure: Option<bool>,
    pub vulnerabilities: Vec<Factor>,
}

/// The last word on each question up to a day. Of two observations of one day the one that was recorded later stands,
/// so they come in the order in which they were recorded.
pub fn situation_on(observations: &[Observation], day: NaiveDate) -> Situation {
    let mut latest: Vec<Observation> = Vec::new();
    for seen in observations.iter().filter(|seen| seen.observed_on <= day) {
        match latest.iter_mut().find(|kept| kept.fact.question() == seen.fact.question()) {
            Some(kept) if kept.observed_on <= seen.observed_on => *kept = *seen,
            Some(_) => {}
            None => latest.push(*seen),
        }
    }
    let mut situation = Situation::default();
    for seen in latest {
        match seen.fact {
            Fact::Isolated(yes) => situation.isolated = Some(yes),
            Fact::FamilyType(word) => situation.family_type = Some(word),
            Fact::FatherFigure(yes) => situation.father_figure = Some(yes),
            Fact::Vulnerability { factor, present: true } => situation.vulnerabilities.push(factor),
            Fact::Vulnerability { present: false, .. } => {}
        }
    }
    situation.vulnerabilities.sort_unstable();
    situation
}

/// A day on which something was seen: not in the future, not before the network could have existed.
pub fn check_past_day(day: NaiveDate, today: NaiveDate, field: &str) -> Result<(), Refusal> {
    let earliest = today - chrono::TimeDelta::days(366 * YEARS_BACK_MAX);
    if (earliest..=today).contains(&day) {
        return Ok(());
    }
    Err(Refusal::field(Code::OutOfRange, field).rule(format!("{earliest}..={today}")))
}

/// The H3 cell of resolution 5 (about 250 square kilometres) around a point: the finest place kept in clear.
pub fn coarse_cell(point: Point) -> Option<String> {
    let point = h3o::LatLng::new(point.lat, point.lon).ok()?;
    Some(point.to_cell(h3o::Resolution::Five).to_string())
}

/// ISO 639: two or three lower-case letters.
pub fn check_language(word: &str, field: &str) -> Result<(), Refusal> {
    if (2..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(Refusal::field(Code::InvalidValue, field).rule("ISO 639, two or three lower-case letters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }
    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ages_follow_the_words_of_the_reports() {
        let at = month("2026-06");
        let born = |text: &str| Child::Born(month(text));
        assert!(born("2021-07").is_under_five(at), "59 months");
        assert!(!born("2021-06").is_under_five(at), "60 months");
        assert!(born("2020-07").is_five_or_less(at), "71 months");
        assert!(!born("2020-06").is_five_or_less(at), "72 months");
        let unborn = Child::Due(month("2026-09"));
        assert!(!unborn.is_under_five(at) && unborn.is_five_or_less(at));
        assert_eq!(unborn.age_months(at), None);
    }

    #[test]
    fn a_child_is_not_born_tomorrow_nor_due_next_year() {
        let today = month("2026-06");
        assert!(Child::Born(month("2026-06")).check(today, "children.0").is_ok());
        let refusal = Child::Born(month("2026-07")).check(today, "children.0").unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::OutOfRange, Some("children.0.born_in")));
        assert!(Child::Born(month("1999-01")).check(today, "c").is_err());
        assert!(Child::Due(month("2027-03")).check(today, "c").is_ok());
        assert_eq!(Child::Due(month("2027-06")).check(today, "c").unwrap_err().field.as_deref(), Some("c.due_in"));
        assert!(Child::Due(month("2026-02")).check(today, "c").is_err());
    }

    #[test]
    fn a_later_observation_never_erases_what_was_true_before() {
        let seen = |fact, on: &str| Observation { fact, observed_on: day(on) };
        let factor = Factor::Economic;
        let observations = [
            seen(Fact::Isolated(true), "2026-01-10"),
            seen(Fact::Vulnerability { factor, present: true }, "2026-01-10"),
            seen(Fact::Isolated(false), "2026-04-01"),
            seen(Fact::Vulnerability { factor, present: false }, "2026-05-01"),
        ];
        assert_eq!(situation_on(&observations, day("2026-01-09")), Situation::default());
        let before = situation_on(&observations, day("2026-03-31"));
        assert_eq!((before.isolated, before.vulnerabilities), (Some(true), vec![factor]));
        let after = situation_on(&observations, day("2026-05-01"));
        assert_eq!((after.isolated, after.vulnerabilities), (Some(false), vec![]));
    }

    #[test]
    fn two_observations_of_one_day_the_one_recorded_later_stands() {
        let on = day("2026-01-10");
        let both =
            [Fact::FatherFigure(true), Fact::FatherFigure(false)].map(|fact| Observation { fact, observed_on: on });
        assert_eq!(situation_on(&both, on).father_figure, Some(false));
    }

    #[test]
    fn the_cell_is_coarse() {
        let longueuil = coarse_cell(Point::new(45.5312, -73.5181).unwrap()).unwrap();
        let three_streets_on = coarse_cell(Point::new(45.5320, -73.5190).unwrap()).unwrap();
        assert_eq!(longueuil, three_streets_on);
        assert_ne!(longueuil, coarse_cell(Point::new(48.4489, -68.5240).unwrap()).unwrap());
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            any::<bool>().prop_map(Fact::Isolated),
            any::<bool>().prop_map(Fact::FatherFigure),
            proptest::sample::select(FamilyType::ALL).prop_map(Fact::FamilyType),
            (proptest::sample::select(Factor::ALL), any::<bool>())
                .prop_map(|(factor, present)| Fact::Vulnerability { factor, present }),
        ]
    }

    proptest! {
        #[test]
        fn a_fact_reads_back_as_it_was_written(fact in any_fact()) {
            prop_assert_eq!(Fact::parse(fact.kind(), fact.value(), fact.present()), Some(fact));
        }

        #[test]
        fn what_comes_after_a_day_does_not_change_that_day(
            facts in proptest::collection::vec((any_fact(), 0i64..100), 0..30), at in 0i64..100,
        ) {
            let start = day("2026-01-01");
            let all: Vec<Observation> = facts.iter().map(|(fact, after)| {
                Observation { fact: *fact, observed_on: start + chrono::TimeDelta::days(*after) }
            }).collect();
            let on = start + chrono::TimeDelta::days(at);
            let until: Vec<Observation> = all.iter().copied().filter(|seen| seen.observed_on <= on).collect();
            prop_assert_eq!(situation_on(&all, on), situation_on(&until, on));
        }

        #[test]
        fn under_five_is_five_or_less(born in 2000u32..2030, month_of in 1u32..=12, at in 2000u32..2030) {
            let child = Child::Born(Month::new(born, month_of).unwrap());
            let at = Month::new(at, 6).unwrap();
            prop_assert!(!child.is_under_five(at) || child.is_five_or_less(at));
        }
    }
}
