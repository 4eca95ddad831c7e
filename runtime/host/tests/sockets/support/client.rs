//! A client that writes and reads exact bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::PATIENCE;

/// One connection.
pub struct Client {
    pub reader: BufReader<TcpStream>,
}

/// A response as it came, its body taken out of its framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first field of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            reader: BufReader::new(stream),
        }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a GET and reads its answer.
    pub fn get(&mut self, path: &str) -> Reply {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: edge.test\r\n\r\n"));
        self.reply()
    }

    /// Reads a response and its body.
    pub fn reply(&mut self) -> Reply {
        let (status, headers) = self.head();
        let mut reply = Reply {
            status,
            headers,
            body: Vec::new(),
        };
        if reply.header("transfer-encoding") == Some("chunked") {
            reply.body = self.chunked().expect("a whole body");
        } else if let Some(length) = reply.header("content-length") {
            reply.body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut reply.body).unwrap();
        } else if status != 204 && status != 304 {
            self.reader.read_to_end(&mut reply.body).unwrap();
        }
        reply
    }

    /// Reads a response's head.
    pub fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let line = self.line();
        let status = line
            .strip_prefix("HTTP/1.1 ")
            .or(line.strip_prefix("HTTP/1.0 "));
        let status = status.unwrap_or_else(|| panic!("not a status line: {line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "");
                return (status[..3].parse().unwrap(), headers);
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// Reads a chunked body; none when it isn't ended as it should be.
    pub fn chunked(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.try_line()?;
            let size = usize::from_str_radix(&line, 16).unwrap();
            let start = body.len();
            body.resize(start + size, 0);
            self.reader.read_exact(&mut body[start..]).ok()?;
            assert_eq!(self.try_line()?, "");
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// Whether the other side has closed, with or without a reset.
    pub fn is_closed(&mut self) -> bool {
        match self.reader.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    /// Ends the sending side.
    pub fn finish_sending(&self) {
        self.reader.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    fn line(&mut self) -> String {
        self.try_line().expect("a line")
    }

    fn try_line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader
            .read_line(&mut line)
            .ok()
            .filter(|length| *length > 0)?;
        line.strip_suffix("\r\n").map(str::to_owned)
    }
}
