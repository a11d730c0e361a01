//! The house keeps its own rules: what each room may import, which library lives where, how long things may be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const LINE_COLUMNS_MAX: usize = 120;
const FUNCTION_LINES_MAX: usize = 70;
const ROOMS: [&str; 12] =
    ["domain", "store", "search", "exchange", "seal", "text", "road", "actions", "sample", "api", "jobs", "cli"];

/// What a room may import, besides itself and the files at the root (clock, id, config, telemetry).
fn may_import(room: &str) -> &'static [&'static str] {
    match room {
        "domain" => &[],
        "store" => &["domain", "seal"],
        "search" | "exchange" | "seal" | "text" | "road" => &["domain"],
        "actions" => &["domain", "store", "search", "exchange", "seal", "text", "road"],
        "sample" => &["domain", "store", "search", "exchange", "seal", "text"],
        "api" | "jobs" => &["domain", "store", "search", "exchange", "seal", "text", "actions", "sample"],
        "cli" => &["domain", "store", "search", "exchange", "seal", "text", "actions", "sample", "api", "jobs"],
        "main.rs" => &["cli"],
        _ => &[],
    }
}

struct Source {
    path: PathBuf,
    room: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())).flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_under(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let first = path.strip_prefix(&src).expect("under src").components().next().expect("a name");
        let room = first.as_os_str().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a text");
        Source { room, text, path: path.strip_prefix(root()).expect("under the root").to_owned() }
    };
    files_under(&src, "rs").into_iter().map(read).collect()
}

/// The lines of a file that are neither comments nor its tests, with their numbers.
fn code(source: &Source) -> Vec<(usize, &str)> {
    let lines = source.text.lines().enumerate().map(|(n, line)| (n + 1, line));
    let is_tests = |line: &str| line.starts_with("#[cfg(test)]");
    let lines = lines.take_while(|(_, line)| !is_tests(line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

fn is_test_file(source: &Source) -> bool {
    let is_within = || source.path.parent().is_some_and(|folder| folder.ends_with("tests"));
    source.path.file_name().is_some_and(|name| name == "tests.rs") || is_within()
}

#[test]
fn imports_only_point_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.room != "lib.rs" && !is_test_file(source)) {
        for (n, line) in code(source) {
            for room in ROOMS {
                let named = line.contains(&format!("crate::{room}::")) || line.contains(&format!("relais::{room}::"));
                let named = named || line.contains(&format!("use crate::{room};"));
                if named && room != source.room && !may_import(&source.room).contains(&room) {
                    wrong.push(format!("{}:{n}: {} may not see {room}", source.path.display(), source.room));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_library_and_the_clock_live_in_one_room() {
    let homes: [(&str, &str); 9] = [
        ("diesel::", "store"),
        ("diesel_migrations::", "store"),
        ("tantivy::", "search"),
        ("actix_web::", "api"),
        ("aes_gcm::", "seal"),
        ("argon2::", "seal"),
        ("jsonwebtoken::", "seal"),
        ("Utc::now", "clock.rs"),
        ("SystemTime::now", "clock.rs"),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (n, line) in code(&source) {
            for (name, home) in homes {
                if line.contains(name) && source.room != home {
                    wrong.push(format!("{}:{n}: {name} belongs to {home}", source.path.display()));
                }
            }
            let makes_ids = ["now_v7", "new_v4", "from_custom_bytes"].iter().any(|name| line.contains(name));
            if makes_ids && source.room != "id.rs" {
                wrong.push(format!("{}:{n}: new ids are made in id.rs", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lines_and_functions_stay_short_and_nothing_unwraps() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (n, line) in source.text.lines().enumerate() {
            if line.chars().count() > LINE_COLUMNS_MAX {
                wrong.push(format!("{}:{}: over {LINE_COLUMNS_MAX} columns", source.path.display(), n + 1));
            }
        }
        if is_test_file(&source) {
            continue;
        }
        for (n, line) in code(&source) {
            let breaks = [".unwrap()", ".expect(\"", "panic!(", "todo!(", "unimplemented!("];
            if breaks.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{n}: may panic: {}", source.path.display(), line.trim()));
            }
        }
        wrong.extend(long_functions(&source));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn long_functions(source: &Source) -> Vec<String> {
    let mut long = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (n, line) in source.text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if let Some((start, its_indent, name)) = &open {
            if line.trim_end() == format!("{}}}", " ".repeat(*its_indent)) {
                let lines = n - start + 1;
                if lines > FUNCTION_LINES_MAX {
                    long.push(format!("{}:{}: {name}: {lines} lines", source.path.display(), start + 1));
                }
                open = None;
            }
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        let is_function =
            words.contains(&"fn") && !line.trim_start().starts_with("//") && !line.trim_end().ends_with('}');
        if is_function && !line.trim_end().ends_with(';') {
            open = Some((n, indent, line.trim().to_owned()));
        }
    }
    long
}

#[test]
fn personal_records_are_read_through_a_viewer() {
    let mut wrong = Vec::new();
    let personal = ["families.rs", "needs.rs", "consents.rs", "referrals.rs", "follow_ups.rs"];
    for source in sources().iter().filter(|source| source.room == "store") {
        if !personal.iter().any(|name| source.path.ends_with(name)) {
            continue;
        }
        let text = source.text.replace('\n', " ");
        for function in text.split("pub fn ").skip(1) {
            let name = function.split(['(', '<']).next().unwrap_or("");
            let signature = function.split('{').next().unwrap_or("");
            let reads = ["find", "get", "list", "count"].iter().any(|verb| name.starts_with(verb));
            if reads && !signature.contains("&Viewer") {
                wrong.push(format!("{}: {name} reads without a viewer", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_refusal_and_an_error_are_mapped_without_a_wildcard() {
    let problem = std::fs::read_to_string(root().join("src/api/problem.rs")).expect("problem.rs");
    for function in ["fn status_of(", "fn from(failure: Failure)", "fn from(error: store::Error)"] {
        let body = problem.split(function).nth(1).unwrap_or_else(|| panic!("{function} exists"));
        let body = body.split("\n}\n").next().expect("an end");
        assert!(!body.contains("_ =>"), "{function} names every case");
    }
}

#[test]
fn a_resource_has_the_same_file_in_every_room_and_a_migration_on_both_sides() {
    let names = |dir: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root().join(dir)).expect(dir).flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "mod.rs" && name != "keys").collect()
    };
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
    // Health says nothing of a resource; pages and published files are written, not parsed.
    let alone = ["profile.rs", "health.rs", "answers.rs"];
    let handlers: BTreeSet<String> = names("src/api/handlers");
    let wire = names("src/api/wire");
    let missing: Vec<&String> =
        handlers.iter().filter(|name| !alone.contains(&name.as_str()) && !wire.contains(*name)).collect();
    assert!(missing.is_empty(), "handlers without wire: {missing:?}");
}

#[test]
fn every_room_says_what_it_knows_and_the_page_of_the_house_names_it() {
    let page = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    for room in ROOMS {
        let text = std::fs::read_to_string(root().join("src").join(room).join("mod.rs")).expect(room);
        assert!(text.starts_with("//! "), "src/{room}/mod.rs begins by saying what it knows");
        assert!(page.contains(&format!("`{room}`")), "docs/ARCHITECTURE.md names `{room}`");
    }
}
