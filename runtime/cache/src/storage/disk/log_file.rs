//! The file of the log of purges.
//!
//! ```text
//! 0   8  "edgepurg"        then, for each purge:  0   4  length of what is said
//! 8   8  a number                                 4   8  its number
//! 16  16 checksum                                 12  16 checksum of number and what is said
//!                                                 28     what is said, in postcard's format
//! ```
//!
//! Numbers are little-endian.

use crate::storage::checksum::checksum;
use crate::storage::said::Said;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"edgepurg";
const HEADER: usize = 32;
const FRAME: usize = 28;

/// What a log holds.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// The greatest number.
    pub last: u64,
    pub purges: Vec<(u64, Said)>,
}

/// Reads a log: `None` when there is none, or it is damaged.
pub(crate) fn load(path: &Path) -> io::Result<Option<Loaded>> {
    match fs::read(path) {
        Ok(bytes) => Ok(understand(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn understand(bytes: &[u8]) -> Option<Loaded> {
    let (header, mut rest) = bytes.split_at_checked(HEADER)?;
    let (head, sum) = header.split_at_checked(16)?;
    let last = u64::from_le_bytes(head.strip_prefix(MAGIC)?.try_into().ok()?);
    if checksum(&[head]) != sum {
        return None;
    }
    let mut loaded = Loaded {
        last,
        purges: Vec::new(),
    };
    while !rest.is_empty() {
        let (frame, after) = rest.split_at_checked(FRAME)?;
        let (length, frame) = frame.split_at_checked(4)?;
        let (number, sum) = frame.split_at_checked(8)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (said, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        if checksum(&[number, said]) != sum {
            return None;
        }
        let number = u64::from_le_bytes(number.try_into().ok()?);
        loaded.last = loaded.last.max(number);
        loaded.purges.push((number, Said::decode(said)?));
        rest = after;
    }
    Some(loaded)
}

/// A purge as it is appended.
pub(crate) fn frame(number: u64, said: &Said) -> Vec<u8> {
    let (number, said) = (number.to_le_bytes(), said.encode());
    // a path or a tag is far shorter than that
    let length = u32::try_from(said.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&number);
    bytes.extend_from_slice(&checksum(&[&number, &said]));
    bytes.extend_from_slice(&said);
    bytes
}

/// Writes a log anew, in place of the one that may be there.
pub(crate) fn create(path: &Path, last: u64, purges: &[(u64, Said)]) -> io::Result<File> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&last.to_le_bytes());
    bytes.extend_from_slice(&checksum(&[&bytes]));
    for (number, said) in purges {
        bytes.extend_from_slice(&frame(*number, said));
    }
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)?;
    Ok(file)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use crate::storage::purge::Purge;
    use proptest::prelude::*;

    fn log() -> (Vec<u8>, Vec<(u64, Said)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("purges");
        let purges = [
            (7, Said::new(Purge::Tag(b"t"), None)),
            (9, Said::new(Purge::Prefix(Some("a"), b"/x"), Some(5))),
        ];
        create(&path, 3, &purges[..1]).unwrap();
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(&frame(9, &purges[1].1))
            .unwrap();
        (fs::read(path).unwrap(), purges.into())
    }

    #[test]
    fn a_log_is_read_as_it_was_written() {
        let (bytes, purges) = log();
        let loaded = understand(&bytes).unwrap();
        assert_eq!((loaded.last, loaded.purges), (9, purges));
        assert!(load(Path::new("/nowhere/at/all")).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn no_damage_goes_unseen(at: prop::sample::Index, flip in 1_u8..) {
            let (mut bytes, _) = log();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(understand(&bytes).is_none());
        }
    }
}
