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
//! | 24 | 4 | overlap: bytes of the longest match but one, or `u32::MAX` |
//! | 28 | 4 | 0 |
//! | 32 | 256 | class of each byte |
//! | 288 | | cells, state by state |
//! | | | sets, one for each state that tells something |
//!
//! A state is the number of its first cell. State 0 is dead and has an empty set; the
//! states after it, up to the greatest that tells something, each add the patterns of
//! their set: bit `i % 8` of byte `i / 8` is pattern `i`.
//!
//! One step waits for the one before it, so that a processor is mostly idle. Where the
//! overlap is known, a long text is cut into four parts that overlap by it, walked side
//! by side.
//!
//! A text may also come in pieces, see [`feed`]. What is kept between two is 4 bytes: the state,
//! and that without the start state's bits, so that zeros are the beginning.

use super::load::{put_u32, u32_at};

/// Bytes before the byte classes.
pub const HEADER: usize = 32;
/// Offset of the first cell.
pub const CELLS: usize = HEADER + 256;
/// The overlap of a table whose texts cannot be cut.
pub const ALONE: u32 = u32::MAX;

/// A part is not worth while when it is shorter than this and the overlap together.
const SHORT: usize = 16;

/// Fills `found`, which has [`set_len`] bytes, with the set of patterns that match in
/// `haystack`.
#[inline]
pub fn find(table: &[u8], haystack: &[u8], found: &mut [u8]) {
    found.fill(0);
    add(table, haystack, found);
}

/// As [`find`], but leaves in `found` what is there.
#[inline(never)]
pub fn add(table: &[u8], haystack: &[u8], found: &mut [u8]) {
    with_cells(table, found, Whole { haystack });
}

/// Bytes that are kept between two pieces of a text.
pub const STATE: usize = 4;

/// Reads the next piece of a text, or its end after the last one, and adds to `found` the patterns
/// that it completes. Those of pieces before it may be added again. A text in one piece needs no room for a
/// state.
#[inline(never)]
pub fn feed(table: &[u8], state: &mut [u8], piece: &[u8], last: bool, found: &mut [u8]) {
    let start = u32_at(table, 8);
    let from = u32_at(state, 0) ^ start;
    let next = with_cells(table, found, Piece { from, piece, last });
    put_u32(state, 0, next ^ start);
}

/// Adds to `found` what a state tells.
pub fn tell(table: &[u8], state: u32, found: &mut [u8]) {
    let mut sets = Sets {
        bound: u32_at(table, 12),
        stride: u32_at(table, 4),
        bytes: table.get(u32_at(table, 20) as usize..).unwrap_or_default(),
        found,
    };
    sets.add(state);
}

/// Bytes of the set that a table fills.
#[inline]
pub fn set_len(table: &[u8]) -> usize {
    u32_at(table, 16) as usize
}

/// Something to do with a table's cells, of either width.
trait Job {
    /// The state at the end.
    fn run(self, walk: &Walk<'_>, sets: Sets<'_>, cell: impl Fn(u32) -> u32) -> u32;
}

#[inline(always)]
fn with_cells(table: &[u8], found: &mut [u8], job: impl Job) -> u32 {
    let Some((header, rest)) = table.split_first_chunk::<HEADER>() else {
        return 0;
    };
    let Some((classes, cells)) = rest.split_first_chunk::<256>() else {
        return 0;
    };
    let sets = Sets {
        bound: u32_at(header, 12),
        stride: u32_at(header, 4),
        bytes: table.get(u32_at(header, 20) as usize..).unwrap_or_default(),
        found,
    };
    let walk = Walk {
        classes,
        start: u32_at(header, 8),
        overlap: u32_at(header, 24),
    };
    if u32_at(header, 0) == 2 {
        let cells = cells.as_chunks::<2>().0;
        job.run(&walk, sets, |at| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from(u16::from_le_bytes(*cell)))
        })
    } else {
        let cells = cells.as_chunks::<4>().0;
        job.run(&walk, sets, |at| {
            cells
                .get(at as usize)
                .map_or(0, |cell| u32::from_le_bytes(*cell))
        })
    }
}

