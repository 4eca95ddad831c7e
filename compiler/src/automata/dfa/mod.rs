//! Minimal deterministic automata over bytes: every string matcher's one form.
//!
//! A [`Dfa`] accepts or rejects a text as a whole. "Is there a match somewhere" is a
//! property of the text like any other, so that patterns, anchored or not, literals and
//! regexes, can be joined, intersected and complemented alike. States are numbered in
//! breadth-first order and classes by their first byte, so that two automata that accept
//! the same texts are equal values and give equal tables.
//!
//! Determinizing is `regex-automata`'s; minimizing is Hopcroft's algorithm ("An n log n
//! algorithm for minimizing states in a finite automaton", 1971).

pub(super) mod dense;
mod determinize;
mod encode;
pub(super) mod graph;
pub(super) mod minimize;
mod product;
mod witness;

use self::graph::Graph;
use super::pattern::{Pattern, SyntaxError};
use super::positions;

/// A minimal automaton. See the module's text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Dfa {
    /// Labels say whether a text that ends in the state is accepted.
    graph: Graph<bool>,
}

/// What building an automaton may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Bytes of the finished table.
    pub table: usize,
    /// Bytes of each of the structures on the way there: the nondeterministic automaton,
    /// the deterministic one before it is minimized, and the state sets.
    pub work: usize,
    /// Bytes that a pattern may read, every repetition written out: beyond it nothing is tried.
    pub positions: usize,
    /// States of a product of two automata.
    pub states: usize,
}

impl Default for Budget {
    /// 1 MiB of table, 10 MiB on the way, 65,536 states of a product.
    fn default() -> Self {
        Budget {
            table: 1 << 20,
            work: 10 << 20,
            positions: 1 << 14,
            states: 1 << 16,
        }
    }
}

/// Why there is no automaton.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DfaError {
    /// The regex cannot be read.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The regex asks for something that no automaton here has.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The table would be larger than the budget.
    #[error("the automaton's table takes {bytes} bytes, more than the {limit} allowed")]
    TableTooLarge {
        /// What it takes.
        bytes: usize,
        /// What it may take.
        limit: usize,
    },
    /// Building takes more memory than the budget.
    #[error("building the automaton takes more than the {limit} bytes allowed")]
    WorkTooLarge {
        /// What it may take.
        limit: usize,
    },
    /// A product has more states than the budget.
    #[error("combining the automata takes more than the {limit} states allowed")]
    TooManyStates {
        /// How many it may have.
        limit: usize,
    },
}

impl Dfa {
    /// The automaton that accepts the texts that `pattern` matches.
    pub fn build(pattern: &Pattern, budget: Budget) -> Result<Dfa, DfaError> {
        Dfa::build_any(std::slice::from_ref(pattern), budget)
    }

    /// The automaton that accepts the texts that at least one of `patterns` matches.
    pub fn build_any(patterns: &[Pattern], budget: Budget) -> Result<Dfa, DfaError> {
        for pattern in patterns {
            let is_regex = matches!(pattern, Pattern::Regex(_));
            if is_regex && positions::count(&pattern.hir()?) > budget.positions {
                return Err(DfaError::WorkTooLarge { limit: budget.work });
            }
        }
        let dfa = Dfa {
            graph: minimize::minimize(determinize::determinize(patterns, budget)?),
        };
        let bytes = dfa.table_len();
        if bytes > budget.table {
            return Err(DfaError::TableTooLarge {
                bytes,
                limit: budget.table,
            });
        }
        Ok(dfa)
    }

    /// How many states the automaton has, at least 1.
    pub fn state_count(&self) -> usize {
        self.graph.labels.len()
    }

    /// How many classes it sorts bytes into.
    pub fn class_count(&self) -> usize {
        self.graph.stride
    }

    /// Whether `text` is accepted.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.graph.label(text.iter().fold(0, |state, &byte| {
            self.graph.step(state, self.graph.class(byte))
        }))
    }

    /// Whether no text is accepted.
    pub fn is_empty(&self) -> bool {
        self.graph.labels == [false]
    }

    /// Whether every text is accepted.
    pub fn is_universal(&self) -> bool {
        self.graph.labels == [true]
    }

    /// The automaton that accepts exactly the other texts.
    pub fn complement(&self) -> Dfa {
        let mut graph = self.graph.clone();
        for accepting in &mut graph.labels {
            *accepting = !*accepting;
        }
        Dfa { graph }
    }

    /// The automaton of the texts that both accept. Only `budget.states` counts.
    pub fn intersect(&self, other: &Dfa, budget: Budget) -> Result<Dfa, DfaError> {
        let product = product::product(&self.graph, &other.graph, budget, |left, right| {
            left && right
        })?;
        Ok(Dfa {
            graph: minimize::minimize(product),
        })
    }

    /// The automaton of the texts that at least one accepts. Only `budget.states` counts.
    pub fn union(&self, other: &Dfa, budget: Budget) -> Result<Dfa, DfaError> {
        let product = product::product(&self.graph, &other.graph, budget, |left, right| {
            left || right
        })?;
        Ok(Dfa {
            graph: minimize::minimize(product),
        })
    }

    /// A shortest accepted text, of readable bytes where there is a choice.
    pub fn witness(&self) -> Option<Vec<u8>> {
        witness::witness(&self.graph)
    }

    /// The table that `edge_lookup::dfa` reads.
    pub fn table(&self) -> Vec<u8> {
        encode::encode(&self.graph)
    }

    /// The bytes of [`Dfa::table`], without making it.
    pub fn table_len(&self) -> usize {
        encode::encoded_len(&self.graph)
    }
}

#[cfg(test)]
mod tests;
