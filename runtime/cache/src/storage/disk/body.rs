//! A body on the disk, read chunk by chunk.

use super::files::{CHUNK, read_chunk};
use super::inner::Inner;
use super::threads::Threads;
use crate::semantics::range::Span;
use crate::storage::key::Key;
use bytes::Bytes;
use std::fmt;
use std::fs::File;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A body on the disk. Its file is open: what is removed from the tier can still be read to its end.
#[derive(Clone)]
pub struct DiskBody(Arc<Open>);

pub(crate) struct Open {
    pub file: File,
    pub id: u64,
    pub len: u64,
    pub sums: Vec<u64>,
    /// The key and number of the record that it was found by.
    pub key: Key,
    pub record: u64,
    pub tier: Arc<Inner>,
    pub readers: Arc<Threads>,
}

impl fmt::Debug for DiskBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskBody").field("id", &self.0.id).finish()
    }
}

/// A part of a chunk that is being read.
#[derive(Debug)]
pub(crate) struct Reading {
    receiver: oneshot::Receiver<Option<Bytes>>,
    skip: usize,
    take: usize,
}

impl DiskBody {
    pub(crate) fn new(open: Open) -> Self {
        Self(Arc::new(open))
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.0.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Where it is, for another record of the same body.
    pub(crate) fn file(&self) -> (u64, &[u64]) {
        (self.0.id, &self.0.sums)
    }

    /// Begins to read the first piece of a span, and says what is left of it.
    pub(crate) fn read(&self, span: Span) -> (Reading, Option<Span>) {
        let chunk = CHUNK as u64;
        let number = span.first / chunk;
        let last = span.last.min(number * chunk + (chunk - 1));
        let open = self.0.clone();
        let receiver = self.0.readers.ask(move || open.chunk(number));
        let reading = Reading {
            receiver,
            skip: usize::try_from(span.first % chunk).unwrap_or(0),
            take: usize::try_from(last - span.first + 1).unwrap_or(0),
        };
        let rest = (last < span.last).then_some(Span {
            first: last + 1,
            last: span.last,
        });
        (reading, rest)
    }
}

impl Reading {
    /// Its bytes, once they are read: `None` when they are damaged or can't be read.
    pub fn poll(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<Bytes>> {
        use std::pin::Pin;
        let (skip, take) = (self.skip, self.take);
        Pin::new(&mut self.receiver).poll(cx).map(|chunk| {
            let chunk = chunk.ok().flatten()?;
            (chunk.len() >= skip + take).then(|| chunk.slice(skip..skip + take))
        })
    }
}

impl Open {
    fn chunk(&self, number: u64) -> Option<Bytes> {
        let counters = &self.tier.counters.disk;
        counters.reads.one();
        match read_chunk(&self.file, self.id, self.len, &self.sums, number) {
            Ok(Some(chunk)) => {
                counters.read_bytes.add(chunk.len() as u64);
                Some(chunk)
            }
            Ok(None) => {
                self.tier.damaged(&self.key, self.record);
                None
            }
            Err(_) => {
                self.tier.failed();
                None
            }
        }
    }
}
