//! Sphinx 2.2: a plain index of stems, attributes in memory, SphinxQL over MySQL's protocol. It corrects no typing and
//! knows no synonyms; relais is asked for neither. It is under the GPL: only ever run, as a program of its own.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relais::store::Store;
use serde::{Deserialize, Serialize};

use crate::directory::{PARTS, Query, each_service};
use crate::measure::{Peer, mb_under};
use crate::program::{Program, free_port};
use crate::stems::Stems;
use crate::talk::{Connection, mysql_query};

const LOADED_VERSION: u32 = 1;
const START_S_MAX: u64 = 60;
/// The sphere of Sphinx is a little larger than ours.
const RADIUS_RATIO: f64 = 6_384_000.0 / 6_371_008.8;

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
    /// Indexes the directory unless that was done, and starts the server; `None` where Sphinx is not installed.
    pub fn start(dir: &Path, store: &Store) -> Option<Self> {
        if Command::new("searchd").arg("--help").output().is_err() {
            println!("Sphinx is not installed (Debian: sphinxsearch): its row is left out");
            return None;
        }
        let dir = dir.join("sphinx");
        std::fs::create_dir_all(&dir).expect("a directory");
        let port = free_port();
        let settings = dir.join("sphinx.conf");
        std::fs::write(&settings, settings_of(&dir, port)).expect("the settings are written");
        let kept_file = dir.join("built.json");
        let kept = std::fs::read(&kept_file).ok().and_then(|bytes| serde_json::from_slice::<Built>(&bytes).ok());
        let built = kept.filter(|kept| kept.version == LOADED_VERSION).unwrap_or_else(|| {
            let built = build(&dir, store, &settings);
            std::fs::write(kept_file, serde_json::to_vec(&built).expect("JSON")).expect("a file");
            built
        });
        let words = ["--nodetach", "--config", &settings.to_string_lossy()].map(str::to_owned);
        let program = Program::start(Path::new("searchd"), &words, &dir.join("searchd.out"), false);
        let started = Instant::now();
        while Connection::mysql(port).is_err() {
            assert!(started.elapsed() < Duration::from_secs(START_S_MAX), "see {}/searchd.out", dir.display());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { port, dir, built, _program: program })
    }

    pub fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.dir.join("searchd.pid")).ok()?.trim().parse().ok()
    }

    /// How many services each query has, of twenty.
    pub fn answers(&self, queries: &[Query]) -> Vec<usize> {
        let peer = self.peer(queries);
        let mut connection = (peer.connect)();
        let rows = |request: &Vec<u8>| {
            connection.ask(request).expect("an answer");
            connection.mysql_rows().into_iter().map(|row| row[0].clone()).collect::<HashSet<String>>().len().min(20)
        };
        peer.requests.iter().map(rows).collect()
    }

    pub fn peer(&self, queries: &[Query]) -> Peer {
        let (port, requests) = (self.port, requests(queries));
        let connect = move || Connection::mysql(port).expect("Sphinx answers");
        Peer { name: "Sphinx".to_owned(), connect: Box::new(connect), requests: Arc::new(requests) }
    }
}

pub fn requests(queries: &[Query]) -> Vec<Vec<u8>> {
    let mut stems = Stems::new();
    queries.iter().map(|query| mysql_query(&sql(query, &mut stems))).collect()
}

/// A document a place and service, so twice as many rows hold twenty services; the codes of categories are words.
fn sql(query: &Query, stems: &mut Stems) -> String {
    let mut words = String::new();
    for word in &query.words {
        let _ = write!(words, "({}) ", stems.both(word).join(" | "));
    }
    if let Some(code) = &query.category {
        words.push_str(&code_word(code));
    }
    let [west, south, east, north] = query.bounds();
    let order = if query.by_distance { "km ASC, n ASC" } else { "WEIGHT() DESC, km ASC, n ASC" };
    let ranker = if query.by_distance { "none" } else { "bm25, field_weights=(a=8, b=6, c=3, d=2)" };
    format!(
        "SELECT service_id, name, organization_id, organization_name, categories, place_id, lat, lon, \
         GEODIST(lat, lon, {}, {}, {{in=degrees, out=km, method=haversine}}) AS km FROM service_place \
         WHERE MATCH('{words}') AND lat BETWEEN {south:.6} AND {north:.6} AND lon BETWEEN {west:.6} AND {east:.6} \
         AND km <= {:.6} ORDER BY {order} LIMIT 40 OPTION max_matches=40, ranker={ranker}",
        query.lat,
        query.lon,
        query.radius_km * RADIUS_RATIO,
    )
}

/// One word that no text has.
fn code_word(code: &str) -> String {
    let letters: String = code.chars().map(|letter| if letter == '/' { 'q' } else { letter }).collect();
    format!("code{}", letters.replace('-', "z"))
}

fn build(dir: &Path, store: &Store, settings: &Path) -> Built {
    let lines = dir.join("services.tsv");
    write_lines(&lines, store);
    let started = Instant::now();
    let output = Command::new("indexer").arg("--config").arg(settings).arg("--all").output().expect("indexer runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let seconds = started.elapsed().as_secs_f64();
    std::fs::remove_file(lines).expect("the lines go");
    Built { version: LOADED_VERSION, seconds, disk_mb: mb_under(&dir.join("data")) }
}

fn write_lines(path: &Path, store: &Store) {
    let mut file = BufWriter::new(std::fs::File::create(path).expect("a file"));
    std::fs::create_dir_all(path.with_file_name("data")).expect("a directory");
    let mut stems = Stems::new();
    let (mut n, mut key) = (0, 0);
    each_service(store, |row| {
        n += 1;
        let mut texts: Vec<String> = (0..PARTS)
            .map(|part| format!("{}{}", stems.text(0, &row.texts[part][0]), stems.text(1, &row.texts[part][1])))
            .collect();
        texts.push(row.codes.iter().map(|code| code_word(code)).collect::<Vec<_>>().join(" "));
        let shown = [
            row.id.to_string(),
            row.name.clone(),
            row.organization_id.to_string(),
            row.organization_name.clone(),
            row.categories.join(","),
        ];
        for (place, at) in &row.places {
            key += 1;
            let cells = [texts.join("\t"), shown.join("\t")].join("\t");
            writeln!(file, "{key}\t{cells}\t{place}\t{n}\t{}\t{}", at.lat, at.lon).expect("a line");
        }
    });
    file.flush().expect("the lines are written");
}

fn settings_of(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    let fields: String = ["a", "b", "c", "d", "code"].map(|name| format!("tsvpipe_field = {name}\n")).concat();
    let texts = ["service_id", "name", "organization_id", "organization_name", "categories", "place_id"];
    let texts: String = texts.map(|name| format!("tsvpipe_attr_string = {name}\n")).concat();
    format!(
        "source service_place {{\ntype = tsvpipe\ntsvpipe_command = cat {dir}/services.tsv\n{fields}{texts}\
         tsvpipe_attr_uint = n\ntsvpipe_attr_float = lat\ntsvpipe_attr_float = lon\n}}\n\
         index service_place {{\nsource = service_place\npath = {dir}/data/service_place\nmin_word_len = 1\n\
         charset_table = 0..9, a..z, A..Z->a..z\nmlock = 0\n}}\n\
         indexer {{\nmem_limit = 1024M\n}}\n\
         searchd {{\nlisten = 127.0.0.1:{port}:mysql41\nlog = {dir}/searchd.log\npid_file = {dir}/searchd.pid\n\
         binlog_path =\nworkers = threads\nmax_children = 64\n}}\n"
    )
}
