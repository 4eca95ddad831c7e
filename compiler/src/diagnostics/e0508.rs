//! # E0508: this answer can't have a body
//!
//! ## What it means
//! Answers with the status 204 and 304 end with their head (RFC 9110, section 6.4.1).
//!
//! ## Why it is a problem
//! The body would be dropped, or taken for the beginning of the next answer.
//!
//! ## Example
//! ```edge fails
//! default { respond 204 text "done" }
//! ```
//!
//! ## Fix
//! Leave the body out, or answer 200:
//! ```edge
//! default { respond 204 }
//! ```

use super::Problem;
use crate::source::Span;

/// A body for an answer that has none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("an answer {status} can't have a body")]
#[diagnostic(code(E0508), help("leave the body out, or answer with another status"))]
pub struct NoBodyAllowed {
    /// The status.
    pub status: u16,
    /// Where.
    #[label("this body can't be sent")]
    pub span: Span,
}

impl Problem for NoBodyAllowed {
    fn span(&self) -> Span {
        self.span
    }
}
