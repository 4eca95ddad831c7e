//! # E0203: a name of the language
//!
//! ## What it means
//! A declaration takes a name that the language has: a group of facts, such as `request`, or a
//! built-in function.
//!
//! ## Why it is a problem
//! Policies would read differently depending on a declaration somewhere else.
//!
//! ## Example
//! ```edge fails
//! const request = "r"
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Choose another name:
//! ```edge
//! const request_label = "r"
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A declaration that takes a name of the language.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is a name of the language")]
#[diagnostic(code(E0203), help("choose another name"))]
pub struct NameTaken {
    /// The name.
    pub name: String,
    /// Where.
    #[label("can't be declared")]
    pub span: Span,
}

impl Problem for NameTaken {
    fn span(&self) -> Span {
        self.span
    }
}
