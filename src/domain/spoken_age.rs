//! How old the people are whom a text tells of: "ma fille de 4 ans", "18 month old", "mon ado", "personnes âgées".
//! Knows French and English of Québec, digits and number words. An age is read only where the words around it say that
//! it is one: "depuis 3 ans", "bail de 2 ans" and "24 ans de mariage" are none. Must not know services or searches.

use super::fold::fold;

/// From the first to the last month of an age, both of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeRange {
    pub min_months: u32,
    pub max_months: u32,
}

/// Words of one text that are read.
const WORDS_READ_MAX: usize = 100;
/// Ages that are told apart in one text: a large family.
const AGES_MAX: usize = 12;
const YEARS_MAX: u32 = 115;
const YEAR: u32 = 12;
/// Nobody is older: where an age has no end.
const END_OF_LIFE_MONTHS: u32 = 1_500;
/// From this age people say how old they are themselves.
const SPEAKER_YEARS_MIN: u32 = 10;

/// A child so young does not ask alone: what is for adults may be for the parent.
const ASKS_ALONE_MONTHS: u32 = 12 * YEAR;
const ADULT_MONTHS: u32 = 18 * YEAR;

impl AgeRange {
    /// Whether what is for people of `min_months` to `max_months` may be for somebody of this age, or for the adult who
    /// asks on behalf of a child.
    pub fn may_use(self, min_months: u32, max_months: u32) -> bool {
        let parent_asks = self.max_months < ASKS_ALONE_MONTHS && min_months >= ADULT_MONTHS;
        parent_asks || min_months <= self.max_months && self.min_months <= max_months
    }
}

/// The ages that a text tells, in order; none where it tells none.
pub fn ages_said(text: &str) -> Vec<AgeRange> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split_whitespace().flat_map(number_and_unit).take(WORDS_READ_MAX).collect();
    let words = Words(&words);
    let (mut found, mut numbered, mut at, mut after_age) = (vec![], vec![], 0, None);
    while at < words.0.len() && found.len() < AGES_MAX {
        let said = words.number(at).and_then(|number| words.age(at, number, after_age == Some(at)));
        match said {
            Some(said) => {
                found.extend(said.ages);
                // "ado autiste de 15 ans" is one person.
                numbered
                    .extend(words.person_before(at).into_iter().flat_map(|person| [person, person.wrapping_sub(1)]));
                at = said.end;
                after_age = Some(at + usize::from(words.is(at, &["et", "pis", "ou", "and", "or", "plus"])));
            }
            None => at += 1,
        }
    }
    let named = (0..words.0.len()).filter(|at| !numbered.contains(at)).filter_map(|at| words.stage_of_life(at));
    found.extend(named);
    found.dedup();
    found.truncate(AGES_MAX);
    found
}

/// `3ans` and `4yo` are two words.
fn number_and_unit(word: &str) -> impl Iterator<Item = &str> {
    let digits = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(0);
    let (number, unit) = word.split_at(digits);
    [number, unit].into_iter().filter(|part| !part.is_empty())
}

const OF: [&str; 2] = ["de", "of"];
const TO: [&str; 3] = ["a", "to", "au"];
const AND: [&str; 4] = ["et", "ou", "and", "or"];
const SUBJECTS: [&str; 11] = ["il", "elle", "ils", "elles", "qui", "he", "she", "who", "i", "they", "lui"];
const IS: [&str; 12] = ["a", "ont", "is", "s", "m", "am", "are", "has", "aura", "turned", "turns", "turning"];
const AGED: [&str; 7] = ["age", "agee", "ages", "agees", "aged", "entre", "between"];
const LESS: [&str; 4] = ["moins", "under", "below", "younger"];
const MORE: [&str; 4] = ["plus", "over", "above", "older"];
/// Before a number they make it a length of time.
const LASTING: [&str; 30] = [
    "depuis", "pendant", "durant", "dans", "fait", "apres", "avant", "attendre", "attend", "attends", "bail",
    "contrat", "chaque", "encore", "reste", "faut", "for", "since", "in", "within", "past", "last", "next", "every",
    "lease", "after", "took", "takes", "wait", "waited",
];
/// After a number and its unit.
const OF_TIME: &str = "\
    de d attente experience mariage prison retard loyer vie sobriete abstinence service relation plus tard ago \
    late behind rent pregnant sober waiting wait left of later together clean que";
/// May stand after an age that is told without its unit.
const AFTER_BARE: &str =
    "et pis qui and who avec with needs need is a est has but mais cherche veut parle dort can cannot";
