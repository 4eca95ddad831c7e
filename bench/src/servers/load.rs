//! Requests over one connection after another's answer, and the origin behind the servers.

use super::Server;
use crate::{Outcome, request::Request};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

/// A request as it goes over the wire.
pub fn bytes(request: &Request, body: Option<&str>) -> Outcome<Vec<u8>> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        bytes += &format!("{name}: {}\r\n", value.to_str()?);
    }
    if let Some(body) = body {
        bytes += &format!("content-length: {}\r\n", body.len());
    }
    bytes += "\r\n";
    bytes += body.unwrap_or_default();
    Ok(bytes.into_bytes())
}

/// The status of the answer to one request on a connection of its own.
pub fn ask(address: SocketAddr, request: &[u8]) -> Outcome<u16> {
    Ok(Connection::open(address)?.ask(request)?)
}

/// A server that is asked the same again and again.
pub struct Load<'a> {
    server: &'a Server,
    request: &'a [u8],
    connection: Option<Connection>,
    failure: Option<String>,
}

impl<'a> Load<'a> {
    pub fn new(server: &'a Server, request: &'a [u8]) -> Load<'a> {
        Load {
            server,
            request,
            connection: None,
            failure: None,
        }
    }

    /// The server's CPU time for so many requests; after a failure none.
    pub fn run(&mut self, requests: u32) -> Duration {
        if self.failure.is_some() {
            return Duration::ZERO;
        }
        self.asked(requests).unwrap_or_else(|error| {
            self.failure = Some(error.to_string());
            Duration::ZERO
        })
    }

    /// # Errors
    /// Something failed while it ran.
    pub fn finish(self) -> Outcome<()> {
        match self.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    fn asked(&mut self, requests: u32) -> Outcome<Duration> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.server.address)?),
        };
        let before = self.server.cpu()?;
        for _ in 0..requests {
            let status = connection.ask(self.request)?;
            if status != 200 {
                return Err(format!("status {status} while the servers are measured").into());
            }
        }
        Ok(self.server.cpu()?.saturating_sub(before))
    }
}

/// A connection that is kept.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// The answer's status; its body is read and dropped.
    fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.0.get_mut().write_all(request)?;
        let status = message(&mut self.0)?.unwrap_or_default();
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        status.ok_or_else(|| io::Error::other("no answer"))
    }
}

/// Reads a message whose body has a length, or none; its first line, or nothing at the end.
fn message(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(io::Error::other("a body without a length"));
        }
    }
    io::copy(&mut stream.take(length), &mut io::sink())?;
    Ok(Some(first))
}

/// Answers everything with `ok`. Its threads end with the process, or with their connections.
pub struct Origin {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Origin {
    pub fn start() -> Outcome<Origin> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(stream));
            }
        });
        Ok(Origin { address })
    }
}

fn answer(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while message(&mut stream)?.is_some() {
        stream.get_mut().write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok",
        )?;
    }
    Ok(())
}
