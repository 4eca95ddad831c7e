//! # E0301: wrong type
//!
//! ## What it means
//! A value stands where a value of another type is needed.
//!
//! ## Why it is a problem
//! Nothing converts by itself, apart from text that is put together: a number compared with
//! text would never be equal, silently.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if request.path { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Convert it, or compare it:
//! ```edge
//! default {
//!   if request.path == "/" { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A value of another type than its place needs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("expected {expected}, found {found}")]
#[diagnostic(code(E0301))]
pub struct WrongType {
    /// The type needed.
    pub expected: String,
    /// The type found.
    pub found: String,
    /// Where.
    #[label("this is {found}")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for WrongType {
    fn span(&self) -> Span {
        self.span
    }
}
