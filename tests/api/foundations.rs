//! Health, errors and languages: what every route shares.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::app::{TestApp, both};

both!(the_service_says_that_it_lives_is_ready_and_how_it_does, |app| {
    app.anonymous().get("/livez").expect(200);
    app.anonymous().get("/readyz").expect(200);
    assert!(app.anonymous().get("/openapi.yaml").expect(200).text.starts_with("openapi: 3.1"));
    let metrics = app.anonymous().get("/metrics").expect(200);
    assert!(metrics.text.contains(r#"relais_http_requests_total{method="GET",route="/livez",status="200"}"#));
});

both!(an_unknown_path_and_a_wrong_method_are_problems_in_both_languages, |app| {
    let french = app.anonymous().get("/api/v1/nothing-here").expect_problem(404, "not_found");
    assert_eq!(french.json["title"], "Introuvable.");
    let english = app.anonymous().in_english().get("/api/v1/nothing-here").expect_problem(404, "not_found");
    assert_eq!(english.json["title"], "Not found.");
    assert_eq!(english.header("content-language"), Some("en"));
    assert_eq!(english.header("x-request-id"), english.json["request_id"].as_str());
    let wrong = app.anonymous().send("DELETE", "/api/v1/me", None).expect_problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("GET, HEAD"));
});

/// What the server says to a request as it goes over the wire: any method, and whatever follows the headers.
fn said_to(app: &TestApp, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(app.address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: relais.example\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    String::from_utf8(said).unwrap()
}

both!(head_is_answered_wherever_get_is_without_a_body, |app| {
    for (path, status) in [("/livez", 200), ("/api/v1/services", 200), ("/api/v1/me", 401), ("/api/v1/nothing", 404)] {
        let (head, get) = (said_to(app, "HEAD", path), said_to(app, "GET", path));
        let status = format!("HTTP/1.1 {status} ");
        assert!(head.starts_with(&status) && get.starts_with(&status), "{path}: {head} {get}");
        assert!(head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1, "{path} has a body: {head}");
        assert!(!get.ends_with("\r\n\r\n"), "{path}");
        let names = |said: &str| -> Vec<String> {
            let lines = said.split("\r\n\r\n").next().unwrap().lines().skip(1);
            let mut names: Vec<String> = lines.map(|line| line.split(':').next().unwrap().to_lowercase()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&head), names(&get), "{path}");
    }
    let write_only = said_to(app, "HEAD", "/api/v1/auth/token");
    assert!(write_only.starts_with("HTTP/1.1 405 ") && write_only.contains("allow: POST\r\n"), "{write_only}");
});

both!(an_invented_method_leaves_no_trace_of_its_own, |app| {
    for method in ["BREW", "GETT", "get", "X-0001"] {
        assert!(said_to(app, method, "/livez").starts_with("HTTP/1.1 405 "), "{method}");
    }
    let metrics = app.anonymous().get("/metrics").expect(200).text;
    assert!(metrics.contains(r#"relais_http_requests_total{method="other",route="/livez",status="405"}"#), "{metrics}");
    for invented in ["BREW", "GETT", r#""get""#, "X-0001"] {
        assert!(!metrics.contains(invented), "{invented}");
    }
});

#[test]
fn a_busy_database_answers_503_with_retry_after() {
    let app = super::app::TestApp::start_with(relais::store::Backend::Sqlite, |config| {
        config.limits.database_connections_max = 1;
        config.limits.database_connection_wait_ms = 50;
    })
    .expect("SQLite is built in");
    let worker = app.worker();
    let (held, release) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let held_open = app.deps.store.read(|_| {
                held.wait();
                release.wait();
                Ok::<_, relais::store::Error>(())
            });
            held_open.expect("the connection is given back");
        });
        held.wait();
        let reply = worker.get("/api/v1/me").expect_problem(503, "busy");
        assert_eq!(reply.header("retry-after"), Some("2"));
        release.wait();
    });
    worker.get("/api/v1/me").expect(200);
}
