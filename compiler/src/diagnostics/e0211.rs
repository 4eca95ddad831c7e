//! # E0211: given twice
//!
//! ## What it means
//! A declaration, block or object holds the same setting or key twice.
//!
//! ## Why it is a problem
//! Only one of them could count, and nothing says which.
//!
//! ## Example
//! ```edge fails
//! origin shop {
//!   url "http://127.0.0.1:8080"
//!   timeout 5s
//!   timeout 10s
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Keep one:
//! ```edge
//! origin shop {
//!   url "http://127.0.0.1:8080"
//!   timeout 10s
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A setting that is given a second time.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} is given twice")]
#[diagnostic(code(E0211), help("keep one of them"))]
pub struct GivenTwice {
    /// What it is.
    pub what: String,
    /// Where.
    #[label("given again here")]
    pub span: Span,
}

impl Problem for GivenTwice {
    fn span(&self) -> Span {
        self.span
    }
}
