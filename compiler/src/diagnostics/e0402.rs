//! # E0402: never reached
//!
//! ## What it means
//! The statement stands behind a `respond`, `redirect` or `proxy`, or behind an `if` whose
//! branches all answer. Or it is a route whose requests are all taken by routes before it:
//! routes are tried in their order.
//!
//! ## Why it is a problem
//! It looks as if it did something, but no request gets there.
//!
//! ## Example
//! ```edge fails
//! default {
//!   respond 404
//!   set response.header "X-Seen" = "yes"
//! }
//! ```
//!
//! ## Fix
//! Put it before the terminal, or remove it:
//! ```edge
//! default {
//!   set response.header "X-Seen" = "yes"
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A statement behind a terminal.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this statement is never reached")]
#[diagnostic(code(E0402), help("put it before the answer, or remove it"))]
pub struct NeverReached {
    /// Where.
    #[label("nothing gets here")]
    pub span: Span,
    /// The other place, if it is in the same file.
    #[label("the request is answered here")]
    pub terminal: Option<Span>,
}

impl Problem for NeverReached {
    fn span(&self) -> Span {
        self.span
    }
}

/// A route behind one that takes all its requests.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this route is never reached: {by} all its requests")]
#[diagnostic(
    code(E0402),
    help("routes are tried in their order: put this one before it, or remove it")
)]
pub struct RouteNeverReached {
    /// Its head.
    #[label("no request gets here")]
    pub span: Span,
    /// The rules of the routes before it, with their verb.
    pub by: String,
    /// That route's head, if it is in the same file.
    #[label("all its requests are taken here")]
    pub earlier: Option<Span>,
}

impl Problem for RouteNeverReached {
    fn span(&self) -> Span {
        self.span
    }
}
