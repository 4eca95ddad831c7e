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
//! | 12 | 4 | 0 |
//! | 16 | 256 | class of each byte |
//! | 272 | | sets: those entered at the first byte; at any byte; that lead to their neighbour; that accept; that accept at the end |
//! | | | a set for each class: those that read it |
//! | | | groups |
//!
//! A set is that many words of 64 bits. A group: the first word and the number of words (`u16`
//! each) of those that lead, then of those that they lead to, then both runs of words.

use super::load::{u16_at, u32_at, u64_at};

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
    let words = (u32_at(table, 0) as usize).min(WORDS);
    let set = |number: usize| {
        let at = number
            .wrapping_mul(words)
            .wrapping_mul(8)
            .wrapping_add(SETS);
        table.get(at..).unwrap_or_default().as_chunks::<8>().0
    };
    let [first, always, shifts, accepting, at_end] = [0, 1, 2, 3, 4].map(set);
    let mut states = [0u64; WORDS];
    let mut next = [0u64; WORDS];
    let mut enter = first;
    for &byte in haystack {
        let class = table
            .get(16usize.wrapping_add(usize::from(byte)))
            .copied()
            .unwrap_or_default();
        step(&states, &mut next, words, [enter, shifts]);
        lead(table, &states, &mut next);
        let reads = set(usize::from(class).wrapping_add(FIXED_SETS));
        let mut accepts = 0;
        for (((state, next), reads), accepting) in states
            .iter_mut()
            .zip(&next)
            .zip(reads)
            .zip(accepting)
            .take(words)
        {
            *state = next & u64::from_le_bytes(*reads);
            accepts |= *state & u64::from_le_bytes(*accepting);
        }
        if accepts != 0 {
            return true;
        }
        enter = always;
    }
    let ended = states.iter().zip(at_end).take(words);
    ended.fold(0, |any, (state, at_end)| {
        any | state & u64::from_le_bytes(*at_end)
    }) != 0
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
