//! Does an automaton accept some bytes?
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | bytes of a cell: 2 or 4 |
//! | 4 | 4 | stride: cells of a state, one a byte class and a last one for the end of input |
//! | 8 | 4 | the start state |
//! | 12 | 4 | 0 |
//! | 16 | 256 | class of each byte |
//! | 272 | | cells, state by state |
//!
//! A state is the number of its first cell, so that a step is one addition and one
//! load. State 0 is dead and state `stride` accepts; neither can be left, and a state
//! that is at most `stride` ends the scan.
//!
//! A text may also come in pieces, see [`feed`]. What is kept between two is 4 bytes: the state,
//! and that without the start state's bits, so that zeros are the beginning.

use super::load::{put_u32, u16_at, u32_at};

/// Bytes before the byte classes.
pub const HEADER: usize = 16;
/// Offset of the first cell.
pub const CELLS: usize = HEADER + 256;

/// Whether the automaton accepts `haystack`, all of it.
///
/// "Contains a match" and the like are the automaton's matter: it was built to
/// accept every text that does.
#[inline(never)]
pub fn is_match(table: &[u8], haystack: &[u8]) -> bool {
    let (stride, start) = (u32_at(table, 4), u32_at(table, 8));
    let state = walk(table, start, haystack);
    if state <= stride {
        return state == stride;
    }
    at_end(table, state)
}

/// Bytes that are kept between two pieces of a text.
pub const STATE: usize = 4;

/// Reads the next piece of a text, or its end after the last one; true as soon as every text that begins so
/// is accepted. A text in one piece needs no room for a state.
#[inline(never)]
pub fn feed(table: &[u8], state: &mut [u8], piece: &[u8], last: bool) -> bool {
    let (stride, start) = (u32_at(table, 4), u32_at(table, 8));
    let next = walk(table, u32_at(state, 0) ^ start, piece);
    put_u32(state, 0, next ^ start);
    next == stride || last && next > stride && at_end(table, next)
}

/// Where the end of the text leads.
#[inline]
fn at_end(table: &[u8], state: u32) -> bool {
    let stride = u32_at(table, 4);
    let number = state.wrapping_add(stride).wrapping_sub(1) as usize;
    let cell = |width: usize| number.saturating_mul(width).saturating_add(CELLS);
    let next = if u32_at(table, 0) == 2 {
        u16_at(table, cell(2)).into()
    } else {
        u32_at(table, cell(4))
    };
    next == stride
}

/// The state after a text, or the first one that cannot be left.
#[inline(always)]
fn walk(table: &[u8], start: u32, haystack: &[u8]) -> u32 {
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return 0;
    };
    let Some((classes, cells)) = rest.split_first_chunk::<256>() else {
        return 0;
    };
    let stride = u32_at(header, 4);
    if u32_at(header, 0) == 2 {
        let cells = cells.as_chunks::<2>().0;
        let cell = |at: u32| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from(u16::from_le_bytes(*cell)))
        };
        scan(classes, stride, start, haystack, cell)
    } else {
        let cells = cells.as_chunks::<4>().0;
        let cell = |at: u32| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from_le_bytes(*cell))
        };
        scan(classes, stride, start, haystack, cell)
    }
}

#[inline(always)]
fn scan(
    classes: &[u8; 256],
    stride: u32,
    start: u32,
    haystack: &[u8],
    cell: impl Fn(u32) -> u32,
) -> u32 {
    let mut state = start;
    for &byte in haystack {
        if state <= stride {
            return state;
        }
        let class = classes.get(usize::from(byte)).copied().unwrap_or_default();
        state = cell(state.wrapping_add(u32::from(class)));
    }
    state
}
