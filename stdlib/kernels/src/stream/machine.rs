//! Pieces of a text through the entries of a plan.

use core::ops::Range;

use edge_lookup::{dfa, nfa, scan};

use super::out::Out;
use super::step::{self, Carry};
use super::transform;
use super::{ENTRY, HEADER, NUMBERS, STEP, kind};

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

    /// Takes a piece of a text through some entries, in a depth of so many steps. After the last one, the
    /// next text begins.
    #[inline(never)]
    pub(super) fn feed(&mut self, entries: Range<u32>, depth: u32, piece: &[u8], part: Part) {
        if piece.is_empty() && part == Part::More {
            return;
        }
        let whole = part == Part::Whole;
        // A body may be nothing but short texts: they are told apart first.
        if whole && piece.len() < u32_at(self.plan, 12) as usize && depth == 0 {
            return;
        }
        let mut next = entries.start;
        while next < entries.end {
            let Some(entry) = self.entry(next) else {
                return;
            };
            next += 1;
            let is_step = entry.kind < kind::DFA;
            let end = entry.number.clamp(next, entries.end);
            if whole && piece.len() < entry.shortest || is_step && depth >= MOST_STEPS {
                // Nothing can be found.
            } else if is_step {
                self.step(&entry, next..end, depth + 1, piece, part);
            } else if entry.kind == kind::SCAN {
                self.scan(&entry, piece, part);
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
            self.feed(entries, depth, piece, part);
        } else {
            let mut out = Out::new(self, entries, depth, part == Part::Whole);
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
        if self.has(entry.number) {
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
        let mut none = [0; scan::STATE];
        let state = match part {
            Part::Whole => Some(&mut none),
            _ => self.state(entry.state),
        };
        let Some(state) = state else { return };
        let mut found = [0; BINS];
        let length = scan::set_len(entry.operand).min(BINS);
        let set = found.get_mut(..length).unwrap_or_default();
        let last = part != Part::More;
        scan::feed(entry.operand, state, piece, last, set);
        if last {
            *state = [0; scan::STATE];
        }
        for (at, byte) in (0u32..).zip(set) {
            let mut left = *byte;
            while left != 0 {
                self.add(entry.number.wrapping_add(8 * at + left.trailing_zeros()));
                left &= left - 1;
            }
        }
    }

    fn state<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        self.states.get_mut(at..)?.first_chunk_mut()
    }

    fn has(&self, bit: u32) -> bool {
        let byte = self.bits.get(bit as usize / 8).copied().unwrap_or(0xFF);
        byte >> (bit % 8) & 1 != 0
    }

    fn add(&mut self, bit: u32) {
        if let Some(byte) = self.bits.get_mut(bit as usize / 8) {
            let before = *byte;
            *byte |= 1 << (bit % 8);
            self.added |= *byte != before;
        }
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}
