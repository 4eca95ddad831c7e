//! # E0501: no such status
//!
//! ## What it means
//! `respond` takes a status from 200 to 599, `redirect` one from 300 to 399.
//!
//! ## Why it is a problem
//! Clients would not understand the answer.
//!
//! ## Example
//! ```edge fails
//! default { respond 42 }
//! ```
//!
//! ## Fix
//! Choose a status of that range:
//! ```edge
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A status that can't be answered.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{status} is not a status that {what} can have")]
#[diagnostic(code(E0501), help("use a status in that range"))]
pub struct BadStatus {
    /// The status.
    pub status: i64,
    /// What has it.
    pub what: &'static str,
    /// The range, in words.
    pub range: &'static str,
    /// Where.
    #[label("must be {range}")]
    pub span: Span,
}

impl Problem for BadStatus {
    fn span(&self) -> Span {
        self.span
    }
}
