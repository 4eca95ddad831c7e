//! # E0607: the set is too large
//!
//! ## What it means
//! A set has at most 1,000,000 elements.
//!
//! ## Why it is a problem
//! The compiled policy holds all of them in memory.
//!
//! ## Example
//! `set banned = load "all.txt"` with two million lines.
//!
//! ## Fix
//! Merge addresses into ranges, or ask an origin.

use super::Problem;
use crate::source::Span;

/// A set with more elements than the compiler takes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the set has {count} elements; it may have {limit}")]
#[diagnostic(code(E0607), help("merge addresses into networks, or ask an origin"))]
pub struct TooLargeSet {
    /// How many.
    pub count: usize,
    /// The most.
    pub limit: usize,
    /// Where.
    #[label("too many")]
    pub span: Span,
}

impl Problem for TooLargeSet {
    fn span(&self) -> Span {
        self.span
    }
}
