//! # E0514: out of range
//!
//! ## What it means
//! Each setting has a range within which it makes sense.
//!
//! ## Why it is a problem
//! Beyond it the host would refuse the policy, or wait for ever.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://127.0.0.1:8080"  timeout 0s }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Choose a value of that range:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080"  timeout 5s }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A number outside the range of its place.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} must be {range}")]
#[diagnostic(code(E0514), help("choose a value in that range"))]
pub struct OutOfRange {
    /// What it is.
    pub what: String,
    /// The range, in words.
    pub range: String,
    /// Where.
    #[label("out of range")]
    pub span: Span,
}

impl Problem for OutOfRange {
    fn span(&self) -> Span {
        self.span
    }
}
