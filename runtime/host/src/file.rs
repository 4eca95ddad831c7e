//! Reading files, with bounds and without surprises.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The longest file of certificates, in bytes.
pub const CERTIFICATES: u64 = 8 << 20;
/// The longest `host.toml`, in bytes.
pub const CONFIG: u64 = 4 << 20;
/// The longest secret, in bytes.
pub const SECRET: u64 = 64 << 10;

/// Why a file's bytes can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no such file or folder")]
    NotFound,
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// A pipe, a device or a socket.
    #[error("it is not a regular file")]
    Special,
    /// It has more bytes than the limit: at least this many.
    #[error("it has {0} bytes, more than are read")]
    TooLarge(u64),
    /// The system's own reason.
    #[error("{0}")]
    System(io::Error),
}

/// Reads a regular file of at most `limit` bytes. Pipes and devices are never opened: they could
/// block, or never end.
///
/// # Errors
/// Why its bytes can't be had.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    judge(&fs::metadata(path)?, limit)?;
    let file = File::open(path)?;
    // The path may name something else by now.
    let about = file.metadata()?;
    judge(&about, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    let read = file.take(limit + 1).read_to_end(&mut bytes)? as u64;
    if read > limit {
        return Err(ReadError::TooLarge(read));
    }
    Ok(bytes)
}

fn judge(about: &fs::Metadata, limit: u64) -> Result<(), ReadError> {
    if about.is_dir() {
        Err(ReadError::Folder)
    } else if !about.is_file() {
        Err(ReadError::Special)
    } else if about.len() > limit {
        Err(ReadError::TooLarge(about.len()))
    } else {
        Ok(())
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
            _ => ReadError::System(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn devices_and_long_files_are_refused() {
        let message = |path: &Path, limit| read(path, limit).unwrap_err().to_string();
        assert_eq!(
            message(Path::new("/dev/zero"), 9),
            "it is not a regular file"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"0123456789").unwrap();
        assert_eq!(
            message(file.path(), 9),
            "it has 10 bytes, more than are read"
        );
        assert_eq!(read(file.path(), 10).unwrap(), b"0123456789");
    }
}
