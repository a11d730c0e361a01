//! An import beside the bare writing of the same rows into the same tables, in one run: on SQLite by prepared
//! statements in transactions of 1,000 services with the same fsync, on PostgreSQL by COPY; and the index's catching up
//! beside a bare tantivy index of the same documents. `make bench` prints rates, ratios and peak memory; nothing here
//! asserts.
//!
//! `BENCH_SERVICES` (default 100,000) sizes the file; `BENCH_PARTS=postgres` leaves SQLite and the index out;
//! `BENCH_POSTGRES` names a server to measure instead of a throw-away one, which runs without fsync for both.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use relais::actions::imports::{Format, import};
use relais::actions::{Deps, index};
use relais::clock::Clock;
use relais::config::Config;
use relais::domain::directory::{Location, Organization, ServiceAggregate};
use relais::domain::language::Lang;
use relais::exchange::hsds::{self, Context, Eyes};
use relais::id::{Id, Ids};
use relais::sample::directory::draw;
use serde_json::Value;

#[path = "../tests/postgres.rs"]
#[allow(dead_code)] // the tests copy a template; a bench starts empty
mod postgres;

const SERVICES_PER_TRANSACTION: usize = 1_000;
const CHILD: &str = "BENCH_IMPORT_CHILD";

fn main() {
    let arguments: Vec<String> =
        std::env::var(CHILD).map(|text| text.split('\n').map(str::to_owned).collect()).unwrap_or_default();
    if let [what, dir, url, file] = arguments.as_slice() {
        return child(what, Path::new(dir), url, Path::new(file));
    }
    let size: usize = std::env::var("BENCH_SERVICES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("services.ndjson");
    let bytes = write_file(&file, size);
    println!("import: {size} services, {} MB of HSDS as NDJSON", bytes / 1_000_000);
    if std::env::var("BENCH_PARTS").is_ok_and(|parts| parts == "postgres") {
        return measure_postgres(dir.path(), &file, size);
    }
    let database = dir.path().join("relais.db");
    let sqlite = format!("sqlite:{}", database.display());
    let spent = run_child("import", dir.path(), &sqlite, &file);
    let bare = sqlite_baseline(&database, &dir.path().join("bare.db"), size);
    say("SQLite: store", size, spent, bare);
    let indexed = run_child("index", dir.path(), &sqlite, &file);
    let bare_index = bare_tantivy(&file, &dir.path().join("bare-index"));
    say("index catch-up beside bare tantivy", size, indexed, bare_index);
    say("SQLite: store and index", size, spent + indexed, bare + bare_index);
    measure_postgres(dir.path(), &file, size);
}

fn measure_postgres(dir: &Path, file: &Path, size: usize) {
    let given = std::env::var("BENCH_POSTGRES").ok();
    if let Some(url) = given.or_else(postgres::empty_database) {
        let spent = run_child("import", &dir.join("pg"), &url, file);
        let bare = postgres_baseline(&url);
        say("PostgreSQL: store", size, spent, bare);
    }
}

fn say(what: &str, services: usize, spent: f64, bare: f64) {
    let rate = |seconds: f64| services as f64 / seconds;
    println!("{what}: {:.0}/s, bare {:.0}/s, ratio {:.2}", rate(spent), rate(bare), bare / spent);
}

// ---- the file

fn write_file(path: &Path, size: usize) -> u64 {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
    let drawn = draw(size, 50, day, &mut rng, Clock::system().now()).directory;
    let organizations: HashMap<Id, &Organization> = drawn.organizations.iter().map(|one| (one.id, one)).collect();
    let places: HashMap<Id, &Location> = drawn.locations.iter().map(|one| (one.id, one)).collect();
    let context = Context { eyes: Eyes::Program, territory: &|_| None, category: &|_| None };
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file"));
    for service in drawn.services.iter().take(size) {
        let locations = service.at_locations.iter().filter_map(|link| places.get(&link.location_id));
        let aggregate = ServiceAggregate {
            service: service.clone(),
            organization: organizations[&service.organization_id].clone(),
            locations: locations.map(|place| (*place).clone()).collect(),
        };
        writeln!(file, "{}", hsds::service(&aggregate, &[], context)).expect("a line");
    }
    file.flush().expect("the file is written");
    std::fs::metadata(path).expect("the file is there").len()
}

// ---- relais, in a process of its own so that its memory is its own

fn run_child(what: &str, dir: &Path, url: &str, file: &Path) -> f64 {
    let this = std::env::current_exe().expect("this program");
    let arguments = [what, dir.to_str().expect("a path"), url, file.to_str().expect("a path")].join("\n");
    let output = Command::new(this)
        .env_remove("BENCH_SERVICES")
        .env_remove("BENCH_POSTGRES")
        .env(CHILD, arguments)
        .output()
        .expect("the child runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (seconds, said) = text.trim().split_once(' ').expect("seconds and words");
    println!("  relais {what}: {seconds} s, {said}");
    seconds.parse().expect("seconds")
}

fn child(what: &str, dir: &Path, url: &str, file: &Path) {
    let mut config = Config::load(None).expect("the defaults load");
    config.data_dir = dir.to_owned();
    config.database_url = Some(url.to_owned());
    config.log.filter = "warn".to_owned();
    let deps = Deps::open(config, Clock::system(), Ids::random()).expect("the data open");
    deps.prepare().expect("the data are prepared");
    let started = Instant::now();
    let said = if what == "import" {
        let format = Format::Hsds { source: "bench".to_owned(), language: Lang::Fr };
        let report = import(&deps, file, &format, false, &|_, _| {}).expect("the file is taken");
        format!("{} taken, {} refused", report.taken, report.refused_count)
    } else {
        deps.prepare_index().expect("the index opens");
        let index = deps.index().expect("the index is open");
        index::catch_up(&deps.store, index).expect("the index catches up");
        format!("{} documents", index.documents())
    };
    println!("{:.2} {said}, peak {} MB", started.elapsed().as_secs_f64(), peak_mb());
}

/// `VmHWM`: the most that was ever resident.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

// ---- bare SQLite

/// A table whose every column is text: SQLite turns what is a number back into one.
macro_rules! bare_tables {
    ($($name:ident ($key:ident): $($column:ident)*;)*) => {
        $(mod $name {
            use diesel::prelude::*;
            diesel::table! {
                $name ($key) { $($column -> diesel::sql_types::Nullable<diesel::sql_types::Text>,)* }
            }
            #[derive(Queryable, Insertable)]
            #[diesel(table_name = $name, treat_none_as_default_value = false)]
            pub struct Row { $(pub $column: Option<String>,)* }
            pub fn read(conn: &mut SqliteConnection) -> Vec<Row> {
                let order = diesel::dsl::sql::<diesel::sql_types::Text>("1");
                $name::table.order(order).load(conn).expect("the rows are read")
            }
            pub const COLUMNS: &[&str] = &[$(stringify!($column)),*];
            pub fn copy(conn: &mut PgConnection, lines: &[Vec<u8>]) {
                let write = |copy: &mut dyn std::io::Write| {
                    for line in lines {
                        copy.write_all(line).and_then(|()| copy.write_all(b"\n")).map_err(super::broken)?;
                    }
                    diesel::QueryResult::Ok(())
                };
                let copied = diesel::copy_from($name::table).from_raw_data($name::table, write).execute(conn);
                copied.expect("the lines are taken");
            }
            pub fn write<'a>(conn: &mut SqliteConnection, rows: impl IntoIterator<Item = &'a Row>) {
                for row in rows {
                    diesel::insert_into($name::table).values(row).execute(conn).expect("the row is written");
                }
            }
        })*
    };
}

bare_tables! {
    organization (id): id network_id name_fr name_en folded_name enrolled_on source source_key content_hash document
        version created_at updated_at;
    location (id): id organization_id name_fr name_en latitude longitude placement visibility region_id mrc_id
        municipality_id borough_id source source_key content_hash document version created_at updated_at;
    service (id): id organization_id status name_fr name_en folded_name source source_key content_hash verified_at
        places_available waiting_list_length wait_days capacity_observed_at document version created_at updated_at
        review_months review_due_at remind_at content_score capacity_words;
    service_category (service_id): service_id code position;
    service_territory (service_id): service_id territory_id position;
    service_at_location (id): id service_id location_id position document;
    capacity (number): number service_id places_available waiting_list_length wait_days observed_at source;
    source_record (source): source subject source_key record_id content_hash said_at missing_since;
    changes (n): n subject subject_id at;
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> &Option<String>) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row).clone().unwrap_or_default()).or_default().push(row);
    }
    groups
}

