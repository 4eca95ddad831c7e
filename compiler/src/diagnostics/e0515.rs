//! # E0515: a set of several kinds
//!
//! ## What it means
//! The elements of a set are all text, all numbers, or all of one unit.
//!
//! ## Why it is a problem
//! A set is compared with one value, which has one type: the others could never be met.
//!
//! ## Example
//! ```edge fails
//! set odd = ["a", 1]
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Make two sets, or write all elements alike:
//! ```edge
//! set letters = ["a", "1"]
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A set whose elements are not of one type.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a set holds elements of one type; this one is {found}, the first is {first_type}")]
#[diagnostic(code(E0515), help("make a set of each kind"))]
pub struct MixedSet {
    /// The type of this one.
    pub found: String,
    /// The type of the first.
    pub first_type: String,
    /// Where.
    #[label("another type")]
    pub span: Span,
}

impl Problem for MixedSet {
    fn span(&self) -> Span {
        self.span
    }
}
