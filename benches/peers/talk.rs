//! The least that asks a peer something over its own protocol and reads the whole answer: HTTP/1.1, the protocol of
//! PostgreSQL (version 3), and that of MySQL, which Sphinx speaks. A request is bytes made beforehand; nothing of an
//! answer is parsed while the clock runs, beyond finding its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

const READ_BUFFER_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Postgres,
    Mysql,
}

/// One connection that stays open.
pub struct Connection {
    protocol: Protocol,
    stream: BufReader<TcpStream>,
    /// The last answer, whole.
    pub answer: Vec<u8>,
    line: Vec<u8>,
}

impl Connection {
    fn new(protocol: Protocol, port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let stream = BufReader::with_capacity(READ_BUFFER_BYTES, stream);
        Ok(Self { protocol, stream, answer: vec![], line: vec![] })
    }

    pub fn http(port: u16) -> Result<Self, String> {
        Self::new(Protocol::Http, port)
    }

    /// A session of the user `relais`, whom the throw-away server trusts.
    pub fn postgres(port: u16, database: &str) -> Result<Self, String> {
        let mut connection = Self::new(Protocol::Postgres, port)?;
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        for word in ["user", "relais", "database", database, ""] {
            body.extend(word.as_bytes());
            body.push(0);
        }
        let mut start = (body.len() as i32 + 4).to_be_bytes().to_vec();
        start.append(&mut body);
        connection.ask(&start)?;
        Ok(connection)
    }

    /// A session of Sphinx, which takes any name.
    pub fn mysql(port: u16) -> Result<Self, String> {
        let mut connection = Self::new(Protocol::Mysql, port)?;
        connection.packet()?;
        // CLIENT_PROTOCOL_41 and CLIENT_SECURE_CONNECTION, packets of at most 16 MB, UTF-8, no name, no password.
        let mut body = 0x8200_u32.to_le_bytes().to_vec();
        body.extend(0x00FF_FFFF_u32.to_le_bytes());
        body.push(33);
        body.extend([0; 23]);
        body.extend([0, 0]);
        connection.send(&mysql_packet(1, &body))?;
        connection.answer.clear();
        connection.packet()?;
        Ok(connection)
    }

    fn send(&mut self, request: &[u8]) -> Result<(), String> {
        self.stream.get_mut().write_all(request).map_err(|error| error.to_string())
    }

    /// Sends a request and reads the answer to its end. An error is what the peer says is wrong.
    pub fn ask(&mut self, request: &[u8]) -> Result<(), String> {
        self.send(request)?;
        self.answer.clear();
        match self.protocol {
            Protocol::Http => self.read_http(),
            Protocol::Postgres => self.read_postgres(b'Z').map(|_| ()),
            Protocol::Mysql => self.read_mysql(),
        }
    }

