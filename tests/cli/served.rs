//! `edge serve` in a process of its own, and connections to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::Place;

/// `edge serve`; killed when dropped.
pub struct Host {
    pub child: Child,
    pub address: SocketAddr,
}

impl Host {
    /// With `policy.wasm` of that place and these settings. Returns when it serves.
    pub fn start(place: &Place, settings: &[&str]) -> Self {
        let mut child = place
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .args(["--set", "log.target=off"])
            .args(settings.iter().flat_map(|setting| ["--set", setting]))
            .arg("policy.wasm")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        err.read_line(&mut line).unwrap();
        let address = line
            .split_once("http://")
            .unwrap_or_else(|| panic!("{line}"))
            .1;
        let address = address.split(';').next().unwrap().parse().unwrap();
        Host { child, address }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection on which one request follows the other.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        Connection(BufReader::new(stream))
    }

    /// Status and body; none when the host has died.
    pub fn ask(&mut self, request: &str) -> Option<(u16, String)> {
        let (status, _, body) = self.answer(request)?;
        Some((status, body))
    }

    /// Status, header in lower case, and body; none when it did not come to its end.
    pub fn answer(&mut self, request: &str) -> Option<(u16, String, String)> {
        self.0.get_mut().write_all(request.as_bytes()).ok()?;
        let status = self.line()?.split(' ').nth(1)?.parse().ok()?;
        let (mut length, mut head) = (0, String::new());
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            head.push_str(&line);
            head.push('\n');
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((status, head, String::from_utf8(body).ok()?))
    }

    /// A whole line, without its end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        Some(line.strip_suffix("\r\n")?.to_owned())
    }
}

/// An origin that answers with how often it was asked.
pub fn counting_origin() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let count = count.clone();
            thread::spawn(move || {
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
                    if line == "\r\n" {
                        let body = (count.fetch_add(1, Ordering::SeqCst) + 1).to_string();
                        let head =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                        stream
                            .get_mut()
                            .write_all((head + &body).as_bytes())
                            .unwrap();
                    }
                    line.clear();
                }
            });
        }
    });
    (address, asked)
}
