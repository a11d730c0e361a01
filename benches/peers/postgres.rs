//! PostgreSQL with PostGIS and full text, as well tuned as we can: a throw-away server of its own, kept between runs.
//! The texts are folded and rid of stop words before they come, so that both sides see the same words; French and
//! English Snowball dictionaries of its own stem them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relais::store::Store;
use serde::{Deserialize, Serialize};

use crate::directory::{PARTS, Query, Row, each_service};
use crate::measure::Peer;
use crate::program::{Program, command, free_port, is_root};
use crate::talk::{Connection, postgres_execute, postgres_prepare};

const START_S_MAX: u64 = 60;
/// Raise it when what is loaded changes.
const LOADED_VERSION: u32 = 2;
/// Queries of each order by which the best form is found.
const SAMPLE: usize = 100;
const ROUNDS: usize = 3;
const PLANS: [&str; 2] = ["auto", "force_custom_plan"];

const DICTIONARIES: &str = "
    CREATE EXTENSION postgis;
    CREATE TEXT SEARCH DICTIONARY stem_fr (TEMPLATE = snowball, LANGUAGE = french);
    CREATE TEXT SEARCH DICTIONARY stem_en (TEMPLATE = snowball, LANGUAGE = english);
    CREATE TEXT SEARCH CONFIGURATION words_fr (COPY = simple);
    CREATE TEXT SEARCH CONFIGURATION words_en (COPY = simple);
    ALTER TEXT SEARCH CONFIGURATION words_fr ALTER MAPPING REPLACE simple WITH stem_fr;
    ALTER TEXT SEARCH CONFIGURATION words_en ALTER MAPPING REPLACE simple WITH stem_en;
    CREATE UNLOGGED TABLE read_service (
        n int, id uuid, name text, organization_id uuid, organization_name text, categories text[], codes text[],
        a_fr text, a_en text, b_fr text, b_en text, c_fr text, c_en text, d_fr text, d_en text);
    CREATE UNLOGGED TABLE read_place (service_n int, id uuid, lon float8, lat float8);";

/// One row a place and service, so that a row of an answer is read whole; the codes of the categories among its words,
/// so that one index finds both; lying on the disk as places lie on the ground. Services without a place are found by
/// no search near a point, and are left out.
const TABLES: &str = "
    CREATE TABLE service_place AS
        SELECT s.id, p.id AS place_id, name, organization_id, organization_name, categories,
            p.lon, p.lat, cos(radians(p.lat)) AS lat_cos, ST_SetSRID(ST_Point(p.lon, p.lat), 4326) AS point,
            ST_SetSRID(ST_Point(p.lon, p.lat), 4326)::geography AS on_sphere,
            setweight(to_tsvector('words_fr', a_fr) || to_tsvector('words_en', a_en), 'A') ||
            setweight(to_tsvector('words_fr', b_fr) || to_tsvector('words_en', b_en), 'B') ||
            setweight(to_tsvector('words_fr', c_fr) || to_tsvector('words_en', c_en), 'C') ||
            setweight(to_tsvector('words_fr', d_fr) || to_tsvector('words_en', d_en), 'D') ||
            array_to_tsvector(array(SELECT 'code:' || code FROM unnest(codes) code)) AS words
        FROM read_service s JOIN read_place p ON p.service_n = s.n
        ORDER BY ST_GeoHash(ST_Point(p.lon, p.lat)), s.id;
    DROP TABLE read_service, read_place;
    CREATE INDEX service_place_words ON service_place USING gin (words) WITH (fastupdate = off);
    CREATE INDEX service_place_point ON service_place USING spgist (point);
    CREATE INDEX service_place_on_sphere ON service_place USING gist (on_sphere);
    VACUUM (FREEZE, ANALYZE) service_place;";

/// A way to ask. Parameters: words, longitude, latitude, kilometres, then west, south, east and north of the circle.
/// `{}` stands for the order; a service has two places at most, so twice as many rows hold twenty services.
struct Form {
    name: &'static str,
    found: &'static str,
}

