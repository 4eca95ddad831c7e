//! Opening and reading the file.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;
use redb::{Builder, Database, ReadableDatabase, ReadableTable};

use super::record::{BYTES, ENDS, ENTRIES, NUMBERS, Record, VERSION, given, number};
use crate::{Failure, OpenError};

/// Pages kept in memory, in bytes.
const CACHE: usize = 32 << 20;
/// Files up to this size are read and checked as a whole when they are opened.
const CHECKED: u64 = 256 << 20;
/// The layout of the entries that this crate writes.
const LAYOUT: u64 = 1;

/// Opens or makes `state.redb` in a folder.
pub(super) fn open(folder: &Path) -> Result<Database, OpenError> {
    let path = folder.join("state.redb");
    let system = |error: &io::Error| OpenError::System {
        path: path.clone(),
        reason: error.to_string(),
    };
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(OpenError::System {
                path: folder.to_owned(),
                reason: error.to_string(),
            });
        }
        _ => {}
    }
    let long = match fs::metadata(&path) {
        Ok(about) => about.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(system(&error)),
    };
    let corrupt = |reason: String| OpenError::Corrupt {
        path: path.clone(),
        reason,
    };
    // The storage may panic on a damaged file that it was not asked to check.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let mut builder = Builder::new();
        builder
            .set_cache_size(CACHE)
            .set_check_integrity_on_open(long > 0 && long <= CHECKED);
        let database = builder.create(&path)?;
        let layout = prepare(&database)?;
        if long == 0 {
            remember(folder)?;
        }
        Ok((database, layout))
    }));
    match opened {
        Ok(Ok((database, LAYOUT))) => Ok(database),
        Ok(Ok((_, layout))) => Err(corrupt(format!(
            "its layout is {layout}, this version writes {LAYOUT}"
        ))),
        Ok(Err(redb::Error::DatabaseAlreadyOpen)) => Err(OpenError::InUse(path)),
        Ok(Err(redb::Error::Io(error)))
            if error.kind() != io::ErrorKind::InvalidData
                && error.kind() != io::ErrorKind::UnexpectedEof =>
        {
            Err(system(&error))
        }
        Ok(Err(error)) => Err(corrupt(error.to_string())),
        Err(_) => Err(corrupt(String::from("its pages contradict each other"))),
    }
}

/// Writes the folders that name a new file to the disk too.
fn remember(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes the tables, and gives the layout's number.
pub(super) fn prepare(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let layout = {
        transaction.open_table(ENTRIES)?;
        transaction.open_table(ENDS)?;
        let mut numbers = transaction.open_table(NUMBERS)?;
        let known = numbers.get(VERSION)?.map(|layout| layout.value());
        if known.is_none() {
            numbers.insert(VERSION, LAYOUT)?;
            numbers.insert(BYTES, 0)?;
        }
        known.unwrap_or(LAYOUT)
    };
    transaction.commit()?;
    Ok(layout)
}

/// What an entry holds, unless it has expired.
pub(super) fn value(database: &Database, key: &[u8], now: u64) -> Result<Option<Bytes>, Failure> {
    let table = database
        .begin_read()
        .map_err(failure)?
        .open_table(ENTRIES)
        .map_err(failure)?;
    let Some(found) = table.get(key).map_err(failure)? else {
        return Ok(None);
    };
    let record = Record::read(found.value())?;
    Ok((record.end > now).then(|| Bytes::copy_from_slice(record.value)))
}

/// The counters whose keys begin with `from`.
pub(super) fn list(
    database: &Database,
    from: &[u8],
    at_most: usize,
    now: u64,
) -> Result<Vec<(Bytes, i64)>, Failure> {
    let table = database
        .begin_read()
        .map_err(failure)?
        .open_table(ENTRIES)
        .map_err(failure)?;
    let mut found = Vec::new();
    for entry in table.range(from..).map_err(failure)? {
        let (key, record) = entry.map_err(failure)?;
        if found.len() >= at_most || !key.value().starts_with(from) {
            break;
        }
        let record = Record::read(record.value())?;
        if let Some(key) = given(key.value()).filter(|_| record.end > now) {
            found.push((key, number(record.value)?));
        }
    }
    Ok(found)
}

/// What the storage says, in this crate's terms.
pub(super) fn failure(error: impl Into<redb::Error>) -> Failure {
    match error.into() {
        redb::Error::Corrupted(reason) => Failure::Corrupt(reason.into()),
        error => Failure::Unavailable(error.to_string().into()),
    }
}
