//! The subset construction for patterns without look-around but the ends of the text.
//!
//! Unlike `regex-automata`'s, a state tells of a match at once, which keeps a scan for
//! literals as small as their trie.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::alphabet::Unit;
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;

use super::Label;
use super::determinize::Labelled;
use crate::automata::dfa::dense::nfa;
use crate::automata::dfa::graph::Graph;
use crate::automata::dfa::{Budget, DfaError};
use crate::automata::interner::Interner;

pub(super) fn determinize(hirs: &[Hir], budget: Budget) -> Result<Labelled, DfaError> {
    let nfa = nfa(hirs, budget)?;
    let (mut graph, bytes) = empty_graph(&nfa);
    let mut construction = Construction::new(&nfa, &bytes);
    let mut sets = Interner::default();
    sets.intern(Vec::new());
    let mut states = Interner::default();
    // The start of the text differs from all that is like it later.
    states.intern((true, construction.start()));
    let mut work = 0;
    while let Some((is_start, state)) = states.items().get(graph.labels.len()).cloned() {
        let (reached, ended) = construction.labels(&state, is_start);
        graph.labels.push(Label {
            reached: sets.intern(reached),
            ended: sets.intern(ended),
        });
        for (class, &byte) in bytes.iter().enumerate() {
            graph
                .next
                .push(states.intern((false, construction.next(&state, class, byte))));
        }
        work += 4 * (state.len() + bytes.len());
        if work > budget.work {
            return Err(DfaError::WorkTooLarge { limit: budget.work });
        }
    }
    Ok((graph, sets.into_items()))
}

/// A state of the scan is the states of the `nfa` that a text may be in, ascending, without
/// the `base`: those that any text is in, because a match may start anywhere.
struct Construction<'n> {
    nfa: &'n NFA,
    closure: Closure<'n>,
    base: Vec<StateID>,
    /// What the base leads to, by class.
    after_base: Vec<Vec<StateID>>,
}

impl<'n> Construction<'n> {
    fn new(nfa: &'n NFA, bytes: &[u8]) -> Self {
        let mut closure = Closure::new(nfa);
        let base = if nfa.is_always_start_anchored() {
            Vec::new()
        } else {
            closure.of([nfa.start_unanchored()], None)
        };
        let mut construction = Construction {
            nfa,
            closure,
            base,
            after_base: Vec::new(),
        };
        let base = construction.base.clone();
        construction.after_base = bytes
            .iter()
            .map(|&byte| {
                construction
                    .without_base(base.iter().filter_map(|&from| step(nfa, from, byte)), None)
            })
            .collect();
        construction
    }

    fn start(&mut self) -> Vec<StateID> {
        self.without_base([self.nfa.start_unanchored()], Some(Look::Start))
    }

    fn next(&mut self, state: &[StateID], class: usize, byte: u8) -> Vec<StateID> {
        let nfa = self.nfa;
        let mut next =
            self.without_base(state.iter().filter_map(|&from| step(nfa, from, byte)), None);
        next.extend(self.after_base.get(class).into_iter().flatten());
        next.sort_unstable();
        next.dedup();
        next
    }

    /// The patterns that match in a state, and those that match there only at the text's end.
    fn labels(&mut self, state: &[StateID], is_start: bool) -> (Vec<u32>, Vec<u32>) {
        let all = [state, &self.base].concat();
        let reached = matches(self.nfa, &all);
        let mut ended = matches(self.nfa, &self.closure.at_end(&all, is_start));
        ended.retain(|pattern| reached.binary_search(pattern).is_err());
        (reached, ended)
    }

    fn without_base(
        &mut self,
        from: impl IntoIterator<Item = StateID>,
        holds: Option<Look>,
    ) -> Vec<StateID> {
        let mut states = self.closure.of(from, holds);
        states.retain(|state| self.base.binary_search(state).is_err());
        states
    }
}

/// A graph without states, and a byte of each of its classes.
fn empty_graph(nfa: &NFA) -> (Graph<Label>, Vec<u8>) {
    let mut classes = [0; 256];
    for (byte, class) in (0..=255u8).zip(&mut classes) {
        *class = nfa.byte_classes().get(byte);
    }
    let bytes: Vec<u8> = nfa
        .byte_classes()
        .representatives(..)
        .filter_map(|unit: Unit| unit.as_u8())
        .collect();
    (
        Graph {
            classes,
            stride: bytes.len(),
            next: Vec::new(),
            labels: Vec::new(),
        },
        bytes,
    )
}

/// The state after a byte, if it is one that takes the byte.
fn step(nfa: &NFA, from: StateID, byte: u8) -> Option<StateID> {
    match nfa.state(from) {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(byte),
        State::Dense(transitions) => transitions.matches_byte(byte),
        _ => None,
    }
}

/// The patterns that match in a state, ascending.
fn matches(nfa: &NFA, state: &[StateID]) -> Vec<u32> {
    let matched = state.iter().filter_map(|&at| match nfa.state(at) {
        State::Match { pattern_id } => Some(pattern_id.as_u32()),
        _ => None,
    });
    let mut patterns: Vec<u32> = matched.collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// What can be reached without a byte.
struct Closure<'n> {
    nfa: &'n NFA,
    /// The round in which a state was last met.
    seen: Vec<u32>,
    round: u32,
    stack: Vec<StateID>,
}

impl<'n> Closure<'n> {
    fn new(nfa: &'n NFA) -> Self {
        Closure {
            nfa,
            seen: vec![0; nfa.states().len()],
            round: 0,
            stack: Vec::new(),
        }
    }

    /// The states, ascending, that take a byte, match, or wait for the text's end; of what
    /// looks around only `holds` does.
    fn of(&mut self, from: impl IntoIterator<Item = StateID>, holds: Option<Look>) -> Vec<StateID> {
        self.run(from, |look| Some(look) == holds)
    }

    /// The same where the text ends, from the state itself.
    fn at_end(&mut self, state: &[StateID], is_start: bool) -> Vec<StateID> {
        self.run(state.iter().copied(), |look| {
            look == Look::End || is_start && look == Look::Start
        })
    }

    fn run(
        &mut self,
        from: impl IntoIterator<Item = StateID>,
        holds: impl Fn(Look) -> bool,
    ) -> Vec<StateID> {
        self.round += 1;
        self.stack.extend(from);
        let mut reached = Vec::new();
        while let Some(at) = self.stack.pop() {
            match self.seen.get_mut(at.as_usize()) {
                Some(seen) if *seen != self.round => *seen = self.round,
                _ => continue,
            }
            match self.nfa.state(at) {
                State::Look { look, next } if holds(*look) => self.stack.push(*next),
                State::Look {
                    look: Look::Start, ..
                }
                | State::Fail => {}
                State::Union { alternates } => self.stack.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => self.stack.extend([*alt1, *alt2]),
                State::Capture { next, .. } => self.stack.push(*next),
                _ => reached.push(at),
            }
        }
        reached.sort_unstable();
        reached
    }
}
