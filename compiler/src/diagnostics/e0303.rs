//! # E0303: it is always present
//!
//! ## What it means
//! A value that can't be absent is given an `else`, or is asked whether it is there.
//!
//! ## Why it is a problem
//! What stands after the `else` would never be used: either it is superfluous, or another value
//! was meant.
//!
//! ## Example
//! ```edge fails
//! default { respond text "{request.path else "/"}" }
//! ```
//!
//! ## Fix
//! Leave it out:
//! ```edge
//! default { respond text "{request.path}" }
//! ```

use super::Problem;
use crate::source::Span;

/// `else`, `is present` or `is absent` for what can't be absent.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} is always present")]
#[diagnostic(code(E0303))]
pub struct AlwaysPresent {
    /// The value, as written.
    pub what: String,
    /// Where.
    #[label("never absent")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for AlwaysPresent {
    fn span(&self) -> Span {
        self.span
    }
}
