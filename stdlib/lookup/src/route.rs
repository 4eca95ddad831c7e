//! Which route patterns does a path match?
//!
//! The table is an automaton over the path's segments. Literal segments are edges, in
//! a hash table that each state has a part of; a state's defaults are taken by the
//! other segments.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | the start, a place |
//! | 4 | 4 | 0 |
//! | 8 | 24 × records | the states, then the slots |
//! | | | those bytes of segments that do not fit their slots |
//!
//! A state: number of its first slot's record (`u32`); mask of what the hash adds to it
//! (`u32`); how many slots a search may read, 0 without literal edges (`u16`); how many
//! bits of the hash lie below the mask (`u16`); the leaf of a path that ends here
//! (`u32`); the places after any other segment that is not empty, and after one that is.
//!
//! A slot: the segment's first 8 bytes; its length (`u32`, of an empty slot `u32::MAX`);
//! the place that it leads to; the offset of its other bytes from the table's start; 0.
//!
//! A *leaf* is the number of a list of patterns: all that match; leaf 0 is empty. A
//! *place* has two tag bits on top: the record of a state to go on from; a leaf for a path
//! that ends here (no longer one matches anything); or a leaf whatever follows.

use super::hash::{equal, mix};
use super::load::{u16_at, u32_at, u64_at};

/// Bytes before the records.
pub const HEADER: usize = 8;
/// Bytes of a state or slot.
pub const RECORD: usize = 24;
/// The length in an empty slot.
pub const EMPTY: u32 = u32::MAX;

/// Tag bits of a place.
pub const TAG: u32 = 3 << 30;
/// Tag of a leaf for a path that ends here.
pub const TAG_END: u32 = 1 << 30;
/// Tag of a leaf that holds whatever follows.
pub const TAG_ANY: u32 = 2 << 30;

/// Eight slashes.
const SLASHES: u64 = u64::from_le_bytes([b'/'; 8]);
/// The lowest bit of each byte.
const ONES: u64 = u64::from_le_bytes([1; 8]);
/// The highest bit of each byte.
const TOPS: u64 = u64::from_le_bytes([0x80; 8]);

/// The leaf of `path`: the number of the list of all patterns that match it; 0 if none
/// does.
#[inline(never)]
pub fn find(table: &[u8], path: &[u8]) -> u32 {
    let Some((b'/', mut rest)) = path.split_first() else {
        return 0;
    };
    let mut place = u32_at(table, 0);
    let records = table
        .get(HEADER..)
        .unwrap_or_default()
        .as_chunks::<RECORD>()
        .0;
    loop {
        if place & TAG != 0 {
            // Something follows.
            return if place & TAG == TAG_ANY {
                place & !TAG
            } else {
                0
            };
        }
        let Some(state) = records.get(place as usize) else {
            return 0;
        };
        let segment = scan_segment(path, rest);
        place = match find_edge(table, records, state, &segment, rest) {
            Some(slot) => u32_at(slot, 12),
            None => u32_at(state, if segment.len == 0 { 20 } else { 16 }),
        };
        if segment.len >= rest.len() {
            break;
        }
        // A slash follows the segment.
        let Some(others) = rest.get(segment.len.wrapping_add(1)..) else {
            return 0;
        };
        rest = others;
    }
    if place & TAG != 0 {
        return place & !TAG;
    }
    records
        .get(place as usize)
        .map_or(0, |state| u32_at(state, 12))
}

/// Segment `index` of `path`, counted from 0: what follows slash number `index`, up to
/// the next one.
#[inline]
pub fn segment(path: &[u8], index: usize) -> Option<&[u8]> {
    let segment = rest(path, index)?;
    let mut others = segment;
    loop {
        let marks = first_slash(word(path, others));
        if marks != 0 {
            let len = segment
                .len()
                .wrapping_sub(others.len())
                .wrapping_add(first_byte(marks));
            return segment.get(..len);
        }
        others = others.get(8..).unwrap_or_default();
    }
}

/// What follows slash number `index` of `path`, counted from 0, up to its end.
#[inline]
pub fn rest(path: &[u8], index: usize) -> Option<&[u8]> {
    if path.first() != Some(&b'/') {
        return None;
    }
    let (mut others, mut left) = (path, index);
    while !others.is_empty() {
        let mut marks = all_slashes(word(path, others));
        let count = marks.count_ones() as usize;
        if left < count {
            for _ in 0..left {
                marks &= marks.wrapping_sub(1);
            }
            // A slash that only fills up the last word has nothing after it.
            return others.get(first_byte(marks).wrapping_add(1)..);
        }
        left = left.wrapping_sub(count);
        others = others.get(8..).unwrap_or_default();
    }
    None
}

