//! The demo's history: fifteen whole months of families, needs, referrals and what became of them, ending last
//! month. Shares come from the pilot's published figures; rows are drawn one by one, and what adds them up knows
//! nothing of it.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

use super::directory::Drawn;
use super::geography::{Draw, Municipality, municipalities};
use super::referrals::{Referring, Services};
use crate::clock::Time;
use crate::domain::family::{ActivityKind, Fact, Factor, FamilyType, Origin, Setting};
use crate::domain::month::{Period, midnight};
use crate::domain::need::NeedStatus;
use crate::domain::taxonomy::Taxonomy;
use crate::id::{Id, Ids};
use crate::store::consents::ConsentRow;
use crate::store::families::{ActivityRow, ChildRow, FamilyRow, ObservationRow};
use crate::store::follow_ups::FollowUpRow;
use crate::store::needs::{NeedOutcomeRow, NeedRow};
use crate::store::referrals::{ReferralEventRow, ReferralRow};
use crate::store::{self, DEFAULT_NETWORK, Tx, consents, families, follow_ups, needs, referrals};

/// The pilot, January 2024 to March 2025: what its report says, for as many families.
mod pilot {
    pub const FAMILIES: usize = 5_305;
    pub const ISOLATED: usize = 3_242;
    pub const ISOLATED_WITH_CHILD_UNDER_FIVE: usize = 2_708;
    pub const CHILDREN: usize = 10_036;
    pub const FIVE_OR_LESS_PERCENT: usize = 59;
    pub const REFERRALS: usize = 10_651;
    pub const SINGLE_PARENT_PERCENT: usize = 27;
    pub const FATHER_FIGURE_PERCENT: usize = 28;
    /// Of fifty organisations, two missed a month.
    pub const SILENT: usize = 2;
}

/// A carrier that stops reporting does so after this many months.
const SILENT_AFTER_MONTHS: u32 = 9;

#[derive(Default)]
pub struct History {
    pub families: Vec<FamilyRow>,
    pub children: Vec<ChildRow>,
    pub observations: Vec<ObservationRow>,
    pub needs: Vec<NeedRow>,
    pub outcomes: Vec<NeedOutcomeRow>,
    pub consents: Vec<ConsentRow>,
    pub referrals: Vec<ReferralRow>,
    pub events: Vec<ReferralEventRow>,
    pub follow_ups: Vec<FollowUpRow>,
    pub activities: Vec<ActivityRow>,
}

impl History {
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<(), store::Error> {
        families::insert(tx, &self.families)?;
        families::insert_children(tx, &self.children)?;
        families::insert_observations(tx, &self.observations)?;
        needs::insert(tx, &self.needs)?;
        consents::insert(tx, &self.consents)?;
        referrals::insert_many(tx, &self.referrals, &self.events)?;
        needs::insert_outcomes(tx, &self.outcomes)?;
        follow_ups::insert(tx, &self.follow_ups)?;
        families::insert_activities(tx, &self.activities)
    }
}

/// One organisation that employs workers.
pub struct Carrier {
    pub organization_id: Id,
    pub account_id: Id,
    /// In the list of municipalities.
    pub place: usize,
}

/// What was drawn for a family before its rows are made.
struct Profile {
    carrier: usize,
    isolated: Option<bool>,
    single_parent: Option<bool>,
    father_figure: Option<bool>,
    referrals: usize,
    /// Ages in months at the end of the period; negative: due in as many months.
    ages: Vec<i64>,
}

pub struct Teller<'a> {
    pub(super) rng: &'a mut ChaCha20Rng,
    pub(super) ids: Ids,
    pub(super) today: NaiveDate,
    pub(super) period: Period,
    pub(super) history: History,
    carriers: &'a [Carrier],
    by_mrc: HashMap<&'static str, Draw>,
    by_region: HashMap<&'static str, Draw>,
}

