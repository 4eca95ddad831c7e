//! Pieces of a text through the entries of a plan.

use core::ops::Range;

use edge_lookup::scan;

use super::automata::{BINS, has};
use super::out::Out;
use super::step::{self, Carry};
use super::{ENTRY, HEADER, NUMBERS, STEP, kind};
use super::{replace, transform};

/// The most steps between the fields and an automaton.
pub const MOST_STEPS: u32 = 12;
/// In shorter pieces, automata are walked one by one.
const SHORT: usize = 64;
/// A plan at work.
pub(super) struct Machine<'a> {
    plan: &'a [u8],
    pub bits: &'a mut [u8],
    pub states: &'a mut [u8],
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
pub(super) struct Entry<'a> {
    pub kind: u32,
    pub operand: &'a [u8],
    pub state: usize,
    /// The end of a step's entries, or an automaton's first bit.
    pub number: u32,
    /// Of a text.
    pub shortest: usize,
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
        // What a gate found, and the entries behind it that it was asked for.
        let (mut gates, mut gated) = ([0xFF; BINS], 0..0);
        // Automata that are walked side by side.
        let (mut group, mut count, mut grouping) = ([0; 4], 0, piece.len() >= SHORT);
        let (mut next, mut stop) = (entries.start, entries.end);
        loop {
            while next < stop
                && let Some(entry) = self.entry(next)
            {
                let closed = gated.contains(&next) && !has(&gates, next - gated.start);
                next += 1;
                let end = entry.number.max(next).min(entries.end);
                if closed || whole && piece.len() < entry.shortest {
                    // Nothing can be found.
                } else if entry.kind < kind::DFA {
                    if depth < MOST_STEPS {
                        self.step(&entry, next..end, depth + 1, piece, part, room);
                    }
                } else if entry.kind == kind::GATE {
                    // What is in front of a piece may belong to a match.
                    if whole {
                        gates = [0; BINS];
                        let length = scan::set_len(entry.operand).min(BINS);
                        let set = gates.get_mut(..length).unwrap_or_default();
                        scan::add(entry.operand, piece, set);
                        gated = next..end;
                    }
                } else if grouping && entry.is_narrow() {
                    if let Some(place) = group.get_mut(count) {
                        *place = next - 1;
                        count += 1;
                    }
                    if count == group.len() {
                        self.side_by_side(&group, piece, part);
                        count = 0;
                    }
                } else if entry.kind == kind::SCAN {
                    self.scan(&entry, piece, part);
                } else {
                    self.automaton(&entry, piece, part);
                }
                if entry.kind < kind::DFA {
                    next = end;
                }
            }
            match (count, group) {
                (0, _) => return,
                // Alone, it is faster alone.
                (1, [only, ..]) => (next, stop, count, grouping) = (only, only + 1, 0, false),
                _ => {
                    let group = group.get(..count).unwrap_or_default();
                    return self.side_by_side(group, piece, part);
                }
            }
        }
    }

    pub(super) fn entry(&self, index: u32) -> Option<Entry<'a>> {
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
        if carry.is_empty() && leaves(entry, &carry, piece) {
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

    pub(super) fn state<const N: usize>(&mut self, at: usize) -> Option<&mut [u8; N]> {
        self.states.get_mut(at..)?.first_chunk_mut()
    }
}

/// Whether a step that has kept nothing changes nothing of a piece.
fn leaves(entry: &Entry<'_>, carry: &Carry, piece: &[u8]) -> bool {
    if entry.kind == kind::REPLACE {
        return carry.count == 0 && replace::leaves(entry.operand, piece);
    }
    transform::leaves(entry.kind, entry.operand, piece)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}
