//! Scans that walk side by side: of regexes whose literals are there, and of patterns that can share neither scan nor search.

use super::LARGEST;
use crate::automata::{dfa::Budget, pattern::Pattern, scan::Scan};
use edge_lookup::scans::{HEADER, RECORD};
use std::ops::Range;

/// So many scans walk side by side.
const TOGETHER: usize = 4;
/// Tables may be so many times as large where that saves a walk.
const LARGER: usize = 2;

/// Scans that are made where there is a reason for them, several at once.
pub(super) struct SideBySide {
    /// What `edge_lookup::scans` reads.
    pub table: Vec<u8>,
    /// Bits of the set that they fill.
    pub set: u32,
    /// The reason for each pattern, and its bit in the set.
    pub bits: Vec<(u32, u32)>,
    /// Reasons, ascending, that need not be looked into, because all scans together take one walk.
    said: Vec<u32>,
}

impl SideBySide {
    /// As few scans for some patterns as are found, each pattern with the reason to look for it: one of so many.
    /// What blows up by itself has none.
    pub fn new(patterns: &[(&Pattern, u32)], reasons: usize) -> SideBySide {
        let scans = scans(patterns);
        let reasons = reasons.div_ceil(8);
        let (mut bits, mut records, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        let (mut set, mut tables) = (0, Vec::new());
        let start = HEADER + scans.len() * (RECORD + reasons);
        let start = start.next_multiple_of(4);
        for (range, scan) in &scans {
            let own = patterns.get(range.clone()).unwrap_or_default();
            let mut why = vec![0u8; reasons];
            for (place, (_, reason)) in (8 * set..).zip(own) {
                bits.push((*reason, number(place)));
                if let Some(byte) = why.get_mut(*reason as usize / 8) {
                    *byte |= 1 << (reason % 8);
                }
            }
            sets.extend(why);
            let table = scan.table();
            for field in [start + tables.len(), table.len(), set] {
                records.extend(number(field).to_le_bytes());
            }
            tables.extend(table);
            tables.resize(tables.len().next_multiple_of(4), 0);
            set += scan.set_len();
        }
        let mut said: Vec<u32> = bits.iter().map(|(reason, _)| *reason).collect();
        said.sort_unstable();
        if scans.len() > TOGETHER {
            said.clear();
        }
        let header = [scans.len(), set, reasons, 0];
        let mut table: Vec<u8> = header
            .iter()
            .flat_map(|n| number(*n).to_le_bytes())
            .collect();
        table.extend(records);
        table.extend(sets);
        table.resize(start, 0);
        table.extend(tables);
        SideBySide {
            table,
            set: number(8 * set),
            bits,
            said,
        }
    }

    /// The reasons that a text which is made to slow down the search for them has all.
    pub fn said(&self) -> &[u32] {
        &self.said
    }
}

/// Scans that are larger, if then fewer walks do.
fn scans(patterns: &[(&Pattern, u32)]) -> Vec<(Range<usize>, Scan)> {
    let patterns: Vec<Pattern> = patterns.iter().map(|(it, _)| (*it).clone()).collect();
    let of_size = |table: usize| {
        let budget = Budget {
            table,
            work: 16 * table,
            ..Budget::default()
        };
        Scan::build_parts(&patterns, budget)
    };
    let (small, walks) = (of_size(LARGEST), |scans: usize| scans.div_ceil(TOGETHER));
    if walks(small.len()) > 1 {
        let large = of_size(LARGER * LARGEST);
        if walks(large.len()) < walks(small.len()) {
            return large;
        }
    }
    small
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
