//! Pieces of a text through the entries of a plan.

use core::ops::Range;

use edge_lookup::{dfa, nfa, scan};

use super::out::Out;
use super::step::{self, Carry};
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

#[derive(Clone, Copy)]
struct Entry<'a> {
    kind: u32,
    operand: &'a [u8],
    state: usize,
    /// The end of a step's entries, or an automaton's first bit.
    number: u32,
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

    /// Takes the next piece of a text through some entries, in a depth of so many steps. After the last
    /// one, the next text begins.
    #[inline(never)]
    pub(super) fn feed(&mut self, entries: Range<u32>, depth: u32, piece: &[u8], last: bool) {
        if piece.is_empty() && !last {
            return;
        }
        let mut next = entries.start;
        while next < entries.end {
            let Some(entry) = self.entry(next) else {
                return;
            };
            next += 1;
            if entry.kind >= kind::DFA {
                self.automaton(&entry, piece, last);
            } else {
                let end = entry.number.clamp(next, entries.end);
                if depth < MOST_STEPS {
                    self.step(&entry, next..end, depth + 1, piece, last);
                }
                next = end;
            }
        }
    }

    fn entry(&self, index: u32) -> Option<Entry<'a>> {
        let at = (index as usize).checked_mul(ENTRY)?.checked_add(HEADER)?;
        let bytes = self.plan.get(at..)?.get(..ENTRY)?;
        let operand = self.plan.get(u32_at(bytes, 4) as usize..)?;
        Some(Entry {
            kind: u32_at(bytes, 0),
            operand: operand.get(..u32_at(bytes, 8) as usize)?,
            state: u32_at(bytes, 12) as usize,
            number: u32_at(bytes, 16),
        })
    }

    fn step(
        &mut self,
        entry: &Entry<'_>,
        entries: Range<u32>,
        depth: u32,
        piece: &[u8],
        last: bool,
    ) {
        let mut carry = match self.state::<STEP>(entry.state) {
            Some(state) => Carry::load(state),
            None => return,
        };
        let mut out = Out::new(self, entries, depth);
        step::run(entry.kind, entry.operand, &mut carry, piece, last, &mut out);
        out.flush(last);
        if last {
            carry = Carry::default();
        }
        if let Some(state) = self.state::<STEP>(entry.state) {
            carry.store(state);
        }
    }

    fn automaton(&mut self, entry: &Entry<'_>, piece: &[u8], last: bool) {
        if entry.kind == kind::SCAN {
            return self.scan(entry, piece, last);
        }
        // What one pattern's automaton has found once, it need not find again.
        if self.has(entry.number) {
            return;
        }
        let table = entry.operand;
        let Some(state) = self.states.get_mut(entry.state..) else {
            return;
        };
        let (length, found) = if entry.kind == kind::DFA {
            let found = dfa::feed(table, state, piece);
            (dfa::STATE, found || last && dfa::end(table, state))
        } else {
            let found = nfa::feed(table, state, piece, last);
            (nfa::state_len(table), found)
        };
        if last {
            let length = length.min(state.len());
            state.get_mut(..length).unwrap_or_default().fill(0);
        }
        if found {
            self.add(entry.number);
        }
    }

    fn scan(&mut self, entry: &Entry<'_>, piece: &[u8], last: bool) {
        let Some(state) = self.state::<{ scan::STATE }>(entry.state) else {
            return;
        };
        let mut found = [0; BINS];
        let length = scan::set_len(entry.operand).min(BINS);
        let set = found.get_mut(..length).unwrap_or_default();
        scan::feed(entry.operand, state, piece, last, set);
        if last {
            *state = [0; scan::STATE];
        }
        for (at, byte) in (0u32..).zip(found) {
            let mut left = byte;
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
