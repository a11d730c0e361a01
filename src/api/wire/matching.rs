//! The needs of a family as they are asked, and the services and the plan that answer them. Nothing of it is kept.

use chrono::{NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use super::families::{ChildBody, parse_children};
use super::members::{Object, not_null};
use super::search::{DistancesView, LocationView, OrganizationView, PlaceView, language_of, place_of, radius_of};
use super::search::{search_text, short, within};
use crate::actions::matching::{Asked, Choice, Matched, NeedMatched, Pinned, Residence, Uncovered};
use crate::clock::Time;
use crate::domain::language::Lang;
use crate::domain::matching::{Cause, Family, Fit, Free, Need, Note, Way};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::road::Leg;
use crate::domain::schedule::WeeklySpan;
use crate::domain::visit_plan::{NEEDS_MAX, Visit};
use crate::domain::weekly_hours::DAYS;
use crate::id::Id;
use crate::text::matching::{heading, sentence};

const CODE_CHARS_MAX: usize = 100;
const LANGUAGES_MAX: usize = 4;
const SPANS_MAX: usize = 28;
const PINNED_MAX: usize = 8;
const DROPPED_MAX: usize = 200;
const LIMIT_DEFAULT: i64 = 5;
const LIMIT_MAX: i64 = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchBody {
    #[serde(default, deserialize_with = "not_null")]
    lang: Option<Lang>,
    #[serde(default, deserialize_with = "not_null")]
    lat: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    lon: Option<f64>,
    #[serde(default, deserialize_with = "not_null")]
    near: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    radius_km: Option<f64>,
    needs: Vec<Object<NeedBody>>,
    #[serde(default)]
    children: Vec<Object<ChildBody>>,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    no_car: bool,
    #[serde(default)]
    wheelchair: bool,
    #[serde(default)]
    free_only: bool,
    #[serde(default)]
    available: Vec<Object<FreeBody>>,
    #[serde(default)]
    pinned: Vec<Id>,
    #[serde(default)]
    dropped: Vec<Id>,
    #[serde(default, deserialize_with = "not_null")]
    limit: Option<i64>,
    #[serde(default, deserialize_with = "not_null")]
    min_change: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeedBody {
    #[serde(default, deserialize_with = "not_null")]
    category: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    q: Option<String>,
    /// From 0.
    #[serde(default, deserialize_with = "not_null")]
    child: Option<i64>,
}

/// Part of a day of every week, or an instant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeBody {
    #[serde(default, deserialize_with = "not_null")]
    weekday: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    from: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    to: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    at: Option<String>,
}

impl MatchBody {
    /// `lang` is the language of the request where the body does not name one.
    pub fn parse(self, lang: Lang) -> Result<Asked, Refusal> {
        let place = place_of(self.lat, self.lon, self.near)?;
        let place = place.ok_or_else(|| Refusal::field(Code::MissingField, "near").rule("lat, lon | near"))?;
        let radius_km = self.radius_km.map(radius_of).transpose()?;
        if self.needs.is_empty() {
            return Err(Refusal::field(Code::MissingField, "needs").rule(format!("1..={NEEDS_MAX}")));
        }
        let counted = [
            ("needs", self.needs.len(), NEEDS_MAX),
            ("languages", self.languages.len(), LANGUAGES_MAX),
            ("available", self.available.len(), SPANS_MAX),
            ("pinned", self.pinned.len(), PINNED_MAX),
            ("dropped", self.dropped.len(), DROPPED_MAX),
        ];
        if let Some((field, _, most)) = counted.into_iter().find(|(_, count, most)| count > most) {
            return Err(Refusal::field(Code::TooMany, field).rule(format!("<= {most}")));
        }
        let children = parse_children(&self.children)?;
        let count = children.len();
        let needs = self
            .needs
            .into_iter()
            .enumerate()
            .map(|(at, Object(need))| need.parse(at, count))
            .collect::<Result<_, _>>()?;
        let language = |(at, code)| {
            language_of(code).map_err(|refusal| Refusal { field: Some(format!("languages.{at}")), ..refusal })
        };
        let languages = self.languages.into_iter().enumerate().map(language).collect::<Result<_, _>>()?;
        let available =
            self.available.iter().enumerate().map(|(at, Object(free))| free.parse(at)).collect::<Result<_, _>>()?;
        let (no_car, wheelchair, free_only) = (self.no_car, self.wheelchair, self.free_only);
        let limit = within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1, LIMIT_MAX)?;
        Ok(Asked {
            lang: self.lang.unwrap_or(lang),
            place,
            radius_km,
            family: Family { children, languages, no_car, wheelchair, free_only, available },
            needs,
            pinned: self.pinned,
            dropped: self.dropped,
            limit: usize::try_from(limit).unwrap_or(1),
            min_change: self.min_change.map(|change| within("min_change", change, 0, i64::MAX)).transpose()?,
        })
    }
}

