//! From `.edge` sources to a WebAssembly module.
//!
//! Strings in, bytes and diagnostics out: no files, no clock, no engine.

pub mod ast;
pub mod automata;
pub mod check;
pub mod decision;
pub mod diagnostics;
pub mod emit;
pub mod eval;
pub mod hir;
pub mod link;
pub mod parse;
pub mod passes;
mod pipeline;
pub mod resolve;
pub mod source;
pub mod target;

pub use pipeline::{Checked, LowerError, Lowered, Optimise, check, compile, lower};
