//! Many clients, one request to the origin: `examples/coalescing` served by the command, over sockets.
//!
//! `EDGE_CLIENTS` says how many clients want one page at once, for runs by hand: each needs a file descriptor here and two there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pieces of a body, and the length of each.
const PIECES: usize = 20;
const PIECE: usize = 4096;

/// An origin whose steps the test allows, one by one.
struct Origin {
    address: SocketAddr,
    asked: AtomicUsize,
    /// Heads that may be sent.
    heads: Semaphore,
    /// Pieces of bodies that may be sent.
    pieces: Semaphore,
    /// What its answers say beside their length.
    fields: &'static str,
}

impl Origin {
    async fn start(fields: &'static str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Arc::new(Origin {
            address: listener.local_addr().unwrap(),
            asked: AtomicUsize::new(0),
            heads: Semaphore::new(0),
            pieces: Semaphore::new(0),
            fields,
        });
        let serving = Arc::clone(&origin);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).converse(stream));
            }
        });
        origin
    }

    async fn converse(self: Arc<Self>, mut stream: TcpStream) {
        while read_head(&mut stream).await.is_some() {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.heads.acquire().await.unwrap().forget();
            let length = PIECES * PIECE;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{}\r\n",
                self.fields
            );
            if stream.write_all(head.as_bytes()).await.is_err() {
                return;
            }
            for number in 0..PIECES {
                self.pieces.acquire().await.unwrap().forget();
                if stream.write_all(&piece(number)).await.is_err() {
                    return;
                }
            }
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often.
    async fn wait(&self, asked: usize) {
        let reached = async {
            while self.asked() < asked {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let waited = timeout(PATIENCE, reached).await;
        waited.unwrap_or_else(|_| panic!("asked {} times, not {asked}", self.asked()));
    }

    /// Lets it answer all that is asked from here on.
    fn let_go(&self) {
        self.heads.add_permits(100_000);
        self.pieces.add_permits(100_000 * PIECES);
    }
}

/// Each piece is another one, so that no byte can stand in for another unseen.
fn piece(number: usize) -> Vec<u8> {
    (0..PIECE)
        .map(|at| u8::try_from((at * 31 + number * 7) % 251).unwrap())
        .collect()
}

fn body() -> Vec<u8> {
    (0..PIECES).flat_map(piece).collect()
}

/// `edge serve` with the example; killed when dropped.
struct Host {
    child: Child,
    address: SocketAddr,
}

impl Host {
    fn start(origin: &Origin) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/coalescing");
        let url = format!("origins.tickets.url=http://{}", origin.address);
        let mut child = Command::new(env!("CARGO_BIN_EXE_edge"))
            .current_dir(folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--set", "log.target=off", "--set", &url])
            .args(["--set", "limits.connections=50000", "policy.edge"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        err.read_line(&mut line).unwrap();
        let (_, address) = line
            .split_once("http://")
            .unwrap_or_else(|| panic!("{line}"));
        let address = address.split(';').next().unwrap().parse().unwrap();
        Host { child, address }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A head's bytes, lower case; none when the connection has ended.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).to_ascii_lowercase())
}

async fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /concert HTTP/1.1\r\nHost: tickets.example\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads an answer to its end: its head, and its body, which must be the origin's.
async fn read_whole(mut stream: TcpStream) -> String {
    let head = read_head(&mut stream).await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest == body(), "{} bytes; {head}", rest.len());
    head
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn hundreds_of_clients_are_one_request_to_the_origin() {
    let clients = std::env::var("EDGE_CLIENTS").map_or(500, |text| text.parse().unwrap());
    runtime().block_on(async {
        let origin = Origin::start("").await;
        let host = Host::start(&origin);
        let leader = ask(host.address).await;
        origin.wait(1).await;
        let mut followers = JoinSet::new();
        for _ in 1..clients {
            let stream = ask(host.address).await;
            followers.spawn(async move { timeout(PATIENCE, read_whole(stream)).await.unwrap() });
        }
        let begun = Instant::now();
        origin.let_go();
        let head = timeout(PATIENCE, read_whole(leader)).await.unwrap();
        assert!(head.contains("cache-status: edge;fwd=uri-miss"), "{head}");
        let mut shared = 0;
        while let Some(head) = followers.join_next().await {
            let head = head.unwrap();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            shared += usize::from(head.contains("collapsed"));
        }
        println!(
            "{clients} clients: {} request to the origin, {shared} shared it, all answered within {:.2?}",
            origin.asked(),
            begun.elapsed()
        );
        assert_eq!(origin.asked(), 1);
    });
}

#[test]
fn followers_read_what_is_there_before_the_rest_has_come() {
    runtime().block_on(async {
        let origin = Origin::start("").await;
        let host = Host::start(&origin);
        let leader = ask(host.address).await;
        origin.wait(1).await;
        origin.heads.add_permits(1);
        // the second half stays away until all followers have the first
        origin.pieces.add_permits(PIECES / 2);
        let mut first_bytes = Vec::new();
        let mut followers = Vec::new();
        for _ in 0..20 {
            let begun = Instant::now();
            let mut stream = ask(host.address).await;
            let head = timeout(PATIENCE, read_head(&mut stream)).await.unwrap();
            let mut first = vec![0; PIECE];
            timeout(PATIENCE, stream.read_exact(&mut first))
                .await
                .unwrap()
                .unwrap();
            first_bytes.push(begun.elapsed());
            assert_eq!(first, piece(0), "{head:?}");
            followers.push(stream);
        }
        first_bytes.sort();
        println!(
            "median time to a follower's first piece: {:.2?}",
            first_bytes[10]
        );
        origin.let_go();
        for mut stream in followers {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert!(rest == body()[PIECE..]);
        }
        read_whole(leader).await;
        assert_eq!(origin.asked(), 1);
    });
}

#[test]
fn a_fetch_goes_on_when_the_client_that_began_it_leaves() {
    runtime().block_on(async {
        let origin = Origin::start("").await;
        let host = Host::start(&origin);
        let leader = ask(host.address).await;
        origin.wait(1).await;
        let follower = ask(host.address).await;
        drop(leader);
        origin.heads.add_permits(1);
        origin.pieces.add_permits(1);
        let mut late = ask(host.address).await;
        timeout(PATIENCE, read_head(&mut late)).await.unwrap();
        drop(late);
        origin.let_go();
        timeout(PATIENCE, read_whole(follower)).await.unwrap();
        read_whole(ask(host.address).await).await;
        assert_eq!(origin.asked(), 1);
    });
}

#[test]
fn an_answer_for_one_client_lets_all_others_ask_at_once() {
    runtime().block_on(async {
        let origin = Origin::start("Cache-Control: private\r\n").await;
        let host = Host::start(&origin);
        let mut clients = JoinSet::new();
        clients.spawn(read_whole(ask(host.address).await));
        origin.wait(1).await;
        for _ in 1..50 {
            clients.spawn(read_whole(ask(host.address).await));
        }
        origin.heads.add_permits(1);
        // none is answered before all have asked: they don't queue in series
        origin.wait(50).await;
        origin.let_go();
        while let Some(head) = timeout(PATIENCE, clients.join_next()).await.unwrap() {
            assert!(!head.unwrap().contains("stored"));
        }
    });
}
