//! Which of many patterns match in a text, in one pass?
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | bytes of a cell: 2 or 4 |
//! | 4 | 4 | stride: cells of a state, one a byte class and a last one for the end of input |
//! | 8 | 4 | the start state |
//! | 12 | 4 | the greatest state that tells something |
//! | 16 | 4 | bytes of a set |
//! | 20 | 4 | offset of the sets from the table's start |
//! | 24 | 8 | 0 |
//! | 32 | 256 | class of each byte |
//! | 288 | | cells, state by state |
//! | | | sets, one for each state that tells something |
//!
//! A state is the number of its first cell. State 0 is dead and has an empty set; the
//! states after it, up to the greatest that tells something, each add the patterns of
//! their set: bit `i % 8` of byte `i / 8` is pattern `i`.

use super::load::u32_at;

/// Bytes before the byte classes.
pub const HEADER: usize = 32;
/// Offset of the first cell.
pub const CELLS: usize = HEADER + 256;

/// Fills `found`, which has [`set_len`] bytes, with the set of patterns that match in
/// `haystack`.
#[inline]
pub fn find(table: &[u8], haystack: &[u8], found: &mut [u8]) {
    found.fill(0);
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return;
    };
    let Some((classes, cells)) = rest.split_first_chunk::<256>() else {
        return;
    };
    let start = u32_at(header, 8);
    let sets = Sets {
        bound: u32_at(header, 12),
        stride: u32_at(header, 4),
        bytes: table.get(u32_at(header, 20) as usize..).unwrap_or_default(),
        found,
    };
    if u32_at(header, 0) == 2 {
        let cells = cells.as_chunks::<2>().0;
        let cell = |at: u32| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from(u16::from_le_bytes(*cell)))
        };
        scan(classes, start, haystack, sets, cell);
    } else {
        let cells = cells.as_chunks::<4>().0;
        let cell = |at: u32| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from_le_bytes(*cell))
        };
        scan(classes, start, haystack, sets, cell);
    }
}

/// Bytes of the set that a table fills.
#[inline]
pub fn set_len(table: &[u8]) -> usize {
    u32_at(table, 16) as usize
}

#[inline(always)]
fn scan(
    classes: &[u8; 256],
    start: u32,
    haystack: &[u8],
    mut sets: Sets<'_>,
    cell: impl Fn(u32) -> u32,
) {
    let mut state = start;
    if state <= sets.bound && !sets.add(state) {
        return;
    }
    for &byte in haystack {
        let class = classes.get(usize::from(byte)).copied().unwrap_or_default();
        state = cell(state.wrapping_add(u32::from(class)));
        if state <= sets.bound && !sets.add(state) {
            return;
        }
    }
    sets.add(cell(state.wrapping_add(sets.stride).wrapping_sub(1)));
}

struct Sets<'t> {
    bound: u32,
    stride: u32,
    bytes: &'t [u8],
    found: &'t mut [u8],
}

impl Sets<'_> {
    /// Adds a state's set; false if the scan can end.
    #[inline(never)]
    fn add(&mut self, state: u32) -> bool {
        let Some(number) = state.checked_div(self.stride) else {
            return false;
        };
        let at = (number as usize).wrapping_mul(self.found.len());
        if state <= self.bound {
            for (found, byte) in self
                .found
                .iter_mut()
                .zip(self.bytes.get(at..).unwrap_or_default())
            {
                *found |= byte;
            }
        }
        state != 0
    }
}
