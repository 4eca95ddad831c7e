//! Stores and counters in a file of [redb](https://docs.rs/redb), for one host.
//!
//! A write is answered when it is on the disk: one thread writes, and takes all that waits into one transaction
//! and one flush. Whatever was answered survives the process' and the machine's end. Reads see the last transaction
//! and wait for no writer. Limits, what is in flight, and purges are of this process, as in memory.

mod apply;
mod database;
mod record;
mod shelf;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redb::Database;
use tokio::runtime::Handle;
use tokio::sync::broadcast;

use crate::backend::{Backend, Counter, PURGES, Purge, Store};
use crate::clock::{Clock, Expiry};
use crate::key::{MAX_KEY, MAX_VALUE, check};
use crate::memory::{DEFAULT_BYTES as LIMIT_BYTES, Limits};
use crate::{Answer, Charge, Failure, OpenError, Takings};

use apply::Change;
use record::{COUNTER, STORE, key, number};
use shelf::Shelf;
use writer::Writer;

/// How many bytes of keys and values are kept when a URL does not say.
pub const DEFAULT_BYTES: u64 = 1 << 30;
/// How many reads wait for the disk at most; more are refused.
const READS: usize = 512;

/// The backend of `file:///path`.
pub struct File {
    /// Before the database, so that its thread ends first.
    writer: Writer,
    shelf: Arc<Shelf>,
    limits: Limits,
    time: Arc<Expiry>,
    purges: broadcast::Sender<Purge>,
    reads: Arc<AtomicUsize>,
    place: String,
}

impl File {
    /// Opens `state.redb` in a folder, and makes both if they are not there (the folder's own parent must be).
    ///
    /// # Errors
    /// If it is in use by another process, damaged, or the system refuses.
    pub fn open(
        folder: &Path,
        bytes: u64,
        timeout: Duration,
        clock: Clock,
    ) -> Result<Self, OpenError> {
        let place = folder.to_owned();
        let shelf = Arc::new(Shelf::new(move || database::open(&place))?);
        let time = Arc::new(Expiry::new(clock.clone()));
        let writer = Writer::start(Arc::clone(&shelf), bytes, timeout, Arc::clone(&time));
        let writer = writer.map_err(|reason| OpenError::System {
            path: folder.to_owned(),
            reason,
        })?;
        Ok(Self {
            writer,
            shelf,
            limits: Limits::new(LIMIT_BYTES / 4, clock),
            time,
            purges: broadcast::Sender::new(PURGES),
            reads: Arc::default(),
            place: format!("file://{}", folder.display()),
        })
    }

    /// Reads on a thread that may block.
    fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, Failure> + Send + 'static,
    ) -> Answer<'_, T> {
        let Ok(runtime) = Handle::try_current() else {
            return Answer::Ready(self.shelf.with(read));
        };
        let Some(place) = Reading::begin(&self.reads) else {
            let reason = "too many reads are waiting for the disk";
            return Answer::failed(Failure::Unavailable(reason.into()));
        };
        let shelf = Arc::clone(&self.shelf);
        let task = runtime.spawn_blocking(move || {
            let _place = place;
            shelf.with(read)
        });
        let timeout = self.writer.timeout();
        Answer::wait(async move {
            match tokio::time::timeout(timeout, task).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(Failure::Corrupt("reading the state database failed".into())),
                Err(_) => Err(Failure::Timeout(timeout)),
            }
        })
    }
}

/// One of the reads that wait for the disk.
struct Reading(Arc<AtomicUsize>);

impl Reading {
    fn begin(reads: &Arc<AtomicUsize>) -> Option<Self> {
        let reading = Reading(Arc::clone(reads));
        (reads.fetch_add(1, Ordering::Relaxed) < READS).then_some(reading)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Backend for File {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> Answer<'a, Takings> {
        Answer::Ready(Ok(self.limits.take(charges)))
    }

    fn get<'a>(&'a self, store: &Store<'_>, name: &[u8]) -> Answer<'a, Option<Bytes>> {
        let now = self.time.now();
        match key(STORE, store.name, name) {
            Ok(key) => self.blocking(move |database| database::value(database, &key, now)),
            Err(failure) => Answer::failed(failure),
        }
    }

    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        name: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Answer<'a, ()> {
        let made = check("value", value.len(), MAX_VALUE.min(store.max_value))
            .and_then(|()| key(STORE, store.name, name));
        let now = self.time.now();
        let end = self.time.end(ttl.or(store.ttl));
        match made {
            Ok(key) if end > now => self.writer.write(
                Change::Put {
                    key,
                    value: value.into(),
                    end,
                },
                |_| (),
            ),
            Ok(key) => self.writer.write(Change::Delete { key }, |_| ()),
            Err(failure) => Answer::failed(failure),
        }
    }

    fn delete<'a>(&'a self, store: &Store<'_>, name: &[u8]) -> Answer<'a, ()> {
        self.time.now();
        match key(STORE, store.name, name) {
            Ok(key) => self.writer.write(Change::Delete { key }, |_| ()),
            Err(failure) => Answer::failed(failure),
        }
    }

    fn increment<'a>(&'a self, counter: &Counter<'_>, name: &[u8], by: i64) -> Answer<'a, i64> {
        let now = self.time.now();
        let end = self.time.end(counter.expire);
        match key(COUNTER, counter.name, name) {
            Ok(key) => self
                .writer
                .write(Change::Increment { key, by, now, end }, |value| value),
            Err(failure) => Answer::failed(failure),
        }
    }

    fn read<'a>(&'a self, counter: &Counter<'_>, name: &[u8]) -> Answer<'a, Option<i64>> {
        let now = self.time.now();
        match key(COUNTER, counter.name, name) {
            Ok(key) => self.blocking(move |database| {
                database::value(database, &key, now)?
                    .map(|value| number(&value))
                    .transpose()
            }),
            Err(failure) => Answer::failed(failure),
        }
    }

    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> Answer<'a, Vec<(Bytes, i64)>> {
        let now = self.time.now();
        // Nothing begins with more than a key can have.
        if prefix.len() > MAX_KEY {
            return Answer::Ready(Ok(Vec::new()));
        }
        match key(COUNTER, counter.name, prefix) {
            Ok(from) => {
                self.blocking(move |database| database::list(database, &from, at_most, now))
            }
            Err(failure) => Answer::failed(failure),
        }
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
        &self.place
    }
}
