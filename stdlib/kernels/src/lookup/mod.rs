//! Readers of the tables that the compiler's automata are laid out as.
//!
//! A table is a position-independent run of little-endian bytes in the module's
//! constants, written by the compiler's `automata` module; nothing of it is ever
//! code. Each reader takes the whole table and is total: bytes that no builder
//! would write give some answer, never a panic, a read out of bounds or an
//! endless loop. Nothing allocates, and no reader has data of its own.

pub mod cidr;
pub mod dfa;
mod hash;
pub mod int_set;
mod load;
pub mod route;
pub mod scan;
pub mod set;

pub use hash::{equal, hash};