fn sqlite_baseline(from: &Path, to: &Path, size: usize) -> f64 {
    // The same schema and territories, without the rows: a copy that is emptied, and packed anew.
    let mut source = SqliteConnection::establish(from.to_str().expect("a path")).expect("the database opens");
    source.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    std::fs::copy(from, to).expect("a copy");
    let mut bare = SqliteConnection::establish(to.to_str().expect("a path")).expect("the copy opens");
    bare.batch_execute(
        "PRAGMA foreign_keys = OFF; DELETE FROM capacity; DELETE FROM service_at_location; \
         DELETE FROM service_territory; DELETE FROM service_category; DELETE FROM service; DELETE FROM location; \
         DELETE FROM organization; DELETE FROM changes; DELETE FROM source_record; VACUUM; \
         PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;",
    )
    .expect("the copy is emptied");
    let services = service::read(&mut source);
    let links = grouped(service_at_location::read(&mut source), |row| &row.service_id);
    let categories = grouped(service_category::read(&mut source), |row| &row.service_id);
    let territories = grouped(service_territory::read(&mut source), |row| &row.service_id);
    let capacities = grouped(capacity::read(&mut source), |row| &row.service_id);
    let records = grouped(source_record::read(&mut source), |row| &row.record_id);
    let mut organizations = grouped(organization::read(&mut source), |row| &row.id);
    let mut locations = grouped(location::read(&mut source), |row| &row.id);
    let log = changes::read(&mut source);
    let mut log = log.chunks(log.len().div_ceil(size.div_ceil(SERVICES_PER_TRANSACTION)).max(1));
    let started = Instant::now();
    let id_of = |row: &service::Row| row.id.clone().unwrap_or_default();
    for batch in services.chunks(SERVICES_PER_TRANSACTION) {
        bare.batch_execute("BEGIN IMMEDIATE").expect("a transaction");
        for one in batch {
            let organization = organizations.remove(one.organization_id.as_deref().unwrap_or_default());
            let organization = organization.unwrap_or_default();
            organization::write(&mut bare, &organization);
            for row in &organization {
                let id = row.id.as_deref().unwrap_or_default();
                source_record::write(&mut bare, records.get(id).into_iter().flatten());
            }
            for link in links.get(&id_of(one)).into_iter().flatten() {
                let place = locations.remove(link.location_id.as_deref().unwrap_or_default());
                location::write(&mut bare, place.iter().flatten());
            }
        }
        service::write(&mut bare, batch);
        for id in batch.iter().map(id_of) {
            service_category::write(&mut bare, categories.get(&id).into_iter().flatten());
            service_territory::write(&mut bare, territories.get(&id).into_iter().flatten());
            service_at_location::write(&mut bare, links.get(&id).into_iter().flatten());
            capacity::write(&mut bare, capacities.get(&id).into_iter().flatten());
            source_record::write(&mut bare, records.get(&id).into_iter().flatten());
        }
        changes::write(&mut bare, log.next().into_iter().flatten());
        bare.batch_execute("COMMIT").expect("a commit");
    }
    started.elapsed().as_secs_f64()
}

