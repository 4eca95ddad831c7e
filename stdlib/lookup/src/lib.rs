//! Readers of the tables that the compiler's automata are laid out as.
//!
//! A table is a position-independent run of little-endian bytes in the module's
//! constants, written by the compiler's `automata` module; nothing of it is ever
//! code. Each reader takes the whole table and is total: bytes that no builder
//! would write give some answer, never a panic, a read out of bounds or an
//! endless loop. Nothing allocates, and no reader has data of its own.
//!
//! A crate of its own, since this is where a request's time goes: in a policy's module it is
//! optimised for speed, the other kernels for size. So its entries are not inlined into those.

#![no_std]

#[cfg(test)]
extern crate std;

pub mod cidr;
pub mod dfa;
mod hash;
pub mod int_set;
pub mod lanes;
pub mod literals;
mod load;
pub mod nfa;
pub mod route;
pub mod scan;
pub mod scans;
pub mod set;

pub use hash::{equal, hash};
