//! Which route patterns does a path match?
//!
//! The table is an automaton over the path's segments. Most of its edges are literal
//! segments, kept in one hash table under (state, segment); a state's defaults are
//! taken by the other segments.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | the start, a place |
//! | 4 | 4 | count of states |
//! | 8 | 4 | range: what a hash is scaled to |
//! | 12 | 4 | count of slots, at least `range` |
//! | 16 | 16 × states | leaf at the end of the path, place after any other non-empty segment, place after any other empty one, 1 if literal edges leave |
//! | | 24 × slots | state, segment's length, its first 8 bytes, offset of the others in the pool, place |
//! | | | pool |
//!
//! A *leaf* is the number of a list of patterns: all that match; leaf 0 is empty. A
//! *place* has two tag bits on top: a state to go on from; a leaf for a path that ends
//! here (no longer one matches anything); or a leaf whatever follows. An empty slot
//! has the state `u32::MAX`.

use super::hash::{equal, finish, mix};
use super::load::{u32_at, u64_at};

/// Bytes before the states.
pub const HEADER: usize = 16;
/// Bytes of a state.
pub const STATE: usize = 16;
/// Bytes of a slot.
pub const SLOT: usize = 24;
/// The state of an empty slot.
pub const EMPTY: u32 = u32::MAX;

/// Tag bits of a place.
pub const TAG: u32 = 3 << 30;
/// Tag of a leaf for a path that ends here.
pub const TAG_END: u32 = 1 << 30;
/// Tag of a leaf that holds whatever follows.
pub const TAG_ANY: u32 = 2 << 30;

/// Eight slashes.
const SLASHES: u64 = u64::from_le_bytes([b'/'; 8]);

/// The leaf of `path`: the number of the list of all patterns that match it; 0 if none
/// does.
#[inline]
pub fn find(table: &[u8], path: &[u8]) -> u32 {
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return 0;
    };
    if path.first() != Some(&b'/') {
        return 0;
    }
    let states_len = (u32_at(header, 4) as usize).wrapping_mul(STATE);
    let Some((states, rest)) = rest.split_at_checked(states_len) else {
        return 0;
    };
    let slots_len = (u32_at(header, 12) as usize).wrapping_mul(SLOT);
    let Some((slots, pool)) = rest.split_at_checked(slots_len) else {
        return 0;
    };
    let edges = Edges {
        range: u32_at(header, 8),
        slots: slots.as_chunks().0,
        pool,
    };
    walk(states.as_chunks().0, &edges, u32_at(header, 0), path)
}

/// Segment `index` of `path`, counted from 0: what follows slash number `index`, up to
/// the next one.
#[inline]
pub fn segment(path: &[u8], index: usize) -> Option<&[u8]> {
    let rest = rest(path, index)?;
    rest.split(|&byte| byte == b'/').next()
}

/// What follows slash number `index` of `path`, counted from 0, up to its end.
#[inline]
pub fn rest(path: &[u8], index: usize) -> Option<&[u8]> {
    if path.first() != Some(&b'/') {
        return None;
    }
    let (mut at, mut left) = (0usize, index);
    for &byte in path {
        at = at.wrapping_add(1);
        if byte == b'/' {
            if left == 0 {
                return path.get(at..);
            }
            left = left.wrapping_sub(1);
        }
    }
    None
}

/// A segment of a path, as the edges are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// Hash of its bytes.
    pub hash: u64,
    /// Its first eight bytes, little-endian, zero where it is shorter.
    pub first: u64,
    /// Its length in bytes.
    pub len: usize,
}

/// The segment that starts at byte `from` of `path`.
#[inline(always)]
pub fn scan_segment(path: &[u8], from: usize) -> Segment {
    let mut at = from;
    let mut hash = 0;
    let mut first = None;
    loop {
        let word = word_at(path, at);
        let zeros = word ^ SLASHES;
        let slashes = zeros.wrapping_sub(0x0101_0101_0101_0101) & !zeros & 0x8080_8080_8080_8080;
        if slashes != 0 {
            // The lowest mark is exact: it sits on top of the first slash.
            let bytes = slashes.trailing_zeros() / 8;
            let part = word & !(u64::MAX << (8 * bytes));
            return Segment {
                hash: mix(hash, part),
                first: first.unwrap_or(part),
                len: at.wrapping_sub(from).wrapping_add(bytes as usize),
            };
        }
        hash = mix(hash, word);
        first = first.or(Some(word));
        at = at.wrapping_add(8);
    }
}

/// Where the search for an edge starts.
#[inline]
pub fn first_slot(state: u32, segment_hash: u64, range: u32) -> usize {
    let hash = finish(segment_hash ^ u64::from(state).wrapping_mul(0xd6e8_feb8_6659_fd93)) >> 32;
    ((hash * u64::from(range)) >> 32) as usize
}

struct Edges<'t> {
    range: u32,
    slots: &'t [[u8; SLOT]],
    pool: &'t [u8],
}

#[inline(always)]
fn walk(states: &[[u8; STATE]], edges: &Edges<'_>, start: u32, path: &[u8]) -> u32 {
    let mut place = start;
    let mut from = 1;
    loop {
        if place & TAG != 0 {
            return if place & TAG == TAG_ANY {
                place & !TAG
            } else {
                0
            };
        }
        let Some(state) = states.get(place as usize) else {
            return 0;
        };
        let segment = scan_segment(path, from);
        let end = from.wrapping_add(segment.len);
        place = edges.follow(
            place,
            state,
            &segment,
            path.get(from..end).unwrap_or_default(),
        );
        if end >= path.len() {
            break;
        }
        from = end.wrapping_add(1);
    }
    if place & TAG != 0 {
        return place & !TAG;
    }
    states
        .get(place as usize)
        .map_or(0, |state| u32_at(state, 0))
}

impl Edges<'_> {
    /// The place after `segment`, whose bytes are `bytes`.
    #[inline(always)]
    fn follow(&self, number: u32, state: &[u8; STATE], segment: &Segment, bytes: &[u8]) -> u32 {
        if u32_at(state, 12) != 0 {
            let first = first_slot(number, segment.hash, self.range);
            for slot in self.slots.get(first..).unwrap_or_default() {
                let owner = u32_at(slot, 0);
                if owner == number && self.is_edge(slot, segment, bytes) {
                    return u32_at(slot, 20);
                }
                if owner == EMPTY {
                    break;
                }
            }
        }
        u32_at(state, if segment.len == 0 { 8 } else { 4 })
    }

    #[inline(always)]
    fn is_edge(&self, slot: &[u8; SLOT], segment: &Segment, bytes: &[u8]) -> bool {
        if u64_at(slot, 8) != segment.first || u32_at(slot, 4) as usize != segment.len {
            return false;
        }
        let Some(others) = bytes.get(8..) else {
            return true;
        };
        let pooled = self.pool.get(u32_at(slot, 16) as usize..);
        pooled
            .and_then(|pool| pool.get(..others.len()))
            .is_some_and(|pool| equal(pool, others))
    }
}

/// Eight bytes from `at` on, with slashes after the end of the path.
#[inline(always)]
fn word_at(path: &[u8], at: usize) -> u64 {
    let rest = path.get(at..).unwrap_or_default();
    if let Some(word) = rest.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    let kept = rest.len() as u32 & 7;
    if let Some(last) = path.last_chunk::<8>() {
        // `checked_shr` because nothing may be kept.
        let word = u64::from_le_bytes(*last)
            .checked_shr(64 - 8 * kept)
            .unwrap_or_default();
        return word | SLASHES << (8 * kept);
    }
    let mut word = [b'/'; 8];
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}
