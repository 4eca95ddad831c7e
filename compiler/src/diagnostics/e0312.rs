//! # E0312: this arm is never reached
//!
//! ## What it means
//! An earlier arm of the `choose` takes the same value, so this one is never looked at.
//!
//! ## Why it is a problem
//! It is either superfluous or a typing mistake.
//!
//! ## Example
//! ```edge fails
//! default { respond text choose request.method { "GET" => "a", "GET" => "b", otherwise => "c" } }
//! ```
//!
//! ## Fix
//! Remove it, or write the value that was meant:
//! ```edge
//! default { respond text choose request.method { "GET" => "a", "PUT" => "b", otherwise => "c" } }
//! ```

use super::Problem;
use crate::source::Span;

/// An arm of a `choose` that an earlier one covers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} is covered already")]
#[diagnostic(code(E0312), help("remove it, or the arm before it"))]
pub struct ArmTwice {
    /// The value.
    pub what: String,
    /// Where.
    #[label("never reached")]
    pub span: Span,
}

impl Problem for ArmTwice {
    fn span(&self) -> Span {
        self.span
    }
}