// ---- bare PostgreSQL

type Copy = fn(&mut PgConnection, &[Vec<u8>]);

/// Organisations and places first: a service may name one of any line.
const TABLES: [(&str, &[&str], Copy); 9] = [
    ("organization", organization::COLUMNS, organization::copy),
    ("location", location::COLUMNS, location::copy),
    ("service", service::COLUMNS, service::copy),
    ("service_category", service_category::COLUMNS, service_category::copy),
    ("service_territory", service_territory::COLUMNS, service_territory::copy),
    ("service_at_location", service_at_location::COLUMNS, service_at_location::copy),
    ("capacity", capacity::COLUMNS, capacity::copy),
    ("source_record", source_record::COLUMNS, source_record::copy),
    ("changes", changes::COLUMNS, changes::copy),
];

/// Copies each table out and, once all are emptied, in again, in as many transactions as the import had.
fn postgres_baseline(url: &str) -> f64 {
    let mut conn = PgConnection::establish(url).expect("PostgreSQL answers");
    let mut lines: Vec<Vec<Vec<u8>>> = Vec::new();
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (table, columns, _) in TABLES {
        let path = dir.path().join(table);
        let output = Command::new("psql")
            .args([url, "-qAt", "-c", &format!("\\copy {table} ({}) TO '{}'", columns.join(", "), path.display())])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let reader = BufReader::new(std::fs::File::open(&path).expect("the copy is there"));
        lines.push(reader.split(b'\n').map(|line| line.expect("a line")).collect());
    }
    let services = lines[2].len();
    let transactions = services.div_ceil(SERVICES_PER_TRANSACTION * TABLES.len()).max(1);
    conn.batch_execute(
        "TRUNCATE organization, location, service, service_category, service_territory, service_at_location, capacity, \
         source_record, changes CASCADE",
    )
    .expect("the tables are emptied");
    let started = Instant::now();
    for (position, (_, _, copy)) in TABLES.iter().enumerate() {
        let chunk = lines[position].len().div_ceil(transactions).max(1);
        for part in lines[position].chunks(chunk) {
            conn.batch_execute("BEGIN").expect("a transaction");
            copy(&mut conn, part);
            conn.batch_execute("COMMIT").expect("a commit");
        }
    }
    started.elapsed().as_secs_f64()
}

