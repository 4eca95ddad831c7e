//! # E0504: not a header's value
//!
//! ## What it means
//! The value of a header holds no control characters but tabs (RFC 9110, section 5.5): no line break, no
//! carriage return, no NUL. A `Host` holds a host and nothing else.
//!
//! ## Why it is a problem
//! A line break would end the header and begin another one.
//!
//! ## Example
//! ```edge fails
//! default {
//!   set response.header "X-Note" = "one\ntwo"
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Leave it out:
//! ```edge
//! default {
//!   set response.header "X-Note" = "one, two"
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A constant that can't be the value of a header.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this can't be the value of `{name}`: it holds {why}")]
#[diagnostic(
    code(E0504),
    help("leave it out, or write something else in its place")
)]
pub struct BadHeaderValue {
    /// The header.
    pub name: String,
    /// What it holds.
    pub why: &'static str,
    /// Where.
    #[label("not allowed in a header")]
    pub span: Span,
}

impl Problem for BadHeaderValue {
    fn span(&self) -> Span {
        self.span
    }
}
