//! Names and keys: their bounds, and how they become one key without two pairs becoming the same.

use bytes::Bytes;
use smallvec::SmallVec;

use crate::Failure;
use crate::limit::MAX_NAME;

/// The longest key of a store or a counter, in bytes.
pub const MAX_KEY: usize = 1024;
/// The longest value of a store, in bytes, whatever its declaration says.
pub const MAX_VALUE: usize = 16 << 20;

/// A name and a key in one: the name's length, the name, the key. Keys of one name stay together, in their order.
pub(crate) type Joined = SmallVec<[u8; 96]>;

/// Joins a name and a key.
pub(crate) fn join(name: &str, key: &[u8]) -> Result<Joined, Failure> {
    check("key", key.len(), MAX_KEY)?;
    let mut joined = prefix(name)?;
    joined.extend_from_slice(key);
    Ok(joined)
}

/// What all keys of a name begin with.
pub(crate) fn prefix(name: &str) -> Result<Joined, Failure> {
    check("name", name.len(), MAX_NAME)?;
    let mut prefix = Joined::new();
    prefix.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    prefix.extend_from_slice(name.as_bytes());
    Ok(prefix)
}

/// The key of a joined pair.
pub(crate) fn split(joined: &[u8]) -> Option<Bytes> {
    let (&length, rest) = joined.split_first()?;
    rest.get(usize::from(length)..).map(Bytes::copy_from_slice)
}

/// Holds a length against its limit.
pub(crate) fn check(what: &'static str, bytes: usize, limit: usize) -> Result<(), Failure> {
    if bytes > limit {
        Err(Failure::TooLarge { what, bytes, limit })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn no_two_pairs_are_joined_to_the_same() {
        let pairs = [
            ("a", "b:c"),
            ("a:b", "c"),
            ("ab", "c"),
            ("a", "bc"),
            ("", "abc"),
            ("abc", ""),
        ];
        let joined: std::collections::HashSet<_> = pairs
            .iter()
            .map(|(name, key)| join(name, key.as_bytes()).unwrap())
            .collect();
        assert_eq!(joined.len(), pairs.len());
    }

    #[test]
    fn a_key_comes_back() {
        assert_eq!(
            split(&join("name", b"k\0y").unwrap()).unwrap(),
            &b"k\0y"[..]
        );
    }
}
