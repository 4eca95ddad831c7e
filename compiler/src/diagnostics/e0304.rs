//! # E0304: this comparison can't be made
//!
//! ## What it means
//! The two sides of a comparison have types that don't go together, or types that have no such
//! comparison.
//!
//! ## Why it is a problem
//! It could never hold, so the rule would never fire.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if request.method == 5 { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Compare with a value of the same type:
//! ```edge
//! default {
//!   if request.method == "GET" { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// Two values that can't be compared that way.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{left} and {right} can't be compared with `{op}`")]
#[diagnostic(code(E0304))]
pub struct CannotCompare {
    /// The left type.
    pub left: String,
    /// The right type.
    pub right: String,
    /// The operator.
    pub op: &'static str,
    /// Where.
    #[label("{left} against {right}")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for CannotCompare {
    fn span(&self) -> Span {
        self.span
    }
}
