//! Everything in this process' memory, within a number of bytes.
//!
//! Half of the bytes are for stores, a quarter each for limits and for counters. Every part is cut into shards with a
//! lock each, which is held for one key's work and never across an await. Stores and limits lose what was used least when they
//! are full; counters refuse new keys instead.

mod counters;
mod fingerprint;
mod in_flight;
mod limits;
mod stores;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::backend::{Backend, Counter, PURGES, Purge, Store};
use crate::clock::Expiry;
use crate::{Answer, Charge, Clock, Takings};

pub(crate) use counters::Counters;
pub(crate) use fingerprint::{Fingerprint, Identity, Seed};
pub(crate) use in_flight::InFlight;
pub(crate) use limits::Limits;
pub(crate) use stores::Stores;

/// How many bytes are used when a URL does not say.
pub const DEFAULT_BYTES: u64 = 64 << 20;
/// The fewest bytes that can be asked for.
pub const MIN_BYTES: u64 = 1 << 20;

/// The backend of `memory://`.
pub struct Memory {
    limits: Limits,
    stores: Stores,
    counters: Counters,
    purges: broadcast::Sender<Purge>,
}

impl Memory {
    /// Keeps about `bytes` at most: what the entries take, without what the allocator adds.
    #[must_use]
    pub fn new(bytes: u64, clock: Clock) -> Self {
        let bytes = bytes.max(MIN_BYTES);
        let time = Arc::new(Expiry::new(clock.clone()));
        Self {
            limits: Limits::new(bytes / 4, clock),
            stores: Stores::new(bytes / 2, Arc::clone(&time)),
            counters: Counters::new(bytes / 4, time),
            purges: broadcast::Sender::new(PURGES),
        }
    }
}

impl Backend for Memory {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> Answer<'a, Takings> {
        Answer::Ready(Ok(self.limits.take(charges)))
    }

    fn get<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, Option<Bytes>> {
        Answer::Ready(self.stores.get(store, key))
    }

    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Answer<'a, ()> {
        Answer::Ready(self.stores.put(store, key, value, ttl))
    }

    fn delete<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, ()> {
        Answer::Ready(self.stores.delete(store, key))
    }

    fn increment<'a>(&'a self, counter: &Counter<'_>, key: &[u8], by: i64) -> Answer<'a, i64> {
        Answer::Ready(self.counters.increment(counter, key, by))
    }

    fn read<'a>(&'a self, counter: &Counter<'_>, key: &[u8]) -> Answer<'a, Option<i64>> {
        Answer::Ready(self.counters.read(counter, key))
    }

    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> Answer<'a, Vec<(Bytes, i64)>> {
        Answer::Ready(self.counters.list(counter, prefix, at_most))
    }

    fn purge<'a>(&'a self, purge: &Purge) -> Answer<'a, ()> {
        // Without receivers nobody needs to hear it.
        let _ = self.purges.send(purge.clone());
        Answer::Ready(Ok(()))
    }

    fn purges(&self) -> broadcast::Receiver<Purge> {
        self.purges.subscribe()
    }

    fn place(&self) -> &str {
        "memory://"
    }
}
