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

use super::load::u32_at;

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
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return false;
    };
    let Some((classes, cells)) = rest.split_first_chunk::<256>() else {
        return false;
    };
    let (stride, start) = (u32_at(header, 4), u32_at(header, 8));
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
) -> bool {
    let accept = stride;
    let mut state = start;
    for &byte in haystack {
        if state <= accept {
            return state == accept;
        }
        let class = classes.get(usize::from(byte)).copied().unwrap_or_default();
        state = cell(state.wrapping_add(u32::from(class)));
    }
    if state > accept {
        state = cell(state.wrapping_add(stride).wrapping_sub(1));
    }
    state == accept
}
