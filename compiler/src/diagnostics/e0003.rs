//! # E0003: a string is never closed
//!
//! ## What it means
//! A string begins here and its closing quotes are missing. A string between single `"` ends on its line.
//!
//! ## Why it is a problem
//! Where the string ends decides what is text and what is policy.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" { respond 200 text "welcome }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write the closing quotes. Text over several lines stands between `"""`.
//! ```edge
//! route home GET "/" { respond 200 text "welcome" }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A string without its closing quotes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this string is never closed")]
#[diagnostic(code(E0003))]
pub struct OpenString {
    /// Its opening quotes.
    #[label("the string begins here")]
    pub span: Span,
    /// What is probably missing.
    #[help]
    pub help: String,
}

impl Problem for OpenString {
    fn span(&self) -> Span {
        self.span
    }
}