const PEOPLE: &str = "\
    enfant enfants bebe bebes poupon poupons nourrisson fils fille filles garcon garcons gars fiston fillette \
    petit petite petits ado ados adolescent adolescente neveu niece jumeaux jumelles homme femme dame monsieur \
    madame personne personnes jeune jeunes mere pere maman papa mari conjoint conjointe chum blonde voisin \
    voisine frere soeur oncle tante ami amie mamie papi eleve etudiant etudiante kid kids child children son \
    sons daughter daughters boy boys girl girls baby babies toddler toddlers teen teens teenager twins man woman \
    lady gentleman husband wife partner boyfriend girlfriend brother sister uncle aunt neighbour neighbor \
    grandson granddaughter mother father mom dad grandma grandpa bb autiste maternelle prematernelle";
/// Whose age may be told without a unit: "son of 9", but not "mother of 3".
const CHILDREN: &str =
    "fils fille garcon gars fiston fillette enfant ado neveu niece son daughter boy girl kid child grandson teen";

/// Whether a list of words, parted by spaces, has this one.
fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

struct Words<'a>(&'a [&'a str]);

/// Ages, and the place of the word after them.
struct Said {
    ages: Vec<AgeRange>,
    end: usize,
}

#[derive(Clone, Copy)]
struct Number {
    value: u32,
    end: usize,
}

/// How many months one of it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Years,
    Months,
    /// Weeks and days: the first months.
    Less,
}

impl Unit {
    fn of(word: &str) -> Option<Self> {
        match word {
            "ans" | "an" | "years" | "year" | "yrs" | "yr" | "yo" => Some(Self::Years),
            "mois" | "months" | "month" | "mos" | "mo" => Some(Self::Months),
            "semaines" | "semaine" | "weeks" | "week" | "jours" | "jour" | "days" | "day" => Some(Self::Less),
            _ => None,
        }
    }

    /// The months in which somebody is so old, from half a unit on where it is said.
    fn range(self, value: u32, half: bool) -> Option<AgeRange> {
        let min_months = match self {
            Self::Years if value <= YEARS_MAX => value * YEAR + if half { YEAR / 2 } else { 0 },
            Self::Months if value <= 3 * YEAR => value,
            Self::Less if value <= 100 => value / 4,
            _ => return None,
        };
        let lasts = if self == Self::Years && !half { YEAR - 1 } else { 0 };
        Some(AgeRange { min_months, max_months: min_months + lasts })
    }
}

