//! The automaton of a pattern: deterministic where that is not too large.

use super::dfa::{Budget, Dfa, DfaError};
use super::nfa::Nfa;
use super::pattern::Pattern;

/// What answers whether a text matches a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Automaton {
    /// One look-up a byte.
    Deterministic(Box<Dfa>),
    /// Some words a byte.
    Nondeterministic(Nfa),
}

impl Automaton {
    /// The automaton of a pattern.
    ///
    /// # Errors
    /// When it is too large either way, or can't be read.
    pub fn build(pattern: &Pattern) -> Result<Automaton, DfaError> {
        match Dfa::build(pattern, Budget::default()) {
            Ok(dfa) => Ok(Automaton::Deterministic(Box::new(dfa))),
            Err(DfaError::TableTooLarge { .. } | DfaError::WorkTooLarge { .. }) => {
                Nfa::build(pattern).map(Automaton::Nondeterministic)
            }
            Err(error) => Err(error),
        }
    }

    /// The table, and the kernel that reads it.
    #[must_use]
    pub fn table(&self) -> (Vec<u8>, &'static str) {
        match self {
            Automaton::Deterministic(dfa) => (dfa.table(), "dfa_match"),
            Automaton::Nondeterministic(nfa) => (nfa.table().to_vec(), "nfa_match"),
        }
    }
}