    fn read_http(&mut self) -> Result<(), String> {
        let (mut length, mut status) = (0, 0);
        loop {
            self.line.clear();
            self.stream.read_until(b'\n', &mut self.line).map_err(|error| error.to_string())?;
            let line = self.line.as_slice();
            if line.len() <= 2 {
                break;
            }
            let header = b"content-length:";
            if line.starts_with(b"HTTP/") {
                status = number(line.get(9..12).unwrap_or_default());
            } else if line.len() > header.len() && line[..header.len()].eq_ignore_ascii_case(header) {
                length = number(&line[header.len()..]);
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).map_err(|error| error.to_string())?;
        if (200..300).contains(&status) {
            Ok(())
        } else {
            Err(format!("{status}: {}", String::from_utf8_lossy(&self.answer)))
        }
    }

    /// Reads messages up to one of the kind `last`; an error message is kept and said once the server is ready again.
    fn read_postgres(&mut self, last: u8) -> Result<u8, String> {
        let mut wrong = None;
        loop {
            let at = self.answer.len();
            self.more(5)?;
            let head: [u8; 5] = self.answer[at..].try_into().map_err(|_| "a short message".to_owned())?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
            self.more(length)?;
            if head[0] == b'E' {
                wrong = Some(String::from_utf8_lossy(&self.answer[at + 5..]).replace('\0', " "));
            }
            if head[0] == last || head[0] == b'Z' {
                return wrong.map_or(Ok(head[0]), Err);
            }
        }
    }

    /// A packet with its number: four bytes of head, then the body. Gives the body's first byte and its length.
    fn packet(&mut self) -> Result<(u8, usize), String> {
        let at = self.answer.len();
        self.more(4)?;
        let length = u32::from_le_bytes([self.answer[at], self.answer[at + 1], self.answer[at + 2], 0]) as usize;
        self.more(length)?;
        Ok((self.answer.get(at + 4).copied().unwrap_or(0), length))
    }

    /// Columns up to the first end marker, rows up to the second.
    fn read_mysql(&mut self) -> Result<(), String> {
        let mut ends = 0;
        loop {
            match self.packet()? {
                (0xFF, _) => return Err(String::from_utf8_lossy(&self.answer).into_owned()),
                (0xFE, length) if length < 9 => ends += 1,
                (0, _) if ends == 0 => return Ok(()),
                _ => {}
            }
            if ends == 2 {
                return Ok(());
            }
        }
    }

    fn more(&mut self, bytes: usize) -> Result<(), String> {
        let at = self.answer.len();
        self.answer.resize(at + bytes, 0);
        self.stream.read_exact(&mut self.answer[at..]).map_err(|error| error.to_string())
    }

    /// Statements without parameters, on a connection to PostgreSQL.
    pub fn run(&mut self, sql: &str) -> Result<(), String> {
        self.ask(&message(b'Q', &[sql.as_bytes(), b"\0"].concat()))
    }

    /// `COPY … FROM STDIN`, line by line.
    pub fn copy_in(&mut self, sql: &str, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Result<(), String> {
        self.send(&message(b'Q', &[sql.as_bytes(), b"\0"].concat()))?;
        self.answer.clear();
        self.read_postgres(b'G')?;
        let mut broken = None;
        let mut waiting = vec![];
        write(&mut |line: &[u8]| {
            waiting.extend(message(b'd', line));
            if waiting.len() > READ_BUFFER_BYTES {
                broken = self.send(&waiting).err().or(broken.take());
                waiting.clear();
            }
        });
        waiting.extend(message(b'c', &[]));
        self.ask(&waiting)?;
        broken.map_or(Ok(()), Err)
    }

    /// The rows of the last answer of PostgreSQL, each column as text; empty where it is null.
    pub fn postgres_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![];
        let mut rest = self.answer.as_slice();
        while rest.len() >= 5 {
            let length = u32::from_be_bytes([rest[1], rest[2], rest[3], rest[4]]) as usize;
            let body = &rest[5..=length];
            if rest[0] == b'D' {
                rows.push(columns(&body[2..]));
            }
            rest = &rest[length + 1..];
        }
        rows
    }

    /// The rows of the last answer of Sphinx.
    pub fn mysql_rows(&self) -> Vec<Vec<String>> {
        let (mut rows, mut ends, mut rest) = (vec![], 0, self.answer.as_slice());
        while rest.len() >= 4 {
            let length = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]) as usize;
            let body = &rest[4..4 + length];
            match body.first() {
                Some(0xFE) if length < 9 => ends += 1,
                Some(_) if ends == 1 => rows.push(mysql_columns(body)),
                _ => {}
            }
            rest = &rest[4 + length..];
        }
        rows
    }
}

fn number(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).trim().parse().unwrap_or(0)
}

fn columns(mut rest: &[u8]) -> Vec<String> {
    let mut found = vec![];
    while rest.len() >= 4 {
        let length = i32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]);
        let end = 4 + usize::try_from(length).unwrap_or(0);
        found.push(String::from_utf8_lossy(&rest[4..end]).into_owned());
        rest = &rest[end..];
    }
    found
}

fn mysql_columns(mut rest: &[u8]) -> Vec<String> {
    let mut found = vec![];
    while let Some((&first, after)) = rest.split_first() {
        let (length, after) = match first {
            0xFB => (0, after),
            0xFC => (usize::from(u16::from_le_bytes([after[0], after[1]])), &after[2..]),
            0xFD => (u32::from_le_bytes([after[0], after[1], after[2], 0]) as usize, &after[3..]),
            short => (usize::from(short), after),
        };
        found.push(String::from_utf8_lossy(&after[..length]).into_owned());
        rest = &after[length..];
    }
    found
}

/// A message of PostgreSQL's protocol.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend((body.len() as i32 + 4).to_be_bytes());
    message.extend(body);
    message
}

fn mysql_packet(number: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = (body.len() as u32).to_le_bytes().to_vec();
    packet[3] = number;
    packet.extend(body);
    packet
}

pub fn http_get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

pub fn http_send(method: &str, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Names a statement, so that it is parsed once a connection.
pub fn postgres_prepare(name: &str, sql: &str) -> Vec<u8> {
    let body = [name.as_bytes(), b"\0", sql.as_bytes(), b"\0\0\0"].concat();
    [message(b'P', &body), message(b'S', &[])].concat()
}

/// Runs a named statement, its parameters and its answer as text.
pub fn postgres_execute(name: &str, parameters: &[&str]) -> Vec<u8> {
    let mut body = [b"\0", name.as_bytes(), b"\0\0\0"].concat();
    body.extend((parameters.len() as i16).to_be_bytes());
    for parameter in parameters {
        body.extend((parameter.len() as i32).to_be_bytes());
        body.extend(parameter.as_bytes());
    }
    body.extend([0, 0]);
    [message(b'B', &body), message(b'E', &[0, 0, 0, 0, 0]), message(b'S', &[])].concat()
}

pub fn mysql_query(sql: &str) -> Vec<u8> {
    mysql_packet(0, &[b"\x03", sql.as_bytes()].concat())
}
