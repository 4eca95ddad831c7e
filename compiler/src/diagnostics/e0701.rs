//! # E0701: the key of a cached answer does not hold this
//!
//! ## What it means
//! A cached answer is served to every request with the same key. The key holds all that is sent to the
//! origin. Here something else reaches the origin, or decides whether its answer is kept: `unkeyed`,
//! `forward client_headers`, or a fact that `only when`, `ttl` or `tag` read. This is a warning: the
//! policy is built.
//!
//! ## Why it is a problem
//! Two requests that differ in it get one answer. Whoever sends the first chooses what the second gets.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://shop.internal" }
//! cache pages { tier edge 5m  tag request.header["X-Tenant"] else "none" }
//!
//! default { proxy shop { cache pages } }
//! ```
//!
//! ## Fix
//! Send it, or add it to the key:
//! ```edge
//! origin shop { url "http://shop.internal" }
//! cache pages {
//!   tier edge 5m
//!   key request.header["X-Tenant"] else "none"
//!   tag request.header["X-Tenant"] else "none"
//! }
//!
//! default { proxy shop { cache pages } }
//! ```

use super::Problem;
use crate::source::Span;

/// Something that a cached answer depends on, and its key does not hold.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the key of this answer does not hold {what}, and {why}")]
#[diagnostic(
    code(E0701),
    severity(Warning),
    help("{pair} get the same answer: send it, or add it with `key`")
)]
pub struct NotInKey {
    /// What.
    pub what: String,
    /// How the answer depends on it.
    pub why: &'static str,
    /// Two requests that get one answer.
    pub pair: String,
    /// The cache's name in the `proxy`.
    #[label("answers are kept here")]
    pub span: Span,
}

impl Problem for NotInKey {
    fn span(&self) -> Span {
        self.span
    }
}
