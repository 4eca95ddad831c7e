//! Which of many literals are in a text, looking at a part of its bytes only?
//!
//! A window of three or four bytes at every first, second or fourth place of the text is
//! hashed and looked up in a bitmap, which knows the windows of all literals at all offsets
//! that may fall on such a place. Most windows of most texts aren't there. The others are
//! candidates: the literals that have the window are compared with the text. (Wu and Manber,
//! "A fast algorithm for multi-pattern searching", 1994, skip by such hashes too.)
//!
//! A text that is full of candidates would be slow, so they are counted, and the search gives
//! up when there are more than a text without malice has.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | stride: 1, 2 or 4 |
//! | 4 | 4 | mask of a window |
//! | 8 | 4 | shift that makes a bucket's number out of a hash |
//! | 12 | 4 | offset of the entries from the table's start |
//! | 16 | 4 | offset of the literals |
//! | 20 | 4 | bytes of the longest literal |
//! | 24 | 4 | offset of a set: what is said to be found when the search gives up |
//! | 28 | 4 | 0 |
//! | 32 | 8,192 | bitmap, by the upper 16 bits of a hash |
//! | 8,224 | | the buckets: where each one's entries begin (`u16`), and where all end |
//! | | | entries: window (`u32`), literal (`u16`), the window's offset in it (`u16`) |
//! | | | literals: offset of its bytes (`u32`), length (`u16`), bit of the set, its highest bit set if case does not matter (`u16`) |
//! | | | bytes of the literals, in lower case where that bit is set |
//! | | | the set |

use super::load::{u16_at, u32_at};

/// Bytes before the bitmap.
pub const HEADER: usize = 32;
/// Bytes of the bitmap.
pub const BITMAP: usize = 8192;
/// Offset of the buckets.
pub const BUCKETS: usize = HEADER + BITMAP;
/// Bytes of an entry, and of a literal.
pub const RECORD: usize = 8;
/// Marks a literal whose case does not matter.
pub const FOLDED: u16 = 1 << 15;

/// Candidates that any text may have.
const FREE: usize = 8;
/// Bytes of text for one more.
const BYTES_A_CANDIDATE: usize = 64;

/// A window with the case of letters out of the way; other bytes may fall together.
#[inline(always)]
pub fn fold(window: u32) -> u32 {
    window | 0x2020_2020
}

/// The hash of a folded and masked window.
#[inline(always)]
pub fn hash(window: u32) -> u32 {
    window.wrapping_mul(0x9e37_79b1)
}

/// Adds the literals in `haystack` to `found`. Gives the part that is left where it gave up:
/// literals that it has not found are wholly in there. Those of the table's set are then in `found`, whether they are in
/// the text or not.
#[inline(never)]
pub fn find<'h>(table: &[u8], haystack: &'h [u8], found: &mut [u8]) -> &'h [u8] {
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return &[];
    };
    let Some(bitmap) = rest.first_chunk::<BITMAP>() else {
        return &[];
    };
    let mut search = Search {
        table,
        header,
        bitmap,
        mask: u32_at(header, 4),
        haystack,
        found,
        left: haystack.len() / BYTES_A_CANDIDATE + FREE,
    };
    let end = match u32_at(header, 0) {
        4 => search.run::<4>(),
        2 => search.run::<2>(),
        _ => search.run::<1>(),
    };
    match end {
        Some(place) => {
            let said = table.get(u32_at(header, 24) as usize..).unwrap_or_default();
            for (found, said) in search.found.iter_mut().zip(said) {
                *found |= said;
            }
            let left = place.saturating_sub(u32_at(header, 20) as usize);
            haystack.get(left..).unwrap_or_default()
        }
        None => &[],
    }
}

struct Search<'t> {
    table: &'t [u8],
    header: &'t [u8; HEADER],
    bitmap: &'t [u8; BITMAP],
    mask: u32,
    haystack: &'t [u8],
    found: &'t mut [u8],
    left: usize,
}

