//! From `.edge` sources to a WebAssembly module.
//!
//! Strings in, bytes and diagnostics out: no files, no clock, no engine.

pub mod ast;
pub mod automata;
pub mod check;
pub mod decision;
pub mod diagnostics;
pub mod hir;
pub mod parse;
pub mod resolve;
pub mod source;