/// A segment of a path, as the edges are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Hash of its bytes, of which the upper half may be used.
    pub hash: u64,
    /// Its first eight bytes, little-endian, zero where it is shorter.
    pub first: u64,
    /// Its length in bytes.
    pub len: usize,
}

/// The first segment of `rest`, which is what is left of `path`.
#[inline(always)]
pub fn scan_segment(path: &[u8], rest: &[u8]) -> Segment {
    let first = word(path, rest);
    let marks = first_slash(first);
    if marks != 0 {
        let first = before(first, marks);
        return Segment {
            hash: finish(first),
            first,
            len: first_byte(marks),
        };
    }
    let mut hash = mix(0, first);
    let mut others = rest.get(8..).unwrap_or_default();
    loop {
        let next = word(path, others);
        let marks = first_slash(next);
        if marks != 0 {
            let len = rest
                .len()
                .wrapping_sub(others.len())
                .wrapping_add(first_byte(marks));
            return Segment {
                hash: finish(hash ^ before(next, marks)),
                first,
                len,
            };
        }
        hash = mix(hash, next);
        others = others.get(8..).unwrap_or_default();
    }
}

/// Where among a state's slots the search for an edge starts.
#[inline]
pub fn first_slot(hash: u64, mask: u32, skipped: u16) -> u32 {
    (hash >> (skipped & 63)) as u32 & mask
}

/// The slot of the state's edge for `segment`, the first of `rest`.
#[inline(always)]
fn find_edge<'t>(
    table: &[u8],
    records: &'t [[u8; RECORD]],
    state: &[u8; RECORD],
    segment: &Segment,
    rest: &[u8],
) -> Option<&'t [u8; RECORD]> {
    let chosen = first_slot(segment.hash, u32_at(state, 4), u16_at(state, 10));
    let mut at = u32_at(state, 0).wrapping_add(chosen);
    for _ in 0..u16_at(state, 8) {
        let slot = records.get(at as usize)?;
        if u64_at(slot, 0) == segment.first
            && u32_at(slot, 8) as usize == segment.len
            && (segment.len <= 8 || has_tail(table, u32_at(slot, 16), segment.len, rest))
        {
            return Some(slot);
        }
        at = at.wrapping_add(1);
    }
    None
}

/// Whether the segment's bytes after the eighth are those at `offset`.
///
/// Apart, so that segments without such bytes pay nothing for it.
#[inline(never)]
fn has_tail(table: &[u8], offset: u32, len: usize, rest: &[u8]) -> bool {
    let tail = rest.get(8..len).unwrap_or_default();
    let pooled = table
        .get(offset as usize..)
        .and_then(|pool| pool.get(..tail.len()));
    pooled.is_some_and(|pooled| equal(pooled, tail))
}

/// The last round of a segment's hash.
#[inline(always)]
fn finish(state: u64) -> u64 {
    state.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The first eight bytes of `rest`, which is what is left of `path`, with slashes after
/// its end.
#[inline(always)]
fn word(path: &[u8], rest: &[u8]) -> u64 {
    if let Some(word) = rest.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let Some(last) = path.last_chunk() else {
        return short_word(rest);
    };
    // Fewer than eight bytes are left. Two shifts, because none may be.
    let bits = 8 * (rest.len() as u32 & 7);
    (u64::from_le_bytes(*last) >> 8 >> (56 - bits)) | SLASHES << bits
}

#[inline(never)]
fn short_word(rest: &[u8]) -> u64 {
    rest.iter()
        .rfold(SLASHES, |word, &byte| word << 8 | u64::from(byte))
}

/// A mark on top of the first byte that is a slash; what lies above it means nothing.
#[inline(always)]
fn first_slash(word: u64) -> u64 {
    let zeros = word ^ SLASHES;
    zeros.wrapping_sub(ONES) & !zeros & TOPS
}

/// A mark on top of each byte that is a slash.
#[inline(always)]
fn all_slashes(word: u64) -> u64 {
    let zeros = word ^ SLASHES;
    !(((zeros & !TOPS).wrapping_add(!TOPS)) | zeros) & TOPS
}

/// Which byte the lowest mark is on.
#[inline(always)]
fn first_byte(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The bytes of a word before its first mark; there is one.
#[inline(always)]
fn before(word: u64, marks: u64) -> u64 {
    // The bits up to the mark are those of the bytes before it and eight of its own.
    word & ((marks ^ marks.wrapping_sub(1)) >> 8)
}
