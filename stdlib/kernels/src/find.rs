//! Substring search in linear time and constant space: the Two-Way algorithm
//! (Crochemore and Perrin, "Two-way string-matching", 1991).
//!
//! The needle is cut where its local period equals its global one. The right part is compared
//! forwards and a mismatch shifts past what matched; then the left part backwards, and a
//! mismatch shifts by the period. Text and needle may both come from a client, so the naive
//! search and its product of lengths will not do.

use crate::writer::split;

/// Where `needle` first stands in `input`; the empty one at 0.
#[must_use]
pub fn first(input: &[u8], needle: &[u8]) -> Option<usize> {
    let (cut, period) = critical_cut(needle);
    let periodic = needle.get(..cut) == needle.get(period..period.saturating_add(cut));
    let period = if periodic {
        period
    } else {
        cut.max(needle.len() - cut) + 1
    };
    // How many bytes at the needle's start are known to match, after a shift by its period.
    let mut known = 0;
    let mut start = 0;
    while let Some(window) = input.get(start..).and_then(|rest| rest.get(..needle.len())) {
        let same = |index: usize| at(window, index) == at(needle, index);
        let begin = cut.max(known);
        if let Some(index) = (begin..needle.len()).find(|&index| !same(index)) {
            start += index - cut + 1;
            known = 0;
        } else if (known..cut).rev().any(|index| !same(index)) {
            start += period;
            known = if periodic { needle.len() - period } else { 0 };
        } else {
            return Some(start);
        }
    }
    None
}

/// Where a byte first stands in `input`: eight are looked at together.
#[must_use]
pub fn byte(input: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, _) = input.as_chunks();
    let has = |word: &[u8; 8]| {
        // Zero where the byte stands; a borrow from it reaches its highest bit.
        let differs = u64::from_le_bytes(*word) ^ (LOW * u64::from(byte));
        differs.wrapping_sub(LOW) & !differs & (LOW << 7) != 0
    };
    let words = words.iter().position(has).unwrap_or(words.len());
    let mut rest = split(input, 8 * words).1.iter();
    let behind = rest.position(|&it| it == byte);
    behind.map(|behind| 8 * words + behind)
}

/// A critical position, and the period of what stands to its right: the later of the two
/// maximal suffixes, one for each order of the alphabet.
fn critical_cut(needle: &[u8]) -> (usize, usize) {
    let ascending = maximal_suffix(needle, 0);
    let descending = maximal_suffix(needle, 0xFF);
    if ascending.0 > descending.0 {
        ascending
    } else {
        descending
    }
}

/// Where the greatest suffix begins, and its period. `flip` = 0xFF turns the order around.
fn maximal_suffix(needle: &[u8], flip: u8) -> (usize, usize) {
    let (mut best, mut candidate, mut offset, mut period) = (0, 1, 0, 1);
    while candidate + offset < needle.len() {
        let have = at(needle, best + offset) ^ flip;
        let next = at(needle, candidate + offset) ^ flip;
        if next < have {
            candidate += offset + 1;
            offset = 0;
            period = candidate - best;
        } else if next > have {
            best = candidate;
            candidate += 1;
            offset = 0;
            period = 1;
        } else if offset + 1 == period {
            candidate += period;
            offset = 0;
        } else {
            offset += 1;
        }
    }
    (best, period)
}

fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or_default()
}
