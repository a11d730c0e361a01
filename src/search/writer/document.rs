//! From a service to what is indexed of it. Everything indexed goes through [`Content`], and the digest of that is kept
//! beside it: two indexes with the same digests answer alike.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tantivy::TantivyDocument;

use super::{Entry, Error};
use crate::clock::Time;
use crate::domain::directory::{
    Delivery, Location, Placement, Point, Service, ServiceAggregate, ServiceStatus, Visibility,
};
use crate::domain::fold::fold;
use crate::domain::language::{Lang, Text};
use crate::domain::schedule::OpeningHours;
use crate::id::Id;
use crate::search::analyse::{Stems, TEXT_END, words_of};
use crate::search::schema::{Audience, Comes, Fields, View};
use crate::search::why::{PARTS, Part};

/// Words of one part of one service that are indexed; what comes after is not found.
const WORDS_MAX: usize = 5_000;

/// Age of somebody of whom no maximum is said, in months.
const AGE_MONTHS_UNBOUNDED: u64 = u32::MAX as u64;

/// What an answer shows of a service, kept with its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct Row {
    pub id: Id,
    pub name: Text,
    pub organization_id: Id,
    pub organization_name: Text,
    pub categories: Vec<String>,
    pub served: Vec<String>,
    /// Places with a point, in the order of the columns of latitudes: those for everybody, then those that
    /// professionals see too. A place known by its MRC alone is not among them.
    pub public_places: Vec<PlaceRow>,
    pub professional_places: Vec<PlaceRow>,
    pub hours: OpeningHours,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct PlaceRow {
    pub id: Id,
    pub placement: Placement,
}

/// Everything that is indexed of a service, before it is cut into fields.
#[derive(Serialize)]
struct Content<'a> {
    row: &'a Row,
    /// Texts of each part in each language.
    texts: Vec<(Part, Lang, Vec<&'a str>)>,
    categories: Vec<String>,
    languages: Vec<String>,
    audiences: Vec<AudienceContent>,
    age_min: u64,
    age_max: u64,
    /// How it comes to people, where it does: see [`Comes`].
    comes: Comes,
    places_available: Option<i32>,
    verified_at: Option<Time>,
    review_due_at: Option<Time>,
}

#[derive(Serialize)]
struct AudienceContent {
    located: Vec<String>,
    area: Vec<String>,
    /// Bits, so that the digest is exact.
    points: Vec<(u64, u64)>,
}

/// The document of a service; none for one that is not offered any more.
pub(super) fn of(fields: &Fields, stems: &mut Stems, entry: &Entry) -> Result<Option<TantivyDocument>, Error> {
    let aggregate = &entry.aggregate;
    match aggregate.service.status {
        ServiceStatus::Inactive | ServiceStatus::Defunct => return Ok(None),
        ServiceStatus::Active | ServiceStatus::TemporarilyClosed => {}
    }
    let row = row_of(aggregate);
    let keywords = keywords_of(aggregate);
    let content = content_of(entry, &row, &keywords);
    let digest = Sha256::digest(serde_json::to_vec(&content)?);
    let mut document = TantivyDocument::new();
    add_words(fields, stems, &content, &mut document);
    add_terms(fields, &content, &mut document);
    add_columns(fields, &content, &digest, &mut document)?;
    document.add_bytes(fields.row, &serde_json::to_vec(&row)?);
    Ok(Some(document))
}

fn row_of(aggregate: &ServiceAggregate) -> Row {
    let service = &aggregate.service;
    let places = |audience: Audience| {
        let seen = aggregate.locations.iter().filter(|place| point_for(place, audience).is_some());
        seen.map(|place| PlaceRow { id: place.id, placement: place.placement }).collect()
    };
    Row {
        id: service.id,
        name: service.name.clone(),
        organization_id: aggregate.organization.id,
        organization_name: aggregate.organization.name.clone(),
        categories: service.categories.clone(),
        served: service.served.clone(),
        public_places: places(Audience::Public),
        professional_places: places(Audience::Professional),
        hours: OpeningHours::of(aggregate),
    }
}

/// The point of a place, for those who may know it. Of a place known by its region alone: for nobody.
fn point_for(place: &Location, audience: Audience) -> Option<Point> {
    match (place.visibility, audience) {
        (Visibility::Public, _) | (Visibility::Professional, Audience::Professional) => place.point,
        (Visibility::Professional, Audience::Public) | (Visibility::RegionOnly, _) => None,
    }
}

