//! Opening a directory.

use super::log::Log;
use super::log_file::{self, Loaded};
use super::tier::DiskTier;
use super::{Disk, OpenError};
use crate::counters::Counters;
use crate::storage::purge::Purges;
use crate::storage::residents::Residents;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

/// How often, and after which pause, the directory's lock is tried: half a second.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

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
        let loaded = match log_file::load(&path)? {
            Some(loaded) => loaded,
            None => {
                set_aside(&directory, session)?;
                log_file::create(&path, 0, &[])?;
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
