//! Reading files, with bounds and without surprises.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// Why a file's bytes can't be had.
#[derive(Debug)]
pub enum ReadError {
    /// There is no such file.
    NotFound,
    /// It is a folder.
    Folder,
    /// A pipe, a device or a socket.
    Special,
    /// It has more bytes than the limit: at least this many.
    TooLarge(u64),
    /// The system's own reason.
    System(io::Error),
}

/// Reads a regular file of at most `limit` bytes. Pipes and devices are never opened: they could
/// block, or never end.
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

impl ReadError {
    /// As the failure of a command that was given this path.
    pub fn failure(self, path: &Path) -> Failure {
        let name = path.display();
        match self {
            ReadError::NotFound => Failure::new(format!("there is no file `{name}`"))
                .help("paths start at the current folder"),
            ReadError::Folder => Failure::new(format!("`{name}` is a folder")).help(format!(
                "name a file in it, such as `{}`",
                path.join("policy.edge").display()
            )),
            ReadError::Special => Failure::new(format!("`{name}` is not a regular file"))
                .help("pipes and devices are not read; write it to a file first"),
            ReadError::TooLarge(size) => {
                Failure::new(format!("`{name}` has {size} bytes, more than are read"))
                    .help("keep data in a file of its own and `load` it")
            }
            ReadError::System(error) => {
                Failure::new(format!("cannot read `{name}`: {}", reason(&error)))
            }
        }
    }
}

/// The system's reason in words.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}
