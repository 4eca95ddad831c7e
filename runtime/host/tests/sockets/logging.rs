//! The log never holds up a request, and says so when it falls behind.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use edge_host::access_log::{Abandoned, AccessLog, Entry};
use edge_host::config::LogTarget;
use serde_json::Value;

use crate::support::{Edge, Guest, PATIENCE};

/// A target that takes a write only when it is told to, and hands on what was written.
struct Gate {
    open: Receiver<()>,
    written: mpsc::Sender<Vec<u8>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.recv().map_err(io::Error::other)?;
        self.written
            .send(bytes.to_vec())
            .map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn entry(path: &str) -> Entry {
    Entry::Abandoned(Abandoned {
        received_ms: 0,
        peer: "192.0.2.1".parse().unwrap(),
        method: http::Method::GET,
        uri: path.parse().unwrap(),
        host: None,
        total: Duration::ZERO,
        reason: "the client left",
    })
}

#[test]
fn a_file_that_was_moved_away_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let log = AccessLog::open(&Edge::config(path("access.log"))).unwrap();
    std::fs::rename(path("access.log"), path("access.log.1")).unwrap();
    assert!(log.file().reopen().unwrap());
    log.handle().write(|| entry("/after"));
    assert!(log.finish(PATIENCE));
    assert_eq!(std::fs::read_to_string(path("access.log.1")).unwrap(), "");
    let text = std::fs::read_to_string(path("access.log")).unwrap();
    assert!(text.contains("/after"), "{text}");
    assert!(!AccessLog::start(None, 1).file().reopen().unwrap());
}

#[test]
fn lines_beyond_the_queue_are_dropped_and_counted() {
    let (open, opened) = mpsc::channel();
    let (written, seen) = mpsc::channel();
    let log = AccessLog::start(
        Some(Box::new(Gate {
            open: opened,
            written,
        })),
        4,
    );
    let handle = log.handle();
    for number in 0..100 {
        handle.write(|| entry(&format!("/{number}")));
    }
    for _ in 0..100 {
        open.send(()).unwrap();
    }
    drop(handle);
    assert!(log.finish(PATIENCE));
    let text = seen.into_iter().flatten().collect();
    let lines: Vec<Value> = String::from_utf8(text)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (dropped, kept): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.get("dropped").is_some());
    let dropped: u64 = dropped
        .iter()
        .map(|line| line["dropped"].as_u64().unwrap())
        .sum();
    assert!(kept.len() >= 4 && dropped > 0, "{lines:?}");
    assert_eq!(
        kept.len() as u64 + dropped,
        100,
        "every line is written or counted"
    );
    assert_eq!(kept[0]["path"], "/0");
}

#[test]
fn a_log_that_nobody_reads_holds_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    // Open for reading, so that the server can open it, but never read.
    let reader = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let edge = Edge::with(&Guest::default(), |config| {
        config.log.target = LogTarget::File(pipe);
        config.log.queue = 1;
    });
    let mut client = edge.connect();
    for number in 0..2000 {
        assert_eq!(client.get(&format!("/{number}")).status, 200);
    }
    drop(reader);
}

#[test]
fn a_target_that_fails_costs_lines_and_nothing_else() {
    let edge = Edge::with(&Guest::default(), |config| {
        config.log.target = LogTarget::File("/dev/full".into())
    });
    let mut client = edge.connect();
    for _ in 0..10 {
        assert_eq!(client.get("/").status, 200);
    }
}

#[test]
fn nothing_is_logged_when_the_log_is_off() {
    let edge = Edge::with(&Guest::default(), |config| {
        config.log.target = LogTarget::Off
    });
    assert_eq!(edge.connect().get("/").status, 200);
}