impl NeedBody {
    fn parse(self, at: usize, children: usize) -> Result<Need, Refusal> {
        let field = |name: &str| format!("needs.{at}.{name}");
        let words =
            self.q.map(|text| search_text(&field("q"), text)).transpose()?.filter(|text| !text.trim().is_empty());
        let category = short(&field("category"), self.category, CODE_CHARS_MAX)?;
        if category.is_none() && words.is_none() {
            return Err(Refusal::field(Code::MissingField, field("category")).rule("category, q, or both"));
        }
        let child = match self.child {
            None => None,
            Some(_) if children == 0 => {
                return Err(Refusal::field(Code::OutOfRange, field("child")).rule("the place of one of the children"));
            }
            Some(child) => {
                let last = i64::try_from(children).unwrap_or(i64::MAX) - 1;
                usize::try_from(within(&field("child"), child, 0, last)?).ok()
            }
        };
        Ok(Need { category, words, child, ..Need::default() })
    }
}

impl FreeBody {
    fn parse(&self, at: usize) -> Result<Free, Refusal> {
        let field = |name: &str| format!("available.{at}.{name}");
        let (weekday, from, to) = match (&self.at, &self.weekday, &self.from, &self.to) {
            (Some(text), None, None, None) => {
                let wrong = |_| Refusal::field(Code::InvalidDate, field("at")).rule("RFC 3339, with an offset");
                return Time::parse_rfc3339(text).map(Free::At).map_err(wrong);
            }
            (Some(_), ..) => {
                return Err(Refusal::field(Code::InvalidValue, field("at")).rule("at, or weekday, from and to"));
            }
            (None, Some(weekday), Some(from), Some(to)) => (weekday, from, to),
            (None, None, ..) => {
                return Err(Refusal::field(Code::MissingField, field("weekday")).rule("at, or weekday, from and to"));
            }
            (None, _, None, _) => {
                return Err(Refusal::field(Code::MissingField, field("from")).rule("weekday, from and to"));
            }
            (None, _, _, None) => {
                return Err(Refusal::field(Code::MissingField, field("to")).rule("weekday, from and to"));
            }
        };
        let known = DAYS.iter().position(|known| known == weekday).and_then(|day| Weekday::try_from(day as u8).ok());
        let weekday =
            known.ok_or_else(|| Refusal::field(Code::InvalidValue, field("weekday")).rule(DAYS.join(", ")))?;
        let time = |name: &str, text: &str| {
            let read = Some(text).filter(|text| text.len() == 5);
            let read = read.and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok());
            read.ok_or_else(|| Refusal::field(Code::InvalidValue, field(name)).rule("HH:MM"))
        };
        let from = time("from", from)?;
        let until = if to == "24:00" { None } else { Some(time("to", to)?) };
        if until.is_some_and(|until| until <= from) {
            return Err(Refusal::field(Code::OutOfRange, field("to")).rule("after from, at most 24:00"));
        }
        Ok(Free::Weekly(WeeklySpan { weekday, from, until }))
    }
}

#[derive(Debug, Serialize)]
pub struct MatchView {
    place: PlaceView,
    radius_km: f64,
    needs: Vec<NeedView>,
    /// What the tour of the plan is the shortest by.
    #[serde(flatten)]
    distances: DistancesView,
    plan: PlanView,
    uncovered: Vec<UncoveredView>,
    pinned: Vec<PinnedView>,
}

#[derive(Debug, Serialize)]
struct NeedView {
    need: usize,
    also_meant: Vec<String>,
    choices: Vec<ChoiceView>,
    looked_at: usize,
    is_complete: bool,
    unsuited: Vec<CountView>,
}

#[derive(Debug, Serialize)]
struct CountView {
    code: Cause,
    text: String,
    services: usize,
}

#[derive(Debug, Serialize)]
struct ChoiceView {
    service_id: Id,
    name: String,
    organization: OrganizationView,
    categories: Vec<String>,
    way: Way,
    fit: Fit,
    location: Option<LocationView>,
    distance_km: Option<f64>,
    open_now: Option<bool>,
    pinned: bool,
    why: Vec<NoteView>,
    why_not: Vec<NoteView>,
    unknown: Vec<NoteView>,
}

#[derive(Debug, Serialize)]
struct NoteView {
    code: Cause,
    text: String,
    value: Option<String>,
}

