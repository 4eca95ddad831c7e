//! `regex-automata`'s determinization, with this project's settings and limits.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::graph::Graph;
use super::{Budget, DfaError};

/// A determinized set of patterns that are searched anywhere in a text.
///
/// A state is a match state one byte, or the end of the text, after a match.
pub(in crate::automata) struct Dense {
    dfa: dense::DFA<Vec<u32>>,
    start: StateID,
    /// One byte of each class.
    representatives: Vec<u8>,
}

impl Dense {
    /// `kind` says whether all matches count, or only that there is one.
    pub fn build(hirs: &[Hir], kind: MatchKind, budget: Budget) -> Result<Dense, DfaError> {
        if hirs
            .iter()
            .any(|hir| hir.properties().look_set().contains_word_unicode())
        {
            return Err(DfaError::Unsupported(
                "a Unicode word boundary; the ASCII one is `(?-u:\\b)`",
            ));
        }
        let nfa = nfa(hirs, budget)?;
        let too_large = DfaError::WorkTooLarge { limit: budget.work };
        let dfa_config = dense::Config::new()
            .match_kind(kind)
            .accelerate(false)
            .minimize(false)
            .start_kind(StartKind::Unanchored)
            .dfa_size_limit(Some(budget.work))
            .determinize_size_limit(Some(budget.work));
        let dfa = dense::Builder::new()
            .configure(dfa_config)
            .build_from_nfa(&nfa);
        let dfa = dfa.map_err(|_| too_large.clone())?;
        let start = dfa.start_state_forward(&Input::new(b"").anchored(Anchored::No));
        let start = start.map_err(|_| too_large)?;
        let representatives = representatives(&dfa);
        Ok(Dense {
            dfa,
            start,
            representatives,
        })
    }

    /// A graph with the same classes and no states yet.
    pub fn empty_graph<L>(&self) -> Graph<L> {
        let mut classes = [0; 256];
        for (byte, class) in (0..=255u8).zip(&mut classes) {
            *class = self.dfa.byte_classes().get(byte);
        }
        Graph {
            classes,
            stride: self.representatives.len(),
            next: Vec::new(),
            labels: Vec::new(),
        }
    }

    pub fn start(&self) -> StateID {
        self.start
    }

    /// The state after each class, in order.
    pub fn successors(&self, state: StateID) -> impl Iterator<Item = StateID> {
        self.representatives
            .iter()
            .map(move |&byte| self.dfa.next_state(state, byte))
    }

    /// The state after the end of the text.
    pub fn at_end(&self, state: StateID) -> StateID {
        self.dfa.next_eoi_state(state)
    }

    pub fn is_match(&self, state: StateID) -> bool {
        self.dfa.is_match_state(state)
    }

    /// The patterns that match in the state, ascending.
    pub fn matches(&self, state: StateID) -> Vec<u32> {
        let count = if self.is_match(state) {
            self.dfa.match_len(state)
        } else {
            0
        };
        let mut patterns: Vec<u32> = (0..count)
            .map(|index| self.dfa.match_pattern(state, index).as_u32())
            .collect();
        patterns.sort_unstable();
        patterns
    }
}

/// The nondeterministic automaton of the patterns, searched anywhere in a text.
pub(in crate::automata) fn nfa(hirs: &[Hir], budget: Budget) -> Result<thompson::NFA, DfaError> {
    let config = thompson::Config::new()
        .utf8(false)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(budget.work));
    let nfa = thompson::Compiler::new()
        .configure(config)
        .build_many_from_hir(hirs);
    nfa.map_err(|_| DfaError::WorkTooLarge { limit: budget.work })
}

/// A byte of each class; classes ascend with their first byte.
fn representatives(dfa: &dense::DFA<Vec<u32>>) -> Vec<u8> {
    let class = |byte: &u8| dfa.byte_classes().get(*byte);
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.sort_by_key(class);
    bytes.dedup_by_key(|byte| class(byte));
    bytes
}
