//! # E0510: the shares don't add up
//!
//! ## What it means
//! The arms of an experiment, or the members of a weighted pool, share all requests among them.
//!
//! ## Why it is a problem
//! It is not clear who gets the rest, or who gets less than written.
//!
//! ## Example
//! ```edge fails
//! experiment page {
//!   unit client.ip
//!   split old 60%, new 30%
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Make them 100% together:
//! ```edge
//! experiment page {
//!   unit client.ip
//!   split old 60%, new 40%
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// Shares that are not the whole together.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the shares of {what} add up to {sum}")]
#[diagnostic(code(E0510))]
pub struct BadShares {
    /// Whose shares.
    pub what: String,
    /// Their sum.
    pub sum: String,
    /// Where.
    #[label("must be 100% together")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadShares {
    fn span(&self) -> Span {
        self.span
    }
}
