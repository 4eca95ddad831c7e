//! The disk tier as the cache has it.

use super::Disk;
use super::files::Files;
use super::inner::{Inner, LEAST};
use super::recover::recover;
use super::threads::Threads;
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::purge::UnderWay;
use crate::storage::residents::Residents;
use http::HeaderMap;
use parking_lot::Mutex;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

/// How many threads read.
const READERS: usize = 4;

/// Answers on the disk.
pub(crate) struct DiskTier {
    pub inner: Arc<Inner>,
    writer: Threads,
    pub(super) readers: Arc<Threads>,
    recovery: Mutex<Option<JoinHandle<()>>>,
    /// Held as long as the directory is used.
    _lock: File,
}

impl std::fmt::Debug for DiskTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskTier")
            .field("directory", &self.inner.config.directory)
            .finish()
    }
}

impl DiskTier {
    /// Starts its threads, in a directory that is locked.
    pub fn start(
        config: Disk,
        lock: File,
        session: u64,
        small: u64,
        residents: Arc<Residents>,
        counters: Arc<Counters>,
    ) -> io::Result<Arc<Self>> {
        let inner = Arc::new(Inner {
            files: Files::open(&config.directory)?,
            config,
            index: Mutex::default(),
            health: Default::default(),
            counters,
            residents,
            small,
            next: session.into(),
            unfinished: 0.into(),
            queued: 0.into(),
            loaded: false.into(),
            off: false.into(),
            closing: false.into(),
        });
        let tier = inner.clone();
        let recovery = thread::Builder::new()
            .name("edge-cache-start".to_owned())
            .spawn(move || recover(&tier, session))?;
        Ok(Arc::new(Self {
            inner,
            writer: Threads::start("edge-cache-write", 1)?,
            readers: Arc::new(Threads::start("edge-cache-read", READERS)?),
            recovery: Mutex::new(Some(recovery)),
            _lock: lock,
        }))
    }

    /// The answer that a request selects, and its number.
    pub async fn get(&self, key: &Key, sent: &HeaderMap) -> Option<(Entry, u64)> {
        let id = self.inner.index.lock().find(key, sent)?;
        if !self.inner.is_usable() {
            return None;
        }
        let (inner, readers, key) = (self.inner.clone(), self.readers.clone(), *key);
        let read = self.readers.ask(move || inner.load(&readers, &key, id));
        let (entry, id) = read.await.ok().flatten()?;
        entry
            .selecting
            .fits(sent, &entry.headers)
            .then_some((entry, id))
    }

    /// Stores an answer, in place of the one that was selected alike. `under_way` keeps purges that may cover it.
    pub fn put(&self, key: Key, entry: Arc<Entry>, under_way: UnderWay) {
        if entry.content.complete() > self.inner.config.max_object || !entry.content.is_whole() {
            return;
        }
        self.queue(LEAST + entry.content.held(), move |tier| {
            tier.store(&key, &entry);
            drop(under_way);
        });
    }

    /// Removes the answer that was selected so.
    pub fn remove(&self, key: &Key, entry: &Entry) {
        let slot = self
            .inner
            .index
            .lock()
            .remove_variant(key, &entry.selecting);
        self.delete(*key, slot);
        let (key, entry) = (*key, entry.selecting.clone());
        // and the one that is being written
        self.queue(0, move |tier| {
            let slot = tier.index.lock().remove_variant(&key, &entry);
            tier.delete(&key, slot);
        });
    }

    /// Removes the answer of a number.
    pub fn remove_numbered(&self, key: &Key, id: u64) {
        let slot = self.inner.index.lock().remove(key, id);
        self.delete(*key, slot);
    }

    fn delete(&self, key: Key, slot: Option<super::index::Slot>) {
        if let Some(slot) = slot {
            self.writer.run({
                let tier = self.inner.clone();
                move || tier.delete(&key, [slot])
            });
        }
    }

    /// Has work done on the writing thread, if so many bytes more may wait; else it is skipped and counted.
    pub fn queue(&self, bytes: u64, work: impl FnOnce(&Inner) + Send + 'static) -> bool {
        let tier = self.inner.clone();
        let queued = tier.queued.fetch_add(bytes, Ordering::Relaxed);
        if bytes > 0 && queued.saturating_add(bytes) > tier.config.queue {
            tier.queued.fetch_sub(bytes, Ordering::Relaxed);
            tier.counters.disk.skipped.one();
            return false;
        }
        self.writer.run(move || {
            work(&tier);
            tier.queued.fetch_sub(bytes, Ordering::Relaxed);
        });
        true
    }

    /// Waits until all that was stored so far is written.
    pub async fn flush(&self) {
        // when the threads have ended, there is nothing to wait for
        let _ = self.writer.ask(|| ()).await;
    }

    /// Whether everything on the disk is known, so that a sweep sees it.
    pub fn is_loaded(&self) -> bool {
        self.inner.loaded.load(Ordering::SeqCst)
    }
}

impl Drop for DiskTier {
    fn drop(&mut self) {
        self.inner.closing.store(true, Ordering::Relaxed);
        self.writer.end();
        if let Some(recovery) = self.recovery.lock().take() {
            // it has nothing to say
            let _ = recovery.join();
        }
    }
}
