//! # E0509: not the URL of an origin
//!
//! ## What it means
//! An origin's URL is `http://` or `https://`, a host and perhaps a port. The path of a request
//! is the policy's to choose, with `path` in a `proxy` block.
//!
//! ## Why it is a problem
//! Half of the URL would be ignored.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "https://shop.internal/v2" }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write scheme, host and port only:
//! ```edge
//! origin shop { url "https://shop.internal" }
//! default { proxy shop { path "/v2{request.path}" } }
//! ```

use super::Problem;
use crate::source::Span;

/// An origin's URL that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this can't be the URL of an origin: {why}")]
#[diagnostic(code(E0509))]
pub struct BadUrl {
    /// Why.
    pub why: String,
    /// Where.
    #[label("in this URL")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadUrl {
    fn span(&self) -> Span {
        self.span
    }
}
