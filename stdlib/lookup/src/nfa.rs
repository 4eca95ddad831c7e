//! Does a regex match whose deterministic automaton would be too large?
//!
//! The states of a nondeterministic automaton (Glushkov's: one for each byte that the pattern
//! reads) are bits, and all that are active take a step at once: most lead to their neighbour,
//! which is a shift; groups of the others share where they lead. (Navarro and Raffinot, "Fast
//! and simple character classes and bounded gaps pattern matching", 2003.) The time is linear in
//! the text, the cost of a byte fixed by the pattern.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | words of a set of states, at most 64 |
//! | 4 | 4 | number of groups |
//! | 8 | 4 | offset of the groups from the table's start |
//! | 12 | 4 | 1 if an empty text matches |
//! | 16 | 256 | class of each byte |
//! | 272 | | sets: those entered at the first byte; at any byte; that lead to their neighbour; that accept; that accept at the end |
//! | | | a set for each class: those that read it |
//! | | | groups |
//!
//! A set is that many words of 64 bits. A group: the first word and the number of words (`u16`
//! each) of those that lead, then of those that they lead to, then both runs of words.
//!
//! A text may also come in pieces, see [`feed`]. What is kept between two is the set of active
//! states, and 8 bytes that are not zero once a byte was read: zeros are the beginning.

use super::load::{put_u64, u16_at, u32_at, u64_at};

/// Bytes before the sets.
pub const SETS: usize = 16 + 256;
/// Sets before those of the classes.
pub const FIXED_SETS: usize = 5;
/// Words of a set, at most.
pub const WORDS: usize = 64;
/// Bytes before the words of a group.
pub const GROUP: usize = 8;

/// Whether `haystack` holds a match.
#[inline(never)]
pub fn is_match(table: &[u8], haystack: &[u8]) -> bool {
    let table = Table::new(table);
    let mut states = [0u64; WORDS];
    table.read(&mut states, false, haystack) || table.ends(&states, haystack.is_empty())
}

/// Bytes that are kept between two pieces of a text.
pub fn state_len(table: &[u8]) -> usize {
    (u32_at(table, 0) as usize)
        .min(WORDS)
        .wrapping_add(1)
        .wrapping_mul(8)
}

/// Reads the next piece of a text, or its end after the last one; true as soon as it holds a match. A
/// text in one piece needs no room for a state.
#[inline(never)]
pub fn feed(table: &[u8], state: &mut [u8], piece: &[u8], last: bool) -> bool {
    let table = Table::new(table);
    let mut states = [0u64; WORDS];
    for (word, states) in (0usize..).zip(states.iter_mut().take(table.words)) {
        *states = u64_at(state, word.wrapping_mul(8));
    }
    let flag = table.words.wrapping_mul(8);
    let begun = u64_at(state, flag) != 0;
    let is_empty = !begun && piece.is_empty();
    if table.read(&mut states, begun, piece) || last && table.ends(&states, is_empty) {
        return true;
    }
    for (word, states) in (0usize..).zip(states.iter().take(table.words)) {
        put_u64(state, word.wrapping_mul(8), *states);
    }
    put_u64(state, flag, u64::from(!is_empty));
    false
}

struct Table<'t> {
    bytes: &'t [u8],
    words: usize,
}

impl<'t> Table<'t> {
    #[inline(always)]
    fn new(bytes: &'t [u8]) -> Self {
        let words = (u32_at(bytes, 0) as usize).min(WORDS);
        Table { bytes, words }
    }

    #[inline(always)]
    fn set(&self, number: usize) -> &'t [[u8; 8]] {
        let at = number
            .wrapping_mul(self.words)
            .wrapping_mul(8)
            .wrapping_add(SETS);
        self.bytes.get(at..).unwrap_or_default().as_chunks::<8>().0
    }

    /// Takes the steps of some bytes, up to a match.
    fn read(&self, states: &mut [u64; WORDS], begun: bool, haystack: &[u8]) -> bool {
        let [first, always, shifts, accepting] = [0, 1, 2, 3].map(|number| self.set(number));
        let mut next = [0u64; WORDS];
        let mut enter = if begun { always } else { first };
        let mut active = states.iter().fold(0, |any, state| any | state);
        for &byte in haystack {
            let class = self
                .bytes
                .get(16usize.wrapping_add(usize::from(byte)))
                .copied()
                .unwrap_or_default();
            if active == 0 {
                // Most texts look like no match at nearly every byte.
                for (next, enter) in next.iter_mut().zip(enter).take(self.words) {
                    *next = u64::from_le_bytes(*enter);
                }
            } else {
                step(states, &mut next, self.words, [enter, shifts]);
                lead(self.bytes, states, &mut next);
            }
            let reads = self.set(usize::from(class).wrapping_add(FIXED_SETS));
            let mut accepts = 0;
            active = 0;
            for (((state, next), reads), accepting) in states
                .iter_mut()
                .zip(&next)
                .zip(reads)
                .zip(accepting)
                .take(self.words)
            {
                *state = next & u64::from_le_bytes(*reads);
                active |= *state;
                accepts |= *state & u64::from_le_bytes(*accepting);
            }
            if accepts != 0 {
                return true;
            }
            enter = always;
        }
        false
    }

    /// Whether a text that ends in these states holds a match.
    fn ends(&self, states: &[u64; WORDS], is_empty: bool) -> bool {
        if is_empty {
            return u32_at(self.bytes, 12) != 0;
        }
        let ended = states.iter().zip(self.set(4)).take(self.words);
        ended.fold(0, |any, (state, at_end)| {
            any | state & u64::from_le_bytes(*at_end)
        }) != 0
    }
}

/// Those that are entered, and the neighbours of those that lead there.
#[inline(always)]
fn step(states: &[u64], next: &mut [u64], words: usize, [enter, shifts]: [&[[u8; 8]]; 2]) {
    let mut carry = 0;
    for (((state, next), enter), shifts) in
        states.iter().zip(next).zip(enter).zip(shifts).take(words)
    {
        let leading = state & u64::from_le_bytes(*shifts);
        *next = leading << 1 | carry | u64::from_le_bytes(*enter);
        carry = leading >> 63;
    }
}

/// Those that groups lead to.
#[inline(always)]
fn lead(table: &[u8], states: &[u64; WORDS], next: &mut [u64; WORDS]) {
    let mut at = u32_at(table, 8) as usize;
    for _ in 0..u32_at(table, 4) {
        let Some(group) = table.get(at..) else { return };
        let [from, many, to, most] = [0, 2, 4, 6].map(|field| usize::from(u16_at(group, field)));
        let sources = states.get(from..).unwrap_or_default().iter().take(many);
        let any = (0usize..).zip(sources).fold(0, |any, (word, state)| {
            any | state & u64_at(group, word.wrapping_mul(8).wrapping_add(GROUP))
        });
        if any != 0 {
            let targets = next.get_mut(to..).unwrap_or_default().iter_mut().take(most);
            for (word, target) in (many..).zip(targets) {
                *target |= u64_at(group, word.wrapping_mul(8).wrapping_add(GROUP));
            }
        }
        at = at
            .wrapping_add(GROUP)
            .wrapping_add(many.wrapping_add(most).wrapping_mul(8));
    }
}
