//! The automata of a plan over one piece of a text.

use edge_lookup::lanes::{self, Lane};
use edge_lookup::{dfa, nfa, scan};

use super::kind;
use super::machine::{Entry, Machine, Part, u32_at};
use crate::writer::split;

/// The most bytes of the set of a [`kind::SCAN`].
pub const BINS: usize = 32;

impl<'a> Entry<'a> {
    /// Whether this is an automaton that can be walked beside others.
    pub(super) fn is_narrow(&self) -> bool {
        let at = match self.kind {
            kind::DFA => 0,
            kind::SCAN => u32_at(self.operand, 0) as usize,
            _ => return false,
        };
        u32_at(self.operand, at) == 2
    }

    /// The table of a scan, and the bits of its patterns.
    fn scan(&self) -> (&'a [u8], &'a [u8]) {
        let bits = split(self.operand, 4).1;
        let table = split(self.operand, u32_at(self.operand, 0) as usize).1;
        (table, bits)
    }
}

impl<'a> Machine<'a> {
    /// Takes a piece through up to four automata.
    #[inline(never)]
    pub(super) fn side_by_side(&mut self, group: &[u32], piece: &[u8], part: Part) {
        let mut entries: [Option<Entry<'a>>; 4] = [None; 4];
        for (place, index) in entries.iter_mut().zip(group) {
            *place = self.entry(*index);
        }
        let lanes = entries.map(|entry| entry.and_then(|entry| self.lane(&entry, part)));
        let Some(mut silent) = lanes.iter().flatten().next().copied() else {
            return;
        };
        silent.silence();
        let mut lanes = lanes.map(|lane| lane.unwrap_or(silent));
        let mut rest = piece;
        loop {
            for (entry, lane) in entries.iter().zip(&mut lanes) {
                if let (Some(entry), Some(state)) = (entry, lane.tells()) {
                    self.told(entry, lane, state);
                }
            }
            if rest.is_empty() {
                break;
            }
            let done = lanes::walk(&mut lanes, rest);
            rest = split(rest, done).1;
        }
        for (entry, mut lane) in entries.iter().zip(lanes) {
            let Some(entry) = entry else { continue };
            if part != Part::More
                && let Some(state) = lane.end()
            {
                self.told(entry, &mut lane, state);
            }
            if part == Part::Whole {
                continue;
            }
            let Some(state) = self.state::<{ dfa::STATE }>(entry.state) else {
                continue;
            };
            if part == Part::Last {
                *state = [0; dfa::STATE];
            } else {
                lane.store(state);
            }
        }
    }

    /// An automaton to be walked beside others, unless it has nothing to find any more.
    fn lane(&mut self, entry: &Entry<'a>, part: Part) -> Option<Lane<'a>> {
        let length = if part == Part::Whole { 0 } else { dfa::STATE };
        let state = self.states.get(entry.state..)?.get(..length)?;
        match entry.kind {
            kind::DFA if !has(self.bits, entry.number) => Lane::dfa(entry.operand, state),
            kind::SCAN => Lane::scan(entry.scan().0, state),
            _ => None,
        }
    }

    /// A lane's state tells something.
    fn told(&mut self, entry: &Entry<'_>, lane: &mut Lane<'_>, state: u32) {
        if entry.kind == kind::DFA {
            if lane.accepts(state) {
                self.add(entry.number);
            }
            return lane.silence();
        }
        let (table, bits) = entry.scan();
        let mut found = [0; BINS];
        let length = scan::set_len(table).min(BINS);
        scan::tell(table, state, found.get_mut(..length).unwrap_or_default());
        self.add_all(bits, &found, length);
        if state == 0 {
            lane.silence();
        }
    }

    pub(super) fn automaton(&mut self, entry: &Entry<'_>, piece: &[u8], part: Part) {
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

    pub(super) fn scan(&mut self, entry: &Entry<'_>, piece: &[u8], part: Part) {
        let (table, bits) = entry.scan();
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
        self.add_all(bits, &found, found_len);
    }

    /// Adds the bits of a set of patterns.
    fn add_all(&mut self, bits: &[u8], found: &[u8; BINS], length: usize) {
        for (at, byte) in (0usize..).zip(*found).take(length) {
            let mut left = byte;
            while left != 0 {
                let pattern = 8 * at + left.trailing_zeros() as usize;
                self.add(u32_at(bits, 4 * pattern));
                left &= left - 1;
            }
        }
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

pub(super) fn has(bits: &[u8], bit: u32) -> bool {
    let byte = bits.get(bit as usize / 8).copied().unwrap_or(0xFF);
    byte >> (bit % 8) & 1 != 0
}
