//! Which of many patterns match in a text, by several scans of which only some may be wanted?
//!
//! Patterns that multiply each other's states have scans of their own. A step of one automaton waits for the
//! step before it, so four of them that walk side by side take hardly longer than two would one after the other.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | number of scans |
//! | 4 | 4 | bytes of the set of all patterns |
//! | 8 | 4 | bytes of a set of reasons |
//! | 12 | 4 | 0 |
//! | 16 | | the scans: offset of the table, its bytes, first byte of its set in that of all (`u32` each) |
//! | | | a set of reasons for each: it is wanted if one of them holds |
//! | | | tables, see [`scan`] |

use super::{
    lanes::{self, Lane},
    load::u32_at,
    scan,
};

/// Bytes before the scans.
pub const HEADER: usize = 16;
/// Bytes of a scan's fields.
pub const RECORD: usize = 12;

/// Fills `found`, which has [`set_len`] bytes, with the set of patterns that match in `haystack`. Scans without
/// a reason in `reasons`, which has [`reasons_len`] bytes, find nothing.
#[inline(never)]
pub fn find(scans: &[u8], haystack: &[u8], reasons: &[u8], found: &mut [u8]) {
    found.fill(0);
    let mut waiting = [None; 4];
    let mut many = 0usize;
    let records = scans.get(HEADER..).unwrap_or_default();
    let records = records.chunks_exact(RECORD).take(u32_at(scans, 0) as usize);
    for (number, record) in (0usize..).zip(records) {
        let Some(next) = Scan::wanted(scans, number, record, reasons) else {
            continue;
        };
        if next.is_wide() {
            next.walk(haystack, found);
            continue;
        }
        if let Some(place) = waiting.get_mut(many) {
            *place = Some(next);
        }
        many = many.wrapping_add(1);
        if let [Some(a), Some(b), Some(c), Some(d)] = waiting {
            side_by_side([a, b, c, d], haystack, found);
            (waiting, many) = ([None; 4], 0);
        }
    }
    match waiting {
        [Some(a), None, ..] => a.walk(haystack, found),
        // The last one more than once costs nothing: it reads what is at hand.
        [Some(a), Some(b), c, _] => {
            let c = c.unwrap_or(b);
            side_by_side([a, b, c, c], haystack, found);
        }
        _ => {}
    }
}

/// Bytes of the set of all patterns.
#[inline]
pub fn set_len(scans: &[u8]) -> usize {
    u32_at(scans, 4) as usize
}

/// Bytes of a set of reasons.
#[inline]
pub fn reasons_len(scans: &[u8]) -> usize {
    u32_at(scans, 8) as usize
}

/// A scan, and where its patterns stand.
#[derive(Clone, Copy)]
struct Scan<'t> {
    table: &'t [u8],
    first: usize,
}

impl<'t> Scan<'t> {
    /// The scan of a number, if there is a reason for it.
    fn wanted(scans: &'t [u8], number: usize, record: &[u8], reasons: &[u8]) -> Option<Scan<'t>> {
        let sets = (u32_at(scans, 0) as usize)
            .checked_mul(RECORD)?
            .checked_add(HEADER)?;
        let set = number.checked_mul(reasons.len())?.checked_add(sets)?;
        let set = scans.get(set..)?;
        if !reasons.iter().zip(set).any(|(a, b)| a & b != 0) {
            return None;
        }
        let table = scans.get(u32_at(record, 0) as usize..)?;
        Some(Scan {
            table: table.get(..u32_at(record, 4) as usize)?,
            first: u32_at(record, 8) as usize,
        })
    }

    fn is_wide(&self) -> bool {
        u32_at(self.table, 0) != 2
    }

    /// By itself.
    fn walk(&self, haystack: &[u8], found: &mut [u8]) {
        scan::add(self.table, haystack, self.set(found));
    }

    /// Its part of the set of all.
    fn set<'f>(&self, found: &'f mut [u8]) -> &'f mut [u8] {
        let rest = found.get_mut(self.first..).unwrap_or_default();
        let most = rest.len().min(scan::set_len(self.table));
        rest.get_mut(..most).unwrap_or_default()
    }
}

/// Four over one text.
#[inline(never)]
fn side_by_side(scans: [Scan<'_>; 4], haystack: &[u8], found: &mut [u8]) {
    let [Some(a), Some(b), Some(c), Some(d)] = scans.map(|scan| Lane::scan(scan.table, &[])) else {
        return;
    };
    let mut lanes = [a, b, c, d];
    let mut rest = haystack;
    loop {
        let mut left = false;
        for (lane, scan) in lanes.iter_mut().zip(&scans) {
            match lane.tells() {
                // It can't be left.
                Some(0) => lane.silence(),
                Some(state) => scan::tell(scan.table, state, scan.set(found)),
                None => {}
            }
            left |= !lane.is_silent();
        }
        if rest.is_empty() || !left {
            break;
        }
        let done = lanes::walk(&mut lanes, rest);
        rest = rest.get(done..).unwrap_or_default();
    }
    for (lane, scan) in lanes.iter().zip(&scans) {
        if let Some(state) = lane.end() {
            scan::tell(scan.table, state, scan.set(found));
        }
    }
}
