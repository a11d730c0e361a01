//! The plain way with the library that relais is built on: the words find, a collector looks at the distance of each
//! document found, and the twenty best are read from the document store. Served as relais is, by actix, in a process of
//! its own; and asked in the process, beside relais' engine.

use std::collections::BinaryHeap;
use std::path::Path;
use std::time::Instant;

use actix_web::web::{Bytes, Data, Query as Asked};
use actix_web::{App, HttpResponse, HttpServer, web};
use relais::domain::directory::Point;
use relais::store::Store;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::query::QueryParser;
use tantivy::schema::{FAST, Field, STORED, STRING, Schema, TEXT, Value as _};
use tantivy::{DocAddress, DocId, Index, IndexReader, Score, SegmentOrdinal, SegmentReader, TantivyDocument};

use crate::directory::{PARTS, Query, each_service};
use crate::measure::mb_under;
use crate::stems::Stems;

const LOADED_VERSION: u32 = 1;
const WRITER_MEMORY_BYTES: usize = 100_000_000;
const THREADS: usize = 2;
const ROWS: usize = 20;
/// Of name, categories, organisation, description.
const WEIGHTS: [f32; PARTS] = [4.0, 3.0, 1.5, 1.0];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Built {
    version: u32,
    pub seconds: f64,
    pub disk_mb: u64,
}

struct Fields {
    schema: Schema,
    texts: [Field; PARTS],
    code: Field,
    number: Field,
    lat: Field,
    lon: Field,
    row: Field,
}

impl Fields {
    fn new() -> Self {
        let mut build = Schema::builder();
        Self {
            texts: ["a", "b", "c", "d"].map(|name| build.add_text_field(name, TEXT)),
            code: build.add_text_field("code", STRING),
            number: build.add_u64_field("number", FAST),
            lat: build.add_f64_field("lat", FAST),
            lon: build.add_f64_field("lon", FAST),
            row: build.add_bytes_field("row", STORED),
            schema: build.build(),
        }
    }
}

/// Indexes the directory unless that was done.
pub fn build(dir: &Path, store: &Store) -> Built {
    let dir = dir.join("plain");
    let kept_file = dir.join("built.json");
    let kept = std::fs::read(&kept_file).ok().and_then(|bytes| serde_json::from_slice::<Built>(&bytes).ok());
    if let Some(kept) = kept.filter(|kept| kept.version == LOADED_VERSION) {
        return kept;
    }
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a directory");
    let (fields, mut stems, started) = (Fields::new(), Stems::new(), Instant::now());
    let index = Index::create_in_dir(&dir, fields.schema.clone()).expect("an index");
    let mut writer = index.writer_with_num_threads(THREADS, WRITER_MEMORY_BYTES).expect("a writer");
    let mut number = 0;
    each_service(store, |row| {
        number += 1;
        let mut document = TantivyDocument::new();
        for (part, field) in fields.texts.into_iter().enumerate() {
            for lang in 0..2 {
                document.add_text(field, stems.text(lang, &row.texts[part][lang]));
            }
        }
        row.codes.iter().for_each(|code| document.add_text(fields.code, code));
        document.add_u64(fields.number, number);
        for (_, at) in &row.places {
            document.add_f64(fields.lat, at.lat);
            document.add_f64(fields.lon, at.lon);
        }
        let places: Vec<String> = row.places.iter().map(|(id, _)| id.to_string()).collect();
        let organization = json!({"id": row.organization_id, "name": row.organization_name});
        let shown = json!({"service_id": row.id, "name": row.name, "organization": organization,
            "categories": row.categories, "places": places});
        document.add_bytes(fields.row, shown.to_string().as_bytes());
        writer.add_document(document).expect("a document");
    });
    writer.commit().expect("a commit");
    writer.wait_merging_threads().expect("merged");
    let built = Built { version: LOADED_VERSION, seconds: started.elapsed().as_secs_f64(), disk_mb: mb_under(&dir) };
    std::fs::write(kept_file, serde_json::to_vec(&built).expect("JSON")).expect("a file");
    built
}

pub struct Engine {
    reader: IndexReader,
    parser: QueryParser,
    row: Field,
}

#[derive(Deserialize)]
pub struct Search {
    q: String,
    lat: f64,
    lon: f64,
    radius_km: f64,
    category: Option<String>,
    sort: String,
}

impl Search {
    pub fn of(query: &Query) -> Self {
        Self {
            q: query.words.join(" "),
            lat: query.lat,
            lon: query.lon,
            radius_km: query.radius_km,
            category: query.category.clone(),
            sort: if query.by_distance { "distance" } else { "relevance" }.to_owned(),
        }
    }
}

impl Engine {
    pub fn open(dir: &Path) -> Self {
        let (fields, index) = (Fields::new(), Index::open_in_dir(dir.join("plain")).expect("the index opens"));
        let mut parser = QueryParser::for_index(&index, fields.texts.into());
        parser.set_conjunction_by_default();
        for (field, weight) in fields.texts.into_iter().zip(WEIGHTS) {
            parser.set_field_boost(field, weight);
        }
        Self { reader: index.reader().expect("a reader"), parser, row: fields.row }
    }

