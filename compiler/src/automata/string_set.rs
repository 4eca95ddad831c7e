//! Constant sets of byte strings as hash tables that compare every byte.

use edge_lookup::set::{HEADER, RECORD, SLOT, first_slot, short_hash};

use super::table::{push_u32, u32_from};

/// Seeds to try before a set is refused; one that is not made to collide needs one.
const SEEDS: u64 = 8;
/// The longest search that a table may need, in slots.
const MAX_PROBE: usize = 64;
/// Bytes that a table may have.
const MAX_TABLE: usize = 1 << 30;

/// A set of strings laid out for `edge_lookup::set`.
///
/// A string's number is its index in the list that the set was built from; the first
/// of equal ones counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StringSet {
    table: Vec<u8>,
    len: usize,
    max_probe: usize,
}

/// Why a set has no table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StringSetError {
    /// More bytes than a table may have.
    #[error("the set takes more than {limit} bytes")]
    TooLarge {
        /// What it may take.
        limit: usize,
    },
    /// The strings were chosen to collide.
    #[error("the strings collide in every hash that was tried")]
    Collisions,
}

impl StringSet {
    /// The table of `strings`. Takes some 100 ns a string.
    pub fn build<S: AsRef<[u8]>>(strings: &[S]) -> Result<StringSet, StringSetError> {
        // Three slots and a header a string bound every offset below 2^32.
        let bytes: usize = strings
            .iter()
            .map(|string| string.as_ref().len() + RECORD + 3 * SLOT)
            .sum();
        if bytes > MAX_TABLE {
            return Err(StringSetError::TooLarge { limit: MAX_TABLE });
        }
        (0..SEEDS)
            .find_map(|seed| layout(strings, seed))
            .ok_or(StringSetError::Collisions)
    }

    /// How many different strings it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The most slots that any search reads, found or not.
    pub fn max_probe(&self) -> usize {
        self.max_probe
    }

    /// The table.
    pub fn table(&self) -> &[u8] {
        &self.table
    }

    /// The table, without a copy.
    pub fn into_table(self) -> Vec<u8> {
        self.table
    }
}

/// A string's hash and index.
type Entry = (u32, u32);

fn layout<S: AsRef<[u8]>>(strings: &[S], seed: u64) -> Option<StringSet> {
    let entries = distinct(strings, seed)?;
    let range = u32_from(2 * entries.len() + 1);
    let slots = place(&entries, range);
    let max_probe = longest_search(&slots, range);
    if max_probe > MAX_PROBE {
        return None;
    }
    Some(StringSet {
        table: encode(strings, seed, range, &slots),
        len: entries.len(),
        max_probe,
    })
}

/// The entries by ascending hash, without those equal to an earlier one.
fn distinct<S: AsRef<[u8]>>(strings: &[S], seed: u64) -> Option<Vec<Entry>> {
    let mut entries: Vec<Entry> = (0..)
        .zip(strings)
        .map(|(index, string)| (short_hash(string.as_ref(), seed), index))
        .collect();
    entries.sort_unstable();
    let bytes = |index: u32| strings.get(index as usize).map_or(&[][..], AsRef::as_ref);
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for (hash, index) in entries {
        let mut same_hash = 0;
        let is_known = kept
            .iter()
            .rev()
            .take_while(|kept| kept.0 == hash)
            .any(|kept| {
                same_hash += 1;
                bytes(kept.1) == bytes(index)
            });
        if same_hash > MAX_PROBE {
            return None;
        }
        if !is_known {
            kept.push((hash, index));
        }
    }
    Some(kept)
}

/// Each entry in the first free slot from where its search starts; entries come by
/// ascending hash, so slots ascend too. The last slot stays empty.
fn place(entries: &[Entry], range: u32) -> Vec<Option<Entry>> {
    let mut slots = Vec::with_capacity(range as usize + 2);
    for &entry in entries {
        let first = first_slot(entry.0, range);
        if slots.len() < first {
            slots.resize(first, None);
        }
        slots.push(Some(entry));
    }
    let len = slots.len() + 1;
    slots.resize(len.max(range as usize), None);
    slots
}

/// A search ends at the latest at the first empty slot, or at the first whose hash is greater.
fn longest_search(slots: &[Option<Entry>], range: u32) -> usize {
    let probes = slots.iter().enumerate().map(|(at, entry)| match entry {
        Some((hash, _)) => at + 2 - first_slot(*hash, range).min(at),
        None => 1,
    });
    probes.max().unwrap_or_default()
}

fn encode<S: AsRef<[u8]>>(
    strings: &[S],
    seed: u64,
    range: u32,
    slots: &[Option<Entry>],
) -> Vec<u8> {
    let mut table = Vec::with_capacity(HEADER + slots.len() * SLOT);
    push_u32(&mut table, range);
    push_u32(&mut table, u32_from(slots.len()));
    table.extend_from_slice(&seed.to_le_bytes());
    let mut records = Vec::new();
    let records_at = HEADER + slots.len() * SLOT;
    for slot in slots {
        let Some((hash, index)) = *slot else {
            push_u32(&mut table, u32::MAX);
            push_u32(&mut table, 0);
            continue;
        };
        push_u32(&mut table, hash);
        push_u32(&mut table, u32_from(records_at + records.len()));
        let bytes = strings.get(index as usize).map_or(&[][..], AsRef::as_ref);
        push_u32(&mut records, index + 1);
        push_u32(&mut records, u32_from(bytes.len()));
        records.extend_from_slice(bytes);
    }
    table.append(&mut records);
    table
}

#[cfg(test)]
mod tests;
