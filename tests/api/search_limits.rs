//! What nobody means well by asking, one line each: what is only odd is answered, what is too much is refused with the
//! name of the limit and its figure, what makes no sense with its field and rule. Never a 500, never a silence.

use std::io::{Read, Write};

use serde_json::{Value, json};

use super::app::{TestApp, both};

const SEARCH: &str = "/api/v1/search";
const CURSOR_RULE: &str = "a cursor of an answer to the same question";

/// What is asked, and what is answered: a status, a code, a field and a rule.
type Case = (Value, (u16, &'static str, &'static str, &'static str));

/// A circle of so many corners.
fn ring(corners: usize) -> Value {
    let corner = |at: usize| {
        let angle = (at % (corners - 1)) as f64 / (corners - 1) as f64 * std::f64::consts::TAU;
        json!([-73.5 + angle.cos(), 45.5 + angle.sin()])
    };
    json!({"type": "Polygon", "coordinates": [(0..corners).map(corner).collect::<Vec<_>>()]})
}

fn documents() -> Vec<Case> {
    let bowtie = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]});
    let same = json!({"type": "Polygon", "coordinates": [vec![[0, 0]; 100_000]]});
    let found = (200, "", "", "");
    let text = |text: String| json!({"q": text});
    let far = |km: f64| json!({"near": "Longueuil", "radius_km": km});
    let words = (400, "over_limit", "q", "search_words_max = 100");
    let bytes = (400, "over_limit", "q", "search_text_bytes_max = 2048");
    vec![
        (text("a".repeat(10_240)), bytes),
        (text("é".repeat(1_025)), bytes),
        (text("é".repeat(1_024)), found),
        (text("a".repeat(2_048)), found),
        (text("mot ".repeat(1_000)), bytes),
        (text("a ".repeat(1_000)), words),
        (text("garderie ".repeat(101)), words),
        (text("garderie ".repeat(100)), found),
        (text("l'école ".repeat(100)), found),
        (text("le la les de des du et ou the and of".to_owned()), found),
        (text("\"la garderie".to_owned()), found),
        (text("garderie* ?arderie ga~2 *".to_owned()), found),
        (text("/gard(er)+ie.*/ ^$ [a-z]{1000000}".to_owned()), found),
        (text("name:garderie AND (NOT cpe".to_owned()), found),
        (json!({"q": "\0"}), (422, "invalid_value", "q", "no control or bidirectional-override character")),
        (json!({"near": "Laval\n"}), (422, "invalid_value", "near", "no control or bidirectional-override character")),
        (json!({"q": null}), (400, "wrong_type", "q", "string")),
        (json!({"near": null}), (400, "wrong_type", "near", "string")),
        (json!({"lat": null, "lon": null}), (400, "wrong_type", "lat", "number")),
        (json!({"polygon": null}), (400, "wrong_type", "polygon", "object")),
        (json!({"polygon": ["Polygon", [[]]]}), (400, "wrong_type", "polygon", "object")),
        (far(20_000.0), (422, "out_of_range", "radius_km", "> 0, <= 2000")),
        (far(2_000.0), found),
        (far(0.0), (422, "out_of_range", "radius_km", "> 0, <= 2000")),
        (json!({"polygon": bowtie}), (422, "invalid_value", "polygon", "edges do not cross")),
        (json!({"polygon": ring(1_000)}), found),
        (json!({"polygon": ring(1_001)}), (400, "over_limit", "polygon", "search_corners_max = 1000")),
        (json!({"polygon": same}), (400, "over_limit", "polygon", "search_corners_max = 1000")),
        (json!({"polygon": ring(100_000)}), (413, "payload_too_large", "body", "request_body_bytes_max = 1048576")),
        (json!({"category": "yachts"}), (422, "unknown_category", "category", FIELDS)),
        (json!({"category": "x".repeat(10_240)}), (422, "unknown_category", "category", FIELDS)),
        (
            json!({"territory": "mrc:nowhere"}),
            (422, "unknown_territory", "territory", "an id of GET /api/v1/territories"),
        ),
        (json!({"limit": 101}), (422, "out_of_range", "limit", "1..=100")),
        (json!({"near": "x".repeat(10_240)}), (422, "too_long", "near", "<= 200 characters")),
        (json!({"cursor": "AAAA"}), (400, "invalid_cursor", "cursor", CURSOR_RULE)),
        (json!({"cursor": "A".repeat(100_000)}), (400, "invalid_cursor", "cursor", CURSOR_RULE)),
        (json!({"cursor": "\u{202e}é"}), (400, "invalid_cursor", "cursor", CURSOR_RULE)),
    ]
}

