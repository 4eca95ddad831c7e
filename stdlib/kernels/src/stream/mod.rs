//! Scans of bodies: a body is read piece by piece, in constant memory, and tells which patterns it holds.
//!
//! ```text
//! piece -> fields: texts -> steps: what they mean -> automata: bits
//! ```
//!
//! [`fields`] takes the body apart into texts, as its content type says; every text goes through the steps
//! (transforms) of the plan to its automata, each from its beginning. Bits are only ever added, over all
//! texts of a body. What a scan remembers between two pieces is a state, a run of bytes that are all zero
//! at the body's beginning. Where a body is cut makes no difference.
//!
//! What is sought is a plan, written by the compiler. Numbers are little-endian `u32`, offsets count
//! from the plan's start:
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | bytes of the state |
//! | 4 | 4 | bytes of the bits in it, a multiple of 8 |
//! | 8 | 4 | number of entries |
//! | 12 | 4 | bytes of the shortest text that may match |
//! | 16 | 112 | [`fields::NAMES`], and zeros |
//! | 128 | 24 each | entries, in preorder: a step, what follows it, the next step … |
//! | | | operands and tables |
//!
//! | offset | bytes | field of an entry |
//! | --- | --- | --- |
//! | 0 | 4 | kind, see [`kind`] |
//! | 4 | 4 | offset of its operand: an automaton's table, or see [`kind`] |
//! | 8 | 4 | bytes of its operand |
//! | 12 | 4 | offset of its own state, counted behind that of the fields |
//! | 16 | 4 | of a step or gate: the first entry behind those that it is for; of another automaton but a scan: its bit |
//! | 20 | 4 | bytes of the shortest text that may match behind it |
//!
//! | offset | bytes | field of a state |
//! | --- | --- | --- |
//! | 0 | from the plan | bits: bit `k % 8` of byte `k / 8` says that pattern `k` was found |
//! | | [`FIELDS`] | of the fields |
//! | | | of the steps ([`STEP`] each) and the automata |
//!
//! Any bytes as a plan, a state and a body give some answer, and every plan ends.

mod automata;
pub mod fields;
pub mod kind;
mod machine;
mod out;
mod replace;
mod step;
mod transform;

pub use automata::BINS;
use edge_lookup::{dfa, nfa, scan};
pub use fields::STATE as FIELDS;
pub use machine::MOST_STEPS;
pub use step::STATE as STEP;

/// Bytes before the names.
pub const NUMBERS: usize = 16;
/// Bytes before the entries.
pub const HEADER: usize = 128;
/// Bytes of an entry.
pub const ENTRY: usize = 24;

/// Reads the next piece of a body, the `last` one or not; true if a bit was added. The content type is
/// the same for all pieces of a body.
pub fn scan(
    plan: &[u8],
    state: &mut [u8],
    piece: &[u8],
    content_type: Option<&[u8]>,
    last: bool,
) -> bool {
    let bits = machine::u32_at(plan, 4) as usize;
    let Some((bits, state)) = state.split_at_mut_checked(bits) else {
        return false;
    };
    let Some((fields, states)) = state.split_first_chunk_mut() else {
        return false;
    };
    let mut machine = machine::Machine::new(plan, bits, states);
    fields::feed(&mut machine, fields, piece, content_type, last);
    machine.added
}

/// Bytes of the state that a plan needs.
#[must_use]
pub fn state_len(plan: &[u8]) -> usize {
    machine::u32_at(plan, 0) as usize
}

/// Bytes of the state of an automaton.
#[must_use]
pub fn automaton_state(number: u32, table: &[u8]) -> usize {
    match number {
        kind::DFA => dfa::STATE,
        kind::SCAN => scan::STATE,
        kind::NFA => nfa::state_len(table),
        _ => 0,
    }
}