impl<'a> Words<'a> {
    fn get(&self, at: usize) -> &'a str {
        self.0.get(at).copied().unwrap_or("")
    }

    /// So many words before.
    fn before(&self, at: usize, count: usize) -> &'a str {
        at.checked_sub(count).map_or("", |at| self.get(at))
    }

    fn is(&self, at: usize, any: &[&str]) -> bool {
        any.contains(&self.get(at))
    }

    /// In digits, or in words up to ninety-nine.
    fn number(&self, at: usize) -> Option<Number> {
        let word = self.get(at);
        if word.starts_with(|letter: char| letter.is_ascii_digit()) {
            let value = word.parse().ok().filter(|value| *value <= YEARS_MAX)?;
            return Some(Number { value, end: at + 1 });
        }
        let (tens, end) = match (word, self.get(at + 1)) {
            ("quatre", "vingt" | "vingts") => (80, at + 2),
            _ => (tens(word).unwrap_or(0), at + 1),
        };
        if tens == 0 {
            // "un 5 ans" has an article.
            let is_article = ["un", "une", "one"].contains(&word) && Unit::of(self.get(end)).is_none();
            return below_twenty(word).filter(|_| !is_article).map(|value| Number { value, end });
        }
        let ones_at = end + usize::from(self.is(end, &["et"]) && below_twenty(self.get(end + 1)).is_some());
        Some(match below_twenty(self.get(ones_at)) {
            Some(ones) => Number { value: tens + ones, end: ones_at + 1 },
            None => Number { value: tens, end },
        })
    }

    /// "and a half", "et demi": whether it stands here, and the place after it.
    fn half(&self, at: usize) -> (bool, usize) {
        match (self.get(at), self.get(at + 1), self.get(at + 2)) {
            ("et", "demi" | "demie", _) => (true, at + 2),
            ("and", "a", "half") => (true, at + 3),
            _ => (false, at),
        }
    }

    /// The age that a number tells, if the words around it say that it is one.
    fn age(&self, at: usize, first: Number, goes_on: bool) -> Option<Said> {
        let joined = TO.iter().chain(&AND).any(|word| self.get(first.end) == *word);
        let second = self.number(first.end + usize::from(joined));
        // "2 et 4 ans" is two ages, "2 à 4 ans" and "2-4 ans" all between; a unit after the first is its own.
        let own_unit = Unit::of(self.get(first.end)).is_some();
        let second = second.filter(|second| !own_unit && Unit::of(self.get(second.end)).is_some());
        let (half, end) = self.half(second.map_or(first.end, |second| second.end));
        let Some(unit) = Unit::of(self.get(end)) else { return self.bare_age(at, first) };
        let (half_after, mut end) = self.half(end + 1);
        let old = self.is(end, &["old", "olds"]) || self.get(end - 1) == "yo";
        end += usize::from(self.is(end, &["old", "olds"]));
        let open = matches!((self.get(end), self.get(end + 1)), ("et" | "and", "plus" | "over" | "up" | "older"));
        let between = second.is_some() && !self.is(first.end, &AND) || open || self.limit(at).is_some();
        // "kids ten years" may be how long; in English an age of years is "old", or its person "is" so old.
        let may_last = has(OF_TIME, self.get(end)) || self.get(end - 1) == "years" && has(PEOPLE, self.before(at, 1));
        if !old && !open && may_last {
            return None;
        }
        let is_range_of_age = between && unit == Unit::Years && !self.lasts(at);
        let is_age = old || goes_on || is_range_of_age || self.is_of_somebody(at, (first.value, unit));
        let one = unit.range(first.value, half || half_after).filter(|_| is_age)?;
        let last = second.and_then(|second| unit.range(second.value, false));
        let ages = match (self.limit(at), last) {
            (Some(Limit::Less), _) => vec![AgeRange { min_months: 0, max_months: one.min_months }],
            (Some(Limit::More), _) => vec![AgeRange { max_months: END_OF_LIFE_MONTHS, ..one }],
            _ if open => vec![AgeRange { max_months: END_OF_LIFE_MONTHS, ..one }],
            (_, Some(last)) if between => vec![AgeRange { max_months: last.max_months.max(one.max_months), ..one }],
            (_, last) => std::iter::once(one).chain(last).collect(),
        };
        Some(Said { ages, end: end + if open { 2 } else { 0 } })
    }

    /// "fils de 9", "aged 84", "she is 84": no unit says so, and what comes after must not be counted by it.
    fn bare_age(&self, at: usize, number: Number) -> Option<Said> {
        let after = self.get(number.end);
        let ends = after.is_empty() || has(AFTER_BARE, after);
        let (one, two) = (self.before(at, 1), self.before(at, 2));
        let of_a_child = OF.contains(&one) && has(CHILDREN, two);
        let is_so_old = ["is", "s", "m", "am"].contains(&one) && ["he", "she", "i"].contains(&two);
        let is_age = of_a_child || is_so_old || ["aged"].contains(&one);
        let range = Unit::Years.range(number.value, false).filter(|_| ends && is_age)?;
        Some(Said { ages: vec![range], end: number.end })
    }

    /// "moins de 5 ans", "over 65".
    fn limit(&self, at: usize) -> Option<Limit> {
        let word = if OF.contains(&self.before(at, 1)) || self.before(at, 1) == "than" {
            self.before(at, 2)
        } else {
            self.before(at, 1)
        };
        match word {
            word if LESS.contains(&word) => Some(Limit::Less),
            word if MORE.contains(&word) => Some(Limit::More),
            _ => None,
        }
    }

    /// Some word just before says how long something lasts.
    fn lasts(&self, at: usize) -> bool {
        (1..=3).any(|count| LASTING.contains(&self.before(at, count))) || self.before(at, 2) == "y"
    }

    /// The words before a number and its unit say whose age it is.
    fn is_of_somebody(&self, at: usize, (value, unit): (u32, Unit)) -> bool {
        let (one, two) = (self.before(at, 1), self.before(at, 2));
        if one == "ai" {
            return unit == Unit::Years && value >= SPEAKER_YEARS_MIN;
        }
        // "à 4 ans", "mon 4 ans"; "y a 4 ans" is a time ago.
        if unit == Unit::Years && (one == "a" && !["", "y"].contains(&two) || ["mon", "ma", "notre"].contains(&one)) {
            return !LASTING.contains(&two);
        }
        let is_so_old = IS.contains(&one) && (SUBJECTS.contains(&two) || has(PEOPLE, two));
        let is_aged = AGED.contains(&one) || OF.contains(&one) && AGED.contains(&two);
        is_so_old || is_aged || self.person_before(at).is_some()
    }

    /// Where the person stands whom a number belongs to: "fille de 4 ans", "fils autiste de 4 ans", "dame 78 ans".
    fn person_before(&self, at: usize) -> Option<usize> {
        let is_person = |count: usize| has(PEOPLE, self.before(at, count));
        let count = match self.before(at, 1) {
            one if has(PEOPLE, one) => 1,
            one if OF.contains(&one) || IS.contains(&one) => (2..=3).find(|count| is_person(*count))?,
            one if AGED.contains(&one) => 2,
            _ => return None,
        };
        at.checked_sub(count).filter(|_| !self.lasts(at))
    }

    /// A word that says by itself about how old somebody is.
    fn stage_of_life(&self, at: usize) -> Option<AgeRange> {
        let (before, after) = (self.before(at, 1), self.get(at + 1));
        let years = |min: u32, max: u32| {
            Some(AgeRange { min_months: min * YEAR, max_months: ((max + 1) * YEAR - 1).min(END_OF_LIFE_MONTHS) })
        };
        match self.get(at) {
            "poupon" | "poupons" | "nourrisson" | "nourrissons" | "newborn" | "newborns" | "infant" | "infants" => {
                years(0, 1)
            }
            "bebe" | "bebes" | "baby" | "babies" if !self.is_expected() && !BABY_OTHERWISE.contains(&after) => {
                years(0, 1)
            }
            "bambin" | "bambins" | "toddler" | "toddlers" => years(1, 3),
            "preschooler" | "preschoolers" => years(3, 5),
            "ado" | "ados" | "adolescent" | "adolescents" | "adolescente" | "adolescentes" | "teen" | "teens"
            | "teenager" | "teenagers" | "teenage" => years(12, 17),
            // Whoever goes to adult education may have a child to be looked after.
            "adulte" | "adultes" | "adult" | "adults"
                if !["aux", "des"].contains(&before) && !SCHOOLS.contains(&after) =>
            {
                years(18, YEARS_MAX)
            }
            "senior" | "seniors" | "elderly" | "elder" | "elders" | "retiree" | "retirees" | "retired"
            | "octogenaire" | "retraitee" | "retraites" | "retraitees" => years(60, YEARS_MAX),
            "agee" | "agees" if has(PEOPLE, before) && !OF.contains(&after) => years(60, YEARS_MAX),
            "retraite" if RETIRED_AFTER.contains(&before) && after != "quebec" => years(60, YEARS_MAX),
            // "mon aîné" is somebody's first child.
            "aine" | "ainee" if ["un", "une", "personne", "pour"].contains(&before) => years(60, YEARS_MAX),
            "aines" | "ainees" if !["mes", "ses", "nos", "leurs", "deux"].contains(&before) => years(60, YEARS_MAX),
            _ => None,
        }
    }

    /// A baby that is not born yet tells nothing of an age.
    fn is_expected(&self) -> bool {
        self.0.iter().any(|word| EXPECTING.contains(word))
    }
}

