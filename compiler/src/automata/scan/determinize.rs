//! From patterns to an automaton whose states tell which of them have just matched.

use regex_automata::MatchKind;
use regex_syntax::hir::{Hir, Look, LookSet};

use super::{Label, subset};
use crate::automata::dfa::dense::Dense;
use crate::automata::dfa::graph::Graph;
use crate::automata::dfa::{Budget, DfaError};
use crate::automata::interner::Interner;

/// A graph and the sets that its labels number.
pub(super) type Labelled = (Graph<Label>, Vec<Vec<u32>>);

pub(super) fn determinize(hirs: &[Hir], budget: Budget) -> Result<Labelled, DfaError> {
    let ends = LookSet::singleton(Look::Start).union(LookSet::singleton(Look::End));
    if hirs
        .iter()
        .all(|hir| hir.properties().look_set().subtract(ends).is_empty())
    {
        return subset::determinize(hirs, budget);
    }
    with_lookaround(hirs, budget)
}

/// The longest match there can be, if it does not matter where in a text one stands.
pub(in crate::automata) fn longest_match(hirs: &[Hir]) -> Option<usize> {
    // What never matches has no least length.
    let possible = hirs
        .iter()
        .map(Hir::properties)
        .filter(|properties| properties.minimum_len().is_some());
    let longest = possible.map(|properties| {
        properties
            .maximum_len()
            .filter(|_| properties.look_set().is_empty())
    });
    longest.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// For patterns whose matches may depend on the byte after them, so that a state tells of a
/// match one byte late. What it was late with multiplies the states of the next byte.
fn with_lookaround(hirs: &[Hir], budget: Budget) -> Result<Labelled, DfaError> {
    let dense = Dense::build(hirs, MatchKind::All, budget)?;
    let mut graph = dense.empty_graph();
    let mut sets = Interner::default();
    sets.intern(Vec::new());
    let mut states = Interner::default();
    states.intern(dense.start());
    while let Some(&state) = states.items().get(graph.labels.len()) {
        let reached = sets.intern(dense.matches(state));
        let ended = sets.intern(dense.matches(dense.at_end(state)));
        graph.labels.push(Label { reached, ended });
        graph
            .next
            .extend(dense.successors(state).map(|next| states.intern(next)));
    }
    Ok((graph, sets.into_items()))
}
