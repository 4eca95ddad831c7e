//! # E0302: it may be absent
//!
//! ## What it means
//! Headers, query parameters, cookies and what a host knows of a client may be missing. Their
//! type ends in `?`. A positive comparison is simply false then, but text, arguments, `!=` and
//! negated comparisons need a value.
//!
//! ## Why it is a problem
//! Absent is not empty. `not (role == "guest")` would be true for somebody without any role,
//! which is how access rules get bypassed.
//!
//! ## Example
//! ```edge fails
//! default { respond text "hello {request.header["X-Name"]}" }
//! ```
//!
//! ## Fix
//! Say what holds when it is absent, with `else`, or look first with `is present`:
//! ```edge
//! default { respond text "hello {request.header["X-Name"] else "stranger"}" }
//! ```

use super::Problem;
use crate::source::Span;

/// A value that may be absent where one is needed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} may be absent")]
#[diagnostic(code(E0302))]
pub struct MayBeAbsent {
    /// The value, as written.
    pub what: String,
    /// Where.
    #[label("no value here when it is absent")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for MayBeAbsent {
    fn span(&self) -> Span {
        self.span
    }
}
