//! The disk tier of the edge: answers that survive the process.
//!
//! An answer is a file, or two when its body is long (`files`). While a long body comes it is written chunk by chunk
//! (`stream`); it is read chunk by chunk too (`body`), so that its length is bounded by the disk alone. A few threads do
//! all reading and writing (`threads`); an index in memory says what is there (`index`), and is made anew from the
//! records after a start (`recover`). Nothing is served whose checksum does not agree.
//!
//! Purges are written down before the tier is used again (`log`). A disk that fails is left alone for a while
//! (`health`).

pub(crate) mod body;
mod files;
mod health;
mod index;
pub(crate) mod inner;
mod load;
pub(crate) mod log;
mod log_file;
mod open;
mod recover;
pub(crate) mod stream;
mod sweep;
mod threads;
pub(crate) mod tier;

pub use body::DiskBody;
pub(crate) use open::open;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A disk tier. Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Its directory, of one process at a time.
    pub directory: PathBuf,
    /// What all files may take together.
    pub bytes: u64,
    /// The longest body that is stored.
    pub max_object: u64,
    /// What may wait to be written; beyond, answers are not written.
    pub queue: u64,
}

impl Disk {
    /// A tier with the usual bounds: a body may take a quarter of it, and 64 MiB may wait.
    pub fn new(directory: impl Into<PathBuf>, bytes: u64) -> Self {
        Self {
            directory: directory.into(),
            bytes,
            max_object: bytes / 4,
            queue: 64 << 20,
        }
    }
}

/// Why a disk tier can't be used: its directory can't be made or written, or another process has it.
#[derive(Debug)]
pub struct OpenError {
    directory: PathBuf,
    error: io::Error,
}

impl OpenError {
    pub(crate) fn new(directory: &Path, error: io::Error) -> Self {
        Self {
            directory: directory.into(),
            error,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        match self.error.kind() {
            io::ErrorKind::WouldBlock => write!(
                f,
                "the cache's directory `{directory}` is used by another process"
            ),
            _ => write!(
                f,
                "the cache's directory `{directory}` can't be used: {}",
                self.error
            ),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
