//! Small files of the configuration: regular ones, and not without bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest file of certificates, in bytes.
pub const CERTIFICATES: u64 = 8 << 20;
/// The longest `host.toml`, in bytes.
pub const CONFIG: u64 = 4 << 20;
/// The longest secret, in bytes.
pub const SECRET: u64 = 64 << 10;

/// Reads a regular file. Devices and pipes are never opened: they could block, or never end.
///
/// # Errors
/// The system's, and when the file is not regular or longer than `limit`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let other = |reason: String| Err(io::Error::other(reason));
    if !std::fs::metadata(path)?.is_file() {
        return other("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return other(format!("it is longer than {limit} bytes"));
    }
    Ok(bytes)
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
        assert_eq!(message(file.path(), 9), "it is longer than 9 bytes");
        assert_eq!(read(file.path(), 10).unwrap(), b"0123456789");
    }
}
