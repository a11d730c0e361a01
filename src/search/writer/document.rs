//! From a service to what is indexed of it. Everything indexed goes through [`Content`], and the digest of that is kept
//! beside it: two indexes with the same digests answer alike.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tantivy::TantivyDocument;

use super::{Entry, Error};
use crate::clock::Time;
use crate::domain::conditions;
use crate::domain::directory::{
    Delivery, Location, Placement, Point, Service, ServiceAggregate, ServiceStatus, Visibility,
};
use crate::domain::fold::fold;
use crate::domain::language::{Lang, Text};
use crate::domain::schedule::OpeningHours;
use crate::domain::taxonomy::Taxonomy;
use crate::id::Id;
use crate::search::analyse::{Stems, WeighedTerms, words_of};
use crate::search::definition::Definition;
use crate::search::geo::PlacePoint;
use crate::search::impact::Impact;
use crate::search::schema::{Audience, Fields, Trait};
use crate::search::shorthand::Shorthand;
use crate::search::why::{PARTS, Part};

/// Words of one part of one service in one language that are indexed; what comes after is not found.
const WORDS_MAX: usize = 5_000;

/// Age of somebody of whom no maximum is said, in months.
const AGE_MONTHS_UNBOUNDED: u64 = u32::MAX as u64;

/// What an answer shows of a service, beside what its columns say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::search) struct Row {
    pub own: OwnRow,
    pub giver: GiverRow,
}

/// What is of the service alone: kept with its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct OwnRow {
    pub name: Sides,
    pub categories: Vec<CategoryRow>,
    /// Somebody said which territories it serves.
    pub says_whom_it_serves: bool,
}

/// Who gives it and where, which many services have in common: each kept once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct GiverRow {
    pub organization_id: Id,
    pub organization_name: Sides,
    /// Places with a point, in the order of the column of places. One known by its MRC alone is not among them.
    pub places: Vec<PlaceRow>,
}

/// A [`Text`], in a form whose members are always written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::search) struct Sides {
    fr: Option<Shorthand>,
    en: Option<Shorthand>,
}

impl From<&Text> for Sides {
    fn from(text: &Text) -> Self {
        let short = |text: &Option<String>| text.as_deref().map(Shorthand::of);
        Self { fr: short(&text.fr), en: short(&text.en) }
    }
}

impl From<Sides> for Text {
    fn from(sides: Sides) -> Self {
        let written_out = |short: Option<Shorthand>| short.map(|short| short.text());
        Self { fr: written_out(sides.fr), en: written_out(sides.en) }
    }
}

/// A category by its place in the taxonomy of this program, or by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::search) enum CategoryRow {
    Known(u16),
    Other(String),
}

impl CategoryRow {
    fn new(code: &str) -> Self {
        let at = Taxonomy::embedded().terms().iter().position(|term| term.code == code);
        at.and_then(|at| u16::try_from(at).ok()).map_or_else(|| Self::Other(code.to_owned()), Self::Known)
    }

