//! Bodies stream: a server that passes on 200 MB stays about as small as it was.
//!
//! The server runs in a process of its own, this test's binary started again, so that
//! neither the client's nor the origin's memory counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::origin::receive;
use crate::support::{Client, Edge, Guest, Origin};

/// Names the origin for the process of the server.
const ORIGIN: &str = "EDGE_TEST_MEMORY_ORIGIN";

const SIZE: usize = 200_000_000;
const MOST: usize = 16 << 20;

/// Not a test by itself: what the other process runs.
#[test]
fn server_process() {
    let Ok(url) = std::env::var(ORIGIN) else {
        return;
    };
    let edge = Edge::start(&Guest::shop(&url));
    println!("listening on {}", edge.address);
    // Until the test closes its end.
    let _ = std::io::stdin().read(&mut [0]);
}

/// The server's process.
struct Process {
    child: Child,
    address: SocketAddr,
    _output: BufReader<ChildStdout>,
}

impl Process {
    fn start(origin: &Origin) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "memory::server_process",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ORIGIN, origin.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(
                output.read_line(&mut line).unwrap() > 0,
                "the server has ended"
            );
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().parse().unwrap();
            }
        };
        Self {
            child,
            address,
            _output: output,
        }
    }

    /// Bytes resident now; from here on, the peak is measured anew.
    fn resident(&self) -> usize {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
        self.status("VmRSS:")
    }

    fn peak(&self) -> usize {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .unwrap();
        line.trim()
            .strip_suffix(" kB")
            .unwrap()
            .parse::<usize>()
            .unwrap()
            * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send_zeros(to: &mut impl Write, mut count: usize) {
    let block = vec![0; 64 << 10];
    while count > 0 {
        let part = count.min(block.len());
        to.write_all(&block[..part]).unwrap();
        count -= part;
    }
}

fn take(from: &mut impl Read, count: usize) {
    let taken = std::io::copy(&mut from.take(count as u64), &mut std::io::sink()).unwrap();
    assert_eq!(taken as usize, count);
}

/// Sends as many bytes as the path's last part says, and takes what it is sent.
fn bulk_origin() -> Origin {
    Origin::start(|client, _| {
        while let Some(received) = receive(client) {
            if let Some(length) = received.all("content-length").first() {
                take(&mut client.reader, length.parse().unwrap());
            }
            let path = received.line.split(' ').nth(1).unwrap();
            let size: usize = path.rsplit('/').next().unwrap().parse().unwrap();
            client.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"));
            send_zeros(client.reader.get_mut(), size);
        }
    })
}

#[test]
fn two_hundred_megabytes_each_way_stay_within_sixteen() {
    let origin = bulk_origin();
    let server = Process::start(&origin);
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/0/1").status, 200);

    let idle = server.resident();
    client.send(format!("GET /0/{SIZE} HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!(client.head().0, 200);
    take(&mut client.reader, SIZE);
    let down = server.peak().saturating_sub(idle);

    client.send(format!(
        "POST /0/0 HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"
    ));
    send_zeros(client.reader.get_mut(), SIZE);
    assert_eq!(client.reply().status, 200);
    let up = server.peak().saturating_sub(idle);

    println!("idle {idle}, down +{down}, up +{up}");
    assert!(
        down <= MOST && up <= MOST,
        "idle {idle}, down +{down}, up +{up}"
    );
}
