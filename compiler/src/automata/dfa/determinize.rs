//! From patterns to a deterministic automaton in which a match is never lost again.

use std::collections::HashMap;

use regex_automata::MatchKind;
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

use super::dense::Dense;
use super::graph::Graph;
use super::{Budget, DfaError};
use crate::automata::pattern::Pattern;

pub(super) fn determinize(patterns: &[Pattern], budget: Budget) -> Result<Graph<bool>, DfaError> {
    let hirs = patterns
        .iter()
        .map(Pattern::hir)
        .collect::<Result<Vec<_>, _>>()?;
    let dense = Dense::build(&[Hir::alternation(hirs)], MatchKind::LeftmostFirst, budget)?;
    Ok(copy_reachable(&dense))
}

/// The part that can be reached from the start of a text, with every matching state
/// made one state that accepts whatever follows.
fn copy_reachable(dense: &Dense) -> Graph<bool> {
    let mut graph = dense.empty_graph();
    let mut numbers = Numbers {
        dense,
        known: HashMap::new(),
        order: Vec::new(),
    };
    numbers.of(Some(dense.start()));
    while let Some(&state) = numbers.order.get(graph.labels.len()) {
        let Some(state) = state else {
            graph.labels.push(true);
            graph
                .next
                .extend(std::iter::repeat_n(numbers.of(None), graph.stride));
            continue;
        };
        graph.labels.push(dense.is_match(dense.at_end(state)));
        graph
            .next
            .extend(dense.successors(state).map(|next| numbers.of(Some(next))));
    }
    graph
}

/// The new numbers of states, in the order in which they are met.
struct Numbers<'d> {
    dense: &'d Dense,
    known: HashMap<Option<StateID>, u32>,
    /// `None` is the one state that stands for all that match.
    order: Vec<Option<StateID>>,
}

impl Numbers<'_> {
    fn of(&mut self, state: Option<StateID>) -> u32 {
        let state = state.filter(|&state| !self.dense.is_match(state));
        let order = &mut self.order;
        *self.known.entry(state).or_insert_with(|| {
            order.push(state);
            (order.len() - 1) as u32
        })
    }
}
