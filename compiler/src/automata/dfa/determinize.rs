//! From patterns to a deterministic automaton in which a match is never lost again.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::{Budget, DfaError, Graph};
use crate::automata::pattern::Pattern;

pub(super) fn determinize(patterns: &[Pattern], budget: Budget) -> Result<Graph, DfaError> {
    let hirs = patterns
        .iter()
        .map(Pattern::hir)
        .collect::<Result<Vec<_>, _>>()?;
    let dense = build_dense(&Hir::alternation(hirs), budget)?;
    copy_reachable(&dense, budget)
}

fn build_dense(hir: &Hir, budget: Budget) -> Result<dense::DFA<Vec<u32>>, DfaError> {
    let looks = hir.properties().look_set();
    if looks.contains_word_unicode() {
        return Err(DfaError::Unsupported(
            "a Unicode word boundary; the ASCII one is `(?-u:\\b)`",
        ));
    }
    let too_large = DfaError::WorkTooLarge { limit: budget.work };
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .utf8(false)
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(budget.work)),
        )
        .build_from_hir(hir)
        .map_err(|_| too_large.clone())?;
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .accelerate(false)
                .minimize(false)
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(budget.work))
                .determinize_size_limit(Some(budget.work)),
        )
        .build_from_nfa(&nfa)
        .map_err(|_| too_large)
}

/// The part that can be reached from the start of a text, with every matching state
/// made one state that accepts whatever follows.
fn copy_reachable(dense: &dense::DFA<Vec<u32>>, budget: Budget) -> Result<Graph, DfaError> {
    let classes = dense.byte_classes();
    let stride = classes.alphabet_len().saturating_sub(1).max(1);
    let mut graph = Graph {
        classes: [0; 256],
        stride,
        next: Vec::new(),
        accepting: Vec::new(),
    };
    let mut representatives = vec![0; stride];
    for byte in (0..=255u8).rev() {
        let class = classes.get(byte);
        if let Some(known) = graph.classes.get_mut(usize::from(byte)) {
            *known = class;
        }
        if let Some(representative) = representatives.get_mut(usize::from(class)) {
            *representative = byte;
        }
    }
    let start = dense
        .start_state_forward(&Input::new(b"").anchored(Anchored::No))
        .map_err(|_| DfaError::WorkTooLarge { limit: budget.work })?;
    let mut numbers = Numbers {
        dense,
        known: HashMap::new(),
        order: Vec::new(),
    };
    numbers.number(start);
    while let Some(&state) = numbers.order.get(graph.accepting.len()) {
        let Some(state) = state else {
            graph.accepting.push(true);
            graph
                .next
                .extend(std::iter::repeat_n(numbers.number_of_match(), stride));
            continue;
        };
        graph
            .accepting
            .push(dense.is_match_state(dense.next_eoi_state(state)));
        for &byte in &representatives {
            graph
                .next
                .push(numbers.number(dense.next_state(state, byte)));
        }
    }
    Ok(graph)
}

/// The new numbers of states, in the order in which they are met.
struct Numbers<'d> {
    dense: &'d dense::DFA<Vec<u32>>,
    known: HashMap<Option<StateID>, u32>,
    /// `None` is the one state that stands for all that match.
    order: Vec<Option<StateID>>,
}

impl Numbers<'_> {
    fn number(&mut self, state: StateID) -> u32 {
        self.of(Some(state).filter(|&state| !self.dense.is_match_state(state)))
    }

    fn number_of_match(&mut self) -> u32 {
        self.of(None)
    }

    fn of(&mut self, state: Option<StateID>) -> u32 {
        let order = &mut self.order;
        *self.known.entry(state).or_insert_with(|| {
            order.push(state);
            (order.len() - 1) as u32
        })
    }
}
