//! # E0606: nested too deep
//!
//! ## What it means
//! Expressions and blocks nest at most 64 deep.
//!
//! ## Why it is a problem
//! The compiler walks them, and so does whoever reads them.
//!
//! ## Example
//! A sum of a hundred terms, each in parentheses inside the other.
//!
//! ## Fix
//! Name parts with `let` or `fn`.

use super::Problem;
use crate::source::Span;

/// Expressions or blocks nested too deep.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this is nested more than {limit} deep")]
#[diagnostic(code(E0606), help("name parts of it with `let` or `fn`"))]
pub struct NestedTooDeep {
    /// The bound.
    pub limit: usize,
    /// Where.
    #[label("too deep")]
    pub span: Span,
}

impl Problem for NestedTooDeep {
    fn span(&self) -> Span {
        self.span
    }
}
