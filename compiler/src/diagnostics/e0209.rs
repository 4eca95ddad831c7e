//! # E0209: another kind of name
//!
//! ## What it means
//! The name exists, but it stands for something that can't be used in this place.
//!
//! ## Why it is a problem
//! A statement can only do with a name what its declaration offers.
//!
//! ## Example
//! ```edge fails
//! set allowed = ["a"]
//! route "/a" { proxy allowed }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Use the name of what is needed:
//! ```edge
//! origin upstream { url "http://127.0.0.1:8080" }
//! route "/a" { proxy upstream }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A name of something that does not fit here.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is {found}, not {expected}")]
#[diagnostic(code(E0209))]
pub struct WrongKind {
    /// The name.
    pub name: String,
    /// What it is.
    pub found: String,
    /// What is needed.
    pub expected: String,
    /// Where.
    #[label("{expected} is needed here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for WrongKind {
    fn span(&self) -> Span {
        self.span
    }
}