    /// The rows of a search as JSON, each with its distance.
    pub fn search(&self, stems: &mut Stems, asked: &Search) -> Vec<u8> {
        let mut text = String::new();
        for word in asked.q.split(' ') {
            text.push_str(&format!("({}) ", stems.both(word).join(" OR ")));
        }
        if let Some(code) = &asked.category {
            text.push_str(&format!("code:\"{code}\""));
        }
        let query = self.parser.parse_query(&text).expect("a query");
        let searcher = self.reader.searcher();
        let origin = Point { lat: asked.lat, lon: asked.lon };
        let near = Near { origin, radius_km: asked.radius_km, by_distance: asked.sort == "distance" };
        let mut answer = b"[".to_vec();
        for found in searcher.search(&query, &near).expect("an answer") {
            let document: TantivyDocument = searcher.doc(found.address).expect("a document");
            let row = document.get_first(self.row).and_then(|row| row.as_bytes()).unwrap_or_default();
            let body = row.strip_suffix(b"}").unwrap_or(row);
            answer.extend(if answer.len() > 1 { b",".as_slice() } else { b"" });
            answer.extend(body);
            answer.extend(format!(",\"at\":{},\"distance_km\":{}}}", found.nearest, found.km).into_bytes());
        }
        answer.push(b']');
        answer
    }
}

struct Near {
    origin: Point,
    radius_km: f64,
    by_distance: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Found {
    /// The least is the best.
    first: f64,
    km: f64,
    number: u64,
    nearest: usize,
    address: DocAddress,
}

impl Eq for Found {}
impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_numbers = self.first.total_cmp(&other.first).then(self.km.total_cmp(&other.km));
        by_numbers.then(self.number.cmp(&other.number))
    }
}
impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

struct Segment {
    origin: Point,
    radius_km: f64,
    by_distance: bool,
    ordinal: SegmentOrdinal,
    number: Column<u64>,
    lat: Column<f64>,
    lon: Column<f64>,
    best: BinaryHeap<Found>,
}

impl Collector for Near {
    type Fruit = Vec<Found>;
    type Child = Segment;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Segment> {
        let columns = segment.fast_fields();
        let (number, lat, lon) = (columns.u64("number")?, columns.f64("lat")?, columns.f64("lon")?);
        let Self { origin, radius_km, by_distance } = *self;
        Ok(Segment { origin, radius_km, by_distance, ordinal, number, lat, lon, best: BinaryHeap::new() })
    }

    fn requires_scoring(&self) -> bool {
        !self.by_distance
    }

    fn merge_fruits(&self, fruits: Vec<Vec<Found>>) -> tantivy::Result<Vec<Found>> {
        let mut all: Vec<Found> = fruits.into_iter().flatten().collect();
        all.sort_unstable();
        all.truncate(ROWS);
        Ok(all)
    }
}

impl SegmentCollector for Segment {
    type Fruit = Vec<Found>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let points = self.lat.values_for_doc(doc).zip(self.lon.values_for_doc(doc));
        let distances = points.map(|(lat, lon)| self.origin.distance_km(Point { lat, lon })).enumerate();
        let Some((nearest, km)) = distances.min_by(|one, other| one.1.total_cmp(&other.1)) else { return };
        if km > self.radius_km {
            return;
        }
        let first = if self.by_distance { km } else { -f64::from(score) };
        let number = self.number.first(doc).unwrap_or(0);
        self.best.push(Found { first, km, number, nearest, address: DocAddress::new(self.ordinal, doc) });
        if self.best.len() > ROWS {
            self.best.pop();
        }
    }

    fn harvest(self) -> Vec<Found> {
        self.best.into_vec()
    }
}

/// Serves searches, saying its port first, until its input ends.
pub fn serve(dir: &Path) {
    let engine = Data::new(Engine::open(dir));
    actix_web::rt::System::new().block_on(async move {
        let server =
            HttpServer::new(move || App::new().app_data(engine.clone()).route("/api/v1/search", web::get().to(answer)));
        let server = server.workers(THREADS).bind("127.0.0.1:0").expect("a port");
        println!("{}", server.addrs()[0].port());
        crate::own::end_with_the_parent();
        server.run().await.expect("the server stops well");
    });
}

/// Answers one body to whatever is asked: what the web server alone takes.
pub fn serve_bare(dir: &Path) {
    let body = Bytes::from(std::fs::read(dir.join("bare-answer.json")).expect("an answer"));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let body = body.clone();
            let answer = move |_: Asked<Search>| {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            };
            App::new().route("/api/v1/search", web::get().to(answer))
        });
        let server = server.workers(THREADS).bind("127.0.0.1:0").expect("a port");
        println!("{}", server.addrs()[0].port());
        crate::own::end_with_the_parent();
        server.run().await.expect("the server stops well");
    });
}

/// As relais does: a thread that may block finds, the workers never do.
async fn answer(engine: Data<Engine>, asked: Asked<Search>) -> HttpResponse {
    thread_local! {
        static STEMS: std::cell::RefCell<Stems> = std::cell::RefCell::new(Stems::new());
    }
    let find = move || STEMS.with_borrow_mut(|stems| engine.search(stems, &asked));
    let body = web::block(find).await.expect("an answer");
    HttpResponse::Ok().content_type("application/json").body(body)
}
