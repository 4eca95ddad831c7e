//! # E0502: not a header's name
//!
//! ## What it means
//! Names of headers, cookies and methods are tokens: letters, digits and ``!#$%&'*+-.^_`|~``
//! (RFC 9110, section 5.6.2).
//!
//! ## Why it is a problem
//! Such a name can't be sent; trying to would split the message.
//!
//! ## Example
//! ```edge fails
//! default {
//!   set response.header "X Frame" = "a"
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Write a token:
//! ```edge
//! default {
//!   set response.header "X-Frame" = "a"
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A header name that HTTP does not allow.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` can't be the name of a {what}")]
#[diagnostic(
    code(E0502),
    help("names are letters, digits and `-`, as in `X-Request-Id`")
)]
pub struct BadHeaderName {
    /// The name.
    pub name: String,
    /// What it names.
    pub what: &'static str,
    /// Where.
    #[label("not a token")]
    pub span: Span,
}

impl Problem for BadHeaderName {
    fn span(&self) -> Span {
        self.span
    }
}
