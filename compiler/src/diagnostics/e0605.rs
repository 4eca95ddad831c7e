//! # E0605: it expands too far
//!
//! ## What it means
//! Some expressions are copied when they are compiled: the subject of a `choose`, numbers with
//! an `else` that are printed, and the rules of a WAF group for each statement that uses it.
//! Nested in each other, or used everywhere, the copies multiply.
//!
//! ## Why it is a problem
//! The compiled policy would not fit.
//!
//! ## Example
//! A `choose` whose subject is a `choose` whose subject is a `choose`, thirty deep.
//!
//! ## Fix
//! Give the inner expression a name with `let`.

use super::Problem;
use crate::source::Span;

/// Expressions that stand for too much.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this expands to more than {limit} expressions")]
#[diagnostic(
    code(E0605),
    help("name an inner expression with `let`; use a large waf group once, in `on request`")
)]
pub struct ExpandsTooFar {
    /// The bound.
    pub limit: usize,
    /// Where.
    #[label("too much in all")]
    pub span: Span,
}

impl Problem for ExpandsTooFar {
    fn span(&self) -> Span {
        self.span
    }
}
