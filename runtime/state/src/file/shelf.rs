//! The open database, which is closed and opened again after an error of the disk.
//!
//! After an error while it reads or writes (a full disk, say), redb refuses all that follows until the database is opened anew: only
//! the file then tells what is in it, which is every transaction that was answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use redb::Database;

use crate::{Failure, OpenError};

/// After an attempt to open the database that failed, the next is not made before this has passed.
const PAUSE: Duration = Duration::from_secs(1);

/// Opens the database.
type Open = Box<dyn Fn() -> Result<Database, OpenError> + Send + Sync>;

/// A database that can be opened again.
pub(super) struct Shelf {
    open: Open,
    /// None while it can't be opened.
    database: RwLock<Option<Database>>,
    broken: AtomicBool,
    /// The last attempt that failed, and why.
    failed: Mutex<Option<(Instant, String)>>,
}

impl Shelf {
    /// Opens it for the first time.
    pub(super) fn new(
        open: impl Fn() -> Result<Database, OpenError> + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let database = RwLock::new(Some(open()?));
        Ok(Self {
            open: Box::new(open),
            database,
            broken: AtomicBool::new(false),
            failed: Mutex::new(None),
        })
    }

    /// Works with the database. An error of the disk marks it as broken.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let database = self.database.read();
        let Some(database) = &*database else {
            return Err(self.closed());
        };
        let result = work(database);
        if let Err(Failure::Unavailable(_)) = &result {
            self.broken.store(true, Ordering::Release);
        }
        result
    }

    /// Opens it again if it is broken; at most once in [`PAUSE`] while that fails.
    pub(super) fn mend(&self) -> Result<(), Failure> {
        if !self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        let waits = |(at, _): &(Instant, String)| at.elapsed() < PAUSE;
        if self.failed.lock().as_ref().is_some_and(waits) {
            return Err(self.closed());
        }
        // Waits for the reads that are under way, since the file can be open only once.
        let mut place = self.database.write();
        let old = place.take();
        // What it could not write is not in any answer; closing must not end the thread.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(old)));
        match (self.open)() {
            Ok(database) => {
                *place = Some(database);
                *self.failed.lock() = None;
                self.broken.store(false, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                *self.failed.lock() = Some((Instant::now(), error.to_string()));
                Err(self.closed())
            }
        }
    }

    fn closed(&self) -> Failure {
        let reason = match &*self.failed.lock() {
            Some((_, reason)) => format!("the state file can't be opened again: {reason}"),
            None => "the state file is being opened again".into(),
        };
        Failure::Unavailable(reason.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::sync::Arc;

    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;

    use super::super::apply::Change;
    use super::super::database::{prepare, value};
    use super::super::record::{COUNTER, STORE, key, number};
    use super::super::writer::Writer;
    use super::*;
    use crate::clock::{Clock, Expiry, NEVER};

    /// A disk that outlives the databases on it, and can be full.
    #[derive(Clone, Debug, Default)]
    struct Disk {
        pages: Arc<InMemoryBackend>,
        full: Arc<AtomicBool>,
    }

    impl Disk {
        fn room(&self) -> io::Result<()> {
            if self.full.load(Ordering::SeqCst) {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            Ok(())
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.pages.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.pages.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.room()?;
            self.pages.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.room()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.room()?;
            self.pages.write(offset, data)
        }
    }

    fn shelf(disk: &Disk) -> Arc<Shelf> {
        let disk = disk.clone();
        let open = move || {
            let corrupt = |reason: String| OpenError::Place(reason);
            let database = redb::Builder::new()
                .create_with_backend(disk.clone())
                .map_err(|error| corrupt(error.to_string()))?;
            prepare(&database).map_err(|error| corrupt(error.to_string()))?;
            Ok(database)
        };
        Arc::new(Shelf::new(open).unwrap())
    }

    fn put(name: &[u8]) -> Change {
        Change::Put {
            key: key(STORE, "items", name).unwrap(),
            value: vec![7; 5000].into(),
            end: NEVER,
        }
    }

    #[tokio::test]
    async fn a_full_disk_fails_writes_only_while_it_is_full() {
        let disk = Disk::default();
        let shelf = shelf(&disk);
        let time = Arc::new(Expiry::new(Clock::System));
        let patience = Duration::from_secs(60);
        let writer = Writer::start(Arc::clone(&shelf), 1 << 30, patience, time).unwrap();
        let count = || Change::Increment {
            key: key(COUNTER, "views", b"").unwrap(),
            by: 1,
            now: 0,
            end: NEVER,
        };
        writer.write(put(b"before"), |_| ()).await.unwrap();
        for round in 1..4 {
            assert_eq!(writer.write(count(), |value| value).await, Ok(round));
            disk.full.store(true, Ordering::SeqCst);
            for _ in 0..3 {
                let failure = writer.write(put(b"refused"), |_| ()).await.unwrap_err();
                assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
            }
            disk.full.store(false, Ordering::SeqCst);
            let since = Instant::now();
            while let Err(failure) = writer.write(put(b"after"), |_| ()).await {
                assert!(since.elapsed() < patience, "{failure}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let read = |kind, name: &str, given: &[u8]| {
                let key = key(kind, name, given).unwrap();
                shelf.with(|database| value(database, &key, 0)).unwrap()
            };
            assert_eq!(read(STORE, "items", b"before").unwrap(), vec![7; 5000]);
            assert_eq!(read(STORE, "items", b"after").unwrap(), vec![7; 5000]);
            let counted = read(COUNTER, "views", b"").unwrap();
            assert_eq!(number(&counted), Ok(round));
        }
    }
}
