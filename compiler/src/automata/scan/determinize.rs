//! From patterns to an automaton whose states tell which of them have just matched.

use std::collections::HashMap;
use std::hash::Hash;

use regex_automata::MatchKind;

use super::Label;
use crate::automata::dfa::dense::Dense;
use crate::automata::dfa::graph::Graph;
use crate::automata::dfa::{Budget, DfaError};
use crate::automata::pattern::Pattern;

/// The graph and the sets that its labels number.
pub(super) fn determinize(
    patterns: &[Pattern],
    budget: Budget,
) -> Result<(Graph<Label>, Vec<Vec<u32>>), DfaError> {
    let hirs = patterns
        .iter()
        .map(Pattern::hir)
        .collect::<Result<Vec<_>, _>>()?;
    let dense = Dense::build(&hirs, MatchKind::All, budget)?;
    let mut graph = dense.empty_graph();
    let mut sets = Interner::default();
    sets.intern(Vec::new());
    let mut states = Interner::default();
    states.intern(dense.start());
    while let Some(&state) = states.items.get(graph.labels.len()) {
        let reached = sets.intern(dense.matches(state));
        let ended = sets.intern(dense.matches(dense.at_end(state)));
        graph.labels.push(Label { reached, ended });
        graph
            .next
            .extend(dense.successors(state).map(|next| states.intern(next)));
    }
    Ok((graph, sets.items))
}

/// Equal items get the same number, in the order in which they are met.
struct Interner<T> {
    numbers: HashMap<T, u32>,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            numbers: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    fn intern(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        if let Some(&number) = self.numbers.get(&item) {
            return number;
        }
        self.items.push(item.clone());
        self.numbers.insert(item, next);
        next
    }
}
