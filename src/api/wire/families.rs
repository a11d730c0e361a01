//! Families on the wire. Nothing here names a family but [`IdentityBody`], which is never logged and goes sealed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::members::{Object, not_null, present};
use crate::actions::families::{FamilyChange, FamilyFile, FamilyPage, NewFamily, NewObservation, Residence};
use crate::clock::Time;
use crate::domain::directory::Point;
use crate::domain::family::{Child, Fact, Factor, FamilyType, ObservationKind, Origin, Setting, Situation};
use crate::domain::identity::Identity;
use crate::domain::month::{MONTH_RULE, Month};
use crate::domain::refusal::{Code, Refusal};
use crate::id::Id;
use crate::store::families::{ChildRow, FamilyRow, ObservationRow};

/// Rows of a page.
pub const LIMIT_DEFAULT: usize = 50;
pub const LIMIT_MAX: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyBody {
    organization_id: Option<Id>,
    municipality_id: Option<String>,
    mrc_id: Option<String>,
    region_id: Option<String>,
    point: Option<Object<PointBody>>,
    contact_origin: Option<Origin>,
    first_contact_on: Option<NaiveDate>,
    language: Option<String>,
    #[serde(default)]
    children: Vec<Object<ChildBody>>,
    #[serde(default)]
    observations: Vec<Object<ObservationBody>>,
    identity: Option<Object<Identity>>,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PointBody {
    lat: f64,
    lon: f64,
}

impl PointBody {
    pub fn parse(self) -> Result<Point, Refusal> {
        let field =
            if (-90.0..=90.0).contains(&self.lat) { ("point.lon", "-180..=180") } else { ("point.lat", "-90..=90") };
        Point::new(self.lat, self.lon).ok_or_else(|| Refusal::field(Code::OutOfRange, field.0).rule(field.1))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildBody {
    #[serde(default, deserialize_with = "not_null")]
    born_in: Option<String>,
    #[serde(default, deserialize_with = "not_null")]
    due_in: Option<String>,
}

/// `value` is true or false of what is or is not, and a word of a family's type or of a vulnerability.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationBody {
    kind: ObservationKind,
    value: ObservedBody,
    present: Option<bool>,
    observed_on: Option<NaiveDate>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected boolean, string")]
enum ObservedBody {
    Flag(bool),
    Word(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationsBody {
    observations: Vec<Object<ObservationBody>>,
}

/// JSON Merge Patch (RFC 7396) of a family.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyPatch {
    #[serde(default, deserialize_with = "present")]
    municipality_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    mrc_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    region_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    contact_origin: Option<Option<Origin>>,
    #[serde(default, deserialize_with = "present")]
    first_contact_on: Option<Option<NaiveDate>>,
    #[serde(default, deserialize_with = "present")]
    language: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    children: Option<Option<Vec<Object<ChildBody>>>>,
}

impl FamilyBody {
    pub fn parse(self) -> Result<NewFamily, Refusal> {
        Ok(NewFamily {
            organization_id: self.organization_id,
            residence: Residence {
                municipality_id: self.municipality_id,
                mrc_id: self.mrc_id,
                region_id: self.region_id,
                point: self.point.map(|Object(point)| point.parse()).transpose()?,
            },
            contact_origin: self.contact_origin,
            first_contact_on: self.first_contact_on,
            language: self.language,
            children: parse_children(&self.children)?,
            observations: parse_observations(&self.observations)?,
            identity: self.identity.map(|Object(identity)| identity),
        })
    }
}

impl ObservationsBody {
    pub fn parse(&self) -> Result<Vec<NewObservation>, Refusal> {
        parse_observations(&self.observations)
    }
}

impl FamilyPatch {
    pub fn parse(self) -> Result<FamilyChange, Refusal> {
        let moved = self.municipality_id.is_some() || self.mrc_id.is_some() || self.region_id.is_some();
        let residence = Residence {
            municipality_id: self.municipality_id.flatten(),
            mrc_id: self.mrc_id.flatten(),
            region_id: self.region_id.flatten(),
            point: None,
        };
        if self.first_contact_on == Some(None) {
            return Err(Refusal::field(Code::InvalidValue, "first_contact_on").rule("not null"));
        }
        let children = match self.children {
            None => None,
            Some(children) => Some(parse_children(&children.unwrap_or_default())?),
        };
        Ok(FamilyChange {
            residence: moved.then_some(residence),
            contact_origin: self.contact_origin,
            first_contact_on: self.first_contact_on.flatten(),
            language: self.language,
            children,
        })
    }
}

pub(super) fn parse_children(children: &[Object<ChildBody>]) -> Result<Vec<Child>, Refusal> {
    let parse = |(at, Object(child)): (usize, &Object<ChildBody>)| {
        let month = |text: &str, name: &str| {
            let field = || Refusal::field(Code::InvalidMonth, format!("children.{at}.{name}")).rule(MONTH_RULE);
            Month::parse(text).ok_or_else(field)
        };
        match (&child.born_in, &child.due_in) {
            (Some(born_in), None) => Ok(Child::Born(month(born_in, "born_in")?)),
            (None, Some(due_in)) => Ok(Child::Due(month(due_in, "due_in")?)),
            (None, None) => Err(Refusal::field(Code::MissingField, format!("children.{at}.born_in")).rule("or due_in")),
            (Some(_), Some(_)) => {
                Err(Refusal::field(Code::InvalidValue, format!("children.{at}.due_in")).rule("born_in or due_in"))
            }
        }
    };
    children.iter().enumerate().map(parse).collect()
}

fn parse_observations(observations: &[Object<ObservationBody>]) -> Result<Vec<NewObservation>, Refusal> {
    let parse = |(at, Object(seen)): (usize, &Object<ObservationBody>)| {
        let value = match &seen.value {
            ObservedBody::Flag(true) => "true",
            ObservedBody::Flag(false) => "false",
            ObservedBody::Word(word) => word.as_str(),
        };
        if seen.kind != ObservationKind::Vulnerability && seen.present.is_some() {
            let field = format!("observations.{at}.present");
            return Err(Refusal::field(Code::InvalidValue, field).rule("only with vulnerability"));
        }
        let fact = Fact::parse(seen.kind, value, seen.present.unwrap_or(true)).ok_or_else(|| {
            let words: Vec<&str> = match seen.kind {
                ObservationKind::Isolated | ObservationKind::FatherFigure => vec!["true", "false"],
                ObservationKind::FamilyType => FamilyType::ALL.iter().map(|word| word.as_str()).collect(),
                ObservationKind::Vulnerability => Factor::ALL.iter().map(|word| word.as_str()).collect(),
            };
            Refusal::field(Code::InvalidValue, format!("observations.{at}.value")).rule(words.join(", "))
        })?;
        Ok(NewObservation { fact, observed_on: seen.observed_on })
    };
    observations.iter().enumerate().map(parse).collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl PageQuery {
    pub fn parse(&self) -> Result<(Option<(Time, Id)>, usize), Refusal> {
        Ok((self.cursor.as_deref().map(parse_cursor).transpose()?, parse_limit(self.limit)?))
    }
}

pub fn parse_limit(limit: Option<i64>) -> Result<usize, Refusal> {
    let Some(limit) = limit else { return Ok(LIMIT_DEFAULT) };
    let fits = usize::try_from(limit).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    fits.ok_or_else(|| Refusal::field(Code::OutOfRange, "limit").rule(format!("1..={LIMIT_MAX}")))
}

pub fn parse_cursor(text: &str) -> Result<(Time, Id), Refusal> {
    let parts = text.split_once('.').and_then(|(micros, id)| Some((micros.parse().ok()?, id.parse().ok()?)));
    let (micros, id) = parts.ok_or_else(|| Refusal::field(Code::InvalidCursor, "cursor"))?;
    Ok((Time::from_micros(micros), id))
}

pub fn cursor_of(at: Time, id: Id) -> String {
    format!("{}.{id}", at.micros())
}

#[derive(Debug, Serialize)]
pub struct FamilyHeadView {
    id: Id,
    organization_id: Id,
    worker_account_id: Option<Id>,
    municipality_id: Option<String>,
    mrc_id: Option<String>,
    region_id: Option<String>,
    setting: Setting,
    contact_origin: Option<Origin>,
    first_contact_on: NaiveDate,
    language: Option<String>,
    coarse_cell: Option<String>,
    children: Vec<ChildView>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Serialize)]
struct ChildView {
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    born_in: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_in: Option<String>,
}

impl FamilyHeadView {
    fn new(row: &FamilyRow, children: &[ChildRow]) -> Self {
        let child =
            |child: &ChildRow| ChildView { id: child.id, born_in: child.born_in.clone(), due_in: child.due_in.clone() };
        Self {
            id: row.id,
            organization_id: row.organization_id,
            worker_account_id: row.worker_account_id,
            municipality_id: row.municipality_id.clone(),
            mrc_id: row.mrc_id.clone(),
            region_id: row.region_id.clone(),
            setting: row.setting,
            contact_origin: row.contact_origin,
            first_contact_on: row.first_contact_on,
            language: row.language.clone(),
            coarse_cell: row.coarse_cell.clone(),
            children: children.iter().map(child).collect(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct FamilyView {
    #[serde(flatten)]
    head: FamilyHeadView,
    situation: SituationView,
    observations: Vec<ObservationView>,
    has_identity: bool,
}

#[derive(Debug, Serialize)]
struct SituationView {
    isolated: Option<bool>,
    family_type: Option<FamilyType>,
    father_figure: Option<bool>,
    vulnerabilities: Vec<Factor>,
}

impl SituationView {
    fn new(situation: &Situation) -> Self {
        Self {
            isolated: situation.isolated,
            family_type: situation.family_type,
            father_figure: situation.father_figure,
            vulnerabilities: situation.vulnerabilities.clone(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ObservationView {
    id: Id,
    kind: ObservationKind,
    value: serde_json::Value,
    present: bool,
    observed_on: NaiveDate,
}

impl ObservationView {
    fn new(row: &ObservationRow) -> Self {
        let value = match row.value.as_str() {
            "true" => serde_json::Value::Bool(true),
            "false" => serde_json::Value::Bool(false),
            word => serde_json::Value::String(word.to_owned()),
        };
        Self { id: row.id, kind: row.kind, value, present: row.present, observed_on: row.observed_on }
    }
}

impl FamilyView {
    pub fn new(file: &FamilyFile) -> Self {
        Self {
            head: FamilyHeadView::new(&file.row, &file.children),
            situation: SituationView::new(&file.situation),
            observations: file.observations.iter().map(ObservationView::new).collect(),
            has_identity: file.has_identity,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct FamilyPageView {
    results: Vec<FamilyHeadView>,
    next_cursor: Option<String>,
}

impl FamilyPageView {
    pub fn new(page: &FamilyPage) -> Self {
        let last = page.families.last().filter(|_| page.more);
        Self {
            results: page.families.iter().map(|(row, children)| FamilyHeadView::new(row, children)).collect(),
            next_cursor: last.map(|(row, _)| cursor_of(row.created_at, row.id)),
        }
    }
}

/// Who a family is: given to those who may know, and nowhere else.
#[derive(Serialize)]
pub struct IdentityView {
    #[serde(flatten)]
    identity: Identity,
    updated_at: Time,
}

impl IdentityView {
    pub fn new(identity: Identity, updated_at: Time) -> Self {
        Self { identity, updated_at }
    }
}