/// As they are written in an address.
fn queries() -> Vec<(String, (u16, &'static str, &'static str, &'static str))> {
    let query = (400, "over_limit", "query", "query_bytes_max = 8192");
    vec![
        ("lat=NaN&lon=-73".to_owned(), (422, "out_of_range", "lat", "-90..=90")),
        ("lat=45&lon=inf".to_owned(), (422, "out_of_range", "lon", "-180..=180")),
        ("near=Longueuil&radius_km=NaN".to_owned(), (422, "out_of_range", "radius_km", "> 0, <= 2000")),
        ("bbox=NaN,0,1,1".to_owned(), (422, "out_of_range", "bbox", "west <= east, south <= north, degrees")),
        (format!("q={}", "a".repeat(10_240)), query),
        (format!("cursor={}", "A".repeat(60_000)), query),
        (format!("q={}", "a+".repeat(1_000)), (400, "over_limit", "q", "search_words_max = 100")),
        ("q=%FF".to_owned(), (422, "invalid_value", "q", "UTF-8")),
        ("q=garderie&near=Laval%FF".to_owned(), (422, "invalid_value", "near", "UTF-8")),
        ("q=%22%22%22&near=Longueuil".to_owned(), (200, "", "", "")),
    ]
}

/// The twenty fields of the need taxonomy.
const FIELDS: &str = "one of, or under: food, housing, material-aid, childcare, transport, child-development, parenting, \
                      perinatal, health, mental-health, safety-violence, income, employment, immigration, legal, \
                      education, social-isolation, disability, addiction, respite";

fn told(reply: &super::app::Reply) -> (u16, &str, &str, &str) {
    let said = |member: &str| reply.json[member].as_str().unwrap_or("");
    (reply.status, said("code"), said("field"), said("rule"))
}

both!(what_is_odd_is_answered_and_what_is_too_much_is_refused_by_name, |app| {
    let client = app.anonymous();
    for (body, expected) in documents() {
        let reply = client.post(SEARCH, &body);
        let asked: String = body.to_string().chars().take(80).collect();
        assert_eq!(told(&reply), expected, "{asked}: {}", reply.text.chars().take(400).collect::<String>());
    }
    for (query, expected) in queries() {
        let reply = client.get(&format!("{SEARCH}?{query}"));
        let asked: String = query.chars().take(80).collect();
        assert_eq!(told(&reply), expected, "{asked}");
    }
    let not_a_number = client.post_bytes(SEARCH, "application/json", b"{\"lat\": NaN, \"lon\": 0}");
    not_a_number.expect_problem(400, "invalid_json");
    for (what, text) in [("bytes", "a".repeat(2_049)), ("words", "a ".repeat(101))] {
        let need = json!({"near": "Longueuil", "needs": [{"q": text}]});
        let reply = client.post("/api/v1/match", &need).expect_problem(400, "over_limit").naming("needs.0.q");
        assert!(reply.json["rule"].as_str().unwrap().contains(what), "{}", reply.text);
    }
});

both!(a_cursor_that_was_forged_is_refused, |app| {
    let client = app.anonymous();
    let asked = |cursor: &Value| json!({"q": "garderie", "limit": 1, "cursor": cursor});
    let cursor = client.post(SEARCH, &json!({"q": "garderie", "limit": 1})).expect(200).json["next_cursor"].clone();
    let second = client.post(SEARCH, &asked(&cursor)).expect(200);
    // What is not said is asked for by its name.
    let mut by_name = asked(&cursor);
    by_name["sort"] = json!("relevance");
    assert_eq!(client.post(SEARCH, &by_name).expect(200).json["results"], second.json["results"]);
    let good = cursor.as_str().unwrap();
    for at in 0..good.len() {
        let mut forged = good.as_bytes().to_vec();
        forged[at] = if forged[at] == b'B' { b'C' } else { b'B' };
        let forged = String::from_utf8(forged).unwrap();
        let reply = client.post(SEARCH, &asked(&json!(forged)));
        // The last letter of base64 may hold bits that say nothing.
        assert!(told(&reply).0 == 400 && told(&reply).1 == "invalid_cursor" || at + 1 == good.len(), "{}", reply.text);
    }
    for cut in 0..good.len() {
        client.post(SEARCH, &asked(&json!(good[..cut]))).expect_problem(400, "invalid_cursor").naming("cursor");
    }
});

/// Sends bytes as they are, and gives the head of the answer.
fn raw(app: &TestApp, request: &str) -> String {
    let mut stream = std::net::TcpStream::connect(app.address).unwrap();
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

both!(an_address_that_no_server_reads_is_refused_before_any_of_it_is_looked_at, |app| {
    let ask = |bytes: usize| {
        raw(app, &format!("GET {SEARCH}?q={} HTTP/1.1\r\nHost: relais\r\nConnection: close\r\n\r\n", "a".repeat(bytes)))
    };
    assert!(ask(60_000).contains("query_bytes_max = 8192"), "a problem as long as the address is one");
    // Past 65,534 bytes (the library of HTTP's bound) there is no request, and so no problem document.
    let answer = ask(70_000);
    assert!(answer.starts_with("HTTP/1.1 400"), "{}", answer.chars().take(200).collect::<String>());
    app.anonymous().get(&format!("{SEARCH}?q=garderie")).expect(200);
});