const FORMS: [Form; 3] = [
    Form {
        name: "box in SP-GiST and words in GIN, haversine in SQL",
        found: "SELECT * FROM (
            SELECT *, 12742.0176 * asin(sqrt(sin(radians(lat - $3) / 2) ^ 2
                + lat_cos * cos(radians($3)) * sin(radians(lon - $2) / 2) ^ 2)) AS km
            FROM service_place WHERE words @@ $1 AND point && ST_MakeEnvelope($5, $6, $7, $8, 4326)) AS near
            WHERE km <= $4",
    },
    Form {
        name: "box in SP-GiST and words in GIN, ST_DistanceSphere",
        found: "SELECT * FROM (
            SELECT *, ST_DistanceSphere(point, ST_SetSRID(ST_Point($2, $3), 4326)) / 1000 AS km
            FROM service_place WHERE words @@ $1 AND point && ST_MakeEnvelope($5, $6, $7, $8, 4326)) AS near
            WHERE km <= $4",
    },
    Form {
        name: "geography: ST_DWithin, nearest first by GiST where the planner likes",
        found: "SELECT *, on_sphere <-> ST_SetSRID(ST_Point($2, $3), 4326)::geography AS m,
                ST_Distance(on_sphere, ST_SetSRID(ST_Point($2, $3), 4326)::geography, false) / 1000 AS km
            FROM service_place WHERE words @@ $1 AND $5::float8 <= $7::float8 AND $6::float8 <= $8::float8
                AND ST_DWithin(on_sphere, ST_SetSRID(ST_Point($2, $3), 4326)::geography, $4::float8 * 1000, false)",
    },
];

