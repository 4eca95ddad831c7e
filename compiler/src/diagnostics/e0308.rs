//! # E0308: not a constant
//!
//! ## What it means
//! Elements of sets, patterns, shares, durations and constants are fixed when the policy is
//! compiled. This value depends on the request.
//!
//! ## Why it is a problem
//! Constants become tables and automata in the compiled policy; they can't change with a
//! request.
//!
//! ## Example
//! ```edge fails
//! const where_from = request.host
//! default { respond text where_from }
//! ```
//!
//! ## Fix
//! Use a `fn` or a `let` for what depends on a request:
//! ```edge
//! fn where_from() = request.host
//! default { respond text where_from() }
//! ```

use super::Problem;
use crate::source::Span;

/// Something that is known only at run time where a constant is needed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} must be a constant")]
#[diagnostic(code(E0308))]
pub struct NotConstant {
    /// What must be constant.
    pub what: &'static str,
    /// Where.
    #[label("known only when a request is there")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for NotConstant {
    fn span(&self) -> Span {
        self.span
    }
}
