//! # E0603: too many statements
//!
//! ## What it means
//! A policy has at most 100,000 statements.
//!
//! ## Why it is a problem
//! Data that got into code is better kept in a `set`.
//!
//! ## Example
//! A hundred thousand and one generated routes.
//!
//! ## Fix
//! Let `set` and patterns stand for what repeats itself.

use super::Problem;
use crate::source::Span;

/// A policy with more statements than the compiler takes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the policy has more than {limit} statements")]
#[diagnostic(
    code(E0603),
    help("let a `set` or a pattern stand for what repeats itself")
)]
pub struct TooManyStatements {
    /// The bound.
    pub limit: usize,
    /// Where.
    #[label("the first one too many")]
    pub span: Span,
}

impl Problem for TooManyStatements {
    fn span(&self) -> Span {
        self.span
    }
}
