//! Many patterns in one pass over a text: which of them match?
//!
//! The automaton of [`crate::automata::dfa`] with a set of patterns on each state instead
//! of one bit. A scan collects the sets that it meets, so that the automaton need not
//! remember what has matched and stays about as large as the patterns together (Aho and
//! Corasick, "Efficient string matching", 1975, for literals). Regexes that overlap much
//! can still multiply; [`Scan::build_parts`] then makes several scans.

mod determinize;
mod encode;
mod subset;
mod tail;

use std::ops::Range;

pub(super) use determinize::longest_match;

use super::dfa::graph::Graph;
use super::dfa::{Budget, DfaError, minimize};
use super::pattern::Pattern;

/// A scan for some patterns, which are known by their index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scan {
    graph: Graph<Label>,
    /// Sets of patterns, each ascending. Set 0 is empty.
    sets: Vec<Vec<u32>>,
    patterns: usize,
    /// In bytes, if matches do not depend on where in a text they stand.
    longest_match: Option<usize>,
}

/// What a state tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Label {
    /// The set of patterns that have matched once the state is reached.
    reached: u32,
    /// The set of those that match if the text ends there.
    ended: u32,
}

impl Scan {
    /// The scan for `patterns`.
    pub fn build(patterns: &[Pattern], budget: Budget) -> Result<Scan, DfaError> {
        let hirs = patterns
            .iter()
            .map(|pattern| pattern.hir().map(|hir| tail::dropped(&hir)))
            .collect::<Result<Vec<_>, _>>()?;
        let (graph, sets) = determinize::determinize(&hirs, budget)?;
        let scan = Scan {
            graph: minimize::minimize(graph),
            sets,
            patterns: patterns.len(),
            longest_match: determinize::longest_match(&hirs),
        };
        let bytes = encode::encoded_len(&scan);
        if bytes > budget.table {
            return Err(DfaError::TableTooLarge {
                bytes,
                limit: budget.table,
            });
        }
        Ok(scan)
    }

    /// As few scans as halving the list finds within the budget, each with the part of the
    /// list that it is for, in order. A pattern that does not fit by itself is left out.
    pub fn build_parts(patterns: &[Pattern], budget: Budget) -> Vec<(Range<usize>, Scan)> {
        let mut parts = Vec::new();
        // A stack, its next part on top: no recursion.
        let mut waiting: Vec<Range<usize>> = std::iter::once(0..patterns.len()).collect();
        while let Some(range) = waiting.pop() {
            if let Ok(scan) = Scan::build(patterns.get(range.clone()).unwrap_or_default(), budget) {
                parts.push((range, scan));
            } else if range.len() > 1 {
                let middle = range.start + range.len() / 2;
                waiting.push(middle..range.end);
                waiting.push(range.start..middle);
            }
        }
        parts
    }

    /// The patterns that match in `text`, ascending.
    pub fn matches(&self, text: &[u8]) -> Vec<u32> {
        let mut state = 0;
        let mut found = Vec::new();
        let mut add = |set: u32| found.extend(self.sets.get(set as usize).into_iter().flatten());
        add(self.graph.label(state).reached);
        for &byte in text {
            state = self.graph.step(state, self.graph.class(byte));
            add(self.graph.label(state).reached);
        }
        add(self.graph.label(state).ended);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// How many states it has.
    pub fn state_count(&self) -> usize {
        self.graph.labels.len()
    }

    /// Bytes of the bit set that a scan fills: bit `i % 8` of byte `i / 8` is pattern `i`.
    pub fn set_len(&self) -> usize {
        self.patterns.div_ceil(8)
    }

    /// The table that `edge_lookup::scan` reads.
    pub fn table(&self) -> Vec<u8> {
        encode::encode(self)
    }
}

#[cfg(test)]
mod tests;
