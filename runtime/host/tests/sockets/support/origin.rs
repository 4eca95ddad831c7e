//! An origin: a thread for each connection, which does exactly what the test says.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::{Client, PATIENCE};

/// An origin on loopback. It lives as long as the process.
pub struct Origin {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// A request as the origin saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The request line.
    pub line: String,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
}

impl Origin {
    /// Hands each connection, with its number from 0, to `serve`.
    pub fn start(serve: impl Fn(&mut Client, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (serve, count) = (Arc::new(serve), connections.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, number) = (serve.clone(), count.fetch_add(1, Ordering::SeqCst));
                thread::spawn(move || serve(&mut Client::new(stream.unwrap()), number));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// Answers every request of every connection with these bytes.
    pub fn answering(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::start(move |client, _| {
            while receive(client).is_some() {
                client.send(&answer);
            }
        })
    }

    /// Answers one request of a connection with these bytes, and closes it.
    pub fn answering_once(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::start(move |client, _| {
            receive(client);
            client.send(&answer);
        })
    }

    /// Says `ok` to everything, and tells the test what it was asked.
    pub fn watching() -> (Self, Receiver<Received>) {
        let (told, seen) = mpsc::channel();
        let origin = Self::start(move |client, _| {
            while let Some(received) = receive(client) {
                // The test may not want to know any more.
                let _ = told.send(received);
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        (origin, seen)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections it has had.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Received {
    /// The values of all fields of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// Reads a request's head; none when the connection has ended.
pub fn receive(client: &mut Client) -> Option<Received> {
    use std::io::BufRead;
    let mut line = String::new();
    client
        .reader
        .read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut field = String::new();
        client
            .reader
            .read_line(&mut field)
            .ok()
            .filter(|length| *length > 0)?;
        let Some((name, value)) = field.trim_end().split_once(':') else {
            return Some(Received {
                line: line.trim_end().to_owned(),
                headers,
            });
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Waits for something that another thread tells.
pub fn wait<T>(told: &Receiver<T>) -> T {
    told.recv_timeout(PATIENCE).expect("it happens in time")
}
