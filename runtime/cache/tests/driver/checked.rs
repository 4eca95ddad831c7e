//! Bodies that say what they are, so that no wrong byte can go unseen.

use crate::site::*;
use bytes::Bytes;
use edge_cache::*;
use http_body_util::BodyExt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A directory; in memory where that can be had, for these tests sync a lot.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Each 16 bytes of a body name it and say where they stand.
const BLOCK: usize = 16;

/// The body of one version of something.
pub fn body(what: u32, version: u32, len: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(len + BLOCK);
    while bytes.len() < len {
        let number = (bytes.len() / BLOCK) as u64;
        bytes.extend_from_slice(&what.to_le_bytes());
        bytes.extend_from_slice(&version.to_le_bytes());
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}

/// Reads an answer's body in pieces, and checks each as it comes. `None` when it breaks off.
pub async fn check(
    mut answer: Answer,
    what: u32,
    version: u32,
    len: usize,
    from: usize,
) -> Option<()> {
    let expected = body(what, version, len);
    let mut at = from;
    while let Some(frame) = answer.body.frame().await {
        let piece = frame.ok()?.into_data().unwrap();
        assert_eq!(piece, expected[at..at + piece.len()], "wrong bytes at {at}");
        at += piece.len();
    }
    let end = answer.headers["content-length"]
        .to_str()
        .unwrap()
        .parse::<usize>()
        .unwrap();
    assert_eq!(at - from, end, "it is shorter than it says");
    Some(())
}

/// Writes a body in pieces of the size that a connection gives.
pub async fn write_all(mut filler: Filler, body: &Bytes) -> bool {
    for piece in body.chunks(60_000) {
        // one that nobody reads and no tier takes has ended
        if filler.write(Bytes::copy_from_slice(piece)).await.is_err() {
            return false;
        }
    }
    filler.finish()
}

impl Site {
    /// A cache on a directory: a megabyte at most in memory, 64 on the disk.
    pub async fn on(directory: &Path) -> Self {
        Self::on_with(directory, |_| {}).await
    }

    pub async fn on_with(directory: &Path, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            max_object: 1 << 20,
            disk: Some(Disk::new(directory, 64 << 20)),
            ..Config::default()
        };
        change(&mut config);
        let rules = Rules {
            coalesce: true,
            forward: true,
            ..Rules::default()
        };
        let cache = Cache::open(config).unwrap();
        while !cache.is_loaded() {
            tokio::task::yield_now().await;
        }
        let rules = Arc::new(rules);
        Self { cache, rules }
    }

    /// Stores a body and waits until it is on the disk.
    pub async fn put(&self, path: &str, lines: &[&str], body: &Bytes) {
        let (answer, filler) = filled(self.fetch(path, &[], NOW).await, 200, lines, NOW);
        drop(answer);
        assert!(write_all(filler, body).await);
        assert!(self.cache.flush().await);
    }
}
