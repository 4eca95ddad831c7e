//! From matchers (patterns, sets of strings and numbers, networks, routes) to tables.
//!
//! Every matcher of a policy becomes a position-independent run of bytes among the
//! module's constants, which a reader in `edge_lookup` answers from: logic is
//! data, never code. Equal matchers give equal bytes, whatever the machine.
//!
//! Matchers also answer questions while compiling: what they say to a constant, whether
//! they can hold at all, and a shortest example; [`dfa::Dfa`] and
//! [`address::AddressSet`] are closed under the boolean operations. Nothing here
//! recurses on its input, and every construction that can explode has a budget.

pub mod address;
pub mod automaton;
pub mod dfa;
pub mod int_set;
mod interner;
pub mod literals;
pub mod network;
pub mod nfa;
pub mod pattern;
pub mod positions;
pub mod required;
pub mod route;
pub mod scan;
pub mod stream;
pub mod string_set;
mod table;
