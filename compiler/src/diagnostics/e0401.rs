//! # E0401: a path without an answer
//!
//! ## What it means
//! There is a way through the block that reaches its end without `respond`, `redirect` or
//! `proxy`. The marks show the way.
//!
//! ## Why it is a problem
//! A request that takes it would get no answer.
//!
//! ## Example
//! ```edge fails
//! route "/a" {
//!   if request.method == "GET" { respond 200 }
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Answer on that path too:
//! ```edge
//! route "/a" {
//!   if request.method == "GET" { respond 200 }
//!   respond 405
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A way through a block on which nothing answers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} does not answer on every path")]
#[diagnostic(
    code(E0401),
    help("add a terminal at the end, for instance `respond 404`")
)]
pub struct NoTerminal {
    /// The block.
    pub what: String,
    /// Where.
    #[label("must end in `respond`, `redirect` or `proxy`")]
    pub span: Span,
    /// The way that leads there.
    #[label(collection)]
    pub way: Vec<miette::LabeledSpan>,
}

impl Problem for NoTerminal {
    fn span(&self) -> Span {
        self.span
    }
}
