//! Automata of one or more patterns, as tables.

use crate::automata::automaton::Automaton;
use crate::automata::dfa::Budget;
use crate::automata::pattern::Pattern;
use crate::automata::required;
use crate::automata::scan::Scan;
use crate::automata::table::{push_u32, u32_from};
use edge_kernels::stream::kind;

/// A table, and what reads it.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub kind: u32,
    pub table: Vec<u8>,
    /// The patterns: their indexes, which are their bits.
    pub bits: Vec<usize>,
    /// Bytes of the shortest text that may match.
    pub shortest: usize,
    /// Strings of which every text that may match holds one, in any case.
    pub literals: Option<Vec<Vec<u8>>>,
    /// Instructions for each byte of a text, see [`super::Plan::work`].
    pub work: u64,
}

/// Instructions for each byte of a text, measured where the texts are of one byte and doubled.
const OF_DFA: u64 = 500;
/// The same where every byte may tell something.
pub(super) const OF_SCAN: u64 = 1000;
/// The same for each word that a step looks at.
const OF_WORD: u64 = 32;

impl Reader {
    /// The reader of one pattern.
    pub(super) fn of(automaton: &Automaton, pattern: &Pattern, bit: usize) -> Reader {
        let kind = match automaton {
            Automaton::Deterministic(_) => kind::DFA,
            Automaton::Nondeterministic(_) => kind::NFA,
        };
        let work = match automaton {
            Automaton::Deterministic(_) => OF_DFA,
            Automaton::Nondeterministic(nfa) => OF_DFA + OF_WORD * nfa.work() as u64,
        };
        let hir = pattern.hir().ok();
        let length = |hir: &regex_syntax::hir::Hir| hir.properties().minimum_len();
        Reader {
            kind,
            table: automaton.table().0,
            bits: vec![bit],
            shortest: hir
                .as_ref()
                .map_or(0, |hir| length(hir).unwrap_or(usize::MAX)),
            literals: hir.as_ref().and_then(required::gate),
            work,
        }
    }

    /// What readers that are put together have in common.
    pub(super) fn joins(&self) -> (bool, u32) {
        (self.literals.is_some(), self.kind)
    }

    /// The operand of its entry, where its patterns begin at a bit.
    pub(super) fn operand(&self, first_bit: usize) -> Vec<u8> {
        let mut operand = Vec::new();
        if self.kind == kind::SCAN {
            push_u32(&mut operand, u32_from(4 + 4 * self.bits.len()));
            for bit in &self.bits {
                push_u32(&mut operand, u32_from(first_bit + bit));
            }
        }
        operand.extend_from_slice(&self.table);
        operand
    }
}

/// A table that tells of each of some readers whether its literals are in a text.
pub(super) fn gate(readers: &[Reader]) -> Option<Vec<u8>> {
    let literals = readers.iter().map(|reader| {
        let literals = reader.literals.as_ref();
        literals.map(|strings| Pattern::any_case(strings))
    });
    let literals: Vec<Pattern> = literals.collect::<Option<_>>()?;
    Some(Scan::build(&literals, Budget::default()).ok()?.table())
}