impl Search<'_> {
    /// Gives the place where it gave up.
    #[inline(always)]
    fn run<const STRIDE: usize>(&mut self) -> Option<usize> {
        let mut place = 0usize;
        let mut rest = self.haystack;
        while let Some((eight, _)) = rest.split_first_chunk::<8>() {
            // Eight bytes give the windows that begin in the first four.
            let word = u64::from_le_bytes(*eight);
            let hits = [0usize, 1, 2, 3]
                .map(|at| at % STRIDE == 0 && self.is_candidate((word >> (8 * at)) as u32));
            if hits[0] | hits[1] | hits[2] | hits[3] {
                for at in 0..4usize {
                    if at % STRIDE == 0 && !self.check(place.wrapping_add(at)) {
                        return Some(place);
                    }
                }
            }
            place = place.wrapping_add(4);
            rest = rest.get(4..).unwrap_or_default();
        }
        // A window that reaches over the end is in no literal of the text.
        let width = (39u32.wrapping_sub(self.mask.leading_zeros()) / 8) as usize;
        while place.wrapping_add(width) <= self.haystack.len() {
            if self.is_candidate(window(self.haystack, place)) && !self.check(place) {
                return Some(place);
            }
            place = place.wrapping_add(STRIDE);
        }
        None
    }

    #[inline(always)]
    fn is_candidate(&self, window: u32) -> bool {
        let hash = hash(fold(window) & self.mask);
        let byte = self
            .bitmap
            .get((hash >> 19) as usize)
            .copied()
            .unwrap_or_default();
        byte >> (hash >> 16 & 7) & 1 != 0
    }

    /// Compares the literals that have the window at a place; false to give up.
    #[inline(never)]
    fn check(&mut self, place: usize) -> bool {
        let window = window(self.haystack, place);
        if !self.is_candidate(window) {
            return true;
        }
        if self.left == 0 {
            return false;
        }
        self.left = self.left.wrapping_sub(1);
        let window = fold(window) & self.mask;
        let bucket = hash(window) >> (u32_at(self.header, 8) & 31);
        let at = BUCKETS.wrapping_add((bucket as usize).wrapping_mul(2));
        let (first, end) = (
            u16_at(self.table, at),
            u16_at(self.table, at.wrapping_add(2)),
        );
        for entry in first..end {
            let entry = record(self.table, u32_at(self.header, 12), entry);
            if u32_at(entry, 0) == window {
                self.compare(
                    u16_at(entry, 4),
                    place.wrapping_sub(usize::from(u16_at(entry, 6))),
                );
            }
        }
        true
    }

    fn compare(&mut self, literal: u16, place: usize) {
        let literal = record(self.table, u32_at(self.header, 16), literal);
        let length = usize::from(u16_at(literal, 4));
        let bytes = part(self.table, u32_at(literal, 0) as usize, length);
        let text = part(self.haystack, place, length);
        let (Some(bytes), Some(text)) = (bytes, text) else {
            return;
        };
        let bit = u16_at(literal, 6);
        let same = if bit & FOLDED == 0 {
            bytes == text
        } else {
            bytes.eq_ignore_ascii_case(text)
        };
        let bit = usize::from(bit & !FOLDED);
        if let Some(byte) = self.found.get_mut(bit / 8).filter(|_| same) {
            *byte |= 1 << (bit % 8);
        }
    }
}

fn part(bytes: &[u8], from: usize, length: usize) -> Option<&[u8]> {
    bytes.get(from..)?.get(..length)
}

/// The four bytes at a place, zero past the end.
#[inline(always)]
fn window(haystack: &[u8], place: usize) -> u32 {
    let rest = haystack.get(place..).unwrap_or_default();
    match rest.first_chunk() {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => rest
            .iter()
            .rfold(0, |word, &byte| word << 8 | u32::from(byte)),
    }
}

fn record(table: &[u8], base: u32, number: u16) -> &[u8] {
    let at = (base as usize).wrapping_add(usize::from(number).wrapping_mul(RECORD));
    part(table, at, RECORD).unwrap_or_default()
}