#[derive(Clone, Copy)]
enum Limit {
    Less,
    More,
}

const EXPECTING: [&str; 6] = ["enceinte", "enceintes", "pregnant", "attends", "attend", "expecting"];
const SCHOOLS: [&str; 5] = ["school", "education", "ed", "class", "classes"];
const BABY_OTHERWISE: [&str; 4] = ["sitter", "sitting", "shower", "blues"];
const RETIRED_AFTER: [&str; 8] = ["suis", "est", "monsieur", "homme", "un", "couple", "pere", "la"];

fn tens(word: &str) -> Option<u32> {
    Some(match word {
        "vingt" | "twenty" => 20,
        "trente" | "thirty" => 30,
        "quarante" | "forty" => 40,
        "cinquante" | "fifty" => 50,
        "soixante" | "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

fn below_twenty(word: &str) -> Option<u32> {
    const FRENCH: [&str; 17] = [
        "zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
        "treize", "quatorze", "quinze", "seize",
    ];
    const ENGLISH: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    let at = |words: &[&str]| words.iter().position(|known| *known == word);
    at(&FRENCH).or_else(|| at(&ENGLISH)).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn months(text: &str) -> Vec<(u32, u32)> {
        ages_said(text).into_iter().map(|age| (age.min_months, age.max_months)).collect()
    }

    #[test]
    fn an_age_is_read_where_the_words_say_that_it_is_one() {
        for (text, expected) in [
            ("ma fille de 4 ans parle pas encore", vec![(48, 59)]),
            ("mon fils autiste de 9 ans", vec![(108, 119)]),
            ("mon gars a 3ans", vec![(36, 47)]),
            ("j'ai 17 ans pis je suis dehors", vec![(204, 215)]),
            ("elle a quatre-vingt-deux ans", vec![(984, 995)]),
            ("dame de 78 ans seule", vec![(936, 947)]),
            ("mère de 84 ans", vec![(1008, 1019)]),
            ("bébé de 3 mois", vec![(3, 3)]),
            ("un garçon de 2 ans et demi", vec![(30, 30)]),
            ("my 4 year old", vec![(48, 59)]),
            ("my 18 month old won't sleep", vec![(18, 18)]),
            ("two and a half year old", vec![(30, 30)]),
            ("3yo who bites", vec![(36, 47)]),
            ("son of 9", vec![(108, 119)]),
            ("my mother is 80 years old", vec![(960, 971)]),
            ("she's 84 and alone", vec![(1008, 1019)]),
            ("jeune âgé de 15 ans", vec![(180, 191)]),
            ("pas encore propre à 4 ans", vec![(48, 59)]),
            ("mon 4 ans dit non à tout", vec![(48, 59)]),
            ("maternelle 4 ans", vec![(48, 59)]),
            ("l'entrée à l'école d'un garçon de cinq ans", vec![(60, 71)]),
        ] {
            assert_eq!(months(text), expected, "{text}");
        }
    }

    #[test]
    fn several_ages_and_ages_between_are_read() {
        for (text, expected) in [
            ("mes enfants de 2 et 4 ans", vec![(24, 35), (48, 59)]),
            ("un fils de 2 ans et une fille de 18 mois", vec![(24, 35), (18, 18)]),
            ("camp pour les 6 à 12 ans", vec![(72, 155)]),
            ("0-5 ans", vec![(0, 71)]),
            ("kids under 5 years", vec![(0, 60)]),
            ("65 ans et plus", vec![(780, END_OF_LIFE_MONTHS)]),
            ("les plus de 50 ans", vec![(600, END_OF_LIFE_MONTHS)]),
        ] {
            assert_eq!(months(text), expected, "{text}");
        }
    }

    #[test]
    fn some_words_say_an_age_by_themselves() {
        let (baby, teen) = ((0, 23), (144, 215));
        let (adult, senior) = ((216, 1391), (720, 1391));
        for (text, expected) in [
            ("un poupon qui pleure", vec![baby]),
            ("mon ado veut plus aller à l'école", vec![teen]),
            ("mon ado de 15 ans", vec![(180, 191)]),
            ("mon ado autiste de 15 ans", vec![(180, 191)]),
            ("my teenager smokes", vec![teen]),
            ("personne âgée isolée", vec![senior]),
            ("activités pour aînés", vec![senior]),
            ("je suis retraitée", vec![senior]),
            ("cours pour adultes", vec![adult]),
            ("toddler", vec![(12, 47)]),
        ] {
            assert_eq!(months(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_age_is_not_read_as_one() {
        for text in [
            "garderie à 9 piasses",
            "je cherche depuis 3 ans",
            "bail de 2 ans",
            "24 ans de mariage",
            "j'ai 3 mois de retard dans mon loyer",
            "il y a 2 ans",
            "ça fait 5 ans que j'attends",
            "enceinte de 5 mois",
            "ma blonde attend un bébé",
            "5 months pregnant",
            "we waited 2 years",
            "sober for 3 months",
            "3 years ago",
            "mother of 3",
            "maman de 2 enfants",
            "famille de 5",
            "mon aîné fait des crises",
            "Retraite Québec",
            "baby sitter",
            "home with the kids ten years",
            "daycare while I go to adult school",
            "y a 3 ans que je cherche",
            "loyer de 900",
            "811",
            "",
        ] {
            assert_eq!(months(text), [], "{text}");
        }
    }

    #[test]
    fn who_asks_for_a_young_child_may_use_what_is_for_adults() {
        let of = |text: &str| ages_said(text)[0];
        assert!(of("fille de 4 ans").may_use(0, 60));
        assert!(!of("fille de 4 ans").may_use(72, 143));
        assert!(of("fille de 4 ans").may_use(216, 1_200));
        assert!(!of("fille de 15 ans").may_use(216, 1_200));
        assert!(!of("dame de 78 ans").may_use(0, 215));
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_bounds(text in "([a-z]{1,4}|[0-9]{1,4}|ans|de|fille|year|old|et|a| ){0,40}") {
            let ages = ages_said(&text);
            prop_assert!(ages.len() <= AGES_MAX);
            for age in ages {
                prop_assert!(age.min_months <= age.max_months && age.max_months <= END_OF_LIFE_MONTHS);
            }
        }
    }
}
