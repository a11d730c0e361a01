//! A router on loopback, of either dialect, that answers as a test says and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use relais::config::RouterKind;
use serde_json::{Value, json};

/// Latitude and longitude.
pub type At = (f64, f64);
/// Metres and seconds, where there is a road.
pub type Way = Option<(f64, f64)>;

#[derive(Clone)]
pub enum Answer {
    Ways(fn(At, At) -> Way),
    /// A status and a body, whatever is asked.
    Fixed(u16, String),
    /// Nothing, until another answer is set.
    Silence,
}

#[derive(Debug, Clone)]
pub struct Question {
    /// The method and the address.
    pub line: String,
    pub points: Vec<At>,
    /// From the first point alone.
    pub is_one_row: bool,
}

struct Shared {
    kind: RouterKind,
    state: Mutex<State>,
    bell: Condvar,
}

struct State {
    answer: Answer,
    asked: Vec<Question>,
    is_over: bool,
}

pub struct FakeRouter {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl FakeRouter {
    pub fn start(kind: RouterKind, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = State { answer, asked: vec![], is_over: false };
        let shared = Arc::new(Shared { kind, state: Mutex::new(state), bell: Condvar::new() });
        let for_thread = shared.clone();
        let thread = std::thread::spawn(move || {
            let mut talks = vec![];
            for stream in listener.incoming().flatten() {
                if for_thread.state.lock().unwrap().is_over {
                    break;
                }
                let shared = for_thread.clone();
                talks.push(std::thread::spawn(move || shared.talk(&stream)));
            }
            talks.into_iter().for_each(|talk| drop(talk.join()));
        });
        Self { address, shared, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}/roads/", self.address)
    }

    pub fn answers(&self, answer: Answer) {
        self.shared.state.lock().unwrap().answer = answer;
        self.shared.bell.notify_all();
    }

    /// What it was asked since this was asked last.
    pub fn asked(&self) -> Vec<Question> {
        std::mem::take(&mut self.shared.state.lock().unwrap().asked)
    }

    /// Waits until it was asked so many questions.
    pub fn wait_for(&self, questions: usize) {
        let state = self.shared.state.lock().unwrap();
        drop(self.shared.bell.wait_while(state, |state| state.asked.len() < questions).unwrap());
    }
}

impl Drop for FakeRouter {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().is_over = true;
        self.shared.bell.notify_all();
        drop(TcpStream::connect(self.address));
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

impl Shared {
    /// One question and its answer; whoever asks may have gone meanwhile.
    fn talk(&self, stream: &TcpStream) {
        let Some(question) = self.hear(stream) else { return };
        let mut state = self.state.lock().unwrap();
        state.asked.push(question.clone());
        self.bell.notify_all();
        let is_waiting = |state: &mut State| matches!(state.answer, Answer::Silence) && !state.is_over;
        state = self.bell.wait_while(state, is_waiting).unwrap();
        let (status, body) = match &state.answer {
            Answer::Ways(way) => (200, self.table(&question, *way).to_string()),
            Answer::Fixed(status, body) => (*status, body.clone()),
            Answer::Silence => return,
        };
        drop(state);
        let head = format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Location: http://{}/elsewhere\r\nConnection: close\r\n\r\n",
            body.len(),
            stream.local_addr().expect("an address"),
        );
        let mut stream = stream;
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    }

    fn hear(&self, stream: &TcpStream) -> Option<Question> {
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
            if header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let line = line.rsplit_once(' ').map_or(line.clone(), |(line, _)| line.to_owned());
        let (points, is_one_row) = match self.kind {
            RouterKind::Osrm => of_osrm(&line),
            RouterKind::Valhalla => of_valhalla(&body),
        };
        Some(Question { line, points, is_one_row })
    }

    fn table(&self, question: &Question, way: fn(At, At) -> Way) -> Value {
        let from = if question.is_one_row { &question.points[..1] } else { &question.points[..] };
        let rows = |cell: &dyn Fn(At, At) -> Value| -> Value {
            from.iter().map(|from| question.points.iter().map(|to| cell(*from, *to)).collect::<Value>()).collect()
        };
        match self.kind {
            RouterKind::Osrm => json!({
                "code": "Ok",
                "distances": rows(&|from, to| json!(way(from, to).map(|(metres, _)| metres))),
                "durations": rows(&|from, to| json!(way(from, to).map(|(_, seconds)| seconds))),
            }),
            RouterKind::Valhalla => json!({"units": "kilometers", "sources_to_targets": rows(&|from, to| {
                let (km, time) = way(from, to).map(|(metres, seconds)| (metres / 1e3, seconds)).unzip();
                json!({"distance": km, "time": time, "from_index": 0, "to_index": 0})
            })}),
        }
    }
}

fn of_osrm(line: &str) -> (Vec<At>, bool) {
    let (path, query) = line.split_once('?').unwrap_or((line, ""));
    let list = path.rsplit('/').next().unwrap_or_default();
    let point = |pair: &str| {
        let (lon, lat) = pair.split_once(',')?;
        Some((lat.parse().ok()?, lon.parse().ok()?))
    };
    (list.split(';').filter_map(point).collect(), query.contains("sources=0"))
}

fn of_valhalla(body: &[u8]) -> (Vec<At>, bool) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let point = |one: &Value| Some((one["lat"].as_f64()?, one["lon"].as_f64()?));
    let list = |name: &str| body[name].as_array().into_iter().flatten().filter_map(point).collect::<Vec<At>>();
    (list("targets"), list("sources").len() == 1)
}