/// Draws the whole history of as many families as asked for.
pub fn draw(
    families: usize,
    drawn: &Drawn,
    carriers: &[Carrier],
    today: NaiveDate,
    seed: u64,
    rng: &mut ChaCha20Rng,
) -> History {
    let period = Period::last_before(today);
    let (by_mrc, by_region) = draws();
    let ids = Ids::seeded(seed);
    let mut teller = Teller { rng, ids, today, period, history: History::default(), carriers, by_mrc, by_region };
    let services = Services::of(drawn);
    let profiles = teller.profiles(families);
    for (index, profile) in profiles.iter().enumerate() {
        teller.family(index, profile, &services);
    }
    teller.loose_activities();
    teller.history
}

fn draws() -> (HashMap<&'static str, Draw>, HashMap<&'static str, Draw>) {
    let mut mrc: HashMap<&str, Vec<(usize, f64)>> = HashMap::new();
    let mut region: HashMap<&str, Vec<(usize, f64)>> = HashMap::new();
    for (place, one) in municipalities().iter().enumerate() {
        let weight = f64::from(one.population).powf(0.7);
        mrc.entry(&one.mrc).or_default().push((place, weight));
        region.entry(&one.region).or_default().push((place, weight));
    }
    let make = |map: HashMap<&'static str, Vec<(usize, f64)>>| {
        map.into_iter().map(|(key, weighted)| (key, Draw::new(weighted))).collect()
    };
    (make(mrc), make(region))
}

/// A part of `of` in the pilot's proportion.
fn share(of: usize, part: usize, whole: usize) -> usize {
    (of * part + whole / 2) / whole.max(1)
}

pub(super) fn weighted(weights: &[u32], rng: &mut impl Rng) -> usize {
    let sum: u32 = weights.iter().sum();
    let mut at = rng.gen_range(0..sum.max(1));
    for (place, &weight) in weights.iter().enumerate() {
        if at < weight {
            return place;
        }
        at -= weight;
    }
    0
}

