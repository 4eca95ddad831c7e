//! Which entry of a constant set of strings is this?
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | range: what a hash is scaled to |
//! | 4 | 4 | slots, at least `range` |
//! | 8 | 8 | seed of the hash |
//! | 16 | 8 × slots | hash (`u32`), offset of the record from the table's start (`u32`) |
//! | | | records: entry's number + 1 (`u32`), length (`u32`), bytes |
//!
//! Slots ascend by hash and a key's search starts where its hash, scaled to `range`,
//! points; so a search ends at the first greater hash, found or not. An empty slot
//! has the greatest hash and no record. Bytes are always compared.

use super::hash::{equal, hash};
use super::load::{u32_at, u64_at};

/// Bytes before the slots.
pub const HEADER: usize = 16;
/// Bytes of a slot.
pub const SLOT: usize = 8;
/// Bytes of a record before the entry's own.
pub const RECORD: usize = 8;

/// The number of the entry that is `key`, counted from 1, or 0 if there is none.
#[inline(never)]
pub fn find(table: &[u8], key: &[u8]) -> u32 {
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return 0;
    };
    let wanted = short_hash(key, u64_at(header, 8));
    let first = first_slot(wanted, u32_at(header, 0));
    let slots = rest.as_chunks::<SLOT>().0;
    for slot in slots.get(first..).unwrap_or_default() {
        let found = u32_at(slot, 0);
        if found < wanted {
            continue;
        }
        if found > wanted {
            return 0;
        }
        let record = table.get(u32_at(slot, 4) as usize..).unwrap_or_default();
        let bytes = record
            .get(RECORD..)
            .and_then(|bytes| bytes.get(..u32_at(record, 4) as usize));
        if bytes.is_some_and(|bytes| equal(bytes, key)) {
            return u32_at(record, 0);
        }
    }
    0
}

/// The part of the hash that a slot holds.
#[inline]
pub fn short_hash(key: &[u8], seed: u64) -> u32 {
    (hash(key, seed) >> 32) as u32
}

/// Where the search for a hash starts.
#[inline]
pub fn first_slot(hash: u32, range: u32) -> usize {
    ((u64::from(hash) * u64::from(range)) >> 32) as usize
}