    pub(in crate::search) fn code(self) -> String {
        match self {
            Self::Known(at) => {
                Taxonomy::embedded().terms().get(usize::from(at)).map_or(String::new(), |term| term.code.clone())
            }
            Self::Other(code) => code,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct PlaceRow {
    pub id: Id,
    placement: u8,
}

impl PlaceRow {
    fn new(place: &Location) -> Self {
        let placement = Placement::ALL.iter().position(|known| *known == place.placement).unwrap_or(0);
        Self { id: place.id, placement: placement as u8 }
    }

    pub(in crate::search) fn placement(&self) -> Placement {
        Placement::ALL.get(usize::from(self.placement)).copied().unwrap_or(Placement::None)
    }
}

/// Everything that is indexed of a service, before it is cut into fields.
#[derive(Serialize)]
struct Content<'a> {
    id: Id,
    row: &'a Row,
    hours: &'a OpeningHours,
    served: &'a [String],
    places: Vec<u64>,
    /// Texts of each part in each language.
    texts: Vec<(Part, Lang, Vec<&'a str>)>,
    categories: Vec<String>,
    languages: Vec<String>,
    audiences: Vec<AudienceContent>,
    age_min: u64,
    age_max: u64,
    traits: Vec<Trait>,
    places_available: Option<i32>,
    verified_at: Option<Time>,
    review_due_at: Option<Time>,
}

#[derive(Serialize)]
struct AudienceContent {
    located: Vec<String>,
    area: Vec<String>,
}

/// The document of a service; none for one that is not offered any more.
pub(super) fn of(fields: &Fields, stems: &mut Stems, entry: &Entry) -> Result<Option<TantivyDocument>, Error> {
    let aggregate = &entry.aggregate;
    match aggregate.service.status {
        ServiceStatus::Inactive | ServiceStatus::Defunct => return Ok(None),
        ServiceStatus::Active | ServiceStatus::TemporarilyClosed => {}
    }
    let (row, hours) = (row_of(aggregate), OpeningHours::of(aggregate));
    let keywords = keywords_of(aggregate);
    let content = content_of(entry, &row, &hours, &keywords);
    let digest = Sha256::digest(serde_json::to_vec(&content)?);
    let mut document = TantivyDocument::new();
    add_words(fields, stems, &content, &mut document)?;
    add_terms(fields, &content, &mut document);
    add_columns(fields, &content, &digest, &mut document)?;
    document.add_bytes(fields.own_row, &postcard::to_stdvec(&row.own)?);
    document.add_bytes(fields.giver_row, &postcard::to_stdvec(&row.giver)?);
    Ok(Some(document))
}

fn row_of(aggregate: &ServiceAggregate) -> Row {
    let service = &aggregate.service;
    let seen = aggregate.locations.iter().filter(|place| point_for(place, Audience::Professional).is_some());
    let own = OwnRow {
        name: (&service.name).into(),
        categories: service.categories.iter().map(|code| CategoryRow::new(code)).collect(),
        says_whom_it_serves: !service.served.is_empty(),
    };
    let giver = GiverRow {
        organization_id: aggregate.organization.id,
        organization_name: (&aggregate.organization.name).into(),
        places: seen.map(PlaceRow::new).collect(),
    };
    Row { own, giver }
}

/// The points that professionals may know, in the order of the row.
fn places_of(aggregate: &ServiceAggregate) -> Vec<u64> {
    let seen = aggregate.locations.iter().filter_map(|place| {
        let point = point_for(place, Audience::Professional)?;
        Some(PlacePoint::new(point, point_for(place, Audience::Public).is_none()).packed())
    });
    seen.collect()
}

/// The point of a place, for those who may know it. Of a place known by its region alone: for nobody.
fn point_for(place: &Location, audience: Audience) -> Option<Point> {
    match (place.visibility, audience) {
        (Visibility::Public, _) | (Visibility::Professional, Audience::Professional) => place.point,
        (Visibility::Professional, Audience::Public) | (Visibility::RegionOnly, _) => None,
    }
}

fn content_of<'a>(entry: &'a Entry, row: &'a Row, hours: &'a OpeningHours, keywords: &'a [String]) -> Content<'a> {
    let service = &entry.aggregate.service;
    let mut categories: Vec<String> = service.categories.clone();
    categories.extend(service.categories.iter().filter_map(|code| code.split_once('/')).map(|(top, _)| top.to_owned()));
    categories.sort_unstable();
    categories.dedup();
    let codes = service.document.languages.iter().filter_map(|language| language.code.as_deref());
    Content {
        id: service.id,
        row,
        hours,
        served: &service.served,
        places: places_of(&entry.aggregate),
        texts: Lang::ALL.into_iter().flat_map(|lang| texts_of(entry, keywords, lang)).collect(),
        categories,
        languages: codes.map(str::to_ascii_lowercase).collect(),
        audiences: Audience::ALL.map(|audience| audience_content(&entry.aggregate, audience)).into(),
        age_min: u64::from(service.document.minimum_age_months.unwrap_or(0)),
        age_max: service.document.maximum_age_months.map_or(AGE_MONTHS_UNBOUNDED, u64::from),
        traits: traits_of(service).into_iter().chain(conditions_of(&entry.aggregate)).collect(),
        places_available: service.capacity.places_available,
        verified_at: service.verified_at,
        review_due_at: service.review.due_at,
    }
}

fn traits_of(service: &Service) -> Vec<Trait> {
    let gives = |how| service.document.delivery.contains(&how);
    let comes = match (gives(Delivery::Remote), gives(Delivery::AtHome), service.served.is_empty()) {
        (true, _, true) => Some(Trait::ComesAnywhere),
        (false, true, true) => Some(Trait::MayCome),
        (true, _, false) | (_, true, false) => Some(Trait::ComesWhereItServes),
        (false, false, _) => None,
    };
    let says_none = service.served.is_empty().then_some(Trait::SaysNoTerritory);
    let closed = (service.status == ServiceStatus::TemporarilyClosed).then_some(Trait::ClosedForNow);
    [comes, says_none, closed].into_iter().flatten().collect()
}

/// What a search may ask of a service: see [`crate::search::wishes`].
fn conditions_of(aggregate: &ServiceAggregate) -> Vec<Trait> {
    let (service, places) = (&aggregate.service, &aggregate.locations);
    let document = &service.document;
    let said = |what: Option<bool>, yes, no| what.map(|is_so| if is_so { yes } else { no });
    let mut found: Vec<Trait> = [
        said(conditions::is_free(service), Trait::Free, Trait::NotFree),
        said(conditions::has_room(service), Trait::HasRoom, Trait::Full),
        said(conditions::asks_for_documents(service), Trait::Papers, Trait::NoPapers),
        conditions::has_interpreters(service).then_some(Trait::Interpreters),
        (!document.public_exclusive.is_empty()).then_some(Trait::ForSomeOnly),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(document.delivery.iter().copied().map(Trait::Given));
    found.extend(document.public_exclusive.iter().copied().map(Trait::OnlyFor));
    found.extend(document.public_preferred.iter().copied().map(Trait::FirstFor));
    for audience in Audience::ALL {
        let known = || places.iter().map(|place| conditions::known_place(place, audience == Audience::Professional));
        let wheelchair = conditions::takes_wheelchairs(service, known());
        found.extend(said(wheelchair, Trait::Wheelchair(audience), Trait::NoWheelchair(audience)));
        found.extend(conditions::is_for_who_has_no_car(service, known()).then_some(Trait::WithoutCar(audience)));
    }
    found
}

fn texts_of<'a>(entry: &'a Entry, keywords: &'a [String], lang: Lang) -> Vec<(Part, Lang, Vec<&'a str>)> {
    let service = &entry.aggregate.service;
    let document = &service.document;
    let public = entry.aggregate.locations.iter().filter(|place| place.visibility == Visibility::Public);
    let name = vec![&service.name, &document.alternate_name];
    let labels = entry.category_labels.iter().collect::<Vec<_>>();
    let mut organization = vec![&entry.aggregate.organization.name];
    organization.extend(public.clone().map(|place| &place.name));
    let mut description = vec![
        &document.description,
        &document.eligibility_description,
        &document.application_process,
        &document.fees_description,
    ];
    let is_public = |id: Id| public.clone().any(|place| place.id == id);
    let at_public = service.at_locations.iter().filter(|at| is_public(at.location_id));
    description.extend(at_public.map(|at| &at.document.description));
    let parts = [name, labels, organization, description];
    let in_lang = |text: &'a Text| match lang {
        Lang::Fr => text.fr.as_deref(),
        Lang::En => text.en.as_deref(),
    };
    let sides = parts.map(|texts| texts.into_iter().filter_map(in_lang).collect::<Vec<&str>>());
    let mut found: Vec<(Part, Lang, Vec<&str>)> =
        PARTS.into_iter().zip(sides).map(|(part, texts)| (part, lang, texts)).collect();
    if let Some((_, _, labels)) = found.iter_mut().find(|(part, ..)| *part == Part::Category) {
        labels.extend(keywords.iter().map(String::as_str));
    }
    found
}

/// HSDS keeps keywords as a text or a list, in a member that relais does not otherwise read.
fn keywords_of(aggregate: &ServiceAggregate) -> Vec<String> {
    match aggregate.service.document.other.get("keywords") {
        Some(Value::String(text)) => text.split([',', ';']).map(|word| word.trim().to_owned()).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => vec![],
    }
}

fn audience_content(aggregate: &ServiceAggregate, audience: Audience) -> AudienceContent {
    let mut content = AudienceContent { located: vec![], area: vec![] };
    for place in &aggregate.locations {
        let point = point_for(place, audience);
        let territories = &place.territories;
        let hidden = match place.visibility {
            Visibility::Public => false,
            Visibility::Professional => audience == Audience::Public,
            Visibility::RegionOnly => true,
        };
        if point.is_none() {
            content.area.extend(territories.mrc.clone());
        }
        let finest = if hidden { 2 } else { 4 };
        let widest_first = [&territories.region, &territories.mrc, &territories.municipality, &territories.borough];
        content.located.extend(widest_first.into_iter().take(finest).filter_map(Clone::clone));
    }
    for list in [&mut content.located, &mut content.area] {
        list.sort_unstable();
        list.dedup();
    }
    content
}

fn add_words(
    fields: &Fields,
    stems: &mut Stems,
    content: &Content<'_>,
    document: &mut TantivyDocument,
) -> Result<(), Error> {
    let definition = Definition::of_this_program()?;
    let (mut words, mut stemmed) = (Terms::default(), Terms::default());
    for part in PARTS {
        for (_, lang, texts) in content.texts.iter().filter(|(of, ..)| *of == part) {
            let (mut words_here, mut stems_here) = (vec![], vec![]);
            let mut length = 0;
            for text in texts {
                let text = fold(text);
                let text: Vec<&str> = words_of(&text).take(WORDS_MAX - length).collect();
                let roots: Vec<String> = text.iter().map(|word| stems.stem(*lang, word).to_owned()).collect();
                length += text.len();
                for (first, count) in definition.phrases_in(*lang, &roots) {
                    words_here.push(text.get(first..first + count).unwrap_or_default().join(" "));
                    stems_here.push(roots.get(first..first + count).unwrap_or_default().join(" "));
                }
                // Stop words have no stems of their own: those of one language would be words of the other.
                let kept = text.iter().zip(roots).filter(|(word, _)| !definition.is_stop_word(word));
                stems_here.extend(kept.map(|(_, root)| root));
                words_here.extend(text.into_iter().map(str::to_owned));
            }
            words.add(part, words_here, length);
            stemmed.add(part, stems_here, length);
        }
    }
    words.write(fields.words, document);
    stemmed.write(fields.stems, document);
    Ok(())
}

/// Terms of a field, each with its impact.
#[derive(Default)]
struct Terms(Vec<(String, Impact)>);

impl Terms {
    /// Adds the terms of a part that has so many words, each as often as it stands there.
    fn add(&mut self, part: Part, mut terms: Vec<String>, length: usize) {
        terms.sort_unstable();
        for same in terms.chunk_by(|left, right| left == right) {
            if let Some(term) = same.first() {
                self.0.push((term.clone(), Impact::of(part, same.len(), length)));
            }
        }
    }

    /// Each term once, by the best of its impacts.
    fn write(mut self, field: tantivy::schema::Field, document: &mut TantivyDocument) {
        self.0.sort_unstable_by(|left, right| left.0.cmp(&right.0).then(right.1.cmp(&left.1)));
        self.0.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut text = String::new();
        for (term, impact) in &self.0 {
            WeighedTerms::write(&mut text, term, impact.frequency());
        }
        if !text.is_empty() {
            document.add_text(field, text);
        }
    }
}

fn add_terms(fields: &Fields, content: &Content<'_>, document: &mut TantivyDocument) {
    document.add_bytes(fields.id, content.id.0.as_bytes());
    for code in &content.categories {
        document.add_text(fields.category, code);
    }
    for territory in content.served {
        document.add_text(fields.served, territory);
    }
    for language in &content.languages {
        document.add_text(fields.language, language);
    }
    for one in &content.traits {
        document.add_text(fields.traits, one.text());
    }
    for (audience, content) in Audience::ALL.into_iter().zip(&content.audiences) {
        let fields = fields.audience(audience);
        for territory in &content.located {
            document.add_text(fields.located, territory);
        }
        for territory in &content.area {
            document.add_text(fields.area, territory);
        }
    }
}

fn add_columns(
    fields: &Fields,
    content: &Content<'_>,
    digest: &[u8],
    document: &mut TantivyDocument,
) -> Result<(), Error> {
    let (id_high, id_low) = content.id.0.as_u64_pair();
    document.add_u64(fields.id_high, id_high);
    document.add_u64(fields.id_low, id_low);
    // What has no place comes after everything that has one.
    let along_curve = content.places.first().map(|packed| PlacePoint::unpacked(*packed).along_curve());
    document.add_u64(fields.along_curve, along_curve.unwrap_or(u64::MAX));
    for place in &content.places {
        document.add_u64(fields.places, *place);
    }
    document.add_u64(fields.age_min, content.age_min);
    document.add_u64(fields.age_max, content.age_max);
    if let Some(places) = content.places_available {
        document.add_i64(fields.places_available, i64::from(places));
    }
    if let Some(verified_at) = content.verified_at {
        document.add_i64(fields.verified_at, verified_at.micros());
    }
    if let Some(due_at) = content.review_due_at {
        document.add_i64(fields.review_due_at, due_at.micros());
    }
    if *content.hours != OpeningHours::default() {
        document.add_text(fields.hours, serde_json::to_string(content.hours)?);
    }
    let digest = digest.iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    document.add_u64(fields.digest, digest);
    Ok(())
}
