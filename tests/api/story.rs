//! What the stories of referrals begin with: a family with a need, its consents, and letters to read.

use std::time::{Duration, Instant};

use relais::domain::consent::{GivenBy, Method, Purpose};
use relais::domain::family::Setting;
use relais::domain::identity::{Field, Identity};
use relais::domain::month::local_day;
use relais::domain::need::NeedStatus;
use relais::id::Id;
use relais::sample::id_of;
use relais::seal::identity::{Place, seal};
use relais::store::consents::{self, ConsentRow};
use relais::store::families::{self, ChildRow, FamilyRow};
use relais::store::identities::{self, IdentityRow};
use relais::store::needs::{self, NeedRow};
use relais::store::types::Json;
use relais::store::{DEFAULT_NETWORK, Error};
use serde_json::{Value, json};

use super::app::{Reply, TestApp};

/// A name that may appear nowhere but where it is meant to.
pub const CANARY: &str = "Mirabelle Canari-Jaune";

pub struct Story {
    pub family_id: Id,
    pub need_id: Id,
    pub consent_ids: Vec<Id>,
}

pub fn service(key: &str) -> Id {
    id_of("service", key)
}

pub fn organization(key: &str) -> Id {
    id_of("organization", key)
}

/// A family of the worker's, with a child of two years, a name, a need for food, and a consent for each organisation.
pub fn family(app: &TestApp, receivers: &[&str]) -> Story {
    let (deps, now) = (&app.deps, app.clock.now());
    let (family_id, need_id) = (deps.ids.new_id(now), deps.ids.new_id(now));
    let worker = id_of("account", "worker");
    let row = FamilyRow {
        id: family_id,
        network_id: DEFAULT_NETWORK,
        organization_id: organization("famille"),
        worker_account_id: Some(worker),
        municipality_id: Some("municipality:58227".to_owned()),
        mrc_id: Some("mrc:58".to_owned()),
        region_id: Some("region:16".to_owned()),
        setting: Setting::Urban,
        contact_origin: None,
        first_contact_on: local_day(now),
        language: Some("es".to_owned()),
        coarse_cell: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let child = ChildRow {
        id: deps.ids.new_id(now),
        network_id: DEFAULT_NETWORK,
        family_id,
        born_in: Some("2024-03".to_owned()),
        due_in: None,
        created_at: now,
    };
    let need = NeedRow {
        id: need_id,
        network_id: DEFAULT_NETWORK,
        family_id: Some(family_id),
        organization_id: organization("famille"),
        account_id: Some(worker),
        category: "food/food-bank".to_owned(),
        municipality_id: row.municipality_id.clone(),
        mrc_id: row.mrc_id.clone(),
        region_id: row.region_id.clone(),
        status: NeedStatus::Open,
        unmet_reason: None,
        proposed_reason: None,
        recorded_on: local_day(now),
        status_on: local_day(now),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let consents: Vec<ConsentRow> = receivers.iter().map(|key| consent(app, family_id, organization(key))).collect();
    let identity = sealed(app, family_id);
    let written = deps.store.write(now, |tx| {
        families::insert(tx, std::slice::from_ref(&row))?;
        families::insert_children(tx, std::slice::from_ref(&child))?;
        needs::insert(tx, std::slice::from_ref(&need))?;
        consents::insert(tx, &consents)?;
        identities::upsert(tx, &identity)
    });
    written.expect("the family is written");
    Story { family_id, need_id, consent_ids: consents.iter().map(|one| one.id).collect() }
}

fn consent(app: &TestApp, family_id: Id, organization_id: Id) -> ConsentRow {
    let now = app.clock.now();
    ConsentRow {
        id: app.deps.ids.new_id(now),
        network_id: DEFAULT_NETWORK,
        family_id,
        organization_id,
        purpose: Purpose::Referral,
        fields: Json(vec![Field::ParentNames, Field::Phones]),
        language: "fr".to_owned(),
        given_by: GivenBy::Parent,
        method: Method::Written,
        witnessed: false,
        taken_by_account_id: id_of("account", "worker"),
        starts_on: local_day(now),
        ends_on: local_day(now.plus(chrono::TimeDelta::days(365))),
        text_version: "1".to_owned(),
        revoked_at: None,
        version: 1,
        created_at: now,
    }
}

fn sealed(app: &TestApp, family_id: Id) -> IdentityRow {
    let now = app.clock.now();
    let key = app.deps.keys.get_or_make(family_id, now).expect("the keys answer").expect("a key");
    let identity = Identity {
        parent_names: vec![CANARY.to_owned()],
        phones: vec!["450 555-0142".to_owned()],
        address: Some("9, rue Gardée".to_owned()),
        ..Identity::default()
    };
    let place = Place { family_id, table: identities::TABLE, column: identities::COLUMN, key_version: key.version };
    let bytes = serde_json::to_vec(&identity).expect("an identity");
    IdentityRow {
        family_id,
        network_id: DEFAULT_NETWORK,
        sealed: seal(&key.key, place, &bytes, &mut rand::rngs::OsRng).expect("it is sealed"),
        key_version: key.version,
        updated_at: now,
    }
}

pub fn revoke(app: &TestApp, consent_id: Id) {
    let now = app.clock.now();
    let viewer = relais::domain::viewer::Viewer::Account(worker_viewer(app));
    let written = app.deps.store.write(now, |tx| {
        let row = consents::get(tx, &viewer, consent_id)?;
        consents::revoke(tx, &row, now)
    });
    written.expect("the consent is revoked");
}

pub fn worker_viewer(app: &TestApp) -> relais::domain::viewer::AccountViewer {
    let id = id_of("account", "worker");
    let found = app.deps.store.read(|conn| relais::store::accounts::find_viewer(conn, id));
    found.expect("the store answers").expect("the worker is there")
}

/// The worker's organisation is known: a curator has let its first referral through.
pub fn known_sender(app: &TestApp) {
    let story = family(app, &["comptoir"]);
    let held = send(app, &story, "panier").expect(201);
    assert_eq!(held.json["status"], "held");
    let released = go(app, &app.curator(), &held.id(), &json!({ "to": "sent" })).expect(200);
    assert_eq!(released.json["status"], "sent");
    go(app, &app.worker(), &held.id(), &json!({ "to": "withdrawn" })).expect(200);
}

/// The worker sends a referral for the story's need.
pub fn send(app: &TestApp, story: &Story, key: &str) -> Reply {
    app.worker().post("/api/v1/referrals", &asking(story, key))
}

pub fn asking(story: &Story, key: &str) -> Value {
    json!({
        "need_id": story.need_id, "service_id": service(key), "status": "sent",
        "message": "Disponible en matinée, sans voiture.",
    })
}

/// Moves a referral on the version that the worker (who sees everything of it) reads now.
pub fn go(app: &TestApp, who: &super::app::Client, id: &str, body: &Value) -> Reply {
    let version = app.worker().get(&format!("/api/v1/referrals/{id}")).expect(200).json["version"].as_i64();
    who.clone().if_match(version.expect("a version")).post(&format!("/api/v1/referrals/{id}/transitions"), body)
}

pub fn status(app: &TestApp, id: &str) -> String {
    let opened = app.worker().get(&format!("/api/v1/referrals/{id}")).expect(200);
    opened.json["status"].as_str().expect("a status").to_owned()
}

pub fn events(app: &TestApp, id: &str) -> Vec<Value> {
    let opened = app.worker().get(&format!("/api/v1/referrals/{id}")).expect(200);
    opened.json["events"].as_array().expect("events").clone()
}

/// The letters that have left, oldest first; waits until there are so many (a job may be sending one at this moment).
pub fn letters(app: &TestApp, count: usize) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        app.run_jobs();
        let letters = read_letters(app);
        if letters.len() >= count || Instant::now() > until {
            assert_eq!(letters.len(), count, "letters: {letters:#?}");
            return letters;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read_letters(app: &TestApp) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(app.dir.join("mail")) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    paths.iter().map(|path| decoded(&std::fs::read_to_string(path).expect("a letter"))).collect()
}

/// The head of a message and its text, whichever way it was encoded (RFC 2045).
fn decoded(message: &str) -> String {
    use base64::Engine;
    let (head, body) = message.split_once("\r\n\r\n").expect("a head and a body");
    let encoding = head.lines().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: ")).unwrap_or("7bit");
    let bytes = match encoding.trim() {
        "base64" => {
            let joined: String = body.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(joined).expect("base64")
        }
        "quoted-printable" => quoted_printable(&body.replace("=\r\n", "")),
        _ => body.as_bytes().to_vec(),
    };
    format!("{head}\n\n{}", String::from_utf8(bytes).expect("UTF-8"))
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' && tail.len() >= 2 {
            let hex = std::str::from_utf8(&tail[..2]).expect("hexadecimal");
            bytes.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

/// The path of the link in a letter.
pub fn link_in(letter: &str) -> String {
    let from = letter.find("https://relais.example/r/").expect("a link") + "https://relais.example".len();
    letter[from..].split(|c: char| c.is_whitespace() || c == '?').next().expect("a path").to_owned()
}

pub fn code_in(letter: &str) -> String {
    let body = letter.split_once("\n\n").expect("a body").1;
    let digits: String = body.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{letter}");
    digits
}

pub fn places(app: &TestApp, key: &str) -> (Option<i32>, Option<relais::clock::Time>) {
    let id = service(key);
    let found = app.deps.store.read(|conn| relais::store::services::get_aggregate(conn, id)).expect("the service");
    (found.service.capacity.places_available, found.service.verified_at)
}

pub fn read<T>(app: &TestApp, body: impl FnOnce(&mut relais::store::Conn) -> Result<T, Error>) -> T {
    app.deps.store.read(body).expect("the store answers")
}
