//! # E0507: not a path for an origin
//!
//! ## What it means
//! The `path` of a `proxy` block begins with `/` and holds no `?`, `#`, space or control
//! character.
//!
//! ## Why it is a problem
//! The origin would see another request than the policy shows.
//!
//! ## Example
//! ```edge fails
//! origin api { url "https://api.internal" }
//! default { proxy api { path "v2/status" } }
//! ```
//!
//! ## Fix
//! Begin with `/`; write the query with `query "k" = E`:
//! ```edge
//! origin api { url "https://api.internal" }
//! default { proxy api { path "/v2/status" } }
//! ```

use super::Problem;
use crate::source::Span;

/// A constant part of an upstream path that can't be sent.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this can't be the path of a request: {why}")]
#[diagnostic(code(E0507))]
pub struct BadUpstreamPath {
    /// Why.
    pub why: &'static str,
    /// Where.
    #[label("in this path")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadUpstreamPath {
    fn span(&self) -> Span {
        self.span
    }
}