fn broken(error: std::io::Error) -> diesel::result::Error {
    diesel::result::Error::SerializationError(Box::new(error))
}

// ---- bare tantivy

fn bare_tantivy(file: &Path, dir: &Path) -> f64 {
    use tantivy::schema::{FAST, INDEXED, STORED, STRING, Schema, TEXT};
    std::fs::create_dir(dir).expect("a directory");
    let mut schema = Schema::builder();
    let id = schema.add_text_field("id", STRING | STORED);
    let text = ["name", "name_en", "description", "description_en", "organization", "eligibility"]
        .map(|name| (name, schema.add_text_field(name, TEXT)));
    let category = schema.add_text_field("category", STRING);
    let (lat, lon) = (schema.add_f64_field("lat", FAST | INDEXED), schema.add_f64_field("lon", FAST | INDEXED));
    let lines = BufReader::new(std::fs::File::open(file).expect("the file opens")).lines();
    let pointers = [
        "/name",
        "/translations/en/name",
        "/description",
        "/translations/en/description",
        "/organization/name",
        "/eligibility_description",
    ];
    let documents: Vec<tantivy::TantivyDocument> = lines
        .map(|line| {
            let value: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
            let mut document = tantivy::TantivyDocument::default();
            document.add_text(id, value["id"].as_str().unwrap_or_default());
            for ((_, field), pointer) in text.iter().zip(pointers) {
                document.add_text(*field, value.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
            }
            for code in value["categories"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                document.add_text(category, code);
            }
            if let Some(place) = value.pointer("/service_at_locations/0/location") {
                document.add_f64(lat, place["latitude"].as_f64().unwrap_or_default());
                document.add_f64(lon, place["longitude"].as_f64().unwrap_or_default());
            }
            document
        })
        .collect();
    let index = tantivy::Index::create_in_dir(dir, schema.build()).expect("an index");
    let started = Instant::now();
    let mut writer = index.writer_with_num_threads(2, 100_000_000).expect("a writer");
    for document in documents {
        writer.add_document(document).expect("a document");
    }
    writer.commit().expect("a commit");
    started.elapsed().as_secs_f64()
}
