//! Pieces of a text through the entries of a plan.

use core::ops::Range;

use edge_lookup::{dfa, nfa, scan};

use super::out::Out;
use super::step::{self, Carry};
use super::transform;
use super::{ENTRY, HEADER, NUMBERS, STEP, kind};
use crate::writer::split;

/// The most steps between the fields and an automaton.
pub const MOST_STEPS: u32 = 12;
/// The most bytes of the set of a [`kind::SCAN`].
pub const BINS: usize = 32;

/// A plan at work.
pub(super) struct Machine<'a> {
    plan: &'a [u8],
    bits: &'a mut [u8],
    states: &'a mut [u8],
    /// Whether a bit was added.
    pub added: bool,
}

/// Which part of its text a piece is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// One that others follow.
    More,
    /// The last one.
    Last,
    /// All of it. Nothing need be remembered before or after it.
    Whole,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    kind: u32,
    operand: &'a [u8],
    state: usize,
    /// The end of a step's entries, or an automaton's first bit.
    number: u32,
    /// Of a text.
    shortest: usize,
}

impl<'a> Machine<'a> {
    pub(super) fn new(plan: &'a [u8], bits: &'a mut [u8], states: &'a mut [u8]) -> Self {
        Machine {
            plan,
            bits,
            states,
            added: false,
        }
    }

    /// The names that fields are told by.
    pub(super) fn names(&self) -> &'a [u8] {
        self.plan.get(NUMBERS..HEADER).unwrap_or_default()
    }

    /// All entries.
    pub(super) fn entries(&self) -> Range<u32> {
        0..u32_at(self.plan, 8)
    }

    /// Takes a piece of a text through some entries, in a depth of so many steps, with room for the buffers of
    /// those to come. After the last piece, the next text begins.
    #[inline(never)]
    pub(super) fn feed(
        &mut self,
        entries: Range<u32>,
        depth: u32,
        piece: &[u8],
        part: Part,
        room: &mut [u8],
    ) {
        if piece.is_empty() && part == Part::More {
            return;
        }
        let whole = part == Part::Whole;
        // A body may be nothing but short texts: they are told apart first.
        if whole && piece.len() < u32_at(self.plan, 12) as usize && depth == 0 {
            return;
        }
        let mut next = entries.start;
        // What a gate found, and the entries behind it that it was asked for.
        let (mut gates, mut gated) = ([0xFF; BINS], 0..0);
        while next < entries.end {
            let Some(entry) = self.entry(next) else {
                return;
            };
            let closed = gated.contains(&next) && !has(&gates, next - gated.start);
            next += 1;
            let end = entry.number.clamp(next, entries.end);
            let is_step = entry.kind < kind::DFA;
            if closed || whole && piece.len() < entry.shortest || is_step && depth >= MOST_STEPS {
                // Nothing can be found.
            } else if is_step {
                self.step(&entry, next..end, depth + 1, piece, part, room);
            } else if entry.kind == kind::SCAN {
                self.scan(&entry, piece, part);
            } else if entry.kind == kind::GATE {
                // What is in front of a piece may belong to a match.
                if whole {
                    gates = [0; BINS];
                    sets(entry.operand, &mut [], piece, true, &mut gates);
                    gated = next..end;
                }
            } else {
                self.automaton(&entry, piece, part);
            }
            if is_step {
                next = end;
            }
        }
    }

    fn entry(&self, index: u32) -> Option<Entry<'a>> {
        let at = (index as usize).checked_mul(ENTRY)?.checked_add(HEADER)?;
        let bytes: &[u8; ENTRY] = self.plan.get(at..)?.first_chunk()?;
        let operand = self.plan.get(u32_at(bytes, 4) as usize..)?;
        Some(Entry {
            kind: u32_at(bytes, 0),
            operand: operand.get(..u32_at(bytes, 8) as usize)?,
            state: u32_at(bytes, 12) as usize,
            number: u32_at(bytes, 16),
            shortest: u32_at(bytes, 20) as usize,
        })
    }

    fn step(
        &mut self,
        entry: &Entry<'_>,
        entries: Range<u32>,
        depth: u32,
        piece: &[u8],
        part: Part,
        room: &mut [u8],
    ) {
        let mut carry = Carry::default();
        if part != Part::Whole {
            match self.state::<STEP>(entry.state) {
                Some(state) => carry = Carry::load(state),
                None => return,
            }
        }
        let last = part != Part::More;
        if carry.is_empty() && transform::leaves(entry.kind, entry.operand, piece) {
            self.feed(entries, depth, piece, part, room);
        } else {
            let mut out = Out::new(self, entries, depth, part == Part::Whole, room);
            step::run(entry.kind, entry.operand, &mut carry, piece, last, &mut out);
            out.flush(last);
        }
        if part == Part::Whole {
            return;
        }
        if last {
            carry = Carry::default();
        }
        if let Some(state) = self.state::<STEP>(entry.state) {
            carry.store(state);
        }
    }

    fn automaton(&mut self, entry: &Entry<'_>, piece: &[u8], part: Part) {
        // What one pattern's automaton has found once, it need not find again.
        if has(self.bits, entry.number) {
            return;
        }
        let table = entry.operand;
        let is_dfa = entry.kind == kind::DFA;
        let length = match part {
            Part::Whole => 0,
            _ if is_dfa => dfa::STATE,
            _ => nfa::state_len(table),
        };
        let state = self.states.get_mut(entry.state..).unwrap_or_default();
        let Some(state) = state.get_mut(..length) else {
            return;
        };
        let last = part != Part::More;
        let found = if is_dfa {
            dfa::feed(table, state, piece, last)
        } else {
            nfa::feed(table, state, piece, last)
        };
        if last {
            state.fill(0);
        }
        if found {
            self.add(entry.number);
        }
    }

    fn scan(&mut self, entry: &Entry<'_>, piece: &[u8], part: Part) {
        // The bits of the patterns stand in front of the table.
        let bits = split(entry.operand, 4).1;
        let table = split(entry.operand, u32_at(entry.operand, 0) as usize).1;
        let length = if part == Part::Whole { 0 } else { scan::STATE };
        let state = self.states.get_mut(entry.state..).unwrap_or_default();
        let Some(state) = state.get_mut(..length) else {
            return;
        };
        let mut found = [0; BINS];
        let last = part != Part::More;
        let found_len = sets(table, state, piece, last, &mut found);
        if last {
            state.fill(0);
        }
        for (at, byte) in (0usize..).zip(found).take(found_len) {
            let mut left = byte;
            while left != 0 {
                let pattern = 8 * at + left.trailing_zeros() as usize;
                self.add(u32_at(bits, 4 * pattern));
                left &= left - 1;
            }
        }
    }

    fn state<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        self.states.get_mut(at..)?.first_chunk_mut()
    }

    fn add(&mut self, bit: u32) {
        if let Some(byte) = self.bits.get_mut(bit as usize / 8) {
            let before = *byte;
            *byte |= 1 << (bit % 8);
            self.added |= *byte != before;
        }
    }
}

/// The patterns of a table that a piece completes, and how many bytes they are.
#[inline(never)]
fn sets(table: &[u8], state: &mut [u8], piece: &[u8], last: bool, found: &mut [u8; BINS]) -> usize {
    let length = scan::set_len(table).min(BINS);
    let set = found.get_mut(..length).unwrap_or_default();
    scan::feed(table, state, piece, last, set);
    length
}

fn has(bits: &[u8], bit: u32) -> bool {
    let byte = bits.get(bit as usize / 8).copied().unwrap_or(0xFF);
    byte >> (bit % 8) & 1 != 0
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}