impl Form {
    fn sql(&self, by_distance: bool) -> String {
        let (rank, order, first) = match by_distance {
            true if self.found.contains("<->") => ("0", "km, id", "m, id"),
            true => ("0", "km, id", "km, id"),
            false => ("ts_rank(words, $1)", "rank DESC, km, id", "rank DESC, km, id"),
        };
        format!(
            "SELECT id, name, organization_id, organization_name, categories, place_id, lat, lon, km FROM (
                SELECT DISTINCT ON (id) * FROM (
                    SELECT *, {rank} AS rank FROM ({}) AS found ORDER BY {first} LIMIT 40) AS best
                ORDER BY id, km) AS services
            ORDER BY {order} LIMIT 20",
            self.found
        )
    }

    fn count_sql(&self) -> String {
        format!("SELECT count(DISTINCT id) FROM ({}) AS found", self.found)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Built {
    version: u32,
    pub seconds: f64,
    pub disk_mb: u64,
}

pub struct Server {
    port: u16,
    dir: PathBuf,
    pub built: Built,
    _program: Program,
}

impl Server {
    /// `None` where PostgreSQL or PostGIS is not installed.
    pub fn start(dir: &Path, store: &Store) -> Option<Self> {
        let Some(bin) = find_binaries() else {
            println!("PostgreSQL is not installed: its row is left out");
            return None;
        };
        let dir = dir.join("postgres");
        std::fs::create_dir_all(&dir).expect("a directory");
        if is_root() {
            let given = Command::new("chown").arg("postgres").arg(&dir).status();
            assert!(given.is_ok_and(|status| status.success()), "the directory is given to the user postgres");
        }
        let data = dir.join("data");
        if !data.join("PG_VERSION").exists() {
            let mut initdb = command(&bin.join("initdb"), true);
            initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=relais", "-D"]);
            let output = initdb.arg(&data).current_dir("/").output().expect("initdb runs");
            assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        }
        let port = free_port();
        let mut words = vec!["-D".to_owned(), data.display().to_string(), "-p".to_owned(), port.to_string()];
        words.extend(settings().into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        let program = Program::start(&bin.join("postgres"), &words, &data.with_extension("log"), true);
        let mut server = Self { port, dir, built: Built::default(), _program: program };
        let started = Instant::now();
        while Connection::postgres(port, "postgres").is_err() {
            assert!(started.elapsed() < Duration::from_secs(START_S_MAX), "see {}.log", data.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        server.built = server.load(store)?;
        Some(server)
    }

    fn connect(&self) -> Connection {
        Connection::postgres(self.port, "bench").expect("PostgreSQL answers")
    }

    /// Loads the directory unless it is there; `None` without PostGIS.
    fn load(&self, store: &Store) -> Option<Built> {
        let kept_file = self.dir.with_file_name("postgres-built.json");
        let kept = std::fs::read(&kept_file).ok().and_then(|bytes| serde_json::from_slice::<Built>(&bytes).ok());
        if let Some(kept) = kept.filter(|kept| kept.version == LOADED_VERSION) {
            return Some(kept);
        }
        let mut control = Connection::postgres(self.port, "postgres").expect("PostgreSQL answers");
        control.run("DROP DATABASE IF EXISTS bench").expect("the database goes");
        control.run("CREATE DATABASE bench").expect("a database");
        let mut session = self.connect();
        if let Err(why) = session.run(DICTIONARIES) {
            println!("PostGIS is not installed: the row of PostgreSQL is left out ({why})");
            return None;
        }
        self.copy(store);
        let started = Instant::now();
        session.run("SET maintenance_work_mem = '1GB'").expect("a setting");
        for statement in TABLES.split_inclusive(';') {
            session.run(statement).expect("the tables are made");
        }
        session.run("SELECT pg_total_relation_size('service_place')").expect("a size");
        let bytes: u64 = session.postgres_rows()[0][0].parse().expect("bytes");
        session.run("CHECKPOINT").expect("a checkpoint");
        let seconds = started.elapsed().as_secs_f64();
        let built = Built { version: LOADED_VERSION, seconds, disk_mb: bytes / 1_000_000 };
        std::fs::write(kept_file, serde_json::to_vec(&built).expect("JSON")).expect("a file");
        Some(built)
    }

    /// The stems of words, in French and in English.
    fn stems(&self, words: &BTreeSet<&str>) -> HashMap<String, [String; 2]> {
        let list: Vec<&str> = words.iter().copied().collect();
        let mut session = self.connect();
        let sql = "SELECT word, (ts_lexize('stem_fr', word))[1], (ts_lexize('stem_en', word))[1] FROM unnest(";
        session.run(&format!("{sql}'{{{}}}'::text[]) word", list.join(","))).expect("the stems");
        let rows = session.postgres_rows();
        rows.into_iter().map(|row| (row[0].clone(), [row[1].clone(), row[2].clone()])).collect()
    }

    /// The parameters of each query.
    fn parameters(&self, queries: &[Query]) -> Vec<Vec<String>> {
        let words = queries.iter().flat_map(|query| query.words.iter().map(String::as_str)).collect();
        let stems = self.stems(&words);
        queries.iter().map(|query| parameters_of(query, &stems)).collect()
    }

    /// How many services each query has, and its rows: ids with their distances in kilometres, in order.
    pub fn answers(&self, queries: &[Query]) -> Vec<Answer> {
        let parameters = self.parameters(queries);
        let mut session = self.connect();
        session.ask(&postgres_prepare("distance", &FORMS[1].sql(true))).expect("a statement");
        session.ask(&postgres_prepare("relevance", &FORMS[1].sql(false))).expect("a statement");
        session.ask(&postgres_prepare("count", &FORMS[1].count_sql())).expect("a statement");
        let answer = |(values, query): (&Vec<String>, &Query)| {
            session.ask(&execute(if query.by_distance { "distance" } else { "relevance" }, values)).expect("an answer");
            let row = |row: Vec<String>| (row[0].clone(), row[8].parse().unwrap_or(f64::NAN));
            let rows = session.postgres_rows().into_iter().map(row).collect();
            session.ask(&execute("count", values)).expect("an answer");
            Answer { rows, total: session.postgres_rows()[0][0].parse().ok() }
        };
        parameters.iter().zip(queries).map(answer).collect()
    }

    /// The peer that asks each order in the form that took least time for a share of the queries.
    pub fn peer(&self, queries: &[Query]) -> (Peer, Vec<String>) {
        let parameters = self.parameters(queries);
        let mut said = vec![];
        // A session has one way to plan, and the forms of both orders.
        let mut best: Option<(f64, &str, [usize; 2])> = None;
        let times = [false, true].map(|order| self.times_of_forms(&parameters, queries, order));
        for (at, plans) in PLANS.iter().enumerate() {
            let fastest = [0, 1].map(|order| {
                let ms = |form: &usize| times[order][*form][at];
                (0..FORMS.len()).min_by(|one, other| ms(one).total_cmp(&ms(other))).unwrap_or(0)
            });
            for (order, what) in ["relevance", "distance"].into_iter().enumerate() {
                for (form, ms) in FORMS.iter().zip(&times[order]) {
                    said.push(format!("by {what}, {}, plans {plans}: {:.2} ms", form.name, ms[at]));
                }
            }
            let by_distance = queries.iter().filter(|query| query.by_distance).count() as f64;
            let [relevance_ms, distance_ms] = [0, 1].map(|order| times[order][fastest[order]][at]);
            let total = relevance_ms * (queries.len() as f64 - by_distance) + distance_ms * by_distance;
            if best.is_none_or(|(least, ..)| total < least) {
                best = Some((total, plans, fastest));
            }
        }
        let (_, plans, [relevance, distance]) = best.unwrap_or((0.0, "auto", [0, 0]));
        said.push(format!(
            "by relevance: {}; by distance: {}; plans {plans}",
            FORMS[relevance].name, FORMS[distance].name
        ));
        let port = self.port;
        let connect = move || {
            let mut session = Connection::postgres(port, "bench").expect("PostgreSQL answers");
            session.run(&format!("SET plan_cache_mode = {plans}")).expect("a setting");
            session.ask(&postgres_prepare("relevance", &FORMS[relevance].sql(false))).expect("a statement");
            session.ask(&postgres_prepare("distance", &FORMS[distance].sql(true))).expect("a statement");
            session
        };
        let requests = Arc::new(self.requests(queries));
        (Peer { name: "PostgreSQL".to_owned(), connect: Box::new(connect), requests }, said)
    }

    pub fn requests(&self, queries: &[Query]) -> Vec<Vec<u8>> {
        let request = |(values, query): (Vec<String>, &Query)| {
            execute(if query.by_distance { "distance" } else { "relevance" }, &values)
        };
        self.parameters(queries).into_iter().zip(queries).map(request).collect()
    }

    /// Milliseconds of each form, with each way to plan: the least of some rounds.
    fn times_of_forms(&self, parameters: &[Vec<String>], queries: &[Query], by_distance: bool) -> Vec<[f64; 2]> {
        let mine = parameters.iter().zip(queries).filter(|(_, query)| query.by_distance == by_distance);
        let sample: Vec<&Vec<String>> = mine.map(|(values, _)| values).take(SAMPLE).collect();
        let mut times = vec![[f64::INFINITY; 2]; FORMS.len()];
        for _ in 0..ROUNDS {
            for (form, times) in FORMS.iter().zip(&mut times) {
                for (ms, plans) in times.iter_mut().zip(PLANS) {
                    *ms = ms.min(self.try_form(form, by_distance, plans, &sample));
                }
            }
        }
        times
    }

    /// Milliseconds that a request of the sample takes on average.
    fn try_form(&self, form: &Form, by_distance: bool, plans: &str, sample: &[&Vec<String>]) -> f64 {
        let mut session = self.connect();
        session.run(&format!("SET plan_cache_mode = {plans}")).expect("a setting");
        session.ask(&postgres_prepare("form", &form.sql(by_distance))).expect("a statement");
        let requests: Vec<Vec<u8>> = sample.iter().map(|values| execute("form", values)).collect();
        let started = Instant::now();
        requests.iter().for_each(|request| session.ask(request).expect("an answer"));
        started.elapsed().as_secs_f64() * 1e3 / requests.len() as f64
    }

    fn copy(&self, store: &Store) {
        let (mut of_services, mut of_places) = (self.connect(), self.connect());
        let mut places: Vec<String> = vec![];
        let mut n = 0;
        let copied = of_services.copy_in("COPY read_service FROM STDIN", |send| {
            each_service(store, |row| {
                n += 1;
                send(service_line(n, &row).as_bytes());
                let place = |(id, at): &(relais::id::Id, relais::domain::directory::Point)| {
                    format!("{n}\t{id}\t{:?}\t{:?}\n", at.lon, at.lat)
                };
                places.extend(row.places.iter().map(place));
            });
        });
        copied.expect("the services are taken");
        let copied = of_places.copy_in("COPY read_place FROM STDIN", |send| {
            places.iter().for_each(|line| send(line.as_bytes()));
        });
        copied.expect("the places are taken");
    }
}

/// What a peer answers to a query: services with their distances in kilometres, and how many there are in all where it
/// says so.
pub struct Answer {
    pub rows: Vec<(String, f64)>,
    pub total: Option<u64>,
}

fn parameters_of(query: &Query, stems: &HashMap<String, [String; 2]>) -> Vec<String> {
    let quoted = |word: &String| match stems.get(word) {
        Some([fr, en]) if fr == en => format!("'{fr}'"),
        Some([fr, en]) => format!("('{fr}' | '{en}')"),
        None => format!("'{word}'"),
    };
    let mut words: Vec<String> = query.words.iter().map(quoted).collect();
    words.extend(query.category.iter().map(|code| format!("'code:{code}'")));
    let mut values = vec![words.join(" & ")];
    values.extend([query.lon, query.lat, query.radius_km].map(|number| number.to_string()));
    values.extend(query.bounds().map(|number| number.to_string()));
    values
}

fn execute(name: &str, values: &[String]) -> Vec<u8> {
    postgres_execute(name, &values.iter().map(String::as_str).collect::<Vec<_>>())
}

fn service_line(n: usize, row: &Row) -> String {
    let list = |words: &[String]| format!("{{{}}}", words.join(","));
    let (categories, codes) = (list(&row.categories), list(&row.codes));
    let (id, organization) = (row.id.to_string(), row.organization_id.to_string());
    let mut cells = vec![id, row.name.clone(), organization, row.organization_name.clone(), categories, codes];
    for part in 0..PARTS {
        cells.extend(row.texts[part].iter().cloned());
    }
    let escaped = |cell: String| cell.replace('\\', "\\\\").replace(['\t', '\n'], " ");
    format!("{n}\t{}\n", cells.into_iter().map(escaped).collect::<Vec<_>>().join("\t"))
}

fn settings() -> Vec<String> {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(4_000_000) / 1024;
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=40".to_owned(),
        format!("shared_buffers={}MB", (total / 4).min(6_000)),
        format!("effective_cache_size={}MB", total * 3 / 4),
        "work_mem=64MB".to_owned(),
        "random_page_cost=1.1".to_owned(),
        "effective_io_concurrency=200".to_owned(),
        "jit=off".to_owned(),
        "max_parallel_workers_per_gather=0".to_owned(),
        "max_wal_size=8GB".to_owned(),
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "autovacuum=off".to_owned(),
    ];
    settings.into()
}

fn find_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut candidates: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    candidates.sort();
    candidates.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    candidates.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
}
