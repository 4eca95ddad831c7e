//! What stands in the file.

use bytes::Bytes;
use redb::TableDefinition;

use crate::Failure;
use crate::key::{join, split};

/// A byte for the kind ([`STORE`] or [`COUNTER`]), then name and key, to a [`Record`].
pub(super) const ENTRIES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("entries");
/// When an entry may have expired, and its key.
pub(super) const ENDS: TableDefinition<(u64, &[u8]), ()> = TableDefinition::new("ends");
/// [`VERSION`] and [`BYTES`].
pub(super) const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");

/// The layout of the entries.
pub(super) const VERSION: &str = "version";
/// What all entries take, as [`size`] counts it.
pub(super) const BYTES: &str = "bytes";

pub(super) const STORE: u8 = b's';
pub(super) const COUNTER: u8 = b'c';

/// A key of the table of entries.
pub(super) fn key(kind: u8, name: &str, key: &[u8]) -> Result<Box<[u8]>, Failure> {
    let joined = join(name, key)?;
    Ok(std::iter::once(kind).chain(joined).collect())
}

/// The key that a policy gave.
pub(super) fn given(key: &[u8]) -> Option<Bytes> {
    split(key.get(1..)?)
}

/// An entry: when it ends, when [`ENDS`] has it (at or before its end; at the end of time when it never ends), and its value.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub end: u64,
    pub indexed: u64,
    pub value: &'a [u8],
}

impl<'a> Record<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Failure> {
        let fields = bytes
            .split_first_chunk::<8>()
            .and_then(|(end, rest)| Some((end, rest.split_first_chunk::<8>()?)));
        let Some((end, (indexed, value))) = fields else {
            return Err(Failure::Corrupt("an entry is too short".into()));
        };
        Ok(Self {
            end: u64::from_le_bytes(*end),
            indexed: u64::from_le_bytes(*indexed),
            value,
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [
            &self.end.to_le_bytes(),
            &self.indexed.to_le_bytes(),
            self.value,
        ]
        .concat()
    }
}

/// A counter's value.
pub(super) fn number(value: &[u8]) -> Result<i64, Failure> {
    let bytes = value
        .try_into()
        .map_err(|_| Failure::Corrupt("a counter is not a number".into()))?;
    Ok(i64::from_le_bytes(bytes))
}

/// What an entry takes: its key, its value, and what the trees add.
pub(super) fn size(key: &[u8], value: &[u8]) -> u64 {
    (key.len() + value.len() + 64) as u64
}
