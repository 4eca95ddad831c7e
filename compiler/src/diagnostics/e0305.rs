//! # E0305: unknown field
//!
//! ## What it means
//! What stands before the dot does not have a field of that name.
//!
//! ## Why it is a problem
//! There is nothing that it could stand for.
//!
//! ## Example
//! ```edge fails
//! default { respond text request.pth }
//! ```
//!
//! ## Fix
//! Write the field that was meant:
//! ```edge
//! default { respond text request.path }
//! ```

use super::Problem;
use crate::source::Span;

/// A field that a group of facts or a value does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{of} has no field `{name}`")]
#[diagnostic(code(E0305))]
pub struct UnknownField {
    /// What stands before the dot.
    pub of: String,
    /// The field.
    pub name: String,
    /// Where.
    #[label("no such field")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for UnknownField {
    fn span(&self) -> Span {
        self.span
    }
}
