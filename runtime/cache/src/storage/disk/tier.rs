//! The disk tier as the cache has it.

use super::files::Files;
use super::inner::{Inner, LEAST};
use super::log::{self, Loaded, Log};
use super::recover::recover;
use super::threads::Threads;
use super::{Disk, OpenError};
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::purge::{Left, Purges, UnderWay};
use crate::storage::record::Decoded;
use crate::storage::residents::Residents;
use http::HeaderMap;
use parking_lot::Mutex;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

/// How many threads read.
const READERS: usize = 4;
/// How often, and after which pause, the directory's lock is tried: half a second.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Answers on the disk.
pub(crate) struct DiskTier {
    pub inner: Arc<Inner>,
    writer: Threads,
    readers: Arc<Threads>,
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

/// Opens the tier of a directory, and the log of its purges, which are marked. Bodies up to `small` bytes go to memory when
/// they are read.
pub(crate) fn open(
    config: Disk,
    small: u64,
    purges: &Purges,
    residents: Arc<Residents>,
    counters: Arc<Counters>,
) -> Result<(Arc<DiskTier>, Log), OpenError> {
    let directory = config.directory.clone();
    let opened = || {
        let (lock, session) = lock(&directory)?;
        let path = directory.join("purges");
        let loaded = match log::load(&path)? {
            Some(loaded) => loaded,
            None => {
                set_aside(&directory, session)?;
                log::create(&path, 0, &[])?;
                Loaded::default()
            }
        };
        purges.go_on_from(loaded.last);
        for (number, said) in &loaded.purges {
            said.say(|what, soft_at| purges.restore(*number, what, soft_at));
        }
        let file = File::options().append(true).open(&path)?;
        let tier = DiskTier::start(config, lock, session, small, residents, counters)?;
        let log = Log::keep(path, file, &loaded, tier.inner.clone())?;
        Ok((tier, log))
    };
    opened().map_err(|error| OpenError::new(&directory, error))
}

/// Locks a directory for this process, and says which number its files begin with: greater than all before, even if the
/// clock went back.
fn lock(directory: &Path) -> io::Result<(File, u64)> {
    fs::create_dir_all(directory)?;
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(directory.join("lock"))?;
    take(&file)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let before: u64 = text.trim().parse().unwrap_or(0);
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| time.as_millis() << 20);
    let time = u64::try_from(time).unwrap_or(0);
    let session = if time > before {
        time
    } else {
        before.saturating_add(1 << 40)
    };
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{session:020}\n").as_bytes())?;
    Ok((file, session))
}

/// Takes the lock. A process that is just ending, or one that was forked and has not begun yet, may have it for a moment.
fn take(file: &File) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            taken => return taken.map_err(Into::into),
        }
    }
    file.try_lock().map_err(Into::into)
}

/// Puts what is there aside, to be deleted: nobody knows what of it was purged.
fn set_aside(directory: &Path, session: u64) -> io::Result<()> {
    let objects = directory.join("objects");
    if objects.exists() {
        fs::rename(objects, directory.join(format!("old-{session:016x}")))?;
    }
    Ok(())
}

impl DiskTier {
    fn start(
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

    /// Removes what purges until a number cover, and writes down what is stale. False when it could not see everything.
    pub async fn sweep(&self, purges: &Arc<Purges>, until: u64) -> bool {
        let all = self.inner.index.lock().born_before(until);
        for some in all.chunks(64) {
            let (some, inner, purges) = (some.to_vec(), self.inner.clone(), purges.clone());
            let swept = self.readers.ask(move || {
                some.iter()
                    .all(|(key, id)| swept(&inner, &purges, key, *id, until))
            });
            if !matches!(swept.await, Ok(true)) {
                return false;
            }
        }
        true
    }
}

/// Sweeps one answer.
fn swept(tier: &Inner, purges: &Purges, key: &Key, id: u64, until: u64) -> bool {
    let read = match tier.files.head(id) {
        Ok(read) => read,
        Err(error) => {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            if gone {
                tier.remove(key, id);
            } else {
                tier.failed();
            }
            return gone;
        }
    };
    let Some((decoded, _)) = read else {
        tier.damaged(key, id);
        return true;
    };
    match purges.left(&decoded.entry) {
        Left::Gone => tier.remove(key, id),
        Left::Valid => tier.index.lock().reborn(key, id, until),
        Left::Stale(at) => match tier.files.record(id) {
            Ok((
                _,
                Some((
                    Decoded {
                        mut entry, body, ..
                    },
                    bytes,
                )),
            )) => {
                entry.terms = entry.terms.stale_from(at);
                entry.born = entry.born.max(until);
                tier.replace(key, id, &entry, body, &bytes);
            }
            _ => tier.damaged(key, id),
        },
    }
    true
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