fn content_of<'a>(entry: &'a Entry, row: &'a Row, keywords: &'a [String]) -> Content<'a> {
    let service = &entry.aggregate.service;
    let mut categories: Vec<String> = service.categories.clone();
    categories.extend(service.categories.iter().filter_map(|code| code.split_once('/')).map(|(top, _)| top.to_owned()));
    categories.sort_unstable();
    categories.dedup();
    let codes = service.document.languages.iter().filter_map(|language| language.code.as_deref());
    Content {
        row,
        texts: Lang::ALL.into_iter().flat_map(|lang| texts_of(entry, keywords, lang)).collect(),
        categories,
        languages: codes.map(str::to_ascii_lowercase).collect(),
        audiences: Audience::ALL.map(|audience| audience_content(&entry.aggregate, audience)).into(),
        age_min: u64::from(service.document.minimum_age_months.unwrap_or(0)),
        age_max: service.document.maximum_age_months.map_or(AGE_MONTHS_UNBOUNDED, u64::from),
        comes: comes(service),
        places_available: service.capacity.places_available,
        verified_at: service.verified_at,
        review_due_at: service.review.due_at,
    }
}

fn comes(service: &Service) -> Comes {
    let gives = |how| service.document.delivery.contains(&how);
    if gives(Delivery::Remote) && service.served.is_empty() {
        Comes::Anywhere
    } else if gives(Delivery::Remote) || gives(Delivery::AtHome) {
        Comes::WhereItServes
    } else {
        Comes::Nowhere
    }
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
    let mut content = AudienceContent { located: vec![], area: vec![], points: vec![] };
    for place in &aggregate.locations {
        let point = point_for(place, audience);
        let territories = &place.territories;
        let hidden = match place.visibility {
            Visibility::Public => false,
            Visibility::Professional => audience == Audience::Public,
            Visibility::RegionOnly => true,
        };
        match point {
            Some(point) => content.points.push((point.lat.to_bits(), point.lon.to_bits())),
            None => content.area.extend(territories.mrc.clone()),
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

fn add_words(fields: &Fields, stems: &mut Stems, content: &Content<'_>, document: &mut TantivyDocument) {
    let mut vocabulary = String::new();
    for part in PARTS {
        let mut exact = Words::default();
        for (_, lang, texts) in content.texts.iter().filter(|(of, ..)| *of == part) {
            let mut stemmed = Words::default();
            for text in texts {
                let text = fold(text);
                for word in words_of(&text) {
                    exact.add(word);
                    stemmed.add(stems.stem(*lang, word));
                    vocabulary.push_str(word);
                    vocabulary.push(' ');
                }
                exact.end_text();
                stemmed.end_text();
            }
            stemmed.write(fields.text(View::Stemmed(*lang), part), document);
        }
        exact.write(fields.text(View::Exact, part), document);
    }
    document.add_text(fields.words, vocabulary);
}

/// Words as [`crate::search::analyse::WrittenWords`] reads them.
#[derive(Default)]
struct Words {
    text: String,
    count: usize,
}

impl Words {
    fn add(&mut self, word: &str) {
        if self.count < WORDS_MAX {
            self.text.push_str(word);
            self.text.push(' ');
            self.count += 1;
        }
    }

    fn end_text(&mut self) {
        self.text.push(TEXT_END);
    }

    fn write(self, field: tantivy::schema::Field, document: &mut TantivyDocument) {
        if self.count > 0 {
            document.add_text(field, self.text);
        }
    }
}

fn add_terms(fields: &Fields, content: &Content<'_>, document: &mut TantivyDocument) {
    document.add_text(fields.id, content.row.id.to_string());
    for code in &content.categories {
        document.add_text(fields.category, code);
    }
    for territory in &content.row.served {
        document.add_text(fields.served, territory);
    }
    for language in &content.languages {
        document.add_text(fields.language, language);
    }
    for (audience, content) in Audience::ALL.into_iter().zip(&content.audiences) {
        let fields = fields.audience(audience);
        for territory in &content.located {
            document.add_text(fields.located, territory);
        }
        for territory in &content.area {
            document.add_text(fields.area, territory);
        }
        for (lat, lon) in &content.points {
            document.add_f64(fields.lat, f64::from_bits(*lat));
            document.add_f64(fields.lon, f64::from_bits(*lon));
        }
    }
}

fn add_columns(
    fields: &Fields,
    content: &Content<'_>,
    digest: &[u8],
    document: &mut TantivyDocument,
) -> Result<(), Error> {
    let (id_high, id_low) = content.row.id.0.as_u64_pair();
    document.add_u64(fields.id_high, id_high);
    document.add_u64(fields.id_low, id_low);
    document.add_u64(fields.comes, content.comes.code());
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
    document.add_text(fields.hours, serde_json::to_string(&content.row.hours)?);
    let half = |from: usize| digest.iter().skip(from).take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    document.add_u64(fields.digest_high, half(0));
    document.add_u64(fields.digest_low, half(8));
    Ok(())
}
