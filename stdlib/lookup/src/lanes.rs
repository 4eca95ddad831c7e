//! Four tables over one piece of a text, side by side.
//!
//! One step of an automaton waits for the one before it, so that a processor that walks a single one is mostly
//! idle. A lane is a table of [`crate::dfa`] or [`crate::scan`] with cells of 2 bytes, and a state in it.

use super::load::{put_u32, u32_at};
use super::{dfa, scan};

/// A table and a state in it.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'t> {
    classes: &'t [u8; 256],
    cells: &'t [[u8; 2]],
    stride: u32,
    start: u32,
    /// States below it tell something.
    limit: u32,
    state: u32,
    /// The state that told something last.
    told: u32,
}

impl<'t> Lane<'t> {
    /// A table of [`crate::dfa`] and the state that it kept; `None` if it has other cells.
    #[must_use]
    pub fn dfa(table: &'t [u8], state: &[u8]) -> Option<Self> {
        let stride = u32_at(table, 4);
        Lane::new(table, dfa::HEADER, stride, state)
    }

    /// A table of [`crate::scan`] and the state that it kept; `None` if it has other cells.
    #[must_use]
    pub fn scan(table: &'t [u8], state: &[u8]) -> Option<Self> {
        let bound = u32_at(table, 12);
        Lane::new(table, scan::HEADER, bound, state)
    }

    #[inline(always)]
    fn new(table: &'t [u8], header: usize, bound: u32, state: &[u8]) -> Option<Self> {
        let (header, rest) = table.split_at_checked(header)?;
        let (classes, cells) = rest.split_first_chunk()?;
        let start = u32_at(header, 8);
        (u32_at(header, 0) == 2).then(|| Lane {
            classes,
            cells: cells.as_chunks().0,
            stride: u32_at(header, 4),
            start,
            limit: bound.saturating_add(1),
            state: u32_at(state, 0) ^ start,
            told: u32::MAX,
        })
    }

    /// The state, if it tells something that it has not told last.
    #[must_use]
    pub fn tells(&mut self) -> Option<u32> {
        let tells = self.is_news(self.state);
        tells.then(|| {
            self.told = self.state;
            self.state
        })
    }

    #[inline(always)]
    fn is_news(&self, state: u32) -> bool {
        (state < self.limit) & (state != self.told)
    }

    /// Whether a state of a table of [`crate::dfa`] accepts.
    #[must_use]
    pub fn accepts(&self, state: u32) -> bool {
        state == self.stride
    }

    /// Has it tell nothing more.
    pub fn silence(&mut self) {
        (self.cells, self.limit) = (&[], 0);
    }

    /// Whether it tells nothing more.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.limit == 0
    }

    /// The state behind the text's end, if it can tell something.
    #[must_use]
    pub fn end(&self) -> Option<u32> {
        let state = self.step(self.state, self.stride.wrapping_sub(1));
        (state < self.limit).then_some(state)
    }

    /// Keeps the state.
    pub fn store(&self, state: &mut [u8]) {
        put_u32(state, 0, self.state ^ self.start);
    }

    #[inline(always)]
    fn step(&self, state: u32, class: u32) -> u32 {
        let cell = self.cells.get(state.wrapping_add(class) as usize);
        cell.map_or(0, |cell| u16::from_le_bytes(*cell).into())
    }

    #[inline(always)]
    fn after(&self, state: u32, byte: u8) -> u32 {
        let class = self.classes.get(usize::from(byte)).copied();
        self.step(state, class.unwrap_or_default().into())
    }
}

/// Takes all lanes through a piece, up to the first byte behind which one tells something new, and gives
/// how many bytes that are.
#[inline(never)]
pub fn walk(lanes: &mut [Lane<'_>; 4], piece: &[u8]) -> usize {
    let [a, b, c, d] = lanes;
    // Four variables: an array would live in memory.
    let (mut p, mut q, mut r, mut s) = (a.state, b.state, c.state, d.state);
    let mut done = 0usize;
    for &byte in piece {
        (p, q, r, s) = (
            a.after(p, byte),
            b.after(q, byte),
            c.after(r, byte),
            d.after(s, byte),
        );
        done = done.wrapping_add(1);
        // Negative where a state is below its limit: all four are asked at once.
        let below = p.wrapping_sub(a.limit)
            | q.wrapping_sub(b.limit)
            | r.wrapping_sub(c.limit)
            | s.wrapping_sub(d.limit);
        if below.cast_signed() < 0 && a.is_news(p) | b.is_news(q) | c.is_news(r) | d.is_news(s) {
            break;
        }
    }
    (a.state, b.state, c.state, d.state) = (p, q, r, s);
    done
}