/// A whole text.
struct Whole<'h> {
    haystack: &'h [u8],
}

impl Job for Whole<'_> {
    #[inline(always)]
    fn run(self, walk: &Walk<'_>, mut sets: Sets<'_>, cell: impl Fn(u32) -> u32) -> u32 {
        match four_parts(self.haystack, walk.overlap) {
            Some(parts) => {
                walk.side_by_side(parts, &mut sets, cell);
                0
            }
            None => walk.alone(walk.start, self.haystack, true, &mut sets, cell),
        }
    }
}

/// A piece of a text, read from a state on.
struct Piece<'h> {
    from: u32,
    piece: &'h [u8],
    last: bool,
}

impl Job for Piece<'_> {
    #[inline(always)]
    fn run(self, walk: &Walk<'_>, mut sets: Sets<'_>, cell: impl Fn(u32) -> u32) -> u32 {
        walk.alone(self.from, self.piece, self.last, &mut sets, cell)
    }
}

struct Walk<'t> {
    classes: &'t [u8; 256],
    start: u32,
    overlap: u32,
}

impl Walk<'_> {
    /// The state after a text; with its end looked at too if it is the `last` piece.
    #[inline(always)]
    fn alone(
        &self,
        from: u32,
        haystack: &[u8],
        last: bool,
        sets: &mut Sets<'_>,
        cell: impl Fn(u32) -> u32,
    ) -> u32 {
        let mut state = from;
        if state <= sets.bound && !sets.add(state) {
            return state;
        }
        for &byte in haystack {
            state = cell(state.wrapping_add(self.class(byte)));
            if state <= sets.bound && !sets.add(state) {
                return state;
            }
        }
        if last {
            sets.add(cell(state.wrapping_add(sets.stride).wrapping_sub(1)));
        }
        state
    }

    /// Nothing here depends on the text's ends, so that they are not looked at.
    #[inline(always)]
    fn side_by_side(&self, parts: [&[u8]; 4], sets: &mut Sets<'_>, cell: impl Fn(u32) -> u32) {
        let step = |state: u32, byte: u8| cell(state.wrapping_add(self.class(byte)));
        // Four variables: an array would live in memory where code is optimised for size.
        let (mut p, mut q, mut r, mut s) = (self.start, self.start, self.start, self.start);
        sets.add(self.start);
        let [a, b, c, d] = parts;
        for (((&a, &b), &c), &d) in a.iter().zip(b).zip(c).zip(d) {
            (p, q, r, s) = (step(p, a), step(q, b), step(r, c), step(s, d));
            if p.min(q).min(r.min(s)) <= sets.bound {
                sets.add(p);
                sets.add(q);
                sets.add(r);
                sets.add(s);
            }
        }
    }

    #[inline(always)]
    fn class(&self, byte: u8) -> u32 {
        u32::from(
            self.classes
                .get(usize::from(byte))
                .copied()
                .unwrap_or_default(),
        )
    }
}

/// Four parts of one length that cover the text, each next two sharing at least
/// `overlap` bytes.
#[inline]
fn four_parts(haystack: &[u8], overlap: u32) -> Option<[&[u8]; 4]> {
    let overlap = overlap as usize;
    let len = haystack.len();
    if overlap >= len || (overlap.wrapping_add(SHORT)).wrapping_mul(4) > len {
        return None;
    }
    // So long that three steps of at most `part - overlap` lead to the last part.
    let part = len.wrapping_add(overlap.wrapping_mul(3)).div_ceil(4);
    let last = len.wrapping_sub(part);
    let step = last.div_ceil(3);
    let at = |start: usize| haystack.get(start..start.wrapping_add(part));
    Some([at(0)?, at(step)?, at(step.wrapping_mul(2))?, at(last)?])
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
