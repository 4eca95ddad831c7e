//! # E0511: not a regex
//!
//! ## What it means
//! The regex is malformed, or uses what can't be matched in linear time: look-around and
//! back-references. They are the regexes of Rust's `regex` crate, on bytes.
//!
//! ## Why it is a problem
//! A regex that may backtrack can be made to run for minutes by one request.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if request.path matches r"/(a" { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Correct it; split one with look-around into two comparisons:
//! ```edge
//! default {
//!   if request.path matches r"/(a|b)" { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A regular expression that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this regex can't be used: {why}")]
#[diagnostic(code(E0511))]
pub struct BadRegex {
    /// Why.
    pub why: String,
    /// Where.
    #[label("in this regex")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadRegex {
    fn span(&self) -> Span {
        self.span
    }
}
