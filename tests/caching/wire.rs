//! Messages of HTTP/1.1 as they are on the wire.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest wait for anything.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// One connection.
pub struct Connection(BufReader<TcpStream>);

/// A start line and fields.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub start: String,
    /// Names as they came, in order.
    pub fields: Vec<(String, String)>,
}

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub head: Head,
    pub body: Vec<u8>,
    /// The body came to its end.
    pub complete: bool,
    /// Interim answers before it.
    pub interim: Vec<Head>,
}

impl Head {
    /// All lines of a field as one; none without it.
    pub fn get(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .fields
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        let status = self
            .start
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok());
        status.unwrap_or(0)
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// A start line and fields for each line of `lines`, which may be long.
    pub fn print(&self, mark: &str) -> String {
        let fields = self
            .fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        let lines = std::iter::once(self.start.clone()).chain(fields);
        lines
            .map(|line| format!("    {mark} {line:.300}\n"))
            .collect()
    }
}

impl Message {
    /// Whether another request may follow this answer.
    pub fn keeps_open(&self) -> bool {
        self.complete && self.head.get("connection").is_none_or(|it| it != "close")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends bytes. The other side may have closed: then what it says is read nevertheless.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// Reads a request; none when the connection has ended.
    pub fn request(&mut self) -> Option<Message> {
        let head = self.head()?;
        let mut message = Message {
            head,
            complete: true,
            ..Message::default()
        };
        if message.head.get("transfer-encoding").is_some()
            || message.head.get("content-length").is_some()
        {
            message.complete = self.body(&message.head, &mut message.body);
        }
        Some(message)
    }

    /// Reads an answer to a method; none when there is none.
    pub fn answer(&mut self, method: &str) -> Option<Message> {
        let mut message = Message::default();
        loop {
            message.head = self.head()?;
            let status = message.head.status();
            if status / 100 == 1 && status != 101 {
                message.interim.push(std::mem::take(&mut message.head));
                continue;
            }
            let bodiless = method == "HEAD" || matches!(status, 204 | 304);
            message.complete = bodiless || self.body(&message.head, &mut message.body);
            return Some(message);
        }
    }

    fn head(&mut self) -> Option<Head> {
        let start = self.line()?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Some(Head { start, fields });
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Reads a body, and says whether it came to its end.
    fn body(&mut self, head: &Head, body: &mut Vec<u8>) -> bool {
        if head.get("transfer-encoding").is_some() {
            return self.chunks(body).is_some();
        }
        let Some(length) = head.get("content-length") else {
            return self.0.read_to_end(body).is_ok();
        };
        let length: u64 = length
            .parse()
            .unwrap_or_else(|_| panic!("no length: {length:?}"));
        let read = self.0.by_ref().take(length).read_to_end(body);
        read.is_ok_and(|read| read as u64 == length)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Option<()> {
        loop {
            let line = self.line()?;
            let size = u64::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Some(());
            }
            let read = self.0.by_ref().take(size).read_to_end(body).ok()?;
            if read as u64 != size || !self.line()?.is_empty() {
                return None;
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.0.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "nothing came in time");
                return None;
            }
        }
        let text: String = line.iter().map(|byte| char::from(*byte)).collect();
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