impl Teller<'_> {
    pub(super) fn id(&self) -> Id {
        self.ids.new_id(midnight(self.period.first_day()))
    }
    fn end(&self) -> NaiveDate {
        self.period.last_day()
    }
    /// The moment of a day at which people work.
    pub(super) fn at(&mut self, day: NaiveDate) -> Time {
        midnight(day).plus(TimeDelta::minutes(self.rng.gen_range(8 * 60..17 * 60)))
    }

    /// Exactly `yes` trues and `unknown` nones, in any order.
    fn answers(&mut self, count: usize, yes: usize, unknown: usize) -> Vec<Option<bool>> {
        let mut all = vec![Some(false); count];
        for (index, answer) in all.iter_mut().enumerate() {
            if index < yes {
                *answer = Some(true);
            } else if index < yes + unknown {
                *answer = None;
            }
        }
        all.shuffle(self.rng);
        all
    }

    fn profiles(&mut self, count: usize) -> Vec<Profile> {
        let isolated = self.answers(count, share(count, pilot::ISOLATED, pilot::FAMILIES), count / 30);
        let known = count - count / 20;
        let single = self.answers(count, share(known, pilot::SINGLE_PARENT_PERCENT, 100), count / 20);
        let known = count - count / 12;
        let father = self.answers(count, share(known, pilot::FATHER_FIGURE_PERCENT, 100), count / 12);
        let ages = self.ages(&isolated);
        let referrals = self.referral_counts(count);
        let weights: Vec<(usize, f64)> = self
            .carriers
            .iter()
            .enumerate()
            .map(|(place, carrier)| {
                let people = f64::from(municipalities()[carrier.place].population);
                (place, people.powf(0.3) * self.rng.gen_range(0.5..1.5))
            })
            .collect();
        let draw = Draw::new(weights);
        ages.into_iter()
            .enumerate()
            .map(|(index, ages)| Profile {
                // Nobody is left without a family for each month.
                carrier: if index < self.carriers.len() * 15 {
                    index % self.carriers.len()
                } else {
                    draw.draw(self.rng)
                },
                isolated: isolated[index],
                single_parent: single[index],
                father_figure: father[index],
                referrals: referrals[index],
                ages,
            })
            .collect()
    }

    /// How many of each: drawn, then one more or less here and there until the sum is right.
    fn counts(&mut self, count: usize, sum: usize, weights: &[u32], least: usize) -> Vec<usize> {
        let mut counts: Vec<usize> = (0..count).map(|_| least + weighted(weights, self.rng)).collect();
        let mut total: usize = counts.iter().sum();
        while total != sum && count > 0 {
            let index = self.rng.gen_range(0..count);
            if total < sum {
                counts[index] += 1;
                total += 1;
            } else if counts[index] > least {
                counts[index] -= 1;
                total -= 1;
            } else if total <= count * least {
                break;
            }
        }
        counts
    }

    fn referral_counts(&mut self, count: usize) -> Vec<usize> {
        let sum = share(count, pilot::REFERRALS, pilot::FAMILIES);
        self.counts(count, sum, &[13, 23, 34, 17, 8, 5], 0)
    }

    /// Ages at the end of the period. Isolated families that have a young child get one first; the rest of the young
    /// are spread over all other children.
    fn ages(&mut self, isolated: &[Option<bool>]) -> Vec<Vec<i64>> {
        let count = isolated.len();
        let sum = share(count, pilot::CHILDREN, pilot::FAMILIES);
        let numbers = self.counts(count, sum, &[42, 34, 15, 6, 3], 1);
        let mut with_young = share(count, pilot::ISOLATED_WITH_CHILD_UNDER_FIVE, pilot::FAMILIES);
        let mut young = share(sum, pilot::FIVE_OR_LESS_PERCENT, 100);
        let mut ages: Vec<Vec<i64>> = Vec::with_capacity(count);
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (family, &number) in numbers.iter().enumerate() {
            let mut children: Vec<i64> = (0..number).map(|_| self.rng.gen_range(72..200)).collect();
            let is_isolated = isolated[family] == Some(true);
            let has_young = is_isolated && with_young > 0;
            if has_young {
                with_young -= 1;
                young = young.saturating_sub(1);
                children[0] = self.rng.gen_range(0..60);
            }
            if has_young || !is_isolated {
                open.extend((usize::from(has_young)..number).map(|child| (family, child)));
            }
            ages.push(children);
        }
        open.shuffle(self.rng);
        for (family, child) in open.into_iter().take(young) {
            ages[family][child] = match self.rng.gen_range(0..100) {
                0..=5 => -self.rng.gen_range(1..=7),
                6..=20 => self.rng.gen_range(60..72),
                _ => self.rng.gen_range(0..60),
            };
        }
        ages
    }

    fn family(&mut self, index: usize, profile: &Profile, services: &Services) {
        let carrier = &self.carriers[profile.carrier];
        let silent = profile.carrier >= self.carriers.len().saturating_sub(pilot::SILENT) && self.carriers.len() > 10;
        let months = if silent { SILENT_AFTER_MONTHS } else { self.period.months() };
        let round = u32::try_from(index / self.carriers.len().max(1)).unwrap_or(0);
        let month = self.period.from().plus(round % months);
        let last = if silent { self.period.from().plus(months - 1).last_day() } else { self.end() };
        let day = month.first_day() + TimeDelta::days(self.rng.gen_range(0..28));
        let home = self.home(carrier.place);
        let row = self.file(carrier, home, day);
        let (family_id, region) = (row.id, row.region_id.clone());
        self.history.families.push(row);
        self.children(family_id, profile, day);
        self.observations(family_id, carrier.account_id, profile, day, last);
        self.contacts(family_id, carrier, day, last);
        let rows = self.needs(family_id, carrier, home, day, last);
        let referring = Referring { family_id, region, carrier, home, last, services };
        self.refer(&referring, rows, profile.referrals);
    }

    fn home(&mut self, place: usize) -> &'static Municipality {
        let carrier = &municipalities()[place];
        let near = self.rng.gen_bool(0.75);
        let draw =
            if near { self.by_mrc.get(carrier.mrc.as_str()) } else { self.by_region.get(carrier.region.as_str()) };
        let home = draw.map_or(place, |draw| draw.draw(self.rng));
        &municipalities()[home]
    }

    fn file(&mut self, carrier: &Carrier, home: &Municipality, day: NaiveDate) -> FamilyRow {
        let created_at = self.at(day);
        let known = self.rng.gen_bool(0.985);
        let origin = weighted(&[18, 12, 24, 22, 9, 11, 4], self.rng);
        let language = ["fr", "en", "es", "ar", "uk"][weighted(&[82, 9, 4, 4, 1], self.rng)];
        FamilyRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            organization_id: carrier.organization_id,
            worker_account_id: Some(carrier.account_id),
            municipality_id: known.then(|| home.id.clone()),
            mrc_id: known.then(|| home.mrc.clone()),
            region_id: known.then(|| home.region.clone()),
            setting: match (known, home.urban) {
                (false, _) => Setting::Unknown,
                (true, true) => Setting::Urban,
                (true, false) => Setting::Rural,
            },
            contact_origin: self.rng.gen_bool(0.97).then(|| Origin::ALL[origin]),
            first_contact_on: day,
            language: Some(language.to_owned()),
            coarse_cell: None,
            version: 1,
            created_at,
            updated_at: created_at,
        }
    }

    fn children(&mut self, family_id: Id, profile: &Profile, day: NaiveDate) {
        let end = self.period.to();
        for &age in &profile.ages {
            let back = |months: i64| end.minus(u32::try_from(months).unwrap_or(0)).to_string();
            let born_in = (age >= 0).then(|| back(age));
            let due_in = (age < 0).then(|| end.plus(u32::try_from(-age).unwrap_or(1)).to_string());
            let created_at = midnight(day);
            let row = ChildRow { id: self.id(), network_id: DEFAULT_NETWORK, family_id, born_in, due_in, created_at };
            self.history.children.push(row);
        }
    }

    fn observe(&mut self, family_id: Id, account_id: Id, fact: Fact, observed_on: NaiveDate) {
        let row = ObservationRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            family_id,
            kind: fact.kind(),
            value: fact.value().to_owned(),
            present: fact.present(),
            observed_on,
            account_id: Some(account_id),
            created_at: midnight(observed_on),
        };
        self.history.observations.push(row);
    }

    fn observations(&mut self, family: Id, account: Id, profile: &Profile, day: NaiveDate, last: NaiveDate) {
        if let Some(isolated) = profile.isolated {
            self.observe(family, account, Fact::Isolated(isolated), day);
            let later = day + TimeDelta::days(self.rng.gen_range(60..240));
            if isolated && later <= last && self.rng.gen_bool(0.4) {
                self.observe(family, account, Fact::Isolated(false), later);
            }
        }
        if let Some(single) = profile.single_parent {
            let others = [FamilyType::TwoParent, FamilyType::Blended, FamilyType::SharedCustody, FamilyType::Other];
            let other = others[weighted(&[75, 12, 9, 4], self.rng)];
            let word = if single { FamilyType::SingleParent } else { other };
            self.observe(family, account, Fact::FamilyType(word), day);
        }
        if let Some(father) = profile.father_figure {
            self.observe(family, account, Fact::FatherFigure(father), day);
        }
        if self.rng.gen_bool(0.9) {
            // Each factor is looked at: present more or less often, never assumed.
            for (factor, percent) in Factor::ALL.iter().zip([46, 52, 21, 9, 14]) {
                let present = self.rng.gen_range(0..100) < percent;
                self.observe(family, account, Fact::Vulnerability { factor: *factor, present }, day);
            }
        }
    }

    fn activity(&mut self, carrier: (Id, Id), family_id: Option<Id>, kind: ActivityKind, happened_on: NaiveDate) {
        let row = ActivityRow {
            id: self.id(),
            network_id: DEFAULT_NETWORK,
            organization_id: carrier.0,
            account_id: Some(carrier.1),
            family_id,
            kind,
            happened_on,
            created_at: midnight(happened_on),
        };
        self.history.activities.push(row);
    }

    fn contacts(&mut self, family_id: Id, carrier: &Carrier, day: NaiveDate, last: NaiveDate) {
        let by = (carrier.organization_id, carrier.account_id);
        self.activity(by, Some(family_id), ActivityKind::Outreach, day);
        for _ in 0..weighted(&[20, 30, 25, 15, 10], self.rng) {
            let later = day + TimeDelta::days(self.rng.gen_range(3..150));
            if later <= last {
                self.activity(by, Some(family_id), ActivityKind::Accompaniment, later);
            }
        }
    }

    /// Meetings of workers with partners and among themselves: they concern no family.
    fn loose_activities(&mut self) {
        for place in 0..self.carriers.len() {
            let by = (self.carriers[place].organization_id, self.carriers[place].account_id);
            for month in 0..self.period.months() {
                let first = self.period.from().plus(month).first_day();
                for kind in [ActivityKind::Networking, ActivityKind::Coordination] {
                    for _ in 0..self.rng.gen_range(1..4) {
                        let day = first + TimeDelta::days(self.rng.gen_range(0..28));
                        self.activity(by, None, kind, day);
                    }
                }
            }
        }
    }

    /// Needs in distinct fields; some fields hold two. Their status is set once their referrals are known.
    fn needs(
        &mut self,
        family_id: Id,
        carrier: &Carrier,
        home: &Municipality,
        day: NaiveDate,
        last: NaiveDate,
    ) -> Vec<NeedRow> {
        let count = 1 + weighted(&[15, 25, 26, 18, 10, 6], self.rng);
        let taxonomy = Taxonomy::embedded();
        let fields: Vec<&str> = taxonomy.top_levels().map(|term| term.code.as_str()).collect();
        let mut weights: Vec<u32> = fields.iter().map(|field| weight_of(field, home)).collect();
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let field = weighted(&weights, self.rng);
            weights[field] = 0;
            let leaves: Vec<&str> = taxonomy.leaves_under(fields[field]).map(|term| term.code.as_str()).collect();
            let leaf = leaves.choose(self.rng).copied().unwrap_or(fields[field]);
            let recorded_on = (day + TimeDelta::days(self.rng.gen_range(0..40))).min(last);
            let created_at = midnight(recorded_on);
            rows.push(NeedRow {
                id: self.id(),
                network_id: DEFAULT_NETWORK,
                family_id: Some(family_id),
                organization_id: carrier.organization_id,
                account_id: Some(carrier.account_id),
                category: leaf.to_owned(),
                municipality_id: Some(home.id.clone()),
                mrc_id: Some(home.mrc.clone()),
                region_id: Some(home.region.clone()),
                status: NeedStatus::Open,
                unmet_reason: None,
                proposed_reason: None,
                recorded_on,
                status_on: recorded_on,
                version: 1,
                created_at,
                updated_at: created_at,
            });
        }
        rows
    }
}

/// What families ask for, by field and by where they live.
fn weight_of(field: &str, home: &Municipality) -> u32 {
    let metropolis = ["region:06", "region:13"].contains(&home.region.as_str());
    let base = match field {
        "food" => 16,
        "material-aid" => 11,
        "childcare" => 10,
        "housing" | "parenting" | "social-isolation" => 9,
        "transport" => 6,
        "income" | "child-development" | "mental-health" => 6,
        "perinatal" | "health" => 5,
        "respite" | "immigration" => 4,
        "employment" | "legal" | "education" | "safety-violence" => 3,
        "disability" => 2,
        _ => 1,
    };
    match field {
        "transport" if !home.urban => base * 2,
        "immigration" | "housing" if metropolis => base * 2,
        _ => base,
    }
}
