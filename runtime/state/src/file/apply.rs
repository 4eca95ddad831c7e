//! One change in a transaction, and the removal of what has expired.

use redb::{ReadableTable, Table, WriteTransaction};

use super::database::failure;
use super::record::{BYTES, ENDS, ENTRIES, NUMBERS, Record, number, size};
use crate::Failure;
use crate::clock::NEVER;

/// What is to be written.
pub(super) enum Change {
    Put {
        key: Box<[u8]>,
        value: Box<[u8]>,
        end: u64,
    },
    Delete {
        key: Box<[u8]>,
    },
    Increment {
        key: Box<[u8]>,
        by: i64,
        now: u64,
        end: u64,
    },
}

impl Change {
    /// How much of the queue it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Change::Put { key, value, .. } => key.len() + value.len(),
            Change::Delete { key } | Change::Increment { key, .. } => key.len(),
        }
    }
}

/// The tables of a transaction.
pub(super) struct Tables<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    ends: Table<'t, (u64, &'static [u8]), ()>,
    numbers: Table<'t, &'static str, u64>,
    /// What all entries take.
    bytes: u64,
    limit: u64,
}

/// An entry as it was.
struct Old {
    end: u64,
    indexed: u64,
    number: i64,
    size: u64,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction, limit: u64) -> Result<Self, Failure> {
        let numbers = transaction.open_table(NUMBERS).map_err(failure)?;
        let bytes = numbers
            .get(BYTES)
            .map_err(failure)?
            .map_or(0, |bytes| bytes.value());
        Ok(Self {
            entries: transaction.open_table(ENTRIES).map_err(failure)?,
            ends: transaction.open_table(ENDS).map_err(failure)?,
            numbers,
            bytes,
            limit,
        })
    }

    /// Ends the work on them, before the commit.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.numbers.insert(BYTES, self.bytes).map_err(failure)?;
        Ok(())
    }

    /// Makes a change and gives a counter's new value, or 0.
    pub(super) fn apply(&mut self, change: &Change) -> Result<i64, Failure> {
        match change {
            Change::Put { key, value, end } => {
                let old = self.old(key)?;
                self.set(key, value, *end, old.as_ref())?;
                Ok(0)
            }
            Change::Delete { key } => {
                if let Some(old) = self.old(key)? {
                    self.remove(key, &old)?;
                }
                Ok(0)
            }
            Change::Increment { key, by, now, end } => {
                let old = self.old(key)?;
                let base = old
                    .as_ref()
                    .filter(|old| old.end > *now)
                    .map_or(0, |old| old.number);
                let value = base.saturating_add(*by);
                self.set(key, &value.to_le_bytes(), *end, old.as_ref())?;
                Ok(value)
            }
        }
    }

    /// Removes up to `at_most` entries that have expired, and tells whether there may be more.
    pub(super) fn sweep(&mut self, now: u64, at_most: usize) -> Result<bool, Failure> {
        for _ in 0..at_most {
            let first = self.ends.first().map_err(failure)?.map(|(key, _)| {
                let (end, key) = key.value();
                (end, Box::<[u8]>::from(key))
            });
            let Some((indexed, key)) = first.filter(|(end, _)| *end <= now) else {
                return Ok(false);
            };
            match self.old(&key) {
                Ok(Some(old)) if old.end <= now => self.remove(&key, &old)?,
                Ok(Some(old)) => self.index_again(&key, &old)?,
                // One that can't be read must not stop all others.
                Ok(None) | Err(Failure::Corrupt(_)) => {
                    self.ends.remove((indexed, &key[..])).map_err(failure)?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(true)
    }

    fn old(&self, key: &[u8]) -> Result<Option<Old>, Failure> {
        let Some(found) = self.entries.get(key).map_err(failure)? else {
            return Ok(None);
        };
        let record = Record::read(found.value())?;
        let number = if key.first() == Some(&super::COUNTER) {
            number(record.value)?
        } else {
            0
        };
        Ok(Some(Old {
            end: record.end,
            indexed: record.indexed,
            number,
            size: size(key, record.value),
        }))
    }

    /// Writes an entry. It keeps its place among the ends when that is not too late, so that a counter which lives on with each
    /// increment costs no second write.
    fn set(
        &mut self,
        key: &[u8],
        value: &[u8],
        end: u64,
        old: Option<&Old>,
    ) -> Result<(), Failure> {
        let (freed, taken) = (old.map_or(0, |old| old.size), size(key, value));
        let bytes = self.bytes - freed.min(self.bytes) + taken;
        if bytes > self.limit && taken > freed {
            return Err(Failure::Full(
                "the file has no room for more; `bytes` sets how much it has".into(),
            ));
        }
        let before = old.map_or(NEVER, |old| old.indexed);
        let indexed = before.min(end);
        if indexed != before {
            if before != NEVER {
                self.ends.remove((before, key)).map_err(failure)?;
            }
            self.ends.insert((indexed, key), ()).map_err(failure)?;
        }
        let record = Record {
            end,
            indexed,
            value,
        }
        .bytes();
        self.entries.insert(key, &record[..]).map_err(failure)?;
        self.bytes = bytes;
        Ok(())
    }

    fn remove(&mut self, key: &[u8], old: &Old) -> Result<(), Failure> {
        self.entries.remove(key).map_err(failure)?;
        if old.indexed != NEVER {
            self.ends.remove((old.indexed, key)).map_err(failure)?;
        }
        self.bytes = self.bytes.saturating_sub(old.size);
        Ok(())
    }

    /// Moves an entry that lives longer than its place among the ends says.
    fn index_again(&mut self, key: &[u8], old: &Old) -> Result<(), Failure> {
        self.ends.remove((old.indexed, key)).map_err(failure)?;
        if old.end != NEVER {
            self.ends.insert((old.end, key), ()).map_err(failure)?;
        }
        let moved = match self.entries.get(key).map_err(failure)? {
            Some(found) => {
                let record = Record::read(found.value())?;
                Record {
                    indexed: old.end,
                    ..record
                }
                .bytes()
            }
            None => return Ok(()),
        };
        self.entries.insert(key, &moved[..]).map_err(failure)?;
        Ok(())
    }

    /// How far it is over its bytes or not: whether sweeping is worth it before a change is refused.
    pub(super) fn is_nearly_full(&self, coming: usize) -> bool {
        self.bytes + coming as u64 + 256 > self.limit
    }
}
