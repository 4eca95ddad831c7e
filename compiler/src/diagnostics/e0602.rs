//! # E0602: too many header edits
//!
//! ## What it means
//! At most 64 headers of one message are changed on a path: by `on request`, the route and all
//! `on response` blocks together for an answer, by the `proxy` block for a request.
//!
//! ## Why it is a problem
//! Hosts keep that many in a table of fixed size.
//!
//! ## Example
//! Sixty-five `set response.header` in one route.
//!
//! ## Fix
//! Put values that belong together into one header, or set them at the origin.

use super::Problem;
use crate::source::Span;

/// A path on which more headers are changed than a host carries out.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} may change {count} headers; a message may have 64 changes")]
#[diagnostic(code(E0602), help("set fewer, or let an origin set some of them"))]
pub struct TooManyEdits {
    /// Which path.
    pub what: String,
    /// How many.
    pub count: usize,
    /// Where.
    #[label("too many changes")]
    pub span: Span,
}

impl Problem for TooManyEdits {
    fn span(&self) -> Span {
        self.span
    }
}