#[derive(Debug, Serialize)]
struct PlanView {
    visits: Vec<VisitView>,
    without_visit: Vec<PlannedView>,
    /// From the family's place through all visits to the last: the way home is not counted.
    tour_km: Option<f64>,
    /// The same by road; null where one of its ways is not known.
    tour_road_km: Option<f64>,
    tour_road_minutes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct VisitView {
    organization: OrganizationView,
    location: Option<LocationView>,
    /// From the visit before, or the family's place.
    leg_km: Option<f64>,
    leg_road_km: Option<f64>,
    leg_road_minutes: Option<u64>,
    services: Vec<PlannedView>,
}

#[derive(Debug, Serialize)]
struct PlannedView {
    need: usize,
    #[serde(flatten)]
    choice: ChoiceView,
}

#[derive(Debug, Serialize)]
struct UncoveredView {
    need: usize,
    /// The body with which it is recorded; null where its category is not known.
    record: Option<RecordView>,
}

#[derive(Debug, Default, Serialize)]
struct RecordView {
    category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    municipality_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mrc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct PinnedView {
    service_id: Id,
    known: bool,
    in_plan: bool,
}

impl MatchView {
    pub fn new(matched: Matched, lang: Lang) -> Self {
        let planned = |at: &usize| {
            let choice = matched.offered.get(*at)?;
            let need = matched.offered_for.get(*at).copied()?;
            Some(PlannedView { need, choice: ChoiceView::new(choice, lang) })
        };
        let visit = |visit: &Visit| {
            let first = visit.offers.first().and_then(|at| matched.offered.get(*at))?;
            Some(VisitView {
                organization: organization(first, lang),
                location: location(first),
                leg_km: visit.leg_mm.map(kilometres),
                leg_road_km: visit.road.map(Leg::km),
                leg_road_minutes: visit.road.map(Leg::minutes),
                services: visit.offers.iter().filter_map(planned).collect(),
            })
        };
        let by_road = matched.plan.tour_by_road();
        let has_legs = matched.plan.visits.iter().any(|visit| visit.leg_mm.is_some());
        let plan = PlanView {
            visits: matched.plan.visits.iter().filter_map(visit).collect(),
            without_visit: matched.plan.without_visit.iter().filter_map(planned).collect(),
            tour_km: (has_legs || matched.plan.visits.is_empty()).then(|| kilometres(matched.plan.tour_mm)),
            tour_road_km: by_road.map(Leg::km),
            tour_road_minutes: by_road.map(Leg::minutes),
        };
        let needs = matched.needs.iter().enumerate().map(|(at, need)| NeedView::new(at, need, lang)).collect();
        Self {
            plan,
            needs,
            distances: DistancesView::new(matched.distance_by, lang),
            place: PlaceView::new(matched.place),
            radius_km: matched.radius_km,
            uncovered: matched.uncovered.into_iter().map(UncoveredView::new).collect(),
            pinned: matched.pinned.into_iter().map(PinnedView::new).collect(),
        }
    }
}

fn kilometres(mm: u64) -> f64 {
    // Below 2^53 for any tour on this planet.
    mm as f64 / 1e6
}

fn organization(choice: &Choice, lang: Lang) -> OrganizationView {
    let organization = &choice.aggregate.organization;
    OrganizationView { id: organization.id, name: organization.name.get(lang).to_owned() }
}

fn location(choice: &Choice) -> Option<LocationView> {
    let place = choice.location()?;
    let point = place.point?;
    Some(LocationView { id: place.id, lat: point.lat, lon: point.lon, placement: place.placement })
}

impl NeedView {
    fn new(need: usize, matched: &NeedMatched, lang: Lang) -> Self {
        let count = |(cause, services): (&Cause, &usize)| CountView {
            code: *cause,
            text: heading(*cause, lang),
            services: *services,
        };
        Self {
            need,
            also_meant: matched.also_meant.clone(),
            choices: matched.choices.iter().map(|choice| ChoiceView::new(choice, lang)).collect(),
            looked_at: matched.looked_at,
            is_complete: matched.is_complete,
            unsuited: matched.unsuited.iter().map(count).collect(),
        }
    }
}

impl ChoiceView {
    fn new(choice: &Choice, lang: Lang) -> Self {
        let notes = |notes: &[Note]| notes.iter().map(|note| NoteView::new(note, lang)).collect();
        let said = &choice.assessment;
        Self {
            service_id: choice.service().id,
            name: choice.service().name.get(lang).to_owned(),
            organization: organization(choice, lang),
            categories: choice.service().categories.clone(),
            way: choice.way,
            fit: said.fit,
            location: location(choice),
            distance_km: choice.distance_km,
            open_now: said.open_now,
            pinned: choice.is_pinned,
            why: notes(&said.why),
            why_not: notes(&said.why_not),
            unknown: notes(&said.unknown),
        }
    }
}

impl NoteView {
    fn new(note: &Note, lang: Lang) -> Self {
        Self { code: note.cause, text: sentence(note, lang), value: note.value.clone() }
    }
}

impl UncoveredView {
    fn new(uncovered: Uncovered) -> Self {
        let record = uncovered.category.map(|category| {
            let of_category = RecordView { category, ..RecordView::default() };
            match uncovered.territory {
                Some(Residence::Municipality(id)) => RecordView { municipality_id: Some(id), ..of_category },
                Some(Residence::Mrc(id)) => RecordView { mrc_id: Some(id), ..of_category },
                Some(Residence::Region(id)) => RecordView { region_id: Some(id), ..of_category },
                None => of_category,
            }
        });
        Self { need: uncovered.need, record }
    }
}

impl PinnedView {
    fn new(pinned: Pinned) -> Self {
        Self { service_id: pinned.service_id, known: pinned.is_known, in_plan: pinned.is_in_plan }
    }
}
